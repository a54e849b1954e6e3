/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connection.c - see connection.h.
 *
 * hiredis makes and reads what is on the wire. It never waits: its timeout is one for each read, so
 * that a server that sends a byte now and then could hold a call for ever.
 */
#include "cache/redis/connection.h"

#include "cache/redis/dial.h"
#include "cache/redis/ready.h"
#include "cache/redis/tls.h"
#include "cache/redis/verdict.h"
#include "vendors/base/clock.h"
#include "vendors/base/one_line.h"
#include "vendors/base/vault.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TLS_PAUSE                                                                                  \
	5 /* milliseconds until TLS that waits for the other side tries to write again             \
	   */

struct connection {
	redisContext *context;
	int stop_fd;
	bool tls;
};

/* Put what is known of ERROR into WORDS. Returns ERROR. */
static int connection_explain(int error, const char *why, char words[REDIS_WORDS_MAX])
{
	snprintf(words, REDIS_WORDS_MAX, "%s", why && *why ? why : strerror(-error));
	one_line(words, ' ');
	return error;
}

/* Return the error of CONTEXT, which hiredis has set. */
static int context_error(const redisContext *context, char words[REDIS_WORDS_MAX])
{
	int error = errno;

	if (context->err == REDIS_ERR_EOF)
		return connection_explain(-ECONNRESET, "it has closed the connection", words);
	if (context->err == REDIS_ERR_OOM)
		return connection_explain(-ENOMEM, NULL, words);
	if (context->err == REDIS_ERR_IO)
		return connection_explain(error ? -error : -EIO, context->errstr, words);
	snprintf(words, REDIS_WORDS_MAX, "it does not speak the protocol of Redis (%s)",
		 context->errstr);
	one_line(words, ' ');
	return -EPROTO;
}

void connection_close(struct connection *connection)
{
	if (!connection)
		return;
	if (connection->context)
		redisFree(connection->context);
	free(connection);
}

bool connection_is_alive(const struct connection *connection)
{
	struct pollfd fd = {.fd = connection->context->fd, .events = POLLIN};

	return poll(&fd, 1, 0) == 0;
}

/* Take the replies that have come, from number *TAKEN of COUNT on. */
static int connection_take(redisContext *context, size_t count, struct redis_reply **replies,
			   size_t *taken)
{
	void *reply = NULL;

	while (*taken < count) {
		if (redisGetReplyFromReader(context, &reply) != REDIS_OK)
			return -1;
		if (!reply)
			break;
		replies[(*taken)++] = reply;
	}
	return 0;
}

/* Write what is left, and read until all COUNT replies have come. */
static int connection_talk(struct connection *connection, size_t count, int64_t deadline,
			   struct redis_reply **replies, size_t *taken, char words[REDIS_WORDS_MAX])
{
	redisContext *context = connection->context;
	bool stuck;
	int written = 0, error;

	while (*taken < count) {
		errno = 0;
		if (!written && redisBufferWrite(context, &written) != REDIS_OK)
			return context_error(context, words);
		/* TLS may have to read before it can write */
		stuck = !written && connection->tls;
		error = ready_wait(context->fd,
				   (short)(written || stuck ? POLLIN : POLLIN | POLLOUT),
				   connection->stop_fd,
				   stuck ? clock_sooner(deadline, clock_milliseconds() + TLS_PAUSE)
					 : deadline);
		if (error == -ETIMEDOUT && stuck && clock_milliseconds() < deadline)
			continue;
		if (error)
			return connection_explain(error,
						  error == -ETIMEDOUT ? "it does not reply" : NULL,
						  words);
		errno = 0;
		if (redisBufferRead(context) != REDIS_OK ||
		    connection_take(context, count, replies, taken))
			return context_error(context, words);
		/* as much as it likes to send, and as slowly */
		if (*taken < count && clock_milliseconds() >= deadline)
			return connection_explain(-ETIMEDOUT, "it does not reply in time", words);
	}
	return 0;
}

int connection_ask(struct connection *connection, const struct wire *wires, size_t count,
		   int64_t deadline, struct redis_reply **replies, char words[REDIS_WORDS_MAX])
{
	size_t i, taken = 0;
	int error = 0;

	memset(replies, 0, count * sizeof(struct redis_reply *));
	for (i = 0; i < count; i++)
		if (redisAppendCommandArgv(connection->context, (int)wires[i].count,
					   (const char **)(uintptr_t)wires[i].parts,
					   wires[i].lengths) != REDIS_OK)
			return connection_explain(-ENOMEM, NULL, words);
	error = connection_talk(connection, count, deadline, replies, &taken, words);
	if (!error)
		return 0;
	for (i = 0; i < taken; i++) {
		redis_reply_free(replies[i]);
		replies[i] = NULL;
	}
	return error;
}

/* Return 0 if REPLY, to a command of signing in, is a success. ERROR is what a refusal is. */
static int connection_judge(const struct redis_reply *reply, int error, char words[REDIS_WORDS_MAX])
{
	int result = verdict_of(reply, words);

	if (!result && redis_type(reply) == REDIS_REFUSAL)
		result = connection_explain(error, redis_text(reply, NULL), words);
	return result;
}

/* Send a command of signing in, which must succeed. ERROR is what its refusal is. */
static int connection_demand(struct connection *connection, struct redis_command *command,
			     int64_t deadline, int error, char words[REDIS_WORDS_MAX])
{
	const struct wire wire = {command->count, command->parts, command->lengths};
	struct redis_reply *reply;
	int result = connection_ask(connection, &wire, 1, deadline, &reply, words);

	if (result)
		return result;
	result = connection_judge(reply, error, words);
	redis_reply_free(reply);
	return result;
}

/* Write the LENGTH bytes of TEXT, which hiredis would leave in memory, to a socket without TLS. */
static int connection_write(const struct connection *connection, const char *text, size_t length,
			    int64_t deadline, char words[REDIS_WORDS_MAX])
{
	int fd = connection->context->fd;

	while (length) {
		ssize_t count = send(fd, text, length, MSG_NOSIGNAL);
		int error = 0;

		if (count > 0) {
			text += count;
			length -= (size_t)count;
			continue;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			error = ready_wait(fd, POLLOUT, connection->stop_fd, deadline);
		else if (errno != EINTR)
			error = -errno;
		if (error)
			return connection_explain(error, NULL, words);
	}
	return 0;
}

/* As connection_demand, of AUTH with a password, without TLS. */
static int connection_prove(struct connection *connection, const struct redis_settings *settings,
			    int64_t deadline, char words[REDIS_WORDS_MAX])
{
	const char *user = settings->user, *password = settings->password;
	char user_length[32], length[32], *text;
	struct redis_reply *reply = NULL;
	size_t taken = 0;
	int error;

	(void)snprintf(user_length, sizeof(user_length), "%zu", user ? strlen(user) : 0);
	(void)snprintf(length, sizeof(length), "%zu", strlen(password));
	text = user ? vault_join("*3\r\n$4\r\nAUTH\r\n$", user_length, "\r\n", user, "\r\n$",
				 length, "\r\n", password, "\r\n")
		    : vault_join("*2\r\n$4\r\nAUTH\r\n$", length, "\r\n", password, "\r\n");

	if (!text)
		return connection_explain(-ENOMEM, NULL, words);
	error = connection_write(connection, text, strlen(text), deadline, words);
	vault_free(text);
	if (!error)
		error = connection_talk(connection, 1, deadline, &reply, &taken, words);
	if (!error)
		error = connection_judge(reply, -EACCES, words);
	redis_reply_free(reply);
	return error;
}

static int connection_sign_in(struct connection *connection, const struct redis_settings *settings,
			      int64_t deadline, char words[REDIS_WORDS_MAX])
{
	struct redis_command auth = {0}, select = {0};
	int error = 0;

	if (settings->password && !connection->tls) {
		error = connection_prove(connection, settings, deadline, words);
	} else if (settings->password) {
		redis_add_text(&auth, "AUTH");
		if (settings->user)
			redis_add_text(&auth, settings->user);
		redis_add_text(&auth, settings->password);
		error = connection_demand(connection, &auth, deadline, -EACCES, words);
	}
	if (!error && settings->database) {
		redis_add_text(&select, "SELECT");
		redis_add_number(&select, settings->database);
		error = connection_demand(connection, &select, deadline, -EINVAL, words);
	}
	return error;
}

int connection_open(const struct redis_settings *settings, int stop_fd, int64_t deadline,
		    struct connection **connection, char words[REDIS_WORDS_MAX])
{
	struct connection *made = calloc(1, sizeof(*made));
	const char *why = NULL;
	int fd, error;

	*connection = NULL;
	if (!made)
		return connection_explain(-ENOMEM, NULL, words);
	fd = dial(settings, stop_fd, deadline, &why);
	if (fd < 0) {
		free(made);
		return connection_explain(fd,
					  why                ? why
					  : fd == -ETIMEDOUT ? "it does not answer"
							     : NULL,
					  words);
	}
	made->stop_fd = stop_fd;
	made->tls = settings->tls;
	made->context = redisConnectFd(fd);
	if (!made->context || made->context->err) {
		if (!made->context)
			close(fd);
		connection_close(made);
		return connection_explain(-ENOMEM, NULL, words);
	}
	/* what is given to redisConnectFd is taken for a socket that blocks */
	made->context->flags &= ~REDIS_BLOCK;
	error = settings->tls ? tls_start(made->context, settings, words) : 0;
	if (!error)
		error = connection_sign_in(made, settings, deadline, words);
	if (error) {
		connection_close(made);
		return error;
	}
	*connection = made;
	return 0;
}
