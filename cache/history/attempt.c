/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt.c - see attempt.h.
 *
 * The one place that knows what a line of the audit log looks like, and how a change ended. It
 * sends nothing and decides nothing, but for one thing: what can't be told to the audit log is not
 * sent.
 */
#include "cache/history/attempt.h"

#include "cache/roster/publish.h"
#include "cache/history/audit.h"
#include "cache/history/guard.h"
#include "cache/history/history.h"
#include "cache/history/takeback.h"
#include "cache/history/undo.h"
#include "cache/roster/roster.h"
#include "vendors/rest/collection.h"
#include "vendors/base/call.h"
#include "vendors/base/log.h"
#include "vendors/base/status_words.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_print.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* What the outcome adds to a line at most, besides the path: each byte of the words may become six.
 */
#define OUTCOME_MAX (6 * (size_t)CALL_WORDS_MAX + 1024)

/* The outcome in a line that stands there before anything is sent. */
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

/* ---- what is said of it ---- */

void attempt_set_fields(struct attempt *attempt, json_t *fields)
{
	if (!fields)
		return;
	json_decref(attempt->fields);
	attempt->fields = fields;
}

static json_t *shown(unsigned flags, const json_t *value)
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
	json_object_set_new(field, "before", shown(flags, before));
	json_object_set_new(field, "after", shown(flags, after));
	json_array_append_new(fields, field);
}

char *attempt_command(const struct attempt *attempt, const struct undo *undo)
{
	const struct undo_words *words = guard_undo_words(attempt->guard);

	return words ? words->command(attempt->account, undo) : NULL;
}

void attempt_undone_by(struct attempt *attempt, const struct undo *undo)
{
	char *command = attempt_command(attempt, undo);

	if (!command)
		return;
	if (!attempt->commands)
		attempt->commands = json_array();
	json_array_append_new(attempt->commands, json_string(command));
	free(command);
}

void attempt_undone_by_status(struct attempt *attempt, const char *id)
{
	const struct undo undo = {.what = UNDO_STATUS, .id = id, .word = STATUS_INACTIVE};

	attempt_undone_by(attempt, &undo);
}

/* ---- the line ---- */

/* TEXT as JSON, also where a name or a vendor's words are no UTF-8. */
static json_t *text_json(const char *text)
{
	json_t *made = json_string(text);
	char *copy = made ? NULL : strdup(text);

	for (char *c = copy; c && *c; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	if (copy)
		made = json_string(copy);
	free(copy);
	return made;
}

static json_t *time_json(const struct timespec *when)
{
	struct tm utc;
	char text[48];
	size_t length;

	gmtime_r(&when->tv_sec, &utc);
	length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + length, sizeof(text) - length, ".%03ldZ", when->tv_nsec / 1000000);
	return json_string(text);
}

static const char *outcome_of(const struct attempt *attempt, int error)
{
	if (!error)
		return guard_dry_run(attempt->guard) ? "dry-run" : "done";
	if (attempt->unknown)
		return "unknown";
	/* what a request decided, or what nobody waited for, is not our refusal */
	if (attempt->sent || attempt->call->request[0] || error == -EINTR)
		return "failed";
	return "refused";
}

/*
 * The command that makes WORD (NULL: none) the record's status, or NULL: a vendor's further words
 * can be restored by a document only. The caller frees.
 */
static char *status_command(const struct attempt *attempt, const char *word)
{
	const struct undo undo = {.what = UNDO_STATUS, .path = attempt->call->path, .word = word};

	if (!word || (strcmp(word, STATUS_ACTIVE) != 0 && strcmp(word, STATUS_INACTIVE) != 0))
		return NULL;
	return attempt_command(attempt, &undo);
}

/* The same for the status from before, as an array, or NULL: no status was written. */
static json_t *undo_of_status(const struct attempt *attempt)
{
	const json_t *field = json_array_get(attempt->fields, 0);
	const json_t *before = json_object_get(field, "before");
	char *text = strcmp(attempt->action, "status") == 0
			 ? status_command(attempt, exact_string(before))
			 : NULL;
	json_t *undo = text ? json_pack("[o]", text_json(text)) : NULL;

	free(text);
	return undo;
}

/*
 * What undoes it, for the account's directory: a new reference, or NULL. What was not made, or was
 * made by somebody else, is not undone.
 */
static json_t *undo_json(const struct attempt *attempt, const char *outcome)
{
	bool open = strcmp(outcome, SENDING) == 0 || strcmp(outcome, "unknown") == 0;

	if (attempt->idle || (!attempt->accepted && strcmp(outcome, "failed") == 0))
		return NULL;
	if (attempt->undo)
		return json_pack("[o]", text_json(attempt->undo));
	if (attempt->commands)
		return json_incref(attempt->commands);
	return open ? undo_of_status(attempt) : NULL;
}

/* The line that says OUTCOME, with a newline at its end; the caller frees. NULL: no memory. */
static char *line_of(const struct attempt *attempt, const char *outcome, int error, size_t *length)
{
	const struct call *call = attempt->call;
	const char *name = error ? strerrorname_np(-error) : NULL;
	json_t *line = json_object();
	char *text, *longer = NULL;

	json_object_set_new(line, "time", time_json(&attempt->when));
	json_object_set_new(line, "attempt", json_string(attempt->token));
	json_object_set_new(line, "uid", json_integer(call->uid));
	json_object_set_new(line, "pid", json_integer(call->pid));
	json_object_set_new(line, "command", text_json(call->command));
	json_object_set_new(line, "vendor", text_json(attempt->account->name));
	json_object_set_new(line, "id", attempt->id ? text_json(attempt->id) : json_null());
	json_object_set_new(line, "path", text_json(call->path));
	json_object_set_new(line, "action", json_string(attempt->action));
	json_object_set_new(line, "fields",
			    attempt->fields ? json_incref(attempt->fields) : json_array());
	if (strcmp(outcome, "refused") != 0)
		json_object_set_new(line, "undo", undo_json(attempt, outcome));
	if (attempt->number)
		json_object_set_new(line, "history", json_integer((json_int_t)attempt->number));
	json_object_set_new(line, "outcome", json_string(outcome));
	json_object_set_new(line, "errno", name ? json_string(name) : json_null());
	json_object_set_new(line, "words", error ? text_json(call->words) : json_null());
	text = exact_print_text(line, 0);
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

static int fail_audit(struct attempt *attempt, int error)
{
	attempt->call->request[0] = '\0';
	attempt->call->status = 0;
	return call_fail(attempt->call, CALL_UNAUDITED, "audit_log %s can't be written (%s), so %s",
			 audit_path(guard_audit(attempt->guard)), strerror(-error),
			 attempt->sent ? "it was not sent again" : "nothing was sent");
}

/* Name it where all mounts are told apart. 0 or a negative errno. */
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

/* Has the log the line that says what is sent now? */
static bool is_announced(const struct attempt *attempt)
{
	return attempt->announced && json_equal(attempt->announced, attempt->fields);
}

/*
 * Append the line that says what is sent now (in a dry run: nothing), and secure room for the
 * outcome's. 0 or a negative errno.
 */
static int announce(struct attempt *attempt, struct audit *audit)
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
	return 0;
}

int attempt_send(struct attempt *attempt)
{
	struct audit *audit = guard_audit(attempt->guard);
	int error = 0;

	if (audit && !is_announced(attempt))
		error = announce(attempt, audit);
	if (error)
		return fail_audit(attempt, error);
	if (!guard_dry_run(attempt->guard))
		attempt->sent = true;
	return 0;
}

int attempt_dry_run(struct attempt *attempt, const char *method, const char *id)
{
	struct roster *roster = attempt->roster;
	int error = attempt_send(attempt);
	char *path;

	if (error)
		return error;
	path = collection_path(roster_collection(roster), roster_parent(roster), id);
	log_call(attempt->call, "dry run: nothing sent; it would be %s %s", method,
		 path ? path : "?");
	free(path);
	return 0;
}

int attempt_send_counted(struct attempt *attempt, uint64_t *ticket)
{
	int error;

	*ticket = 0;
	if (attempt->takes_back)
		return attempt_send(attempt);
	error = guard_take(attempt->guard, attempt->call, ticket);
	if (error)
		return error;
	error = attempt_send(attempt);
	if (error)
		guard_give_back(attempt->guard, *ticket);
	return error;
}

void attempt_uncount(struct attempt *attempt, uint64_t ticket)
{
	if (!attempt->unknown && !attempt->call->unanswered)
		guard_give_back(attempt->guard, ticket);
}

/* The line that says how it ended; the caller frees. NULL: no memory. */
static char *outcome_line(struct attempt *attempt, int error, size_t *length)
{
	const char *outcome = outcome_of(attempt, error);
	char *line = line_of(attempt, outcome, error, length);
	size_t more = *length - attempt->secured;

	if (!line || !attempt->announced || *length <= attempt->secured)
		return line;
	/* what others have written to the fields since is told only where there is room for it */
	if (!audit_announce(guard_audit(attempt->guard), NULL, 0, more)) {
		attempt->secured += more;
		return line;
	}
	free(line);
	attempt_set_fields(attempt, json_incref(attempt->announced));
	return line_of(attempt, outcome, error, length);
}

/* Append the line that says how it ended. 0 or a negative errno. */
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

/* The commands as a script, which the caller frees; NULL: there is none. */
static char *script_of(const struct attempt *attempt)
{
	const struct undo_words *words = guard_undo_words(attempt->guard);

	return words && attempt->commands ? words->script(attempt->account, attempt->commands)
					  : NULL;
}

/* UNDO, a document, restores it: by the old word of a status, or a copy of what the history has. */
static void tell_undo(struct attempt *attempt, const json_t *undo)
{
	const struct undo copy = {.what = UNDO_DOCUMENT,
				  .path = attempt->call->path,
				  .number = attempt->number};
	const char *word = NULL;
	char *text;

	if (strcmp(attempt->action, "status") == 0)
		word = json_string_value(
		    json_object_get(undo, roster_collection(attempt->roster)->status_key));
	text = status_command(attempt, word);
	if (!text)
		text = attempt_command(attempt, &copy);
	if (!text)
		return;
	free(attempt->undo);
	attempt->undo = text;
}

void attempt_accepted(struct attempt *attempt, const json_t *before, const json_t *after,
		      const json_t *undo)
{
	struct history *history = guard_history(attempt->guard);
	char *script;
	struct history_write write = {.owner = attempt->roster,
				      .id = attempt->id,
				      .before = before,
				      .after = after,
				      .undo = undo,
				      .stamp_key = roster_collection(attempt->roster)->stamp_key};

	attempt->accepted = true;
	if (!history)
		return;
	script = script_of(attempt);
	write.script = script;
	takeback_tell(attempt, before, after, &write.access);
	attempt->number = history_add(history, &write);
	history_access_clear(&write.access);
	if (attempt->number && undo)
		tell_undo(attempt, undo);
	if (!attempt->number)
		log_call(attempt->call, "no memory: the change is not in .rosterfs/history");
	free(script);
}

/* ---- the end ---- */

const char *attempt_alone(const struct attempt *attempt)
{
	return call_cancelled(attempt->call) ? " (its caller was interrupted)" : "";
}

/* Whatever a look has shown since: the vendor may still be at what it has not answered. */
static void leave_open(struct attempt *attempt)
{
	attempt->unknown = true;
	if (attempt->roster && attempt->id)
		publish_doubt(attempt->roster, attempt->id);
	call_add_words(attempt->call, "; the vendor may still be at it");
}

void attempt_end(struct attempt *attempt, int error)
{
	int failed = 0;
	bool tell = guard_audit(attempt->guard) && (!attempt->idle || attempt->sent);

	if (error && attempt->call->unanswered)
		leave_open(attempt);
	if (error && error != -EINTR)
		call_add_words(attempt->call, "%s", attempt_alone(attempt));
	if (tell)
		failed = append_outcome(attempt, error);
	else if (attempt->secured)
		audit_release(guard_audit(attempt->guard), attempt->secured);
	if (failed)
		log_call(attempt->call, "audit_log %s has no line about this change: %s",
			 audit_path(guard_audit(attempt->guard)), strerror(-failed));
	json_decref(attempt->fields);
	json_decref(attempt->announced);
	json_decref(attempt->commands);
	free(attempt->undo);
	attempt->fields = attempt->announced = attempt->commands = NULL;
	attempt->undo = NULL;
}
