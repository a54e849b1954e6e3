/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpaged.c - see unpaged.h.
 */
#include "mount/check/unpaged.h"

#include "mount/check/tally.h"
#include "vendors/list/list.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static enum paging by_number(const struct account *account)
{
	(void)account;
	return PAGING_NUMBER;
}

static enum paging by_offset(const struct account *account)
{
	(void)account;
	return PAGING_OFFSET;
}

/* A way to ask for a page. */
struct way {
	enum paging (*paging)(const struct account *account);
	const char *name;
	const char *query; /* TEMPLATE, for a list that is described by rules */
	long long start;
};

/* What a list by rules needs to be asked for a page. */
struct paged {
	struct rule_list list;
	struct rule_request request;
	char path[1024];
};

/* Let USERS, whose list has no pages by its rules, be asked for them in WAY. Returns false if the
 * request cannot have parameters. */
static bool page_rules(const struct way *way, struct collection *users, struct paged *paged)
{
	const struct rule_request *request = users->listing->first;
	int length;

	if (strcmp(request->method, "GET") != 0)
		return false;
	length = snprintf(paged->path, sizeof(paged->path), "%s%c%s", request->path,
			  strchr(request->path, '?') ? '&' : '?', way->query);
	paged->request = *request;
	paged->request.path = paged->path;
	paged->request.alternative = NULL;
	paged->list = *users->listing;
	paged->list.first = &paged->request;
	paged->list.start = way->start;
	users->listing = &paged->list;
	return length < (int)sizeof(paged->path);
}

const char *unpaged_find(struct call *call, struct account *account, const struct tally *tally,
			 size_t *count)
{
	static const struct way ways[] = {
	    {by_number, "page", "page={page}&count={size}", 1},
	    {by_offset, "offset", "offset={offset}&limit={size}", 0},
	};

	for (size_t i = 0; i < 2; i++) {
		struct collection users = *account->vendor->users;
		struct tally_strangers strangers;
		struct list_part part = {.page = 2};
		struct paged paged;

		users.paging = ways[i].paging;
		users.page_size = (unsigned)tally->count;
		if (users.listing && !page_rules(&ways[i], &users, &paged))
			continue;
		tally_strangers_init(&strangers, tally);
		part.sink = &strangers.sink;
		if (list_walk_all(call, account, &users, &part, 1) || !strangers.count)
			continue;
		*count = strangers.count;
		return ways[i].name;
	}
	return NULL;
}
