/* SPDX-License-Identifier: Apache-2.0 */
/*
 * builtin.h - the descriptions that are part of the binary.
 *
 * The Makefile makes the table from those files of descriptions/ that it names in BUILTIN.
 */
#ifndef ROSTERFS_BUILTIN_H
#define ROSTERFS_BUILTIN_H

struct builtin {
	const char *type; /* NULL ends the list */
	const char *text;
};

extern const struct builtin builtins[];

#endif
