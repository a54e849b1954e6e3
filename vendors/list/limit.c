/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit.c - see limit.h.
 *
 * A list that ends at a limit is not whole, whether or not the vendor says so.
 */
#include "vendors/list/limit.h"

#include "vendors/base/call.h"
#include "vendors/http/http_reply.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

int limit_check_rows(struct call *call, const struct account *account,
		     const struct collection *collection, size_t rows)
{
	if (rows <= account->max_users)
		return 0;
	return call_fail(
	    call, CALL_MALFORMED,
	    "the list of %s is longer than max_users = %u: raise max_users in section [%s] if "
	    "the list is that long",
	    collection->name, account->max_users, account->name);
}

int limit_fail_cut(struct call *call, const struct collection *collection, size_t count,
		   bool certain)
{
	return call_fail(
	    call, CALL_MALFORMED,
	    "the vendor lists no more than its first %zu %s, and there %s more: they can't be shown "
	    "whole",
	    count, collection->name, certain ? "are" : "may be");
}

bool limit_is_refusal(const struct collection *collection, const struct pager *pager,
		      const struct http_reply *reply)
{
	size_t rows = pager->walk.rows;

	if (!collection->offset_ceiling || !pager->walk.done || reply->verdict)
		return false;
	/* the requests for pages differ only in where they start, so that is what was refused */
	if (!collection->listing)
		return reply->status == 400;
	return rows + pager->walk.step > collection->offset_ceiling && reply->status >= 400 &&
	       reply->status < 500 && reply->status != 401 && reply->status != 408 &&
	       reply->status != 429;
}

/*
 * As limit_check_ceiling, for a vendor that refuses pages from the ceiling on: true if the total
 * tells with the first page that it will be hit. Only a certain total counts: a number of pages may
 * be one of rows.
 */
static bool is_too_long(const struct collection *collection, const struct pager *pager,
			const struct walk_result *result)
{
	long long rows = (long long)result->rows, records = result->totals.records;

	return pager->walk.done == 1 && rows && records > rows &&
	       (records - 1) / rows * rows > collection->offset_ceiling;
}

int limit_check_ceiling(struct call *call, const struct collection *collection,
			const struct pager *pager, const struct walk_result *result,
			enum walk_verdict verdict)
{
	long long rows = (long long)pager->walk.rows, ceiling = collection->offset_ceiling, total;
	bool certain;

	if (!ceiling || verdict == WALK_FAILED || verdict == WALK_RESTART)
		return 0;
	if (!collection->listing)
		return is_too_long(collection, pager, result)
			   ? limit_fail_cut(call, collection, (size_t)ceiling, true)
			   : 0;
	total = pager_total(pager, &certain);
	if (rows > ceiling || total > ceiling)
		return limit_fail_cut(call, collection, (size_t)ceiling, true);
	/* a vendor that stops at its ceiling says nothing, or counts no further */
	if (verdict == WALK_DONE && rows == ceiling && !(certain && total == rows))
		return limit_fail_cut(call, collection, (size_t)ceiling, false);
	return 0;
}
