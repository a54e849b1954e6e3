/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit.h - how long a list may be: by the account's max_users, and by what the vendor lists at
 * most (offset_ceiling). Nothing here waits.
 */
#ifndef ROSTERFS_LIMIT_H
#define ROSTERFS_LIMIT_H

#include "vendors/list/pager.h"

#include <stdbool.h>
#include <stddef.h>

struct account;
struct call;
struct collection;
struct http_reply;

/*
 * Check that a list of COLLECTION may have ROWS. Returns 0, or -EREMOTEIO with words in CALL that
 * name max_users. list_walk_all checks each of its lists; the caller that combines several lists
 * into one checks that one.
 */
int limit_check_rows(struct call *call, const struct account *account,
		     const struct collection *collection, size_t rows);

/*
 * Return true if REPLY, to a request for a page behind the first of PAGER's list, refuses it
 * because it is past the vendor's ceiling.
 */
bool limit_is_refusal(const struct collection *collection, const struct pager *pager,
		      const struct http_reply *reply);

/*
 * Check that the list of PAGER, of which a page was just reported with RESULT and VERDICT, has no
 * more rows than the vendor lists. Returns 0, or -EREMOTEIO with words in CALL: there are or may be
 * more.
 */
int limit_check_ceiling(struct call *call, const struct collection *collection,
			const struct pager *pager, const struct walk_result *result,
			enum walk_verdict verdict);

/* Fail CALL because the vendor lists no more than COUNT records of COLLECTION. CERTAIN: there are
 * more. Returns -EREMOTEIO. */
int limit_fail_cut(struct call *call, const struct collection *collection, size_t count,
		   bool certain);

#endif
