/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_file.h - a file in tables/: what it is made of, and the operations of its nodes.
 *
 * A node shows one edition of its table (edition.h), and asks for its rosters when it is opened: as
 * opening the directory of each would.
 */
#ifndef ROSTERFS_TABLE_FILE_H
#define ROSTERFS_TABLE_FILE_H

#include "cache/tables/table_text.h"
#include "fs/tree/node.h"

struct edition;
struct roster;
struct snapshot;
struct table_file;

/*
 * Make the text of FILE of SNAPSHOTS (borrowed), one for each of its rosters, in their order. Each
 * of their records can be read. Any thread. It may take as long as the rosters are large, and waits
 * for no vendor. Return NULL: no memory.
 */
typedef struct table_text *table_make(const struct table_file *file,
				      struct snapshot *const *snapshots);

/* Return why FILE cannot be made of SNAPSHOT, that of its only roster: a message. NULL: it can. */
typedef const char *table_refuse(const struct table_file *file, const struct snapshot *snapshot);

/* What a table is made of. */
struct table_source {
	struct branch *branch;   /* whose records it shows; NULL: those of all */
	struct roster **rosters; /* which must be whole; they live as long as the mount */
	size_t count;            /* of these; it may be 0 */
	table_make *make;
	/* Such a table fails with EOPNOTSUPP, because it would be short. NULL: none does. */
	table_refuse *refuse;
};

/* Made at the start, and there as long as the mount. */
struct table_file {
	struct fs *fs;
	char *name; /* "partnerize.csv" */
	enum table_format format;
	struct table_source source; /* it owns the array of rosters */

	/* ---- private to edition.c ---- */

	pthread_mutex_t lock;     /* of what follows; taken alone */
	struct edition *newest;   /* a reference, or NULL */
	struct edition *reserved; /* utlist: each for one thread, with a reference */
};

/* Of nodes that own an edition. */
extern const struct node_ops table_file;

#endif
