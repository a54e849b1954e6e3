/* SPDX-License-Identifier: Apache-2.0 */
/*
 * described_vendor.h - a vendor whose table has nested fields, values for statuses, rows that lack
 * fields, and requests for statuses; without HTTP.
 *
 * It has users 1 to USERS. Each is what the vendor stores, as JSON. Requests are counted; the last
 * body is kept. `refuses` makes changes fail, `ignores` makes them succeed without effect.
 */
#ifndef ROSTERFS_TEST_DESCRIBED_VENDOR_H
#define ROSTERFS_TEST_DESCRIBED_VENDOR_H

#include "cache/access/status.h"
#include "cache/history/guard.h"
#include "cache/record/record.h"
#include "cache/roster/flight.h"
#include "cache/roster/known.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "cache/roster/whole.h"
#include "cache/record/snapshot.h"
#include "cache/update/update.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/base/pool.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/list/list.h"
#include "vendors/rest/status_request.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define USERS 3

static char *stored[USERS + 1]; /* JSON; NULL: there is no such user */
static char *sent;              /* the last body */
static int list_count, get_count, put_count, requests;
static int refuses; /* the status with which changes are refused; 0: they are made */
static bool ignores;
static bool made_anyway;      /* what is refused is made all the same */
static int get_fails;         /* status of the responses to GETs; 0: the record */
static const char *row_extra; /* a member that only rows have, or NULL */

static inline json_t *stored_json(const char *id)
{
	size_t number = strtoul(id, NULL, 10);
	const char *text = number && number <= USERS ? stored[number] : NULL;

	return text ? exact_parse(text, strlen(text), 0, NULL) : NULL;
}

static inline void store(const char *id, const json_t *record)
{
	size_t number = strtoul(id, NULL, 10);

	free(stored[number]);
	stored[number] = json_dumps(record, JSON_ENCODE_ANY | JSON_PRESERVE_ORDER);
}

/* A row has the id, the email and, if the stored record has "rowed", the status. */
static inline int described_list(struct call *call, struct account *account, const char *parent,
				 struct list_sink *sink)
{
	int error = 0;

	(void)account;
	(void)parent;
	list_count++;
	for (int i = 1; !error && i <= USERS; i++) {
		char id[8];
		json_t *record, *row;

		snprintf(id, sizeof(id), "%d", i);
		record = stored_json(id);
		if (!record)
			continue;
		row = json_pack("{s:O, s:O}", "id", json_object_get(record, "id"), "email",
				json_object_get(record, "email"));
		if (json_object_get(record, "rowed"))
			json_object_set(row, "state", json_object_get(record, "state"));
		if (row_extra)
			json_object_set_new(row, "extra", json_string(row_extra));
		error = sink->add(sink, id, row);
		json_decref(row);
		json_decref(record);
	}
	return error ? call_fail_errno(call, -error, "the list failed") : 0;
}

static const struct collection people;

static inline int described_get(struct call *call, struct account *account, const char *parent,
				const char *id, json_t **record)
{
	(void)account;
	(void)parent;
	get_count++;
	call->status = get_fails ? get_fails : 200;
	if (get_fails == 403)
		return call_fail(call, CALL_DENIED, "no");
	*record = get_fails ? NULL : stored_json(id);
	if (!*record) {
		call->status = 404;
		return call_fail(call, CALL_MISSING, "no such user");
	}
	collection_hide(&people, *record);
	return 0;
}

static inline enum vendor_outcome described_answer(struct call *call)
{
	call->status = refuses ? refuses : 200;
	if (!refuses)
		return VENDOR_DONE;
	call_fail(call, CALL_REFUSED, "refused");
	return VENDOR_REFUSED;
}

static inline void keep_sent(const json_t *body)
{
	free(sent);
	sent = json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER);
}

static inline enum vendor_outcome described_put(struct call *call, struct account *account,
						const char *parent, const char *id,
						const json_t *body, const char *etag,
						json_t **answer)
{
	json_t *record = stored_json(id);

	(void)account;
	(void)parent;
	(void)etag;
	*answer = NULL;
	put_count++;
	keep_sent(body);
	json_object_update_recursive(record, (json_t *)(uintptr_t)body);
	if ((!refuses || made_anyway) && !ignores)
		store(id, record);
	json_decref(record);
	return described_answer(call);
}

static inline enum paging described_paging(const struct account *account)
{
	(void)account;
	return PAGING_NONE;
}

static const char *const id_keys[] = {"/id", NULL};
static const char *const email_keys[] = {"/email", NULL};
static const char *const time_keys[] = {"/meta/updated", NULL};
static const struct field fields[] = {
    {"id", FIELD_SYSTEM},
    {"/meta/created", FIELD_SYSTEM},
    {"/meta/updated", FIELD_SYSTEM},
    {"/name/first", FIELD_REQUIRED},
    {"/auth/secret", FIELD_CONFIDENTIAL},
    {"/mails/*/id", FIELD_SYSTEM},
    {"key", FIELD_WRITE_ONLY},
    {NULL, 0},
};
static const struct value by_true[] = {{VALUE_TRUE, NULL}, {VALUE_END, NULL}};
static const struct value by_false[] = {{VALUE_FALSE, NULL}, {VALUE_END, NULL}};
static const struct rule_status by_field = {.path = "/state/on",
					    .active = by_true,
					    .inactive = by_false};
static const struct collection people = {
    .name = "users",
    .list_path = "/users",
    .item_path = "/users/",
    .id_keys = id_keys,
    .email_keys = email_keys,
    .time_keys = time_keys,
    .status_key = "/state/on",
    .status = &by_field,
    .refuses_unknown = true,
    .fields = fields,
    .paging = described_paging,
    .list = described_list,
    .get = described_get,
    .put = described_put,
};
static const struct setting settings[] = {{.name = NULL}};

/* ---- a roster of it ---- */

struct described {
	struct collection users; /* people, as the test has changed it */
	struct vendor vendor;
	struct pool *pool;
	struct account *account;
	struct roster *roster;
	struct guard *guard;
	struct call call; /* of the last question or change */
};

static inline struct described *described_new(const struct collection *users)
{
	const struct roster_events events = {.arg = NULL};
	struct described *all = calloc(1, sizeof(*all));

	all->users = *users;
	all->vendor = (struct vendor){.type = "described",
				      .settings = settings,
				      .users = &all->users};
	list_count = get_count = put_count = requests = refuses = get_fails = 0;
	ignores = made_anyway = false;
	row_extra = NULL;
	for (int i = 1; i <= USERS; i++) {
		char id[8];
		json_t *record;

		snprintf(id, sizeof(id), "%d", i);
		record = json_pack(
		    "{s:s, s:s, s:{s:b}, s:{s:s, s:s}, s:{s:s, s:s}, s:{s:s}, s:[{s:i, s:s}]}",
		    "id", id, "email", "a@x.example", "state", "on", 1, "name", "first", "Ada",
		    "last", "L", "meta", "created", "2026-01-01T00:00:00Z", "updated",
		    "2026-01-02T00:00:00Z", "auth", "secret", "s3cret", "mails", "id", 7, "at",
		    "a@x.example");
		store(id, record);
		json_decref(record);
	}
	all->pool = pool_new(4);
	all->account = account_new("acme", &all->vendor);
	all->account->lag = 0;
	all->roster = roster_new(all->account, &all->users, NULL, all->pool, &events);
	all->guard = guard_new(false, false, 0, 3600);
	assert_non_null(all->roster);
	call_init(&all->call, "acme/1");
	return all;
}

static inline void described_free(struct described *all)
{
	flight_stop(all->roster);
	pool_free(all->pool);
	roster_free(all->roster);
	account_free(all->account);
	guard_free(all->guard);
	call_destroy(&all->call);
	for (int i = 1; i <= USERS; i++) {
		free(stored[i]);
		stored[i] = NULL;
	}
	free(sent);
	sent = NULL;
	free(all);
}

static inline void new_call(struct described *all)
{
	call_destroy(&all->call);
	call_init(&all->call, "acme/1");
}

/* Save TEXT (with ' for ") to user 1. */
static inline int save(struct described *all, const char *text)
{
	char *document = strdup(text);
	int error;

	for (char *at = document; *at; at++)
		*at = (char)(*at == '\'' ? '"' : *at);
	new_call(all);
	error = update_document(&all->call, all->roster, all->guard, "1", document,
				strlen(document));
	free(document);
	return error;
}

static inline int write_word(struct described *all, const char *word)
{
	new_call(all);
	return status_write(&all->call, all->roster, all->guard, "1", word);
}

/* Return what the vendor has at POINTER of user 1, as JSON in a static buffer. */
static inline const char *has(const char *pointer)
{
	static char text[256];
	json_t *record = stored_json("1");
	char *json = json_dumps(pointer_get(record, pointer), JSON_ENCODE_ANY | JSON_COMPACT);

	snprintf(text, sizeof(text), "%s", json ? json : "(none)");
	free(json);
	json_decref(record);
	return text;
}

/* Ask for ID as KIND; returns the record or NULL, and the error in *ERROR. */
static inline struct record *ask(struct described *all, enum wait_kind kind, const char *id,
				 int *error)
{
	struct wait wait = {.kind = kind, .id = id, .call = &all->call};
	struct record *record;

	new_call(all);
	*error = wait_sync(all->roster, &wait);
	record = *error || !wait.record ? NULL : record_get(wait.record);
	wait_clear(&wait);
	return record;
}

#endif
