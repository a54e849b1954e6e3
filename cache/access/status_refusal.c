/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_refusal.c - see status_refusal.h.
 */
#include "cache/access/status_refusal.h"

#include "vendors/base/status_words.h"
#include "vendors/ini/hint.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define QUOTED_MAX 24 /* bytes that are quoted */
#define NUMBER_MAX 4  /* the same with digits: 0, 1 */
#define WORDS "a status is " STATUS_ACTIVE " or " STATUS_INACTIVE

/* A text that was written, without the newline at its end. */
struct written {
	const char *text;
	size_t length;
	char quoted[QUOTED_MAX + 32]; /* how messages name it */
	char word[QUOTED_MAX + 1]; /* in lower case, without blanks and quotes at its ends; or "" */
	bool upper, framed;        /* it has upper case; blanks or quotes */
};

/* Return true if WRITTEN may be quoted. */
static bool looks_like_words(const struct written *written)
{
	if (!written->length || written->length > QUOTED_MAX)
		return false;
	for (size_t i = 0; i < written->length; i++) {
		unsigned char c = (unsigned char)written->text[i];

		if (!c || (!isalpha(c) && !strchr(" \t'\"-_.!", c) &&
			   (!isdigit(c) || written->length > NUMBER_MAX)))
			return false;
	}
	return true;
}

static void take(const char *text, size_t length, struct written *written)
{
	const char *frame = " \t'\"", *quote;
	size_t begin = 0, end;

	while (length && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	*written = (struct written){.text = text, .length = end = length};
	quote = memchr(text, '"', length) ? "'" : "\"";
	if (!looks_like_words(written)) {
		(void)snprintf(written->quoted, sizeof(written->quoted),
			       length ? "what was written" : "an empty text");
		return;
	}
	(void)snprintf(written->quoted, sizeof(written->quoted), "%s%.*s%s", quote, (int)length,
		       text, quote);
	while (begin < end && strchr(frame, text[begin]))
		begin++;
	while (end > begin && strchr(frame, text[end - 1]))
		end--;
	written->framed = end - begin < length;
	for (size_t i = begin; i < end; i++) {
		written->upper = written->upper || isupper((unsigned char)text[i]);
		written->word[i - begin] = (char)tolower((unsigned char)text[i]);
	}
}

/* Return true if WORD is one of LIST, each with a blank on both sides. */
static bool is_in(const char *word, const char *list)
{
	char padded[QUOTED_MAX + 3];

	(void)snprintf(padded, sizeof(padded), " %s ", word);
	return *word && !strchr(word, ' ') && strstr(list, padded);
}

const char *status_refusal(const char *text, size_t length)
{
	static _Thread_local char words[200];
	static const char own[] = " " STATUS_ACTIVE " " STATUS_INACTIVE " " STATUS_DELETED " ";
	static const char ended[] =
	    " disabled disable deactivate deactivated deactive unactive suspend suspended block "
	    "blocked lock locked archive archived terminate terminated revoked leaver off no false "
	    "0 delete remove removed ";
	static const char
	    begun[] = " enabled enable activate activated unsuspend unsuspended "
		      "unblock unblocked unlock unlocked restore restored on yes true 1 ";
	struct written written;
	struct hint hint = HINT_NONE;

	take(text, length, &written);
	hint_offer(&hint, written.word, STATUS_ACTIVE);
	hint_offer(&hint, written.word, STATUS_INACTIVE);
	if (is_in(written.word, own))
		(void)snprintf(words, sizeof(words), "%s is not a status: write %s%s%s",
			       written.quoted, written.word, written.upper ? ", in lower case" : "",
			       written.framed ? ", without blanks and quotes" : "");
	else if (is_in(written.word, ended))
		(void)
		    snprintf(words, sizeof(words),
			     "%s is not a status: to end the user's access, write " STATUS_INACTIVE,
			     written.quoted);
	else if (is_in(written.word, begun))
		(void)snprintf(words, sizeof(words),
			       "%s is not a status: to give the user access, write " STATUS_ACTIVE,
			       written.quoted);
	else if (*hint.name)
		(void)snprintf(words, sizeof(words), "%s is not a status; did you mean %s?",
			       written.quoted, hint.name);
	else if (written.length && *text == '{')
		(void)snprintf(words, sizeof(words),
			       "a document is not a status: " WORDS "; documents go to the .json");
	else
		(void)snprintf(words, sizeof(words), "%s is not a status: " WORDS, written.quoted);
	return words;
}
