/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control: what tests order and ask, below /__sandbox/.
 *
 * Thread-safe, never blocks. No credentials: it is reachable from loopback only, and holds nothing
 * real.
 */
#ifndef SANDBOX_CONTROL_H
#define SANDBOX_CONTROL_H

#include <stdbool.h>

#include "server.h"

bool control_owns(const struct request *request);
void control_answer(const struct server_parts *parts, const struct request *request,
		    struct reply *reply);

#endif
