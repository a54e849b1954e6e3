/*
 * elasticpath.h - the collections of Elastic Path, for its own files only.
 */
#ifndef ROSTERFS_ELASTICPATH_H
#define ROSTERFS_ELASTICPATH_H

#include "vendors/vendor.h"

extern const struct collection ep_members;
extern const struct collection ep_accounts;
extern const struct collection ep_memberships;     /* of an account */
extern const struct collection ep_own_memberships; /* of a member */

/* The put of ep_members: ep_member.c */
enum vendor_outcome ep_member_put(struct call *call, struct account *account, const char *parent,
				  const char *id, const json_t *body, const char *etag,
				  json_t **answer);

/* {id, status, memberships: [{id, account}]} for each member: ep_status.c */
extern const struct collection ep_statuses;

#endif
