/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_file.c - see control_file.h.
 */
#include "fs/control/control_file.h"

#include "fs/tree/request.h"

#include <errno.h>
#include <stdlib.h>

double control_file_seconds(struct fs *fs, struct node *node, const struct record *record,
			    double seconds, struct stat *attr)
{
	size_t length = 0;
	char *text = node->ops->text ? node->ops->text(fs, node, &length) : NULL;

	(void)record;
	(void)seconds;
	attr->st_size = text ? (off_t)length : 0;
	free(text);
	return 0;
}

char *control_file_print(struct fs *fs, int (*print)(FILE *out, struct fs *fs), size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	int error;

	if (!out)
		return NULL;
	error = print(out, fs);
	if (fclose(out) || error) {
		free(text);
		return NULL;
	}
	return text;
}

void control_file_reply(fuse_req_t req, const struct node *node, size_t size, bool good,
			const char *words)
{
	if (good)
		fuse_reply_write(req, size);
	else
		fuse_reply_err(req, -request_refuse(req, node->path, -EINVAL, words));
}
