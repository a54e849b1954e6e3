/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_item_reply.c - responses that hold no record where a description has no `root`: the response
 * itself should be the record.
 */
#include "tests/unit/paging_scene.h"
#include "vendors/rest/item.h"
#include "vendors/rest/self.h"

#include <stdlib.h>

/* The response to a GET of one record is a list, or an object without an id. */
static void test_no_record(void **state)
{
	static const struct rule_request item = {.method = "GET", .path = "/users/{id}"};
	struct scene *scene = *state;
	json_t *record = NULL;

	scene_play(scene, WHOLE, 0, 3);
	scene_users.item = &item;
	scene->server.bare = true;
	assert_int_equal(item_get(&scene->call, &scene->account, &scene_users, NULL, "1", &record,
				  NULL),
			 -EREMOTEIO);
	assert_non_null(strstr(scene->call.words, "the response is no record"));
	scene->server.bare = false;
	call_clear(&scene->call);
	assert_int_equal(item_get(&scene->call, &scene->account, &scene_users, NULL, "1", &record,
				  NULL),
			 -EREMOTEIO);
	assert_non_null(strstr(scene->call.words, "about another record"));
	/* no request is blamed where none is sent */
	assert_int_not_equal(scene->call.request[0], '\0');
	scene_users.item = NULL;
	call_clear(&scene->call);
	assert_int_equal(item_get(&scene->call, &scene->account, &scene_users, NULL, "1", &record,
				  NULL),
			 -EOPNOTSUPP);
	assert_int_equal(scene->call.request[0], '\0');
	assert_null(record);
}

/* So is the response about the key's owner, which may show a secret of the URL in no message. */
static void test_self(void **state)
{
	static const char *const ids[] = {"total", NULL};
	static const char *const no_ids[] = {"id", NULL};
	static const struct vendor_self untold = {.request = {.method = "GET",
							      .path = "/me?k={key}"},
						  .ids = no_ids};
	static const struct vendor_self told = {.request = {.method = "GET", .path = "/me"},
						.ids = ids};
	static const struct setting secrets[] = {{.name = "key", .type = SETTING_SECRET},
						 {.name = NULL}};
	struct vendor with_key = {.type = "server", .settings = secrets, .authorize = authorize};
	struct scene *scene = *state;
	char key[] = "CANARY", *values[] = {key, NULL}, *id = NULL;

	scene_play(scene, WHOLE, 0, 3);
	scene->server.tells = true;
	with_key.self_request = &told;
	scene->account.vendor = &with_key;
	scene->account.values = values;
	assert_int_equal(self_by_rule(&scene->call, &scene->account, &id), 0);
	assert_string_equal(id, "3");
	free(id);
	with_key.self_request = &untold;
	scene->account.secret_in_url = true;
	assert_int_not_equal(self_by_rule(&scene->call, &scene->account, &id), 0);
	assert_non_null(strstr(scene->call.words, "/me?k=*** answered 200 without an id"));
	scene->account.secret_in_url = false;
	scene->account.values = NULL;
	scene->account.vendor = &vendor;
}

int main(void)
{
	const struct CMUnitTest tests[] = {PAGED(test_no_record), PAGED(test_self)};

	return cmocka_run_group_tests_name("item_reply", tests, NULL, NULL);
}
