/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_schema: what a play may say.
 *
 * One table has a row for each member, by its path: `*` stands for any name or any element. A
 * member without a row, or of another kind, is an error: a play with a slip in it must fail at the
 * start, not play another vendor than its author meant.
 *
 * It must not know what reads a member.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generic_parts.h"

enum kind {
	OBJECT, /* of which each member has a row */
	MAP,    /* of any names */
	ARRAY,
	WORD, /* one of the words, joined by | */
	TEXT,
	NUMBER,
	FLAG,
	POINTER,
	ROUTE,
	ANY
};

#define TIMES "iso|iso_ms|iso_us_zone|zoneless|space|s|ms"
#define HOLDS                                                                                                          \
	"id|second_id|email|email_again|email_other|login|first|last|name|role|locale|timezone|phone|created|updated|" \
	"secret|password|value|location|etag"

static const struct row {
	const char *path;
	enum kind kind;
	const char *words;
} rows[] = {
    {"users", NUMBER, NULL},
    {"seed", NUMBER, NULL},
    {"scim", FLAG, NULL},
    {"note", TEXT, NULL},
    {"credentials", MAP, NULL},
    {"credentials.*", TEXT, NULL},
    {"ids", WORD, "numbers|text|hex|uuid|login|email|piped"},
    {"lag", OBJECT, NULL},
    {"lag.ms", NUMBER, NULL},
    {"lag.of", WORD, "all|items|lists"},
    {"fields", MAP, NULL},
    {"fields.*", OBJECT, NULL},
    {"fields.*.holds", WORD, HOLDS},
    {"fields.*.value", ANY, NULL},
    {"fields.*.form", WORD, TIMES "|absolute|relative|path"},
    {"fields.*.write", WORD, "taken|ignored|refused"},
    {"fields.*.required", FLAG, NULL},
    {"fields.*.in_rows", FLAG, NULL},
    {"fields.*.in_item", FLAG, NULL},
    {"fields.*.asked", FLAG, NULL},
    {"fields.*.every", NUMBER, NULL},
    {"fields.*.mask", TEXT, NULL},
    {"fields.*.recomputed", FLAG, NULL},
    {"fields.*.absent_in", ARRAY, NULL},
    {"fields.*.absent_in.*", TEXT, NULL},
    {"fields.*.stored", WORD, "as_sent|trimmed|lower|upper|capital|text|minutes|cut"},
    {"fields.*.reset", ANY, NULL},
    {"status", OBJECT, NULL},
    {"status.at", POINTER, NULL},
    {"status.states", MAP, NULL},
    {"status.states.*", ANY, NULL},
    {"status.write", WORD, "taken|ignored|refused"},
    {"status.values", WORD, "strict|any|lenient"},
    {"status.omitted", WORD, "reset|kept|removed"},
    {"status.only", ANY, NULL},
    {"status.in_rows", FLAG, NULL},
    {"status.asked", FLAG, NULL},
    {"auth", OBJECT, NULL},
    {"auth.checks", ARRAY, NULL},
    {"auth.checks.*", OBJECT, NULL},
    {"auth.checks.*.header", TEXT, NULL},
    {"auth.checks.*.query", TEXT, NULL},
    {"auth.checks.*.is", TEXT, NULL},
    {"auth.checks.*.basic", ARRAY, NULL},
    {"auth.checks.*.basic.*", TEXT, NULL},
    {"auth.checks.*.or", FLAG, NULL},
    {"auth.grants", ARRAY, NULL},
    {"auth.grants.*", OBJECT, NULL},
    {"auth.grants.*.route", ROUTE, NULL},
    {"auth.grants.*.media", WORD, "form|json|any|none"},
    {"auth.grants.*.basic", ARRAY, NULL},
    {"auth.grants.*.basic.*", TEXT, NULL},
    {"auth.grants.*.headers", MAP, NULL},
    {"auth.grants.*.headers.*", TEXT, NULL},
    {"auth.grants.*.expects", MAP, NULL},
    {"auth.grants.*.expects.*", TEXT, NULL},
    {"auth.grants.*.token", POINTER, NULL},
    {"auth.grants.*.token_header", TEXT, NULL},
    {"auth.grants.*.ttl", NUMBER, NULL},
    {"auth.grants.*.expires", POINTER, NULL},
    {"auth.grants.*.expires_form", WORD, TIMES "|left_s|left_ms|left_text"},
    {"auth.grants.*.refresh_in", POINTER, NULL},
    {"auth.grants.*.refresh_out", POINTER, NULL},
    {"auth.grants.*.refresh_first", TEXT, NULL},
    {"auth.grants.*.rotates", FLAG, NULL},
    {"auth.grants.*.one_token", FLAG, NULL},
    {"auth.grants.*.members", MAP, NULL},
    {"auth.grants.*.members.*", ANY, NULL},
    {"auth.grants.*.status", NUMBER, NULL},
    {"http", OBJECT, NULL},
    {"http.type", TEXT, NULL},
    {"http.needs", MAP, NULL},
    {"http.needs.*", TEXT, NULL},
    {"http.needs_to_write", MAP, NULL},
    {"http.needs_to_write.*", TEXT, NULL},
    {"http.success", MAP, NULL},
    {"http.success.*", ANY, NULL},
    {"http.headers", MAP, NULL},
    {"http.headers.*", TEXT, NULL},
    {"http.slash", WORD, "strict|redirect|any"},
    {"http.without_json", WORD, "not_found|html"},
    {"http.etag", WORD, "none|version|weak|hash"},
    {"http.host", TEXT, NULL},
    {"http.bases", ARRAY, NULL},
    {"http.bases.*", TEXT, NULL},
    {"errors", OBJECT, NULL},
    {"errors.shape", ANY, NULL},
    {"errors.type", TEXT, NULL},
    {"errors.status", NUMBER, NULL},
    {"errors.kinds", MAP, NULL},
    {"errors.kinds.*", OBJECT, NULL},
    {"errors.kinds.*.status", NUMBER, NULL},
    {"errors.kinds.*.shape", ANY, NULL},
    {"errors.kinds.*.type", TEXT, NULL},
    {"errors.kinds.*.words", TEXT, NULL},
    {"errors.kinds.*.code", TEXT, NULL},
    {"errors.kinds.*.headers", MAP, NULL},
    {"errors.kinds.*.headers.*", TEXT, NULL},
    {"documents", ARRAY, NULL},
    {"documents.*", OBJECT, NULL},
    {"documents.*.route", ROUTE, NULL},
    {"documents.*.status", NUMBER, NULL},
    {"documents.*.type", TEXT, NULL},
    {"documents.*.answer", ANY, NULL},
    {"documents.*.open", FLAG, NULL},
    {"places", OBJECT, NULL},
    {"places.many", NUMBER, NULL},
    {"places.ids", WORD, "numbers|text"},
    {"places.id", POINTER, NULL},
    {"places.name", POINTER, NULL},
    {"places.members", POINTER, NULL},
    {"places.member", POINTER, NULL},
    {"places.members_in_rows", FLAG, NULL},
    {"places.fields", MAP, NULL},
    {"places.fields.*", ANY, NULL},
};

/* The same members in several parts: lists, and requests that change something. */
static const struct row list_rows[] = {
    {"route", ROUTE, NULL},
    {"says", MAP, NULL},
    {"says.*", TEXT, NULL},
    {"continued", ROUTE, NULL},
    {"rows", POINTER, NULL},
    {"row", POINTER, NULL},
    {"absent_if_empty", FLAG, NULL},
    {"split", OBJECT, NULL},
    {"split.into", NUMBER, NULL},
    {"split.at", POINTER, NULL},
    {"members", MAP, NULL},
    {"members.*", ANY, NULL},
    {"row_members", MAP, NULL},
    {"row_members.*", ANY, NULL},
    {"order", WORD, "stored|newest|email|random"},
    {"only", ARRAY, NULL},
    {"only.*", TEXT, NULL},
    {"pass", OBJECT, NULL},
    {"pass.name", TEXT, NULL},
    {"pass.values", MAP, NULL},
    {"pass.values.*", ARRAY, NULL},
    {"pass.values.*.*", TEXT, NULL},
    {"pass.default", ARRAY, NULL},
    {"pass.default.*", TEXT, NULL},
    {"pass.other", WORD, "nothing|refused|default|all"},
    {"select", OBJECT, NULL},
    {"select.name", TEXT, NULL},
    {"select.narrows", FLAG, NULL},
    {"select.keeps", ARRAY, NULL},
    {"select.keeps.*", POINTER, NULL},
    {"flat", POINTER, NULL},
    {"filters", MAP, NULL},
    {"filters.*", OBJECT, NULL},
    {"filters.*.at", POINTER, NULL},
    {"filters.*.how", WORD, "exact|any_case|contains|ignored"},
    {"scim_filter", WORD, "none|exact|any_case|any_attribute|ignored|refused"},
    {"parameters", MAP, NULL},
    {"parameters.*", OBJECT, NULL},
    {"parameters.*.needed", FLAG, NULL},
    {"parameters.*.is", TEXT, NULL},
    {"unknown", WORD, "refused|ignored|carried|crash"},
    {"open", FLAG, NULL},
    {"short_rows", FLAG, NULL},
    {"page", OBJECT, NULL},
    {"page.by", WORD, "none|checked|number|offset|cursor|keyset"},
    {"page.in", WORD, "query|body"},
    {"page.name", TEXT, NULL},
    {"page.first", NUMBER, NULL},
    {"page.size_name", TEXT, NULL},
    {"page.size", NUMBER, NULL},
    {"page.cap", NUMBER, NULL},
    {"page.over", WORD, "capped|refused|crash"},
    {"page.zero", WORD, "default|refused|nothing|all"},
    {"page.bad", WORD, "default|refused|crash|arithmetic"},
    {"page.unasked", WORD, "page|all"},
    {"page.alone", WORD, "taken|nothing|crash"},
    {"page.token", WORD, "opaque|number|plain"},
    {"page.token_empty", WORD, "first|refused"},
    {"page.token_only", FLAG, NULL},
    {"page.next", ARRAY, NULL},
    {"page.next.*", OBJECT, NULL},
    {"page.next.*.put", TEXT, NULL},
    {"page.next.*.as", WORD, "url|relative|path|token|number|other_host"},
    {"page.next.*.end", WORD, "absent|null|empty|zero|false|same"},
    {"page.next.*.results", FLAG, NULL},
    {"page.flag", OBJECT, NULL},
    {"page.flag.at", POINTER, NULL},
    {"page.flag.more", ANY, NULL},
    {"page.flag.end", ANY, NULL},
    {"page.total", OBJECT, NULL},
    {"page.total.put", TEXT, NULL},
    {"page.total.says", WORD, "all|rows|pages|most|larger|past_larger"},
    {"page.total.most", NUMBER, NULL},
    {"page.total.text", FLAG, NULL},
    {"page.total.asked", TEXT, NULL},
    {"page.echo", MAP, NULL},
    {"page.echo.*", WORD, "size|asked|from|number|rows|pages|last|last_text"},
    {"page.past", WORD, "empty|refused|first"},
    {"page.ceiling", NUMBER, NULL},
    {"page.at_ceiling", WORD, "refused|nothing"},
    {"page.truncates", NUMBER, NULL},
    {"page.truncated", POINTER, NULL},
    {"page.repeats", NUMBER, NULL},
    {"page.overlap", NUMBER, NULL},
    {"page.stuck", FLAG, NULL},
    {"page.halves", FLAG, NULL},
};

static const struct row act_rows[] = {
    {"route", ROUTE, NULL},
    {"id_at", POINTER, NULL},
    {"place_at", POINTER, NULL},
    {"id_as", WORD, "id|email"},
    {"when", MAP, NULL},
    {"when.*", ANY, NULL},
    {"says", MAP, NULL},
    {"says.*", TEXT, NULL},
    {"how", WORD, "merge|deep|replace|patchop"},
    {"omitted", WORD, "removed|kept|null|reset|refused"},
    {"media", ARRAY, NULL},
    {"media.*", TEXT, NULL},
    {"other_media", WORD, "refused|ignored|taken|crash"},
    {"envelope", POINTER, NULL},
    {"into", POINTER, NULL},
    {"select", OBJECT, NULL},
    {"select.name", TEXT, NULL},
    {"select.narrows", FLAG, NULL},
    {"select.keeps", ARRAY, NULL},
    {"select.keeps.*", POINTER, NULL},
    {"unwrapped", WORD, "refused|crash|ignored|taken"},
    {"needs", MAP, NULL},
    {"needs.*", ANY, NULL},
    {"unknown", WORD, "refused|ignored|stored"},
    {"null", WORD, "stored|removed|refused"},
    {"required", WORD, "checked|unchecked"},
    {"missing", WORD, "error|done|created"},
    {"if_match", WORD, "ignored|checked|required|refused"},
    {"status", NUMBER, NULL},
    {"created_status", NUMBER, NULL},
    {"answer", WORD, "record|none|object|true|changed|old|id|members"},
    {"answer_at", POINTER, NULL},
    {"answer_members", MAP, NULL},
    {"answer_members.*", ANY, NULL},
    {"no_op", WORD, "as_change|none"},
    {"stores", WORD, "all|nothing"},
    {"from", ARRAY, NULL},
    {"from.*", TEXT, NULL},
    {"to", TEXT, NULL},
    {"again", WORD, "error|done"},
    {"start", TEXT, NULL},
    {"taken", WORD, "refused|allowed|existing"},
    {"location", WORD, "none|absolute|relative|path"},
    {"kind", WORD, "hard|deactivates|two_steps|hides"},
    {"ops", OBJECT, NULL},
    {"ops.schemas", WORD, "needed|optional"},
    {"ops.empty", WORD, "taken|refused"},
    {"ops.unknown", WORD, "refused|stored|ignored"},
    {"ops.only", ARRAY, NULL},
    {"ops.only.*", TEXT, NULL},
    {"ops.no_target", WORD, "refused|ignored"},
    {"ops.paths", WORD, "taken|refused"},
    {"ops.states", MAP, NULL},
    {"ops.states.*", TEXT, NULL},
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const char *const list_parts[] = {"lists", "places.lists", "places.member_lists"};
static const char *const act_parts[] = {"items",          "creates",      "changes",
					"deletes",        "status.moves", "places.items",
					"places.changes", "places.joins", "places.leaves"};

static const struct row *find_in(const struct row *table, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].path, path) == 0)
			return &table[i];
	return NULL;
}

/* What is below "PART.*." is found in the table of the part's kind. */
static const struct row *find_part(const char *const *parts, size_t count, const char *path,
				   const struct row *table, size_t length)
{
	static const struct row list = {"", ARRAY, NULL};
	static const struct row one = {"", OBJECT, NULL};
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(parts[i]);
		if (strncmp(path, parts[i], len) != 0)
			continue;
		if (!path[len])
			return &list;
		if (strcmp(path + len, ".*") == 0)
			return &one;
		if (strncmp(path + len, ".*.", 3) == 0)
			return find_in(table, length, path + len + 3);
	}
	return NULL;
}

static const struct row *find_row(const char *path)
{
	const struct row *row = find_in(rows, LENGTH(rows), path);
	if (!row)
		row = find_part(list_parts, LENGTH(list_parts), path, list_rows, LENGTH(list_rows));
	if (!row)
		row = find_part(act_parts, LENGTH(act_parts), path, act_rows, LENGTH(act_rows));
	return row;
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = words; *at; at += *at == '|') {
		size_t next = strcspn(at, "|");
		if (next == len && strncmp(at, word, len) == 0)
			return true;
		at += next;
	}
	return false;
}

static bool is_route(const char *word)
{
	static const char *const methods[] = {"GET ", "POST ", "PUT ", "PATCH ", "DELETE "};
	for (size_t i = 0; word && i < LENGTH(methods); i++)
		if (strncmp(word, methods[i], strlen(methods[i])) == 0)
			return word[strlen(methods[i])] == '/';
	return false;
}

static bool fits_kind(const struct row *row, const json_t *value)
{
	const char *word = json_string_value(value);
	switch (row->kind) {
	case OBJECT:
	case MAP:
		return json_is_object(value);
	case ARRAY:
		return json_is_array(value);
	case WORD:
		return word && has_word(row->words, word);
	case TEXT:
		return word;
	case NUMBER:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case FLAG:
		return json_is_boolean(value);
	case POINTER:
		return word && (!*word || *word == '/');
	case ROUTE:
		return is_route(word);
	case ANY:
		break;
	}
	return true;
}

/* pattern is the path in the table, shown the one in the file. */
static bool check_below(const json_t *value, const char *pattern, const char *shown, char *why,
			size_t why_size);

static bool check_one(const char *key, const json_t *value, const char *pattern, const char *shown,
		      bool any, char *why, size_t why_size)
{
	struct text below = {0};
	struct text name = {0};
	const char *dot = *pattern ? "." : "";
	text_fmt(&below, "%s%s%s", pattern, dot, any ? "*" : key);
	text_fmt(&name, "%s%s%s", shown, dot, key);
	const struct row *row = find_row(below.data);
	bool good = false;
	if (!row)
		snprintf(why, why_size, "%s: no such member of a play", name.data);
	else if (!fits_kind(row, value) && row->words)
		snprintf(why, why_size, "%s: not one of %s", name.data, row->words);
	else if (!fits_kind(row, value))
		snprintf(why, why_size, "%s: not a value that it can have", name.data);
	else if (row->kind == OBJECT || row->kind == MAP || row->kind == ARRAY)
		good = check_below(value, below.data, name.data, why, why_size);
	else
		good = true;
	text_free(&below);
	text_free(&name);
	return good;
}

static bool check_below(const json_t *value, const char *pattern, const char *shown, char *why,
			size_t why_size)
{
	const struct row *row = *pattern ? find_row(pattern) : NULL;
	bool any = row && row->kind != OBJECT;
	const char *key;
	json_t *member;
	for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++) {
		char number[24];
		snprintf(number, sizeof number, "%zu", i);
		if (!check_one(number, json_array_get(value, i), pattern, shown, true, why,
			       why_size))
			return false;
	}
	if (json_is_object(value))
		json_object_foreach((json_t *)(uintptr_t)value, key, member)
			if (!check_one(key, member, pattern, shown, any, why, why_size))
				return false;
	return true;
}

/* Check that a name stands for a state. */
static bool check_state(const json_t *play, const char *where, const json_t *name, char *why,
			size_t why_size)
{
	const json_t *states = json_object_get(json_object_get(play, "status"), "states");
	if (!name || json_object_get(states, json_string_value(name)))
		return true;
	snprintf(why, why_size, "%s: %s: not one of status.states", where, json_string_value(name));
	return false;
}

/* Check that each request has a route, and that states exist. */
static bool check_acts(const json_t *play, const json_t *acts, const char *where, char *why,
		       size_t why_size)
{
	for (size_t i = 0; i < json_array_size(acts); i++) {
		const json_t *act = json_array_get(acts, i);
		const json_t *from = json_object_get(act, "from");
		if (!json_object_get(act, "route")) {
			snprintf(why, why_size, "%s.%zu: route is missing", where, i);
			return false;
		}
		if (!check_state(play, where, json_object_get(act, "to"), why, why_size))
			return false;
		for (size_t k = 0; k < json_array_size(from); k++)
			if (!check_state(play, where, json_array_get(from, k), why, why_size))
				return false;
	}
	return true;
}

bool schema_check(const json_t *play, char *why, size_t why_size)
{
	static const char *const parts[] = {"lists", "items", "creates", "changes", "deletes"};
	const json_t *status = json_object_get(play, "status");
	if (!check_below(play, "", "", why, why_size))
		return false;
	for (size_t i = 0; i < LENGTH(parts); i++)
		if (!check_acts(play, json_object_get(play, parts[i]), parts[i], why, why_size))
			return false;
	if (status && (!json_object_get(status, "states") || !json_object_get(status, "at"))) {
		snprintf(why, why_size, "status: at or states is missing");
		return false;
	}
	const char *key;
	json_t *field;
	bool id = false;
	json_object_foreach(json_object_get(play, "fields"), key, field) {
		const char *holds = json_string_value(json_object_get(field, "holds"));
		id = id || (holds && strcmp(holds, "id") == 0);
		if (!holds || *key != '/') {
			snprintf(why, why_size, "fields.%s: not a pointer, or holds is missing",
				 key);
			return false;
		}
	}
	if (!id)
		snprintf(why, why_size, "fields: none holds the id");
	return id &&
	       check_acts(play, json_object_get(status, "moves"), "status.moves", why, why_size);
}
