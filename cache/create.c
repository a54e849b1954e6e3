/*
 * create.c - making a record of a document: the part of update.h that sends POST.
 *
 * A POST is sent once. When its answer is lost, the email tells whether it took: who has that email
 * and was certainly not there before is who was made. Whoever may have been there before is left
 * alone, or a lost answer would write over somebody. The answer is proof; a GET is sent for what it
 * lacks. What the POST left out is then set by one PUT, like any other change. It knows nothing of
 * drafts and links: fs/ shows those.
 */
#include "cache/update.h"

#include "cache/alike.h"
#include "cache/attempt.h"
#include "cache/change.h"
#include "cache/guard.h"
#include "cache/late.h"
#include "cache/looks.h"
#include "cache/record.h"
#include "cache/roster.h"
#include "cache/snapshot.h"
#include "vendors/call.h"
#include "vendors/exact.h"
#include "vendors/log.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* The vendor's clock and ours may differ by so many seconds. */
#define CLOCKS_DIFFER 600

struct creation {
	struct attempt *attempt;
	struct call *call;
	struct roster *roster;
	struct guard *guard;
	const struct collection *collection;
	json_t *wanted; /* the document without what the vendor assigns */
	json_t *made;   /* the record as far as it is known, or NULL */
	time_t began;
	struct snapshot *before; /* who was known when it began, or NULL */
	bool all_known;          /* nobody else was there */
	bool settled;            /* the answer was lost */
	char *id;
};

static struct account *account_of(const struct creation *creation)
{
	return roster_account(creation->roster);
}

/* DOCUMENT is copied without what the vendor assigns. NULL: no memory. */
static json_t *wanted_of(const struct collection *collection, const json_t *document)
{
	json_t *wanted = json_deep_copy(document);

	for (const struct field *field = collection->fields; wanted && field->name; field++) {
		if (field->flags & (FIELD_SYSTEM | FIELD_CONFIDENTIAL))
			json_object_del(wanted, field->name);
	}
	if (wanted && collection->stamp_key)
		collection_remove(wanted, collection->stamp_key);
	return wanted;
}

/* ---- a lost answer ---- */

enum age { AGE_NEW, AGE_OLD, AGE_UNKNOWN };

/* Was RECORD made by our request, or had the vendor made it before? A clock may be in another zone.
 */
static enum age age_of(const struct creation *creation, const struct record *record)
{
	struct timespec created;
	json_t *object = record_json(record);
	bool told = collection_created(creation->collection, object, &created);

	json_decref(object);
	if (creation->before && snapshot_find(creation->before, record->id))
		return AGE_OLD;
	if (creation->all_known)
		return AGE_NEW;
	return told && labs((long)(created.tv_sec - creation->began)) <= CLOCKS_DIFFER
		   ? AGE_NEW
		   : AGE_UNKNOWN;
}

/*
 * Who has EMAIL now: the id of a record that was made just now, else how many are OLDER and of how
 * many OTHERS nothing tells since when they are there. 0 or a negative errno with words in CALL.
 */
static int find_new(struct creation *creation, struct call *call, const char *email, size_t *older,
		    size_t *others)
{
	struct wait wait = {.kind = WAIT_EMAIL, .id = email, .call = call};
	int error = roster_ask_sync(creation->roster, &wait);

	*older = *others = 0;
	for (size_t i = 0; !error && i < wait.snapshot->count && !creation->id; i++) {
		const struct record *record = wait.snapshot->records[i];
		enum age age = age_of(creation, record);

		if (age == AGE_NEW) {
			json_decref(creation->made);
			creation->made = record_json(record);
			creation->id = strdup(record->id);
		}
		*older += age == AGE_OLD;
		*others += age == AGE_UNKNOWN;
	}
	wait_clear(&wait);
	return error;
}

/* The answer to the POST was lost: the errno is in the call. Did it take? */
static int settle(struct creation *creation)
{
	const char *email = collection_email(creation->collection, creation->wanted);
	int lost = -creation->call->error, error;
	struct looks looks;
	struct call call;
	size_t older, others;

	creation->attempt->unknown = creation->settled = true;
	if (!email) {
		roster_refresh(creation->roster);
		call_add_words(creation->call,
			       ": it may have been made all the same: look for it before you try "
			       "again");
		return lost;
	}
	call_continue(&call, creation->call);
	looks_begin(&looks, creation->call, looks_seconds(account_of(creation)));
	do {
		roster_refresh(creation->roster);
		error = find_new(creation, &call, email, &older, &others);
	} while (!creation->id && !older && !others && looks_again(&looks));
	call_destroy(&call);
	if (creation->id) {
		creation->attempt->unknown = creation->call->unanswered = false;
		log_call(creation->call, "the answer was lost, or is no proof, but there is a new "
					 "record with that email: it has been made");
		return 0;
	}
	creation->attempt->unknown = error || others;
	call_add_words(creation->call,
		       error ? ": nor could the email be looked up, so that it may have been "
			       "made all the same"
		       : others
			   ? ": somebody has that email now, and nothing tells since when: look "
			     "at them before you try again"
		       : older ? ": who has that email was there before"
			       : ": nobody has that email now");
	/* who is made yet shall be seen at the next look */
	if (creation->call->unanswered)
		roster_refresh(creation->roster);
	else if (!creation->attempt->unknown)
		call_add_words(creation->call, ": it was not made");
	return lost;
}

/* ---- after the POST ---- */

/*
 * What FRESH does not show of WANTED, a new reference; NULL: no memory. What it never shows was in
 * the POST, and is not missed.
 */
static json_t *rest_of(const struct collection *collection, const json_t *wanted,
		       const json_t *fresh)
{
	json_t *rest = json_deep_copy(wanted);
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(rest, next, name, value) {
		const unsigned given = FIELD_IMMUTABLE | FIELD_ONCE;

		if ((collection_flags(collection, name) & given) || json_is_null(value) ||
		    collection_hides(collection, fresh, name))
			json_object_del(rest, name);
	}
	alike_remove(rest, fresh);
	return rest;
}

/* Each PUT must bring what the vendor does not show: REST gets it from WANTED. */
static void add_each_time(const struct collection *collection, const json_t *wanted,
			  const json_t *fresh, json_t *rest)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		json_t *value = json_object_get(wanted, field->name);

		if ((field->flags & FIELD_EACH_TIME) && value &&
		    collection_hides(collection, fresh, field->name))
			json_object_set(rest, field->name, value);
	}
}

/* What the record does not show of what was wanted. */
static int plan_rest(struct change *change)
{
	struct merge *merge = &change->merge;
	json_t *rest = rest_of(change->collection, change->arg, change->fresh);
	int error = rest ? merge_diff(change->fresh, rest, merge) : -ENOMEM;

	if (!error && merge->count) {
		merge_clear(merge);
		add_each_time(change->collection, change->arg, change->fresh, rest);
		error = merge_diff(change->fresh, rest, merge);
	}
	json_decref(rest);
	return error ? call_fail(change->call, ENOMEM, "no memory") : 0;
}

/* Keep RECORD (NULL: nothing new is known) as what has been made. */
static void keep_made(struct creation *creation, json_t *record)
{
	if (!record)
		return;
	json_decref(creation->made);
	creation->made = json_incref(record);
}

/* `lag` has ended: say whether the record that was made is there by now. */
static void tell_there(const struct late_sight *sight)
{
	if (sight->record)
		log_call(sight->call,
			 "looked once more: record %s is there by now: the reads lagged",
			 sight->id);
	else
		log_call(sight->call, "looked once more: record %s is not to be seen: %s",
			 sight->id, sight->words);
}

/* Does the answer to the POST show all that was wanted, so that nobody need be asked? */
static bool is_proved(const struct creation *creation)
{
	struct merge missing = {0};
	json_t *rest;
	bool proved;

	/* a row of a list, by which a lost answer was settled, may show less */
	if (!creation->made || creation->settled || creation->collection->posts_part)
		return false;
	rest = rest_of(creation->collection, creation->wanted, creation->made);
	proved = rest && merge_diff(creation->made, rest, &missing) == 0 && !missing.count;
	merge_clear(&missing);
	json_decref(rest);
	return proved;
}

/* GET the record, and PUT what it does not show. 0 or a negative errno. */
static int run_rest(struct creation *creation)
{
	struct change change;
	int error;

	memset(&change, 0, sizeof(change));
	change.call = creation->call;
	change.roster = creation->roster;
	change.guard = creation->guard;
	change.attempt = creation->attempt;
	change.collection = creation->collection;
	change.id = creation->id;
	change.plan = plan_rest;
	change.arg = creation->wanted;
	change.made = creation->made;
	change.part = true;
	/* a new user's first status is nobody's change, if they surely are new */
	change.status_checked = change.counted = !creation->settled;
	error = change_run(&change);
	keep_made(creation, error || !change.result ? change.fresh : change.result);
	change_clear(&change);
	return error;
}

/*
 * Readers see the record from now on, as far as it is known, also while the vendor's reads lag, or
 * do not know it at all.
 */
static void show_made(struct creation *creation)
{
	struct record *record = NULL, *held;
	struct timespec when;
	double seconds;

	clock_gettime(CLOCK_REALTIME, &when);
	roster_peek(creation->roster, creation->id, &held, &seconds);
	if (creation->made && !creation->settled)
		record = record_new(creation->collection, creation->id, creation->made, when);
	if (record) {
		record->row = true; /* a GET may show more */
		roster_publish(creation->roster, record);
	}
	if (record || held)
		roster_note_made(creation->roster, record ? record : held);
	record_put(record);
	record_put(held);
}

/* The record is there: set what the POST has left out. */
static int set_rest(struct creation *creation)
{
	struct looks looks;
	int error;

	if (is_proved(creation))
		return 0;
	looks_begin(&looks, creation->call, looks_seconds(account_of(creation)));
	do {
		error = run_rest(creation);
	} while (error == -ENOENT && !creation->made && looks_again(&looks));
	if (error == -ENOENT) {
		show_made(creation); /* what is to be asked for anew would not be found */
		late_look(creation->call, creation->roster, creation->id, NULL, tell_there);
		error = call_fail(creation->call, EREMOTEIO,
				  "accepted but not applied: the vendor does not show the record%s",
				  account_of(creation)->lag
				      ? "; its reads may lag behind its writes (lag)"
				      : "");
	}
	if (error)
		call_add_words(creation->call, " (the record has been made, with id %s)",
			       creation->id);
	return error;
}

/* Say in the log what the vendor wrote in another way. */
static void log_normalised(const struct creation *creation)
{
	const char *name;
	json_t *value;

	json_object_foreach(creation->wanted, name, value) {
		const json_t *made = json_object_get(creation->made, name);
		char *text;

		if (!made || collection_hides(creation->collection, NULL, name) ||
		    merge_same(value, made) || !alike(value, made))
			continue;
		text = exact_dump(made, 0);
		log_call(creation->call, "the vendor made %.100s of \"%s\"", text ? text : "?",
			 name);
		free(text);
	}
}

/* The vendor has accepted the POST: ANSWER, or NULL. */
static void take_answer(struct creation *creation, json_t *answer)
{
	char buffer[24];
	const char *id = answer ? collection_id(creation->collection, answer, buffer) : NULL;

	creation->id = id ? strdup(id) : NULL;
	keep_made(creation, answer);
	if (!creation->id)
		call_fail(creation->call, EREMOTEIO, "the vendor accepted it, but names no id");
}

static int send(struct creation *creation)
{
	struct account *account = account_of(creation);
	json_t *answer = NULL;
	int error = attempt_send(creation->attempt);
	double seconds;

	if (error)
		return error;
	creation->before = roster_snapshot(creation->roster, &seconds);
	creation->all_known = creation->before && seconds > 0;
	creation->began = time(NULL);
	switch (vendor_post(creation->call, account, creation->collection,
			    roster_parent(creation->roster), creation->wanted, &answer)) {
	case VENDOR_DONE:
		take_answer(creation, answer);
		break;
	case VENDOR_UNKNOWN:
		break;
	case VENDOR_REFUSED:
	case VENDOR_STALE:
		error = -creation->call->error;
		break;
	case VENDOR_CHANGED:
		/* whatever we know of others is no obstacle: what is wanted is taken */
		creation->call->error = EEXIST;
		error = -EEXIST;
		break;
	}
	json_decref(answer);
	if (!error && !creation->id)
		error = settle(creation);
	return error;
}

/* What undoes it: where users have a status, it can be ended. */
static void tell_history(struct creation *creation)
{
	creation->attempt->id = creation->id;
	if (creation->collection->status_key)
		attempt_undone_by_status(creation->attempt, creation->id);
	attempt_accepted(creation->attempt, NULL, creation->made, NULL);
}

static int create(struct creation *creation)
{
	const struct vendor *vendor = account_of(creation)->vendor;
	bool user = creation->collection == vendor->users;
	int error;

	if (guard_dry_run(creation->guard)) {
		error = attempt_send(creation->attempt);
		if (!error)
			change_log_unsent(creation->call, creation->roster, "POST", NULL);
		return error;
	}
	error = send(creation);
	if (error)
		return error;
	show_made(creation);
	error = set_rest(creation);
	log_normalised(creation);
	if (user && vendor->creation)
		log_call(creation->call, "%s", vendor->creation);
	log_call(creation->call, "made, with id %s%s", creation->id,
		 attempt_alone(creation->attempt));
	tell_history(creation);
	return error;
}

/* What is to be made, for the audit log. */
static void tell_fields(struct creation *creation)
{
	json_t *fields = json_array(), *value;
	const char *name;

	json_object_foreach(creation->wanted, name, value)
		attempt_field(fields, name, collection_flags(creation->collection, name), NULL,
			      value);
	attempt_set_fields(creation->attempt, fields);
}

/* TEXT is to become a record. 0 or a negative errno. */
static int read_and_create(struct creation *creation, const char *text, size_t length)
{
	struct call *call = creation->call;
	json_t *document;
	int error = guard_writable(creation->guard, call);

	if (error)
		return error;
	if (length > UPDATE_DOCUMENT_MAX)
		return call_fail(call, EFBIG, "a document may have at most 1 MiB");
	if (!creation->collection->creates || !creation->collection->creates(account_of(creation)))
		return call_fail(call, EOPNOTSUPP, "the vendor makes no %s by its API: see MANUAL",
				 creation->collection->name);
	document = change_parse(call, text, length);
	if (!document)
		return -EINVAL;
	creation->wanted = wanted_of(creation->collection, document);
	json_decref(document);
	if (!creation->wanted)
		return call_fail(call, ENOMEM, "no memory");
	tell_fields(creation);
	error = change_check_hidden(call, creation->roster, creation->wanted);
	if (!error)
		error = change_check_history(call, creation->wanted);
	if (!error)
		error = change_check_paired(call, creation->wanted);
	if (!error)
		error = create(creation);
	if (error)
		roster_note_error(creation->roster, call, error);
	return error;
}

int update_create(struct call *call, struct roster *roster, struct guard *guard, const char *text,
		  size_t length, char **id)
{
	struct attempt attempt;
	struct creation creation = {.attempt = &attempt,
				    .call = call,
				    .roster = roster,
				    .guard = guard,
				    .collection = roster_collection(roster)};
	int error;

	attempt_begin(&attempt, call, guard, roster, "create", NULL);
	error = read_and_create(&creation, text, length);
	attempt_end(&attempt, error);
	*id = creation.id;
	snapshot_put(creation.before);
	json_decref(creation.wanted);
	json_decref(creation.made);
	return error;
}
