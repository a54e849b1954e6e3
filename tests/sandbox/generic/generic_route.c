/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_route: which part of the play a request is for.
 *
 * A route is "METHOD /path?name=value", in which {id} and {place} stand for a part of a segment, or
 * for a whole value, and {*} for anything that a client may have configured. Of several that fit,
 * the first of the table below is used; so what is special (a DELETE with a body, a path below a
 * user) stands before what is general.
 *
 * It must not know what becomes of the request.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generic_body.h"
#include "generic_parts.h"

static const struct section {
	const char *part; /* of the play; NULL: its top */
	const char *name;
	const char *title;
} sections[] = {
    {"auth", "grants", "grants"},
    {NULL, "documents", "documents"},
    {"status", "moves", "moves"},
    {NULL, "deletes", "deletes"},
    {NULL, "changes", "changes"},
    {NULL, "creates", "creates"},
    {NULL, "lists", "lists"},
    {"places", "joins", "joins"},
    {"places", "leaves", "leaves"},
    {"places", "member_lists", "member_lists"},
    {"places", "changes", "place_changes"},
    {"places", "lists", "place_lists"},
    {"places", "items", "place_items"},
    {NULL, "items", "items"},
};

#define SECTIONS (sizeof sections / sizeof *sections)

/* What a request says, looked at once for all routes. */
struct look {
	const struct request *request;
	const char *path; /* below the vendor's own */
	json_t *body;     /* NULL: not looked at yet, or none */
	bool peeked;
	char *id, *place;
};

static void forget(struct look *look)
{
	free(look->id);
	free(look->place);
	look->id = NULL;
	look->place = NULL;
}

/* Take over a decoded copy of what a placeholder stands for. */
static bool take(struct look *look, const char *name, size_t name_len, char *value)
{
	if (name_len == 1 && *name == '*') {
		free(value);
		return true;
	}
	char **place = name_len == 2 ? &look->id : &look->place;
	free(*place);
	*place = value;
	return *value && strncmp(name, name_len == 2 ? "id" : "place", name_len) == 0;
}

/* What follows the base in the path; NULL: it does not begin with it. */
static const char *behind_base(const char *path, const char *base)
{
	while (*base) {
		if (strncmp(base, "{*}", 3) == 0) {
			base += 3;
			path += strcspn(path, "/");
		} else if (*base++ != *path++) {
			return NULL;
		}
	}
	return *path == '/' && path[1] ? path : NULL;
}

const char *route_below(const struct generic *g, const char *path)
{
	size_t len = strlen(g->name);
	const json_t *bases = play_part(play_part(g->play, "http"), "bases");
	if (path[0] != '/' || strncmp(path + 1, g->name, len) != 0 ||
	    (path[len + 1] && path[len + 1] != '/'))
		return NULL;
	path += len + 1;
	for (size_t i = 0; i < json_array_size(bases); i++) {
		const char *rest = behind_base(path, json_string_value(json_array_get(bases, i)));
		if (rest)
			return rest;
	}
	return path;
}

static bool path_fits(struct look *look, const char *pattern, size_t len)
{
	const char *end = pattern + len;
	const char *at = look->path;
	forget(look);
	while (pattern < end) {
		if (*pattern != '{') {
			if (*pattern++ != *at++)
				return false;
			continue;
		}
		const char *close = strchr(pattern, '}');
		const char *name = pattern + 1;
		pattern = close + 1;
		size_t most = strcspn(at, "/");
		size_t tail = 0;
		while (pattern + tail < end && pattern[tail] != '/' && pattern[tail] != '{')
			tail++;
		if (most < tail || strncmp(at + most - tail, pattern, tail) != 0)
			return false;
		char *value = text_copy(at, most - tail);
		request_decode(value);
		if (!take(look, name, (size_t)(close - name), value))
			return false;
		at += most - tail;
	}
	return *at == '\0';
}

/* The part of a route behind its question mark. */
static bool query_fits(struct look *look, const char *query)
{
	while (*query) {
		size_t len = strcspn(query, "&");
		size_t name_len = strcspn(query, "=");
		char *name = text_copy(query, name_len);
		const char *given = request_arg(look->request, name);
		const char *wanted = query + name_len + 1;
		size_t wanted_len = len - name_len - 1;
		free(name);
		if (!given)
			return false;
		if (*wanted == '{') {
			if (!take(look, wanted + 1, wanted_len - 2,
				  text_copy(given, strlen(given))))
				return false;
		} else if (strlen(given) != wanted_len || strncmp(given, wanted, wanted_len) != 0) {
			return false;
		}
		query += len + (query[len] == '&');
	}
	return true;
}

static json_t *peeked(struct look *look)
{
	if (!look->peeked)
		look->body = body_peek(look->request);
	look->peeked = true;
	return look->body;
}

static char *words_of(const json_t *value)
{
	if (json_is_string(value))
		return text_copy(json_string_value(value), json_string_length(value));
	struct text text = {0};
	if (json_is_integer(value))
		text_fmt(&text, "%lld", (long long)json_integer_value(value));
	return text.data;
}

/* What the part says of the body: where it names the user, and what must stand in it. */
static bool body_fits(struct look *look, const json_t *act)
{
	const char *id_at = play_word(act, "id_at", NULL);
	const char *place_at = play_word(act, "place_at", NULL);
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)play_part(act, "when"), key, value)
		if (!json_equal(pointer_get(peeked(look), key), value))
			return false;
	json_object_foreach((json_t *)(uintptr_t)play_part(act, "says"), key, value) {
		const char *text = json_string_value(pointer_get(peeked(look), key));
		if (!text || !strstr(text, json_string_value(value)))
			return false;
	}
	if (id_at) {
		free(look->id);
		look->id = words_of(pointer_get(peeked(look), id_at));
	}
	if (place_at) {
		free(look->place);
		look->place = words_of(pointer_get(peeked(look), place_at));
	}
	return (!id_at || look->id) && (!place_at || look->place);
}

enum fit { FITS_NOT, FITS_PATH, FITS };

static enum fit route_fits(struct look *look, const char *route, const json_t *act)
{
	size_t method = strcspn(route, " ");
	const char *path = route + method + 1;
	size_t len = strcspn(path, "?");
	if (!path_fits(look, path, len))
		return FITS_NOT;
	bool same = strlen(look->request->method) == method &&
		    strncmp(look->request->method, route, method) == 0;
	if (!same || (path[len] && !query_fits(look, path + len + 1)))
		return FITS_PATH;
	return body_fits(look, act) ? FITS : FITS_PATH;
}

/* Whether a part of the play has a route that fits; route is the one that did. */
static enum fit part_fits(struct look *look, const json_t *act, const char **route)
{
	const char *own = play_word(act, "route", "");
	const char *other = play_word(act, "continued", NULL);
	enum fit fit = *own ? route_fits(look, own, act) : FITS_NOT;
	*route = own;
	if (fit == FITS || !other)
		return fit;
	enum fit again = route_fits(look, other, act);
	if (again != FITS)
		return fit > again ? fit : again;
	*route = other;
	return FITS;
}

static void allow_add(char *allow, size_t size, const char *route)
{
	size_t method = strcspn(route, " ");
	size_t len = strlen(allow);
	char *word = text_copy(route, method);
	if (!strstr(allow, word))
		snprintf(allow + len, size - len, "%s%s", len ? ", " : "", word);
	free(word);
}

/* The title of the section of what fits, and what fits in act and route. */
static const char *search(const struct generic *g, struct look *look, const json_t **act,
			  const char **route, char *allow, size_t allow_size)
{
	allow[0] = '\0';
	for (size_t i = 0; i < SECTIONS; i++) {
		const json_t *part = g->play;
		if (sections[i].part)
			part = play_part(part, sections[i].part);
		const json_t *acts = play_part(part, sections[i].name);
		for (size_t k = 0; k < json_array_size(acts); k++) {
			*act = json_array_get(acts, k);
			enum fit fit = part_fits(look, *act, route);
			if (fit == FITS)
				return sections[i].title;
			if (fit == FITS_PATH)
				allow_add(allow, allow_size, *route);
		}
	}
	*act = NULL;
	return NULL;
}

static void look_end(struct look *look)
{
	forget(look);
	json_decref(look->body);
}

const char *route_find(struct visit *v, char *allow, size_t allow_size)
{
	struct look look = {.request = v->request, .path = v->path};
	const char *route = NULL;
	const char *title = search(v->g, &look, &v->act, &route, allow, allow_size);
	if (title) {
		v->id = look.id;
		v->place = look.place;
		look.id = NULL;
		look.place = NULL;
	}
	look_end(&look);
	return title;
}

const json_t *route_act(const struct generic *g, const struct request *request)
{
	struct look look = {.request = request, .path = route_below(g, request->sent_path)};
	const json_t *act = NULL;
	const char *route = NULL;
	char allow[64];
	if (look.path)
		search(g, &look, &act, &route, allow, sizeof allow);
	look_end(&look);
	return act;
}

void route_name_all(struct generic *g)
{
	for (size_t i = 0; i < SECTIONS; i++) {
		const json_t *part = g->play;
		if (sections[i].part)
			part = play_part(part, sections[i].part);
		const json_t *all = play_part(part, sections[i].name);
		for (size_t k = 0; k < json_array_size(all); k++) {
			json_t *act = json_array_get(all, k);
			const char *path = strchr(play_word(act, "route", "GET /"), ' ') + 1;
			struct text name = {0};
			text_fmt(&name, "/%s%.*s", g->name, (int)strcspn(path, "?"), path);
			json_object_set_new(act, "~counted", json_string(name.data));
			text_free(&name);
		}
	}
}

/* Whether another path would be known. */
static bool known(struct visit *v, const char *path)
{
	struct look look = {.request = v->request, .path = path};
	const json_t *act = NULL;
	const char *route = NULL;
	char allow[64];
	bool found = search(v->g, &look, &act, &route, allow, sizeof allow) || *allow;
	look_end(&look);
	return found;
}

char *route_other_slash(struct visit *v)
{
	const char *path = v->path;
	size_t len = strlen(path);
	struct text other = {0};
	if (len > 1 && path[len - 1] == '/')
		text_add(&other, path, len - 1);
	else
		text_fmt(&other, "%s/", path);
	if (known(v, other.data))
		return other.data;
	text_free(&other);
	return NULL;
}

bool route_wants_suffix(struct visit *v)
{
	struct text other = {0};
	text_fmt(&other, "%s.json", v->path);
	bool wants = known(v, other.data);
	text_free(&other);
	return wants;
}
