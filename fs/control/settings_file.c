/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_file.c - .rosterfs/control: what can be set while mounted, `status_limit N`.
 */
#include "cache/history/guard.h"
#include "fs/control/control_file.h"
#include "fs/fs.h"
#include "fs/tree/handle.h"
#include "fs/tree/node.h"
#include "fs/tree/request.h"
#include "vendors/base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Return the settings, which may be written back as they are. */
static char *settings_text(struct fs *fs, const struct node *node, size_t *length)
{
	struct guard_room room;
	char *text = NULL;
	int printed;

	(void)node;
	guard_look(fs->guard, &room);
	printed = asprintf(&text, "status_limit %u\n", room.limit);
	if (printed < 0)
		return NULL;
	*length = (size_t)printed;
	return text;
}

/* Parse "status_limit N", and store N in *LIMIT. Return false if it is nothing else. */
static bool parse_limit(const char *text, size_t length, unsigned *limit)
{
	static const char key[] = "status_limit";
	size_t at = sizeof(key) - 1, begin;
	unsigned long number = 0;

	if (length < at || memcmp(text, key, at) != 0)
		return false;
	for (begin = at; at < length && (text[at] == ' ' || text[at] == '\t'); at++) {
	}
	if (at == begin || at == length)
		return false;
	for (; at < length; at++) {
		if (text[at] < '0' || text[at] > '9')
			return false;
		number = number * 10 + (unsigned long)(text[at] - '0');
		if (number > LIMITS_COUNT_MAX)
			return false;
	}
	*limit = (unsigned)number;
	return true;
}

static bool set_limit(struct fs *fs, const char *text, size_t length, char **done)
{
	struct guard_room room;
	unsigned limit;

	if (!parse_limit(text, length, &limit))
		return false;
	guard_look(fs->guard, &room);
	guard_set_limit(fs->guard, limit);
	if (asprintf(done, "status_limit of this mount is now %u; it was %u", limit, room.limit) <
	    0)
		*done = NULL;
	return true;
}

static void write_settings(fuse_req_t req, struct handle *handle, const char *data, size_t size,
			   off_t offset)
{
	const struct node *node = handle->node;
	size_t length = size;
	char *done = NULL;
	bool good;

	(void)offset;
	if (length && data[length - 1] == '\n')
		length--;
	good = set_limit(fs_of(req), data, length, &done);
	if (done)
		request_note(req, node->path, done);
	free(done);
	control_file_reply(req, node, size, good,
			   "unknown setting; write status_limit and a number, such as "
			   "\"status_limit 100\" (0: no limit; at most 1000000000)");
}

const struct node_ops settings_file = {
    .mode = S_IFREG | 0600,
    .ignores_size = true,
    .attr_seconds = control_file_seconds,
    .text = settings_text,
    .write = write_settings,
};
