/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multi.c - see multi.h.
 *
 * Turns a transfer into an easy handle: options, headers, body. When a try starts is
 * account_queue.c's decision, what follows from it http_loop.c's. It must not know what a vendor or
 * a document is, and takes no lock.
 *
 * libcurl follows no redirect (answer.c does), and certificates are always verified.
 */
#include "vendors/http/multi.h"

#include "vendors/base/clock.h"
#include "vendors/http/account_queue.h"
#include "vendors/http/answer.h"
#include "vendors/http/endpoint.h"
#include "vendors/http/transfer.h"

#include <curl/curl.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_MAX 64 /* easy handles that are kept: they hold TLS sessions */

struct multi {
	CURLM *handle;
	CURL *idle[IDLE_MAX]; /* easy handles for the next tries */
	size_t idle_count;
};

/* ---- what libcurl calls ---- */

/*
 * Refuse a change whose moment has passed. Called when a connection is made and the request is
 * about to be sent on it. libcurl sends a request once more by itself when a kept connection was
 * closed under it. A change must not be made twice, so its second pass is refused, and the caller
 * learns that the response was lost.
 */
static int on_request(void *arg, char *remote, char *local, int remote_port, int local_port)
{
	struct transfer *transfer = arg;

	(void)remote, (void)local, (void)remote_port, (void)local_port;
	transfer->late = !transfer->passes && clock_milliseconds() > transfer->moment;
	if (transfer->late)
		return CURL_PREREQFUNC_ABORT;
	transfer->outdated = (!transfer->passes || transfer->repeatable) &&
			     transfer_is_outdated(transfer);
	if (transfer->outdated)
		return CURL_PREREQFUNC_ABORT;
	transfer->reply.sent = true;
	if (transfer->passes++ && !transfer->repeatable)
		return CURL_PREREQFUNC_ABORT;
	return CURL_PREREQFUNC_OK;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *transfer = arg;
	curl_off_t announced = -1;

	if (!transfer->reply.body)
		curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
	transfer->refused = transfer_take(transfer, data, size * count, announced);
	return transfer->refused ? CURL_WRITEFUNC_ERROR : size * count;
}

/* ---- one try: from the queue into libcurl ---- */

/* Give EASY the headers of TRANSFER, in a list of our own: libcurl's would have copies of them. */
static bool set_list(CURL *easy, struct transfer *transfer)
{
	/* libcurl must not wait for a "100 Continue", which few vendors send */
	static char expect[] = "Expect:", no_type[] = "Content-Type:";
	size_t count = 0;
	struct curl_slist *list = calloc(transfer->header_count + 2, sizeof(*list));

	transfer->list = list;
	if (!list)
		return false;
	list[count++].data = expect;
	if (!transfer->body)
		list[count++].data = no_type;
	for (unsigned i = 0; i < transfer->header_count; i++)
		list[count++].data = transfer->headers[i];
	for (size_t i = 0; i + 1 < count; i++)
		list[i].next = &list[i + 1];
	return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list) == CURLE_OK;
}

/* Set the options of every request. */
static bool set_rules(CURL *easy, const struct account_queue *queue)
{
	/* as most programs do: other certificate authorities than the system's */
	const char *own = queue->endpoint->ca_file;
	const char *authorities = own ? own : secure_getenv("SSL_CERT_FILE");
	unsigned bad = 0;

	bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	/* whatever the settings of the machine allow, and of a proxy, too */
	bad |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	bad |= curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (authorities && *authorities)
		bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, authorities);
	bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* an id of ".." must not leave its path */
	bad |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "rosterfs/" ROSTERFS_VERSION);
	if (queue->secure) {
		/* the first connection shows whether it can carry all requests (HTTP/2) */
		bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
		bad |= curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	} else {
		bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
		bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
	}
	/* so that an abort does not wait for a name server that does not answer */
	bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	return !bad;
}

static bool set_request(CURL *easy, const struct transfer *transfer)
{
	bool get = strcmp(transfer->method, "GET") == 0 || transfer->probe;
	unsigned bad = 0;

	bad |= curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
	bad |= curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING,
				transfer->identity ? "identity" : "");
	if (transfer->body || strcmp(transfer->method, "POST") == 0 ||
	    strcmp(transfer->method, "PUT") == 0) {
		bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
					(curl_off_t)transfer->body_length);
		bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
					transfer->body ? transfer->body : "");
		get = false;
	}
	if (!get)
		bad |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, transfer->method);
	return !bad;
}

static bool set_try(CURL *easy, struct transfer *transfer, bool afresh)
{
	unsigned bad = 0;

	bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_words);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	bad |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
	bad |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
	bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)transfer->limit);
	bad |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)transfer->reach);
	bad |= curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, transfer->probe ? 1L : 0L);
	/* a connection that just failed, or went silent, is not used again */
	bad |= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, afresh ? 1L : 0L);
	return !bad;
}

bool multi_launch(struct multi *multi, struct transfer *transfer)
{
	bool afresh = transfer->reply.verdict != CALL_OK || transfer->probe;
	CURL *easy = multi->idle_count ? multi->idle[--multi->idle_count] : curl_easy_init();

	transfer->easy = easy;
	transfer_reset(transfer);
	if (easy && set_rules(easy, transfer->queue) && set_request(easy, transfer) &&
	    set_try(easy, transfer, afresh) && set_list(easy, transfer) &&
	    curl_multi_add_handle(multi->handle, easy) == CURLM_OK)
		return true;
	transfer_fail(transfer, CALL_NO_MEMORY, "out of memory for the request");
	return false;
}

void multi_recall(struct multi *multi, struct transfer *transfer)
{
	CURL *easy = transfer->easy;

	if (!easy)
		return;
	curl_multi_remove_handle(multi->handle, easy);
	transfer->easy = NULL;
	curl_easy_reset(easy);
	free(transfer->list);
	transfer->list = NULL;
	if (multi->idle_count < IDLE_MAX)
		multi->idle[multi->idle_count++] = easy;
	else
		curl_easy_cleanup(easy);
}

/* ---- the multi handle ---- */

/* libcurl's copies of what is sent are wiped, too, when it is done with them. */
static void wiping_free(void *memory)
{
	if (memory)
		explicit_bzero(memory, malloc_usable_size(memory));
	free(memory);
}

static void *wiping_realloc(void *memory, size_t size)
{
	size_t old = memory ? malloc_usable_size(memory) : 0;
	void *moved = malloc(size);

	if (!moved)
		return NULL;
	if (memory)
		memcpy(moved, memory, old < size ? old : size);
	wiping_free(memory);
	return moved;
}

struct multi *multi_new(void)
{
	struct multi *multi = calloc(1, sizeof(*multi));

	if (!multi)
		return NULL;
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup,
				 calloc) == CURLE_OK)
		multi->handle = curl_multi_init();
	if (!multi->handle) {
		free(multi);
		return NULL;
	}
	curl_multi_setopt(multi->handle, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	return multi;
}

void multi_free(struct multi *multi)
{
	while (multi->idle_count)
		curl_easy_cleanup(multi->idle[--multi->idle_count]);
	curl_multi_cleanup(multi->handle);
	curl_global_cleanup();
	free(multi);
}

void multi_poke(struct multi *multi)
{
	curl_multi_wakeup(multi->handle);
}

void multi_keep(struct multi *multi, unsigned connections)
{
	curl_multi_setopt(multi->handle, CURLMOPT_MAXCONNECTS, (long)connections);
}

void multi_sleep(struct multi *multi, int64_t most)
{
	int running = 0;

	curl_multi_poll(multi->handle, NULL, 0, most < INT_MAX ? (int)most : INT_MAX, NULL);
	curl_multi_perform(multi->handle, &running);
}

struct transfer *multi_landed(struct multi *multi)
{
	struct transfer *transfer = NULL;
	CURLMsg *message;
	int left;

	/* CURLMSG_DONE is the only kind of message */
	message = curl_multi_info_read(multi->handle, &left);
	if (!message)
		return NULL;
	curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
	answer_read(transfer, (int)message->data.result);
	multi_recall(multi, transfer);
	return transfer;
}
