/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partnerize_parts: what the files of the Partnerize simulation share among themselves.
 *
 * For partnerize*.c alone. Functions ending in _locked need the store's lock.
 */
#ifndef SANDBOX_PARTNERIZE_PARTS_H
#define SANDBOX_PARTNERIZE_PARTS_H

#include <stdatomic.h>

#include "partnerize.h"
#include "store.h"

struct partnerize {
	struct partnerize_options options;
	struct store *store;
	struct store_times times; /* under the store's lock */
	char *owner;              /* id of the key's owner: the first user */
	unsigned long next;       /* index of the next new user; under the store's lock */
	atomic_ulong requests;    /* for the X-RateLimit headers */
};

/* partnerize.c */
void partnerize_error(struct reply *reply, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* partnerize_user.c: the user object */

#define USER_ID_MOST 64

/* The seeded user with that index, compact. */
void user_seed(const struct partnerize *p, unsigned long index, struct text *text, char *email,
	       size_t email_size);
/* The id of index in the style of the options. */
void user_id(const struct partnerize *p, unsigned long index, char id[USER_ID_MOST]);
json_t *user_id_json(const struct partnerize *p, const char *id);
/* Now, as the profile and the setting of stamps have it. */
json_t *user_now(const struct partnerize *p);
/* Moves the updated_at of a user that is being changed. */
void user_touch(const struct partnerize *p, json_t *user);
/* Appends a user's text as answers show it. */
void user_show(const struct partnerize *p, const struct record *record, struct text *text);
void user_show_json(const struct partnerize *p, json_t *user, struct text *text);
/* A new, complete user without created extras: defaults in every known field. */
json_t *user_new(const struct partnerize *p, const char *id);
json_t *user_parse(const struct record *record);
/* Stores the object as the record's new text, e-mail index included. */
void user_save_locked(struct partnerize *p, struct record *record, json_t *user);
struct record *user_add_locked(struct partnerize *p, const char *id, json_t *user);

bool user_is_system(const struct partnerize *p, const char *field);
/* What a field becomes that a full replacement leaves out. New reference. */
json_t *user_default(const char *field);
/* Whether the body may be written: false with words in why. */
bool user_check(const struct partnerize *p, json_t *body, bool creating, char *why,
		size_t why_size);

/* partnerize_write.c */
void partnerize_create(struct partnerize *p, const struct request *request,
		       const struct fault *fault, struct reply *reply);
void partnerize_update(struct partnerize *p, const struct request *request, const char *id,
		       const struct fault *fault, struct reply *reply);
void partnerize_delete(struct partnerize *p, const char *id, const struct fault *fault,
		       struct reply *reply);

/* partnerize_colleague.c: see vendor.h */
bool partnerize_colleague(void *self, const struct request *request, const char *below,
			  struct reply *reply);

#endif
