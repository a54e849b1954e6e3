/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edition.h - one version of a table: what a node of it shows.
 *
 * An edition that was opened shows one version for good, so the kernel may keep its size and its
 * pages, and no reader sees two versions. A name leads to the newest edition if that shows what is
 * known by now, otherwise to a new one. An edition gets its version when it is first opened. Before
 * that it may be asked for its size, of whatever is known then, and the kernel caches nothing of
 * it.
 *
 * The text is made while it is read (table_text.h). It is kept, with the snapshots that it is made
 * of, as long as there are users: open files, and requests that are under way.
 */
#ifndef ROSTERFS_EDITION_H
#define ROSTERFS_EDITION_H

#include "fs/tables/table_file.h"

#include <stdint.h>

/* What an edition shows of one roster. */
struct edition_part {
	struct snapshot *snapshot; /* a reference */
	uint64_t generation;       /* of the roster */
};

/*
 * Return the edition that a name of FILE leads THREAD to (0: no particular one), a new reference,
 * or NULL: no memory. Quick.
 */
struct edition *edition_take(struct table_file *file, pid_t thread);
struct edition *edition_get(struct edition *edition);
void edition_put(struct edition *edition); /* NULL is a no-op */

/* Release the editions of FILE, at the end. */
void edition_exit(struct table_file *file);

struct table_file *edition_file(const struct edition *edition);

/* Count one more or one fewer user of EDITION. */
void edition_use(struct edition *edition);
void edition_unuse(struct edition *edition);

/* ---- versions ---- */

/* Return room for the parts of FILE, all zero, or NULL: no memory. */
struct edition_part *edition_parts_new(const struct table_file *file);
void edition_parts_free(const struct table_file *file, struct edition_part *parts); /* NULL too */

/*
 * Return what is known of FILE's rosters, for edition_parts_free; *FRESH: no vendor need be asked.
 * NULL: there is a roster of which nothing is known, or no memory. After a write it takes as long
 * as the rosters are large.
 */
struct edition_part *edition_look(const struct table_file *file, bool *fresh);

/*
 * Show PARTS (taken) in EDITION, of which the caller is a user, and make the text unless the size
 * is known. OPEN: a process opens it, so that it shows PARTS from now on. Return 0, -ENOMEM, or
 * -ESTALE: EDITION was opened, and shows another version. It may take as long as the rosters are
 * large.
 */
int edition_show(struct edition *edition, struct edition_part *parts, bool open);

/*
 * As edition_show for an open, but quick. Return false if it can't be so: EDITION was not opened
 * before, or shows another version.
 */
bool edition_reopen(struct edition *edition, struct edition_part *parts);

/*
 * After -ESTALE, which THREAD is to be told: its next lookup finds an edition that no other thread
 * knows. Return false if it was told so before, and has come by the same edition instead (by a link
 * in /proc): then it reads what others read there.
 */
bool edition_move(struct edition *edition, pid_t thread);

/* ---- what it shows ---- */

/*
 * Set the size and the time of EDITION in ATTR, as far as they are known. Return true if they stay
 * so, and the kernel may cache them. Quick.
 */
bool edition_attr(struct edition *edition, struct stat *attr);

/*
 * Return the text of EDITION, which is open. It is borrowed, and valid until the caller closes it.
 * The first call takes as long as the rosters are large. NULL: no memory.
 */
const struct table_text *edition_text(struct edition *edition);

#endif
