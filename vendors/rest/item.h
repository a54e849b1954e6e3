/* SPDX-License-Identifier: Apache-2.0 */
/*
 * item.h - one record at the vendor: fetch, create, replace and delete it.
 */
#ifndef ROSTERFS_ITEM_H
#define ROSTERFS_ITEM_H

#include <jansson.h>
#include "vendors/vendor.h"

struct account;
struct basis_read;
struct call;

/*
 * Fetch one record. Returns 0, a new reference in *RECORD (out of its envelope, confidential and
 * write-only fields removed) and its ETag in *ETAG (the caller frees; NULL: none; ETAG may be
 * NULL), or a negative errno with words in CALL: -ENOENT when the vendor does not know the id.
 *
 * With ETAG, no compressed answer is asked for, as a compressed one has another ETag. Only a strong
 * and valid one (RFC 9110, 8.8.3) is handed out, and none once account->no_preconditions is set.
 * With ETAG and call->basis, this is the read that a change rests on: see basis.h.
 */
int item_get(struct call *call, struct account *account, const struct collection *collection,
	     const char *parent, const char *id, json_t **record, char **etag);

/*
 * The same without an ETag, for a item_put that is made of this record besides the one that
 * call->basis rests on: the write then rests on this one, and what it has rested on goes to *READ,
 * for basis_resume. Where it fails, nothing changes. Only below item_put.
 */
int item_get_part(struct call *call, struct account *account, const struct collection *collection,
		  const char *parent, const char *id, struct basis_read *read, json_t **record);

/*
 * Replace record ID by BODY (borrowed; already without system fields), with If-Match if ETAG is
 * strong and valid and account->no_preconditions is not set. A BODY that lacks a field which each
 * PUT must bring (FIELD_EACH_TIME) is not sent: VENDOR_REFUSED, EINVAL. If the vendor refuses PUT
 * with 405 and the collection says so (put_becomes_post), POST it to the item, from then on. An
 * answer that lacks a record, or has one that is not ID's, leaves *ANSWER NULL; so does one with an
 * error beside it, whose words are in call->said then.
 *
 * With call->basis this is the write that rests on the read: see basis.h. A 429 that cannot be
 * waited out while that read is fresh enough ends it at once: VENDOR_REFUSED, call->status 429 and
 * call->told. The account's next request then waits as the vendor demands.
 */
enum vendor_outcome item_put(struct call *call, struct account *account,
			     const struct collection *collection, const char *parent,
			     const char *id, const json_t *body, const char *etag, json_t **answer);

/* As item_put, without the collection's own `put`: this is what such a function is made of. */
enum vendor_outcome item_put_direct(struct call *call, struct account *account,
				    const struct collection *collection, const char *parent,
				    const char *id, const json_t *body, const char *etag,
				    json_t **answer);

/* Delete the record with ID in its path. A 404 counts as done: it is not there. */
enum vendor_outcome item_delete(struct call *call, struct account *account,
				const struct collection *collection, const char *parent,
				const char *id);

/*
 * Make a record of BODY (borrowed). Never repeated blindly: VENDOR_UNKNOWN when the answer was
 * lost, or tells of an error although its status is a success. The record as answered into *ANSWER,
 * without what must never be shown; NULL where it is not answered. It has its id, but not always
 * each field, nor as a GET shows them (without an id it is none: what the vendor says, if anything,
 * is then the words in CALL); and a vendor whose reads lag its writes may answer the first GETs of
 * it with 404.
 */
enum vendor_outcome item_post(struct call *call, struct account *account,
			      const struct collection *collection, const char *parent,
			      const json_t *body, json_t **answer);

/* As item_post, without the collection's own `post`: this is what such a function is made of. */
enum vendor_outcome item_post_direct(struct call *call, struct account *account,
				     const struct collection *collection, const char *parent,
				     const json_t *body, json_t **answer);

#endif
