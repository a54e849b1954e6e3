/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.h - the sections of a description with typed values, before they become a vendor's table.
 *
 * The tables of grammar.c say which key goes where. A member without a key in the description is
 * zero: number 0, NULL, choice 0 (the default), SOURCE_NONE. Texts are of the arena of the build,
 * or of the description.
 */
#ifndef ROSTERFS_DRAFT_H
#define ROSTERFS_DRAFT_H

#include "vendors/http/http.h"
#include "vendors/rules.h"

#include <stdbool.h>
#include <stddef.h>

struct merged;

#define DRAFT_APIS_MAX 8
#define DRAFT_PLACES_MAX 8
#define DRAFT_CHANGES_MAX 16 /* of one direction of the status */
#define DRAFT_SAVES_MAX 8

enum draft_evidence { EVIDENCE_NONE, EVIDENCE_TRIED, EVIDENCE_DOCUMENTS, EVIDENCE_MEMORY };

/* What every section begins with. */
struct draft_head {
	const struct merged *from; /* NULL: there is no such section */
	unsigned evidence;         /* enum draft_evidence */
};

/* A section that is a request. */
struct draft_request {
	struct draft_head head;
	struct rule_request rule;        /* method NULL: no key `request` */
	struct rule_request alternative; /* method NULL: none */
	struct rule_header headers[HTTP_HEADERS_MAX + 1];
	const char *api;
};

struct draft_vendor {
	struct draft_head head;
	unsigned kind; /* enum draft_kind */
	const char *name, *docs, *date, *remains, *manual;
};

enum draft_kind { KIND_REST, KIND_SCIM, KIND_MANUAL };

struct draft_api {
	struct draft_head head;
	const char *base_url;
	struct rule_header headers[HTTP_HEADERS_MAX + 1];
	long long lag, parallel;
};

struct draft_auth {
	struct draft_head head;
	struct rule_header headers[HTTP_HEADERS_MAX + 1];
	struct rule_header query[HTTP_HEADERS_MAX + 1];
	const char *user, *password;
};

struct draft_expires {
	struct source source;
	bool ms;
};

struct draft_token {
	struct draft_request request;
	const char *user, *password;
	struct source token, refresh;
	struct draft_expires expires;
	struct rule_save saves[DRAFT_SAVES_MAX + 1];
};

enum draft_paging {
	DRAFT_PAGING_NOT_GIVEN,
	DRAFT_PAGING_NONE,
	DRAFT_PAGING_PAGE,
	DRAFT_PAGING_OFFSET,
	DRAFT_PAGING_CURSOR,
	DRAFT_PAGING_URL,
	DRAFT_PAGING_LINK,
};

/* [list], and [PLACE/members] with the last two */
struct draft_list {
	struct draft_request request;
	const char *const *rows;
	unsigned no_rows;      /* 1: empty */
	unsigned missing_page; /* 1: error */
	unsigned whole;        /* 1: no */
	unsigned paging;       /* enum draft_paging */
	long long size, first, ceiling;
	struct source next;
	struct condition end, cut;
	unsigned origin; /* 1: ignore */
	const struct source *total, *records, *pages;
	const struct value *each;
	const char *user, *in;
};

struct draft_item {
	struct draft_request request;
	const char *const *root;
	const int *gone;
	struct condition gone_when;
	const char *const *reserved;
};

struct draft_find {
	struct draft_request request;
	const char *const *rows;
};

struct draft_self {
	struct draft_request request;
	const char *const *id, *const *root;
	unsigned user; /* 1: none */
};

struct draft_fields {
	struct draft_head head;
	const char *const *id, *const *email, *const *name, *const *login;
	const char *const *role, *const *created, *const *updated, *const *row_root;
	const char *path_id, *version;
	const char *const *read_only,
	    *const *immutable, *const *required, *const *each_time, *const *hidden,
									*const *write_only,
									    *const *optional;
	unsigned unknown; /* 1: refuse */
};

struct draft_status {
	struct draft_head head;
	const char *path;
	const struct value *active, *inactive;
};

struct draft_update {
	struct draft_request request;
	unsigned merge;    /* 1: deep */
	unsigned clear;    /* enum rule_clear */
	unsigned if_match; /* enum rule_if_match */
	unsigned answer;   /* 1: other */
};

struct draft_create {
	struct draft_request request;
	struct source id;
};

/* [delete], [activate], [deactivate] */
struct draft_change {
	struct draft_request request;
	const char *word;
	const struct value *from;
	const char *soft;
};

struct draft_errors {
	struct draft_head head;
	const struct source *message;
	struct condition fail_when, limited_when;
	struct source retry_after;
};

struct draft_place {
	struct draft_head head;
	const char *record;
};

/* The users, or the records of a place. */
struct draft_records {
	const char *place; /* NULL: the users */
	struct draft_place folder;
	struct draft_list list;
	struct draft_request next;
	struct draft_item item;
	struct draft_find find;
	struct draft_fields fields;
	struct draft_status status;
	struct draft_update update;
	struct draft_create create;
	struct draft_change remove;
	struct draft_change activate[DRAFT_CHANGES_MAX];
	struct draft_change deactivate[DRAFT_CHANGES_MAX];
	size_t activate_count, deactivate_count;
	struct draft_list members;
	struct draft_request join, leave;
};

struct draft_endpoint {
	const char *word; /* "" for the main one */
	struct draft_api api;
	struct draft_auth auth;
	struct draft_token token;
};

struct draft {
	struct draft_vendor vendor;
	struct draft_endpoint apis[DRAFT_APIS_MAX];
	size_t api_count;
	struct draft_self self;
	struct draft_errors errors;
	struct draft_records records[1 + DRAFT_PLACES_MAX]; /* the first: the users */
	size_t records_count;
};

#endif
