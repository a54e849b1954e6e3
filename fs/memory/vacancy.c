/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vacancy.c - see vacancy.h.
 *
 * A short list: it has as many entries as saves are under way. It knows paths and processes, not
 * what stands at a path.
 */
#include "fs/memory/vacancy.h"

#include "vendors/base/checked.h"
#include "vendors/base/clock.h"
#include "vendors/base/process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>

struct vacancy {
	char *path, *backup;
	pid_t process;
	unsigned long long started; /* of the process: a pid can be reused */
	time_t until;               /* monotonic seconds */
	struct vacancy *next;
};

struct vacancies {
	atomic_size_t count; /* most lookups find without the lock that there is none */
	pthread_mutex_t lock;
	struct vacancy *list; /* utlist */
};

struct vacancies *vacancy_table_new(void)
{
	struct vacancies *vacancies = calloc(1, sizeof(*vacancies));

	if (vacancies)
		pthread_mutex_init(&vacancies->lock, NULL);
	return vacancies;
}

/*
 * What holds between two changes, of each entry:
 *   - it has a path, a backup and a process;
 *   - no other entry has the same path and process;
 * and count is the number of entries.
 */
static void vacancy_check_locked(struct vacancies *vacancies)
{
	const struct vacancy *vacancy, *other;
	size_t count = 0;

	LL_FOREACH(vacancies->list, vacancy) {
		assert(vacancy->path && vacancy->backup && vacancy->process > 0);
		LL_FOREACH(vacancy->next, other)
			assert(vacancy->process != other->process ||
			       strcmp(vacancy->path, other->path) != 0);
		count++;
	}
	assert(count == atomic_load(&vacancies->count));
}

static void vacancy_drop_locked(struct vacancies *vacancies, struct vacancy *vacancy)
{
	LL_DELETE(vacancies->list, vacancy);
	atomic_fetch_sub(&vacancies->count, 1);
	free(vacancy->path);
	free(vacancy->backup);
	free(vacancy);
}

void vacancy_table_free(struct vacancies *vacancies)
{
	if (!vacancies)
		return;
	while (vacancies->list)
		vacancy_drop_locked(vacancies, vacancies->list);
	pthread_mutex_destroy(&vacancies->lock);
	free(vacancies);
}

static void vacancy_expire_locked(struct vacancies *vacancies)
{
	struct vacancy *vacancy, *next;
	time_t time = clock_now().tv_sec;

	LL_FOREACH_SAFE(vacancies->list, vacancy, next) {
		if (vacancy->until <= time)
			vacancy_drop_locked(vacancies, vacancy);
	}
}

static void vacancy_end_locked(struct vacancies *vacancies, const char *path, pid_t process)
{
	struct vacancy *vacancy, *next;

	LL_FOREACH_SAFE(vacancies->list, vacancy, next) {
		if (vacancy->process == process && strcmp(vacancy->path, path) == 0)
			vacancy_drop_locked(vacancies, vacancy);
	}
}

void vacancy_begin(struct vacancies *vacancies, const char *path, const char *backup, pid_t process)
{
	struct vacancy *vacancy;

	/* a process in another PID namespace: the next one may be another process there */
	if (process <= 0)
		return;
	vacancy = calloc(1, sizeof(*vacancy));
	if (vacancy) {
		vacancy->path = strdup(path);
		vacancy->backup = strdup(backup);
	}
	if (!vacancy || !vacancy->path || !vacancy->backup) {
		if (vacancy) {
			free(vacancy->path);
			free(vacancy->backup);
		}
		free(vacancy);
		vacancy_end(vacancies, path, process);
		return;
	}
	vacancy->process = process;
	vacancy->started = process_start(process);
	vacancy->until = clock_now().tv_sec + VACANCY_SECONDS;
	pthread_mutex_lock(&vacancies->lock);
	vacancy_end_locked(vacancies, path, process);
	LL_PREPEND(vacancies->list, vacancy);
	atomic_fetch_add(&vacancies->count, 1);
	CHECKED(vacancy_check_locked(vacancies));
	pthread_mutex_unlock(&vacancies->lock);
}

bool vacancy_holds(struct vacancies *vacancies, const char *path, pid_t thread)
{
	struct vacancy *vacancy;
	unsigned long long started;
	bool holds = false;
	pid_t process;

	/* finding the thread's process takes longer than everything else here */
	if (!vacancy_exists(vacancies, path))
		return false;
	process = process_of(thread);
	started = process_start(process);
	pthread_mutex_lock(&vacancies->lock);
	vacancy_expire_locked(vacancies);
	LL_FOREACH(vacancies->list, vacancy) {
		holds |= vacancy->process == process && vacancy->started == started &&
			 strcmp(vacancy->path, path) == 0;
	}
	pthread_mutex_unlock(&vacancies->lock);
	return holds;
}

bool vacancy_exists(struct vacancies *vacancies, const char *path)
{
	struct vacancy *vacancy;
	bool exists = false;

	if (!atomic_load(&vacancies->count))
		return false;
	pthread_mutex_lock(&vacancies->lock);
	vacancy_expire_locked(vacancies);
	LL_FOREACH(vacancies->list, vacancy)
		exists |= strcmp(vacancy->path, path) == 0;
	pthread_mutex_unlock(&vacancies->lock);
	return exists;
}

void vacancy_end(struct vacancies *vacancies, const char *path, pid_t process)
{
	pthread_mutex_lock(&vacancies->lock);
	vacancy_end_locked(vacancies, path, process);
	CHECKED(vacancy_check_locked(vacancies));
	pthread_mutex_unlock(&vacancies->lock);
}

void vacancy_end_backup(struct vacancies *vacancies, const char *backup)
{
	struct vacancy *vacancy, *next;

	if (!atomic_load(&vacancies->count))
		return;
	pthread_mutex_lock(&vacancies->lock);
	LL_FOREACH_SAFE(vacancies->list, vacancy, next) {
		if (strcmp(vacancy->backup, backup) == 0)
			vacancy_drop_locked(vacancies, vacancy);
	}
	CHECKED(vacancy_check_locked(vacancies));
	pthread_mutex_unlock(&vacancies->lock);
}
