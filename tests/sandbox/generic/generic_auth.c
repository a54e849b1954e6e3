/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_auth: whether a request has the credentials that the play wants.
 *
 * It must not know how a token is issued.
 */
#include <stdlib.h>
#include <string.h>

#include "generic_parts.h"

static int sextet(char c)
{
	static const char
	    digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* What stands behind "Basic " in plain words, new; NULL: nothing that can be read. */
static char *basic_plain(const char *header)
{
	struct text plain = {0};
	unsigned bits = 0, held = 0;
	if (!header || strncmp(header, "Basic ", 6) != 0)
		return NULL;
	text_str(&plain, "");
	for (const char *c = header + 6; *c && *c != '='; c++) {
		int value = sextet(*c);
		if (value < 0) {
			text_free(&plain);
			return NULL;
		}
		bits = bits << 6 | (unsigned)value;
		held += 6;
		if (held >= 8) {
			char byte = (char)(bits >> (held - 8));
			text_add(&plain, &byte, 1);
			held -= 8;
		}
	}
	return plain.data;
}

/* user and password; a "*" takes anything. */
bool auth_basic(const struct request *request, const json_t *pair)
{
	char *plain = basic_plain(request_header(request, "Authorization"));
	const char *user = json_string_value(json_array_get(pair, 0));
	const char *password = json_string_value(json_array_get(pair, 1));
	char *colon = plain ? strchr(plain, ':') : NULL;
	if (colon)
		*colon++ = '\0';
	bool good = colon && user && password &&
		    (strcmp(user, "*") == 0 || strcmp(user, plain) == 0) &&
		    (strcmp(password, "*") == 0 || strcmp(password, colon) == 0);
	free(plain);
	return good;
}

/* Whether what was given is what is wanted, in which {token} stands for any live token. */
static bool fits(struct generic *g, const char *given, const char *wanted)
{
	const char *mark = strstr(wanted, "{token}");
	if (!given || !mark)
		return given && strcmp(given, wanted) == 0;
	size_t before = (size_t)(mark - wanted);
	size_t after = strlen(mark + 7);
	size_t len = strlen(given);
	if (len < before + after || strncmp(given, wanted, before) != 0 ||
	    strcmp(given + len - after, mark + 7) != 0)
		return false;
	char *token = text_copy(given + before, len - before - after);
	bool live = token_is_live(g, token);
	free(token);
	return live;
}

static bool check_one(struct visit *v, const json_t *check, bool *given)
{
	const char *header = play_word(check, "header", NULL);
	const char *query = play_word(check, "query", NULL);
	const json_t *basic = play_part(check, "basic");
	const char *words = header  ? request_header(v->request, header)
			    : query ? request_arg(v->request, query)
				    : request_header(v->request, "Authorization");
	*given = *given || words;
	return basic ? auth_basic(v->request, basic)
		     : fits(v->g, words, play_word(check, "is", ""));
}

bool auth_check(struct visit *v)
{
	const json_t *checks = play_part(play_part(v->g->play, "auth"), "checks");
	bool given = false;
	bool good = true;
	for (size_t i = 0; i < json_array_size(checks); i++) {
		const json_t *check = json_array_get(checks, i);
		if (i && play_flag(check, "or", false)) {
			if (good)
				return true;
			good = true;
		}
		good = check_one(v, check, &given) && good;
	}
	if (!good)
		error_reply(v, given ? "auth" : "no_credentials", NULL, NULL);
	return good;
}

bool auth_leaks(const struct generic *g, const struct request *request)
{
	const json_t *checks = play_part(play_part(g->play, "auth"), "checks");
	for (size_t i = 0; i < json_array_size(checks); i++)
		if (play_part(json_array_get(checks, i), "query"))
			return false;
	return route_below(g, request->path) &&
	       (strstr(request->path, "CANARY") || strstr(request->query, "CANARY"));
}
