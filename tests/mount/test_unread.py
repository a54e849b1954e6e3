# SPDX-License-Identifier: Apache-2.0
"""A person's directory while a vendor can't be read: the others are there, and it says so."""

import concurrent.futures
import os
import stat

import pytest

import harness
from ep_store import LIST, accounts_of, asked, companies, ep, fails, join, people
from test_by_email import FAILURES, LISTS, QUICK, add, add_member, email_of, expected, listing, move, name_for, refresh
from test_by_email import SHARED
from writes import last_line

__all__ = ["ep"]  # the fixture

FAULT = {"fault": "status", "status": 403}
LIMIT = 60 * harness.SCALE  # a vendor that does not answer is waited for 5 s
SILENT = {name: {"timeout": 3600} for name in LISTS}  # one request, however slow this machine is


def other(vendor):
    return next(name for name in LISTS if name != vendor)


def kinds(path):
    """What each name in a directory is: link, file."""
    with os.scandir(path) as entries:
        return {entry.name: "link" if entry.is_symlink() else "file" if entry.is_file() else "?" for entry in entries}


def wanted(*broken):
    return {name: "file" if name.partition(".")[0] in broken and not name.endswith("MANUAL") else "link"
            for name in expected(partnerize=0, elasticpath=0)}


def opened(path, flags):
    os.close(os.open(path, flags))


def stall(box, vendor):
    box.fault(method="GET", path=LISTS[vendor], fault="stall", times=-1)


@pytest.mark.parametrize("broken", LISTS)
@pytest.mark.parametrize("fault, error", FAILURES, ids=lambda value: str(value)[-12:])
def test_one_vendor_fails(ep, broken, fault, error):
    m = ep(extra=QUICK)
    box = m.sandbox
    email = email_of(box)
    person = m.path / "by-email" / email
    box.fault(method="GET", path=LISTS[broken], times=-1, **fault)
    fine = other(broken)
    for _ in range(2):
        assert kinds(person) == wanted(broken)
        for suffix in (".json", ".status"):
            path = person / (broken + suffix)
            shown = path.lstat()
            assert stat.S_ISREG(shown.st_mode) and shown.st_size == 0 and stat.S_IMODE(shown.st_mode) == 0o600
            assert fails(os.readlink, path) == "EINVAL"
            box.reset()
            for flags in (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY | os.O_TRUNC, os.O_RDWR | os.O_APPEND):
                assert fails(opened, path, flags) == error
            assert asked(box) == 0
            line = last_line(m, str(path.relative_to(m.path)))
            assert f": {broken} can't be read, so nothing was sent: GET /" in line and error in line
            assert (person / (fine + suffix)).read_text()
        assert f"by-email/{email}: {broken} can't be read: GET /" in last_line(m, f"by-email/{email}: ")
        # who may be one of several at that vendor, and who is none of another's
        assert fails(os.lstat, person / f"{broken}~7.json") == error
        for name in (f"{fine}~7.json", "cj.json", "x.status", f"{broken}.other"):
            assert fails(os.lstat, person / name) == "ENOENT"
        refresh(m)
    box.clear_faults()
    refresh(m)
    assert kinds(person) == wanted() and (person / f"{broken}.json").read_text()


@pytest.mark.parametrize("broken", LISTS)
def test_offboarding(ep, broken):
    """What can be ended is ended, and the rest is reported; nothing is sent to who can't be read."""
    m = ep(extra=QUICK)
    box = m.sandbox
    email = email_of(box)
    member = people(box)[SHARED - 1]["id"]
    box.fault(method="GET", path=LISTS[broken], times=-1, **FAULT)
    result = m.sh(f"cd by-email/'{email}' && echo inactive | tee *.status")
    assert result.code == 1 and result.err.strip() == f"tee: {broken}.status: Permission denied"
    assert (box.user(5)["status"] == "active") == (broken == "partnerize")
    assert bool(accounts_of(box, member)) == (broken == "elasticpath")
    assert "Rotate the keys" in m.sh(f"cat by-email/'{email}'/*.MANUAL").ok().out
    box.clear_faults()
    m.sh(f"cd by-email/'{email}' && echo inactive | tee *.status").ok()
    assert box.user(5)["status"] != "active" and accounts_of(box, member) == []


def test_nobody(ep):
    """Nobody is said to be unknown while a vendor can't be read."""
    m = ep(extra=QUICK)
    box = m.sandbox
    name = m.path / "by-email/nobody@example.com"
    only = name_for(people(box)[7]["email"])
    box.fault(method="GET", path="/v2/account-members", times=-1, **FAULT)
    for path in (name, m.path / "by-email" / only):
        for _ in range(2):
            assert fails(os.listdir, path) == "EACCES"
            assert fails(os.stat, path) == "EACCES"
            assert fails(os.stat, path / "cj.MANUAL") == "EACCES"
        line = last_line(m, f"{path.relative_to(m.path)}")
        assert ": elasticpath can't be read: GET /v2/account-members" in line and " answered 403: " in line
    result = m.sh(f"echo inactive | tee by-email/'{only}'/*.status")
    assert result.code and "Permission denied" in result.err
    box.clear_faults()
    refresh(m)
    assert fails(os.listdir, name) == "ENOENT"
    assert "elasticpath.json" in os.listdir(m.path / "by-email" / only)


def test_all_fail(ep):
    m = ep(extra=QUICK)
    for path, status in (("/user", 403), ("/v2/account-members", 500)):
        m.sandbox.fault(method="GET", path=path, fault="status", status=status, times=-1)
    email = email_of(m.sandbox)
    assert fails(os.listdir, m.path / "by-email" / email) == "EACCES"  # the first one's of the config
    log = "\n".join(line for line in m.log().splitlines() if f"by-email/{email}" in line)
    assert "partnerize can't be read" in log and "elasticpath can't be read" in log


TOOLS = [
    ("ls -l .", 0, ""),
    ("ls -lL .", 0, ""),
    ("find . -ls", 0, ""),
    ("stat *", 0, ""),
    ("cat *.json", 1, "cat: elasticpath.json: Permission denied\n"),
    ("cat *.MANUAL", 0, ""),
    ("head -n 1 *.status", 1, "head: cannot open 'elasticpath.status' for reading: Permission denied\n"),
    ("grep -r active .", 2, "grep: ./elasticpath.json: Permission denied\ngrep: ./elasticpath.status: Permission denied\n"),
    ("cp -r . $TMPDIR/person", 1, "cp: cannot open './elasticpath.json' for reading: Permission denied\n"
                                  "cp: cannot open './elasticpath.status' for reading: Permission denied\n"),
    ("for file in *.status; do echo inactive > $file; done", 0, "elasticpath.status: Permission denied\n"),
    ("jq .email *.json", 2, "elasticpath.json: Permission denied\n"),
    (": > elasticpath.status", 1, "elasticpath.status: Permission denied\n"),
    ("rm elasticpath.json", 1, "rm: cannot remove 'elasticpath.json': Operation not permitted\n"),
    ("mv elasticpath.json x", 1, "Operation not permitted\n"),
    ("truncate -s 0 elasticpath.status", 1, "Permission denied\n"),
]


@pytest.mark.parametrize("command, code, words", TOOLS, ids=[tool[0] for tool in TOOLS])
def test_tools(ep, command, code, words):
    m = ep(extra=QUICK)
    email = email_of(m.sandbox)
    m.sandbox.fault(method="GET", path="/v2/account-members", times=-1, **FAULT)
    result = m.sh(f"cd by-email/'{email}' && {command}")
    assert result.code == code, result
    for line in words.splitlines():
        assert line in result.err, result
    assert words or not result.err, result
    assert not [entry for entry in m.sandbox.journal() if "account-members" in entry["path"] and
                entry["method"] != "GET"]


@pytest.mark.limit(180)
@pytest.mark.parametrize("broken", LISTS)
def test_a_vendor_that_does_not_answer(ep, broken):
    """It is waited for 5 s once, and not again as long as that request is under way."""
    m = ep(extra=SILENT)
    box = m.sandbox
    email = email_of(box)
    person = m.path / "by-email" / email
    stall(box, broken)
    result = m.sh(f"cd by-email/'{email}' && echo inactive | tee *.status", timeout=LIMIT)
    assert result.code == 1 and result.err.strip() == f"tee: {broken}.status: Connection timed out"
    # nobody waits any more, and the fetch goes on
    assert box.counts()["in_flight"] == 1
    assert kinds(person) == wanted(broken)
    for suffix in (".json", ".status"):
        assert fails(opened, person / (broken + suffix), os.O_RDONLY) == "ETIMEDOUT"
    assert fails(os.listdir, m.path / "by-email/nobody@example.com") == "ETIMEDOUT"
    assert "no response after 5 s" in last_line(m, f"{broken}.status")
    assert f"{broken} can't be read: no response after 5 s" in last_line(m, f"by-email/{email}: ")
    stalled = [entry for entry in box.journal() if entry["path"] == LISTS[broken] and entry["state"] != "done"]
    assert len(stalled) == 1
    # what it brings in the end is taken
    box.clear_faults()
    harness.wait_until(lambda: kinds(person) == wanted(), 20 * harness.SCALE, "the links")
    m.sh(f"cd by-email/'{email}' && echo inactive | tee *.status").ok()


@pytest.mark.limit(180)
def test_all_are_asked_at_once(ep):
    m = ep(extra=SILENT)
    box = m.sandbox
    for vendor in LISTS:
        stall(box, vendor)
    result = m.sh("ls by-email/jane@example.com", timeout=LIMIT)
    assert result.code and "Connection timed out" in result.err
    # one after the other, one would have been asked only when the other one has answered
    assert box.counts()["in_flight"] == 2
    readers = [m.spawn(f"exec ls by-email/p{number}@example.com") for number in range(20)]
    for reader in readers:
        assert "Connection timed out" in reader.finish(LIMIT).err
    assert box.counts()["in_flight"] == 2
    box.clear_faults()


@pytest.mark.limit(180)
def test_a_refresh_asks_again(ep):
    m = ep(extra=SILENT)
    box = m.sandbox
    person = m.path / "by-email" / email_of(box)
    stall(box, "elasticpath")
    m.sh(["ls", str(person)], None, timeout=LIMIT).ok()
    assert kinds(person) == wanted("elasticpath")
    box.clear_faults()
    refresh(m)
    assert kinds(person) == wanted()


def test_the_vendor_dies_later(ep):
    """What was known before counts as long as it is fresh, not afterwards."""
    m = ep(extra={"elasticpath": {"retry_budget": 0, "lag": 0}})
    box = m.sandbox
    email = email_of(box)
    person = m.path / "by-email" / email
    assert kinds(person) == wanted()
    box.fault(method="GET", path="/v2/*", times=-1, **FAULT)
    assert kinds(person) == wanted() and (person / "elasticpath.json").read_text()
    link = os.open(person / "elasticpath.json", os.O_PATH | os.O_NOFOLLOW)
    refresh(m)
    # names that the kernel has kept as links
    assert stat.S_ISREG((person / "elasticpath.json").lstat().st_mode)
    assert fails(opened, person / "elasticpath.status", os.O_RDONLY) == "EACCES"
    assert kinds(person) == wanted("elasticpath")
    os.close(link)
    box.clear_faults()
    # opening the directory asks again
    assert kinds(person) == wanted()
    assert (person / "elasticpath.status").read_text() == "active\n"


def test_moved_meanwhile(ep):
    """Who can be read alone tells who is there."""
    m = ep(extra=QUICK)
    box = m.sandbox
    email = email_of(box)
    assert kinds(m.path / "by-email" / email) == wanted()
    box.fault(method="GET", path="/v2/account-members", times=-1, **FAULT)
    move(box, "partnerize", "5", "new.one@example.com")
    refresh(m)
    assert fails(os.listdir, m.path / "by-email" / email) == "EACCES"
    assert kinds(m.path / "by-email/new.one@example.com") == wanted("elasticpath")


def test_twins(ep):
    """Several at one vendor keep their names beside one that can't be read."""
    m = ep(extra=QUICK)
    box = m.sandbox
    for ident in ("m-1", "m-2"):
        add_member(box, ident, "twin@example.com")
        join(box, companies(box)[0]["id"], ident)
    add(box, "77", "twin@example.com", status="active")
    box.fault(method="GET", path="/user", times=-1, **FAULT)
    result = m.sh("cd by-email/twin@example.com && echo inactive | tee *.status")
    assert result.err.strip() == "tee: partnerize.status: Permission denied"
    assert accounts_of(box, "m-1") == accounts_of(box, "m-2") == []
    assert [name for name in listing(m.path / "by-email/twin@example.com") if "MANUAL" not in name] == \
        ["elasticpath~m-1.json", "elasticpath~m-1.status", "elasticpath~m-2.json", "elasticpath~m-2.status",
         "partnerize.json", "partnerize.status"]


def test_long_emails(ep):
    m = ep(extra=QUICK)
    box = m.sandbox
    add(box, "77", "l" * 300 + "@example.com")
    name = next(name for name in os.listdir(m.path / "by-email") if "%~" in name)
    box.fault(method="GET", path="/v2/account-members", times=-1, **FAULT)
    refresh(m)
    assert kinds(m.path / "by-email" / name) == wanted("elasticpath")
    assert fails(os.listdir, m.path / "by-email" / ("z" * 200 + "%~0123456789abcdef")) == "EACCES"


def test_one_vendor_alone(mount, sandbox):
    box = sandbox(users=5)
    m = mount(box, {"partnerize": {"retry_budget": 0}})
    box.fault(method="GET", path="/user", times=-1, **FAULT)
    email = email_of(box)
    assert fails(os.listdir, m.path / "by-email" / email) == "EACCES"
    assert fails(opened, m.path / "by-email" / email / "partnerize.status", os.O_WRONLY) == "EACCES"
    box.clear_faults()
    assert "partnerize.json" in os.listdir(m.path / "by-email" / email)


def test_read_only(ep):
    m = ep(extra=QUICK, options=["-o", "ro"])
    box = m.sandbox
    person = m.path / "by-email" / email_of(box)
    box.fault(method="GET", path="/v2/account-members", times=-1, **FAULT)
    assert kinds(person) == wanted("elasticpath")
    assert fails(opened, person / "elasticpath.json", os.O_RDONLY) == "EACCES"
    assert fails(opened, person / "elasticpath.status", os.O_WRONLY) == "EROFS"


def test_a_listing_is_about_all(ep):
    """Names of people are listed only if all are known."""
    m = ep(extra=QUICK)
    box = m.sandbox
    box.fault(method="GET", path="/v2/account-members", times=-1, **FAULT)
    assert kinds(m.path / "by-email" / email_of(box)) == wanted("elasticpath")
    assert fails(os.listdir, m.path / "by-email") == "EACCES"
    assert "elasticpath can't be read" in last_line(m, " by-email: ")
    assert fails(os.listdir, m.path / "elasticpath/by-email") == "EACCES"
    assert len(os.listdir(m.path / "partnerize/by-email")) == 5


def test_many_while_it_comes_and_goes(ep):
    """Each look shows either the links or the files, and each open one of two ends."""
    m = ep(extra=QUICK)
    box = m.sandbox
    person = m.path / "by-email" / email_of(box)
    ended = False

    def look(number):
        turns = 0
        while not ended or not turns:
            turns += 1
            if number % 2:
                assert kinds(person) in (wanted(), wanted("elasticpath"))
            else:
                assert fails(opened, person / "elasticpath.json", os.O_RDONLY) in ("ok", "EACCES", "ESTALE")

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        running = [pool.submit(look, number) for number in range(4)]
        try:
            for _ in range(20):
                box.fault(method="GET", path="/v2/account-members", times=-1, **FAULT)
                refresh(m)
                kinds(person)
                box.clear_faults()
                refresh(m)
                kinds(person)
        finally:
            ended = True
        for one in running:
            one.result()
    assert kinds(person) == wanted()
    assert box.counts().get(LIST)


# ---- who is not listed any more, and can't be asked for by id ----

@pytest.fixture(name="unlisted")
def _unlisted(ep):
    """unlisted(settings) is a mount where a user was listed whom only a GET by id shows now."""
    def start(settings):
        m = ep(extra={"partnerize": settings})
        box = m.sandbox
        box.settings(omit_inactive=True)
        assert kinds(m.path / "by-email" / email_of(box)) == wanted()
        box.patch(SHARED, {"status": "inactive"})
        refresh(m)
        os.listdir(m.path / "partnerize")
        box.reset()
        return m, m.path / "by-email" / email_of(box)
    return start


@pytest.mark.parametrize("fault, error", [
    ({"fault": "status", "status": 401}, "EKEYREJECTED"),
    ({"fault": "status", "status": 403}, "EACCES"),
    ({"fault": "status", "status": 429}, "EBUSY"),
    ({"fault": "status", "status": 500}, "EREMOTEIO"),
    ({"fault": "html"}, "EREMOTEIO"),
], ids=lambda value: str(value)[-12:])
def test_an_unlisted_user_fails(unlisted, fault, error):
    m, person = unlisted({"retry_budget": 0})
    box = m.sandbox
    box.fault(method="GET", path=f"/user/{SHARED}", times=-1, **fault)
    for suffix in (".json", ".status"):
        path = person / f"partnerize{suffix}"
        assert stat.S_ISREG(path.lstat().st_mode)
        for flags in (os.O_RDONLY, os.O_WRONLY):
            assert fails(opened, path, flags) == error
        assert error in last_line(m, str(path.relative_to(m.path)))
    asks = box.counts().get("GET /user/{id}", 0)
    assert kinds(person) == wanted("partnerize")
    m.sh(f"cd {person} && echo inactive | tee *.status")
    assert accounts_of(box, people(box)[SHARED - 1]["id"]) == []
    assert asks <= 2 and box.counts()["GET /user/{id}"] <= asks + 4, "once a directory is opened"
    box.clear_faults()
    refresh(m)
    assert kinds(person) == wanted()
    assert (person / "partnerize.status").read_text() == "inactive\n"


@pytest.mark.limit(LIMIT)
def test_an_unlisted_user_of_a_silent_vendor(unlisted):
    m, person = unlisted({"timeout": 3600})
    box = m.sandbox
    box.fault(method="GET", path=f"/user/{SHARED}", fault="stall", times=-1)
    for _ in range(3):
        assert kinds(person) == wanted("partnerize")
        assert fails(opened, person / "partnerize.status", os.O_WRONLY) == "ETIMEDOUT"
    assert box.counts()["GET /user/{id}"] == 1, "it is still being waited for"
    box.clear_faults()
    harness.wait_until(lambda: kinds(person) == wanted(), LIMIT, "the answer")
