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
    {"vendor", SECTION_VENDOR, .users = true},
    {"settings", SECTION_SETTINGS, .users = true},
    {"api", SECTION_API, .users = true, .word = true},
    {"auth", SECTION_AUTH, .users = true, .word = true, .holds = HOLDS_TOKEN | HOLDS_PROOF},
    {"token", SECTION_TOKEN, .users = true, .word = true, .holds = HOLDS_REFRESH},
    {"list", SECTION_LIST, .users = true, .places = true, .holds = HOLDS_TOKEN | HOLDS_PAGING},
    {"list next", SECTION_LIST_NEXT, .users = true, .places = true,
     .holds = HOLDS_TOKEN | HOLDS_PAGING},
    {"item", SECTION_ITEM, .users = true, .places = true, .holds = HOLDS_TOKEN | HOLDS_ID},
    {"find", SECTION_FIND, .users = true, .holds = HOLDS_TOKEN | HOLDS_EMAIL},
    {"self", SECTION_SELF, .users = true, .holds = HOLDS_TOKEN},
    {"fields", SECTION_FIELDS, .users = true, .places = true},
    {"status", SECTION_STATUS, .users = true},
    {"update", SECTION_UPDATE, .users = true, .places = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_ID | HOLDS_CHANGES | HOLDS_RECORD | HOLDS_SHOWN},
    {"create", SECTION_CREATE, .users = true, .places = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_RECORD | HOLDS_SHOWN},
    {"delete", SECTION_DELETE, .users = true, .places = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_ID | HOLDS_SHOWN},
    {"activate", SECTION_ACTIVATE, .users = true, .word = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_ID | HOLDS_RECORD | HOLDS_SHOWN},
    {"deactivate", SECTION_DEACTIVATE, .users = true, .word = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_ID | HOLDS_RECORD | HOLDS_SHOWN},
    {"errors", SECTION_ERRORS, .users = true},
    {"place", SECTION_PLACE, .users = true, .word = true, .needed = true},
    {"members", SECTION_MEMBERS, .places = true,
     .holds = HOLDS_TOKEN | HOLDS_PAGING | HOLDS_PARENT},
    {"join", SECTION_JOIN, .places = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_PARENT | HOLDS_MEMBER},
    {"leave", SECTION_LEAVE, .places = true, .changes = true,
     .holds = HOLDS_TOKEN | HOLDS_PARENT | HOLDS_MEMBER},
};

#define SECTION_COUNT (sizeof(sections) / sizeof(*sections))

#define AT(type, member) .offset = offsetof(struct draft_##type, member)

static const struct grammar_key keys[] = {
    /* of every section */
    {"evidence", ~BIT(SETTINGS), TYPE_CHOICE, AT(head, evidence),
     .words = "|tried|documents|memory"},

    {"kind", BIT(VENDOR), TYPE_CHOICE, AT(vendor, kind), .words = "rest|scim|manual"},
    {"name", BIT(VENDOR), TYPE_TEXT, AT(vendor, name), .required = true},
    {"docs", BIT(VENDOR), TYPE_TEXT, AT(vendor, docs), .required = true},
    {"date", BIT(VENDOR), TYPE_TEXT, AT(vendor, date), .required = true},
    {"remains", BIT(VENDOR), TYPE_TEXT, AT(vendor, remains)},
    {"manual", BIT(VENDOR), TYPE_TEXT, AT(vendor, manual)},

    {"base_url", BIT(API), TYPE_URL, AT(api, base_url)},
    {"header.", BIT(API), TYPE_HEADERS, AT(api, headers), .max = HTTP_HEADERS_MAX},
    {"lag", BIT(API), TYPE_NUMBER, AT(api, lag), .min = 0, .max = 3600},
    {"parallel", BIT(API), TYPE_NUMBER, AT(api, parallel), .min = 1, .max = 64},

    {"header.", BIT(AUTH), TYPE_HEADERS, AT(auth, headers), .max = HTTP_HEADERS_MAX},
    {"query.", BIT(AUTH), TYPE_QUERY, AT(auth, query), .max = HTTP_HEADERS_MAX},
    {"user", BIT(AUTH), TYPE_TEMPLATE, AT(auth, user)},
    {"password", BIT(AUTH), TYPE_TEMPLATE, AT(auth, password)},

    {"user", BIT(TOKEN), TYPE_TEMPLATE, AT(token, user)},
    {"password", BIT(TOKEN), TYPE_TEMPLATE, AT(token, password)},
    {"token", BIT(TOKEN), TYPE_SOURCE, AT(token, token), .required = true},
    {"expires", BIT(TOKEN), TYPE_EXPIRES, AT(token, expires)},
    {"refresh", BIT(TOKEN), TYPE_SOURCE, AT(token, refresh)},
    {"save.", BIT(TOKEN), TYPE_SAVES, AT(token, saves), .max = DRAFT_SAVES_MAX},

    {"request", REQUESTS, TYPE_REQUEST, AT(request, head)},
    {"body", REQUESTS, TYPE_BODY, AT(request, rule.body)},
    {"content_type", REQUESTS, TYPE_TEXT, AT(request, rule.content_type)},
    {"header.", REQUESTS, TYPE_HEADERS, AT(request, headers), .max = HTTP_HEADERS_MAX},
    {"api", REQUESTS & ~BIT(TOKEN), TYPE_TEXT, AT(request, api)},
    {"alternative_body", REQUESTS, TYPE_BODY, AT(request, alternative.body)},
    {"body_id", BIT(UPDATE), TYPE_POINTER, AT(request, rule.id_member)},
    {"alternative_id", BIT(UPDATE), TYPE_POINTER, AT(request, alternative.id_member)},

    {"rows", LISTS, TYPE_POINTERS, AT(list, rows)},
    {"no_rows", LISTS, TYPE_CHOICE, AT(list, no_rows), .words = "error|empty"},
    {"missing_page", LISTS, TYPE_CHOICE, AT(list, missing_page), .words = "end|error"},
    {"whole", BIT(LIST), TYPE_CHOICE, AT(list, whole), .words = "yes|no"},
    {"paging", LISTS, TYPE_CHOICE, AT(list, paging), .words = "|none|page|offset|cursor|url|link"},
    {"size", LISTS, TYPE_NUMBER, AT(list, size), .min = 1, .max = 1000000},
    {"first", LISTS, TYPE_NUMBER, AT(list, first), .min = 0, .max = 1000000},
    {"next", LISTS, TYPE_SOURCE, AT(list, next)},
    {"end", LISTS, TYPE_CONDITION, AT(list, end)},
    {"origin", LISTS, TYPE_CHOICE, AT(list, origin), .words = "same|ignore"},
    {"total", LISTS, TYPE_SOURCES, AT(list, total)},
    {"records", LISTS, TYPE_SOURCES, AT(list, records)},
    {"pages", LISTS, TYPE_SOURCES, AT(list, pages)},
    {"cut", LISTS, TYPE_CONDITION, AT(list, cut)},
    {"ceiling", LISTS, TYPE_NUMBER, AT(list, ceiling), .min = 1, .max = INT_MAX},
    {"each", BIT(LIST), TYPE_VALUES, AT(list, each)},
    {"user", BIT(MEMBERS), TYPE_POINTER, AT(list, user), .required = true},
    {"in", BIT(MEMBERS), TYPE_POINTER, AT(list, in)},

    {"root", BIT(ITEM), TYPE_POINTERS, AT(item, root)},
    {"gone", BIT(ITEM), TYPE_CODES, AT(item, gone)},
    {"gone_when", BIT(ITEM), TYPE_CONDITION, AT(item, gone_when)},
    {"reserved", BIT(ITEM), TYPE_WORDS, AT(item, reserved)},

    {"rows", BIT(FIND), TYPE_POINTERS, AT(find, rows)},

    {"id", BIT(SELF), TYPE_POINTERS, AT(self, id)},
    {"root", BIT(SELF), TYPE_POINTERS, AT(self, root)},
    {"user", BIT(SELF), TYPE_CHOICE, AT(self, user), .words = "|none"},

    {"id", BIT(FIELDS), TYPE_POINTERS, AT(fields, id)},
    {"path_id", BIT(FIELDS), TYPE_POINTER, AT(fields, path_id)},
    {"email", BIT(FIELDS), TYPE_POINTERS, AT(fields, email)},
    {"name", BIT(FIELDS), TYPE_PARTS, AT(fields, name)},
    {"login", BIT(FIELDS), TYPE_POINTERS, AT(fields, login)},
    {"role", BIT(FIELDS), TYPE_POINTERS, AT(fields, role)},
    {"created", BIT(FIELDS), TYPE_POINTERS, AT(fields, created)},
    {"updated", BIT(FIELDS), TYPE_POINTERS, AT(fields, updated)},
    {"version", BIT(FIELDS), TYPE_POINTER, AT(fields, version)},
    {"row_root", BIT(FIELDS), TYPE_POINTERS, AT(fields, row_root)},
    {"read_only", BIT(FIELDS), TYPE_POINTERS, AT(fields, read_only)},
    {"immutable", BIT(FIELDS), TYPE_POINTERS, AT(fields, immutable)},
    {"required", BIT(FIELDS), TYPE_POINTERS, AT(fields, required)},
    {"each_time", BIT(FIELDS), TYPE_POINTERS, AT(fields, each_time)},
    {"hidden", BIT(FIELDS), TYPE_POINTERS, AT(fields, hidden)},
    {"write_only", BIT(FIELDS), TYPE_POINTERS, AT(fields, write_only)},
    {"optional", BIT(FIELDS), TYPE_POINTERS, AT(fields, optional)},
    {"unknown", BIT(FIELDS), TYPE_CHOICE, AT(fields, unknown), .words = "send|refuse"},

    {"path", BIT(STATUS), TYPE_POINTER, AT(status, path), .required = true},
    {"active", BIT(STATUS), TYPE_VALUES, AT(status, active), .required = true},
    {"inactive", BIT(STATUS), TYPE_VALUES, AT(status, inactive), .required = true},

    {"merge", BIT(UPDATE), TYPE_CHOICE, AT(update, merge), .words = "top|deep"},
    {"clear", BIT(UPDATE), TYPE_CHOICE, AT(update, clear), .words = "null|empty|refuse"},
    {"if_match", BIT(UPDATE), TYPE_CHOICE, AT(update, if_match), .words = "no|yes|required"},
    {"answer", BIT(UPDATE), TYPE_CHOICE, AT(update, answer), .words = "record|other"},

    {"id", BIT(CREATE), TYPE_SOURCE, AT(create, id)},

    {"from", BIT(DELETE) | BIT(ACTIVATE) | BIT(DEACTIVATE), TYPE_VALUES, AT(change, from)},
    {"soft", BIT(DEACTIVATE), TYPE_TEXT, AT(change, soft)},

    {"message", BIT(ERRORS), TYPE_SOURCES, AT(errors, message)},
    {"fail_when", BIT(ERRORS), TYPE_CONDITION, AT(errors, fail_when)},
    {"limited_when", BIT(ERRORS), TYPE_CONDITION, AT(errors, limited_when)},
    {"retry_after", BIT(ERRORS), TYPE_SOURCE, AT(errors, retry_after)},

    {"record", BIT(PLACE), TYPE_TEXT, AT(place, record)},
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
