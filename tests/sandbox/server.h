/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server: the vendors' APIs over HTTP on 127.0.0.1.
 *
 * One thread a connection, so that a request that is delayed or stalled holds up no other one.
 */
#ifndef SANDBOX_SERVER_H
#define SANDBOX_SERVER_H

#include "faults.h"
#include "gate.h"
#include "journal.h"
#include "later.h"
#include "limiter.h"
#include "settings.h"
#include "vendor.h"

#define SERVER_VENDORS 128

/* All borrowed for the life of the server. */
struct server_parts {
	struct settings *settings;
	struct journal *journal;
	struct faults *faults;
	struct gate *gate;
	struct later *later;
	struct limiter *limiter;
	unsigned vendors;
	struct vendor_run vendor[SERVER_VENDORS];
};

struct server;

/* Serves from now on; port 0 takes any. NULL with words on stderr if it can't listen. Signals that
 * end the program must be blocked by then: the server's threads inherit the mask. */
struct server *server_start(const struct server_parts *parts, unsigned port);
unsigned server_port(const struct server *server);
/* Frees every waiting request (they get no answer) and returns when all threads have ended. */
void server_stop(struct server *server);

#endif
