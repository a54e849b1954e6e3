/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hint.h - "did you mean": the known name that is closest to a misspelt one.
 *
 * Pure; nothing blocks or allocates.
 */
#ifndef ROSTERFS_HINT_H
#define ROSTERFS_HINT_H

#include <stddef.h>

#define HINT_MAX 41 /* bytes of a name, with the NUL; longer names are no hints */

struct hint {
	char name[HINT_MAX]; /* "": none is close */
	size_t distance;
};

#define HINT_NONE ((struct hint){"", (size_t)-1})

/* Make NAME the hint for WORD if it is close to it, and closer than the present one. */
void hint_offer(struct hint *hint, const char *word, const char *name);

#endif
