/*
 * create.c - making a record of a document: the part of update.h that sends POST.
 *
 * A POST is sent once. When its answer is lost, the email tells whether it took: a record with that
 * email that is not older than our request is the one that was made. What the POST left out is then
 * set by one PUT, like any other change. It knows nothing of drafts and links: fs/ shows those.
 */
#include "cache/update.h"

#include "cache/change.h"
#include "cache/guard.h"
#include "cache/record.h"
#include "cache/roster.h"
#include "vendors/call.h"
#include "vendors/log.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* The vendor's clock and ours may differ by so many seconds. */
#define CLOCKS_DIFFER 600

/* A record that was just made may not be there for readers yet: so many looks, so far apart. */
#define LOOKS 4
#define LOOK_MS 250u

struct creation {
	struct call *call;
	struct roster *roster;
	struct guard *guard;
	const struct collection *collection;
	json_t *wanted; /* the document without what the vendor assigns */
	time_t began;
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

/* Is RECORD, which has our email, one that was made just now? One that tells no time may be. */
static bool is_new(const struct creation *creation, const json_t *record)
{
	struct timespec time;

	return !collection_time(creation->collection, record, &time) ||
	       time.tv_sec >= creation->began - CLOCKS_DIFFER;
}

/* The id of RECORD, if it was made just now: the caller frees. */
static char *id_of_new(const struct creation *creation, const json_t *record)
{
	char buffer[24];
	const char *id = collection_id(creation->collection, record, buffer);

	return id && is_new(creation, record) ? strdup(id) : NULL;
}

/* The id of a new record with EMAIL, asked of the vendor's own search. 0 or a negative errno. */
static int find_by_search(struct creation *creation, struct call *call, const char *email)
{
	json_t *records = NULL, *record;
	size_t i;
	int error = creation->collection->find(call, account_of(creation), email, &records);

	if (error)
		return error;
	json_array_foreach(records, i, record) {
		if (!creation->id)
			creation->id = id_of_new(creation, record);
	}
	json_decref(records);
	return 0;
}

/* The same, looked up in the whole roster. */
static int find_by_list(struct creation *creation, struct call *call, const char *email)
{
	struct wait wait = {.kind = WAIT_WHOLE, .call = call};
	int error;

	roster_refresh(creation->roster);
	error = roster_ask_sync(creation->roster, &wait);
	for (size_t i = 0; !error && i < wait.snapshot->count && !creation->id; i++) {
		struct record *record = wait.snapshot->records[i];
		json_t *object;

		if (!record->email || strcasecmp(record->email, email) != 0)
			continue;
		object = record_json(record);
		creation->id = id_of_new(creation, object);
		json_decref(object);
	}
	wait_clear(&wait);
	return error;
}

/* The answer to the POST was lost: the errno is in the call. Did it take? */
static int settle(struct creation *creation)
{
	const char *email = collection_email(creation->collection, creation->wanted);
	int lost = -creation->call->error, error;
	struct call call;

	roster_refresh(creation->roster);
	if (!email) {
		call_add_words(creation->call,
			       ": it may have been made all the same: look for it before you try "
			       "again");
		return lost;
	}
	call_continue(&call, creation->call);
	error = creation->collection->find ? find_by_search(creation, &call, email)
					   : find_by_list(creation, &call, email);
	call_destroy(&call);
	if (creation->id) {
		log_call(creation->call, "the answer was lost, but there is a new record with that "
					 "email: it has been made");
		return 0;
	}
	call_add_words(creation->call, error ? ": nor could the email be looked up, so that it may "
					       "have been made all the same"
					     : ": nobody has that email now: it was not made");
	return lost;
}

/* ---- after the POST ---- */

/* What the record does not show of what was wanted. */
static int plan_rest(struct change *change)
{
	struct merge *merge = &change->merge;
	json_t *rest = json_deep_copy(change->arg);
	int error = rest ? 0 : -ENOMEM;
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(rest, next, name, value)
	{
		const unsigned given = FIELD_WRITE_ONLY | FIELD_IMMUTABLE;

		if ((collection_flags(change->collection, name) & given) || json_is_null(value))
			json_object_del(rest, name);
	}
	if (!error)
		error = merge_diff(change->fresh, rest, merge);
	json_decref(rest);
	return error ? call_fail(change->call, ENOMEM, "no memory") : 0;
}

/* The record is there: show it, and set what the POST has left out. */
static int set_rest(struct creation *creation)
{
	struct change change;
	int error = -ENOENT;

	for (unsigned looks = 0; error == -ENOENT && looks < LOOKS; looks++) {
		if (looks && call_pause(creation->call, LOOK_MS << looks))
			break;
		memset(&change, 0, sizeof(change));
		change.call = creation->call;
		change.roster = creation->roster;
		change.guard = creation->guard;
		change.collection = creation->collection;
		change.id = creation->id;
		change.plan = plan_rest;
		change.arg = creation->wanted;
		error = change_run(&change);
		change_clear(&change);
	}
	if (error)
		call_add_words(creation->call, " (the record has been made, with id %s)",
			       creation->id);
	return error;
}

static int send(struct creation *creation)
{
	struct account *account = account_of(creation);
	json_t *answer = NULL;
	char buffer[24];
	const char *id;
	int error = 0;

	creation->began = time(NULL);
	switch (vendor_post(creation->call, account, creation->collection,
			    roster_parent(creation->roster), creation->wanted, &answer)) {
	case VENDOR_DONE:
		id = answer ? collection_id(creation->collection, answer, buffer) : NULL;
		creation->id = id ? strdup(id) : NULL;
		if (!creation->id)
			call_fail(creation->call, EREMOTEIO,
				  "the vendor accepted it, but names no id");
		break;
	case VENDOR_UNKNOWN:
		break;
	case VENDOR_REFUSED:
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

static int create(struct creation *creation)
{
	const struct vendor *vendor = account_of(creation)->vendor;
	bool user = creation->collection == vendor->users;
	int error;

	if (guard_dry_run(creation->guard)) {
		change_log_unsent(creation->call, creation->roster, "POST", NULL);
		return 0;
	}
	error = send(creation);
	if (error)
		return error;
	log_call(creation->call, "made, with id %s", creation->id);
	if (user && vendor->creation)
		log_call(creation->call, "%s", vendor->creation);
	return set_rest(creation);
}

int update_transact(struct call *call, struct account *account, struct guard *guard,
		    const char *text, size_t length, char **answer, size_t *answer_length)
{
	const struct transaction *transaction = account->vendor->transaction;
	json_t *request, *reply = NULL;
	int error = guard_writable(guard, call);

	*answer = NULL;
	*answer_length = 0;
	if (error)
		return error;
	request = change_parse(call, text, length);
	if (!request)
		return -EINVAL;
	if (guard_dry_run(guard))
		log_call(call, "dry run: nothing sent; it would be POST %s", transaction->path);
	else
		error = transaction->run(call, account, request, &reply);
	json_decref(request);
	if (!error && reply) {
		*answer = record_render(reply, answer_length);
		error = *answer ? 0 : call_fail(call, ENOMEM, "no memory");
	}
	json_decref(reply);
	return error;
}

int update_create(struct call *call, struct roster *roster, struct guard *guard, const char *text,
		  size_t length, char **id)
{
	struct creation creation = {.call = call,
				    .roster = roster,
				    .guard = guard,
				    .collection = roster_collection(roster)};
	json_t *document;
	int error = guard_writable(guard, call);

	*id = NULL;
	if (error)
		return error;
	if (length > UPDATE_DOCUMENT_MAX)
		return call_fail(call, EFBIG, "a document may have at most 1 MiB");
	if (!creation.collection->creates || !creation.collection->creates(account_of(&creation)))
		return call_fail(call, EOPNOTSUPP, "the vendor makes no %s by its API: see MANUAL",
				 creation.collection->name);
	document = change_parse(call, text, length);
	if (!document)
		return -EINVAL;
	creation.wanted = wanted_of(creation.collection, document);
	json_decref(document);
	error = creation.wanted ? change_check_hidden(call, roster, creation.wanted)
				: call_fail(call, ENOMEM, "no memory");
	if (!error)
		error = create(&creation);
	if (error)
		roster_note_error(roster, call, error);
	*id = creation.id;
	json_decref(creation.wanted);
	return error;
}
