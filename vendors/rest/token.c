/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - see token.h.
 *
 * One mutex over all. The thread that finds no good token asks for one
 * with the mutex released; the others wait, each on its own call, so that a cancelled one returns
 * at once. The mutex is taken before that of a call. Nothing is written anywhere except to memory
 * that is wiped.
 */
#include "vendors/rest/token.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/vault.h"
#include "vendors/http/basis.h"
#include "vendors/rest/account.h"
#include "vendors/rest/redact.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define READ_LEFT 5000 /* milliseconds of life that a read requires, see is_good */

/* A thread that waits for another one to get a token. */
struct waiter {
	struct call *call;
	atomic_bool over; /* the other thread has ended */
	struct waiter *next;
};

struct slot {
	struct token_made made; /* its text is NULL: none */
	uint64_t serial;        /* of made */
	int64_t until;          /* of clock_milliseconds: not used from then on */
	unsigned epoch;         /* of the account, when it was asked for */
	char *refresh;          /* what a new one is asked for with; NULL: none */
	char *replaces;         /* what a file has in its place; NULL: nothing else */
	bool asking;            /* a thread is asking for a new one */
	struct waiter *waiters;
};

struct token {
	unsigned count;       /* of slots */
	pthread_mutex_t lock; /* of all that follows */
	uint64_t serials;
	struct slot slots[];
};

struct token *token_new(unsigned slots)
{
	struct token *token = calloc(1, sizeof(*token) + slots * sizeof(struct slot));

	if (!token)
		return NULL;
	token->count = slots;
	pthread_mutex_init(&token->lock, NULL);
	return token;
}

static void wipe_made(struct token_made *made)
{
	vault_free(made->text);
	for (size_t i = 0; i < TOKEN_SAVED_MAX; i++)
		vault_free(made->saved[i]);
}

void token_free(struct token *token)
{
	if (!token)
		return;
	for (unsigned slot = 0; slot < token->count; slot++) {
		wipe_made(&token->slots[slot].made);
		vault_free(token->slots[slot].refresh);
		vault_free(token->slots[slot].replaces);
	}
	pthread_mutex_destroy(&token->lock);
	free(token);
}

/*
 * Return true if CALL may use the token of SLOT, of ACCOUNT. For the read that a change rests on,
 * it must last for the write too: getting another one between the two would take time.
 */
static bool is_good(const struct slot *slot, const struct account *account, const struct call *call)
{
	bool read = call->basis && call->basis->reading;
	int64_t left = slot->until - clock_milliseconds();
	int64_t want = slot->made.life / 4 < READ_LEFT ? slot->made.life / 4 : READ_LEFT;

	return slot->made.text && slot->epoch == account->epoch && left > (read ? want : 0);
}

/*
 * Ask ISSUER for a new token in SLOT. The lock is released meanwhile. If the account's keys are
 * replaced meanwhile, the result is nothing: the caller asks again.
 */
static int token_renew_locked(struct token *token, struct call *call, unsigned index,
			      token_issuer *issuer, struct account *account)
{
	struct slot *slot = &token->slots[index];
	struct token_made made = {0};
	struct waiter *waiter;
	unsigned epoch = account->epoch;
	int error;

	slot->asking = true;
	pthread_mutex_unlock(&token->lock);
	error = issuer(call, account, index, &made);
	pthread_mutex_lock(&token->lock);
	slot->asking = false;
	if (epoch != account->epoch && !call_cancelled(call)) {
		wipe_made(&made);
		call_clear(call);
		error = 0;
	} else if (!error) {
		wipe_made(&slot->made);
		slot->made = made;
		slot->until = made.life == TOKEN_FOREVER ? TOKEN_FOREVER
							 : clock_milliseconds() + made.life;
		slot->serial = ++token->serials;
		slot->epoch = epoch;
	} else {
		wipe_made(&made);
	}
	LL_FOREACH(slot->waiters, waiter) {
		atomic_store(&waiter->over, true);
		call_wake(waiter->call);
	}
	return error;
}

static bool token_is_over(void *arg)
{
	return atomic_load(&((struct waiter *)arg)->over);
}

/*
 * Wait until the thread that asks for the token of SLOT has ended; its own deadline bounds that.
 * The lock is released meanwhile. Returns 0, or -EINTR with words.
 */
static int await_locked(struct token *token, struct call *call, struct slot *slot)
{
	struct waiter waiter = {.call = call};
	int error;

	/* cppcheck-suppress autoVariables; it is deleted from the list below */
	LL_PREPEND(slot->waiters, &waiter);
	pthread_mutex_unlock(&token->lock);
	/* that thread may be waiting for this call's place */
	basis_release(call);
	error = call_wait(call, token_is_over, &waiter);
	pthread_mutex_lock(&token->lock);
	LL_DELETE(slot->waiters, &waiter);
	if (error)
		call_fail(call, call->verdict, "interrupted while waiting for a token");
	return error;
}

int token_get(struct token *token, struct call *call, unsigned index, token_issuer *issuer,
	      struct account *account, char **text, uint64_t *serial)
{
	struct slot *slot = &token->slots[index];
	int error = 0;

	pthread_mutex_lock(&token->lock);
	while (!error && !is_good(slot, account, call)) {
		if (slot->asking)
			error = await_locked(token, call, slot);
		else
			error = token_renew_locked(token, call, index, issuer, account);
	}
	*text = error ? NULL : vault_copy(slot->made.text);
	if (!error && !*text)
		error = call_no_memory(call);
	*serial = slot->serial;
	pthread_mutex_unlock(&token->lock);
	return error;
}

/* Return a copy of TEXT, which may be NULL, of TOKEN. */
static char *copy_locked(struct token *token, const char *text)
{
	char *copy = vault_copy(text);

	pthread_mutex_unlock(&token->lock);
	return copy;
}

char *token_text(struct token *token, unsigned slot)
{
	pthread_mutex_lock(&token->lock);
	return copy_locked(token, token->slots[slot].made.text);
}

char *token_saved(struct token *token, const struct account *account, unsigned slot, size_t index)
{
	const struct slot *kept = &token->slots[slot];

	pthread_mutex_lock(&token->lock);
	return copy_locked(token, kept->epoch == account->epoch ? kept->made.saved[index] : NULL);
}

char *token_refresh(struct token *token, unsigned slot)
{
	pthread_mutex_lock(&token->lock);
	return copy_locked(token, token->slots[slot].refresh);
}

int token_keep_refresh(struct token *token, unsigned slot, const char *refresh,
		       const char *replaces)
{
	char *copy = vault_copy(refresh), *other = vault_copy(replaces);
	struct slot *kept = &token->slots[slot];

	if (!copy || (replaces && !other)) {
		vault_free(copy);
		vault_free(other);
		return -ENOMEM;
	}
	pthread_mutex_lock(&token->lock);
	vault_free(kept->refresh);
	vault_free(kept->replaces);
	kept->refresh = copy;
	kept->replaces = other;
	pthread_mutex_unlock(&token->lock);
	return 0;
}

bool token_replaces(struct token *token, unsigned slot, const char *refresh)
{
	bool replaces;

	pthread_mutex_lock(&token->lock);
	replaces = token->slots[slot].replaces && strcmp(token->slots[slot].replaces, refresh) == 0;
	pthread_mutex_unlock(&token->lock);
	return replaces;
}

void token_refused(struct token *token, uint64_t serial)
{
	pthread_mutex_lock(&token->lock);
	for (unsigned slot = 0; slot < token->count; slot++) {
		if (token->slots[slot].serial == serial)
			token->slots[slot].until = 0;
	}
	pthread_mutex_unlock(&token->lock);
}

void token_redact(struct token *token, char *text)
{
	pthread_mutex_lock(&token->lock);
	for (unsigned slot = 0; slot < token->count; slot++) {
		const struct token_made *made = &token->slots[slot].made;

		redact_whole(text, made->text);
		redact_whole(text, token->slots[slot].refresh);
		for (size_t i = 0; i < TOKEN_SAVED_MAX; i++)
			redact_whole(text, made->saved[i]);
	}
	pthread_mutex_unlock(&token->lock);
}

static bool token_is_in(const char *text, const char *secret)
{
	return secret && strlen(secret) >= REDACT_PART && strstr(text, secret);
}

bool token_tells(struct token *token, const char *text)
{
	bool told = false;

	pthread_mutex_lock(&token->lock);
	for (unsigned slot = 0; slot < token->count && !told; slot++) {
		const struct token_made *made = &token->slots[slot].made;

		told = token_is_in(text, made->text) ||
		       token_is_in(text, token->slots[slot].refresh);
		for (size_t i = 0; i < TOKEN_SAVED_MAX; i++)
			told = told || token_is_in(text, made->saved[i]);
	}
	pthread_mutex_unlock(&token->lock);
	return told;
}
