/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lag_member.c - see lag_member.h.
 *
 * It knows values, paths and times, and nothing of the table that they are in.
 */
#include "cache/record/lag_member.h"

#include "cache/document/merge.h"
#include "vendors/base/clock.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"

#include <stdlib.h>
#include <string.h>

#define OLDER_MAX 64

void lag_member_free(struct lag_member *member)
{
	for (size_t i = 0; member->path && i < member->depth; i++)
		free(member->path[i]);
	for (size_t i = 0; i < member->older_count; i++)
		free(member->older[i]);
	free(member->older);
	free(member->path);
	free(member->after);
	free(member);
}

bool lag_member_text(const json_t *value, char **text)
{
	*text = NULL;
	if (!value || json_is_null(value))
		return true;
	*text = exact_print_text(value, 0);
	return *text;
}

static json_t *lag_member_json(const char *text)
{
	return text ? exact_parse(text, strlen(text), EXACT_PARSE_ANY, NULL) : json_null();
}

bool lag_member_is_value(const json_t *value, const char *text)
{
	json_t *other;
	bool same;

	if (!text)
		return !value || json_is_null(value);
	other = lag_member_json(text);
	same = other && merge_alike(value, other);
	json_decref(other);
	return same;
}

bool lag_member_is_older(const struct lag_member *member, const json_t *value)
{
	if (member->loose)
		return true;
	for (size_t i = 0; i < member->older_count; i++) {
		if (lag_member_is_value(value, member->older[i]))
			return true;
	}
	return false;
}

json_t *lag_member_value(const struct lag_member *member, const json_t *record)
{
	const struct edit edit = {.path = member->path, .depth = member->depth};

	return merge_value(&edit, record);
}

void lag_member_set(const struct lag_member *member, json_t *record, const char *text)
{
	json_t *object = record, *below;
	const char *name = member->path[member->depth - 1];

	for (size_t i = 0; i + 1 < member->depth; i++) {
		below = json_object_get(object, member->path[i]);
		if (!json_is_object(below) && !text)
			return;
		if (!json_is_object(below)) {
			below = json_object();
			json_object_set_new(object, member->path[i], below);
		}
		object = below;
	}
	if (text || json_object_get(object, name))
		json_object_set_new(object, name, lag_member_json(text));
}

bool lag_member_is_at(const struct lag_member *member, char *const *path, size_t depth)
{
	bool same = member->depth == depth;

	for (size_t i = 0; same && i < depth; i++)
		same = strcmp(member->path[i], path[i]) == 0;
	return same;
}

bool lag_member_overlaps(const struct lag_member *member, char *const *path, size_t depth)
{
	size_t common = member->depth < depth ? member->depth : depth;
	bool same = member->depth != depth;

	for (size_t i = 0; same && i < common; i++)
		same = strcmp(member->path[i], path[i]) == 0;
	return same;
}

struct lag_member *lag_member_new(char *const *path, size_t depth)
{
	struct lag_member *member = calloc(1, sizeof(*member));

	if (!member)
		return NULL;
	member->path = calloc(depth, sizeof(*member->path));
	for (size_t i = 0; member->path && i < depth; i++) {
		member->path[i] = strdup(path[i]);
		member->depth = i + 1;
		if (!member->path[i])
			break;
	}
	if (!member->path || !member->path[depth - 1]) {
		lag_member_free(member);
		return NULL;
	}
	return member;
}

void lag_member_add_older(struct lag_member *member, const json_t *value)
{
	char **longer, *text;

	if (lag_member_is_older(member, value) || member->older_count == OLDER_MAX)
		return;
	longer = reallocarray(member->older, member->older_count + 1, sizeof(*longer));
	if (!longer)
		return;
	member->older = longer;
	if (lag_member_text(value, &text))
		member->older[member->older_count++] = text;
}

void lag_member_renew(struct lag_member *member, char *text)
{
	json_t *value = lag_member_json(member->after);

	lag_member_add_older(member, value);
	json_decref(value);
	free(member->after);
	member->after = text;
	member->stale = false;
}

/* ---- times ---- */

struct lag_time lag_member_newer(struct lag_time a, struct lag_time b)
{
	if (!a.known || !b.known)
		return a.known ? a : b;
	return clock_compare(a.value, b.value) < 0 ? b : a;
}

bool lag_member_is_later(const struct lag_member *member, struct lag_time time)
{
	int order;

	if (!time.known || !member->acked.known)
		return false;
	order = clock_compare(time.value, member->acked.value);
	if (order < 0 || (order == 0 && member->vague))
		return false;
	/* the version before the write may have the same time, if times are whole seconds, or a
	 * later one, if not all responses have the fraction */
	return !member->before.known || clock_compare(time.value, member->before.value) > 0;
}

bool lag_member_is_before(struct lag_time time, struct lag_time other)
{
	if (!time.known || !other.known)
		return false;
	/* not all responses have the fraction */
	if (!time.value.tv_nsec)
		other.value.tv_nsec = 0;
	return clock_compare(time.value, other.value) < 0;
}

bool lag_member_is_earlier(const struct lag_member *member, struct lag_time time)
{
	return lag_member_is_before(time, member->acked);
}
