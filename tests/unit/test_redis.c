/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_redis.c - the client against a real redis-server, or valkey-server, of its own: what it says
 * of a server that is slow, full, a replica, or gone.
 */
#include "cache/redis/redis.h"

#include "cache/redis/connection.h"
#include "vendors/base/clock.h"
#include "vendors/base/vault.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG 60000 /* milliseconds that no test waits for */

static struct {
	char folder[32];
	char socket[48];
	pid_t pid;
} server;

/* ---- a server ---- */

static int connect_socket(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", server.socket);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Run the server with the setting NAME = VALUE too, if there is one, until it can be reached. */
static void run_server(const char *name, const char *value)
{
	const char *words[] = {"redis-server", "--port",      "0",
			       "--unixsocket", server.socket, "--dir",
			       server.folder,  "--save",      "",
			       "--appendonly", "no",          name,
			       value,          NULL};
	int fd = -1;

	server.pid = fork();
	if (server.pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		execvp("redis-server", (char **)(uintptr_t)words);
		execvp("valkey-server", (char **)(uintptr_t)words);
		_exit(127);
	}
	while (fd < 0) {
		assert_int_equal(waitpid(server.pid, NULL, WNOHANG), 0);
		usleep(5000);
		fd = connect_socket();
	}
	close(fd);
}

static void kill_server(void)
{
	if (server.pid > 0) {
		kill(server.pid, SIGKILL);
		waitpid(server.pid, NULL, 0);
	}
	server.pid = 0;
	unlink(server.socket);
}

static int set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	if (system("command -v redis-server valkey-server >/dev/null") != 0)
		return 0;
	snprintf(server.folder, sizeof(server.folder), "/tmp/test_redis.XXXXXX");
	if (!mkdtemp(server.folder))
		return -1;
	snprintf(server.socket, sizeof(server.socket), "%s/s", server.folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	kill_server();
	if (*server.folder)
		rmdir(server.folder);
	return 0;
}

/* Skip the test where no server is installed, else run one. */
static void need_server(const char *name, const char *value)
{
	kill_server();
	if (!*server.folder) {
		print_message("warning: neither redis-server nor valkey-server is installed\n");
		skip();
	}
	run_server(name, value);
}

static struct redis *new_client(const char *user, const char *password)
{
	struct redis_settings settings = {0};
	char url[64], why[128];
	struct redis *redis;

	snprintf(url, sizeof(url), "unix:%s", server.socket);
	assert_int_equal(redis_settings_parse(url, &settings, why, sizeof(why)), 0);
	settings.user = user ? strdup(user) : NULL;
	settings.password = vault_copy(password);
	redis = redis_new(&settings);
	redis_settings_clear(&settings);
	assert_non_null(redis);
	return redis;
}

/* Make a command of WORDS, which are separated by single blanks. It holds on to them. */
static struct redis_command command_of(const char *words)
{
	struct redis_command command = {0};
	size_t length;

	for (; *words; words += length + (words[length] == ' ')) {
		length = strcspn(words, " ");
		redis_add(&command, words, length);
	}
	return command;
}

static int ask(struct redis *redis, const char *words, struct redis_reply **reply)
{
	struct redis_command command = command_of(words);

	return redis_ask(redis, &command, 1, LONG, reply);
}

static int ask_line(struct redis_line *line, const char *words, bool *fresh)
{
	struct redis_command command = command_of(words);
	struct redis_reply *reply;
	int error = redis_line_ask(line, &command, LONG, &reply, fresh);

	redis_reply_free(reply);
	return error;
}

/* Ask for WORDS and return nothing but the error. */
static int try(struct redis *redis, const char *words)
{
	struct redis_reply *reply;
	int error = ask(redis, words, &reply);

	assert_true(!error == !!reply);
	redis_reply_free(reply);
	return error;
}

/* Tell the server WORDS behind all clients' backs. */
static void tell(const char *words)
{
	struct redis_settings settings = {.socket = server.socket};
	struct redis_command command = command_of(words);
	const struct wire wire = {command.count, command.parts, command.lengths};
	struct connection *connection;
	struct redis_reply *reply;
	char why[REDIS_WORDS_MAX];

	assert_int_equal(connection_open(&settings, -1, clock_milliseconds() + LONG, &connection,
					 why),
			 0);
	assert_int_equal(connection_ask(connection, &wire, 1, clock_milliseconds() + LONG, &reply,
					why),
			 0);
	assert_string_equal(redis_text(reply, NULL), "OK");
	redis_reply_free(reply);
	connection_close(connection);
}

/* Check that REDIS is down because of something with WORDS in it. */
static void check_down(struct redis *redis, const char *words)
{
	char why[REDIS_WORDS_MAX];

	assert_false(redis_is_up(redis));
	assert_true(redis_trouble(redis, why) > 0);
	if (!strstr(why, words))
		fail_msg("\"%s\" lacks \"%s\"", why, words);
}

/* ---- without a server ---- */

static void test_settings(void **state)
{
	static const struct {
		const char *url, *host, *socket;
		unsigned port, database;
		int error;
	} cases[] = {
	    {"redis://a.example", "a.example", NULL, 6379, 0, 0},
	    {"redis://a.example/", "a.example", NULL, 6379, 0, 0},
	    {"redis://a.example:7000/3", "a.example", NULL, 7000, 3, 0},
	    {"redis://[::1]:7000", "::1", NULL, 7000, 0, 0},
	    {"redis://[::1]", "::1", NULL, 6379, 0, 0},
	    {"unix:/run/r.sock", NULL, "/run/r.sock", 6379, 0, 0},
	    {"unix:///run/r.sock", NULL, "/run/r.sock", 6379, 0, 0},
	    {"redis://", .error = -EINVAL},
	    {"redis://:6379", .error = -EINVAL},
	    {"redis://a.example:0", .error = -EINVAL},
	    {"redis://a.example:65536", .error = -EINVAL},
	    {"redis://a.example:6379x", .error = -EINVAL},
	    {"redis://a.example/x", .error = -EINVAL},
	    {"redis://[::1", .error = -EINVAL},
	    {"redis://[::1]x", .error = -EINVAL},
	    {"redis://user:secret@a.example", .error = -EINVAL},
	    {"http://a.example", .error = -EINVAL},
	    {"unix:r.sock", .error = -EINVAL},
	    {"", .error = -EINVAL},
#ifndef ROSTERFS_SHARED_TLS
	    {"rediss://a.example", .error = -EPROTONOSUPPORT},
#endif
	};
	char why[160];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct redis_settings settings = {0};
		int error = redis_settings_parse(cases[i].url, &settings, why, sizeof(why));

		if (error != cases[i].error)
			fail_msg("%s: %d: %s", cases[i].url, error, why);
		assert_int_equal(!!*why, error != 0);
		assert_null(strstr(why, "secret"));
		if (!error) {
			assert_int_equal(settings.port, cases[i].port);
			assert_int_equal(settings.database, cases[i].database);
			if (cases[i].host)
				assert_string_equal(settings.host, cases[i].host);
			else
				assert_string_equal(settings.socket, cases[i].socket);
		}
		redis_settings_clear(&settings);
	}
}

static void test_refused(void **state)
{
	struct redis_settings settings = {0};
	struct redis_reply *reply;
	struct redis *redis;
	char why[REDIS_WORDS_MAX];

	(void)state;
	assert_int_equal(redis_settings_parse("redis://127.0.0.1:1/0", &settings, why, sizeof(why)),
			 0);
	redis = redis_new(&settings);
	assert_string_equal(redis_where(redis), "redis://127.0.0.1:1/0");
	assert_true(redis_is_up(redis));
	assert_int_equal(redis_trouble(redis, why), 0);
	assert_string_equal(why, "");
	assert_int_equal(ask(redis, "PING", &reply), -ECONNREFUSED);
	check_down(redis, "Connection refused");
	redis_free(redis);
	redis_settings_clear(&settings);
}

/* ---- what a server says ---- */

static void test_replies(void **state)
{
	struct redis_command commands[4];
	struct redis_reply *replies[4];
	struct redis *redis;
	size_t length;

	(void)state;
	need_server(NULL, NULL);
	redis = new_client(NULL, NULL);
	commands[0] = command_of("SET k 12");
	commands[1] = command_of("GET k");
	commands[2] = command_of("MGET k none");
	commands[3] = command_of("HGET k f");
	assert_int_equal(redis_ask(redis, commands, 4, LONG, replies), 0);
	assert_string_equal(redis_text(replies[0], NULL), "OK");
	assert_int_equal(redis_type(replies[1]), REDIS_TEXT);
	assert_int_equal(redis_integer(replies[1]), 12);
	assert_string_equal(redis_text(replies[1], &length), "12");
	assert_int_equal(length, 2);
	assert_int_equal(redis_count(replies[2]), 2);
	assert_string_equal(redis_text(redis_at(replies[2], 0), NULL), "12");
	assert_int_equal(redis_type(redis_at(replies[2], 1)), REDIS_NIL);
	assert_int_equal(redis_type(redis_at(replies[2], 2)), REDIS_NIL);
	/* it says nothing of the server; and then there is no such key */
	assert_int_equal(redis_type(replies[3]), REDIS_REFUSAL);
	assert_true(redis_is_up(redis));
	redis_reply_free(replies[1]);
	assert_int_equal(redis_ask(redis, &commands[1], 1, LONG, &replies[1]), 0);
	assert_int_equal(redis_type(replies[1]), REDIS_NIL);
	for (size_t i = 0; i < 4; i++)
		redis_reply_free(replies[i]);
	redis_free(redis);
}

static void test_large(void **state)
{
	static char value[5000000];
	struct redis_command commands[2] = {{0}, {0}};
	struct redis_reply *replies[2];
	struct redis *redis;
	size_t length;

	(void)state;
	need_server(NULL, NULL);
	redis = new_client(NULL, NULL);
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (char)(i * 7);
	redis_add_text(&commands[0], "SET");
	redis_add_text(&commands[0], "large");
	redis_add(&commands[0], value, sizeof(value));
	redis_add_text(&commands[1], "GET");
	redis_add_text(&commands[1], "large");
	assert_int_equal(redis_ask(redis, commands, 2, LONG, replies), 0);
	assert_memory_equal(redis_text(replies[1], &length), value, sizeof(value));
	assert_int_equal(length, sizeof(value));
	redis_reply_free(replies[0]);
	redis_reply_free(replies[1]);
	redis_free(redis);
}

static void test_script(void **state)
{
	static struct redis_script script = {.text = "redis.call('INCRBY', KEYS[1], ARGV[1]) "
						     "return redis.call('GET', KEYS[1])"};
	static struct redis_script unknown = {.text = "return redis.call('NOTHING', KEYS[1])"};
	static struct redis_script wrong = {.text = "return redis.call('HGET', KEYS[1], 'f')"};
	struct redis_command keys = {0}, arguments = {0};
	struct redis_reply *reply;
	struct redis *redis;

	(void)state;
	need_server(NULL, NULL);
	redis = new_client(NULL, NULL);
	redis_add_text(&keys, "n");
	redis_add_number(&arguments, 20);
	for (int i = 1; i <= 4; i++) {
		if (i == 3)
			tell("SCRIPT FLUSH");
		assert_int_equal(redis_run(redis, &script, &keys, &arguments, LONG, &reply), 0);
		assert_int_equal(redis_integer(reply), 20 * i);
		redis_reply_free(reply);
	}
	assert_int_equal(redis_run(redis, &unknown, &keys, NULL, LONG, &reply), -EREMOTEIO);
	assert_null(reply);
	assert_true(redis_is_up(redis));
	/* what it cannot use is absent */
	assert_int_equal(redis_run(redis, &wrong, &keys, NULL, LONG, &reply), 0);
	assert_int_equal(redis_type(reply), REDIS_NIL);
	redis_reply_free(reply);
	tell("SET n nothing");
	assert_int_equal(redis_run(redis, &script, &keys, &arguments, LONG, &reply), 0);
	assert_int_equal(redis_integer(reply), 20);
	redis_reply_free(reply);
	redis_free(redis);
}

static void test_password(void **state)
{
	struct redis *redis;
	char why[REDIS_WORDS_MAX];

	(void)state;
	need_server("--requirepass", "a-good-one");
	redis = new_client(NULL, NULL);
	assert_int_equal(try(redis, "GET k"), -EACCES);
	check_down(redis, "wants a password");
	redis_free(redis);

	redis = new_client("nobody", "a-bad-one");
	assert_int_equal(try(redis, "GET k"), -EACCES);
	check_down(redis, "WRONGPASS");
	redis_trouble(redis, why);
	assert_null(strstr(why, "a-bad-one"));
	redis_free(redis);

	redis = new_client(NULL, "a-good-one");
	assert_int_equal(try(redis, "GET k"), 0);
	redis_free(redis);
}

/* An ACL that lacks a command, in a script too, keeps the server down until all are permitted: it
 * would come and go. */
static void test_forbidden(void **state)
{
	static struct redis_script script = {.text = "return redis.call('INCR', KEYS[1])"};
	struct redis_command keys = {0};
	struct redis_reply *reply;
	struct redis_line *line;
	struct redis *redis;
	bool fresh;

	(void)state;
	need_server(NULL, NULL);
	tell("ACL SETUSER some on >word ~* +@all -hgetall -incr");
	redis = new_client("some", "word");
	assert_int_equal(try(redis, "HGETALL k"), -EACCES);
	check_down(redis, "ACL");
	line = redis_line_new(redis);
	assert_int_equal(ask_line(line, "GET k", &fresh), -EACCES);
	check_down(redis, "ACL");
	tell("ACL SETUSER some +hgetall");
	assert_int_equal(ask_line(line, "GET k", &fresh), -EACCES);
	tell("ACL SETUSER some +incr");
	assert_int_equal(ask_line(line, "GET k", &fresh), 0);
	assert_int_equal(try(redis, "HGETALL k"), 0);
	redis_line_free(line);
	tell("ACL SETUSER some -incr");
	redis_free(redis);

	redis = new_client("some", "word");
	redis_add_text(&keys, "n");
	assert_int_equal(redis_run(redis, &script, &keys, NULL, LONG, &reply), -EACCES);
	check_down(redis, "ACL");
	redis_free(redis);
}

static void test_replica(void **state)
{
	struct redis_line *line;
	struct redis *redis;
	bool fresh;

	(void)state;
	need_server("--replicaof", "127.0.0.1 1");
	redis = new_client(NULL, NULL);
	line = redis_line_new(redis);
	assert_int_equal(try(redis, "SET k 1"), -EROFS);
	check_down(redis, "read-only replica");
	assert_int_equal(ask_line(line, "GET k", &fresh), -EROFS);
	assert_int_equal(try(redis, "GET k"), -EROFS);
	tell("REPLICAOF NO ONE");
	assert_int_equal(ask_line(line, "GET k", &fresh), 0);
	assert_true(fresh);
	assert_int_equal(try(redis, "SET k 1"), 0);
	redis_line_free(line);
	redis_free(redis);
}

static void test_full(void **state)
{
	static struct redis_script script = {.text = "return redis.call('SET', KEYS[1], '1')"};
	struct redis_command keys = {0};
	struct redis_reply *reply;
	struct redis_line *line;
	struct redis *redis;
	bool fresh;

	(void)state;
	need_server("--maxmemory", "100kb");
	redis = new_client(NULL, NULL);
	line = redis_line_new(redis);
	assert_int_equal(try(redis, "GET k"), 0);
	assert_int_equal(try(redis, "SET k 1"), -ENOSPC);
	check_down(redis, "maxmemory");
	assert_int_equal(ask_line(line, "GET k", &fresh), -ENOSPC);
	tell("CONFIG SET maxmemory 0");
	assert_int_equal(ask_line(line, "GET k", &fresh), 0);
	assert_true(redis_is_up(redis));
	tell("CONFIG SET maxmemory 100kb");
	redis_add_text(&keys, "k");
	assert_int_equal(redis_run(redis, &script, &keys, NULL, LONG, &reply), -ENOSPC);
	check_down(redis, "maxmemory");
	redis_line_free(line);
	redis_free(redis);
}

/* ---- connections ---- */

static void test_killed(void **state)
{
	struct redis_line *line;
	struct redis_reply *reply;
	struct redis_stats stats;
	struct redis *redis;
	bool fresh;

	(void)state;
	need_server(NULL, NULL);
	redis = new_client(NULL, NULL);
	line = redis_line_new(redis);
	assert_int_equal(try(redis, "SET k 1"), 0);
	assert_int_equal(ask_line(line, "GET k", &fresh), 0);
	assert_true(fresh);
	assert_int_equal(ask_line(line, "GET k", &fresh), 0);
	assert_false(fresh);

	/* the connections that are idle are found to be dead, and nobody notices */
	kill_server();
	run_server(NULL, NULL);
	assert_int_equal(ask(redis, "GET k", &reply), 0);
	assert_int_equal(redis_type(reply), REDIS_NIL);
	redis_reply_free(reply);
	assert_true(redis_is_up(redis));

	kill_server();
	assert_int_equal(try(redis, "GET k"), -ENOENT);
	check_down(redis, "No such file");
	assert_int_not_equal(ask_line(line, "GET k", &fresh), 0);
	assert_int_equal(ask_line(line, "GET k", &fresh), -ENOENT);
	run_server(NULL, NULL);
	/* none but the line tries */
	assert_int_equal(try(redis, "GET k"), -ENOENT);
	assert_int_equal(ask_line(line, "GET k", &fresh), 0);
	assert_true(fresh);
	assert_true(redis_is_up(redis));
	assert_int_equal(try(redis, "GET k"), 0);
	redis_stats(redis, &stats);
	assert_true(stats.connections >= 5);
	assert_true(stats.failures >= 3);
	redis_line_free(line);
	redis_free(redis);
}

static void test_stopped(void **state)
{
	struct redis_line *line;
	struct redis_reply *reply;
	struct redis_command get = command_of("GET k");
	struct redis *redis;
	bool fresh;

	(void)state;
	need_server(NULL, NULL);
	redis = new_client(NULL, NULL);
	line = redis_line_new(redis);
	assert_int_equal(try(redis, "GET k"), 0);
	kill(server.pid, SIGSTOP);
	/* a caller in a hurry says nothing of the server */
	assert_int_equal(redis_ask(redis, &get, 1, 20, &reply), -ETIMEDOUT);
	assert_true(redis_is_up(redis));
	assert_int_equal(redis_ask(redis, &get, 1, REDIS_DEADLINE, &reply), -ETIMEDOUT);
	check_down(redis, "does not reply");
	kill(server.pid, SIGCONT);
	assert_int_equal(ask_line(line, "GET k", &fresh), 0);
	assert_int_equal(try(redis, "GET k"), 0);
	redis_line_free(line);
	redis_free(redis);
}

/* A byte now and then, for ever. */
static void *dribble(void *arg)
{
	int listener = *(int *)arg, fd = accept(listener, NULL, NULL);

	(void)!write(fd, "$1000000\r\n", 10);
	while (write(fd, "x", 1) == 1)
		usleep(1000);
	close(fd);
	return NULL;
}

static void test_dribble(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct redis_command get = command_of("GET k");
	struct redis_reply *reply;
	struct redis *redis;
	pthread_t thread;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	if (!*server.folder)
		skip();
	kill_server();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", server.socket);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	pthread_create(&thread, NULL, dribble, &listener);
	redis = new_client(NULL, NULL);
	assert_int_equal(redis_ask(redis, &get, 1, 200, &reply), -ETIMEDOUT);
	assert_null(reply);
	redis_free(redis);
	pthread_join(thread, NULL);
	close(listener);
	unlink(server.socket);
}

static atomic_uint waiting;

static void *wait_long(void *arg)
{
	atomic_fetch_add(&waiting, 1);
	return (void *)(intptr_t)try(arg, "BLPOP none 0");
}

/* More callers than connections: all are woken. */
static void test_stop(void **state)
{
	pthread_t threads[80];
	struct redis *redis;
	struct redis_line *line;
	void *result;
	bool fresh;

	(void)state;
	need_server(NULL, NULL);
	redis = new_client(NULL, NULL);
	line = redis_line_new(redis);
	for (size_t i = 0; i < 80; i++)
		pthread_create(&threads[i], NULL, wait_long, redis);
	while (atomic_load(&waiting) < 80)
		usleep(1000);
	usleep(50000);
	redis_stop(redis);
	for (size_t i = 0; i < 80; i++) {
		pthread_join(threads[i], &result);
		assert_int_equal((intptr_t)result, -ECANCELED);
	}
	assert_int_equal(try(redis, "GET k"), -ECANCELED);
	assert_int_equal(ask_line(line, "GET k", &fresh), -ECANCELED);
	redis_line_free(line);
	redis_free(redis);
}

/* From some time on, calls under way and later ones fail, as if the server were stopped then. */
static void test_end_in(void **state)
{
	struct redis *redis;
	int64_t before;

	(void)state;
	need_server(NULL, NULL);
	redis = new_client(NULL, NULL);
	before = clock_milliseconds();
	redis_end_in(redis, 1000);
	assert_int_equal(try(redis, "SET k v"), 0);
	assert_false(redis_has_ended(redis));
	/* one that would last for all of REDIS_DEADLINE, and then time out */
	assert_int_equal(try(redis, "BLPOP none 0"), -ECANCELED);
	assert_true(clock_milliseconds() - before >= 1000);
	assert_true(redis_has_ended(redis) && redis_is_up(redis));
	assert_int_equal(try(redis, "GET k"), -ECANCELED);
	redis_stop(redis);
	redis_end_in(redis, 60000);
	assert_true(redis_has_ended(redis));
	assert_int_equal(try(redis, "GET k"), -ECANCELED);
	redis_free(redis);
}

static void *ask_often(void *arg)
{
	intptr_t error = 0;

	for (int i = 0; i < 10 && !error; i++)
		error = try(arg, "BLPOP none 0.01");
	return (void *)error;
}

static void test_crowd(void **state)
{
	pthread_t threads[100];
	struct redis_stats stats;
	struct redis *redis;
	void *result;

	(void)state;
	need_server(NULL, NULL);
	redis = new_client(NULL, NULL);
	for (size_t i = 0; i < 100; i++)
		pthread_create(&threads[i], NULL, ask_often, redis);
	for (size_t i = 0; i < 100; i++) {
		pthread_join(threads[i], &result);
		assert_int_equal((intptr_t)result, 0);
	}
	redis_stats(redis, &stats);
	assert_int_equal(stats.commands, 1000);
	assert_int_equal(stats.failures, 0);
	redis_free(redis);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_settings),  cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_replies),   cmocka_unit_test(test_large),
	    cmocka_unit_test(test_script),    cmocka_unit_test(test_password),
	    cmocka_unit_test(test_forbidden), cmocka_unit_test(test_replica),
	    cmocka_unit_test(test_full),      cmocka_unit_test(test_killed),
	    cmocka_unit_test(test_stopped),   cmocka_unit_test(test_dribble),
	    cmocka_unit_test(test_stop),      cmocka_unit_test(test_end_in),
	    cmocka_unit_test(test_crowd),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
