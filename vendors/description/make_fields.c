/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_fields.c - see make_fields.h.
 */
#include "vendors/description/make_fields.h"

#include "vendors/description/make_request.h"
#include "vendors/template/value.h"
#include "vendors/vendor.h"

#include <jansson.h>
#include <string.h>

/* ---- fields ---- */

/* A list of fields that grows. */
struct growing {
	struct field *list;
	size_t count;
};

static void add_flag(const struct make *make, struct growing *fields, const char *name,
		     unsigned flag)
{
	const struct field field = {name, flag};

	for (size_t i = 0; i < fields->count; i++) {
		if (strcmp(fields->list[i].name, name) == 0) {
			fields->list[i].flags |= flag;
			return;
		}
	}
	fields->list = arena_append(make->arena, fields->list, fields->count, sizeof(field),
				    &field);
	fields->count += fields->list != NULL;
}

static void add_flags(const struct make *make, struct growing *fields, const char *const *names,
		      unsigned flag)
{
	for (; names && *names && !make->arena->failed; names++)
		add_flag(make, fields, *names, flag);
}

/* Return LIST with OTHER (or NULL) behind it, without doubles, or NULL: both are NULL. */
static const char *const *join(const struct make *make, const char *const *list,
			       const char *const *other)
{
	const char **joined = NULL;
	size_t count = 0;

	for (int which = 0; which < 2; which++) {
		for (const char *const *name = which ? other : list; name && *name; name++) {
			bool there = false;

			for (size_t i = 0; i < count; i++)
				there = there || strcmp(joined[i], *name) == 0;
			if (there)
				continue;
			joined = arena_append(make->arena, joined, count++, sizeof(*joined), name);
			if (!joined)
				return NULL;
		}
	}
	return joined;
}

/* Refuse "*" and "." where one member is meant. */
static int check_members(const struct make *make, const struct merged *section, const char *key,
			 const char *const *pointers)
{
	for (; pointers && *pointers; pointers++) {
		if (strcmp(*pointers, ".") == 0)
			return make_fail(make, section, key, "%s: . is the whole record", key);
	}
	return 0;
}

static int check_fields(const struct make *make, const struct draft_fields *draft)
{
	const struct {
		const char *key;
		const char *const *pointers;
	} keys[] = {
	    {"id", draft->id},
	    {"email", draft->email},
	    {"login", draft->login},
	    {"role", draft->role},
	    {"created", draft->created},
	    {"updated", draft->updated},
	    {"read_only", draft->read_only},
	    {"immutable", draft->immutable},
	    {"required", draft->required},
	    {"each_time", draft->each_time},
	    {"hidden", draft->hidden},
	    {"write_only", draft->write_only},
	    {"optional", draft->optional},
	};
	int result = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys) && !result; i++)
		result = check_members(make, draft->head.from, keys[i].key, keys[i].pointers);
	for (const char *const *hidden = draft->hidden; hidden && *hidden && !result; hidden++) {
		for (const char *const *id = draft->id; id && *id; id++) {
			if (strcmp(*id, *hidden) == 0)
				result = make_fail(make, draft->head.from, "hidden",
						   "the id cannot be hidden");
		}
	}
	return result;
}

int make_fields(struct make *make, const struct draft_records *draft, struct collection *collection)
{
	static const char *const ids[] = {"id", NULL}, *const emails[] = {"email", NULL};
	static const char *const roles[] = {"role", "roles", NULL}, *const none[] = {NULL};
	const struct draft_fields *from = &draft->fields;
	struct growing fields = {.list = arena_get(make->arena, sizeof(struct field))};
	/* with a request for one word only, an update must be able to send the other */
	bool own_requests = draft->activate_count && draft->deactivate_count;
	int result = check_fields(make, from);

	if (result)
		return result;
	collection->id_keys = from->id ? from->id : ids;
	collection->path_id_key = from->path_id;
	collection->email_keys = from->email ? from->email : draft->place ? none : emails;
	collection->name_keys = from->name;
	collection->login_keys = from->login;
	collection->role_keys = from->role ? from->role : draft->place ? none : roles;
	collection->created_keys = from->created;
	collection->time_keys = join(make, from->updated, from->created);
	/* a time tells versions apart as well: those of one second are ambiguous only if they
	 * differ */
	collection->stamp_key = from->version   ? from->version
				: from->updated ? from->updated[0]
						: NULL;
	collection->row_roots = from->row_root;
	collection->refuses_unknown = from->unknown;
	add_flags(make, &fields, collection->id_keys, FIELD_SYSTEM);
	if (from->path_id)
		add_flag(make, &fields, from->path_id, FIELD_SYSTEM);
	if (own_requests && draft->status.path)
		add_flag(make, &fields, draft->status.path, FIELD_SYSTEM);
	add_flags(make, &fields, from->read_only, FIELD_SYSTEM);
	add_flags(make, &fields, from->immutable, FIELD_IMMUTABLE);
	add_flags(make, &fields, from->required, FIELD_REQUIRED);
	add_flags(make, &fields, from->each_time, FIELD_EACH_TIME | FIELD_MAY_HIDE);
	add_flags(make, &fields, from->hidden, FIELD_CONFIDENTIAL);
	add_flags(make, &fields, from->write_only, FIELD_WRITE_ONLY);
	add_flags(make, &fields, from->optional, 0);
	collection->fields = fields.list;
	return make->arena->failed ? make_fail_memory(make) : 0;
}

/* ---- status ---- */

static bool same_value(const struct value *a, const struct value *b)
{
	return a->type == b->type && (!a->text || strcmp(a->text, b->text) == 0);
}

static int check_values(const struct make *make, const struct draft_status *draft)
{
	for (const struct value *a = draft->active; a->type != VALUE_END; a++) {
		for (const struct value *b = draft->inactive; b->type != VALUE_END; b++) {
			if (same_value(a, b))
				return make_fail(make, draft->head.from, "inactive",
						 "a value cannot mean both active and inactive");
		}
	}
	return 0;
}

/* Return true if RULE, or one of its alternatives, is a DELETE. */
static bool has_delete(const struct rule_request *rule)
{
	while (rule && strcmp(rule->method, "DELETE") != 0)
		rule = rule->alternative;
	return rule;
}

/* Make the COUNT requests of DRAFT that change the status in one direction. */
static int make_requests(struct make *make, const struct draft_change *draft, size_t count,
			 const struct rule_status_request **list)
{
	struct rule_status_request *made = NULL;
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		struct rule_status_request request = {.name = draft[i].word, .from = draft[i].from};
		const struct merged *section = draft[i].request.head.from;
		int result;

		if (!make_request_is_given(&draft[i].request)) {
			if (draft[i].request.rule.method)
				continue; /* a preset that is taken away */
			return make_fail(make, section, NULL, "[%s] needs the key request",
					 section->kind->name);
		}
		result = make_request(make, &draft[i].request, &request.request);
		if (result)
			return result;
		if (has_delete(&request.request) && section->kind->kind == SECTION_DEACTIVATE &&
		    !draft[i].soft)
			return make_fail(make, section, "request",
					 "a DELETE needs the key soft: where it is documented that "
					 "it only deactivates, or no");
		request.deletes = draft[i].soft && strcmp(draft[i].soft, "no") == 0;
		made = arena_append(make->arena, made, used++, sizeof(request), &request);
		if (!made)
			return make_fail_memory(make);
	}
	*list = made;
	return 0;
}

/*
 * Without a request to deactivate, and without a value that an update could send, a deletion is all
 * that is left: it stands for a deactivation if the account allows that.
 */
static int delete_instead(struct make *make, const struct draft_records *draft,
			  const struct collection *collection, struct rule_status *status)
{
	struct rule_status_request request = {.name = "",
					      .from = draft->remove.from,
					      .deletes = true};

	if (status->deactivate || !collection->remove ||
	    (collection->update && value_first(status->inactive)))
		return 0;
	request.request = *collection->remove;
	status->deactivate = arena_append(make->arena, NULL, 0, sizeof(request), &request);
	return status->deactivate ? 0 : make_fail_memory(make);
}

int make_fields_status(struct make *make, const struct draft_records *draft,
		       struct collection *collection)
{
	struct rule_status status = {.path = draft->status.path,
				     .active = draft->status.active,
				     .inactive = draft->status.inactive};
	int result;

	if (!draft->status.head.from) {
		if (draft->activate_count || draft->deactivate_count)
			return make_fail(make,
					 draft->activate_count
					     ? draft->activate[0].request.head.from
					     : draft->deactivate[0].request.head.from,
					 NULL, "without [status] there is no status to change");
		return 0;
	}
	result = check_values(make, &draft->status);
	if (!result)
		result = make_requests(make, draft->activate, draft->activate_count,
				       &status.activate);
	if (!result)
		result = make_requests(make, draft->deactivate, draft->deactivate_count,
				       &status.deactivate);
	if (!result)
		result = delete_instead(make, draft, collection, &status);
	if (result)
		return result;
	collection->status_key = status.path;
	collection->status = make_copy(make, &status, sizeof(status));
	return collection->status ? 0 : make_fail_memory(make);
}
