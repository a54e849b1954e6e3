#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who reads with compression can never write: If-Match fails with 412, however often it reads anew.
#
# Seen with: Apache httpd 2.4.71 (Debian apache2-bin 2.4.71-1~deb12u1), nginx 1.22.1 (Debian nginx
# 1.22.1-9+deb12u11), asked by the system's curl. Needs root: both servers run as www-data.
#
# The guess: 412 to a PUT means that somebody else changed the document; read it again, repeat the
# edit, and it goes through. And whether the body of the GET was compressed is the transport's
# business: an ETag that a server gives out is one that it takes back.
#
# What happens: a client library that asks for gzip (most do unasked; curl does with --compressed)
# gets another ETag than the one the document has. mod_deflate writes "...-gzip", and nothing on the
# way in takes that off: mod_dav compares it with the bare one and refuses, also if the PUT itself
# names gzip. nginx that compresses for a server behind it makes the ETag weak, W/"...", passes it
# on as it came, and the server must refuse it: If-Match compares strongly (RFC 9110, 13.1.1). So a
# loop of read, edit and write with nobody else there never ends, while the same requests typed with
# plain curl work. What is known is the other half, that a reader gets no 304 from Apache; with nginx
# it does get its 304 (weak comparison), so that tests of reading find nothing.
#
# What helps: ask for "Accept-Encoding: identity" with each GET whose ETag is to go into If-Match.
# On the server: DeflateAlterETag NoChange; nginx has no such setting, only gzip off.
#
# Source: httpd, manual of mod_deflate, DeflateAlterETag (since 2.4.58; of AddSuffix, the default, it
# says that it prevents 304, and nothing of writes), bugs 39727 and 45023, and
# modules/filters/mod_deflate.c (deflate_check_etag); nginx,
# src/http/modules/ngx_http_gzip_filter_module.c (it calls ngx_http_weak_etag).
set -eu

work=$(mktemp -d)
servers=
# shellcheck disable=SC2317  # called by the trap
clean()
{
	for pid in $servers; do kill "$pid" 2>/dev/null || true; done
	wait
	rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' INT TERM
mkdir "$work/deb" "$work/root" "$work/www" "$work/tmp"
chmod 755 "$work" "$work/deb"
(cd "$work/deb" && apt-get -qq download apache2-bin=2.4.71-1~deb12u1 libapr1=1.7.2-3+deb12u1 \
	libaprutil1=1.6.3-1+deb12u1 liblua5.3-0=5.3.6-2 nginx=1.22.1-9+deb12u11 2>../apt.log) || {
	cat "$work/apt.log"
	exit 1
}
for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/root"; done
LD_LIBRARY_PATH=$(dirname "$(find "$work/root" -name libapr-1.so.0)")
export LD_LIBRARY_PATH
chown www-data "$work/www" "$work/tmp"

# Four ports that are free.
python3 - >"$work/ports" <<'END'
import socket
sockets = [socket.socket() for _ in range(4)]
for s in sockets:
    s.bind(("127.0.0.1", 0))
    print(s.getsockname()[1])
END
{ read -r plain; read -r deflate; read -r unchanged; read -r proxy; } <"$work/ports"

cat >"$work/apache.conf" <<END
ServerRoot $work
ServerName localhost
PidFile $work/apache.pid
ErrorLog $work/apache.log
User www-data
Group www-data
Mutex file:$work/tmp
Listen 127.0.0.1:$plain
Listen 127.0.0.1:$deflate
Listen 127.0.0.1:$unchanged
$(for module in mpm_event authz_core filter deflate mime dav dav_fs dav_lock; do
	echo "LoadModule ${module}_module $work/root/usr/lib/apache2/modules/mod_$module.so"
done)
TypesConfig $work/types
DavLockDB $work/tmp/lock
DocumentRoot $work/www
<Location />
	Dav On
</Location>
<VirtualHost 127.0.0.1:$plain>
</VirtualHost>
<VirtualHost 127.0.0.1:$deflate>
	SetOutputFilter DEFLATE
</VirtualHost>
<VirtualHost 127.0.0.1:$unchanged>
	SetOutputFilter DEFLATE
	DeflateAlterETag NoChange
</VirtualHost>
END
echo 'application/json json' >"$work/types"
cat >"$work/nginx.conf" <<END
daemon off;
user www-data;
worker_processes 1;
pid $work/nginx.pid;
error_log $work/nginx.log;
events {}
http {
	access_log off;
	client_body_temp_path $work/tmp/body;
	proxy_temp_path $work/tmp/proxy;
	fastcgi_temp_path $work/tmp/fastcgi;
	uwsgi_temp_path $work/tmp/uwsgi;
	scgi_temp_path $work/tmp/scgi;
	gzip on;
	gzip_proxied any;
	gzip_types application/json;
	server {
		listen 127.0.0.1:$proxy;
		location / { proxy_pass http://127.0.0.1:$plain; }
	}
}
END
"$work/root/usr/sbin/apache2" -f "$work/apache.conf" -DFOREGROUND &
servers=$!
"$work/root/usr/sbin/nginx" -c "$work/nginx.conf" -e "$work/nginx.log" &
servers="$servers $!"

# ask ARGUMENT...: the system's curl, unconfigured, past any proxy.
ask()
{
	LD_LIBRARY_PATH='' curl -q -sS --noproxy '*' -m 30 "$@"
}
for port in $plain $deflate $unchanged $proxy; do
	ask --retry 20 --retry-delay 1 --retry-connrefused -o /dev/null "http://127.0.0.1:$port/" \
		2>/dev/null || true
done

failed=0
# edit PORT ENCODING: read with ENCODING, write with the ETag, and read anew once if refused.
# Prints how the ETag differs from the document's own, and the statuses.
edit()
{
	url=http://127.0.0.1:$1/user.json
	for _ in 1 2; do
		etag=$(ask -o /dev/null -D - -H "Accept-Encoding: $2" "$url" | tr -d '\r' |
			sed -n 's/^ETag: //ip')
		not_modified=$(ask -o /dev/null -w '%{http_code}' -H "Accept-Encoding: $2" \
			-H "If-None-Match: $etag" "$url")
		status=$(ask -o /dev/null -w '%{http_code}' -T "$work/edited" -H "Accept-Encoding: $2" \
			-H "If-Match: $etag" "$url")
		printf '%s, re-read %s, PUT %s; ' "$(echo "$etag" | sed 's/[0-9a-f]\{3,\}-[0-9a-f]*/x/')" \
			"$not_modified" "$status"
		[ "$status" = 412 ] || break
	done
}
# try NAME PORT ENCODING WANTED
try()
{
	# of an hour ago: httpd makes the ETag of what has only just changed weak
	seq 500 | sed 's/.*/{ "name": "user &" }/' >"$work/www/user.json"
	echo '{ "name": "edited" }' >"$work/edited"
	touch -d '1 hour ago' "$work/www/user.json"
	chown www-data "$work/www/user.json"
	got=$(edit "$2" "$3")
	echo "  $1, $3: $got"
	[ "$got" = "$4" ] || {
		echo "    CHANGED: expected '$4'"
		failed=1
	}
}

"$work/root/usr/sbin/apache2" -v | head -n 1
"$work/root/usr/sbin/nginx" -v 2>&1
try 'mod_dav, mod_deflate' "$deflate" identity '"x", re-read 304, PUT 204; '
try 'mod_dav, mod_deflate' "$deflate" gzip \
	'"x-gzip", re-read 200, PUT 412; "x-gzip", re-read 200, PUT 412; '
try 'the same, DeflateAlterETag NoChange' "$unchanged" gzip '"x", re-read 304, PUT 204; '
try 'mod_dav behind nginx' "$proxy" identity '"x", re-read 304, PUT 204; '
try 'mod_dav behind nginx' "$proxy" gzip \
	'W/"x", re-read 304, PUT 412; W/"x", re-read 304, PUT 412; '
exit $failed
