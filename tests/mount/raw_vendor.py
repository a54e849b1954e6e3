# SPDX-License-Identifier: Apache-2.0
"""
Vendors whose JSON is kept letter by letter: for what the sandbox, which parses it, cannot hold.

Both vendors' paths, envelopes and pages, as their documents show them, and no rule beyond that. A
record is a piece of text: a test puts there what it likes, also what is no JSON, and finds the bodies
that came in `bodies`.
"""

import contextlib
import http.server
import json
import sys
import threading
import urllib.parse

sys.setrecursionlimit(10000)  # for records of many levels


class Number(str):
    """A number as it is written."""


def load(text):
    """A JSON text, its numbers as they are written."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)


def dump(value):
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{dump(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    return json.dumps(value)


def as_bytes(row):
    return row if isinstance(row, bytes) else row.encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_words):
        pass

    def answer(self, data, status=200):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def item(self, row):
        return b'{"user":%s}' % row if self.place()[0] == "/user" else b'{"data":%s}' % row

    def place(self):
        """The list, and the id in it or None."""
        path = urllib.parse.urlsplit(self.path).path
        if path in self.server.lists or path.endswith("/account-memberships"):
            return path, None
        return path.rpartition("/")[0], urllib.parse.unquote(path.rpartition("/")[2])

    def refused(self):
        """Answer as the test has ordered, if it has."""
        if self.command not in self.server.refusals:
            return False
        self.answer(self.server.refusals[self.command], 400)
        return True

    def do_GET(self):
        listed, ident = self.place()
        rows = self.server.lists.get(listed, {})
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        if ident == "self":
            self.answer(self.item(as_bytes(rows["1"])))
        elif ident is None:
            size = int(query.get("count") or query.get("page[limit]") or 100)
            start = int(query.get("page[offset]") or (int(query.get("page", 1)) - 1) * size)
            page = b",".join(map(as_bytes, list(rows.values())[start:start + size]))
            self.answer(b'{"users":[%s]}' % page if listed == "/user" else
                        b'{"data":[%s],"meta":{"results":{"total":%d}}}' % (page, len(rows)))
        elif ident in rows:
            self.server.gets.append(ident)
            row = self.server.alone.get((listed, ident), rows[ident])
            self.answer(*((b"{}", row) if isinstance(row, int) else (self.item(as_bytes(row)),)))
        else:
            self.answer(b"{}", 404)

    def do_PUT(self):
        body = self.body()
        if self.refused():
            return
        listed, ident = self.place()
        self.server.bodies.append((f"{self.command} {listed}/{ident}", body.decode()))
        change = load(body)
        alone = (listed, ident) in self.server.alone
        row = load(self.server.alone[listed, ident] if alone else self.server.lists[listed][ident])
        row.update(change.get("data", change))
        if alone:
            self.server.alone[listed, ident] = dump(row)
        else:
            self.server.lists[listed][ident] = dump(row)
        self.answer(self.item(dump(row).encode()))

    def do_POST(self):
        body = self.body()
        if self.path == "/oauth/access_token":
            self.answer(b'{"access_token":"token","token_type":"Bearer","expires_in":3600}')
            return
        listed, _ = self.place()
        self.server.bodies.append((f"POST {listed}", body.decode()))
        made = load(body)
        made = {"user_id" if listed == "/user" else "id": "77", **made.get("data", made)}
        self.server.lists[listed]["77"] = dump(made)
        self.answer(self.item(dump(made).encode()), 201)


@contextlib.contextmanager
def vendor():
    """A server with both vendors, each with three people; Elastic Path with an account as well."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.bodies, server.refusals = [], {}
    # the ids asked for; what a GET by id has in place of the row, or its status
    server.gets, server.alone = [], {}
    server.lists = {
        "/user": {str(n): f'{{"user_id":"{n}","firstname":"P{n}","lastname":"L","email":"p{n}@example.com",'
                          '"status":"active"}' for n in (1, 2, 3)},
        "/v2/account-members": {f"m{n}": f'{{"id":"m{n}","type":"account_member","name":"M{n}",'
                                         f'"email":"p{n}@example.com"}}' for n in (1, 2, 3)},
        "/v2/accounts": {"a1": '{"id":"a1","type":"account","name":"One"}'},
    }
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def config(server, lines=""):
    return (f"{lines}[partnerize]\nbase_url = {server.url}\napplication_key = first\n"
            f"user_api_key = second\n[elasticpath]\nbase_url = {server.url}\n"
            "client_id = third\nclient_secret = fourth\n")
