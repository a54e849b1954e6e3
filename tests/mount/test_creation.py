# SPDX-License-Identifier: Apache-2.0
"""new/: a document that becomes a record, a draft where it does not, and nothing sent twice."""

import concurrent.futures
import json
import os
import shlex
import signal

import pytest

import harness
from ep_store import (NOT_OFFERED, NOT_OFFERED_LOGGED, PROFILES, QUICK, TOKEN, accounts_of, asked,
                   body_of, clean, companies, ep, fails, journal, link, link_path, people, person,
                   refresh, sent, status)
from writes import GOOD, Save, last_line, put, refused, save, text_of

__all__ = ["ep"]  # the fixture

POST = "POST /v2/accounts"
POST_INFO = "POST /v2/authentication-realms/{id}/user-authentication-info"
PUT = "PUT /v2/accounts/{id}"
INFOS = "/v2/authentication-realms/*/user-authentication-info"
SECRET = "idp-secret-QUARTZ-77"
ACME = {"name": "Acme É", "legal_name": "Acme Ltd.", "registration_id": "REG-NEW"}
JOAN = {"name": "Joan New", "email": "joan.new@shop.example.com"}
PREPROVISION = {"elasticpath": {"allow_preprovision": "yes"}}
CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def folder(m, place="accounts/"):
    return m.path / f"elasticpath/{place}new"


def make(path, document, **rest):
    """Write a new file as a shell does; how each step ended."""
    text = document if isinstance(document, (str, bytes)) else text_of(document)
    return save(path, text, flags=CREATE, **rest)


def made(box, before):
    """The accounts that the store has now, and had not BEFORE."""
    old = {one["id"] for one in before}
    return [one for one in companies(box) if one["id"] not in old]


def is_draft(path, text):
    """PATH holds TEXT, and is nobody else's business."""
    info = path.lstat()
    assert info.st_mode == 0o100600 and info.st_size == len(text.encode())
    assert path.read_text() == text
    assert path.name in os.listdir(path.parent)


# ---- accepted ----

@pytest.mark.parametrize("profile", PROFILES)
def test_cp(ep, profile):
    m = ep(profile)
    box = m.sandbox
    assert os.listdir(folder(m)) == [] and folder(m).stat().st_mode & 0o7777 == 0o700
    before = companies(box)
    m.sh("ls elasticpath/accounts").ok()
    box.reset()
    put(m, "elasticpath/accounts/new/acme.json", ACME).ok()
    one, = made(box, before)
    assert {**one, **ACME} == one
    counts = box.counts()
    assert counts[POST] == 1 and counts.get(PUT, 0) == 0 and asked(box) <= 2
    assert body_of(journal(box, "POST")[0]) == {"type": "account", **ACME}
    path = folder(m) / "acme.json"
    assert os.readlink(path) == f"../{one['id']}/account.json"
    assert path.lstat().st_mode == 0o120777 and os.listdir(path.parent) == ["acme.json"]
    assert path.read_text() == text_of(one)
    box.reset()
    assert one["id"] in os.listdir(m.path / "elasticpath/accounts")
    assert (m.path / f"elasticpath/accounts/{one['id']}/account.json").read_text() == text_of(one)
    assert asked(box) <= 1
    assert os.listdir(m.path / f"elasticpath/accounts/{one['id']}/members") == []
    assert one["id"] in m.log()
    m.sh("ls -lR elasticpath/accounts; readlink elasticpath/accounts/new/acme.json").ok()
    # what it is now can be changed through either name
    assert save(path, '{"name": "Acme again"}') == GOOD
    assert [account["name"] for account in made(box, before)] == ["Acme again"]
    assert box.counts()[PUT] == 1 and box.counts().get(POST, 0) == 0
    assert link(m, one["id"], person(box, 20)) == "ok"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_copy_of_another(ep, profile):
    """What the system assigns is left out of the POST."""
    m = ep(profile)
    box = m.sandbox
    before = companies(box)
    document = m.sh(f"cat elasticpath/accounts/{before[0]['id']}/account.json").ok().json()
    assert {"id", "meta", "links", "credit_limit"} <= set(document)
    assert make(folder(m) / "copy.json", {**document, **ACME}) == GOOD
    one, = made(box, before)
    assert not {"id", "meta", "links", "relationships"} & set(body_of(journal(box, "POST")[0]))
    assert one["credit_limit"] == document["credit_limit"] and one["name"] == "Acme É"
    assert box.counts().get(PUT, 0) == 0


@pytest.mark.parametrize("command", [
    "cat {} > new/x.json", "dd if={} of=new/x.json bs=5 2>/dev/null", "tee new/x.json < {} >/dev/null",
    "cp {} new/x.json", "mv {} new/x.json", "install -m 600 {} new/x.json",
    "(cat {}; echo; echo) > new/x.json", "cp {} new/x.tmp && mv new/x.tmp new/x.json", "rsync {} new/x.json",
    "while read -r line; do echo \"$line\"; done < {} > new/x.json",
    "jq . < {} > new/.x && mv new/.x new/x.json", "cat {} | sponge new/x.json",
    "python3 -c 'open(\"new/x.json\", \"x\").write(open(\"{}\").read())'"])
def test_tools(ep, command):
    m = ep("guide")
    box = m.sandbox
    before = companies(box)
    source = m.folder / "document.json"
    source.write_text(text_of(ACME))
    m.sh(f"cd elasticpath/accounts && {command.replace('{}', str(source))}").ok()
    one, = made(box, before)
    assert box.counts()[POST] == 1 and len(sent(box)) == 1
    assert os.readlink(folder(m) / "x.json") == f"../{one['id']}/account.json"
    assert os.listdir(folder(m)) == ["x.json"]


def test_the_write_that_completes_it(ep):
    """The name is a link while the writer still has its file open; what follows is nothing new."""
    m = ep("documents")
    text = text_of(ACME)
    path = folder(m) / "x.json"
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    for at in range(0, len(text.encode()), 9):
        assert m.sandbox.counts().get(POST, 0) == 0
        os.write(file, text.encode()[at:at + 9])
    assert m.sandbox.counts()[POST] == 1
    assert os.readlink(path).endswith("/account.json")
    assert m.sh("readlink elasticpath/accounts/new/x.json").ok().out.endswith("/account.json\n")
    os.write(file, b"\n")
    os.fsync(file)
    os.close(file)
    assert m.sandbox.counts()[POST] == 1 and len(sent(m.sandbox)) == 1


def test_many_at_once(ep):
    m = ep("documents", {"rosterfs": {"status_limit": 1}}, box={"latency": 5})
    before = companies(m.sandbox)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda number: make(folder(m) / f"{number}.json", {"name": f"N{number}"}),
                                range(8))) == [GOOD] * 8
    assert sorted(one["name"] for one in made(m.sandbox, before)) == [f"N{number}" for number in range(8)]
    for number in range(8):
        assert json.loads((folder(m) / f"{number}.json").read_text())["name"] == f"N{number}"


def test_each_new_has_its_own_drafts(ep):
    m = ep("guide", PREPROVISION)
    realm = m.sandbox.control("GET", "elasticpath/realms")[0]["id"]
    places = ["accounts/", "realms/", f"realms/{realm}/oidc-profiles/", ""]
    for place in places:
        (folder(m, place) / "notes.txt").write_text(f"of {place}")
    for place in places:
        assert (folder(m, place) / "notes.txt").read_text() == f"of {place}"
        assert os.listdir(folder(m, place)) == ["notes.txt"]
    assert not sent(m.sandbox)


# ---- refused ----

@pytest.mark.parametrize("profile", PROFILES)
def test_refused_by_the_vendor(ep, profile):
    m = ep(profile)
    box = m.sandbox
    before = companies(box)
    path = folder(m) / "acme.json"
    for change, error, words in (({"registration_id": before[0]["registration_id"]}, "EEXIST", "registration_id"),
                                 ({"legal_name": 7}, "EINVAL", "legal_name"),
                                 ({"parent_id": "nobody"}, "EINVAL", "parent_id")):
        box.reset()
        text = text_of({**ACME, **change})
        assert make(path, text) == refused(error), change
        assert box.counts()[POST] == 1 and len(sent(box)) == 1
        line = last_line(m, error)
        assert "elasticpath/accounts/new/acme.json" in line and words in line
        is_draft(path, text)
    result = m.sh(f"cp {m.folder / 'no.json'} elasticpath/accounts/new/b.json")
    assert result.code != 0
    # mended and saved again
    put(m, "elasticpath/accounts/new/acme.json", ACME).ok()
    one, = made(box, before)
    assert os.readlink(path) == f"../{one['id']}/account.json"


@pytest.mark.parametrize("code, error", [(400, "EINVAL"), (401, "EKEYREJECTED"), (403, "EACCES"), (404, "ENOENT"),
                                           (409, "EEXIST"), (412, "ESTALE"), (422, "EINVAL"), (429, "EBUSY")])
def test_status_codes(ep, code, error):
    m = ep("documents", QUICK)
    before = companies(m.sandbox)
    path = folder(m) / "acme.json"
    m.sandbox.fault(fault="status", status=code, method="POST", path="/v2/accounts", times=-1)
    assert make(path, ACME) == refused(error)
    assert m.sandbox.counts()[POST] == (2 if code == 401 else 1)
    assert "POST /v2/accounts" in last_line(m, error)
    is_draft(path, text_of(ACME))
    # cp says so
    result = put(m, "elasticpath/accounts/new/b.json", ACME)
    assert result.code != 0 and "b.json" in result.err
    m.sandbox.clear_faults()
    assert make(path, ACME) == GOOD
    assert len(made(m.sandbox, before)) == 1


@pytest.mark.parametrize("text", ["{ half", '{"name": "a"', "[]", '"text"', "7", "null", '{"name": "a"} x',
                                  '{"name": "a", "name": "b"}', "hello", '{"name": "\x00"}'])
def test_no_document(ep, text):
    """Nothing is sent, and what was written is there to be mended."""
    m = ep("guide")
    path = folder(m) / "x.json"
    result = make(path, text)
    assert result.close == "EINVAL"
    assert not sent(m.sandbox)
    assert "accounts/new/x.json" in last_line(m, "EINVAL")
    is_draft(path, text)
    assert make(path, ACME) == GOOD


def test_no_document_in_pieces(ep):
    """The piece that showed it is kept as well, once, also where stdio writes it again at its end."""
    m = ep("guide")
    path = folder(m) / "x.json"
    text = '{"name": "Acme", "legal_name": "Acme"}, and more'
    assert make(path, text, chunk=12).write == "EINVAL"
    kept = path.read_text()
    assert text.startswith(kept) and len(kept) % 12 == 0 and '"}, ' in kept
    script = f"f = open({str(folder(m) / 'y.json')!r}, 'w'); f.write({text!r}); f.close()"
    assert m.sh(f"python3 -c {shlex.quote(script)}").code != 0
    is_draft(folder(m) / "y.json", text)
    assert not sent(m.sandbox)


def test_half_a_document_and_then_the_rest(ep):
    m = ep("guide")
    path, text = folder(m) / "x.json", text_of(ACME)
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.write(file, text[:20].encode())
    assert fails(os.close, file) == "EINVAL"
    is_draft(path, text[:20])
    assert not sent(m.sandbox)
    (m.folder / "rest").write_text(text[20:])
    m.sh(f"cat {m.folder}/rest >> elasticpath/accounts/new/x.json").ok()
    assert os.readlink(path).endswith("/account.json")
    assert m.sandbox.counts()[POST] == 1


def test_an_empty_draft(ep):
    """touch makes one, as editors and mktemp do; nothing is sent until there is something."""
    m = ep("guide")
    path = folder(m) / "x.json"
    m.sh("cd elasticpath/accounts/new; touch x.json && ls -l && cat x.json").ok()
    is_draft(path, "")
    assert not sent(m.sandbox)
    assert make(path, ACME) == GOOD and m.sandbox.counts()[POST] == 1


def test_too_large(ep):
    m = ep("guide")
    assert "EFBIG" in make(folder(m) / "x.json", {"name": "x" * (1 << 20)}, chunk=1 << 17)
    assert not sent(m.sandbox)


def test_a_record_must_have_what_each_has(ep):
    m = ep("guide")
    path = folder(m) / "x.json"
    assert "EINVAL" in make(path, {"legal_name": "Nobody"})
    is_draft(path, text_of({"legal_name": "Nobody"}))
    assert make(path, {**ACME, "name": "Now"}) == GOOD


# ---- drafts and scratch files ----

@pytest.mark.parametrize("name", [".acme.json", "#acme.json", "#acme.json#", "acme.json~", "acme.txt", "acme",
                                  ".acme.json.swp", ".acme.json.Xa93bd", "4913", "acme.json.tmp"])
def test_names_that_never_post(ep, name):
    m = ep("documents")
    box = m.sandbox
    before = companies(box)
    path, target = folder(m) / name, folder(m) / "acme.json"
    assert make(path, ACME) == GOOD
    assert make(path, "{ half of nothing") == GOOD
    assert path.read_text() == "{ half of nothing"
    is_draft(path, "{ half of nothing")
    assert not sent(box)
    os.unlink(path)
    assert fails(path.lstat) == "ENOENT" and os.listdir(folder(m)) == []
    # renamed onto a name that posts, it is a save
    assert make(path, ACME) == GOOD
    os.rename(path, target)
    one, = made(box, before)
    assert os.readlink(target) == f"../{one['id']}/account.json"
    assert os.listdir(folder(m)) == ["acme.json"] and box.counts()[POST] == 1


def test_a_rename_that_is_refused(ep):
    m = ep("documents")
    box = m.sandbox
    before = companies(box)
    path, target = folder(m) / "acme.tmp", folder(m) / "acme.json"
    for document, error in (({**ACME, "registration_id": before[0]["registration_id"]}, "EEXIST"),
                            ({**ACME, "legal_name": 7}, "EINVAL"), ("{ half", "EINVAL"), ("", "EINVAL")):
        text = document if isinstance(document, str) else text_of(document)
        path.write_text(text)
        assert fails(os.rename, path, target) == error
        is_draft(path, text)
        assert not target.is_symlink()
    path.write_text(text_of(ACME))
    os.rename(path, target)
    assert len(made(box, before)) == 1 and target.is_symlink()
    # a link is no place for another one
    path.write_text(text_of({**ACME, "registration_id": None}))
    assert fails(os.rename, path, target) == "EPERM"
    is_draft(path, path.read_text())
    assert len(made(box, before)) == 1
    # scratch onto scratch, and a draft's other name
    os.rename(path, folder(m) / "other.tmp")
    assert sorted(os.listdir(folder(m))) == ["acme.json", "other.tmp"]


def test_removing(ep):
    m = ep("documents", {"elasticpath": {"allow_delete": "yes"}})
    box = m.sandbox
    before = companies(box)
    path = folder(m) / "x.json"
    assert make(path, {**ACME, "name": ""}) == refused("EINVAL")
    os.unlink(path)
    assert fails(path.lstat) == "ENOENT" and os.listdir(folder(m)) == []
    assert fails(os.unlink, path) == "ENOENT"
    # to remove the link of one that was made is not to remove what was made
    assert make(path, ACME) == GOOD
    box.reset()
    m.sh("rm -f elasticpath/accounts/new/x.json; rm -rf elasticpath/accounts/new")
    assert not sent(box) and len(made(box, before)) == 1
    assert made(box, before)[0]["id"] in os.listdir(m.path / "elasticpath/accounts")


def test_a_name_that_is_free_again(ep):
    m = ep("documents")
    before = companies(m.sandbox)
    path = folder(m) / "x.json"
    assert make(path, ACME) == GOOD
    os.unlink(path)
    assert fails(path.lstat) == "ENOENT"
    assert make(path, {"name": "Second"}) == GOOD
    assert sorted(one["name"] for one in made(m.sandbox, before)) == ["Acme É", "Second"]
    assert json.loads(path.read_text())["name"] == "Second"


def test_scratch_files_are_files(ep):
    """Written in the middle, appended to, truncated, renamed while open: as anywhere else."""
    m = ep("guide")
    path, other = folder(m) / "notes.txt", folder(m) / "other.txt"
    path.write_text("first line\n")
    with open(path, "a", encoding="utf-8") as file:
        file.write("second line\n")
    assert path.read_text() == "first line\nsecond line\n"
    with open(path, "r+", encoding="utf-8") as file:
        file.seek(6)
        file.write("LINE")
        file.seek(0)
        assert file.read() == "first LINE\nsecond line\n"
        file.truncate(11)
    assert path.read_text() == "first LINE\n"
    os.rename(path, other)
    assert other.read_text() == "first LINE\n" and fails(path.lstat) == "ENOENT"
    with open(other, "a", encoding="utf-8") as file:
        file.write("third\n")
    assert other.read_text() == "first LINE\nthird\n" and os.listdir(folder(m)) == ["other.txt"]
    assert other.stat().st_size == 17
    m.sh("cd elasticpath/accounts/new; sed -i s/third/fourth/ other.txt; cp -p other.txt copy.txt;"
         "cmp other.txt copy.txt; touch -d 2020-01-01 copy.txt; chmod 644 copy.txt; rm copy.txt").ok()
    assert other.read_text() == "first LINE\nfourth\n" and os.listdir(folder(m)) == ["other.txt"]
    assert not sent(m.sandbox)


def test_a_draft_mended_in_place(ep):
    m = ep("guide")
    before = companies(m.sandbox)
    path = folder(m) / "x.json"
    assert make(path, {**ACME, "name": ""}) == refused("EINVAL")
    m.sh("sed -i 's/\"name\": \"\"/\"name\": \"By sed\"/' elasticpath/accounts/new/x.json").ok()
    assert [one["name"] for one in made(m.sandbox, before)] == ["By sed"] and path.is_symlink()
    other = folder(m) / "y.json"
    text = text_of({"name": ""})
    assert make(other, text) == refused("EINVAL")
    with open(other, "r+", encoding="utf-8") as file:
        assert file.read() == text
        file.seek(0)
        file.truncate()
        file.write(text_of({"name": "By hand"}))
    assert "By hand" in [one["name"] for one in made(m.sandbox, before)] and other.is_symlink()
    assert m.sandbox.counts()[POST] == 4


def test_what_does_not_fit_into_new(ep):
    m = ep("documents")
    box = m.sandbox
    account = m.path / f"elasticpath/accounts/{companies(box)[0]['id']}/account.json"
    member = m.path / f"elasticpath/{person(box, 5)}.json"
    draft = folder(m) / "x.txt"
    draft.write_text("text")
    m.sh("ls -lR elasticpath").ok()
    box.reset()
    assert fails(os.mkdir, folder(m) / "x") == "EPERM"
    assert fails(os.mkfifo, folder(m) / "fifo") == "EPERM"
    assert fails(os.rename, account, folder(m) / "y.json") == "EPERM"
    assert fails(os.rename, member, folder(m) / "y.json") == "EPERM"
    assert fails(os.rename, draft, account) == "EPERM"
    assert fails(os.rename, draft, member) == "EPERM"
    assert fails(os.rename, draft, m.path / "elasticpath/accounts/x.json") == "EPERM"
    assert fails(os.rename, draft, folder(m, "realms/") / "x.json") == "EPERM"
    assert draft.read_text() == "text" and not sent(box)


def test_scratch_limit(ep):
    m = ep("documents", {"rosterfs": {"scratch_limit": "256K"}})
    small, large = folder(m) / "small", folder(m, "realms/") / "large"
    assert make(small, "x" * 100000) == GOOD
    assert "ENOSPC" in make(large, "y" * 200000)
    assert small.read_text() == "x" * 100000
    os.unlink(small)
    if large.exists():
        os.unlink(large)
    assert make(large, "y" * 200000) == GOOD
    assert not sent(m.sandbox)


def test_unmounting_with_drafts(ep, mount):
    m = ep("documents")
    assert make(folder(m) / "x.json", "{ half").close == "EINVAL"
    assert make(folder(m) / "y.tmp", "text") == GOOD
    assert make(folder(m) / "z.json", ACME) == GOOD
    assert m.unmount().code == 0
    assert m.wait() == 0
    # they lived as long as the mount
    again = mount(m.sandbox)
    assert os.listdir(folder(again)) == []
    assert m.sandbox.counts()[POST] == 1


# ---- answers that are lost ----

@pytest.mark.parametrize("fault, applied", [("drop_after", True), ("html_after", True), ("empty_after", True),
                                            ("not_json_after", True), ("status_after", True), ("truncate", True),
                                            ("drop", False), ("stall", False), ("status", False)])
def test_a_lost_answer(ep, fault, applied):
    """An account has no email to look up: it is not sent again, and the words say where to look."""
    m = ep("documents", {"elasticpath": {"timeout": 1, "retry_budget": 2}})
    box = m.sandbox
    before = companies(box)
    m.sh("ls elasticpath/accounts").ok()
    extra = {"status": 502} if "status" in fault else {}
    box.fault(fault=fault, method="POST", path="/v2/accounts", times=-1, **extra)
    path = folder(m) / "acme.json"
    result = make(path, ACME)
    assert result.write == result.fsync == result.close != "ok"
    assert result.write not in ("EEXIST", "ENOENT", "EINVAL", "EPERM"), "that would mean: it was not made"
    assert box.counts()[POST] == 1 and len(sent(box)) == 1
    assert "may have been made" in last_line(m, "accounts/new/acme.json")
    is_draft(path, text_of(ACME))
    box.clear_faults()
    # it is shown if it is there
    assert len(made(box, before)) == applied
    assert {one["id"] for one in companies(box)} | {"new"} == set(os.listdir(m.path / "elasticpath/accounts"))


@pytest.mark.parametrize("fault", ["drop_after", "html_after", "empty_after", "status_after", "truncate",
                                   "stall_after"])
def test_a_lost_answer_of_a_member(ep, fault):
    """The email tells."""
    m = ep("documents", {"elasticpath": {**PREPROVISION["elasticpath"], "timeout": 1, "retry_budget": 2}})
    box = m.sandbox
    extra = {"status": 502} if "status" in fault else {}
    box.fault(fault=fault, method="POST", path=INFOS, times=-1, **extra)
    path = folder(m, "") / "joan.json"
    assert make(path, JOAN) == GOOD
    box.clear_faults()
    assert box.counts()[POST_INFO] == 1
    one, = [member for member in people(box) if member["email"] == JOAN["email"]]
    assert os.readlink(path) == f"../{one['id']}.json"
    assert path.read_text() == text_of(one)


@pytest.mark.parametrize("fault", ["drop", "stall", "status"])
def test_a_member_that_was_not_made(ep, fault):
    """Somebody who has had that email for long is not the one."""
    m = ep("documents", {"elasticpath": {**PREPROVISION["elasticpath"], "timeout": 1, "retry_budget": 0, "lag": 0}})
    box = m.sandbox
    realm = box.control("GET", "elasticpath/realms")[0]["id"]
    box.control("PATCH", f"elasticpath/realms/{realm}", {"duplicate_email_policy": "allowed"})
    old = people(box)[6]
    extra = {"status": 500} if "status" in fault else {}
    path = folder(m, "") / "joan.json"
    for document in (JOAN, {**JOAN, "email": old["email"]}):
        box.clear_faults()
        box.reset()
        box.fault(fault=fault, method="POST", path=INFOS, times=-1, **extra)
        result = make(path, document)
        assert "ok" not in result and result.write not in ("EEXIST", "ENOENT", "EINVAL"), result
        assert box.counts()[POST_INFO] == 1 and len(sent(box)) == 1
        is_draft(path, text_of(document))
    box.clear_faults()
    assert len([one for one in people(box) if one["email"] == old["email"]]) == 1
    assert make(path, JOAN) == GOOD


@pytest.mark.parametrize("fault", ["stall", "stall_after"])
def test_whoever_waits_is_freed(ep, fault):
    m = ep("documents")
    box = m.sandbox
    before = companies(box)
    box.fault(fault=fault, method="POST", path="/v2/accounts", times=-1)
    source = m.folder / "source.json"
    source.write_text(text_of(ACME))
    writer = m.spawn(f"exec cp {source} elasticpath/accounts/new/acme.json")
    box.wait_held("POST", "/v2/accounts")
    # nobody else waits for it
    m.sh("cd elasticpath/accounts; ls . new; cat */account.json", timeout=5).ok()
    assert writer.kill(signal.SIGKILL) < harness.AT_ONCE
    box.clear_faults()
    # it is made all the same, and shown
    harness.wait_until(lambda: last_line(m, "interrupted"), 10 * harness.SCALE, "words in the log")
    new, = made(box, before)
    assert f"made, with id {new['id']} (its caller was interrupted)" in last_line(m, "interrupted")
    path = folder(m) / "acme.json"
    harness.wait_until(path.is_symlink, 10 * harness.SCALE, "the link")
    assert json.loads(path.read_text())["name"] == ACME["name"]
    assert new["id"] in os.listdir(m.path / "elasticpath/accounts")
    assert len(sent(box)) == 1


@pytest.mark.parametrize("command", ["cp", "cp ; mv"])
def test_one_post_at_a_time(ep, command):
    """Who saves a draft again, while what was interrupted goes on, does not make a second record."""
    m = ep("documents")
    box = m.sandbox
    before = companies(box)
    box.fault(fault="stall", method="POST", path="/v2/accounts")
    source = m.folder / "source.json"
    source.write_text(text_of({"name": "Acme"}))
    first = m.spawn(f"exec cp {source} elasticpath/accounts/new/acme.json")
    box.wait_held("POST", "/v2/accounts")
    assert first.kill(signal.SIGINT) < harness.AT_ONCE
    if command == "cp":
        second = m.spawn(f"exec cp {source} elasticpath/accounts/new/acme.json")
    else:
        m.sh(f"cp {source} elasticpath/accounts/new/draft~").ok()
        second = m.spawn("cd elasticpath/accounts/new && exec mv draft~ acme.json")
    harness.wait_for_sleepers([second])
    box.clear_faults()
    result = second.finish()
    assert result.code != 0 and "not permitted" in result.err
    new, = made(box, before)
    # mv may hear of it before it asks
    told = last_line(m, "EPERM")
    assert f"already created, as record {new['id']}" in told or (command != "cp" and "the file exists" in told)
    assert len(sent(box)) == 1 and (folder(m) / "acme.json").is_symlink()


def test_who_waited_in_vain(ep):
    """No answer came in time: who is made all the same is seen at the next look."""
    m = ep("documents", {"elasticpath": {"timeout": 1, "lag": 0, **PREPROVISION["elasticpath"]}})
    box = m.sandbox
    os.listdir(m.path / "elasticpath/by-email")
    box.fault(fault="stall", method="POST", path=INFOS, times=-1)
    result = make(folder(m, "") / "joan.json", JOAN)
    assert result.write == "ETIMEDOUT"
    told = last_line(m, "ETIMEDOUT")
    assert "nobody has that email now; the vendor may still be processing it" in told
    box.control("POST", "elasticpath/members", {"id": "joan", **JOAN})
    assert JOAN["email"] + ".json" in os.listdir(m.path / "elasticpath/by-email")


def test_an_expired_token(ep):
    m = ep("documents")
    before = companies(m.sandbox)
    m.sandbox.fault(fault="expire_tokens", method="POST", path="/v2/accounts")
    assert make(folder(m) / "x.json", ACME) == GOOD
    assert len(made(m.sandbox, before)) == 1 and m.sandbox.counts()[TOKEN] == 2


# ---- realms and OIDC profiles ----

REALM = {"name": "Our realm", "redirect_uris": ["https://a.example.com/"], "duplicate_email_policy": "allowed"}
IDP = {"name": "Ping", "discovery_url": "https://ping.example.com/.well-known/openid-configuration",
       "client_id": "ping-1", "client_secret": SECRET}


def test_a_realm_guide(ep):
    m = ep("guide")
    box = m.sandbox
    before = {one["id"] for one in box.control("GET", "elasticpath/realms")}
    put(m, "elasticpath/realms/new/ours.json", REALM).ok()
    one, = [realm for realm in box.control("GET", "elasticpath/realms") if realm["id"] not in before]
    assert {**one, **REALM} == one and len(sent(box)) == 1
    assert os.readlink(folder(m, "realms/") / "ours.json") == f"../{one['id']}/realm.json"
    assert one["id"] in os.listdir(m.path / "elasticpath/realms")
    assert os.listdir(m.path / f"elasticpath/realms/{one['id']}/oidc-profiles") == ["new"]
    # and what belongs to it is made below it
    place = folder(m, f"realms/{one['id']}/oidc-profiles/")
    assert make(place / "ping.json", IDP) == GOOD
    profile = os.readlink(place / "ping.json")
    assert json.loads((place.parent / profile[3:]).read_text())["name"] == "Ping"


def test_a_realm_documents(ep):
    m = ep("documents")
    path = folder(m, "realms/") / "ours.json"
    assert make(path, REALM) == refused(NOT_OFFERED)
    assert "realms/new/ours.json" in last_line(m, NOT_OFFERED_LOGGED) and "405" in last_line(m, NOT_OFFERED_LOGGED)
    is_draft(path, text_of(REALM))
    assert len(m.sandbox.control("GET", "elasticpath/realms")) == 3
    m.sandbox.fault(fault="status", status=404, method="POST", path="/v2/authentication-realms")
    assert make(path, REALM) == refused(NOT_OFFERED)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile(ep, profile):
    m = ep(profile)
    box = m.sandbox
    realm = box.control("GET", "elasticpath/realms")[0]["id"]
    place = folder(m, f"realms/{realm}/oidc-profiles/")
    before = {one["id"] for one in box.control("GET", "elasticpath/oidc-profiles")}
    path = place / "ping.json"
    without = {key: value for key, value in IDP.items() if key != "client_secret"}
    assert "EINVAL" in make(path, without)
    assert not sent(box) and "client_secret" in last_line(m, "EINVAL")
    assert "EINVAL" in make(path, {**IDP, "discovery_url": 7})
    is_draft(path, text_of({**IDP, "discovery_url": 7}))  # with the secret, for its owner
    os.unlink(path)
    box.reset()
    assert make(path, IDP) == GOOD
    one, = [idp for idp in box.control("GET", "elasticpath/oidc-profiles") if idp["id"] not in before]
    assert {**one, **without} == one
    assert box.control("GET", f"elasticpath/oidc-profiles/{one['id']}")["_secret_changes"] == 1
    assert len(sent(box)) == 1 and body_of(journal(box, "POST")[0])["client_secret"] == "(set)"
    assert os.readlink(path) == f"../{one['id']}.json" and path.read_text() == text_of(one)
    assert one["id"] + ".json" in os.listdir(place.parent)
    clean(m, "QUARTZ")


def test_a_refused_secret_stands_in_its_draft_only(ep):
    m = ep("documents", QUICK, options=["-d"])
    realm = m.sandbox.control("GET", "elasticpath/realms")[0]["id"]
    place = folder(m, f"realms/{realm}/oidc-profiles/")
    words = json.dumps({"errors": [{"title": "No", "detail": f"{SECRET} is too simple"}]})
    for code in (400, 422, 500):
        m.sandbox.fault(fault="status", status=code, method="POST", path="/v2/authentication-realms/*", body=words)
        assert "ok" not in make(place / "x.json", IDP)
    assert "is too simple" in m.log()
    assert make(place / "y.json", '{"client_secret": "' + SECRET + '",').close == "EINVAL"
    for name in ("x.json", "y.json"):
        assert (place / name).stat().st_mode == 0o100600
        assert SECRET in (place / name).read_text()
        os.unlink(place / name)
    clean(m, "QUARTZ")


# ---- members ----

@pytest.mark.parametrize("profile", PROFILES)
def test_members_are_not_made(ep, profile):
    m = ep(profile)
    assert "new" not in os.listdir(m.path / "elasticpath")
    for name in ("joan.json", "x.json", person(m.sandbox, 5)[:-1] + "x.json"):
        m.sandbox.reset()
        assert fails(os.open, m.path / f"elasticpath/{name}", CREATE) == NOT_OFFERED
        line = last_line(m, NOT_OFFERED_LOGGED)
        assert f"elasticpath/{name}" in line and "sign" in line and "allow_preprovision" in line
    result = put(m, "elasticpath/joan.json", JOAN)
    assert result.code != 0 and "not supported" in result.err
    assert m.sh("mkdir elasticpath/new").code != 0
    assert put(m, "elasticpath/new/joan.json", JOAN).code != 0
    assert not sent(m.sandbox)


def test_allow_preprovision_is_yes_or_no(mount, sandbox):
    with pytest.raises(harness.MountFailed, match="allow_preprovision"):
        mount(sandbox(users=1, vendors="partnerize,elasticpath"), {"elasticpath": {"allow_preprovision": "maybe"}})


def name_realm(box):
    """The guide's settings name no realm; a store's may all the same."""
    realm = box.control("GET", "elasticpath/realms")[0]["id"]
    box.control("PATCH", "elasticpath/settings", {"relationships": {"authentication_realm": {
        "data": {"id": realm, "type": "authentication-realm"}}}})
    return realm


@pytest.mark.parametrize("profile", PROFILES)
def test_preprovision(ep, profile):
    m = ep(profile, PREPROVISION)
    box = m.sandbox
    realm = name_realm(box)
    assert "new" in os.listdir(m.path / "elasticpath") and folder(m, "").stat().st_mode & 0o7777 == 0o700
    m.sh("ls -l elasticpath; cat elasticpath/*.status").ok()
    box.reset()
    put(m, "elasticpath/new/joan.json", JOAN).ok()
    one, = [member for member in people(box) if member["email"] == JOAN["email"]]
    entry, = journal(box, "POST")
    assert entry["path"] == f"/v2/authentication-realms/{realm}/user-authentication-info"
    assert body_of(entry) == {"type": "user_authentication_info", **JOAN}
    assert len(sent(box)) == 1
    path = folder(m, "") / "joan.json"
    assert os.readlink(path) == f"../{one['id']}.json" and path.read_text() == text_of(one)
    assert {one["id"] + ".json", one["id"] + ".status"} <= set(os.listdir(m.path / "elasticpath"))
    assert status(m, one["id"]) == "inactive\n"
    # the guide's warning
    assert "elasticpath/new/joan.json" in last_line(m, "orphaned")
    # a new buyer, all the way
    account = companies(box)[0]["id"]
    assert link(m, account, one["id"]) == "ok" and status(m, one["id"]) == "active\n"
    assert accounts_of(box, one["id"]) == [account] and os.path.lexists(link_path(m, account, one["id"]))
    # beside new/ there is still nothing to be made
    assert fails(os.open, m.path / "elasticpath/x.json", CREATE) == NOT_OFFERED


def test_preprovision_with_more_fields(ep):
    """What the POST does not take, one PUT sets."""
    m = ep("documents", PREPROVISION)
    box = m.sandbox
    two = json.loads((m.path / f"elasticpath/{person(box, 2)}.json").read_text())
    document = {**two, **JOAN, "given_name": "Joan", "loyalty_tier": "silver"}
    assert make(folder(m, "") / "joan.json", document) == GOOD
    one, = [member for member in people(box) if member["email"] == JOAN["email"]]
    assert (one["name"], one["given_name"], one["loyalty_tier"]) == (JOAN["name"], "Joan", "silver")
    assert one["preferences"] == two["preferences"] and one["id"] != two["id"]
    assert box.counts()[POST_INFO] == 1
    assert box.counts()["PUT /v2/account-members/{id}"] == 1
    assert json.loads((folder(m, "") / "joan.json").read_text()) == one


def test_preprovision_with_a_part_that_fails(ep):
    """Made, but not as written: the words say so, and it is not made again."""
    m = ep("documents", {"elasticpath": {**PREPROVISION["elasticpath"], "retry_budget": 0}})
    box = m.sandbox
    box.fault(fault="status", status=403, method="PUT", path="/v2/account-members/*", times=-1)
    result = make(folder(m, "") / "joan.json", {**JOAN, "loyalty_tier": "silver"})
    assert "EACCES" in result
    one, = [member for member in people(box) if member["email"] == JOAN["email"]]
    assert f"made, with id {one['id']}" in m.log()
    assert one["id"] in last_line(m, "EACCES")
    assert box.counts()[POST_INFO] == 1
    assert one["id"] + ".json" in os.listdir(m.path / "elasticpath")


@pytest.mark.parametrize("profile, error", [("guide", "EEXIST"), ("documents", "EINVAL")])
def test_preprovision_taken(ep, profile, error):
    m = ep(profile, PREPROVISION)
    box = m.sandbox
    name_realm(box)
    taken = people(box)[6]["email"]
    path = folder(m, "") / "joan.json"
    assert make(path, {**JOAN, "email": taken}) == refused(error)
    assert "already exists" in last_line(m, error)
    is_draft(path, text_of({**JOAN, "email": taken}))
    assert make(path, {**JOAN, "email": "no address"}) == refused("EINVAL")
    assert make(path, JOAN) == GOOD


def test_preprovision_without_a_realm(ep):
    m = ep("guide", PREPROVISION)
    path = folder(m, "") / "joan.json"
    result = make(path, JOAN)
    assert result == refused(NOT_OFFERED)
    assert "realm" in last_line(m, NOT_OFFERED_LOGGED)
    assert not sent(m.sandbox)
    is_draft(path, text_of(JOAN))


# ---- without writing ----

@pytest.mark.parametrize("profile", PROFILES)
def test_dry_run(ep, profile):
    m = ep(profile, PREPROVISION, options=["-o", "dry_run"])
    box = m.sandbox
    name_realm(box)
    realm = box.control("GET", "elasticpath/realms")[0]["id"]
    places = [("accounts/", ACME), (f"realms/{realm}/oidc-profiles/", IDP), ("", JOAN), ("realms/", REALM)]
    for place, document in places:
        path = folder(m, place) / "x.json"
        assert make(path, document) == GOOD
        line = last_line(m, "dry run")
        assert "POST" in line and f"elasticpath/{place}new/x.json" in line
        assert not path.is_symlink()
    without = {key: value for key, value in IDP.items() if key != "client_secret"}
    assert "EINVAL" in make(folder(m, places[1][0]) / "y.json", without), "the checks are real"
    assert not sent(box)
    assert SECRET not in m.log()


def test_read_only(ep):
    m = ep("documents", PREPROVISION, options=["-o", "ro"])
    for place in ("accounts/", "realms/", ""):
        assert fails(os.listdir, folder(m, place)) in ("ok", "ENOENT")
        for name in ("x.json", "x.tmp"):
            assert fails(os.open, folder(m, place) / name, CREATE) == "EROFS"
    assert not sent(m.sandbox)


def test_a_failed_list_does_not_close_new(ep):
    """Drafts are this mount's own: a vendor that is away does not hide them."""
    m = ep("documents", QUICK)
    path = folder(m) / "x.json"
    m.sandbox.fault(fault="status", status=500, path="/v2/*", times=-1)
    assert make(folder(m) / "x.tmp", "text") == GOOD
    assert "EREMOTEIO" in make(path, ACME)
    assert sorted(os.listdir(folder(m))) == ["x.json", "x.tmp"]
    is_draft(path, text_of(ACME))
    m.sandbox.clear_faults()
    refresh(m)
    assert isinstance(make(path, ACME), Save) and path.is_symlink()
