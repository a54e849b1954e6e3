/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_request.c - see make_request.h.
 */
#include "vendors/description/make_request.h"

#include "vendors/description/grammar.h"
#include "vendors/description/placeholders.h"
#include "vendors/template/body.h"
#include "vendors/template/template.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ALTERNATIVES_MAX 32 /* bits of account->alternatives */

/* Headers that rosterfs adds: Authorization, Accept, User-Agent, If-Match. */
#define OWN_HEADERS 4

bool make_request_is_given(const struct draft_request *draft)
{
	/* "none" takes a preset request away */
	return draft->head.from && draft->rule.method && *draft->rule.method;
}

bool make_request_has(const struct rule_request *rule, const char *name)
{
	for (; rule; rule = rule->alternative) {
		if (placeholders_have(rule->path, name) || placeholders_have(rule->body, name))
			return true;
	}
	return false;
}

static size_t count_headers(const struct rule_header *headers)
{
	size_t count = 0;

	while (headers[count].name)
		count++;
	return count;
}

int make_request_headers(const struct make *make, const struct merged *section, const char *key,
			 const struct rule_header *headers, unsigned holds, unsigned api,
			 const struct rule_header **copy)
{
	size_t count = count_headers(headers);
	int result = 0;

	*copy = NULL;
	for (size_t i = 0; i < count; i++) {
		char name[128];
		const struct placeholders text = {section,
						  name,
						  headers[i].value,
						  strcmp(key, "query") == 0 ? PLACEHOLDERS_PATH
									    : PLACEHOLDERS_HEADER,
						  holds,
						  api};

		(void)snprintf(name, sizeof(name), "%s.%s", key, headers[i].name);
		result = make_both(result, placeholders_check(make, &text));
	}
	if (count)
		*copy = make_copy(make, headers, (count + 1) * sizeof(*headers));
	return count && !*copy ? make_fail_memory(make) : result;
}

/* Check that an api and a request of it do not have more headers together than can be sent. */
static int check_room(const struct make *make, const struct draft_request *draft, unsigned api)
{
	const struct draft_endpoint *endpoint = &make->draft->apis[api];
	size_t count = count_headers(endpoint->api.headers) +
		       count_headers(endpoint->auth.headers) + count_headers(draft->headers);

	/* it has more than it may have, which is a fault already */
	if (endpoint->auth.head.from && endpoint->auth.head.from->broken)
		return 0;
	if (count > HTTP_HEADERS_MAX - OWN_HEADERS)
		return make_fail(make, draft->head.from, NULL,
				 "a request may have at most %d headers, those of [api] and [auth] "
				 "included",
				 HTTP_HEADERS_MAX - OWN_HEADERS);
	return 0;
}

/* ---- one rule ---- */

/* Check the texts of RULE, whose keys are REQUEST and BODY. */
static int check_texts(const struct make *make, const struct draft_request *draft,
		       const struct rule_request *rule, const char *body_key)
{
	const struct merged *section = draft->head.from;
	unsigned holds = section->kind->holds;
	const struct placeholders path = {section,           "request", rule->path,
					  PLACEHOLDERS_PATH, holds,     rule->api};
	const struct placeholders body = {section,           body_key, rule->body,
					  PLACEHOLDERS_BODY, holds,    rule->api};
	bool get = strcmp(rule->method, "GET") == 0;
	int result = 0;

	if (get && section->kind->changes)
		result = make_fail_alone(make, section, "request",
					 "[%s] changes something: not with a GET",
					 section->kind->name);
	else if (get && rule->body)
		result = make_fail_alone(make, section, body_key, "a GET has no body");
	result = make_both(result, placeholders_check(make, &path));
	return make_both(result, placeholders_check(make, &body));
}

/* Refuse keys of an alternative that SECTION's request does not have, except preset ones: their
 * request was replaced. */
static int check_no_alternative(const struct make *make, const struct merged *section)
{
	static const char *const keys[] = {"alternative_body", "alternative_id"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct merged_key *key = variant_key(section, keys[i]);

		if (key && !key->preset)
			return make_fail(make, section, keys[i],
					 "request has no alternative: METHOD PATH, METHOD PATH");
	}
	return 0;
}

/* Make the alternative of RULE. */
static int make_alternative(struct make *make, const struct draft_request *draft,
			    struct rule_request *rule)
{
	const struct merged *section = draft->head.from;
	struct rule_request other = *rule;

	if (!draft->alternative.method)
		return check_no_alternative(make, section);
	other.method = draft->alternative.method;
	other.path = draft->alternative.path;
	if (draft->alternative.id_member || draft->alternative.body)
		other.id_member = draft->alternative.id_member;
	if (draft->alternative.body)
		other.body = draft->alternative.body;
	else if (strcmp(other.method, "GET") == 0)
		other.body = NULL;
	if (other.id_member && (!other.body || !body_is_json(other.body)))
		return make_fail(make, section, "alternative_id",
				 "the alternative has no JSON body that could take an id");
	if (make->alternatives == ALTERNATIVES_MAX)
		return make_fail(make, section, "request",
				 "there are more than %d requests with an alternative",
				 ALTERNATIVES_MAX);
	rule->alternative_bit = make->alternatives++;
	other.alternative_bit = rule->alternative_bit;
	rule->alternative = make_copy(make, &other, sizeof(other));
	if (!rule->alternative)
		return make_fail_memory(make);
	return check_texts(make, draft, &other,
			   draft->alternative.body ? "alternative_body" : "body");
}

/* Make RULE, whose path and api are set. */
static int make_rule(struct make *make, const struct draft_request *draft,
		     struct rule_request *rule)
{
	const struct merged *section = draft->head.from;
	int result = check_texts(make, draft, rule, "body");

	if (rule->id_member && (!rule->body || !body_is_json(rule->body)))
		result = make_both(result, make_fail(make, section, "body_id",
						     "the request has no JSON body that could take "
						     "an id"));
	result = make_both(result,
			   make_request_headers(make, section, "header", draft->headers,
						section->kind->holds, rule->api, &rule->headers));
	result = make_both(result, check_room(make, draft, rule->api));
	rule->memory = section->kind->changes && make_is_memory(make, &draft->head);
	return make_both(result, make_alternative(make, draft, rule));
}

/* Set *API to the number of the api that DRAFT names. */
static int find_api(const struct make *make, const struct draft_request *draft, unsigned *api)
{
	*api = 0;
	while (draft->api && *api < make->draft->api_count &&
	       strcmp(make->draft->apis[*api].word, draft->api) != 0)
		(*api)++;
	if (*api == make->draft->api_count)
		return make_fail_absent(make, draft->head.from, "api",
					"there is no section [api %s]", draft->api);
	return 0;
}

static bool is_path(const char *path)
{
	return !path || (path[0] == '/' && path[1] != '/');
}

int make_request(struct make *make, const struct draft_request *draft, struct rule_request *rule)
{
	int result;

	*rule = draft->rule;
	result = find_api(make, draft, &rule->api);
	if (result)
		return result;
	if (!is_path(rule->path) || !is_path(draft->alternative.path))
		result = make_fail_alone(make, draft->head.from, "request",
					 "a path begins with one /: it is below the base_url");
	return make_both(result, make_rule(make, draft, rule));
}

/* If the account gives another URL for tokens of api number API than *URL, put that before the
 * query of *URL. Returns 0 or -ENOMEM. */
static int replace_url(const struct make *make, unsigned api, const char **url)
{
	char buffer[HINT_MAX + 2], *joined;
	const char *query = strchr(*url, '?'), *given;
	size_t size;

	given = *url[0] == '{'
		    ? NULL
		    : settings_url(make->chosen->settings, make->chosen->values, SETTINGS_TOKEN_URL,
				   make->draft->apis[api].word, buffer);
	if (!given)
		return 0;
	size = strlen(given) + (query ? strlen(query) : 0) + 1;
	joined = arena_get(make->arena, size);
	if (!joined)
		return -ENOMEM;
	(void)snprintf(joined, size, "%s%s", given, query ? query : "");
	*url = joined;
	return 0;
}

int make_request_token(struct make *make, const struct draft_request *draft, unsigned api,
		       struct rule_request *rule)
{
	const struct merged *section = draft->head.from;
	int result = 0;

	*rule = draft->rule;
	rule->api = api;
	if (!is_path(rule->path) && replace_url(make, api, &rule->path))
		return make_fail_memory(make);
	if (!is_path(rule->path)) {
		if (*rule->path != '{' && strncmp(rule->path, "http", 4) != 0)
			return make_fail_alone(make, section, "request",
					       "a path begins with one /; else it is a URL");
		result = placeholders_url(make, section, "request", rule->path, &rule->path, NULL);
	}
	if (!result && draft->alternative.method)
		result = make_fail_alone(make, section, "request", "[token] has no alternative");
	return result ? result : make_rule(make, draft, rule);
}
