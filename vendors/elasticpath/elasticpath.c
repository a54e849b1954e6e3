/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath.c - Elastic Path Commerce Cloud: the vendor's table, its keys and its MANUAL.
 *
 * The users are account members: buyers of a store, never its administrators. A member has no
 * status; it is active while it belongs to an account of the store (ep_status.h).
 *
 * In the comments of this folder "guide" is the user-management guide of March 2026, and "OpenAPI"
 * is the vendor's own (2025, if no year is named). See vendors/README.md.
 */
#include "vendors/vendor.h"

#include "vendors/elasticpath/ep_buyer.h"
#include "vendors/elasticpath/ep_member.h"
#include "vendors/elasticpath/ep_memory.h"
#include "vendors/elasticpath/ep_places.h"
#include "vendors/elasticpath/ep_status.h"
#include "vendors/http/http.h"
#include "vendors/rest/account.h"
#include "vendors/rest/token.h"
#include "vendors/rest/oauth.h"
#include "vendors/list/walk.h"

#include <string.h>

extern const struct vendor vendor_elasticpath;

static const char *const region_choices[] = {"useast", "euwest", NULL};
static const char *const no_or_yes[] = {"no", "yes", NULL};

static const struct setting elasticpath_settings[] = {
    {.name = "region",
     .type = SETTING_CHOICE,
     .choices = region_choices,
     .about = "where the store is; without an answer, base_url says it"},
    {.name = "client_id",
     .type = SETTING_SECRET,
     .required = true,
     .about = "the client id of an application key of the store (Commerce Manager)"},
    {.name = "client_secret",
     .type = SETTING_SECRET,
     .required = true,
     .about = "the client secret of the same application key"},
    {.name = "allow_preprovision",
     .type = SETTING_CHOICE,
     .fallback = "no",
     .choices = no_or_yes,
     .about = "whether members can be created in new/, before they have signed in"},
    {.name = NULL},
};

static int elasticpath_authorize(struct call *call, struct account *account,
				 struct http_request *request)
{
	int error = oauth_get(call, account, OAUTH_CLIENT_CREDENTIALS, &request->bearer,
			      &request->serial);

	if (!error)
		request->headers[request->header_count++] =
		    (struct http_header){.name = "Authorization", .value = request->bearer};
	return error;
}

static int elasticpath_renew(struct call *call, struct account *account, uint64_t serial)
{
	(void)call;
	token_refused(account->token, serial);
	return 0;
}

static const char elasticpath_text[] =
    "Elastic Path: what no API does\n"
    "==============================\n"
    "\n"
    "A file here is a buyer: an account member of the store, who signs in to a storefront. It is never\n"
    "somebody who administers the store.\n"
    "\n"
    "1. Administrators (Commerce Manager) have no API. A person who leaves the company may be one.\n"
    "   Sign in to Commerce Manager, open the organization's team, find the person by email, and remove\n"
    "   them from the team or take their roles away. If your company signs in there through its identity\n"
    "   provider, remove the person at the provider as well.\n"
    "\n"
    "2. inactive ends every membership of the member: a member that signs in afterwards can buy for no\n"
    "   account. The member itself stays. Two things can still let the person in:\n"
    "   - Tokens that they hold stay valid until they expire (a day, unless the store's settings say\n"
    "     otherwise: account_management_authentication_token_timeout_secs). No documented call revokes\n"
    "     one. The file tokens returns such a token too.\n"
    "   - Signing in once more, if the store's settings allow self-signup or create an account for each\n"
    "     member that signs in (enable_self_signup, auto_create_account_for_account_members). If your\n"
    "     buyers sign in through an identity provider, remove the person there first.\n"
    "   The settings are in settings/account-authentication.json and hold for the whole store.\n"
    "\n"
    "3. active restores the memberships that this mount has ended, and no others. Before it ends one,\n"
    "   .rosterfs/log names the account. The log is lost with the mount: keep a copy. To create any\n"
    "   membership, in this directory:\n"
    "       ln -s ../../../MEMBER.json accounts/ACCOUNT/members/\n"
    "   To end it, with allow_delete = yes:\n"
    "       rm accounts/ACCOUNT/members/MEMBER.json\n"
    "   A member without a membership can sign in and can buy for nobody.\n"
    "\n"
    "4. API keys of the store (client id and secret) that a leaver knew: create a new key in Commerce\n"
    "   Manager, give it to everything that uses the old one (rosterfs too), then delete the old one. Do\n"
    "   the same with the client secrets of identity providers (realms/REALM/oidc-profiles): create a new\n"
    "   one at the provider and write it into the profile.\n"
    "\n"
    "5. A member is created when the person signs in. With allow_preprovision = yes you can create one in\n"
    "   advance in new/, if the settings name the realm that members sign in to. Elastic Path's guide\n"
    "   warns of it: a member that has never signed in through the store may be unable to sign in, or\n"
    "   stays as a record that belongs to nobody. Let the person sign in, and create a membership (3).\n"
    "\n"
    "6. rosterfs deletes no members and no accounts. If personal data must go, the vendor's documents have\n"
    "   a call for each (DELETE of the user-authentication-info with the member's id, DELETE of the\n"
    "   account). Neither can be undone.\n"
    "\n"
    "What to keep as evidence: who did it, when, the member's id and email, the accounts that the member\n"
    "belonged to (from .rosterfs/log), a screenshot of the team page.\n";

static const char *elasticpath_manual(const struct account *account)
{
	(void)account;
	return elasticpath_text;
}

static const char *elasticpath_base_url(const struct account *account)
{
	const char *region = account_value(account, "region");

	if (!region)
		return NULL;
	return strcmp(region, "euwest") == 0 ? "https://euwest.api.elasticpath.com"
					     : "https://useast.api.elasticpath.com";
}

const struct vendor vendor_elasticpath = {
    .type = "elasticpath",
    .settings = elasticpath_settings,
    .choose_base_url = elasticpath_base_url,
    .base_url_key = "region",
    /* form-encoded, although everything else is JSON (content-type guide); the response is in
       "data" in the OpenAPI, and bare in its clients */
    .token_path = "/oauth/access_token",
    .token_key = "data",
    .base_url_hint = " (is the region, or base_url, that of the store?)",
    .users = &ep_members,
    .statuses = &ep_statuses,
    .places = ep_places,
    .transaction = &ep_buyer_tokens,
    .creation = "the member was created in advance (allow_preprovision): the guide warns that a "
		"member that has never signed in through the store may be unable to sign in, or "
		"stays orphaned; let the person sign in, and create a membership: until then the "
		"member belongs to no account",
    .creation_refused = "rosterfs creates no members here: a member is created when the person "
			"signs in; to create one in advance, set allow_preprovision = yes in the "
			"section",
    .remains = "tokens that the person holds stay valid until they expire; self-signup and "
	       "auto_create_account_for_account_members would let the person back in: see MANUAL",
    .manual = elasticpath_manual,
    .authorize = elasticpath_authorize,
    .renew = elasticpath_renew,
    .memory_new = ep_memory_new,
    .memory_free = ep_memory_free,
};
