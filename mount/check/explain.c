/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.c - see explain.h.
 *
 * The write runs as it would through a mount, guards included, except that an observer of the
 * account prints what would change something and holds it back. So what is printed is what would be
 * sent, not what this file believes.
 */
#include "mount/check/explain.h"

#include "cache/access/status.h"
#include "cache/access/status_refusal.h"
#include "cache/history/guard.h"
#include "cache/roster/flight.h"
#include "cache/roster/roster.h"
#include "cache/update/update.h"
#include "fs/tree/path.h"
#include "mount/config/config.h"
#include "vendors/base/call.h"
#include "vendors/base/limits.h"
#include "vendors/base/pool.h"
#include "vendors/http/http.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/observer.h"
#include "vendors/vendor.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define THREADS_MAX 8
#define STARS "***"

struct explain {
	struct observer observer;
	FILE *out;
	pthread_mutex_t lock; /* of out and held */
	unsigned held;        /* requests that were held back */
};

/* ---- one request ---- */

/* Write TEXT to OUT, with each run of asterisks that account_redact left, of four or more, as ***.
 */
static void print_redacted(FILE *out, const struct account *account, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return;
	account_redact(account, copy);
	for (const char *at = copy; *at;) {
		size_t stars = strspn(at, "*");

		if (stars > 3)
			fputs(STARS, out);
		else if (stars)
			fprintf(out, "%.*s", (int)stars, at);
		else
			fputc((unsigned char)*at < 0x20 && *at != '\n' ? '?' : *at, out);
		at += stars ? stars : 1;
	}
	explicit_bzero(copy, strlen(copy));
	free(copy);
}

/* Replace each value in VALUE by *** that a field of ACCOUNT's users with such flags has, at any
 * depth: a body may be wrapped. */
static void hide_values(const struct account *account, json_t *value)
{
	const struct collection *users = account->vendor->users;
	const char *name;
	json_t *below;
	void *next;
	size_t i;

	for (const struct field *field = users->fields; json_is_object(value) && field->name;
	     field++) {
		if ((field->flags & (FIELD_WRITE_ONLY | FIELD_CONFIDENTIAL)) &&
		    pointer_get(value, field->name))
			pointer_set(value, field->name, json_string(STARS));
	}
	json_object_foreach_safe(value, next, name, below)
		hide_values(account, below);
	json_array_foreach(value, i, below)
		hide_values(account, below);
}

static void print_body(FILE *out, const struct account *account, const struct http_request *request)
{
	json_t *body = exact_parse(request->body, request->body_length, EXACT_PARSE_ANY, NULL);
	char *text = NULL;

	if (body) {
		hide_values(account, body);
		text = exact_print_text(body, 0);
	}
	fputc('\n', out);
	print_redacted(out, account, text ? text : request->body);
	fputc('\n', out);
	free(text);
	json_decref(body);
}

/* Print the names of the proofs of identity that the api of REQUEST will add. */
static void print_proof(FILE *out, const struct account *account,
			const struct http_request *request)
{
	const struct rule_api *api;

	if (!account->vendor->apis) {
		fputs("(and the proof of identity: " STARS ")\n", out);
		return;
	}
	api = &account->vendor->apis[request->api];
	for (const struct rule_header *header = api->auth_headers; header && header->name; header++)
		fprintf(out, "%s: " STARS "\n", header->name);
	if (api->user)
		fputs("Authorization: Basic " STARS "\n", out);
	for (const struct rule_header *part = api->auth_query; part && part->name; part++)
		fprintf(out, "(and in the URL: %s=" STARS ")\n", part->name);
}

static bool sees(struct observer *observer, struct account *account,
		 const struct http_request *request)
{
	struct explain *explain = (struct explain *)observer;
	FILE *out = explain->out;

	pthread_mutex_lock(&explain->lock);
	if (request->repeatable) {
		fprintf(out, "# sent: %s ", request->method);
		print_redacted(out, account, request->shown ? request->shown : request->path);
		fputc('\n', out);
	} else {
		explain->held++;
		fprintf(out, "%s ", request->method);
		print_redacted(out, account, account_endpoint(account, request->api)->base_url);
		print_redacted(out, account, request->shown ? request->shown : request->path);
		fputc('\n', out);
		print_proof(out, account, request);
		for (unsigned i = 0; i < request->header_count; i++) {
			fprintf(out, "%s: ", request->headers[i].name);
			print_redacted(out, account, request->headers[i].value);
			fputc('\n', out);
		}
		if (request->body) {
			fprintf(out, "Content-Type: %s\n",
				request->content_type ? request->content_type : "application/json");
			print_body(out, account, request);
		}
	}
	(void)fflush(out);
	pthread_mutex_unlock(&explain->lock);
	return request->repeatable;
}

/* ---- the write ---- */

/* Read standard input, at most LIMITS_TEXT_MAX bytes. Returns new text, or NULL. */
static char *read_input(size_t *length)
{
	char *text = malloc(LIMITS_TEXT_MAX + 1);

	if (!text)
		return NULL;
	*length = fread(text, 1, LIMITS_TEXT_MAX + 1, stdin);
	return text;
}

/* Make the write. Returns 0 or a negative errno with words in CALL. */
static int make_write(struct call *call, struct roster *roster, struct guard *guard,
		      const struct path_name *name, const char *text)
{
	const char *word;
	size_t length = 0;
	char *document;
	int error;

	if (name->kind == PATH_STATUS) {
		word = text ? status_word(text, strlen(text)) : NULL;
		if (word)
			return status_write(call, roster, guard, name->id, word);
		return call_fail(call, CALL_INVALID, "%s",
				 text ? status_refusal(text, strlen(text))
				      : "the status is missing: write active, inactive or deleted "
					"behind the path");
	}
	document = read_input(&length);
	if (!document)
		return call_no_memory(call);
	error = update_document(call, roster, guard, name->id, document, length);
	explicit_bzero(document, length);
	free(document);
	return error;
}

/* Run the write of NAME at ACCOUNT. */
static int run_account(struct explain *explain, const struct config *config,
		       struct account *account, const struct path_name *name, const char *text)
{
	const struct roster_events events = {0};
	const struct vendor *vendor = account->vendor;
	bool memberships = name->kind == PATH_STATUS && vendor->statuses;
	struct pool *pool = pool_new(THREADS_MAX);
	struct guard *guard = guard_new(false, false, config->status_limit, config->status_window);
	struct roster *roster = NULL;
	struct call call;
	int error;

	call_init(&call, account->name);
	if (pool && guard)
		roster = roster_new(account, memberships ? vendor->statuses : vendor->users, NULL,
				    pool, &events);
	error = roster ? make_write(&call, roster, guard, name, text) : call_no_memory(&call);
	if (explain->held)
		fputs("# not sent\n", explain->out);
	else if (error)
		fprintf(explain->out, "# refused: %s\n", call.words);
	else
		fputs("# nothing would be sent: there is nothing to change\n", explain->out);
	if (roster)
		flight_stop(roster);
	pool_free(pool);
	roster_free(roster);
	guard_free(guard);
	call_destroy(&call);
	return error && !explain->held;
}

static struct account *find_account(const struct config *config, const char *name, size_t length)
{
	for (size_t i = 0; i < config->account_count; i++) {
		struct account *account = config->accounts[i];

		if (strlen(account->name) == length && strncmp(account->name, name, length) == 0)
			return account;
	}
	return NULL;
}

int explain_run(const struct config *config, const char *path, const char *text, FILE *out)
{
	struct explain explain = {.observer.sees = sees,
				  .out = out,
				  .lock = PTHREAD_MUTEX_INITIALIZER};
	size_t length = strcspn(path, "/");
	struct account *account = find_account(config, path, length);
	struct path_name name = {0};
	int failed;

	if (path[length])
		path_parse(path + length + 1, &name);
	if (!account || !account->vendor->users || !name.has_id || name.kind == PATH_OTHER) {
		fprintf(out,
			"# refused: %s is no user's file: it must be SECTION/ID.status or "
			"SECTION/ID.json, with a section that has an API\n",
			path);
		return 1;
	}
	account->observer = &explain.observer;
	failed = run_account(&explain, config, account, &name, text);
	account->observer = NULL;
	pthread_mutex_destroy(&explain.lock);
	return failed;
}
