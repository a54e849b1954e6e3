/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric.h - figures in the Prometheus text format, as `promtool check metrics` wants it.
 *
 * A family is one metric_family and then all its samples. Nothing here blocks.
 */
#ifndef ROSTERFS_METRIC_H
#define ROSTERFS_METRIC_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Begin the family NAME of TYPE ("counter", "gauge" or "histogram"), with one sentence of HELP. */
void metric_family(FILE *out, const char *name, const char *type, const char *help);

/*
 * Print a sample of NAME. LABELS are pairs of a name and a value, ended by a NULL name; NULL: none.
 * What the format forbids in a value is escaped, or a question mark.
 */
void metric_count(FILE *out, const char *name, const char *const *labels, uint64_t value);

/* As metric_count, of a duration in seconds. */
void metric_milliseconds(FILE *out, const char *name, const char *const *labels,
			 uint64_t milliseconds);

/*
 * Print the samples of the histogram NAME, whose family has begun: BUCKETS has the number of
 * durations up to each of COUNT bounds, in BOUNDS, and of those above the last one. SUM is that of
 * all. All are in milliseconds, and printed in seconds. VENDOR is the only label.
 */
void metric_histogram(FILE *out, const char *name, const char *vendor, const int64_t *bounds,
		      size_t count, const uint64_t *buckets, uint64_t sum);

#endif
