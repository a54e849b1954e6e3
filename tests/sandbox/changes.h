/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes: what became of the records, change by change, for tests that compare it with what was
 * asked for.
 *
 * One list for the whole program, empty until a test begins it. Thread-safe, never blocks. One leaf
 * lock.
 */
#ifndef SANDBOX_CHANGES_H
#define SANDBOX_CHANGES_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* From now on changes are kept; those of before are forgotten. */
void changes_begin(void);
/* For the end of the program. */
void changes_free(void);

/* Whose changes the calling thread makes from now on: a request's number in the journal, 0: someone
 * else's. */
void changes_by(unsigned long number);

/* A record, of which the text is JSON, has this text from that moment (gate_now_us) on; a NULL
 * after: it is there no more. before is NULL for a new one. */
void changes_note(int64_t when, const char *id, const char *before, const char *after);

/* In their order, with times in microseconds since started. A new reference. */
json_t *changes_list(int64_t started);

#endif
