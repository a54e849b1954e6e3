# SPDX-License-Identifier: Apache-2.0
"""How long commands wait for a vendor that is busy or silent: times that the manual promises.

The yardstick is the promise itself, or the ideal: rounds of requests, times the latency.
"""

import os
import signal
import statistics
import time

import harness
import systems
from process import Broken
from wire import LATENCY

USERS = 10000
READERS = 20


def timed(function):
    """The seconds that FUNCTION() takes, and the errno that it failed with, or 0."""
    begin = time.perf_counter()
    try:
        function()
    except OSError as error:
        return time.perf_counter() - begin, error.errno
    return time.perf_counter() - begin, 0


def started(bench, name, keys=None, **options):
    """A mount of a sandbox of its own: systems.Rosterfs."""
    folder = bench.folder(name)
    box = bench.sandbox(folder / "sandbox", **{"users": 1000, "vendors": "partnerize,elasticpath,cj", **options})
    roster = bench.keep(systems.Rosterfs(folder, box, bench.env, keys))
    roster.start()
    return roster


def busy(bench):
    """A vendor that answers 429: how long a call waits."""
    names = ("wait: EBUSY with retry_budget = 1", "wait: Retry-After of 1 s")
    if not bench.wanted(*names):
        return
    roster = started(bench, "busy", {"retry_budget": 1})
    roster.box.fault(fault="status", status=429, times=-1)
    took = [timed((roster.path / f"{number}.json").read_text) for number in range(5, 10)]
    if not all(error for _, error in took):
        raise Broken("a vendor that refuses everything was read")
    bench.figure("wait", names[0], statistics.median(seconds for seconds, _ in took), "s", 1, "the budget", 1.6)
    roster.stop()
    roster = started(bench, "later", {"retry_budget": 20})
    took = []
    for _ in range(3):
        roster.box.fault(fault="status", status=429, retry_after=1, path="/user")
        took.append(timed(roster.refresh)[0])
    bench.figure("wait", names[1], statistics.median(took), "s", 1, "Retry-After", 1.5)
    roster.stop()


def silent(bench):
    """A vendor that does not answer: how long a killed reader lives, and how long others wait."""
    names = ("wait: end of a killed reader", "wait: read of a MANUAL beside 20 readers")
    if not bench.wanted(*names):
        return
    roster = started(bench, "silent")
    roster.box.fault(fault="stall", method="GET", times=-1)
    readers = [roster.mount.spawn(["cat", f"partnerize/{number}.json"], None) for number in range(READERS)]
    harness.wait_for_sleepers(readers)
    aside = [timed((roster.mount.path / "cj/MANUAL").read_text)[0] for _ in range(READERS)]
    killed = [reader.kill(signal.SIGKILL) for reader in readers]
    bench.figure("wait", names[0], 1000 * statistics.median(killed), "ms", most=300)
    bench.figure("wait", names[1], 1000 * statistics.median(aside), "ms", most=100)
    roster.box.clear_faults()
    roster.stop()


def throttled(bench):
    """A vendor that takes fewer requests at a time than `parallel`, and says so by 429."""
    for most in (4, 8, 16):
        name = f"wait: cold roster, parallel 32, the vendor takes {most}"
        if not bench.wanted(name):
            continue
        roster = started(bench, f"throttled{most}", {"parallel": 32}, users=USERS, latency=LATENCY,
                         profile="documents")
        roster.box.settings(max_parallel=most)
        took = timed(roster.fetch)[0]
        ideal = (1 + (USERS / 100 - 1) / most) * LATENCY / 1000
        bench.figure("wait", name, took, "s", ideal, "ideal", 1.5)
        roster.stop()


def memberships(bench):
    """Who belongs to which of 40 accounts, eight requests at a time."""
    name = "wait: memberships of 40 accounts"
    if not bench.wanted(name):
        return
    roster = started(bench, "memberships", members=400, accounts=40, latency=LATENCY, profile="documents")
    folder = roster.mount.path / "elasticpath"
    os.listdir(folder)
    people = [one["id"] for one in roster.box.control("GET", "elasticpath/members")]
    # one is asked for alone, the next one brings all
    (folder / f"{people[0]}.status").read_text()
    took = timed((folder / f"{people[4]}.status").read_text)[0]
    bench.figure("wait", name, took, "s", (1 + 40 / 8) * LATENCY / 1000, "ideal", 1.5)
    roster.stop()


def promises(bench):
    """Times that the manual names: the end of ttl, and of a record that was renamed away."""
    names = ("wait: a change is shown, ttl = 1", "wait: a record that was renamed away is back")
    if not bench.wanted(*names):
        return
    roster = started(bench, "promises", {"ttl": 1})
    roster.fetch()
    begin = time.perf_counter()
    roster.box.patch(7, {"lastname": "Changed"})
    while "Changed" not in (roster.path / "7.json").read_text():
        time.sleep(0.01)
    bench.figure("wait", names[0], time.perf_counter() - begin, "s", 1, "ttl", 1.5)
    os.rename(roster.path / "8.json", roster.path / "8.json~")
    begin = time.perf_counter()
    while not (roster.path / "8.json").exists():
        time.sleep(0.01)
    bench.figure("wait", names[1], time.perf_counter() - begin, "s", 10, "10 s", 1.05)
    roster.stop()


def by_email(bench):
    """by-email of 10,000 members, whose rosters are there."""
    name = f"wait: first ls by-email, {USERS:,} members"
    if not bench.wanted(name):
        return
    roster = started(bench, "by-email", members=USERS)
    os.listdir(roster.mount.path / "elasticpath")
    roster.fetch()
    bench.figure("wait", name, timed(lambda: os.listdir(roster.mount.path / "by-email"))[0], "s", most=1.5)
    roster.stop()


PARTS = (busy, silent, throttled, memberships, promises, by_email)
