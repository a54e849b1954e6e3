# SPDX-License-Identifier: Apache-2.0
"""What the mount tests stand on: a sandbox, a mount, and a watchdog.

Nothing here waits for ever: a daemon that hangs is shown with its stacks, killed, and its mount
detached. The rest is in commands.py and system.py, and is reached from here as well. See conftest.py
for the fixtures that hand these things out.
"""

import contextlib
import faulthandler
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from commands import Command, Result, Terminal
from system import (AT_ONCE, BUILD, SANITIZE, SCALE, SUSPICIOUS, TOP, Failure, Hang, MountFailed,
                    abort_connection, kill, mount_entry, running, sleeper_in_fuse, stacks, stopped,
                    wait_until)

__all__ = ["AT_ONCE", "BUILD", "SANITIZE", "SCALE", "TOP", "Command", "Failure", "Hang", "Mount",
           "MountFailed", "Result", "Sandbox", "Terminal", "Watchdog", "kill", "mount_entry", "running",
           "stacks", "wait_for_sleepers", "wait_until"]


def wait_for_sleepers(commands):
    """
    Until each of COMMANDS waits for the file system, and has not been awake for a while: a name that
    is looked up first is answered at once.
    """
    since = {command: (None, 0) for command in commands}

    def none_left():
        for command, (before, start) in list(since.items()):
            now = sleeper_in_fuse(command.pid)
            if now is None or now != before:
                since[command] = now, time.monotonic()
            elif time.monotonic() - start > 0.2 * SCALE:
                del since[command]
        return not since
    wait_until(none_left, 20 * SCALE, "all commands to wait", 0.05)


def merge_config(text, extra):
    """TEXT with the keys of EXTRA, {section: {key: value}}, set; None removes a key."""
    lines = text.splitlines()
    for section, keys in extra.items():
        head = f"[{section}]"
        if head not in lines:
            lines += ["", head]
        start = lines.index(head) + 1
        end = start
        while end < len(lines) and not lines[end].startswith("["):
            end += 1
        body = [line for line in lines[start:end] if line.partition("=")[0].strip() not in keys]
        body[:0] = [f"{key} = {value}" for key, value in keys.items() if value is not None]
        lines[start:end] = body
    return "\n".join(lines) + "\n"


class Sandbox:
    """A running rosterfs-sandbox. Options become its arguments: users=250 is --users 250, a list repeats."""

    def __init__(self, folder, program=None, **options):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.config_file = self.folder / "written.conf"
        self.errors = self.folder / "sandbox.err"
        words = [str(program or BUILD / "rosterfs-sandbox"), "--port", "0", "--die-with-parent",
                 "--write-config", str(self.config_file)]
        for name, value in options.items():
            if value is True:
                words.append("--" + name.replace("_", "-"))
            elif value is not None and value is not False:
                for one in value if isinstance(value, list) else [value]:
                    words += ["--" + name.replace("_", "-"), str(one)]
        self.output = self.folder / "sandbox.out"
        with open(self.output, "wb") as out, open(self.errors, "wb") as err:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        self.pid = self.process.pid
        self.url = wait_until(self.find_url, 20 * SCALE, "the sandbox's URL")
        address = urllib.parse.urlsplit(self.url)
        self.address = (address.hostname, address.port)

    def find_url(self):
        match = re.search(r"https?://[0-9.]+:[0-9]+", self.output.read_text(errors="replace"))
        if not match and self.process.poll() is not None:
            raise Failure(f"the sandbox ended with status {self.process.returncode}:\n"
                          f"{self.errors.read_text(errors='replace')}")
        return match and match.group()

    def ask(self, method, path, body=None, headers=None):
        """One request; returns (status, parsed JSON or text)."""
        connection = http.client.HTTPConnection(*self.address, timeout=20 * SCALE)
        try:
            data = None if body is None else json.dumps(body)
            head = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, data, {**head, **(headers or {})})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def control(self, method, name, body=None):
        status, value = self.ask(method, "/__sandbox/" + name, body)
        if status >= 300:
            raise Failure(f"{method} /__sandbox/{name}: {status} {value}")
        return value

    def counts(self):
        return self.control("GET", "counts")

    def journal(self):
        return self.control("GET", "journal")

    def wait_held(self, method, path):
        """Until a request with METHOD for PATH stalls; with stall_after it has been applied."""
        wait_until(lambda: any(entry["held"] and (entry["method"], entry["path"]) == (method, path)
                               for entry in self.journal()), 10 * SCALE, f"{method} {path}, held")

    @contextlib.contextmanager
    def holding(self, number, **which):
        """
        Requests that the block starts stall (WHICH: of a method, of a path, after so many) until
        NUMBER are in flight; then all faults are forgotten. Tells how many go at a time, on the
        slowest machine too.
        """
        self.fault(fault="stall", times=-1, **which)
        yield
        wait_until(lambda: self.counts()["in_flight"] >= number, 20 * SCALE, f"{number} requests in flight")
        self.clear_faults()

    def reset(self):
        """Forget the requests counted so far."""
        return self.control("DELETE", "journal")

    def fault(self, **fault):
        return self.control("POST", "faults", fault)

    def clear_faults(self):
        return self.control("DELETE", "faults")

    def release(self):
        """Requests that stall go on; what was ordered stays."""
        return self.control("POST", "release")

    def user(self, ident):
        """The vendor's own copy of a record."""
        return self.control("GET", "users/" + urllib.parse.quote(str(ident), safe=""))

    def patch(self, ident, change):
        """A colleague changes a record at the vendor."""
        return self.control("PATCH", "users/" + urllib.parse.quote(str(ident), safe=""), change)

    def delete(self, ident):
        return self.control("DELETE", "users/" + urllib.parse.quote(str(ident), safe=""))

    def settings(self, **settings):
        return self.control("PUT", "settings", settings)

    def config(self, extra=None):
        """The config file for this sandbox; EXTRA is {section: {key: value}} or text to append."""
        text = self.config_file.read_text()
        if isinstance(extra, str):
            return text.rstrip("\n") + "\n" + extra
        return merge_config(text, extra or {})

    @contextlib.contextmanager
    def paused(self):
        """A server that takes connections and answers nothing, as long as the block lasts."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            # the signal is on its way when kill() returns: on a busy machine threads still answer
            wait_until(lambda: stopped(self.pid), 10 * SCALE, "a paused sandbox")
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def stop(self):
        """End it; returns what was wrong, or ''."""
        problem = ""
        if self.process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.counts().get("leaks"):
                    problem = "a key or a password stood in a URL"
            self.process.terminate()
            try:
                self.process.wait(10 * SCALE)
            except subprocess.TimeoutExpired:
                problem = "the sandbox did not end on SIGTERM\n" + stacks(self.pid)
                self.process.kill()
                self.process.wait(5)
        else:
            problem = f"the sandbox had ended by itself, with status {self.process.returncode}"
        errors = self.errors.read_text(errors="replace")
        if SUSPICIOUS.search(errors) or problem:
            problem = f"{problem}\nthe sandbox's stderr:\n{errors}"
        return problem


class Mount:
    """
    rosterfs on a mount point. .path is a pathlib.Path: looking at it from the test itself is fine
    too, since the watchdog frees a test that hangs there.
    """

    def __init__(self, folder, config, env, sandbox=None, options=(), program=None,
                 background=False, wear=(), extra_env=None, limit=15):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        self.path = self.folder / "mnt"
        self.path.mkdir()
        self.sandbox = sandbox
        self.config_file = self.folder / "rosterfs.conf"
        self.config_file.touch(0o600)
        self.config_file.write_text(config)
        self.errors = self.folder / "rosterfs.err"
        self.env = {**env, **(extra_env or {})}
        self.background = background
        self.commands = []
        self.ended = False
        self.allowed = None  # a regular expression for lines on stderr that are all right
        self.device = None
        self.code = None
        self.pid = 0
        words = [*wear, str(program or BUILD / "rosterfs"), *([] if background else ["-f"]),
                 *options, str(self.config_file), str(self.path)]
        if background:
            self.start_background(words, limit)
        else:
            self.start_foreground(words, limit)

    def start_foreground(self, words, limit):
        with open(self.errors, "wb") as err:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *words], stdin=subprocess.DEVNULL,
                stdout=err, stderr=err, env=self.env, start_new_session=True)
        self.pid = self.process.pid

        def mounted():
            self.device = mount_entry(self.path)
            if not self.device and self.process.poll() is not None:
                raise MountFailed(self.process.returncode, self.stderr())
            return self.device
        try:
            wait_until(mounted, limit * SCALE, "the mount", 0.01)
        except Hang as hang:
            text = stacks(self.pid)
            self.abandon()
            raise Hang(f"{hang}\n{self.stderr()}\n{text}") from None

    def start_background(self, words, limit):
        # what a daemon says after it has closed its stderr: sanitizers write to files then
        for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
            self.env[name] = self.env.get(name, "") + f":log_path={self.folder}/sanitizer"
        self.process = None
        with open(self.errors, "wb") as err:
            try:
                result = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=err, stderr=err,
                                        env=self.env, timeout=limit * SCALE, check=False)
            except subprocess.TimeoutExpired:
                text = stacks(self.find_daemon())
                self.abandon()
                raise Hang(f"rosterfs has not gone to the background\n{text}") from None
        self.device = mount_entry(self.path)
        if result.returncode != 0 or not self.device:
            raise MountFailed(result.returncode, self.stderr())
        self.pid = self.find_daemon()

    def find_daemon(self):
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and running(entry.name):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    if os.fsencode(str(self.path)) in words and b"rosterfs" in words[0]:
                        self.pid = int(entry.name)
                        return self.pid
        raise Failure("there is no process for the mount")

    # ---- using it ----

    def stderr(self):
        text = self.errors.read_text(errors="replace") if self.errors.exists() else ""
        for file in sorted(self.folder.glob("sanitizer.*")):
            text += file.read_text(errors="replace")
        return text

    def log(self):
        """.rosterfs/log: what was asked of whom, and every error in words."""
        return (self.path / ".rosterfs/log").read_text(errors="replace")

    def spawn(self, command, shell="bash", wear=(), env=None, folder=None):
        """Start COMMAND in the mount (with shell=None, a list of words); a Command."""
        started = Command(command, shell, folder or self.path, {**self.env, **(env or {})}, wear)
        self.commands.append(started)
        return started

    def sh(self, command, shell="bash", timeout=30, **rest):
        """Run COMMAND in the mount; its Result. A hang fails with the daemon's stacks."""
        started = self.spawn(command, shell, **rest)
        try:
            return started.finish(timeout)
        except Hang as hang:
            raise Hang(f"{hang}\n{stacks(self.pid)}") from None

    def terminal(self, command, **rest):
        started = Terminal(command, self.path, self.env, **rest)
        self.commands.append(started)
        return started

    # ---- ending it ----

    def alive(self):
        if self.process:
            return self.process.poll() is None
        return running(self.pid)

    def unmount(self, timeout=10):
        """fusermount3 -u as people do it; returns its Result. The daemon is not waited for."""
        command = Command(["fusermount3", "-u", str(self.path)], None, None, self.env)
        try:
            return command.finish(timeout)
        finally:
            command.close()

    def unmount_patiently(self):
        """The same, and again while it is busy: a df of another test looks at each mount of the machine."""
        end = time.monotonic() + 10 * SCALE
        while True:
            result = self.unmount()
            if result.code == 0 or "busy" not in result.err or time.monotonic() > end:
                return result
            time.sleep(0.05)

    def wait(self, seconds=10):
        """Until the daemon has ended; its exit status (None for one in the background)."""
        wait_until(lambda: not self.alive(), seconds * SCALE, "the end of the daemon")
        self.code = self.process.returncode if self.process else None
        return self.code

    def abandon(self):
        """Get rid of it whatever state it is in."""
        if self.pid:
            kill(self.pid)
        if self.device:
            abort_connection(self.device)
        for words in (["fusermount3", "-uz", str(self.path)], ["umount", "-l", str(self.path)]):
            if mount_entry(self.path):
                with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                    subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, timeout=5, check=False)
        if self.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        self.ended = True

    def close(self):
        """End whatever is left, and look at what the daemon said; returns what was wrong, or ''."""
        for command in self.commands:
            command.close()
        if self.ended:
            return ""
        problems = []
        try:
            if mount_entry(self.path):
                result = self.unmount_patiently()
                if result.code != 0 and mount_entry(self.path):
                    problems.append(f"unmounting failed: {result!r}\n{stacks(self.pid)}")
                    self.abandon()
            self.wait()
        except Hang as hang:
            problems.append(f"{hang}\n{stacks(self.pid)}")
            self.abandon()
        if not problems and self.code not in (0, None):
            problems.append(f"the daemon's exit status is {self.code}")
        self.ended = True
        said = self.stderr()
        if self.allowed:
            said = "".join(line for line in said.splitlines(True) if not self.allowed.search(line))
        if problems or SUSPICIOUS.search(said):
            problems.append(f"the daemon's stderr:\n{said}")
        return "\n".join(problems)


class Watchdog(threading.Thread):
    """Ends a test that takes too long: stacks of each daemon, which is then killed, and an exception."""

    def __init__(self):
        super().__init__(daemon=True)
        self.changed = threading.Condition()
        self.deadline = None
        self.turn = 0
        self.fired = False
        self.mounts = []
        self.report = ""
        self.main = threading.main_thread().ident
        signal.signal(signal.SIGALRM, self.interrupt)

    def interrupt(self, _number, _frame):
        if self.fired:
            raise Hang(f"the test took too long\n{self.report}")

    def arm(self, seconds):
        with self.changed:
            self.turn += 1
            self.fired = False
            self.report = ""
            self.deadline = time.monotonic() + seconds
            self.changed.notify()

    def disarm(self):
        with self.changed:
            self.turn += 1
            self.fired = False
            self.deadline = None
            self.changed.notify()

    def run(self):
        while True:
            with self.changed:
                while self.deadline is None or time.monotonic() < self.deadline:
                    self.changed.wait(None if self.deadline is None
                                      else max(0.0, self.deadline - time.monotonic()))
                self.deadline = None
                turn = self.turn
            self.fire(turn)

    def fire(self, turn):
        live = [mount for mount in self.mounts if not mount.ended]
        report = "\n".join(stacks(mount.pid) for mount in live)
        with self.changed:
            if self.turn != turn:
                return
            self.report = report
        for mount in live:
            kill(mount.pid)
            if mount.device:
                abort_connection(mount.device)
        with self.changed:
            if self.turn != turn:
                return
            self.fired = True
            signal.pthread_kill(self.main, signal.SIGALRM)
            # the test should be on its way out by now
            if not self.changed.wait_for(lambda: self.turn != turn, 30):
                sys.__stderr__.write(f"a test hangs for good\n{report}\n")
                faulthandler.dump_traceback(sys.__stderr__)
                os._exit(70)


def base_folder():
    """A new folder outside /tmp, where editors save as they do anywhere else."""
    for parent in (os.environ.get("ROSTERFS_TEST_DIR"), "/var/tmp", os.environ.get("XDG_RUNTIME_DIR"),
                   str(BUILD)):
        if parent and os.access(parent, os.W_OK):
            return pathlib.Path(tempfile.mkdtemp(prefix="rosterfs-test-", dir=parent))
    raise Failure("no place for a mount point: set ROSTERFS_TEST_DIR to a folder outside /tmp")


def clean_env(base):
    """The environment of a user who has set nothing up, so that tools have their default settings."""
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", "TERM": "xterm-256color",
           "HOME": str(base / "home"), "TMPDIR": str(base / "tmp"), "SHELL": "/bin/bash",
           "USER": "tester", "LOGNAME": "tester"}
    for name in ("home", "tmp"):
        (base / name).mkdir(exist_ok=True)
    # others may not look into it
    (base / "home").chmod(0o700)
    for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            env[name] = os.environ[name]
    return env


def remove_base(base):
    """Remove BASE, unless something is still mounted below it (then say what)."""
    left = []
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
        for line in mounts:
            if line.split(" ")[4].startswith(f"{base}/"):
                left.append(line.split(" ")[4])
    for path in left:
        subprocess.run(["fusermount3", "-uz", path], check=False, timeout=10)
    shutil.rmtree(base, ignore_errors=True)
    return left
