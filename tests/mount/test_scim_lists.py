# SPDX-License-Identifier: Apache-2.0
"""Lists of SCIM servers: complete, or an error that says why. Both parameters are always sent."""

import errno
import re

import pytest

from scim_plays import Plays

PAGE = "/lists/0/page/"
MANY = 230


def page(**switches):
    return {PAGE + name.replace("__", "/"): value for name, value in switches.items()}


# name: switches, number of users
COMPLETE = {
    "plain": ({}, MANY),
    "wraps": (page(past="first"), MANY),
    "wraps-few": (page(past="first"), 23),
    # the page after a full one is the first again
    "wraps-full": (page(past="first"), 100),
    "caps": (page(cap=30, over="capped"), MANY),
    "caps-count": (page(cap=30, over="capped", total__says="rows"), MANY),
    "counts-rows": (page(total__says="rows"), MANY),
    "counts-rows-full": (page(total__says="rows"), 100),
    "no-total": (page(total=None), MANY),
    "text-total": (page(total__text=True), MANY),
    "items-asked": ({PAGE + "echo/~1itemsPerPage": "asked"}, MANY),
    "short-pages": (page(halves=True), MANY),
    "nothing-alone": (page(alone="nothing"), MANY),
    "newest": ({"/lists/0/order": "newest"}, MANY),
    "no-resources": ({"/lists/0/absent_if_empty": True}, 100),
    "json": ({"/http/type": "application/json"}, MANY),
    "slash": ({"/http/slash": "strict"}, 23),
}
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def answers(answer):
    """GET /Users is answered with ANSWER, whatever is asked for."""
    return {"/lists/0/route": "GET /Elsewhere", "/documents": [{"route": "GET /Users", "answer": answer}]}


# name: switches, number of users, what the log says
REFUSED = {
    # express 5: page 1 whatever is asked for
    "first-only": (page(stuck=True), MANY, "ignores paging"),
    "first-only-few": (page(stuck=True), 23, "ignores paging"),
    "repeats": (page(repeats=2), MANY, "only rows that came before"),
    "overlaps": (page(overlap=3), MANY, "a second time"),
    "total-larger": (page(total__says="larger"), MANY, "tells of 237 rows, but its pages hold 230"),
    # nothing tells whether the same rows are the end, or all that there is
    "wraps-count": (page(total__says="rows", past="first"), MANY, "only rows that came before"),
    # what is no list does not prove that there are no users
    "no-list": (answers({"status": "ok"}), 23, 'holds no list "/Resources/*"'),
    "error-200": (answers({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": "down"}), 23,
                  'holds no list "/Resources/*"'),
    "rows-elsewhere": (answers({"schemas": [LIST], "totalResults": 5}), 23, "tells of 5 rows, but its pages hold 0"),
}


@pytest.fixture(scope="module", name="servers")
def _servers(stage, base):
    plays = Plays()
    for name, (changes, users, *_) in {**COMPLETE, **REFUSED}.items():
        plays.add(name, changes, users=users)
    plays.add("nobody", answers({"schemas": [LIST], "totalResults": 0}))
    return plays.start(stage, base / "scim-lists")


@pytest.mark.parametrize("name", COMPLETE)
def test_complete(servers, name):
    one = servers[name]
    one.box.reset()
    assert one.names() == one.names(".status") == {user["id"] for user in one.users()}
    asked = [entry["query"] for entry in one.box.journal() if entry["path"] == f"/{name}/Users"]
    assert asked[0] == "startIndex=1&count=100"
    # a page may be shorter than asked for: the next one starts behind the rows that came
    assert all(re.fullmatch(r"startIndex=\d+&count=\d+", query) for query in asked)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(servers, name):
    one = servers[name]
    with pytest.raises(OSError) as caught:
        one.names()
    assert caught.value.errno == errno.EREMOTEIO
    assert REFUSED[name][2] in one.said().splitlines()[-1]


def test_nobody(servers):
    """The standard lets a list without users have no Resources."""
    assert servers["nobody"].names() == set()
