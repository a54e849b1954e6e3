/* SPDX-License-Identifier: Apache-2.0 */
/*
 * item_rule.h - one record of a vendor whose table has rules (vendors/rules.h): the requests of
 * item.h by their rules.
 *
 * For item.c and status_request.c; the contracts are item.h's. All functions may wait.
 */
#ifndef ROSTERFS_ITEM_RULE_H
#define ROSTERFS_ITEM_RULE_H

#include "vendors/json/id_text.h"
#include "vendors/vendor.h"

#include <jansson.h>
#include <stdbool.h>

struct account;
struct call;
struct http_reply;
struct request_values;

/* The id of a record as its requests write it. */
struct item_rule_id {
	const char *path;
	const json_t *json; /* as the vendor writes it; NULL: not known */
	char buffer[ID_TEXT_MAX];
};

/* Set OWN for record ID, of which RECORD (or NULL) is what the vendor shows. Does not wait. OWN
 * lives as long as both. */
void item_rule_own_id(const struct collection *collection, const json_t *record, const char *id,
		      struct item_rule_id *own);

/* As item_get without its ETag: send COLLECTION's `item` for record ID, with REPLY to be cleared in
 * any case. IDENTITY: ask for no compressed response. Returns what exchange returns; a status that
 * the table calls "gone" is -ENOENT. */
int item_rule_get(struct call *call, struct account *account, const struct collection *collection,
		  const char *parent, const char *id, bool identity, struct http_reply *reply);

/* Return true if RECORD counts as deleted (gone_when). Does not wait. */
bool item_rule_is_gone(const struct collection *collection, const json_t *record);

/* As item_put. */
enum vendor_outcome item_rule_put(struct call *call, struct account *account,
				  const struct collection *collection, const char *parent,
				  const char *id, const json_t *body, const char *etag,
				  json_t **answer);

/* As item_create_takes. */
bool item_rule_create_takes(const struct collection *collection, const char *pointer);

/* As item_post. */
enum vendor_outcome item_rule_post(struct call *call, struct account *account,
				   const struct collection *collection, const char *parent,
				   const json_t *body, json_t **answer);

/* As item_delete. */
enum vendor_outcome item_rule_delete(struct call *call, struct account *account,
				     const struct collection *collection, const char *parent,
				     const char *id);

/* A change that is sent by a rule. */
struct item_rule_change {
	const struct collection *collection;
	const struct rule_request *rule;
	const struct request_values *values;
	const char *id;     /* NULL: a new record */
	const char *etag;   /* for If-Match, or NULL */
	const json_t *body; /* what it sends of the user's, to be redacted; or NULL */
	bool rests;         /* it rests on the read of call->basis */
	bool no_record;     /* the response holds no record */
};

/*
 * Send CHANGE, and its alternative after a 405. *ANSWER (may be NULL) as item_put's; for a new
 * record it has an id if the response tells it in any way: `created_id`, the record, Location.
 */
enum vendor_outcome item_rule_send(struct call *call, struct account *account,
				   const struct item_rule_change *change, json_t **answer);

#endif
