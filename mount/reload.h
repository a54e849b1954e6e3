/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload.h - read the config again on SIGHUP, without unmounting.
 *
 * A thread of its own reads it, because secrets may come from commands that take long. It applies
 * what can change in a mount (apply.h). If the config has errors, nothing changes. The log, and
 * .rosterfs/status for as long as it is so, say what is wrong and what was not applied; in the
 * foreground stderr has it too, and so does the journal of systemd.
 */
#ifndef ROSTERFS_RELOAD_H
#define ROSTERFS_RELOAD_H

#include <stdbool.h>

struct config;
struct fs;
struct reload;

/*
 * Catch SIGHUP from now on, before libfuse does: it would end the session. The signal is kept until
 * reload_start. Returns 0 or a negative errno.
 */
int reload_catch(void);

/*
 * Start the thread that reads CONFIG again for FS; both stay valid until reload_stop. FOREGROUND:
 * if the terminal that the process has is gone, SIGHUP ends it as SIGTERM does, except under
 * nohup(1). ALOUD: errors go to stderr as well. Returns NULL without memory or a thread.
 */
struct reload *reload_start(struct config *config, struct fs *fs, bool foreground, bool aloud);

/* Let the thread tell the service manager how many users are known, and the last error. For
 * fs->fetched, after reload_catch. ARG is not used. */
void reload_fetched(void *arg);

/* End the thread, and any command of the config that runs. NULL is a no-op. */
void reload_stop(struct reload *reload);

#endif
