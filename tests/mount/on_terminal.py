#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Run a command whose stderr is a terminal: `on_terminal.py FILE COMMAND...`.

What the command writes there goes to FILE. The terminal has 80 columns. The exit status is the command's.
"""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios

master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 25, 80, 0, 0))
with subprocess.Popen(sys.argv[2:], stderr=slave, env={**os.environ, "TERM": "xterm"}) as process:
    os.close(slave)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    with open(sys.argv[1], "wb", buffering=0) as out:
        try:
            while data := os.read(master, 4096):
                out.write(data)
        except OSError:
            pass  # the other end is closed
sys.exit(process.returncode)
