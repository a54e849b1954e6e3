/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust.h - whether changes may be sent by a description that nobody has tried or read in
 * documents.
 *
 * A description, or a section of it, may say that it is from memory. It reads, and changes nothing
 * until the account's section says `trust = yes`. Nothing here waits.
 */
#ifndef ROSTERFS_TRUST_H
#define ROSTERFS_TRUST_H

#include <stdbool.h>

struct account;
struct call;
struct rule_request;

/* Return true if changes may be sent to ACCOUNT's vendor, and, if REQUEST is not NULL, by that
 * request of its description. */
bool trust_is_given(const struct account *account, const struct rule_request *request);

/* As trust_is_given: returns 0, or -EROFS with words in CALL that say what to do. */
int trust_check(struct call *call, const struct account *account,
		const struct rule_request *request);

#endif
