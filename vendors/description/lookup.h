/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup.h - the text of a description: from a file in a list of folders, or compiled in.
 */
#ifndef ROSTERFS_LOOKUP_H
#define ROSTERFS_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

struct faults;

/*
 * Find the description of TYPE (letters, digits, - and _): TYPE.vendor in FOLDERS (in this order;
 * NULL ends them), else the one that is compiled in. Returns 0, its name for messages in *FILE, and
 * its text in *TEXT with its length, both of which the caller frees; -ENOENT: there is none; or
 * another negative errno and a fault in FAULTS: it cannot be read, or others could have written it.
 * May block on a file.
 */
int lookup_find(const char *type, const char *const *folders, char **file, char **text,
		size_t *length, struct faults *faults);

/* Call EACH for the type of each description in FOLDERS and for each that is compiled in. One that
 * is in several places is named several times. May block. */
void lookup_each(const char *const *folders, void (*each)(const char *type, void *arg), void *arg);

/* Return the text of the description TYPE that is compiled in, or NULL. */
const char *lookup_builtin(const char *type);

#endif
