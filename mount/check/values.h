/* SPDX-License-Identifier: Apache-2.0 */
/*
 * values.h - the different values that a field of a list has, and how many rows have each; for
 * --check.
 *
 * One thread. Nothing here blocks.
 */
#ifndef ROSTERFS_VALUES_H
#define ROSTERFS_VALUES_H

#include <jansson.h>
#include <stdio.h>

#define VALUES_MAX 16 /* different values; the rest are counted together */
#define VALUES_TEXT_MAX 40

struct values {
	struct {
		char text[VALUES_TEXT_MAX]; /* as JSON, cut */
		char word[VALUES_TEXT_MAX]; /* what it stands for, or "" */
		size_t count;
	} list[VALUES_MAX];
	size_t used;
	size_t more; /* rows with values that did not fit */
};

/* Count one row that has VALUE (NULL: absent), which stands for WORD (NULL: nothing). */
void values_count(struct values *values, const json_t *value, const char *word);

/* Write what was counted to TEXT, of SIZE bytes: `true (active) 224, false (inactive) 26`. */
void values_print(const struct values *values, char *text, size_t size);

#endif
