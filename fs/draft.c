/*
 * draft.c - see draft.h.
 *
 * Keeps the texts and says when one is to be posted; the post itself is cache/update's. It must not
 * know JSON or vendors.
 */
#include "fs/draft.h"

#include "cache/document.h"
#include "cache/update.h"
#include "fs/handle.h"
#include "fs/node.h"
#include "fs/path.h"
#include "fs/request.h"
#include "fs/shelf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct draft {
	char *name;
	char *text;
	size_t length;
	char *id; /* of the record that was made of it, or NULL */
	struct timespec when;
	struct draft *next;
};

bool draft_posts(const char *name)
{
	char stem[PATH_STEM_MAX + 1];

	return path_parse(name, stem) == PATH_JSON;
}

static struct draft *find_locked(struct shelf *shelf, const char *name)
{
	struct draft *draft = shelf->drafts;

	while (draft && strcmp(draft->name, name) != 0)
		draft = draft->next;
	return draft;
}

static void clear_text(struct draft *draft)
{
	if (draft->text)
		explicit_bzero(draft->text, draft->length);
	free(draft->text);
	draft->text = NULL;
	draft->length = 0;
}

static void draft_free(struct draft *draft)
{
	clear_text(draft);
	free(draft->name);
	free(draft->id);
	free(draft);
}

void draft_free_all(struct shelf *shelf)
{
	struct draft *draft;

	while ((draft = shelf->drafts)) {
		shelf->drafts = draft->next;
		draft_free(draft);
	}
}

/* ---- nodes ---- */

/* NAME and ID are copies: no lock of ours is held while the nodes are looked up. */
static struct node *node_for(struct fs *fs, const struct node *directory, char *name, char *id)
{
	struct node *node = NULL;

	if (name)
		node = node_take(fs, id ? NODE_MADE : NODE_DRAFT, directory, name, directory->shelf,
				 id);
	free(name);
	free(id);
	return node;
}

struct node *draft_at(struct fs *fs, const struct node *directory, size_t index)
{
	struct shelf *shelf = directory->shelf;
	char *name = NULL, *id = NULL;
	struct draft *draft;

	pthread_mutex_lock(&shelf->lock);
	for (draft = shelf->drafts; draft && index; index--)
		draft = draft->next;
	if (draft) {
		name = strdup(draft->name);
		id = draft->id ? strdup(draft->id) : NULL;
	}
	pthread_mutex_unlock(&shelf->lock);
	return node_for(fs, directory, name, id);
}

struct node *draft_find(struct fs *fs, const struct node *directory, const char *name)
{
	struct shelf *shelf = directory->shelf;
	char *copy = NULL, *id = NULL;
	struct draft *draft;

	pthread_mutex_lock(&shelf->lock);
	draft = find_locked(shelf, name);
	if (draft) {
		copy = strdup(draft->name);
		id = draft->id ? strdup(draft->id) : NULL;
	}
	pthread_mutex_unlock(&shelf->lock);
	return node_for(fs, directory, copy, id);
}

struct node *draft_make(struct fs *fs, const struct node *directory, const char *name)
{
	struct shelf *shelf = directory->shelf;
	struct draft *draft = calloc(1, sizeof(*draft)), **last;

	if (draft)
		draft->name = strdup(name);
	if (!draft || !draft->name) {
		free(draft);
		return NULL;
	}
	clock_gettime(CLOCK_REALTIME, &draft->when);
	pthread_mutex_lock(&shelf->lock);
	for (last = &shelf->drafts; *last && strcmp((*last)->name, name) != 0;)
		last = &(*last)->next;
	if (!*last) {
		*last = draft;
		draft = NULL;
	}
	pthread_mutex_unlock(&shelf->lock);
	if (draft) {
		draft_free(draft);
		return NULL;
	}
	return draft_find(fs, directory, name);
}

int draft_remove(struct fs *fs, const struct node *directory, const char *name)
{
	struct shelf *shelf = directory->shelf;
	struct draft *draft, **at;

	pthread_mutex_lock(&shelf->lock);
	for (at = &shelf->drafts; *at && strcmp((*at)->name, name) != 0;)
		at = &(*at)->next;
	draft = *at;
	if (draft)
		*at = draft->next;
	pthread_mutex_unlock(&shelf->lock);
	if (!draft)
		return -ENOENT;
	atomic_fetch_sub(&fs->scratch, draft->length);
	draft_free(draft);
	return 0;
}

/* ---- texts ---- */

void draft_attr(const struct node *node, struct stat *attr)
{
	struct shelf *shelf = node->shelf;
	const struct draft *draft;

	pthread_mutex_lock(&shelf->lock);
	draft = find_locked(shelf, node_name(node));
	if (draft) {
		attr->st_size = (off_t)draft->length;
		attr->st_mtim = draft->when;
	}
	pthread_mutex_unlock(&shelf->lock);
}

char *draft_text(const struct node *node, size_t *length)
{
	struct shelf *shelf = node->shelf;
	const struct draft *draft;
	char *text;

	pthread_mutex_lock(&shelf->lock);
	draft = find_locked(shelf, node_name(node));
	*length = draft ? draft->length : 0;
	text = calloc(1, *length + 1);
	if (text && *length)
		memcpy(text, draft->text, *length);
	pthread_mutex_unlock(&shelf->lock);
	return text;
}

int draft_store(struct fs *fs, const struct node *node, const char *text, size_t length)
{
	struct shelf *shelf = node->shelf;
	char *copy = malloc(length + 1);
	struct draft *draft;
	int error = 0;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, length);
	copy[length] = '\0';
	pthread_mutex_lock(&shelf->lock);
	draft = find_locked(shelf, node_name(node));
	if (draft && !draft->id) {
		size_t others = atomic_load(&fs->scratch) - draft->length;

		if (length > draft->length && others + length > fs->options.scratch_limit) {
			error = -ENOSPC;
		} else {
			atomic_fetch_add(&fs->scratch, length - draft->length);
			clear_text(draft);
			draft->text = copy;
			draft->length = length;
			clock_gettime(CLOCK_REALTIME, &draft->when);
			copy = NULL;
		}
	}
	pthread_mutex_unlock(&shelf->lock);
	if (copy)
		explicit_bzero(copy, length);
	free(copy);
	return error;
}

/* ---- posting ---- */

/* NAME has been made record ID: from now on it is a link. */
static void become_link(struct fs *fs, struct shelf *shelf, const char *name, const char *id)
{
	struct draft *draft;

	pthread_mutex_lock(&shelf->lock);
	draft = find_locked(shelf, name);
	if (draft) {
		atomic_fetch_sub(&fs->scratch, draft->length);
		clear_text(draft);
		free(draft->id);
		draft->id = strdup(id);
	}
	pthread_mutex_unlock(&shelf->lock);
}

/* Post TEXT as NAME. */
static int post(struct request *request, const char *name, const char *text, size_t length)
{
	struct shelf *shelf = request->node->shelf;
	char *id = NULL;
	int error = update_create(&request->call, shelf->roster, request->fs->guard, text, length,
				  &id);

	if (id)
		become_link(request->fs, shelf, name, id);
	free(id);
	return error;
}

int draft_commit(struct request *request)
{
	struct node *node = request->node;
	int error = draft_store(request->fs, node, request->text, request->length);

	if (error)
		return call_fail(&request->call, -error,
				 error == -ENOSPC ? "the files in memory would be larger than "
						    "scratch_limit"
						  : "no memory");
	if (!draft_posts(node_name(node)) || !request->length)
		return 0;
	return post(request, node_name(node), request->text, request->length);
}

/* ---- renaming ---- */

/* A plain rename of NAME: what is called NEW_NAME goes. 0 or a negative errno. */
static int move(struct fs *fs, const struct node *directory, const char *name, const char *new_name)
{
	struct shelf *shelf = directory->shelf;
	char *copy = strdup(new_name), *old;
	struct draft *draft;

	if (!copy)
		return -ENOMEM;
	if (strcmp(name, new_name) != 0)
		draft_remove(fs, directory, new_name);
	pthread_mutex_lock(&shelf->lock);
	draft = find_locked(shelf, name);
	old = draft ? draft->name : copy;
	if (draft)
		draft->name = copy;
	pthread_mutex_unlock(&shelf->lock);
	free(old);
	return draft ? 0 : -ENOENT;
}

/* REQUEST's text is "NAME\0NEW_NAME": post NAME's text as NEW_NAME. */
static int rename_and_post(struct request *request)
{
	const struct node *directory = request->node;
	const char *name = request->text;
	const char *new_name = name + strlen(name) + 1;
	struct node *node = draft_find(request->fs, directory, name);
	struct document document;
	char *text = NULL, *id = NULL;
	size_t length = 0;
	int error;

	if (node)
		text = draft_text(node, &length);
	if (node)
		node_drop(request->fs, node, 1);
	if (!text)
		return call_fail(&request->call, ENOMEM, "no memory");
	document_init(&document);
	if (document_feed(&document, text, length) != DOCUMENT_WHOLE)
		error = call_fail(&request->call, EINVAL,
				  "the file is not one whole JSON document: nothing was sent");
	else
		error = update_create(&request->call, directory->shelf->roster, request->fs->guard,
				      text, length, &id);
	/* refused: both names stay as they were */
	if (id || !error)
		move(request->fs, directory, name, new_name);
	if (id)
		become_link(request->fs, directory->shelf, new_name, id);
	free(id);
	explicit_bzero(text, length);
	free(text);
	return error;
}

static void renamed(struct request *request, int error)
{
	if (error)
		request_fail(request, error);
	else if (request_claim(request))
		fuse_reply_err(request->req, 0);
}

/* May NAME be renamed to NEW_NAME at all? 0 or a negative errno. */
static int check_rename(struct shelf *shelf, const char *name, const char *new_name, unsigned flags)
{
	const struct draft *from, *to;
	int error = 0;

	pthread_mutex_lock(&shelf->lock);
	from = find_locked(shelf, name);
	to = find_locked(shelf, new_name);
	if (!from)
		error = -ENOENT;
	else if (to && (flags & RENAME_NOREPLACE))
		error = -EEXIST;
	else if ((flags & ~(unsigned)RENAME_NOREPLACE) || from->id || (to && to->id))
		error = -EPERM;
	pthread_mutex_unlock(&shelf->lock);
	return error;
}

void draft_rename(struct fs *fs, fuse_req_t req, struct node *directory, const char *name,
		  const char *new_name, unsigned flags)
{
	size_t length = strlen(name) + 1 + strlen(new_name) + 1;
	struct request *request;
	char path[NODE_PATH_MAX];
	int error = check_rename(directory->shelf, name, new_name, flags);

	if (!error && (!draft_posts(new_name) || draft_posts(name)))
		error = move(fs, directory, name, new_name);
	else if (!error)
		goto post;
	fuse_reply_err(req, -error);
	return;
post:
	request = request_new(fs, req, directory);
	if (request)
		request->text = malloc(length);
	if (!request || !request->text) {
		if (request)
			request_free(request);
		fuse_reply_err(req, ENOMEM);
		return;
	}
	node_path(directory, new_name, path);
	snprintf(request->call.path, sizeof(request->call.path), "%s", path);
	memcpy(request->text, name, strlen(name) + 1);
	memcpy(request->text + strlen(name) + 1, new_name, strlen(new_name) + 1);
	request->length = length;
	request_work(request, rename_and_post, renamed);
}
