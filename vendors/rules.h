/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h - the parts of a vendor's table that say how requests are made and responses read.
 *
 * They are data: a description file (vendors/description) is read into them, and a table in C may
 * have them as well. rosterfs.vendor(5) explains each by the key that sets it. Kinds of text:
 * POINTER (vendors/json/pointer.h), TEMPLATE (vendors/template/template.h), BODY
 * (vendors/template/body.h).
 *
 * A list of pointers or names ends with NULL, a list of values with VALUE_END, a list of sources
 * with SOURCE_NONE, a list of structs with one whose first member is NULL. NULL for a member means
 * that there is nothing of the kind. All is constant while accounts use it.
 */
#ifndef ROSTERFS_RULES_H
#define ROSTERFS_RULES_H

#include "vendors/template/source.h"
#include "vendors/template/value.h"

#include <stdbool.h>

struct rule_header {
	const char *name;
	const char *value; /* TEMPLATE */
};

/* One request. */
struct rule_request {
	const char *method;
	const char
	    *path; /* TEMPLATE of path and query below the base URL; for a token also a URL */
	const char *body;         /* BODY */
	const char *content_type; /* of the body. NULL: application/json; a form has its own */
	const struct rule_header *headers;
	const char *id_member; /* POINTER: the member of a JSON body that takes the id as well */
	unsigned api;          /* index in vendor->apis */
	/* Tried if this one is answered 405 (in a [self] also 400, 403, 404, 422, or without an
	   id), and then used from the start. Its body is its own. */
	const struct rule_request *alternative;
	unsigned alternative_bit; /* in account->alternatives, if there is an alternative */
	bool memory;              /* known from memory only: it is sent only with account->trust */
};

/* A request that changes the status. */
struct rule_status_request {
	const char *name; /* "suspend"; may be "" */
	struct rule_request request;
	const struct value *from; /* statuses in which it may be sent; NULL: any */
	/* A DELETE that no document calls a deactivation: sent only if the account says both
	   allow_delete and inactive_deletes (for SCIM: delete_deactivates). */
	bool deletes;
};

struct rule_status {
	const char *path;           /* POINTER */
	const struct value *active; /* the first that can be sent is what a field write sends */
	const struct value *inactive;
	/* Return the status word for VALUE, which stands at `path`, borrowed; NULL: it is shown as
	   it is. NULL: the values above tell. */
	const char *(*word)(const json_t *value);
	/* NULL: the status is a field of the update */
	const struct rule_status_request *activate, *deactivate;
};

/* Values for rule_list's `each`: one walk of the list each. */
struct rule_list {
	const struct rule_request *first; /* of page 1, and of all if next is NULL */
	const struct rule_request *next;  /* from page 2 on */
	const char *const *rows;          /* POINTERS to the rows */
	bool no_rows_is_empty;            /* nothing at `rows` in a 200 is an empty list */
	bool missing_page_is_error;       /* a 404 behind the first page is no end of the list */
	bool partial;                 /* rows lack fields: a record is fetched when it is opened */
	long long start;              /* value of {page} or {offset} in the first request */
	bool link;                    /* PAGING_URL: the URL is in the header Link, rel=next */
	struct source next_source;    /* of the cursor or URL; for page and offset: a next page */
	struct condition end;         /* the page is the last one, whatever next says */
	bool any_origin;              /* of a next URL, only path and query are used */
	const struct source *total;   /* a number of records, or of rows in this page */
	const struct source *records; /* certainly the number of records */
	const struct source *pages;   /* the number of pages */
	struct condition cut;         /* the list is not whole: an error */
	const struct value *each;     /* values of {each} */
	bool memory;
};

/* How an access token is asked for. */
struct rule_token {
	const struct rule_request *request;
	const char *user, *password; /* TEMPLATE: HTTP Basic for the request */
	struct source token;
	struct source expires;
	bool expires_ms;       /* `expires` counts milliseconds */
	struct source refresh; /* a refresh token that rotates */
	/* parts of the response that paths and headers use: name is the placeholder */
	const struct rule_save *save;
};

struct rule_save {
	const char *name;
	struct source source;
};

/* What responses say besides their status. */
struct rule_errors {
	const struct source *message;  /* words, before the built-in places */
	struct condition fail_when;    /* a 2xx that is a failure */
	struct condition limited_when; /* as a 429 */
	struct source retry_after;     /* seconds, or an epoch in seconds or milliseconds */
};

/* One base URL of a vendor, with its proof of identity. The first is the main one. */
struct rule_api {
	const char *name;                       /* the WORD; "" for the main one */
	const char *base_url;                   /* TEMPLATE */
	const struct rule_header *headers;      /* with each request */
	const struct rule_header *auth_headers; /* proofs of identity */
	const char *user, *password;            /* TEMPLATE: HTTP Basic */
	const struct rule_header *auth_query;   /* parameters, only with account->secret_in_url */
	const struct rule_token *token;
};

enum rule_clear { RULE_CLEAR_NULL, RULE_CLEAR_EMPTY, RULE_CLEAR_REFUSE };
enum rule_if_match { RULE_IF_MATCH_NO, RULE_IF_MATCH_YES, RULE_IF_MATCH_REQUIRED };

/* How a record is changed. */
struct rule_update {
	struct rule_request request;
	bool deep;             /* {changes} has only changed leaves (RFC 7396), not whole members */
	enum rule_clear clear; /* what null is sent as */
	enum rule_if_match if_match;
	/* Return what {changes} stands for, a new reference, or NULL without memory. PLAIN: for a
	   server that has refused (400) the more exact form. NULL: the members of WANTED that FRESH
	   has otherwise. Pure. */
	json_t *(*patch)(const json_t *fresh, const json_t *wanted, bool plain);
	bool other_answer; /* the response is not the record: always GET */
};

#endif
