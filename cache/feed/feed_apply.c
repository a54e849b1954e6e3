/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_apply.c - see feed_apply.h.
 */
#include "cache/feed/feed_apply.h"

#include "cache/document/merge.h"
#include "cache/feed/feed_ack.h"
#include "cache/feed/feed_latest.h"
#include "cache/record/pack.h"
#include "cache/record/record.h"
#include "cache/roster/ack.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "cache/store/seats.h"
#include "cache/store/store_clock.h"
#include "vendors/base/clock.h"
#include "vendors/rest/account.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Seconds by which the server's time may be wrong in this mount's. A record that was told counts as
 * so much newer: a fetch that began before must lose. */
#define APPLY_SLACK 0.25

/* Return TIME of the server in monotonic seconds, not before it. */
static double apply_when(struct feed *feed, int64_t time)
{
	return fmin(clock_seconds(), store_clock_local(feed->shared->clock, time) + APPLY_SLACK);
}

/* Give RECORD, whose time is that of another host's clock, the time by this one's. */
static void apply_set_time(struct record *record, double when)
{
	struct timespec now;
	double ago = fmax(0, clock_seconds() - when), seconds;

	clock_gettime(CLOCK_REALTIME, &now);
	seconds = (double)now.tv_sec - floor(ago);
	record_set_time(record,
			(struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = now.tv_nsec});
}

static void apply_record(struct store_seat *seat, const struct feed_told *told)
{
	double when = apply_when(seat->shared->feed, told->time);
	struct record *record = record_unpack(told->payload, told->length);

	if (!record || strcmp(record->id, told->id) != 0) {
		publish_told(seat->roster, told->id, STORE_DOUBT, NULL, when);
	} else {
		if (record->saved && !told->own)
			apply_set_time(record, when);
		publish_told(seat->roster, told->id, STORE_RECORD, record, when);
	}
	record_put(record);
}

static void apply_ack(struct store_seat *seat, const struct feed_told *told)
{
	double age = clock_seconds() - store_clock_local(seat->shared->clock, told->time);
	struct feed_ack ack;

	/* an own one is remembered already, and by now the vendor shows it */
	if (told->own || age > roster_account(seat->roster)->lag)
		return;
	if (!feed_ack_read(told->payload, told->length, &ack))
		ack_told(seat->roster, told->id, &ack.merge, ack.before, ack.after, ack.seen);
	feed_ack_clear(&ack);
}

static void apply_refresh(struct store_seat *seat, const struct feed_told *told)
{
	int64_t time = strtoll(told->payload, NULL, 10);

	/* a host asked before the entry was told, never after */
	if (time <= 0 || time > told->time)
		time = told->time;
	roster_distrust_told(seat->roster, store_clock_local(seat->shared->clock, time));
}

/* Apply TOLD to SEAT's roster, which it is about. */
static void apply_to(struct store_seat *seat, const struct feed_told *told,
		     enum feed_verdict verdict)
{
	double when = apply_when(seat->shared->feed, told->time);

	if (verdict == FEED_SKIP)
		return;
	if (verdict == FEED_SUSPECT && feed_entry_is_record(told->kind)) {
		publish_told(seat->roster, told->id, STORE_DOUBT, NULL, when);
		return;
	}
	switch (told->kind) {
	case FEED_RECORD:
		apply_record(seat, told);
		break;
	case FEED_ABSENT:
		publish_told(seat->roster, told->id, STORE_ABSENT, NULL, when);
		break;
	case FEED_DELETED:
		publish_told(seat->roster, told->id, STORE_DELETED, NULL, when);
		break;
	case FEED_DOUBT:
		publish_told(seat->roster, told->id, STORE_DOUBT, NULL, when);
		break;
	case FEED_ACTIVE:
		publish_told(seat->roster, told->id, STORE_ACTIVE, NULL, when);
		break;
	case FEED_ACK:
		apply_ack(seat, told);
		break;
	case FEED_REFRESH:
		if (!told->own)
			apply_refresh(seat, told);
		break;
	case FEED_HOLD:
	case FEED_DISTRUST:
	case FEED_KINDS:
		break;
	}
}

static void apply_hold(struct feed *feed, const struct feed_stream *stream,
		       const struct feed_told *told)
{
	unsigned index;
	long long until;

	if (!told->own && feed->on_hold && sscanf(told->payload, "%u %lld", &index, &until) == 2 &&
	    until >= 0)
		feed->on_hold(feed->on_hold_arg, (size_t)(stream - feed->streams), index, until);
}

void feed_apply(struct feed *feed, struct feed_stream *stream, const struct feed_told *told)
{
	enum feed_verdict verdict = FEED_APPLY;
	struct store_seat *seat;

	if (told->kind == FEED_HOLD) {
		apply_hold(feed, stream, told);
		return;
	}
	if (told->kind == FEED_DISTRUST) {
		feed_apply_gap(feed, stream, apply_when(feed, told->time));
		return;
	}
	if (*told->id)
		verdict = feed_latest_judge(feed, stream, told, false);
	seat = verdict == FEED_SKIP ? NULL
				    : seats_find(feed->shared, stream->account, told->roster);
	if (seat)
		apply_to(seat, told, verdict);
	seats_done(seat);
}

void feed_apply_again(struct store_seat *seat, struct feed_stream *stream,
		      const struct feed_told *told)
{
	struct feed *feed = seat->shared->feed;

	if (told->kind == FEED_DISTRUST)
		roster_distrust_told(seat->roster, apply_when(feed, told->time));
	else if (strcmp(told->roster, seat->name) == 0)
		apply_to(seat, told,
			 *told->id ? feed_latest_judge(feed, stream, told, true) : FEED_APPLY);
}

static void apply_distrust(void *arg, struct store_seat *seat)
{
	roster_distrust_told(seat->roster, *(const double *)arg);
}

void feed_apply_gap(struct feed *feed, const struct feed_stream *stream, double when)
{
	/* without memory for the list of seats, again for as long as that takes is no way out
	 * either */
	for (int tries = 0; tries < 3; tries++)
		if (!seats_each(feed->shared, stream->account, apply_distrust, &when))
			break;
}
