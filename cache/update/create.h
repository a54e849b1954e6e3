/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create.h - create a record from a document.
 */
#ifndef ROSTERFS_CREATE_H
#define ROSTERFS_CREATE_H

#include <stddef.h>

struct call;
struct guard;
struct roster;

/*
 * Make a record of the document TEXT in ROSTER's collection. May wait. Returns 0 and its id in *ID
 * (the caller frees; NULL in a dry run), or a negative errno with words in CALL; *ID may be set
 * then too: the record has been made, but a field of it could not be set. -EOPNOTSUPP where the
 * vendor makes none, -EEXIST: taken, also where the vendor answers with who was there before, who
 * is left alone. -EREMOTEIO, also: made, and a field that can be given only once was not taken. One
 * POST at most: when its answer is lost, or is about another record, the email tells.
 */
int create_record(struct call *call, struct roster *roster, struct guard *guard, const char *text,
		  size_t length, char **id);

#endif
