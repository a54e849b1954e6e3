# SPDX-License-Identifier: Apache-2.0
"""What following changes costs (`poll`): the daemon's CPU, what the kernel is told, and what happens between polls.

The yardstick is a poll of the same list in which nothing has changed, in turns. Nothing is asked of the daemon while
it is measured: when a poll is over, its threads sleep.
"""

import json
import os
import random
import statistics
import time

import process
import systems
from process import Broken
from system import wait_until

CHANGED = 10
PAIRS = 3
NOTIFICATIONS = 60
# what is found between two polls, in seconds
QUIET = 3
# the interval of the row that measures how late a line is, and how many lines
INTERVAL = 2
LATE = 15


class Polled:
    """A mount that polls the users of the sandbox BOX, and whose kernel knows all of them."""

    def __init__(self, bench, folder, box, seconds):
        self.box = box
        self.roster = bench.keep(systems.Rosterfs(folder, box, bench.env, {"poll": seconds}))
        self.roster.start()
        self.changes = self.roster.mount.path / ".rosterfs/changes"
        process.run(["ls", "-l"], self.roster.path, out=folder / "listing")
        wait_until(self.asleep, 120, "the end of the first poll")

    def lines(self):
        return [json.loads(line) for line in self.changes.read_text().splitlines()]

    def asleep(self, seconds=0.5):
        """Has no thread run for SECONDS?"""
        before = process.switches(self.roster.pid)
        time.sleep(seconds)
        return process.switches(self.roster.pid) == before

    def poll(self):
        """Wait for a whole poll: (requests, CPU seconds that it cost). The one before must be over."""
        asked, spent = self.roster.http(), process.cpu(self.roster.pid)
        pages = -(-self.box.users // 100)
        wait_until(lambda: self.roster.http() >= asked + pages, 300, "the pages of a poll")
        wait_until(self.asleep, 120, "the end of a poll")
        return self.roster.http() - asked, process.cpu(self.roster.pid) - spent

    def change(self, turn):
        for ident in random.sample(range(2, self.box.users), CHANGED):
            self.box.patch(ident, {"firstname": f"Changed {turn}"})


def follow(bench, users):
    """Polls of a large list with a few changes, beside polls without."""
    names = (f"poll: CPU, {CHANGED} changes, {users:,} users", f"poll: notifications for {CHANGED} changes",
             f"poll: wake-ups in {QUIET} s between polls")
    if not bench.wanted(*names):
        return
    folder = bench.folder("polling")
    box = bench.sandbox(folder / "sandbox", users=users, vendors="partnerize")
    # long enough for a fetch and what is looked at after it
    polled = Polled(bench, folder, box, 5 + users // 5000)
    polled.poll()
    pairs, told, asked = [], 0, 0
    for turn in range(PAIRS):
        _, alone = polled.poll()
        before = polled.roster.notifications()
        polled.change(turn)
        asked, spent = polled.poll()
        told = max(told, polled.roster.notifications() - before)
        pairs.append((spent, alone))
        if len(polled.lines()) != (turn + 1) * CHANGED:
            raise Broken(f"{len(polled.lines())} lines after {(turn + 1) * CHANGED} changes")
    wait_until(polled.asleep, 120, "the end of a poll")
    begin = process.switches(polled.roster.pid)
    time.sleep(QUIET)
    woken = process.switches(polled.roster.pid) - begin
    polled.roster.stop()
    spent, alone = min(pairs, key=lambda pair: abs(pair[0] / pair[1] - statistics.median(a / b for a, b in pairs)))
    # a few milliseconds are no measure
    bench.figure("poll", names[0], 1000 * spent, "ms", 1000 * alone, "no change", 1.05 if alone > 0.1 else None,
                 f"HTTP {asked}")
    bench.figure("poll", names[1], told, "", most=NOTIFICATIONS)
    bench.figure("poll", names[2], woken, "", most=0)


def late(bench):
    """How long after a change its line is there, at the most."""
    name = "poll: the latest line after a change"
    if not bench.wanted(name):
        return
    folder = bench.folder("late")
    box = bench.sandbox(folder / "sandbox", users=1000, vendors="partnerize")
    polled = Polled(bench, folder, box, INTERVAL)
    polled.poll()
    took = []
    file = os.open(polled.changes, os.O_RDONLY)
    for turn in range(LATE):
        time.sleep(random.uniform(0, INTERVAL))
        begin = time.monotonic()
        box.patch(turn + 2, {"firstname": "Changed"})
        wait_until(lambda: os.read(file, 1 << 16), 60, "a line", step=0.005)
        took.append(time.monotonic() - begin)
    os.close(file)
    polled.roster.stop()
    bench.figure("poll", name, max(took), "s", INTERVAL, "poll", (INTERVAL + 1) / INTERVAL)

