/*
 * store: the records of one vendor, in the order in which it lists them.
 *
 * A record is kept as the compact text that goes out, and parsed only when it is written: a million
 * users must fit in memory and a page must cost a few copies. An array gives the order, uthash the
 * ways in by id and by e-mail. The e-mail index holds every record, also where two have the same
 * e-mail (a test may make such a pair).
 *
 * It must not know what stands in a text.
 */
#include "store.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct record {
	UT_hash_handle by_id;
	UT_hash_handle by_email;
	char *text;
	char *email; /* lower case; NULL: not in the index */
	size_t len;
	unsigned version;
	unsigned password_changes;
	char id[];
};

struct store {
	pthread_mutex_t lock;
	struct record **order;
	size_t used, room;
	struct record *ids;
	struct record *emails;
};

struct store *store_new(void)
{
	struct store *store = text_alloc(1, sizeof *store);
	pthread_mutex_init(&store->lock, NULL);
	return store;
}

static void record_free(struct record *record)
{
	free(record->text);
	free(record->email);
	free(record);
}

void store_free(struct store *store)
{
	if (!store)
		return;
	HASH_CLEAR(by_id, store->ids);
	HASH_CLEAR(by_email, store->emails);
	for (size_t i = 0; i < store->used; i++)
		record_free(store->order[i]);
	free(store->order);
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

size_t store_count_locked(const struct store *store)
{
	return store->used;
}

struct record *store_at_locked(const struct store *store, size_t place)
{
	return place < store->used ? store->order[place] : NULL;
}

struct record *store_find_locked(const struct store *store, const char *id)
{
	struct record *record = NULL;
	HASH_FIND(by_id, store->ids, id, strlen(id), record);
	return record;
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

struct record *store_email_locked(const struct store *store, const char *email,
				  const struct record *but)
{
	struct record *record = NULL;
	char *lower = lower_case(email);
	if (lower)
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
	return record;
}

void store_change_locked(struct store *store, struct record *record, const char *email,
			 const char *text, size_t len)
{
	char *copy = text_copy(text, len);
	free(record->text);
	record->text = copy;
	record->len = len;
	record->version++;
	unindex_email(store, record);
	index_email(store, record, email);
}

void store_remove_locked(struct store *store, struct record *record)
{
	size_t place = 0;
	while (place < store->used && store->order[place] != record)
		place++;
	if (place == store->used)
		return;
	store->used--;
	memmove(store->order + place, store->order + place + 1,
		(store->used - place) * sizeof(struct record *));
	HASH_DELETE(by_id, store->ids, record);
	unindex_email(store, record);
	record_free(record);
}

void store_rotate_locked(struct store *store)
{
	if (store->used < 2)
		return;
	struct record *last = store->order[store->used - 1];
	memmove(store->order + 1, store->order, (store->used - 1) * sizeof(struct record *));
	store->order[0] = last;
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
