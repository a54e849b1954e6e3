/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload.c - see reload.h.
 *
 * The handler of the signal only counts in an eventfd, which the thread reads. Several signals in a
 * row make one reading. The upper half of the number counts what else there is to do.
 */
#include "mount/reload.h"

#include "cache/roster/figures.h"
#include "fs/control/notice.h"
#include "fs/fs.h"
#include "fs/tree/record_dir.h"
#include "mount/apply.h"
#include "mount/config/config.h"
#include "mount/config/secret.h"
#include "mount/systemd.h"
#include "mount/terminal/complain.h"
#include "vendors/base/log.h"
#include "vendors/rest/account.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 65536 /* a config may have many errors */

/* What is added to the event. */
#define HANGUP UINT64_C(1)
#define FETCHED (UINT64_C(1) << 32)

struct reload {
	struct config *config;
	struct fs *fs;
	bool aloud;    /* say on stderr what is wrong */
	bool terminal; /* this process ends with it */
	atomic_bool stopping;
	pthread_t thread;
};

static int event = -1;
static bool ignored; /* SIGHUP was, before reload_catch, as nohup(1) has it */

/* Add NUMBER to the event. */
static void add_event(uint64_t number)
{
	ssize_t count = write(event, &number, sizeof(number));

	(void)count;
}

static void on_hangup(int number)
{
	int error = errno;

	(void)number;
	add_event(HANGUP);
	errno = error;
}

void reload_fetched(void *arg)
{
	(void)arg;
	add_event(FETCHED);
}

int reload_catch(void)
{
	struct sigaction action = {.sa_handler = on_hangup, .sa_flags = SA_RESTART}, before;

	event = eventfd(0, EFD_CLOEXEC);
	sigemptyset(&action.sa_mask);
	if (event < 0 || sigaction(SIGHUP, &action, &before))
		return -errno;
	ignored = before.sa_handler == SIG_IGN;
	return 0;
}

static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

/* ---- what is told ---- */

/* Tell the lines of WORDS, which is changed. */
static void tell(const struct reload *reload, char *words)
{
	char *line;

	for (char *rest = words; (line = strsep(&rest, "\n"));) {
		if (!*line)
			continue;
		log_line("%s", line);
		if (reload->aloud)
			complain("%s", line);
	}
}

/* Show when the config was read, FIRST, and the lines of REST (or NULL), in status and to the
 * service manager. */
static void show(const struct reload *reload, const char *first, const char *rest)
{
	char when[32], *text = NULL;
	time_t now = time(NULL);
	struct tm local;

	localtime_r(&now, &local);
	strftime(when, sizeof(when), "%H:%M:%S", &local);
	if (asprintf(&text, "config: read again at %s%s%s%s", when, first, rest ? "\n" : "",
		     rest ? rest : "") < 0)
		text = NULL;
	notice_set(reload->fs, text);
	systemd_ready("%s", text ? text : "out of memory");
	free(text);
}

/* Take the newline at the end of TEXT away. */
static void chomp(char *text)
{
	size_t length = strlen(text);

	if (length && text[length - 1] == '\n')
		text[length - 1] = '\0';
}

/* ---- reading ---- */

/* Tell what is wrong with the config, so that nothing changes: lines. */
static void refuse(const struct reload *reload, char *why)
{
	char *first = strndup(why, strcspn(why, "\n"));

	show(reload, ", but it has errors, so nothing was changed; the log has all of them", first);
	free(first);
	tell(reload, why);
	log_line("config: it has errors, so nothing was changed");
}

/* Apply FRESH, which was read with NOTES. */
static void apply(const struct reload *reload, struct config *fresh, const char *notes)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	unsigned made;

	if (!out) {
		log_line("config: out of memory; nothing was changed");
		return;
	}
	if (*notes)
		fprintf(out, "%s\n", notes);
	made = apply_config(reload->config, fresh, reload->fs, out);
	if (fclose(out) || !text) {
		free(text);
		return;
	}
	chomp(text);
	show(reload, *text ? ", but not all of it is applied:" : "", *text ? text : NULL);
	tell(reload, text);
	free(text);
	log_line("config: read again: %u %s", made, made == 1 ? "change" : "changes");
}

static void read_again(const struct reload *reload)
{
	char *why = malloc(WORDS_MAX), *notes = malloc(WORDS_MAX);
	struct config fresh = {0};

	systemd_reloading();
	if (!why || !notes) {
		log_line("config: out of memory; it was not read again");
	} else if (config_read_again(reload->config, &fresh, why, WORDS_MAX, notes, WORDS_MAX)) {
		if (!reload->stopping)
			refuse(reload, why);
	} else {
		apply(reload, &fresh, notes);
		config_clear(&fresh);
	}
	free(why);
	free(notes);
}

/* Tell the service manager what is known. */
static void tell_known(const struct reload *reload)
{
	struct fs *fs = reload->fs;
	struct figures info, worst = {.last = {.failed = 0}};
	const char *whose = NULL;
	size_t users = 0;

	for (size_t i = 0; i < fs->branch_count; i++) {
		if (!fs->branches[i].users)
			continue;
		record_dir_info(&fs->branches[i], &info);
		users += info.known ? info.users : 0;
		if (!info.last.words[0] || info.last.failed < worst.last.failed)
			continue;
		worst = info;
		whose = fs->branches[i].account->name;
	}
	systemd_status("%zu %s, %zu %s known%s%s%s%s", fs->branch_count,
		       fs->branch_count == 1 ? "vendor" : "vendors", users,
		       users == 1 ? "user" : "users", whose ? "; last error: " : "",
		       whose ? whose : "", whose ? ": " : "", whose ? worst.last.words : "");
}

static void *run(void *arg)
{
	struct reload *reload = arg;
	uint64_t count;

	while (!reload->stopping) {
		if (read(event, &count, sizeof(count)) < 0 || reload->stopping)
			continue;
		if (count % FETCHED && reload->terminal && !has_terminal()) {
			log_line("SIGHUP: the terminal is gone, so the mount ends");
			(void)kill(getpid(), SIGTERM);
			continue;
		}
		if (count % FETCHED)
			read_again(reload);
		if (count >= FETCHED)
			tell_known(reload);
	}
	return NULL;
}

struct reload *reload_start(struct config *config, struct fs *fs, bool foreground, bool aloud)
{
	struct reload *reload = calloc(1, sizeof(*reload));
	sigset_t all, before;
	int error;

	if (!reload)
		return NULL;
	reload->config = config;
	reload->fs = fs;
	reload->aloud = aloud;
	reload->terminal = foreground && !ignored && has_terminal();
	/* signals are for the main thread, which waits for them */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&reload->thread, NULL, run, reload);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error) {
		free(reload);
		return NULL;
	}
	pthread_setname_np(reload->thread, "reload");
	return reload;
}

void reload_stop(struct reload *reload)
{
	if (!reload)
		return;
	reload->stopping = true;
	secret_stop();
	add_event(HANGUP);
	pthread_join(reload->thread, NULL);
	free(reload);
}
