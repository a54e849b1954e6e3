/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unread.h - the files in a person's directory that stand for a vendor that can't be read.
 *
 * They have the names of the links that would be there if the vendor knew one such person, so that
 * `tee *.status` and `cat *.json` find them and fail with that vendor's errno. If a file does not
 * stand for its vendor any more, an operation on it fails with ESTALE: the kernel then looks the
 * name up again. Nothing here waits.
 */
#ifndef ROSTERFS_UNREAD_H
#define ROSTERFS_UNREAD_H

#include "fs/people/email_answer.h"

extern const struct email_kind unread_file;

#endif
