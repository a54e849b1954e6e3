/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_description.c - where each key of a description goes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/description_text.h"

#include <stdbool.h>

/* ---- what is compared ---- */

static void is_text(const char *text, const char *expected)
{
	if (!text || !expected)
		assert_ptr_equal(text, expected);
	else
		assert_string_equal(text, expected);
}

/* The pointers of LIST are those of EXPECTED, with blanks between. */
static void is_list(const char *const *list, const char *expected)
{
	char joined[400] = "";

	for (; list && *list; list++) {
		stpcpy(strchr(joined, 0), *list);
		stpcpy(strchr(joined, 0), list[1] ? " " : "");
	}
	assert_string_equal(joined, expected);
}

/* The same for values, as JSON writes them. */
static void is_values(const struct value *values, const char *expected)
{
	static const char *const words[] = {[VALUE_NULL] = "null",
					    [VALUE_TRUE] = "true",
					    [VALUE_FALSE] = "false",
					    [VALUE_ABSENT] = "absent",
					    [VALUE_ANY] = "*"};
	char joined[400] = "";

	for (; values && values->type != VALUE_END; values++) {
		bool quoted = values->type == VALUE_TEXT;

		stpcpy(strchr(joined, 0), quoted ? "'" : "");
		stpcpy(strchr(joined, 0), values->text          ? values->text
					  : words[values->type] ? words[values->type]
								: "?");
		stpcpy(strchr(joined, 0), quoted ? "'" : "");
		stpcpy(strchr(joined, 0), values[1].type != VALUE_END ? " " : "");
	}
	assert_string_equal(joined, expected);
}

static void is_source(const struct source *source, enum source_kind kind, const char *name)
{
	assert_int_equal(source->kind, kind);
	is_text(source->name, name);
}

static void is_request(const struct rule_request *request, const char *method, const char *path,
		       const char *body)
{
	assert_non_null(request);
	is_text(request->method, method);
	is_text(request->path, path);
	is_text(request->body, body);
}

static unsigned flags_of(const struct collection *collection, const char *name)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		if (strcmp(field->name, name) == 0)
			return field->flags;
	}
	return 0;
}

/* ---- the example of the format ---- */

static const char redmine[] =
    "[vendor]\nname = Redmine\ndocs = https://www.redmine.org/projects/redmine/wiki/Rest_Users\n"
    "evidence = tried\ndate = 2026-11-29\nremains = the person's API key stays valid\n"
    "about.base_url = where it is\nabout.key = what it is\n\n"
    "[settings]\nkey = secret, required\n\n"
    "[auth]\nheader.X-Redmine-API-Key = {key}\n\n"
    "[list]\n# a comment\n"
    "request = GET /users.json?status={each}&offset={offset}&limit={size}\n"
    "each = \"\", 1, 2, 3\nrows = /users/*\nwhole = no\npaging = offset\nsize = 100\n"
    "total = /total_count\n\n"
    "[item]\nrequest = GET /users/{id}.json\nroot = /user\n\n"
    "[fields]\nlogin = /login\nemail = /mail\nname = /firstname /lastname\ncreated = /created_on\n"
    "updated = /updated_on\nread_only = /id, /created_on, /updated_on,\n /last_login_on, /api_key\n"
    "required = /login, /mail\nhidden = /api_key, /password\n\n"
    "[status]\npath = /status\nactive = 1\ninactive = 3\n\n"
    "[update]\nrequest = PUT /users/{id}.json\nbody = {\"user\": {changes}}\n\n"
    "[create]\nrequest = POST /users.json\nbody = {\"user\": {record}}\n\n"
    "[delete]\nrequest = DELETE /users/{id}.json\n\n"
    "[find]\nrequest = GET /users.json?status=&limit=100&name={email}\n\n"
    "[self]\nrequest = GET /users/current.json\n";

static void test_example(void **state)
{
	struct description *description = accept_text(redmine);
	const struct vendor *outline = description_outline(description), *vendor;
	struct account *account = new_account(description);
	const struct collection *users;

	(void)state;
	assert_string_equal(description_file(description), file);
	assert_string_equal(outline->type, "x");
	assert_non_null(outline->users);
	assert_null(outline->apis);
	assert_false(description_has_base_url(description));
	assert_string_equal(outline->settings[0].name, "key");
	assert_int_equal(outline->settings[0].type, SETTING_SECRET);
	assert_true(outline->settings[0].required);
	assert_string_equal(outline->settings[0].about, "what it is");
	assert_string_equal(outline->base_url_about, "where it is");
	assert_string_equal(outline->settings[1].name, "self_id");
	assert_null(outline->settings[2].name);
	give(account, "key", "k");
	refuse_build(description, account, "there is no base_url");
	account->endpoint.base_url = strdup("https://redmine.example");
	vendor = build(description, account);
	assert_ptr_equal(vendor->settings, outline->settings);
	assert_string_equal(account->endpoint.base_url, "https://redmine.example");
	is_text(vendor->apis[0].name, "");
	is_text(vendor->apis[0].auth_headers[0].name, "X-Redmine-API-Key");
	is_text(vendor->apis[0].auth_headers[0].value, "{key}");
	assert_null(vendor->apis[1].name);
	users = vendor->users;
	is_text(users->name, "users");
	is_request(users->listing->first, "GET",
		   "/users.json?status={each}&offset={offset}&limit={size}", NULL);
	is_values(users->listing->each, "'' 1 2 3");
	is_list(users->listing->rows, "/users/*");
	assert_true(users->listing->partial);
	assert_int_equal(users->paging(account), PAGING_OFFSET);
	assert_int_equal(users->listing->start, 0);
	assert_int_equal(users->page_size, 100);
	is_source(&users->listing->total[0], SOURCE_BODY, "total_count");
	assert_int_equal(users->listing->total[1].kind, SOURCE_NONE);
	is_source(&users->listing->cut.source, SOURCE_BODY, "truncated");
	is_values(users->listing->cut.values, "true");
	is_request(users->item, "GET", "/users/{id}.json", NULL);
	is_list(users->roots, "user");
	assert_int_equal(users->gone_codes[0], 404);
	assert_int_equal(users->gone_codes[1], 410);
	assert_int_equal(users->gone_codes[2], 0);
	is_list(users->id_keys, "id");
	is_list(users->email_keys, "mail");
	is_list(users->login_keys, "login");
	is_list(users->name_keys, "firstname lastname");
	assert_null(users->role_keys);
	is_list(users->created_keys, "created_on");
	is_list(users->time_keys, "updated_on created_on");
	/* without a version, the time of the last update names one */
	is_text(users->stamp_key, "updated_on");
	assert_int_equal(flags_of(users, "id"), FIELD_SYSTEM);
	assert_int_equal(flags_of(users, "last_login_on"), FIELD_SYSTEM);
	assert_int_equal(flags_of(users, "api_key"), FIELD_SYSTEM | FIELD_CONFIDENTIAL);
	assert_int_equal(flags_of(users, "password"), FIELD_CONFIDENTIAL);
	assert_int_equal(flags_of(users, "mail"), FIELD_REQUIRED);
	assert_int_equal(flags_of(users, "status"), 0);
	is_text(users->status_key, "status");
	is_values(users->status->active, "1");
	is_values(users->status->inactive, "3");
	assert_null(users->status->activate);
	assert_null(users->status->deactivate);
	is_request(&users->update->request, "PUT", "/users/{id}.json", "{\"user\": {changes}}");
	is_request(users->create, "POST", "/users.json", "{\"user\": {record}}");
	assert_true(users->creates(account));
	is_request(users->remove, "DELETE", "/users/{id}.json", NULL);
	assert_true(users->deletes);
	is_request(users->find, "GET", "/users.json?status=&limit=100&name={email}", NULL);
	is_request(&vendor->self_request->request, "GET", "/users/current.json", NULL);
	is_list(vendor->self_request->ids, "id");
	is_list(vendor->self_request->roots, "user");
	assert_non_null(vendor->self);
	is_text(vendor->remains, "the person's API key stays valid");
	assert_false(vendor->memory);
	assert_null(vendor->places);
	assert_string_equal(vendor->manual(account),
			    "Redmine: what no API does\n\nthe person's API key stays valid\n\nThe "
			    "vendor's documents: https://www.redmine.org/projects/redmine/wiki/"
			    "Rest_Users\n");
	account_free(account);
	description_free(description);
}

/* ---- every other key ---- */

static const char full[] =
    "[vendor]\nkind = rest\nname = X\ndocs = https://x\ndate = d\nevidence = documents\n"
    "manual = First\n .\n  second \n[api]\nbase_url = https://x.example/v1/\nheader.Accept = a/b\n"
    "lag = 5\nparallel = 3\n[api other]\nbase_url = https://other.example\n[auth other]\n"
    "user = {name}\npassword = \"\"\n"
    "[settings]\nname = text, default a b\nkey = secret\nkind = A | B\nurl = url\n"
    "[auth]\nheader.A = {access_token}\nheader.B = {site}\nquery.q = {name}\n"
    "[token]\nrequest = POST https://login.example/{name}?a=b\nbody = grant=x&k={key}&r={refresh_token}\n"
    "user = {name}\npassword = {key}\ntoken = header:X-Token\nexpires = /in ms\nrefresh = /r/t\n"
    "save.site = /site/id\nheader.C = c\n"
    "[list]\nrequest = POST /list?s={size}\nbody = {\"c\": {cursor}}\ncontent_type = a/json\n"
    "header.D = d\nrows = /a/*, /b/*/c\nno_rows = empty\npaging = cursor\nsize = 7\n"
    "next = last:/id\nend = /more false, \"false\"\ntotal = /t, header:X-T\nrecords = /r\n"
    "pages = /p\ncut = header:X-Cut *\nceiling = 500\n"
    "[list next]\nrequest = POST /list/continue\nbody = {\"c\": \"{cursor}\"}\napi = other\n"
    "[item]\nrequest = GET /u/{id}\nroot = /x/y, .\ngone = 403,\n 404\ngone_when = /deleted true\n"
    "reserved = me, count\n"
    "[find]\nrequest = GET /u?e={email}\nrows = /found/*\n"
    "[self]\nrequest = GET /me, GET /self\nid = /user/id, /id\nroot = /r\n"
    "[fields]\nrole = /k/*/v, /l\nid = /key/id, /id\npath_id = /pid\nversion = /v\nrow_root = /user, .\n"
    "immutable = /i\neach_time = /e\nwrite_only = /w/x\nunknown = refuse\n"
    "[status]\npath = /s/a~1b\nactive = *, on\ninactive = absent, null, \"off\", 0\n"
    "[update]\nrequest = PUT /u/{id}, POST /u/{id}\nbody = {\"d\": {changes/p}, \"n\": {/n}}\n"
    "alternative_body = {record}\nalternative_id = /own/id\nmerge = deep\nclear = empty\n"
    "if_match = required\nanswer = other\n"
    "[create]\nrequest = POST /u\nbody = {\"e\": {/e}}\nid = /new/id\nevidence = memory\n"
    "[delete]\nrequest = POST /u/{id}/delete\nfrom = off\n"
    "[activate a]\nrequest = POST /u/{id}/a\nfrom = off, null\n[activate]\nrequest = POST /u/{id}/b\n"
    "[deactivate d]\nrequest = DELETE /u/{id}\nsoft = https://x\n"
    "[deactivate e]\nrequest = DELETE /u/{id}/e\nsoft = no\n"
    "[errors]\nmessage = /m, /n\nfail_when = /ok false\nlimited_when = header:R 0\nretry_after = header:W\n"
    "[place teams]\n[teams/list]\nrequest = GET /teams?p={page}\nrows = /*\npaging = page\nfirst = 0\n"
    "[teams/item]\nrequest = GET /teams/{id}\nroot = /team\n[teams/fields]\nid = /tid\n"
    "[teams/members]\nin = /people/*\nuser = /who/id\n"
    "[teams/join]\nrequest = PUT /teams/{parent}/{member}\n"
    "[teams/leave]\nrequest = DELETE /teams/{parent}/{member}\n"
    "[place roles]\nrecord = role\n[roles/list]\nrequest = GET /roles\nrows = /*\npaging = none\n"
    "[roles/members]\nrequest = GET /roles/{parent}\nrows = /m/*\npaging = link\norigin = ignore\nuser = /id\n"
    "[place things]\n[things/list]\nrequest = GET /things\nrows = /*\npaging = url\nnext = /n\n";

static struct description *description;
static struct account *account;
static const struct vendor *vendor;

static int set_up_full(void **state)
{
	if (set_up(state))
		return -1;
	description = accept_text(full);
	account = new_account(description);
	assert_int_equal(account->lag, 5);
	assert_int_equal(account->endpoint.parallel, 3);
	give(account, "key", "k");
	vendor = build(description, account);
	return 0;
}

static int tear_down_full(void **state)
{
	account_free(account);
	description_free(description);
	return tear_down(state);
}

static void test_apis(void **state)
{
	const struct rule_api *apis = vendor->apis;
	const struct rule_token *token = apis[0].token;

	(void)state;
	assert_string_equal(account->endpoint.base_url, "https://x.example/v1");
	assert_string_equal(account->others[0].base_url, "https://other.example");
	is_text(apis[0].headers[0].name, "Accept");
	assert_null(apis[0].headers[1].name);
	is_text(apis[0].auth_headers[1].value, "{site}");
	is_text(apis[0].auth_query[0].name, "q");
	is_text(apis[1].name, "other");
	is_text(apis[1].user, "{name}");
	is_text(apis[1].password, "");
	assert_null(apis[1].token);
	assert_null(apis[2].name);
	is_request(token->request, "POST", "https://login.example/{name}?a=b",
		   "grant=x&k={key}&r={refresh_token}");
	is_text(token->request->headers[0].name, "C");
	is_text(token->user, "{name}");
	is_text(token->password, "{key}");
	is_source(&token->token, SOURCE_HEADER, "X-Token");
	is_source(&token->expires, SOURCE_BODY, "in");
	assert_true(token->expires_ms);
	is_source(&token->refresh, SOURCE_BODY, "/r/t");
	is_text(token->save[0].name, "site");
	is_source(&token->save[0].source, SOURCE_BODY, "/site/id");
	assert_null(token->save[1].name);
	is_text(account_value(account, "name"), "a b");
	is_text(account_value(account, "kind"), "A");
	is_text(vendor->manual(account), "First\n\n second\n");
	assert_true(description_has_base_url(description));
}

static void test_list(void **state)
{
	const struct collection *users = vendor->users;
	const struct rule_list *list = users->listing;

	(void)state;
	is_request(list->first, "POST", "/list?s={size}", "{\"c\": {cursor}}");
	is_text(list->first->content_type, "a/json");
	is_text(list->first->headers[0].name, "D");
	is_request(list->next, "POST", "/list/continue", "{\"c\": \"{cursor}\"}");
	assert_int_equal(list->next->api, 1);
	is_list(list->rows, "/a/* /b/*/c");
	assert_true(list->no_rows_is_empty);
	assert_false(list->partial);
	assert_int_equal(users->paging(account), PAGING_CURSOR);
	is_source(&list->next_source, SOURCE_LAST, "id");
	is_source(&list->end.source, SOURCE_BODY, "more");
	is_values(list->end.values, "false 'false'");
	is_source(&list->total[1], SOURCE_HEADER, "X-T");
	is_source(&list->records[0], SOURCE_BODY, "r");
	is_source(&list->pages[0], SOURCE_BODY, "p");
	is_source(&list->cut.source, SOURCE_HEADER, "X-Cut");
	is_values(list->cut.values, "*");
	assert_int_equal(users->offset_ceiling, 500);
	is_list(users->roots, "/x/y .");
	assert_int_equal(users->gone_codes[0], 403);
	is_source(&users->gone_when.source, SOURCE_BODY, "deleted");
	is_list(users->taken, "me count");
	is_list(users->find_rows, "/found/*");
	is_list(vendor->self_request->ids, "/user/id id");
	is_list(vendor->self_request->roots, "r");
	is_request(vendor->self_request->request.alternative, "GET", "/self", NULL);
}

static void test_records(void **state)
{
	const struct collection *users = vendor->users;
	const struct rule_request *update = &users->update->request;

	(void)state;
	is_list(users->id_keys, "/key/id id");
	is_text(users->path_id_key, "pid");
	is_text(users->stamp_key, "v");
	is_list(users->row_roots, "user .");
	is_list(users->email_keys, "email");
	is_list(users->role_keys, "/k/*/v l");
	assert_true(users->refuses_unknown);
	assert_int_equal(flags_of(users, "i"), FIELD_IMMUTABLE);
	assert_int_equal(flags_of(users, "e"), FIELD_EACH_TIME | FIELD_MAY_HIDE);
	assert_int_equal(flags_of(users, "/w/x"), FIELD_WRITE_ONLY);
	assert_int_equal(flags_of(users, "pid"), FIELD_SYSTEM);
	/* it has requests of its own */
	assert_int_equal(flags_of(users, "/s/a~1b"), FIELD_SYSTEM);
	is_values(users->status->active, "* 'on'");
	is_values(users->status->inactive, "absent null 'off' 0");
	is_request(update, "PUT", "/u/{id}", "{\"d\": {changes/p}, \"n\": {/n}}");
	is_request(update->alternative, "POST", "/u/{id}", "{record}");
	is_text(update->alternative->id_member, "/own/id");
	assert_int_not_equal(update->alternative_bit,
			     vendor->self_request->request.alternative_bit);
	assert_true(users->update->deep);
	assert_int_equal(users->update->clear, RULE_CLEAR_EMPTY);
	assert_int_equal(users->update->if_match, RULE_IF_MATCH_REQUIRED);
	assert_true(users->update->other_answer);
	is_source(&users->created_id, SOURCE_BODY, "/new/id");
	is_values(users->remove_from, "'off'");
	assert_true(users->create->memory);
	assert_false(update->memory);
	assert_false(vendor->memory);
}

static void test_status_requests(void **state)
{
	const struct rule_status *status = vendor->users->status;

	(void)state;
	is_text(status->activate[0].name, "a");
	is_values(status->activate[0].from, "'off' null");
	is_text(status->activate[1].name, "");
	assert_null(status->activate[1].from);
	assert_null(status->activate[2].name);
	is_request(&status->deactivate[0].request, "DELETE", "/u/{id}", NULL);
	assert_false(status->deactivate[0].deletes);
	assert_true(status->deactivate[1].deletes);
}

static void test_errors_section(void **state)
{
	(void)state;
	is_source(&vendor->errors->message[0], SOURCE_BODY, "m");
	is_source(&vendor->errors->message[1], SOURCE_BODY, "n");
	is_values(vendor->errors->fail_when.values, "false");
	is_source(&vendor->errors->limited_when.source, SOURCE_HEADER, "R");
	is_values(vendor->errors->limited_when.values, "0");
	is_source(&vendor->errors->retry_after, SOURCE_HEADER, "W");
}

static void test_places(void **state)
{
	const struct place *teams = &vendor->places[0], *roles = &vendor->places[1];
	const struct collection *members = teams->below[0].collection;
	json_t *body;

	(void)state;
	is_text(teams->name, "teams");
	assert_int_equal(teams->kind, PLACE_FOLDERS);
	is_text(teams->file, "team.json");
	is_list(teams->collection->id_keys, "tid");
	is_list(teams->collection->email_keys, "");
	assert_int_equal(teams->collection->listing->start, 0);
	assert_int_equal(teams->collection->paging(account), PAGING_NUMBER);
	is_text(teams->below[0].name, "members");
	assert_int_equal(teams->below[0].kind, PLACE_LINKS);
	assert_null(teams->below[1].name);
	is_request(members->listing->first, "GET", "/teams/{parent}", NULL);
	is_list(members->listing->rows, "/team/people/*");
	is_list(members->id_keys, "/who/id");
	is_request(members->create, "PUT", "/teams/{parent}/{member}", NULL);
	is_request(members->remove, "DELETE", "/teams/{parent}/{member}", NULL);
	body = members->link(members, "7");
	assert_string_equal(json_string_value(json_object_get(json_object_get(body, "who"), "id")),
			    "7");
	json_decref(body);
	is_text(roles->file, "role.json");
	members = roles->below[0].collection;
	is_request(members->listing->first, "GET", "/roles/{parent}", NULL);
	assert_true(members->listing->link);
	assert_true(members->listing->any_origin);
	assert_int_equal(members->paging(account), PAGING_URL);
	assert_null(members->link);
	assert_int_equal(vendor->places[2].kind, PLACE_FILES);
	assert_int_equal(vendor->places[2].collection->paging(account), PAGING_URL);
	assert_null(vendor->places[3].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_example),
	    cmocka_unit_test(test_apis),
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_records),
	    cmocka_unit_test(test_status_requests),
	    cmocka_unit_test(test_errors_section),
	    cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, set_up_full, tear_down_full);
}
