/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render.c - see render.h.
 *
 * exact_print writes; this file only provides the buffer. A list renders 100,000 objects in a row,
 * so one buffer is kept from one object to the next. This file must not know what an object is.
 */
#include "cache/document/render.h"

#include "vendors/base/limits.h"
#include "vendors/json/exact_print.h"
#include "vendors/json/exact_text.h"

#include <stdlib.h>
#include <string.h>

int render_object(struct render *render, const json_t *object)
{
	struct exact_text out = {.text = render->text,
				 .room = render->room,
				 .limit = LIMITS_TEXT_MAX};
	int error = exact_print(&out, object, EXACT_PRINT_INDENT | EXACT_PRINT_NEWLINE);

	*render = (struct render){0};
	if (error)
		free(out.text);
	else
		*render = (struct render){out.text, out.length, out.room};
	return error;
}

void render_clear(struct render *render)
{
	free(render->text);
	memset(render, 0, sizeof(*render));
}

char *render_string(const json_t *object, size_t *length)
{
	struct render render = {0};
	char *text = NULL;

	if (!render_object(&render, object))
		text = realloc(render.text, render.length + 1);
	if (!text) {
		render_clear(&render);
		return NULL;
	}
	text[render.length] = '\0';
	*length = render.length;
	return text;
}
