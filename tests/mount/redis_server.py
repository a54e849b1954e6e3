# SPDX-License-Identifier: Apache-2.0
"""A real Redis or Valkey for tests of the shared store: on loopback, on a socket, with all that can go wrong.

It keeps nothing on disk unless a test asks for it, lives in a folder of its own, and ends with the test.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import pytest

from system import SCALE, Failure, kill, stopped, wait_until

PROGRAMS = {"redis": "redis-server", "valkey": "valkey-server"}
INSTALLED = [name for name, program in PROGRAMS.items() if shutil.which(program)]


def free_port():
    """A port of loopback that nobody has now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Refusal(Exception):
    """What the server says instead of a reply, such as "NOAUTH Authentication required."."""


class Line:
    """One connection, as a program of Redis's own would have it: ask("GET", "x") returns the reply."""

    def __init__(self, path, password=None, user="default", timeout=20):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout * SCALE)
        try:
            self.socket.connect(str(path))
            self.file = self.socket.makefile("rb")
            if password is not None:
                self.ask("AUTH", user, password)
        except (OSError, Refusal):
            self.socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.close()

    def send(self, *parts):
        data = b"*%d\r\n" % len(parts)
        for part in parts:
            part = part if isinstance(part, bytes) else str(part).encode()
            data += b"$%d\r\n%s\r\n" % (len(part), part)
        self.socket.sendall(data)

    def reply(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server has closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise Refusal(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        raise ConnectionError(f"not a reply: {line!r}")

    def ask(self, *parts):
        self.send(*parts)
        return self.reply()

    def close(self):
        self.file.close()
        self.socket.close()


class Server:
    """
    A running server. .url is what a mount is told: redis://127.0.0.1:PORT/0, or unix:PATH with
    on="socket". MORE are lines of its config; WEAR is put before the command, such as nsenter for another
    network, where it listens on ADDRESS. The test itself talks to it through the socket.
    """

    def __init__(self, folder, program="redis", on="port", password=None, wear=(), address="127.0.0.1", more=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o700)
        self.program = PROGRAMS[program]
        self.path = self.folder / "s"
        self.password = password
        self.wear = list(wear)
        self.address = address
        self.port = 0 if on == "socket" else 6379 if wear else free_port()
        self.url = f"unix:{self.path}" if on == "socket" else f"redis://{address}:{self.port}/0"
        self.more = list(more)
        self.process = None
        self.start()

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        """Start it, or start it again: on the same port, and empty unless it kept something."""
        lines = [f"port {self.port}", f"bind {self.address}", f"unixsocket {self.path}", "unixsocketperm 700",
                 f"dir {self.folder}", 'save ""', "appendonly no", "daemonize no", "protected-mode no",
                 "loglevel notice", f"logfile {self.folder}/log", *self.more]
        if self.password is not None:
            lines.append(f"requirepass {self.password}")
        config = self.folder / "conf"
        config.touch(0o600)
        config.write_text("\n".join(lines) + "\n")
        self.path.unlink(missing_ok=True)
        with open(self.folder / "err", "ab") as err:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *self.wear, self.program, str(config)],
                stdin=subprocess.DEVNULL, stdout=err, stderr=err, start_new_session=True)
        wait_until(self.answers, 20 * SCALE, f"{self.program} to answer\n{self.said()}", 0.01)
        return self

    def said(self):
        return "".join((self.folder / name).read_text(errors="replace") for name in ("err", "log")
                       if (self.folder / name).exists())

    def answers(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.program} ended with status {self.process.returncode}:\n{self.said()}")
        with contextlib.suppress(OSError):
            with self.line() as line:
                with contextlib.suppress(Refusal):
                    return line.ask("PING") == "PONG"
                return True
        return False

    def line(self, **rest):
        return Line(self.path, **{"password": self.password, **rest})

    def ask(self, *parts):
        with self.line() as line:
            return line.ask(*parts)

    def config(self, **values):
        """CONFIG SET: maxmemory="1mb"; a "_" in a name is a "-" there."""
        for name, value in values.items():
            self.ask("CONFIG", "SET", name.replace("_", "-"), value)

    # ---- what is in it ----

    def keys(self):
        found, cursor = [], b"0"
        with self.line() as line:
            while True:
                cursor, some = line.ask("SCAN", cursor, "COUNT", 1000)
                found += some
                if cursor == b"0":
                    return sorted(set(found))

    def dump(self):
        """All names and values, as DUMP tells them and by the commands of their types: one long text of bytes."""
        text = b""
        with self.line() as line:
            for key in self.keys():
                kind = line.ask("TYPE", key)
                reads = {"string": ("GET", key), "hash": ("HGETALL", key), "list": ("LRANGE", key, 0, -1),
                         "set": ("SMEMBERS", key), "zset": ("ZRANGE", key, 0, -1, "WITHSCORES"),
                         "stream": ("XRANGE", key, "-", "+")}
                if kind in reads:
                    text += key + b"\n" + flat(line.ask(*reads[kind])) + (line.ask("DUMP", key) or b"")
        return text

    def saved(self):
        """The text of a file that SAVE writes: what is on a disk where it is kept."""
        self.ask("SAVE")
        return (self.folder / "dump.rdb").read_bytes()

    def memory(self):
        """All that stands in the memory of its process: also what is free again, and what came over the network."""
        text = b""
        with open(f"/proc/{self.pid}/maps", encoding="ascii") as maps, open(f"/proc/{self.pid}/mem", "rb", 0) as mem:
            for line in maps:
                words = line.split()
                if words[1].startswith("rw") and not line.rstrip().endswith("[vvar]"):
                    start, end = (int(one, 16) for one in words[0].split("-"))
                    mem.seek(start)
                    with contextlib.suppress(OSError):
                        text += mem.read(end - start)
        return text

    def bytes_used(self):
        """The memory of all keys, as MEMORY USAGE tells it."""
        with self.line() as line:
            return sum(line.ask("MEMORY", "USAGE", key, "SAMPLES", 0) or 0 for key in self.keys())

    def commands(self):
        """How often each command was called: {"get": 3, ...}."""
        text = self.ask("INFO", "commandstats").decode()
        return {line.partition(":")[0][len("cmdstat_"):]: int(line.partition("calls=")[2].partition(",")[0])
                for line in text.split() if line.startswith("cmdstat_")}

    @contextlib.contextmanager
    def monitored(self):
        """All that comes while the block lasts, as MONITOR shows it: a list that grows by bytes."""
        file = self.folder / "monitor"
        words = ["redis-cli", "-s", str(self.path)]
        if self.password is not None:
            words += ["--no-auth-warning", "-a", self.password]
        with open(file, "wb") as out:
            process = subprocess.Popen([*words, "MONITOR"], stdin=subprocess.DEVNULL, stdout=out,
                                       stderr=subprocess.DEVNULL)
        seen = []
        try:
            wait_until(lambda: b"OK" in file.read_bytes(), 10 * SCALE, "MONITOR")
            yield seen
        finally:
            time.sleep(0.2)
            process.kill()
            process.wait(5)
            seen.append(file.read_bytes())

    # ---- what goes wrong ----

    def kill(self):
        """kill -9: what it held is gone."""
        kill(self.pid)
        self.process.wait(10)

    def restart(self):
        self.kill()
        self.start()

    @contextlib.contextmanager
    def paused(self):
        os.kill(self.pid, signal.SIGSTOP)
        try:
            wait_until(lambda: stopped(self.pid), 10 * SCALE, "a paused server")
            yield
        finally:
            kill(self.pid, signal.SIGCONT)

    def close(self):
        """End it whatever state it is in."""
        if self.process and self.process.poll() is None:
            kill(self.pid, signal.SIGCONT)
            self.kill()


def flat(reply):
    if isinstance(reply, list):
        return b"\n".join(map(flat, reply))
    return reply if isinstance(reply, bytes) else str(reply).encode()


@pytest.fixture
def server(test_dir):
    """server(on="socket", ...) starts one: a Server, which ends with the test."""
    if not INSTALLED:
        pytest.skip("needs redis-server")
    started = []

    def start(program=INSTALLED[0], **rest):
        one = Server(test_dir / f"r{len(started)}", program, **rest)
        started.append(one)
        return one
    yield start
    for one in started:
        one.close()
