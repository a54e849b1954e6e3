/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: the records of one vendor, in the order in which it lists them.
 *
 * Thread-safe by a lock that the caller holds over several calls, so that "look, decide, change" is
 * one step: everything that ends in _locked needs store_lock. Records are JSON texts; pointers into
 * the store are good until the lock is given back. Nothing blocks for longer than a copy of a page.
 */
#ifndef SANDBOX_STORE_H
#define SANDBOX_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct store;
struct record;

/* Which state of a vendor's stores is read. Shared by all of them, and protected by their lock.
 * While at or before is set, count, at, find and email show that state, and nothing may be changed.
 */
struct store_times {
	bool seeded; /* what is added until then was always there */
	bool before; /* each record as it was before its last change */
	int64_t at;  /* gate_now_us() of the state shown, at most STORE_MEMORY_S ago; 0: now */
};

/* How long every state of the past is kept, in seconds. */
#define STORE_MEMORY_S 120

/* times is borrowed for the life of the store. */
struct store *store_new(const struct store_times *times);
void store_free(struct store *store);
void store_lock(struct store *store);
void store_unlock(struct store *store);

size_t store_count_locked(const struct store *store);
/* NULL where there is none. Places start at 0. */
struct record *store_at_locked(const struct store *store, size_t place);
struct record *store_find_locked(const struct store *store, const char *id);
/* A record other than `but` (which may be NULL) with that e-mail in any (ASCII) case. An empty
 * e-mail is no one's. */
struct record *store_email_locked(const struct store *store, const char *email,
				  const struct record *but);

/* A new record at the end of the list; NULL if the id is in use. */
struct record *store_add_locked(struct store *store, const char *id, const char *email,
				const char *text, size_t len);
void store_change_locked(struct store *store, struct record *record, const char *email,
			 const char *text, size_t len);
void store_remove_locked(struct store *store, struct record *record);
/* The last of the list becomes its first. */
void store_rotate_locked(struct store *store);

/* What one may know of a record. */
const char *record_id(const struct record *record);
const char *record_text(const struct record *record);
size_t record_len(const struct record *record);
/* Grows with each change. */
unsigned record_version(const struct record *record);
unsigned record_password_changes(const struct record *record);
void record_password_changed(struct record *record);
/* A write left its secret out, and it is gone: how often that has happened. */
unsigned record_password_losses(const struct record *record);
void record_password_lost(struct record *record);

#endif
