/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passes.h - a list that takes several walks, one for each value of its rule's `each`, joined by
 * id.
 *
 * A vendor may show the status of a record only by the list in which the record is: one walk lists
 * the active, another the suspended. A record may be in several passes, and is handed on once. If a
 * row has no status and the value of its pass is one of the statuses of the collection's table, the
 * record gets that. If passes show two different statuses, it gets none, so that a GET of the
 * record decides.
 *
 * Since a later pass may tell the status of a record, rows wait as text until all passes are
 * complete. No I/O, no locks.
 */
#ifndef ROSTERFS_PASSES_H
#define ROSTERFS_PASSES_H

#include "vendors/list/list.h"

struct passes;
struct value;

/* Return passes that end in SINK (borrowed), or NULL without memory. Pair with passes_free. */
struct passes *passes_new(const struct collection *collection, struct list_sink *sink);

/* NULL is a no-op. */
void passes_free(struct passes *passes);

/* Begin the pass of VALUE, which is constant. Returns the sink for its rows, owned by PASSES. */
struct list_sink *passes_begin(struct passes *passes, const struct value *value);

/*
 * All passes are complete: hand each record to the sink. Returns 0, or a negative errno with words
 * in CALL.
 */
int passes_end(struct passes *passes, struct call *call);

#endif
