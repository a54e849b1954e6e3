/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_stats.c - see http_stats.h.
 */
#include "vendors/http/http_stats.h"

#include "vendors/base/clock.h"
#include "vendors/http/http_reply.h"

#include <string.h>

const int64_t http_stats_bounds[HTTP_BOUNDS] = {10,   25,   50,   100,   250,  500,
						1000, 2500, 5000, 10000, 30000};

void http_stats_add(struct http_stats *sum, const struct http_stats *more)
{
	sum->requests += more->requests;
	sum->retries += more->retries;
	sum->failures += more->failures;
	sum->throttled += more->throttled;
	sum->bytes += more->bytes;
	sum->in_flight += more->in_flight;
	sum->queued += more->queued;
	for (size_t method = 0; method < HTTP_METHODS; method++) {
		for (size_t end = 0; end < HTTP_ENDS; end++)
			sum->ended[method][end] += more->ended[method][end];
	}
	for (size_t i = 0; i <= HTTP_BOUNDS; i++)
		sum->durations[i] += more->durations[i];
	sum->duration += more->duration;
	for (size_t i = 0; i < HTTP_WAITS; i++)
		sum->waited[i] += more->waited[i];
}

static enum http_method method_of(const char *text)
{
#define HTTP_METHOD_TEXT(constant, text) text,
	static const char *const texts[] = {HTTP_METHODS_ALL(HTTP_METHOD_TEXT)};
#undef HTTP_METHOD_TEXT
	unsigned method = 0;

	while (method < HTTP_METHOD_OTHER && strcmp(texts[method], text) != 0)
		method++;
	return (enum http_method)method;
}

static enum http_end end_of(const struct http_reply *reply, bool unreached)
{
	if (reply->verdict == CALL_CANCELLED || reply->stale)
		return HTTP_END_CANCELLED;
	if (unreached)
		return HTTP_END_UNREACHABLE;
	if (reply->verdict)
		return reply->verdict == CALL_TIMED_OUT ? HTTP_END_TIMED_OUT : HTTP_END_LOST;
	if (reply->status == 429)
		return HTTP_END_THROTTLED;
	if (reply->status >= 500)
		return HTTP_END_FAILED;
	return reply->status >= 200 && reply->status <= 299 ? HTTP_END_OK : HTTP_END_REFUSED;
}

void http_stats_end(struct http_stats *stats, const char *method, const struct http_reply *reply,
		    bool unreached, unsigned resent, int64_t duration)
{
	enum http_end end = end_of(reply, unreached);
	uint64_t *ended = stats->ended[method_of(method)];
	size_t bucket = 0;

	ended[HTTP_END_LOST] += resent;
	ended[end]++;
	/* its duration says nothing about the vendor */
	if (end == HTTP_END_CANCELLED)
		return;
	while (bucket < HTTP_BOUNDS && duration > http_stats_bounds[bucket])
		bucket++;
	stats->durations[bucket]++;
	stats->duration += (uint64_t)duration;
}

void http_stats_wait(struct http_stats *stats, int64_t since, int64_t pause, int64_t now,
		     bool retry)
{
	int64_t paused = clock_later(clock_sooner(pause, now), since) - since;

	stats->waited[HTTP_WAIT_THROTTLED] += (uint64_t)paused;
	stats->waited[retry ? HTTP_WAIT_RETRY : HTTP_WAIT_QUEUE] += (uint64_t)(now - since -
									       paused);
}
