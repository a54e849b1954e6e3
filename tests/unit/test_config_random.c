/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_config_random.c - config files with lines of any length, and thousands of damaged ones: each
 * is read or refused, in one line that names the file and quotes no secret.
 *
 * Meant for the sanitizers. The files are in memory only, so that no slow disk is kept busy.
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
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint32_t random_state = 20240229;

static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % limit;
}

static size_t mutate(char *text, size_t length, size_t room)
{
	static const char *const pieces[] = {"[",          "]",        "\n",          "=",
					     " ;",         "\t",       "\r\n",        "[shop]\n",
					     ":",          "\x80",     "#",           "ttl = ",
					     "9999999999", "shop_key", "\xEF\xBB\xBF"};
	size_t at = random_below((uint32_t)length);
	size_t some = 1 + random_below(12);
	const char *piece = pieces[random_below(sizeof(pieces) / sizeof(*pieces))];
	size_t bytes = strlen(piece);

	switch (random_below(4)) {
	case 0:
		text[at] = (char)random_below(256);
		break;
	case 1: /* lose some */
		if (at + some < length) {
			memmove(text + at, text + at + some, length - at - some);
			length -= some;
		}
		break;
	case 2: /* insert a piece */
		if (length + bytes < room) {
			memmove(text + at + bytes, text + at, length - at);
			for (size_t i = 0; i < bytes; i++)
				text[at + i] = piece[i];
			length += bytes;
		}
		break;
	default: /* repeat some */
		if (at + some < length && length + some < room) {
			memmove(text + at + some, text + at, length - at);
			length += some;
		}
		break;
	}
	return length;
}

static int fd;
static char file[64];

static int set_up(void **state)
{
	(void)state;
	fd = memfd_create("config", MFD_CLOEXEC);
	(void)snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	return fd < 0 ? -1 : fchmod(fd, 0600);
}

static int tear_down(void **state)
{
	(void)state;
	return close(fd);
}

static void put(const char *text, size_t length)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, text, length, 0), length);
}

/* A line of any length is either taken whole or refused: never cut, whatever limit inih has. */
static void test_every_length(void **state)
{
	bool refused = false;

	(void)state;
	for (size_t length = 1; length < 300; length++) {
		char text[400];
		char why[512] = "";
		char value[301];
		struct config config;

		memset(value, 'v', length);
		value[length] = '\0';
		(void)snprintf(text, sizeof(text), "[shop]\nshop_key=%s%s", value,
			       length % 2 ? "\n[paper]\n" : "");
		put(text, strlen(text));
		if (config_read(file, &config, why, sizeof(why)) == 0) {
			assert_false(refused);
			assert_string_equal(account_value(config.accounts[0], "shop_key"), value);
			assert_int_equal(config.account_count, length % 2 ? 2 : 1);
			config_clear(&config);
		} else {
			refused = true;
			assert_non_null(strstr(why, ":2: a line may have"));
		}
	}
}

/* Check that each line of WHY begins with the file, and none has the secret. */
static void check_words(char *why)
{
	static const char more[] = "there are more errors";
	char *rest = why, *line;

	if (!*why || strstr(why, "S3CRET"))
		fail_msg("words: %s", why);
	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, file, strlen(file)) != 0 &&
		    strncmp(line, more, strlen(more)) != 0)
			fail_msg("words: %s", line);
	}
}

static void test_mutations(void **state)
{
	static const char base[] =
	    "# a config\n[rosterfs]\nstatus_limit = 100\nscratch_limit = 64M\naudit_log = a\n\n"
	    "[shop]\nshop_key = S3CRETS3CRET\nttl = 300\nparallel = 8\nallow_delete = no\n"
	    "auth = basic\nself_id = 5\nbase_url = https://x/\n[hand]\nnotice_file = /proc/self/comm\n"
	    "[6]\ntype = paper\n";
	time_t begin = time(NULL);
	unsigned good = 0, bad = 0;

	(void)state;
	for (unsigned round = 0; round < 200 || (round < 8000 && time(NULL) - begin < 4); round++) {
		char text[1024];
		char why[512] = "";
		size_t length = sizeof(base) - 1;
		struct config config;

		memcpy(text, base, sizeof(base));
		for (uint32_t i = 0, count = 1 + random_below(4); i < count; i++)
			length = mutate(text, length, sizeof(text));
		put(text, length);
		if (config_read(file, &config, why, sizeof(why)) == 0) {
			good++;
			assert_true(config.account_count > 0);
			config_clear(&config);
			continue;
		}
		bad++;
		check_words(why);
	}
	assert_true(good > 0 && bad > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_length),
	    cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
