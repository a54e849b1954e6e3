/* SPDX-License-Identifier: Apache-2.0 */
/*
 * indented.c - see indented.h.
 */
#include "vendors/ini/indented.h"

#include "vendors/ini/invisible.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Return the entry that an indented line continues, and how, or NULL. */
static struct entry *continued_entry(const struct reader *reader, enum sections_join *join)
{
	const struct section *section = reader_section(reader);
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
		return reader_fail_memory(reader);
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
		return reader_fail(
		    reader, "an empty line of a text is a line with a blank and a dot: ' .'");
	text++;
	length--;
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	return append(reader, entry, "\n", text, length == 1 && *text == '.' ? 0 : length);
}

/* Append an indented line to ENTRY. */
static int continue_entry(struct reader *reader, struct entry *entry, enum sections_join join,
			  const char *text, size_t length)
{
	size_t old;

	if (join == SECTIONS_TEXT)
		return continue_text(reader, entry, text, length);
	while (isspace((unsigned char)*text)) {
		text++;
		length--;
	}
	while (isspace((unsigned char)text[length - 1]))
		length--;
	if (*text == '#')
		return reader_fail(reader,
				   "a comment must begin at the left margin: an indented line "
				   "continues the value above");
	if (reader_check_semicolon(reader, text, length) ||
	    reader_fail_invisible(reader, "the line begins or ends with",
				  invisible_at_ends(text, length), text + length))
		return reader->error;
	old = strlen(entry->value);
	return append(reader, entry,
		      join == SECTIONS_LIST && old && entry->value[old - 1] == ',' ? " " : "", text,
		      length);
}

bool indented_take(struct reader *reader, const char *text, size_t length)
{
	enum sections_join join = SECTIONS_ONE_LINE;
	struct entry *entry = continued_entry(reader, &join);

	/* what it continues was refused */
	if (reader->orphan && reader->rules->join)
		return true;
	if (entry && continue_entry(reader, entry, join, text, length))
		entry->refused = true;
	return entry;
}
