/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grammar.h - the sections and keys that a description may have, as tables (rosterfs.vendor(5)).
 *
 * Pure; nothing here blocks or allocates.
 */
#ifndef ROSTERFS_GRAMMAR_H
#define ROSTERFS_GRAMMAR_H

#include "vendors/ini/hint.h"
#include "vendors/ini/sections.h"

#include <stdbool.h>
#include <stddef.h>

enum grammar_kind {
	SECTION_VENDOR,
	SECTION_SETTINGS,
	SECTION_API,
	SECTION_AUTH,
	SECTION_TOKEN,
	SECTION_LIST,
	SECTION_LIST_NEXT,
	SECTION_ITEM,
	SECTION_FIND,
	SECTION_SELF,
	SECTION_FIELDS,
	SECTION_STATUS,
	SECTION_UPDATE,
	SECTION_CREATE,
	SECTION_DELETE,
	SECTION_ACTIVATE,
	SECTION_DEACTIVATE,
	SECTION_ERRORS,
	SECTION_PLACE,
	SECTION_MEMBERS,
	SECTION_JOIN,
	SECTION_LEAVE,
};

/* Placeholders besides settings and what [token] gives. */
enum grammar_placeholder {
	HOLDS_ID = 1,
	HOLDS_EMAIL = 2,
	HOLDS_PARENT = 4,
	HOLDS_MEMBER = 8,
	HOLDS_PAGING = 16,   /* {page}, {offset}, {cursor}, {size}, {each} */
	HOLDS_CHANGES = 32,  /* in the body */
	HOLDS_RECORD = 64,   /* in the body */
	HOLDS_SHOWN = 128,   /* {/P} */
	HOLDS_REFRESH = 256, /* {refresh_token} */
	HOLDS_TOKEN = 512,   /* what save.NAME keeps */
	HOLDS_PROOF = 1024,  /* {access_token} */
};

/* One kind of section. */
struct grammar_section {
	const char *name;
	enum grammar_kind kind;
	unsigned holds; /* enum grammar_placeholder */
	bool word;      /* [NAME WORD] */
	bool needed;    /* the word must be given */
	bool users;     /* may stand by itself: of the vendor, or of its users */
	bool places;    /* may be [PLACE/NAME] */
	bool changes;   /* its request changes something */
};

enum grammar_type {
	TYPE_TEXT,
	TYPE_POINTER,
	TYPE_POINTERS,
	TYPE_PARTS, /* pointers with blanks between */
	TYPE_SOURCE,
	TYPE_SOURCES,
	TYPE_EXPIRES, /* SOURCE [ms] */
	TYPE_CONDITION,
	TYPE_VALUES,
	TYPE_TEMPLATE, /* of a header */
	TYPE_URL,      /* TEMPLATE */
	TYPE_BODY,
	TYPE_REQUEST,
	TYPE_NUMBER,
	TYPE_CHOICE, /* one of `words`, "a|b": its index */
	TYPE_CODES,  /* of HTTP statuses */
	TYPE_WORDS,
	/* keys that begin with `key`, and a list of what they name */
	TYPE_HEADERS,
	TYPE_QUERY,
	TYPE_SAVES,
};

/* One key. */
struct grammar_key {
	const char *key;   /* ends with "." if a name follows */
	unsigned sections; /* bit n: of enum grammar_kind n */
	enum grammar_type type;
	size_t offset; /* of the value in the section's struct (draft.h) */
	const char *words;
	long long min, max; /* of a number */
	bool required;
};

/* Return the kind of section NAME, or NULL. */
const struct grammar_section *grammar_section(const char *name);

/* Return the row of KIND. */
const struct grammar_section *grammar_kind_row(enum grammar_kind kind);

/* Return the row of key NAME of KIND, or NULL. */
const struct grammar_key *grammar_key(enum grammar_kind kind, const char *name);

/* Return the Nth key of KIND that must be given, or NULL. */
const struct grammar_key *grammar_required(enum grammar_kind kind, size_t n);

/* Offer all names of sections, or all keys of KIND, as hints for WORD. */
void grammar_hint_sections(const char *word, struct hint *hint);
void grammar_hint_keys(enum grammar_kind kind, const char *word, struct hint *hint);

/* Return the name of a section that has the key NAME, or NULL. */
const char *grammar_home(const char *name);

/* Return true if NAME is a placeholder that every description knows ("id", "changes"). */
bool grammar_is_placeholder(const char *name);

/* The rules of a description's lines. */
extern const struct sections_rules grammar_lines;

#endif
