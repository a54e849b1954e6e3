/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create_match.c - whose is the record that the vendor shows after a POST: a part of create.c.
 *
 * An answer may be about another record: a vendor may return the one that has the email already, or
 * a proxy may mix answers up. A record that was known before, has another email, or was made long
 * before the POST is left alone, or the document would overwrite it. If no answer tells, the email
 * does: the record that has it, and that was certainly not there before, is the new one. This file
 * changes nothing at the vendor.
 */
#include "cache/update/create_match.h"

#include "cache/document/alike.h"
#include "cache/history/attempt.h"
#include "cache/update/creation.h"
#include "cache/update/looks.h"
#include "cache/roster/gone.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "vendors/base/address.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The vendor's clock and ours may differ by so many seconds. */
#define CLOCKS_DIFFER 600

/* A time without its distance from UTC may be off by so many seconds more. */
#define ZONES_DIFFER (26L * 3600)

static bool was_known(const struct creation *creation, const char *id)
{
	return gone_knew(creation->roster, creation->before, id, creation->generation);
}

/* ---- an answer ---- */

/* Does RECORD name the zone of the time when it was made? */
static bool names_zone(const struct collection *collection, const json_t *record)
{
	for (const char *const *key = collection->created_keys; key && *key; key++) {
		const char *text = json_string_value(collection_value(record, *key));

		if (text && strlen(text) > strlen("2024-01-02"))
			return strpbrk(text + strlen("2024-01-02"), "Zz+-");
	}
	return false;
}

/* Was RECORD made before the POST, by what it says itself? */
static bool is_old(const struct creation *creation, const json_t *record)
{
	struct timespec created;
	time_t age;

	if (!collection_created(creation->collection, record, &created))
		return false;
	age = creation->began - created.tv_sec;
	if (age > ZONES_DIFFER)
		return true;
	/* a clock that is wrong makes nobody old who was not in the list just now */
	return age > CLOCKS_DIFFER && !creation->all_known &&
	       names_zone(creation->collection, record);
}

/* The email that is wanted, or that RECORD shows; NULL: none. */
static const json_t *email_of(const struct creation *creation, const json_t *record)
{
	return collection_email_value(creation->collection, record);
}

/* Does RECORD show the email that is wanted? */
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
				 "the answer is about another record: %s has another email; it was "
				 "left alone",
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
	if (was_known(creation, record->id))
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
	int error = wait_sync(creation->roster, &wait);

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
			       ": it may have been made all the same: look for it before you try "
			       "again");
		return lost;
	}
	call_continue(&call, creation->call);
	looks_begin(&looks, creation->call, looks_seconds(creation_account(creation)));
	do {
		roster_refresh(creation->roster);
		error = find_new(creation, &call, email, &older, &others);
	} while (!creation->id && !older && !others && looks_again(&looks));
	call_destroy(&call);
	if (creation->id) {
		creation->attempt->unknown = creation->call->unanswered = false;
		log_call(creation->call,
			 "%s, but there is a new record with that email: it has been made",
			 mixed_up ? "the answer told nothing of it" : "the answer was lost");
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
