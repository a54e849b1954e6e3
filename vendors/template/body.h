/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body.h - the bodies of requests, as templates: JSON or a form.
 *
 * A body that begins with "{" or "[" is JSON: `"...{x}..."` gives text, and a bare {x} the JSON
 * value in the type that it has; a member or element that is only a placeholder without a value is
 * left out. Anything else is a form, whose placeholders are form-encoded, and a field whose value
 * is only a placeholder without a value is left out. Names of members have no placeholders. Nothing
 * here waits.
 */
#ifndef ROSTERFS_BODY_H
#define ROSTERFS_BODY_H

#include "vendors/template/template.h"

#include <stdbool.h>
#include <stddef.h>

/* Return true if BODY is JSON, false if it is a form. */
bool body_is_json(const char *body);

/* Return NULL if BODY can be expanded, else what is wrong (static). */
const char *body_check(const char *body);

/* Return BODY with its placeholders filled in, new: the caller wipes and frees it. NULL: words in
 * WHY, which quote no value. */
char *body_expand(const char *body, const struct template_values *values, char *why,
		  size_t why_size);

#endif
