/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_options.c - the command line, as people and as mount(8) write it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mount/help.h"
#include "mount/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGUMENTS_MAX 16

static char why[256];

/* Parse the words of LINE, which are set apart by single spaces; '' is an empty one. */
static int parse(const char *line, struct options *options)
{
	/* what is borrowed from argv must outlive the call */
	static char copy[512];
	char *argv[ARGUMENTS_MAX + 2] = {"rosterfs"};
	int argc = 1;

	assert_true(strlen(line) < sizeof(copy));
	(void)snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
		assert_true(argc <= ARGUMENTS_MAX);
		argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	why[0] = '\0';
	return options_parse(argc, argv, options, why, sizeof(why));
}

static void accept_line(const char *line, struct options *options)
{
	if (parse(line, options) != 0)
		fail_msg("refused: %s: %s", line, why);
}

static void test_plain(void **state)
{
	struct options options = {0};

	(void)state;
	accept_line("a.conf /mnt", &options);
	assert_string_equal(options.config, "a.conf");
	assert_string_equal(options.mountpoint, "/mnt");
	assert_false(options.foreground || options.debug || options.check || options.help);
	assert_false(options.version || options.read_only || options.dry_run);
	assert_false(options.allow_other || options.umask_given);
	assert_int_equal(options.uid, getuid());
	assert_int_equal(options.gid, getgid());
	assert_int_equal(options.umask, 077);
	assert_string_equal(options.mount_options, "default_permissions");
	options_clear(&options);
	assert_null(options.mount_options);
}

static void test_letters(void **state)
{
	struct options options = {0};

	(void)state;
	accept_line("-f a b", &options);
	assert_true(options.foreground && !options.debug);
	options_clear(&options);
	accept_line("a -d b", &options);
	assert_true(options.foreground && options.debug);
	options_clear(&options);
	accept_line("a b -fodry_run -d", &options);
	assert_true(options.foreground && options.debug && options.dry_run);
	assert_string_equal(options.config, "a");
	assert_string_equal(options.mountpoint, "b");
	options_clear(&options);
	accept_line("a b -o debug", &options);
	assert_true(options.foreground && options.debug);
	options_clear(&options);
	accept_line("-f -- -a -b", &options);
	assert_string_equal(options.config, "-a");
	assert_string_equal(options.mountpoint, "-b");
	options_clear(&options);
	accept_line("--check a", &options);
	assert_true(options.check);
	assert_string_equal(options.config, "a");
	assert_null(options.mountpoint);
	options_clear(&options);
	accept_line("a --check -o ro", &options);
	assert_true(options.check && !options.quick);
	options_clear(&options);
	accept_line("--check=quick a", &options);
	assert_true(options.check && options.quick && !options.json);
	assert_string_equal(options.config, "a");
	options_clear(&options);
	accept_line("--json a --check", &options);
	assert_true(options.check && options.json);
	options_clear(&options);
	accept_line("--init", &options);
	assert_true(options.init && !options.config);
	options_clear(&options);
	accept_line("--init a", &options);
	assert_string_equal(options.config, "a");
	options_clear(&options);
	accept_line("--new-key a", &options);
	assert_string_equal(options.new_key, "a");
	options_clear(&options);
}

static void test_help(void **state)
{
	static const char *const helps[] = {"-h", "--help", "a b --help", "a -h --nonsense"};
	static const char *const versions[] = {"-V", "--version", "a b -V"};
	struct options options = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(helps) / sizeof(*helps); i++) {
		accept_line(helps[i], &options);
		assert_true(options.help);
		options_clear(&options);
	}
	for (size_t i = 0; i < sizeof(versions) / sizeof(*versions); i++) {
		accept_line(versions[i], &options);
		assert_true(options.version && !options.help);
		options_clear(&options);
	}
	assert_non_null(strstr(help_text(), "--check"));
}

static void test_mount_options(void **state)
{
	static const struct {
		const char *given, *passed;
	} cases[] = {
	    {"rw", ""},
	    {"defaults,_netdev,nofail,noauto,auto,user,users,nouser,owner,group", ""},
	    {"comment=a b,x-systemd.automount,x-gvfs-hide,user=jane,relatime", ""},
	    {"_rnetdev,X-mount.mkdir,X-mount.mkdir=0700,silent,loud", ""},
	    {"mand,nomand,iversion,noiversion", ""},
	    {"nosuid,nodev,noexec,noatime,sync", ",nosuid,nodev,noexec,noatime,sync"},
	    {"rw,suid,dev,exec,async,atime,dirsync", ",suid,dev,exec,async,atime,dirsync"},
	    {"default_permissions", ""},
	    {"ro", ",ro"},
	    {"ro,nodev", ",nodev,ro"},
	    {"ro,rw", ""},
	    {"rw,ro,ro", ",ro"},
	    {"allow_other,allow_other", ",allow_other"},
	    {"allow_root,allow_root", ",allow_root"},
	    {"auto_unmount,nodev", ",auto_unmount,nodev"},
	    {"fsname=a\\,b,subtype=c", ",fsname=a\\,b,subtype=c"},
	    {"uid=5,gid=6,umask=022,dry_run", ""},
	    {",,", ""},
	    {"", ""},
	};
	struct options options = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char given[128];
		char *argv[] = {"rosterfs", "c", "m", "-o", given, NULL};

		(void)snprintf(given, sizeof(given), "%s", cases[i].given);
		if (options_parse(5, argv, &options, why, sizeof(why)))
			fail_msg("refused: %s: %s", given, why);
		assert_memory_equal(options.mount_options, "default_permissions", 19);
		assert_string_equal(options.mount_options + 19, cases[i].passed);
		options_clear(&options);
	}
}

static void test_fstab(void **state)
{
	struct options options = {0};

	(void)state;
	accept_line("/etc/rosterfs.conf /mnt/roster -o ro,allow_other,_netdev,dev,suid", &options);
	assert_true(options.read_only && options.allow_other && !options.dry_run);
	assert_string_equal(options.mount_options, "default_permissions,allow_other,dev,suid,ro");
	options_clear(&options);
	accept_line("a b -o ro -o dry_run -o nodev -o rw", &options);
	assert_true(!options.read_only && options.dry_run);
	assert_string_equal(options.mount_options, "default_permissions,nodev");
	options_clear(&options);
}

static void test_numbers(void **state)
{
	struct options options = {0};

	(void)state;
	accept_line("a b -o uid=1000,gid=0,umask=027", &options);
	assert_int_equal(options.uid, 1000);
	assert_int_equal(options.gid, 0);
	assert_int_equal(options.umask, 027);
	assert_true(options.umask_given);
	options_clear(&options);
	accept_line("a b -o uid=4294967294,umask=0", &options);
	assert_int_equal(options.uid, 4294967294u);
	assert_int_equal(options.umask, 0);
	assert_true(options.umask_given);
	options_clear(&options);
}

static void test_refused(void **state)
{
	static const struct {
		const char *line, *words;
	} cases[] = {
	    {"", "CONFIG and MOUNTPOINT are missing"},
	    {"-f", "CONFIG and MOUNTPOINT are missing"},
	    {"--check", "CONFIG is missing: usage: rosterfs --check CONFIG;"},
	    {"a", "MOUNTPOINT is missing"},
	    {"a b c", "one argument too many: c"},
	    {"a b -- c", "one argument too many: c"},
	    {"--check a b", "--check mounts nothing"},
	    {"--json a", "--json goes with --check only"},
	    {"--json a b", "--json goes with --check only"},
	    {"--init --json", "--json goes with --check only"},
	    {"--init a b", "usage: rosterfs --init [CONFIG]"},
	    {"--init --check a", "usage: rosterfs --init [CONFIG]"},
	    {"--new-key", "usage: rosterfs --new-key FILE"},
	    {"--new-key=", "usage: rosterfs --new-key FILE"},
	    {"--new-key a b", "usage: rosterfs --new-key FILE"},
	    {"--new-key a --check", "usage: rosterfs --new-key FILE"},
	    {"''", "an empty argument: CONFIG"},
	    {"a ''", "an empty argument: MOUNTPOINT"},
	    {"-x a b", "unknown option -x"},
	    {"-fx a b", "unknown option -x"},
	    {"-s a b", "unknown option -s"},
	    {"-c a", "unknown option -c"},
	    {"a b --nonsense", "unknown option --nonsense"},
	    {"--check=a", "unknown option --check=a"},
	    {"--check=quickly a", "unknown option --check=quickly"},
	    {"--check= a", "unknown option --check="},
	    {"--help=a", "unknown option --help=a"},
	    {"a b -o", "the option -o needs an argument"},
	    {"a b -o dryrun", "unknown mount option dryrun"},
	    {"a b -o ro,Ro", "unknown mount option Ro"},
	    {"a b -o ro\\,rw", "unknown mount option ro\\,rw"},
	    {"a b -o uid", "unknown mount option uid "},
	    {"a b -o kernel_cache", "unknown mount option kernel_cache "},
	    {"a b -o attr_timeout=1", "and the others that rosterfs(1) names)"},
	    {"a b -o nosymfollow", "unknown mount option nosymfollow "},
	    {"a b -o remount", "remount is not possible: "},
	    {"a b -o rw,remount,ro", "remount is not possible: "},
	    {"a b -o max_read=4096", "unknown mount option max_read=4096"},
	    {"a b -o allow_other,allow_root", "allow_other and allow_root exclude each other"},
	    {"a b -o allow_root -o ro,allow_other",
	     "allow_other and allow_root exclude each other"},
	    {"a b -o big\nword", "unknown mount option big?word"},
	    {"a b -o uid=", "uid= needs a number from 0 to 4294967294"},
	    {"a b -o uid=jane", "uid= needs a number"},
	    {"a b -o uid=-1", "uid= needs a number"},
	    {"a b -o uid=4294967295", "uid= needs a number"},
	    {"a b -o gid=99999999999999999999999", "gid= needs a number"},
	    {"a b -o gid=1x", "gid= needs a number"},
	    {"a b -o umask=8", "umask= needs an octal number from 0 to 0777"},
	    {"a b -o umask=1000", "umask= needs an octal number"},
	    {"a b -o umask=", "umask= needs an octal number"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct options options = {0};

		if (parse(cases[i].line, &options) != -EINVAL)
			fail_msg("accepted: %s", cases[i].line);
		if (!strstr(why, cases[i].words) || strchr(why, '\n'))
			fail_msg("'%s' instead of '%s' for: %s", why, cases[i].words,
				 cases[i].line);
		options_clear(&options);
	}
}

/* With POSIXLY_CORRECT, getopt stops at the first argument; mount(8) puts the options last. */
static void test_posixly_correct(void **state)
{
	struct options options = {0};

	(void)state;
	assert_int_equal(setenv("POSIXLY_CORRECT", "1", 1), 0);
	accept_line("a b -o dry_run", &options);
	assert_true(options.dry_run);
	options_clear(&options);
	assert_int_equal(unsetenv("POSIXLY_CORRECT"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain),   cmocka_unit_test(test_letters),
	    cmocka_unit_test(test_help),    cmocka_unit_test(test_mount_options),
	    cmocka_unit_test(test_fstab),   cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_refused), cmocka_unit_test(test_posixly_correct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
