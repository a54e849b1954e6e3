/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_apis.h - base URLs, proofs of identity, tokens.
 */
#ifndef ROSTERFS_MAKE_APIS_H
#define ROSTERFS_MAKE_APIS_H

#include "vendors/description/make.h"

/*
 * Put the apis of the draft into *APIS, in their order, the main one first, and their URLs into
 * make->urls. Returns 0, or a negative errno and one line in MAKE's buffer.
 */
int make_apis(struct make *make, const struct rule_api **apis);

#endif
