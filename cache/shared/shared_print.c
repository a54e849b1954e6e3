/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared_print.c - see shared_print.h.
 */
#include "cache/shared/shared_print.h"

#include "cache/feed/feed.h"
#include "cache/lease/lease.h"
#include "cache/limits/limits.h"
#include "cache/lists/lists.h"
#include "cache/redis/redis.h"
#include "cache/shared/hosts.h"
#include "cache/shared/shared_meet.h"
#include "cache/store/seal.h"
#include "cache/store/shared_state.h"
#include "vendors/base/clock.h"
#include "vendors/base/columns.h"
#include "vendors/http/hold.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#define WIDTH 79 /* of .rosterfs/status */
#define INDENT 4 /* of the second and further lines of a note */
#define SLOW                                                                                       \
	0.2 /* seconds of a reply of the server that people notice, because they wait for several  \
	     */

/* All figures at one time. */
struct shared_figures {
	struct redis_stats redis;
	unsigned kept, held, waiting;
	uint64_t told, heard, gaps, loaded, walked, resumed, lost, foreign, other;
};

static void figures_of(struct shared *shared, struct shared_figures *f)
{
	redis_stats(shared->redis, &f->redis);
	feed_counts(shared->feed, &f->kept, &f->told, &f->heard, &f->gaps);
	leases_counts(shared->leases, &f->held, &f->waiting, &f->lost);
	lists_counts(shared, &f->loaded, &f->walked, &f->resumed);
	seal_counts(shared->seal, &f->foreign, &f->other);
}

/* ---- status ---- */

static void print_wrapped(FILE *stream, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Print a note in lines that are not too long. */
static void print_wrapped(FILE *stream, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		columns_wrap(stream, text, INDENT, WIDTH);
	free(text);
}

/* Print whether the server can be used. */
static void print_server(struct shared *shared, const struct shared_figures *f, FILE *stream)
{
	char words[REDIS_WORDS_MAX], when[64];
	double since = redis_trouble(shared->redis, words);

	if (redis_is_up(shared->redis)) {
		print_wrapped(stream, "shared store: %s, %s", redis_where(shared->redis),
			      f->redis.connections ? "up" : "not asked yet");
		if (f->redis.recent > SLOW)
			print_wrapped(
			    stream,
			    "shared store: slow: a reply takes %.1f s; lists and writes wait for several",
			    f->redis.recent);
		return;
	}
	hold_clock(time(NULL) - (time_t)(clock_seconds() - since), when, sizeof(when));
	print_wrapped(stream,
		      "shared store: %s, unreachable since %s: %s; reads go on, writes are %s",
		      redis_where(shared->redis), when, words,
		      shared->required ? "refused (EREMOTEIO)" : "made without a lock");
}

void shared_print_status(struct shared *shared, FILE *stream)
{
	struct shared_figures f;

	figures_of(shared, &f);
	print_server(shared, &f, stream);
	/* while the server is down, this mount cannot tell which other mounts are there */
	if (redis_is_up(shared->redis))
		hosts_print(shared->hosts, stream);
	if (atomic_load(&shared->met) == SHARED_STRANGERS)
		print_wrapped(
		    stream,
		    "shared store: other hosts there use another key or another version of rosterfs: nothing is shared with them; check shared_key_file");
	if (f.kept)
		print_wrapped(stream, "shared store: messages kept for other hosts: %u", f.kept);
	if (f.waiting)
		print_wrapped(stream, "shared store: writes that wait for another host's lock: %u",
			      f.waiting);
	if (f.foreign + f.other)
		print_wrapped(stream,
			      "shared store: stored values that were ignored: %" PRIu64
			      " (see log)",
			      f.foreign + f.other);
}

/* ---- metrics ---- */

static void family(FILE *stream, const char *name, const char *type, const char *help)
{
	fprintf(stream, "# HELP rosterfs_store_%s %s\n# TYPE rosterfs_store_%s %s\n", name, help,
		name, type);
}

static void gauge(FILE *stream, const char *name, const char *help, unsigned value)
{
	family(stream, name, "gauge", help);
	fprintf(stream, "rosterfs_store_%s %u\n", name, value);
}

static void counter(FILE *stream, const char *name, const char *help, uint64_t value)
{
	family(stream, name, "counter", help);
	fprintf(stream, "rosterfs_store_%s %" PRIu64 "\n", name, value);
}

static void print_server_metrics(FILE *stream, const struct redis_stats *redis)
{
	counter(stream, "commands_total",
		"Commands sent to the shared store, without those that wait for news.",
		redis->commands);
	counter(stream, "failures_total", "Commands without a usable reply.", redis->failures);
	counter(stream, "timeouts_total", "Commands without a reply in time.", redis->timeouts);
	counter(stream, "connections_total", "Connections to the shared store.",
		redis->connections);
	family(stream, "seconds_total", "counter",
	       "Time spent waiting for the replies to these commands.");
	fprintf(stream, "rosterfs_store_seconds_total %.3f\n", redis->seconds);
}

void shared_print_metrics(struct shared *shared, FILE *stream)
{
	struct shared_figures f;

	figures_of(shared, &f);
	gauge(stream, "up", "1 unless the shared store cannot be used.",
	      redis_is_up(shared->redis));
	gauge(stream, "mounts", "Other mounts that use the shared store with the same key.",
	      hosts_count(shared->hosts));
	print_server_metrics(stream, &f.redis);
	gauge(stream, "kept",
	      "Messages to other hosts that are kept until the shared store is back.", f.kept);
	counter(stream, "told_total", "Messages to other hosts; a change is one or more.", f.told);
	counter(stream, "heard_total", "Messages of other hosts.", f.heard);
	counter(stream, "gaps_total", "Times that messages of other hosts may have been missed.",
		f.gaps);
	counter(stream, "lists_loaded_total", "Lists taken from the shared store.", f.loaded);
	counter(stream, "lists_fetched_total", "Lists fetched from the vendor for all hosts.",
		f.walked);
	counter(stream, "lists_resumed_total", "Lists fetched from where another host had stopped.",
		f.resumed);
	gauge(stream, "locks_held", "Locks of records that this mount holds.", f.held);
	gauge(stream, "locks_waiting", "Writes that wait for the lock of a record.", f.waiting);
	counter(stream, "locks_lost_total", "Locks lost while they were in use.", f.lost);
	family(stream, "foreign_values_total", "counter",
	       "Stored values that could not be opened.");
	fprintf(stream, "rosterfs_store_foreign_values_total{reason=\"foreign\"} %" PRIu64 "\n",
		f.foreign);
	fprintf(stream, "rosterfs_store_foreign_values_total{reason=\"version\"} %" PRIu64 "\n",
		f.other);
	limits_print_metrics(shared->limits, stream);
}
