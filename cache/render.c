/*
 * render.c - see render.h.
 *
 * jansson writes; here is only into what, and with how many digits. A roster is rendered 100,000
 * times in a row: one buffer is kept from one object to the next, so that no text is counted, moved
 * or grown on its way. It must not know what an object stands for.
 */
#include "cache/render.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 1024

/* So many digits tell NUMBER from any other: with 17, 0.1 would be 0.10000000000000001. */
static size_t digits_of_real(double number)
{
	char text[40];
	int digits;

	for (digits = 15; digits < 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	return (size_t)digits;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* The digits that the numbers with a fraction in VALUE need; 0: there are none. */
static size_t digits_of(const json_t *value)
{
	size_t most = 0, i;
	const char *key;
	json_t *member;

	if (json_is_real(value))
		return digits_of_real(json_real_value(value));
	if (json_is_object(value)) {
		json_object_foreach((json_t *)(uintptr_t)value, key, member)
			most = larger(most, digits_of(member));
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, member)
			most = larger(most, digits_of(member));
	}
	return most;
}

/* Room for LENGTH bytes. 0 or -ENOMEM. */
static int make_room(struct render *render, size_t length)
{
	size_t room = render->room ? render->room : ROOM_FIRST;
	char *text;

	if (length <= render->room)
		return 0;
	while (room < length)
		room *= 2;
	text = realloc(render->text, room);
	if (!text)
		return -ENOMEM;
	render->text = text;
	render->room = room;
	return 0;
}

int render_object(struct render *render, const json_t *object)
{
	size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(digits_of(object));
	size_t room, length;

	if (!render->text && make_room(render, ROOM_FIRST))
		return -ENOMEM;
	room = render->room;
	length = json_dumpb(object, render->text, room, flags);
	if (!length || make_room(render, length + 1))
		return -ENOMEM;
	/* now it fits */
	if (length > room && json_dumpb(object, render->text, render->room, flags) != length)
		return -ENOMEM;
	render->text[length] = '\n';
	render->length = length + 1;
	return 0;
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
