/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hint.c - see hint.h.
 *
 * The distance is Levenshtein's. It must not know what the names are.
 */
#include "vendors/ini/hint.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Return how many letters must be inserted, removed or changed to get from A to B. */
static size_t hint_distance(const char *a, const char *b)
{
	size_t row[HINT_MAX];
	size_t width = strlen(b);

	if (strlen(a) >= HINT_MAX || width >= HINT_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < width; j++) {
			size_t best = diagonal + (tolower((unsigned char)a[i]) != b[j]);

			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > row[j + 1] + 1)
				best = row[j + 1] + 1;
			diagonal = row[j + 1];
			row[j + 1] = best;
		}
	}
	return row[width];
}

void hint_offer(struct hint *hint, const char *word, const char *name)
{
	size_t far = hint_distance(word, name);

	/* two changes turn a short word into any other */
	if (far >= hint->distance || far > 2 || far * 2 > strlen(name))
		return;
	hint->distance = far;
	(void)snprintf(hint->name, sizeof(hint->name), "%s", name);
}
