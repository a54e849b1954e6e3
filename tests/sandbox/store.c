/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: the records of one vendor, in the order in which it lists them.
 *
 * A record is kept as the compact text that goes out, and parsed only when it is written: a million
 * users must fit in memory and a page must cost a few copies. An array gives the order, uthash the
 * ways in by id and by e-mail. The e-mail index holds every record, also where two have the same
 * e-mail (a test may make such a pair).
 *
 * The past: a record keeps the versions that were replaced, newest first, and the store keeps its
 * last turns (what was added, removed or moved). The order of a moment is today's with the turns
 * since then taken back. It is made once for each look and costs nothing as long as the past is not
 * asked for.
 *
 * It must not know what stands in a text.
 */
#include "store.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "changes.h"
#include "gate.h"

/* Turns that are kept however old they are, so that a record's last change can be shown. */
#define TURNS_LEAST 1000

struct record {
	UT_hash_handle by_id;
	UT_hash_handle by_email;
	struct record *older; /* the version that this one replaced */
	int64_t since;        /* gate_now_us() of the change that made this version; 0: seeded */
	bool removed;
	char *text;
	char *email; /* lower case; NULL: not in the index */
	size_t len;
	unsigned version;
	unsigned password_changes, password_losses;
	char id[];
};

enum turn_kind { TURN_ADD, TURN_REMOVE, TURN_ROTATE };

struct turn {
	enum turn_kind kind;
	int64_t when;
	struct record *record; /* of TURN_REMOVE: owned */
	size_t place;
};

/* The records of another moment in their order. */
struct past {
	struct record **order;
	size_t used;
	struct store_times times; /* it is for this moment, */
	unsigned long changes;    /* and was made when the store had changed so often */
};

struct store {
	pthread_mutex_t lock;
	const struct store_times *times;
	struct record **order;
	size_t used, room;
	struct record *ids;
	struct record *emails;
	struct turn *turns;
	size_t turns_used, turns_room;
	unsigned long changes;
	int64_t changed; /* when the last change was made */
	struct past *past;
};

struct store *store_new(const struct store_times *times)
{
	struct store *store = text_alloc(1, sizeof *store);
	pthread_mutex_init(&store->lock, NULL);
	store->times = times;
	store->past = text_alloc(1, sizeof *store->past);
	return store;
}

static void record_free(struct record *record)
{
	while (record) {
		struct record *older = record->older;
		free(record->text);
		free(record->email);
		free(record);
		record = older;
	}
}

void store_free(struct store *store)
{
	if (!store)
		return;
	HASH_CLEAR(by_id, store->ids);
	HASH_CLEAR(by_email, store->emails);
	for (size_t i = 0; i < store->used; i++)
		record_free(store->order[i]);
	for (size_t i = 0; i < store->turns_used; i++)
		if (store->turns[i].kind == TURN_REMOVE)
			record_free(store->turns[i].record);
	free(store->order);
	free(store->turns);
	free(store->past->order);
	free(store->past);
	pthread_mutex_destroy(&store->lock);
	free(store);
}

void store_lock(struct store *store)
{
	pthread_mutex_lock(&store->lock);
}

void store_unlock(struct store *store)
{
	pthread_mutex_unlock(&store->lock);
}

/* ---- looking back ---- */

static bool looks_back(const struct store *store)
{
	if (store->times->before)
		return store->changed != 0;
	return store->times->at && store->changed > store->times->at;
}

/* The version of the record that the moment shows; NULL if it was not there. */
static struct record *version_locked(const struct store *store, struct record *record)
{
	if (store->times->before) {
		if (record->removed || (!record->older && !record->since))
			return record;
		return record->older;
	}
	while (record && record->since > store->times->at)
		record = record->older;
	return record;
}

static struct record *now_locked(const struct store *store, const char *id)
{
	struct record *record = NULL;
	HASH_FIND(by_id, store->ids, id, strlen(id), record);
	return record;
}

/* Whether that removal is of a record that is not there now, and its id's last. */
static bool is_last_removal_locked(const struct store *store, size_t turn)
{
	const char *id = store->turns[turn].record->id;
	if (now_locked(store, id))
		return false;
	for (size_t i = turn + 1; i < store->turns_used; i++)
		if (store->turns[i].kind == TURN_REMOVE &&
		    strcmp(store->turns[i].record->id, id) == 0)
			return false;
	return true;
}

static void insert(struct past *past, size_t place, struct record *record)
{
	place = place < past->used ? place : past->used;
	memmove(past->order + place + 1, past->order + place,
		(past->used - place) * sizeof(struct record *));
	past->order[place] = record;
	past->used++;
}

/* Takes a turn back. A record's last change can be its removal, but not that another one moved. */
static void take_back_locked(const struct store *store, struct past *past, size_t number)
{
	const struct turn *turn = &store->turns[number];
	bool before = store->times->before;
	if (turn->kind == TURN_REMOVE) {
		if (!before || is_last_removal_locked(store, number))
			insert(past, turn->place, turn->record);
	} else if (before || past->used == 0) {
		return;
	} else if (turn->kind == TURN_ADD) {
		past->used--;
	} else {
		struct record *first = past->order[0];
		memmove(past->order, past->order + 1, (past->used - 1) * sizeof(struct record *));
		past->order[past->used - 1] = first;
	}
}

static const struct past *past_locked(const struct store *store)
{
	struct past *past = store->past;
	const struct store_times *times = store->times;
	if (past->order && past->changes == store->changes && past->times.at == times->at &&
	    past->times.before == times->before)
		return past;
	free(past->order);
	*past = (struct past){.times = *times, .changes = store->changes, .used = store->used};
	past->order = text_alloc(store->used + store->turns_used + 1, sizeof(struct record *));
	if (store->used)
		memcpy(past->order, store->order, store->used * sizeof(struct record *));
	for (size_t i = store->turns_used; i > 0; i--)
		if (times->before || store->turns[i - 1].when > times->at)
			take_back_locked(store, past, i - 1);
	size_t kept = 0;
	for (size_t i = 0; i < past->used; i++) {
		struct record *version = version_locked(store, past->order[i]);
		if (version)
			past->order[kept++] = version;
	}
	past->used = kept;
	return past;
}

static struct record *find_back_locked(const struct store *store, const char *id)
{
	struct record *record = now_locked(store, id);
	if (record && (store->times->before || version_locked(store, record)))
		return version_locked(store, record);
	for (size_t i = store->turns_used; i > 0; i--) {
		const struct turn *turn = &store->turns[i - 1];
		if (!store->times->before && turn->when <= store->times->at)
			break;
		if (turn->kind != TURN_REMOVE || strcmp(turn->record->id, id) != 0)
			continue;
		record = version_locked(store, turn->record);
		if (record)
			return record;
	}
	return NULL;
}

/* ---- remembering ---- */

/* Frees the versions that no moment shows any more; the last change can always be looked behind. */
static void forget_versions(struct record *record, int64_t oldest)
{
	struct record *version = record->older;
	while (version && version->since > oldest)
		version = version->older;
	if (version) {
		record_free(version->older);
		version->older = NULL;
	}
}

static void forget_turns(struct store *store, int64_t oldest)
{
	size_t gone = 0;
	while (gone + TURNS_LEAST < store->turns_used && store->turns[gone].when < oldest) {
		if (store->turns[gone].kind == TURN_REMOVE)
			record_free(store->turns[gone].record);
		gone++;
	}
	store->turns_used -= gone;
	if (gone)
		memmove(store->turns, store->turns + gone,
			store->turns_used * sizeof *store->turns);
}

static void remember_turn(struct store *store, enum turn_kind kind, struct record *record,
			  size_t place)
{
	store->changes++;
	store->changed = gate_now_us();
	if (store->turns_used == store->turns_room)
		forget_turns(store, store->changed - (int64_t)STORE_MEMORY_S * 1000000);
	if (store->turns_used == store->turns_room) {
		size_t room = store->turns_room ? store->turns_room * 2 : 64;
		struct turn *turns = text_alloc(room, sizeof *turns);
		if (store->turns_used)
			memcpy(turns, store->turns, store->turns_used * sizeof *turns);
		free(store->turns);
		store->turns = turns;
		store->turns_room = room;
	}
	store->turns[store->turns_used++] = (struct turn){kind, store->changed, record, place};
}

/* Takes the record's text over into a version of its own. */
static void remember_version(struct store *store, struct record *record)
{
	size_t size = sizeof *record + strlen(record->id) + 1;
	struct record *older = text_alloc(1, size);
	memcpy(older, record, size);
	older->email = record->email ? text_copy(record->email, strlen(record->email)) : NULL;
	store->changes++;
	store->changed = gate_now_us();
	record->older = older;
	record->since = store->changed;
	record->text = NULL;
	forget_versions(record, store->changed - (int64_t)STORE_MEMORY_S * 1000000);
}

/* ---- reading ---- */

size_t store_count_locked(const struct store *store)
{
	return looks_back(store) ? past_locked(store)->used : store->used;
}

struct record *store_at_locked(const struct store *store, size_t place)
{
	if (looks_back(store)) {
		const struct past *past = past_locked(store);
		return place < past->used ? past->order[place] : NULL;
	}
	return place < store->used ? store->order[place] : NULL;
}

struct record *store_find_locked(const struct store *store, const char *id)
{
	return looks_back(store) ? find_back_locked(store, id) : now_locked(store, id);
}

/* NULL for an empty e-mail; the caller frees it. */
static char *lower_case(const char *email)
{
	if (!email || !*email)
		return NULL;
	char *lower = text_copy(email, strlen(email));
	for (char *c = lower; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return lower;
}

static struct record *email_back_locked(const struct store *store, const char *lower)
{
	const struct past *past = past_locked(store);
	for (size_t i = 0; i < past->used; i++)
		if (past->order[i]->email && strcmp(past->order[i]->email, lower) == 0)
			return past->order[i];
	return NULL;
}

struct record *store_email_locked(const struct store *store, const char *email,
				  const struct record *but)
{
	struct record *record = NULL;
	char *lower = lower_case(email);
	if (lower && looks_back(store))
		record = email_back_locked(store, lower);
	else if (lower)
		HASH_FIND(by_email, store->emails, lower, strlen(lower), record);
	free(lower);
	return record == but ? NULL : record;
}

static void index_email(struct store *store, struct record *record, const char *email)
{
	record->email = lower_case(email);
	if (record->email)
		HASH_ADD_KEYPTR(by_email, store->emails, record->email, strlen(record->email),
				record);
}

static void unindex_email(struct store *store, struct record *record)
{
	if (record->email)
		HASH_DELETE(by_email, store->emails, record);
	free(record->email);
	record->email = NULL;
}

static void order_reserve(struct store *store)
{
	if (store->used < store->room)
		return;
	size_t room = store->room ? store->room * 2 : 256;
	struct record **order = text_alloc(room, sizeof(struct record *));
	if (store->used)
		memcpy(order, store->order, store->used * sizeof(struct record *));
	free(store->order);
	store->order = order;
	store->room = room;
}

struct record *store_add_locked(struct store *store, const char *id, const char *email,
				const char *text, size_t len)
{
	if (store_find_locked(store, id))
		return NULL;
	size_t id_len = strlen(id);
	struct record *record = text_alloc(1, sizeof *record + id_len + 1);
	memcpy(record->id, id, id_len + 1);
	record->text = text_copy(text, len);
	record->len = len;
	record->version = 1;
	HASH_ADD_KEYPTR(by_id, store->ids, record->id, id_len, record);
	index_email(store, record, email);
	order_reserve(store);
	store->order[store->used++] = record;
	if (store->times->seeded) {
		remember_turn(store, TURN_ADD, record, store->used - 1);
		record->since = store->changed;
		changes_note(store->changed, id, NULL, record->text);
	}
	return record;
}

void store_change_locked(struct store *store, struct record *record, const char *email,
			 const char *text, size_t len)
{
	remember_version(store, record);
	record->text = text_copy(text, len);
	record->len = len;
	record->version++;
	changes_note(store->changed, record->id, record->older->text, record->text);
	unindex_email(store, record);
	index_email(store, record, email);
}

void store_remove_locked(struct store *store, struct record *record)
{
	size_t place = store->used;
	while (place > 0 && store->order[place - 1] != record)
		place--;
	if (place == 0)
		return;
	place--;
	store->used--;
	memmove(store->order + place, store->order + place + 1,
		(store->used - place) * sizeof(struct record *));
	HASH_DELETE(by_id, store->ids, record);
	if (record->email)
		HASH_DELETE(by_email, store->emails, record);
	record->removed = true;
	remember_turn(store, TURN_REMOVE, record, place);
	changes_note(store->changed, record->id, record->text, NULL);
}

void store_rotate_locked(struct store *store)
{
	if (store->used < 2)
		return;
	struct record *last = store->order[store->used - 1];
	memmove(store->order + 1, store->order, (store->used - 1) * sizeof(struct record *));
	store->order[0] = last;
	remember_turn(store, TURN_ROTATE, last, 0);
}

const char *record_id(const struct record *record)
{
	return record->id;
}

const char *record_text(const struct record *record)
{
	return record->text;
}

size_t record_len(const struct record *record)
{
	return record->len;
}

unsigned record_version(const struct record *record)
{
	return record->version;
}

unsigned record_password_changes(const struct record *record)
{
	return record->password_changes;
}

void record_password_changed(struct record *record)
{
	record->password_changes++;
}

unsigned record_password_losses(const struct record *record)
{
	return record->password_losses;
}

void record_password_lost(struct record *record)
{
	record->password_losses++;
}
