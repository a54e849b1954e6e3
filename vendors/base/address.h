/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h - emails: which spellings of an email belong to one person, and which do not.
 *
 * Vendors store what was typed: with blanks around it, in capitals, with invisible characters, in
 * another normal form, with the domain in Unicode or in ASCII. Pure functions over UTF-8 that never
 * block and need no lock.
 *
 * In all texts here, a NUL byte, which JSON allows in an email, is the bytes C0 80. UTF-8 has no
 * other use for them, so such an email is a C string and differs from any other. Half a surrogate
 * pair, which JSON allows too, is the three bytes that UTF-8 would have for it (ED A0 80 to
 * ED BF BF); the key of an email with one is the email in small ASCII letters.
 *
 * Unicode: White_Space and Default_Ignorable_Code_Point (UAX #44), full case folding
 * (Unicode 3.13), NFC (UAX #15). Domains: IDNA 2008 with the mapping of UTS #46, non-transitional.
 */
#ifndef ROSTERFS_ADDRESS_H
#define ROSTERFS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes for a NUL byte. */
#define ADDRESS_NUL "\xc0\x80"

/*
 * Return true if EMAIL (LENGTH bytes, not terminated, may include NUL) is its own key except for
 * the case of its ASCII letters. Nearly all emails are. Fast.
 */
bool address_is_plain(const char *email, size_t length);

/* Return EMAIL (LENGTH bytes) as a C string, with NUL bytes replaced. The caller frees it. NULL: no
 * memory. */
char *address_text(const char *email, size_t length);

/*
 * Return the matching key of EMAIL: two emails belong to one person if their keys are equal. Blanks
 * at the ends, `mailto:`, dots at the end of the domain and invisible characters anywhere are
 * removed, case is folded, the rest is normalised (NFC), and the domain is in its ASCII form if it
 * has one. The key of a key is the same key. It is empty if nothing is left. The caller frees it.
 * NULL: no memory.
 */
char *address_key(const char *email);

/*
 * Return KEY (in any case of its ASCII letters) for people: in small letters, with the domain in
 * Unicode. The key of the result is KEY. The caller frees it. NULL: no memory.
 */
char *address_display(const char *key);

/*
 * Return the spelling of EMAIL: without blanks at the ends, in small letters, otherwise unchanged.
 * Two records of one vendor that have the same key are different people if their spellings differ.
 * The caller frees it. NULL: no memory.
 */
char *address_spelling(const char *email);

/* Compare the spellings of A and B as strcmp does. Without memory, compare A and B in any ASCII
 * case. */
int address_compare_spelling(const char *a, const char *b);

/*
 * Return EMAIL with every character visible: those that are not printable ASCII, and blanks at the
 * ends, become <U+200B>. The caller frees it. NULL: no memory.
 */
char *address_written(const char *email);

/* ---- characters ---- */

/*
 * Return the code point at *TEXT, which is not at its end, and move *TEXT behind it. 0:
 * ADDRESS_NUL. UINT32_MAX: a byte that is not UTF-8.
 */
uint32_t address_next(const char **text);

/* Return true for half a surrogate pair. */
bool address_is_half(uint32_t character);

/* Return true for a blank: white space, or a character that looks like it. */
bool address_is_blank(uint32_t character);

#endif
