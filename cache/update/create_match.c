/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create_match.c - see create_match.h.
 *
 * This file changes nothing at the vendor.
 */
#include "cache/update/create_match.h"

#include "cache/document/alike.h"
#include "cache/history/attempt.h"
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/gone.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "cache/update/creation.h"
#include "cache/update/looks.h"
#include "vendors/base/address.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/list/find.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Seconds by which the vendor's clock and this machine's may differ. */
#define CLOCKS_DIFFER 600

/* Seconds by which a time without an offset from UTC may differ in addition. */
#define ZONES_DIFFER (26L * 3600)

int create_match_prepare(struct creation *creation)
{
	struct wait wait = {.kind = WAIT_WHOLE, .call = creation->call};
	int error;

	if (!creation->collection->listing || creation->collection->created_keys)
		return 0;
	error = wait_sync(creation->roster, &wait);
	wait_clear(&wait);
	if (error)
		call_add_words(creation->call,
			       "; nothing was sent: only the list tells whether a record is new");
	return error;
}

static bool was_known(const struct creation *creation, const char *id)
{
	return gone_knew(creation->roster, creation->before, id, creation->generation);
}

/* ---- a response ---- */

/* Return true if the time of creation in RECORD has an offset from UTC. */
static bool names_zone(const struct collection *collection, const json_t *record)
{
	for (const char *const *key = collection->created_keys; key && *key; key++) {
		const char *text = json_string_value(collection_value(record, *key));

		if (text && strlen(text) > strlen("2024-01-02"))
			return strpbrk(text + strlen("2024-01-02"), "Zz+-");
	}
	return false;
}

/* Return true if RECORD, by its own time of creation, is older than the POST. */
static bool is_old(const struct creation *creation, const json_t *record)
{
	struct timespec created;
	time_t age;

	if (!collection_created(creation->collection, record, &created))
		return false;
	age = creation->began - created.tv_sec;
	if (age > ZONES_DIFFER)
		return true;
	/* a record that was not in a fresh list is new, whatever a wrong clock says */
	return age > CLOCKS_DIFFER && !creation->all_known &&
	       names_zone(creation->collection, record);
}

/* Return the email in RECORD, borrowed, or NULL. */
static const json_t *email_of(const struct creation *creation, const json_t *record)
{
	return collection_email_value(creation->collection, record);
}

/* Return true if RECORD shows the wanted email. */
static bool same_email(const struct creation *creation, const json_t *record)
{
	const json_t *wanted = email_of(creation, creation->wanted);
	const json_t *shown = email_of(creation, record);
	char *a, *b;
	bool same;

	if (alike(wanted, shown))
		return true;
	a = address_key(json_string_value(wanted));
	b = address_key(json_string_value(shown));
	same = a && b && strcmp(a, b) == 0;
	free(a);
	free(b);
	return same;
}

int create_match_check(struct creation *creation, const char *id, const json_t *record)
{
	bool both = email_of(creation, creation->wanted) && email_of(creation, record);

	if (both && !same_email(creation, record))
		return call_fail(creation->call, CALL_MALFORMED,
				 "the response is about another record: %s has another email; it "
				 "was left alone",
				 id);
	if (!was_known(creation, id) && !is_old(creation, record))
		return 0;
	return call_fail(creation->call, both ? CALL_TAKEN : CALL_MALFORMED,
			 "the vendor answered with record %s, which was there before; it was left "
			 "alone",
			 id);
}

bool create_match_is_open(const struct creation *creation, const json_t *record)
{
	struct timespec created;

	if (email_of(creation, creation->wanted))
		return !email_of(creation, record);
	return !collection_created(creation->collection, record, &created);
}

/* ---- a lost response ---- */

enum age { AGE_NEW, AGE_OLD, AGE_UNKNOWN };

/* Return whether RECORD, with ID, is newer than the POST. The vendor's clock may be in another time
 * zone. */
static enum age age_of(const struct creation *creation, const char *id, const json_t *record)
{
	struct timespec created;
	bool told = collection_created(creation->collection, record, &created);

	if (was_known(creation, id))
		return AGE_OLD;
	if (creation->all_known)
		return AGE_NEW;
	return told && labs((long)(created.tv_sec - creation->began)) <= CLOCKS_DIFFER
		   ? AGE_NEW
		   : AGE_UNKNOWN;
}

/* Set RECORD (borrowed), with ID, as what was created. */
static void take_new(struct creation *creation, const char *id, json_t *record)
{
	json_decref(creation->made);
	creation->made = json_incref(record);
	creation->id = strdup(id);
}

/*
 * Ask the vendor's search for EMAIL, and set the creation's id if a GET shows that what it finds is
 * the new record. A search that finds nothing, or an older record, proves nothing.
 */
static void find_by_search(struct creation *creation, struct call *call, const char *email)
{
	const struct collection *collection = creation->collection;
	struct account *account = creation_account(creation);
	char *id = collection->item ? find_email(call, account, collection, email) : NULL;
	json_t *record = NULL;
	struct call look;

	if (!id)
		return;
	call_continue(&look, call);
	if (!was_known(creation, id) &&
	    !item_get(&look, account, collection, roster_parent(creation->roster), id, &record,
		      NULL) &&
	    same_email(creation, record) && age_of(creation, id, record) == AGE_NEW)
		take_new(creation, id, record);
	json_decref(record);
	call_destroy(&look);
	free(id);
}

/*
 * Find the new record with EMAIL in the list, and set the creation's id. Else set how many records
 * with it are OLDER, and how many OTHERS do not show how old they are. Returns 0 or a negative
 * errno with a message in CALL.
 */
static int find_new(struct creation *creation, struct call *call, const char *email, size_t *older,
		    size_t *others)
{
	struct wait wait = {.kind = WAIT_EMAIL, .id = email, .call = call};
	int error = wait_sync(creation->roster, &wait);

	*older = *others = 0;
	for (size_t i = 0; !error && i < wait.snapshot->count && !creation->id; i++) {
		const struct record *record = wait.snapshot->records[i];
		json_t *object = record_json(record);
		enum age age = age_of(creation, record->id, object);

		if (age == AGE_NEW)
			take_new(creation, record->id, object);
		json_decref(object);
		*older += age == AGE_OLD;
		*others += age == AGE_UNKNOWN;
	}
	wait_clear(&wait);
	return error;
}

int create_match_settle(struct creation *creation)
{
	const char *email = collection_email(creation->collection, creation->wanted);
	int lost = -creation->call->error, error;
	struct looks looks;
	struct call call;
	bool mixed_up = !creation->call->unanswered && creation->call->status < 300;
	size_t older, others;

	creation->attempt->unknown = creation->settled = true;
	if (!email) {
		roster_refresh(creation->roster);
		call_add_words(creation->call,
			       "; it may have been made; look for it before you try again");
		return lost;
	}
	call_continue(&call, creation->call);
	looks_begin(&looks, creation->call, looks_seconds(creation_account(creation)));
	do {
		error = 0;
		older = others = 0;
		find_by_search(creation, &call, email);
		if (creation->id)
			break;
		roster_refresh(creation->roster);
		error = find_new(creation, &call, email, &older, &others);
	} while (!creation->id && !older && !others && looks_again(&looks));
	call_destroy(&call);
	if (creation->id) {
		creation->attempt->unknown = creation->call->unanswered = false;
		log_call(creation->call,
			 "%s, but there is a new record with that email: it has been made",
			 mixed_up ? "the response did not show it" : "the response was lost");
		return 0;
	}
	creation->attempt->unknown = error || others;
	call_add_words(creation->call,
		       error ? ", and the email could not be looked up; it may have been made"
		       : others
			   ? ": somebody has that email now, and nothing tells since when: look "
			     "at them before you try again"
		       : older ? ": who has that email was there before"
			       : ": nobody has that email now");
	/* a record that is created yet must be seen by the next read */
	if (creation->call->unanswered)
		roster_refresh(creation->roster);
	else if (!creation->attempt->unknown)
		call_add_words(creation->call, ": it was not made");
	return lost;
}
