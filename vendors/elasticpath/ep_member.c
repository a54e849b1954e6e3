/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_member.c - see ep_member.h.
 *
 * A member's name and email are changed through the user-authentication-info with the same id
 * (single-sign-on OpenAPI, 2025); PUT on the member changes the store's own fields. The guide has
 * only the PUT on the member, for everything. So if the settings name a realm, each half that has
 * changed is sent in its own request, the info first (ep_info.h). Otherwise everything is sent to
 * the member.
 *
 * A member is created by creating its info. The guide says that only a sign-in creates members, so
 * the config must allow it (allow_preprovision).
 */
#include "vendors/elasticpath/ep_member.h"

#include "vendors/base/call.h"
#include "vendors/base/hash.h"
#include "vendors/base/log.h"
#include "vendors/elasticpath/ep_common.h"
#include "vendors/elasticpath/ep_info.h"
#include "vendors/elasticpath/ep_lag.h"
#include "vendors/elasticpath/ep_list.h"
#include "vendors/elasticpath/ep_settings.h"
#include "vendors/http/basis.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Return the fields of BODY that the info takes, or if INFO is false, the others: a new object. */
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

/* Return the fields of HALF that differ in RECORD (NULL: unknown, all differ): a new object. */
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
 * Read member ID and return VENDOR_DONE if it shows OTHERS, the half that the info does not take.
 * Asks the vendor even if the caller is gone, because the first half has been applied.
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

/* Return a hash that identifies the first part of a change. 0: no memory. */
static uint64_t hash_part(const json_t *info)
{
	char *text = exact_print_text(info, EXACT_PRINT_SORT);
	uint64_t part = text ? hash_text(text) : 0;

	free(text);
	return part;
}

/*
 * Send the first part, as ep_info_put. OTHERS is true if a second part follows. If the change is
 * repeated because the second part came too late, do not send the first part again: that could go
 * on without end.
 */
static enum vendor_outcome put_info(struct call *call, struct account *account, const char *id,
				    const json_t *info, const json_t *edits, bool others,
				    json_t **answer, bool *known)
{
	struct basis *basis = call->basis;
	uint64_t part = basis && others ? hash_part(info) : 0;
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

/* Return true if RECORD (or NULL) has each field that PART has. */
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

/* Return true if RECORD has each field of PART with the same value. */
static bool member_shows(const json_t *record, const json_t *part)
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
 * Combine the responses to both parts into *ANSWER: FIRST is that of the info, which was sent
 * because of EDITS; *ANSWER (or NULL) is that of the member.
 *
 * The result is the member as a GET shows it, unless that GET is staler than the responses. It is
 * needed because fields that were not edited may differ between info and member, and because a
 * member without its time of update cannot be told from the version before. *ANSWER is NULL if the
 * responses have no record; the caller then sends a GET.
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
	*answer = json_incref(member && member_shows(member, told) ? member : told);
out:
	json_decref(member);
	json_decref(told);
}

/* PUT OTHERS, the half of member ID that the info does not take. MADE: the info has been sent. */
static enum vendor_outcome member_put_others(struct call *call, struct account *account,
					     const char *id, const json_t *others, bool made,
					     json_t **answer)
{
	enum vendor_outcome outcome = item_put_direct(call, account, &ep_members, NULL, id, others,
						      NULL, answer);

	if (!made || outcome != VENDOR_REFUSED)
		return outcome;
	if (call->verdict == CALL_CANCELLED)
		return VENDOR_UNKNOWN;
	/* after a 429 a look would have to wait as well */
	return call->basis && call->verdict == CALL_LIMITED
		   ? outcome
		   : look_at_others(call, account, id, others);
}

/* Return true if the settings name a realm, so that a member has an info. An error is in *ERROR. */
static bool has_realm(struct call *call, struct account *account, int *error)
{
	char *realm = NULL;
	bool found;

	*error = ep_settings_realm(call, account, &realm);
	found = realm;
	free(realm);
	return found;
}

/*
 * As collection->put. Sends two requests if there is a realm and both halves have changed, else
 * one. Both are based on the same read. If the second comes too late, returns VENDOR_STALE; the
 * first has been applied then (basis->part_made).
 */
static enum vendor_outcome member_put(struct call *call, struct account *account,
				      const char *parent, const char *id, const json_t *body,
				      const char *etag, json_t **answer)
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
		outcome = member_put_others(call, account, id, others, info_differs, answer);
	} else if (!info_differs) {
		/* what was read is BODY already */
		outcome = VENDOR_DONE;
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

static bool member_creates(const struct account *account)
{
	const char *allowed = account_value(account, "allow_preprovision");

	return allowed && strcmp(allowed, "yes") == 0;
}

static enum vendor_outcome member_post(struct call *call, struct account *account,
				       const char *parent, const json_t *body, json_t **answer)
{
	char buffer[COLLECTION_ID_MAX];
	bool known;
	json_t *info = half_of(body, true), *made = NULL;
	enum vendor_outcome outcome = ep_info_post(call, account, info, &made, &known);
	const char *progress = json_string_value(collection_value(made, "/meta/creation_status"));
	const char *id = ep_info_id(made, buffer);

	(void)parent;
	if (!known) {
		outcome = VENDOR_REFUSED;
		call_fail(call, CALL_UNSUPPORTED,
			  "the account authentication settings name no realm in which a member "
			  "can be created");
	}
	if (outcome == VENDOR_DONE && id) {
		*answer = ep_info_member(made, id);
		ep_lag_note_new(account, *answer);
	}
	if (progress && strcmp(progress, "IN_PROGRESS") == 0)
		log_call(call, "the vendor is still creating the member (creation_status is "
			       "IN_PROGRESS) and may remove it again");
	json_decref(info);
	json_decref(made);
	return outcome;
}

static int member_list(struct call *call, struct account *account, const char *parent,
		       struct list_sink *sink)
{
	return ep_list_walk(call, account, &ep_members, parent, sink);
}

/* ---- the table ---- */

/* Each record has links and relationships; meta has the time stamps (OpenAPI). */
static const struct field member_fields[] = {
    {"id", FIELD_SYSTEM | FIELD_REQUIRED},
    {"type", FIELD_IMMUTABLE | FIELD_REQUIRED},
    {"meta", FIELD_SYSTEM},
    {"links", FIELD_SYSTEM},
    {"relationships", FIELD_SYSTEM},
    {"name", FIELD_REQUIRED},
    {"email", FIELD_REQUIRED},
    {NULL, 0},
};

static const char *const member_taken[] = {"tokens", NULL};
static const char *const member_email_keys[] = {"email", NULL};
static const char *const member_name_keys[] = {"name", NULL};

const struct collection ep_members = {
    .name = "account members",
    .list_path = "/v2/account-members",
    .item_path = "/v2/account-members/",
    EP_COMMON_LIST,
    .taken = member_taken,
    .id_keys = ep_common_id_keys,
    .type = EP_COMMON_MEMBER_TYPE,
    .email_keys = member_email_keys,
    .name_keys = member_name_keys,
    .created_keys = ep_common_created_keys,
    .stamp_key = "/meta/timestamps/updated_at",
    .fields = member_fields,
    .creates = member_creates,
    .put = member_put,
    .settle = ep_settings_settle,
    .list = member_list,
    .post = member_post,
    .posts_part = true,
};
