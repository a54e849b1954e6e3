# SPDX-License-Identifier: Apache-2.0
"""What a mount promises and refuses of POSIX: the cases of posix_cases.py, which posix.md shows."""

import contextlib
import errno
import os
import pathlib

import pytest

import harness
import posix_acts as acts
import posix_cases
from writes import name_of, sent

pytestmark = pytest.mark.no_tsan
TOLD = {"EOPNOTSUPP": errno.EOPNOTSUPP, "ok": 0}
NOBODY = 65534


def two_vendors(box):
    same = box.config().split("[partnerize]")[1].split("\n[")[0]
    return box.config() + "\n[second]\ntype = partnerize" + same


@pytest.fixture(name="mounted", scope="module")
def _mounted(stage):
    return stage(two_vendors, users=25)


def prepare(m):
    """The places of the cases in the mount M."""
    os.listdir(m.path / "partnerize")
    os.listdir(m.path / "second")
    os.readlink(m.path / "partnerize/self")
    if not (m.path / ".rosterfs/history/1").exists():
        (m.path / "partnerize/3.json").write_text('{"firstname": "Zoe"}')
    person = m.path / "by-email" / sorted(os.listdir(m.path / "by-email"))[0]
    names = {
        "root": "", "vendor": "partnerize", "new": "partnerize/new", "by-email": "by-email", "person": person,
        "tables": "tables", ".rosterfs": ".rosterfs", "history": ".rosterfs/history/1", "by hand": "cj",
        "record": "partnerize/3.json", "status": "partnerize/3.status", "scratch": "partnerize/.file",
        "draft": "partnerize/new/draft.json", "table": "tables/partnerize.csv", "log": ".rosterfs/log",
        "control": ".rosterfs/control", "refresh": ".rosterfs/refresh", "undo": ".rosterfs/history/1/undo.json",
        "README": "README", "MANUAL": "partnerize/MANUAL", "steps": "cj/MANUAL", "self": "partnerize/self",
        "link": person / "partnerize.json",
    }
    assert set(names) == {*posix_cases.FOLDERS, *posix_cases.FILES}
    return {name: m.path / path for name, path in names.items()}


def renew(paths):
    """What a case may have removed is there again, and what one has made is gone."""
    for folder, kept in (("vendor", ".file"), ("new", "draft.json")):
        for name in os.listdir(paths[folder]):
            if name.startswith(".") and name != kept or name == "draft.json":
                (paths[folder] / name).unlink()
    paths["scratch"].write_text("a file in memory")
    with contextlib.suppress(OSError):  # it is no document: refused, and kept
        paths["draft"].write_text("[")


def outcome(do, path):
    try:
        do(path)
    except OSError as error:
        return error.errno
    return 0


def wanted(case, place):
    """The numbers that may come; as for anybody who is not root, whom the kernel's own look at modes may refuse."""
    name = case.wanted(place)
    return {TOLD.get(name) if name in TOLD else getattr(errno, name)} | (
        {errno.EACCES} if os.geteuid() and name in ("EPERM", "EROFS", "EBADF") else set())


@pytest.mark.parametrize("group", sorted({case.group for case in posix_cases.CASES}))
def test_group(mounted, group):
    box, m = mounted
    paths = prepare(m)
    before = {place: os.lstat(path).st_ino for place, path in paths.items() if path.exists()}
    box.reset()
    wrong = []
    for case in posix_cases.CASES:
        for place in case.places if case.group == group else ():
            renew(paths)
            found = outcome(case.do, paths[place])
            if found not in wanted(case, place):
                wrong.append(f"{case.what}, at {place}: {name_of(found)}, not {case.wanted(place)}")
    assert not wrong, "\n".join(wrong)
    renew(paths)
    assert not sent(box)
    assert all(os.lstat(paths[place]).st_ino == number for place, number in before.items()
               if place not in ("scratch", "draft"))


def test_the_table():
    """posix.md shows these cases."""
    assert posix_cases.DOCUMENT.read_text(encoding="utf-8") == posix_cases.document()


# ---- another user ----

def as_nobody(function, *arguments):
    """The errno that FUNCTION ends with in a process of another user, or 0."""
    child = os.fork()
    if not child:
        number = 255
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            function(*arguments)
            number = 0
        except OSError as error:
            number = error.errno
        finally:
            os._exit(number)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# with umask=022 everybody may read records, and nobody but the owner may change anything
OTHERS = {
    "read a record": ("ok", lambda at: (at / "partnerize/3.json").read_bytes()),
    "list": ("ok", lambda at: os.listdir(at / "partnerize")),
    "access a record to read": ("ok", lambda at: acts.asks_for(os.R_OK)(at / "partnerize/3.json")),
    "access a record to write": ("EACCES", lambda at: acts.asks_for(os.W_OK)(at / "partnerize/3.json")),
    "read a file in memory": ("EACCES", lambda at: (at / "partnerize/.file").read_bytes()),
    "list .rosterfs": ("EACCES", lambda at: os.listdir(at / ".rosterfs")),
    "open a name in .rosterfs": ("EACCES", lambda at: os.open(at / ".rosterfs/log", os.O_RDONLY)),
    "write a record": ("EACCES", lambda at: os.open(at / "partnerize/3.json", os.O_WRONLY)),
    "write a status": ("EACCES", lambda at: (at / "partnerize/3.status").write_text("inactive")),
    "truncate": ("EACCES", lambda at: os.truncate(at / "partnerize/3.json", 0)),
    "chmod a record": ("EPERM", lambda at: os.chmod(at / "partnerize/3.json", 0o666)),
    "chown a record": ("EPERM", lambda at: os.chown(at / "partnerize/3.json", NOBODY, NOBODY)),
    "set times": ("EPERM", lambda at: os.utime(at / "partnerize/3.json", (1, 1))),
    "set the present time": ("EACCES", lambda at: os.utime(at / "partnerize/3.json")),
    "create": ("EACCES", lambda at: acts.make(at / "partnerize/.new")),
    "create a user": ("EACCES", lambda at: acts.make(at / "partnerize/new/x.json")),
    "mkdir": ("EACCES", lambda at: os.mkdir(at / "partnerize/x")),
    "symlink": ("EACCES", lambda at: os.symlink("x", at / "partnerize/.l")),
    "unlink a file in memory": ("EACCES", lambda at: os.unlink(at / "partnerize/.file")),
    "rename a record": ("EACCES", lambda at: os.rename(at / "partnerize/3.json", at / "partnerize/.new")),
    "rename onto a record": ("EACCES", lambda at: os.rename(at / "partnerize/.file", at / "partnerize/3.json")),
    "rmdir": ("EACCES", lambda at: os.rmdir(at / "partnerize/by-email")),
}


def test_another_user(mount):
    """The kernel decides by modes, before it asks."""
    if os.geteuid():
        pytest.skip("needs root, to be another user")
    m = mount(options=["-o", "allow_other,umask=022"])
    (m.path / "partnerize/.file").write_text("mine")
    os.listdir(m.path / "partnerize")
    m.sandbox.reset()
    with acts.opened(m.path, os.O_RDONLY) as folder:
        at = pathlib.Path(f"/proc/self/fd/{folder}")  # no folder above it may be searched
        found = {what: name_of(as_nobody(do, at)) for what, (_, do) in OTHERS.items()}
    assert found == {what: name for what, (name, _) in OTHERS.items()}
    assert not sent(m.sandbox)
