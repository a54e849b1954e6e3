/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_pointer: JSON Pointers into records, bodies and answers.
 *
 * It must not know what a record means.
 */
#include "generic_pointer.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/text.h"

#define TOKEN_MOST 256

/* Read the token behind the slash at *at, unescaped, and move on to the next slash or the end. */
static void take_token(const char **at, char token[TOKEN_MOST])
{
	size_t used = 0;
	const char *c = *at + 1;
	for (; *c && *c != '/'; c++) {
		char letter = *c;
		if (letter == '~' && (c[1] == '0' || c[1] == '1'))
			letter = *++c == '1' ? '/' : '~';
		if (used < TOKEN_MOST - 1)
			token[used++] = letter;
	}
	token[used] = '\0';
	*at = c;
}

static bool is_index(const char *token)
{
	return *token && strspn(token, "0123456789") == strlen(token) && strlen(token) < 6;
}

static json_t *child_of(const json_t *parent, const char *token)
{
	if (json_is_array(parent))
		return is_index(token) ? json_array_get(parent, strtoul(token, NULL, 10)) : NULL;
	return json_object_get(parent, token);
}

static void set_child(json_t *parent, const char *token, json_t *value)
{
	if (!json_is_array(parent)) {
		json_object_set_new(parent, token, value);
		return;
	}
	size_t index = is_index(token) ? strtoul(token, NULL, 10) : SIZE_MAX;
	if (index < json_array_size(parent))
		json_array_set_new(parent, index, value);
	else
		json_array_append_new(parent, value);
}

json_t *pointer_get(const json_t *root, const char *pointer)
{
	char token[TOKEN_MOST];
	const json_t *at = root;
	while (at && *pointer) {
		take_token(&pointer, token);
		at = child_of(at, token);
	}
	return (json_t *)(uintptr_t)at;
}

void pointer_set(json_t *root, const char *pointer, json_t *value)
{
	char token[TOKEN_MOST];
	char next[TOKEN_MOST];
	json_t *at = root;
	for (;;) {
		take_token(&pointer, token);
		if (!*pointer)
			break;
		json_t *child = child_of(at, token);
		if (!json_is_object(child) && !json_is_array(child)) {
			const char *ahead = pointer;
			take_token(&ahead, next);
			child = is_index(next) ? json_array() : json_object();
			set_child(at, token, child);
		}
		at = child;
	}
	set_child(at, token, value);
}

void pointer_del(json_t *root, const char *pointer)
{
	const char *last = strrchr(pointer, '/');
	if (!last)
		return;
	char token[TOKEN_MOST];
	char *above = text_copy(pointer, (size_t)(last - pointer));
	json_t *parent = pointer_get(root, above);
	take_token(&last, token);
	if (json_is_array(parent) && is_index(token))
		json_array_remove(parent, strtoul(token, NULL, 10));
	else
		json_object_del(parent, token);
	free(above);
}

json_t *pointer_wrap(const char *pointer, json_t *value)
{
	if (!*pointer)
		return value;
	json_t *root = pointer[1] == '0' ? json_array() : json_object();
	pointer_set(root, pointer, value);
	return root;
}

bool pointer_covers(const char *above, const char *below)
{
	size_t len = strlen(above);
	return strncmp(above, below, len) == 0 && (below[len] == '\0' || below[len] == '/');
}

static void walk(const json_t *value, struct text *at, void (*leaf)(void *, const char *, json_t *),
		 void *arg)
{
	const char *key;
	json_t *member;
	if (!json_is_object(value) || json_object_size(value) == 0) {
		leaf(arg, at->data ? at->data : "", (json_t *)(uintptr_t)value);
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)value, key, member) {
		size_t len = at->len;
		text_str(at, "/");
		for (const char *c = key; *c; c++) {
			if (*c == '~' || *c == '/')
				text_str(at, *c == '~' ? "~0" : "~1");
			else
				text_add(at, c, 1);
		}
		walk(member, at, leaf, arg);
		at->len = len;
		at->data[len] = '\0';
	}
}

void pointer_leaves(const json_t *root, void (*leaf)(void *arg, const char *at, json_t *value),
		    void *arg)
{
	struct text at = {0};
	walk(root, &at, leaf, arg);
	text_free(&at);
}
