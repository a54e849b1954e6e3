/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c - see record.h.
 *
 * A record is one allocation, text included, because there may be 100,000 of them. This file knows
 * how a record looks as a file, not where it comes from or what reads it.
 */
#include "cache/record/record.h"

#include "cache/document/render.h"
#include "vendors/base/address.h"
#include "vendors/base/status_words.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_mend.h"
#include "vendors/json/exact_parse.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static atomic_uint_fast64_t last_version;

/* Nearly all records have one of these, so the word is not stored with each. */
static const char *const words[RECORD_OTHER] = {[RECORD_UNKNOWN] = STATUS_UNKNOWN,
						[RECORD_ACTIVE] = STATUS_ACTIVE,
						[RECORD_INACTIVE] = STATUS_INACTIVE};

/* Return the kind of STATUS. */
static uint8_t status_number(const char *status)
{
	uint8_t number = 0;

	while (number < RECORD_OTHER && strcmp(words[number], status) != 0)
		number++;
	return number;
}

/* An email as a record stores it. */
struct kept {
	const char *email; /* NULL: none */
	const char *key;   /* NULL: the email is its own key, in any case of its ASCII letters */
	char *own_email, *own_key;
};

/* Set KEPT's email to VALUE, a string that is not plain. Return 0 or -ENOMEM. */
static int keep_text(const json_t *value, struct kept *kept)
{
	size_t length = 0;
	char *bytes = exact_string_bytes(value, &length);

	if (bytes)
		kept->email = kept->own_email = address_text(bytes, length);
	free(bytes);
	return kept->own_email ? 0 : -ENOMEM;
}

/*
 * Set KEPT to what a record stores of VALUE, a string in OBJECT or NULL. Return 0 or -ENOMEM. The
 * caller frees own_email and own_key in any case.
 */
static int keep_email(const json_t *value, const json_t *object, struct kept *kept)
{
	memset(kept, 0, sizeof(*kept));
	kept->email = exact_string(value);
	if (kept->email && address_is_plain(kept->email, json_string_length(value)))
		return 0;
	if (!value || exact_mend_is_stand_in(value, object))
		return 0;
	if (keep_text(value, kept))
		return -ENOMEM;
	kept->own_key = kept->email ? address_key(kept->email) : NULL;
	if (!kept->own_key)
		return -ENOMEM;
	if (!*kept->own_key) /* such an email has no visible character */
		kept->email = NULL;
	else if (strcasecmp(kept->own_key, kept->email) != 0)
		kept->key = kept->own_key;
	return 0;
}

/* Put TEXT *END bytes behind the id of RECORD. Return where it begins, and move *END behind it. */
static uint32_t record_append(struct record *record, size_t *end, const char *text, size_t length)
{
	size_t begin = *end;

	memcpy(record->id + begin, text, length);
	record->id[begin + length] = '\0';
	*end += length + 1;
	return (uint32_t)begin;
}

static size_t bytes_of(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* Return a record with room for BYTES of strings. NULL: no memory. */
static struct record *allocate(size_t bytes)
{
	struct record *record = bytes <= UINT32_MAX ? malloc(sizeof(*record) + bytes) : NULL;

	if (!record)
		return NULL;
	atomic_init(&record->references, 1);
	atomic_init(&record->shown, false);
	record->namesake = record->saved = record->row = false;
	record->unreadable = record->keyed = false;
	record->version = atomic_fetch_add(&last_version, 1) + 1;
	return record;
}

struct record *record_assemble(const struct record_parts *parts)
{
	bool other = parts->status == RECORD_OTHER;
	struct record *record = allocate(bytes_of(parts->id) + (other ? bytes_of(parts->word) : 0) +
					 bytes_of(parts->email) + bytes_of(parts->key) +
					 parts->length + 1);
	size_t end = 0;

	if (!record)
		return NULL;
	record->length = (uint32_t)parts->length;
	record_set_time(record, parts->time);
	record_append(record, &end, parts->id, strlen(parts->id));
	record->status = parts->status;
	if (other)
		record_append(record, &end, parts->word, strlen(parts->word));
	record->email = parts->email
			    ? record_append(record, &end, parts->email, strlen(parts->email))
			    : 0;
	record->keyed = parts->key;
	if (parts->key)
		record_append(record, &end, parts->key, strlen(parts->key));
	record->text = record_append(record, &end, parts->text, parts->length);
	return record;
}

struct record *record_new_rendered(const struct collection *collection, const char *id,
				   const json_t *object, const struct render *text,
				   struct timespec when)
{
	char word[STATUS_MAP_MAX];
	const char *status = status_map_word(collection, object, word);
	struct record_parts parts = {.id = id,
				     .text = text->text,
				     .length = text->length,
				     .time = when};
	struct record *record = NULL;
	struct timespec own;
	struct kept kept;

	if (!keep_email(collection_email_value(collection, object), object, &kept)) {
		parts.word = status ? status : STATUS_UNKNOWN;
		parts.status = status_number(parts.word);
		parts.email = kept.email;
		parts.key = kept.key;
		if (collection_time(collection, object, &own))
			parts.time = own;
		record = record_assemble(&parts);
	}
	free(kept.own_email);
	free(kept.own_key);
	return record;
}

const char *record_status(const struct record *record)
{
	return record->status < RECORD_OTHER ? words[record->status]
					     : record->id + strlen(record->id) + 1;
}

struct record *record_new(const struct collection *collection, const char *id, const json_t *object,
			  struct timespec when)
{
	struct render text = {0};
	struct record *record = NULL;

	if (!render_object(&text, object))
		record = record_new_rendered(collection, id, object, &text, when);
	render_clear(&text);
	return record;
}

struct record *record_new_unreadable(const struct collection *collection, const char *id,
				     const json_t *object, struct timespec when)
{
	char nothing[] = "{}\n";
	const struct render text = {.text = nothing, .length = strlen(nothing)};
	struct record *record = record_new_rendered(collection, id, object, &text, when);

	if (record)
		record->unreadable = true;
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

/* Return RECORD without what the vendor assigns, a new reference. NULL: no memory. */
static json_t *own_part(const struct collection *collection, const struct record *record)
{
	json_t *object = record_json(record);

	collection_strip(collection, object, FIELD_SYSTEM);
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
		record_set_time(record, record_time(old));
		record->saved = true;
	}
	json_decref(before);
	json_decref(after);
}

bool record_same(const struct record *a, const struct record *b)
{
	return a == b ||
	       (a->length == b->length && memcmp(record_text(a), record_text(b), a->length) == 0);
}

bool record_has_all(const struct record *record, const json_t *names)
{
	const char *at = record_text(record), *end = at + record->length;
	size_t count = json_object_size(names);
	uint64_t found = 0;
	unsigned depth = 0;
	bool escaped;

	for (; at < end; at++) {
		if (*at == '{' || *at == '[') {
			depth++;
		} else if (*at == '}' || *at == ']') {
			depth--;
		} else if (*at == '"') {
			const char *begin = at + 1;
			const json_t *number = NULL;

			at = exact_parse_string_end(begin, end, &escaped);
			if (depth == 1 && exact_parse_is_key(at, end))
				number = json_object_getn(names, begin, (size_t)(at - begin));
			if (number && json_integer_value(number) < 64)
				found |= UINT64_C(1) << json_integer_value(number);
		}
	}
	return count < 64 && found == (UINT64_C(1) << count) - 1;
}

bool record_shows(const struct record *record, const struct render *text)
{
	return record->length == text->length &&
	       memcmp(record_text(record), text->text, text->length) == 0;
}

json_t *record_json(const struct record *record)
{
	return exact_parse(record_text(record), record->length, 0, NULL);
}
