/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_commands.c - the commands that take back a change, quoted for a shell.
 */
#include "fs/tree/commands.h"
#include "vendors/rest/account.h"
#include "vendors/vendor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct collection links = {.name = "links"}, others = {.name = "others"};
static const struct place below[] = {{.name = "members", .kind = PLACE_LINKS, .collection = &links},
				     {.name = NULL}};
static const struct place places[] = {{.name = "settings", .kind = PLACE_FILE},
				      {.name = "accounts", .kind = PLACE_FOLDERS, .below = below},
				      {.name = NULL}};
static const struct vendor vendor = {.type = "shop", .places = places};
static struct account account = {.name = (char *)(uintptr_t) "acme", .vendor = &vendor};

/* WANTED is the command for UNDO; NULL: there is none. */
static void expect(const struct undo *undo, const char *wanted)
{
	char *command = commands_undo_words.command(&account, undo);

	if (wanted)
		assert_string_equal(command, wanted);
	else
		assert_null(command);
	free(command);
}

static void test_by_path(void **state)
{
	static const struct {
		struct undo undo;
		const char *wanted;
	} cases[] = {
	    {{.what = UNDO_STATUS, .path = "acme/7.json", .word = "active"},
	     "echo active > 7.status"},
	    {{.what = UNDO_STATUS, .path = "acme/-7.status", .word = "inactive"},
	     "echo inactive > ./-7.status"},
	    {{.what = UNDO_STATUS, .path = "acme/a%2Fb.json", .word = "active"},
	     "echo active > 'a%2Fb.status'"},
	    {{.what = UNDO_STATUS, .path = "acme/MANUAL", .word = "active"}, NULL},
	    {{.what = UNDO_STATUS, .path = "acme", .word = "active"}, NULL},
	    {{.what = UNDO_DOCUMENT, .path = "acme/accounts/1/account.json", .number = 12},
	     "cp ../.rosterfs/history/12/undo.json accounts/1/account.json"},
	    {{.what = UNDO_LINK, .path = "acme/accounts/1/members/7.json"},
	     "ln -s ../../../7.json accounts/1/members/"},
	    {{.what = UNDO_LINK, .path = "acme/accounts/it's/members/a b.json"},
	     "ln -s '../../../a b.json' 'accounts/it'\\''s/members/'"},
	    {{.what = UNDO_LINK, .path = "acme/7.json"}, NULL},
	    {{.what = UNDO_UNLINK, .path = "acme/accounts/1/members/$x.json"},
	     "rm 'accounts/1/members/$x.json'"},
	    {{.what = UNDO_UNLINK, .path = "acme"}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(&cases[i].undo, cases[i].wanted);
}

static void test_by_id(void **state)
{
	static const struct {
		struct undo undo;
		const char *wanted;
	} cases[] = {
	    {{.what = UNDO_STATUS, .id = "7", .word = "inactive"}, "echo inactive > 7.status"},
	    {{.what = UNDO_STATUS, .id = "a/b", .word = "inactive"}, NULL},
	    {{.what = UNDO_STATUS, .id = "", .word = "inactive"}, NULL},
	    {{.what = UNDO_LINK, .id = "7", .links = &links, .parent = "1"},
	     "ln -s ../../../7.json accounts/1/members/"},
	    {{.what = UNDO_LINK, .id = "7", .links = &links},
	     "ln -s ../../../7.json accounts/ACCOUNT/members/"},
	    {{.what = UNDO_LINK, .id = "7", .links = &links, .parent = ".1"}, NULL},
	    {{.what = UNDO_LINK, .id = "#7", .links = &links, .parent = "1"}, NULL},
	    {{.what = UNDO_LINK, .id = "7", .links = &others, .parent = "1"}, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(&cases[i].undo, cases[i].wanted);
}

static void test_script(void **state)
{
	struct account quoted = {.name = (char *)(uintptr_t) "it's $(x)", .vendor = &vendor};
	json_t *list = json_pack("[s, s]", "rm a", "rm b");
	char *script = commands_undo_words.script(&quoted, list);

	(void)state;
	assert_string_equal(script,
			    "cd \"$(dirname \"$0\")/../../..\" && cd 'it'\\''s $(x)' || exit\n"
			    "rm a\nrm b\n");
	free(script);
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_by_path),
	    cmocka_unit_test(test_by_id),
	    cmocka_unit_test(test_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
