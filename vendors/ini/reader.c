/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.c - see reader.h.
 */
#include "vendors/ini/reader.h"

#include "vendors/ini/invisible.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int reader_fail(struct reader *reader, const char *words)
{
	reader->error = faults_add(reader->faults, EINVAL, reader->file, reader->line, "%s", words);
	return reader->error;
}

int reader_fail_invisible(struct reader *reader, const char *where, const char *at, const char *end)
{
	char name[INVISIBLE_WORDS_MAX];

	if (!at)
		return 0;
	invisible_name(at, end, name);
	reader->error = faults_add(reader->faults, EINVAL, reader->file, reader->line,
				   "%s %s; remove it", where, name);
	return reader->error;
}

int reader_fail_memory(struct reader *reader)
{
	reader->error = faults_add(reader->faults, ENOMEM, reader->file, reader->line,
				   "out of memory");
	reader->stopped = true;
	return reader->error;
}

struct section *reader_section(const struct reader *reader)
{
	return reader->lost ? NULL : &reader->sections->list[reader->section];
}

int reader_check_semicolon(struct reader *reader, const char *text, size_t length)
{
	for (size_t i = 1; i < length; i++) {
		if (text[i] != ';' || !isspace((unsigned char)text[i - 1]))
			continue;
		reader
		    ->error = faults_add(reader->faults, EINVAL, reader->file, reader->line,
					 "' ;' starts a comment, which needs a line of its own; %s",
					 reader->rules->semicolon);
		return reader->error;
	}
	return 0;
}

struct entry *reader_add(struct reader *reader, struct section *section, const char *key,
			 size_t length, const char *value)
{
	struct entry *entries = reallocarray(section->entries, section->count + 1,
					     sizeof(*entries));

	if (!entries) {
		(void)reader_fail_memory(reader);
		return NULL;
	}
	section->entries = entries;
	entries += section->count;
	*entries = (struct entry){.key = strndup(key, length),
				  .value = strdup(value),
				  .line = reader->line};
	section->count++;
	if (!entries->key || !entries->value)
		(void)reader_fail_memory(reader);
	return entries;
}

void reader_note_refused(struct reader *reader, const char *text, size_t length)
{
	struct section *section = reader_section(reader);
	size_t end = 0;
	struct entry *entry;

	reader->orphan = true;
	if (!section || reader->stopped)
		return;
	while (length && isspace((unsigned char)*text)) {
		text++;
		length--;
	}
	while (end < length && text[end] != '=' && text[end] != ':')
		end++;
	section->broken = section->broken || end == length;
	while (end && isspace((unsigned char)text[end - 1]))
		end--;
	if (section->broken || invisible_find(text, end)) {
		section->broken = true;
		return;
	}
	entry = reader_add(reader, section, text, end, "");
	if (entry)
		entry->refused = true;
}
