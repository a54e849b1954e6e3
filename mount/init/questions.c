/* SPDX-License-Identifier: Apache-2.0 */
/*
 * questions.c - see questions.h.
 *
 * Each answer is tried at once, and asked for again if it is refused. What a vendor needs is known
 * from its table; which of the keys that it may have are needed is found out by trying without.
 */
#include "mount/init/questions.h"

#include "mount/config/secret.h"
#include "mount/init/answers.h"
#include "mount/init/ask.h"
#include "mount/init/trial.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STEPS_BY_HAND                                                                                 \
	"The steps to take by hand when a person leaves:\n\n1. Sign in as an administrator, and end " \
	"the person's access.\n2. Rotate the keys and passwords that the person knew.\n"

static void explain(const char *key, const char *about)
{
	printf("\n%s: %s\n", key, about ? about : "see rosterfs.conf(5)");
}

/* Replace *TEXT, a path, by the absolute path of the file, if there is one. ~/ is the home. */
static void complete_path(char **text)
{
	const char *home = getenv("HOME");
	char path[PATH_MAX], real[PATH_MAX];
	char *copy;

	if (strncmp(*text, "~/", 2) == 0 && home && *home == '/')
		(void)snprintf(path, sizeof(path), "%s%s", home, *text + 1);
	else
		(void)snprintf(path, sizeof(path), "%s", *text);
	copy = realpath(path, real) ? strdup(real) : NULL;
	if (copy) {
		free(*text);
		*text = copy;
	}
}

/* ---- one key ---- */

enum questions_flag {
	VALUE_NEEDED = 1,    /* an empty answer is refused */
	VALUE_PATH = 2,      /* it is a file */
	VALUE_CLEARABLE = 4, /* NONE removes the answer before */
};

#define NONE "none"

/* A value that is asked for. */
struct wanted {
	const char *key;
	const char *const *choices; /* shown with the question; NULL: none */
	const char *fallback;       /* what the key is if the config does not have it, or NULL */
	unsigned flags;             /* of enum questions_flag */
};

/* Write the question for WANTED to TEXT, of SIZE bytes. */
static void print_wanted(const struct wanted *wanted, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "%s", wanted->key);

	for (size_t i = 0; wanted->choices && wanted->choices[i] && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : " (",
					 wanted->choices[i]);
	if (wanted->choices && used < size)
		(void)snprintf(text + used, size - used, ")");
}

/* Set KEY to VALUE, or to nothing if that is "" or NULL. Returns 0 or -ENOMEM. */
static int set_value(struct answers *answers, const char *key, const char *value)
{
	if (value && *value)
		return answers_set(answers, key, ANSWER_TEXT, value);
	answers_remove(answers, key);
	return 0;
}

/* Return true if ANSWER, which is set, is one for WANTED. Prints why not. */
static bool accepts(const struct questions *questions, const struct wanted *wanted,
		    const char *answer)
{
	if (!*answer && wanted->flags & VALUE_NEEDED) {
		puts("  this key is needed");
		return false;
	}
	if (*answer && wanted->flags & VALUE_PATH && access(answer, R_OK)) {
		printf("  %s: %s\n", answer, strerror(errno));
		return false;
	}
	return trial_answer(questions->trial, questions->answers, wanted->key);
}

/* Ask once for WANTED. *GOOD: the answer is accepted; otherwise the one BEFORE (NULL: none) stays.
 */
static bool ask_once(struct questions *questions, const struct wanted *wanted, const char *before,
		     bool *good)
{
	struct answers *answers = questions->answers;
	char question[256];
	char *answer;
	int error;

	print_wanted(wanted, question, sizeof(question));
	if (!ask_line(question, before ? before : wanted->fallback, &answer))
		return false;
	if (wanted->flags & VALUE_CLEARABLE && strcmp(answer, NONE) == 0)
		*answer = '\0';
	if (wanted->flags & VALUE_PATH && *answer)
		complete_path(&answer);
	error = set_value(answers, wanted->key, answer);
	*good = !error && accepts(questions, wanted, answer);
	if (!error && !*good)
		error = set_value(answers, wanted->key, before);
	/* a default need not stand in the config */
	else if (wanted->fallback && strcmp(answer, wanted->fallback) == 0)
		answers_remove(answers, wanted->key);
	free(answer);
	return !error;
}

/* Ask for WANTED, which is explained. */
static bool ask_value(struct questions *questions, const struct wanted *wanted)
{
	const char *value = answers_value(questions->answers, wanted->key);
	char *before = value ? strdup(value) : NULL;
	bool good = false, result = before || !value;

	while (result && !good)
		result = ask_once(questions, wanted, before, &good);
	free(before);
	return result;
}

bool questions_ask_key(struct questions *questions, const char *key, const char *about,
		       const char *fallback, bool needed)
{
	explain(key, about);
	return ask_value(questions, &(struct wanted){.key = key,
						     .fallback = fallback,
						     .flags = needed     ? VALUE_NEEDED
							      : fallback ? 0
									 : VALUE_CLEARABLE});
}

/* Return true if what SETTING is without an answer depends on other keys. */
static bool is_derived(const struct setting *setting)
{
	for (size_t i = 0; setting->choice_needs && setting->choices[i]; i++) {
		if (*setting->choice_needs[i])
			return true;
	}
	return false;
}

static bool ask_choice(struct questions *questions, const struct setting *setting)
{
	struct answers *answers = questions->answers;
	struct wanted wanted = {.key = setting->name,
				.choices = setting->choices,
				.fallback = setting->fallback,
				.flags = setting->required ? VALUE_NEEDED : 0};

	explain(setting->name, setting->about ? setting->about : "one of these words");
	/* a default that depends on answers that are still to come is written out */
	if (is_derived(setting)) {
		wanted.fallback = NULL;
		if (!answers_find(answers, setting->name) &&
		    answers_set(answers, setting->name, ANSWER_TEXT, setting->choices[0]))
			return false;
	}
	return ask_value(questions, &wanted);
}

/* Ask for the text of a file: one that is there, or one that is made. */
static bool ask_file(struct questions *questions, const struct setting *setting)
{
	struct answers *answers = questions->answers;
	bool make = true;

	if (answers_find(answers, setting->name) && !answers_value(answers, setting->name))
		return true;
	explain(setting->name, setting->about);
	if (!answers_value(answers, setting->name) && !ask_yes("make this file now", true, &make))
		return false;
	if (make && !answers_value(answers, setting->name))
		return answers_set_file(answers, setting->name, ANSWER_FILE, STEPS_BY_HAND) == 0;
	return ask_value(questions, &(struct wanted){.key = setting->name,
						     .flags = VALUE_NEEDED | VALUE_PATH});
}

/* Return true if COMMAND prints a secret for KEY. Prints why not. */
static bool try_command(const struct questions *questions, const char *key, const char *command)
{
	char words[256];
	char *secret;

	if (secret_read(SECRET_COMMAND, command, &secret, words, sizeof(words))) {
		printf("  %s\n", words);
		return false;
	}
	secret_free(secret);
	return trial_answer(questions->trial, questions->answers, key);
}

/* Ask for a secret that a command prints. */
static bool ask_command(struct questions *questions, const char *key)
{
	struct answers *answers = questions->answers;

	for (;;) {
		struct answer *old = answers_find(answers, key);
		char *answer;
		bool good = false;

		if (!ask_line("command that prints it",
			      old && old->kind == ANSWER_COMMAND ? old->text : NULL, &answer))
			return false;
		if (!*answer)
			puts("  this key is needed");
		else if (answers_set(answers, key, ANSWER_COMMAND, answer) == 0)
			good = try_command(questions, key, answer);
		free(answer);
		if (good)
			return true;
	}
}

/* Keep the secret TEXT for KEY if it may be one. */
static bool keep_secret(struct questions *questions, const char *key, const char *text)
{
	char words[256];
	char *secret;

	if (secret_read(SECRET_GIVEN, text, &secret, words, sizeof(words))) {
		printf("  %s: %s\n", key, words);
		return false;
	}
	secret_free(secret);
	return answers_set_file(questions->answers, key, ANSWER_SECRET, text) == 0;
}

static bool ask_secret_key(struct questions *questions, const struct setting *setting)
{
	const struct answer *old = answers_find(questions->answers, setting->name);
	bool has_old = old && old->kind == ANSWER_SECRET;

	explain(setting->name, setting->about);
	if (questions->commands)
		return ask_command(questions, setting->name);
	for (;;) {
		char question[128];
		char *answer;
		bool good;

		(void)snprintf(question, sizeof(question), "%s (not shown%s)", setting->name,
			       has_old ? "; Enter keeps the one before" : "");
		if (!ask_secret(question, &answer))
			return false;
		good = (!*answer && has_old) || keep_secret(questions, setting->name, answer);
		explicit_bzero(answer, strlen(answer));
		free(answer);
		if (good)
			return true;
	}
}

/* ---- the place ---- */

/* Ask for the certificates of an authority of one's own. *CHANGED: there is another answer. */
static bool ask_authority(struct questions *questions, bool *changed)
{
	const char *old = answers_value(questions->answers, "ca_file"), *new;
	const struct wanted wanted = {.key = "ca_file", .flags = VALUE_PATH | VALUE_CLEARABLE};
	char *before = strdup(old ? old : "");
	bool result;

	explain("ca_file", "a file with the certificate of the server, or of the authority that "
			   "signs it (PEM); none: the system's authorities are enough");
	result = before && ask_value(questions, &wanted);
	new = answers_value(questions->answers, "ca_file");
	*changed = result && strcmp(before, new ? new : "") != 0;
	free(before);
	return result;
}

/* Ask for base_url until the server can be reached, or the same answer is given twice. */
static bool ask_url(struct questions *questions, bool needed)
{
	struct answers *answers = questions->answers;
	const char *about = questions->vendor->base_url_about;
	const struct wanted wanted = {.key = "base_url",
				      .flags = needed ? VALUE_NEEDED : VALUE_CLEARABLE};
	char *before = NULL;
	bool result = true;

	explain("base_url", !needed ? "where the API is; none: at the vendor's usual address"
			    : about ? about
				    : "where the API is: what is in front of its paths");
	for (bool reached = false; result && !reached;) {
		bool changed = false, untrusted = false;
		const char *url;

		result = ask_value(questions, &wanted);
		url = answers_value(answers, "base_url");
		if (!result || !url)
			break;
		do {
			enum call_verdict verdict = trial_reach(url,
								answers_value(answers, "ca_file"),
								&untrusted);

			reached = !verdict || (before && strcmp(before, url) == 0);
			changed = false;
			if (untrusted)
				result = ask_authority(questions, &changed);
		} while (result && changed);
		if (result && !reached)
			puts("  correct it, or press Enter to go on with it");
		free(before);
		before = strdup(url);
	}
	free(before);
	return result;
}

/* ---- all keys ---- */

/* Ask for the keys whose type is in TYPES, a bit for each of enum setting_type. EMPTY: also for
 * those that are empty by default and have no answer. */
static bool ask_settings(struct questions *questions, unsigned types, bool empty)
{
	const struct vendor *vendor = questions->vendor;
	struct answers *answers = questions->answers;
	bool good = true;

	for (const struct setting *setting = vendor->settings; setting->name && good; setting++) {
		bool has_default = setting->fallback && (*setting->fallback || empty);

		if (!(types & (1u << setting->type)))
			continue;
		if (!setting->required && setting->type != SETTING_CHOICE && !has_default &&
		    !trial_needs(questions->trial, answers, vendor, setting->name)) {
			/* an answer before may have needed it */
			if (setting->type == SETTING_SECRET)
				answers_remove(answers, setting->name);
			if (!answers_find(answers, setting->name))
				continue;
		}
		switch (setting->type) {
		case SETTING_TEXT:
			good = questions_ask_key(questions, setting->name, setting->about,
						 setting->fallback, !setting->fallback);
			break;
		case SETTING_SECRET:
			good = ask_secret_key(questions, setting);
			break;
		case SETTING_CHOICE:
			good = ask_choice(questions, setting);
			break;
		case SETTING_FILE:
			good = ask_file(questions, setting);
			break;
		}
	}
	return good;
}

static bool has_secrets(const struct questions *questions)
{
	for (const struct setting *setting = questions->vendor->settings; setting->name;
	     setting++) {
		if (setting->type == SETTING_SECRET)
			return true;
	}
	return false;
}

/* Ask how secrets are kept. */
static bool ask_ways(struct questions *questions)
{
	static const char *const ways[] = {"file", "command", NULL};
	size_t way = 0;
	bool result;

	if (!has_secrets(questions))
		return true;
	puts(
	    "\nsecrets: file: what you paste next goes into a file that only you can read; command: "
	    "one\nthat prints it, such as: pass show acme/token");
	result = ask_word("secrets", ways, questions->commands, &way);
	questions->commands = way == 1;
	return result;
}

/* Ask whether a secret may stand in the URL, if the vendor takes it nowhere else. */
static bool ask_secret_in_url(struct questions *questions)
{
	static const char *const choices[] = {"no", "yes", NULL};
	const struct wanted wanted = {.key = SECRET_IN_URL, .choices = choices, .fallback = "no"};

	if (!trial_needs_url(questions->trial, questions->answers, questions->vendor))
		return true;
	explain(SECRET_IN_URL, "the vendor takes a secret only in the URL, which servers and "
			       "proxies write to their logs; without yes nothing is sent");
	return ask_value(questions, &wanted);
}

static bool ask_place(struct questions *questions)
{
	const struct vendor *vendor = questions->vendor;
	bool needed = !questions->has_url &&
		      !(vendor->base_url_key &&
			answers_find(questions->answers, vendor->base_url_key));

	return !vendor->users || ask_url(questions, needed);
}

bool questions_ask_place(struct questions *questions)
{
	unsigned types = 1u << SETTING_TEXT;

	if (questions->vendor->base_url_key)
		types |= 1u << SETTING_CHOICE;
	/* where there is no usual address, it is the likeliest to be wrong */
	if (!questions->has_url && !questions->vendor->base_url_key)
		return ask_place(questions) && ask_settings(questions, types, false);
	return ask_settings(questions, types, false) && ask_place(questions);
}

bool questions_ask_keys(struct questions *questions)
{
	return ask_ways(questions) && ask_secret_in_url(questions) &&
	       ask_settings(questions,
			    1u << SETTING_SECRET | 1u << SETTING_TEXT | 1u << SETTING_CHOICE |
				1u << SETTING_FILE,
			    questions->again);
}

bool questions_ask(struct questions *questions)
{
	/* where there is no usual address, base_url comes first, except behind a key that it
	   depends on */
	if (!questions->has_url && !questions->vendor->base_url_key)
		return ask_place(questions) && questions_ask_keys(questions);
	return questions_ask_keys(questions) && ask_place(questions);
}
