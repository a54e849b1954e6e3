/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_dir.h - by-email, at the root and below each vendor with users.
 *
 * Read-only directories of links. A lookup is answered at once, with a provisional inode where a
 * vendor would have to be asked; attributes, links and opens wait for all vendors that they are a
 * statement about.
 *
 * Listing all people, or a vendor's own, fails while one vendor that it is about can't be read. One
 * person's directory exists if a vendor that can be read has the person; the others are waited for
 * 5 s at most, and have ordinary files there that can't be opened, so that `tee *.status` ends what
 * can be ended and reports the rest.
 */
#ifndef ROSTERFS_EMAIL_DIR_H
#define ROSTERFS_EMAIL_DIR_H

#include "fs/people/email_answer.h"

extern const struct email_kind email_dir_root; /* by-email at the root */
extern const struct email_kind email_dir_own;  /* by-email in an account's directory */

#endif
