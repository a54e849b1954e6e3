/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_places.c - see ep_places.h.
 */
#include "vendors/elasticpath/ep_places.h"

#include "vendors/elasticpath/ep_account.h"
#include "vendors/elasticpath/ep_membership.h"
#include "vendors/elasticpath/ep_realm.h"
#include "vendors/elasticpath/ep_settings.h"

static const struct place account_places[] = {
    {.name = "members", .kind = PLACE_LINKS, .collection = &ep_links},
    {.name = NULL},
};

static const struct place realm_places[] = {
    {.name = "oidc-profiles", .kind = PLACE_FILES, .collection = &ep_realm_profiles},
    {.name = NULL},
};

const struct place ep_places[] = {
    {.name = "accounts",
     .kind = PLACE_FOLDERS,
     .collection = &ep_accounts,
     .file = "account.json",
     .below = account_places},
    {.name = "settings",
     .kind = PLACE_FILE,
     .collection = &ep_settings,
     .file = "account-authentication.json"},
    {.name = "realms",
     .kind = PLACE_FOLDERS,
     .collection = &ep_realms,
     .file = "realm.json",
     .below = realm_places},
    {.name = NULL},
};
