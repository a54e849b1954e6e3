/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings: what a test may change while the sandbox runs.
 *
 * Thread-safe, never blocks. Readers take a copy, so one request sees one state.
 */
#ifndef SANDBOX_SETTINGS_H
#define SANDBOX_SETTINGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* PUT_UNSTAMPED: the whole object without its updated_at. */
enum put_answer { PUT_CHANGED, PUT_FULL, PUT_EMPTY, PUT_OLD, PUT_UNSTAMPED };
/* What Elastic Path's meta.page.total counts; TOTAL_NONE: its lists have no meta. */
enum list_total { TOTAL_PAGES, TOTAL_RECORDS, TOTAL_NONE };
/* An OIDC profile: all four fields are needed in each PUT, and all but the secret are shown; or, as
 * in the newest specification, only the name is needed, a PUT forgets what it leaves out, the
 * secret too, and the issuer is shown in place of discovery_url; or, blank, as at first, but
 * discovery_url is shown as "", and "" is taken for it. */
enum oidc_form { OIDC_FULL, OIDC_NEWEST, OIDC_BLANK };
/* What a GET of one record is answered: a vendor may have no such request. */
enum item_gets { ITEMS_SERVED, ITEMS_404, ITEMS_405 };
/* Which GETs show a state of the past. */
enum lag_kinds { LAG_ALL, LAG_ITEMS, LAG_LISTS };
/* How updated_at moves. STAMPS_OWN: as the profile has it; STAMPS_TICK: once a minute; STAMPS_NONE:
 * it is never shown. */
enum stamps { STAMPS_OWN, STAMPS_MS, STAMPS_SECONDS, STAMPS_TICK, STAMPS_FROZEN, STAMPS_NONE };

/* How Partnerize's GET of the key's owner answers. SELF_OWN: in {"user":}; SELF_UNKNOWN: 200
 * without an id. */
enum self_form { SELF_OWN, SELF_FLAT, SELF_DATA, SELF_UNKNOWN };
/* What Partnerize's list does with the parameters of a page. PAGING_OWN: takes them; otherwise it
 * has no pages: PAGING_IGNORED: one answer whatever is asked, PAGING_REFUSED: 400 if any is asked
 * for. */
enum list_paging { PAGING_OWN, PAGING_IGNORED, PAGING_REFUSED };

/* What a GET of an item has as its ETag, and when a PUT with If-Match passes. ETAG_OFF: none,
 * unless etag is set, which then means ETAG_STRONG. */
enum etag_style {
	ETAG_OFF,
	ETAG_STRONG,
	ETAG_WEAK,
	ETAG_GZIP,      /* "v1-gzip" where the client takes gzip, else strong */
	ETAG_GZIP_WEAK, /* W/"v1" there */
	ETAG_GARBAGE,   /* with a tab in it */
	ETAG_UNQUOTED,
	ETAG_LIE,      /* strong, and matches nothing */
	ETAG_UNCHECKED /* strong, and If-Match is ignored */
};

struct settings_values {
	long latency_ms;     /* each vendor request waits that long before it is handled */
	long page_cap;       /* most rows of a page, whatever was asked for */
	long max_parallel;   /* 0: any; more vendor requests in flight are answered 429 */
	long limit_requests; /* let in within the window, the others get 429; 0: all */
	long limit_window_ms;
	char limit_retry_after[64]; /* of those 429; "": not sent */
	long read_lag_ms;           /* GETs show the state of that long ago */
	enum lag_kinds read_lag_kinds;
	enum put_answer put_answer;
	enum self_form self_form;
	enum list_paging list_paging;
	enum item_gets item_gets;
	enum etag_style etag_style;
	enum stamps stamps;
	/* Taken besides the key (Partnerize) or the client secret (Elastic Path) of the start; "":
	 * none. */
	char other_key[64];
	bool own_key_refused; /* that of the start, and the tokens that were issued for it */
	bool read_lag_random; /* each GET: of a random time up to that long ago */
	bool no_self;         /* GET /user/self is 404 */
	bool etag;            /* GET of an item gives an ETag, PUT demands it as If-Match */
	bool trim;            /* blanks at both ends of texts are not stored */
	/* Partnerize's alone: */
	bool omit_inactive; /* lists have no inactive users */
	bool short_rows;    /* lists show the five fields of the guide's example only */
	bool endless_list;  /* lists have new users behind the last one, without an end */
	/* Elastic Path's alone: */
	bool token_wrapped; /* the token's answer stands in {"data":} */
	bool limit_refused; /* page[limit] over 100 is 400, not taken as 100 */
	bool settings_flat; /* the settings' answers have no {"data":} */
	bool origin_needed; /* POST of a realm wants relationships.origin */
	bool eq_any_case;   /* eq(email,...) takes capitals for small letters */
	enum list_total list_total;
	enum oidc_form oidc_form;
	long token_ttl;            /* seconds, for tokens issued from now on */
	long offset_ceiling;       /* page[offset] over it is 400 */
	unsigned long token_epoch; /* tokens of an older epoch are dead; not for settings_change */
};

struct settings;

struct settings *settings_new(const struct settings_values *values);
void settings_free(struct settings *settings);
struct settings_values settings_get(struct settings *settings);
void settings_etag(struct settings *settings, bool on);
/* Every token issued so far dies. */
void settings_expire_tokens(struct settings *settings);

/* Takes an object over the settings, all or nothing: false with words in why. */
bool settings_change(struct settings *settings, json_t *object, char *why, size_t why_size);
json_t *settings_json(struct settings *settings);

/* Sets one value to a word or number as it stands on a command line; false if it can't be. */
bool settings_option(struct settings_values *values, const char *name, const char *word);

#endif
