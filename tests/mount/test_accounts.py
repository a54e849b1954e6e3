# SPDX-License-Identifier: Apache-2.0
"""Elastic Path's accounts: folders with a document and the links of their members."""

import configparser
import json
import os
import time

import pytest

import harness
from ep_store import (ACCOUNT, ACCOUNTS, DELETABLE, NOT_OFFERED, PROFILES, QUICK, TOKEN,
                   accounts_of, asked, body_of, companies, company, ep, fails, folder, join, journal,
                   link, link_path, links, members_of, names, outside, part, people, person, refresh,
                   sent, status, store, unlink)
from writes import GOOD, last_line, put, refused, save, shown, text_of

__all__ = ["ep"]  # the fixture

PUT = "PUT /v2/accounts/{id}"
SYSTEM = {"id", "meta", "links", "relationships"}


def own(box, account):
    """The store's own copy of an account."""
    return shown(box.control("GET", f"elasticpath/accounts/{account}"))


def patch(box, account, change):
    return box.control("PATCH", f"elasticpath/accounts/{account}", change)


def read(m, account):
    return json.loads((folder(m, account) / "account.json").read_text())


def listing(box):
    """What stands in accounts/."""
    return sorted([one["id"] for one in companies(box)] + ["new"])


def different(before, after):
    return {key for key in {*before, *after} if before.get(key, ...) != after.get(key, ...)} - {"meta"}


# ---- reading ----

@pytest.mark.parametrize("profile", PROFILES)
def test_tree(ep, profile):
    m = ep(profile)
    users = {one["id"] + end for one in people(m.sandbox) for end in (".json", ".status")}
    top = set(os.listdir(m.path / "elasticpath"))
    assert {"MANUAL", "accounts", "realms", "settings", "tokens"} <= top - users
    assert "new" not in top, "that is for allow_preprovision"
    assert sorted(os.listdir(m.path / "elasticpath/accounts")) == listing(m.sandbox)
    for one in companies(m.sandbox):
        place = folder(m, one["id"])
        assert sorted(os.listdir(place)) == ["account.json", "members"]
        file = place / "account.json"
        assert file.read_text() == text_of(one)
        assert file.stat().st_size == len(file.read_bytes())
        assert file.stat().st_mode & 0o7777 == 0o600
        stamp = one["meta"]["timestamps"]["updated_at"]
        wanted = time.strptime(stamp[:19] + "Z", "%Y-%m-%dT%H:%M:%SZ")
        assert time.gmtime(file.stat().st_mtime)[:6] == wanted[:6]
        for path in (place, place / "members", place.parent):
            assert path.is_dir() and path.stat().st_mode & 0o7777 == 0o700
    m.sh("ls -lR elasticpath/accounts; stat -c %A elasticpath/accounts/*/*").ok()


@pytest.mark.parametrize("profile", PROFILES)
def test_one_list_for_all(ep, profile):
    m = ep(profile)
    m.sh("cd elasticpath/accounts; ls -l; cat */account.json; ls -l */account.json; ls; stat . * */*").ok()
    counts = m.sandbox.counts()
    assert counts == {**counts, TOKEN: 1, ACCOUNTS: 1, "total": 2}


@pytest.mark.parametrize("profile", PROFILES)
def test_one_cold(ep, profile):
    m = ep(profile)
    one = company(m.sandbox, 2)
    assert m.sh(f"cat elasticpath/accounts/{one['id']}/account.json").ok().out == text_of(one)
    counts = m.sandbox.counts()
    assert counts == {**counts, TOKEN: 1, ACCOUNT: 1, "total": 2}


@pytest.mark.parametrize("accounts, cap", [(250, 100), (130, 7), (0, 100)])
def test_pages(ep, accounts, cap):
    m = ep("documents", box={"accounts": accounts, "members": 5, "page_cap": cap})
    found = m.sh("ls elasticpath/accounts").ok().lines()
    assert sorted(found) == listing(m.sandbox)
    assert m.sandbox.counts()[ACCOUNTS] <= accounts // cap + 2


@pytest.mark.parametrize("first", ["ls", "ls elasticpath/accounts", "ls elasticpath/accounts/*/members"])
def test_mistyped(ep, first):
    m = ep("documents")
    m.sh(first).ok()
    for account in ("nope", company(m.sandbox)["id"][:-1] + "x"):
        place = folder(m, account)
        for _ in range(2):
            assert fails(place.stat) == "ENOENT"
            assert fails(os.listdir, place) == "ENOENT"
            assert fails((place / "account.json").read_text) == "ENOENT"
            assert fails(os.listdir, place / "members") == "ENOENT"
        assert link(m, account, person(m.sandbox, 20)) == "ENOENT"
        assert fails(os.open, place / "account.json", os.O_WRONLY | os.O_CREAT) == "ENOENT"
    assert m.sh("ls elasticpath/accounts/nope").code != 0
    assert not sent(m.sandbox)


def test_names_that_cannot_be_an_account_cost_nothing(ep):
    m = ep("documents")
    one = company(m.sandbox)["id"]
    m.sh(f"cat elasticpath/accounts/{one}/account.json; ls elasticpath/accounts/{one}/members").ok()
    m.sandbox.reset()
    for name in ("autorun.inf", ".git", ".git/HEAD", "desktop.ini", ".DS_Store", "x.json", "account.json", ".hg",
                 f"{one}/.git", f"{one}/.git/HEAD", f"{one}/autorun.inf", f"{one}/members/.git",
                 f"{one}/members/autorun.inf", f"{one}/members/x.txt", f"{one}/members/x.status"):
        assert fails((m.path / "elasticpath/accounts" / name).stat) in ("ENOENT", "ENOTDIR"), name
        assert fails((m.path / "elasticpath/accounts" / name).read_text) in ("ENOENT", "ENOTDIR"), name
    assert m.sandbox.counts()["total"] == 0


STRANGE = ["a/b%c d", ".lead", "#hash", "ünï", "a.b", "x" * 300, "x" * 299 + "y", "a?b=1&c", "..", "%2F",
           "-rf", "a\nb"]


def test_strange_ids(ep):
    """Each account has one name, and each name leads to its account."""
    m = ep("guide", DELETABLE)
    box = m.sandbox
    for account in STRANGE:
        box.control("POST", "elasticpath/accounts", {"id": account, "name": f"Account {account[:9]}"})
    box.control("POST", "elasticpath/members", {"id": "m/1.%", "name": "N", "email": "n@example.com"})
    found = {}
    for name in os.listdir(m.path / "elasticpath/accounts"):
        if name != "new":
            found[read(m, name)["id"]] = name
    assert sorted(found) == sorted(one["id"] for one in companies(box))
    assert len(set(found.values())) == len(found)
    assert found["a/b%c d"] == "a%2Fb%25c d" and found[".lead"] == "%2Elead"
    for account in ("a/b%c d", ".lead", "x" * 300, "a?b=1&c", "a\nb"):
        name = found[account]
        assert save(folder(m, name) / "account.json", text_of({**read(m, name), "name": "Changed"})) == GOOD
        assert [one["id"] for one in companies(box) if one["name"] == "Changed"] == [account]
        assert save(folder(m, name) / "account.json", text_of({**read(m, name), "name": "Back"})) == GOOD
        assert link(m, name, "m%2F1.%25") == "ok"
        assert accounts_of(box, '"m/1.%"') == [account]
        assert links(m, name) == ["m%2F1.%25.json"]
        assert json.loads(link_path(m, name, "m%2F1.%25").read_text())["id"] == "m/1.%"
        assert unlink(m, name, "m%2F1.%25") == "ok"
        assert accounts_of(box, '"m/1.%"') == []


@pytest.mark.parametrize("path, box", [("/v2/accounts", {"accounts": 130, "members": 5}),
                                       ("/v2/accounts/*/account-memberships",
                                        {"accounts": 1, "members": 140})])
@pytest.mark.parametrize("fault", [{"fault": "short_page"}, {"fault": "duplicate_row"}, {"fault": "wrong_total"},
                                   {"fault": "repeat_page", "skip": 1, "times": -1}, {"fault": "html", "skip": 1},
                                   {"fault": "truncate", "skip": 1}, {"fault": "status", "status": 500}],
                         ids=lambda fault: fault.get("fault") if isinstance(fault, dict) else None)
def test_whole_or_an_error(ep, path, box, fault):
    m = ep("documents", QUICK, box=box)
    one = company(m.sandbox)["id"]
    m.sh(f"cat elasticpath/accounts/{one}/account.json").ok()
    memberships = path.endswith("memberships")
    whole = names(members_of(m.sandbox, one)) if memberships else listing(m.sandbox)
    assert len(whole) > 100
    m.sandbox.fault(method="GET", path=path, **fault)
    result = m.sh(f"ls elasticpath/accounts/{one}/members" if memberships else "ls elasticpath/accounts")
    if result.code == 0:
        assert sorted(result.lines()) == whole
    else:
        assert result.out == "" and "Remote I/O error" in result.err
        assert path.split("*")[0] in last_line(m, "EREMOTEIO")
    m.sandbox.clear_faults()
    assert sorted(os.listdir(folder(m, one) / "members" if memberships else folder(m, one).parent)) == whole


@pytest.mark.parametrize("code, error", [(403, "EACCES"), (500, "EREMOTEIO"), (429, "EBUSY")])
def test_errors_of_reading(ep, code, error):
    m = ep(extra=QUICK)
    one = company(m.sandbox)["id"]
    m.sandbox.fault(fault="status", status=code, path="/v2/accounts*", times=-1)
    assert fails(os.listdir, m.path / "elasticpath/accounts") == error
    assert fails((folder(m, one) / "account.json").read_text) == error
    assert fails(os.listdir, folder(m, one) / "members") == error
    assert f"elasticpath/accounts/{one}" in last_line(m, error)
    m.sh("ls elasticpath elasticpath/settings partnerize").ok()
    m.sandbox.clear_faults()
    assert read(m, one)["id"] == one


# ---- what colleagues do ----

@pytest.mark.parametrize("how", ["refresh", "ttl"])
def test_a_colleagues_change(ep, how):
    m = ep("guide", {"elasticpath": {"ttl": 1 if how == "ttl" else 300}})
    box = m.sandbox
    first, second = company(box, 1)["id"], company(box, 2)["id"]
    twenty = person(box, 20)
    leaver = members_of(box, first)[0]
    m.sh("ls -lR elasticpath/accounts; cat elasticpath/accounts/*/account.json").ok()
    patch(box, first, {"name": "Theirs"})
    join(box, first, twenty)
    part(box, first, leaver)
    box.control("DELETE", f"elasticpath/accounts/{second}")
    made = box.control("POST", "elasticpath/accounts", {"name": "Theirs too"})["id"]

    def seen():
        now = os.listdir(m.path / "elasticpath/accounts")
        return (read(m, first)["name"] == "Theirs" and twenty + ".json" in links(m, first)
                and leaver + ".json" not in links(m, first) and second not in now and made in now)
    if how == "refresh":
        assert not seen()
        refresh(m)
        # one reading is enough
        assert seen()
    else:
        harness.wait_until(seen, 8 * harness.SCALE, "the end of the ttl", 0.1)
    assert read(m, made)["name"] == "Theirs too" and links(m, made) == []
    assert fails((folder(m, second) / "account.json").read_text) == "ENOENT"
    assert fails(os.listdir, folder(m, second) / "members") == "ENOENT"


# ---- writing account.json ----

@pytest.mark.parametrize("profile", PROFILES)
def test_a_document(ep, profile):
    m = ep(profile)
    box = m.sandbox
    before = own(box, company(box)["id"])
    account, path = before["id"], f"elasticpath/accounts/{before['id']}/account.json"
    assert "credit_limit" in before and "regions" in before, "fields that no document lists"
    document = m.sh(f"cat {path}").ok().json()
    box.reset()
    put(m, path, {**document, "name": "Changed É"}).ok()
    counts = box.counts()
    assert counts == {**counts, ACCOUNT: counts[ACCOUNT], PUT: 1}
    assert counts[ACCOUNT] in (1, 2) and asked(box) == 1 + counts[ACCOUNT]
    body = body_of(journal(box, "PUT")[0])
    # parent_id is read-only in the vendor's documents
    assert set(body) - {"id"} == set(before) - SYSTEM - {"parent_id"} and body["type"] == "account"
    after = own(box, account)
    assert different(before, after) == {"name"} and after["name"] == "Changed É"
    assert different(read(m, account), after) == set()
    # what is left out stays
    assert save(m.path / path, '{"legal_name": "Legal"}') == GOOD
    assert different(after, own(box, account)) == {"legal_name"}
    # null clears
    assert save(m.path / path, '{"registration_id": null, "regions": ["apac", "emea"]}') == GOOD
    assert own(box, account)["registration_id"] is None
    assert own(box, account)["regions"] == ["apac", "emea"]
    # nothing new, nothing sent
    box.reset()
    put(m, path, (m.path / path).read_text()).ok()
    assert not sent(box)


@pytest.mark.parametrize("profile", PROFILES)
def test_refused_documents(ep, profile):
    m = ep(profile)
    box = m.sandbox
    account, other = own(box, company(box)["id"]), own(box, company(box, 2)["id"])
    path = folder(m, account["id"]) / "account.json"
    document = json.loads(path.read_text())
    text = path.read_text()
    box.reset()
    for field, value, error in (("id", "x", "EPERM"), ("type", "x", "EPERM"), ("links", None, "EPERM"),
                                ("meta", {"timestamps": {"created_at": "x"}}, "EPERM"), ("name", None, "EINVAL"),
                                ("parent_id", other["id"], "EPERM")):
        assert save(path, text_of({**document, field: value})) == refused(error), field
    for text_sent in ("{ half", "[]", '"text"', "", "null", '{"name": "a", "name": "b"}'):
        if text_sent:
            assert "EINVAL" in save(path, text_sent), text_sent
    assert not sent(box), "all of that can be told without the vendor"
    assert save(path, text_of({**document, "name": ""})) == refused("EINVAL")
    # 409 on a write of something that exists
    assert save(path, text_of({**document, "registration_id": other["registration_id"]})) == refused("ESTALE")
    assert "registration_id" in last_line(m, "ESTALE")
    assert own(box, account["id"]) == account
    assert path.read_text() == text


def test_conflicts(ep):
    m = ep("guide")
    box = m.sandbox
    account = company(box)["id"]
    path = folder(m, account) / "account.json"
    document = json.loads(path.read_text())
    patch(box, account, {"name": "Theirs"})
    box.reset()
    assert save(path, text_of({**document, "name": "Ours"})) == refused("ESTALE")
    assert not sent(box)
    line = last_line(m, "ESTALE")
    assert "name" in line and "Ours" in line and "Theirs" in line
    refresh(m)
    document = json.loads(path.read_text())
    patch(box, account, {"legal_name": "Their Ltd."})
    assert save(path, text_of({**document, "name": "Ours"})) == GOOD
    after = own(box, account)
    assert (after["name"], after["legal_name"]) == ("Ours", "Their Ltd.")


@pytest.mark.parametrize("fault, result", [
    ("not_applied", "EREMOTEIO"), ("drop_after", "ok"), ("html_after", "ok"), ("empty_after", "ok"),
    ("normalise", "ok")])
def test_what_became_of_it(ep, fault, result):
    m = ep("documents")
    account = company(m.sandbox)["id"]
    path = folder(m, account) / "account.json"
    before = path.read_text()
    m.sandbox.fault(fault=fault, method="PUT", path="/v2/accounts/*")
    document = {**json.loads(before), "name": "Changed"}
    assert save(path, text_of(document)) == (GOOD if result == "ok" else refused(result))
    assert m.sandbox.counts()[PUT] == 1
    if result == "ok":
        assert read(m, account)["name"] == own(m.sandbox, account)["name"] in ("Changed", "CHANGED")
    else:
        assert "accepted but not applied" in last_line(m, "EREMOTEIO")
        assert path.read_text() == before


def test_an_etag(ep):
    m = ep("documents", box={})
    account = company(m.sandbox)["id"]
    m.sandbox.settings(etag=True)
    path = folder(m, account) / "account.json"
    assert save(path, text_of({**json.loads(path.read_text()), "name": "Changed"})) == GOOD
    assert journal(m.sandbox, "PUT")[0]["if_match"]
    assert own(m.sandbox, account)["name"] == "Changed"


# ---- what makes no sense ----

def test_fixed_names(ep):
    m = ep("documents", DELETABLE)
    box = m.sandbox
    account, other = company(box)["id"], company(box, 2)["id"]
    member, twenty = members_of(box, account)[0], person(box, 20)
    place = folder(m, account)
    top = place.parent
    m.sh("ls -lR elasticpath/accounts").ok()
    box.reset()
    for path in (top, place, place / "members", top / "new"):
        assert fails(os.rmdir, path) == "EPERM", path
        assert fails(os.unlink, path) in ("EPERM", "EISDIR"), path
        assert fails(os.rename, path, str(path) + "x") == "EPERM", path
    assert fails(os.unlink, place / "account.json") == "EPERM"
    assert fails(os.mkdir, top / "x") == "EPERM"
    assert fails(os.mkdir, place / "x") == "EPERM"
    assert fails(os.mkdir, place / "members/x") == "EPERM"
    assert fails(os.mkdir, m.path / "elasticpath/x") == "EPERM"
    assert fails(os.rename, top / account, top / other) == "EPERM"
    assert fails(os.rename, link_path(m, account, member), link_path(m, account, twenty)) == "EPERM"
    assert fails(os.rename, link_path(m, account, member), link_path(m, other, twenty)) == "EPERM"
    assert fails(os.rename, link_path(m, account, member), m.path / "elasticpath/x.txt") == "EPERM"
    assert fails(os.rename, place / "account.json", top / other / "account.json") == "EPERM"
    assert fails(os.rename, place / "account.json", link_path(m, account, member)) == "EPERM"
    assert fails(os.rename, m.path / f"elasticpath/{member}.json", link_path(m, account, member)) == "EPERM"
    assert fails(os.mkfifo, place / "members/fifo") == "EPERM"
    assert fails(os.mkfifo, top / "fifo") == "EPERM"
    for path in (top / "x.json", top / "x", top / other / "x.json", place / "members/x.json", place / "members/x",
                 place / f"members/{twenty}.json"):
        assert fails(os.open, path, os.O_WRONLY | os.O_CREAT) in ("EPERM", NOT_OFFERED), path
        assert not os.path.lexists(path), path
    assert fails(os.chmod, place / "account.json", 0o644) == "ok"
    assert (place / "account.json").stat().st_mode & 0o777 == 0o600
    assert not sent(box)
    assert sorted(os.listdir(top)) == listing(box)
    assert links(m, account) == names(members_of(box, account))


@pytest.mark.parametrize("profile", PROFILES)
def test_dry_run(ep, profile):
    m = ep(profile, DELETABLE, options=["-o", "dry_run"])
    box = m.sandbox
    three, twenty, account = person(box, 3), person(box, 20), company(box)["id"]
    theirs = accounts_of(box, three)[0]
    m.sh("ls -l elasticpath elasticpath/accounts/*/members").ok()
    before = box.control("GET", "elasticpath/memberships")
    assert link(m, account, twenty) == "ok"
    line = last_line(m, "dry run")
    assert "POST" in line and f"accounts/{account}/members/{twenty}.json" in line
    assert unlink(m, theirs, three) == "ok"
    line = last_line(m, "dry run")
    assert "DELETE" in line and f"members/{three}.json" in line
    path = folder(m, account) / "account.json"
    document = {**json.loads(path.read_text()), "name": "Changed"}
    assert save(path, text_of(document)) == GOOD
    assert "PUT" in last_line(m, "dry run") or "Changed" in last_line(m, "dry run")
    assert not sent(box) and box.control("GET", "elasticpath/memberships") == before
    # nothing was done, and that is what is shown
    assert links(m, account) == names(members_of(box, account))
    assert links(m, theirs) == names(members_of(box, theirs))
    assert read(m, account)["name"] != "Changed"
    assert (status(m, twenty), status(m, three)) == ("inactive\n", "active\n")
    # the checks are real
    assert fails(os.symlink, "/etc/passwd", link_path(m, account, twenty)) == "EPERM"


def test_read_only(ep):
    m = ep("documents", DELETABLE, options=["-o", "ro"])
    box = m.sandbox
    twenty, account = person(box, 20), company(box)["id"]
    three = members_of(box, account)[0]
    m.sh("ls -lR elasticpath/accounts").ok()
    assert link(m, account, twenty) == "EROFS"
    assert unlink(m, account, three) == "EROFS"
    assert fails(os.open, folder(m, account) / "account.json", os.O_WRONLY) == "EROFS"
    assert fails(os.open, m.path / "elasticpath/accounts/new/x.json", os.O_WRONLY | os.O_CREAT) == "EROFS"
    assert fails(os.mkdir, m.path / "elasticpath/accounts/x") == "EROFS"
    assert fails(os.rmdir, folder(m, account)) == "EROFS"
    assert not sent(box)


def test_a_backup_sends_nothing(ep):
    m = ep("documents")
    copy = m.folder / "backup"
    m.sh(f"cp -r elasticpath {copy} && cp -rL elasticpath/accounts {copy}/more && tar cf - . | wc -c").ok()
    assert not sent(m.sandbox)
    account = company(m.sandbox)
    assert (copy / f"accounts/{account['id']}/account.json").read_text() == text_of(account)
    assert (copy / f"accounts/{account['id']}/members").is_dir()


# ---- two stores ----

def keys_of(box, section="elasticpath"):
    parser = configparser.RawConfigParser()
    parser.read_string(box.config())
    return {"type": section, **parser[section]}


@pytest.mark.parametrize("profile", PROFILES)
def test_two_stores(mount, sandbox, profile):
    """The same ids in both: what is done in one shows in one."""
    box = store(sandbox, profile=profile, members=25)
    second = store(sandbox, profile=profile, members=25)
    m = mount(box, {"elasticpath": {"allow_delete": "yes"}, "outlet": keys_of(second)})
    three, twenty = person(box, 3), person(box, 20)
    account, theirs = outside(box, twenty), accounts_of(box, three)[0]
    assert person(second, 3) == three, "both stores have the same ids"
    m.sh("ls -l elasticpath outlet elasticpath/accounts/*/members outlet/accounts/*/members").ok()
    assert link(m, account, twenty) == "ok" and unlink(m, theirs, three) == "ok"
    path = m.path / f"elasticpath/accounts/{account}/account.json"
    assert save(path, text_of({**json.loads(path.read_text()), "name": "Changed"})) == GOOD
    other = m.path / "outlet/accounts"
    assert not os.path.lexists(other / f"{account}/members/{twenty}.json")
    assert os.path.lexists(other / f"{theirs}/members/{three}.json")
    assert json.loads((other / f"{account}/account.json").read_text())["name"] != "Changed"
    assert (m.path / f"outlet/{three}.status").read_text() == "active\n"
    assert (m.path / f"outlet/{twenty}.status").read_text() == "inactive\n"
    assert not sent(second) and len(sent(box)) == 3
    # there it is not allowed, and what belongs to one store does not fit into the other
    assert fails(os.unlink, other / f"{theirs}/members/{three}.json") == "EPERM"
    assert fails(os.rename, path, other / f"{account}/account.json") == "EPERM"
    assert fails(os.symlink, f"../../../../elasticpath/{twenty}.json",
                 other / f"{account}/members/{twenty}.json") == "EPERM"
    assert not sent(second)
    (m.path / ".rosterfs/refresh").write_text("outlet\n")
    second.reset(), box.reset()
    m.sh("ls elasticpath/accounts outlet/accounts").ok()
    assert second.counts().get(ACCOUNTS) == 1 and box.counts().get(ACCOUNTS, 0) == 0
