/*
 * collection.c - what the table of a collection says about one record: id, email, time, envelope.
 *
 * Pure functions over a vendor's JSON, tolerant where the documents of a vendor contradict each
 * other (ids as text or numbers, flat or wrapped rows, three forms of time stamps). No I/O, no
 * state.
 */
#include "vendors/vendor.h"

#include <stdio.h>
#include <string.h>

json_t *collection_value(const json_t *record, const char *path)
{
	json_t *value = NULL;
	char name[64];

	for (const char *dot; *path; path = *dot ? dot + 1 : dot) {
		dot = strchrnul(path, '.');
		snprintf(name, sizeof(name), "%.*s", (int)(dot - path), path);
		value = json_object_get(value ? value : record, name);
		if (!value)
			return NULL;
	}
	return value;
}

void collection_remove(json_t *record, const char *path)
{
	const char *last = strrchr(path, '.');
	char above[128];

	if (!last) {
		json_object_del(record, path);
		return;
	}
	snprintf(above, sizeof(above), "%.*s", (int)(last - path), path);
	json_object_del(collection_value(record, above), last + 1);
}

unsigned collection_flags(const struct collection *collection, const char *name)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		if (strcmp(field->name, name) == 0)
			return field->flags;
	}
	return 0;
}

static json_t *id_value(const char *const *keys, const json_t *record)
{
	json_t *value = NULL;

	for (; *keys && !value; keys++)
		value = collection_value(record, *keys);
	return value;
}

json_t *collection_unwrap(const struct collection *collection, json_t *answer)
{
	json_t *inner = json_object_get(answer, collection->item_key);

	if (json_is_object(inner))
		return inner;
	if (id_value(collection->id_keys, answer))
		return answer;
	inner = json_object_get(answer, "data"); /* Partnerize v3 */
	return json_is_object(inner) ? inner : NULL;
}

/* ID as text. */
static const char *id_text(const json_t *id, char *buffer)
{
	const char *text = json_string_value(id);

	if (json_is_integer(id)) {
		snprintf(buffer, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
		return buffer;
	}
	/* An id with a NUL byte in it could not be told from its beginning. */
	if (!text || !*text || strlen(text) != json_string_length(id))
		return NULL;
	return text;
}

const char *collection_id(const struct collection *collection, const json_t *record, char *buffer)
{
	return id_text(id_value(collection->id_keys, record), buffer);
}

const char *collection_path_id(const struct collection *collection, const json_t *record,
			       char *buffer)
{
	if (!collection->path_id_key)
		return collection_id(collection, record, buffer);
	return id_text(collection_value(record, collection->path_id_key), buffer);
}

const char *collection_email(const struct collection *collection, const json_t *record)
{
	for (const char *const *key = collection->email_keys; key && *key; key++) {
		const char *email = json_string_value(json_object_get(record, *key));

		if (email && *email)
			return email;
	}
	return NULL;
}

/* The offset from UTC at TEXT in seconds: "", "Z", "+01:00", "+0100", "+01". False: something else.
 */
static bool parse_offset(const char *text, long *offset)
{
	unsigned hours, minutes = 0;
	int used = 0;

	*offset = 0;
	if (!*text || strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return true;
	if (*text != '+' && *text != '-')
		return false;
	if (sscanf(text + 1, "%2u:%2u%n", &hours, &minutes, &used) != 2 &&
	    sscanf(text + 1, "%2u%2u%n", &hours, &minutes, &used) != 2 &&
	    sscanf(text + 1, "%2u%n", &hours, &used) != 1)
		return false;
	if (hours > 23 || minutes > 59 || (used && text[1 + used]))
		return false;
	*offset = (long)hours * 3600 + (long)minutes * 60;
	if (*text == '-')
		*offset = -*offset;
	return true;
}

static bool parse_time(const char *text, struct timespec *time)
{
	struct tm utc = {0};
	const char *rest = strptime(text, "%Y-%m-%d", &utc);
	long offset, nanoseconds = 0;

	if (!rest)
		return false;
	if (*rest == 'T' || *rest == 't' || *rest == ' ') {
		rest = strptime(rest + 1, "%H:%M:%S", &utc);
		if (!rest)
			return false;
	}
	if (*rest == '.') {
		long unit = 100000000;

		for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
			nanoseconds += (*rest - '0') * unit;
	}
	if (!parse_offset(rest, &offset))
		return false;
	time->tv_sec = timegm(&utc) - offset;
	time->tv_nsec = nanoseconds;
	return true;
}

bool collection_time(const struct collection *collection, const json_t *record,
		     struct timespec *time)
{
	for (const char *const *key = collection->time_keys; key && *key; key++) {
		const char *text = json_string_value(collection_value(record, *key));

		if (text && parse_time(text, time))
			return true;
	}
	return false;
}

void collection_hide(const struct collection *collection, json_t *record)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		if (field->flags & (FIELD_WRITE_ONLY | FIELD_CONFIDENTIAL))
			json_object_del(record, field->name);
	}
}
