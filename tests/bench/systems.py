# SPDX-License-Identifier: Apache-2.0
"""The filesystems side by side: rosterfs, the floor, tmpfs, and where installed bindfs and rclone.

Each shows the same names in .path while it is started, and counts the requests of the kernel in
fuse() where it can (else None). rosterfs is the only one that asks anybody: http() counts that.
"""

import contextlib
import os
import pathlib
import re
import shutil
import struct
import subprocess

import harness
import process
from process import Broken
from system import BUILD, abort_connection, mount_entry, wait_until

# A roster that stays fresh: what is measured is not its end.
LONG = 80000


def unmount(path, limit=120):
    """fusermount3 -u; the kernel has to forget all names, which takes a while for a million."""
    process.run(["fusermount3", "-u", path], limit=limit)


def detach(path):
    """Get rid of a mount whatever state it is in."""
    for words in (["fusermount3", "-uz", str(path)], ["umount", "-l", str(path)]):
        if mount_entry(path):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, timeout=10, check=False)


class Tmpfs:
    """The copy itself: what the tools take, and the kernel without FUSE."""

    name = "tmpfs"

    def __init__(self, source):
        self.path = source

    def start(self):
        pass

    def stop(self):
        pass

    def close(self):
        pass

    def fuse(self):
        return None


class Fuse:
    """A filesystem that shows the folder SOURCE, run in the foreground by self.words()."""

    name = ""

    def __init__(self, folder, source):
        self.folder = folder / self.name
        self.folder.mkdir(parents=True)
        self.source = source
        self.path = self.folder / "mnt"
        self.path.mkdir()
        self.process = None
        self.errors = self.folder / "errors"

    def words(self):
        raise NotImplementedError

    def start(self):
        words = ["setpriv", "--pdeathsig", "TERM", "--", *map(str, self.words())]
        with open(self.errors, "wb") as err:
            self.process = process.start(words, self.folder, err=err,
                                         env={**process.ENV, "HOME": str(self.folder)})

        def mounted():
            if self.process.poll() is not None:
                raise Broken(f"{self.name} did not mount: {self.errors.read_text(errors='replace')}")
            return mount_entry(self.path)
        wait_until(mounted, 120, f"the mount of {self.name}", 0.005)

    def stop(self):
        unmount(self.path)
        if not process.wait_for(self.process, 120):
            raise Broken(f"{self.name} goes on after its unmount")
        self.process.wait(5)
        self.process = None

    def close(self):
        if self.process and self.process.poll() is None:
            device = mount_entry(self.path)
            if device:
                abort_connection(device)
            process.end_group(self.process)
        detach(self.path)

    def fuse(self):
        return None


class Floor(Fuse):
    name = "floor"

    def __init__(self, folder, source, users=0):
        super().__init__(folder, source)
        self.users = users
        self.counts = self.folder / "counts"

    def words(self):
        more = ["-n", self.users] if self.users else []
        return [BUILD / "bench/floor", *more, self.counts, self.source, self.path]

    def fuse(self):
        data = self.counts.read_bytes()
        return sum(struct.unpack(f"={len(data) // 8}Q", data))


class Bindfs(Fuse):
    name = "bindfs"

    def words(self):
        return ["bindfs", "-f", "--no-allow-other", "-o",
                "attr_timeout=3600,entry_timeout=3600,negative_timeout=3600", self.source, self.path]


class Rclone(Fuse):
    name = "rclone"

    def words(self):
        return ["rclone", "mount", "--config", self.folder / "none.conf", "--vfs-cache-mode", "off",
                "--dir-cache-time", "1h", "--attr-timeout", "1h", self.source, self.path]


def installed(system):
    return shutil.which(system.name, path=process.ENV["PATH"]) is not None


class Rosterfs:
    """rosterfs on a mount of its own each time, with the users of the sandbox BOX."""

    name = "rosterfs"

    def __init__(self, folder, box, env, keys=None, top=None):
        self.folder = folder / self.name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.box = box
        self.env = env
        self.config = box.config({"partnerize": {"ttl": LONG, **(keys or {})},
                                  **({"rosterfs": top} if top else {})})
        self.mount = None
        self.path = None
        self.number = 0
        self.own = None

    def start(self):
        self.number += 1
        self.mount = harness.Mount(self.folder / str(self.number), self.config, self.env, self.box)
        self.path = self.mount.path / "partnerize"
        self.own = self.read_cost()

    def fetch(self):
        """Open the directory, which fetches the roster and tells the kernel no name."""
        os.close(os.open(self.path, os.O_RDONLY | os.O_DIRECTORY))

    def refresh(self):
        """Fetch everything anew."""
        (self.mount.path / ".rosterfs/refresh").write_text("all\n")
        self.fetch()

    def stop(self):
        if mount_entry(self.mount.path):
            unmount(self.mount.path)
        self.mount.wait(120)
        problem = self.mount.close()
        self.mount = None
        if problem:
            raise Broken(problem)

    def close(self):
        if self.mount:
            self.mount.abandon()

    @property
    def pid(self):
        return self.mount.pid

    # ---- counts ----

    def metrics(self):
        return (self.mount.path / ".rosterfs/metrics").read_text()

    def fuse_total(self):
        found = re.findall(r"^rosterfs_fuse_requests_total\{.*\} (\d+)$", self.metrics(), re.MULTILINE)
        return sum(map(int, found)) if found else None

    def read_cost(self):
        """The requests that reading the metrics is itself, once the names are known."""
        self.fuse_total()
        first, second = self.fuse_total(), self.fuse_total()
        return None if first is None else second - first

    def fuse(self):
        """Requests so far. The own ones of reading this are taken off, beforehand for the next."""
        total = self.fuse_total()
        if total is None:
            return None
        self.reads = getattr(self, "reads", 0) + 1
        return total - self.own * self.reads

    def notifications(self):
        found = re.search(r"^rosterfs_fuse_notifications_total\S* (\d+)$", self.metrics(),
                          re.MULTILINE)
        return int(found.group(1)) if found else None

    def http(self):
        return self.box.counts()["total"]


def others(folder, source, users):
    """What can be had here beside rosterfs; USERS is not 0 when SOURCE does not hold all of them."""
    floor = Floor(folder, source, users)
    if users:
        return [floor]
    rivals = [system(folder, source) for system in (Bindfs, Rclone) if installed(system)]
    return [floor, Tmpfs(source), *rivals]


def copy(roster, names, source):
    """Copy the records of ROSTER that the file NAMES lists to the folder SOURCE."""
    source = pathlib.Path(source)
    source.mkdir()
    process.run(["xargs", "-a", names, "cp", "-p", "-t", source], folder=roster.path, limit=300)
    return source
