/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_member.c - changing and making one of Elastic Path's members.
 *
 * In the vendor's documents (single-sign-on OpenAPI, 2025) a member's name and email are changed
 * through the user-authentication-info with the same id, in the realm that the account
 * authentication settings name; PUT on the member is for the store's own fields. The guide knows
 * only the latter, for everything. So: where the settings name a realm, each half that has changed
 * goes its own way (the first by ep_info.c), else all goes to the member. A member is made by
 * making that info; the guide says that only sign-in makes members, so the config must allow it.
 */
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/elasticpath/elasticpath.h"

#include "vendors/http/basis.h"
#include "vendors/base/call.h"
#include "vendors/json/exact_print.h"
#include "vendors/base/hash.h"
#include "vendors/base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The part of BODY that the authentication info takes, or that it does not take. */
static json_t *half_of(const json_t *body, bool info)
{
	json_t *half = json_object();
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)body, key, value) {
		if (ep_info_takes(key) == info && (!info || strcmp(key, "type") != 0))
			json_object_set(half, key, value);
	}
	return half;
}

/* What of HALF RECORD (NULL: not known) does not show: a new object. */
static json_t *edits_of(const json_t *half, const json_t *record)
{
	json_t *edits = json_object();
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)half, key, value) {
		if (strcmp(key, "type") != 0 && !json_equal(json_object_get(record, key), value))
			json_object_set(edits, key, value);
	}
	return edits;
}

/*
 * Does member ID show OTHERS, what the authentication info does not take, already? Then
 * VENDOR_DONE. Asked even when the caller has gone: a part has been made.
 */
static enum vendor_outcome look_at_others(struct call *call, struct account *account,
					  const char *id, const json_t *others)
{
	json_t *member = NULL, *value;
	struct call look;
	const char *key;
	bool same = true;
	int error;

	call_continue(&look, call);
	error = item_get(&look, account, &ep_members, NULL, id, &member, NULL);
	call_destroy(&look);
	json_object_foreach((json_t *)(uintptr_t)others, key, value) {
		if (strcmp(key, "type") != 0)
			same &= json_equal(json_object_get(member, key), value);
	}
	json_decref(member);
	return error ? VENDOR_UNKNOWN : same ? VENDOR_DONE : VENDOR_REFUSED;
}

/* What tells the first part of a change from another; 0: no memory. */
static uint64_t part_of(const json_t *info)
{
	char *text = exact_print_text(info, EXACT_PRINT_SORT);
	uint64_t part = text ? hash_text(text) : 0;

	free(text);
	return part;
}

/*
 * Send the first part as ep_info_put does; OTHERS: a second one follows. It is not sent again for a
 * change that had to be made anew because the second part came too late: else that might go on for
 * ever.
 */
static enum vendor_outcome put_info(struct call *call, struct account *account, const char *id,
				    const json_t *info, const json_t *edits, bool others,
				    json_t **answer, bool *known)
{
	struct basis *basis = call->basis;
	uint64_t part = basis && others ? part_of(info) : 0;
	enum vendor_outcome outcome;

	*known = true;
	*answer = NULL;
	if (part && basis->part_made && basis->part == part)
		return VENDOR_DONE;
	outcome = ep_info_put(call, account, id, info, edits, answer, known);
	if (part && *known && outcome == VENDOR_DONE) {
		basis->part_made = true;
		if (!basis->part_fields)
			basis->part_fields = json_object();
		json_object_update(basis->part_fields, (json_t *)(uintptr_t)edits);
		basis->part = part;
	}
	return outcome;
}

/* Has RECORD (or NULL) each member that PART has? */
static bool has_all(const json_t *record, const json_t *part)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)part, key, value) {
		if (!json_object_get(record, key))
			return false;
	}
	return true;
}

/* Does RECORD show all of PART? */
static bool shows(const json_t *record, const json_t *part)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)part, key, value) {
		if (!json_equal(json_object_get(record, key), value))
			return false;
	}
	return true;
}

/*
 * FIRST answered the part that the authentication info takes, which was sent because of EDITS,
 * *ANSWER (or NULL) the other one: into *ANSWER goes what both together say of the member. In what
 * was not edited the info may differ from the member. That is the member as a GET shows it, unless
 * that GET lags behind what was answered; a member without its time of update could not be told
 * from the version before. NULL: nothing was answered, a GET will tell.
 */
static void answer_both(struct call *call, struct account *account, const char *id,
			const json_t *edits, const json_t *first, json_t **answer)
{
	json_t *told = *answer ? half_of(*answer, false) : json_object(), *member = NULL;
	struct call look;
	const char *key;
	json_t *value;

	json_decref(*answer);
	*answer = NULL;
	json_object_del(told, "meta");
	json_object_del(told, "links");
	if (!has_all(first, edits))
		goto out;
	json_object_foreach((json_t *)(uintptr_t)edits, key, value)
		json_object_set(told, key, json_object_get(first, key));
	call_continue(&look, call);
	if (item_get(&look, account, &ep_members, NULL, id, &member, NULL))
		member = NULL;
	call_destroy(&look);
	*answer = json_incref(member && shows(member, told) ? member : told);
out:
	json_decref(member);
	json_decref(told);
}

/* PUT OTHERS, the half of member ID that has changed besides INFO, which (MADE) has been sent. */
static enum vendor_outcome put_others(struct call *call, struct account *account, const char *id,
				      const json_t *others, bool made, json_t **answer)
{
	enum vendor_outcome outcome = item_put_direct(call, account, &ep_members, NULL, id, others,
						      NULL, answer);

	if (!made || outcome != VENDOR_REFUSED)
		return outcome;
	if (call->verdict == CALL_CANCELLED)
		return VENDOR_UNKNOWN;
	/* a 429 says nothing of what the member shows, and to look would have to wait, too */
	return call->basis && call->verdict == CALL_LIMITED
		   ? outcome
		   : look_at_others(call, account, id, others);
}

/* Is there a realm, in which a part of a member stands? Else the member has it all. */
static bool has_realm(struct call *call, struct account *account, int *error)
{
	char *realm = NULL;
	bool found;

	*error = ep_realm(call, account, &realm);
	found = realm;
	free(realm);
	return found;
}

/*
 * Two requests where there is a realm and both halves have changed, else one. The second one rests
 * on the same read as the first: VENDOR_STALE where it comes too late, and the first has been made
 * then (basis->part_made).
 */
enum vendor_outcome ep_member_put(struct call *call, struct account *account, const char *parent,
				  const char *id, const json_t *body, const char *etag,
				  json_t **answer)
{
	const json_t *read = call->basis ? call->basis->record : NULL;
	json_t *info = half_of(body, true), *others = half_of(body, false), *first = NULL;
	json_t *edits = edits_of(info, read), *other_edits = edits_of(others, read);
	bool info_differs = json_object_size(edits) > 0, known;
	bool others_differ = json_object_size(other_edits) > 0;
	enum vendor_outcome outcome = VENDOR_REFUSED;
	int error;

	(void)parent;
	if (info_differs) {
		outcome = put_info(call, account, id, info, edits, others_differ, &first, &known);
	} else {
		known = has_realm(call, account, &error);
		if (error)
			goto out;
	}
	if (!known) {
		outcome = item_put_direct(call, account, &ep_members, NULL, id, body, etag, answer);
	} else if (others_differ && (!info_differs || outcome == VENDOR_DONE)) {
		outcome = put_others(call, account, id, others, info_differs, answer);
	}
	if (known && info_differs && outcome == VENDOR_DONE)
		answer_both(call, account, id, edits, first, answer);
out:
	json_decref(first);
	json_decref(edits);
	json_decref(other_edits);
	json_decref(info);
	json_decref(others);
	return outcome;
}

bool ep_member_creates(const struct account *account)
{
	const char *allowed = account_value(account, "allow_preprovision");

	return allowed && strcmp(allowed, "yes") == 0;
}

enum vendor_outcome ep_member_post(struct call *call, struct account *account, const char *parent,
				   const json_t *body, json_t **answer)
{
	char buffer[24];
	bool known;
	json_t *info = half_of(body, true), *made = NULL;
	enum vendor_outcome outcome = ep_info_post(call, account, info, &made, &known);
	const char *progress = json_string_value(collection_value(made, "meta.creation_status"));
	const char *id = ep_info_id(made, buffer);

	(void)parent;
	if (!known) {
		outcome = VENDOR_REFUSED;
		call_fail(call, CALL_UNSUPPORTED,
			  "the account authentication settings name no realm in which a member "
			  "could be made");
	}
	if (outcome == VENDOR_DONE && id) {
		*answer = ep_member_of(made, id);
		ep_lag_note_new(account, *answer);
	}
	if (progress && strcmp(progress, "IN_PROGRESS") == 0)
		log_call(call, "the vendor is still making the member (creation_status is "
			       "IN_PROGRESS) and may take it back");
	json_decref(info);
	json_decref(made);
	return outcome;
}
