/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_info.c - see ep_info.h.
 *
 * An info may have more fields than the member shows, or other values, and a PUT replaces it. So
 * what is sent is the info as the vendor has it, with the edits applied. Nothing here knows what
 * else of the member is changed.
 */
#include "vendors/elasticpath/ep_info.h"

#include "vendors/base/call.h"
#include "vendors/elasticpath/ep_common.h"
#include "vendors/elasticpath/ep_settings.h"
#include "vendors/http/basis.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The fields of a member that an info holds. */
static const char *const identity[] = {"name",        "given_name", "middle_name",
				       "family_name", "email",      NULL};

static const struct field ep_info_fields[] = {
    {"id", FIELD_SYSTEM},
    {"meta", FIELD_SYSTEM},
    {"links", FIELD_SYSTEM},
    {"relationships", FIELD_SYSTEM},
    {"name", FIELD_REQUIRED | FIELD_EACH_TIME},
    {"email", FIELD_REQUIRED | FIELD_EACH_TIME},
    {NULL, 0},
};

static const struct collection ep_infos = {
    .name = "user authentication info",
    .list_path = "/v2/authentication-realms/{parent}/user-authentication-info",
    .item_path = "/v2/authentication-realms/{parent}/user-authentication-info/",
    .item_key = "data",
    .id_keys = ep_common_id_keys,
    .type = "user_authentication_info",
    .fields = ep_info_fields,
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
	return info ? collection_id(&ep_infos, info, buffer) : NULL;
}

json_t *ep_info_member(const json_t *info, const char *id)
{
	json_t *member = json_pack("{s:o, s:s}", "id", id_text_json(id), "type",
				   EP_COMMON_MEMBER_TYPE);
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

/* What is sent: an update, or if id is NULL, a new info. */
struct part {
	const char *id;
	const json_t *half;  /* everything that an info takes of the member */
	const json_t *edits; /* the part of half that has changed */
};

/*
 * Return INFO, as the vendor shows it (NULL: it shows none), with the edits of PART applied: a new
 * reference. Take the fields in ACKNOWLEDGED (or NULL), which this mount has set before, from the
 * member: INFO may be stale.
 */
static json_t *ep_info_body(const json_t *info, const struct part *part, const json_t *acknowledged)
{
	json_t *body = info ? json_copy((json_t *)(uintptr_t)info) : json_object(), *shown, *value;
	const char *key;

	json_object_del(body, "type");
	for (const struct field *field = ep_infos.fields; field->name; field++) {
		if (field->flags & FIELD_SYSTEM)
			json_object_del(body, field->name);
	}
	json_object_foreach((json_t *)(uintptr_t)part->half, key, value) {
		shown = json_object_get(body, key);
		if (json_object_get(part->edits, key) || json_object_get(acknowledged, key) ||
		    !shown ||
		    ((collection_flags(&ep_infos, key) & FIELD_EACH_TIME) &&
		     (json_is_null(shown) ||
		      (json_is_string(shown) && !json_string_length(shown)))))
			json_object_set(body, key, value);
	}
	return body;
}

/*
 * Return true if INFO was read too late after the member that the edits of PART are based on, and
 * shows another value there: another client may have changed it meanwhile.
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
 * Read the info of PART in REALM right before it is written. Store a new reference in *INFO, or
 * NULL if the vendor has no such info, and the read that the change was based on in *READ. Returns
 * 0 or a negative errno with words.
 */
static int read_info(struct call *call, struct account *account, const char *realm,
		     const struct part *part, struct basis_read *read, json_t **info)
{
	int error;

	*info = NULL;
	if (call->basis && call->basis->part_absent)
		return 0;
	error = item_get_part(call, account, &ep_infos, realm, part->id, read, info);
	if (error != -ENOENT)
		return error;
	/* do not look again: the write must soon follow the read of the member */
	if (call->basis)
		call->basis->part_absent = true;
	call_clear(call);
	return 0;
}

/* PUT PART to REALM. The basis is unchanged afterwards. */
static enum vendor_outcome ep_info_put_part(struct call *call, struct account *account,
					    const char *realm, const struct part *part,
					    json_t **answer)
{
	enum vendor_outcome outcome = VENDOR_STALE;
	struct basis_read read = {0};
	json_t *info, *body;

	if (read_info(call, account, realm, part, &read, &info)) {
		call_add_words(call, "; nothing was sent");
		return VENDOR_REFUSED;
	}
	body = ep_info_body(info, part, call->basis ? call->basis->acknowledged : NULL);
	if (!info || !may_be_changed(call, &read, info, part))
		outcome = item_put(call, account, &ep_infos, realm, part->id, body, NULL, answer);
	if (info)
		basis_resume(call, &read);
	json_decref(body);
	json_decref(info);
	return outcome;
}

static enum vendor_outcome send_part(struct call *call, struct account *account, const char *realm,
				     const struct part *part, json_t **answer)
{
	if (part->id)
		return ep_info_put_part(call, account, realm, part, answer);
	return item_post(call, account, &ep_infos, realm, part->half, answer);
}

/*
 * Send PART to the realm of the members. If the vendor does not know the realm, it may have been
 * remembered too long: read the settings once more.
 */
static enum vendor_outcome send_to_realm(struct call *call, struct account *account,
					 const struct part *part, json_t **answer, bool *known)
{
	enum vendor_outcome outcome = VENDOR_REFUSED;
	char *realm = NULL, *other = NULL;
	struct call refusal = {0};

	*known = true;
	if (ep_settings_realm(call, account, &realm))
		goto out;
	*known = realm;
	if (!realm)
		goto out;
	outcome = send_part(call, account, realm, part, answer);
	if (outcome != VENDOR_REFUSED || call->verdict != CALL_MISSING)
		goto out;
	call_copy_error(&refusal, call);
	ep_settings_forget(account);
	if (ep_settings_realm(call, account, &other))
		goto out;
	*known = other;
	if (other && strcmp(other, realm) != 0) {
		if (call->basis)
			call->basis->part_absent = false;
		outcome = send_part(call, account, other, part, answer);
	} else {
		call_copy_error(call, &refusal); /* the member does not exist */
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
