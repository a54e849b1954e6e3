/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath_filter: which rows of a list are wanted, and in which order.
 *
 * filter=op(field,value) or is_null(field), several joined by `:` (and), by or(a,b) or by (a|b);
 * values quoted or plain words, with blanks in ilike and like. What a list can be
 * filtered by is narrow and differs between the profiles; everything else is the vendor's "Could
 * not parse the supplied filter". The last order that was asked for is kept: a client that walks
 * 100,000 members by created_at must not have them sorted for each page.
 *
 * It must not know how a row is shown.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "elasticpath_parts.h"

#define FILTERS 10
#define WORD 40

enum op { EQ, LIKE, ILIKE, GT, GE, LT, LE, IS_NULL };

static const char *const op_names[] = {"eq", "like", "ilike", "gt", "ge", "lt", "le", "is_null"};

struct filter {
	enum op op;
	char field[WORD];
	struct text value; /* times as time_key has them */
	unsigned any;      /* one of those with this number has to pass; 0: it has to itself */
};

struct filters {
	bool any_case; /* of an email: eq takes capitals for small letters */
	unsigned count;
	unsigned groups; /* of which one has to pass */
	struct filter filter[FILTERS];
};

struct keyed {
	const struct record *record;
	size_t place;
	char *key;
};

/* A store's records in the order of a field. */
struct ep_view {
	const struct store *store;
	unsigned long changes; /* of the time it was made; then the records' pointers are good */
	char sort[WORD];
	struct keyed *rows;
	size_t count;
};

const struct record *ep_row(const struct ep_rows *rows, size_t place)
{
	if (place >= rows->count)
		return NULL;
	return rows->list ? rows->list[place] : store_at_locked(rows->store, place);
}

static bool is_time(const char *field)
{
	return strcmp(field, "created_at") == 0 || strcmp(field, "updated_at") == 0;
}

/* Of times that are compared as texts: the fraction filled up to nine digits. False if it is not a
 * time in UTC. */
static bool time_key(struct text *value)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	const char *at = value->data;
	for (const char *f = form; *f; f++, at++)
		if (*f == 'd' ? !isdigit((unsigned char)*at) : *at != *f)
			return false;
	char fraction[10] = "000000000";
	if (*at == '.') {
		size_t digits = strspn(++at, "0123456789");
		if (digits == 0 || digits > 9)
			return false;
		memcpy(fraction, at, digits);
		at += digits;
	}
	if (strcmp(at, "Z") != 0 && strcmp(at, "+00:00") != 0)
		return false;
	value->len = sizeof form - 1;
	text_add(value, fraction, 9);
	return true;
}

/* What the row is compared by. */
static void row_key(enum ep_kind kind, const struct record *record, const char *field,
		    struct text *key)
{
	if (ep_string(kind, record, field, key) && is_time(field) && !time_key(key))
		key->len = 0;
	key->data[key->len] = '\0';
}

/* ---- reading ?filter= ---- */

static bool read_word(const char **at, char end, char *word)
{
	size_t len = 0;
	while (isalnum((unsigned char)(*at)[len]) || (*at)[len] == '_')
		len++;
	if (len == 0 || len >= WORD || (*at)[len] != end)
		return false;
	memcpy(word, *at, len);
	word[len] = '\0';
	*at += len + 1;
	return true;
}

/* In quotes with `\` before what is meant literally, or plain. */
static bool read_value(const char **at, bool blanks, struct text *value)
{
	const char *plain = blanks ? "._-@:+* " : "._-@:+*";
	char quote = '\0';
	if (**at == '"' || **at == '\'')
		quote = *(*at)++;
	text_str(value, "");
	while (**at && **at != (quote ? quote : ')')) {
		if (quote && **at == '\\' && (*at)[1])
			++*at;
		else if (!quote && !isalnum((unsigned char)**at) && !strchr(plain, **at))
			return false;
		text_add(value, (*at)++, 1);
	}
	if (quote && *(*at)++ != quote)
		return false;
	return *(*at)++ == ')';
}

static bool read_op(const char *name, enum op *op)
{
	for (size_t i = 0; i < sizeof op_names / sizeof *op_names; i++)
		if (strcmp(op_names[i], name) == 0) {
			*op = (enum op)i;
			return true;
		}
	return false;
}

static bool is_listed(const char *list, const char *word)
{
	struct text wanted = {0};
	text_fmt(&wanted, " %s ", word);
	bool listed = strstr(list, wanted.data) != NULL;
	text_free(&wanted);
	return listed;
}

static bool read_filter(const char **at, const char *allowed, struct filter *filter)
{
	char name[WORD];
	char both[2 * WORD];
	if (!read_word(at, '(', name) || !read_op(name, &filter->op) ||
	    !read_word(at, filter->op == IS_NULL ? ')' : ',', filter->field))
		return false;
	snprintf(both, sizeof both, "%s:%s", name, filter->field);
	if (!is_listed(allowed, both))
		return false;
	if (filter->op == IS_NULL)
		return true;
	bool blanks = filter->op == LIKE || filter->op == ILIKE;
	return read_value(at, blanks, &filter->value) &&
	       (!is_time(filter->field) || time_key(&filter->value));
}

static bool read_one(const char **at, const char *allowed, unsigned any, struct filters *filters)
{
	if (filters->count == FILTERS)
		return false;
	struct filter *filter = &filters->filter[filters->count++];
	filter->any = any;
	return read_filter(at, allowed, filter);
}

/* One filter, or several of which one has to pass: or(a,b), as the vendor has it, or (a|b), as its
 * own client writes it. */
static bool read_group(const char **at, const char *allowed, struct filters *filters)
{
	bool word = strncmp(*at, "or(", 3) == 0;
	char between = word ? ',' : '|';
	if (!word && **at != '(')
		return read_one(at, allowed, 0, filters);
	*at += word ? 3 : 1;
	unsigned any = ++filters->groups;
	while (read_one(at, allowed, any, filters)) {
		if (*(*at)++ == between)
			continue;
		return (*at)[-1] == ')';
	}
	return false;
}

static bool read_filters(const char *words, const char *allowed, struct filters *filters)
{
	if (!words)
		return true;
	for (const char *at = words;; at++) {
		if (!read_group(&at, allowed, filters))
			return false;
		if (*at != ':')
			return !*at;
	}
}

static void filters_free(struct filters *filters)
{
	for (unsigned i = 0; i < filters->count; i++)
		text_free(&filters->filter[i].value);
}

/* ---- applying them ---- */

static bool same_letter(char a, char b, bool any_case)
{
	return a == b || (any_case && tolower((unsigned char)a) == tolower((unsigned char)b));
}

/* `*` stands for any bytes. */
static bool is_like(const char *pattern, const char *string, bool any_case)
{
	const char *star = NULL;
	const char *again = NULL;
	while (*string) {
		if (*pattern == '*') {
			star = pattern++;
			again = string;
		} else if (*pattern && same_letter(*pattern, *string, any_case)) {
			pattern++;
			string++;
		} else if (star) {
			pattern = star + 1;
			string = ++again;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}

static bool passes(const struct filter *filter, bool any_case, const char *key)
{
	const char *value = filter->value.data;
	switch (filter->op) {
	case EQ:
		any_case = any_case && strcmp(filter->field, "email") == 0;
		return (any_case ? strcasecmp(key, value) : strcmp(key, value)) == 0;
	case LIKE:
		return is_like(value, key, false);
	case ILIKE:
		return is_like(value, key, true);
	case GT:
		return strcmp(key, value) > 0;
	case GE:
		return strcmp(key, value) >= 0;
	case LT:
		return strcmp(key, value) < 0;
	case LE:
		return strcmp(key, value) <= 0;
	case IS_NULL:
		return !*key;
	}
	return false;
}

/* known: the key of the field `sort`, NULL if there is none; key: room. */
static bool passes_all(const struct filters *filters, enum ep_kind kind,
		       const struct record *record, const char *sort, const char *known,
		       struct text *key)
{
	bool passed[FILTERS + 1] = {false};
	for (unsigned i = 0; i < filters->count; i++) {
		const struct filter *filter = &filters->filter[i];
		bool has = known && strcmp(filter->field, sort) == 0;
		if (!has)
			row_key(kind, record, filter->field, key);
		if (passes(filter, filters->any_case, has ? known : key->data))
			passed[filter->any] = true;
		else if (!filter->any)
			return false;
	}
	for (unsigned any = 1; any <= filters->groups; any++)
		if (!passed[any])
			return false;
	return true;
}

/* ---- sorting ---- */

static int compare_keys(const void *left, const void *right)
{
	const struct keyed *a = left;
	const struct keyed *b = right;
	int order = strcmp(a->key, b->key);
	return order ? order : (a->place > b->place) - (a->place < b->place);
}

static void view_clear(struct ep_view *view)
{
	for (size_t i = 0; i < view->count; i++)
		free(view->rows[i].key);
	free(view->rows);
	*view = (struct ep_view){0};
}

void ep_view_free(struct ep_view *view)
{
	if (!view)
		return;
	view_clear(view);
	free(view);
}

static void view_make(struct ep_view *view, enum ep_kind kind, const struct ep_rows *rows,
		      const char *sort)
{
	struct text key = {0};
	bool sorted = true;
	snprintf(view->sort, sizeof view->sort, "%s", sort);
	view->store = rows->store;
	view->count = rows->count;
	view->rows = text_alloc(rows->count + 1, sizeof *view->rows);
	for (size_t i = 0; i < rows->count; i++) {
		const struct record *record = ep_row(rows, i);
		row_key(kind, record, sort, &key);
		view->rows[i] = (struct keyed){record, i, text_copy(key.data, key.len)};
		sorted = sorted && (i == 0 || strcmp(view->rows[i - 1].key, key.data) <= 0);
	}
	if (!sorted)
		qsort(view->rows, view->count, sizeof *view->rows, compare_keys);
	text_free(&key);
}

/* The store's last view, if it still holds. */
static struct ep_view *view_of_store_locked(struct elasticpath *ep, enum ep_kind kind,
					    const struct ep_rows *rows, const char *sort)
{
	if (!ep->view)
		ep->view = text_alloc(1, sizeof *ep->view);
	struct ep_view *view = ep->view;
	if (view->store != rows->store || view->changes != ep->changes ||
	    strcmp(view->sort, sort) != 0) {
		view_clear(view);
		view_make(view, kind, rows, sort);
		view->changes = ep->changes;
	}
	return view;
}

static void select_sorted(const struct ep_view *view, enum ep_kind kind, bool falling,
			  const struct filters *filters, struct ep_rows *rows)
{
	struct text key = {0};
	const struct record **list = text_alloc(view->count + 1, sizeof(struct record *));
	size_t used = 0;
	for (size_t i = 0; i < view->count; i++) {
		const struct keyed *row = &view->rows[falling ? view->count - 1 - i : i];
		if (passes_all(filters, kind, row->record, view->sort, row->key, &key))
			list[used++] = row->record;
	}
	free(rows->list);
	*rows = (struct ep_rows){.list = list, .count = used};
	text_free(&key);
}

static void select_plain(enum ep_kind kind, const struct filters *filters, struct ep_rows *rows)
{
	struct text key = {0};
	const struct record **list = text_alloc(rows->count + 1, sizeof(struct record *));
	size_t used = 0;
	for (size_t i = 0; i < rows->count; i++) {
		const struct record *record = ep_row(rows, i);
		if (passes_all(filters, kind, record, "", NULL, &key))
			list[used++] = record;
	}
	free(rows->list);
	*rows = (struct ep_rows){.list = list, .count = used};
	text_free(&key);
}

static void refuse_filter(struct ep_ask *ask)
{
	/* To the letter as the vendor's documents have it: without a status. */
	reply_json(ask->reply, 400,
		   json_pack("{s:[{s:s,s:s}]}", "errors", "title", "Bad Request", "detail",
			     "Could not parse the supplied filter: unknown field, operator or "
			     "value"));
}

bool ep_select_locked(struct ep_ask *ask, const struct ep_listing *listing, struct ep_rows *rows)
{
	const char *sort = request_arg(ask->request, "sort");
	bool falling = sort && *sort == '-';
	struct filters filters = {.any_case = settings_get(ask->ep->options.settings).eq_any_case};
	bool good = read_filters(request_arg(ask->request, "filter"),
				 listing->filters[ep_documents(ask->ep) ? 1 : 0], &filters);
	sort = falling ? sort + 1 : sort;
	if (!good) {
		refuse_filter(ask);
	} else if (sort && (strlen(sort) >= WORD || !is_listed(listing->sorts, sort))) {
		ep_error(ask->ep, ask->reply, 400, "Bad Request", "Could not parse the sort.");
		good = false;
	} else if (sort && rows->store && !ask->ep->times.at && !ask->ep->times.before) {
		const struct ep_view *view = view_of_store_locked(ask->ep, listing->kind, rows,
								  sort);
		select_sorted(view, listing->kind, falling, &filters, rows);
	} else if (sort) {
		struct ep_view view = {0};
		view_make(&view, listing->kind, rows, sort);
		select_sorted(&view, listing->kind, falling, &filters, rows);
		view_clear(&view);
	} else if (filters.count) {
		select_plain(listing->kind, &filters, rows);
	}
	filters_free(&filters);
	return good;
}
