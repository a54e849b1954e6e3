/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.c - see apply.h.
 *
 * The settings of an account are replaced all at once, so that no request has an old and a new one.
 */
#include "mount/apply.h"

#include "cache/changes/change_marks.h"
#include "cache/history/guard.h"
#include "cache/roster/figures.h"
#include "fs/control/refresh_file.h"
#include "fs/fs.h"
#include "fs/tree/record_dir.h"
#include "mount/config/accounts.h"
#include "mount/config/config.h"
#include "mount/config/keys.h"
#include "mount/descriptors.h"
#include "vendors/base/log.h"
#include "vendors/base/vault.h"
#include "vendors/rest/account.h"
#include "vendors/rest/keyring.h"
#include "vendors/rest/secrets.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What was found in one section. */
struct section_diff {
	const char *name;
	FILE *notes;
	unsigned made; /* changes */
	unsigned left; /* keys that stay as they are, in NOTES */
};

/* Note that KEY differs, and stays as it is. */
static void leave(struct section_diff *diff, const char *key)
{
	if (diff->left++)
		fprintf(diff->notes, ", %s", key);
	else
		fprintf(diff->notes, "config: [%s] %s", diff->name, key);
}

static void end_section(const struct section_diff *diff)
{
	if (diff->left)
		fprintf(diff->notes, ": changed, but not applied; unmount and mount to apply\n");
}

/* ---- keys ---- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Return true if the value of KEY is the same in A and B, each a struct config or a struct account.
 */
static bool is_same(const struct key *key, const void *a, const void *b)
{
	const void *one = (const char *)a + key->offset, *other = (const char *)b + key->offset;

	switch (key->type) {
	case KEY_NUMBER:
	case KEY_SECONDS:
	case KEY_UMASK:
		return *(const unsigned *)one == *(const unsigned *)other;
	case KEY_SIZE:
		return *(const size_t *)one == *(const size_t *)other;
	case KEY_YES_NO:
	case KEY_GUARD_RAW:
		return *(const bool *)one == *(const bool *)other;
	case KEY_PATH:
	case KEY_AUTHORITIES:
	case KEY_TEXT:
	case KEY_URL:
		return same_text(*(char *const *)one, *(char *const *)other);
	case KEY_DOMAINS:
		return change_marks_equal(*(struct change_marks *const *)one,
					  *(struct change_marks *const *)other);
	}
	return false;
}

/* Copy the value of KEY, which is live, from FROM to TO, and log that. */
static void take_key(struct section_diff *diff, const struct key *key, void *to, const void *from)
{
	void *place = (char *)to + key->offset;
	const void *new = (const char *)from + key->offset;

	diff->made++;
	if (key->type == KEY_DOMAINS) {
		log_line("config: [%s] %s: the new ones are used from now on", diff->name,
			 key->name);
		change_marks_swap(*(struct change_marks **)place,
				  *(struct change_marks *const *)new);
	} else if (key->type == KEY_YES_NO) {
		bool value = *(const bool *)new;

		log_line("config: [%s] %s = %s from now on", diff->name, key->name,
			 value ? "yes" : "no");
		atomic_store((atomic_bool *)place, value);
	} else {
		unsigned value = *(const unsigned *)new;

		log_line("config: [%s] %s = %u from now on, in place of %u", diff->name, key->name,
			 value, atomic_load((atomic_uint *)place));
		atomic_store((atomic_uint *)place, value);
	}
}

/* Take the keys of TABLE that differ between TO and FROM, as far as they are live. */
static void take_keys(struct section_diff *diff, enum keys_table table, void *to, const void *from)
{
	for (const struct key *key = keys_all(table); key->name; key++) {
		if (is_same(key, to, from))
			continue;
		if (key->live)
			take_key(diff, key, to, from);
		else
			leave(diff, key->name);
	}
}

/* ---- settings ---- */

/* Return true if a setting of ACCOUNT may change from OLD to NEW, each a text or NULL. */
static bool may_change(const struct account *account, const struct setting *setting,
		       const char *old, const char *new)
{
	if (strcmp(setting->name, "self_id") == 0)
		return true;
	/* whether it is given may decide which requests there are */
	if (!old || !new)
		return false;
	return setting->type == SETTING_SECRET ||
	       (setting->type == SETTING_TEXT && account_is_proof(account, setting->name));
}

/*
 * Return the values that ACCOUNT gets from FRESH, in the order of its settings, and note what
 * differs. NULL: no memory.
 */
static char **choose_values(struct section_diff *diff, const struct account *account,
			    const struct account *fresh)
{
	const struct setting *settings = account->vendor->settings;
	char **values = calloc(keyring_count(account->vendor) + 1, sizeof(*values));
	char **olds = account->values, **news = fresh->values;

	for (size_t i = 0; values && settings[i].name; i++) {
		const char *old = olds[i], *new = news[i];
		bool same = same_text(old, new), take = may_change(account, &settings[i], old, new);
		const char *value = !same && take ? new : old;

		if (!same && take) {
			diff->made++;
			log_line("config: [%s] %s: the new one is used from now on", diff->name,
				 settings[i].name);
		} else if (!same) {
			leave(diff, settings[i].name);
		}
		values[i] = vault_copy(value);
		if (value && !values[i]) {
			keyring_free(account->vendor, values);
			return NULL;
		}
	}
	return values;
}

/* Return true if both accounts have settings of the same names and types. */
static bool same_settings(const struct account *a, const struct account *b)
{
	const struct setting *one = a->vendor->settings, *other = b->vendor->settings;

	for (; one->name && other->name; one++, other++) {
		if (strcmp(one->name, other->name) != 0 || one->type != other->type)
			return false;
	}
	return !one->name && !other->name;
}

/* Take the settings of FRESH, and its commands. Returns true if the keys are others now. */
static bool take_settings(struct section_diff *diff, struct account *account, struct account *fresh)
{
	size_t count = keyring_count(account->vendor);
	unsigned before = diff->made;
	bool same_commands = secrets_equal(account->secrets, fresh->secrets, count);
	char **values = choose_values(diff, account, fresh);

	if (values && diff->made == before && same_commands) {
		keyring_free(account->vendor, values);
		return false;
	}
	if (!values || keyring_replace(account, values, fresh->secrets)) {
		keyring_free(account->vendor, values);
		log_line("config: [%s]: out of memory; its keys stay as they are", diff->name);
		diff->made = before;
		return false;
	}
	fresh->secrets = NULL;
	return diff->made > before;
}

/* ---- accounts ---- */

static struct branch *find_branch(struct fs *fs, const struct account *account)
{
	for (size_t i = 0; i < fs->branch_count; i++) {
		if (fs->branches[i].account == account)
			return &fs->branches[i];
	}
	return NULL;
}

/* Ask the vendor of ACCOUNT again if it has CHANGED keys, or what was asked last has failed. */
static void ask_again(struct fs *fs, const struct account *account, bool changed)
{
	struct branch *branch = find_branch(fs, account);
	struct figures info;

	if (!branch || !branch->users)
		return;
	record_dir_info(branch, &info);
	if (changed || info.failing || info.last.words[0])
		refresh_file_branch(branch);
}

static unsigned apply_account(struct account *account, struct account *fresh, struct fs *fs,
			      FILE *notes)
{
	struct section_diff diff = {.name = account->name, .notes = notes};
	bool changed = false;

	if (strcmp(account->vendor->type, fresh->vendor->type) != 0) {
		leave(&diff, "type");
	} else if (!same_settings(account, fresh)) {
		leave(&diff, "the settings of its description");
	} else {
		changed = take_settings(&diff, account, fresh);
		take_keys(&diff, KEYS_ACCOUNT, account, fresh);
		take_keys(&diff, KEYS_DESCRIBED, account, fresh);
		account_spread_waits(account);
		ask_again(fs, account, changed);
	}
	end_section(&diff);
	return diff.made;
}

unsigned apply_config(struct config *mounted, struct config *fresh, struct fs *fs, FILE *notes)
{
	struct section_diff diff = {.name = "rosterfs", .notes = notes};
	unsigned limit = mounted->status_limit, window = mounted->status_window;
	char words[1024];
	unsigned made;

	/* it lowers `parallel` as it did at the start */
	(void)descriptors_provide(fresh, words, sizeof(words));
	take_keys(&diff, KEYS_MOUNT, mounted, fresh);
	end_section(&diff);
	made = diff.made;
	/* without a change, what was written to the control file stays */
	if (mounted->status_limit != limit || mounted->status_window != window)
		guard_set(fs->guard, mounted->status_limit, mounted->status_window);
	for (size_t i = 0; i < mounted->account_count; i++) {
		struct account *account = mounted->accounts[i];
		struct account *other = accounts_find(fresh, account->name);

		if (other)
			made += apply_account(account, other, fs, notes);
		else
			fprintf(notes, "config: [%s] is missing; it stays until you unmount\n",
				account->name);
	}
	for (size_t i = 0; i < fresh->account_count; i++) {
		if (!accounts_find(mounted, fresh->accounts[i]->name))
			fprintf(notes, "config: [%s] is new; unmount and mount to apply\n",
				fresh->accounts[i]->name);
	}
	return made;
}
