/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_list.c - see ep_list.h.
 *
 * The vendor lists no members beyond page[offset] 10,000. The same people, with the same ids, are
 * in the user-authentication-info of the members' realm. That list can be sorted by created_at and
 * can begin at any created_at (single-sign-on OpenAPI, 2025); the members' own list has no such
 * filter.
 *
 * So the infos are read in legs. A leg begins at the created_at of the last row of the leg before,
 * and ends where the vendor lists no further. A member in two legs is shown once. Two cases are
 * errors, so that a list is never too short: a leg without a new member, and fewer infos than the
 * total of the members' own list.
 */
#include "vendors/elasticpath/ep_list.h"

#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/elasticpath/ep_common.h"
#include "vendors/elasticpath/ep_info.h"
#include "vendors/elasticpath/ep_settings.h"
#include "vendors/http/http.h"
#include "vendors/http/http_url.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/exchange.h"
#include "vendors/list/limit.h"
#include "vendors/list/list.h"
#include "vendors/list/walk.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEGS_MAX 1000
#define STAMP_MAX 64
#define LIST_PATH "/v2/authentication-realms/{parent}/user-authentication-info?sort=created_at"

/* The vendor's documents show only the first; the second is where a member has it. */
static const char *const ep_list_created_keys[] = {"/meta/created_at",
						   "/meta/timestamps/created_at", NULL};

static const struct field ep_list_fields[] = {{NULL, 0}};

static const struct collection ep_list_infos = {
    .name = "account members, by created_at,",
    .list_path = LIST_PATH,
    .item_path = "",
    .list_key = "data",
    .item_key = "data",
    .offset_ceiling = UINT_MAX, /* unknown: the next leg begins where the vendor stops */
    .page_size = 100,
    .id_keys = ep_common_id_keys,
    .time_keys = ep_list_created_keys,
    .fields = ep_list_fields,
    .paging = ep_common_paging,
    .totals = ep_common_totals,
};

/* ---- the members' own list ---- */

/* Passes rows on to the sink of ep_list_walk's caller, and counts them. */
struct plain {
	struct list_sink sink;
	struct list_sink *members;
	size_t rows;
};

static int plain_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct plain *plain = (struct plain *)sink;
	int error = plain->members->add(plain->members, id, record);

	sink->held = plain->members->held;
	plain->rows += !error;
	return error;
}

static int plain_unreadable(struct list_sink *sink, const char *id, json_t *record)
{
	struct plain *plain = (struct plain *)sink;
	int error = plain->members->unreadable(plain->members, id, record);

	sink->held = plain->members->held;
	plain->rows += !error;
	return error;
}

static void plain_reset(struct list_sink *sink)
{
	struct plain *plain = (struct plain *)sink;

	plain->rows = 0;
	plain->members->reset(plain->members);
}

static void plain_progress(struct list_sink *sink, unsigned pages, size_t rows, unsigned total)
{
	struct plain *plain = (struct plain *)sink;

	if (plain->members->progress)
		plain->members->progress(plain->members, pages, rows, total);
}

/* ---- the list by created_at ---- */

/* The legs that make up one list. */
struct tour {
	struct list_sink sink; /* of a leg */
	struct call *call;
	struct account *account;
	const struct collection *collection; /* the members */
	const char *realm;
	struct list_sink *members; /* the sink of ep_list_walk's caller */
	size_t count;              /* members passed on */
	unsigned pages;            /* in the legs before */
	/* this leg */
	json_t *ids;           /* of its rows */
	size_t held;           /* bytes of them */
	unsigned leg_pages;    /* so far */
	char from[STAMP_MAX];  /* the created_at where it began; "": at the first info */
	char last[STAMP_MAX];  /* created_at of its last row */
	struct timespec since; /* the same, as a time */
};

/* Store when INFO was created. Fails with EREMOTEIO if that is earlier than the row before. */
static int note_created(struct tour *tour, const json_t *info, const char *id)
{
	const char *created = NULL;
	struct timespec time;

	for (const char *const *key = ep_list_created_keys; *key && !created; key++)
		created = json_string_value(collection_value(info, *key));
	if (!created || strlen(created) >= STAMP_MAX ||
	    !collection_time(&ep_list_infos, info, &time))
		return call_fail(tour->call, CALL_MALFORMED,
				 "user authentication info %s has no meta.created_at", id);
	if (time.tv_sec < tour->since.tv_sec ||
	    (time.tv_sec == tour->since.tv_sec && time.tv_nsec < tour->since.tv_nsec))
		return call_fail(tour->call, CALL_MALFORMED,
				 "the vendor does not sort by created_at: %s (%s) comes after %s",
				 id, created, tour->last);
	memcpy(tour->last, created, strlen(created) + 1);
	tour->since = time;
	return 0;
}

static int tour_add(struct list_sink *sink, const char *id, json_t *info)
{
	struct tour *tour = (struct tour *)sink;
	json_t *member;
	int error;

	if (json_object_get(tour->ids, id))
		return -EEXIST;
	error = note_created(tour, info, id);
	if (error)
		return error;
	member = ep_info_member(info, id);
	if (!member || json_object_set_new(tour->ids, id, json_true()))
		error = -ENOMEM;
	else
		error = tour->members->add(tour->members, id, member);
	json_decref(member);
	tour->held += LIST_SINK_KEY + strlen(id);
	sink->held = tour->held + tour->members->held;
	/* it was in the leg before, or in this leg before the leg was started again */
	if (error == -EEXIST)
		return 0;
	if (error)
		return error;
	return limit_check_rows(tour->call, tour->account, tour->collection, ++tour->count);
}

/* Start a leg, or start it again. The rows that it has passed on stay: they come again. */
static void tour_reset(struct list_sink *sink)
{
	struct tour *tour = (struct tour *)sink;

	json_object_clear(tour->ids);
	tour->held = 0;
	memcpy(tour->last, tour->from, STAMP_MAX);
	tour->since = (struct timespec){.tv_sec = LONG_MIN};
	tour->leg_pages = 0;
}

static void tour_progress(struct list_sink *sink, unsigned pages, size_t rows, unsigned total)
{
	struct tour *tour = (struct tour *)sink;

	/* a leg's total says nothing about the other legs */
	(void)rows;
	(void)total;
	tour->leg_pages = pages;
	if (tour->members->progress)
		tour->members->progress(tour->members, tour->pages + pages, tour->count, 0);
}

/* Return the path of a leg that begins at the created_at FROM. The caller frees it. NULL: no
 * memory. */
static char *leg_path(const char *from)
{
	char filter[STAMP_MAX + 32];
	char *escaped, *path = NULL;

	if (!*from)
		return strdup(LIST_PATH);
	snprintf(filter, sizeof(filter), "ge(created_at,\"%s\")", from);
	escaped = http_url_escape(filter);
	if (escaped && asprintf(&path, "%s&filter=%s", LIST_PATH, escaped) < 0)
		path = NULL;
	free(escaped);
	return path;
}

/* Walk one leg, from the last row of the leg before. Set *CUT if the vendor has more rows. */
static int walk_leg(struct tour *tour, bool *cut)
{
	struct list_part part = {.parent = tour->realm, .sink = &tour->sink};
	struct collection leg = ep_list_infos;
	size_t before = tour->count;
	char *path;
	int error;

	memcpy(tour->from, tour->last, STAMP_MAX);
	tour_reset(&tour->sink);
	path = leg_path(tour->from);
	if (!path)
		return -ENOMEM;
	leg.list_path = path;
	error = list_walk_all(tour->call, tour->account, &leg, &part, 1);
	free(path);
	tour->pages += tour->leg_pages;
	*cut = part.cut;
	if (!part.cut)
		return error;
	if (tour->count == before)
		return call_fail(
		    tour->call, CALL_MALFORMED,
		    "the vendor lists only %zu account members created at %s or later, "
		    "and there are more: the list would be incomplete",
		    json_object_size(tour->ids), *tour->from ? tour->from : "any time");
	call_clear(tour->call);
	return 0;
}

static int walk_legs(struct tour *tour)
{
	bool cut = true;
	int error = 0;

	for (unsigned legs = 0; !error && cut; legs++) {
		if (legs == LEGS_MAX)
			return call_fail(tour->call, CALL_MALFORMED,
					 "the list has no end: %zu account members so far",
					 tour->count);
		error = walk_leg(tour, &cut);
	}
	return error;
}

/* Ask for the total of the members' own list. Set *TOTAL to 0 if the vendor does not tell. */
static int ask_total(struct call *call, struct account *account, size_t *total)
{
	/* a page has one row, so a count of pages is a count of rows */
	struct http_request request = {.method = "GET",
				       .path = "/v2/account-members"
					       "?page%5Boffset%5D=0&page%5Blimit%5D=1",
				       .repeatable = true};
	struct walk_totals totals = WALK_TOTALS_UNKNOWN;
	struct http_reply reply = {0};
	int error = exchange(call, account, EXCHANGE_LIST, &request, &reply);
	json_t *answer = error ? NULL : exchange_json(call, account, &reply);

	*total = 0;
	if (!error && !answer)
		error = -call->error;
	ep_common_totals(answer, &totals);
	if (totals.records > 0 || totals.pages > 0)
		*total = (size_t)(totals.records > 0 ? totals.records : totals.pages);
	json_decref(answer);
	http_reply_clear(&reply);
	return error;
}

/*
 * Walk all members by created_at. There must be as many as the total of their own list, or if the
 * vendor does not tell it, at LEAST as many as were in that list. A member that is created
 * meanwhile is at the end, so if some are missing, walk on from there once.
 */
static int walk_tour(struct tour *tour, size_t least)
{
	size_t total = 0;
	int error = walk_legs(tour);

	if (!error)
		error = ask_total(tour->call, tour->account, &total);
	if (!total)
		total = least;
	if (!error && tour->count < total)
		error = walk_legs(tour);
	if (!error && tour->count < total)
		error = call_fail(tour->call, CALL_MALFORMED,
				  "there are %zu account members, but only %zu in the user "
				  "authentication info of the realm: the list would be incomplete",
				  total, tour->count);
	return error;
}

static int list_by_realm(struct call *call, struct account *account,
			 const struct collection *collection, const char *realm,
			 struct list_sink *members, size_t least)
{
	struct tour tour = {.sink = {.add = tour_add,
				     .reset = tour_reset,
				     .progress = tour_progress},
			    .call = call,
			    .account = account,
			    .collection = collection,
			    .realm = realm,
			    .members = members,
			    .ids = json_object()};
	int error = -ENOMEM;

	log_call(call,
		 "%s: there are more account members than page[offset] reaches; listing them by "
		 "created_at",
		 account->name);
	call_clear(call);
	members->reset(members);
	if (tour.ids)
		error = walk_tour(&tour, least);
	if (error && call->verdict == CALL_NO_PATH)
		ep_settings_forget(account);
	if (error && !call->error)
		call_fail_errno(call, -error, "no memory for the account members");
	json_decref(tour.ids);
	return error;
}

/* ---- both ---- */

int ep_list_walk(struct call *call, struct account *account, const struct collection *members,
		 const char *parent, struct list_sink *sink)
{
	struct plain plain = {.sink = {.add = plain_add,
				       .unreadable = sink->unreadable ? plain_unreadable : NULL,
				       .reset = plain_reset,
				       .progress = plain_progress},
			      .members = sink};
	struct list_part part = {.parent = parent, .sink = &plain.sink};
	int error = list_walk_all(call, account, members, &part, 1);
	char request[CALL_REQUEST_MAX], words[CALL_WORDS_MAX], *realm = NULL;
	int status = call->status;

	if (!part.cut)
		return error;
	memcpy(request, call->request, sizeof(request));
	memcpy(words, call->words, sizeof(words));
	error = ep_settings_realm(call, account, &realm);
	if (!error && realm) {
		error = list_by_realm(call, account, members, realm, sink, plain.rows);
	} else if (!error) {
		memcpy(call->request, request, sizeof(request));
		call->status = status;
		error = call_fail(call, CALL_MALFORMED,
				  "%s (listing them by created_at needs a realm, and the account "
				  "authentication settings name none)",
				  words);
	}
	free(realm);
	return error;
}
