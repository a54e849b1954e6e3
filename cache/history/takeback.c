/* SPDX-License-Identifier: Apache-2.0 */
/*
 * takeback.c - see takeback.h.
 *
 * The state of a record's access is kept as a short text that can be compared: the status or, if
 * that is made of steps, one line for each step, with the vendor's own id of it. How this mount
 * left the steps of a record is put together from the newest write backwards. Counting is guard.c's
 * task.
 */
#include "cache/history/takeback.h"

#include "cache/document/content.h"
#include "cache/history/attempt.h"
#include "cache/history/guard.h"
#include "cache/history/history.h"
#include "cache/roster/roster.h"
#include "vendors/base/status_words.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- states as texts ---- */

/*
 * Return what history_access calls the subject: the name of the users' roster for all rosters of
 * ROSTER's account whose ids are those of its users.
 */
static const char *subject_of(struct roster *roster)
{
	struct roster *people = roster_people(roster);

	return roster_name(people ? people : roster);
}

static int takeback_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Return the line of the step with KEY and the vendor's own ID; the caller frees. NULL: no memory.
 */
static char *step_text(const char *key, const char *id)
{
	char *text = NULL;

	return asprintf(&text, "%s %s\n", key ? key : "?", id ? id : "?") < 0 ? NULL : text;
}

/* Return the lines of all steps of RECORD, sorted; the caller frees. NULL: no memory. */
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
		qsort(texts, count, sizeof(*texts), takeback_compare);
		end = stpcpy(all, "");
		for (size_t i = 0; i < count; i++)
			end = stpcpy(end, texts[i]);
	}
	for (size_t i = 0; texts && i < count; i++)
		free(texts[i]);
	free(texts);
	return all;
}

/* Return the state of RECORD, of ROSTER; the caller frees. NULL: it has none, or no memory. */
static char *state_of(struct roster *roster, const json_t *record)
{
	const struct collection *collection = roster_collection(roster);
	char own[COLLECTION_ID_MAX], word[STATUS_MAP_MAX];
	const char *status;

	if (!record)
		return NULL;
	if (collection->set_status)
		return steps_text(collection, record);
	if (collection->link)
		return step_text(roster_parent(roster),
				 collection_path_id(collection, record, own));
	status = status_map_word(collection, record, word);
	return status ? strdup(status) : NULL;
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* ---- for the history ---- */

static enum history_kind takeback_kind(const struct attempt *attempt, const char *was,
				       const char *left)
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

	*access = (struct history_access){.kind = takeback_kind(attempt, was, left),
					  .subject = subject_of(attempt->roster),
					  .takes_back = attempt->takes_back,
					  .was = was,
					  .left = left};
}

void takeback_tell_end(struct history_access *access)
{
	/* the subject is borrowed */
	free((char *)(uintptr_t)access->was);
	free((char *)(uintptr_t)access->left);
	access->was = access->left = NULL;
}

/* ---- from the history ---- */

/* Find the newest write to the access of ATTEMPT's record before number BELOW (0: of all). False:
 * none is kept. */
static bool takeback_find(const struct attempt *attempt, uint64_t below,
			  struct history_access *access)
{
	struct history *history = guard_history(attempt->guard);

	return history && attempt->roster && attempt->id &&
	       history_newest_access(history, subject_of(attempt->roster), attempt->id, below,
				     access);
}

uint64_t takeback_past(const struct attempt *attempt, uint64_t below)
{
	struct history *history = guard_history(attempt->guard);

	return history
		   ? history_past_access(history, subject_of(attempt->roster), attempt->id, below)
		   : 0;
}

/* ---- a status that is a field ---- */

/* Return true if WORD restores what was before ACCESS. */
static bool restores(const struct history_access *access, const char *word)
{
	if (access->kind == HISTORY_STATUS)
		return same(access->was, word);
	return access->kind == HISTORY_CREATE && strcmp(word, STATUS_INACTIVE) == 0;
}

/*
 * Return the number of the write before which the record had the status WORD, if only writes of
 * this mount, none of which was taken back, led from there to SHOWN (NULL: to what they left). Else
 * 0.
 */
static uint64_t restored_field(const struct attempt *attempt, const char *word, const char *shown)
{
	char *state = shown ? strdup(shown) : NULL;
	bool goes_on = !shown || state;
	uint64_t below = 0, found = 0;
	struct history_access access;

	while (goes_on && takeback_find(attempt, below, &access)) {
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
		history_facts_clear(&access);
	}
	free(state);
	return found;
}

/* ---- steps, one by one ---- */

/*
 * What this mount did to the steps of one record, by their keys: {"left": the step's line as the
 * newest writes left it, or null; "write": the number of the write that made or ended it, or 0 if
 * that cannot be taken back}.
 */
struct ledger {
	json_t *steps;
	bool whole; /* these are all the steps that the record was left with */
};

/* Copy the line at *AT and its key (the caller frees both), and move *AT to the next line. False:
 * there is no line. */
static bool takeback_next_line(const char **at, char **line, char **key)
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

/* Note that write NUMBER (0: it cannot be taken back) left the step with KEY as LEFT (taken).
 * TOUCHED: it was different before. */
static void note_step(struct ledger *ledger, const char *key, json_t *left, bool touched,
		      uint64_t number)
{
	json_t *step = json_object_get(ledger->steps, key);

	if (!step) {
		/* a newer write that left the whole list did not leave this step */
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

/* Return true if TEXT (NULL: none) has LINE or, if WHOLE is false, any line with KEY. */
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

/* Add to LEDGER what ACCESS did, which is older than what is there. */
static void note_access(struct ledger *ledger, const struct history_access *access)
{
	bool final = access->takes_back || access->kind == HISTORY_DELETE;
	const char *left = access->left ? access->left : "", *was = access->was ? access->was : "";
	uint64_t number = final ? 0 : access->number;
	char *line = NULL, *key = NULL;

	for (const char *at = left; takeback_next_line(&at, &line, &key); free(line), free(key))
		note_step(ledger, key, json_string(line), !has_line(was, line, key, true), number);
	for (const char *at = was; takeback_next_line(&at, &line, &key); free(line), free(key)) {
		if (!has_line(left, line, key, false))
			note_step(ledger, key, json_null(), true, number);
	}
	if (access->kind != HISTORY_LINK && access->kind != HISTORY_UNLINK)
		ledger->whole = true;
}

/* Return the ledger of ATTEMPT's record. Pair with json_decref of its steps, which are NULL if
 * there is no memory. */
static struct ledger ledger_of(const struct attempt *attempt)
{
	struct ledger ledger = {.steps = json_object()};
	struct history_access access;
	uint64_t below = 0;

	while (ledger.steps && takeback_find(attempt, below, &access)) {
		note_access(&ledger, &access);
		below = access.number;
		history_facts_clear(&access);
	}
	return ledger;
}

/*
 * Return the number of the write that is taken back by making the step with KEY again or, if LINE
 * is not NULL, by ending that step; or 0. An empty LINE stands for any.
 */
static uint64_t taken_step(const struct ledger *ledger, const char *key, const char *line)
{
	const json_t *step = json_object_get(ledger->steps, key);
	const char *left = json_string_value(json_object_get(step, "left"));
	bool fits = line ? left && (!line[0] || strcmp(left, line) == 0) : !left;

	return fits ? (uint64_t)json_integer_value(json_object_get(step, "write")) : 0;
}

/* Return true if STATE, the steps that the vendor shows, is what this mount left. */
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
	for (const char *at = state; takeback_next_line(&at, &line, &own); free(line), free(own))
		good = good && (!ledger->whole || json_object_get(ledger->steps, own));
	return good;
}

/* Return true if the status WORD takes back any step. */
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

	for (; good && takeback_next_line(&at, &line, &key); free(line), free(key)) {
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
	/* there was no such link, because the vendor has created one */
	attempt->takes_back = taken_step(&ledger, key, line ? line : own);
	json_decref(ledger.steps);
	free(line);
	return attempt->takes_back;
}

/*
 * Return true if only this mount has changed ATTEMPT's record since write CREATION, and if FRESH
 * shows what it left. Each write must have found what the one before it left.
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

		number = history_before(history, roster_name(attempt->roster), attempt->id, number);
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
	if (!takeback_find(attempt, 0, &access))
		return false;
	if (access.kind == HISTORY_CREATE &&
	    strcmp(access.owner, roster_name(attempt->roster)) == 0 &&
	    (!fresh || only_ours(attempt, history, access.number, fresh)))
		attempt->takes_back = access.number;
	history_facts_clear(&access);
	return attempt->takes_back;
}
