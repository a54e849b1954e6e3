/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sections.c - see sections.h. inih parses the file.
 *
 * inih is too lenient for a config with keys and guards: it appends an indented line to the value
 * before, cuts a value at ` ;`, splits overlong lines, truncates section names, ignores what
 * follows a `]`, and does not report a section without keys. Its limits also depend on how it was
 * built. Therefore each line is checked here before inih gets it, and section headers are parsed
 * here. This file must not know what a key means, and quotes nothing of the file in a message.
 */
#include "mount/sections.h"

#include "mount/invisible.h"
#include "vendors/base/limits.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What inih passes to our callbacks, for each line and each key. */
struct reader {
	const char *file;
	const char *at, *end; /* the rest of the text */
	unsigned line;        /* the line that inih has */
	struct sections *sections;
	char *why;
	size_t why_size;
	int error; /* a negative errno: stop reading */
};

int sections_fail(char *why, size_t why_size, int error, const char *file, unsigned line,
		  const char *format, ...)
{
	char words[512];
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

/* Refuse a line that inih reads differently from us. LENGTH is without the newline; ROOM is what
 * inih can take. */
static int check_line(struct reader *reader, const char *text, size_t length, size_t room)
{
	bool blank = true;

	if (length > room) {
		reader->error = sections_fail(
		    reader->why, reader->why_size, EINVAL, reader->file, reader->line,
		    "a line may have at most %zu bytes; put a longer secret into a file, and "
		    "name that with KEY_file",
		    room);
		return reader->error;
	}
	for (size_t i = 0; i < length; i++) {
		if (iscntrl((unsigned char)text[i]) && text[i] != '\t')
			return sections_fail_at(
			    reader,
			    "the line has a control character; the file must be plain text");
		blank = blank && isspace((unsigned char)text[i]);
	}
	if (blank)
		return 0;
	if (isspace((unsigned char)text[0]))
		return sections_fail_at(reader,
					"the line is indented; begin it at the left margin");
	if (text[0] == '#' || text[0] == ';')
		return 0;
	if (invisible_find(text, length) == text)
		return refuse_invisible(reader, "the line begins with", text, text + length);
	for (size_t i = 1; i < length; i++) {
		if (text[i] == ';' && isspace((unsigned char)text[i - 1]))
			return sections_fail_at(
			    reader, "' ;' starts a comment, which needs a line of its own; "
				    "put a secret that contains it into a file, and name "
				    "that with KEY_file");
	}
	if (text[0] == '[')
		return take_header(reader, text, length);
	if (!memchr(text, '=', length) && !memchr(text, ':', length))
		return sections_fail_at(reader, "expected key = value, [section] or # comment");
	return 0;
}

/* fgets for inih: the next line, or NULL at the end and after an error. */
static char *sections_next_line(char *buffer, int size, void *stream)
{
	struct reader *reader = stream;
	const char *newline;
	size_t length;

	if (reader->error || reader->at == reader->end || size < 3)
		return NULL;
	newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
	length = (size_t)((newline ? newline : reader->end) - reader->at);
	reader->line++;
	if (newline && length > 0 && reader->at[length - 1] == '\r')
		length--;
	/* each line gets a newline and a NUL, so that inih does not expect more */
	if (check_line(reader, reader->at, length, (size_t)size - 2))
		return NULL;
	memcpy(buffer, reader->at, length);
	buffer[length] = '\n';
	buffer[length + 1] = '\0';
	reader->at = newline ? newline + 1 : reader->end;
	return buffer;
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
	if (!value || !*value)
		return sections_fail_at(reader,
					"the key has no value; remove the line if you want the "
					"default") == 0;
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

int sections_text(const char *file, size_t max, char **text, size_t *length, bool *shared)
{
	struct stat status;
	size_t got = 0;
	ssize_t count = 0;
	char *buffer = NULL;
	int result = 0;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || fstat(fd, &status) < 0) {
		result = -errno;
		goto out;
	}
	/* one buffer that never moves: realloc would leave copies of secrets behind */
	buffer = malloc(max + 1);
	if (!buffer) {
		result = -ENOMEM;
		goto out;
	}
	do {
		count = read(fd, buffer + got, max + 1 - got);
		if (count > 0)
			got += (size_t)count;
	} while ((count > 0 && got <= max) || (count < 0 && errno == EINTR));
	if (count < 0 || got > max) {
		result = count < 0 ? -errno : -EFBIG;
		explicit_bzero(buffer, got);
		goto out;
	}
	buffer[got] = '\0';
	*text = buffer;
	buffer = NULL;
	*length = got;
	if (shared)
		*shared = status.st_mode & (S_IRGRP | S_IROTH);
out:
	free(buffer);
	if (fd >= 0)
		(void)close(fd);
	return result;
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

int sections_read(const char *file, struct sections *sections, char *why, size_t why_size)
{
	struct reader reader = {.file = file,
				.sections = sections,
				.why = why,
				.why_size = why_size};
	char *text = NULL;
	size_t length = 0;
	int line;
	int result;

	*sections = (struct sections){0};
	result = sections_text(file, LIMITS_TEXT_MAX, &text, &length, &sections->shared);
	if (result || !text)
		return sections_fail(why, why_size, -result, file, 0, "%s", strerror(-result));
	reader.at = text;
	reader.end = text + length;
	line = check_encoding(&reader)
		   ? 0
		   : ini_parse_stream(sections_next_line, &reader, take_pair, &reader);
	explicit_bzero(text, length);
	free(text);
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
