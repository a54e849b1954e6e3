#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hiredis: a command may take far longer than the timeout of its connection, without an error.
#
# Seen with: hiredis 0.14.1 (Debian libhiredis0.14 and libhiredis-dev 0.14.1-3).
#
# The guess: redisSetTimeout, or redisConnectWithTimeout, with one second bounds redisCommand to about
# one second: a thread that may be held up for one second can use it.
#
# What happens: the time is set as SO_RCVTIMEO and SO_SNDTIMEO, and so it is one for each read(2) and
# write(2). redisGetReply reads until the reply is complete, and each byte that arrives begins the
# second anew. A server that is slow or is being throttled, a proxy that trickles, or a reply that
# fills a thin line holds the caller up for as long as it likes, and redisCommand returns a good
# reply. Nothing in the context tells that the timeout was exceeded.
#
# What helps: a non-blocking context (redisConnectNonBlock), poll(2) with what is left of a deadline,
# redisBufferRead and redisGetReplyFromReader.
#
# Source: hiredis 0.14.1, net.c: redisContextSetTimeout; hiredis.c: redisGetReply loops over
# redisBufferRead.
set -eu

version=0.14.1-3
work=$(mktemp -d)
server=
# shellcheck disable=SC2317  # called by the trap
clean()
{
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM
mkdir "$work/deb" "$work/root"
chmod 755 "$work" "$work/deb"
(cd "$work/deb" && apt-get -qq download libhiredis0.14=$version libhiredis-dev=$version 2>../apt.log) || {
	cat "$work/apt.log"
	exit 1
}
for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/root"; done
lib=$(dirname "$(find "$work/root" -name libhiredis.so)")

# Answers each PING with one valid reply, a byte each half second.
cat >"$work/server.py" <<'END_OF_SERVER'
import socket
import time

with socket.create_server(("127.0.0.1", 0)) as listening:
    print(listening.getsockname()[1], flush=True)
    while True:
        client, _ = listening.accept()
        with client:
            while client.recv(4096):
                for byte in b"+PONG\r\n":
                    time.sleep(0.5)
                    client.sendall(bytes([byte]))
END_OF_SERVER
cat >"$work/ping.c" <<'END_OF_PING'
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	const struct timeval second = {1, 0};
	struct timespec before, after;
	redisContext *context;
	redisReply *reply;
	double took;

	if (argc < 2)
		return 2;
	context = redisConnectWithTimeout("127.0.0.1", atoi(argv[1]), second);
	if (!context || context->err || redisSetTimeout(context, second) != REDIS_OK)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &before);
	reply = redisCommand(context, "PING");
	clock_gettime(CLOCK_MONOTONIC, &after);
	took = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
	printf("timeout: 1 s; reply: %s; error: %d; took %s\n", reply ? reply->str : "none",
	       context->err, took > 3 ? "more than 3 s" : "3 s at most");
	freeReplyObject(reply);
	redisFree(context);
	return 0;
}
END_OF_PING
cc -I"$work/root/usr/include" "$work/ping.c" -L"$lib" -lhiredis -o "$work/ping"
python3 "$work/server.py" >"$work/port" &
server=$!
while [ ! -s "$work/port" ]; do sleep 0.1; done
LD_LIBRARY_PATH=$lib "$work/ping" "$(cat "$work/port")" >"$work/seen"
cat "$work/seen"
[ "$(cat "$work/seen")" = 'timeout: 1 s; reply: PONG; error: 0; took more than 3 s' ] || {
	echo 'CHANGED: this is not what the head of this script says'
	exit 1
}
