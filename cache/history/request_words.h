/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_words.h - which request a change is, for the log of a dry run.
 */
#ifndef ROSTERFS_REQUEST_WORDS_H
#define ROSTERFS_REQUEST_WORDS_H

#include <jansson.h>

struct collection;
struct rule_request;

/*
 * Return "PUT /user/7", new: the caller frees. RULE is the request by COLLECTION's table; NULL: it
 * is METHOD to the path of record ID (NULL: of the list) of PARENT (or NULL). RECORD, as the vendor
 * shows it, or NULL, has what other placeholders stand for. A path with a setting in it, which may
 * be secret, stands as it is in the description. NULL: no memory.
 */
char *request_words(const struct collection *collection, const struct rule_request *rule,
		    const char *method, const char *parent, const char *id, const json_t *record);

#endif
