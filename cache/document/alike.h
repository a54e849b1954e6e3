/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alike.h - whether a vendor has stored what it was sent, perhaps written in another way.
 *
 * Blanks and invisible characters at the ends, upper and lower case, an empty text for null, a
 * number for its digits: a vendor that changes these has accepted the value. Pure; nothing here
 * waits.
 */
#ifndef ROSTERFS_ALIKE_H
#define ROSTERFS_ALIKE_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Return true if MADE (NULL: there is nothing) means the same as WANTED. Objects are compared in
 * each member that WANTED has, arrays in each element.
 */
bool alike(const json_t *wanted, const json_t *made);

/* Remove from the object WANTED, at any depth, what is alike() in MADE. */
void alike_remove(json_t *wanted, const json_t *made);

#endif
