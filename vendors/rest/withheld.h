/* SPDX-License-Identifier: Apache-2.0 */
/*
 * withheld.h - values that a user never sees: hidden ones, which a change must give back to the
 * vendor, and the vendor's masks, which it must not.
 *
 * Pure functions over JSON; nothing here waits.
 */
#ifndef ROSTERFS_WITHHELD_H
#define ROSTERFS_WITHHELD_H

#include <jansson.h>
#include <stdbool.h>

/* Return true if VALUE is a text of two or more characters that are all asterisks or bullets: a
 * value that a vendor masks. */
bool withheld_is_masked(const json_t *value);

/*
 * Put the value at POINTER in FROM into TO, unless TO has one or it is masked. "*" pairs the
 * elements of two arrays by what they show, and those that were edited by a member that names them
 * or, if they have none, by their number. Returns 0 or -ENOMEM.
 */
int withheld_put_back(json_t *to, const json_t *from, const char *pointer);

/*
 * Remove each masked text from VALUE that is in FRESH, what the vendor shows, as well. In an array
 * it is one wherever an element of FRESH has it.
 */
void withheld_strip_masks(json_t *value, const json_t *fresh);

#endif
