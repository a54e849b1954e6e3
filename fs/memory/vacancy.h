/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vacancy.h - names that appear vacant to the process that renamed the record away.
 *
 * Editors rename 123.json to their backup and then create 123.json anew. That leaves the record as
 * it is, and everybody else goes on seeing it. Only the process that renamed it must find the name
 * free, or its create would fail. A vacancy ends when the process has created or renamed something
 * there, when the backup is gone, or after VACANCY_SECONDS. One mutex; nothing here waits.
 *
 * Paths are below the mount point.
 */
#ifndef ROSTERFS_VACANCY_H
#define ROSTERFS_VACANCY_H

#include <stdbool.h>
#include <sys/types.h>

#define VACANCY_SECONDS 10

struct vacancies;

/* Return an empty list, or NULL: no memory. */
struct vacancies *vacancy_table_new(void);
void vacancy_table_free(struct vacancies *vacancies); /* NULL is fine */

/* Note that PROCESS has renamed PATH to BACKUP (both copied). */
void vacancy_begin(struct vacancies *vacancies, const char *path, const char *backup,
		   pid_t process);

/* Return true if PATH is vacant for the process that THREAD belongs to. */
bool vacancy_holds(struct vacancies *vacancies, const char *path, pid_t thread);

/* Return true if PATH is vacant for any process: then the kernel must look the name up each time.
 */
bool vacancy_exists(struct vacancies *vacancies, const char *path);

/* End the vacancy of PATH for PROCESS, which uses the name again, or those whose BACKUP is gone. */
void vacancy_end(struct vacancies *vacancies, const char *path, pid_t process);
void vacancy_end_backup(struct vacancies *vacancies, const char *backup);

#endif
