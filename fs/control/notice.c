/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice.c - see notice.h.
 */
#include "fs/control/notice.h"

#include "fs/fs.h"
#include "vendors/base/columns.h"

#include <stdlib.h>
#include <string.h>

#define INDENT 4 /* of what continues a line */

void notice_set(struct fs *fs, const char *text)
{
	char *copy = text ? strdup(text) : NULL, *before;

	pthread_mutex_lock(&fs->notice_lock);
	before = fs->notice;
	fs->notice = copy;
	pthread_mutex_unlock(&fs->notice_lock);
	free(before);
}

void notice_print(FILE *out, struct fs *fs, size_t width)
{
	char *text, *rest, *line;

	pthread_mutex_lock(&fs->notice_lock);
	text = fs->notice ? strdup(fs->notice) : NULL;
	pthread_mutex_unlock(&fs->notice_lock);
	rest = text;
	while ((line = strsep(&rest, "\n")))
		columns_wrap(out, line, INDENT, width);
	free(text);
}
