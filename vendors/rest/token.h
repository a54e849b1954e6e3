/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - OAuth 2.0 access tokens of an account: got when one is needed, kept in memory only.
 *
 * POST {base}/oauth/access_token, form-encoded, though all else is JSON (Elastic Path's
 * content-type guide). The answer is bare or inside "data" (its OpenAPI says the latter, its
 * clients the former). A token is renewed TOKEN_EARLY seconds before its expires_in ends; `expires`
 * is not used: clocks differ. However many threads need one, one request is made.
 */
#ifndef ROSTERFS_TOKEN_H
#define ROSTERFS_TOKEN_H

#include <stdint.h>

struct account;
struct call;
struct token;

#define TOKEN_EARLY 60

enum token_grant {
	TOKEN_CLIENT_CREDENTIALS, /* client_id and client_secret: everything an administrator may do
				   */
	TOKEN_IMPLICIT,           /* client_id alone: what a storefront may do */
	TOKEN_GRANTS,
};

struct token *token_new(void);
void token_free(struct token *token); /* wipes; NULL is fine */

/*
 * "Bearer ..." for ACCOUNT's next request, in *HEADER (the caller wipes and frees), and which token
 * that is in *SERIAL. For the read that a change rests on (basis.h) one that stays good for some
 * seconds more, as far as there are any such. May wait for the vendor, and gives the place of
 * CALL's change up then. Returns 0 or a negative errno with words in CALL.
 */
int token_get(struct call *call, struct account *account, enum token_grant grant, char **header,
	      uint64_t *serial);

/*
 * The vendor refused token SERIAL: it is not used again. Another one that somebody else has got
 * meanwhile stays. Never waits.
 */
void token_refused(struct account *account, enum token_grant grant, uint64_t serial);

/* Overwrite each token that stands in TEXT with asterisks, in place. */
void token_redact(struct token *token, char *text);

#endif
