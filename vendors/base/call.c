/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c - see call.h.
 *
 * The only knowledge here is who asked, whether they still want it and why it failed. It must not
 * know what is being asked: vendors, records and files are above it.
 */
#include "vendors/base/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void call_init(struct call *call, const char *path)
{
	memset(call, 0, sizeof(*call));
	pthread_mutex_init(&call->lock, NULL);
	pthread_cond_init(&call->wake, NULL);
	snprintf(call->path, sizeof(call->path), "%s", path);
	snprintf(call->command, sizeof(call->command), "rosterfs");
}

void call_good_until(struct call *call, double until)
{
	if (call->good_until <= 0 || until < call->good_until)
		call->good_until = until;
}

/* The process that THREAD belongs to; THREAD itself when that can't be told. */
pid_t call_process(pid_t thread)
{
	char name[64];
	char line[256];
	long tgid = thread;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%ld/status", (long)thread);
	file = fopen(name, "re");
	if (!file)
		return thread;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "Tgid:", 5) == 0) {
			tgid = strtol(line + 5, NULL, 10);
			break;
		}
	}
	fclose(file);
	return (pid_t)tgid;
}

void call_set_caller(struct call *call, uid_t uid, gid_t gid, pid_t thread)
{
	char name[64];
	FILE *file;

	call->uid = uid;
	call->gid = gid;
	call->pid = call_process(thread);
	snprintf(call->command, sizeof(call->command), "?");
	snprintf(name, sizeof(name), "/proc/%ld/comm", (long)call->pid);
	file = fopen(name, "re");
	if (!file)
		return;
	if (fgets(call->command, sizeof(call->command), file))
		call->command[strcspn(call->command, "\n")] = '\0';
	fclose(file);
}

void call_destroy(struct call *call)
{
	pthread_mutex_destroy(&call->lock);
	pthread_cond_destroy(&call->wake);
}

int call_fail(struct call *call, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(call->words, sizeof(call->words), format, args);
	va_end(args);
	call->error = error;
	for (char *c = call->words; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	}
	return -error;
}

void call_add_words(struct call *call, const char *format, ...)
{
	size_t length = strlen(call->words);
	va_list args;

	va_start(args, format);
	vsnprintf(call->words + length, sizeof(call->words) - length, format, args);
	va_end(args);
}

int call_shown_status(const struct call *call)
{
	return call->status ? call->status : call->token_status;
}

void call_tell_request(const struct call *call, char *text)
{
	if (!call->request[0])
		text[0] = '\0';
	else if (call_shown_status(call) && !call->unasked)
		snprintf(text, CALL_REQUEST_MAX + 32, "%s answered %d: ", call->request,
			 call_shown_status(call));
	else
		snprintf(text, CALL_REQUEST_MAX + 32, "%s: ", call->request);
}

void call_fail_unreadable(struct call *call, int error, const char *vendor, const char *more)
{
	char request[CALL_REQUEST_MAX + 32], words[CALL_WORDS_MAX];

	memcpy(words, call->words, sizeof(words));
	call_tell_request(call, request);
	call->request[0] = '\0';
	call_fail(call, error, "%s can't be read%s: %s%s", vendor, more, request, words);
}

void call_copy_error(struct call *to, const struct call *from)
{
	to->error = from->error;
	to->status = from->status;
	to->token_status = from->token_status;
	to->unasked = from->unasked;
	memcpy(to->request, from->request, sizeof(to->request));
	memcpy(to->words, from->words, sizeof(to->words));
}

void call_cancel(struct call *call)
{
	pthread_mutex_lock(&call->lock);
	call->cancelled = true;
	pthread_cond_broadcast(&call->wake);
	pthread_mutex_unlock(&call->lock);
}

bool call_cancelled(struct call *call)
{
	bool cancelled;

	pthread_mutex_lock(&call->lock);
	cancelled = call->cancelled;
	pthread_mutex_unlock(&call->lock);
	return cancelled;
}

void call_wake(struct call *call)
{
	pthread_mutex_lock(&call->lock);
	pthread_cond_broadcast(&call->wake);
	pthread_mutex_unlock(&call->lock);
}

int call_wait(struct call *call, bool (*ready)(void *arg), void *arg)
{
	bool done;

	pthread_mutex_lock(&call->lock);
	while (!(done = ready(arg)) && !call->cancelled)
		pthread_cond_wait(&call->wake, &call->lock);
	pthread_mutex_unlock(&call->lock);
	return done ? 0 : call_fail(call, EINTR, "interrupted");
}

struct timespec call_deadline(unsigned milliseconds)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	time.tv_sec += milliseconds / 1000;
	time.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_nsec -= 1000000000;
		time.tv_sec++;
	}
	return time;
}

int call_pause(struct call *call, unsigned milliseconds)
{
	struct timespec until = call_deadline(milliseconds);
	bool cancelled;

	pthread_mutex_lock(&call->lock);
	while (!call->cancelled) {
		if (pthread_cond_timedwait(&call->wake, &call->lock, &until) == ETIMEDOUT)
			break;
	}
	cancelled = call->cancelled;
	pthread_mutex_unlock(&call->lock);
	return cancelled ? -EINTR : 0;
}

void call_continue(struct call *to, const struct call *from)
{
	call_init(to, from->path);
	to->uid = from->uid;
	to->gid = from->gid;
	to->pid = from->pid;
	atomic_store(&to->reached, atomic_load(&from->reached));
	memcpy(to->command, from->command, sizeof(to->command));
}

/* Field FIELD (from 3) of /proc/TASK/stat, 0 when it can't be read. */
static unsigned long long stat_field(pid_t task, int field)
{
	char text[1024];
	char *after;
	size_t length;
	FILE *file;

	snprintf(text, sizeof(text), "/proc/%ld/stat", (long)task);
	file = fopen(text, "re");
	if (!file)
		return 0;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	/* The second field is the command's name in brackets, which may hold anything. */
	after = strrchr(text, ')');
	for (int at = 2; after && at < field; at++)
		after = strchr(after + 1, ' ');
	return after ? strtoull(after, NULL, 10) : 0;
}

unsigned long long call_process_start(pid_t pid)
{
	return stat_field(pid, 22);
}

bool call_thread_exiting(pid_t thread)
{
	const unsigned long long
	    exiting = 0x4; /* PF_EXITING of the kernel's include/linux/sched.h */

	return stat_field(thread, 9) & exiting;
}
