/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath.c - Elastic Path Commerce Cloud: account members, who are buyers, never
 * administrators.
 *
 * The members are read-only at the vendor (its account-management OpenAPI, 2025); what ends a
 * buyer's access is the end of each membership of an account. So the status is a collection of its
 * own (ep_status.c). Facts are from the user-management guide (March 2026) where not marked
 * otherwise.
 */
#include "vendors/elasticpath/elasticpath.h"

#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/base/call.h"
#include "vendors/http/http.h"
#include "vendors/rest/token.h"
#include "vendors/rest/walk.h"

#include <string.h>

extern const struct vendor vendor_elasticpath;

static const char *const region_choices[] = {"useast", "euwest", NULL};
static const char *const no_or_yes[] = {"no", "yes", NULL};

static const struct setting settings[] = {
    {.name = "client_id", .type = SETTING_SECRET, .required = true},
    {.name = "client_secret", .type = SETTING_SECRET, .required = true},
    {.name = "region", .type = SETTING_CHOICE, .choices = region_choices},
    {.name = "allow_preprovision", .type = SETTING_CHOICE, .fallback = "no", .choices = no_or_yes},
    {.name = NULL},
};

const char *const ep_id_keys[] = {"id", NULL};

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

static const char *const taken[] = {"tokens", NULL};
static const char *const email_keys[] = {"email", NULL};
const char *const ep_created_keys[] = {"meta.timestamps.created_at", "meta.created_at", NULL};
const char *const ep_time_keys[] = {"meta.timestamps.updated_at", "meta.updated_at",
				    "meta.timestamps.created_at", "meta.created_at", NULL};

enum paging ep_paging(const struct account *account)
{
	(void)account;
	return PAGING_BRACKETS;
}

/*
 * meta.results.total counts records (OpenAPI); meta.page.total counts pages, the guide shows it
 * alone. A link to a next page outweighs either.
 */
void ep_totals(const json_t *answer, struct walk_totals *totals)
{
	const json_t *records = collection_value(answer, "meta.results.total");
	const json_t *current = collection_value(answer, "meta.page.current");
	const json_t *pages = collection_value(answer, "meta.page.total");
	const char *next = json_string_value(collection_value(answer, "links.next"));

	if (json_is_integer(records)) {
		totals->records = json_integer_value(records);
	} else if (json_is_integer(current) && json_is_integer(pages)) {
		totals->pages = json_integer_value(pages);
		totals->more = json_integer_value(current) < json_integer_value(pages);
	}
	/* some write the word null; no link at all says nothing, nor does it where none is given */
	if (next && *next && strcmp(next, "null") != 0)
		totals->more = 1;
}

const struct collection ep_members = {
    .name = "account members",
    .list_path = "/v2/account-members",
    .item_path = "/v2/account-members/",
    EP_LIST,
    .taken = taken,
    .id_keys = ep_id_keys,
    .type = "account_member",
    .email_keys = email_keys,
    .created_keys = ep_created_keys,
    .stamp_key = "meta.timestamps.updated_at",
    .fields = member_fields,
    .creates = ep_member_creates,
    .put = ep_member_put,
    .settle = ep_realm_settle,
    .list = ep_members_list,
    .post = ep_member_post,
    .posts_part = true,
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
    "     otherwise: account_management_authentication_token_timeout_secs). No documented call revokes\n"
    "     one. What the file tokens answers is such a token too.\n"
    "   - Signing in once more, if the store's settings allow self-signup or make an account for each\n"
    "     member that signs in (enable_self_signup, auto_create_account_for_account_members). If your\n"
    "     buyers sign in through an identity provider, remove the person there first.\n"
    "   The settings are settings/account-authentication.json; they hold for the whole store.\n"
    "\n"
    "3. active makes those memberships again that this mount has ended, and no others. Before it ends\n"
    "   one, .rosterfs/log names the account. The log is lost with the mount: keep a copy. Any membership\n"
    "   is made, here in this directory, by\n"
    "       ln -s ../../../MEMBER.json accounts/ACCOUNT/members/\n"
    "   and with allow_delete = yes ended by\n"
    "       rm accounts/ACCOUNT/members/MEMBER.json\n"
    "   A member without any can sign in and can buy for nobody.\n"
    "\n"
    "4. API keys of the store (client id and secret) that a leaver knew: make a new key in Commerce\n"
    "   Manager, give it to all that uses the old one (rosterfs too), then delete the old one. So too the\n"
    "   client secrets of identity providers (realms/REALM/oidc-profiles): make a new one at the provider\n"
    "   and write it into the profile.\n"
    "\n"
    "5. Members come into being when somebody signs in. allow_preprovision = yes opens new/, where one is\n"
    "   made in advance, if the settings name the realm that members sign in to. Elastic Path's guide warns\n"
    "   of it: a member who was never led through the store's sign-in can fail there, or stays behind as a\n"
    "   record that belongs to nobody. Send the person through the sign-in, and give them a membership (3).\n"
    "\n"
    "6. rosterfs deletes no members and no accounts. If personal data must go, the vendor's documents have\n"
    "   a call for each (DELETE of the user-authentication-info with the member's id, DELETE of the\n"
    "   account); there is no way back from them.\n"
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
    .base_url_key = "region",
    .base_url_hint = " (is the region, or base_url, that of the store?)",
    .users = &ep_members,
    .statuses = &ep_statuses,
    .places = ep_places,
    .transaction = &ep_tokens,
    .creation =
	"the member was made in advance (allow_preprovision): the guide warns that a member "
	"who never came through the store's sign-in fails there or stays an orphan, so have "
	"them sign in; they belong to no account until somebody makes a membership",
    .creation_refused = "rosterfs makes no members here: they come into being when somebody signs "
			"in; allow_preprovision = yes in the section opens new/ all the same",
    .remains = "tokens that the person holds live on until they expire; self-signup and "
	       "auto_create_account_for_account_members would let them back in: see MANUAL",
    .manual = manual,
    .authorize = authorize,
    .renew = renew,
    .memory_new = ep_memory_new,
    .memory_free = ep_memory_free,
};
