/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_dir.c - see record_dir.h.
 *
 * Keeps the record directories of a branch, and passes on the events of their rosters: the kernel
 * forgets attributes before a writer is told of success, and when a membership is made or ended,
 * the member's status is asked for again. Links that are part of a record, and that record, are
 * doubted together. It must not know what a record says.
 */
#include "fs/tree/record_dir.h"

#include "cache/changes/poll.h"
#include "cache/changes/watch.h"
#include "cache/record/record.h"
#include "cache/roster/figures.h"
#include "cache/roster/flight.h"
#include "cache/roster/inactive.h"
#include "cache/roster/known.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "fs/tree/path.h"
#include "vendors/base/clock.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void record_dir_name(const struct record_dir *record_dir, const char *id, const char *suffix,
		     char *name)
{
	char stem[PATH_STEM_MAX + 1];

	path_stem(id, stem);
	if (!record_dir->place || record_dir->place->kind == PLACE_FILES ||
	    record_dir->place->kind == PLACE_LINKS)
		snprintf(name, RECORD_DIR_NAME_MAX, "%s%s", stem, suffix);
	else if (record_dir->place->kind == PLACE_FOLDERS)
		snprintf(name, RECORD_DIR_NAME_MAX, "%s/%s", stem, record_dir->place->file);
	else
		snprintf(name, RECORD_DIR_NAME_MAX, "%s", record_dir->place->file);
}

/* Return true if each record is a link. */
static bool has_links(const struct record_dir *record_dir)
{
	return record_dir->place && record_dir->place->kind == PLACE_LINKS;
}

bool record_dir_creates(const struct record_dir *record_dir)
{
	const struct collection *collection = roster_collection(record_dir->roster);

	return !has_links(record_dir) && collection->creates &&
	       collection->creates(record_dir->branch->account);
}

bool record_dir_may_have(const struct record_dir *record_dir, const char *id)
{
	return collection_may_have(roster_collection(record_dir->roster), id);
}

bool record_dir_lists(const struct record_dir *record_dir)
{
	return !record_dir->place || record_dir->place->kind != PLACE_FILE;
}

/* ---- what rosters tell ---- */

/* A link of user ID was made or ended here: the user's status may have changed. */
static void doubt_status(struct record_dir *record_dir, const char *id)
{
	struct roster *statuses = record_dir->branch->users->statuses;
	struct record *link;
	double seconds;

	known_peek(record_dir->roster, id, &link, &seconds);
	/* this mount made it, so the user may be active again without a warning */
	if (link)
		inactive_note(statuses, id, false);
	record_put(link);
	publish_suspect(statuses, id);
}

/* Return true if UPPER has records with links of CHILD, a place, within them. */
static bool holds_links(const struct record_dir *upper, const struct place *child)
{
	const struct place *below = upper->place ? upper->place->below : NULL;

	for (; below && below->name; below++) {
		if (below->collection == child->collection)
			return below->kind == PLACE_LINKS && below->collection->within;
	}
	return false;
}

/* The record ID was changed: the links that are part of it may be others now. */
static void doubt_links(struct record_dir *record_dir, const char *id)
{
	struct record_dir *other;

	if (!record_dir->place || !record_dir->place->below)
		return;
	other = record_dir_first(record_dir->branch);
	for (; other; other = other->next) {
		if (other->place && holds_links(record_dir, other->place) &&
		    strcmp(roster_parent(other->roster), id) == 0)
			roster_distrust(other->roster, clock_seconds());
	}
}

/* The links here are others now, and so is the record that they are part of. */
static void doubt_holder(struct record_dir *record_dir)
{
	struct record_dir *other;

	if (!record_dir->place->collection->within)
		return;
	other = record_dir_first(record_dir->branch);
	for (; other; other = other->next) {
		if (holds_links(other, record_dir->place))
			publish_suspect(other->roster, roster_parent(record_dir->roster));
	}
}

static void tell_changed(void *arg, const char *id)
{
	struct record_dir *record_dir = arg;

	record_dir->branch->fs->events->changed(record_dir, id);
	if (!has_links(record_dir)) {
		doubt_links(record_dir, id);
		return;
	}
	doubt_status(record_dir, id);
	doubt_holder(record_dir);
}

/* Another mount has changed a status, by memberships that are links here. */
static void tell_status_told(void *arg, const char *id)
{
	const struct record_dir *record_dir = arg;

	(void)id;
	record_dir_refresh_links(record_dir->branch);
}

static void tell_email_changed(void *arg, const char *key)
{
	struct record_dir *record_dir = arg;

	if (!record_dir->place)
		record_dir->branch->fs->events->email_changed(record_dir, key);
}

static void tell_replaced(void *arg, bool same)
{
	struct record_dir *record_dir = arg;

	record_dir->branch->fs->events->replaced(record_dir, same);
	if (!same && has_links(record_dir))
		doubt_holder(record_dir);
}

static void tell_distrusted(void *arg)
{
	struct record_dir *record_dir = arg;

	record_dir->branch->fs->events->distrusted(record_dir);
}

/* A list shows user ID, or the user's status, differently. */
static void tell_record_listed(void *arg, const char *id)
{
	struct record_dir *record_dir = arg;

	record_dir->branch->fs->events->changed(record_dir, id);
}

static void tell_listed(const struct record_dir_watch *watch, struct snapshot *snapshot,
			double began, uint64_t generation)
{
	if (watch->poll)
		poll_listed(watch->poll, began);
	if (watch->watch)
		watch_listed(watch->watch, snapshot, generation);
}

static void tell_users_listed(void *arg, struct snapshot *snapshot, double began,
			      uint64_t generation)
{
	tell_listed(&((struct record_dir *)arg)->users_watch, snapshot, began, generation);
}

static void tell_statuses_listed(void *arg, struct snapshot *snapshot, double began,
				 uint64_t generation)
{
	tell_listed(&((struct record_dir *)arg)->statuses_watch, snapshot, began, generation);
}

static void tell_written(const struct record_dir_watch *watch, const struct roster_write *write)
{
	if (watch->watch)
		watch_written(watch->watch, write);
}

static void tell_user_written(void *arg, const struct roster_write *write)
{
	tell_written(&((struct record_dir *)arg)->users_watch, write);
}

static void tell_status_written(void *arg, const struct roster_write *write)
{
	tell_written(&((struct record_dir *)arg)->statuses_watch, write);
}

static void tell_fetched(void *arg)
{
	struct fs *fs = ((struct record_dir *)arg)->branch->fs;

	if (fs->fetched)
		fs->fetched(fs->fetched_arg);
}

/* ---- making and ending ---- */

/* Make WATCH, of ROSTER, if its account is polled. Return 0 or -ENOMEM. */
static int make_watch(const struct record_dir *record_dir, struct roster *roster,
		      struct record_dir_watch *watch)
{
	const struct fs *fs = record_dir->branch->fs;
	unsigned seconds = record_dir->branch->account->poll;

	if (!seconds)
		return 0;
	watch->watch = watch_new(fs->changes, fs->options.domains, roster, record_dir->roster);
	watch->poll = poll_new(roster, seconds);
	return watch->watch && watch->poll ? 0 : -ENOMEM;
}

static void free_watch(struct record_dir_watch *watch)
{
	poll_free(watch->poll);
	watch_free(watch->watch);
}

/* Make the rosters of RECORD_DIR, below the record PARENT. Return 0 or -ENOMEM. */
static int make_rosters(struct record_dir *record_dir, const char *parent)
{
	const struct place *place = record_dir->place;
	struct branch *branch = record_dir->branch;
	const struct vendor *vendor = branch->account->vendor;
	struct store *store = branch->fs->store;
	struct roster_events events = {.arg = record_dir,
				       .record_changed = tell_changed,
				       .replaced = tell_replaced,
				       .distrusted = tell_distrusted,
				       .email_changed = tell_email_changed};

	if (!place) {
		events.record_listed = tell_record_listed;
		events.listed = tell_users_listed;
		events.written = tell_user_written;
		events.fetched = tell_fetched;
	}
	record_dir->roster = roster_new(branch->account, place ? place->collection : vendor->users,
					parent, branch->pool, &events);
	record_dir->statuses = record_dir->roster;
	if (!place && vendor->statuses) {
		events.listed = tell_statuses_listed;
		events.written = tell_status_written;
		events.told = tell_status_told;
		record_dir->statuses = roster_new(branch->account, vendor->statuses, NULL,
						  branch->pool, &events);
	}
	if (!record_dir->roster || !record_dir->statuses ||
	    roster_set_store(record_dir->roster, store) ||
	    (record_dir->statuses != record_dir->roster &&
	     roster_set_store(record_dir->statuses, store)))
		return -ENOMEM;
	if (place && place->collection->link && branch->users)
		roster_set_people(record_dir->roster, branch->users->roster);
	if (place && place->collection->link && vendor->statuses && branch->users)
		roster_set_statuses(record_dir->roster, branch->users->statuses);
	if (place)
		return 0;
	if (record_dir->statuses != record_dir->roster)
		roster_set_people(record_dir->statuses, record_dir->roster);
	if (record_dir->statuses != record_dir->roster &&
	    make_watch(record_dir, record_dir->statuses, &record_dir->statuses_watch))
		return -ENOMEM;
	return make_watch(record_dir, record_dir->roster, &record_dir->users_watch);
}

static struct record_dir *record_dir_new(struct branch *branch, const struct place *place,
					 const char *path, const char *parent)
{
	struct record_dir *record_dir = calloc(1, sizeof(*record_dir));

	if (!record_dir)
		return NULL;
	record_dir->scope = (struct scope){branch, record_dir};
	record_dir->branch = branch;
	record_dir->place = place;
	record_dir->path = strdup(path);
	if (!record_dir->path || make_rosters(record_dir, parent)) {
		record_dir_free(record_dir);
		return NULL;
	}
	return record_dir;
}

int record_dir_users(struct branch *branch)
{
	branch->users = record_dir_new(branch, NULL, branch->account->name, NULL);
	if (!branch->users)
		return -ENOMEM;
	branch->record_dirs = branch->users;
	return 0;
}

struct record_dir *record_dir_first(struct branch *branch)
{
	struct record_dir *record_dir;

	pthread_mutex_lock(&branch->lock);
	record_dir = branch->record_dirs;
	pthread_mutex_unlock(&branch->lock);
	return record_dir;
}

struct record_dir *record_dir_take(struct branch *branch, const struct place *place,
				   const char *path, const char *parent)
{
	struct record_dir *record_dir;

	pthread_mutex_lock(&branch->lock);
	HASH_FIND_STR(branch->by_path, path, record_dir);
	if (!record_dir) {
		record_dir = record_dir_new(branch, place, path, parent);
		if (record_dir)
			HASH_ADD_KEYPTR(hh, branch->by_path, record_dir->path,
					strlen(record_dir->path), record_dir);
		if (record_dir && !record_dir->hh.tbl) {
			record_dir_free(record_dir);
			record_dir = NULL;
		} else if (record_dir) {
			record_dir->next = branch->record_dirs;
			branch->record_dirs = record_dir;
		}
	}
	pthread_mutex_unlock(&branch->lock);
	return record_dir;
}

void record_dir_poll(struct record_dir *record_dir)
{
	if (record_dir->users_watch.poll)
		poll_start(record_dir->users_watch.poll);
	if (record_dir->statuses_watch.poll)
		poll_start(record_dir->statuses_watch.poll);
}

void record_dir_stop(struct record_dir *record_dir)
{
	flight_stop(record_dir->roster);
	flight_stop(record_dir->statuses);
}

void record_dir_free(struct record_dir *record_dir)
{
	if (!record_dir)
		return;
	free_watch(&record_dir->users_watch);
	free_watch(&record_dir->statuses_watch);
	if (record_dir->statuses != record_dir->roster)
		roster_free(record_dir->statuses);
	roster_free(record_dir->roster);
	free(record_dir->path);
	free(record_dir);
}

void record_dir_refresh_all(struct branch *branch)
{
	for (struct record_dir *record_dir = record_dir_first(branch); record_dir;
	     record_dir = record_dir->next) {
		roster_refresh(record_dir->roster);
		roster_refresh(record_dir->statuses);
	}
}

/* Fetch again, in the background, what ROSTER lists, if it was fetched before. */
static void renew(struct roster *roster)
{
	struct figures figures;

	figures_get(roster, &figures);
	if (figures.known)
		flight_renew(roster, NULL);
}

void record_dir_renew(struct record_dir *record_dir)
{
	renew(record_dir->roster);
	if (record_dir->statuses != record_dir->roster)
		renew(record_dir->statuses);
}

void record_dir_renew_all(struct branch *branch)
{
	for (struct record_dir *record_dir = record_dir_first(branch); record_dir;
	     record_dir = record_dir->next)
		record_dir_renew(record_dir);
}

void record_dir_refresh_links(struct branch *branch)
{
	for (struct record_dir *record_dir = record_dir_first(branch); record_dir;
	     record_dir = record_dir->next) {
		if (has_links(record_dir))
			roster_distrust(record_dir->roster, clock_seconds());
	}
}

/* ---- figures ---- */

static void add_info(struct figures *info, struct roster *roster)
{
	struct figures other;

	figures_get(roster, &other);
	info->reappeared += other.reappeared;
	if (other.worked > info->worked)
		info->worked = other.worked;
	if (other.last.words[0] && (!info->last.words[0] || other.last.failed > info->last.failed))
		info->last = other.last;
}

/* Add the figures of STATUSES, the list of the users' statuses, to INFO, those of the users. */
static void add_statuses(struct figures *info, struct roster *statuses)
{
	struct figures other;
	size_t listed = 0;

	figures_get(statuses, &other);
	info->failing = info->failing || other.failing;
	if (!info->fetching && other.fetching) {
		info->fetching = true;
		info->progress = other.progress;
	}
	if (!other.known)
		other.rest = RECORD_UNKNOWN;
	for (size_t kind = 0; kind < RECORD_KINDS; kind++) {
		info->kinds[kind] = kind == (size_t)other.rest ? 0 : other.kinds[kind];
		listed += info->kinds[kind];
	}
	/* users that were created after the statuses were listed, or the other way round */
	info->kinds[other.rest] = info->users > listed ? info->users - listed : 0;
}

void record_dir_info(struct branch *branch, struct figures *info)
{
	struct roster *users = branch->users->roster;
	struct record_dir *record_dir = record_dir_first(branch);

	figures_get(users, info);
	if (branch->users->statuses != users)
		add_statuses(info, branch->users->statuses);
	for (; record_dir; record_dir = record_dir->next) {
		if (record_dir->roster && record_dir->roster != users)
			add_info(info, record_dir->roster);
		if (record_dir->statuses && record_dir->statuses != record_dir->roster)
			add_info(info, record_dir->statuses);
	}
	if (info->last.outage && info->worked > info->last.failed)
		info->last.words[0] = '\0';
}
