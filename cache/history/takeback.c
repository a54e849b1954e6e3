/* SPDX-License-Identifier: Apache-2.0 */
/*
 * takeback.c - see takeback.h.
 *
 * Keeps what a write left in a short text that can be compared: a status, or where that is made of
 * steps, these, each with the vendor's own id of it. What a record's steps were left as is put
 * together from the newest write backwards. It counts nothing: that is guard.c's.
 */
#include "cache/history/takeback.h"

#include "cache/document/content.h"
#include "cache/history/attempt.h"
#include "cache/history/guard.h"
#include "cache/roster/roster.h"
#include "vendors/base/status_words.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- states as texts ---- */

/* One text for all rosters of ROSTER's account whose ids are those of its users. */
static const void *subject_of(struct roster *roster)
{
	const struct account *account = roster_account(roster);
	const struct collection *collection = roster_collection(roster);
	const struct vendor *vendor = account->vendor;

	if (collection == vendor->users || collection->set_status || collection->link)
		return account;
	return roster;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A step by its KEY and by the vendor's own ID of it. The caller frees. NULL: no memory. */
static char *step_text(const char *key, const char *id)
{
	char *text = NULL;

	return asprintf(&text, "%s %s\n", key ? key : "?", id ? id : "?") < 0 ? NULL : text;
}

/* The steps of RECORD in an order of their own. The caller frees. NULL: no memory. */
static char *steps_text(const struct collection *collection, const json_t *record)
{
	const json_t *list = json_object_get(record, collection->steps_key);
	size_t count = json_array_size(list), length = 1;
	char **texts = calloc(count + 1, sizeof(*texts)), *all = NULL, *end;
	bool good = texts;

	for (size_t i = 0; good && i < count; i++) {
		const json_t *step = json_array_get(list, i);

		texts[i] = step_text(json_string_value(json_object_get(step, collection->step_key)),
				     json_string_value(
					 json_object_get(step, collection->step_id_key)));
		good = texts[i];
		length += good ? strlen(texts[i]) : 0;
	}
	if (good)
		all = malloc(length);
	if (all) {
		qsort(texts, count, sizeof(*texts), compare);
		end = stpcpy(all, "");
		for (size_t i = 0; i < count; i++)
			end = stpcpy(end, texts[i]);
	}
	for (size_t i = 0; texts && i < count; i++)
		free(texts[i]);
	free(texts);
	return all;
}

/* The state of RECORD, which is of ROSTER. The caller frees. NULL: it has none, or no memory. */
static char *state_of(struct roster *roster, const json_t *record)
{
	const struct collection *collection = roster_collection(roster);
	const char *status;
	char own[24];

	if (!record)
		return NULL;
	if (collection->set_status)
		return steps_text(collection, record);
	if (collection->link)
		return step_text(roster_parent(roster),
				 collection_path_id(collection, record, own));
	status = collection->status_key
		     ? json_string_value(json_object_get(record, collection->status_key))
		     : NULL;
	return status ? strdup(status) : NULL;
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* ---- what is told ---- */

static enum history_kind kind_of(const struct attempt *attempt, const char *was, const char *left)
{
	static const struct {
		const char *action;
		enum history_kind kind;
	} kinds[] = {{"link", HISTORY_LINK},
		     {"unlink", HISTORY_UNLINK},
		     {"create", HISTORY_CREATE},
		     {"delete", HISTORY_DELETE}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(attempt->action, kinds[i].action) == 0)
			return kinds[i].kind;
	}
	return (was || left) && !same(was, left) ? HISTORY_STATUS : HISTORY_EDIT;
}

void takeback_tell(const struct attempt *attempt, const json_t *before, const json_t *after,
		   struct history_access *access)
{
	char *was = state_of(attempt->roster, before), *left = state_of(attempt->roster, after);

	*access = (struct history_access){.kind = kind_of(attempt, was, left),
					  .subject = subject_of(attempt->roster),
					  .takes_back = attempt->takes_back,
					  .was = was,
					  .left = left};
}

/* ---- what is asked ---- */

/* The newest write to the access of ATTEMPT's record before write number BELOW (0: of all). */
static bool find(const struct attempt *attempt, uint64_t below, struct history_access *access)
{
	struct history *history = guard_history(attempt->guard);

	return history && attempt->roster && attempt->id &&
	       history_newest_access(history, subject_of(attempt->roster), attempt->id, below,
				     access);
}

/* ---- a status that is a field ---- */

/* Does WORD restore what was before ACCESS? */
static bool restores(const struct history_access *access, const char *word)
{
	if (access->kind == HISTORY_STATUS)
		return same(access->was, word);
	return access->kind == HISTORY_CREATE && strcmp(word, STATUS_INACTIVE) == 0;
}

/*
 * The number of the write before which the record had the status WORD, if this mount's writes alone
 * led from it to SHOWN (NULL: to what they left), and none of them was taken back; or 0.
 */
static uint64_t restored_field(const struct attempt *attempt, const char *word, const char *shown)
{
	char *state = shown ? strdup(shown) : NULL;
	bool goes_on = !shown || state;
	uint64_t below = 0, found = 0;
	struct history_access access;

	while (goes_on && find(attempt, below, &access)) {
		if (!state && access.left)
			state = strdup(access.left);
		goes_on = same(state, access.left);
		below = access.takes_back ? access.takes_back : access.number;
		if (goes_on && !access.takes_back) {
			if (restores(&access, word))
				found = access.number;
			free(state);
			state = access.was ? strdup(access.was) : NULL;
			goes_on = !found && state;
		}
		history_access_clear(&access);
	}
	free(state);
	return found;
}

/* ---- steps, one by one ---- */

/*
 * What this mount did to the steps of one record, by their keys: {"left": the step's text as the
 * newest writes left it, or null; "write": the number of the write that made or ended it, 0 if that
 * can't be taken back}.
 */
struct ledger {
	json_t *steps;
	bool whole; /* these are all the steps that the record was left with */
};

/* The line of TEXT, steps, at *AT: a copy, and its key, which the caller frees; *AT goes on. False:
 * the end. */
static bool next_line(const char **at, char **line, char **key)
{
	const char *start = *at;
	size_t length = strcspn(start, "\n");

	if (!*start)
		return false;
	*at = start + length + (start[length] != '\0');
	*line = strndup(start, length);
	*key = strndup(start, strcspn(start, " \n"));
	if (*line && *key)
		return true;
	free(*line);
	free(*key);
	return false;
}

/* Write NUMBER (0: it can't be taken back) left the step with KEY as LEFT (taken). TOUCHED: it was
 * not so before. */
static void note_step(struct ledger *ledger, const char *key, json_t *left, bool touched,
		      uint64_t number)
{
	json_t *step = json_object_get(ledger->steps, key);

	if (!step) {
		/* if a newer write left all that there was, it left no such step */
		step = json_object();
		json_object_set(step, "left", ledger->whole ? json_null() : left);
		json_object_set_new(ledger->steps, key, step);
	}
	if (touched && !json_object_get(step, "write")) {
		bool same_left = json_equal(json_object_get(step, "left"), left);

		json_object_set_new(step, "write",
				    json_integer(same_left ? (json_int_t)number : 0));
	}
	json_decref(left);
}

/* Is LINE, or with WHOLE unset another one of its KEY, in TEXT (NULL: there is none)? */
static bool has_line(const char *text, const char *line, const char *key, bool whole)
{
	const char *wanted = whole ? line : key, *at = text;
	size_t length = strlen(wanted);

	while (at && *at) {
		if (strncmp(at, wanted, length) == 0 && at[length] == (whole ? '\n' : ' '))
			return true;
		at = strchr(at, '\n');
		at += at != NULL;
	}
	return false;
}

/* Into LEDGER what ACCESS did, which is older than what is there. */
static void note_access(struct ledger *ledger, const struct history_access *access)
{
	bool final = access->takes_back || access->kind == HISTORY_DELETE;
	const char *left = access->left ? access->left : "", *was = access->was ? access->was : "";
	uint64_t number = final ? 0 : access->number;
	char *line = NULL, *key = NULL;

	for (const char *at = left; next_line(&at, &line, &key); free(line), free(key))
		note_step(ledger, key, json_string(line), !has_line(was, line, key, true), number);
	for (const char *at = was; next_line(&at, &line, &key); free(line), free(key)) {
		if (!has_line(left, line, key, false))
			note_step(ledger, key, json_null(), true, number);
	}
	if (access->kind != HISTORY_LINK && access->kind != HISTORY_UNLINK)
		ledger->whole = true;
}

/* Pair with json_decref of its steps, which are NULL without memory. */
static struct ledger ledger_of(const struct attempt *attempt)
{
	struct ledger ledger = {.steps = json_object()};
	struct history_access access;
	uint64_t below = 0;

	while (ledger.steps && find(attempt, below, &access)) {
		note_access(&ledger, &access);
		below = access.number;
		history_access_clear(&access);
	}
	return ledger;
}

/* The number of the write that is taken back by making the step with KEY again or, with LINE, its
 * text ("": whatever it is), by ending it; or 0. */
static uint64_t taken_step(const struct ledger *ledger, const char *key, const char *line)
{
	const json_t *step = json_object_get(ledger->steps, key);
	const char *left = json_string_value(json_object_get(step, "left"));
	bool fits = line ? left && (!line[0] || strcmp(left, line) == 0) : !left;

	return fits ? (uint64_t)json_integer_value(json_object_get(step, "write")) : 0;
}

/* Is STATE, steps that the vendor shows, what this mount left? */
static bool is_as_left(const struct ledger *ledger, const char *state)
{
	char *line = NULL, *own = NULL;
	bool good = true;
	const char *key;
	json_t *step;

	json_object_foreach(ledger->steps, key, step) {
		const char *left = json_string_value(json_object_get(step, "left"));

		good = good && has_line(state, left, key, left) == (left != NULL);
	}
	for (const char *at = state; next_line(&at, &line, &own); free(line), free(own))
		good = good && (!ledger->whole || json_object_get(ledger->steps, own));
	return good;
}

/* Can any step be taken back for the status WORD? */
static bool may_be_steps(const struct attempt *attempt, const char *word)
{
	const char *line = strcmp(word, STATUS_INACTIVE) == 0 ? "" : NULL;
	struct ledger ledger = ledger_of(attempt);
	bool any = false;
	const char *key;
	json_t *step;

	json_object_foreach(ledger.steps, key, step)
		any = any || taken_step(&ledger, key, line);
	json_decref(ledger.steps);
	return any;
}

bool takeback_steps(struct attempt *attempt, const json_t *fresh, const json_t *wanted)
{
	const struct collection *collection = roster_collection(attempt->roster);
	char *shown = steps_text(collection, fresh), *line = NULL, *key = NULL;
	char *list = wanted ? steps_text(collection, wanted) : NULL;
	const char *at = wanted ? list : shown;
	struct ledger ledger = ledger_of(attempt);
	bool good = shown && at && ledger.steps && is_as_left(&ledger, shown);
	uint64_t oldest = 0;

	for (; good && next_line(&at, &line, &key); free(line), free(key)) {
		uint64_t number;

		if (wanted && has_line(shown, line, key, false))
			continue;
		number = taken_step(&ledger, key, wanted ? NULL : line);
		good = number;
		oldest = !oldest || number < oldest ? number : oldest;
	}
	attempt->takes_back = good ? oldest : 0;
	json_decref(ledger.steps);
	free(shown);
	free(list);
	return attempt->takes_back;
}

/* ---- for all kinds of changes ---- */

bool takeback_may_be(const struct attempt *attempt, const char *word)
{
	if (roster_collection(attempt->roster)->set_status)
		return may_be_steps(attempt, word);
	return restored_field(attempt, word, NULL);
}

bool takeback_status(struct attempt *attempt, const json_t *fresh, const char *word)
{
	char *state = state_of(attempt->roster, fresh);

	attempt->takes_back = state ? restored_field(attempt, word, state) : 0;
	free(state);
	return attempt->takes_back;
}

bool takeback_link(struct attempt *attempt, const char *own)
{
	const char *key = roster_parent(attempt->roster);
	struct ledger ledger = ledger_of(attempt);
	char *line = own && own[0] ? step_text(key, own) : NULL;

	if (line)
		line[strlen(line) - 1] = '\0';
	/* that it is not there is what the vendor says by making it */
	attempt->takes_back = taken_step(&ledger, key, line ? line : own);
	json_decref(ledger.steps);
	free(line);
	return attempt->takes_back;
}

/*
 * Has this mount alone changed ATTEMPT's record since CREATION, a write in HISTORY, and does FRESH
 * show what it left? Each of its writes must have found what the one before left.
 */
static bool only_ours(const struct attempt *attempt, struct history *history, uint64_t creation,
		      const json_t *fresh)
{
	const struct collection *collection = roster_collection(attempt->roster);
	json_t *found = json_incref((json_t *)(uintptr_t)fresh);
	uint64_t number = UINT64_MAX;
	bool ours = true;

	do {
		json_t *after;

		number = history_before(history, attempt->roster, attempt->id, number);
		after = number ? history_record(history, number, HISTORY_AFTER) : NULL;
		ours = found && after && content_same(collection, found, after);
		json_decref(found);
		json_decref(after);
		found = ours ? history_record(history, number, HISTORY_BEFORE) : NULL;
	} while (ours && number > creation);
	json_decref(found);
	return ours;
}

bool takeback_creation(struct attempt *attempt, const json_t *fresh)
{
	struct history *history = guard_history(attempt->guard);
	struct history_access access;

	attempt->takes_back = 0;
	if (!find(attempt, 0, &access))
		return false;
	if (access.kind == HISTORY_CREATE && access.owner == attempt->roster &&
	    (!fresh || only_ours(attempt, history, access.number, fresh)))
		attempt->takes_back = access.number;
	history_access_clear(&access);
	return attempt->takes_back;
}
