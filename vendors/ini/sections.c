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
#include "vendors/ini/indented.h"
#include "vendors/ini/invisible.h"
#include "vendors/ini/reader.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const struct sections_rules sections_plain = {
    .too_long = "put a longer secret into a file, and name that with KEY_file",
    .semicolon = "put a secret that contains it into a file, and name that with KEY_file = FILE",
};

struct entry *sections_entry(struct section *section, const char *key)
{
	for (size_t i = 0; i < section->count; i++) {
		if (strcmp(section->entries[i].key, key) == 0)
			return &section->entries[i];
	}
	return NULL;
}

const struct entry *sections_find(const struct section *section, const char *key)
{
	for (size_t i = 0; i < section->count; i++) {
		if (strcmp(section->entries[i].key, key) == 0)
			return &section->entries[i];
	}
	return NULL;
}

/* Begin the section TEXT, the LENGTH bytes between [ and ]. The keys of one that is there already
 * are checked as keys of that. */
static int begin_section(struct reader *reader, const char *text, size_t length)
{
	struct sections *sections = reader->sections;
	struct section *list;

	if (reader_fail_invisible(reader, "the section's name begins or ends with",
				  invisible_at_ends(text, length), text + length))
		return reader->error;
	for (size_t i = 0; i < sections->count; i++) {
		const struct section *other = &sections->list[i];

		if (strlen(other->name) == length && memcmp(other->name, text, length) == 0) {
			reader->error = faults_add(reader->faults, EINVAL, reader->file,
						   reader->line,
						   "this section is in line %u already; merge "
						   "the two",
						   other->line);
			reader->section = i;
			reader->lost = false;
			return reader->error;
		}
	}
	list = reallocarray(sections->list, sections->count + 1, sizeof(*list));
	if (!list)
		return reader_fail_memory(reader);
	sections->list = list;
	list[sections->count] = (struct section){.line = reader->line};
	list[sections->count].name = strndup(text, length);
	if (!list[sections->count].name)
		return reader_fail_memory(reader);
	reader->section = sections->count++;
	reader->lost = reader->orphan = false;
	return 0;
}

/* Return true if the LENGTH bytes at TEXT are a plain name. Without a ] a line that begins with [
 * may be anything else, such as a secret. */
static bool is_plain_name(const char *text, size_t length)
{
	size_t plain = 0;

	while (plain < length && (isalnum((unsigned char)text[plain]) || strchr("-_", text[plain])))
		plain++;
	return length && plain == length;
}

static int take_header(struct reader *reader, const char *text, size_t length)
{
	const char *close = memchr(text, ']', length);
	size_t name = close ? (size_t)(close - text) - 1 : length - 1;

	/* until a section begins */
	reader->lost = reader->orphan = true;
	if (!close)
		(void)reader_fail(reader, "the ] of the section is missing");
	for (const char *at = close ? close + 1 : text + length; at < text + length; at++) {
		if (isspace((unsigned char)*at))
			continue;
		(void)reader_fail(reader, "nothing may follow the ] of a section; a comment needs "
					  "a line of its own");
		break;
	}
	while (!close && name && isspace((unsigned char)text[name]))
		name--;
	if ((close || is_plain_name(text + 1, name)) &&
	    !reader_check_semicolon(reader, text + 1, name) &&
	    !begin_section(reader, text + 1, name)) {
		reader_section(reader)->refused = reader_section(reader)->broken = !close;
		return 0;
	}
	reader->sections->broken = true;
	return reader->error;
}

/* Refuse control characters. *BLANK: there is nothing else than blanks. */
static int check_characters(struct reader *reader, const char *text, size_t length, bool *blank)
{
	*blank = true;
	for (size_t i = 0; i < length; i++) {
		if (iscntrl((unsigned char)text[i]) && text[i] != '\t')
			return reader_fail(
			    reader,
			    "the line has a control character; the file must be plain text");
		*blank = *blank && isspace((unsigned char)text[i]);
	}
	return 0;
}

/* Refuse a line that inih reads differently from us. It is not blank. LENGTH is without the
 * newline; ROOM is what inih can take. */
static int check_line(struct reader *reader, const char *text, size_t length, size_t room)
{
	if (length > room) {
		reader->error = faults_add(reader->faults, EINVAL, reader->file, reader->line,
					   "a line may have at most %zu bytes; %s", room,
					   reader->rules->too_long);
		return reader->error;
	}
	if (text[0] == '#' || text[0] == ';')
		return 0;
	if (invisible_find(text, length) == text)
		return reader_fail_invisible(reader, "the line begins with", text, text + length);
	if (reader_check_semicolon(reader, text, length))
		return reader->error;
	if (!memchr(text, '=', length) && !memchr(text, ':', length))
		return reader_fail(reader, "expected key = value, [section] or # comment");
	return 0;
}

/* Refuse a key that still has no value after the lines that may continue it. */
static void check_ended(struct reader *reader)
{
	const struct section *section = reader_section(reader);
	struct entry *entry = section && section->count ? &section->entries[section->count - 1]
							: NULL;

	if (!entry || *entry->value || entry->refused)
		return;
	entry->refused = true;
	reader->error = faults_add(reader->faults, EINVAL, reader->file, entry->line,
				   "the key has no value; remove the line if you want the default");
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

/* Take an indented line. One that continues nothing is refused, and taken as if it were not
 * indented. */
static void take_indented(struct reader *reader, const char *text, size_t length)
{
	if (indented_take(reader, text, length))
		return;
	(void)reader_fail(reader, "the line is indented; begin it at the left margin");
	while (isspace((unsigned char)*text)) {
		text++;
		length--;
	}
	if (*text == '[')
		(void)take_header(reader, text, length);
	else if (*text != '#' && *text != ';')
		reader_note_refused(reader, text, length);
}

/* Take a line that inih does not get: a comment, an indented one, a header, or one that is refused.
 * Returns false for others. */
static bool take_line(struct reader *reader, const char *text, size_t length, size_t room)
{
	bool blank;

	if (check_characters(reader, text, length, &blank)) {
		reader_note_refused(reader, text, length);
	} else if (blank || text[0] == '#' || text[0] == ';') {
		reader->gap = true;
		if (length > room)
			(void)check_line(reader, text, length, room);
	} else if (isspace((unsigned char)text[0])) {
		take_indented(reader, text, length);
	} else if (text[0] == '[' && length <= room) {
		reader->gap = false;
		check_ended(reader);
		(void)take_header(reader, text, length);
	} else {
		reader->gap = false;
		check_ended(reader);
		if (!check_line(reader, text, length, room))
			return false;
		if (text[0] == '[')
			reader->lost = reader->sections->broken = true;
		reader_note_refused(reader, text, length);
	}
	return true;
}

/* fgets for inih: the next line that it parses, or NULL at the end and without memory. */
static char *sections_next_line(char *buffer, int size, void *stream)
{
	struct reader *reader = stream;
	const char *text;
	size_t length;

	/* no value stays in the memory of inih, which ends with this one */
	explicit_bzero(buffer, size > 0 ? (size_t)size : 0);
	while (!reader->stopped && size >= 3 && (text = move_on(reader, &length))) {
		if (take_line(reader, text, length, (size_t)size - 2))
			continue;
		/* each line gets a newline and a NUL, so that inih does not expect more */
		memcpy(buffer, text, length);
		buffer[length] = '\n';
		buffer[length + 1] = '\0';
		return buffer;
	}
	check_ended(reader);
	return NULL;
}

/* Refuse a key outside of sections. Only the first of them is reported, and none below a header
 * that was refused. */
static void refuse_homeless(struct reader *reader)
{
	if (!reader->sections->count && !reader->sections->broken)
		(void)reader_fail(reader, "the key is before the first [section]");
	reader->orphan = reader->sections->broken = true;
}

/* Take KEY = VALUE, which inih found in the line that sections_next_line returned last. inih's
 * section name is not used: it gets no headers. */
static int take_pair(void *user, const char *name, const char *key, const char *value)
{
	struct reader *reader = user;
	struct section *section = reader_section(reader);
	const struct entry *other;
	struct entry *entry;

	(void)name;
	if (!section) {
		refuse_homeless(reader);
		return 1;
	}
	reader->orphan = true;
	if (!*key)
		(void)reader_fail(reader, "there is no key before the =");
	if (!*key || reader_fail_invisible(reader, "the key holds",
					   invisible_find(key, strlen(key)), key + strlen(key))) {
		section->broken = true;
		return 1;
	}
	other = sections_find(section, key);
	if (other) {
		reader->error = faults_add(reader->faults, EINVAL, reader->file, reader->line,
					   "this key is in line %u already", other->line);
		return 1;
	}
	if (!value)
		value = "";
	entry = reader_add(reader, section, key, strlen(key), value);
	if (entry &&
	    reader_fail_invisible(reader, "the value begins or ends with",
				  invisible_at_ends(value, strlen(value)), value + strlen(value)))
		entry->refused = true;
	else
		reader->orphan = false;
	return 1;
}

/* Refuse UTF-16, which nothing can be read of, and a byte order mark at the beginning. */
static void check_encoding(struct reader *reader)
{
	size_t length = (size_t)(reader->end - reader->at);

	reader->line = 1;
	if (length >= 2 &&
	    (memcmp(reader->at, "\xFF\xFE", 2) == 0 || memcmp(reader->at, "\xFE\xFF", 2) == 0)) {
		(void)reader_fail(reader, "the file is in UTF-16; save it as UTF-8");
		reader->sections->broken = true;
		reader->at = reader->end;
	} else if (length >= 3 && memcmp(reader->at, "\xEF\xBB\xBF", 3) == 0) {
		(void)reader_fail(reader,
				  "the file begins with a byte order mark (U+FEFF); save it as "
				  "UTF-8 without one");
		reader->at += 3;
	}
	reader->line = 0;
}

int sections_parse(const char *file, const char *text, size_t length,
		   const struct sections_rules *rules, struct sections *sections,
		   struct faults *faults)
{
	struct reader reader = {.file = file,
				.rules = rules,
				.at = text,
				.end = text + length,
				.sections = sections,
				.lost = true,
				.faults = faults};
	int line;

	*sections = (struct sections){0};
	check_encoding(&reader);
	line = ini_parse_stream(sections_next_line, &reader, take_pair, &reader);
	if (line < 0 && !reader.stopped)
		(void)reader_fail_memory(&reader);
	if (line > 0 && !reader.error) {
		/* check_line should have refused it with a better message */
		reader.line = (unsigned)line;
		(void)reader_fail(&reader, "expected key = value, [section] or # comment");
	}
	if (reader.stopped)
		sections_clear(sections);
	return reader.error;
}

int sections_read(const char *file, const struct sections_rules *rules, struct sections *sections,
		  struct faults *faults)
{
	char why[TRUSTED_WORDS];
	struct stat status;
	char *text = NULL;
	size_t length = 0;
	int result = file_text(file, TRUSTED_OWNED, LIMITS_TEXT_MAX, &text, &length, &status, why);

	*sections = (struct sections){0};
	if (!result)
		result = trusted_folder(file, why);
	if (result || !text) {
		if (text)
			explicit_bzero(text, length);
		free(text);
		return faults_add(faults, -result, file, 0, "%s", why);
	}
	result = sections_parse(file, text, length, rules, sections, faults);
	sections->shared = status.st_mode & (S_IRGRP | S_IROTH);
	sections->device = status.st_dev;
	sections->inode = status.st_ino;
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
