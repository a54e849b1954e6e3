/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_lists.c - several mounts in one process share the lists of a vendor, by a real server.
 *
 * The vendor counts its requests. A mount that is killed is one whose store is stopped: its lock
 * is neither renewed nor given back.
 */
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/redis/redis.h"
#include "cache/roster/figures.h"
#include "cache/roster/flight.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "cache/shared/shared.h"
#include "cache/store/shared_state.h"
#include "tests/unit/list_server.h"
#include "tests/unit/redis_server.h"
#include "vendors/base/call.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"
#include "vendors/base/pool.h"
#include "vendors/http/http.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HOSTS 5
#define PAGES 60
#define ROWS ((size_t)PAGES * PAGE)
/* what a walk may ask for behind the end, or again after a death */
#ifdef __SANITIZE_THREAD__
#define SLACK 60 /* hosts that are that slow lose the lock of a walk now and then */
#else
#define SLACK 24
#endif

#define SHARED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

struct host {
	struct http *http;
	struct pool *pool;
	struct account *account;
	struct store *store;
	struct roster *roster;
	/* what it asks */
	struct wait wait;
	struct call call;
	atomic_bool done;
	bool killed;
};

static struct redis_server redis;
static struct list_server vendor_server;
static struct host hosts[HOSTS];

/* ---- the vendor ---- */

static enum paging by_offset(const struct account *account)
{
	(void)account;
	return PAGING_OFFSET;
}

static int authorize(struct call *call, struct account *account, struct http_request *request)
{
	(void)call, (void)account, (void)request;
	return 0;
}

static const struct setting settings[] = {{.name = NULL}};
static const struct vendor vendor = {.type = "server",
				     .settings = settings,
				     .authorize = authorize};
static const char *const id_keys[] = {"id", NULL};
static const struct field fields[] = {{NULL, 0}};
static const struct rule_request first = {.method = "GET",
					  .path = "/lists/0?offset={offset}&limit={size}"};
static const char *const rows[] = {"/rows/*", NULL};
static const struct source total[] = {{SOURCE_BODY, "/total"}, {SOURCE_NONE, NULL}};
static const struct rule_list listing = {.first = &first, .rows = rows, .records = total};
static const struct collection users = {.name = "users",
					.listing = &listing,
					.page_size = PAGE,
					.id_keys = id_keys,
					.fields = fields,
					.paging = by_offset};

static int requests(void)
{
	return list_server_count(&vendor_server, &vendor_server.requests);
}

/* ---- the hosts ---- */

static void host_start(struct host *host, size_t i)
{
	static const uint8_t key[SEAL_KEY_BYTES] = {1, 2, 3};
	const struct shared_settings shared = {.url = redis.url, .key = key};
	const struct roster_events events = {0};
	char why[256];

	memset(host, 0, sizeof(*host));
	host->http = http_new();
	host->pool = pool_new(8);
	host->account = account_new("acme", &vendor);
	assert_true(host->http && host->pool && host->account);
	host->account->endpoint.base_url = strdup(vendor_server.url);
	host->account->endpoint.retry_budget = 1;
	host->account->max_users = 1000000;
	host->account->ttl = 300;
	assert_int_equal(http_add(host->http, &host->account->endpoint), 0);
	assert_int_equal(shared_open(&shared, &host->account, 1, &host->store, why, sizeof(why)),
			 0);
	snprintf(((struct shared *)host->store)->host, SHARED_HOST_MAX, "host%zu", i);
	host->roster = roster_new(host->account, &users, NULL, host->pool, &events);
	assert_non_null(host->roster);
	assert_int_equal(roster_set_store(host->roster, host->store), 0);
	assert_int_equal(host->store->ops->start(host->store), 0);
}

static void host_stop(struct host *host)
{
	if (!host->http)
		return;
	flight_stop(host->roster);
	pool_free(host->pool);
	host->store->ops->stop(host->store);
	roster_free(host->roster);
	host->store->ops->free(host->store);
	http_free(host->http);
	free(host->account->endpoint.base_url);
	host->account->endpoint.base_url = NULL;
	account_free(host->account);
	memset(host, 0, sizeof(*host));
}

static void note_done(struct wait *wait)
{
	atomic_store(&((struct host *)wait->arg)->done, true);
}

static void host_ask(struct host *host)
{
	call_init(&host->call, "test");
	atomic_store(&host->done, false);
	host->wait = (struct wait){.kind = WAIT_WHOLE,
				   .call = &host->call,
				   .done = note_done,
				   .arg = host};
	flight_ask(host->roster, &host->wait);
}

/* Wait for the answer. Returns its error. */
static int host_answer(struct host *host)
{
	for (int i = 0; i < 60000 && !atomic_load(&host->done); i++)
		usleep(1000);
	assert_true(atomic_load(&host->done));
	if (host->wait.error && host->wait.error != -EINTR)
		print_message("%s\n", host->call.words);
	return host->wait.error;
}

static void host_clear(struct host *host)
{
	wait_clear(&host->wait);
	call_destroy(&host->call);
}

/* HOST has asked, and gets all rows, in order. */
static void host_has_all(struct host *host)
{
	char id[40];

	assert_int_equal(host_answer(host), 0);
	assert_int_equal(host->wait.snapshot->count, vendor_server.rows[0]);
	for (size_t i = 0; i < host->wait.snapshot->count; i++) {
		snprintf(id, sizeof(id), "0-%zu", i);
		assert_string_equal(host->wait.snapshot->records[i]->id, id);
	}
	host_clear(host);
}

static void wait_for_requests(int count)
{
	for (int i = 0; i < 20000 && requests() < count; i++)
		usleep(1000);
	assert_true(requests() >= count);
}

static int setup(void **state)
{
	(void)state;
	memset(&vendor_server, 0, sizeof(vendor_server));
	if (!redis_server_start(&redis) || !list_server_start(&vendor_server))
		return -1;
	vendor_server.total = true;
	vendor_server.rows[0] = ROWS;
	vendor_server.delay = 20;
	for (size_t i = 0; i < HOSTS; i++)
		host_start(&hosts[i], i);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < HOSTS; i++)
		host_stop(&hosts[i]);
	list_server_stop(&vendor_server);
	redis_server_end(&redis);
	log_free();
	return 0;
}

/* Run SCRIPT, which changes what is stored. */
static void meddle(const char *script)
{
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;

	redis_add_text(&command, "EVAL");
	redis_add_text(&command, script);
	redis_add_text(&command, "0");
	assert_int_equal(redis_ask(((struct shared *)hosts[0].store)->redis, &command, 1,
				   REDIS_DEADLINE, &reply),
			 0);
	assert_int_not_equal(redis_type(reply), REDIS_REFUSAL);
	redis_reply_free(reply);
}

/* Change chunks: hashes that have a field 0. */
#define EACH_CHUNK(what)                                                                           \
	"for _, k in ipairs(redis.call('keys', '*')) do "                                          \
	"if redis.call('type', k).ok == 'hash' and redis.call('hexists', k, '0') == 1 then " what  \
	" end end return 1"

/* ---- tests ---- */

/* Cold at the same time: one walks. Later: nobody does. */
static void test_one_walks(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++)
		host_ask(&hosts[i]);
	for (size_t i = 0; i < 4; i++)
		host_has_all(&hosts[i]);
	assert_int_equal(requests(), PAGES);
	host_ask(&hosts[4]);
	host_has_all(&hosts[4]);
	assert_int_equal(requests(), PAGES);
}

/* Others see how far it is. */
static void test_progress(void **state)
{
	struct figures figures;
	bool seen = false;

	(void)state;
	host_ask(&hosts[0]);
	wait_for_requests(8);
	host_ask(&hosts[1]);
	for (int i = 0; i < 5000 && !atomic_load(&hosts[1].done); i++) {
		figures_get(hosts[1].roster, &figures);
		seen = seen || (figures.fetching && figures.progress.pages > 1 &&
				strcmp(figures.progress.host, "host0") == 0);
		usleep(1000);
	}
	assert_true(seen);
	host_has_all(&hosts[0]);
	host_has_all(&hosts[1]);
	assert_int_equal(requests(), PAGES);
}

/* Who fetches dies: another one goes on behind its last page. */
static void test_death(void **state)
{
	double began;

	(void)state;
	vendor_server.delay = 100;
	host_ask(&hosts[0]);
	wait_for_requests(PAGES / 2);
	for (size_t i = 1; i < 4; i++)
		host_ask(&hosts[i]);
	usleep(200000);
	began = clock_seconds();
	redis_stop(((struct shared *)hosts[0].store)->redis);
	flight_stop(hosts[0].roster);
	assert_int_equal(host_answer(&hosts[0]), -EINTR);
	host_clear(&hosts[0]);
	for (size_t i = 1; i < 4; i++)
		host_has_all(&hosts[i]);
	assert_true(clock_seconds() - began < 10);
	assert_true(requests() <= PAGES + SLACK);
}

/* Who fetches is interrupted: the next one goes on at once. */
static void test_interrupted(void **state)
{
	int before;

	(void)state;
	vendor_server.delay = 100;
	host_ask(&hosts[0]);
	wait_for_requests(PAGES / 2);
	host_ask(&hosts[1]);
	usleep(200000);
	assert_true(flight_leave(hosts[0].roster, &hosts[0].wait));
	before = requests();
	host_clear(&hosts[0]);
	host_has_all(&hosts[1]);
	/* how much of it was saved in time is not certain, but not nothing */
	assert_true(requests() < before + PAGES);
}

/* The vendor refuses the one that fetches: the others try, one after the other. */
static void test_failure(void **state)
{
	const struct mishap refusal = {.start = ROWS / 2, .status = 403, .times = 1};

	(void)state;
	vendor_server.mishap = refusal;
	host_ask(&hosts[0]);
	wait_for_requests(4);
	for (size_t i = 1; i < 4; i++)
		host_ask(&hosts[i]);
	assert_int_equal(host_answer(&hosts[0]), -EACCES);
	host_clear(&hosts[0]);
	for (size_t i = 1; i < 4; i++)
		host_has_all(&hosts[i]);
	assert_true(requests() <= PAGES + PAGES / 2 + SLACK);
}

/* A refresh on one host: a list that was requested before does not count. */
static void test_refresh(void **state)
{
	(void)state;
	vendor_server.delay = 1;
	host_ask(&hosts[0]);
	host_has_all(&hosts[0]);
	usleep(20000);
	roster_refresh(hosts[1].roster);
	host_ask(&hosts[1]);
	host_has_all(&hosts[1]);
	assert_int_equal(requests(), 2 * PAGES);
	/* it was told to all */
	usleep(300000);
	host_ask(&hosts[0]);
	host_has_all(&hosts[0]);
	host_ask(&hosts[2]);
	host_has_all(&hosts[2]);
	assert_int_equal(requests(), 2 * PAGES);
}

/* What is stored was changed, or parts of it were: the list is read anew, without an error. */
static void test_tampered(void **state)
{
	static const char *const scripts[] = {
	    EACH_CHUNK("redis.call('hset', k, '0', 'x')"),
	    EACH_CHUNK("redis.call('hdel', k, '1')"),
	    EACH_CHUNK("redis.call('hset', k, '0', redis.call('hget', k, '1') or '')"),
	    EACH_CHUNK("redis.call('del', k)"),
	};

	(void)state;
	vendor_server.delay = 1;
	host_ask(&hosts[0]);
	host_has_all(&hosts[0]);
	for (size_t i = 0; i < 4; i++) {
		meddle(scripts[i]);
		host_ask(&hosts[i + 1]);
		host_has_all(&hosts[i + 1]);
		assert_int_equal(requests(), ((int)i + 2) * PAGES);
	}
}

/* The server goes away while others follow: each goes on by itself. */
static void test_store_dies(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++)
		host_ask(&hosts[i]);
	wait_for_requests(PAGES / 3);
	redis_server_kill(&redis);
	for (size_t i = 0; i < 3; i++)
		host_has_all(&hosts[i]);
	assert_true(requests() <= 3 * PAGES + SLACK);
}

/* Restarts of the walk restart those who follow. */
static void test_restart(void **state)
{
	const struct mishap repeated = {.start = ROWS - (size_t)10 * PAGE, .times = 1};

	(void)state;
	vendor_server.mishap = repeated;
	for (size_t i = 0; i < 3; i++)
		host_ask(&hosts[i]);
	for (size_t i = 0; i < 3; i++)
		host_has_all(&hosts[i]);
	assert_true(requests() <= 2 * PAGES + SLACK);
}

static struct record *record_of(const char *id, int value)
{
	json_t *object = json_pack("{ss si}", "id", id, "value", value);
	struct record *record = record_new(&users, id, object, (struct timespec){1, 0});

	json_decref(object);
	return record;
}

/* What was written after a list was requested is newer, on this host and on others. */
static void test_written_since(void **state)
{
	struct record *mine = record_of("0-5", 7);

	(void)state;
	vendor_server.delay = 1;
	host_ask(&hosts[0]);
	host_has_all(&hosts[0]);
	usleep(300000);
	publish_record(hosts[1].roster, mine);
	for (size_t i = 1; i < 4; i++) {
		const struct record *shown;

		host_ask(&hosts[i]);
		assert_int_equal(host_answer(&hosts[i]), 0);
		shown = snapshot_find(hosts[i].wait.snapshot, "0-5");
		assert_true(record_same(shown, mine));
		host_clear(&hosts[i]);
	}
	assert_int_equal(requests(), PAGES);
	record_put(mine);
}

/* The path of who fetches hangs: another one takes its place, and it comes to its own end. */
static void test_hangs(void **state)
{
	(void)state;
	host_ask(&hosts[0]);
	wait_for_requests(PAGES / 2);
	host_ask(&hosts[1]);
	/* its walk gets nothing any more, but its lock is renewed */
	usleep(100000);
	http_lift(&hosts[0].account->endpoint);
	pthread_mutex_lock(&vendor_server.lock);
	vendor_server.together = 1000;
	pthread_mutex_unlock(&vendor_server.lock);
	usleep(10500000);
	pthread_mutex_lock(&vendor_server.lock);
	vendor_server.together = 0;
	pthread_mutex_unlock(&vendor_server.lock);
	host_has_all(&hosts[0]);
	host_has_all(&hosts[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SHARED(test_one_walks),     SHARED(test_progress),   SHARED(test_death),
	    SHARED(test_interrupted),   SHARED(test_failure),    SHARED(test_refresh),
	    SHARED(test_tampered),      SHARED(test_store_dies), SHARED(test_restart),
	    SHARED(test_written_since), SHARED(test_hangs),
	};

	if (!redis_server_exists())
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
