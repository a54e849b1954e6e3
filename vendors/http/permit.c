/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permit.c - see permit.h.
 *
 * What a queue wants is what it could send if it was alone: retries that are not due yet, and all
 * that waits while the vendor asked to wait, must not keep others from sending.
 */
#include "vendors/http/permit.h"

#include "vendors/base/clock.h"
#include "vendors/http/account_queue.h"
#include "vendors/http/basis.h"
#include "vendors/http/endpoint.h"
#include "vendors/http/hold.h"
#include "vendors/http/http_state.h"
#include "vendors/http/multi.h"
#include "vendors/http/transfer.h"

#include <stdbool.h>

unsigned permit_most(const struct permit *permit, unsigned allowed, int64_t now)
{
	unsigned share = now < atomic_load(&permit->until) ? atomic_load(&permit->share) : 0;

	return share < allowed ? share : allowed;
}

/* Return how many requests of QUEUE are in flight or could be sent now. */
static unsigned permit_wanted(const struct account_queue *queue, unsigned flying, int64_t now)
{
	unsigned wanted = queue->stats.in_flight + queue->stats.queued;
	unsigned most = queue->strikes || queue->hold.trial ? 1 : queue->allowed;
	const struct transfer *transfer;
	const struct basis *basis;

	if (account_queue_resumes(queue) > now || most < flying)
		return flying;
	TAILQ_FOREACH(basis, &queue->kept, link)
		wanted++;
	TAILQ_FOREACH_REVERSE(transfer, &queue->again, transfer_queue, link)
	{
		if (transfer->due <= now)
			break;
		wanted--;
	}
	return wanted < most ? wanted : most;
}

void permit_note_locked(const struct account_queue *queue, int64_t now)
{
	struct permit *permit = queue->endpoint->permit;
	unsigned flying = queue->stats.in_flight + queue->places;
	unsigned wanted = permit_wanted(queue, flying, now);
	unsigned share = permit_most(permit, queue->endpoint->parallel, now);
	unsigned flew = atomic_exchange(&permit->flying, flying);
	unsigned before = atomic_exchange(&permit->wanted, wanted);

	if ((wanted > share && wanted > before) || (!wanted && before) ||
	    (flying <= share && flew > share))
		permit->wants(permit);
}

void http_permit_set(struct endpoint *endpoint, struct permit *permit)
{
	struct account_queue *queue = endpoint->queue;

	if (!queue) {
		endpoint->permit = permit;
		return;
	}
	pthread_mutex_lock(&queue->http->lock);
	endpoint->permit = permit;
	pthread_mutex_unlock(&queue->http->lock);
	multi_poke(queue->http->multi);
}

void http_permit(struct endpoint *endpoint)
{
	struct account_queue *queue = endpoint->queue;

	if (!queue)
		return;
	pthread_mutex_lock(&queue->http->lock);
	if (endpoint->permit)
		permit_note_locked(queue, clock_milliseconds());
	pthread_mutex_unlock(&queue->http->lock);
	multi_poke(queue->http->multi);
}

void http_wait(struct endpoint *endpoint, int64_t milliseconds)
{
	struct account_queue *queue = endpoint->queue;
	int64_t now = clock_milliseconds();

	if (!queue)
		return;
	pthread_mutex_lock(&queue->http->lock);
	if (milliseconds > 0) {
		hold_tell(&queue->hold, milliseconds, now);
		account_queue_forgo_all_locked(queue);
	} else {
		hold_lift(&queue->hold, now);
		queue->calm = 0;
	}
	pthread_mutex_unlock(&queue->http->lock);
	multi_poke(queue->http->multi);
}
