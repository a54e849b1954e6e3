/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tell.h - what a page of a list tells of the whole list and of the next page, by the rules of its
 * collection (struct rule_list). For page.c.
 */
#ifndef ROSTERFS_TELL_H
#define ROSTERFS_TELL_H

#include "vendors/list/page.h"
#include "vendors/list/walk.h"
#include "vendors/template/source.h"

#include <jansson.h>

/* Return the number in VALUE, a number or a text, or -1. */
long long tell_number(const json_t *value);

/* Return what REPLY, the response that PAGE is, tells of the whole list. */
struct walk_totals tell_totals(const struct page *page, const struct source_reply *reply);

/*
 * Check that REPLY, which ends the list or is all of it by the description and TOTALS, does not
 * name a next page elsewhere, in a member that many vendors have for it or in the header Link: a
 * wrong `next` or `paging` would make the list short. Returns 0 or -EREMOTEIO with words in the
 * call.
 */
int tell_check(const struct page *page, const struct source_reply *reply,
	       const struct walk_totals *totals);

/*
 * Put what REPLY names as the next page into *NEXT, new: a cursor, or, of a list that is paged by
 * URL, a path for http_request with from_origin. NULL: no page follows, as far as the source for it
 * tells. Returns 0, or a negative errno with words in the call: what it names cannot be used.
 */
int tell_next(const struct page *page, const struct source_reply *reply, char **next);

#endif
