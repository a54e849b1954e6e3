/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_dir.c - see control_dir.h.
 *
 * A new file in .rosterfs is a table of operations in a file of its own, and one line here.
 */
#include "fs/control/control_dir.h"

#define NAMES(X)                                                                                   \
	X("status", status_file)                                                                   \
	X("changes", changes_file)                                                                 \
	X("log", log_file)                                                                         \
	X("metrics", metrics_file)                                                                 \
	X("refresh", refresh_file)                                                                 \
	X("control", settings_file)                                                                \
	X("history", history_dir)

#define DECLARE(name, ops) extern const struct node_ops ops;
NAMES(DECLARE)

static bool fixed_in_control(const struct node *directory, size_t index, struct node_fixed *fixed)
{
#define ROW(name, ops) {(name), &(ops), NULL, false},
	static const struct node_fixed list[] = {NAMES(ROW)};

	(void)directory;
	return node_list_fixed(list, sizeof(list) / sizeof(list[0]), index, fixed);
}

const struct node_ops control_dir = {
    .mode = S_IFDIR | 0755,
    .umask = NODE_UMASK_LOG,
    .fixed = fixed_in_control,
};
