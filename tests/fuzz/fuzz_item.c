/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_item.c - one record at a vendor: read, changed, created, deleted, its status, whose the key
 * is. Input: "TYPE#N DEED COLLECTION" (accounts.h), an id, a document (JSON), a line each, and
 * responses (replies.h).
 *
 * The id stays in its place of the path; a record in a response is the one that was asked for; and
 * a failure has words, which hold neither a key nor the password in the document.
 */
#include "tests/fuzz/accounts.h"
#include "tests/fuzz/fuzz_values.h"
#include "tests/fuzz/replies.h"

#include "vendors/base/call.h"
#include "vendors/http/basis.h"
#include "vendors/json/pointer.h"
#include "vendors/rest/account.h"
#include "vendors/rest/collection.h"
#include "vendors/rest/item.h"
#include "vendors/rest/self.h"
#include "vendors/rest/status_request.h"

#define PATH_MARKS "/?#&=\\ \r\n"

struct deed {
	struct account *account;
	const struct collection *collection;
	const char *what, *id;
	json_t *document; /* an object */
	bool secret;      /* a password is sent */
	struct call call;
	struct basis basis;
};

/* What cannot have been told of DEED if it has failed, or must have been. */
static void check_end(struct deed *deed, bool failed)
{
	if (failed)
		FUZZ_CHECK(deed->call.words[0] && deed->call.verdict != CALL_OK);
	accounts_check(deed->account, deed->call.words, deed->secret);
	accounts_check(deed->account, deed->call.said, deed->secret);
}

/* Check RECORD, which is shown, and is that with the id of DEED. PART: it may be a part of it. */
static void check_record(const struct deed *deed, const json_t *record, bool part)
{
	json_t *shown = json_deep_copy(record);
	char buffer[24];
	const char *id = collection_id(deed->collection, record, buffer);

	FUZZ_CHECK(json_is_object(record));
	collection_hide(deed->collection, shown);
	FUZZ_CHECK(json_equal(shown, record));
	json_decref(shown);
	if (!deed->collection->single && !deed->collection->path_id_key && deed->id)
		FUZZ_CHECK(id ? strcmp(id, deed->id) == 0 : part);
}

static void check_outcome(struct deed *deed, enum vendor_outcome outcome, json_t *answer)
{
	check_end(deed, outcome != VENDOR_DONE);
	if (answer && outcome == VENDOR_DONE)
		check_record(deed, answer, true);
	json_decref(answer);
}

/* Put a password into each field of BODY that is only written. */
static void add_password(struct deed *deed, json_t *body)
{
	for (const struct field *field = deed->collection->fields; field->name; field++) {
		if ((field->flags & FIELD_WRITE_ONLY) && !strchr(field->name, '*') &&
		    pointer_set(body, field->name, json_string(ACCOUNTS_PASSWORD)) == 0)
			deed->secret = true;
	}
}

static int get(struct deed *deed, json_t **record, char **etag)
{
	int error = item_get(&deed->call, deed->account, deed->collection, "parent", deed->id,
			     record, etag);

	check_end(deed, error);
	if (!error)
		check_record(deed, *record, false);
	return error;
}

/* Read the record, and put the document over it. */
static void put(struct deed *deed)
{
	json_t *record = NULL, *body, *answer = NULL;
	char *etag = NULL;
	enum vendor_outcome outcome;

	basis_begin(&deed->basis, 0);
	deed->call.basis = &deed->basis;
	if (get(deed, &record, &etag) == 0) {
		body = json_deep_copy(record);
		json_object_update(body, deed->document);
		collection_strip(deed->collection, body, FIELD_SYSTEM);
		add_password(deed, body);
		deed->basis.record = record;
		deed->call.said[0] = '\0';
		outcome = item_put(&deed->call, deed->account, deed->collection, "parent", deed->id,
				   body, etag, &answer);
		check_outcome(deed, outcome, answer);
		json_decref(body);
	}
	basis_release(&deed->call);
	json_decref(deed->basis.part_fields);
	json_decref(deed->basis.raw);
	json_decref(record);
	free(etag);
}

static void post(struct deed *deed)
{
	json_t *answer = NULL;
	enum vendor_outcome outcome;

	add_password(deed, deed->document);
	deed->id = NULL;
	outcome = item_post(&deed->call, deed->account, deed->collection, "parent", deed->document,
			    &answer);
	check_outcome(deed, outcome, answer);
}

/* As set_status's MAY: a guard has nothing against a step. */
static int may_step(void *arg)
{
	(void)arg;
	return 0;
}

/* Read the record, and make or end its steps. */
static void set_steps(struct deed *deed, bool active)
{
	const struct collection *collection = deed->collection;
	enum vendor_outcome *outcomes;
	json_t *record = NULL;
	char *etag = NULL;
	int error;

	if (get(deed, &record, &etag) == 0) {
		outcomes = calloc(json_array_size(json_object_get(record, collection->steps_key)) +
				      1,
				  sizeof(*outcomes));
		FUZZ_CHECK(outcomes);
		error = collection->set_status(&deed->call, deed->account, record, active, may_step,
					       NULL, outcomes);
		check_end(deed, error);
		free(outcomes);
	}
	json_decref(record);
	free(etag);
}

static void set_status(struct deed *deed, const char *word)
{
	const struct rule_status_request *request;
	json_t *answer = NULL;
	enum vendor_outcome outcome;

	if (deed->collection->set_status) {
		set_steps(deed, strcmp(word, "active") == 0);
		return;
	}
	if (!deed->collection->status || !deed->collection->status->deactivate)
		return;
	request = status_request_find(&deed->call, deed->account, deed->collection, deed->document,
				      word);
	if (!request) {
		check_end(deed, true);
		return;
	}
	outcome = status_request_send(&deed->call, deed->account, deed->collection, "parent",
				      deed->id, deed->document, request, &answer);
	check_outcome(deed, outcome, answer);
}

static void self(struct deed *deed)
{
	char *id = NULL;
	int error = self_find(&deed->call, deed->account, &id);

	FUZZ_CHECK(error ? !id : id && *id);
	accounts_check(deed->account, deed->call.words, false);
	free(id);
}

static void transact(struct deed *deed)
{
	const struct transaction *transaction = deed->account->vendor->transaction;
	json_t *answer = NULL;
	int error;

	if (!transaction)
		return;
	error = transaction->run(&deed->call, deed->account, deed->document, &answer);
	check_end(deed, error);
	FUZZ_CHECK(error || answer);
	json_decref(answer);
}

/* Return true if the code above vendors/ does such a thing with such a record. */
static bool may_do(const struct deed *deed)
{
	const struct collection *collection = deed->collection;

	if (strcmp(deed->what, "post") == 0)
		return collection->creates && collection->creates(deed->account);
	if (strcmp(deed->what, "delete") == 0)
		return collection->deletes || collection->remove;
	if (strcmp(deed->what, "put") == 0)
		return collection->listing ? collection->update != NULL
					   : collection->put || *collection->item_path;
	return true;
}

/* Play RESPONSES to DEED with ID. Return the first path that it asked for, new, or NULL. */
static char *play(struct deed *deed, const char *id, const char *responses)
{
	json_t *record = NULL;
	char *etag = NULL, *path;

	deed->id = id;
	deed->secret = false;
	call_init(&deed->call, "acme");
	replies_begin(responses);
	if (strcmp(deed->what, "put") == 0)
		put(deed);
	else if (strcmp(deed->what, "post") == 0)
		post(deed);
	else if (strcmp(deed->what, "delete") == 0)
		check_outcome(deed,
			      item_delete(&deed->call, deed->account, deed->collection, "parent",
					  deed->id),
			      NULL);
	else if (strcmp(deed->what, "active") == 0 || strcmp(deed->what, "inactive") == 0)
		set_status(deed, deed->what);
	else if (strcmp(deed->what, "self") == 0)
		self(deed);
	else if (strcmp(deed->what, "tokens") == 0)
		transact(deed);
	else
		(void)get(deed, &record, &etag);
	json_decref(record);
	free(etag);
	path = replies.first;
	replies.first = NULL;
	replies_end();
	call_destroy(&deed->call);
	accounts_check_log(deed->account, deed->secret);
	return path;
}

static bool is_utf8(const char *text)
{
	json_t *string = json_string(text);

	json_decref(string);
	return string;
}

/* Do what WHAT ("put users") says with the record ID of the vendor HEAD. */
static void try(const char *head, char *what, const char *id, const char *document,
		const char *responses)
{
	struct deed deed = {.account = accounts_take(head, true), .what = what};
	char *which = strchr(what, ' '), *path, *other;

	if (!deed.account)
		return;
	if (which)
		*which++ = '\0';
	deed.collection = accounts_collection(deed.account, which ? which : "users");
	deed.document = exact_parse(document, strlen(document), 0, NULL);
	if (!json_is_object(deed.document)) {
		json_decref(deed.document);
		deed.document = json_object();
	}
	if (may_do(&deed)) {
		path = play(&deed, *id ? id : "7", responses);
		deed.account = accounts_take(head, true);
		other = play(&deed, "x", "");
		/* the id stays in its place; one that is not UTF-8 has none */
		if (path)
			fuzz_same_marks(path, other, PATH_MARKS);
		else
			FUZZ_CHECK(!other || !is_utf8(id));
		free(path);
		free(other);
	}
	json_decref(deed.document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_begin(data, size);
	bool quoted = accounts_quoted(input.text);
	char *head = fuzz_line(&input), *what = strchr(head, ' '), get[] = "get";
	const char *id = fuzz_line(&input), *document = fuzz_line(&input);

	if (what)
		*what++ = '\0';
	if (!quoted)
		try(head, what ? what : get, id, document, input.rest);
	free(input.text);
	return 0;
}
