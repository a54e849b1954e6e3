# SPDX-License-Identifier: Apache-2.0
"""The tables: what common tools take, cold and warm, on each filesystem with the same names.

Cold is a fresh mount: rosterfs has its roster (fetching it is a row of its own), the kernel knows no
name and no page of any of them. Warm is the second time and later. The filesystems take turns, in
another order in each round, so that all have the same weather; the ratio is the middle one of the
pairs of a round, not that of the middle times.
"""

import statistics
import time

import process
import systems
from process import Broken

# What rosterfs may take, in times of the floor.
MOST = 1.2
# Bytes in RAM a user beside the JSON document itself, with COPIED users: 800 in all for one of 307.
MOST_BYTES = 493
# More users are not copied: the floor then repeats these, and only a few rows are measured.
COPIED = 100000
SAMPLE = 10000
# open+read+close of so many files is enough
OPENED = 50000

# name, the files it looks at, the command
TOOLS = (("ls -f", "all", ["ls", "-f"]),
         ("ls -l", "all", ["ls", "-l"]),
         # by-email/ and new/ are rosterfs's alone
         ("find", "all", ["find", ".", "(", "-name", "by-email", "-o", "-name", "new", ")", "-prune",
                          "-o", "-name", "*.*", "-print"]),
         ("stat", "all", "stat"),
         ("cat *.json", "json", ["xargs", "-a", "{json}", "cat"]),
         ("grep -r", "all", ["grep", "-r", "--exclude-dir=by-email", "--exclude-dir=new",
                             "zzz-nobody", "."]),
         ("open+read+close", "some", "open"))
LISTS = ("ls -f", "ls -l", "find")
RIVALS = ("bindfs", "rclone")
# with a million users
FEW = ("ls -f", "ls -l", "stat")
# of what rclone would take minutes for
DEAR = ("cat *.json", "grep -r", "open+read+close")


class Row:
    """One line of a table: the seconds of each round on each filesystem, and the requests."""

    def __init__(self, group, name, names, most=None):
        self.group = group
        self.name = name
        self.names = names
        self.most = most
        self.seconds = {}
        self.fuse = {}
        self.http = []

    def add(self, system, seconds, fuse, http):
        self.seconds.setdefault(system, []).append(seconds)
        if fuse is not None:
            self.fuse.setdefault(system, []).append(fuse)
        if http is not None:
            self.http.append(http)

    def median(self, system):
        return statistics.median(self.seconds[system]) if self.seconds.get(system) else None

    def requests(self, system):
        return statistics.median_low(self.fuse[system]) if self.fuse.get(system) else None

    def ratio(self):
        """Of rosterfs to the floor, the middle one of the pairs; None without them."""
        pairs = list(zip(self.seconds.get("rosterfs", []), self.seconds.get("floor", [])))
        return statistics.median(ours / floor for ours, floor in pairs) if pairs else None

    def verdict(self):
        words = []
        if self.most and self.ratio():
            words.append("ok" if self.ratio() <= self.most else "OVER")
        if self.group == "warm" and "rosterfs" in self.seconds:
            words += [f"after {rival}" for rival in RIVALS
                      if self.median(rival) and self.median(rival) < self.median("rosterfs")]
        return ", ".join(words)


class Table:
    """All rows of one number of users; .rows in the order in which they came up."""

    def __init__(self, bench, users):
        self.bench = bench
        self.users = users
        self.rows = {}
        self.folder = bench.folder(f"users-{users}")
        self.scratch = self.folder / "scratch"
        self.scratch.mkdir()
        self.bytes = {}
        self.lists = {}
        self.systems = []
        self.roster = None
        self.rss = None

    # ---- how often ----

    def whole(self):
        return self.users <= COPIED

    def rounds(self, system, warm):
        """The fewer the more names there are; the rivals would take most of the time."""
        if not self.whole():
            return 1
        if system.name in RIVALS:
            return 3 if self.users <= 1000 else 1
        if not warm and self.users == COPIED:
            return 1
        return 5 if self.users <= 1000 else 3 if warm else 2

    def only_warm(self, system):
        """What rivals do cold is seen with fewer users, in a tenth of the time."""
        return system.name in RIVALS and self.users == COPIED

    def skipped(self, system, tool):
        return system.name == "rclone" and self.users > 1000 and tool in DEAR

    def order(self, number):
        """The filesystems in the order of round NUMBER."""
        shift = number // 2 % len(self.systems)
        turned = self.systems[shift:] + self.systems[:shift]
        return turned[::-1] if number % 2 else turned

    # ---- names ----

    def write_names(self):
        """Lists of names for the commands: not the shell's globs, which would be timed as well."""
        def put(name, users, ends):
            self.lists[name] = self.scratch / name
            text = "".join(f"{user}.{end}\n" for user in users for end in ends)
            self.lists[name].write_text(text)
        everyone = range(1, self.users + 1)
        put("json", everyone, ["json"])
        put("all", everyone, ["json", "status"])
        put("some", range(1, min(self.users, OPENED // 2) + 1), ["json", "status"])
        put("sample", range(1, min(self.users, COPIED if self.whole() else SAMPLE) + 1),
            ["json", "status"])

    def count(self, which):
        return {"json": self.users, "all": 2 * self.users,
                "some": 2 * min(self.users, OPENED // 2)}[which]

    # ---- one measurement ----

    def row(self, group, name, names, most=None):
        key = (group, name)
        if key not in self.rows:
            self.rows[key] = Row(group, name, names, most)
        return self.rows[key]

    def measure(self, group, tool, system):
        """Run the tool named TOOL once on SYSTEM, and look whether it did all of its work."""
        which, words = next((which, words) for name, which, words in TOOLS if name == tool)
        most = MOST if group == "warm" and tool != "ls -f" else None
        out = self.scratch / "listing"
        ours = system is self.roster
        http = system.http() if ours else None
        before = system.fuse()
        if isinstance(words, str):
            told = process.touch(words, system.path, self.lists[which], self.scratch)
            took = told["total_ns"] / 1e9
            self.same_bytes(words, which, told["bytes"], system)
        else:
            words = [word.format(**self.lists) for word in words]
            took = process.run(words, system.path, *([out] if tool in LISTS else []),
                               codes=(1,) if tool == "grep -r" else (0,))
            if tool in LISTS:
                self.check_list(tool, out, system)
        fuse = None if before is None else system.fuse() - before
        self.row(group, tool, self.count(which), most).add(
            system.name, took, fuse, system.http() - http if ours else None)
        return took

    def check_list(self, tool, out, system):
        found = process.count_names(out)
        if found != 2 * self.users:
            raise Broken(f"{tool} on {system.name} shows {found} names of {2 * self.users}")

    def same_bytes(self, what, which, count, system):
        if self.whole() and self.bytes.setdefault((what, which), count) != count:
            raise Broken(f"{what} on {system.name} saw {count} bytes instead of "
                         f"{self.bytes[what, which]}")

    # ---- the parts ----

    def open(self):
        """The sandbox, the copy of what rosterfs shows, and the filesystems, not yet mounted."""
        bench = self.bench
        box = bench.sandbox(self.folder / "sandbox", users=self.users, vendors="partnerize")
        self.roster = bench.keep(systems.Rosterfs(self.folder, box, bench.env))
        self.write_names()
        self.roster.start()
        self.roster.fetch()
        source = systems.copy(self.roster, self.lists["sample"], self.folder / "copy")
        self.roster.stop()
        users = 0 if self.whole() else self.users
        others = systems.others(self.folder, source, users)
        self.systems = [self.roster, *(bench.keep(system) for system in others)]

    def begin(self, system):
        """Mount it, as cold as can be."""
        system.start()
        if system is not self.roster:
            return
        base = process.memory(system.pid)
        http = system.http()
        before = system.fuse()
        start = time.perf_counter()
        system.fetch()
        took = time.perf_counter() - start
        self.row("cold", "fetch (opendir)", 2 * self.users).add(
            system.name, took, None if before is None else system.fuse() - before,
            system.http() - http)
        self.rss = {"base": base, "fetched": process.memory(system.pid)}

    def cold_round(self, system):
        """Two fresh mounts; the last one stays."""
        if self.only_warm(system):
            self.begin(system)
            return
        if self.bench.wanted("cold", "ls -f", "cat *.json"):
            self.begin(system)
            self.measure("cold", "ls -f", system)
            if self.whole() and not self.skipped(system, "cat *.json"):
                self.measure("cold", "cat *.json", system)
            system.stop()
        self.begin(system)
        if self.bench.wanted("cold", "ls -l", "memory"):
            self.measure("cold", "ls -l", system)
            if system is self.roster:
                self.rss["listed"] = process.memory(system.pid)
                self.rss["documents"] = process.sizes(self.scratch / "listing", ".json")

    def cold(self):
        """Each filesystem is left mounted after its last round."""
        for number in range(max(self.rounds(system, False) for system in self.systems)):
            for system in self.order(number):
                if number < self.rounds(system, False):
                    self.cold_round(system)
                    if number < self.rounds(system, False) - 1:
                        system.stop()

    def warm_up(self, tool, system):
        """The first time, which is not measured; all have to show the same bytes."""
        which, words = next((which, words) for name, which, words in TOOLS if name == tool)
        if isinstance(words, str):
            process.touch(words, system.path, self.lists[which], self.scratch)
        elif tool == "cat *.json":
            text = process.output(["sh", "-c", f"xargs -a '{self.lists[which]}' cat | wc -c"],
                                  self.scratch, folder=system.path)
            self.same_bytes("cat", which, int(text), system)
        else:
            process.run([word.format(**self.lists) for word in words], system.path, codes=(0, 1))

    def has(self, system, tool):
        return ((self.whole() or tool in FEW) and not self.skipped(system, tool)
                and self.bench.wanted("warm", tool))

    def warm(self):
        """One tool after the other, because what reads makes the kernel ask for times again."""
        for tool, _, _ in TOOLS:
            here = [system for system in self.systems if self.has(system, tool)]
            # a rival's minute would let the kernel forget what it has kept of the others
            last = [system for system in here if system.name in RIVALS and self.users > 1000]
            turns = [system for system in here if system not in last]
            for system in turns:
                self.warm_up(tool, system)
            for number in range(max((self.rounds(system, True) for system in turns), default=0)):
                for system in self.order(number):
                    if system in turns and number < self.rounds(system, True):
                        self.measure("warm", tool, system)
            for system in last:
                self.measure("warm", tool, system)

    def run(self):
        """All rows of this number of users."""
        tools = [name for name, _, _ in TOOLS]
        if not self.bench.wanted("cold", "fetch", *tools, "warm", "memory: resident"):
            return
        self.open()
        if self.bench.wanted("cold", "fetch", "ls -f", "cat *.json", "ls -l", "memory: resident"):
            self.cold()
        else:
            for system in self.systems:
                self.begin(system)
        if any(self.bench.wanted("warm", tool) for tool in tools):
            self.warm()
        for system in self.systems:
            system.stop()
        if "listed" in self.rss:
            self.bench.figure("memory", f"memory: resident, a user, {self.users:,} users",
                              self.rss["listed"] / self.users, "B")
        if "listed" in self.rss and self.users == COPIED:
            document = self.rss["documents"] / self.users
            self.bench.figure("memory", f"memory: beside a document of {document:.0f} bytes",
                              self.rss["listed"] / self.users - document, "B", most=MOST_BYTES)
