# SPDX-License-Identifier: Apache-2.0
"""More that must hold of a run of the model test: what is shown, who is made and deleted, and how many changes.

 - A file, a table and another host show what was acknowledged, or what the vendor has had since.
 - A user is made once, with all that was sent, or not at all; who was deleted stays so.
 - Two hosts together do not exceed status_limit.
"""

import collections

from model_check import MOMENT, Judge, flat, same, title
from system import SCALE

GRACE = 10 * SCALE * MOMENT  # within which another host shows what was written; see shared_hosts.BACK
UPSET = 3 * MOMENT  # a lock lasts as long


def made_by(judge, op, name):
    """The last change that OP made of field NAME, or None."""
    found = [change for change in judge.run.changes[op["user"]]
             if change.by and name in change.fields and op["t0"] <= change.row["t_us"] <= op["t1"] and
             judge.wants(op, change, name)]
    return found[-1] if found else None


def bound(judge, look, name):
    """
    (since when the vendor had what LOOK may have seen in field NAME, at the earliest, whether it was written through
    a mount), by the writes that were acknowledged before it.
    """
    least, change = 0, None
    for op in judge.run.ops[look["user"]]:
        if not op.get("ok") or name not in op.get("wanted", ()) or not op.get("claims", True) or \
                op["t1"] >= look["t0"]:
            continue
        if op["mount"] != look["mount"]:
            upset = any(op["t0"] - UPSET <= one <= look["t1"] for one in judge.run.stores)
            if upset or look["t0"] < op["t1"] + GRACE:
                continue
        made = made_by(judge, op, name)
        at = made.at + 1 if made else op["t0"]
        if at > least:
            least, change = at, made
    return least, change


def excused(judge, look, least, change):
    """Reads lag, and somebody else has changed the user, or nothing was sent: no time tells what is older."""
    run = judge.run
    if not run.lag:
        return any(get["fault"] == "stale" for get in run.gets[look["user"]])
    return not change or any(judge.was_foreign(one) for one in run.changes[look["user"]]
                             if least - run.lag - 1 <= one.at <= look["t1"]) or \
        run.epoch(least) != run.epoch(look["t1"])


def check_looks(judge):
    for user, ops in judge.run.ops.items():
        for look in ops:
            for name, value in (look.get("shown") or {}).items():
                least, change = bound(judge, look, name)
                least = max(0, least) if least else 0
                states = judge.run.states(user, least, look["t1"])
                if any(same(state.get(name), value) for state, _ in states):
                    continue
                if excused(judge, look, least, change):
                    judge.notes["a look that lags"] += 1
                    continue
                judge.say(user, f"{title(look)} shows {name} = {value!r}, which the vendor has not had since "
                                f"{least / MOMENT:.4f}, when it was written")


def last_written(run, user):
    """{field: value} of what a mount's acknowledged write changed last at the vendor."""
    judge, found = Judge(run), {}
    for change in run.changes[user]:
        for name in change.fields:
            found.pop(name, None)
            if not change.by or judge.is_late(change) or name.startswith("member:"):
                continue
            if any(op["ok"] and judge.wants(op, change, name) for op in judge.under_way(change)):
                found[name] = change.after.get(name)
    return found


def holds(value, sent):
    """A vendor may add elements of its own to a list."""
    return isinstance(sent, list) and all(one in (value or []) for one in sent) or same(value, sent)


def check_made(judge, vendor):
    """The users that VENDOR has in the end."""
    stored = collections.defaultdict(list)
    for one in vendor.everybody():
        stored[one[vendor.email]].append(one)
    ops = judge.run.ops[""]
    gone = {op["email"]: op for op in ops if op["kind"] == "delete"}
    for op in ops:
        if op["kind"] != "create":
            continue
        there, end = stored[op["email"]], gone.get(op["email"])
        if len(there) > 1:
            judge.say("", f"{title(op)} made {op['email']} {len(there)} times")
        if end and end["ok"] and there:
            judge.say("", f"{title(op)} made {op['email']}, who was deleted and is there again")
        if op["ok"] and not end and [str(one[vendor.stored or vendor.key]) for one in there] != [op["ident"]]:
            judge.say("", f"{title(op)} made {op['email']} as {op['ident']}, and the vendor has {there}")
        for one in there:
            sent, has = flat(op["document"]), flat(one)
            wrong = {name: has.get(name) for name, value in sent.items()
                     if name != "password" and not holds(has.get(name), value)}
            if wrong:
                judge.say("", f"{title(op)} sent {sent}, and the vendor has {wrong}")


def check_limit(judge):
    """A change counts unless it can be one that takes back the newest that counted; see rosterfs(1)."""
    limit, counted = judge.run.settings.get("status_limit"), []
    if not limit or judge.run.stores:
        return
    for user, changes in judge.run.changes.items():
        left = []
        for change in changes:
            if not change.by or "status" not in change.fields or judge.is_late(change):
                continue
            if left and left[-1] == change.after.get("status"):
                left.pop()
            else:
                left.append(change.before.get("status"))
                counted.append((change.at, user))
    if len(counted) > limit:
        judge.say("", f"status_limit is {limit}, and these were changed: {sorted(counted)}")


def check(judge, vendor):
    check_looks(judge)
    check_made(judge, vendor)
    check_limit(judge)
