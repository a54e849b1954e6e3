/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_budget.c - several mounts never have more requests in flight than `parallel`.
 */
#include "tests/unit/limits_scene.h"

#include "vendors/http/permit.h"

/* A mount that has LANES requests under way until all are made. */
struct load {
	struct mount *mount;
	int lanes, requests; /* of each lane */
	int64_t pause;       /* microseconds between two requests of a lane */
	atomic_int good;
	atomic_llong longest; /* milliseconds for one request */
	atomic_llong last;    /* when the last one came back */
	pthread_t threads[32];
};

static atomic_llong answer_us;

static struct MHD_Response *answer_slowly(void *arg, struct MHD_Connection *connection,
					  const char *method, const char *path, const char *body,
					  unsigned *status)
{
	(void)arg;
	(void)connection;
	(void)method;
	(void)path;
	(void)body;
	(void)status;
	usleep((useconds_t)atomic_load(&answer_us));
	return NULL;
}

static void *lane_run(void *arg)
{
	struct load *load = arg;
	struct http_request request = get("/ok");
	struct http_reply reply;
	struct call call;

	call_init(&call, "acme");
	for (int i = 0; i < load->requests; i++) {
		int64_t began = now_ms(), took;

		if (!http_perform(&call, &load->mount->account.endpoint, &request, &reply))
			load->good += reply.status == 200;
		http_reply_clear(&reply);
		took = now_ms() - began;
		if (took > load->longest)
			load->longest = took;
		load->last = now_ms();
		if (load->pause)
			usleep((useconds_t)load->pause);
	}
	call_destroy(&call);
	return NULL;
}

static void load_start(struct load *load, struct mount *mount, int lanes, int each)
{
	memset(load, 0, sizeof(*load));
	load->mount = mount;
	load->lanes = lanes;
	load->requests = each;
	for (int i = 0; i < lanes; i++)
		assert_int_equal(pthread_create(&load->threads[i], NULL, lane_run, load), 0);
}

static void load_end(struct load *load)
{
	for (int i = 0; i < load->lanes; i++)
		pthread_join(load->threads[i], NULL);
	assert_int_equal(load->good, load->lanes * load->requests);
}

static void slowly(struct scene *scene, int milliseconds)
{
	scene->server.script = answer_slowly;
	atomic_store(&answer_us, milliseconds * 1000L);
}

static void test_alone(void **state)
{
	struct scene *scene = *state;
	struct mount *mount;
	struct load load;
	int64_t began;

	slowly(scene, 20);
	mount = scene_mount(scene, 8, true);
	began = now_ms();
	load_start(&load, mount, 8, 20);
	load_end(&load);
	print_message("alone: %lld ms for 160 requests of 20 ms by 8\n",
		      (long long)(now_ms() - began));
	assert_int_equal(scene->server.most_running, 8);
}

static void test_four(void **state)
{
	struct scene *scene = *state;
	struct load loads[4];
	int64_t began = now_ms();

	slowly(scene, 10);
	for (int i = 0; i < 4; i++)
		scene_mount(scene, 8, true);
	for (int i = 0; i < 4; i++)
		load_start(&loads[i], &scene->mounts[i], 16, 20);
	for (int i = 0; i < 4; i++) {
		load_end(&loads[i]);
		print_message("mount %d: longest %lld ms, done after %lld ms\n", i,
			      (long long)loads[i].longest, (long long)(loads[i].last - began));
	}
	print_message("%lld ms for 1280 requests of 10 ms by 8\n", (long long)(now_ms() - began));
	assert_true(scene->server.most_running <= 8);
	assert_true(scene->server.most_running >= 6);
}

/* More mounts than requests: they take turns. */
static void test_one_for_all(void **state)
{
	struct scene *scene = *state;
	struct load loads[3];
	int64_t began = now_ms();

	slowly(scene, 10);
	for (int i = 0; i < 3; i++)
		scene_mount(scene, 1, true);
	for (int i = 0; i < 3; i++)
		load_start(&loads[i], &scene->mounts[i], 1, 100);
	for (int i = 0; i < 3; i++) {
		load_end(&loads[i]);
		print_message("mount %d: longest %lld ms, done after %lld ms\n", i,
			      (long long)loads[i].longest, (long long)(loads[i].last - began));
		assert_true(loads[i].longest < 1000LL * SCALE);
	}
	assert_int_equal(scene->server.most_running, 1);
}

/* A mount that has all gives some to one that comes later; the smallest `parallel` counts. */
static void test_newcomer(void **state)
{
	struct scene *scene = *state;
	struct load walk, look;

	slowly(scene, 20);
	scene_mount(scene, 8, true);
	scene_mount(scene, 6, true);
	usleep(200000);
	load_start(&walk, &scene->mounts[0], 16, 20);
	usleep(200000);
	load_start(&look, &scene->mounts[1], 1, 5);
	load_end(&look);
	print_message("newcomer: longest %lld ms\n", (long long)look.longest);
	load_end(&walk);
	assert_true(scene->server.most_running <= 6);
	assert_true(look.longest < 1000LL * SCALE);
}

/* One more may be in flight for a moment: a mount without a grant takes one. */
static void test_without_store(void **state)
{
	struct scene *scene = *state;
	struct load loads[2];

	slowly(scene, 10);
	scene_mount(scene, 8, true);
	scene_mount(scene, 8, true);
	for (int i = 0; i < 2; i++)
		load_start(&loads[i], &scene->mounts[i], 8, 5);
	for (int i = 0; i < 2; i++)
		load_end(&loads[i]);
	redis_server_kill(&scene->redis);
	for (int i = 0; i < 2; i++)
		load_start(&loads[i], &scene->mounts[i], 8, 20);
	for (int i = 0; i < 2; i++) {
		load_end(&loads[i]);
		print_message("without store: longest %lld ms\n", (long long)loads[i].longest);
	}
	assert_true(scene->server.most_running <= 9);
	assert_true(redis_server_run(&scene->redis));
	scene_back(&scene->mounts[0]);
	scene_back(&scene->mounts[1]);
	for (int i = 0; i < 2; i++)
		load_start(&loads[i], &scene->mounts[i], 8, 20);
	for (int i = 0; i < 2; i++)
		load_end(&loads[i]);
	assert_true(scene->server.most_running <= 9);
}

static void forget(struct mount *mount)
{
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;

	redis_add_text(&command, "FLUSHALL");
	assert_int_equal(redis_ask(mount->shared.redis, &command, 1, 5000, &reply), 0);
	redis_reply_free(reply);
}

/* A server that forgets what the mounts hold gives nobody more until all have said it again. */
static void test_store_forgets(void **state)
{
	struct scene *scene = *state;
	struct load loads[4];

	slowly(scene, 50);
	for (int i = 0; i < 4; i++)
		scene_mount(scene, 8, true);
	for (int i = 0; i < 4; i++)
		load_start(&loads[i], &scene->mounts[i], 8, 20);
	for (int i = 0; i < 8; i++) {
		usleep(300000);
		forget(&scene->mounts[0]);
	}
	for (int i = 0; i < 4; i++)
		load_end(&loads[i]);
	/* a mount that gets no reply in time takes one; without the second it is 11 and more */
	assert_true(scene->server.most_running <= 10);
}

/* A server that stops (SIGSTOP) is slower than anybody waits for. */
static void test_store_pauses(void **state)
{
	struct scene *scene = *state;
	struct load load;

	slowly(scene, 10);
	scene_mount(scene, 4, true);
	usleep(300000);
	kill(scene->redis.pid, SIGSTOP);
	load_start(&load, &scene->mounts[0], 2, 3);
	load_end(&load);
	print_message("paused store: longest %lld ms\n", (long long)load.longest);
	kill(scene->redis.pid, SIGCONT);
	assert_true(load.longest < 1500LL * SCALE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SCENE_TEST(test_alone),         SCENE_TEST(test_four),
	    SCENE_TEST(test_one_for_all),   SCENE_TEST(test_newcomer),
	    SCENE_TEST(test_without_store), SCENE_TEST(test_store_forgets),
	    SCENE_TEST(test_store_pauses),
	};

	if (!redis_server_exists()) {
		printf("no redis-server: nothing is tested\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
