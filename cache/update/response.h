/* SPDX-License-Identifier: Apache-2.0 */
/*
 * response.h - what follows from the vendor's answer to a PUT.
 */
#ifndef ROSTERFS_RESPONSE_H
#define ROSTERFS_RESPONSE_H

#include "vendors/vendor.h"
#include <jansson.h>

struct change;

/*
 * The vendor has answered the PUT of BODY with OUTCOME and ANSWER (both borrowed). Proves or
 * settles what became of it. 0 when it is done, -EAGAIN when change->next is to be done, or a
 * negative errno.
 */
int response_judge(struct change *change, enum vendor_outcome outcome, json_t *body, json_t *answer);

#endif
