/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partnerize.c - Partnerize: one collection, users, which can be listed, read, created, updated and
 * deleted.
 *
 * "Guide" is the user-management guide of March 2026. The vendor's own public documents (the
 * OpenAPI of api-docs.partnerize.com, and the API Blueprint of 2020) contradict it in places. Both
 * forms are accepted: keys in two headers or HTTP Basic; page and count or limit and offset; flat
 * or wrapped rows; `email` or `email_address`; GET /user/self or GET /user for the key's owner. See
 * vendors/README.md.
 */
#include "vendors/vendor.h"

#include "vendors/base/call.h"
#include "vendors/http/http.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

extern const struct vendor vendor_partnerize;

static const char *const auth_choices[] = {"headers", "basic", NULL};
static const char *const paging_choices[] = {"page", "offset", "none", NULL};

static const struct setting partnerize_settings[] = {
    {.name = "application_key", .type = SETTING_SECRET, .required = true},
    {.name = "user_api_key", .type = SETTING_SECRET, .required = true},
    {.name = "auth", .type = SETTING_CHOICE, .fallback = "headers", .choices = auth_choices},
    {.name = "paging", .type = SETTING_CHOICE, .fallback = "page", .choices = paging_choices},
    {.name = "self_id", .type = SETTING_TEXT},
    {.name = NULL},
};

static const char *const partnerize_id_keys[] = {"user_id", NULL};
static const char *const partnerize_taken[] = {"self", NULL};

/* The fields are from the guide; created, network_* and user_api_key from the vendor's documents.
 */
static const struct field user_fields[] = {
    {"user_id", FIELD_SYSTEM | FIELD_REQUIRED},
    {"created_at", FIELD_SYSTEM},
    {"updated_at", FIELD_SYSTEM},
    {"created", FIELD_SYSTEM},
    {"network_id", FIELD_SYSTEM},
    {"network_name", FIELD_SYSTEM},
    {"firstname", FIELD_REQUIRED},
    {"lastname", FIELD_REQUIRED},
    {"email", FIELD_REQUIRED},
    {"email_address", FIELD_REQUIRED},
    {"user_name", FIELD_REQUIRED},
    {"status", FIELD_REQUIRED},
    {"password", FIELD_WRITE_ONLY | FIELD_REQUIRED},
    {"user_api_key", FIELD_SYSTEM | FIELD_CONFIDENTIAL},
    {NULL, 0},
};

static const char *const partnerize_email_keys[] = {"email", "email_address", NULL};
static const char *const partnerize_created_keys[] = {"created_at", "created", NULL};
static const char *const partnerize_time_keys[] = {"updated_at", "created_at", "created", NULL};

static enum paging user_paging(const struct account *account)
{
	const char *paging = account_value(account, "paging");

	if (paging && strcmp(paging, "none") == 0)
		return PAGING_NONE;
	return paging && strcmp(paging, "offset") == 0 ? PAGING_OFFSET : PAGING_NUMBER;
}

/* POST /user is in the guide. In the vendor's documents it needs more fields. */
static bool partnerize_creates(const struct account *account)
{
	(void)account;
	return true;
}

static const struct collection partnerize_users = {
    .name = "users",
    .list_path = "/user",
    .item_path = "/user/",
    .list_key = "users",
    .item_key = "user",
    .other_item_key = "data", /* v3 */
    .total_key = "count",
    .records_key = "/hypermedia/pagination/total_item_count",
    .pages_key = "/hypermedia/pagination/total_page_count",
    .next_key = "/hypermedia/pagination/next_page",
    .page_size = 100,
    .taken = partnerize_taken,
    .id_keys = partnerize_id_keys,
    /* The guide has PUT. The vendor's API Blueprint of 2020 has POST to the item, with the id in
       the body too. */
    .put_becomes_post = true,
    .posted_id = "user_id",
    .email_keys = partnerize_email_keys,
    .time_keys = partnerize_time_keys,
    .created_keys = partnerize_created_keys,
    .stamp_key = "updated_at",
    .status_key = "status",
    .fields = user_fields,
    .paging = user_paging,
    .creates = partnerize_creates,
    .deletes = true, /* guide; the vendor's documents have no DELETE of a user */
};

static bool uses_basic(const struct account *account)
{
	const char *auth = account_value(account, "auth");

	return auth && strcmp(auth, "basic") == 0;
}

/* The guide also allows the keys in the query. They would be in the log of each proxy: not used. */
static int partnerize_authorize(struct call *call, struct account *account,
				struct http_request *request)
{
	const char *application = account_value(account, "application_key");
	const char *user = account_value(account, "user_api_key");

	(void)call;
	if (uses_basic(account)) {
		request->user = application;
		request->password = user;
		return 0;
	}
	request
	    ->headers[request->header_count++] = (struct http_header){.name = "X-Application-Key",
								      .value = application};
	request->headers[request->header_count++] = (struct http_header){.name = "X-User-Api-Key",
									 .value = user};
	return 0;
}

/* Return the id of the user in ANSWER, wrapped or flat, or NULL. */
static const char *self_of(json_t *answer, char *buffer)
{
	if (json_object_get(answer, partnerize_users.list_key))
		return NULL;
	return collection_id(&partnerize_users, collection_unwrap(&partnerize_users, answer),
			     buffer);
}

/* Return true if a vendor without GET /user/self, which takes "self" for an id, may give VERDICT.
 */
static bool has_no_self(enum call_verdict verdict)
{
	return verdict == CALL_MISSING || verdict == CALL_BAD_REQUEST || verdict == CALL_REFUSED ||
	       verdict == CALL_DENIED || verdict == CALL_UNSUPPORTED;
}

/*
 * GET the key's owner from PATH. Returns 0 and *ID, which the caller frees; -ENODATA if the
 * response does not tell, and appends the response to WORDS (SIZE bytes); or a negative errno with
 * words in CALL.
 */
static int ask_self(struct call *call, struct account *account, const char *path, char **id,
		    char *words, size_t size)
{
	struct http_request request = {.method = "GET", .path = path, .repeatable = true};
	struct http_reply reply = {0};
	int error = exchange(call, account, EXCHANGE_RECORD, &request, &reply);
	size_t length = strlen(words);
	json_t *answer = NULL;
	const char *found = NULL;
	char buffer[24];

	if (error && has_no_self(call->verdict))
		error = -ENODATA;
	if (error && error != -ENODATA)
		goto out;
	if (!error) {
		answer = exchange_json(call, account, &reply);
		if (!answer) {
			error = -EREMOTEIO;
			goto out;
		}
		found = self_of(answer, buffer);
	}
	*id = found ? strdup(found) : NULL;
	if (found)
		error = *id ? 0 : call_no_memory(call);
	else
		snprintf(words + length, size - length, "%sGET %s answered %d%s",
			 length ? ", " : "", path, reply.status, error ? "" : " without a user_id");
	if (!found)
		error = -ENODATA;
out:
	json_decref(answer);
	http_reply_clear(&reply);
	return error;
}

/*
 * As vendor->self. The guide has GET /user/self, the vendor's documents GET /user. Try the vendor's
 * first if the keys go into HTTP Basic, as its documents say.
 */
static int partnerize_self(struct call *call, struct account *account, char **id)
{
	const char *const paths[2][2] = {{"/user/self", "/user"}, {"/user", "/user/self"}};
	char words[160] = "";
	int error = -ENODATA;

	for (size_t i = 0; i < 2 && error == -ENODATA; i++)
		error = ask_self(call, account, paths[uses_basic(account)][i], id, words,
				 sizeof(words));
	if (error == -ENODATA) {
		/* the words name both requests */
		call_forget_request(call);
		return call_fail(call, CALL_NOT_TOLD, "%s", words);
	}
	return error;
}

static const char partnerize_text[] =
    "Partnerize: what no API does\n"
    "============================\n"
    "\n"
    "Setting a user to inactive (echo inactive > ID.status) stops the person from signing in.\n"
    "The rest can only be done by somebody who is signed in to the Partnerize console:\n"
    "\n"
    "1. Rotate the keys that the person held.\n"
    "   - The application key belongs to the whole account: everybody who has set up an integration\n"
    "     may have it. In the console: Settings > Account settings, \"User Application Key\".\n"
    "   - The person's own user API key: the same page, \"User API key\".\n"
    "   Each integration that uses a key fails with 401 as soon as the key is replaced, or its user\n"
    "   is inactive or deleted. First find out what uses the leaver's key, and move that to a key of\n"
    "   a service user.\n"
    "\n"
    "2. If rosterfs itself uses the leaver's key, give it another one first (user_api_key in the\n"
    "   config). rosterfs refuses to make the owner of its own key inactive: it would lock itself out.\n"
    "\n"
    "3. Passwords shared outside the console, saved reports that are mailed to the person, and\n"
    "   postbacks or webhooks that point to the person's servers: check them by hand.\n"
    "\n"
    "4. Single sign-on: if your console uses it, remove the person at your identity provider as well.\n"
    "\n"
    "Deleting a user (instead of making it inactive) cannot be undone and deletes its audit history\n"
    "as well. Prefer inactive.\n"
    "\n"
    "What to keep as evidence: who did it, when, the user's id and email, a copy of ID.json before and\n"
    "after, and for each rotated key its name and the time (never the key).\n"
    "\n"
    "Partnerize has no SCIM, and its webhooks are about conversions only, not about users.\n";

static const char *partnerize_manual(const struct account *account)
{
	(void)account;
	return partnerize_text;
}

const struct vendor vendor_partnerize = {
    .type = "partnerize",
    .settings = partnerize_settings,
    .base_url = "https://api.partnerize.com",
    .users = &partnerize_users,
    .remains = "keys that the person held keep working in integrations until somebody rotates "
	       "them in the console: see MANUAL",
    .manual = partnerize_manual,
    .authorize = partnerize_authorize,
    .self = partnerize_self,
};
