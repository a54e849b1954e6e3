/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_list.c - the list of a vendor. Input: "TYPE#N COLLECTION" (accounts.h), and responses
 * (replies.h).
 *
 * A list has no more rows than objects came, takes no more memory than the bytes received allow,
 * shows nothing that is hidden, and fails with words that hold no secret.
 */
#include "tests/fuzz/accounts.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/replies.h"

#include "vendors/base/call.h"
#include "vendors/json/json_heap.h"
#include "vendors/list/list.h"
#include "vendors/list/trail.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"

#include <errno.h>
#include <sanitizer/allocator_interface.h>

/* ---- memory ---- */

static ptrdiff_t held, most; /* since memory_begin; less than nothing where older memory is freed */

/* Without the fuzzer's eyes, since how much is held is no new behaviour. */
__attribute__((no_sanitize("coverage"))) static void taken(const volatile void *at, size_t size)
{
	(void)at;
	held += (ptrdiff_t)size;
	if (held > most)
		most = held;
}

__attribute__((no_sanitize("coverage"))) static void freed(const volatile void *at)
{
	if (at)
		held -= (ptrdiff_t)__sanitizer_get_allocated_size(at);
}

static void memory_begin(void)
{
	static bool installed;

	if (!installed)
		FUZZ_CHECK(__sanitizer_install_malloc_and_free_hooks(taken, freed));
	installed = true;
	held = most = 0;
}

static void memory_check(void)
{
	FUZZ_CHECK(most <= (ptrdiff_t)(JSON_HEAP_TIMES * replies.bytes + JSON_HEAP_SLACK));
}

/* ---- the list ---- */

/* What a sink says to hold of each row: much, so that some lists are too much. */
#define HELD 1024

struct sink {
	struct list_sink base;
	const struct collection *collection;
	json_t *ids;
	size_t rows; /* all that came, in all passes */
};

static int add(struct list_sink *base, const char *id, json_t *record)
{
	struct sink *sink = (struct sink *)base;

	FUZZ_CHECK(*id && json_is_object(record));
	FUZZ_CHECK(++sink->rows <= replies.objects);
	if (sink->rows < 16) {
		json_t *shown = json_deep_copy(record);

		collection_hide(sink->collection, shown);
		FUZZ_CHECK(json_equal(shown, record));
		json_decref(shown);
	}
	taken(NULL, json_heap_used());
	memory_check();
	held -= (ptrdiff_t)json_heap_used();
	if (json_object_get(sink->ids, id))
		return -EEXIST;
	sink->base.held += LIST_SINK_KEY + strlen(id) + HELD;
	return json_object_set_new_nocheck(sink->ids, id, json_true()) ? -ENOMEM : 0;
}

static int unreadable(struct list_sink *base, const char *id, json_t *record)
{
	struct sink *sink = (struct sink *)base;

	FUZZ_CHECK(*id && json_is_object(record));
	FUZZ_CHECK(++sink->rows <= replies.objects);
	if (json_object_get(sink->ids, id))
		return -EEXIST;
	return json_object_set_new_nocheck(sink->ids, id, json_true()) ? -ENOMEM : 0;
}

static void passed(struct list_sink *base, const struct list_trail *trail)
{
	(void)base;
	FUZZ_CHECK(list_trail_pages(trail) > 0);
}

static void reset(struct list_sink *base)
{
	struct sink *sink = (struct sink *)base;

	json_object_clear(sink->ids);
	sink->base.held = sink->base.received = 0;
}

static void list(struct account *account, const char *which, const char *responses)
{
	const struct collection *collection = accounts_collection(account, which);
	struct sink sink =
	    {.base = {.add = add, .unreadable = unreadable, .reset = reset, .passed = passed},
	     .collection = collection,
	     .ids = json_object()};
	struct call call;
	int error;

	/* a single record is in no list */
	if (collection->single) {
		json_decref(sink.ids);
		return;
	}
	call_init(&call, "acme");
	replies_begin(responses);
	memory_begin();
	error = list_walk(&call, account, collection, "parent", &sink.base);
	memory_check();
	FUZZ_CHECK(error <= 0);
	if (error)
		FUZZ_CHECK(call.words[0] && call.verdict != CALL_OK && call.error == -error);
	else
		FUZZ_CHECK(json_object_size(sink.ids) <= sink.rows && replies.accepted);
	accounts_check(account, call.words, false);
	accounts_check(account, call.request, false);
	accounts_check_log(account, false);
	json_decref(sink.ids);
	replies_end();
	call_destroy(&call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	bool quoted = accounts_quoted(input.text);
	char *head = fuzz_line(&input), *which = strchr(head, ' ');
	struct account *account;

	if (which)
		*which++ = '\0';
	account = quoted ? NULL : accounts_take(head, true);
	if (account)
		list(account, which ? which : "users", input.rest);
	free(input.text);
	return 0;
}
