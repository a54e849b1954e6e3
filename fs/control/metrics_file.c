/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics_file.c - .rosterfs/metrics: for machines, the figures that others keep, as OpenMetrics.
 */
#include "cache/history/guard.h"
#include "cache/roster/figures.h"
#include "fs/asked.h"
#include "fs/control/control_file.h"
#include "fs/fs.h"
#include "fs/tree/node.h"
#include "fs/tree/record_dir.h"
#include "vendors/http/http.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sample {
	struct figures info;
	struct http_stats stats;
};

static double figure_users(const struct sample *f)
{
	return (double)f->info.users;
}
static double figure_age(const struct sample *f)
{
	/* whole seconds: tar complains about a file whose length changes at each read */
	return (double)(long long)f->info.age;
}
static double figure_fetches(const struct sample *f)
{
	return (double)f->info.fetches;
}
static double figure_reappeared(const struct sample *f)
{
	return (double)f->info.reappeared;
}
static double figure_requests(const struct sample *f)
{
	return (double)f->stats.requests;
}
static double figure_retries(const struct sample *f)
{
	return (double)f->stats.retries;
}
static double figure_failures(const struct sample *f)
{
	return (double)f->stats.failures;
}
static double figure_throttled(const struct sample *f)
{
	return (double)f->stats.throttled;
}
static double figure_bytes(const struct sample *f)
{
	return (double)f->stats.bytes;
}
static double figure_in_flight(const struct sample *f)
{
	return (double)f->stats.in_flight;
}

/* OpenMetrics: counters' samples end in _total, their families do not. */
static const struct metric {
	const char *name, *type, *help;
	double (*figure)(const struct sample *figures);
	bool of_roster; /* not shown before there is a roster: 0 would be taken for a fact */
} metrics[] = {
    {"rosterfs_users", "gauge", "Users in the newest roster.", figure_users, true},
    {"rosterfs_roster_age_seconds", "gauge", "Age of the newest roster.", figure_age, true},
    {"rosterfs_fetches", "counter", "Whole rosters fetched.", figure_fetches, false},
    {"rosterfs_reappeared", "counter", "Users active again after a deactivation.",
     figure_reappeared, false},
    {"rosterfs_requests", "counter", "Requests sent, retries included.", figure_requests, false},
    {"rosterfs_retries", "counter", "Requests sent again.", figure_retries, false},
    {"rosterfs_failures", "counter", "Requests that ended without a 2xx answer.", figure_failures,
     false},
    {"rosterfs_throttled", "counter", "Answers with status 429.", figure_throttled, false},
    {"rosterfs_received_bytes", "counter", "Bytes of answers, decoded.", figure_bytes, false},
    {"rosterfs_in_flight", "gauge", "Requests under way.", figure_in_flight, false},
};

/* The kernel's requests have no vendor. Reading this file makes some: the leading zeros keep its
 * length the same, because tar complains about a file whose length changes. */
static void print_asked(FILE *out, const struct asked *asked)
{
#define ASKED_NAME(constant, name) #name,
	static const char *const names[] = {ASKED_ALL(ASKED_NAME)};
#undef ASKED_NAME

	fprintf(out, "# TYPE rosterfs_fuse_requests counter\n"
		     "# HELP rosterfs_fuse_requests Requests of the kernel.\n");
	for (size_t i = 0; i < ASKED_COUNT; i++)
		fprintf(out, "rosterfs_fuse_requests_total{operation=\"%s\"} %012llu\n", names[i],
			atomic_load(&asked->requests[i]));
	fprintf(out,
		"# TYPE rosterfs_fuse_notifications counter\n"
		"# HELP rosterfs_fuse_notifications Times that the kernel was told to forget.\n"
		"rosterfs_fuse_notifications_total %012llu\n"
		"# TYPE rosterfs_fuse_texts counter\n"
		"# HELP rosterfs_fuse_texts Texts that the kernel was given without asking.\n"
		"rosterfs_fuse_texts_total %012llu\n",
		atomic_load(&asked->notifications), atomic_load(&asked->texts));
}

/* Print one line of METRIC for each branch that has such a figure. */
static void print_metric(FILE *out, const struct fs *fs, const struct metric *metric,
			 const struct sample *figures)
{
	bool counter = strcmp(metric->type, "counter") == 0;

	fprintf(out, "# TYPE %s %s\n# HELP %s %s\n", metric->name, metric->type, metric->name,
		metric->help);
	for (size_t i = 0; i < fs->branch_count; i++) {
		if (!fs->branches[i].users || (metric->of_roster && !figures[i].info.known))
			continue;
		fprintf(out, "%s%s{vendor=\"%s\"} %.15g\n", metric->name, counter ? "_total" : "",
			fs->branches[i].account->name, metric->figure(&figures[i]));
	}
}

static void print_gauge(FILE *out, const char *name, const char *help, long long value)
{
	fprintf(out, "# TYPE %s gauge\n# HELP %s %s\n%s %lld\n", name, name, help, name, value);
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
			    (long long)room.until);
}

/* 0 or -ENOMEM. */
static int print_metrics(FILE *out, struct fs *fs)
{
	struct sample *figures = calloc(fs->branch_count + 1, sizeof(*figures));

	if (!figures)
		return -ENOMEM;
	for (size_t i = 0; i < fs->branch_count; i++) {
		if (!fs->branches[i].users)
			continue;
		record_dir_info(&fs->branches[i], &figures[i].info);
		account_stats(fs->branches[i].account, &figures[i].stats);
	}
	for (size_t m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++)
		print_metric(out, fs, &metrics[m], figures);
	free(figures);
	print_room(out, fs);
	print_asked(out, &fs->asked);
	fprintf(out, "# EOF\n");
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
