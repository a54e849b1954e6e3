/* SPDX-License-Identifier: Apache-2.0 */
/*
 * payload.c - see payload.h.
 *
 * Servers store what they are sent: masks become passwords, fields that only a response has become
 * data, and a hidden field that a replacement lacks is lost. This file knows the table's rules
 * about that, and nothing of requests.
 */
#include "vendors/rest/payload.h"

#include "vendors/base/call.h"
#include "vendors/http/basis.h"
#include "vendors/json/exact.h"
#include "vendors/json/pointer.h"
#include "vendors/template/template.h"
#include "vendors/rest/withheld.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- fields that are not sent, or not shown ---- */

/* Remove from RECORD what is never sent. */
static void strip(const struct collection *collection, json_t *record)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		if (field->flags & (FIELD_SYSTEM | FIELD_ONCE))
			pointer_remove(record, field->name);
	}
}

/*
 * Put the hidden fields of FRESH back into RECORD; if INNER, only those inside of its members.
 * Returns 0 or -ENOMEM.
 */
static int restore_hidden(const struct collection *collection, json_t *record, const json_t *fresh,
			  bool inner)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		const char *rest = field->name;
		char name[POINTER_NAME_MAX];

		if (!(field->flags & FIELD_CONFIDENTIAL) || (field->flags & FIELD_SYSTEM) ||
		    (inner && pointer_next(&rest, name) && !*rest))
			continue;
		if (withheld_put_back(record, fresh, field->name))
			return -ENOMEM;
	}
	return 0;
}

/* ---- changes ---- */

/*
 * Return the members of WANTED that FRESH has otherwise, a new reference: whole, or, if DEEP, only
 * what differs in them. NULL: no memory.
 */
static json_t *difference(const json_t *fresh, const json_t *wanted, bool deep)
{
	json_t *changes = json_object(), *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)wanted, name, value) {
		const json_t *old = json_object_get(fresh, name);
		json_t *change;

		if (old ? json_equal((json_t *)(uintptr_t)old, value) : json_is_null(value))
			continue;
		change = deep && json_is_object(old) && json_is_object(value)
			     ? difference(old, value, true)
			     : json_deep_copy(value);
		if (json_object_set_new(changes, name, change)) {
			json_decref(changes);
			return NULL;
		}
	}
	return changes;
}

/*
 * Write "" for each null in CHANGES that FRESH does not show as well, or return the name of the
 * first, as the table wants.
 */
static const char *clear_members(enum rule_clear clear, json_t *changes, const json_t *fresh)
{
	const char *name, *found;
	json_t *value;
	void *next;

	if (clear == RULE_CLEAR_NULL)
		return NULL;
	json_object_foreach_safe(changes, next, name, value) {
		const json_t *old = json_object_get(fresh, name);

		if (json_is_object(value)) {
			found = clear_members(clear, value, old);
			if (found)
				return found;
		} else if (json_is_null(value) && !json_is_null(old)) {
			if (clear == RULE_CLEAR_REFUSE)
				return name;
			json_object_set_new(changes, name, json_string(""));
		}
	}
	return NULL;
}

/* Copy the nulls that CHANGES has made to "" into RECORD. */
static void copy_cleared(json_t *record, const json_t *changes)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)changes, name, value) {
		json_t *now = json_object_get(record, name);

		if (json_is_object(value))
			copy_cleared(now, value);
		else if (json_is_null(now) && json_is_string(value))
			json_object_set(record, name, value);
	}
}

/* ---- parts ---- */

/* Return the pointer of a placeholder NAME that sends a part ("changes/P", "record/P", "/P"), else
 * NULL. */
static const char *part_of(const char *name)
{
	static const char *const words[] = {"changes", "record"};

	if (*name == '/')
		return name;
	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(words[i]);

		if (strncmp(name, words[i], length) == 0 && name[length] == '/')
			return name + length;
	}
	return NULL;
}

/* Return true if the placeholders of BODY send the whole of a change. */
static bool sends_all(const char *body)
{
	return template_has(body, "changes") || template_has(body, "record");
}

/* Return the dotted name of the first member that differs between A and B, in NAME; or NULL. */
static const char *first_difference(const json_t *a, const json_t *b, char *name, size_t size)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)b, key, value) {
		const json_t *old = json_object_get(a, key);

		if (old ? json_equal((json_t *)(uintptr_t)old, value) : json_is_null(value))
			continue;
		if (json_is_object(old) && json_is_object(value)) {
			size_t length = (size_t)snprintf(name, size, "%s.", exact_key_words(key));

			if (length < size &&
			    first_difference(old, value, name + length, size - length))
				return name;
		}
		snprintf(name, size, "%s", exact_key_words(key));
		return name;
	}
	return NULL;
}

/* Remove PART from A and B, and the objects around it that only B has and that are empty then. */
static void remove_part(json_t *a, json_t *b, const char *part)
{
	char above[TEMPLATE_NAME_MAX], *end;

	pointer_remove(a, part);
	pointer_remove(b, part);
	snprintf(above, sizeof(above), "%s", part);
	while ((end = strrchr(above, '/')) && end != above) {
		const json_t *value;

		*end = '\0';
		value = pointer_get(b, above);
		if (!json_is_object(value) || json_object_size(value) || pointer_get(a, above))
			break;
		pointer_remove(b, above);
	}
}

/* Fail with EPERM if WANTED differs from FRESH where no placeholder of BODY sends it. */
static int check_parts(struct call *call, const char *body, const json_t *fresh,
		       const json_t *wanted)
{
	json_t *a = json_deep_copy(fresh), *b = json_deep_copy(wanted);
	char name[TEMPLATE_NAME_MAX], words[256];
	const char *at = body, *found;
	int error = 0;

	while (template_next(&at, name)) {
		const char *part = part_of(name);

		if (part)
			remove_part(a, b, part);
	}
	found = first_difference(a, b, words, sizeof(words));
	if (found)
		error = call_fail(call, CALL_FORBIDDEN,
				  "\"%s\" cannot be changed through the vendor's API", found);
	json_decref(a);
	json_decref(b);
	return error;
}

/*
 * Make of CHANGES, whose members are whole, what {changes/P} in BODY stands for: at P only the
 * members that differ. *ANY: there is such a placeholder. Returns 0 or -ENOMEM.
 */
static int narrow_parts(const char *body, const json_t *fresh, const json_t *wanted, bool deep,
			json_t *changes, bool *any)
{
	char name[TEMPLATE_NAME_MAX];
	const char *at = body;

	while (template_next(&at, name)) {
		const json_t *old, *new;

		if (strncmp(name, "changes/", 8) != 0)
			continue;
		*any = true;
		old = pointer_get(fresh, name + 7);
		new = pointer_get(wanted, name + 7);
		if (old && new &&json_equal((json_t *)(uintptr_t)old, (json_t *)(uintptr_t) new))
			pointer_remove(changes, name + 7);
		else if (json_is_object(old) && json_is_object(new) &&
			 pointer_set(changes, name + 7, difference(old, new, deep)) == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

/* ---- the whole ---- */

void payload_clear(struct payload *payload)
{
	json_decref(payload->changes);
	json_decref(payload->record);
	json_decref(payload->shown);
	*payload = (struct payload){0};
}

/* As collection->complete, of RECORD, which FRESH becomes; NULL: it is a new one. */
static int complete(const struct collection *collection, json_t *record, const json_t *fresh)
{
	return collection->complete ? collection->complete(record, !fresh) : 0;
}

/*
 * A member that WANTED has as the read OLD shows it, but not as a write of this mount, which that
 * read may not show yet, has set it, is a change as well: let OLD have it as that write has.
 */
static int note_acknowledged(const struct call *call, json_t *old, const json_t *wanted)
{
	const json_t *acknowledged = call->basis ? call->basis->acknowledged : NULL;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)acknowledged, name, value) {
		json_t *is = json_object_get(wanted, name);

		if (is && !json_equal(is, value) && json_equal(is, json_object_get(old, name)) &&
		    json_object_set(old, name, value))
			return -ENOMEM;
	}
	return 0;
}

/* Return what the placeholders of an update can send: its body, and {/P} in its path. */
static const char *update_body(const struct collection *collection)
{
	const char *body = collection->update ? collection->update->request.body : NULL;

	return body ? body : "";
}

/* Fill PAYLOAD from OLD, FRESH without what is never sent, and WANTED. */
static int fill_update(struct call *call, const struct collection *collection, const json_t *fresh,
		       const json_t *old, const json_t *wanted, bool plain, struct payload *payload)
{
	const struct rule_update *update = collection->update;
	const char *body = update_body(collection), *refused;
	bool deep = update && update->deep, parts = false;
	int error = sends_all(body) ? 0 : check_parts(call, body, old, wanted);

	if (error)
		return error;
	payload->changes = update && update->patch ? update->patch(old, wanted, plain)
						   : difference(old, wanted, deep);
	payload->record = json_deep_copy(wanted);
	payload->shown = json_deep_copy(fresh);
	if (!payload->changes || !payload->record || !payload->shown ||
	    narrow_parts(body, old, wanted, deep, payload->changes, &parts) ||
	    json_object_update(payload->shown, payload->record) ||
	    (!deep && !parts && !(update && update->patch) &&
	     restore_hidden(collection, payload->changes, fresh, true)) ||
	    restore_hidden(collection, payload->record, fresh, false) ||
	    complete(collection, payload->record, fresh))
		return call_no_memory(call);
	withheld_strip_masks(payload->record, fresh);
	withheld_strip_masks(payload->shown, fresh);
	if (update && update->patch)
		return 0;
	withheld_strip_masks(payload->changes, fresh);
	refused = clear_members(update ? update->clear : RULE_CLEAR_NULL, payload->changes, fresh);
	if (refused)
		return call_fail(call, CALL_INVALID, "\"%s\" cannot be cleared at this vendor",
				 exact_key_words(refused));
	copy_cleared(payload->record, payload->changes);
	return 0;
}

int payload_update(struct call *call, const struct collection *collection, const json_t *fresh,
		   const json_t *wanted, bool plain, struct payload *payload)
{
	json_t *old = json_deep_copy(fresh), *new = json_deep_copy(wanted);
	int error;

	*payload = (struct payload){0};
	strip(collection, old);
	strip(collection, new);
	error = old && new && !note_acknowledged(call, old, new)
		    ? fill_update(call, collection, fresh, old, new, plain, payload)
		    : call_no_memory(call);
	json_decref(old);
	json_decref(new);
	if (error)
		payload_clear(payload);
	return error;
}

int payload_create(struct call *call, const struct collection *collection, const json_t *wanted,
		   struct payload *payload)
{
	*payload = (struct payload){.changes = json_deep_copy(wanted),
				    .record = json_deep_copy(wanted),
				    .shown = json_deep_copy(wanted)};
	if (!payload->changes || !payload->record || !payload->shown ||
	    complete(collection, payload->record, NULL)) {
		payload_clear(payload);
		return call_no_memory(call);
	}
	for (const struct field *field = collection->fields; field->name; field++) {
		if (field->flags & FIELD_SYSTEM) {
			pointer_remove(payload->changes, field->name);
			pointer_remove(payload->record, field->name);
		}
	}
	return 0;
}
