/* SPDX-License-Identifier: Apache-2.0 */
/*
 * generic_scim: SCIM 2.0 (RFC 7643, RFC 7644) as a play that others are made of, and its filter.
 *
 * The preset is a server that does what the standard says. A play that is a server of its own
 * changes it member by member with "set".
 *
 * It must not know how any of it is carried out.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "generic_parts.h"

#define USER "urn:ietf:params:scim:schemas:core:2.0:User"
#define GROUP "urn:ietf:params:scim:schemas:core:2.0:Group"
#define ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#define MESSAGES "urn:ietf:params:scim:api:messages:2.0:"
#define MEDIA "[\"application/scim+json\",\"application/json\"]"

#define PAGE                                                                                       \
	"{\"by\":\"offset\",\"first\":1,\"name\":\"startIndex\",\"size_name\":\"count\","          \
	"\"size\":100,\"bad\":\"default\",\"zero\":\"nothing\","                                   \
	"\"total\":{\"put\":\"/totalResults\"},"                                                   \
	"\"echo\":{\"/startIndex\":\"from\",\"/itemsPerPage\":\"rows\"}}"

static const char preset[] =
    "{\"ids\":\"uuid\","
    "\"auth\":{\"checks\":[{\"header\":\"Authorization\",\"is\":\"Bearer scim-token-CANARY\"}]},"
    "\"http\":{\"type\":\"application/scim+json\",\"slash\":\"any\"},"
    "\"fields\":{\"/schemas\":{\"holds\":\"value\",\"value\":[\"" USER "\",\"" ENTERPRISE
    "\"],\"write\":\"ignored\"},"
    "\"/id\":{\"holds\":\"id\",\"write\":\"ignored\"},"
    "\"/externalId\":{\"holds\":\"value\",\"value\":\"ext\"},"
    "\"/userName\":{\"holds\":\"email\",\"required\":true},"
    "\"/name/givenName\":{\"holds\":\"first\"},\"/name/familyName\":{\"holds\":\"last\"},"
    "\"/displayName\":{\"holds\":\"name\"},"
    "\"/emails/0/value\":{\"holds\":\"email_again\"},"
    "\"/emails/0/type\":{\"holds\":\"value\",\"value\":\"work\"},"
    "\"/emails/0/primary\":{\"holds\":\"value\",\"value\":true},"
    "\"/emails/1/value\":{\"holds\":\"email_other\"},"
    "\"/emails/1/type\":{\"holds\":\"value\",\"value\":\"home\"},"
    "\"/title\":{\"holds\":\"value\",\"value\":\"Engineer\",\"every\":3},"
    "\"/" ENTERPRISE "/department\":{\"holds\":\"value\",\"value\":\"Sales\"},"
    "\"/password\":{\"holds\":\"password\"},"
    "\"/meta/resourceType\":{\"holds\":\"value\",\"value\":\"User\",\"write\":\"ignored\"},"
    "\"/meta/created\":{\"holds\":\"created\",\"form\":\"iso_ms\",\"write\":\"ignored\"},"
    "\"/meta/lastModified\":{\"holds\":\"updated\",\"form\":\"iso_ms\",\"write\":\"ignored\"},"
    "\"/meta/location\":{\"holds\":\"location\",\"write\":\"ignored\"}},"
    "\"status\":{\"at\":\"/active\",\"omitted\":\"reset\","
    "\"states\":{\"active\":true,\"inactive\":false}},"
    "\"errors\":{\"type\":\"application/scim+json\",\"shape\":{\"schemas\":[\"" MESSAGES
    "Error\"],\"status\":\"$status_text\",\"detail\":\"$words\"},\"kinds\":{"
    "\"taken\":{\"shape\":{\"schemas\":[\"" MESSAGES
    "Error\"],\"status\":\"$status_text\",\"scimType\":\"uniqueness\",\"detail\":\"$words\"}},"
    "\"invalid\":{\"shape\":{\"schemas\":[\"" MESSAGES
    "Error\"],\"status\":\"$status_text\",\"scimType\":\"invalidValue\",\"detail\":\"$words\"}},"
    "\"readonly\":{\"shape\":{\"schemas\":[\"" MESSAGES
    "Error\"],\"status\":\"$status_text\",\"scimType\":\"mutability\",\"detail\":\"$words\"}},"
    "\"path\":{\"shape\":{\"schemas\":[\"" MESSAGES
    "Error\"],\"status\":\"$status_text\",\"scimType\":\"invalidPath\",\"detail\":\"$words\"}},"
    "\"no_target\":{\"shape\":{\"schemas\":[\"" MESSAGES
    "Error\"],\"status\":\"$status_text\",\"scimType\":\"noTarget\",\"detail\":\"$words\"}},"
    "\"filter\":{\"shape\":{\"schemas\":[\"" MESSAGES
    "Error\"],\"status\":\"$status_text\",\"scimType\":\"invalidFilter\",\"detail\":\"$words\"}}}},"
    "\"documents\":[{\"route\":\"GET /ServiceProviderConfig\",\"answer\":{\"schemas\":["
    "\"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig\"],"
    "\"patch\":{\"supported\":true},\"bulk\":{\"supported\":false},"
    "\"filter\":{\"supported\":true,\"maxResults\":200},\"changePassword\":{\"supported\":true},"
    "\"sort\":{\"supported\":false},\"etag\":{\"supported\":false},"
    "\"authenticationSchemes\":[]}}],"
    "\"lists\":[{\"route\":\"GET /Users\",\"rows\":\"/Resources\",\"members\":{\"schemas\":[\"" MESSAGES
    "ListResponse\"]},\"unknown\":\"ignored\",\"scim_filter\":\"any_case\",\"page\":" PAGE "}],"
    "\"items\":[{\"route\":\"GET /Users/{id}\"}],"
    "\"changes\":[{\"route\":\"PATCH /Users/{id}\",\"how\":\"patchop\",\"media\":" MEDIA
    ",\"ops\":{}},"
    "{\"route\":\"PUT /Users/{id}\",\"how\":\"replace\",\"omitted\":\"removed\","
    "\"unknown\":\"ignored\",\"needs\":{\"/schemas\":\"\"},\"media\":" MEDIA "}],"
    "\"creates\":[{\"route\":\"POST /Users\",\"unknown\":\"ignored\",\"location\":\"absolute\","
    "\"needs\":{\"/schemas\":\"\"},\"media\":" MEDIA "}],"
    "\"deletes\":[{\"route\":\"DELETE /Users/{id}\",\"kind\":\"hard\",\"answer\":\"none\"}]}";

/* The member "places". */
static const char preset_places[] =
    "{\"many\":6,\"id\":\"/id\",\"name\":\"/displayName\",\"members\":\"/members\","
    "\"member\":\"/value\",\"fields\":{\"/schemas\":[\"" GROUP "\"]},"
    "\"lists\":[{\"route\":\"GET /Groups\",\"rows\":\"/Resources\",\"members\":{\"schemas\":[\"" MESSAGES
    "ListResponse\"]},\"unknown\":\"ignored\",\"scim_filter\":\"any_case\",\"page\":" PAGE "}],"
    "\"items\":[{\"route\":\"GET /Groups/{place}\"}],"
    "\"changes\":[{\"route\":\"PATCH /Groups/{place}\",\"how\":\"patchop\",\"media\":" MEDIA
    ",\"ops\":{}},{\"route\":\"PUT /Groups/{place}\",\"how\":\"deep\",\"media\":" MEDIA "}]}";

json_t *scim_preset(void)
{
	json_t *play = json_loads(preset, 0, NULL);
	json_object_set_new(play, "places", json_loads(preset_places, 0, NULL));
	return play;
}

/* The path without what stands in brackets: emails[type eq "work"].value is emails.value. */
static void plain_path(const char *words, size_t len, char *out, size_t size)
{
	size_t used = 0;
	bool inside = false;
	for (size_t i = 0; i < len && used < size - 1; i++) {
		if (words[i] == '[' || words[i] == ']')
			inside = words[i] == '[';
		else if (!inside)
			out[used++] = words[i];
	}
	out[used] = '\0';
}

bool scim_filter_read(struct visit *v, struct scim_filter *filter)
{
	const char *habit = play_word(v->act, "scim_filter", "none");
	const char *given = strcmp(habit, "none") == 0 ? NULL : request_arg(v->request, "filter");
	*filter = (struct scim_filter){.all = true, .any_case = strcmp(habit, "any_case") == 0};
	if (!given || strcmp(habit, "ignored") == 0)
		return true;
	const char *op = strcasestr(given, " eq \"");
	for (const char *next = op; next; next = strcasestr(next + 1, " eq \""))
		op = next;
	size_t len = op ? strcspn(op + 5, "\"") : 0;
	if (!op || strcmp(habit, "refused") == 0 || op[5 + len] != '"' || op[6 + len]) {
		error_reply(v, "filter", NULL, NULL);
		return false;
	}
	plain_path(given, (size_t)(op - given), filter->path, sizeof filter->path);
	snprintf(filter->value, sizeof filter->value, "%.*s",
		 (int)(len < sizeof filter->value ? len : sizeof filter->value - 1), op + 5);
	filter->all = false;
	filter->any_attribute = strcmp(habit, "any_attribute") == 0;
	return true;
}

static bool passes_at(const json_t *value, const char *path, const struct scim_filter *filter)
{
	for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++)
		if (passes_at(json_array_get(value, i), path, filter))
			return true;
	if (json_is_object(value) && *path) {
		const char *key;
		json_t *member;
		size_t len = strcspn(path, ".");
		json_object_foreach((json_t *)(uintptr_t)value, key, member)
			if (strlen(key) == len && strncasecmp(key, path, len) == 0)
				return passes_at(member, path + len + (path[len] == '.'), filter);
		return false;
	}
	const char *words = json_string_value(value);
	return words && !*path &&
	       (filter->any_case ? strcasecmp(words, filter->value)
				 : strcmp(words, filter->value)) == 0;
}

bool scim_filter_passes(const struct scim_filter *filter, const json_t *record)
{
	if (filter->any_attribute)
		return passes_at(record, "userName", filter) ||
		       passes_at(record, "emails.value", filter);
	return filter->all || passes_at(record, filter->path, filter);
}
