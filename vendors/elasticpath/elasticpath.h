/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath.h - what the files of Elastic Path share; nobody else includes it.
 *
 * elasticpath.c has the members and the vendor's table, ep_places.c everything that stands beside
 * the members, ep_member.c what is sent to change and make one, ep_info.c one half of that,
 * ep_status.c the memberships
 * as a status, ep_list.c the stores that are too large for offsets, ep_realm.c and ep_lag.c what is
 * remembered, ep_buyer.c the sign-in of buyers.
 */
#ifndef ROSTERFS_ELASTICPATH_H
#define ROSTERFS_ELASTICPATH_H

#include "vendors/rest/list.h"
#include "vendors/vendor.h"

#include <pthread.h>

/* ---- the collections ---- */

extern const struct collection ep_members;
extern const struct collection ep_accounts;
extern const struct collection ep_memberships;     /* of an account, by their own ids */
extern const struct collection ep_own_memberships; /* of a member */
extern const struct collection ep_links;           /* of an account, by their members' ids */
extern const struct collection ep_settings;
extern const struct collection ep_realms;

/* {id, status, memberships: [{id, account}]} for each member: ep_status.c */
extern const struct collection ep_statuses;

/* What stands in the vendor's directory beside the members: ep_places.c */
extern const struct place ep_places[];

/* The sign-in of buyers: ep_buyer.c */
extern const struct transaction ep_tokens;

/* What all of them have in common: elasticpath.c */
extern const char *const ep_id_keys[];
extern const char *const ep_time_keys[];
extern const char *const ep_created_keys[];
enum paging ep_paging(const struct account *account);
void ep_totals(const json_t *answer, struct walk_totals *totals);

/* A list at this vendor, in the initializer of its struct collection. */
#define EP_LIST                                                                                    \
	.list_key = "data", .item_key = "data", .offset_ceiling = 10000, .page_size = 100,         \
	.wraps_requests = true, .time_keys = ep_time_keys, .paging = ep_paging,                    \
	.totals = ep_totals

/* ---- the user-authentication-info, one half of a member: ep_info.c ---- */

/* Does it, and not the member itself, take the member's field NAME? */
bool ep_info_takes(const char *name);

/* Its id, which is the member's, as collection_id; NULL: INFO is NULL or has none. */
const char *ep_info_id(const json_t *info, char *buffer);

/* The member that INFO is the other half of: ID is that of both. A new reference; NULL: no memory.
 */
json_t *ep_member_of(const json_t *info, const char *id);

/*
 * As item_put, in the realm of the members: HALF is what an info takes of the member ID, EDITS
 * what of it has changed. What the info has besides these is read right before, and sent back;
 * where the vendor knows no such info, all of HALF is sent. *KNOWN false: there is no realm, and
 * nothing was sent. May wait.
 */
enum vendor_outcome ep_info_put(struct call *call, struct account *account, const char *id,
				const json_t *half, const json_t *edits, json_t **answer,
				bool *known);

/* The same as item_post: make INFO. */
enum vendor_outcome ep_info_post(struct call *call, struct account *account, const json_t *info,
				 json_t **answer, bool *known);

/* ---- hooks of ep_members: ep_member.c, with the contracts of struct collection ---- */

enum vendor_outcome ep_member_put(struct call *call, struct account *account, const char *parent,
				  const char *id, const json_t *body, const char *etag,
				  json_t **answer);
bool ep_member_creates(const struct account *account);
enum vendor_outcome ep_member_post(struct call *call, struct account *account, const char *parent,
				   const json_t *body, json_t **answer);

/* The list of ep_members, also of a store that is too large for offsets: ep_list.c */
int ep_members_list(struct call *call, struct account *account, const char *parent,
		    struct list_sink *sink);

/* ---- what is remembered of an account: ep_realm.c ---- */

struct ep_memory {
	pthread_mutex_t lock; /* a leaf */
	char *realm;          /* of the members; NULL: the settings name none */
	time_t until;         /* monotonic seconds: realm holds until then; 0: not known */
	int64_t told;         /* of clock_milliseconds: when realm came; 0: not known */
	uint64_t asked;       /* grows when realm is forgotten: an older answer comes too late */

	struct ep_change *changes; /* what was made and ended here (ep_lag.c) */
};

/* vendor->memory_new and memory_free */
void *ep_memory_new(void);
void ep_memory_free(void *memory);

/*
 * The realm in which the members of the store sign in, as the account authentication settings name
 * it: 0 and its id in *REALM (the caller frees), which is NULL where they name none or can't be
 * seen. A negative errno with words in CALL otherwise. Asks the vendor at most once in account->ttl
 * seconds, and for a change (basis.h) not again after its read has begun. May wait.
 */
int ep_realm(struct call *call, struct account *account, char **realm);

/* collection->settle of the members: have the realm asked for, if it is not known. */
void ep_realm_settle(struct call *call, struct account *account);

/* The settings were written, or the vendor does not know the realm: ask anew the next time. */
void ep_realm_forget(struct account *account);

/* ---- what was made and ended here, while reads may lag behind: ep_lag.c; nothing waits ---- */

/*
 * The vendor has acknowledged that membership ID of MEMBER in the account COMPANY was made, or
 * ENDED. That is remembered for account->lag seconds.
 */
void ep_lag_note(struct account *account, const char *company, const char *member, const char *id,
		 bool ended);

/* It has been asked that such a membership be made, ID where that is known, else NULL; nothing has
 * shown it yet. */
void ep_lag_note_asked(struct account *account, const char *company, const char *member,
		       const char *id);

/* RECORD, an account or a member, was made, and has no memberships but those noted. */
void ep_lag_note_new(struct account *account, const json_t *record);

/* That membership ID of MEMBER in the account COMPANY was made or asked for is not remembered any
 * more, nor that one was asked for whose id was not known. */
void ep_lag_forget(struct account *account, const char *company, const char *member,
		   const char *id);

/* Was the account or member ID made here, no longer ago than that? */
bool ep_lag_is_new(struct account *account, const char *id);

/*
 * The memberships that are remembered, of COMPANY or MEMBER where these are not NULL: a new array
 * of {id, account, member, ended, asked, until}; what was only asked for may have no id.
 */
json_t *ep_lag_changes(struct account *account, const char *company, const char *member);

/* What CALL has read is not what the vendor showed, but CHANGE, one of ep_lag_changes. */
void ep_lag_used(struct call *call, const json_t *change);

/*
 * Lay CHANGES (ep_lag_changes of one member) on MEMBERSHIPS, an array of {id, account} as the
 * vendor showed it to CALL. What differed is added to UNCONFIRMED, in the same form.
 */
void ep_lag_lay(struct call *call, const json_t *changes, json_t *memberships, json_t *unconfirmed);

/* Free what MEMORY has of it. */
void ep_lag_free(struct ep_memory *memory);

#endif
