/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make.h - a table being made from a draft: what all parts of that share.
 */
#ifndef ROSTERFS_MAKE_H
#define ROSTERFS_MAKE_H

#include "vendors/description/arena.h"
#include "vendors/description/draft.h"
#include "vendors/description/variant.h"
#include "vendors/ini/sections.h"

#include <stdbool.h>
#include <stddef.h>

struct make {
	struct arena *arena;
	const struct chosen *chosen; /* the account's settings, or samples */
	const struct draft *draft;
	const char *file;                 /* of the description */
	bool secret_in_url;               /* a secret may stand in a URL */
	bool url_given;                   /* the account has a base_url of its own */
	unsigned alternatives;            /* requests with an alternative so far */
	const char *urls[DRAFT_APIS_MAX]; /* of the apis, expanded; NULL: none is known */
	char *why;
	size_t why_size;
};

/* Write FILE, the line of KEY (or NULL) in SECTION, and the formatted words to MAKE's buffer.
 * Returns -EINVAL. */
int make_fail(const struct make *make, const struct merged *section, const char *key,
	      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same with ENOMEM and without a line. Returns -ENOMEM. */
int make_fail_memory(const struct make *make);

/* Return true if the section that begins with HEAD is known from memory only. */
bool make_is_memory(const struct make *make, const struct draft_head *head);

/* Return a copy of *ELEMENT, of SIZE bytes, in MAKE's arena, or NULL without memory. */
const void *make_copy(const struct make *make, const void *element, size_t size);

#endif
