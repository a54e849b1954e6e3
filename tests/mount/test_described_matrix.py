# SPDX-License-Identifier: Apache-2.0
"""Described vendors: each pair of kinds of paging, authentication, status, verb and envelope does the whole job.

described_cells.py has the kinds. Each cell is a section of the mount and a play of the sandbox, whose stored users
and journal are what counts.
"""

import errno

import pytest

import described
import described_cells

GROUPS = 3
CELLS = described_cells.covering()
READS = ("GET", "POST /search", "POST /token", "POST /sessions")


def name_of(number):
    return f"cell{number}"


def start(folder, cells):
    """Plays with a section for each of CELLS, {number: kinds}."""
    plays = described.Plays(folder)
    for number, kinds in cells.items():
        play, text, keys, prefix = described_cells.cell(kinds)
        if "refresh_token_file" in keys:
            file = folder / f"refresh{number}"
            file.write_text("refresh-CANARY\n")
            file.chmod(0o600)
            keys["refresh_token_file"] = str(file)
        keys |= {"base_url": f"@BOX@/{name_of(number)}", "lag": "0", **described.DELETED}
        section = plays.add(name_of(number), play, described_cells.header(text), keys)
        section.kinds, section.prefix = kinds, prefix
    return plays


def nested(section, members):
    return {section.prefix[1:]: members} if section.prefix else members


def others(before, ident):
    """Users except IDENT."""
    return {key: user for key, user in before.items() if key != ident}


def inner(section, record):
    return described.at(record, section.prefix) if section.prefix else record


def without(record, *names):
    return {name: value for name, value in record.items() if name not in names and not name.startswith("_")}


def edited(section, ident, change, wanted):
    """Edit a user by CHANGE; WANTED is what then differs in the stored record, and nothing else."""
    before = section.stored()
    error = section.edit(ident, nested(section, change))
    assert not error, (error, section.said())
    after = section.stored()
    assert others(after, ident) == others(before, ident)
    old, new = (without(inner(section, users[ident]), "updated") for users in (before, after))
    assert new == old | wanted
    assert {key: value for key, value in after[ident].items() if key == "_state"} == {"_state": before[ident]["_state"]}


def turned(section, ident, word, state):
    """Write a status; only the state of that user changes."""
    before = section.stored()
    error = section.set_status(ident, word)
    assert not error, (word, error, section.said())
    after = section.stored()
    assert others(after, ident) == others(before, ident)
    assert after[ident]["_state"] == state
    for name in ("email", "name", "role", "prefs"):
        assert inner(section, after[ident])[name] == inner(section, before[ident])[name]
    assert section.status(ident) == word


def writes(section):
    return [(method, path) for method, path in section.journal()
            if method not in READS and f"{method} {path.removeprefix('/' + section.name)}" not in READS]


def whole_job(section):
    stored = section.stored()
    ids = sorted(stored)
    assert section.ids() == ids, section.said()
    one, other = ids[3], ids[5]
    assert section.record(one) == described.bare(stored[one])
    role = inner(section, stored[one])["role"]
    edited(section, one, {"role": role + "-changed"}, {"role": role + "-changed"})
    edited(section, one, {"prefs": {"a": "three"}}, {"prefs": {"a": "three", "b": "two"}})
    if section.kinds["status"] == "none":
        before = section.stored()
        assert not section.set_status(other, "inactive"), section.said()
        assert section.stored() == others(before, other)
    else:
        active = next(ident for ident in ids if stored[ident]["_state"] == "active")
        turned(section, active, "inactive", "inactive")
        turned(section, active, "active", "active")
        turned(section, active, "inactive", "inactive")
        section.box.reset()
        turned(section, active, "inactive", "inactive")
        assert writes(section) == []
    before = section.stored()
    made, error = section.create("new", nested(section, {"email": "new@example.com", "name": "New", "role": "guest",
                                                         "prefs": {"a": "x", "b": "y"}}))
    assert not error, (error, section.said())
    after = section.stored()
    assert others(after, made) == before
    assert inner(section, after[made])["email"] == "new@example.com"
    assert inner(section, after[made])["role"] == "guest"
    error = section.set_status(made, "deleted")
    if section.kinds["status"] == "soft delete":
        assert error and error.errno in (errno.EOPNOTSUPP, errno.EPERM), error
        assert section.stored() == after
    else:
        assert not error, (error, section.said())
        assert section.stored() == before


@pytest.mark.parametrize("group", range(GROUPS))
def test_pairs(sandbox, mount, test_dir, group):
    cells = {number: kinds for number, kinds in enumerate(CELLS) if number % GROUPS == group}
    test_dir.mkdir(exist_ok=True)
    plays = start(test_dir, cells)
    plays.mount(mount, sandbox(**plays.options()))
    failed = {}
    for section in plays.sections.values():
        try:
            whole_job(section)
        except (AssertionError, OSError, KeyError) as error:
            failed[section.name] = f"{section.kinds}: {type(error).__name__}: {error}"
    assert not failed, "\n".join(failed.values())


def test_pairs_are_covered():
    """Each kind is a row of a table, and covering() leaves no pair out."""
    order = list(described_cells.KINDS)
    for i, one in enumerate(order):
        for other in order[i + 1:]:
            pairs = {(cell[one], cell[other]) for cell in CELLS}
            assert len(pairs) == len(described_cells.KINDS[one]) * len(described_cells.KINDS[other])
