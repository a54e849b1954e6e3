/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limiter: how many requests a vendor lets in within a time.
 *
 * Thread-safe, never blocks. One leaf lock.
 */
#ifndef SANDBOX_LIMITER_H
#define SANDBOX_LIMITER_H

#include <stdbool.h>

#include "settings.h"

struct limiter;

struct limiter *limiter_new(void);
void limiter_free(struct limiter *limiter);

/* Counts a request that has just arrived and lets it in, unless as many as the settings allow were
 * let in within the window that ends now: a window slides. Without a limit nothing is counted. */
bool limiter_admit(struct limiter *limiter, const struct settings_values *settings);

#endif
