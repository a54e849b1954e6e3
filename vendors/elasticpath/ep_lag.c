/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_lag.c - what this mount made and ended at an Elastic Path store, while its reads may not show
 * it yet.
 *
 * The vendor's documents warn that a read may lag a write by up to a minute. An id is the vendor's
 * own and is never used again, so a list with a membership that was ended is old for certain. A
 * list without one that was made is taken for old as well; somebody else may have ended it, which
 * shows when account->lag seconds are over. That holds for what is acknowledged. What has only been
 * asked for is shown nowhere, but whoever makes a member inactive is told of it: it may come yet.
 * Nothing here asks the vendor.
 */
#include "vendors/rest/account.h"
#include "vendors/elasticpath/elasticpath.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum state {
	MADE,
	ENDED,
	ASKED_FOR, /* it may have been made; the key is made up where its id is not known */
};

/* A membership, or with COMPANY NULL an account or a member. */
struct ep_change {
	char *key;
	char *company, *member;
	enum state state;
	bool has_id;  /* which is the key */
	double until; /* monotonic seconds */
	UT_hash_handle hh;
};

static void change_free(struct ep_change *change)
{
	free(change->key);
	free(change->company);
	free(change->member);
	free(change);
}

/* Free what is older than the lag, or with ALL everything. */
static void forget_locked(struct ep_memory *memory, bool all)
{
	struct ep_change *change, *next;
	double now = clock_seconds();

	HASH_ITER(hh, memory->changes, change, next) {
		if (!all && change->until > now)
			continue;
		HASH_DEL(memory->changes, change); /* NOLINT(clang-analyzer-unix.Malloc) */
		change_free(change);
	}
}

void ep_lag_free(struct ep_memory *memory)
{
	forget_locked(memory, true);
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void drop_locked(struct ep_memory *memory, struct ep_change *change)
{
	HASH_DEL(memory->changes, change); /* NOLINT(clang-analyzer-unix.Malloc) */
	change_free(change);
}

static struct ep_change *find_locked(struct ep_memory *memory, const char *key)
{
	struct ep_change *change;

	forget_locked(memory, false);
	HASH_FIND_STR(memory->changes, key, change);
	return change;
}

/* CHANGE (taken) is remembered from now on, unless the same is already. */
static void note_locked(struct ep_memory *memory, struct ep_change *change)
{
	struct ep_change *old = find_locked(memory, change->key);

	/* one that is said again is as old as it was, lest it stay for ever; but not what was
	   asked for again */
	if (old && (old->state == change->state || change->state == ASKED_FOR)) {
		if (old->state == ASKED_FOR)
			old->until = change->until;
		change_free(change);
		return;
	}
	if (old)
		drop_locked(memory, old);
	HASH_ADD_KEYPTR(hh, memory->changes, change->key, strlen(change->key), change);
}

/* The key of what was asked for and has no id that is known. The caller frees; NULL: no memory. */
static char *key_without_id(const char *company, const char *member)
{
	char *key;

	return asprintf(&key, "%s/%s", company, member) < 0 ? NULL : key;
}

static void note(struct account *account, const char *company, const char *member, const char *id,
		 enum state state)
{
	struct ep_memory *memory = account->memory;
	struct ep_change *change, *asked = NULL;
	char *pair = company ? key_without_id(company, member) : NULL;

	change = account->lag ? calloc(1, sizeof(*change)) : NULL;
	if (!change) {
		free(pair);
		return;
	}
	*change = (struct ep_change){.key = copy(id ? id : pair),
				     .company = copy(company),
				     .member = copy(member),
				     .state = state,
				     .has_id = id,
				     .until = clock_seconds() + account->lag};
	if (!change->key || !change->company != !company || !change->member != !member) {
		change_free(change);
		free(pair);
		return;
	}
	pthread_mutex_lock(&memory->lock);
	if (pair && id && state == MADE)
		asked = find_locked(memory, pair);
	if (asked)
		drop_locked(memory, asked);
	note_locked(memory, change);
	pthread_mutex_unlock(&memory->lock);
	free(pair);
}

void ep_lag_note(struct account *account, const char *company, const char *member, const char *id,
		 bool ended)
{
	if (company && member && id)
		note(account, company, member, id, ended ? ENDED : MADE);
}

void ep_lag_note_asked(struct account *account, const char *company, const char *member,
		       const char *id)
{
	if (company && member)
		note(account, company, member, id, ASKED_FOR);
}

void ep_lag_note_new(struct account *account, const json_t *record)
{
	const char *id = json_string_value(json_object_get(record, "id"));

	if (id)
		note(account, NULL, NULL, id, MADE);
}

void ep_lag_forget(struct account *account, const char *company, const char *member, const char *id)
{
	struct ep_memory *memory = account->memory;
	char *pair = company && member ? key_without_id(company, member) : NULL;
	const char *const keys[] = {id, pair};

	pthread_mutex_lock(&memory->lock);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		struct ep_change *change = keys[i] ? find_locked(memory, keys[i]) : NULL;

		if (change && change->state != ENDED)
			drop_locked(memory, change);
	}
	pthread_mutex_unlock(&memory->lock);
	free(pair);
}

bool ep_lag_is_new(struct account *account, const char *id)
{
	struct ep_memory *memory = account->memory;
	const struct ep_change *change;
	bool is_new;

	pthread_mutex_lock(&memory->lock);
	change = find_locked(memory, id);
	is_new = change && !change->company;
	pthread_mutex_unlock(&memory->lock);
	return is_new;
}

json_t *ep_lag_changes(struct account *account, const char *company, const char *member)
{
	struct ep_memory *memory = account->memory;
	json_t *changes = json_array();

	pthread_mutex_lock(&memory->lock);
	forget_locked(memory, false);
	for (const struct ep_change *change = memory->changes; change; change = change->hh.next) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): HASH_DEL has moved the head on */
		if (!change->company || (company && strcmp(change->company, company) != 0) ||
		    (member && strcmp(change->member, member) != 0))
			continue;
		json_array_append_new(changes,
				      json_pack("{s:s*, s:s, s:s, s:b, s:b, s:f}", "id",
						change->has_id ? change->key : NULL, "account",
						change->company, "member", change->member, "ended",
						change->state == ENDED, "asked",
						change->state == ASKED_FOR, "until",
						change->until));
	}
	pthread_mutex_unlock(&memory->lock);
	return changes;
}

void ep_lag_used(struct call *call, const json_t *change)
{
	call_good_until(call, json_real_value(json_object_get(change, "until")));
}

/*
 * Where the membership of CHANGE stands in MEMBERSHIPS, by its id, or one in that account where its
 * id is not known; their number: nowhere.
 */
static size_t place_of(const json_t *memberships, const json_t *change)
{
	const char *key = json_object_get(change, "id") ? "id" : "account";
	const json_t *wanted = json_object_get(change, key);
	size_t i = 0;

	while (i < json_array_size(memberships) &&
	       !json_equal(json_object_get(json_array_get(memberships, i), key), wanted))
		i++;
	return i;
}

void ep_lag_lay(struct call *call, const json_t *changes, json_t *memberships, json_t *unconfirmed)
{
	json_t *change;
	size_t i;

	json_array_foreach(changes, i, change) {
		size_t place = place_of(memberships, change);
		bool ended = json_is_true(json_object_get(change, "ended"));
		bool asked = json_is_true(json_object_get(change, "asked"));
		bool shown = place < json_array_size(memberships);
		json_t *membership;

		if (ended != shown)
			continue;
		membership = json_pack("{s:O*, s:O}", "id", json_object_get(change, "id"),
				       "account", json_object_get(change, "account"));
		if (ended)
			json_array_remove(memberships, place);
		else if (asked)
			json_object_set_new(membership, "asked", json_true());
		else
			json_array_append(memberships, membership);
		json_array_append_new(unconfirmed, membership);
		ep_lag_used(call, change);
	}
}
