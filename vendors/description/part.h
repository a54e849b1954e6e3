/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part.h - one section of a description as it stands in the file: what its header says.
 */
#ifndef ROSTERFS_PART_H
#define ROSTERFS_PART_H

#include "vendors/description/arena.h"
#include "vendors/description/grammar.h"
#include "vendors/ini/sections.h"

#include <stddef.h>

enum part_when {
	PART_ALWAYS,
	PART_IS,     /* [NAME if SETTING = WORD] */
	PART_GIVEN,  /* [NAME if SETTING] */
	PART_UNLESS, /* [NAME unless SETTING] */
};

struct part {
	const struct grammar_section *kind;
	const char *word;  /* [NAME WORD]; else "" */
	const char *place; /* [PLACE/NAME]; else NULL */
	enum part_when when;
	const char *setting, *value; /* of the condition */
	const struct section *section;
	const char *file; /* of the section */
	bool preset;      /* of the kind of vendor, not of the description itself */
};

/* Read the header of SECTION, which is in FILE, into *PART. Its texts are of ARENA. Returns 0, or a
 * negative errno and a fault in FAULTS. */
int part_read(struct arena *arena, const char *file, const struct section *section,
	      struct part *part, struct faults *faults);

#endif
