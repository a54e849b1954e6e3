# SPDX-License-Identifier: Apache-2.0
"""Commands that are timed, and what /proc says of a process.

Nothing waits for ever: a command that takes too long is killed with all its children. A command is
started without a shell around it, because starting one takes as long as listing a small directory.
"""

import contextlib
import json
import os
import pathlib
import select
import signal
import subprocess
import tempfile
import time

from system import BUILD, Failure, Hang

TICK = os.sysconf("SC_CLK_TCK")
# for tools: the plain sort order, so that they themselves take the least time
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "HOME": "/nonexistent"}


class Broken(Failure):
    """Something counted otherwise than it must: the figures beside it mean nothing."""


def wait_for(process, seconds):
    """Until PROCESS has ended. Popen.wait() with a time limit looks only every 50 ms."""
    descriptor = os.pidfd_open(process.pid)
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def end_group(process):
    """Kill PROCESS, the leader of a session, and all its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)


def start(words, folder=None, out=subprocess.DEVNULL, stdin=subprocess.DEVNULL, err=None, env=None):
    return subprocess.Popen([str(word) for word in words], cwd=folder, stdin=stdin, stdout=out,
                            stderr=err, env=env or ENV, start_new_session=True)


def count_names(file):
    """How many names of records a listing shows, links not counted."""
    with open(file, "rb") as lines:
        return sum(line.endswith((b".json\n", b".status\n")) and b" -> " not in line for line in lines)


def sizes(file, ending):
    """The bytes in all of the files whose names end in ENDING, by what `ls -l` wrote to FILE."""
    with open(file, "rb") as lines:
        return sum(int(line.split()[4]) for line in lines
                   if line.endswith(ending.encode() + b"\n") and b" -> " not in line)


def run(words, folder=None, out=subprocess.DEVNULL, stdin=None, limit=120, codes=(0,), env=None):
    """Run WORDS in FOLDER; the seconds it took. OUT and STDIN are paths of files."""
    with contextlib.ExitStack() as files:
        if not isinstance(out, int):
            out = files.enter_context(open(out, "wb"))
        source = files.enter_context(open(stdin or os.devnull, "rb"))
        err = files.enter_context(tempfile.TemporaryFile())
        begin = time.perf_counter()
        process = start(words, folder, out, source, err, env)
        try:
            ended = wait_for(process, limit)
            took = time.perf_counter() - begin
            if not ended:
                raise Hang(f"still running after {limit} s: {words}")
            code = process.wait(5)
        except BaseException:
            end_group(process)
            raise
        if code not in codes:
            err.seek(0)
            raise Broken(f"status {code}: {words}: {err.read(1000).decode(errors='replace')}")
    return took


def output(words, scratch, **rest):
    """What WORDS print."""
    file = pathlib.Path(scratch) / "output"
    run(words, out=file, **rest)
    return file.read_text(errors="replace")


def touch_words(kind, folder, pause=0):
    more = ["-p", str(pause), "-r"] if pause else []
    return [BUILD / "bench/touch", *more, kind, folder]


def touch(kind, folder, names, scratch, limit=120):
    """`stat` or `open` each of the files that the file NAMES lists, without a process for each."""
    return json.loads(output(touch_words(kind, folder), scratch, stdin=names, limit=limit))


class Touching:
    """Opening one file again and again beside other work, with a pause after each time."""

    def __init__(self, path, scratch, pause=500):
        self.words = touch_words("open", path.parent, pause)
        self.name = pathlib.Path(scratch) / f"name-{time.monotonic_ns()}"
        self.out = self.name.with_suffix(".out")
        self.name.write_text(path.name + "\n")
        with open(self.out, "wb") as out, open(self.name, "rb") as names:
            self.process = start(self.words, None, out, names)

    def stop(self):
        """What it has measured."""
        self.process.terminate()
        if not wait_for(self.process, 30) or self.process.wait(5) != 0:
            end_group(self.process)
            raise Broken(f"touch did not come to its end: {self.words}")
        return json.loads(self.out.read_text())

    def close(self):
        if self.process.poll() is None:
            end_group(self.process)


# ---- /proc ----

def status(pid):
    """/proc/PID/status as a dictionary."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def memory(pid, field="VmRSS"):
    """Bytes in RAM now (VmRSS), or the most there ever were (VmHWM)."""
    return int(status(pid)[field].split()[0]) * 1024


def forget_peak(pid):
    """Let VmHWM begin anew; False for somebody who may not."""
    try:
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
    except PermissionError:
        return False
    return True


def cpu(pid):
    """
    Seconds of CPU that all threads together had. The first figure counts ended threads too, but in
    hundredths of a second; the second one is exact.
    """
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    exact = 0
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            exact += int((thread / "schedstat").read_text().split()[0])
    return max((int(fields[11]) + int(fields[12])) / TICK, exact / 1e9)


def switches(pid):
    """How often all threads together went to sleep."""
    total = 0
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            total += int(status(f"{pid}/task/{thread.name}")["voluntary_ctxt_switches"])
    return total
