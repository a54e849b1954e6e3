# SPDX-License-Identifier: Apache-2.0
"""Commands on a mount, and programs in a real terminal there.

Commands write to files, not pipes, so that one that hangs in the kernel cannot hold the harness.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import tempfile
import termios
import time

from system import Failure, Hang, SCALE, wait_until


class Result:
    """How a command ended: .code (negative: killed by that signal), .out, .err, .seconds."""

    def __init__(self, command, code, out, err, seconds):
        self.command = command
        self.code = code
        self.raw = out
        self.out = out.decode(errors="replace")
        self.err = err.decode(errors="replace")
        self.seconds = seconds

    def ok(self):
        """This result, or Failure when the command failed."""
        if self.code != 0:
            raise Failure(f"{self!r}")
        return self

    def lines(self):
        return self.out.splitlines()

    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return (f"$ {self.command}\n{self.out}{self.err}"
                f"[status {self.code} after {self.seconds:.2f} s]")


class Command:
    """A command that runs in its own session; finish() waits, kill() ends it and times its death."""

    def __init__(self, command, shell, folder, env, wear=()):
        self.command = command
        self.started = time.monotonic()
        self.output = tempfile.TemporaryFile(dir=env["TMPDIR"])
        self.errors = tempfile.TemporaryFile(dir=env["TMPDIR"])
        start = ["env", "-C", str(folder)] if folder else []
        words = [*wear, *start, *shell.split(), "-c", command] if shell else [*wear, *start, *command]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=self.errors, env=env, start_new_session=True)
        self.pid = self.process.pid

    def done(self):
        return self.process.poll() is not None

    def send(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self, number=signal.SIGKILL, seconds=10):
        """Send NUMBER to the command and its children; returns the seconds until it was gone."""
        start = time.monotonic()
        self.send(number)
        try:
            self.process.wait(seconds * SCALE)
        except subprocess.TimeoutExpired:
            raise Hang(f"survived signal {number} for {seconds * SCALE} s: {self.command}") from None
        return time.monotonic() - start

    def finish(self, seconds=30):
        """Its Result; Hang when it does not end."""
        try:
            self.process.wait(seconds * SCALE)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(2)
            raise Hang(f"still running after {seconds * SCALE} s: {self.command}\n"
                       f"{self.read(self.output)}{self.read(self.errors)}") from None
        return Result(self.command, self.process.returncode, self.read(self.output, raw=True),
                      self.read(self.errors, raw=True), time.monotonic() - self.started)

    @staticmethod
    def read(file, raw=False):
        file.seek(0)
        data = file.read()
        return data if raw else data.decode(errors="replace")

    def close(self):
        if not self.done():
            self.send(signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        self.output.close()
        self.errors.close()


class Terminal:
    """A program in a real terminal (tmux): type into it and look at its screen."""

    def __init__(self, command, folder, env, columns=100, rows=30):
        self.env = env
        self.socket = tempfile.mktemp(prefix="tmux-", dir=env["TMPDIR"])
        self.status = self.socket + ".status"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  "-c", str(folder), f"{command}; echo $? >{self.status}")

    def tmux(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, *words], env=self.env, timeout=20 * SCALE,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)

    def unread(self):
        """How many bytes were typed that the program has not read yet."""
        name = self.tmux("display-message", "-p", "#{pane_tty}").stdout.decode().strip()
        tty = os.open(name, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            return struct.unpack("i", fcntl.ioctl(tty, termios.FIONREAD, bytes(4)))[0]
        finally:
            os.close(tty)

    def screen(self):
        return self.tmux("capture-pane", "-p").stdout.decode(errors="replace")

    def keys(self, *keys, literal=False):
        """Press keys, in tmux's names ("Escape", "C-x", "Enter"); literal: type the texts."""
        self.tmux("send-keys", *(["-l"] if literal else []), *keys)

    def type(self, text):
        self.keys(text, literal=True)

    def wait_for(self, pattern, seconds=15):
        """Until the screen shows PATTERN, a regular expression; returns the screen."""
        seen = ""

        def shown():
            nonlocal seen
            seen = self.screen()
            return re.search(pattern, seen)
        try:
            wait_until(shown, seconds * SCALE, "", 0.1)
        except Hang:
            raise Hang(f"no {pattern!r} on the screen within {seconds * SCALE} s:\n{seen}") from None
        return seen

    def finish(self, seconds=15):
        """Wait until the program has ended; returns its exit status."""
        path = pathlib.Path(self.status)
        try:
            wait_until(lambda: path.exists() and path.read_text().strip(), seconds * SCALE, "", 0.1)
        except Hang:
            raise Hang(f"the program has not ended:\n{self.screen()}") from None
        return int(path.read_text())

    def close(self):
        self.tmux("kill-server")
