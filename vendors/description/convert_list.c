/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convert_list.c - see convert_list.h.
 *
 * It must not know which key has which type.
 */
#include "vendors/description/convert_list.h"

#include "vendors/json/pointer.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* No vendor has a list as long. Each append copies the list, in an arena that keeps all copies. */
#define LIST_MAX 1000

/*
 * Copy the next element of the list at *AT to ARENA, and move *AT behind it. Elements end at a
 * comma that a blank follows; commas between quotes do not count. Returns NULL without memory; an
 * element may be empty.
 */
static char *next_element(struct arena *arena, const char **at)
{
	const char *text = *at + strspn(*at, " \t"), *end = text;
	bool quoted = *text == '"';
	size_t length;

	for (; *end; end++) {
		if (quoted && end > text && *end == '"' && end[-1] != '\\')
			quoted = false;
		else if (!quoted && *end == ',' && (!end[1] || isblank((unsigned char)end[1])))
			break;
	}
	*at = *end ? end + 1 : end;
	length = (size_t)(end - text);
	while (length && isblank((unsigned char)text[length - 1]))
		length--;
	return arena_text(arena, text, length);
}

/* Call ADD for each element of the list TEXT. */
static int each_element(const struct convert *convert, const char *text,
			int (*add)(const struct convert *convert, char *element, void *list),
			void *list)
{
	bool more = true;

	while (more) {
		char *element = next_element(convert->arena, &text);
		int result;

		if (!element)
			return convert_fail_memory(convert);
		if (!*element)
			return convert_fail(convert, "%s: an element of the list is missing",
					    convert->key);
		result = add(convert, element, list);
		if (result)
			return result;
		more = *text;
	}
	return 0;
}

/* A list that grows. */
struct growing {
	void *list;
	size_t count;
};

static int grow(const struct convert *convert, struct growing *growing, size_t size,
		const void *element)
{
	if (growing->count == LIST_MAX)
		return convert_fail(convert, "%s: the list has more than %d elements", convert->key,
				    LIST_MAX);
	growing->list = arena_append(convert->arena, growing->list, growing->count++, size,
				     element);
	return growing->list ? 0 : convert_fail_memory(convert);
}

/* ---- pointers ---- */

/* Return POINTER in its shortest form: "/email" is "email". NULL: no memory. */
static const char *short_pointer(struct arena *arena, const char *pointer)
{
	const char *name = pointer + 1;

	/* a plain name is no ".", "*" or number, and has nothing to unescape */
	if (*pointer != '/' || !*name || strpbrk(name, "/~") || strcmp(name, ".") == 0 ||
	    strcmp(name, "*") == 0 || strspn(name, "0123456789") == strlen(name))
		return arena_text(arena, pointer, strlen(pointer));
	return arena_text(arena, name, strlen(name));
}

int convert_list_pointer(const struct convert *convert, const char *text, const char **pointer)
{
	const char *wrong = pointer_check(text);

	if (!wrong && *text != '/' && strcmp(text, ".") != 0)
		wrong = "a pointer begins with /";
	if (!wrong && strpbrk(text, " \t"))
		wrong = "one pointer is meant here, without blanks";
	if (wrong)
		return convert_fail(convert, "%s: %s", convert->key, wrong);
	*pointer = short_pointer(convert->arena, text);
	return *pointer ? 0 : convert_fail_memory(convert);
}

static int add_pointer(const struct convert *convert, char *element, void *list)
{
	const char *pointer = NULL;
	int result = convert_list_pointer(convert, element, &pointer);

	return result ? result : grow(convert, list, sizeof(pointer), &pointer);
}

int convert_list_pointers(const struct convert *convert, const char *text,
			  const char *const **pointers)
{
	struct growing growing = {0};
	int result = each_element(convert, text, add_pointer, &growing);

	*pointers = growing.list;
	return result;
}

int convert_list_parts(const struct convert *convert, const char *text,
		       const char *const **pointers)
{
	struct growing growing = {0};
	char *rest = arena_text(convert->arena, text, strlen(text)), *part;

	if (!rest)
		return convert_fail_memory(convert);
	while ((part = strsep(&rest, " \t"))) {
		size_t length = strlen(part);
		int result;

		if (!length)
			continue;
		if (part[length - 1] == ',')
			return convert_fail(convert,
					    "%s has parts with blanks between them, and no "
					    "alternatives",
					    convert->key);
		result = add_pointer(convert, part, &growing);
		if (result)
			return result;
	}
	*pointers = growing.list;
	return 0;
}

/* ---- sources ---- */

int convert_list_source(const struct convert *convert, const char *text, struct source *source)
{
	const char *wrong = source_read(text, source);

	if (!wrong && strpbrk(text, " \t"))
		wrong = "one source is meant here, without blanks";
	if (!wrong && source->kind != SOURCE_HEADER && *source->name != '/' &&
	    strcmp(source->name, ".") != 0)
		wrong = "a source is /pointer, header:NAME or last:/pointer";
	if (wrong)
		return convert_fail(convert, "%s: %s", convert->key, wrong);
	source->name = source->kind == SOURCE_HEADER
			   ? arena_text(convert->arena, source->name, strlen(source->name))
			   : short_pointer(convert->arena, source->name);
	return source->name ? 0 : convert_fail_memory(convert);
}

static int add_source(const struct convert *convert, char *element, void *list)
{
	struct source source;
	int result = convert_list_source(convert, element, &source);

	return result ? result : grow(convert, list, sizeof(source), &source);
}

int convert_list_sources(const struct convert *convert, const char *text,
			 const struct source **sources)
{
	struct growing growing = {0};
	int result = each_element(convert, text, add_source, &growing);

	*sources = growing.list;
	return result;
}

/* ---- values ---- */

static int add_value(const struct convert *convert, char *element, void *list)
{
	struct value value;
	int error = value_read(element, &value);
	struct value copy = {value.type, NULL};

	if (error == -ENOMEM)
		return convert_fail_memory(convert);
	if (error)
		return convert_fail(convert,
				    "%s: a value must be a word, a number or a text in "
				    "quotes",
				    convert->key);
	if (value.text)
		copy.text = arena_text(convert->arena, value.text, strlen(value.text));
	value_clear(&value);
	return grow(convert, list, sizeof(copy), &copy);
}

int convert_list_values(const struct convert *convert, const char *text,
			const struct value **values)
{
	struct growing growing = {0};
	int result = each_element(convert, text, add_value, &growing);

	*values = growing.list;
	return result;
}

/* ---- codes and words ---- */

static int add_code(const struct convert *convert, char *element, void *list)
{
	int code = 0;

	for (size_t i = 0; i < 3 && isdigit((unsigned char)element[i]); i++)
		code = code * 10 + (element[i] - '0');
	if (strlen(element) != 3 || code < 400 || code > 499)
		return convert_fail(convert, "%s must be statuses from 400 to 499", convert->key);
	return grow(convert, list, sizeof(code), &code);
}

int convert_list_codes(const struct convert *convert, const char *text, const int **codes)
{
	struct growing growing = {0};
	int result = each_element(convert, text, add_code, &growing);

	*codes = growing.list;
	return result;
}

static int add_word(const struct convert *convert, char *element, void *list)
{
	const char *word = element;

	return grow(convert, list, sizeof(word), &word);
}

int convert_list_words(const struct convert *convert, const char *text, const char *const **words)
{
	struct growing growing = {0};
	int result = each_element(convert, text, add_word, &growing);

	*words = growing.list;
	return result;
}
