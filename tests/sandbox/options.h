/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options: the command line, and the rosterfs config that fits it.
 *
 * Used before any thread is started.
 */
#ifndef SANDBOX_OPTIONS_H
#define SANDBOX_OPTIONS_H

#include <stdbool.h>

#include "elasticpath.h"
#include "partnerize.h"
#include "settings.h"

#define OPTIONS_PLAYS 120

/* A generic vendor; both are parts of argv. */
struct options_play {
	const char *name; /* of its path */
	const char *file;
};

struct options {
	/* Strings are argv's or literals; settings are unset. */
	struct partnerize_options partnerize;
	struct elasticpath_options elasticpath;
	bool with_partnerize, with_elasticpath, with_cj; /* which vendors there are */
	struct options_play play[OPTIONS_PLAYS];         /* generic vendors */
	unsigned plays;
	struct settings_values settings;
	unsigned port;
	const char *write_config; /* NULL: none */
	bool die_with_parent;
	bool help;
};

/* False with one line on stderr. */
bool options_read(struct options *options, int argc, char **argv);
void options_help(void);

/* Writes the config file, mode 0600; false with one line on stderr. */
bool options_write_config(const struct options *options, unsigned port);

#endif
