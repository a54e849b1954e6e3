/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_template.c - vendors/template/template.h: no value leaves the place where it stands.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "vendors/json/exact_parse.h"
#include "vendors/template/template.h"

static const char values_text[] =
    "{\"id\":\"a b/c?d&e#%\\u00e9\",\"n\":7,\"big\":18446744073709551616.10,\"dot\":\".\","
    "\"dots\":\"..\",\"empty\":\"\",\"host\":\"api-1.example\",\"evil\":\"x.example/@\","
    "\"line\":\"a\\r\\nX: b\",\"token\":\"to~k*n\",\"half\":\"\\ud83d\",\"nul\":\"a\\u0000b\","
    "\"/profile/mail\":\"m@x.example\",\"yes\":true,\"none\":null,\"obj\":{\"a\":1},\"brace\":\"{n}\","
    "\"none\":null}";

static json_t *all;

static json_t *value(const struct template_values *values, const char *name)
{
	(void)values;
	return json_incref(json_object_get(all, name));
}

static const struct template_values values = {value};

struct example {
	enum template_place place;
	const char *text, *result; /* NULL: it fails */
};

static const struct example examples[] = {
    {TEMPLATE_PATH, "/users/{id}.json", "/users/a%20b%2Fc%3Fd%26e%23%25%C3%A9.json"},
    {TEMPLATE_PATH, "/users?filter=a%20eq%20{n}&x[y]=$z", "/users?filter=a%20eq%207&x[y]=$z"},
    {TEMPLATE_PATH, "/u/{big}/{yes}", "/u/18446744073709551616.10/true"},
    {TEMPLATE_PATH, "/u/{obj}", "/u/%7B%22a%22%3A1%7D"},
    {TEMPLATE_PATH, "/u/{token}", "/u/to~k%2An"},
    {TEMPLATE_PATH, "/u/{brace}", "/u/%7Bn%7D"},
    {TEMPLATE_PATH, "/u/{/profile/mail}", "/u/m%40x.example"},
    /* these are no names of a segment */
    {TEMPLATE_PATH, "/u/{dot}/x", "/u/%2E/x"},
    {TEMPLATE_PATH, "/u/{dots}", "/u/%2E%2E"},
    {TEMPLATE_PATH, "/u/{dot}{dot}", "/u/%2E%2E"},
    {TEMPLATE_PATH, "/u/{dots}.json", "/u/...json"},
    {TEMPLATE_PATH, "/u/./x", "/u/./x"},
    {TEMPLATE_PATH, "/u?x={dots}", "/u?x=.."},
    {TEMPLATE_PATH, "/u/{empty}", NULL},
    {TEMPLATE_PATH, "/u/{empty}/x", NULL},
    {TEMPLATE_PATH, "/u/{empty}?x=1", NULL},
    {TEMPLATE_PATH, "/u/a{empty}", "/u/a"},
    {TEMPLATE_PATH, "/u?x={empty}", "/u?x="},
    {TEMPLATE_PATH, "/u/{half}", "/u/%ED%A0%BD"},
    {TEMPLATE_PATH, "/u/{nul}", "/u/a%00b"},
    /* a parameter that is only a placeholder without a value */
    {TEMPLATE_PATH, "/u?after={missing}", "/u"},
    {TEMPLATE_PATH, "/u?after={missing}&n={n}", "/u?n=7"},
    {TEMPLATE_PATH, "/u?n={n}&after={missing}&m=1", "/u?n=7&m=1"},
    {TEMPLATE_PATH, "/u?n={n}&after=x{missing}", NULL},
    {TEMPLATE_PATH, "/u/{missing}", NULL},
    {TEMPLATE_PATH, "/u?{missing}", NULL},
    {TEMPLATE_PATH, "/u?x={none}", "/u?x=null"},
    /* URLs */
    {TEMPLATE_PATH, "https://{host}/a/{id}",
     "https://api-1.example/a/a%20b%2Fc%3Fd%26e%23%25%C3%A9"},
    {TEMPLATE_PATH, "https://{host}.example", "https://api-1.example.example"},
    {TEMPLATE_PATH, "https://{host}:{n}?q={host}", "https://api-1.example:7?q=api-1.example"},
    {TEMPLATE_PATH, "https://{evil}/a", NULL},
    {TEMPLATE_PATH, "https://{empty}/a", NULL},
    {TEMPLATE_PATH, "https://{missing}/a", NULL},
    {TEMPLATE_PATH, "/a?u=https://x/{evil}", "/a?u=https://x/x.example%2F%40"},
    {TEMPLATE_HEADER, "Bearer {token}", "Bearer to~k*n"},
    {TEMPLATE_HEADER, "{id}", "a b/c?d&e#%\xc3\xa9"},
    {TEMPLATE_HEADER, "{line}", NULL},
    {TEMPLATE_HEADER, "{nul}", NULL},
    {TEMPLATE_HEADER, "{half}", NULL},
    {TEMPLATE_HEADER, "x{missing}", NULL},
    {TEMPLATE_HOST, "{host}", "api-1.example"},
    {TEMPLATE_HOST, "{id}", NULL},
    {TEMPLATE_FORM, "a={id}&b={missing}&c={token}", "a=a+b%2Fc%3Fd%26e%23%25%C3%A9&c=to~k%2An"},
    {TEMPLATE_FORM, "b={missing}&c=1", "c=1"},
    /* a form has no null */
    {TEMPLATE_FORM, "b={none}&c=1", "b=&c=1"},
    {TEMPLATE_FORM, "b={missing}", ""},
    {TEMPLATE_FORM, "b=x{missing}", NULL},
    {TEMPLATE_TEXT, "{ id } {} {\"n\"} {n,n} {n} {", "{ id } {} {\"n\"} {n,n} 7 {"},
    {TEMPLATE_TEXT, "{{n}}", "{7}"},
    {TEMPLATE_TEXT, "", ""},
    {TEMPLATE_TEXT, "{nul}", NULL},
};

static void test_expand(void **state)
{
	char why[200];

	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		const struct example *example = examples + i;
		char *text;

		*why = '\0';
		text = template_expand(example->text, example->place, &values, why, sizeof(why));
		if (!example->result) {
			if (text)
				fail_msg("%s: %s", example->text, text);
			assert_true(*why);
		} else {
			if (!text)
				fail_msg("%s: %s", example->text, why);
			assert_string_equal(text, example->result);
		}
		free(text);
	}
}

static void test_words(void **state)
{
	char why[200];

	(void)state;
	assert_null(template_expand("/{missing}", TEMPLATE_PATH, &values, why, sizeof(why)));
	assert_string_equal(why, "there is no value for {missing}");
	assert_null(template_expand("{line}", TEMPLATE_HEADER, &values, why, sizeof(why)));
	assert_string_equal(why, "{line} has a control character, which no header may have");
	assert_null(template_expand("/u/{empty}", TEMPLATE_PATH, &values, why, sizeof(why)));
	assert_string_equal(why, "{empty} is empty, and no name in a path may be");
}

static void test_next(void **state)
{
	const char *at = "/a/{ id }/{x}?{/b c}={/d/e}&{}";
	char name[TEMPLATE_NAME_MAX], text[TEMPLATE_NAME_MAX + 10];

	(void)state;
	assert_true(template_next(&at, name));
	assert_string_equal(name, "x");
	assert_true(template_next(&at, name));
	assert_string_equal(name, "/d/e");
	assert_false(template_next(&at, name));
	assert_true(template_has("/a/{x}{y}", "y"));
	assert_false(template_has("/a/{x}{y}", "z"));
	assert_false(template_has(NULL, "z"));
	memset(text, 'a', sizeof(text));
	text[0] = '{';
	stpcpy(text + TEMPLATE_NAME_MAX, "}");
	at = text;
	assert_true(template_next(&at, name));
	assert_int_equal(strlen(name), TEMPLATE_NAME_MAX - 1);
	stpcpy(text + TEMPLATE_NAME_MAX, "a}");
	at = text;
	assert_false(template_next(&at, name));
}

static int set_up(void **state)
{
	(void)state;
	all = exact_parse(values_text, strlen(values_text), 0, NULL);
	return all ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	json_decref(all);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_expand),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_next),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
