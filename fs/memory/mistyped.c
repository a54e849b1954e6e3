/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mistyped.c - see mistyped.h.
 *
 * Compares names. What a text says is scratch_text.c's business, and which ids are known is the
 * roster's: an id that is not known without a request is not known here.
 */
#include "fs/memory/mistyped.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/known.h"
#include "cache/roster/whole.h"
#include "fs/memory/scratch.h"
#include "fs/memory/scratch_node.h"
#include "fs/memory/scratch_text.h"
#include "fs/tree/handle.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/node_record.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the form of a name ---- */

#define AWAY_MAX 2u
#define SUFFIX_MAX 8u /* "status", and AWAY_MAX more */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Return how many letters must be added, left out, changed or swapped with their neighbours to turn
 * A into B: the Damerau-Levenshtein distance, in which letters may be changed between two that are
 * swapped. A and B have only lower-case letters, at most SUFFIX_MAX each.
 */
static unsigned mistyped_distance(const char *a, const char *b)
{
	unsigned cost[SUFFIX_MAX + 2][SUFFIX_MAX + 2], row_of[26] = {0};
	unsigned long m = strlen(a), n = strlen(b);

	for (unsigned i = 0; i <= m + 1; i++)
		cost[i][0] = 2 * SUFFIX_MAX;
	for (unsigned j = 0; j <= n + 1; j++)
		cost[0][j] = 2 * SUFFIX_MAX;
	for (unsigned i = 0; i <= m; i++)
		cost[i + 1][1] = i;
	for (unsigned j = 0; j <= n; j++)
		cost[1][j + 1] = j;
	for (unsigned i = 1; i <= m; i++) {
		unsigned column = 0; /* of the last letter of B that is A's */

		for (unsigned j = 1; j <= n; j++) {
			unsigned k = row_of[b[j - 1] - 'a'], l = column;
			bool same = a[i - 1] == b[j - 1];
			unsigned best = cost[i][j] + !same;

			best = least(best, least(cost[i + 1][j], cost[i][j + 1]) + 1);
			best = least(best, cost[k][l] + (i - k - 1) + 1 + (j - l - 1));
			cost[i + 1][j + 1] = best;
			if (same)
				column = j;
		}
		row_of[a[i - 1] - 'a'] = i;
	}
	return cost[m + 1][n + 1];
}

/* Return true if SUFFIX is like WORD, but not exactly that. */
static bool is_like(const char *suffix, const char *word)
{
	char lower[SUFFIX_MAX + 1];
	size_t length = strlen(suffix);

	if (!length || length > SUFFIX_MAX || strcmp(suffix, word) == 0)
		return false;
	for (size_t i = 0; i <= length; i++) {
		char c = suffix[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c && (c < 'a' || c > 'z'))
			return false;
		lower[i] = c;
	}
	return mistyped_distance(lower, word) <= AWAY_MAX;
}

/* Return true if SUFFIX could be what mktemp(3) made of six X: no one types capitals in the middle
 * of a word. */
static bool is_random(const char *suffix)
{
	bool small = false;

	if (strlen(suffix) < 6)
		return false;
	for (const char *c = suffix; *c; c++) {
		if (small && *c >= 'A' && *c <= 'Z')
			return true;
		small |= *c >= 'a' && *c <= 'z';
	}
	return false;
}

/* Return true if MORE, which follows the whole name of a record's file with the suffix WORD, is
 * that suffix once more. */
static bool is_again(const char *name, const char *more, const char *word)
{
	return name[0] != '.' && is_like(more, word) && !is_random(more);
}

/*
 * Return true if NAME has a whole record's name, followed by a dot and more, as programs write it.
 */
static bool has_record_name(const char *name)
{
	for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.')) {
		if (dot == name)
			continue;
		if ((strncmp(dot, ".json.", 6) == 0 && !is_again(name, dot + 6, "json")) ||
		    (strncmp(dot, ".status.", 8) == 0 && !is_again(name, dot + 8, "status")))
			return true;
	}
	return false;
}

/* Write the record's name that NAME has before ".txt", in upper or lower case, or before its own
 * suffix once more, mistyped, to RECORD (NAME_MAX + 1 bytes). Return false if NAME has none. */
static bool cut_more(const char *name, bool drafts, char *record)
{
	const char *dot = strrchr(name, '.');
	struct path_name parsed;

	if (!dot || dot - name > NAME_MAX)
		return false;
	snprintf(record, NAME_MAX + 1, "%.*s", (int)(dot - name), name);
	path_parse(record, &parsed);
	if (parsed.kind != PATH_JSON && (parsed.kind != PATH_STATUS || drafts))
		return false;
	return strcasecmp(dot, ".txt") == 0 ||
	       is_again(name, dot + 1, parsed.kind == PATH_JSON ? "json" : "status");
}

bool mistyped_form(const char *name, bool drafts)
{
	const char *dot = strrchr(name, '.');
	char record[NAME_MAX + 1];

	if (cut_more(name, drafts, record))
		return true;
	if (!dot || has_record_name(name))
		return false;
	return is_like(dot + 1, "json") || (!drafts && is_like(dot + 1, "status"));
}

/* ---- a name in its directory ---- */

/* Return true if NAME is the id of a record in RECORD_DIR, as far as is known without asking. */
static bool is_known_id(struct record_dir *record_dir, const char *name)
{
	struct record *record = NULL;
	struct snapshot *snapshot;
	struct path_name parsed;
	double seconds;
	bool known;

	path_parse_folder(name, &parsed);
	if (parsed.cut) {
		snapshot = whole_snapshot(record_dir->roster, &seconds);
		known = snapshot && node_record_find_cut(snapshot, name);
		snapshot_put(snapshot);
		return known;
	}
	if (!parsed.has_id || !record_dir_may_have(record_dir, parsed.id))
		return false;
	known_peek(record_dir->roster, parsed.id, &record, &seconds);
	known = record;
	record_put(record);
	return known;
}

/* Return true if NAME in DIRECTORY is a record's without its suffix. */
static bool is_bare(const struct node *directory, const char *name)
{
	struct node_fixed fixed;
	size_t length = strlen(name);

	for (size_t i = 0; node_fixed(directory, i, &fixed); i++) {
		if (fixed.ops->is_record && strncmp(fixed.name, name, length) == 0 &&
		    strcmp(fixed.name + length, ".json") == 0)
			return true;
	}
	return directory->ops->lists && is_known_id(node_record_dir(directory), name);
}

static bool mistyped_in(const struct node *directory, const char *name)
{
	bool drafts = directory->ops->holds_drafts;

	return mistyped_form(name, drafts) || (!drafts && is_bare(directory, name));
}

/* ---- words ---- */

/* Write the path of the file that was meant by NAME in DIRECTORY, with a text that SAYS so, to
 * PATH. */
static void find_meant(const struct node *directory, const char *name, enum scratch_text_says says,
		       char *path)
{
	bool statuses = node_is_account(directory);
	char meant[NAME_MAX + 1], record[NAME_MAX + 1];
	const char *dot;
	int length;

	if (!cut_more(name, false, record))
		snprintf(record, sizeof(record), "%s", name);
	dot = strrchr(record, '.');
	/* a bare id may have dots */
	if (!dot || (!mistyped_form(name, false) && is_bare(directory, name)))
		length = (int)strlen(record);
	else
		length = (int)(dot - record);
	snprintf(meant, sizeof(meant), "%.*s%s", length > NAME_MAX - 7 ? NAME_MAX - 7 : length,
		 length ? record : "ID", says == SCRATCH_STATUS && statuses ? ".status" : ".json");
	node_path(directory, meant, path);
}

/* Log that a text that SAYS so was meant for another file than PATH, which is NAME in DIRECTORY.
 * Return -EINVAL. */
static int mistyped_refuse(fuse_req_t req, const struct node *directory, const char *path,
			   const char *name, enum scratch_text_says says)
{
	char meant[NODE_PATH_MAX], words[NODE_PATH_MAX + 128];

	find_meant(directory, name, says, meant);
	snprintf(words, sizeof(words),
		 "not the name of a record's file, so nothing would be sent; write %s instead",
		 meant);
	return request_refuse(req, path, -EINVAL, words);
}

/* Return a reference to the directory of PATH, or NULL, and what follows it in *NAME. */
static struct node *directory_of(struct fs *fs, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char above[NODE_PATH_MAX];

	if (!slash || (size_t)(slash - path) >= sizeof(above))
		return NULL;
	*name = slash + 1;
	memcpy(above, path, (size_t)(slash - path));
	above[slash - path] = '\0';
	return inode_find(fs, above);
}

int mistyped_write(fuse_req_t req, const struct handle *handle, const char *data, size_t size,
		   off_t offset)
{
	struct fs *fs = fs_of(req);
	struct scratch *scratch = scratch_node_of(handle->node);
	enum scratch_text_says says = SCRATCH_NOTHING;
	const char *name = NULL;
	struct node *directory;
	int error = 0;
	/* not the node's: it may have been renamed since the open */
	char *path = scratch_path(fs->scratches, scratch);

	directory = path ? directory_of(fs, path, &name) : NULL;
	if (directory && mistyped_in(directory, name))
		says = scratch_text_says_after(scratch, data, size, offset);
	if (says != SCRATCH_NOTHING) {
		scratch_text_spoil(scratch);
		error = mistyped_refuse(req, directory, path, name, says);
	}
	if (directory)
		inode_drop(fs, directory);
	free(path);
	return error;
}

int mistyped_rename(fuse_req_t req, const struct node *directory, const struct path_name *from,
		    const char *name)
{
	struct fs *fs = fs_of(req);
	enum scratch_text_says says = SCRATCH_NOTHING;
	char path[NODE_PATH_MAX];
	struct scratch *scratch;

	if (!mistyped_in(directory, name))
		return 0;
	node_path(directory, from->text, path);
	scratch = scratch_get(fs->scratches, path);
	if (scratch && !scratch_text_target(scratch))
		says = scratch_text_says(scratch);
	else if (!scratch)
		says = from->kind == PATH_STATUS ? SCRATCH_STATUS : SCRATCH_OBJECT;
	scratch_put(fs->scratches, scratch);
	if (says == SCRATCH_NOTHING)
		return 0;
	node_path(directory, name, path);
	return mistyped_refuse(req, directory, path, name, says);
}
