/* SPDX-License-Identifier: Apache-2.0 */
/*
 * variant.h - which sections of a description hold for an account, and their keys together.
 */
#ifndef ROSTERFS_VARIANT_H
#define ROSTERFS_VARIANT_H

#include "vendors/description/arena.h"
#include "vendors/description/part.h"
#include "vendors/description/settings.h"

#include <stdbool.h>
#include <stddef.h>

/* A key that holds. */
struct merged_key {
	const struct entry *entry;
	const char *name; /* of the key, or of the one that is meant if it is misspelt */
	const char *file;
	bool preset;
};

/* The keys of [NAME] and of its variants that hold. */
struct merged {
	const struct grammar_section *kind;
	const char *word, *place; /* as in struct part */
	const char *file;
	unsigned line; /* of the last header */
	struct merged_key *keys;
	size_t count;
	bool lacks;  /* a line was refused whose key is not known */
	bool broken; /* it lacks a key, or the value of one was refused: set when it is filled */
};

/* What the conditions are decided by. */
struct chosen {
	const struct settings *settings;
	const char **values; /* in the order of the settings; NULL: not given */
	/* The account's key, which a condition may name as well. */
	bool delete_deactivates;
};

#define VARIANT_DELETES "delete_deactivates"

/*
 * Put the sections of PARTS that hold for CHOSEN into *LIST (of ARENA, *LIST_COUNT of them), in
 * their order. A key of the description replaces a preset one; one that is there twice is a fault.
 * Returns 0 or -ENOMEM.
 */
int variant_merge(struct arena *arena, const struct part *parts, size_t count,
		  const struct chosen *chosen, struct merged **list, size_t *list_count,
		  struct faults *faults);

/* Return the key NAME of SECTION, or NULL. */
const struct merged_key *variant_key(const struct merged *section, const char *name);

/* Check the condition of PART. Returns 0, or -EINVAL and a fault in FAULTS. */
int variant_check(const struct part *part, const struct settings *settings, struct faults *faults);

/*
 * Call TRY once for each combination of values that the conditions of PARTS tell apart, until it
 * returns something other than 0. WORDS (may be "") says which one it is: "auth = basic". Returns
 * what TRY returned last, or -E2BIG: there are more than 512, or -ENOMEM.
 */
int variant_each(const struct part *parts, size_t count, const struct settings *settings,
		 int (*try)(const struct chosen *chosen, const char *words, void *arg), void *arg);

#endif
