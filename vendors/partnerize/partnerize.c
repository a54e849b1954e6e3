/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partnerize.c - Partnerize: one collection, users, with full CRUD according to its user-management
 * guide (updated March 2026).
 *
 * Where the vendor's own public documents (OpenAPI of api-docs.partnerize.com, the 2020 API
 * Blueprint) say something else than the guide, both are coped with: keys in two headers or HTTP
 * Basic, page and count or limit and offset, flat or wrapped rows, `email` or `email_address`, GET
 * /user/self or GET /user for the key's owner. What is confirmed by whom stands in README.md.
 */
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/vendor.h"

#include "vendors/base/call.h"
#include "vendors/rest/exchange.h"
#include "vendors/http/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

extern const struct vendor vendor_partnerize;

static const char *const auth_choices[] = {"headers", "basic", NULL};
static const char *const paging_choices[] = {"page", "offset", "none", NULL};

static const struct setting settings[] = {
    {.name = "application_key", .type = SETTING_SECRET, .required = true},
    {.name = "user_api_key", .type = SETTING_SECRET, .required = true},
    {.name = "auth", .type = SETTING_CHOICE, .fallback = "headers", .choices = auth_choices},
    {.name = "paging", .type = SETTING_CHOICE, .fallback = "page", .choices = paging_choices},
    {.name = "self_id", .type = SETTING_TEXT},
    {.name = NULL},
};

static const char *const id_keys[] = {"user_id", NULL};
static const char *const taken[] = {"self", NULL};

/* The guide's object; created, network_* and user_api_key are from the vendor's own documents. */
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

static const char *const email_keys[] = {"email", "email_address", NULL};
static const char *const created_keys[] = {"created_at", "created", NULL};
static const char *const time_keys[] = {"updated_at", "created_at", "created", NULL};

static enum paging user_paging(const struct account *account)
{
	const char *paging = account_value(account, "paging");

	if (paging && strcmp(paging, "none") == 0)
		return PAGING_NONE;
	return paging && strcmp(paging, "offset") == 0 ? PAGING_OFFSET : PAGING_NUMBER;
}

/* POST /user is in the guide and, with more required fields, in the vendor's own documents. */
static bool creates(const struct account *account)
{
	(void)account;
	return true;
}

static const struct collection users = {
    .name = "users",
    .list_path = "/user",
    .item_path = "/user/",
    .list_key = "users",
    .item_key = "user",
    .other_item_key = "data", /* v3 */
    .total_key = "count",
    .records_key = "hypermedia.pagination.total_item_count",
    .pages_key = "hypermedia.pagination.total_page_count",
    .next_key = "hypermedia.pagination.next_page",
    .page_size = 100,
    .taken = taken,
    .id_keys = id_keys,
    /* PUT is what the guide says; the vendor's own 2020 documents POST to the item, with the id
       in the body too */
    .put_becomes_post = true,
    .posted_id = "user_id",
    .email_keys = email_keys,
    .time_keys = time_keys,
    .created_keys = created_keys,
    .stamp_key = "updated_at",
    .status_key = "status",
    .fields = user_fields,
    .paging = user_paging,
    .creates = creates,
    .deletes = true, /* the guide's; the vendor's own documents know no DELETE of a user */
};

static bool basic(const struct account *account)
{
	const char *auth = account_value(account, "auth");

	return auth && strcmp(auth, "basic") == 0;
}

/* Query parameters would work too, the guide says, and would end in every proxy's log: never. */
static int authorize(struct call *call, struct account *account, struct http_request *request)
{
	const char *application = account_value(account, "application_key");
	const char *user = account_value(account, "user_api_key");

	(void)call;
	if (basic(account)) {
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

/* The id in ANSWER, wrapped or flat, or NULL: it is no user's. */
static const char *self_of(json_t *answer, char *buffer)
{
	if (json_object_get(answer, users.list_key))
		return NULL;
	return collection_id(&users, collection_unwrap(&users, answer), buffer);
}

/* A vendor without such a path takes "self" for an id, and says so in one of these ways. */
static bool has_no_self(enum call_verdict verdict)
{
	return verdict == CALL_MISSING || verdict == CALL_BAD_REQUEST || verdict == CALL_REFUSED ||
	       verdict == CALL_DENIED || verdict == CALL_UNSUPPORTED;
}

/*
 * Ask PATH for the key's owner: 0 and *ID, -ENODATA if this path does not tell. Then WORDS, of SIZE
 * bytes, is extended by what it answered.
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

/* GET /user/self is the guide's, GET /user the vendor's own; who uses Basic follows the latter. */
static int self(struct call *call, struct account *account, char **id)
{
	const char *const paths[2][2] = {{"/user/self", "/user"}, {"/user", "/user/self"}};
	char words[160] = "";
	int error = -ENODATA;

	for (size_t i = 0; i < 2 && error == -ENODATA; i++)
		error = ask_self(call, account, paths[basic(account)][i], id, words, sizeof(words));
	if (error == -ENODATA) {
		/* the words are about both requests */
		call->request[0] = '\0';
		call->status = 0;
		return call_fail(call, CALL_NOT_TOLD, "%s", words);
	}
	return error;
}

static const char manual_text[] =
    "Partnerize: what no API does\n"
    "============================\n"
    "\n"
    "Setting a user to inactive (echo inactive > ID.status) stops the person from signing in.\n"
    "These things remain, and only somebody signed in to the Partnerize console can do them:\n"
    "\n"
    "1. Rotate the keys that the person held.\n"
    "   - The application key belongs to the whole account: everybody who ever set up an integration\n"
    "     may have it. In the console: Settings > Account settings, \"User Application Key\".\n"
    "   - The person's own user API key: the same page, \"User API key\".\n"
    "   Every integration that uses a key stops with 401 as soon as the key is replaced or the user\n"
    "   it belongs to is inactive or deleted: find out first what runs on the leaver's key, and move\n"
    "   that to a key of a service user.\n"
    "\n"
    "2. If rosterfs itself runs on the leaver's key, give it another one first (user_api_key in the\n"
    "   config). rosterfs refuses to make the user inactive whose key it uses: it would lock itself out.\n"
    "\n"
    "3. Passwords shared outside the console, saved reports that are mailed to the person, and\n"
    "   postbacks or webhooks that point to the person's servers: look through them by hand.\n"
    "\n"
    "4. Single sign-on: if your console uses it, remove the person at your identity provider too.\n"
    "\n"
    "Deleting a user (rather than setting it inactive) can't be undone and takes its audit history\n"
    "with it. Prefer inactive.\n"
    "\n"
    "What to keep as evidence: who did it, when, the user's id and email, a copy of ID.json before and\n"
    "after, and for each rotated key its name and the time (never the key).\n"
    "\n"
    "Partnerize has no SCIM, and its webhooks tell about conversions only, not about users.\n";

static const char *manual(const struct account *account)
{
	(void)account;
	return manual_text;
}

const struct vendor vendor_partnerize = {
    .type = "partnerize",
    .settings = settings,
    .base_url = "https://api.partnerize.com",
    .users = &users,
    .remains = "keys that the person held keep working in integrations until somebody rotates "
	       "them in the console: see MANUAL",
    .manual = manual,
    .authorize = authorize,
    .self = self,
};
