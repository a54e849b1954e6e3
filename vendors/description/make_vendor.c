/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_vendor.c - see make_vendor.h.
 */
#include "vendors/description/make_vendor.h"

#include "vendors/description/make_apis.h"
#include "vendors/description/make_records.h"
#include "vendors/description/make_request.h"
#include "vendors/rest/account.h"
#include "vendors/rest/self.h"
#include "vendors/scim/scim.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A table, and the text of its MANUAL. */
struct table {
	struct vendor vendor;
	const char *manual;
};

/* As vendor->manual. A file that the account names takes the place of the text. */
static const char *table_manual(const struct account *account)
{
	const char *notice = account_value(account, "notice_file");

	return notice ? notice : ((const struct table *)account->vendor)->manual;
}

/* Set the text of MANUAL: that of the description, or what is known without one. */
static int set_manual(const struct make *make, struct table *table)
{
	const struct draft_vendor *draft = &make->draft->vendor;
	static const char format[] = "%s: what no API does\n\n"
				     "%s\n\nThe vendor's documents: %s\n";
	const char *remains = table->vendor.remains ? table->vendor.remains : "";
	size_t length = draft->manual ? strlen(draft->manual) : 0;
	char *text;

	if (draft->manual) {
		/* the last line of a text ends as all others do */
		text = arena_get(make->arena, length + 2);
		if (text)
			(void)snprintf(text, length + 2, "%s\n", draft->manual);
	} else {
		length = sizeof(format) + strlen(draft->name) + strlen(remains) +
			 strlen(draft->docs);
		text = arena_get(make->arena, length);
		if (text)
			(void)snprintf(text, length, format, draft->name, remains, draft->docs);
	}
	table->manual = text;
	return text ? 0 : make_fail_memory(make);
}

/* Make how the key's owner is found. */
static int make_self(struct make *make, struct vendor *vendor)
{
	static const char *const whole[] = {".", NULL};
	const struct draft_self *draft = &make->draft->self;
	const struct merged *section = draft->request.head.from;
	const struct collection *users = vendor->users;
	struct vendor_self self = {.roots = draft->root             ? draft->root
					    : users && users->roots ? users->roots
								    : whole,
				   .ids = draft->id || !users ? draft->id : users->id_keys};
	int result;

	/* without a section, nobody tells: the account's self_id does */
	vendor->self = self_by_rule;
	if (!section)
		return 0;
	if (draft->user) {
		/* a preset request is not meant */
		const struct merged_key *key = variant_key(section, "request");

		if (key && !key->preset)
			return make_fail(make, section, "request",
					 "user = none: the key is nobody's, so nobody is asked");
		vendor->self = NULL;
		return 0;
	}
	if (!make_request_is_given(&draft->request))
		return draft->request.rule.method
			   ? 0
			   : make_fail(make, section, NULL,
				       "[self] needs the key request, or user = none");
	result = make_request(make, &draft->request, &self.request);
	if (result)
		return result;
	vendor->self_request = make_copy(make, &self, sizeof(self));
	return vendor->self_request ? 0 : make_fail_memory(make);
}

static int make_errors(const struct make *make, struct vendor *vendor)
{
	const struct draft_errors *draft = &make->draft->errors;
	const struct rule_errors errors = {draft->message, draft->fail_when, draft->limited_when,
					   draft->retry_after};

	if (!draft->head.from)
		return 0;
	vendor->errors = make_copy(make, &errors, sizeof(errors));
	return vendor->errors ? 0 : make_fail_memory(make);
}

/* Return true if every request that changes something is known from memory only. */
static bool all_from_memory(const struct make *make)
{
	for (size_t i = 0; i < make->draft->records_count; i++) {
		const struct draft_records *records = &make->draft->records[i];
		const struct draft_head *heads[8 + 2 * DRAFT_CHANGES_MAX] =
		    {&records->update.request.head, &records->create.request.head,
		     &records->remove.request.head, &records->join.head, &records->leave.head};
		size_t count = 5;

		for (size_t j = 0; j < records->activate_count; j++)
			heads[count++] = &records->activate[j].request.head;
		for (size_t j = 0; j < records->deactivate_count; j++)
			heads[count++] = &records->deactivate[j].request.head;
		while (count--) {
			if (heads[count]->from && !make_is_memory(make, heads[count]))
				return false;
		}
	}
	return make_is_memory(make, &make->draft->vendor.head);
}

/*
 * Let SCIM's code complete *COLLECTION, the USERS or a place, whose update has {changes}, in a copy
 * of its own.
 */
static int hook_scim(const struct make *make, const struct collection **collection, bool users)
{
	struct collection copy = **collection;
	struct rule_update update;
	struct rule_status status;

	if (copy.update)
		update = *copy.update;
	if (copy.status)
		status = *copy.status;
	if (users)
		scim_hook_users(&copy, copy.update ? &update : NULL, copy.status ? &status : NULL);
	else
		scim_hook_place(&copy, copy.update ? &update : NULL);
	copy.update = copy.update ? make_copy(make, &update, sizeof(update)) : NULL;
	copy.status = copy.status ? make_copy(make, &status, sizeof(status)) : NULL;
	*collection = make_copy(make, &copy, sizeof(copy));
	return make->arena->failed ? make_fail_memory(make) : 0;
}

/* As hook_scim, for all of VENDOR. */
static int hook_scim_all(const struct make *make, struct vendor *vendor)
{
	int result = hook_scim(make, &vendor->users, true);
	struct place *places = NULL;

	for (size_t i = 0; !result && vendor->places && vendor->places[i].name; i++) {
		struct place place = vendor->places[i];

		result = hook_scim(make, &place.collection, false);
		places = arena_append(make->arena, places, i, sizeof(place), &place);
	}
	if (places)
		vendor->places = places;
	return result || make->arena->failed ? make_fail_memory(make) : 0;
}

#define SECTIONS 6 /* that are looked for */

/* Refuse sections that a description without an API has no use for. */
static int check_manual(const struct make *make)
{
	const struct draft *draft = make->draft;
	const struct draft_records *users = &draft->records[0];
	const struct merged *const sections[SECTIONS] = {draft->apis[0].api.head.from,
							 draft->apis[0].auth.head.from,
							 users->list.request.head.from,
							 users->item.request.head.from,
							 users->update.request.head.from,
							 draft->self.request.head.from};
	int result = 0;

	for (size_t i = 0; i < SECTIONS; i++) {
		if (!sections[i])
			continue;
		result = make_fail_alone(make, sections[i], NULL,
					 "[%s] has no use with kind = manual",
					 sections[i]->kind->name);
	}
	if (!draft->vendor.manual)
		return make_fail(make, draft->vendor.head.from, NULL,
				 "kind = manual needs the key manual");
	return result;
}

static int make_users(struct make *make, struct vendor *vendor)
{
	int result = make_apis(make, &vendor->apis);

	result = make_both(result, make_records(make, &make->draft->records[0], &vendor->users));
	result = make_both(result, make_records_places(make, &vendor->places));
	result = make_both(result, make_self(make, vendor));
	result = make_both(result, make_errors(make, vendor));
	if (!result && vendor->users && make->draft->vendor.kind == KIND_SCIM)
		result = hook_scim_all(make, vendor);
	vendor->creation_refused =
	    "the description of this vendor has no request that creates a user ([create])";
	vendor->memory = all_from_memory(make);
	return result;
}

int make_vendor(struct make *make, const char *type, const struct vendor **vendor)
{
	const struct draft_vendor *draft = &make->draft->vendor;
	struct table *table = arena_get(make->arena, sizeof(*table));
	int result;

	if (!table)
		return make_fail_memory(make);
	if (!draft->head.from)
		return make_fail_absent(make, NULL, NULL, "the section [vendor] is missing");
	/* without the kind of vendor nobody knows what is missing */
	make->broken = make->broken ||
		       (draft->head.from->broken && variant_key(draft->head.from, "kind"));
	if (!draft->head.evidence)
		(void)make_fail_needs(make, draft->head.from, "evidence");
	table->vendor.type = type;
	table->vendor.settings = make->chosen->settings->list;
	table->vendor.base_url_about = make->chosen->settings->base_url_about;
	table->vendor.manual = table_manual;
	if (draft->kind == KIND_MANUAL) {
		result = check_manual(make);
	} else {
		table->vendor
		    .remains = draft->remains
				   ? draft->remains
				   : "sessions and keys that the person has may stay valid: what "
				     "this vendor does about them is not described";
		result = make_users(make, &table->vendor);
	}
	if (!result && !draft->head.from->broken)
		result = set_manual(make, table);
	*vendor = &table->vendor;
	return result;
}
