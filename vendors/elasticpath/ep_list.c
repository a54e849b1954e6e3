/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_list.c - the list of an Elastic Path store's members, also where it is too long for offsets.
 *
 * The vendor lists nobody behind page[offset] 10,000. But the same people stand, with the same ids,
 * in the user-authentication-info of the members' realm, which may be sorted by created_at and
 * begun anywhere (single-sign-on OpenAPI, 2025; the members' own list has no such filter). It is
 * read in legs: each begins with whoever was created when the last one of the leg before was, and
 * goes as far as the vendor lets it; people in two legs are shown once. A leg that brings nobody
 * new is an error, and so is a list shorter than the members' own total: never a short list. A row
 * is shown in a member's form, without the fields that only a member has: a GET shows those.
 */
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/list.h"
#include "vendors/elasticpath/elasticpath.h"

#include "vendors/base/call.h"
#include "vendors/http/http_url.h"
#include "vendors/rest/exchange.h"
#include "vendors/http/http.h"
#include "vendors/base/log.h"
#include "vendors/rest/walk.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEGS_MAX 1000
#define STAMP_MAX 64
#define LIST_PATH "/v2/authentication-realms/{parent}/user-authentication-info?sort=created_at"

/* The documents show the first, and no other; but that is how a member has it. */
static const char *const created_keys[] = {"meta.created_at", "meta.timestamps.created_at", NULL};

static const struct field info_fields[] = {{NULL, 0}};

static const struct collection infos = {
    .name = "account members, by created_at,",
    .list_path = LIST_PATH,
    .item_path = "",
    .list_key = "data",
    .item_key = "data",
    .offset_ceiling = UINT_MAX, /* wherever it is: there the next leg begins */
    .page_size = 100,
    .id_keys = ep_id_keys,
    .time_keys = created_keys,
    .fields = info_fields,
    .paging = ep_paging,
    .totals = ep_totals,
};

/* ---- the list as it stands ---- */

/* Counts what goes to the sink of whoever asked. */
struct plain {
	struct list_sink sink;
	struct list_sink *members;
	size_t rows;
};

static int plain_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct plain *plain = (struct plain *)sink;
	int error = plain->members->add(plain->members, id, record);

	plain->rows += !error;
	return error;
}

static int plain_unreadable(struct list_sink *sink, const char *id, json_t *record)
{
	struct plain *plain = (struct plain *)sink;
	int error = plain->members->unreadable(plain->members, id, record);

	plain->rows += !error;
	return error;
}

static void plain_reset(struct list_sink *sink)
{
	struct plain *plain = (struct plain *)sink;

	plain->rows = 0;
	plain->members->reset(plain->members);
}

static void plain_progress(struct list_sink *sink, unsigned pages, size_t rows)
{
	struct plain *plain = (struct plain *)sink;

	if (plain->members->progress)
		plain->members->progress(plain->members, pages, rows);
}

/* ---- the list by created_at ---- */

struct tour {
	struct list_sink sink; /* of a leg */
	struct call *call;
	struct account *account;
	const char *realm;
	struct list_sink *members;
	size_t count;   /* members handed on */
	unsigned pages; /* in the legs before */
	/* this leg */
	json_t *ids;           /* of its rows */
	unsigned leg_pages;    /* so far */
	char from[STAMP_MAX];  /* where it began: a created_at, "": at the first of all */
	char last[STAMP_MAX];  /* created_at of its last row */
	struct timespec since; /* the same, as a time */
};

/* Note when INFO was created: it is not earlier than any before. */
static int note_created(struct tour *tour, const json_t *info, const char *id)
{
	const char *created = NULL;
	struct timespec time;

	for (const char *const *key = created_keys; *key && !created; key++)
		created = json_string_value(collection_value(info, *key));
	if (!created || strlen(created) >= STAMP_MAX || !collection_time(&infos, info, &time))
		return call_fail(tour->call, CALL_MALFORMED,
				 "user authentication info %s has no meta.created_at to go by", id);
	if (time.tv_sec < tour->since.tv_sec ||
	    (time.tv_sec == tour->since.tv_sec && time.tv_nsec < tour->since.tv_nsec))
		return call_fail(tour->call, CALL_MALFORMED,
				 "the vendor does not sort by created_at: %s (%s) comes behind %s",
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
	member = ep_member_of(info, id);
	if (!member || json_object_set_new(tour->ids, id, json_true()))
		error = -ENOMEM;
	else
		error = tour->members->add(tour->members, id, member);
	json_decref(member);
	/* it came in the leg before, or in this one before it was begun anew */
	if (error == -EEXIST)
		return 0;
	if (error)
		return error;
	return list_check_bound(tour->call, tour->account, &ep_members, ++tour->count);
}

/* A leg begins, or begins anew: what it brought stays, as it comes again. */
static void tour_reset(struct list_sink *sink)
{
	struct tour *tour = (struct tour *)sink;

	json_object_clear(tour->ids);
	memcpy(tour->last, tour->from, STAMP_MAX);
	tour->since = (struct timespec){.tv_sec = LONG_MIN};
	tour->leg_pages = 0;
}

static void tour_progress(struct list_sink *sink, unsigned pages, size_t rows)
{
	struct tour *tour = (struct tour *)sink;

	(void)rows;
	tour->leg_pages = pages;
	if (tour->members->progress)
		tour->members->progress(tour->members, tour->pages + pages, tour->count);
}

/* Where a leg that begins with whoever was created at FROM is listed; the caller frees. */
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

/* Walk one leg, from the last row of the one before. *CUT: the vendor has more. */
static int walk_leg(struct tour *tour, bool *cut)
{
	struct list_part part = {.parent = tour->realm, .sink = &tour->sink};
	struct collection leg = infos;
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
		return call_fail(tour->call, CALL_MALFORMED,
				 "the vendor lists no more than %zu account members that were "
				 "created at %s or later, and there are more: they can't be shown "
				 "whole",
				 json_object_size(tour->ids),
				 *tour->from ? tour->from : "any time");
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
					 "there is no end after %zu account members", tour->count);
		error = walk_leg(tour, &cut);
	}
	return error;
}

/* How many members the members' own list tells of now. 0: it does not tell. */
static int ask_total(struct call *call, struct account *account, size_t *total)
{
	/* of pages of one row there are as many as of rows, whichever of them is counted */
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
		error = -EREMOTEIO;
	ep_totals(answer, &totals);
	if (totals.records > 0 || totals.pages > 0)
		*total = (size_t)(totals.records > 0 ? totals.records : totals.pages);
	json_decref(answer);
	http_reply_clear(&reply);
	return error;
}

/*
 * All members by created_at: as many as their own list tells of, or where it does not tell, at
 * LEAST those who were seen in it. Who was made meanwhile stands at the end: so where some are
 * missing, one leg more is walked.
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
				  "authentication info of the realm: they can't be shown whole",
				  total, tour->count);
	return error;
}

static int list_by_realm(struct call *call, struct account *account, const char *realm,
			 struct list_sink *members, size_t least)
{
	struct tour tour = {.sink = {.add = tour_add,
				     .reset = tour_reset,
				     .progress = tour_progress},
			    .call = call,
			    .account = account,
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
		ep_realm_forget(account);
	if (error && !call->error)
		call_fail_errno(call, -error, "no memory for the account members");
	json_decref(tour.ids);
	return error;
}

/* ---- both ---- */

int ep_members_list(struct call *call, struct account *account, const char *parent,
		    struct list_sink *sink)
{
	struct plain plain = {.sink = {.add = plain_add,
				       .unreadable = sink->unreadable ? plain_unreadable : NULL,
				       .reset = plain_reset,
				       .progress = plain_progress},
			      .members = sink};
	struct list_part part = {.parent = parent, .sink = &plain.sink};
	int error = list_walk_all(call, account, &ep_members, &part, 1);
	char request[CALL_REQUEST_MAX], words[CALL_WORDS_MAX], *realm = NULL;
	int status = call->status;

	if (!part.cut)
		return error;
	memcpy(request, call->request, sizeof(request));
	memcpy(words, call->words, sizeof(words));
	error = ep_realm(call, account, &realm);
	if (!error && realm) {
		error = list_by_realm(call, account, realm, sink, plain.rows);
	} else if (!error) {
		memcpy(call->request, request, sizeof(request));
		call->status = status;
		error = call_fail(call, CALL_MALFORMED,
				  "%s (to list them by created_at takes a realm, and the account "
				  "authentication settings name none)",
				  words);
	}
	free(realm);
	return error;
}
