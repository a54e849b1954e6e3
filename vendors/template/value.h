/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - the JSON scalars that a vendor's table names, such as the values of a status.
 *
 * A struct value holds text, not a json_t, because several threads read the tables. Nothing here
 * waits.
 */
#ifndef ROSTERFS_VALUE_H
#define ROSTERFS_VALUE_H

#include <jansson.h>
#include <stdbool.h>

enum value_type {
	VALUE_END, /* ends a list of values */
	VALUE_NULL,
	VALUE_TRUE,
	VALUE_FALSE,
	VALUE_NUMBER,
	VALUE_TEXT,
	VALUE_ABSENT, /* there is no such member */
	VALUE_ANY,    /* any other value except null and absent */
};

struct value {
	enum value_type type;
	const char *text; /* of a number its digits, of a text its bytes; else NULL */
};

/*
 * Read TEXT: a JSON scalar (`true`, `1`, `null`, `"true"`), `absent`, `*`, or a word, which is
 * text. *VALUE's text is new and the caller's to free (value_clear). Returns 0, -EINVAL (an
 * unfinished string, one with a zero byte or half a surrogate pair, an array or an object) or
 * -ENOMEM.
 */
int value_read(const char *text, struct value *value);

void value_clear(struct value *value);

/* Return true if JSON (NULL: absent) is VALUE: the same in type, case and number. */
bool value_is(const struct value *value, const json_t *json);

/* Return true if JSON is one of VALUES (NULL: none). */
bool value_is_one_of(const struct value *values, const json_t *json);

/* Return VALUE as JSON, a new reference. NULL: no memory, or it is `absent` or `*`. */
json_t *value_json(const struct value *value);

/* Return the first of VALUES that can be sent (not `absent`, not `*`), or NULL. */
const struct value *value_first(const struct value *values);

#endif
