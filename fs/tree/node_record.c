/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node_record.c - see node_record.h.
 *
 * A user's status may be a record of its own, in another roster: it is known only if the user is.
 * It answers no request itself.
 */
#include "fs/tree/node_record.h"

#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "vendors/base/call.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <string.h>

struct record *node_record_find_cut(const struct snapshot *snapshot, const char *stem)
{
	char own[PATH_STEM_MAX + 1];

	for (size_t i = 0; i < snapshot->count; i++) {
		path_stem(snapshot->records[i]->id, own);
		if (strcmp(own, stem) == 0)
			return snapshot->records[i];
	}
	return NULL;
}

struct roster *node_record_roster(const struct node *node)
{
	return node->ops->shows_status ? node_record_dir(node)->statuses
				       : node_record_dir(node)->roster;
}

/* Return true if RECORD stands for all users that a whole roster of statuses does not show. */
static bool is_absent(const struct record *record)
{
	return record && !record->id[0];
}

enum known node_record_peek(const struct node *node, struct record **record, double *seconds)
{
	enum known knows, of_user;
	struct record *user;
	double user_seconds;

	*record = NULL;
	*seconds = 0;
	if (!node->ops->needs_record || !node->id)
		return KNOWN_NOTHING;
	knows = known_peek(node_record_roster(node), node->id, record, seconds);
	if (node_record_roster(node) == node_record_dir(node)->roster)
		return knows;
	of_user = known_peek(node_record_dir(node)->roster, node->id, &user, &user_seconds);
	record_put(user);
	if (of_user == KNOWN_ABSENT)
		knows = KNOWN_ABSENT;
	else if (is_absent(*record) && of_user != KNOWN_FRESH)
		knows = KNOWN_NOTHING;
	else if (is_absent(*record) && user_seconds < *seconds)
		*seconds = user_seconds;
	if (knows == KNOWN_ABSENT || knows == KNOWN_NOTHING) {
		record_put(*record);
		*record = NULL;
		*seconds = 0;
	}
	return knows;
}

/* The user of a status that a whole roster does not show has been asked for: take the record that
 * stands for such users. */
static void take_absent(struct request *request)
{
	struct record *status;
	double seconds;

	known_peek(node_record_roster(request->node), request->node->id, &status, &seconds);
	record_put(request->wait.record);
	request->wait.record = status;
}

/*
 * Ask the next question about a user whose status the vendor has not shown, by ERROR (0: the user
 * has been asked for since, and exists). Only then the whole list of statuses is worth asking for.
 * Return true if it is being asked.
 */
static bool ask_for_status(struct request *request, int error)
{
	const struct node *node = request->node;
	struct roster *users = node_record_dir(node)->roster, *statuses = node_record_roster(node);
	struct record *status = NULL;
	double seconds;

	if (statuses == users || request->wait.kind != WAIT_RECORD)
		return false;
	if (request->roster == statuses &&
	    (error == -ENOENT || (error && request->call.verdict == CALL_BAD_REQUEST))) {
		call_clear(&request->call);
		request_again(request, users, WAIT_RECORD, node->id);
		return true;
	}
	if (request->roster != users || error)
		return false;
	known_peek(statuses, node->id, &status, &seconds);
	record_put(status);
	if (!status)
		request_again(request, statuses, WAIT_WHOLE, NULL);
	return !status;
}

bool node_record_again(struct request *request, int error)
{
	struct node *node = request->node;
	struct record *user = NULL;
	enum known knows;
	double seconds;

	if (ask_for_status(request, error))
		return true;

	/* A whole roster does not show the user's status, or the vendor told nothing of the user:
	 * ask whether there is such a user. */
	if (error || request->wait.kind != WAIT_RECORD ||
	    request->roster == node_record_dir(node)->roster ||
	    strcmp(record_status(request->wait.record),
		   roster_collection(request->roster)->absent_status) != 0)
		return false;
	knows = known_peek(node_record_dir(node)->roster, node->id, &user, &seconds);
	record_put(user);
	if (knows == KNOWN_FRESH || (knows == KNOWN_STALE && !is_absent(request->wait.record)))
		return false;
	request_again(request, node_record_dir(node)->roster, WAIT_RECORD, node->id);
	return true;
}

int node_record_found(struct request *request, int error, struct record **record)
{
	struct node *node = request->node;
	struct path_name name;

	if (!error && request->wait.kind == WAIT_WHOLE && !node->id) {
		path_parse(node_name(node), &name);
		*record = node_record_find_cut(request->wait.snapshot, name.stem);
		if (*record)
			inode_learn(request->fs, node, (*record)->id);
	} else {
		if (!error && (request->roster != node_record_roster(node) ||
			       request->wait.kind == WAIT_WHOLE))
			take_absent(request);
		*record = request->wait.record;
	}
	if (!error && !*record)
		error = -ENOENT;
	if (error == -ENOENT && !request->call.words[0])
		call_fail(&request->call, CALL_MISSING, "no such %s",
			  node_record_dir(node)->place ? "record" : "user");
	return error;
}

bool node_record_needs_get(const struct node *node, const struct record *record)
{
	return node->id &&
	       known_needs_get(node_record_roster(node), node->id, record, node->ops->shows_status);
}

void node_record_ask_detail(struct request *request)
{
	request_again(request, node_record_roster(request->node), WAIT_DETAIL, request->node->id);
}

void node_record_ask(struct request *request, void (*finish)(struct request *request, int error))
{
	struct node *node = request->node;
	struct roster *roster = node_record_roster(node);
	struct record *record = NULL;
	double seconds;

	/* It is the status of all users that the roster does not show: only the users tell whether
	 * there is such a user. */
	if (node->id && known_peek(roster, node->id, &record, &seconds) == KNOWN_FRESH &&
	    is_absent(record))
		roster = node_record_dir(node)->roster;
	record_put(record);
	request_ask(request, node->id ? roster : node_record_dir(node)->roster,
		    node->id ? WAIT_RECORD : WAIT_WHOLE, node->id, finish);
}
