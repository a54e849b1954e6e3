/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_name.h - the names that emails have in by-email. Pure functions.
 */
#ifndef ROSTERFS_EMAIL_NAME_H
#define ROSTERFS_EMAIL_NAME_H

#include "fs/tree/path.h"

struct record;

/* Write the plain name of the directory of those with KEY (in any case of its ASCII letters) to
 * STEM (PATH_STEM_MAX + 1 bytes). Return false without memory. */
bool email_name_stem(const char *key, char *stem);

/* Write the name of the directory of those whose email is spelled as RECORD's, if that is not the
 * plain one, to STEM. Return false without memory. */
bool email_name_apart_stem(const struct record *record, char *stem);

/* Give STEM the case of such names: lower-case letters, and upper-case digits in %XX. */
void email_name_fold(char *stem);

#endif
