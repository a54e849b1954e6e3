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

#include "cache/record.h"

#define VERSIONS_MAX 16
#define VERSIONS_RECORDS_MAX 20000

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

/*
 * PROCESS saved record ID with a document that named version STAMP (NULL: none). DOCUMENT is the
 * version it was compared with plus its changes, LEFT the record as the save left it. Borrowed.
 */
void versions_saved(struct versions *versions, const char *id,
		    const struct versions_process *process, const char *stamp,
		    const json_t *document, const json_t *left);

/*
 * Has PROCESS saved record ID from STAMP before? Then true, and what versions_saved was told last,
 * as new references.
 */
bool versions_last_save(struct versions *versions, const char *id,
			const struct versions_process *process, const char *stamp,
			json_t **document, json_t **left);

#endif
