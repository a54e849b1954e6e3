/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errand: what happens at a vendor beside the answer to a request.
 *
 * A colleague's change goes the way of an order below /__sandbox/, a late write the way of any
 * request; both are told to the journal, so that a test can see that they were made and how they
 * ended.
 *
 * It must not know what any vendor's paths or bodies mean.
 */
#include "errand.h"

#include <stdlib.h>
#include <string.h>

#include "changes.h"

struct change {
	const struct server_parts *parts;
	unsigned long number;
	struct request request;
};

struct late {
	const struct server_parts *parts;
	const struct vendor_run *run;
	unsigned long number;
	struct request *request;
};

/* The control path as it stands in request.path is what follows the root. */
static void change_work(void *arg, bool now)
{
	struct change *change = arg;
	const struct server_parts *parts = change->parts;
	struct reply reply = {0};
	bool known = false;
	for (unsigned i = 0; now && i < parts->vendors && !known; i++)
		known = parts->vendor[i].vendor->colleague(parts->vendor[i].self, &change->request,
							   change->request.path, &reply);
	if (now)
		journal_colleague(parts->journal, change->number, known ? reply.status : 404);
	reply_free(&reply);
	request_clear(&change->request);
	free(change);
}

static char *copy(const char *words)
{
	return text_copy(words, strlen(words));
}

void errand_colleagues(const struct server_parts *parts, unsigned long number,
		       const struct fault *orders, size_t count, bool after)
{
	for (size_t i = 0; i < count; i++) {
		const struct fault *order = &orders[i];
		if (order->after != after)
			continue;
		struct change *change = text_alloc(1, sizeof *change);
		change->parts = parts;
		change->number = number;
		change->request.method = copy(order->change ? order->change : "PATCH");
		change->request.path = copy(order->target);
		change->request.sent_path = copy(order->target);
		change->request.query = copy("");
		if (order->body)
			text_str(&change->request.body, order->body);
		if (order->ms)
			later_add(parts->later, gate_now_us() + (int64_t)order->ms * 1000,
				  change_work, change);
		else
			change_work(change, true);
	}
}

static void late_work(void *arg, bool now)
{
	struct late *late = arg;
	if (now) {
		const struct fault none = {0};
		struct reply reply = {0};
		changes_by(late->number);
		late->run->vendor->answer(late->run->self, late->request, &none, &reply);
		changes_by(0);
		journal_applied(late->parts->journal, late->number, reply.status);
		reply_free(&reply);
	}
	request_clear(late->request);
	free(late->request);
	free(late);
}

void errand_late(const struct server_parts *parts, const struct vendor_run *run,
		 const struct request *request, unsigned long number, long ms)
{
	if (!run)
		return;
	struct late *late = text_alloc(1, sizeof *late);
	*late = (struct late){parts, run, number, request_keep(request)};
	journal_pending(parts->journal, number);
	later_add(parts->later, request->arrived + (int64_t)ms * 1000, late_work, late);
}
