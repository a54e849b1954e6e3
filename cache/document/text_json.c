/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_json.c - see text_json.h.
 */
#include "cache/document/text_json.h"

#include <stdio.h>
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

const char *text_json_time(const struct timespec *when, char text[TEXT_JSON_TIME_MAX])
{
	struct tm utc;
	size_t length;

	gmtime_r(&when->tv_sec, &utc);
	length = strftime(text, TEXT_JSON_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + length, TEXT_JSON_TIME_MAX - length, ".%03ldZ", when->tv_nsec / 1000000);
	return text;
}
