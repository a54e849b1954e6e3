/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate: where requests wait, for a time or until a test lets them go.
 *
 * A stalled request must notice three things at once: a test's release, the end of the program, and
 * that its client went away (a client that gave up must not have its change applied later). The
 * first two come by condition variable; the socket is looked at every 25 ms, which is simpler than
 * a second descriptor for each waiter and quick enough for every test.
 *
 * It must not know what a request is.
 */
#include "gate.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "text.h"

#define GATE_LOOK_MS 25

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned releases;
	bool closed;
};

struct gate *gate_new(void)
{
	struct gate *gate = text_alloc(1, sizeof *gate);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&gate->lock, NULL);
	pthread_cond_init(&gate->moved, &attributes);
	pthread_condattr_destroy(&attributes);
	return gate;
}

void gate_free(struct gate *gate)
{
	if (!gate)
		return;
	pthread_cond_destroy(&gate->moved);
	pthread_mutex_destroy(&gate->lock);
	free(gate);
}

int64_t gate_now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t gate_now(void)
{
	return gate_now_us() / 1000;
}

static struct timespec gate_time(int64_t ms)
{
	return (struct timespec){.tv_sec = (time_t)(ms / 1000),
				 .tv_nsec = (long)(ms % 1000) * 1000000};
}

bool gate_sleep(struct gate *gate, int64_t until)
{
	struct timespec end = gate_time(until);
	pthread_mutex_lock(&gate->lock);
	while (!gate->closed && gate_now() < until)
		pthread_cond_timedwait(&gate->moved, &gate->lock, &end);
	bool open = !gate->closed;
	pthread_mutex_unlock(&gate->lock);
	return open;
}

unsigned gate_ticket(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	unsigned ticket = gate->releases;
	pthread_mutex_unlock(&gate->lock);
	return ticket;
}

static bool peer_left(int socket)
{
	struct pollfd look = {.fd = socket, .events = POLLRDHUP};
	return poll(&look, 1, 0) > 0 && (look.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL));
}

bool gate_hold(struct gate *gate, unsigned ticket, int socket)
{
	bool left = false;
	pthread_mutex_lock(&gate->lock);
	while (!gate->closed && gate->releases == ticket && !left) {
		struct timespec look = gate_time(gate_now() + GATE_LOOK_MS);
		pthread_cond_timedwait(&gate->moved, &gate->lock, &look);
		left = peer_left(socket);
	}
	bool go = !gate->closed && !left;
	pthread_mutex_unlock(&gate->lock);
	return go;
}

void gate_release(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->releases++;
	pthread_cond_broadcast(&gate->moved);
	pthread_mutex_unlock(&gate->lock);
}

void gate_close(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->closed = true;
	pthread_cond_broadcast(&gate->moved);
	pthread_mutex_unlock(&gate->lock);
}
