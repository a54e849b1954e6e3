/* SPDX-License-Identifier: Apache-2.0 */
/*
 * basis.c - see basis.h.
 *
 * What a request takes from the basis of its call when it is queued, and what it leaves there when
 * it lands. account_queue.c decides which request goes next and which is too late. It must not know
 * what is read or written.
 */
#include "vendors/http/basis.h"

#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/http/account_queue.h"
#include "vendors/http/http_state.h"
#include "vendors/http/multi.h"
#include "vendors/http/transfer.h"

#include <string.h>

void basis_begin(struct basis *basis, int64_t end)
{
	memset(basis, 0, sizeof(*basis));
	basis->end = end;
}

void basis_release(struct call *call)
{
	struct basis *basis = call->basis;
	struct account_queue *queue = basis ? basis->keeper : NULL;
	struct http *http;

	/* only a request of this call sets it, and http_stop leaves NULL */
	if (!queue)
		return;
	http = queue->http;
	pthread_mutex_lock(&http->lock);
	account_queue_forgo_locked(basis);
	pthread_mutex_unlock(&http->lock);
	multi_poke(http->multi);
}

void basis_forget(struct call *call)
{
	basis_release(call);
	/* no request of that read is in progress, so no other thread uses these */
	call->basis->begun = clock_milliseconds();
	call->basis->asked = call->basis->answered = 0;
}

void basis_set_aside(struct call *call, struct basis_read *read)
{
	struct basis *basis = call->basis;

	/* as above */
	*read = (struct basis_read){basis->asked, basis->answered};
	basis->asked = basis->answered = 0;
}

void basis_resume(struct call *call, const struct basis_read *read)
{
	if (!call->basis)
		return;
	call->basis->asked = read->asked;
	call->basis->answered = read->answered;
}

/* Return until when a write that rests on READ of BASIS may be sent. */
static int64_t last_moment(const struct basis *basis, const struct basis_read *read)
{
	int64_t took = read->answered - read->asked;

	if (basis->ageless)
		return TRANSFER_NEVER;
	if (!read->answered)
		return 0;
	return read->answered + (took > BASIS_FRESH ? took : BASIS_FRESH);
}

bool basis_is_late(const struct basis *basis, const struct basis_read *read)
{
	return basis->asked > last_moment(basis, read);
}

bool basis_rest_locked(struct transfer *transfer, const struct http_request *request)
{
	struct basis *basis = transfer->call->basis;
	bool placed;

	transfer->end = transfer->moment = TRANSFER_NEVER;
	if (!basis)
		return false;
	if (basis->end)
		transfer->end = basis->end;
	if (request->rests)
		transfer->moment = last_moment(basis,
					       &(struct basis_read){basis->asked, basis->answered});
	if (basis->reading && request->repeatable &&
	    (request->reads || strcmp(request->method, "GET") == 0)) {
		transfer->basis = basis;
		basis->reads++;
	}
	placed = basis->keeper == transfer->queue && (!request->repeatable || basis->further);
	account_queue_forgo_locked(basis);
	return placed;
}

void basis_answered_locked(struct basis *basis, int64_t asked, int64_t now)
{
	if (!basis->answered || asked < basis->asked)
		basis->asked = asked;
	basis->answered = now;
}

void basis_leave_locked(struct transfer *transfer)
{
	if (transfer->basis)
		transfer->basis->reads--;
	transfer->basis = NULL;
}
