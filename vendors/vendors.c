/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vendors.c - see vendors.h. A vendor that a description cannot
 * express is one folder, and one line here.
 */
#include "vendors/vendors.h"

#include "vendors/vendor.h"

#include <string.h>

extern const struct vendor vendor_elasticpath;
extern const struct vendor vendor_manual;

const struct vendor *const vendors[] = {
    &vendor_elasticpath,
    &vendor_manual,
    NULL,
};

const struct vendor *vendors_find(const char *type)
{
	for (size_t i = 0; vendors[i]; i++) {
		if (strcmp(vendors[i]->type, type) == 0)
			return vendors[i];
	}
	return NULL;
}
