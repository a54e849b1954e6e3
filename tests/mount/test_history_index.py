# SPDX-License-Identifier: Apache-2.0
""".rosterfs/history/index: a line for each write; and the log, which names its number. log_umask: who reads that."""

import os
import re
import stat

import pytest

import harness
from ep_store import DELETABLE, accounts_of, ep, link, outside, person, unlink, write
from test_history import numbers, past
from writes import GOOD, PASSWORD, edited, last_line, put, read

__all__ = ["ep"]  # the fixture

GROUP, SOMEONE = 12345, 54321
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def index(m):
    return (m.path / ".rosterfs/history/index").read_text(encoding="utf-8")


def rows(m):
    return [line.split("\t") for line in index(m).splitlines()]


def test_lines(mount):
    m = mount(extra={"partnerize": {"allow_delete": "yes"}})
    assert index(m) == ""
    user, other = m.sandbox.user(7), m.sandbox.user(8)
    put(m, "partnerize/8.json", {**read(m, "partnerize/8.json"), "firstname": "Jo", "lastname": "X"}).ok()
    m.sh("echo inactive > partnerize/7.status").ok()
    put(m, "partnerize/8.json", edited(read(m, "partnerize/8.json"), "email", "new@example.com")).ok()
    m.sh("echo deleted > partnerize/9.status; echo active > partnerize/7.status").ok()
    m.sandbox.reset()
    lines = rows(m)
    assert m.sandbox.counts()["total"] == 0
    assert all(len(line) == 10 for line in lines) and [line[0] for line in lines] == list("12345")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line[1]) for line in lines)
    assert {line[2] for line in lines} == {str(os.getuid())} and lines[0][3] == "cp" and lines[1][3] == "bash"
    assert [line[4] for line in lines] == ["partnerize/8.json", "partnerize/7.status", "partnerize/8.json",
                                           "partnerize/9.status", "partnerize/7.status"]
    assert [line[5] for line in lines] == ["edit", "status", "edit", "delete", "status"]
    assert [line[6] for line in lines] == ["8", "7", "8", "9", "7"]
    assert [line[7] for line in lines][:3] == [other["email"], user["email"], other["email"] + ",new@example.com"]
    assert [line[8] for line in lines] == ["-", "active->inactive", "-", "active->none", "inactive->active"]
    assert lines[0][9] == "firstname,lastname" and lines[1][9] == "status" and lines[2][9] == "email"
    # by what people look for
    assert m.sh(f"grep -c {user['email']} .rosterfs/history/index").ok().out == "2\n"
    assert m.sh("grep -Fc new@example.com .rosterfs/history/index").ok().out == "1\n"
    assert m.sh("awk -F'\\t' '$7 == 8 {print $1}' .rosterfs/history/index").ok().out == "1\n3\n"


def test_a_snapshot(mount):
    """An open index stays as it was; the size is exact, each time."""
    m = mount()
    file = m.path / ".rosterfs/history/index"
    m.sh("echo inactive > partnerize/7.status").ok()
    with open(file, encoding="utf-8") as opened:
        m.sh("echo active > partnerize/7.status").ok()
        assert opened.read().count("\n") == 1
    for count in (2, 3):
        assert file.stat().st_size == len(file.read_bytes()) and index(m).count("\n") == count
        assert file.stat().st_mtime_ns == past(m, count).stat().st_mtime_ns
        m.sh(f"echo '{{\"firstname\": \"N{count}\"}}' > partnerize/8.json").ok()
    assert file.stat().st_mode == 0o100400
    for command in ("echo x >> .rosterfs/history/index", "rm .rosterfs/history/index", "mv .rosterfs/history/index x"):
        assert m.sh(command).code != 0, command


def test_no_values(mount):
    """Neither the values of fields nor what is never shown."""
    m = mount()
    put(m, "partnerize/7.json", {"firstname": "SECRET-VALUE", "password": PASSWORD}).ok()
    assert "SECRET-VALUE" not in index(m) and PASSWORD not in index(m)
    assert rows(m)[0][9] == "firstname,password"


def test_one_line_whatever_is_in_it(mount):
    """Tabs, line ends and control characters are written as escapes."""
    m = mount()
    m.sandbox.patch(7, {"email": "a\tb\nc\u001b[31m\u202e\\@example.com"})
    m.sh("echo > .rosterfs/refresh; echo inactive > partnerize/7.status").ok()
    assert len(rows(m)) == 1 and len(rows(m)[0]) == 10
    assert rows(m)[0][7] == "a\\tb\\nc\\x1B[31m\\xE2\\x80\\xAE\\\\@example.com"


def test_creation(mount):
    m = mount()
    document = {"firstname": "John", "lastname": "Smith", "email": "john@example.com", "password": PASSWORD}
    put(m, "partnerize/new/john.json", document).ok()
    ident = os.readlink(m.path / "partnerize/new/john.json")[3:-5]
    line = rows(m)[0]
    assert line[4:9] == ["partnerize/new/john.json", "create", ident, "john@example.com", "none->active"]
    assert line[9] == "firstname,lastname,email,password" and PASSWORD not in index(m)
    assert "made, with id " + ident + " (history/1)" in last_line(m, "new/john.json")


def test_memberships(ep):
    """A membership is found by the person's email, if the mount knows it."""
    m = ep("documents", DELETABLE)
    os.listdir(m.path / "elasticpath")
    five = person(m.sandbox, 5)
    email = read(m, f"elasticpath/{five}.json")["email"]
    account = outside(m.sandbox, five)
    assert link(m, account, five) == unlink(m, account, five) == "ok"
    assert write(m, five, "inactive") == GOOD and accounts_of(m.sandbox, five) == []
    assert [line[5] for line in rows(m)] == ["link", "unlink", "status"]
    assert {line[6] for line in rows(m)} == {five} and {line[7] for line in rows(m)} == {email}
    assert rows(m)[2][8] == "active->inactive" and rows(m)[0][8] == "-"
    log = m.log()
    for words in (f"members/{five}.json: made (history/1)", f"members/{five}.json: ended (history/2)",
                  f"{five}.status: now inactive (history/3)"):
        assert words in log


def test_the_log_names_the_number(mount):
    m = mount(extra={"partnerize": {"allow_delete": "yes"}})
    m.sh("echo inactive > partnerize/7.status; echo '{\"firstname\": \"Jo\"}' > partnerize/8.json").ok()
    assert "partnerize/7.status: changed (history/1): " in m.log()
    assert "partnerize/8.json: changed (history/2): " in m.log()
    m.sh("echo deleted > partnerize/9.status; echo inactive > partnerize/7.status").ok()
    assert "deleted: this can't be undone (history/3)" in m.log()
    # nothing was sent: there is no number
    assert "history" not in last_line(m, "already inactive") and numbers(m) == [1, 2, 3]


# ---- log_umask ----

def as_group(m, command, group=GROUP):
    return m.sh(command, wear=["setpriv", "--reuid", str(SOMEONE), "--regid", str(group), "--clear-groups"], folder="/")


def reachable(m):
    for parent in [m.path.parent, *m.path.parent.parents][:3]:
        parent.chmod(parent.stat().st_mode | 0o055)


@needs_root
@pytest.mark.parametrize("umask", [None, "027", "077", "0022"])
def test_the_group_reads_status_and_log(mount, umask):
    """And nothing else, whatever the umask of the mount gives it elsewhere."""
    options = f"allow_other,gid={GROUP}" + (f",umask={umask}" if umask else "")
    m = mount(extra={"rosterfs": {"log_umask": "027"}}, options=["-o", options])
    reachable(m)
    m.sh("echo inactive > partnerize/7.status").ok()
    for name in ("status", "log"):
        assert stat.S_IMODE((m.path / ".rosterfs" / name).stat().st_mode) == 0o440
        assert as_group(m, f"cat {m.path}/.rosterfs/{name}").ok().out
        assert as_group(m, f"cat {m.path}/.rosterfs/{name}", SOMEONE).code != 0
        assert as_group(m, f"echo x >> {m.path}/.rosterfs/{name}").code != 0
    assert as_group(m, f"ls {m.path}/.rosterfs").ok().out.split() == ["changes", "control", "history", "log", "metrics",
                                                                    "refresh", "status"]
    for name in ("metrics", "changes", "control", "refresh", "history/index", "history/1/after.json"):
        result = as_group(m, f"cat {m.path}/.rosterfs/{name}")
        assert result.code != 0 and "Permission denied" in result.err, name
    for name, text in (("control", "status_limit 0"), ("refresh", "all")):
        assert as_group(m, f"echo {text} > {m.path}/.rosterfs/{name}").code != 0
    shown = umask in ("027", "0022")
    assert (as_group(m, f"cat {m.path}/partnerize/7.json").code == 0) == shown
    assert (as_group(m, f"ls {m.path}").code == 0) == shown
    assert m.stderr() == ""


@needs_root
def test_by_default_nobody_else(mount):
    m = mount(options=["-o", f"allow_other,gid={GROUP},umask=022"])
    reachable(m)
    assert stat.S_IMODE((m.path / ".rosterfs").stat().st_mode) == 0o700
    for name in ("", "status", "log", "history"):
        assert as_group(m, f"ls -l {m.path}/.rosterfs/{name}").code != 0


def test_without_allow_other(mount):
    """It is said that nobody else gets there."""
    m = mount(extra={"rosterfs": {"log_umask": "027"}})
    m.allowed = re.compile("log_umask")
    assert "log_umask" in m.stderr() and "allow_other" in m.stderr() and m.stderr().count("\n") == 1
    assert stat.S_IMODE((m.path / ".rosterfs").stat().st_mode) == 0o750


@pytest.mark.parametrize("value", ["022", "007", "070", "0", "77777", "rw", "127", "27x"])
def test_wrong_umask(mount, value):
    with pytest.raises(harness.MountFailed) as failure:
        mount(extra={"rosterfs": {"log_umask": value}})
    assert "log_umask must be 077" in str(failure.value)
