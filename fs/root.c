/* SPDX-License-Identifier: Apache-2.0 */
/*
 * root.c - see root.h.
 *
 * The names of accounts are in the config, which does not allow the fixed ones.
 */
#include "fs/root.h"

#include "fs/control/control_dir.h"
#include "fs/people/email_dir.h"
#include "fs/tables/tables_dir.h"
#include "fs/tree/branch.h"
#include "fs/tree/entry.h"
#include "fs/tree/filler.h"
#include "fs/tree/inode.h"
#include "fs/tree/path.h"
#include "vendors/base/shell_word.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- README ---- */

/* A command, and what it does. % is the directory of an account; PEOPLE: it needs one. */
static const struct example {
	const char *command, *meaning;
	bool people;
} examples[] = {
    {"cat %/123.json", "see a user", true},
    {"cat by-email/jane@example.com/*.json", "see a person, at each vendor", true},
    {"echo inactive > %/123.status", "end the user's access", true},
    {"echo inactive | tee by-email/jane@example.com/*.status", "everywhere", true},
    {"cat by-email/jane@example.com/*.MANUAL", "what is then left to do by hand", true},
    {"jq -r .email tables/%.jsonl", "all users in one file; tables/people.csv: everyone", true},
    {"vi %/123.json", "edit: what you change is laid on the vendor's", true},
    {"", "newest record, nothing else is touched", true},
    {"cat */MANUAL", "what no API does, and how to do it by hand", false},
    {"grep -F %/123. .rosterfs/log | tail -1", "why something failed", true},
    {"cat .rosterfs/status", "what is known, how old it is, what is going on", false},
    {"echo % > .rosterfs/refresh", "fetch anew at the next read", true},
    {"echo status_limit 500 > .rosterfs/control", "let more status changes through", true},
    {"sh .rosterfs/history/7/undo.sh", "take back the seventh change, or copy undo.json", true},
    {"timeout 5 cat README > /dev/null", "fails if rosterfs has died or hangs", false},
};

#define COLUMN 44 /* of what a command does */

/* Return the first account of FS with an API, or NULL. */
static const struct account *first_account(const struct fs *fs)
{
	for (size_t i = 0; i < fs->branch_count; i++) {
		if (fs->branches[i].users)
			return fs->branches[i].account;
	}
	return NULL;
}

/* Write EXAMPLE to OUT, with NAME for %. */
static void put_example(FILE *out, const struct example *example, const char *name)
{
	size_t before = strcspn(example->command, "%");
	const char *after = example->command + before + (example->command[before] == '%');
	const char *between = example->command[before] ? name : "";
	size_t length = before + strlen(between) + strlen(after);

	(void)fprintf(out, "  %.*s%s%s%*s %s\n", (int)before, example->command, between, after,
		      length < COLUMN ? (int)(COLUMN - length) : 1, "", example->meaning);
}

char *root_readme(const struct fs *fs)
{
	const struct account *account = first_account(fs);
	char *name = shell_word(account ? account->name : ""), *text = NULL;
	size_t length = 0;
	FILE *out = name ? open_memstream(&text, &length) : NULL;

	if (!out)
		goto out;
	(void)fputs("Users of SaaS vendors, one directory a vendor, two files a user.\n\n", out);
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		if (account || !examples[i].people)
			put_example(out, &examples[i], name);
	}
	(void)
	    fputs("\nA write that succeeded has been acknowledged by the vendor. See rosterfs(1), "
		  "section SEMANTICS.\n",
		  out);
	if (fclose(out)) {
		free(text);
		text = NULL;
	}
out:
	free(name);
	return text;
}

static const char *text_of_readme(const struct fs *fs, const struct node *node)
{
	(void)node;
	return fs->readme;
}

static const struct node_ops readme_file = {
    .mode = S_IFREG | 0444,
    .umask = NODE_UMASK_GIVEN,
    .attr = node_attr_constant,
    .constant = text_of_readme,
};

/* ---- the directory ---- */

static bool fixed_in_root(const struct node *directory, size_t index, struct node_fixed *fixed)
{
	static const struct node_fixed list[] = {
	    {"README", &readme_file, NULL, false},
	    {"by-email", &email_dir_root.node, NULL, false},
	    {"tables", &tables_dir, NULL, false},
	    {".rosterfs", &control_dir, NULL, false},
	};

	(void)directory;
	return node_list_fixed(list, sizeof(list) / sizeof(list[0]), index, fixed);
}

static void root_lookup(fuse_req_t req, struct node *directory, const struct path_name *name)
{
	struct fs *fs = fs_of(req);
	struct branch *branch = branch_find(fs, name->text);

	if (branch) {
		inode_hold(fs, branch->node);
		entry_reply(req, branch->node, NULL, 0);
	} else if (!entry_reply_fixed(req, directory, name->text)) {
		fuse_reply_err(req, ENOENT);
	}
}

static int list_branches(struct filler *filler, size_t index, off_t next)
{
	struct branch *branch;

	if (index >= filler->fs->branch_count)
		return -1;
	branch = &filler->fs->branches[index];
	inode_hold(filler->fs, branch->node);
	return filler_add(filler, branch->account->name, branch->node, NULL, 0, next);
}

const struct node_ops root_dir = {
    .mode = S_IFDIR | 0777,
    .umask = NODE_UMASK_ROOT,
    .fixed = fixed_in_root,
    .lookup = root_lookup,
    .list = list_branches,
};
