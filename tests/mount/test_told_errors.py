# SPDX-License-Identifier: Apache-2.0
"""An answer whose status is a success, and that tells of an error all the same, proves nothing."""

import json
import os

import pytest

from ep_store import ep, person, people
from test_creation import ACME, folder
from test_creation import make as make_account
from test_new_users import GET, NEW, PUT, is_draft, make, made, mounted
from test_new_users import people as users
from writes import GOOD, PASSWORD, at_vendor, last_line, nowhere, read, refused, save, sent, text_of

__all__ = ["ep", "mounted"]  # fixtures

LAG = {"partnerize": {"lag": 0}}
STORE_LAG = {"elasticpath": {"lag": 0}}
WORDS = "Not permitted by the policy"
TOLD = {"error": {"error": {"message": WORDS}}, "text": {"error": WORDS},
        "errors": {"errors": [{"title": WORDS}]}}


def answer(box, told, path, record=None, kind="not_json", method="PUT", **rest):
    """The next change is answered with 200, RECORD and what is TOLD beside it."""
    box.fault(method=method, path=path, fault=kind, status=200, body=json.dumps({**(record or {}), **told}), **rest)


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("told", TOLD)
def test_a_change_that_was_not_made(mounted, told, flat):
    m = mounted("guide", LAG)
    box = m.sandbox
    user = {**read(m, "partnerize/7.json"), "status": "inactive", "title": "Dr"}
    answer(box, TOLD[told], "/user/7", user if flat else {"user": user})
    assert save(m.path / "partnerize/7.status", "inactive\n") == refused("EREMOTEIO")
    line = last_line(m, "partnerize/7.status")
    assert "not applied" in line and WORDS in line and "Dr" not in line
    assert len(sent(box)) == 1 and at_vendor(box, 7)["status"] == "active"
    assert (m.path / "partnerize/7.status").read_text() == "active\n"


@pytest.mark.parametrize("told", [*TOLD.values(), {"error": None}, {"errors": []}, {"error": False}])
def test_a_change_that_was_made(mounted, told):
    m = mounted("guide", LAG)
    box = m.sandbox
    read(m, "partnerize/7.json")
    box.reset()
    answer(box, told, "/user/7", {"user": {"user_id": "7", "timezone": "Asia/Tokyo"}}, "not_json_after")
    assert save(m.path / "partnerize/7.json", '{"timezone": "Asia/Tokyo"}') == GOOD
    assert box.counts()[GET] == (2 if any(told.values()) else 1)
    assert at_vendor(box, 7)["timezone"] == read(m, "partnerize/7.json")["timezone"] == "Asia/Tokyo"


def test_a_password_that_nobody_can_look_up(mounted):
    m = mounted("guide", LAG)
    read(m, "partnerize/7.json")
    answer(m.sandbox, {"error": {"message": f"{WORDS}: {PASSWORD}"}}, "/user/7", {"user": {"user_id": "7"}})
    assert save(m.path / "partnerize/7.json", text_of({"password": PASSWORD})) == refused("EREMOTEIO")
    line = last_line(m, "partnerize/7.json")
    assert WORDS in line and "does not show" in line
    assert m.sandbox.user(7)["_password_changes"] == 0
    nowhere(m)


@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_a_member(ep, profile):
    m = ep(profile, STORE_LAG)
    box = m.sandbox
    ident = person(box, 3)
    name = f"elasticpath/{ident}.json"
    before = people(box)[2]
    read(m, name)
    answer(box, {"errors": [{"title": WORDS}]}, "/v2/*", {"data": {"id": ident, "name": "New", "type": "account_member"}})
    assert save(m.path / name, '{"name": "New"}') == refused("EREMOTEIO")
    assert WORDS in last_line(m, name)
    assert people(box)[2] == before and read(m, name)["name"] == before["name"]


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("told", TOLD)
def test_a_user_that_was_not_made(mounted, told, status):
    m = mounted("guide", LAG)
    os.listdir(m.path / "partnerize")
    before = users(m)
    m.sandbox.fault(method="POST", path="/user", fault="not_json", status=status, body=json.dumps(TOLD[told]))
    assert make(m, NEW) == refused("EREMOTEIO")
    line = last_line(m, "partnerize/new/x.json")
    assert WORDS in line and "nobody has that email now" in line and "it was not made" in line
    assert is_draft(m, text_of(NEW)) and users(m) == before


def test_a_user_that_was_made(mounted):
    m = mounted("guide", LAG)
    os.listdir(m.path / "partnerize")
    m.sandbox.fault(method="POST", path="/user", fault="not_json_after", status=201,
                    body=json.dumps({"user": {"user_id": "7"}, "error": WORDS}))
    assert make(m, NEW) == GOOD
    assert at_vendor(m.sandbox, made(m))["email"] == NEW["email"]
    assert m.sandbox.counts().get(PUT, 0) == 0


def test_an_account(ep):
    m = ep("guide", STORE_LAG)
    m.sandbox.fault(method="POST", path="/v2/accounts", fault="not_json", status=201,
                    body=json.dumps({"errors": [{"title": WORDS}]}))
    assert make_account(folder(m) / "acme.json", ACME) == refused("EREMOTEIO")
    assert WORDS in last_line(m, "accounts/new/acme.json")
