/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sharing.c - the keys of the shared store in the config, and the file with its key.
 */
#include "mount/config/config.h"
#include "mount/config/key_file.h"
#include "mount/config/sharing.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS 8192
#define VENDOR "[acme]\ntype = partnerize\napplication_key = a\nuser_api_key = b\n"
#define SHARED "[rosterfs]\nshared = unix:/run/r.sock\n"

static char folder[] = "/tmp/rosterfs-test-sharing-XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void put(const char *name, size_t length, mode_t mode)
{
	char bytes[128];
	FILE *file = fopen(in_folder(name), "w");

	assert_non_null(file);
	memset(bytes, 'k', sizeof(bytes));
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(in_folder(name), mode), 0);
}

static int read_text(const char *text, struct config *config, char why[WORDS])
{
	FILE *file = fopen(in_folder("c.conf"), "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(in_folder("c.conf"), 0600), 0);
	return config_read(in_folder("c.conf"), config, why, WORDS);
}

static void refuse(const char *text, const char *words)
{
	struct config config = {0};
	char why[WORDS] = "";

	assert_int_not_equal(read_text(text, &config, why), 0);
	if (!strstr(why, words) || strchr(why, '\n'))
		fail_msg("'%s' lacks '%s'", why, words);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	put("key", KEY_FILE_BYTES, 0600);
	put("password", 20, 0600);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"key", "password", "c.conf", "odd", "new"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(in_folder(names[i]));
	return rmdir(folder);
}

static void test_key_file(void **state)
{
	uint8_t key[KEY_FILE_BYTES], other[KEY_FILE_BYTES];
	char why[512];
	struct stat status;

	(void)state;
	umask(0);
	assert_int_equal(key_file_create(in_folder("new"), why, sizeof(why)), 0);
	assert_int_equal(stat(in_folder("new"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(key_file_read(in_folder("new"), key, why, sizeof(why)), 0);
	assert_int_equal(key_file_create(in_folder("new"), why, sizeof(why)), -EEXIST);
	assert_non_null(strstr(why, "is not replaced"));
	assert_int_equal(key_file_read(in_folder("new"), other, why, sizeof(why)), 0);
	assert_memory_equal(key, other, sizeof(key));
	assert_int_equal(key_file_read(folder, key, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "not a regular file"));
	assert_int_equal(key_file_read(in_folder("none"), key, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, "--new-key"));
	assert_int_equal(key_file_create(in_folder("none/new"), why, sizeof(why)), -ENOENT);
	put("odd", 31, 0600);
	assert_int_equal(key_file_read(in_folder("odd"), key, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "31 bytes and must have 32"));
	put("odd", KEY_FILE_BYTES, 0620);
	assert_int_equal(key_file_read(in_folder("odd"), key, why, sizeof(why)), -EPERM);
	if (geteuid() == 0) {
		put("odd", KEY_FILE_BYTES, 0600);
		assert_int_equal(chown(in_folder("odd"), 65534, (gid_t)-1), 0);
		assert_int_equal(key_file_read(in_folder("odd"), key, why, sizeof(why)), -EPERM);
		assert_non_null(strstr(why, "another user"));
	}
}

static void test_none(void **state)
{
	struct config config;
	char why[WORDS];

	(void)state;
	assert_int_equal(read_text(VENDOR, &config, why), 0);
	assert_null(config.shared);
	assert_string_equal(account_shared_name(config.accounts[0]), "acme");
	config_clear(&config);
	refuse("[rosterfs]\nshared_required = no\n" VENDOR, "no effect without the key shared");
	/* files that would not be used are not read */
	refuse("[rosterfs]\nshared_key_file = none\n" VENDOR, "no effect without the key shared");
}

static void test_all(void **state)
{
	struct shared_settings settings;
	struct config config = {0};
	char why[WORDS];

	(void)state;
#ifndef ROSTERFS_SHARED
	refuse(SHARED "shared_key_file = key\n" VENDOR, "built without");
	return;
#endif
	if (read_text(SHARED "shared_key_file = key\nshared_user = jo\nshared_ca_file = ca\n"
			     "shared_password_file = password\nshared_required = no\n" VENDOR
			     "shared_name = one for all\n",
		      &config, why))
		fail_msg("%s", why);
	settings = sharing_settings(&config);
	assert_string_equal(settings.url, "unix:/run/r.sock");
	assert_string_equal(settings.user, "jo");
	assert_string_equal(settings.password, "kkkkkkkkkkkkkkkkkkkk");
	assert_string_equal(settings.ca_file, in_folder("ca"));
	assert_memory_equal(settings.key, "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", KEY_FILE_BYTES);
	assert_false(settings.required);
	assert_string_equal(account_shared_name(config.accounts[0]), "one for all");
	config_clear(&config);

	assert_int_equal(read_text(SHARED "shared_key_file = key\n" VENDOR, &config, why), 0);
	settings = sharing_settings(&config);
	assert_null(settings.user);
	assert_null(settings.password);
	assert_null(settings.ca_file);
	assert_true(settings.required);
	config_clear(&config);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
	    {SHARED VENDOR, "shared needs the key shared_key_file"},
	    {SHARED "shared_key_file = none\n" VENDOR, "rosterfs --new-key FILE makes one"},
	    {SHARED "shared_key_file = key\nshared_password_file = none\n" VENDOR,
	     "shared_password_file: the file cannot be opened"},
	    {SHARED "shared_key_file = key\nshared_user = jo\n" VENDOR,
	     "shared_user needs the key shared_password_file"},
	    {SHARED "shared_key_file = key\nshared_required = perhaps\n" VENDOR, "yes or no"},
	    {"[rosterfs]\nshared = redis://u:secret@x\nshared_key_file = key\n" VENDOR,
	     "must have no user and no password"},
	    {"[rosterfs]\nshared = http://x\nshared_key_file = key\n" VENDOR, "must be redis://"},
#ifndef ROSTERFS_SHARED_TLS
	    {"[rosterfs]\nshared = rediss://x\nshared_key_file = key\n" VENDOR, "without TLS"},
#endif
	    {SHARED "shared_key_file = key\nshared_nam = x\n" VENDOR, "unknown key shared_nam"},
	    {SHARED "shared_key_file = key\nshared_name = x\n" VENDOR,
	     "belongs in the section of a vendor"},
	};

	(void)state;
#ifndef ROSTERFS_SHARED
	skip();
#endif
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refuse(cases[i].text, cases[i].words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_key_file),
	    cmocka_unit_test(test_none),
	    cmocka_unit_test(test_all),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
