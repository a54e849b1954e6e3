/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_common.c - see ep_common.h.
 */
#include "vendors/elasticpath/ep_common.h"

#include "vendors/rest/collection.h"
#include "vendors/list/walk.h"

#include <string.h>

const char *const ep_common_id_keys[] = {"id", NULL};
const char *const ep_common_created_keys[] = {"/meta/timestamps/created_at", "/meta/created_at",
					      NULL};
const char *const ep_common_time_keys[] = {"/meta/timestamps/updated_at", "/meta/updated_at",
					   "/meta/timestamps/created_at", "/meta/created_at", NULL};

enum paging ep_common_paging(const struct account *account)
{
	(void)account;
	return PAGING_BRACKETS;
}

void ep_common_totals(const json_t *answer, struct walk_totals *totals)
{
	const json_t *records = collection_value(answer, "/meta/results/total");
	const json_t *current = collection_value(answer, "/meta/page/current");
	const json_t *pages = collection_value(answer, "/meta/page/total");
	const char *next = json_string_value(collection_value(answer, "/links/next"));

	if (json_is_integer(records)) {
		totals->records = json_integer_value(records);
	} else if (json_is_integer(current) && json_is_integer(pages)) {
		totals->pages = json_integer_value(pages);
		totals->more = json_integer_value(current) < json_integer_value(pages);
	}
	/* Some responses have the word "null". A missing link proves nothing: not every response
	   has links. */
	if (next && *next && strcmp(next, "null") != 0)
		totals->more = 1;
}

bool ep_common_creates(const struct account *account)
{
	(void)account;
	return true;
}
