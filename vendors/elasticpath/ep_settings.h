/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ep_settings.h - an Elastic Path store's account authentication settings, and the realm in which
 * its members sign in, which the settings name.
 *
 * Each change of a member needs the realm, and the realm rarely changes. So it is remembered, and
 * read again after account->ttl seconds or after ep_settings_forget.
 */
#ifndef ROSTERFS_EP_SETTINGS_H
#define ROSTERFS_EP_SETTINGS_H

#include "vendors/vendor.h"

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* The settings: a single record. */
extern const struct collection ep_settings;

/* The realm that the settings of one account name. Part of struct ep_memory. */
struct ep_settings_memory {
	pthread_mutex_t lock; /* a leaf; guards the fields below */
	char *realm;          /* its id; NULL: the settings name none */
	time_t until;         /* monotonic seconds: realm is valid until then; 0: it is unknown */
	int64_t told;         /* of clock_milliseconds, when realm was read; 0: it is unknown */
	uint64_t asked;       /* incremented by ep_settings_forget: drops responses in flight */
};

/* Initialize MEMORY: nothing is known. */
void ep_settings_memory_init(struct ep_settings_memory *memory);

/* Free what MEMORY refers to. */
void ep_settings_memory_destroy(struct ep_settings_memory *memory);

/*
 * Find the realm in which the members of ACCOUNT's store sign in. Store its id in *REALM, which the
 * caller frees. *REALM is NULL if the settings name no realm, or if the key may not read them.
 *
 * Sends at most one request in account->ttl seconds. A call with a basis (basis.h) sends none if
 * the realm was read after the basis' own read began. May block on the vendor. Returns 0, or a
 * negative errno with words in CALL.
 */
int ep_settings_realm(struct call *call, struct account *account, char **realm);

/*
 * As collection->settle, for the members: read the realm if it is unknown. An error is dropped: the
 * write that needs the realm finds it again. May block on the vendor.
 */
void ep_settings_settle(struct call *call, struct account *account);

/* Read the realm anew the next time: the settings were written, or the vendor does not know the
 * realm. Never blocks. */
void ep_settings_forget(struct account *account);

#endif
