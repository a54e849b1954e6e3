# SPDX-License-Identifier: Apache-2.0
"""Mounts of several hosts with one shared store: a Team.

Most tests need no network of their own: their hosts are host names on one machine. Those about cables take a
lan (net_lan.py) as well.
"""

import concurrent.futures
import os
import pathlib
import re

import pytest

from harness import SCALE, merge_config, wait_until
from net_lan import GATE, lan
from redis_server import server

__all__ = ["BACK", "FIXTURES", "HANG", "Team", "lan", "server", "team"]

FIXTURES = ["lan", "server", "team"]
HANG = 30 * SCALE  # what takes longer hangs
BACK = 10 * SCALE  # that a store is there again is noticed within 2 s; more than this is never

# what the owner of a mount is told on stderr about a store that cannot be used
LOUD = re.compile(r"^rosterfs: (the shared store .* cannot be used yet|.*the other hosts (were not told|will not know))")

# a host name of its own, and nothing else: the mount is seen by all
NAMED = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"']


class Team(list):
    """The mounts, in the order of their hosts: host-a, host-b, ...; .box is the vendor, .server the store."""

    def __init__(self, mount, folder, box, server, lan=None, extra=None):
        super().__init__()
        self.start = mount
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.box = box
        self.server = server
        self.lan = lan
        self.extra = extra or {}
        self.networks = []
        self.key = self.folder / "shared.key"
        self.write_key(self.key)

    @staticmethod
    def write_key(path, data=None):
        path.touch(0o600)
        path.chmod(0o600)
        path.write_bytes(data or os.urandom(32))
        return path

    def settings(self, url=None, key=None):
        """The keys of [rosterfs]."""
        keys = {"shared": url or self.server.url, "shared_key_file": key or self.key}
        if self.server and self.server.password is not None:
            file = self.folder / "password"
            if not file.exists():
                file.touch(0o600)
                file.write_text(self.server.password + "\n")
            keys["shared_password_file"] = file
        return keys

    def text(self, extra=None, url=None, key=None):
        """The config of a mount; EXTRA is {section: {key: value}}, on top of the team's."""
        text = merge_config(self.box.config(self.extra), {"rosterfs": self.settings(url, key)})
        return merge_config(text, extra or {})

    def add(self, extra=None, url=None, key=None, config=None, wear=(), **rest):
        """One more mount, on the next host."""
        name = f"host-{chr(ord('a') + len(self))}"
        if self.lan:
            self.networks.append(self.lan.host())
            wear = [*self.networks[-1].wear, *wear]
        one = self.start(self.box, config=config or self.text(extra, url, key), wear=[*NAMED, name, *wear], **rest)
        one.host = name
        one.allowed = LOUD
        self.append(one)
        return one

    # ---- all of them at a time ----

    def each(self, function, mounts=None):
        """FUNCTION(mount) of all (or MOUNTS) at a time: the values in order."""
        mounts = self if mounts is None else mounts
        with concurrent.futures.ThreadPoolExecutor(len(mounts)) as pool:
            return list(pool.map(function, mounts))

    def lists(self):
        """The requests for pages of Partnerize's list, by their queries."""
        return [entry.get("query", "") for entry in self.box.journal()
                if (entry["method"], entry["path"]) == ("GET", "/user")]


def names(m, vendor="partnerize"):
    return sorted(os.listdir(m.path / vendor))


def status_of(m):
    """.rosterfs/status, each note in one line."""
    return re.sub(r"\n {4}(?! )", " ", (m.path / ".rosterfs/status").read_text())


def metric(m, name):
    """The sum of a metric over its labels, or None: there is none."""
    found = re.findall(rf"^{name}(?:{{.*}})? (\S+)$", (m.path / ".rosterfs/metrics").read_text(), re.MULTILINE)
    return sum(map(float, found)) if found else None


def up(m):
    return metric(m, "rosterfs_store_up") == 1


def wait_up(*mounts, seconds=BACK):
    for m in mounts:
        wait_until(lambda m=m: up(m), seconds, f"{m.path} to find the store:\n{status_of(m)}")


def wait_down(*mounts):
    for m in mounts:
        wait_until(lambda m=m: not up(m), BACK, f"{m.path} to miss the store")


def shows(function, wanted, seconds=BACK):
    """Until FUNCTION() is WANTED: what another host wrote is there at once, and here within a hang's time."""
    seen = None

    def same():
        nonlocal seen
        try:
            seen = function()
        except OSError as error:
            seen = error
        return seen == wanted
    try:
        wait_until(same, seconds, "", 0.005)
    except AssertionError:
        raise AssertionError(f"not {wanted!r} but {seen!r} after {seconds} s") from None


@pytest.fixture
def team(mount, sandbox, server, test_dir):
    """
    team(4, extra={...}, on="socket", users=250, ...): that many mounts of one store and one sandbox, whose options
    are the rest: a Team. Or of a BOX, a SERVER, a LAN that are there.
    """
    def start(count=2, extra=None, box=None, store=None, lan=None, on="port", password=None, program=None, more=(),
              mounts=None, **options):
        box = box or sandbox(**{"users": 25, **options})
        if store is None:
            where = {"wear": lan.gate.wear, "address": GATE} if lan else {}
            if program:
                where["program"] = program
            store = server(on=on, password=password, more=more, **where)
        made = Team(mount, test_dir / "team", box, store, lan, extra)
        for _ in range(count):
            made.add(**(mounts or {}))
        return made
    return start
