/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics_file.c - .rosterfs/metrics: for machines, the figures that others keep, in the Prometheus
 * text format.
 */
#include "cache/history/guard.h"
#include "cache/roster/figures.h"
#include "cache/roster/store.h"
#include "fs/asked.h"
#include "fs/control/control_file.h"
#include "fs/control/metric.h"
#include "fs/fs.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/record_dir.h"
#include "vendors/base/process.h"
#include "vendors/http/http.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The length of the text is a multiple of this. */
#define STEP 1024

#define TEXT(constant, text) text,

/* What is known of a branch with an API. */
struct sample {
	const struct account *account;
	struct figures info;
	struct http_stats stats;
	bool held;
};

static uint64_t figure_age(const struct sample *f)
{
	return f->info.age > 0 ? (uint64_t)f->info.age : 0;
}
static uint64_t figure_fetching(const struct sample *f)
{
	return f->info.fetching;
}
static uint64_t figure_fetches(const struct sample *f)
{
	return f->info.fetches;
}
static uint64_t figure_fetch_failures(const struct sample *f)
{
	return f->info.fetch_failures;
}
static uint64_t figure_failing(const struct sample *f)
{
	return f->info.failing || (f->info.last.words[0] && f->info.last.outage);
}
static uint64_t figure_held(const struct sample *f)
{
	return f->held;
}
static uint64_t figure_reappeared(const struct sample *f)
{
	return f->info.reappeared;
}
static uint64_t figure_retries(const struct sample *f)
{
	return f->stats.retries;
}
static uint64_t figure_failures(const struct sample *f)
{
	return f->stats.failures;
}
static uint64_t figure_throttled(const struct sample *f)
{
	return f->stats.throttled;
}
static uint64_t figure_bytes(const struct sample *f)
{
	return f->stats.bytes;
}
static uint64_t figure_in_flight(const struct sample *f)
{
	return f->stats.in_flight;
}
static uint64_t figure_queued(const struct sample *f)
{
	return f->stats.queued;
}

/* The families with one sample for each branch. */
static const struct metric {
	const char *name, *type, *help;
	uint64_t (*figure)(const struct sample *sample);
	bool of_roster; /* not shown before there is a roster: 0 would be taken for a fact */
} metrics[] = {
    {"rosterfs_roster_age_seconds", "gauge", "Age of the newest list of users.", figure_age, true},
    {"rosterfs_fetching", "gauge", "1 while the list of users is being fetched.", figure_fetching,
     false},
    {"rosterfs_fetches_total", "counter", "Whole lists of users fetched.", figure_fetches, false},
    {"rosterfs_fetch_failures_total", "counter", "Whole lists of users that could not be fetched.",
     figure_fetch_failures, false},
    {"rosterfs_failing", "gauge",
     "1 if the last fetch of the list failed, or the vendor does not work at all.", figure_failing,
     false},
    {"rosterfs_held", "gauge",
     "1 while nothing is sent: the vendor asked to wait, or cannot be reached.", figure_held,
     false},
    {"rosterfs_reappeared_total", "counter", "Users active again after a deactivation.",
     figure_reappeared, false},
    {"rosterfs_retries_total", "counter", "Requests sent again.", figure_retries, false},
    {"rosterfs_failures_total", "counter", "Requests that ended for good without a 2xx response.",
     figure_failures, false},
    {"rosterfs_throttled_total", "counter", "Responses with status 429.", figure_throttled, false},
    {"rosterfs_received_bytes_total", "counter", "Bytes of responses, decoded.", figure_bytes,
     false},
    {"rosterfs_in_flight", "gauge", "Requests that wait for a response.", figure_in_flight, false},
    {"rosterfs_queued", "gauge", "Requests that wait to be sent.", figure_queued, false},
};

/* Print the families that say what this is. */
static void print_mount(FILE *out, const struct fs *fs)
{
	const char *const labels[] = {"version", ROSTERFS_VERSION, "libfuse", fuse_pkgversion(),
				      NULL};

	metric_family(out, "rosterfs_build_info", "gauge", "1; the labels name what is running.");
	metric_count(out, "rosterfs_build_info", labels, 1);
	metric_family(out, "rosterfs_start_time_seconds", "gauge",
		      "When it was mounted, in seconds since 1970.");
	metric_count(out, "rosterfs_start_time_seconds", NULL, (uint64_t)fs->started.tv_sec);
}

/* Print one line of METRIC for each of SAMPLES that has such a figure. */
static void print_metric(FILE *out, const struct metric *metric, const struct sample *samples,
			 size_t count)
{
	metric_family(out, metric->name, metric->type, metric->help);
	for (size_t i = 0; i < count; i++) {
		const char *const labels[] = {"vendor", samples[i].account->name, NULL};

		if (!metric->of_roster || samples[i].info.known)
			metric_count(out, metric->name, labels, metric->figure(&samples[i]));
	}
}

static void print_users(FILE *out, const struct sample *samples, size_t count)
{
	static const char *const kinds[RECORD_KINDS] = {[RECORD_ACTIVE] = "active",
							[RECORD_INACTIVE] = "inactive",
							[RECORD_OTHER] = "other",
							[RECORD_UNKNOWN] = "unknown"};

	metric_family(out, "rosterfs_users", "gauge",
		      "Users in the newest list and written since, by status.");
	for (size_t i = 0; i < count; i++) {
		for (size_t kind = 0; samples[i].info.known && kind < RECORD_KINDS; kind++) {
			const char *const labels[] = {"vendor", samples[i].account->name, "status",
						      kinds[kind], NULL};

			metric_count(out, "rosterfs_users", labels, samples[i].info.kinds[kind]);
		}
	}
}

/* Print those that have occurred, because most methods have few verdicts. */
static void print_requests(FILE *out, const struct sample *samples, size_t count)
{
	static const char *const methods[] = {HTTP_METHODS_ALL(TEXT)};
	static const char *const ends[] = {HTTP_ENDS_ALL(TEXT)};

	metric_family(out, "rosterfs_requests_total", "counter",
		      "Requests that were sent and have ended, retries included.");
	for (size_t i = 0; i < count; i++) {
		for (size_t n = 0; n < (size_t)HTTP_METHODS * HTTP_ENDS; n++) {
			size_t method = n / HTTP_ENDS, end = n % HTTP_ENDS;
			uint64_t value = samples[i].stats.ended[method][end];
			const char *const labels[] = {"vendor",  samples[i].account->name,
						      "method",  methods[method],
						      "verdict", ends[end],
						      NULL};

			if (value)
				metric_count(out, "rosterfs_requests_total", labels, value);
		}
	}
}

static void print_durations(FILE *out, const struct sample *samples, size_t count)
{
	metric_family(out, "rosterfs_request_duration_seconds", "histogram",
		      "From sending a request to its whole response or its failure.");
	for (size_t i = 0; i < count; i++)
		metric_histogram(out, "rosterfs_request_duration_seconds", samples[i].account->name,
				 http_stats_bounds, HTTP_BOUNDS, samples[i].stats.durations,
				 samples[i].stats.duration);
}

static void print_waits(FILE *out, const struct sample *samples, size_t count)
{
	static const char *const reasons[] = {HTTP_WAITS_ALL(TEXT)};

	metric_family(out, "rosterfs_wait_seconds_total", "counter",
		      "How long requests waited before they were sent, by what for.");
	for (size_t i = 0; i < count; i++) {
		for (size_t wait = 0; wait < HTTP_WAITS; wait++) {
			const char *const labels[] = {"vendor", samples[i].account->name, "reason",
						      reasons[wait], NULL};

			metric_milliseconds(out, "rosterfs_wait_seconds_total", labels,
					    samples[i].stats.waited[wait]);
		}
	}
}

static void print_writes(FILE *out, const struct sample *samples, size_t count)
{
	static const char *const outcomes[] = {ACCOUNT_WRITES_ALL(TEXT)};

	metric_family(out, "rosterfs_writes_total", "counter", "Attempted changes, by outcome.");
	for (size_t i = 0; i < count; i++) {
		for (size_t write = 0; write < ACCOUNT_WRITES; write++) {
			const char *const labels[] = {"vendor", samples[i].account->name, "outcome",
						      outcomes[write], NULL};

			metric_count(out, "rosterfs_writes_total", labels,
				     atomic_load(&samples[i].account->writes[write]));
		}
	}
}

static void print_gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
	metric_family(out, name, "gauge", help);
	metric_count(out, name, NULL, value);
}

/* What the kernel does not show of a process that is not dumpable, except to root. */
static void print_process(FILE *out)
{
	unsigned descriptors, threads;

	if (!process_counts(&descriptors, &threads))
		return;
	print_gauge(out, "rosterfs_open_descriptors", "Open file descriptors.", descriptors);
	print_gauge(out, "rosterfs_threads", "Threads.", threads);
}

/* There is one limit for all vendors. Without one, nothing is printed of what is left. */
static void print_room(FILE *out, struct fs *fs)
{
	struct guard_room room;

	guard_look(fs->guard, &room);
	print_gauge(out, "rosterfs_status_limit", "Status changes in the window; 0: no limit.",
		    room.limit);
	print_gauge(out, "rosterfs_status_window_seconds", "Length of that window.", room.window);
	if (!room.limit)
		return;
	print_gauge(out, "rosterfs_status_changes_left", "Status changes that are left.",
		    room.left);
	if (room.until)
		print_gauge(out, "rosterfs_status_changes_left_until_seconds",
			    "When more are left, in seconds since 1970; absent: none is counted.",
			    (uint64_t)room.until);
}

/* The kernel's requests have no vendor. */
static void print_asked(FILE *out, struct fs *fs)
{
	const struct asked *asked = &fs->asked;
#define ASKED_NAME(constant, name) #name,
	static const char *const names[] = {ASKED_ALL(ASKED_NAME)};
#undef ASKED_NAME

	metric_family(out, "rosterfs_fuse_requests_total", "counter", "Requests of the kernel.");
	for (size_t i = 0; i < ASKED_COUNT; i++) {
		const char *const labels[] = {"operation", names[i], NULL};

		metric_count(out, "rosterfs_fuse_requests_total", labels,
			     atomic_load(&asked->requests[i]));
	}
	metric_family(out, "rosterfs_fuse_notifications_total", "counter",
		      "Times that the kernel was told to forget.");
	metric_count(out, "rosterfs_fuse_notifications_total", NULL,
		     atomic_load(&asked->notifications));
	print_gauge(out, "rosterfs_fuse_inodes", "Files and directories that the kernel knows.",
		    inode_count(fs));
	metric_family(out, "rosterfs_fuse_texts_total", "counter",
		      "Texts that the kernel was given without asking.");
	metric_count(out, "rosterfs_fuse_texts_total", NULL, atomic_load(&asked->texts));
}

/* Fill SAMPLES with the branches that have an API. Return their number. */
static size_t take_samples(struct fs *fs, struct sample *samples)
{
	size_t count = 0;

	for (size_t i = 0; i < fs->branch_count; i++) {
		struct branch *branch = &fs->branches[i];
		char words[2];

		if (!branch->users)
			continue;
		samples[count].account = branch->account;
		record_dir_info(branch, &samples[count].info);
		account_stats(branch->account, &samples[count].stats);
		http_hold(&branch->account->endpoint, words, sizeof(words));
		samples[count].held = words[0];
		count++;
	}
	return count;
}

/* Make the length of what was printed a multiple of STEP. Reading this file makes requests of the
 * kernel that it counts, and tar complains about a file whose length changes. */
static void print_padding(FILE *out)
{
	static const char
	    words[] = "# Blanks follow, so that the length of this text rarely changes.";
	long length = ftell(out) + (long)sizeof(words);

	fprintf(out, "%s%*s\n", words, (int)((STEP - length % STEP) % STEP), "");
}

/* 0 or -ENOMEM. */
static int print_metrics(FILE *out, struct fs *fs)
{
	struct sample *samples = calloc(fs->branch_count + 1, sizeof(*samples));
	size_t count;

	if (!samples)
		return -ENOMEM;
	count = take_samples(fs, samples);
	print_mount(out, fs);
	print_users(out, samples, count);
	for (size_t m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++)
		print_metric(out, &metrics[m], samples, count);
	print_requests(out, samples, count);
	print_durations(out, samples, count);
	print_waits(out, samples, count);
	print_writes(out, samples, count);
	free(samples);
	print_process(out);
	print_room(out, fs);
	print_asked(out, fs);
	fs->store->ops->print_metrics(fs->store, out);
	print_padding(out);
	return 0;
}

static char *metrics_text(struct fs *fs, const struct node *node, size_t *length)
{
	(void)node;
	return control_file_print(fs, print_metrics, length);
}

const struct node_ops metrics_file = {
    .mode = S_IFREG | 0400,
    .attr_seconds = control_file_seconds,
    .text = metrics_text,
};
