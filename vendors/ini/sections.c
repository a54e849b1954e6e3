/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sections.c - see sections.h. inih parses the file.
 *
 * inih is too lenient for files with keys and guards: it appends an indented line to the value
 * before, cuts a value at ` ;`, splits overlong lines, truncates section names, ignores what
 * follows a `]`, and does not report a section without keys. Its limits also depend on how it was
 * built. Therefore each line is checked here before inih gets it, and section headers are parsed
 * here. Lines that continue a value are joined here as well, and inih sees the first one only. This
 * file must not know what a key means, and quotes nothing of the file in a message.
 */
#include "vendors/ini/sections.h"

#include "vendors/base/limits.h"
#include "vendors/ini/file_text.h"
#include "vendors/ini/invisible.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const struct sections_rules sections_plain = {
    .too_long = "put a longer secret into a file, and name that with KEY_file",
    .semicolon = "put a secret that contains it into a file, and name that with KEY_file",
};

/* What inih passes to our callbacks, for each line and each key. */
struct reader {
	const char *file;
	const struct sections_rules *rules;
	const char *at, *end; /* the rest of the text */
	unsigned line;        /* the line that inih has */
	bool gap;             /* an empty line or a comment was before this line */
	struct sections *sections;
	char *why;
	size_t why_size;
	int error; /* a negative errno: stop reading */
};

int sections_fail(char *why, size_t why_size, int error, const char *file, unsigned line,
		  const char *format, ...)
{
	char words[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	if (line)
		(void)snprintf(why, why_size, "%s:%u: %s", file, line, words);
	else
		(void)snprintf(why, why_size, "%s: %s", file, words);
	for (char *at = why; why_size && *at; at++) {
		if (iscntrl((unsigned char)*at))
			*at = '?';
	}
	return -error;
}

static int sections_fail_at(struct reader *reader, const char *words)
{
	reader->error = sections_fail(reader->why, reader->why_size, EINVAL, reader->file,
				      reader->line, "%s", words);
	return reader->error;
}

/* Refuse the invisible character at AT, unless that is NULL. WHERE: "the key holds" or the like. */
static int refuse_invisible(struct reader *reader, const char *where, const char *at,
			    const char *end)
{
	char name[INVISIBLE_WORDS_MAX];

	if (!at)
		return 0;
	invisible_name(at, end, name);
	reader->error = sections_fail(reader->why, reader->why_size, EINVAL, reader->file,
				      reader->line, "%s %s; remove it", where, name);
	return reader->error;
}

static int fail_memory(struct reader *reader)
{
	reader->error = sections_fail(reader->why, reader->why_size, ENOMEM, reader->file,
				      reader->line, "out of memory");
	return reader->error;
}

const struct entry *sections_find(const struct section *section, const char *key)
{
	for (size_t i = 0; i < section->count; i++) {
		if (strcmp(section->entries[i].key, key) == 0)
			return &section->entries[i];
	}
	return NULL;
}

/* Add the section TEXT, the LENGTH bytes between [ and ]. */
static int begin_section(struct reader *reader, const char *text, size_t length)
{
	struct sections *sections = reader->sections;
	struct section *list;

	if (refuse_invisible(reader, "the section's name begins or ends with",
			     invisible_at_ends(text, length), text + length))
		return reader->error;
	for (size_t i = 0; i < sections->count; i++) {
		const struct section *other = &sections->list[i];

		if (strlen(other->name) == length && memcmp(other->name, text, length) == 0) {
			reader->error =
			    sections_fail(reader->why, reader->why_size, EINVAL, reader->file,
					  reader->line,
					  "this section is in line %u already; merge the two",
					  other->line);
			return reader->error;
		}
	}
	list = reallocarray(sections->list, sections->count + 1, sizeof(*list));
	if (!list)
		return fail_memory(reader);
	sections->list = list;
	list[sections->count] = (struct section){.line = reader->line};
	list[sections->count].name = strndup(text, length);
	if (!list[sections->count].name)
		return fail_memory(reader);
	sections->count++;
	return 0;
}

static int take_header(struct reader *reader, const char *text, size_t length)
{
	const char *close = memchr(text, ']', length);

	if (!close)
		return sections_fail_at(reader, "the ] of the section is missing");
	for (const char *at = close + 1; at < text + length; at++) {
		if (!isspace((unsigned char)*at))
			return sections_fail_at(
			    reader, "nothing may follow the ] of a section; a comment needs "
				    "a line of its own");
	}
	return begin_section(reader, text + 1, (size_t)(close - text) - 1);
}

/* Refuse control characters. *BLANK: there is nothing else than blanks. */
static int check_characters(struct reader *reader, const char *text, size_t length, bool *blank)
{
	*blank = true;
	for (size_t i = 0; i < length; i++) {
		if (iscntrl((unsigned char)text[i]) && text[i] != '\t')
			return sections_fail_at(
			    reader,
			    "the line has a control character; the file must be plain text");
		*blank = *blank && isspace((unsigned char)text[i]);
	}
	return 0;
}

/* Refuse what looks like a comment behind a value. */
static int check_semicolon(struct reader *reader, const char *text, size_t length)
{
	for (size_t i = 1; i < length; i++) {
		if (text[i] != ';' || !isspace((unsigned char)text[i - 1]))
			continue;
		reader->error =
		    sections_fail(reader->why, reader->why_size, EINVAL, reader->file, reader->line,
				  "' ;' starts a comment, which needs a line of its own; %s",
				  reader->rules->semicolon);
		return reader->error;
	}
	return 0;
}

/* Refuse a line that inih reads differently from us. It is not blank. LENGTH is without the
 * newline; ROOM is what inih can take. */
static int check_line(struct reader *reader, const char *text, size_t length, size_t room)
{
	if (length > room) {
		reader->error = sections_fail(reader->why, reader->why_size, EINVAL, reader->file,
					      reader->line, "a line may have at most %zu bytes; %s",
					      room, reader->rules->too_long);
		return reader->error;
	}
	if (text[0] == '#' || text[0] == ';')
		return 0;
	if (invisible_find(text, length) == text)
		return refuse_invisible(reader, "the line begins with", text, text + length);
	if (check_semicolon(reader, text, length))
		return reader->error;
	if (text[0] == '[')
		return take_header(reader, text, length);
	if (!memchr(text, '=', length) && !memchr(text, ':', length))
		return sections_fail_at(reader, "expected key = value, [section] or # comment");
	return 0;
}

/* ---- lines that continue a value ---- */

/* Return the entry that an indented line continues, and how, or NULL. */
static struct entry *continued_entry(const struct reader *reader, enum sections_join *join)
{
	const struct sections *sections = reader->sections;
	const struct section *section = sections->count ? &sections->list[sections->count - 1]
							: NULL;
	struct entry *entry = section && section->count ? &section->entries[section->count - 1]
							: NULL;

	if (!entry || !reader->rules->join)
		return NULL;
	*join = reader->rules->join(section->name, entry->key);
	return *join == SECTIONS_ONE_LINE ? NULL : entry;
}

/* Append the LENGTH bytes at TEXT to the value of ENTRY, after BETWEEN. */
static int append(struct reader *reader, struct entry *entry, const char *between, const char *text,
		  size_t length)
{
	size_t old = strlen(entry->value), gap = old ? strlen(between) : 0;
	/* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): it has room for a NUL */
	char *longer = realloc(entry->value, old + gap + length + 1);

	if (!longer)
		return fail_memory(reader);
	entry->value = longer;
	memcpy(longer + old, between, gap);
	memcpy(longer + old + gap, text, length);
	longer[old + gap + length] = '\0';
	return 0;
}

/* Take a line of a text: the blank that indents it goes, and "." is an empty line. */
static int continue_text(struct reader *reader, struct entry *entry, const char *text,
			 size_t length)
{
	if (reader->gap)
		return sections_fail_at(
		    reader, "an empty line of a text is a line with a blank and a dot: ' .'");
	text++;
	length--;
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	return append(reader, entry, "\n", text, length == 1 && *text == '.' ? 0 : length);
}

/* Take an indented line. */
static int continue_value(struct reader *reader, const char *text, size_t length)
{
	enum sections_join join = SECTIONS_ONE_LINE;
	struct entry *entry = continued_entry(reader, &join);
	size_t old;

	if (!entry)
		return sections_fail_at(reader,
					"the line is indented; begin it at the left margin");
	if (join == SECTIONS_TEXT)
		return continue_text(reader, entry, text, length);
	while (isspace((unsigned char)*text)) {
		text++;
		length--;
	}
	while (isspace((unsigned char)text[length - 1]))
		length--;
	if (*text == '#')
		return sections_fail_at(reader,
					"a comment must begin at the left margin: an indented line "
					"continues the value above");
	if (check_semicolon(reader, text, length) ||
	    refuse_invisible(reader, "the line begins or ends with",
			     invisible_at_ends(text, length), text + length))
		return reader->error;
	old = strlen(entry->value);
	return append(reader, entry,
		      join == SECTIONS_LIST && old && entry->value[old - 1] == ',' ? " " : "", text,
		      length);
}

/* Refuse a key that still has no value after the lines that may continue it. */
static int check_ended(struct reader *reader)
{
	const struct sections *sections = reader->sections;
	const struct section *section = sections->count ? &sections->list[sections->count - 1]
							: NULL;
	const struct entry *entry = section && section->count
					? &section->entries[section->count - 1]
					: NULL;

	if (!entry || *entry->value)
		return 0;
	reader->line = entry->line;
	return sections_fail_at(reader, "the key has no value; remove the line if you want the "
					"default");
}

/* ---- what inih calls ---- */

/* Move to the next line. *LENGTH is without its end. Returns NULL at the end of the text. */
static const char *move_on(struct reader *reader, size_t *length)
{
	const char *text = reader->at, *newline;

	if (text == reader->end)
		return NULL;
	newline = memchr(text, '\n', (size_t)(reader->end - text));
	*length = (size_t)((newline ? newline : reader->end) - text);
	reader->at = newline ? newline + 1 : reader->end;
	reader->line++;
	if (newline && *length > 0 && text[*length - 1] == '\r')
		(*length)--;
	return text;
}

/* fgets for inih: the next line that it parses, or NULL at the end and after an error. */
static char *sections_next_line(char *buffer, int size, void *stream)
{
	struct reader *reader = stream;
	const char *text;
	size_t length;
	bool blank;

	while (!reader->error && size >= 3 && (text = move_on(reader, &length))) {
		if (check_characters(reader, text, length, &blank))
			break;
		if (blank || text[0] == '#' || text[0] == ';') {
			reader->gap = true;
			if (length > (size_t)size - 2 &&
			    check_line(reader, text, length, (size_t)size - 2))
				break;
			continue;
		}
		if (isspace((unsigned char)text[0])) {
			(void)continue_value(reader, text, length);
			continue;
		}
		reader->gap = false;
		if (check_ended(reader) || check_line(reader, text, length, (size_t)size - 2))
			break;
		/* each line gets a newline and a NUL, so that inih does not expect more */
		memcpy(buffer, text, length);
		buffer[length] = '\n';
		buffer[length + 1] = '\0';
		return buffer;
	}
	if (!reader->error)
		(void)check_ended(reader);
	return NULL;
}

/* Take KEY = VALUE, which inih found in the line that sections_next_line returned last. inih's
 * section name may be truncated and is not used. */
static int take_pair(void *user, const char *name, const char *key, const char *value)
{
	struct reader *reader = user;
	struct section *section;
	const struct entry *other;
	struct entry *entries;

	(void)name;
	if (reader->error)
		return 0;
	if (reader->sections->count == 0)
		return sections_fail_at(reader, "the key is before the first [section]") == 0;
	section = &reader->sections->list[reader->sections->count - 1];
	if (!*key)
		return sections_fail_at(reader, "there is no key before the =") == 0;
	if (refuse_invisible(reader, "the key holds", invisible_find(key, strlen(key)),
			     key + strlen(key)))
		return 0;
	if (!value)
		value = "";
	if (refuse_invisible(reader, "the value begins or ends with",
			     invisible_at_ends(value, strlen(value)), value + strlen(value)))
		return 0;
	other = sections_find(section, key);
	if (other) {
		reader->error = sections_fail(reader->why, reader->why_size, EINVAL, reader->file,
					      reader->line, "this key is in line %u already",
					      other->line);
		return 0;
	}
	entries = reallocarray(section->entries, section->count + 1, sizeof(*entries));
	if (!entries)
		return fail_memory(reader) == 0;
	section->entries = entries;
	entries += section->count;
	*entries = (struct entry){strdup(key), strdup(value), reader->line};
	section->count++;
	if (!entries->key || !entries->value)
		return fail_memory(reader) == 0;
	return 1;
}

/* Refuse UTF-16 and a byte order mark at the beginning of the text. */
static int check_encoding(struct reader *reader)
{
	size_t length = (size_t)(reader->end - reader->at);

	reader->line = 1;
	if (length >= 2 &&
	    (memcmp(reader->at, "\xFF\xFE", 2) == 0 || memcmp(reader->at, "\xFE\xFF", 2) == 0))
		return sections_fail_at(reader, "the file is in UTF-16; save it as UTF-8");
	if (length >= 3 && memcmp(reader->at, "\xEF\xBB\xBF", 3) == 0)
		return sections_fail_at(
		    reader, "the file begins with a byte order mark (U+FEFF); save it as "
			    "UTF-8 without one");
	reader->line = 0;
	return 0;
}

int sections_parse(const char *file, const char *text, size_t length,
		   const struct sections_rules *rules, struct sections *sections, char *why,
		   size_t why_size)
{
	struct reader reader = {.file = file,
				.rules = rules,
				.at = text,
				.end = text + length,
				.sections = sections,
				.why = why,
				.why_size = why_size};
	int line;

	*sections = (struct sections){0};
	line = check_encoding(&reader)
		   ? 0
		   : ini_parse_stream(sections_next_line, &reader, take_pair, &reader);
	if (line < 0 && !reader.error)
		(void)fail_memory(&reader);
	if (line > 0 && !reader.error) {
		/* check_line should have refused it with a better message */
		reader.line = (unsigned)line;
		(void)sections_fail_at(&reader, "expected key = value, [section] or # comment");
	}
	if (reader.error)
		sections_clear(sections);
	return reader.error;
}

int sections_read(const char *file, const struct sections_rules *rules, struct sections *sections,
		  char *why, size_t why_size)
{
	struct stat status;
	char *text = NULL;
	size_t length = 0;
	int result = file_text(file, LIMITS_TEXT_MAX, &text, &length, &status);

	*sections = (struct sections){0};
	if (result || !text)
		return sections_fail(why, why_size, -result, file, 0, "%s", strerror(-result));
	result = sections_parse(file, text, length, rules, sections, why, why_size);
	sections->shared = status.st_mode & (S_IRGRP | S_IROTH);
	explicit_bzero(text, length);
	free(text);
	return result;
}

void sections_clear(struct sections *sections)
{
	for (size_t i = 0; i < sections->count; i++) {
		struct section *section = &sections->list[i];

		for (size_t j = 0; j < section->count; j++) {
			if (section->entries[j].value)
				explicit_bzero(section->entries[j].value,
					       strlen(section->entries[j].value));
			free(section->entries[j].value);
			free(section->entries[j].key);
		}
		free(section->entries);
		free(section->name);
	}
	free(sections->list);
	*sections = (struct sections){0};
}
