/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_answer.h - how what by-email shows is answered: at once if it is known and fresh, else
 * after all rosters that it is about have been asked together.
 *
 * A kind of node in by-email is a table of operations like any other, with a few more.
 */
#ifndef ROSTERFS_EMAIL_ANSWER_H
#define ROSTERFS_EMAIL_ANSWER_H

#include "fs/people/email_index.h"

/* What a node shows, by what is known. */
struct email_shown {
	off_t size;
	struct timespec time;
	char target[NODE_PATH_MAX]; /* of a link */
};

/* Set SHOWN's size and time in ATTR. */
void email_answer_set_shown(const struct email_shown *shown, struct stat *attr);

struct email_kind {
	struct node_ops node; /* its operations in general */
	/* Fill QUERY with what NODE asks for. Return false if nothing can be called so. */
	bool (*query)(const struct node *node, struct email_query *query);
	/*
	 * Find in PEOPLE what NODE, which asks for QUERY, shows. SHOWN has the time of the oldest
	 * roster. Return 0, -ENOENT, a vendor's errno, -ESTALE: another node has its name, or
	 * -ENOMEM.
	 */
	int (*show)(struct email_index *people, const struct email_query *query,
		    const struct node *node, struct email_shown *shown);
	/* Of a directory: answer REQ, NODE is open and shows PEOPLE. Takes PEOPLE. */
	void (*open)(fuse_req_t req, struct node *node, struct email_index *people,
		     struct fuse_file_info *fi);
};

/* Return the kind of NODE, which is one of by-email's that ask for something. */
static inline const struct email_kind *email_kind_of(const struct node *node)
{
	return (const struct email_kind *)node->ops;
}

/* Find in PEOPLE what NODE shows, as its show operation. */
int email_answer_show(struct email_index *people, const struct email_query *query,
		      const struct node *node, struct email_shown *shown);

enum email_wanted { WANT_ATTR, WANT_TARGET, WANT_OPEN, WANT_TEXT };

/* Answer REQ with what is WANTED of NODE. May wait. FI: of an open, else NULL. Opening a person's
 * directory asks each vendor that has failed again. */
void email_answer(fuse_req_t req, struct node *node, enum email_wanted wanted,
		  struct fuse_file_info *fi);

/* Answer REQ about PATH with ERROR, which PEOPLE showed, and log it if it is a vendor's. */
void email_answer_refuse(fuse_req_t req, const char *path, const struct email_index *people,
			 int error);

/* The getattr and readlink operations of such kinds. */
void email_answer_getattr(fuse_req_t req, fuse_ino_t ino, struct node *node);
void email_answer_readlink(fuse_req_t req, struct node *node);

#endif
