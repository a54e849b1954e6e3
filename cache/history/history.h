/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h - the newest writes that vendors accepted: for each the record before and after it, and
 * what undoes it.
 *
 * In memory, as long as the mount, bounded in number and in bytes: the oldest go first. Each write
 * has a number, from 1. It also names the version that it left: a document with that name in place
 * of the vendor's stamp is compared with just this version (update.c). One mutex; nothing waits.
 */
#ifndef ROSTERFS_HISTORY_H
#define ROSTERFS_HISTORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define HISTORY_WRITES_MAX 1000u
#define HISTORY_BYTES_MAX ((size_t)64 << 20)

struct history;

/* What there is of a write. A part that it does not have has no text. */
enum history_part {
	HISTORY_BEFORE, /* the record as JSON, or null: there was none */
	HISTORY_AFTER,  /* the same */
	HISTORY_UNDO,   /* a document that restores what was changed, or null: none can */
	HISTORY_SCRIPT, /* commands that restore it, where a document can't */
	HISTORY_PARTS,
};

/* What a write did to somebody's access. */
enum history_kind {
	HISTORY_EDIT, /* nothing */
	HISTORY_STATUS,
	HISTORY_LINK,
	HISTORY_UNLINK,
	HISTORY_CREATE,
	HISTORY_DELETE,
};

struct history_access {
	enum history_kind kind;
	const void *subject; /* one for all rosters whose records' ids name the same people */
	uint64_t
	    takes_back; /* the number of the write that it took back, or of the oldest; 0: none */
	/* the state before it and the one that it left, as texts (takeback.c's); NULL: none */
	const char *was, *left;
	/* of a write that was found: whose record it was, and its number */
	const void *owner;
	uint64_t number;
};

/* A write, as history_add is told of it; all is borrowed. */
struct history_write {
	const void *owner; /* the roster of the record: whoever asks for a version names it too */
	const char *id;
	const json_t *before, *after; /* NULL: there was none, there is none */
	/* What the document sets; gets the version's name at STAMP_KEY (nested: "a.b"; NULL: no
	   place). NULL: there is no such document. */
	const json_t *undo;
	const char *stamp_key;
	const char *script; /* or NULL */
	struct history_access access;
};

/* At most BYTES of text (HISTORY_BYTES_MAX). NULL: no memory. */
struct history *history_new(size_t bytes);
void history_free(struct history *history); /* NULL is fine */

/* Keep WRITE. Returns its number; 0: no memory, it is not kept. */
uint64_t history_add(struct history *history, const struct history_write *write);

/* The numbers that there may be: *FIRST to *LAST; none when *LAST is less. */
void history_range(struct history *history, uint64_t *first, uint64_t *last);

/* Sizes of the parts of write NUMBER (0: not there), and when it was. False: there is none. */
bool history_look(struct history *history, uint64_t number, size_t sizes[HISTORY_PARTS],
		  struct timespec *when);

/* The text of PART; the caller frees. NULL: there is none. */
char *history_text(struct history *history, uint64_t number, enum history_part part,
		   size_t *length);

/* The same of a PART that is a record, parsed: a new reference. NULL: there is none, or no memory.
 */
json_t *history_record(struct history *history, uint64_t number, enum history_part part);

/*
 * The newest write of this mount before number BELOW (0: of all) that did something to the access
 * of SUBJECT's ID: copied to *ACCESS, whose texts the caller frees by history_access_clear. False:
 * none is kept.
 */
bool history_newest_access(struct history *history, const void *subject, const char *id,
			   uint64_t below, struct history_access *access);
void history_access_clear(struct history_access *access);

/* The newest write before write NUMBER that was to OWNER's record ID. 0: none is kept. */
uint64_t history_before(struct history *history, const void *owner, const char *id,
			uint64_t number);

/* Is STAMP a version's name of a history, this or another one? */
bool history_names(const char *stamp);

/*
 * The version that STAMP names, of OWNER's record ID (PART is HISTORY_AFTER), or another document
 * of that write: a new reference. NULL: it is not kept.
 */
json_t *history_version(struct history *history, const char *stamp, const void *owner,
			const char *id, enum history_part part);

#endif
