/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - start and stop, in order.
 *
 * Builds the whole stack in one place: config, requests to vendors, filesystem, FUSE session. Once
 * the loop has begun, the process exits only through the end of main.
 */
#include "cache/history/audit.h"
#include "fs/fs.h"
#include "fs/ops.h"
#include "mount/arguments.h"
#include "mount/background.h"
#include "mount/bar.h"
#include "mount/check.h"
#include "mount/config.h"
#include "mount/descriptors.h"
#include "mount/explain.h"
#include "mount/mountpoint.h"
#include "mount/options.h"
#include "vendors/rest/account.h"
#include "vendors/rest/login.h"
#include "vendors/http/http.h"
#include "vendors/base/log.h"
#include "vendors/list/page_arena.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define SETTLE_MILLISECONDS 2000

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print a line to stderr. Control characters in names that it quotes become question marks. */
static void complain(const char *format, ...)
{
	char words[2 * PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	for (char *c = words; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	bar_pause();
	fprintf(stderr, "rosterfs: %s\n", words);
	bar_resume();
}

/* Print each line of WORDS, which is changed, as complain does. */
static void complain_lines(char *words)
{
	char *line;

	while ((line = strsep(&words, "\n")))
		complain("%s", line);
}

/* The last message of libfuse in this thread. The main thread's becomes part of our own message. */
static _Thread_local char fuse_words[256];

static void on_fuse_log(enum fuse_log_level level, const char *format, va_list args)
{
	(void)level;
	vsnprintf(fuse_words, sizeof(fuse_words), format, args);
	fuse_words[strcspn(fuse_words, "\n")] = '\0';
	log_line("libfuse: %s", fuse_words);
}

/* Protect the keys in memory: no core dump, and only root may inspect the process. */
static void hide_memory(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/*
 * Return large arrays to the kernel when they are freed. By default malloc adapts and keeps them,
 * and small allocations in their holes make the heap a sixth larger over twenty refreshes.
 */
static void settle_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
}

struct mount {
	struct options options;
	struct config config;
	char mountpoint[PATH_MAX];
	struct http *http;
	struct audit *audit, *changes_log;
	struct fs *fs;
	struct fuse_session *session;
	bool handlers, mounted;
	bool greeted; /* INIT has arrived */
};

/* Make the queues of all accounts with an API. Returns 0 or a negative errno; -EMFILE is reported
 * already. */
static int open_queues(struct mount *mount)
{
	char words[1024];
	int error = descriptors_provide(&mount->config, words, sizeof(words));

	if (words[0]) {
		complain("%s", words);
		log_line("%s", words);
	}
	if (error)
		return error;
	page_arena_install();
	mount->http = http_new();
	if (!mount->http)
		return -ENOMEM;
	for (size_t i = 0; !error && i < mount->config.account_count; i++) {
		struct account *account = mount->config.accounts[i];

		if (!account->vendor->users)
			continue;
		error = login_open(mount->http, account, words, sizeof(words));
		if (error)
			complain("[%s]: %s", account->name, words);
	}
	return error;
}

/*
 * Open the file at PATH (NULL: none) that KEY of the config names. A file below the mount point is
 * refused, because it could only be reached through this process. Returns 0, or a negative errno
 * after the error is reported.
 */
static int open_lines(struct mount *mount, const char *key, const char *path, struct audit **audit)
{
	size_t length = strlen(mount->mountpoint);
	char real[PATH_MAX], why[2 * PATH_MAX];
	int error;

	if (!path)
		return 0;
	error = audit_open(key, path, audit, why, sizeof(why));
	if (error) {
		complain("%s", why);
		return error;
	}
	if (realpath(path, real) && strncmp(real, mount->mountpoint, length) == 0 &&
	    (real[length] == '/' || length == 1)) {
		complain("%s %s: the file must not be below the mount point", key, path);
		return -EINVAL;
	}
	return 0;
}

/* Open the files that get lines. As open_lines. */
static int open_logs(struct mount *mount)
{
	int error = 0;

	if (!mount->options.read_only)
		error = open_lines(mount, "audit_log", mount->config.audit_log, &mount->audit);
	if (!error)
		error = open_lines(mount, "changes_log", mount->config.changes_log,
				   &mount->changes_log);
	return error;
}

/* Note that INIT has arrived. The mount is not up yet: libfuse may still refuse what the kernel
 * offers. */
static void on_init(void *arg)
{
	struct mount *mount = arg;

	mount->greeted = true;
}

/* Make everything up to the FUSE session. Returns 0, or a negative errno after the error is
 * reported. */
static int build(struct mount *mount)
{
	const struct options *options = &mount->options;
	struct fs_options fs_options = {
	    .uid = options->uid,
	    .gid = options->gid,
	    .umask = options->umask,
	    .umask_given = options->umask_given,
	    .read_only = options->read_only,
	    .dry_run = options->dry_run,
	    .status_limit = mount->config.status_limit,
	    .status_window = mount->config.status_window,
	    .scratch_limit = mount->config.scratch_limit,
	    .csv = {.guard = mount->config.csv_guard, .bom = mount->config.csv_bom},
	    .audit = mount->audit,
	    .changes_limit = mount->config.changes_limit,
	    .changes_log = mount->changes_log,
	    .domains = mount->config.domains,
	};
	char *words = options_session(options);
	char *argv[] = {(char[]){"rosterfs"}, words, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(2, argv);
	int error = open_queues(mount);

	if (!error && words)
		mount->fs = fs_new(&fs_options, mount->config.accounts,
				   mount->config.account_count);
	if (!mount->fs) {
		if (error != -EMFILE)
			complain("out of memory");
		goto out;
	}
	mount->fs->greeted = on_init;
	mount->fs->greeted_arg = mount;
	mount->session = fuse_session_new(&args, &ops_table, sizeof(ops_table), mount->fs);
	if (!mount->session) {
		complain("%s", fuse_words[0] ? fuse_words : "the mount options are wrong");
		goto out;
	}
	mount->fs->session = mount->session;
out:
	free(words);
	fuse_opt_free_args(&args);
	return mount->session ? 0 : -EINVAL;
}

/* Mount the session. What fusermount3 prints to stderr becomes part of our own message. */
static int mount_session(struct mount *mount)
{
	int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	int caught = memfd_create("words", MFD_CLOEXEC);
	bool catch = before >= 0 && caught >= 0 && !mount->options.debug;
	ssize_t length = 0;
	int error;

	if (catch)
		dup2(caught, STDERR_FILENO);
	error = fuse_session_mount(mount->session, mount->mountpoint);
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
static int attach(struct mount *mount)
{
	if (fuse_set_signal_handlers(mount->session)) {
		complain("cannot set signal handlers");
		return -EINVAL;
	}
	mount->handlers = true;
	if (mount_session(mount)) {
		complain("%s: cannot mount: %s", mount->mountpoint,
			 fuse_words[0] ? fuse_words : "check that /dev/fuse and fusermount3 exist");
		return -EINVAL;
	}
	mount->mounted = true;
	if (fs_start(mount->fs)) {
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
static int answer_init(struct mount *mount)
{
	struct fuse_session *session = mount->session;
	struct fuse_buf buffer = {.mem = NULL};
	int count = 0;

	fuse_words[0] = '\0';
	while (!mount->greeted && !fuse_session_exited(session) &&
	       (count >= 0 || count == -EINTR)) {
		count = fuse_session_receive_buf(session, &buffer);
		if (count > 0)
			fuse_session_process_buf(session, &buffer);
	}
	free(buffer.mem);
	return count < 0 && count != -EINTR ? count : 0;
}

static int loop(struct mount *mount)
{
	struct fuse_loop_config *config = fuse_loop_cfg_create();
	int result;
	bool up;

	if (!config) {
		complain("out of memory");
		return -1;
	}
	result = answer_init(mount);
	up = result == 0 && !fuse_session_exited(mount->session);
	if (up) {
		background_ready();
		fs_poll(mount->fs);
	}
	fuse_loop_cfg_set_clone_fd(config, 0);
	fuse_loop_cfg_set_max_threads(config, 10);
	fuse_loop_cfg_set_idle_threads(config, 10);
	/* for a session that has ended, this only returns the reason */
	if (result == 0)
		result = fuse_session_loop_mt(mount->session, config);
	fuse_loop_cfg_destroy(config);
	if (!up && result < 0)
		complain("%s: cannot mount: %s", mount->mountpoint,
			 fuse_words[0] ? fuse_words : strerror(-result));
	/* a signal is a usual way to end, and an unmount may look like an abort */
	return result < 0 && result != -ECONNABORTED ? -1 : 0;
}

static void tear_down(struct mount *mount)
{
	sigset_t all;

	/* everything that waits fails at once; only changes in progress get some time */
	if (mount->fs)
		fs_stop(mount->fs, SETTLE_MILLISECONDS);
	http_stop(mount->http);
	fs_finish(mount->fs);
	bar_end();
	http_free(mount->http);
	/* only after all threads have ended: it closes the descriptor that they reply to */
	if (mount->mounted)
		fuse_session_unmount(mount->session);
	fs_free(mount->fs);
	audit_free(mount->audit);
	audit_free(mount->changes_log);
	if (mount->handlers) {
		/* without handlers a second signal would kill the process */
		sigfillset(&all);
		pthread_sigmask(SIG_BLOCK, &all, NULL);
		fuse_remove_signal_handlers(mount->session);
	}
	if (mount->session)
		fuse_session_destroy(mount->session);
}

static unsigned run_checks(struct mount *mount)
{
	unsigned failed;

	bar_begin();
	failed = check_run(&mount->config, mount->options.quick, stdout);
	bar_end();
	return failed;
}

static int run_check(struct mount *mount)
{
	const char *audit = mount->config.audit_log, *changes = mount->config.changes_log;
	char why[2 * PATH_MAX];
	int error = open_queues(mount);
	unsigned failed = 1;

	if (error && error != -EMFILE)
		complain("out of memory");
	else if (!error && ((audit && audit_check("audit_log", audit, why, sizeof(why))) ||
			    (changes && audit_check("changes_log", changes, why, sizeof(why)))))
		complain("%s", why);
	else if (!error)
		failed = run_checks(mount);
	http_free(mount->http);
	return failed ? 1 : 0;
}

static int run_explain(struct mount *mount)
{
	int error = open_queues(mount), failed = 1;

	if (error && error != -EMFILE)
		complain("out of memory");
	else if (!error)
		failed = explain_run(&mount->config, mount->options.path, mount->options.word,
				     stdout);
	http_free(mount->http);
	return failed;
}

static int run_mount(struct mount *mount)
{
	char why[2 * PATH_MAX];
	int error = mountpoint_find(mount->options.mountpoint, mount->options.nonempty,
				    mount->mountpoint, why, sizeof(why));

	if (error)
		complain("%s", why);
	if (!error && !mount->options.foreground) {
		error = background_fork();
		if (error)
			complain("cannot fork: %s", strerror(-error));
	}
	if (error)
		return 1;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ,
	       SIG_IGN); /* exceeding a limit on audit_log's size is an error, not a signal */
	log_to_stderr(mount->options.debug);
	fuse_set_log_func(on_fuse_log);
	error = open_logs(mount);
	if (!error)
		error = build(mount);
	if (!error)
		error = attach(mount);
	if (!error && !mount->options.foreground && chdir("/"))
		log_line("chdir /: %s", strerror(errno));
	/* with -d, the log is on the same terminal */
	if (!error && mount->options.foreground && !mount->options.debug)
		bar_begin();
	if (!error)
		error = loop(mount);
	tear_down(mount);
	/* Only now, so that the mount is gone when the command returns. A no-op after a mount that
	 * was up. */
	background_failed();
	return error ? 1 : 0;
}

int main(int argc, char **argv)
{
	static struct mount mount;
	static char why[65536]; /* a config may have many errors */
	int status = 2;

	if (options_parse(argc, argv, &mount.options, why, sizeof(why))) {
		complain("%s", why);
		goto out;
	}
	status = 0;
	if (mount.options.help) {
		fputs(options_help(), stdout);
		goto out;
	}
	if (mount.options.version) {
		printf("rosterfs %s\n", ROSTERFS_VERSION);
		goto out;
	}
	hide_memory();
	settle_memory();
	status = 1;
	if (arguments_check(&mount.options, why, sizeof(why)))
		complain("%s", why);
	else if (config_read(mount.options.config, &mount.config, why, sizeof(why)))
		complain_lines(why);
	else if (mount.options.explain)
		status = run_explain(&mount);
	else
		status = mount.options.check ? run_check(&mount) : run_mount(&mount);
	config_clear(&mount.config);
	log_free();
out:
	options_clear(&mount.options);
	return status;
}
