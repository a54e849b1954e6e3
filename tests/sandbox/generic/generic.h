/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic: a vendor whose behaviour is written down in a play file; tests/sandbox/PLAY.md lists
 * what one may say.
 */
#ifndef SANDBOX_GENERIC_H
#define SANDBOX_GENERIC_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/settings.h"
#include "tests/sandbox/vendor.h"

struct generic_options {
	const char *name;          /* its API is below /NAME; borrowed for the call */
	const char *file;          /* the play; borrowed for the call */
	struct settings *settings; /* borrowed for the life of the vendor */
};

/* Read the play and make its users. False with one line on stderr if the play cannot be used; else
 * run is the vendor, ended by run->vendor->free(run->self). */
bool generic_start(const struct generic_options *options, struct vendor_run *run);

#endif
