/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change_marks.h - what makes a change of a user remarkable.
 *
 * Pure functions; nothing here waits.
 */
#ifndef ROSTERFS_CHANGE_MARKS_H
#define ROSTERFS_CHANGE_MARKS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct change_marks;

/*
 * Read TEXT, the value of the key domains: names of domains with commas or blanks between them, of
 * which each may begin with "*." for all domains below it. Return the domains, which
 * change_marks_free frees, or NULL: no memory, or *WHY (static) says what is wrong with TEXT.
 */
struct change_marks *change_marks_new(const char *text, const char **why);
void change_marks_free(struct change_marks *marks); /* NULL is a no-op */

/* Return true if A and B have the same domains in the same order. */
bool change_marks_equal(const struct change_marks *a, const struct change_marks *b);

/* Let A, which other threads may use, and B, which none uses, each have the domains of the other.
 */
void change_marks_swap(struct change_marks *a, struct change_marks *b);

/*
 * Return true if EMAIL (NULL: false) is outside of the domains of MARKS (NULL: false). An email
 * without a domain is.
 */
bool change_marks_outside(const struct change_marks *marks, const char *email);

/*
 * Return true if RECORD (NULL: false), a user as the vendor shows it, says that the user has the
 * rights of an administrator: a value at any of ROLE_KEYS (role_keys of vendor.h) names one, such
 * as "Super Admin" or "account_owner", or is true in a field such as is_admin. ROLE_KEYS NULL: such
 * a field is true, or a field of roles names one, wherever it is.
 */
bool change_marks_admin(const json_t *record, const char *const *role_keys);

#endif
