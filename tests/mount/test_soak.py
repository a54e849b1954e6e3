# SPDX-License-Identifier: Apache-2.0
"""Two mounts at full load while everything fails: what they hold afterwards is what they held before.

A round is some seconds of readers, writers, editors, searches, refreshes, reloads, faults of the vendors and losses
of the store (soak_load.py). After it nothing fails any more and nobody works: all is fetched and read once, and the
figures of each mount are taken. The state after the last round is compared with that after the warm-up, in which
what is bounded fills: .rosterfs/log (10,000 lines), .rosterfs/history (1,000 writes), and the threads that libfuse
keeps. A leak of a thousandth of what a round does shows.

 - RSS: at most 15 % and 8 MiB more, and 6 KiB for each user who was made: versions of users, also of deleted ones, are
   kept for 20,000 users (cache/record/versions.h). The memory that malloc keeps for later is part of it.
 - Descriptors: at most 8 more than at most in the warm-up, because connections to the vendors are kept for a while.
 - Threads: at most 8 more than at most in the warm-up. libfuse and the pools keep those that a busy moment made.
 - Inodes that the kernel knows (rosterfs_fuse_inodes): at most 20 more, after it was told to forget what nobody uses
   (/proc/sys/vm/drop_caches, so this needs root). Without that it keeps names of users who were deleted.

Of RSS and inodes the least of the last three rounds is taken: the kernel does not forget all at once.

`make soak` takes SECONDS=2400 in rounds of a minute and prints a line of figures for each of them; `make test` has
a tiny one. SEED=n chooses another course.
"""

import os
import re
import resource
import time

import pytest

import described
import described_cells
import scim_plays
import shared_hosts
import soak_load
from harness import SANITIZE, SCALE, merge_config, stacks, wait_until
from redis_server import server

__all__ = ["server"]  # a fixture

SECONDS = int(os.environ.get("ROSTERFS_SOAK_SECONDS") or 0)
SEED = int(os.environ.get("ROSTERFS_SOAK_SEED") or 1)
MIB = 1 << 20
FIGURES = ("RSS MiB", "descriptors", "threads", "inodes")
MORE = {"RSS MiB": 8, "descriptors": 8, "threads": 8, "inodes": 20}
LOG, HISTORY = 10000, 1000  # what .rosterfs keeps


class Soak:
    def __init__(self, sandbox, mount, server, folder, small):
        folder.mkdir(parents=True, exist_ok=True)
        users = 20
        self.small = small
        play, text, keys, _ = described_cells.cell({"paging": "cursor", "auth": "form token", "status": "word",
                                                    "verb": "PUT", "envelope": "wrapped"})
        play["users"] = users
        self.plays = described.Plays(folder / "described")
        self.plays.add("acme", play, described_cells.header(text), keys)
        scim = folder / "idp.play.json"
        scim.write_text('{"users": %d, "scim": true}' % users)
        self.box = sandbox(users=users, members=users // 2, accounts=5, vendors="partnerize,elasticpath,cj",
                           play=[*self.plays.options()["play"], f"idp={scim}"])
        self.server = server()
        key = shared_hosts.Team.write_key(folder / "shared.key")
        common = {"timeout": 2, "retry_budget": 4, "lag": 2, "ttl": 5, "allow_delete": "yes"}
        sections = {"rosterfs": {"status_limit": 0, "shared": self.server.url, "shared_key_file": key},
                    "partnerize": {**common, "poll": 10}, "elasticpath": common,
                    "acme": {"type": "acme", "base_url": f"{self.box.url}/acme", "inactive_deletes": "yes", **keys,
                             **common},
                    "idp": {"type": "scim", "base_url": f"{self.box.url}/idp", "token": scim_plays.TOKEN, **common}}
        base = self.box.config(sections)
        self.configs = [base, merge_config(base, {"rosterfs": {"status_limit": 100000}, "acme": {"ttl": 2}}),
                        merge_config(base, {"partnerize": {"ttl": 20}, "idp": {"ttl": 3}})]
        self.mounts = []
        for name in ("host-a", "host-b"):
            m = mount(self.box, config=base, wear=[*shared_hosts.NAMED, name],
                      extra_env={"HOME": str(self.plays.home)})
            m.allowed = shared_hosts.LOUD
            self.mounts.append(m)
        vendors = [
            soak_load.Vendor("partnerize", "lastname", {"email": "EMAIL", "firstname": "Made", "lastname": "New",
                                                        "password": "Made-by-soak-1"}, "users"),
            soak_load.Vendor("elasticpath", "name", None, "elasticpath/members"),
            soak_load.Vendor("acme", "name", {"email": "EMAIL", "name": "Made", "role": "guest"}, "acme/users"),
            soak_load.Vendor("idp", "displayName", {"userName": "EMAIL", "displayName": "Made",
                                                    "emails": [{"value": "EMAIL", "type": "work"}]}, "idp/users")]
        self.load = soak_load.Load(self.mounts, self.box, self.server, vendors, self.configs, SEED)
        self.rows = []
        self.made = 0  # in the warm-up
        self.started = time.monotonic()

    # ---- between two rounds ----

    def settle(self):
        """Nothing fails any more, nobody works, and all has been read."""
        self.box.clear_faults()
        self.box.release()
        wait_until(lambda: self.box.counts()["in_flight"] == 0, 60 * SCALE, "the last request")
        shared_hosts.wait_up(*self.mounts, seconds=30 * SCALE)
        self.forget_made()
        self.sweep()
        for m in self.mounts:
            m.config_file.write_text(self.configs[0])
            os.kill(m.pid, 1)
        for m in self.mounts:
            wait_until(lambda m=m: self.read_all(m), 90 * SCALE, f"{m.path} to be read: {shared_hosts.status_of(m)}", 1)
        if not self.small:
            forget_names()
        for m in self.mounts:
            wait_until(lambda m=m: shared_hosts.metric(m, "rosterfs_in_flight") == 0, 60 * SCALE, "quiet vendors")
        self.box.reset()

    def forget_made(self):
        """Whom the load made, and could not delete again."""
        for vendor in self.load.vendors:
            for one in self.box.control("GET", vendor.control) if vendor.new else ():
                ident = str(one.get("_id") or one.get("user_id"))
                if ident not in self.load.names[vendor.name] and "soak" in str(one.get("email") or one.get("userName")):
                    self.box.control("DELETE", f"{vendor.control}/{ident}")

    def sweep(self):
        """Scratch files and drafts of programs that failed or were killed on the way."""
        for m in self.mounts:
            for vendor in self.load.vendors:
                folder = m.path / vendor.name
                for path in [*folder.iterdir(), *(folder / "new").glob("*")]:
                    scratch = not path.is_symlink() and path.is_file() and path.name not in ("MANUAL", "tokens") and \
                        path.suffix not in (".json", ".status")
                    if path.parent != folder or scratch:
                        path.unlink()

    def read_all(self, m):
        """Fetch and read all but the history; False: something could not be read."""
        (m.path / ".rosterfs/refresh").write_text("all\n")
        return m.sh("find . -path './.rosterfs/history' -prune -o -type f ! -path '*/new/*' ! -path '*/refresh' "
                    "! -path '*/control' ! -path '*/tokens' -print0 | xargs -0 cat >/dev/null", timeout=80).code == 0

    def figures(self, m):
        with open(f"/proc/{m.pid}/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
        return {"RSS MiB": pages * resource.getpagesize() / MIB,
                "descriptors": len(os.listdir(f"/proc/{m.pid}/fd")),
                "threads": len(os.listdir(f"/proc/{m.pid}/task")),
                "inodes": int(shared_hosts.metric(m, "rosterfs_fuse_inodes"))}

    def note(self, what):
        """One line of the table."""
        row = [self.figures(m) for m in self.mounts]
        self.rows.append(row)
        words = " | ".join("  ".join(f"{one[name]:7.1f}" if isinstance(one[name], float) else f"{one[name]:6d}"
                                     for name in FIGURES) for one in row)
        print(f"{time.monotonic() - self.started:6.0f} s  {what:<10} {words}   {sum(self.load.done.values()):8d} steps",
              flush=True)

    def full(self):
        """Is what is bounded at its bound?"""
        return all(m.log().count("\n") >= LOG and len(os.listdir(m.path / ".rosterfs/history")) > HISTORY
                   for m in self.mounts)

    def play(self, rounds, seconds, warm):
        """WARM rounds at most, until all is full, and ROUNDS; returns what is wrong."""
        for m in self.mounts:
            wait_until(lambda m=m: self.read_all(m), 60 * SCALE, "all to be read")
        self.load.learn()
        print("\n          " + " " * 10 + " | ".join(f"{m.path.parent.name}: {', '.join(FIGURES)}" for m in self.mounts))
        self.note("start")
        number = 0
        while number < warm and not (number and self.full()):
            number += 1
            self.load.round(seconds, number)
            self.settle()
            self.note("warm-up")
        self.made = self.load.done["make"]
        first = [{name: max(row[at][name] for row in self.rows) if name in ("descriptors", "threads") else
                  self.rows[-1][at][name] for name in FIGURES} for at in range(len(self.mounts))]
        for _ in range(rounds):
            number += 1
            self.load.round(seconds, number)
            self.settle()
            self.note("round")
        print(f"steps: {dict(self.load.done)}\nrefused: {dict(self.load.failed)}", flush=True)
        last = [{name: min(row[at][name] for row in self.rows[-min(3, rounds):]) for name in FIGURES}
                for at in range(len(self.mounts))]
        return self.compare(first, last) + self.load.broken

    def compare(self, first, last):
        found = []
        for m, before, after in zip(self.mounts, first, last):
            for name, more in MORE.items():
                most = before[name] * (1.15 if name == "RSS MiB" else 1) + more
                if name == "RSS MiB":
                    most += 6 * (self.load.done["make"] - self.made) / 1024
                if self.small:
                    # the warm-up is too short to meet the busiest moment, and the kernel has forgotten no name
                    most += 1000 if name == "inodes" else 24
                if after[name] > most and not (SANITIZE and name == "RSS MiB"):
                    words = stacks(m.pid) if name == "threads" else \
                        "\n".join(opened(m.pid)) if name == "descriptors" else ""
                    found.append(f"{m.path}: {name} was {before[name]} after the warm-up and is {after[name]}: {words}")
        return found


def forget_names():
    """Have the kernel forget the names and inodes that nobody uses."""
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("2\n")
    time.sleep(1)


def opened(pid):
    folder = f"/proc/{pid}/fd"
    return sorted(re.sub(r"\[\d+\]", "", os.readlink(f"{folder}/{name}")) for name in os.listdir(folder))


if SECONDS:
    @pytest.mark.limit(SECONDS * 3 + 900)
    def test_soak_for_long(request, sandbox, mount, test_dir):
        seconds = min(60, SECONDS // 6)
        soak = Soak(sandbox, mount, request.getfixturevalue("server"), test_dir / "soak", False)
        rounds = SECONDS // seconds
        wrong = soak.play(rounds - rounds // 4, seconds, rounds // 4)
        assert not wrong, "\n".join(wrong)
else:
    @pytest.mark.plain
    def test_soak(request, sandbox, mount, test_dir):
        soak = Soak(sandbox, mount, request.getfixturevalue("server"), test_dir / "soak", True)
        wrong = soak.play(1, 2, 1)
        assert not wrong, "\n".join(wrong)
