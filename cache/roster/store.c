/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - the store of a mount that is alone (store_local in store.h).
 *
 * Its lists come from the vendor, its locks are those of this process, and nobody is told anything.
 */
#include "cache/roster/store.h"

#include "vendors/base/clock.h"

#include <string.h>

static int local_start(struct store *store)
{
	(void)store;
	return 0;
}

static void local_end_in(struct store *store, unsigned milliseconds)
{
	(void)store;
	(void)milliseconds;
}

static void local_end(struct store *store)
{
	(void)store;
}

static struct store_seat *local_attach(struct store *store, struct roster *roster)
{
	/* it is not looked into, but NULL would mean that there is no memory */
	(void)store;
	return (struct store_seat *)roster;
}

static void local_detach(struct store_seat *seat)
{
	(void)seat;
}

static void local_meet(struct store_seat *seat)
{
	(void)seat;
}

static int local_load(struct store_seat *seat, struct store_list *list)
{
	(void)seat;
	list->began = clock_seconds();
	return 1;
}

static void local_save_record(struct store_seat *seat, struct store_list *list,
			      struct record *record)
{
	(void)seat;
	(void)list;
	(void)record;
}

static void local_save_page(struct store_seat *seat, struct store_list *list, unsigned pages,
			    size_t rows, unsigned total, const struct list_trail *trail)
{
	(void)seat;
	(void)list;
	(void)pages;
	(void)rows;
	(void)total;
	(void)trail;
}

static void local_save_reset(struct store_seat *seat, struct store_list *list)
{
	(void)seat;
	(void)list;
}

static void local_save_end(struct store_seat *seat, struct store_list *list, int error)
{
	(void)seat;
	(void)list;
	(void)error;
}

static int local_lock(struct store_seat *seat, struct call *call, const char *id,
		      struct store_lease **lease)
{
	(void)seat;
	(void)call;
	(void)id;
	*lease = NULL;
	return 0;
}

static void local_unlock(struct store_lease *lease)
{
	(void)lease;
}

static int local_check(struct store_lease *lease, struct call *call)
{
	(void)lease;
	(void)call;
	return 0;
}

static bool local_lost(struct store_lease *lease)
{
	(void)lease;
	return false;
}

static int local_since(struct store_seat *seat, struct store_lease *lease, struct record **newest,
		       char host[64])
{
	(void)seat;
	(void)lease;
	*newest = NULL;
	host[0] = '\0';
	return 0;
}

static void local_changed(struct store_seat *seat, const char *id, enum store_change what,
			  struct record *record)
{
	(void)seat;
	(void)id;
	(void)what;
	(void)record;
}

static void local_acked(struct store_seat *seat, const char *id, const struct merge *merge,
			const json_t *before, const json_t *after, const json_t *seen)
{
	(void)seat;
	(void)id;
	(void)merge;
	(void)before;
	(void)after;
	(void)seen;
}

static void local_refreshed(struct store_seat *seat)
{
	(void)seat;
}

static int local_take(struct store *store, struct call *call, unsigned limit, unsigned window,
		      uint64_t *ticket)
{
	(void)store;
	(void)call;
	(void)limit;
	(void)window;
	*ticket = 0;
	return 0;
}

static void local_give_back(struct store *store, uint64_t ticket)
{
	(void)store;
	(void)ticket;
}

static bool local_look(struct store *store, unsigned window, struct store_count *count)
{
	memset(count, 0, sizeof(*count));
	(void)store;
	(void)window;
	(void)count;
	return false;
}

static int local_remember(struct store_seat *seat, const char *id, const json_t *value)
{
	(void)seat;
	(void)id;
	(void)value;
	return 0;
}

static json_t *local_recall(struct store_seat *seat, const char *id)
{
	(void)seat;
	(void)id;
	return NULL;
}

static void local_print(struct store *store, FILE *stream)
{
	(void)store;
	(void)stream;
}

static const struct store_ops local_ops = {
    .start = local_start,
    .end_in = local_end_in,
    .stop = local_end,
    .free = local_end,
    .attach = local_attach,
    .detach = local_detach,
    .meet = local_meet,
    .load = local_load,
    .save_record = local_save_record,
    .save_page = local_save_page,
    .save_reset = local_save_reset,
    .save_end = local_save_end,
    .lock = local_lock,
    .unlock = local_unlock,
    .check = local_check,
    .lost = local_lost,
    .since = local_since,
    .changed = local_changed,
    .acked = local_acked,
    .refreshed = local_refreshed,
    .take = local_take,
    .give_back = local_give_back,
    .look = local_look,
    .remember = local_remember,
    .recall = local_recall,
    .print_status = local_print,
    .print_metrics = local_print,
};

struct store *store_local(void)
{
	static struct store local = {.ops = &local_ops};

	return &local;
}
