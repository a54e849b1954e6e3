/* SPDX-License-Identifier: Apache-2.0 */
/*
 * complain.c - see complain.h.
 */
#include "mount/terminal/complain.h"

#include "mount/terminal/bar.h"
#include "vendors/base/one_line.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void (*hears)(void *arg, const char *words);
static void *hears_arg;

void complain_hear(void (*hear)(void *arg, const char *words), void *arg)
{
	hears = hear;
	hears_arg = arg;
}

void complain(const char *format, ...)
{
	char words[2 * PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	one_line(words, '?');
	if (hears) {
		hears(hears_arg, words);
		return;
	}
	bar_pause();
	fprintf(stderr, "rosterfs: %s\n", words);
	bar_resume();
}

void complain_lines(char *words)
{
	char *line;

	while ((line = strsep(&words, "\n")))
		complain("%s", line);
}
