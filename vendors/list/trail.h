/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trail.h - how far a walk of a list has come, so that another process can go on behind it.
 *
 * What a page meant for the walk (struct walk_result) is noted for each page, and for a list whose
 * pages name each other what each one named. The walk that goes on takes these results in place of
 * responses, without the rows; then it asks for the next page. Only a list of one part, one pass
 * and no function of its own (collection->list) has a trail, and only up to its end or to the first
 * restart: pages that are asked for in order to prove the end are asked for again. Pure data; no
 * function waits.
 */
#ifndef ROSTERFS_TRAIL_H
#define ROSTERFS_TRAIL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct account;
struct collection;
struct list_trail;
struct walk_result;

/*
 * Return the pages of TRAIL from FIRST on as JSON, a new reference. list_trail_extend appends them
 * to another trail, which has FIRST pages (NULL: none yet; *TRAIL is made then). NULL: no memory.
 * Returns 0, -ENOMEM or -EINVAL: JSON is not the continuation of *TRAIL, which is as before.
 */
json_t *list_trail_json(const struct list_trail *trail, size_t first);
int list_trail_extend(struct list_trail **trail, const json_t *json);

/* Return how many pages it has; 0 for NULL. */
size_t list_trail_pages(const struct list_trail *trail);

void list_trail_free(struct list_trail *trail); /* NULL is a no-op */

/* ---- for list.c ---- */

/* Return an empty trail of COLLECTION at ACCOUNT, or NULL: no memory. */
struct list_trail *list_trail_new(const struct account *account,
				  const struct collection *collection);

/* Return true if a walk of COLLECTION at ACCOUNT can go on behind TRAIL: it asks for pages in the
 * same way. */
bool list_trail_fits(const struct list_trail *trail, const struct account *account,
		     const struct collection *collection);

/* Note the next page: it held RESULT, looked as if it had GUESS rows (page_guess_rows), and named
 * NEXT (copied; NULL: none). Returns 0 or -ENOMEM. */
int list_trail_note(struct list_trail *trail, const struct walk_result *result, size_t guess,
		    const char *next);

/* Return what page I held, borrowed, and set *GUESS and *NEXT (borrowed) as they were noted. */
const struct walk_result *list_trail_at(const struct list_trail *trail, size_t i, size_t *guess,
					const char **next);

#endif
