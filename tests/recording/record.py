#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Record a terminal for README.md: `record.py FILE` runs COMMANDS on a mount of the sandbox and draws them.

The commands and all that they print are real. Users, names and ids are invented by the sandbox, always the same ones,
and no command prints a time, a process or a path of this machine: so the picture depends on the program alone. `make
recording` writes the one in the tree; test_recording.py compares it with a new one.
"""

import fcntl
import os
import pathlib
import pty
import shutil
import struct
import subprocess
import sys
import tempfile
import termios

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/mount"), str(TOP / "tests/recording")]
import harness  # noqa: E402
import picture  # noqa: E402
import system  # noqa: E402

PICTURE = TOP / "tests/recording/recording.svg"
COLUMNS, ROWS = 104, 26
TITLE = "rosterfs: somebody leaves"
PERSON = "oliver.doe15@example.com"
COMMANDS = (
    "rosterfs ~/rosterfs.conf ~/roster",
    "cd ~/roster && ls",
    "ls partnerize | head -n 4",
    "head -n 7 partnerize/15.json",
    "# Oliver leaves: one directory has him at all vendors",
    f"ls by-email/{PERSON}",
    f"grep . by-email/{PERSON}/*.status",
    f"rosterfs-offboard -m . {PERSON}",
    f"grep . by-email/{PERSON}/*.status",
    "# what is left to do by hand is explained",
    "grep -A 7 '^To remove a leaver' cj/MANUAL",
    "# it was another Oliver: undo both changes",
    "ls .rosterfs/history",
    "sh .rosterfs/history/1/undo.sh",
    "cp .rosterfs/history/2/undo.json partnerize/15.json",
    f"grep . by-email/{PERSON}/*.status",
)


class Shell:
    """Runs commands with a terminal as their output, each in the folder that the one before has left."""

    def __init__(self, home):
        self.folder = home
        self.env = {**harness.clean_env(home), "HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        self.env["PATH"] = f"{system.BUILD}:{TOP / 'recipes'}:{self.env['PATH']}"

    def run(self, command):
        """What COMMAND prints, as lines. All must succeed."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", ROWS, COLUMNS, 0, 0))
        inner, outer = os.pipe()
        # the last words tell where the command has left the shell
        script = f"set -o pipefail; {command}\ncode=$?; pwd >&{outer}; exit $code"
        with subprocess.Popen(["bash", "-c", script], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                              stdout=slave, stderr=slave, pass_fds=[outer]) as process:
            os.close(slave)
            os.close(outer)
            text = b"".join(iter(lambda: read(master), b"")).decode()
            with os.fdopen(inner, encoding="utf-8") as pipe:
                self.folder = pipe.readline().rstrip("\n")
        os.close(master)
        lines = text.replace("\r\n", "\n").splitlines()
        if process.returncode != 0:
            raise system.Failure(f"{command}: status {process.returncode}: {lines}")
        return lines


def read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""  # the other end is closed


def record(folder):
    """Run COMMANDS in the new FOLDER. Return a list of (command, lines that it printed)."""
    box = harness.Sandbox(folder / "sandbox", users=60, vendors="partnerize,elasticpath,cj")
    home = folder / "home"
    mountpoint = home / "roster"
    mountpoint.mkdir(parents=True)
    shutil.copy(box.config_file, home / "rosterfs.conf")
    try:
        shell = Shell(home)
        return [(command, shell.run(command)) for command in COMMANDS]
    finally:
        if system.mount_entry(mountpoint):
            subprocess.run(["fusermount3", "-uz", mountpoint], check=False)
        box.stop()


def draw(folder):
    """The picture of a new recording, which is made in the new FOLDER."""
    return picture.draw(TITLE, record(folder), COLUMNS, ROWS)


def main():
    place = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    base = harness.base_folder()
    try:
        text = draw(base)
    finally:
        harness.remove_base(base)
    place.write_text(text, encoding="utf-8")
    print(f"{place}: {len(text)} bytes")


if __name__ == "__main__":
    main()
