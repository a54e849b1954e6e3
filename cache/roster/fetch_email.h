/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch_email.h - ask by id for those that may have an email although the list does not show it.
 *
 * Private to cache/roster.
 */
#ifndef ROSTERFS_FETCH_EMAIL_H
#define ROSTERFS_FETCH_EMAIL_H

struct flight;

/*
 * Fetch every record that had the email of FLIGHT and is no longer listed (gone.h), and every
 * record whose row is illegible (illegible.h). Return 0 whether they exist or not, or a negative
 * errno with a message in the flight's call. Runs on the flight's thread; may wait.
 */
int fetch_email(struct flight *flight);

#endif
