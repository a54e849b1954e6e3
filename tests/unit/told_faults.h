/* SPDX-License-Identifier: Apache-2.0 */
/*
 * told_faults.h - reading descriptions with their faults as a text, for tests and fuzzing.
 */
#ifndef ROSTERFS_TOLD_FAULTS_H
#define ROSTERFS_TOLD_FAULTS_H

#include "vendors/description/description.h"
#include "vendors/ini/faults.h"

/* As description_read. The faults go to WHY, one line each. */
static inline int told_read(const char *type, const char *const *folders,
			    struct description **description, char *why, size_t why_size)
{
	struct faults faults = {0};
	int result = description_read(type, folders, description, &faults);

	(void)faults_text(&faults, why, why_size);
	faults_clear(&faults);
	return result;
}

/* As description_build. The faults go to WHY, one line each. */
static inline int told_build(struct description *description, struct account *account, char *why,
			     size_t why_size)
{
	struct faults faults = {0};
	int result = description_build(description, account, &faults);

	(void)faults_text(&faults, why, why_size);
	faults_clear(&faults);
	return result;
}

#endif
