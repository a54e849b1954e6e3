# SPDX-License-Identifier: Apache-2.0
"""The whole job at servers of other people, on a real mount: list, edit, lock out, create, delete.

What happened is seen behind the mount's back. Each test takes a person of its own.
"""

import json
import os
import re

import pytest

from harness import TOP, Failure, merge_config
from people import SHARED
from server import Absent

READ, EDITED, SAVED, LOCKED, REFUSED, DELETED, REMOVED, LEAVER = 30, 31, 32, 33, 34, 35, 36, 3


@pytest.fixture
def on(mount, env):
    """on(server..., key=value): a mount of the servers, with more keys in each of their sections."""
    def start(*servers, **keys):
        # where rosterfs looks for what users describe
        place = os.path.join(env["HOME"], ".config/rosterfs/vendors")
        if not os.path.lexists(place):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.symlink(TOP / "descriptions", place)
        return mount(config=merge_config("", {server.name: {**server.section(), **keys} for server in servers}))
    return start


def stems(m, server, suffix):
    """The ids that a directory shows; `self`, by-email, new and MANUAL are no records."""
    return {name[:-len(suffix)] for name in os.listdir(m.path / server.name) if name.endswith(suffix)}


def last_words(m, ident):
    """The line of the log that tells the last error of the user with IDENT."""
    return m.sh(f"grep -F {ident}. .rosterfs/log | tail -n 1").ok().out


def test_roster(server, on):
    """Everybody is listed, with the right status, and each under the own email."""
    m = on(server)
    snapshot = server.snapshot()
    users = server.users(snapshot)
    assert stems(m, server, ".json") == stems(m, server, ".status") == set(users)
    said = {name: (m.path / server.name / f"{name}.status").read_text() for name in users}
    assert said == {ident: "active\n" if row[server.status] == server.active else "inactive\n"
                    for ident, row in users.items()}
    assert set(said.values()) == {"active\n", "inactive\n"}
    emails = server.emails(snapshot)
    for person in server.people[READ:]:
        if person.email in emails.values():
            ident = next(ident for ident, email in emails.items() if email == person.email)
            assert os.readlink(m.path / server.name / f"by-email/{person.email}.json") == f"../{ident}.json"


def test_a_listing_costs_no_request_per_user(server, on):
    """ls -l asks for pages only, and so makes nothing at the server, such as the keys that Redmine makes."""
    m = on(server)
    before = server.snapshot()
    m.sh(f"ls -l {server.name} {server.name}/by-email > /dev/null").ok()
    requests = [line for line in m.log().splitlines() if f" {server.name} " in line and " -> " in line]
    assert 0 < len(requests) < 20, requests
    assert not server.changed(before)


def test_cat(server, on):
    """A file is the record that the server's API gives, in its own order."""
    m = on(server)
    ident = server.find(READ)
    shown = m.sh(f"cat {server.name}/{ident}.json").ok().json()
    record = server.record(ident)
    # such as a key that rosterfs hides
    assert shown.items() <= record.items() and list(shown) == [name for name in record if name in shown]
    assert set(record) - set(shown) <= set(server.hidden)
    assert server.people[READ - 1].email in str(shown)


def test_edit(server, on):
    """A field that jq changes is all that changes at the whole server."""
    m = on(server)
    ident = server.find(EDITED)
    before = server.snapshot()
    m.sh(f"""F={server.name}/{ident}.json; T=$TMPDIR/{server.name}.json
        jq '.{server.field} = "Renamed"' $F > $T && cat $T > $F""").ok()
    server.changed_only(before, ident, {server.column: "Renamed"})
    assert m.sh(f"jq -r .{server.field} {server.name}/{ident}.json").ok().out == "Renamed\n"
    # what is there already changes nothing
    before = server.snapshot()
    m.sh(f"cat $TMPDIR/{server.name}.json > {server.name}/{ident}.json").ok()
    assert not server.changed(before)


def test_saved_by_an_editor(server, on):
    """sed -i makes a new file and renames it onto the record."""
    m = on(server)
    ident = server.find(SAVED)
    old = m.sh(f"jq -r .{server.field} {server.name}/{ident}.json").ok().out.strip()
    assert old
    before = server.snapshot()
    key = server.field.rpartition(".")[2]
    m.sh(f"""sed -i 's/"{key}": "{re.escape(old)}"/"{key}": "Saved"/' {server.name}/{ident}.json""").ok()
    server.changed_only(before, ident, {server.column: "Saved"})


def test_status(server, on):
    m = on(server)
    ident = server.find(LOCKED)
    before = server.snapshot()
    m.sh(f"echo inactive > {server.name}/{ident}.status").ok()
    server.changed_only(before, ident, {server.status: server.inactive})
    assert m.sh(f"cat {server.name}/{ident}.status").ok().out == "inactive\n"
    m.sh(f"echo active > {server.name}/{ident}.status").ok()
    assert not server.changed(before)
    assert m.sh(f"cat {server.name}/{ident}.status").ok().out == "active\n"


def test_create(server, on):
    m = on(server)
    before = server.snapshot()
    document, columns = server.document("newcomer")
    (m.folder / "john.json").write_text(json.dumps(document))
    link = m.sh(f"cp ../john.json {server.name}/new/ && readlink {server.name}/new/john.json").ok().out
    ident = re.fullmatch(r"\.\./(.+)\.json\n", link).group(1)
    server.came_or_went(before, ident, True)
    assert columns.items() <= server.users(server.snapshot())[ident].items()
    assert ident in stems(m, server, ".json")
    assert m.sh(f"cat {server.name}/{ident}.status").ok().out == "active\n"


def test_refused(server, on):
    """The server's own words are in the log, and nothing has changed."""
    if not server.unique:
        return  # test_removed has a write that each server refuses
    m = on(server)
    ident = server.find(REFUSED)
    before = server.snapshot()
    result = m.sh(f"""F={server.name}/{ident}.json; T=$TMPDIR/{server.name}.json
        jq --arg taken '{server.taken(before)}' '.{server.unique} = $taken' $F > $T && cat $T > $F""")
    assert result.code != 0 and re.search("Invalid argument|File exists|Stale file handle", result.err), result
    assert server.unique_words in last_words(m, ident)
    assert not server.changed(before)
    # and the record is as it was, for the next who reads it
    assert m.sh(f"jq -r .{server.unique} {server.name}/{ident}.json").ok().out.strip() != server.taken(before)


def test_delete(server, on):
    ident = server.find(DELETED)
    before = server.snapshot()
    m = on(server)
    assert m.sh(f"echo deleted > {server.name}/{ident}.status").code != 0
    assert not server.changed(before)
    m = on(server, allow_delete="yes")
    m.sh(f"echo deleted > {server.name}/{ident}.status").ok()
    server.came_or_went(before, ident, False)
    assert ident not in stems(m, server, ".json")


def test_removed(server, on):
    """Somebody whom a colleague has removed meanwhile is gone, and no save brings them back."""
    m = on(server)
    ident = server.find(REMOVED)
    m.sh(f"jq '.{server.field} = \"Back\"' {server.name}/{ident}.json > ../edited.json").ok()
    server.delete(ident)
    before = server.snapshot()
    for command in (f"cat ../edited.json > {server.name}/{ident}.json",
                    f"echo inactive > {server.name}/{ident}.status"):
        result = m.sh(command)
        # the latter if even the name is gone: nobody is created there
        assert result.code != 0 and re.search("No such file|Operation not supported", result.err), result
    assert not server.changed(before)


def test_leaver_at_all_servers(servers, on):
    """One tee locks one person out of all servers."""
    absent = [one.args[0] for one in servers.values() if isinstance(one, Absent)]
    if absent:
        pytest.skip(absent[0])
    wrong = [str(one) for one in servers.values() if isinstance(one, BaseException)]
    assert not wrong
    m = on(*servers.values())
    person = next(iter(servers.values())).people[LEAVER - 1]
    assert LEAVER <= SHARED and person.active
    idents = {name: server.find(LEAVER) for name, server in servers.items()}
    before = {name: server.snapshot() for name, server in servers.items()}
    links = set(os.listdir(m.path / "by-email" / person.email))
    assert {f"{name}.status" for name in servers} == {link for link in links if link.endswith(".status")}
    m.sh(f"echo inactive | tee by-email/{person.email}/*.status").ok()
    wrong = []
    for name, server in servers.items():
        try:
            server.changed_only(before[name], idents[name], {server.status: server.inactive})
        except Failure as failure:
            wrong.append(str(failure))
    assert not wrong, "\n".join(wrong)
    assert m.sh(f"cat by-email/{person.email}/*.status").ok().out == "inactive\n" * len(servers)
