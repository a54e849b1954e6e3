/*
 * draft.h - new/: what is to become a record, and other files in memory that never do.
 *
 * A draft belongs to its shelf and lives as long as the mount. One whose name ends in .json and
 * starts with neither . nor # is posted when its text is complete; it then becomes a link to the
 * record, or stays as it is to be mended and saved again. Any other is a scratch file: an editor's
 * temporary, which may be renamed onto a name that posts. Texts may hold passwords: they are wiped
 * before they are freed.
 */
#ifndef ROSTERFS_DRAFT_H
#define ROSTERFS_DRAFT_H

#include "fs/fs.h"

struct handle;
struct request;
struct shelf;

/* Is NAME one that posts? */
bool draft_posts(const char *name);

/* ---- in memory: these do not wait ---- */

/* The nodes of the drafts in DIRECTORY (new/), with one reference more. Number INDEX, or NULL. */
struct node *draft_at(struct fs *fs, const struct node *directory, size_t index);

/* The one called NAME, or NULL. */
struct node *draft_find(struct fs *fs, const struct node *directory, const char *name);

/* A new empty one. NULL: no memory, or it is there. */
struct node *draft_make(struct fs *fs, const struct node *directory, const char *name);

/* Forget NAME. 0 or -ENOENT. */
int draft_remove(struct fs *fs, const struct node *directory, const char *name);

/* Fill in ATTR's size and times for NODE, a draft. */
void draft_attr(const struct node *node, struct stat *attr);

/* A copy of the text of NODE, a draft; the caller wipes and frees. NULL: no memory. */
char *draft_text(const struct node *node, size_t *length);

/* NODE's text is TEXT (copied). 0, -ENOMEM, or -ENOSPC: beyond scratch_limit. */
int draft_store(struct fs *fs, const struct node *node, const char *text, size_t length);

void draft_free_all(struct shelf *shelf);

/* ---- at the vendor: these wait ---- */

/*
 * REQUEST's text, for its node (a draft), is complete: keep it, and post it if its name posts. 0 or
 * a negative errno with words in the call.
 */
int draft_commit(struct request *request);

/* Rename NAME to NEW_NAME in DIRECTORY: a save, if that posts. Answers REQ, now or later. */
void draft_rename(struct fs *fs, fuse_req_t req, struct node *directory, const char *name,
		  const char *new_name, unsigned flags);

#endif
