/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_file.c - .rosterfs/status: for people, what the mount knows, how old that is, and what is
 * going on. It renders figures that others keep.
 *
 * No line is longer than WIDTH columns. The table and the lines below it keep their places whatever
 * happens; what comes and goes is at the end.
 */
#include "cache/history/guard.h"
#include "cache/roster/figures.h"
#include "cache/roster/roster.h"
#include "cache/roster/store.h"
#include "fs/control/control_file.h"
#include "fs/control/notice.h"
#include "fs/fs.h"
#include "fs/tree/node.h"
#include "fs/tree/record_dir.h"
#include "vendors/base/clock.h"
#include "vendors/base/columns.h"
#include "vendors/base/progress.h"
#include "vendors/http/hold.h"
#include "vendors/http/http.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 79 /* some terminals break a line of 80 columns */
#define NAME 14
#define STATE (WIDTH - NAME - 29)
#define INDENT 4    /* of the second and further lines of a note */
#define LIMIT_OLD 3 /* seconds after which the count of all hosts may be another one */

/* ---- the table ---- */

static void print_state(FILE *out, const struct figures *info)
{
	char words[PROGRESS_TEXT_MAX];
	const char *state = words;

	if (info->fetching)
		progress_words(&info->progress, clock_seconds(), STATE, words);
	else if (info->failing)
		state = info->known ? "fetched; the last fetch failed" : "the last fetch failed";
	else
		state = info->known ? "fetched" : "not fetched yet";
	fprintf(out, "%s\n", state);
}

static void print_branch(FILE *out, struct branch *branch, const struct figures *info)
{
	struct http_stats stats;
	char age[COLUMNS_COUNT_MAX];

	columns_print(out, branch->account->name, NAME);
	if (!branch->users) {
		fprintf(out, " %8s %4s %8s %4s kept by hand: see MANUAL\n", "-", "-", "-", "-");
		return;
	}
	account_stats(branch->account, &stats);
	fputc(' ', out);
	if (info->known) {
		columns_number(out, info->users, 8);
		fprintf(out, " %4s ", columns_age(info->age, age));
	} else {
		fprintf(out, "%8s %4s ", "-", "-");
	}
	columns_number(out, stats.requests, 8);
	fputc(' ', out);
	columns_number(out, stats.in_flight + stats.queued, 4);
	fputc(' ', out);
	print_state(out, info);
}

/* ---- below it ---- */

static void print_limit(FILE *out, struct fs *fs)
{
	struct guard_room room;
	char when[GUARD_TIME_MAX], age[COLUMNS_COUNT_MAX];

	guard_look(fs->guard, &room);
	if (!room.limit) {
		fprintf(out, "status_limit: none\n\n");
		return;
	}
	fprintf(out, "status_limit: %u of %u changes left (per %u s%s)\n", room.left, room.limit,
		room.window, room.together ? ", all hosts together" : "");
	if (room.together && room.ago < 0)
		fprintf(out, "  the store has not said yet how many other hosts have made\n");
	else if (room.together && room.ago > LIMIT_OLD)
		fprintf(out, "  as the store said %s ago\n", columns_age(room.ago, age));
	if (room.until) {
		guard_time(room.until, when);
		fprintf(out, "  more again at %s", when);
	}
	fputc('\n', out);
}

static void print_mount(FILE *out, const struct fs *fs)
{
	char age[COLUMNS_COUNT_MAX];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	fprintf(out, "rosterfs %s, mounted for %s", ROSTERFS_VERSION,
		columns_age((double)(now.tv_sec - fs->started.tv_sec), age));
	if (fs->options.read_only)
		fprintf(out, ", read-only");
	if (fs->options.dry_run)
		fprintf(out, ", dry run: only GETs are sent");
	fputc('\n', out);
}

/* ---- what comes and goes ---- */

static void note(FILE *out, const struct branch *branch, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Print a note about BRANCH. */
static void note(FILE *out, const struct branch *branch, const char *format, ...)
{
	char *words = NULL, *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&words, format, args) < 0)
		words = NULL;
	va_end(args);
	if (words && asprintf(&text, "%s: %s", branch->account->name, words) >= 0) {
		columns_wrap(out, text, INDENT, WIDTH);
		free(text);
	}
	free(words);
}

/* Print a warning for ROSTER if its list is empty, or has become much shorter. */
static void note_shrunk(FILE *out, const struct branch *branch, struct roster *roster)
{
	const char *name = roster_collection(roster)->name;
	struct figures info;

	figures_get(roster, &info);
	if (info.nobody)
		note(out, branch,
		     "warning: the list of %s is empty: the key may not have the right to list",
		     name);
	if (info.shrunk)
		note(out, branch,
		     "warning: the list of %s has %zu now, and had %zu before: the key may have "
		     "lost its rights",
		     name, info.users, info.shrunk);
}

static void print_notes(FILE *out, struct branch *branch, const struct figures *info)
{
	char words[512], when[64];

	http_hold(&branch->account->endpoint, words, sizeof(words));
	if (words[0])
		note(out, branch, "not asked: %s; echo %s > .rosterfs/refresh asks once", words,
		     branch->account->name);
	if (info->reappeared)
		note(out, branch,
		     "%zu users are active again at the vendor after this mount made them "
		     "inactive: see log",
		     info->reappeared);
	for (struct record_dir *record_dir = record_dir_first(branch); record_dir;
	     record_dir = record_dir->next) {
		note_shrunk(out, branch, record_dir->roster);
		if (record_dir->statuses != record_dir->roster)
			note_shrunk(out, branch, record_dir->statuses);
	}
	if (!info->last.words[0])
		return;
	hold_clock(info->last.when, when, sizeof(when));
	note(out, branch, "last error (at %s): %s", when, info->last.words);
}

/* Print how far ROSTER, whose records are at PATH, is fetched, if it is. */
static void print_fetch(FILE *out, const char *path, struct roster *roster)
{
	char words[PROGRESS_TEXT_MAX];
	struct figures info;

	figures_get(roster, &info);
	if (!info.fetching)
		return;
	columns_print(out, path, WIDTH - STATE - 1);
	progress_words(&info.progress, clock_seconds(), STATE, words);
	fprintf(out, " %s\n", words);
}

/* Return true if the table shows another fetch than that of STATUSES: that of the USERS. */
static bool is_hidden(struct roster *users, struct roster *statuses)
{
	struct figures info;

	figures_get(users, &info);
	return statuses != users && info.fetching;
}

/* Print the fetches of BRANCH that the table does not show. */
static void print_fetches(FILE *out, struct branch *branch)
{
	for (struct record_dir *record_dir = record_dir_first(branch); record_dir;
	     record_dir = record_dir->next) {
		if (record_dir != branch->users)
			print_fetch(out, record_dir->path, record_dir->roster);
		else if (is_hidden(record_dir->roster, record_dir->statuses))
			print_fetch(out, record_dir->path, record_dir->statuses);
	}
}

static int print_status(FILE *out, struct fs *fs)
{
	struct figures *figures = calloc(fs->branch_count + 1, sizeof(*figures));

	if (!figures)
		return -ENOMEM;
	columns_print(out, "VENDOR", NAME);
	fprintf(out, " %8s %4s %8s %4s %s\n", "USERS", "AGE", "REQUESTS", "OPEN", "STATE");
	for (size_t i = 0; i < fs->branch_count; i++) {
		if (fs->branches[i].users)
			record_dir_info(&fs->branches[i], &figures[i]);
		print_branch(out, &fs->branches[i], &figures[i]);
	}
	fputc('\n', out);
	print_limit(out, fs);
	print_mount(out, fs);
	fs->store->ops->print_status(fs->store, out);
	notice_print(out, fs, WIDTH);
	for (size_t i = 0; i < fs->branch_count; i++) {
		if (fs->branches[i].users)
			print_notes(out, &fs->branches[i], &figures[i]);
	}
	for (size_t i = 0; i < fs->branch_count; i++) {
		if (fs->branches[i].users)
			print_fetches(out, &fs->branches[i]);
	}
	free(figures);
	return 0;
}

static char *status_text(struct fs *fs, const struct node *node, size_t *length)
{
	(void)node;
	return control_file_print(fs, print_status, length);
}

const struct node_ops status_file = {
    .mode = S_IFREG | 0444,
    .umask = NODE_UMASK_LOG,
    .attr_seconds = control_file_seconds,
    .text = status_text,
};
