/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_file.c - .rosterfs/status: for people, what the mount knows, how old that is, and what is
 * going on. It renders figures that others keep.
 */
#include "cache/history/guard.h"
#include "cache/roster/figures.h"
#include "cache/roster/roster.h"
#include "fs/control/control_file.h"
#include "fs/fs.h"
#include "fs/tree/node.h"
#include "fs/tree/record_dir.h"
#include "vendors/http/http.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <inttypes.h>
#include <stdio.h>

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

/* Print a warning for each list of BRANCH that is empty, or has become much shorter. */
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
	record_dir_info(branch, &info);
	account_stats(branch->account, &stats);
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

static int print_status(FILE *out, struct fs *fs)
{
	fprintf(out, "%-16s %8s %8s %-32s %8s %4s %s\n", "VENDOR", "USERS", "AGE", "STATE",
		"REQUESTS", "OPEN", "LAST ERROR");
	for (size_t i = 0; i < fs->branch_count; i++)
		print_branch(out, &fs->branches[i]);
	print_limit(out, fs);
	if (fs->options.read_only)
		fprintf(out, "mounted read-only\n");
	if (fs->options.dry_run)
		fprintf(out, "dry run: only GETs are sent\n");
	return 0;
}

static char *status_text(struct fs *fs, const struct node *node, size_t *length)
{
	(void)node;
	return control_file_print(fs, print_status, length);
}

const struct node_ops status_file = {
    .mode = S_IFREG | 0400,
    .attr_seconds = control_file_seconds,
    .text = status_text,
};
