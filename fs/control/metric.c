/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric.c - see metric.h.
 */
#include "fs/control/metric.h"

#include <inttypes.h>

void metric_family(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_value(FILE *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			fputc('\\', out);
		fputc((unsigned char)*value < 0x20 || *value == 0x7f ? '?' : *value, out);
	}
}

/* Print NAME and LABELS, up to the value. */
static void print_labels(FILE *out, const char *name, const char *const *labels)
{
	char before = '{';

	fputs(name, out);
	for (; labels && labels[0]; labels += 2) {
		fprintf(out, "%c%s=\"", before, labels[0]);
		print_value(out, labels[1]);
		fputc('"', out);
		before = ',';
	}
	fputs(before == ',' ? "} " : " ", out);
}

void metric_count(FILE *out, const char *name, const char *const *labels, uint64_t value)
{
	print_labels(out, name, labels);
	fprintf(out, "%" PRIu64 "\n", value);
}

/* Format MILLISECONDS in seconds, as short as it can be. */
static const char *seconds_of(uint64_t milliseconds, char text[40])
{
	int length = snprintf(text, 40, "%" PRIu64 ".%03u", milliseconds / 1000,
			      (unsigned)(milliseconds % 1000));

	while (text[length - 1] == '0')
		text[--length] = '\0';
	if (text[length - 1] == '.')
		text[--length] = '\0';
	return text;
}

void metric_milliseconds(FILE *out, const char *name, const char *const *labels,
			 uint64_t milliseconds)
{
	char text[40];

	print_labels(out, name, labels);
	fprintf(out, "%s\n", seconds_of(milliseconds, text));
}

void metric_histogram(FILE *out, const char *name, const char *vendor, const int64_t *bounds,
		      size_t count, const uint64_t *buckets, uint64_t sum)
{
	const char *labels[] = {"vendor", vendor, NULL};
	char part[128], bound[40];
	uint64_t so_far = 0;

	snprintf(part, sizeof(part), "%s_bucket", name);
	for (size_t i = 0; i <= count; i++) {
		const char *const bucket[] = {"vendor", vendor, "le",
					      i < count ? seconds_of((uint64_t)bounds[i], bound)
							: "+Inf",
					      NULL};

		so_far += buckets[i];
		metric_count(out, part, bucket, so_far);
	}
	snprintf(part, sizeof(part), "%s_sum", name);
	metric_milliseconds(out, part, labels, sum);
	snprintf(part, sizeof(part), "%s_count", name);
	metric_count(out, part, labels, so_far);
}
