/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_parts: what the files of the generic vendor share among themselves.
 *
 * For generic*.c alone. Functions ending in _locked need the lock of g->store, which protects the
 * places as well. The play is never changed after the start, so it is read without a lock.
 */
#ifndef SANDBOX_GENERIC_PARTS_H
#define SANDBOX_GENERIC_PARTS_H

#include <pthread.h>

#include "generic.h"
#include "generic_pointer.h"
#include "tests/sandbox/store.h"

#define GENERIC_ID_MOST 512
/* A member of a stored record that no answer shows: the record is in no list any more. */
#define HIDDEN_MEMBER "~hidden"
/* A member of a stored place that no answer shows: the ids of its members. */
#define PLACE_MEMBERS "~members"

struct token {
	struct token *next;
	char *words;
	int64_t ends;        /* gate_now_us() */
	unsigned long epoch; /* of settings; older ones are dead */
};

struct generic {
	char *name;
	char *other; /* what requests without a route are counted under */
	json_t *play;
	struct settings *settings;
	struct store *store;
	struct store *places;
	struct store_times times;
	unsigned long next;   /* index of the next new user; under the store's lock */
	unsigned long hidden; /* records that lists leave out; under the store's lock */
	struct token *tokens; /* with what follows under the store's lock */
	unsigned long issued;
	char *refresh; /* the only refresh token that is taken; NULL: there is none */
};

/* One request on its way through the vendor. */
struct visit {
	struct generic *g;
	const struct request *request;
	const struct fault *fault;
	struct reply *reply;
	const char *path;  /* below the vendor's own, as sent */
	const json_t *act; /* the part of the play whose route fits */
	char *id;          /* of the user; NULL: the route has none */
	char *place;       /* of the place; NULL: the route has none */
};

/* generic_play.c: the play file. */

/* Return the play, checked, with the presets that it names below it; NULL with one line on stderr.
 */
json_t *play_load(const char *file);
/* Return the member, borrowed, or NULL. */
const json_t *play_part(const json_t *part, const char *key);
/* Return the member, or the default where it is absent. */
const char *play_word(const json_t *part, const char *key, const char *otherwise);
long play_number(const json_t *part, const char *key, long otherwise);
bool play_flag(const json_t *part, const char *key, bool otherwise);
bool play_is(const json_t *part, const char *key, const char *word, const char *otherwise);

/* generic_schema.c: what a play may say. */

/* Check the value below the dotted path; false with words in why. */
bool schema_check(const json_t *play, char *why, size_t why_size);

/* generic_scim.c: the preset of SCIM 2.0 and its documents. */

/* Return the preset as a new play. */
json_t *scim_preset(void);
struct scim_filter {
	bool all, any_case; /* all: there is no filter */
	bool any_attribute; /* whatever is named, the e-mail is compared */
	char path[128];
	char value[256];
};
/* Read the filter of the request as the list takes it; false with the reply set. */
bool scim_filter_read(struct visit *v, struct scim_filter *filter);
bool scim_filter_passes(const struct scim_filter *filter, const json_t *record);

/* generic_route.c: which part of the play a request is for. */

/* Find the part whose route fits: v->act, v->id and v->place, which the caller frees. Returns the
 * title of its section, such as "lists", or NULL with the methods that the path takes in allow,
 * joined by commas ("": the path is unknown). */
const char *route_find(struct visit *v, char *allow, size_t allow_size);
/* The part of the play whose route fits; NULL: none. */
const json_t *route_act(const struct generic *g, const struct request *request);
/* Give each part the name under which its requests are counted. For the start. */
void route_name_all(struct generic *g);
/* The part of the path, as sent, that follows the vendor's own and one of its bases; NULL: the path
 * is not the vendor's. */
const char *route_below(const struct generic *g, const char *path);
/* The path with a slash at its end, or without that slash, new, if a route fits that; else NULL. */
char *route_other_slash(struct visit *v);
/* Whether a route would fit with .json behind the path. */
bool route_wants_suffix(struct visit *v);

/* generic_errors.c */

/* Answer with the error of that kind as the play has it. words may be NULL: the kind's own. */
void error_reply(struct visit *v, const char *kind, const char *field, const char *words);
/* The same for an error that server.c found. */
void error_status(struct generic *g, struct reply *reply, unsigned status, const char *words);

/* generic_answer.c: how answers are put together. */

/* Answer with JSON, taken over, with the play's media type and members of each success. */
void answer_json(struct visit *v, unsigned status, json_t *value);
void answer_empty(struct visit *v, unsigned status);
/* Add the headers of a part ("headers"), of which values may be $epoch+N, $left. */
void answer_headers(struct reply *reply, const json_t *headers);
/* The URL of something below the vendor's own path; form: absolute, relative, path. */
void answer_url(const struct visit *v, const char *form, const char *host, const char *below,
		struct text *url);
/* Add the ETag of a record, as the play or the settings want it. */
void answer_etag(struct visit *v, const struct record *record);
/* Whether If-Match lets the write pass; else the reply is set. */
bool answer_if_match(struct visit *v, const struct record *record);
void answer_item(struct visit *v);
/* Answer a write as the part says. sent is what came in, NULL: nothing; old is NULL for a new one.
 */
void answer_change(struct visit *v, const json_t *old, const json_t *new, const json_t *sent);
/* A copy of the members with "$id" and "$users" in them filled in. */
json_t *answer_fill(const struct visit *v, const json_t *members, const json_t *id);

/* generic_record.c: records, as stored and as shown. */

json_t *record_json(const struct record *record);
/* A new record of a seeded person. */
json_t *record_seed(const struct generic *g, unsigned long index);
void record_id_of(const struct generic *g, unsigned long index, char id[GENERIC_ID_MOST]);
json_t *record_id_value(const struct generic *g, const char *id);
/* The record as an answer shows it, new: with what a row or an item hides left out. */
json_t *record_shown(const struct visit *v, const json_t *stored, bool row);
/* A hash of all that is stored of it, for entity tags. */
uint64_t record_hash(const json_t *record);
/* A time as a field's form has it; seconds since 1970, with the microseconds. */
json_t *record_time(const char *form, int64_t seconds, long micros);
json_t *record_now(const struct generic *g, const char *form);
/* Move the time of the last change. */
void record_touch(const struct generic *g, json_t *record);
const char *record_email(const struct generic *g, const json_t *record);
void record_save_locked(struct generic *g, struct record *record, json_t *json);
struct record *record_add_locked(struct generic *g, const char *id, json_t *json);
/* The pointer of the first field that holds it, or NULL. */
const char *record_field(const struct generic *g, const char *holds);
/* Show the past that the settings, the fault or the play's lag have for a read. */
void record_moment_locked(struct visit *v, bool list);

/* generic_status.c */

/* The name of the state that the record is in, or NULL. */
const char *status_of(const struct generic *g, const json_t *record);
void status_put(const struct generic *g, json_t *record, const char *state);
/* The state of a seeded person. */
const char *status_seed(const struct generic *g, unsigned long index, bool active);
/* Whether a user in this state is removed, as some vendors do with deactivated ones. */
bool status_removes(const struct generic *g, const json_t *record);
/* Check and translate what a write says about the status, or what it leaves out where it replaces.
 * old may be NULL. False with the reply set. */
bool status_written(struct visit *v, const json_t *old, const json_t *sent, json_t *record,
		    bool replaces);
bool status_pointer(const struct generic *g, const char *pointer);
void status_move(struct visit *v);
/* Whether the record's state is among the names; an absent list has them all. */
bool status_among(const struct generic *g, const json_t *names, const json_t *record);

/* generic_apply.c */

/* Make the record of what was sent, new: members checked, old ones kept as the part says. old is
 * NULL for a new one. NULL with the reply set. */
json_t *apply_body(struct visit *v, const json_t *old, const json_t *sent);
/* Check that the record may be stored, and give its texts the form in which they are. */
bool apply_finish(struct visit *v, const json_t *old, json_t *record);

/* generic_write.c */
void write_change(struct visit *v);
void write_create(struct visit *v);
void write_delete(struct visit *v);

/* generic_patch.c: the operations of SCIM's PATCH. New record, or NULL with the reply set. */
json_t *patch_apply(struct visit *v, const json_t *old, const json_t *body);

/* generic_list.c */

/* What a list is a list of. */
struct listing {
	struct store *store;
	const json_t *members; /* ids, where only these are listed, in this order; else NULL */
	bool users;            /* rows are users, with states and fields; else places */
	bool ids;              /* rows are only the ids of users */
};

/* Answer with a page of the list that v->act describes. */
void list_answer(struct visit *v, const struct listing *listing);
void list_users(struct visit *v);

/* generic_page.c */

struct page {
	const json_t *play; /* the part "page" of a list */
	const json_t *body; /* of a list that is a POST; else NULL */
	size_t from, size;  /* what was asked for, and may be had */
	size_t asked;       /* the size as it was asked for */
	size_t number;      /* of the page, counted as the vendor does */
	size_t total;       /* rows that there are */
	size_t shown;       /* where the rows of the answer begin */
	size_t rows;        /* how many they are */
	size_t next;        /* where the next page begins */
	bool more;          /* there is a next page */
	bool past;          /* there is no such page */
	bool truncated;
};

/* Read where the page begins and how long it is; false with the reply set. place tells the first
 * row behind the id (or at it). */
bool page_read(struct visit *v, struct page *page,
	       size_t (*place)(void *arg, const char *id, bool at), void *arg);
/* Choose the rows: by the vendor's habits and the fault; false with the reply set. */
bool page_settle(struct visit *v, struct page *page);
/* Whether a parameter of the query is one of the page's. */
bool page_knows(const json_t *play, const char *name);
/* The text of the cursor that stands for the place; the caller frees it. */
char *page_token(const json_t *play, size_t place);

/* generic_next.c: what an answer says about pages. body may be an array. */
void next_tell(struct visit *v, const struct page *page, json_t *body);

/* generic_auth.c */

/* Whether the request has the credentials; else the reply is set. */
bool auth_check(struct visit *v);
/* Whether the request's Basic credentials are that user and password; "*" is anything. */
bool auth_basic(const struct request *request, const json_t *pair);
bool auth_leaks(const struct generic *g, const struct request *request);

/* generic_token.c */
void token_grant(struct visit *v);
bool token_is_live(struct generic *g, const char *words);
/* For the end. */
void token_end(struct generic *g);

/* generic_place.c */
void place_seed_locked(struct generic *g);
void place_list(struct visit *v);
void place_item(struct visit *v);
void place_members(struct visit *v);
void place_join(struct visit *v);
void place_leave(struct visit *v);
void place_change(struct visit *v);

/* generic_colleague.c: see vendor.h */
bool generic_colleague(void *self, const struct request *request, const char *below,
		       struct reply *reply);

#endif
