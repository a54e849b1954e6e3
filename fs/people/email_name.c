/* SPDX-License-Identifier: Apache-2.0 */
/*
 * email_name.c - see email_name.h.
 *
 * The key of an email (address.h) becomes a name as an id does (path.h), so that no two vendors can
 * disagree.
 */
#include "fs/people/email_name.h"

#include "cache/record/record.h"
#include "vendors/base/address.h"

#include <stdlib.h>
#include <string.h>

static bool is_hex(char digit)
{
	return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f') ||
	       (digit >= 'A' && digit <= 'F');
}

static char to_lower(char letter)
{
	return (char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
}

static char to_upper(char letter)
{
	return (char)(letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter);
}

void email_name_fold(char *stem)
{
	for (char *at = stem; *at; at++) {
		if (at[0] == '%' && is_hex(at[1]) && is_hex(at[2])) {
			at[1] = to_upper(at[1]);
			at[2] = to_upper(at[2]);
			at += 2;
		} else {
			*at = to_lower(*at);
		}
	}
}

bool email_name_stem(const char *key, char *stem)
{
	char *shown;

	path_stem(key, stem);
	email_name_fold(stem);
	if (address_is_plain(key, strlen(key)) && !path_is_cut(stem) && !strstr(stem, "xn--"))
		return true;
	/* the hash at the end of a cut name must not depend on the case either */
	shown = address_display(key);
	if (!shown)
		return false;
	path_email_stem(shown, false, stem);
	free(shown);
	return true;
}

bool email_name_apart_stem(const struct record *record, char *stem)
{
	char *spelling = address_spelling(record_email(record));
	bool done = spelling;

	if (done)
		path_email_stem(spelling, true, stem);
	free(spelling);
	return done;
}
