/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.h - answers to questions from what is known already.
 *
 * The functions with _locked are for flight.c, which holds the roster's lock.
 */
#ifndef ROSTERFS_ANSWER_H
#define ROSTERFS_ANSWER_H

#include <stdbool.h>

struct flight;
struct roster;
struct whole;
struct wait;

/*
 * Return true if it is known which user the key belongs to, or that the vendor does not tell, so
 * that WAIT_SELF needs no request.
 */
bool answer_knows_self(struct roster *roster);

#endif
