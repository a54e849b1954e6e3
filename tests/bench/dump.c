/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dump.c - what jansson takes to print a roster in compact form.
 *
 *	dump FILE
 *
 * FILE has one JSON object on each line. All are parsed first, which does not count; then each is
 * printed once to a buffer that is large enough. Then dump prints one JSON object: rows, bytes
 * printed (with a line end each), seconds of CPU.
 *
 * It must not know anything of rosterfs: it is the yardstick for the rendering of a table.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct dump {
	json_t **rows;
	size_t count, room;
	size_t bytes, longest;
};

_Noreturn static void give_up(const char *file, const char *why)
{
	fprintf(stderr, "dump: %s: %s\n", file, why);
	exit(1);
}

static void add_row(struct dump *dump, json_t *row)
{
	if (dump->count == dump->room) {
		dump->room = dump->room ? 2 * dump->room : 1024;
		dump->rows = realloc(dump->rows, dump->room * sizeof(json_t *));
		if (!dump->rows)
			give_up("rows", strerror(errno));
	}
	dump->rows[dump->count++] = row;
}

static void read_rows(struct dump *dump, const char *name)
{
	FILE *file = fopen(name, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	if (!file)
		give_up(name, strerror(errno));
	while ((length = getline(&line, &room, file)) > 0) {
		json_error_t error;
		json_t *row = json_loadb(line, (size_t)length, JSON_ALLOW_NUL, &error);

		if (!row)
			give_up(name, error.text);
		if ((size_t)length > dump->longest)
			dump->longest = (size_t)length;
		add_row(dump, row);
	}
	free(line);
	fclose(file);
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
	struct dump dump = {0};
	char *buffer;
	double begin;

	if (argc != 2)
		give_up("FILE", "one file is needed");
	read_rows(&dump, argv[1]);
	/* escapes may make it longer than it was */
	buffer = malloc(6 * dump.longest + 1);
	if (!buffer)
		give_up(argv[1], strerror(errno));
	begin = cpu_seconds();
	for (size_t i = 0; i < dump.count; i++)
		dump.bytes += json_dumpb(dump.rows[i], buffer, 6 * dump.longest, JSON_COMPACT) + 1;
	printf("{\"rows\": %zu, \"bytes\": %zu, \"seconds\": %.6f}\n", dump.count, dump.bytes,
	       cpu_seconds() - begin);
	free(buffer);
	for (size_t i = 0; i < dump.count; i++)
		json_decref(dump.rows[i]);
	free(dump.rows);
	return 0;
}
