# SPDX-License-Identifier: Apache-2.0
"""What the tests of audit_log share: a mount that has one, and the lines that came."""

import json

import pytest

# the members of each line, in their order; "undo" may stand before "outcome"
KEYS = ["time", "attempt", "uid", "pid", "command", "vendor", "id", "path", "action", "fields", "outcome", "errno",
        "words"]
# what is the same in all lines of an attempt
SAME = ["time", "attempt", "uid", "pid", "command", "vendor", "path", "action"]


@pytest.fixture
def file(test_dir):
    """Where the audit log stands."""
    (test_dir / "audit").mkdir(parents=True)
    return test_dir / "audit/log.jsonl"


@pytest.fixture
def audited(mount, sandbox, file):
    """audited(extra, options=...) mounts 25 users with an audit log."""
    def start(extra=None, profile="guide", box=None, **rest):
        keys = {**(extra or {})}
        keys["rosterfs"] = {"audit_log": file, **keys.get("rosterfs", {})}
        return mount(box or sandbox(users=25, profile=profile), keys, **rest)
    return start


def lines(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def ends(file):
    """The lines that tell how an attempt ended."""
    return [line for line in lines(file) if line["outcome"] != "sending"]


def news(file):
    """The lines that came since the last call."""
    seen = news.seen.get(file, 0)
    found = lines(file)
    news.seen[file] = len(found)
    return found[seen:]


news.seen = {}


def check(line, expected):
    assert {key: line.get(key, "missing") for key in expected} == expected, line
    return line


def one(file, **expected):
    """The one line that came, which has at least what is EXPECTED: nothing was sent, or nothing has ended."""
    line, = news(file)
    return check(line, expected)


def same_attempt(found):
    """FOUND are the lines of one change: some say that it is about to be sent, the last how it ended."""
    assert [line["outcome"] == "sending" for line in found] == [True] * (len(found) - 1) + [False], found
    for line in found[:-1]:
        assert {key: line[key] for key in SAME} == {key: found[-1][key] for key in SAME}
        assert [key for key in line if key != "undo"] == KEYS
        assert line["errno"] is None and line["words"] is None


def pair(file, **expected):
    """A change was sent, once: the last of the two lines that came, which has at least what is EXPECTED."""
    found = news(file)
    assert len(found) == 2, found
    same_attempt(found)
    return check(found[-1], expected)
