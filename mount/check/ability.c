/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ability.c - see ability.h.
 *
 * It follows the functions of cache/ that refuse a write before anything is sent, and it asks
 * nothing itself. What depends on one user, such as a status from which no request leads to
 * another, is not known here.
 */
#include "mount/check/ability.h"

#include "cache/history/trust.h"
#include "mount/check/facts.h"
#include "vendors/base/status_words.h"
#include "vendors/rest/account.h"
#include "vendors/rest/status_map.h"
#include "vendors/vendor.h"

#include <stdio.h>
#include <string.h>

#define TRUST "it is described from memory: set trust = yes once it is compared with the documents"
#define ALLOW_DELETE "it needs allow_delete = yes"

const char *ability_name(enum ability_kind kind)
{
	static const char *const names[] = {
#define NAME(constant, name, words) [ABILITY_##constant] = (name),
	    ABILITY_ALL(NAME)
#undef NAME
	};

	return names[kind];
}

const char *ability_words(enum ability_kind kind)
{
	static const char *const all[] = {
#define WORDS(constant, name, words) [ABILITY_##constant] = (words),
	    ABILITY_ALL(WORDS)
#undef WORDS
	};

	return all[kind];
}

/* Set the ability KIND: WHY NULL means that it is there. */
static void set(struct facts *facts, enum ability_kind kind, const char *why)
{
	struct ability *ability = &facts->abilities[kind];

	ability->can = !why;
	(void)snprintf(ability->why, sizeof(ability->why), "%s", why ? why : "");
}

/* Set KIND as one that the vendor has nothing of. */
static void set_absent(struct facts *facts, enum ability_kind kind, const char *why)
{
	set(facts, kind, why);
	facts->abilities[kind].absent = true;
}

static const char *trusted(const struct facts *facts, const struct rule_request *request)
{
	return trust_is_given(facts->account, request) ? NULL : TRUST;
}

/* Return why no request of those that begin at REQUEST is sent, or NULL. */
static const char *status_requests(const struct facts *facts,
				   const struct rule_status_request *request)
{
	const struct account *account = facts->account;
	bool deletes = account->delete_deactivates ||
		       (account->allow_delete && account->inactive_deletes);
	const char *why = NULL;

	for (; request && request->name; request++) {
		why = request->deletes && !deletes
			  ? "the API can only delete users: it needs allow_delete = yes and "
			    "inactive_deletes = yes"
			  : trusted(facts, &request->request);
		if (!why)
			break;
	}
	return why;
}

/* Return why the status WORD is never written, or NULL. */
static const char *status_word_why(const struct facts *facts, const char *word)
{
	const struct vendor *vendor = facts->account->vendor;
	const struct collection *users = vendor->users;
	bool active = strcmp(word, STATUS_ACTIVE) == 0;

	if (!vendor->statuses && users->listing && !users->status)
		return "the description has no [status]";
	if (facts->no_status)
		return "no user in the list has the status active or inactive";
	if (facts->self_missing)
		return "it is not known whose the key is: set self_id";
	if (vendor->statuses)
		return NULL;
	if (status_map_has_request(users, word))
		return status_requests(facts, active ? users->status->activate
						     : users->status->deactivate);
	if (!status_map_can_set(users, word) || (users->listing && !users->update && !users->put))
		return "the description has neither a value nor a request for that";
	return trusted(facts, users->update ? &users->update->request : NULL);
}

static const char *edit_why(const struct facts *facts)
{
	const struct collection *users = facts->account->vendor->users;

	if (users->listing && !users->update && !users->put)
		return "the description has no [update]";
	return trusted(facts, users->update ? &users->update->request : NULL);
}

static const char *create_why(const struct facts *facts)
{
	const struct collection *users = facts->account->vendor->users;

	if (!users->creates || !users->creates(facts->account))
		return users->listing ? "the description has no [create]"
				      : "a user is created when the person signs in";
	return trusted(facts, users->create);
}

/* Return the links below PLACES, or NULL. */
static const struct collection *links_of(const struct place *places)
{
	for (; places && places->name; places++) {
		const struct collection *below = places->kind == PLACE_LINKS
						     ? places->collection
						     : links_of(places->below);

		if (below)
			return below;
	}
	return NULL;
}

static void find_links(struct facts *facts)
{
	static const char none[] = "the vendor has no memberships here";
	const struct collection *links = links_of(facts->account->vendor->places);
	const char *leave = facts->account->allow_delete ? NULL : ALLOW_DELETE;

	if (!links || (links->listing && !links->create))
		set_absent(facts, ABILITY_JOIN, none);
	else
		set(facts, ABILITY_JOIN, trusted(facts, links->create));
	if (!links || (!links->remove && (links->listing || !links->deletes)))
		set_absent(facts, ABILITY_LEAVE, none);
	else
		set(facts, ABILITY_LEAVE, leave ? leave : trusted(facts, links->remove));
}

static void find_delete(struct facts *facts)
{
	const struct collection *users = facts->account->vendor->users;

	if (!users->remove && (!users->deletes || users->listing))
		set_absent(facts, ABILITY_DELETE, "users are not deleted at this vendor");
	else if (!facts->account->allow_delete)
		set(facts, ABILITY_DELETE, ALLOW_DELETE);
	else
		set(facts, ABILITY_DELETE, trusted(facts, users->remove));
}

/* Replace each ability to write by WHY. */
static void refuse_writes(struct facts *facts, const char *why)
{
	for (enum ability_kind kind = ABILITY_DEACTIVATE; kind < ABILITIES; kind++) {
		if (facts->abilities[kind].can)
			set(facts, kind, why);
	}
}

void ability_find(struct facts *facts, const char *refused)
{
	const char *status;

	if (facts->by_hand || !facts->listed) {
		for (enum ability_kind kind = 0; kind < ABILITIES; kind++)
			set(facts, kind,
			    facts->by_hand ? "the vendor has no API" : "the list cannot be read");
		return;
	}
	status = status_word_why(facts, STATUS_INACTIVE);
	set(facts, ABILITY_LIST, NULL);
	set(facts, ABILITY_READ, NULL);
	set(facts, ABILITY_STATUS, facts->no_status ? "no user has a status that is known" : NULL);
	set(facts, ABILITY_DEACTIVATE, status);
	set(facts, ABILITY_ACTIVATE, status_word_why(facts, STATUS_ACTIVE));
	set(facts, ABILITY_EDIT, edit_why(facts));
	set(facts, ABILITY_CREATE, create_why(facts));
	find_delete(facts);
	find_links(facts);
	if (refused)
		refuse_writes(facts, refused);
}
