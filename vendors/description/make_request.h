/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_request.h - a section that is a request, as a rule.
 */
#ifndef ROSTERFS_MAKE_REQUEST_H
#define ROSTERFS_MAKE_REQUEST_H

#include "vendors/description/make.h"

#include <stdbool.h>

/* Return true if DRAFT is a section of the description that has a request. */
bool make_request_is_given(const struct draft_request *draft);

/*
 * Make RULE of DRAFT, which is given: its placeholders are checked by the kind of its section.
 * Returns 0, or a negative errno and one line in MAKE's buffer.
 */
int make_request(struct make *make, const struct draft_request *draft, struct rule_request *rule);

/* The same for [token] of api number API, whose path may be a URL. */
int make_request_token(struct make *make, const struct draft_request *draft, unsigned api,
		       struct rule_request *rule);

/* Return true if the path or the body of RULE, or of its alternative, has the placeholder NAME. */
bool make_request_has(const struct rule_request *rule, const char *name);

/*
 * Copy HEADERS, of KEY.NAME in SECTION, to *COPY (NULL: there are none), with their placeholders
 * checked: what HOLDS allows, of api number API.
 */
int make_request_headers(const struct make *make, const struct merged *section, const char *key,
			 const struct rule_header *headers, unsigned holds, unsigned api,
			 const struct rule_header **copy);

#endif
