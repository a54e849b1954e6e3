# SPDX-License-Identifier: Apache-2.0
"""One process that saves a record again, from the version that it saved from before.

An editor may go on from its buffer. A script that writes an old copy must not take back what its
first save changed: nobody can tell that from an undo.
"""

import json
import os

import pytest

from ep_store import PROFILES, company, ep
from writes import (GOOD, PASSWORD, applied, at_vendor, errno_of, last_line, name_of, nowhere, put,
                     read, refresh, refused, save, sent, text_of)

__all__ = ["ep"]  # the fixture

FILE = "partnerize/7.json"
REFUSED = refused("ESTALE")
OLD_STAMP = "2025-03-04T05:06:07Z"


class Again:
    """User 7 on a mount, whose vendor names versions in the way of STAMPS; this is the process."""

    def __init__(self, m, stamps="moving"):
        self.m = m
        self.box = m.sandbox
        self.stamps = stamps
        self.path = m.path / FILE
        if self.stamps == "frozen":
            self.box.settings(stamps="frozen")
        self.vendor_names_versions()
        refresh(m)
        self.old = read(m, FILE)
        self.box.reset()

    def vendor_names_versions(self):
        """It has changed updated_at by itself; the stamp that is wanted takes its place."""
        stamp = {"frozen": OLD_STAMP, "none": None, "moving": ...}[self.stamps]
        if stamp is not ...:
            self.box.patch(7, {"updated_at": stamp})

    def save(self, **fields):
        """Write the old copy with FIELDS."""
        document = {**self.old, **fields}
        result = save(self.path, text_of(document))
        self.vendor_names_versions()
        return result

    def user(self):
        return at_vendor(self.box, 7)

    def refuses(self, **fields):
        """The same fails, and nothing is sent. Returns the line of the log."""
        before, puts = self.user(), len(sent(self.box))
        assert self.save(**fields) == REFUSED
        assert len(sent(self.box)) == puts and self.user() == before
        return last_line(self.m, f"{FILE}: ")


@pytest.fixture(name="again", params=["moving", "frozen", "none"])
def _again(request, mount, sandbox):
    """again(answer=HOW) for each way in which a vendor may name versions, with PUT's answers HOW."""
    def start(answer="empty", **rest):
        return Again(mount(sandbox(users=25, put_answer=answer), **rest), request.param)
    return start


# ---- who left stays out ----

@pytest.mark.parametrize("cut", ["", " | del(.updated_at)"], ids=["stamp", "no-stamp"])
def test_one_bash(mount, cut):
    m = mount()
    result = m.sh(f"""
        old=$(jq '.{cut}' {FILE}) out=$(jq '.status="inactive"' <<<"$old")
        edited=$(jq '.timezone="Asia/Tokyo"' <<<"$old")
        printf '%s\\n' "$out" > {FILE} || exit 9
        printf '%s\\n' "$edited" > {FILE}""")
    assert result.code == 1 and "Stale file handle" in result.err
    user = m.sandbox.user(7)
    assert user["status"] == "inactive" and user["timezone"] != "Asia/Tokyo"
    assert len(sent(m.sandbox)) == 1
    line = last_line(m, f"{FILE}: ")
    for word in ('"status"', '"inactive"', '"active"', "write active to the status file", "number 1 of the history",
                 "read the file again (`:e!`) and repeat the edit"):
        assert word in line, line


def test_five_leavers(mount):
    m = mount()
    result = m.sh("""
        for i in 3 4 5 6 7; do old[i]=$(cat partnerize/$i.json); done
        for i in 3 4 5 6 7; do echo "${old[i]/\\"active\\"/\\"inactive\\"}" > partnerize/$i.json || exit; done
        for i in 3 4 5 6 7; do
            edited=$(jq '.timezone="Asia/Tokyo"' <<<"${old[i]}")
            echo "$edited" > partnerize/$i.json || echo "$i refused"
        done""").ok()
    assert result.out.split() == [word for i in range(3, 8) for word in (str(i), "refused")]
    assert {m.sandbox.user(ident)["status"] for ident in range(3, 8)} == {"inactive"}
    assert len(sent(m.sandbox)) == 5


@pytest.mark.parametrize("answer", ["changed", "full", "empty"])
def test_a_deactivation(again, answer):
    work = again(answer)
    assert work.save(status="inactive") == GOOD
    line = work.refuses(timezone="Asia/Tokyo")
    assert '"status"' in line and "to the status file" in line and "number 1 of the history" in line
    # a full answer has the vendor's own stamp, whatever the colleague makes of it later
    if answer == "empty":
        assert (":e!" in line) == (work.stamps == "moving")
    # nor later, when the mount has seen all that there is to see
    refresh(work.m)
    read(work.m, FILE)
    work.refuses(timezone="Asia/Tokyo")
    # who does not name the status edits the rest
    assert save(work.path, json.dumps({"timezone": "Asia/Tokyo"})) == GOOD
    assert work.user()["status"] == "inactive" and work.user()["timezone"] == "Asia/Tokyo"


@pytest.mark.parametrize("first", [{}, {"firstname": "One"}], ids=["shown", "saved"])
@pytest.mark.parametrize("fields", [{}, {"timezone": "Asia/Tokyo"}, {"status": "active"}])
def test_by_status_file(again, first, fields):
    """The deactivation was no document of the process."""
    work = again()
    if first:
        assert work.save(**first) == GOOD
    (work.m.path / "partnerize/7.status").write_text("inactive\n")
    work.vendor_names_versions()
    for document in ({**first, **fields}, fields):
        work.save(**document)
        assert work.user()["status"] == "inactive", document
        assert work.user()["firstname"] == {**work.old, **first}["firstname"]


def replace(work, fields):
    """The process saves by a rename."""
    other = work.m.path / "partnerize/t~"
    other.write_text(text_of({**work.old, **fields}))
    return name_of(errno_of(os.replace, other, work.path))


def test_by_rename(again):
    work = again()
    assert work.save(status="inactive", firstname="One") == GOOD
    assert replace(work, {"timezone": "Asia/Tokyo"}) == "EBUSY"
    assert replace(work, {"status": "inactive", "timezone": "Asia/Tokyo"}) == "EBUSY"
    assert '"firstname"' in last_line(work.m, f"{FILE}: ")
    # and the other way round
    assert replace(work, {"status": "inactive", "firstname": "One", "lastname": "Two"}) == "ok"
    work.vendor_names_versions()
    work.refuses(status="inactive", firstname="One")
    user = work.user()
    assert (user["status"], user["firstname"], user["lastname"]) == ("inactive", "One", "Two")


@pytest.mark.parametrize("stamped", [True, False])
def test_by_another_process(again, stamped):
    """Whatever it is told: the old copy in its hands takes nothing back."""
    work = again()
    assert work.save(status="inactive", firstname="One") == GOOD
    copy = {key: value for key, value in work.old.items() if stamped or key != "updated_at"}
    for looked in (False, True):
        if looked:
            refresh(work.m)
            read(work.m, FILE)
        put(work.m, FILE, {**copy, "timezone": "Asia/Tokyo"})
        work.vendor_names_versions()
        work.m.sh(f"cp {work.m.folder}/document.json partnerize/t~ && mv partnerize/t~ {FILE}")
        work.vendor_names_versions()
        user = work.user()
        assert (user["status"], user["firstname"]) == ("inactive", "One"), looked


def test_by_another_process_much_later(mount):
    """When so many versions have the stamp of the old copy that its own is not held any more."""
    work = Again(mount(), "frozen")
    (work.m.path / "partnerize/7.status").write_text("inactive\n")
    work.vendor_names_versions()
    for number in range(20):
        put(work.m, FILE, {"phone": str(number)}).ok()
        work.vendor_names_versions()
        read(work.m, FILE)
    put(work.m, FILE, work.old)
    assert work.user()["status"] == "inactive"
    assert "ESTALE" in last_line(work.m, f"{FILE}: ") and "to the status file" in last_line(work.m, f"{FILE}: ")


def test_by_a_descriptor_from_before(again):
    """It shows the version that was opened; what is written into it makes an old copy."""
    work = again()
    file = os.open(work.path, os.O_RDWR)
    text = os.read(file, 100000)
    assert work.save(status="inactive") == GOOD
    at = text.index(b'"firstname": "') + len(b'"firstname": "')
    os.pwrite(file, b"X", at)
    assert errno_of(os.fsync, file) and errno_of(os.close, file)
    assert work.user()["status"] == "inactive" and len(sent(work.box)) == 1


def test_by_appending(again):
    """`>>` adds to what is shown now."""
    work = again()
    assert work.save(status="inactive") == GOOD
    assert save(work.path, "\n", flags=os.O_WRONLY | os.O_APPEND) == GOOD
    assert work.user()["status"] == "inactive" and len(sent(work.box)) == 1


def test_a_version_in_which_they_were_active(again):
    """Between two saves of the process somebody was active, and it has read that."""
    work = again()
    work.box.patch(7, {"status": "inactive"})
    refresh(work.m)
    work.vendor_names_versions()
    refresh(work.m)
    work.old = read(work.m, FILE)
    assert work.save(timezone="Asia/Tokyo") == GOOD
    work.m.sh("echo active > partnerize/7.status").ok()
    work.vendor_names_versions()
    refresh(work.m)
    between = read(work.m, FILE)
    assert between["status"] == "active"
    work.m.sh("echo inactive > partnerize/7.status").ok()
    work.vendor_names_versions()
    save(work.path, text_of({**between, "lastname": "New"}))
    assert work.user()["status"] == "inactive"


# ---- other fields ----

@pytest.mark.parametrize("field,first,second", [
    ("firstname", "Ann", "One"), ("score", 1, 2), ("score", 1.5, 2), ("newsletter", True, False),
    ("labels", ["a", "b"], ["a"]), ("labels", [], ["a"]), ("timezone", "Europe/Paris", None),
    ("address", {"city": "Ulm", "line1": "1"}, {"city": "Bonn", "line1": "1"}),
    ("address", {"city": "Ulm", "geo": {"x": 1}}, {"city": "Ulm", "geo": {"x": 2}}),
    ("address", {"city": "Ulm"}, None), ("address", {"city": "Ulm"}, "Ulm"), ("address", "Ulm", {"city": "Ulm"}),
])
def test_each_kind_of_value(mount, field, first, second):
    m = mount()
    m.sandbox.patch(7, {field: None})
    m.sandbox.patch(7, {field: first})
    work = Again(m)
    assert work.old[field] == first
    assert work.save(**{field: second}) == GOOD
    line = work.refuses(role="admin")
    assert f'"{field}' in line and "number 1 of the history" in line
    assert work.user().get(field) == second and work.user()["role"] != "admin"
    # what stays as it was saved, or is left out, is no edit
    assert work.save(**{field: second}, role="admin") == GOOD
    del work.old[field]
    assert work.save(role="admin", lastname="New") == GOOD
    assert work.user().get(field) == second and work.user()["lastname"] == "New"


def test_a_member_of_an_object(again):
    work = again()
    work.box.patch(7, {"address": {"city": "Ulm", "line1": "1", "line2": "2"}})
    refresh(work.m)
    work.old = read(work.m, FILE)
    assert work.save(address={"city": "Bonn", "line1": "1"}) == GOOD
    assert work.save(address={"line1": "new"}) == GOOD  # leaves city out
    line = work.refuses(address={"city": "Ulm", "line2": "new"})
    assert '"address.city"' in line and '"Bonn"' in line and '"Ulm"' in line
    # each is judged by itself, also where the whole was away for a while
    assert work.save(address=None) == GOOD
    assert '"address.line1"' in work.refuses(address={"city": "Köln", "line1": "1"})
    assert work.save(address={"city": "Köln", "line1": "newer"}) == GOOD


@pytest.mark.parametrize("names,bad", [
    (["B", "C", "A"], {2}), (["B", "A", "B"], {1}), (["B", "C", "B"], {2}), (["B", "C", "D", "A", "C", "B", "D"], {3, 4, 5}),
    (["B", "B", "C", "C", "E"], set()),
])
def test_there_and_back(again, names, bad):
    work = again()
    work.box.patch(7, {"firstname": "A"})
    work.vendor_names_versions()
    refresh(work.m)
    work.old = read(work.m, FILE)
    last = "A"
    for i, name in enumerate(names):
        if i in bad:
            assert f'"{last}"' in work.refuses(firstname=name, role="admin")
        else:
            assert work.save(firstname=name) == GOOD, (i, name)
            last = name
        assert work.user()["firstname"] == last


def test_many_saves(again):
    work = again()
    first = work.old["firstname"]
    names = [f"Name {number}" for number in range(60)]
    for name in names:
        assert work.save(firstname=name) == GOOD
    for name in (first, names[0], names[1], names[31], names[-2]):
        assert '"firstname"' in work.refuses(firstname=name)
    assert "number 60 of the history" in last_line(work.m, f"{FILE}: ")
    assert work.save(firstname=names[-1], role="admin") == GOOD
    assert work.user()["firstname"] == names[-1]


def test_the_last_save_that_changed_it(mount):
    work = Again(mount())
    assert work.save(firstname="One") == GOOD
    assert work.save(firstname="One", lastname="Two") == GOOD
    assert "number 1 of the history" in work.refuses(lastname="Two")
    assert "number 2 of the history" in work.refuses(firstname="One")


# ---- nothing and null ----

def test_null_where_there_was_nothing(again):
    work = again()
    work.box.patch(7, {"phone": None, "timezone": None})
    refresh(work.m)
    work.old = read(work.m, FILE)
    assert "phone" not in work.old
    assert work.save(phone="1") == GOOD
    assert work.save() == GOOD and work.user()["phone"] == "1"
    assert work.save(phone=None) == GOOD
    assert work.user().get("phone") is None
    assert '"phone"' in work.refuses(phone="1")


def test_null_that_was_shown(mount):
    m = mount()
    m.sandbox.control("PATCH", "users/7?nulls=keep", {"phone": None})
    work = Again(m)
    assert "phone" in work.old
    assert work.save(phone="1") == GOOD
    assert '"phone"' in work.refuses(role="admin")
    assert work.user()["phone"] == "1"


def test_what_was_cleared(again):
    work = again()
    work.box.patch(7, {"phone": "1"})
    work.vendor_names_versions()
    refresh(work.m)
    work.old = read(work.m, FILE)
    assert work.save(phone=None) == GOOD
    assert '"phone"' in work.refuses(role="admin")
    assert work.save(phone="2") == GOOD


# ---- what the vendor and others do ----

def test_normalised(again):
    work = again()
    work.box.fault(method="PUT", fault="normalise", times=-1)
    assert work.save(firstname="jane") == GOOD
    assert work.user()["firstname"] == "JANE"
    for name in ("jane", "JANE"):  # its own text, and what became of it
        assert work.save(firstname=name, role="admin") == GOOD
        assert work.user()["firstname"] == "JANE"
    assert applied(work.box) == 2
    assert work.save(firstname="bob", role="admin") == GOOD
    for name in ("jane", "JANE", work.old["firstname"]):
        assert '"BOB"' in work.refuses(firstname=name, role="admin")
    assert work.save(firstname="bob", role="admin", lastname="New") == GOOD
    assert work.user()["firstname"] == "BOB"


def test_a_colleague_between(again):
    work = again()
    old = work.old["firstname"]
    assert work.save(firstname="One") == GOOD
    work.box.patch(7, {"firstname": "Theirs", "lastname": "Theirs"})
    work.vendor_names_versions()
    line = work.refuses(timezone="Asia/Tokyo")
    assert '"firstname"' in line and '"Theirs"' in line and f'"{old}"' in line
    # what was saved is no edit, so what they made of it stays
    assert work.save(firstname="One", timezone="Asia/Tokyo") == GOOD
    user = work.user()
    assert (user["firstname"], user["lastname"], user["timezone"]) == ("Theirs", "Theirs", "Asia/Tokyo")
    # the old value is no conflict where the vendor has it already
    work.box.patch(7, {"firstname": old})
    work.vendor_names_versions()
    assert work.save(timezone="Asia/Seoul") == GOOD
    assert (work.user()["firstname"], work.user()["timezone"]) == (old, "Asia/Seoul")
    # that counts as a save
    work.refuses(firstname="One", timezone="Asia/Seoul")


def test_a_colleague_whose_change_came_along(again):
    """It was merged when the process saved something else: its document knows nothing of it."""
    work = again()
    work.box.patch(7, {"lastname": "Theirs"})
    work.vendor_names_versions()
    assert work.save(firstname="One") == GOOD
    assert work.user()["lastname"] == "Theirs"
    line = work.refuses(firstname="One", lastname="Ours")
    assert '"lastname"' in line and '"Theirs"' in line


def test_a_colleague_was_quicker(again):
    """What the vendor has already is saved, though nothing is sent."""
    work = again()
    assert work.save(firstname="One") == GOOD
    work.box.patch(7, {"firstname": "Two"})
    work.vendor_names_versions()
    assert work.save(firstname="Two") == GOOD
    assert applied(work.box) == 1
    work.refuses(firstname="One")


# ---- what goes on as before ----

def test_a_buffer(again):
    work = again()
    assert work.save(firstname="One") == GOOD
    assert work.save(firstname="One") == GOOD
    assert applied(work.box) == 1
    assert work.save(firstname="One", lastname="Two", address={"city": "Ulm"}) == GOOD
    refresh(work.m)
    read(work.m, FILE)
    assert work.save(firstname="Three", lastname="Two", address={"city": "Bonn"}) == GOOD
    user = work.user()
    assert (user["firstname"], user["lastname"], user["address"]["city"]) == ("Three", "Two", "Bonn")
    assert applied(work.box) == 3


def test_vim(mount):
    m = mount()
    m.sandbox.patch(7, {"firstname": "Aaa", "lastname": "Bbb"})
    refresh(m)
    result = m.sh(f"vim -es {FILE} -c 's/x/x/e' -c '%s/Aaa/One/' -c w -c w -c '%s/Bbb/Two/' -c w -c '%s/One/Three/' -c w "
                  "-c q")
    result.ok()
    user = m.sandbox.user(7)
    assert (user["firstname"], user["lastname"]) == ("Three", "Two") and applied(m.sandbox) == 3
    m.sandbox.patch(7, {"updated_at": OLD_STAMP})  # all this may be in one second
    refresh(m)
    result = m.sh(f"vim -es {FILE} -c '%s/Three/Four/' -c w -c '%s/Four/Three/' -c w -c q")
    assert result.code != 0 and m.sandbox.user(7)["firstname"] == "Four"
    assert ":e!" in last_line(m, f"{FILE}: ")


def test_read_again_and_repeat(mount):
    work = Again(mount())
    old = work.old["firstname"]
    assert work.save(firstname="One", status="inactive") == GOOD
    work.box.patch(7, {"updated_at": "2030-01-01T00:00:00Z"})  # it may be the same second
    work.refuses()
    assert save(work.path, text_of({**read(work.m, FILE), "firstname": old, "status": "active"})) == GOOD
    assert (work.user()["firstname"], work.user()["status"]) == (old, "active")


def undo_last(work):
    number = max(int(name) for name in os.listdir(work.m.path / ".rosterfs/history") if name.isdigit())
    assert save(work.path, (work.m.path / f".rosterfs/history/{number}/undo.json").read_text()) == GOOD
    work.vendor_names_versions()


def test_undo_documents(again):
    """They take a save back, and that back, whoever does it; the old copy then has nothing to change."""
    work = again()
    old = work.user()
    assert work.save(firstname="One", status="inactive") == GOOD
    line = work.refuses(timezone="Asia/Tokyo")
    assert "number 1 of the history" in line
    for back in (True, False, True, False, True):
        undo_last(work)
        user = work.user()
        assert (user["firstname"], user["status"]) == ((old["firstname"], "active") if back else ("One", "inactive"))
    # this is what the first save wrote
    work.save(firstname="One", status="inactive", timezone="Asia/Tokyo")
    assert (work.user()["firstname"], work.user()["status"]) == (old["firstname"], "active")
    assert work.save(timezone="Asia/Seoul") == GOOD
    assert work.user()["timezone"] == "Asia/Seoul" and work.user()["firstname"] == old["firstname"]


def test_undone_and_edited_again(again):
    work = again()
    for name in ("One", "Two", "Three"):
        work.old = read(work.m, FILE)
        assert work.save(firstname=name) == GOOD
        undo_last(work)


def test_refused_saves_do_not_count(again):
    work = again()
    work.box.fault(method="PUT", path="/user/7", fault="status", status=400)
    assert work.save(firstname="One") == refused("EINVAL")
    assert work.save(firstname="Two") == GOOD
    assert work.save(firstname="One") == GOOD


# ---- passwords ----

def test_passwords(again):
    work = again()

    def changes():
        return work.box.user(7)["_password_changes"]

    assert work.save(password=PASSWORD) == GOOD
    assert work.save(password=PASSWORD, firstname="One") == GOOD
    assert work.save(firstname="One", lastname="Two") == GOOD
    assert changes() >= 1
    assert work.save(firstname="One", lastname="Two", password=PASSWORD[::-1]) == GOOD
    count = changes()
    line = work.refuses(firstname="One", lastname="Two", password=PASSWORD, timezone="Asia/Tokyo")
    assert '"password"' in line and "of the history" not in line and changes() == count
    nowhere(work.m)
    assert work.save(firstname="One", lastname="Two", timezone="Asia/Tokyo", password="another one") == GOOD


# ---- lists that show less ----

def test_short_rows(mount, sandbox):
    box = sandbox(users=25)
    box.settings(short_rows=True)
    m = mount(box)
    refresh(m)
    old = read(m, FILE)
    assert "timezone" not in old
    path = m.path / FILE
    assert save(path, text_of({**old, "status": "inactive"})) == GOOD
    assert save(path, text_of({**old, "timezone": "Asia/Tokyo"})) == REFUSED
    assert box.user(7)["status"] == "inactive"
    # fields that no row shows are edited one after the other
    old["status"] = "inactive"
    assert save(path, text_of({**old, "timezone": "Asia/Tokyo"})) == GOOD
    assert save(path, text_of({**old, "role": "admin"})) == GOOD
    assert save(path, text_of({**old, "timezone": None})) == GOOD
    assert (box.user(7).get("timezone"), box.user(7)["role"]) == (None, "admin")


# ---- the other vendor ----

@pytest.mark.parametrize("profile", PROFILES)
def test_elastic_path(ep, profile):
    m = ep(profile)
    two = m.sandbox.control("GET", "elasticpath/members")[1]
    one = company(m.sandbox)
    for name, field, other in ((f"elasticpath/{two['id']}.json", "name", "loyalty_tier"),
                               (f"elasticpath/accounts/{one['id']}/account.json", "legal_name", "name"),
                               ("elasticpath/settings/account-authentication.json", None, None)):
        old = m.sh(f"cat {name}").ok().json()
        first, second = "First", "Second"
        if not field:
            field, other = [key for key, value in old.items() if isinstance(value, bool)][:2]
            first, second = not old[field], not old[other]
        assert save(m.path / name, text_of({**old, field: first})) == GOOD, name
        count = len(sent(m.sandbox))
        assert save(m.path / name, text_of({**old, other: second})) == REFUSED, name
        assert f'"{field}"' in last_line(m, f"{name}: ") and len(sent(m.sandbox)) == count
        assert save(m.path / name, text_of({**old, field: first, other: second})) == GOOD, name
        assert m.sh(f"cat {name}").ok().json()[field] == first
