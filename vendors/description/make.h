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
	bool broken;                      /* a section was refused: what is missing may be that */
	unsigned alternatives;            /* requests with an alternative so far */
	const char *urls[DRAFT_APIS_MAX]; /* of the apis, expanded; NULL: none is known */
	struct faults *faults;
};

/* Add a fault in the line of KEY (or NULL: of the header) in SECTION. If SECTION is broken, the
 * fault may follow from another one and is not added. Returns -EINVAL. */
int make_fail(const struct make *make, const struct merged *section, const char *key,
	      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for the lack of another section, which may have been refused. */
int make_fail_absent(const struct make *make, const struct merged *section, const char *key,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same for what is wrong with KEY alone, whatever the other keys of SECTION are. */
int make_fail_alone(const struct make *make, const struct merged *section, const char *key,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Add that SECTION needs KEY, unless that is there, even if it was refused, or a line was refused
 * that may be it. Returns -EINVAL. */
int make_fail_needs(const struct make *make, const struct merged *section, const char *key);

/* Add that there is no memory. Returns -ENOMEM. */
int make_fail_memory(const struct make *make);

/* Return RESULT, or OTHER if RESULT is 0. For parts that are all checked, whatever is wrong with
 * the others. */
static inline int make_both(int result, int other)
{
	return result ? result : other;
}

/* Return true if the section that begins with HEAD is known from memory only. */
bool make_is_memory(const struct make *make, const struct draft_head *head);

/* Return a copy of *ELEMENT, of SIZE bytes, in MAKE's arena, or NULL without memory. */
const void *make_copy(const struct make *make, const void *element, size_t size);

#endif
