/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial.h - a connected socket, within a deadline: of the search for the host's addresses, too.
 */
#ifndef ROSTERFS_DIAL_H
#define ROSTERFS_DIAL_H

#include <stdint.h>

struct redis_settings;

/*
 * Return a socket that is connected to the server in SETTINGS, does not block and is closed on
 * exec, or a negative errno. All addresses of the host are tried in turn. *WHY is set to more words
 * than strerror has, static, or NULL.
 */
int dial(const struct redis_settings *settings, int stop_fd, int64_t deadline, const char **why);

#endif
