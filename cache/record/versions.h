/* SPDX-License-Identifier: Apache-2.0 */
/*
 * versions.h - the versions of records that were shown and are not the newest any more, and saves.
 *
 * A document that is saved was read from some version, and the edit is the difference from that
 * version. So each version that was opened for reading is kept when a newer one takes its place, up
 * to VERSIONS_MAX per record, and so is what a process left when it saved, for its next save. The
 * records that were changed longest ago are forgotten first; a document read from a forgotten
 * version is a conflict. One mutex, a leaf lock; no function waits; any thread.
 */
#ifndef ROSTERFS_VERSIONS_H
#define ROSTERFS_VERSIONS_H

#include "cache/document/earlier.h"
#include "cache/record/record.h"

#define VERSIONS_MAX 16
#define VERSIONS_RECORDS_MAX 20000
#define VERSIONS_SAVES_MAX 8

struct versions;

/* Identifies a process. A pid can be reused; a pid with its start time cannot. */
struct versions_process {
	pid_t pid;
	unsigned long long started; /* clock ticks after boot */
};

struct versions *versions_new(void);
void versions_free(struct versions *versions);

/*
 * Keep RECORD, which a newer one has replaced, if it was ever shown or is a namesake. Without
 * memory it is forgotten.
 */
void versions_retire(struct versions *versions, struct record *record);

/* Set LIST to the retired versions of record ID, newest first, at most ROOM, a new reference each.
 * Return their number. */
size_t versions_list(struct versions *versions, const char *id, struct record **list, size_t room);

/* What the saves of a process from one version left. */
struct versions_save {
	json_t *document; /* the version that the last one was compared with, plus its edits */
	json_t *left;     /* the record as the last one left it */
	struct earlier earlier; /* of all of them */
};

/*
 * Note that PROCESS saved record ID with a document that named version STAMP (NULL: none). SAVE is
 * what it did (borrowed). Only the last VERSIONS_SAVES_MAX versions and processes of a record are
 * remembered; after that a document is compared with the version that it names. Without memory the
 * save is forgotten.
 */
void versions_saved(struct versions *versions, const char *id,
		    const struct versions_process *process, const char *stamp,
		    const struct earlier_save *save);

/*
 * Return true if PROCESS has saved record ID from STAMP before, and fill SAVE; pair with
 * versions_save_clear.
 */
bool versions_last_save(struct versions *versions, const char *id,
			const struct versions_process *process, const char *stamp,
			struct versions_save *save);

/* Free what SAVE has; all zero is a no-op. */
void versions_save_clear(struct versions_save *save);

/* Note that a save of record ID by process PID was refused. */
void versions_note_refused(struct versions *versions, const char *id, pid_t pid);

/*
 * Return true if the last save that was refused was of record ID and by process PID (0: never). An
 * editor then writes back what it had read.
 */
bool versions_was_refused(struct versions *versions, const char *id, pid_t pid);

#endif
