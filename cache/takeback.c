/*
 * takeback.c - see takeback.h.
 *
 * Keeps what a write left in a short text that can be compared: a status, or where that is made of
 * steps, these, each with the vendor's own id of it. It counts nothing: that is guard.c's.
 */
#include "cache/takeback.h"

#include "cache/attempt.h"
#include "cache/base.h"
#include "cache/guard.h"
#include "cache/roster.h"
#include "vendors/exact.h"
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

/* The newest change of the access of ATTEMPT's record, if it can be taken back. */
static bool find_newest(const struct attempt *attempt, struct history_access *access)
{
	struct history *history = guard_history(attempt->guard);

	if (!history || !attempt->roster || !attempt->id ||
	    !history_newest_access(history, subject_of(attempt->roster), attempt->id, access))
		return false;
	if (!access->takes_back)
		return true;
	history_access_clear(access);
	return false;
}

/* Does WORD restore what was before ACCESS, a change of a status that is a field? */
static bool restores_field(const struct history_access *access, const char *word)
{
	switch (access->kind) {
	case HISTORY_STATUS:
		return same(access->was, word);
	case HISTORY_CREATE:
		return strcmp(word, "inactive") == 0;
	default:
		return false;
	}
}

/*
 * The same for one that is made of steps. `active` makes only steps again that this mount has
 * ended, and `inactive` leaves none.
 */
static bool restores_steps(const struct history_access *access, const char *word)
{
	bool inactive = strcmp(word, "inactive") == 0;

	switch (access->kind) {
	case HISTORY_STATUS:
		if (!access->was || !access->left)
			return false;
		return inactive ? !access->was[0] : strlen(access->left) < strlen(access->was);
	case HISTORY_LINK:
		return inactive; /* if it left no other */
	default:
		return false;
	}
}

/* Does WORD restore what was before? Then *ACCESS has what the vendor must still show. */
static bool find_restored(const struct attempt *attempt, const char *word,
			  struct history_access *access)
{
	bool restores;

	if (!find_newest(attempt, access))
		return false;
	restores = roster_collection(attempt->roster)->set_status ? restores_steps(access, word)
								  : restores_field(access, word);
	if (!restores)
		history_access_clear(access);
	return restores;
}

bool takeback_may_be(const struct attempt *attempt, const char *word)
{
	struct history_access access;

	if (!find_restored(attempt, word, &access))
		return false;
	history_access_clear(&access);
	return true;
}

bool takeback_status(struct attempt *attempt, const json_t *fresh, const char *word)
{
	struct history_access access;
	char *state;

	attempt->takes_back = false;
	if (!find_restored(attempt, word, &access))
		return false;
	state = state_of(attempt->roster, fresh);
	attempt->takes_back = same(state, access.left);
	free(state);
	history_access_clear(&access);
	return attempt->takes_back;
}

bool takeback_link(struct attempt *attempt, const char *own)
{
	struct history_access access;
	char *state;

	attempt->takes_back = false;
	if (!find_newest(attempt, &access))
		return false;
	if (access.owner == attempt->roster && !own) {
		/* that it is not there is what the vendor says by making it */
		attempt->takes_back = access.kind == HISTORY_UNLINK;
	} else if (access.owner == attempt->roster && access.kind == HISTORY_LINK) {
		state = step_text(roster_parent(attempt->roster), own);
		attempt->takes_back = !own[0] || same(state, access.left);
		free(state);
	}
	history_access_clear(&access);
	return attempt->takes_back;
}

/* The record before or after write NUMBER, a new reference. NULL: it is not kept. */
static json_t *record_of(struct history *history, uint64_t number, enum history_part part)
{
	size_t length;
	char *text = history_text(history, number, part, &length);
	json_t *record = text ? exact_parse(text, length, 0, NULL) : NULL;

	free(text);
	return record;
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
		after = number ? record_of(history, number, HISTORY_AFTER) : NULL;
		ours = found && after && base_same_content(collection, found, after);
		json_decref(found);
		json_decref(after);
		found = ours ? record_of(history, number, HISTORY_BEFORE) : NULL;
	} while (ours && number > creation);
	json_decref(found);
	return ours;
}

bool takeback_creation(struct attempt *attempt, const json_t *fresh)
{
	struct history *history = guard_history(attempt->guard);
	struct history_access access;

	attempt->takes_back = false;
	if (!find_newest(attempt, &access))
		return false;
	if (access.kind == HISTORY_CREATE && access.owner == attempt->roster)
		attempt->takes_back = !fresh || only_ours(attempt, history, access.number, fresh);
	history_access_clear(&access);
	return attempt->takes_back;
}
