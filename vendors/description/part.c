/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part.c - see part.h.
 *
 * A header is words with blanks between. It must not know what a section's keys mean.
 */
#include "vendors/description/part.h"

#include <errno.h>
#include <string.h>

#define WORDS_MAX 8
#define WORD_BYTES 40

/* A header that is read. */
struct header {
	struct arena *arena;
	const char *file;
	unsigned line;
	char *words[WORDS_MAX + 1];
	size_t count;
	struct faults *faults;
};

#define part_fail(header, ...)                                                                     \
	faults_add((header)->faults, EINVAL, (header)->file, (header)->line, __VA_ARGS__)

static int fail_memory(const struct header *header)
{
	return faults_add(header->faults, ENOMEM, header->file, header->line, "out of memory");
}

static int split(struct header *header, const char *name)
{
	char *rest = arena_text(header->arena, name, strlen(name)), *word;

	if (!rest)
		return fail_memory(header);
	while ((word = strsep(&rest, " \t"))) {
		if (!*word)
			continue;
		if (header->count == WORDS_MAX)
			return part_fail(header, "the section's name has too many words");
		header->words[header->count++] = word;
	}
	if (header->count)
		return 0;
	(void)part_fail(header, "the section has no name");
	return -EINVAL;
}

/* Return true if WORD may be a WORD of a section or the name of a place. */
static bool is_word(const char *word)
{
	size_t length = strlen(word);

	return length && length <= WORD_BYTES &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
		   length;
}

/* Read the condition, which begins at word AT ("if" or "unless"). */
static int read_condition(const struct header *header, size_t at, struct part *part)
{
	char *const *words = header->words + at;
	size_t count = header->count - at;
	bool unless = strcmp(words[0], "unless") == 0;

	if (count == 4 && !unless && strcmp(words[2], "=") == 0) {
		part->when = PART_IS;
		part->value = words[3];
	} else if (count == 2) {
		part->when = unless ? PART_UNLESS : PART_GIVEN;
	} else {
		return part_fail(header, "a condition must be: if SETTING = WORD, if SETTING, or "
					 "unless SETTING");
	}
	part->setting = words[1];
	return 0;
}

/* Take the place off the first word: "groups/list". */
static int read_place(struct header *header, struct part *part)
{
	char *slash = header->words[0] ? strchr(header->words[0], '/') : NULL;

	if (!slash)
		return 0;
	*slash = '\0';
	part->place = header->words[0];
	header->words[0] = slash + 1;
	return is_word(part->place)
		   ? 0
		   : part_fail(header,
			       "a place may have letters, digits, - and _ in its name, and "
			       "at most %d of them",
			       WORD_BYTES);
}

static int fail_unknown(const struct header *header, const char *name)
{
	struct hint hint = HINT_NONE;

	grammar_hint_sections(name, &hint);
	if (*hint.name)
		return part_fail(header, "unknown section; did you mean [%s]?", hint.name);
	return part_fail(header, "unknown section; see rosterfs.vendor(5)");
}

/* Read the COUNT words before the condition. */
static int read_name(const struct header *header, size_t count, struct part *part)
{
	char *const *words = header->words;

	if (count == 2 && strcmp(words[0], "list") == 0 && strcmp(words[1], "next") == 0) {
		part->kind = grammar_kind_row(SECTION_LIST_NEXT);
		count = 1;
	} else {
		part->kind = grammar_section(words[0]);
	}
	if (!part->kind)
		return fail_unknown(header, words[0]);
	if (count > 2 || (count == 2 && !part->kind->word))
		return part_fail(header,
				 "nothing may follow [%s in the section's name, except a "
				 "condition",
				 part->kind->name);
	if (count == 2 && !is_word(words[1]))
		return part_fail(header,
				 "a word in a section's name may have letters, digits, - "
				 "and _, and at most %d of them",
				 WORD_BYTES);
	if (part->kind->needed && count == 1)
		return part_fail(header, "[%s] needs a name: [%s NAME]", part->kind->name,
				 part->kind->name);
	if (part->place && !part->kind->places)
		return part_fail(header, "a place has no section %s", part->kind->name);
	if (!part->place && !part->kind->users)
		return part_fail(header, "[%s] is a section of a place: [PLACE/%s]",
				 part->kind->name, part->kind->name);
	part->word = count == 2 ? words[1] : "";
	return 0;
}

int part_read(struct arena *arena, const char *file, const struct section *section,
	      struct part *part, struct faults *faults)
{
	struct header header = {.arena = arena,
				.file = file,
				.line = section->line,
				.faults = faults};
	size_t at = 1;
	int result;

	*part = (struct part){.section = section, .file = file};
	result = split(&header, section->name);
	if (result)
		return result;
	while (at < header.count && strcmp(header.words[at], "if") != 0 &&
	       strcmp(header.words[at], "unless") != 0)
		at++;
	result = read_place(&header, part);
	if (!result)
		result = read_name(&header, at, part);
	if (!result && at < header.count)
		result = read_condition(&header, at, part);
	return result;
}
