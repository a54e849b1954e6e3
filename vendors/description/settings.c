/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - see settings.h.
 *
 * It must not know the keys that all accounts have: the config's reader refuses a setting of the
 * same name.
 */
#include "vendors/description/settings.h"

#include "vendors/description/grammar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SETTINGS_MAX 32
#define ABOUT "about." /* and the name of a setting: a line that explains it */

/* [settings] being read. */
struct reading {
	struct arena *arena;
	const char *file;
	unsigned line;
	const char *name; /* of the setting */
	struct faults *faults;
};

#define settings_fail(reading, ...)                                                                \
	faults_add((reading)->faults, EINVAL, (reading)->file, (reading)->line, __VA_ARGS__)

static int fail_memory(const struct reading *reading)
{
	return faults_add(reading->faults, ENOMEM, reading->file, reading->line, "out of memory");
}

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length && strchr(" \t", text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* Cut " if SETTING" from CHOICE. Returns the name, or "". */
static const char *cut_need(char *choice)
{
	char *need = strstr(choice, " if ");

	if (!need)
		return "";
	*need = '\0';
	return trim(need + strlen(" if "));
}

/* Read "A | B if SETTING | C". */
static int read_choices(const struct reading *reading, char *text, struct setting *setting)
{
	const char **choices = NULL, **needs = NULL;
	size_t count = 0;
	char *choice;

	while ((choice = strsep(&text, "|"))) {
		const char *need;

		choice = trim(choice);
		need = cut_need(choice);
		choice = trim(choice);
		if (!*choice || strpbrk(choice, " \t"))
			return settings_fail(reading, "%s: each choice is one word: A | B | C",
					     reading->name);
		for (size_t i = 0; i < count; i++) {
			if (strcmp(choices[i], choice) == 0)
				return settings_fail(reading, "%s: the choice %s is there twice",
						     reading->name, choice);
		}
		needs = arena_append(reading->arena, needs, count, sizeof(*needs), &need);
		choices = arena_append(reading->arena, choices, count++, sizeof(*choices), &choice);
		if (!choices || !needs)
			return fail_memory(reading);
	}
	setting->type = SETTING_CHOICE;
	setting->choices = choices;
	setting->choice_needs = needs;
	setting->fallback = choices ? choices[0] : NULL;
	return 0;
}

/* Read "text", "secret" or "url", and ", required" or ", default X". */
static int read_type(const struct reading *reading, char *text, struct setting *setting, bool *url)
{
	char *more = strchr(text, ',');

	if (more)
		*more++ = '\0';
	text = trim(text);
	*url = strcmp(text, "url") == 0;
	if (strcmp(text, "secret") == 0)
		setting->type = SETTING_SECRET;
	else if (strcmp(text, "text") != 0 && !*url)
		return settings_fail(reading,
				     "%s must be text, secret, url, or choices with | between them",
				     reading->name);
	if (!more)
		return 0;
	more = trim(more);
	if (strcmp(more, "required") == 0) {
		setting->required = true;
		return 0;
	}
	if (strncmp(more, "default", 7) != 0 || !more[7] || !strchr(" \t", more[7]) ||
	    setting->type == SETTING_SECRET)
		return settings_fail(reading,
				     setting->type == SETTING_SECRET
					 ? "%s: only required may follow secret"
					 : "%s: only required or default X may follow",
				     reading->name);
	more = trim(more + 7);
	setting->fallback = strcmp(more, "\"\"") == 0 ? "" : more;
	return 0;
}

static int check_name(const struct reading *reading)
{
	const char *name = reading->name;

	if (strlen(name) >= HINT_MAX - strlen("_command") ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] || *name < 'a')
		return settings_fail(reading,
				     "a setting's name begins with a letter, has a-z, 0-9 and _, "
				     "and at most %zu of them",
				     HINT_MAX - strlen("_command") - 1);
	if (grammar_is_placeholder(name))
		return settings_fail(reading,
				     "%s cannot be a setting: {%s} is a placeholder of its own",
				     name, name);
	return 0;
}

/* Refuse two settings that one key of the config could mean: a secret's NAME_file. */
static int check_suffixes(const struct reading *reading, const struct settings *settings)
{
	static const char *const ways[] = {"_file", "_env", "_command"};

	for (size_t i = 0; i < settings->count; i++) {
		size_t length = strlen(settings->list[i].name);

		for (size_t j = 0; j < settings->count; j++) {
			const char *other = settings->list[j].name;

			if (settings->list[i].type != SETTING_SECRET ||
			    strncmp(settings->list[i].name, other, length) != 0)
				continue;
			for (size_t way = 0; way < 3; way++) {
				if (strcmp(other + length, ways[way]) == 0)
					return faults_add(
					    reading->faults, EINVAL, reading->file,
					    settings->lines[j],
					    "%s cannot be a setting: it is a way to give the "
					    "secret %s",
					    other, settings->list[i].name);
			}
		}
	}
	return 0;
}

/* Refuse choices that depend on a setting that is not there, or always has a value. */
static int check_needs(const struct reading *reading, const struct settings *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		const char *const *need = settings->list[i].choice_needs;

		for (; need && *need; need++) {
			int index = **need ? settings_find(settings, *need) : -1;
			const struct setting *found = index < 0 ? NULL : &settings->list[index];

			/* it may be the one that was refused */
			if (!found && settings->broken)
				continue;
			if (**need && (!found || found->fallback || found->required))
				return faults_add(reading->faults, EINVAL, reading->file,
						  settings->lines[i],
						  found ? "%s always has a value, so that no "
							  "choice can depend on it"
							: "[settings] has no %s",
						  *need);
		}
	}
	return 0;
}

static int add(struct arena *arena, struct settings *settings, const struct setting *setting,
	       bool url, unsigned line)
{
	settings->list = arena_append(arena, settings->list, settings->count, sizeof(*setting),
				      setting);
	settings->urls = arena_append(arena, settings->urls, settings->count, sizeof(url), &url);
	settings->lines = arena_append(arena, settings->lines, settings->count, sizeof(line),
				       &line);
	if (arena->failed)
		return -ENOMEM;
	settings->count++;
	return 0;
}

int settings_add(struct arena *arena, struct settings *settings, const char *name,
		 enum setting_type type)
{
	const struct setting setting = {.name = name, .type = type};

	return settings_find(settings, name) < 0 ? add(arena, settings, &setting, false, 0) : 0;
}

/* Write NAME, or NAME.WORD, to BUFFER. Returns false if no key can be so long. */
static bool url_name(const char *name, const char *word, char buffer[HINT_MAX])
{
	return snprintf(buffer, HINT_MAX, "%s%s%s", name, *word ? "." : "", word) < HINT_MAX;
}

int settings_add_url(struct arena *arena, struct settings *settings, const char *name,
		     const char *word)
{
	char buffer[HINT_MAX];
	struct setting setting = {.type = SETTING_TEXT};

	if (!url_name(name, word, buffer) || settings_find(settings, buffer) >= 0)
		return 0;
	setting.name = arena_text(arena, buffer, strlen(buffer));
	return setting.name ? add(arena, settings, &setting, true, 0) : -ENOMEM;
}

const char *settings_url(const struct settings *settings, const char *const *values,
			 const char *name, const char *word, char buffer[HINT_MAX + 2])
{
	char key[HINT_MAX];
	int index = url_name(name, word, key) ? settings_find(settings, key) : -1;

	if (index < 0 || settings->lines[index] || !settings->urls[index] || !values[index])
		return NULL;
	(void)snprintf(buffer, HINT_MAX + 2, "{%s}", key);
	return buffer;
}

int settings_find(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->count; i++) {
		if (strcmp(settings->list[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

/* Read ENTRY of [settings]. One whose type is refused is added as a text, so that it is known. */
static int read_setting(struct reading *reading, const struct entry *entry,
			struct settings *settings)
{
	struct arena *arena = reading->arena;
	struct setting setting = {.name = arena_text(arena, entry->key, strlen(entry->key))};
	char *text = arena_text(arena, entry->value, strlen(entry->value));
	bool url = false, refused = entry->refused;

	reading->line = entry->line;
	reading->name = setting.name;
	if (arena->failed)
		return fail_memory(reading);
	if (check_name(reading))
		return -EINVAL;
	if (!refused)
		refused = strchr(text, '|') ? read_choices(reading, text, &setting)
					    : read_type(reading, text, &setting, &url);
	if (refused)
		setting = (struct setting){.name = setting.name};
	if (add(arena, settings, &setting, url, entry->line))
		return fail_memory(reading);
	return refused ? -EINVAL : 0;
}

bool settings_is_about(const struct entry *entry)
{
	return strncmp(entry->key, ABOUT, strlen(ABOUT)) == 0;
}

int settings_read(struct arena *arena, const char *file, const struct section *section,
		  struct settings *settings, struct faults *faults)
{
	static const struct setting none;
	struct reading reading = {.arena = arena, .file = file, .faults = faults};

	*settings = (struct settings){.list = arena_get(arena, sizeof(none))};
	settings->broken = section && section->broken;
	for (size_t i = 0; section && i < section->count && !arena->failed; i++) {
		reading.line = section->entries[i].line;
		if (settings->count == SETTINGS_MAX) {
			settings->broken = true;
			(void)settings_fail(&reading, "there are more than %d settings",
					    SETTINGS_MAX);
			break;
		}
		if (read_setting(&reading, &section->entries[i], settings))
			settings->broken = true;
	}
	if (arena->failed)
		return fail_memory(&reading);
	if (check_suffixes(&reading, settings))
		settings->broken = true;
	if (check_needs(&reading, settings))
		settings->broken = true;
	return settings->broken ? -EINVAL : 0;
}

/* Take ENTRY, which says what a setting is, or base_url. STRICT: there must be such a setting. */
static int read_about(struct reading *reading, const struct entry *entry, bool strict,
		      struct settings *settings)
{
	const char *name = entry->key + strlen(ABOUT);
	const char *text = arena_text(reading->arena, entry->value, strlen(entry->value));
	int index = settings_find(settings, name);

	reading->line = entry->line;
	if (!text)
		return fail_memory(reading);
	if (index >= 0)
		settings->list[index].about = text;
	else if (strcmp(name, SETTINGS_BASE_URL) == 0)
		settings->base_url_about = text;
	else if (strict && !settings->broken)
		return settings_fail(reading, "[settings] has no %s, which %s explains", name,
				     entry->key);
	return 0;
}

int settings_explain(struct arena *arena, const char *file, const struct section *vendor,
		     bool strict, struct settings *settings, struct faults *faults)
{
	struct reading reading = {.arena = arena, .file = file, .faults = faults};
	int result = 0;

	for (size_t i = 0; i < vendor->count && !arena->failed; i++) {
		const struct entry *entry = &vendor->entries[i];

		if (settings_is_about(entry) && !entry->refused &&
		    read_about(&reading, entry, strict, settings))
			result = -EINVAL;
	}
	return arena->failed ? -ENOMEM : result;
}
