/* SPDX-License-Identifier: Apache-2.0 */
/*
 * description.c - see description.h.
 *
 * What makes an account's table also checks the description: when it is read, a table is made for
 * each combination of settings that its variants tell apart, with samples for values, and thrown
 * away. A description of kind scim has the sections of the compiled-in scim.vendor below its own.
 */
#include "vendors/description/description.h"

#include "vendors/description/fill.h"
#include "vendors/description/grammar.h"
#include "vendors/description/lookup.h"
#include "vendors/description/make.h"
#include "vendors/description/make_vendor.h"
#include "vendors/description/part.h"
#include "vendors/description/settings.h"
#include "vendors/description/variant.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCIM "scim"
#define SECTIONS_MAX 200

struct description {
	char *type, *file;
	struct sections own, preset;
	struct part *parts; /* those of the preset first */
	size_t count;
	struct settings settings;
	struct arena arena; /* of everything below, and of the accounts' tables */
	struct vendor outline;
	bool outlined, has_base_url;
	bool broken; /* the header of a section was refused: what is missing may be that */
	long long lag, parallel; /* -1: not given */
};

/* ---- sections ---- */

/* Append the sections of LIST, which are in FILE, to the parts. */
static int add_parts(struct description *description, const struct sections *list, const char *file,
		     bool preset, struct faults *faults)
{
	description->broken = description->broken || list->broken;
	for (size_t i = 0; i < list->count; i++) {
		struct part part;

		if (part_read(&description->arena, file, &list->list[i], &part, faults)) {
			description->broken = true;
			continue;
		}
		if (description->count == SECTIONS_MAX)
			return faults_add(faults, E2BIG, file, list->list[i].line,
					  "there are more than %d sections", SECTIONS_MAX);
		part.preset = preset;
		description->parts = arena_append(&description->arena, description->parts,
						  description->count, sizeof(part), &part);
		if (!description->parts)
			return faults_add(faults, ENOMEM, file, 0, "out of memory");
		description->count++;
	}
	return 0;
}

/* Return what [vendor] says of KEY, or NULL. */
static const char *vendor_key(const struct sections *sections, const char *key)
{
	for (size_t i = 0; i < sections->count; i++) {
		const struct entry *entry = strcmp(sections->list[i].name, "vendor") == 0
						? sections_find(&sections->list[i], key)
						: NULL;

		if (entry)
			return entry->value;
	}
	return NULL;
}

/* Read the preset sections, if the kind of DESCRIPTION has some. */
static int add_preset(struct description *description, struct faults *faults)
{
	const char *kind = vendor_key(&description->own, "kind"), *text = lookup_builtin(SCIM);
	int result;

	/* scim.vendor is no preset of itself */
	if (!kind || strcmp(kind, SCIM) != 0 || !text ||
	    strcmp(description->file, SCIM ".vendor (built in)") == 0)
		return 0;
	result = sections_parse(SCIM ".vendor (built in)", text, strlen(text), &grammar_lines,
				&description->preset, faults);
	return result ? result
		      : add_parts(description, &description->preset, SCIM ".vendor (built in)",
				  true, faults);
}

/* ---- settings ---- */

static const struct part *find_settings(const struct description *description, bool preset)
{
	for (size_t i = 0; i < description->count; i++) {
		const struct part *part = &description->parts[i];

		if (part->kind->kind == SECTION_SETTINGS && part->preset == preset)
			return part;
	}
	return NULL;
}

/* Let an account replace the URLs that the description writes out. */
static int add_urls(struct description *description)
{
	struct arena *arena = &description->arena;
	int result = 0;

	for (size_t i = 0; i < description->count && !result; i++) {
		const struct part *part = &description->parts[i];
		const struct entry *request = sections_find(part->section, "request");
		const char *url = request ? strchr(request->value, ' ') : NULL;

		if (part->kind->kind == SECTION_TOKEN && url && strncmp(url, " http", 5) == 0)
			result = settings_add_url(arena, &description->settings, SETTINGS_TOKEN_URL,
						  part->word);
		else if (part->kind->kind == SECTION_API && *part->word)
			result = settings_add_url(arena, &description->settings, SETTINGS_BASE_URL,
						  part->word);
	}
	return result;
}

/* Read what [vendor] says of the settings: first the preset one, which may have others. */
static int explain_settings(struct description *description, struct faults *faults)
{
	int result = 0;

	for (size_t i = 0; i < description->count && !result; i++) {
		const struct part *part = &description->parts[i];

		if (part->kind->kind == SECTION_VENDOR)
			result = settings_explain(&description->arena, part->file, part->section,
						  !part->preset, &description->settings, faults);
	}
	return result;
}

/* Read [settings]. Those of the description replace all preset ones. */
static int read_settings(struct description *description, struct faults *faults)
{
	const char *kind = vendor_key(&description->own, "kind");
	bool manual = kind && strcmp(kind, "manual") == 0;
	const struct part *part = find_settings(description, false);
	int result;

	if (!part)
		part = find_settings(description, true);
	result = settings_read(&description->arena, part ? part->file : description->file,
			       part ? part->section : NULL, &description->settings, faults);
	if (!result && (settings_add(&description->arena, &description->settings,
				     manual ? "notice_file" : "self_id",
				     manual ? SETTING_FILE : SETTING_TEXT) ||
			add_urls(description)))
		result = faults_add(faults, ENOMEM, description->file, 0, "out of memory");
	return result ? result : explain_settings(description, faults);
}

/* Note lag and parallel, which no condition may decide: they are set before the settings are. */
static void read_defaults(struct description *description, struct faults *faults)
{
	static const char *const keys[] = {"lag", "parallel"};
	long long *const values[] = {&description->lag, &description->parallel};

	for (size_t i = 0; i < description->count; i++) {
		const struct part *part = &description->parts[i];

		for (size_t j = 0; j < 2 && part->kind->kind == SECTION_API; j++) {
			const struct entry *entry = sections_find(part->section, keys[j]);

			if (entry && (part->when != PART_ALWAYS || *part->word))
				(void)faults_add(faults, EINVAL, part->file, entry->line,
						 "%s is a key of [api] only", keys[j]);
			else if (entry)
				*values[j] = strtoll(entry->value, NULL, 10);
		}
	}
}

/* ---- tables ---- */

/* Make a table in ARENA. MAKE has what is known of the account, and gets the URLs. */
static int make_table(const struct description *description, struct arena *arena, struct make *make,
		      const struct vendor **vendor)
{
	struct draft *draft = calloc(1, sizeof(*draft));
	struct merged *list;
	size_t count, before = make->faults->found;
	int result;

	make->arena = arena;
	make->draft = draft;
	make->file = description->file;
	if (!draft)
		return make_fail_memory(make);
	result = variant_merge(arena, description->parts, description->count, make->chosen, &list,
			       &count, make->faults);
	if (!result) {
		fill_draft(arena, list, count, draft, make->faults);
		result = make_vendor(make, description->type, vendor);
	}
	free(draft);
	return result || make->faults->found == before ? result : -EINVAL;
}

/* What try_variant works with. */
struct trial {
	struct description *description;
	struct faults *faults;
	size_t count; /* of variants that were tried */
};

/* Make the table of a variant, and throw it away, except that the first is the outline. Returns 0
 * also if there are faults: other variants have others. */
static int try_variant(const struct chosen *chosen, const char *variant, void *arg)
{
	struct trial *trial = arg;
	struct description *description = trial->description;
	struct arena arena = {0}, *kept = trial->count ? &arena : &description->arena;
	struct make make = {.chosen = chosen,
			    .secret_in_url = true,
			    .broken = description->broken,
			    .faults = trial->faults};
	const struct vendor *vendor = NULL;
	size_t before = trial->faults->count;
	int result = make_table(description, kept, &make, &vendor);

	/* the first one shows most mistakes, which have nothing to do with the variant */
	if (trial->count && *variant)
		faults_add_condition(trial->faults, before, variant);
	if (!result && vendor && !trial->count) {
		description->outline = *vendor;
		description->has_base_url = vendor->apis && vendor->apis->base_url;
		description->outline.apis = NULL;
		description->outlined = true;
	}
	trial->count++;
	arena_clear(&arena);
	return 0;
}

/* Check the conditions of all parts, and drop the parts whose conditions were refused. */
static void check_conditions(struct description *description, struct faults *faults)
{
	size_t kept = 0;

	for (size_t i = 0; i < description->count; i++) {
		if (variant_check(&description->parts[i], &description->settings, faults))
			description->broken = true;
		else
			description->parts[kept++] = description->parts[i];
	}
	description->count = kept;
}

static void check_all(struct description *description, struct faults *faults)
{
	struct trial trial = {description, faults, 0};
	int result;

	check_conditions(description, faults);
	result = variant_each(description->parts, description->count, &description->settings,
			      try_variant, &trial);
	if (result)
		(void)faults_add(faults, -result, description->file, 0, "%s",
				 result == -E2BIG ? "the conditions of its sections have too "
						    "many combinations"
						  : "out of memory");
}

/* ---- reading ---- */

/* Read TEXT into DESCRIPTION. Each step checks what those before it have left. */
static int description_read_text(struct description *description, const char *text, size_t length,
				 struct faults *faults)
{
	size_t before = faults->found;

	if (sections_parse(description->file, text, length, &grammar_lines, &description->own,
			   faults) == -ENOMEM ||
	    add_preset(description, faults) ||
	    add_parts(description, &description->own, description->file, false, faults) ||
	    read_settings(description, faults) == -ENOMEM)
		return -EINVAL;
	check_all(description, faults);
	read_defaults(description, faults);
	return faults->found > before || !description->outlined ? -EINVAL : 0;
}

int description_read(const char *type, const char *const *folders, struct description **description,
		     struct faults *faults)
{
	struct description *made = calloc(1, sizeof(*made));
	char *text = NULL;
	size_t length = 0;
	int result;

	*description = NULL;
	if (!made)
		return faults_add(faults, ENOMEM, type, 0, "out of memory");
	made->lag = made->parallel = -1;
	result = lookup_find(type, folders, &made->file, &text, &length, faults);
	if (!result) {
		made->type = strdup(type);
		result = made->type ? description_read_text(made, text, length, faults)
				    : faults_add(faults, ENOMEM, type, 0, "out of memory");
	}
	free(text);
	if (result)
		description_free(made);
	else
		*description = made;
	return result;
}

void description_free(struct description *description)
{
	if (!description)
		return;
	arena_clear(&description->arena);
	sections_clear(&description->own);
	sections_clear(&description->preset);
	free(description->type);
	free(description->file);
	free(description);
}

/* ---- for the config ---- */

const struct vendor *description_outline(const struct description *description)
{
	return &description->outline;
}

bool description_has_base_url(const struct description *description)
{
	return description->has_base_url;
}

const char *description_file(const struct description *description)
{
	return description->file;
}

void description_defaults(const struct description *description, struct account *account)
{
	if (description->lag >= 0)
		account->lag = (unsigned)description->lag;
	if (description->parallel >= 0)
		account->endpoint.parallel = (unsigned)description->parallel;
}

/* Set the base URLs of ACCOUNT, which has its own table. */
static int set_urls(const struct make *make, struct account *account)
{
	if (!account->endpoint.base_url && make->urls[0])
		account->endpoint.base_url = strdup(make->urls[0]);
	else if (!account->endpoint.base_url)
		return faults_add(make->faults, EINVAL, make->file, 0,
				  "there is no base_url for these settings; the account's "
				  "section must give it");
	if (!account->endpoint.base_url)
		return make_fail_memory(make);
	for (unsigned i = 1; i < account_api_count(account->vendor); i++) {
		account->others[i - 1].base_url = strdup(make->urls[i]);
		if (!account->others[i - 1].base_url)
			return make_fail_memory(make);
	}
	return 0;
}

int description_build(struct description *description, struct account *account,
		      struct faults *faults)
{
	const struct chosen chosen = {.settings = &description->settings,
				      .values = (const char **)account->values,
				      .delete_deactivates = account->delete_deactivates};
	struct make make = {.chosen = &chosen,
			    .secret_in_url = account->secret_in_url,
			    .url_given = account->endpoint.base_url,
			    .faults = faults};
	const struct vendor *vendor = NULL;
	int result = make_table(description, &description->arena, &make, &vendor);

	if (result || !vendor)
		return result;
	if (account_set_vendor(account, vendor))
		return make_fail_memory(&make);
	return vendor->users ? set_urls(&make, account) : 0;
}

void description_each_type(const char *const *folders, void (*each)(const char *type, void *arg),
			   void *arg)
{
	lookup_each(folders, each, arg);
}
