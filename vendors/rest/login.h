/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.h - the access tokens of a vendor that is described by rules, and the queues of its apis.
 *
 * A token is asked for when exchange.c needs one (token.h): before the first request that uses it,
 * shortly before it expires, and after a 401. If the vendor sends a new refresh token each time, it
 * is kept in account->refresh_token_file before the access token is used.
 */
#ifndef ROSTERFS_LOGIN_H
#define ROSTERFS_LOGIN_H

#include <stddef.h>

struct account;
struct http;

/*
 * Give each endpoint of ACCOUNT its queue, and let exchange.c ask for tokens. Once, when all
 * settings are read, before the first request. The first endpoint's limits hold for the others.
 * Does not wait. Returns 0, or a negative errno with words in WHY, which name no secret.
 */
int login_open(struct http *http, struct account *account, char *why, size_t why_size);

#endif
