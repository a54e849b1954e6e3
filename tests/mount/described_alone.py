# SPDX-License-Identifier: Apache-2.0
"""Sections that each have one surprise of a real server, for test_described_lists and test_described_writes.

A row of their tables is (title, kinds that are not PLAIN, changes of the play, changes of the description, ...). A
section `account` of the description is what the config says.
"""

import copy

import described
import described_cells

PLAIN = {"paging": "page", "auth": "header", "status": "word", "verb": "PATCH", "envelope": "wrapped"}
DONE, ERROR, EITHER = "done", "error", "either"


def put(target, changes):
    """Set members of nested dictionaries and lists by {"a/0/b": value}; None removes one."""
    for path, value in changes.items():
        parts = path.split("|")
        place = target
        for part in parts[:-1]:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        if value is None:
            place.pop(parts[-1], None)
        else:
            place[parts[-1]] = value


def describe(kinds, play_changes, text_changes):
    play, text, keys, _ = described_cells.cell(PLAIN | kinds)
    put(play, copy.deepcopy(play_changes))
    put(text, text_changes)
    keys |= {"lag": "0", "retry_budget": "1", **text.pop("account", {})}
    return play, described_cells.header(text), keys


def start(folder, table):
    plays = described.Plays(folder)
    for number, (title, kinds, play_changes, text_changes, *rest) in enumerate(table):
        play, text, keys = describe(kinds, play_changes, text_changes)
        section = plays.add(f"s{number}", play, text, keys | {"base_url": f"@BOX@/s{number}"})
        section.title, section.rest = title, rest
        if keys.get("allow_delete") is None:
            section.keys |= {"allow_delete": "yes"}
    return plays


def run(plays, job):
    failed = []
    for section in plays.sections.values():
        try:
            job(section)
        except (AssertionError, OSError, KeyError) as error:
            failed.append(f"{section.name}: {section.title}: {type(error).__name__}: {error}")
    assert not failed, "\n".join(failed)
