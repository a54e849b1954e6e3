/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_records.c - see make_records.h.
 */
#include "vendors/description/make_records.h"

#include "vendors/description/make_fields.h"
#include "vendors/description/make_list.h"
#include "vendors/description/make_request.h"
#include "vendors/description/placeholders.h"
#include "vendors/json/pointer.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* ---- requests for one record ---- */

/* Return true if RULE says which record it is about. */
static bool names_record(const struct rule_request *rule)
{
	return rule->id_member || make_request_has(rule, "id") || make_request_has(rule, "");
}

/* Make the request of DRAFT, if it is given, into *RULE. */
static int make_one(struct make *make, const struct draft_request *draft,
		    const struct rule_request **rule)
{
	struct rule_request made;
	int result;

	if (!make_request_is_given(draft)) {
		if (draft->head.from && !draft->rule.method &&
		    draft->head.from->kind->kind != SECTION_ITEM)
			return make_fail(make, draft->head.from, NULL, "[%s] needs the key request",
					 draft->head.from->kind->name);
		return 0;
	}
	result = make_request(make, draft, &made);
	if (result)
		return result;
	*rule = make_copy(make, &made, sizeof(made));
	return *rule ? 0 : make_fail_memory(make);
}

/* Check that RULE, of DRAFT, has what tells its record apart. */
static int check_names(const struct make *make, const struct draft_request *draft,
		       const struct rule_request *rule, const char *name)
{
	if (!rule || (strcmp(name, "id") == 0 ? names_record(rule) : make_request_has(rule, name)))
		return 0;
	return make_fail(make, draft->head.from, "request", "the request needs {%s}", name);
}

static int make_update(struct make *make, const struct draft_records *draft,
		       struct collection *collection)
{
	const struct draft_update *from = &draft->update;
	struct rule_update update = {.deep = from->merge,
				     .clear = from->clear,
				     .if_match = from->if_match,
				     .other_answer = from->answer};
	const struct rule_request *request = NULL;
	int result = make_one(make, &from->request, &request);
	bool changes, record;

	if (result || !request)
		return result;
	changes = make_request_has(request, "changes");
	record = make_request_has(request, "record");
	if (!changes && !record)
		result = make_fail(make, from->request.head.from, "body",
				   "the body needs {changes}, for a verb that merges, or {record}, "
				   "for one that replaces");
	else if (from->merge && !changes)
		result = make_fail(make, from->request.head.from, "merge",
				   "merge is about {changes}, which the body has not");
	result = make_both(result, check_names(make, &from->request, request, "id"));
	if (result)
		return result;
	update.request = *request;
	collection->update = make_copy(make, &update, sizeof(update));
	return collection->update ? 0 : make_fail_memory(make);
}

static bool records_create(const struct account *account)
{
	(void)account;
	return true;
}

static int make_create(struct make *make, const struct draft_create *draft,
		       struct collection *collection)
{
	int result = make_one(make, &draft->request, &collection->create);

	if (result || !collection->create)
		return result;
	if (!make_request_has(collection->create, "record") &&
	    !make_request_has(collection->create, ""))
		return make_fail(make, draft->request.head.from, "body",
				 "the body needs {record}, or parts of it: {/email}");
	collection->creates = records_create;
	collection->created_id = draft->id;
	return 0;
}

static int make_item(struct make *make, const struct draft_item *draft,
		     struct collection *collection)
{
	static const int gone[] = {404, 410, 0};
	static const char *const whole[] = {".", NULL};
	int result = make_one(make, &draft->request, &collection->item);

	collection->roots = draft->root ? draft->root : whole;
	collection->taken = draft->reserved;
	collection->gone_codes = draft->gone ? draft->gone : gone;
	collection->gone_when = draft->gone_when;
	collection->listed_only = !collection->item;
	return make_both(result, check_names(make, &draft->request, collection->item, "id"));
}

static int make_delete(struct make *make, const struct draft_change *draft,
		       struct collection *collection)
{
	int result = make_one(make, &draft->request, &collection->remove);

	collection->deletes = collection->remove;
	collection->remove_from = draft->from;
	return make_both(result, check_names(make, &draft->request, collection->remove, "id"));
}

static int make_find(struct make *make, const struct draft_find *draft,
		     struct collection *collection)
{
	int result = make_one(make, &draft->request, &collection->find);

	collection->find_rows = draft->rows;
	return make_both(result, check_names(make, &draft->request, collection->find, "email"));
}

/* Fail because a list that is not whole has no request for one record. */
static int needs_item(const struct make *make, const struct draft_records *draft)
{
	const struct merged *item = draft->item.request.head.from;

	/* [item] has a request that was refused */
	if (item && item->broken)
		return -EINVAL;
	return make_fail_absent(make, draft->list.request.head.from, "whole",
				"whole = no needs the section [item]");
}

int make_records(struct make *make, const struct draft_records *draft,
		 const struct collection **collection)
{
	struct collection made = {.name = draft->place ? draft->place : "users"};
	int result = 0;

	if (draft->list.request.head.from)
		result = make_list(make, &draft->list, &draft->next, &made);
	else
		result = make_fail_absent(make, draft->folder.head.from, NULL,
					  draft->place ? "[place %s] needs the section [%s/list]"
						       : "the section [list] is missing",
					  draft->place, draft->place);
	result = make_both(result, make_item(make, &draft->item, &made));
	if (draft->list.whole && !make_request_is_given(&draft->item.request))
		result = make_both(result, needs_item(make, draft));
	result = make_both(result, make_find(make, &draft->find, &made));
	result = make_both(result, make_fields(make, draft, &made));
	result = make_both(result, make_update(make, draft, &made));
	result = make_both(result, make_create(make, &draft->create, &made));
	result = make_both(result, make_delete(make, &draft->remove, &made));
	result = make_both(result, make_fields_status(make, draft, &made));
	if (result)
		return result;
	*collection = make_copy(make, &made, sizeof(made));
	return *collection ? 0 : make_fail_memory(make);
}

/* ---- places ---- */

/* As collection->link. */
static json_t *records_link(const struct collection *collection, const char *id)
{
	json_t *body = json_object();

	if (body && pointer_set(body, collection->id_keys[0], json_string(id))) {
		json_decref(body);
		return NULL;
	}
	return body;
}

/* Make the members of the records of DRAFT, as links to users. */
static int make_members(struct make *make, const struct draft_records *draft,
			const struct collection **members)
{
	static const char *const none[] = {NULL};
	static const struct field no_fields[] = {{NULL, 0}};
	const struct draft_list *from = &draft->members;
	const char *user[] = {from->user, NULL};
	struct collection made = {.email_keys = none, .fields = no_fields};
	size_t size = strlen("members of ") + strlen(draft->place) + 1;
	char *name = arena_get(make->arena, size);
	int result;

	if (!name)
		return make_fail_memory(make);
	(void)snprintf(name, size, "members of %s", draft->place);
	made.name = name;
	made.id_keys = make_copy(make, user, sizeof(user));
	if (from->user && strcmp(from->user, ".") == 0)
		return make_fail_alone(make, from->request.head.from, "user",
				       "user: a member must be an object with an id");
	result = from->in ? make_list_within(make, from, &draft->item, &made)
			  : make_list(make, from, NULL, &made);
	if (!result && !from->in)
		result = check_names(make, &from->request, made.listing->first, "parent");
	result = make_both(result, make_one(make, &draft->join, &made.create));
	result = make_both(result, check_names(make, &draft->join, made.create, "member"));
	result = make_both(result, make_one(make, &draft->leave, &made.remove));
	result = make_both(result, check_names(make, &draft->leave, made.remove, "member"));
	if (result)
		return result;
	made.listed_only = true;
	made.within = from->in;
	made.link = made.create ? records_link : NULL;
	made.deletes = made.remove;
	*members = make_copy(make, &made, sizeof(made));
	return *members && made.id_keys ? 0 : make_fail_memory(make);
}

/* Set the name of the file of a record of DRAFT. */
static int name_file(const struct make *make, const struct draft_records *draft,
		     struct place *place)
{
	const char *record = draft->folder.record;
	size_t length = strlen(record ? record : draft->place);
	char *file;

	if (record && (strchr(record, '/') || *record == '.' || !*record || length > 40))
		return make_fail(make, draft->folder.head.from, "record",
				 "record becomes the name of a file, without .json");
	/* a record of groups is a group */
	if (!record && length > 1 && draft->place[length - 1] == 's')
		length--;
	file = arena_get(make->arena, length + sizeof(".json"));
	if (!file)
		return make_fail_memory(make);
	(void)snprintf(file, length + sizeof(".json"), "%.*s.json", (int)length,
		       record ? record : draft->place);
	place->file = file;
	return 0;
}

static int make_place(struct make *make, const struct draft_records *draft, struct place *place)
{
	struct place below[2] = {{.name = "members", .kind = PLACE_LINKS}, {.name = NULL}};
	int result = make_records(make, draft, &place->collection);

	place->name = draft->place;
	place->kind = PLACE_FILES;
	if (!draft->members.request.head.from) {
		const struct draft_request *alone = draft->join.head.from ? &draft->join
									  : &draft->leave;

		return make_both(result,
				 alone->head.from
				     ? make_fail_absent(make, alone->head.from, NULL,
							"[%s/%s] needs [%s/members]", draft->place,
							alone->head.from->kind->name, draft->place)
				     : 0);
	}
	place->kind = PLACE_FOLDERS;
	result = make_both(result, name_file(make, draft, place));
	result = make_both(result, make_members(make, draft, &below[0].collection));
	if (result)
		return result;
	place->below = make_copy(make, below, sizeof(below));
	return place->below ? 0 : make_fail_memory(make);
}

#define SECTIONS 10 /* of a place, without [place] itself */

/* Return any section of DRAFT, for a line. */
static const struct merged *any_section(const struct draft_records *draft)
{
	const struct merged *const all[] =
	    {draft->list.request.head.from,    draft->item.request.head.from,
	     draft->fields.head.from,          draft->update.request.head.from,
	     draft->create.request.head.from,  draft->remove.request.head.from,
	     draft->members.request.head.from, draft->join.head.from,
	     draft->leave.head.from,           draft->next.head.from};

	for (size_t i = 0; i < SECTIONS; i++) {
		if (all[i])
			return all[i];
	}
	return NULL;
}

int make_records_places(struct make *make, const struct place **places)
{
	const struct draft *draft = make->draft;
	struct place *list = NULL;
	size_t count = 0;
	int result = 0;

	for (size_t i = 1; i < draft->records_count; i++) {
		const struct draft_records *records = &draft->records[i];
		struct place place = {0};

		if (!records->folder.head.from)
			result = make_both(result,
					   make_fail_absent(make, any_section(records), NULL,
							    "there is no section [place %s]",
							    records->place));
		/* a preset place that is taken away */
		if (records->list.request.rule.method && !*records->list.request.rule.method)
			continue;
		result = make_both(result, make_place(make, records, &place));
		list = arena_append(make->arena, list, count++, sizeof(place), &place);
		if (!list)
			return make_fail_memory(make);
	}
	*places = list;
	return result;
}
