/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain.h - `rosterfs --explain`: the requests that a write would send.
 */
#ifndef ROSTERFS_EXPLAIN_H
#define ROSTERFS_EXPLAIN_H

#include <stdio.h>

struct config;

/*
 * Make the write of TEXT to PATH ("partnerize/123.status", "partnerize/123.json") without a mount:
 * what reads is sent, what would change anything is printed to OUT instead, with method, URL,
 * headers and body. Secrets and values that are never shown are printed as ***. TEXT is a status
 * word, or NULL: a document is read from standard input. Returns 0 if the write would be sent or
 * has nothing to change, else 1, and OUT says why it would be refused. Blocks. Call it once, after
 * http_add for all accounts of CONFIG.
 */
int explain_run(const struct config *config, const char *path, const char *text, FILE *out);

#endif
