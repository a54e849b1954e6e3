# SPDX-License-Identifier: Apache-2.0
"""Mounts of several hosts with one shared store: requests, cold starts, edits, and how soon one sees what another wrote.

The store is a redis-server on loopback. ROSTERFS_BASE names another rosterfs to compare with, such as one of an
earlier commit; without it what is beside is this one, without a store.
"""

import concurrent.futures
import csv
import multiprocessing
import os
import pathlib
import random
import shutil
import statistics
import time

import harness
import redis_server
import systems
from process import Broken
from wire import LATENCY

HOSTS = 4
WRITERS, EDITS, RECORDS = 16, int(os.environ.get("ROSTERFS_EDITS", 250)), 50
PACE = 0.4  # seconds from an edit of a writer to its next one: what is measured is a write, not a queue
FIELDS = ("firstname", "lastname", "phone", "timezone", "address.line1", "address.city", "address.postcode",
          "cost_centre")
LEAVERS = 1000
ROUNDS = 3


class Host(systems.Rosterfs):
    """One of the mounts; with PROGRAM another rosterfs."""

    def __init__(self, folder, number, box, env, store=None, keys=None, program=None):
        top = {"status_limit": 0, **(store or {})}
        super().__init__(folder / f"host{number}", box, env, keys, top)
        self.program = program

    def start(self):
        self.number += 1
        self.mount = harness.Mount(self.folder / str(self.number), self.config, self.env, self.box,
                                   program=self.program)
        self.path = self.mount.path / "partnerize"


class Site:
    """A vendor, a store, and hosts."""

    def __init__(self, bench, name, users, hosts=HOSTS, keys=None, shared=True, program=None, **options):
        self.bench = bench
        self.folder = bench.folder(name)
        self.keys = keys
        self.program = program
        self.box = bench.sandbox(self.folder / "sandbox", users=users, vendors="partnerize", **options)
        self.server = bench.keep(redis_server.Server(self.folder / "r")) if shared else None
        self.store = None
        if shared:
            key = self.folder / "key"
            key.touch(0o600)
            key.write_bytes(os.urandom(32))
            self.store = {"shared": self.server.url, "shared_key_file": key}
        self.hosts = [self.host() for _ in range(hosts)]

    def host(self):
        number = len(list(self.folder.iterdir()))
        one = self.bench.keep(Host(self.folder, number, self.box, self.bench.env, self.store, self.keys,
                                   self.program))
        one.start()
        return one

    def each(self, function):
        with concurrent.futures.ThreadPoolExecutor(len(self.hosts)) as pool:
            return list(pool.map(function, self.hosts))


def base_program():
    """The rosterfs to compare with, and what it is called."""
    path = os.environ.get("ROSTERFS_BASE")
    return (pathlib.Path(path), pathlib.Path(path).name + " of ROSTERFS_BASE") if path else (None, "without a store")


def timed_list(host):
    """A cold ls: seconds."""
    begin = time.perf_counter()
    found = sum(1 for name in os.listdir(host.path) if name.endswith(".json"))
    took = time.perf_counter() - begin
    if found != host.box.users:
        raise Broken(f"a host shows {found} users of {host.box.users}")
    return took


def cold(bench, users):
    """Four mounts that list at once, and a fifth one later, in turns with one that shares nothing."""
    names = ("shared: requests of four cold mounts", "shared: cold ls of four mounts", "shared: cold ls of a fifth mount",
             "shared: requests for lists of a fifth mount", "shared: bytes of Redis, a user",
             "shared: pages asked for twice by four cold mounts")
    if not bench.wanted(*names):
        return
    site = Site(bench, "shared-cold", users, 0, {"parallel": 8}, latency=LATENCY)
    program, base_name = base_program()
    alone = bench.keep(Host(site.folder, "alone", site.box, bench.env, None, {"parallel": 8}, program))
    alone.start()
    base = timed_list(alone)
    pages = site.box.counts()["GET /user"]
    alone.stop()
    site.box.reset()
    site.hosts = [site.host() for _ in range(HOSTS)]
    took = max(site.each(timed_list))
    queries = [entry["query"] for entry in site.box.journal() if entry["path"] == "/user"]
    bench.figure("shared", names[0], len(queries), "", pages, "one mount")
    bench.figure("shared", names[5], len(queries) - len(set(queries)), "", most=0)
    bench.figure("shared", names[1], took, "s", base, base_name)
    fifths, bases = [], []
    lists = 0
    for _ in range(ROUNDS):
        site.box.reset()
        fifth = site.host()
        fifths.append(timed_list(fifth))
        lists += site.box.counts().get("GET /user", 0)
        fifth.stop()
        alone.start()
        bases.append(timed_list(alone))
        alone.stop()
    bench.figure("shared", names[2], statistics.median(fifths), "s", statistics.median(bases), base_name, 0.12)
    bench.figure("shared", names[3], lists, "", most=0)
    sample = range(1, users + 1, max(1, users // 2000))
    text = statistics.mean(len((site.hosts[0].path / f"{ident}.json").read_bytes()) for ident in sample)
    bench.figure("shared", names[4], site.server.bytes_used() / users, "B", text, "a user's text", 1.2)
    for host in site.hosts:
        host.stop()


# ---- edits ----

def edit_of(field, value):
    head, _, tail = field.partition(".")
    return f'{{"{head}": {{"{tail}": "{value}"}}}}' if tail else f'{{"{field}": "{value}"}}'


def value_of(record, field):
    head, _, tail = field.partition(".")
    return record.get(head, {}).get(tail) if tail else record.get(field)


def write_edits(path, number, edits, results):
    """Writer NUMBER: edits of its own field of its own share of the records; those of other fields are others'."""
    # the eight who share records are on all hosts
    field, share = FIELDS[number // 8 % len(FIELDS)], number % 8
    ours = [ident for ident in range(2, 2 + RECORDS) if ident % 8 == share]
    seconds, wrote, failed = [], {}, []
    order = random.Random(number)
    time.sleep(order.random() * PACE)
    for turn in range(edits):
        due = time.monotonic() + PACE
        ident, value = order.choice(ours), f"{number}-{turn}"
        begin = time.perf_counter()
        try:
            file = os.open(f"{path}/{ident}.json", os.O_WRONLY | os.O_TRUNC)
            try:
                os.write(file, edit_of(field, value).encode())
            finally:
                os.close(file)
            wrote[ident, field] = value
        except OSError as error:
            failed.append(str(error))
        seconds.append(time.perf_counter() - begin)
        time.sleep(max(0, due - time.monotonic()))
    results.put((seconds, wrote, failed))


def edited(site):
    """All writers of all hosts at a time: seconds of each edit, how many failed, how many were lost."""
    for host in site.hosts:
        timed_list(host)
        # a store that is new keeps the first write waiting for three seconds, and all writers would go on at once
        (host.path / f"{RECORDS + 10}.json").write_text(edit_of(FIELDS[0], host.path.parent.name), encoding="utf-8")
    site.box.control("POST", "changes")
    results = multiprocessing.Queue()
    writers = [multiprocessing.Process(target=write_edits, args=(host.path, at * WRITERS + one, EDITS, results))
               for at, host in enumerate(site.hosts) for one in range(WRITERS)]
    for one in writers:
        one.start()
    seconds, wrote, failed = [], {}, []
    for _ in writers:
        more, did, not_done = results.get(timeout=1200)
        seconds += more
        wrote.update(did)
        failed += not_done
    for one in writers:
        one.join(60)
    # what another's PUT set back, at any moment, and what is not there at the end
    lost = sum(max(0, len(differences(change["before"], change["after"])) - 1)
               for change in site.box.control("GET", "changes")["changes"])
    for (ident, field), value in wrote.items():
        lost += value_of(site.box.user(ident), field) != value
    return seconds, failed, lost


def differences(before, after):
    moving = {"updated_at", "address"}
    return [name for name in {*before, *after} if name not in moving and before.get(name) != after.get(name)] + \
        [name for name in {*(before.get("address") or {}), *(after.get("address") or {})}
         if (before.get("address") or {}).get(name) != (after.get("address") or {}).get(name)]


def edits(bench):
    """Four mounts of 16 writers, who edit other fields of the same records; none may be lost."""
    total = HOSTS * WRITERS * EDITS
    names = (f"shared: lost of {total:,} edits on four mounts", "shared: an edit on four mounts, the middle one",
             f"shared: failed of {total:,} edits", "shared: an edit on one mount, the middle one")
    if not bench.wanted(*names):
        return
    keys = {"parallel": 64, "retry_budget": 60}
    program, base_name = base_program()
    one = Site(bench, "edits-alone", 200, 1, keys, False, program, latency=20)
    alone, _, _ = edited(one)
    close(one)
    today = Site(bench, "edits-today", 200, HOSTS, keys, False, program, latency=20)
    _, _, lost_today = edited(today)
    close(today)
    single = Site(bench, "edits-single", 200, 1, keys, latency=20)
    with_store, _, _ = edited(single)
    close(single)
    site = Site(bench, "edits-shared", 200, HOSTS, keys, latency=20)
    seconds, failed, lost = edited(site)
    close(site)
    bench.figure("shared", names[0], lost, "", lost_today or None, f"four mounts, {base_name}", 0)
    bench.figure("shared", names[1], 1000 * statistics.median(seconds), "ms", 1000 * statistics.median(alone),
                 f"one mount, {base_name}", 1.15)
    bench.figure("shared", names[3], 1000 * statistics.median(with_store), "ms", 1000 * statistics.median(alone),
                 f"the same, {base_name}")
    bench.figure("shared", names[2], len(failed), "", most=0)
    if failed:
        bench.note(f"edits that failed, such as: {failed[0]}")


def close(site):
    for host in site.hosts:
        host.stop()


# ---- what another host sees ----

def seen(bench):
    """From the end of a write on one host until another one shows it, by each way that leads to the user."""
    ways = ("cat", "stat", "tables/", "by-email")
    names = [f"shared: a deactivation is seen in {way}, 99th percentile" for way in ways]
    if not bench.wanted(*names):
        return
    site = Site(bench, "shared-seen", LEAVERS + 100, 2)
    first, second = site.hosts
    for host in site.hosts:
        timed_list(host)
    emails = {user["user_id"]: user["email"].lower() for user in site.box.control("GET", "users")}
    folder = second.mount.path

    def table(ident):
        with open(folder / "tables/partnerize.csv", newline="", encoding="utf-8") as file:
            return next(row["status"] for row in csv.DictReader(file) if row["user_id"] == ident) == "inactive"
    looks = {"cat": lambda ident: (second.path / f"{ident}.status").read_text() == "inactive\n",
             "stat": lambda ident: (second.path / f"{ident}.status").stat().st_size == len("inactive\n"),
             "tables/": table,
             "by-email": lambda ident: (folder / "by-email" / emails[ident] / "partnerize.status").read_text() ==
             "inactive\n"}
    took = {way: [] for way in ways}
    leavers = [ident for ident in sorted(emails, key=int) if int(ident) % 10 and int(ident) > 1][:LEAVERS]
    for number, ident in enumerate(leavers):
        # its kernel knows the user as active by every way
        for way in ways:
            if looks[way](ident):
                raise Broken(f"user {ident} is inactive beforehand, says {way}")
        (first.path / f"{ident}.status").write_text("inactive\n")
        begin = time.perf_counter()
        # each way comes first in its turn: what is slow to look at is not waited for by the others
        left = [ways[(number + one) % len(ways)] for one in range(len(ways))]
        while left:
            for way in list(left):
                if looks[way](ident):
                    took[way].append(time.perf_counter() - begin)
                    left.remove(way)
            if time.perf_counter() - begin > 30:
                raise Broken(f"user {ident} is not seen as inactive in {left}")
    for way, name in zip(ways, names):
        values = sorted(took[way])
        bench.figure("shared", name, 1000 * values[int(len(values) * 0.99)], "ms", most=100)
    close(site)


def measure(bench, users):
    if not redis_server.INSTALLED or not shutil.which("redis-server"):
        bench.note("no redis-server: nothing of a shared store was measured")
        return
    for function, words in ((cold, [users]), (edits, []), (seen, [])):
        bench.part(function, *words)
