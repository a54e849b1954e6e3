/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complaint.h - what a command that prints a secret has written to stderr, fit for a message.
 */
#ifndef ROSTERFS_COMPLAINT_H
#define ROSTERFS_COMPLAINT_H

#include <stddef.h>
#include <sys/types.h>

#define COMPLAINT_MAX 4096

/* The beginning of the text, as far as it was read. All zero: nothing was. */
struct complaint {
	char text[COMPLAINT_MAX + 1];
	size_t length;
};

/* Read once from FD, and keep it if there is room. Returns what read() returns. */
ssize_t complaint_read(struct complaint *complaint, int fd);

/*
 * Make one line of COMPLAINT, of at most some hundred bytes: ": " and its lines, or "". Lines of
 * the shell are left out, because they quote the COMMAND. Each word of COMMAND, except names of
 * programs, PRINTED, what the command has written to stdout, and what looks like a token are
 * overwritten: a secret may be in any of them. Returns the text, which is in COMPLAINT. Local;
 * looks for programs.
 */
const char *complaint_words(struct complaint *complaint, const char *command, const char *printed);

#endif
