/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replies.c - see replies.h.
 */
#include "tests/fuzz/replies.h"

#include "tests/fuzz/fuzz.h"
#include "vendors/base/call.h"
#include "vendors/http/endpoint.h"
#include "vendors/http/http.h"
#include "vendors/http/http_url.h"
#include "vendors/json/exact_print.h"
#include "vendors/template/source.h"

#include <ctype.h>
#include <errno.h>

/* what happens here is no new behaviour of rosterfs */
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)

#define BODY_MAX ((size_t)16 << 10)
#define LARGE_MAX ((size_t)256 << 10) /* of a body with its rows LARGE_TIMES times or more */
#define LARGE_TIMES 4000
#define ALL_MAX ((size_t)1 << 20) /* of all bodies */
#define REPEATS_MAX 24

/* A request that has been answered already. */
struct transfer {
	struct http_reply reply;
};

struct replies replies;

void replies_begin(const char *text)
{
	replies = (struct replies){.rest = text};
}

void replies_end(void)
{
	free(replies.first);
	replies = (struct replies){0};
}

/* ---- requests ---- */

static void check_line(const char *text)
{
	FUZZ_CHECK(!strpbrk(text, "\r\n"));
}

/* Each of the path's segments is a name, and the path is nothing but path and query. */
static void check_path(const char *path)
{
	size_t length = strcspn(path, "?");

	FUZZ_CHECK(*path == '/' || *path == '?');
	for (const char *at = path; *at; at++)
		FUZZ_CHECK((unsigned char)*at > 0x20 && *at != 0x7f && *at != '#');
	for (const char *at = path; at < path + length; at += strcspn(at, "/?")) {
		size_t segment = strcspn(++at, "/?");

		FUZZ_CHECK(!(segment == 1 && *at == '.'));
		FUZZ_CHECK(!(segment == 2 && strncmp(at, "..", 2) == 0));
	}
}

static void check_request(const struct http_request *request)
{
	check_path(request->path);
	FUZZ_CHECK(*request->method);
	for (const char *at = request->method; *at; at++)
		FUZZ_CHECK(isupper((unsigned char)*at));
	FUZZ_CHECK(request->header_count <= HTTP_HEADERS_MAX);
	for (unsigned i = 0; i < request->header_count; i++) {
		FUZZ_CHECK(*request->headers[i].name &&
			   !strpbrk(request->headers[i].name, ": \r\n"));
		check_line(request->headers[i].value);
	}
	if (request->query)
		FUZZ_CHECK(!strpbrk(request->query, "\r\n #"));
	if (request->body && !request->content_type) {
		json_t *body = exact_parse(request->body, request->body_length, EXACT_PARSE_ANY,
					   NULL);

		FUZZ_CHECK(body);
		json_decref(body);
	}
}

/* ---- what a response echoes ---- */

static char *base64(const char *text)
{
	static const char
	    digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t length = strlen(text), at = 0;
	char *made = malloc(length / 3 * 4 + 8), *end = made;

	FUZZ_CHECK(made);
	for (; at < length; at += 3) {
		unsigned bits = 0;

		for (size_t i = 0; i < 3; i++)
			bits = bits << 8 | (at + i < length ? (unsigned char)text[at + i] : 0);
		for (size_t i = 0; i < 4; i++)
			*end++ = (char)(at + i > length ? '=' : digits[bits >> (18 - 6 * i) & 63]);
	}
	*end = '\0';
	return made;
}

/* Return what was sent with REQUEST, new. */
static char *sent_of(const struct http_request *request)
{
	char *text = NULL, *pair = NULL, *basic = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	FUZZ_CHECK(out);
	for (unsigned i = 0; i < request->header_count; i++)
		fprintf(out, "%s: %s\n", request->headers[i].name, request->headers[i].value);
	if (request->user) {
		FUZZ_CHECK(asprintf(&pair, "%s:%s", request->user, request->password) >= 0);
		basic = base64(pair);
		fprintf(out, "Authorization: Basic %s\n", basic);
	}
	if (request->query)
		fprintf(out, "?%s\n", request->query);
	if (request->body)
		fprintf(out, "%.*s", (int)request->body_length, request->body);
	FUZZ_CHECK(fclose(out) == 0);
	free(basic);
	free(pair);
	return text;
}

/* Return TEXT as JSON writes it, without the quotes, new. */
static char *json_text(const char *text)
{
	json_t *string = json_string(text);
	char *made = string ? exact_print_text(string, 0) : NULL;
	size_t length = made ? strlen(made) : 0;

	json_decref(string);
	if (length < 2) {
		free(made);
		return strdup("");
	}
	memmove(made, made + 1, length - 2);
	made[length - 2] = '\0';
	return made;
}

/* What stands for what in a body. */
struct echo {
	const char *mark;
	char *text;
};

/* Return BODY (of LENGTH bytes) with ECHOES, new, and its length. */
static char *expand(const char *body, size_t *length, const struct echo *echoes)
{
	char *made = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&made, &size);

	FUZZ_CHECK(out);
	for (const char *at = body, *end = body + *length; at < end;) {
		const char *mark = memchr(at, '{', (size_t)(end - at));
		const struct echo *echo = echoes;

		fwrite(at, 1, (size_t)((mark ? mark : end) - at), out);
		at = mark ? mark : end;
		while (echo->mark && ((size_t)(end - at) < strlen(echo->mark) ||
				      strncmp(at, echo->mark, strlen(echo->mark)) != 0))
			echo++;
		if (echo->mark && ftell(out) < (long)LARGE_MAX) {
			fputs(echo->text, out);
			at += strlen(echo->mark);
		} else if (at < end) {
			fputc(*at++, out);
		}
	}
	FUZZ_CHECK(fclose(out) == 0);
	*length = size;
	return made;
}

/* ---- responses ---- */

/* Return BODY with its rows TIMES times, new, and its length. */
static char *repeat_rows(const char *body, size_t *length, unsigned times)
{
	const char *first = memchr(body, '[', *length), *last = memrchr(body, ']', *length);
	char *made = NULL;
	size_t size = 0, most = times >= LARGE_TIMES ? LARGE_MAX : BODY_MAX;
	FILE *out = open_memstream(&made, &size);

	FUZZ_CHECK(out);
	if (!first || !last || last < first)
		first = last = body;
	else
		first++;
	fwrite(body, 1, (size_t)(first - body), out);
	for (unsigned i = 0; i < times && ftell(out) < (long)most; i++) {
		if (i && first < last)
			fputc(',', out);
		for (const char *at = first; at < last;) {
			const char *mark = memchr(at, '#', (size_t)(last - at));

			fwrite(at, 1, (size_t)((mark ? mark : last) - at), out);
			if (mark)
				fprintf(out, "%u", i);
			at = mark ? mark + 1 : last;
		}
	}
	fwrite(last, 1, (size_t)(body + *length - last), out);
	FUZZ_CHECK(fclose(out) == 0);
	*length = size;
	return made;
}

/* Return the next response of the input, and its length, or NULL: there are no more. */
static const char *next_block(size_t *length)
{
	const char *block = replies.rest, *end;

	if (!block || !*block) {
		if (!replies.last || replies.repeated++ >= REPEATS_MAX || replies.bytes > ALL_MAX)
			return NULL;
		block = replies.last;
	}
	end = strstr(block, "\n~\n");
	*length = end ? (size_t)(end - block) : strlen(block);
	if (block == replies.rest)
		replies.rest = end ? end + 3 : block + *length;
	replies.last = block;
	return block;
}

/* Read the headers of BLOCK, up to *AT, where the body begins. */
static void read_headers(struct http_reply *reply, const char *block, const char *end,
			 const char **at)
{
	const char *line = memchr(block, '\n', (size_t)(end - block));
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	FUZZ_CHECK(out);
	line = line ? line + 1 : end;
	while (line < end && *line != '\n') {
		const char *next = memchr(line, '\n', (size_t)(end - line));

		next = next ? next : end;
		fprintf(out, "%.*s\n", (int)(next - line), line);
		line = next < end ? next + 1 : end;
	}
	FUZZ_CHECK(fclose(out) == 0);
	*at = line < end ? line + 1 : end;
	if (size) {
		reply->headers = text;
		reply->etag = source_header(text, "ETag");
	} else {
		free(text);
	}
}

static void read_body(struct http_reply *reply, const struct http_request *request,
		      const char *body, size_t length, unsigned times)
{
	char *sent = sent_of(request), *rows = repeat_rows(body, &length, times ? times : 1);
	struct echo echoes[] = {{"{echo}", json_text(sent)},
				{"{echo%}", http_url_escape(sent)},
				{"{echo64}", base64(sent)},
				{"{token}", strdup(replies.token ? replies.token : "")},
				{NULL, NULL}};

	reply->body = expand(rows, &length, echoes);
	reply->length = length;
	if (!length) {
		free(reply->body);
		reply->body = NULL;
	}
	for (size_t i = 0; echoes[i].mark; i++)
		free(echoes[i].text);
	free(rows);
	free(sent);
	replies.bytes += length;
	for (size_t i = 0; i < length; i++)
		replies.objects += reply->body[i] == '{';
}

/* Answer REQUEST of ENDPOINT. */
static void answer(const struct endpoint *endpoint, const struct http_request *request,
		   struct http_reply *reply)
{
	const char *block, *body, *times;
	size_t length = 0;

	check_request(request);
	if (!replies.asked++)
		replies.first = strdup(request->path);
	*reply = (struct http_reply){.sent = true};
	block = next_block(&length);
	if (block)
		reply->status = isdigit((unsigned char)*block) ? atoi(block) % 1000 : 200;
	if (!block || reply->status < 100) {
		reply->status = 0;
		reply->verdict = CALL_LOST;
		snprintf(reply->words, sizeof(reply->words), "the connection broke");
		return;
	}
	times = memchr(block, 'x', strcspn(block, "\n"));
	read_headers(reply, block, block + length, &body);
	read_body(reply, request, body, (size_t)(block + length - body),
		  times ? (unsigned)atoi(times + 1) % 4096 : 1);
	if (endpoint->is_limited && endpoint->is_limited(endpoint, reply))
		reply->status = 429;
	if (reply->status == 429 && endpoint->wait_asked)
		free(endpoint->wait_asked(endpoint, reply));
	replies.accepted = replies.accepted || reply->status / 100 == 2;
}

/* ---- the functions of http.h ---- */

int http_add(struct http *http, struct endpoint *endpoint)
{
	(void)http;
	FUZZ_CHECK(endpoint->base_url);
	return 0;
}

int http_perform(struct call *call, struct endpoint *endpoint, const struct http_request *request,
		 struct http_reply *reply)
{
	answer(endpoint, request, reply);
	snprintf(call->request, sizeof(call->request), "%s %s", request->method,
		 request->shown ? request->shown : request->path);
	call->status = reply->status;
	if (reply->verdict && !request->repeatable)
		call->unanswered = true;
	return -call_errno(reply->verdict);
}

struct transfer *http_start(struct call *call, struct endpoint *endpoint,
			    const struct http_request *request)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	(void)call;
	FUZZ_CHECK(transfer);
	answer(endpoint, request, &transfer->reply);
	return transfer;
}

int http_wait_any(struct call *call, struct transfer *const *transfers, size_t count)
{
	(void)call;
	for (size_t i = 0; i < count; i++) {
		if (transfers[i])
			return (int)i;
	}
	return -EINTR;
}

int http_wait_until(struct call *call, struct transfer *const *transfers, size_t count,
		    const struct timespec *until)
{
	int index = http_wait_any(call, transfers, count);

	(void)until;
	return index < 0 ? -EAGAIN : index;
}

struct http_reply *http_reply(struct transfer *transfer)
{
	return &transfer->reply;
}

void http_drop(struct transfer *transfer, bool abort)
{
	(void)abort;
	if (transfer)
		http_reply_clear(&transfer->reply);
	free(transfer);
}

void http_progress(struct endpoint *endpoint)
{
	(void)endpoint;
}

unsigned http_allowed(const struct endpoint *endpoint)
{
	return endpoint->parallel;
}

void http_stats(const struct endpoint *endpoint, struct http_stats *stats)
{
	(void)endpoint;
	memset(stats, 0, sizeof(*stats));
}

void http_hold(const struct endpoint *endpoint, char *words, size_t size)
{
	(void)endpoint;
	if (size)
		words[0] = '\0';
}

void http_lift(struct endpoint *endpoint)
{
	(void)endpoint;
}

#pragma clang attribute pop
