/*
 * elasticpath.c - Elastic Path Commerce Cloud: account members, who are buyers, never
 * administrators.
 *
 * The members are read-only at the vendor (its account-management OpenAPI, 2025); what ends a
 * buyer's access is the end of each membership of an account. So the status is a collection of its
 * own (ep_status.c). Facts are from the user-management guide (March 2026) where not marked
 * otherwise.
 */
#include "vendors/elasticpath.h"

#include "vendors/call.h"
#include "vendors/http.h"
#include "vendors/token.h"
#include "vendors/walk.h"

#include <string.h>

extern const struct vendor vendor_elasticpath;

static const char *const region_choices[] = {"useast", "euwest", NULL};

static const struct setting settings[] = {
    {.name = "client_id", .type = SETTING_SECRET, .required = true},
    {.name = "client_secret", .type = SETTING_SECRET, .required = true},
    {.name = "region", .type = SETTING_CHOICE, .choices = region_choices},
    {.name = NULL},
};

static const char *const id_keys[] = {"id", NULL};

/* OpenAPI: links and relationships come with each record; meta holds the time stamps. */
static const struct field member_fields[] = {
    {"id", FIELD_SYSTEM | FIELD_REQUIRED},
    {"type", FIELD_IMMUTABLE | FIELD_REQUIRED},
    {"meta", FIELD_SYSTEM},
    {"links", FIELD_SYSTEM},
    {"relationships", FIELD_SYSTEM},
    {"name", FIELD_REQUIRED},
    {"email", FIELD_REQUIRED},
    {NULL, 0},
};

static const char *const email_keys[] = {"email", NULL};
static const char *const time_keys[] = {"meta.timestamps.updated_at", "meta.updated_at",
					"meta.timestamps.created_at", "meta.created_at", NULL};

static enum paging paging(const struct account *account)
{
	(void)account;
	return PAGING_BRACKETS;
}

/* meta.results.total counts records (OpenAPI); meta.page.total counts pages, the guide shows it
 * alone. */
static void totals(const json_t *answer, struct totals *totals)
{
	const json_t *records = collection_value(answer, "meta.results.total");
	const json_t *current = collection_value(answer, "meta.page.current");
	const json_t *pages = collection_value(answer, "meta.page.total");

	if (json_is_integer(records)) {
		totals->records = json_integer_value(records);
	} else if (json_is_integer(current) && json_is_integer(pages)) {
		totals->pages = json_integer_value(pages);
		totals->more = json_integer_value(current) < json_integer_value(pages);
	}
}

const struct collection ep_members = {
    .name = "account members",
    .list_path = "/v2/account-members",
    .item_path = "/v2/account-members/",
    .list_key = "data",
    .item_key = "data",
    .offset_ceiling = 10000,
    .page_size = 100,
    .id_keys = id_keys,
    .email_keys = email_keys,
    .wraps_requests = true,
    .time_keys = time_keys,
    .stamp_key = "meta.timestamps.updated_at",
    .fields = member_fields,
    .paging = paging,
    .totals = totals,
    .put = ep_member_put,
};

const struct collection ep_accounts = {
    .name = "accounts",
    .list_path = "/v2/accounts",
    .item_path = "/v2/accounts/",
    .list_key = "data",
    .item_key = "data",
    .offset_ceiling = 10000,
    .page_size = 100,
    .id_keys = id_keys,
    .wraps_requests = true,
    .time_keys = time_keys,
    .stamp_key = "meta.timestamps.updated_at",
    .fields = member_fields,
    .paging = paging,
    .totals = totals,
};

const struct collection ep_memberships = {
    .name = "account memberships",
    .list_path = "/v2/accounts/{parent}/account-memberships",
    .item_path = "/v2/accounts/{parent}/account-memberships/",
    .list_key = "data",
    .item_key = "data",
    .offset_ceiling = 10000,
    .page_size = 100,
    .id_keys = id_keys,
    .wraps_requests = true,
    .time_keys = time_keys,
    .fields = member_fields,
    .paging = paging,
    .totals = totals,
};

/* Only ever listed: each row names its account. */
const struct collection ep_own_memberships = {
    .name = "memberships of the member",
    .list_path = "/v2/account-members/{parent}/account-memberships",
    .item_path = "",
    .list_key = "data",
    .item_key = "data",
    .page_size = 100,
    .id_keys = id_keys,
    .fields = member_fields,
    .paging = paging,
    .totals = totals,
};

static int authorize(struct call *call, struct account *account, struct http_request *request)
{
	int error = token_get(call, account, TOKEN_CLIENT_CREDENTIALS, &request->bearer,
			      &request->serial);

	if (!error)
		request->headers[request->header_count++] =
		    (struct http_header){.name = "Authorization", .value = request->bearer};
	return error;
}

static int renew(struct call *call, struct account *account, uint64_t serial)
{
	(void)call;
	token_refused(account, TOKEN_CLIENT_CREDENTIALS, serial);
	return 0;
}

static const char manual_text[] =
    "Elastic Path: what no API does\n"
    "==============================\n"
    "\n"
    "A file here is a buyer: an account member of the store, who signs in to a storefront. It is never\n"
    "somebody who administers the store.\n"
    "\n"
    "1. Administrators (Commerce Manager) have no API. Whoever leaves the company may be one.\n"
    "   Sign in to Commerce Manager, open the organization's team, find the person by email, remove them\n"
    "   from the team or take their roles away. Where your company signs in there through its identity\n"
    "   provider, remove the person at the provider as well.\n"
    "\n"
    "2. inactive ends every membership of the member: who signs in from then on can buy for no account.\n"
    "   The member itself stays. Two things can still let the person in:\n"
    "   - Tokens that they hold work until they expire (a day, unless the store's settings say\n"
    "     otherwise). No documented call revokes one.\n"
    "   - Signing in once more, if the store's account authentication settings allow self-signup or make\n"
    "     an account for each member that signs in (enable_self_signup,\n"
    "     auto_create_account_for_account_members). If your buyers sign in through an identity provider,\n"
    "     remove the person there first.\n"
    "\n"
    "3. active makes those memberships again that this mount has ended, and no others. Before it ends\n"
    "   one, .rosterfs/log names the account (accounts/ACCOUNT/members/). The log is lost with the mount:\n"
    "   keep a copy. Any other membership is made outside of rosterfs, for example by the vendor's call\n"
    "   POST /v2/accounts/ACCOUNT/account-memberships with\n"
    "   {\"data\": {\"type\": \"account_membership\", \"account_member_id\": \"MEMBER\"}}\n"
    "\n"
    "4. API keys of the store (client id and secret) that a leaver knew: make a new key in Commerce\n"
    "   Manager, give it to all that uses the old one (rosterfs too), then delete the old one.\n"
    "\n"
    "5. rosterfs creates and deletes no members. They come into being when somebody signs in. If personal\n"
    "   data must go, the vendor's documents have a call for it (DELETE of the user-authentication-info\n"
    "   with the member's id); there is no way back from it.\n"
    "\n"
    "What to keep as evidence: who did it, when, the member's id and email, the accounts that the member\n"
    "belonged to (from .rosterfs/log), a screenshot of the team page.\n";

static const char *manual(const struct account *account)
{
	(void)account;
	return manual_text;
}

static const char *base_url(const struct account *account)
{
	const char *region = account_value(account, "region");

	if (!region)
		return NULL;
	return strcmp(region, "euwest") == 0 ? "https://euwest.api.elasticpath.com"
					     : "https://useast.api.elasticpath.com";
}

const struct vendor vendor_elasticpath = {
    .type = "elasticpath",
    .settings = settings,
    .choose_base_url = base_url,
    .users = &ep_members,
    .statuses = &ep_statuses,
    .remains = "tokens that the person holds live on until they expire; self-signup and "
	       "auto_create_account_for_account_members would let them back in: see MANUAL",
    .manual = manual,
    .authorize = authorize,
    .renew = renew,
};
