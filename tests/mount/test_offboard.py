# SPDX-License-Identifier: Apache-2.0
"""rosterfs-offboard: what it changes at the vendors, what its table says of that, and its exit status."""

import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

import harness
from ep_store import accounts_of, companies, ep, join, outside, people
from writes import at_vendor, sent

__all__ = ["ep"]  # the fixture

PROGRAM = harness.TOP / "recipes/rosterfs-offboard"
SHELLS = ["dash", "bash", "busybox sh"]
QUICK = {name: {"retry_budget": 0, "lag": 0} for name in ("partnerize", "elasticpath")}
DOWN = {"down": {"type": "partnerize", "base_url": "http://127.0.0.1:9", "application_key": "CANARY-a",
                 "user_api_key": "CANARY-b"}}
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


def words(m, *arguments, shell="dash"):
    """The command; busybox's shell has its own tee, awk and so on."""
    command = [*shell.split(), str(PROGRAM), "-m", str(m.path), *arguments]
    if not shell.startswith("busybox"):
        return command
    tools, busybox = m.folder / "busybox", shutil.which("busybox")
    if not tools.exists():
        tools.mkdir()
        subprocess.run([busybox, "--install", "-s", str(tools)], check=True)
    return ["env", f"PATH={tools}", busybox, *command[1:]]


def offboard(m, *arguments, shell="dash", **rest):
    return m.sh(words(m, *arguments, shell=shell), None, **rest)


def rows(result):
    """{vendor: (before, after, note)} of the first table."""
    lines = result.lines()
    found, name = {}, None
    for line in lines[2:]:
        if not line.startswith("  "):
            break
        if line.startswith("   "):
            found[name] = (*found[name][:2], f"{found[name][2]} {line.strip()}")
            continue
        name, before, after, *note = line.split(maxsplit=3)
        found[name] = (before, after, "".join(note))
    return found


def by_hand(result):
    return result.out.partition("Left to do by hand:")[2]


def email_of(box, number=5):
    return box.control("GET", "users")[number - 1]["email"]


def add(box, ident, email):
    box.control("POST", "users", {"user_id": ident, "email": email, "status": "active"})


@pytest.mark.parametrize("shell", SHELLS)
def test_everywhere(ep, shell):
    m = ep(extra=QUICK)
    box = m.sandbox
    member = people(box)[4]["id"]
    memberships = len(accounts_of(box, member))
    assert memberships == 3
    result = offboard(m, email_of(box).upper(), shell=shell).ok()
    assert rows(result) == {"partnerize": ("active", "inactive", ""), "cj": ("-", "-", "kept by hand"),
                            "elasticpath": ("active", "inactive", "memberships ended: 3")}
    assert "2 of 2 statuses are inactive" in result.lines()
    assert at_vendor(box, 5)["status"] == "inactive" and accounts_of(box, member) == []
    # what the vendors' descriptions say is left
    hand = by_hand(result)
    assert "keys that the person held keep working" in " ".join(hand.split())
    assert "tokens that the person holds stay valid" in " ".join(hand.split())
    assert re.search(r"^  cj +look for the person there", hand, re.MULTILINE)
    folder = re.search(r"^Each is explained in (.*)/VENDOR.MANUAL$", hand, re.MULTILINE)[1]
    assert os.path.exists(f"{folder}/cj.MANUAL")
    assert max(map(len, result.lines()[:-1])) <= 80 and not result.err
    # once more: nothing is left to do, and nothing is sent
    box.reset()
    result = offboard(m, email_of(box), shell=shell).ok()
    assert {row[:2] for row in rows(result).values()} == {("inactive", "inactive"), ("-", "-")}
    assert not sent(box)


@pytest.mark.parametrize("shell", SHELLS)
def test_goes_on_after_a_failure(ep, shell):
    """One vendor is down, one refuses the change, and the third is done."""
    m = ep(extra={**QUICK, **DOWN})
    box = m.sandbox
    box.fault(method="PUT", path="/user/5", fault="status", status=403, times=-1)
    result = offboard(m, email_of(box), shell=shell)
    assert result.code == 1 and not result.err
    table = rows(result)
    assert table["elasticpath"][:2] == ("active", "inactive")
    assert accounts_of(box, people(box)[4]["id"]) == []
    assert table["partnerize"][:2] == ("active", "active")
    assert "PUT /user/5 answered 403" in table["partnerize"][2] and "do it by hand" in table["partnerize"][2]
    assert table["down"][:2] == ("?", "?")
    assert "can't be read, so nothing was sent" in table["down"][2] and "Connection refused" in table["down"][2]
    assert "1 of 3 statuses are inactive" in result.lines()
    assert at_vendor(box, 5)["status"] == "active"
    assert "CANARY" not in result.out


@pytest.mark.parametrize("shell", SHELLS)
def test_only_shown(ep, shell):
    """-n reads, says what would be done, and sends nothing; what cannot be read is a failure here too."""
    m = ep(extra=QUICK)
    box = m.sandbox
    box.patch(4, {"status": "inactive"})
    result = offboard(m, "-n", email_of(box), email_of(box, 4), shell=shell).ok()
    assert "WOULD BE" in result.out and rows(result)["partnerize"] == ("active", "inactive", "")
    assert not [entry for entry in sent(box) if "token" not in entry["path"]]
    assert not re.search("status(es)? are inactive", result.out)
    box.fault(path="/user*", fault="status", status=403, times=-1)
    m.sh("echo all > .rosterfs/refresh").ok()
    result = offboard(m, "-n", email_of(box), shell=shell)
    assert result.code == 1
    assert rows(result)["partnerize"][:2] == ("?", "?") and "Permission denied" in rows(result)["partnerize"][2]


@pytest.mark.parametrize("option, word", [("dry_run", "dry run: nothing sent"), ("ro", "Read-only file system")])
def test_a_mount_that_sends_nothing(ep, option, word):
    """tee would report success on the first of these."""
    m = ep(extra=QUICK, options=["-o", option])
    box = m.sandbox
    result = offboard(m, email_of(box))
    assert result.code == 1
    table = rows(result)
    assert {table[name][:2] for name in ("partnerize", "elasticpath")} == {("active", "active")}
    assert word in table["partnerize"][2] and f"mount without -o {option}" in table["partnerize"][2]
    assert at_vendor(box, 5)["status"] == "active"
    assert "0 of 2 statuses are inactive" in result.lines()


def test_not_applied(mount, sandbox):
    """The vendor says yes and does nothing."""
    box = sandbox(users=5)
    m = mount(box, {"partnerize": {"lag": 0, "retry_budget": 0}})
    box.fault(method="PUT", path="/user/5", fault="not_applied", times=-1)
    result = offboard(m, email_of(box))
    assert result.code == 1
    assert rows(result)["partnerize"][:2] == ("active", "active")
    assert "accepted but not applied" in rows(result)["partnerize"][2]


def test_not_confirmed(mount, sandbox):
    """The list says inactive, and the vendor cannot be asked whether that still holds: not done."""
    box = sandbox(users=5)
    box.patch(5, {"status": "inactive"})
    m = mount(box, {"partnerize": {"retry_budget": 0}})
    m.sh("ls partnerize").ok()
    box.fault(method="GET", path="/user/5", fault="status", status=500, times=-1)
    result = offboard(m, email_of(box))
    assert result.code == 1
    assert rows(result)["partnerize"][:2] == ("inactive", "inactive")
    assert rows(result)["partnerize"][2].startswith("not confirmed: ")


def test_no_status(mount, sandbox):
    """A user without a status can only be ended by hand."""
    box = sandbox(users=5)
    box.patch(5, {"status": None})
    m = mount(box)
    for options in ([], ["-n"]):
        result = offboard(m, *options, email_of(box))
        assert result.code == 1 and rows(result)["partnerize"][:2] == ("unknown", "unknown")
        assert rows(result)["partnerize"][2].endswith("; do it by hand")
    assert not sent(box)


def test_nobody(ep):
    """A person whom no vendor has, one whom a vendor may have, and one who is known among them."""
    m = ep(extra=QUICK)
    box = m.sandbox
    for email in ("nobody@example.com", "..", "./x", "%2E.", "50%25@example.com"):
        result = offboard(m, email)
        assert result.code == 2 and result.out == "" and f"{email}: no vendor has a user" in result.err
    # the others are done, and a failure counts for more
    result = offboard(m, "nobody@example.com", email_of(box))
    assert result.code == 2 and at_vendor(box, 5)["status"] == "inactive"
    result = offboard(m, "nobody@example.com", email_of(box, 1))
    assert result.code == 1
    box.fault(path="/user*", fault="status", status=403, times=-1)
    box.fault(path="/v2/account-members", fault="status", status=500, times=-1)
    m.sh("echo all > .rosterfs/refresh").ok()
    result = offboard(m, "nobody@example.com")
    assert result.code == 1 and "nobody@example.com: not done" in result.err
    assert "  partnerize can't be read: GET /user" in result.err and "  elasticpath can't be read: " in result.err


def test_several_records(ep):
    """Each record of one email has a row, and users with similar emails are named."""
    m = ep(extra=QUICK)
    box = m.sandbox
    add(box, "7c", "twin+shop@example.com")
    account = companies(box)[0]["id"]
    for ident, email in (("m-1", "twin@example.com"), ("m-2", "Twin@example.com")):
        box.control("POST", "elasticpath/members", {"id": ident, "type": "account_member", "name": "Odd", "email": email})
        join(box, account, ident)
    result = offboard(m, "twin@example.com").ok()
    changed = ("active", "inactive", "memberships ended: 1")
    assert rows(result) == {"elasticpath~m-1": changed, "elasticpath~m-2": changed, "cj": ("-", "-", "kept by hand"),
                            "partnerize": ("-", "-", "no user with this email")}
    assert accounts_of(box, "m-1") == accounts_of(box, "m-2") == [] and at_vendor(box, "7c")["status"] == "active"
    assert "twin+shop@example.com" in result.out.partition("easily taken for this one:")[2]
    assert "SIMILAR" not in by_hand(result)


def test_guards(mount, sandbox):
    """The user of rosterfs's own keys, and the limit on changes, with what to do."""
    box = sandbox(users=5)
    m = mount(box, {"rosterfs": {"status_limit": 1}})
    result = offboard(m, email_of(box, 1))
    assert result.code == 1 and "rosterfs' own key" in rows(result)["partnerize"][2]
    assert "do it by hand" in rows(result)["partnerize"][2]
    offboard(m, email_of(box, 4)).ok()
    result = offboard(m, email_of(box, 5))
    assert result.code == 1 and 'write "status_limit N"' in rows(result)["partnerize"][2]
    assert at_vendor(box, 5)["status"] == "active"


ODD = ["-n@example.com", "--help@example.com", "o'brien@example.com", 'q"$(touch x)`id`"@example.com', "$HOME@example.com",
       "a b*?[c]@example.com", "a\\040b@example.com", "sales/eu@example.com", ".x@example.com", "#x@example.com",
       "50%25@example.com", "j\u00fcrgen@b\u00fccher.example"]


@pytest.mark.parametrize("shell", SHELLS)
def test_odd_emails(mount, sandbox, shell):
    box = sandbox(users=2)
    for number, email in enumerate(ODD):
        add(box, f"odd-{number}", email)
    m = mount(box)
    result = offboard(m, "--", *ODD, shell=shell).ok()
    assert [at_vendor(box, f"odd-{number}")["status"] for number in range(len(ODD))] == ["inactive"] * len(ODD)
    assert len(sent(box)) == len(ODD) and at_vendor(box, 2)["status"] == "active"
    assert [line for line in result.lines() if line in ODD] == ODD
    assert not (m.path / "x").exists()


def test_command_line(mount, sandbox):
    m = mount(sandbox(users=5))
    email = email_of(m.sandbox)
    for arguments in ([], ["-x", email], ["-n"], [""], ["-m"]):
        result = m.sh(["sh", str(PROGRAM), *arguments], None)
        assert result.code == 2 and result.err, arguments
    result = m.sh(["sh", str(PROGRAM), "-m", str(m.folder), email], None)
    assert result.code == 2 and "no mount of rosterfs" in result.err
    # a vendor's directory has a by-email too, in which nobody would be found
    result = m.sh(["sh", str(PROGRAM), "-m", str(m.path / "partnerize"), email], None)
    assert result.code == 2 and "no mount of rosterfs" in result.err
    # a name that begins with a hyphen, below the working directory
    os.symlink(m.path, m.folder / "-m")
    m.sh(["sh", str(PROGRAM), "-nm", "-m", email], None, folder=m.folder).ok()
    m.sh(["sh", str(PROGRAM), "-n", email], None, folder="/", env={"ROSTERFS_MOUNT": str(m.path)}).ok()
    assert not sent(m.sandbox)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a namespace of its own")
@pytest.mark.parametrize("shell", SHELLS)
def test_finds_the_mount(mount, sandbox, shell):
    """The only mount that there is, whatever its name; of several, none."""
    m = mount(sandbox(users=5))
    name = m.folder / "a b\t\\040\n*[x]\n"
    name.mkdir()
    (m.folder / "second").mkdir()
    alone = """for point in $(grep -F ' - fuse.rosterfs ' /proc/self/mountinfo | cut -d ' ' -f 5); do
                   [ "$point" = "$1" ] || umount -l "$(printf %b "$point")"
               done
               mount --bind "$1" "$2" && umount -l "$1" && [ -z "$3" ] || mount --bind "$2" "$3"
               cd / && shift 3 && exec "$@" """
    start = [sys.executable, str(harness.TOP / "tests/mount/private_namespace.py"), "sh", "-c", alone, "sh",
             str(m.path), str(name)]
    program = [*shell.split(), str(PROGRAM)]
    result = m.sh([*start, "", *program, email_of(m.sandbox)], None, folder=m.folder).ok()
    assert at_vendor(m.sandbox, 5)["status"] == "inactive", result
    result = m.sh([*start, str(m.folder / "second"), *program, email_of(m.sandbox, 4)], None, folder=m.folder)
    assert result.code == 2 and "several mounts of rosterfs" in result.err
    result = m.sh([*start[:2], "sh", "-c", 'umount -l "$1"; shift; ' + alone, "sh", str(m.path), "/x", "/x", "", *program,
                   email_of(m.sandbox, 4)], None, folder=m.folder)
    assert result.code == 2 and "no mount of rosterfs that this user can read" in result.err
    assert at_vendor(m.sandbox, 4)["status"] == "active"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_without_the_log(mount, sandbox):
    """Who does not own the mount is told the kind of the error."""
    box = sandbox(users=5)
    m = mount(box, {"partnerize": {"retry_budget": 0}}, options=["-o", "allow_other,umask=0"])
    for folder in (m.folder, *m.folder.parents[:2]):
        folder.chmod(0o755)
    program = m.folder / "rosterfs-offboard"
    program.write_bytes(PROGRAM.read_bytes())
    program.chmod(0o755)
    start = [*NOBODY, "sh", str(program), "-m", str(m.path)]
    assert m.sh([*NOBODY, "cat", str(m.path / ".rosterfs/log")], None).code != 0
    result = m.sh([*start, email_of(box, 1)], None)
    assert result.code == 1 and not result.err
    assert rows(result)["partnerize"] == ("active", "active", "Operation not permitted; do it by hand, or give "
                                          "rosterfs the key of another user")
    result = m.sh([*start, email_of(box, 4)], None).ok()
    assert "keys and passwords that the person knew" in by_hand(result)
    assert at_vendor(box, 4)["status"] == "inactive"
    # on a read-only mount the kernel refuses, and rosterfs does not know
    m = mount(box, options=["-o", "ro,allow_other,umask=0"])
    m.folder.chmod(0o755)
    result = m.sh([*NOBODY, "sh", str(program), "-m", str(m.path), email_of(box, 5)], None)
    assert result.code == 1 and "-o ro" in rows(result)["partnerize"][2]


def test_waits_for_a_long_list(ep):
    """A list that is not there after five seconds: the others are done first, and then that vendor."""
    m = ep(extra={"elasticpath": {"timeout": 300}})
    box = m.sandbox
    box.fault(method="GET", path="/v2/account-members", fault="stall", times=-1)
    command = m.spawn(words(m, email_of(box)), None)
    harness.wait_until(lambda: at_vendor(box, 5)["status"] == "inactive", 60 * harness.SCALE, "the first vendor")
    wanted = f"ls {m.path}/elasticpath"
    harness.wait_until(lambda: wanted in m.sh(["ps", "-o", "args=", "-s", str(command.pid)], None, folder="/").lines(),
                       60 * harness.SCALE, "the wait for the second")
    box.clear_faults()
    result = command.finish(60).ok()
    assert rows(result)["elasticpath"] == ("active", "inactive", "memberships ended: 3")
    assert accounts_of(box, people(box)[4]["id"]) == []


@pytest.mark.parametrize("shell", SHELLS)
def test_interrupted(ep, shell):
    """Ctrl-C says what is done, what may be, and that the rest is not."""
    m = ep(extra=QUICK)
    box = m.sandbox
    box.fault(method="PUT", path="/user/5", fault="stall", times=-1)
    command = m.spawn(words(m, email_of(box), email_of(box, 4), shell=shell), None)
    box.wait_held("PUT", "/user/5")
    command.send(signal.SIGINT)
    result = command.finish()
    box.clear_faults()
    assert result.code == -signal.SIGINT
    assert rows(result)["elasticpath"][:2] == ("active", "inactive")
    assert rows(result)["partnerize"] == ("active", "?", "interrupted; .rosterfs/log will have the outcome")
    assert result.lines()[-1] == "interrupted: what has no row above was not begun"
    assert at_vendor(box, 4)["status"] == "active"


def test_a_membership_that_stays(ep):
    """Some memberships are ended and one is not: the row says so, and the next run ends it."""
    m = ep(extra=QUICK)
    box = m.sandbox
    member = people(box)[4]["id"]
    join(box, outside(box, member), member)
    last = accounts_of(box, member)[0]
    box.fault(method="DELETE", path=f"/v2/accounts/{last}/*", fault="status", status=403, times=1)
    result = offboard(m, email_of(box))
    assert result.code == 1
    assert rows(result)["elasticpath"][:2] == ("active", "active")
    assert "3 of 4" in rows(result)["elasticpath"][2]
    assert accounts_of(box, member) == [last]
    result = offboard(m, email_of(box)).ok()
    assert rows(result)["elasticpath"] == ("active", "inactive", "memberships ended: 1")
    assert accounts_of(box, member) == []
