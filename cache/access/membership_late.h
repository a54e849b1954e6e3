/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership_late.h - look once more at steps that the vendor has accepted and does not show yet.
 */
#ifndef ROSTERFS_MEMBERSHIP_LATE_H
#define ROSTERFS_MEMBERSHIP_LATE_H

struct membership;

/*
 * Read the record again when `lag` ends, on the pool, and log whether it shows the steps of
 * MEMBERSHIP that were accepted, or may have been. Changes nothing. Never waits.
 */
void membership_late_look(const struct membership *membership);

#endif
