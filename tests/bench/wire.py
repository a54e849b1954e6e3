# SPDX-License-Identifier: Apache-2.0
"""What the wire costs: a vendor that takes 50 ms for each answer, and what waits meanwhile.

The yardstick is curl on the same pages, or the ideal: rounds of requests, times the latency.
"""

import contextlib
import math
import os
import shutil
import socket
import statistics
import time

import process
import systems
from figures import keys_file
from process import Broken
from system import Hang, wait_until

LATENCY = 50
CHANGES = 1000
WRITERS = 16
CROWD = 100
SLOW = 300

NGINX = """
daemon off; master_process off; worker_processes 1;
pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    proxy_buffers 32 16k; proxy_busy_buffers_size 64k; proxy_buffer_size 16k;
    upstream sandbox {{ server {address}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
        keepalive_requests 1000000;
        location / {{
            proxy_pass http://sandbox; proxy_http_version 1.1; proxy_set_header Connection "";
        }}
    }}
}}
"""


class Nginx:
    """HTTP/2 with TLS in front of a sandbox."""

    def __init__(self, folder, box):
        self.folder = folder / "nginx"
        self.folder.mkdir()
        self.certificate = self.folder / "cert.pem"
        process.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                     "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=rosterfs-bench",
                     "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.folder / "key.pem",
                     "-out", self.certificate], env={**process.ENV, "HOME": str(self.folder)})
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        config = self.folder / "nginx.conf"
        config.write_text(NGINX.format(folder=self.folder, port=port, address="%s:%d" % box.address))
        self.url = f"https://127.0.0.1:{port}"
        self.process = process.start(["setpriv", "--pdeathsig", "TERM", "--", "nginx", "-c", config,
                                      "-p", self.folder, "-e", self.folder / "nginx.log"])

        def listens():
            if self.process.poll() is not None:
                raise Broken("nginx ended: " + (self.folder / "nginx.log").read_text())
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True
            return False
        wait_until(listens, 10, "nginx")

    def close(self):
        process.end_group(self.process)


def check_names(file, users):
    found = process.count_names(file)
    if found != 2 * users:
        raise Broken(f"ls shows {found} names of {2 * users}")


def judged(users, most):
    """A short walk has too few rounds, and too few samples beside it, to be judged."""
    return most if users >= 10000 else None


def curl(box, file, pages):
    """Seconds that curl takes for the pages."""
    before = box.counts()["total"]
    took = process.run(["curl", "-K", file])
    if box.counts()["total"] - before != pages:
        raise Broken(f"curl sent {box.counts()['total'] - before} requests for {pages} pages")
    return took


def pages_file(box, folder, url, parallel, more=()):
    pages = -(-box.users // 100)
    return keys_file(box, folder / f"curl-{parallel}.conf", [
        "parallel", f"parallel-max = {parallel}", 'output = "/dev/null"', *more,
        f'url = "{url}/user?page=[1-{pages}]&count=100"'])


def turns(number, first, second):
    """The two in the order of round NUMBER."""
    return (first, second) if number % 2 else (second, first)


def list_cold(roster, folder, users, took, asked):
    """A cold `ls -f`, fetch included: its seconds, and what it asked of kernel and vendor."""
    roster.start()
    fuse, http = roster.fuse(), roster.http()
    took.append(process.run(["ls", "-f"], roster.path, folder / "list"))
    check_names(folder / "list", users)
    asked.append(told(roster, fuse, http))
    roster.stop()


def told(roster, fuse, http):
    """The requests since the counts were FUSE and HTTP."""
    words = f"HTTP {roster.http() - http}"
    return words if fuse is None else f"{words}, FUSE {roster.fuse() - fuse}"


def listing(bench, users):
    """Cold `ls` over eight connections, against curl."""
    name = f"wire: cold ls of {users:,} users, {LATENCY} ms, parallel 8"
    if not bench.wanted(name):
        return
    folder = bench.folder("listing")
    box = bench.sandbox(folder / "sandbox", users=users, vendors="partnerize", latency=LATENCY)
    pages = -(-users // 100)
    file = pages_file(box, folder, box.url, 8)
    roster = bench.keep(systems.Rosterfs(folder, box, bench.env, {"parallel": 8}))
    ours, theirs, asked = [], [], []

    def by_curl():
        theirs.append(curl(box, file, pages))
    for number in range(2 if users > 10000 else 5):
        for part in turns(number, by_curl, lambda: list_cold(roster, folder, users, ours, asked)):
            part()
    bench.figure("wire", name, statistics.median(ours), "s", statistics.median(theirs), "curl",
                 judged(users, 1.1), asked[-1])
    bench.figure("wire", f"wire: the same against the ideal of {pages} pages", statistics.median(ours),
                 "s", math.ceil(pages / 8) * LATENCY / 1000, "ideal")


def http2(bench, users):
    """Cold `ls` over HTTP/2, 32 at a time, against the ideal; what curl makes of it stands beside."""
    name = f"wire: cold ls, HTTP/2, {LATENCY} ms, parallel 32"
    if not bench.wanted(name):
        return
    if not shutil.which("nginx", path=process.ENV["PATH"]):
        bench.note("HTTP/2 was not measured: nginx is not installed")
        return
    folder = bench.folder("http2")
    box = bench.sandbox(folder / "sandbox", users=users, vendors="partnerize", latency=LATENCY)
    nginx = bench.keep(Nginx(folder, box))
    pages = -(-users // 100)
    ideal = math.ceil(pages / 32) * LATENCY / 1000
    file = pages_file(box, folder, nginx.url, 32, ["http2", f'cacert = "{nginx.certificate}"'])
    # whom to trust comes from the environment, as with most programs that use OpenSSL
    env = {**bench.env, "SSL_CERT_FILE": str(nginx.certificate)}
    roster = bench.keep(systems.Rosterfs(folder, box, env, {"base_url": nginx.url, "parallel": 32}))
    ours, theirs, asked = [], [], []

    def by_curl():
        theirs.append(curl(box, file, pages))
    for number in range(3):
        for part in turns(number, by_curl, lambda: list_cold(roster, folder, users, ours, asked)):
            part()
    bench.figure("wire", name, statistics.median(ours), "s", ideal, "ideal", judged(users, 1.2),
                 asked[-1])
    bench.figure("wire", "wire: the same pages by curl --http2", statistics.median(theirs), "s", ideal,
                 "ideal", requests=f"HTTP {pages}")


def changes(bench, users):
    """Deactivations side by side: each is a GET and a PUT."""
    number = min(CHANGES, users // 2)
    name = f"wire: {number:,} deactivations, xargs -P{WRITERS}"
    if not bench.wanted(name):
        return
    folder = bench.folder("changes")
    box = bench.sandbox(folder / "sandbox", users=min(users, 2 * CHANGES), vendors="partnerize",
                        latency=LATENCY)
    roster = bench.keep(systems.Rosterfs(folder, box, bench.env, {"parallel": WRITERS},
                                         {"status_limit": 0}))
    roster.start()
    roster.fetch()
    os.readlink(roster.path / "self")
    users = box.control("GET", "users")
    chosen = [user["user_id"] for user in users if user["status"] == "active"][10:10 + number]
    names = folder / "names"
    names.write_text("".join(f"{ident}.status\n" for ident in chosen))
    fuse, http = roster.fuse(), roster.http()
    took = process.run(["xargs", "-a", names, f"-P{WRITERS}", "-n1", "sh", "-c", 'echo inactive >"$0"'],
                       roster.path)
    asked = told(roster, fuse, http)
    now = {user["user_id"]: user["status"] for user in box.control("GET", "users")}
    if any(now[ident] != "inactive" for ident in chosen):
        raise Broken("not all deactivations arrived")
    roster.stop()
    ideal = math.ceil(2 * len(chosen) / WRITERS) * LATENCY / 1000
    bench.figure("wire", name, took, "s", ideal, "ideal", 1.15, asked)


def windows(journal):
    """For each PUT: milliseconds at the vendor since the GET that it rests on."""
    read, found = {}, []
    for entry in sorted(journal, key=lambda entry: entry["t_us"]):
        if entry["method"] == "GET":
            read[entry["path"]] = entry["t_us"]
        elif entry["method"] == "PUT":
            found.append((entry["t_us"] - read[entry["path"]]) / 1000)
    return sorted(found)


def window(bench):
    """How long others can change a record between the GET and the PUT of a change, with many writers."""
    name = f"wire: p99 from GET to PUT, {CROWD} writers, {SLOW} ms, parallel 8"
    if not bench.wanted(name):
        return
    folder = bench.folder("window")
    box = bench.sandbox(folder / "sandbox", users=2 * CROWD, vendors="partnerize", latency=0)
    roster = bench.keep(systems.Rosterfs(folder, box, bench.env, {"parallel": 8}, {"status_limit": 0}))
    roster.start()
    roster.fetch()
    os.readlink(roster.path / "self")
    users = box.control("GET", "users")
    chosen = [user["user_id"] for user in users if user["status"] == "active"][10:10 + CROWD]
    names = folder / "names"
    names.write_text("".join(f"{ident}.status\n" for ident in chosen))
    box.settings(latency_ms=SLOW)
    box.reset()
    process.run(["xargs", "-a", names, f"-P{CROWD}", "-n1", "sh", "-c", 'echo inactive >"$0"'], roster.path)
    found = windows(box.journal())
    roster.stop()
    if len(found) != len(chosen):
        raise Broken(f"{len(found)} PUTs for {len(chosen)} changes")
    bench.figure("wire", name, found[len(found) * 99 // 100 - 1], "ms", SLOW, "latency", 1.3,
                 f"HTTP {len(box.journal())}")


# ---- what waits meanwhile ----

def touch_both(bench, folder, paths, while_running):
    """What opening each of PATHS takes while WHILE_RUNNING() does."""
    watchers = [bench.keep(process.Touching(path, folder)) for path in paths]
    while_running()
    return [watcher.stop()["p99_ns"] / 1000 for watcher in watchers]


def blocking(bench, users):
    """open+read+close of records that are known, while a roster is fetched, and while it is swapped."""
    if not bench.wanted("block: p99 fetch refresh"):
        return
    folder = bench.folder("block")
    box = bench.sandbox(folder / "sandbox", users=users, vendors="partnerize,elasticpath,cj",
                        latency=LATENCY)
    member = box.control("GET", "elasticpath/members")[0]["id"]
    labels = ("another vendor's record", "a known record")

    def known(roster):
        paths = [roster.mount.path / f"elasticpath/{member}.json", roster.path / "5.json"]
        for path in paths:
            path.read_bytes()
        return paths
    roster = bench.keep(systems.Rosterfs(folder, box, bench.env))
    roster.start()
    paths = known(roster)
    quiet = touch_both(bench, folder, paths, lambda: time.sleep(2))
    busy = touch_both(bench, folder, paths,
                      lambda: process.run(["ls", "-f"], roster.path, folder / "list"))
    check_names(folder / "list", users)
    roster.stop()
    for label, idle, fetching in zip(labels, quiet, busy):
        bench.figure("block", f"block: p99 of {label}, in a fetch", fetching, "us", idle, "idle",
                     judged(users, 3))
    # past its ttl, a roster with grace is shown while a new one is fetched and takes its place
    roster = bench.keep(systems.Rosterfs(folder / "grace", box, bench.env,
                                         {"ttl": 3, "grace": systems.LONG}))
    roster.start()
    process.run(["ls", "-f"], roster.path, folder / "list")
    paths = known(roster)
    # something is new, so that the kernel has to be told
    for number in range(100, 200):
        box.control("PATCH", f"users/{number}", {"firstname": "Somebody else"})
    time.sleep(3)
    before = roster.http()

    def refreshed():
        pages = users // 100
        with contextlib.suppress(Hang):
            wait_until(lambda: roster.http() - before >= pages
                       and not box.counts()["in_flight"], 60, "the refresh", 0.2)
        time.sleep(0.5)
        if roster.http() - before < pages:
            raise Broken("a roster past its ttl was not fetched anew behind its readers")
    busy = touch_both(bench, folder, paths, refreshed)
    roster.stop()
    for label, idle, fetching in zip(labels, quiet, busy):
        bench.figure("block", f"block: p99 of {label}, in a refresh", fetching, "us", idle,
                     "idle", judged(users, 3))

