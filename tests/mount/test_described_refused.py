# SPDX-License-Identifier: Apache-2.0
"""Described vendors: what must not be sent, or not again, owners of keys, and undoing."""

import errno

import pytest

from described_alone import start


@pytest.fixture
def section(sandbox, mount, test_dir):
    """Return a function that mounts one section: changes of the kinds, the play, the description and the config."""
    def make(kinds, play_changes=None, text_changes=None, **keys):
        test_dir.mkdir(exist_ok=True)
        plays = start(test_dir, [("", kinds, play_changes or {}, text_changes or {})])
        plays.sections["s0"].keys |= keys
        plays.mount(mount, sandbox(**plays.options()))
        return plays.sections["s0"]
    return make


def active_user(section):
    return next(ident for ident, user in section.stored().items() if user["_state"] == "active" or user.get("active"))


def deletes(section):
    return [path for method, path in section.journal() if method == "DELETE"]


def test_self_is_the_whole_response(section):
    """Without `root`, the response of [self] is the record."""
    s = section({"envelope": "bare"}, {"documents": [{"route": "GET /me", "answer": {"id": 1}}]},
                {"self|user": None, "self|request": "GET /me", "item|root": None})
    error = s.set_status("1", "inactive")
    assert error and error.errno == errno.EPERM, s.said()
    assert not s.set_status("5", "inactive"), s.said()


@pytest.mark.parametrize("fault", [{"fault": "drop_after"}, {"fault": "status_after", "status": 503}])
def test_lost_response_of_a_delete_that_deactivates(section, fault):
    """A second DELETE would delete the user, so that reads that lag do not lead to one."""
    s = section({"status": "soft delete"}, {"deletes|0|kind": "two_steps", "lag": {"ms": 2500, "of": "all"}}, lag="60")
    ident = active_user(s)
    s.box.fault(method="DELETE", path=f"/s0/users/{ident}", **fault)
    assert not s.set_status(ident, "inactive"), s.said()
    assert len(deletes(s)) == 1
    assert s.state(ident) == "inactive"


def test_delete_from_another_status(section):
    """[delete] is not sent in a status that its `from` does not have."""
    s = section({}, {}, {"delete|from": "LOCKED"})
    ident = active_user(s)
    error = s.set_status(ident, "deleted")
    assert error and error.errno == errno.EOPNOTSUPP, s.said()
    assert not deletes(s)
    assert not s.set_status(ident, "inactive")
    assert not s.set_status(ident, "deleted"), s.said()
    assert ident not in s.stored()


def test_record_in_a_status_request(section):
    """It has no more than a document has: neither what the vendor assigns, nor its masks."""
    s = section({"status": "requests"}, {"fields|/pass": {"holds": "password", "mask": "**********"}},
                {"fields|hidden": "/pass", "deactivate|body": '{"user": {record}, "pass": {/pass}}'})
    ident = active_user(s)
    before = s.user(ident)
    s.set_status(ident, "inactive")
    (body,) = [entry["body"] for entry in s.box.journal() if entry["method"] not in ("GET", "HEAD")]
    assert '"email"' in str(body).replace("'", '"')
    assert "**" not in str(body) and ident not in str(body), body
    assert s.user(ident)["pass"] == before["pass"]


def test_undo_without_versions(section):
    """Where a vendor names no versions, a copy of an undo.json is known by its text."""
    s = section({}, {}, {"fields|updated": None})
    ident = active_user(s)
    before = s.record(ident)
    assert not s.edit(ident, {"role": "other", "name": "Other"}), s.said()
    undo = (s.mount.path / ".rosterfs/history/1/undo.json").read_text()
    assert not s.write(ident, ".json", undo), s.said()
    assert {name: s.user(ident)[name] for name in ("role", "name")} == {name: before[name] for name in ("role", "name")}
