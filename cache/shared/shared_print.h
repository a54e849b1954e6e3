/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared_print.h - the lines of .rosterfs/status and .rosterfs/metrics about the shared store.
 */
#ifndef ROSTERFS_SHARED_PRINT_H
#define ROSTERFS_SHARED_PRINT_H

#include <stdio.h>

struct shared;

/* As store_ops.print_status and print_metrics. Neither waits. */
void shared_print_status(struct shared *shared, FILE *stream);
void shared_print_metrics(struct shared *shared, FILE *stream);

#endif
