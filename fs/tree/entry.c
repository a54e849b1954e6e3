/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry.c - see entry.h.
 *
 * The rule of the kernel's caches: a record's name and attributes hold as long as the roster is
 * fresh, and not at all while somebody writes; what is fixed holds for a second. It answers no
 * request itself.
 */
#include "fs/tree/entry.h"

#include "cache/roster/known.h"
#include "cache/roster/roster.h"
#include "cache/roster/wait.h"
#include "cache/record/record.h"
#include "cache/record/snapshot.h"
#include "fs/control/control.h"
#include "fs/control/history_dir.h"
#include "fs/memory/vacancy.h"
#include "fs/people/email_index.h"
#include "fs/tree/inode.h"
#include "fs/tree/node.h"
#include "fs/tree/pages.h"
#include "fs/tree/path.h"
#include "fs/tree/record_dir.h"
#include "fs/tree/request.h"
#include "fs/tree/view.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <string.h>

/*
 * How long the kernel may keep what never changes by itself. Longer would save little, and a mount
 * whose process was killed would look well for so long.
 */
#define FIXED_SECONDS 1.0

double entry_attr(struct fs *fs, struct node *node, const struct record *record, double seconds,
		  struct stat *attr)
{
	node_attr(fs, node, record, attr);
	if (node_is_control(node)) {
		attr->st_size = control_size(fs, node->kind);
		return 0;
	}
	/*
	 * A directory's are looked at for each name in it: they must not cost a request. A fetch
	 * says when its time has changed (record_dir.c).
	 */
	if (node_scratch(node) || node->kind == NODE_NEW || history_dir_is(node))
		return 0;
	if (node_is_person(node))
		return seconds;
	if (node->kind == NODE_PEOPLE || node->kind == NODE_EMAILS) {
		attr->st_mtim = attr->st_atim = attr->st_ctim = email_index_time(fs, node,
										 &seconds);
		return seconds < FIXED_SECONDS ? seconds : FIXED_SECONDS;
	}
	if (!node_needs_record(node))
		return FIXED_SECONDS;
	if (!record || atomic_load(&node->writers))
		return 0;
	pages_tell(fs, node, record->version);
	/* Who reads another version through the pages has its size asked for at each turn. */
	return pages_differ(fs, inode_of(fs, node), record->version) ? 0 : seconds;
}

/* NODE, or if somebody reads another version than RECORD through its pages, one that gets its name.
 */
static struct node *node_for(struct fs *fs, struct node *node, const struct record *record)
{
	/* what has the name by now may be read as well */
	for (int turn = 0; turn < 4; turn++) {
		struct node *renewed;

		if (pages_readers(fs, inode_of(fs, node), node, record->version) ==
		    PAGES_READERS_NONE)
			break;
		inode_renew(fs, node);
		renewed = inode_find(fs, node->path);
		if (!renewed)
			break;
		inode_drop(fs, node);
		node = renewed;
	}
	return node;
}

void entry_fill(struct fs *fs, struct node *node, const struct record *record, double seconds,
		struct fuse_entry_param *entry)
{
	memset(entry, 0, sizeof(*entry));
	if (node_is_record(node) && record)
		node = node_for(fs, node, record);
	entry->ino = inode_to_kernel(fs, node);
	entry->attr_timeout = entry_attr(fs, node, record, seconds, &entry->attr);
	if (node_scratch(node))
		view_keep_size(fs, entry->ino, &entry->attr);
	if (node_scratch(node) || node->kind == NODE_LINK || node->kind == NODE_TRANSACTION ||
	    history_dir_is(node) ||
	    (node_is_record(node) && vacancy_exists(fs->vacancies, node->path)))
		entry->entry_timeout = 0; /* they come and go */
	else if (node_is_person(node))
		entry->entry_timeout = seconds;
	else if (node_needs_record(node))
		entry->entry_timeout = record ? seconds : 0;
	else
		entry->entry_timeout = FIXED_SECONDS;
}

/* ---- which record ---- */

struct record *entry_find_cut(const struct snapshot *snapshot, const char *stem)
{
	char own[PATH_STEM_MAX + 1];

	for (size_t i = 0; i < snapshot->count; i++) {
		path_stem(snapshot->records[i]->id, own);
		if (strcmp(own, stem) == 0)
			return snapshot->records[i];
	}
	return NULL;
}

struct roster *entry_roster(const struct node *node)
{
	return node->kind == NODE_STATUS ? node->record_dir->statuses : node->record_dir->roster;
}

/* Does RECORD stand for all users that a whole roster of statuses does not show? */
static bool is_absent(const struct record *record)
{
	return record && !record->id[0];
}

enum known entry_peek(const struct node *node, struct record **record, double *seconds)
{
	enum known knows, of_user;
	struct record *user;
	double user_seconds;

	*record = NULL;
	*seconds = 0;
	if (!node->id)
		return KNOWN_NOTHING;
	knows = known_peek(entry_roster(node), node->id, record, seconds);
	if (entry_roster(node) == node->record_dir->roster)
		return knows;
	of_user = known_peek(node->record_dir->roster, node->id, &user, &user_seconds);
	record_put(user);
	if (of_user == KNOWN_ABSENT)
		knows = KNOWN_ABSENT;
	else if (is_absent(*record) && of_user != KNOWN_FRESH)
		knows = KNOWN_NOTHING;
	else if (is_absent(*record) && user_seconds < *seconds)
		*seconds = user_seconds;
	if (knows == KNOWN_ABSENT || knows == KNOWN_NOTHING) {
		record_put(*record);
		*record = NULL;
		*seconds = 0;
	}
	return knows;
}

/* The user of a status that a whole roster does not show has been asked for: it shows that one. */
static void take_absent(struct request *request)
{
	struct record *status;
	double seconds;

	known_peek(entry_roster(request->node), request->node->id, &status, &seconds);
	record_put(request->wait.record);
	request->wait.record = status;
}

/*
 * The vendor has shown no status of the user, by ERROR (0: the user has been asked for since, and
 * is there). Only then the whole list of statuses is worth asking for.
 */
static bool ask_for_status(struct request *request, int error)
{
	const struct node *node = request->node;
	struct roster *users = node->record_dir->roster, *statuses = entry_roster(node);
	struct record *status = NULL;
	double seconds;

	if (statuses == users || request->wait.kind != WAIT_RECORD)
		return false;
	if (request->roster == statuses &&
	    (error == -ENOENT || (error && request->call.verdict == CALL_BAD_REQUEST))) {
		call_clear(&request->call);
		request_again(request, users, WAIT_RECORD, node->id);
		return true;
	}
	if (request->roster != users || error)
		return false;
	known_peek(statuses, node->id, &status, &seconds);
	record_put(status);
	if (!status)
		request_again(request, statuses, WAIT_WHOLE, NULL);
	return !status;
}

bool entry_again(struct request *request, int error)
{
	struct node *node = request->node;
	struct record *user = NULL;
	enum known knows;
	double seconds;

	if (ask_for_status(request, error))
		return true;

	/*
	 * The status of whoever a whole roster does not show, or of whom the vendor told nothing:
	 * but is there such a user?
	 */
	if (error || request->wait.kind != WAIT_RECORD ||
	    request->roster == node->record_dir->roster ||
	    strcmp(record_status(request->wait.record),
		   roster_collection(request->roster)->absent_status) != 0)
		return false;
	knows = known_peek(node->record_dir->roster, node->id, &user, &seconds);
	record_put(user);
	if (knows == KNOWN_FRESH || (knows == KNOWN_STALE && !is_absent(request->wait.record)))
		return false;
	request_again(request, node->record_dir->roster, WAIT_RECORD, node->id);
	return true;
}

int entry_found(struct request *request, int error, struct record **record)
{
	struct node *node = request->node;
	char stem[PATH_STEM_MAX + 1];

	if (!error && request->wait.kind == WAIT_WHOLE && !node->id) {
		path_parse(node_name(node), stem);
		*record = entry_find_cut(request->wait.snapshot, stem);
		if (*record)
			inode_learn(request->fs, node, (*record)->id);
	} else {
		if (!error &&
		    (request->roster != entry_roster(node) || request->wait.kind == WAIT_WHOLE))
			take_absent(request);
		*record = request->wait.record;
	}
	if (!error && !*record)
		error = -ENOENT;
	if (error == -ENOENT && !request->call.words[0])
		call_fail(&request->call, CALL_MISSING, "there is no such %s",
			  node->record_dir->place ? "record" : "user");
	return error;
}

void entry_ask(struct request *request, void (*finish)(struct request *request, int error))
{
	struct node *node = request->node;
	struct roster *roster = entry_roster(node);
	struct record *record = NULL;
	double seconds;

	/* A status that is no record of its own: whether there is such a user, only the users tell.
	 */
	if (node->id && known_peek(roster, node->id, &record, &seconds) == KNOWN_FRESH &&
	    is_absent(record))
		roster = node->record_dir->roster;
	record_put(record);
	request_ask(request, node->id ? roster : node->record_dir->roster,
		    node->id ? WAIT_RECORD : WAIT_WHOLE, node->id, finish);
}
