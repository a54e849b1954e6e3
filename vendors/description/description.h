/* SPDX-License-Identifier: Apache-2.0 */
/*
 * description.h - a vendor that a text file describes (rosterfs.vendor(5)).
 *
 * A description is read once. Its sections may depend on the settings of an account ("[auth if auth
 * = basic]"), so each account gets a table of its own, made from the description when the account's
 * section of the config has been read.
 */
#ifndef ROSTERFS_DESCRIPTION_H
#define ROSTERFS_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>

struct account;
struct description;
struct faults;
struct vendor;

/*
 * Read the description of TYPE: TYPE.vendor in FOLDERS (in this order; NULL ends them), else the
 * one that is compiled in. A file that another user owns (except root), or that others can write,
 * is refused. Every key, template, pointer and variant is checked, and all that is wrong is added
 * to FAULTS. Returns 0; -ENOENT if there is none; or another negative errno. May block on a file.
 * Pair with description_free.
 */
int description_read(const char *type, const char *const *folders, struct description **description,
		     struct faults *faults);

/* NULL is a no-op. The tables that description_build made must not be in use. */
void description_free(struct description *description);

/*
 * Return the table that all variants share, owned by DESCRIPTION: type, settings, manual, and users
 * (not NULL: there is an API), without apis. For account_new, and for checks of a section of the
 * config before its values are read.
 */
const struct vendor *description_outline(const struct description *description);

/* Return true if DESCRIPTION has a base URL, so that an account need not have one. */
bool description_has_base_url(const struct description *description);

/* Set what DESCRIPTION says of lag and parallel in ACCOUNT, before the values of its section. */
void description_defaults(const struct description *description, struct account *account);

/*
 * Make ACCOUNT's own table from DESCRIPTION and the values of its section, and give it to ACCOUNT
 * (account_set_vendor), with the base URLs that it has; it is freed with the description. Returns 0
 * or a negative errno and what is wrong in FAULTS: a setting that a placeholder needs is not given,
 * a base URL is missing, a secret would stand in a URL.
 */
int description_build(struct description *description, struct account *account,
		      struct faults *faults);

/* Call EACH for the type of each description in FOLDERS (NULL ends them), and for each that is
 * compiled in. A type may come several times. May block. */
void description_each_type(const char *const *folders, void (*each)(const char *type, void *arg),
			   void *arg);

/* Return the file that DESCRIPTION was read from, or "TYPE.vendor (built in)". */
const char *description_file(const struct description *description);

#endif
