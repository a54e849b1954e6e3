# SPDX-License-Identifier: Apache-2.0
"""The scripts of rosterfs-recipes(7), taken from the page itself and run against the sandbox."""

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import time
import warnings

import pytest

import harness
from writes import at_vendor, sent

PAGE = harness.TOP / "man/rosterfs-recipes.7"
INSTALLED = "/usr/local/share/doc/rosterfs"
QUICK = {"retry_budget": 0}
# what git and its commits need of a user
GIT = {"GIT_AUTHOR_NAME": "Jo", "GIT_AUTHOR_EMAIL": "jo@example.com", "GIT_COMMITTER_NAME": "Jo",
       "GIT_COMMITTER_EMAIL": "jo@example.com", "GIT_CONFIG_NOSYSTEM": "1"}


def recipes():
    """{name: script}: the displays behind the marks, as a reader sees them."""
    found, name, lines = {}, None, None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        mark = re.fullmatch(r'\.\\" test: (.*)', line)
        if mark:
            name = mark[1]
        elif line.startswith(".Bd ") and name:
            lines = []
        elif line == ".Ed" and lines is not None:
            found[name] = "\n".join(lines) + "\n"
            name = lines = None
        elif lines is not None:
            assert not line.startswith((".", "'")), f"a macro in a script: {line}"
            lines.append(line.replace("\\&", "").replace("\\e", "\\"))
    return found


RECIPES = recipes()


class Desk:
    """A user's home, with the mount at ~/roster, in which scripts of the page run."""

    def __init__(self, m):
        self.m = m
        self.home = m.folder / "home"
        self.home.mkdir()
        (self.home / "roster").symlink_to(m.path)
        (self.home / "bin").mkdir()
        # as it is installed
        change = self.home / "change-by-csv.py"
        change.write_bytes((harness.TOP / "recipes/change-by-csv.py").read_bytes())
        change.chmod(0o755)
        self.env = {"HOME": str(self.home), "PATH": f"{self.home}/bin:{harness.BUILD}:{m.env['PATH']}", **GIT}

    def script(self, name):
        return RECIPES[name].replace(INSTALLED, str(self.home))

    def run(self, name, shell="dash"):
        return self.m.sh(self.script(name), shell, folder=self.home, env=self.env, timeout=60)

    def read(self, name):
        return (self.home / name).read_text(encoding="utf-8")

    def write(self, name, text):
        (self.home / name).write_text(text, encoding="utf-8")

    def lines(self, name):
        return [line.split("\t") for line in self.read(name).splitlines()]


@pytest.fixture
def desk(mount, sandbox):
    """desk(extra) mounts two accounts at Partnerize, a store and CJ; each account has the same users."""
    def start(extra=None, **options):
        box = sandbox(**{"users": 12, "members": 12, "vendors": "partnerize,elasticpath,cj", **options})
        base = box.config_file.read_text()
        other = re.search(r"(?s)\[partnerize\]\n(.*?)\n\n", base)[1]
        keys = {"partnerize": QUICK, "elasticpath": QUICK, **(extra or {})}
        text = harness.merge_config(base + f"\n\n[directory]\ntype = partnerize\n{other}\nretry_budget = 0\n", keys)
        return Desk(mount(box, config=text))
    return start


@pytest.fixture
def lone(mount, sandbox):
    """lone(extra) mounts one account at Partnerize, a store and CJ."""
    def start(extra=None, **options):
        box = sandbox(**{"users": 12, "members": 12, "vendors": "partnerize,elasticpath,cj", **options})
        return Desk(mount(box, {"partnerize": QUICK, "elasticpath": QUICK, **(extra or {})}))
    return start


def users(box):
    return box.control("GET", "users")


def break_vendor(desk, path="/v2/account-members"):
    desk.m.sandbox.fault(path=path, fault="status", status=403, times=-1)
    desk.m.sh("echo all > .rosterfs/refresh").ok()


def active_emails(box):
    """Who is active at a vendor, in small letters: the sandbox's emails need no more than that."""
    memberships = json.dumps(box.control("GET", "elasticpath/memberships"))
    return {one["email"].lower() for one in users(box) if one["status"] == "active"} | \
        {one["email"].lower() for one in box.control("GET", "elasticpath/members") if one["id"] in memberships}


def test_every_script_is_run():
    """No recipe of the page without a test below, and no test of one that is gone."""
    text = (harness.TOP / "tests/mount/test_recipes.py").read_text(encoding="utf-8")
    assert RECIPES
    for name in RECIPES:
        assert f'"{name}"' in text, name
    displays = PAGE.read_text(encoding="utf-8").count("\n.Bd ")
    assert displays == len(RECIPES)


def test_orphans(lone):
    """Only who is in no form on the IdP's list; inactive users are none."""
    desk = lone()
    box = desk.m.sandbox
    box.control("POST", "users", {"user_id": "90", "email": "Zo\u00eb@b\u00fccher.example", "status": "active"})
    box.control("POST", "users", {"user_id": "91", "email": "gone@example.com", "status": "active"})
    box.control("POST", "users", {"user_id": "92", "email": "left@example.com", "status": "inactive"})
    box.control("POST", "users", {"user_id": "93", "status": "active"})
    known = active_emails(box) - {"gone@example.com", "zo\u00eb@b\u00fccher.example"}
    desk.write("idp.txt", "".join(f"  {email.upper()}\r\n" for email in sorted(known)) + "zoe\u0308@xn--bcher-kva.example\n")
    desk.run("orphans").ok()
    assert desk.read("orphans.txt") == "gone@example.com\n"
    # the mark at the beginning of a file from a spreadsheet is no part of the first email
    desk.write("idp.txt", "".join(f"{email}\n" for email in ["\ufeff" + min(known), *known, "zo\u00eb@b\u00fccher.example"]
                                  if email != min(known)))
    desk.run("orphans").ok()
    assert desk.read("orphans.txt") == "gone@example.com\n"
    # with more columns than the email, each line would be an unknown person
    desk.write("idp.txt", "".join(f"{email};yes\n" for email in known))
    assert desk.run("orphans").code != 0 and not (desk.home / "orphans.txt").exists()
    # a list that is empty, or a vendor that is down, makes nobody an orphan
    desk.write("idp.txt", "\n")
    assert desk.run("orphans").code != 0 and not (desk.home / "orphans.txt").exists()
    desk.write("idp.txt", "x@example.com\n")
    break_vendor(desk)
    assert desk.run("orphans").code != 0 and not (desk.home / "orphans.txt").exists()
    assert (desk.home / "people.jsonl").stat().st_mode & 0o077 == 0


def test_orphans_of_a_mounted_directory(desk):
    """The directory is another account at the same server: only buyers whom it lacks, or has as inactive, are orphans."""
    table = desk()
    box = table.m.sandbox
    table.run("orphans-mounted").ok()
    found = {email for email, vendor in table.lines("orphans.tsv") if vendor == "partnerize"}
    assert found == set()
    shop = {email for email, vendor in table.lines("orphans.tsv") if vendor == "elasticpath"}
    active_here = {one["email"].lower() for one in users(box) if one["status"] == "active"}
    assert shop == active_emails(box) - active_here and shop
    break_vendor(table)
    assert table.run("orphans-mounted").code != 0


def test_admins(lone):
    desk = lone()
    box = desk.m.sandbox
    for one in users(box):
        box.patch(one["user_id"], {"role": "standard", "status": "active"})
    box.patch(3, {"role": "Account Owner"})
    box.patch(4, {"role": "admin"})
    box.patch(5, {"role": "admin", "status": "inactive"})
    # two users with one email, each with a role of its own
    box.control("POST", "users", {"user_id": "90", "email": "twin@example.com", "role": "standard", "status": "active"})
    box.control("POST", "users", {"user_id": "91", "email": "twin@example.com", "role": "owner", "status": "active"})
    desk.m.sh("echo all > .rosterfs/refresh").ok()
    desk.run("admins").ok()
    email = {number: users(box)[number - 1]["email"] for number in (3, 4, 5)}
    assert sorted(desk.lines("admins.tsv")) == sorted([["partnerize", "twin@example.com", "owner"],
                                                       ["partnerize", email[3].lower(), "Account Owner"],
                                                       ["partnerize", email[4].lower(), "admin"]])
    result = desk.run("admins-of-one").ok()
    assert result.out == f"4\t{email[4]}\n5\t{email[5]}\n"
    break_vendor(desk)
    assert desk.run("admins").code != 0


def test_review(lone):
    """A row for each access, a guard on each formula; what is signed becomes changes at the vendor."""
    desk = lone()
    box = desk.m.sandbox
    box.patch(6, {"firstname": "=cmd()", "lastname": "x", "status": "active"})
    desk.run("review").ok()
    names = [name for name in os.listdir(desk.home) if re.fullmatch(r"review-\d{4}-Q[1-4]\.csv", name)]
    assert len(names) == 1
    month = time.localtime().tm_mon
    assert names[0].endswith(f"Q{(month + 2) // 3}.csv")
    with open(desk.home / names[0], encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == ["vendor", "email", "name", "id", "status", "role", "decision", "reviewer", "date"]
    mine = {row["id"]: row for row in found if row["vendor"] == "partnerize"}
    assert set(mine) == {one["user_id"] for one in users(box) if one["status"] != "inactive"}
    assert mine["6"]["name"].startswith("'=cmd()")
    assert [row["status"] for row in found if row["vendor"] == "cj"] == ["by hand"]
    store = [row for row in found if row["vendor"] == "elasticpath"]
    assert len(store) == len(active_members(box)) and {row["status"] for row in store} == {"active"}
    mine["6"]["decision"] = "remove"
    mine["7"]["decision"] = "keep"
    with open(desk.home / "signed.csv", "w", encoding="utf-8-sig", newline="") as file:
        out = csv.DictWriter(file, list(found[0]))
        out.writeheader()
        out.writerows(found)
    desk.run("review-signed").ok()
    assert desk.read("changes.csv") == "id,status\n6,inactive\n"
    desk.run("bulk").ok()
    assert at_vendor(box, 6)["status"] == "inactive" and at_vendor(box, 7)["status"] == "active"
    (desk.home / names[0]).unlink()
    break_vendor(desk)
    assert desk.run("review").code != 0 and not (desk.home / names[0]).exists()


def active_members(box):
    memberships = json.dumps(box.control("GET", "elasticpath/memberships"))
    return [one for one in box.control("GET", "elasticpath/members") if one["id"] in memberships]


def test_bulk_changes(lone):
    """The rehearsal sends nothing and shows each change; the change may be repeated; the limit holds."""
    desk = lone({"rosterfs": {"status_limit": 1}})
    box = desk.m.sandbox
    (desk.home / "rosterfs.conf").touch(0o600)
    desk.write("rosterfs.conf", desk.m.config_file.read_text().replace("status_limit = 1\n", ""))
    desk.write("changes.csv", "id,timezone,status\n3,Asia/Tokyo,\n4,,inactive\n5,,inactive\n")
    desk.run("bulk-rehearsal").ok()
    assert [re.search(r" (partnerize/\d+)", line)[1] for line in desk.read("rehearsal.txt").splitlines()] == \
        ["partnerize/3", "partnerize/4", "partnerize/5"]
    assert not sent(box) and not os.path.ismount(desk.home / "rehearsal")
    result = desk.run("bulk")
    assert result.code == 1 and result.err.count("\n") == 1 and ": 5: not all is changed" in result.err
    desk.run("bulk-limit").ok()
    desk.run("bulk").ok()
    assert [at_vendor(box, user)["status"] for user in (4, 5)] == ["inactive"] * 2
    assert at_vendor(box, 3)["timezone"] == "Asia/Tokyo" and len(sent(box)) == 3
    # a row that cannot be made is shown by the rehearsal, which is unmounted all the same
    desk.write("changes.csv", "id,status\n999,inactive\n")
    result = desk.run("bulk-rehearsal")
    assert result.code == 1 and ": 999: " in result.err and not os.path.ismount(desk.home / "rehearsal")


def test_git(lone):
    desk = lone()
    box = desk.m.sandbox

    def git(words):
        return desk.m.sh(f"git {words}", folder=desk.home / "rosters", env=desk.env).ok().out
    desk.run("git-prepare").ok()
    desk.run("git").ok()
    assert git("ls-files").split() == [".gitattributes", "elasticpath.jsonl", "partnerize.jsonl"]
    assert (desk.home / "rosters").stat().st_mode & 0o077 == 0
    # what only moves a time is no change
    box.patch(7, {"updated_at": "2026-11-30T00:00:00Z"})
    desk.m.sh("echo all > .rosterfs/refresh").ok()
    desk.run("git").ok()
    assert git("rev-list --count HEAD") == "2\n"
    box.patch(7, {"role": "admin"})
    desk.m.sh("echo all > .rosterfs/refresh").ok()
    desk.run("git").ok()
    changed = [line for line in git("log -p -1 --format=").splitlines() if re.match(r"[-+] ", line)]
    assert [re.sub(r"\s+", "", line) for line in changed] == ['-"role":"standard",', '+"role":"admin",']
    # while a vendor is down nothing is committed
    break_vendor(desk)
    assert desk.run("git").code != 0
    assert git("rev-list --count HEAD") == "3\n" and git("status --porcelain") == ""


@pytest.mark.parametrize("kept", [False, True])
def test_mail(lone, mount, kept, tmp_path):
    """One mail for each new admin and none for others, also after the mount was made anew."""
    log = tmp_path / "changes.jsonl"
    keys = {"partnerize": {"poll": 1, "lag": 0, **QUICK}, "rosterfs": {"changes_log": log}}
    desk = lone(keys)
    (desk.home / "changes.jsonl").symlink_to(log)
    box = desk.m.sandbox
    sendmail = desk.home / "bin/sendmail"
    sendmail.write_text('#!/bin/sh\n[ "$*" = -t ] && cat > "$HOME/mail.$$" && mv "$HOME/mail.$$" "$HOME/$$.mail"\n')
    sendmail.chmod(0o755)
    script = desk.script("mail")
    if not kept:
        script = script.replace("changes=~/changes.jsonl", "changes=~/roster/.rosterfs/changes")
        assert ".rosterfs" in script
    for one in (2, 3, 4):
        box.patch(one, {"role": "standard"})
    desk.m.sh("ls partnerize").ok()
    command = desk.m.spawn(script, "dash", folder=desk.home, env=desk.env)

    def mails():
        return [file.read_text(encoding="utf-8") for file in desk.home.glob("*.mail")]

    def wait_mails(number):
        harness.wait_until(lambda: len(mails()) >= number, 100 * harness.SCALE, f"{number} mails", 0.1)
        assert len(mails()) == number
        return mails()
    # tail has begun to read where the file ended: what comes now is new
    harness.wait_until(lambda: reads(command.pid, "changes"), 60 * harness.SCALE, "tail")
    desk.m.sh("echo '{\"timezone\": \"Asia/Tokyo\"}' > partnerize/4.json").ok()
    desk.m.sh("echo '{\"role\": \"admin\"}' > partnerize/3.json").ok()
    (mail,) = wait_mails(1)
    head, _, body = mail.partition("\n\n")
    assert head.splitlines() == ["To: security@example.com", "Subject: new admin at partnerize"]
    assert users(box)[2]["email"] in body and "by: bash" in body
    box.patch(2, {"role": "owner"})
    assert any("by: not this mount" in mail for mail in wait_mails(2))
    # the next mount
    result = desk.m.unmount()
    if not kept:
        assert result.code != 0 and "busy" in result.err
        desk.m.sh(["fusermount3", "-uz", str(desk.m.path)], None, folder="/").ok()
    desk.m.wait()
    (desk.home / "roster").unlink()
    again = mount(box, {"elasticpath": QUICK, **keys})
    (desk.home / "roster").symlink_to(again.path)
    again.sh("ls partnerize").ok()
    box.patch(5, {"role": "superuser"})
    assert any(users(box)[4]["email"] in mail for mail in wait_mails(3))
    assert not command.done()
    command.kill()


def reads(session, word):
    """Has a tail of the session an open file whose name ends in WORD, or in WORD.jsonl?"""
    result = subprocess.run(["ps", "-o", "pid=,comm=", "-s", str(session)], stdout=subprocess.PIPE, text=True, check=False)
    for line in result.stdout.splitlines():
        pid, name = line.split()
        if name == "tail":
            for number in os.listdir(f"/proc/{pid}/fd"):
                target = os.readlink(f"/proc/{pid}/fd/{number}")
                if target.endswith((word, word + ".jsonl")):
                    return True
    return False


@pytest.mark.skipif(os.geteuid() != 0, reason="smbd needs root")
def test_samba(mount, sandbox, tmp_path):
    """The settings of the page, with smbd on loopback: reads, links, and nothing that writes."""
    if not shutil.which("smbd") or not shutil.which("smbclient"):
        warnings.warn("the share of rosterfs-recipes(7) is not tried: smbd or smbclient is missing")
        return
    box = sandbox(users=12, vendors="partnerize,elasticpath,cj", members=12)
    m = mount(box, options=["-o", "ro"])
    share = RECIPES["samba"].replace("/srv/roster", str(m.path)).replace("= roster\n", "= root\n") \
        .replace("valid users = jane", "guest ok = yes")
    folders = "".join(f"{name} = {tmp_path}\n" for name in ("private dir", "lock directory", "state directory",
                                                           "cache directory", "pid directory", "ncalrpc dir"))
    port = free_port()
    settings = tmp_path / "smb.conf"
    settings.write_text(f"[global]\n{folders}log file = {tmp_path}/log\ninterfaces = lo\nbind interfaces only = yes\n"
                        f"smb ports = {port}\nmap to guest = Bad User\nguest account = root\nserver role = standalone\n"
                        f"disable spoolss = yes\nload printers = no\n{share}")
    server = subprocess.Popen(["smbd", "-s", str(settings), "-F", "--no-process-group"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def client(commands):
        return m.sh(["smbclient", "-N", "-s", str(settings), "-p", str(port), "//127.0.0.1/roster", "-c", commands], None,
                    folder=tmp_path, timeout=60)
    try:
        harness.wait_until(lambda: client("ls").code == 0, 60 * harness.SCALE, "smbd", 0.2)
        email = users(box)[4]["email"].lower()
        (tmp_path / "word").write_text("inactive\n")
        client(f'get partnerize/5.json a; get "by-email/{email}/partnerize.status" b')
        assert json.loads((tmp_path / "a").read_text())["user_id"] == "5" and (tmp_path / "b").read_text() == "active\n"
        result = client("ls; put word partnerize/5.status; get .rosterfs/log c")
        assert ".rosterfs" not in [line.split()[0] for line in result.lines() if line.strip()]
        assert not (tmp_path / "c").exists() and at_vendor(box, 5)["status"] == "active" and not \
            [entry for entry in sent(box) if "token" not in entry["path"]]
    finally:
        server.terminate()
        server.wait(30)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
