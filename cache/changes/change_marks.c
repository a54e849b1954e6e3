/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change_marks.c - see change_marks.h.
 *
 * Which users are administrators is a guess by names that vendors use; where the roles are as well,
 * unless the vendor's table says that. It only marks a line.
 */
#include "cache/changes/change_marks.h"

#include "vendors/base/address.h"
#include "vendors/json/exact.h"
#include "vendors/json/pointer.h"

#include <ctype.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SEPARATORS ", \t"
/* Levels of a record in which roles are looked for: roles, their elements, and the names of those.
 */
#define DEPTH_MAX 4

/* What people write who mean an email, a URL, a pattern or a list with another separator. */
#define NO_DOMAIN "@*:/\\;<>()[]\"'"

static const char not_domains[] =
    "must be domains, such as example.com or *.example.com, with commas between them";

struct change_marks {
	pthread_mutex_t lock; /* of what follows; a leaf */
	size_t count;
	char **domains; /* as keys of emails have them, some after "*." */
};

/* ---- domains ---- */

/* Return the domain NAME (LENGTH bytes) as keys of emails have it; the caller frees. NULL: no
 * memory, or *WHY is set. */
static char *domain_key(const char *name, size_t length, const char **why)
{
	bool below = length > 2 && name[0] == '*' && name[1] == '.';
	size_t skip = below ? 2 : 0;
	char email[300], *key, *domain = NULL;

	*why = NULL;
	if (strcspn(name + skip, NO_DOMAIN) < length - skip || name[skip] == '.' ||
	    memmem(name, length, "..", 2) || length > 253) {
		*why = not_domains;
		return NULL;
	}
	snprintf(email, sizeof(email), "a@%.*s", (int)(length - skip), name + skip);
	key = address_key(email);
	if (!key)
		return NULL;
	/* behind its "a@" */
	if (asprintf(&domain, "%s%s", below ? "*." : "", key + 2) < 0)
		domain = NULL;
	free(key);
	return domain;
}

struct change_marks *change_marks_new(const char *text, const char **why)
{
	struct change_marks *marks = calloc(1, sizeof(*marks));
	const char *given = text;

	*why = NULL;
	if (!marks)
		return NULL;
	pthread_mutex_init(&marks->lock, NULL);
	/* each domain is followed by at least one byte */
	marks->domains = calloc(strlen(text) / 2 + 1, sizeof(char *));
	while (marks->domains && *(text += strspn(text, SEPARATORS))) {
		size_t length = strcspn(text, SEPARATORS);

		marks->domains[marks->count] = domain_key(text, length, why);
		if (!marks->domains[marks->count])
			goto failed;
		marks->count++;
		text += length;
	}
	if (marks->domains && (marks->count || !*given))
		return marks;
	*why = marks->domains ? not_domains : NULL;
failed:
	change_marks_free(marks);
	return NULL;
}

void change_marks_free(struct change_marks *marks)
{
	if (!marks)
		return;
	for (size_t i = 0; marks->domains && i < marks->count; i++)
		free(marks->domains[i]);
	free(marks->domains);
	pthread_mutex_destroy(&marks->lock);
	free(marks);
}

bool change_marks_equal(const struct change_marks *a, const struct change_marks *b)
{
	bool equal = a->count == b->count;

	for (size_t i = 0; equal && i < a->count; i++)
		equal = strcmp(a->domains[i], b->domains[i]) == 0;
	return equal;
}

void change_marks_swap(struct change_marks *a, struct change_marks *b)
{
	char **domains = b->domains;
	size_t count = b->count;

	pthread_mutex_lock(&a->lock);
	b->domains = a->domains;
	b->count = a->count;
	a->domains = domains;
	a->count = count;
	pthread_mutex_unlock(&a->lock);
}

static bool is_within(const char *domain, const char *allowed)
{
	size_t length = strlen(domain), tail;

	if (strncmp(allowed, "*.", 2) != 0)
		return strcasecmp(domain, allowed) == 0;
	tail = strlen(allowed + 1);
	return length > tail && strcasecmp(domain + length - tail, allowed + 1) == 0;
}

/* Return true if MARKS have domains, and DOMAIN is within none of them. */
static bool is_outside(const struct change_marks *marks, const char *domain)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&marks->lock;
	bool outside;

	pthread_mutex_lock(lock);
	outside = marks->count;
	for (size_t i = 0; domain && i < marks->count; i++) {
		if (is_within(domain, marks->domains[i]))
			outside = false;
	}
	pthread_mutex_unlock(lock);
	return outside;
}

bool change_marks_outside(const struct change_marks *marks, const char *email)
{
	char *key = marks && email ? address_key(email) : NULL;
	const char *at = key ? strrchr(key, '@') : NULL;
	bool outside = key && is_outside(marks, at ? at + 1 : NULL);

	free(key);
	return outside;
}

/* ---- administrators ---- */

/* Return true if NAME has WORD, in any case. */
static bool has_word(const char *name, const char *word)
{
	size_t length = strlen(word);

	for (; *name; name++) {
		if (strncasecmp(name, word, length) == 0)
			return true;
	}
	return false;
}

/* Return true if NAME is WORD (in small letters), in any case and with any separators. */
static bool is_word(const char *name, const char *word)
{
	for (; *name; name++) {
		if (*name == '_' || *name == '-' || *name == ' ')
			continue;
		if (tolower((unsigned char)*name) != *word++)
			return false;
	}
	return !*word;
}

/* Return true if NAME says that it is no administrator. */
static bool is_no_admin(const char *name)
{
	return has_word(name, "non-admin") || has_word(name, "nonadmin") ||
	       has_word(name, "non admin") || has_word(name, "non_admin") ||
	       has_word(name, "no admin") || has_word(name, "not admin");
}

/* Return true if NAME, a role, has the rights of an administrator. */
static bool is_admin_role(const char *name)
{
	if (is_no_admin(name))
		return false;
	return has_word(name, "admin") || has_word(name, "owner") || has_word(name, "superuser") ||
	       has_word(name, "super user");
}

/* Return true if VALUE, a flag, is set: some vendors write "true" or 1. */
static bool is_set(const json_t *value)
{
	const char *text = exact_string(value);

	return json_is_true(value) || (text && strcasecmp(text, "true") == 0) ||
	       (json_is_integer(value) && json_integer_value(value) == 1);
}

/* Return true if the field NAME, which is set, makes the user an administrator. */
static bool is_admin_flag(const char *name)
{
	static const char *const words[] = {"admin",      "isadmin",      "owner",
					    "isowner",    "superuser",    "issuperuser",
					    "siteadmin",  "superadmin",   "issuperadmin",
					    "orgadmin",   "isorgadmin",   "administrator",
					    "isroot",     "accountowner", "isprimaryowner",
					    "globaladmin"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (is_word(name, words[i]))
			return true;
	}
	return false;
}

/* Return true if the field NAME holds roles. */
static bool holds_roles(const char *name)
{
	static const char *const words[] = {"role", "user_type", "usertype", "access_level",
					    "privilege"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (has_word(name, words[i]))
			return true;
	}
	return false;
}

/* Return true if VALUE, which a field of roles has, names an administrator's role. */
static bool names_admin(const json_t *value, unsigned depth)
{
	const char *text = exact_string(value), *name;
	json_t *element;
	size_t i;

	if (text)
		return is_admin_role(text);
	if (!depth)
		return false;
	json_array_foreach((json_t *)(uintptr_t)value, i, element) {
		if (names_admin(element, depth - 1))
			return true;
	}
	json_object_foreach((json_t *)(uintptr_t)value, name, element) {
		if (names_admin(element, depth - 1))
			return true;
	}
	return false;
}

/* Return true if the member NAME of a record, which is VALUE, makes the user an administrator. */
static bool makes_admin(const char *name, const json_t *value, unsigned depth)
{
	json_t *below;
	const char *key;

	if (is_set(value))
		return is_admin_flag(name);
	if (holds_roles(name) && names_admin(value, depth))
		return true;
	if (!depth)
		return false;
	json_object_foreach((json_t *)(uintptr_t)value, key, below) {
		if (makes_admin(key, below, depth - 1))
			return true;
	}
	return false;
}

/* Return 1 if VALUE, which is at a pointer that ends with the field NAME, names an administrator's
 * role: a flag stands for the name of its field. For pointer_each. */
static int is_admin_value(json_t *value, void *name)
{
	return is_set(value) ? is_admin_role(name) : names_admin(value, DEPTH_MAX);
}

/* Return true if RECORD has an administrator's role at POINTER. */
static bool has_admin_at(const json_t *record, const char *pointer)
{
	const char *at = pointer;
	char name[POINTER_NAME_MAX] = "";

	while (pointer_next(&at, name))
		;
	return pointer_each(record, pointer, is_admin_value, name);
}

bool change_marks_admin(const json_t *record, const char *const *role_keys)
{
	bool admin = false;

	if (!record || !json_is_object(record))
		return false;
	if (!role_keys)
		return makes_admin("", record, DEPTH_MAX);
	for (; *role_keys && !admin; role_keys++)
		admin = has_admin_at(record, *role_keys);
	return admin;
}
