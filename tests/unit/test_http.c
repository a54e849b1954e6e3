/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_http.c - the transport against a small web server on loopback: limits, connections, ends.
 *
 * Each test has its own server, http thread and account. Where something must not wait, what it
 * could wait for takes PATIENCE seconds, so that a busy machine can be told from a mistake.
 */
#include "tests/unit/scene.h"
#include "vendors/http/http_url.h"

#include <dirent.h>
#include <dlfcn.h>
#include <netdb.h>

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
	struct scene *scene = *state;

	for (int i = 0; i < 10; i++)
		assert_int_equal(perform(scene, get("/ok?page=1")), 0);
	assert_int_equal(scene->reply.status, 200);
	assert_int_equal(scene->reply.length, 5);
	assert_string_equal(scene->reply.body, "hello");
	assert_string_equal(scene->reply.etag, "\"tag\"");
	assert_true(scene->reply.sent);
	assert_true(labs((long)(scene->reply.date - time(NULL))) < 60);
	assert_string_equal(scene->call.request, "GET /ok?page=1");
	assert_int_equal(scene->call.status, 200);
	assert_int_equal(requests(scene), 10);
	assert_int_equal(web_count(&scene->web, &scene->web.connections), 1);
}

static void test_headers(void **state)
{
	struct scene *scene = *state;
	struct http_request request = post("/echo");
	char *big = calloc(1, WEB_BIG);

	request.headers[0] = (struct http_header){"X-Key", KEY};
	request.header_count = 1;
	assert_int_equal(perform(scene, request), 0);
	assert_non_null(strstr(scene->reply.body, "POST 2\n"));
	assert_non_null(strstr(scene->reply.body, "X-Key=" KEY "\n"));
	assert_non_null(strstr(scene->reply.body, "Content-Type=application/json\n"));
	assert_non_null(strstr(scene->reply.body, "User-Agent=rosterfs/"));
	assert_non_null(strstr(scene->reply.body, "Accept-Encoding=deflate, gzip"));
	request = (struct http_request){.method = "PUT",
					.path = "/echo",
					.body = big,
					.body_length = WEB_BIG,
					.user = "jane",
					.password = "pw:1",
					.content_type = "text/plain"};
	memset(big, 'p', WEB_BIG);
	assert_int_equal(perform(scene, request), 0);
	assert_non_null(strstr(scene->reply.body, "PUT 1048576\n"));
	assert_non_null(strstr(scene->reply.body, "Authorization=Basic amFuZTpwdzox\n"));
	assert_non_null(strstr(scene->reply.body, "Content-Type=text/plain\n"));
	assert_non_null(strstr(scene->reply.body, "Expect=-\n"));
	free(big);
	assert_int_equal(perform(scene, (struct http_request){.method = "DELETE", .path = "/echo"}),
			 0);
	assert_non_null(strstr(scene->reply.body, "DELETE 0\n"));
	assert_non_null(strstr(scene->reply.body, "Authorization=-\nX-Key=-\nContent-Type=-\n"));
	assert_int_equal(perform(scene, (struct http_request){.method = "POST", .path = "/echo"}),
			 0);
	assert_non_null(strstr(scene->reply.body, "POST 0\n"));
	request = get("/echo");
	request.headers[0] = (struct http_header){"X-Key", "a\r\nX-Other: b"};
	request.header_count = 1;
	assert_int_equal(perform(scene, request), -EINVAL);
	assert_false(scene->reply.sent);
}

static void test_big(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(perform(scene, get("/big")), 0);
	assert_int_equal(scene->reply.length, WEB_BIG);
	assert_int_equal(scene->reply.body[WEB_BIG - 1], 'b');
	assert_int_equal(scene->reply.body[WEB_BIG], '\0');
}

static void test_parallel(void **state)
{
	struct scene *scene = *state;
	struct http_stats stats;

	web_together(&scene->web, 4);
	assert_int_equal(run_many(scene, "/slow", 24), 24);
	assert_int_equal(scene->web.most_running, 4);
	assert_int_equal(web_count(&scene->web, &scene->web.connections), 4);
	http_stats(&scene->account.endpoint, &stats);
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
	struct scene *scene = *state;
	struct waiter waiters[6];
	struct http_stats stats;

	scene->account.endpoint.timeout = PATIENCE;
	for (int i = 0; i < 4; i++)
		waiter_start(&waiters[i], &scene->account, "/stall");
	while (requests(scene) < 4)
		usleep(1000);
	for (int i = 4; i < 6; i++)
		waiter_start(&waiters[i], &scene->account, "/stall");
	do {
		usleep(1000);
		http_stats(&scene->account.endpoint, &stats);
	} while (stats.queued < 2);
	cancel_some(waiters, 4, 6, false);
	cancel_some(waiters, 0, 4, true);
	assert_int_equal(perform(scene, get("/ok")), 0);
}

/* A change that was sent is not cut off; one that was not is not sent. The end ends all. */
static void test_cancel_changes(void **state)
{
	struct scene *scene = *state;
	struct waiter waiters[6];
	struct http_stats stats;
	int64_t begun;

	for (int i = 0; i < 4; i++)
		waiter_send(&waiters[i], &scene->account, post("/stall"));
	while (requests(scene) < 4)
		usleep(1000);
	for (int i = 4; i < 6; i++)
		waiter_send(&waiters[i], &scene->account, post("/stall"));
	do {
		usleep(1000);
		http_stats(&scene->account.endpoint, &stats);
	} while (stats.queued < 2);
	cancel_some(waiters, 4, 6, false);
	assert_false(waiters[4].call.unanswered);
	for (int i = 0; i < 4; i++)
		call_cancel(&waiters[i].call);
	usleep(100000);
	http_stats(&scene->account.endpoint, &stats);
	assert_int_equal(stats.in_flight, 4);
	begun = now_ms();
	http_stop(scene->http);
	for (int i = 0; i < 4; i++) {
		waiter_end(&waiters[i]);
		assert_int_equal(waiters[i].result, -EINTR);
		assert_true(waiters[i].call.unanswered);
	}
	/* they are not waited for: that would take five seconds */
	assert_true(now_ms() - begun < 4500);
	assert_int_equal(requests(scene), 4);
	assert_int_equal(perform(scene, post("/ok")), -EINTR);
	assert_false(scene->reply.sent);
}

static void test_cancel_dns(void **state)
{
	struct scene *scene = *state;
	struct waiter waiter;

	scene->other = scene->account;
	scene->other.endpoint.base_url = (char *)(size_t) "https://stalled.invalid";
	assert_int_equal(http_add(scene->http, &scene->other.endpoint), 0);
	waiter_start(&waiter, &scene->other, "/ok");
	assert_true(names_wait(&names.asked));
	call_cancel(&waiter.call);
	waiter_end(&waiter);
	assert_int_equal(waiter.result, -EINTR);
	assert_int_equal(perform(scene, get("/ok")), 0);
	assert_false(names.answered);
	names_set(&names.told);
	assert_true(names_wait(&names.answered));
}

static void test_drop(void **state)
{
	struct scene *scene = *state;
	struct http_request stall = get("/stall"), slow = get("/slow");
	struct http_stats stats;

	for (int i = 0; i < 8; i++) {
		struct call call;
		struct transfer *transfer;

		call_init(&call, "gone");
		transfer = http_start(&call, &scene->account.endpoint, i % 2 ? &stall : &slow);
		usleep(i < 4 ? 5000 : 0);
		http_drop(transfer, i % 2);
		call_destroy(&call);
		memset(&call, 0xff, sizeof(call));
	}
	http_drop(NULL, true);
	assert_int_equal(perform(scene, get("/ok")), 0);
	/* the slow ones come to their own end */
	do {
		usleep(1000);
		http_stats(&scene->account.endpoint, &stats);
	} while (stats.in_flight || stats.queued);
}

static void test_end(void **state)
{
	struct scene *scene = *state;
	struct waiter waiters[6];
	struct http_stats stats;
	int64_t begun;

	scene->account.endpoint.timeout = PATIENCE;
	for (int i = 0; i < 6; i++)
		waiter_start(&waiters[i], &scene->account, "/stall");
	/* nothing may be asked of it after it is freed */
	do {
		usleep(1000);
		http_stats(&scene->account.endpoint, &stats);
	} while (requests(scene) < 4 || stats.in_flight + stats.queued < 6);
	begun = now_ms();
	http_free(scene->http);
	scene->http = NULL;
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
	struct scene *scene = *state;
	long before, after = 0;

	assert_int_equal(run_many(scene, "/ok", 8), 8);
	/* it may take a busy machine a while to get there */
	for (int turn = 0; turn < 5; turn++) {
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
	struct scene *scene = *state;
	struct http_request request = get("/drop");
	size_t length;
	char *text;

	scene->account.endpoint.retry_budget = 0;
	request.headers[0] = (struct http_header){"X-Key", KEY};
	request.header_count = 1;
	request.user = "jane";
	request.password = KEY;
	assert_int_equal(perform(scene, request), -EREMOTEIO);
	assert_null(strstr(scene->reply.words, KEY));
	assert_int_equal(perform(scene, get("/ok")), 0);
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
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(http_url_check(good[i], &why), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		why = NULL;
		assert_int_equal(http_url_check(bad[i], &why), -EINVAL);
		assert_non_null(why);
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
	    SCENE(test_cancel_dns),
	    SCENE(test_plain),
	    SCENE(test_headers),
	    SCENE(test_big),
	    SCENE(test_parallel),
	    SCENE(test_cancel),
	    SCENE(test_cancel_changes),
	    SCENE(test_drop),
	    SCENE(test_end),
	    SCENE(test_idle),
	    SCENE(test_log),
	    cmocka_unit_test(test_urls),
	};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
