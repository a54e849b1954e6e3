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
import model_worker
from harness import SCALE, wait_until

THREADS = 16
KEYS = {"partnerize": "user_id", "elasticpath": "id"}
FIELDS = {"partnerize": ["firstname", "lastname", "phone", "timezone", "locale", "address.city"],
          "elasticpath": ["name", "phone", "note"]}
WEIGHTS = {
    "partnerize": {"fresh": 12, "old": 14, "editor": 6, "small": 8, "sed": 2, "killed": 1, "status": 14,
                   "read": 6, "list": 2, "colleague": 10, "fault": 12, "settings": 2},
    "elasticpath": {"fresh": 10, "old": 10, "editor": 4, "small": 6, "sed": 2, "killed": 1, "status": 16,
                    "link": 4, "read": 6, "list": 2, "colleague": 6, "join": 6, "fault": 10, "settings": 2},
}
PUT = {"method": "PUT", "times": 1}
GET = {"method": "GET", "times": 1}
FAULTS = [
    {**PUT, "fault": "status", "status": 429}, {**PUT, "fault": "status", "status": 429, "retry_after": "1"},
    {**PUT, "fault": "status", "status": 429, "times": 2}, {**PUT, "fault": "status", "status": 503},
    {**PUT, "fault": "status_after", "status": 503}, {**PUT, "fault": "status", "status": 500, "times": 2},
    {**PUT, "fault": "drop"}, {**PUT, "fault": "drop_after"}, {**PUT, "fault": "drop_after", "times": 2},
    {**PUT, "fault": "late"}, {**PUT, "fault": "late"}, {**PUT, "fault": "late"},
    {**PUT, "fault": "html"}, {**PUT, "fault": "html_after"}, {**PUT, "fault": "empty"},
    {**PUT, "fault": "empty_after"}, {**PUT, "fault": "not_json_after"}, {**PUT, "fault": "truncate"},
    {**PUT, "fault": "not_applied"}, {**PUT, "fault": "normalise"}, {**PUT, "fault": "slow", "ms": 400},
    {**PUT, "fault": "slow_after", "ms": 400}, {**PUT, "fault": "colleague"},
    {**PUT, "fault": "colleague_after"}, {**PUT, "fault": "status", "status": 409},
    {**PUT, "fault": "status", "status": 412}, {**PUT, "fault": "status", "status": 400},
    {**GET, "fault": "status", "status": 429}, {**GET, "fault": "status", "status": 503},
    {**GET, "fault": "drop"}, {**GET, "fault": "html"}, {**GET, "fault": "empty"},
    {**GET, "fault": "slow", "ms": 400}, {**GET, "fault": "colleague_after"}, {**GET, "fault": "not_json"},
    {**GET, "fault": "truncate"},
]
MEMBER_FAULTS = [
    {"times": 1, "method": method, "path": "memberships", **fault}
    for method in ("POST", "DELETE") for fault in (
        {"fault": "status", "status": 429}, {"fault": "status", "status": 503}, {"fault": "drop"},
        {"fault": "drop_after"}, {"fault": "status_after", "status": 503}, {"fault": "slow", "ms": 300})
] + [{"times": 1, "fault": "expire_tokens"}]


class Round:
    """SEED, VENDOR and STEPS for each thread say it all; PROGRAM is another rosterfs, OLD one without lag."""

    def __init__(self, seed, vendor, steps=8, phases=2, program=None, old=False, readers=True):
        self.seed, self.vendor, self.steps, self.phases = seed, vendor, steps, phases
        self.program, self.old, self.readers = program, old, readers
        dice = random.Random(f"{seed}-{vendor}")
        self.profile = dice.choice(["guide", "documents"])
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
        # the lag is moved, and never above what it may be
        self.switches = [{"read_lag_ms": lag // 2}, {"read_lag_ms": lag}, {"latency_ms": 0},
                         {"latency_ms": 30}]
        self.restarts = [dice.choice(["unmount", "kill", "kill between"]) for _ in range(phases - 1)]
        self.kill_at = [dice.random() for _ in range(phases)]
        self.mounts = []
        self.log = []

    def __str__(self):
        return (f"SEED={self.seed} {self.vendor} {self.profile} {self.steps} steps, restarts {self.restarts}, "
                f"{json.dumps(self.settings)} {json.dumps(self.config)}")

    # ---- before ----

    def start(self, sandbox, mount, test_dir):
        """With the fixtures of conftest.py."""
        self.folder = test_dir / "model"
        self.folder.mkdir(parents=True)
        partnerize = self.vendor == "partnerize"
        vendors = "partnerize" if partnerize else "elasticpath"
        self.box = sandbox(users=12, vendors=vendors, members=12, accounts=3, profile=self.profile,
                           seed=self.seed % 1000 + 1)
        self.new_mount = mount
        colleague = "users/" if partnerize else "elasticpath/members/"
        people = self.box.control("GET", colleague.rstrip("/"))
        self.users = [one[KEYS[self.vendor]] for one in people][1:9]
        accounts = [] if partnerize else self.box.control("GET", "elasticpath/accounts")
        self.accounts = [one["id"] for one in accounts]
        for user in self.users:
            start = {}
            for field in FIELDS[self.vendor][1 if self.accounts else 2:]:
                model_worker.put(start, field, field[0] + user)
            self.box.control("PATCH", colleague + user, start)
        self.box.settings(**{**self.settings, "read_lag_ms": 0})
        self.box.control("POST", "changes")
        self.first = self.states()
        # no read must show what was before that
        time.sleep(self.settings["read_lag_ms"] / 1000 + 0.1)
        self.mount()
        self.box.settings(read_lag_ms=self.settings["read_lag_ms"])
        self.start_workers(colleague)

    def states(self):
        if self.vendor == "partnerize":
            everybody = self.box.control("GET", "users")
            return {one["user_id"]: model_check.flat(one) for one in everybody
                    if one["user_id"] in self.users}
        found = {one["id"]: model_check.flat(one) for one in self.box.control("GET", "elasticpath/members")
                 if one["id"] in self.users}
        for one in self.box.control("GET", "elasticpath/memberships"):
            account, member = sides(one)
            if member in found:
                found[member].setdefault("member:" + account, []).append(one["id"])
        return {member: with_status(state) for member, state in found.items()}

    def mount(self):
        config = {key: value for key, value in self.config.items() if not (self.old and key == "lag")}
        began = now()
        mounted = self.new_mount(self.box, {self.vendor: config, "rosterfs": {"status_limit": 0}},
                                 program=self.program, limit=30)
        self.mounts.append([began, None])
        self.mounted = mounted
        where = self.folder / "where.new"
        where.write_text(f"{len(self.mounts)} {mounted.path}")
        os.replace(where, self.folder / "where")

    def start_workers(self, colleague):
        processes = 3
        self.workers = []
        paths = {"item": "/user/{}"} if self.vendor == "partnerize" else \
            {"item": "*{}", "memberships": "/v2/accounts/*/account-memberships*"}
        for number in range(processes):
            plan = {
                "process": number, "threads": list(range(number, THREADS, processes)), "seed": self.seed,
                "steps": self.steps, "users": self.users, "accounts": self.accounts, "key": KEYS[self.vendor],
                "directory": self.vendor, "fields": FIELDS[self.vendor], "status": not self.accounts,
                "where": str(self.folder / "where"), "out": str(self.folder / f"out{number}"),
                "host": self.box.address, "patience": 60 * SCALE, "exact": self.settings["stamps"] == "ms",
                "vim": bool(shutil.which("vim")), "weights": WEIGHTS[self.vendor], "colleague": colleague,
                "faults": FAULTS + (MEMBER_FAULTS if self.accounts else []), "paths": paths,
                "settings": self.switches, "pause": 0.1,
            }
            name = self.folder / f"plan{number}"
            name.write_text(json.dumps(plan))
            worker = subprocess.Popen(
                [sys.executable, os.path.join(os.path.dirname(__file__), "model_worker.py"), str(name)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                env={**os.environ, **self.mounted.env})
            self.workers.append(worker)

    # ---- on the way ----

    def run(self):
        try:
            for number in range(self.phases):
                for worker in self.workers:
                    worker.stdin.write("go\n")
                    worker.stdin.flush()
                kind = self.restarts[number] if number < len(self.restarts) else None
                if kind == "kill":
                    self.wait_busy(number)
                    self.kill()
                for worker in self.workers:
                    answer = worker.stdout.readline()
                    assert answer == "done\n", f"a worker ended: {answer!r}"
                if kind == "unmount":
                    self.unmount()
                elif kind == "kill between":
                    self.kill()
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

    def keep_log(self):
        with contextlib.suppress(OSError):
            self.log += self.mounted.log().splitlines()

    def kill(self):
        self.keep_log()
        (self.folder / "where").write_text("0 ")
        harness.kill(self.mounted.pid)
        self.mounts[-1][1] = now()
        self.mounted.abandon()
        self.mount()

    def unmount(self):
        self.keep_log()
        (self.folder / "where").write_text("0 ")
        problem = self.mounted.close()
        assert not problem, problem
        self.mounts[-1][1] = now()
        self.mount()

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
        self.wrong_view = self.compare_view()
        self.keep_log()

    def compare_view(self):
        """In the end the mount shows what the vendor has: words about what it does not, by user."""
        end = time.monotonic() + (self.config["lag"] + 10) * SCALE
        while True:
            (self.mounted.path / ".rosterfs/refresh").write_text("all\n")
            shown, now_at_vendor = self.shown(), self.states()
            wrong = {}
            for user, state in now_at_vendor.items():
                for name in {*state, *shown[user]}:
                    pair = shown[user].get(name), state.get(name)
                    if pair[0] != pair[1] and not name.startswith("member:"):
                        wrong[user] = f"in the end {name} is {pair[0]!r} here and {pair[1]!r} at the vendor"
            if not wrong or time.monotonic() > end:
                return wrong
            time.sleep(0.3)

    def shown(self):
        folder, found = self.mounted.path / self.vendor, {}
        for user in self.users:
            found[user] = model_check.flat(json.loads((folder / f"{user}.json").read_text(encoding="utf-8")))
            found[user]["status"] = (folder / f"{user}.status").read_text(encoding="utf-8").strip()
        return found

    def history(self):
        answer = self.box.control("GET", "changes")
        ops = [json.loads(line) for worker in range(len(self.workers))
               for line in (self.folder / f"out{worker}").read_text(encoding="utf-8").splitlines()]
        started = answer["started_us"]
        settings = {**self.settings, **self.config, "most_lag": self.settings["read_lag_ms"],
                    "checked": self.settings["etag_style"] == "strong"}
        mounts = [(start - started, end and end - started) for start, end in self.mounts]
        run = model_check.Run(settings, started, self.box.journal(), ops, mounts, self.log,
                              time.time_ns() // 1000 - now() + started)
        if self.vendor == "partnerize":
            run.add_states(self.first, answer["changes"], lambda entry: entry["id"],
                           lambda _, entry: model_check.flat(entry["after"]))
        else:
            run.add_states(self.first, answer["changes"], member_in, member_view)
        return run

    def judge(self):
        """[(user, words)], a Run, and what was left out."""
        run = self.history()
        judge = model_check.Judge(run, self.readers)
        judge.check()
        judge.found += self.wrong_view.items()
        return judge.found, run, judge.notes


def now():
    return time.monotonic_ns() // 1000


def sides(membership):
    """(account, member) in either form."""
    if "account_member_id" in membership:
        return membership.get("account_id") or membership["relationships"]["account"]["data"]["id"], \
            membership["account_member_id"]
    related = membership["relationships"]
    return related["account"]["data"]["id"], related["account_member"]["data"]["id"]


def with_status(state):
    belongs = any(name.startswith("member:") for name in state)
    return {**state, "status": "active" if belongs else "inactive"}


def member_in(entry):
    record = entry["after"] or entry["before"]
    return sides(record)[1] if record.get("type") == "account_membership" else entry["id"]


def member_view(state, entry):
    record = entry["after"] or entry["before"]
    if record.get("type") == "account_membership":
        name = "member:" + sides(record)[0]
        ids = [one for one in state.get(name, []) if one != record["id"]]
        ids += [record["id"]] if entry["after"] else []
        state = {field: value for field, value in state.items() if field != name}
        return with_status({**state, name: ids} if ids else state)
    members = {name: value for name, value in state.items() if name.startswith("member:")}
    return with_status({**model_check.flat(entry["after"]), **members})
