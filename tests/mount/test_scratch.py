# SPDX-License-Identifier: Apache-2.0
"""Scratch files: what stands beside the records for editors and tools, in memory only. Renames onto
records and away from them, and the name that is vacant for whoever renamed.
"""

import contextlib
import ctypes
import errno
import json
import mmap
import os
import pathlib
import signal
import stat
import threading
import time

import pytest

import harness
from harness import wait_until
from editor_saves import sh
from ep_store import outside, people, store
from writes import (at_vendor, errno_of, last_line, name_of, read, refresh, save, sent, text_of)

FILE = "partnerize/2.json"
WORD = "partnerize/2.status"
NAMES = (".x", "#x#", ".#x", "4913", "x~", ".2.json.swp", ".2.json", "#2.json", "2.json~", "a b", "sedXa0",
         "x.jsonx", "x" * 255)
BOTH = {"elasticpath": {"allow_preprovision": "yes"}}


def fails(function, *arguments):
    """The name of the errno that FUNCTION failed with, or "ok"."""
    return name_of(errno_of(function, *arguments))


def make(path, data=b""):
    """A new file; the name of the errno, or "ok"."""
    def create():
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.write(file, data)
        finally:
            os.close(file)
    return fails(create)


def create(path):
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def rename2(old, new, flags):
    """renameat2; the name of the errno, or "ok"."""
    libc = ctypes.CDLL(None, use_errno=True)
    at = -100  # AT_FDCWD
    if libc.renameat2(at, os.fsencode(old), at, os.fsencode(new), flags) == 0:
        return "ok"
    return name_of(ctypes.get_errno())


NOREPLACE, EXCHANGE = 1, 2


def writable_folders(m):
    """Each directory in which records can be written, or made."""
    found = [m.path / name for name in ("partnerize", "partnerize/new", "elasticpath", "elasticpath/new",
                                        "elasticpath/settings", "elasticpath/accounts/new",
                                        "elasticpath/realms/new")]
    accounts, realms = m.path / "elasticpath/accounts", m.path / "elasticpath/realms"
    account = next(name for name in os.listdir(accounts) if name != "new")
    realm = next(name for name in os.listdir(realms) if name != "new")
    return found + [accounts / account, realms / realm, realms / realm / "oidc-profiles",
                    realms / realm / "oidc-profiles/new"]


def other_folders(m):
    """Directories without room for them."""
    accounts = m.path / "elasticpath/accounts"
    account = next(name for name in os.listdir(accounts) if name != "new")
    found = [m.path, m.path / ".rosterfs", m.path / "cj", accounts, m.path / "elasticpath/realms",
             accounts / account / "members"]
    found += [path for path in (m.path / "by-email", m.path / "partnerize/by-email") if path.is_dir()]
    return found


def asked(box):
    return box.counts()["total"]


# ---- files ----

def use_file(path):
    """All that can be done with one, but for renaming it."""
    file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    assert fails(os.open, path, os.O_CREAT | os.O_EXCL | os.O_RDWR) == "EEXIST"
    number = os.fstat(file).st_ino
    assert os.write(file, b"0123456789") == 10
    assert os.fstat(file).st_size == os.stat(path).st_size == 10
    assert os.pread(file, 4, 3) == b"3456"
    os.pwrite(file, b"xyz", 12)
    assert path.read_bytes() == b"0123456789\0\0xyz"
    with open(path, "ab") as end:
        end.write(b"end")
    assert path.read_bytes() == b"0123456789\0\0xyzend"
    os.ftruncate(file, 4)
    os.truncate(path, 6)
    assert path.read_bytes() == b"0123\0\0"
    os.fsync(file)
    os.fdatasync(file)
    os.chmod(path, 0o644)
    os.fchmod(file, 0o600)
    os.chown(path, os.getuid(), os.getgid())
    os.utime(path, (1, 1))
    os.utime(file)
    assert os.stat(path).st_ino == number
    assert stat.S_ISREG(os.stat(path).st_mode)
    assert fails(os.link, path, path.with_name("linked")) == "EPERM"
    with open(path, "wb") as again:
        again.write(b"anew")
    assert os.pread(file, 100, 0) == b"anew"
    os.unlink(path)
    assert not path.exists()
    # what is open stays what it was
    os.pwrite(file, b"still", 0)
    assert os.pread(file, 100, 0) == b"still"
    assert os.fstat(file).st_size == 5
    os.close(file)


def use_names(folder):
    """Renames and links within FOLDER."""
    assert make(folder / "one", b"1") == make(folder / "two", b"2") == "ok"
    assert rename2(folder / "one", folder / "two", NOREPLACE) == "EEXIST"
    assert rename2(folder / "one", folder / "two", EXCHANGE) == "EINVAL"
    assert rename2(folder / "one", folder / "three", NOREPLACE) == "ok"
    os.rename(folder / "three", folder / "two")
    assert (folder / "two").read_bytes() == b"1"
    assert not (folder / "one").exists() and not (folder / "three").exists()
    os.symlink("somebody@somewhere.1", folder / ".#lock")
    assert os.readlink(folder / ".#lock") == "somebody@somewhere.1"
    assert os.lstat(folder / ".#lock").st_size == len("somebody@somewhere.1")
    assert fails(os.symlink, "x", folder / ".#lock") == "EEXIST"
    assert fails(os.mkdir, folder / "folder") == "EPERM"
    assert {"two", ".#lock"} <= set(os.listdir(folder))
    file = os.open(folder, os.O_RDONLY)
    os.fsync(file)
    os.close(file)
    os.unlink(folder / "two")
    os.unlink(folder / ".#lock")


def test_wherever_records_are_written(mount, sandbox):
    m = mount(store(sandbox, members=5, accounts=2), BOTH)
    folders = writable_folders(m)
    for folder in folders:
        os.listdir(folder)
    before = asked(m.sandbox)
    for folder in folders:
        there = set(os.listdir(folder))
        for name in NAMES:
            # in new/ it would be a draft
            if not (folder.name == "new" and name.endswith(".json") and name[0] not in ".#"):
                use_file(folder / name)
        assert fails(create, folder / ("x" * 256)) == "ENAMETOOLONG"
        use_names(folder)
        assert set(os.listdir(folder)) == there
    assert asked(m.sandbox) == before


def test_nowhere_else(mount, sandbox):
    box = store(sandbox, members=5, accounts=2)
    m = mount(box, BOTH)
    member = people(box)[0]["id"]
    record = m.path / f"elasticpath/{member}.json"
    folders = other_folders(m)
    for folder in folders:
        os.listdir(folder)
    os.stat(record)
    before = asked(box)
    for folder in folders:
        # the kernel says EACCES for cj to whoever is not root
        no = {"EPERM", "EACCES"} | ({"EROFS"} if folder.name == "cj" else set())
        there = set(os.listdir(folder))
        for name in (".x", "x~", "4913", ".x.json.swp"):
            assert fails(create, folder / name) in no, folder / name
            assert fails(os.symlink, "x", folder / name) in no, folder / name
            assert folder.name != "cj" or fails(create, folder / name) != "EPERM"
            assert fails(os.mkdir, folder / name) in no, folder / name
            assert fails(os.rename, record, folder / name) in no, folder / name
        assert set(os.listdir(folder)) == there
    assert asked(box) == before


def test_a_name_of_a_record_is_never_one(mount):
    m = mount()
    folder = m.path / "partnerize"
    there = set(os.listdir(folder))
    before = asked(m.sandbox)
    for name, error in (("99999.json", "ENOTSUP"), ("99999.status", "ENOENT"), ("x.json", "ENOTSUP"),
                        ("*.status", "ENOENT"), (".status", "ENOENT"), (".json", "EPERM")):
        assert fails(create, folder / name) == error, name
        assert make(folder / name) == error, name
        assert fails(os.symlink, "2.json", folder / name) in (error, "EPERM"), name
        assert make(folder / "T", b"active\n") == "ok"
        assert fails(os.rename, folder / "T", folder / name) != "ok", name
        os.unlink(folder / "T")
    for name in ("self", "MANUAL"):
        assert make(folder / name) == "EEXIST"
        assert make(folder / "T", b"{}") == "ok"
        assert fails(os.rename, folder / "T", folder / name) == "EPERM"
        assert fails(os.rename, folder / name, folder / "T2") == "EPERM"
        assert fails(os.unlink, folder / name) == "EPERM"
        os.unlink(folder / "T")
    assert set(os.listdir(folder)) == there
    assert not sent(m.sandbox)
    # whether there is an x is asked for once, when it is renamed onto
    assert asked(m.sandbox) - before <= 6


def test_read_only(mount):
    m = mount(options=["-o", "ro"])
    folder = m.path / "partnerize"
    no = {"EROFS"}
    assert fails(create, folder / ".x") in no
    assert fails(os.symlink, "x", folder / ".x") in no
    assert fails(os.rename, m.path / FILE, folder / "2.json~") in no
    assert fails(os.unlink, m.path / FILE) in no
    assert fails(os.open, m.path / FILE, os.O_WRONLY) in no


def test_mapped(mount):
    m = mount()
    path = m.path / "partnerize/.mapped"
    assert make(path, b"a" * 10000) == "ok"
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as pages:
        assert pages[:] == b"a" * 10000
        pages[5000:5003] = b"xyz"
        pages.flush()
        assert path.read_bytes()[4999:5004] == b"axyza"
        pages[0:1] = b"b"
    assert path.read_bytes()[:2] == b"ba"
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as pages:
        assert pages.find(b"xyz") == 5000
    # and a backup, whose inode was a record's
    backup = m.path / "partnerize/2.json~"
    text = (m.path / FILE).read_bytes()
    os.rename(m.path / FILE, backup)
    with open(backup, "r+b") as file, mmap.mmap(file.fileno(), 0) as pages:
        assert pages[:] == text
        pages[0:1] = b"["
    assert backup.read_bytes() == b"[" + text[1:]
    os.unlink(backup)
    assert (m.path / FILE).read_bytes() == text


def test_two_write_to_one(mount):
    m = mount()
    m.sh("for n in 1 2 3; do (for i in $(seq 200); do echo $n.$i; done >>partnerize/.both) & done; wait").ok()
    lines = (m.path / "partnerize/.both").read_text().split()
    assert len(lines) == 600 and len(set(lines)) == 600


def test_many(mount):
    """More than one reply holds: each is listed once, and all of them can be removed."""
    m = mount()
    folder = m.path / "partnerize"
    names = {f".scratch-{number}-{'x' * 100}" for number in range(500)}
    for name in names:
        assert make(folder / name) == "ok"
    listed = os.listdir(folder)
    assert {name for name in listed if name.startswith(".scratch")} == names
    assert len(listed) == len(set(listed))
    m.sh("find partnerize -name '.scratch*' -delete").ok()
    assert not [name for name in os.listdir(folder) if name.startswith(".scratch")]


# ---- how much ----

def test_limit(mount):
    m = mount(extra={"rosterfs": {"scratch_limit": "64K"}})
    folder = m.path / "partnerize"
    before = asked(m.sandbox)
    result = m.sh("head -c 100000 /dev/zero >partnerize/.big")
    assert result.code != 0 and "No space left" in result.err
    # what fits is there, and nobody takes it for a save
    assert 0 < os.stat(folder / ".big").st_size < 65536
    assert fails(os.rename, folder / ".big", m.path / FILE) == "EINVAL"
    assert fails(os.truncate, folder / ".big", 1 << 20) == "ENOSPC"
    assert fails(os.truncate, folder / ".big", 1 << 40) == "EFBIG"
    os.unlink(folder / ".big")
    assert make(folder / ".big", b"x" * 60000) == "ok"
    # a backup needs room too: without, the old one stays, and the record
    os.truncate(folder / ".big", 0)
    assert make(folder / "2.json~", b"old") == "ok"
    with open(folder / ".big", "ab") as file:
        with contextlib.suppress(OSError):
            while True:
                os.write(file.fileno(), b"x" * 100)
    assert fails(os.rename, m.path / FILE, folder / "2.json~") == "ENOSPC"
    assert (folder / "2.json~").read_bytes() == b"old"
    assert (m.path / FILE).exists()
    os.unlink(folder / ".big")
    # empty ones and links cost something as well
    number = 0
    while make(folder / f".{number}") == "ok":
        number += 1
        assert number < 1000
    assert number > 50
    assert fails(os.symlink, "x", folder / ".link") == "ENOSPC"
    os.unlink(folder / ".0")
    os.symlink("x", folder / ".link")
    assert asked(m.sandbox) <= before + 3 and not sent(m.sandbox)
    assert "raise scratch_limit" in m.log()
    assert read(m, FILE)["user_id"] == "2"


@pytest.mark.plain
def test_memory_is_given_back(mount):
    """Not more is held than the limit says, whatever was held before."""
    m = mount(extra={"rosterfs": {"scratch_limit": "8M"}})

    def resident():
        with open(f"/proc/{m.pid}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    before = resident()
    for number in range(150):
        path = m.path / f"partnerize/.{number}"
        assert make(path, b"x" * 4000000) == "ok"
        os.truncate(path, 1)
    # what the C library keeps for the next time is a part of that
    assert resident() - before < 200000


def test_names_of_other_vendors(mount, sandbox):
    """Where nobody can be made there is no new/: a file of that name would look like somebody made."""
    m = mount(store(sandbox, members=5, accounts=2))
    folder = m.path / "elasticpath"
    (folder / "T").write_text("{}")
    for name in ("new", "self"):
        assert make(folder / name) == "EPERM"
        assert name == "self" or "preprovision" in last_line(m, f"elasticpath/{name}")
        assert fails(os.symlink, "T", folder / name) == "EPERM"
        assert fails(os.rename, folder / "T", folder / name) == "EPERM"
        assert name not in os.listdir(folder)


@pytest.fixture
def libfaketime():
    """Its path; what it leaves in shared memory of a daemon that forks is removed."""
    library = next((path for path in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
                                      "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1")
                    if os.path.exists(path)), None)
    if not library:
        pytest.skip("there is no libfaketime")

    def left():
        return {path for path in pathlib.Path("/dev/shm").glob("*faketime_*")
                if not os.path.exists(f"/proc/{path.name.rpartition('_')[2]}")}
    before = left()
    yield library
    for path in left() - before:
        path.unlink(missing_ok=True)


@pytest.mark.plain
def test_a_day(libfaketime, mount, test_dir):
    """What is left behind goes after a day; what is open stays, and so do drafts."""
    clock = test_dir / "clock"
    test_dir.mkdir(exist_ok=True)
    clock.write_text("+0\n")
    m = mount(extra_env={"LD_PRELOAD": libfaketime, "FAKETIME_TIMESTAMP_FILE": str(clock),
                         "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1",
                         "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
    folder = m.path / "partnerize"
    for name in (".old", ".open", "new/.old", "new/draft.json"):
        # half a document is refused, and kept as a draft
        assert make(folder / name, b"{") == ("EINVAL" if name.endswith("json") else "ok")
    with open(folder / ".open", encoding="ascii") as file:
        clock.write_text("+82800\n")
        assert {".old", ".open"} <= set(os.listdir(folder))
        (folder / ".young").write_text("x")
        clock.write_text("+90000\n")
        assert set(os.listdir(folder)) & {".old", ".open", ".young"} == {".open", ".young"}
        assert os.listdir(folder / "new") == ["draft.json"]
        assert file.read() == "{"
    assert ".open" not in os.listdir(folder)
    assert not (folder / ".old").exists()


# ---- renames onto records ----

def text_with(m, **fields):
    return text_of({**read(m, FILE), **fields}).encode()


def test_a_rename_is_a_save(mount):
    m = mount()
    folder, path = m.path / "partnerize", m.path / FILE
    number = os.stat(path).st_ino
    for value in ("First", "Second"):
        assert make(folder / "T", text_with(m, lastname=value)) == "ok"
        m.sandbox.reset()
        os.rename(folder / "T", path)
        assert [entry["method"] for entry in m.sandbox.journal()] == ["GET", "PUT"]
        assert at_vendor(m.sandbox, 2)["lastname"] == read(m, FILE)["lastname"] == value
        assert os.stat(path).st_ino == number
        assert os.stat(path).st_size == len(path.read_bytes())
        assert not (folder / "T").exists()
    # again the same is no change
    assert make(folder / "T", path.read_bytes()) == "ok"
    m.sandbox.reset()
    os.rename(folder / "T", path)
    assert not sent(m.sandbox)


def test_a_rename_onto_a_status(mount):
    m = mount()
    folder = m.path / "partnerize"
    assert make(folder / "T", b"inactive\n") == "ok"
    os.rename(folder / "T", m.path / WORD)
    assert at_vendor(m.sandbox, 2)["status"] == "inactive"
    assert (m.path / WORD).read_bytes() == b"inactive\n"
    m.sh(f"sed -i s/inactive/active/ {WORD}").ok()
    assert at_vendor(m.sandbox, 2)["status"] == "active"
    m.sandbox.reset()
    for word in (b"gone\n", b"", b"active\nactive\n", b"{}"):
        assert make(folder / "T", word) == "ok"
        assert fails(os.rename, folder / "T", m.path / WORD) == "EINVAL"
        os.unlink(folder / "T")
    assert asked(m.sandbox) == 0


def test_a_rename_that_is_refused(mount):
    m = mount()
    folder, path = m.path / "partnerize", m.path / FILE
    good = text_with(m, lastname="New")
    before = at_vendor(m.sandbox, 2)
    refused = ((b"", "EINVAL"), (good[:-3], "EINVAL"), (b"[]", "EINVAL"), (b"\0" * 10, "EINVAL"),
               (text_with(m, user_id="9"), "EPERM"), (b" " * (1 << 20) + good, "EFBIG"))
    for text, error in refused:
        assert make(folder / "T", text) == "ok"
        assert fails(os.rename, folder / "T", path) == error
        assert (folder / "T").read_bytes() == text
        os.unlink(folder / "T")
    assert make(folder / "T", good) == "ok"
    for target, error in (("partnerize/99.json", "ENOTSUP"), ("partnerize/99.status", "EINVAL"),
                          ("partnerize/self", "EPERM"), ("partnerize/MANUAL", "EPERM"),
                          ("README", "EPERM"), ("partnerize/new/T", "EPERM")):
        if (m.path / target).parent.is_dir():
            assert fails(os.rename, folder / "T", m.path / target) == error, target
    assert rename2(folder / "T", path, NOREPLACE) == "EEXIST"
    # so that it is known who is not there: the list alone does not tell
    assert not (folder / "zz.status").exists() and not (folder / "zz.json").exists()
    assert rename2(folder / "T", folder / "zz.status", NOREPLACE) == "ENOENT"
    assert rename2(folder / "T", folder / "zz.json", NOREPLACE) == "ENOTSUP"
    assert "partnerize/zz.json: no such record" in last_line(m, "zz.json")
    os.symlink("T", folder / "link")
    assert fails(os.rename, folder / "link", path) == "EPERM"
    assert not sent(m.sandbox) and at_vendor(m.sandbox, 2) == before
    assert (folder / "T").read_bytes() == good


def test_records_stay_where_they_are(mount, sandbox):
    box = store(sandbox, members=5, accounts=6)
    m = mount(box)
    member = people(box)[0]["id"]
    account = outside(box, member)
    theirs = m.path / f"elasticpath/{member}.json"
    folder = m.path / "partnerize"
    os.listdir(m.path / "elasticpath"), os.listdir(folder)
    for old, new in ((m.path / FILE, folder / "3.json"), (m.path / FILE, m.path / WORD),
                     (m.path / FILE, folder / "99.json"), (m.path / FILE, m.path / "elasticpath/x"),
                     (m.path / FILE, theirs), (theirs, m.path / FILE), (m.path / FILE, folder / "self"),
                     (theirs, m.path / f"elasticpath/accounts/{account}/members/{member}.json"),
                     (m.path / "partnerize", m.path / "p")):
        assert fails(os.rename, old, new) in ("EPERM", "EXDEV"), (old, new)
        assert old.exists()
    for path in (m.path / FILE, m.path / WORD, theirs):
        assert fails(os.unlink, path) == "EPERM"
        assert path.exists()
    assert not [entry for entry in sent(box) if "access_token" not in entry["path"]]


def test_an_open_file_that_becomes_a_record(mount):
    """As sponge does it: its descriptor is still open, and then closed."""
    m = mount()
    path = m.path / FILE
    file = os.open(m.path / "partnerize/T", os.O_CREAT | os.O_RDWR, 0o600)
    os.write(file, text_with(m, lastname="Sponge"))
    os.rename(m.path / "partnerize/T", path)
    assert len(sent(m.sandbox)) == 1
    # what would be written now would be lost
    assert fails(os.write, file, b"more") == "EPERM"
    assert fails(os.fsync, file) == fails(os.close, file) == "ok"
    assert len(sent(m.sandbox)) == 1
    assert read(m, FILE)["lastname"] == "Sponge"
    m.sh(f"sed 's/Sponge/{'y' * 20000}/' {FILE} | TMPDIR=$PWD/partnerize sponge {FILE}").ok()
    assert read(m, FILE)["lastname"] == "y" * 20000
    assert len(sent(m.sandbox)) == 2


def test_others_read_on(mount):
    """Who has the record open reads the version that was opened, whatever is renamed onto it."""
    m = mount()
    path = m.path / FILE
    for way in range(3):
        value = f"Much longer than before {way}"
        old, new = path.read_bytes(), text_with(m, lastname=value)
        with open(path, "rb", buffering=0) as file:
            begin = file.read(10)
            if way:
                os.rename(path, m.path / "partnerize/2.json~")
            assert make(m.path / "partnerize/T", new) == "ok"
            os.rename(m.path / "partnerize/T", path)
            if way == 2:
                os.unlink(m.path / "partnerize/2.json~")
            assert begin + file.read() == old
        assert read(m, FILE)["lastname"] == value
        assert os.stat(path).st_size == len(path.read_bytes())


def test_another_text_for_the_same_record(mount):
    """What is saved may be laid out in another way: what is shown stays as the vendor has it."""
    m = mount()
    path = m.path / FILE
    text = path.read_bytes()
    os.rename(path, m.path / "partnerize/2.json~")
    (m.path / "partnerize/2.json~").write_text(json.dumps(json.loads(text)))
    (m.path / "partnerize/2.json~").read_bytes()
    os.rename(m.path / "partnerize/2.json~", path)
    assert not sent(m.sandbox)
    assert path.read_bytes() == text
    assert m.sh(f"cat {FILE}").ok().raw == text
    assert os.stat(path).st_size == len(text)


def test_interrupted(mount):
    """For whoever is interrupted nothing was renamed; what the vendor does in the end is shown."""
    m = mount()
    path, backup = m.path / FILE, m.path / "partnerize/2.json~"
    old = path.read_bytes()
    m.sh(f"mv {FILE} {FILE}~").ok()
    new = text_with(m, lastname="Interrupted")
    backup.write_bytes(new)
    # it is the inode of a record that is renamed back
    for number in (signal.SIGINT, signal.SIGKILL):
        m.sandbox.fault(method="PUT", fault="stall", times=1)
        command = m.spawn(f"exec mv {FILE}~ {FILE}")
        wait_until(lambda: m.sandbox.counts()["in_flight"], 10 * harness.SCALE, "the PUT")
        assert command.kill(number) < harness.AT_ONCE
        assert backup.read_bytes() == new
        assert path.read_bytes() == old
        assert m.sh(f"cat {FILE}").ok().raw == old
        m.sandbox.clear_faults()
        wait_until(lambda: read(m, FILE)["lastname"] == "Interrupted"
                   or not m.sandbox.counts()["in_flight"], 10 * harness.SCALE, "the end of it")
        time.sleep(0.1)
        landed = at_vendor(m.sandbox, 2)["lastname"]
        assert read(m, FILE)["lastname"] == landed
        assert backup.read_bytes() == new
        assert m.sh(f"cat {FILE}~").ok().raw == new
        old = path.read_bytes()
        new = text_with(m, lastname="Interrupted again")
        backup.write_bytes(new)
    os.rename(backup, path)
    assert at_vendor(m.sandbox, 2)["lastname"] == "Interrupted again"
    assert not backup.exists()


# ---- renames of records ----

BACKUP = "partnerize/2.json~"


def move_away(m):
    """This process has renamed the record; what it held."""
    text = (m.path / FILE).read_bytes()
    os.rename(m.path / FILE, m.path / BACKUP)
    return text


def seen_by_others(m):
    """The record's text, as another process sees it; None: there is none."""
    result = m.sh(f"cat {FILE} && ls -l {FILE} >&2 && ls partnerize | grep -qx 2.json")
    return result.raw if result.code == 0 else None


def test_a_backup(mount):
    m = mount()
    os.listdir(m.path / "partnerize")
    before = asked(m.sandbox)
    number = os.stat(m.path / FILE).st_ino
    text = move_away(m)
    # vacant for this process, all threads of it, and nobody else
    assert fails(os.stat, m.path / FILE) == fails(os.open, m.path / FILE, os.O_RDONLY) == "ENOENT"
    seen = []
    thread = threading.Thread(target=lambda: seen.append((m.path / FILE).exists()))
    thread.start()
    thread.join()
    assert seen == [False]
    assert seen_by_others(m) == text
    assert {"2.json", "2.json~", "2.status"} <= set(os.listdir(m.path / "partnerize"))
    assert (m.path / BACKUP).read_bytes() == text
    assert os.stat(m.path / BACKUP).st_ino != number
    assert m.sh(f"set -C; : >{FILE}").code != 0  # O_EXCL
    assert asked(m.sandbox) == before
    os.unlink(m.path / BACKUP)
    assert (m.path / FILE).read_bytes() == text
    assert os.stat(m.path / FILE).st_ino == number
    assert asked(m.sandbox) == before


def test_a_backup_of_a_status(mount):
    m = mount()
    os.listdir(m.path / "partnerize")
    os.rename(m.path / WORD, m.path / "partnerize/s~")
    assert (m.path / "partnerize/s~").read_bytes() == b"active\n"
    assert not (m.path / WORD).exists() and (m.path / FILE).exists()
    assert make(m.path / WORD, b"inactive\n") == "ok"
    assert at_vendor(m.sandbox, 2)["status"] == "inactive"
    os.rename(m.path / "partnerize/s~", m.path / WORD)
    assert at_vendor(m.sandbox, 2)["status"] == "active"


@pytest.mark.parametrize("flags", [os.O_EXCL, os.O_TRUNC, 0])
def test_created_anew(mount, flags):
    m = mount()
    text = move_away(m)
    new = text_with_lastname(text, "Anew")
    others = []
    file = os.open(m.path / FILE, os.O_CREAT | os.O_WRONLY | flags, 0o600)
    others.append(seen_by_others(m))
    assert (m.path / FILE).exists()  # no longer vacant
    os.write(file, new[:50])
    others.append(seen_by_others(m))
    os.write(file, new[50:])
    assert fails(os.fsync, file) == fails(os.close, file) == "ok"
    assert others == [text, text]
    assert len(sent(m.sandbox)) == 1
    assert at_vendor(m.sandbox, 2)["lastname"] == read(m, FILE)["lastname"] == "Anew"
    assert (m.path / BACKUP).read_bytes() == text
    # the backup is an old copy: put back by the process that saved, it would undo that save
    with pytest.raises(OSError) as failure:
        os.rename(m.path / BACKUP, m.path / FILE)
    assert failure.value.errno == errno.EBUSY
    assert len(sent(m.sandbox)) == 1
    assert at_vendor(m.sandbox, 2)["lastname"] == "Anew"
    assert (m.path / BACKUP).read_bytes() == text
    # the history takes it back
    (m.path / FILE).write_bytes((m.path / ".rosterfs/history/1/undo.json").read_bytes())
    assert at_vendor(m.sandbox, 2)["lastname"] == json.loads(text)["lastname"]


def text_with_lastname(text, value):
    return text_of({**json.loads(text), "lastname": value}).encode()


def test_created_anew_and_refused(mount):
    """As vim does it: the new file is refused, can't be removed, and the backup comes back."""
    m = mount()
    m.sandbox.fault(method="PUT", fault="status", status=400, times=1)
    text = move_away(m)
    before = os.stat(m.path / BACKUP).st_size
    save_result = save(m.path / FILE, text_with_lastname(text, "No"), flags=os.O_WRONLY | os.O_CREAT)
    assert save_result.write == save_result.fsync == save_result.close == "EINVAL"
    assert fails(os.unlink, m.path / FILE) == "EPERM"
    m.sandbox.reset()
    os.rename(m.path / BACKUP, m.path / FILE)
    # nobody is asked, so that it works also when there is no vendor
    assert asked(m.sandbox) == 0
    assert (m.path / FILE).read_bytes() == text and len(text) == before
    assert not (m.path / BACKUP).exists()


def test_renamed_onto_while_vacant(mount):
    m = mount()
    text = move_away(m)
    assert make(m.path / "partnerize/T", text_with_lastname(text, "Onto")) == "ok"
    assert rename2(m.path / "partnerize/T", m.path / FILE, NOREPLACE) == "ok"
    assert at_vendor(m.sandbox, 2)["lastname"] == read(m, FILE)["lastname"] == "Onto"
    assert (m.path / BACKUP).read_bytes() == text
    # a refused one ends it as well
    os.rename(m.path / FILE, m.path / BACKUP)
    assert not (m.path / FILE).exists()
    assert make(m.path / "partnerize/T", b"{") == "ok"
    assert fails(os.rename, m.path / "partnerize/T", m.path / FILE) == "EINVAL"
    assert read(m, FILE)["lastname"] == "Onto"


def test_a_child_sees_the_record(mount):
    m = mount()
    move_away(m)
    child = os.fork()
    if not child:
        os._exit(0 if (m.path / FILE).exists() else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert not (m.path / FILE).exists()


@pytest.mark.limit(150)
def test_ten_seconds(mount):
    m = mount()
    before = time.monotonic()
    text = move_away(m)
    wait_until((m.path / FILE).exists, 100 * harness.SCALE, "the end of the ten seconds", 0.1)
    assert time.monotonic() - before > 8
    assert (m.path / FILE).read_bytes() == (m.path / BACKUP).read_bytes() == text
    assert not sent(m.sandbox)


def test_a_cold_backup(mount):
    """Nobody has asked for the record before: one request, as for reading it."""
    m = mount()
    os.rename(m.path / FILE, m.path / BACKUP)
    assert asked(m.sandbox) == 1
    assert read(m, BACKUP)["user_id"] == "2"
    assert fails(os.rename, m.path / "partnerize/9999.json", m.path / "partnerize/x") == "ENOENT"
    m.sandbox.fault(fault="status", status=500, times=-1)


def test_an_open_on_its_way(mount):
    """Between the lookup and the open of the record, somebody saves as vim does: the open still finds a text."""
    m = mount()
    looked_up = os.open(m.path / FILE, os.O_PATH)
    try:
        path = f"/proc/self/fd/{looked_up}"
        text = move_away(m)
        assert make(m.path / FILE, text_with_lastname(text, "Anew")) == "ok"
        os.unlink(m.path / BACKUP)
        for _ in range(2):
            with open(path, "rb") as file:
                assert file.read() == text
                assert os.fstat(file.fileno()).st_size == len(text)
        # what is written must not get lost in a backup that is gone
        for flags in (os.O_WRONLY, os.O_RDWR):
            assert fails(os.open, path, flags) == "ESTALE"
    finally:
        os.close(looked_up)
    assert read(m, FILE)["lastname"] == "Anew"
    assert not (m.path / BACKUP).exists()


def test_nobody_misses_a_user(mount):
    """Somebody saves as vim does, over and over: others see all of the users all of the time."""
    m = mount()
    os.listdir(m.path / "partnerize")
    whole = {f"{number}.{suffix}" for number in range(1, 26) for suffix in ("json", "status")}
    script = f"""
import json, os, sys
d = {str(m.path / 'partnerize')!r}
f, b = d + "/2.json", d + "/2.json~"
text = json.load(open(f))
for turn in range(60):
    text["lastname"] = "Turn %d" % turn
    os.rename(f, b)
    assert not os.path.exists(f)
    with open(f, "x" if turn % 2 else "w") as file:
        json.dump(text, file)
    os.unlink(b)
"""
    editor = m.spawn(["/usr/bin/python3", "-c", script], None)
    looks = 0
    while not editor.done():
        assert whole <= set(os.listdir(m.path / "partnerize"))
        assert os.stat(m.path / FILE).st_size > 100
        assert json.loads((m.path / FILE).read_bytes())["user_id"] == "2"
        looks += 1
    editor.finish().ok()
    assert looks > 5
    assert len(sent(m.sandbox)) == 60
    assert read(m, FILE)["lastname"] == at_vendor(m.sandbox, 2)["lastname"] == "Turn 59"
    assert not (m.path / BACKUP).exists()


def test_editors_at_the_same_time(mount):
    """Several save different fields of one record, in each way: none is lost."""
    m = mount()
    os.listdir(m.path / "partnerize")
    # slow enough that not more versions come and go in a second than are kept
    m.sandbox.settings(latency_ms=20)
    script = f"""
import json, os, sys
name = sys.argv[1]
d = {str(m.path / 'partnerize')!r}
f, t = d + "/2.json", d + "/." + name
turn = 0
for attempt in range(500):
    if turn == 6:
        sys.exit(0)
    text = json.load(open(f))
    text[name] = "%s %d" % (name, turn)
    try:
        if turn % 3 == 0:
            os.rename(f, t + "~")
        if turn % 3 == 1:
            open(t, "w").write(json.dumps(text))
            os.rename(t, f)
        else:
            with open(f, "w") as file:
                json.dump(text, file)
        turn += 1
    except OSError as error:
        if error.errno not in (16, 116):
            raise
sys.exit(3)
"""
    names = ("firstname", "lastname", "timezone")
    editors = [m.spawn(["/usr/bin/python3", "-c", script, name], None) for name in names]
    for editor in editors:
        editor.finish(40).ok()
    refresh(m)
    for name in names:
        assert read(m, FILE)[name] == at_vendor(m.sandbox, 2)[name] == f"{name} 5"


def test_no_request_for_editors_names(mount):
    m = mount()
    os.listdir(m.path / "partnerize")
    before = asked(m.sandbox)
    for name in (".#2.json", "#2.json#", ".dir-locals.el", "RCS", "2.json,v", "CVS", ".git", ".hg", "4913",
                 ".2.json.swp", ".2.json.swo", "2.json~", "2.json.orig", "new", ".editorconfig"):
        assert not (m.path / "partnerize" / name).exists() or name == "new"
    assert asked(m.sandbox) == before


def test_shells_leave_nothing(mount):
    m = mount()
    sh(m, f"cp {FILE} partnerize/.x; cat partnerize/.x >partnerize/y~; rm partnerize/.x partnerize/y~").ok()
    assert not sent(m.sandbox)
    assert errno.errorcode[errno_of(os.rmdir, m.path / "partnerize")] == "EPERM"
