/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - see check.h.
 *
 * One thread for each vendor with an API. It requests what a deactivation needs:
 * - self, because statuses are refused while it is unknown to which user the key belongs,
 * - the list, page by page, because a vendor that repeats a page has no usable list,
 * - the status of each user.
 * It mounts nothing and changes nothing. A value from the config is never told as if it came from
 * the vendor. What is found is kept in struct facts; a report prints it.
 *
 * rosterfs(1) documents the first words of the lines, because scripts read them.
 */
#include "mount/check/check.h"

#include "cache/history/trust.h"
#include "mount/config/config.h"
#include "mount/check/facts.h"
#include "mount/check/report.h"
#include "mount/check/tally.h"
#include "mount/check/unpaged.h"
#include "vendors/base/call.h"
#include "vendors/base/one_line.h"
#include "vendors/base/status_words.h"
#include "vendors/rest/account.h"
#include "vendors/rest/item.h"
#include "vendors/list/list.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What the checks of all vendors share. */
struct output {
	struct report *report;
	pthread_mutex_t lock; /* of report */
	const char *refused;  /* why the mount would send no changes, or NULL */
};

/* The check of one vendor, for its thread only. */
struct check {
	struct account *account;
	struct output *output;
	struct facts facts;
	struct call call;
	struct tally tally;
	bool one_has_status; /* a user by id has a status, which the list does not show */
	pthread_t thread;
	bool started; /* thread must be joined */
};

static void say(struct check *check, enum facts_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Tell a line. Control characters in a vendor's words become question marks. */
static void say(struct check *check, enum facts_level level, const char *format, ...)
{
	char line[CALL_REQUEST_MAX + CALL_WORDS_MAX + 256];
	struct output *output = check->output;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	one_line(line, '?');
	facts_add(&check->facts, level, line);
	pthread_mutex_lock(&output->lock);
	if (output->report->line)
		output->report->line(output->report, &check->facts, level, line);
	pthread_mutex_unlock(&output->lock);
}

#define say_note(check, ...) say(check, FACTS_NOTE, __VA_ARGS__)
#define say_warning(check, ...) say(check, FACTS_WARNING, __VA_ARGS__)
#define say_error(check, ...) say(check, FACTS_ERROR, __VA_ARGS__)

/* Tell why the last request failed, from check->call. */
static void say_failure(struct check *check)
{
	const struct call *call = &check->call;
	char status[32] = "";

	if (!check->facts.verdict)
		check->facts.verdict = call->verdict;
	if (call->status)
		(void)snprintf(status, sizeof(status), " answered %d", call->status);
	say_error(check, "%s%s%s%s", call->request, call->request[0] ? status : "",
		  call->request[0] ? ": " : "", call->words);
}

/* ---- the user of the key ---- */

static const char *configured_self(const struct check *check)
{
	return account_value(check->account, "self_id");
}

/* Return true if the vendor's users have a status: a description may have no [status]. */
static bool has_status(const struct vendor *vendor)
{
	return vendor->statuses || !vendor->users->listing || vendor->users->status;
}

/* Check whose keys they are. Returns false if further requests would fail too. */
static bool check_self(struct check *check)
{
	const char *configured = configured_self(check);
	int error = check->account->vendor->self(&check->call, check->account, &check->facts.self);

	/* it matters to changes of a status */
	if (error && check->call.verdict == CALL_NOT_TOLD && !configured &&
	    !has_status(check->account->vendor))
		return true;
	if (error && check->call.verdict == CALL_NOT_TOLD) {
		check->facts.self_missing = !configured;
		say(check, configured ? FACTS_NOTE : FACTS_ERROR,
		    "the vendor does not tell whose the key is: %s%s", check->call.words,
		    configured ? "" : "; no status can be written until self_id is set");
		return true;
	}
	if (error) {
		say_failure(check);
		return false;
	}
	say_note(check, "the key belongs to user %s", check->facts.self);
	if (configured && strcmp(configured, check->facts.self) != 0) {
		say_error(check,
			  "self_id is %s, but the key belongs to user %s: correct or remove it",
			  configured, check->facts.self);
	}
	return true;
}

/* Look for the user of the key in the list: by the vendor, else by the config. */
static void compare_self(struct check *check)
{
	const char *configured = configured_self(check);

	if (check->facts.self && !check->facts.quick &&
	    !tally_has(&check->tally, check->facts.self)) {
		say_warning(check, "user %s, to whom the key belongs, is not in the list",
			    check->facts.self);
	} else if (!check->facts.self && configured) {
		if (tally_has(&check->tally, configured)) {
			say_note(check, "self_id is %s: there is such a user in the list",
				 configured);
		} else if (check->facts.quick) {
			say_warning(
			    check,
			    "self_id is %s: no such user is on the first page; --check reads the "
			    "whole list",
			    configured);
		} else {
			say_error(check, "self_id is %s, but no such user is in the list",
				  configured);
		}
	}
}

/* ---- the list ---- */

/* Check whether a list that was read without pages has pages. */
static void check_unpaged(struct check *check)
{
	size_t strangers = 0;

	check->facts.paging = unpaged_find(&check->call, check->account, &check->tally, &strangers);
	if (check->facts.paging)
		say_error(check, "%s answered %zu other users: set paging = %s",
			  check->call.request, strangers, check->facts.paging);
}

static bool check_users(struct check *check)
{
	struct account *account = check->account;
	const struct collection *users = account->vendor->users;
	struct list_part part = {.sink = &check->tally.sink, .page = 1};
	int error = check->facts.quick ? list_walk_all(&check->call, account, users, &part, 1)
				       : tally_walk(&check->tally, &check->call, account, users);

	if (error) {
		if (check->call.verdict == CALL_NO_PATH && !account->vendor->choose_base_url)
			call_add_words(&check->call, " (is base_url right?)");
		say_failure(check);
		return false;
	}
	check->facts.listed = true;
	say_note(check, "users can be listed%s%s", check->facts.quick ? " (one page only)" : "",
		 check->tally.count ? "" : "; there are none");
	if (!check->tally.count && check->facts.self) {
		say_error(check, "not even user %s, to whom the key belongs, is in the list",
			  check->facts.self);
	} else {
		compare_self(check);
	}
	if (!check->facts.quick && check->tally.count && users->paging &&
	    users->paging(account) == PAGING_NONE)
		check_unpaged(check);
	return check->tally.count != 0;
}

/* ---- the statuses ---- */

/* Check whether a GET of one user shows a status, because the list shows none. */
static void check_one_status(struct check *check)
{
	const struct collection *users = check->account->vendor->users;
	const char *id = check->tally.first, *word;
	char buffer[STATUS_MAP_MAX];
	json_t *record = NULL;
	int error;

	if (users->listing && !users->status_key) {
		say_warning(check, "its description has no status: nobody can be deactivated here");
		return;
	}
	if (users->listing && !users->item) {
		say_error(check, "no user has a status: nobody can be deactivated here");
		return;
	}
	error = item_get(&check->call, check->account, users, NULL, id, &record, NULL);
	if (error) {
		say_failure(check);
		say_error(check,
			  "no user in the list has a status: nobody can be deactivated here");
		return;
	}
	word = status_map_word(users, record, buffer);
	if (word && tally_is_known(word)) {
		check->one_has_status = true;
		say_note(check, "the list shows no status, but user %s by id does: %s", id, word);
	} else {
		say_error(check, "no user has a status: nobody can be deactivated here");
	}
	json_decref(record);
}

/* Judge the statuses of the list, which are a field of users. */
static void judge_statuses(struct check *check)
{
	const struct tally *tally = &check->tally;

	if (tally->active || tally->inactive)
		return;
	if (!has_status(check->account->vendor)) {
		say_warning(check,
			    "the description has no [status]: no status can be read or written");
	} else if (!tally->others) {
		check_one_status(check);
	} else {
		say_error(
		    check,
		    "no user has the status active or inactive, only others, such as \"%s\": nobody "
		    "can be deactivated here",
		    tally->other);
	}
}

/* Say how many pages the list has, all of which were read. */
static void say_pages(struct check *check)
{
	const struct collection *users = check->account->vendor->users;
	const struct tally *tally = &check->tally;

	say_note(check, "the list of users has %u page%s", tally->pages,
		 tally->pages == 1 ? "" : "s");
	if (tally->pages == 1 && tally->count == users->page_size &&
	    (users->paging(check->account) == PAGING_CURSOR ||
	     users->paging(check->account) == PAGING_URL))
		say_warning(check, "that page is full, and names no next one: is `next` right?");
}

/* Say what the table's rules make of the list: pages, values of the status, hidden fields. */
static void say_rules(struct check *check)
{
	const struct collection *users = check->account->vendor->users;
	const struct tally *tally = &check->tally;
	char text[512];
	size_t length = 0;

	if (!users->listing)
		return;
	if (!check->facts.quick)
		say_pages(check);
	values_print(&tally->values, text, sizeof(text));
	if (users->status && users->status->active->type == VALUE_ANY &&
	    users->status->inactive->type == VALUE_ABSENT)
		say_note(check, "whoever is listed is active");
	else if (users->status)
		say_note(check, "values of the status field %s: %s", users->status_key, text);
	if (tally->count && !tally->emails)
		say_warning(check,
			    "no user in the list has an email at %s: by-email will find nobody",
			    users->email_keys[0]);
	text[0] = '\0';
	for (const struct field *field = users->fields; field->name && length < sizeof(text);
	     field++) {
		if (field->flags & (FIELD_CONFIDENTIAL | FIELD_WRITE_ONLY))
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
						   length ? ", " : "", field->name);
	}
	if (text[0])
		say_note(check, "fields that are never shown: %s", text);
}

static void say_statuses(struct check *check)
{
	const struct tally *tally = &check->tally;
	char others[128] = "", none[64] = "";

	if (tally->others)
		(void)snprintf(others, sizeof(others), ", %zu with another status, such as \"%s\"",
			       tally->others, tally->other);
	if (tally->none)
		(void)snprintf(none, sizeof(none), ", %zu without a status", tally->none);
	say_note(check, "%zu users%s: %zu active, %zu inactive%s%s", tally->count,
		 check->facts.quick ? " on one page" : "", tally->active, tally->inactive, others,
		 none);
}

/* Say which status user ID has, whose RECORD was read alone. */
static void say_one_status(struct check *check, const char *id, const json_t *record)
{
	char buffer[STATUS_MAP_MAX];
	const char *word = status_map_word(check->account->vendor->statuses, record, buffer);

	say_note(check, "statuses can be read: user %s is %s (one user only)", id,
		 word ? word : STATUS_UNKNOWN);
}

/* Check statuses that are not a field of users: all, or with QUICK that of the first user. */
static void check_statuses(struct check *check)
{
	struct account *account = check->account;
	const struct collection *statuses = account->vendor->statuses;
	const char *id = check->tally.first;
	json_t *record = NULL;
	int error;

	if (check->facts.quick) {
		error = item_get(&check->call, account, statuses, NULL, id, &record, NULL);
		if (!error)
			say_one_status(check, id, record);
		json_decref(record);
	} else {
		tally_statuses(&check->tally, statuses);
		error = tally_walk(&check->tally, &check->call, account, statuses);
		tally_end(&check->tally);
		check->facts.counted = !error;
		if (!error)
			say_statuses(check);
	}
	if (error)
		say_failure(check);
}

/* ---- all checks ---- */

/* Say that WHAT is not sent, if REQUEST is one (not NULL), and from memory. */
static void say_untrusted(struct check *check, const char *what, const struct rule_request *request)
{
	if (request && !trust_is_given(check->account, request))
		say_warning(
		    check,
		    "%s not sent: that section of the description of %s is from memory; compare it "
		    "with the vendor's documents, then set trust = yes",
		    what, check->account->vendor->type);
}

/* Say which changes are not sent because they are described from memory. */
static void say_trust(struct check *check)
{
	const struct collection *users = check->account->vendor->users;
	const struct rule_status *status = users->status;

	if (!trust_is_given(check->account, NULL)) {
		say_warning(
		    check,
		    "changes are not sent: the description of %s is from memory; compare it with "
		    "the vendor's documents, then set trust = yes",
		    check->account->vendor->type);
		return;
	}
	if (status && status->deactivate)
		say_untrusted(check, "deactivations are", &status->deactivate->request);
	if (status && status->activate)
		say_untrusted(check, "activations are", &status->activate->request);
	if (users->update)
		say_untrusted(check, "changes of documents are", &users->update->request);
	say_untrusted(check, "new users are", users->create);
	say_untrusted(check, "deletions are", users->remove);
}

/* Keep the counts, if the statuses could be read, and whether none is of use. */
static void keep_counts(struct check *check)
{
	const struct vendor *vendor = check->account->vendor;

	facts_count(&check->facts, &check->tally);
	if (!check->facts.counted)
		return;
	/* check_one_status has looked whether one user by id has a status */
	check->facts.no_status = !check->facts.active && !check->facts.inactive &&
				 check->facts.total && has_status(vendor) && !check->one_has_status;
}

static void *check_account(void *arg)
{
	struct check *check = arg;
	struct output *output = check->output;
	const struct vendor *vendor = check->account->vendor;
	char urls[600];

	if (account_urls(check->account, urls, sizeof(urls)))
		say_note(check, "%s", urls);
	call_init(&check->call, check->account->name);
	tally_init(&check->tally, vendor->statuses ? NULL : vendor->users);
	if ((!vendor->self || check_self(check)) && check_users(check)) {
		if (vendor->statuses) {
			check_statuses(check);
		} else {
			check->facts.counted = true;
			say_rules(check);
			say_statuses(check);
			judge_statuses(check);
		}
	}
	keep_counts(check);
	say_trust(check);
	ability_find(&check->facts, output->refused);
	pthread_mutex_lock(&output->lock);
	if (output->report->done)
		output->report->done(output->report, &check->facts);
	pthread_mutex_unlock(&output->lock);
	tally_clear(&check->tally);
	call_destroy(&check->call);
	return NULL;
}

/* Begin the check of ACCOUNT. */
static void begin(struct check *check, struct account *account, struct output *output, bool quick)
{
	*check = (struct check){.account = account,
				.output = output,
				.facts = {.account = account, .quick = quick}};
	check->facts.by_hand = !account->vendor->users;
	if (check->facts.by_hand) {
		ability_find(&check->facts, NULL);
		pthread_mutex_lock(&output->lock);
		if (output->report->done)
			output->report->done(output->report, &check->facts);
		pthread_mutex_unlock(&output->lock);
	} else if (pthread_create(&check->thread, NULL, check_account, check) == 0) {
		check->started = true;
	} else {
		(void)check_account(check);
	}
}

int check_run(const struct config *config, const struct check_options *options,
	      struct report *report)
{
	struct output output = {
	    .report = report,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .refused = options->read_only ? "-o ro refuses all changes"
		       : options->dry_run ? "-o dry_run sends no changes"
					  : NULL,
	};
	struct check *checks = calloc(config->account_count + 1, sizeof(*checks));
	int failed = 0;

	if (!checks)
		return -ENOMEM;
	for (size_t i = 0; i < config->account_count; i++)
		begin(&checks[i], config->accounts[i], &output, options->quick);
	for (size_t i = 0; i < config->account_count; i++) {
		if (checks[i].started)
			(void)pthread_join(checks[i].thread, NULL);
		failed += checks[i].facts.failed;
	}
	for (size_t i = 0; i < config->account_count; i++) {
		if (report->end)
			report->end(report, &checks[i].facts);
		facts_clear(&checks[i].facts);
	}
	free(checks);
	pthread_mutex_destroy(&output.lock);
	return failed;
}
