/*
 * record.c - see record.h.
 *
 * One allocation a record, text included: at 100,000 users each word counts. It knows how a record
 * looks as a file, not where it comes from or who reads it.
 */
#include "cache/record.h"

#include "vendors/vendor.h"

#include <stdlib.h>
#include <string.h>

static atomic_uint_fast64_t last_version;

/* Does VALUE hold a number with a fraction anywhere? */
static bool has_real(const json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach((json_t *)(uintptr_t)value, key, member) {
			if (has_real(member))
				return true;
		}
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, member) {
			if (has_real(member))
				return true;
		}
	}
	return json_is_real(value);
}

/*
 * The shortest text that reads back as the same numbers: with jansson's 17 digits 0.1 would be
 * shown as 0.10000000000000001.
 */
static char *dump(const json_t *object, size_t flags)
{
	if (has_real(object)) {
		for (size_t digits = 15; digits < 17; digits++) {
			char *text = json_dumps(object, flags | JSON_REAL_PRECISION(digits));
			json_t *again = text ? json_loads(text, JSON_ALLOW_NUL, NULL) : NULL;
			bool exact = again && json_equal(again, object);

			json_decref(again);
			if (exact)
				return text;
			free(text);
		}
	}
	return json_dumps(object, flags);
}

char *record_render(const json_t *object, size_t *length)
{
	char *text = dump(object, JSON_INDENT(2));
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

bool record_same(const struct record *a, const struct record *b)
{
	return a == b || (a->length == b->length && memcmp(a->text, b->text, a->length) == 0);
}

json_t *record_json(const struct record *record)
{
	return json_loadb(record->text, record->length, JSON_ALLOW_NUL, NULL);
}
