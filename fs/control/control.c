/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.c - see control.h.
 *
 * Renders figures that others keep. It changes nothing but the age of rosters, the limit of the
 * brake, and whether a vendor is asked that is not to be asked just now.
 */
#include "fs/control/control.h"

#include "cache/roster/figures.h"
#include "cache/history/guard.h"
#include "cache/roster/roster.h"
#include "fs/tree/notify.h"
#include "fs/tree/record_dir.h"
#include "vendors/base/limits.h"
#include "vendors/http/http.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_state(FILE *out, const struct figures *info)
{
	char text[64];

	if (info->fetching)
		snprintf(text, sizeof(text), "fetching: %u pages, %zu users", info->pages,
			 info->rows);
	else if (info->known)
		snprintf(text, sizeof(text), "fetched");
	else
		snprintf(text, sizeof(text), "not fetched yet");
	fprintf(out, "%-32s ", text);
}

static void add_info(struct figures *info, struct roster *roster)
{
	struct figures other;

	figures_get(roster, &other);
	info->reappeared += other.reappeared;
	if (other.failed <= info->failed)
		return;
	info->failed = other.failed;
	memcpy(info->last_error, other.last_error, sizeof(info->last_error));
}

/* The figures of BRANCH's users, but what went wrong in any of its rosters. */
static void branch_info(struct branch *branch, struct figures *info)
{
	struct roster *users = branch->users->roster;

	figures_get(users, info);
	for (struct record_dir *record_dir = record_dir_first(branch); record_dir;
	     record_dir = record_dir->next) {
		if (record_dir->roster && record_dir->roster != users)
			add_info(info, record_dir->roster);
		if (record_dir->statuses && record_dir->statuses != record_dir->roster)
			add_info(info, record_dir->statuses);
	}
}

/* Say of each list of BRANCH that has become so much shorter. */
static void print_shrunk(FILE *out, struct branch *branch)
{
	for (struct record_dir *record_dir = record_dir_first(branch); record_dir;
	     record_dir = record_dir->next) {
		struct roster *rosters[] = {record_dir->roster, record_dir->statuses};

		for (size_t i = 0; i < 2; i++) {
			struct figures info;

			if (!rosters[i] || (i && rosters[1] == rosters[0]))
				continue;
			figures_get(rosters[i], &info);
			if (info.nobody)
				fprintf(
				    out,
				    "%-16s warning: the list of %s is empty: the key may not have the "
				    "right to list\n",
				    "", roster_collection(rosters[i])->name);
			if (info.shrunk)
				fprintf(
				    out,
				    "%-16s warning: the list of %s has %zu now, and had %zu before: "
				    "the key may have lost its rights\n",
				    "", roster_collection(rosters[i])->name, info.users,
				    info.shrunk);
		}
	}
}

static void print_branch(FILE *out, struct branch *branch)
{
	struct figures info;
	struct http_stats stats;
	char hold[512];

	fprintf(out, "%-16s ", branch->account->name);
	if (!branch->users) {
		fprintf(out, "%8s %8s kept by hand: see MANUAL\n", "-", "-");
		return;
	}
	branch_info(branch, &info);
	http_stats(&branch->account->endpoint, &stats);
	if (info.known)
		fprintf(out, "%8zu %7.0fs ", info.users, info.age);
	else
		fprintf(out, "%8s %8s ", "-", "-");
	print_state(out, &info);
	fprintf(out, "%8" PRIu64 " %4u %s\n", stats.requests, stats.in_flight + stats.queued,
		info.last_error[0] ? info.last_error : "-");
	http_hold(&branch->account->endpoint, hold, sizeof(hold));
	if (hold[0])
		fprintf(out, "%-16s not asked: %s; echo %s > .rosterfs/refresh asks once\n", "",
			hold, branch->account->name);
	if (info.reappeared)
		fprintf(out,
			"%-16s %zu users are active again at the vendor after this mount made them "
			"inactive: see log\n",
			"", info.reappeared);
	print_shrunk(out, branch);
}

static void print_limit(FILE *out, struct fs *fs)
{
	struct guard_room room;
	char when[GUARD_TIME_MAX];

	guard_look(fs->guard, &room);
	if (!room.limit) {
		fprintf(out, "status_limit: none\n");
		return;
	}
	fprintf(out, "status_limit: %u of %u changes left (per %u s)", room.left, room.limit,
		room.window);
	if (room.until) {
		guard_time(room.until, when);
		fprintf(out, "; more again at %s", when);
	}
	fprintf(out, "\n");
}

static void print_status(FILE *out, struct fs *fs)
{
	fprintf(out, "%-16s %8s %8s %-32s %8s %4s %s\n", "VENDOR", "USERS", "AGE", "STATE",
		"REQUESTS", "OPEN", "LAST ERROR");
	for (size_t i = 0; i < fs->branch_count; i++)
		print_branch(out, &fs->branches[i]);
	print_limit(out, fs);
	if (fs->options.read_only)
		fprintf(out, "mounted read-only\n");
	if (fs->options.dry_run)
		fprintf(out, "dry run: nothing is sent but GETs\n");
}

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
	/* whole seconds: a file whose length changes at each look makes tar complain */
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
	bool of_roster; /* there is none before there is a roster: 0 would be told for a fact */
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

/*
 * The kernel's requests are nobody's in particular: they have no vendor. Each look at this file is
 * some itself: zeros in front, or its length would change as one looks, and tar would complain.
 */
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

/* One line of METRIC for each branch whose FIGURES tell something. */
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

/* One brake for all vendors. Without a limit nothing is left of it. */
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
		branch_info(&fs->branches[i], &figures[i].info);
		http_stats(&fs->branches[i].account->endpoint, &figures[i].stats);
	}
	for (size_t m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++)
		print_metric(out, fs, &metrics[m], figures);
	free(figures);
	print_room(out, fs);
	print_asked(out, &fs->asked);
	fprintf(out, "# EOF\n");
	return 0;
}

/* What may be written back as it is. */
static char *settings_text(struct fs *fs, size_t *length)
{
	struct guard_room room;
	char *text = NULL;
	int printed;

	guard_look(fs->guard, &room);
	printed = asprintf(&text, "status_limit %u\n", room.limit);
	if (printed < 0)
		return NULL;
	*length = (size_t)printed;
	return text;
}

char *control_text(struct fs *fs, enum node_kind kind, size_t *length)
{
	char *text = NULL;
	int error = 0;
	FILE *out;

	if (kind == NODE_CONTROL_LOG)
		return log_text(length);
	if (kind == NODE_CONTROL_SETTINGS)
		return settings_text(fs, length);
	if (kind != NODE_CONTROL_STATUS && kind != NODE_CONTROL_METRICS)
		return NULL;
	out = open_memstream(&text, length);
	if (!out)
		return NULL;
	if (kind == NODE_CONTROL_STATUS)
		print_status(out, fs);
	else
		error = print_metrics(out, fs);
	if (fclose(out) || error) {
		free(text);
		return NULL;
	}
	return text;
}

off_t control_size(struct fs *fs, enum node_kind kind)
{
	size_t length = 0;
	char *text;

	if (kind == NODE_CONTROL_LOG)
		return (off_t)log_size();
	text = control_text(fs, kind, &length);
	free(text);
	return text ? (off_t)length : 0;
}

static bool refresh(struct fs *fs, const char *text, size_t length)
{
	bool all = length == 3 && memcmp(text, "all", 3) == 0, found = false;

	/* as Tab completes the name of a directory */
	if (length && text[length - 1] == '/')
		length--;
	for (size_t i = 0; i < fs->branch_count; i++) {
		const char *name = fs->branches[i].account->name;

		if (!all && (strlen(name) != length || memcmp(name, text, length) != 0))
			continue;
		found = true;
		if (!fs->branches[i].users)
			continue;
		http_lift(&fs->branches[i].account->endpoint);
		record_dir_refresh_all(&fs->branches[i]);
		notify_refresh(fs, &fs->branches[i]);
	}
	return found;
}

/* "status_limit N": N into *LIMIT. */
static bool parse_limit(const char *text, size_t length, unsigned *limit)
{
	static const char key[] = "status_limit";
	size_t at = sizeof(key) - 1, begin;
	unsigned long number = 0;

	if (length < at || memcmp(text, key, at) != 0)
		return false;
	for (begin = at; at < length && (text[at] == ' ' || text[at] == '\t'); at++) {
	}
	if (at == begin || at == length)
		return false;
	for (; at < length; at++) {
		if (text[at] < '0' || text[at] > '9')
			return false;
		number = number * 10 + (unsigned long)(text[at] - '0');
		if (number > LIMITS_COUNT_MAX)
			return false;
	}
	*limit = (unsigned)number;
	return true;
}

static bool set(struct fs *fs, const char *text, size_t length, char **done)
{
	struct guard_room room;
	unsigned limit;

	if (!parse_limit(text, length, &limit))
		return false;
	guard_look(fs->guard, &room);
	guard_set_limit(fs->guard, limit);
	if (asprintf(done, "status_limit is %u for this mount from now on; it was %u", limit,
		     room.limit) < 0)
		*done = NULL;
	return true;
}

int control_write(struct fs *fs, enum node_kind kind, const char *text, size_t length,
		  const char **words, char **done)
{
	bool good;

	*done = NULL;
	if (length && text[length - 1] == '\n')
		length--;
	if (kind == NODE_CONTROL_REFRESH) {
		good = refresh(fs, text, length);
		*words = "neither the name of a vendor's directory nor all";
	} else {
		good = set(fs, text, length, done);
		*words = "not a setting: write status_limit and a number, such as "
			 "\"status_limit 100\" (0: no limit; at most 1000000000)";
	}
	return good ? 0 : -EINVAL;
}
