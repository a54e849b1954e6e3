/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the program: reads the command line and the config, and does what they ask for.
 */
#include "cache/history/audit.h"
#include "cache/history/history_store.h"
#include "mount/arguments.h"
#include "mount/check/check.h"
#include "mount/check/explain.h"
#include "mount/config/config.h"
#include "mount/options.h"
#include "mount/queues.h"
#include "mount/session.h"
#include "mount/terminal/bar.h"
#include "mount/terminal/complain.h"
#include "vendors/base/log.h"
#include "vendors/http/http.h"

#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

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
#ifdef __GLIBC__ /* others do not adapt */
	mallopt(M_MMAP_THRESHOLD, 256 << 10);
#endif
}

static unsigned run_checks(const struct options *options, const struct config *config)
{
	unsigned failed;

	bar_begin();
	failed = check_run(config, options->quick, stdout);
	bar_end();
	return failed;
}

static int run_check(const struct options *options, const struct config *config)
{
	const char *audit = config->audit_log, *changes = config->changes_log;
	const char *history = config->history_dir;
	char why[3 * PATH_MAX];
	struct http *http = NULL;
	int error = queues_open(config, &http);
	unsigned failed = 1;

	if (!error && ((audit && audit_check("audit_log", audit, why, sizeof(why))) ||
		       (changes && audit_check("changes_log", changes, why, sizeof(why))) ||
		       (history && history_store_check(history, why, sizeof(why)))))
		complain("%s", why);
	else if (!error)
		failed = run_checks(options, config);
	http_free(http);
	return failed ? 1 : 0;
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
	status = 0;
	if (options.help) {
		fputs(options_help(), stdout);
		goto out;
	}
	if (options.version) {
		printf("rosterfs %s\n", ROSTERFS_VERSION);
		goto out;
	}
	hide_memory();
	settle_memory();
	status = 1;
	if (arguments_check(&options, why, sizeof(why)))
		complain("%s", why);
	else if (config_read(options.config, &config, why, sizeof(why)))
		complain_lines(why);
	else if (options.explain)
		status = run_explain(&options, &config);
	else
		status = options.check ? run_check(&options, &config)
				       : session_run(&options, &config);
	config_clear(&config);
	log_free();
out:
	options_clear(&options);
	return status;
}
