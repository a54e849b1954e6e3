/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - see check.h.
 *
 * One thread for each vendor with an API. It requests what a deactivation needs:
 * - self, because statuses are refused while it is unknown to which user the key belongs,
 * - the list, page by page, because a vendor that repeats a page has no usable list,
 * - the status of each user.
 * It mounts nothing and changes nothing. A value from the config is never printed as if it came
 * from the vendor.
 *
 * rosterfs(1) documents the first words of the lines, because scripts read them.
 */
#include "mount/check/check.h"

#include "cache/history/trust.h"
#include "mount/terminal/bar.h"
#include "mount/config/config.h"
#include "mount/check/tally.h"
#include "vendors/base/call.h"
#include "vendors/base/status_words.h"
#include "vendors/rest/account.h"
#include "vendors/rest/item.h"
#include "vendors/list/list.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The output for the lines of all vendors. */
struct output {
	FILE *file;
	pthread_mutex_t lock;
};

/* The check of one vendor, for its thread only. */
struct check {
	struct account *account;
	struct output *output;
	bool quick;
	bool failed;
	struct call call;
	char *told; /* the id of the key's user by the vendor; NULL: unknown */
	struct tally tally;
	pthread_t thread;
	bool started; /* thread must be joined */
};

static void say(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Write a line. Control characters in a vendor's words become question marks. */
static void say(struct check *check, const char *format, ...)
{
	char line[CALL_REQUEST_MAX + CALL_WORDS_MAX + 256];
	struct output *output = check->output;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	for (char *at = line; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
	}
	pthread_mutex_lock(&output->lock);
	bar_pause();
	fprintf(output->file, "%s: %s\n", check->account->name, line);
	(void)fflush(output->file);
	bar_resume();
	pthread_mutex_unlock(&output->lock);
}

/* Write why the last request failed, from check->call. */
static void say_error(struct check *check)
{
	const struct call *call = &check->call;
	char status[32] = "";

	check->failed = true;
	if (call->status)
		(void)snprintf(status, sizeof(status), " answered %d", call->status);
	say(check, "%s%s%s%s", call->request, call->request[0] ? status : "",
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
	int error = check->account->vendor->self(&check->call, check->account, &check->told);

	/* it matters to changes of a status */
	if (error && check->call.verdict == CALL_NOT_TOLD && !configured &&
	    !has_status(check->account->vendor))
		return true;
	if (error && check->call.verdict == CALL_NOT_TOLD) {
		check->failed = !configured;
		say(check, "the vendor does not tell whose the key is: %s%s", check->call.words,
		    configured ? "" : "; no status can be written until self_id is set");
		return true;
	}
	if (error) {
		say_error(check);
		return false;
	}
	say(check, "the key belongs to user %s", check->told);
	if (configured && strcmp(configured, check->told) != 0) {
		check->failed = true;
		say(check, "self_id is %s, but the key belongs to user %s: correct or remove it",
		    configured, check->told);
	}
	return true;
}

/* Look for the user of the key in the list: by the vendor, else by the config. */
static void compare_self(struct check *check)
{
	const char *configured = configured_self(check);

	if (check->told && !check->quick && !tally_has(&check->tally, check->told)) {
		say(check, "user %s, to whom the key belongs, is not in the list", check->told);
	} else if (!check->told && configured) {
		if (tally_has(&check->tally, configured)) {
			say(check, "self_id is %s: there is such a user in the list", configured);
		} else if (check->quick) {
			say(check,
			    "self_id is %s: no such user is on the first page; --check reads the "
			    "whole list",
			    configured);
		} else {
			check->failed = true;
			say(check, "self_id is %s, but no such user is in the list", configured);
		}
	}
}

/* ---- the list ---- */

static enum paging by_number(const struct account *account)
{
	(void)account;
	return PAGING_NUMBER;
}

static enum paging by_offset(const struct account *account)
{
	(void)account;
	return PAGING_OFFSET;
}

/* A way to ask for a page. */
struct way {
	enum paging (*paging)(const struct account *account);
	const char *name;
	const char *query; /* TEMPLATE, for a list that is described by rules */
	long long start;
};

/* What a list by rules needs to be asked for a page. */
struct paged {
	struct rule_list list;
	struct rule_request request;
	char path[1024];
};

/* Let USERS, whose list has no pages by its rules, be asked for them in WAY. Returns false if the
 * request cannot have parameters. */
static bool page_rules(const struct way *way, struct collection *users, struct paged *paged)
{
	const struct rule_request *request = users->listing->first;
	int length;

	if (strcmp(request->method, "GET") != 0)
		return false;
	length = snprintf(paged->path, sizeof(paged->path), "%s%c%s", request->path,
			  strchr(request->path, '?') ? '&' : '?', way->query);
	paged->request = *request;
	paged->request.path = paged->path;
	paged->request.alternative = NULL;
	paged->list = *users->listing;
	paged->list.first = &paged->request;
	paged->list.start = way->start;
	users->listing = &paged->list;
	return length < (int)sizeof(paged->path);
}

/*
 * Request the second page in both ways, after the list was read without pages: if the vendor has
 * pages, that was only the first one. An error, or users that are known already, show that there
 * are no pages.
 */
static void check_unpaged(struct check *check)
{
	static const struct way ways[] = {
	    {by_number, "page", "page={page}&count={size}", 1},
	    {by_offset, "offset", "offset={offset}&limit={size}", 0},
	};

	for (size_t i = 0; i < 2; i++) {
		struct collection users = *check->account->vendor->users;
		struct tally_strangers strangers;
		struct list_part part = {.page = 2};
		struct paged paged;

		users.paging = ways[i].paging;
		users.page_size = (unsigned)check->tally.count;
		if (users.listing && !page_rules(&ways[i], &users, &paged))
			continue;
		tally_strangers_init(&strangers, &check->tally);
		part.sink = &strangers.sink;
		if (list_walk_all(&check->call, check->account, &users, &part, 1) ||
		    !strangers.count)
			continue;
		check->failed = true;
		say(check, "%s answered %zu other users: set paging = %s", check->call.request,
		    strangers.count, ways[i].name);
		return;
	}
}

static bool check_users(struct check *check)
{
	struct account *account = check->account;
	const struct collection *users = account->vendor->users;
	struct list_part part = {.sink = &check->tally.sink, .page = 1};
	int error = check->quick ? list_walk_all(&check->call, account, users, &part, 1)
				 : tally_walk(&check->tally, &check->call, account, users);

	if (error) {
		if (check->call.verdict == CALL_NO_PATH && !account->vendor->choose_base_url)
			call_add_words(&check->call, " (is base_url right?)");
		say_error(check);
		return false;
	}
	say(check, "users can be listed%s%s", check->quick ? " (one page only)" : "",
	    check->tally.count ? "" : "; there are none");
	if (!check->tally.count && check->told) {
		check->failed = true;
		say(check, "not even user %s, to whom the key belongs, is in the list",
		    check->told);
	} else {
		compare_self(check);
	}
	if (!check->quick && check->tally.count && users->paging &&
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
		say(check, "its description has no status: nobody can be deactivated here");
		return;
	}
	if (users->listing && !users->item) {
		check->failed = true;
		say(check, "no user has a status: nobody can be deactivated here");
		return;
	}
	error = item_get(&check->call, check->account, users, NULL, id, &record, NULL);
	if (error) {
		say_error(check);
		say(check, "no user in the list has a status: nobody can be deactivated here");
		return;
	}
	word = status_map_word(users, record, buffer);
	if (word && tally_is_known(word)) {
		say(check, "the list shows no status, but user %s by id does: %s", id, word);
	} else {
		check->failed = true;
		say(check, "no user has a status: nobody can be deactivated here");
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
		say(check, "the description has no [status]: no status can be read or written");
	} else if (!tally->others) {
		check_one_status(check);
	} else {
		check->failed = true;
		say(check,
		    "no user has the status active or inactive, only others, such as \"%s\": nobody "
		    "can be deactivated here",
		    tally->other);
	}
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
	say(check, "the list of users has %u page%s", tally->pages, tally->pages == 1 ? "" : "s");
	if (tally->pages == 1 && tally->count == users->page_size &&
	    (users->paging(check->account) == PAGING_CURSOR ||
	     users->paging(check->account) == PAGING_URL))
		say(check, "that page is full, and names no next one: is `next` right?");
	values_print(&tally->values, text, sizeof(text));
	if (users->status && users->status->active->type == VALUE_ANY &&
	    users->status->inactive->type == VALUE_ABSENT)
		say(check, "whoever is listed is active");
	else if (users->status)
		say(check, "values of the status field %s: %s", users->status_key, text);
	if (tally->count && !tally->emails)
		say(check, "no user in the list has an email at %s: by-email will find nobody",
		    users->email_keys[0]);
	text[0] = '\0';
	for (const struct field *field = users->fields; field->name && length < sizeof(text);
	     field++) {
		if (field->flags & (FIELD_CONFIDENTIAL | FIELD_WRITE_ONLY))
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
						   length ? ", " : "", field->name);
	}
	if (text[0])
		say(check, "fields that are never shown: %s", text);
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
	say(check, "%zu users%s: %zu active, %zu inactive%s%s", tally->count,
	    check->quick ? " on one page" : "", tally->active, tally->inactive, others, none);
}

/* Say which status user ID has, whose RECORD was read alone. */
static void say_one_status(struct check *check, const char *id, const json_t *record)
{
	char buffer[STATUS_MAP_MAX];
	const char *word = status_map_word(check->account->vendor->statuses, record, buffer);

	say(check, "statuses can be read: user %s is %s (one user only)", id,
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

	if (check->quick) {
		error = item_get(&check->call, account, statuses, NULL, id, &record, NULL);
		if (!error)
			say_one_status(check, id, record);
		json_decref(record);
	} else {
		tally_statuses(&check->tally, statuses);
		error = tally_walk(&check->tally, &check->call, account, statuses);
		tally_end(&check->tally);
		if (!error)
			say_statuses(check);
	}
	if (error)
		say_error(check);
}

/* ---- all checks ---- */

/* Say that WHAT is not sent, if REQUEST is one (not NULL), and from memory. */
static void say_untrusted(struct check *check, const char *what, const struct rule_request *request)
{
	if (request && !trust_is_given(check->account, request))
		say(check,
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
		say(check,
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

static void *check_account(void *arg)
{
	struct check *check = arg;
	const struct vendor *vendor = check->account->vendor;
	char urls[600];

	if (account_urls(check->account, urls, sizeof(urls)))
		say(check, "%s", urls);
	call_init(&check->call, check->account->name);
	tally_init(&check->tally, vendor->statuses ? NULL : vendor->users);
	if ((!vendor->self || check_self(check)) && check_users(check)) {
		if (vendor->statuses) {
			check_statuses(check);
		} else {
			say_rules(check);
			say_statuses(check);
			judge_statuses(check);
		}
	}
	say_trust(check);
	say(check, "%s", check->failed ? "failed" : "ok");
	tally_clear(&check->tally);
	call_destroy(&check->call);
	free(check->told);
	return NULL;
}

unsigned check_run(const struct config *config, bool quick, FILE *out)
{
	struct output output = {out, PTHREAD_MUTEX_INITIALIZER};
	struct check *checks = calloc(config->account_count + 1, sizeof(*checks));
	unsigned failed = 0;

	if (!checks) {
		fputs("out of memory\n", out);
		return 1;
	}
	for (size_t i = 0; i < config->account_count; i++) {
		struct check *check = &checks[i];

		*check = (struct check){.account = config->accounts[i],
					.output = &output,
					.quick = quick};
		if (!check->account->vendor->users)
			say(check, "kept by hand, nothing to ask");
		else if (pthread_create(&check->thread, NULL, check_account, check) == 0)
			check->started = true;
		else
			(void)check_account(check);
	}
	for (size_t i = 0; i < config->account_count; i++) {
		if (checks[i].started)
			(void)pthread_join(checks[i].thread, NULL);
		failed += checks[i].failed;
	}
	free(checks);
	pthread_mutex_destroy(&output.lock);
	return failed;
}
