/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_status.c - see ep_status.h.
 *
 * The status of one member takes one request. The status of all members takes the list of accounts
 * and the list of memberships of each account, and no request per member.
 */
#include "vendors/elasticpath/ep_status.h"

#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/elasticpath/ep_account.h"
#include "vendors/elasticpath/ep_common.h"
#include "vendors/elasticpath/ep_lag.h"
#include "vendors/elasticpath/ep_membership.h"
#include "vendors/json/exact.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/list/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How often the accounts are listed again because one was deleted before its memberships were
 * listed. */
#define AGAIN 2

/* Return the id of the account of MEMBERSHIP as text, in BUFFER (COLLECTION_ID_MAX bytes) if need
 * be, or NULL. The guide has it flat, the vendor's OpenAPI in relationships. */
static const char *account_of(const json_t *membership, char *buffer)
{
	const char *id = id_text_of(json_object_get(membership, "account_id"), buffer);

	if (!id)
		id = id_text_of(collection_value(membership, "/relationships/account/data/id"),
				buffer);
	return id;
}

#define UNCONFIRMED "unconfirmed"

/*
 * Return the status record of member ID, a new reference. MEMBERSHIPS is what the vendor showed to
 * CALL; CHANGES (ep_lag_changes of the member) are applied to it. NULL: no memory.
 */
static json_t *status_record(struct call *call, const char *id, json_t *memberships,
			     const json_t *changes)
{
	json_t *unconfirmed = json_array(), *record;

	ep_lag_apply(call, changes, memberships, unconfirmed);
	record = json_pack("{s:o, s:s, s:O}", "id", id_text_json(id), "status",
			   json_array_size(memberships) ? STATUS_ACTIVE : STATUS_INACTIVE,
			   "memberships", memberships);
	if (record && json_array_size(unconfirmed))
		json_object_set(record, UNCONFIRMED, unconfirmed);
	json_decref(unconfirmed);
	return record;
}

/* ---- collecting ---- */

/* Takes the rows of one list: id -> its member, or "". */
struct gather {
	struct list_sink sink;
	struct call *call;
	const char *account; /* the rows are its memberships; NULL: the rows are accounts */
	json_t *rows;
};

static int gather_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct gather *gather = (struct gather *)sink;
	char buffer[COLLECTION_ID_MAX];
	const char *member = gather->account ? collection_id(&ep_links, record, buffer) : "";

	if (!member)
		return call_fail(
		    gather->call, CALL_MALFORMED,
		    "membership %s of account %s names no member: it has neither "
		    "\"account_member_id\" nor \"relationships.account_member.data.id\"",
		    id, gather->account);
	if (json_object_get(gather->rows, id))
		return -EEXIST;
	sink->held += 2 * LIST_SINK_KEY + strlen(id) + strlen(member);
	return json_object_set_new(gather->rows, id, json_string(member)) ? -ENOMEM : 0;
}

static void gather_reset(struct list_sink *sink)
{
	struct gather *gather = (struct gather *)sink;

	json_object_clear(gather->rows);
	sink->held = 0;
}

/* Add the rows of GATHER to MEMBERS: member id -> array of {id, account}. 0 or -ENOMEM. */
static int count_memberships(const struct gather *gather, json_t *members)
{
	const char *id;
	json_t *member;

	json_object_foreach(gather->rows, id, member) {
		const char *name = json_string_value(member);
		json_t *membership = json_pack("{s:s, s:s}", "id", id, "account", gather->account);
		json_t *list = json_object_get(members, name);

		if (!list && json_object_set_new(members, name, json_array()) == 0)
			list = json_object_get(members, name);
		if (json_array_append_new(list, membership))
			return -ENOMEM;
	}
	return 0;
}

/* ---- the status of all members ---- */

/* Add the memberships of all ACCOUNTS (the keys are ids) to MEMBERS. 0 or a negative errno. */
static int walk_memberships(struct call *call, struct account *account, json_t *accounts,
			    json_t *members)
{
	size_t count = json_object_size(accounts), i = 0;
	struct gather *gathers = calloc(count + 1, sizeof(*gathers));
	struct list_part *parts = calloc(count + 1, sizeof(*parts));
	int error = gathers && parts ? 0 : -ENOMEM;
	const char *id;
	json_t *value;

	json_object_foreach(accounts, id, value) {
		if (error)
			break;
		gathers[i] = (struct gather){.sink = {.add = gather_add,
						      .unreadable = gather_add,
						      .reset = gather_reset},
					     .call = call,
					     .account = id,
					     .rows = json_object()};
		error = gathers[i].rows ? 0 : -ENOMEM;
		parts[i] = (struct list_part){.parent = id, .sink = &gathers[i].sink};
		i++;
	}
	if (!error)
		error = list_walk_all(call, account, &ep_memberships, parts, count);
	for (i = 0; i < count && !error; i++)
		error = count_memberships(&gathers[i], members);
	for (i = 0; i < count && gathers; i++)
		json_decref(gathers[i].rows);
	free(gathers);
	free(parts);
	return error;
}

/* Remove from ACCOUNTS those that were created here: reads may not show them yet, and their
 * memberships are remembered. */
static void leave_new(struct account *account, json_t *accounts)
{
	const char *id;
	json_t *value;
	void *next;

	json_object_foreach_safe(accounts, next, id, value) {
		if (ep_lag_is_new(account, id))
			json_object_del(accounts, id);
	}
}

/*
 * List the accounts and their memberships once; FIRST is false for a second try. Set *MOVED if the
 * list failed because an account was deleted meanwhile. Returns 0 or a negative errno.
 */
static int walk_all(struct call *call, struct account *account, json_t *members, bool first,
		    bool *moved)
{
	struct gather accounts = {.sink = {.add = gather_add,
					   .unreadable = gather_add,
					   .reset = gather_reset},
				  .rows = json_object()};
	int error = -ENOMEM;

	*moved = false;
	if (accounts.rows)
		error = list_walk(call, account, &ep_accounts, NULL, &accounts.sink);
	if (!first)
		leave_new(account, accounts.rows);
	if (!error) {
		error = walk_memberships(call, account, accounts.rows, members);
		*moved = error && call->verdict == CALL_NO_PATH;
	}
	json_decref(accounts.rows);
	return error;
}

/* Return all remembered changes by member, a new object. Give each of these members an array in
 * MEMBERS. */
static json_t *changes_by_member(struct account *account, json_t *members)
{
	json_t *changes = ep_lag_changes(account, NULL, NULL), *sorted = json_object(), *change;
	size_t i;

	json_array_foreach(changes, i, change) {
		const char *member = json_string_value(json_object_get(change, "member"));
		json_t *list = json_object_get(sorted, member);

		if (!list && json_object_set_new(sorted, member, json_array()) == 0)
			list = json_object_get(sorted, member);
		json_array_append(list, change);
		if (!json_object_get(members, member))
			json_object_set_new(members, member, json_array());
	}
	json_decref(changes);
	return sorted;
}

/* Pass the records of MEMBERS to SINK. A member without memberships is in no list, and has the
 * absent_status. */
static int pass_records(struct call *call, struct account *account, json_t *members,
			struct list_sink *sink)
{
	json_t *changes = changes_by_member(account, members), *memberships;
	const char *id;
	int error = 0;

	json_object_foreach(members, id, memberships) {
		json_t *record = status_record(call, id, memberships, json_object_get(changes, id));

		error = record ? sink->add(sink, id, record) : -ENOMEM;
		json_decref(record);
		if (error)
			break;
	}
	json_decref(changes);
	return error;
}

static int ep_status_list(struct call *call, struct account *account, const char *parent,
			  struct list_sink *sink)
{
	json_t *members = json_object();
	bool moved = true;
	int error = -ENOMEM;

	(void)parent;
	for (unsigned tries = 0; members && moved; tries++) {
		error = walk_all(call, account, members, !tries, &moved);
		if (!moved || tries == AGAIN)
			break;
		log_call(call,
			 "%s: %s answered 404: an account was deleted; listing the accounts again",
			 account->name, call->request);
		json_object_clear(members);
		call_clear(call);
	}
	if (!error)
		error = pass_records(call, account, members, sink);
	json_decref(members);
	if (error && !call->error)
		call_fail_errno(call, -error, "cannot store the memberships: %s", strerror(-error));
	return error;
}

/* ---- the status of one member ---- */

/* Takes the memberships of one member. */
struct own {
	struct list_sink sink;
	struct call *call;
	json_t *ids; /* of the rows so far */
	json_t *memberships;
};

static int own_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct own *own = (struct own *)sink;
	char buffer[COLLECTION_ID_MAX];
	const char *account = account_of(record, buffer);

	if (!account)
		return call_fail(own->call, CALL_MALFORMED,
				 "membership %s of the member names no account: it has neither "
				 "\"account_id\" nor \"relationships.account.data.id\"",
				 id);
	if (json_object_get(own->ids, id))
		return -EEXIST;
	if (json_object_set_new(own->ids, id, json_true()) ||
	    json_array_append_new(own->memberships,
				  json_pack("{s:s, s:s}", "id", id, "account", account)))
		return -ENOMEM;
	sink->held += 4 * LIST_SINK_KEY + 2 * strlen(id) + strlen(account);
	return 0;
}

static void own_reset(struct list_sink *sink)
{
	struct own *own = (struct own *)sink;

	json_object_clear(own->ids);
	json_array_clear(own->memberships);
	sink->held = 0;
}

static int ep_status_get(struct call *call, struct account *account, const char *parent,
			 const char *id, json_t **record)
{
	struct own own = {.sink = {.add = own_add, .unreadable = own_add, .reset = own_reset},
			  .call = call,
			  .ids = json_object(),
			  .memberships = json_array()};
	struct list_part part = {.parent = id, .sink = &own.sink, .of_record = true};
	int error;

	(void)parent;
	if (own.ids && own.memberships)
		error = list_walk_all(call, account, &ep_own_memberships, &part, 1);
	else
		error = call_no_memory(call);
	/* reads may not show a member that was just created */
	if (error && call->verdict == CALL_MISSING && ep_lag_is_new(account, id)) {
		call_clear(call);
		error = 0;
	}
	if (!error) {
		json_t *changes = ep_lag_changes(account, NULL, id);

		*record = status_record(call, id, own.memberships, changes);
		error = *record ? 0 : call_no_memory(call);
		json_decref(changes);
	}
	json_decref(own.memberships);
	json_decref(own.ids);
	return error;
}

/* ---- ending and restoring ---- */

/* End MEMBERSHIP. If that fails, words are in CALL. */
static enum vendor_outcome end_one(struct call *call, struct account *account,
				   const json_t *membership)
{
	if (!json_object_get(membership, "id")) {
		call_fail(
		    call, CALL_MALFORMED,
		    "a membership in account %s may have been created here, and no list shows "
		    "it yet",
		    json_string_value(json_object_get(membership, "account")));
		return VENDOR_REFUSED;
	}
	return item_delete(call, account, &ep_memberships,
			   json_string_value(json_object_get(membership, "account")),
			   json_string_value(json_object_get(membership, "id")));
}

/* Create MEMBERSHIP again. It is done if the vendor has it already. */
static enum vendor_outcome restore_one(struct call *call, struct account *account,
				       const char *member, const json_t *membership)
{
	json_t *body = ep_links.link(&ep_links, member);
	json_t *answer = NULL;
	enum vendor_outcome outcome;

	if (!body) {
		call_no_memory(call);
		return VENDOR_REFUSED;
	}
	outcome = item_post(call, account, &ep_links,
			    json_string_value(json_object_get(membership, "account")), body,
			    &answer);
	json_decref(body);
	json_decref(answer);
	return outcome == VENDOR_CHANGED && call->verdict == CALL_TAKEN ? VENDOR_DONE : outcome;
}

static int ep_status_set(struct call *call, struct account *account, const json_t *record,
			 bool active, int (*may)(void *arg), void *arg,
			 enum vendor_outcome *outcomes)
{
	const json_t *memberships = json_object_get(record, "memberships");
	char buffer[COLLECTION_ID_MAX];
	const char *member = id_text_of(json_object_get(record, "id"), buffer);
	struct call first = {0};
	size_t i, done = 0;
	json_t *membership;

	json_array_foreach(memberships, i, membership) {
		if (may(arg))
			outcomes[i] = VENDOR_REFUSED;
		else
			outcomes[i] = active ? restore_one(call, account, member, membership)
					     : end_one(call, account, membership);
		done += outcomes[i] == VENDOR_DONE;
		if (outcomes[i] != VENDOR_DONE && !first.verdict)
			call_copy_error(&first, call);
	}
	if (!first.verdict)
		return 0;
	call_copy_error(call, &first);
	return call_fail(call, first.verdict,
			 "%zu of %zu memberships %s; write the status again for the others: %s",
			 done, json_array_size(memberships), active ? "restored" : "ended",
			 first.words);
}

static void note_memberships(struct account *account, const json_t *record, bool ended)
{
	char buffer[COLLECTION_ID_MAX];
	const char *member = id_text_of(json_object_get(record, "id"), buffer);
	json_t *membership;
	size_t i;

	json_array_foreach(json_object_get(record, "memberships"), i, membership)
		ep_lag_note(account, json_string_value(json_object_get(membership, "account")),
			    member, json_string_value(json_object_get(membership, "id")), ended);
}

static void ep_status_remember(struct account *account, const char *parent, const json_t *ended,
			       const json_t *made)
{
	(void)parent;
	note_memberships(account, ended, true);
	note_memberships(account, made, false);
}

static void ep_status_forget(struct account *account, const json_t *record)
{
	char buffer[COLLECTION_ID_MAX];
	const char *member = id_text_of(json_object_get(record, "id"), buffer);
	json_t *membership;
	size_t i;

	json_array_foreach(json_object_get(record, "memberships"), i, membership)
		ep_lag_forget(account, json_string_value(json_object_get(membership, "account")),
			      member, json_string_value(json_object_get(membership, "id")));
}

/* Return true if RECORD (NULL: no memberships) has the membership with ID. */
static bool has_membership(const json_t *record, const char *id)
{
	json_t *membership;
	size_t i;

	json_array_foreach(json_object_get(record, "memberships"), i, membership) {
		const char *own = json_string_value(json_object_get(membership, "id"));

		if (own && id && strcmp(own, id) == 0)
			return true;
	}
	return false;
}

/*
 * Forget the memberships of member ID that were made here and that another mount has not seen: it
 * may have ended them, and what the vendor shows decides.
 */
static void ep_status_told(struct account *account, const char *parent, const char *id,
			   const json_t *record)
{
	json_t *changes = ep_lag_changes(account, NULL, id), *change;
	size_t i;

	(void)parent;
	json_array_foreach(changes, i, change) {
		const char *own = json_string_value(json_object_get(change, "id"));

		if (own && !json_is_true(json_object_get(change, "ended")) &&
		    !has_membership(record, own))
			ep_lag_forget(account,
				      json_string_value(json_object_get(change, "account")), id,
				      own);
	}
	json_decref(changes);
}

static const struct field ep_status_fields[] = {{NULL, 0}};

const struct collection ep_statuses = {
    .name = "memberships",
    .list_path = "",
    .item_path = "",
    .id_keys = ep_common_id_keys,
    .status_key = "status",
    .absent_status = STATUS_INACTIVE,
    .fields = ep_status_fields,
    .list = ep_status_list,
    .get = ep_status_get,
    .set_status = ep_status_set,
    .step_links = &ep_links,
    .step_words = "a link to the member in the account's members/",
    .steps_key = "memberships",
    .step_key = "account",
    .step_id_key = "id",
    .step_column = "account_id",
    .step_record_column = "account_member_id",
    .unconfirmed_key = UNCONFIRMED,
    .remember = ep_status_remember,
    .forget = ep_status_forget,
    .told = ep_status_told,
};
