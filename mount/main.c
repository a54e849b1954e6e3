/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the program: reads the command line and the config, and does what they ask for.
 */
#include "mount/arguments.h"
#include "mount/check/explain.h"
#include "mount/config/config.h"
#include "mount/config/environment.h"
#include "mount/config/key_file.h"
#include "mount/help.h"
#include "mount/init/init.h"
#include "mount/mountpoint.h"
#include "mount/options.h"
#include "mount/queues.h"
#include "mount/run_check.h"
#include "mount/session.h"
#include "mount/systemd.h"
#include "mount/terminal/complain.h"
#include "vendors/base/log.h"
#include "vendors/http/http.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Protect the keys in memory: no core dump, and only root may inspect the process. LeakSanitizer
 * does inspect it. */
static void hide_memory(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
#ifndef ROSTERFS_SANITIZED
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

/* Enough for a thread that parses no response: those of pool.c have more. */
#define STACK_BYTES ((size_t)1 << 20)

/* The stack of a thread counts whole for RLIMIT_DATA, and by default it is as large as the main
 * thread's may become, mostly 8 MiB. */
static void limit_stacks(void)
{
	/* what sanitizers add to a stack is not known */
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	pthread_attr_t attr;
	size_t usual = 0;

	pthread_attr_init(&attr);
	if (!pthread_attr_getstacksize(&attr, &usual) && usual > STACK_BYTES &&
	    !pthread_attr_setstacksize(&attr, STACK_BYTES))
		(void)pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
#endif
}

/*
 * Return large arrays to the kernel when they are freed. By default malloc adapts and keeps them,
 * and small allocations in their holes make the heap a sixth larger over twenty refreshes.
 */
static void settle_memory(void)
{
#ifdef __GLIBC__ /* others do not adapt */
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
#endif
}

static int run_explain(const struct options *options, const struct config *config)
{
	struct http *http = NULL;
	int error = queues_open(config, &http), failed = 1;

	if (!error)
		failed = explain_run(config, options->path, options->word, stdout);
	http_free(http);
	return failed;
}

/* Return STATUS, or 2 if it is 0 and what was printed did not arrive. */
static int end_output(int status)
{
	bool lost = ferror(stdout) != 0;

	errno = 0;
	if (fflush(stdout) == 0 && !lost)
		return status;
	complain("standard output: the output could not be written: %s",
		 errno ? strerror(errno) : "an earlier write failed");
	return status ? status : 2;
}

/* Make a new key in FILE, and say what to do with it. Returns the exit status. */
static int run_new_key(const char *file)
{
	char why[PATH_MAX + 128];

	if (key_file_create(file, why, sizeof(why))) {
		complain("%s", why);
		return 1;
	}
	printf(
	    "%s has a new key. Copy it to each host that is to share the store, keep it as secret "
	    "as a password,\nand name it in [rosterfs] there: shared_key_file = FILE\n",
	    file);
	return end_output(0);
}

/* As place_find, for --init. */
static int find_place(const char *path, bool nonempty, char real[PATH_MAX], char *why,
		      size_t why_size)
{
	const struct options options = {.mountpoint = path, .nonempty = nonempty};

	return mountpoint_find(&options, real, why, why_size);
}

int main(int argc, char **argv)
{
	static struct options options;
	static struct config config;
	static char why[65536]; /* a config may have many errors */
	int status = 2;

	if (options_parse(argc, argv, &options, why, sizeof(why))) {
		complain("%s", why);
		goto out;
	}
	if (options.help) {
		fputs(help_text(), stdout);
		status = end_output(0);
		goto out;
	}
	if (options.version) {
		printf("rosterfs %s\n", ROSTERFS_VERSION);
		status = end_output(0);
		goto out;
	}
	hide_memory();
	settle_memory();
	limit_stacks();
	environment_guard();
	/* before commands that print secrets are run, because they would inherit it */
	systemd_open();
	if (options.new_key)
		status = run_new_key(options.new_key);
	else if (options.init)
		status = init_run(options.config, queues_open, find_place);
	else if (options.check)
		status = end_output(run_check(&options));
	else if (arguments_check(&options, why, sizeof(why)))
		complain("%s", why);
	else if (config_read(options.config, &config, why, sizeof(why)))
		complain_lines(why);
	else if (options.explain)
		status = end_output(run_explain(&options, &config));
	else
		status = session_run(&options, &config);
	config_clear(&config);
	environment_clear();
	log_free();
out:
	options_clear(&options);
	return status;
}
