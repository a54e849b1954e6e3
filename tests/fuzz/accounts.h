/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts.h - an account of each vendor, as at the start of a mount, for inputs that name one.
 *
 * All secrets are canaries: no eight bytes of one may stand in a message or in the log.
 */
#ifndef TESTS_FUZZ_ACCOUNTS_H
#define TESTS_FUZZ_ACCOUNTS_H

#include "vendors/vendor.h"

#include <stdbool.h>

struct account;

#define ACCOUNTS_TOKEN "tK5/nB8+vC2=zX6.qW9~"    /* what the vendor gives out */
#define ACCOUNTS_PASSWORD "pJ4&hG7/dS1+aQ8\"mU3" /* what a user writes */

/*
 * Return the account that WORD names: a type, "#" and a number that chooses among its settings. A
 * word that names none stands for one all the same. TOKENS: it has a token that never expires.
 * Only one account is used at a time. What one input has taught it is forgotten. NULL: the vendor
 * has no API.
 */
struct account *accounts_take(const char *word, bool tokens);

/* Return the collection of ACCOUNT that WORD names ("users", "statuses", a place), as above. */
const struct collection *accounts_collection(const struct account *account, const char *word);

/* Return true if TEXT, an input, holds a part of a canary, such as in an id, which is shown: the
 * fuzzer has seen it where rosterfs compares it. Such an input tests nothing. */
bool accounts_quoted(const char *text);

/* Check that TEXT, for a person's eyes, holds no part of a secret that ACCOUNT has. PASSWORD: nor
 * of ACCOUNTS_PASSWORD. */
void accounts_check(const struct account *account, const char *text, bool password);

/* The same of the log, which is emptied. */
void accounts_check_log(const struct account *account, bool password);

#endif
