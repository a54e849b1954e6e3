/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_limits.c - what hosts count, remember and wait for together, at a real server.
 */
#include "tests/unit/limits_scene.h"

#include "cache/roster/store.h"

#define THREADS 16
#define WINDOW 3600

static int take(struct mount *mount, unsigned limit, uint64_t *ticket)
{
	return limits_take(&mount->shared, &mount->call, limit, WINDOW, ticket);
}

/* ---- status_limit ---- */

struct taker {
	struct mount *mount;
	struct call call;
	unsigned taken, refused;
	uint64_t tickets[64];
	pthread_t thread;
};

static void *take_all(void *arg)
{
	struct taker *taker = arg;

	for (int i = 0; i < 40; i++) {
		uint64_t ticket;
		int error = limits_take(&taker->mount->shared, &taker->call, 100, WINDOW, &ticket);

		if (error == 0 && ticket)
			taker->tickets[taker->taken++] = ticket;
		taker->refused += error == -EDQUOT;
	}
	return NULL;
}

/* Whoever comes at the same time: never more than the limit, and never fewer. */
static void test_take_at_once(void **state)
{
	struct scene *scene = *state;
	struct taker takers[THREADS] = {0};
	unsigned taken = 0, refused = 0;
	uint64_t ticket;

	scene_mount(scene, 4, false);
	scene_mount(scene, 4, false);
	for (size_t i = 0; i < THREADS; i++) {
		takers[i].mount = &scene->mounts[i % 2];
		call_init(&takers[i].call, "acme");
		assert_int_equal(pthread_create(&takers[i].thread, NULL, take_all, &takers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(takers[i].thread, NULL);
		call_destroy(&takers[i].call);
		taken += takers[i].taken;
		refused += takers[i].refused;
	}
	assert_int_equal(taken, 100);
	assert_int_equal(refused, THREADS * 40 - 100);
	/* what is given back can be taken, once */
	for (size_t i = 0; i < THREADS; i++) {
		if (takers[i].taken) {
			limits_give_back(&takers[i].mount->shared, takers[i].tickets[0]);
			limits_give_back(&takers[i].mount->shared, takers[i].tickets[0]);
			break;
		}
	}
	assert_int_equal(take(&scene->mounts[1], 100, &ticket), 0);
	assert_int_equal(take(&scene->mounts[0], 100, &ticket), -EDQUOT);
	assert_int_equal(ticket, 0);
}

static void test_each_has_its_limit(void **state)
{
	struct scene *scene = *state;
	struct mount *a = scene_mount(scene, 4, false), *b = scene_mount(scene, 4, false);
	struct store_count count;
	uint64_t ticket;

	for (int i = 0; i < 3; i++)
		assert_int_equal(take(a, 3, &ticket), 0);
	assert_int_equal(take(a, 3, &ticket), -EDQUOT);
	assert_int_equal(take(b, 5, &ticket), 0);
	assert_int_equal(take(b, 0, &ticket), 0);
	assert_int_equal(take(b, 5, &ticket), -EDQUOT);
	assert_true(limits_look(&b->shared, WINDOW, &count));
	assert_int_equal(count.taken, 5);
	assert_true(count.oldest >= 0 && count.oldest < PATIENCE);
	/* a window that is over */
	usleep(1100000);
	assert_int_equal(limits_take(&a->shared, &a->call, 1, 1, &ticket), 0);
	assert_int_equal(limits_take(&a->shared, &a->call, 1, 1, &ticket), -EDQUOT);
}

static void test_look_is_refreshed(void **state)
{
	struct scene *scene = *state;
	struct mount *a = scene_mount(scene, 4, false), *b = scene_mount(scene, 4, true);
	struct store_count count = {0};
	uint64_t ticket;

	assert_int_equal(take(a, 3, &ticket), 0);
	for (int i = 0; i < 1000 && count.taken != 1; i++) {
		limits_look(&b->shared, WINDOW, &count);
		usleep(10000);
	}
	assert_int_equal(count.taken, 1);
	assert_int_equal(take(a, 3, &ticket), 0);
	for (int i = 0; i < 1000 && count.taken != 2; i++) {
		limits_look(&b->shared, WINDOW, &count);
		usleep(10000);
	}
	assert_int_equal(count.taken, 2);
}

static void test_take_without_store(void **state)
{
	struct scene *scene = *state;
	struct mount *a = scene_mount(scene, 4, true), *b = scene_mount(scene, 4, true);
	struct store_count count = {0};
	uint64_t ticket;

	b->shared.required = false;
	redis_server_kill(&scene->redis);
	assert_int_equal(take(a, 3, &ticket), -EREMOTEIO);
	assert_int_equal(a->call.verdict, CALL_NO_LOCK);
	assert_non_null(strstr(a->call.words, "the shared store can't be reached"));
	assert_int_equal(take(b, 3, &ticket), 0);
	assert_int_equal(take(b, 3, &ticket), 0);
	limits_give_back(&b->shared, ticket);
	assert_false(limits_look(&b->shared, WINDOW, &count));
	assert_true(redis_server_run(&scene->redis));
	scene_back(a);
	scene_back(b);
	/* what was made meanwhile counts for all, and what was not does not */
	for (int i = 0; i < 300 && count.taken != 1; i++) {
		limits_look(&a->shared, WINDOW, &count);
		usleep(10000);
	}
	usleep(600000);
	assert_int_equal(take(a, 3, &ticket), 0);
	assert_true(limits_look(&a->shared, WINDOW, &count));
	assert_int_equal(count.taken, 2);
}

/* ---- memory ---- */

static void assert_recalls(struct mount *mount, const char *id, const char *text)
{
	json_t *value = limits_recall(&mount->seat, id);
	char *found = value ? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	if (text)
		assert_string_equal(found ? found : "", text);
	else
		assert_null(found);
	free(found);
	json_decref(value);
}

static void test_memory(void **state)
{
	struct scene *scene = *state;
	struct mount *a = scene_mount(scene, 4, true), *b = scene_mount(scene, 4, true);
	json_t *value = json_pack("{s:[s,s]}", "members", "m1", "m2");
	json_t *less = json_pack("{s:[s]}", "members", "m1");

	assert_recalls(b, "1", NULL);
	assert_int_equal(limits_remember(&a->seat, "1", value), 0);
	assert_recalls(b, "1", "{\"members\":[\"m1\",\"m2\"]}");
	assert_recalls(b, "2", NULL);
	assert_int_equal(limits_remember(&b->seat, "1", NULL), 0);
	assert_recalls(a, "1", NULL);
	/* what could not be kept is kept later */
	redis_server_kill(&scene->redis);
	assert_true(limits_remember(&a->seat, "1", value) < 0);
	assert_true(limits_remember(&a->seat, "1", less) < 0);
	assert_recalls(a, "1", "{\"members\":[\"m1\"]}");
	assert_recalls(b, "1", NULL);
	assert_true(redis_server_run(&scene->redis));
	scene_back(a);
	scene_back(b);
	for (int i = 0; i < 300; i++) {
		json_t *found = limits_recall(&b->seat, "1");

		json_decref(found);
		if (found)
			break;
		usleep(10000);
	}
	assert_recalls(b, "1", "{\"members\":[\"m1\"]}");
	json_decref(less);
	json_decref(value);
}

/* ---- waits ---- */

static bool holds(struct mount *mount)
{
	char words[256];

	http_hold(&mount->account.endpoint, words, sizeof(words));
	return words[0];
}

static void test_wait_is_shared(void **state)
{
	struct scene *scene = *state;
	struct mount *a = scene_mount(scene, 4, true), *b = scene_mount(scene, 4, true), *c;
	struct http_request request = get("/fail");
	struct http_reply reply;
	bool held = false;

	/* it has found that nobody waits */
	while (!store_clock_now(b->shared.clock))
		usleep(1000);
	usleep(300000);
	a->account.endpoint.retry_budget = 1;
	http_server_order(&scene->server, 1, 429, "Retry-After", "300");
	http_perform(&a->call, &a->account.endpoint, &request, &reply);
	assert_int_equal(reply.status, 429);
	http_reply_clear(&reply);
	assert_true(holds(a));
	/* a mount that starts later finds it */
	for (int i = 0; i < 4 && !held; i++) {
		c = scene_mount(scene, 4, true);
		for (int j = 0; j < 100 && !(held = holds(c)); j++)
			usleep(10000);
		if (!held) {
			scene_end(c);
			scene->count--;
		}
	}
	assert_true(held);
	assert_false(holds(b));
	/* the feed tells the others */
	limits_told(b->shared.limits, 0, 0, store_clock_now(a->shared.clock) + 100000);
	assert_true(holds(b));
	limits_told(b->shared.limits, 0, 0, 0);
	assert_false(holds(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE_TEST(test_take_at_once),
	    SCENE_TEST(test_each_has_its_limit),
	    SCENE_TEST(test_look_is_refreshed),
	    SCENE_TEST(test_take_without_store),
	    SCENE_TEST(test_memory),
	    SCENE_TEST(test_wait_is_shared),
	};

	if (!redis_server_exists()) {
		printf("no redis-server: nothing is tested\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
