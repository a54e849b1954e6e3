/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults.h - the errors of the files that one run reads, each with its file and line.
 *
 * The config and the descriptions of vendors are checked as a whole, so that one run reports all
 * errors. A fault is reported once, even if it is found several times. Not thread-safe.
 */
#ifndef ROSTERFS_FAULTS_H
#define ROSTERFS_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

struct fault {
	char *file, *words, *with; /* with: a condition under which it was found, or NULL */
	unsigned line;             /* 0: none */
	unsigned at;               /* line of the main file that it is sorted by */
	const char *main;          /* the main file, if the fault is in another; borrowed */
	size_t order;              /* how many were found before */
	int error;                 /* a negative errno */
};

/* All zero is empty. */
struct faults {
	struct fault *list; /* in the order in which they were found */
	size_t count;
	size_t found; /* how many were found, including those that were there already */
	const char
	    *main; /* the main file, while another is read that line AT of it names; or NULL */
	unsigned at;
	bool more; /* there were more than are kept */
	bool no_memory;
};

/*
 * Add a fault in LINE (0: none) of FILE, with the formatted words on one line, unless it is there.
 * Returns -ERROR, so that a caller can `return faults_add(...)`.
 */
int faults_add(struct faults *faults, int error, const char *file, unsigned line,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Add " (with WITH)" to the faults from index FROM on. */
void faults_add_condition(struct faults *faults, size_t from, const char *with);

/* Bring the faults into the order of the main file. Returns the error of the first, -ENOMEM if one
 * could not be kept, or 0 if there is none. */
int faults_sort(struct faults *faults);

/*
 * Write the faults to WHY in the order of the main file, with newlines between them: "FILE:LINE:
 * words", or "FILE: words", in another file than the main one behind "MAIN:AT: ". Returns the error
 * of the first, or 0 if there is none. If they do not fit, the last line says so.
 */
int faults_text(struct faults *faults, char *why, size_t why_size);

/* Free everything. */
void faults_clear(struct faults *faults);

#endif
