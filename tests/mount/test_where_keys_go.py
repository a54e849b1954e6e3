# SPDX-License-Identifier: Apache-2.0
"""Keys go to the vendor, over TLS that is new enough, and nowhere else: versions of TLS, redirects."""

import contextlib
import http.client
import http.server
import re
import socket
import ssl
import threading

import pytest

import harness
import test_secrets
from test_http2 import make_certificate

WORD = "CANARY"
# what a machine may have that still talks to servers of 2006
OLD = """openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = system
[system]
MinProtocol = TLSv1
CipherString = DEFAULT@SECLEVEL=0
"""


@contextlib.contextmanager
def listening(handler):
    """A server on a free port, whose .seen is a list."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.seen = []
    server.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


# ---- TLS ----

class Quiet(http.server.BaseHTTPRequestHandler):
    """Answers nothing, and notes what came."""

    def log_message(self, *_words):
        pass

    def answer(self):
        self.server.seen.append(self.connection.version())
        self.send_error(404)

    do_GET = do_PUT = do_POST = answer


@pytest.mark.no_tsan
@pytest.mark.parametrize("version, refused", [(ssl.TLSVersion.TLSv1_1, True), (ssl.TLSVersion.TLSv1_2, False)])
def test_old_tls(mount, sandbox, test_dir, version, refused):
    """Where the machine's settings allow TLS 1.1, rosterfs does not."""
    test_dir.mkdir(exist_ok=True)
    make_certificate(test_dir)
    (test_dir / "openssl.cnf").write_text(OLD)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(test_dir / "cert.pem", test_dir / "key.pem")
    with listening(Quiet) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        m = mount(sandbox(users=1), {"partnerize": {"base_url": f"https://127.0.0.1:{server.port}", "retry_budget": 0}},
                  extra_env={"SSL_CERT_FILE": str(test_dir / "cert.pem"), "OPENSSL_CONF": str(test_dir / "openssl.cnf")})
        result = m.sh("ls partnerize")
        assert result.code
        assert set(server.seen) == (set() if refused else {"TLSv1.2"})
        assert ("no secure connection" in m.log()) == refused
        assert "answered 404" in m.log() or refused


# ---- redirects ----

class Redirect(test_secrets.Redirect):
    """Notes who comes to which name of the server."""

    def handle(self):
        if self.connection.recv(1, socket.MSG_PEEK) == b"\x16":
            self.server.seen.append("TLS")
        else:
            super().handle()

    def words(self):
        return f"{self.headers['Host']} {self.command}"


TARGETS = {"host": "http://localhost:{own}", "host 2": "http://127.0.0.2:{own}", "port": "http://127.0.0.1:{other}",
           "scheme": "https://127.0.0.1:{own}", "no scheme": "//localhost:{own}", "user": "http://127.0.0.1:{own}@127.0.0.1:{other}",
           "backslash": "http://127.0.0.1:{other}\\@127.0.0.1:{own}", "file": "file:///etc/hostname?"}


@pytest.mark.no_tsan
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_elsewhere(mount, sandbox, status):
    """To another host, port or scheme: lists, documents, changes and requests for tokens stay."""
    box = sandbox(users=25, vendors="partnerize,elasticpath", members=5)
    with listening(Redirect) as server, listening(Redirect) as other:
        server.status = other.status = status
        server.target = other.target = ""
        own = f"http://127.0.0.1:{server.port}"
        m = mount(box, {"partnerize": {"base_url": own}, "elasticpath": {"base_url": own}})
        for target in TARGETS.values():
            server.target = target.format(own=server.port, other=other.port)
            for command in ("ls partnerize", "cat partnerize/4.json", "echo inactive > partnerize/4.status",
                            "ls elasticpath", "readlink partnerize/self"):
                assert m.sh(command).code, (target, command)
            assert not other.seen, (target, other.seen)
            assert {line.split()[0] for line in server.seen} == {f"127.0.0.1:{server.port}"}, (target, server.seen)
        assert {line.split()[1] for line in server.seen} == {"GET", "POST"}
        assert WORD not in m.log()
        assert re.search("redirects to http", m.log())
    assert box.counts()["total"] == 0


class RedirectChanges(Redirect):
    """Passes GETs on to the vendor, and redirects all else."""

    def do_GET(self):
        connection = http.client.HTTPConnection(*self.server.vendor, timeout=20 * harness.SCALE)
        connection.request("GET", self.path, headers={name: value for name, value in self.headers.items()
                                                      if name.lower() != "accept-encoding"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.mark.no_tsan
def test_a_change_is_not_redirected(mount, sandbox):
    """The GET before works; the PUT is redirected, to the same origin, too, and is sent once."""
    box = sandbox(users=25)
    with listening(RedirectChanges) as server, listening(Redirect) as other:
        server.vendor = box.address
        m = mount(box, {"partnerize": {"base_url": f"http://127.0.0.1:{server.port}"}})
        for target in [*TARGETS.values(), "http://127.0.0.1:{own}/elsewhere", ""]:
            for status in (301, 302, 303, 307, 308):
                server.seen.clear()
                server.status, server.target = status, target.format(own=server.port, other=other.port)
                assert m.sh("echo inactive > partnerize/4.status").code
                assert server.seen == [f"127.0.0.1:{server.port} PUT"], (target, status)
        assert not other.seen and "PUT" not in {entry["method"] for entry in box.journal()}
        assert "only a GET to the same scheme, host and port is" in m.log()
        assert WORD not in m.log()
