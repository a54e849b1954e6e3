/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elasticpath_parts: what the files of the Elastic Path simulation share among themselves.
 *
 * For elasticpath*.c alone. A membership touches three stores at once, so all of them are under one
 * lock, ep->lock, and not under their own; functions ending in _locked need it. Texts of stores are
 * good until it is given back.
 */
#ifndef SANDBOX_ELASTICPATH_PARTS_H
#define SANDBOX_ELASTICPATH_PARTS_H

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "elasticpath.h"
#include "store.h"

struct ep_group; /* the stores of one kind, each below an owner: an account's memberships */
struct ep_tokens;
struct ep_view;

struct elasticpath {
	struct elasticpath_options options;
	pthread_mutex_t lock;
	struct store_times times;
	struct store *members, *accounts, *realms;
	struct store *infos;          /* by member: what its info shows otherwise than the member */
	struct store *settings;       /* one record */
	struct ep_group *memberships; /* by account */
	struct ep_group *profiles;    /* by realm */
	struct ep_view *view;         /* the last sorted list */
	struct ep_tokens *tokens;
	unsigned long changes; /* grows with each change of any store */
	unsigned long made;    /* objects made so far: the next id */
	char *realm;           /* id of the realm whose users are the account members */
	atomic_uint errors;    /* for the three forms of an error's status */
};

/* One request on its way through. */
struct ep_ask {
	struct elasticpath *ep;
	const struct request *request;
	const struct fault *fault;
	struct reply *reply;
	char *id[2]; /* of the path; NULL where it has none */
	bool implicit;
};

/* elasticpath_kind.c: the kinds of objects, their fields and rules */

enum ep_kind { EP_MEMBER, EP_INFO, EP_ACCOUNT, EP_MEMBERSHIP, EP_SETTINGS, EP_REALM, EP_PROFILE };

#define EP_SETTINGS_ID "account-authentication"

bool ep_documents(const struct elasticpath *ep);
const char *ep_type(enum ep_kind kind);
/* How an error names it. */
const char *ep_words(enum ep_kind kind);
/* Where created_at and updated_at stand in the object. */
bool ep_has_timestamps_level(enum ep_kind kind);
/* Whether data may be written over old (NULL: it is to be made), whose id is given; false with
 * words in why. Takes an equal id and the type out of data. */
bool ep_check(const struct elasticpath *ep, enum ep_kind kind, const char *id, json_t *old,
	      json_t *data, char *why, size_t why_size);
/* A new object with data's fields, complete; the path is its links.self. New reference. */
json_t *ep_new(const struct elasticpath *ep, enum ep_kind kind, const char *id, const char *path,
	       json_t *data);
/* What a PUT of data leaves of old. New reference. */
json_t *ep_updated(const struct elasticpath *ep, enum ep_kind kind, json_t *old, json_t *data);
void ep_touch(const struct elasticpath *ep, enum ep_kind kind, json_t *object);
/* Takes updated_at out of an object as it is shown. */
void ep_unstamp(json_t *object);
/* A vendor that stores something other than what it was sent. */
void ep_normalise(json_t *data, const struct fault *fault);
/* Whether profiles are as in the newest specification: see enum oidc_form. */
bool ep_newest_form(const struct elasticpath *ep, enum ep_kind kind);
/* Whether such an object is shown otherwise than it is stored, by that enum, and what it shows. */
bool ep_is_shaped(const struct elasticpath *ep, enum ep_kind kind);
void ep_shape_profile(const struct elasticpath *ep, json_t *object);
/* The member as user-authentication-info, with what that shows otherwise. New reference. */
json_t *ep_info(const struct elasticpath *ep, json_t *member);
/* Whether the member's info was made to differ from it: a PUT of the info then replaces all of it.
 */
bool ep_info_differs(const struct elasticpath *ep, const json_t *member);
/* The member (a new reference) after such a PUT of data: it shows what the PUT has changed. */
json_t *ep_info_replaced_locked(struct elasticpath *ep, json_t *member, json_t *data);
/* What stands before the path in links. */
const char *ep_host(const struct elasticpath *ep);
/* In the documents a membership tells one side alone: in an account's lists the member, in a
 * member's own (OWN) the account, and the member's id flat. */
void ep_tell_one_side(json_t *membership, bool own);

/* elasticpath_store.c: what is stored, by id and owner */

#define EP_ID_MOST 40

void ep_new_id_locked(struct elasticpath *ep, char id[EP_ID_MOST]);
/* NULL if there is none and make is false. */
struct store *ep_group_store_locked(struct elasticpath *ep, struct ep_group **group,
				    const char *owner, bool make);
void ep_group_free(struct ep_group **group);
/* The next store of the group after `store` (NULL: the first), with its owner. */
struct store *ep_group_next_locked(const struct ep_group *group, const struct store *store,
				   const char **owner);
json_t *ep_parse(const struct record *record);
/* NULL if the id is in use. */
struct record *ep_add_locked(struct elasticpath *ep, enum ep_kind kind, struct store *store,
			     const char *id, json_t *object);
void ep_save_locked(struct elasticpath *ep, enum ep_kind kind, struct store *store,
		    struct record *record, json_t *object);
void ep_remove_locked(struct elasticpath *ep, struct store *store, struct record *record);
/* The member and its memberships; the account and its. */
void ep_remove_member_locked(struct elasticpath *ep, struct record *member);
void ep_remove_account_locked(struct elasticpath *ep, struct record *account);
/* That member's membership in the account whose store it is, or NULL. */
struct record *ep_membership_locked(const struct store *store, const char *member);
/* A membership's text, and storing it; the members and the account are not looked at. NULL if the
 * id is in use. */
struct ep_pair {
	const char *account, *member;
};
void ep_membership_text(const struct elasticpath *ep, const struct ep_pair *pair, const char *id,
			const char *when, struct text *text);
struct record *ep_add_membership_locked(struct elasticpath *ep, const struct ep_pair *pair,
					const char *id, const char *when);
/* The value of a string field such as "email" or "created_at", without parsing the object; false
 * (and "") if there is none. */
bool ep_string(enum ep_kind kind, const struct record *record, const char *field,
	       struct text *value);

/* elasticpath_seed.c */
void ep_seed(struct elasticpath *ep);
/* seconds since 1970, as the profile writes them; for documents with that fraction. */
void ep_time(const struct elasticpath *ep, int64_t seconds, const char *fraction, char *out,
	     size_t size);
void ep_now(const struct elasticpath *ep, char *out, size_t size);
bool ep_stamped(const struct elasticpath *ep);
void ep_uuid(const struct elasticpath *ep, unsigned kind, unsigned long index, char id[EP_ID_MOST]);

/* elasticpath_filter.c: which rows, in which order */

struct ep_rows {
	const struct store *store;  /* its own order, or */
	const struct record **list; /* these, owned */
	size_t count;
};

struct ep_listing {
	enum ep_kind kind;
	const char *filters[2]; /* " op:field ..." by profile */
	const char *sorts;      /* " field ..." */
	const char *include;    /* the one ?include= that works; NULL: none */
	bool text_nulls;        /* documents: links to nowhere are the string "null" */
};

const struct record *ep_row(const struct ep_rows *rows, size_t place);
/* Filters and sorts the rows as the request says; false with the reply set. Either way the caller
 * frees rows->list. */
bool ep_select_locked(struct ep_ask *ask, const struct ep_listing *listing, struct ep_rows *rows);
void ep_view_free(struct ep_view *view);

/* elasticpath_list.c */
void ep_list_members(struct ep_ask *ask);
void ep_list_infos(struct ep_ask *ask);
void ep_list_accounts(struct ep_ask *ask);
void ep_list_memberships(struct ep_ask *ask);
void ep_list_memberships_of_member(struct ep_ask *ask);
void ep_list_realms(struct ep_ask *ask);
void ep_list_profiles(struct ep_ask *ask);

/* elasticpath_item.c: getting and deleting one */
/* Takes the lock and gives it back. In between, a GET sees the state that the settings and its
 * fault want it to see. */
void ep_enter(struct ep_ask *ask, bool list);
/* For what the vendor has and is not played. */
void ep_not_played(struct ep_ask *ask);
void ep_leave(struct ep_ask *ask);
void ep_get_member(struct ep_ask *ask);
void ep_get_info(struct ep_ask *ask);
void ep_get_account(struct ep_ask *ask);
void ep_get_membership(struct ep_ask *ask);
void ep_get_settings(struct ep_ask *ask);
void ep_get_realm(struct ep_ask *ask);
void ep_get_profile(struct ep_ask *ask);
void ep_delete_info(struct ep_ask *ask);
void ep_delete_account(struct ep_ask *ask);
void ep_delete_membership(struct ep_ask *ask);
void ep_delete_profile(struct ep_ask *ask);
/* The store where the request's memberships or profiles lie; NULL with a 404 set. */
struct store *ep_memberships_locked(struct ep_ask *ask);
struct store *ep_profiles_locked(struct ep_ask *ask);
/* The record of that id; NULL with a 404 set. */
struct record *ep_find_locked(struct ep_ask *ask, enum ep_kind kind, const struct store *store,
			      const char *id);
/* Whether the realm of the path is the account members'; false with a 404 set. */
bool ep_members_realm_locked(struct ep_ask *ask);
/* Answers {"data":object}, in the form of its kind. Takes the object over. */
void ep_reply(struct ep_ask *ask, enum ep_kind kind, unsigned status, json_t *object);

/* elasticpath_write.c: making and changing one */
void ep_post_info(struct ep_ask *ask);
void ep_post_account(struct ep_ask *ask);
void ep_post_membership(struct ep_ask *ask);
void ep_post_realm(struct ep_ask *ask);
void ep_post_profile(struct ep_ask *ask);
void ep_put_member(struct ep_ask *ask);
void ep_put_info(struct ep_ask *ask);
void ep_put_account(struct ep_ask *ask);
void ep_put_settings(struct ep_ask *ask);
void ep_put_realm(struct ep_ask *ask);
void ep_put_profile(struct ep_ask *ask);
/* The data of a JSON body of that type; NULL with the reply set. New reference. */
json_t *ep_body(struct ep_ask *ask, const char *type);

/* elasticpath_token.c: the store's tokens */
struct ep_tokens *ep_tokens_new(void);
void ep_tokens_free(struct ep_tokens *tokens);
void ep_post_token(struct ep_ask *ask);
/* Whether the request's Bearer token lives; tells whether it is an implicit one. */
bool ep_token_good(struct elasticpath *ep, const struct request *request, bool *implicit);
/* "own" or "other", as the key of struct vendor; NULL: no token of this vendor. */
const char *ep_token_key(struct elasticpath *ep, const struct request *request);
bool ep_token_leaks(const struct elasticpath *ep, const struct request *request);
/* {"issued":,"live":} */
json_t *ep_tokens_json(struct elasticpath *ep);

/* elasticpath_buyer.c: POST /v2/account-members/tokens */
void ep_post_buyer_tokens(struct ep_ask *ask);

/* elasticpath.c */
void ep_error(struct elasticpath *ep, struct reply *reply, unsigned status, const char *title,
	      const char *format, ...) __attribute__((format(printf, 5, 6)));
void ep_invalid(struct ep_ask *ask, const char *why);

/* elasticpath_colleague.c: see vendor.h */
bool ep_colleague(void *self, const struct request *request, const char *below,
		  struct reply *reply);

#endif
