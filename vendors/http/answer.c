/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.c - see answer.h.
 *
 * Maps libcurl's codes to verdicts and words, and reads the headers that rosterfs needs. No secret
 * that was sent gets into the words. It must not know queues or retries, and takes no lock.
 */
#include "vendors/http/answer.h"

#include "vendors/base/vault.h"
#include "vendors/http/account_queue.h"
#include "vendors/http/endpoint.h"
#include "vendors/http/http_url.h"
#include "vendors/http/transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Follows the time that a try was given if that was not the whole timeout. */
#define REST ", all that was left for one more try"

/* How many redirects are followed in a row. */
#define MOVES_MAX 5

/* Return the verdict for CODE, and whether the failure may pass by itself. OS: the errno that
 * libcurl met, 0: none. */
static enum call_verdict answer_verdict(CURLcode code, const struct transfer *transfer, long os,
					bool *transient)
{
	*transient = false;
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		return CALL_NO_MEMORY;
	case CURLE_WRITE_ERROR:
		return transfer->refused ? transfer->refused : CALL_LOST;
	case CURLE_URL_MALFORMAT:
		return CALL_INVALID;
	case CURLE_UNSUPPORTED_PROTOCOL: /* also what is no response */
	case CURLE_WEIRD_SERVER_REPLY:
		*transient = transfer->reply.sent;
		return transfer->reply.sent ? CALL_LOST : CALL_INVALID;
	case CURLE_SSL_CONNECT_ERROR: /* also a connection that was lost in the handshake */
		*transient = os == ECONNRESET || os == EPIPE;
		return *transient ? CALL_LOST : CALL_PROTOCOL;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CLIENTCERT:
		return CALL_PROTOCOL;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		*transient = true;
		return CALL_NO_ROUTE;
	case CURLE_COULDNT_CONNECT:
		*transient = true;
		return os == ENETUNREACH || os == EHOSTUNREACH ? CALL_NO_ROUTE : CALL_NO_CONNECTION;
	case CURLE_OPERATION_TIMEDOUT:
		*transient = true;
		return CALL_TIMED_OUT;
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_PROXY:
		*transient = true;
		return CALL_LOST;
	default:
		return CALL_LOST;
	}
}

/* Return what could not be reached, such as "127.0.0.1 port 9": libcurl names the proxy if it was
 * the proxy. BUFFER has SIZE bytes. */
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

/* Return libcurl's own words, or words for CODE if its own hold a secret that was sent. */
static const char *curl_words(const struct transfer *transfer, CURLcode code)
{
	const char *words = transfer->curl_words;

	return !words[0] || transfer_tells(transfer, words) ? curl_easy_strerror(code) : words;
}

/* Return true if this process or the machine has no file descriptor left. OS: as above. */
static bool no_descriptor(long os)
{
	int descriptor = os == EMFILE || os == ENFILE ? -1 : eventfd(0, EFD_CLOEXEC);

	if (descriptor < 0)
		return true;
	close(descriptor);
	return false;
}

/* Let TRANSFER fail with VERDICT because no connection was made. */
static void fail_unreached(struct transfer *transfer, CURLcode code, enum call_verdict verdict,
			   long os)
{
	const char *where = transfer->queue->where;
	int64_t most = transfer->reach < transfer->limit ? transfer->reach : transfer->limit;
	const char *rest = transfer->tries > 1 && most < HOLD_REACH ? REST : "";
	curl_off_t looked_up = 0;
	char buffer[160];

	curl_easy_getinfo(transfer->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
	if (verdict == CALL_NO_DESCRIPTOR)
		transfer_fail(transfer, CALL_NO_DESCRIPTOR,
			      "no file descriptor is left for a connection to %s; raise the limit "
			      "(ulimit -n, LimitNOFILE), or lower parallel",
			      where);
	else if (code == CURLE_COULDNT_CONNECT)
		transfer_fail(transfer, verdict, "could not connect to %s: %s",
			      whereto(transfer, buffer, sizeof(buffer)),
			      os ? strerror((int)os) : "no route, or no response");
	else if (verdict == CALL_TIMED_OUT && !looked_up)
		transfer_fail(transfer, CALL_NO_ROUTE,
			      "could not resolve the host name of %s within %.3g s%s", where,
			      (double)most / 1000, rest);
	else if (verdict == CALL_TIMED_OUT)
		transfer_fail(transfer, verdict, "could not connect to %s within %.3g s%s", where,
			      (double)most / 1000, rest);
	else if (code == CURLE_COULDNT_RESOLVE_HOST)
		transfer_fail(transfer, verdict, "could not resolve the host name of %s", where);
	else if (verdict == CALL_NO_ROUTE)
		transfer_fail(transfer, verdict, "%s", curl_words(transfer, code));
	else
		transfer_fail(transfer, verdict, "connection to %s lost: %s", where,
			      curl_words(transfer, code));
}

/* Return what to do about CODE, a failure of TLS, in words that follow those of libcurl. */
static const char *tls_advice(const struct transfer *transfer, CURLcode code)
{
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
		return "; if an authority of your own signs there, name its certificate with the "
		       "key ca_file, or in the environment variable SSL_CERT_FILE";
	case CURLE_SSL_CACERT_BADFILE:
		return "; the file of ca_file (or SSL_CERT_FILE) must hold certificates (PEM)";
	case CURLE_SSL_CONNECT_ERROR:
		/* in the words of OpenSSL and GnuTLS */
		if (strstr(transfer->curl_words, "wrong version number") ||
		    strstr(transfer->curl_words, "packet length"))
			return "; there is no TLS at this port: correct the port, or the https:// "
			       "of the URL";
		return "";
	default:
		return "";
	}
}

/* Return true if what CODE is about came on a connection that had been used before. */
static bool is_rest(const struct transfer *transfer, CURLcode code)
{
	long made = 1;

	return (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY) &&
	       transfer->reply.sent &&
	       curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &made) == CURLE_OK && !made;
}

static void read_failure(struct transfer *transfer, CURLcode code)
{
	const char *where = transfer->queue->where;
	long os = 0;
	enum call_verdict verdict;

	curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os);
	verdict = answer_verdict(code, transfer, os, &transfer->transient);
	/* without a descriptor nothing can be reached, and libcurl has many codes for that */
	if (!transfer->reply.sent && no_descriptor(os)) {
		verdict = CALL_NO_DESCRIPTOR;
		transfer->transient = true;
	}
	transfer->spoiled = is_rest(transfer, code);
	transfer->unreached = transfer->transient &&
			      (!transfer->reply.sent || code == CURLE_COULDNT_CONNECT ||
			       code == CURLE_COULDNT_RESOLVE_HOST);
	if (transfer->unreached)
		fail_unreached(transfer, code, verdict, os);
	else if (verdict == CALL_TIMED_OUT)
		transfer_fail(transfer, verdict, "no %sresponse from %s within %.3g s%s",
			      transfer->reply.length ? "complete " : "", where,
			      (double)transfer->limit / 1000, transfer->shortened ? REST : "");
	else if (verdict == CALL_INVALID)
		transfer_fail(transfer, verdict, "%s", curl_words(transfer, code));
	else if (verdict == CALL_PROTOCOL)
		transfer_fail(transfer, verdict, "no secure connection to %s: %s%s", where,
			      curl_words(transfer, code), tls_advice(transfer, code));
	else if (verdict == CALL_NO_MEMORY)
		transfer_fail(transfer, verdict, "out of memory for the response");
	else if (code == CURLE_WRITE_ERROR && transfer->refused)
		transfer_fail(transfer, verdict, "the response is larger than %u MiB",
			      HTTP_BODY_MAX >> 20);
	else
		transfer_fail(transfer, verdict, "connection to %s lost: %s", where,
			      code == CURLE_ABORTED_BY_CALLBACK ? "closed before the response"
								: curl_words(transfer, code));
	transfer->reply.untrusted = code == CURLE_PEER_FAILED_VERIFICATION ||
				    code == CURLE_SSL_CACERT_BADFILE;
}

/* Return the value of header NAME, the last of several. ONE: NULL if these differ. NULL: none. */
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

/* Return how many milliseconds header NAME asks to wait, 0: none. */
static int64_t delay_of(const struct transfer *transfer, const char *name)
{
	const char *text = header(transfer, name, false);
	time_t date = text ? curl_getdate(text, NULL) : (time_t)-1;

	return hold_delay(text, date, transfer->reply.date);
}

/* Return true if header NAME is a number above zero. */
static bool is_positive(const struct transfer *transfer, const char *name)
{
	const char *text = header(transfer, name, false);

	return text && strtod(text, NULL) > 0;
}

/* Return how many milliseconds the vendor's table finds that the response asks to wait, 0: none. */
static int64_t delay_by_table(const struct transfer *transfer)
{
	const struct endpoint *endpoint = transfer->queue->endpoint;
	char *text = endpoint->wait_asked ? endpoint->wait_asked(endpoint, &transfer->reply) : NULL;
	time_t date = text ? curl_getdate(text, NULL) : (time_t)-1;
	int64_t delay = hold_delay(text, date, transfer->reply.date);

	free(text);
	return delay;
}

/*
 * Return how many milliseconds the response asks to wait: the longest of its Retry-After headers
 * and of what the vendor's table names. Without them, and after a 429, the time at which a limit is
 * reset counts if nothing remains of that limit. X-RateLimit is what most vendors send, RateLimit a
 * draft of the IETF; X-Rate-Limit is Okta's and Zendesk's, -Reset-After Discord's.
 */
static int64_t told_by(const struct transfer *transfer)
{
	static const char *const waits[] = {"Retry-After", "X-Retry-After",
					    "X-RateLimit-Retry-After"};
	static const char *const resets[][2] = {
	    {"X-RateLimit-Remaining", "X-RateLimit-Reset"},
	    {"X-RateLimit-Remaining", "X-RateLimit-Reset-After"},
	    {"RateLimit-Remaining", "RateLimit-Reset"},
	    {"X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"},
	};
	int64_t told = delay_by_table(transfer);

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		int64_t delay = delay_of(transfer, waits[i]);

		told = told > delay ? told : delay;
	}
	for (size_t i = 0;
	     !told && transfer->reply.status == 429 && i < sizeof(resets) / sizeof(resets[0]);
	     i++) {
		if (!is_positive(transfer, resets[i][0]))
			told = delay_of(transfer, resets[i][1]);
	}
	return told;
}

/* Return the headers of the response, "Name: value\n" for each, or NULL: none, or no memory. */
static char *all_headers(const struct transfer *transfer)
{
	struct curl_header *header = NULL;
	size_t length = 0, room = 0;
	char *text = NULL;

	while ((header = curl_easy_nextheader(transfer->easy, CURLH_HEADER, -1, header))) {
		size_t name = strlen(header->name), value = strlen(header->value);
		char *more = text;

		if (room - length < name + value + 4) {
			room = room ? 2 * room + name + value : 1024 + name + value;
			more = realloc(text, room);
		}
		if (!more) {
			free(text);
			return NULL;
		}
		text = more;
		length += (size_t)snprintf(text + length, room - length, "%s: %s\n", header->name,
					   header->value);
	}
	return text;
}

/* If the response redirects a GET to the same origin, let TRANSFER be sent there. */
static void follow(struct transfer *transfer)
{
	int status = transfer->reply.status;
	char *url = NULL, *copy;

	if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308)
		return;
	if (strcmp(transfer->method, "GET") != 0 || transfer->moves == MOVES_MAX ||
	    curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &url) || !url ||
	    !http_url_same_origin(transfer->url, url))
		return;
	copy = vault_copy(url);
	if (!copy)
		return;
	vault_free(transfer->url);
	transfer->url = copy;
	transfer->moved = transfer_add_query(transfer);
	transfer->moves++;
}

static void read_response(struct transfer *transfer)
{
	const struct endpoint *endpoint = transfer->queue->endpoint;
	struct http_reply *reply = &transfer->reply;
	/* a response that is compressed without being asked has another ETag than the record */
	const char *code = transfer->identity ? header(transfer, "Content-Encoding", false) : NULL;
	const char *etag = code && strcasecmp(code, "identity") != 0
			       ? NULL
			       : header(transfer, "ETag", true);
	const char *date = header(transfer, "Date", false);
	time_t stamp = date ? curl_getdate(date, NULL) : 0;
	long status = 0, version = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
	/* with HTTP/2, libcurl may call on_request (multi.c) twice for what is sent once */
	if (version >= CURL_HTTP_VERSION_2_0)
		transfer->passes = 1;
	reply->status = (int)status;
	reply->etag = etag && *etag ? strdup(etag) : NULL;
	reply->date = stamp == (time_t)-1 ? 0 : stamp;
	reply->headers = all_headers(transfer);
	follow(transfer);
	if (endpoint->is_limited && status != 429 && endpoint->is_limited(endpoint, reply)) {
		reply->came = (int)status;
		reply->status = 429;
	}
	transfer->transient = reply->status == 429 ||
			      (status >= 500 && status <= 599 && status != 501 && status != 505);
	if (!transfer->transient)
		return;
	reply->told = told_by(transfer);
	transfer->told = reply->told < HOLD_MAX ? reply->told : HOLD_MAX;
}

void answer_read(struct transfer *transfer, int code)
{
	if (code == CURLE_OK && transfer->probe)
		transfer->transient = false;
	else if (code == CURLE_OK)
		read_response(transfer);
	else if (transfer->late)
		transfer_stale(transfer);
	else if (transfer->outdated)
		transfer_outdate(transfer);
	else
		read_failure(transfer, (CURLcode)code);
}
