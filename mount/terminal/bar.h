/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bar.h - a line on the terminal that shows how far lists have been read (vendors/base/progress.h).
 *
 * There is one for the process. It is drawn only on a terminal, and only while the process is in
 * its foreground; drawing never waits for the terminal. It has a lock, under which nothing but the
 * terminal is used; bar_pause holds it until bar_resume.
 */
#ifndef ROSTERFS_BAR_H
#define ROSTERFS_BAR_H

/* Draw what is read from now on, if stderr is a terminal. Before threads start. */
void bar_begin(void);

/* Erase the line, and draw nothing any more. After all lists have ended. A no-op without bar_begin.
 */
void bar_end(void);

/* Erase the line, so that the caller can write to the terminal, until bar_resume. Pair them. No-ops
 * without bar_begin. */
void bar_pause(void);
void bar_resume(void);

#endif
