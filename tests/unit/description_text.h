/* SPDX-License-Identifier: Apache-2.0 */
/*
 * description_text.h - descriptions of vendors as texts, for the tests of their reader.
 *
 * They are files in a directory of the test's own, which it removes. Each program includes this
 * once.
 */
#ifndef ROSTERFS_DESCRIPTION_TEXT_H
#define ROSTERFS_DESCRIPTION_TEXT_H

#include "tests/unit/told_faults.h"
#include "vendors/base/vault.h"
#include "vendors/description/description.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* lines 1 to 5 */
#define VENDOR "[vendor]\nname = X\ndocs = https://x\ndate = 2026-11-30\nevidence = tried\n"
/* lines 6 and 7 */
#define API "[api]\nbase_url = https://x.example\n"
/* lines 8 to 11 */
#define LIST "[list]\nrequest = GET /users\nrows = /users/*\npaging = none\n"
/* the next line is the 12th */
#define BASE VENDOR API LIST

static char directory[] = "/tmp/rosterfs-test-description-XXXXXX";
static char file[64];
static const char *const folders[] = {directory, NULL};

static inline int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	(void)snprintf(file, sizeof(file), "%s/x.vendor", directory);
	return 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	(void)unlink(file);
	return rmdir(directory);
}

static inline void put(const char *text, size_t length)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, length, out), length);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(file, 0644), 0);
}

static inline struct description *accept_text(const char *text)
{
	struct description *description = NULL;
	char why[600] = "";

	put(text, strlen(text));
	if (told_read("x", folders, &description, why, sizeof(why)))
		fail_msg("refused: %s\n%s", why, text);
	return description;
}

struct refusal {
	unsigned line; /* 0: the error has none */
	const char *words;
	const char *text;
};

/* Return true if the text is refused with the words, on one line, so that nothing follows from the
 * fault; else print what came. */
static inline bool is_refused(const struct refusal *refusal)
{
	struct description *description = NULL;
	char why[2000] = "", begin[128];

	put(refusal->text, strlen(refusal->text));
	if (refusal->line)
		(void)snprintf(begin, sizeof(begin), "%s:%u: ", file, refusal->line);
	else
		(void)snprintf(begin, sizeof(begin), "%s: ", file);
	if (!told_read("x", folders, &description, why, sizeof(why)))
		(void)snprintf(why, sizeof(why), "accepted");
	description_free(description);
	if (strncmp(why, begin, strlen(begin)) == 0 && strstr(why, refusal->words) &&
	    !strchr(why, '\n'))
		return true;
	print_error("'%s' instead of '%s%s' for:\n%s", why, begin, refusal->words, refusal->text);
	return false;
}

static inline void refuse_all(const struct refusal *refusals, size_t count)
{
	size_t wrong = 0;

	for (size_t i = 0; i < count; i++)
		wrong += !is_refused(&refusals[i]);
	assert_int_equal(wrong, 0);
}

#define REFUSE_ALL(table) refuse_all(table, sizeof(table) / sizeof(*(table)))

/* Give setting NAME of ACCOUNT the VALUE. */
static inline void give(struct account *account, const char *name, const char *value)
{
	const struct setting *settings = account->vendor->settings;
	size_t i = 0;

	while (settings[i].name && strcmp(settings[i].name, name) != 0)
		i++;
	assert_non_null(settings[i].name);
	vault_free(account->values[i]);
	account->values[i] = vault_copy(value);
}

/* Return a new account of DESCRIPTION, with the defaults of its settings. */
static inline struct account *new_account(const struct description *description)
{
	const struct vendor *outline = description_outline(description);
	struct account *account = account_new("a", outline);

	assert_non_null(account);
	description_defaults(description, account);
	for (size_t i = 0; outline->settings[i].name; i++) {
		if (outline->settings[i].fallback)
			give(account, outline->settings[i].name, outline->settings[i].fallback);
	}
	return account;
}

/* Make the account's table, and return it. */
static inline const struct vendor *build(struct description *description, struct account *account)
{
	char why[600] = "";

	if (told_build(description, account, why, sizeof(why)))
		fail_msg("refused: %s", why);
	assert_ptr_not_equal(account->vendor, description_outline(description));
	return account->vendor;
}

/* The same fails, with WORDS. */
static inline void refuse_build(struct description *description, struct account *account,
				const char *words)
{
	char why[600] = "";

	assert_int_not_equal(told_build(description, account, why, sizeof(why)), 0);
	if (!strstr(why, words) || strchr(why, '\n'))
		fail_msg("'%s' instead of '%s'", why, words);
}

#endif
