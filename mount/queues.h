/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queues.h - the queues of requests of all accounts, for --check, --explain and a mount.
 */
#ifndef ROSTERFS_QUEUES_H
#define ROSTERFS_QUEUES_H

struct config;
struct http;

/*
 * Make the queues of all accounts of CONFIG that have an API, and raise the limit on descriptors to
 * what they need. Before there are threads; does not block on a vendor. Returns 0 with HTTP, or a
 * negative errno after the error is reported; then HTTP is NULL or made. The caller frees HTTP with
 * http_free in both cases.
 */
int queues_open(const struct config *config, struct http **http);

#endif
