/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.h - make a mount use what has changed in its config.
 *
 * What may change while requests are sent: secrets and what else proves an identity, self_id, and
 * the keys that are `live` (mount/config/keys.h). All else is what tables, queues and records were
 * made from at the start.
 */
#ifndef ROSTERFS_APPLY_H
#define ROSTERFS_APPLY_H

#include <stdio.h>

struct config;
struct fs;

/*
 * Make FS, which MOUNTED belongs to, use what differs in FRESH, and note it in MOUNTED. Takes what
 * it needs out of FRESH, which the caller clears. An account whose keys have changed, or whose last
 * fetch has failed, is asked again. Logs each change, without secrets. Prints a line to NOTES for
 * each section with what differs and stays as it is: "[NAME] KEY, KEY: unmount and mount to apply".
 * One thread at a time; does not wait for a vendor. Returns how many changes were made.
 */
unsigned apply_config(struct config *mounted, struct config *fresh, struct fs *fs, FILE *notes);

#endif
