/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c - see call.h.
 *
 * It knows the caller, whether it still waits, and why the request failed. It must not know what is
 * asked for: vendors, records and files are above it.
 */
#include "vendors/base/call.h"

#include "vendors/base/clock.h"
#include "vendors/base/one_line.h"
#include "vendors/base/process.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void call_init(struct call *call, const char *path)
{
	memset(call, 0, sizeof(*call));
	pthread_mutex_init(&call->lock, NULL);
	clock_cond_init(&call->wake);
	snprintf(call->path, sizeof(call->path), "%s", path);
	snprintf(call->command, sizeof(call->command), "rosterfs");
}

void call_good_until(struct call *call, double until)
{
	if (call->good_until <= 0 || until < call->good_until)
		call->good_until = until;
}

void call_set_caller(struct call *call, uid_t uid, gid_t gid, pid_t thread)
{
	char name[64];
	FILE *file;

	call->uid = uid;
	call->gid = gid;
	call->pid = process_of(thread);
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

/* The one table from verdict to errno. */
static const int errnos[] = {
    [CALL_OK] = 0,
    [CALL_NO_MEMORY] = ENOMEM,
    [CALL_CANCELLED] = EINTR,
    [CALL_INVALID] = EINVAL,
    [CALL_FORBIDDEN] = EPERM,
    [CALL_READ_ONLY] = EROFS,
    [CALL_OVER_LIMIT] = EDQUOT,
    [CALL_NOT_TOLD] = ENODATA,
    [CALL_SYSTEM] = EIO,
    [CALL_UNAUDITED] = EIO,
    [CALL_HELD] = ECANCELED,
    [CALL_NO_LOCK] = EREMOTEIO,
    [CALL_TIMED_OUT] = ETIMEDOUT,
    [CALL_NO_CONNECTION] = ECONNREFUSED,
    [CALL_NO_ROUTE] = EHOSTUNREACH,
    [CALL_PROTOCOL] = EPROTO,
    [CALL_NO_DESCRIPTOR] = EMFILE,
    [CALL_LOST] = EREMOTEIO,
    [CALL_LATE] = EBUSY,
    [CALL_MISSING] = ENOENT,
    [CALL_NO_PATH] = EREMOTEIO,
    [CALL_BAD_REQUEST] = EINVAL,
    [CALL_REFUSED] = EINVAL,
    [CALL_BAD_KEYS] = EKEYREJECTED,
    [CALL_DENIED] = EACCES,
    [CALL_UNSUPPORTED] = EOPNOTSUPP,
    [CALL_TAKEN] = EEXIST,
    [CALL_CONFLICT] = ESTALE,
    [CALL_PRECONDITION] = ESTALE,
    [CALL_TOO_LARGE] = EFBIG,
    [CALL_LIMITED] = EBUSY,
    [CALL_FAILED] = EREMOTEIO,
    [CALL_MALFORMED] = EREMOTEIO,
    [CALL_NOT_APPLIED] = EREMOTEIO,
    [CALL_OVERDONE] = EREMOTEIO,
    [CALL_TOKEN_REFUSED] = EINVAL,
    [CALL_NO_TOKEN] = EREMOTEIO,
};

#define VERDICTS (sizeof(errnos) / sizeof(errnos[0]))

_Static_assert(VERDICTS == CALL_NO_TOKEN + 1, "each verdict has an errno");

int call_errno(enum call_verdict verdict)
{
	return errnos[verdict];
}

/* Return the most general of the verdicts with ERROR, which is the first one. */
static enum call_verdict call_verdict_of(int error)
{
	for (size_t verdict = 0; verdict < VERDICTS; verdict++) {
		if (errnos[verdict] == error)
			return (enum call_verdict)verdict;
	}
	return CALL_SYSTEM;
}

static void set_words(struct call *call, const char *format, va_list args)
{
	vsnprintf(call->words, sizeof(call->words), format, args);
	one_line(call->words, ' ');
}

int call_fail(struct call *call, enum call_verdict verdict, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_words(call, format, args);
	va_end(args);
	return call_decide(call, verdict);
}

int call_fail_errno(struct call *call, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_words(call, format, args);
	va_end(args);
	call->verdict = call_verdict_of(error);
	call->error = error;
	return -error;
}

int call_no_memory(struct call *call)
{
	return call_fail(call, CALL_NO_MEMORY, "no memory");
}

int call_interrupted(struct call *call)
{
	return call_fail(call, CALL_CANCELLED, "interrupted");
}

int call_decide(struct call *call, enum call_verdict verdict)
{
	call->verdict = verdict;
	call->error = errnos[verdict];
	return -call->error;
}

bool call_is_inconclusive(const struct call *call)
{
	switch (call->verdict) {
	case CALL_LOST:
	case CALL_NO_PATH:
	case CALL_FAILED:
	case CALL_MALFORMED:
	case CALL_NOT_APPLIED:
	case CALL_NO_TOKEN:
		return true;
	default:
		return false;
	}
}

void call_clear(struct call *call)
{
	call->verdict = CALL_OK;
	call->error = 0;
	call->words[0] = '\0';
}

void call_forget_request(struct call *call)
{
	call->request[0] = '\0';
	call->status = 0;
}

void call_add_words(struct call *call, const char *format, ...)
{
	size_t length = strlen(call->words);
	va_list args;

	va_start(args, format);
	vsnprintf(call->words + length, sizeof(call->words) - length, format, args);
	va_end(args);
}

void call_tell_request(const struct call *call, char *text)
{
	if (!call->request[0])
		text[0] = '\0';
	else if (call->status && !call->unasked)
		snprintf(text, CALL_REQUEST_MAX + 32, "%s answered %d: ", call->request,
			 call->status);
	else
		snprintf(text, CALL_REQUEST_MAX + 32, "%s: ", call->request);
}

void call_fail_unreadable(struct call *call, int error, const char *vendor, const char *more)
{
	char request[CALL_REQUEST_MAX + 32], words[CALL_WORDS_MAX];
	enum call_verdict verdict = call->error == error ? call->verdict : call_verdict_of(error);

	memcpy(words, call->words, sizeof(words));
	call_tell_request(call, request);
	call->request[0] = '\0';
	call_fail_errno(call, error, "%s can't be read%s: %s%s", vendor, more, request, words);
	call->verdict = verdict;
}

void call_copy_error(struct call *to, const struct call *from)
{
	to->verdict = from->verdict;
	to->error = from->error;
	to->status = from->status;
	to->unasked = from->unasked;
	memcpy(to->request, from->request, sizeof(to->request));
	memcpy(to->words, from->words, sizeof(to->words));
}

void call_cancel(struct call *call)
{
	pthread_mutex_lock(&call->lock);
	call->cancelled = true;
	if (call->nested)
		call_cancel(call->nested);
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
	return done ? 0 : call_interrupted(call);
}

struct timespec call_deadline(unsigned milliseconds)
{
	return clock_cond_time(milliseconds / 1000.0);
}

int call_wait_for(struct call *call, bool (*ready)(void *arg), void *arg, unsigned milliseconds)
{
	struct timespec until = call_deadline(milliseconds);
	bool done, cancelled;
	int error = 0;

	pthread_mutex_lock(&call->lock);
	while (!(done = ready(arg)) && !call->cancelled && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&call->wake, &call->lock, &until);
	cancelled = call->cancelled;
	pthread_mutex_unlock(&call->lock);
	if (done)
		return 0;
	return cancelled ? call_interrupted(call) : -ETIMEDOUT;
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

void call_nest(struct call *to, struct call *from)
{
	call_continue(to, from);
	pthread_mutex_lock(&from->lock);
	to->cancelled = from->cancelled;
	from->nested = to;
	pthread_mutex_unlock(&from->lock);
}

void call_unnest(struct call *nested, struct call *from)
{
	pthread_mutex_lock(&from->lock);
	from->nested = NULL;
	pthread_mutex_unlock(&from->lock);
	if (nested->verdict != CALL_OK)
		call_copy_error(from, nested);
	if (atomic_load(&nested->reached))
		atomic_store(&from->reached, true);
	call_destroy(nested);
}
