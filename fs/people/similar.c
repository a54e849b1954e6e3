/* SPDX-License-Identifier: Apache-2.0 */
/*
 * similar.c - see similar.h.
 *
 * `cat *.MANUAL` prints the text on terminals, and emails are what strangers typed. So everything
 * that is not printable ASCII is written out, except in names of directories, which are printed as
 * they are listed. It knows names and rosters, not the kernel.
 */
#include "fs/people/similar.h"

#include "cache/roster/roster_email.h"
#include "fs/people/email_links.h"
#include "fs/people/email_name.h"
#include "fs/people/email_person.h"
#include "fs/people/email_spelling.h"
#include "fs/tree/entry.h"
#include "fs/tree/open.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "vendors/base/address.h"
#include "vendors/base/skeleton.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Records that are listed for each vendor. */
#define LISTED_MAX 100

/* ---- one line ---- */

/* Print RECORD of BRANCH, with its email as it is stored. Return false without memory. */
static bool put_record(FILE *out, const struct branch *branch, const struct record *record)
{
	char *written = address_written(record_email(record));
	char stem[PATH_STEM_MAX + 1];
	bool done = written;

	path_stem(record->id, stem);
	if (done)
		fprintf(out, "%s/%s.json: %s\n", branch->account->name, stem, written);
	free(written);
	return done;
}

static void put_reasons(FILE *out, unsigned steps)
{
	const char *before = "    differs in ";

	for (unsigned step = 1; step < SKELETON_ALL; step <<= 1) {
		if (!(steps & step))
			continue;
		fprintf(out, "%s%s", before, skeleton_words((enum skeleton_step)step));
		before = ", ";
	}
	fprintf(out, "\n");
}

/* ---- other people ---- */

static int similar_compare_keys(const void *a, const void *b)
{
	const struct record *const *left = a, *const *right = b;
	int order = strcasecmp(record_key(*left), record_key(*right));

	return order ? order : strcmp((*left)->id, (*right)->id);
}

/* Print those of FOUND, at BRANCH, whose emails are taken for KEY. Return 0 or -ENOMEM. */
static int put_found(FILE *out, const struct branch *branch, const struct snapshot *found,
		     const char *key)
{
	struct record **records = calloc(found->count + 1, sizeof(struct record *));
	char stem[PATH_STEM_MAX + 1];
	int error = records ? 0 : -ENOMEM;

	if (!error && found->count)
		memcpy(records, found->records, found->count * sizeof(struct record *));
	if (!error)
		qsort(records, found->count, sizeof(struct record *), similar_compare_keys);
	for (size_t i = 0; !error && i < found->count; i++) {
		const char *other = record_key(records[i]);

		if (!put_record(out, branch, records[i]) || !email_name_stem(other, stem)) {
			error = -ENOMEM;
			break;
		}
		put_reasons(out, skeleton_compare(key, other));
		fprintf(out, "    see ../%s\n", stem);
	}
	free(records);
	return error;
}

/* Print those that are taken for PEOPLE's person, at all vendors. *ANY: there are some. Return 0 or
 * -ENOMEM. */
static int similar_put_others(FILE *out, const struct email_index *people, bool *any)
{
	struct fs *fs = people->fs;
	int error = 0;

	for (size_t i = 0; !error && i < fs->branch_count; i++) {
		struct branch *branch = &fs->branches[i];
		struct snapshot *found;
		bool known, more;

		if (!branch->users)
			continue;
		found = roster_email_similar(branch->users->roster, people->email, &known, &more);
		if (!found)
			return -ENOMEM;
		error = put_found(out, branch, found, people->email);
		*any = *any || found->count;
		if (more)
			fprintf(out, "%s: there are more of them\n", branch->account->name);
		if (!known)
			fprintf(out, "%s: its users are not known now, and are missing here\n",
				branch->account->name);
		snapshot_put(found);
	}
	return error;
}

/* ---- one vendor's own ---- */

/* Return true if the emails of COUNT records WITH one key are stored in more than one way. */
static bool are_stored_differently(struct record *const *with, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (strcmp(record_email(with[i]), record_email(with[0])) != 0)
			return true;
	}
	return false;
}

/* Print the records of vendors that store PEOPLE's email in more than one way. *ANY: there are
 * some. Return 0 or -ENOMEM. */
static int put_own(FILE *out, const struct email_index *people, bool *any)
{
	struct fs *fs = people->fs;
	char stem[PATH_STEM_MAX + 1];

	for (size_t i = 0; i < fs->branch_count; i++) {
		const struct branch *branch = &fs->branches[i];
		size_t count, shown;
		struct record *const *with = email_index_with(&people->known[i], people->email,
							      &count);

		email_spelling_shown(people, i, &shown);
		if (!are_stored_differently(with, count))
			continue;
		*any = true;
		for (size_t j = 0; j < count && j < LISTED_MAX; j++) {
			if (!put_record(out, branch, with[j]))
				return -ENOMEM;
			if (email_spelling_shows(people, with[j])) {
				email_links_stem(fs, branch, with[j], shown, stem);
				fprintf(out, "    in this directory as %s\n", stem);
				continue;
			}
			if (!email_spelling_record_stem(people, with[j], stem))
				return -ENOMEM;
			fprintf(out, "    see ../%s\n", stem);
		}
		if (count > LISTED_MAX)
			fprintf(out, "%s: there are more of them\n", branch->account->name);
	}
	return 0;
}

/* ---- the whole ---- */

/* Print a part with PUT below HEAD, if there is anything to print. Return 0 or -ENOMEM. */
static int put_part(FILE *out, const struct email_index *people, const char *head,
		    int (*put)(FILE *out, const struct email_index *people, bool *any), bool *any)
{
	char *text = NULL;
	size_t length = 0;
	FILE *part = open_memstream(&text, &length);
	bool some = false;
	int error = part ? put(part, people, &some) : -ENOMEM;

	if (part && (fclose(part) || !text))
		error = -ENOMEM;
	if (!error && some)
		fprintf(out, "\n%s\n\n%s", head, text);
	*any = *any || some;
	free(text);
	return error;
}

int similar_look(struct email_index *people)
{
	char *text = NULL, *written = address_written(people->email);
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	bool any = false;
	int error = out && written ? 0 : -ENOMEM;

	if (!error) {
		fprintf(out,
			"SIMILAR EMAILS: look at these before you think that you know all of\n"
			"%s\n"
			"\n"
			"<U+200B> stands for a character that is not seen, or is not ASCII.\n",
			written);
		error = put_part(out, people,
				 "Other people, or other emails of the same person, which are "
				 "easily taken for it:",
				 similar_put_others, &any);
	}
	if (!error)
		error = put_part(out, people,
				 "Users of a vendor that stores it in several ways:", put_own,
				 &any);
	if (out && (fclose(out) || !text))
		error = -ENOMEM;
	free(written);
	free(people->similar);
	people->similar = NULL;
	if (error || !any) {
		free(text);
		return error;
	}
	people->similar = text;
	return 0;
}

/* ---- the file ---- */

/* The text is about others too, and the kernel is not told when it changes. */
static bool query_of_similar(const struct node *node, struct email_query *query)
{
	bool found = email_query_in_person(node, query);

	query->exact = false;
	return found;
}

static int show_similar(struct email_index *people, const struct email_query *query,
			const struct node *node, struct email_shown *shown)
{
	int error = email_person_choose(people, query);

	(void)node;
	if (!error)
		error = similar_look(people);
	if (error || !people->similar)
		return error ? error : -ENOENT;
	shown->size = (off_t)strlen(people->similar);
	return 0;
}

static void open_similar(fuse_req_t req, fuse_ino_t ino, struct node *node,
			 struct fuse_file_info *fi)
{
	(void)ino;
	if (open_writes(fi->flags))
		fuse_reply_err(req,
			       -request_refuse(req, node->path, -EPERM, "this text is read-only"));
	else
		email_answer(req, node, WANT_TEXT, fi);
}

const struct email_kind similar_file = {
    .node = {.mode = S_IFREG | 0444,
	     .umask = NODE_UMASK_GIVEN,
	     .is_person = true,
	     .shows_others = true,
	     .attr_seconds = entry_while_fresh,
	     .name_seconds = entry_name_while_fresh,
	     .getattr = email_answer_getattr,
	     .open = open_similar},
    .query = query_of_similar,
    .show = show_similar,
};
