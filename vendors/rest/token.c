/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.c - see token.h.
 *
 * One slot for each grant, one mutex over all. The thread that finds no good token asks for one
 * with the mutex released; the others wait, each on its own call, so that a cancelled one returns
 * at once. The mutex is taken before that of a call. Nothing is written anywhere except to memory
 * that is wiped.
 */
#include "vendors/rest/token.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/http/basis.h"

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
	char *text;      /* NULL: none */
	uint64_t serial; /* of text */
	int64_t until;   /* of clock_milliseconds: not used from then on */
	int64_t life;    /* milliseconds from when it was issued until then */
	bool asking;     /* a thread is asking for a new one */
	struct waiter *waiters;
};

struct token {
	pthread_mutex_t lock; /* of all that follows */
	struct slot slots[TOKEN_GRANTS];
	uint64_t serials;
};

struct token *token_new(void)
{
	struct token *token = calloc(1, sizeof(*token));

	if (token)
		pthread_mutex_init(&token->lock, NULL);
	return token;
}

static void token_wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void token_free(struct token *token)
{
	if (!token)
		return;
	for (int grant = 0; grant < TOKEN_GRANTS; grant++)
		token_wipe(token->slots[grant].text);
	pthread_mutex_destroy(&token->lock);
	free(token);
}

/*
 * Return true if CALL may use the token of SLOT. For the read that a change rests on, it must last
 * for the write too: getting another one between the two would take time.
 */
static bool is_good(const struct slot *slot, const struct call *call)
{
	bool read = call->basis && call->basis->reading;
	int64_t left = slot->until - clock_milliseconds();
	int64_t want = slot->life / 4 < READ_LEFT ? slot->life / 4 : READ_LEFT;

	return slot->text && left > (read ? want : 0);
}

/* Ask ISSUER for a new token in SLOT. The lock is released meanwhile. */
static int token_renew_locked(struct token *token, struct call *call, enum token_grant grant,
			      const struct token_issuer *issuer)
{
	struct slot *slot = &token->slots[grant];
	struct waiter *waiter;
	char *text = NULL;
	int64_t life = 0;
	int error;

	slot->asking = true;
	pthread_mutex_unlock(&token->lock);
	error = issuer->issue(call, issuer->account, grant, &text, &life);
	pthread_mutex_lock(&token->lock);
	slot->asking = false;
	if (!error) {
		token_wipe(slot->text);
		slot->text = text;
		slot->life = life;
		slot->until = clock_milliseconds() + life;
		slot->serial = ++token->serials;
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

int token_get(struct token *token, struct call *call, enum token_grant grant,
	      const struct token_issuer *issuer, char **header, uint64_t *serial)
{
	struct slot *slot = &token->slots[grant];
	int error = 0;

	pthread_mutex_lock(&token->lock);
	while (!error && !is_good(slot, call)) {
		if (slot->asking)
			error = await_locked(token, call, slot);
		else
			error = token_renew_locked(token, call, grant, issuer);
	}
	if (!error && asprintf(header, "Bearer %s", slot->text) < 0)
		error = call_no_memory(call);
	*serial = slot->serial;
	pthread_mutex_unlock(&token->lock);
	return error;
}

void token_refused(struct token *token, enum token_grant grant, uint64_t serial)
{
	struct slot *slot = &token->slots[grant];

	pthread_mutex_lock(&token->lock);
	if (slot->serial == serial)
		slot->until = 0;
	pthread_mutex_unlock(&token->lock);
}

void token_redact(struct token *token, char *text)
{
	pthread_mutex_lock(&token->lock);
	for (int grant = 0; grant < TOKEN_GRANTS; grant++) {
		const char *secret = token->slots[grant].text;

		for (char *at = secret ? strstr(text, secret) : NULL; at; at = strstr(at, secret))
			memset(at, '*', strlen(secret));
	}
	pthread_mutex_unlock(&token->lock);
}
