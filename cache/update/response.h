/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response.h - decide what follows from the vendor's response to a PUT.
 */
#ifndef ROSTERFS_RESPONSE_H
#define ROSTERFS_RESPONSE_H

#include "vendors/vendor.h"
#include <jansson.h>

struct change;

/*
 * Decide what follows from the PUT of BODY, which ended with OUTCOME and the record ANSWER (NULL:
 * none); both are borrowed. Proves the change, or settles a lost response. May block. Returns 0 if
 * the change is done, -EAGAIN if change->next is to be done, or a negative errno with a message in
 * the call.
 */
int response_judge(struct change *change, enum vendor_outcome outcome, json_t *body,
		   json_t *answer);

#endif
