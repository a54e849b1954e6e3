/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.c - see node.h.
 *
 * Which names there are at fixed places, which attributes each kind has. It asks no roster: whoever
 * shows a record's attributes brings the record.
 */
#include "fs/tree/node.h"

#include "cache/roster/figures.h"
#include "cache/record/record.h"
#include "fs/control/history_dir.h"
#include "fs/memory/scratch_text.h"
#include "fs/tree/inode.h"
#include "fs/tree/record_dir.h"
#include "vendors/base/hash.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char readme_text[] =
    "Users of SaaS vendors, one directory a vendor, two files a user.\n"
    "\n"
    "  cat partnerize/123.json                      see a user\n"
    "  cat by-email/jane@example.com/*.json         see a person, at each vendor\n"
    "  echo inactive > partnerize/123.status        end the user's access\n"
    "  echo inactive | tee by-email/jane@example.com/*.status   everywhere\n"
    "  cat by-email/jane@example.com/*.MANUAL       what is then left to do by hand\n"
    "  vi partnerize/123.json                       edit: what you change is laid on the vendor's\n"
    "                                               newest record, nothing else is touched\n"
    "  cat */MANUAL                                 what no API does, and how to do it by hand\n"
    "  grep -F partnerize/123. .rosterfs/log | tail -1   why something failed\n"
    "  cat .rosterfs/status                         what is known, how old it is, what is going on\n"
    "  echo partnerize > .rosterfs/refresh          fetch anew at the next read\n"
    "  echo status_limit 500 > .rosterfs/control    let more status changes through\n"
    "  sh .rosterfs/history/7/undo.sh               take back the seventh change, or copy undo.json\n"
    "  timeout 5 cat README > /dev/null             fails if rosterfs has died or hangs\n"
    "\n"
    "A write that succeeded has been acknowledged by the vendor. See rosterfs(1), section SEMANTICS.\n";

static const struct node_fixed in_root[] = {{"README", NODE_README, NULL},
					    {"by-email", NODE_PEOPLE, NULL},
					    {".rosterfs", NODE_CONTROL, NULL}};
static const struct node_fixed in_control[] = {{"status", NODE_CONTROL_STATUS, NULL},
					       {"log", NODE_CONTROL_LOG, NULL},
					       {"metrics", NODE_CONTROL_METRICS, NULL},
					       {"refresh", NODE_CONTROL_REFRESH, NULL},
					       {"control", NODE_CONTROL_SETTINGS, NULL},
					       {"history", NODE_HISTORY, NULL}};

/* What a directory has that not each one of its kind has: at most so many, but for places. */
#define OWN_MAX 6

/* The fixed names of DIRECTORY that are no places; returns their number. */
static size_t own_names(const struct node *directory, struct node_fixed *names)
{
	const struct record_dir *record_dir = directory->record_dir;
	const struct vendor *vendor = directory->branch->account->vendor;
	size_t count = 0;

	if (directory->kind == NODE_BRANCH) {
		names[count++] = (struct node_fixed){"MANUAL", NODE_MANUAL, NULL};
		if (vendor->self)
			names[count++] = (struct node_fixed){"self", NODE_SELF, NULL};
		if (vendor->transaction)
			names[count++] = (struct node_fixed){vendor->transaction->name,
							     NODE_TRANSACTION, NULL};
		if (vendor->users)
			names[count++] = (struct node_fixed){"by-email", NODE_EMAILS, NULL};
	}
	if (directory->kind == NODE_FOLDER ||
	    (record_dir && record_dir->place && !record_dir_lists(record_dir)))
		names[count++] = (struct node_fixed){record_dir->place->file, NODE_JSON, NULL};
	if (directory->kind != NODE_FOLDER && record_dir && record_dir_creates(record_dir))
		names[count++] = (struct node_fixed){"new", NODE_NEW, NULL};
	return count;
}

bool node_fixed(const struct node *directory, size_t index, struct node_fixed *fixed)
{
	struct node_fixed own[OWN_MAX];
	const struct place *place = NULL;
	size_t count;

	switch (directory->kind) {
	case NODE_ROOT:
		if (index >= sizeof(in_root) / sizeof(in_root[0]))
			return false;
		*fixed = in_root[index];
		return true;
	case NODE_CONTROL:
		if (index >= sizeof(in_control) / sizeof(in_control[0]))
			return false;
		*fixed = in_control[index];
		return true;
	case NODE_BRANCH:
		place = directory->branch->account->vendor->places;
		break;
	case NODE_FOLDER:
		place = directory->record_dir->place->below;
		break;
	case NODE_PLACE:
		break;
	default:
		return false;
	}
	count = own_names(directory, own);
	if (index < count) {
		*fixed = own[index];
		return true;
	}
	for (index -= count; place && place->name && index; index--)
		place++;
	if (!place || !place->name)
		return false;
	*fixed = (struct node_fixed){place->name, NODE_PLACE, place};
	return true;
}

bool node_is_foreign(const struct node *directory, const char *name)
{
	return directory->kind == NODE_BRANCH &&
	       (strcmp(name, "self") == 0 || strcmp(name, "new") == 0);
}

struct node *node_take_fixed(struct fs *fs, const struct node *directory,
			     const struct node_fixed *fixed)
{
	const char *id = directory->kind == NODE_FOLDER ? directory->id : NULL;
	struct record_dir *record_dir = directory->record_dir;
	char path[NODE_PATH_MAX];

	if (fixed->kind == NODE_PLACE) {
		node_path(directory, fixed->name, path);
		record_dir = record_dir_take(directory->branch, fixed->place, path, id);
		return record_dir
			   ? inode_take(fs, NODE_PLACE, directory, fixed->name, record_dir, NULL)
			   : NULL;
	}
	/* the one record of a single collection goes by the name of its file */
	if (fixed->kind == NODE_JSON && !id)
		id = fixed->name;
	/* what is looked up by email has no roster of its own */
	if (fixed->kind == NODE_EMAILS)
		record_dir = NULL;
	return inode_take(fs, fixed->kind, directory, fixed->name, record_dir,
			  fixed->kind == NODE_JSON ? id : NULL);
}

const char *node_text(const struct node *node)
{
	if (node->kind == NODE_README)
		return readme_text;
	if (node->kind == NODE_MANUAL)
		return node->branch->account->vendor->manual(node->branch->account);
	return NULL;
}

bool node_is_record(const struct node *node)
{
	return node->kind == NODE_JSON || node->kind == NODE_STATUS;
}

bool node_is_control(const struct node *node)
{
	return node->kind == NODE_CONTROL_STATUS || node->kind == NODE_CONTROL_LOG ||
	       node->kind == NODE_CONTROL_METRICS || node_is_command(node);
}

bool node_is_command(const struct node *node)
{
	return node->kind == NODE_CONTROL_REFRESH || node->kind == NODE_CONTROL_SETTINGS;
}

bool node_needs_record(const struct node *node)
{
	return node_is_record(node) || node->kind == NODE_FOLDER || node->kind == NODE_LINK;
}

static bool is_directory(const struct node *node)
{
	switch (node->kind) {
	case NODE_ROOT:
	case NODE_BRANCH:
	case NODE_CONTROL:
	case NODE_HISTORY:
	case NODE_WRITE:
	case NODE_PLACE:
	case NODE_FOLDER:
	case NODE_NEW:
	case NODE_PEOPLE:
	case NODE_PERSON:
	case NODE_EMAILS:
		return true;
	default:
		return false;
	}
}

bool node_is_link(const struct node *node)
{
	switch (node->kind) {
	case NODE_SELF:
	case NODE_LINK:
	case NODE_MADE:
	case NODE_SCRATCH_LINK:
	case NODE_PERSON_LINK:
	case NODE_PERSON_MANUAL:
		return true;
	default:
		return false;
	}
}

bool node_is_person(const struct node *node)
{
	return node->kind == NODE_PERSON || node->kind == NODE_PERSON_LINK ||
	       node->kind == NODE_SIMILAR || node->kind == NODE_PERSON_UNREAD;
}

void node_target(const struct node *node, char *target)
{
	char name[SHELF_NAME_MAX] = "";
	char *end = target, *id;

	if (node->kind == NODE_SCRATCH_LINK) {
		snprintf(target, NODE_PATH_MAX, "%s", scratch_text_target(node_scratch(node)));
		return;
	}
	if (node->kind == NODE_MADE) {
		id = scratch_text_id(node_scratch(node));
		if (id)
			record_dir_name(node->record_dir, id, ".json", name);
		free(id);
		snprintf(target, NODE_PATH_MAX, "../%s", name);
		return;
	}
	if (node->kind == NODE_PERSON_MANUAL) {
		const char *own = node_name(node), *manual = strrchr(own, '.');

		snprintf(target, NODE_PATH_MAX, "../../%.*s/%s", (int)(manual - own), own,
			 manual + 1);
		return;
	}
	/* up to the account's directory, where the users are */
	for (const char *c = node->record_dir->path; *c; c++) {
		if (*c == '/')
			end = stpcpy(end, "../");
	}
	stpcpy(end, node_name(node));
}

/*
 * Tools that walk a large tree take it in the order of its inode numbers: those of numbered records
 * follow theirs, so that what lies side by side in memory is looked at in turn. 0: no such name.
 */
static uint64_t number_in_order(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t digits = slash ? strspn(slash + 1, "0123456789") : 0;
	const char *end = slash ? slash + 1 + digits : path;
	bool status = strcmp(end, ".status") == 0;
	uint64_t place;

	if (!digits || digits > 9 || slash[1] == '0' || (!status && strcmp(end, ".json") != 0))
		return 0;
	place = hash_bytes(0, path, (size_t)(slash - path));
	return (place | 1) << 32 | strtoul(slash + 1, NULL, 10) << 1 | status;
}

static ino_t number_of(const char *path)
{
	uint64_t hash = number_in_order(path);

	if (!hash)
		hash = hash_text(path);
	if (!path[0])
		return FUSE_ROOT_ID;
	return hash < 2 ? hash + 2 : hash; /* 0 and 1 are taken */
}

ino_t node_number(const struct node *node)
{
	return number_of(node->path);
}

ino_t node_number_of(const struct node *directory, const char *name)
{
	char path[NODE_PATH_MAX];

	node_path(directory, name, path);
	return number_of(path);
}

const char *node_name(const struct node *node)
{
	const char *slash = strrchr(node->path, '/');

	return slash ? slash + 1 : node->path;
}

void node_path(const struct node *directory, const char *name, char *path)
{
	char *end = stpcpy(path, directory->path);

	if (end > path && *name)
		*end++ = '/';
	end = mempcpy(end, name, strnlen(name, NAME_MAX));
	*end = '\0';
}

bool node_holds_files(const struct node *directory)
{
	switch (directory->kind) {
	case NODE_BRANCH:
		return directory->record_dir;
	case NODE_FOLDER:
	case NODE_NEW:
		return true;
	case NODE_PLACE:
		return !record_dir_has_links(directory->record_dir) &&
		       !record_dir_has_folders(directory->record_dir);
	default:
		return false;
	}
}

static mode_t mode_of(const struct fs *fs, const struct node *node)
{
	mode_t all = is_directory(node) ? 0777 : 0666;
	mode_t wide = fs->options.umask_given ? fs->options.umask : 0;

	switch (node->kind) {
	case NODE_README:
	case NODE_MANUAL:
	case NODE_SIMILAR:
		return S_IFREG | (0444 & ~wide);
	case NODE_SELF:
	case NODE_LINK:
	case NODE_MADE:
	case NODE_SCRATCH_LINK:
	case NODE_PERSON_LINK:
	case NODE_PERSON_MANUAL:
		return S_IFLNK | 0777;
	case NODE_PLACE:
	case NODE_FOLDER:
	case NODE_NEW:
	case NODE_PEOPLE:
	case NODE_PERSON:
	case NODE_EMAILS:
		return S_IFDIR | (all & ~fs->options.umask);
	case NODE_DRAFT:
	case NODE_SCRATCH:
	case NODE_TRANSACTION:
		return S_IFREG | 0600; /* they hold passwords, codes, tokens */
	case NODE_BRANCH:
		return S_IFDIR | (node->record_dir ? all & ~fs->options.umask : 0555 & ~wide);
	case NODE_ROOT:
		return S_IFDIR | (all & ~fs->options.umask);
	case NODE_CONTROL:
	case NODE_HISTORY:
	case NODE_WRITE:
		return S_IFDIR | 0700;
	case NODE_CONTROL_STATUS:
	case NODE_CONTROL_LOG:
	case NODE_CONTROL_METRICS:
	case NODE_WRITE_PART:
		return S_IFREG | 0400;
	case NODE_CONTROL_REFRESH: /* it reads as empty, so that grep -r has nothing to tell */
	case NODE_CONTROL_SETTINGS:
		return S_IFREG | 0600;
	case NODE_JSON:
	case NODE_STATUS:
	case NODE_PERSON_UNREAD:
		break;
	}
	return S_IFREG | (all & ~fs->options.umask);
}

/* When what DIRECTORY shows was fetched. */
static void time_of_fetch(const struct node *directory, struct stat *attr)
{
	struct figures info;

	figures_get(directory->record_dir->roster, &info);
	if (info.known)
		attr->st_mtim = info.fetched;
}

void node_attr(struct fs *fs, struct node *node, const struct record *record, struct stat *attr)
{
	char target[NODE_PATH_MAX];

	memset(attr, 0, sizeof(*attr));
	attr->st_ino = node_number(node);
	attr->st_mode = mode_of(fs, node);
	attr->st_nlink = is_directory(node) ? 2 : 1;
	attr->st_uid = fs->options.uid;
	attr->st_gid = fs->options.gid;
	attr->st_blksize = 4096;
	attr->st_mtim = fs->started;
	if (record)
		attr->st_mtim = record_time(record);
	if (record && node->kind == NODE_JSON) {
		attr->st_size = (off_t)record->length;
	} else if (record && node->kind == NODE_STATUS) {
		attr->st_size = (off_t)strlen(record_status(record)) + 1;
	} else if (node_text(node)) {
		attr->st_size = (off_t)strlen(node_text(node));
	} else if (history_dir_is(node)) {
		history_dir_attr(fs, node, attr);
	} else if (node_scratch(node) && node->kind != NODE_MADE) {
		scratch_text_attr(node_scratch(node), attr);
	} else if (node_is_link(node) && node->kind != NODE_SELF && !node_is_person(node)) {
		node_target(node, target);
		attr->st_size = (off_t)strlen(target);
	} else if ((node->kind == NODE_BRANCH || node->kind == NODE_PLACE) && node->record_dir) {
		time_of_fetch(node, attr);
	}
	attr->st_blocks = (attr->st_size + 511) / 512;
	attr->st_atim = attr->st_ctim = attr->st_mtim;
}
