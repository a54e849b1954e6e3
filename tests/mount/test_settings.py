# SPDX-License-Identifier: Apache-2.0
"""Elastic Path's settings, realms and OIDC profiles: documents of which nothing is ever reset."""

import json
import os

import pytest

import harness
from ep_store import (NOT_OFFERED, PROFILES, QUICK, TOKEN, asked, body_of, clean, ep, fails, journal,
                   refresh, sent)
from writes import GOOD, last_line, put, refused, save, shown, text_of

__all__ = ["ep"]  # the fixture

SETTINGS = "/v2/settings/account-authentication"
REALM = "/v2/authentication-realms/{id}"
PROFILE = "/v2/authentication-realms/{id}/oidc-profiles/{id}"
TIMEOUT = "account_management_authentication_token_timeout_secs"
PROFILES_OF = "/v2/authentication-realms/{id}/oidc-profiles"
ONE_PROFILE = "/v2/authentication-realms/*/oidc-profiles/*"
SECRET = "idp-secret-QUARTZ-93ab \"quoted\" é"
DELETABLE = {"elasticpath": {"allow_delete": "yes"}}


def settings_of(box):
    return shown(box.control("GET", "elasticpath/settings"))


def realms(box):
    return box.control("GET", "elasticpath/realms")


def realm_of(box):
    """The realm of the account members: the one with profiles."""
    return realms(box)[0]["id"]


def idps(box):
    return box.control("GET", "elasticpath/oidc-profiles")


def stored(box, kind, ident):
    return shown(box.control("GET", f"elasticpath/{kind}/{ident}"))


def secrets(box, ident):
    """How often its secret was set."""
    return box.control("GET", f"elasticpath/oidc-profiles/{ident}")["_secret_changes"]


def settings_file(m):
    return m.path / "elasticpath/settings/account-authentication.json"


def realm_file(m, realm):
    return m.path / f"elasticpath/realms/{realm}/realm.json"


def profile_file(m, ident):
    return m.path / f"elasticpath/realms/{realm_of(m.sandbox)}/oidc-profiles/{ident}.json"


def different(before, after):
    return {key for key in {*before, *after} if before.get(key, ...) != after.get(key, ...)} - {"meta"}


def edit(path, **change):
    return save(path, text_of({**json.loads(path.read_text()), **change}))


# ---- settings ----

@pytest.mark.parametrize("profile", PROFILES)
def test_settings_are_a_file(ep, profile):
    m = ep(profile)
    path = settings_file(m)
    assert path.read_text() == text_of(settings_of(m.sandbox))
    counts = m.sandbox.counts()
    assert counts == {**counts, TOKEN: 1, "GET " + SETTINGS: 1, "total": 2}
    assert os.listdir(path.parent) == [path.name]
    assert path.stat().st_mode & 0o7777 == 0o600 and path.stat().st_size == len(path.read_bytes())
    assert path.parent.stat().st_mode & 0o7777 == 0o700
    m.sh("ls -l elasticpath/settings; cat elasticpath/settings/*").ok()
    assert asked(m.sandbox) == 1
    for name in ("nope.json", "account-membership.json"):
        assert fails((path.parent / name).read_text) == "ENOENT"
        assert fails(os.open, path.parent / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL) in ("EPERM", NOT_OFFERED)
    assert not sent(m.sandbox)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("field, value", [
    ("enable_self_signup", False), ("auto_create_account_for_account_members", False),
    (TIMEOUT, 3600), ("account_member_self_management", "disabled")])
def test_settings_one_field(ep, profile, field, value):
    """The PUT is a full replacement: what it left out would be reset."""
    m = ep(profile)
    before = settings_of(m.sandbox)
    assert edit(settings_file(m), **{field: value}) == GOOD
    after = settings_of(m.sandbox)
    assert different(before, after) == {field} and after[field] == value
    assert json.loads(settings_file(m).read_text()) == after
    puts = journal(m.sandbox, "PUT")
    assert [entry["path"] for entry in puts] == [SETTINGS]
    body = body_of(puts[0])
    # the vendor's requests have no relationships
    assert set(body) - {"id"} == set(before) - {"id", "meta", "links", "relationships"}
    assert body["type"] == "account_authentication_settings"


def test_settings_of_a_document_with_one_field(ep):
    """What is left out stays, and so does what no document lists."""
    m = ep("guide")
    before = settings_of(m.sandbox)
    assert save(settings_file(m), '{"enable_self_signup": false}\n') == GOOD
    assert different(before, settings_of(m.sandbox)) == {"enable_self_signup"}
    m.sandbox.control("PATCH", "elasticpath/settings", {"brand_new_field": {"deep": [1, None]}})
    refresh(m)
    document = json.loads(settings_file(m).read_text())
    assert document["brand_new_field"] == {"deep": [1, None]}
    m.sandbox.reset()
    # this sandbox refuses what it does not know; a store that knows it must get it back
    save(settings_file(m), text_of({**document, "auto_create_account_for_account_members": False}))
    assert body_of(journal(m.sandbox, "PUT")[0])["brand_new_field"] == {"deep": [1, None]}


@pytest.mark.parametrize("profile", PROFILES)
def test_settings_refused(ep, profile):
    m = ep(profile)
    path, before = settings_file(m), settings_of(m.sandbox)
    text = path.read_text()
    m.sandbox.reset()
    for change in ({"type": "x"}, {"meta": {"client_id": "x"}}, {"links": {"self": "/x"}}):
        if profile == "documents" or "type" in change:
            assert edit(path, **change) == refused("EPERM"), change
    for half in ("{ half", "[]", '{"enable_self_signup": false'):
        assert "EINVAL" in save(path, half), half
    assert not sent(m.sandbox)
    assert edit(path, enable_self_signup="maybe") == refused("EINVAL")
    assert "enable_self_signup" in last_line(m, "EINVAL")
    assert edit(path, **{TIMEOUT: None}) == refused("EINVAL")
    assert settings_of(m.sandbox) == before and path.read_text() == text
    # nothing new, nothing sent
    m.sandbox.reset()
    put(m, "elasticpath/settings/account-authentication.json", text).ok()
    assert edit(path) == GOOD and not sent(m.sandbox)


@pytest.mark.parametrize("fault, result", [("not_applied", "EREMOTEIO"), ("drop_after", "ok"),
                                           ("html_after", "ok")])
def test_settings_what_became_of_it(ep, fault, result):
    m = ep("documents")
    path = settings_file(m)
    before = path.read_text()
    m.sandbox.fault(fault=fault, method="PUT", path=SETTINGS)
    assert edit(path, enable_self_signup=False) == (GOOD if result == "ok" else refused(result))
    assert m.sandbox.counts()["PUT " + SETTINGS] == 1
    if result == "ok":
        assert json.loads(path.read_text())["enable_self_signup"] is False
    else:
        assert "accepted but not applied" in last_line(m, "EREMOTEIO") and path.read_text() == before


def test_settings_conflict(ep):
    m = ep("documents")
    path = settings_file(m)
    document = json.loads(path.read_text())
    m.sandbox.control("PATCH", "elasticpath/settings", {TIMEOUT: 60})
    assert save(path, text_of({**document, TIMEOUT: 90})) == refused("ESTALE")
    assert not sent(m.sandbox) and TIMEOUT in last_line(m, "ESTALE")
    # another field of theirs stays
    refresh(m)
    document = json.loads(path.read_text())
    m.sandbox.control("PATCH", "elasticpath/settings", {"enable_self_signup": False})
    assert save(path, text_of({**document, TIMEOUT: 90})) == GOOD
    after = settings_of(m.sandbox)
    assert after["enable_self_signup"] is False
    assert after[TIMEOUT] == 90


@pytest.mark.parametrize("how", ["refresh", "ttl"])
def test_a_colleagues_change(ep, how):
    m = ep("documents", {"elasticpath": {"ttl": 1 if how == "ttl" else 300}})
    box = m.sandbox
    realm, one, two = realm_of(box), *[idp["id"] for idp in idps(box)]
    m.sh("cd elasticpath; ls -lR settings realms;"
         "cat settings/* realms/*/realm.json realms/*/oidc-profiles/*.json").ok()
    box.control("PATCH", "elasticpath/settings", {"enable_self_signup": False})
    box.control("PATCH", f"elasticpath/realms/{realm}", {"name": "Their realm"})
    box.control("PATCH", f"elasticpath/oidc-profiles/{one}", {"name": "Their profile"})
    box.control("DELETE", f"elasticpath/oidc-profiles/{two}")

    def seen():
        listed = os.listdir(profile_file(m, one).parent)
        return (json.loads(settings_file(m).read_text())["enable_self_signup"] is False
                and json.loads(realm_file(m, realm).read_text())["name"] == "Their realm"
                and json.loads(profile_file(m, one).read_text())["name"] == "Their profile"
                and two + ".json" not in listed)
    if how == "refresh":
        assert not seen()
        refresh(m)
        assert seen()
    else:
        harness.wait_until(seen, 8 * harness.SCALE, "the end of the ttl", 0.1)
    assert fails(profile_file(m, two).read_text) == "ENOENT"


@pytest.mark.parametrize("code, error", [(403, "EACCES"), (404, "ENOENT"), (500, "EREMOTEIO")])
def test_settings_that_cannot_be_read(ep, code, error):
    m = ep("documents", QUICK)
    m.sandbox.fault(fault="status", status=code, path=SETTINGS, times=-1)
    assert fails(settings_file(m).read_text) == error
    assert "settings/account-authentication.json" in last_line(m, error)
    m.sh("ls elasticpath elasticpath/accounts elasticpath/realms").ok()
    m.sandbox.clear_faults()
    if code == 404:  # that there is nothing is believed for a while, too
        refresh(m)
    assert json.loads(settings_file(m).read_text()) == settings_of(m.sandbox)


def test_settings_that_come_back(ep):
    m = ep("documents", {"elasticpath": {"ttl": 1}})
    m.sandbox.fault(fault="status", status=404, path=SETTINGS)
    assert fails(settings_file(m).read_text) == "ENOENT"
    harness.wait_until(lambda: fails(settings_file(m).read_text) == "ok", 5 * harness.SCALE,
                       "the end of the ttl", 0.1)
    m.sh("ls -l elasticpath/settings").ok()


# ---- realms ----

@pytest.mark.parametrize("profile", PROFILES)
def test_realms(ep, profile):
    m = ep(profile)
    box = m.sandbox
    top = m.path / "elasticpath/realms"
    found = set(os.listdir(top)) - {"new"}
    assert found == {one["id"] for one in realms(box)}
    assert len(found) == (1 if profile == "guide" else 3)
    for one in realms(box):
        path = realm_file(m, one["id"])
        assert sorted(os.listdir(path.parent)) == ["oidc-profiles", "realm.json"]
        assert path.read_text() == text_of(one)
        assert path.stat().st_mode & 0o7777 == 0o600 and path.stat().st_size == len(path.read_bytes())
        assert path.parent.stat().st_mode & 0o7777 == 0o700
    assert box.counts()["GET /v2/authentication-realms"] == 1 and asked(box) == 1
    wanted = [one["id"] + ".json" for one in idps(box)]
    for one in realms(box):
        names = os.listdir(realm_file(m, one["id"]).parent / "oidc-profiles")
        assert sorted(names) == sorted(["new", *(wanted if one["id"] == realm_of(box) else [])])
    assert box.counts()["GET " + PROFILES_OF] == len(found)
    if profile == "documents":
        other = realm_file(m, realms(box)[1]["id"]).parent
        assert fails((other / "oidc-profiles" / wanted[0]).read_text) == "ENOENT"


def test_realm_cold_and_mistyped(ep):
    m = ep("documents")
    box = m.sandbox
    realm = realm_of(box)
    assert realm_file(m, realm).read_text() == text_of(realms(box)[0])
    counts = box.counts()
    assert counts == {**counts, "GET " + REALM: 1, "total": 2}
    for _ in range(2):
        assert fails(realm_file(m, "nope").read_text) == "ENOENT"
        assert fails(os.listdir, realm_file(m, "nope").parent) == "ENOENT"
        assert fails(os.listdir, realm_file(m, "nope").parent / "oidc-profiles") == "ENOENT"
    assert fails(profile_file(m, "nope").read_text) == "ENOENT"
    m.sh("ls elasticpath/realms/*/oidc-profiles").ok()
    box.reset()
    for name in (".git", ".git/HEAD", "autorun.inf", "x.json", f"{realm}/.git", f"{realm}/oidc-profiles/.git",
                 f"{realm}/oidc-profiles/autorun.inf", f"{realm}/oidc-profiles/.x.json"):
        assert fails((m.path / "elasticpath/realms" / name).stat) in ("ENOENT", "ENOTDIR"), name
    assert box.counts()["total"] == 0


@pytest.mark.parametrize("profile", PROFILES)
def test_a_realms_document(ep, profile):
    m = ep(profile)
    box = m.sandbox
    before = realms(box)[0]
    path = realm_file(m, before["id"])
    assert edit(path, name="Changed É") == GOOD
    assert different(before, stored(box, "realms", before["id"])) == {"name"}
    body = body_of(journal(box, "PUT")[0])
    assert body["type"] == "authentication-realm" and body["redirect_uris"] == before["redirect_uris"]
    assert not {"meta", "links", "relationships"} & set(body)
    assert edit(path, redirect_uris=["https://a.example.com/", "https://b.example.com/"]) == GOOD
    after = stored(box, "realms", before["id"])
    assert different(before, after) == {"name", "redirect_uris"}
    # the response to a PUT has the new values, and may have an older time
    assert not different(after, json.loads(path.read_text()))
    box.reset()
    for change, error in (({"id": "x"}, "EPERM"), ({"type": "x"}, "EPERM"), ({"name": None}, "EINVAL")):
        assert edit(path, **change) == refused(error), change
    assert not sent(box)
    assert edit(path, duplicate_email_policy="whatever") == refused("EINVAL")
    assert "duplicate_email_policy" in last_line(m, "EINVAL")
    assert stored(box, "realms", before["id"]) == after
    document = json.loads(path.read_text())
    box.control("PATCH", f"elasticpath/realms/{before['id']}", {"name": "Theirs"})
    assert save(path, text_of({**document, "name": "Ours"})) == refused("ESTALE")


def test_fixed_names(ep):
    m = ep("documents", DELETABLE)
    box = m.sandbox
    realm, one = realm_of(box), idps(box)[0]["id"]
    place = realm_file(m, realm).parent
    m.sh("ls -lR elasticpath/realms elasticpath/settings").ok()
    box.reset()
    for path in (place, place.parent, place / "oidc-profiles", place / "oidc-profiles/new",
                 settings_file(m).parent):
        assert fails(os.rmdir, path) == "EPERM", path
        assert fails(os.rename, path, str(path) + "x") == "EPERM", path
    for path in (place / "realm.json", settings_file(m)):
        assert fails(os.unlink, path) == "EPERM", path
    for path in (place.parent / "x", place / "x", place / "oidc-profiles/x", settings_file(m).parent / "x"):
        assert fails(os.mkdir, path) == "EPERM", path
    assert fails(os.symlink, f"{one}.json", place / "oidc-profiles/x.json") != "ok"
    assert fails(os.rename, place / "realm.json", settings_file(m)) == "EPERM"
    assert fails(os.rename, profile_file(m, one), place / "realm.json") == "EPERM"
    assert fails(os.rename, profile_file(m, one), profile_file(m, idps(box)[1]["id"])) == "EPERM"
    for path in (place / "x.json", place / "oidc-profiles/x.json", place.parent / "x.json",
                 settings_file(m).parent / "x.json"):
        assert fails(os.open, path, os.O_WRONLY | os.O_CREAT) in ("EPERM", NOT_OFFERED), path
    assert not sent(box)


# ---- OIDC profiles ----

@pytest.mark.parametrize("profile", PROFILES)
def test_profiles(ep, profile):
    m = ep(profile)
    box = m.sandbox
    one = idps(box)[0]
    path = profile_file(m, one["id"])
    assert path.read_text() == text_of(one) and "client_secret" not in path.read_text()
    # the realm's own record need not be asked for
    assert box.counts().get("GET " + PROFILE) == 1 and asked(box) <= 2
    assert path.stat().st_mode & 0o7777 == 0o600
    # without the secret the store would forget it
    box.reset()
    assert edit(path, name="Changed") == refused("EINVAL")
    assert "client_secret" in last_line(m, "EINVAL")
    assert edit(path, name="Changed", client_secret=None) == refused("EINVAL")
    assert not sent(box)
    assert edit(path, name="Changed", client_secret=SECRET) == GOOD
    body = body_of(journal(box, "PUT")[0])
    assert body["client_secret"] == "(set)" and body["type"] == "oidc-profile"
    assert not {"meta", "links"} & set(body)
    after = stored(box, "oidc-profiles", one["id"])
    assert different(one, after) == {"name"} and secrets(box, one["id"]) == 1
    assert not different(json.loads(path.read_text()), after)
    # a new secret is a change by itself
    assert edit(path, client_secret=SECRET + "2") == GOOD
    assert secrets(box, one["id"]) == 2
    # a part of a document
    assert save(path, json.dumps({"client_id": "other", "client_secret": SECRET})) == GOOD
    assert different(after, stored(box, "oidc-profiles", one["id"])) == {"client_id"}
    clean(m, "QUARTZ")


@pytest.mark.parametrize("options", [[], ["-d"], ["-o", "dry_run"]])
def test_a_secret_never_comes_back(ep, options):
    m = ep("guide", QUICK, options=options)
    box = m.sandbox
    one, two = (idp["id"] for idp in idps(box))
    path = profile_file(m, one)
    echo = json.dumps({"errors": [{"title": "No", "detail": f"client_secret {SECRET} is too simple"}]})
    box.fault(fault="status", status=400, method="PUT", path=ONE_PROFILE, body=echo)
    edit(path, name="A", client_secret=SECRET)
    # an answer that shows it all the same
    document = stored(box, "oidc-profiles", two)
    box.fault(fault="not_json", method="PUT", path=ONE_PROFILE,
              body=json.dumps({"data": {**document, "name": "B", "client_secret": SECRET}}))
    edit(profile_file(m, two), name="B", client_secret=SECRET)
    box.fault(fault="not_json", method="GET", path=ONE_PROFILE,
              body=json.dumps({"data": {**document, "client_secret": SECRET}}))
    refresh(m)
    assert "client_secret" not in profile_file(m, two).read_text()
    box.clear_faults()
    # in the list too
    listed = {"data": [{**document, "client_secret": SECRET}], "meta": {"page": {"total": 1, "current": 1}}}
    box.fault(fault="not_json", method="GET", path="/v2/authentication-realms/*/oidc-profiles", times=2,
              body=json.dumps(listed))
    refresh(m)
    m.sh(f"ls elasticpath/realms/*/oidc-profiles; cat elasticpath/realms/*/oidc-profiles/{two}.json")
    box.clear_faults()
    refresh(m)
    edit(path, name="C", client_secret=SECRET)
    save(path, '{"client_secret": "' + SECRET.replace('"', '\\"'))
    edit(path, id="x", client_secret=SECRET)
    document = json.loads(path.read_text())
    box.control("PATCH", f"elasticpath/oidc-profiles/{one}", {"name": "Theirs"})
    save(path, text_of({**document, "name": "Ours", "client_secret": SECRET}))
    clean(m, "QUARTZ")


@pytest.mark.parametrize("profile", PROFILES)
def test_rm_of_a_profile(ep, profile):
    m = ep(profile, DELETABLE)
    box = m.sandbox
    one, two = (idp["id"] for idp in idps(box))
    m.sh("ls -l elasticpath/realms/*/oidc-profiles").ok()
    box.reset()
    assert fails(os.unlink, profile_file(m, one)) == "ok"
    assert box.counts()["DELETE " + PROFILE] == 1 and len(sent(box)) == 1
    assert [idp["id"] for idp in idps(box)] == [two]
    assert sorted(os.listdir(profile_file(m, two).parent)) == sorted([two + ".json", "new"])
    assert fails(profile_file(m, one).read_text) == "ENOENT"
    assert "no way back" in m.log() or "undone" in m.log()
    assert fails(os.unlink, profile_file(m, one)) == "ENOENT"


def test_rm_of_a_profile_not_allowed(ep):
    m = ep("documents")
    one = idps(m.sandbox)[0]["id"]
    assert fails(os.unlink, profile_file(m, one)) == "EPERM"
    assert "allow_delete" in last_line(m, "EPERM")
    assert m.sh("rm -rf elasticpath/realms").code != 0
    assert not sent(m.sandbox) and profile_file(m, one).read_text() == text_of(idps(m.sandbox)[0])


@pytest.mark.parametrize("fault, result", [("drop_after", "ok"), ("status_after", "ok"), ("status", "EREMOTEIO"),
                                           ("stall", "ETIMEDOUT")])
def test_rm_of_a_profile_with_a_lost_answer(ep, fault, result):
    m = ep("documents", {"elasticpath": {"allow_delete": "yes", "timeout": 1, "retry_budget": 0}})
    box = m.sandbox
    one = idps(box)[0]["id"]
    os.listdir(profile_file(m, one).parent)
    extra = {"status": 500} if "status" in fault else {}
    box.fault(fault=fault, method="DELETE", path=ONE_PROFILE, times=-1, **extra)
    assert fails(os.unlink, profile_file(m, one)) == result
    box.clear_faults()
    there = one in [idp["id"] for idp in idps(box)]
    assert there == (result != "ok")
    assert (one + ".json" in os.listdir(profile_file(m, one).parent)) == there


def test_rm_of_a_profile_refused(ep):
    m = ep("documents", DELETABLE)
    one = idps(m.sandbox)[0]["id"]
    os.listdir(profile_file(m, one).parent)
    m.sandbox.fault(fault="status", status=409, method="DELETE", path=ONE_PROFILE, times=-1)
    assert fails(os.unlink, profile_file(m, one)) == "EBUSY"
    assert m.sandbox.counts()["DELETE " + PROFILE] == 1
    assert "answered 409" in last_line(m, "EBUSY")


def test_rm_of_a_profile_counts(ep):
    m = ep("documents", {"rosterfs": {"status_limit": 1}, **DELETABLE})
    one, two = (idp["id"] for idp in idps(m.sandbox))
    assert fails(os.unlink, profile_file(m, one)) == "ok"
    assert fails(os.unlink, profile_file(m, two)) == "EDQUOT"
    assert "status_limit" in last_line(m, "EDQUOT")
    assert [idp["id"] for idp in idps(m.sandbox)] == [two]
    # other changes are not held up
    assert edit(settings_file(m), enable_self_signup=False) == GOOD


# ---- without writing ----

@pytest.mark.parametrize("profile", PROFILES)
def test_dry_run(ep, profile):
    m = ep(profile, DELETABLE, options=["-o", "dry_run"])
    box = m.sandbox
    realm, one = realm_of(box), idps(box)[0]["id"]

    def stays():
        return [box.control("GET", "elasticpath/" + kind) for kind in ("settings", "realms", "oidc-profiles")]
    before = stays()
    for path, change in ((settings_file(m), {"enable_self_signup": False}),
                         (realm_file(m, realm), {"name": "Other"}),
                         (profile_file(m, one), {"name": "Other", "client_secret": SECRET})):
        text = path.read_text()
        assert edit(path, **change) == GOOD
        assert next(iter(change)) in last_line(m, "dry run")
        assert path.read_text() == text
    assert "(set)" in last_line(m, "dry run")
    assert edit(profile_file(m, one), name="Other") == refused("EINVAL"), "the checks are real"
    assert fails(os.unlink, profile_file(m, one)) == "ok"
    assert "DELETE" in last_line(m, "dry run")
    assert not sent(box) and stays() == before
    assert one + ".json" in os.listdir(profile_file(m, one).parent)


def test_read_only(ep):
    m = ep("documents", DELETABLE, options=["-o", "ro"])
    one = idps(m.sandbox)[0]["id"]
    m.sh("ls -lR elasticpath/settings elasticpath/realms").ok()
    for path in (settings_file(m), realm_file(m, realm_of(m.sandbox)), profile_file(m, one)):
        assert fails(os.open, path, os.O_WRONLY) == "EROFS"
        assert fails(os.unlink, path) == "EROFS"
    assert not sent(m.sandbox)
