/*
 * entry.c - see entry.h.
 *
 * The rule of the kernel's caches: a record's name and attributes hold as long as the roster is
 * fresh, and not at all while somebody writes; what is fixed holds long. It answers no request
 * itself.
 */
#include "fs/entry.h"

#include "cache/record.h"
#include "cache/snapshot.h"
#include "fs/control.h"
#include "fs/node.h"
#include "fs/path.h"
#include "fs/request.h"

#include <errno.h>
#include <string.h>

/* How long the kernel may keep what never changes by itself. */
#define FIXED_SECONDS 3600.0

double entry_attr(struct fs *fs, struct node *node, const struct record *record, double seconds,
		  struct stat *attr)
{
	node_attr(fs, node, record, attr);
	/*
	 * A directory's are looked at for each name in it: they must not cost a request. A fetch
	 * says when its time has changed (fs.c).
	 */
	if (node_is_control(node)) {
		attr->st_size = control_size(fs, node->kind);
		return 0;
	}
	if (!node_is_record(node))
		return FIXED_SECONDS;
	if (!record || atomic_load(&node->writers))
		return 0;
	pthread_mutex_lock(&node->lock);
	node->told_version = record->version;
	/* Who reads another version through the pages has its size asked for at each turn. */
	if (node->page_opens && node->page_version != record->version)
		seconds = 0;
	pthread_mutex_unlock(&node->lock);
	return seconds;
}

void entry_fill(struct fs *fs, struct node *node, const struct record *record, double seconds,
		struct fuse_entry_param *entry)
{
	memset(entry, 0, sizeof(*entry));
	entry->ino = node_ino(fs, node);
	entry->attr_timeout = entry_attr(fs, node, record, seconds, &entry->attr);
	entry->entry_timeout = node_is_record(node) ? (record ? seconds : 0) : FIXED_SECONDS;
}

/* ---- which record ---- */

/* The record in SNAPSHOT whose cut stem NODE has, borrowed, or NULL. */
static struct record *find_cut(const struct snapshot *snapshot, const struct node *node)
{
	char stem[PATH_STEM_MAX + 1], own[PATH_STEM_MAX + 1];

	path_parse(node_name(node), stem);
	for (size_t i = 0; i < snapshot->count; i++) {
		path_stem(snapshot->records[i]->id, own);
		if (strcmp(own, stem) == 0)
			return snapshot->records[i];
	}
	return NULL;
}

int entry_found(struct request *request, int error, struct record **record)
{
	struct node *node = request->node;

	if (!error && request->wait.kind == WAIT_WHOLE) {
		*record = find_cut(request->wait.snapshot, node);
		if (*record)
			node_learn(request->fs, node, (*record)->id);
	} else {
		*record = request->wait.record;
	}
	if (!error && !*record)
		error = -ENOENT;
	if (error == -ENOENT && !request->call.words[0])
		call_fail(&request->call, ENOENT, "there is no such user");
	return error;
}

void entry_ask(struct request *request, void (*finish)(struct request *request, int error))
{
	struct node *node = request->node;

	request_ask(request, node->branch->roster, node->id ? WAIT_RECORD : WAIT_WHOLE, node->id,
		    finish);
}
