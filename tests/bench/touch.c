/* SPDX-License-Identifier: Apache-2.0 */
/*
 * touch.c - looks at files one by one and tells how long that took, without a shell in between.
 *
 *	touch stat|open [-p MICROSECONDS] [-r] FOLDER <NAMES
 *
 * It reads names of files in FOLDER, one a line, and does to each of them what the first argument
 * says: `stat`, or `open` (open, read, close). Then it prints one JSON object: how many, the
 * nanoseconds of all together, the half and the 99th of a hundred of a single one, the bytes read.
 * With -r it begins anew until SIGTERM, with -p it rests that long after each file, so that it
 * measures others and does not keep a processor from them.
 *
 * It must not know what filesystem that is.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* More are not kept for the percentiles. */
enum { MOST_TIMES = 4000000 };

struct touch {
	char **names;
	size_t count, room;
	uint32_t *times; /* nanoseconds of each one */
	size_t done;
	uint64_t total, bytes;
	int folder;
	bool reads;
};

static volatile sig_atomic_t ended;

static void end(int number)
{
	(void)number;
	ended = 1;
}

_Noreturn static void give_up(const char *what)
{
	fprintf(stderr, "touch: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static void read_names(struct touch *touch)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	while ((length = getline(&line, &room, stdin)) > 0) {
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (touch->count == touch->room) {
			touch->room = touch->room ? 2 * touch->room : 1024;
			touch->names = realloc(touch->names, touch->room * sizeof(char *));
			if (!touch->names)
				give_up("no memory");
		}
		touch->names[touch->count] = strdup(line);
		if (!touch->names[touch->count++])
			give_up("no memory");
	}
	free(line);
}

static void touch_one(struct touch *touch, const char *name)
{
	char buffer[65536];
	struct stat stat;
	ssize_t got;
	int fd;

	if (!touch->reads) {
		if (fstatat(touch->folder, name, &stat, 0))
			give_up(name);
		touch->bytes += (uint64_t)stat.st_size;
		return;
	}
	fd = openat(touch->folder, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		give_up(name);
	got = read(fd, buffer, sizeof(buffer));
	if (got < 0 || close(fd))
		give_up(name);
	touch->bytes += (uint64_t)got;
}

static void touch_all(struct touch *touch, useconds_t pause)
{
	for (size_t i = 0; i < touch->count && !ended; i++) {
		uint64_t start = now(), took;

		touch_one(touch, touch->names[i]);
		took = now() - start;
		touch->total += took;
		if (touch->done < MOST_TIMES)
			touch->times[touch->done++] = took < UINT32_MAX ? (uint32_t)took
									: UINT32_MAX;
		if (pause)
			usleep(pause);
	}
}

static int by_size(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static void print(struct touch *touch)
{
	size_t last = touch->done - 1;

	qsort(touch->times, touch->done, sizeof(*touch->times), by_size);
	printf("{\"count\": %zu, \"total_ns\": %llu, \"p50_ns\": %u, \"p99_ns\": %u, "
	       "\"max_ns\": %u, \"bytes\": %llu}\n",
	       touch->done, (unsigned long long)touch->total, touch->times[last / 2],
	       touch->times[last - last / 100], touch->times[last],
	       (unsigned long long)touch->bytes);
}

int main(int argc, char **argv)
{
	static struct touch touch;
	useconds_t pause = 0;
	bool again = false;
	int option;

	while ((option = getopt(argc, argv, "p:r")) == 'p' || option == 'r') {
		if (option == 'r')
			again = true;
		else
			pause = (useconds_t)strtoul(optarg, NULL, 10);
	}
	if (option != -1 || argc - optind != 2) {
		fprintf(stderr, "usage: touch stat|open [-p MICROSECONDS] [-r] FOLDER <NAMES\n");
		return 2;
	}
	signal(SIGTERM, end);
	touch.reads = strcmp(argv[optind], "open") == 0;
	touch.folder = open(argv[optind + 1], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (touch.folder < 0)
		give_up(argv[optind + 1]);
	read_names(&touch);
	touch.times = malloc(MOST_TIMES * sizeof(*touch.times));
	if (!touch.times || touch.count == 0)
		give_up("no names, or no memory");
	do
		touch_all(&touch, pause);
	while (again && !ended);
	if (touch.done == 0)
		give_up("ended at once");
	print(&touch);
	return 0;
}
