/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trail.c - see trail.h.
 *
 * A page is an array of numbers, because there may be thousands of pages. It must not know what the
 * numbers mean for a walk.
 */
#include "vendors/list/trail.h"

#include "vendors/list/walk.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS 11 /* of a page */

struct trail_page {
	struct walk_result result;
	size_t guess;
	char *next;
};

struct list_trail {
	/* how pages are asked for */
	json_int_t paging, size;
	struct trail_page *pages;
	size_t count, room;
};

static struct list_trail *trail_make(json_int_t paging, json_int_t size)
{
	struct list_trail *trail = calloc(1, sizeof(*trail));

	if (!trail)
		return NULL;
	trail->paging = paging;
	trail->size = size;
	return trail;
}

struct list_trail *list_trail_new(const struct account *account,
				  const struct collection *collection)
{
	return trail_make(collection->paging(account), (json_int_t)collection->page_size);
}

bool list_trail_fits(const struct list_trail *trail, const struct account *account,
		     const struct collection *collection)
{
	return trail->paging == (json_int_t)collection->paging(account) &&
	       trail->size == (json_int_t)collection->page_size;
}

/* Forget the pages from FIRST on. */
static void trail_cut(struct list_trail *trail, size_t first)
{
	while (trail->count > first)
		free(trail->pages[--trail->count].next);
}

void list_trail_free(struct list_trail *trail)
{
	if (!trail)
		return;
	trail_cut(trail, 0);
	free(trail->pages);
	free(trail);
}

size_t list_trail_pages(const struct list_trail *trail)
{
	return trail ? trail->count : 0;
}

int list_trail_note(struct list_trail *trail, const struct walk_result *result, size_t guess,
		    const char *next)
{
	struct trail_page *page;

	if (trail->count == trail->room) {
		size_t room = trail->room ? trail->room * 2 : 16;
		struct trail_page *pages = realloc(trail->pages, room * sizeof(*pages));

		if (!pages)
			return -ENOMEM;
		trail->pages = pages;
		trail->room = room;
	}
	page = &trail->pages[trail->count];
	*page = (struct trail_page){.result = *result, .guess = guess};
	if (next) {
		page->next = strdup(next);
		if (!page->next)
			return -ENOMEM;
	}
	trail->count++;
	return 0;
}

const struct walk_result *list_trail_at(const struct list_trail *trail, size_t i, size_t *guess,
					const char **next)
{
	const struct trail_page *page = &trail->pages[i];

	*guess = page->guess;
	*next = page->next;
	return &page->result;
}

/* ---- JSON ---- */

static json_t *page_json(const struct trail_page *page)
{
	const struct walk_result *result = &page->result;
	const json_int_t numbers[NUMBERS] = {(json_int_t)result->rows, (json_int_t)result->fresh,
					     (json_int_t)result->sum,  (json_int_t)result->first,
					     (json_int_t)result->last, result->totals.records,
					     result->totals.count,     result->totals.pages,
					     result->totals.more,      result->totals.last,
					     (json_int_t)page->guess};
	json_t *json = json_array();
	int error = json ? 0 : -1;

	for (size_t i = 0; !error && i < NUMBERS; i++)
		error = json_array_append_new(json, json_integer(numbers[i]));
	if (!error && page->next)
		error = json_array_append_new(json, json_string_nocheck(page->next));
	if (!error)
		return json;
	json_decref(json);
	return NULL;
}

json_t *list_trail_json(const struct list_trail *trail, size_t first)
{
	json_t *pages = json_array();
	int error = pages ? 0 : -1;

	for (size_t i = first; !error && i < trail->count; i++)
		error = json_array_append_new(pages, page_json(&trail->pages[i]));
	if (error) {
		json_decref(pages);
		return NULL;
	}
	return json_pack("{sI sI sI so}", "paging", trail->paging, "size", trail->size, "first",
			 (json_int_t)first, "pages", pages);
}

static int extend_page(struct list_trail *trail, const json_t *json)
{
	const json_t *next = json_array_get(json, NUMBERS);
	json_int_t numbers[NUMBERS];
	struct walk_result result;

	for (size_t i = 0; i < NUMBERS; i++) {
		const json_t *number = json_array_get(json, i);

		if (!json_is_integer(number))
			return -EINVAL;
		numbers[i] = json_integer_value(number);
	}
	if (numbers[0] < 0 || numbers[1] < 0 || numbers[10] < 0 || (next && !json_is_string(next)))
		return -EINVAL;
	result = (struct walk_result){.rows = (size_t)numbers[0],
				      .fresh = (size_t)numbers[1],
				      .sum = (uint64_t)numbers[2],
				      .first = (uint64_t)numbers[3],
				      .last = (uint64_t)numbers[4],
				      .totals = {.records = numbers[5],
						 .count = numbers[6],
						 .pages = numbers[7],
						 .more = (int)numbers[8],
						 .last = numbers[9] != 0}};
	return list_trail_note(trail, &result, (size_t)numbers[10], json_string_value(next));
}

int list_trail_extend(struct list_trail **trail, const json_t *json)
{
	const json_t *paging = json_object_get(json, "paging"),
		     *size = json_object_get(json, "size");
	const json_t *first = json_object_get(json, "first"),
		     *pages = json_object_get(json, "pages");
	struct list_trail *to = *trail;
	size_t before = list_trail_pages(to), i;
	json_t *page;
	int error = 0;

	if (!json_is_integer(paging) || !json_is_integer(size) || !json_is_array(pages) ||
	    !json_is_integer(first) || (size_t)json_integer_value(first) != before)
		return -EINVAL;
	if (!to)
		to = trail_make(json_integer_value(paging), json_integer_value(size));
	if (!to)
		return -ENOMEM;
	if (to->paging != json_integer_value(paging) || to->size != json_integer_value(size))
		error = -EINVAL;
	json_array_foreach(pages, i, page) {
		if (error)
			break;
		error = extend_page(to, page);
	}
	if (!error) {
		*trail = to;
		return 0;
	}
	trail_cut(to, before);
	if (!*trail)
		list_trail_free(to);
	return error;
}
