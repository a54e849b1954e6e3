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
#include "fs/tree/open.h"
#include "fs/tree/path.h"
#include "vendors/rest/account.h"

#include <errno.h>

/* ---- README ---- */

static const char readme_text[] =
    "Users of SaaS vendors, one directory a vendor, two files a user.\n"
    "\n"
    "  cat partnerize/123.json                      see a user\n"
    "  cat by-email/jane@example.com/*.json         see a person, at each vendor\n"
    "  echo inactive > partnerize/123.status        end the user's access\n"
    "  echo inactive | tee by-email/jane@example.com/*.status   everywhere\n"
    "  jq -r .email tables/partnerize.jsonl         all users in one file; tables/people.csv: everyone\n"
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

static const char *text_of_readme(const struct node *node)
{
	(void)node;
	return readme_text;
}

static const struct node_ops readme_file = {
    .mode = S_IFREG | 0444,
    .umask = NODE_UMASK_GIVEN,
    .attr = node_attr_constant,
    .constant = text_of_readme,
    .open = open_read_only,
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
    .umask = NODE_UMASK_ALWAYS,
    .fixed = fixed_in_root,
    .lookup = root_lookup,
    .list = list_branches,
};
