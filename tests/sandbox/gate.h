/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate: where requests wait, for a time or until a test lets them go.
 *
 * Thread-safe. gate_sleep and gate_hold block the calling thread only; every waiter is freed by
 * gate_close. One leaf lock; nothing else is called under it.
 */
#ifndef SANDBOX_GATE_H
#define SANDBOX_GATE_H

#include <stdbool.h>
#include <stdint.h>

struct gate;

struct gate *gate_new(void);
/* Only after gate_close and when no thread waits any more. NULL is fine. */
void gate_free(struct gate *gate);

/* Milliseconds on a clock that cannot be set. */
int64_t gate_now(void);
/* The same in microseconds. */
int64_t gate_now_us(void);

/* Waits until gate_now() reaches the time; false if the gate was closed meanwhile. */
bool gate_sleep(struct gate *gate, int64_t until);

/* A ticket for gate_hold: take it before looking for what orders the hold, so that a release that
 * comes between the two is not missed. */
unsigned gate_ticket(struct gate *gate);

/* Waits until gate_release is called after the ticket was taken: true. False if the gate was closed
 * or the peer of the socket left (its going is seen within 25 ms). */
bool gate_hold(struct gate *gate, unsigned ticket, int socket);
void gate_release(struct gate *gate);

/* For good: no one waits here any more. */
void gate_close(struct gate *gate);

#endif
