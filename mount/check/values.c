/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.c - see values.h.
 */
#include "mount/check/values.h"

#include "vendors/json/exact_print.h"

#include <stdlib.h>
#include <string.h>

void values_count(struct values *values, const json_t *value, const char *word)
{
	char *text = value ? exact_print_text(value, JSON_ENCODE_ANY) : NULL;
	const char *shown = text ? text : "absent";
	char cut[VALUES_TEXT_MAX];
	size_t i = 0;

	(void)snprintf(cut, sizeof(cut), "%s", shown);
	free(text);
	while (i < values->used && strcmp(values->list[i].text, cut) != 0)
		i++;
	if (i == VALUES_MAX) {
		values->more++;
		return;
	}
	if (i == values->used) {
		(void)snprintf(values->list[i].text, VALUES_TEXT_MAX, "%s", cut);
		(void)snprintf(values->list[i].word, VALUES_TEXT_MAX, "%s", word ? word : "");
		values->used++;
	}
	values->list[i].count++;
}

void values_print(const struct values *values, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < values->used && length < size; i++) {
		const char *word = values->list[i].word;

		length += (size_t)snprintf(text + length, size - length, "%s%s%s%s%s %zu",
					   i ? ", " : "", values->list[i].text, *word ? " (" : "",
					   word, *word ? ")" : "", values->list[i].count);
	}
	if (values->more && length < size)
		(void)snprintf(text + length, size - length, ", other values %zu", values->more);
}
