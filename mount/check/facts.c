/* SPDX-License-Identifier: Apache-2.0 */
/*
 * facts.c - see facts.h.
 */
#include "mount/check/facts.h"

#include <stdlib.h>
#include <string.h>

void facts_add(struct facts *facts, enum facts_level level, const char *words)
{
	struct facts_lines *lines = level == FACTS_ERROR ? &facts->errors : &facts->warnings;
	char **longer;
	char *copy;

	facts->failed = facts->failed || level == FACTS_ERROR;
	if (level == FACTS_NOTE)
		return;
	copy = strdup(words);
	longer = copy ? reallocarray(lines->list, lines->count + 1, sizeof(*longer)) : NULL;
	if (!longer) {
		free(copy);
		return;
	}
	lines->list = longer;
	lines->list[lines->count++] = copy;
}

void facts_count(struct facts *facts, const struct tally *tally)
{
	facts->total = tally->count;
	facts->active = tally->active;
	facts->inactive = tally->inactive;
	facts->others = tally->others;
	facts->none = tally->none;
	facts->pages = facts->quick ? 0 : tally->pages;
	memcpy(facts->other, tally->other, sizeof(facts->other));
}

static void free_lines(struct facts_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->list[i]);
	free(lines->list);
}

void facts_clear(struct facts *facts)
{
	free_lines(&facts->warnings);
	free_lines(&facts->errors);
	free(facts->self);
	*facts = (struct facts){0};
}
