# SPDX-License-Identifier: Apache-2.0
"""What must hold of a run of the model test, whatever was done: see test_model.py.

The sandbox tells each change of each record in its order, and which request made it. A change by a
request of the mount is looked at field by field: somebody must have asked for the new value, in an operation
that was under way. What is left out is told where it is decided, in Judge.excuse.
"""

import collections
import json
import re

# what the vendor assigns, or what goes along with it
ASSIGNED = {"updated_at", "created_at", "user_id", "user_api_key", "id", "type", "meta", "links",
            "relationships", "_version", "_password_changes"}
# faults that answer success and do nothing
NOT_DONE = {"empty", "html", "not_json", "not_applied"}
# how much longer than its caller a request that nobody waits for may be on its way
AFTERMATH = 3_000_000
MOMENT = 1_000_000
# how long before and after a loss of the store its hosts may not know of each other's writes
UPSET = 5_000_000


def flat(record, above=""):
    """{path: value} of a record, without what the vendor assigns."""
    found = {}
    for name, value in (record or {}).items():
        if not above and name in ASSIGNED:
            continue
        if isinstance(value, dict) and value:
            found.update(flat(value, above + name + "."))
        elif value is not None:
            found[above + name] = value
    return found


def fold(value):
    """A vendor may write a name in capitals: no two values of a run differ in that only."""
    return value.casefold() if isinstance(value, str) else value


def same(one, other):
    return fold(one) == fold(other)


class Change:
    """A record went from one state to another."""

    def __init__(self, entry, row, user, before, after):
        self.at, self.by, self.row, self.user = entry["at_us"], entry["by"], row, user
        self.before, self.after = before, after
        self.fields = {name for name in {*before, *after} if not same(before.get(name), after.get(name))}

    def __str__(self):
        who = f"request {self.by}" if self.by else "a colleague"
        what = ", ".join(f"{name}: {self.before.get(name)!r} -> {self.after.get(name)!r}"
                         for name in sorted(self.fields))
        return f"CHANGED by {who}: {what or 'nothing'}"


class Run:
    """All that is known of a run. Times are in microseconds since the sandbox's start."""

    def __init__(self, settings, started, rows, ops, mounts, log, realtime, stores=()):
        self.settings = settings
        self.started = started
        self.rows = {row["n"]: row for row in rows}
        self.mounts = mounts  # [(start, end)]
        self.stores = list(stores)  # when the store went, and was there again
        self.log = log
        self.realtime = realtime  # microseconds to add to a time for one since 1970
        self.lag = settings.get("most_lag", 0) * 1000
        self.changes = collections.defaultdict(list)
        self.first = {}
        self.ops = collections.defaultdict(list)
        self.problems = []
        for op in ops:
            op["t0"] -= started
            op["t1"] -= started
            self.ops[op["user"]].append(op)
        self.gets = collections.defaultdict(list)
        for row in rows:
            if row["method"] == "GET" and row["id"] and row["status"] == 200:
                self.gets[row["id"]].append(row)

    def add_states(self, first, entries, user_of, view):
        """FIRST: {user: state}; ENTRIES of the sandbox's changes; VIEW makes states of them."""
        self.first = first
        now = dict(first)
        for entry in entries:
            user = user_of(entry)
            if user not in now:
                continue
            after = view(now[user], entry)
            self.changes[user].append(Change(entry, self.rows.get(entry["by"]), user, now[user], after))
            now[user] = after
        self.last = now

    def mount_at(self, time):
        for number, (start, end) in enumerate(self.mounts):
            if start <= time < (end or time + 1):
                return number
        return -1

    def epoch(self, time):
        """Between two times of the same one no memory was lost: that of the mount, or of all that share a store."""
        ends = [at for mount in self.mounts for at in mount if at and "shared" not in self.settings]
        return sum(at <= time for at in [*ends, *self.stores])

    def upset(self, time):
        """Is the store away, or has it forgotten what one host knows and another one does not?"""
        return any(at - UPSET <= time <= at + UPSET for at in self.stores)

    def states(self, user, start, end):
        """(state, change that ended it or None) of all states in force between START and END."""
        state, found = self.first[user], []
        for change in self.changes[user]:
            if change.at > end:
                break
            if change.at >= start:
                found.append((state, change))
            state = change.after
        return [*found, (state, None)]


class Judge:
    def __init__(self, run, readers=True):
        self.run = run
        self.readers = readers
        self.found = []  # (user, words)
        self.notes = collections.Counter()

    def say(self, user, words):
        self.found.append((user, words))

    # ---- who asked for it ----

    def under_way(self, change):
        """The operations that can have made a change of the mount's."""
        arrived = change.row["t_us"]
        return [op for op in self.run.ops[change.user] if "wanted" in op and op["t0"] <= arrived and
                arrived <= op["t1"] + (0 if op["ok"] else AFTERMATH)]

    @staticmethod
    def wants(op, change, name):
        """Did OP want what CHANGE made of field NAME?"""
        value = change.after.get(name)
        if name.startswith("member:"):
            account, makes = op["wanted"].get("member", (None, None))
            made = len(value or ()) > len(change.before.get(name) or ())
            if "member:" + str(account) == name and makes == made:
                return True
            return op.get("absolute") and op["wanted"].get("status") == ("active" if made else "inactive")
        return name in op["wanted"] and same(op["wanted"][name], value)

    def was_foreign(self, change):
        """A change that the mount at work later may not know of."""
        if not change.by or change.row["status"] == 0 or change.row["state"] in ("applied", "pending"):
            return True
        ops = self.under_way(change)
        return self.run.upset(change.at) or (bool(self.run.lag) and not any(op["ok"] for op in ops))

    # ---- 2 and 3: no change that nobody wanted ----

    def basis(self, change):
        """When the read that a change rests on may have been made, at the earliest."""
        arrived = change.row["t_us"]
        gets = [get for get in self.run.gets[change.user] if get["end_us"] and get["end_us"] <= arrived]
        if not gets:
            return arrived
        usable = [get for get in gets
                  if get["end_us"] >= arrived - max(MOMENT, get["end_us"] - get["t_us"])] or gets[-1:]
        # one that shows the state before the last change may show any that came before
        if any(get["fault"] == "stale" for get in usable):
            return 0
        return min(get["t_us"] for get in usable) - self.run.lag

    def is_forgotten(self, change, name):
        """Does a document have it that was read from another mount than the one that it was saved to?"""
        return any(op.get("base") and op.get("read_at") not in (None, op.get("mount"))
                   and same(flat(op["base"]).get(name), change.after.get(name)) for op in self.under_way(change))

    def excuse(self, change, name):
        """Why a change that nobody wanted is none of the mount's faults; or None."""
        user, value = change.user, change.after.get(name)
        if self.is_reapplied(change, name):
            return "inactive, sent once more"
        if self.is_forgotten(change, name):
            return "a document that was read before the mount was restarted, which remembers no version"
        # Somebody else's change came between the read that this rests on, or what that showed, and this
        # one. Who checks ETags can't be overtaken.
        start = self.basis(change)
        if self.unseen(change, name, start):
            return "a value of before the write that nobody had seen, which no time tells"
        for other in self.run.changes[user]:
            if other is change:
                break
            if name not in other.fields or not same(other.before.get(name), value):
                continue
            if self.set_back(change, other, name):
                return "set back to an older value, which no time tells from a read that lags"
            if self.renewed(change, other, name):
                return "a third value ended the memory, and no time tells what a read after it shows"
            if self.same_time(change, other, name):
                return "an older value with the time of update of the write, from before a read that lagged"
            if other.at < start:
                continue
            checked = self.run.settings["checked"] and change.row["if_match"]
            if (self.was_foreign(other) or self.unwanted(other, name)) and not checked:
                return "foreign change between read and write"
            if self.run.mount_at(other.at) != self.run.mount_at(change.row["t_us"]):
                return "the mount was restarted in between"
        return self.late_excuse(change, name) if self.is_late(change) else None

    def unwanted(self, change, name):
        """A change of the mount's took a field along that it had read too early: it knows nothing of that."""
        return bool(self.run.lag) and not any(self.wants(op, change, name) for op in self.under_way(change))

    def timed(self):
        """Does the vendor tell the time of each version, also in the answer to a PUT?"""
        return self.run.settings["stamps"] == "ms" and self.run.settings["put_answer"] == "full"

    def unseen(self, change, name, start):
        """Somebody else's value was overwritten before any read had shown it, and a read that lags does."""
        value = change.after.get(name)
        if not self.run.lag or self.timed() or (name == "status" and value == "active"):
            return False
        written = False
        for other in self.run.changes[change.user]:
            if other is change or name not in other.fields:
                continue
            if other.at > change.at:
                return False
            if written and other.at >= start and same(other.before.get(name), value):
                return True
            written = self.was_foreign(other) and same(other.after.get(name), value)
        return False

    def set_back(self, change, other, name):
        """Did OTHER set a field back to what it was, where no time tells that from a read that lags?"""
        since = change.row["t_us"] - self.run.settings["lag"] * MOMENT
        # a status that is in doubt is never sent
        if (name == "status" and change.after.get(name) == "active") or other.at < since or self.timed() or \
                not self.was_foreign(other):
            return False
        before = [one.before for one in self.run.changes[change.user] if one.at < other.at]
        return any(same(state.get(name), other.after.get(name)) for state in before)

    def renewed(self, change, other, name):
        """Did somebody write a third value after OTHER? A read that shows it ends the memory of OTHER."""
        if not self.run.lag or self.timed() or (name == "status" and change.after.get(name) == "active"):
            return False
        return any(other.at < one.at < change.at and name in one.fields and self.was_foreign(one)
                   for one in self.run.changes[change.user])

    def same_time(self, change, other, name):
        """Was there another version in the second of OTHER, where times are that coarse? OTHER may rest on a
        read from before that one, and an equal time then counts as later."""
        if not self.run.lag or self.timed() or (name == "status" and change.after.get(name) == "active"):
            return False
        unit = MOMENT * (60 if self.run.settings["stamps"] == "tick" else 1)
        second = (other.at + self.run.realtime) // unit
        return any(one.at < other.at and (one.at + self.run.realtime) // unit == second
                   for one in self.run.changes[change.user])

    def is_late(self, change):
        return change.row["state"] == "applied" or \
            (change.row["status"] == 0 and change.at > change.row["t_us"] + MOMENT)

    def is_reapplied(self, change, name):
        return name == "status" and change.after.get(name) == "inactive" and \
            self.logged(change.user, "once more")

    def logged(self, user, *words):
        return any(f"/{user}." in line and all(word in line for word in words) for line in self.run.log)

    def late_excuse(self, change, name):
        """A request that got no answer was applied late: the log must name what it took back."""
        if self.logged(change.user, "applied late", f'"{name.partition(".")[0]}'):
            return "late, and the log names it"
        if name == "status" and self.logged(change.user, "once more"):
            return "late, and put right"
        began = max([op["t1"] for op in self.under_way(change)], default=change.row["t_us"])
        watched = max(self.run.settings["lag"], 4 * self.run.settings["timeout"]) * MOMENT
        mount = self.mount_of(change)
        end = self.run.mounts[mount][1] if mount >= 0 else 0
        # the watch looks as often as the time since it began doubles
        look = change.at + max(0, change.at - began) + 2 * MOMENT + self.run.lag
        if change.at > began + watched or mount < 0 or (end and end < look):
            return "late, and watched no more"
        for other in self.run.changes[change.user]:
            if change.at < other.at <= look + MOMENT:
                return "late, and changed again before it was looked at"
        if not same(self.run.last[change.user].get(name), change.after.get(name)):
            return "late, and written again"
        return None

    def mount_of(self, change):
        """The number of the mount that made a change."""
        ops = [op for op in self.under_way(change) if any(self.wants(op, change, name) for name in change.fields)]
        return ops[0]["mount"] - 1 if ops else self.run.mount_at(change.row["t_us"])

    def check_changes(self):
        for user, changes in self.run.changes.items():
            for change in changes:
                if not change.by:
                    continue
                ops = self.under_way(change)
                for name in sorted(change.fields):
                    # a member's status is made of its memberships, which are looked at themselves
                    if name == "status" and any(other.startswith("member:") for other in change.fields):
                        continue
                    if any(self.wants(op, change, name) for op in ops):
                        if name == "status" and change.after.get(name) == "active":
                            self.check_newest(change, ops)
                        continue
                    why = self.excuse(change, name)
                    if why:
                        self.notes[why] += 1
                        continue
                    self.say(user, f"nobody wanted {name} = {change.after.get(name)!r}, which request "
                                   f"{change.by} made of {change.before.get(name)!r}")

    def check_newest(self, change, ops):
        """A document made the user active: it must have been made of the newest version."""
        made = [op for op in ops if self.wants(op, change, "status")]
        if self.run.lag or self.is_late(change) or any("base" not in op for op in made):
            return
        begin = self.basis(change)
        seen = [state for state, _ in self.run.states(change.user, begin, change.row["t_us"])]
        for op in made:
            base = {**flat(op["base"])}
            saved = {name for other in self.run.ops[change.user] if other.get("pid") == op["pid"] and
                     "wanted" in other and other["t0"] < op["t1"] for name in other["wanted"]}
            for state in seen:
                if all(same(state.get(name), base.get(name)) or name in saved for name in {*state, *base}):
                    return
        self.say(change.user, f"request {change.by} made the user active, and the document was not made of "
                              "the newest version")

    # ---- 1: what was acknowledged is there ----

    def held(self, op, test):
        """Was there a state that TEST accepts while OP was under way, or may it have seen one?"""
        user = op["user"]
        if any(test(state) for state, _ in self.run.states(user, op["t0"], op["t1"])):
            return True
        if not self.run.lag and not any(get["fault"] == "stale" and op["t0"] <= get["t_us"] <= op["t1"]
                                        for get in self.run.gets[user]):
            return False
        # a read that lags showed it, and somebody else has changed it since
        return any(change and test(state) and not test(change.after) and
                   (self.was_foreign(change) or self.run.epoch(change.at) != self.run.epoch(op["t1"]))
                   for state, change in self.run.states(user, op["t0"] - (self.run.lag or 10**12), op["t1"]))

    def check_writes(self):
        for user, ops in self.run.ops.items():
            for op in ops:
                if "wanted" not in op or not op["ok"] or not op.get("claims", True):
                    continue
                for name, value in op["wanted"].items():
                    self.check_write(user, op, name, value)
                stated = op.get("stated")
                if stated and "status" not in op["wanted"] and op.get("base", {}).get("status") and \
                        not self.held(op, lambda state, stated=stated: state.get("status") == stated):
                    self.say(user, f"{title(op)} stated the status {stated}, which the vendor did not have, "
                                   "and was acknowledged")

    def check_write(self, user, op, name, value):
        def has(state):
            if name == "member":
                return bool(state.get("member:" + value[0])) == value[1]
            return same(state.get(name), value)
        if not self.held(op, has):
            if name == "status" and self.joined(op, value):
                self.notes["a colleague joined or parted meanwhile"] += 1
                return
            if self.third_value(op, name):
                self.notes["accepted and not applied, and a colleague wrote a third value"] += 1
                return
            self.say(user, f"{title(op)} wrote {name} = {value!r}, was acknowledged, and the vendor did not "
                           "have it then")

    def third_value(self, op, name):
        """The vendor said that it was done, and before its record was looked at somebody wrote another value:
        it can't be told from what the vendor made of ours."""
        lies = [row["t_us"] for row in self.run.rows.values()
                if row["fault"] in NOT_DONE and row["status"] in (200, 204) and row["method"] in ("PUT", "PATCH", "POST") and
                row["id"] == op["user"] and op["t0"] <= row["t_us"] <= op["t1"]]
        if not lies:
            return False
        changes = [change for _, change in self.run.states(op["user"], op["t0"], op["t1"]) if change]
        if any(change.at > min(lies) and name in change.fields and self.was_foreign(change) for change in changes):
            return True
        # or a read that lags shows somebody's value of before, which no read had shown
        old = self.run.states(op["user"], min(lies), min(lies))[0][0].get(name)
        return bool(self.run.lag) and any(
            not same(state.get(name), old) and not same(state.get(name), op["wanted"].get(name))
            for state, _ in self.run.states(op["user"], min(lies) - self.run.lag, min(lies)))

    def joined(self, op, value):
        """Did others make memberships while a member was made inactive, or end them?"""
        states = self.run.states(op["user"], op["t0"] - self.run.lag, op["t1"])
        return any(change and self.was_foreign(change) and
                   any(name.startswith("member:") for name in change.fields) for _, change in states)

    # ---- 4, and what the workers saw themselves ----

    def check_told(self):
        for user, ops in self.run.ops.items():
            for op in ops:
                if op.get("problem") and (self.readers or op["kind"] not in ("read", "list")):
                    self.say(user, f"{title(op)}: {op['problem']}")

    def check(self):
        self.check_told()
        self.check_changes()
        self.check_writes()
        return self.found


# ---- words ----

def title(op):
    how = op["kind"] + (f", {op['form']}" if op.get("form") else "")
    return f"process {op['process']} thread {op['thread']} step {op['n']} ({how})"


TOLD = ("wanted", "shown", "mount", "stated", "stamped", "read_at", "change", "fault", "settings")


def op_lines(op):
    told = [f"{key} {json.dumps(op[key], ensure_ascii=False)}" for key in TOLD if op.get(key) is not None]
    yield op["t0"], f"{title(op)} begins: {', '.join(told)}"
    if op.get("base"):
        yield op["t0"], f"    made of {json.dumps(flat(op['base']), ensure_ascii=False)} " \
                        f"{op['base'].get('updated_at')}"
    yield op["t1"], f"{title(op)} ends: {'ok' if op['ok'] else op.get('error')} {op.get('words') or ''}"


def row_lines(row):
    words = f"request {row['n']} {row['method']} {row['path']}"
    body = f" {json.dumps(row['body'], ensure_ascii=False)}" if row["body"] else ""
    yield row["t_us"], f"{words} arrives{body}" + (f" If-Match {row['if_match']}" if row["if_match"] else "")
    if row["end_us"]:
        yield row["end_us"], f"{words} ends: {row['status'] or 'no answer'}" + \
            (f" (ordered: {row['fault']})" if row["fault"] else "")
    if row["applied_us"]:
        yield row["applied_us"], f"{words} is applied late: {row['late_status']}"


def log_lines(run, user):
    import datetime
    for line in run.log:
        match = re.match(r"(\S+T\S+) (.*)", line)
        if not match or not re.search(rf"/{re.escape(user)}\b", line):
            continue
        try:
            when = datetime.datetime.strptime(match.group(1), "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
        except ValueError:
            continue
        yield int(when * 1e6) - run.realtime, f"LOG {match.group(2)}"


def history(run, user):
    """All that is known of a user, in the order of time."""
    lines = []
    for op in run.ops[user]:
        lines += op_lines(op)
    for row in run.rows.values():
        if user in row["path"].split("/") or any(change.by == row["n"] for change in run.changes[user]) or \
                (len(user) > 20 and user in json.dumps(row["body"])):
            lines += row_lines(row)
    for change in run.changes[user]:
        lines.append((change.at, str(change)))
    for number, (start, end) in enumerate(run.mounts):
        lines.append((start, f"MOUNT {number} begins"))
        if end:
            lines.append((end, f"MOUNT {number} ends"))
    lines += log_lines(run, user)
    lines.sort(key=lambda line: line[0])
    return [f"the first state: {json.dumps(run.first[user], ensure_ascii=False)}"] + \
        [f"{time / 1e6:9.4f} {words}" for time, words in lines]
