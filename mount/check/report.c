/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c - see report.h.
 *
 * rosterfs(1) documents the first words of the lines, because scripts read them.
 */
#include "mount/check/report.h"

#include "mount/terminal/bar.h"
#include "mount/terminal/paint.h"
#include "vendors/rest/account.h"

#include <string.h>

static void print(const struct report_text *text, const struct facts *facts, enum paint paint,
		  const char *words)
{
	bar_pause();
	fprintf(text->out, "%s: ", facts->account->name);
	paint_print(text->out, text->paints ? paint : PAINT_PLAIN, words);
	fputc('\n', text->out);
	(void)fflush(text->out);
	bar_resume();
}

void report_text_line(struct report_text *text, const struct facts *facts, enum facts_level level,
		      const char *words)
{
	static const enum paint paints[] =
	    {[FACTS_NOTE] = PAINT_PLAIN, [FACTS_WARNING] = PAINT_YELLOW, [FACTS_ERROR] = PAINT_RED};

	print(text, facts, paints[level], words);
}

static void line(struct report *report, const struct facts *facts, enum facts_level level,
		 const char *words)
{
	report_text_line((struct report_text *)report, facts, level, words);
}

/* Append what KIND does to WORDS, of SIZE bytes, behind what is there. */
static void append(char *words, size_t size, enum ability_kind kind)
{
	size_t used = strlen(words);

	(void)snprintf(words + used, size - used, "%s%s", used ? ", " : "", ability_words(kind));
}

/* Print what can be done, and then, once for each reason, what cannot. */
static void print_abilities(const struct report_text *text, const struct facts *facts)
{
	bool told[ABILITIES] = {false};
	char names[256] = "", words[sizeof(names) + ABILITY_WHY_MAX + 16];

	for (enum ability_kind kind = 0; kind < ABILITIES; kind++) {
		if (facts->abilities[kind].can)
			append(names, sizeof(names), kind);
	}
	(void)snprintf(words, sizeof(words), "can %s", names);
	print(text, facts, PAINT_PLAIN, words);
	for (enum ability_kind kind = 0; kind < ABILITIES; kind++) {
		const struct ability *ability = &facts->abilities[kind];

		if (ability->can || ability->absent || told[kind])
			continue;
		names[0] = '\0';
		for (enum ability_kind other = kind; other < ABILITIES; other++) {
			if (strcmp(facts->abilities[other].why, ability->why) != 0)
				continue;
			told[other] = true;
			append(names, sizeof(names), other);
		}
		(void)snprintf(words, sizeof(words), "cannot %s: %s", names, ability->why);
		print(text, facts, PAINT_PLAIN, words);
	}
}

static void done(struct report *report, const struct facts *facts)
{
	struct report_text *text = (struct report_text *)report;

	if (facts->by_hand) {
		print(text, facts, PAINT_PLAIN, "kept by hand, nothing to ask");
		return;
	}
	if (facts->listed)
		print_abilities(text, facts);
	print(text, facts, facts->failed ? PAINT_RED : PAINT_GREEN,
	      facts->failed ? "failed" : "ok");
}

void report_text_init(struct report_text *text, FILE *out)
{
	*text = (struct report_text){.report = {.line = line, .done = done},
				     .out = out,
				     .paints = paint_may(out)};
}
