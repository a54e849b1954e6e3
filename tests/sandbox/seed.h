/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seed: people who do not exist, always the same ones for the same seed.
 *
 * Pure and quick; thread-safe.
 */
#ifndef SANDBOX_SEED_H
#define SANDBOX_SEED_H

#include <stdint.h>
#include <stdio.h>

struct person {
	const char *firstname; /* literals, UTF-8, in one of many scripts */
	const char *lastname;
	char email[96];       /* unique for each index; may hold `+`, `'` and capitals */
	const char *timezone; /* literal or NULL */
	const char *locale;   /* literal or NULL */
	const char *role;
	const char *status; /* inactive for every tenth index, so that tests know who */
	int64_t created;    /* seconds since 1970 */
	int64_t updated;    /* never before created, long before any test runs */
	const char *street; /* the rest of an address: literals */
	const char *city, *postcode, *country;
	unsigned house;
	uint64_t dice; /* for the vendor to decide about its own extra fields */
};

/* The person with that index, from 1 on. Index 1 is an active admin. */
void seed_person(uint64_t seed, unsigned long index, struct person *person);

#endif
