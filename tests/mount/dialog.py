# SPDX-License-Identifier: Apache-2.0
"""A program that asks questions on a terminal of its own.

    with Dialog([BUILD / "rosterfs", "--init"], env) as dialog:
        dialog.answer({"vendor": "partnerize", "user_api_key": ["wrong", KEY]})
        assert dialog.wait() == 0

A question is the last line of the output, and ends with ": ". It is known by what is in front of " (", " [" and ":".
"""

import contextlib
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from system import SCALE, Failure, Hang

QUESTION = re.compile(r"(?:^|\n)([^\n:(\[]+?)(?: \([^\n]*\))?(?: \[([^\n]*)\])?: $")
QUESTIONS_MAX = 60


class Dialog:
    """The program, its output so far (.text), and the questions that it has asked (.asked)."""

    def __init__(self, words, env):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("4H", 25, 80, 0, 0))
        self.process = subprocess.Popen([str(word) for word in words], env=env, stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, start_new_session=True, preexec_fn=self.own)
        self.raw, self.seen, self.asked = b"", 0, []

    @staticmethod
    def own():
        """Make stdin the terminal of the session, whose Ctrl-C is a signal."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    @property
    def text(self):
        return self.raw.decode(errors="replace").replace("\r\n", "\n")

    def read(self, seconds):
        """Read what comes within SECONDS. False: the program has ended, and nothing is left."""
        if select.select([self.master], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self.raw += os.read(self.master, 65536)
            return True
        return self.process.poll() is None

    def question(self, seconds=20):
        """(name, fallback) of the next question, or None at the end of the program."""
        until = time.monotonic() + seconds * SCALE
        while True:
            found = QUESTION.search(self.text[self.seen:])
            if found:
                self.seen = len(self.text)
                self.asked.append(found.group(1))
                if len(self.asked) > QUESTIONS_MAX:
                    raise Failure(f"the same questions again and again:\n{self.text}")
                return found.group(1), found.group(2) or ""
            if not self.read(0.1):
                return None
            if time.monotonic() > until:
                raise Hang(f"no question:\n{self.text}")

    def say(self, line):
        os.write(self.master, line.encode() + b"\n")

    def press(self, key):
        os.write(self.master, key)

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def command_line(self):
        return pathlib.Path(f"/proc/{self.process.pid}/cmdline").read_bytes()

    def answer(self, answers, until=None):
        """
        Answer each question by its name, from ANSWERS: a text, a list of texts for one time each, or nothing for its
        fallback. Stop at the question UNTIL, or when the program ends.
        """
        left = {name: list(value) if isinstance(value, list) else value for name, value in answers.items()}
        while (asked := self.question()) and asked[0] != until:
            given = left.get(asked[0], "")
            self.say((given.pop(0) if given else "") if isinstance(given, list) else given)
        return asked

    def wait(self, seconds=30):
        """The exit status, when the program has ended; all its output has been read then."""
        until = time.monotonic() + seconds * SCALE
        while self.read(0.1):
            if time.monotonic() > until:
                raise Hang(f"not ended:\n{self.text}")
        return self.process.wait(seconds * SCALE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)
