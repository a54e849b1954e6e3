/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.c - see ask.h.
 *
 * Input is read byte by byte, without stdio, so that no buffer keeps a secret. The terminal stops
 * echoing before the question is printed, and canonical mode is off meanwhile, because that cuts
 * lines at 4096 bytes, which a token may exceed.
 */
#include "mount/init/ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#define DELETE 0x7f
#define BACKSPACE '\b'
#define KILL 0x15        /* Ctrl-U */
#define END_OF_FILE 0x04 /* Ctrl-D */

static const int fatal[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define FATAL (sizeof(fatal) / sizeof(*fatal))

static struct termios usual, quiet;
static volatile sig_atomic_t hidden; /* the terminal has other settings than usual */
static const char *last_words;

/* Restore the terminal; the signal, which was reset, then ends the process. */
static void on_signal(int number)
{
	if (hidden)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &usual);
	/* the process ends, whether this can be written or not */
	if (write(STDOUT_FILENO, "\n", 1) == 1)
		(void)!write(STDERR_FILENO, last_words, strlen(last_words));
	(void)raise(number);
}

void ask_begin(const char *words)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	last_words = words;
	for (size_t i = 0; i < FATAL; i++)
		(void)sigaction(fatal[i], &action, NULL);
}

void ask_hold(bool hold)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < FATAL; i++)
		(void)sigaddset(&set, fatal[i]);
	(void)sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* Read one byte. Returns false at the end of the input. */
static bool read_byte(char *byte)
{
	ssize_t count;

	do {
		count = read(STDIN_FILENO, byte, 1);
	} while (count < 0 && errno == EINTR);
	return count == 1;
}

/* Read a line into TEXT, of SIZE bytes. EDIT: keys of the terminal are not handled by it. */
static bool read_text(char *text, size_t size, bool edit)
{
	size_t length = 0;
	char byte = 0;
	bool any = false;

	while (read_byte(&byte)) {
		any = true;
		if (byte == '\n' || (edit && byte == '\r'))
			break;
		if (edit && byte == END_OF_FILE && !length)
			return false;
		if (edit && byte == KILL)
			length = 0;
		else if (edit && (byte == DELETE || byte == BACKSPACE))
			length -= length > 0;
		else if (length < size - 1 && byte)
			text[length++] = byte;
	}
	while (length && strchr(" \t\r", text[length - 1]))
		length--;
	text[length] = '\0';
	return any;
}

static void print_question(const char *question, const char *fallback)
{
	printf("%s%s%s%s: ", question, fallback && *fallback ? " [" : "", fallback ? fallback : "",
	       fallback && *fallback ? "]" : "");
	(void)fflush(stdout);
}

bool ask_line(const char *question, const char *fallback, char **answer)
{
	char text[4096];
	const char *begin = text;
	bool read;

	print_question(question, fallback);
	read = read_text(text, sizeof(text), false);
	if (!read || !isatty(STDIN_FILENO))
		(void)putchar('\n');
	if (!read)
		return false;
	begin += strspn(begin, " \t");
	*answer = strdup(*begin ? begin : fallback ? fallback : "");
	return *answer != NULL;
}

bool ask_yes(const char *question, bool fallback, bool *yes)
{
	for (;;) {
		char *answer;
		bool is_yes, is_no;

		if (!ask_line(question, fallback ? "yes" : "no", &answer))
			return false;
		is_yes = strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0;
		is_no = strcasecmp(answer, "n") == 0 || strcasecmp(answer, "no") == 0;
		free(answer);
		*yes = is_yes;
		if (is_yes || is_no)
			return true;
		puts("Answer yes or no.");
	}
}

bool ask_word(const char *question, const char *const *words, size_t fallback, size_t *index)
{
	char all[128], with_all[192];
	size_t used = 0;

	*all = '\0';
	for (size_t i = 0; words[i] && used < sizeof(all); i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i ? ", " : "",
					 words[i]);
	(void)snprintf(with_all, sizeof(with_all), "%s (%s)", question, all);
	for (;;) {
		char *answer;

		if (!ask_line(with_all, words[fallback], &answer))
			return false;
		*index = 0;
		while (words[*index] && strcmp(answer, words[*index]) != 0)
			++*index;
		/* a secret may have been pasted too early */
		explicit_bzero(answer, strlen(answer));
		free(answer);
		if (words[*index])
			return true;
		printf("  answer with one of these words: %s\n", all);
	}
}

/* Stop the echo again: a shell has restored it if SIGSTOP had stopped the process. */
static void on_continue(int number)
{
	(void)number;
	if (hidden)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
}

/* Let the terminal echo nothing, and Ctrl-Z do nothing. Returns false if stdin is none. */
static bool hide(void)
{
	const struct sigaction action = {.sa_handler = on_continue, .sa_flags = SA_RESTART};

	if (tcgetattr(STDIN_FILENO, &usual))
		return false;
	quiet = usual;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ICANON);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	hidden = 1;
	(void)signal(SIGTSTP, SIG_IGN);
	(void)sigaction(SIGCONT, &action, NULL);
	return tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
}

/* Let the terminal echo again, but not the lines that were pasted behind the secret, which may be
 * the rest of it. Returns whether there were any. */
static bool show(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	bool more = poll(&input, 1, 0) > 0 && (input.revents & POLLIN);

	hidden = 0;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual);
	(void)signal(SIGTSTP, SIG_DFL);
	(void)signal(SIGCONT, SIG_DFL);
	return more;
}

bool ask_secret(const char *question, char **answer)
{
	static char text[ASK_SECRET_MAX + 1];
	bool is_hidden = hide(), read;

	print_question(question, NULL);
	read = read_text(text, sizeof(text), is_hidden);
	if (hidden && show() && read)
		fputs("\n  only the first line was taken: a secret is one line", stdout);
	(void)putchar('\n');
	*answer = read ? strdup(text + strspn(text, " \t")) : NULL;
	explicit_bzero(text, sizeof(text));
	return *answer != NULL;
}
