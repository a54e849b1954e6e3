# SPDX-License-Identifier: Apache-2.0
"""Where things are, how long they may take, and what the system says about processes and mounts."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BUILD") or "build")
if not BUILD.is_absolute():
    BUILD = TOP / BUILD
SANITIZE = os.environ.get("SANITIZE", "")

# how much longer things may take: multiply every time limit that is no promise to users by it
SCALE = 6 if "thread" in SANITIZE else 3 if SANITIZE else 1

# What waits for nobody takes a fraction of a second, and less than so many seconds on a machine that is
# busy. It is told from what waits for a silent vendor: that takes its time-out, 30 s, or more.
AT_ONCE = min(10 * SCALE, 25)

# a word of these on a daemon's stderr fails the test
SUSPICIOUS = re.compile(r"warning|leak|runtime error|data race|Sanitizer", re.IGNORECASE)

class Failure(AssertionError):
    """Something that a program of ours did wrong, with all that is known about it."""


class Hang(Failure):
    """Something took longer than it may."""


class MountFailed(Failure):
    """rosterfs ended without a mount. .code and .err tell what it said."""

    def __init__(self, code, err):
        super().__init__(f"rosterfs ended with status {code} and no mount: {err.strip()}")
        self.code = code
        self.err = err


def wait_until(condition, seconds, what, step=0.02):
    """The first true value of CONDITION(); Hang when SECONDS have passed."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Hang(f"not within {seconds} s: {what}")
        time.sleep(step)


def stacks(pid):
    """What each thread of process PID is doing."""
    command = ["gdb", "-p", str(pid), "-batch", "-nx", "-iex", "set debuginfod enabled off",
               "-ex", "set pagination off", "-ex", "thread apply all bt"]
    try:
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"(no stacks of {pid}: {error})"
    text = result.stdout.decode(errors="replace")
    return f"---- stacks of {pid} ----\n" + text[text.find("\nThread"):]


def state_in(folder):
    """The letter of a process's or a thread's state, from FOLDER in /proc; X when it is gone."""
    try:
        stat = (folder / "stat").read_text(errors="replace")
    except OSError:
        return "X"
    return stat.rpartition(")")[2].split()[0]


def running(pid):
    """Is there a process PID that is not a zombie?"""
    return state_in(pathlib.Path(f"/proc/{pid}")) not in "ZX"


def stopped(pid):
    """Has SIGSTOP reached each thread of PID?"""
    return all(state_in(task) == "T" for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def sleeper_in_fuse(pid):
    """
    Of the session of PID, the process that waits for an answer of a FUSE file system: its id, and how
    often it has gone to sleep so far. None without one.
    """
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError):
            words = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            where = (entry / "wchan").read_text()
            # "0": this kernel does not tell where a process sleeps
            if int(words[3]) == pid and words[0] in "SD" and \
                    (where in ("", "0") or "request_wait_answer" in where or "fuse" in where):
                status = (entry / "status").read_text()
                return entry.name, re.search(r"^voluntary_ctxt_switches:\t(\d+)", status, re.MULTILINE).group(1)
    return None


def kill(pid, number=signal.SIGKILL):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def mount_entry(path):
    """The device number "MAJOR:MINOR" of what is mounted on PATH, or None. Never touches the mount."""
    name = str(path).replace("\\", "\\134").replace(" ", "\\040").replace("\n", "\\012")
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
        for line in mounts:
            words = line.split(" ")
            if words[4] == name:
                return words[2]
    return None


def abort_connection(device):
    """End the FUSE connection of a mount, by its device number: whoever waits for it is freed."""
    folder = pathlib.Path("/sys/fs/fuse/connections")
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        ours = os.geteuid() == 0 and not any(folder.iterdir())
        if ours:
            subprocess.run(["mount", "-t", "fusectl", "none", str(folder)], check=False,
                           stderr=subprocess.DEVNULL, timeout=5)
        try:
            (folder / device.partition(":")[2] / "abort").write_text("1")
        finally:
            if ours:
                subprocess.run(["umount", str(folder)], check=False, stderr=subprocess.DEVNULL,
                               timeout=5)
