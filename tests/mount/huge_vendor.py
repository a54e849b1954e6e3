# SPDX-License-Identifier: Apache-2.0
"""
Vendors of three kinds whose pages are whatever bytes a test wants, and how much memory they cost the daemon.

    with huge_vendor.server() as vendors:
        vendors["acme"].pages = [rows, rows]
        m = mount(config=vendors.config())
        with huge_vendor.Cost(m, vendors["acme"]) as cost: ...

A page is the bytes of its rows, with commas between them.
"""

import contextlib
import http.server
import pathlib
import re
import threading
import urllib.parse

# what a description, a SCIM server and a vendor with a table in C send around their rows
KINDS = {"acme": "json-server", "idp": "scim", "partnerize": "partnerize"}
IDS = {"acme": "id", "idp": "id", "partnerize": "user_id"}

# README and SECURITY.md: the bound beside what was received
TIMES, SLACK = 16, 8 << 20


class Vendor:
    """One of the vendors: its pages, its records by id, and what it has sent."""

    def __init__(self, name):
        self.name, self.kind = name, KINDS[name.split("-")[0]]
        self.pages, self.items, self.sent, self.asked = [], {}, 0, []
        self.refusal, self.token = None, None  # the body of a 403 to all; the answer to a request for a token
        self.gate = threading.Event()  # a page is sent when it is set
        self.gate.set()

    def row(self, ident, more=b""):
        """A good row, and the members MORE."""
        key = IDS[self.name.split("-")[0]]
        number = b"%d" % ident if self.kind == "json-server" else b'"%d"' % ident
        return (b'{"%s":%s,"email":"p%d@example.com","userName":"p%d@example.com","active":true,"status":"active"%s}'
                % (key.encode(), number, ident, ident, b"," + more if more else b""))

    def page(self, query):
        """The page that QUERY asks for, in the envelope of the vendor, and its headers."""
        size = len(self.pages[0].split(b'"email"')) - 1 if self.pages else 0
        number = int(query.get("startIndex") or 0)
        number = (number - 1) // max(size, 1) + 1 if number else int(query.get("page") or query.get("_page") or 1)
        rows = self.pages[number - 1] if number <= len(self.pages) else b""
        total = sum(page.count(b'"email"') for page in self.pages)
        if self.kind == "json-server":
            return b"[%s]" % rows, {"X-Total-Count": total}
        if self.kind == "partnerize":
            return b'{"users":[%s]}' % rows, {}
        return (b'{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":%d,'
                b'"startIndex":%d,"itemsPerPage":%d,"Resources":[%s]}'
                % (total, int(query.get("startIndex") or 1), size, rows)), {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_words):
        pass

    def answer(self, vendor, data, status=200, headers=None):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, str(value))
        self.end_headers()
        with contextlib.suppress(OSError):  # what is too large is not taken
            for at in range(0, len(data), 1 << 16):
                self.wfile.write(data[at:at + (1 << 16)])
                vendor.sent += len(data[at:at + (1 << 16)])

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        _, name, *rest = url.path.split("/")
        vendor = self.server.vendors[name]
        vendor.asked.append(self.path)
        if vendor.refusal:
            self.answer(vendor, vendor.refusal, 403)
        elif rest[0] not in ("user", "users", "Users"):
            self.answer(vendor, b"{}", 404)
        elif len(rest) == 1 or not rest[1]:
            vendor.gate.wait(60)
            data, headers = vendor.page(dict(urllib.parse.parse_qsl(url.query)))
            self.answer(vendor, data, 200, headers)
        elif rest[1] in vendor.items:
            row = vendor.items[rest[1]]
            self.answer(vendor, b'{"user":%s}' % row if vendor.kind == "partnerize" else row)
        else:
            self.answer(vendor, b"{}", 404)


    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        vendor = self.server.vendors[self.path.split("/")[1]]
        self.answer(vendor, vendor.token)


class Vendors(dict):
    """The vendors of a server, by their names."""

    url = ""

    def config(self):
        text = ""
        for vendor in self.values():
            text += f"[{vendor.name}]\ntype = {vendor.kind}\nbase_url = {self.url}/{vendor.name}\n"
            if vendor.kind == "partnerize":
                text += "application_key = first\nuser_api_key = second\n"
            elif vendor.token:
                text += f"token_url = {self.url}/{vendor.name}/token\nclient_id = third\nclient_secret = fourth\n"
            elif vendor.kind == "scim":
                text += "token = third\n"
        return text


@contextlib.contextmanager
def server(*names):
    """The vendors NAMES, of KINDS, and one more, `partnerize-good`, with three people."""
    vendors = Vendors({name: Vendor(name) for name in (*names, "partnerize-good")})
    good = vendors["partnerize-good"]
    good.pages = [b",".join(map(good.row, (1, 2, 3)))]
    good.items = {"self": good.row(1), **{str(ident): good.row(ident) for ident in (1, 2, 3)}}
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    listener.vendors = vendors
    vendors.url = f"http://127.0.0.1:{listener.server_address[1]}"
    threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield vendors
    finally:
        for vendor in vendors.values():
            vendor.gate.set()
        listener.shutdown()
        listener.server_close()


def memory(pid, field):
    """Bytes of the field of /proc/PID/status."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+) kB$", text, re.M)[1]) << 10


class Cost:
    """How much the daemon of the mount M grew at most, beside what VENDOR has sent meanwhile."""

    def __init__(self, m, vendor):
        self.pid, self.vendor = m.pid, vendor

    def __enter__(self):
        self.before, self.sent = memory(self.pid, "VmRSS"), -self.vendor.sent
        return self

    def __exit__(self, *_error):
        self.sent += self.vendor.sent
        self.grown = memory(self.pid, "VmHWM") - self.before
        self.most = TIMES * self.sent + SLACK
