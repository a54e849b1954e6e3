/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_template.c - texts with placeholders. Input: a letter for the place, a template, and an
 * object with the values, a line each.
 */
#include "tests/fuzz/fuzz_values.h"

/* What separates the parts of what is made for a place, so that no value may bring it in. */
static const char *const marks[] = {
    [TEMPLATE_PATH] = "/?#&=:@\\ \r\n",
    [TEMPLATE_HEADER] = "\r\n",
    [TEMPLATE_HOST] = "/?#:@\\ \r\n",
    [TEMPLATE_FORM] = "&= \r\n",
    [TEMPLATE_TEXT] = "",
};

/* A name that template_next finds is one that is asked for. */
static void check_names(const char *text)
{
	char name[TEMPLATE_NAME_MAX];
	const char *at = text;

	while (template_next(&at, name)) {
		FUZZ_CHECK(*name && strlen(name) < sizeof(name));
		FUZZ_CHECK(template_has(text, name));
		FUZZ_CHECK(at <= text + strlen(text));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	enum template_place place = (enum template_place)((unsigned char)*fuzz_line(&input) % 5);
	const char *text = fuzz_line(&input);
	json_t *object = fuzz_json(&input);
	struct fuzz_values values = {.values = {fuzz_value}, .object = object};
	char why[100] = "", *made, *harmless;

	check_names(text);
	made = template_expand(text, place, &values.values, why, sizeof(why));
	FUZZ_CHECK(made || *why);
	values.harmless = true;
	harmless = template_expand(text, place, &values.values, why, sizeof(why));
	if (made) {
		FUZZ_CHECK(harmless);
		fuzz_same_marks(made, harmless, marks[place]);
	}
	free(made);
	free(harmless);
	json_decref(object);
	free(input.text);
	return 0;
}
