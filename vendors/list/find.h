/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find.h - ask a vendor for the record with an email by its `find`, a search.
 *
 * A search is a short cut and never a proof: it may lag, may ignore its parameter, and may look at
 * other fields too. What it shows is to be read by its id, and what it does not show may be there.
 */
#ifndef ROSTERFS_FIND_H
#define ROSTERFS_FIND_H

struct account;
struct call;
struct collection;

/*
 * Return the id (the caller frees) of the only record with EMAIL, in any spelling, that the `find`
 * of COLLECTION shows; or NULL: it shows none or several, it fails, or the vendor has no such
 * request. May wait. The request is sent once, and CALL does not fail: a list can tell the same.
 */
char *find_email(struct call *call, struct account *account, const struct collection *collection,
		 const char *email);

#endif
