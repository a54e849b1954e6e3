/*
 * test_roster.c - what readers of a roster see while it is fetched anew and written to: the same
 * records where nothing changed, each write that was acknowledged, and in the seconds of grace the
 * old roster. The vendor is played by a function here.
 */
#include "cache/pool.h"
#include "cache/roster.h"
#include "vendors/call.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

/* ---- a vendor: users 0 to user_count - 1, each with a number ---- */

#define USERS_MAX 2000
#define INACTIVE 77 /* who has this number */

static atomic_int values[USERS_MAX];
static size_t user_count;
static atomic_int lists;
/* a list waits here, when it is shut, until it is opened */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool shut;

static void set_gate(bool closed)
{
	pthread_mutex_lock(&gate);
	shut = closed;
	pthread_cond_broadcast(&opened);
	pthread_mutex_unlock(&gate);
}

static json_t *user(const char *id, int value)
{
	return json_pack("{s:s, s:s, s:i, s:s}", "id", id, "email", "a@x", "value", value, "status",
			 value == INACTIVE ? "inactive" : "active");
}

static int play_list(struct call *call, struct account *account, const char *parent,
		     struct list_sink *sink)
{
	int error = 0;
	char id[24];

	(void)account;
	(void)parent;
	atomic_fetch_add(&lists, 1);
	for (size_t i = 0; !error && i < user_count; i++) {
		json_t *object;

		snprintf(id, sizeof(id), "%zu", i);
		object = user(id, atomic_load(&values[i]));
		error = sink->add(sink, id, object);
		json_decref(object);
	}
	pthread_mutex_lock(&gate);
	while (shut)
		pthread_cond_wait(&opened, &gate);
	pthread_mutex_unlock(&gate);
	return error ? call_fail(call, -error, "the list failed") : 0;
}

static int play_get(struct call *call, struct account *account, const char *parent, const char *id,
		    json_t **record)
{
	size_t number = strtoul(id, NULL, 10);

	(void)account;
	(void)parent;
	*record = number < user_count ? user(id, atomic_load(&values[number])) : NULL;
	return *record ? 0 : call_fail(call, ENOENT, "no such user");
}

static const char *const id_keys[] = {"id", NULL};
static const char *const email_keys[] = {"email", NULL};
static const struct field fields[] = {{NULL, 0}};
static const struct collection people = {
    .name = "users",
    .list_path = "/users",
    .item_path = "/users/",
    .id_keys = id_keys,
    .email_keys = email_keys,
    .status_key = "status",
    .fields = fields,
    .list = play_list,
    .get = play_get,
};
static const struct setting settings[] = {{.name = NULL}};
static const struct vendor vendor = {.type = "played", .settings = settings, .users = &people};

/* ---- a roster of it ---- */

struct scene {
	struct pool *pool;
	struct account *account;
	struct roster *roster;
	atomic_int changed, replaced, emails; /* events */
};

static void record_changed(void *arg, const char *id)
{
	(void)id;
	atomic_fetch_add(&((struct scene *)arg)->changed, 1);
}

static void replaced(void *arg)
{
	atomic_fetch_add(&((struct scene *)arg)->replaced, 1);
}

static void email_changed(void *arg, const char *email)
{
	(void)email;
	atomic_fetch_add(&((struct scene *)arg)->emails, 1);
}

static void begin(struct scene *scene, size_t users)
{
	const struct roster_events events = {.arg = scene,
					     .record_changed = record_changed,
					     .replaced = replaced,
					     .email_changed = email_changed};

	memset(scene, 0, sizeof(*scene));
	user_count = users;
	for (size_t i = 0; i < USERS_MAX; i++)
		atomic_store(&values[i], 0);
	atomic_store(&lists, 0);
	scene->pool = pool_new(8);
	scene->account = account_new("acme", &vendor);
	scene->roster = roster_new(scene->account, &people, NULL, scene->pool, &events);
	assert_non_null(scene->roster);
}

static void end(struct scene *scene)
{
	roster_stop(scene->roster);
	pool_free(scene->pool);
	roster_free(scene->roster);
	account_free(scene->account);
}

static struct snapshot *ask_whole(struct scene *scene, uint64_t *generation)
{
	struct call call;
	struct wait wait = {.kind = WAIT_WHOLE, .call = &call};

	call_init(&call, "test");
	assert_int_equal(roster_ask_sync(scene->roster, &wait), 0);
	assert_non_null(wait.snapshot);
	*generation = wait.generation;
	call_destroy(&call);
	return wait.snapshot;
}

static struct snapshot *whole(struct scene *scene)
{
	uint64_t generation;

	return ask_whole(scene, &generation);
}

static struct snapshot *known(struct scene *scene)
{
	double seconds;

	return roster_snapshot(scene->roster, &seconds);
}

static int value_of(const struct record *record)
{
	json_t *object = record_json(record);
	int value = (int)json_integer_value(json_object_get(object, "value"));

	json_decref(object);
	return value;
}

/* The value of ID in SNAPSHOT, -1: it is not there. */
static int value_in(const struct snapshot *snapshot, const char *id)
{
	const struct record *record = snapshot_find(snapshot, id);

	return record ? value_of(record) : -1;
}

static void write_user(struct scene *scene, const char *id, int value)
{
	struct timespec now = {1, 0};
	json_t *object = user(id, value);
	struct record *record = record_new(&people, id, object, now);

	roster_publish(scene->roster, record);
	record_put(record);
	json_decref(object);
}

static int ask_record(struct scene *scene, const char *id)
{
	struct call call;
	struct wait wait = {.kind = WAIT_RECORD, .id = id, .call = &call};
	int error, value = -1;

	call_init(&call, "test");
	error = roster_ask_sync(scene->roster, &wait);
	if (!error)
		value = value_of(wait.record);
	wait_clear(&wait);
	call_destroy(&call);
	return error ? error : value;
}

/* ---- refreshing ---- */

static void check_events(struct scene *scene, int changes, int replacements)
{
	assert_int_equal(atomic_exchange(&scene->changed, 0), changes);
	assert_int_equal(atomic_exchange(&scene->replaced, 0), replacements);
	assert_int_equal(atomic_exchange(&scene->emails, 0), 0);
}

/* Nothing has changed: the very same records, and nobody is told of any. */
static void test_unchanged(void **state)
{
	struct snapshot *old, *new;
	struct scene scene;

	(void)state;
	begin(&scene, 300);
	old = whole(&scene);
	check_events(&scene, 0, 1);
	for (int turn = 0; turn < 3; turn++) {
		roster_refresh(scene.roster);
		new = whole(&scene);
		check_events(&scene, 0, 1);
		assert_ptr_not_equal(old, new);
		assert_int_equal(new->count, 300);
		for (size_t i = 0; i < new->count; i++)
			assert_ptr_equal(new->records[i], old->records[i]);
		snapshot_put(old);
		old = new;
	}
	snapshot_put(old);
	assert_int_equal(lists, 4);
	end(&scene);
}

/* One has changed, and the order has: all others stay what they are. */
static void test_one_changed(void **state)
{
	struct snapshot *old, *new;
	struct scene scene;

	(void)state;
	begin(&scene, 300);
	old = whole(&scene);
	atomic_store(&values[7], 1);
	user_count = 301;
	roster_refresh(scene.roster);
	new = whole(&scene);
	check_events(&scene, 0, 2);
	assert_int_equal(new->count, 301);
	for (size_t i = 0; i < old->count; i++)
		assert_int_equal(new->records[i] == old->records[i], i != 7);
	assert_int_equal(value_in(new, "7"), 1);
	assert_int_equal(value_in(old, "7"), 0);
	snapshot_put(old);
	snapshot_put(new);
	end(&scene);
}

/* What was saved here is what the vendor lists then: the kernel's pages of it stay. */
static void test_written_and_refreshed(void **state)
{
	struct record *written, *listed;
	struct snapshot *new;
	struct scene scene;
	double seconds;

	(void)state;
	begin(&scene, 300);
	snapshot_put(whole(&scene));
	atomic_store(&values[7], 1);
	write_user(&scene, "7", 1);
	check_events(&scene, 1, 1);
	assert_int_equal(roster_peek(scene.roster, "7", &written, &seconds), ROSTER_FRESH);
	roster_refresh(scene.roster);
	new = whole(&scene);
	check_events(&scene, 0, 1);
	assert_int_equal(roster_peek(scene.roster, "7", &listed, &seconds), ROSTER_FRESH);
	assert_ptr_equal(listed, written);
	assert_ptr_equal(snapshot_find(new, "7"), written);
	record_put(listed);
	record_put(written);
	snapshot_put(new);
	end(&scene);
}

/* The same for one that is fetched alone. */
static void test_fetched_alone(void **state)
{
	struct record *listed, *alone;
	struct scene scene;
	double seconds;

	(void)state;
	begin(&scene, 300);
	snapshot_put(whole(&scene));
	assert_int_equal(roster_peek(scene.roster, "7", &listed, &seconds), ROSTER_FRESH);
	for (int turn = 0; turn < 2; turn++) {
		roster_refresh(scene.roster);
		assert_int_equal(ask_record(&scene, "7"), 0);
		assert_int_equal(roster_peek(scene.roster, "7", &alone, &seconds), ROSTER_FRESH);
		assert_ptr_equal(alone, listed);
		record_put(alone);
	}
	check_events(&scene, 0, 1);
	atomic_store(&values[7], 1);
	roster_refresh(scene.roster);
	assert_int_equal(ask_record(&scene, "7"), 1);
	check_events(&scene, 1, 0);
	record_put(listed);
	assert_int_equal(lists, 1);
	end(&scene);
}

/* ---- writing ---- */

static void test_writes_are_listed(void **state)
{
	struct snapshot *first, *second, *again;
	uint64_t before, after;
	struct scene scene;
	double seconds;

	(void)state;
	begin(&scene, 100);
	first = ask_whole(&scene, &before);
	assert_int_equal(roster_generation(scene.roster, &seconds), before);
	write_user(&scene, "5", 1);
	write_user(&scene, "5", 2);
	write_user(&scene, "new", 3);
	roster_publish_deleted(scene.roster, "6");
	roster_publish_deleted(scene.roster, "nobody");
	roster_publish_absent(scene.roster, "8");
	assert_true(roster_generation(scene.roster, &seconds) > before);

	second = ask_whole(&scene, &after);
	assert_int_equal(roster_generation(scene.roster, &seconds), after);
	assert_int_equal(second->count, 100);
	assert_int_equal(value_in(second, "5"), 2);
	assert_int_equal(value_in(second, "new"), 3);
	assert_int_equal(value_in(second, "6"), -1);
	assert_int_equal(value_in(second, "8"), 0);
	assert_string_equal(second->records[5]->id, "5");
	assert_string_equal(second->records[6]->id, "7");
	assert_string_equal(second->records[99]->id, "new");
	/* who has the first one still sees that */
	assert_int_equal(first->count, 100);
	assert_int_equal(value_in(first, "5"), 0);
	assert_int_equal(value_in(first, "6"), 0);

	again = known(&scene);
	assert_ptr_equal(again, second);
	snapshot_put(again);
	write_user(&scene, "6", 9);
	again = known(&scene);
	assert_int_equal(value_in(again, "6"), 9);
	assert_int_equal(again->count, 101);
	snapshot_put(again);
	snapshot_put(first);
	snapshot_put(second);
	assert_int_equal(lists, 1);
	end(&scene);
}

struct asker {
	struct wait wait;
	struct call call;
	atomic_bool done;
};

static void note_done(struct wait *wait)
{
	atomic_store(&((struct asker *)wait->arg)->done, true);
}

static void start(struct scene *scene, struct asker *asker)
{
	memset(asker, 0, sizeof(*asker));
	call_init(&asker->call, "test");
	asker->wait = (struct wait){.kind = WAIT_WHOLE,
				    .call = &asker->call,
				    .done = note_done,
				    .arg = asker};
	roster_ask(scene->roster, &asker->wait);
}

static void finish(struct asker *asker)
{
	while (!atomic_load(&asker->done))
		call_pause(&asker->call, 1);
	assert_int_equal(asker->wait.error, 0);
}

static void clear(struct asker *asker)
{
	wait_clear(&asker->wait);
	call_destroy(&asker->call);
}

static void await_list(const struct asker *asker, int count)
{
	while (atomic_load(&lists) < count)
		call_pause((struct call *)(uintptr_t)&asker->call, 1);
}

/* What is written while a roster is fetched stays on top of what the fetch brings. */
static void test_written_while_fetched(void **state)
{
	struct asker asker, other;
	struct snapshot *now;
	struct scene scene;

	(void)state;
	begin(&scene, 100);
	snapshot_put(whole(&scene));
	write_user(&scene, "4", 1); /* before: the fetch knows better */
	set_gate(true);
	roster_refresh(scene.roster);
	start(&scene, &asker);
	start(&scene, &other);
	await_list(&asker, 2);
	write_user(&scene, "5", 1);
	roster_publish_deleted(scene.roster, "6");
	snapshot_put(known(&scene)); /* it is in the old snapshot now, too */
	set_gate(false);
	finish(&asker);
	finish(&other);
	assert_ptr_equal(asker.wait.snapshot, other.wait.snapshot);
	assert_int_equal(asker.wait.generation, other.wait.generation);
	assert_int_equal(value_in(asker.wait.snapshot, "4"), 0);
	assert_int_equal(value_in(asker.wait.snapshot, "5"), 1);
	assert_int_equal(value_in(asker.wait.snapshot, "6"), -1);
	now = known(&scene);
	assert_ptr_equal(now, asker.wait.snapshot);
	snapshot_put(now);
	clear(&asker);
	clear(&other);
	roster_refresh(scene.roster);
	now = whole(&scene);
	assert_int_equal(value_in(now, "5"), 0);
	assert_int_equal(value_in(now, "6"), 0);
	snapshot_put(now);
	end(&scene);
}

static size_t reappeared(struct scene *scene)
{
	struct roster_info info;

	roster_info(scene->roster, &info);
	return info.reappeared;
}

/* Who is made inactive while a roster is fetched has not come back because that shows the old. */
static void test_deactivated_while_fetched(void **state)
{
	struct asker asker;
	struct scene scene;

	(void)state;
	begin(&scene, 100);
	set_gate(true);
	start(&scene, &asker);
	await_list(&asker, 1);
	roster_note_deactivated(scene.roster, "5", true);
	write_user(&scene, "5", INACTIVE);
	set_gate(false);
	finish(&asker);
	assert_int_equal(value_in(asker.wait.snapshot, "5"), INACTIVE);
	assert_int_equal(reappeared(&scene), 0);
	clear(&asker);
	atomic_store(&values[5], INACTIVE);
	roster_refresh(scene.roster);
	snapshot_put(whole(&scene));
	assert_int_equal(reappeared(&scene), 0);
	/* but then a colleague makes them active again: that is said once */
	atomic_store(&values[5], 0);
	for (int turn = 0; turn < 2; turn++) {
		roster_refresh(scene.roster);
		snapshot_put(whole(&scene));
		assert_int_equal(reappeared(&scene), 1);
	}
	end(&scene);
}

/* ---- all at once ---- */

#define WRITERS 3
#define ROUNDS 150

struct writer {
	struct scene *scene;
	size_t number;
};

static atomic_bool all_written;

/* Each write is seen from then on, by id and in the whole, whatever else goes on. */
static void *write_and_look(void *arg)
{
	const struct writer *writer = arg;
	struct scene *scene = writer->scene;

	for (int round = 1; round <= ROUNDS; round++) {
		size_t number = writer->number + WRITERS * (size_t)(round % 7);
		struct snapshot *snapshot;
		struct record *record;
		double seconds;
		char id[24];

		snprintf(id, sizeof(id), "%zu", number);
		atomic_store(&values[number], round);
		write_user(scene, id, round);
		roster_peek(scene->roster, id, &record, &seconds);
		if (!record || value_of(record) < round)
			return "a write is not seen by id";
		record_put(record);
		snapshot = round % 2 ? known(scene) : whole(scene);
		if (snapshot->count != user_count || value_in(snapshot, id) < round)
			return "a write is not seen in the whole";
		snapshot_put(snapshot);
	}
	return NULL;
}

/* What a colleague changes is seen after a refresh, and stays so. */
static void *refresh_and_look(void *arg)
{
	struct scene *scene = arg;
	char id[24];

	snprintf(id, sizeof(id), "%zu", user_count - 1);
	for (int round = 1; !atomic_load(&all_written); round++) {
		struct snapshot *snapshot;
		struct record *record;
		double seconds;

		atomic_store(&values[user_count - 1], round);
		roster_refresh(scene->roster);
		for (int turn = 0; turn < 3; turn++) {
			snapshot = turn ? known(scene) : whole(scene);
			roster_peek(scene->roster, id, &record, &seconds);
			if (value_in(snapshot, id) < round || value_of(record) < round)
				return "a refresh is undone";
			record_put(record);
			snapshot_put(snapshot);
		}
	}
	return NULL;
}

static void test_all_at_once(void **state)
{
	pthread_t threads[WRITERS], refresher;
	struct writer writers[WRITERS];
	const char *words = NULL;
	struct scene scene;
	void *wrong;

	(void)state;
	begin(&scene, USERS_MAX / 10);
	snapshot_put(whole(&scene));
	atomic_store(&all_written, false);
	pthread_create(&refresher, NULL, refresh_and_look, &scene);
	for (size_t i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){&scene, i};
		pthread_create(&threads[i], NULL, write_and_look, &writers[i]);
	}
	for (size_t i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], &wrong);
		words = wrong ? wrong : words;
	}
	atomic_store(&all_written, true);
	pthread_join(refresher, &wrong);
	words = wrong ? wrong : words;
	end(&scene);
	assert_null(words);
}

/* ---- grace ---- */

static void sleep_ms(long milliseconds)
{
	const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static void check_old(struct scene *scene, const char *id, int value)
{
	struct snapshot *snapshot = whole(scene);

	assert_int_equal(value_in(snapshot, id), value);
	assert_int_equal(ask_record(scene, id), value);
	snapshot_put(snapshot);
}

/*
 * A second of ttl and two of grace: then the old roster is shown, what is written meanwhile is
 * seen, and one fetch runs behind it, however many ask. It shows what is new when it ends.
 */
static void test_grace(void **state)
{
	struct asker asker;
	struct scene scene;

	(void)state;
	begin(&scene, 100);
	scene.account->ttl = 1;
	scene.account->grace = 600;
	snapshot_put(whole(&scene));
	atomic_store(&values[7], 1);
	sleep_ms(1050);
	set_gate(true);
	for (int turn = 0; turn < 5; turn++)
		check_old(&scene, "7", 0);
	write_user(&scene, "8", 5);
	check_old(&scene, "8", 5);
	roster_publish_deleted(scene.roster, "9");
	assert_int_equal(ask_record(&scene, "9"), -ENOENT);
	check_old(&scene, "7", 0);
	while (atomic_load(&lists) < 2)
		sleep_ms(1);
	assert_int_equal(lists, 2);
	/* who asks for news waits for it */
	roster_refresh(scene.roster);
	start(&scene, &asker);
	sleep_ms(20);
	assert_false(atomic_load(&asker.done));
	set_gate(false);
	finish(&asker);
	assert_int_equal(value_in(asker.wait.snapshot, "7"), 1);
	clear(&asker);
	end(&scene);
}

/* After the grace one waits, and the fetch that began in it is the one that is waited for. */
static void test_after_grace(void **state)
{
	struct asker asker;
	struct scene scene;

	(void)state;
	begin(&scene, 100);
	scene.account->ttl = 1;
	scene.account->grace = 1;
	snapshot_put(whole(&scene));
	atomic_store(&values[7], 1);
	sleep_ms(1050);
	set_gate(true);
	check_old(&scene, "7", 0);
	sleep_ms(1000);
	start(&scene, &asker);
	sleep_ms(20);
	assert_false(atomic_load(&asker.done));
	set_gate(false);
	finish(&asker);
	assert_int_equal(value_in(asker.wait.snapshot, "7"), 1);
	assert_int_equal(lists, 2);
	clear(&asker);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_unchanged),
	    cmocka_unit_test(test_one_changed),
	    cmocka_unit_test(test_written_and_refreshed),
	    cmocka_unit_test(test_fetched_alone),
	    cmocka_unit_test(test_writes_are_listed),
	    cmocka_unit_test(test_written_while_fetched),
	    cmocka_unit_test(test_deactivated_while_fetched),
	    cmocka_unit_test(test_all_at_once),
	    cmocka_unit_test(test_grace),
	    cmocka_unit_test(test_after_grace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
