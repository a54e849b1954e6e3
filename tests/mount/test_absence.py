# SPDX-License-Identifier: Apache-2.0
"""
Whether a vendor has a record: a GET by id that answers 404 and a complete list that lacks it prove
together that it does not, and neither does alone.
"""

import json
import os

import pytest

import harness
import ep_store
from writes import at_vendor, errno_of, last_line, name_of, put, read, refresh, sent

SHORT = {"partnerize": {"ttl": 1}}
NO_GET = ["404", "405"]


def listed(m):
    return {name[:-5] for name in os.listdir(m.path / "partnerize") if name.endswith(".json")}


def log(m):
    return (m.path / ".rosterfs/log").read_text()


def gets(box, path="/user/{id}"):
    return box.counts().get(f"GET {path}", 0)


def person(m, box, ident):
    return m.path / "by-email" / box.user(ident)["email"].lower()


# ---- a vendor that lists no inactive users ----

@pytest.fixture(name="omitting")
def _omitting(mount, sandbox):
    """A mount of such a vendor, whose roster has been read."""
    box = sandbox(users=25)
    box.settings(omit_inactive=True)
    m = mount(box)
    assert "7" in listed(m) and "10" not in listed(m)
    return m


def deactivate(m, ident):
    """Made inactive here, and gone from the list."""
    m.sh(f"echo inactive > partnerize/{ident}.status").ok()
    refresh(m)
    assert str(ident) not in listed(m)


@pytest.mark.parametrize("known", [True, False])
def test_a_user_that_the_list_omits(omitting, known):
    ident = 7 if known else 10
    if known:
        deactivate(omitting, ident)
    assert (omitting.path / f"partnerize/{ident}.status").read_text() == "inactive\n"
    assert read(omitting, f"partnerize/{ident}.json") == at_vendor(omitting.sandbox, ident)
    omitting.sh(f"echo active > partnerize/{ident}.status").ok()
    assert at_vendor(omitting.sandbox, ident)["status"] == "active"
    refresh(omitting)
    assert str(ident) in listed(omitting)


def test_an_omitted_user_after_the_ttl(mount, sandbox):
    box = sandbox(users=25)
    box.settings(omit_inactive=True)
    m = mount(box, SHORT)
    listed(m)
    m.sh("echo inactive > partnerize/7.status").ok()
    harness.wait_until(lambda: "7" not in listed(m), 10 * harness.SCALE, "a list without the user")
    m.sh("ls partnerize >/dev/null; echo active > partnerize/7.status").ok()
    assert at_vendor(box, 7)["status"] == "active"


def test_the_person_of_an_omitted_user(omitting):
    folder = person(omitting, omitting.sandbox, 7)
    deactivate(omitting, 7)
    omitting.sandbox.reset()
    assert folder.name not in os.listdir(omitting.path / "by-email")
    assert omitting.sandbox.counts()["total"] == 0, "a listing asks for nobody"
    assert (folder / "partnerize.status").read_text() == "inactive\n"
    assert gets(omitting.sandbox) == 1
    assert os.path.exists(omitting.path / f"partnerize/by-email/{folder.name}.json")
    omitting.sh(f"cd by-email/{folder.name} && echo active | tee *.status").ok()
    assert at_vendor(omitting.sandbox, 7)["status"] == "active"


def test_the_person_of_a_deleted_user(mount):
    m = mount()
    listed(m)
    folder = person(m, m.sandbox, 7)
    m.sandbox.delete(7)
    refresh(m)
    assert "7" not in listed(m)
    m.sandbox.reset()
    for _ in range(3):
        assert not folder.exists()
        assert not (m.path / "partnerize/7.json").exists()
    assert m.sandbox.counts() | {"GET /user/{id}": 1, "total": 1} == m.sandbox.counts(), "asked once"
    assert "7" not in listed(m)


# ---- a vendor without GET by id ----

@pytest.fixture(name="no_get", params=NO_GET)
def _no_get(sandbox, request):
    def start(users=25, **options):
        box = sandbox(users=users, **options)
        box.settings(item_gets=request.param)
        return box
    return start


@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_no_get_by_id(mount, no_get, profile):
    """The row is the record, also for writes, and the log says so once."""
    box = no_get(users=250, profile=profile)
    m = mount(box)
    for ident in (7, 120):
        before = at_vendor(box, ident)
        before.pop("user_api_key", None)
        assert read(m, f"partnerize/{ident}.json") == before
        put(m, f"partnerize/{ident}.json", {"timezone": "Antarctica/Troll"}).ok()
        m.sh(f"echo inactive > partnerize/{ident}.status").ok()
        after = at_vendor(box, ident)
        after.pop("user_api_key", None)
        assert {**after, "updated_at": 0} == {**before, "updated_at": 0, "status": "inactive",
                                              "timezone": "Antarctica/Troll"}
    assert log(m).count("its row is used") == 1
    for name in ("999.json", "999.status"):
        assert name_of(errno_of(os.open, m.path / "partnerize" / name, os.O_RDONLY)) == "ENOENT"


def test_a_row_is_read_anew(mount, no_get):
    """The vendor's PUT replaces all: what a colleague wrote after the list was read must stay."""
    box = no_get(users=250)
    m = mount(box)
    listed(m)
    box.patch(120, {"role": "owner"})
    box.reset()
    put(m, "partnerize/120.json", {"timezone": "Antarctica/Troll"}).ok()
    assert at_vendor(box, 120)["role"] == "owner"
    requests = [(entry["method"], entry["path"]) for entry in box.journal()]
    assert requests == [("GET", "/user/120"), ("GET", "/user"), ("PUT", "/user/120")], "its page alone"


def test_a_row_that_has_moved(mount, no_get):
    box = no_get(users=250)
    m = mount(box)
    listed(m)
    for ident in (2, 3):
        box.delete(ident)
    m.sh("echo inactive > partnerize/101.status").ok()
    assert at_vendor(box, 101)["status"] == "inactive"
    box.delete(102)
    m.sandbox.reset()
    assert m.sh("echo inactive > partnerize/102.status").code != 0
    assert not sent(box)
    assert "102" not in listed(m)


def test_no_get_by_id_and_deletion(mount, no_get):
    box = no_get()
    m = mount(box, {"partnerize": {"allow_delete": "yes"}})
    m.sh("echo deleted > partnerize/7.status").ok()
    assert "7" not in listed(m)
    refresh(m)
    assert listed(m) == {str(ident) for ident in range(1, 26)} - {"7"}


def test_a_short_row_is_not_written_over_the_record(mount, sandbox):
    """GETs show more than rows do, and one of them answers 404: the rest of it would be reset."""
    box = sandbox(users=25)
    box.settings(short_rows=True)
    m = mount(box)
    listed(m)
    put(m, "partnerize/9.json", {"lastname": "New"}).ok()
    before = at_vendor(box, 7)
    box.fault(fault="status", status=404, method="GET", path="/user/7", times=-1)
    assert m.sh("echo inactive > partnerize/7.status").code != 0
    assert at_vendor(box, 7) == before
    assert "would be lost" in last_line(m, "partnerize/7.status")


@pytest.mark.parametrize("commands", ["cat 4.json; ls", "cat 4.json", "cat 4.status; ls; cat 4.json"])
@pytest.mark.parametrize("short", [True, False])
def test_what_a_get_showed_before_there_was_a_list(mount, sandbox, commands, short):
    """A list that comes after the GET is compared with it, and read for that if it has not come."""
    box = sandbox(users=25)
    box.settings(short_rows=short)
    box.patch(4, {"nickname": "Jo"})
    box.fault(fault="status", status=404, method="GET", path="/user/3", times=-1)
    m = mount(box)
    before = at_vendor(box, 3)
    m.sh(f"cd partnerize && {commands}").ok()
    result = m.sh("echo inactive > partnerize/3.status")
    if short:
        assert "Remote I/O error" in result.err and not sent(box)
        assert at_vendor(box, 3) == before
        assert "would be lost" in last_line(m, "partnerize/3.status")
    else:
        result.ok()
        assert at_vendor(box, 3) == {**before, "status": "inactive", "updated_at": at_vendor(box, 3)["updated_at"]}


def test_a_get_of_an_unlisted_user_is_compared_too(mount, sandbox):
    """Nobody whose GET works is listed: the row is compared with what it shows of others."""
    box = sandbox(users=25)
    box.settings(short_rows=True, omit_inactive=True)
    box.fault(fault="status", status=404, method="GET", path="/user/3", times=-1)
    m = mount(box)
    assert (m.path / "partnerize/10.status").read_text() == "inactive\n"
    result = m.sh("echo inactive > partnerize/3.status")
    assert "Remote I/O error" in result.err and not sent(box)


@pytest.mark.parametrize("write", ["echo inactive > 3.status", "echo '{\"role\": \"owner\"}' > 3.json"])
def test_deleted_elsewhere_while_the_list_lags(mount, sandbox, write):
    """Its GET has worked: that it is still listed does not make it writable, or it might be revived."""
    box = sandbox(users=25)
    m = mount(box)
    m.sh("cd partnerize && cat 3.status 4.status && ls").ok()
    box.settings(read_lag_ms=120000, read_lag_kinds="lists")
    box.delete(3)
    box.reset()
    result = m.sh(f"cd partnerize && {write}")
    assert "Remote I/O error" in result.err and not sent(box)
    assert gets(box, "/user") == 1, "the list is looked at again"
    assert "may have been deleted" in last_line(m, "partnerize/3.")
    box.settings(read_lag_ms=0)
    assert "No such file" in m.sh(f"cd partnerize && {write}").err and not sent(box)


@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_no_get_by_id_in_other_collections(mount, sandbox, profile):
    box = ep_store.store(sandbox, profile=profile)
    box.settings(item_gets="404")
    m = mount(box)
    folder = m.path / "elasticpath"
    realm = box.control("GET", "elasticpath/realms")[0]["id"]
    account = box.control("GET", "elasticpath/accounts")[2]["id"]
    member = box.control("GET", "elasticpath/members")[2]["id"]
    for path, field in ((f"{member}.json", "name"), (f"accounts/{account}/account.json", "name"),
                        (f"realms/{realm}/realm.json", "name")):
        value = json.loads((folder / path).read_text())
        assert value["id"] in path
        put(m, f"elasticpath/{path}", {field: "New"}).ok()
        assert json.loads((folder / path).read_text())[field] == "New"
    for path in ("accounts/1f0c0000-0000-4000-8000-000000000000/account.json", "nobody.json",
                 "1f0c0000-0000-4000-8000-000000000000.status"):
        assert name_of(errno_of(os.stat, folder / path)) == "ENOENT", path


# ---- what proves nothing ----

@pytest.mark.parametrize("command", ["cat NAME.json", "echo inactive > NAME.status"])
def test_a_400_to_a_get_by_id(mount, command):
    """An id that can be none: ENOENT, if the list lacks it."""
    m = mount()
    m.sandbox.fault(fault="status", status=400, method="GET", path="/user/*", times=-1)
    for name, words in (("7", "nvalid argument"), ("nobody", "No such file")):
        result = m.sh("cd partnerize; " + command.replace("NAME", name))
        assert result.code != 0 and words in result.err, name
    assert not sent(m.sandbox)


def test_an_id_that_is_no_uuid(mount, sandbox):
    m = mount(ep_store.store(sandbox))
    result = m.sh("cat elasticpath/nobody.json")
    assert result.code != 0 and "No such file" in result.err
    assert " 400" in last_line(m, "elasticpath/nobody.json")


@pytest.mark.parametrize(("status", "words"), [(403, "Permission denied"), (404, "Remote I/O error")])
def test_an_absence_that_the_list_cannot_prove(mount, status, words):
    m = mount()
    m.sandbox.fault(fault="status", status=status, method="GET", path="/user", times=-1)
    result = m.sh("cat partnerize/999.json")
    assert result.code != 0 and words in result.err
    line = last_line(m, "partnerize/999.json")
    assert "GET /user/999 was answered 404" in line
    m.sandbox.clear_faults()
    result = m.sh("cat partnerize/999.json")
    assert result.code != 0 and "No such file" in result.err
    assert m.sh("cat partnerize/7.json").ok()


def test_an_absence_is_remembered(mount):
    m = mount()
    listed(m)
    m.sandbox.reset()
    for _ in range(3):
        assert not (m.path / "partnerize/999.json").exists()
        assert not (m.path / "partnerize/999.status").exists()
    assert m.sandbox.counts()["total"] == 1


@pytest.mark.parametrize("warm", [True, False])
def test_a_new_name_is_refused_as_such(mount, warm):
    """Whether the list is there or not: a file in new/ makes a user, and a status has no user."""
    m = mount()
    if warm:
        listed(m)
    flags = os.O_WRONLY | os.O_CREAT
    assert name_of(errno_of(os.open, m.path / "partnerize/x.json", flags)) == ep_store.NOT_OFFERED
    assert name_of(errno_of(os.open, m.path / "partnerize/y.status", flags)) == "ENOENT"
    assert name_of(errno_of(os.stat, m.path / "partnerize/z.json")) == "ENOENT"


# ---- statuses that are a list of their own ----

@pytest.mark.parametrize("status", [400, 404])
def test_no_memberships_of_a_member(mount, sandbox, status):
    """The guide knows the memberships of an account only: theirs tell the status then."""
    box = ep_store.store(sandbox)
    box.fault(fault="status", status=status, method="GET", times=-1,
              path="/v2/account-members/*/account-memberships")
    m = mount(box)
    active, inactive = ep_store.person(box, 5), ep_store.person(box, 20)
    assert (m.path / f"elasticpath/{active}.status").read_text() == "active\n"
    assert (m.path / f"elasticpath/{inactive}.status").read_text() == "inactive\n"
    m.sh(f"echo inactive > elasticpath/{active}.status").ok()
    assert not ep_store.accounts_of(box, active)
    m.sh(f"echo active > elasticpath/{active}.status").ok()
    assert len(ep_store.accounts_of(box, active)) == 3
    for name in ("nobody", "1f0c0000-0000-4000-8000-000000000000"):
        result = m.sh(f"echo inactive > elasticpath/{name}.status")
        assert result.code != 0 and "No such file" in result.err
