/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edit_base.c - see edit_base.h.
 *
 * Searches the versions that this mount has shown. Makes no request and changes nothing; merge.c
 * applies the edits.
 */
#include "cache/update/edit_base.h"

#include "cache/document/content.h"
#include "cache/document/earlier.h"
#include "cache/document/merge.h"
#include "cache/history/history.h"
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/record/versions.h"
#include "cache/roster/known.h"
#include "cache/roster/roster.h"
#include "cache/roster/whole.h"
#include "vendors/base/call.h"
#include "vendors/base/status_words.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * List the shown versions, newest first: the one that is held now and the retired ones. Returns
 * their number; the caller drops the references.
 */
static size_t candidates(struct roster *roster, const char *id, struct record **list)
{
	struct record *current;
	double seconds;
	size_t count = 0;

	known_peek(roster, id, &current, &seconds);
	if (current && atomic_load(&current->shown))
		list[count++] = record_get(current);
	count += versions_list(roster_versions(roster), id, list + count, VERSIONS_MAX);
	/* last, a version that is held and was not shown: a document may come from elsewhere */
	if (current && !atomic_load(&current->shown))
		list[count++] = record_get(current);
	record_put(current);
	return count;
}

static bool named_by(const struct collection *collection, const json_t *version, const char *stamp)
{
	char buffer[CONTENT_STAMP_MAX];
	const char *own = content_stamp(collection, version, buffer);

	return !stamp || (own && strcmp(own, stamp) == 0);
}

/* Return true if ROW has a member NAME, or without memory. */
static bool row_has(const struct record *row, const char *name)
{
	json_t *object = record_json(row);
	bool has = !object || json_object_get(object, name);

	json_decref(object);
	return has;
}

/* Return true if any row of the newest list has a member NAME, or without memory. */
static bool is_listed(struct roster *roster, const char *name)
{
	json_t *text = json_string(name);
	char *quoted = exact_print_text(text, 0);
	double seconds;
	struct snapshot *snapshot = quoted ? whole_snapshot(roster, &seconds) : NULL;
	bool listed = !quoted;

	/* only rows in which the name occurs at all are parsed */
	for (size_t i = 0; snapshot && !listed && i < snapshot->count; i++) {
		const struct record *row = snapshot->records[i];

		listed = row->row && strstr(record_text(row), quoted) && row_has(row, name);
	}
	snapshot_put(snapshot);
	free(quoted);
	json_decref(text);
	return listed;
}

/*
 * Return true if FRESH has a field that the vendor assigns, so that no user can have added it, and
 * that VERSION lacks.
 */
static bool is_shorter(const struct collection *collection, const json_t *version,
		       const json_t *fresh)
{
	const struct field *field = collection->fields;

	while (field->name &&
	       (!(field->flags & FIELD_SYSTEM) || collection_value(version, field->name) ||
		!collection_value(fresh, field->name)))
		field++;
	return field->name;
}

/*
 * Complete VERSION from FRESH, because it came in a list, which may show less of a record than a
 * GET does. If FRESH has the same stamp, all that the row leaves out is as in FRESH. If the row has
 * no stamp, and the list has shorter rows, that is so for fields that no row shows. Only fields
 * that DOCUMENT has are completed. STAMP is VERSION's, or NULL if it cannot be compared, because
 * FRESH is from after a save.
 */
static void complete_row(struct roster *roster, json_t *version, const char *stamp,
			 const json_t *document, const json_t *fresh)
{
	const struct collection *users = roster_collection(roster);
	char buffer[CONTENT_STAMP_MAX];
	const char *now = content_stamp(users, fresh, buffer), *name;
	json_t *value;

	if (stamp ? !now || strcmp(stamp, now) != 0 : !is_shorter(users, version, fresh))
		return;
	json_object_foreach((json_t *)(uintptr_t)fresh, name, value) {
		/* a null is the same as no field, and was not shown */
		if (json_is_null(value) || !json_object_get(document, name) ||
		    json_object_get(version, name))
			continue;
		if (stamp || !is_listed(roster, name))
			json_object_set(version, name, value);
	}
}

/* Add each shown version that STAMP names (NULL: all) to the doubts. Returns 0 or -ENOMEM. */
static int doubt_all(struct roster *roster, const char *id, const char *stamp,
		     struct edit_base *base)
{
	struct record *list[VERSIONS_MAX + 1];
	size_t count = candidates(roster, id, list);
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		bool counts = atomic_load(&list[i]->shown) || list[i]->namesake;
		json_t *version = counts ? record_json(list[i]) : NULL;

		if (counts && !version)
			error = -ENOMEM;
		if (version && named_by(roster_collection(roster), version, stamp))
			base->doubts[base->doubt_count++] = json_incref(version);
		json_decref(version);
		record_put(list[i]);
	}
	return error;
}

/*
 * Return true if a version was shown since that differs from LEFT, what the process's last save
 * left.
 */
static bool newer_shown(struct roster *roster, const char *id, const json_t *left)
{
	struct record *held;
	double seconds;
	json_t *now;
	bool newer;

	known_peek(roster, id, &held, &seconds);
	now = held && atomic_load(&held->shown) ? record_json(held) : NULL;
	newer = now && !content_same(roster_collection(roster), left, now);
	json_decref(now);
	record_put(held);
	return newer;
}

/*
 * Make what PROCESS saved last from the same version the base, because its new document is based on
 * that. If the vendor made something else of a value, and the new document repeats the one that was
 * saved, that is no edit. Returns 1, 0 if there was no such save, or -ENOMEM.
 */
static int from_last_save(struct roster *roster, const char *id,
			  const struct versions_process *process, const char *stamp,
			  const json_t *document, const json_t *fresh, struct edit_base *base)
{
	const struct collection *users = roster_collection(roster);
	struct versions_save last;
	char buffer[COLLECTION_ID_MAX];
	int error;

	if (!versions_last_save(roster_versions(roster), id, process, stamp, &last))
		return 0;
	/* a few fields without a stamp are meant for the version that was shown last */
	if (!stamp && !collection_id(users, document, buffer) &&
	    newer_shown(roster, id, last.left)) {
		versions_save_clear(&last);
		return 0;
	}
	earlier_rebase(&last.earlier, last.document, last.left, document);
	complete_row(roster, last.document, NULL, document, last.left);
	base->record = json_incref(last.document);
	base->is_newest = content_same(users, last.left, fresh);
	base->saved_before = true;
	base->earlier = last.earlier;
	last.earlier = (struct earlier){0};
	versions_save_clear(&last);
	error = doubt_all(roster, id, stamp, base);
	return error ? error : 1;
}

/*
 * Make the newest version that STAMP names (NULL: that was shown) the base, and the older ones
 * doubts. Returns 0 or -ENOMEM.
 */
static int from_versions(struct roster *roster, const char *id, const char *stamp,
			 const json_t *document, const json_t *fresh, struct edit_base *base)
{
	const struct collection *users = roster_collection(roster);
	struct record *list[VERSIONS_MAX + 1];
	size_t count = candidates(roster, id, list);
	char buffer[CONTENT_STAMP_MAX];
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		/* no document was read from a row that lacks fields */
		bool row = list[i]->row && users->listing && users->listing->partial;
		bool counts = !row && (stamp || atomic_load(&list[i]->shown));
		json_t *version = counts ? record_json(list[i]) : NULL;

		if (counts && !version)
			error = -ENOMEM;
		if (version && named_by(users, version, stamp)) {
			if (!base->record) {
				base->record = json_incref(version);
				if (list[i]->row)
					complete_row(roster, version,
						     content_stamp(users, version, buffer),
						     document, fresh);
			} else if (atomic_load(&list[i]->shown) || list[i]->namesake) {
				base->doubts[base->doubt_count++] = json_incref(version);
			}
			if (content_contradicts(users, base->record, version))
				base->ambiguous = true;
		}
		json_decref(version);
		record_put(list[i]);
	}
	return error;
}

/*
 * Remove from the base what FRESH does not show and the vendor wants with every change: a document
 * that has it sets it, even if the version that it was read from showed it.
 */
static void hide_unshown(const struct collection *collection, const json_t *fresh,
			 struct edit_base *base)
{
	json_t *record = json_deep_copy(base->record);

	if (!record)
		return;
	for (const struct field *field = collection->fields; field->name; field++) {
		json_t *shown = collection_value(fresh, field->name);

		if (!collection_hides_field(field, fresh))
			continue;
		collection_remove(record, field->name);
		/* FRESH may have it as "" */
		if (shown)
			pointer_set(record, field->name, json_incref(shown));
	}
	json_decref(base->record);
	base->record = record;
}

int edit_base_find(struct call *call, struct roster *roster, const char *id,
		   const struct versions_process *process, const char *stamp,
		   const json_t *document, const json_t *fresh, struct edit_base *base)
{
	const struct collection *users = roster_collection(roster);
	char buffer[CONTENT_STAMP_MAX];
	const char *now = content_stamp(users, fresh, buffer);
	int error;

	memset(base, 0, sizeof(*base));
	base->collection = users;
	base->fresh = fresh;
	base->named = now;
	base->read_again = now && (!stamp || strcmp(stamp, now) != 0);
	error = from_last_save(roster, id, process, stamp, document, fresh, base);
	if (error > 0) {
		hide_unshown(users, fresh, base);
		return 0;
	}
	if (!error)
		error = from_versions(roster, id, stamp, document, fresh, base);
	if (error)
		return call_no_memory(call);
	if (!base->record && (!stamp || named_by(users, fresh, stamp)))
		base->record = json_deep_copy(fresh);
	if (!base->record)
		return call_fail(
		    call, CALL_CONFLICT,
		    "the document is based on version %.64s, which is stale and no longer "
		    "cached; read the file again and repeat the edit",
		    stamp);
	base->is_newest = stamp && !base->ambiguous && content_same(users, base->record, fresh);
	hide_unshown(users, fresh, base);
	return 0;
}

void edit_base_take(struct roster *roster, json_t *version, const json_t *fresh,
		    struct edit_base *base)
{
	memset(base, 0, sizeof(*base));
	base->record = version;
	base->is_newest = content_same(roster_collection(roster), version, fresh);
	hide_unshown(roster_collection(roster), fresh, base);
}

void edit_base_clear(struct edit_base *base)
{
	json_decref(base->record);
	for (size_t i = 0; i < base->doubt_count; i++)
		json_decref(base->doubts[i]);
	earlier_clear(&base->earlier);
	memset(base, 0, sizeof(*base));
}

/* ---- is the document older than its base? ---- */

/*
 * Return the word that the value of HIT stands for, if it is a status that can be written, else
 * NULL.
 */
static const char *status_of_hit(const struct edit_base *base, const struct earlier_hit *hit,
				 char buffer[STATUS_MAP_MAX])
{
	const char *key = base->collection->status_key, *word = NULL;
	char words[COLLECTION_WORDS_MAX];
	json_t *record = json_object();

	if (key && hit->path && strcmp(hit->path, collection_words(key, words)) == 0 &&
	    !pointer_set(record, key, json_incref((json_t *)(uintptr_t)hit->value)))
		word = status_map_word(base->collection, record, buffer);
	if (word && strcmp(word, STATUS_ACTIVE) == 0)
		word = STATUS_ACTIVE;
	else
		word = word && strcmp(word, STATUS_INACTIVE) == 0 ? STATUS_INACTIVE : NULL;
	json_decref(record);
	return word;
}

/*
 * Return what the user can do about HIT, each after a semicolon; the caller frees. NULL: no memory.
 */
static char *ways_out(const struct edit_base *base, const struct earlier_hit *hit, bool secret)
{
	char word[STATUS_MAP_MAX];
	const char *status = status_of_hit(base, hit, word);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (status)
		fprintf(out, "; write %s to the status file if that is what you want", status);
	if (base->read_again)
		fprintf(out, "; read the file again (`:e!`) and repeat the edit");
	if (hit->number && !secret)
		fprintf(out, "; number %" PRIu64 " of the history takes that save back",
			hit->number);
	fclose(out);
	return text;
}

static int fail_earlier(struct call *call, const struct edit_base *base,
			const struct earlier_hit *hit, bool secret)
{
	char *now = exact_print_brief(hit->now), *value = exact_print_brief(hit->value),
	     *values = NULL;
	char *ways = ways_out(base, hit, secret);

	if (!secret && asprintf(&values, ": %s at the vendor, %s in the document", now ? now : "?",
				value ? value : "?") < 0)
		values = NULL;
	call_fail(call, CALL_CONFLICT,
		  "\"%.64s\" was changed by an earlier save of this process%s; the document may be "
		  "an old copy, so nothing was sent%s",
		  hit->path ? hit->path : "?", values ? values : "", ways ? ways : "");
	free(ways);
	free(values);
	free(now);
	free(value);
	return -ESTALE;
}

/*
 * Check that EDIT does not bring back what the process's own saves have changed. Returns 0, or
 * -ESTALE with a message.
 */
static int check_earlier(struct call *call, const struct edit_base *base, const struct edit *edit)
{
	unsigned hidden = FIELD_WRITE_ONLY | FIELD_CONFIDENTIAL;
	bool secret = (collection_flags_at(base->collection, edit->path, edit->depth) & hidden) ||
		      collection_has_below(base->collection, edit->path, edit->depth, hidden) ||
		      collection_hides(base->collection, base->fresh, edit->path, edit->depth);
	struct earlier_hit hit;
	int error;

	if (base->earlier.full)
		return call_fail(
		    call, CALL_CONFLICT,
		    "earlier saves of this process changed more fields of this version "
		    "than are remembered; read the file again and repeat the edit");
	if (!earlier_find(&base->earlier, edit, base->fresh, secret, &hit))
		return 0;
	error = fail_earlier(call, base, &hit, secret);
	earlier_hit_clear(&hit);
	return error;
}

static int fail_doubt(struct call *call, const struct edit_base *base, const struct edit *edit)
{
	char *path = merge_path(edit);

	call_fail(
	    call, CALL_CONFLICT,
	    "\"%s\" in the document is the value of an older version; the document may be "
	    "an old copy; %s",
	    path ? path : "?",
	    base->named
		? "read the file again and repeat the edit"
		: "the vendor does not name versions; undo a write of this mount with the history");
	free(path);
	return -ESTALE;
}

int edit_base_check_doubts(struct call *call, const struct edit_base *base,
			   const struct merge *merge)
{
	for (size_t i = 0; i < merge->count; i++) {
		const struct edit *edit = &merge->edits[i];
		int error = base->saved_before ? check_earlier(call, base, edit) : 0;

		if (error)
			return error;
		if (base->saved_before && merge_state(edit, base->fresh) == MERGE_NEW)
			continue;
		for (size_t j = 0; j < base->doubt_count; j++) {
			const json_t *older = merge_value(edit, base->doubts[j]);

			if (collection_hides(base->collection, base->fresh, edit->path,
					     edit->depth))
				continue;
			if (older && merge_same(older, edit->after))
				return fail_doubt(call, base, edit);
		}
	}
	return 0;
}

/* ---- the next save ---- */

/*
 * Remember SAVE, by which PROCESS has taken a write back. It says nothing about the version that
 * the process reads next, unless the process has saved from a version with the same stamp before:
 * the document of that save then gets the change, too.
 */
static void keep_undo(struct roster *roster, const char *id, const struct versions_process *process,
		      const struct earlier_save *save)
{
	char buffer[CONTENT_STAMP_MAX];
	const char *stamp = content_stamp(roster_collection(roster), save->left, buffer);
	struct earlier_save with = *save;
	struct versions_save last;
	const struct edit *conflict;

	if (!versions_last_save(roster_versions(roster), id, process, stamp, &last))
		return;
	with.document = last.document;
	if (merge_apply(save->merge, last.document, true, &conflict) == 0)
		versions_saved(roster_versions(roster), id, process, stamp, &with);
	versions_save_clear(&last);
}

void edit_base_keep(struct roster *roster, const char *id, const struct versions_process *process,
		    const char *stamp, const struct earlier_save *save, bool idle)
{
	struct versions_save last = {0};

	if (stamp && history_names(stamp))
		keep_undo(roster, id, process, save);
	else if (!idle || versions_last_save(roster_versions(roster), id, process, stamp, &last))
		versions_saved(roster_versions(roster), id, process, stamp, save);
	versions_save_clear(&last);
}
