# SPDX-License-Identifier: Apache-2.0
"""A POST that is answered with somebody who was there before: nothing of them is changed."""

import json
import os

import pytest

from ep_store import companies, ep, journal, people as members, person
from test_creation import ACME, JOAN, PREPROVISION, folder
from test_new_users import GET, NEW, POST, PUT, REST, is_draft, make, made, mounted, people
from test_settings import stored
from writes import GOOD, last_line, read, refused, save, text_of

__all__ = ["ep", "mounted"]  # fixtures

CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
PROFILES = ["guide", "documents"]
ALL = {**NEW, **REST, "status": "active"}


def seventh(m, known):
    """The id of a user who was there before; KNOWN: how the mount knows them."""
    ident = people(m)[6]["user_id"]
    if known == "list":
        os.listdir(m.path / "partnerize")
    elif known == "file":
        read(m, f"partnerize/{ident}.json")
    m.sandbox.reset()
    return ident


def answer_with(box, user, applied=False, path="/user", envelope="user"):
    box.fault(fault="not_json_after" if applied else "not_json", method="POST", path=path, status=201,
              body=json.dumps({envelope: {key: value for key, value in user.items() if not key.startswith("_")}}))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("shown", ["all", "id"])
@pytest.mark.parametrize("known", ["list", "file", "nothing"])
def test_another_email(mounted, profile, shown, known):
    m = mounted(profile, {"partnerize": {"lag": 0, "retry_budget": 0}})
    box = m.sandbox
    ident = seventh(m, known)
    before = box.user(ident)
    answer_with(box, before if shown == "all" else {"user_id": before["user_id"]})
    text = text_of(ALL)
    assert make(m, text) == refused("EREMOTEIO")
    assert box.user(ident) == before and len(people(m)) == 25 and is_draft(m, text)
    assert (box.counts()[POST], box.counts().get(PUT, 0)) == (1, 0)
    line = last_line(m, "EREMOTEIO")
    assert f"{ident}" in line and "left alone" in line and "it was not made" in line
    assert os.listdir(m.path / ".rosterfs/history") == ["index"]
    # it may be saved once more
    assert make(m, ALL) == GOOD and box.user(made(m))["role"] == REST["role"]


@pytest.mark.parametrize("shown", ["all", "id"])
@pytest.mark.parametrize("known", ["list", "file", "nothing"])
def test_another_email_and_made_all_the_same(mounted, shown, known):
    """Who has the email now, and had it not before, is who was made."""
    m = mounted(extra={"partnerize": {"lag": 0, "retry_budget": 0}})
    box = m.sandbox
    ident = seventh(m, known)
    before = box.user(ident)
    answer_with(box, before if shown == "all" else {"user_id": before["user_id"]}, applied=True)
    assert make(m, ALL) == GOOD
    assert box.user(ident) == before and made(m) != ident
    user = box.user(made(m))
    assert user == {**user, **{key: value for key, value in ALL.items() if key != "password"}}
    assert box.counts()[POST] == 1 and "has been made" in m.log()


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("known", ["list", "file", "nothing"])
def test_found_in_place_of_made(mounted, profile, status, known):
    """A vendor that finds who has the email."""
    m = mounted(profile, {"partnerize": {"lag": 0}})
    box = m.sandbox
    ident = seventh(m, known)
    before = box.user(ident)
    box.fault(fault="not_json", method="POST", path="/user", status=status,
              body=json.dumps({"user": {key: value for key, value in before.items() if key[0] != "_"}}))
    text = text_of({**ALL, "email": before["email"].upper()})
    assert make(m, text) == refused("EEXIST")
    assert "was there before" in last_line(m, "EEXIST") and f"{ident}" in last_line(m, "EEXIST")
    assert box.user(ident) == before and is_draft(m, text)
    assert box.counts().get(PUT, 0) == 0 and box.counts().get(GET, 0) == 0


def test_an_id_that_is_used_again(mounted):
    """Who was deleted here is not there any more: the vendor may give their number to the next one."""
    m = mounted(extra={"partnerize": {"lag": 0, "allow_delete": "yes"}})
    box = m.sandbox
    os.listdir(m.path / "partnerize")
    assert save(m.path / "partnerize/7.status", "deleted\n") == GOOD
    box.fault(fault="not_json", method="POST", path="/user", status=201,
              body=json.dumps({"user": {"user_id": "7", **{key: NEW[key] for key in NEW if key != "password"}}}))
    assert make(m, NEW) == GOOD and made(m) == "7"


@pytest.mark.parametrize("known", [True, False])
def test_a_member_that_was_there(ep, known):
    m = ep("documents", {"elasticpath": {**PREPROVISION["elasticpath"], "lag": 0, "retry_budget": 0}})
    box = m.sandbox
    two = stored(box, "members", person(box, 2))
    if known:
        os.listdir(m.path / "elasticpath")
    info = {"id": two["id"], "type": "user_authentication_info", "name": two["name"], "email": two["email"],
            "meta": {"created_at": "2020-01-01T00:00:00Z"}}
    count = len(members(box))
    for email, error in ((JOAN["email"], "EREMOTEIO"), (two["email"], "EEXIST")):
        answer_with(box, info, path="/v2/authentication-realms/*", envelope="data")
        path = folder(m, "") / "x.json"
        assert save(path, text_of({**JOAN, "email": email, "loyalty": "new"}), flags=CREATE) == refused(error)
        assert two["id"] in last_line(m, error) and not path.is_symlink()
    assert stored(box, "members", two["id"]) == two and len(members(box)) == count
    assert not journal(box, "PUT")


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("shown", ["all", "id"])
def test_an_account_that_was_there(ep, known, shown):
    m = ep("documents", {"elasticpath": {"lag": 0, "retry_budget": 0}})
    box = m.sandbox
    one = companies(box)[0]
    one["meta"]["timestamps"]["created_at"] = "2020-01-01T00:00:00Z"
    box.control("PATCH", f"elasticpath/accounts/{one['id']}", {"meta": one["meta"]})
    before = stored(box, "accounts", one["id"])
    if known:
        os.listdir(m.path / "elasticpath/accounts")
    answer_with(box, before if shown == "all" else {"id": one["id"], "type": "account"}, path="/v2/accounts",
                envelope="data")
    path = folder(m) / "x.json"
    assert save(path, text_of(ACME), flags=CREATE) == refused("EREMOTEIO")
    line = last_line(m, "EREMOTEIO")
    assert one["id"] in line and "was there before" in line and "look for it" in line
    assert stored(box, "accounts", one["id"]) == before and not journal(box, "PUT") and not path.is_symlink()
