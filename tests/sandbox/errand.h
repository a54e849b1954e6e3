/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errand: what happens at a vendor beside the answer to a request: changes by someone else, and
 * writes that are applied long after they were sent.
 *
 * Thread-safe. What is due at once is done in the calling thread; nothing waits.
 */
#ifndef SANDBOX_ERRAND_H
#define SANDBOX_ERRAND_H

#include <stdbool.h>
#include <stddef.h>

#include "server.h"

/* Makes the changes that were ordered for the request of that number in the journal: those of
 * before it is handled, or those of after. A change with `ms` is made that much later. */
void errand_colleagues(const struct server_parts *parts, unsigned long number,
		       const struct fault *orders, size_t count, bool after);

/* Applies the request ms after its arrival, as it was sent. run may be NULL: then it does nothing.
 */
void errand_late(const struct server_parts *parts, const struct vendor_run *run,
		 const struct request *request, unsigned long number, long ms);

#endif
