/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath: routes, credentials and errors of the simulated Elastic Path; elasticpath.h tells
 * the two profiles apart.
 *
 * One table says which paths and methods there are, for whom. Written from the guide and the
 * vendor's documents, never from what our client sends: where they say nothing, the stricter of two
 * possible servers was built.
 *
 * It must not know about latency, stalls and broken answers.
 */
#include "elasticpath.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "elasticpath_parts.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

enum { GUIDE = 1, DOCUMENTS = 2, BOTH = 3, IMPLICIT = 4, OPEN = 8 };

/* The path is also what the request is counted under. A path with no row for a method is 405 for
 * it. IMPLICIT: an implicit token is enough; OPEN: no token at all. */
static const struct door {
	const char *path;
	const char *method;
	void (*answer)(struct ep_ask *ask);
	unsigned who;
} doors[] = {
    {"/oauth/access_token", "POST", ep_post_token, BOTH | OPEN},
    {"/v2/account-members", "GET", ep_list_members, BOTH},
    {"/v2/account-members/tokens", "POST", ep_post_buyer_tokens, BOTH | IMPLICIT},
    {"/v2/account-members/{id}", "GET", ep_get_member, BOTH},
    {"/v2/account-members/{id}", "PUT", ep_put_member, BOTH},
    {"/v2/account-members/{id}/account-memberships", "GET", ep_list_memberships_of_member, BOTH},
    {"/v2/accounts", "GET", ep_list_accounts, BOTH},
    {"/v2/accounts", "POST", ep_post_account, BOTH},
    {"/v2/accounts/{id}", "GET", ep_get_account, BOTH},
    {"/v2/accounts/{id}", "PUT", ep_put_account, BOTH},
    {"/v2/accounts/{id}", "DELETE", ep_delete_account, BOTH},
    {"/v2/accounts/{id}/account-memberships", "GET", ep_list_memberships, BOTH},
    {"/v2/accounts/{id}/account-memberships", "POST", ep_post_membership, BOTH},
    {"/v2/accounts/{id}/account-memberships/unassigned-account-members", "GET", ep_not_played,
     BOTH},
    {"/v2/accounts/{id}/account-memberships/{id}", "GET", ep_get_membership, BOTH},
    {"/v2/accounts/{id}/account-memberships/{id}", "DELETE", ep_delete_membership, BOTH},
    {"/v2/settings/account-authentication", "GET", ep_get_settings, BOTH},
    {"/v2/settings/account-authentication", "PUT", ep_put_settings, BOTH},
    {"/v2/authentication-realms", "GET", ep_list_realms, BOTH | IMPLICIT},
    {"/v2/authentication-realms", "POST", ep_post_realm, GUIDE},
    {"/v2/authentication-realms/{id}", "GET", ep_get_realm, BOTH | IMPLICIT},
    {"/v2/authentication-realms/{id}", "PUT", ep_put_realm, BOTH},
    {"/v2/authentication-realms/{id}/oidc-profiles", "GET", ep_list_profiles, BOTH},
    {"/v2/authentication-realms/{id}/oidc-profiles", "POST", ep_post_profile, BOTH},
    {"/v2/authentication-realms/{id}/oidc-profiles/{id}", "GET", ep_get_profile, BOTH},
    {"/v2/authentication-realms/{id}/oidc-profiles/{id}", "PUT", ep_put_profile, BOTH},
    {"/v2/authentication-realms/{id}/oidc-profiles/{id}", "DELETE", ep_delete_profile, BOTH},
    {"/v2/authentication-realms/{id}/user-authentication-info", "GET", ep_list_infos, BOTH},
    {"/v2/authentication-realms/{id}/user-authentication-info", "POST", ep_post_info, BOTH},
    {"/v2/authentication-realms/{id}/user-authentication-info/{id}", "GET", ep_get_info, BOTH},
    {"/v2/authentication-realms/{id}/user-authentication-info/{id}", "PUT", ep_put_info, BOTH},
    {"/v2/authentication-realms/{id}/user-authentication-info/{id}", "DELETE", ep_delete_info,
     BOTH},
};

void ep_error(struct elasticpath *ep, struct reply *reply, unsigned status, const char *title,
	      const char *format, ...)
{
	char detail[512];
	va_list args;
	va_start(args, format);
	vsnprintf(detail, sizeof detail, format, args);
	va_end(args);
	json_t *words = json_string(detail);
	json_t *error = json_pack("{s:s,s:o}", "title", title, "detail",
				  words ? words : json_string("Not UTF-8."));
	/* The documents show all three forms; which one comes is not the client's to choose. */
	unsigned form = ep_documents(ep) ? atomic_fetch_add(&ep->errors, 1) % 3 : 0;
	if (form == 0) {
		json_object_set_new(error, "status", json_integer(status));
	} else if (form == 1) {
		char digits[16];
		snprintf(digits, sizeof digits, "%u", status);
		json_object_set_new(error, "status", json_string(digits));
	}
	reply_json(reply, status, json_pack("{s:[o]}", "errors", error));
}

/* A constraint that a well-formed body does not keep; the guide has no 422. */
void ep_invalid(struct ep_ask *ask, const char *why)
{
	if (ep_documents(ask->ep))
		ep_error(ask->ep, ask->reply, 422, "Unprocessable Entity", "%s", why);
	else
		ep_error(ask->ep, ask->reply, 400, "Bad Request", "%s", why);
}

/* Whether the path is of that pattern; ids (if not NULL) become copies that the caller frees. */
static bool path_fits(const char *pattern, const char *path, char **ids)
{
	unsigned found = 0;
	while (*pattern) {
		if (strncmp(pattern, "{id}", 4) == 0) {
			size_t len = strcspn(path, "/");
			if (len == 0)
				return false;
			if (ids) {
				free(ids[found]);
				ids[found] = text_copy(path, len);
				request_decode(ids[found++]);
			}
			pattern += 4;
			path += len;
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return !*path;
}

/* The first row of the request's path; NULL if it is not one of the table's. A row without {id}
 * stands before one that would take its last segment for an id. */
static const struct door *find_path(const struct request *request, char **ids)
{
	for (size_t i = 0; i < LENGTH(doors); i++)
		if (path_fits(doors[i].path, request->sent_path, NULL)) {
			if (ids)
				path_fits(doors[i].path, request->sent_path, ids);
			return &doors[i];
		}
	return NULL;
}

static const char *elasticpath_route(const void *self, const struct request *request)
{
	(void)self;
	const struct door *door = find_path(request, NULL);
	if (door)
		return door->path;
	bool ours = strncmp(request->sent_path, "/v2/", 4) == 0 ||
		    strncmp(request->sent_path, "/oauth/", 7) == 0;
	return ours ? "/v2 (other)" : NULL;
}

static bool elasticpath_unlimited(const void *self, const struct request *request)
{
	(void)self;
	return strcmp(request->path, "/oauth/access_token") == 0;
}

static const char *elasticpath_key(const void *self, const struct request *request)
{
	return ep_token_key((struct elasticpath *)(uintptr_t)self, request);
}

static bool elasticpath_leaks(const void *self, const struct request *request)
{
	return ep_token_leaks(self, request);
}

static void elasticpath_error(void *self, struct reply *reply, unsigned status, const char *words)
{
	ep_error(self, reply, status, status == 429 ? "Too Many Requests" : "Error", "%s", words);
}

static bool is_open(const struct door *door, const struct elasticpath *ep)
{
	return (door->who & (ep_documents(ep) ? DOCUMENTS : GUIDE)) != 0;
}

/* 405 with the methods that there are. */
static void refuse_method(struct ep_ask *ask, const char *path)
{
	struct text allow = {0};
	for (size_t i = 0; i < LENGTH(doors); i++)
		if (strcmp(doors[i].path, path) == 0 && is_open(&doors[i], ask->ep))
			text_fmt(&allow, "%s%s", allow.len ? ", " : "", doors[i].method);
	ep_error(ask->ep, ask->reply, 405, "Method Not Allowed", "This is not offered here.");
	reply_header(ask->reply, "Allow", "%s", allow.data ? allow.data : "");
	text_free(&allow);
}

static void refuse_token(struct ep_ask *ask)
{
	/* To the letter as the vendor's documents have it. */
	reply_json(ask->reply, 401,
		   json_pack("{s:[{s:i,s:s}]}", "errors", "status", 401, "title",
			     "Unable to validate access token"));
}

/* The row for the request's method, NULL with the reply set. */
static const struct door *enter(struct ep_ask *ask, const struct door *first)
{
	const struct door *door = first;
	while (door && door < doors + LENGTH(doors) && strcmp(door->path, first->path) == 0 &&
	       (strcmp(door->method, ask->request->method) != 0 || !is_open(door, ask->ep)))
		door++;
	bool found = door && door < doors + LENGTH(doors) && strcmp(door->path, first->path) == 0;
	bool let_in = (found && (door->who & OPEN)) ||
		      ep_token_good(ask->ep, ask->request, &ask->implicit);
	if (!let_in)
		refuse_token(ask);
	else if (!first)
		ep_error(ask->ep, ask->reply, 404, "Not Found", "There is nothing at this path.");
	else if (!found)
		refuse_method(ask, first->path);
	else if (ask->implicit && !(door->who & IMPLICIT))
		ep_error(ask->ep, ask->reply, 403, "Forbidden",
			 "An implicit token may not do this.");
	else
		return door;
	return NULL;
}

static void elasticpath_answer(void *self, const struct request *request, const struct fault *fault,
			       struct reply *reply)
{
	struct ep_ask ask = {.ep = self, .request = request, .fault = fault, .reply = reply};
	const struct door *door = enter(&ask, find_path(request, ask.id));
	if (door)
		door->answer(&ask);
	free(ask.id[0]);
	free(ask.id[1]);
}

static void elasticpath_free(void *self)
{
	struct elasticpath *ep = self;
	ep_view_free(ep->view);
	ep_group_free(&ep->memberships);
	ep_group_free(&ep->profiles);
	store_free(ep->members);
	store_free(ep->accounts);
	store_free(ep->realms);
	store_free(ep->infos);
	store_free(ep->settings);
	ep_tokens_free(ep->tokens);
	pthread_mutex_destroy(&ep->lock);
	free(ep->realm);
	free(ep);
}

static const struct vendor elasticpath = {
    .name = "elasticpath",
    .route = elasticpath_route,
    .leaks = elasticpath_leaks,
    .key = elasticpath_key,
    .unlimited = elasticpath_unlimited,
    .answer = elasticpath_answer,
    .error = elasticpath_error,
    .colleague = ep_colleague,
    .free = elasticpath_free,
};

struct vendor_run elasticpath_start(const struct elasticpath_options *options)
{
	struct elasticpath *ep = text_alloc(1, sizeof *ep);
	ep->options = *options;
	pthread_mutex_init(&ep->lock, NULL);
	ep->members = store_new(&ep->times);
	ep->accounts = store_new(&ep->times);
	ep->realms = store_new(&ep->times);
	ep->infos = store_new(&ep->times);
	ep->settings = store_new(&ep->times);
	ep->tokens = ep_tokens_new();
	ep_seed(ep);
	ep->times.seeded = true;
	return (struct vendor_run){.vendor = &elasticpath, .self = ep};
}
