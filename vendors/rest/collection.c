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

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *collection_value(const json_t *record, const char *path)
{
	return pointer_get(record, path);
}

void collection_remove(json_t *record, const char *path)
{
	/* as most paths are, and this runs for each row of a list */
	if (*path != '/')
		json_object_del(record, path);
	else
		pointer_remove(record, path);
}

const char *collection_words(const char *pointer, char buffer[COLLECTION_WORDS_MAX])
{
	char name[POINTER_NAME_MAX];
	size_t length = 0;

	if (*pointer != '/')
		return pointer;
	buffer[0] = '\0';
	while (length < COLLECTION_WORDS_MAX && pointer_next(&pointer, name))
		length += (size_t)snprintf(buffer + length, COLLECTION_WORDS_MAX - length, "%s%s",
					   length ? "." : "", name);
	return buffer;
}

/* ---- fields ---- */

unsigned collection_field_flags(const struct field *field)
{
	/* what the vendor shows and takes, and rosterfs does not show, is written as a password is
	 */
	if ((field->flags & (FIELD_CONFIDENTIAL | FIELD_SYSTEM)) == FIELD_CONFIDENTIAL)
		return field->flags | FIELD_WRITE_ONLY;
	return field->flags;
}

unsigned collection_flags_at(const struct collection *collection, char *const *path, size_t depth)
{
	unsigned flags = 0;

	for (const struct field *field = collection->fields; field->name; field++) {
		/* a plain name is compared at once, because this runs for each member of a record
		 */
		if (*field->name == '/' ? pointer_relate(field->name, path, depth) == POINTER_COVERS
					: strcmp(field->name, path[0]) == 0)
			flags |= collection_field_flags(field);
	}
	return flags;
}

unsigned collection_flags(const struct collection *collection, const char *name)
{
	char *path = (char *)(uintptr_t)name;

	return collection_flags_at(collection, &path, 1);
}

bool collection_has_below(const struct collection *collection, char *const *path, size_t depth,
			  unsigned flags)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		if (*field->name == '/' && (collection_field_flags(field) & flags) &&
		    pointer_relate(field->name, path, depth) == POINTER_BELOW)
			return true;
	}
	return false;
}

bool collection_is_nested(const struct collection *collection, unsigned flags)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		if (*field->name == '/' && (collection_field_flags(field) & flags))
			return true;
	}
	return false;
}

void collection_strip(const struct collection *collection, json_t *record, unsigned flags)
{
	for (const struct field *field = collection->fields; record && field->name; field++) {
		if (collection_field_flags(field) & flags)
			collection_remove(record, field->name);
	}
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
	const char *const *root = collection->roots ? collection->roots : whole;
	json_t *first = NULL;

	for (; *root; root++) {
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
	return id_value(collection->id_keys, answer) || is_the_one(collection, answer) ? answer
										       : NULL;
}

/* Return ID as text, in BUFFER if it is a number, or NULL. */
static const char *id_text(const json_t *id, char *buffer)
{
	const char *digits = exact_number(id);

	if (digits) /* an id of more than 64 bits, without fraction, exponent or sign */
		return digits[strspn(digits, "0123456789")] ? NULL : digits;
	if (json_is_integer(id)) {
		snprintf(buffer, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(id));
		return buffer;
	}
	return id_text_of(id, buffer);
}

bool collection_has_id(const struct collection *collection, const json_t *record)
{
	return id_value(collection->id_keys, record) != NULL;
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
	if (collection->email)
		return collection->email(record);
	for (const char *const *key = collection->email_keys; key && *key; key++) {
		const json_t *email = pointer_get(record, *key);

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
 * Parse the offset from UTC in TEXT, in seconds: "", "Z", " UTC", "+01:00", "+0100", "+01", with or
 * without a blank before it. False: something else.
 */
static bool parse_offset(const char *text, long *offset)
{
	unsigned hours, minutes = 0;
	int used = 0;

	*offset = 0;
	if (!*text || strcmp(text, "Z") == 0 || strcmp(text, "z") == 0 || strcmp(text, " UTC") == 0)
		return true;
	text += *text == ' ';
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

/* The first second that counts as a time (1973), and the first number that counts milliseconds. */
#define EPOCH_MIN INT64_C(100000000)
#define EPOCH_MILLISECONDS INT64_C(100000000000)

/* Parse TEXT, the digits of an epoch in seconds, with or without a fraction, or in milliseconds. */
static bool parse_epoch(const char *text, struct timespec *time)
{
	int64_t number = 0;
	size_t digits = strspn(text, "0123456789");
	long nanoseconds = 0, unit = 100000000;

	if (digits < 9 || digits > 15)
		return false;
	for (; digits; digits--, text++)
		number = number * 10 + (*text - '0');
	if (number < EPOCH_MIN || (*text && *text != '.'))
		return false;
	if (*text == '.') {
		for (text++; *text >= '0' && *text <= '9'; text++, unit /= 10)
			nanoseconds += (*text - '0') * unit;
	}
	if (*text)
		return false;
	if (number >= EPOCH_MILLISECONDS) {
		nanoseconds = (long)(number % 1000) * 1000000;
		number /= 1000;
	}
	time->tv_sec = number;
	time->tv_nsec = nanoseconds;
	return true;
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

/* Set *TIME to VALUE, a text or a number. False: it is no time. */
static bool time_value(const json_t *value, struct timespec *time)
{
	const char *text = json_string_value(value), *digits = exact_number(value);
	char buffer[24];

	if (json_is_integer(value)) {
		snprintf(buffer, sizeof(buffer), "%" JSON_INTEGER_FORMAT,
			 json_integer_value(value));
		digits = buffer;
	}
	if (digits)
		return parse_epoch(digits, time);
	return text && (parse_time(text, time) || parse_epoch(text, time));
}

/* Set *TIME from the first of KEYS that can be read and is not among BUT. */
static bool find_time(const char *const *keys, const char *const *but, const json_t *record,
		      struct timespec *time)
{
	for (const char *const *key = keys; key && *key; key++) {
		if (!is_among(but, *key) && time_value(pointer_get(record, *key), time))
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
 * Return true if the value at POINTER in RECORD is absent, null, or an empty text, as a blanked
 * value is shown.
 */
static bool has_nothing(const json_t *record, const char *pointer)
{
	const json_t *value = pointer_get(record, pointer);

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

bool collection_hides_field(const struct field *field, const json_t *record)
{
	unsigned flags = collection_field_flags(field);

	return (flags & FIELD_WRITE_ONLY) ||
	       ((flags & FIELD_MAY_HIDE) && has_nothing(record, field->name));
}

bool collection_hides(const struct collection *collection, const json_t *record, char *const *path,
		      size_t depth)
{
	for (const struct field *field = collection->fields; field->name; field++) {
		if ((*field->name == '/'
			 ? pointer_relate(field->name, path, depth) == POINTER_COVERS
			 : strcmp(field->name, path[0]) == 0) &&
		    collection_hides_field(field, record))
			return true;
	}
	return false;
}

void collection_hide(const struct collection *collection, json_t *record)
{
	collection_strip(collection, record, FIELD_WRITE_ONLY | FIELD_CONFIDENTIAL);
}

void collection_hide_below(const struct collection *collection, char *const *path, size_t depth,
			   json_t *value)
{
	char name[POINTER_NAME_MAX];

	for (const struct field *field = collection->fields; field->name; field++) {
		const char *rest = field->name;

		if (!(field->flags & (FIELD_WRITE_ONLY | FIELD_CONFIDENTIAL)) ||
		    pointer_relate(field->name, path, depth) != POINTER_BELOW)
			continue;
		for (size_t i = 0; i < depth; i++)
			pointer_next(&rest, name);
		pointer_remove(value, rest);
	}
}

/* Return ID escaped for a path, "" for NULL. The caller frees it. NULL: no memory. */
static char *escape_id(const char *id)
{
	size_t length;
	char *bytes = id_text_bytes(id ? id : "", &length);
	char *escaped = bytes ? http_url_escape_bytes(bytes, length) : NULL;

	free(bytes);
	return escaped;
}

char *collection_path(const struct collection *collection, const char *parent, const char *id)
{
	const char *text = id ? collection->item_path : collection->list_path;
	const char *place = strstr(text, "{parent}");
	size_t before = place ? (size_t)(place - text) : strlen(text);
	const char *after = place ? place + strlen("{parent}") : "";
	char *escaped_parent = escape_id(place ? parent : NULL);
	char *escaped = escape_id(collection->single ? NULL : id);
	char *path = NULL;

	if (escaped && escaped_parent &&
	    asprintf(&path, "%.*s%s%s%s", (int)before, text, escaped_parent, after, escaped) < 0)
		path = NULL;
	free(escaped_parent);
	free(escaped);
	return path;
}
