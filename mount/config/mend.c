/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mend.c - see mend.h.
 */
#include "mount/config/mend.h"

#include "mount/config/keys.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

size_t mend_quotes(const char *text)
{
	static const char *const pairs[][2] = {{"\"", "\""},         {"'", "'"},
					       {"`", "`"},           {"\u201C", "\u201D"},
					       {"\u2018", "\u2019"}, {"\u201D", "\u201D"},
					       {"\u2019", "\u2019"}, {"\u201E", "\u201C"},
					       {"\u201E", "\u201D"}, {"\u201A", "\u2018"},
					       {"\u00AB", "\u00BB"}, {"\u00BB", "\u00AB"},
					       {"\u2039", "\u203A"}};
	size_t length = strlen(text);

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		size_t open = strlen(pairs[i][0]);

		if (length >= 2 * open && strncmp(text, pairs[i][0], open) == 0 &&
		    strcmp(text + length - open, pairs[i][1]) == 0)
			return open;
	}
	return 0;
}

void mend_value(const struct keys *keys, struct entry *entry)
{
	char *value = entry->value, *comment = strstr(value, " #");
	size_t length, quotes;

	if (!comment)
		comment = strstr(value, "\t#");
	if (comment) {
		(void)
		    keys_fail(keys, entry->line,
			      "%s: a comment needs a line of its own: ' #' and what follows would "
			      "be a part of the value",
			      entry->key);
		while (comment > value && isblank((unsigned char)comment[-1]))
			comment--;
		explicit_bzero(comment, strlen(comment));
	}
	length = strlen(value);
	quotes = mend_quotes(value);
	if (!quotes)
		return;
	(void)keys_fail(keys, entry->line,
			"%s: the value is in quotes, which would be a part of it; remove them",
			entry->key);
	memmove(value, value + quotes, length - 2 * quotes);
	explicit_bzero(value + length - 2 * quotes, 2 * quotes);
}
