/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_account.c - see ep_account.h.
 */
#include "vendors/elasticpath/ep_account.h"

#include "vendors/elasticpath/ep_common.h"
#include "vendors/elasticpath/ep_lag.h"
#include "vendors/rest/item.h"

/*
 * parent_id can be given when an account is created, and never again (account-management OpenAPI,
 * 2025). Stores add fields of their own ("flows"), so what is not named here is carried along.
 */
static const struct field ep_account_fields[] = {
    {"id", FIELD_SYSTEM | FIELD_REQUIRED},
    {"type", FIELD_IMMUTABLE | FIELD_REQUIRED},
    {"meta", FIELD_SYSTEM},
    {"links", FIELD_SYSTEM},
    {"relationships", FIELD_SYSTEM},
    {"name", FIELD_REQUIRED | FIELD_EACH_TIME},
    {"parent_id", FIELD_ONCE},
    {NULL, 0},
};

/* A record shows its parent in either field, or in both. */
static const struct once ep_account_once[] = {
    {"parent_id", "/relationships/parent/data/id"},
    {NULL, NULL},
};

static enum vendor_outcome ep_account_post(struct call *call, struct account *account,
					   const char *parent, const json_t *body, json_t **answer)
{
	enum vendor_outcome outcome = item_post_direct(call, account, &ep_accounts, parent, body,
						       answer);

	if (outcome == VENDOR_DONE)
		ep_lag_note_new(account, *answer);
	return outcome;
}

const struct collection ep_accounts = {
    .name = "accounts",
    .list_path = "/v2/accounts",
    .item_path = "/v2/accounts/",
    EP_COMMON_LIST,
    .id_keys = ep_common_id_keys,
    .created_keys = ep_common_created_keys,
    .type = "account",
    .stamp_key = "/meta/timestamps/updated_at",
    .fields = ep_account_fields,
    .once = ep_account_once,
    .creates = ep_common_creates,
    .post = ep_account_post,
};
