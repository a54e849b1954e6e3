/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_described.c - changes of records whose table has nested fields, values for statuses, and
 * requests that set them.
 */
#include "tests/unit/described_vendor.h"

/* ---- requests for a status, in place of status_request.c ---- */

static bool request_deletes;
static const char *request_leads_to = "\"DEPROVISIONED\"";

const struct rule_status_request *status_request_find(struct call *call,
						      const struct account *account,
						      const struct collection *collection,
						      const json_t *record, const char *word)
{
	const struct rule_status *status = collection->status;

	(void)call;
	(void)account;
	(void)record;
	return strcmp(word, "active") == 0 ? status->activate : status->deactivate;
}

enum vendor_outcome status_request_send(struct call *call, struct account *account,
					const struct collection *collection, const char *parent,
					const char *id, const json_t *record,
					const struct rule_status_request *request, json_t **answer)
{
	json_t *stored_record = stored_json(id);

	(void)account;
	(void)parent;
	(void)record;
	(void)request;
	*answer = NULL;
	requests++;
	pointer_set(stored_record, collection->status_key,
		    json_loads(request_leads_to, JSON_DECODE_ANY, NULL));
	if ((!refuses || made_anyway) && !ignores)
		store(id, request_deletes ? json_null() : stored_record);
	json_decref(stored_record);
	return described_answer(call);
}

static const struct value words_active[] = {{VALUE_TEXT, "ACTIVE"}, {VALUE_END, NULL}};
static const struct value words_inactive[] = {{VALUE_TEXT, "SUSPENDED"},
					      {VALUE_TEXT, "DEPROVISIONED"},
					      {VALUE_END, NULL}};
static const struct rule_status_request activate[] =
    {{.name = "", .request = {.method = "POST", .path = "/users/{id}/suspend?mail={/email}"}},
     {.name = NULL}};
static const struct rule_status by_request = {.path = "/state/on",
					      .active = words_active,
					      .inactive = words_inactive,
					      .activate = activate,
					      .deactivate = activate};

static int set_up(void **state)
{
	*state = described_new(&people);
	return 0;
}

/* Statuses are words, and have requests of their own. */
static int set_up_requests(void **state)
{
	struct collection users = people;
	json_t *record;

	users.status = &by_request;
	*state = described_new(&users);
	record = stored_json("1");
	pointer_set(record, "/state/on", json_string("ACTIVE"));
	store("1", record);
	json_decref(record);
	request_leads_to = "\"DEPROVISIONED\"";
	return 0;
}

static int tear_down(void **state)
{
	described_free(*state);
	return 0;
}

#define PLAIN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define REQUESTS(test) cmocka_unit_test_setup_teardown(test, set_up_requests, tear_down)

static void refused(struct described *all, const char *document, int error, const char *words)
{
	int before = put_count;

	assert_int_equal(save(all, document), -error);
	assert_non_null(strstr(all->call.words, words));
	assert_int_equal(put_count, before);
}

/* ---- nested fields ---- */

static void test_nested(void **state)
{
	struct described *all = *state;

	refused(all, "{'meta':{'created':'2020-01-01T00:00:00Z'}}", EPERM, "\"meta.created\"");
	refused(all, "{'name':{'first':null}}", EINVAL, "\"name.first\"");
	assert_int_equal(save(all, "{'name':{'first':'Bob','last':null}}"), 0);
	assert_string_equal(has("/name/first"), "\"Bob\"");
	/* the value of today is no change */
	assert_int_equal(save(all, "{'meta':{'created':'2026-01-01T00:00:00Z'}}"), 0);
	assert_int_equal(put_count, 1);
	/* what the vendor assigns is not in the body */
	assert_null(strstr(sent, "created"));
	assert_null(strstr(sent, "\"id\":\"1\""));
}

/* An edit of what contains a field. */
static void test_above(void **state)
{
	struct described *all = *state;

	refused(all, "{'meta':null}", EPERM, "\"meta.created\"");
	refused(all, "{'meta':'x'}", EPERM, "\"meta.created\"");
	refused(all, "{'name':null}", EINVAL, "\"name.first\"");
	refused(all, "{'name':['Ada']}", EINVAL, "\"name.first\"");
	/* elements may come and go, with the ids that they have */
	refused(all, "{'mails':[{'id':8,'at':'b@x.example'}]}", EPERM, "\"mails.*.id\"");
	assert_int_equal(save(all, "{'mails':[{'id':7,'at':'b@x.example'},{'at':'c@x.example'}]}"),
			 0);
	assert_int_equal(save(all, "{'mails':[]}"), 0);
}

static void test_unknown(void **state)
{
	struct described *all = *state;

	refused(all, "{'nickname':'x'}", EINVAL, "\"nickname\"");
	refused(all, "{'name':{'middle':'x'}}", EINVAL, "\"name.middle\"");
	/* the table names it, although the record does not show it */
	assert_int_equal(save(all, "{'key':'x'}"), 0);
}

static void test_hidden(void **state)
{
	struct described *all = *state;
	struct record *record;
	int error;

	record = ask(all, WAIT_RECORD, "1", &error);
	assert_int_equal(error, 0);
	assert_null(strstr(record_text(record), "s3cret"));
	record_put(record);
	assert_int_equal(save(all, "{'auth':{'secret':'n3w'}}"), 0);
	assert_string_equal(has("/auth/secret"), "\"n3w\"");
	record = ask(all, WAIT_RECORD, "1", &error);
	assert_null(strstr(record_text(record), "n3w"));
	record_put(record);
	refused(all, "{'auth':{'secret':'*****'}}", EINVAL, "is a mask");
	refused(all, "{'auth':{'secret':'\u2022\u2022\u2022'}}", EINVAL, "\"auth.secret\"");
	/* asterisks of the user's own are a value */
	assert_int_equal(save(all, "{'name':{'last':'***'}}"), 0);
}

/* ---- a status that is a field ---- */

static void test_field(void **state)
{
	struct described *all = *state;
	struct record *record;
	int error;

	assert_int_equal(write_word(all, "inactive"), 0);
	assert_string_equal(has("/state/on"), "false");
	assert_int_equal(write_word(all, "inactive"), 0);
	assert_int_equal(put_count, 1);
	record = ask(all, WAIT_RECORD, "1", &error);
	assert_string_equal(record_status(record), "inactive");
	record_put(record);
	assert_int_equal(write_word(all, "active"), 0);
	assert_string_equal(has("/state/on"), "true");
	assert_int_equal(save(all, "{'state':{'on':false}}"), 0);
	assert_string_equal(has("/state/on"), "false");
	/* a document that is not known to be new does not bring a leaver back */
	refused(all, "{'state':{'on':true}}", ESTALE, "status file");
}

/* A vendor that accepts a value and shows another status has not done it. */
static void test_third(void **state)
{
	struct described *all = *state;

	ignores = true;
	assert_int_equal(write_word(all, "inactive"), -EREMOTEIO);
	ignores = false;
	free(stored[1]);
	stored[1] = strdup("{\"id\":\"1\",\"state\":{\"on\":\"locked\"}}");
	assert_int_equal(write_word(all, "active"), -EOPNOTSUPP);
	assert_non_null(strstr(all->call.words, "locked"));
	refused(all, "{'state':{'on':true}}", EOPNOTSUPP, "locked");
	assert_int_equal(write_word(all, "inactive"), 0);
	free(stored[1]);
	stored[1] = strdup("{\"id\":\"1\"}");
	assert_int_equal(write_word(all, "inactive"), -EOPNOTSUPP);
	refused(all, "{'state':{'on':false}}", EOPNOTSUPP, "no status");
}

static int it_is_1(struct call *call, struct account *account, char **id)
{
	(void)call;
	(void)account;
	*id = strdup("1");
	return 0;
}

/* status_limit and the guard of the key's own user count words. */
static void test_guards(void **state)
{
	struct described *all = *state;

	all->vendor.self = it_is_1;
	assert_int_equal(write_word(all, "inactive"), -EPERM);
	refused(all, "{'state':{'on':false}}", EPERM, "own key");
	all->vendor.self = NULL;
	guard_set_limit(all->guard, 1);
	assert_int_equal(save(all, "{'name':{'first':'Bob'}}"), 0);
	assert_int_equal(save(all, "{'state':{'on':false}}"), 0);
	free(stored[1]);
	stored[1] = strdup("{\"id\":\"1\",\"state\":{\"on\":true}}");
	assert_int_equal(write_word(all, "inactive"), -EDQUOT);
}

/* ---- a status with requests of its own ---- */

static void test_request(void **state)
{
	struct described *all = *state;
	struct record *record;
	int error;

	assert_int_equal(write_word(all, "inactive"), 0);
	assert_int_equal(requests, 1);
	assert_int_equal(put_count, 0);
	record = ask(all, WAIT_RECORD, "1", &error);
	assert_string_equal(record_status(record), "inactive");
	assert_non_null(strstr(record_text(record), "DEPROVISIONED"));
	record_put(record);
	/* it is there already */
	assert_int_equal(write_word(all, "inactive"), 0);
	assert_int_equal(requests, 1);
	refused(all, "{'state':{'on':'ACTIVE'}}", EPERM, "\"state.on\"");
	assert_non_null(strstr(all->call.words, "status file"));
	refused(all, "{'state':null}", EPERM, "\"state\"");
	assert_int_equal(save(all, "{'name':{'first':'Bob'}}"), 0);
	request_leads_to = "\"ACTIVE\"";
	assert_int_equal(write_word(all, "active"), 0);
	assert_int_equal(requests, 2);
}

/* A success proves nothing, nor does a refusal. */
static void test_request_proof(void **state)
{
	struct described *all = *state;

	ignores = true;
	assert_int_equal(write_word(all, "inactive"), -EREMOTEIO);
	ignores = false;
	request_leads_to = "\"PENDING\"";
	assert_int_equal(write_word(all, "inactive"), -EREMOTEIO);
	request_leads_to = "\"SUSPENDED\"";
	refuses = 400;
	assert_int_equal(write_word(all, "inactive"), -EINVAL);
	assert_string_equal(has("/state/on"), "\"PENDING\"");
	made_anyway = true;
	assert_int_equal(write_word(all, "inactive"), 0);
	assert_int_equal(requests, 4);
}

static void test_dry_run(void **state)
{
	struct described *all = *state;

	char *text;
	size_t length;

	guard_free(all->guard);
	all->guard = guard_new(false, true, 0, 3600);
	assert_int_equal(write_word(all, "inactive"), 0);
	assert_int_equal(requests, 0);
	text = log_text(&length);
	assert_non_null(strstr(text, "POST /users/1/suspend?mail=a%40x.example with state.on: "));
	free(text);
}

/* A DELETE that stands for a deactivation: the user is gone, which is the proof. */
static void test_request_deletes(void **state)
{
	static const struct rule_status_request deletes[] =
	    {{.name = "", .request = {.method = "DELETE", .path = "/users/{id}"}, .deletes = true},
	     {.name = NULL}};
	struct rule_status status = by_request;
	struct described *all = *state;
	struct record *record;
	double seconds;

	status.deactivate = deletes;
	all->users.status = &status;
	request_deletes = true;
	assert_int_equal(write_word(all, "inactive"), 0);
	request_deletes = false;
	assert_int_equal(requests, 1);
	assert_int_equal(known_peek(all->roster, "1", &record, &seconds), KNOWN_ABSENT);
	assert_int_equal(write_word(all, "active"), -ENOENT);
}

/* What is from memory sends nothing without trust. */
static void test_trust(void **state)
{
	static const struct rule_status_request unsure[] =
	    {{.name = "", .request = {.method = "POST", .path = "/off/{id}", .memory = true}},
	     {.name = NULL}};
	struct rule_status status = by_request;
	struct described *all = *state;

	all->vendor.memory = true;
	refused(all, "{'name':{'first':'Bob'}}", EROFS, "trust = yes in section [acme]");
	assert_int_equal(write_word(all, "inactive"), -EROFS);
	assert_int_equal(requests, 0);
	assert_int_equal(get_count, 0);
	all->account->trust = true;
	assert_int_equal(save(all, "{'name':{'first':'Bob'}}"), 0);
	all->account->trust = all->vendor.memory = false;
	status.deactivate = unsure;
	all->users.status = &status;
	assert_int_equal(write_word(all, "inactive"), -EROFS);
	assert_int_equal(requests, 0);
	assert_int_equal(save(all, "{'name':{'first':'Eve'}}"), 0);
	all->account->trust = true;
	assert_int_equal(write_word(all, "inactive"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAIN(test_nested),
	    PLAIN(test_above),
	    PLAIN(test_unknown),
	    PLAIN(test_hidden),
	    PLAIN(test_field),
	    PLAIN(test_third),
	    PLAIN(test_guards),
	    REQUESTS(test_request),
	    REQUESTS(test_request_proof),
	    REQUESTS(test_dry_run),
	    REQUESTS(test_request_deletes),
	    REQUESTS(test_trust),
	};

	return cmocka_run_group_tests_name("described", tests, NULL, NULL);
}
