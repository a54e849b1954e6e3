/*
 * base.c - see base.h.
 *
 * Looks through the versions that this mount has shown. It makes no request and changes nothing;
 * what an edit then does to the vendor's record is merge.c's.
 */
#include "cache/base.h"

#include "cache/merge.h"
#include "cache/roster.h"
#include "vendors/call.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *base_stamp(const struct collection *collection, const json_t *record)
{
	if (!collection->stamp_key)
		return NULL;
	return json_string_value(collection_value(record, collection->stamp_key));
}

/* Are A and B alike in all that somebody can change? */
static bool same_content(const struct collection *collection, const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)a, key, value) {
		const json_t *other = json_object_get(b, key);

		if (collection_flags(collection, key) & FIELD_SYSTEM)
			continue;
		if (other ? !merge_same(value, other) : !json_is_null(value))
			return false;
	}
	json_object_foreach((json_t *)(uintptr_t)b, key, value) {
		if (!(collection_flags(collection, key) & FIELD_SYSTEM) && !json_is_null(value) &&
		    !json_object_get(a, key))
			return false;
	}
	return true;
}

/*
 * What PROCESS saved before from the same version: its document then is what it compares with now.
 * Where the vendor made something else of a value and the new document repeats the old one, nothing
 * changed.
 */
static bool from_last_save(struct roster *roster, const char *id,
			   const struct versions_process *process, const char *stamp,
			   const json_t *document, const json_t *fresh, struct base *base)
{
	const struct collection *users = roster_collection(roster);
	json_t *saved, *left, *value;
	const char *key;

	if (!versions_last_save(roster_versions(roster), id, process, stamp, &saved, &left))
		return false;
	json_object_foreach(left, key, value) {
		json_t *before = json_object_get(saved, key);
		const json_t *written = json_object_get(document, key);

		/* Edited again: the edit starts from what the vendor made of the first one. */
		if (before && written && !merge_same(before, value) && !merge_same(before, written))
			json_object_set(saved, key, value);
	}
	base->record = saved;
	base->is_newest = same_content(users, left, fresh);
	json_decref(left);
	return true;
}

/* Shown versions, newest first: the one held now (wherever it counts) and the retired ones. */
static size_t candidates(struct roster *roster, const char *id, struct record **list)
{
	struct record *current;
	double seconds;
	size_t count = 0;

	roster_peek(roster, id, &current, &seconds);
	if (current && atomic_load(&current->shown))
		list[count++] = record_get(current);
	count += versions_list(roster_versions(roster), id, list + count, VERSIONS_MAX);
	/* Last, the one held that nobody has opened: a document may come from elsewhere. */
	if (current && !atomic_load(&current->shown))
		list[count++] = record_get(current);
	record_put(current);
	return count;
}

static bool named_by(const struct collection *collection, const json_t *version, const char *stamp)
{
	const char *own = base_stamp(collection, version);

	return !stamp || (own && strcmp(own, stamp) == 0);
}

/* Has any row of the newest list a member NAME? */
static bool is_listed(struct roster *roster, const char *name)
{
	json_t *text = json_string(name);
	char *quoted = json_dumps(text, JSON_ENCODE_ANY);
	double seconds;
	struct snapshot *snapshot = quoted ? roster_snapshot(roster, &seconds) : NULL;
	bool listed = !quoted;

	for (size_t i = 0; snapshot && !listed && i < snapshot->count; i++)
		listed = snapshot->records[i]->row && record_has(snapshot->records[i], quoted);
	snapshot_put(snapshot);
	free(quoted);
	json_decref(text);
	return listed;
}

/* Has FRESH something from the vendor itself, which nobody can have added since, and VERSION not?
 */
static bool is_shorter(const struct collection *collection, const json_t *version,
		       const json_t *fresh)
{
	const struct field *field = collection->fields;

	while (field->name &&
	       (!(field->flags & FIELD_SYSTEM) || json_object_get(version, field->name) ||
		!json_object_get(fresh, field->name)))
		field++;
	return field->name;
}

/*
 * VERSION came in a list, which may show less of a record than a GET does: what is only left out
 * there is as FRESH has it. That is so while FRESH has the same stamp; where the row has none, it
 * is so in a list of shorter rows, of what none of them shows. Only what the DOCUMENT names must be
 * known.
 */
static void complete_row(struct roster *roster, json_t *version, const json_t *document,
			 const json_t *fresh)
{
	const struct collection *users = roster_collection(roster);
	const char *stamp = base_stamp(users, version), *now = base_stamp(users, fresh), *name;
	json_t *value;

	if (stamp ? !now || strcmp(stamp, now) != 0 : !is_shorter(users, version, fresh))
		return;
	json_object_foreach((json_t *)(uintptr_t)fresh, name, value) {
		if (json_object_get(document, name) && !json_object_get(version, name) &&
		    (stamp || !is_listed(roster, name)))
			json_object_set(version, name, value);
	}
}

/* Take the newest version that STAMP names (NULL: that was shown) as base, the older ones as
 * doubts. */
static int from_versions(struct roster *roster, const char *id, const char *stamp,
			 const json_t *document, const json_t *fresh, struct base *base)
{
	const struct collection *users = roster_collection(roster);
	struct record *list[VERSIONS_MAX + 1];
	size_t count = candidates(roster, id, list);
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		bool counts = stamp || atomic_load(&list[i]->shown);
		json_t *version = counts ? record_json(list[i]) : NULL;

		if (counts && !version)
			error = -ENOMEM;
		if (version && named_by(users, version, stamp)) {
			if (!base->record) {
				base->record = json_incref(version);
				if (list[i]->row)
					complete_row(roster, version, document, fresh);
			} else if (atomic_load(&list[i]->shown) || list[i]->namesake) {
				base->doubts[base->doubt_count++] = json_incref(version);
			}
		}
		json_decref(version);
		record_put(list[i]);
	}
	return error;
}

int base_find(struct call *call, struct roster *roster, const char *id,
	      const struct versions_process *process, const char *stamp, const json_t *document,
	      const json_t *fresh, struct base *base)
{
	const struct collection *users = roster_collection(roster);
	int error;

	memset(base, 0, sizeof(*base));
	if (from_last_save(roster, id, process, stamp, document, fresh, base))
		return 0;
	error = from_versions(roster, id, stamp, document, fresh, base);
	if (error)
		return call_fail(call, ENOMEM, "no memory");
	if (!base->record && (!stamp || named_by(users, fresh, stamp)))
		base->record = json_deep_copy(fresh);
	if (!base->record)
		return call_fail(
		    call, ESTALE,
		    "the document is from the version of %.64s, which is neither the newest "
		    "nor held any more: read the file again and repeat the edit",
		    stamp);
	base->named = base_stamp(users, fresh);
	base->is_newest = stamp && same_content(users, base->record, fresh);
	return 0;
}

void base_take(struct roster *roster, json_t *version, const json_t *fresh, struct base *base)
{
	memset(base, 0, sizeof(*base));
	base->record = version;
	base->is_newest = same_content(roster_collection(roster), version, fresh);
}

void base_clear(struct base *base)
{
	json_decref(base->record);
	for (size_t i = 0; i < base->doubt_count; i++)
		json_decref(base->doubts[i]);
	memset(base, 0, sizeof(*base));
}

int base_check_doubts(struct call *call, const struct base *base, const struct merge *merge)
{
	for (size_t i = 0; i < merge->count; i++) {
		const struct edit *edit = &merge->edits[i];

		for (size_t j = 0; j < base->doubt_count; j++) {
			const json_t *older = merge_value(edit, base->doubts[j]);
			char *path;

			if (!older || !merge_same(older, edit->after))
				continue;
			path = merge_path(edit);
			call_fail(
			    call, ESTALE,
			    "\"%s\" in the document is the value of an older version: it may "
			    "have been read before a change. %s",
			    path ? path : "?",
			    base->named
				? "Read the file again and repeat the edit"
				: "Nothing tells, for the vendor names no versions: what this "
				  "mount wrote is undone by .rosterfs/history");
			free(path);
			return -ESTALE;
		}
	}
	return 0;
}
