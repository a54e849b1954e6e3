/*
 * record.c - see record.h.
 *
 * One allocation a record, text included: at 100,000 users each word counts. It knows how a record
 * looks as a file, not where it comes from or who reads it.
 */
#include "cache/record.h"

#include "vendors/vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_uint_fast64_t last_version;

/* So many digits tell NUMBER from any other: with 17, 0.1 would be 0.10000000000000001. */
static size_t digits_of_real(double number)
{
	char text[40];
	int digits;

	for (digits = 15; digits < 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	return (size_t)digits;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* The digits that the numbers with a fraction in VALUE need; 0: there are none. */
static size_t digits_of(const json_t *value)
{
	size_t most = 0, i;
	const char *key;
	json_t *member;

	if (json_is_real(value))
		return digits_of_real(json_real_value(value));
	if (json_is_object(value)) {
		json_object_foreach((json_t *)(uintptr_t)value, key, member)
			most = larger(most, digits_of(member));
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, member)
			most = larger(most, digits_of(member));
	}
	return most;
}

char *record_render(const json_t *object, size_t *length)
{
	size_t digits = digits_of(object);
	char *text = json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(digits));
	char *longer;

	if (!text)
		return NULL;
	*length = strlen(text);
	longer = realloc(text, *length + 2);
	if (!longer) {
		free(text);
		return NULL;
	}
	memcpy(longer + *length, "\n", 2);
	*length += 1;
	return longer;
}

/* The status that OBJECT shows, one word for one line; "unknown" when it shows none. */
static const char *status_of(const struct collection *collection, const json_t *object)
{
	const char *status = NULL;

	if (collection->status_key)
		status = json_string_value(json_object_get(object, collection->status_key));
	if (!status || !*status || strpbrk(status, "\r\n"))
		return RECORD_STATUS_UNKNOWN;
	return status;
}

static const char *append(char **end, const char *text, size_t length)
{
	char *begin = *end;

	memcpy(begin, text, length);
	begin[length] = '\0';
	*end += length + 1;
	return begin;
}

struct record *record_new(const struct collection *collection, const char *id, const json_t *object,
			  struct timespec when)
{
	const char *email = collection_email(collection, object);
	const char *status = status_of(collection, object);
	size_t text_length;
	char *text = record_render(object, &text_length);
	struct record *record = NULL;
	char *end;

	if (!text || text_length > UINT32_MAX - 1)
		goto out;
	record = malloc(sizeof(*record) + strlen(id) + 1 + strlen(status) + 1 +
			(email ? strlen(email) + 1 : 0) + text_length + 1);
	if (!record)
		goto out;
	atomic_init(&record->references, 1);
	atomic_init(&record->shown, false);
	record->namesake = false;
	record->saved = false;
	record->version = atomic_fetch_add(&last_version, 1) + 1;
	record->length = (uint32_t)text_length;
	if (!collection_time(collection, object, &record->mtime))
		record->mtime = when;
	end = record->id;
	append(&end, id, strlen(id));
	record->status = append(&end, status, strlen(status));
	record->email = email ? append(&end, email, strlen(email)) : NULL;
	record->text = append(&end, text, text_length);
out:
	free(text);
	return record;
}

struct record *record_get(struct record *record)
{
	atomic_fetch_add_explicit(&record->references, 1, memory_order_relaxed);
	return record;
}

void record_put(struct record *record)
{
	if (record && atomic_fetch_sub_explicit(&record->references, 1, memory_order_acq_rel) == 1)
		free(record);
}

/* RECORD without what the vendor assigns; NULL: no memory. */
static json_t *own_part(const struct collection *collection, const struct record *record)
{
	json_t *object = record_json(record);

	for (const struct field *field = collection->fields; object && field->name; field++) {
		if (field->flags & FIELD_SYSTEM)
			collection_remove(object, field->name);
	}
	if (object && collection->stamp_key)
		collection_remove(object, collection->stamp_key);
	return object;
}

void record_keep_time(const struct collection *collection, struct record *record,
		      const struct record *old)
{
	json_t *before, *after;

	if (!old->saved || old == record)
		return;
	before = own_part(collection, old);
	after = own_part(collection, record);
	if (before && after && json_equal(before, after)) {
		record->mtime = old->mtime;
		record->saved = true;
	}
	json_decref(before);
	json_decref(after);
}

bool record_same(const struct record *a, const struct record *b)
{
	return a == b || (a->length == b->length && memcmp(a->text, b->text, a->length) == 0);
}

json_t *record_json(const struct record *record)
{
	return json_loadb(record->text, record->length, JSON_ALLOW_NUL, NULL);
}
