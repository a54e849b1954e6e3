/* SPDX-License-Identifier: Apache-2.0 */
/*
 * placeholders.h - which placeholders a text of a description may have.
 */
#ifndef ROSTERFS_PLACEHOLDERS_H
#define ROSTERFS_PLACEHOLDERS_H

#include "vendors/description/make.h"

#include <stdbool.h>

enum placeholders_place {
	PLACEHOLDERS_URL, /* a base URL */
	PLACEHOLDERS_PATH,
	PLACEHOLDERS_HEADER,
	PLACEHOLDERS_BODY,
};

/* A text, and where it stands. */
struct placeholders {
	const struct merged *section;
	const char *key;
	const char *text; /* may be NULL */
	enum placeholders_place place;
	unsigned holds; /* enum grammar_placeholder: what it may have */
	unsigned api;   /* the request's: its [token] */
};

/*
 * Check each placeholder of TEXT: it is one that this text may have, a setting is given, and no
 * secret stands in a URL. Returns 0, or a negative errno and one line in MAKE's buffer.
 */
int placeholders_check(const struct make *make, const struct placeholders *text);

/* Return true if TEXT (or NULL) has a placeholder NAME, or one that begins with NAME and "/". */
bool placeholders_have(const char *text, const char *name);

/* Return true if TEXT begins with a setting of type url. */
bool placeholders_begins_with_url(const struct make *make, const char *text);

/*
 * Put TEXT, the URL of KEY in SECTION, into *URL, with a setting of type url at its beginning
 * filled in. *WHOLE (may be NULL) becomes what it is for this account, without a query. Returns 0,
 * or a negative errno and one line in MAKE's buffer.
 */
int placeholders_url(const struct make *make, const struct merged *section, const char *key,
		     const char *text, const char **url, const char **whole);

#endif
