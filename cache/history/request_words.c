/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_words.c - see request_words.h.
 */
#include "cache/history/request_words.h"

#include "vendors/json/pointer.h"
#include "vendors/rest/collection.h"
#include "vendors/rules.h"
#include "vendors/template/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct words_values {
	struct template_values values;
	const char *parent, *id;
	const json_t *record;
};

static json_t *words_value(const struct template_values *values, const char *name)
{
	const struct words_values *own = (const struct words_values *)values;
	const char *text = NULL;

	if (*name == '/')
		return own->record ? json_incref(pointer_get(own->record, name)) : NULL;
	if (strcmp(name, "id") == 0)
		text = own->id;
	else if (strcmp(name, "parent") == 0)
		text = own->parent;
	return text ? json_string(text) : NULL;
}

char *request_words(const struct collection *collection, const struct rule_request *rule,
		    const char *method, const char *parent, const char *id, const json_t *record)
{
	const struct words_values own = {.values = {.value = words_value},
					 .parent = parent,
					 .id = id,
					 .record = record};
	char why[128], *path, *words = NULL;

	if (rule) {
		method = rule->method;
		path = template_expand(rule->path, TEMPLATE_PATH, &own.values, why, sizeof(why));
		if (!path)
			path = strdup(rule->path);
	} else {
		path = collection_path(collection, parent, id);
	}
	if (path && asprintf(&words, "%s %s", method, path) < 0)
		words = NULL;
	free(path);
	return words;
}
