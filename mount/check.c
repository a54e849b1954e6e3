/*
 * check.c - see check.h.
 *
 * Two GETs a vendor and nothing else: which user the keys belong to, and one page of users. It
 * mounts nothing and changes nothing.
 */
#include "mount/check.h"

#include "mount/config.h"
#include "vendors/call.h"
#include "vendors/vendor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Counts rows, and ends the walk once there is one: the rest would be asked for in vain. */
struct first {
	struct list_sink sink;
	bool seen;
	bool has_status;
	const struct collection *users;
};

static int first_add(struct list_sink *sink, const char *id, json_t *record)
{
	struct first *first = (struct first *)sink;

	(void)id;
	first->seen = true;
	first->has_status = first->users->status_key &&
			    json_object_get(record, first->users->status_key);
	return -ECANCELED;
}

static void first_reset(struct list_sink *sink)
{
	(void)sink;
}

static int check_self(struct account *account, FILE *out)
{
	struct call call;
	char *id = NULL;
	int error;

	call_init(&call, account->name);
	error = account->vendor->self(&call, account, &id);
	if (!error)
		fprintf(out, "%s: the key belongs to user %s\n", account->name, id);
	else if (error == -ENODATA)
		fprintf(out,
			"%s: the vendor does not tell whose the key is: statuses can't be written "
			"until self_id is set\n",
			account->name);
	else
		fprintf(out, "%s: %s: %s\n", account->name, call.request, call.words);
	free(id);
	call_destroy(&call);
	return error == -ENODATA ? 0 : error;
}

static int check_list(struct account *account, FILE *out)
{
	struct first first = {.sink = {.add = first_add, .reset = first_reset},
			      .users = account->vendor->users};
	struct call call;
	int error;

	call_init(&call, account->name);
	error = vendor_list(&call, account, account->vendor->users, NULL, &first.sink);
	if (error == -ECANCELED)
		error = 0;
	if (error)
		fprintf(out, "%s: %s: %s\n", account->name, call.request, call.words);
	else if (!first.seen)
		fprintf(out, "%s: users can be listed; there are none\n", account->name);
	else
		fprintf(out, "%s: users can be listed%s\n", account->name,
			first.has_status || account->vendor->statuses
			    ? ""
			    : ", but show no status: they can't be deactivated here");
	call_destroy(&call);
	return error;
}

unsigned check_run(const struct config *config, FILE *out)
{
	unsigned failed = 0;

	for (size_t i = 0; i < config->account_count; i++) {
		struct account *account = config->accounts[i];
		int error;

		if (!account->vendor->users) {
			fprintf(out, "%s: kept by hand, nothing to ask\n", account->name);
			continue;
		}
		error = account->vendor->self ? check_self(account, out) : 0;
		if (!error)
			error = check_list(account, out);
		failed += error != 0;
	}
	return failed;
}
