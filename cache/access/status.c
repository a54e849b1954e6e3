/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - see status.h.
 *
 * Chooses how a status is written: as a field of the record, as memberships, or as a deletion.
 */
#include "cache/access/status.h"

#include "cache/access/delete_user.h"
#include "cache/access/membership_status.h"
#include "cache/history/attempt.h"
#include "cache/history/guard.h"
#include "cache/roster/roster.h"
#include "cache/update/status_field.h"
#include "vendors/base/call.h"
#include "vendors/base/status_words.h"
#include "vendors/vendor.h"

#include <string.h>

const char *status_word(const char *text, size_t length)
{
	static const char *const words[] = {STATUS_ACTIVE, STATUS_INACTIVE, STATUS_DELETED};

	if (length && text[length - 1] == '\n')
		length--;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (length == strlen(words[i]) && memcmp(text, words[i], length) == 0)
			return words[i];
	}
	return NULL;
}

int status_write(struct call *call, struct roster *roster, struct guard *guard, const char *id,
		 const char *word)
{
	struct attempt attempt;
	int error;

	if (strcmp(word, STATUS_DELETED) == 0)
		return delete_user(call, roster, guard, id);
	attempt_begin(&attempt, call, guard, roster, "status", id);
	status_field_note(&attempt, word);
	error = guard_writable(guard, call, attempt.account);
	if (!error)
		error = roster_collection(roster)->set_status
			    ? membership_status_write(&attempt, word)
			    : status_field_write(&attempt, word);
	attempt_end(&attempt, error);
	return error;
}
