/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits_scene.h - a server of Redis, a vendor, and mounts that share both, in one process.
 */
#ifndef TESTS_UNIT_LIMITS_SCENE_H
#define TESTS_UNIT_LIMITS_SCENE_H

#include "cache/limits/limits.h"
#include "cache/redis/redis.h"
#include "cache/store/shared_state.h"
#include "cache/store/store_clock.h"
#include "tests/unit/http_fixture.h"
#include "tests/unit/redis_server.h"
#include "vendors/http/http.h"
#include "vendors/vendor.h"

#define MOUNTS_MAX 5

/* One mount of the vendor. */
struct mount {
	struct shared shared;
	struct account account, *accounts[1];
	char names[1][SEAL_NAME_MAX];
	struct http *http;
	struct store_seat seat;
	struct call call;
};

struct scene {
	struct redis_server redis;
	struct http_server server;
	struct mount mounts[MOUNTS_MAX];
	size_t count;
};

static const struct collection scene_users = {.name = "users"};
static const struct vendor scene_vendor = {.users = &scene_users};
static const uint8_t scene_key[SEAL_KEY_BYTES] = {1, 2, 3};

/* Make one more mount, which may have PARALLEL requests in flight. It is started if STARTED. */
static inline struct mount *scene_mount(struct scene *scene, unsigned parallel, bool started)
{
	struct mount *mount = &scene->mounts[scene->count++];
	struct shared *shared = &mount->shared;
	struct redis_settings settings = {0};
	char why[256];

	assert_int_equal(redis_settings_parse(scene->redis.url, &settings, why, sizeof(why)), 0);
	shared->redis = redis_new(&settings);
	redis_settings_clear(&settings);
	shared->seal = seal_new(scene_key);
	shared->clock = store_clock_new();
	shared->required = true;
	snprintf(shared->host, sizeof(shared->host), "host%zu", scene->count);
	snprintf(shared->mount, sizeof(shared->mount), "%016zx%016d", scene->count, getpid());
	mount->account = (struct account){.name = (char *)(size_t) "acme",
					  .vendor = &scene_vendor,
					  .endpoint = {.name = "acme",
						       .base_url = scene->server.url,
						       .parallel = parallel,
						       .timeout = PATIENCE,
						       .retry_budget = PATIENCE}};
	mount->accounts[0] = &mount->account;
	strcpy(mount->names[0], "rosterfs:account");
	shared->accounts = mount->accounts;
	shared->names = mount->names;
	shared->account_count = 1;
	pthread_mutex_init(&shared->lock, NULL);
	mount->http = http_new();
	assert_int_equal(http_add(mount->http, &mount->account.endpoint), 0);
	shared->limits = limits_new(shared);
	assert_non_null(shared->limits);
	if (started)
		assert_int_equal(limits_start(shared->limits), 0);
	mount->seat = (struct store_seat){.shared = shared,
					  .identity = (char *)(size_t) "users",
					  .label = (char *)(size_t) "acme/users"};
	call_init(&mount->call, "acme");
	return mount;
}

static inline void scene_end(struct mount *mount)
{
	if (!mount->http)
		return;
	http_stop(mount->http);
	limits_stop(mount->shared.limits);
	limits_free(mount->shared.limits);
	http_free(mount->http);
	redis_free(mount->shared.redis);
	store_clock_free(mount->shared.clock);
	seal_free(mount->shared.seal);
	call_destroy(&mount->call);
	mount->http = NULL;
}

static inline int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	assert_true(http_server_start(&scene->server, 0));
	assert_true(redis_server_start(&scene->redis));
	*state = scene;
	return 0;
}

static inline int scene_teardown(void **state)
{
	struct scene *scene = *state;

	for (size_t i = 0; i < scene->count; i++)
		scene_end(&scene->mounts[i]);
	http_server_stop(&scene->server);
	redis_server_end(&scene->redis);
	log_free();
	free(scene);
	return 0;
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

/* Let MOUNT reach the server again, as the thread that listens does. */
static inline void scene_back(struct mount *mount)
{
	struct redis_line *line = redis_line_new(mount->shared.redis);
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;
	bool fresh;

	redis_add_text(&command, "GET");
	redis_add_text(&command, "rosterfs:none");
	for (int i = 0; i < 100 && !redis_is_up(mount->shared.redis); i++) {
		redis_line_ask(line, &command, 1000, &reply, &fresh);
		redis_reply_free(reply);
		reply = NULL;
		usleep(10000);
	}
	assert_true(redis_is_up(mount->shared.redis));
	redis_line_free(line);
}

#endif
