/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_json.c - see text_json.h.
 */
#include "cache/document/text_json.h"

#include <stdlib.h>
#include <string.h>

json_t *text_json(const char *text)
{
	json_t *made = json_string(text);
	char *copy = made ? NULL : strdup(text);

	for (char *c = copy; c && *c; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	if (copy)
		made = json_string(copy);
	free(copy);
	return made;
}
