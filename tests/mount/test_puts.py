# SPDX-License-Identifier: Apache-2.0
"""What a PUT carries: all that the vendor wants each time, nothing that it does not take, and no more than
has changed."""

import json
import os
import uuid

import pytest

from ep_store import NOT_OFFERED, body_of, companies, ep, journal, person, sent
from test_settings import (PROFILE, SECRET, edit, idps, profile_file, realm_of, refresh, settings_file,
                           settings_of, stored)
from writes import GOOD, last_line, refused, save, text_of

__all__ = ["ep"]  # the fixture

CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
URL = "https://idp.example.com/.well-known/new"
IDP = {"name": "Ping", "discovery_url": URL, "client_id": "ping-1", "client_secret": SECRET}
MEMBER_PUT = "PUT /v2/account-members/{id}"
INFO_PUT = "PUT /v2/authentication-realms/{id}/user-authentication-info/{id}"
INFOS = "/v2/authentication-realms/*/user-authentication-info"


def losses(box, ident):
    return box.control("GET", f"elasticpath/oidc-profiles/{ident}")["_secret_losses"]


def new_profile(m, document):
    """Write it into new/: how that ended, the ids that are new, and the path."""
    box = m.sandbox
    before = {one["id"] for one in idps(box)}
    path = profile_file(m, "x").parent / "new/ping.json"
    result = save(path, text_of(document), flags=CREATE)
    return result, [one["id"] for one in idps(box) if one["id"] not in before], path


# ---- what is required each time ----

@pytest.mark.parametrize("form", ["full", "newest"])
def test_the_put_after_a_creation_has_the_secret(ep, form):
    """What the POST left out is set, and nothing that was just sent is wiped by it."""
    m = ep("documents")
    box = m.sandbox
    box.settings(oidc_form=form)
    box.fault(fault="normalise", method="POST", path="/v2/authentication-realms/*/oidc-profiles")
    result, made, path = new_profile(m, IDP)
    assert result == GOOD
    ident, = made
    assert box.counts().get("PUT " + PROFILE, 0) == 0, "other capitals are the vendor's way of writing it"
    # a POST that leaves out what it was given; the record is a new one
    old = stored(box, "oidc-profiles", ident)
    ident = str(uuid.uuid4())
    box.control("POST", "elasticpath/oidc-profiles",
                {**{key: value for key, value in old.items() if key[0] != "_"}, "id": ident, "realm_id": realm_of(box)})
    box.fault(fault="not_json", method="POST", status=201, path="/v2/authentication-realms/*/oidc-profiles",
              body=json.dumps({"data": {"id": ident, "type": "oidc-profile", "name": "Left out",
                                        "client_id": "ping-1"}}))
    os.unlink(path)
    assert save(path, text_of({**IDP, "name": "Wanted"}), flags=CREATE) == GOOD
    put, = journal(box, "PUT")
    body = body_of(put)
    assert body["client_secret"] == "(set)" and body["discovery_url"] == URL and body["name"] == "Wanted"
    after = stored(box, "oidc-profiles", ident)
    assert (after["name"], after["discovery_url"], after["client_id"]) == ("Wanted", URL, "ping-1")
    assert losses(box, ident) == 0
    assert SECRET not in m.log() + path.read_text()


def test_no_put_without_what_is_required(ep):
    """The POST is enough for the newest specification; the PUT that would follow is not sent."""
    m = ep("documents")
    box = m.sandbox
    box.settings(oidc_form="newest")
    ident = idps(box)[0]["id"]
    box.fault(fault="not_json", method="POST", status=201, path="/v2/authentication-realms/*/oidc-profiles",
              body=json.dumps({"data": {"id": ident, "type": "oidc-profile", "name": "Left out"}}))
    before = stored(box, "oidc-profiles", ident)
    document = {key: value for key, value in IDP.items() if key != "discovery_url"}
    result, _made, _path = new_profile(m, document)
    assert "EINVAL" in result
    assert "discovery_url" in last_line(m, "EINVAL") and ident in last_line(m, "EINVAL")
    assert not journal(box, "PUT") and stored(box, "oidc-profiles", ident) == before


def test_what_the_vendor_does_not_show(ep):
    """A required field that no answer has must be in the document, each time."""
    m = ep("documents")
    box = m.sandbox
    box.settings(oidc_form="newest")
    ident = idps(box)[0]["id"]
    before = stored(box, "oidc-profiles", ident)
    path = profile_file(m, ident)
    shown = json.loads(path.read_text())
    assert "discovery_url" not in shown and shown["issuer"] == before["discovery_url"]
    assert edit(path, name="Changed", client_secret=SECRET) == refused("EINVAL")
    assert "discovery_url" in last_line(m, "EINVAL")
    assert edit(path, name="Changed", client_secret=SECRET, discovery_url=None) == refused("EINVAL")
    assert edit(path, issuer="https://other.example.com", client_secret=SECRET, discovery_url=URL) == refused("EPERM")
    assert not sent(box) and stored(box, "oidc-profiles", ident) == before
    # with it, as often as one likes, from one version and from the newest
    text = text_of({**shown, "name": "Changed", "client_secret": SECRET, "discovery_url": URL})
    for name in ("Changed", "Again", "Changed"):
        assert edit(path, name=name, client_secret=SECRET, discovery_url=URL) == GOOD
        body = body_of(journal(box, "PUT")[-1])
        assert body["discovery_url"] == URL and body["client_secret"] == "(set)" and "issuer" not in body
        after = stored(box, "oidc-profiles", ident)
        assert (after["name"], after["discovery_url"]) == (name, URL)
        assert json.loads(path.read_text()) == {**shown, "name": name, "issuer": URL, "meta": after["meta"]}
        assert losses(box, ident) == 0
    document = json.loads(text)
    del document["meta"]["updated_at"]
    assert save(path, text_of({**document, "issuer": URL})) == GOOD
    # who read it where it was shown has it in the document, and has not changed it
    box.settings(oidc_form="full")
    refresh(m)
    full = json.loads(path.read_text())
    assert full["discovery_url"] == URL
    box.settings(oidc_form="newest")
    assert save(path, text_of({**full, "name": "Once more", "client_secret": SECRET})) == GOOD
    assert stored(box, "oidc-profiles", ident)["discovery_url"] == URL
    undo = (m.path / ".rosterfs/history/1/undo.json").read_text()
    assert "discovery_url" not in undo and SECRET not in undo


def test_what_the_vendor_shows_blank(ep):
    """An empty text is no more than nothing: what is there is not written over by it."""
    m = ep("documents")
    box = m.sandbox
    box.settings(oidc_form="blank")
    ident = idps(box)[0]["id"]
    before = stored(box, "oidc-profiles", ident)
    path = profile_file(m, ident)
    shown = json.loads(path.read_text())
    assert shown["discovery_url"] == "" and before["discovery_url"]
    assert edit(path, name="Changed", client_secret=SECRET) == refused("EINVAL")
    assert "discovery_url" in last_line(m, "EINVAL")
    assert save(path, text_of({**shown, "name": "Changed", "client_secret": SECRET})) == refused("EINVAL")
    assert not sent(box) and stored(box, "oidc-profiles", ident) == before
    for name in ("Changed", "Again"):
        assert edit(path, name=name, client_secret=SECRET, discovery_url=URL) == GOOD
        after = stored(box, "oidc-profiles", ident)
        assert (after["name"], after["discovery_url"]) == (name, URL)
        assert json.loads(path.read_text()) == {**shown, "name": name, "meta": after["meta"]}
    # a creation has been told it, and nothing is left to do
    box.reset()
    result, made, _path = new_profile(m, IDP)
    assert result == GOOD and not journal(box, "PUT")
    assert stored(box, "oidc-profiles", made[0])["discovery_url"] == URL


@pytest.mark.parametrize("missing", [{}, {"name": None}])
def test_an_account_without_a_name(ep, missing):
    """A GET that does not show what the PUT must have."""
    m = ep("documents")
    box = m.sandbox
    one = companies(box)[0]
    box.control("PATCH", f"elasticpath/accounts/{one['id']}?nulls=keep", {"name": None})
    path = m.path / f"elasticpath/accounts/{one['id']}/account.json"
    result = save(path, text_of({"legal_name": "Acme", **missing}))
    assert result == refused("EINVAL") and not sent(box)
    assert "name" in last_line(m, "EINVAL")
    assert save(path, text_of({"legal_name": "Acme", "name": "Acme"})) == GOOD


# ---- the half that has changed ----

@pytest.mark.parametrize("change, halves", [
    ({"loyalty": "gold"}, [MEMBER_PUT]), ({"name": "Joan"}, [INFO_PUT]), ({"given_name": "Joan"}, [INFO_PUT]),
    ({"name": "Joan", "loyalty": "gold"}, [INFO_PUT, MEMBER_PUT]), ({"loyalty": None}, [MEMBER_PUT])])
def test_the_half_that_changed(ep, change, halves):
    m = ep("documents")
    box = m.sandbox
    member = person(box, 2)
    box.control("PATCH", f"elasticpath/members/{member}", {"loyalty": "silver"})
    before = stored(box, "members", member)
    if INFO_PUT not in halves:
        box.fault(fault="status", status=422, method="PUT", path=INFOS + "/*", times=-1)
    if MEMBER_PUT not in halves:
        box.fault(fault="status", status=422, method="PUT", path="/v2/account-members/*", times=-1)
    path = m.path / f"elasticpath/{member}.json"
    assert save(path, text_of(change)) == GOOD
    puts = journal(box, "PUT")
    assert [half for entry in puts for half in (INFO_PUT, MEMBER_PUT)
            if ("user-authentication-info" in entry["path"]) == (half == INFO_PUT)] == halves
    after = stored(box, "members", member)
    assert after == {**before, **change, "meta": after["meta"]}
    assert json.loads(path.read_text()) == after
    for entry in puts:
        body = body_of(entry)
        identity = {"name", "given_name", "middle_name", "family_name", "email"} & set(body)
        if "user-authentication-info" in entry["path"]:
            assert {"name", "email"} <= identity and not set(body) - identity - {"type"}
        else:
            assert not identity and body["loyalty"] == change["loyalty"]


def other_info(box, member, **fields):
    """Its user-authentication-info shows other values than the member, and something of its own."""
    box.control("POST", "elasticpath/infos", {"id": member, **fields})


@pytest.mark.parametrize("change", [{"email": "q@x.example.com"}, {"given_name": "Jo"},
                                    {"email": "q@x.example.com", "loyalty": "gold"}])
def test_what_the_info_has_besides(ep, change):
    """It is replaced as a whole: what nobody has touched goes back as it is there, not as the member shows it."""
    m = ep("documents")
    box = m.sandbox
    member = person(box, 2)
    own = {"name": "DIFF", "given_name": "GG", "department": {"code": 7}}
    other_info(box, member, **own)
    box.control("PATCH", f"elasticpath/members/{member}", {"loyalty": "silver"})
    path = m.path / f"elasticpath/{member}.json"
    before = json.loads(path.read_text())
    box.reset()
    assert save(path, text_of(change)) == GOOD
    info = next(entry for entry in journal(box, "PUT") if "user-authentication-info" in entry["path"])
    wanted = {"type": "user_authentication_info", "email": before["email"], **own,
              **{key: before[key] for key in ("middle_name", "family_name") if key in before},
              **{key: value for key, value in change.items() if key != "loyalty"}}
    assert body_of(info) == wanted
    after = json.loads(path.read_text())
    assert after == {**before, **change, "meta": after["meta"]}
    assert stored(box, "members", member) == after
    assert box.counts().get("GET" + INFO_PUT[3:]) == 1
    left = box.control("GET", f"elasticpath/infos/{member}")
    assert left["department"] == own["department"] and left["name"] == "DIFF"


def test_an_info_that_is_not_there_or_not_to_be_read(ep):
    m = ep("documents")
    box = m.sandbox
    member = person(box, 2)
    before = stored(box, "members", member)
    path = m.path / f"elasticpath/{member}.json"
    box.fault(fault="status", status=403, method="GET", path=INFOS + "/*")
    assert save(path, '{"loyalty": "gold"}') == GOOD, "the other half needs no info"
    box.clear_faults()
    box.reset()
    box.fault(fault="status", status=403, method="GET", path=INFOS + "/*")
    assert save(path, '{"name": "Joan"}') == refused("EACCES")
    assert not journal(box, "PUT") and "nothing was sent" in last_line(m, "EACCES")
    box.fault(fault="status", status=404, method="GET", path=INFOS + "/*")
    assert save(path, '{"name": "Joan"}') == GOOD
    body = body_of(journal(box, "PUT")[0])
    assert body["name"] == "Joan" and body["email"] == before["email"]


def test_a_half_that_is_refused(ep):
    """There is no other half behind which that could hide."""
    m = ep("documents")
    box = m.sandbox
    member = person(box, 2)
    box.fault(fault="status", status=405, method="PUT", path="/v2/account-members/*", times=-1)
    before = stored(box, "members", member)
    assert save(m.path / f"elasticpath/{member}.json", '{"loyalty": "gold"}') == refused(NOT_OFFERED)
    assert stored(box, "members", member) == before
    assert not [entry for entry in sent(box) if "user-authentication-info" in entry["path"]]


@pytest.mark.parametrize("status, error, looks", [(422, "EINVAL", True), (409, "EEXIST", True), (403, "EACCES", False)])
def test_the_second_half_is_refused(ep, tmp_path, status, error, looks):
    """What the first half has changed is no secret: it is shown, named and can be undone."""
    log = tmp_path / "audit.log"
    m = ep("documents", {"rosterfs": {"audit_log": log}})
    box = m.sandbox
    member = person(box, 2)
    box.control("PATCH", f"elasticpath/members/{member}", {"loyalty": "silver"})
    path = m.path / f"elasticpath/{member}.json"
    before = json.loads(path.read_text())
    box.fault(fault="status", status=status, method="PUT", path="/v2/account-members/*", times=-1,
              body=json.dumps({"errors": [{"title": "No", "detail": "no such tier"}]}))
    if not looks:
        box.fault(fault="status", status=403, method="GET", path=f"/v2/account-members/{member}", skip=1, times=-1)
    assert save(path, '{"email": "z@x.example.com", "loyalty": "gold"}') == refused(error)
    line = last_line(m, error)
    assert "no such tier" in line and '"z@x.example.com"' in line and "gold" not in line
    assert f'changed (history/1): email: "{before["email"]}" -> "z@x.example.com"' in m.log()
    assert stored(box, "members", member)["email"] == "z@x.example.com"
    box.clear_faults()
    shown = json.loads(path.read_text())
    assert shown == {**before, "email": "z@x.example.com", "meta": shown["meta"]}
    assert sorted(os.listdir(m.path / ".rosterfs/history")) == ["1", "index"]
    ending = json.loads(log.read_text().splitlines()[-1])
    assert ending["outcome"] == ("failed" if looks else "unknown")
    assert ending["history"] == 1 and ending["errno"] == error
    assert "z@x.example.com" in ending["words"] and "history/1/undo.json" in ending["undo"][0]
    assert {field["field"] for field in ending["fields"]} == {"email", "loyalty"}
    result = m.sh(f"cd elasticpath && {ending['undo'][0]}")
    assert result.code == 0, result.err
    after = json.loads(path.read_text())
    assert after == {**before, "meta": after["meta"]}
    assert stored(box, "members", member) == after


def test_without_a_realm_the_member_has_both(ep):
    m = ep("guide")
    box = m.sandbox
    member = person(box, 2)
    assert save(m.path / f"elasticpath/{member}.json", '{"loyalty_tier": "platinum"}') == GOOD
    put, = journal(box, "PUT")
    assert {"name", "email", "loyalty_tier"} <= set(body_of(put))


def test_a_colleague_writes_the_other_half(ep):
    """A name that somebody else writes right after the read is not written over by the other half."""
    m = ep("documents")
    box = m.sandbox
    member = person(box, 2)
    (m.path / f"elasticpath/{member}.json").read_text()
    box.fault(fault="colleague_after", method="GET", path=f"/v2/account-members/{member}",
              target=f"elasticpath/members/{member}", body={"name": "Theirs"})
    assert save(m.path / f"elasticpath/{member}.json", '{"loyalty_tier": "platinum"}') == GOOD
    after = stored(box, "members", member)
    assert after["name"] == "Theirs" and after["loyalty_tier"] == "platinum"


# ---- what is read-only ----

def test_parent_id(ep):
    m = ep("documents")
    box = m.sandbox
    first, second = (one["id"] for one in companies(box)[:2])
    new = m.path / "elasticpath/accounts/new/sub.json"
    assert save(new, text_of({"name": "Sub", "parent_id": first, "cost_center": 7}), flags=CREATE) == GOOD
    ident = os.readlink(new).split("/")[1]
    assert body_of(journal(box, "POST")[0])["parent_id"] == first
    assert edit(new, name="Sub 2") == GOOD
    body = body_of(journal(box, "PUT")[0])
    assert "parent_id" not in body and body["cost_center"] == 7 and body["name"] == "Sub 2"
    assert stored(box, "accounts", ident)["parent_id"] == first
    box.reset()
    assert edit(new, parent_id=second) == refused("EPERM")
    assert "parent_id" in last_line(m, "EPERM") and not sent(box)


def test_relationships_of_the_settings(ep):
    m = ep("documents")
    box = m.sandbox
    path = settings_file(m)
    assert edit(path, enable_self_signup=False) == GOOD
    assert "relationships" not in body_of(journal(box, "PUT")[0])
    assert settings_of(box)["relationships"]["authentication_realm"]["data"]["id"] == realm_of(box)
    box.reset()
    other = {"authentication_realm": {"data": {"id": "other", "type": "authentication-realm"}}}
    assert edit(path, relationships=other) == refused("EPERM") and not sent(box)


def test_the_origin_of_a_realm(ep):
    """A new realm's document keeps it, and no other relationship; a PUT has none."""
    m = ep("guide")
    box = m.sandbox
    box.settings(origin_needed=True)
    before = {one["id"] for one in box.control("GET", "elasticpath/realms")}
    origin = {"data": {"id": companies(box)[0]["id"], "type": "store"}}
    new = m.path / "elasticpath/realms/new/x.json"
    document = {"name": "New", "redirect_uris": ["https://a.example.com/"],
                "duplicate_email_policy": "allowed", "relationships": {"origin": origin, "other": {"data": None}}}
    assert save(new, text_of({**document, "relationships": {}}), flags=CREATE) == refused("EINVAL")
    assert save(new, text_of(document), flags=CREATE) == GOOD
    one, = (one for one in box.control("GET", "elasticpath/realms") if one["id"] not in before)
    assert one["relationships"] == {"origin": origin}
    assert body_of(journal(box, "POST")[-1])["relationships"] == {"origin": origin}
    assert edit(new, name="Newer") == GOOD
    assert "relationships" not in body_of(journal(box, "PUT")[-1])
    assert stored(box, "realms", one["id"])["relationships"] == {"origin": origin}
    assert edit(new, relationships={"origin": {"data": {"id": "y", "type": "store"}}}) == refused("EPERM")
