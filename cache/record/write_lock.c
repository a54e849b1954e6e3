/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write_lock.c - see write_lock.h.
 *
 * A locked record is an entry with a queue of those that wait for it. A release hands the record to
 * the first in the queue and wakes its call, so that no thread polls. This file does not
 * know what is written.
 *
 * States of a record, and what changes them:
 *
 *	FREE     no entry      take: LOCKED
 *	LOCKED   an entry      take: the caller queues; release: FREE, or LOCKED by the first in the
 *	                       queue; a waiter is cancelled: it leaves the queue
 *
 * Lock order: the table's mutex, then a call's lock.
 */
#include "cache/record/write_lock.h"

#include "vendors/base/call.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

/* On the stack of the thread that waits, which leaves the queue before it returns. */
struct waiter {
	struct call *call;
	atomic_bool granted; /* written with the mutex, read under the call's lock */
	struct waiter *next, *prev;
};

struct locked {
	struct waiter *waiters; /* utlist, in the order in which they came */
	void *lease;            /* of write_lock_hosts; the holder's */
	UT_hash_handle hh;
	char id[];
};

struct write_lock {
	const struct write_lock_hosts *hosts; /* NULL: the record is this mount's alone */
	void *arg;                            /* of hosts */
	pthread_mutex_t mutex;
	struct locked *records;
};

struct write_lock *write_lock_new(void)
{
	struct write_lock *lock = calloc(1, sizeof(*lock));

	if (lock)
		pthread_mutex_init(&lock->mutex, NULL);
	return lock;
}

void write_lock_free(struct write_lock *lock)
{
	if (!lock)
		return;
	pthread_mutex_destroy(&lock->mutex);
	free(lock);
}

static bool is_granted(void *arg)
{
	const struct waiter *waiter = arg;

	return atomic_load(&waiter->granted);
}

/* Add ID, which is not locked. Return 0 or -ENOMEM. */
static int add_locked(struct write_lock *lock, const char *id)
{
	struct locked *record = calloc(1, sizeof(*record) + strlen(id) + 1);

	if (!record)
		return -ENOMEM;
	memcpy(record->id, id, strlen(id) + 1);
	HASH_ADD_STR(lock->records, id, record); /* NOLINT(clang-analyzer-unix.Malloc) */
	if (record->hh.tbl)
		return 0;
	free(record);
	return -ENOMEM;
}

/* Give RECORD to the writer that has waited longest, or unlock it. */
static void pass_on_locked(struct write_lock *lock, struct locked *record)
{
	struct waiter *first = record->waiters;

	if (!first) {
		HASH_DEL(lock->records, record); /* NOLINT(clang-analyzer-unix.Malloc) */
		free(record);
		return;
	}
	DL_DELETE(record->waiters, first);
	atomic_store(&first->granted, true);
	call_wake(first->call);
}

/* Wait for RECORD, which is locked. The mutex is released meanwhile. */
static int write_lock_wait_locked(struct write_lock *lock, struct call *call, struct locked *record)
{
	struct waiter waiter = {.call = call};
	int error;

	/* it is deleted from the list below, or was by the thread that granted it the record */
	/* cppcheck-suppress autoVariables */
	DL_APPEND(record->waiters, &waiter);
	pthread_mutex_unlock(&lock->mutex);
	error = call_wait(call, is_granted, &waiter);
	pthread_mutex_lock(&lock->mutex);
	if (!error)
		return 0;
	/* a waiter keeps the record's entry, whether it still waits or has just been granted it */
	if (waiter.granted)
		pass_on_locked(lock, record);
	else
		DL_DELETE(record->waiters, &waiter);
	return error;
}

void write_lock_share(struct write_lock *lock, const struct write_lock_hosts *hosts, void *arg)
{
	lock->hosts = hosts;
	lock->arg = arg;
}

int write_lock_take_draft(struct write_lock *lock, struct call *call, const char *id)
{
	struct locked *record;
	int error;

	pthread_mutex_lock(&lock->mutex);
	HASH_FIND_STR(lock->records, id, record);
	error = record ? write_lock_wait_locked(lock, call, record) : add_locked(lock, id);
	pthread_mutex_unlock(&lock->mutex);
	if (error == -EINTR)
		return call_fail(call, CALL_CANCELLED,
				 "interrupted while another write to the record was under way");
	if (error)
		return call_no_memory(call);
	return 0;
}

/* Return the entry of ID, or NULL. */
static struct locked *find(struct write_lock *lock, const char *id)
{
	struct locked *record;

	pthread_mutex_lock(&lock->mutex);
	HASH_FIND_STR(lock->records, id, record);
	pthread_mutex_unlock(&lock->mutex);
	return record;
}

int write_lock_take(struct write_lock *lock, struct call *call, const char *id)
{
	int error = write_lock_take_draft(lock, call, id);

	if (error || !lock->hosts)
		return error;
	/* who holds a record keeps its entry, and only the holder reads the lease */
	error = lock->hosts->lock(lock->arg, call, id, &find(lock, id)->lease);
	if (error)
		write_lock_release(lock, id);
	return error;
}

int write_lock_check(struct write_lock *lock, struct call *call, const char *id)
{
	struct locked *record = lock->hosts ? find(lock, id) : NULL;

	return record && record->lease ? lock->hosts->check(lock->arg, call, record->lease) : 0;
}

bool write_lock_lost(struct write_lock *lock, const char *id)
{
	struct locked *record = lock->hosts ? find(lock, id) : NULL;

	return record && record->lease && lock->hosts->lost(lock->arg, record->lease);
}

int write_lock_since(struct write_lock *lock, const char *id, struct record **newest, char host[64])
{
	struct locked *record = lock->hosts ? find(lock, id) : NULL;

	*newest = NULL;
	host[0] = '\0';
	return record && record->lease ? lock->hosts->since(lock->arg, record->lease, newest, host)
				       : 0;
}

void write_lock_release(struct write_lock *lock, const char *id)
{
	struct locked *record = find(lock, id);

	if (!record)
		return;
	if (record->lease)
		lock->hosts->unlock(lock->arg, record->lease);
	record->lease = NULL;
	pthread_mutex_lock(&lock->mutex);
	pass_on_locked(lock, record);
	pthread_mutex_unlock(&lock->mutex);
}
