/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create_rest.h - set what a POST has left out of a new record.
 */
#ifndef ROSTERFS_CREATE_REST_H
#define ROSTERFS_CREATE_REST_H

struct creation;

/*
 * Complete a record that was created: read by GET what the response has not shown, send by PUT what
 * the POST has left out, and check that the vendor took each field that can be given only once. May
 * block. Returns 0 or a negative errno with a message in the call. If it sets `stranger`, the
 * record is another one and was left alone.
 */
int create_rest_set(struct creation *creation);

#endif
