/* SPDX-License-Identifier: Apache-2.0 */
/*
 * collection.c - see collection.h.
 *
 * Tolerant where the documents of a vendor contradict each other: ids as text or numbers, flat or
 * wrapped rows, three forms of time stamps. No I/O, no state.
 */
#include "vendors/rest/collection.h"

#include "vendors/http/http_url.h"
#include "vendors/json/exact.h"
#include "vendors/json/pointer.h"
#include "vendors/vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *collection_value(const json_t *record, const char *path)
{
	const char *dot = strchr(path, '.');
	char name[64];
	size_t length;

	/* most paths are a plain name, and this runs several times for each of many records */
	if (!dot)
		return json_object_get(record, path);
	length = (size_t)(dot - path);
	if (length >= sizeof(name))
		return NULL;
	memcpy(name, path, length);
	name[length] = '\0';
	return collection_value(json_object_get(record, name), dot + 1);
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

/*
 * Return true if ANSWER, without an envelope, is the record of a single collection, which need not
 * have an id.
 */
static bool is_the_one(const struct collection *collection, const json_t *answer)
{
	const char *type = json_string_value(json_object_get(answer, "type"));

	return collection->single && collection->type && type &&
	       strcmp(type, collection->type) == 0;
}

/* Move links beside RECORD in ANSWER into it, where a list has them. */
static void take_links(const struct collection *collection, const json_t *answer, json_t *record)
{
	json_t *links = json_object_get(answer, "links");

	if (json_is_object(links) && !json_object_get(record, "links") &&
	    collection_flags(collection, "links") & FIELD_SYSTEM)
		json_object_set(record, "links", links);
}

/* Return the first object with an id at a root of COLLECTION's rules, else the first object;
 * borrowed, or NULL. */
static json_t *unwrap_by_roots(const struct collection *collection, const json_t *answer)
{
	static const char *const whole[] = {".", NULL};
	json_t *first = NULL;

	for (const char *const *root = collection->roots ? collection->roots : whole; *root;
	     root++) {
		json_t *found = pointer_get(answer, *root);

		if (json_is_object(found) && id_value(collection->id_keys, found))
			return found;
		if (json_is_object(found) && !first)
			first = found;
	}
	return first;
}

json_t *collection_unwrap(const struct collection *collection, json_t *answer)
{
	json_t *inner;

	if (collection->listing)
		return unwrap_by_roots(collection, answer);
	inner = json_object_get(answer, collection->item_key);
	if (json_is_object(inner)) {
		take_links(collection, answer, inner);
		return inner;
	}
	if (id_value(collection->id_keys, answer) || is_the_one(collection, answer))
		return answer;
	if (!collection->other_item_key)
		return NULL;
	inner = json_object_get(answer, collection->other_item_key);
	return json_is_object(inner) ? inner : NULL;
}

/* Return ID as text, in BUFFER if it is a number, or NULL. */
static const char *id_text(const json_t *id, char *buffer)
{
	const char *text = json_string_value(id), *digits = exact_number(id);

	if (digits) /* an id of more than 64 bits, without fraction, exponent or sign */
		return digits[strspn(digits, "0123456789")] ? NULL : digits;
	if (json_is_integer(id)) {
		snprintf(buffer, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
		return buffer;
	}
	/* an id with a NUL byte could not be told from its beginning */
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

bool collection_may_have(const struct collection *collection, const char *id)
{
	for (const char *const *taken = collection->taken; taken && *taken; taken++) {
		if (strcmp(*taken, id) == 0)
			return false;
	}
	return true;
}

const json_t *collection_email_value(const struct collection *collection, const json_t *record)
{
	for (const char *const *key = collection->email_keys; key && *key; key++) {
		const json_t *email = json_object_get(record, *key);

		if (exact_is_string(email) && json_string_length(email))
			return email;
	}
	return NULL;
}

const char *collection_email(const struct collection *collection, const json_t *record)
{
	const json_t *value = collection_email_value(collection, record);
	const char *email = json_string_value(value);

	/* cut at a NUL byte, it would be another person's email */
	return email && strlen(email) == json_string_length(value) ? email : NULL;
}

/*
 * Parse the offset from UTC in TEXT, in seconds: "", "Z", "+01:00", "+0100", "+01". False:
 * something else.
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

/*
 * Parse a number of DIGITS digits at *TEXT, which moves behind it. False: there is none from LEAST
 * to MOST.
 */
static bool parse_number(const char **text, int digits, long least, long most, long *number)
{
	*number = 0;
	for (; digits; digits--, ++*text) {
		if (**text < '0' || **text > '9')
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return *number >= least && *number <= most;
}

/* Return the days from 1970-01-01. The year begins in March, so that a leap day is its last day. */
static long days_until(long year, long month, long day)
{
	year -= month < 3;
	month = (month + 9) % 12;
	return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day -
	       719469;
}

/* Not with strptime and timegm, which took a thirtieth of the time that reading a roster takes. */
static bool parse_time(const char *text, struct timespec *time)
{
	long year, month, day, hours = 0, minutes = 0, seconds = 0, offset, nanoseconds = 0;

	if (!parse_number(&text, 4, 1, 9999, &year) || *text++ != '-' ||
	    !parse_number(&text, 2, 1, 12, &month) || *text++ != '-' ||
	    !parse_number(&text, 2, 1, 31, &day))
		return false;
	if (*text == 'T' || *text == 't' || *text == ' ') {
		text++;
		if (!parse_number(&text, 2, 0, 23, &hours) || *text++ != ':' ||
		    !parse_number(&text, 2, 0, 59, &minutes) || *text++ != ':' ||
		    !parse_number(&text, 2, 0, 60, &seconds))
			return false;
	}
	if (*text == '.') {
		long unit = 100000000;

		for (text++; *text >= '0' && *text <= '9'; text++, unit /= 10)
			nanoseconds += (*text - '0') * unit;
	}
	if (!parse_offset(text, &offset))
		return false;
	time->tv_sec = days_until(year, month, day) * 86400 + hours * 3600 + minutes * 60 +
		       seconds - offset;
	time->tv_nsec = nanoseconds;
	return true;
}

static bool is_among(const char *const *keys, const char *name)
{
	for (; keys && *keys; keys++) {
		if (strcmp(*keys, name) == 0)
			return true;
	}
	return false;
}

/* Set *TIME from the first of KEYS that can be read and is not among BUT. */
static bool find_time(const char *const *keys, const char *const *but, const json_t *record,
		      struct timespec *time)
{
	for (const char *const *key = keys; key && *key; key++) {
		const char *text = json_string_value(collection_value(record, *key));

		if (!is_among(but, *key) && text && parse_time(text, time))
			return true;
	}
	return false;
}

bool collection_time(const struct collection *collection, const json_t *record,
		     struct timespec *time)
{
	return find_time(collection->time_keys, NULL, record, time);
}

bool collection_created(const struct collection *collection, const json_t *record,
			struct timespec *time)
{
	return find_time(collection->created_keys, NULL, record, time);
}

bool collection_updated(const struct collection *collection, const json_t *record,
			struct timespec *time)
{
	return find_time(collection->time_keys, collection->created_keys, record, time);
}

/*
 * Return true if field NAME of RECORD is absent, null, or an empty text, as a blanked value is
 * shown.
 */
static bool has_nothing(const json_t *record, const char *name)
{
	const json_t *value = json_object_get(record, name);

	return !value || json_is_null(value) ||
	       (json_is_string(value) && json_string_length(value) == 0);
}

const char *collection_lacks(const struct collection *collection, const json_t *body)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		if ((field->flags & FIELD_EACH_TIME) && has_nothing(body, field->name))
			return field->name;
	}
	return NULL;
}

bool collection_hides(const struct collection *collection, const json_t *record, const char *name)
{
	unsigned flags = collection_flags(collection, name);

	return (flags & FIELD_WRITE_ONLY) ||
	       ((flags & FIELD_MAY_HIDE) && has_nothing(record, name));
}

void collection_hide(const struct collection *collection, json_t *record)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		if (field->flags & (FIELD_WRITE_ONLY | FIELD_CONFIDENTIAL))
			json_object_del(record, field->name);
	}
}

json_t *collection_link(const struct collection *links, const char *id)
{
	json_t *link = json_object();

	if (pointer_set(link, links->id_keys[0], json_string(id))) {
		json_decref(link);
		return NULL;
	}
	return link;
}

char *collection_path(const struct collection *collection, const char *parent, const char *id)
{
	const char *text = id ? collection->item_path : collection->list_path;
	const char *place = strstr(text, "{parent}");
	size_t before = place ? (size_t)(place - text) : strlen(text);
	const char *after = place ? place + strlen("{parent}") : "";
	char *escaped_parent = http_url_escape(parent && place ? parent : "");
	char *escaped = http_url_escape(id && !collection->single ? id : "");
	char *path = NULL;

	if (escaped && escaped_parent &&
	    asprintf(&path, "%.*s%s%s%s", (int)before, text, escaped_parent, after, escaped) < 0)
		path = NULL;
	free(escaped_parent);
	free(escaped);
	return path;
}
