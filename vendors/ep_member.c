/*
 * ep_member.c - changing and making one of Elastic Path's members.
 *
 * In the vendor's documents (single-sign-on OpenAPI, 2025) a member's name and email are changed
 * through the user-authentication-info with the same id, in the realm that the account
 * authentication settings name; PUT on the member is for the store's own fields. The guide knows
 * only the latter, for everything. So: where the settings name a realm both are sent, else the
 * member alone. A member is made by making that info; the guide says that only sign-in makes
 * members, so the config must allow it.
 */
#include "vendors/elasticpath.h"

#include "vendors/basis.h"
#include "vendors/call.h"
#include "vendors/exchange.h"
#include "vendors/hash.h"
#include "vendors/http.h"
#include "vendors/log.h"
#include "vendors/walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the authentication info has of a member. */
static const char *const identity[] = {"name",        "given_name", "middle_name",
				       "family_name", "email",      NULL};

static const struct field info_fields[] = {{NULL, 0}};

static const struct collection infos = {
    .name = "user authentication info",
    .list_path = "/v2/authentication-realms/{parent}/user-authentication-info",
    .item_path = "/v2/authentication-realms/{parent}/user-authentication-info/",
    .item_key = "data",
    .id_keys = ep_id_keys,
    .type = "user_authentication_info",
    .fields = info_fields,
    .wraps_requests = true,
};

static bool is_identity(const char *name)
{
	for (size_t i = 0; identity[i]; i++) {
		if (strcmp(identity[i], name) == 0)
			return true;
	}
	return false;
}

/* The part of BODY that the authentication info takes; *OTHERS: there is more in it. */
static json_t *info_of(const json_t *body, bool *others)
{
	json_t *info = json_object();
	const char *key;
	json_t *value;

	*others = false;
	json_object_foreach((json_t *)(uintptr_t)body, key, value) {
		if (is_identity(key))
			json_object_set(info, key, value);
		else if (strcmp(key, "type") != 0)
			*others = true;
	}
	return info;
}

/* ---- changing and making ---- */

/* PUT INFO to ID in REALM, or with ID NULL POST it there. */
static enum vendor_outcome send_info(struct call *call, struct account *account, const char *realm,
				     const char *id, const json_t *info, json_t **answer)
{
	if (id)
		return vendor_put(call, account, &infos, realm, id, info, NULL, answer);
	return vendor_post(call, account, &infos, realm, info, answer);
}

/*
 * Send INFO to the realm of the members. A realm that is not known any more may be one that was
 * remembered too long: the settings are asked once more. *KNOWN false: they name no realm, and
 * nothing was sent.
 */
static enum vendor_outcome send_to_realm(struct call *call, struct account *account, const char *id,
					 const json_t *info, json_t **answer, bool *known)
{
	enum vendor_outcome outcome = VENDOR_REFUSED;
	char *realm = NULL, *other = NULL;
	struct call refusal = {0};

	*known = true;
	if (ep_realm(call, account, &realm))
		goto out;
	*known = realm;
	if (!realm)
		goto out;
	outcome = send_info(call, account, realm, id, info, answer);
	if (outcome != VENDOR_REFUSED || call->status != 404)
		goto out;
	call_copy_error(&refusal, call);
	ep_realm_forget(account);
	if (ep_realm(call, account, &other))
		goto out;
	*known = other;
	if (other && strcmp(other, realm) != 0)
		outcome = send_info(call, account, other, id, info, answer);
	else
		call_copy_error(call, &refusal); /* it is the member that is not there */
out:
	free(realm);
	free(other);
	return outcome;
}

/*
 * Does member ID show already what of BODY the authentication info does not take? Then VENDOR_DONE.
 * Asked even when the caller has gone: a part has been made.
 */
static enum vendor_outcome look_at_others(struct call *call, struct account *account,
					  const char *id, const json_t *body)
{
	json_t *member = NULL, *value;
	struct call look;
	const char *key;
	bool same = true;
	int error;

	call_continue(&look, call);
	error = vendor_get(&look, account, &ep_members, NULL, id, &member, NULL);
	call_destroy(&look);
	json_object_foreach((json_t *)(uintptr_t)body, key, value) {
		if (!is_identity(key) && strcmp(key, "type") != 0)
			same &= json_equal(json_object_get(member, key), value);
	}
	json_decref(member);
	return error ? VENDOR_UNKNOWN : same ? VENDOR_DONE : VENDOR_REFUSED;
}

/* What tells the first part of a change from another; 0: no memory. */
static uint64_t part_of(const json_t *info)
{
	char *text = json_dumps(info, JSON_COMPACT | JSON_SORT_KEYS);
	uint64_t part = text ? hash_text(text) : 0;

	free(text);
	return part;
}

/*
 * Send the first part, INFO, as send_to_realm does, with its *ANSWER, a new reference or NULL;
 * OTHERS: a second one follows. It is not sent again for a change that had to be made anew because
 * the second part came too late: else that might go on for ever.
 */
static enum vendor_outcome put_info(struct call *call, struct account *account, const char *id,
				    const json_t *info, bool others, json_t **answer, bool *known)
{
	struct basis *basis = call->basis;
	uint64_t part = basis && others ? part_of(info) : 0;
	enum vendor_outcome outcome;

	*known = true;
	*answer = NULL;
	if (part && basis->part_made && basis->part == part)
		return VENDOR_DONE;
	outcome = send_to_realm(call, account, id, info, answer, known);
	if (part && *known && outcome == VENDOR_DONE) {
		basis->part_made = true;
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
 * FIRST answered the part that the authentication info takes, *ANSWER (or NULL) the other one: into
 * *ANSWER goes what both together say of the member. That is the member as a GET shows it, unless
 * that GET lags behind what was answered; a member without its time of update could not be told
 * from the version before. NULL: nothing was answered, a GET will tell.
 */
static void answer_both(struct call *call, struct account *account, const char *id,
			const json_t *info, const json_t *first, json_t **answer)
{
	json_t *told = *answer ? json_copy(*answer) : json_object(), *member = NULL;
	struct call look;

	json_decref(*answer);
	*answer = NULL;
	for (size_t i = 0; identity[i]; i++) {
		json_object_del(told, identity[i]);
		if (json_object_get(first, identity[i]))
			json_object_set(told, identity[i], json_object_get(first, identity[i]));
	}
	json_object_del(told, "meta");
	json_object_del(told, "links");
	if (!has_all(first, info))
		goto out;
	call_continue(&look, call);
	if (vendor_get(&look, account, &ep_members, NULL, id, &member, NULL))
		member = NULL;
	call_destroy(&look);
	*answer = json_incref(member && shows(member, told) ? member : told);
out:
	json_decref(member);
	json_decref(told);
}

/*
 * Two requests where there is a realm. The second one rests on the same read as the first:
 * VENDOR_STALE where it comes too late, and the first has been made then (basis->part_made).
 */
enum vendor_outcome ep_member_put(struct call *call, struct account *account, const char *parent,
				  const char *id, const json_t *body, const char *etag,
				  json_t **answer)
{
	struct collection member = ep_members;
	enum vendor_outcome outcome;
	bool others, known;
	json_t *info = info_of(body, &others), *first = NULL;

	(void)parent;
	member.put = NULL;
	outcome = put_info(call, account, id, info, others, &first, &known);
	if (known && (outcome != VENDOR_DONE || !others))
		goto out;
	outcome = vendor_put(call, account, &member, NULL, id, body, etag, answer);
	/* a store without that PUT refuses it also where there was nothing to change by it; a 429
	 * says nothing of that, and to look would have to wait, too */
	if (known && outcome == VENDOR_REFUSED && call->error == EINTR) {
		outcome = VENDOR_UNKNOWN; /* the other part has been made */
	} else if (known && outcome == VENDOR_REFUSED && !(call->basis && call->status == 429)) {
		outcome = look_at_others(call, account, id, body);
	}
out:
	if (known && outcome == VENDOR_DONE)
		answer_both(call, account, id, info, first, answer);
	json_decref(first);
	json_decref(info);
	return outcome;
}

bool ep_member_creates(const struct account *account)
{
	const char *allowed = account_value(account, "allow_preprovision");

	return allowed && strcmp(allowed, "yes") == 0;
}

json_t *ep_member_of(const json_t *info, const char *id)
{
	json_t *member = json_pack("{s:s, s:s}", "id", id, "type", ep_members.type);
	json_t *times = json_object(), *value;

	for (size_t i = 0; identity[i]; i++) {
		value = json_object_get(info, identity[i]);
		if (value)
			json_object_set(member, identity[i], value);
	}
	for (const char *const *key = (const char *const[]){"created_at", "updated_at", NULL}; *key;
	     key++) {
		value = json_object_get(json_object_get(info, "meta"), *key);
		if (value)
			json_object_set(times, *key, value);
	}
	value = json_pack("{s:o}", "timestamps", times);
	if (!member || json_object_set_new(member, "meta", value)) {
		json_decref(member);
		return NULL;
	}
	return member;
}

enum vendor_outcome ep_member_post(struct call *call, struct account *account, const char *parent,
				   const json_t *body, json_t **answer)
{
	char buffer[24];
	bool others, known;
	json_t *info = info_of(body, &others), *made = NULL;
	enum vendor_outcome outcome = send_to_realm(call, account, NULL, info, &made, &known);
	const char *progress = json_string_value(collection_value(made, "meta.creation_status"));
	const char *id = made ? collection_id(&infos, made, buffer) : NULL;

	(void)parent;
	if (!known) {
		outcome = VENDOR_REFUSED;
		call_fail(call, EOPNOTSUPP,
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
