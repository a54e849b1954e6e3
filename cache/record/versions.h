/* SPDX-License-Identifier: Apache-2.0 */
/*
 * versions.h - the versions of records that were shown and are not the newest any more.
 *
 * A document that somebody saves was read from some version; what they changed is the difference to
 * that one. So each version that was opened for reading is kept when a newer one takes its place,
 * up to VERSIONS_MAX a record, and so is what a process left when it saved, for its next save.
 * Bounded: the records changed longest ago are forgotten first, and a document read from a
 * forgotten version is a conflict. One mutex; all functions are local and may be called from any
 * thread.
 */
#ifndef ROSTERFS_VERSIONS_H
#define ROSTERFS_VERSIONS_H

#include "cache/document/earlier.h"
#include "cache/record/record.h"

#define VERSIONS_MAX 16
#define VERSIONS_RECORDS_MAX 20000
#define VERSIONS_SAVES_MAX 8

struct versions;

/* Which process: a pid comes again, a pid with its start time does not. */
struct versions_process {
	pid_t pid;
	unsigned long long started; /* clock ticks after boot */
};

struct versions *versions_new(void);
void versions_free(struct versions *versions);

/* RECORD has been replaced by a newer one: keep it if it was ever shown, or is a namesake. Never
 * fails: it may be forgotten. */
void versions_retire(struct versions *versions, struct record *record);

/* The retired versions of record ID, newest first, at most ROOM, a reference each. Returns their
 * number. */
size_t versions_list(struct versions *versions, const char *id, struct record **list, size_t room);

/* What a process left when it last saved from a version, and before. */
struct versions_save {
	json_t *document; /* the version that it was compared with, plus its changes */
	json_t *left;     /* the record as the save left it */
	struct earlier earlier;
};

/*
 * PROCESS saved record ID with a document that named version STAMP (NULL: none). SAVE is what it
 * did (borrowed). Only the last VERSIONS_SAVES_MAX versions and processes of a record are
 * remembered; after that a document is compared with the version that it names. Never fails: it may
 * be forgotten.
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

/* Free what SAVE has. All zero is fine. */
void versions_save_clear(struct versions_save *save);

/* Note that a save of record ID by process PID was refused. */
void versions_note_refused(struct versions *versions, const char *id, pid_t pid);

/*
 * Return true if the last save that was refused was of record ID and by process PID (0: never). An
 * editor then writes back what it had read.
 */
bool versions_was_refused(struct versions *versions, const char *id, pid_t pid);

#endif
