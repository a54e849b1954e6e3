/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ability.h - what a mount may do at a vendor, and why not.
 *
 * Nothing here blocks. One thread for each struct facts.
 */
#ifndef ROSTERFS_ABILITY_H
#define ROSTERFS_ABILITY_H

#include <stdbool.h>

struct facts;

/* What may be done, as ABILITY_ALL(X) with X(constant, name, words). Scripts read the names, people
 * the words. */
#define ABILITY_ALL(X)                                                                             \
	X(LIST, "list", "list users")                                                              \
	X(READ, "read", "read documents")                                                          \
	X(STATUS, "status", "read statuses")                                                       \
	X(DEACTIVATE, "deactivate", "deactivate")                                                  \
	X(ACTIVATE, "activate", "activate")                                                        \
	X(EDIT, "edit", "edit documents")                                                          \
	X(CREATE, "create", "create users")                                                        \
	X(DELETE, "delete", "delete users")                                                        \
	X(JOIN, "memberships", "create memberships")                                               \
	X(LEAVE, "end_memberships", "end memberships")

#define ABILITY_CONSTANT(constant, name, words) ABILITY_##constant,
enum ability_kind { ABILITY_ALL(ABILITY_CONSTANT) ABILITIES };
#undef ABILITY_CONSTANT

#define ABILITY_WHY_MAX 160

struct ability {
	bool can;
	bool absent;               /* the vendor has nothing of the kind */
	char why[ABILITY_WHY_MAX]; /* "" if it can */
};

/* Return the name of KIND, for scripts. */
const char *ability_name(enum ability_kind kind);

/* Return what KIND does, for people: "edit documents". */
const char *ability_words(enum ability_kind kind);

/* Set all abilities of FACTS by the vendor's table, the settings of the account, and what was found
 * so far. REFUSED: why this mount sends no changes at all, or NULL. */
void ability_find(struct facts *facts, const char *refused);

#endif
