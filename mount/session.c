/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.c - see session.h.
 *
 * Builds the whole stack in one place: queues of requests to vendors, filesystem, FUSE session.
 * Once the loop has begun, the process exits only through the end of main.
 */
#include "mount/session.h"

#include "cache/history/audit.h"
#include "cache/history/history_store.h"
#include "cache/roster/store.h"
#include "fs/fs.h"
#include "fs/ops.h"
#include "fs/tree/libfuse.h"
#include "mount/background.h"
#include "mount/config/config.h"
#include "mount/config/sharing.h"
#include "mount/mountpoint.h"
#include "mount/options.h"
#include "mount/queues.h"
#include "mount/reload.h"
#include "mount/systemd.h"
#include "mount/terminal/bar.h"
#include "mount/terminal/complain.h"
#include "vendors/base/log.h"
#include "vendors/base/vault.h"
#include "vendors/http/http.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* An unmount takes three seconds at most: this for changes that were sent, and the rest for the
 * shared store (fs_stop) and for what is written at the end. */
#define SETTLE_MILLISECONDS 2500
/* requests that wait are parked, and need none */
#define THREADS 10

/* The last message of libfuse in this thread. The main thread's becomes part of our own message. */
static _Thread_local char fuse_words[256];

static void on_fuse_log(enum fuse_log_level level, const char *format, va_list args)
{
	(void)level;
	vsnprintf(fuse_words, sizeof(fuse_words), format, args);
	fuse_words[strcspn(fuse_words, "\n")] = '\0';
	log_line("libfuse: %s", fuse_words);
}

struct session {
	const struct options *options;
	struct config *config;
	char mountpoint[PATH_MAX];
	struct http *http;
	struct audit *audit, *changes_log;
	struct history_store *history;
	struct store *store; /* of several hosts; NULL: none */
	struct fs *fs;
	struct fuse_session *fuse;
	struct reload *reload;
	bool handlers, mounted;
	bool greeted; /* INIT has arrived */
};

/* Return true if PATH, or its parent if there is no PATH yet, is at or below the mount point: it
 * could only be reached through this process. */
static bool is_below(const struct session *session, const char *path)
{
	size_t length = strlen(session->mountpoint);
	char real[PATH_MAX], parent[PATH_MAX];

	snprintf(parent, sizeof(parent), "%s", path);
	return (realpath(path, real) || (errno == ENOENT && realpath(dirname(parent), real))) &&
	       strncmp(real, session->mountpoint, length) == 0 &&
	       (real[length] == '/' || !real[length] || length == 1);
}

/*
 * Open the file at PATH (NULL: none) that KEY of the config names. A file below the mount point is
 * refused. Returns 0, or a negative errno after the error is reported.
 */
static int open_lines(struct session *session, const char *key, const char *path,
		      struct audit **audit)
{
	char why[2 * PATH_MAX];
	bool below;
	int error;

	if (!path)
		return 0;
	/* before the file is created, which would make the mount point one that is not empty */
	below = is_below(session, path);
	error = below ? 0 : audit_open(key, path, audit, why, sizeof(why));
	if (error) {
		complain("%s", why);
		return error;
	}
	/* a link that led to no file led there */
	if (below || is_below(session, path)) {
		complain("%s %s: the file must not be below the mount point", key, path);
		return -EINVAL;
	}
	return 0;
}

/* Warn of a log_umask that lets nobody in. */
static void warn_umask(const struct session *session)
{
	if (session->config->log_umask == 077 || session->options->allow_other)
		return;
	complain("warning: log_umask has no effect without -o allow_other: no other user can "
		 "access the mount");
}

/* Open the directory that keeps the history. A mount that changes nothing only reads it. As
 * open_lines. */
static int open_history(struct session *session)
{
	const char *path = session->config->history_dir;
	bool reads = session->options->read_only || session->options->dry_run;
	char why[3 * PATH_MAX];
	int error;

	if (!path)
		return 0;
	if (is_below(session, path)) {
		complain("history_dir %s: the directory must not be below the mount point", path);
		return -EINVAL;
	}
	error = history_store_open(path, reads, &session->history, why, sizeof(why));
	if (error)
		complain("%s", why);
	return error;
}

/* Open the files and the directory that are written to, and report what is wrong with each. Returns
 * 0 or the first negative errno. */
static int open_logs(struct session *session)
{
	const struct config *config = session->config;
	int error = 0, other;

	if (!session->options->read_only)
		error = open_lines(session, "audit_log", config->audit_log, &session->audit);
	other = open_lines(session, "changes_log", config->changes_log, &session->changes_log);
	error = error ? error : other;
	other = open_history(session);
	return error ? error : other;
}

/* Open the store of several hosts, if the config names one. As open_lines. */
static int open_store(struct session *session)
{
	const struct config *config = session->config;
	const struct shared_settings settings = sharing_settings(config);
	char why[512];
	int error;

	if (!config->shared)
		return 0;
	error = shared_open(&settings, config->accounts, config->account_count, &session->store,
			    why, sizeof(why));
	if (error)
		complain("shared: %s", why);
	return error;
}

/* Note that INIT has arrived. The mount is not up yet: libfuse may still refuse what the kernel
 * offers. */
static void on_init(void *arg)
{
	struct session *session = arg;

	session->greeted = true;
}

/* Make everything up to the FUSE session. Returns 0, or a negative errno after the error is
 * reported. */
static int build(struct session *session)
{
	const struct options *options = session->options;
	struct fs_options fs_options = {
	    .uid = options->uid,
	    .gid = options->gid,
	    .umask = options->umask,
	    .umask_given = options->umask_given,
	    .read_only = options->read_only,
	    .dry_run = options->dry_run,
	    .status_limit = session->config->status_limit,
	    .status_window = session->config->status_window,
	    .scratch_limit = session->config->scratch_limit,
	    .csv = {.guard = session->config->csv_guard, .bom = session->config->csv_bom},
	    .log_umask = session->config->log_umask,
	    .audit = session->audit,
	    .history = session->history,
	    .changes_limit = session->config->changes_limit,
	    .changes_log = session->changes_log,
	    .domains = session->config->domains,
	    .store = session->store,
	};
	char *words = options_session(options);
	char *argv[] = {(char[]){"rosterfs"}, words, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(2, argv);
	int error = queues_open(session->config, &session->http);

	if (!error && words)
		session->fs = fs_new(&fs_options, session->config->accounts,
				     session->config->account_count);
	if (!session->fs) {
		if (!error)
			complain("out of memory");
		goto out;
	}
	session->fs->greeted = on_init;
	session->fs->greeted_arg = session;
	session->fs->fetched = systemd_listens() ? reload_fetched : NULL;
	session->fuse = fuse_session_new(&args, &ops_table, sizeof(ops_table), session->fs);
	if (!session->fuse) {
		complain("%s", fuse_words[0] ? fuse_words : "the mount options are wrong");
		goto out;
	}
	session->fs->session = session->fuse;
out:
	free(words);
	fuse_opt_free_args(&args);
	return session->fuse ? 0 : -EINVAL;
}

/* Mount the session. What fusermount3 prints to stderr becomes part of our own message. */
static int mount_session(struct session *session)
{
	int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	int caught = memfd_create("words", MFD_CLOEXEC);
	bool catch = before >= 0 && caught >= 0 && !session->options->debug;
	ssize_t length = 0;
	int error;

	if (catch)
		dup2(caught, STDERR_FILENO);
	error = fuse_session_mount(session->fuse, session->mountpoint);
	if (catch) {
		dup2(before, STDERR_FILENO);
		length = pread(caught, fuse_words, sizeof(fuse_words) - 1, 0);
	}
	if (length > 0) {
		fuse_words[length] = '\0';
		fuse_words[strcspn(fuse_words, "\n")] = '\0';
	}
	if (before >= 0)
		close(before);
	if (caught >= 0)
		close(caught);
	return error;
}

/* Mount, and start the filesystem's threads. Returns 0, or a negative errno after the error is
 * reported. */
static int attach(struct session *session)
{
	if (reload_catch() || fuse_set_signal_handlers(session->fuse)) {
		complain("cannot set signal handlers");
		return -EINVAL;
	}
	session->handlers = true;
	if (mount_session(session)) {
		complain("%s: cannot mount: %s", session->mountpoint,
			 fuse_words[0] ? fuse_words : "check that /dev/fuse and fusermount3 exist");
		return -EINVAL;
	}
	session->mounted = true;
	if (fs_start(session->fs)) {
		complain("cannot start a thread");
		return -EAGAIN;
	}
	return 0;
}

/*
 * Answer INIT before there are threads. The mount is up only when libfuse has returned from it and
 * the session goes on. Until INIT is answered, the kernel sends nothing else. Returns 0, even if
 * the session has ended in it, or a negative errno.
 */
static int answer_init(struct session *session)
{
	struct fuse_session *fuse = session->fuse;
	struct fuse_buf buffer = {.mem = NULL};
	int count = 0;

	fuse_words[0] = '\0';
	while (!session->greeted && !fuse_session_exited(fuse) && (count >= 0 || count == -EINTR)) {
		count = fuse_session_receive_buf(fuse, &buffer);
		if (count > 0)
			fuse_session_process_buf(fuse, &buffer);
	}
	free(buffer.mem);
	return count < 0 && count != -EINTR ? count : 0;
}

/* Tell who waits that the mount works, and start what needs that. */
static void go_up(struct session *session)
{
	const struct options *options = session->options;
	size_t count = session->config->account_count;

	/* with -d, the log is on stderr already */
	session->reload = reload_start(session->config, session->fs, options->foreground,
				       options->foreground && !options->debug);
	if (!session->reload)
		log_line("cannot start a thread: SIGHUP does not read the config again");
	background_ready();
	systemd_ready("Mounted at %s: %zu %s", session->mountpoint, count,
		      count == 1 ? "vendor" : "vendors");
	fs_poll(session->fs);
}

static int loop(struct session *session)
{
	int result = answer_init(session);
	bool up = result == 0 && !fuse_session_exited(session->fuse);

	if (up)
		go_up(session);
	if (result == 0)
		result = libfuse_serve(session->fuse, THREADS);
	if (!up && result < 0)
		complain("%s: cannot mount: %s", session->mountpoint,
			 fuse_words[0] ? fuse_words : strerror(-result));
	else if (up && result < 0 && result != -ECONNABORTED)
		complain("%s: the mount has ended: %s", session->mountpoint,
			 fuse_words[0] ? fuse_words : strerror(-result));
	/* a signal is a usual way to end, and an unmount may look like an abort */
	return result < 0 && result != -ECONNABORTED ? -1 : 0;
}

static void tear_down(struct session *session)
{
	sigset_t all;

	if (session->mounted)
		systemd_stopping();
	reload_stop(session->reload);
	/* everything that waits fails at once; only changes in progress get some time */
	if (session->fs)
		fs_stop(session->fs, SETTLE_MILLISECONDS);
	http_stop(session->http);
	fs_finish(session->fs);
	bar_end();
	http_free(session->http);
	/* only after all threads have ended: it closes the descriptor that they reply to */
	if (session->mounted)
		fuse_session_unmount(session->fuse);
	fs_free(session->fs);
	if (session->store)
		session->store->ops->free(session->store);
	audit_free(session->audit);
	audit_free(session->changes_log);
	history_store_free(session->history);
	if (session->handlers) {
		/* without handlers a second signal would kill the process */
		sigfillset(&all);
		pthread_sigmask(SIG_BLOCK, &all, NULL);
		fuse_remove_signal_handlers(session->fuse);
	}
	if (session->fuse)
		fuse_session_destroy(session->fuse);
}

int session_run(const struct options *options, struct config *config)
{
	static struct session mounted;
	struct session *session = &mounted;
	char why[2 * PATH_MAX];
	int error, status;

	session->options = options;
	session->config = config;
	error = mountpoint_find(options, session->mountpoint, why, sizeof(why));
	if (error)
		complain("%s", why);
	if (!error && !options->foreground) {
		error = background_fork();
		if (error)
			complain("cannot fork: %s", strerror(-error));
	}
	if (error)
		return 1;
	vault_settle();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ,
	       SIG_IGN); /* exceeding a limit on audit_log's size is an error, not a signal */
	log_to_stderr(options->debug);
	fuse_set_log_func(on_fuse_log);
	error = open_logs(session);
	if (!error)
		error = open_store(session);
	/* those are errors of the config */
	status = error ? 2 : 1;
	if (!error)
		warn_umask(session);
	if (!error)
		error = build(session);
	if (!error)
		error = attach(session);
	if (!error && !options->foreground && chdir("/"))
		log_line("chdir /: %s", strerror(errno));
	/* with -d, the log is on the same terminal */
	if (!error && options->foreground && !options->debug)
		bar_begin();
	if (!error)
		error = loop(session);
	tear_down(session);
	/* Only now, so that the mount is gone when the command returns. A no-op after a mount that
	 * was up. */
	background_failed(status);
	return error ? status : 0;
}
