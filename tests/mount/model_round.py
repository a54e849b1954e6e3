# SPDX-License-Identifier: Apache-2.0
"""One round of the model test: a vendor with its habits, a mount, and some busy processes.

All is chosen by the seed: the vendor's profile, how its reads lag, what it answers to a PUT, how it
limits, and what each thread does. Restarts come between the phases, a kill in the middle of one.
"""

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import time

import harness
import model_check
import model_shown
import shared_hosts
from harness import SCALE, merge_config, wait_until
from model_vendors import VENDORS

THREADS = 16
SHARED = "shared"  # two mounts, of whichever vendor
BACK = 10 * SCALE  # what another host wrote is shown within that


class Round:
    """SEED, VENDOR and STEPS for each thread say it all; PROGRAM is another rosterfs, OLD one without lag."""

    def __init__(self, seed, vendor, steps=8, phases=2, program=None, old=False, readers=True):
        self.seed, self.name, self.steps, self.phases = seed, vendor, steps, phases
        self.program, self.old, self.readers = program, old, readers
        dice = random.Random(f"{seed}-{vendor}")
        self.hosts = 2 if vendor == SHARED else 1
        self.vendor = VENDORS[vendor if vendor != SHARED else dice.choice(list(VENDORS))](dice)
        self.server = None
        lag = dice.choice([0, 0, 300, 1000, 2000])
        style = dice.choice(["off", "off", "off", "strong", "strong", "unchecked", "weak", "gzip"])
        self.settings = {
            "put_answer": dice.choice(["changed", "changed", "full", "empty", "unstamped"]),
            "stamps": dice.choice(["own", "ms", "ms", "seconds", "frozen", "none", "tick"]),
            "etag_style": style,
            "latency_ms": dice.choice([0, 0, 10, 40]),
            "read_lag_ms": lag,
            "read_lag_random": dice.random() < 0.6,
        }
        if dice.random() < 0.3:
            self.settings["limit_requests"] = dice.choice([20, 40, 80])
            self.settings["limit_retry_after"] = dice.choice(["", "1"])
        self.config = {
            "timeout": 2 if SCALE == 1 else 4, "lag": 6, "retry_budget": 8, "ttl": dice.choice([1, 3, 300]),
            "grace": dice.choice([0, 0, 2]), "parallel": dice.choice([1, 2, 8, 8]), "allow_delete": "yes",
        }
        # what a play does is said by the vendor's profile
        if self.vendor.stored:
            self.settings["put_answer"] = self.vendor.answer
        # the lag is moved, and never above what it may be
        self.switches = [{"read_lag_ms": lag // 2}, {"read_lag_ms": lag}, {"latency_ms": 0},
                         {"latency_ms": 30}]
        ends = ["unmount", "kill", "kill between"] + ["store", "store", "store away"] * (self.hosts - 1)
        self.restarts = [dice.choice(ends) for _ in range(phases - 1)]
        self.kill_at = [dice.random() for _ in range(phases)]
        self.whole = {"status_limit": dice.choice([0, 0, 5]) if self.hosts > 1 else 0}
        self.mounts = []  # [start, end, host]
        self.up = {}  # host: the mount
        self.stores = []  # when the store went, and was there again
        self.log = []
        self.missed = []  # (user, words)

    def __str__(self):
        return (f"SEED={self.seed} VENDOR={self.name} {self.vendor.name} {self.vendor.profile} {self.steps} steps, "
                f"restarts {self.restarts}, {json.dumps({**self.settings, **self.whole})} {json.dumps(self.config)}")

    # ---- before ----

    def start(self, sandbox, mount, test_dir, server=None):
        """With the fixtures of conftest.py, and that of redis_server.py for a store."""
        self.folder = test_dir / "model"
        self.folder.mkdir(parents=True)
        vendor = self.vendor
        self.box = vendor.box = sandbox(**vendor.options(self.folder, self.seed))
        self.new_mount = mount
        if self.hosts > 1:
            self.server = server()
            self.key = shared_hosts.Team.write_key(self.folder / "shared.key")
            self.whole.update(shared=self.server.url, shared_key_file=str(self.key))
        self.users = vendor.ids()[1:9]
        vendor.begin()
        self.box.settings(**{**self.settings, "read_lag_ms": 0})
        self.box.control("POST", "changes")
        self.first = vendor.states(self.users)
        # no read must show what was before that
        time.sleep(self.settings["read_lag_ms"] / 1000 + 0.1)
        for host in range(self.hosts):
            self.mount(host)
        self.box.settings(read_lag_ms=self.settings["read_lag_ms"])
        self.start_workers()

    def mount(self, host):
        keys = {key: value for key, value in self.config.items() if not (self.old and key == "lag")}
        text = merge_config(self.vendor.config(keys), {"rosterfs": self.whole})
        began = now()
        wear = [*shared_hosts.NAMED, f"host-{host}"] if self.hosts > 1 else []
        mounted = self.new_mount(self.box, config=text, program=self.program, limit=30, wear=wear,
                                 extra_env=self.vendor.environment)
        if self.hosts > 1:
            mounted.allowed = shared_hosts.LOUD
            shared_hosts.wait_up(mounted)
        self.mounts.append([began, None, host])
        self.up[host] = mounted
        self.tell_where(host, f"{len(self.mounts)} {mounted.path}")

    def tell_where(self, host, words):
        where = self.folder / "where.new"
        where.write_text(words)
        os.replace(where, self.folder / f"where{host}")

    def start_workers(self):
        processes = 3
        self.workers = []
        for number in range(processes):
            plan = {
                **self.vendor.plan(),
                "process": number, "threads": list(range(number, THREADS, processes)), "seed": self.seed,
                "steps": self.steps, "users": self.users, "accounts": self.vendor.accounts,
                "where": [str(self.folder / f"where{host}") for host in range(self.hosts)],
                "out": str(self.folder / f"out{number}"), "host": self.box.address, "patience": 60 * SCALE,
                "exact": self.settings["stamps"] == "ms", "vim": bool(shutil.which("vim")),
                "settings": self.switches, "pause": 0.1,
            }
            name = self.folder / f"plan{number}"
            name.write_text(json.dumps(plan))
            worker = subprocess.Popen(
                [sys.executable, os.path.join(os.path.dirname(__file__), "model_worker.py"), str(name)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                env={**os.environ, **self.up[0].env})
            self.workers.append(worker)

    # ---- on the way ----

    def run(self):
        try:
            for number in range(self.phases):
                for worker in self.workers:
                    worker.stdin.write("go\n")
                    worker.stdin.flush()
                kind = self.restarts[number] if number < len(self.restarts) else None
                if kind in ("kill", "store", "store away"):
                    self.wait_busy(number)
                    self.upset(kind)
                for worker in self.workers:
                    answer = worker.stdout.readline()
                    assert answer == "done\n", f"a worker ended: {answer!r}"
                self.look_at_once()
                if kind in ("unmount", "kill between"):
                    self.upset(kind)
        finally:
            for worker in self.workers:
                with contextlib.suppress(OSError):
                    worker.stdin.close()
                try:
                    worker.wait(10 * SCALE)
                except subprocess.TimeoutExpired:
                    worker.kill()
                    worker.wait()
                worker.stdout.close()

    def wait_busy(self, number):
        """Until some part of a phase is over."""
        least = int(THREADS * self.steps * (number + self.kill_at[number]))
        names = [self.folder / f"out{process}" for process in range(len(self.workers))]

        def lines():
            # an editor makes some steps of one
            return sum(name.read_bytes().count(b"\n") for name in names if name.exists()) >= least or \
                any(worker.poll() is not None for worker in self.workers)
        wait_until(lines, 120 * SCALE, "some steps", 0.05)

    def keep_log(self, host):
        with contextlib.suppress(OSError):
            self.log += self.up[host].log().splitlines()

    def upset(self, kind):
        """A mount ends and another one begins, or the store forgets all."""
        if kind.startswith("store"):
            self.stores.append(now())
            self.server.kill()
            time.sleep(1 if kind == "store away" else 0)
            self.server.start()
            self.stores.append(now())
            return
        host = self.seed % self.hosts
        self.keep_log(host)
        self.tell_where(host, "0 ")
        mounted = self.up[host]
        if kind == "unmount":
            problem = mounted.close()
            assert not problem, problem
        else:
            harness.kill(mounted.pid)
        self.latest(host)[1] = now()
        if kind != "unmount":
            mounted.abandon()
        self.mount(host)

    def latest(self, host):
        return [one for one in self.mounts if one[2] == host][-1]

    def look_at_once(self):
        """Nothing is under way: what one host wrote last is shown by the other one, which is not told to look."""
        if self.hosts == 1 or self.settings["read_lag_ms"]:
            return
        wait_until(lambda: self.box.counts()["in_flight"] == 0, 60 * SCALE, "the last request")
        shared_hosts.wait_up(*self.up.values())
        run = self.history()
        acked = {user: model_shown.last_written(run, user) for user in self.users}
        end = time.monotonic() + BACK
        while True:
            wrong = {}
            for host in self.up:
                shown = self.shown(host)
                wrong.update({(user, f"host {host} shows {name} = {shown[user].get(name)!r}, and the last that was "
                                     f"written, and acknowledged, is {value!r}"): 1
                              for user, fields in acked.items() for name, value in fields.items()
                              if not model_check.same(shown[user].get(name), value)})
            if not wrong or time.monotonic() > end:
                break
            time.sleep(0.2)
        self.missed += wrong

    # ---- after ----

    def settle(self):
        """Nothing comes late any more, and what had to be put right has been."""
        self.box.clear_faults()
        self.box.release()
        self.box.settings(limit_requests=0)
        wait_until(lambda: self.box.counts()["in_flight"] == 0, 60 * SCALE, "the last request")
        run = self.history()
        if any(row["state"] == "applied" for row in run.rows.values()):
            # as long as is watched for it
            time.sleep(max(self.config["lag"], 4 * self.config["timeout"]) + 1)
        for host in self.up:
            self.missed += self.compare_view(host).items()
            self.keep_log(host)

    def compare_view(self, host):
        """In the end a mount shows what the vendor has: words about what it does not, by user."""
        end = time.monotonic() + (self.config["lag"] + 10) * SCALE
        folder = self.up[host].path / self.vendor.name
        while True:
            (self.up[host].path / ".rosterfs/refresh").write_text("all\n")
            shown, now_at_vendor = self.shown(host), self.vendor.states(self.users)
            wrong = {}
            names = sorted(name[:-5] for name in os.listdir(folder) if name.endswith(".json"))
            if names != sorted(self.vendor.ids()):
                wrong[""] = f"in the end {names} are listed, and {sorted(self.vendor.ids())} are at the vendor"
            for user, state in now_at_vendor.items():
                for name in {*state, *shown[user]}:
                    pair = shown[user].get(name), state.get(name)
                    if pair[0] != pair[1] and not name.startswith("member:"):
                        wrong[user] = f"in the end {name} is {pair[0]!r} here and {pair[1]!r} at the vendor"
            if not wrong or time.monotonic() > end:
                return wrong
            time.sleep(0.3)

    def shown(self, host):
        folder, found = self.up[host].path / self.vendor.name, {}
        for user in self.users:
            found[user] = self.vendor.state(json.loads((folder / f"{user}.json").read_text(encoding="utf-8")))
            found[user]["status"] = (folder / f"{user}.status").read_text(encoding="utf-8").strip()
        return found

    def history(self):
        answer = self.box.control("GET", "changes")
        ops = [json.loads(line) for worker in range(len(self.workers))
               for line in (self.folder / f"out{worker}").read_text(encoding="utf-8").splitlines()]
        started = answer["started_us"]
        settings = {**self.settings, **self.config, "most_lag": self.settings["read_lag_ms"],
                    "checked": self.settings["etag_style"] == "strong"}
        mounts = [(start - started, end and end - started) for start, end, _ in self.mounts]
        run = model_check.Run({**settings, **self.whole}, started, self.box.journal(), ops, mounts, self.log,
                              time.time_ns() // 1000 - now() + started, [one - started for one in self.stores])
        run.add_states(self.first, answer["changes"], self.vendor.user_in, self.vendor.view)
        return run

    def judge(self):
        """[(user, words)], a Run, and what was left out."""
        run = self.history()
        judge = model_check.Judge(run, self.readers)
        judge.check()
        model_shown.check(judge, self.vendor)
        judge.found += self.missed
        return judge.found, run, judge.notes


def now():
    return time.monotonic_ns() // 1000
