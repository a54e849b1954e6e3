/* SPDX-License-Identifier: Apache-2.0 */
/*
 * placeholders.c - see placeholders.h.
 *
 * A description may come from anywhere, so this is where a secret is kept out of URLs, and where
 * URLs are kept to those that the description writes out.
 */
#include "vendors/description/placeholders.h"

#include "vendors/description/grammar.h"
#include "vendors/http/http_url.h"
#include "vendors/json/pointer.h"
#include "vendors/template/template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(const struct make *make, const struct placeholders *text, const char *name,
		  const char *words)
{
	return make_fail_alone(make, text->section, text->key, "%s: {%s} %s", text->key, name,
			       words);
}

bool placeholders_have(const char *text, const char *name)
{
	char found[TEMPLATE_NAME_MAX];
	size_t length = strlen(name);

	while (text && template_next(&text, found)) {
		if (strncmp(found, name, length) == 0 && (!found[length] || found[length] == '/'))
			return true;
	}
	return false;
}

/* ---- one placeholder ---- */

/* What a placeholder of the format itself needs of the text it stands in. */
struct own {
	const char *name;
	unsigned holds;
};

static const struct own owns[] = {
    {"id", HOLDS_ID},
    {"email", HOLDS_EMAIL},
    {"parent", HOLDS_PARENT},
    {"member", HOLDS_MEMBER},
    {"page", HOLDS_PAGING},
    {"offset", HOLDS_PAGING},
    {"cursor", HOLDS_PAGING},
    {"size", HOLDS_PAGING},
    {"each", HOLDS_PAGING},
    {"changes", HOLDS_CHANGES},
    {"record", HOLDS_RECORD},
    {"access_token", HOLDS_PROOF},
    {"refresh_token", HOLDS_REFRESH},
};

static int check_setting(const struct make *make, const struct placeholders *text, const char *name,
			 size_t index)
{
	const struct settings *settings = make->chosen->settings;
	bool in_url = text->place == PLACEHOLDERS_PATH || text->place == PLACEHOLDERS_URL;

	if (settings->urls[index])
		return refuse(make, text, name,
			      "is a URL, which may only begin a base_url or a request for a token");
	if (settings->list[index].type == SETTING_SECRET && text->place == PLACEHOLDERS_URL)
		return refuse(make, text, name, "is a secret, which no base_url may have");
	if (settings->list[index].type == SETTING_SECRET && in_url && !make->secret_in_url)
		return refuse(make, text, name,
			      "is a secret, and would be in the log of each proxy; nothing is sent "
			      "unless the account's section says secret_in_url = yes");
	if (!make->chosen->values[index])
		return refuse(make, text, name, "has no value; the account's section must give it");
	return 0;
}

/* Check a placeholder that [token] gives: its token, or what save.NAME keeps. */
static int check_token(const struct make *make, const struct placeholders *text, const char *name,
		       bool saved)
{
	const struct draft_token *token = &make->draft->apis[text->api].token;

	/* it may be the section that was refused */
	if (!token->request.head.from && make->broken)
		return -EINVAL;
	if (!token->request.head.from)
		return refuse(make, text, name, "needs a section [token]");
	if (saved && text->place == PLACEHOLDERS_BODY)
		return refuse(make, text, name, "may stand in paths and headers only");
	if (!saved && text->place == PLACEHOLDERS_PATH && !make->secret_in_url)
		return refuse(make, text, name,
			      "is a secret, and would be in the log of each proxy; nothing is sent "
			      "unless the account's section says secret_in_url = yes");
	return 0;
}

static bool is_saved(const struct make *make, const struct placeholders *text, const char *name)
{
	const struct rule_save *save = make->draft->apis[text->api].token.saves;

	while (save->name && strcmp(save->name, name) != 0)
		save++;
	return save->name && text->holds & HOLDS_TOKEN;
}

static int check_own(const struct make *make, const struct placeholders *text, const char *name,
		     const struct own *own)
{
	const char *rest = name + strlen(own->name);

	/* a request that is repeated with a new token would keep the old one in itself */
	if (own->holds == HOLDS_PROOF && text->place == PLACEHOLDERS_BODY)
		return refuse(
		    make, text, name,
		    "may stand in [auth] only; a token that a body needs must be a secret "
		    "of [settings], which its NAME_command may fetch");
	if (own->holds == HOLDS_PROOF && !(text->holds & HOLDS_PROOF))
		return refuse(make, text, name,
			      "may stand in [auth] only; save.NAME in [token] keeps other parts of "
			      "the response for requests");
	if (!(text->holds & own->holds))
		return refuse(make, text, name, "has no value here");
	if (own->holds == HOLDS_PROOF)
		return check_token(make, text, name, false);
	if (own->holds & (HOLDS_CHANGES | HOLDS_RECORD) && text->place != PLACEHOLDERS_BODY)
		return refuse(make, text, name, "may stand in the body only");
	if (*rest && pointer_check(rest))
		return refuse(make, text, name, "has no pointer behind the first /");
	return 0;
}

static int fail_unknown(const struct make *make, const struct placeholders *text, const char *name)
{
	const struct settings *settings = make->chosen->settings;
	const struct merged *token = make->draft->apis[text->api].token.request.head.from;
	struct hint hint = HINT_NONE;
	char words[192];

	/* it may be what was refused */
	if (settings->broken || (token ? token->broken : make->broken))
		return -EINVAL;

	/* what is wanted is mostly the user's id, or a member of the record */
	(void)snprintf(words, sizeof(words),
		       "is neither a setting nor a placeholder of the format%s%s",
		       text->holds & HOLDS_ID ? "; the id of the user is {id}" : "",
		       text->holds & HOLDS_SHOWN ? "; {/P} is the value at /P of the record" : "");

	for (size_t i = 0; i < settings->count; i++)
		hint_offer(&hint, name, settings->list[i].name);
	for (size_t i = 0; i < sizeof(owns) / sizeof(*owns); i++) {
		if (text->holds & owns[i].holds)
			hint_offer(&hint, name, owns[i].name);
	}
	if (*hint.name)
		(void)snprintf(words, sizeof(words), "is unknown; did you mean {%s}?", hint.name);
	return refuse(make, text, name, words);
}

static int check_one(const struct make *make, const struct placeholders *text, const char *name)
{
	int index = settings_find(make->chosen->settings, name);

	if (index >= 0)
		return check_setting(make, text, name, (size_t)index);
	if (*name == '/') {
		if (!(text->holds & HOLDS_SHOWN))
			return refuse(make, text, name, "has no value here: there is no record");
		return pointer_check(name) ? refuse(make, text, name, "is no pointer") : 0;
	}
	if (is_saved(make, text, name))
		return check_token(make, text, name, true);
	for (size_t i = 0; i < sizeof(owns) / sizeof(*owns); i++) {
		size_t length = strlen(owns[i].name);
		bool parts = owns[i].holds & (HOLDS_CHANGES | HOLDS_RECORD);

		if (strncmp(owns[i].name, name, length) == 0 &&
		    (!name[length] || (parts && name[length] == '/')))
			return check_own(make, text, name, &owns[i]);
	}
	return fail_unknown(make, text, name);
}

int placeholders_check(const struct make *make, const struct placeholders *text)
{
	const char *at = text->text;
	char name[TEMPLATE_NAME_MAX];
	int result = 0;

	while (at && template_next(&at, name))
		result = make_both(result, check_one(make, text, name));
	return result;
}

/* ---- URLs ---- */

/* The settings as a URL's placeholders. */
struct url_values {
	struct template_values base;
	const struct chosen *chosen;
};

static json_t *url_value(const struct template_values *values, const char *name)
{
	const struct chosen *chosen = ((const struct url_values *)values)->chosen;
	int index = settings_find(chosen->settings, name);

	return index >= 0 && chosen->values[index] ? json_string(chosen->values[index]) : NULL;
}

/* Return the index of the setting of type url that TEXT begins with, or -1. */
static int leading_url(const struct make *make, const char *text, char name[TEMPLATE_NAME_MAX])
{
	const char *at = text;
	int index;

	if (*text != '{' || !template_next(&at, name) || at != text + strlen(name) + 2)
		return -1;
	index = settings_find(make->chosen->settings, name);
	return index >= 0 && make->chosen->settings->urls[index] ? index : -1;
}

bool placeholders_begins_with_url(const struct make *make, const char *text)
{
	char name[TEMPLATE_NAME_MAX];

	return leading_url(make, text, name) >= 0;
}

/* Fill in a setting of type url at the beginning of *TEXT. */
static int begin_url(const struct make *make, const struct merged *section, const char *key,
		     const char **text)
{
	char name[TEMPLATE_NAME_MAX];
	int index = leading_url(make, *text, name);
	const char *rest, *value, *why = "";
	char *joined;
	size_t length;

	if (index < 0)
		return 0;
	rest = *text + strlen(name) + 2;
	value = make->chosen->values[index];
	if (!value)
		return make_fail_alone(make, section, key,
				       "%s: {%s} has no value; the account's section must give it",
				       key, name);
	length = strcspn(value, "?{}");
	if (value[length] || http_url_check(value, &why))
		return make_fail_alone(make, section, key, "%s: {%s}: %s", key, name,
				       *why ? why : "the URL must have no ?, { and }");
	while (length && value[length - 1] == '/')
		length--;
	joined = arena_get(make->arena, length + strlen(rest) + 1);
	if (!joined)
		return make_fail_memory(make);
	(void)snprintf(joined, length + strlen(rest) + 1, "%.*s%s", (int)length, value, rest);
	*text = joined;
	return 0;
}

int placeholders_url(const struct make *make, const struct merged *section, const char *key,
		     const char *text, const char **url, const char **whole)
{
	const struct url_values values = {{url_value}, make->chosen};
	char why[256] = "";
	const char *wrong = why;
	char *made;
	int result = begin_url(make, section, key, &text);

	if (result)
		return result;
	*url = text;
	made = template_expand(text, TEMPLATE_PATH, &values.base, why, sizeof(why));
	if (!made)
		return make_fail_alone(make, section, key, "%s: %s", key, why);
	made[strcspn(made, "?")] = '\0';
	for (size_t length = strlen(made); length && made[length - 1] == '/';)
		made[--length] = '\0';
	if (http_url_check(made, &wrong))
		result = make_fail_alone(make, section, key, "%s: %s", key, wrong);
	else if (whole && !(*whole = arena_text(make->arena, made, strlen(made))))
		result = make_fail_memory(make);
	free(made);
	return result;
}
