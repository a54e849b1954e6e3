/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convert_list.h - the text of a key as pointers, sources and values, or lists of them.
 *
 * In a list, a comma and a blank are between two elements. Each function returns 0, or a negative
 * errno and one line in CONVERT's buffer. Lists end as rules.h says.
 */
#ifndef ROSTERFS_CONVERT_LIST_H
#define ROSTERFS_CONVERT_LIST_H

#include "vendors/description/arena.h"
#include "vendors/ini/sections.h"
#include "vendors/template/source.h"
#include "vendors/template/value.h"

#include <stddef.h>

/* The key that is read. */
struct convert {
	struct arena *arena;
	const char *file;
	unsigned line;
	const char *key;
	struct faults *faults;
};

/* Add a fault in the line. Returns -EINVAL. */
#define convert_fail(convert, ...)                                                                 \
	faults_add((convert)->faults, EINVAL, (convert)->file, (convert)->line, __VA_ARGS__)

/* The same with ENOMEM. */
#define convert_fail_memory(convert)                                                               \
	faults_add((convert)->faults, ENOMEM, (convert)->file, (convert)->line, "out of memory")

int convert_list_pointer(const struct convert *convert, const char *text, const char **pointer);
int convert_list_pointers(const struct convert *convert, const char *text,
			  const char *const **pointers);
/* Pointers with blanks between them. */
int convert_list_parts(const struct convert *convert, const char *text,
		       const char *const **pointers);
int convert_list_source(const struct convert *convert, const char *text, struct source *source);
int convert_list_sources(const struct convert *convert, const char *text,
			 const struct source **sources);
int convert_list_values(const struct convert *convert, const char *text,
			const struct value **values);
int convert_list_codes(const struct convert *convert, const char *text, const int **codes);
int convert_list_words(const struct convert *convert, const char *text, const char *const **words);

#endif
