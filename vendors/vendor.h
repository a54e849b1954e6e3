/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vendor.h - the contract between a vendor and the rest of rosterfs. Read this first.
 *
 * A vendor is mostly a table: its settings (keys of the config file) and its collections (users;
 * for some also accounts, memberships...), each a row with paths, envelopes, field names and what
 * may be done. Code is only for what no table can say: how a request is authorized, and who `self`
 * is. A new vendor is one file with one table, and one line in vendors.c.
 *
 * Nothing under vendors/ knows of caches, files or FUSE. json_t values stay in the thread that made
 * them; across threads goes text.
 */
#ifndef ROSTERFS_VENDOR_H
#define ROSTERFS_VENDOR_H

#include "vendors/http/endpoint.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <time.h>

struct account;
struct basis_read;
struct call;
struct http_request;
struct list_sink;
struct token;
struct totals;

/* ---- settings: the keys that a section of the config file may hold ---- */

enum setting_type {
	SETTING_TEXT,
	SETTING_SECRET, /* also as NAME_file, NAME_env, NAME_command */
	SETTING_CHOICE, /* one of choices */
	SETTING_FILE,   /* a path; the value becomes the file's text, at most 1 MiB */
};

struct setting {
	const char *name;
	enum setting_type type;
	bool required;
	const char *fallback;       /* the value when it is not given; NULL: none */
	const char *const *choices; /* NULL-terminated, for SETTING_CHOICE */
};

/* ---- collections ---- */

/*
 * What became of a change that was sent. Only VENDOR_DONE means that the vendor has answered that
 * it is made.
 */
enum vendor_outcome {
	VENDOR_DONE,
	VENDOR_REFUSED, /* certainly not applied; the errno and the words are in CALL */
	VENDOR_UNKNOWN, /* lost on the way, or a 5xx: a GET will tell; errno and words in CALL */
	VENDOR_CHANGED, /* 409 or 412: the record is not what we thought; errno and words in CALL */
	/*
	 * The read that the change rests on (basis.h) is too old: read again. Nothing was sent; but
	 * where a change takes two requests, the first may have been made (basis->part_made), and
	 * the next read tends to show it. call->status is 429 where it was the vendor's limit that
	 * made it wait, and call->told how long that still lasts. Errno (EBUSY) and words in CALL.
	 */
	VENDOR_STALE,
};

enum field_flag {
	FIELD_SYSTEM = 1,        /* assigned by the vendor: never sent, a change is EPERM */
	FIELD_IMMUTABLE = 2,     /* sent as it is, a change is EPERM */
	FIELD_REQUIRED = 4,      /* null is EINVAL */
	FIELD_WRITE_ONLY = 8,    /* sent when written; never shown, logged or kept */
	FIELD_CONFIDENTIAL = 16, /* the vendor shows it, rosterfs does not: removed from each answer
				  */
	/* Each PUT must bring it, or the vendor refuses the PUT, or forgets it: without it none is
	   sent (collection_lacks). With WRITE_ONLY a document without it is EINVAL, and so is ""
	   that the vendor shows in its place. */
	FIELD_EACH_TIME = 32,
	FIELD_ONCE = 64, /* given when the record is made: never in a PUT, a change is EPERM */
	/* With EACH_TIME: the vendor may not show what it has there. Where it does not, a document
	   without it is EINVAL. */
	FIELD_MAY_HIDE = 128,
};

/* What the table does not name is a plain mutable field. */
struct field {
	const char *name;
	unsigned flags; /* of enum field_flag */
};

/*
 * Something that is given only when a record is made (in a field with FIELD_ONCE): where it stands
 * in the document, may be nested, and where else a record may show it, or NULL.
 */
struct once {
	const char *path, *shown;
};

enum paging {
	PAGING_NUMBER,   /* page=1.. & count= */
	PAGING_OFFSET,   /* offset=0.. & limit= */
	PAGING_BRACKETS, /* page[offset]=0.. & page[limit]= */
	PAGING_NONE,     /* no parameters: one response holds the whole list */
};

/* One kind of record. Names that are lists are NULL-terminated, the first that a record has counts.
 */
struct collection {
	const char *name;      /* "users": for the log */
	const char *list_path; /* "/user"; {parent} stands for the id of the record it belongs to */
	const char *item_path; /* "/user/": the id follows, escaped */
	const char *const *taken; /* what stands below item_path and is no id; NULL: nothing */
	bool single; /* there is but one record, at item_path; its id is whatever it is called */
	bool listed_only;      /* a record can't be asked for alone, only the whole list */
	const char *list_key;  /* the member of a list answer that holds the rows */
	const char *item_key;  /* the envelope of one record, and of a wrapped row */
	/* A second envelope in which an answer may hold one record, or NULL. */
	const char *other_item_key;
	const char *total_key; /* member of a list answer that may be a total of records, or not */
	/* Members of a list answer, which may be nested: the number of records in the whole list,
	   its number of pages, and the next page ("" or "null": there is none). Each may be NULL.
	 */
	const char *records_key, *pages_key, *next_key;
	unsigned offset_ceiling;    /* the vendor refuses to list from here on; 0: it does not */
	unsigned page_size;         /* rows asked for in one page: the most the vendor gives */
	const char *const *id_keys; /* may be nested: "relationships.member.data.id" */
	/* The id in item paths where that is another one than id_keys' (a link is known by its
	   user, the vendor has an id of its own for it); NULL: the same. */
	const char *path_id_key;
	const char *type; /* sent as "type" where the body has none (item.c), or NULL */
	const char *const *email_keys;
	/* If the vendor refuses a PUT with 405, send the update as a POST to the item, from then
	   on. Only for a vendor whose documents say that such a POST is an update: elsewhere it may
	   be an action. */
	bool put_becomes_post;
	/* The member of that POST's body that takes the id; NULL: none. */
	const char *posted_id;
	bool wraps_requests; /* what is sent goes into the envelope item_key too */
	const char *const
	    *time_keys; /* when last updated, best first; "meta.updated_at" is nested */
	const char *const *created_keys; /* when made; NULL: it does not tell */
	const char *stamp_key;           /* names a version of a record, may be nested, or NULL */
	const char *status_key;          /* field that holds the status, or NULL */
	/* The status of a record that a whole list does not show; NULL: there is no such record. */
	const char *absent_status;
	const struct field *fields; /* ends with a NULL name */
	const struct once *once;    /* ends with a NULL path; NULL: nothing */
	enum paging (*paging)(const struct account *account);
	/*
	 * What a list answer says of the whole list, laid into *TOTALS (walk.h), where all is
	 * "unknown" at first. NULL: total_key, records_key, pages_key and next_key tell.
	 */
	void (*totals)(const json_t *answer, struct totals *totals);
	/* May records be made here (POST to list_path)? NULL: never. */
	bool (*creates)(const struct account *account);
	bool deletes; /* records can be deleted (with the account's allow_delete) */
	/*
	 * What no table can say: in place of vendor_list, _get, _put and _post, with their
	 * contracts. NULL: these will do.
	 */
	int (*list)(struct call *call, struct account *account, const char *parent,
		    struct list_sink *sink);
	int (*get)(struct call *call, struct account *account, const char *parent, const char *id,
		   json_t **record);
	enum vendor_outcome (*put)(struct call *call, struct account *account, const char *parent,
				   const char *id, const json_t *body, const char *etag,
				   json_t **answer);
	enum vendor_outcome (*post)(struct call *call, struct account *account, const char *parent,
				    const json_t *body, json_t **answer);
	/* The answer to a POST is another object, and tells but a part of the record. */
	bool posts_part;
	/*
	 * Before the read that a change rests on (basis.h): ask for what `put` will have to know,
	 * so that no other request comes between the two. What fails here is for `put` to report.
	 * May wait. NULL: nothing.
	 */
	void (*settle)(struct call *call, struct account *account);
	/* For PLACE_LINKS: what is to be posted to link user ID. A new reference, NULL: no memory.
	 */
	json_t *(*link)(const char *id);
	/*
	 * For a status that is made of steps (memberships): with ACTIVE make each step of RECORD,
	 * else end it. Tries each, then returns 0 or the first negative errno, with words in CALL
	 * that say what is left. OUTCOMES, as many as there are steps, says what became of each.
	 * May wait.
	 */
	int (*set_status)(struct call *call, struct account *account, const json_t *record,
			  bool active, enum vendor_outcome *outcomes);
	/* The links that the steps are: each step links the record's id into the parent that
	   step_key names. */
	const struct collection *step_links;
	/* What makes a step again, in words, where no command can: a name may be unfit for one. */
	const char *step_words;
	const char *steps_key;   /* the array in a record that holds what its status is made of */
	const char *step_key;    /* what tells one of these from another */
	const char *step_id_key; /* the vendor's own id of a step, which is never used again */
	/* The array in a record with the steps that the vendor did not show as this mount's memory
	   has them (remember): made, which the record has as well; ended; or asked for and maybe
	   made, which have "asked": true, and some no id. Absent: there are none. */
	const char *unconfirmed_key;
	/*
	 * The vendor has acknowledged that ENDED is no more, or MADE has been made (borrowed, NULL:
	 * nothing): links of PARENT, or for set_status records with those steps. For account->lag
	 * seconds that outweighs what is read. Never waits. NULL: nothing is remembered.
	 */
	void (*remember)(struct account *account, const char *parent, const json_t *ended,
			 const json_t *made);
	/* For set_status: the vendor has answered that the steps of RECORD are ended, and has not
	   shown it. What is remembered of them counts no longer. Never waits. */
	void (*forget)(struct account *account, const json_t *record);
};

/* ---- what stands in a vendor's directory besides its users ---- */

enum place_kind {
	PLACE_FILE,    /* NAME/FILE: the one record of a single collection */
	PLACE_FILES,   /* NAME/<id>.json: a file a record */
	PLACE_FOLDERS, /* NAME/<id>/FILE: a directory a record, and in each the places below */
	/* NAME/<user's id>.json: a symbolic link to the user. Its ids are users'; made by posting
	   link() (409: it is there already), ended by deleting its path id. */
	PLACE_LINKS,
};

/* A directory. Where the collection creates, it has a new/ in it. */
struct place {
	const char *name; /* "accounts" */
	enum place_kind kind;
	const struct collection *collection; /* the parent of those below is the record above */
	const char *file;                    /* "account.json", for PLACE_FILE and PLACE_FOLDERS */
	const struct place *below;           /* PLACE_FOLDERS: ends with a NULL name; NULL: none */
};

/*
 * A question and its answer, of which nothing is kept: a file that is written and then read. RUN
 * sends REQUEST (borrowed) and puts the vendor's whole answer into *ANSWER, a new reference.
 * Returns 0 or a negative errno with words in CALL that quote neither. May wait.
 */
struct transaction {
	const char *name; /* of the file */
	const char *path; /* what is posted to, for the log */
	int (*run)(struct call *call, struct account *account, const json_t *request,
		   json_t **answer);
};

/* ---- the vendor ---- */

struct vendor {
	const char *type;               /* the word after `type =` */
	const struct setting *settings; /* beyond the common ones; ends with a NULL name */
	const char *base_url;           /* the default, or NULL */
	/* The base URL that the settings of ACCOUNT stand for, or NULL; NULL: base_url it is. */
	const char *(*choose_base_url)(const struct account *account);
	/* The setting that choose_base_url reads; NULL without choose_base_url. */
	const char *base_url_key;
	/* Appended to the error if the vendor answers 401 or 404 to a list or to a request for a
	   token: the question whether the base URL is right. NULL: nothing is appended. */
	const char *base_url_hint;
	const struct collection
	    *users; /* NULL: no API, the directory is kept by hand and read-only */

	/*
	 * The status of users where it is no field of theirs: records {id, status, ...} with the
	 * same ids. NULL: it is users->status_key.
	 */
	const struct collection *statuses;

	const struct place *places;            /* ends with a NULL name; NULL: none */
	const struct transaction *transaction; /* or NULL */

	/* A line for the log when a user is made, or NULL: what the caller should know. */
	const char *creation;

	/* A line for the log when one is not, because users->creates says no, or NULL: who makes
	   users, and which setting lets this mount do so. */
	const char *creation_refused;

	/* One line for the log after a deactivation: what no API does. NULL without an API. */
	const char *remains;

	/*
	 * The text of MANUAL for ACCOUNT: what no API does, and how to do it by hand. In static
	 * memory, or owned by the account; never NULL.
	 */
	const char *(*manual)(const struct account *account);

	/*
	 * Put into REQUEST what proves who we are. The strings stay valid as long as ACCOUNT. May
	 * wait for the vendor (a token). Returns 0 or a negative errno with words in CALL.
	 */
	int (*authorize)(struct call *call, struct account *account, struct http_request *request);

	/*
	 * The vendor refused token SERIAL of a request with 401: have authorize use another one. 0,
	 * or a negative errno with words in CALL. NULL for keys that can't be renewed.
	 */
	int (*renew)(struct call *call, struct account *account, uint64_t serial);

	/*
	 * Find the id of the user that our key belongs to, by asking the vendor. Returns 0 and the
	 * id in *ID (the caller frees), -ENODATA when the vendor does not tell (the words in CALL
	 * then are what it answered: "GET /user/self answered 404"), or another negative errno with
	 * words in CALL. May wait. NULL: our keys are no user's. For vendor_self.
	 */
	int (*self)(struct call *call, struct account *account, char **id);

	/*
	 * What the vendor's files remember of an account, so that they need not ask twice: struct
	 * account's `memory`, made and freed with it. It has a lock of its own. NULL: nothing.
	 */
	void *(*memory_new)(void); /* NULL: no memory is left */
	void (*memory_free)(void *memory);
};

/* All vendors, ending with NULL. */
extern const struct vendor *const vendors[];

/* The vendor whose type is TYPE, or NULL. */
const struct vendor *vendor_find(const char *type);

/* ---- an account: one section of the config file ---- */

struct account {
	char *name; /* the section, which is the directory's name */
	const struct vendor *vendor;
	struct endpoint endpoint; /* of its API; its name is NAME */
	unsigned ttl;   /* seconds a fetched roster counts as fresh */
	unsigned grace; /* seconds more in which the old one is served while a new one is fetched */
	unsigned max_users;    /* most rows of a list: one that is longer may have no end */
	unsigned lag;          /* seconds for which the vendor's reads may lag behind its writes */
	bool allow_delete;
	char **values; /* the vendor's own settings, in the order of vendor->settings; NULL: not
			  given */
	atomic_bool updates_by_post; /* the vendor refused PUT with 405 (put_becomes_post) */
	/* Set by whoever finds that this vendor refuses its own ETags: vendor_get hands out none
	 * from then on, and vendor_put sends none. */
	atomic_bool no_preconditions;
	struct token *token; /* NULL for a vendor without tokens */
	void *memory;        /* vendor->memory_new's: the vendor's own */
};

/* A new account with the defaults, named NAME (copied). NULL: no memory. */
struct account *account_new(const char *name, const struct vendor *vendor);

/* Wipes the secrets and frees everything but the queue, which http_free ends. NULL is fine. */
void account_free(struct account *account);

/* The value of the vendor's own setting NAME, or NULL. NAME must be in the vendor's table. */
const char *account_value(const struct account *account, const char *name);

/* Overwrite each secret of ACCOUNT that stands in TEXT with asterisks, in place. */
void account_redact(const struct account *account, char *text);

/* ---- records: pure functions over a vendor's JSON ---- */

/* The value at PATH ("meta.updated_at") in RECORD, borrowed, or NULL. */
json_t *collection_value(const json_t *record, const char *path);

/* Remove the value at PATH from RECORD, if it is there. */
void collection_remove(json_t *record, const char *path);

/* The flags of field NAME in COLLECTION; 0 for a field that the table does not name. */
unsigned collection_flags(const struct collection *collection, const char *name);

/*
 * Take RECORD (a borrowed reference inside ANSWER) out of its envelope {"user":{..}}; an answer
 * that is the bare record passes too: it has an id, or, where there is but one record, its type.
 * Links that stand beside it, where the collection has such a field, are put into it, as in a row
 * of a list. NULL: there is no object.
 */
json_t *collection_unwrap(const struct collection *collection, json_t *answer);

/*
 * The id of RECORD as text, from a string or an integer; written to BUFFER when it is a number
 * (at least 24 bytes). NULL: the record has no id, or an empty one.
 */
const char *collection_id(const struct collection *collection, const json_t *record, char *buffer);

/* The id of RECORD in item paths, like collection_id's. */
const char *collection_path_id(const struct collection *collection, const json_t *record,
			       char *buffer);

/* Could a record have ID, or is something else at its item path? */
bool collection_may_have(const struct collection *collection, const char *id);

/* The email of RECORD, a string that is not empty and may include NUL, borrowed, or NULL. */
const json_t *collection_email_value(const struct collection *collection, const json_t *record);

/* The same as text. NULL: it has none, or one that includes NUL. */
const char *collection_email(const struct collection *collection, const json_t *record);

/*
 * When RECORD was last updated, from the first time key that can be read: "2024-01-02 03:04:05"
 * (UTC), ISO 8601 with Z or an offset, with or without a fraction. False: the record does not tell.
 */
bool collection_time(const struct collection *collection, const json_t *record,
		     struct timespec *time);

/* The same, but the time when it was made does not stand in for it: versions can be told by it. */
bool collection_updated(const struct collection *collection, const json_t *record,
			struct timespec *time);

/* The same: when RECORD was made. */
bool collection_created(const struct collection *collection, const json_t *record,
			struct timespec *time);

/*
 * The first field (FIELD_EACH_TIME) that BODY, which is to be PUT, has not or has as null or "";
 * in static memory. NULL: it has them all.
 */
const char *collection_lacks(const struct collection *collection, const json_t *body);

/*
 * Does RECORD, as the vendor shows it, not tell what it has in field NAME, although the vendor must
 * have been told: a write-only field, or one that it may hide (FIELD_MAY_HIDE) and has not shown?
 */
bool collection_hides(const struct collection *collection, const json_t *record, const char *name);

/* Remove from RECORD what must never be shown: confidential and write-only fields. */
void collection_hide(const struct collection *collection, json_t *record);

/* ---- requests: each may wait for the vendor ---- */

/*
 * Receives the rows of a roster while it is walked. add: RECORD is borrowed, and what must never be
 * shown is removed already; what is to be kept of it is copied (page_arena.h tells why); ID is its id;
 * returns 0, -EEXIST when the id came before (list.c then decides), or a negative errno that ends
 * the walk. unreadable (may be NULL): RECORD's row is not JSON; it has its id and what else of it
 * could be read, and must not be shown or taken for the record; returns as add. Without this
 * function such a row ends the walk. reset: all rows so far are void, the walk starts again.
 * progress (may be NULL): so many pages and rows of this pass are there.
 */
struct list_sink {
	int (*add)(struct list_sink *sink, const char *id, json_t *record);
	int (*unreadable)(struct list_sink *sink, const char *id, json_t *record);
	void (*reset)(struct list_sink *sink);
	void (*progress)(struct list_sink *sink, unsigned pages, size_t rows);
};

/*
 * Walk the whole collection, of PARENT if it belongs to one (else NULL). Returns 0 when each record
 * was handed to SINK exactly once since the last reset, else a negative errno with words in CALL:
 * then what the sink got is not a roster. -EREMOTEIO: also when there are more than the account's
 * max_users.
 */
int vendor_list(struct call *call, struct account *account, const struct collection *collection,
		const char *parent, struct list_sink *sink);

/*
 * Find the id of the user that our key belongs to: what the vendor says, else the setting self_id.
 * Contract as that of vendor->self; -ENODATA also if our keys are no user's. Logs what the vendor
 * answered if it does not tell, and a self_id that contradicts it.
 */
int vendor_self(struct call *call, struct account *account, char **id);

/* One of the lists that vendor_list_all walks. */
struct list_part {
	const char *parent;
	struct list_sink *sink; /* for its rows; a reset voids no other list's */
	unsigned page; /* 0: all pages. Else this page alone, and the sink gets no roster; each page
			  counts as one of the size that the collection asks for */
	bool cut; /* set where it failed because the vendor lists no further (offset_ceiling): the
		sink has the list's beginning, from nothing to all that can be had */
};

/*
 * May a list of COLLECTION have ROWS? 0, or -EREMOTEIO with words in CALL that name max_users.
 * Never waits. vendor_list_all asks for each of its lists; who makes one list of several asks too.
 */
int vendor_list_bound(struct call *call, const struct account *account,
		      const struct collection *collection, size_t rows);

/*
 * Walk the collection of each parent in PARTS, as many at once as the account may have requests in
 * flight. As vendor_list for all of them or none, but COLLECTION's own `list` is not asked: this is
 * what such a function is made of. The rows of several lists come in turns.
 */
int vendor_list_all(struct call *call, struct account *account, const struct collection *collection,
		    struct list_part *parts, size_t count);

/*
 * Fetch one record. Returns 0, a new reference in *RECORD (out of its envelope, confidential and
 * write-only fields removed) and its ETag in *ETAG (the caller frees; NULL: none; ETAG may be
 * NULL), or a negative errno with words in CALL: -ENOENT when the vendor does not know the id.
 *
 * With ETAG, no compressed answer is asked for, as a compressed one has another ETag. Only a strong
 * and valid one (RFC 9110, 8.8.3) is handed out, and none once account->no_preconditions is set.
 * With ETAG and call->basis, this is the read that a change rests on: see basis.h.
 */
int vendor_get(struct call *call, struct account *account, const struct collection *collection,
	       const char *parent, const char *id, json_t **record, char **etag);

/*
 * The same without an ETag, for a vendor_put that is made of this record besides the one that
 * call->basis rests on: the write then rests on this one, and what it has rested on goes to *READ,
 * for basis_resume. Where it fails, nothing changes. Only below vendor_put.
 */
int vendor_get_part(struct call *call, struct account *account, const struct collection *collection,
		    const char *parent, const char *id, struct basis_read *read, json_t **record);

/* Where the row of a record stands in its list, as the walk of the list has found it. */
struct list_spot {
	size_t page;   /* counted from 0 */
	size_t before; /* rows before that page */
	size_t size;   /* rows that the page was asked for with; 0: the rest is not known */
};

/*
 * Read record ID anew as a row of its list: for a vendor that lists records and has no GET of one.
 * *SPOT is where the row was last; where that page does not have it, the whole list is walked, and
 * *SPOT is set. Returns 0 and a new reference in *RECORD, as the list shows it; -ENOENT when the
 * complete list, walked now, lacks it; or another negative errno with words in CALL. May wait.
 *
 * With WRITE this is the read that a change rests on (call->basis, basis.h): the row comes of one
 * page that was asked for alone, after the walk.
 */
int vendor_row(struct call *call, struct account *account, const struct collection *collection,
	       const char *parent, const char *id, bool write, struct list_spot *spot,
	       json_t **record);

/*
 * Replace record ID by BODY (borrowed; already without system fields), with If-Match if ETAG is
 * strong and valid and account->no_preconditions is not set. A BODY that lacks a field which each
 * PUT must bring (FIELD_EACH_TIME) is not sent: VENDOR_REFUSED, EINVAL. If the vendor refuses PUT
 * with 405 and the collection says so (put_becomes_post), POST it to the item, from then on. An
 * answer that lacks a record, or has one that is not ID's, leaves *ANSWER NULL; so does one with an
 * error beside it, whose words are in call->said then.
 *
 * With call->basis this is the write that rests on the read: see basis.h. A 429 that cannot be
 * waited out while that read is fresh enough ends it at once: VENDOR_REFUSED, call->status 429 and
 * call->told. The account's next request then waits as the vendor demands.
 */
enum vendor_outcome vendor_put(struct call *call, struct account *account,
			       const struct collection *collection, const char *parent,
			       const char *id, const json_t *body, const char *etag,
			       json_t **answer);

/* As vendor_put, without the collection's own `put`: this is what such a function is made of. */
enum vendor_outcome item_put_direct(struct call *call, struct account *account,
				    const struct collection *collection, const char *parent,
				    const char *id, const json_t *body, const char *etag,
				    json_t **answer);

/* Delete the record with ID in its path. A 404 counts as done: it is not there. */
enum vendor_outcome vendor_delete(struct call *call, struct account *account,
				  const struct collection *collection, const char *parent,
				  const char *id);

/*
 * Make a record of BODY (borrowed). Never repeated blindly: VENDOR_UNKNOWN when the answer was
 * lost, or tells of an error although its status is a success. The record as answered into *ANSWER,
 * without what must never be shown; NULL where it is not answered. It has its id, but not always
 * each field, nor as a GET shows them (without an id it is none: what the vendor says, if anything,
 * is then the words in CALL); and a vendor whose reads lag its writes may answer the first GETs of
 * it with 404.
 */
enum vendor_outcome vendor_post(struct call *call, struct account *account,
				const struct collection *collection, const char *parent,
				const json_t *body, json_t **answer);

/* As vendor_post, without the collection's own `post`: this is what such a function is made of. */
enum vendor_outcome item_post_direct(struct call *call, struct account *account,
				     const struct collection *collection, const char *parent,
				     const json_t *body, json_t **answer);

/* The path of the list, or with ID of one record, escaped; the caller frees. NULL: no memory. */
char *vendor_path(const struct collection *collection, const char *parent, const char *id);

#endif
