# SPDX-License-Identifier: Apache-2.0
"""Descriptions that send {changes} to a server that replaces the record: the first write fails, and blanks one user."""

import errno
import json

from described_alone import run, start

MANY = {"fields|/phone": {"holds": "value", "value": "555"}, "fields|/title": {"holds": "value", "value": "Engineer"}}
REQUIRED = {"fields|required": "/email"}


def replacing(omitted, **more):
    """The server replaces the record; what a change leaves out becomes this."""
    return MANY | {"changes|0|how": "replace", "changes|0|omitted": omitted, "changes|0|required": "unchecked",
                   "fields|/email|required": False, "status|omitted": "kept", **more}


def wrong():
    for omitted in ("removed", "null", "reset"):
        yield f"what is left out is {omitted}", {}, replacing(omitted), {}, emptied
    yield "no record in the response", {}, replacing("removed", **{"changes|0|answer": "none"}), {}, emptied
    yield "only the changes in the response", {}, replacing("removed", **{"changes|0|answer": "changed"}), {}, emptied
    yield "an error and no response", {}, replacing("null", **{"changes|0|status": 500}), {}, emptied
    yield "a status", {"status": "boolean"}, replacing("removed"), {}, emptied_by_status
    yield "members inside of a member", {}, MANY | {"changes|0|how": "merge"}, {"update|merge": "deep"}, inner_lost


def right():
    yield "a server that merges", {}, MANY, {}, kept
    yield "a server that merges, and shows the changes only", {}, MANY | {"changes|0|answer": "changed"}, {}, kept_twice
    yield "the whole record is sent", {"verb": "replace"}, replacing("removed"), {}, kept
    yield "times that are cleared", {"status": "boolean"}, MANY | {
        "fields|/locked_until": {"holds": "value", "value": "2026-11-30T08:00:00Z"},
        "fields|/invited_at": {"holds": "value", "value": "2026-11-30 08:00"},
        "status|states": {"active": True, "inactive": {"is": False, "also": {"/locked_until": None, "/invited_at": None}}}}, \
        {}, kept_status
    yield "a status that ends what goes with it", {"status": "boolean"}, MANY | {
        "fields|/groups": {"holds": "value", "value": ["a", "b"]}, "fields|/licences": {"holds": "value", "value": ["x"]},
        "status|states": {"active": True, "inactive": {"is": False, "also": {"/groups": [], "/licences": []}}}}, \
        {}, kept_status


def lost(before, after):
    """Names of the members that were there, and are empty."""
    return {name for name, value in before.items() if value not in (None, "") and not name.startswith("_")
            and after.get(name) in (None, "")}


def users(section):
    return sorted(ident for ident, user in section.stored().items() if user["_state"] == "active")[-2:]


def told(section, before, ident, error):
    """The write that emptied members names them, and says how to restore them; nobody else is changed, until then."""
    after = section.stored()
    gone = lost(before[ident], after[ident])
    assert {"phone", "title"} <= gone, after[ident]
    assert {key for key in after if after[key] != before[key]} == {ident}
    assert error and error.errno == errno.EREMOTEIO, (error, section.said())
    last = section.said().splitlines()[-1]
    assert all(f'"{name}"' in last for name in ("phone", "title")), last
    assert section.record(ident).get("phone") in (None, ""), section.record(ident)
    return last


def refused(section, other):
    """A change that would empty another user is not sent."""
    before = section.stored()
    since = len(section.box.journal())
    error = section.edit(other, {"role": "other-role"})
    assert error and error.errno == errno.EOPNOTSUPP, (error, section.said())
    assert section.stored() == before and "{record}" in section.said()
    assert {method for method, _ in section.journal(since)} <= {"GET"}


def restore(section, before, ident, last):
    command = last.partition("to undo it: ")[2].split(": EREMOTEIO")[0]
    number = command.split("history/")[1].split("/")[0]
    history = section.mount.path / ".rosterfs/history" / number
    was = json.loads((history / "before.json").read_text())
    undo = json.loads((history / "undo.json").read_text())
    for name in ("phone", "title"):
        assert was[name] == undo[name] == before[ident][name]
    error = section.write(ident, ".json", (history / "undo.json").read_text())
    assert not error, (error, section.said())
    after = section.user(ident)
    assert {name: after[name] for name in ("phone", "title", "role")} == {
        name: before[ident][name] for name in ("phone", "title", "role")}


def emptied(section):
    ident, other = users(section)
    before = section.stored()
    error = section.edit(ident, {"role": "new-role"})
    last = told(section, before, ident, error)
    assert section.user(ident)["role"] == "new-role"
    refused(section, other)
    restore(section, before, ident, last)


def emptied_by_status(section):
    ident, other = users(section)
    before = section.stored()
    error = section.set_status(ident, "inactive")
    told(section, before, ident, error)
    assert section.state(ident) == "inactive"
    refused(section, other)


def inner_lost(section):
    ident = users(section)[0]
    before = section.user(ident)
    error = section.edit(ident, {"prefs": {"a": "two"}})
    after = section.user(ident)
    assert "b" in before["prefs"] and "b" not in after["prefs"]
    assert not error and '"prefs.b" was not edited' in section.said(), section.said()


def kept(section):
    for ident in users(section):
        before = section.stored()
        error = section.edit(ident, {"role": "new-role"})
        assert not error, (error, section.said())
        assert not lost(before[ident], section.user(ident))


def kept_twice(section):
    kept(section)
    ident = users(section)[0]
    since = len(section.box.journal())
    assert not section.edit(ident, {"role": "third-role"})
    assert [method for method, _ in section.journal(since)] == ["GET", "PATCH"], section.journal(since)


def kept_status(section):
    for ident in users(section):
        error = section.set_status(ident, "inactive")
        assert not error, (error, section.said())
        assert section.state(ident) == "inactive"
    ident = users(section)[0]
    assert not section.edit(ident, {"role": "new-role"}), section.said()


ROWS = list(wrong()) + list(right())


def do_row(section):
    section.rest[0](section)


def test_blanked(sandbox, mount, test_dir):
    test_dir.mkdir(exist_ok=True)
    plays = start(test_dir, ROWS)
    plays.mount(mount, sandbox(**plays.options()))
    run(plays, do_row)
