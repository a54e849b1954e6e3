/* SPDX-License-Identifier: Apache-2.0 */
/*
 * etag: entity tags as vendors and the proxies before them send and check them.
 *
 * If-Match is compared strongly (RFC 9110, 13.1.1): a weak tag matches nothing. A proxy that
 * compresses makes the tag weak (nginx) or adds -gzip (mod_deflate), and the server behind it knows
 * neither of them.
 *
 * It must not know what is tagged.
 */
#include "etag.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static enum etag_style style_of(const struct settings_values *settings)
{
	return settings->etag_style == ETAG_OFF && settings->etag ? ETAG_STRONG
								  : settings->etag_style;
}

/* Whether the client takes gzip: by name or by `*`, and not with q=0. */
static bool admits_gzip(const struct request *request)
{
	const char *at = request_header(request, "Accept-Encoding");
	while (at && *at) {
		at += strspn(at, ", \t");
		size_t len = strcspn(at, ",");
		size_t name = strcspn(at, ",; \t");
		bool fits = (name == 4 && strncasecmp(at, "gzip", 4) == 0) ||
			    (name == 1 && *at == '*');
		const char *q = memmem(at, len, "q=0", 3);
		bool refused = q && strspn(q + 2, "0.") >= strcspn(q + 2, ",; \t");
		if (fits && !refused)
			return true;
		at += len;
	}
	return false;
}

void etag_send(const struct settings_values *settings, const struct request *request,
	       unsigned version, struct reply *reply)
{
	enum etag_style style = style_of(settings);
	bool gzip = (style == ETAG_GZIP || style == ETAG_GZIP_WEAK) && admits_gzip(request);
	if (style == ETAG_GZIP && gzip)
		reply_header(reply, "ETag", "\"v%u-gzip\"", version);
	else if (style == ETAG_WEAK || gzip)
		reply_header(reply, "ETag", "W/\"v%u\"", version);
	else if (style == ETAG_GARBAGE)
		reply_header(reply, "ETag", "\"v\t%u\"", version);
	else if (style == ETAG_UNQUOTED)
		reply_header(reply, "ETag", "v%u", version);
	else if (style != ETAG_OFF)
		reply_header(reply, "ETag", "\"v%u\"", version);
	if (style == ETAG_GZIP || style == ETAG_GZIP_WEAK)
		reply_header(reply, "Vary", "Accept-Encoding");
}

enum etag_verdict etag_check(const struct settings_values *settings, const struct request *request,
			     unsigned version)
{
	enum etag_style style = style_of(settings);
	const char *match = request_header(request, "If-Match");
	if (style == ETAG_OFF || style == ETAG_UNCHECKED)
		return ETAG_PASSES;
	if (!match)
		return settings->etag ? ETAG_MISSING : ETAG_PASSES;
	char tag[32];
	snprintf(tag, sizeof tag, "\"v%u\"", version);
	bool knows = style == ETAG_STRONG || style == ETAG_GZIP || style == ETAG_GZIP_WEAK;
	bool same = knows && strcmp(match, tag) == 0;
	return same || (style != ETAG_LIE && strcmp(match, "*") == 0) ? ETAG_PASSES : ETAG_OTHER;
}
