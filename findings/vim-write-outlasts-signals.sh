#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A vim whose :w waits for a slow file ends on no signal but SIGKILL, and Ctrl-C does not stop the :w.
#
# Seen with: Vim 9.0.1378 (Debian vim-tiny 2:9.0.1378-2+deb12u2). Needs python3.
#
# The guess: a file system that lets a signal interrupt write(2) is enough. Ctrl-C in vim cancels a :w that
# hangs, as it cancels a search; SIGTERM and SIGHUP, as from a closed terminal or a shutdown, end vim, which
# says "Caught deadly signal". So nothing hangs because of one server that does not answer.
#
# What happens: vim has the terminal in a mode without signals (no ISIG), so that Ctrl-C is a byte that waits
# to be read until write(2) has returned. SIGINT, SIGTERM and SIGHUP from outside interrupt write(2), which
# fails with EINTR, and vim calls it again with what was not written. Only when all is written, vim dies of
# the signal (SIGTERM, SIGHUP) or goes on (SIGINT). A file system that gives up when it is interrupted gets
# the same data once more. A pipe that nobody reads stands for the slow file here: it blocks in the same way.
#
# What helps: a limit on how long the file system itself waits, after which it answers an error; kill -9
# for the impatient, with the swap file to recover from.
#
# Source: vim 9.0, src/os_unix.c (mch_settmode, deathtrap), src/bufwrite.c (buf_write_bytes, which uses
# write_eintr); runtime/doc/version7.txt says that SIGHUP and SIGTERM are postponed.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
chmod 755 "$work"
mkdir "$work/deb" "$work/root"
chmod 777 "$work/deb"
(cd "$work/deb" && apt-get -qq download vim-tiny=2:9.0.1378-2+deb12u2 2>../apt.log) || {
	cat "$work/apt.log"
	exit 1
}
dpkg -x "$work"/deb/vim-tiny_*.deb "$work/root"

cat >"$work/try.py" <<'END'
import os
import pty
import signal
import sys
import time

VIM, WORK = sys.argv[1:]


def waits(pid):
    """The process is in write(2)."""
    with open(f"/proc/{pid}/syscall") as file:
        return file.read().split()[0] == "1"  # x86-64


def quiet(terminal):
    """Read what vim draws, or it waits for the terminal."""
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass


def ended(pid, terminal, seconds):
    """How vim ended within SECONDS, or None."""
    for _ in range(seconds * 10):
        quiet(terminal)
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    return None


def attempt(name, act):
    pipe, text = f"{WORK}/pipe", f"{WORK}/text"
    with open(text, "w") as file:
        file.write(("x" * 79 + "\n") * 4000)
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(VIM, [VIM, "-u", "NONE", "-i", "NONE", "-n", text, "-c", f"write! {pipe}"])
    os.set_blocking(terminal, False)
    for _ in range(100):
        quiet(terminal)
        if waits(pid):
            break
        time.sleep(0.1)
    act(pid, terminal)
    still = ended(pid, terminal, 3) is None and waits(pid)
    print(f"{name}: {'still in write(2) after 3 s' if still else 'the write has ended'}")
    # the slow file gets on
    end = time.monotonic() + 5
    code = None
    while code is None and time.monotonic() < end:
        try:
            while os.read(reader, 65536):
                pass
        except OSError:
            pass
        code = ended(pid, terminal, 1)
    print("  when the write is done: " + ("vim goes on" if code is None else "vim ends"))
    if code is None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    os.close(reader)
    os.close(terminal)
    os.unlink(pipe)


attempt("Ctrl-C", lambda pid, terminal: os.write(terminal, b"\x03"))
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    attempt(number.name, lambda pid, terminal, number=number: os.kill(pid, number))
END

cat >"$work/expected" <<'END'
Ctrl-C: still in write(2) after 3 s
  when the write is done: vim goes on
SIGINT: still in write(2) after 3 s
  when the write is done: vim goes on
SIGTERM: still in write(2) after 3 s
  when the write is done: vim ends
SIGHUP: still in write(2) after 3 s
  when the write is done: vim ends
END
"$work/root/usr/bin/vim.tiny" --version | head -n 1
HOME=$work timeout 120 python3 "$work/try.py" "$work/root/usr/bin/vim.tiny" "$work" >"$work/seen" 2>&1 || echo 'it failed' >>"$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" >"$work/diff" || {
	echo 'CHANGED: expected (<), seen (>)'
	cat "$work/diff"
	exit 1
}
