/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make.c - see make.h.
 */
#include "vendors/description/make.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Return the line of KEY in SECTION, or that of its header. *FILE is its file. */
static unsigned line_of(const struct merged *section, const char *key, const char **file)
{
	const struct merged_key *found = section && key ? variant_key(section, key) : NULL;

	*file = found ? found->file : section ? section->file : NULL;
	return found ? found->entry->line : section ? section->line : 0;
}

static int make_fail_list(const struct make *make, const struct merged *section, const char *key,
			  const char *format, va_list arguments)
    __attribute__((format(printf, 4, 0)));

static int make_fail_list(const struct make *make, const struct merged *section, const char *key,
			  const char *format, va_list arguments)
{
	char words[400];
	const char *file;
	unsigned line = line_of(section, key, &file);

	(void)vsnprintf(words, sizeof(words), format, arguments);
	return faults_add(make->faults, EINVAL, file ? file : make->file, line, "%s", words);
}

int make_fail(const struct make *make, const struct merged *section, const char *key,
	      const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (!section || !section->broken)
		(void)make_fail_list(make, section, key, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int make_fail_absent(const struct make *make, const struct merged *section, const char *key,
		     const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (!make->broken && (!section || !section->broken))
		(void)make_fail_list(make, section, key, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int make_fail_alone(const struct make *make, const struct merged *section, const char *key,
		    const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)make_fail_list(make, section, key, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int make_fail_needs(const struct make *make, const struct merged *section, const char *key)
{
	return section->lacks || variant_key(section, key)
		   ? -EINVAL
		   : make_fail_alone(make, section, NULL, "[%s] needs the key %s",
				     section->kind->name, key);
}

int make_fail_memory(const struct make *make)
{
	return faults_add(make->faults, ENOMEM, make->file, 0, "out of memory");
}

bool make_is_memory(const struct make *make, const struct draft_head *head)
{
	unsigned evidence = head->evidence ? head->evidence : make->draft->vendor.head.evidence;

	return evidence == EVIDENCE_MEMORY;
}

const void *make_copy(const struct make *make, const void *element, size_t size)
{
	void *copy = arena_get(make->arena, size);

	return copy ? memcpy(copy, element, size) : NULL;
}
