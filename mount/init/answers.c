/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers.c - see answers.h.
 */
#include "mount/init/answers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void clear_answer(struct answer *answer)
{
	if (answer->fd >= 0)
		(void)close(answer->fd);
	free(answer->key);
	free(answer->text);
}

void answers_clear(struct answers *answers)
{
	for (size_t i = 0; i < answers->count; i++)
		clear_answer(&answers->list[i]);
	free(answers->list);
	free(answers->name);
	free(answers->type);
	*answers = (struct answers){0};
}

struct answer *answers_find(const struct answers *answers, const char *key)
{
	for (size_t i = 0; i < answers->count; i++) {
		if (strcmp(answers->list[i].key, key) == 0)
			return &answers->list[i];
	}
	return NULL;
}

const char *answers_value(const struct answers *answers, const char *key)
{
	const struct answer *answer = answers_find(answers, key);

	return answer && answer->kind == ANSWER_TEXT ? answer->text : NULL;
}

/* Put NEW, whose memory is taken, in the place of the answer for its key, or at the end. */
static int put(struct answers *answers, struct answer *new)
{
	struct answer *old = new->key &&new->text ? answers_find(answers, new->key) : NULL;
	struct answer *longer;

	if (old) {
		clear_answer(old);
		*old = *new;
		return 0;
	}
	longer = new->key &&new->text
		     ? reallocarray(answers->list, answers->count + 1, sizeof(*longer))
		     : NULL;
	if (!longer) {
		clear_answer(new);
		return -ENOMEM;
	}
	answers->list = longer;
	answers->list[answers->count++] = *new;
	return 0;
}

int answers_set(struct answers *answers, const char *key, enum answer_kind kind, const char *text)
{
	struct answer new = {.key = strdup(key), .kind = kind, .text = strdup(text), .fd = -1};

	return put(answers, &new);
}

int answers_set_file(struct answers *answers, const char *key, enum answer_kind kind,
		     const char *content)
{
	struct answer new = {.key = strdup(key), .kind = kind, .text = strdup("")};
	size_t length = strlen(content);

	new.fd = memfd_create("rosterfs-init", MFD_CLOEXEC);
	/* a secret's file must not be readable by others */
	if (new.fd < 0 || fchmod(new.fd, 0600) ||
	    write(new.fd, content, length) != (ssize_t)length || write(new.fd, "\n", 1) != 1) {
		int error = errno ? errno : EIO;

		clear_answer(&new);
		return -error;
	}
	return put(answers, &new);
}

void answers_remove(struct answers *answers, const char *key)
{
	struct answer *answer = answers_find(answers, key);

	if (!answer)
		return;
	clear_answer(answer);
	memmove(answer, answer + 1,
		(size_t)(answers->list + answers->count - answer - 1) * sizeof(*answer));
	answers->count--;
}

const char *answers_path(const struct answer *answer)
{
	static char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", answer->fd);
	return path;
}

char *answers_text(const struct answers *answers, bool trial, const char *only)
{
	static const char *const suffixes[] = {[ANSWER_TEXT] = "",
					       [ANSWER_COMMAND] = "_command",
					       [ANSWER_SECRET] = "_file",
					       [ANSWER_FILE] = ""};
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	fprintf(out, "[%s]\n", answers->name);
	if (trial || strcmp(answers->name, answers->type) != 0)
		fprintf(out, "type = %s\n", answers->type);
	for (size_t i = 0; i < answers->count; i++) {
		const struct answer *answer = &answers->list[i];

		if (!only || strcmp(answer->key, only) == 0)
			fprintf(out, "%s%s = %s\n", answer->key, suffixes[answer->kind],
				trial && answer->fd >= 0 ? answers_path(answer) : answer->text);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
