# SPDX-License-Identifier: Apache-2.0
"""Many requests on few connections: nginx with TLS and HTTP/2 between rosterfs and the sandbox."""

import shutil
import socket
import subprocess

import pytest

import harness

pytestmark = pytest.mark.limit(300)

USERS = 6500
PAGES = USERS // 100
PARALLEL = 32

CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log info;
events {{ worker_connections 1024; }}
http {{
    log_format which '$connection $server_protocol $status $request';
    access_log {folder}/access.log which;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream vendor {{ server {vendor}; keepalive 64; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port} ssl {protocol};
        ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
        {more}
        location / {{
            proxy_pass http://vendor; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_next_upstream off; proxy_buffers 16 8k;
        }}
    }}
}}
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True,
                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30 * harness.SCALE)


class Front:
    """nginx in front of a sandbox."""

    def __init__(self, folder, box, protocol, more):
        self.folder = folder
        folder.mkdir(parents=True)
        make_certificate(folder)
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.env = {"SSL_CERT_FILE": str(folder / "cert.pem")}
        config = folder / "nginx.conf"
        config.write_text(CONFIG.format(folder=folder, vendor="{}:{}".format(*box.address),
                                        port=self.port, protocol=protocol, more=more))
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
        with open(folder / "output", "wb") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", program, "-e", folder / "error.log",
                 "-p", folder, "-c", config], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        harness.wait_until(self.listens, 20 * harness.SCALE, "nginx")

    def listens(self):
        if self.process.poll() is not None:
            raise harness.Failure("nginx ended:\n" + (self.folder / "output").read_text())
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def seen(self):
        """[(connection, protocol, status, request)...] of what was answered."""
        return [tuple(line.split(" ", 3))
                for line in (self.folder / "access.log").read_text().splitlines()]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10 * harness.SCALE)
        finally:
            self.process.kill()


@pytest.fixture
def front(test_dir, sandbox):
    """front(box, "http2", "more lines;"): a Front."""
    started = []

    def start(box, protocol="http2", more=""):
        started.append(Front(test_dir / f"front{len(started)}", box, protocol, more))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def vendor(sandbox, users=USERS, latency=None):
    """It tells its total, so that what a list costs is known to the request."""
    return sandbox(profile="documents", users=users, latency=latency)


def mount_behind(mount, box, nginx):
    return mount(box, {"partnerize": {"base_url": nginx.url, "parallel": PARALLEL}},
                 extra_env=nginx.env)


@pytest.mark.parametrize("protocol, more, connections", [
    # all on the one that the first page came on
    ("http2", "", 1),
    # it may carry a few at a time only
    ("http2", "http2_max_concurrent_streams 8;", None),
    # it is to be renewed in the middle of everything
    ("http2", "keepalive_requests 10;", None),
    ("", "", PARALLEL), ("", "keepalive_requests 10;", None)],
    ids=["http2", "8-streams", "renewed", "http1", "http1-renewed"])
def test_a_list(mount, sandbox, front, protocol, more, connections):
    """Each page is asked for once, and many at a time, whatever becomes of the connections."""
    box = vendor(sandbox)
    nginx = front(box, protocol, more)
    m = mount_behind(mount, box, nginx)
    # all of the first round, the first page excepted, meet at the vendor
    with box.holding(PARALLEL, method="GET", path="/user", skip=1):
        command = m.spawn("ls -f partnerize")
    assert command.finish().ok().out.count(".json\n") == USERS
    counts, seen = box.counts(), nginx.seen()
    assert counts["total"] == counts["GET /user"] == PAGES
    assert {(name, status) for _, name, status, _ in seen} == {
        ("HTTP/2.0" if protocol else "HTTP/1.1", "200")}
    assert len({request for _, _, _, request in seen}) == len(seen) == PAGES
    assert counts["max_in_flight"] == PARALLEL
    used = len({connection for connection, _, _, _ in seen})
    if "keepalive_requests" in more:
        assert used >= PAGES / 10
    elif connections == 1:
        assert used == 1
    elif not connections:
        assert 4 <= used <= PARALLEL
    else:
        assert used >= PARALLEL / 2
    assert " tries)" not in m.log()


def test_writes_while_connections_are_renewed(mount, sandbox, front):
    """A change whose connection went away is made once, if it was made or not."""
    box = vendor(sandbox, users=200, latency=5)
    nginx = front(box, "http2", "keepalive_requests 10;")
    m = mount_behind(mount, box, nginx)
    m.sh("ls partnerize; readlink partnerize/self").ok()
    active = [user["user_id"] for user in box.control("GET", "users") if user["status"] == "active"]
    chosen = active[10:110]
    box.reset()
    m.sh(f"printf '%s\\n' {' '.join(map(str, chosen))} | xargs -P16 -I{{}} "
         "sh -c 'echo inactive > \"partnerize/$1.status\"' - {}").ok()
    assert all(box.user(ident)["status"] == "inactive" for ident in chosen)
    puts = [one["path"] for one in box.journal() if one["method"] in ("PUT", "POST")]
    assert len(puts) == len(set(puts)) == len(chosen)
