/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_list.c - see make_list.h.
 *
 * Which keys a kind of paging needs, and which it has no use for: a key without use is a mistake
 * about how the vendor pages.
 */
#include "vendors/description/make_list.h"

#include "vendors/description/make_request.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- the kinds of paging ---- */

static enum paging list_none(const struct account *account)
{
	(void)account;
	return PAGING_NONE;
}

static enum paging list_page(const struct account *account)
{
	(void)account;
	return PAGING_NUMBER;
}

static enum paging list_offset(const struct account *account)
{
	(void)account;
	return PAGING_OFFSET;
}

static enum paging list_cursor(const struct account *account)
{
	(void)account;
	return PAGING_CURSOR;
}

static enum paging list_url(const struct account *account)
{
	(void)account;
	return PAGING_URL;
}

/* `next` has a use without paging: it shows that the list is not whole. */
static const struct kind {
	const char *name;
	enum paging (*paging)(const struct account *account);
	const char *holds; /* the placeholder that the requests must have */
	bool first, next, needs_next, origin, list_next;
} kinds[] = {
    [DRAFT_PAGING_NONE] = {"none", list_none, NULL, false, true, false, false, false},
    [DRAFT_PAGING_PAGE] = {"page", list_page, "page", true, true, false, false, true},
    [DRAFT_PAGING_OFFSET] = {"offset", list_offset, "offset", true, true, false, false, true},
    [DRAFT_PAGING_CURSOR] = {"cursor", list_cursor, "cursor", false, true, true, false, true},
    [DRAFT_PAGING_URL] = {"url", list_url, NULL, false, true, true, true, false},
    [DRAFT_PAGING_LINK] = {"link", list_url, NULL, false, false, false, true, false},
};

/* ---- checks ---- */

static bool holds(const struct rule_list *list, const char *name)
{
	return make_request_has(list->first, name) ||
	       (list->next && make_request_has(list->next, name));
}

/* Check that the list has what its KIND of paging needs, and nothing that it does not use. */
static int check_paging(const struct make *make, const struct draft_list *draft,
			const struct rule_list *list, const struct kind *kind)
{
	static const char *const own[] = {"page", "offset", "cursor"};
	const struct merged *section = draft->request.head.from;
	const struct {
		const char *key;
		bool allowed;
	} keys[] = {{"first", kind->first}, {"next", kind->next}, {"origin", kind->origin}};
	int result = 0;

	if (kind->holds && !holds(list, kind->holds))
		result = make_fail(make, section, "paging",
				   "paging = %s needs {%s} in the request or its body", kind->name,
				   kind->holds);
	for (size_t i = 0; i < 3; i++) {
		if (holds(list, own[i]) && (!kind->holds || strcmp(kind->holds, own[i]) != 0))
			result = make_fail(make, section, "request",
					   "{%s} has no value with paging = %s", own[i],
					   kind->name);
		if (variant_key(section, keys[i].key) && !keys[i].allowed)
			result = make_fail(make, section, keys[i].key,
					   "%s has no use with paging = %s", keys[i].key,
					   kind->name);
	}
	if (kind->needs_next && !variant_key(section, "next"))
		result = make_fail(make, section, "paging", "paging = %s needs the key next",
				   kind->name);
	if (list->next && !kind->list_next)
		result = make_fail(make, section, "paging",
				   "[list next] has no use with paging = %s", kind->name);
	return result;
}

/* Check {size} and {each} against their keys. */
static int check_values(const struct make *make, const struct draft_list *draft,
			const struct rule_list *list)
{
	const struct merged *section = draft->request.head.from;
	int result = 0;

	if (holds(list, "size") && !draft->size)
		result = make_fail(make, section, NULL, "{size} needs the key size");
	if (holds(list, "each") && !draft->each)
		result = make_fail(make, section, NULL, "{each} needs the key each");
	if (draft->each && !make_request_has(list->first, "each"))
		result = make_fail(make, section, "each", "the request has no {each}");
	for (const struct value *value = draft->each; value && value->type != VALUE_END; value++) {
		if (value->type == VALUE_ABSENT || value->type == VALUE_ANY)
			return make_fail_alone(make, section, "each",
					       "absent and * cannot be sent in a request");
	}
	return result;
}

/* ---- the list ---- */

static int make_requests(struct make *make, const struct draft_list *draft,
			 const struct draft_request *next, struct rule_list *list)
{
	struct rule_request request;
	int result = 0;

	if (!make_request_is_given(&draft->request))
		result = make_fail_needs(make, draft->request.head.from, "request");
	else
		result = make_request(make, &draft->request, &request);
	if (!result && !(list->first = make_copy(make, &request, sizeof(request))))
		return make_fail_memory(make);
	if (!next || !next->head.from)
		return result;
	if (!make_request_is_given(next))
		return make_fail(make, next->head.from, NULL, "[list next] needs the key request");
	result = make_both(result, make_request(make, next, &request));
	if (!result && !(list->next = make_copy(make, &request, sizeof(request))))
		return make_fail_memory(make);
	return result;
}

/* Return the default of `cut`: "/truncated true". */
static struct condition default_cut(void)
{
	static const struct value values[] = {{VALUE_TRUE, NULL}, {VALUE_END, NULL}};

	return (struct condition){{SOURCE_BODY, "truncated"}, values};
}

/* Set what responses say. */
static void set_reading(const struct make *make, const struct draft_list *draft,
			struct rule_list *list)
{
	list->rows = draft->rows;
	list->no_rows_is_empty = draft->no_rows;
	list->missing_page_is_error = draft->missing_page;
	list->partial = draft->whole;
	list->next_source = draft->next;
	list->link = draft->paging == DRAFT_PAGING_LINK;
	list->end = draft->end;
	list->any_origin = draft->origin;
	list->total = draft->total;
	list->records = draft->records;
	list->pages = draft->pages;
	list->cut = draft->cut.source.kind == SOURCE_NONE ? default_cut() : draft->cut;
	list->each = draft->each;
	list->memory = make_is_memory(make, &draft->request.head);
	list->start = variant_key(draft->request.head.from, "first")
			  ? draft->first
			  : draft->paging == DRAFT_PAGING_PAGE;
}

int make_list(struct make *make, const struct draft_list *draft, const struct draft_request *next,
	      struct collection *collection)
{
	const struct merged *section = draft->request.head.from;
	const struct kind *kind = &kinds[draft->paging];
	struct rule_list list = {0};
	int result = 0, requests;

	if (!draft->rows)
		result = make_fail_needs(make, section, "rows");
	if (!draft->paging)
		result = make_fail_needs(make, section, "paging");
	requests = make_requests(make, draft, next, &list);
	if (!requests && draft->paging)
		result = make_both(result, check_paging(make, draft, &list, kind));
	if (!requests)
		result = make_both(result, check_values(make, draft, &list));
	result = make_both(requests, result);
	if (result)
		return result;
	set_reading(make, draft, &list);
	collection->paging = kind->paging;
	collection->page_size = (unsigned)draft->size;
	collection->offset_ceiling = (unsigned)draft->ceiling;
	collection->listing = make_copy(make, &list, sizeof(list));
	return collection->listing ? 0 : make_fail_memory(make);
}

/* ---- members that their record holds ---- */

/* Return TEXT with {parent} for each {id}, or NULL without memory. */
static char *parent_for_id(struct arena *arena, const char *text)
{
	char *made = arena_get(arena, strlen(text) * 2 + 1), *to = made;

	while (made && *text) {
		if (strncmp(text, "{id}", 4) == 0) {
			to = stpcpy(to, "{parent}");
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	return made;
}

/* Return the pointers of ROOT (NULL: "."), each with IN behind it, or NULL without memory. */
static const char *const *rows_within(struct arena *arena, const char *const *root, const char *in)
{
	static const char *const whole[] = {".", NULL};
	const char **rows = NULL;
	size_t count = 0;

	for (root = root ? root : whole; *root; root++) {
		size_t size = strlen(*root) + strlen(in) + 3;
		char *row = arena_get(arena, size);

		if (!row)
			return NULL;
		(void)snprintf(row, size, "%s%s%s%s",
			       **root == '/' || strcmp(*root, ".") == 0 ? "" : "/",
			       strcmp(*root, ".") == 0 ? "" : *root, *in == '/' ? "" : "/", in);
		rows = arena_append(arena, rows, count++, sizeof(*rows), &row);
		if (!rows)
			return NULL;
	}
	return rows;
}

int make_list_within(struct make *make, const struct draft_list *draft,
		     const struct draft_item *item, struct collection *collection)
{
	static const char *const others[] = {"request", "body",    "rows",    "paging",
					     "size",    "first",   "next",    "end",
					     "origin",  "total",   "records", "pages",
					     "cut",     "ceiling", "no_rows", "missing_page"};
	const struct merged *section = draft->request.head.from;
	struct rule_list list = {.no_rows_is_empty = true, .cut = default_cut()};
	struct rule_request request;
	int result = 0;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (variant_key(section, others[i]))
			result = make_fail_alone(make, section, others[i],
						 "%s has no use where `in` says that the record "
						 "holds its members",
						 others[i]);
	}
	if (!make_request_is_given(&item->request)) {
		const struct merged *refused = item->request.head.from;

		return refused && refused->broken
			   ? -EINVAL
			   : make_fail_absent(make, section, "in", "`in` needs [%s/item]",
					      section->place);
	}
	if (result)
		return result;
	result = make_request(make, &item->request, &request);
	if (result)
		return result;
	request.alternative = NULL;
	request.path = parent_for_id(make->arena, request.path);
	request.body = request.body ? parent_for_id(make->arena, request.body) : NULL;
	list.first = make_copy(make, &request, sizeof(request));
	list.rows = rows_within(make->arena, item->root, draft->in);
	collection->paging = list_none;
	collection->listing = make_copy(make, &list, sizeof(list));
	return make->arena->failed ? make_fail_memory(make) : 0;
}
