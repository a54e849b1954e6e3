/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vendor.h - the tables that describe a vendor. Read this first.
 *
 * A vendor is a table: its settings (keys of the config file), its collections (users; for some
 * also accounts, memberships...) and the places in its directory. Functions are only for what a
 * table cannot express. A new vendor is one file with one table, and one line in vendors.c.
 *
 * Contracts that all functions here share:
 * - Nothing under vendors/ knows of caches, files or FUSE.
 * - A function that takes a struct call may wait for the vendor, unless it says otherwise. It
 *   returns 0 or a negative errno, with verdict and words in the call.
 * - A json_t stays in the thread that created it. Threads share text.
 * - A list of names or pointers ends with NULL, a list of structs with one whose first member is
 *   NULL. Of a list of keys, the first that a record has counts. Keys and names of fields are
 *   pointers (vendors/json/pointer.h): "id", "/meta/updated_at".
 * - NULL for a member means that the vendor has nothing of the kind, unless it says otherwise.
 */
#ifndef ROSTERFS_VENDOR_H
#define ROSTERFS_VENDOR_H

#include "vendors/http/endpoint.h"
#include "vendors/rules.h"

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
	const char *fallback;       /* the value if none is given */
	const char *const *choices; /* for SETTING_CHOICE */
	/* For each choice the name of a setting, or "". If none is given, the value is the first
	   choice whose setting is given, before `fallback`. NULL: no choice has one. */
	const char *const *choice_needs;
	const char *about; /* one line for people who are asked for it; NULL: none */
};

/* ---- collections ---- */

/*
 * What became of a change that was sent. Only VENDOR_DONE means that the vendor has acknowledged
 * it. In all other cases the call has failed, with verdict, errno and words.
 */
enum vendor_outcome {
	VENDOR_DONE,
	VENDOR_REFUSED, /* certainly not applied */
	VENDOR_UNKNOWN, /* the response was lost, or is a 5xx: a GET shows what happened */
	VENDOR_CHANGED, /* 409 or 412: the record is not what the sender expected */
	/*
	 * The read that the change rests on (basis.h) is too old: read again. Nothing was sent. If
	 * a change takes two requests, the first may have been applied (basis->part_made), and the
	 * next read usually shows it. The errno is EBUSY. The verdict is CALL_LIMITED if a 429
	 * delayed the change, and call->told says how long that limit still lasts.
	 */
	VENDOR_STALE,
};

enum field_flag {
	FIELD_SYSTEM = 1,     /* assigned by the vendor: never sent; a change fails with EPERM */
	FIELD_IMMUTABLE = 2,  /* sent unchanged; a change fails with EPERM */
	FIELD_REQUIRED = 4,   /* null fails with EINVAL */
	FIELD_WRITE_ONLY = 8, /* sent when written; never shown, logged or kept */
	/* The vendor shows it, rosterfs does not. Without FIELD_SYSTEM it is written as a
	   write-only field. */
	FIELD_CONFIDENTIAL = 16,
	/* Each PUT must contain it, or the vendor refuses the PUT or resets the field: no PUT is
	   sent without it (collection_lacks). With FIELD_WRITE_ONLY, a document without it, or with
	   the "" that the vendor shows in its place, fails with EINVAL. */
	FIELD_EACH_TIME = 32,
	FIELD_ONCE = 64, /* sent when a record is created, never in a PUT; a change fails with EPERM
			  */
	/* With FIELD_EACH_TIME: the vendor may hide the value. If it does, a document without the
	   field fails with EINVAL. */
	FIELD_MAY_HIDE = 128,
};

/* A field that the table does not name is mutable and has no flag. */
struct field {
	const char *name; /* a pointer */
	unsigned flags;   /* of enum field_flag */
};

/* A value that is sent only when a record is created (in a field with FIELD_ONCE). */
struct once {
	const char *path;  /* in the document */
	const char *shown; /* where else a record may show it */
};

enum paging {
	PAGING_NUMBER,   /* page=1.. & count= */
	PAGING_OFFSET,   /* offset=0.. & limit= */
	PAGING_BRACKETS, /* page[offset]=0.. & page[limit]= */
	PAGING_NONE,     /* no parameters: one response holds the whole list */
	PAGING_CURSOR,   /* each response has the {cursor} of the next page */
	PAGING_URL,      /* each response has the URL of the next page */
};

/* One kind of record. */
struct collection {
	const char *name; /* "users": for the log */

	/* requests */
	const char *list_path;    /* "/user"; {parent} stands for the id of the parent record */
	const char *item_path;    /* "/user/": the escaped id follows */
	const char *const *taken; /* words below item_path that are no ids */

	/* The same as templates. With `listing`, the paths above and the keys below of a list
	   response are not used; with `item`, item_path and the keys of one record are not. */
	const struct rule_list *listing;
	const struct rule_request *item, *create, *remove, *find;
	const struct value *remove_from; /* statuses in which `remove` may be sent; NULL: any */
	const struct rule_update *update;
	const char *const *roots;     /* of a description: POINTERS to the record in a response */
	const char *const *row_roots; /* POINTERS to the record in a row; NULL: "." */
	const char *const
	    *find_rows;             /* POINTERS to the rows that `find` returns; NULL: listing's */
	const int *gone_codes;      /* statuses that mean "no such record", ending with 0 */
	struct condition gone_when; /* such a record or row counts as deleted */
	struct source created_id;   /* the id of a new record in the response to `create` */

	/* responses */
	const char *list_key; /* the member of a list response that holds the rows */
	const char *item_key; /* the envelope of one record, and of a wrapped row */
	const char
	    *total_key; /* of a list response: may be a total of records, or a count of rows */
	/* Of a list response: the number of records in the whole list, its
	   number of pages, and the next page ("" or "null": there is none). */
	const char *records_key, *pages_key, *next_key;
	unsigned offset_ceiling; /* the vendor lists nothing from this offset on; 0: no limit */
	unsigned page_size;      /* rows to ask for in one page: the most that the vendor returns */
	bool single;             /* there is one record, at item_path, whatever its id is */
	bool listed_only;        /* there is no GET of one record, only the list */
	bool wraps_requests;     /* request bodies are wrapped in item_key too */
	bool refuses_unknown;    /* a member that neither the record nor the table has fails with
				    EINVAL */
	bool deletes;            /* records can be deleted, if the account has allow_delete */
	bool posts_part; /* the response to a POST is another object, with a part of the record */
	/* For PLACE_LINKS: POINTER to the links in the record above, which they are part of. NULL:
	   they have a list of their own. */
	const char *within;

	/* fields */
	const char *const *id_keys;
	/* The id in item paths, if it is another one than that of id_keys: a link is known by its
	   user's id, and the vendor has an id of its own for it. */
	const char *path_id_key;
	const char *type; /* sent as "type" if the body has none */
	const char *const *email_keys;
	/* Return the value of collection_email_value. NULL: the first of email_keys is it. */
	const json_t *(*email)(const json_t *record);
	const char *const *time_keys;    /* last update, best first */
	const char *const *created_keys; /* creation */
	const char *stamp_key;           /* identifies a version of a record */
	const char *status_key;          /* the field that holds the status */
	/* The values of that field, and requests that set it. NULL: they are the words themselves.
	 */
	const struct rule_status *status;
	const char *const *name_keys; /* parts of a person's name, each with alternatives no more */
	const char *const *login_keys;
	/* What a user may do: the values at the first that is neither missing, null, false nor
	   empty; true stands for the name of its field. NULL: the table does not say. */
	const char *const *role_keys;
	const char *absent_status;  /* the status of a record that a complete list does not show */
	const struct field *fields; /* never NULL */
	const struct once *once;

	/* functions, none of which waits */

	/* Return how ACCOUNT's list is paged. Never NULL. */
	enum paging (*paging)(const struct account *account);
	/* Set in *TOTALS, whose members are all "unknown", what list response ANSWER tells of the
	   whole list. NULL: total_key, records_key, pages_key and next_key tell. */
	void (*totals)(const json_t *answer, struct walk_totals *totals);
	/* Return true if ACCOUNT may create records (POST to list_path). */
	bool (*creates)(const struct account *account);

	/* requests that a table cannot express: the contracts of list_walk, item_get, item_put and
	   item_post, which call them. A list never fails with -ENOENT, which would mean a file. */
	int (*list)(struct call *call, struct account *account, const char *parent,
		    struct list_sink *sink);
	int (*get)(struct call *call, struct account *account, const char *parent, const char *id,
		   json_t **record);
	enum vendor_outcome (*put)(struct call *call, struct account *account, const char *parent,
				   const char *id, const json_t *body, const char *etag,
				   json_t **answer);
	enum vendor_outcome (*post)(struct call *call, struct account *account, const char *parent,
				    const json_t *body, json_t **answer);
	/* Add to RECORD, which is about to be sent whole, what the vendor needs and a document may
	   lack. CREATED: it is a new one. Returns 0 or -ENOMEM. */
	int (*complete)(json_t *record, bool created);
	/* Ask for what `put` will need, before the read that the change rests on (basis.h), so that
	   no other request comes between the two. `put` reports what fails here. */
	void (*settle)(struct call *call, struct account *account);
	/* For PLACE_LINKS: return the body to post to link user ID (a new reference), or NULL
	   without memory. */
	json_t *(*link)(const struct collection *links, const char *id);

	/* a status that consists of steps (memberships) */

	/* Make each step of RECORD if ACTIVE, else end each. Tries all, then returns 0 or the first
	   error, with words that say what is left. OUTCOMES has one entry for each step. MAY(ARG)
	   is called before each step; if it returns a negative errno, with words in CALL, the step
	   is not sent. */
	int (*set_status)(struct call *call, struct account *account, const json_t *record,
			  bool active, int (*may)(void *arg), void *arg,
			  enum vendor_outcome *outcomes);
	/* The links that the steps are: each step links the record's id into the parent that
	   step_key names. */
	const struct collection *step_links;
	const char *step_words;  /* how to make a step again if a name is unfit for a command */
	const char *steps_key;   /* the array in a record that holds its steps */
	const char *step_key;    /* tells the steps of a record apart */
	const char *step_id_key; /* the vendor's own id of a step, which is never reused */
	/* What the vendor's rows of memberships call step_key, and the record's id. */
	const char *step_column, *step_record_column;
	/* The array in a record with the steps that the vendor does not show as this mount
	   remembers them (remember): those that were made, which steps_key has as well; those that
	   were ended; and those that were asked for and may have been made ("asked": true, maybe
	   without an id). Absent if there are none. */
	const char *unconfirmed_key;

	/* what reads that lag do not show yet; never waits */

	/* The vendor has acknowledged that ENDED is gone or MADE exists (borrowed; NULL: none).
	   They are links of PARENT, or for set_status records with those steps. For account->lag
	   seconds this outweighs what is read. */
	void (*remember)(struct account *account, const char *parent, const json_t *ended,
			 const json_t *made);
	/* Another mount has changed record ID of PARENT: it is RECORD now (NULL: it was deleted).
	   What is remembered and contradicts that is not remembered any more. */
	void (*told)(struct account *account, const char *parent, const char *id,
		     const json_t *record);
	/* For set_status: the vendor has acknowledged that the steps of RECORD are ended, and does
	   not show it: forget what is remembered of them. */
	void (*forget)(struct account *account, const json_t *record);
};

/* ---- what a vendor's directory holds besides its users ---- */

enum place_kind {
	PLACE_FILE,    /* NAME/FILE: the one record of a single collection */
	PLACE_FILES,   /* NAME/<id>.json: a file for each record */
	PLACE_FOLDERS, /* NAME/<id>/FILE: a directory for each record, with the places below */
	/* NAME/<user's id>.json: a symbolic link to the user. Created by posting link() (409: it
	   exists already), ended by deleting its path id. */
	PLACE_LINKS,
};

/* A directory. If the collection creates records, it has a new/ in it. */
struct place {
	const char *name; /* "accounts" */
	enum place_kind kind;
	const struct collection *collection; /* of places below: the parent is the record above */
	const char *file;                    /* "account.json", for PLACE_FILE and PLACE_FOLDERS */
	const struct place *below;           /* for PLACE_FOLDERS */
};

/* A file that takes a request and returns the response, of which nothing is kept. */
struct transaction {
	const char *name; /* of the file */
	const char *path; /* what is posted to, for the log */
	/* Send REQUEST (borrowed) and put the vendor's whole response into *ANSWER, a new
	   reference. The words of an error quote neither. */
	int (*run)(struct call *call, struct account *account, const json_t *request,
		   json_t **answer);
};

/* ---- the vendor ---- */

/* How the key's owner is found. */
struct vendor_self {
	struct rule_request request;
	const char *const *roots; /* POINTERS to the record in the response */
	const char *const *ids;   /* POINTERS to the id in it */
};

struct vendor {
	const char *type;               /* the word after `type =` */
	const struct setting *settings; /* besides the common ones; never NULL */
	const char *base_url;           /* the default */
	/* Return the base URL that the settings of ACCOUNT stand for, or NULL. */
	const char *(*choose_base_url)(const struct account *account);
	const char *base_url_key; /* the setting that choose_base_url reads */
	/* Appended to the error if the vendor answers 401 or 404 to a list or to a request for a
	   token: the question whether the base URL is right. */
	const char *base_url_hint;
	const char *base_url_about; /* one line for people who are asked for base_url */
	/* For oauth.c: what a token is asked for at, and the member that a response may hold it in
	   (else it is bare). NULL: the vendor has no tokens. */
	const char *token_path, *token_key;
	/* NULL: no API; the directory is kept by hand and read-only. */
	const struct collection *users;
	/* The status of users that is not a field of theirs: records {id, status, ...} with the
	   same ids. NULL: users->status_key. */
	const struct collection *statuses;
	const struct place *places;
	const struct transaction *transaction;

	/* lines for the log */
	const char *creation; /* after a user was created: what the caller should know */
	/* If users->creates says no: who creates users, and which setting lets this mount do so. */
	const char *creation_refused;
	const char *remains; /* after a deactivation: what no API does. NULL only without an API */

	/* Return the text of MANUAL for ACCOUNT: what no API does, and how to do it by hand. It is
	   static or owned by ACCOUNT. Never NULL. */
	const char *(*manual)(const struct account *account);
	/* Put the proof of identity into REQUEST: headers, whose strings stay valid as long as
	   ACCOUNT, or a bearer, which exchange_done wipes. Never NULL with an API. */
	int (*authorize)(struct call *call, struct account *account, struct http_request *request);
	/* After a 401 to a request with token SERIAL: let authorize use another token. NULL for
	   keys that cannot be renewed. */
	int (*renew)(struct call *call, struct account *account, uint64_t serial);
	/* Ask the vendor for the id of the user that the key belongs to: 0 and the id in *ID (the
	   caller frees), or -ENODATA if the vendor does not tell, with its response as the words
	   ("GET /user/self answered 404"). NULL: the keys belong to no user. For self_find. */
	int (*self)(struct call *call, struct account *account, char **id);

	/* ---- of a vendor that is described by rules; NULL: by the functions above ---- */

	const struct rule_api *apis;
	const struct rule_errors *errors;
	const struct vendor_self *self_request;
	/* The description is from memory: no change is sent unless the account says trust = yes. */
	bool memory;

	/* What the vendor's files remember of an account: struct account's `memory`, created and
	   freed with it. It has a lock of its own. */
	void *(*memory_new)(void); /* returns NULL without memory */
	void (*memory_free)(void *memory);
};

#endif
