/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_changes.c - the text of the changes as its readers see it, the marks of a line, and the
 * lines that lists and writes make.
 */
#include "tests/unit/stub_vendor.h"

#include "cache/changes/change_line.h"
#include "cache/changes/change_marks.h"
#include "cache/changes/changes.h"
#include "cache/changes/watch.h"
#include "cache/history/audit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the text ---- */

/* Add lines FIRST to LAST, of LENGTH bytes each with the newline. */
static void add(struct changes *changes, int first, int last, int length)
{
	for (int i = first; i <= last; i++) {
		char *line = NULL;

		assert_int_equal(asprintf(&line, "{\"n\":%*d}", length - 7, i), length - 1);
		changes_add(changes, &line, 1);
	}
}

/* Read all that READER has not read, in pieces of PIECE bytes. The caller frees it. */
static char *read_on(struct changes *changes, struct changes_reader *reader, size_t piece)
{
	char *all = calloc(1, 1 << 20), *data;
	size_t length = 0;
	ssize_t count;

	while ((count = changes_read(changes, reader, reader->next, piece, &data)) > 0) {
		assert_true((size_t)count <= piece);
		memcpy(all + length, data, (size_t)count);
		length += (size_t)count;
		free(data);
	}
	assert_int_equal(count, 0);
	assert_false(changes_ready(changes, reader));
	return all;
}

/* Assert that TEXT has a cut of LINES (0: none), and then the lines FIRST to LAST. */
static void check_text(const char *text, int lines, int first, int last)
{
	char *copy = strdup(text), *rest = copy, *line = strtok_r(rest, "\n", &rest);
	json_t *object;

	for (int i = lines ? first - 1 : first; i <= last; i++) {
		assert_non_null(line);
		object = json_loads(line, 0, NULL);
		assert_non_null(object);
		if (i < first) {
			assert_string_equal(json_string_value(json_object_get(object, "kind")),
					    "cut");
			assert_int_equal(json_integer_value(json_object_get(object, "lines")),
					 lines);
		} else {
			assert_int_equal(json_integer_value(json_object_get(object, "n")), i);
		}
		json_decref(object);
		line = strtok_r(rest, "\n", &rest);
	}
	assert_null(line);
	free(copy);
}

static void test_text(void **state)
{
	struct changes *changes = changes_new(5, NULL, NULL);
	struct changes_reader reader = {0};
	struct timespec when;
	char *text;

	(void)state;
	assert_int_equal(changes_size(changes, &when), 0);
	assert_false(changes_ready(changes, &reader));
	add(changes, 1, 3, 100);
	assert_true(changes_ready(changes, &reader));
	assert_int_equal(changes_size(changes, &when), 300);
	text = read_on(changes, &reader, 7);
	check_text(text, 0, 1, 3);
	free(text);
	add(changes, 4, 4, 150);
	text = read_on(changes, &reader, 1000);
	check_text(text, 0, 4, 4);
	free(text);
	changes_free(changes);
}

/* A reader in order gets a cut and the newest lines, however long its pieces are and wherever it
 * was. */
static void test_cut(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 400; piece += 13) {
		for (size_t before = 0; before <= 300; before += 25) {
			struct changes *changes = changes_new(5, NULL, NULL);
			struct changes_reader reader = {0};
			char *text, *whole, *data = NULL;

			add(changes, 1, 3, 100);
			if (before)
				assert_int_equal(changes_read(changes, &reader, 0, before, &data),
						 before);
			free(data);
			add(changes, 4, 20, 100);
			text = read_on(changes, &reader, piece);
			/* the rest of a line that was begun is ended */
			whole = before % 100 ? strchr(text, '\n') + 1 : text;
			assert_true(whole <= text + 1);
			check_text(whole, 15, 16, 20);
			free(text);
			changes_free(changes);
		}
	}
}

/* A reader that begins somewhere else finds each byte where its size says (tail). */
static void test_places(void **state)
{
	struct changes *changes = changes_new(5, NULL, NULL);
	struct timespec when;
	uint64_t size;

	(void)state;
	add(changes, 1, 20, 100);
	size = changes_size(changes, &when);
	assert_int_equal(size, 2000);
	for (uint64_t at = 1; at < size; at += 37) {
		struct changes_reader reader = {0};
		char *data, *text;
		const char *next;

		assert_int_equal(changes_read(changes, &reader, at, 4096, &data), size - at);
		text = calloc(1, size - at + 1);
		memcpy(text, data, size - at);
		free(data);
		next = strchr(text, '\n') + 1;
		if (at < 1424)
			check_text(text, 15, 16, 20);
		else
			check_text(next, 0, at < 1500 ? 16 : (int)(at / 100) + 2, 20);
		free(text);
	}
	changes_free(changes);
}

static void note_wake(void *arg)
{
	++*(int *)arg;
}

static void test_wake(void **state)
{
	struct changes *changes = changes_new(5, NULL, NULL);
	int wakes = 0;

	(void)state;
	changes_tell(changes, note_wake, &wakes);
	changes_add(changes, NULL, 0);
	assert_int_equal(wakes, 0);
	add(changes, 1, 2, 100);
	assert_int_equal(wakes, 2);
	changes_free(changes);
}

/* What the file has when all has ended is what was added, in order. */
static void test_log(void **state)
{
	char path[] = "/tmp/rosterfs-changes-XXXXXX", why[256], *text = calloc(1, 1 << 20);
	int file = mkstemp(path);
	struct audit *log;
	struct pool *pool = pool_new(4);
	struct changes *changes;

	(void)state;
	assert_int_equal(audit_open("changes_log", path, &log, why, sizeof(why)), 0);
	changes = changes_new(2, log, pool);
	add(changes, 1, 200, 100);
	pool_free(pool);
	changes_free(changes);
	audit_free(log);
	assert_int_equal(read(file, text, 1 << 20), 20000);
	check_text(text, 0, 1, 200);
	free(text);
	close(file);
	unlink(path);
}

/* ---- marks ---- */

static void test_domains(void **state)
{
	const char *why;
	struct change_marks *marks = change_marks_new("Example.com,*.example.org  b\xc3\xbc.de",
						      &why);

	(void)state;
	assert_non_null(marks);
	assert_false(change_marks_outside(marks, NULL));
	assert_false(change_marks_outside(marks, "Jo@EXAMPLE.COM"));
	assert_false(change_marks_outside(marks, "jo@a.b.example.org"));
	assert_false(change_marks_outside(marks, "jo@xn--b-eha.de"));
	assert_true(change_marks_outside(marks, "jo@example.org"));
	assert_true(change_marks_outside(marks, "jo@notexample.org"));
	assert_true(change_marks_outside(marks, "jo@example.com.evil.net"));
	assert_true(change_marks_outside(marks, "jo@a.example.com"));
	assert_true(change_marks_outside(marks, "jo"));
	assert_false(change_marks_outside(NULL, "jo@evil.net"));
	change_marks_free(marks);
}

static void test_no_domains(void **state)
{
	static const char *const texts[] = {
	    "jane@example.com",
	    "@example.com",
	    "*example.com",
	    "a.*.com",
	    "*",
	    "*.",
	    ".example.com",
	    "example..com",
	    "https://example.com",
	    "example.com/",
	    "example.com:443",
	    "example.com; example.org",
	    "[example.com]",
	    "example.com, 'example.org'",
	    ",",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const char *why;

		assert_null(change_marks_new(texts[i], &why));
		assert_non_null(why);
	}
}

static void test_admins(void **state)
{
	static const struct {
		const char *record;
		bool admin;
	} rows[] = {
	    {"{}", false},
	    {"{\"role\": \"standard\"}", false},
	    {"{\"role\": \"Super Admin\"}", true},
	    {"{\"role\": {\"name\": \"account_owner\"}}", true},
	    {"{\"roles\": [{\"type\": \"SUPER_ADMIN\", \"id\": 1}]}", true},
	    {"{\"roles\": [\"viewer\", \"editor\"]}", false},
	    {"{\"is_admin\": true}", true},
	    {"{\"isAdmin\": false}", false},
	    {"{\"profile\": {\"superuser\": true}}", true},
	    {"{\"admin_mail\": true, \"email\": \"admin@example.com\"}", false},
	    {"{\"title\": \"Administrator\"}", false},
	    {"{\"role\": \"non-admin\"}", false},
	    {"{\"roles\": [\"Non Administrator\", \"viewer\"]}", false},
	    {"{\"isAdmin\": \"True\"}", true},
	    {"{\"admin\": 1}", true},
	    {"{\"admin\": 0, \"is_owner\": \"false\"}", false},
	};

	(void)state;
	assert_false(change_marks_admin(NULL, NULL));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *record = json_loads(rows[i].record, 0, NULL);

		if (change_marks_admin(record, NULL) != rows[i].admin)
			fail_msg("%s", rows[i].record);
		json_decref(record);
	}
}

/* Where the description says what the role is, nothing else is one. */
static void test_admins_described(void **state)
{
	static const char *const keys[] = {"/grants/*/name", "/flags/isDelegatedAdmin", "/is_staff",
					   "level", NULL};
	static const struct {
		const char *record;
		bool admin;
	} rows[] = {
	    {"{}", false},
	    {"[\"admin\"]", false},
	    {"{\"role\": \"admin\", \"is_admin\": true}", false},
	    {"{\"grants\": [{\"name\": \"reader\"}, {\"name\": \"Org Owner\"}]}", true},
	    {"{\"grants\": [{\"name\": \"reader\"}], \"level\": \"ADMIN\"}", true},
	    {"{\"grants\": [{\"title\": \"admin\"}]}", false},
	    {"{\"flags\": {\"isDelegatedAdmin\": true}}", true},
	    {"{\"flags\": {\"isDelegatedAdmin\": false}}", false},
	    {"{\"is_staff\": true, \"level\": 1}", false},
	    {"{\"level\": [\"user\", {\"x\": \"superuser\"}]}", true},
	    {"{\"level\": null}", false},
	    {"{\"flags\": {\"isDelegatedAdmin\": \"true\"}}", true},
	};

	(void)state;
	assert_false(change_marks_admin(NULL, keys));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *record = json_loads(rows[i].record, 0, NULL);

		if (change_marks_admin(record, keys) != rows[i].admin)
			fail_msg("%s", rows[i].record);
		json_decref(record);
	}
}

/* ---- lines ---- */

static struct watch *watched;

static void tell_listed(void *arg, struct snapshot *snapshot, double began, uint64_t generation)
{
	(void)arg;
	(void)began;
	watch_listed(watched, snapshot, generation);
}

/* Begin with a roster of USERS that is watched. */
static struct changes *begin_watch(struct stub_roster *stub, size_t users)
{
	const struct roster_events events = {.arg = stub, .listed = tell_listed};
	struct changes *changes;

	begin(stub, users);
	roster_free(stub->roster);
	stub->roster = roster_new(stub->account, &people, NULL, stub->pool, &events);
	changes = changes_new(1000, NULL, stub->pool);
	watched = watch_new(changes, NULL, stub->roster, stub->roster);
	assert_non_null(watched);
	return changes;
}

/* Fetch a list, and wait until it is compared. */
static void list(struct stub_roster *stub)
{
	roster_refresh(stub->roster);
	snapshot_put(whole(stub));
	pool_drain(stub->pool, 120000);
}

/* Assert what the lines since READER say: for each "ID KIND,". */
static void check_lines(struct changes *changes, struct changes_reader *reader,
			const char *expected)
{
	char *text = read_on(changes, reader, 4096), *rest = text, *line;
	char words[1024] = "";

	while ((line = strtok_r(rest, "\n", &rest))) {
		json_t *object = json_loads(line, 0, NULL);
		size_t length = strlen(words);

		snprintf(words + length, sizeof(words) - length, "%s %s,",
			 json_string_value(json_object_get(object, "id")),
			 json_string_value(json_object_get(object, "kind")));
		json_decref(object);
	}
	assert_string_equal(words, expected);
	free(text);
}

static void end_watch(struct stub_roster *stub, struct changes *changes)
{
	flight_stop(stub->roster);
	pool_free(stub->pool);
	watch_free(watched);
	changes_free(changes);
	roster_free(stub->roster);
	account_free(stub->account);
}

static void test_lists(void **state)
{
	struct stub_roster stub;
	struct changes *changes = begin_watch(&stub, 300);
	struct changes_reader reader = {0};

	(void)state;
	list(&stub);
	check_lines(changes, &reader, "");
	list(&stub);
	check_lines(changes, &reader, "");
	atomic_store(&values[7], 1);
	user_count = 301;
	list(&stub);
	check_lines(changes, &reader, "7 changed,300 added,");
	user_count = 299;
	list(&stub);
	check_lines(changes, &reader, "299 removed,300 removed,");
	user_count = 300;
	list(&stub);
	check_lines(changes, &reader, "299 added,");
	end_watch(&stub, changes);
}

/* A list that is less than half as long tells nothing; when it is back, neither. */
static void test_short_list(void **state)
{
	struct stub_roster stub;
	struct changes *changes = begin_watch(&stub, 300);
	struct changes_reader reader = {0};
	struct call call;
	struct wait wait = {.kind = WAIT_WHOLE, .call = &call};

	(void)state;
	list(&stub);
	user_count = 10;
	list(&stub);
	check_lines(changes, &reader, "");
	user_count = 300;
	atomic_store(&values[7], 1);
	/* not as a user who asks for a refresh, and so agrees with what there is */
	call_init(&call, "test");
	stub.account->ttl = 0;
	while (wait_sync(stub.roster, &wait) == 0 && wait.snapshot->count != 300) {
		wait_clear(&wait);
		call_pause(&call, 10);
	}
	wait_clear(&wait);
	call_destroy(&call);
	pool_drain(stub.pool, 120000);
	check_lines(changes, &reader, "7 changed,");
	end_watch(&stub, changes);
}

/* What this mount has written is told once, and what else a list shows is told too. */
static void test_written(void **state)
{
	struct stub_roster stub;
	struct changes *changes = begin_watch(&stub, 300);
	struct changes_reader reader = {0};
	json_t *before = user("7", 0), *after = user("7", 5);
	const struct roster_write write =
	    {.id = "7", .before = before, .after = after, .uid = 3, .command = "vi", .number = 9};
	char *text;

	(void)state;
	list(&stub);
	atomic_store(&values[7], 5);
	write_user(&stub, "7", 5);
	watch_written(watched, &write);
	text = read_on(changes, &reader, 4096);
	assert_non_null(
	    strstr(text, "\"fields\":[{\"field\":\"value\",\"before\":0,\"after\":5}]"));
	assert_non_null(
	    strstr(text, "\"by\":{\"uid\":3,\"pid\":0,\"command\":\"vi\",\"history\":9}"));
	free(text);
	list(&stub);
	check_lines(changes, &reader, "");
	atomic_store(&values[7], 6);
	list(&stub);
	check_lines(changes, &reader, "7 changed,");
	json_decref(before);
	json_decref(after);
	end_watch(&stub, changes);
}

/* ---- fields ---- */

static void check_fields(const char *before, const char *after, bool part, const char *expected)
{
	static const struct field hidden[] = {{"/secret", FIELD_WRITE_ONLY}, {NULL, 0}};
	const struct collection collection = {.fields = hidden};
	json_t *old = json_loads(before, 0, NULL), *now = json_loads(after, 0, NULL);
	const struct change_line line = {.collection = &collection,
					 .before = old,
					 .after = now,
					 .part = part};
	json_t *made = change_line_fields(&line);
	char *text = json_dumps(made, JSON_COMPACT);

	assert_string_equal(text, expected);
	free(text);
	json_decref(made);
	json_decref(old);
	json_decref(now);
}

static void test_fields(void **state)
{
	(void)state;
	check_fields("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", false, "[]");
	check_fields("{\"a\":{\"b\":1,\"c\":[1]}}", "{\"a\":{\"b\":2,\"c\":[1,2]}}", false,
		     "[{\"field\":\"a.b\",\"before\":1,\"after\":2},"
		     "{\"field\":\"a.c\",\"before\":[1],\"after\":[1,2]}]");
	check_fields("{\"a\":1}", "{\"b\":2}", false,
		     "[{\"field\":\"a\",\"before\":1,\"after\":null},"
		     "{\"field\":\"b\",\"before\":null,\"after\":2}]");
	check_fields("{\"a\":1}", "{\"b\":2}", true, "[]");
	check_fields("{\"secret\":\"x\"}", "{\"secret\":\"y\"}", false, "[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_wake),
	    cmocka_unit_test(test_log),
	    cmocka_unit_test(test_domains),
	    cmocka_unit_test(test_no_domains),
	    cmocka_unit_test(test_admins),
	    cmocka_unit_test(test_admins_described),
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_short_list),
	    cmocka_unit_test(test_written),
	    cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
