/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_lag.c - see ep_lag.h.
 */
#include "vendors/elasticpath/ep_lag.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/elasticpath/ep_memory.h"
#include "vendors/json/id_text.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

enum state {
	MADE,
	ENDED,
	ASKED_FOR, /* it may have been created; if its id is unknown, the key is made up */
};

/* A membership; if company is NULL, an account of the store or a member. */
struct ep_lag_change {
	char *key;
	char *company, *member;
	enum state state;
	bool has_id;  /* the key is its id */
	double until; /* monotonic seconds */
	UT_hash_handle hh;
};

void ep_lag_init(struct ep_lag *lag)
{
	*lag = (struct ep_lag){.changes = NULL};
	pthread_mutex_init(&lag->lock, NULL);
}

static struct ep_lag *ep_lag_of(struct account *account)
{
	return &((struct ep_memory *)account->memory)->lag;
}

static void change_free(struct ep_lag_change *change)
{
	free(change->key);
	free(change->company);
	free(change->member);
	free(change);
}

/* Free what has expired; if ALL, free everything. */
static void ep_lag_expire_locked(struct ep_lag *lag, bool all)
{
	struct ep_lag_change *change, *next;
	double now = clock_seconds();

	HASH_ITER(hh, lag->changes, change, next) {
		if (!all && change->until > now)
			continue;
		HASH_DEL(lag->changes, change); /* NOLINT(clang-analyzer-unix.Malloc) */
		change_free(change);
	}
}

void ep_lag_destroy(struct ep_lag *lag)
{
	ep_lag_expire_locked(lag, true);
	pthread_mutex_destroy(&lag->lock);
}

static char *ep_lag_copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void ep_lag_drop_locked(struct ep_lag *lag, struct ep_lag_change *change)
{
	HASH_DEL(lag->changes, change); /* NOLINT(clang-analyzer-unix.Malloc) */
	change_free(change);
}

static struct ep_lag_change *ep_lag_find_locked(struct ep_lag *lag, const char *key)
{
	struct ep_lag_change *change;

	ep_lag_expire_locked(lag, false);
	HASH_FIND_STR(lag->changes, key, change);
	return change;
}

/* Remember CHANGE (taken). If the same change is remembered already, free CHANGE. */
static void ep_lag_note_locked(struct ep_lag *lag, struct ep_lag_change *change)
{
	struct ep_lag_change *old = ep_lag_find_locked(lag, change->key);

	/* A change that is noted again keeps its time, or it would never expire. A request that was
	   sent again is as new as the last one. */
	/* what has ended does not come again: no id is used twice */
	if (old && (old->state == change->state || change->state == ASKED_FOR ||
		    (old->state == ENDED && change->has_id))) {
		if (old->state == ASKED_FOR)
			old->until = change->until;
		change_free(change);
		return;
	}
	if (old)
		ep_lag_drop_locked(lag, old);
	HASH_ADD_KEYPTR(hh, lag->changes, change->key, strlen(change->key), change);
	if (!change->hh.tbl)
		change_free(change);
}

/* Return the key of a requested membership whose id is unknown. The caller frees it. NULL: no
 * memory. */
static char *key_without_id(const char *company, const char *member)
{
	char *key;

	return asprintf(&key, "%s/%s", company, member) < 0 ? NULL : key;
}

static void ep_lag_note_change(struct account *account, const char *company, const char *member,
			       const char *id, enum state state)
{
	struct ep_lag *lag = ep_lag_of(account);
	struct ep_lag_change *change, *asked = NULL;
	char *pair = company ? key_without_id(company, member) : NULL;

	change = account->lag ? calloc(1, sizeof(*change)) : NULL;
	if (!change) {
		free(pair);
		return;
	}
	*change = (struct ep_lag_change){.key = ep_lag_copy(id ? id : pair),
					 .company = ep_lag_copy(company),
					 .member = ep_lag_copy(member),
					 .state = state,
					 .has_id = id,
					 .until = clock_seconds() + account->lag};
	if (!change->key || !change->company != !company || !change->member != !member) {
		change_free(change);
		free(pair);
		return;
	}
	pthread_mutex_lock(&lag->lock);
	if (pair && id && state == MADE)
		asked = ep_lag_find_locked(lag, pair);
	if (asked)
		ep_lag_drop_locked(lag, asked);
	ep_lag_note_locked(lag, change);
	pthread_mutex_unlock(&lag->lock);
	free(pair);
}

void ep_lag_note(struct account *account, const char *company, const char *member, const char *id,
		 bool ended)
{
	if (company && member && id)
		ep_lag_note_change(account, company, member, id, ended ? ENDED : MADE);
}

void ep_lag_note_asked(struct account *account, const char *company, const char *member,
		       const char *id)
{
	if (company && member)
		ep_lag_note_change(account, company, member, id, ASKED_FOR);
}

void ep_lag_note_new(struct account *account, const json_t *record)
{
	char buffer[ID_TEXT_MAX];
	const char *id = id_text_of(json_object_get(record, "id"), buffer);

	if (id)
		ep_lag_note_change(account, NULL, NULL, id, MADE);
}

void ep_lag_forget(struct account *account, const char *company, const char *member, const char *id)
{
	struct ep_lag *lag = ep_lag_of(account);
	char *pair = company && member ? key_without_id(company, member) : NULL;
	const char *const keys[] = {id, pair};

	pthread_mutex_lock(&lag->lock);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		struct ep_lag_change *change = keys[i] ? ep_lag_find_locked(lag, keys[i]) : NULL;

		if (change && change->state != ENDED)
			ep_lag_drop_locked(lag, change);
	}
	pthread_mutex_unlock(&lag->lock);
	free(pair);
}

bool ep_lag_is_new(struct account *account, const char *id)
{
	struct ep_lag *lag = ep_lag_of(account);
	const struct ep_lag_change *change;
	bool is_new;

	pthread_mutex_lock(&lag->lock);
	change = ep_lag_find_locked(lag, id);
	is_new = change && !change->company;
	pthread_mutex_unlock(&lag->lock);
	return is_new;
}

json_t *ep_lag_changes(struct account *account, const char *company, const char *member)
{
	struct ep_lag *lag = ep_lag_of(account);
	json_t *changes = json_array();

	pthread_mutex_lock(&lag->lock);
	ep_lag_expire_locked(lag, false);
	for (const struct ep_lag_change *change = lag->changes; change; change = change->hh.next) {
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
	pthread_mutex_unlock(&lag->lock);
	return changes;
}

void ep_lag_used(struct call *call, const json_t *change)
{
	call_good_until(call, json_real_value(json_object_get(change, "until")));
}

/*
 * Return the index in MEMBERSHIPS of the membership of CHANGE: that with its id, or if the id is
 * unknown, one in the same account. Return the number of MEMBERSHIPS if there is none.
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

void ep_lag_apply(struct call *call, const json_t *changes, json_t *memberships,
		  json_t *unconfirmed)
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
