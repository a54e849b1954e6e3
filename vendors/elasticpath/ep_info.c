/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_info.c - the half of one of Elastic Path's members that is called user-authentication-info.
 *
 * It has the member's id, and stands in the realm that the account authentication settings name. It
 * may have more than the member shows, or other values, and a PUT replaces it: so what is sent is
 * what it has, with the edits laid on. It does not know what else is to be changed of the member.
 */
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/elasticpath/elasticpath.h"

#include "vendors/http/basis.h"
#include "vendors/base/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What it has of a member. */
static const char *const identity[] = {"name",        "given_name", "middle_name",
				       "family_name", "email",      NULL};

static const struct field info_fields[] = {
    {"id", FIELD_SYSTEM},
    {"meta", FIELD_SYSTEM},
    {"links", FIELD_SYSTEM},
    {"relationships", FIELD_SYSTEM},
    {"name", FIELD_REQUIRED | FIELD_EACH_TIME},
    {"email", FIELD_REQUIRED | FIELD_EACH_TIME},
    {NULL, 0},
};

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

bool ep_info_takes(const char *name)
{
	for (size_t i = 0; identity[i]; i++) {
		if (strcmp(identity[i], name) == 0)
			return true;
	}
	return false;
}

const char *ep_info_id(const json_t *info, char *buffer)
{
	return info ? collection_id(&infos, info, buffer) : NULL;
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

/* ---- what is sent ---- */

/* What is to be written, or with ID NULL made. */
struct part {
	const char *id;
	const json_t *half;  /* of the member, all that an info takes */
	const json_t *edits; /* what of it has changed */
};

/*
 * INFO, as the vendor shows it (NULL: not at all), with the edits of PART: a new reference. What
 * this mount has set before (ACKNOWLEDGED, or NULL) is as the member has it: the info may be a read
 * that lags.
 */
static json_t *body_of(const json_t *info, const struct part *part, const json_t *acknowledged)
{
	json_t *body = info ? json_copy((json_t *)(uintptr_t)info) : json_object(), *shown, *value;
	const char *key;

	json_object_del(body, "type");
	for (const struct field *field = infos.fields; field->name; field++) {
		if (field->flags & FIELD_SYSTEM)
			json_object_del(body, field->name);
	}
	json_object_foreach((json_t *)(uintptr_t)part->half, key, value) {
		shown = json_object_get(body, key);
		if (json_object_get(part->edits, key) || json_object_get(acknowledged, key) ||
		    !shown ||
		    ((collection_flags(&infos, key) & FIELD_EACH_TIME) &&
		     (json_is_null(shown) ||
		      (json_is_string(shown) && !json_string_length(shown)))))
			json_object_set(body, key, value);
	}
	return body;
}

/*
 * INFO was read too late after the member that the edits of PART are against, and shows something
 * else there: somebody may have changed that in between.
 */
static bool may_be_changed(const struct call *call, const struct basis_read *read,
			   const json_t *info, const struct part *part)
{
	const struct basis *basis = call->basis;
	const char *key;
	json_t *value;

	if (!basis || !basis->record || !basis_is_late(basis, read))
		return false;
	json_object_foreach((json_t *)(uintptr_t)part->edits, key, value) {
		const json_t *before = json_object_get(basis->record, key);
		const json_t *shown = json_object_get(info, key);

		if (!json_equal(before ? before : json_null(), shown ? shown : json_null()))
			return true;
	}
	return false;
}

/*
 * Read the info of PART in REALM, right before it is written, into *INFO, a new reference: NULL if
 * the vendor knows none. READ: what the change rested on until then. 0 or a negative errno.
 */
static int read_info(struct call *call, struct account *account, const char *realm,
		     const struct part *part, struct basis_read *read, json_t **info)
{
	int error;

	*info = NULL;
	if (call->basis && call->basis->part_absent)
		return 0;
	error = item_get_part(call, account, &infos, realm, part->id, read, info);
	if (error != -ENOENT)
		return error;
	/* a second look would take the time in which the write must follow the member's read */
	if (call->basis)
		call->basis->part_absent = true;
	call_clear(call);
	return 0;
}

/* PUT PART to REALM; the basis is then as before. */
static enum vendor_outcome put(struct call *call, struct account *account, const char *realm,
			       const struct part *part, json_t **answer)
{
	enum vendor_outcome outcome = VENDOR_STALE;
	struct basis_read read = {0};
	json_t *info, *body;

	if (read_info(call, account, realm, part, &read, &info)) {
		call_add_words(call, "; nothing was sent");
		return VENDOR_REFUSED;
	}
	body = body_of(info, part, call->basis ? call->basis->acknowledged : NULL);
	if (!info || !may_be_changed(call, &read, info, part))
		outcome = item_put(call, account, &infos, realm, part->id, body, NULL, answer);
	if (info)
		basis_resume(call, &read);
	json_decref(body);
	json_decref(info);
	return outcome;
}

static enum vendor_outcome send(struct call *call, struct account *account, const char *realm,
				const struct part *part, json_t **answer)
{
	if (part->id)
		return put(call, account, realm, part, answer);
	return item_post(call, account, &infos, realm, part->half, answer);
}

/*
 * Send PART to the realm of the members. A realm that is not known any more may be one that was
 * remembered too long: the settings are asked once more.
 */
static enum vendor_outcome send_to_realm(struct call *call, struct account *account,
					 const struct part *part, json_t **answer, bool *known)
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
	outcome = send(call, account, realm, part, answer);
	if (outcome != VENDOR_REFUSED || call->verdict != CALL_MISSING)
		goto out;
	call_copy_error(&refusal, call);
	ep_realm_forget(account);
	if (ep_realm(call, account, &other))
		goto out;
	*known = other;
	if (other && strcmp(other, realm) != 0) {
		if (call->basis)
			call->basis->part_absent = false;
		outcome = send(call, account, other, part, answer);
	} else {
		call_copy_error(call, &refusal); /* it is the member that is not there */
	}
out:
	free(realm);
	free(other);
	return outcome;
}

enum vendor_outcome ep_info_put(struct call *call, struct account *account, const char *id,
				const json_t *half, const json_t *edits, json_t **answer,
				bool *known)
{
	const struct part part = {id, half, edits};

	return send_to_realm(call, account, &part, answer, known);
}

enum vendor_outcome ep_info_post(struct call *call, struct account *account, const json_t *info,
				 json_t **answer, bool *known)
{
	const struct part part = {NULL, info, info};

	return send_to_realm(call, account, &part, answer, known);
}
