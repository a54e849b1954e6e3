/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partnerize_user: Partnerize's user object: its fields, their rules, and the seeded ones as text.
 *
 * Field rules are the guide's table; the extra fields (address, labels, ...) are in no document and
 * stand for what a real account has on top: a client must carry them through a write untouched. The
 * documents profile writes like the PHP that serves the vendor's v1: all but ASCII escaped, another
 * order of keys, times without a zone, and the user's API key in plain sight.
 *
 * It must not know about requests.
 */
#include "partnerize_parts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "document.h"
#include "seed.h"
#include "stamp.h"

static bool documents(const struct partnerize *p)
{
	return p->options.profile == PROFILE_DOCUMENTS;
}

void user_id(const struct partnerize *p, unsigned long index, char id[USER_ID_MOST])
{
	if (p->options.ids == IDS_VENDOR)
		snprintf(id, USER_ID_MOST, "%lul%lu", 111111 + index / 100, index % 100);
	else
		snprintf(id, USER_ID_MOST, "%lu", index);
}

json_t *user_id_json(const struct partnerize *p, const char *id)
{
	char *end = NULL;
	long long number = strtoll(id, &end, 10);
	if (p->options.ids == IDS_NUMBERS && *id && !*end)
		return json_integer(number);
	return json_string(id);
}

static void user_time(const struct partnerize *p, int64_t seconds, char *out, size_t size)
{
	time_t when = (time_t)seconds;
	struct tm utc = {0};
	gmtime_r(&when, &utc);
	strftime(out, size, documents(p) ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%dT%H:%M:%SZ", &utc);
}

json_t *user_now(const struct partnerize *p)
{
	char now[40];
	static const struct stamp_form guide = {"%Y-%m-%dT%H:%M:%S", false, "Z"};
	static const struct stamp_form zoneless = {"%Y-%m-%d %H:%M:%S", false, ""};
	enum stamps stamps = settings_get(p->options.settings).stamps;
	stamp_now(stamps, documents(p) ? &zoneless : &guide, now, sizeof now);
	return json_string(now);
}

void user_touch(const struct partnerize *p, json_t *user)
{
	if (settings_get(p->options.settings).stamps != STAMPS_FROZEN)
		json_object_set_new(user, "updated_at", user_now(p));
}

static void user_secret(char *secret, size_t size, const char *id)
{
	snprintf(secret, size, "user-api-key-CANARY-%s", id);
}

/* Reads one code point of valid UTF-8. */
static unsigned long code_point(const char **at)
{
	const unsigned char *s = (const unsigned char *)*at;
	unsigned more = s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
	unsigned long point = s[0] & (0x3fU >> more);
	for (unsigned i = 1; i <= more; i++)
		point = point << 6 | (s[i] & 0x3fU);
	*at += more + 1;
	return point;
}

static void add_escaped(struct text *text, unsigned long point)
{
	if (point >= 0x10000) {
		point -= 0x10000;
		text_fmt(text, "\\u%04lX\\u%04lX", 0xd800 + (point >> 10),
			 0xdc00 + (point & 0x3ff));
	} else {
		text_fmt(text, "\\u%04lX", point);
	}
}

/* "key":"value", or "key":null, and a comma. */
static void add_string(struct text *text, const char *key, const char *value, bool ascii)
{
	text_fmt(text, "\"%s\":", key);
	if (!value) {
		text_str(text, "null,");
		return;
	}
	text_add(text, "\"", 1);
	for (const char *c = value; *c;) {
		if (ascii && (unsigned char)*c >= 0x80) {
			add_escaped(text, code_point(&c));
			continue;
		}
		if (*c == '"' || *c == '\\')
			text_add(text, "\\", 1);
		text_add(text, c++, 1);
	}
	text_str(text, "\",");
}

/* Some users have some of these; the second user has them all. */
static void add_extras(struct text *text, const struct person *person, unsigned long index,
		       bool ascii)
{
	uint64_t dice = person->dice;
	bool all = index == 2;
	if (all || dice % 3 == 0) {
		char line[128];
		snprintf(line, sizeof line, "%u %s", person->house, person->street);
		text_str(text, "\"address\":{");
		add_string(text, "line1", line, ascii);
		add_string(text, "city", person->city, ascii);
		add_string(text, "postcode", person->postcode, ascii);
		add_string(text, "country", person->country, ascii);
		text->len--;
		text_str(text, "},");
	}
	if (all || dice / 3 % 2 == 0)
		text_str(text, all || dice / 1024 % 2 ? "\"labels\":[\"emea\",\"team-7\"],"
						      : "\"labels\":[],");
	text_fmt(text, "\"cost_centre\":%u,", (unsigned)(1000 + dice / 6 % 90 * 100));
	if (all || dice / 540 % 4 == 0)
		text_fmt(text, "\"score\":%u.%u,", (unsigned)(dice / 2160 % 100),
			 (unsigned)(1 + dice / 216000 % 9));
	if (all || dice / 8192 % 2 == 0)
		text_fmt(text, "\"newsletter\":%s,", dice / 16384 % 2 ? "true" : "false");
	if (all || dice / 32768 % 4 == 0)
		text_str(text, "\"phone\":null,");
	else if (dice / 32768 % 4 == 1)
		text_fmt(text, "\"phone\":\"+44 20 7946 0%03u\",",
			 (unsigned)(dice / 131072 % 1000));
}

static void add_id(const struct partnerize *p, struct text *text, const char *id)
{
	const char *quote = p->options.ids == IDS_NUMBERS ? "" : "\"";
	text_fmt(text, "\"user_id\":%s%s%s,", quote, id, quote);
}

void user_seed(const struct partnerize *p, unsigned long index, struct text *text, char *email,
	       size_t email_size)
{
	struct person person;
	seed_person(p->options.seed, index, &person);
	snprintf(email, email_size, "%s", person.email);
	bool ascii = documents(p);
	char id[USER_ID_MOST];
	char created[32];
	char updated[32];
	user_id(p, index, id);
	user_time(p, person.created, created, sizeof created);
	user_time(p, person.updated, updated, sizeof updated);
	text_str(text, "{");
	if (ascii) {
		char secret[USER_ID_MOST + 32];
		user_secret(secret, sizeof secret, id);
		add_string(text, "email", person.email, ascii);
		add_string(text, "user_api_key", secret, ascii);
	}
	add_id(p, text, id);
	add_string(text, "firstname", person.firstname, ascii);
	add_string(text, "lastname", person.lastname, ascii);
	if (!ascii)
		add_string(text, "email", person.email, ascii);
	add_string(text, "status", person.status, ascii);
	add_string(text, "role", person.role, ascii);
	add_string(text, "timezone", person.timezone, ascii);
	add_string(text, "locale", person.locale, ascii);
	add_string(text, "created_at", created, ascii);
	add_string(text, "updated_at", updated, ascii);
	add_extras(text, &person, index, ascii);
	text->len--;
	text_str(text, "}");
}

json_t *user_new(const struct partnerize *p, const char *id)
{
	json_t *user = json_pack("{s:o,s:s,s:s,s:s,s:s,s:s,s:n,s:n,s:o,s:o}", "user_id",
				 user_id_json(p, id), "firstname", "", "lastname", "", "email", "",
				 "status", "active", "role", "standard", "timezone", "locale",
				 "created_at", user_now(p), "updated_at", user_now(p));
	if (documents(p)) {
		char secret[USER_ID_MOST + 32];
		user_secret(secret, sizeof secret, id);
		json_object_set_new(user, "user_api_key", json_string(secret));
	}
	return user;
}

json_t *user_parse(const struct record *record)
{
	return json_loadb(record_text(record), record_len(record), JSON_ALLOW_NUL, NULL);
}

static bool stamped(const struct partnerize *p)
{
	return settings_get(p->options.settings).stamps != STAMPS_NONE;
}

static void add_json(const struct partnerize *p, json_t *user, struct text *text)
{
	char *shown = document_text(user, documents(p));
	text_str(text, shown);
	free(shown);
}

void user_show(const struct partnerize *p, const struct record *record, struct text *text)
{
	if (stamped(p)) {
		text_add(text, record_text(record), record_len(record));
	} else {
		json_t *user = user_parse(record);
		user_show_json(p, user, text);
		json_decref(user);
	}
}

void user_show_json(const struct partnerize *p, json_t *user, struct text *text)
{
	if (stamped(p)) {
		add_json(p, user, text);
	} else {
		json_t *shown = json_copy(user);
		json_object_del(shown, "updated_at");
		add_json(p, shown, text);
		json_decref(shown);
	}
}

void user_save_locked(struct partnerize *p, struct record *record, json_t *user)
{
	char *text = document_text(user, documents(p));
	const char *email = document_email(json_object_get(user, "email"));
	store_change_locked(p->store, record, email, text, strlen(text));
	free(text);
}

struct record *user_add_locked(struct partnerize *p, const char *id, json_t *user)
{
	char *text = document_text(user, documents(p));
	const char *email = document_email(json_object_get(user, "email"));
	struct record *record = store_add_locked(p->store, id, email, text, strlen(text));
	free(text);
	return record;
}

bool user_is_system(const struct partnerize *p, const char *field)
{
	return strcmp(field, "user_id") == 0 || strcmp(field, "created_at") == 0 ||
	       strcmp(field, "updated_at") == 0 ||
	       (documents(p) && strcmp(field, "user_api_key") == 0);
}

static bool is_required(const char *field)
{
	return strcmp(field, "firstname") == 0 || strcmp(field, "lastname") == 0 ||
	       strcmp(field, "email") == 0;
}

json_t *user_default(const char *field)
{
	if (is_required(field))
		return json_string("");
	if (strcmp(field, "status") == 0)
		return json_string("active");
	if (strcmp(field, "role") == 0)
		return json_string("standard");
	return json_null();
}

/* NULL, or what is wrong with the value. */
static const char *field_fault(const char *field, const json_t *value)
{
	const char *string = json_string_value(value);
	if (is_required(field) && !string)
		return "must be a string";
	if (strcmp(field, "email") == 0) {
		const char *at = strchr(string ? string : "", '@');
		return at && at != string && at[1] ? NULL : "must be an e-mail address";
	}
	if (strcmp(field, "status") == 0)
		return string && (strcmp(string, "active") == 0 || strcmp(string, "inactive") == 0)
			   ? NULL
			   : "must be active or inactive";
	if (strcmp(field, "password") == 0)
		return string && strlen(string) >= 8 ? NULL : "must have at least 8 characters";
	bool text = strcmp(field, "role") == 0 || strcmp(field, "timezone") == 0 ||
		    strcmp(field, "locale") == 0;
	return text && !string && !json_is_null(value) ? "must be a string or null" : NULL;
}

bool user_check(const struct partnerize *p, json_t *body, bool creating, char *why, size_t why_size)
{
	static const char *const needed[] = {"firstname", "lastname", "email", "password"};
	for (size_t i = 0; creating && i < sizeof needed / sizeof *needed; i++) {
		const json_t *value = json_object_get(body, needed[i]);
		if (!value || (json_is_string(value) && !*json_string_value(value))) {
			snprintf(why, why_size, "%s is required", needed[i]);
			return false;
		}
	}
	const char *field;
	json_t *value;
	json_object_foreach(body, field, value) {
		if (user_is_system(p, field)) {
			snprintf(why, why_size, "%s is assigned by the system and cannot be sent",
				 field);
			return false;
		}
		const char *fault = field_fault(field, value);
		if (fault) {
			snprintf(why, why_size, "%s %s", field, fault);
			return false;
		}
	}
	return true;
}
