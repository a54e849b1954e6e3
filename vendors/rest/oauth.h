/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oauth.h - OAuth 2.0 access tokens of an account, issued by the vendor when one is needed.
 *
 * A token is asked for by a POST to the vendor's token_path, form-encoded. The response is JSON,
 * bare or in the vendor's token_key. A token is renewed OAUTH_EARLY seconds before its expires_in
 * ends. `expires` is not used, because clocks differ.
 */
#ifndef ROSTERFS_OAUTH_H
#define ROSTERFS_OAUTH_H

#include <stdint.h>

struct account;
struct call;

enum oauth_grant {
	OAUTH_CLIENT_CREDENTIALS, /* client_id and client_secret: everything an administrator may do
				   */
	OAUTH_IMPLICIT,           /* client_id alone: what a storefront may do */
	OAUTH_GRANTS,
};

#define OAUTH_EARLY 60

/*
 * Get the token of GRANT for ACCOUNT's next request: "Bearer ..." in *HEADER (of vault.h; the
 * caller frees), and its serial number in *SERIAL, for token_refused. As token_get: may wait for
 * the vendor, and gives up the place of CALL's change then. Returns 0, or a negative errno with
 * words in CALL.
 */
int oauth_get(struct call *call, struct account *account, enum oauth_grant grant, char **header,
	      uint64_t *serial);

#endif
