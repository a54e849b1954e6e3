/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_http.c - the transport against a small web server on loopback: limits, connections, ends.
 *
 * Each test has its own server, http thread and account. Where something must not wait, what it
 * could wait for takes PATIENCE seconds, so that a busy machine can be told from a mistake.
 */
#include "tests/unit/http_fixture.h"
#include "vendors/http/http_url.h"

#include <dirent.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <sys/syscall.h>

/* The name server of stalled.invalid: it answers when it is told to, or after PATIENCE seconds. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	bool asked, told, answered;
} names = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static void names_set(bool *what)
{
	pthread_mutex_lock(&names.lock);
	*what = true;
	pthread_cond_broadcast(&names.moved);
	pthread_mutex_unlock(&names.lock);
}

/* Wait until WHAT; false: it did not come. */
static bool names_wait(const bool *what)
{
	struct timespec end;
	int error = 0;
	bool came;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE;
	pthread_mutex_lock(&names.lock);
	while (!*what && !error)
		error = pthread_cond_timedwait(&names.moved, &names.lock, &end);
	came = *what;
	pthread_mutex_unlock(&names.lock);
	return came;
}

static atomic_long ahead; /* seconds by which the clock that deadlines are taken from is ahead */

/* call.c finds this one. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
	int error = (int)syscall(SYS_clock_gettime, clock, time);

	/* libcurl's thread takes its time from the same clock */
	if (clock == CLOCK_MONOTONIC && http_fixture_waits)
		time->tv_sec += atomic_load(&ahead);
	return error;
}

/* libcurl finds this one. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **result)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (name && strcmp(name, "stalled.invalid") == 0) {
		names_set(&names.asked);
		names_wait(&names.told);
		names_set(&names.answered);
		return EAI_AGAIN;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(name, service, hints, result);
}

/* ---- plain requests ---- */

static void test_plain(void **state)
{
	struct http_fixture *fixture = *state;

	for (int i = 0; i < 10; i++)
		assert_int_equal(perform(fixture, get("/ok?page=1")), 0);
	assert_int_equal(fixture->reply.status, 200);
	assert_int_equal(fixture->reply.length, 5);
	assert_string_equal(fixture->reply.body, "hello");
	assert_string_equal(fixture->reply.etag, "\"tag\"");
	assert_true(fixture->reply.sent);
	assert_true(labs((long)(fixture->reply.date - time(NULL))) < 60);
	assert_string_equal(fixture->call.request, "GET /ok?page=1");
	assert_int_equal(fixture->call.status, 200);
	assert_int_equal(requests(fixture), 10);
	assert_int_equal(http_server_count(&fixture->server, &fixture->server.connections), 1);
}

static void test_headers(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_request request = post("/echo");
	char *big = calloc(1, HTTP_SERVER_BIG);

	request.headers[0] = (struct http_header){"X-Key", KEY};
	request.header_count = 1;
	assert_int_equal(perform(fixture, request), 0);
	assert_non_null(strstr(fixture->reply.body, "POST 2\n"));
	assert_non_null(strstr(fixture->reply.body, "X-Key=" KEY "\n"));
	assert_non_null(strstr(fixture->reply.body, "Content-Type=application/json\n"));
	assert_non_null(strstr(fixture->reply.body, "User-Agent=rosterfs/"));
	assert_non_null(strstr(fixture->reply.body, "Accept-Encoding=deflate, gzip"));
	request = (struct http_request){.method = "PUT",
					.path = "/echo",
					.body = big,
					.body_length = HTTP_SERVER_BIG,
					.user = "jane",
					.password = "pw:1",
					.content_type = "text/plain"};
	memset(big, 'p', HTTP_SERVER_BIG);
	assert_int_equal(perform(fixture, request), 0);
	assert_non_null(strstr(fixture->reply.body, "PUT 1048576\n"));
	assert_non_null(strstr(fixture->reply.body, "Authorization=Basic amFuZTpwdzox\n"));
	assert_non_null(strstr(fixture->reply.body, "Content-Type=text/plain\n"));
	assert_non_null(strstr(fixture->reply.body, "Expect=-\n"));
	free(big);
	assert_int_equal(perform(fixture,
				 (struct http_request){.method = "DELETE", .path = "/echo"}),
			 0);
	assert_non_null(strstr(fixture->reply.body, "DELETE 0\n"));
	assert_non_null(strstr(fixture->reply.body, "Authorization=-\nX-Key=-\nContent-Type=-\n"));
	assert_int_equal(perform(fixture, (struct http_request){.method = "POST", .path = "/echo"}),
			 0);
	assert_non_null(strstr(fixture->reply.body, "POST 0\n"));
	request = get("/echo");
	request.headers[0] = (struct http_header){"X-Key", "a\r\nX-Other: b"};
	request.header_count = 1;
	assert_int_equal(perform(fixture, request), -EINVAL);
	assert_false(fixture->reply.sent);
}

static void test_big(void **state)
{
	struct http_fixture *fixture = *state;

	assert_int_equal(perform(fixture, get("/big")), 0);
	assert_int_equal(fixture->reply.length, HTTP_SERVER_BIG);
	assert_int_equal(fixture->reply.body[HTTP_SERVER_BIG - 1], 'b');
	assert_int_equal(fixture->reply.body[HTTP_SERVER_BIG], '\0');
}

static void test_parallel(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_stats stats;

	http_server_together(&fixture->server, 4);
	assert_int_equal(run_many(fixture, "/slow", 24), 24);
	assert_int_equal(fixture->server.most_running, 4);
	assert_int_equal(http_server_count(&fixture->server, &fixture->server.connections), 4);
	http_stats(&fixture->account.endpoint, &stats);
	assert_int_equal(stats.requests, 24);
	assert_int_equal(stats.in_flight, 0);
	assert_int_equal(stats.queued, 0);
	assert_int_equal(stats.bytes, 24 * 5);
	assert_int_equal(stats.failures, 0);
}

/* ---- time ---- */

/* Cancel waiters FROM to TO - 1; each must be back at once. */
static void cancel_some(struct waiter *waiters, int from, int to, bool sent)
{
	int64_t begun = now_ms();

	for (int i = from; i < to; i++)
		call_cancel(&waiters[i].call);
	for (int i = from; i < to; i++) {
		pthread_join(waiters[i].thread, NULL);
		assert_int_equal(waiters[i].result, -EINTR);
		assert_int_equal(waiters[i].reply.sent, sent);
		http_reply_clear(&waiters[i].reply);
		call_destroy(&waiters[i].call);
	}
	assert_true(now_ms() - begun < AT_ONCE_MS);
}

static void test_cancel(void **state)
{
	struct http_fixture *fixture = *state;
	struct waiter waiters[6];
	struct http_stats stats;

	fixture->account.endpoint.timeout = PATIENCE;
	for (int i = 0; i < 4; i++)
		waiter_start(&waiters[i], &fixture->account, "/stall");
	while (requests(fixture) < 4)
		usleep(1000);
	for (int i = 4; i < 6; i++)
		waiter_start(&waiters[i], &fixture->account, "/stall");
	do {
		usleep(1000);
		http_stats(&fixture->account.endpoint, &stats);
	} while (stats.queued < 2);
	cancel_some(waiters, 4, 6, false);
	cancel_some(waiters, 0, 4, true);
	assert_int_equal(perform(fixture, get("/ok")), 0);
}

/* A change that was sent is not cut off; one that was not is not sent. The end ends all. */
static void test_cancel_changes(void **state)
{
	struct http_fixture *fixture = *state;
	struct waiter waiters[6];
	struct http_stats stats;

	for (int i = 0; i < 4; i++)
		waiter_send(&waiters[i], &fixture->account, post("/stall"));
	while (requests(fixture) < 4)
		usleep(1000);
	for (int i = 4; i < 6; i++)
		waiter_send(&waiters[i], &fixture->account, post("/stall"));
	do {
		usleep(1000);
		http_stats(&fixture->account.endpoint, &stats);
	} while (stats.queued < 2);
	cancel_some(waiters, 4, 6, false);
	assert_false(waiters[4].call.unanswered);
	/* five seconds are the longest that the response is waited for: these do not pass */
	atomic_store(&ahead, 100000);
	for (int i = 0; i < 4; i++)
		call_cancel(&waiters[i].call);
	usleep(100000);
	http_stats(&fixture->account.endpoint, &stats);
	assert_int_equal(stats.in_flight, 4);
	/* the end does not wait for them */
	http_stop(fixture->http);
	for (int i = 0; i < 4; i++) {
		waiter_end(&waiters[i]);
		assert_int_equal(waiters[i].result, -EINTR);
		assert_true(waiters[i].call.unanswered);
	}
	atomic_store(&ahead, 0);
	assert_int_equal(requests(fixture), 4);
	assert_int_equal(perform(fixture, post("/ok")), -EINTR);
	assert_false(fixture->reply.sent);
}

static void test_cancel_dns(void **state)
{
	struct http_fixture *fixture = *state;
	struct waiter waiter;

	fixture->other = fixture->account;
	fixture->other.endpoint.base_url = (char *)(size_t) "https://stalled.invalid";
	assert_int_equal(http_add(fixture->http, &fixture->other.endpoint), 0);
	waiter_start(&waiter, &fixture->other, "/ok");
	assert_true(names_wait(&names.asked));
	call_cancel(&waiter.call);
	waiter_end(&waiter);
	assert_int_equal(waiter.result, -EINTR);
	assert_int_equal(perform(fixture, get("/ok")), 0);
	assert_false(names.answered);
	names_set(&names.told);
	assert_true(names_wait(&names.answered));
}

static void test_drop(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_request stall = get("/stall"), slow = get("/slow");
	struct http_stats stats;

	for (int i = 0; i < 8; i++) {
		struct call call;
		struct transfer *transfer;

		call_init(&call, "gone");
		transfer = http_start(&call, &fixture->account.endpoint, i % 2 ? &stall : &slow);
		usleep(i < 4 ? 5000 : 0);
		http_drop(transfer, i % 2);
		call_destroy(&call);
		memset(&call, 0xff, sizeof(call));
	}
	http_drop(NULL, true);
	assert_int_equal(perform(fixture, get("/ok")), 0);
	/* the slow ones come to their own end */
	do {
		usleep(1000);
		http_stats(&fixture->account.endpoint, &stats);
	} while (stats.in_flight || stats.queued);
}

static void test_end(void **state)
{
	struct http_fixture *fixture = *state;
	struct waiter waiters[6];
	struct http_stats stats;
	int64_t begun;

	fixture->account.endpoint.timeout = PATIENCE;
	for (int i = 0; i < 6; i++)
		waiter_start(&waiters[i], &fixture->account, "/stall");
	/* nothing may be asked of it after it is freed */
	do {
		usleep(1000);
		http_stats(&fixture->account.endpoint, &stats);
	} while (requests(fixture) < 4 || stats.in_flight + stats.queued < 6);
	begun = now_ms();
	http_free(fixture->http);
	fixture->http = NULL;
	for (int i = 0; i < 6; i++) {
		waiter_end(&waiters[i]);
		assert_int_equal(waiters[i].result, -EINTR);
	}
	assert_true(now_ms() - begun < AT_ONCE_MS);
}

/* How often the threads named "http" went to sleep so far. */
static long switches(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	long total = 0;

	assert_non_null(tasks);
	while ((task = readdir(tasks))) {
		char name[300], line[128];
		bool ours = false;
		FILE *file;

		snprintf(name, sizeof(name), "/proc/self/task/%s/status", task->d_name);
		file = fopen(name, "re");
		while (file && fgets(line, sizeof(line), file)) {
			ours = ours || strcmp(line, "Name:\thttp\n") == 0;
			if (ours && strncmp(line, "voluntary_ctxt_switches:", 24) == 0)
				total += strtol(line + 24, NULL, 10);
		}
		if (file)
			fclose(file);
	}
	closedir(tasks);
	return total;
}

static void test_idle(void **state)
{
	struct http_fixture *fixture = *state;
	long before, after = 0;

	assert_int_equal(run_many(fixture, "/ok", 8), 8);
	/* it may take a busy machine a while to get there */
	for (int turn = 0; turn < PATIENCE; turn++) {
		before = after;
		usleep(turn ? 1000000 : 100000);
		after = switches();
		assert_true(after > 0);
		if (after == before)
			break;
	}
	assert_int_equal(after, before);
}

/* ---- words, URLs ---- */

static void test_log(void **state)
{
	struct http_fixture *fixture = *state;
	struct http_request request = get("/drop");
	size_t length;
	char *text;

	fixture->account.endpoint.retry_budget = 0;
	request.headers[0] = (struct http_header){"X-Key", KEY};
	request.header_count = 1;
	request.user = "jane";
	request.password = KEY;
	assert_int_equal(perform(fixture, request), -EREMOTEIO);
	assert_null(strstr(fixture->reply.words, KEY));
	assert_int_equal(perform(fixture, get("/ok")), 0);
	text = log_text(&length);
	assert_non_null(text);
	assert_non_null(strstr(text, "acme GET /drop -> connection to 127.0.0.1 port "));
	assert_non_null(strstr(text, "acme GET /ok -> 200 in "));
	assert_non_null(strstr(text, " ms (1 try)"));
	assert_null(strstr(text, KEY));
	free(text);
}

static void test_urls(void **state)
{
	const char *good[] = {"https://api.example.com",  "https://api.example.com:8443/v1",
			      "http://127.0.0.1:8080",    "http://localhost",
			      "http://127.8.9.10/below/", "http://[::1]:80"};
	const char *bad[] = {"",
			     "api.example.com",
			     "ftp://api.example.com",
			     "https://",
			     "http://api.example.com",
			     "http://127.0.0.1.example.com",
			     "http://127.0.0.1@example.com",
			     "http://[::2]",
			     "https://u:p@api.example.com",
			     "https://u@api.example.com",
			     "https://api.example.com/?x=1",
			     "https://api.example.com/#x",
			     "https://api.example.com/a b",
			     "file:///etc/passwd"};
	const char *texts[] = {"a+b'c@d/é", "a%2Bb%27c%40d%2F%C3%A9", "..", "%2E%2E", "", "", "a.b",
			       "a.b"};
	const char *spellings[] = {"HTTPS://API.Example.com:443/V2//",
				   "https://api.example.com/V2",
				   "http://127.0.0.1:80",
				   "http://127.0.0.1",
				   "https://api.example.com:80/",
				   "https://api.example.com:80",
				   "http://[::1]:8080",
				   "http://[::1]:8080"};
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(http_url_check(good[i], &why), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		why = NULL;
		assert_int_equal(http_url_check(bad[i], &why), -EINVAL);
		assert_non_null(why);
	}
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i += 2) {
		char *spelt = http_url_spell(spellings[i]);

		assert_string_equal(spelt, spellings[i + 1]);
		free(spelt);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i += 2) {
		char *escaped = http_url_escape(texts[i]);

		assert_string_equal(escaped, texts[i + 1]);
		free(escaped);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HTTP_TEST(test_cancel_dns),
	    HTTP_TEST(test_plain),
	    HTTP_TEST(test_headers),
	    HTTP_TEST(test_big),
	    HTTP_TEST(test_parallel),
	    HTTP_TEST(test_cancel),
	    HTTP_TEST(test_cancel_changes),
	    HTTP_TEST(test_drop),
	    HTTP_TEST(test_end),
	    HTTP_TEST(test_idle),
	    HTTP_TEST(test_log),
	    cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
