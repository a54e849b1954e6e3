/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words.c - see words.h.
 *
 * The places are those of RFC 7807 and 9457, RFC 6749 (OAuth), RFC 7644 (SCIM), and of the APIs
 * that the comments name.
 */
#include "vendors/rest/words.h"

#include "vendors/http/endpoint.h"
#include "vendors/http/http_reply.h"
#include "vendors/json/exact.h"
#include "vendors/json/exact_bounded.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/rules.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger bodies are not looked at for a limit: that would keep the one thread from all sockets. */
#define SMALL_BODY ((size_t)16 << 10)
/* Larger ones are no message of an error. */
#define MESSAGE_BODY ((size_t)1 << 20)
#define TEXT_MAX 200 /* bytes of a response that is plain text */

/* Append TEXT to WORDS, after a separator if WORDS is not empty, unless it is there. */
static void add_words(char *words, size_t size, const char *text)
{
	size_t length = strlen(words);

	if (text && *text && length + 3 < size && !strstr(words, text))
		snprintf(words + length, size - length, "%s%s", length ? ": " : "", text);
}

static void add_string(char *words, size_t size, const json_t *string)
{
	char *text = exact_string_words(string);

	add_words(words, size, text);
	if (text)
		explicit_bzero(text, strlen(text)); /* it may quote a secret */
	free(text);
}

static void add_members(char *words, size_t size, const json_t *object, const char *const *names)
{
	for (; *names; names++)
		add_string(words, size, json_object_get(object, *names));
}

/* Add one element of an array of errors. */
static void add_item(char *words, size_t size, const json_t *item)
{
	/* property: Partnerize; name: RFC 7807's invalid-params; field: GitHub; errorSummary: Okta
	 */
	static const char *const names[] = {"property", "field",       "name",         "title",
					    "detail",   "message",     "msg",          "reason",
					    "error",    "description", "errorSummary", NULL};

	add_string(words, size, item);
	add_members(words, size, item, names);
}

/* Add what ERRORS says: an array of items, or an object of fields (ASP.NET, Laravel, Zendesk), each
 * with one or several texts. */
static void add_items(char *words, size_t size, const json_t *errors)
{
	const char *field;
	json_t *item, *text, *name;
	size_t i;

	json_array_foreach(errors, i, item)
		add_item(words, size, item);
	json_object_foreach((json_t *)(uintptr_t)errors, field, item) {
		name = json_string(field);
		add_string(words, size, name);
		json_decref(name);
		add_item(words, size, item);
		json_array_foreach(item, i, text)
			add_item(words, size, text);
	}
}

static bool is_list_of_texts(const json_t *value)
{
	json_t *text;
	size_t i;

	json_array_foreach(value, i, text) {
		if (!exact_is_string(text))
			return false;
	}
	return json_array_size(value) > 0;
}

/* Add the members of ANSWER that are lists of texts: {"email": ["This field is required."]} of
 * Django REST Framework, GitLab and Rails. */
static void add_fields(char *words, size_t size, const json_t *answer)
{
	const char *field;
	json_t *texts, *text;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)answer, field, texts) {
		if (!is_list_of_texts(texts))
			continue;
		if (strcmp(field, "non_field_errors") != 0)
			add_words(words, size, exact_key_words(field));
		json_array_foreach(texts, i, text)
			add_string(words, size, text);
	}
}

void words_read(const json_t *answer, char *words, size_t size)
{
	static const char *const of_error[] = {"message", "msg",    "title", "description",
					       "detail",  "reason", NULL};
	static const char *const texts[] =
	    {"error_description",                              /* RFC 6749 */
	     "message",           "msg",    "title", "detail", /* RFC 7807, RFC 9457, RFC 7644 */
	     "scimType",                                       /* RFC 7644 */
	     "errorMessage",                                   /* Keycloak */
	     "errorSummary",                                   /* Okta */
	     "error_summary",                                  /* Dropbox */
	     "description",       "reason", NULL};
	/* also of what some vendors have in place of a text */
	static const char *const lists[] = {"invalid-params", "invalid_params", "message",
					    "detail",         "details",        "errorMessages",
					    "errorCauses",    "context_info",   NULL};
	const json_t *error = json_object_get(answer, "error"), *items;

	words[0] = '\0';
	add_string(words, size, answer);
	add_string(words, size, error);
	add_members(words, size, error, of_error);
	add_members(words, size, answer, texts);
	add_string(words, size, json_object_get(json_object_get(answer, "user_message"), "text"));
	items = json_object_get(error, "errors");
	if (!items)
		items = json_object_get(answer, "errors");
	add_items(words, size, items);
	/* Slack's SCIM 1 */
	add_string(words, size, json_object_get(json_object_get(answer, "Errors"), "description"));
	for (const char *const *list = lists; *list; list++) {
		items = json_object_get(answer, *list);
		add_items(words, size,
			  json_object_get(items, "errors") ? json_object_get(items, "errors")
							   : items);
	}
	/* Salesforce: an array of errors is all */
	if (json_is_array(answer))
		add_items(words, size, answer);
	if (!words[0])
		add_fields(words, size, answer);
}

void words_of(const json_t *value, char *words, size_t size)
{
	words[0] = '\0';
	add_string(words, size, value);
	if (json_is_object(value))
		words_read(value, words, size);
	else
		add_items(words, size, value);
}

json_t *words_parse(const char *body, size_t length)
{
	bool read = body && length <= MESSAGE_BODY;
	json_t *answer = read ? exact_bounded_parse(body, length, EXACT_PARSE_ANY,
						    EXACT_BOUNDED_HEAP, NULL, NULL)
			      : NULL;
	char *plain = answer || !read ? NULL : malloc(length + 1);

	if (!plain)
		return answer;
	for (size_t i = 0; i < length; i++)
		plain[i] = (char)(body[i] & 0x80 ? '?' : body[i]);
	answer = exact_bounded_parse(plain, length, EXACT_PARSE_ANY, EXACT_BOUNDED_HEAP, NULL,
				     NULL);
	explicit_bzero(plain, length);
	free(plain);
	return answer;
}

/* Put the first line of BODY, which is no JSON, into WORDS; "" if it is no plain text. */
static void words_of_text(const char *body, size_t length, char *words, size_t size)
{
	size_t end = 0;

	words[0] = '\0';
	while (length && isspace((unsigned char)*body)) {
		body++;
		length--;
	}
	/* HTML, or JSON that was cut */
	if (!length || strchr("<{[\"", *body))
		return;
	while (end < length && end < TEXT_MAX && end + 1 < size && body[end] && body[end] != '\n' &&
	       body[end] != '\r')
		end++;
	for (size_t i = 0; i < end; i++)
		words[i] = (char)((unsigned char)body[i] < 0x20 || (body[i] & 0x80) ||
					  body[i] == 0x7f
				      ? '?'
				      : body[i]);
	words[end] = '\0';
}

void words_of_body(const char *body, size_t length, char *words, size_t size)
{
	json_t *answer = words_parse(body, length);

	words_read(answer, words, size);
	if (body && !answer)
		words_of_text(body, length, words, size);
	json_decref(answer);
}

/* ---- what the thread of http_loop.c asks ---- */

/* Fill in *PARTS with REPLY. Returns its body, a new reference, if WANTED and it is small. */
static json_t *take_apart(const struct http_reply *reply, bool wanted, struct source_reply *parts)
{
	json_t *body = NULL;

	if (wanted && reply->body && reply->length <= SMALL_BODY)
		body = exact_parse(reply->body, reply->length, EXACT_PARSE_ANY, NULL);
	*parts = (struct source_reply){.headers = reply->headers, .body = body};
	return body;
}

static bool is_limited(const struct endpoint *endpoint, const struct http_reply *reply)
{
	const struct rule_errors *errors = endpoint->rules;
	const struct condition *condition = &errors->limited_when;
	bool success = reply->status >= 200 && reply->status < 300, limited;
	struct source_reply parts;
	json_t *body;

	/* with a success, "none are left" is about the next request */
	if (success && condition->source.kind != SOURCE_BODY)
		return false;
	body = take_apart(reply, condition->source.kind == SOURCE_BODY, &parts);
	limited = condition_holds(condition, &parts);
	json_decref(body);
	return limited;
}

static char *wait_asked(const struct endpoint *endpoint, const struct http_reply *reply)
{
	const struct source *source = &((const struct rule_errors *)endpoint->rules)->retry_after;
	struct source_reply parts;
	json_t *body = take_apart(reply, source->kind == SOURCE_BODY, &parts);
	json_t *found = source_get(source, &parts);
	const char *string = exact_string(found);
	char *text = string ? strdup(string) : found ? exact_print_text(found, 0) : NULL;

	json_decref(found);
	json_decref(body);
	return text;
}

void words_install(struct endpoint *endpoint, const struct rule_errors *errors)
{
	endpoint->rules = errors;
	if (errors && errors->limited_when.source.kind != SOURCE_NONE)
		endpoint->is_limited = is_limited;
	if (errors && errors->retry_after.kind != SOURCE_NONE)
		endpoint->wait_asked = wait_asked;
}
