/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - one request of a process, which may have to wait for a vendor.
 *
 * A struct call says which process asks, for which path, whether it still waits, and why the
 * request failed. A function that takes a call may wait for a vendor; one that does not is local
 * and quick. The function that initialises a call owns it; the call outlives each function that it
 * is passed to.
 *
 * Threads: the caller's fields are set once, before the call is shared. call_cancel, call_wake and
 * call_cancelled may be used from any thread. All other functions and fields belong to the one
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
	CALL_UNAUDITED,  /* audit_log or history_dir cannot be written */
	CALL_HELD,       /* not sent: a change is only explained */
	CALL_NO_LOCK,    /* the hosts' shared store cannot be asked for the lock of a record */

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
	CALL_OVERDONE,      /* done, and what was not asked for has changed too */
	CALL_TOKEN_REFUSED, /* a token was asked for and refused (400, 422) */
	CALL_NO_TOKEN,      /* no token can be asked for there (404, 405, 409, 412) */
};

struct call {
	/* the caller, and what it asks for; the path is relative to the mount point */
	uid_t uid;
	gid_t gid;
	pid_t pid; /* the process, not the thread; 0: rosterfs itself */
	char command[CALL_COMMAND_MAX];
	char path[CALL_PATH_MAX];
	struct timespec written; /* when the text to save was written; all 0: not known */

	/* does the caller still wait? */
	pthread_mutex_t lock;
	pthread_cond_t wake; /* signalled by call_cancel and call_wake */
	bool cancelled;      /* under lock */
	struct call *nested; /* under lock: cancelled with this one; or NULL */

	/* why it failed: set where the cause is known, and passed upward unchanged */
	enum call_verdict verdict; /* of the last response, or of call_fail */
	int error;                 /* the errno of the verdict, positive; 0: none */
	int status;                /* HTTP status of the last response, for messages; 0: none */
	bool unasked;              /* the status is an earlier response's: nothing was sent */
	int64_t told;              /* milliseconds that the vendor said to wait; 0: none */
	char request[CALL_REQUEST_MAX]; /* "PUT /user/123" of the request that decided */
	char words[CALL_WORDS_MAX];     /* one line, redacted */

	/* The error that the vendor reports in a response to a PUT with a status of success: one
	   line, redacted; "": none. Set by item.c; the caller that sends the PUT clears it first.
	 */
	char said[CALL_WORDS_MAX / 2];

	/* The vendor has responded to this call, or received a change from it, so that waiting is
	   worthwhile if no connection comes about. Set by http.h. The caller that waits for another
	   call to the same vendor copies it there. */
	atomic_bool reached;

	/* A change was sent, and no response says that the vendor is done with it. Set by http.h.
	 */
	bool unanswered;

	/* Until when what was read is valid (monotonic seconds), if some of it is this mount's own
	   memory, in place of a response that lags behind a write. 0: all of it is the vendor's. */
	double good_until;

	/* what a change rests on, owned by the caller (basis.h); NULL: this is no change */
	struct basis *basis;
};

/* Prepare CALL for rosterfs' own work (pid 0) on PATH. Never fails. Pair with call_destroy. */
void call_init(struct call *call, const char *path);

/* Set the caller. THREAD, from the kernel, is mapped to its process and command name. */
void call_set_caller(struct call *call, uid_t uid, gid_t gid, pid_t thread);

void call_destroy(struct call *call);

/*
 * Fail CALL with VERDICT and words (one line, cut to its room), which must hold no secret. Returns
 * the negative errno of VERDICT, so that a caller can `return call_fail(...)`.
 */
int call_fail(struct call *call, enum call_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Return the errno of VERDICT, positive; CALL_OK: 0. */
int call_errno(enum call_verdict verdict);

/* Fail CALL with a failure that is known only as ERROR, a positive errno. Returns -ERROR. */
int call_fail_errno(struct call *call, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fail CALL because no memory is left. Returns -ENOMEM. */
int call_no_memory(struct call *call);

/* Fail CALL because its caller was interrupted. Returns -EINTR. */
int call_interrupted(struct call *call);

/*
 * Replace the verdict of CALL, which has failed, by VERDICT: more is known than the response told.
 * The words stay. Returns the negative errno of VERDICT.
 */
int call_decide(struct call *call, enum call_verdict verdict);

/* Return true if CALL has failed because no response that can be used arrived, or because it did
 * not show a change: another request may tell more. */
bool call_is_inconclusive(const struct call *call);

/* Clear verdict, errno and words of CALL: the failure was expected, or has been dealt with. The
 * request and its HTTP status stay. */
void call_clear(struct call *call);

/* Forget the last request of CALL and its HTTP status: what fails from now on is not about it, and
 * its message must not name it. Verdict, errno and words stay. */
void call_forget_request(struct call *call);

/* Append to the words of a call that has failed (cut to their room). */
void call_add_words(struct call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Print the request that decided how CALL failed into TEXT (CALL_REQUEST_MAX + 32 bytes), with the
 * HTTP status if there was a response: "GET /user answered 403: ", or "" without a request.
 */
void call_tell_request(const struct call *call, char *text);

/*
 * Say that VENDOR cannot be read, because CALL failed with ERROR, a positive errno. The words
 * become "VENDOR can't be readMORE: REQUEST answered STATUS: WORDS", and the call's request is
 * cleared.
 */
void call_fail_unreadable(struct call *call, int error, const char *vendor, const char *more);

/* Copy the failure (verdict, errno, words, request, status) of FROM to TO. */
void call_copy_error(struct call *to, const struct call *from);

/* Note that what CALL has read is valid until UNTIL (monotonic seconds), or until an earlier time
 * that was noted before. */
void call_good_until(struct call *call, double until);

/* Cancel CALL: its caller is gone, or the mount is ending. Wakes call_wait. Idempotent. */
void call_cancel(struct call *call);

/* Return true if CALL is cancelled. */
bool call_cancelled(struct call *call);

/* Wake call_wait, because something that CALL waits for has happened. */
void call_wake(struct call *call);

/*
 * Block until READY(ARG) is true or CALL is cancelled. READY runs under call->lock and must be
 * quick and take no lock. The thread that makes READY true calls call_wake afterwards. Returns 0,
 * or -EINTR with words if cancelled.
 */
int call_wait(struct call *call, bool (*ready)(void *arg), void *arg);

/* As call_wait, for MILLISECONDS at most. Returns -ETIMEDOUT without words when they are over. */
int call_wait_for(struct call *call, bool (*ready)(void *arg), void *arg, unsigned milliseconds);

/* Return the time MILLISECONDS from now, for pthread_cond_timedwait (clock_cond_init). */
struct timespec call_deadline(unsigned milliseconds);

/* Sleep MILLISECONDS, or until CALL is cancelled. Returns 0, or -EINTR without words if cancelled.
 */
int call_pause(struct call *call, unsigned milliseconds);

/* Prepare TO, as call_init does, as more work for the caller of FROM, which cancelling FROM does
 * not stop. It has no basis. */
void call_continue(struct call *to, const struct call *from);

/* Prepare TO as call_continue does. Cancelling FROM cancels TO, until call_unnest; TO can be
 * cancelled alone. FROM has one nested call at a time. */
void call_nest(struct call *to, struct call *from);

/* Destroy NESTED, and copy its failure, if it has failed, to FROM. */
void call_unnest(struct call *nested, struct call *from);

#endif
