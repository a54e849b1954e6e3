/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_config_described.c - sections of the config whose vendor a description describes.
 *
 * The descriptions stand next to the config file, where they are looked for first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mount/config/config.h"
#include "tests/unit/config_vendors.h"
#include "vendors/rest/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/rosterfs-test-described-XXXXXX";
static char config_file[64];

static void put(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

#define HEAD "[vendor]\nname = X\ndocs = https://x\ndate = d\nevidence = memory\n"
#define LIST "[list]\nrequest = GET /users\nrows = /*\npaging = none\n"

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(config_file, sizeof(config_file), "%s/c.conf", directory);
	put("store.vendor",
	    HEAD "[settings]\ntoken = secret, required\nregion = eu | us\n"
		 "[api]\nbase_url = https://{region}.example/\nlag = 7\nparallel = 2\n"
		 "[auth]\nheader.Authorization = Bearer {token}\n" LIST);
	put("home.vendor", HEAD LIST);
	put("wrong.vendor", HEAD LIST "colour = red\n");
	put("clash.vendor", HEAD LIST "[settings]\nttl = text\n");
	put("query.vendor",
	    HEAD LIST "[api]\nbase_url = https://x.example\n[settings]\nk = secret\n"
		      "[auth]\nquery.k = {k}\n");
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"c.conf",       "store.vendor", "home.vendor",
					    "wrong.vendor", "clash.vendor", "query.vendor"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		(void)unlink(path);
	}
	return rmdir(directory);
}

static void accept_text(const char *text, struct config *config)
{
	char why[1024] = "";

	put("c.conf", text);
	if (config_read(config_file, config, why, sizeof(why)))
		fail_msg("refused: %s", why);
}

static void refuse_text(const char *text, unsigned line, const char *words)
{
	struct config config = {0};
	char why[1024] = "", begin[128];

	put("c.conf", text);
	assert_int_not_equal(config_read(config_file, &config, why, sizeof(why)), 0);
	(void)snprintf(begin, sizeof(begin), "%s:%u: ", config_file, line);
	if (strncmp(why, begin, strlen(begin)) != 0 || !strstr(why, words) || strchr(why, '\n') ||
	    strstr(why, "S3CRET"))
		fail_msg("'%s' instead of '%s%s'", why, begin, words);
	assert_null(config.accounts);
	assert_null(config.descriptions);
}

static void test_accounts(void **state)
{
	struct config config;
	struct account *one, *two;
	char path[128];

	(void)state;
	accept_text("[one]\ntype = store\ntoken = S3CRET\n"
		    "[store]\ntoken = t\nregion = us\nlag = 9\nbase_url = https://own.example/\n"
		    "trust = yes\nsecret_in_url = yes\ninactive_deletes = yes\n"
		    "delete_deactivates = yes\nrefresh_token_file = sub/token\nself_id = 5\n"
		    "[home]\nbase_url = https://home.example\n[shop]\nshop_key = x\n",
		    &config);
	assert_int_equal(config.account_count, 4);
	/* one description serves two accounts */
	assert_int_equal(config.description_count, 2);
	one = config.accounts[0];
	two = config.accounts[1];
	assert_ptr_not_equal(one->vendor, two->vendor);
	assert_string_equal(one->vendor->type, "store");
	assert_string_equal(one->endpoint.base_url, "https://eu.example");
	assert_string_equal(account_value(one, "token"), "S3CRET");
	assert_int_equal(one->lag, 7);
	assert_int_equal(one->endpoint.parallel, 2);
	assert_false(one->trust);
	assert_false(one->secret_in_url);
	assert_false(one->inactive_deletes);
	assert_false(one->delete_deactivates);
	assert_null(one->refresh_token_file);
	assert_string_equal(two->endpoint.base_url, "https://own.example");
	assert_int_equal(two->lag, 9);
	assert_int_equal(two->endpoint.parallel, 2);
	assert_true(two->trust);
	assert_true(two->secret_in_url);
	assert_true(two->inactive_deletes);
	assert_true(two->delete_deactivates);
	(void)snprintf(path, sizeof(path), "%s/sub/token", directory);
	assert_string_equal(two->refresh_token_file, path);
	assert_string_equal(account_value(two, "self_id"), "5");
	assert_string_equal(config.accounts[2]->endpoint.base_url, "https://home.example");
	assert_ptr_equal(config.accounts[3]->vendor, &shop);
	config_clear(&config);
}

/* Check the value of `auth` in a section that has KEYS. */
static void assert_auth(const char *keys, const char *auth)
{
	struct config config;
	char text[256];

	(void)snprintf(text, sizeof(text),
		       "[directory]\ntype = scim\nbase_url = https://one.example\n%s", keys);
	accept_text(text, &config);
	assert_string_equal(account_value(config.accounts[0], "auth"), auth);
	config_clear(&config);
}

/* A choice may depend on which other settings are given. */
static void test_choice(void **state)
{
	(void)state;
	assert_auth("token = t\n", "bearer");
	assert_auth("user = u\npassword = p\n", "basic");
	assert_auth("token_url = https://one.example/token\nclient_id = i\nclient_secret = s\n",
		    "client");
	assert_auth("auth = none\n", "none");
	assert_auth("auth = basic\ntoken = t\nuser = u\npassword = p\n", "basic");
	assert_auth("token = t\nuser = u\npassword = p\n", "bearer");
	/* none is given: the first */
	refuse_text("[directory]\ntype = scim\nbase_url = https://one.example\n", 1,
		    "{token} has no value");
}

static void test_refused(void **state)
{
	char words[256];

	(void)state;
	refuse_text("[store]\n", 1, "section [store] needs the key token (or token_file,");
	refuse_text("[store]\ntoken = S3CRET\nregio = us\n", 3, "did you mean region?");
	refuse_text("[store]\ntoken = S3CRET\ntrsut = yes\n", 3, "did you mean trust?");
	refuse_text("[store]\ntoken = S3CRET\nregion = cn\n", 3, "region must be one of: eu, us");
	refuse_text("[store]\ntoken = S3CRET\ntrust = maybe\n", 3, "trust must be yes or no");
	refuse_text("[home]\n", 1, "section [home] needs the key base_url");
	refuse_text("[shop]\nshop_key = S3CRET\ntrust = yes\n", 3,
		    "type shop has no key trust; remove the line");
	(void)snprintf(words, sizeof(words), "%s/wrong.vendor:10: unknown key colour", directory);
	refuse_text("\n[wrong]\n", 2, words);
	refuse_text("[a]\ntype = wrong\n", 2, words);
	refuse_text("[clash]\nbase_url = https://x.example\n", 1,
		    "the setting ttl has the name of a key that all vendors have");
	refuse_text("[query]\nk = S3CRET\n", 1, "secret_in_url = yes");
	refuse_text("[query]\nsecret_in_url = yes\n", 1, "query.k: {k} has no value");
	refuse_text("[a]\ntype = stroe\ntoken = t\n", 2, "unknown type; did you mean store?");
	(void)snprintf(words, sizeof(words), "TYPE.vendor was looked for in: %s, ", directory);
	refuse_text("[a]\ntype = S3CRET\n", 2, words);
	refuse_text("[a]\ntype = ../store\n", 2, "unknown type");
	/* nothing is installed next to this program */
	refuse_text("[okta]\n", 1,
		    "(the last is not there: rosterfs is not installed; run make install");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accounts),
	    cmocka_unit_test(test_choice),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
