/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_trail.c - a walk that goes on behind what another walk has read, over real HTTP.
 *
 * Whatever the list and wherever the first walk is cut, the second one has the same rows, and asks
 * for no page that lies behind it.
 */
#include "tests/unit/paging_scene.h"
#include "vendors/list/trail.h"
#include "vendors/list/walk.h"

#define PARALLEL 8

static json_t *kept[ROWS_MAX]; /* the parts of the trail */
static size_t kept_pages, cut_at, resumed;
static struct call *cut;

static void forget_kept(void)
{
	for (size_t i = 0; i < kept_pages; i++)
		json_decref(kept[i]);
	kept_pages = 0;
}

/* Keep the trail page by page, and end the walk behind page cut_at (0: never). */
static void keep(struct list_sink *sink, const struct list_trail *trail)
{
	(void)sink;
	assert_int_equal(list_trail_pages(trail), kept_pages + 1);
	kept[kept_pages] = list_trail_json(trail, kept_pages);
	assert_non_null(kept[kept_pages]);
	kept_pages++;
	if (kept_pages == cut_at)
		call_cancel(cut);
}

/* Return the trail of what was kept, by way of text. */
static struct list_trail *read_kept(void)
{
	struct list_trail *trail = NULL;

	for (size_t i = 0; i < kept_pages; i++) {
		char *text = json_dumps(kept[i], JSON_COMPACT);
		json_t *json = json_loads(text, 0, NULL);

		assert_int_equal(list_trail_extend(&trail, json), 0);
		/* no page fits twice */
		assert_int_equal(list_trail_extend(&trail, json), -EINVAL);
		json_decref(json);
		free(text);
	}
	assert_int_equal(list_trail_pages(trail), kept_pages);
	return trail;
}

static void new_call(struct scene *scene)
{
	call_destroy(&scene->call);
	call_init(&scene->call, "acme");
	cut = &scene->call;
}

static void play(struct scene *scene, enum how how, size_t rows, size_t cap, int total)
{
	scene_play(scene, how, 1, rows);
	/* the server may still be at a request that was cut */
	pthread_mutex_lock(&scene->server.lock);
	scene->server.cap = cap;
	scene->server.quirk = how == BY_CURSOR && rows % 2 ? EMPTY_PAGES : NO_QUIRK;
	pthread_mutex_unlock(&scene->server.lock);
	if (total)
		scene_total(scene, total == 2);
}

/* Cut a walk of that list behind page PAGE, go on, and compare with a walk in one go. */
static void check(struct scene *scene, enum how how, size_t rows, size_t cap, int total,
		  size_t page)
{
	struct list_trail *trail;
	int whole, error;

	cut_at = 0;
	forget_kept();
	play(scene, how, rows, cap, total);
	scene->sink.passed = keep;
	scene_complete(scene);
	whole = paging_requests(&scene->server);

	forget_kept();
	new_call(scene);
	cut_at = page;
	play(scene, how, rows, cap, total);
	error = scene_walk(scene);
	/* a list whose end came meanwhile is complete */
	assert_true(!error || error == -EINTR);
	if (error && kept_pages) {
		bool seen[ROWS_MAX];
		size_t read = scene->rows;

		new_call(scene);
		memcpy(seen, scene->seen, sizeof(seen));
		trail = read_kept();
		play(scene, how, rows, cap, total);
		memcpy(scene->seen, seen, sizeof(seen));
		scene->rows = read;
		scene->sink.trail = trail;
		scene_complete(scene);
		assert_int_equal(scene->resets, 0);
		assert_true(paging_requests(&scene->server) <= whole - (int)page + PARALLEL + 1);
		scene->sink.trail = NULL;
		list_trail_free(trail);
		resumed++;
	}
	new_call(scene);
}

static void test_random(void **state)
{
	struct scene *scene = *state;

	new_call(scene);
	srandom(20);
	for (int i = 0; i < 250; i++) {
		enum how how = (enum how)(i % HOWS);
		size_t rows = (size_t)random() % 1500;
		size_t cap = how != WHOLE && random() % 2 ? 30 + (size_t)random() % 40 : 0;
		size_t pages = rows / (cap ? cap : SIZE) + 1;

		check(scene, how, rows, cap, (int)(random() % 3), 1 + (size_t)random() % pages);
	}
	assert_true(resumed > 100);
	forget_kept();
}

/* A trail of pages of another size is of no use: the list is read anew. */
static void test_other_size(void **state)
{
	struct scene *scene = *state;
	struct list_trail *trail;

	new_call(scene);
	cut_at = 0;
	play(scene, BY_OFFSET, 1000, 0, 2);
	scene->sink.passed = keep;
	scene_complete(scene);
	assert_true(kept_pages > 5);
	trail = read_kept();
	play(scene, BY_OFFSET, 1000, 0, 2);
	scene_users.page_size = SIZE / 2;
	scene->sink.trail = trail;
	forget_kept();
	scene_complete(scene);
	assert_int_equal(scene->resets, 1);
	scene->sink.trail = NULL;
	list_trail_free(trail);
	forget_kept();
}

/* What is not a trail is none. */
static void test_malformed(void **state)
{
	static const char *const texts[] = {
	    "{}",
	    "[]",
	    "{\"paging\": 1, \"size\": 100, \"first\": 1, \"pages\": []}",
	    "{\"paging\": 1, \"size\": 100, \"first\": 0, \"pages\": [[]]}",
	    "{\"paging\": 1, \"size\": 100, \"first\": 0, \"pages\": [[1,1,1,1,1,1,1,1,1,1]]}",
	    "{\"paging\": 1, \"size\": 100, \"first\": 0, \"pages\": "
	    "[[1,1,1,1,1,1,1,1,1,1,1,2]]}",
	    "{\"paging\": 1, \"size\": 100, \"first\": 0, \"pages\": "
	    "[[-1,1,1,1,1,1,1,1,1,1,1]]}",
	};
	struct list_trail *trail = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		json_t *json = json_loads(texts[i], 0, NULL);

		assert_non_null(json);
		assert_int_equal(list_trail_extend(&trail, json), -EINVAL);
		assert_null(trail);
		json_decref(json);
	}
	assert_int_equal(list_trail_pages(NULL), 0);
	list_trail_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PAGED(test_random),
	    PAGED(test_other_size),
	    cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
