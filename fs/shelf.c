/*
 * shelf.c - see shelf.h.
 *
 * Keeps a branch's shelves, and passes on what their rosters tell: the kernel forgets attributes
 * before a writer hears of success, and a membership that is made or ended is a reason to ask for
 * the member's status anew. It must not know what stands in a record.
 */
#include "fs/shelf.h"

#include "cache/roster.h"
#include "fs/node.h"
#include "fs/notify.h"
#include "fs/path.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void shelf_name(const struct shelf *shelf, const char *id, const char *suffix, char *name)
{
	char stem[PATH_STEM_MAX + 1];

	path_stem(id, stem);
	if (!shelf->place || shelf->place->kind == PLACE_FILES || shelf->place->kind == PLACE_LINKS)
		snprintf(name, SHELF_NAME_MAX, "%s%s", stem, suffix);
	else if (shelf->place->kind == PLACE_FOLDERS)
		snprintf(name, SHELF_NAME_MAX, "%s/%s", stem, shelf->place->file);
	else
		snprintf(name, SHELF_NAME_MAX, "%s", shelf->place->file);
}

bool shelf_creates(const struct shelf *shelf)
{
	const struct collection *collection = roster_collection(shelf->roster);

	return !shelf_has_links(shelf) && collection->creates &&
	       collection->creates(shelf->branch->account);
}

bool shelf_may_have(const struct shelf *shelf, const char *id)
{
	return collection_may_have(roster_collection(shelf->roster), id);
}

bool shelf_lists(const struct shelf *shelf)
{
	return !shelf->place || shelf->place->kind != PLACE_FILE;
}

bool shelf_has_links(const struct shelf *shelf)
{
	return shelf->place && shelf->place->kind == PLACE_LINKS;
}

bool shelf_has_folders(const struct shelf *shelf)
{
	return shelf->place && shelf->place->kind == PLACE_FOLDERS;
}

/* ---- what rosters tell ---- */

/* Another version of ID: the kernel forgets its attributes. */
static void tell_kernel(struct shelf *shelf, const char *id, const char *suffix)
{
	struct fs *fs = shelf->branch->fs;
	char name[SHELF_NAME_MAX], path[NODE_PATH_MAX];
	struct node *node;

	shelf_name(shelf, id, suffix, name);
	snprintf(path, sizeof(path), "%s/%s", shelf->path, name);
	node = node_find(fs, path);
	if (!node)
		return;
	notify_attributes(fs, node);
	node_drop(fs, node);
}

/* A link of user ID was made or ended here: that may be another status. */
static void doubt_status(struct shelf *shelf, const char *id)
{
	struct roster *statuses = shelf->branch->users->statuses;
	struct record *link;
	double seconds;

	roster_peek(shelf->roster, id, &link, &seconds);
	/* made by our own hand: it is no surprise that the user is active again */
	if (link)
		roster_note_deactivated(statuses, id, false);
	record_put(link);
	roster_doubt(statuses, id);
}

static void record_changed(void *arg, const char *id)
{
	struct shelf *shelf = arg;

	tell_kernel(shelf, id, ".json");
	if (!shelf->place)
		tell_kernel(shelf, id, ".status");
	if (shelf_has_links(shelf))
		doubt_status(shelf, id);
}

static void email_changed(void *arg, const char *email)
{
	const struct shelf *shelf = arg;

	if (!shelf->place)
		notify_person(shelf->branch->fs, shelf->branch, email);
}

static void replaced(void *arg, bool same)
{
	struct shelf *shelf = arg;
	struct fs *fs = shelf->branch->fs;
	struct node *directory = node_find(fs, shelf->path);

	if (directory) {
		notify_attributes(fs, directory);
		node_drop(fs, directory);
	}
	/* going through 200,000 nodes to find nothing would keep others from theirs */
	if (!same)
		notify_shelf(fs->notify, shelf);
}

/* ---- making and ending ---- */

static struct shelf *shelf_new(struct branch *branch, const struct place *place, const char *path,
			       const char *parent)
{
	const struct vendor *vendor = branch->account->vendor;
	struct shelf *shelf = calloc(1, sizeof(*shelf));
	struct roster_events events = {.arg = shelf,
				       .record_changed = record_changed,
				       .replaced = replaced,
				       .email_changed = email_changed};

	if (!shelf)
		return NULL;
	shelf->branch = branch;
	shelf->place = place;
	shelf->path = strdup(path);
	shelf->roster = roster_new(branch->account, place ? place->collection : vendor->users,
				   parent, branch->fs->pool, &events);
	shelf->statuses = shelf->roster;
	if (!place && vendor->statuses)
		shelf->statuses = roster_new(branch->account, vendor->statuses, NULL,
					     branch->fs->pool, &events);
	if (!shelf->path || !shelf->roster || !shelf->statuses) {
		shelf_free(shelf);
		return NULL;
	}
	return shelf;
}

int shelf_users(struct branch *branch)
{
	branch->users = shelf_new(branch, NULL, branch->account->name, NULL);
	if (!branch->users)
		return -ENOMEM;
	branch->shelves = branch->users;
	return 0;
}

struct shelf *shelf_first(struct branch *branch)
{
	struct shelf *shelf;

	pthread_mutex_lock(&branch->lock);
	shelf = branch->shelves;
	pthread_mutex_unlock(&branch->lock);
	return shelf;
}

struct shelf *shelf_take(struct branch *branch, const struct place *place, const char *path,
			 const char *parent)
{
	struct shelf *shelf;

	pthread_mutex_lock(&branch->lock);
	HASH_FIND_STR(branch->by_path, path, shelf);
	if (!shelf) {
		shelf = shelf_new(branch, place, path, parent);
		if (shelf) {
			shelf->next = branch->shelves;
			branch->shelves = shelf;
			HASH_ADD_KEYPTR(hh, branch->by_path, shelf->path, strlen(shelf->path),
					shelf);
		}
	}
	pthread_mutex_unlock(&branch->lock);
	return shelf;
}

void shelf_stop(struct shelf *shelf)
{
	roster_stop(shelf->roster);
	roster_stop(shelf->statuses);
}

void shelf_free(struct shelf *shelf)
{
	if (!shelf)
		return;
	if (shelf->statuses != shelf->roster)
		roster_free(shelf->statuses);
	roster_free(shelf->roster);
	free(shelf->path);
	free(shelf);
}

void shelf_refresh_all(struct branch *branch)
{
	for (struct shelf *shelf = shelf_first(branch); shelf; shelf = shelf->next) {
		roster_refresh(shelf->roster);
		roster_refresh(shelf->statuses);
	}
}

void shelf_refresh_links(struct branch *branch)
{
	for (struct shelf *shelf = shelf_first(branch); shelf; shelf = shelf->next) {
		if (shelf_has_links(shelf))
			roster_refresh(shelf->roster);
	}
}
