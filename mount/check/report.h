/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - how what --check finds is told: as lines, as JSON, or by another caller's functions.
 *
 * Several threads call a report, one at a time for each vendor; the functions of check.c hold a
 * lock meanwhile, so that a report needs none.
 */
#ifndef ROSTERFS_REPORT_H
#define ROSTERFS_REPORT_H

#include "mount/check/facts.h"

#include <stdbool.h>
#include <stdio.h>

struct report {
	/* WORDS, one line without control characters, are known about the vendor of FACTS. NULL:
	   lines are not told. */
	void (*line)(struct report *report, const struct facts *facts, enum facts_level level,
		     const char *words);
	/* All is known about the vendor of FACTS. NULL: that is not told. */
	void (*done)(struct report *report, const struct facts *facts);
	/* All is known about all vendors. Called for each, in the order of the config, by the
	   caller of check_run. NULL: that is not told. */
	void (*end)(struct report *report, const struct facts *facts);
};

/* Lines "VENDOR: WORDS". */
struct report_text {
	struct report report;
	FILE *out;
	bool paints; /* with colours */
};

void report_text_init(struct report_text *text, FILE *out);

/* Write the line WORDS about FACTS' vendor as report_text does. */
void report_text_line(struct report_text *text, const struct facts *facts, enum facts_level level,
		      const char *words);

#endif
