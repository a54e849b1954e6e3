/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.c - the least that parsing and rendering a roster with jansson costs.
 *
 *	parse FILE...
 *
 * Each FILE is one page of a vendor's list, as it came over the wire: an object with an array of
 * users in it. Each user is rendered once, as rosterfs shows it, and thrown away. Then it prints
 *one JSON object: users, bytes rendered, seconds of CPU. Files are read whole, since a vendor's
 *answer has to be copied from somewhere too.
 *
 * It must not know anything of rosterfs: it is the yardstick for the CPU of a cold listing.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct parse {
	size_t users, bytes;
};

_Noreturn static void give_up(const char *file, const char *why)
{
	fprintf(stderr, "parse: %s: %s\n", file, why);
	exit(1);
}

static char *read_file(const char *name, size_t *length)
{
	FILE *file = fopen(name, "rb");
	char *text = NULL;
	long size;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0)
		give_up(name, strerror(errno));
	rewind(file);
	*length = (size_t)size;
	text = malloc(*length + 1);
	if (!text || fread(text, 1, *length, file) != *length)
		give_up(name, "can't be read");
	fclose(file);
	return text;
}

static json_t *rows_of(json_t *page)
{
	const char *key;
	json_t *value;

	json_object_foreach(page, key, value) {
		if (json_is_array(value))
			return value;
	}
	return NULL;
}

static void parse_page(struct parse *parse, const char *name)
{
	size_t length, i;
	char *text = read_file(name, &length);
	json_error_t error;
	json_t *page = json_loadb(text, length, 0, &error);
	json_t *user;

	if (!page || !rows_of(page))
		give_up(name, page ? "no list in it" : error.text);
	json_array_foreach(rows_of(page), i, user) {
		char *shown = json_dumps(user, JSON_INDENT(2));

		if (!shown)
			give_up(name, "can't be rendered");
		parse->bytes += strlen(shown) + 1;
		parse->users++;
		free(shown);
	}
	json_decref(page);
	free(text);
}

int main(int argc, char **argv)
{
	struct parse parse = {0};
	struct rusage usage;

	for (int i = 1; i < argc; i++)
		parse_page(&parse, argv[i]);
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"users\": %zu, \"bytes\": %zu, \"seconds\": %.6f}\n", parse.users, parse.bytes,
	       (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		   1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec));
	return 0;
}
