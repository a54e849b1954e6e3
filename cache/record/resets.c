/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resets.c - see resets.h.
 */
#include "cache/record/resets.h"

#include "vendors/json/exact.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8 /* what is nested deeper is compared as a whole */

struct resets {
	pthread_mutex_t lock; /* protects `kept` */
	json_t *kept;         /* {path: true} of members that the vendor keeps; NULL: no evidence */
	atomic_bool partial;
};

struct resets *resets_new(void)
{
	struct resets *resets = calloc(1, sizeof(*resets));

	if (resets)
		pthread_mutex_init(&resets->lock, NULL);
	return resets;
}

void resets_free(struct resets *resets)
{
	if (!resets)
		return;
	json_decref(resets->kept);
	pthread_mutex_destroy(&resets->lock);
	free(resets);
}

/* ---- the members that count ---- */

static bool is_empty(const json_t *value)
{
	const char *text = exact_string(value);

	return !value || json_is_null(value) || (text && !*text) ||
	       (json_is_array(value) && !json_array_size(value)) ||
	       (json_is_object(value) && !json_object_size(value));
}

/* Return true if TEXT begins with a date and a time: "2026-11-30T08:04". */
static bool is_moment(const char *text)
{
	static const char shape[] = "0000-00-00T00:00";

	for (size_t i = 0; shape[i]; i++) {
		bool fits = shape[i] == '0'   ? isdigit((unsigned char)text[i]) != 0
			    : shape[i] == 'T' ? text[i] == 'T' || text[i] == ' '
					      : text[i] == shape[i];

		if (!fits)
			return false;
	}
	return true;
}

/* Return true if a vendor that loses VALUE has lost something of a person. */
static bool is_weighty(const json_t *value)
{
	const char *text = exact_string(value);

	if (is_empty(value))
		return false;
	return text ? !is_moment(text) : json_is_array(value) || json_is_object(value);
}

/* A walk over the members of a record. */
struct walk {
	const struct collection *collection;
	const struct merge *edits;
	char *path[DEPTH_MAX]; /* of the member at hand */
	/* VALUE is the member at the first DEPTH names of `path`, NOW the same since the change. */
	void (*visit)(struct walk *walk, size_t depth, json_t *value, json_t *now);
	struct merge *lost;
	json_t *kept; /* {key: true} of the members that are still there */
	char *risk;   /* the name of a member that is not in `kept` */
};

/* How the member at DEPTH names of WALK's path relates to the edits. */
enum relation { RELATION_APART, RELATION_EDITED, RELATION_HOLDS };

static enum relation relate(const struct walk *walk, size_t depth)
{
	enum relation relation = RELATION_APART;

	for (size_t i = 0; i < walk->edits->count; i++) {
		const struct edit *edit = &walk->edits->edits[i];
		size_t common = 0;

		while (common < depth && common < edit->depth &&
		       strcmp(walk->path[common], edit->path[common]) == 0)
			common++;
		if (common == edit->depth)
			return RELATION_EDITED;
		if (common == depth)
			relation = RELATION_HOLDS;
	}
	return relation;
}

/* Return true if the vendor or rosterfs has its own ideas about the member. */
static bool is_special(const struct walk *walk, size_t depth)
{
	const unsigned special = FIELD_SYSTEM | FIELD_ONCE | FIELD_WRITE_ONLY | FIELD_CONFIDENTIAL;
	const char *status = walk->collection->status_key;

	if (collection_flags_at(walk->collection, walk->path, depth) & special)
		return true;
	return status && pointer_relate(status, walk->path, depth) == POINTER_COVERS;
}

static void walk_members(struct walk *walk, size_t depth, const json_t *before, const json_t *after)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)before, name, value) {
		json_t *now = json_object_get(after, name);
		enum relation relation;

		walk->path[depth] = (char *)(uintptr_t)name;
		relation = relate(walk, depth + 1);
		if (relation == RELATION_EDITED || is_special(walk, depth + 1))
			continue;
		if (json_is_object(value) && json_is_object(now) && json_object_size(now) &&
		    depth + 1 < DEPTH_MAX)
			walk_members(walk, depth + 1, value, now);
		else if (relation == RELATION_APART && is_weighty(value))
			walk->visit(walk, depth + 1, value, now);
	}
}

/* Return the first DEPTH names of WALK's path as one key, new, or NULL. */
static char *key_of(const struct walk *walk, size_t depth)
{
	struct edit edit = {.path = (char **)(uintptr_t)walk->path, .depth = depth};

	return merge_path(&edit);
}

static void keep(struct walk *walk, size_t depth)
{
	char *key = key_of(walk, depth);

	if (key && walk->kept)
		json_object_set_new(walk->kept, key, json_true());
	free(key);
}

/* Append the member to what is lost. Without memory it is left out. */
static void lose(struct walk *walk, size_t depth, json_t *value, json_t *now)
{
	struct merge *lost = walk->lost;
	struct edit *more = reallocarray(lost->edits, lost->count + 1, sizeof(*more));
	struct edit *edit;

	if (!more)
		return;
	lost->edits = more;
	edit = &more[lost->count];
	*edit = (struct edit){.path = calloc(depth, sizeof(*edit->path)),
			      .before = json_deep_copy(value),
			      .after = now ? json_deep_copy(now) : json_null()};
	while (edit->path && edit->depth < depth &&
	       (edit->path[edit->depth] = strdup(walk->path[edit->depth])))
		edit->depth++;
	lost->count++;
	if (edit->depth == depth)
		return;
	/* leave no edit without a path */
	edit->depth = 0;
	merge_clear(lost);
}

static void visit_lost(struct walk *walk, size_t depth, json_t *value, json_t *now)
{
	if (is_empty(now)) {
		lose(walk, depth, value, now);
		return;
	}
	keep(walk, depth);
}

/* Return true if EDITS change the status. */
static bool changes_status(const struct collection *collection, const struct merge *edits)
{
	const char *status = collection->status_key;

	for (size_t i = 0; status && i < edits->count; i++) {
		if (pointer_relate(status, edits->edits[i].path, edits->edits[i].depth) !=
		    POINTER_APART)
			return true;
	}
	return false;
}

/* ---- the vendor ---- */

/* Remember for the mount what WALK has seen that the vendor keeps, and what it does not. */
static void note(struct resets *resets, const struct walk *walk)
{
	pthread_mutex_lock(&resets->lock);
	if (!resets->kept)
		resets->kept = json_object();
	json_object_update(resets->kept, walk->kept);
	/* another record may have shown that one is kept */
	for (size_t i = 0; i < walk->lost->count; i++) {
		char *key = merge_path(&walk->lost->edits[i]);

		if (key)
			json_object_del(resets->kept, key);
		free(key);
	}
	pthread_mutex_unlock(&resets->lock);
}

bool resets_find(struct resets *resets, const struct resets_change *change, const json_t *after,
		 struct merge *lost)
{
	struct merge edits;
	struct walk walk = {.collection = change->collection,
			    .edits = &edits,
			    .visit = visit_lost,
			    .lost = lost};
	size_t kept;
	bool evident;

	*lost = (struct merge){0};
	if (merge_diff(change->before, change->wanted, &edits))
		return false;
	walk.kept = json_object();
	walk_members(&walk, 0, change->before, after);
	kept = json_object_size(walk.kept);
	evident = change->leaves_out && (lost->count > 1 || (lost->count && !kept)) &&
		  (lost->count >= kept || !changes_status(change->collection, &edits));
	if (evident && resets)
		note(resets, &walk);
	json_decref(walk.kept);
	merge_clear(&edits);
	return evident;
}

static void visit_risk(struct walk *walk, size_t depth, json_t *value, json_t *now)
{
	char *key = key_of(walk, depth);

	(void)value;
	(void)now;
	if (!walk->risk && !(key && json_object_get(walk->kept, key)))
		walk->risk = strdup(key ? key : "?");
	free(key);
}

char *resets_risk(struct resets *resets, const struct resets_change *change)
{
	struct merge edits;
	struct walk walk = {.collection = change->collection, .edits = &edits, .visit = visit_risk};

	if (!change->leaves_out || merge_diff(change->before, change->wanted, &edits))
		return NULL;
	pthread_mutex_lock(&resets->lock);
	walk.kept = resets->kept;
	if (walk.kept)
		walk_members(&walk, 0, change->before, change->before);
	pthread_mutex_unlock(&resets->lock);
	merge_clear(&edits);
	return walk.risk;
}

void resets_note_partial(struct resets *resets)
{
	atomic_store(&resets->partial, true);
}

bool resets_is_partial(struct resets *resets)
{
	return atomic_load(&resets->partial);
}
