# SPDX-License-Identifier: Apache-2.0
"""An HTTP server between a mount and the sandbox: it passes everything on, except what a fault is ordered for.

    wire = Wire(box.address)
    wire.order(lambda request: request.method == "PUT", fault)

A fault is a function of a Hit: it passes the request on or not, and answers as it likes, byte by byte. The sandbox
behind keeps the records, so that a test can tell what was applied whatever was answered.
"""

import contextlib
import http.client
import json
import select
import socket
import ssl
import struct
import threading
import typing
import urllib.parse

RESET = struct.pack("ii", 1, 0)


class Request(typing.NamedTuple):
    method: str
    target: str
    headers: dict
    body: bytes

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


class Answer(typing.NamedTuple):
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)

    def saying(self, value):
        """The same answer with another value."""
        return self._replace(body=value if isinstance(value, bytes) else json.dumps(value).encode())


class Closed(Exception):
    """The connection is at its end."""


class Hit:
    """A request that a fault was ordered for, and what can be done about it."""

    def __init__(self, wire, near, request, number):
        self.wire, self.near, self.request = wire, near, request
        self.number = number  # from 1 on, in this cell
        self.gone = wire.gone

    def passed(self, request=None):
        """Have the sandbox handle it: its Answer."""
        return self.wire.ask(request or self.request)

    def say(self, answer):
        self.raw(head_of(answer) + answer.body)

    def raw(self, data):
        self.near.sendall(data)

    def close(self):
        raise Closed

    def reset(self):
        self.near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        raise Closed

    def wait(self, seconds=None):
        """Until the fault is gone (True), or SECONDS have passed."""
        return self.gone.wait(seconds)


def head_of(answer, length=None):
    lines = [f"HTTP/1.1 {answer.status} {http.client.responses.get(answer.status, 'Odd')}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if answer.status not in (204, 304):
        lines.append(f"Content-Length: {len(answer.body) if length is None else length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Wire:
    """Listens at .port of 127.0.0.1; with CONTEXTS, {name: ssl.SSLContext}, it speaks TLS."""

    def __init__(self, target, contexts=None):
        self.target, self.contexts = target, contexts
        self.context = contexts["right"] if contexts else None
        self.fits = self.fault = self.rewrite = None
        self.hits = 0
        self.gone = threading.Event()
        self.local = threading.local()
        self.lock = threading.Lock()
        self.open = set()
        self.used = set()  # the connections that have had an answer
        self.listener = None
        # to whom nobody should be sent
        self.stranger = self.bound(0, "127.0.0.2")
        self.stranger.listen(16)
        # keeps the port while nobody listens there
        self.holder = self.bound(0)
        self.port = self.holder.getsockname()[1]
        self.listen()

    @property
    def url(self):
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    @staticmethod
    def bound(port, address="127.0.0.1"):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((address, port))
        return one

    def elsewhere(self):
        """A URL of another host."""
        return f"http://127.0.0.2:{self.stranger.getsockname()[1]}/elsewhere"

    def visited(self):
        """Whether anybody has asked that host since it was asked last."""
        found = bool(select.select([self.stranger], [], [], 0)[0])
        while select.select([self.stranger], [], [], 0)[0]:
            self.stranger.accept()[0].close()
        return found

    def present(self, name, but=None):
        """From now on the certificate NAME is shown; the connections that there are end, BUT one."""
        self.context = self.contexts[name]
        self.cut(but)

    # ---- what is ordered ----

    def order(self, fits, fault):
        """Let FAULT(hit) answer the requests that FITS(request)."""
        self.hits = 0
        self.gone = threading.Event()
        self.fits, self.fault = fits, fault

    def clear(self):
        """Forget the fault; what waits goes on, and whoever was refused may come."""
        self.fits = self.fault = self.rewrite = None
        self.gone.set()
        if self.contexts:
            self.context = self.contexts["right"]
        if not self.listener:
            self.listen()

    # ---- connections ----

    def listen(self):
        self.listener = self.bound(self.port)
        self.listener.listen(256)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def refuse(self, but=None):
        """From now on nobody listens; the connections that there are end, BUT one."""
        with self.lock:
            listener, self.listener = self.listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.cut(but)

    def cut(self, but=None):
        with self.lock:
            for near in self.open - {but}:
                with contextlib.suppress(OSError):
                    near.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.clear()
        self.refuse()
        self.holder.close()
        self.stranger.close()

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(near,), daemon=True).start()

    def serve(self, near):
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.open.add(near)
        plain = near
        try:
            if self.context:
                near = self.context.wrap_socket(near, server_side=True)
                with self.lock:
                    self.open.remove(plain)
                    self.open.add(near)
            with near.makefile("rb") as file:
                while True:
                    self.handle(near, read_request(file))
        except (OSError, Closed, ValueError, ssl.SSLError, http.client.HTTPException):
            pass
        finally:
            with self.lock:
                self.open.discard(near)
                self.used.discard(near)
                self.open.discard(plain)
            near.close()

    def handle(self, near, request):
        fits, fault = self.fits, self.fault
        try:
            self.answer(near, request, fits, fault)
        finally:
            self.used.add(near)

    def answer(self, near, request, fits, fault):
        if fits and fits(request):
            with self.lock:
                self.hits += 1
                number = self.hits
            fault(Hit(self, near, request, number))
            return
        rewrite = self.rewrite
        answer = rewrite(self, request) if rewrite else self.ask(request)
        near.sendall(head_of(answer) + answer.body)

    def ask(self, request):
        """The sandbox's Answer."""
        connection = getattr(self.local, "connection", None)
        if not connection:
            connection = self.local.connection = http.client.HTTPConnection(*self.target, timeout=60)
        headers = {name: value for name, value in request.headers.items()
                   if name not in ("Host", "Connection", "Content-Length", "Accept-Encoding")}
        try:
            connection.request(request.method, request.target, request.body or None, headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            self.local.connection = None
            raise
        kept = {name: value for name, value in answer.getheaders()
                if name not in ("Content-Length", "Connection", "Transfer-Encoding", "Date")}
        return Answer(answer.status, kept, body)


def read_request(file):
    line = file.readline(65536)
    if not line:
        raise Closed
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = {}
    while True:
        line = file.readline(65536).decode("latin-1").strip()
        if not line:
            break
        name, _, value = line.partition(":")
        headers["-".join(word.capitalize() for word in name.split("-"))] = value.strip()
    return Request(method, target, headers, file.read(int(headers.get("Content-Length", 0))))


def slowly(hit, data, pause=1.0):
    """DATA, a byte after each PAUSE, until the client leaves or the fault is gone."""
    for at in range(len(data)):
        hit.raw(data[at:at + 1])
        if hit.wait(pause):
            break
    hit.close()


