/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_membership.c - see ep_membership.h.
 */
#include "vendors/elasticpath/ep_membership.h"

#include "vendors/base/call.h"
#include "vendors/elasticpath/ep_common.h"
#include "vendors/elasticpath/ep_lag.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/list/list.h"

#include <errno.h>
#include <string.h>

static const struct field membership_fields[] = {
    {"id", FIELD_SYSTEM | FIELD_REQUIRED},
    {"type", FIELD_IMMUTABLE | FIELD_REQUIRED},
    {"meta", FIELD_SYSTEM},
    {"links", FIELD_SYSTEM},
    {"relationships", FIELD_SYSTEM},
    {"account_member_id", FIELD_IMMUTABLE | FIELD_REQUIRED},
    {NULL, 0},
};

const struct collection ep_memberships = {
    .name = "account memberships",
    .list_path = "/v2/accounts/{parent}/account-memberships",
    .item_path = "/v2/accounts/{parent}/account-memberships/",
    EP_COMMON_LIST,
    .id_keys = ep_common_id_keys,
    .type = "account_membership",
    .fields = membership_fields,
};

/* Each row names its account. */
const struct collection ep_own_memberships = {
    .name = "memberships of the member",
    .list_path = "/v2/account-members/{parent}/account-memberships",
    .item_path = "",
    .list_key = "data",
    .item_key = "data",
    .page_size = 100,
    .id_keys = ep_common_id_keys,
    .fields = membership_fields,
    .paging = ep_common_paging,
    .totals = ep_common_totals,
};

/* The guide has the member's id flat, the OpenAPI in relationships. */
static const char *const link_id_keys[] = {"account_member_id",
					   "/relationships/account_member/data/id", NULL};

static json_t *links_body(const struct collection *links, const char *id)
{
	(void)links;
	return json_pack("{s:s, s:o}", "type", "account_membership", "account_member_id",
			 id_text_json(id));
}

/* Passes on the rows of an account's list, except those that were ended here. */
struct links {
	struct list_sink sink;
	struct call *call;
	const json_t *changes;
	struct list_sink *out;
};

static int links_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct links *links = (struct links *)sink;
	char buffer[COLLECTION_ID_MAX];
	const char *own = collection_path_id(&ep_links, record, buffer), *ended;
	json_t *change;
	size_t i;
	int error;

	json_array_foreach(links->changes, i, change) {
		ended = json_string_value(json_object_get(change, "id"));
		if (!json_is_true(json_object_get(change, "ended")) || !own || !ended ||
		    strcmp(ended, own) != 0)
			continue;
		ep_lag_used(links->call, change);
		return 0;
	}
	error = links->out->add(links->out, id, record);
	sink->held = links->out->held;
	return error;
}

static void links_reset(struct list_sink *sink)
{
	struct links *links = (struct links *)sink;

	links->out->reset(links->out);
}

static void links_progress(struct list_sink *sink, unsigned pages, size_t rows, unsigned total)
{
	struct links *links = (struct links *)sink;

	if (links->out->progress)
		links->out->progress(links->out, pages, rows, total);
}

/* Pass on the memberships that were created here and are not in the list. 0 or -ENOMEM. */
static int add_made(struct links *links)
{
	json_t *change;
	size_t i;

	json_array_foreach(links->changes, i, change) {
		const char *id = json_string_value(json_object_get(change, "id"));
		const char *member = json_string_value(json_object_get(change, "member"));
		json_t *link;
		int error;

		if (json_is_true(json_object_get(change, "ended")) ||
		    json_is_true(json_object_get(change, "asked")))
			continue;
		link = json_pack("{s:o, s:s, s:o}", "id", id_text_json(id), "type",
				 "account_membership", "account_member_id", id_text_json(member));
		error = link ? links->out->add(links->out, member, link) : -ENOMEM;
		json_decref(link);
		if (!error)
			ep_lag_used(links->call, change);
		else if (error != -EEXIST)
			return error;
	}
	return 0;
}

static int links_list(struct call *call, struct account *account, const char *parent,
		      struct list_sink *out)
{
	json_t *changes = ep_lag_changes(account, parent, NULL);
	struct links links = {.sink = {.add = links_add,
				       .unreadable = links_add, /* only the ids are used */
				       .reset = links_reset,
				       .progress = links_progress},
			      .call = call,
			      .changes = changes,
			      .out = out};
	struct list_part part = {.parent = parent, .sink = &links.sink};
	int error = list_walk_all(call, account, &ep_links, &part, 1);

	/* reads may not show an account that was just created */
	if (error && call->verdict == CALL_NO_PATH && ep_lag_is_new(account, parent)) {
		call_clear(call);
		error = 0;
	}
	if (!error)
		error = add_made(&links);
	json_decref(changes);
	return error;
}

/* Return true if LINK (or NULL) names another member than BODY. */
static bool is_of_another(const json_t *link, const json_t *body)
{
	char buffer[COLLECTION_ID_MAX], wanted[COLLECTION_ID_MAX];
	const char *member = link ? collection_id(&ep_links, link, buffer) : NULL;

	return member && strcmp(member, collection_id(&ep_links, body, wanted)) != 0;
}

/*
 * As collection->post. A 409 says that the membership exists already; if no list shows it yet, it
 * may appear.
 */
static enum vendor_outcome links_post(struct call *call, struct account *account,
				      const char *parent, const json_t *body, json_t **answer)
{
	enum vendor_outcome outcome = item_post_direct(call, account, &ep_links, parent, body,
						       answer);
	char member[COLLECTION_ID_MAX], own[COLLECTION_ID_MAX];

	if (is_of_another(*answer, body)) {
		json_decref(*answer);
		*answer = NULL;
		outcome = VENDOR_UNKNOWN;
		call_fail(call, CALL_MALFORMED, "the answer is about another member");
	}
	if (outcome == VENDOR_DONE || outcome == VENDOR_UNKNOWN ||
	    (outcome == VENDOR_CHANGED && call->verdict == CALL_TAKEN))
		ep_lag_note_asked(account, parent, collection_id(&ep_links, body, member),
				  *answer ? collection_path_id(&ep_links, *answer, own) : NULL);
	return outcome;
}

static void links_remember(struct account *account, const char *parent, const json_t *ended,
			   const json_t *made)
{
	const json_t *link = ended ? ended : made;
	char member[COLLECTION_ID_MAX], own[COLLECTION_ID_MAX];

	ep_lag_note(account, parent, collection_id(&ep_links, link, member),
		    collection_path_id(&ep_links, link, own), ended);
}

/* What another mount has ended is ended: a membership's id is never used again. */
static void links_told(struct account *account, const char *parent, const char *id,
		       const json_t *record)
{
	json_t *changes = record ? NULL : ep_lag_changes(account, parent, id), *change;
	size_t i;

	if (record)
		links_remember(account, parent, NULL, record);
	json_array_foreach(changes, i, change) {
		const char *own = json_string_value(json_object_get(change, "id"));

		if (own && !json_is_true(json_object_get(change, "ended")))
			ep_lag_note(account, parent, id, own, true);
	}
	json_decref(changes);
}

const struct collection ep_links = {
    .name = "members of the account",
    .list_path = "/v2/accounts/{parent}/account-memberships",
    .item_path = "/v2/accounts/{parent}/account-memberships/",
    EP_COMMON_LIST,
    .listed_only = true,
    .id_keys = link_id_keys,
    .path_id_key = "id",
    .type = "account_membership",
    .fields = membership_fields,
    .creates = ep_common_creates,
    .deletes = true,
    .list = links_list,
    .post = links_post,
    .link = links_body,
    .remember = links_remember,
    .told = links_told,
};
