/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch_email.c - see fetch_email.h.
 *
 * It asks for one record after the other, through fetch.c. gone.c and illegible.c know which ones.
 */
#define ROSTERFS_ROSTER_PRIVATE
#include "cache/roster/fetch_email.h"

#include "cache/roster/fetch.h"
#include "cache/roster/gone.h"
#include "cache/roster/illegible.h"
#include "cache/roster/roster_state.h"
#include "vendors/base/clock.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

static void set_listed(struct flight *flight, bool listed)
{
	pthread_mutex_lock(&flight->roster->lock);
	flight->listed = listed;
	pthread_mutex_unlock(&flight->roster->lock);
}

/* Ask for the illegible record ID. Return 0, also if there is none, or a negative errno. */
static int ask_illegible(struct flight *flight, const char *id)
{
	struct call *call = &flight->call;
	int error;

	call_clear(call);
	flight->asked = id;
	set_listed(flight, false); /* the list has it */
	error = fetch_record(flight);
	set_listed(flight, true);
	if (error == -EAGAIN) {
		call_copy_error(call, flight->missed);
		error = call_decide(call, CALL_FAILED);
		call_destroy(flight->missed);
		free(flight->missed);
		flight->missed = NULL;
	}
	if (!error || error == -ENOENT) {
		call_clear(call);
		return 0;
	}
	if (error != -EINTR)
		call_add_words(
		    call,
		    " (the row of \"%.64s\" in the list is not JSON, so its email is unknown)", id);
	return error;
}

static int fetch_illegible(struct flight *flight)
{
	struct call *call = &flight->call, failed;
	double began = clock_seconds();
	int error = 0, failure = 0;
	json_t *ids, *id;
	size_t i, count;

	ids = illegible_find_due(flight->roster, &count);
	if (!count) {
		json_decref(ids);
		return 0;
	}
	call_init(&failed, "");
	json_array_foreach(ids, i, id) {
		error = ask_illegible(flight, json_string_value(id));
		if (error && !failure) {
			failure = error;
			call_copy_error(&failed, call);
		}
		/* a fault of one record (its response is malformed) says nothing about the next */
		if (error && call->verdict != CALL_MALFORMED)
			break;
	}
	if (!failure && (!ids || count > ILLEGIBLE_MAX)) {
		failure =
		    call_fail(call, CALL_MALFORMED,
			      "%zu rows of the list are not JSON, so their emails are unknown",
			      count);
		call_copy_error(&failed, call);
	}
	json_decref(ids);
	error = failure == -EINTR ? failure : illegible_note(flight, began, &failed, failure);
	call_destroy(&failed);
	return error;
}

int fetch_email(struct flight *flight)
{
	json_t *ids = gone_find_due(flight->roster, flight->id), *id;
	int error = ids ? 0 : call_no_memory(&flight->call);
	size_t i;

	json_array_foreach(ids, i, id) {
		/* whether it exists or not is known then */
		flight->asked = json_string_value(id);
		error = fetch_record(flight);
		if (error && error != -ENOENT)
			break;
		call_clear(&flight->call);
		error = 0;
	}
	json_decref(ids);
	return error ? error : fetch_illegible(flight);
}
