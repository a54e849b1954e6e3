/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.c - see request.h.
 */
#include "vendors/rest/request.h"

#include "vendors/base/call.h"
#include "vendors/base/vault.h"
#include "vendors/http/http_url.h"
#include "vendors/json/exact_parse.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/id_text.h"
#include "vendors/json/json_heap.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/token.h"
#include "vendors/template/body.h"
#include "vendors/template/template.h"
#include "vendors/vendor.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a secret looks like where a path is shown. Its escaped form is replaced by it. */
#define MASK "***"
#define MASK_ESCAPED "%2A%2A%2A"

/* A request that is being made. */
struct making {
	struct template_values template;
	struct call *call;
	struct account *account;
	const struct rule_request *rule;
	const struct request_values *values;
	bool in_body; /* values are JSON, as the vendor writes them */
	bool masked;  /* secrets are MASK */
	int *waited;  /* the error of waiting for a token */
};

static bool is_secret(const struct account *account, const char *name)
{
	for (const struct setting *setting = account->vendor->settings; setting->name; setting++) {
		if (strcmp(setting->name, name) == 0)
			return setting->type == SETTING_SECRET;
	}
	return false;
}

static json_t *text_value(const char *text)
{
	return text ? json_string(text) : NULL;
}

static json_t *id_value(const char *id)
{
	return id ? id_text_json(id) : NULL;
}

/* Return TEXT as a number, if it is one. */
static json_t *number_value(const char *text)
{
	if (text && exact_parse_is_number(text, strlen(text)))
		return exact_parse(text, strlen(text), EXACT_PARSE_ANY, NULL);
	return text_value(text);
}

/* Return TEXT, of vault.h, which is freed, as a value. */
static json_t *secret_value(char *text)
{
	json_t *value = text_value(text);

	vault_free(text);
	return value;
}

/*
 * Return the part NAME that the response with the token had; asks for a token if there is none yet.
 * NULL: there is no such part, or the call has failed.
 */
static json_t *saved_value(const struct making *making, const char *name)
{
	const struct rule_api *apis = making->account->vendor->apis;
	const struct rule_token *token = apis ? apis[making->rule->api].token : NULL;
	struct account *account = making->account;
	unsigned api = making->rule->api;
	char *saved;

	/* the request for a token cannot wait for itself */
	if (!token || token->request->path == making->rule->path)
		return NULL;
	for (size_t i = 0; token->save && token->save[i].name; i++) {
		if (strcmp(token->save[i].name, name) != 0)
			continue;
		/* again if the keys are replaced between the two */
		while (!(saved = token_saved(account->token, account, api, i)) && account->issuer &&
		       !*making->waited) {
			char *text = NULL;
			uint64_t serial;

			*making->waited = token_get(account->token, making->call, api,
						    account->issuer, account, &text, &serial);
			json_decref(secret_value(text));
		}
		return secret_value(saved);
	}
	return NULL;
}

/* Return the part of WHOLE at the pointer behind WORD in NAME, or NULL: NAME does not begin so. */
static json_t *part_value(const char *name, const char *word, const json_t *whole)
{
	size_t length = strlen(word);

	if (!whole || strncmp(name, word, length) != 0 || (name[length] && name[length] != '/'))
		return NULL;
	return json_incref(pointer_get(whole, name[length] ? name + length : "."));
}

/* Return the value that the caller of request_make gives to NAME, or NULL. */
static json_t *given_value(const struct making *making, const char *name)
{
	const struct request_values *values = making->values;
	const struct {
		const char *name, *text;
		bool number;
	} texts[] = {
	    {"email", values->email, false},  {"page", values->page, true},
	    {"offset", values->offset, true}, {"cursor", values->cursor, false},
	    {"size", values->size, true},
	};
	json_t *part;

	if (strcmp(name, "id") == 0)
		return making->in_body && values->own_id
			   ? json_incref((json_t *)(uintptr_t)values->own_id)
			   : id_value(values->id);
	if (strcmp(name, "parent") == 0)
		return id_value(values->parent);
	if (strcmp(name, "member") == 0)
		return id_value(values->member);
	if (strcmp(name, "each") == 0)
		return json_incref((json_t *)(uintptr_t)values->each);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(name, texts[i].name) == 0)
			return texts[i].number && making->in_body ? number_value(texts[i].text)
								  : text_value(texts[i].text);
	}
	part = part_value(name, "changes", values->changes);
	if (!part)
		part = part_value(name, "record", values->record);
	return part ? part : *name == '/' ? part_value(name, "", values->shown) : NULL;
}

static json_t *request_value(const struct template_values *template, const char *name)
{
	const struct making *making = (const struct making *)template;
	struct account *account = making->account;
	const char *setting = account_value(account, name);
	json_t *value;

	if (setting)
		return text_value(making->masked && is_secret(account, name) ? MASK : setting);
	value = given_value(making, name);
	if (value)
		return value;
	if (strcmp(name, "refresh_token") == 0 && account->token && !making->masked)
		return secret_value(token_refresh(account->token, making->rule->api));
	return saved_value(making, name);
}

/* Give REQUEST the new TEXT of malloc, which may be NULL, to keep in the vault. Returns it. */
static char *own(struct request *request, char *text)
{
	text = vault_take(text);
	if (text)
		request->owned[request->owned_count++] = text;
	return text;
}

/* Fail for the reason WHY, unless waiting for a token has failed before. */
static int fail_making(const struct making *making, const char *what, const char *why)
{
	int error = *making->waited;

	if (error)
		return error;
	return call_fail(making->call, CALL_INVALID, "%s %s: %s cannot be made: %s",
			 making->rule->method, making->rule->path, what, why);
}

/* Turn each masked secret in PATH, which is escaped, into asterisks. */
static void unescape_mask(char *path)
{
	const size_t escaped = sizeof(MASK_ESCAPED) - 1, mask = sizeof(MASK) - 1;

	while ((path = strstr(path, MASK_ESCAPED))) {
		memcpy(path, MASK, mask);
		memmove(path + mask, path + escaped, strlen(path + escaped) + 1);
		path += mask;
	}
}

static int make_path(struct making *making, struct request *request)
{
	const char *at = making->rule->path;
	char name[TEMPLATE_NAME_MAX], why[200], *path, *shown;
	bool secret = false;

	while (template_next(&at, name))
		secret = secret || is_secret(making->account, name) ||
			 strcmp(name, "refresh_token") == 0;
	if (secret && !making->account->secret_in_url)
		return call_fail(
		    making->call, CALL_FORBIDDEN,
		    "%s %s has a secret in its URL, where logs of servers show it: set "
		    "secret_in_url = yes in section [%s] if you want that",
		    making->rule->method, making->rule->path, making->account->name);
	path = own(request, template_expand(making->rule->path, TEMPLATE_PATH, &making->template,
					    why, sizeof(why)));
	if (!path)
		return fail_making(making, "the path", why);
	/* of a URL, the origin is that of an endpoint (account->logins) */
	request->http.path = path + http_url_origin(path);
	if (!secret)
		return 0;
	making->masked = true;
	shown = own(request, template_expand(making->rule->path, TEMPLATE_PATH, &making->template,
					     why, sizeof(why)));
	making->masked = false;
	if (!shown)
		return fail_making(making, "the path", why);
	unescape_mask(shown);
	request->http.shown = shown + http_url_origin(shown);
	return 0;
}

/* Set the member of BODY, a JSON text, that takes the id as well. Returns the new text, or NULL;
 * BODY is wiped and freed. */
static char *add_id(const struct making *making, char *body)
{
	json_t *tree = exact_parse(body, strlen(body), EXACT_PARSE_ANY, NULL);
	json_t *id = given_value(making, "id");
	char *text = NULL;

	if (tree && id && !pointer_set(tree, making->rule->id_member, json_incref(id)))
		text = exact_print_text(tree, 0);
	json_decref(id);
	json_decref(tree);
	explicit_bzero(body, strlen(body));
	free(body);
	return text;
}

static int make_body(struct making *making, struct request *request)
{
	const struct rule_request *rule = making->rule;
	char why[200] = "no id can be put into it", *body;

	if (!rule->body)
		return 0;
	making->in_body = true;
	body = body_expand(rule->body, &making->template, why, sizeof(why));
	if (body && rule->id_member && body_is_json(rule->body))
		body = add_id(making, body);
	making->in_body = false;
	if (!body)
		return fail_making(making, "the body", why);
	request->http.body = own(request, body);
	if (!request->http.body)
		return fail_making(making, "the body", "out of memory");
	request->http.body_length = strlen(request->http.body);
	request->http.content_type = body_is_json(rule->body) ? rule->content_type
							      : "application/x-www-form-urlencoded";
	return 0;
}

/* Add HEADERS, which may be NULL, except those that BUT has as well. */
static int add_headers(struct making *making, struct request *request,
		       const struct rule_header *headers, const struct rule_header *but)
{
	for (; headers && headers->name; headers++) {
		const struct rule_header *other = but;
		char why[200] = "out of memory", *value;

		while (other && other->name && strcasecmp(other->name, headers->name) != 0)
			other++;
		if (other && other->name)
			continue;
		if (request->http.header_count >= HTTP_HEADERS_MAX - 1)
			return fail_making(making, headers->name, "there are too many headers");
		value = own(request, template_expand(headers->value, TEMPLATE_HEADER,
						     &making->template, why, sizeof(why)));
		if (!value)
			return fail_making(making, headers->name, why);
		request->http.headers[request->http.header_count++] =
		    (struct http_header){.name = headers->name, .value = value};
	}
	return 0;
}

int request_make(struct call *call, struct account *account, const struct rule_request *rule,
		 const struct request_values *values, struct request *request)
{
	static const struct request_values none;
	struct making making = {.template = {request_value},
				.call = call,
				.account = account,
				.rule = rule};
	const struct rule_api *api;
	int error, waited = 0;

	memset(request, 0, sizeof(*request));
	making.rule = rule = request_choose(account, rule);
	making.values = values ? values : &none;
	making.waited = &waited;
	request->rule = rule;
	request->http.method = rule->method;
	request->http.api = rule->api;
	request->http.repeatable = strcmp(rule->method, "GET") == 0;
	api = account->vendor->apis ? &account->vendor->apis[rule->api] : NULL;
	json_heap_wipe(true);
	error = make_path(&making, request);
	if (!error)
		error = make_body(&making, request);
	/* what the api's headers say is not for another origin */
	if (!error && api && !http_url_origin(rule->path))
		error = add_headers(&making, request, api->headers, rule->headers);
	if (!error)
		error = add_headers(&making, request, rule->headers, NULL);
	json_heap_wipe(false);
	request->http.plain_headers = request->http.header_count;
	return error;
}

void request_clear(struct request *request)
{
	for (unsigned i = 0; i < request->owned_count; i++)
		vault_free(request->owned[i]);
	memset(request, 0, sizeof(*request));
}

const struct rule_request *request_choose(const struct account *account,
					  const struct rule_request *rule)
{
	if (rule->alternative && atomic_load(&account->alternatives) & 1u << rule->alternative_bit)
		return rule->alternative;
	return rule;
}

void request_prefer_alternative(struct account *account, const struct rule_request *rule)
{
	if (rule->alternative)
		atomic_fetch_or(&account->alternatives, 1u << rule->alternative_bit);
}
