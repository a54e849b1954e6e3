/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults.c - see faults.h.
 */
#include "vendors/ini/faults.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nobody reads more, and a file that is no text at all would fill the memory. */
#define FAULTS_MAX 100
#define MORE "there are more errors; correct these first"

static bool is_there(const struct faults *faults, const char *file, unsigned line,
		     const char *words)
{
	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->list[i];

		if (fault->line == line && strcmp(fault->file, file) == 0 &&
		    strcmp(fault->words, words) == 0)
			return true;
	}
	return false;
}

static void append(struct faults *faults, const struct fault *fault)
{
	struct fault *longer = reallocarray(faults->list, faults->count + 1, sizeof(*longer));

	if (longer)
		faults->list = longer;
	if (longer && fault->file && fault->words) {
		longer[faults->count++] = *fault;
		return;
	}
	faults->no_memory = true;
	free(fault->file);
	free(fault->words);
}

int faults_add(struct faults *faults, int error, const char *file, unsigned line,
	       const char *format, ...)
{
	char words[1024];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(words, sizeof(words), format, arguments);
	va_end(arguments);
	faults->found++;
	if (is_there(faults, file, line, words))
		return -error;
	if (faults->count == FAULTS_MAX) {
		faults->more = true;
		return -error;
	}
	append(faults, &(struct fault){.file = strdup(file),
				       .words = strdup(words),
				       .line = line,
				       .at = faults->main ? faults->at : line,
				       .main = faults->main,
				       .order = faults->found,
				       .error = -error});
	return -error;
}

void faults_add_condition(struct faults *faults, size_t from, const char *with)
{
	for (size_t i = from; i < faults->count; i++) {
		struct fault *fault = &faults->list[i];

		free(fault->with);
		fault->with = strdup(with);
		faults->no_memory = faults->no_memory || !fault->with;
	}
}

static int compare(const void *first, const void *second)
{
	const struct fault *a = first, *b = second;
	int files;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	files = strcmp(a->file, b->file);
	if (files)
		return files;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

/* Write FAULT as one line to TEXT. Returns its whole length. */
static size_t print(const struct fault *fault, char *text, size_t size)
{
	char line[16] = "", at[16] = "";
	int length;

	if (fault->line)
		(void)snprintf(line, sizeof(line), "%u:", fault->line);
	if (fault->main)
		(void)snprintf(at, sizeof(at), ":%u: ", fault->at);
	length = snprintf(text, size, "%s%s%s:%s %s%s%s%s", fault->main ? fault->main : "", at,
			  fault->file, line, fault->words, fault->with ? " (with " : "",
			  fault->with ? fault->with : "", fault->with ? ")" : "");
	for (char *c = text; size && *c; c++) {
		if (iscntrl((unsigned char)*c))
			*c = '?';
	}
	return length < 0 ? 0 : (size_t)length;
}

int faults_sort(struct faults *faults)
{
	if (faults->no_memory)
		return -ENOMEM;
	if (!faults->count)
		return 0;
	qsort(faults->list, faults->count, sizeof(*faults->list), compare);
	return faults->list[0].error;
}

int faults_text(struct faults *faults, char *why, size_t why_size)
{
	const size_t room = sizeof("\n" MORE);
	size_t used = 0;
	bool more = faults->more;

	if (faults->no_memory) {
		(void)snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	if (!faults_sort(faults))
		return 0;
	used = print(&faults->list[0], why, why_size);
	for (size_t i = 1; i < faults->count && used + room < why_size; i++) {
		size_t length = print(&faults->list[i], why + used + 1, why_size - used - 1);

		more = more || used + 1 + length + room >= why_size;
		if (used + 1 + length + room >= why_size) {
			why[used] = '\0';
			break;
		}
		why[used] = '\n';
		used += 1 + length;
	}
	if (more && used + room < why_size)
		(void)snprintf(why + used, why_size - used, "\n" MORE);
	return faults->list[0].error;
}

void faults_clear(struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		free(faults->list[i].file);
		free(faults->list[i].words);
		free(faults->list[i].with);
	}
	free(faults->list);
	*faults = (struct faults){0};
}
