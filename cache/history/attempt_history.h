/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt_history.h - what the history and the roster's owner are told of an attempt.
 */
#ifndef ROSTERFS_ATTEMPT_HISTORY_H
#define ROSTERFS_ATTEMPT_HISTORY_H

#include <jansson.h>

struct attempt;

/* As attempt_accepted: add the change to the history, and set the attempt's number and undo. For
 * the thread that has the attempt. Blocks on the disk. */
void attempt_history_add(struct attempt *attempt, const json_t *before, const json_t *after,
			 const json_t *undo);

#endif
