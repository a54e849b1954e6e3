/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vault.h - memory for secrets: keys, tokens, passwords, and the requests that have them.
 *
 * It is locked, so that it does not reach the swap area, is no part of a core dump or of a child,
 * and is wiped when it is freed. More than VAULT_MAX bytes at a time, such as a large document, and
 * what exceeds 4 MiB in all, are wiped only. Where the limit on locked memory (ulimit -l) is too
 * low, the rest is not locked, and the log says so once.
 *
 * Only vault_free may free what comes from here, and it may free nothing else: the program ends if
 * it is called with anything else. Any thread; nothing here waits.
 */
#ifndef ROSTERFS_VAULT_H
#define ROSTERFS_VAULT_H

#include <stddef.h>

#define VAULT_MAX ((size_t)32 << 10)

/* Return SIZE zero bytes, or NULL without memory. */
void *vault_alloc(size_t size);

/* Return a copy of the LENGTH bytes at BYTES and a NUL behind them, or NULL without memory. */
char *vault_copy_bytes(const void *bytes, size_t length);

/* Return a copy of TEXT. NULL: TEXT is NULL, or there is no memory. */
char *vault_copy(const char *text);

/* Return TEXT, of malloc, which is wiped and freed in any case. NULL as vault_copy. */
char *vault_take(char *text);

/* Return the texts that are given, one behind the other, as one. (printf leaves parts of them in
 * its stack.) NULL: no memory. */
#define vault_join(...) vault_join_all((const char *const[]){__VA_ARGS__, NULL})

/* The same of the texts in PARTS, up to a NULL. */
char *vault_join_all(const char *const *parts);

/* Wipe and free SECRET. NULL is a no-op. */
void vault_free(void *secret);

/*
 * Lock what is there once more, because a child has no locks of its parent, and keep it out of
 * children from now on. Call it in the process that goes on, when no fork will need secrets.
 */
void vault_settle(void);

#endif
