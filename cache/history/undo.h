/* SPDX-License-Identifier: Apache-2.0 */
/*
 * undo.h - what takes back a change, as a structure, and the operations that put it into words.
 *
 * cache/ knows which change takes back another one. Which files and which command make that change
 * is known only to the layer above, so that layer passes in these operations (guard_tell).
 */
#ifndef ROSTERFS_HISTORY_UNDO_H
#define ROSTERFS_HISTORY_UNDO_H

#include <jansson.h>
#include <stdint.h>

struct account;
struct collection;

enum undo_what {
	UNDO_STATUS,   /* make WORD the status of the record */
	UNDO_DOCUMENT, /* write the document that write NUMBER of the history keeps for this */
	UNDO_LINK,     /* link the record into its parent */
	UNDO_UNLINK,   /* remove that link */
};

/* All texts are borrowed. */
struct undo {
	enum undo_what what;
	/* The file that the call is about (call->path), if that is a file of the record. Else NULL:
	   then ID names the record. */
	const char *path;
	const char *id;
	/* UNDO_LINK without a path: the links that the record's steps are (collection->step_links),
	   and the id of the parent; NULL: a placeholder stands for it. */
	const struct collection *links;
	const char *parent;
	const char *word; /* "active" or "inactive" */
	uint64_t number;
};

/* Local and quick; any thread. */
struct undo_words {
	/*
	 * Return the shell command that does UNDO, to be run in ACCOUNT's directory; the caller
	 * frees. NULL: no memory, or the record or its parent has an id that is not also its name.
	 */
	char *(*command)(const struct account *account, const struct undo *undo);
	/*
	 * Return a shell script that runs COMMANDS (an array of such texts) from where the history
	 * shows it; the caller frees. NULL: no memory.
	 */
	char *(*script)(const struct account *account, const json_t *commands);
};

#endif
