/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_dir_entry.h - what an open directory of by-email has.
 */
#ifndef ROSTERFS_EMAIL_DIR_ENTRY_H
#define ROSTERFS_EMAIL_DIR_ENTRY_H

#include "fs/people/email_index.h"

/* A name in an open directory. */
struct email_dir_entry {
	char name[PATH_NAME_MAX + 1];
	struct node *node; /* a reference */
	off_t size;        /* of a link */
	bool fleeting;     /* nobody tells the kernel when it changes */
	struct timespec time;
};

/*
 * Number INDEX of what PEOPLE, the open's, has in DIRECTORY. 1: it is in *ENTRY, 0: no memory, -1:
 * there are no more.
 */
int email_dir_entry(struct fs *fs, const struct node *directory, const struct email_index *people,
		    size_t index, struct email_dir_entry *entry);

/* The seconds for which the kernel may keep these entries. */
double email_dir_entry_seconds(const struct node *directory, const struct email_index *people);

#endif
