/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h - the newest writes that vendors have accepted: for each, the record before and after
 * it, and what undoes it.
 *
 * Kept in memory, for as long as the mount; limited in number and in bytes, the oldest are dropped
 * first. With a store (history_store.h) they are on disk too, and a later mount has them again.
 * Each write has a number, from 1, which no later mount with the same store uses again. The number
 * also gives a name to the version that the write left: a document with that name in place of the
 * vendor's stamp is compared with just that version.
 *
 * There are two mutexes: one that is held while the index on disk is written, and, below it, a leaf
 * lock. Only history_add and history_ready block, on the disk. Any thread.
 */
#ifndef ROSTERFS_HISTORY_H
#define ROSTERFS_HISTORY_H

#include "cache/history/history_facts.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define HISTORY_WRITES_MAX 1000u
#define HISTORY_BYTES_MAX ((size_t)64 << 20)

struct history;
struct history_store;

/* The parts of a write. A part that a write does not have has no text. */
enum history_part {
	HISTORY_BEFORE, /* the record as JSON; null: there was none */
	HISTORY_AFTER,  /* the same */
	HISTORY_UNDO,   /* the document that restores what was changed; null: none does */
	HISTORY_SCRIPT, /* commands that restore it, if a document cannot */
	HISTORY_PARTS,
};

/* What history_add takes; all is borrowed. */
struct history_write {
	/* without number and time; owner: history_version needs the same */
	struct history_facts facts;
	const json_t *before, *after; /* NULL: there was none, there is none */
	/* The document that restores it, or NULL. It gets the version's name at STAMP_KEY (nested:
	   "a.b"; NULL: it gets none). */
	const json_t *undo;
	const char *stamp_key;
	const char *script; /* or NULL */
};

/* Create a history of at most BYTES of text (HISTORY_BYTES_MAX). NULL: no memory. */
struct history *history_new(size_t bytes);
void history_free(struct history *history); /* NULL is a no-op */

/* Return the name of the file that shows PART. */
const char *history_part_name(enum history_part part);

/*
 * Check, before a change is sent, that it can be kept in the store. Returns 0, also without a
 * store, or a negative errno and *DIRECTORY, the path of the store, borrowed.
 */
int history_ready(struct history *history, const char **directory);

/*
 * Add WRITE. When the function returns, the write is in the store, if there is one that can be
 * written; if not, that is logged. Returns its number, or 0: no memory, it is not kept.
 */
uint64_t history_add(struct history *history, const struct history_write *write);

/* Set the range of the numbers of writes. There is none if *LAST is less than *FIRST. */
void history_range(struct history *history, uint64_t *first, uint64_t *last);

/* Return the sizes of the parts of write NUMBER (0: no such part) and its time. False: there is no
 * such write. */
bool history_look(struct history *history, uint64_t number, size_t sizes[HISTORY_PARTS],
		  struct timespec *when);

/* Return the text of PART of write NUMBER; the caller frees. NULL: there is none. */
char *history_text(struct history *history, uint64_t number, enum history_part part,
		   size_t *length);

/* Return the size of history_index, and set *WHEN to the time of the newest write, if any. */
size_t history_index_size(struct history *history, struct timespec *when);

/* Return a line for each write (history_facts_line), the newest last, and its *LENGTH; the caller
 * frees. NULL: no memory. */
char *history_index(struct history *history, size_t *length);

/* Return PART of write NUMBER, a record, parsed: a new reference. NULL: there is none, or no
 * memory.
 */
json_t *history_record(struct history *history, uint64_t number, enum history_part part);

/*
 * Copy to *ACCESS the newest write of this mount before number BELOW (0: of all) that changed the
 * access of SUBJECT's ID. Pair with history_facts_clear. False: none is kept.
 */
bool history_newest_access(struct history *history, const char *subject, const char *id,
			   uint64_t below, struct history_access *access);

/*
 * Return the number of the newest write before number BELOW (0: of all) that changed the access of
 * SUBJECT's ID, if an earlier mount made it. 0: this mount did, or none is kept.
 */
uint64_t history_past_access(struct history *history, const char *subject, const char *id,
			     uint64_t below);

/* Return the number of the newest write of this mount before NUMBER to record ID of OWNER. 0: none
 * is kept. */
uint64_t history_before(struct history *history, const char *owner, const char *id,
			uint64_t number);

/* Return true if STAMP is the name of a version of a history, this or another one. */
bool history_names(const char *stamp);

/*
 * Return the version of OWNER's record ID that STAMP names (PART is HISTORY_AFTER), or another
 * document of that write: a new reference. NULL: it is not kept.
 */
json_t *history_version(struct history *history, const char *stamp, const char *owner,
			const char *id, enum history_part part);

/*
 * Return the name, new, of the version that TEXT (LENGTH bytes) was made for, if it is the whole
 * undo.json of a write to OWNER's record ID, the newest if there are several. NULL: it is none, or
 * no memory.
 */
char *history_name_of_undo(struct history *history, const char *owner, const char *id,
			   const char *text, size_t length);

/* ---- private to cache/history ---- */

/* Keep writes in STORE (borrowed) from now on, unless that is read-only, with numbers after LAST.
 * Before any write. */
void history_begin(struct history *history, struct history_store *store, uint64_t last);

/*
 * Add a write of an earlier mount, whose number is higher than that of the last one added. TEXTS
 * are those of its parts, and are taken. Returns 0 or -ENOMEM.
 */
int history_restore(struct history *history, const struct history_facts *facts,
		    char *texts[HISTORY_PARTS], const size_t lengths[HISTORY_PARTS]);

/* Replace the index of the store by the lines that there are. */
void history_write_index(struct history *history);

#endif
