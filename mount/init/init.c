/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init.c - see init.h.
 *
 * Everything is kept in memory until all questions are answered, so that a signal or the end of the
 * input leaves nothing behind. Then signals wait until all files are written.
 */
#include "mount/init/init.h"

#include "mount/config/config.h"
#include "mount/config/environment.h"
#include "mount/init/answers.h"
#include "mount/init/ask.h"
#include "mount/init/offer.h"
#include "mount/init/place.h"
#include "mount/init/questions.h"
#include "mount/init/store.h"
#include "mount/init/trial.h"
#include "mount/terminal/complain.h"
#include "vendors/base/shell_word.h"
#include "vendors/ini/faults.h"
#include "vendors/ini/sections.h"
#include "vendors/vendor.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTIONS_MAX 64
#define USUAL "rosterfs/rosterfs.conf"
#define NOTHING "nothing was written"

struct init {
	char file[PATH_MAX];
	bool add; /* it is there already */
	struct sections old;
	struct trial trial;
	place_find *find;
	struct offer offer;
	struct answers made[SECTIONS_MAX];
	size_t count;
	char mountpoint[PATH_MAX];
	bool read_only;
};

/* ---- one vendor ---- */

/* Return true if NAME is free. Prints why not. */
static bool is_free(const struct init *init, const char *name)
{
	bool taken = false;

	for (size_t i = 0; i < init->old.count; i++)
		taken = taken || strcmp(init->old.list[i].name, name) == 0;
	for (size_t i = 0; i < init->count; i++)
		taken = taken || strcmp(init->made[i].name, name) == 0;
	if (taken)
		printf("  there is a section [%s] already\n", name);
	else if (strcmp(name, "rosterfs") == 0)
		puts("  [rosterfs] is the section of the keys of all vendors");
	else if (strpbrk(name, "[]"))
		puts("  a name has no brackets");
	else
		return trial_name(&init->trial, name);
	return false;
}

static bool ask_name(const struct init *init, const char *type, char **name)
{
	char usual[128];

	(void)snprintf(usual, sizeof(usual), "%s", type);
	for (unsigned i = 2; i < SECTIONS_MAX; i++) {
		bool taken = false;

		for (size_t j = 0; j < init->old.count; j++)
			taken = taken || strcmp(init->old.list[j].name, usual) == 0;
		for (size_t j = 0; j < init->count; j++)
			taken = taken || strcmp(init->made[j].name, usual) == 0;
		if (!taken)
			break;
		(void)snprintf(usual, sizeof(usual), "%s%u", type, i);
	}
	puts("\nname: of the vendor's directory in the mount");
	while (ask_line("name", usual, name)) {
		if (is_free(init, *name))
			return true;
		free(*name);
	}
	return false;
}

/* Ask again for what has to do with RESULT. */
static bool ask_again(struct questions *questions, const struct trial_result *result)
{
	const char *url = answers_value(questions->answers, "base_url");

	questions->again = true;
	/* at a wrong address, nothing tells whose the key is */
	if (result->self_missing && !result->verdict)
		return questions_ask_key(questions, "self_id",
					 "the id of the user that the key belongs to, which the "
					 "vendor does not tell; without it no status is written",
					 NULL, false);
	if (result->paging)
		return answers_set(questions->answers, "paging", ANSWER_TEXT, result->paging) ==
			   0 &&
		       questions_ask_key(questions, "paging",
					 "how pages of the list are requested; the list has more "
					 "than one page",
					 NULL, true);
	switch (result->verdict) {
	case CALL_NO_PATH:
	case CALL_MISSING:
		if (url)
			printf("  each path is put behind base_url, which is %s\n", url);
		return questions_ask_place(questions);
	case CALL_TIMED_OUT:
	case CALL_NO_CONNECTION:
	case CALL_NO_ROUTE:
	case CALL_PROTOCOL:
	case CALL_LOST:
		return questions_ask_place(questions);
	case CALL_BAD_KEYS:
	case CALL_DENIED:
	case CALL_TOKEN_REFUSED:
		return questions_ask_keys(questions);
	default:
		return questions_ask(questions);
	}
}

enum now {
	NOW_AGAIN,
	NOW_KEEP,
	NOW_DROP,
};

/* Try the answers, and ask again while they do not work. *KEEP: the section is to be written.
 * Returns false when the input ends. */
static bool try_answers(const struct init *init, struct questions *questions, bool *keep)
{
	static const char *const words[] = {"again", "keep", "drop", NULL};

	for (*keep = true;;) {
		struct trial_result result;
		size_t now;

		if (questions->vendor->users)
			puts("\nNow rosterfs asks the vendor; nothing is changed there.");
		result = trial_check(&init->trial, questions->answers);
		if (result.ok)
			return true;
		puts(
		    "\nagain: correct the answers; keep: write it as it is; drop: leave this vendor "
		    "out");
		if (!ask_word("what now", words, NOW_AGAIN, &now))
			return false;
		*keep = now != NOW_DROP;
		if (now != NOW_AGAIN)
			return true;
		if (!ask_again(questions, &result))
			return false;
	}
}

/* Ask for a vendor and its keys. Returns false when the input ends. */
static bool ask_vendor(struct init *init)
{
	struct answers *answers = &init->made[init->count];
	struct questions questions = {.trial = &init->trial, .answers = answers};
	bool keep = false, good;

	puts("\nvendor: whose users the directory shows; scim is any server of SCIM 2.0, manual a "
	     "vendor without an API");
	good = offer_ask(&init->offer, &answers->type);
	if (good) {
		questions.vendor = offer_vendor(&init->offer, answers->type, &questions.has_url);
		good = !questions.vendor ||
		       (ask_name(init, answers->type, &answers->name) &&
			questions_ask(&questions) && try_answers(init, &questions, &keep));
	}
	if (good && keep)
		init->count++;
	else
		answers_clear(answers);
	return good;
}

/* ---- the mount point ---- */

static bool ask_mountpoint(struct init *init)
{
	if (!place_ask(init->find, init->mountpoint))
		return false;
	puts("\nread-only: the mount refuses all changes; try it so first");
	return ask_yes("read-only", true, &init->read_only);
}

/* ---- the end ---- */

/* Print the command that WORDS (NULL ends them) are, on a line of its own. Paths begin with /. */
static void print_command(const char *const *words)
{
	printf("   ");
	for (; *words; words++) {
		putchar(' ');
		if (**words == '-')
			fputs(*words, stdout);
		else
			shell_word_put(stdout, *words);
	}
	putchar('\n');
}

static void print_end(const struct init *init)
{
	printf("\n%s %s\n", init->add ? "Added to" : "Wrote", init->file);
	for (size_t i = 0; i < init->count; i++) {
		for (size_t j = 0; j < init->made[i].count; j++) {
			const struct answer *answer = &init->made[i].list[j];

			if (answer->fd >= 0)
				printf("  [%s] %s is in %s, next to it\n", init->made[i].name,
				       answer->key, answer->text);
		}
	}
	puts("\nTo check it at any time:");
	print_command((const char *const[]){"rosterfs", "--check", init->file, NULL});
	puts(init->read_only ? "To mount it (without -o ro, changes are sent), and to unmount it:"
			     : "To mount it, and to unmount it:");
	if (init->read_only)
		print_command((const char *const[]){"rosterfs", "-o", "ro", init->file,
						    init->mountpoint, NULL});
	else
		print_command(
		    (const char *const[]){"rosterfs", init->file, init->mountpoint, NULL});
	print_command((const char *const[]){"fusermount3", "-u", init->mountpoint, NULL});
}

/* Mount the new config, if that is wanted. Returns only if it is not, or cannot be. */
static int offer_mount(const struct init *init)
{
	const char *arguments[] =
	    {"rosterfs", "-o", init->read_only ? "ro" : "rw", init->file, init->mountpoint, NULL};
	bool yes = false;

	putchar('\n');
	/* the config is written: the end of the input is a no */
	if (!ask_yes("mount it now", true, &yes) || !yes)
		return 0;
	printf("Look at it with:\n");
	print_command((const char *const[]){"ls", init->mountpoint, NULL});
	(void)fflush(stdout);
	if (environment_restore() == 0)
		(void)execv("/proc/self/exe", (char **)arguments);
	complain("cannot start the mount: %s", strerror(errno));
	return 1;
}

static int write_answers(struct init *init)
{
	char why[2 * PATH_MAX];
	int error;

	(void)fflush(stdout);
	ask_hold(true);
	error = store_write(init->file, init->add, init->made, init->count, why, sizeof(why));
	if (error)
		complain("%s", why);
	else
		print_end(init);
	(void)fflush(stdout);
	ask_begin("");
	ask_hold(false);
	if (error)
		return 1;
	error = place_make(init->mountpoint);
	if (error)
		complain("%s: cannot be made: %s; make the directory before you mount",
			 init->mountpoint, strerror(-error));
	return error ? 0 : offer_mount(init);
}

/* ---- the beginning ---- */

/* Set the absolute path of FILE (NULL: the user's usual config). Returns false if there is none. */
static bool find_file(struct init *init, const char *file)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char here[PATH_MAX / 2];
	int length = PATH_MAX;

	if (file && *file == '/')
		length = snprintf(init->file, PATH_MAX, "%s", file);
	else if (file && getcwd(here, sizeof(here)))
		length = snprintf(init->file, PATH_MAX, "%s/%s", here, file);
	else if (!file && config && *config == '/')
		length = snprintf(init->file, PATH_MAX, "%s/" USUAL, config);
	else if (!file && home && *home == '/')
		length = snprintf(init->file, PATH_MAX, "%s/.config/" USUAL, home);
	if (length >= PATH_MAX)
		complain(
		    "CONFIG is missing: neither HOME nor XDG_CONFIG_HOME says where it belongs; "
		    "usage: rosterfs --init [CONFIG]");
	return length < PATH_MAX;
}

/* Let no command that is tried inherit the secrets of the config OLD. */
static void hide_variables(const struct sections *old)
{
	for (size_t i = 0; i < old->count; i++) {
		for (size_t j = 0; j < old->list[i].count; j++) {
			const struct entry *entry = &old->list[i].entries[j];
			size_t length = strlen(entry->key);

			if (length > 4 && strcmp(entry->key + length - 4, "_env") == 0)
				(void)environment_secret(entry->value, NULL);
		}
	}
	environment_trim();
}

/* Read the config that is there already, if one is. Returns false after an error was reported. */
static bool read_old(struct init *init)
{
	static char why[65536];
	struct faults faults = {0};
	struct stat status;
	int error;

	if (stat(init->file, &status)) {
		if (errno != ENOENT)
			complain("%s: %s", init->file, strerror(errno));
		return errno == ENOENT;
	}
	if (S_ISDIR(status.st_mode)) {
		complain("%s is a directory: CONFIG must be a file, such as %s/rosterfs.conf",
			 init->file, init->file);
		return false;
	}
	init->add = true;
	error = sections_read(init->file, &sections_plain, &init->old, &faults);
	if (error) {
		(void)faults_text(&faults, why, sizeof(why));
		complain_lines(why);
		complain("%s: a section can be added once these are corrected", init->file);
	}
	faults_clear(&faults);
	hide_variables(&init->old);
	return !error;
}

/* Check that files can be written next to init->file, before anybody types keys. */
static bool check_folder(const struct init *init)
{
	char parent[PATH_MAX];
	int error = place_parent(init->file, parent);

	if (error)
		complain("%s: cannot be written: %s: %s; run rosterfs --init CONFIG with another "
			 "path",
			 init->file, parent, strerror(-error));
	return !error;
}

static bool begin(struct init *init)
{
	bool yes = true;

	puts(
	    "rosterfs --init asks for what a config needs, and tries it. Enter takes the answer in "
	    "brackets.\nCtrl-C ends it, and nothing is written.\n");
	if (init->add) {
		printf("%s exists.\n", init->file);
		return ask_yes("add a vendor to it", true, &yes) && yes;
	}
	printf("The config will be %s\n\nThe vendors that are known:\n\n", init->file);
	return true;
}

static bool ask_all(struct init *init)
{
	bool more = true;

	while (more && init->count < SECTIONS_MAX) {
		if (!ask_vendor(init))
			return false;
		putchar('\n');
		if (!ask_yes(init->count ? "another vendor" : "a vendor after all", !init->count,
			     &more))
			return false;
	}
	return init->count && ask_mountpoint(init);
}

int init_run(const char *file, int (*open)(const struct config *config, struct http **http),
	     place_find *find)
{
	static struct init init;
	int status = 2;

	if (!find_file(&init, file) || !read_old(&init) || !check_folder(&init))
		goto out;
	init.trial = (struct trial){init.file, open};
	init.find = find;
	status = 1;
	if (offer_init(&init.offer, init.file)) {
		complain("out of memory");
		goto out;
	}
	ask_begin("rosterfs: " NOTHING "\n");
	if (begin(&init)) {
		if (init.add)
			puts("\nThe vendors that are known:\n");
		offer_print(&init.offer);
		if (ask_all(&init))
			status = write_answers(&init);
		else
			complain(NOTHING);
	} else {
		complain(NOTHING);
	}
out:
	for (size_t i = 0; i < init.count; i++)
		answers_clear(&init.made[i]);
	offer_clear(&init.offer);
	sections_clear(&init.old);
	return status;
}
