/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partnerize: Partnerize's user API, in the two shapes that are known of it.
 *
 * guide:     the user management guide of March 2026: X- headers, flat rows, page and count,
 * `count` is the number of rows of the page, PUT replaces the whole user. documents: the vendor's
 * own conventions (OpenAPI 1.4.99 and the 2020 API blueprint), laid over the same fields: Basic,
 * limit and offset, wrapped rows, `count` is the total, GET /user without paging is the key's
 * owner, updates are partial. That there is a user list at all is stated by the guide only.
 */
#ifndef SANDBOX_PARTNERIZE_H
#define SANDBOX_PARTNERIZE_H

#include <stdint.h>

#include "settings.h"
#include "vendor.h"

enum partnerize_profile { PROFILE_GUIDE, PROFILE_DOCUMENTS };
enum partnerize_ids { IDS_TEXT, IDS_NUMBERS, IDS_VENDOR };

struct partnerize_options {
	enum partnerize_profile profile;
	enum partnerize_ids ids;
	unsigned long users;
	uint64_t seed;
	const char *application_key; /* borrowed for the life of the vendor, like user_api_key */
	const char *user_api_key;
	struct settings *settings; /* borrowed */
};

/* With its users made. Never NULL. Ended by run.vendor->free(run.self). */
struct vendor_run partnerize_start(const struct partnerize_options *options);

#endif
