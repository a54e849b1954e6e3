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
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct account;
struct call;
struct http_request;
struct list_sink;
struct walk_totals;

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
	bool listed_only;     /* a record can't be asked for alone, only the whole list */
	const char *list_key; /* the member of a list answer that holds the rows */
	const char *item_key; /* the envelope of one record, and of a wrapped row */
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
	void (*totals)(const json_t *answer, struct walk_totals *totals);
	/* May records be made here (POST to list_path)? NULL: never. */
	bool (*creates)(const struct account *account);
	bool deletes; /* records can be deleted (with the account's allow_delete) */
	/*
	 * What no table can say: in place of list_walk, _get, _put and _post, with their
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
	 * words in CALL. May wait. NULL: our keys are no user's. For self_find.
	 */
	int (*self)(struct call *call, struct account *account, char **id);

	/*
	 * What the vendor's files remember of an account, so that they need not ask twice: struct
	 * account's `memory`, made and freed with it. It has a lock of its own. NULL: nothing.
	 */
	void *(*memory_new)(void); /* NULL: no memory is left */
	void (*memory_free)(void *memory);
};

#endif
