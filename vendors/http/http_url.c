/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_url.c - see http_url.h.
 */
#include "vendors/http/http_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *http_url_escape(const char *text)
{
	return http_url_escape_bytes(text, strlen(text));
}

char *http_url_escape_bytes(const char *bytes, size_t length)
{
	char *escaped, *copy;

	/* libcurl would ask strlen */
	if (!length)
		return strdup("");
	/* libcurl does not escape dots, but these two are no names in a path */
	if (length <= 2 && strncmp(bytes, "..", length) == 0)
		return strdup(length == 1 ? "%2E" : "%2E%2E");
	escaped = length <= INT_MAX ? curl_easy_escape(NULL, bytes, (int)length) : NULL;
	copy = escaped ? strdup(escaped) : NULL;
	if (escaped)
		explicit_bzero(escaped, strlen(escaped)); /* it may be a secret */
	curl_free(escaped);
	return copy;
}

char *http_url_unescape(const char *text, size_t *length)
{
	int plain_length = 0;
	char *plain = curl_easy_unescape(NULL, text, 0, &plain_length);
	char *copy = plain ? malloc((size_t)plain_length + 1) : NULL;

	if (copy)
		memcpy(copy, plain, (size_t)plain_length + 1);
	*length = (size_t)plain_length;
	curl_free(plain);
	return copy;
}

static bool is_loopback(const char *host)
{
	struct in_addr ipv4;

	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &ipv4) == 1 && ntohl(ipv4.s_addr) >> 24 == 127;
}

/* Return what is wrong with URL, or NULL. */
static const char *check_parts(CURLU *parts, const char *url)
{
	char *scheme = NULL, *host = NULL, *user = NULL, *password = NULL;
	const char *why = NULL;

	if (curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK || !*host)
		why = "not a URL such as https://api.example.com";
	else if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0)
		why = "the URL must begin with https://";
	else if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK ||
		 curl_url_get(parts, CURLUPART_PASSWORD, &password, 0) == CURLUE_OK)
		why = "the URL must not hold a user or password";
	else if (strpbrk(url, "?#"))
		why = "the URL must not hold ? or #";
	else if (strcmp(scheme, "http") == 0 && !is_loopback(host))
		why =
		    "http:// is allowed for loopback only, because keys would be sent unencrypted; use https://";
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	curl_free(password);
	return why;
}

int http_url_check(const char *url, const char **why)
{
	CURLU *parts = curl_url();
	const char *words = parts ? check_parts(parts, url) : "out of memory";

	curl_url_cleanup(parts);
	if (words)
		*why = words;
	return words ? -EINVAL : 0;
}

/* Return true if the LENGTH bytes at ORIGIN end in the port that its scheme has anyway; it is then
 * that long without it. */
static bool has_own_port(const char *origin, size_t *length)
{
	const char *port = strncmp(origin, "https:", 6) == 0 ? ":443" : ":80";
	size_t size = strlen(port);

	if (*length < size || memcmp(origin + *length - size, port, size) != 0)
		return false;
	*length -= size;
	return true;
}

char *http_url_spell(const char *url)
{
	size_t length = strlen(url), origin = http_url_origin(url), end;
	char *copy;

	while (length > origin && url[length - 1] == '/')
		length--;
	copy = strndup(url, length);
	for (size_t i = 0; copy && i < origin; i++) {
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] - 'A' + 'a');
	}
	end = origin;
	if (copy && has_own_port(copy, &end))
		memmove(copy + end, copy + origin, length - origin + 1);
	return copy;
}

void http_url_where(const char *url, bool *secure, char *where, size_t size)
{
	CURLU *parts = curl_url();
	char *host = NULL, *port = NULL;

	*secure = strncasecmp(url, "http:", 5) != 0;
	snprintf(where, size, "the vendor");
	if (parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK)
		snprintf(where, size, "%s port %s", host, port);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(parts);
}

size_t http_url_origin(const char *url)
{
	const char *at = strstr(url, "://");

	if (!at || (strncasecmp(url, "https://", 8) != 0 && strncasecmp(url, "http://", 7) != 0))
		return 0;
	return (size_t)(at - url) + 3 + strcspn(at + 3, "/?#");
}

/* Return the part WHAT of URL, NULL: it has none. The caller frees it with curl_free. */
static char *part_of(CURLU *url, CURLUPart what)
{
	char *text = NULL;

	return curl_url_get(url, what, &text, CURLU_DEFAULT_PORT) == CURLUE_OK ? text : NULL;
}

bool http_url_same_origin(const char *a, const char *b)
{
	static const CURLUPart parts[] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT};
	CURLU *left = curl_url(), *right = curl_url();
	char *user = NULL, *password = NULL;
	bool same = left && right && curl_url_set(left, CURLUPART_URL, a, 0) == CURLUE_OK &&
		    curl_url_set(right, CURLUPART_URL, b, 0) == CURLUE_OK;

	for (size_t i = 0; same && i < sizeof(parts) / sizeof(parts[0]); i++) {
		char *x = part_of(left, parts[i]), *y = part_of(right, parts[i]);

		same = x && y && strcasecmp(x, y) == 0;
		curl_free(x);
		curl_free(y);
	}
	if (same) {
		user = part_of(right, CURLUPART_USER);
		password = part_of(right, CURLUPART_PASSWORD);
		same = !user && !password;
	}
	curl_free(user);
	curl_free(password);
	curl_url_cleanup(left);
	curl_url_cleanup(right);
	return same;
}
