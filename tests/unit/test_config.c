/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_config.c - the config file: what is accepted, what is refused and with which words.
 *
 * The vendors here are this test's own, so that it says what config.c does with any table. It
 * writes small files into a directory of its own and removes it. Nothing is sent anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cache/changes/change_marks.h"
#include "mount/config/config.h"
#include "tests/unit/config_vendors.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files ---- */

static char directory[] = "/tmp/rosterfs-test-config-XXXXXX";
static char config_file[64];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(config_file, sizeof(config_file), "%s/c.conf", directory);
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"c.conf", "key", "note", "large"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		(void)unlink(path);
	}
	return rmdir(directory);
}

static void put(const char *name, const char *text, size_t length, mode_t mode)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int read_text(const char *text, mode_t mode, struct config *config, char *why, size_t size)
{
	put("c.conf", text, strlen(text), mode);
	return config_read(config_file, config, why, size);
}

static void accept_text(const char *text, mode_t mode, struct config *config)
{
	char why[512] = "";

	if (read_text(text, mode, config, why, sizeof(why)) != 0)
		fail_msg("refused: %s", why);
}

/* LINE 0: the error has no line. */
static void refuse_text(const char *text, mode_t mode, unsigned line, const char *words)
{
	char why[512] = "";
	char begin[128];
	struct config config = {0};
	int result = read_text(text, mode, &config, why, sizeof(why));

	if (line)
		(void)snprintf(begin, sizeof(begin), "%s:%u: ", config_file, line);
	else
		(void)snprintf(begin, sizeof(begin), "%s: ", config_file);
	if (result >= 0) {
		config_clear(&config);
		fail_msg("accepted, instead of '%s': %s", words, text);
	}
	if (strncmp(why, begin, strlen(begin)) != 0 || !strstr(why, words) || strchr(why, '\n'))
		fail_msg("'%s' instead of '%s%s' for: %s", why, begin, words, text);
	if (strstr(why, "S3CRET"))
		fail_msg("a secret in the words: %s", why);
	assert_null(config.accounts);
}

#define KEY "shop_key = S3CRET\n"
#define SHOP "[shop]\n" KEY

/* ---- what is accepted ---- */

static void test_defaults(void **state)
{
	struct config config;
	const struct account *account;

	(void)state;
	accept_text(SHOP, 0600, &config);
	assert_int_equal(config.status_limit, 100);
	assert_int_equal(config.status_window, 3600);
	assert_int_equal(config.scratch_limit, 64 << 20);
	assert_true(config.csv_guard);
	assert_false(config.csv_bom);
	assert_null(config.audit_log);
	assert_null(config.history_dir);
	assert_int_equal(config.log_umask, 077);
	assert_int_equal(config.changes_limit, 10000);
	assert_null(config.changes_log);
	assert_false(change_marks_outside(config.domains, "jane@example.com"));
	assert_int_equal(config.account_count, 1);
	account = config.accounts[0];
	assert_string_equal(account->name, "shop");
	assert_ptr_equal(account->vendor, &shop);
	assert_string_equal(account->endpoint.base_url, "https://shop.example");
	assert_int_equal(account->ttl, 300);
	assert_int_equal(account->poll, 0);
	assert_int_equal(account->grace, 0);
	assert_int_equal(account->endpoint.parallel, 8);
	assert_int_equal(account->endpoint.timeout, 30);
	assert_int_equal(account->endpoint.retry_budget, 120);
	assert_int_equal(account->lag, 60);
	assert_int_equal(account->max_users, 2000000);
	assert_false(account->allow_delete);
	assert_string_equal(account_value(account, "shop_key"), "S3CRET");
	assert_null(account_value(account, "spare_key"));
	assert_string_equal(account_value(account, "auth"), "headers");
	assert_null(account_value(account, "self_id"));
	config_clear(&config);
	assert_int_equal(config.account_count, 0);
}

static void test_all_keys(void **state)
{
	struct config config;
	const struct account *account;
	char path[128];

	(void)state;
	put("note", "Zeile 1\n\xC3\xA4\n", 11, 0644);
	accept_text(
	    "# a comment ; with anything\xC2\xA0in it\r\n"
	    "; another\n"
	    "   \t\n"
	    "[second store]\r\n"
	    "shop_key=a#b;c = d : \"e\"\r\n"
	    "spare_key : two words#no comment\n"
	    "base_url = https://x.example/v1//\n"
	    "ttl = 0\npoll = 9\ngrace = 60\nparallel = 64\ntimeout = 3600\nretry_budget = 0\nlag = 1\n"
	    "max_users = 7\n"
	    "allow_delete = yes\nauth = basic\nself_id = 7\n"
	    "type = shop\n"
	    "\n[rosterfs]\n"
	    "status_limit: 0\nstatus_window = 1\nscratch_limit = 2K\naudit_log = sub/audit\n"
	    "history_dir = sub/history\nlog_umask = 0027\n"
	    "csv_formulas = raw\ncsv_bom = yes\n"
	    "changes_limit = 5\nchanges_log = sub/changes\ndomains = example.com\n"
	    "[6sense]\ntype = hand\nnotice_file = note\n"
	    "[\xC3\xA4]\ntype = shop\nshop_key = x\n"
	    "[paper]",
	    0600, &config);
	assert_int_equal(config.status_limit, 0);
	assert_int_equal(config.status_window, 1);
	assert_int_equal(config.scratch_limit, 2048);
	assert_false(config.csv_guard);
	assert_true(config.csv_bom);
	(void)snprintf(path, sizeof(path), "%s/sub/audit", directory);
	assert_string_equal(config.audit_log, path);
	(void)snprintf(path, sizeof(path), "%s/sub/history", directory);
	assert_string_equal(config.history_dir, path);
	assert_int_equal(config.log_umask, 027);
	assert_int_equal(config.changes_limit, 5);
	(void)snprintf(path, sizeof(path), "%s/sub/changes", directory);
	assert_string_equal(config.changes_log, path);
	assert_true(change_marks_outside(config.domains, "jo@example.org"));
	assert_int_equal(config.account_count, 4);
	account = config.accounts[0];
	assert_string_equal(account->name, "second store");
	assert_string_equal(account->endpoint.base_url, "https://x.example/v1");
	assert_int_equal(account->ttl, 0);
	assert_int_equal(account->poll, 9);
	assert_int_equal(account->grace, 60);
	assert_int_equal(account->endpoint.parallel, 64);
	assert_int_equal(account->endpoint.timeout, 3600);
	assert_int_equal(account->endpoint.retry_budget, 0);
	assert_int_equal(account->lag, 1);
	assert_int_equal(account->max_users, 7);
	assert_true(account->allow_delete);
	assert_string_equal(account_value(account, "shop_key"), "a#b;c = d : \"e\"");
	assert_string_equal(account_value(account, "spare_key"), "two words#no comment");
	assert_string_equal(account_value(account, "auth"), "basic");
	assert_string_equal(account_value(account, "self_id"), "7");
	assert_string_equal(account_value(config.accounts[1], "notice_file"),
			    "Zeile 1\n\xC3\xA4\n");
	assert_null(config.accounts[1]->endpoint.base_url);
	assert_string_equal(config.accounts[2]->name, "\xC3\xA4");
	assert_ptr_equal(config.accounts[3]->vendor, &paper);
	config_clear(&config);
}

static void size_is(const char *text, size_t size)
{
	char lines[128];
	struct config config;

	(void)snprintf(lines, sizeof(lines), "[rosterfs]\nscratch_limit = %s\n[paper]\n", text);
	accept_text(lines, 0644, &config);
	assert_int_equal(config.scratch_limit, size);
	config_clear(&config);
}

static void test_sizes(void **state)
{
	(void)state;
	size_is("0", 0);
	size_is("1", 1);
	size_is("3M", (size_t)3 << 20);
	size_is("1G", (size_t)1 << 30);
}

/* inih keeps 49 bytes of a section's name; we keep them all. */
static void test_long_name(void **state)
{
	char text[256];
	struct config config;

	(void)state;
	(void)snprintf(text, sizeof(text), "[%064d]\ntype = paper\n[%063d]\ntype = paper\n", 1, 1);
	accept_text(text, 0644, &config);
	assert_int_equal(strlen(config.accounts[0]->name), 64);
	assert_int_equal(strlen(config.accounts[1]->name), 63);
	config_clear(&config);
	(void)snprintf(text, sizeof(text), "[%065d]\ntype = paper\n", 1);
	refuse_text(text, 0644, 1, "at most 64 bytes");
}

/* ---- what is refused ---- */

struct refusal {
	unsigned line;
	const char *words;
	const char *text;
};

static void refuse_all(const struct refusal *refusals, size_t count)
{
	for (size_t i = 0; i < count; i++)
		refuse_text(refusals[i].text, 0600, refusals[i].line, refusals[i].words);
}

#define REFUSE_ALL(table) refuse_all(table, sizeof(table) / sizeof(*(table)))

static void test_lines(void **state)
{
	static const struct refusal refusals[] = {
	    {3, "is indented", SHOP " ttl = 3\n"},
	    {3, "is indented", SHOP "\t# a comment\n"},
	    {1, "is indented", " " SHOP},
	    {2, "' ;' starts a comment", "[shop]\nshop_key = S3CRET ;more\n"},
	    {2, "' ;' starts a comment", "[shop]\nshop_key =\t;S3CRET\n"},
	    {1, "' ;' starts a comment", "[shop ;x]\n"},
	    {2, "expected key = value", "[shop]\nS3CRET\n"},
	    {2, "no key before the =", "[shop]\n= S3CRET\n"},
	    {1, "] of the section is missing", "[shop\n" KEY},
	    {1, "nothing may follow the ]", "[shop] shop_key = S3CRET\n" KEY},
	    {1, "nothing may follow the ]", "[shop] # the shop\n" KEY},
	    {1, "before the first [section]", "ttl = 3\n" SHOP},
	    {3, "has no value", SHOP "ttl =  \t\n"},
	    {2, "control character", "[shop]\nshop_key = S3CRET\033\n"},
	    {2, "control character", "[shop]\nshop_key = S3\rCRET\n"},
	    {2, "control character", "[shop]\n# \v\n" KEY},
	    {1, "byte order mark (U+FEFF)", "\xEF\xBB\xBF" SHOP},
	    {1, "UTF-16", "\xFF\xFE[shop]\n"},
	    {2, "begins with a no-break space (U+00A0)", "[shop]\n\xC2\xA0shop_key = S3CRET\n"},
	    {2, "the key holds a no-break space (U+202F)",
	     "[shop]\nshop_key\xE2\x80\xAF= S3CRET\n"},
	    {2, "value begins or ends with a no-break space",
	     "[shop]\nshop_key = S3CRET\xC2\xA0\n"},
	    {2, "secret holds a zero-width space (U+200B)", "[shop]\nshop_key = S3\xE2\x80\x8BT\n"},
	    {3, "begins or ends with a byte order mark",
	     SHOP "self_id = \xEF\xBB\xBF"
		  "7\n"},
	    {1, "name begins or ends with a no-break space", "[shop\xC2\xA0]\n" KEY},
	    {1, "nothing may follow the ]", "[shop]\xC2\xA0\n" KEY},
	    {4, "in line 2 already", SHOP "ttl = 3\nshop_key = S3CRET\n"},
	    {4, "section is in line 1 already", SHOP "[paper]\n[shop]\n"},
	    {3, "section is in line 2 already", "[paper]\n[rosterfs]\n[rosterfs]\n"},
	    {0, "no vendor section", ""},
	    {0, "no vendor section", "[rosterfs]\nstatus_limit = 3\n"},
	};

	(void)state;
	REFUSE_ALL(refusals);
}

static void test_bytes(void **state)
{
	static const char nul[] = "[shop]\nshop_key = S3C\0RET\n";
	char why[512];
	char long_line[2048];
	struct config config;
	char *large;

	(void)state;
	put("c.conf", nul, sizeof(nul) - 1, 0600);
	assert_int_equal(config_read(config_file, &config, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, ":2: the line has a control character"));

	(void)snprintf(long_line, sizeof(long_line), SHOP "# %01000d\n", 1);
	refuse_text(long_line, 0600, 3, "a line may have at most");
	(void)snprintf(long_line, sizeof(long_line), "[shop]\nshop_key = S3CRET%01000d", 1);
	refuse_text(long_line, 0600, 2, "put a longer secret into a file");

	large = calloc(1, (1 << 20) + 1);
	assert_non_null(large);
	put("c.conf", large, (1 << 20) + 1, 0600);
	free(large);
	assert_int_equal(config_read(config_file, &config, why, sizeof(why)), -EFBIG);
}

static void test_names(void **state)
{
	static const struct refusal refusals[] = {
	    {1, "cannot be named README", "[README]\ntype = paper\n"},
	    {1, "cannot be named by-email", "[by-email]\ntype = paper\n"},
	    {1, "cannot be named tables", "[tables]\ntype = paper\n"},
	    {1, "cannot be named .rosterfs", "[.rosterfs]\ntype = paper\n"},
	    {1, "cannot be named SIMILAR", "[SIMILAR]\ntype = paper\n"},
	    {1, "has no name", "[]\ntype = paper\n"},
	    {1, "must not contain /", "[a/b]\ntype = paper\n"},
	    {1, "or begin with .", "[..]\ntype = paper\n"},
	    {1, "must not begin or end with a space", "[ paper]\n"},
	    {1, "must not begin or end with a space", "[paper ]\n"},
	    {1, "control character", "[a\tb]\ntype = paper\n"},
	    {1, "not UTF-8", "[\xE4]\ntype = paper\n"},
	    {1, "section [stor]: no vendor has this name; did you mean shop? add type = shop, or",
	     "[stor]\n"},
	    {1, "section [x] needs a key type, one of: shop, hand, paper, homeless", "[x]\n"},
	    {3, "unknown type; known types are: shop", SHOP "type = S3CRET\n"},
	};

	(void)state;
	REFUSE_ALL(refusals);
}

static void test_keys(void **state)
{
	static const struct refusal refusals[] = {
	    {3, "unknown key tll; did you mean ttl?", SHOP "tll = 3\n"},
	    {2, "unknown key shop_kye; did you mean shop_key?", "[shop]\nshop_kye = S3CRET\n"},
	    {2, "did you mean shop_key_env?", "[shop]\nshopkey_env = ROSTERFS_TEST_KEY\n"},
	    {3, "unknown key Paralel; did you mean parallel?", SHOP "Paralel = 3\n"},
	    {2, "did you mean status_limit?", "[rosterfs]\nstatus_limt = 3\n[paper]\n"},
	    {3, "unknown key colour; see", SHOP "colour = red\n"},
	    {3, "unknown key; see", SHOP "zS3CRETz== x\n"},
	    {3, "unknown key; see", SHOP "S3CRET: x\n"},
	    {3, "status_limit belongs in [rosterfs]", SHOP "status_limit = 3\n"},
	    {4, "changes_limit must be a whole number", SHOP "[rosterfs]\nchanges_limit = 0\n"},
	    {4, "domains must be domains", SHOP "[rosterfs]\ndomains = jo@example.com\n"},
	    {2, "ttl belongs in the section of a vendor", "[rosterfs]\nttl = 3\n[paper]\n"},
	    {2, "type paper has no API and no key ttl", "[paper]\nttl = 3\n"},
	    {2, "type paper has no API and no key base_url", "[paper]\nbase_url = https://x\n"},
	    {1, "section [shop] needs the key shop_key (or shop_key_file, ", "[shop]\nttl = 3\n"},
	    {2, "section [x] needs the key notice_file", "\n[x]\ntype = hand\n"},
	    {1, "section [homeless] needs the key base_url", "[homeless]\n"},
	    {3, "line 2 sets shop_key already, with shop_key;", SHOP "shop_key_env = X\n"},
	    {4, "line 3 sets spare_key already, with spare_key_env;",
	     SHOP "spare_key_env = ROSTERFS_TEST_SPARE\nspare_key_command = false\n"},
	    {3, "unknown key auth_file; see", SHOP "auth_file = x\n"},
	    {3, "unknown key shop_key_; did you mean shop_key?", SHOP "shop_key_ = x\n"},
	};

	(void)state;
	assert_int_equal(setenv("ROSTERFS_TEST_KEY", "S3CRET", 1), 0);
	assert_int_equal(setenv("ROSTERFS_TEST_SPARE", "S3CRET", 1), 0);
	REFUSE_ALL(refusals);
	assert_int_equal(unsetenv("ROSTERFS_TEST_KEY"), 0);
	assert_int_equal(unsetenv("ROSTERFS_TEST_SPARE"), 0);
}

static void test_values(void **state)
{
	static const struct refusal refusals[] = {
	    {3, "ttl must be a whole number of seconds from 0 to", SHOP "ttl = 5m\n"},
	    {3, "ttl must be", SHOP "ttl = 0x10\n"},
	    {3, "ttl: a comment needs a line of its own", SHOP "ttl = 300 # seconds\n"},
	    {3, "ttl must be", SHOP "ttl = 99999999999999999999999999\n"},
	    {3, "parallel must be a whole number from 1 to 64", SHOP "parallel = 0\n"},
	    {3, "parallel must be", SHOP "parallel = 65\n"},
	    {3, "timeout must be a whole number of seconds from 1 to 3600", SHOP "timeout = 0\n"},
	    {3, "retry_budget must be a whole number of seconds from 0 to 86400",
	     SHOP "retry_budget = 86401\n"},
	    {3, "max_users must be a whole number from 1 to 1000000000", SHOP "max_users = 0\n"},
	    {3, "allow_delete must be yes or no", SHOP "allow_delete = true\n"},
	    {3, "auth must be one of: headers, basic", SHOP "auth = S3CRET\n"},
	    {3, "base_url: ", SHOP "base_url = http://shop.example\n"},
	    {3, "base_url: the URL must not hold a user or password",
	     SHOP "base_url = http://S3CRET@x\n"},
	    {2, "status_window must be a whole number of seconds from 1",
	     "[rosterfs]\nstatus_window = 0\n[paper]\n"},
	    {2, "csv_formulas must be guard or raw", "[rosterfs]\ncsv_formulas = no\n[paper]\n"},
	    {2, "csv_bom must be yes or no", "[rosterfs]\ncsv_bom = raw\n[paper]\n"},
	    {2, "scratch_limit must be", "[rosterfs]\nscratch_limit = K\n[paper]\n"},
	    {2, "scratch_limit must be", "[rosterfs]\nscratch_limit = 9999999999G\n[paper]\n"},
	    {2, "scratch_limit must be", "[rosterfs]\nscratch_limit = 1.5G\n[paper]\n"},
	    {3, "notice_file: the file cannot be read: No such file",
	     "[x]\ntype = hand\nnotice_file = no\n"},
	    {3, "notice_file: the file cannot be read: Is a directory",
	     "[x]\ntype = hand\nnotice_file = .\n"},
	    {2, "shop_key_env: there is no such environment variable",
	     "[shop]\nshop_key_env = ROSTERFS_TEST_NOT_SET\n"},
	};

	(void)state;
	REFUSE_ALL(refusals);
}

static void test_missing_file(void **state)
{
	char why[512];
	struct config config;

	(void)state;
	assert_int_equal(config_read("/nonexistent/c.conf", &config, why, sizeof(why)), -ENOENT);
	assert_string_equal(why, "/nonexistent/c.conf: No such file or directory");
	assert_int_equal(config_read(directory, &config, why, sizeof(why)), -EISDIR);
}

/* A file that others can write is as good as theirs. */
static void test_writers(void **state)
{
	static const mode_t modes[] = {0602, 0620, 0622, 0664, 0666};
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/key", directory);
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		put("key", "S3CRET\n", 7, modes[i]);
		refuse_text("[shop]\nshop_key_file = key\n", 0600, 2, path);
		refuse_text("[hand]\nnotice_file = key\n", 0600, 2, "chmod go-w");
		put("key", "S3CRET\n", 7, 0600);
		refuse_text("[hand]\nnotice_file = key\n", modes[i], 0, "chmod go-w");
	}
	put("key", "S3CRET\n", 7, 0620);
	refuse_text("[shop]\nshop_key_file = key\n", 0600, 2, "chmod go-w ");
	put("key", "S3CRET\n", 7, 0660);
	refuse_text("[shop]\nshop_key_file = key\n", 0600, 2, "chmod go-rw ");
}

static void test_notice(void **state)
{
	char *large = malloc((1 << 20) + 1);
	struct config config;

	(void)state;
	assert_non_null(large);
	memset(large, 'x', (1 << 20) + 1);
	put("large", large, (1 << 20) + 1, 0644);
	refuse_text("[hand]\nnotice_file = large\n", 0644, 2, "larger than 1 MiB");
	put("large", large, 1 << 20, 0644);
	accept_text("[hand]\nnotice_file = large\n", 0644, &config);
	assert_int_equal(strlen(account_value(config.accounts[0], "notice_file")), 1 << 20);
	config_clear(&config);
	put("large", "a\0b", 3, 0644);
	refuse_text("[hand]\nnotice_file = large\n", 0644, 2, "NUL byte");
	put("large", "\xC3\xA4 \xE4\n", 5, 0644);
	refuse_text("[hand]\nnotice_file = large\n", 0644, 2, "is not UTF-8");
	put("large", "", 0, 0644);
	refuse_text("[hand]\nnotice_file = large\n", 0644, 2, "the file is empty");
	free(large);
}

/* Where the config file's path is relative, what stands in it is still found, and absolute. */
static void test_relative(void **state)
{
	char here[512];
	char why[512];
	char path[128];
	struct config config;
	static const char text[] = "[rosterfs]\naudit_log = a\n[hand]\nnotice_file = note\n";

	(void)state;
	put("note", "n", 1, 0644);
	put("c.conf", text, strlen(text), 0644);
	(void)snprintf(path, sizeof(path), "%s/a", directory);
	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(directory), 0);
	assert_int_equal(config_read("c.conf", &config, why, sizeof(why)), 0);
	assert_string_equal(config.audit_log, path);
	config_clear(&config);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(config_read(config_file + 1, &config, why, sizeof(why)), 0);
	assert_string_equal(config.audit_log, path);
	config_clear(&config);
	assert_int_equal(chdir(here), 0);
}

/* ---- secrets ---- */

static void test_permissions(void **state)
{
	struct config config;

	(void)state;
	refuse_text(SHOP, 0640, 2, "run chmod go-r on it, or use shop_key_file");
	refuse_text(SHOP, 0604, 2, "group or others can read");
	accept_text(SHOP, 0400, &config);
	config_clear(&config);
	put("key", "S3CRET\n", 7, 0600);
	accept_text("[shop]\nshop_key_file = key\n", 0644, &config);
	assert_string_equal(account_value(config.accounts[0], "shop_key"), "S3CRET");
	config_clear(&config);
	put("key", "S3CRET\n", 7, 0640);
	refuse_text("[shop]\nshop_key_file = key\n", 0600, 2,
		    "shop_key_file: group or others can read the file");
}

static void test_env(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(setenv("ROSTERFS_TEST_KEY", "S3CRET", 1), 0);
	assert_int_equal(setenv("ROSTERFS_TEST_SPARE", "S3CRET", 1), 0);
	accept_text("[shop]\nshop_key_env = ROSTERFS_TEST_KEY\n", 0644, &config);
	assert_string_equal(account_value(config.accounts[0], "shop_key"), "S3CRET");
	config_clear(&config);
	assert_int_equal(unsetenv("ROSTERFS_TEST_KEY"), 0);
	assert_int_equal(unsetenv("ROSTERFS_TEST_SPARE"), 0);
}

/* A wrong key far down is found before a command of the first section runs. */
static void test_checks_come_first(void **state)
{
	char path[128];
	char text[256];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/key", directory);
	(void)unlink(path);
	(void)snprintf(text, sizeof(text),
		       "[shop]\nshop_key_command = echo x | tee %s\n[paper]\nx = y\n", path);
	refuse_text(text, 0600, 4, "unknown key");
	assert_int_equal(access(path, F_OK), -1);
}

/* ---- what people are used to write elsewhere ---- */

static void test_habits(void **state)
{
	static const struct refusal refusals[] = {
	    {2, "shop_key: the value is in quotes, which would be a part of it; remove them",
	     "[shop]\nshop_key = \"S3CRET\"\n"},
	    {2, "shop_key: the value is in quotes", "[shop]\nshop_key = 'S3CRET'\n"},
	    {2, "shop_key: the value is in quotes",
	     "[shop]\nshop_key = \xE2\x80\x9CS3CRET\xE2\x80\x9D\n"},
	    {2, "shop_key: the value is in quotes",
	     "[shop]\nshop_key = \xE2\x80\x9ES3CRET\xE2\x80\x9C\n"},
	    {2, "shop_key: the value is in quotes", "[shop]\nshop_key = \xC2\xABS3CRET\xC2\xBB\n"},
	    {3, "ttl: the value is in quotes", SHOP "ttl = \"300\"\n"},
	    {2, "type: the value is in quotes", "[a]\ntype = \"paper\"\n"},
	    {3, "the secret is in quotes", SHOP "spare_key_command = echo '\"S3CRET\"'\n"},
	    {3, "the whole command is in quotes", SHOP "spare_key_command = \"echo S3CRET\"\n"},
	    {3, "exit status 127: a program was not found",
	     SHOP "spare_key_command = nonexistent-program 2> /dev/null\n"},
	    {3, "~ means a home directory only to a shell", SHOP "spare_key_file = ~/key\n"},
	    {2, "~ means a home directory only to a shell", "[rosterfs]\naudit_log = ~/a\n" SHOP},
	    {2, "~ means a home directory", "[hand]\nnotice_file = ~/note\n"},
	    {3, "variables have a value only to a shell", SHOP "spare_key_file = $HOME/key\n"},
	    {3, "must be a path, not a URL", SHOP "spare_key_file = file:///key\n"},
	    {3, "without the $", SHOP "spare_key_env = $KEY\n"},
	    {3, "relative to the config file's folder", SHOP "spare_key_file = none\n"},
	    {3,
	     "ttl must be a whole number of seconds from 0 to 31536000, without a unit; write 300",
	     SHOP "ttl = 5m\n"},
	    {3, "without a unit; write 7200", SHOP "ttl = 2 hours\n"},
	    {3, "without a unit; write 1", SHOP "timeout = 1S\n"},
	    {3, "ttl: a comment needs a line of its own", SHOP "ttl = 60 # one minute\n"},
	    {2, "shop_key: a comment needs a line of its own",
	     "[shop]\nshop_key = S3CRET\t# mine\n"},
	    {3,
	     "a line of this file is ttl = VALUE; remove what else is before the =, such as export",
	     SHOP "export ttl = 3\n"},
	    {2, "a line of this file is shop_key = VALUE", "[shop]\nexport shop_key=S3CRET\n"},
	    {3, "a line of this file is ttl = VALUE", SHOP "\"ttl\" = 3\n"},
	    {1, "section [papre]: no vendor has this name; did you mean paper?", "[papre]\n"},
	    {1, "section [paper-two]: no vendor has this name; did you mean paper?",
	     "[paper-two]\n"},
	    {2, "unknown type; did you mean paper?", "[a]\ntype = Papers\n"},
	    {3, "must be yes or no, in lower case", SHOP "allow_delete = True\n"},
	};

	(void)state;
	REFUSE_ALL(refusals);
}

/* Check that TEXT is refused with exactly LINES, which lack the name of the file. */
static void refuse_lines(const char *text, const char *const *lines)
{
	char why[4096] = "", *rest = why, *line;
	struct config config = {0};
	size_t length = strlen(config_file);

	assert_int_not_equal(read_text(text, 0600, &config, why, sizeof(why)), 0);
	for (; *lines; lines++) {
		line = strsep(&rest, "\n");
		if (!line || strncmp(line, config_file, length) != 0 ||
		    strncmp(line + length, *lines, strlen(*lines)) != 0)
			fail_msg("'%s' instead of '%s'", line ? line : "nothing", *lines);
	}
	if (rest)
		fail_msg("one too many: %s", rest);
}

/* One run reports all, in the order of the file, and nothing that follows from something else. */
static void test_all_at_once(void **state)
{
	static const char text[] = "ttl = 3\n"
				   "[rosterfs]\n"
				   "status_limt = many\n"
				   "[shop]\n"
				   "export shop_key = \"S3CRET\"\n"
				   "grace = 1h\n"
				   "spare_key = S3 ;CRET\n"
				   "colour = red\n"
				   "parallel =\n"
				   "[hand\n"
				   "notice_file = none\n"
				   "[shop]\n"
				   "auth = digest\n"
				   "[homeless]\n"
				   "[a]\n"
				   "type = shop\n"
				   "  ttl = 3\n"
				   "[b]\n"
				   "x = 1\n"
				   "[S3CRET\n"
				   "x = 1\n";
	static const char *const lines[] =
	    {":1: the key is before the first [section]",
	     ":3: unknown key status_limt; did you mean status_limit?",
	     ":3: status_limit must be a whole number",
	     ":5: a line of this file is shop_key = VALUE",
	     ":5: shop_key: the value is in quotes",
	     ":6: grace must be a whole number of seconds",
	     ":7: ' ;' starts a comment",
	     ":8: unknown key colour",
	     ":9: the key has no value",
	     ":10: the ] of the section is missing",
	     ":11: notice_file: the file cannot be read",
	     ":12: this section is in line 4 already",
	     ":13: auth must be one of: headers, basic",
	     ":14: section [homeless] needs the key base_url",
	     ":15: section [a] needs the key shop_key",
	     ":17: the line is indented",
	     ":18: section [b] needs a key type",
	     ":20: the ] of the section is missing",
	     NULL};

	(void)state;
	refuse_lines(text, lines);
}

/* No command runs while there is an error, and then all of them do. */
static void test_commands_last(void **state)
{
	static const char *const first[] = {":4: ttl must be", NULL};
	static const char *const then[] =
	    {":2: shop_key_command: the command ended with exit status 7",
	     ":3: spare_key_command: the command ended with exit status 8", NULL};

	(void)state;
	refuse_lines("[shop]\nshop_key_command = exit 7\nspare_key_command = exit 8\nttl = x\n",
		     first);
	refuse_lines("[shop]\nshop_key_command = exit 7\nspare_key_command = exit 8\n", then);
}

/* What does not fit is announced, and no line is cut. */
static void test_many(void **state)
{
	static char text[20000], why[65536];
	struct config config = {0};
	size_t used = (size_t)snprintf(text, sizeof(text), SHOP), lines = 1;

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "colour_%c%c = 1\n",
					 'a' + i / 26, 'a' + i % 26);
	assert_int_not_equal(read_text(text, 0600, &config, why, sizeof(why)), 0);
	for (const char *at = why; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, 101);
	assert_string_equal(strrchr(why, '\n') + 1, "there are more errors; correct these first");
	assert_int_not_equal(config_read(config_file, &config, why, 400), 0);
	assert_string_equal(strrchr(why, '\n') + 1, "there are more errors; correct these first");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),      cmocka_unit_test(test_all_keys),
	    cmocka_unit_test(test_sizes),         cmocka_unit_test(test_long_name),
	    cmocka_unit_test(test_lines),         cmocka_unit_test(test_bytes),
	    cmocka_unit_test(test_names),         cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_values),        cmocka_unit_test(test_missing_file),
	    cmocka_unit_test(test_writers),       cmocka_unit_test(test_notice),
	    cmocka_unit_test(test_relative),      cmocka_unit_test(test_permissions),
	    cmocka_unit_test(test_env),           cmocka_unit_test(test_checks_come_first),
	    cmocka_unit_test(test_habits),        cmocka_unit_test(test_all_at_once),
	    cmocka_unit_test(test_commands_last), cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
