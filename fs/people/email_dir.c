/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_dir.c - see email_dir.h.
 *
 * It makes nodes of the names that email_person.c and email_links.c know, and asks no vendor.
 */
#include "fs/people/email_dir.h"

#include "fs/people/email_link_node.h"
#include "fs/people/email_links.h"
#include "fs/people/email_name.h"
#include "fs/people/email_person.h"
#include "fs/people/email_spelling.h"
#include "fs/people/similar.h"
#include "fs/people/unread.h"
#include "fs/tree/dir.h"
#include "fs/tree/entry.h"
#include "fs/tree/filler.h"
#include "fs/tree/inode.h"

#include <errno.h>
#include <string.h>

static const struct email_kind person_dir;

/* ---- lookup ---- */

/* Answer REQ with NODE (takes its reference), SHOWN (NULL: not known yet) and SECONDS. */
static void reply_name(fuse_req_t req, struct node *node, const struct email_shown *shown,
		       double seconds)
{
	struct fs *fs = fs_of(req);
	struct fuse_entry_param entry;

	entry_fill(fs, node, NULL, seconds, &entry);
	if (shown)
		email_answer_set_shown(shown, &entry.attr);
	if (fuse_reply_entry(req, &entry) == -ENOENT)
		inode_forget(fs, entry.ino, 1);
}

/* Store what NAME, which asks for QUERY, is by PEOPLE in *KIND. Return as the show operation. */
typedef int find_fn(struct email_index *people, const struct email_query *query, const char *name,
		    const struct email_kind **kind);

static int email_dir_find_person(struct email_index *people, const struct email_query *query,
				 const char *name, const struct email_kind **kind)
{
	(void)name;
	*kind = &person_dir;
	return people->told ? email_person_choose(people, query) : 0;
}

static int email_dir_find_link(struct email_index *people, const struct email_query *query,
			       const char *name, const struct email_kind **kind)
{
	struct email_links_link link;
	int error;

	*kind = &email_link_node_record;
	if (!people->told)
		return 0;
	error = email_links_find(people, query, name, &link);
	if (!error && !link.record)
		*kind = &unread_file;
	return error;
}

static int email_dir_find_similar(struct email_index *people, const struct email_query *query,
				  const char *name, const struct email_kind **kind)
{
	(void)people;
	(void)query;
	(void)name;
	*kind = &similar_file;
	return 0;
}

/* Answer REQ, a lookup of NAME in DIRECTORY, which asks for QUERY. */
static void lookup_found(fuse_req_t req, const struct node *directory, const char *name,
			 const struct email_query *query, find_fn *find)
{
	struct fs *fs = fs_of(req);
	struct email_index *people = email_person_peek(fs, query);
	const struct email_kind *kind;
	struct email_query own = *query;
	struct node *node = NULL;
	char path[NODE_PATH_MAX];
	struct email_shown shown;
	int error = people ? find(people, query, name, &kind) : -ENOMEM;

	if (!error) {
		node = inode_take(fs, &kind->node, directory, name, NULL, NULL);
		if (!node)
			error = -ENOMEM;
		else if (!kind->query(node, &own))
			error = -ENOENT;
		else if (people->told)
			error = email_answer_show(people, &own, node, &shown);
	}
	if (!error) {
		reply_name(req, node, people->told ? &shown : NULL,
			   own.exact && people->told ? people->seconds : 0);
	} else if (people) {
		node_path(directory, name, path);
		email_answer_refuse(req, path, people, error);
	} else {
		fuse_reply_err(req, ENOMEM);
	}
	if (error && node)
		inode_drop(fs, node);
	email_index_free(people);
}

static void email_dir_lookup_root(fuse_req_t req, struct node *directory,
				  const struct path_name *name)
{
	struct email_query query;

	if (email_query_person(name->text, strlen(name->text), &query))
		lookup_found(req, directory, name->text, &query, email_dir_find_person);
	else
		fuse_reply_err(req, ENOENT);
}

static void email_dir_lookup_own(fuse_req_t req, struct node *directory,
				 const struct path_name *name)
{
	struct email_query query;

	if (email_query_own(node_branch(directory), name->text, &query))
		lookup_found(req, directory, name->text, &query, email_dir_find_link);
	else
		fuse_reply_err(req, ENOENT);
}

static void lookup_manual(fuse_req_t req, const struct node *directory, const char *name)
{
	struct node *node = inode_take(fs_of(req), &email_link_node_manual, directory, name, NULL,
				       NULL);

	entry_reply(req, node, NULL, 0);
}

static void email_dir_lookup_person(fuse_req_t req, struct node *directory,
				    const struct path_name *name)
{
	const char *person = node_name(directory);
	bool similar = strcmp(name->text, SIMILAR_NAME) == 0;
	struct fs *fs = fs_of(req);
	struct email_query query;

	if (email_links_is_manual(fs, name->text))
		lookup_manual(req, directory, name->text);
	else if ((!similar && !email_links_may_link(fs, name->text)) ||
		 !email_query_person(person, strlen(person), &query))
		fuse_reply_err(req, ENOENT);
	else
		lookup_found(req, directory, name->text, &query,
			     similar ? email_dir_find_similar : email_dir_find_link);
}

/* ---- open ---- */

static void open_with_people(fuse_req_t req, struct node *node, struct fuse_file_info *fi)
{
	email_answer(req, node, WANT_OPEN, fi);
}

static void opened_all(fuse_req_t req, struct node *node, struct email_index *people,
		       struct fuse_file_info *fi)
{
	struct dir *dir = dir_new(req, node);

	if (!dir) {
		email_index_free(people);
		return;
	}
	dir->shown = people;
	dir_choose_pages(dir, email_index_version(people), email_index_left(people), fi);
	dir_reply(req, dir, fi);
}

/* What a person's directory shows is looked up each time. */
static void opened_person(fuse_req_t req, struct node *node, struct email_index *people,
			  struct fuse_file_info *fi)
{
	struct dir *dir = dir_new(req, node);

	if (!dir) {
		email_index_free(people);
		return;
	}
	/* without memory it is not listed, and a lookup of it fails */
	similar_look(people);
	dir->shown = people;
	dir_reply(req, dir, fi);
}

static void close_people(struct dir *dir)
{
	email_index_free(dir->shown);
}

/* ---- listing ---- */

static void begin_list(struct filler *filler)
{
	const struct node *directory = filler->dir->node;
	struct email_query query;

	if (email_kind_of(directory)->query(directory, &query) && query.exact)
		filler->seconds = email_index_left(filler->dir->shown);
}

/* Add NAME for a node with OPS: SIZE and TIME are its own, and the kernel caches them for SECONDS.
 */
static int list_name(struct filler *filler, const char *name, const struct node_ops *ops,
		     off_t size, struct timespec time, double seconds, off_t next)
{
	const struct node *directory = filler->dir->node;
	struct stat shown = {.st_size = size, .st_mtim = time};
	struct node *node = inode_take(filler->fs, ops, directory, name, NULL, NULL);

	return filler_add_shown(filler, name, node, seconds, &shown, next);
}

static int list_link(struct filler *filler, const struct email_links_link *link, off_t next)
{
	const struct email_index *people = filler->dir->shown;
	char target[NODE_PATH_MAX];

	if (!link->record)
		return list_name(filler, link->name, &unread_file.node, 0,
				 email_index_fetched(people), filler->seconds, next);
	email_links_target(link, filler->dir->node, target);
	return list_name(filler, link->name, &email_link_node_record.node, (off_t)strlen(target),
			 record_time(link->record), filler->seconds, next);
}

static int list_root(struct filler *filler, size_t index, off_t next)
{
	const struct email_index *people = filler->dir->shown;
	bool apart = index >= people->count;
	char name[PATH_NAME_MAX + 1];
	bool named;

	if (index >= people->count + people->apart_count)
		return -1;
	named = apart ? email_name_apart_stem(people->apart[index - people->count], name)
		      : email_name_stem(people->emails[index], name);
	if (!named) {
		filler->failed = true;
		return 0;
	}
	/* the kernel is not told when one that is apart changes */
	return list_name(filler, name, &person_dir.node, 0, email_index_fetched(people),
			 apart ? 0 : filler->seconds, next);
}

static int list_own(struct filler *filler, size_t index, off_t next)
{
	const struct email_index *people = filler->dir->shown;
	struct email_links_link link;

	if (!email_links_own_link(people, node_branch(filler->dir->node), index, &link))
		return -1;
	return list_link(filler, &link, next);
}

static int list_person(struct filler *filler, size_t index, off_t next)
{
	const struct email_index *people = filler->dir->shown;
	char name[PATH_NAME_MAX + 1];
	struct email_links_link link;

	if (email_links_manual(filler->fs, index, name))
		return filler_add(filler, name,
				  inode_take(filler->fs, &email_link_node_manual, filler->dir->node,
					     name, NULL, NULL),
				  NULL, 0, next);
	index -= filler->fs->branch_count;
	if (people->similar && index-- == 0)
		return list_name(filler, SIMILAR_NAME, &similar_file.node,
				 (off_t)strlen(people->similar), email_index_fetched(people), 0,
				 next);
	return email_links_link(people, index, &link) ? list_link(filler, &link, next) : -1;
}

/* ---- the kinds ---- */

/* The time is when the oldest of what is listed was fetched. */
static double seconds_of_all(struct fs *fs, struct node *node, const struct record *record,
			     double seconds, struct stat *attr)
{
	struct email_query query;

	(void)record;
	email_kind_of(node)->query(node, &query);
	attr->st_mtim = attr->st_atim = attr->st_ctim = email_index_time(fs, &query, &seconds);
	return seconds < ENTRY_FIXED_SECONDS ? seconds : ENTRY_FIXED_SECONDS;
}

static bool query_of_all(const struct node *node, struct email_query *query)
{
	email_query_whole(node_branch(node), query);
	return true;
}

static int show_root(struct email_index *people, const struct email_query *query,
		     const struct node *node, struct email_shown *shown)
{
	(void)query;
	(void)node;
	(void)shown;
	return email_spelling_list(people);
}

static int show_own(struct email_index *people, const struct email_query *query,
		    const struct node *node, struct email_shown *shown)
{
	(void)query;
	(void)node;
	(void)shown;
	return email_index_index(people);
}

static bool query_of_person(const struct node *node, struct email_query *query)
{
	const char *name = node_name(node);

	return email_query_person(name, strlen(name), query);
}

static int show_person(struct email_index *people, const struct email_query *query,
		       const struct node *node, struct email_shown *shown)
{
	(void)node;
	(void)shown;
	return email_person_choose(people, query);
}

#define OPERATIONS                                                                                 \
	.mode = S_IFDIR | 0777, .umask = NODE_UMASK_ALWAYS, .opendir = open_with_people,           \
	.begin_list = begin_list, .closedir = close_people

const struct email_kind email_dir_root = {
    .node = {OPERATIONS, .attr_seconds = seconds_of_all, .lookup = email_dir_lookup_root,
	     .list = list_root},
    .query = query_of_all,
    .show = show_root,
    .open = opened_all,
};

const struct email_kind email_dir_own = {
    .node = {OPERATIONS, .attr_seconds = seconds_of_all, .lookup = email_dir_lookup_own,
	     .list = list_own},
    .query = query_of_all,
    .show = show_own,
    .open = opened_all,
};

/* a person's directory in by-email at the root */
static const struct email_kind person_dir = {
    .node = {OPERATIONS, .is_person = true, .attr_seconds = entry_while_fresh,
	     .name_seconds = entry_name_while_fresh, .getattr = email_answer_getattr,
	     .lookup = email_dir_lookup_person, .list = list_person},
    .query = query_of_person,
    .show = show_person,
    .open = opened_person,
};
