/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h - emails as people: which spellings of an email are one person's, and which are apart.
 *
 * Vendors store what was typed: with blanks around it, in capitals, with invisible characters, in
 * another normal form, with the domain in Unicode or in ASCII. Pure functions over UTF-8 that never
 * block and need no lock. A NUL byte, which JSON allows in an email, is the bytes C0 80 in all
 * texts here: UTF-8 has no other use for them, so that such an email is a C string and stays unlike
 * any other one. Half a surrogate pair, which JSON allows too, is the three bytes that UTF-8 would
 * have for it (ED A0 80 to ED BF BF); an email with one is its own key but for ASCII capitals.
 *
 * Unicode: White_Space and Default_Ignorable_Code_Point (UAX #44), full case folding
 * (Unicode 3.13), NFC (UAX #15). Domains: IDNA 2008 with the mapping of UTS #46, non-transitional.
 */
#ifndef ROSTERFS_ADDRESS_H
#define ROSTERFS_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands for a NUL byte. */
#define ADDRESS_NUL "\xc0\x80"

/*
 * Return true if EMAIL (LENGTH bytes, not terminated, which may include NUL) is its own key except
 * for the case of its ASCII letters. This is true of nearly all, and quick.
 */
bool address_is_plain(const char *email, size_t length);

/* EMAIL (LENGTH bytes) as a C string, NUL bytes replaced. The caller frees; NULL: no memory. */
char *address_text(const char *email, size_t length);

/*
 * The matching key of EMAIL: two emails are one person's if their keys are equal. Blanks at the
 * ends, `mailto:`, dots at the end of the domain and invisible characters anywhere are removed,
 * case is folded, the rest is normalised (NFC), and the domain is in its ASCII form if it has one.
 * The key of a key is the same key. It is empty if nothing is left. The caller frees; NULL: no
 * memory.
 */
char *address_key(const char *email);

/*
 * KEY (in any case of its ASCII letters) as people read it: in small letters, with the domain in
 * Unicode. Its key is KEY. The caller frees; NULL: no
 * memory.
 */
char *address_display(const char *key);

/*
 * The spelling of EMAIL: without blanks at the ends, in small letters, otherwise as it is. Two
 * records of one vendor with one key are apart if their spellings differ. The caller frees; NULL:
 * no memory.
 */
char *address_spelling(const char *email);

/* Compare the spellings of A and B as strcmp does. Without memory, compare A and B in any ASCII
 * case. */
int address_compare_spelling(const char *a, const char *b);

/*
 * EMAIL so that each character of it is seen: those that are not printable ASCII, and blanks at the
 * ends, as <U+200B>. The caller frees; NULL: no memory.
 */
char *address_written(const char *email);

/* ---- characters ---- */

/*
 * The code point at *TEXT, which moves on behind it; 0 for ADDRESS_NUL. A byte that is no UTF-8 is
 * UINT32_MAX. *TEXT is not at its end.
 */
uint32_t address_next(const char **text);

/* Return true for half a surrogate pair. */
bool address_is_half(uint32_t character);

/* Return true for a blank: white space, or what looks like it. */
bool address_is_blank(uint32_t character);

/* Return true for a character that is not seen and takes no room. */
bool address_is_invisible(uint32_t character);

#endif
