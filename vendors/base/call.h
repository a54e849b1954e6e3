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

/*
 * Why a call failed. The table in call.c gives each verdict its errno, and nothing else does: code
 * that must know what happened reads the verdict.
 */
enum call_verdict {
	CALL_OK, /* it has not failed */

	/* on this side */
	CALL_NO_MEMORY,
	CALL_CANCELLED,  /* the caller is gone, or the mount is ending */
	CALL_INVALID,    /* the caller's data is malformed or incomplete */
	CALL_FORBIDDEN,  /* a guard or an immutable field */
	CALL_READ_ONLY,  /* the mount is read-only */
	CALL_OVER_LIMIT, /* status_limit is reached */
	CALL_NOT_TOLD,   /* the vendor does not tell what was asked for */
	CALL_SYSTEM,     /* an errno without a verdict of its own: call->error */
	CALL_UNAUDITED,  /* audit_log cannot be written */

	/* no complete response arrived */
	CALL_TIMED_OUT,
	CALL_NO_CONNECTION, /* the connection was refused */
	CALL_NO_ROUTE,      /* the host is unknown or unreachable */
	CALL_PROTOCOL,      /* TLS or HTTP failed */
	CALL_NO_DESCRIPTOR, /* no file descriptor is left */
	CALL_LOST,          /* the connection broke, or the response was cut or too large */
	CALL_LATE,          /* not sent: the read that the change rests on is too old */

	/* the vendor answered */
	CALL_MISSING,       /* there is no such record (404, 410) */
	CALL_NO_PATH,       /* there is no such list or action (404, 410) */
	CALL_BAD_REQUEST,   /* 400 */
	CALL_REFUSED,       /* 422 */
	CALL_BAD_KEYS,      /* 401: the keys, or a token that was just issued */
	CALL_DENIED,        /* 403 */
	CALL_UNSUPPORTED,   /* 405, 501, or not offered by this vendor's API */
	CALL_TAKEN,         /* 409 on a record that is read or created: it exists already */
	CALL_CONFLICT,      /* 409 on a change, or the record was changed on both sides */
	CALL_PRECONDITION,  /* 412 */
	CALL_TOO_LARGE,     /* 413, or a document over the limit */
	CALL_LIMITED,       /* 429 */
	CALL_FAILED,        /* a redirect, a 5xx, or any other status */
	CALL_MALFORMED,     /* the response is not what the API promises */
	CALL_NOT_APPLIED,   /* accepted, but the vendor does not show the change */
	CALL_TOKEN_REFUSED, /* a token was asked for and refused (400, 422) */
	CALL_NO_TOKEN,      /* no token can be asked for there (404, 405, 409, 412) */
};

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

	/* why it failed: set by call_fail where the cause is known, passed upward unchanged */
	enum call_verdict verdict; /* of the last response, or of call_fail */
	int error;                 /* the errno of the verdict, positive; 0: none */
	int status;                /* HTTP status of the last response, for messages; 0: none */
	bool unasked;              /* it is that of an earlier one: nothing was sent */
	int64_t told;              /* milliseconds that it said to wait, 0: it did not */
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
 * Note why CALL fails: VERDICT, and in words (one line, cut to its room). The words must hold no
 * secret. Returns the negative errno of VERDICT, so that a caller can `return call_fail(...)`.
 */
int call_fail(struct call *call, enum call_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a failure that is known only as ERROR, a positive errno. Returns -ERROR. */
int call_fail_errno(struct call *call, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* CALL fails because no memory is left. Returns -ENOMEM. */
int call_no_memory(struct call *call);

/* CALL fails because its caller was interrupted. Returns -EINTR. */
int call_interrupted(struct call *call);

/*
 * More is known about a failure than the response told: it is VERDICT. The words stay. Returns the
 * negative errno of VERDICT.
 */
int call_decide(struct call *call, enum call_verdict verdict);

/* Forget verdict, errno and words: the failure was expected, or has been dealt with. The request
 * and its HTTP status stay. */
void call_clear(struct call *call);

/* Append to the words of a call that has failed (cut to their room). */
void call_add_words(struct call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Print the request that decided how CALL failed into TEXT (CALL_REQUEST_MAX + 32 bytes), with the
 * HTTP status if there was a response: "GET /user answered 403: ", or "" without a request.
 */
void call_tell_request(const struct call *call, char *text);

/*
 * CALL failed with ERROR, a positive errno: say that VENDOR cannot be read. The words become
 * "VENDOR can't be readMORE: REQUEST answered STATUS: WORDS", and the call's request is cleared.
 */
void call_fail_unreadable(struct call *call, int error, const char *vendor, const char *more);

/* Copy the failure (verdict, errno, words, request, status) of FROM to TO. */
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

#endif
