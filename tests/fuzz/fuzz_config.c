/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_config.c - the config file. Input: its text, in which @@ stands for a secret.
 *
 * What is accepted is accepted again; each fault has words, which hold no secret. No command is
 * run: command.c is not linked.
 */
#include "tests/fuzz/fuzz.h"

#include "mount/config/accounts.h"
#include "mount/config/command.h"
#include "mount/config/config.h"
#include "vendors/ini/faults.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define SECRET "zQ7kfK9ymW3rxV5"
#define PART 8

int command_run(const char *command, const char *folder, struct first_line *line, char *why,
		size_t size)
{
	(void)folder;
	FUZZ_CHECK(*command);
	*line = (struct first_line){.length = strlen(SECRET), .whole = true};
	memcpy(line->text, SECRET, strlen(SECRET));
	if (strstr(command, "fail")) {
		snprintf(why, size, "the command fails");
		return -EIO;
	}
	return 0;
}

void command_stop(void)
{
}

/* Return TEXT, with the secret for each @@ that is in the value of a key which takes one, new. */
static char *make(const char *text)
{
	static const char *const keys[] = {"token",     "password",     "client_secret",
					   "client_id", "user_api_key", "application_key",
					   "api_key"};
	char *made = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&made, &size);
	bool secret = false;

	FUZZ_CHECK(out);
	for (bool first = true; *text; text++) {
		for (size_t i = 0; first && i < sizeof(keys) / sizeof(keys[0]); i++) {
			size_t length = strlen(keys[i]);

			secret = secret || (strncmp(text, keys[i], length) == 0 &&
					    strncmp(text + length, " = ", 3) == 0);
		}
		first = *text == '\n';
		secret = secret && !first;
		if (secret && strncmp(text, "@@", 2) == 0) {
			fputs(SECRET, out);
			text++;
		} else {
			fputc(*text, out);
		}
	}
	FUZZ_CHECK(fclose(out) == 0);
	return made;
}

/*
 * Check WORDS of a fault. Without the fuzzer's eyes, which would put the secret into inputs: it
 * sees what functions of the library compare, too.
 */
__attribute__((no_sanitize("coverage"))) static void check_words(const char *words)
{
	FUZZ_CHECK(*words && !strchr(words, '\n'));
	for (; *words; words++) {
		for (size_t at = 0; at + PART < sizeof(SECRET); at++) {
			size_t same = 0;

			while (same < PART && words[same] == SECRET[at + same])
				same++;
			FUZZ_CHECK(same < PART);
		}
	}
}

static void check_accounts(const struct config *config)
{
	for (size_t i = 0; i < config->account_count; i++) {
		const struct account *account = config->accounts[i];

		FUZZ_CHECK(accounts_find(config, account->name) == account);
		FUZZ_CHECK(!account->vendor->users || account->endpoint.base_url);
		for (size_t s = 0; account->vendor->settings[s].name; s++) {
			const struct setting *setting = &account->vendor->settings[s];

			FUZZ_CHECK(!setting->required || account_value(account, setting->name));
		}
	}
}

/* Read TEXT. Return 0 or a negative errno. */
static int read_config(const char *text, size_t length)
{
	struct config config = {0};
	struct faults faults = {0};
	char why[4096] = "";
	/* where descriptions are */
	int result = config_parse("descriptions/x.conf", text, length, &config, &faults);

	FUZZ_CHECK(result <= 0 && !result == !faults.count);
	for (size_t i = 0; i < faults.count; i++)
		check_words(faults.list[i].words);
	(void)faults_text(&faults, why, sizeof(why));
	if (!result)
		check_accounts(&config);
	config_clear(&config);
	faults_clear(&faults);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	char *text = make(input.text);

	(void)setenv("FUZZ_SECRET", SECRET, 1);
	if (read_config(text, strlen(text)) == 0)
		FUZZ_CHECK(read_config(text, strlen(text)) == 0);
	free(text);
	free(input.text);
	return 0;
}
