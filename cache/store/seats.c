/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seats.c - the list of seats (seats.h). It is short: rosters, not records.
 */
#include "cache/store/seats.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Return true if SEAT is in the list: the first one, too, has a predecessor there. */
static bool seats_has_locked(const struct store_seat *seat)
{
	return seat->prev != NULL;
}

void seats_add(struct store_seat *seat)
{
	struct shared *shared = seat->shared;

	pthread_mutex_lock(&shared->lock);
	DL_APPEND(shared->seats, seat);
	pthread_mutex_unlock(&shared->lock);
}

void seats_remove(struct store_seat *seat)
{
	struct shared *shared = seat->shared;

	pthread_mutex_lock(&shared->lock);
	if (seats_has_locked(seat)) {
		DL_DELETE(shared->seats, seat);
		seat->next = seat->prev = NULL;
	}
	while (seat->users)
		pthread_cond_wait(&shared->unused, &shared->lock);
	pthread_mutex_unlock(&shared->lock);
}

struct store_seat *seats_find(struct shared *shared, const char *account, const char *name)
{
	struct store_seat *seat;

	pthread_mutex_lock(&shared->lock);
	DL_FOREACH(shared->seats, seat) {
		if (!strcmp(seat->name, name) && !strcmp(seat->account, account))
			break;
	}
	if (seat)
		seat->users++;
	pthread_mutex_unlock(&shared->lock);
	return seat;
}

void seats_done(struct store_seat *seat)
{
	struct shared *shared;

	if (!seat)
		return;
	shared = seat->shared;
	pthread_mutex_lock(&shared->lock);
	if (--seat->users == 0)
		pthread_cond_broadcast(&shared->unused);
	pthread_mutex_unlock(&shared->lock);
}

/* Put the seats of ACCOUNT, with a user each, into *SEATS. Returns their number or -ENOMEM. */
static int seats_collect(struct shared *shared, const char *account, struct store_seat ***seats)
{
	struct store_seat *seat;
	int count = 0;

	pthread_mutex_lock(&shared->lock);
	DL_COUNT(shared->seats, seat, count);
	*seats = calloc((size_t)count + 1, sizeof(struct store_seat *));
	count = 0;
	DL_FOREACH(shared->seats, seat) {
		if (*seats && (!account || !strcmp(seat->account, account))) {
			seat->users++;
			(*seats)[count++] = seat;
		}
	}
	pthread_mutex_unlock(&shared->lock);
	return *seats ? count : -ENOMEM;
}

int seats_each(struct shared *shared, const char *account,
	       void (*run)(void *arg, struct store_seat *seat), void *arg)
{
	struct store_seat **seats;
	int count = seats_collect(shared, account, &seats);

	for (int i = 0; i < count; i++) {
		run(arg, seats[i]);
		seats_done(seats[i]);
	}
	free(seats);
	return count < 0 ? count : 0;
}
