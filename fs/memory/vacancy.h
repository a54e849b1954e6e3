/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vacancy.h - names that seem free to whoever renamed their record away.
 *
 * Editors rename 123.json to their backup and then create 123.json anew. The record is untouched by
 * that, and everybody else goes on seeing it; only the process that did it must find the name free,
 * or its create would fail. That ends when it has created or renamed something there, when the
 * backup is gone, or after VACANCY_SECONDS. One mutex; nothing here waits.
 */
#ifndef ROSTERFS_VACANCY_H
#define ROSTERFS_VACANCY_H

#include <stdbool.h>
#include <sys/types.h>

#define VACANCY_SECONDS 10

struct vacancies;

struct vacancies *vacancies_new(void);
void vacancies_free(struct vacancies *vacancies); /* NULL is fine */

/* PROCESS has renamed PATH to BACKUP (paths below the mount point; copied). */
void vacancy_begin(struct vacancies *vacancies, const char *path, const char *backup,
		   pid_t process);

/* Is PATH free for the process that THREAD belongs to? */
bool vacancy_holds(struct vacancies *vacancies, const char *path, pid_t thread);

/* Is PATH free for anybody? Then the kernel must ask for the name each time. */
bool vacancy_exists(struct vacancies *vacancies, const char *path);

/* PATH is used again, or BACKUP is gone. */
void vacancy_end(struct vacancies *vacancies, const char *path, pid_t process);
void vacancy_end_backup(struct vacancies *vacancies, const char *backup);

#endif
