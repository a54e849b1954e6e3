/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_description_account.c - what a description becomes for an account: variants, settings,
 * secrets, presets; and which file is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/description_text.h"

/* ---- variants ---- */

static const char variants[] = VENDOR
    "[settings]\nauth = key | basic\ntoken = secret\nregion = text\nextra = text\n"
    "[api]\n[api if region = eu]\nbase_url = https://eu.example\n"
    "[api unless region]\nbase_url = https://us.example\n"
    "[auth if auth = key]\nheader.K = {token}\n"
    "[auth if auth = basic]\nuser = u\npassword = {token}\n" LIST
    "[item]\nrequest = GET /u/{id}\n[item if extra]\nheader.E = {extra}\n";

static void test_variants(void **state)
{
	struct description *description = accept_text(variants);
	struct account *one = new_account(description), *two = new_account(description);
	const struct vendor *first, *second;

	(void)state;
	refuse_build(description, one, "header.K: {token} has no value");
	give(one, "token", "t");
	give(one, "extra", "e");
	first = build(description, one);
	give(two, "token", "t");
	give(two, "auth", "basic");
	give(two, "region", "eu");
	second = build(description, two);
	assert_string_equal(one->endpoint.base_url, "https://us.example");
	assert_string_equal(first->apis[0].auth_headers[0].name, "K");
	assert_null(first->apis[0].user);
	assert_string_equal(first->users->item->headers[0].name, "E");
	assert_string_equal(two->endpoint.base_url, "https://eu.example");
	assert_null(second->apis[0].auth_headers);
	assert_string_equal(second->apis[0].user, "u");
	assert_null(second->users->item->headers);
	account_free(one);
	one = new_account(description);
	give(one, "token", "t");
	give(one, "region", "cn");
	refuse_build(description, one, "there is no base_url");
	account_free(one);
	account_free(two);
	description_free(description);
}

/* Every variant is checked by itself, and the error says which one it is. */
static void test_each_variant(void **state)
{
	static const struct refusal refusals[] = {
	    {16, "{nothing} is neither a setting nor a placeholder of the format (with a = y)",
	     BASE "[settings]\na = x | y\n[auth]\n[auth if a = y]\nheader.A = {nothing}\n"},
	    {18,
	     "this key is in line 16 already, and both sections hold together (with a = x, b = x)",
	     BASE "[settings]\na = y | x\nb = text\n[auth if a = x]\nheader.A = 1\n"
		  "[auth if b]\nheader.A = 2\n"},
	    {8, "[list] needs the key paging (with a = y)",
	     VENDOR API "[list]\nrequest = GET /u\nrows = /*\n[list if a = x]\npaging = none\n"
			"[settings]\na = x | y\n"},
	};

	(void)state;
	REFUSE_ALL(refusals);
}

/* ---- settings ---- */

static void test_secrets(void **state)
{
	struct description *description = accept_text(
	    BASE "[settings]\nk = secret\n[auth]\nquery.key = {k}\n");
	struct account *account = new_account(description);

	(void)state;
	give(account, "k", "s3cret");
	refuse_build(description, account, "secret_in_url = yes");
	account->secret_in_url = true;
	assert_string_equal(build(description, account)->apis[0].auth_query[0].value, "{k}");
	account_free(account);
	description_free(description);
}

static void test_urls(void **state)
{
	struct description *description = accept_text(
	    VENDOR "[settings]\nhost = text\nlogin = url\n[api]\nbase_url = https://{host}/v1/\n"
		   "[token]\nrequest = POST {login}/token\ntoken = /t\n" LIST);
	struct account *account = new_account(description);

	(void)state;
	give(account, "host", "x.example");
	refuse_build(description, account, "request: {login} has no value");
	give(account, "login", "http://login.example");
	refuse_build(description, account, "request: {login}: ");
	give(account, "login", "https://login.example/a/");
	give(account, "host", "x.example/evil");
	refuse_build(description, account, "base_url: {host} has a character other than");
	give(account, "host", "evil.example?");
	refuse_build(description, account, "base_url: {host} has a character other than");
	give(account, "host", "x.example");
	assert_string_equal(build(description, account)->apis[0].token->request->path,
			    "https://login.example/a/token");
	assert_string_equal(account->endpoint.base_url, "https://x.example/v1");
	account_free(account);
	/* the account's own base_url takes the place of the description's */
	account = new_account(description);
	give(account, "login", "https://login.example");
	account->endpoint.base_url = strdup("https://proxy.example");
	(void)build(description, account);
	assert_string_equal(account->endpoint.base_url, "https://proxy.example");
	account_free(account);
	description_free(description);
}

/* Without a request for it, a deletion is what deactivates, if the account allows that. */
static void test_delete_instead(void **state)
{
	static const char text[] = BASE "[status]\npath = /id\nactive = *\ninactive = absent\n"
					"[update]\nrequest = PUT /u/{id}\nbody = {record}\n"
					"[delete]\nrequest = DELETE /u/{id}\nfrom = x\n";
	struct description *description = accept_text(text);
	const struct rule_status_request *deactivate = description_outline(description)
							   ->users->status->deactivate;

	(void)state;
	assert_string_equal(deactivate[0].request.path, "/u/{id}");
	assert_true(deactivate[0].deletes);
	assert_string_equal(deactivate[0].from[0].text, "x");
	assert_null(deactivate[1].name);
	description_free(description);
	/* an update can say it */
	description = accept_text(BASE "[status]\npath = /s\nactive = on\ninactive = off\n"
				       "[update]\nrequest = PUT /u/{id}\nbody = {record}\n"
				       "[delete]\nrequest = DELETE /u/{id}\n");
	assert_null(description_outline(description)->users->status->deactivate);
	description_free(description);
}

static void test_memory(void **state)
{
	struct description *description = accept_text(
	    "[vendor]\nname = X\ndocs = x\ndate = d\nevidence = memory\n" API LIST
	    "[create]\nrequest = POST /u\nbody = {record}\n"
	    "[delete]\nrequest = DELETE /u/{id}\n");
	const struct vendor *outline = description_outline(description);

	(void)state;
	assert_true(outline->memory);
	assert_true(outline->users->create->memory);
	assert_true(outline->users->listing->memory);
	/* a request that only reads is sent */
	assert_false(outline->users->listing->first->memory);
	description_free(description);
	description = accept_text(
	    "[vendor]\nname = X\ndocs = x\ndate = d\nevidence = memory\n" API LIST
	    "[create]\nrequest = POST /u\nbody = {record}\nevidence = tried\n"
	    "[delete]\nrequest = DELETE /u/{id}\n");
	outline = description_outline(description);
	assert_false(outline->memory);
	assert_false(outline->users->create->memory);
	assert_true(outline->users->remove->memory);
	description_free(description);
}

static void test_self(void **state)
{
	struct description *description = accept_text(BASE "[self]\nuser = none\n");
	const struct vendor *outline = description_outline(description);

	(void)state;
	assert_null(outline->self);
	description_free(description);
	/* nobody tells: the account's self_id is needed */
	description = accept_text(BASE);
	outline = description_outline(description);
	assert_non_null(outline->self);
	assert_null(outline->self_request);
	description_free(description);
}

static void test_manual(void **state)
{
	struct description *description = accept_text(VENDOR "kind = manual\nmanual = Text\n");
	struct account *account = new_account(description);

	(void)state;
	assert_null(description_outline(description)->users);
	assert_null(description_outline(description)->remains);
	assert_string_equal(build(description, account)->manual(account), "Text\n");
	give(account, "notice_file", "Own\n");
	assert_string_equal(account->vendor->manual(account), "Own\n");
	account_free(account);
	description_free(description);
}

/* ---- SCIM ---- */

static void test_scim(void **state)
{
	const char *const none[] = {NULL};
	struct description *description;
	struct account *account;
	const struct vendor *vendor;
	char why[300];

	(void)state;
	assert_int_equal(told_read("scim", none, &description, why, sizeof(why)), 0);
	assert_string_equal(description_file(description), "scim.vendor (built in)");
	account = new_account(description);
	account->endpoint.base_url = strdup("https://x.example");
	give(account, "token", "t");
	vendor = build(description, account);
	assert_null(vendor->self);
	assert_null(vendor->users->status->deactivate);
	assert_non_null(vendor->users->update->patch);
	assert_string_equal(vendor->users->update->request.method, "PATCH");
	assert_string_equal(vendor->users->update->request.alternative->body, "{record}");
	assert_string_equal(vendor->places[0].file, "group.json");
	account_free(account);
	account = new_account(description);
	account->endpoint.base_url = strdup("https://x.example");
	account->delete_deactivates = true;
	give(account, "self", "me");
	give(account, "auth", "client");
	give(account, "client_id", "c");
	give(account, "client_secret", "s");
	give(account, "token_url", "https://login.example/token");
	vendor = build(description, account);
	assert_string_equal(vendor->self_request->request.path, "/Me");
	assert_string_equal(account_value(account, "scope"), "");
	assert_string_equal(vendor->users->status->deactivate[0].request.method, "DELETE");
	assert_false(vendor->users->status->deactivate[0].deletes);
	assert_string_equal(vendor->apis[0].token->request->path, "https://login.example/token");
	account_free(account);
	description_free(description);
}

/* A description with kind = scim says only what is different. */
static void test_scim_preset(void **state)
{
	struct description *description = accept_text(
	    VENDOR "kind = scim\n" API "[settings]\nkey = secret\n[auth]\nheader.A = {key}\n"
		   "[list]\nsize = 7\n[self]\nuser = none\n[create]\nrequest = none\n"
		   "[groups/list]\nrequest = none\n[status]\nactive = yes\n");
	struct account *account = new_account(description);
	const struct vendor *vendor;

	(void)state;
	/* the preset settings are gone with what needs them */
	assert_string_equal(description_outline(description)->settings[0].name, "key");
	assert_string_equal(description_outline(description)->settings[1].name, "self_id");
	give(account, "key", "k");
	vendor = build(description, account);
	assert_string_equal(vendor->users->listing->first->path,
			    "/Users?startIndex={offset}&count={size}");
	assert_int_equal(vendor->users->page_size, 7);
	assert_int_equal(vendor->users->listing->start, 1);
	assert_string_equal(vendor->apis[0].auth_headers[0].name, "A");
	assert_null(vendor->apis[0].token);
	assert_null(vendor->self);
	assert_null(vendor->users->create);
	assert_null(vendor->users->creates);
	assert_null(vendor->places);
	assert_string_equal(vendor->users->status->active[0].text, "yes");
	assert_int_equal(vendor->users->status->active[1].type, VALUE_END);
	assert_int_equal(vendor->users->status->inactive[0].type, VALUE_FALSE);
	account_free(account);
	description_free(description);
}

/* ---- files ---- */

static int read_x(char *why, size_t size)
{
	struct description *description = NULL;
	int result = told_read("x", folders, &description, why, size);

	description_free(description);
	return result;
}

static void test_files(void **state)
{
	char why[300] = "";

	(void)state;
	(void)unlink(file);
	assert_int_equal(read_x(why, sizeof(why)), -ENOENT);
	put(BASE, strlen(BASE));
	assert_int_equal(read_x(why, sizeof(why)), 0);
	assert_int_equal(chmod(file, 0664), 0);
	assert_int_equal(read_x(why, sizeof(why)), -EPERM);
	assert_non_null(strstr(why, "group or others can write the file"));
	assert_int_equal(chmod(file, 0602), 0);
	assert_int_equal(read_x(why, sizeof(why)), -EPERM);
	assert_int_equal(chmod(file, 0644), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(file, 12345, 0), 0);
		assert_int_equal(read_x(why, sizeof(why)), -EPERM);
		assert_non_null(strstr(why, "belongs to another user"));
	}
	(void)unlink(file);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_int_equal(read_x(why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "not a regular file"));
	(void)unlink(file);
}

static void test_names(void **state)
{
	static const char *const bad[] = {"", "../x", "a/b", ".", "x.vendor", "a b"};
	struct description *description;
	char why[300];

	(void)state;
	put(BASE, strlen(BASE));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(told_read(bad[i], folders, &description, why, sizeof(why)),
				 -ENOENT);
}

/* A file comes before what is compiled in, and an earlier folder before a later one. */
static void test_order(void **state)
{
	const char *const order[] = {"/nonexistent", directory, NULL};
	struct description *description = NULL;
	char why[300], path[100];

	(void)state;
	put(VENDOR "kind = manual\nmanual = a\n", strlen(VENDOR "kind = manual\nmanual = a\n"));
	(void)snprintf(path, sizeof(path), "%s/cj.vendor", directory);
	assert_int_equal(rename(file, path), 0);
	assert_int_equal(told_read("cj", order, &description, why, sizeof(why)), 0);
	assert_string_equal(description_file(description), path);
	description_free(description);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(told_read("cj", order, &description, why, sizeof(why)), 0);
	assert_string_equal(description_file(description), "cj.vendor (built in)");
	description_free(description);
}

static void count_type(const char *type, void *arg)
{
	unsigned *counts = arg;

	counts[0] += strcmp(type, "x") == 0;
	counts[1] += strcmp(type, "scim") == 0;
}

static void test_each_type(void **state)
{
	unsigned counts[2] = {0, 0};

	(void)state;
	put(BASE, strlen(BASE));
	description_each_type(folders, count_type, counts);
	assert_int_equal(counts[0], 1);
	assert_int_equal(counts[1], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_variants),       cmocka_unit_test(test_each_variant),
	    cmocka_unit_test(test_secrets),        cmocka_unit_test(test_urls),
	    cmocka_unit_test(test_delete_instead), cmocka_unit_test(test_memory),
	    cmocka_unit_test(test_self),           cmocka_unit_test(test_manual),
	    cmocka_unit_test(test_scim),           cmocka_unit_test(test_scim_preset),
	    cmocka_unit_test(test_files),          cmocka_unit_test(test_names),
	    cmocka_unit_test(test_order),          cmocka_unit_test(test_each_type),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
