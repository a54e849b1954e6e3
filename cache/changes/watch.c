/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - see watch.h.
 *
 * BASE is the list that the next one is compared with. Beside it, a table has what is known of
 *users otherwise, by id:
 *
 *	state     set when                      until
 *	WRITTEN   this mount has changed it     a list that began later was compared
 *	UNLISTED  a list lacks it, and a GET    a list has it again, or a GET says that it does not
 *	          shows it or fails             exist: REMOVED
 *	REMOVED   a line says so                a list has it again
 *
 * One thread compares at a time. The table belongs to it, except for entries that are WRITTEN, so
 * the lock protects it.
 */
#include "cache/changes/watch.h"

#include "cache/changes/change_line.h"
#include "cache/changes/changes.h"
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/figures.h"
#include "cache/roster/known.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "cache/roster/whole.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/base/pool.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* The most users that a list lacks and that are asked for by id. */
#define ASKED_MAX 100

enum state { WRITTEN, UNLISTED, REMOVED };

struct aside {
	char *id;
	enum state state;
	struct record *record; /* UNLISTED: as it was shown last */
	char *text;            /* WRITTEN: the user's document; NULL: deleted */
	uint64_t generation;   /* WRITTEN: the roster's then */
	UT_hash_handle hh;
};

struct watch {
	struct changes *changes;
	const struct change_marks *marks;
	struct roster *roster, *users;

	pthread_mutex_t lock; /* of what follows */
	struct snapshot *base, *next;
	uint64_t next_generation;
	bool comparing; /* a thread does, or will */
	struct aside *asides;
};

/* What one comparison collects. */
struct round {
	struct watch *watch;
	uint64_t generation; /* of the list */
	char **lines;
	size_t count, room;
	struct record **missing; /* that the list lacks; references */
	size_t missing_count, missing_room;
	bool failed; /* no memory: something is missing */
};

struct watch *watch_new(struct changes *changes, const struct change_marks *marks,
			struct roster *roster, struct roster *users)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->changes = changes;
	watch->marks = marks;
	watch->roster = roster;
	watch->users = users;
	pthread_mutex_init(&watch->lock, NULL);
	return watch;
}

/* ---- the table ---- */

static struct aside *aside_find_locked(const struct watch *watch, const char *id)
{
	struct aside *aside;

	HASH_FIND_STR(watch->asides, id, aside);
	return aside;
}

static void aside_clear(struct aside *aside)
{
	record_put(aside->record);
	free(aside->text);
	aside->record = NULL;
	aside->text = NULL;
}

static void aside_drop_locked(struct watch *watch, struct aside *aside)
{
	HASH_DEL(watch->asides, aside); /* NOLINT(clang-analyzer-unix.Malloc) */
	aside_clear(aside);
	free(aside->id);
	free(aside);
}

/* Return the entry of ID, which is made if need be, in STATE and with nothing else. NULL: no
 * memory. */
static struct aside *aside_set_locked(struct watch *watch, const char *id, enum state state)
{
	struct aside *aside = aside_find_locked(watch, id);

	if (!aside) {
		aside = calloc(1, sizeof(*aside));
		if (aside)
			aside->id = strdup(id);
		if (!aside || !aside->id) {
			free(aside);
			return NULL;
		}
		HASH_ADD_KEYPTR(hh, watch->asides, aside->id, strlen(aside->id), aside);
	}
	aside_clear(aside);
	aside->state = state;
	return aside;
}

void watch_free(struct watch *watch)
{
	struct aside *aside, *next;

	if (!watch)
		return;
	HASH_ITER(hh, watch->asides, aside, next)
		aside_drop_locked(watch, aside);
	snapshot_put(watch->base);
	snapshot_put(watch->next);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

/* ---- lines ---- */

static const struct collection *collection_of(const struct watch *watch)
{
	return roster_collection(watch->roster);
}

/* Return a reference to the user ID as it is known, or NULL. */
static struct record *user_of(const struct watch *watch, const char *id)
{
	struct record *user;
	double seconds;

	known_peek(watch->users, id, &user, &seconds);
	return user;
}

/* Set what LINE says of the vendor and of where the change was seen. */
static void begin_line(const struct watch *watch, const char *id, struct change_line *line)
{
	line->marks = watch->marks;
	line->collection = collection_of(watch);
	line->vendor = roster_account(watch->roster)->name;
	line->id = id;
}

static void add_text(struct round *round, char *text)
{
	if (round->count == round->room) {
		size_t room = round->room ? 2 * round->room : 16;
		char **longer = realloc(round->lines, room * sizeof(*longer));

		if (longer) {
			round->lines = longer;
			round->room = room;
		}
	}
	if (!text || round->count == round->room) {
		free(text);
		round->failed = true;
		return;
	}
	round->lines[round->count++] = text;
}

/* Add LINE to ROUND if its documents differ. WRITTEN: this mount has just changed the user, so that
 * a new time alone is no change. */
static void add_line(struct round *round, struct change_line *line, bool written)
{
	json_t *fields = change_line_fields(line);
	bool whole = !line->before || !line->after;

	if (!fields)
		round->failed = true;
	else if (whole ||
		 (json_array_size(fields) && !(written && change_line_is_stamp(line, fields))))
		add_text(round, change_line_text(line, fields));
	json_decref(fields);
}

/* Replace each value of BASE that DOCUMENT has as well. */
static void lay_over(json_t *base, const json_t *document, unsigned depth)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)document, name, value) {
		json_t *below = json_object_get(base, name);

		if (below && depth && json_is_object(below) && json_is_object(value))
			lay_over(below, value, depth - 1);
		else if (below)
			json_object_set_new(base, name, json_deep_copy(value));
	}
}

/* Return what stands for a user that a list of statuses lacks, or NULL: users have no such list. */
static json_t *absent_of(const struct watch *watch)
{
	const struct collection *collection = collection_of(watch);
	json_t *object = collection->absent_status ? json_object() : NULL;

	if (object)
		status_map_set(collection, object, collection->absent_status);
	return object;
}

/* Add a line if BEFORE and AFTER, of user ID, differ (NULL: no such user). OWN: what this mount has
 * written, or NULL. PART as in change_line.h. */
static void compare_documents(struct round *round, const char *id, const char *email,
			      json_t *before, json_t *after, const json_t *own, bool part)
{
	struct change_line line = {.email = email,
				   .before = before,
				   .after = after,
				   .part = part || own};

	begin_line(round->watch, id, &line);
	if (before && own)
		lay_over(before, own, 16);
	else if (own)
		line.before = own;
	add_line(round, &line, own);
}

/* Add a line if BEFORE and AFTER, two versions of a user, differ. */
static void compare_records(struct round *round, const struct record *before,
			    const struct record *after, const json_t *own)
{
	json_t *old = before ? record_json(before) : absent_of(round->watch);
	json_t *now = after ? record_json(after) : absent_of(round->watch);
	const char *id = after ? after->id : before->id;
	struct record *user = user_of(round->watch, id);
	bool part = !before || !after || before->row != after->row;

	if ((before && (!old || before->unreadable)) || (after && (!now || after->unreadable)))
		round->failed = round->failed || (before && !old) || (after && !now);
	else if (user || round->watch->users == round->watch->roster)
		compare_documents(round, id,
				  user    ? record_email(user)
				  : after ? record_email(after)
					  : record_email(before),
				  old, now, own, part);
	record_put(user);
	json_decref(old);
	json_decref(now);
}

/* Add a line that says that RECORD was added, or (REMOVED) removed. RETURNS: it was removed before.
 */
static void add_whole(struct round *round, const struct record *record, bool removed, bool returns)
{
	json_t *document = record_json(record);
	struct change_line line = {.email = record_email(record),
				   .before = removed ? document : NULL,
				   .after = removed ? NULL : document,
				   .returns = returns};

	begin_line(round->watch, record->id, &line);
	if (document)
		add_line(round, &line, false);
	round->failed = round->failed || !document;
	json_decref(document);
}

/* ---- comparing two lists ---- */

/* What is aside of a user that a list shows, or lacks. */
struct found {
	bool skip;    /* it was written since the list was requested */
	bool written; /* by this mount, before that */
	bool returns; /* it was removed before */
	json_t *own;
	struct record *unlisted;
};

static void found_clear(struct found *found)
{
	json_decref(found->own);
	record_put(found->unlisted);
}

static void look_aside(struct round *round, const char *id, struct found *found)
{
	struct watch *watch = round->watch;
	const struct aside *aside;

	memset(found, 0, sizeof(*found));
	pthread_mutex_lock(&watch->lock);
	aside = aside_find_locked(watch, id);
	if (aside && aside->state == WRITTEN) {
		found->skip = aside->generation > round->generation;
		found->written = true;
		if (aside->text)
			found->own = exact_parse(aside->text, strlen(aside->text), 0, NULL);
	} else if (aside) {
		found->returns = aside->state == REMOVED;
		found->unlisted = aside->record ? record_get(aside->record) : NULL;
	}
	pthread_mutex_unlock(&watch->lock);
}

/* Forget what is aside of user ID, which a list shows. What was written is forgotten at the end. */
static void forget_aside(struct watch *watch, const char *id)
{
	struct aside *aside;

	pthread_mutex_lock(&watch->lock);
	aside = aside_find_locked(watch, id);
	if (aside && aside->state != WRITTEN)
		aside_drop_locked(watch, aside);
	pthread_mutex_unlock(&watch->lock);
}

/* Note that the list lacks RECORD. */
static void note_missing(struct round *round, struct record *record)
{
	if (round->missing_count == round->missing_room) {
		size_t room = round->missing_room ? 2 * round->missing_room : 16;
		struct record **longer = realloc(round->missing, room * sizeof(struct record *));

		if (!longer) {
			round->failed = true;
			return;
		}
		round->missing = longer;
		round->missing_room = room;
	}
	round->missing[round->missing_count++] = record_get(record);
}

/* A list shows AFTER in place of BEFORE; one of them may be NULL. */
static bool visit_pair(void *arg, struct record *before, struct record *after)
{
	struct round *round = arg;
	bool statuses = collection_of(round->watch)->absent_status;
	struct found found;

	if (before && after && record_same(before, after))
		return true;
	look_aside(round, after ? after->id : before->id, &found);
	if (found.skip) {
		/* a later list tells */
	} else if (statuses || (before && after)) {
		compare_records(round, before, after, found.own);
	} else if (!after) {
		/* what this mount has deleted is missing, too */
		if (!found.written || found.own)
			note_missing(round, before);
	} else if (found.own || found.unlisted) {
		compare_records(round, found.unlisted, after, found.own);
	} else {
		add_whole(round, after, false, found.returns);
	}
	if (after)
		forget_aside(round->watch, after->id);
	found_clear(&found);
	return true;
}

/* ---- users that a list lacks ---- */

/* Add those of the table that LIST lacks as well to what is missing. */
static void note_unlisted(struct round *round, const struct snapshot *list)
{
	struct watch *watch = round->watch;

	pthread_mutex_lock(&watch->lock);
	for (const struct aside *aside = watch->asides; aside; aside = aside->hh.next) {
		if (aside->state == UNLISTED && !snapshot_find(list, aside->id))
			note_missing(round, aside->record);
	}
	pthread_mutex_unlock(&watch->lock);
}

/* Keep RECORD (borrowed; NULL: it is removed) of user ID in the table. */
static void keep_aside(struct round *round, const char *id, struct record *record)
{
	struct watch *watch = round->watch;
	struct aside *aside;

	pthread_mutex_lock(&watch->lock);
	aside = aside_find_locked(watch, id);
	/* what was written meanwhile is newer */
	if (!aside || aside->state != WRITTEN) {
		aside = aside_set_locked(watch, id, record ? UNLISTED : REMOVED);
		if (aside && record)
			aside->record = record_get(record);
	}
	pthread_mutex_unlock(&watch->lock);
}

/* Find out by id what became of RECORD, which the list lacks. */
static void ask_missing(struct round *round, struct record *record)
{
	struct wait wait = {.kind = WAIT_RECORD, .id = record->id};
	struct call call;
	int error;

	call_init(&call, roster_account(round->watch->roster)->name);
	wait.call = &call;
	error = wait_sync(round->watch->roster, &wait);
	if (!error && wait.record)
		compare_records(round, record, wait.record, NULL);
	else if (error == -ENOENT)
		add_whole(round, record, true, false);
	keep_aside(round, record->id,
		   error == -ENOENT        ? NULL
		   : !error && wait.record ? wait.record
					   : record);
	wait_clear(&wait);
	call_destroy(&call);
}

static void settle_missing(struct round *round)
{
	for (size_t i = 0; i < round->missing_count; i++) {
		struct record *record = round->missing[i];

		if (i < ASKED_MAX) {
			ask_missing(round, record);
		} else {
			add_whole(round, record, true, false);
			keep_aside(round, record->id, NULL);
		}
		record_put(record);
	}
	free(round->missing);
}

/* ---- one comparison ---- */

/* Forget what was written before the list of ROUND was requested: that list has shown it. */
static void forget_written(struct round *round)
{
	struct watch *watch = round->watch;
	struct aside *aside, *next;

	pthread_mutex_lock(&watch->lock);
	HASH_ITER(hh, watch->asides, aside, next) {
		if (aside->state == WRITTEN && aside->generation <= round->generation)
			aside_drop_locked(watch, aside);
	}
	pthread_mutex_unlock(&watch->lock);
}

/* Compare LIST with BASE (NULL: there is none). */
static void compare(struct watch *watch, const struct snapshot *base, const struct snapshot *list,
		    uint64_t generation)
{
	struct round round = {.watch = watch, .generation = generation};

	if (base) {
		snapshot_compare(base, list, visit_pair, &round);
		note_unlisted(&round, list);
		settle_missing(&round);
	}
	forget_written(&round);
	if (round.failed)
		log_line("%s: no memory: changes are missing", roster_account(watch->roster)->name);
	changes_add(watch->changes, round.lines, round.count);
	free(round.lines);
}

/* On a thread of the pool: compare the list that waits, and those that come meanwhile. */
static void run_compare(void *arg)
{
	struct watch *watch = arg;

	pthread_mutex_lock(&watch->lock);
	while (watch->next) {
		struct snapshot *list = watch->next, *base = watch->base;
		uint64_t generation = watch->next_generation;

		watch->next = NULL;
		pthread_mutex_unlock(&watch->lock);
		compare(watch, base, list, generation);
		pthread_mutex_lock(&watch->lock);
		watch->base = list;
		pthread_mutex_unlock(&watch->lock);
		/* without the lock, because freeing a large roster takes a while */
		snapshot_put(base);
		pthread_mutex_lock(&watch->lock);
	}
	watch->comparing = false;
	pthread_mutex_unlock(&watch->lock);
}

void watch_listed(struct watch *watch, struct snapshot *snapshot, uint64_t generation)
{
	struct snapshot *former;
	struct figures figures;
	bool begins;

	figures_get(watch->roster, &figures);
	if (figures.shrunk)
		return;
	pthread_mutex_lock(&watch->lock);
	former = watch->next;
	watch->next = snapshot_get(snapshot);
	watch->next_generation = generation;
	begins = !watch->comparing;
	watch->comparing = true;
	pthread_mutex_unlock(&watch->lock);
	snapshot_put(former);
	if (!begins || !pool_run(roster_pool(watch->roster), run_compare, watch))
		return;
	/* the next list is compared in its place */
	pthread_mutex_lock(&watch->lock);
	watch->comparing = false;
	pthread_mutex_unlock(&watch->lock);
}

/* ---- changes by this mount ---- */

/* Keep what WRITE has left, until a list has shown it. */
static void keep_written(struct watch *watch, const struct roster_write *write)
{
	char *text = write->after ? exact_print_text(write->after, 0) : NULL;
	struct aside *aside;
	double seconds;
	uint64_t generation = whole_generation(watch->roster, &seconds);

	pthread_mutex_lock(&watch->lock);
	aside = aside_set_locked(watch, write->id, WRITTEN);
	if (aside) {
		aside->text = text;
		aside->generation = generation;
		text = NULL;
	}
	pthread_mutex_unlock(&watch->lock);
	free(text);
}

void watch_written(struct watch *watch, const struct roster_write *write)
{
	struct record *user = user_of(watch, write->id);
	const json_t *document = write->after ? write->after : write->before;
	const char *email = collection_email(collection_of(watch), document);
	struct change_line line = {.email = email || !user ? email : record_email(user),
				   .before = write->before,
				   .after = write->after,
				   .by = write};
	json_t *fields;
	char *text = NULL;

	begin_line(watch, write->id, &line);
	fields = change_line_fields(&line);
	if (fields)
		text = change_line_text(&line, fields);
	json_decref(fields);
	record_put(user);
	keep_written(watch, write);
	if (!text)
		log_line("%s: no memory: a change is missing", roster_account(watch->roster)->name);
	changes_add(watch->changes, &text, 1);
}
