/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c - see watch.h.
 *
 * BASE is the list that the next one is compared with; the table of aside.h has what is known
 * otherwise. One thread compares at a time.
 */
#include "cache/changes/watch.h"

#include "cache/changes/aside.h"
#include "cache/changes/change_line.h"
#include "cache/changes/changes.h"
#include "cache/history/attempt.h"
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
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The most users that a list lacks and that are asked for by id. */
#define ASKED_MAX 100

struct watch {
	struct changes *changes;
	const struct change_marks *marks;
	struct roster *roster, *users;
	struct asides *asides;

	pthread_mutex_t lock; /* of what follows */
	struct snapshot *base, *next;
	uint64_t next_generation;
	bool comparing; /* a thread does, or will */
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
	watch->asides = aside_table_new();
	if (watch->asides)
		return watch;
	watch_free(watch);
	return NULL;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	aside_table_free(watch->asides);
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

/* Return the id of the user with the versions BEFORE and AFTER, of which one may be NULL. */
static const char *id_of(const struct record *before, const struct record *after)
{
	const struct record *version = after ? after : before;

	return version->id;
}

/* Set what LINE says of the vendor and of where the change was seen. */
static void begin_line(const struct watch *watch, const char *id, struct change_line *line)
{
	line->marks = watch->marks;
	line->collection = collection_of(watch);
	line->vendor = roster_account(watch->roster)->name;
	line->id = id;
}

/* As change_line_fields, without the secrets of the account. */
static json_t *fields_of(const struct watch *watch, const struct change_line *line)
{
	json_t *fields = change_line_fields(line);

	if (fields)
		attempt_withhold(roster_account(watch->roster), fields);
	return fields;
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
	json_t *fields = fields_of(round->watch, line);
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
	const char *id = id_of(before, after);
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

/* Note that the list lacks RECORD. */
static void note_missing(void *arg, struct record *record)
{
	struct round *round = arg;

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
	struct asides *asides = round->watch->asides;
	struct aside_found found;

	if (before && after && record_same(before, after))
		return true;
	aside_find(asides, id_of(before, after), &found);
	if (found.written && found.generation > round->generation) {
		/* it was written since the list was requested: a later list tells */
	} else if (statuses || (before && after)) {
		compare_records(round, before, after, found.own);
	} else if (!after) {
		/* what this mount has deleted is missing, too */
		if (!found.written || found.own)
			note_missing(round, before);
	} else if (found.own || found.record) {
		compare_records(round, found.record, after, found.own);
	} else {
		add_whole(round, after, false, found.removed);
	}
	if (after)
		aside_forget(asides, after->id);
	aside_clear(&found);
	return true;
}

/* ---- users that a list lacks ---- */

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
	aside_keep(round->watch->asides, record->id,
		   error == -ENOENT        ? NULL
		   : !error && wait.record ? wait.record
					   : record);
	wait_clear(&wait);
	call_destroy(&call);
}

/* Hand on the lines that ROUND has collected. */
static void tell_lines(struct round *round)
{
	changes_add(round->watch->changes, round->lines, round->count);
	round->count = 0;
}

/* Find out what became of the users that the list lacks. What is known already does not wait. */
static void settle_missing(struct round *round)
{
	tell_lines(round);
	for (size_t i = 0; i < round->missing_count; i++) {
		struct record *record = round->missing[i];

		if (i < ASKED_MAX) {
			ask_missing(round, record);
			tell_lines(round);
		} else {
			add_whole(round, record, true, false);
			aside_keep(round->watch->asides, record->id, NULL);
		}
		record_put(record);
	}
	free(round->missing);
}

/* ---- one comparison ---- */

/* Compare LIST with BASE (NULL: there is none). */
static void compare(struct watch *watch, const struct snapshot *base, const struct snapshot *list,
		    uint64_t generation)
{
	struct round round = {.watch = watch, .generation = generation};

	if (base) {
		snapshot_compare(base, list, visit_pair, &round);
		aside_each_unlisted(watch->asides, list, note_missing, &round);
		settle_missing(&round);
	}
	/* this list has shown what was written before it */
	aside_forget_written(watch->asides, generation);
	if (round.failed)
		log_line("%s: no memory: changes are missing", roster_account(watch->roster)->name);
	tell_lines(&round);
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
	if (figures.shrunk || figures.nobody)
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
	double seconds;

	begin_line(watch, write->id, &line);
	fields = fields_of(watch, &line);
	if (fields)
		text = change_line_text(&line, fields);
	json_decref(fields);
	record_put(user);
	aside_write(watch->asides, write->id, write->after,
		    whole_generation(watch->roster, &seconds));
	if (!text)
		log_line("%s: no memory: a change is missing", roster_account(watch->roster)->name);
	changes_add(watch->changes, &text, 1);
}
