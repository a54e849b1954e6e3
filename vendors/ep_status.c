/*
 * ep_status.c - the status of Elastic Path's members, which is no field of theirs.
 *
 * A member is active while there is a membership of theirs in any account. One member's are one
 * request; everybody's are the accounts and the memberships of each, and no request per member.
 * Each is shown as a record {id, status, memberships: [{id, account}]}.
 */
#include "vendors/elasticpath.h"

#include "vendors/call.h"
#include "vendors/exchange.h"
#include "vendors/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- collecting ---- */

/* Takes rows into a JSON array or object; the sink of a walk inside this file. */
struct gather {
	struct list_sink sink;
	json_t *accounts;    /* array of ids, or */
	json_t *members;     /* object: member id -> array of {id, account} */
	const char *account; /* whose memberships come */
	json_t *ids;         /* membership ids of this walk, to find repeats */
};

/* In the guide the member's id is flat, in the vendor's OpenAPI it is in relationships. */
static const char *member_of(const json_t *membership)
{
	const char *id = json_string_value(json_object_get(membership, "account_member_id"));

	if (!id)
		id = json_string_value(
		    collection_value(membership, "relationships.account_member.data.id"));
	return id;
}

static const char *account_of(const json_t *membership)
{
	const char *id = json_string_value(json_object_get(membership, "account_id"));

	if (!id)
		id = json_string_value(
		    collection_value(membership, "relationships.account.data.id"));
	return id;
}

static int add_account(struct list_sink *sink, const char *id, json_t *record)
{
	struct gather *gather = (struct gather *)sink;

	(void)record;
	if (json_object_get(gather->ids, id))
		return -EEXIST;
	json_object_set_new(gather->ids, id, json_true());
	return json_array_append_new(gather->accounts, json_string(id)) ? -ENOMEM : 0;
}

static void reset_accounts(struct list_sink *sink)
{
	struct gather *gather = (struct gather *)sink;

	json_object_clear(gather->ids);
	json_array_clear(gather->accounts);
}

static int add_membership(struct list_sink *sink, const char *id, json_t *record)
{
	struct gather *gather = (struct gather *)sink;
	const char *member = member_of(record);

	if (!member)
		return -EREMOTEIO;
	if (json_object_get(gather->ids, id))
		return -EEXIST;
	return json_object_set_new(gather->ids, id, json_string(member)) ? -ENOMEM : 0;
}

static void reset_memberships(struct list_sink *sink)
{
	struct gather *gather = (struct gather *)sink;

	json_object_clear(gather->ids);
}

/* One account's memberships are whole: they count for their members. */
static int take_memberships(struct gather *gather)
{
	const char *id;
	json_t *member;

	json_object_foreach(gather->ids, id, member) {
		const char *name = json_string_value(member);
		json_t *list = json_object_get(gather->members, name);
		json_t *membership = json_pack("{s:s, s:s}", "id", id, "account", gather->account);

		if (!list && json_object_set_new(gather->members, name, json_array()))
			return -ENOMEM;
		list = json_object_get(gather->members, name);
		if (!membership || json_array_append_new(list, membership))
			return -ENOMEM;
	}
	json_object_clear(gather->ids);
	return 0;
}

static json_t *status_record(const char *id, json_t *memberships)
{
	return json_pack("{s:s, s:s, s:O}", "id", id, "status",
			 json_array_size(memberships) ? "active" : "inactive", "memberships",
			 memberships);
}

/* ---- everybody's ---- */

static int walk_accounts(struct call *call, struct account *account, struct gather *gather)
{
	size_t i;
	json_t *id;
	int error;

	gather->sink = (struct list_sink){.add = add_account, .reset = reset_accounts};
	error = vendor_list(call, account, &ep_accounts, NULL, &gather->sink);
	json_object_clear(gather->ids);
	if (error)
		return error;
	gather->sink = (struct list_sink){.add = add_membership, .reset = reset_memberships};
	json_array_foreach(gather->accounts, i, id) {
		gather->account = json_string_value(id);
		error = vendor_list(call, account, &ep_memberships, gather->account, &gather->sink);
		if (!error)
			error = take_memberships(gather);
		if (error)
			return error;
	}
	return 0;
}

static int list(struct call *call, struct account *account, const char *parent,
		struct list_sink *sink)
{
	struct gather gather = {.accounts = json_array(),
				.members = json_object(),
				.ids = json_object()};
	int error = -ENOMEM;
	const char *id;
	json_t *memberships;

	(void)parent;
	if (gather.accounts && gather.members && gather.ids)
		error = walk_accounts(call, account, &gather);
	if (error)
		goto out;
	json_object_foreach(gather.members, id, memberships) {
		json_t *record = status_record(id, memberships);

		error = record ? sink->add(sink, id, record) : -ENOMEM;
		json_decref(record);
		if (error)
			break;
	}
out:
	json_decref(gather.accounts);
	json_decref(gather.members);
	json_decref(gather.ids);
	if (error && !call->error)
		call_fail(call, -error, "the memberships could not be kept");
	return error;
}

/* ---- one member's ---- */

static int add_own(struct list_sink *sink, const char *id, json_t *record)
{
	struct gather *gather = (struct gather *)sink;
	const char *account = account_of(record);

	if (!account)
		return -EREMOTEIO;
	if (json_object_get(gather->ids, id))
		return -EEXIST;
	json_object_set_new(gather->ids, id, json_true());
	return json_array_append_new(gather->accounts,
				     json_pack("{s:s, s:s}", "id", id, "account", account))
		   ? -ENOMEM
		   : 0;
}

static int get(struct call *call, struct account *account, const char *parent, const char *id,
	       json_t **record)
{
	struct gather gather = {.sink = {.add = add_own, .reset = reset_accounts},
				.accounts = json_array(),
				.ids = json_object()};
	int error;

	(void)parent;
	error = vendor_list(call, account, &ep_own_memberships, id, &gather.sink);
	if (error == -EREMOTEIO && call->status == 404) {
		call->error = ENOENT;
		error = -ENOENT;
	}
	if (!error) {
		*record = status_record(id, gather.accounts);
		error = *record ? 0 : -ENOMEM;
	}
	json_decref(gather.accounts);
	json_decref(gather.ids);
	return error;
}

/* ---- ending and restoring ---- */

static int undo_words(const json_t *fresh, size_t index, char *words, size_t size)
{
	const json_t *membership = json_array_get(json_object_get(fresh, "memberships"), index);

	if (!membership)
		return 0;
	snprintf(words, size, "ln -s ../../../%s.json accounts/%s/members/",
		 json_string_value(json_object_get(fresh, "id")),
		 json_string_value(json_object_get(membership, "account")));
	return 1;
}

/* End one membership. 0, or a negative errno with words. */
static int end_one(struct call *call, struct account *account, const json_t *membership)
{
	enum vendor_outcome outcome = vendor_delete(call, account, &ep_memberships,
						    json_string_value(
							json_object_get(membership, "account")),
						    json_string_value(
							json_object_get(membership, "id")));

	return outcome == VENDOR_DONE ? 0 : -call->error;
}

/* Make one membership again; that it is there already is as good. */
static int restore_one(struct call *call, struct account *account, const char *member,
		       const json_t *membership)
{
	json_t *body = json_pack("{s:s, s:s}", "type", "account_membership", "account_member_id",
				 member);
	json_t *answer = NULL;
	enum vendor_outcome outcome = VENDOR_REFUSED;

	if (body)
		outcome = vendor_post(call, account, &ep_memberships,
				      json_string_value(json_object_get(membership, "account")),
				      body, &answer);
	json_decref(body);
	json_decref(answer);
	return outcome == VENDOR_DONE || (outcome == VENDOR_CHANGED && call->status == 409)
		   ? 0
		   : -call->error;
}

static int set_status(struct call *call, struct account *account, const json_t *fresh,
		      const json_t *undo)
{
	const json_t *memberships = json_object_get(undo ? undo : fresh, "memberships");
	const char *member = json_string_value(json_object_get(fresh, "id"));
	char words[CALL_WORDS_MAX - 128] = "", request[CALL_REQUEST_MAX] = "";
	size_t i, done = 0;
	json_t *membership;
	int first = 0, status = 0;

	json_array_foreach(memberships, i, membership) {
		int error = undo ? restore_one(call, account, member, membership)
				 : end_one(call, account, membership);

		done += !error;
		if (!error || first)
			continue;
		first = error;
		status = call->status;
		memcpy(request, call->request, sizeof(request));
		snprintf(words, sizeof(words), "%.*s", (int)sizeof(words) - 1, call->words);
	}
	if (first) {
		memcpy(call->request, request, sizeof(request));
		call->status = status;
		call_fail(call, -first,
			  "%zu of %zu memberships %s; write the status again for the others: %s",
			  done, json_array_size(memberships), undo ? "restored" : "ended", words);
	}
	return first;
}

static const char *const id_keys[] = {"id", NULL};

static const struct field status_fields[] = {{NULL, 0}};

const struct collection ep_statuses = {
    .name = "memberships",
    .list_path = "",
    .item_path = "",
    .id_keys = id_keys,
    .status_key = "status",
    .absent_status = "inactive",
    .fields = status_fields,
    .list = list,
    .get = get,
    .set_status = set_status,
    .undo_words = undo_words,
};
