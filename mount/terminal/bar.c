/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bar.c - see bar.h.
 *
 * It draws when progress is told, on the thread that tells, and has no thread and no timer: nothing
 * wakes while nothing is read. The terminal has a descriptor of its own that does not block, so
 * that one that is stopped (Ctrl-S) stops no fetch.
 */
#include "mount/terminal/bar.h"

#include "vendors/base/clock.h"
#include "vendors/base/columns.h"
#include "vendors/base/progress.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LISTS_MAX 64 /* more at a time are not shown */
#define NAME 20
#define WIDTH_MIN 50
#define WIDTH_DEFAULT 80
#define PAUSE 20 /* milliseconds between two drawings */

/* A list that is being read. */
struct shown {
	const void *key;
	char what[128];
	struct progress progress; /* WHAT is above */
};

static struct bar {
	pthread_mutex_t lock; /* of what follows */
	int terminal;         /* -1: none */
	struct shown lists[LISTS_MAX];
	size_t count;
	int64_t drawn; /* clock_milliseconds() */
	bool visible;
} bar = {.lock = PTHREAD_MUTEX_INITIALIZER, .terminal = -1};

/* Return true if the process may write to the terminal: in the background that would stop it. */
static bool is_foreground(void)
{
	pid_t group = tcgetpgrp(bar.terminal);

	return group < 0 || group == getpgrp();
}

/* What does not fit into the terminal's buffer is lost: the next drawing mends it. */
static void emit(const char *text, size_t length)
{
	ssize_t written = write(bar.terminal, text, length);

	(void)written;
}

static void erase_locked(void)
{
	static const char erase[] = "\r\033[K";

	if (bar.visible && is_foreground())
		emit(erase, sizeof(erase) - 1);
	bar.visible = false;
}

static size_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(bar.terminal, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col - 1u;
	return WIDTH_DEFAULT - 1;
}

/* Draw the list that began first, and how many others there are. */
static void draw_locked(void)
{
	struct shown *first = &bar.lists[0];
	size_t width = terminal_width(), length = 0;
	char words[PROGRESS_TEXT_MAX], others[32] = "";
	char *line = NULL;
	FILE *out;

	if (width < WIDTH_MIN || !is_foreground() || !(out = open_memstream(&line, &length)))
		return;
	if (bar.count > 1)
		snprintf(others, sizeof(others), " (+%zu)", bar.count - 1);
	progress_words(&first->progress, clock_seconds(), width - NAME - 1 - strlen(others), words);
	fputc('\r', out);
	columns_print(out, first->what, NAME);
	fprintf(out, " %s%s\033[K", words, others);
	if (fclose(out) == 0) {
		emit(line, length);
		bar.visible = true;
		bar.drawn = clock_milliseconds();
	}
	free(line);
}

/* Return the place of the list KEY, or bar.count. */
static size_t find_locked(const void *key)
{
	size_t i = 0;

	while (i < bar.count && bar.lists[i].key != key)
		i++;
	return i;
}

/* As progress_watch's WATCH. */
static void watch(void *arg, const struct progress *progress, bool over)
{
	size_t at;

	(void)arg;
	pthread_mutex_lock(&bar.lock);
	at = find_locked(progress);
	if (over && at < bar.count) {
		bar.count--;
		memmove(&bar.lists[at], &bar.lists[at + 1],
			(bar.count - at) * sizeof(bar.lists[0]));
		erase_locked();
	} else if (!over && at < LISTS_MAX) {
		struct shown *shown = &bar.lists[at];

		shown->key = progress;
		snprintf(shown->what, sizeof(shown->what), "%s", progress->what);
		shown->progress = *progress;
		bar.count += at == bar.count;
	}
	if (bar.count && (!bar.visible || clock_milliseconds() - bar.drawn >= PAUSE))
		draw_locked();
	pthread_mutex_unlock(&bar.lock);
}

void bar_begin(void)
{
	const char *kind = getenv("TERM");
	char name[64];

	if (!isatty(STDERR_FILENO) || (kind && strcmp(kind, "dumb") == 0) ||
	    ttyname_r(STDERR_FILENO, name, sizeof(name)))
		return;
	bar.terminal = open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (bar.terminal >= 0)
		progress_watch(watch, NULL);
}

void bar_end(void)
{
	if (bar.terminal < 0)
		return;
	progress_watch(NULL, NULL);
	erase_locked();
	close(bar.terminal);
	bar.terminal = -1;
}

void bar_pause(void)
{
	pthread_mutex_lock(&bar.lock);
	erase_locked();
}

void bar_resume(void)
{
	pthread_mutex_unlock(&bar.lock);
}
