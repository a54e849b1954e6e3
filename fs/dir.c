/*
 * dir.c - open and read directories.
 *
 * Opening an account's directory brings its whole roster and may wait; reading then only walks
 * through the snapshot that the open got, fixed names first, then each record's two files; in
 * by-email through the people that it got. Every name is given with its attributes (readdirplus),
 * so that `ls -l` asks for nothing more, and the kernel keeps the names of a roster that is fresh.
 */
#include "fs/ops.h"

#include "cache/roster.h"
#include "fs/by_email.h"
#include "fs/entry.h"
#include "fs/node.h"
#include "fs/notify.h"
#include "fs/past.h"
#include "fs/path.h"
#include "fs/request.h"
#include "fs/scratch.h"
#include "fs/shelf.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct dir {
	struct dir *prev, *next;   /* in fs->dirs */
	struct node *node;         /* held */
	struct snapshot *snapshot; /* NULL: no roster here */
	uint64_t generation;       /* of the roster, that the snapshot shows */
	struct people *people;     /* in by-email, else NULL */
	bool paged;                /* the kernel keeps the names that are read through it */
};

static void close_dir(struct fs *fs, struct dir *dir)
{
	pthread_mutex_lock(&fs->requests_lock);
	DL_DELETE(fs->dirs, dir);
	pthread_mutex_unlock(&fs->requests_lock);
	if (dir->paged)
		node_close_pages(fs, dir->node);
	snapshot_put(dir->snapshot);
	people_free(dir->people);
	node_drop(fs, dir->node);
	free(dir);
}

void dir_exit(struct fs *fs)
{
	struct dir *dir, *next;

	DL_FOREACH_SAFE(fs->dirs, dir, next)
	close_dir(fs, dir);
}

/* NODE is open. NULL: no memory, which has been answered. */
static struct dir *dir_new(struct fs *fs, fuse_req_t req, struct node *node)
{
	struct dir *dir = calloc(1, sizeof(*dir));

	if (!dir) {
		fuse_reply_err(req, ENOMEM);
		return NULL;
	}
	dir->node = node;
	node_hold(fs, node);
	return dir;
}

static void reply_dir(struct fs *fs, fuse_req_t req, struct dir *dir, struct fuse_file_info *fi)
{
	pthread_mutex_lock(&fs->requests_lock);
	DL_APPEND(fs->dirs, dir);
	pthread_mutex_unlock(&fs->requests_lock);
	fi->fh = (uint64_t)(uintptr_t)dir;
	/* Interrupted on its way: no release will come. */
	if (fuse_reply_open(req, fi) == -ENOENT)
		close_dir(fs, dir);
}

/*
 * The kernel keeps the names of VERSION until there is another one: who lists them again asks for
 * nothing but the open. Files in memory that come or go tell the kernel so by themselves. Not
 * beyond the SECONDS for which it keeps what the names stand for: it would ask for each of them
 * alone.
 */
static void choose_pages(struct fs *fs, struct dir *dir, uint64_t version, double seconds,
			 struct fuse_file_info *fi)
{
	enum node_pages pages;

	if (seconds <= 0)
		return;
	pages = node_open_pages(fs, dir->node, version);
	dir->paged = pages != NODE_PAGES_PAST;
	fi->cache_readdir = dir->paged;
	fi->keep_cache = pages == NODE_PAGES_KEEP;
}

/* WHOLE is the answered question for the roster, NULL where there is none. */
static void reply_open(struct fs *fs, fuse_req_t req, struct node *node, const struct wait *whole,
		       struct fuse_file_info *fi)
{
	struct dir *dir = dir_new(fs, req, node);
	uint64_t expired;
	double seconds;

	if (!dir)
		return;
	expired = scratch_expired(fs->scratches, node->path);
	if (whole) {
		dir->snapshot = snapshot_get(whole->snapshot);
		dir->generation = whole->generation;
		roster_generation(node->shelf->roster, &seconds);
		choose_pages(fs, dir, dir->generation + expired, seconds, fi);
	}
	reply_dir(fs, req, dir, fi);
}

void dir_reply_open(fuse_req_t req, struct node *node, struct people *people,
		    struct fuse_file_info *fi)
{
	struct fs *fs = people->fs;
	struct dir *dir = dir_new(fs, req, node);

	if (!dir) {
		people_free(people);
		return;
	}
	dir->people = people;
	/* what a person's own directory shows is looked up each time */
	if (node->kind != NODE_PERSON)
		choose_pages(fs, dir, people_version(people), people_left(people), fi);
	reply_dir(fs, req, dir, fi);
}

static void opened(struct request *request, int error)
{
	if (error) {
		request_fail(request, error);
		return;
	}
	if (request_claim(request))
		reply_open(request->fs, request->req, request->node, &request->wait, &request->fi);
}

/* Is what stands in NODE a list of records? */
static bool shows_roster(const struct node *node)
{
	return (node->kind == NODE_BRANCH || node->kind == NODE_PLACE) && node->shelf &&
	       shelf_lists(node->shelf);
}

void dir_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fs *fs = fs_asked(req, ASKED_OPENDIR);
	struct node *node = node_of(fs, ino);
	struct request *request;

	if (by_email_holds(node)) {
		by_email_open(req, node, fi);
		return;
	}
	if (!shows_roster(node)) {
		reply_open(fs, req, node, NULL, fi);
		return;
	}
	request = request_new(fs, req, node);
	if (!request) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	request->fi = *fi;
	request_ask(request, node->shelf->roster, WAIT_WHOLE, NULL, opened);
}

/* ---- reading ---- */

/* One reply being filled. */
struct page {
	struct fs *fs;
	fuse_req_t req;
	struct dir *dir;
	bool plus;
	char *buffer;
	size_t size, used;
	bool current;   /* the snapshot still shows all there is to know */
	double seconds; /* that the kernel may keep what it is told of a record */
};

/* Fill ENTRY for NODE, whose reference goes to the kernel if attributes are given. */
static void fill(struct page *page, struct node *node, const struct record *record, double seconds,
		 struct fuse_entry_param *entry)
{
	memset(entry, 0, sizeof(*entry));
	if (page->plus)
		entry_fill(page->fs, node, record, seconds, entry);
	else
		node_attr(page->fs, node, record, &entry->attr);
}

/* Add NAME, filled, at place NEXT - 1. False: the page is full, and NODE's reference gone. */
static bool append(struct page *page, const char *name, struct node *node,
		   const struct fuse_entry_param *entry, off_t next)
{
	char *at = page->buffer + page->used;
	size_t room = page->size - page->used;
	size_t need = page->plus ? fuse_add_direntry_plus(page->req, at, room, name, entry, next)
				 : fuse_add_direntry(page->req, at, room, name, &entry->attr, next);

	if (need <= room)
		page->used += need;
	if (!page->plus)
		node_drop(page->fs, node);
	else if (need > room)
		node_forget(page->fs, entry->ino, 1);
	return need <= room;
}

static bool add(struct page *page, const char *name, struct node *node, const struct record *record,
		double seconds, off_t next)
{
	struct fuse_entry_param entry;

	fill(page, node, record, seconds, &entry);
	return append(page, name, node, &entry, next);
}

/* Number INDEX of the names in by-email. 1: added, 0: the page is full, -1: there are no more. */
static int add_person(struct page *page, size_t index, off_t next)
{
	struct by_email_entry person;
	struct fuse_entry_param entry;
	const struct dir *dir = page->dir;
	int found = by_email_entry(page->fs, dir->node, dir->people, index, &person);

	if (found <= 0)
		return found;
	fill(page, person.node, NULL, page->seconds, &entry);
	if (person.node->kind != NODE_PERSON_MANUAL) {
		entry.attr.st_size = person.size;
		entry.attr.st_mtim = entry.attr.st_atim = entry.attr.st_ctim = person.time;
	}
	return append(page, person.name, person.node, &entry, next);
}

static bool add_dots(struct page *page, const char *name, off_t next)
{
	struct fuse_entry_param entry = {
	    .attr = {.st_mode = S_IFDIR, .st_ino = node_number(page->dir->node)}};
	char *at = page->buffer + page->used;
	size_t room = page->size - page->used;
	size_t need = page->plus ? fuse_add_direntry_plus(page->req, at, room, name, &entry, next)
				 : fuse_add_direntry(page->req, at, room, name, &entry.attr, next);

	if (need <= room)
		page->used += need;
	return need <= room;
}

static bool add_fixed(struct page *page, const struct node_fixed *fixed, off_t next)
{
	struct node *node = node_take_fixed(page->fs, page->dir->node, fixed);

	return node && add(page, fixed->name, node, NULL, 0, next);
}

static bool add_branch(struct page *page, struct branch *branch, off_t next)
{
	node_hold(page->fs, branch->node);
	return add(page, branch->account->name, branch->node, NULL, 0, next);
}

/* How many names a record has in DIRECTORY. */
static size_t names_of(const struct node *directory)
{
	return directory->kind == NODE_BRANCH ? 2 : 1;
}

/* What stands for a record in DIRECTORY: of two names the .json first, then the .status. */
static enum node_kind kind_of(const struct node *directory, size_t place)
{
	if (directory->kind == NODE_BRANCH)
		return place % 2 ? NODE_STATUS : NODE_JSON;
	if (shelf_has_folders(directory->shelf))
		return NODE_FOLDER;
	return shelf_has_links(directory->shelf) ? NODE_LINK : NODE_JSON;
}

static const char *suffix_of(enum node_kind kind)
{
	if (kind == NODE_FOLDER)
		return "";
	return kind == NODE_STATUS ? ".status" : ".json";
}

static bool add_record(struct page *page, size_t place, off_t next)
{
	const struct node *directory = page->dir->node;
	struct roster *roster = directory->shelf->roster;
	struct record *shown = page->dir->snapshot->records[place / names_of(directory)];
	enum node_kind kind = kind_of(directory, place);
	char stem[PATH_STEM_MAX + 1], name[PATH_NAME_MAX + 16];
	const struct record *known = NULL;
	struct record *record = NULL;
	struct node *node;
	double seconds = page->seconds;
	bool added;

	path_stem(shown->id, stem);
	stpcpy(stpcpy(name, stem), suffix_of(kind));
	node = node_take(page->fs, kind, directory, name, directory->shelf, shown->id);
	if (!node)
		return false;
	/* It may have been written since the directory was opened. */
	if (page->current && entry_roster(node) == roster)
		known = shown;
	else if (entry_peek(node, &record, &seconds) != ROSTER_FRESH)
		seconds = 0;
	if (!known)
		known = record ? record : entry_roster(node) == roster ? shown : NULL;
	added = add(page, name, node, known, seconds, next);
	record_put(record);
	return added;
}

/* Number INDEX of the files in memory. 1: added, 0: the page is full, -1: there are no more. */
static int add_scratch(struct page *page, size_t index, off_t next)
{
	const struct node *directory = page->dir->node;
	char *name = NULL;
	struct node *node;
	int added = -1;

	if (node_holds_files(directory))
		name = scratch_name(page->fs->scratches, directory->path, index);
	if (!name)
		return -1;
	node = node_take_scratch(page->fs, directory, name);
	if (node)
		added = add(page, name, node, NULL, 0, next);
	free(name);
	return added;
}

/* Number INDEX of a history's names, as add_scratch. What has gone from there is passed over. */
static int add_past(struct page *page, size_t index, off_t next)
{
	char name[PAST_NAME_MAX];
	int there = past_name(page->fs, page->dir->node, index, name);
	struct node *node = there > 0 ? past_take(page->fs, page->dir->node, name) : NULL;

	if (!node)
		return there < 0 ? -1 : 1;
	return add(page, name, node, NULL, 0, next);
}

/* Add what stands at PLACE. 1: added, 0: the page is full, -1: the end. */
static int add_place(struct page *page, size_t place)
{
	const struct node *directory = page->dir->node;
	const struct snapshot *snapshot = page->dir->snapshot;
	off_t next = (off_t)place + 1;
	struct node_fixed fixed;
	size_t index = 0;

	if (place < 2)
		return add_dots(page, place ? ".." : ".", next);
	place -= 2;
	if (past_is(directory))
		return add_past(page, place, next);
	for (; node_fixed(directory, index, &fixed); index++, place--) {
		if (!place)
			return add_fixed(page, &fixed, next);
	}
	if (page->dir->people)
		return add_person(page, place, next);
	if (directory->kind == NODE_ROOT) {
		if (place >= page->fs->branch_count)
			return -1;
		return add_branch(page, &page->fs->branches[place], next);
	}
	if (snapshot && place / names_of(directory) < snapshot->count)
		return add_record(page, place, next);
	if (snapshot)
		place -= snapshot->count * names_of(directory);
	return add_scratch(page, place, next);
}

static void read_page(fuse_req_t req, size_t size, off_t offset, struct fuse_file_info *fi,
		      bool plus)
{
	struct page page = {
	    .fs = fs_asked(req, ASKED_READDIR),
	    .req = req,
	    .dir = (struct dir *)(uintptr_t)fi->fh,
	    .plus = plus,
	    .buffer = malloc(size),
	    .size = size,
	};

	if (!page.buffer) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	if (page.dir->people)
		page.seconds = by_email_seconds(page.dir->node, page.dir->people);
	if (page.dir->snapshot)
		page.current = page.dir->generation ==
			       roster_generation(page.dir->node->shelf->roster, &page.seconds);
	for (size_t place = (size_t)offset; add_place(&page, place) > 0; place++) {
	}
	fuse_reply_buf(req, page.buffer, page.used);
	free(page.buffer);
}

void dir_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *fi)
{
	(void)ino;
	read_page(req, size, offset, fi, false);
}

void dir_read_plus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		   struct fuse_file_info *fi)
{
	(void)ino;
	read_page(req, size, offset, fi, true);
}

void dir_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct dir *dir = (struct dir *)(uintptr_t)fi->fh;

	(void)ino;
	close_dir(fs_asked(req, ASKED_RELEASEDIR), dir);
	fuse_reply_err(req, 0);
}

void dir_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)ino;
	(void)datasync;
	(void)fi;
	fs_asked(req, ASKED_FSYNCDIR);
	fuse_reply_err(req, 0);
}
