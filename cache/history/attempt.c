/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt.c - see attempt.h.
 *
 * Only this file knows the format of a line of the audit log. It sends nothing and decides nothing,
 * except that nothing is sent if the audit log cannot be written.
 */
#include "cache/history/attempt.h"

#include "cache/document/text_json.h"
#include "cache/history/attempt_history.h"
#include "cache/history/attempt_undo.h"
#include "cache/history/audit.h"
#include "cache/history/guard.h"
#include "cache/history/history.h"
#include "cache/history/request_words.h"
#include "cache/roster/figures.h"
#include "cache/roster/publish.h"
#include "cache/roster/roster.h"
#include "vendors/base/call.h"
#include "vendors/base/error_name.h"
#include "vendors/base/log.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/id_text.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/*
 * Bytes that the outcome adds to a line at most, besides the path: each byte of a message may
 * become six.
 */
#define OUTCOME_MAX (6 * (size_t)CALL_WORDS_MAX + 1024)

/* The outcome in the line that is written before anything is sent. */
#define SENDING "sending"

void attempt_begin_account(struct attempt *attempt, struct call *call, struct guard *guard,
			   struct account *account, const char *action)
{
	memset(attempt, 0, sizeof(*attempt));
	attempt->call = call;
	attempt->guard = guard;
	attempt->account = account;
	attempt->action = action;
	clock_gettime(CLOCK_REALTIME, &attempt->when);
}

void attempt_begin(struct attempt *attempt, struct call *call, struct guard *guard,
		   struct roster *roster, const char *action, const char *id)
{
	attempt_begin_account(attempt, call, guard, roster_account(roster), action);
	attempt->roster = roster;
	attempt->id = id;
}

/* ---- describing it ---- */

bool attempt_tells(const struct account *account, const json_t *value)
{
	const char *text = json_string_value(value), *name;
	json_t *part;
	size_t i;

	if (text)
		return account_tells(account, text);
	json_object_foreach((json_t *)(uintptr_t)value, name, part) {
		if (account_tells(account, name) || attempt_tells(account, part))
			return true;
	}
	json_array_foreach(value, i, part) {
		if (attempt_tells(account, part))
			return true;
	}
	return false;
}

void attempt_withhold(const struct account *account, json_t *fields)
{
	static const char *const names[] = {"before", "after"};
	json_t *field;
	size_t i;

	json_array_foreach(fields, i, field) {
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
			if (attempt_tells(account, json_object_get(field, names[n])))
				json_object_set_new(field, names[n], json_string("(set)"));
		}
	}
}

void attempt_set_fields(struct attempt *attempt, json_t *fields)
{
	if (!fields)
		return;
	attempt_withhold(attempt->account, fields);
	json_decref(attempt->fields);
	attempt->fields = fields;
}

static json_t *attempt_shown(unsigned flags, const json_t *value)
{
	if (!value)
		return json_null();
	if (flags & (FIELD_WRITE_ONLY | FIELD_CONFIDENTIAL))
		return json_string("(set)");
	return json_deep_copy(value);
}

void attempt_field(json_t *fields, const char *name, unsigned flags, const json_t *before,
		   const json_t *after)
{
	json_t *field = json_object();

	json_object_set_new(field, "field", json_string(name));
	json_object_set_new(field, "before", attempt_shown(flags, before));
	json_object_set_new(field, "after", attempt_shown(flags, after));
	json_array_append_new(fields, field);
}

/* ---- the line ---- */

static const char *outcome_of(const struct attempt *attempt, int error)
{
	if (!error)
		return guard_dry_run(attempt->guard) ? "dry-run" : "done";
	if (attempt->unknown)
		return "unknown";
	/* after a request, or if the caller has gone, it is not rosterfs that refused */
	if (attempt->sent || attempt->call->request[0] || error == -EINTR)
		return "failed";
	return "refused";
}

/*
 * Return what takes back a change with OUTCOME, or NULL: the change was not made, or another
 * client made it.
 */
static json_t *attempt_line_undo(const struct attempt *attempt, const char *outcome)
{
	bool open = strcmp(outcome, SENDING) == 0 || strcmp(outcome, "unknown") == 0;

	if (attempt->idle || (!attempt->accepted && strcmp(outcome, "failed") == 0))
		return NULL;
	return attempt_undo_json(attempt, open);
}

/* Return the line with OUTCOME, and a newline at its end; the caller frees. NULL: no memory. */
static char *line_of(const struct attempt *attempt, const char *outcome, int error, size_t *length)
{
	const struct call *call = attempt->call;
	const char *name = error ? error_name(-error) : NULL;
	json_t *line = json_object();
	char when[TEXT_JSON_TIME_MAX], *text, *longer = NULL;

	json_object_set_new(line, "time", json_string(text_json_time(&attempt->when, when)));
	json_object_set_new(line, "attempt", json_string(attempt->token));
	json_object_set_new(line, "uid", json_integer(call->uid));
	json_object_set_new(line, "pid", json_integer(call->pid));
	json_object_set_new(line, "command", text_json(call->command));
	json_object_set_new(line, "vendor", text_json(attempt->account->name));
	json_object_set_new(line, "id", attempt->id ? id_text_json(attempt->id) : json_null());
	json_object_set_new(line, "path", text_json(call->path));
	json_object_set_new(line, "action", json_string(attempt->action));
	json_object_set_new(line, "fields",
			    attempt->fields ? json_incref(attempt->fields) : json_array());
	if (strcmp(outcome, "refused") != 0)
		json_object_set_new(line, "undo", attempt_line_undo(attempt, outcome));
	if (attempt->number)
		json_object_set_new(line, "history", json_integer((json_int_t)attempt->number));
	json_object_set_new(line, "outcome", json_string(outcome));
	json_object_set_new(line, "errno", name ? json_string(name) : json_null());
	json_object_set_new(line, "words", error ? text_json(call->words) : json_null());
	text = exact_print_text(line, EXACT_PRINT_LINE);
	json_decref(line);
	if (text) {
		*length = strlen(text) + 1;
		longer = realloc(text, *length + 1);
	}
	if (!longer) {
		free(text);
		return NULL;
	}
	memcpy(longer + *length - 1, "\n", 2);
	return longer;
}

/* ---- the audit log ---- */

/* Fail because the file or directory at PATH, which KEY of the config names, cannot be written. */
static int fail_audit(struct attempt *attempt, const char *key, const char *path, int error)
{
	call_forget_request(attempt->call);
	return call_fail(attempt->call, CALL_UNAUDITED, "%s %s: cannot be written: %s; %s", key,
			 path, strerror(-error),
			 attempt->sent ? "it was not sent again" : "nothing was sent");
}

/* Check that the history can take the change. Returns 0, or -EIO with a message in the call. */
static int check_history(struct attempt *attempt)
{
	struct history *history = guard_history(attempt->guard);
	const char *path = NULL;
	int error = history && attempt->roster && !guard_dry_run(attempt->guard)
			? history_ready(history, &path)
			: 0;

	return error ? fail_audit(attempt, "history_dir", path, error) : 0;
}

/* Give the attempt a name that no attempt of another mount has. Returns 0 or a negative errno. */
static int name_attempt(struct attempt *attempt)
{
	unsigned char bytes[(ATTEMPT_TOKEN_MAX - 1) / 2];

	if (attempt->token[0])
		return 0;
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(attempt->token + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

/* Return true if the last "sending" line in the log says what is sent now. */
static bool is_announced(const struct attempt *attempt)
{
	return attempt->announced && attempt->announced_id == (attempt->id != NULL) &&
	       json_equal(attempt->announced, attempt->fields);
}

/*
 * Append the line that says what is sent now (in a dry run, no line), and secure room for the line
 * with the outcome. Returns 0 or a negative errno.
 */
static int attempt_announce(struct attempt *attempt, struct audit *audit)
{
	bool dry = guard_dry_run(attempt->guard);
	size_t length = 0, size, more;
	char *line;
	int error = name_attempt(attempt);

	if (error)
		return error;
	if (!attempt->fields)
		attempt->fields = json_array();
	line = line_of(attempt, SENDING, 0, &length);
	if (!line)
		return -ENOMEM;
	size = length + OUTCOME_MAX + 6 * strlen(attempt->call->path);
	more = size > attempt->secured ? size - attempt->secured : 0;
	error = audit_announce(audit, line, dry ? 0 : length, more);
	free(line);
	if (error)
		return error;
	attempt->secured += more;
	json_decref(attempt->announced);
	attempt->announced = json_incref(attempt->fields);
	attempt->announced_id = attempt->id != NULL;
	return 0;
}

int attempt_send(struct attempt *attempt)
{
	struct audit *audit = guard_audit(attempt->guard);
	int error = check_history(attempt);

	if (error)
		return error;
	if (audit && !is_announced(attempt))
		error = attempt_announce(attempt, audit);
	if (error)
		return fail_audit(attempt, "audit_log", audit_path(audit), error);
	if (!guard_dry_run(attempt->guard))
		attempt->sent = true;
	return 0;
}

int attempt_dry_run(struct attempt *attempt, const char *method, const char *id)
{
	struct roster *roster = attempt->roster;
	const struct collection *collection = roster_collection(roster);
	int error = attempt_send(attempt);
	char *words;

	if (error)
		return error;
	words = request_words(collection, id ? collection->remove : collection->create, method,
			      roster_parent(roster), id, NULL);
	log_call(attempt->call, "dry run: nothing sent; it would be %s", words ? words : "?");
	free(words);
	return 0;
}

int attempt_send_counted(struct attempt *attempt)
{
	int error;

	attempt->ticket = 0;
	if (attempt->takes_back)
		return attempt_send(attempt);
	error = guard_take(attempt->guard, attempt->call, &attempt->ticket);
	if (error)
		return error;
	error = attempt_send(attempt);
	if (error)
		guard_give_back(attempt->guard, attempt->ticket);
	return error;
}

void attempt_uncount(struct attempt *attempt)
{
	if (!attempt->unknown && !attempt->call->unanswered)
		guard_give_back(attempt->guard, attempt->ticket);
}

/* Return the line that says how it ended; the caller frees. NULL: no memory. */
static char *outcome_line(struct attempt *attempt, int error, size_t *length)
{
	const char *outcome = outcome_of(attempt, error);
	char *line = line_of(attempt, outcome, error, length);
	size_t more = *length - attempt->secured;

	if (!line || !attempt->announced || *length <= attempt->secured)
		return line;
	/* fields that have become longer since are kept only if there is room for them */
	if (!audit_announce(guard_audit(attempt->guard), NULL, 0, more)) {
		attempt->secured += more;
		return line;
	}
	free(line);
	attempt_set_fields(attempt, json_incref(attempt->announced));
	return line_of(attempt, outcome, error, length);
}

/* Append the line that says how it ended. Returns 0 or a negative errno. */
static int append_outcome(struct attempt *attempt, int error)
{
	struct audit *audit = guard_audit(attempt->guard);
	size_t length = 0;
	char *line = NULL;
	int failed = name_attempt(attempt);

	if (!failed) {
		line = outcome_line(attempt, error, &length);
		failed = line ? 0 : -ENOMEM;
	}
	if (line)
		failed = audit_append(audit, line, length, attempt->secured);
	else
		audit_release(audit, attempt->secured);
	free(line);
	return failed;
}

/* ---- the history ---- */

void attempt_accepted(struct attempt *attempt, const json_t *before, const json_t *after,
		      const json_t *undo)
{
	attempt->accepted = true;
	attempt_history_add(attempt, before, after, undo);
}

/* ---- the end ---- */

static const char *alone_words(const struct attempt *attempt)
{
	return call_cancelled(attempt->call) ? " (its caller was interrupted)" : "";
}

const char *attempt_note(struct attempt *attempt)
{
	int length = snprintf(attempt->note, sizeof(attempt->note), "%s", alone_words(attempt));

	if (attempt->number)
		snprintf(attempt->note + length, sizeof(attempt->note) - (size_t)length,
			 " (history/%" PRIu64 ")", attempt->number);
	return attempt->note;
}

static enum account_write write_of(const struct attempt *attempt, int error)
{
	if (!error && guard_dry_run(attempt->guard) && !attempt->idle)
		return ACCOUNT_WRITE_DRY_RUN;
	if (!error)
		return attempt->idle && !attempt->sent ? ACCOUNT_WRITE_UNCHANGED
						       : ACCOUNT_WRITE_DONE;
	if (attempt->unknown)
		return ACCOUNT_WRITE_UNKNOWN;
	if (error == -EDQUOT)
		return ACCOUNT_WRITE_LIMITED;
	if (error == -ESTALE)
		return ACCOUNT_WRITE_CONFLICT;
	return strcmp(outcome_of(attempt, error), "refused") == 0 ? ACCOUNT_WRITE_REFUSED
								  : ACCOUNT_WRITE_FAILED;
}

/* Count the attempt, which has ended with ERROR, by its outcome. */
static void count_attempt(const struct attempt *attempt, int error)
{
	atomic_fetch_add_explicit(&attempt->account->writes[write_of(attempt, error)], 1,
				  memory_order_relaxed);
	if (!error && attempt->sent && attempt->roster)
		figures_note_write(attempt->roster);
}

/* Note that the vendor may still process a request without a response, whatever reads show now. */
static void leave_open(struct attempt *attempt)
{
	attempt->unknown = true;
	if (attempt->roster && attempt->id)
		publish_doubt(attempt->roster, attempt->id);
	call_add_words(attempt->call, "; the vendor may still be processing it");
}

void attempt_end(struct attempt *attempt, int error)
{
	int failed = 0;
	bool tell = guard_audit(attempt->guard) && (!attempt->idle || attempt->sent);

	if (error && attempt->call->unanswered)
		leave_open(attempt);
	count_attempt(attempt, error);
	if (error && error != -EINTR)
		call_add_words(attempt->call, "%s", alone_words(attempt));
	if (tell)
		failed = append_outcome(attempt, error);
	else if (attempt->secured)
		audit_release(guard_audit(attempt->guard), attempt->secured);
	if (failed)
		log_call(attempt->call, "audit_log %s: no line about this change: %s",
			 audit_path(guard_audit(attempt->guard)), strerror(-failed));
	json_decref(attempt->fields);
	json_decref(attempt->announced);
	json_decref(attempt->commands);
	free(attempt->undo);
	attempt->fields = attempt->announced = attempt->commands = NULL;
	attempt->undo = NULL;
}
