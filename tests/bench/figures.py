# SPDX-License-Identifier: Apache-2.0
"""Single figures of the daemon: memory, CPU, start, idle, and how many requests a job costs."""

import contextlib
import os
import pathlib
import statistics
import time

import process
import systems
from process import Broken
from system import BUILD, mount_entry, running, wait_until

# Reached by so many users; more cost time and tell nothing new.
REFRESHED = 100000
REFRESHES = 20
IDLE_SECONDS = 5
STARTS = 10


class Figure:
    """
    VALUE of NAME, in UNIT, beside BASE (what it is compared with). MOST is what is allowed: of the
    ratio to BASE, or of the value where there is no base to divide by.
    """

    def __init__(self, group, name, value, unit, base=None, base_name="", most=None, requests=""):
        self.group = group
        self.name = name
        self.value = value
        self.unit = unit
        self.base = base
        self.base_name = base_name
        self.most = most
        self.requests = requests

    def ratio(self):
        return self.value / self.base if self.base else None

    def verdict(self):
        if self.most is None:
            return ""
        return "ok" if (self.ratio() if self.base else self.value) <= self.most else "OVER"


def keys_file(box, file, lines):
    """A file for curl -K: the keys must not stand on a command line."""
    config = box.config().splitlines()
    key = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in config)}
    file.touch(0o600)
    file.write_text(f'header = "X-Application-Key: {key["application_key"]}"\n'
                    f'header = "X-User-Api-Key: {key["user_api_key"]}"\n'
                    "silent\nfail\ncompressed\n" + "".join(line + "\n" for line in lines))
    return file


def floor_of_cpu(bench, box, folder, users):
    """Seconds of CPU that parsing the pages and rendering each user once takes."""
    pages = folder / "pages"
    pages.mkdir()
    count = -(-users // 100)
    file = keys_file(box, folder / "pages.conf", [
        f'url = "{box.url}/user?page=[1-{count}]&count=100"', f'output = "{pages}/#1.json"'])
    process.run(["curl", "-K", file])
    names = sorted(map(str, pages.iterdir()))
    runs = [bench.json(process.output([BUILD / "bench/parse", *names], folder)) for _ in range(3)]
    if runs[0]["users"] != users:
        raise Broken(f"the pages hold {runs[0]['users']} users of {users}")
    return min(run["seconds"] for run in runs)


def cpu(bench, users):
    """A cold listing: the daemon's CPU for fetching, parsing, rendering and showing."""
    if not bench.wanted("cpu: cold listing", "memory: peak"):
        return
    folder = bench.folder("cpu")
    box = bench.sandbox(folder / "sandbox", users=users, vendors="partnerize")
    least = floor_of_cpu(bench, box, folder, users)
    roster = bench.keep(systems.Rosterfs(folder, box, bench.env))
    spent = []
    for last in (False, False, True):
        roster.start()
        before = process.cpu(roster.pid)
        process.run(["ls", "-f"], roster.path, out=folder / "listing")
        spent.append(process.cpu(roster.pid) - before)
        if last:
            peak(bench, roster, users)
        roster.stop()
    # a few milliseconds are no measure
    most = 1.3 if least > 0.1 else None
    bench.figure("cpu", f"cpu: cold listing, {users:,} users", 1000 * min(spent), "ms",
                 1000 * least, "jansson alone", most)


def peak(bench, roster, users):
    """The most memory while a roster is fetched anew, and what the kernel is told of it."""
    process.run(["ls", "-l"], roster.path, out=roster.folder / "listing")
    roster.refresh()
    steady = process.memory(roster.pid)
    exact = process.forget_peak(roster.pid)
    notified, asked = roster.notifications(), roster.http()
    roster.refresh()
    name = f"memory: peak in a refresh, {users:,} users" if exact else "memory: peak since the start"
    requests = f"HTTP {roster.http() - asked}"
    if notified is not None:
        requests += f", {roster.notifications() - notified} notifications"
    bench.figure("memory", name, process.memory(roster.pid, "VmHWM") / 1e6, "MB", steady / 1e6,
                 "steady state", 1.6, requests)


def refreshes(bench, users):
    if not bench.wanted(f"memory: after {REFRESHES} refreshes"):
        return
    users = min(users, REFRESHED)
    folder = bench.folder("refreshes")
    box = bench.sandbox(folder / "sandbox", users=users, vendors="partnerize")
    roster = bench.keep(systems.Rosterfs(folder, box, bench.env))
    roster.start()
    process.run(["ls", "-l"], roster.path, out=folder / "listing")
    sizes = []
    for _ in range(REFRESHES):
        roster.refresh()
        process.run(["ls", "-f"], roster.path, out=folder / "listing")
        sizes.append(process.memory(roster.pid))
    roster.stop()
    # allocators settle in the first rounds
    bench.figure("memory", f"memory: after {REFRESHES} refreshes, {users:,} users", sizes[-1] / 1e6,
                 "MB", sizes[1] / 1e6, "after 2", 1.05)


def idle(bench, users):
    if not bench.wanted("idle: wake-ups"):
        return
    folder = bench.folder("idle")
    box = bench.sandbox(folder / "sandbox", users=min(users, 1000), vendors="partnerize")
    roster = bench.keep(systems.Rosterfs(folder, box, bench.env))
    roster.start()
    process.run(["ls", "-l"], roster.path, out=folder / "listing")
    time.sleep(1.5)
    before = process.switches(roster.pid)
    time.sleep(IDLE_SECONDS)
    woken = process.switches(roster.pid) - before
    roster.stop()
    bench.figure("idle", f"idle: wake-ups a second, over {IDLE_SECONDS} s", woken / IDLE_SECONDS, "/s",
                 most=0)


def start(bench):
    """
    From exec to the end of `rosterfs CONFIG MOUNTPOINT`, which means that it is mounted; from there to
    the first byte of .rosterfs/status.
    """
    if not bench.wanted("start: mounted status"):
        return
    folder = bench.folder("start")
    box = bench.sandbox(folder / "sandbox", users=100, vendors="partnerize")
    config = folder / "rosterfs.conf"
    config.touch(0o600)
    config.write_text(box.config())
    mountpoint = folder / "mnt"
    mountpoint.mkdir()
    took, shown = [], []
    for _ in range(STARTS):
        # what it says must not fill our own screen
        took.append(process.run([BUILD / "rosterfs", config, mountpoint], limit=20))
        begin = time.perf_counter()
        with open(mountpoint / ".rosterfs/status", "rb", buffering=0) as file:
            if not file.read(1):
                raise Broken("status is empty")
        status.append(time.perf_counter() - begin)
        if not mount_entry(mountpoint):
            raise Broken("rosterfs ended with status 0 and is not mounted")
        begun = time.monotonic()
        with open(mountpoint / ".rosterfs/status", "rb", buffering=0) as status:
            status.read(1)
        shown.append(time.monotonic() - begun)
        pid = daemon(mountpoint)
        systems.unmount(mountpoint, 20)
        wait_until(lambda pid=pid: not running(pid), 20, "the end of the daemon")
    bench.figure("start", "start: exec to mounted", 1000 * statistics.median(took), "ms", most=50)
    bench.figure("start", "start: mounted to the first byte of status", 1000 * statistics.median(shown), "ms",
                 most=50)


def daemon(mountpoint):
    """The process that serves MOUNTPOINT, by its command line."""
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
            if os.fsencode(mountpoint) in words and b"rosterfs" in words[0]:
                return int(entry.name)
    raise Broken("there is no process for the mount")


def requests(bench):
    """What single jobs ask of the vendor: exact counts."""
    if not bench.wanted("requests: cold cat write list stat status"):
        return
    folder = bench.folder("requests")
    users = 1000
    box = bench.sandbox(folder / "sandbox", users=users, vendors="partnerize")
    roster = bench.keep(systems.Rosterfs(folder, box, bench.env))

    def job(name, command, most, fresh=False):
        if fresh:
            if roster.mount:
                roster.stop()
            roster.start()
        before = roster.http()
        process.run(["sh", "-c", command], roster.path)
        bench.figure("requests", f"requests: {name}", roster.http() - before, "", most=most)
    job("cold cat of a record", "cat 55.json", 1, True)
    job("cold stat of a record", "stat 55.json", 1, True)
    job("cold cat of a status", "cat 55.status", 1, True)
    # a vendor whose total says nothing (it counts the rows of a page): parallel - 1 past the end
    job(f"ls of {users:,} users, {users // 100} pages", "ls -f", users // 100 + 7, True)
    job("ls -l after it, which reads the link self", "ls -l", 1)
    job("ls, ls -l, cat again", "ls -f; ls -l; cat 5*.json", 0)
    job("a status written", "echo inactive >7.status", 2)
    job("the same status again", "echo inactive >7.status", 1)
    roster.stop()

