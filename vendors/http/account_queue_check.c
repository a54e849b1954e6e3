/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_queue_check.c - see account_queue_check.h. It must not change anything.
 */
#include "vendors/http/account_queue_check.h"

#include "vendors/http/account_queue.h"
#include "vendors/http/basis.h"
#include "vendors/http/transfer.h"

#include <assert.h>

/* Assert what holds for each transfer of LIST, all in STATE. Returns how many there are, and adds
 * those with an UNTIL to *TIMED. */
static unsigned check_transfers(const struct account_queue *queue,
				const struct transfer_queue *list, enum transfer_state state,
				unsigned *timed)
{
	const struct transfer *transfer, *before = NULL;
	unsigned count = 0;

	TAILQ_FOREACH(transfer, list, link) {
		assert(transfer->queue == queue);
		assert(transfer->state == state);
		assert(!transfer->ended && !transfer->counted && !transfer->dropped);
		assert((transfer->tries > 0) == (state == TRANSFER_AGAIN));
		assert(state != TRANSFER_AGAIN || !before || before->due <= transfer->due);
		*timed += transfer->until != TRANSFER_NEVER;
		before = transfer;
		count++;
	}
	return count;
}

static void check_timed(const struct account_queue *queue, unsigned count)
{
	const struct transfer *transfer;
	int64_t before = INT64_MIN;

	TAILQ_FOREACH(transfer, &queue->timed, line) {
		assert(transfer->state <= TRANSFER_AGAIN);
		assert(transfer->until >= before && transfer->until != TRANSFER_NEVER);
		before = transfer->until;
		count--;
	}
	assert(count == 0);
}

static unsigned check_kept(const struct account_queue *queue)
{
	const struct basis *basis;
	int64_t before = INT64_MIN;
	unsigned count = 0;

	TAILQ_FOREACH(basis, &queue->kept, link) {
		assert(basis->keeper == queue);
		assert(basis->until >= before);
		before = basis->until;
		count++;
	}
	return count;
}

static unsigned count_flying(const struct account_queue *queue)
{
	const struct transfer *transfer;
	unsigned count = 0;

	TAILQ_FOREACH(transfer, &queue->http->flying, link) {
		assert(transfer->state == TRANSFER_FLYING);
		count += transfer->queue == queue && transfer->counted;
	}
	return count;
}

void account_queue_check_locked(const struct account_queue *queue)
{
	unsigned timed = 0;
	unsigned ready = check_transfers(queue, &queue->ready, TRANSFER_READY, &timed);
	unsigned fresh = check_transfers(queue, &queue->fresh, TRANSFER_FRESH, &timed);
	unsigned again = check_transfers(queue, &queue->again, TRANSFER_AGAIN, &timed);

	check_timed(queue, timed);
	assert(queue->stats.queued == ready + fresh + again);
	assert(queue->places == ready + check_kept(queue));
	assert(queue->stats.in_flight == count_flying(queue));
	assert(queue->allowed >= 1);
}
