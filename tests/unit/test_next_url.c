/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_next_url.c - the URL of a further page, in a header Link or relative to a request.
 */
#include "vendors/http/next_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_link(void **state)
{
	static const char odd[] = "odd"; /* the header cannot be read */
	static const struct {
		const char *header, *next;
	} cases[] = {
	    {"", NULL},
	    {"<https://a/x>; rel=\"next\"", "https://a/x"},
	    {"<https://a/x>; rel=next", "https://a/x"},
	    {"<https://a/x>;rel=\"next\"", "https://a/x"},
	    {"<https://a/x> ; REL = \"NEXT\"", "https://a/x"},
	    {"<https://a/p>; rel=\"prev\", <https://a/x>; rel=\"next\"", "https://a/x"},
	    {"<https://a/x>; rel=\"next\", <https://a/l>; rel=\"last\"", "https://a/x"},
	    {"<https://a/x?f=a,b;c>; rel=\"next\"", "https://a/x?f=a,b;c"},
	    {"<https://a/x>; rel=\"last next\"", "https://a/x"},
	    {"<https://a/x>; title=\"a; rel=next, <b>\"; rel=\"prev\"", NULL},
	    {"<https://a/x>; title=\"a, b\"; rel=\"next\"", "https://a/x"},
	    {"<https://a/x>; rel=\"prev\"; rel=\"next\"", NULL},
	    {"<https://a/x>; rel=\"nextish\"", NULL},
	    {"<https://a/x>; rel=\"\"", NULL},
	    {"<https://a/x>", NULL},
	    {"<https://a/x>; rel='next'", "https://a/x"},
	    {"<https://a/x>; title=\"a \\\"b\\\"\"; rel=\"next\"", "https://a/x"},
	    {", <https://a/x>; rel=\"next\",", "https://a/x"},
	    {"<>; rel=\"next\"", odd},
	    {"<https://a/x; rel=\"next\"", odd},
	    {"https://a/x; rel=\"next\"", odd},
	    {"<https://a/x> rel=\"next\"", odd},
	    {"<https://a/x>; rel \"next\"", odd},
	    {"<https://a/p>; rel=prev <https://a/x>; rel=next", odd},
	    {"</users?after=5>; rel=\"next\"", "/users?after=5"},
	    {"<https://a/x>; rel=\"next\"; results=\"true\"; cursor=\"0:100:0\"", "https://a/x"},
	    {"<https://a/p>; rel=\"previous\"; results=\"false\"; cursor=\"0:0:1\", "
	     "<https://a/x>; rel=\"next\"; results=\"true\"; cursor=\"0:100:0\"",
	     "https://a/x"},
	    {"<https://a/x>; rel=\"next\"; results=\"false\"; cursor=\"0:200:0\"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *next;

		assert_int_equal(next_url_of_link(cases[i].header, &next), cases[i].next != odd);
		if (cases[i].next && cases[i].next != odd)
			assert_string_equal(next ? next : "(none)", cases[i].next);
		else
			assert_null(next);
		free(next);
	}
}

static void test_path(void **state)
{
	/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order of reading */
	static const struct {
		const char *from;
		bool from_origin;
		const char *url;
		bool any_origin;
		const char *path; /* NULL: it cannot be used */
	} cases[] = {
	    {"/users", false, "https://a.example/v2/users?page=2", false, "/v2/users?page=2"},
	    {"/users", false, "HTTPS://A.Example:443/v2/users?page=2", false, "/v2/users?page=2"},
	    {"/users", false, "https://a.example/other?x=1#end", false, "/other?x=1"},
	    {"/users", false, "/v2/users?page=2", false, "/v2/users?page=2"},
	    {"/users?size=9", false, "?page=2", false, "/v2/users?page=2"},
	    {"/users/", false, "more", false, "/v2/users/more"},
	    {"/v2/users?page=2", true, "?page=3", false, "/v2/users?page=3"},
	    {"/users", false, "//a.example/x", false, "/x"},
	    {"/users", false, "https://a.example/v2/users?q=a b&n=\xc3\xa9", false,
	     "/v2/users?q=a%20b&n=%C3%A9"},
	    {"/users", false, "https://a.example/v2/a%2Fb?c=%2B", false, "/v2/a%2Fb?c=%2B"},
	    {"/users", false, "https://b.example/v2/users", false, NULL},
	    {"/users", false, "http://a.example/v2/users", false, NULL},
	    {"/users", false, "https://a.example:8443/v2/users", false, NULL},
	    {"/users", false, "https://a.example.evil.example/v2/users", false, NULL},
	    {"/users", false, "https://a.example@evil.example/v2/users", false, NULL},
	    {"/users", false, "https://me:pw@a.example/v2/users", false, NULL},
	    {"/users", false, "//b.example/v2/users", false, NULL},
	    {"/users", false, "https://b.example/v2/users?page=2", true, "/v2/users?page=2"},
	    {"/users", false, "http://a.example:1/v2/users?page=2", true, "/v2/users?page=2"},
	    {"/users", false, "https://a.example/v2/\nusers", true, NULL},
	    {"/users", false, "javascript://a.example/v2", true, NULL},
	};
	const char *why = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *path = next_url_path("https://a.example/v2", cases[i].from,
					   cases[i].from_origin, cases[i].url, cases[i].any_origin,
					   &why);

		if (cases[i].path)
			assert_string_equal(path ? path : why, cases[i].path);
		else
			assert_null(path);
		assert_true(path || why);
		free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_link),
	    cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests_name("next url", tests, NULL, NULL);
}
