/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h - how far a list has been read, in words and as a bar.
 *
 * Whoever reads a list tells its progress here; one watcher for the process may draw it on a
 * terminal. Nothing here blocks, except what the watcher does.
 */
#ifndef ROSTERFS_PROGRESS_H
#define ROSTERFS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#define PROGRESS_TEXT_MAX 256
#define PROGRESS_HOST_MAX 64

/* A list that is being read. Its address tells it from others. */
struct progress {
	char host[PROGRESS_HOST_MAX]; /* the host that reads it; "": this mount */
	const char *what;             /* "acme/accounts"; borrowed */
	unsigned pages;               /* read so far */
	unsigned total;               /* how many pages there are; 0: not known */
	size_t rows;                  /* read so far */
	double began;                 /* clock_seconds() */
};

/*
 * Call WATCH with ARG at each progress_tell and progress_end from now on, on their threads and
 * maybe on several at once; OVER: the list is not read any more. NULL: none. Not while lists are
 * read.
 */
void progress_watch(void (*watch)(void *arg, const struct progress *progress, bool over),
		    void *arg);

/* Tell that PROGRESS has begun or gone on. Pair with progress_end. */
void progress_tell(const struct progress *progress);
void progress_end(const struct progress *progress);

/*
 * Format PROGRESS at NOW, a clock_seconds(), in at most WIDTH columns (at least 20): with a known
 * total "[####......] page 57 of 1,000, 2m05s left", else "fetching: page 57, 5,700 users". If
 * another host reads it: "host1 fetches: page 57 of 1,000". What does not fit is left out;
 * a host's long name loses its middle. ASCII
 * only, except for the host's name.
 */
void progress_words(const struct progress *progress, double now, size_t width,
		    char text[PROGRESS_TEXT_MAX]);

#endif
