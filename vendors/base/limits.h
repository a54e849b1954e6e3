/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - limits that more than one layer keeps. A limit of one module is defined in that
 * module.
 */
#ifndef ROSTERFS_LIMITS_H
#define ROSTERFS_LIMITS_H

#include <stddef.h>

/*
 * Bytes of the longest text that a user may write: a document, a request, the config file, and a
 * file whose text is the value of a setting; and of the longest file of a record. LIMITS_TEXT_WORDS
 * is the same limit, for messages.
 */
#define LIMITS_TEXT_MAX ((size_t)1 << 20)
#define LIMITS_TEXT_WORDS "1 MiB"

/* The largest count that a setting may have: status_limit, max_users. */
#define LIMITS_COUNT_MAX 1000000000u

/* Milliseconds by which a wait that the vendor asks for may exceed the retry budget. */
#define LIMITS_TOLD_SLACK 500

#endif
