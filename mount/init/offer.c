/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offer.c - see offer.h.
 */
#include "mount/init/offer.h"

#include "mount/init/ask.h"
#include "vendors/description/description.h"
#include "vendors/ini/faults.h"
#include "vendors/ini/hint.h"
#include "vendors/vendor.h"
#include "vendors/vendors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 78

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add(const char *type, void *arg)
{
	struct offer *offer = arg;
	char **longer;

	for (size_t i = 0; i < offer->count; i++) {
		if (strcmp(offer->names[i], type) == 0)
			return;
	}
	longer = reallocarray(offer->names, offer->count + 1, sizeof(*longer));
	if (!longer)
		return;
	offer->names = longer;
	offer->names[offer->count] = strdup(type);
	offer->count += offer->names[offer->count] != NULL;
}

int offer_init(struct offer *offer, const char *file)
{
	*offer = (struct offer){0};
	if (types_init(&offer->types, file))
		return -ENOMEM;
	for (size_t i = 0; vendors[i]; i++)
		add(vendors[i]->type, offer);
	description_each_type((const char *const *)offer->types.folders, add, offer);
	qsort(offer->names, offer->count, sizeof(*offer->names), compare);
	return 0;
}

void offer_clear(struct offer *offer)
{
	for (size_t i = 0; i < offer->count; i++)
		free(offer->names[i]);
	free(offer->names);
	for (size_t i = 0; i < offer->types.count; i++)
		description_free(offer->types.list[i]);
	free(offer->types.list);
	types_clear(&offer->types);
	*offer = (struct offer){0};
}

void offer_print(const struct offer *offer)
{
	size_t column = 0;

	for (size_t i = 0; i < offer->count; i++) {
		size_t length = strlen(offer->names[i]) + 2;

		if (column && column + length > WIDTH) {
			putchar('\n');
			column = 0;
		}
		printf("%s%s%s", column ? " " : "  ", offer->names[i],
		       i + 1 < offer->count ? "," : "\n");
		column += length + (column ? 0 : 1);
	}
}

static bool has(const struct offer *offer, const char *name)
{
	for (size_t i = 0; i < offer->count; i++) {
		if (strcmp(offer->names[i], name) == 0)
			return true;
	}
	return false;
}

bool offer_ask(const struct offer *offer, char **type)
{
	char meant[HINT_MAX] = "";

	for (;;) {
		struct hint hint = HINT_NONE;

		if (!ask_line("vendor", meant, type))
			return false;
		if (has(offer, *type))
			return true;
		for (size_t i = 0; i < offer->count; i++)
			hint_offer(&hint, *type, offer->names[i]);
		if (*hint.name)
			printf("  no vendor has this name; did you mean %s?\n", hint.name);
		else
			puts(
			    "  no vendor has this name; another one with an API may speak scim, or "
			    "needs a description: rosterfs.vendor(5)");
		(void)snprintf(meant, sizeof(meant), "%s", hint.name);
		free(*type);
	}
}

const struct vendor *offer_vendor(struct offer *offer, const char *type, bool *has_url)
{
	struct types *types = &offer->types;
	const struct vendor *vendor = vendors_find(type);
	struct description *description = NULL;
	struct description **longer;
	struct faults faults = {0};

	*has_url = vendor && vendor->base_url;
	if (vendor)
		return vendor;
	longer = reallocarray(types->list, types->count + 1, sizeof(struct description *));
	if (!longer)
		return NULL;
	types->list = longer;
	if (description_read(type, (const char *const *)types->folders, &description, &faults)) {
		for (size_t i = 0; i < faults.count; i++)
			printf("  %s:%u: %s\n", faults.list[i].file, faults.list[i].line,
			       faults.list[i].words);
	} else {
		types->list[types->count++] = description;
		*has_url = description_has_base_url(description);
		vendor = description_outline(description);
	}
	faults_clear(&faults);
	return vendor;
}
