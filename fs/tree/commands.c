/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands.c - see commands.h.
 *
 * Knows where a record's files and links are, from the path of a call or from the vendor's table of
 * places. It must not know which change takes back which.
 */
#include "fs/tree/commands.h"

#include "fs/tree/path.h"
#include "vendors/base/call.h"
#include "vendors/base/shell_word.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Stands for the id of a parent that the user must fill in. */
#define ANY_PARENT "ACCOUNT"

/* Bytes of a file's path below the account's directory, with room for another suffix. */
#define FILE_MAX (CALL_PATH_MAX + 16)

/* Return true if ID's files are called exactly like it, without escapes. */
static bool is_name(const char *id)
{
	char stem[PATH_STEM_MAX + 1];

	if (!*id)
		return false;
	path_stem(id, stem);
	return strcmp(stem, id) == 0;
}

/* Return the part of PATH, which begins at the mount point, below the account's directory. */
static const char *below_account(const char *path)
{
	const char *slash = strchr(path, '/');

	return slash ? slash + 1 : NULL;
}

/* Fill FILE with the path of the file that UNDO's record has with SUFFIX. False: it has none. */
static bool find_file(const struct undo *undo, const char *suffix, char file[FILE_MAX])
{
	const char *path, *dot;

	if (!undo->path) {
		snprintf(file, FILE_MAX, "%s%s", undo->id, suffix);
		return is_name(undo->id);
	}
	path = below_account(undo->path);
	dot = path ? strrchr(path, '.') : NULL;
	if (!dot)
		return false;
	snprintf(file, FILE_MAX, "%.*s%s", (int)(dot - path), path, suffix);
	return true;
}

/* Fill FOLDER with the directory of LINKS below PARENT. False: the vendor shows no such links. */
static bool find_links(const struct vendor *vendor, const struct collection *links,
		       const char *parent, char folder[FILE_MAX])
{
	const struct place *place, *below;

	for (place = vendor->places; place && place->name; place++) {
		for (below = place->below; below && below->name; below++) {
			if (below->collection != links)
				continue;
			snprintf(folder, FILE_MAX, "%s/%s/%s/", place->name, parent, below->name);
			return true;
		}
	}
	return false;
}

/* Fill FOLDER, which ends in a slash, and NAME with the link that UNDO makes. False: it has none.
 */
static bool find_link(const struct account *account, const struct undo *undo, char folder[FILE_MAX],
		      char name[FILE_MAX])
{
	const char *parent = undo->parent ? undo->parent : ANY_PARENT;
	const char *path, *slash;

	if (!undo->path)
		return is_name(parent) && find_file(undo, ".json", name) &&
		       find_links(account->vendor, undo->links, parent, folder);
	path = below_account(undo->path);
	slash = path ? strrchr(path, '/') : NULL;
	if (!slash)
		return false;
	snprintf(folder, FILE_MAX, "%.*s", (int)(slash + 1 - path), path);
	snprintf(name, FILE_MAX, "%s", slash + 1);
	return true;
}

/* "acme/accounts/1/members/7.json" is made by: ln -s ../../../7.json accounts/1/members/ */
static bool put_link(FILE *out, const struct account *account, const struct undo *undo)
{
	char folder[FILE_MAX], name[FILE_MAX], target[4 * FILE_MAX];
	size_t length = 0;

	if (!find_link(account, undo, folder, name))
		return false;
	for (const char *c = folder; *c; c++) {
		if (*c == '/')
			length += (size_t)(stpcpy(target + length, "../") - (target + length));
	}
	stpcpy(target + length, name);
	fputs("ln -s ", out);
	shell_word_put(out, target);
	fputc(' ', out);
	shell_word_put(out, folder);
	return true;
}

static bool put_unlink(FILE *out, const struct undo *undo)
{
	const char *path = below_account(undo->path);

	if (!path)
		return false;
	fputs("rm ", out);
	shell_word_put(out, path);
	return true;
}

static bool put_status(FILE *out, const struct undo *undo)
{
	char file[FILE_MAX];

	if (!find_file(undo, ".status", file))
		return false;
	fprintf(out, "echo %s > ", undo->word);
	shell_word_put(out, file);
	return true;
}

static bool put_document(FILE *out, const struct undo *undo)
{
	char file[FILE_MAX];

	if (!find_file(undo, ".json", file))
		return false;
	fprintf(out, "cp ../.rosterfs/history/%" PRIu64 "/undo.json ", undo->number);
	shell_word_put(out, file);
	return true;
}

static bool put_command(FILE *out, const struct account *account, const struct undo *undo)
{
	switch (undo->what) {
	case UNDO_STATUS:
		return put_status(out, undo);
	case UNDO_DOCUMENT:
		return put_document(out, undo);
	case UNDO_LINK:
		return put_link(out, account, undo);
	case UNDO_UNLINK:
		return put_unlink(out, undo);
	}
	return false;
}

static char *render_command(const struct account *account, const struct undo *undo)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool whole;

	if (!out)
		return NULL;
	whole = put_command(out, account, undo);
	if (fclose(out) || !whole) {
		free(text);
		return NULL;
	}
	return text;
}

static char *render_script(const struct account *account, const json_t *list)
{
	char *text = NULL;
	size_t i, size;
	json_t *command;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("cd \"$(dirname \"$0\")/../../..\" && cd ", out);
	shell_word_put(out, account->name);
	fputs(" || exit\n", out);
	json_array_foreach(list, i, command)
		fprintf(out, "%s\n", json_string_value(command));
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

const struct undo_words commands_undo_words = {.command = render_command, .script = render_script};
