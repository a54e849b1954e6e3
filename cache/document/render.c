/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render.c - see render.h.
 *
 * exact_print writes; here is only into what. A roster is rendered 100,000 times in a row: one
 * buffer is kept from one object to the next, so that no text is counted, moved or grown on its
 * way. It must not know what an object stands for.
 */
#include "cache/document/render.h"

#include "vendors/json/exact_print.h"
#include "vendors/json/exact_text.h"

#include <stdlib.h>
#include <string.h>

int render_object(struct render *render, const json_t *object)
{
	struct exact_text out = {.text = render->text, .room = render->room};
	int error = exact_print(&out, object, EXACT_PRINT_INDENT | EXACT_PRINT_NEWLINE);

	*render = (struct render){0};
	if (!error)
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
