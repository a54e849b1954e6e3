/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_name.h - the names that emails have in by-email. Pure functions.
 */
#ifndef ROSTERFS_EMAIL_NAME_H
#define ROSTERFS_EMAIL_NAME_H

#include "fs/tree/path.h"

struct record;

/* The plain name of a directory of those with KEY (in any case of its ASCII letters), into STEM
 * (PATH_STEM_MAX + 1 bytes). False: no memory. */
bool email_name_stem(const char *key, char *stem);

/* The name of the directory of those who spell their email as RECORD does, if it is not the plain
 * one. False: no memory. */
bool email_name_apart_stem(const struct record *record, char *stem);

/* Give STEM the case that such a name has: letters are small, the digits of %XX large. */
void email_name_fold(char *stem);

#endif
