/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - what rosterfs wants of libcurl; only this file and http_url.c know it.
 *
 * Turns a transfer into a try (an "easy" handle in the one "multi" handle) and curl's verdict on it
 * into an errno and words. Everything between http_open and http_close is for the http thread
 * alone, but for http_poke. When a try goes is account_queue.c's affair, what follows from it http_loop.c's,
 * who waits for it transfer.c's. Must not know what a vendor or a document is, and takes no lock.
 *
 * Answers to redirects are not followed, certificates are always verified, and nothing that was
 * sent in confidence gets into words.
 */
#include "vendors/http/http.h"

#include "vendors/base/clock.h"
#include "vendors/http/account_queue.h"
#include "vendors/http/transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- what curl calls ---- */

/*
 * Called when a connection stands and the request is about to be sent on it: too late for a change
 * whose moment has passed. curl sends a request once more by itself when a kept connection was
 * closed under it: a change must not be made twice, so there the second pass is refused, and the
 * caller learns that the answer was lost.
 */
static int on_request(void *arg, char *remote, char *local, int remote_port, int local_port)
{
	struct transfer *transfer = arg;

	(void)remote, (void)local, (void)remote_port, (void)local_port;
	transfer->late = !transfer->passes && clock_milliseconds() > transfer->moment;
	if (transfer->late)
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
	int error;

	if (!transfer->reply.body)
		curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
	error = transfer_take(transfer, data, size * count, announced);
	transfer->refused = -error;
	return error ? CURL_WRITEFUNC_ERROR : size * count;
}

/* ---- one try: from the queue into curl ---- */

static bool add_to_list(struct transfer *transfer, const char *header)
{
	struct curl_slist *list = curl_slist_append(transfer->list, header);

	if (list)
		transfer->list = list;
	return list != NULL;
}

static bool set_list(CURL *easy, struct transfer *transfer)
{
	/* curl must not wait for a "100 Continue" that few vendors send */
	bool good = add_to_list(transfer, "Expect:");

	if (!transfer->body)
		good = good && add_to_list(transfer, "Content-Type:");
	for (unsigned i = 0; i < transfer->header_count; i++)
		good = good && add_to_list(transfer, transfer->headers[i]);
	return good && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->list) == CURLE_OK;
}

static void wipe_list(struct transfer *transfer)
{
	struct curl_slist *list = transfer->list;

	for (struct curl_slist *item = list; item; item = item->next)
		explicit_bzero(item->data, strlen(item->data));
	curl_slist_free_all(list);
	transfer->list = NULL;
}

/* What holds for every request. */
static bool set_rules(CURL *easy, const struct account_queue *queue)
{
	/* as most programs have it: whom else to believe than those the system was built with */
	const char *authorities = secure_getenv("SSL_CERT_FILE");
	unsigned bad = 0;

	bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (authorities && *authorities)
		bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, authorities);
	bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* an id of ".." must not climb out of its path */
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
	/* else an abort would wait for a name server that does not answer */
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
	if (transfer->user) {
		bad |= curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		bad |= curl_easy_setopt(easy, CURLOPT_USERNAME, transfer->user);
		bad |= curl_easy_setopt(easy, CURLOPT_PASSWORD, transfer->password);
	}
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
	/* a connection that just failed, or went silent, is not tried again */
	bad |= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, afresh ? 1L : 0L);
	return !bad;
}

bool http_launch(struct http *http, struct transfer *transfer)
{
	bool afresh = transfer->reply.error != 0 || transfer->probe;
	CURL *easy = http->idle_count ? http->idle[--http->idle_count] : curl_easy_init();

	transfer->easy = easy;
	transfer_reset(transfer);
	if (easy && set_rules(easy, transfer->queue) && set_request(easy, transfer) &&
	    set_try(easy, transfer, afresh) && set_list(easy, transfer) &&
	    curl_multi_add_handle(http->multi, easy) == CURLM_OK)
		return true;
	transfer_fail(transfer, ENOMEM, "no memory for the request");
	return false;
}

void http_recall(struct http *http, struct transfer *transfer)
{
	CURL *easy = transfer->easy;

	if (!easy)
		return;
	curl_multi_remove_handle(http->multi, easy);
	transfer->easy = NULL;
	curl_easy_reset(easy);
	wipe_list(transfer);
	if (http->idle_count < HTTP_IDLE_MAX)
		http->idle[http->idle_count++] = easy;
	else
		curl_easy_cleanup(easy);
}

/* ---- what came of a try ---- */

/* Behind the time that a try was given: it was not the whole one. */
#define REST ", all that was left for one more try"

/* The errno for CODE, and whether it may pass by itself. */
static int errno_of(CURLcode code, const struct transfer *transfer, long os, bool *transient)
{
	*transient = false;
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		return ENOMEM;
	case CURLE_WRITE_ERROR:
		return transfer->refused ? transfer->refused : EREMOTEIO;
	case CURLE_URL_MALFORMAT:
		return EINVAL;
	case CURLE_UNSUPPORTED_PROTOCOL:
		return transfer->reply.sent ? EREMOTEIO : EINVAL;
	case CURLE_SSL_CONNECT_ERROR: /* or a connection that was lost in the handshake */
		*transient = os == ECONNRESET || os == EPIPE;
		return *transient ? EREMOTEIO : EPROTO;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CLIENTCERT:
		return EPROTO;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		*transient = true;
		return EHOSTUNREACH;
	case CURLE_COULDNT_CONNECT:
		*transient = true;
		return os == ENETUNREACH || os == EHOSTUNREACH ? EHOSTUNREACH : ECONNREFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		*transient = true;
		return ETIMEDOUT;
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_PROXY:
		*transient = true;
		return EREMOTEIO;
	default:
		return EREMOTEIO;
	}
}

/* "127.0.0.1 port 9": curl names the proxy where it was the proxy that could not be reached. */
static const char *whereto(const struct transfer *transfer, char *buffer, size_t size)
{
	const char *from = "Failed to connect to ";
	const char *begin = strstr(transfer->curl_words, from);
	const char *end = begin ? strstr(begin, " after ") : NULL;

	if (!end)
		return transfer->queue->where;
	begin += strlen(from);
	snprintf(buffer, size, "%.*s", (int)(end - begin), begin);
	return buffer;
}

/* curl's own words, unless they hold something that we sent in confidence. */
static const char *curl_words(const struct transfer *transfer, CURLcode code)
{
	const char *words = transfer->curl_words;

	return !words[0] || transfer_tells(transfer, words) ? curl_easy_strerror(code) : words;
}

/* Is there none left to this process, or to the machine? OS is what the last call met. */
static bool no_descriptor(long os)
{
	int descriptor = os == EMFILE || os == ENFILE ? -1 : eventfd(0, EFD_CLOEXEC);

	if (descriptor < 0)
		return true;
	close(descriptor);
	return false;
}

/* No connection came about, for all of ERROR. */
static void fail_unreached(struct transfer *transfer, CURLcode code, int error, long os)
{
	const char *where = transfer->queue->where;
	int64_t most = transfer->reach < transfer->limit ? transfer->reach : transfer->limit;
	const char *rest = transfer->tries > 1 && most < HOLD_REACH ? REST : "";
	curl_off_t looked_up = 0;
	char buffer[160];

	curl_easy_getinfo(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
	if (error == EMFILE)
		transfer_fail(transfer, EMFILE,
			      "no file descriptor is left for a connection to %s: raise the limit "
			      "(ulimit -n, LimitNOFILE), or lower parallel",
			      where);
	else if (code == CURLE_COULDNT_CONNECT)
		transfer_fail(transfer, error, "could not connect to %s: %s",
			      whereto(transfer, buffer, sizeof(buffer)),
			      os ? strerror((int)os) : "no route, or no answer");
	else if (error == ETIMEDOUT && !looked_up)
		transfer_fail(transfer, EHOSTUNREACH,
			      "could not resolve the host name of %s within %.3g s%s", where,
			      (double)most / 1000, rest);
	else if (error == ETIMEDOUT)
		transfer_fail(transfer, error, "could not connect to %s within %.3g s%s", where,
			      (double)most / 1000, rest);
	else if (code == CURLE_COULDNT_RESOLVE_HOST)
		transfer_fail(transfer, error, "could not resolve the host name of %s", where);
	else if (error == EHOSTUNREACH)
		transfer_fail(transfer, error, "%s", curl_words(transfer, code));
	else
		transfer_fail(transfer, error, "connection to %s lost: %s", where,
			      curl_words(transfer, code));
}

static void read_failure(struct transfer *transfer, CURLcode code)
{
	const char *where = transfer->queue->where;
	long os = 0;
	int error;

	curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os);
	error = errno_of(code, transfer, os, &transfer->transient);
	/* without a free descriptor nothing is reached, and curl has many names for that */
	if (!transfer->reply.sent && no_descriptor(os)) {
		error = EMFILE;
		transfer->transient = true;
	}
	transfer->unreached = transfer->transient &&
			      (!transfer->reply.sent || code == CURLE_COULDNT_CONNECT ||
			       code == CURLE_COULDNT_RESOLVE_HOST);
	if (transfer->unreached)
		fail_unreached(transfer, code, error, os);
	else if (error == ETIMEDOUT)
		transfer_fail(transfer, error, "no %sanswer from %s within %.3g s%s",
			      transfer->reply.length ? "whole " : "", where,
			      (double)transfer->limit / 1000, transfer->shortened ? REST : "");
	else if (error == EINVAL)
		transfer_fail(transfer, error, "%s", curl_words(transfer, code));
	else if (error == EPROTO)
		transfer_fail(transfer, error, "no secure connection to %s: %s", where,
			      curl_words(transfer, code));
	else if (error == ENOMEM)
		transfer_fail(transfer, error, "no memory for the answer");
	else if (code == CURLE_WRITE_ERROR && transfer->refused)
		transfer_fail(transfer, error, "the answer is larger than %u MiB",
			      HTTP_BODY_MAX >> 20);
	else
		transfer_fail(transfer, error, "connection to %s lost: %s", where,
			      code == CURLE_ABORTED_BY_CALLBACK ? "closed before the answer"
								: curl_words(transfer, code));
}

/* The value of header NAME, the last of several; ONE: NULL where these differ. */
static const char *header(const struct transfer *transfer, const char *name, bool one)
{
	struct curl_header *found = NULL;
	const char *value = NULL;

	for (size_t i = 0; !found || i < found->amount; i++) {
		if (curl_easy_header(transfer->easy, name, i, CURLH_HEADER, -1, &found) ||
		    (one && value && strcmp(value, found->value) != 0))
			return NULL;
		value = found->value;
	}
	return value;
}

/* Milliseconds that header NAME says to wait; 0: nothing. */
static int64_t delay_of(const struct transfer *transfer, const char *name)
{
	const char *text = header(transfer, name, false);
	time_t date = text ? curl_getdate(text, NULL) : (time_t)-1;

	return hold_delay(text, date, transfer->reply.date);
}

/* Is header NAME a number above zero? */
static bool is_positive(const struct transfer *transfer, const char *name)
{
	const char *text = header(transfer, name, false);

	return text && strtod(text, NULL) > 0;
}

/*
 * The longest time that the answer says to wait. When a limit is reset counts only for a request
 * that was too much for that limit, and if nothing says better how long to wait.
 */
static int64_t told_by(const struct transfer *transfer)
{
	static const char *const resets[][2] = {{"X-RateLimit-Remaining", "X-RateLimit-Reset"},
						{"RateLimit-Remaining", "RateLimit-Reset"}};
	int64_t told = delay_of(transfer, "Retry-After");
	int64_t other = delay_of(transfer, "X-RateLimit-Retry-After");

	told = told > other ? told : other;
	for (size_t i = 0; !told && transfer->reply.status == 429 && i < 2; i++) {
		if (!is_positive(transfer, resets[i][0]))
			told = delay_of(transfer, resets[i][1]);
	}
	return told;
}

static void read_answer(struct transfer *transfer)
{
	struct http_reply *reply = &transfer->reply;
	/* what is compressed though that was not asked for has another tag than the record */
	const char *code = transfer->identity ? header(transfer, "Content-Encoding", false) : NULL;
	const char *etag = code && strcasecmp(code, "identity") != 0
			       ? NULL
			       : header(transfer, "ETag", true);
	const char *date = header(transfer, "Date", false);
	time_t stamp = date ? curl_getdate(date, NULL) : 0;
	long status = 0, version = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
	/* with HTTP/2 curl may call on_request twice for what is sent once */
	if (version >= CURL_HTTP_VERSION_2_0)
		transfer->passes = 1;
	reply->status = (int)status;
	reply->etag = etag && *etag ? strdup(etag) : NULL;
	reply->date = stamp == (time_t)-1 ? 0 : stamp;
	transfer->transient = status == 429 ||
			      (status >= 500 && status <= 599 && status != 501 && status != 505);
	if (!transfer->transient)
		return;
	reply->told = told_by(transfer);
	transfer->told = reply->told < HOLD_MAX ? reply->told : HOLD_MAX;
}

/* ---- the multi handle ---- */

int http_open(struct http *http)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		http->multi = curl_multi_init();
	if (!http->multi)
		return -ENOMEM;
	curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	return 0;
}

void http_close(struct http *http)
{
	while (http->idle_count)
		curl_easy_cleanup(http->idle[--http->idle_count]);
	curl_multi_cleanup(http->multi);
	http->multi = NULL;
	curl_global_cleanup();
}

void http_poke(struct http *http)
{
	curl_multi_wakeup(http->multi);
}

void http_keep(struct http *http, unsigned connections)
{
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)connections);
}

void http_sleep(struct http *http, int64_t most)
{
	int running = 0;

	curl_multi_poll(http->multi, NULL, 0, most < INT_MAX ? (int)most : INT_MAX, NULL);
	curl_multi_perform(http->multi, &running);
}

struct transfer *http_landed(struct http *http)
{
	struct transfer *transfer = NULL;
	CURLcode code;
	CURLMsg *message;
	int left;

	/* CURLMSG_DONE is the only message there is */
	message = curl_multi_info_read(http->multi, &left);
	if (!message)
		return NULL;
	code = message->data.result;
	curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
	if (code == CURLE_OK && transfer->probe)
		transfer->transient = false;
	else if (code == CURLE_OK)
		read_answer(transfer);
	else if (transfer->late)
		transfer_stale(transfer);
	else
		read_failure(transfer, code);
	http_recall(http, transfer);
	return transfer;
}
