/* SPDX-License-Identifier: Apache-2.0 */
/*
 * held_vendor.h - a vendor that holds each response until the test releases it, a clock that only
 * the test moves, and dice that only the test throws.
 *
 * Each request is numbered and waits for held_vendor_answer. The monotonic clock of the whole
 * process moves by held_clock_pass only, so no test depends on the speed of the machine. The random
 * pause before another try is the longest, unless a test sets held_dice: of 250 pauses one is no
 * pause, and what was to be queued would be in flight.
 */
#ifndef TESTS_UNIT_HELD_VENDOR_H
#define TESTS_UNIT_HELD_VENDOR_H

#include "vendors/base/vault.h"
#include "vendors/http/basis.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/http/http.h"
#include "vendors/base/log.h"
#include "vendors/http/http_state.h"
#include "vendors/http/multi.h"
#include "vendors/rest/oauth.h"
#include "vendors/http/transfer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/item.h"
#include "vendors/vendor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#define HELD_VENDOR_MAX 64
#define PATIENCE 120 /* seconds: nothing here takes one */

/* ---- the clock ---- */

static atomic_llong held_clock_now;     /* milliseconds; 0: the machine's */
static atomic_llong held_clock_connect; /* so many pass while the next connection is made */

int clock_gettime(clockid_t clock, struct timespec *time)
{
	long long now = atomic_load(&held_clock_now);

	if (clock != CLOCK_BOOTTIME || !now)
		return (int)syscall(SYS_clock_gettime, clock, time);
	*time = (struct timespec){now / 1000, now % 1000 * 1000000};
	return 0;
}

/* libcurl finds this one. */
int socket(int domain, int type, int protocol)
{
	atomic_fetch_add(&held_clock_now, atomic_exchange(&held_clock_connect, 0));
	return (int)syscall(SYS_socket, domain, type, protocol);
}

/* ---- the dice ---- */

static atomic_uint held_dice = UINT32_MAX; /* what they show: 0 is no pause, this is the longest */

/* account_queue_learn.c finds this one. */
ssize_t getrandom(void *buffer, size_t size, unsigned flags)
{
	uint32_t dice = atomic_load(&held_dice);

	if (size != sizeof(dice) || !(flags & GRND_NONBLOCK))
		return syscall(SYS_getrandom, buffer, size, flags);
	memcpy(buffer, &dice, sizeof(dice));
	return sizeof(dice);
}

/* ---- the server ---- */

struct held_vendor_request {
	char *what; /* "GET /item/1" */
	char encoding[40], if_match[80], bearer[80];
	unsigned status;
	struct MHD_Response *response; /* NULL: not answered yet */
};

struct held_vendor {
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct held_vendor_request requests[HELD_VENDOR_MAX];
	size_t count;
	bool stopping;
	char url[64];
};

static inline void held_vendor_header(struct MHD_Connection *connection, const char *name,
				      char *value, size_t size)
{
	const char *found = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	snprintf(value, size, "%s", found ? found : "");
}

static inline enum MHD_Result held_vendor_request(void *arg, struct MHD_Connection *connection,
						  const char *path, const char *method,
						  const char *version, const char *data,
						  size_t *length, void **state)
{
	static int seen;
	struct held_vendor *held = arg;
	struct held_vendor_request *request;
	enum MHD_Result result = MHD_NO;

	(void)version;
	(void)data;
	if (!*state || *length) {
		*state = &seen;
		*length = 0;
		return MHD_YES;
	}
	pthread_mutex_lock(&held->lock);
	request = &held->requests[held->count];
	if (held->count == HELD_VENDOR_MAX || asprintf(&request->what, "%s %s", method, path) < 0) {
		pthread_mutex_unlock(&held->lock);
		return MHD_NO;
	}
	held_vendor_header(connection, "Accept-Encoding", request->encoding,
			   sizeof(request->encoding));
	held_vendor_header(connection, "If-Match", request->if_match, sizeof(request->if_match));
	held_vendor_header(connection, "Authorization", request->bearer, sizeof(request->bearer));
	held->count++;
	pthread_cond_broadcast(&held->moved);
	while (!request->response && !held->stopping)
		pthread_cond_wait(&held->moved, &held->lock);
	if (request->response)
		result = MHD_queue_response(connection, request->status, request->response);
	pthread_mutex_unlock(&held->lock);
	return result;
}

static inline void held_vendor_start(struct held_vendor *held)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	memset(held, 0, sizeof(*held));
	pthread_mutex_init(&held->lock, NULL);
	clock_cond_init(&held->moved);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	held->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD |
					    MHD_USE_THREAD_PER_CONNECTION,
					0, NULL, NULL, held_vendor_request, held,
					MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_END);
	assert_non_null(held->daemon);
	snprintf(held->url, sizeof(held->url), "http://127.0.0.1:%u",
		 MHD_get_daemon_info(held->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
}

/* Stop the server: it neither answers nor listens. Idempotent. */
static inline void held_vendor_stop(struct held_vendor *held)
{
	pthread_mutex_lock(&held->lock);
	held->stopping = true;
	pthread_cond_broadcast(&held->moved);
	pthread_mutex_unlock(&held->lock);
	if (held->daemon)
		MHD_stop_daemon(held->daemon);
	held->daemon = NULL;
}

static inline void held_vendor_forget(struct held_vendor_request *request)
{
	free(request->what);
	if (request->response)
		MHD_destroy_response(request->response);
}

static inline void held_vendor_free(struct held_vendor *held)
{
	held_vendor_stop(held);
	for (size_t i = 0; i < held->count; i++)
		held_vendor_forget(&held->requests[i]);
	pthread_cond_destroy(&held->moved);
	pthread_mutex_destroy(&held->lock);
}

/* Wait for request INDEX (from 0), the newest one: it is WHAT. */
static inline void held_vendor_asked(struct held_vendor *held, size_t index, const char *what)
{
	struct timespec until = call_deadline(PATIENCE * 1000);
	size_t count;
	int error = 0;

	pthread_mutex_lock(&held->lock);
	while (held->count <= index && !error)
		error = pthread_cond_timedwait(&held->moved, &held->lock, &until);
	count = held->count;
	pthread_mutex_unlock(&held->lock);
	if (error)
		fail_msg("request %zu, %s, did not come", index, what);
	assert_string_equal(held->requests[index].what, what);
	assert_int_equal(count, index + 1);
}

/* LENGTH bytes of BODY. HEADERS: name, value, ..., NULL; or NULL. */
static inline void held_vendor_answer_bytes(struct held_vendor *held, size_t index, unsigned status,
					    const char *body, size_t length,
					    const char *const *headers)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(length,
									(void *)(size_t)body,
									MHD_RESPMEM_MUST_COPY);

	assert_non_null(response);
	for (; headers && *headers; headers += 2)
		MHD_add_response_header(response, headers[0], headers[1]);
	pthread_mutex_lock(&held->lock);
	assert_true(index < held->count && !held->requests[index].response);
	held->requests[index].response = response;
	held->requests[index].status = status;
	pthread_cond_broadcast(&held->moved);
	pthread_mutex_unlock(&held->lock);
}

/* The same with a text; NULL: none. */
static inline void held_vendor_answer(struct held_vendor *held, size_t index, unsigned status,
				      const char *body, const char *const *headers)
{
	held_vendor_answer_bytes(held, index, status, body ? body : "", body ? strlen(body) : 0,
				 headers);
}

static inline size_t held_vendor_count(struct held_vendor *held)
{
	size_t count;

	pthread_mutex_lock(&held->lock);
	count = held->count;
	pthread_mutex_unlock(&held->lock);
	return count;
}

/* ---- the vendor, http and an account ---- */

struct held_setup {
	struct held_vendor held;
	struct http *http;
	struct account *account;
};

/* Let MILLISECONDS pass. */
static inline void held_clock_pass(struct held_setup *setup, long long milliseconds)
{
	atomic_fetch_add(&held_clock_now, milliseconds);
	multi_poke(setup->http->multi);
}

static inline struct held_setup *held_setup_new(const struct vendor *vendor, unsigned parallel)
{
	struct held_setup *setup = calloc(1, sizeof(*setup));

	assert_non_null(setup);
	if (!atomic_load(&held_clock_now))
		atomic_store(&held_clock_now, clock_milliseconds());
	held_vendor_start(&setup->held);
	setup->account = account_new("acme", vendor);
	assert_non_null(setup->account);
	free(setup->account->endpoint.base_url);
	setup->account->endpoint.base_url = strdup(setup->held.url);
	setup->account->endpoint.parallel = parallel;
	for (size_t i = 0; vendor->settings[i].name; i++)
		setup->account->values[i] = vault_copy(vendor->settings[i].name);
	setup->http = http_new();
	assert_non_null(setup->http);
	assert_int_equal(http_add(setup->http, &setup->account->endpoint), 0);
	return setup;
}

static inline void held_setup_free(struct held_setup *setup)
{
	http_free(setup->http);
	held_vendor_free(&setup->held);
	account_free(setup->account);
	log_free();
	free(setup);
}

/* Wait until so many are queued, and so many (or -1: any) in flight. */
static inline void held_setup_queued(struct held_setup *setup, unsigned queued, int flying)
{
	struct http_stats stats;

	for (int turn = 0; turn < PATIENCE * 1000; turn++) {
		http_stats(&setup->account->endpoint, &stats);
		if (stats.queued == queued && (flying < 0 || stats.in_flight == (unsigned)flying))
			return;
		usleep(1000);
	}
	fail_msg("%u queued and %u in flight, not %u and %d", stats.queued, stats.in_flight, queued,
		 flying);
}

/* Wait until so many requests have been sent, or tried, since the start; then as above. */
static inline void held_setup_tried(struct held_setup *setup, uint64_t requests, unsigned queued,
				    int flying)
{
	struct http_stats stats = {0};

	for (int turn = 0; turn < PATIENCE * 1000; turn++) {
		http_stats(&setup->account->endpoint, &stats);
		if (stats.requests >= requests) {
			held_setup_queued(setup, queued, flying);
			return;
		}
		usleep(1000);
	}
	fail_msg("%llu requests, not %llu", (unsigned long long)stats.requests,
		 (unsigned long long)requests);
}

/* ---- the callers ---- */

enum deed {
	DEED_READ,  /* item_get with an ETag */
	DEED_LOOK,  /* item_get without */
	DEED_WRITE, /* item_put */
	DEED_END,   /* item_delete */
};

struct actor {
	struct held_setup *setup;
	const struct collection *collection;
	const char *id;
	struct call call;
	struct basis basis;
	enum deed deed;
	pthread_t thread;
	json_t *body; /* of a write; NULL: {"a": 1} */
	char *etag;
	const char *match;
	int error;
	enum vendor_outcome outcome;
};

static inline void *actor_run(void *arg)
{
	struct actor *actor = arg;
	struct account *account = actor->setup->account;
	json_t *record = NULL, *body = NULL;

	switch (actor->deed) {
	case DEED_READ:
	case DEED_LOOK:
		free(actor->etag);
		actor->etag = NULL;
		actor->error = item_get(&actor->call, account, actor->collection, NULL, actor->id,
					&record, actor->deed == DEED_READ ? &actor->etag : NULL);
		break;
	case DEED_WRITE:
		body = actor->body ? json_incref(actor->body) : json_pack("{s:i}", "a", 1);
		actor->outcome = item_put(&actor->call, account, actor->collection, NULL, actor->id,
					  body, actor->match, &record);
		break;
	case DEED_END:
		actor->outcome = item_delete(&actor->call, account, actor->collection, NULL,
					     actor->id);
		break;
	}
	json_decref(record);
	json_decref(body);
	return NULL;
}

/* END: see basis_begin; -1: no basis. */
static inline void actor_begin(struct actor *actor, struct held_setup *setup,
			       const struct collection *collection, const char *id, int64_t end)
{
	memset(actor, 0, sizeof(*actor));
	actor->setup = setup;
	actor->collection = collection;
	actor->id = id;
	call_init(&actor->call, id);
	basis_begin(&actor->basis, end < 0 ? 0 : end);
	if (end >= 0)
		actor->call.basis = &actor->basis;
}

static inline void actor_start(struct actor *actor, enum deed deed)
{
	actor->deed = deed;
	assert_int_equal(pthread_create(&actor->thread, NULL, actor_run, actor), 0);
}

static inline void actor_join(struct actor *actor)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	if (pthread_timedjoin_np(actor->thread, NULL, &until))
		fail_msg("what was asked for item %s does not end", actor->id);
}

static inline void actor_end(struct actor *actor)
{
	basis_release(&actor->call);
	call_destroy(&actor->call);
	json_decref(actor->basis.part_fields);
	json_decref(actor->basis.raw);
	json_decref(actor->body);
	free(actor->etag);
}

/* ---- a vendor without keys, and what most tests begin with ---- */

static const char *const id_keys[] = {"id", NULL};
static const struct field fields[] = {{NULL, 0}};

static const struct collection items = {
    .name = "items",
    .list_path = "/item",
    .item_path = "/item/",
    .item_key = "item",
    .id_keys = id_keys,
    .fields = fields,
};

static inline int authorize(struct call *call, struct account *account,
			    struct http_request *request)
{
	(void)call;
	(void)account;
	(void)request;
	return 0;
}

static const struct setting no_settings[] = {{.name = NULL}};

static const struct vendor plain_vendor = {
    .type = "plain",
    .settings = no_settings,
    .users = &items,
    .authorize = authorize,
};

static inline int authorize_by_token(struct call *call, struct account *account,
				     struct http_request *request)
{
	int error = oauth_get(call, account, OAUTH_CLIENT_CREDENTIALS, &request->bearer,
			      &request->serial);

	if (!error)
		request->headers[request->header_count++] =
		    (struct http_header){.name = "Authorization", .value = request->bearer};
	return error;
}

static inline int renew(struct call *call, struct account *account, uint64_t serial)
{
	(void)call;
	token_refused(account->token, serial);
	return 0;
}

static const struct setting token_settings[] = {{.name = "client_id"},
						{.name = "client_secret"},
						{.name = NULL}};

/* The same with tokens. */
static const struct vendor token_vendor = {
    .type = "token",
    .settings = token_settings,
    .users = &items,
    .authorize = authorize_by_token,
    .token_path = "/oauth/access_token",
    .renew = renew,
};

#define ITEM(id) "{\"item\": {\"id\": \"" id "\"}}"
#define LATER(seconds) ((const char *const[]){"Retry-After", seconds, NULL})

/* ACTOR reads item 1, which is request INDEX. */
static inline void read_one(struct held_setup *setup, struct actor *actor, size_t index)
{
	actor_start(actor, DEED_READ);
	held_vendor_asked(&setup->held, index, "GET /item/1");
	held_vendor_answer(&setup->held, index, 200, ITEM("1"), NULL);
	actor_join(actor);
	assert_int_equal(actor->error, 0);
}

/* ACTOR's write of item 1, request INDEX, is answered with STATUS. */
static inline void write_one(struct held_setup *setup, struct actor *actor, size_t index,
			     unsigned status, const char *const *headers)
{
	actor_start(actor, DEED_WRITE);
	held_vendor_asked(&setup->held, index, "PUT /item/1");
	held_vendor_answer(&setup->held, index, status, status == 200 ? ITEM("1") : NULL, headers);
	actor_join(actor);
}

/* ACTOR's write ends as stale without being sent. */
static inline void write_stale(struct actor *actor)
{
	size_t count = held_vendor_count(&actor->setup->held);

	actor_start(actor, DEED_WRITE);
	actor_join(actor);
	assert_int_equal(actor->outcome, VENDOR_STALE);
	assert_int_equal(actor->call.error, EBUSY);
	assert_true(actor->call.words[0]);
	assert_false(actor->call.unanswered);
	assert_int_equal(held_vendor_count(&actor->setup->held), count);
}

/* OTHER looks at item 2, as request INDEX, which is the next. */
static inline void look_comes(struct held_setup *setup, struct actor *other, size_t index)
{
	held_vendor_asked(&setup->held, index, "GET /item/2");
	held_vendor_answer(&setup->held, index, 200, ITEM("2"), NULL);
	actor_join(other);
	assert_int_equal(other->error, 0);
	actor_end(other);
}

#endif
