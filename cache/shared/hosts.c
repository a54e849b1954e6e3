/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hosts.c - see hosts.h.
 *
 * All entries are the fields of one hash, by the numbers of the mounts. A mount that was killed is
 * known by the age of its entry, and is forgotten after a day.
 */
#include "cache/shared/hosts.h"

#include "cache/redis/redis.h"
#include "cache/shared/host_entry.h"
#include "cache/store/seal.h"
#include "cache/store/store_clock.h"
#include "vendors/base/columns.h"
#include "vendors/base/log.h"
#include "vendors/base/one_line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ALIVE_MS 60000     /* a mount whose entry is older has ended */
#define FORGET_MS 86400000 /* then its entry is deleted */
#define KEPT_MS 172800000  /* the hash, without any mount */
#define CLOCK_MS 60000     /* a clock that is wrong by more is told */
#define LEAVE_MS 300       /* for the server when the mount ends */
#define SAID_MAX 200       /* differences that were logged */
#define SHOWN_MAX 10       /* hosts in .rosterfs/status */
#define PLACE_MAX (SEAL_NAME_MAX + 40)
#define WIDTH 79 /* of .rosterfs/status */
#define INDENT 4

struct hosts {
	struct shared *shared;
	char key[SEAL_NAME_MAX];

	pthread_mutex_t lock; /* of what follows; a leaf */
	char *others;         /* "host-b (acme, beta), host-c (acme)", or NULL: there are none */
	unsigned count;
	int64_t ahead; /* milliseconds by which this host's clock is; 0: not worth a word */

	/* of the thread that calls hosts_meet */
	char *said[SAID_MAX];
	size_t said_count;
	bool clock_said;
};

struct hosts *hosts_new(struct shared *shared)
{
	struct hosts *hosts = calloc(1, sizeof(*hosts));

	if (!hosts)
		return NULL;
	hosts->shared = shared;
	seal_name(shared->seal, "hosts", NULL, 0, hosts->key);
	pthread_mutex_init(&hosts->lock, NULL);
	return hosts;
}

void hosts_free(struct hosts *hosts)
{
	if (!hosts)
		return;
	for (size_t i = 0; i < hosts->said_count; i++)
		free(hosts->said[i]);
	free(hosts->others);
	pthread_mutex_destroy(&hosts->lock);
	free(hosts);
}

static void place_of(const struct hosts *hosts, const char *mount, char place[PLACE_MAX])
{
	snprintf(place, PLACE_MAX, "%s %.32s", hosts->key, mount);
}

/* ---- this mount ---- */

/* Seal this mount's entry. Returns 0 or -ENOMEM. */
static int close_own(struct hosts *hosts, char **sealed, size_t *length)
{
	struct shared *shared = hosts->shared;
	json_t *own = host_entry_own(shared, store_clock_now(shared->clock));
	char *text = own ? json_dumps(own, JSON_COMPACT) : NULL, place[PLACE_MAX];
	int error = -ENOMEM;

	place_of(hosts, shared->mount, place);
	if (text)
		error = seal_close(shared->seal, place, text, strlen(text), sealed, length);
	free(text);
	json_decref(own);
	return error;
}

/* Write this mount's entry and read all. Returns 0 or a negative errno. */
static int exchange(struct hosts *hosts, struct redis_reply **all)
{
	struct redis_command commands[3] = {{0}};
	struct redis_reply *replies[3] = {NULL};
	char *sealed;
	size_t length;
	int error = close_own(hosts, &sealed, &length);

	if (error)
		return error;
	redis_add_text(&commands[0], "HSET");
	redis_add_text(&commands[0], hosts->key);
	redis_add_text(&commands[0], hosts->shared->mount);
	redis_add(&commands[0], sealed, length);
	redis_add_text(&commands[1], "PEXPIRE");
	redis_add_text(&commands[1], hosts->key);
	redis_add_number(&commands[1], KEPT_MS);
	redis_add_text(&commands[2], "HGETALL");
	redis_add_text(&commands[2], hosts->key);
	error = redis_ask(hosts->shared->redis, commands, 3, REDIS_DEADLINE, replies);
	free(sealed);
	redis_reply_free(replies[0]);
	redis_reply_free(replies[1]);
	*all = replies[2];
	return error;
}

static void forget(struct hosts *hosts, const char *mount, unsigned milliseconds)
{
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;

	redis_add_text(&command, "HDEL");
	redis_add_text(&command, hosts->key);
	redis_add_text(&command, mount);
	redis_ask(hosts->shared->redis, &command, 1, milliseconds, &reply);
	redis_reply_free(reply);
}

void hosts_leave(struct hosts *hosts)
{
	if (redis_is_up(hosts->shared->redis))
		forget(hosts, hosts->shared->mount, LEAVE_MS);
}

/* ---- the others ---- */

/* Log WORDS, unless that was done. */
static void say_once(void *arg, const char *words)
{
	struct hosts *hosts = arg;
	char *copy;

	for (size_t i = 0; i < hosts->said_count; i++) {
		if (strcmp(hosts->said[i], words) == 0)
			return;
	}
	copy = hosts->said_count < SAID_MAX ? strdup(words) : NULL;
	if (!copy)
		return;
	hosts->said[hosts->said_count++] = copy;
	one_line(copy, ' ');
	log_line("%s", copy);
}

/* Return the entry of MOUNT in SEALED, a new reference, or NULL: it cannot be used. */
static json_t *open_entry(struct hosts *hosts, const char *mount, const char *sealed, size_t length)
{
	char place[PLACE_MAX], *plain = NULL;
	size_t plain_length;
	json_t *entry = NULL;

	place_of(hosts, mount, place);
	if (!seal_open(hosts->shared->seal, place, "the list of other hosts", sealed, length,
		       &plain, &plain_length))
		entry = json_loadb(plain, plain_length, 0, NULL);
	free(plain);
	if (entry && !host_entry_is_whole(entry)) {
		json_decref(entry);
		entry = NULL;
	}
	return entry;
}

/* Append the host of ENTRY and what it shares to STREAM, behind COUNT others. */
static void show(struct hosts *hosts, const json_t *entry, unsigned count, FILE *stream)
{
	json_t *names = host_entry_shares(hosts->shared, entry);

	if (count >= SHOWN_MAX)
		return;
	fprintf(stream, "%s%s (", count ? ", " : "",
		json_string_value(json_object_get(entry, "host")));
	for (size_t i = 0; i < json_array_size(names); i++)
		fprintf(stream, "%s%s", i ? ", " : "", json_string_value(json_array_get(names, i)));
	fprintf(stream, "%s)", json_array_size(names) ? "" : "nothing");
	json_decref(names);
}

/* Look at the entry of MOUNT. Returns true if it is of another mount that has not ended. */
static bool look_at(struct hosts *hosts, const char *mount, const struct redis_reply *value,
		    unsigned count, FILE *stream)
{
	int64_t now = store_clock_now(hosts->shared->clock), age;
	size_t length;
	const char *sealed = redis_text(value, &length);
	json_t *entry;

	if (strcmp(mount, hosts->shared->mount) == 0)
		return false;
	entry = open_entry(hosts, mount, sealed, length);
	age = entry ? now - json_integer_value(json_object_get(entry, "time")) : 0;
	if (age > FORGET_MS)
		forget(hosts, mount, REDIS_DEADLINE);
	if (entry && age < ALIVE_MS) {
		show(hosts, entry, count, stream);
		host_entry_differ(hosts->shared, entry, say_once, hosts);
		json_decref(entry);
		return true;
	}
	json_decref(entry);
	return false;
}

/* Note the mounts whose entries are in ALL. */
static void look(struct hosts *hosts, const struct redis_reply *all)
{
	char *others = NULL;
	size_t size;
	FILE *stream = open_memstream(&others, &size);
	unsigned count = 0;

	if (!stream)
		return;
	for (size_t i = 0; i + 1 < redis_count(all); i += 2)
		count += look_at(hosts, redis_text(redis_at(all, i), NULL), redis_at(all, i + 1),
				 count, stream);
	if (count > SHOWN_MAX)
		fprintf(stream, " and %u more", count - SHOWN_MAX);
	fclose(stream);
	if (others)
		one_line(others, '?');
	pthread_mutex_lock(&hosts->lock);
	free(hosts->others);
	hosts->others = others;
	hosts->count = count;
	pthread_mutex_unlock(&hosts->lock);
}

/* ---- the clock ---- */

/* Put how far a clock is AHEAD (milliseconds; negative: behind) into WORDS. */
static void tell_clock(int64_t ahead, char *words, size_t size)
{
	long long seconds = ((ahead < 0 ? -ahead : ahead) + 500) / 1000;

	snprintf(words, size, "this host's clock is %lld min %lld s %s the store's", seconds / 60,
		 seconds % 60, ahead < 0 ? "behind" : "ahead of");
}

static void look_at_clock(struct hosts *hosts)
{
	int64_t server = store_clock_now(hosts->shared->clock), ahead;
	struct timespec now;
	char words[128];

	if (!server)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	ahead = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - server;
	if (ahead < CLOCK_MS && ahead > -CLOCK_MS)
		ahead = 0;
	pthread_mutex_lock(&hosts->lock);
	hosts->ahead = ahead;
	pthread_mutex_unlock(&hosts->lock);
	if (ahead && !hosts->clock_said) {
		tell_clock(ahead, words, sizeof(words));
		log_line("the shared store: %s: only the times that this host shows and writes are "
			 "wrong by that",
			 words);
	}
	hosts->clock_said = ahead;
}

void hosts_meet(struct hosts *hosts)
{
	struct redis_reply *all = NULL;

	if (!store_clock_now(hosts->shared->clock) &&
	    store_clock_ask(hosts->shared->clock, hosts->shared->redis))
		return;
	look_at_clock(hosts);
	if (!exchange(hosts, &all))
		look(hosts, all);
	redis_reply_free(all);
}

/* ---- for people ---- */

void hosts_print(struct hosts *hosts, FILE *stream)
{
	char *others = NULL, words[128];
	int64_t ahead;

	pthread_mutex_lock(&hosts->lock);
	if (hosts->count && asprintf(&others, "shared store: with %s", hosts->others) < 0)
		others = NULL;
	ahead = hosts->ahead;
	pthread_mutex_unlock(&hosts->lock);
	if (others)
		columns_wrap(stream, others, INDENT, WIDTH);
	free(others);
	if (!ahead)
		return;
	tell_clock(ahead, words, sizeof(words));
	fprintf(stream, "shared store: %s\n", words);
}

unsigned hosts_count(struct hosts *hosts)
{
	unsigned count;

	pthread_mutex_lock(&hosts->lock);
	count = hosts->count;
	pthread_mutex_unlock(&hosts->lock);
	return count;
}
