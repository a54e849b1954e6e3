/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history_facts.c - see history_facts.h.
 *
 * Only this file knows the format of a line of the index and of entry.json.
 */
#include "cache/history/history_facts.h"

#include "cache/document/text_json.h"
#include "vendors/base/columns.h"
#include "vendors/json/exact_print.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIME_MAX 48

static const char *const kinds[HISTORY_KINDS] =
    {[HISTORY_EDIT] = "edit",     [HISTORY_STATUS] = "status", [HISTORY_LINK] = "link",
     [HISTORY_UNLINK] = "unlink", [HISTORY_CREATE] = "create", [HISTORY_DELETE] = "delete"};

const char *history_facts_kind(enum history_kind kind)
{
	return kinds[kind];
}

/* ---- copies ---- */

/* Set *COPY to a copy of TEXT, or to NULL if TEXT is. Returns false without memory. */
static bool copy_text(const char *text, const char **copy)
{
	*copy = text ? strdup(text) : NULL;
	return *copy || !text;
}

int history_facts_copy(struct history_access *to, const struct history_access *from)
{
	*to = *from;
	to->subject = to->was = to->left = to->owner = NULL;
	if (copy_text(from->subject, &to->subject) && copy_text(from->was, &to->was) &&
	    copy_text(from->left, &to->left) && copy_text(from->owner, &to->owner))
		return 0;
	history_facts_clear(to);
	return -1;
}

void history_facts_clear(struct history_access *access)
{
	const char **texts[] = {&access->subject, &access->was, &access->left, &access->owner};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		free((char *)(uintptr_t)*texts[i]);
		*texts[i] = NULL;
	}
}

/* ---- the line ---- */

char *history_facts_line(const struct history_facts *facts)
{
	const char *const columns[] = {facts->command,
				       facts->path,
				       history_facts_kind(facts->access.kind),
				       facts->id,
				       facts->email,
				       facts->status,
				       facts->fields};
	const size_t count = sizeof(columns) / sizeof(*columns);
	char when[TEXT_JSON_TIME_MAX], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%" PRIu64 "\t%s\t%ld\t", facts->number, text_json_time(&facts->when, when),
		(long)facts->uid);
	for (size_t i = 0; i < count; i++) {
		columns_escape(out, columns[i] && *columns[i] ? columns[i] : "-");
		fputc(i + 1 < count ? '\t' : '\n', out);
	}
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/* ---- JSON ---- */

static void put_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, text ? text_json(text) : json_null());
}

char *history_facts_json(const struct history_facts *facts, size_t *length)
{
	const struct history_access *access = &facts->access;
	json_t *object = json_object();
	char when[TIME_MAX], *text;
	struct tm utc;
	size_t end;

	gmtime_r(&facts->when.tv_sec, &utc);
	end = strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(when + end, sizeof(when) - end, ".%06ldZ", facts->when.tv_nsec / 1000);
	json_object_set_new(object, "number", json_integer((json_int_t)facts->number));
	json_object_set_new(object, "time", json_string(when));
	json_object_set_new(object, "uid", json_integer(facts->uid));
	put_text(object, "command", facts->command);
	put_text(object, "path", facts->path);
	put_text(object, "kind", history_facts_kind(access->kind));
	put_text(object, "id", facts->id);
	put_text(object, "email", facts->email);
	put_text(object, "status", facts->status);
	put_text(object, "fields", facts->fields);
	put_text(object, "records", facts->owner);
	put_text(object, "users", access->subject);
	put_text(object, "was", access->was);
	put_text(object, "left", access->left);
	json_object_set_new(object, "takes_back", json_integer((json_int_t)access->takes_back));
	text = exact_print_text(object, EXACT_PRINT_INDENT | EXACT_PRINT_NEWLINE);
	json_decref(object);
	*length = text ? strlen(text) : 0;
	return text;
}

/* Set *WHEN to the time in TEXT. Returns false if it is none. */
static bool read_time(const char *text, struct timespec *when)
{
	struct tm utc = {0};
	const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &utc) : NULL;
	char *end;

	if (!rest || *rest != '.' || strspn(rest + 1, "0123456789") != 6)
		return false;
	when->tv_sec = timegm(&utc);
	when->tv_nsec = strtol(rest + 1, &end, 10) * 1000;
	return strcmp(end, "Z") == 0;
}

/* Set *TEXT to the member KEY of OBJECT, a string or null. Returns false if it is neither. */
static bool read_text(const json_t *object, const char *key, const char **text)
{
	const json_t *value = json_object_get(object, key);

	*text = json_string_value(value);
	return *text || json_is_null(value);
}

/* Set *NUMBER to the member KEY of OBJECT. Returns false if it is none. */
static bool read_number(const json_t *object, const char *key, uint64_t *number)
{
	const json_t *value = json_object_get(object, key);

	*number = (uint64_t)json_integer_value(value);
	return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool read_kind(const json_t *object, enum history_kind *kind)
{
	const char *word = json_string_value(json_object_get(object, "kind"));
	unsigned i = 0;

	while (word && i < HISTORY_KINDS && strcmp(kinds[i], word) != 0)
		i++;
	*kind = (enum history_kind)i;
	return word && i < HISTORY_KINDS;
}

int history_facts_read(const char *text, size_t length, struct history_facts *facts, json_t **held)
{
	json_t *object = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	struct history_access *access = &facts->access;
	uint64_t uid = 0;

	*facts = (struct history_facts){0};
	if (!read_number(object, "number", &facts->number) || !facts->number ||
	    !read_time(json_string_value(json_object_get(object, "time")), &facts->when) ||
	    !read_number(object, "uid", &uid) || !read_kind(object, &access->kind) ||
	    !read_number(object, "takes_back", &access->takes_back) ||
	    !read_text(object, "command", &facts->command) ||
	    !read_text(object, "path", &facts->path) || !read_text(object, "id", &facts->id) ||
	    !read_text(object, "email", &facts->email) ||
	    !read_text(object, "status", &facts->status) ||
	    !read_text(object, "fields", &facts->fields) ||
	    !read_text(object, "records", &facts->owner) ||
	    !read_text(object, "users", &access->subject) ||
	    !read_text(object, "was", &access->was) || !read_text(object, "left", &access->left) ||
	    !facts->owner || !facts->id || (access->kind != HISTORY_EDIT && !access->subject)) {
		json_decref(object);
		return -EINVAL;
	}
	facts->uid = (uid_t)uid;
	*held = object;
	return 0;
}
