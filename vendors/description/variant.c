/* SPDX-License-Identifier: Apache-2.0 */
/*
 * variant.c - see variant.h.
 *
 * A setting that no condition names has a sample value, so that what depends on it can be checked
 * without an account. It must not know what the keys mean.
 */
#include "vendors/description/variant.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define COMBINATIONS_MAX 512
#define AXES_MAX 16
#define WORDS_MAX 32 /* of one axis */

/* ---- conditions ---- */

/* Return true if SETTING, which conditions name, is given. *VALUE is its text. */
static bool is_given(const struct chosen *chosen, const char *setting, const char **value)
{
	int index = settings_find(chosen->settings, setting);

	*value = index >= 0 ? chosen->values[index] : NULL;
	if (index < 0 && strcmp(setting, VARIANT_DELETES) == 0)
		return chosen->delete_deactivates;
	return *value;
}

static bool holds(const struct part *part, const struct chosen *chosen)
{
	const char *value = NULL;
	bool given = part->when != PART_ALWAYS && is_given(chosen, part->setting, &value);

	switch (part->when) {
	case PART_ALWAYS:
		return true;
	case PART_IS:
		return value && strcmp(value, part->value) == 0;
	case PART_GIVEN:
		return given;
	case PART_UNLESS:
		return !given;
	}
	return false;
}

#define variant_fail(part, ...)                                                                    \
	faults_add(faults, EINVAL, (part)->file, (part)->section->line, __VA_ARGS__)

int variant_check(const struct part *part, const struct settings *settings, struct faults *faults)
{
	int index = part->when == PART_ALWAYS ? -1 : settings_find(settings, part->setting);
	const struct setting *setting = index >= 0 ? &settings->list[index] : NULL;
	struct hint hint = HINT_NONE;

	if (part->when == PART_ALWAYS || !part->setting)
		return 0;
	if (part->kind->kind == SECTION_SETTINGS)
		return variant_fail(part, "[settings] cannot depend on a setting");
	if (!setting) {
		/* it may be the one that was refused */
		if (settings->broken)
			return -EINVAL;
		/* a preset for a setting that the description does not have */
		if (part->preset ||
		    (part->when != PART_IS && strcmp(part->setting, VARIANT_DELETES) == 0))
			return 0;
		for (size_t i = 0; settings->list && i < settings->count; i++)
			hint_offer(&hint, part->setting, settings->list[i].name);
		return variant_fail(part, "[settings] has no %s%s%s%s", part->setting,
				    *hint.name ? "; did you mean " : "", hint.name,
				    *hint.name ? "?" : "");
	}
	if (part->when == PART_IS && setting->type == SETTING_SECRET)
		return variant_fail(part, "a secret cannot be compared with a word");
	if (part->when != PART_IS && (setting->fallback || setting->required))
		return variant_fail(part, "%s always has a value: compare it with a word",
				    part->setting);
	for (size_t i = 0; part->when == PART_IS && setting->choices && setting->choices[i]; i++) {
		if (strcmp(setting->choices[i], part->value) == 0)
			return 0;
	}
	return part->when == PART_IS && setting->choices
		   ? variant_fail(part, "%s is no choice of %s", part->value, part->setting)
		   : 0;
}

/* ---- merging ---- */

static struct merged *find_section(struct merged *list, size_t count, const struct part *part)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].kind == part->kind && strcmp(list[i].word, part->word) == 0 &&
		    strcmp(list[i].place ? list[i].place : "", part->place ? part->place : "") == 0)
			return &list[i];
	}
	return NULL;
}

const struct merged_key *variant_key(const struct merged *section, const char *name)
{
	for (size_t i = 0; i < section->count; i++) {
		if (strcmp(section->keys[i].name, name) == 0)
			return &section->keys[i];
	}
	return NULL;
}

/* Add the keys of PART to SECTION. */
static int merge_keys(struct arena *arena, const struct part *part, struct merged *section,
		      struct faults *faults)
{
	for (size_t i = 0; i < part->section->count; i++) {
		const struct entry *entry = &part->section->entries[i];
		const struct merged_key key = {entry, entry->key, part->file, part->preset};
		struct merged_key *other = (struct merged_key *)(uintptr_t)variant_key(section,
										       entry->key);

		if (other && !other->preset) {
			(void)faults_add(faults, EINVAL, part->file, entry->line,
					 "this key is in line %u already, and both sections hold "
					 "together",
					 other->entry->line);
			continue;
		}
		if (other) {
			*other = key;
			continue;
		}
		section->keys = arena_append(arena, section->keys, section->count++, sizeof(key),
					     &key);
		if (!section->keys)
			return faults_add(faults, ENOMEM, part->file, entry->line, "out of memory");
	}
	return 0;
}

int variant_merge(struct arena *arena, const struct part *parts, size_t count,
		  const struct chosen *chosen, struct merged **list, size_t *list_count,
		  struct faults *faults)
{
	*list = NULL;
	*list_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct merged *section;
		int result;

		if (!holds(&parts[i], chosen))
			continue;
		section = find_section(*list, *list_count, &parts[i]);
		if (!section) {
			const struct merged new = {.kind = parts[i].kind,
						   .word = parts[i].word,
						   .place = parts[i].place};

			*list = arena_append(arena, *list, *list_count, sizeof(new), &new);
			if (!*list)
				return faults_add(faults, ENOMEM, parts[i].file, 0,
						  "out of memory");
			section = &(*list)[(*list_count)++];
		}
		section->file = parts[i].file;
		section->line = parts[i].section->line;
		section->lacks = section->lacks || parts[i].section->broken;
		result = merge_keys(arena, &parts[i], section, faults);
		if (result)
			return result;
	}
	return 0;
}

/* ---- all combinations ---- */

/* A setting that conditions name, and the values that they tell apart. */
struct axis {
	int index; /* of the setting; -1: VARIANT_DELETES */
	const char *name;
	const char *values[WORDS_MAX]; /* NULL: not given */
	size_t count, at;
};

static int add_value(struct axis *axis, const char *value)
{
	for (size_t i = 0; i < axis->count; i++) {
		if (value ? axis->values[i] && strcmp(axis->values[i], value) == 0
			  : !axis->values[i])
			return 0;
	}
	if (axis->count == WORDS_MAX)
		return -E2BIG;
	axis->values[axis->count++] = value;
	return 0;
}

/* A value that fits any setting that is a text or a URL. NULL: what stands in place of a URL that
 * the description writes out, which is to be checked. */
static const char *sample(const struct settings *settings, size_t index)
{
	const struct setting *setting = &settings->list[index];

	if (settings->urls[index] && !settings->lines[index])
		return NULL;
	return setting->fallback       ? setting->fallback
	       : settings->urls[index] ? "https://x.example"
				       : "x";
}

static int begin_axis(struct axis *axis, const char *name, const struct settings *settings)
{
	const struct setting *setting;
	int result = 0;

	*axis = (struct axis){.index = settings_find(settings, name), .name = name};
	setting = axis->index < 0 ? NULL : &settings->list[axis->index];
	for (size_t i = 0; setting && setting->choices && setting->choices[i] && !result; i++)
		result = add_value(axis, setting->choices[i]);
	if (setting && setting->choices)
		return result;
	if (setting)
		result = add_value(axis, sample(settings, (size_t)axis->index));
	else
		result = add_value(axis, "yes");
	if (!result && (!setting || (!setting->required && !setting->fallback)))
		result = add_value(axis, NULL);
	return result;
}

/* Put the settings that PARTS name into AXES. Returns how many, or a negative errno. */
static int find_axes(const struct part *parts, size_t count, const struct settings *settings,
		     struct axis *axes)
{
	int found = 0;

	for (size_t i = 0; i < count; i++) {
		int at = 0, result = 0;

		/* a setting that is not there is never given */
		if (parts[i].when == PART_ALWAYS ||
		    (settings_find(settings, parts[i].setting) < 0 &&
		     strcmp(parts[i].setting, VARIANT_DELETES) != 0))
			continue;
		while (at < found && strcmp(axes[at].name, parts[i].setting) != 0)
			at++;
		if (at == AXES_MAX)
			return -E2BIG;
		if (at == found) {
			found++;
			result = begin_axis(&axes[at], parts[i].setting, settings);
		}
		if (!result && parts[i].when == PART_IS)
			result = add_value(&axes[at], parts[i].value);
		if (result)
			return result;
	}
	return found;
}

/* Move to the next combination. Returns false after the last. */
static bool step(struct axis *axes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (++axes[i].at < axes[i].count)
			return true;
		axes[i].at = 0;
	}
	return false;
}

/* Set CHOSEN and WORDS (SIZE bytes) to the combination at hand. */
static void choose(const struct axis *axes, size_t count, struct chosen *chosen, char *words,
		   size_t size)
{
	size_t used = 0;

	*words = '\0';
	for (size_t i = 0; i < count; i++) {
		const char *value = axes[i].values[axes[i].at];

		if (axes[i].index < 0)
			chosen->delete_deactivates = value;
		else
			chosen->values[axes[i].index] = value;
		if (used < size)
			used += (size_t)snprintf(words + used, size - used, "%s%s%s%s",
						 used ? ", " : "", value ? "" : "no ", axes[i].name,
						 value ? " = " : "");
		if (used < size && value)
			used += (size_t)snprintf(words + used, size - used, "%s", value);
	}
}

int variant_each(const struct part *parts, size_t count, const struct settings *settings,
		 int (*try)(const struct chosen *chosen, const char *words, void *arg), void *arg)
{
	struct arena arena = {0};
	struct axis *axes = arena_get(&arena, AXES_MAX * sizeof(*axes));
	struct chosen chosen = {.settings = settings,
				.values = arena_get(&arena, (settings->count + 1) *
								sizeof(*chosen.values))};
	size_t combinations = 1;
	char words[256];
	int found, result = -ENOMEM;

	if (arena.failed)
		goto out;
	for (size_t i = 0; i < settings->count; i++)
		chosen.values[i] = sample(settings, i);
	result = found = find_axes(parts, count, settings, axes);
	for (int i = 0; i < found && combinations <= COMBINATIONS_MAX; i++)
		combinations *= axes[i].count;
	if (found >= 0 && combinations > COMBINATIONS_MAX)
		result = -E2BIG;
	if (result < 0)
		goto out;
	do {
		choose(axes, (size_t)found, &chosen, words, sizeof(words));
		result = try(&chosen, words, arg);
	} while (!result && step(axes, (size_t)found));
out:
	arena_clear(&arena);
	return result;
}
