/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control: what tests order and ask, below /__sandbox/.
 *
 * Orders are read strictly (unknown keys are errors): a test whose order was misspelt must fail at
 * once.
 *
 * It must not know any vendor: what lies below users is handed to them.
 */
#include "control.h"

#include <string.h>

#include "changes.h"
#include "document.h"

#define CONTROL_ROOT "/__sandbox/"

bool control_owns(const struct request *request)
{
	return strncmp(request->path, CONTROL_ROOT, strlen(CONTROL_ROOT)) == 0;
}

static void fail(struct reply *reply, unsigned status, const char *words)
{
	reply_json(reply, status, json_pack("{s:s}", "error", words));
}

static void done(struct reply *reply)
{
	reply_json(reply, 200, json_pack("{s:b}", "ok", 1));
}

static bool add_fault(const struct server_parts *parts, json_t *order, char *why, size_t why_size)
{
	enum fault_kind kind = FAULT_NONE;
	if (!faults_add(parts->faults, order, &kind, why, why_size))
		return false;
	if (kind == FAULT_ETAG)
		settings_etag(parts->settings, true);
	else if (kind == FAULT_EXPIRE_TOKENS)
		settings_expire_tokens(parts->settings);
	return true;
}

static void clear_faults(const struct server_parts *parts)
{
	/* In this order: a request that finds the list empty does not wait for the release. */
	faults_clear(parts->faults);
	settings_etag(parts->settings, false);
	gate_release(parts->gate);
}

/* An order whose body is an object. */
static void take_order(const struct server_parts *parts, const struct request *request,
		       const char *below, struct reply *reply)
{
	char why[160];
	const char *bytes = request->body.data ? request->body.data : "";
	json_t *order = document_parse(bytes, request->body.len, why, sizeof why);
	bool good = order && (strcmp(below, "faults") == 0
				  ? add_fault(parts, order, why, sizeof why)
				  : settings_change(parts->settings, order, why, sizeof why));
	json_decref(order);
	if (good)
		done(reply);
	else
		fail(reply, 400, why);
}

/* What changed, and when the times in it and in the journal began. */
static void show_changes(const struct server_parts *parts, struct reply *reply)
{
	int64_t started = journal_started(parts->journal);
	reply_json(reply, 200,
		   json_pack("{s:I,s:o}", "started_us", (json_int_t)started, "changes",
			     changes_list(started)));
}

void control_answer(const struct server_parts *parts, const struct request *request,
		    struct reply *reply)
{
	const char *below = request->path + strlen(CONTROL_ROOT);
	struct text what = {0};
	text_fmt(&what, "%s %s", request->method, below);
	if (strcmp(what.data, "POST faults") == 0 || strcmp(what.data, "PUT settings") == 0) {
		take_order(parts, request, below, reply);
	} else if (strcmp(what.data, "DELETE faults") == 0) {
		clear_faults(parts);
		done(reply);
	} else if (strcmp(what.data, "POST release") == 0) {
		gate_release(parts->gate);
		later_release(parts->later);
		done(reply);
	} else if (strcmp(what.data, "GET settings") == 0) {
		reply_json(reply, 200, settings_json(parts->settings));
	} else if (strcmp(what.data, "GET journal") == 0) {
		reply_json(reply, 200, journal_list(parts->journal));
	} else if (strcmp(what.data, "DELETE journal") == 0) {
		journal_clear(parts->journal);
		done(reply);
	} else if (strcmp(what.data, "POST changes") == 0) {
		changes_begin();
		done(reply);
	} else if (strcmp(what.data, "GET changes") == 0) {
		show_changes(parts, reply);
	} else if (strcmp(what.data, "GET counts") == 0) {
		reply_json(reply, 200, journal_counts(parts->journal));
	} else {
		bool known = false;
		for (unsigned i = 0; i < parts->vendors && !known; i++)
			known = parts->vendor[i].vendor->colleague(parts->vendor[i].self, request,
								   below, reply);
		if (!known)
			fail(reply, 404, "no such control path or method");
	}
	text_free(&what);
}
