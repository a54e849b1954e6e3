/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_vendor.h - the whole table of a vendor.
 */
#ifndef ROSTERFS_MAKE_VENDOR_H
#define ROSTERFS_MAKE_VENDOR_H

#include "vendors/description/make.h"

struct vendor;

/*
 * Make the table of TYPE from the draft. Returns 0 and *VENDOR, which is of MAKE's arena, or a
 * negative errno and one line in MAKE's buffer.
 */
int make_vendor(struct make *make, const char *type, const struct vendor **vendor);

#endif
