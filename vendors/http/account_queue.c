/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_queue.c - see account_queue.h.
 *
 * The rules of waiting: who goes next, when a try is repeated and when it is given up. Everything
 * here is arithmetic on numbers that others measured, so that it can be read without thinking of
 * sockets. It must not know libcurl, take locks or block.
 *
 * A vendor that is dead must not make a long queue wait for one time-out after the other: who has
 * queued for as long as one request may take, with no answer to anybody meanwhile, is given the
 * error that the others got.
 */
#include "vendors/http/account_queue.h"

#include "vendors/base/call.h"
#include "vendors/http/account_queue_times.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A last try is given this long even where the budget has ended. */
#define TRY_MIN 1000

struct account_queue *account_queue_new(struct http *http, struct endpoint *endpoint)
{
	struct account_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	queue->http = http;
	queue->endpoint = endpoint;
	http_where(endpoint->base_url, &queue->secure, queue->where, sizeof(queue->where));
	queue->allowed = endpoint->parallel ? endpoint->parallel : 1;
	TAILQ_INIT(&queue->ready);
	TAILQ_INIT(&queue->fresh);
	TAILQ_INIT(&queue->again);
	TAILQ_INIT(&queue->timed);
	TAILQ_INIT(&queue->kept);
	return queue;
}

void account_queue_free(struct account_queue *queue)
{
	free(queue);
}

/* TRANSFER waits from now on: not beyond its time. */
static void queued(struct account_queue *queue, struct transfer *transfer)
{
	struct transfer *other = TAILQ_LAST(&queue->timed, transfer_queue);
	int64_t end = transfer->end;

	queue->stats.queued++;
	if (transfer->tries && end != TRANSFER_NEVER)
		end = later(end, transfer->due) + SLACK;
	transfer->until = sooner(transfer->moment, end);
	if (transfer->until == TRANSFER_NEVER)
		return;
	/* times grow, more or less: nearly all go to the end at once */
	while (other && other->until > transfer->until)
		other = TAILQ_PREV(other, transfer_queue, line);
	if (other)
		TAILQ_INSERT_AFTER(&queue->timed, other, transfer, line);
	else
		TAILQ_INSERT_HEAD(&queue->timed, transfer, line);
}

void account_queue_add_locked(struct account_queue *queue, struct transfer *transfer, bool placed)
{
	if (placed) {
		transfer->state = TRANSFER_READY;
		TAILQ_INSERT_TAIL(&queue->ready, transfer, link);
		queue->places++;
	} else {
		transfer->state = TRANSFER_FRESH;
		TAILQ_INSERT_TAIL(&queue->fresh, transfer, link);
	}
	queued(queue, transfer);
}

void account_queue_remove_locked(struct account_queue *queue, struct transfer *transfer)
{
	if (transfer->state == TRANSFER_READY) {
		TAILQ_REMOVE(&queue->ready, transfer, link);
		queue->places--;
	} else if (transfer->state == TRANSFER_FRESH) {
		TAILQ_REMOVE(&queue->fresh, transfer, link);
	} else {
		TAILQ_REMOVE(&queue->again, transfer, link);
	}
	if (transfer->until != TRANSFER_NEVER)
		TAILQ_REMOVE(&queue->timed, transfer, line);
	queue->stats.queued--;
}

/* ---- places that are kept ---- */

void account_queue_forgo_locked(struct basis *basis)
{
	struct account_queue *queue = basis->keeper;

	if (!queue)
		return;
	TAILQ_REMOVE(&queue->kept, basis, link);
	basis->keeper = NULL;
	queue->places--;
}

void account_queue_forgo_all_locked(struct account_queue *queue)
{
	struct transfer *transfer;

	while (!TAILQ_EMPTY(&queue->kept))
		account_queue_forgo_locked(TAILQ_FIRST(&queue->kept));
	while ((transfer = TAILQ_LAST(&queue->ready, transfer_queue))) {
		TAILQ_REMOVE(&queue->ready, transfer, link);
		queue->places--;
		transfer->state = TRANSFER_FRESH;
		TAILQ_INSERT_HEAD(&queue->fresh, transfer, link);
	}
}

/* Places that were kept for long enough are free. */
static void expire_places(struct account_queue *queue, int64_t now)
{
	struct basis *basis;

	while ((basis = TAILQ_FIRST(&queue->kept)) && basis->until <= now)
		account_queue_forgo_locked(basis);
}

/* A transfer that was never tried waits no longer than this for its turn. */
static int64_t queue_end(const struct account_queue *queue, const struct transfer *transfer)
{
	return sooner(later(transfer->queued, later(queue->heard, queue->progress)) +
			  later(budget(queue), timeout(queue)),
		      transfer->end);
}

/* Will TRANSFER, never tried, wait in vain? */
static bool in_vain(const struct account_queue *queue, const struct transfer *transfer, int64_t now)
{
	return later(now, queue->hold.until) > queue_end(queue, transfer);
}

/* When there is room for one more; TRANSFER_NEVER: not before one comes back, or a place is given
 * up. */
static int64_t opens(const struct account_queue *queue)
{
	unsigned most = queue->strikes || queue->hold.trial ? 1 : queue->allowed;

	if (queue->stats.in_flight + queue->places >= most)
		return TRANSFER_NEVER;
	return resumes(queue);
}

static void depart(struct account_queue *queue, struct transfer *transfer, int64_t now)
{
	transfer->tried = now;
	transfer->limit = timeout(queue);
	transfer->shortened = false;
	if (!transfer->tries) {
		transfer->first = now;
	} else {
		int64_t rest = later(budget_end(queue, transfer) - now, TRY_MIN);

		/* who waited as the vendor asked is given the whole time */
		transfer->shortened = !transfer->told && rest < transfer->limit;
		if (transfer->shortened)
			transfer->limit = rest;
		queue->stats.retries++;
	}
	transfer->reach = HOLD_REACH_LATE;
	if (!is_patient(transfer))
		transfer->reach = later(hold_reach_end(&queue->hold, transfer->first) - now,
					HOLD_REACH_MIN);
	transfer->tries++;
	transfer->counted = true;
	queue->stats.in_flight++;
	queue->stats.requests++;
}

/* TRANSFER is not sent because of an earlier 429 or Retry-After. */
static void refuse_held(const struct account_queue *queue, struct transfer *transfer, int64_t now)
{
	struct http_reply *reply = &transfer->reply;
	char held[sizeof(reply->words) - 16];

	reply->status = 429;
	reply->told = later(queue->hold.until - now, 0);
	if (reply->told)
		hold_words(&queue->hold, now, held, sizeof(held));
	else
		snprintf(held, sizeof(held),
			 "the vendor answered 429 to everybody until the time to wait was over");
	snprintf(reply->words, sizeof(reply->words), "not asked: %s", held);
}

/* TRANSFER's turn did not come in time: say why. */
static void give_up_fresh(const struct account_queue *queue, struct transfer *transfer, int64_t now)
{
	if (queue->strikes || (queue->hold.until > now && in_vain(queue, transfer, now)))
		refuse_held(queue, transfer, now);
	else if (now > transfer->end)
		transfer_fail(transfer, ETIMEDOUT,
			      "the time for this change (retry_budget) ended before its turn came");
	else if (queue->last_error)
		transfer_fail(transfer, queue->last_error, "%s", queue->last_words);
	else
		transfer_fail(transfer, ETIMEDOUT, "%s did not answer those who came before",
			      queue->where);
}

/* TRANSFER waits and cannot go before its UNTIL. What it met when it was tried is still true. */
static void give_up_timed(const struct account_queue *queue, struct transfer *transfer, int64_t now)
{
	if (transfer->moment > transfer->until) {
		if (!transfer->tries)
			give_up_fresh(queue, transfer, now);
		return;
	}
	if (transfer->reply.status == 429)
		return;
	transfer_stale(transfer);
	if (resumes(queue) > now)
		refuse_held(queue, transfer, now);
}

/* While the vendor is down: the next one who is to be told so at once; NULL: none. */
static struct transfer *turn_away(struct account_queue *queue, int64_t now)
{
	const struct hold *hold = &queue->hold;
	struct transfer *transfer;
	char met[32];

	TAILQ_FOREACH(transfer, &queue->again, link) {
		if (!is_patient(transfer))
			return transfer;
	}
	TAILQ_FOREACH(transfer, &queue->fresh, link) {
		if (is_patient(transfer))
			continue;
		queue->hold.asked = now;
		hold_clock(hold->met, met, sizeof(met));
		transfer_fail(transfer, hold->error, "not asked: %s (at %s)", hold->words, met);
		return transfer;
	}
	return NULL;
}

/* Who waits in vain, or the first to leave on a kept place; NULL: neither. */
static struct transfer *take_first(struct account_queue *queue, int64_t now, bool *over)
{
	struct transfer *transfer = queue->hold.down ? turn_away(queue, now) : NULL;

	*over = transfer != NULL;
	if (transfer)
		return transfer;
	transfer = TAILQ_FIRST(&queue->timed);
	expire_places(queue, now);
	*over = transfer && later(now, queue->hold.until) > transfer->until;
	if (!*over)
		return TAILQ_FIRST(&queue->ready);
	give_up_timed(queue, transfer, now);
	return transfer;
}

/* AGAIN waits no longer than this, but always for as long as the vendor asked it to. */
static int64_t again_end(const struct account_queue *queue, const struct transfer *again)
{
	return later(budget_end(queue, again), again->due) + SLACK;
}

/* May the first of AGAIN go, or (*OVER) has its budget ended? */
static bool again_ready(const struct account_queue *queue, const struct transfer *again, int64_t now,
			bool *over)
{
	if (!again || again->due > now)
		return false;
	*over = later(now, queue->hold.until) > again_end(queue, again);
	return *over || now >= opens(queue);
}

struct transfer *account_queue_take_locked(struct account_queue *queue, int64_t now, bool *over)
{
	struct transfer *transfer = take_first(queue, now, over);

	if (!transfer && again_ready(queue, TAILQ_FIRST(&queue->again), now, over))
		transfer = TAILQ_FIRST(&queue->again);
	if (!transfer) {
		transfer = TAILQ_FIRST(&queue->fresh);
		if (!transfer)
			return NULL;
		if (now < opens(queue)) {
			*over = in_vain(queue, transfer, now);
			if (!*over)
				return NULL;
			give_up_fresh(queue, transfer, now);
		}
	}
	account_queue_remove_locked(queue, transfer);
	transfer->state = TRANSFER_FLYING;
	if (!*over)
		depart(queue, transfer, now);
	return transfer;
}

int64_t account_queue_due_locked(const struct account_queue *queue, int64_t now)
{
	const struct transfer *again = TAILQ_FIRST(&queue->again);
	const struct transfer *fresh = TAILQ_FIRST(&queue->fresh);
	const struct transfer *timed = TAILQ_FIRST(&queue->timed);
	const struct basis *kept = TAILQ_FIRST(&queue->kept);
	int64_t due = TRANSFER_NEVER;

	if (again && again->due > now)
		due = again->due;
	else if (again)
		due = sooner(opens(queue), again_end(queue, again) + 1);
	if (fresh)
		due = sooner(due, sooner(opens(queue), queue_end(queue, fresh) + 1));
	if (timed)
		due = sooner(due, timed->until + 1);
	/* nobody need be woken for a place that nobody waits for */
	if (kept && (fresh || again))
		due = sooner(due, kept->until);
	return due;
}

void account_queue_requeue_locked(struct account_queue *queue, struct transfer *transfer)
{
	struct transfer *other = TAILQ_FIRST(&queue->again);

	transfer->state = TRANSFER_AGAIN;
	while (other && other->due <= transfer->due)
		other = TAILQ_NEXT(other, link);
	if (other)
		TAILQ_INSERT_BEFORE(other, transfer, link);
	else
		TAILQ_INSERT_TAIL(&queue->again, transfer, link);
	queued(queue, transfer);
}

struct transfer *account_queue_drain_locked(struct account_queue *queue)
{
	struct transfer *transfer = TAILQ_FIRST(&queue->again);

	if (!transfer)
		transfer = TAILQ_FIRST(&queue->fresh);
	if (!transfer)
		transfer = TAILQ_FIRST(&queue->ready);
	if (transfer) {
		account_queue_remove_locked(queue, transfer);
		transfer->state = TRANSFER_FLYING;
	}
	return transfer;
}
