/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed_listen.h - the thread that hears what others tell, and finds out that the server is back.
 */
#ifndef ROSTERFS_FEED_LISTEN_H
#define ROSTERFS_FEED_LISTEN_H

/* The thread. ARG: the feed. It ends when feed->ending is set and the server's calls are stopped.
 */
void *feed_listen_run(void *arg);

#endif
