/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scim_record.c - see scim_record.h.
 */
#include "vendors/scim/scim_record.h"

#include "vendors/base/status_words.h"
#include "vendors/json/exact.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define CORE "urn:ietf:params:scim:schemas:core:2.0:"

/* Return true if VALUE is true, or a text for it: servers store what they are sent. */
static bool is_true(const json_t *value)
{
	const char *text = exact_string(value);

	return json_is_true(value) || (text && strcasecmp(text, "true") == 0);
}

static const json_t *value_of(const json_t *email)
{
	const json_t *value = json_object_get(email, "value");

	return exact_is_string(value) && json_string_length(value) ? value : NULL;
}

const json_t *scim_record_email(const json_t *user)
{
	const json_t *emails = json_object_get(user, "emails"), *first = NULL;
	const json_t *name = json_object_get(user, "userName");
	const char *text = exact_string(name);

	for (size_t i = 0; i < json_array_size(emails); i++) {
		const json_t *email = json_array_get(emails, i), *value = value_of(email);

		if (value && is_true(json_object_get(email, "primary")))
			return value;
		first = first ? first : value;
	}
	return first ? first : text && strchr(text, '@') ? name : NULL;
}

const char *scim_record_status(const json_t *active)
{
	return !active || json_is_null(active) || is_true(active) ? STATUS_ACTIVE : STATUS_INACTIVE;
}

/* Add `schemas` to RESOURCE if it has none: CORE and those of its extensions. */
static int add_schemas(json_t *resource, const char *core)
{
	json_t *schemas, *value;
	const char *name;
	int failed;

	if (json_array_size(json_object_get(resource, "schemas")))
		return 0;
	schemas = json_pack("[s]", core);
	failed = !schemas;
	json_object_foreach(resource, name, value) {
		if (strncasecmp(name, "urn:", 4) == 0)
			failed = failed || json_array_append_new(schemas, json_string(name));
	}
	failed = failed || json_object_set(resource, "schemas", schemas);
	json_decref(schemas);
	return failed ? -ENOMEM : 0;
}

int scim_record_complete_user(json_t *user, bool created)
{
	const json_t *active = json_object_get(user, "active");

	if (!created && (!active || json_is_null(active)) &&
	    json_object_set_new(user, "active", json_true()))
		return -ENOMEM;
	return add_schemas(user, CORE "User");
}

int scim_record_complete_group(json_t *group, bool created)
{
	(void)created;
	return add_schemas(group, CORE "Group");
}
