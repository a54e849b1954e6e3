# SPDX-License-Identifier: Apache-2.0
""".rosterfs/history: what was there before and after each write, and a document that undoes it."""

import json
import os
import re

import pytest

from ep_store import (DELETABLE, PROFILES, accounts_of, clean, company, ep, fails, link, outside, person,
                   unlink, write)
from writes import (GOOD, PASSWORD, at_vendor, changed, edited, last_line, nowhere, put, read,
                     refresh, save, sent, text_of)

__all__ = ["ep"]  # the fixture

PARTS = ["after.json", "before.json", "undo.json"]


def past(m, number):
    """The directory of write NUMBER."""
    return m.path / f".rosterfs/history/{number}"


def numbers(m):
    return [int(name) for name in os.listdir(m.path / ".rosterfs/history") if name != "index"]


def part(m, number, name):
    return json.loads((past(m, number) / f"{name}.json").read_text(encoding="utf-8"))


def fields(undo):
    """What an undo document sets, without the name of its version."""
    return {key: value for key, value in undo.items() if key not in ("updated_at", "meta")}


def undo(m, number, name="partnerize/7.json"):
    return m.sh(f"cp .rosterfs/history/{number}/undo.json {name}")


@pytest.mark.parametrize("profile", ["guide", "documents"])
@pytest.mark.parametrize("answer", ["changed", "full", "empty"])
def test_an_edit(mount, sandbox, profile, answer):
    m = mount(sandbox(users=25, profile=profile, put_answer=answer))
    assert numbers(m) == []
    before = at_vendor(m.sandbox, 7)
    put(m, "partnerize/7.json", edited(read(m, "partnerize/7.json"), "firstname", "Jo é")).ok()
    assert numbers(m) == [1]
    assert sorted(os.listdir(past(m, 1))) == PARTS
    assert part(m, 1, "before")["firstname"] == before["firstname"]
    assert part(m, 1, "after") == read(m, "partnerize/7.json")
    assert fields(part(m, 1, "undo")) == {"firstname": before["firstname"]}
    m.sandbox.reset()
    undo(m, 1).ok()
    assert changed(before, at_vendor(m.sandbox, 7)) == set()
    assert len(sent(m.sandbox)) == 1 and m.sandbox.counts()["total"] <= 3
    # what was undone can be undone
    assert numbers(m) == [1, 2] and fields(part(m, 2, "undo")) == {"firstname": "Jo é"}
    undo(m, 2).ok()
    assert at_vendor(m.sandbox, 7)["firstname"] == "Jo é"
    # and what is so already is no write
    undo(m, 2).ok()
    assert numbers(m) == [1, 2, 3]


@pytest.mark.parametrize("reads", [True, False])
def test_several_in_one_second(mount, reads):
    """Stamps have seconds: the documents name their versions in another way."""
    m = mount()
    before = at_vendor(m.sandbox, 7)
    for name in ["A", "B", "C", "D"] if reads else ["A", "B", "A", "D"]:
        document = edited(read(m, "partnerize/7.json"), "firstname", name) if reads else {"firstname": name}
        put(m, "partnerize/7.json", document).ok()
    assert numbers(m) == [1, 2, 3, 4]
    for number in range(4, 0, -1):
        undo(m, number).ok()
        if reads:
            read(m, "partnerize/7.json")
    assert changed(before, at_vendor(m.sandbox, 7)) == set()
    # in another order there is a conflict, and nothing is sent
    m.sandbox.reset()
    result = undo(m, 1)
    assert result.code == 0 and not sent(m.sandbox)  # it shows the old value already
    assert undo(m, 4).code != 0 and not sent(m.sandbox)
    assert "ESTALE" in last_line(m, "partnerize/7.json")
    undo(m, 8).ok()
    assert at_vendor(m.sandbox, 7)["firstname"] == "A"


@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_a_status(mount, sandbox, profile):
    m = mount(sandbox(users=25, profile=profile))
    before = at_vendor(m.sandbox, 7)
    m.sh("cat partnerize/7.json; echo inactive > partnerize/7.status").ok()
    document = part(m, 1, "undo")
    assert fields(document) == {"status": "active"}
    assert part(m, 1, "before")["status"] == "active" and part(m, 1, "after")["status"] == "inactive"
    undo(m, 1).ok()
    assert changed(before, at_vendor(m.sandbox, 7)) == set()
    undo(m, 2).ok()
    assert at_vendor(m.sandbox, 7)["status"] == "inactive"
    undo(m, 3).ok()
    assert at_vendor(m.sandbox, 7)["status"] == "active"


def test_a_status_that_is_not_what_it_was(mount):
    """A document brings nobody back when it is not known to be from the newest version."""
    m = mount()
    m.sh("echo inactive > partnerize/7.status").ok()
    m.sandbox.patch(7, {"lastname": "Theirs"})
    result = undo(m, 1)
    assert result.code != 0 and len(sent(m.sandbox)) == 1
    assert "ESTALE" in last_line(m, "partnerize/7.json")
    assert m.sandbox.user(7)["status"] == "inactive"
    # without the version's name it is a document like any other
    bare = m.folder / "bare.json"
    bare.write_text('{"status": "active"}')
    assert m.sh(f"cp {bare} partnerize/7.json").code != 0
    assert m.sandbox.user(7)["status"] == "inactive"


def test_the_others_changes_stay(mount):
    m = mount()
    before = at_vendor(m.sandbox, 7)
    put(m, "partnerize/7.json", edited(read(m, "partnerize/7.json"), "firstname", "Ours")).ok()
    m.sandbox.patch(7, {"lastname": "Theirs"})
    refresh(m)
    undo(m, 1).ok()
    after = at_vendor(m.sandbox, 7)
    assert changed(before, after) == {"lastname"} and after["firstname"] == before["firstname"]
    # of the same field
    put(m, "partnerize/7.json", edited(read(m, "partnerize/7.json"), "firstname", "Ours again")).ok()
    m.sandbox.patch(7, {"firstname": "Theirs"})
    m.sandbox.reset()
    assert undo(m, 3).code != 0 and not sent(m.sandbox)
    assert m.sandbox.user(7)["firstname"] == "Theirs"


def test_by_other_ways(mount):
    """An editor's, a rename, a pipe: it is a document."""
    m = mount()
    before = at_vendor(m.sandbox, 7)
    ways = ["cat .rosterfs/history/{}/undo.json > partnerize/7.json",
            "cp .rosterfs/history/{}/undo.json partnerize/x.tmp && mv partnerize/x.tmp partnerize/7.json",
            "tee partnerize/7.json < .rosterfs/history/{}/undo.json",
            "rsync --inplace .rosterfs/history/{}/undo.json partnerize/7.json",
            "jq . .rosterfs/history/{}/undo.json | sponge partnerize/7.json"]
    for way in ways:
        put(m, "partnerize/7.json", edited(read(m, "partnerize/7.json"), "firstname", way[:20])).ok()
        m.sh(way.replace("{}", str(max(numbers(m))))).ok()
        assert changed(before, at_vendor(m.sandbox, 7)) == set(), way


def test_one_process_undoes_twice(mount):
    m = mount()
    before = at_vendor(m.sandbox, 7)
    path = m.path / "partnerize/7.json"
    for name in ("A", "B", "C"):
        assert save(path, edited_text(m, "firstname", name)) == GOOD
        assert save(path, (past(m, max(numbers(m))) / "undo.json").read_text()) == GOOD
        assert changed(before, at_vendor(m.sandbox, 7)) == set()


def edited_text(m, field, value):
    return text_of(edited(read(m, "partnerize/7.json"), field, value))


def test_kinds_of_values(mount):
    m = mount()
    m.sandbox.patch(7, {"address": {"city": "Ulm", "lines": ["a", "b"], "geo": {"x": 0.1}},
                        "tags": [1, 2], "locale": None, "big": 12345678901234567})
    before = at_vendor(m.sandbox, 7)
    document = read(m, "partnerize/7.json")
    document["address"] = {"city": "Köln", "lines": ["c"], "geo": {"x": 0.2, "y": 1}}
    document["tags"] = None
    document["locale"] = "de_DE"
    document["phone"] = {"home": "1"}
    put(m, "partnerize/7.json", document).ok()
    assert fields(part(m, 1, "undo")) == {
        "address": {"city": "Ulm", "lines": ["a", "b"], "geo": {"x": 0.1, "y": None}},
        "tags": [1, 2], "locale": None, "phone": None}
    undo(m, 1).ok()
    after = at_vendor(m.sandbox, 7)
    assert after["address"].pop("geo") in ({"x": 0.1}, {"x": 0.1, "y": None})
    before["address"].pop("geo")
    assert after.pop("phone", None) is None and after.pop("locale", None) is None
    assert changed(before, after) == set()


def test_what_was_normalised(mount):
    m = mount()
    before = at_vendor(m.sandbox, 7)
    m.sandbox.fault(fault="normalise", method="PUT")
    put(m, "partnerize/7.json", edited(read(m, "partnerize/7.json"), "firstname", "jo")).ok()
    assert part(m, 1, "after")["firstname"] == "JO"
    undo(m, 1).ok()
    assert changed(before, at_vendor(m.sandbox, 7)) == set()


def test_a_password(mount):
    m = mount()
    document = read(m, "partnerize/7.json")
    put(m, "partnerize/7.json", {**document, "password": PASSWORD}).ok()
    assert m.sandbox.user(7)["_password_changes"] == 1
    assert part(m, 1, "undo") is None and part(m, 1, "before") == document
    assert undo(m, 1).code != 0
    put(m, "partnerize/7.json", {**document, "password": PASSWORD, "firstname": "Jo"}).ok()
    assert fields(part(m, 2, "undo")) == {"firstname": document["firstname"]}
    nowhere(m)


def test_what_is_no_write(mount):
    m = mount(extra={"partnerize": {"retry_budget": 0}})
    document = read(m, "partnerize/7.json")
    put(m, "partnerize/7.json", document).ok()
    m.sh("echo active > partnerize/7.status").ok()
    assert put(m, "partnerize/7.json", {**document, "email": "no email"}).code != 0
    assert put(m, "partnerize/7.json", {**document, "user_id": "8"}).code != 0
    assert m.sh("echo inactive > partnerize/1.status; echo inactiv > partnerize/7.status").code != 0
    m.sandbox.fault(fault="not_applied", method="PUT")
    assert m.sh("echo inactive > partnerize/7.status").code != 0
    m.sandbox.fault(fault="status", status=503, method="PUT")
    assert m.sh("echo inactive > partnerize/7.status").code != 0
    assert numbers(m) == []
    # an answer that was lost was accepted all the same
    m.sandbox.fault(fault="drop_after", method="PUT")
    m.sh("echo inactive > partnerize/7.status").ok()
    assert numbers(m) == [1] and fields(part(m, 1, "undo")) == {"status": "active"}
    undo(m, 1).ok()


def test_dry_run(mount):
    m = mount(options=["-o", "dry_run"])
    m.sh("echo inactive > partnerize/7.status").ok()
    assert numbers(m) == [] and not sent(m.sandbox)


def test_of_another_record_or_mount(mount, sandbox):
    box = sandbox(users=25)
    m = mount(box)
    m.sh("echo inactive > partnerize/7.status; echo inactive > partnerize/8.status").ok()
    kept = m.folder / "undo.json"
    kept.write_text((past(m, 1) / "undo.json").read_text())
    m.sandbox.reset()
    assert undo(m, 1, "partnerize/8.json").code != 0
    assert "history" in last_line(m, "ESTALE") and not sent(box)
    assert undo(m, 1, "partnerize/new/x.json").code != 0
    assert m.unmount().code == 0
    m.wait()
    m = mount(box)
    m.sh("echo active > partnerize/8.status; echo inactive > partnerize/8.status").ok()
    m.sandbox.reset()
    assert m.sh(f"cp {kept} partnerize/7.json").code != 0 and not sent(box)
    assert box.user(7)["status"] == "inactive"


def test_the_tree(mount):
    m = mount()
    m.sh("for i in 7 8 9 11 12 13; do echo inactive > partnerize/$i.status; done").ok()
    folder = m.path / ".rosterfs/history"
    assert numbers(m) == [1, 2, 3, 4, 5, 6]
    for path in (folder, past(m, 3)):
        assert path.stat().st_mode == 0o040700 and path.stat().st_uid == os.getuid()
    for name in PARTS:
        info = (past(m, 3) / name).stat()
        assert info.st_mode == 0o100400
        assert info.st_size == len((past(m, 3) / name).read_bytes())
        assert info.st_mtime_ns == past(m, 3).stat().st_mtime_ns
    assert past(m, 1).stat().st_mtime <= folder.stat().st_mtime
    m.sandbox.reset()
    result = m.sh("ls -lR .rosterfs/history; cp -r .rosterfs/history $TMPDIR/; tar cf $TMPDIR/x.tar .rosterfs;"
                  " find .rosterfs -type f | xargs cat >/dev/null; grep -r inactive .rosterfs/history")
    result.ok()
    assert m.sandbox.counts()["total"] == 0
    numbers_of = {path: path.stat().st_ino for path in folder.glob("*/*")}
    assert len(set(numbers_of.values())) == 18
    for name in ("0", "7", "01", "+1", "-1", " 1", "1 ", "1x", "x", "", "99999999999999999999999"):
        if name:
            assert fails((folder / name).stat) == "ENOENT", name
    for name in ("before", "undo.sh", "x.json", "before.json~"):
        assert fails((past(m, 1) / name).stat) == "ENOENT", name


def test_it_can_only_be_read(mount):
    m = mount()
    m.sh("echo inactive > partnerize/7.status").ok()
    before = (past(m, 1) / "undo.json").read_text()
    for command in ("echo x > .rosterfs/history/1/undo.json", "echo x >> .rosterfs/history/1/undo.json",
                    "rm .rosterfs/history/1/undo.json", "rm -rf .rosterfs/history", "mkdir .rosterfs/history/2",
                    "touch .rosterfs/history/x", "mv .rosterfs/history/1 .rosterfs/history/2",
                    "echo x > .rosterfs/history/1/x", "truncate -s 0 .rosterfs/history/1/after.json",
                    "chmod 644 .rosterfs/history/1/after.json", "ln -s x .rosterfs/history/y"):
        assert m.sh(command).code != 0, command
    assert (past(m, 1) / "undo.json").read_text() == before
    assert numbers(m) == [1]


@pytest.mark.no_tsan
def test_the_newest_thousand(mount):
    m = mount(extra={"rosterfs": {"status_limit": 0}})
    path = m.path / "partnerize/7.status"
    for number in range(1020):
        path.write_text("active\n" if number % 2 else "inactive\n")
    assert numbers(m) == list(range(21, 1021))
    assert fails((past(m, 20) / "undo.json").read_text) == "ENOENT"
    assert fields(part(m, 21, "undo")) == {"status": "active"}
    held = open(past(m, 21) / "undo.json", encoding="utf-8")
    path.write_text("inactive\n")
    assert json.loads(held.read())["status"] == "active"
    held.close()
    assert fails(open, past(m, 21) / "undo.json") == "ENOENT"
    assert numbers(m) == list(range(22, 1022))


# ---- Elastic Path ----

@pytest.mark.parametrize("profile", PROFILES)
def test_a_member(ep, profile):
    m = ep(profile)
    two = m.sandbox.control("GET", "elasticpath/members")[1]
    path = f"elasticpath/{two['id']}.json"
    document = m.sh(f"cat {path}").ok().json()
    put(m, path, {**document, "name": "Other", "loyalty_tier": None}).ok()
    assert part(m, 1, "before") == document
    assert fields(part(m, 1, "undo")) == {"name": document["name"], "loyalty_tier": document["loyalty_tier"]}
    m.sh("cat " + path).ok()
    undo(m, 1, path).ok()
    after = m.sandbox.control("GET", "elasticpath/members/" + two["id"])
    assert {key for key in two if after.get(key) != two[key]} <= {"meta"}


@pytest.mark.parametrize("profile", PROFILES)
def test_accounts_and_settings(ep, profile):
    m = ep(profile)
    one = company(m.sandbox)
    number = 0
    for path, field, value in ((f"elasticpath/accounts/{one['id']}/account.json", "legal_name", "Other"),
                               ("elasticpath/settings/account-authentication.json", "enable_self_signup", None),
                               ("elasticpath/realms/{}/realm.json", "name", "Other")):
        realm = m.sandbox.control("GET", "elasticpath/realms")[0]["id"]
        path = path.replace("{}", realm)
        document = m.sh(f"cat {path}").ok().json()
        put(m, path, {**document, field: value or not document[field]}).ok()
        number += 1
        assert fields(part(m, number, "undo")) == {field: document[field]}
        m.sh(f"cat {path}").ok()
        undo(m, number, path).ok()
        assert m.sh(f"cat {path}").ok().json()[field] == document[field], path
        number += 1


@pytest.mark.parametrize("profile", PROFILES)
def test_memberships(ep, profile):
    m = ep(profile, DELETABLE)
    box = m.sandbox
    five = person(box, 5)
    before = accounts_of(box, five)
    assert write(m, five, "inactive") == GOOD and accounts_of(box, five) == []
    assert sorted(os.listdir(past(m, 1))) == sorted([*PARTS, "undo.sh"])
    old, new = part(m, 1, "before"), part(m, 1, "after")
    assert old["id"] == new["id"] == five and part(m, 1, "undo") is None
    assert (old["status"], new["status"]) == ("active", "inactive")
    assert sorted(one["account"] for one in old["memberships"]) == before and new["memberships"] == []
    assert (past(m, 1) / "undo.sh").stat().st_mode == 0o100400
    m.sh("sh .rosterfs/history/1/undo.sh").ok()
    assert accounts_of(box, five) == before
    # each was a write of its own, and is undone by a command of its own
    assert numbers(m) == list(range(1, 2 + len(before)))
    assert part(m, 2, "before") is None
    m.sh(f"cd {past(m, 2)} && sh undo.sh").ok()
    assert len(accounts_of(box, five)) == len(before) - 1
    assert part(m, max(numbers(m)), "after") is None
    m.sh(f"sh {past(m, max(numbers(m)))}/undo.sh", folder=m.folder).ok()
    assert accounts_of(box, five) == before
    assert link(m, outside(box, five), five) == "ok"
    assert five in json.dumps(part(m, max(numbers(m)), "after"))
    assert unlink(m, accounts_of(box, five)[0], five) == "ok"
    # restored by this mount: undone by the status
    assert write(m, five, "inactive") == GOOD and write(m, five, "active") == GOOD
    last = max(numbers(m))
    assert part(m, last, "after")["status"] == "active"
    m.sh(f"sh .rosterfs/history/{last}/undo.sh").ok()
    assert accounts_of(box, five) == []
    clean(m)


def test_partly(ep):
    """What was done before it failed was accepted."""
    m = ep("guide", {"elasticpath": {"retry_budget": 0}})
    five = person(m.sandbox, 5)
    m.sandbox.fault(fault="status", status=403, method="DELETE", path="/v2/accounts/*/account-memberships/*", skip=1)
    assert write(m, five, "inactive").write == "EACCES"
    assert len(part(m, 1, "before")["memberships"]) == 3
    assert len(part(m, 1, "after")["memberships"]) == 1
    assert (past(m, 1) / "undo.sh").exists()
    m.sandbox.fault(fault="status", status=403, method="DELETE", path="/v2/accounts/*/account-memberships/*")
    assert write(m, five, "inactive").write == "EACCES"
    assert numbers(m) == [1]


@pytest.mark.parametrize("odd", ["x;touch pwned", "it's $(touch pwned) `touch pwned`", "-rf", "é\"q", "~", "a b>c"])
def test_names_in_scripts(mount, sandbox, odd):
    """An id is the vendor's, a script is run by people: what could mean something is quoted."""
    m = mount(sandbox(users=5, vendors="partnerize,elasticpath,cj", members=3, accounts=2),
              config=None)
    box = m.sandbox
    box.control("POST", "elasticpath/accounts", {"id": odd, "name": "Odd"})
    one = person(box, 1)
    box.control("POST", "elasticpath/memberships", {"account_id": odd, "account_member_id": one})
    before = accounts_of(box, one)
    assert odd in before and write(m, one, "inactive") == GOOD and not accounts_of(box, one)
    m.sh("sh .rosterfs/history/1/undo.sh").ok()
    assert accounts_of(box, one) == before
    # by hand, in the vendor's directory
    assert write(m, one, "inactive") == GOOD
    ended = [line.partition("made again in the vendor's directory by: ")[2] for line in m.log().splitlines()]
    for line in [line.rpartition(" [uid ")[0] for line in ended if line][-len(before):]:
        m.sh(line, "sh", folder=m.path / "elasticpath").ok()
    assert accounts_of(box, one) == before
    assert not any("pwned" in name for _, _, names in os.walk(m.path) for name in names)


def test_names_in_no_script(mount, sandbox):
    """Names of files that differ from their ids are in none."""
    m = mount(sandbox(users=5, vendors="partnerize,elasticpath,cj", members=3, accounts=2),
              config=None)
    m.sandbox.control("POST", "elasticpath/accounts", {"id": "a/b", "name": "Odd"})
    one = person(m.sandbox, 1)
    before = accounts_of(m.sandbox, one)
    m.sandbox.control("POST", "elasticpath/memberships", {"account_id": "a/b", "account_member_id": one})
    assert write(m, one, "inactive") == GOOD and not accounts_of(m.sandbox, one)
    assert "a link to the member in the account's members/" in m.log()
    m.sh("sh .rosterfs/history/1/undo.sh").ok()
    assert accounts_of(m.sandbox, one) == before


def test_quoted_section(mount, sandbox):
    box = sandbox(users=5)
    text = box.config().replace("[partnerize]", "[part 'n' $(erize)]\ntype = partnerize")
    m = mount(box, config=text)
    m.sh("cat > \"part 'n' \\$(erize)/new/x.json\" <<end\n"
         '{"firstname": "A", "lastname": "B", "email": "ab@example.com", "password": "SecurePass1!"}\nend').ok()
    made = part(m, 1, "after")["user_id"]
    assert box.user(made)["status"] == "active"
    m.sh("sh .rosterfs/history/1/undo.sh").ok()
    assert box.user(made)["status"] == "inactive"


def test_words(mount):
    """The conflict of an undo says what it is about."""
    m = mount()
    m.sh("echo inactive > partnerize/7.status").ok()
    text = (past(m, 1) / "undo.json").read_text().replace("history/1/", "history/4/")
    assert save(m.path / "partnerize/7.json", text).close == "ESTALE"
    assert "history" in last_line(m, "ESTALE")
    assert re.search(r'"updated_at": "\.rosterfs/history/1/after\.json of 20', (past(m, 1) / "undo.json").read_text())


def test_an_undo_of_another_vendor(ep):
    """Its name of a version means nothing there, and is not sent as data."""
    m = ep("documents")
    put(m, "partnerize/3.json", '{"firstname": "Jo"}').ok()
    member = person(m.sandbox, 2)
    put(m, f"elasticpath/{member}.json", '{"name": "Jo"}').ok()
    before = at_vendor(m.sandbox, 4)
    m.sandbox.reset()
    for number, name in ((1, f"elasticpath/{member}.json"), (2, "partnerize/4.json")):
        result = m.sh(f"cp .rosterfs/history/{number}/undo.json {name}")
        assert result.code != 0 and "Stale file handle" in result.err
        assert "undoes a write" in last_line(m, name)
    assert not [entry for entry in sent(m.sandbox) if entry["method"] == "PUT"]
    assert at_vendor(m.sandbox, 4) == before
