/* SPDX-License-Identifier: Apache-2.0 */
/*
 * item.h - one record at the vendor: fetch, create, replace and delete it.
 *
 * All functions may wait. COLLECTION's records belong to PARENT, or to none (NULL).
 */
#ifndef ROSTERFS_ITEM_H
#define ROSTERFS_ITEM_H

#include "vendors/vendor.h"

#include <jansson.h>

struct account;
struct basis_read;
struct call;

/*
 * Fetch record ID. Returns 0, with a new reference in *RECORD (out of its envelope, without
 * confidential and write-only fields) and its ETag in *ETAG (the caller frees; NULL: none); or a
 * negative errno with words in CALL, -ENOENT if the vendor does not know the id.
 *
 * ETAG may be NULL. Otherwise no compressed response is asked for, because it would have another
 * ETag. Only a strong and valid ETag (RFC 9110, 8.8.3) is returned, and none after
 * account->no_preconditions was set. With ETAG and call->basis, this is the read that a change
 * rests on: see basis.h.
 */
int item_get(struct call *call, struct account *account, const struct collection *collection,
	     const char *parent, const char *id, json_t **record, char **etag);

/*
 * Fetch record ID for an item_put that is made of this record besides the one that call->basis
 * rests on: as item_get without an ETag, and the write then rests on this read. What it rested on
 * before goes into *READ, for basis_resume. On failure nothing changes. Call it only below
 * item_put.
 */
int item_get_part(struct call *call, struct account *account, const struct collection *collection,
		  const char *parent, const char *id, struct basis_read *read, json_t **record);

/*
 * Replace record ID by BODY (borrowed, without system fields), with If-Match if ETAG is strong and
 * valid and account->no_preconditions is not set. A BODY that lacks a field which each PUT must
 * contain (FIELD_EACH_TIME) is not sent: VENDOR_REFUSED with EINVAL.
 *
 * *ANSWER is a new reference to the record in the response. It is NULL if the response has no
 * record, or another one than ID, or an error beside it, whose words are then in call->said.
 *
 * With call->basis, this is the write that rests on the read: see basis.h. A 429 that cannot be
 * waited out while that read is fresh enough ends it at once: VENDOR_REFUSED, with CALL_LIMITED and
 * call->told. The account's next request then waits as the vendor demands.
 */
enum vendor_outcome item_put(struct call *call, struct account *account,
			     const struct collection *collection, const char *parent,
			     const char *id, const json_t *body, const char *etag, json_t **answer);

/*
 * Return true if an update of COLLECTION's records leaves out what was not edited, and trusts the
 * vendor to keep it: its body has no {record}. False for a SCIM PatchOp, which names what it sets.
 */
bool item_leaves_out(const struct account *account, const struct collection *collection);

/* As item_put, without the collection's own `put`: such a function calls this one. */
enum vendor_outcome item_put_direct(struct call *call, struct account *account,
				    const struct collection *collection, const char *parent,
				    const char *id, const json_t *body, const char *etag,
				    json_t **answer);

/* Delete the record with ID in its path. A 404 counts as VENDOR_DONE (verdict CALL_MISSING). */
enum vendor_outcome item_delete(struct call *call, struct account *account,
				const struct collection *collection, const char *parent,
				const char *id);

/*
 * Create a record of BODY (borrowed). It is never repeated blindly: VENDOR_UNKNOWN if the response
 * was lost, or reports an error with a status of success.
 *
 * *ANSWER is a new reference to the record in the response, without what must never be shown, or
 * NULL if there is none. It does not always have an id, nor each field, nor as a GET shows them.
 * Without an id nothing is known of a record, and the words in CALL are what the vendor said, if
 * anything. A vendor whose reads lag behind its writes may answer the first GETs of the record with
 * 404.
 */
enum vendor_outcome item_post(struct call *call, struct account *account,
			      const struct collection *collection, const char *parent,
			      const json_t *body, json_t **answer);

/*
 * Return true if the request that creates a record has the placeholder {POINTER}: the value comes
 * from the new document, although the vendor's records never change there (an id that the client
 * chooses).
 */
bool item_create_takes(const struct collection *collection, const char *pointer);

/* As item_post, without the collection's own `post`: such a function calls this one. */
enum vendor_outcome item_post_direct(struct call *call, struct account *account,
				     const struct collection *collection, const char *parent,
				     const json_t *body, json_t **answer);

#endif
