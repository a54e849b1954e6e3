/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_feed.c - what mounts tell each other (cache/feed/feed.h), with a real server.
 *
 * Two or three mounts of this process share an account. Where there is no redis-server, the tests
 * are skipped.
 */
#include "tests/unit/stub_vendor.h"

#include "cache/document/merge.h"
#include "cache/feed/feed.h"
#include "cache/feed/feed_state.h"
#include "cache/redis/redis.h"
#include "cache/roster/ack.h"
#include "cache/roster/known.h"
#include "cache/roster/store.h"
#include "cache/store/seats.h"
#include "cache/store/store_clock.h"
#include "tests/unit/redis_server.h"
#include "vendors/base/clock.h"
#include "vendors/base/log.h"

static struct redis_server server;

/* Return a client of the server. */
static struct redis *client(void)
{
	struct redis_settings where;
	char why[256] = "";
	struct redis *redis;

	memset(&where, 0, sizeof(where));
	assert_int_equal(redis_settings_parse(server.url, &where, why, sizeof(why)), 0);
	redis = redis_new(&where);
	redis_settings_clear(&where);
	assert_non_null(redis);
	return redis;
}

/* Ask the server for WORDS, separated by blanks. */
static void ask_server(const char *words)
{
	struct redis *redis = client();
	char *copy = strdup(words), *rest = NULL;
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;

	assert_non_null(copy);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		redis_add_text(&command, word);
	assert_int_equal(redis_ask(redis, &command, 1, REDIS_DEADLINE, &reply), 0);
	assert_int_not_equal(redis_type(reply), REDIS_REFUSAL);
	redis_reply_free(reply);
	free(copy);
	redis_free(redis);
}

/* So many that one read does not have room for all. The last one has the roster. */
#define ACCOUNTS 20

static size_t account_count = 1;

/* A mount. */
struct host {
	struct shared shared;
	struct store_ops ops;
	struct stub_roster stub;
	struct store_seat seat;
	struct account *accounts[ACCOUNTS];
	char names[ACCOUNTS][SEAL_NAME_MAX];
	atomic_int back, mail;
	char message[64];
	atomic_llong held;
	struct feed *feed;
};

static struct store_seat *host_attach(struct store *store, struct roster *roster)
{
	struct host *host = (struct host *)store;
	const char *parts[] = {"users"};

	host->seat = (struct store_seat){.shared = &host->shared,
					 .roster = roster,
					 .identity = "users",
					 .label = "acme/users"};
	host->seat.index = account_count - 1;
	memcpy(host->seat.account, host->names[host->seat.index], SEAL_NAME_MAX);
	seal_name(host->shared.seal, "roster", parts, 1, host->seat.name);
	seats_add(&host->seat);
	return &host->seat;
}

static void on_mail(void *arg, const char *message)
{
	struct host *host = arg;

	if (message) {
		snprintf(host->message, sizeof(host->message), "%s", message);
		atomic_fetch_add(&host->mail, 1);
	} else {
		atomic_fetch_add(&host->back, 1);
	}
}

static void on_hold(void *arg, size_t account, unsigned index, int64_t until)
{
	if (account == 0)
		atomic_store(&((struct host *)arg)->held, until * 10 + index);
}

/* Start a mount, whose number is LETTER, with USERS users and a lag of LAG seconds. */
static struct host *host_begin(char letter, size_t users, unsigned lag)
{
	static const uint8_t key[SEAL_KEY_BYTES] = {1, 2, 3};
	struct host *host = calloc(1, sizeof(*host));
	char number[24];
	const char *parts[] = {"stub", number};
	const struct roster_events events = {.arg = &host->stub,
					     .record_changed = record_changed,
					     .replaced = replaced,
					     .email_changed = email_changed};

	begin(&host->stub, users);
	roster_free(host->stub.roster);
	host->stub.account->lag = lag;
	host->stub.roster = roster_new(host->stub.account, &people, NULL, host->stub.pool, &events);
	host->ops = *store_local()->ops;
	host->ops.attach = host_attach;
	host->ops.detach = seats_remove;
	host->ops.changed = feed_changed;
	host->ops.acked = feed_acked;
	host->ops.refreshed = feed_refreshed;
	host->shared.store.ops = &host->ops;
	host->shared.redis = client();
	host->shared.seal = seal_new(key);
	host->shared.clock = store_clock_new();
	snprintf(host->shared.host, sizeof(host->shared.host), "host-%c", letter);
	memset(host->shared.mount, letter, 32);
	for (size_t i = 0; i < account_count; i++) {
		snprintf(number, sizeof(number), "%zu", i);
		seal_name(host->shared.seal, "account", parts, 2, host->names[i]);
		host->accounts[i] = host->stub.account;
	}
	host->shared.accounts = host->accounts;
	host->shared.names = host->names;
	host->shared.account_count = account_count;
	pthread_mutex_init(&host->shared.lock, NULL);
	pthread_cond_init(&host->shared.unused, NULL);
	host->feed = host->shared.feed = feed_new(&host->shared);
	assert_int_equal(roster_set_store(host->stub.roster, &host->shared.store), 0);
	feed_on_mail(host->feed, on_mail, host);
	feed_on_hold(host->feed, on_hold, host);
	assert_int_equal(feed_start(host->feed), 0);
	feed_wait_first(host->feed);
	return host;
}

static void host_end(struct host *host)
{
	feed_stop(host->feed);
	end(&host->stub);
	feed_free(host->feed);
	redis_free(host->shared.redis);
	store_clock_free(host->shared.clock);
	seal_free(host->shared.seal);
	pthread_cond_destroy(&host->shared.unused);
	pthread_mutex_destroy(&host->shared.lock);
	free(host);
}

/* What HOST knows of ID without asking: its value, -1: absent, -2: the vendor must be asked. */
static int value_known(struct host *host, const char *id)
{
	struct record *record = NULL;
	double seconds;
	enum known known = known_peek(host->stub.roster, id, &record, &seconds);
	int value = known == KNOWN_FRESH && record ? value_of(record) : -2;

	record_put(record);
	return known == KNOWN_ABSENT || (known == KNOWN_FRESH && value == -2) ? -1 : value;
}

#define assert_soon(condition)                                                                     \
	do {                                                                                       \
		for (int soon = 0; !(condition); soon++) {                                         \
			assert_true(soon < 15000);                                                 \
			usleep(1000);                                                              \
		}                                                                                  \
	} while (0)

static uint64_t gaps_of(struct host *host)
{
	uint64_t told, heard, gaps;
	unsigned kept;

	feed_counts(host->feed, &kept, &told, &heard, &gaps);
	return gaps;
}

static unsigned kept_of(struct host *host)
{
	uint64_t told, heard, gaps;
	unsigned kept;

	feed_counts(host->feed, &kept, &told, &heard, &gaps);
	return kept;
}

/* Two mounts that have read the list of ten users. */
static struct host *a, *b;

static int both(void **state)
{
	(void)state;
	assert_true(redis_server_start(&server));
	a = host_begin('a', 10, 0);
	b = host_begin('b', 10, 0);
	snapshot_put(whole(&a->stub));
	snapshot_put(whole(&b->stub));
	return 0;
}

static int both_many(void **state)
{
	account_count = ACCOUNTS;
	return both(state);
}

static int both_lag(void **state)
{
	(void)state;
	assert_true(redis_server_start(&server));
	a = host_begin('a', 10, 60);
	b = host_begin('b', 10, 60);
	snapshot_put(whole(&a->stub));
	snapshot_put(whole(&b->stub));
	return 0;
}

static int neither(void **state)
{
	(void)state;
	host_end(a);
	host_end(b);
	redis_server_end(&server);
	account_count = 1;
	return 0;
}

/* Return true if HOST asks the vendor for the whole list. */
static bool asks_again(struct host *host)
{
	int before = atomic_load(&lists);

	snapshot_put(whole(&host->stub));
	return atomic_load(&lists) > before;
}

/* ---- what is told ---- */

static void a_record_is_told(void **state)
{
	(void)state;
	write_user(&a->stub, "3", 41);
	assert_soon(value_known(b, "3") == 41);
	write_user(&b->stub, "3", 42);
	assert_soon(value_known(a, "3") == 42);
	assert_int_equal(gaps_of(a) + gaps_of(b), 0);
	assert_false(asks_again(a) || asks_again(b));
	assert_int_equal(kept_of(a) + kept_of(b), 0);
}

static void absence_and_deletion_are_told(void **state)
{
	(void)state;
	publish_absent(a->stub.roster, "4");
	assert_soon(value_known(b, "4") < 0);
	publish_deleted(a->stub.roster, "5");
	assert_soon(value_known(b, "5") < 0);
	assert_int_equal(value_known(b, "6"), 0);
}

static void a_doubt_is_told(void **state)
{
	(void)state;
	atomic_store(&values[7], 5);
	publish_doubt(a->stub.roster, "7");
	assert_soon(value_known(b, "7") == -2);
	assert_int_equal(ask_record(&b->stub, "7"), 5);
}

static void a_refresh_is_told(void **state)
{
	(void)state;
	assert_false(asks_again(b));
	usleep(5000); /* times are milliseconds at the server */
	roster_refresh(a->stub.roster);
	assert_soon(asks_again(b));
}

static void a_wait_is_told(void **state)
{
	(void)state;
	feed_hold(a->feed, 0, 3, 1234567);
	assert_soon(atomic_load(&b->held) == 12345673);
	assert_int_equal(atomic_load(&a->held), 0);
}

static void mail_arrives(void **state)
{
	char name[SEAL_NAME_MAX], words[256];

	(void)state;
	feed_mailbox(&a->shared, b->shared.mount, name);
	snprintf(words, sizeof(words), "XADD %s * m hello", name);
	ask_server(words);
	assert_soon(atomic_load(&b->mail) == 1);
	assert_string_equal(b->message, "hello");
	assert_int_equal(atomic_load(&a->mail), 0);
}

static void a_write_that_lags_is_told(void **state)
{
	struct merge merge = {0};
	json_t *before = user("8", 0), *after = user("8", 9);

	(void)state;
	assert_int_equal(merge_diff(before, after, &merge), 0);
	ack_note(a->stub.roster, "8", &merge, before, after, after);
	write_user(&a->stub, "8", 9);
	assert_soon(value_known(b, "8") == 9);
	/* the vendor still shows 0 */
	publish_suspect(b->stub.roster, "8");
	assert_int_equal(ask_record(&b->stub, "8"), 9);
	merge_clear(&merge);
	json_decref(before);
	json_decref(after);
}

static void entries_stay_in_order(void **state)
{
	int shown = 0;

	(void)state;
	for (int i = 1; i <= 500; i++) {
		int now;

		write_user(&a->stub, "1", i);
		now = value_known(b, "1");
		assert_true(now >= shown && now <= i);
		shown = now;
	}
	assert_soon(value_known(b, "1") == 500);
}

struct writer {
	pthread_t thread;
	struct host *host;
	int number;
};

static void *write_much(void *arg)
{
	struct writer *writer = arg;
	char id[8];

	snprintf(id, sizeof(id), "%d", writer->number);
	for (int i = 1; i <= 200; i++)
		write_user(&writer->host->stub, id, i);
	return NULL;
}

static void many_writers_tell_everything(void **state)
{
	struct writer writers[8];
	char id[8];

	(void)state;
	for (int i = 0; i < 8; i++) {
		writers[i] = (struct writer){.host = i % 2 ? a : b, .number = i};
		pthread_create(&writers[i].thread, NULL, write_much, &writers[i]);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(writers[i].thread, NULL);
	for (int i = 0; i < 8; i++) {
		snprintf(id, sizeof(id), "%d", i);
		assert_soon(value_known(a, id) == 200 && value_known(b, id) == 200);
	}
	assert_int_equal(gaps_of(a) + gaps_of(b), 0);
}

static int compare_times(const void *one, const void *other)
{
	double difference = *(const double *)one - *(const double *)other;

	return (difference > 0) - (difference < 0);
}

static void it_is_told_at_once(void **state)
{
	static double times[1000];
	double told = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		double begin_write = clock_seconds(), end_write;

		write_user(&a->stub, "2", i + 1);
		end_write = clock_seconds();
		told += end_write - begin_write;
		while (value_known(b, "2") != i + 1)
			assert_true(clock_seconds() - end_write < 5);
		times[i] = clock_seconds() - end_write;
	}
	qsort(times, 1000, sizeof(*times), compare_times);
	print_message("told in %.3f ms; shown after p50 %.3f ms, p99 %.3f ms, max %.3f ms\n", told,
		      times[500] * 1000, times[990] * 1000, times[999] * 1000);
}

/* ---- what is lost ---- */

static void an_empty_server_is_noticed(void **state)
{
	(void)state;
	assert_false(asks_again(b));
	ask_server("FLUSHALL");
	assert_soon(gaps_of(b) == 1 && gaps_of(a) == 1);
	assert_true(asks_again(b));
	write_user(&a->stub, "3", 6);
	assert_soon(value_known(b, "3") == 6);
	assert_int_equal(gaps_of(b), 1);
}

static void an_empty_server_is_noticed_by_the_next_entry(void **state)
{
	(void)state;
	ask_server("FLUSHALL");
	write_user(&a->stub, "3", 6);
	assert_soon(value_known(b, "3") == 6 && gaps_of(b) == 1);
	assert_true(asks_again(b));
}

static void ask_about(const char *command, const char *key, const char *rest)
{
	char words[256];

	snprintf(words, sizeof(words), "%s %s%s", command, key, rest);
	ask_server(words);
}

static void a_stream_that_is_gone_is_no_loss(void **state)
{
	(void)state;
	write_user(&a->stub, "3", 5);
	assert_soon(value_known(b, "3") == 5);
	ask_about("DEL", a->feed->streams[0].key, "");
	write_user(&a->stub, "3", 6);
	assert_soon(value_known(b, "3") == 6);
	assert_int_equal(gaps_of(a) + gaps_of(b), 0);
}

static void a_counter_that_is_gone_is_noticed(void **state)
{
	(void)state;
	write_user(&a->stub, "3", 5);
	assert_soon(value_known(b, "3") == 5);
	ask_about("DEL", a->feed->streams[0].counter, "");
	write_user(&a->stub, "3", 6);
	assert_soon(value_known(b, "3") == 6);
	assert_int_equal(gaps_of(b), 1);
	assert_true(asks_again(b));
}

static void a_missing_entry_is_noticed(void **state)
{
	(void)state;
	ask_about("HINCRBY", a->feed->streams[0].counter, " n 1");
	assert_soon(gaps_of(a) == 1 && gaps_of(b) == 1);
	assert_true(asks_again(b));
	ask_about("HINCRBY", a->feed->streams[0].counter, " n 1");
	write_user(&a->stub, "3", 6);
	assert_soon(gaps_of(b) == 2);
	assert_true(asks_again(b));
}

/* A server that has gone back, as after a failover, gives numbers a second time. */
static void numbers_that_come_again_are_noticed(void **state)
{
	(void)state;
	for (int i = 1; i < 6; i++)
		write_user(&a->stub, "3", i);
	assert_soon(value_known(b, "3") == 5);
	ask_about("HINCRBY", a->feed->streams[0].counter, " n -2");
	write_user(&a->stub, "3", 6);
	assert_soon(gaps_of(a) >= 1 && gaps_of(b) >= 1);
	assert_soon(asks_again(b));
	write_user(&a->stub, "3", 7);
	assert_soon(value_known(b, "3") == 7);
}

static void an_entry_of_others_is_passed_over(void **state)
{
	(void)state;
	ask_about("XADD", a->feed->streams[0].key, " * x y");
	write_user(&a->stub, "3", 6);
	assert_soon(value_known(b, "3") == 6);
	assert_int_equal(gaps_of(b), 0);
}

static void an_entry_that_was_changed_is_a_loss(void **state)
{
	char rest[96];

	(void)state;
	snprintf(rest, sizeof(rest), " * n 1 e %s d nonsense", b->feed->streams[0].heard.epoch);
	ask_about("HINCRBY", a->feed->streams[0].counter, " n 1");
	ask_about("XADD", a->feed->streams[0].key, rest);
	assert_soon(gaps_of(b) == 1);
	assert_true(asks_again(b));
}

/* Add a copy of the first entry of A's stream, with NUMBER. */
static void copy_entry(const char *number)
{
	struct redis_command range = {0}, add = {0};
	struct redis_reply *entries = NULL, *added = NULL;
	const struct redis_reply *entry;
	struct redis *redis = client();

	redis_add_text(&range, "XRANGE");
	redis_add_text(&range, a->feed->streams[0].key);
	redis_add_text(&range, "-");
	redis_add_text(&range, "+");
	assert_int_equal(redis_ask(redis, &range, 1, REDIS_DEADLINE, &entries), 0);
	entry = redis_at(redis_at(entries, 0), 1);
	redis_add_text(&add, "XADD");
	redis_add_text(&add, a->feed->streams[0].key);
	redis_add_text(&add, "*");
	for (size_t i = 0; i < redis_count(entry); i++) {
		size_t length;
		const char *text = redis_text(redis_at(entry, i), &length);

		if (i && strcmp(redis_text(redis_at(entry, i - 1), NULL), "n") == 0)
			redis_add_text(&add, number);
		else
			redis_add(&add, text, length);
	}
	assert_int_equal(redis_ask(redis, &add, 1, REDIS_DEADLINE, &added), 0);
	redis_reply_free(added);
	redis_reply_free(entries);
	redis_free(redis);
}

static void an_entry_that_comes_again_is_a_loss(void **state)
{
	(void)state;
	write_user(&a->stub, "3", 5);
	write_user(&a->stub, "3", 6);
	assert_soon(value_known(b, "3") == 6);
	ask_about("HINCRBY", a->feed->streams[0].counter, " n 1");
	copy_entry("3");
	assert_soon(gaps_of(b) == 1);
	assert_int_not_equal(value_known(b, "3"), 5);
}

/* ---- the server is away ---- */

static void what_was_not_told_is_told_as_a_doubt(void **state)
{
	double began = clock_seconds();

	(void)state;
	kill(server.pid, SIGSTOP);
	atomic_store(&values[3], 8);
	write_user(&a->stub, "3", 8); /* waits, in vain */
	assert_true(clock_seconds() - began < 4);
	publish_deleted(a->stub.roster, "4");
	write_user(&a->stub, "5", 7);
	assert_true(kept_of(a) >= 1);
	kill(server.pid, SIGCONT);
	assert_soon(kept_of(a) == 0);
	assert_soon(value_known(b, "3") != 0 && value_known(b, "5") != 0);
	assert_int_equal(ask_record(&b->stub, "3"), 8);
	/* another host may have written 5 since: this mount asks, too */
	assert_soon(value_known(a, "5") == -2);
	assert_int_equal(ask_record(&a->stub, "5"), 0);
}

static void a_new_server_is_noticed(void **state)
{
	int back = atomic_load(&b->back);
	double began;

	(void)state;
	redis_server_kill(&server);
	began = clock_seconds();
	assert_soon(!redis_is_up(a->shared.redis));
	write_user(&a->stub, "3", 8);
	assert_true(clock_seconds() - began < 3);
	assert_int_equal(value_known(a, "3"), 8);
	assert_true(redis_server_run(&server));
	began = clock_seconds();
	assert_soon(redis_is_up(a->shared.redis) && redis_is_up(b->shared.redis));
	assert_true(clock_seconds() - began < 1);
	assert_soon(atomic_load(&b->back) > back);
	assert_soon(gaps_of(b) >= 1);
	assert_true(asks_again(b));
	assert_soon(kept_of(a) == 0);
	write_user(&a->stub, "3", 9);
	assert_soon(value_known(b, "3") == 9);
}

static void what_is_left_is_logged(void **state)
{
	struct host *c = host_begin('c', 10, 0);
	double began;
	size_t length;
	char *text, id[8];

	(void)state;
	redis_server_kill(&server);
	assert_soon(!redis_is_up(c->shared.redis));
	for (int i = 0; i < 25; i++) {
		snprintf(id, sizeof(id), "%d", i);
		write_user(&c->stub, id, 1);
	}
	began = clock_seconds();
	feed_stop(c->feed);
	assert_true(clock_seconds() - began < 1.5);
	text = log_text(&length);
	assert_non_null(strstr(text, "acme/users/0: the other hosts were not told that it has"));
	assert_non_null(strstr(text, "the other hosts were not told of 5 more changes"));
	free(text);
	host_end(c);
}

/* ---- what was told since ---- */

static void a_replay_brings_what_was_told(void **state)
{
	char position[FEED_POSITION_MAX], host[SHARED_HOST_MAX];
	struct record *record;
	struct host *c;

	(void)state;
	assert_int_equal(feed_position(&a->seat, position), 0);
	for (int i = 1; i <= 450; i++)
		write_user(&a->stub, "3", i);
	publish_deleted(b->stub.roster, "4");
	c = host_begin('c', 10, 0);
	assert_int_equal(feed_replay(&c->seat, position), 0);
	assert_int_equal(value_known(c, "3"), 450);
	assert_int_equal(feed_since(&c->seat, position, 0, "3", &record, host), 450);
	assert_int_equal(value_of(record), 450);
	assert_string_equal(host, "host-a");
	record_put(record);
	/* a mount's own do not count */
	assert_int_equal(feed_since(&a->seat, position, 0, "3", &record, host), 0);
	assert_null(record);
	assert_int_equal(feed_since(&a->seat, position, 0, "4", &record, host), 1);
	assert_null(record);
	assert_string_equal(host, "host-b");
	ask_about("DEL", a->feed->streams[0].key, "");
	assert_int_equal(feed_replay(&c->seat, position), -ESTALE);
	ask_about("DEL", a->feed->streams[0].counter, "");
	assert_int_equal(feed_replay(&c->seat, position), -ESTALE);
	assert_int_equal(feed_replay(&c->seat, "nonsense"), -EINVAL);
	host_end(c);
}

int main(void)
{
#define FEED_TEST(name) cmocka_unit_test_setup_teardown(name, both, neither)
	const struct CMUnitTest tests[] = {
	    FEED_TEST(a_record_is_told),
	    cmocka_unit_test_setup_teardown(a_record_is_told, both_many, neither),
	    FEED_TEST(absence_and_deletion_are_told),
	    FEED_TEST(a_doubt_is_told),
	    FEED_TEST(a_refresh_is_told),
	    FEED_TEST(a_wait_is_told),
	    FEED_TEST(mail_arrives),
	    cmocka_unit_test_setup_teardown(a_write_that_lags_is_told, both_lag, neither),
	    FEED_TEST(entries_stay_in_order),
	    FEED_TEST(many_writers_tell_everything),
	    FEED_TEST(it_is_told_at_once),
	    FEED_TEST(an_empty_server_is_noticed),
	    FEED_TEST(an_empty_server_is_noticed_by_the_next_entry),
	    FEED_TEST(a_stream_that_is_gone_is_no_loss),
	    FEED_TEST(a_counter_that_is_gone_is_noticed),
	    FEED_TEST(a_missing_entry_is_noticed),
	    FEED_TEST(numbers_that_come_again_are_noticed),
	    FEED_TEST(an_entry_of_others_is_passed_over),
	    FEED_TEST(an_entry_that_was_changed_is_a_loss),
	    FEED_TEST(an_entry_that_comes_again_is_a_loss),
	    FEED_TEST(what_was_not_told_is_told_as_a_doubt),
	    FEED_TEST(a_new_server_is_noticed),
	    FEED_TEST(what_is_left_is_logged),
	    FEED_TEST(a_replay_brings_what_was_told),
	};

	/* as the program does: hiredis writes to connections that the server has closed */
	signal(SIGPIPE, SIG_IGN);
	if (!redis_server_exists()) {
		print_message("there is no redis-server: skipped\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
