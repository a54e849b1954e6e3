/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vault.c - see vault.h.
 *
 * Chunks of locked memory are cut into cells, whose sizes are powers of two. A cell that is freed
 * is wiped and used again for the same size; chunks stay. libsodium's sodium_malloc takes four
 * pages and five system calls for each secret: there are several in each request, and a container
 * may lock sixteen pages. Sanitizers would not see what is wrong within a chunk, so with them each
 * cell is from malloc.
 */
#include "vendors/base/vault.h"

#include "vendors/base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define CHUNK ((size_t)64 << 10)
#define CHUNKS_MAX 64 /* a burst of requests must not use up what may be locked */
#define CELL_MIN ((size_t)64)
#define KINDS 11 /* of cells: CELL_MIN, twice that, ... up to CHUNK */
#define MARK UINT32_C(0x5ec2e75a)

#ifdef ROSTERFS_SANITIZED
#define CHUNKED false
#else
#define CHUNKED true
#endif

/* What is before each secret. */
struct cell {
	uint32_t mark; /* MARK while it is used */
	uint32_t kind; /* KINDS: it is from malloc */
	union {
		size_t size;       /* bytes behind this */
		struct cell *next; /* free */
	};
} __attribute__((aligned(16)));

struct chunk {
	char *memory;
	size_t used;
	struct chunk *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all that follows; a leaf */
static struct chunk *chunks;
static unsigned chunk_count;
static struct cell *unused[KINDS];
static bool settled;
static bool told; /* the log has what cannot be locked */

/* Lock MEMORY. Returns 0 or an errno that nobody was told of yet. */
static int lock_locked(char *memory)
{
	if (!mlock(memory, CHUNK) || told)
		return 0;
	told = true;
	return errno;
}

/* Tell that memory cannot be locked because of ERROR, if there is one. */
static void vault_tell(int error)
{
	struct rlimit limit = {0};

	if (!error)
		return;
	(void)getrlimit(RLIMIT_MEMLOCK, &limit);
	log_line(
	    "secrets are in memory that is not locked (mlock: %s; the limit, ulimit -l, is %llu "
	    "KiB): they can reach the swap area",
	    strerror(error), (unsigned long long)limit.rlim_cur >> 10);
}

/* Make a chunk, the first one. Returns false without memory, and if there are too many. */
static bool add_chunk_locked(int *error)
{
	struct chunk *chunk = chunk_count < CHUNKS_MAX ? malloc(sizeof(*chunk)) : NULL;
	void *memory = chunk ? mmap(NULL, CHUNK, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
			     : MAP_FAILED;

	if (memory == MAP_FAILED) {
		free(chunk);
		return false;
	}
	*chunk = (struct chunk){.memory = memory, .next = chunks};
	chunks = chunk;
	chunk_count++;
	(void)madvise(memory, CHUNK, MADV_DONTDUMP);
	if (settled)
		(void)madvise(memory, CHUNK, MADV_DONTFORK);
	*error = lock_locked(memory);
	return true;
}

/* Return a cell of KIND, or NULL: it must be from malloc. */
static struct cell *take_locked(uint32_t kind, int *error)
{
	size_t size = CELL_MIN << kind;
	struct cell *cell = unused[kind];

	if (cell) {
		unused[kind] = cell->next;
		return cell;
	}
	if ((!chunks || CHUNK - chunks->used < size) && !add_chunk_locked(error))
		return NULL;
	cell = (struct cell *)(void *)(chunks->memory + chunks->used);
	chunks->used += size;
	return cell;
}

void *vault_alloc(size_t size)
{
	struct cell *cell = NULL;
	uint32_t kind = 0;
	int error = 0;

	if (size > SIZE_MAX / 2)
		return NULL;
	while (kind < KINDS && CELL_MIN << kind < size + sizeof(*cell))
		kind++;
	if (size > VAULT_MAX || !CHUNKED)
		kind = KINDS;
	if (kind < KINDS) {
		pthread_mutex_lock(&lock);
		cell = take_locked(kind, &error);
		pthread_mutex_unlock(&lock);
		vault_tell(error);
	}
	if (!cell) {
		kind = KINDS;
		cell = calloc(1, sizeof(*cell) + size);
	}
	if (!cell)
		return NULL;
	cell->mark = MARK;
	cell->kind = kind;
	cell->size = size;
	return cell + 1;
}

char *vault_copy_bytes(const void *bytes, size_t length)
{
	char *copy = vault_alloc(length + 1);

	if (copy && length)
		memcpy(copy, bytes, length);
	return copy;
}

char *vault_copy(const char *text)
{
	return text ? vault_copy_bytes(text, strlen(text)) : NULL;
}

char *vault_take(char *text)
{
	char *copy = vault_copy(text);

	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	return copy;
}

char *vault_join_all(const char *const *parts)
{
	size_t length = 0;
	char *text, *end;

	for (const char *const *part = parts; *part; part++)
		length += strlen(*part);
	text = end = vault_alloc(length + 1);
	for (const char *const *part = parts; text && *part; part++)
		end = stpcpy(end, *part);
	return text;
}

void vault_free(void *secret)
{
	struct cell *cell = secret;
	uint32_t kind;

	if (!cell)
		return;
	cell--;
	kind = cell->kind;
	if (cell->mark != MARK || kind > KINDS)
		abort();
	explicit_bzero(secret, cell->size);
	cell->mark = 0;
	if (kind == KINDS) {
		free(cell);
		return;
	}
	pthread_mutex_lock(&lock);
	cell->next = unused[kind];
	unused[kind] = cell;
	pthread_mutex_unlock(&lock);
}

void vault_settle(void)
{
	int error = 0;

	pthread_mutex_lock(&lock);
	settled = true;
	for (const struct chunk *chunk = chunks; chunk; chunk = chunk->next) {
		int result = lock_locked(chunk->memory);

		error = result ? result : error;
		(void)madvise(chunk->memory, CHUNK, MADV_DONTFORK);
	}
	pthread_mutex_unlock(&lock);
	vault_tell(error);
}
