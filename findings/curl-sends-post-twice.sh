#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# curl sends a POST twice without being asked to retry, and reports one success.
#
# Seen with: curl and libcurl 7.88.1 (Debian curl 7.88.1-10+deb12u15).
#
# The guess: curl retries only with --retry, and a library never repeats what is not idempotent: if
# the server takes a POST and closes the connection without a response, that is error 52 (empty
# reply), and the caller decides whether to send it again. RFC 9110, 9.2.2, asks for that: a client
# should not repeat such a request automatically, unless it knows that it was not applied.
#
# What happens: so it is on a new connection. But if the same POST went out on a connection that
# was kept from an earlier request, libcurl takes the closing for an old idle connection, opens a new
# one and sends the POST again, also if the server had read all of the body. The caller sees status
# 200, exit code 0, and one new connection; nothing counts the second request: two users are made
# where one was asked for. --retry 0 changes nothing. A server that dies in the middle of a request,
# or a proxy that is restarted, is enough. What helps: never send such a request on a kept connection
# (CURLOPT_FRESH_CONNECT; for the tool, a command of its own), or a key by which the server knows
# the second one.
#
# It is the callback CURLOPT_PREREQFUNCTION that runs once for each sending; its manual page says
# that it may run more than once only if redirections are followed.
#
# Source: curl 7.88.1, lib/transfer.c, Curl_retry_request; the missing option to forbid it is asked
# for in pull request 18417 of curl/curl.
set -eu

version=7.88.1-10+deb12u15
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
(cd "$work/deb" && apt-get -qq download curl=$version libcurl4=$version \
	libcurl4-openssl-dev=$version 2>../apt.log) || {
	cat "$work/apt.log"
	exit 1
}
for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/root"; done
lib=$(dirname "$(find "$work/root" -name libcurl.so.4)")

# Reads each request to its end. Answers GET; takes POST, and answers it only the second time: the
# first time it closes the connection.
cat >"$work/server.py" <<'END'
import http.server
import sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    posts = 0

    def answer(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.answer()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        Handler.posts += 1
        with open(sys.argv[1] + "/posts", "a") as file:
            file.write(body + "\n")
        if Handler.posts % 2:
            self.close_connection = True
        else:
            self.answer()

    def log_message(self, *args):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + "/port", "w") as file:
    file.write(str(server.server_address[1]) + "\n")
server.serve_forever()
END

cat >"$work/prereq.c" <<'END'
#include <curl/curl.h>
#include <stdio.h>

static int count(void *times, char *ip, char *local, int port, int local_port)
{
	(void)ip, (void)local, (void)port, (void)local_port;
	++*(int *)times;
	return CURL_PREREQFUNC_OK;
}

/* prereq URL: a GET, then a POST. */
int main(int argc, char **argv)
{
	CURL *curl = curl_easy_init();
	int times = 0;

	if (argc != 2 || !curl)
		return 2;
	curl_easy_setopt(curl, CURLOPT_URL, argv[1]);
	if (curl_easy_perform(curl))
		return 2;
	curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, count);
	curl_easy_setopt(curl, CURLOPT_PREREQDATA, &times);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "library");
	printf("result %d", curl_easy_perform(curl));
	printf(", callback ran %d times\n", times);
	curl_easy_cleanup(curl);
	return 0;
}
END
cc -Wall -I"$(dirname "$(dirname "$(find "$work/root" -name curl.h)")")" -o "$work/prereq" \
	"$work/prereq.c" "$lib/libcurl.so.4"
export LD_LIBRARY_PATH="$lib"

LD_LIBRARY_PATH='' python3 "$work/server.py" "$work" &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -s "$work/port" ] || sleep 1; done
url=http://127.0.0.1:$(cat "$work/port")/users

failed=0
# expect WHAT WANTED GOT
expect()
{
	echo "  $1: $3"
	[ "$2" = "$3" ] || {
		echo "    CHANGED: expected '$2'"
		failed=1
	}
}
# posts BODY: how many came.
posts()
{
	grep -cx "$1" "$work/posts" || true
}
# curl_it ARGUMENT...: the pinned curl, unconfigured, past any proxy; prints its exit code too.
curl_it()
{
	"$(find "$work/root" -path '*/bin/curl')" -q -sS --noproxy '*' -m 60 "$@" 2>>"$work/errors" &&
		echo 'exit 0' || echo "exit $?"
}

"$(find "$work/root" -path '*/bin/curl')" -q -V | head -n 1
expect 'POST on a new connection' 'status 000, exit 52' \
	"$(curl_it --retry 0 -d new -w 'status %{http_code}, ' "$url")"
expect 'requests the server took' 1 "$(posts new)"
curl_it -d again "$url" >/dev/null # the next POST is again one that it does not answer
expect 'POST on a kept connection' 'status 200, connections 1, exit 0' \
	"$(curl_it "$url" --next -q -sS --noproxy '*' -m 60 --retry 0 -d kept \
		-w 'status %{http_code}, connections %{num_connects}, ' "$url")"
expect 'requests the server took' 2 "$(posts kept)"
expect 'the same in libcurl' 'result 0, callback ran 2 times' \
	"$(no_proxy='*' timeout 60 "$work/prereq" "$url")"
expect 'requests the server took' 2 "$(posts library)"
exit $failed
