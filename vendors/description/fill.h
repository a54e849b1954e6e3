/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill.h - from the keys that hold to a draft with typed values.
 */
#ifndef ROSTERFS_FILL_H
#define ROSTERFS_FILL_H

#include "vendors/description/arena.h"
#include "vendors/description/draft.h"
#include "vendors/description/variant.h"

#include <stddef.h>

/*
 * Put the COUNT sections of LIST into DRAFT, which is all zero. Checks which section has which key,
 * and each value by its type. What is stored lives as long as ARENA, LIST and the sections. Returns
 * 0, or a negative errno and one line in WHY.
 */
int fill_draft(struct arena *arena, const struct merged *list, size_t count, struct draft *draft,
	       char *why, size_t why_size);

#endif
