/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_apis.c - see make_apis.h.
 */
#include "vendors/description/make_apis.h"

#include "vendors/description/grammar.h"
#include "vendors/description/make_request.h"
#include "vendors/description/placeholders.h"

#include <string.h>

static int check_pair(const struct make *make, const struct merged *section, const char *user,
		      const char *password, unsigned holds, unsigned api)
{
	const struct placeholders texts[] = {
	    {section, "user", user, PLACEHOLDERS_HEADER, holds, api},
	    {section, "password", password, PLACEHOLDERS_HEADER, holds, api},
	};
	int result = 0;

	if (!user != !password)
		result = make_fail(make, section, user ? "user" : "password",
				   "user and password need each other; \"\" is an empty one");
	for (size_t i = 0; i < 2; i++)
		result = make_both(result, placeholders_check(make, &texts[i]));
	return result;
}

static int make_token(struct make *make, const struct draft_token *draft, unsigned api,
		      const struct rule_token **token)
{
	struct rule_request request;
	struct rule_token made = {.user = draft->user,
				  .password = draft->password,
				  .token = draft->token,
				  .expires = draft->expires.source,
				  .expires_ms = draft->expires.ms,
				  .refresh = draft->refresh};
	size_t saves = 0;
	int result;

	if (!make_request_is_given(&draft->request)) {
		if (draft->request.head.from && !draft->request.rule.method)
			return make_fail(make, draft->request.head.from, NULL,
					 "[token] needs the key request");
		return 0;
	}
	result = make_request_token(make, &draft->request, api, &request);
	result = make_both(result, check_pair(make, draft->request.head.from, draft->user,
					      draft->password, HOLDS_REFRESH, api));
	if (result)
		return result;
	while (draft->saves[saves].name)
		saves++;
	made.request = make_copy(make, &request, sizeof(request));
	if (saves)
		made.save = make_copy(make, draft->saves, (saves + 1) * sizeof(*made.save));
	*token = make_copy(make, &made, sizeof(made));
	return made.request && *token && (!saves || made.save) ? 0 : make_fail_memory(make);
}

/* Make the base URL of api number INDEX. */
static int make_base(struct make *make, const struct draft_endpoint *draft, unsigned index,
		     struct rule_api *api)
{
	const struct merged *section = draft->api.head.from;
	struct placeholders text = {section,          "base_url", draft->api.base_url,
				    PLACEHOLDERS_URL, 0,          index};
	const char *wanted = draft->api.base_url, *given;
	char buffer[HINT_MAX + 2];
	int result;

	if (!wanted) {
		if (index)
			return make_fail(make, section ? section : draft->auth.head.from, NULL,
					 "[api %s] needs the key base_url", draft->word);
		return 0;
	}
	api->base_url = wanted;
	if (!index && make->url_given)
		return 0;
	given = index ? settings_url(make->chosen->settings, make->chosen->values,
				     SETTINGS_BASE_URL, draft->word, buffer)
		      : NULL;
	if (given)
		wanted = text.text = given;
	/* a setting of type url may begin it; placeholders_url checks that */
	if (placeholders_begins_with_url(make, wanted))
		text.text = strchr(wanted, '}') + 1;
	result = placeholders_check(make, &text);
	if (result)
		return result;
	return placeholders_url(make, section, "base_url", wanted, &api->base_url,
				&make->urls[index]);
}

static int make_api(struct make *make, const struct draft_endpoint *draft, unsigned index,
		    struct rule_api *api)
{
	const struct merged *auth = draft->auth.head.from;
	unsigned holds = HOLDS_TOKEN | HOLDS_PROOF;
	int result = make_base(make, draft, index, api);

	api->name = draft->word;
	api->user = draft->auth.user;
	api->password = draft->auth.password;
	result = make_both(result,
			   make_request_headers(make, draft->api.head.from, "header",
						draft->api.headers, 0, index, &api->headers));
	result = make_both(result, make_request_headers(make, auth, "header", draft->auth.headers,
							holds, index, &api->auth_headers));
	result = make_both(result, make_request_headers(make, auth, "query", draft->auth.query,
							holds, index, &api->auth_query));
	result = make_both(result, check_pair(make, auth, api->user, api->password, holds, index));
	return make_both(result, make_token(make, &draft->token, index, &api->token));
}

int make_apis(struct make *make, const struct rule_api **apis)
{
	const struct draft *draft = make->draft;
	struct rule_api *made = arena_get(make->arena, (draft->api_count + 1) * sizeof(*made));
	int result = 0;

	if (!made)
		return make_fail_memory(make);
	for (size_t i = 0; i < draft->api_count; i++)
		result = make_both(result, make_api(make, &draft->apis[i], (unsigned)i, &made[i]));
	*apis = made;
	return result;
}
