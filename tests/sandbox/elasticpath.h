/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath: Elastic Path's account management API, in the two shapes that are known of it.
 *
 * guide:     the user management guide of March 2026: a membership has a flat account_member_id,
 * the settings name no realm, PUT /v2/account-members/{id} changes name and e-mail, every PUT is a
 * full replacement, a realm can be made by POST, a buyer's token is one object.
 * documents: the vendor's OpenAPI files of October 2025: relationships in memberships and settings,
 * members are written through user-authentication-info, an error's status is a number, a string or
 * missing, PUTs are partial but for the settings', a buyer's tokens are an array.
 */
#ifndef SANDBOX_ELASTICPATH_H
#define SANDBOX_ELASTICPATH_H

#include <stdint.h>

#include "settings.h"
#include "vendor.h"

enum elasticpath_profile { ELASTICPATH_GUIDE, ELASTICPATH_DOCUMENTS };

struct elasticpath_options {
	enum elasticpath_profile profile;
	unsigned long members;
	unsigned long accounts;
	uint64_t seed;
	const char *client_id; /* borrowed for the life of the vendor, like client_secret */
	const char *client_secret;
	struct settings *settings; /* borrowed */
};

/* With its store made. Never NULL. Ended by run.vendor->free(run.self). */
struct vendor_run elasticpath_start(const struct elasticpath_options *options);

#endif
