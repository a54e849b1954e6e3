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
 * and each value by its type; adds what is wrong to FAULTS, and marks the section as broken. What
 * is stored lives as long as ARENA, LIST and the sections.
 */
void fill_draft(struct arena *arena, struct merged *list, size_t count, struct draft *draft,
		struct faults *faults);

#endif
