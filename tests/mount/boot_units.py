# SPDX-License-Identifier: Apache-2.0
"""What a test of the start needs: a socket as the service manager has it, and the files of boot/."""

import contextlib
import socket

import harness

UNITS = harness.TOP / "boot"


class Manager:
    """The service manager's end of sd_notify: a datagram socket at .path."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(20 * harness.SCALE)

    def hear(self):
        """The next message, {name: value}."""
        text = self.socket.recv(4096).decode()
        assert text.endswith("\n")
        return dict(line.split("=", 1) for line in text.splitlines())

    def close(self):
        self.socket.close()


@contextlib.contextmanager
def manager(path):
    """A Manager at PATH, as long as the block lasts."""
    end = Manager(path)
    try:
        yield end
    finally:
        end.close()


def unit(folder, name, source=None):
    """A copy of the unit NAME in FOLDER, whose program is the one that is tested."""
    folder.mkdir(exist_ok=True)
    text = (source or UNITS / name).read_text()
    assert "/usr/local/bin/rosterfs" in text
    file = folder / name
    file.write_text(text.replace("/usr/local/bin/rosterfs", str(harness.BUILD / "rosterfs")))
    return file
