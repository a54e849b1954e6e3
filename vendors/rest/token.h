/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - the access tokens of an account, kept in memory only.
 *
 * There is one token for each grant. However many threads need one, one of them asks for it and the
 * others wait. What is asked, and of whom, is the issuer's.
 */
#ifndef ROSTERFS_TOKEN_H
#define ROSTERFS_TOKEN_H

#include <stdint.h>

struct account;
struct call;
struct token;

enum token_grant {
	TOKEN_CLIENT_CREDENTIALS, /* client_id and client_secret: everything an administrator may do
				   */
	TOKEN_IMPLICIT,           /* client_id alone: what a storefront may do */
	TOKEN_GRANTS,
};

/*
 * Asks for a token. ISSUE puts the text of a new token for GRANT into *TEXT (the caller wipes and
 * frees), and for how many milliseconds to use it into *LIFE. Returns 0, or a negative errno with
 * words in CALL. May wait.
 */
struct token_issuer {
	int (*issue)(struct call *call, struct account *account, enum token_grant grant,
		     char **text, int64_t *life);
	struct account *account;
};

/* Return a new object without a token, or NULL without memory. */
struct token *token_new(void);

/* Wipe and free TOKEN, which may be NULL. */
void token_free(struct token *token);

/*
 * Put "Bearer ..." for CALL's next request into *HEADER (the caller wipes and frees), and the
 * serial number of the token into *SERIAL. Without a good token, asks ISSUER for one, or waits for
 * the thread that is asking. For the read that a change rests on (basis.h), a token is good if it
 * is valid for some seconds more, as far as tokens live that long. While CALL waits for another
 * thread, the place of its change is given up (basis_release). Returns 0, or a negative errno with
 * words in CALL.
 */
int token_get(struct token *token, struct call *call, enum token_grant grant,
	      const struct token_issuer *issuer, char **header, uint64_t *serial);

/* Stop using the token with SERIAL, which the vendor refused; a newer one stays. Never waits. */
void token_refused(struct token *token, enum token_grant grant, uint64_t serial);

/* Overwrite each token in TEXT with asterisks, in place. */
void token_redact(struct token *token, char *text);

#endif
