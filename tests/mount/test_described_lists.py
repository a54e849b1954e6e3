# SPDX-License-Identifier: Apache-2.0
"""Described vendors: each surprise of a list, alone. The list is complete or an error, never short."""

import errno

from described_alone import DONE, EITHER, ERROR, run, start


def page(by="page", **switches):
    """A list of that paging, and switches of its page or, with list_, of the list."""
    changes = {("lists|0|" + name[5:]) if name.startswith("list_") else ("lists|0|page|" + name): value
               for name, value in switches.items()}
    return {"paging": by}, changes


# ---- lists: (kinds, changes of the play, changes of the description, what must be) ----

def lists():
    flag = {"flag": {"at": "/more", "more": True, "end": False}}
    total = {"total": {"put": "/total"}}
    each = {"list|request": "GET /users?status={each}&page={page}&limit={size}", "list|each": '"", 1, 3'}
    passes = {"list_pass": {"name": "status", "values": {"": [], "1": ["active"], "3": ["inactive"]},
                            "default": ["active"]}}
    yield "first page again past the end", *page(past="first"), {}, EITHER
    yield "first page again past the end, with a total", *page(past="first", **total), {"list|total": "/total"}, DONE
    yield "first page again, offset", *page("offset", past="first"), {}, EITHER
    yield "first page again, offset, with a total", *page("offset", past="first", **total), \
        {"list|total": "/total"}, DONE
    yield "404 past the end", *page(past="refused"), {}, DONE
    yield "404 past the end, offset", *page("offset", past="refused"), {}, DONE
    yield "the first page for ever", *page(stuck=True), {}, ERROR
    yield "the first page for ever, offset", *page("offset", stuck=True), {}, ERROR
    yield "the first page for ever, cursor", *page("cursor", stuck=True), {}, ERROR
    yield "a page twice", *page(repeats=2), {}, ERROR
    yield "rows of the page before", *page(overlap=2), {}, ERROR
    yield "rows of the page before, cursor", *page("cursor", overlap=2), {}, ERROR
    yield "half full pages", *page(halves=True), {}, EITHER
    yield "half full pages, offset", *page("offset", halves=True), {}, DONE
    yield "half full pages, cursor", *page("cursor", halves=True), {}, DONE
    yield "a smaller cap than described", *page(cap=4), {}, DONE
    yield "a smaller cap than described, offset", *page("offset", cap=4), {}, DONE
    yield "a size above the cap is refused", *page(cap=4, over="refused"), {}, ERROR
    yield "truncated", *page(truncates=13, truncated="/truncated"), {}, ERROR
    yield "truncated, and a total says so", *page(truncates=13, total={"put": "/total"}), {"list|total": "/total"}, ERROR
    yield "a ceiling that is known", *page(ceiling=20, at_ceiling="nothing"), {"list|ceiling": 20}, ERROR
    yield "a ceiling that is refused", *page("offset", ceiling=20, at_ceiling="refused"), {}, ERROR
    yield "a total of the rows of each page", *page(total={"put": "/count", "says": "rows"}), {"list|total": "/count"}, DONE
    yield "a total that is too large", *page(total={"put": "/total", "says": "larger"}), {"list|total": "/total"}, EITHER
    yield "a total that is wrong past the end", *page(total={"put": "/total", "says": "past_larger"}), \
        {"list|total": "/total"}, EITHER
    yield "a total as text", *page(total={"put": "/total", "text": True}), {"list|total": "/total"}, DONE
    yield "a total in a header", *page(total={"put": "header:X-Total-Count"}), {"list|total": "header:X-Total-Count"}, DONE
    yield "no rows, no member", *page(list_absent_if_empty=True), {"list|no_rows": "empty"}, DONE
    yield "no rows, no member, not said", *page("offset", list_absent_if_empty=True), {}, EITHER
    yield "newest first", *page("offset", list_order="newest"), {}, DONE
    yield "in any order", *page(list_order="random"), {}, EITHER
    yield "a number of the page as the next", *page(next=[{"put": "/next", "as": "number", "end": "zero"}]), \
        {"list|next": "/next"}, DONE
    for end in ("absent", "null", "empty", "false"):
        yield f"a cursor that ends with {end}", *page("cursor", next=[{"put": "/next", "end": end}]), {}, DONE
    yield "a cursor that stays, and a flag", *page("cursor", next=[{"put": "/next", "end": "same"}], **flag), \
        {"list|end": "/more false"}, DONE
    yield "a cursor that stays, and no word", *page("cursor", next=[{"put": "/next", "end": "same"}], **flag), {}, EITHER
    yield "an empty cursor is refused", *page("cursor", token_empty="refused"), {}, DONE
    yield "no parameter beside the cursor", *page("another path", token_only=True), {}, DONE
    yield "a link that says results=\"false\"", *page("link", next=[{"put": "Link", "results": True}]), {}, DONE
    yield "a URL of another host", *page("url", next=[{"put": "/next", "as": "other_host", "end": "null"}]), {}, ERROR
    yield "a URL of another host, to be ignored", \
        *page("url", next=[{"put": "/next", "as": "other_host", "end": "null"}]), {"list|origin": "ignore"}, DONE
    yield "only the active ones", *page(**passes), each, DONE
    yield "paging that is ignored", *page(by="page"), {"list|request": "GET /users?limit={size}&seite={page}"}, ERROR
    yield "numbers from 0 instead of 1", *page(first=0, **total), {"list|total": "/total"}, ERROR
    yield "the last row comes again", *page("last row", first=1), {}, DONE
    yield "a page of HTML for a path without .json", {}, \
        {"http|without_json": "html", "lists|0|route": "GET /users.json"}, {}, ERROR
    yield "a parameter that must not be alone", *page(alone="crash"), {"list|request": "GET /users?page={page}",
                                                                       "list|size": None}, ERROR
    yield "another media type", {}, {"http|type": "text/plain"}, {}, DONE
    yield "reads that lag", {"paging": "cursor"}, {"lag": {"ms": 50, "of": "lists"}}, {}, DONE
    token = {"next": [{"put": "/paging/next_cursor"}]}
    yield "a cursor elsewhere than described", *page("cursor", **token), {"list|next": "/paging/nextCursor"}, ERROR
    yield "a cursor as described", *page("cursor", **token), {"list|next": "/paging/next_cursor"}, DONE
    yield "a URL elsewhere than described", *page("url", next=[{"put": "/links/next", "as": "url"}]), \
        {"list|next": "/next"}, ERROR
    yield "a flag that says more, and no cursor", *page("cursor", flag={"at": "/meta/has_more", "more": True, "end": False}), \
        {"list|next": "/nxt"}, ERROR
    yield "a link beside a cursor elsewhere", *page("cursor", next=[{"put": "/then"}, {"put": "Link", "as": "url"}]), \
        {"list|next": "/nxt"}, ERROR
    whole = {"list|request": "GET /users", "list|paging": "none", "list|size": None}
    yield "a cursor, and no pages by the description", *page("cursor", **token), whole | {"list|next": None}, ERROR
    yield "rows elsewhere than described, and none is empty", {}, {}, {"list|rows": "/people/*", "list|no_rows": "empty"}, \
        ERROR
    yield "rows without a status", {"paging": "page"}, {"status|in_rows": False}, {"list|whole": "no"}, DONE


LISTS = list(lists())


def look_at_list(section):
    """A list is complete, or an error; never short, and never an error where it should be complete."""
    wanted, = section.rest
    section.box.reset()
    try:
        ids = section.ids()
    except OSError as error:
        assert wanted != DONE, (error, section.said())
        assert error.errno != errno.ENOENT, section.said()
        return
    assert ids == section.stored_ids(), f"{len(ids)} users, and no error"
    assert wanted != ERROR, f"{len(ids)} users, and no error"
    if section.title == "rows without a status":
        assert section.status(ids[9]) == ("inactive" if section.state(ids[9]) == "inactive" else "active")


def test_lists(sandbox, mount, test_dir):
    test_dir.mkdir(exist_ok=True)
    plays = start(test_dir, LISTS)
    plays.mount(mount, sandbox(**plays.options()))
    run(plays, look_at_list)
