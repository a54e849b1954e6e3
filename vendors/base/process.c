/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process.c - see process.h. What the kernel says of a process in /proc, and nothing else.
 */
#include "vendors/base/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Put the numbers behind WORDS, of COUNT lines of /proc/self/status, into NUMBERS. Returns how many
 * there are. */
static size_t status_lines(const char *const *words, size_t count, unsigned *numbers)
{
	char line[256];
	size_t found = 0;
	FILE *file = fopen("/proc/self/status", "re");

	if (!file)
		return 0;
	while (found < count && fgets(line, sizeof(line), file)) {
		for (size_t i = 0; i < count; i++) {
			if (strncmp(line, words[i], strlen(words[i])) != 0)
				continue;
			numbers[i] = (unsigned)strtoul(line + strlen(words[i]), NULL, 10);
			found++;
		}
	}
	fclose(file);
	return found;
}

bool process_counts(unsigned *descriptors, unsigned *threads)
{
	static const char *const words[] = {"FDSize:", "Threads:"};
	unsigned numbers[2];

	if (status_lines(words, 2, numbers) < 2)
		return false;
	*threads = numbers[1];
	*descriptors = 0;
	/* none is above the size of the kernel's table */
	for (unsigned fd = 0; fd < numbers[0]; fd++)
		*descriptors += fcntl((int)fd, F_GETFD) >= 0;
	return true;
}

pid_t process_of(pid_t thread)
{
	char name[64];
	char line[256];
	long tgid = thread;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%ld/status", (long)thread);
	file = fopen(name, "re");
	if (!file)
		return thread;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "Tgid:", 5) == 0) {
			tgid = strtol(line + 5, NULL, 10);
			break;
		}
	}
	fclose(file);
	return (pid_t)tgid;
}

/* Return field FIELD (from 3) of /proc/TASK/stat, or 0 if it cannot be read. */
static unsigned long long stat_field(pid_t task, int field)
{
	char text[1024];
	char *after;
	size_t length;
	FILE *file;

	snprintf(text, sizeof(text), "/proc/%ld/stat", (long)task);
	file = fopen(text, "re");
	if (!file)
		return 0;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	/* the second field is the command's name in brackets, which may hold anything */
	after = strrchr(text, ')');
	for (int at = 2; after && at < field; at++)
		after = strchr(after + 1, ' ');
	return after ? strtoull(after, NULL, 10) : 0;
}

unsigned long long process_start(pid_t pid)
{
	return stat_field(pid, 22);
}

bool process_is_exiting(pid_t thread)
{
	const unsigned long long
	    exiting = 0x4; /* PF_EXITING of the kernel's include/linux/sched.h */

	return stat_field(thread, 9) & exiting;
}
