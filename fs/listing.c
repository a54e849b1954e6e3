/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing.c - read an open directory.
 *
 * It only walks through what the open got: fixed names first, then each record's two files, then
 * files in memory; in by-email the people. A name is given with its attributes when the kernel
 * wants them (readdirplus), so that `ls -l` asks for nothing more. Nothing here waits for a vendor.
 */
#include "fs/listing.h"

#include "cache/roster/roster.h"
#include "cache/record/record.h"
#include "cache/roster/whole.h"
#include "fs/people/email_dir.h"
#include "fs/tree/node.h"
#include "fs/ops.h"
#include "fs/control/history_dir.h"
#include "fs/dir.h"
#include "fs/memory/scratch.h"
#include "fs/people/email_dir_entry.h"
#include "fs/tree/entry.h"
#include "fs/tree/inode.h"
#include "fs/tree/notify.h"
#include "fs/tree/pages.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD 8

/* One reply being filled. */
struct page {
	struct fs *fs;
	fuse_req_t req;
	struct dir *dir;
	bool plus;
	size_t fixed; /* the directory's fixed names */
	char *buffer;
	size_t size, used;
	bool failed;                /* no memory for what would have come next */
	bool current;               /* the snapshot still shows all there is to know */
	double seconds;             /* that the kernel may keep what it is told of a record */
	const struct record *named; /* the last one, whose names begin with the stem */
	char stem[PATH_STEM_MAX + 1];
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

/* Add NAME at place NEXT - 1. False: the page is full. */
static bool put(struct page *page, const char *name, const struct fuse_entry_param *entry,
		off_t next)
{
	char *at = page->buffer + page->used;
	size_t room = page->size - page->used;
	size_t need = page->plus ? fuse_add_direntry_plus(page->req, at, room, name, entry, next)
				 : fuse_add_direntry(page->req, at, room, name, &entry->attr, next);

	if (need <= room)
		page->used += need;
	return need <= room;
}

/* The same for NODE, whose reference is gone if the page is full. */
static bool append(struct page *page, const char *name, struct node *node,
		   const struct fuse_entry_param *entry, off_t next)
{
	bool added = put(page, name, entry, next);

	if (!page->plus)
		inode_drop(page->fs, node);
	else if (!added)
		inode_forget(page->fs, entry->ino, 1);
	return added;
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
	struct email_dir_entry person;
	struct fuse_entry_param entry;
	const struct dir *dir = page->dir;
	int found = email_dir_entry(page->fs, dir->node, dir->people, index, &person);

	page->failed = !found;
	if (found <= 0)
		return found;
	fill(page, person.node, NULL, person.fleeting ? 0 : page->seconds, &entry);
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

	return put(page, name, &entry, next);
}

static bool add_fixed(struct page *page, const struct node_fixed *fixed, off_t next)
{
	struct node *node = node_take_fixed(page->fs, page->dir->node, fixed);

	page->failed = !node;
	return node && add(page, fixed->name, node, NULL, 0, next);
}

static bool add_branch(struct page *page, struct branch *branch, off_t next)
{
	inode_hold(page->fs, branch->node);
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
	if (record_dir_has_folders(directory->record_dir))
		return NODE_FOLDER;
	return record_dir_has_links(directory->record_dir) ? NODE_LINK : NODE_JSON;
}

static const char *suffix_of(enum node_kind kind)
{
	if (kind == NODE_FOLDER)
		return "";
	return kind == NODE_STATUS ? ".status" : ".json";
}

static mode_t type_of(enum node_kind kind)
{
	if (kind == NODE_FOLDER)
		return S_IFDIR;
	return kind == NODE_LINK ? S_IFLNK : S_IFREG;
}

/* A name without an inode: the kernel asks when it needs one. */
static bool add_bare(struct page *page, const char *name, enum node_kind kind, off_t next)
{
	struct fuse_entry_param entry = {
	    .attr = {.st_mode = type_of(kind), .st_ino = node_number_of(page->dir->node, name)}};

	return put(page, name, &entry, next);
}

/* What the names of the record number INDEX begin with. */
static const char *stem_of(struct page *page, size_t index)
{
	const struct snapshot *snapshot = page->dir->snapshot;
	const struct record *record = snapshot->records[index];

	if (page->named == record)
		return page->stem;
	page->named = record;
	path_stem(record->id, page->stem);
	/*
	 * Records lie anywhere in memory, and to wait for each would be most of the work: the
	 * processor is sent for one that is due soon.
	 */
	if (index + AHEAD < snapshot->count)
		__builtin_prefetch(snapshot->records[index + AHEAD]);
	return page->stem;
}

static bool add_record(struct page *page, size_t place, off_t next)
{
	const struct node *directory = page->dir->node;
	struct roster *roster = directory->record_dir->roster;
	size_t index = place / names_of(directory);
	struct record *shown = page->dir->snapshot->records[index];
	enum node_kind kind = kind_of(directory, place);
	char name[PATH_NAME_MAX + 16];
	const struct record *known = NULL;
	struct record *record = NULL;
	struct node *node;
	double seconds = page->seconds;
	bool added;

	stpcpy(stpcpy(name, stem_of(page, index)), suffix_of(kind));
	if (!page->plus)
		return add_bare(page, name, kind, next);
	node = inode_take(page->fs, kind, directory, name, directory->record_dir, shown->id);
	if (!node) {
		page->failed = true;
		return false;
	}
	/* It may have been written since the directory was opened, or grow too old. */
	if (page->current && entry_roster(node) == roster)
		known = shown;
	else
		entry_peek(node, &record, &seconds);
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
	node = inode_take_scratch(page->fs, directory, name);
	if (node)
		added = add(page, name, node, NULL, 0, next);
	free(name);
	return added;
}

/* Number INDEX of a history's names, as add_scratch. What has gone from there is passed over. */
static int add_past(struct page *page, size_t index, off_t next)
{
	char name[PAST_NAME_MAX];
	int there = history_dir_name(page->fs, page->dir->node, index, name);
	struct node *node = there > 0 ? history_dir_take(page->fs, page->dir->node, name) : NULL;

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

	if (place < 2)
		return add_dots(page, place ? ".." : ".", next);
	place -= 2;
	if (history_dir_is(directory))
		return add_past(page, place, next);
	if (place < page->fixed) {
		node_fixed(directory, place, &fixed);
		return add_fixed(page, &fixed, next);
	}
	place -= page->fixed;
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

static size_t fixed_names(const struct node *directory)
{
	struct node_fixed fixed;
	size_t count = 0;

	while (node_fixed(directory, count, &fixed))
		count++;
	return count;
}

static void read_page(fuse_req_t req, size_t size, off_t offset, struct fuse_file_info *fi,
		      bool plus)
{
	struct page page = {
	    .fs = fs_asked(req, ASKED_READDIR),
	    .req = req,
	    .dir = dir_of(fi),
	    .plus = plus,
	    .buffer = malloc(size),
	    .size = size,
	};
	struct record_dir *record_dir;
	uint64_t generation;
	double seconds;

	if (!page.buffer) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	if (page.dir->paged)
		pages_dropped(page.fs, page.dir->ino, &page.dir->drops);
	if (page.dir->people)
		page.seconds = email_dir_entry_seconds(page.dir->node, page.dir->people);
	if (page.dir->snapshot) {
		page.current = page.dir->generation ==
				   whole_generation(page.dir->node->record_dir->roster,
						    &page.seconds) &&
			       page.seconds > 0;
	}
	page.fixed = fixed_names(page.dir->node);
	for (size_t place = (size_t)offset; add_place(&page, place) > 0; place++) {
	}
	/* the answer may be the last that is heard of the open directory: another thread ends it */
	record_dir = page.dir->node->record_dir;
	generation = page.dir->generation;
	/* an empty page would be the end of the directory */
	if (page.failed && !page.used)
		fuse_reply_err(req, ENOMEM);
	else
		fuse_reply_buf(req, page.buffer, page.used);
	free(page.buffer);
	/* The kernel has just been told what a write has made old meanwhile: let it be compared. */
	if (page.current && plus && whole_generation(record_dir->roster, &seconds) != generation)
		notify_shelf(page.fs->notify, record_dir);
}

void listing_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		  struct fuse_file_info *fi)
{
	(void)ino;
	read_page(req, size, offset, fi, false);
}

void listing_read_plus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi)
{
	(void)ino;
	read_page(req, size, offset, fi, true);
}
