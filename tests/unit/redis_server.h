/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_server.h - a redis-server of a test's own, on a socket in a folder of its own.
 */
#ifndef ROSTERFS_TEST_REDIS_SERVER_H
#define ROSTERFS_TEST_REDIS_SERVER_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct redis_server {
	char folder[64];
	char socket[96];
	char url[112];
	pid_t pid;
};

/* Return true if this machine has redis-server or valkey-server. */
static inline bool redis_server_exists(void)
{
	return system(
		   "command -v redis-server >/dev/null || command -v valkey-server >/dev/null") ==
	       0;
}

static inline bool redis_server_answers(const struct redis_server *server)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answers;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", server->socket);
	answers = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return answers;
}

/* Start SERVER, whose folder exists, and wait until it answers. */
static inline bool redis_server_run(struct redis_server *server)
{
	server->pid = fork();
	if (server->pid == 0) {
		int null = open("/dev/null", O_RDWR);
		char *words[] = {NULL,           "--port",       "0",
				 "--unixsocket", server->socket, "--dir",
				 server->folder, "--save",       "",
				 "--appendonly", "no",           NULL};

		dup2(null, 0);
		dup2(null, 1);
		words[0] = "redis-server";
		execvp(words[0], words);
		words[0] = "valkey-server";
		execvp(words[0], words);
		_exit(127);
	}
	for (int i = 0; i < 1000; i++) {
		if (redis_server_answers(server))
			return true;
		usleep(10000);
	}
	return false;
}

static inline bool redis_server_start(struct redis_server *server)
{
	strcpy(server->folder, "/tmp/rosterfs-redis-XXXXXX");
	if (!mkdtemp(server->folder))
		return false;
	snprintf(server->socket, sizeof(server->socket), "%s/s", server->folder);
	snprintf(server->url, sizeof(server->url), "unix:%s", server->socket);
	return redis_server_run(server);
}

/* Kill SERVER; what it knew is gone. */
static inline void redis_server_kill(struct redis_server *server)
{
	if (server->pid > 0) {
		kill(server->pid, SIGKILL);
		waitpid(server->pid, NULL, 0);
	}
	server->pid = 0;
	unlink(server->socket);
}

static inline void redis_server_end(struct redis_server *server)
{
	redis_server_kill(server);
	rmdir(server->folder);
}

#endif
