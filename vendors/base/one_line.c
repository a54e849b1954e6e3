/* SPDX-License-Identifier: Apache-2.0 */
/*
 * one_line.c - see one_line.h.
 */
#include "vendors/base/one_line.h"

void one_line(char *text, char with)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = with;
	}
}
