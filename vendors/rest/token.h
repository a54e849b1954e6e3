/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h - the access tokens of an account, kept in memory only.
 *
 * There is one token for each slot: for each grant of oauth.h, or for each api of a vendor that is
 * described by rules. However many threads need one, one of them asks for it and the others wait.
 * What is asked, and of whom, is the issuer's.
 */
#ifndef ROSTERFS_TOKEN_H
#define ROSTERFS_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct account;
struct call;
struct token;

#define TOKEN_SAVED_MAX 8       /* parts of a response that are kept with a token */
#define TOKEN_FOREVER INT64_MAX /* a life that ends when the vendor refuses the token */

/* A new token. Its texts are from vault.h. */
struct token_made {
	char *text;
	int64_t life;                 /* for how many milliseconds to use it, or TOKEN_FOREVER */
	char *saved[TOKEN_SAVED_MAX]; /* other parts of the response; NULL: none */
};

/*
 * Asks for a token. Puts a new token for SLOT into *MADE, whose texts token.c frees.
 * Returns 0, or a negative errno with words in CALL. May wait.
 */
typedef int token_issuer(struct call *call, struct account *account, unsigned slot,
			 struct token_made *made);

/* Return a new object with SLOTS slots without a token, or NULL without memory. */
struct token *token_new(unsigned slots);

/* Wipe and free TOKEN, which may be NULL. */
void token_free(struct token *token);

/*
 * Put the token of SLOT for CALL's next request into *TEXT (of vault.h; the caller frees it), and
 * its serial number into *SERIAL. Without a good token, asks ISSUER for one, for ACCOUNT, or waits
 * for the thread that is asking. For the read that a change rests on (basis.h), a token is good if
 * it is valid for some seconds more, as far as tokens live that long. While CALL waits for another
 * thread, the place of its change is given up (basis_release). Returns 0, or a negative errno with
 * words in CALL.
 */
int token_get(struct token *token, struct call *call, unsigned slot, token_issuer *issuer,
	      struct account *account, char **text, uint64_t *serial);

/* Return a copy of the token of SLOT, good or not, of vault.h, which the caller frees. NULL: there
 * is none, or no memory. Never waits. */
char *token_text(struct token *token, unsigned slot);

/* As token_text, of the part INDEX that was saved with the token, if that is of the present keys of
 * ACCOUNT. */
char *token_saved(struct token *token, const struct account *account, unsigned slot, size_t index);

/* As token_text, of the refresh token of SLOT. */
char *token_refresh(struct token *token, unsigned slot);

/*
 * Keep a copy of REFRESH as the refresh token of SLOT. REPLACES (or NULL) is the one that a file
 * still has in its place, because the file could not be written. Returns 0 or -ENOMEM. Never waits.
 */
int token_keep_refresh(struct token *token, unsigned slot, const char *refresh,
		       const char *replaces);

/* Return true if the refresh token of SLOT replaces REFRESH, which a file has. */
bool token_replaces(struct token *token, unsigned slot, const char *refresh);

/* Stop using the token with SERIAL, which the vendor refused; a newer one stays. Never waits. */
void token_refused(struct token *token, uint64_t serial);

/* Return true if TEXT has a token, a refresh token, or what was saved with one, in it as it is. */
bool token_tells(struct token *token, const char *text);

/* Overwrite each token and refresh token, and what was saved with it, in TEXT with asterisks, in
 * place: as it is, percent-encoded and as JSON writes it. */
void token_redact(struct token *token, char *text);

#endif
