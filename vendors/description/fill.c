/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill.c - see fill.h.
 *
 * Which section goes where is here; which key, in grammar.c. What keys mean together is checked
 * when the tables are made.
 */
#include "vendors/description/fill.h"

#include "vendors/description/convert.h"
#include "vendors/description/grammar.h"
#include "vendors/description/settings.h"

#include <errno.h>
#include <string.h>

/* A draft being filled. */
struct filling {
	struct arena *arena;
	struct draft *draft;
	struct merged *section; /* the one at hand */
	struct faults *faults;
};

/* Add a fault in the line of KEY, or of the section's header if it has no entry. */
#define fill_fail(filling, key, ...)                                                               \
	faults_add((filling)->faults, EINVAL, (key)->file,                                         \
		   (key)->entry ? (key)->entry->line : (filling)->section->line, __VA_ARGS__)

/* ---- where a section goes ---- */

/* Return the api WORD, or NULL: there are too many. */
static struct draft_endpoint *endpoint(struct draft *draft, const char *word)
{
	size_t i = 0;

	/* the first is the main one */
	if (!draft->api_count)
		draft->apis[draft->api_count++].word = "";
	while (i < draft->api_count && strcmp(draft->apis[i].word, word) != 0)
		i++;
	if (i == DRAFT_APIS_MAX)
		return NULL;
	if (i == draft->api_count)
		draft->apis[draft->api_count++].word = word;
	return &draft->apis[i];
}

/* Return the records of PLACE (NULL: the users), or NULL: there are too many. */
static struct draft_records *records(struct draft *draft, const char *place)
{
	size_t i = 1;

	if (!draft->records_count)
		draft->records_count = 1;
	if (!place)
		return &draft->records[0];
	while (i < draft->records_count && strcmp(draft->records[i].place, place) != 0)
		i++;
	if (i > DRAFT_PLACES_MAX)
		return NULL;
	if (i == draft->records_count)
		draft->records[draft->records_count++].place = place;
	return &draft->records[i];
}

static struct draft_change *change(struct draft_change *list, size_t *count, const char *word)
{
	if (*count == DRAFT_CHANGES_MAX)
		return NULL;
	list[*count].word = word;
	return &list[(*count)++];
}

/* Return the section's struct in RECORDS, or NULL: there are too many of its kind. */
static void *slot_of_records(struct draft_records *of, const struct merged *section)
{
	switch (section->kind->kind) {
	case SECTION_LIST:
		return &of->list;
	case SECTION_LIST_NEXT:
		return &of->next;
	case SECTION_ITEM:
		return &of->item;
	case SECTION_FIND:
		return &of->find;
	case SECTION_FIELDS:
		return &of->fields;
	case SECTION_STATUS:
		return &of->status;
	case SECTION_UPDATE:
		return &of->update;
	case SECTION_CREATE:
		return &of->create;
	case SECTION_DELETE:
		return &of->remove;
	case SECTION_ACTIVATE:
		return change(of->activate, &of->activate_count, section->word);
	case SECTION_DEACTIVATE:
		return change(of->deactivate, &of->deactivate_count, section->word);
	case SECTION_MEMBERS:
		return &of->members;
	case SECTION_JOIN:
		return &of->join;
	default:
		return &of->leave;
	}
}

static void *slot(struct draft *draft, const struct merged *section)
{
	const char *place = section->kind->kind == SECTION_PLACE ? section->word : section->place;
	struct draft_endpoint *api;
	struct draft_records *of;

	switch (section->kind->kind) {
	case SECTION_VENDOR:
		return &draft->vendor;
	case SECTION_SELF:
		return &draft->self;
	case SECTION_ERRORS:
		return &draft->errors;
	case SECTION_API:
		api = endpoint(draft, section->word);
		return api ? &api->api : NULL;
	case SECTION_AUTH:
		api = endpoint(draft, section->word);
		return api ? &api->auth : NULL;
	case SECTION_TOKEN:
		api = endpoint(draft, section->word);
		return api ? &api->token : NULL;
	case SECTION_PLACE:
		of = records(draft, place);
		return of ? &of->folder : NULL;
	default:
		of = records(draft, place);
		return of ? slot_of_records(of, section) : NULL;
	}
}

/* ---- keys ---- */

/* Refuse an unknown key. Returns the row of the key that is meant, or NULL. */
static const struct grammar_key *fail_unknown(const struct filling *filling,
					      const struct merged_key *key)
{
	const struct grammar_section *kind = filling->section->kind;
	const struct entry *entry = key->entry;
	const char *home = grammar_home(entry->key);
	struct hint hint = HINT_NONE;

	grammar_hint_keys(kind->kind, entry->key, &hint);
	if (*hint.name)
		(void)fill_fail(filling, key, "unknown key %s; did you mean %s?", entry->key,
				hint.name);
	else if (home)
		(void)fill_fail(filling, key, "[%s] has no key %s; it is a key of [%s]", kind->name,
				entry->key, home);
	else
		(void)fill_fail(filling, key, "unknown key %s; see rosterfs.vendor(5)", entry->key);
	return *hint.name ? grammar_key(kind->kind, hint.name) : NULL;
}

/* Store the value of KEY in INTO, or mark the section as broken. A misspelt key is taken for the
 * one that is meant, so that it does not count as missing. */
static void fill_key(struct filling *filling, struct merged_key *key, void *into)
{
	const struct grammar_key *row = grammar_key(filling->section->kind->kind, key->entry->key);
	struct convert convert = {.arena = filling->arena,
				  .file = key->file,
				  .line = key->entry->line,
				  .key = key->entry->key,
				  .faults = filling->faults};

	if (!row && !key->entry->refused) {
		row = fail_unknown(filling, key);
		if (!row)
			return;
		convert.key = key->name = row->key;
	}
	if (key->entry->refused || convert_value(&convert, row, key->entry->value, into))
		filling->section->broken = true;
}

static void fill_section(struct filling *filling)
{
	struct merged *section = filling->section;
	const struct merged_key header = {.file = section->file};
	const struct grammar_key *needed;
	struct draft_head *into;

	if (section->kind->kind == SECTION_SETTINGS)
		return;
	into = slot(filling->draft, section);
	if (!into) {
		(void)fill_fail(filling, &header, "there are too many sections [%s ...]",
				section->kind->name);
		return;
	}
	into->from = section;
	section->broken = section->lacks;
	for (size_t i = 0; i < section->count; i++) {
		/* those are read with the settings */
		if (section->kind->kind != SECTION_VENDOR ||
		    !settings_is_about(section->keys[i].entry))
			fill_key(filling, &section->keys[i], into);
	}
	for (size_t i = 0; (needed = grammar_required(section->kind->kind, i)); i++) {
		if (variant_key(section, needed->key))
			continue;
		section->broken = true;
		if (!section->lacks)
			(void)fill_fail(filling, &header, "[%s] needs the key %s",
					section->kind->name, needed->key);
	}
}

void fill_draft(struct arena *arena, struct merged *list, size_t count, struct draft *draft,
		struct faults *faults)
{
	struct filling filling = {.arena = arena, .draft = draft, .faults = faults};

	(void)endpoint(draft, "");
	(void)records(draft, NULL);
	for (size_t i = 0; i < count; i++) {
		filling.section = &list[i];
		fill_section(&filling);
	}
}
