/* SPDX-License-Identifier: Apache-2.0 */
/*
 * paint.c - see paint.h.
 */
#include "mount/terminal/paint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool paint_may(FILE *out)
{
	const char *kind = getenv("TERM"), *refused = getenv("NO_COLOR");

	return isatty(fileno(out)) && kind && *kind && strcmp(kind, "dumb") != 0 &&
	       (!refused || !*refused);
}

void paint_print(FILE *out, enum paint paint, const char *words)
{
	static const char *const codes[] =
	    {[PAINT_GREEN] = "32", [PAINT_YELLOW] = "33", [PAINT_RED] = "31"};

	if (paint == PAINT_PLAIN)
		fputs(words, out);
	else
		fprintf(out, "\033[%sm%s\033[0m", codes[paint], words);
}
