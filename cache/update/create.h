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
 * Create a record in ROSTER's collection from the document TEXT (LENGTH bytes). Blocks while the
 * vendor is asked. Sends at most one POST: if its response is lost, or is about another record, the
 * record is looked for by its email.
 *
 * Returns 0 and the record's id in *ID (the caller frees; NULL in a dry run), or a negative errno
 * with a message in CALL. *ID may be set with an error, too: the record was created, but a field of
 * it could not be set. Errors, besides those of update_document:
 *   -EOPNOTSUPP  the vendor creates no such records
 *   -EEXIST      the record exists, also if the vendor's response shows it; it is left alone
 *   -EREMOTEIO   created, but the vendor did not take a field that can be given only once
 */
int create_record(struct call *call, struct roster *roster, struct guard *guard, const char *text,
		  size_t length, char **id);

#endif
