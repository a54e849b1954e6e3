/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node_record.h - which record a node shows, what is known of it, and how to ask for it.
 */
#ifndef ROSTERFS_NODE_RECORD_H
#define ROSTERFS_NODE_RECORD_H

#include "cache/roster/known.h"
#include "fs/fs.h"

struct node;
struct record;
struct request;
struct roster;
struct snapshot;

/* Return the record in SNAPSHOT whose stem was cut to STEM, borrowed, or NULL. */
struct record *node_record_find_cut(const struct snapshot *snapshot, const char *stem);

/* Return the roster that has what NODE, which needs a record, shows. */
struct roster *node_record_roster(const struct node *node);

/*
 * Return what is known of NODE's record, as known_peek: *RECORD gets a reference or NULL, *SECONDS
 * the time for which it may be shown. KNOWN_NOTHING for a node that needs no record.
 */
enum known node_record_peek(const struct node *node, struct record **record, double *seconds);

/*
 * Return true if RECORD (or NULL), which is known of NODE, must not be shown in the open file
 * without a GET: rows of the list lack fields. Never waits.
 */
bool node_record_needs_get(const struct node *node, const struct record *record);

/*
 * Ask again for the record of REQUEST's node, as a GET shows it, from the FINISH of
 * node_record_ask: FINISH is called again.
 */
void node_record_ask_detail(struct request *request);

/* Ask for the record of REQUEST's node: by id, or for a cut name in the whole roster. FINISH is
 * called with the error of the wait. */
void node_record_ask(struct request *request, void (*finish)(struct request *request, int error));

/*
 * Call this first in the FINISH of node_record_ask. Return true if another question is needed: it
 * is being asked, and FINISH returns at once, because it is called again.
 */
bool node_record_again(struct request *request, int error);

/* The wait of REQUEST ended with ERROR: store its record, borrowed, in *RECORD. Return 0 or a
 * negative errno; -ENOENT has its message in the call. */
int node_record_found(struct request *request, int error, struct record **record);

#endif
