/*
 * path.c - see path.h.
 *
 * What a vendor calls a user must become exactly one file name, and back, whatever bytes are in it.
 * No state, no I/O.
 */
#include "fs/path.h"

#include "vendors/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CUT_MARK "%~"
#define CUT_TAIL 18 /* the mark and 16 hex digits */

static const char *const suffixes[] = {[PATH_JSON] = ".json", [PATH_STATUS] = ".status"};

enum path_kind path_parse(const char *name, char *stem)
{
	size_t length = strlen(name);

	if (name[0] == '.' || name[0] == '#')
		return PATH_OTHER;
	for (enum path_kind kind = PATH_JSON; kind <= PATH_STATUS; kind++) {
		size_t suffix = strlen(suffixes[kind]);

		if (length <= suffix || length - suffix > PATH_STEM_MAX ||
		    strcmp(name + length - suffix, suffixes[kind]) != 0)
			continue;
		memcpy(stem, name, length - suffix);
		stem[length - suffix] = '\0';
		return kind;
	}
	return PATH_OTHER;
}

bool path_is_reserved(const char *name)
{
	size_t length = strlen(name);

	for (enum path_kind kind = PATH_JSON; kind <= PATH_STATUS; kind++) {
		size_t suffix = strlen(suffixes[kind]);

		/* "$id.status" with nothing in $id */
		if (strcmp(name, suffixes[kind]) == 0)
			return true;
		if (length >= suffix && name[0] != '.' && name[0] != '#' &&
		    strcmp(name + length - suffix, suffixes[kind]) == 0)
			return true;
	}
	return false;
}

/* Large directories are made of letters and digits: those first. */
static inline bool is_plain(const char *id, size_t at)
{
	unsigned char byte = (unsigned char)id[at];

	if (byte > '/')
		return byte != 0x7f;
	if (byte < 0x20 || byte == '/' || byte == '%')
		return false;
	return at > 0 || (byte != '.' && byte != '#');
}

void path_stem(const char *id, char *stem)
{
	size_t length = 0, whole = 0;

	/* as most are: plain and short */
	while (length < PATH_STEM_MAX && is_plain(id, length)) {
		stem[length] = id[length];
		length++;
	}
	stem[length] = '\0';
	if (!id[length])
		return;
	length = 0;
	for (size_t at = 0; id[at]; at++) {
		size_t need = is_plain(id, at) ? 1 : 3;

		if (length + need > PATH_STEM_MAX) {
			snprintf(stem + whole, CUT_TAIL + 1, "%s%016" PRIx64, CUT_MARK,
				 hash_text(id));
			return;
		}
		if (need == 1)
			stem[length] = id[at];
		else
			snprintf(stem + length, 4, "%%%02X", (unsigned char)id[at]);
		length += need;
		/* Where it may be cut: after a whole character, with room for the tail. */
		if (length <= PATH_STEM_MAX - CUT_TAIL &&
		    ((unsigned char)id[at + 1] & 0xc0) != 0x80)
			whole = length;
	}
	stem[length] = '\0';
}

/* How much of STEM can stand before the tail, whole characters only. */
static size_t whole_length(const char *stem)
{
	size_t whole = 0, at = 0;

	for (; at <= PATH_STEM_MAX - CUT_TAIL && stem[at]; at++) {
		if (((unsigned char)stem[at] & 0xc0) != 0x80)
			whole = at;
		/* one byte as three, but for the mark of what was cut before */
		if (stem[at] == '%' && stem[at + 1] != CUT_MARK[1])
			at += 2;
	}
	return at <= PATH_STEM_MAX - CUT_TAIL ? at : whole;
}

void path_join(const char *head, const char *id, bool cut, char *stem)
{
	char joined[2 * PATH_STEM_MAX + 2], own[PATH_STEM_MAX + 1];
	int length;

	path_stem(id, own);
	length = snprintf(joined, sizeof(joined), "%s~%s", head, own);
	if (length <= PATH_STEM_MAX && !cut) {
		memcpy(stem, joined, (size_t)length + 1);
		return;
	}
	snprintf(stem, PATH_STEM_MAX + 1, "%.*s%s%016" PRIx64, (int)whole_length(joined), joined,
		 CUT_MARK, hash_text(head) * 31 ^ hash_text(id));
}

static int hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

bool path_id(const char *stem, char *id)
{
	char again[PATH_STEM_MAX + 1];
	size_t length = 0;

	for (size_t at = 0; stem[at]; at++) {
		if (stem[at] != '%') {
			id[length++] = stem[at];
			continue;
		}
		if (!stem[at + 1] || hex_digit(stem[at + 1]) < 0 || hex_digit(stem[at + 2]) < 0)
			return false;
		id[length++] = (char)(hex_digit(stem[at + 1]) * 16 + hex_digit(stem[at + 2]));
		at += 2;
	}
	id[length] = '\0';
	if (!length || strlen(id) != length)
		return false;
	/* 12%33.json is not another name of 123.json: each record has one. */
	path_stem(id, again);
	return strcmp(again, stem) == 0;
}

bool path_is_cut(const char *stem)
{
	size_t length = strlen(stem);

	return length > CUT_TAIL &&
	       strncmp(stem + length - CUT_TAIL, CUT_MARK, strlen(CUT_MARK)) == 0;
}
