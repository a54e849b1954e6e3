# SPDX-License-Identifier: Apache-2.0
"""Reading .rosterfs/status: the rows of its table, and the notes below, which are broken into lines."""

import re

WIDTH = 80


def text(m):
    """The text, whose lines must fit a terminal whatever they say."""
    value = (m.path / ".rosterfs/status").read_text()
    assert value.endswith("\n")
    for line in value.splitlines():
        assert len(line) <= WIDTH, f"wider than {WIDTH} columns: {line}"
    return value


def whole(m):
    """The text with each note in one line."""
    return re.sub(r"\n {4}(?! )", " ", text(m))


def row(m, vendor):
    """The row of VENDOR: users, age, requests, open and state as texts."""
    for line in text(m).splitlines():
        words = line.split(None, 5)
        if words and words[0] == vendor and len(words) == 6:
            return dict(zip(("users", "age", "requests", "open", "state"), words[1:]))
    raise AssertionError(f"no row of {vendor}:\n{text(m)}")


def errors(m, vendor):
    """What the last error of VENDOR is said to be, or ""."""
    found = re.search(rf"^{re.escape(vendor)}: last error \(at (\S+(?: \S+)?)\): (.*)$", whole(m), re.MULTILINE)
    return found[2] if found else ""
