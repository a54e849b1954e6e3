# SPDX-License-Identifier: Apache-2.0
"""The servers and their snapshots, by a plain HTTP client: what the tests on a mount rely on."""

from people import COUNT, SHARED


def test_seeded(server):
    """Everybody is there; some are inactive, and some have the emails that all servers share."""
    snapshot = server.snapshot()
    users = server.users(snapshot)
    emails = server.emails(snapshot)
    assert COUNT <= len(users) <= COUNT + 2
    for person in server.people:
        owners = [ident for ident, email in emails.items() if email == person.email]
        assert len(owners) == 1, person
        assert users[owners[0]][server.status] == (server.active if person.active else server.inactive), person
    assert {person.active for person in server.people} == {True, False}
    assert sum("@shared." in person.email for person in server.people) == SHARED


def test_snapshot(server):
    """A change that is made directly is all that two snapshots tell apart."""
    before = server.snapshot()
    ident = server.find(219)
    server.record(ident)
    assert not server.changed(before)
    assert server.update(ident, server.field, "Renamed").status < 300
    server.changed_only(before, ident, {server.column: "Renamed"})


def test_refusal(server):
    """What the tests take for a refusal is one."""
    if not server.unique:
        return
    before = server.snapshot()
    answer = server.update(server.find(218), server.unique, server.taken(before))
    assert 400 <= answer.status < 500 and server.unique_words in str(answer.body), answer
    assert not server.changed(before)


def test_newcomer(server):
    """A user comes, and goes again, and nothing else changes."""
    before = server.snapshot()
    document, columns = server.document("directly")
    ident = server.create(document)
    server.came_or_went(before, ident, True)
    snapshot = server.snapshot()
    assert columns.items() <= server.users(snapshot)[ident].items()
    server.delete(ident)
    server.came_or_went(snapshot, ident, False)
    assert not server.changed(before)
