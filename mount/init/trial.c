/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trial.c - see trial.h.
 *
 * Nothing here knows what keys there are: the reader of the config judges, of a text that is not on
 * disk yet.
 */
#include "mount/init/trial.h"

#include "mount/check/check.h"
#include "mount/check/report.h"
#include "mount/config/config.h"
#include "mount/init/answers.h"
#include "mount/terminal/bar.h"
#include "vendors/http/endpoint.h"
#include "vendors/http/http.h"
#include "vendors/ini/faults.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_LINE 3 /* of answers_text */

/* Parse TEXT. FAULTS are set, and the caller clears both. Returns as config_parse. */
static int parse(const struct trial *trial, const char *text, struct config *config,
		 struct faults *faults)
{
	*config = (struct config){0};
	*faults = (struct faults){0};
	return config_parse(trial->file, text, strlen(text), config, faults);
}

/* Print the faults of the file itself from LINE on, or (LINE 0) all. Returns true if there are any.
 */
static bool print_faults(const struct faults *faults, unsigned line)
{
	bool any = false;

	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->list[i];

		if (line && (fault->main || fault->line < line))
			continue;
		printf("  %s\n", fault->words);
		any = true;
	}
	return any;
}

/* Parse ANSWERS, with a gap in place of KEY unless that is NULL, and print what is wrong in LINE
 * (0: anywhere). Returns true if nothing is. */
static bool try(const struct trial *trial, const struct answers *answers, const char *key,
		unsigned line)
{
	char *text = answers_text(answers, true, key);
	struct config config;
	struct faults faults;
	bool wrong = true;

	if (text && parse(trial, text, &config, &faults) == 0)
		config_clear(&config);
	if (text) {
		wrong = print_faults(&faults, line);
		faults_clear(&faults);
	}
	free(text);
	return !wrong;
}

bool trial_answer(const struct trial *trial, const struct answers *answers, const char *key)
{
	return try(trial, answers, key, ANSWER_LINE);
}

bool trial_name(const struct trial *trial, const char *name)
{
	/* a type that needs no keys, so that only the name can be wrong */
	struct answers answers = {.name = (char *)name, .type = (char[]){"cj"}};

	return try(trial, &answers, NULL, 0);
}

/* Return the section of ANSWERS, with some value for each key that VENDOR may have and that has no
 * answer, except LEFT_OUT and files; or NULL. Secrets get some value too. URLS: they may stand in
 * URLs. */
static char *text_with_all(const struct answers *answers, const struct vendor *vendor,
			   const char *left_out, bool urls)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	fprintf(out, "[%s]\ntype = %s\n", answers->name, answers->type);
	fprintf(out, "base_url = https://x.example\n");
	if (urls)
		fprintf(out, SECRET_IN_URL " = yes\n");
	for (const struct setting *setting = vendor->settings; setting->name; setting++) {
		const char *value = answers_value(answers, setting->name);

		if (strcmp(setting->name, left_out) == 0 ||
		    (!value && (setting->type == SETTING_FILE || setting->type == SETTING_CHOICE)))
			continue;
		fprintf(out, "%s = %s\n", setting->name,
			value                             ? value
			: setting->type == SETTING_SECRET ? "x"
							  : "https://x.example");
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* Return true if the section is accepted without LEFT_OUT. URLS as for text_with_all. */
static bool does_without(const struct trial *trial, const struct answers *answers,
			 const struct vendor *vendor, const char *left_out, bool urls)
{
	char *text = text_with_all(answers, vendor, left_out, urls);
	struct config config;
	struct faults faults;
	bool accepted = text && parse(trial, text, &config, &faults) == 0;

	if (accepted)
		config_clear(&config);
	if (text)
		faults_clear(&faults);
	free(text);
	return accepted;
}

bool trial_needs(const struct trial *trial, const struct answers *answers,
		 const struct vendor *vendor, const char *key)
{
	bool urls = answers_value(answers, SECRET_IN_URL) != NULL;

	return !does_without(trial, answers, vendor, key, urls) &&
	       does_without(trial, answers, vendor, "", urls);
}

bool trial_needs_url(const struct trial *trial, const struct answers *answers,
		     const struct vendor *vendor)
{
	return !does_without(trial, answers, vendor, "", false) &&
	       does_without(trial, answers, vendor, "", true);
}

enum call_verdict trial_reach(const char *url, const char *ca_file, bool *untrusted)
{
	const struct http_request request = {.method = "GET", .path = "", .repeatable = true};
	size_t length = strlen(url);
	struct http_reply reply = {0};
	struct http *http = http_new();
	struct endpoint endpoint = {.name = "init",
				    .parallel = 1,
				    .timeout = 10,
				    .retry_budget = 1};
	enum call_verdict verdict = CALL_NO_MEMORY;
	struct call call;

	while (length && url[length - 1] == '/')
		length--;
	endpoint.base_url = strndup(url, length);
	endpoint.ca_file = ca_file ? strdup(ca_file) : NULL;
	*untrusted = false;
	call_init(&call, "init");
	if (http && endpoint.base_url && http_add(http, &endpoint) == 0) {
		verdict = http_perform(&call, &endpoint, &request, &reply) ? reply.verdict
									   : CALL_OK;
		*untrusted = reply.untrusted;
		if (verdict)
			printf("  %s\n", reply.words);
		http_reply_clear(&reply);
	}
	http_free(http);
	call_destroy(&call);
	free(endpoint.base_url);
	free(endpoint.ca_file);
	return verdict;
}

/* Lines on stdout, and the result. */
struct trial_report {
	struct report report;
	struct report_text text;
	struct trial_result *result;
};

static void line(struct report *report, const struct facts *facts, enum facts_level level,
		 const char *words)
{
	report_text_line(&((struct trial_report *)report)->text, facts, level, words);
}

static void done(struct report *report, const struct facts *facts)
{
	struct trial_report *own = (struct trial_report *)report;

	*own->result = (struct trial_result){.ok = !facts->failed,
					     .verdict = facts->verdict,
					     .self_missing = facts->self_missing,
					     .paging = facts->paging};
	own->text.report.done(&own->text.report, facts);
}

/* Check CONFIG, which has one section. */
static void check_config(const struct trial *trial, const struct config *config,
			 struct trial_result *result)
{
	const struct check_options options = {.quick = false};
	struct trial_report report = {.report = {.line = line, .done = done}, .result = result};
	struct http *http = NULL;

	report_text_init(&report.text, stdout);
	if (trial->open(config, &http) == 0) {
		bar_begin();
		(void)check_run(config, &options, &report.report);
		bar_end();
	}
	http_free(http);
}

struct trial_result trial_check(const struct trial *trial, const struct answers *answers)
{
	struct trial_result result = {.verdict = CALL_INVALID};
	char *text = answers_text(answers, true, NULL);
	struct config config;
	struct faults faults;

	if (!text)
		return result;
	if (parse(trial, text, &config, &faults) == 0) {
		check_config(trial, &config, &result);
		config_clear(&config);
	}
	(void)print_faults(&faults, 0);
	faults_clear(&faults);
	free(text);
	return result;
}
