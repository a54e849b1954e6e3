/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grammar.c - see grammar.h.
 *
 * A new key is one row here and one member of draft.h. What several keys mean together is checked
 * where they are put together (the files whose names begin with make_).
 */
#include "vendors/description/grammar.h"

#include "vendors/description/draft.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define BIT(name) (1u << SECTION_##name)

/* the requests: list, item... have the keys of a request */
#define LISTS (BIT(LIST) | BIT(MEMBERS))
#define REQUESTS                                                                                   \
	(LISTS | BIT(LIST_NEXT) | BIT(ITEM) | BIT(FIND) | BIT(SELF) | BIT(TOKEN) | BIT(UPDATE) |   \
	 BIT(CREATE) | BIT(DELETE) | BIT(ACTIVATE) | BIT(DEACTIVATE) | BIT(JOIN) | BIT(LEAVE))
#define CHANGES                                                                                    \
	(BIT(UPDATE) | BIT(CREATE) | BIT(DELETE) | BIT(ACTIVATE) | BIT(DEACTIVATE) | BIT(JOIN) |   \
	 BIT(LEAVE))

static const struct grammar_section sections[] = {
    {SECTION_VENDOR, "vendor", .users = true},
    {SECTION_SETTINGS, "settings", .users = true},
    {SECTION_API, "api", .users = true, .word = true},
    {SECTION_AUTH, "auth", .users = true, .word = true, .holds = HOLDS_TOKEN},
    {SECTION_TOKEN, "token", .users = true, .word = true, .holds = HOLDS_REFRESH},
    {SECTION_LIST, "list", .users = true, .places = true, .holds = HOLDS_TOKEN | HOLDS_PAGING},
    {SECTION_LIST_NEXT, "list next", .users = true, .places = true,
     .holds = HOLDS_TOKEN | HOLDS_PAGING},
    {SECTION_ITEM, "item", .users = true, .places = true, .holds = HOLDS_TOKEN | HOLDS_ID},
    {SECTION_FIND, "find", .users = true, .holds = HOLDS_TOKEN | HOLDS_EMAIL},
    {SECTION_SELF, "self", .users = true, .holds = HOLDS_TOKEN},
    {SECTION_FIELDS, "fields", .users = true, .places = true},
    {SECTION_STATUS, "status", .users = true},
    {SECTION_UPDATE, "update", .users = true, .places = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_ID | HOLDS_CHANGES | HOLDS_RECORD | HOLDS_SHOWN},
    {SECTION_CREATE, "create", .users = true, .places = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_RECORD | HOLDS_SHOWN},
    {SECTION_DELETE, "delete", .users = true, .places = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_ID | HOLDS_SHOWN},
    {SECTION_ACTIVATE, "activate", .users = true, .word = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_ID | HOLDS_RECORD | HOLDS_SHOWN},
    {SECTION_DEACTIVATE, "deactivate", .users = true, .word = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_ID | HOLDS_RECORD | HOLDS_SHOWN},
    {SECTION_ERRORS, "errors", .users = true},
    {SECTION_PLACE, "place", .users = true, .word = true, .needed = true},
    {SECTION_MEMBERS, "members", .places = true,
     .holds = HOLDS_TOKEN | HOLDS_PAGING | HOLDS_PARENT},
    {SECTION_JOIN, "join", .places = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_PARENT | HOLDS_MEMBER},
    {SECTION_LEAVE, "leave", .places = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_PARENT | HOLDS_MEMBER},
};

#define SECTION_COUNT (sizeof(sections) / sizeof(*sections))

#define AT(type, member) .offset = offsetof(struct draft_##type, member)

static const struct grammar_key keys[] = {
    /* of every section */
    {~BIT(SETTINGS), "evidence", TYPE_CHOICE, AT(head, evidence),
     .words = "|tried|documents|memory"},

    {BIT(VENDOR), "kind", TYPE_CHOICE, AT(vendor, kind), .words = "rest|scim|manual"},
    {BIT(VENDOR), "name", TYPE_TEXT, AT(vendor, name), .required = true},
    {BIT(VENDOR), "docs", TYPE_TEXT, AT(vendor, docs), .required = true},
    {BIT(VENDOR), "date", TYPE_TEXT, AT(vendor, date), .required = true},
    {BIT(VENDOR), "remains", TYPE_TEXT, AT(vendor, remains)},
    {BIT(VENDOR), "manual", TYPE_TEXT, AT(vendor, manual)},

    {BIT(API), "base_url", TYPE_URL, AT(api, base_url)},
    {BIT(API), "header.", TYPE_HEADERS, AT(api, headers), .max = HTTP_HEADERS_MAX},
    {BIT(API), "lag", TYPE_NUMBER, AT(api, lag), .min = 0, .max = 3600},
    {BIT(API), "parallel", TYPE_NUMBER, AT(api, parallel), .min = 1, .max = 64},

    {BIT(AUTH), "header.", TYPE_HEADERS, AT(auth, headers), .max = HTTP_HEADERS_MAX},
    {BIT(AUTH), "query.", TYPE_QUERY, AT(auth, query), .max = HTTP_HEADERS_MAX},
    {BIT(AUTH), "user", TYPE_TEMPLATE, AT(auth, user)},
    {BIT(AUTH), "password", TYPE_TEMPLATE, AT(auth, password)},

    {BIT(TOKEN), "user", TYPE_TEMPLATE, AT(token, user)},
    {BIT(TOKEN), "password", TYPE_TEMPLATE, AT(token, password)},
    {BIT(TOKEN), "token", TYPE_SOURCE, AT(token, token), .required = true},
    {BIT(TOKEN), "expires", TYPE_EXPIRES, AT(token, expires)},
    {BIT(TOKEN), "refresh", TYPE_SOURCE, AT(token, refresh)},
    {BIT(TOKEN), "save.", TYPE_SAVES, AT(token, saves), .max = DRAFT_SAVES_MAX},

    {REQUESTS, "request", TYPE_REQUEST, AT(request, head)},
    {REQUESTS, "body", TYPE_BODY, AT(request, rule.body)},
    {REQUESTS, "content_type", TYPE_TEXT, AT(request, rule.content_type)},
    {REQUESTS, "header.", TYPE_HEADERS, AT(request, headers), .max = HTTP_HEADERS_MAX},
    {REQUESTS & ~BIT(TOKEN), "api", TYPE_TEXT, AT(request, api)},
    {REQUESTS, "alternative_body", TYPE_BODY, AT(request, alternative.body)},
    {BIT(UPDATE), "alternative_id", TYPE_POINTER, AT(request, alternative.id_member)},

    {LISTS, "rows", TYPE_POINTERS, AT(list, rows)},
    {LISTS, "no_rows", TYPE_CHOICE, AT(list, no_rows), .words = "error|empty"},
    {BIT(LIST), "whole", TYPE_CHOICE, AT(list, whole), .words = "yes|no"},
    {LISTS, "paging", TYPE_CHOICE, AT(list, paging), .words = "|none|page|offset|cursor|url|link"},
    {LISTS, "size", TYPE_NUMBER, AT(list, size), .min = 1, .max = 1000000},
    {LISTS, "first", TYPE_NUMBER, AT(list, first), .min = 0, .max = 1000000},
    {LISTS, "next", TYPE_SOURCE, AT(list, next)},
    {LISTS, "end", TYPE_CONDITION, AT(list, end)},
    {LISTS, "origin", TYPE_CHOICE, AT(list, origin), .words = "same|ignore"},
    {LISTS, "total", TYPE_SOURCES, AT(list, total)},
    {LISTS, "records", TYPE_SOURCES, AT(list, records)},
    {LISTS, "pages", TYPE_SOURCES, AT(list, pages)},
    {LISTS, "cut", TYPE_CONDITION, AT(list, cut)},
    {LISTS, "ceiling", TYPE_NUMBER, AT(list, ceiling), .min = 1, .max = INT_MAX},
    {BIT(LIST), "each", TYPE_VALUES, AT(list, each)},
    {BIT(MEMBERS), "user", TYPE_POINTER, AT(list, user), .required = true},
    {BIT(MEMBERS), "in", TYPE_POINTER, AT(list, in)},

    {BIT(ITEM), "root", TYPE_POINTERS, AT(item, root)},
    {BIT(ITEM), "gone", TYPE_CODES, AT(item, gone)},
    {BIT(ITEM), "gone_when", TYPE_CONDITION, AT(item, gone_when)},
    {BIT(ITEM), "reserved", TYPE_WORDS, AT(item, reserved)},

    {BIT(FIND), "rows", TYPE_POINTERS, AT(find, rows)},

    {BIT(SELF), "id", TYPE_POINTERS, AT(self, id)},
    {BIT(SELF), "root", TYPE_POINTERS, AT(self, root)},
    {BIT(SELF), "user", TYPE_CHOICE, AT(self, user), .words = "|none"},

    {BIT(FIELDS), "id", TYPE_POINTERS, AT(fields, id)},
    {BIT(FIELDS), "path_id", TYPE_POINTER, AT(fields, path_id)},
    {BIT(FIELDS), "email", TYPE_POINTERS, AT(fields, email)},
    {BIT(FIELDS), "name", TYPE_PARTS, AT(fields, name)},
    {BIT(FIELDS), "login", TYPE_POINTERS, AT(fields, login)},
    {BIT(FIELDS), "created", TYPE_POINTERS, AT(fields, created)},
    {BIT(FIELDS), "updated", TYPE_POINTERS, AT(fields, updated)},
    {BIT(FIELDS), "version", TYPE_POINTER, AT(fields, version)},
    {BIT(FIELDS), "row_root", TYPE_POINTERS, AT(fields, row_root)},
    {BIT(FIELDS), "read_only", TYPE_POINTERS, AT(fields, read_only)},
    {BIT(FIELDS), "immutable", TYPE_POINTERS, AT(fields, immutable)},
    {BIT(FIELDS), "required", TYPE_POINTERS, AT(fields, required)},
    {BIT(FIELDS), "each_time", TYPE_POINTERS, AT(fields, each_time)},
    {BIT(FIELDS), "hidden", TYPE_POINTERS, AT(fields, hidden)},
    {BIT(FIELDS), "write_only", TYPE_POINTERS, AT(fields, write_only)},
    {BIT(FIELDS), "unknown", TYPE_CHOICE, AT(fields, unknown), .words = "send|refuse"},

    {BIT(STATUS), "path", TYPE_POINTER, AT(status, path), .required = true},
    {BIT(STATUS), "active", TYPE_VALUES, AT(status, active), .required = true},
    {BIT(STATUS), "inactive", TYPE_VALUES, AT(status, inactive), .required = true},

    {BIT(UPDATE), "merge", TYPE_CHOICE, AT(update, merge), .words = "top|deep"},
    {BIT(UPDATE), "clear", TYPE_CHOICE, AT(update, clear), .words = "null|empty|refuse"},
    {BIT(UPDATE), "if_match", TYPE_CHOICE, AT(update, if_match), .words = "no|yes|required"},
    {BIT(UPDATE), "answer", TYPE_CHOICE, AT(update, answer), .words = "record|other"},

    {BIT(CREATE), "id", TYPE_SOURCE, AT(create, id)},

    {BIT(DELETE) | BIT(ACTIVATE) | BIT(DEACTIVATE), "from", TYPE_VALUES, AT(change, from)},
    {BIT(DEACTIVATE), "soft", TYPE_TEXT, AT(change, soft)},

    {BIT(ERRORS), "message", TYPE_SOURCES, AT(errors, message)},
    {BIT(ERRORS), "fail_when", TYPE_CONDITION, AT(errors, fail_when)},
    {BIT(ERRORS), "limited_when", TYPE_CONDITION, AT(errors, limited_when)},
    {BIT(ERRORS), "retry_after", TYPE_SOURCE, AT(errors, retry_after)},

    {BIT(PLACE), "record", TYPE_TEXT, AT(place, record)},
};

#define KEY_COUNT (sizeof(keys) / sizeof(*keys))

static const char *const placeholders[] = {
    "id",   "email", "parent",  "member", "page",         "offset",        "cursor",
    "size", "each",  "changes", "record", "access_token", "refresh_token",
};

const struct grammar_section *grammar_section(const char *name)
{
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		if (strcmp(sections[i].name, name) == 0)
			return &sections[i];
	}
	return NULL;
}

const struct grammar_section *grammar_kind_row(enum grammar_kind kind)
{
	return &sections[kind];
}

const struct grammar_key *grammar_key(enum grammar_kind kind, const char *name)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		size_t length = strlen(keys[i].key);
		bool prefix = keys[i].key[length - 1] == '.';

		if (!(keys[i].sections & 1u << kind))
			continue;
		if (prefix ? strncmp(keys[i].key, name, length) == 0 && name[length]
			   : strcmp(keys[i].key, name) == 0)
			return &keys[i];
	}
	return NULL;
}

const struct grammar_key *grammar_required(enum grammar_kind kind, size_t n)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (keys[i].required && keys[i].sections & 1u << kind && !n--)
			return &keys[i];
	}
	return NULL;
}

void grammar_hint_sections(const char *word, struct hint *hint)
{
	for (size_t i = 0; i < SECTION_COUNT; i++)
		hint_offer(hint, word, sections[i].name);
}

void grammar_hint_keys(enum grammar_kind kind, const char *word, struct hint *hint)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (keys[i].sections & 1u << kind)
			hint_offer(hint, word, keys[i].key);
	}
}

const char *grammar_home(const char *name)
{
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		if (grammar_key(sections[i].kind, name))
			return sections[i].name;
	}
	return NULL;
}

bool grammar_is_placeholder(const char *name)
{
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(*placeholders); i++) {
		if (strcmp(placeholders[i], name) == 0)
			return true;
	}
	return false;
}

/* ---- lines ---- */

/* Return what an indented line below KEY does, whatever the section's word and condition are. */
static enum sections_join grammar_join(const char *section, const char *key)
{
	char name[HINT_MAX];
	const struct grammar_key *row = NULL;
	const char *slash = strchr(section, '/');

	section = slash ? slash + 1 : section;
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(section, " "), section);
	for (size_t i = 0; i < SECTION_COUNT && !row; i++) {
		/* [list next] has no key that [list] has not */
		if (strcmp(sections[i].name, name) == 0)
			row = grammar_key(sections[i].kind, key);
	}
	if (!row)
		return SECTIONS_ONE_LINE;
	switch (row->type) {
	case TYPE_REQUEST:
	case TYPE_BODY:
		return SECTIONS_JOINED;
	case TYPE_POINTERS:
	case TYPE_SOURCES:
	case TYPE_VALUES:
	case TYPE_CONDITION:
	case TYPE_CODES:
	case TYPE_WORDS:
		return SECTIONS_LIST;
	default:
		return strcmp(row->key, "manual") == 0 ? SECTIONS_TEXT : SECTIONS_ONE_LINE;
	}
}

const struct sections_rules grammar_lines = {
    .join = grammar_join,
    .too_long = "continue it on lines that begin with a blank",
    .semicolon = "no value may hold it",
};
