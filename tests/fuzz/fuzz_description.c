/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_description.c - descriptions of vendors, and the tables that are made of them. Input: the
 * text of a file. What is accepted gets an account, with each setting given and with none.
 */
#include "tests/fuzz/fuzz.h"

#include "tests/unit/told_faults.h"
#include "vendors/base/vault.h"
#include "vendors/description/description.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define WHY_MAX 600

static char folder[] = "/tmp/rosterfs-fuzz-XXXXXX";
static char file[64];

static void clean(void)
{
	(void)unlink(file);
	(void)rmdir(folder);
}

static void put(const uint8_t *data, size_t size)
{
	int out;

	if (!file[0]) {
		FUZZ_CHECK(mkdtemp(folder));
		snprintf(file, sizeof(file), "%s/x.vendor", folder);
		(void)atexit(clean);
	}
	out = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	FUZZ_CHECK(out >= 0);
	FUZZ_CHECK(write(out, data, size) == (ssize_t)size);
	FUZZ_CHECK(close(out) == 0);
}

/* Each error is one line with words. */
static void check_why(const char *why)
{
	FUZZ_CHECK(*why && *why != '\n' && !strstr(why, "\n\n"));
	FUZZ_CHECK(why[strlen(why) - 1] != '\n');
}

static void build(struct description *description, bool given)
{
	struct account *account = account_new("acme", description_outline(description));
	char why[WHY_MAX] = "";

	FUZZ_CHECK(account);
	description_defaults(description, account);
	for (size_t i = 0; given && account->vendor->settings[i].name; i++) {
		vault_free(account->values[i]);
		account->values[i] = vault_copy("x");
	}
	if (!account->endpoint.base_url)
		account->endpoint.base_url = strdup("https://x.example");
	if (told_build(description, account, why, sizeof(why)) == 0)
		FUZZ_CHECK(account->vendor->manual(account));
	else
		check_why(why);
	account_free(account);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *const folders[] = {folder, NULL};
	struct description *description = NULL;
	char why[WHY_MAX] = "";

	put(data, size);
	if (told_read("x", folders, &description, why, sizeof(why))) {
		check_why(why);
		return 0;
	}
	build(description, false);
	build(description, true);
	description_free(description);
	return 0;
}
