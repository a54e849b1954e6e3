/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_json.h - what --check finds, as one JSON document.
 */
#ifndef ROSTERFS_REPORT_JSON_H
#define ROSTERFS_REPORT_JSON_H

#include "mount/check/report.h"

#include <jansson.h>

struct faults;

struct report_json {
	struct report report;
	json_t *vendors, *errors;
	json_t *shared; /* NULL: there is no shared store */
	bool failed;    /* no memory: there is no document */
};

/* Pair with report_json_print. */
void report_json_init(struct report_json *json);

/* Add an error that is about no vendor. */
void report_json_error(struct report_json *json, const char *words);

/* Add the errors in FAULTS (mount/config/config.h). */
void report_json_faults(struct report_json *json, const struct faults *faults);

/* Note whether the shared store works, and WORDS: why not, or a warning; NULL: none. Once. */
void report_json_shared(struct report_json *json, bool ok, const char *words);

/* Print the document to OUT, and free what JSON holds. OK: all is well. Returns false without
 * memory; nothing is printed then. */
bool report_json_print(struct report_json *json, bool ok, FILE *out);

#endif
