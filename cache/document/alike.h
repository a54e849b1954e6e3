/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alike.h - is what a vendor stored but another way of writing what it was sent?
 *
 * Blanks and invisible characters at the ends, capitals, an empty text for none, a number for its
 * digits: a vendor that changes these has taken the value. Pure; nothing here waits.
 */
#ifndef ROSTERFS_ALIKE_H
#define ROSTERFS_ALIKE_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Does MADE (NULL: there is nothing) say the same as WANTED, perhaps written in another way?
 * Objects are compared in each member that WANTED has, arrays in each element.
 */
bool alike(const json_t *wanted, const json_t *made);

/* Remove from the object WANTED, at any depth, what is alike in MADE. */
void alike_remove(json_t *wanted, const json_t *made);

#endif
