# SPDX-License-Identifier: Apache-2.0
"""What proves a creation and a change: the vendor's own answer, if it is about that record."""

import json
import os
import time

import pytest

from ep_store import DELETABLE, company, ep, journal, people, person
from test_creation import ACME, JOAN, PREPROVISION, folder
from test_new_users import GET, NEW, POST, PUT, REST, make, made, mounted, people as users
from test_settings import (SECRET, TIMEOUT, edit, idps, profile_file, realm_file, realm_of,
                           settings_file, settings_of, stored)
from writes import GOOD, at_vendor, last_line, read, refused, save, text_of

__all__ = ["ep", "mounted"]  # fixtures

CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
PROFILES = ["guide", "documents"]
SHOWN = {key: value for key, value in NEW.items() if key != "password"}
IDP = {"name": "Ping", "discovery_url": "https://idp.example.com/x", "client_id": "ping", "client_secret": SECRET}


def create(path, document):
    return save(path, text_of(document), flags=CREATE)


def no_item(box, path):
    """No document of the vendor's has that GET."""
    box.fault(fault="status", status=404, method="GET", path=path, times=-1)


# ---- making ----

@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("lag", [0, 60])
def test_a_vendor_without_a_get_by_id(mounted, profile, lag):
    m = mounted(profile, {"partnerize": {"lag": lag}})
    box = m.sandbox
    no_item(box, "/user/*")
    assert make(m, NEW) == GOOD
    assert box.counts()[POST] == 1 and box.counts().get(GET, 0) == 0
    # a GET for what the answer lacks, and a PUT that rests on the answer
    assert make(m, {**NEW, **REST, "email": "y@example.com"}, "y") == GOOD
    assert (box.counts()[POST], box.counts()[GET], box.counts()[PUT]) == (2, 1, 1)
    for name, document in (("x", SHOWN), ("y", {**SHOWN, **REST, "email": "y@example.com"})):
        ident = made(m, name)
        user = at_vendor(box, ident)
        assert user == {**user, **document}
        text = read(m, f"partnerize/new/{name}.json")
        assert text == {**text, **document} and text["user_id"] == ident
        assert text == read(m, f"partnerize/{ident}.json")
    assert f"{made(m)}.json" in os.listdir(m.path / "partnerize")


@pytest.mark.parametrize("get", [True, False])
def test_an_answer_that_names_but_an_id(mounted, get):
    m = mounted(extra={"partnerize": {"lag": 0}})
    box = m.sandbox
    box.fault(fault="not_json_after", method="POST", path="/user", status=201,
              body=json.dumps({"user": {"user_id": "26"}}))
    if not get:
        no_item(box, "/user/*")
        box.settings(put_answer="full")
    assert make(m, NEW) == GOOD
    assert (box.counts()[GET], box.counts().get(PUT, 0)) == (1, 0 if get else 1)
    user = at_vendor(box, made(m))
    assert user == {**user, **SHOWN}
    text = read(m, "partnerize/new/x.json")
    assert text == {**text, **SHOWN}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_tidy_vendor(mounted, profile):
    """What it trims and writes in small letters it has taken: in the POST, and in the PUT after it."""
    m = mounted(profile, {"partnerize": {"lag": 0}})
    box = m.sandbox
    box.fault(fault="normalise", body="tidy", method="POST", path="/user", times=-1)
    box.fault(fault="normalise", body="tidy", method="PUT", times=-1)
    messy = {**NEW, "firstname": " JÖRG É ", "lastname": "O'Neil\t", "email": "Joerg@Example.com"}
    assert make(m, messy) == GOOD
    assert box.counts().get(PUT, 0) == 0
    user = at_vendor(box, made(m))
    assert (user["firstname"], user["lastname"], user["email"]) == ("jörg é", "o'neil", "joerg@example.com")
    assert read(m, "partnerize/new/x.json")["firstname"] == "jörg é"
    assert '"firstname"' in last_line(m, "jörg é")
    assert make(m, {**messy, "email": "Y@example.com", "role": "admin", "timezone": " Europe/Berlin "}, "y") == GOOD
    assert box.counts()[PUT] == 1
    user = at_vendor(box, made(m, "y"))
    assert (user["timezone"], user["role"], user["firstname"]) == ("europe/berlin", "admin", "jörg é")


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("get", [True, False])
def test_each_collection_of_a_store(ep, profile, get):
    m = ep(profile, {"elasticpath": {**PREPROVISION["elasticpath"], "lag": 0}})
    box = m.sandbox
    realm = realm_of(box)
    if profile == "guide":
        box.control("PATCH", "elasticpath/settings", {"relationships": {"authentication_realm": {
            "data": {"id": realm, "type": "authentication-realm"}}}})
    os.listdir(m.path / "elasticpath/realms")
    if not get:
        for path in ("/v2/account-members/*", "/v2/accounts/*", "/v2/authentication-realms/*"):
            no_item(box, path)
    box.reset()
    box.fault(fault="normalise", body="tidy", method="POST", path="/v2/*", times=-1)
    places = [("accounts/", {**ACME, "name": " Acme É", "cost_center": " A7"}),
              (f"realms/{realm}/oidc-profiles/", {**IDP, "name": "Ping "}),
              ("", {**JOAN, "name": " Joan New"})]
    if profile == "guide":
        places.append(("realms/", {"name": "NEW", "redirect_uris": [], "duplicate_email_policy": "allowed"}))
    for place, document in places:
        path = folder(m, place) / "x.json"
        assert create(path, document) == GOOD, place
        text = json.loads(path.read_text())
        shown = {key: value.strip().lower() if isinstance(value, str) else value
                 for key, value in document.items() if key != "client_secret"}
        assert text == {**text, **shown} and "client_secret" not in text, place
    assert not journal(box, "PUT")
    gets = [entry["path"] for entry in journal(box, "GET") if not entry["path"].startswith("/v2/settings")]
    member = json.loads((folder(m, "") / "x.json").read_text())["id"]
    assert gets == [f"/v2/account-members/{member}"], "the answer of that POST is but a half of the member"


def test_a_member_that_no_get_shows(ep):
    """What the POST does not take goes to the member all the same."""
    m = ep("documents", {"elasticpath": {**PREPROVISION["elasticpath"], "lag": 0}})
    box = m.sandbox
    no_item(box, "/v2/account-members/*")
    path = folder(m, "") / "x.json"
    assert create(path, {**JOAN, "loyalty_tier": "silver"}) == GOOD
    one, = [member for member in people(box) if member["email"] == JOAN["email"]]
    assert one["loyalty_tier"] == "silver" and one["name"] == JOAN["name"]
    text = json.loads(path.read_text())
    assert text == {**text, **JOAN, "loyalty_tier": "silver"}
    put, = journal(box, "PUT")
    assert put["path"] == f"/v2/account-members/{one['id']}"


def test_the_rest_refused_where_no_get_is(mounted):
    """The link that is left leads to the record."""
    m = mounted(extra={"partnerize": {"lag": 0, "retry_budget": 0}})
    box = m.sandbox
    no_item(box, "/user/*")
    box.fault(fault="status", status=403, method="PUT", times=-1)
    assert make(m, {**NEW, **REST}) == refused("EACCES")
    assert made(m) in last_line(m, "EACCES")
    assert read(m, "partnerize/new/x.json")["email"] == NEW["email"] and len(users(m)) == 26


# ---- an answer about another record ----

def places_of(m):
    """(path, change, the path that is PUT) of each kind of record, and of both halves of a member."""
    box = m.sandbox
    realm, idp, member, account = realm_of(box), idps(box)[0]["id"], person(box, 2), company(box)["id"]
    infos = f"/v2/authentication-realms/{realm}/user-authentication-info/{member}"
    return {"user": (m.path / "partnerize/3.json", {"firstname": "Changed"}, "/user/3"),
            "info": (m.path / f"elasticpath/{member}.json", {"name": "Changed"}, infos),
            "member": (m.path / f"elasticpath/{member}.json", {"loyalty_tier": "changed"},
                       f"/v2/account-members/{member}"),
            "account": (m.path / f"elasticpath/accounts/{account}/account.json", {"legal_name": "Changed"},
                        f"/v2/accounts/{account}"),
            "realm": (realm_file(m, realm), {"name": "Changed"}, f"/v2/authentication-realms/{realm}"),
            "profile": (profile_file(m, idp), {"name": "Changed", "client_secret": SECRET},
                        f"/v2/authentication-realms/{realm}/oidc-profiles/{idp}")}


KINDS = ["user", "info", "member", "account", "realm", "profile"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_about_another_record(ep, kind):
    """It proves nothing of this one, and nothing of it is shown here: a GET tells."""
    m = ep("documents")
    path, change, put = places_of(m)[kind]
    before = json.loads(path.read_text())
    m.sandbox.fault(fault="wrong_user", method="PUT", path=put)
    m.sandbox.reset()
    assert save(path, text_of({**before, **change})) == GOOD
    after = json.loads(path.read_text())
    ignored = {"meta": None, "updated_at": None, "client_secret": None}
    assert {**after, **ignored} == {**before, **change, **ignored}
    assert put in last_line(m, "about another record")
    assert len([entry for entry in m.sandbox.journal() if entry["method"] == "PUT"]) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_about_another_record_and_no_change(ep, kind):
    """It shows the wanted value, but not of this record."""
    quick = {"lag": 0}
    m = ep("documents", {"partnerize": quick, "elasticpath": quick})
    path, change, put = places_of(m)[kind]
    before = json.loads(path.read_text())
    envelope, key = ("user", "user_id") if kind == "user" else ("data", "id")
    m.sandbox.fault(fault="not_json", method="PUT", path=put,
                    body=json.dumps({envelope: {**before, **change, key: "other"}}))
    assert save(path, text_of({**before, **change})) == refused("EREMOTEIO")
    assert "accepted but not applied" in last_line(m, "EREMOTEIO")
    assert json.loads(path.read_text()) == before


def test_a_status_and_another_user(mounted):
    m = mounted(extra={"partnerize": {"lag": 0}})
    box = m.sandbox
    before = read(m, "partnerize/3.json")
    box.fault(fault="not_json", method="PUT", path="/user/3",
              body=json.dumps({"user": {**before, "user_id": "4", "status": "inactive"}}))
    assert save(m.path / "partnerize/3.status", "inactive\n") == refused("EREMOTEIO")
    assert (m.path / "partnerize/3.status").read_text() == before["status"] + "\n"


def test_a_membership_of_another_member(ep):
    m = ep("documents", DELETABLE)
    box = m.sandbox
    account, twenty, other = company(box)["id"], person(box, 20), person(box, 5)
    answer = {"id": "7", "type": "account_membership",
              "relationships": {"account_member": {"data": {"id": other, "type": "account_member"}}}}
    box.fault(fault="not_json", method="POST", path=f"/v2/accounts/{account}/account-memberships",
              body=json.dumps({"data": answer}))
    link = m.path / f"elasticpath/accounts/{account}/members/{twenty}.json"
    with pytest.raises(OSError):
        os.symlink(f"../../../{twenty}.json", link)
    assert not os.path.lexists(link) and "another member" in m.log()


# ---- the settings without an envelope ----

def test_flat_settings(ep):
    """The file, new/, and both kinds of write agree."""
    m = ep("documents", PREPROVISION)
    box = m.sandbox
    box.settings(settings_flat=True)
    path = settings_file(m)
    assert json.loads(path.read_text()) == settings_of(box)
    assert create(folder(m, "") / "joan.json", JOAN) == GOOD
    assert journal(box, "POST")[0]["path"].endswith(f"{realm_of(box)}/user-authentication-info")
    assert edit(path, **{TIMEOUT: 3600}) == GOOD
    assert settings_of(box)[TIMEOUT] == 3600 and json.loads(path.read_text()) == settings_of(box)
    two = m.path / f"elasticpath/{person(box, 2)}.json"
    assert save(two, '{"name": "Changed"}') == GOOD
    assert "user-authentication-info" in journal(box, "PUT")[-1]["path"]


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": []}, {"type": "account"}, {"links": {}}, []])
def test_settings_that_are_none(ep, answer):
    m = ep("documents", {"elasticpath": {"lag": 0, "retry_budget": 0}})
    m.sandbox.fault(fault="not_json", method="GET", path="/v2/settings/*", body=json.dumps(answer), times=-1)
    with pytest.raises(OSError):
        settings_file(m).read_text()
    assert 'has no "data"' in last_line(m, "EREMOTEIO")


# ---- rows that say too little ----

@pytest.mark.parametrize("which", ["all", "own"])
def test_a_membership_that_names_nobody(ep, which):
    m = ep("documents", {"elasticpath": {"retry_budget": 0}})
    box = m.sandbox
    row = {"data": [{"id": "m-7", "type": "account_membership"}], "meta": {"page": {"total": 1, "current": 1}}}
    where = "/v2/accounts/*/account-memberships" if which == "all" else "/v2/account-members/*/account-memberships"
    box.fault(fault="not_json", method="GET", path=where, body=json.dumps(row), times=-1)
    with pytest.raises(OSError):
        for number in (2, 3):  # the second one asks for all
            (m.path / f"elasticpath/{person(box, number)}.status").read_text()
    line = last_line(m, "EREMOTEIO")
    assert "m-7" in line and f"names no {'member' if which == 'all' else 'account'}" in line


# ---- what can be given only once ----

def gets_of(box, path):
    return [entry for entry in journal(box, "GET") if entry["path"].startswith(path)]


@pytest.mark.parametrize("get", [True, False])
@pytest.mark.parametrize("field", ["parent_id", "relationships.origin", "name"])
def test_a_field_that_the_vendor_drops(ep, field, get):
    """No PUT can bring it, or brings it and is ignored: the record is there, and the error says so."""
    m = ep("guide", {"elasticpath": {"lag": 0}})
    box = m.sandbox
    other, realm = company(box)["id"], realm_of(box)
    origin = {"origin": {"data": {"id": other, "type": "store"}}}
    place, path, document = {
        "parent_id": ("accounts/", "/v2/accounts", {**ACME, "parent_id": other}),
        "name": (f"realms/{realm}/oidc-profiles/", f"/v2/authentication-realms/{realm}/oidc-profiles", IDP),
        "relationships.origin": ("realms/", "/v2/authentication-realms",
                                 {"name": "NEW", "redirect_uris": [], "duplicate_email_policy": "allowed",
                                  "relationships": origin})}[field]
    os.listdir(m.path / f"elasticpath/{place}")
    box.reset()
    box.fault(fault="normalise", body=f"drop {field.split('.')[0]}", method="POST", path=path)
    box.fault(fault="normalise", body="drop name", method="PUT", path=path + "/*", times=-1)
    if not get:
        no_item(box, path + "/*")
    file = folder(m, place) / "x.json"
    assert create(file, document) == refused("EREMOTEIO")
    ident = os.readlink(file).replace(".json", "").split("/")[1]
    line = last_line(m, "EREMOTEIO")
    assert f'"{field}' in line and ident in line and "has been made" in line
    assert len(journal(box, "POST")) == 1 and gets_of(box, path + "/")
    assert len(journal(box, "PUT")) == (1 if field == "name" else 0)


@pytest.mark.parametrize("answer", ["GET", "relationships"])
def test_a_field_that_the_answer_does_not_show(ep, answer):
    """A GET tells, and an account may show its parent in another way."""
    m = ep("documents", {"elasticpath": {"lag": 0}})
    box = m.sandbox
    first, second = (one["id"] for one in box.control("GET", "elasticpath/accounts")[:2])
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    body = {"id": "made-1", "type": "account", **ACME, "meta": {"timestamps": {"created_at": now, "updated_at": now}}}
    box.control("POST", "elasticpath/accounts", {**body, "parent_id": first})
    if answer == "relationships":
        body["relationships"] = {"parent": {"data": {"id": first, "type": "account"}}}
    box.fault(fault="not_json", method="POST", path="/v2/accounts", status=201, body=json.dumps({"data": body}))
    file = folder(m) / "x.json"
    assert create(file, {**ACME, "parent_id": first}) == GOOD
    assert len(gets_of(box, "/v2/accounts/made-1")) == (1 if answer == "GET" else 0)
    os.unlink(file)
    box.fault(fault="not_json", method="POST", path="/v2/accounts", status=201,
              body=json.dumps({"data": {**body, "id": "made-2"}}))
    box.control("POST", "elasticpath/accounts", {**body, "id": "made-2", "parent_id": first})
    assert create(file, {**ACME, "parent_id": second}) == refused("EREMOTEIO")


# ---- a refusal with a status that says otherwise ----

@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("answer", [{"error": {"message": "Email taken"}}, {"errors": [{"title": "Email taken"}]},
                                    {"error": {"message": "Email taken"}, "user": {}}])
def test_a_refusal_that_is_called_success(mounted, status, answer):
    m = mounted(extra={"partnerize": {"lag": 0, "retry_budget": 0}})
    m.sandbox.fault(fault="not_json", method="POST", path="/user", status=status, body=json.dumps(answer))
    assert make(m, NEW) == refused("EREMOTEIO")
    line = last_line(m, "EREMOTEIO")
    assert "Email taken" in line and "was not made" in line and len(users(m)) == 25


def test_a_refusal_that_quotes_a_password(mounted):
    m = mounted(extra={"partnerize": {"lag": 0, "retry_budget": 0}})
    m.sandbox.fault(fault="not_json", method="POST", path="/user",
                    body=json.dumps({"error": {"message": f"weak: {NEW['password']}"}}))
    assert make(m, NEW) == refused("EREMOTEIO")
    assert "weak" in m.log() and "horse SECRET" not in m.log() + m.stderr()
