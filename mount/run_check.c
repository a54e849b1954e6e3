/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_check.c - see run_check.h.
 */
#include "mount/run_check.h"

#include "cache/history/audit.h"
#include "cache/history/history_store.h"
#include "cache/roster/store.h"
#include "mount/arguments.h"
#include "mount/check/check.h"
#include "mount/check/report.h"
#include "mount/check/report_json.h"
#include "mount/config/config.h"
#include "mount/config/sharing.h"
#include "mount/options.h"
#include "mount/queues.h"
#include "mount/terminal/bar.h"
#include "mount/terminal/complain.h"
#include "vendors/http/http.h"
#include "vendors/ini/faults.h"

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#define WRONG 2

static void hear(void *arg, const char *words)
{
	report_json_error(arg, words);
}

/* As shared_try, after a look at what mounting would refuse; nothing is connected for that. */
static int try_store(const struct config *config, const struct shared_settings *settings, char *why,
		     size_t why_size)
{
	struct store *store = NULL;
	int error = shared_open(settings, config->accounts, config->account_count, &store, why,
				why_size);

	if (error)
		return error;
	store->ops->free(store);
	return shared_try(settings, why, why_size);
}

/* Try the store of several hosts that CONFIG names, and tell JSON, or lines if that is NULL.
 * Returns whether it failed. */
static bool check_store(const struct config *config, struct report_json *json)
{
	const struct shared_settings settings = sharing_settings(config);
	void (*before)(int);
	char why[512] = "";
	int result;

	if (!config->shared)
		return false;
	/* a server that goes away is an error, and no signal */
	before = signal(SIGPIPE, SIG_IGN);
	result = try_store(config, &settings, why, sizeof(why));
	(void)signal(SIGPIPE, before);
	if (json)
		report_json_shared(json, result >= 0, result ? why : NULL);
	else if (result)
		printf("[rosterfs]: shared: %s\n", why);
	if (!json)
		printf("[rosterfs]: shared: %s\n", result < 0 ? "failed" : "ok");
	return result < 0;
}

/* Check CONFIG and tell REPORT, and JSON if that is not NULL. Returns the exit status. */
static int check_config(const struct options *options, const struct config *config,
			struct report *report, struct report_json *json)
{
	const struct check_options how = {.quick = options->quick,
					  .read_only = options->read_only,
					  .dry_run = options->dry_run};
	const char *audit = config->audit_log, *changes = config->changes_log;
	const char *history = config->history_dir;
	char why[3 * PATH_MAX];
	struct http *http = NULL;
	int failed = queues_open(config, &http);

	if (!failed && ((audit && audit_check("audit_log", audit, why, sizeof(why))) ||
			(changes && audit_check("changes_log", changes, why, sizeof(why))) ||
			(history && history_store_check(history, why, sizeof(why))))) {
		complain("%s", why);
		failed = -1;
	} else if (!failed) {
		bool store_failed = check_store(config, json);

		bar_begin();
		failed = check_run(config, &how, report);
		bar_end();
		failed += failed >= 0 && store_failed;
		if (failed < 0)
			complain("out of memory");
	}
	http_free(http);
	return failed < 0 ? WRONG : failed > 0;
}

/* Report the FAULTS of the config, to JSON if that is not NULL. */
static void tell_faults(struct faults *faults, struct report_json *json)
{
	static char why[65536]; /* a config may have many errors */

	if (json) {
		report_json_faults(json, faults);
		return;
	}
	(void)faults_text(faults, why, sizeof(why));
	complain_lines(why);
}

int run_check(const struct options *options)
{
	static struct config config;
	struct report_json json;
	struct report_text text;
	struct faults faults = {0};
	char why[2 * PATH_MAX];
	int status = WRONG;

	report_text_init(&text, stdout);
	if (options->json) {
		report_json_init(&json);
		complain_hear(hear, &json);
	}
	if (arguments_check(options, why, sizeof(why)))
		complain("%s", why);
	else if (config_load(options->config, &config, &faults))
		tell_faults(&faults, options->json ? &json : NULL);
	else
		status = check_config(options, &config, options->json ? &json.report : &text.report,
				      options->json ? &json : NULL);
	faults_clear(&faults);
	config_clear(&config);
	if (!options->json)
		return status;
	complain_hear(NULL, NULL);
	if (report_json_print(&json, status == 0, stdout))
		return status;
	complain("out of memory");
	return WRONG;
}
