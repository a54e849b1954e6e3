# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy between a mount and a server, which a test can slow down, stall and cut.

Both ends may be in other network namespaces: a socket belongs to that of the thread that made it.
"""

import contextlib
import ctypes
import os
import select
import socket
import threading
import time

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def in_network(namespace, function):
    """FUNCTION() on a thread that is in the network namespace of process NAMESPACE (None: this one)."""
    if namespace is None:
        return function()
    result = []

    def run():
        file = os.open(f"/proc/{namespace}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if LIBC.setns(file, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            result.append((function(), None))
        except OSError as error:
            result.append((None, error))
        finally:
            os.close(file)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    value, error = result[0]
    if error:
        raise error
    return value


class Proxy:
    """
    Listens on ADDRESS in namespace LISTEN (of a process) and connects to TARGET from namespace DIAL. .port is where.

        .delay = 1.0     each piece of a response comes that much later
        .news_delay = 1  the same, only where a connection of Redis has waited for news (XREAD)
        .stalled = True  nothing is passed on, in neither direction
        .refusing = True new connections are closed at once
        .dropping = True responses are thrown away: what was asked is carried out, and nobody learns of it
        .cut()           ends all connections
    """

    def __init__(self, target, listen=None, dial=None, address=("127.0.0.1", 0)):
        self.target = target
        self.dial = dial
        self.delay = self.news_delay = 0.0
        self.listening = set()  # the pairs that wait for news
        self.stalled = self.refusing = self.dropping = False
        self.passed = 0  # connections so far
        self.ended = False
        self.pairs = set()
        self.lock = threading.Lock()

        def open_socket():
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(address)
            one.listen(256)
            return one
        self.listener = in_network(listen, open_socket)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while not self.ended:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.refusing or self.ended:
                near.close()
                continue
            threading.Thread(target=self.join, args=(near,), daemon=True).start()

    def join(self, near):
        """One connection, until either side ends it."""
        try:
            far = in_network(self.dial, lambda: self.connect(self.target))
        except OSError:
            near.close()
            return
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = (near, far)
        with self.lock:
            self.pairs.add(pair)
            self.passed += 1
        threading.Thread(target=self.pump, args=(near, far, pair, False), daemon=True).start()
        self.pump(far, near, pair, True)

    @staticmethod
    def connect(target):
        return socket.create_connection(target, 20)

    def pump(self, source, target, pair, response):
        try:
            while True:
                # what waits here is not read while it is stalled
                if not self.stalled and select.select([source], [], [], 0.05)[0] and not self.stalled:
                    data = source.recv(1 << 16)
                    if not data:
                        break
                    if not response and b"XREAD" in data:
                        self.listening.add(pair)
                    if response:
                        time.sleep(self.delay or (self.news_delay if pair in self.listening else 0))
                    if not (response and self.dropping):
                        target.sendall(data)
                elif self.stalled:
                    time.sleep(0.01)
                if self.ended:
                    break
        except (OSError, ValueError):
            pass
        self.end(pair)

    def end(self, pair):
        with self.lock:
            self.pairs.discard(pair)
        for one in pair:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def cut(self):
        with self.lock:
            pairs = list(self.pairs)
        for pair in pairs:
            self.end(pair)

    @contextlib.contextmanager
    def away(self):
        """As if the server had gone: no connection is there, and no new one is made."""
        self.refusing = True
        self.cut()
        try:
            yield
        finally:
            self.refusing = False

    def close(self):
        self.ended = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()
