# SPDX-License-Identifier: Apache-2.0
"""Described vendors whose response to a creation has no id: [find] saves a walk of the list, and proves nothing."""

import errno

from described_alone import run, start

NOTHING = {"creates|0|answer": "none", "creates|0|status": 201}
EMAIL = "new@example.com"
FIND = {"find|request": "GET /users?email={email}"}


def searched(how, **more):
    """The list of the play takes an address, and compares it in this way."""
    return NOTHING | {"lists|0|filters": {"email": {"at": "/email", "how": how}}, **more}


def searches():
    yield "an address in the same letters", {}, searched("exact"), FIND, short_cut
    yield "an address in any case", {}, searched("any_case"), FIND, short_cut
    yield "the rows are elsewhere", {}, NOTHING | {
        "lists": [{"route": "GET /users", "rows": "/users", "page": {
            "by": "number", "name": "page", "size_name": "limit", "size": 5, "cap": 10, "first": 1}},
            {"route": "GET /search", "rows": "/found/list", "filters": {"email": {"at": "/email", "how": "exact"}}}]}, \
        {"find|request": "GET /search?email={email}", "find|rows": "/found/list/*"}, short_cut
    yield "a parameter that is ignored", {}, searched("ignored"), FIND, walked
    yield "no such path", {}, NOTHING, {"find|request": "GET /no-such/{email}"}, walked
    yield "no record by itself", {}, searched("exact", items=None), FIND | {"item|request": None}, walked
    yield "nothing was stored", {}, searched("exact", **{"creates|0|stores": "nothing"}), FIND, not_made
    yield "the address was there before", {}, searched("exact", **{"creates|0|taken": "existing"}), FIND, not_made_again


def made(section):
    """Create a user; what was sent after the POST."""
    before = section.stored()
    start_at = len(section.box.journal())
    ident, error = section.create("x", {"email": EMAIL, "name": "New", "role": "guest"})
    assert not error, (error, section.said())
    fresh = [key for key in section.stored() if key not in before]
    assert fresh == [ident]
    assert section.user(ident)["role"] == "guest"
    return after_post(section.journal(start_at)), ident


def after_post(sent):
    methods = [method for method, _ in sent]
    assert methods.count("POST") == 1, sent
    return sent[methods.index("POST") + 1:]


def pages(section, sent):
    return [path for method, path in sent if path.startswith(f"/{section.name}/users?") and "page=" in path]


def finds(sent):
    return [path for method, path in sent if "new%40example.com" in path or EMAIL in path]


def short_cut(section):
    sent, ident = made(section)
    assert len(finds(sent)) == 1 and not pages(section, sent), sent
    assert {method for method, _ in sent} == {"GET"}
    assert [path for _, path in sent if path == f"/{section.name}/users/{ident}"], sent


def walked(section):
    sent, _ = made(section)
    assert len(pages(section, sent)) >= 3, sent


def not_made(section):
    before = section.stored()
    start_at = len(section.box.journal())
    ident, error = section.create("x", {"email": EMAIL, "name": "New", "role": "guest"})
    assert not ident and error
    assert section.stored() == before
    sent = after_post(section.journal(start_at))
    assert len(finds(sent)) == 1 and len(pages(section, sent)) >= 3, sent


def not_made_again(section):
    stored = section.stored()
    taken = stored[section.stored_ids()[-1]]["email"]
    ident, error = section.create("x", {"email": taken, "name": "New", "role": "guest"})
    assert not ident and error.errno in (errno.EEXIST, errno.EREMOTEIO), error
    assert section.stored() == stored


SEARCHES = list(searches())


def do_search(section):
    section.rest[0](section)


def test_find_after_a_creation(sandbox, mount, test_dir):
    test_dir.mkdir(exist_ok=True)
    plays = start(test_dir, SEARCHES)
    plays.mount(mount, sandbox(**plays.options()))
    run(plays, do_search)
