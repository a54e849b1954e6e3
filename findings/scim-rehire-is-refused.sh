#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A user that SCIM has deleted cannot be created again: 409, though no request shows who is in the way.
#
# Seen with: @better-auth/scim and better-auth 1.7.5 with better-sqlite3 12.11.1 (npm), node 20. Needs a C++
# compiler, python3 and the headers of node in /usr/include/node. The compilation takes half a minute.
#
# The guess: DELETE answers 204, a GET of the user 404, and filters on userName, email and externalId find
# nothing. So the email is free: a POST with it creates the user again when the person comes back. RFC 7644,
# 3.6, asks for that: the service provider must not consider the deleted resource in conflict calculation,
# as when a user is created with a userName that a deleted one had.
#
# What happens: the POST fails with 409 uniqueness, "A Better Auth User already uses this email". DELETE
# removes the record of SCIM; the account behind it stays, with its email. Only a user that had an externalId
# before the DELETE, and has the same one in the POST, is given back that account: 201. An externalId that
# comes only with the POST is too late. A client that takes 409 for "somebody made them meanwhile" and looks
# for the user by email finds nobody, and tries again for ever.
#
# What helps: send an externalId with each POST, and never the same one for two people. Deactivate
# (active: false) instead of deleting: that can be taken back. Take 409 after an empty filter as final.
#
# Source: better-auth, packages/scim: assertBetterAuthEmailAvailable, and scimIdentityTombstone, which is
# written only for a user with an externalId (dist/index.mjs of @better-auth/scim 1.7.5).
set -eu

work=$(mktemp -d)
server=
# shellcheck disable=SC2317  # called by the trap
clean()
{
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	wait
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM
cd "$work"
echo '{"private": true}' >package.json
{
	npm install --legacy-peer-deps --ignore-scripts --no-audit --no-fund --save-exact \
		@better-auth/scim@1.7.5 better-auth@1.7.5 better-sqlite3@12.11.1 &&
		CFLAGS=-O0 CXXFLAGS=-O0 npm_config_nodedir=/usr npm_config_build_from_source=true \
			npm rebuild better-sqlite3
} >npm.log 2>&1 || {
	tail -n 20 npm.log
	exit 1
}
cat >server.mjs <<'END'
import http from "node:http";
import Database from "better-sqlite3";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { scim } from "@better-auth/scim";

const [, , port] = process.argv;
const options = {
	baseURL: `http://127.0.0.1:${port}`,
	secret: "4f9a1c07e83b52d6f0a7c94e18d36b25",
	database: new Database(":memory:"),
	rateLimit: { enabled: false },
	telemetry: { enabled: false },
	plugins: [scim({ connections: [{ id: "finding",
		credentials: [{ type: "bearer", id: "key", token: "finding" }] }] })],
};
const { runMigrations } = await getMigrations(options);
await runMigrations();
http.createServer(toNodeHandler(betterAuth(options))).listen(Number(port), "127.0.0.1");
END
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
node server.mjs "$port" 2>server.log &
server=$!

url=http://127.0.0.1:$port/api/auth/scim/v2
# ask ARGUMENT...: the system's curl, unconfigured, past any proxy.
ask()
{
	curl -q -sS --noproxy '*' -m 60 -H 'Authorization: Bearer finding' -H 'Content-Type: application/scim+json' "$@"
}
ask --retry 60 --retry-delay 1 --retry-connrefused -o /dev/null "$url/ServiceProviderConfig" 2>/dev/null || {
	cat server.log
	exit 1
}
# member NAME: that of the record on stdin
member()
{
	python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"
}
# post NAME EXTERNALID: prints the status; the record or error is in the file `answer`
post()
{
	external=
	[ -z "$2" ] || external="\"externalId\": \"$2\","
	cat >body <<-END
		{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "$1@example.com",
		$external "emails": [{"value": "$1@example.com", "primary": true}]}
	END
	ask -o answer -w '%{http_code}' -d @body "$url/Users"
}
# found FILTER: how many users it finds
found()
{
	ask -G --data-urlencode "filter=$1" "$url/Users" | member totalResults
}
failed=0
# check NAME GOT WANTED
check()
{
	echo "  $1: $2"
	[ "$2" = "$3" ] || {
		echo "    CHANGED: expected '$3'"
		failed=1
	}
}
# rehire NAME BEFORE AFTER STATUS: create with the externalId BEFORE, delete, create with AFTER
rehire()
{
	check POST "$(post "$1" "$2")" 201
	id=$(member id <answer)
	check DELETE "$(ask -X DELETE -o /dev/null -w '%{http_code}' "$url/Users/$id")" 204
	check 'GET of the id' "$(ask -o /dev/null -w '%{http_code}' "$url/Users/$id")" 404
	check 'found by userName, email' "$(found "userName eq \"$1@example.com\""), $(found "emails.value eq \"$1@example.com\"")" '0, 0'
	check 'POST again' "$(post "$1" "$3")" "$4"
	[ "$4" = 201 ] || check 'its words' "$(member detail <answer)" 'A Better Auth User already uses this email'
}
node --version
echo 'without externalId'
rehire ada '' '' 409
echo 'externalId only in the second POST'
rehire ben '' hr-2 409
echo 'the same externalId in both'
rehire eva hr-3 hr-3 201
exit $failed
