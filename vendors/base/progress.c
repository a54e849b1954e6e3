/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.c - see progress.h.
 */
#include "vendors/base/progress.h"

#include "vendors/base/columns.h"

#include <stdio.h>
#include <string.h>

/* A bar has at least this many places, and at most as many as are easy to read. */
#define PLACES_MIN 4
#define PLACES_MAX 40
#define LEFT_MAX 32
#define LEFT_SECONDS_MAX 3600000000ull

/* Set before threads start, cleared after they have ended. */
static void (*watcher)(void *arg, const struct progress *progress, bool over);
static void *watcher_arg;

void progress_watch(void (*watch)(void *arg, const struct progress *progress, bool over), void *arg)
{
	watcher = watch;
	watcher_arg = arg;
}

void progress_tell(const struct progress *progress)
{
	if (watcher)
		watcher(watcher_arg, progress, false);
}

void progress_end(const struct progress *progress)
{
	if (watcher)
		watcher(watcher_arg, progress, true);
}

/* Format how long the rest takes if it goes on as so far, at NOW. */
static void left_words(const struct progress *progress, double now, char text[LEFT_MAX])
{
	double spent = now - progress->began;
	double left = spent * (progress->total - progress->pages) / progress->pages;
	unsigned long long seconds = 0;

	if (left > 0)
		seconds = left < LEFT_SECONDS_MAX ? (unsigned long long)(left + 0.5)
						  : LEFT_SECONDS_MAX;
	if (seconds < 60)
		snprintf(text, LEFT_MAX, "%llus left", seconds);
	else if (seconds < 3600)
		snprintf(text, LEFT_MAX, "%llum%02llus left", seconds / 60, seconds % 60);
	else
		snprintf(text, LEFT_MAX, "%lluh%02llum left", seconds / 3600, seconds / 60 % 60);
}

/* Put a bar in front of WORDS, as long as there is room for in WIDTH columns. */
static void add_bar(const struct progress *progress, size_t width, const char *words,
		    char text[PROGRESS_TEXT_MAX])
{
	size_t length = strlen(words), places, full;

	if (length + PLACES_MIN + 3 > width) {
		snprintf(text, PROGRESS_TEXT_MAX, "%.*s", (int)width, words);
		return;
	}
	places = width - length - 3;
	if (places > PLACES_MAX)
		places = PLACES_MAX;
	full = places * progress->pages / progress->total;
	text[0] = '[';
	memset(text + 1, '#', full);
	memset(text + 1 + full, '.', places - full);
	snprintf(text + 1 + places, PROGRESS_TEXT_MAX - 1 - places, "] %s", words);
}

/* Format PROGRESS whose total is known. */
static void total_words(const struct progress *progress, double now, size_t width,
			char text[PROGRESS_TEXT_MAX])
{
	char page[COLUMNS_COUNT_MAX], total[COLUMNS_COUNT_MAX], left[LEFT_MAX], words[128];

	columns_count(progress->pages, page);
	columns_count(progress->total, total);
	left_words(progress, now, left);
	if ((size_t)snprintf(words, sizeof(words), "page %s of %s, %s", page, total, left) > width)
		snprintf(words, sizeof(words), "page %s of %s", page, total);
	add_bar(progress, width, words, text);
}

/* Put HOST into TEXT in at most WIDTH columns (at least 4): a long name loses its middle. */
static void host_name(const char *host, size_t width, char text[PROGRESS_HOST_MAX])
{
	size_t length = strlen(host), head = (width - 2) / 2;

	if (length <= width)
		snprintf(text, PROGRESS_HOST_MAX, "%s", host);
	else
		snprintf(text, PROGRESS_HOST_MAX, "%.*s..%s", (int)head, host,
			 host + length - (width - 2 - head));
}

/* Format PROGRESS of another host. */
static void host_words(const struct progress *progress, size_t width, char text[PROGRESS_TEXT_MAX])
{
	char page[COLUMNS_COUNT_MAX], more[COLUMNS_COUNT_MAX], words[128] = " fetches: no page yet";
	char host[PROGRESS_HOST_MAX];
	size_t length = strlen(progress->host);

	columns_count(progress->pages, page);
	if (progress->pages && progress->total >= progress->pages)
		snprintf(words, sizeof(words), " fetches: page %s of %s", page,
			 columns_count(progress->total, more));
	else if (progress->pages &&
		 (size_t)snprintf(words, sizeof(words), " fetches: page %s, %s users", page,
				  columns_count(progress->rows, more)) +
			 length >
		     width)
		snprintf(words, sizeof(words), " fetches: page %s", page);
	length = strlen(words);
	host_name(progress->host, width > length + 4 ? width - length : 4, host);
	snprintf(text, PROGRESS_TEXT_MAX, "%s%s", host, words);
	if (strlen(text) > width)
		text[width] = '\0';
}

void progress_words(const struct progress *progress, double now, size_t width,
		    char text[PROGRESS_TEXT_MAX])
{
	char page[COLUMNS_COUNT_MAX], rows[COLUMNS_COUNT_MAX], words[128];

	if (progress->host[0]) {
		host_words(progress, width, text);
		return;
	}
	if (progress->pages && progress->total >= progress->pages) {
		total_words(progress, now, width, text);
		return;
	}
	columns_count(progress->pages, page);
	columns_count(progress->rows, rows);
	if (!progress->pages)
		snprintf(words, sizeof(words), "fetching: no page yet");
	else if ((size_t)snprintf(words, sizeof(words), "fetching: page %s, %s users", page, rows) >
		 width)
		snprintf(words, sizeof(words), "page %s, %s", page, rows);
	snprintf(text, PROGRESS_TEXT_MAX, "%.*s", (int)width, words);
}
