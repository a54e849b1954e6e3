/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_realm.h - the authentication realms of an Elastic Path store, and their OIDC profiles.
 */
#ifndef ROSTERFS_EP_REALM_H
#define ROSTERFS_EP_REALM_H

#include "vendors/vendor.h"

extern const struct collection ep_realms;

/* The identity providers of a realm. */
extern const struct collection ep_realm_profiles;

#endif
