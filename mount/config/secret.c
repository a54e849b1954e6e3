/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.c - see secret.h.
 *
 * Every buffer here is wiped, so that the caller's copy is the only one (the environment and the
 * given text belong to their owners). No message quotes what was read, nor a command, nor a path at
 * which there is no file: users paste the key itself after `X_file =`. It must not know what a
 * secret is used for.
 */
#include "mount/config/secret.h"

#include "mount/config/command.h"
#include "mount/config/environment.h"
#include "mount/config/first_line.h"
#include "mount/config/mend.h"
#include "vendors/base/trusted.h"
#include "vendors/base/vault.h"
#include "vendors/ini/invisible.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct words {
	char *text;
	size_t size;
};

static int secret_fail(const struct words *why, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int secret_fail(const struct words *why, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(why->text, why->size, format, arguments);
	va_end(arguments);
	return -error;
}

/* Check TEXT and copy it to *SECRET. */
static int secret_take(const struct words *why, const char *text, size_t length, char **secret)
{
	const char *invisible;
	char *copy;

	if (length == 0)
		return secret_fail(why, EINVAL, "the secret is empty");
	if (length > FIRST_LINE_MAX)
		return secret_fail(why, EINVAL, "a secret may have at most %d bytes",
				   FIRST_LINE_MAX);
	if (length > 1 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0))
		return secret_fail(why, EINVAL, "the secret is in UTF-16; save it as UTF-8");
	for (size_t i = 0; i < length; i++) {
		if (iscntrl((unsigned char)text[i]))
			return secret_fail(why, EINVAL, "the secret holds a control character");
	}
	invisible = invisible_find(text, length);
	if (invisible) {
		char name[INVISIBLE_WORDS_MAX];

		invisible_name(invisible, text + length, name);
		return secret_fail(why, EINVAL, "the secret holds %s; remove it", name);
	}
	copy = vault_copy_bytes(text, length);
	if (!copy)
		return secret_fail(why, ENOMEM, "out of memory");
	if (mend_quotes(copy)) {
		secret_free(copy);
		return secret_fail(why, EINVAL,
				   "the secret is in quotes, which would be a part of it; "
				   "remove them (with jq: jq -r)");
	}
	*secret = copy;
	return 0;
}

static int take_line(const struct words *why, const struct first_line *line, char **secret)
{
	size_t length = line->length;

	if (line->too_long)
		return secret_fail(why, EINVAL, "the first line is longer than %d bytes",
				   FIRST_LINE_MAX);
	if (length > 0 && line->text[length - 1] == '\r')
		length--;
	if (length == 0)
		return secret_fail(why, EINVAL, "the first line is empty");
	return secret_take(why, line->text, length, secret);
}

static int read_file(const struct words *why, const char *path, struct first_line *line)
{
	char words[TRUSTED_WORDS];
	ssize_t count;
	int result = 0;
	int fd = trusted_open(path, TRUSTED_SECRET, NULL, words);

	if (fd == -EPERM || fd == -EINVAL)
		return secret_fail(why, -fd, "%s", words);
	/* there may be no such file: its name may be the secret itself */
	if (fd < 0)
		return secret_fail(why, -fd, "the file cannot be opened: %s", strerror(-fd));
	do {
		count = first_line_read(line, fd);
	} while ((count > 0 && !line->whole && !line->too_long) || (count < 0 && errno == EINTR));
	if (count < 0)
		result = secret_fail(why, errno, "the file cannot be read: %s", strerror(errno));
	(void)close(fd);
	return result;
}

int secret_read(enum secret_source source, const char *where, char **secret, char *why,
		size_t why_size)
{
	const struct words words = {why, why_size};
	struct first_line line = {.length = 0};
	const char *value;
	int result = -EINVAL;

	switch (source) {
	case SECRET_GIVEN:
		return secret_take(&words, where, strlen(where), secret);
	case SECRET_ENV:
		value = environment_secret(where, NULL);
		if (!value)
			return secret_fail(&words, ENOENT, "there is no such environment variable");
		return secret_take(&words, value, strlen(value), secret);
	case SECRET_FILE:
		result = read_file(&words, where, &line);
		break;
	case SECRET_COMMAND:
		result = command_run(where, NULL, &line, why, why_size);
		break;
	}
	if (result == 0)
		result = take_line(&words, &line, secret);
	explicit_bzero(&line, sizeof(line));
	return result;
}

int secret_run(const char *command, const char *folder, char **secret, char *why, size_t why_size)
{
	const struct words words = {why, why_size};
	struct first_line line = {.length = 0};
	int result = command_run(command, folder, &line, why, why_size);

	if (result == 0)
		result = take_line(&words, &line, secret);
	explicit_bzero(&line, sizeof(line));
	return result;
}

void secret_stop(void)
{
	command_stop();
}

void secret_free(char *secret)
{
	vault_free(secret);
}
