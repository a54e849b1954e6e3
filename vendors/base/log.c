/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c - see log.h.
 *
 * A ring of the newest lines, in memory. Nothing is written to disk, so names and emails in it live
 * only as long as the mount. It knows the format of a line, not what it is about.
 */
#include "vendors/base/log.h"

#include "vendors/base/call.h"
#include "vendors/base/error_name.h"
#include "vendors/base/one_line.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINE_MAX_BYTES 2048

static struct {
	pthread_mutex_t lock;
	char *lines[LOG_LINES_MAX]; /* each ends with a newline */
	size_t next;                /* where the next line goes */
	size_t count;
	size_t bytes;
	bool to_stderr;
} ring = {.lock = PTHREAD_MUTEX_INITIALIZER};

void log_to_stderr(bool on)
{
	pthread_mutex_lock(&ring.lock);
	ring.to_stderr = on;
	pthread_mutex_unlock(&ring.lock);
}

/* Append LINE, which has no newline, with control characters replaced. Drops the oldest line if the
 * ring is full. */
static void log_keep(char *line)
{
	size_t length;
	char *copy;

	one_line(line, ' ');
	length = strlen(line);
	copy = malloc(length + 2);
	if (!copy)
		return;
	memcpy(copy, line, length);
	copy[length++] = '\n';
	copy[length] = '\0';

	pthread_mutex_lock(&ring.lock);
	if (ring.count == LOG_LINES_MAX) {
		ring.bytes -= strlen(ring.lines[ring.next]);
		free(ring.lines[ring.next]);
	} else {
		ring.count++;
	}
	ring.lines[ring.next] = copy;
	ring.next = (ring.next + 1) % LOG_LINES_MAX;
	ring.bytes += length;
	if (ring.to_stderr)
		fputs(copy, stderr);
	pthread_mutex_unlock(&ring.lock);
}

/* Write the local time, with which a line begins, to BUFFER. Returns its length. */
static size_t stamp(char *buffer, size_t size)
{
	struct timespec now;
	struct tm local;
	size_t length;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	length = strftime(buffer, size, "%Y-%m-%dT%H:%M:%S", &local);
	length += (size_t)snprintf(buffer + length, size - length, ".%03ld", now.tv_nsec / 1000000);
	length += strftime(buffer + length, size - length, "%z ", &local);
	return length;
}

static size_t add_text(char *line, size_t length, const char *format, va_list args)
{
	int added = vsnprintf(line + length, LINE_MAX_BYTES - length, format, args);

	if (added < 0)
		return length;
	length += (size_t)added;
	return length < LINE_MAX_BYTES ? length : LINE_MAX_BYTES - 1;
}

static void add_caller(char *line, size_t length, const struct call *call)
{
	snprintf(line + length, LINE_MAX_BYTES - length, " [uid %ld pid %ld %s]", (long)call->uid,
		 (long)call->pid, call->command);
}

void log_line(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	size_t length = stamp(line, sizeof(line));
	va_list args;

	va_start(args, format);
	add_text(line, length, format, args);
	va_end(args);
	log_keep(line);
}

void log_loud(const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	size_t length = stamp(line, sizeof(line));
	bool copied;
	va_list args;

	va_start(args, format);
	add_text(line, length, format, args);
	va_end(args);
	log_keep(line);
	pthread_mutex_lock(&ring.lock);
	copied = ring.to_stderr;
	pthread_mutex_unlock(&ring.lock);
	if (!copied)
		fprintf(stderr, "rosterfs: %s\n", line + length);
}

void log_call(const struct call *call, const char *format, ...)
{
	char line[LINE_MAX_BYTES];
	size_t length = stamp(line, sizeof(line));
	va_list args;

	length += (size_t)snprintf(line + length, sizeof(line) - length, "%s: ", call->path);
	va_start(args, format);
	length = add_text(line, length, format, args);
	va_end(args);
	add_caller(line, length, call);
	log_keep(line);
}

void log_error(const struct call *call, int error)
{
	char line[LINE_MAX_BYTES];
	char request[CALL_REQUEST_MAX + 32];
	size_t length = stamp(line, sizeof(line));
	int added;

	call_tell_request(call, request);
	added = snprintf(line + length, sizeof(line) - length, "%s: %s%s: %s (%s)", call->path,
			 request, call->words[0] ? call->words : "failed", error_name(-error),
			 strerror(-error));
	if (added > 0)
		length += (size_t)added;
	if (length >= sizeof(line))
		length = sizeof(line) - 1;
	add_caller(line, length, call);
	log_keep(line);
}

size_t log_size(void)
{
	size_t bytes;

	pthread_mutex_lock(&ring.lock);
	bytes = ring.bytes;
	pthread_mutex_unlock(&ring.lock);
	return bytes;
}

char *log_text(size_t *length)
{
	char *text, *end;

	pthread_mutex_lock(&ring.lock);
	text = malloc(ring.bytes + 1);
	if (text) {
		end = text;
		for (size_t i = 0; i < ring.count; i++) {
			size_t at = (ring.next + LOG_LINES_MAX - ring.count + i) % LOG_LINES_MAX;

			end = stpcpy(end, ring.lines[at]);
		}
		*end = '\0';
		*length = ring.bytes;
	}
	pthread_mutex_unlock(&ring.lock);
	return text;
}

void log_free(void)
{
	pthread_mutex_lock(&ring.lock);
	for (size_t i = 0; i < ring.count; i++) {
		size_t at = (ring.next + LOG_LINES_MAX - ring.count + i) % LOG_LINES_MAX;

		free(ring.lines[at]);
		ring.lines[at] = NULL;
	}
	ring.next = ring.count = ring.bytes = 0;
	pthread_mutex_unlock(&ring.lock);
}
