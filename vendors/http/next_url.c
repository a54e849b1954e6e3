/* SPDX-License-Identifier: Apache-2.0 */
/*
 * next_url.c - see next_url.h.
 *
 * A URL is taken apart by libcurl, as the one that sends the request: what is compared is what will
 * be used.
 */
#include "vendors/http/next_url.h"

#include "vendors/http/http_url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the header Link ---- */

/* Move *AT over blanks. */
static void skip_blanks(const char **at)
{
	*at += strspn(*at, " \t");
}

/* A parameter of a link: NAME=VALUE, where the value may be quoted. */
struct parameter {
	const char *name, *value;
	size_t name_length, value_length;
};

/* Take the value in QUOTEs at *AT. Without the second quote, it reaches to the end. */
static void take_quoted(struct parameter *parameter, const char **at, char quote)
{
	parameter->value = ++*at;
	while (**at && **at != quote)
		*at += **at == '\\' && (*at)[1] ? 2 : 1;
	parameter->value_length = (size_t)(*at - parameter->value);
	*at += **at == quote;
}

/* Take the parameter at *AT, behind its semicolon. */
static struct parameter take_parameter(const char **at)
{
	struct parameter parameter = {0};

	skip_blanks(at);
	parameter.name = *at;
	parameter.name_length = strcspn(*at, "=;, \t");
	*at += parameter.name_length;
	skip_blanks(at);
	parameter.value = *at;
	if (**at != '=')
		return parameter;
	++*at;
	skip_blanks(at);
	if (**at == '"' || **at == '\'') {
		take_quoted(&parameter, at, **at);
	} else {
		parameter.value = *at;
		parameter.value_length = strcspn(*at, ";, \t");
		*at += parameter.value_length;
	}
	skip_blanks(at);
	return parameter;
}

static bool is_named(const struct parameter *parameter, const char *name)
{
	return parameter->name_length == strlen(name) &&
	       strncasecmp(parameter->name, name, parameter->name_length) == 0;
}

/* Return true if WORD is one of the words in the value of PARAMETER. */
static bool has_word(const struct parameter *parameter, const char *word)
{
	const char *at = parameter->value, *end = at + parameter->value_length;

	while (at < end) {
		size_t blanks = strspn(at, " \t"), length;

		at += blanks < (size_t)(end - at) ? blanks : (size_t)(end - at);
		length = strcspn(at, " \t\"");
		if (length > (size_t)(end - at))
			length = (size_t)(end - at);
		if (length == strlen(word) && strncasecmp(at, word, length) == 0)
			return true;
		at += length + (length == 0);
	}
	return false;
}

/*
 * Take the link at *AT. Returns false if none is there. *NEXT: it is the next page, *OVER: which
 * has no rows.
 */
static bool take_link(const char **at, const char **url, const char **end, bool *next, bool *over)
{
	bool named = false;

	*next = *over = false;
	if (**at != '<' || !(*end = strchr(*at, '>')))
		return false;
	*url = *at + 1;
	*at = *end + 1;
	skip_blanks(at);
	while (**at == ';') {
		struct parameter parameter;

		++*at;
		parameter = take_parameter(at);
		if (is_named(&parameter, "rel") && !named) {
			/* RFC 8288: of several, the first counts */
			named = true;
			*next = has_word(&parameter, "next");
		} else if (is_named(&parameter, "results")) {
			*over = has_word(&parameter, "false");
		}
	}
	return !**at || **at == ',';
}

bool next_url_of_link(const char *header, char **link)
{
	const char *at = header, *url, *end;
	bool next, over;

	*link = NULL;
	for (at += strspn(at, " \t,"); *at; at += strspn(at, " \t,")) {
		if (!take_link(&at, &url, &end, &next, &over))
			return false;
		if (next && over)
			return true;
		if (next) {
			*link = end == url ? NULL : strndup(url, (size_t)(end - url));
			return *link;
		}
	}
	return true;
}

/* ---- its parts ---- */

/* Return URL with each byte encoded that no URL holds as it is. NULL: no memory, or a control
 * character. */
static char *encode(const char *url)
{
	char *encoded = malloc(3 * strlen(url) + 1), *end = encoded;

	for (; encoded && *url; url++) {
		unsigned char byte = (unsigned char)*url;

		if (byte < 0x20 || byte == 0x7f) {
			free(encoded);
			return NULL;
		}
		if (byte == ' ' || byte > 0x7f)
			end += sprintf(end, "%%%02X", byte);
		else
			*end++ = *url;
	}
	if (encoded)
		*end = '\0';
	return encoded;
}

/* Return path and query of PARTS, new, or NULL. */
static char *path_and_query(CURLU *parts)
{
	char *path = NULL, *query = NULL, *both = NULL;

	curl_url_get(parts, CURLUPART_QUERY, &query, 0);
	if (curl_url_get(parts, CURLUPART_PATH, &path, 0) == CURLUE_OK &&
	    asprintf(&both, "%s%s%s", path, query ? "?" : "", query ? query : "") < 0)
		both = NULL;
	curl_free(path);
	curl_free(query);
	return both;
}

/* Return true if PARTS have the origin of BASE. */
static bool has_origin(CURLU *parts, const char *base)
{
	char *whole = NULL;
	bool same = curl_url_get(parts, CURLUPART_URL, &whole, 0) == CURLUE_OK &&
		    http_url_same_origin(base, whole);

	curl_free(whole);
	return same;
}

char *next_url_path(const char *base, const char *from, bool from_origin, const char *url,
		    bool any_origin, const char **why)
{
	CURLU *parts = curl_url();
	char *encoded = encode(url), *asked = NULL, *path = NULL;
	size_t length = from_origin ? http_url_origin(base) : strlen(base);

	*why = "it is no URL";
	if (!parts || !encoded || asprintf(&asked, "%.*s%s", (int)length, base, from) < 0) {
		asked = NULL;
		goto out;
	}
	if (curl_url_set(parts, CURLUPART_URL, asked, CURLU_PATH_AS_IS) != CURLUE_OK ||
	    curl_url_set(parts, CURLUPART_URL, encoded, CURLU_PATH_AS_IS) != CURLUE_OK)
		goto out;
	if (!any_origin && !has_origin(parts, base))
		*why = "it names another origin than base_url";
	else
		path = path_and_query(parts);
out:
	free(encoded);
	free(asked);
	curl_url_cleanup(parts);
	return path;
}
