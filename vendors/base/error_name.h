/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error_name.h - the name of an errno, as the log and the audit log have it.
 *
 * A pure function: nothing blocks. Only glibc has one of its own.
 */
#ifndef ROSTERFS_ERROR_NAME_H
#define ROSTERFS_ERROR_NAME_H

/* Return the name of ERROR, a positive errno, such as "EINVAL". "?": Linux has no such errno. */
const char *error_name(int error);

#endif
