/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - one thing that somebody asked for, and that may have to wait for a vendor.
 *
 * A struct call says who asked, for which path, whether they still want it, and has room for the
 * words of an error. A function that takes a call may wait for a vendor; one that does not is local
 * and quick. A call belongs to whoever initialised it and outlives each function it is handed to.
 *
 * Threads: the fields under "who" are set once, before the call is shared. call_cancel, call_wake
 * and call_cancelled may be used from any thread. call_fail and the error fields belong to the one
 * thread that works on the call.
 */
#ifndef ROSTERFS_CALL_H
#define ROSTERFS_CALL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct basis;

#define CALL_PATH_MAX 640
#define CALL_WORDS_MAX 768
#define CALL_REQUEST_MAX 256
#define CALL_COMMAND_MAX 16

struct call {
	/* who asked, and for what; a path is relative to the mount point */
	uid_t uid;
	gid_t gid;
	pid_t pid; /* the process, not the thread; 0: rosterfs itself */
	char command[CALL_COMMAND_MAX];
	char path[CALL_PATH_MAX];
	struct timespec
	    written; /* when the text that is saved was written; all 0: it is not known */

	/* do they still want it? */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* signalled on cancel, and by call_wake */
	bool cancelled;      /* under lock */

	/* why it failed: set by call_fail where the cause is known, passed upward untouched */
	int error;                      /* 0, or a positive errno */
	int status;                     /* HTTP status of the answer that decided, 0: none */
	int token_status;               /* in its place, where that refused a token: it says nothing
					   of what was asked for. 0: none */
	bool unasked;                   /* it is that of an earlier one: nothing was sent */
	int64_t told;                   /* milliseconds that it said to wait, 0: it did not */
	char request[CALL_REQUEST_MAX]; /* "PUT /user/123" of the request that decided */
	char words[CALL_WORDS_MAX];     /* one line, redacted */

	/* What the vendor says of an error in an answer to a PUT whose status is a success, one
	 * line, redacted; "": it tells of none. By item.c; whoever sends the PUT clears it first */
	char said[CALL_WORDS_MAX / 2];

	/* The vendor has answered a request of this call, or got a change from it: it is worth to
	 * wait for the vendor where no connection comes about. By http.h; whoever waits for another
	 * call with the same vendor hands it on */
	atomic_bool reached;

	/* a change was sent, and no answer tells that the vendor is done with it. By http.h */
	bool unanswered;

	/* Something that was read is this mount's own memory, in place of a response that lags
	   behind a write: so long it is good (monotonic seconds). 0: all is the vendor's word. */
	double good_until;

	/* what a change rests on, the caller's (basis.h); NULL: this is no change */
	struct basis *basis;
};

/* Prepare CALL for rosterfs' own work (pid 0) on PATH. Never fails. Pair with call_destroy. */
void call_init(struct call *call, const char *path);

/* Say who asks: THREAD is the id the kernel gave; it is mapped to its process and command name. */
void call_set_caller(struct call *call, uid_t uid, gid_t gid, pid_t thread);

void call_destroy(struct call *call);

/*
 * Note why CALL fails: ERROR is a positive errno, the format gives the words (cut to one line).
 * Returns -ERROR, so that a caller can `return call_fail(...)`. The words must hold no secret.
 */
int call_fail(struct call *call, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Add to the words of a call that call_fail was used on (cut to their room). */
void call_add_words(struct call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The HTTP status to show with the words, whatever it was that the vendor answered; 0: none. */
int call_shown_status(const struct call *call);

/*
 * Print the request that decided how CALL failed into TEXT (CALL_REQUEST_MAX + 32 bytes), with the
 * HTTP status if there was a response: "GET /user answered 403: ", or "" without a request.
 */
void call_tell_request(const struct call *call, char *text);

/*
 * Say in CALL, which failed with ERROR (a positive errno), that VENDOR can't be read: the words
 * become "VENDOR can't be readMORE: REQUEST answered STATUS: WORDS", and the call has no request
 * any more.
 */
void call_fail_unreadable(struct call *call, int error, const char *vendor, const char *more);

/* Copy the error (errno, words, request, status) of FROM to TO. */
void call_copy_error(struct call *to, const struct call *from);

/* What CALL has read is good until UNTIL (monotonic seconds), or a time that was said before and is
 * earlier. */
void call_good_until(struct call *call, double until);

/* The caller is gone, or the mount is ending. Wakes whoever waits for CALL. Idempotent. */
void call_cancel(struct call *call);

bool call_cancelled(struct call *call);

/* Something that CALL waits for has happened: wake call_wait. */
void call_wake(struct call *call);

/*
 * Block until READY(ARG) is true or the call is cancelled; READY runs under call->lock and must be
 * quick and take no lock. Whoever makes READY true calls call_wake afterwards.
 * Returns 0, or -EINTR when cancelled (words are set).
 */
int call_wait(struct call *call, bool (*ready)(void *arg), void *arg);

/* The time MILLISECONDS from now, as pthread_cond_timedwait takes it. */
struct timespec call_deadline(unsigned milliseconds);

/* Sleep MILLISECONDS or until the call is cancelled. Returns 0, or -EINTR when cancelled (no
 * words). */
int call_pause(struct call *call, unsigned milliseconds);

/* Prepare TO (call_init's counterpart) as more work for the same asker, whom cancelling FROM does
 * not stop. It has no basis. */
void call_continue(struct call *to, const struct call *from);

/* The process that THREAD belongs to. */
pid_t call_process(pid_t thread);

/* When process PID started, in clock ticks after boot, or 0: with the pid it names one process for
 * ever. */
unsigned long long call_process_start(pid_t pid);

/* Is THREAD on its way out (exit, or killed), so that nobody hears an error any more? */
bool call_thread_exiting(pid_t thread);

#endif
