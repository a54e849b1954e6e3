/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create_rest.h - set what a POST has left out of a new record.
 */
#ifndef ROSTERFS_CREATE_REST_H
#define ROSTERFS_CREATE_REST_H

struct creation;

/*
 * The record is there: GET what the answer has not shown, PUT what the POST has left out, and check
 * that what is given only once was taken. 0, or a negative errno with words in the call; with
 * `stranger` set, the record is another one, and was left alone. May wait.
 */
int create_rest_set(struct creation *creation);

#endif
