# SPDX-License-Identifier: Apache-2.0
"""audit_log: a line before a change is sent and one that tells how it ended, or one line where nothing is sent."""

import concurrent.futures
import datetime
import errno
import json
import os
import re
import signal
import subprocess

import pytest

import harness
from audit_log import KEYS, audited, check, ends, file, lines, news, one, pair, same_attempt
from ep_store import (DELETABLE, DELETE, ONE_MEMBERSHIP, PROFILES, accounts_of, company, ep, fails, link,
                   outside, person, unlink, write)
from writes import (GOOD, PASSWORD, at_vendor, edited, last_line, nowhere, put, read, refresh, refused,
                     save, sent)

__all__ = ["audited", "ep", "file"]  # the fixtures

NEW = {"firstname": "John", "lastname": "Smith", "email": "john@example.com", "password": PASSWORD}


def test_a_line(audited, file):
    before = datetime.datetime.now(datetime.timezone.utc)
    m = audited()
    assert file.stat().st_mode == 0o100600 and lines(file) == []
    command = m.spawn("read x < partnerize/7.json; exec sh -c 'echo inactive > partnerize/7.status'")
    command.finish().ok()
    line = pair(file, vendor="partnerize", id="7", path="partnerize/7.status", action="status",
               outcome="done", errno=None, words=None, uid=os.getuid(), pid=command.pid, command="sh",
               fields=[{"field": "status", "before": "active", "after": "inactive"}])
    assert [key for key in line if key not in ("undo", "history")] == KEYS and line["history"] == 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    when = datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
    assert abs((when - before).total_seconds()) < 60
    refresh(m)
    put(m, "partnerize/7.json", {**read(m, "partnerize/7.json"), "firstname": "J\"o é\n",
                                 "tags": ["a"], "status": "active"}).ok()
    line = pair(file, action="update", path="partnerize/7.json", outcome="done", command="cp")
    fields = {field["field"]: (field["before"], field["after"]) for field in line["fields"]}
    assert fields["firstname"][1] == "J\"o é\n" and fields["tags"] == (None, ["a"])
    assert fields["status"] == ("inactive", "active")
    assert file.read_bytes().endswith(b"}\n")
    m.sandbox.patch(7, {"address": {"city": "Ulm", "street": "x"}})
    refresh(m)
    document = read(m, "partnerize/7.json")
    document["address"]["city"] = None
    put(m, "partnerize/7.json", document).ok()
    assert pair(file)["fields"] == [{"field": "address.city", "before": "Ulm", "after": None}]


def test_undo(audited, file):
    """A line has the command that undoes the change, for the vendor's directory."""
    m = audited()
    m.sandbox.control("POST", "users", {"user_id": "o'x y", "firstname": "O", "lastname": "X", "status": "active",
                                        "email": "ox@example.com"})
    for name, quoted in (("7", "7"), ("o'x y", "'o'\\''x y")):
        end = "'" if quoted.startswith("'") else ""
        before = at_vendor(m.sandbox, name)
        path = m.path / f"partnerize/{name}.status"
        assert save(path, "inactive") == GOOD
        line = pair(file, outcome="done", undo=[f"echo active > {quoted}.status{end}"])
        m.sh(line["undo"][0], "sh", folder=m.path / "partnerize").ok()
        line = pair(file, outcome="done", undo=[f"echo inactive > {quoted}.status{end}"])
        put(m, f"partnerize/{name}.json".replace("'", "'\\''"), {"firstname": "Jo", "status": "inactive"}).ok()
        line = pair(file, outcome="done", action="update")
        assert line["undo"] == [f"cp ../.rosterfs/history/{line['history']}/undo.json {quoted}.json{end}"]
        m.sh(line["undo"][0], "sh", folder=m.path / "partnerize").ok()
        assert pair(file)["undo"]
        assert {key: value for key, value in at_vendor(m.sandbox, name).items() if key != "updated_at"} == \
            {key: value for key, value in before.items() if key != "updated_at"}
    # by a rename, and from another word of the vendor, which is no status to write
    m.sh("""echo '{"firstname":"Jo"}' > partnerize/.x; mv partnerize/.x partnerize/8.json""").ok()
    assert pair(file)["undo"] == [f"cp ../.rosterfs/history/{lines(file)[-1]['history']}/undo.json 8.json"]
    m.sandbox.patch(8, {"status": "suspended"})
    m.sh("echo inactive > partnerize/8.status").ok()
    assert pair(file)["undo"] == [f"cp ../.rosterfs/history/{lines(file)[-1]['history']}/undo.json 8.json"]
    # what is refused, or only tried, has none
    news(file)
    assert m.sh("echo inactive > partnerize/1.status").code != 0
    assert "undo" not in one(file, outcome="refused")


def test_nothing_to_change(audited, file):
    m = audited()
    m.sh("cat partnerize/*.json partnerize/*.status; ls -lR . ; touch partnerize/7.json; : > partnerize/7.status;"
         " echo active > partnerize/7.status; echo x > partnerize/notes.txt")
    put(m, "partnerize/7.json", read(m, "partnerize/7.json")).ok()
    assert news(file) == []


def test_passwords(audited, file):
    m = audited()
    put(m, "partnerize/7.json", {"password": PASSWORD}).ok()
    pair(file, fields=[{"field": "password", "before": "(set)", "after": "(set)"}], outcome="done")
    assert save(m.path / "partnerize/7.json", '{"password": null}').close == "EINVAL"
    put(m, "partnerize/new/john.json", NEW).ok()
    news(file)
    m.sandbox.fault(fault="status", status=400, method="PUT", body=json.dumps({"error": PASSWORD}))
    assert put(m, "partnerize/8.json", {"password": PASSWORD}).code != 0
    assert pair(file, outcome="failed", errno="EINVAL")["words"]
    assert put(m, "partnerize/8.json", {"user_api_key": "my-CANARY"}).code != 0
    one(file, outcome="refused", errno="EPERM", fields=[{"field": "user_api_key", "before": None, "after": "(set)"}])
    nowhere(m)
    text = file.read_text(encoding="utf-8")
    for word in ("horse SECRET", "battery", "CANARY"):
        assert word not in text


def test_refused(audited, file):
    """What rosterfs refuses has a line as well, with what was wanted."""
    m = audited({"rosterfs": {"status_limit": 2}, "partnerize": {"retry_budget": 0}})
    document = read(m, "partnerize/7.json")
    for command, name, action, field in (
            ("echo inactive > partnerize/1.status", "EPERM", "status", "status"),
            ("echo '{\"user_id\": \"9\"}' > partnerize/7.json", "EPERM", "update", "user_id"),
            ("echo '{\"firstname\": null}' > partnerize/7.json", "EINVAL", "update", "firstname"),
            ("echo deleted > partnerize/7.status", "EINVAL", "delete", None),
            ("echo '{\"firstname\": 1, \"firstname\": 2}' > partnerize/7.json", "EINVAL", "update", None)):
        assert m.sh(command).code != 0, command
        line = one(file, outcome="refused", errno=name, action=action)
        assert line["words"] and line["words"] in m.log()
        assert [one["field"] for one in line["fields"]] == ([field] if field else []), command
    m.sandbox.patch(7, {"firstname": "Theirs"})
    assert put(m, "partnerize/7.json", edited(document, "firstname", "Ours")).code != 0
    one(file, outcome="refused", errno="ESTALE", fields=[{"field": "firstname", "before": "Theirs", "after": "Ours"}])
    m.sh("echo inactive > partnerize/7.status; echo inactive > partnerize/8.status").ok()
    assert [line["outcome"] for line in news(file)] == ["sending", "done"] * 2
    m.sandbox.reset()
    assert m.sh("echo inactive > partnerize/9.status").code != 0
    line = one(file, outcome="refused", errno="EDQUOT",
               fields=[{"field": "status", "before": "active", "after": "inactive"}])
    assert "status_limit" in line["words"] and not sent(m.sandbox)
    # by a rename, too, it is about the record
    assert m.sh("echo junk > partnerize/q && mv partnerize/q partnerize/9.status").code != 0
    one(file, outcome="refused", errno="EINVAL", action="status", id="9", path="partnerize/9.status")
    assert "active or inactive" in m.sh("grep -F partnerize/9. .rosterfs/log | tail -1").ok().out
    # what can be no change at all, and told once however often the descriptor is closed
    assert m.sh("echo inactiv > partnerize/9.status").code != 0
    one(file, outcome="refused", errno="EINVAL", action="status", fields=[])
    assert m.sh("printf '{\"half' | dd of=partnerize/9.json status=none").code != 0
    one(file, outcome="refused", errno="EINVAL", action="update", fields=[])
    # names stand in the log alone
    assert m.sh("rm partnerize/9.json; mkdir partnerize/x").code != 0
    assert news(file) == []


def test_failed_and_unknown(audited, file):
    m = audited({"partnerize": {"retry_budget": 0, "lag": 0}})
    for fault, name, outcome in (({"fault": "status", "status": 403}, "EACCES", "failed"),
                                 ({"fault": "not_applied"}, "EREMOTEIO", "failed"),
                                 ({"fault": "status", "status": 503}, "EREMOTEIO", "failed")):
        m.sandbox.fault(method="PUT", **fault)
        assert save(m.path / "partnerize/7.status", "inactive") == refused(name)
        assert pair(file, outcome=outcome, errno=name, action="status")["words"], fault
    m.sandbox.fault(method="GET", path="/user/7", fault="status", status=500)
    assert save(m.path / "partnerize/7.status", "inactive") == refused("EREMOTEIO")
    one(file, outcome="failed")
    # the answer was lost, and so was the one that would have told
    m.sandbox.fault(method="PUT", fault="drop_after")
    m.sandbox.fault(method="GET", path="/user/7", fault="status", status=500, skip=1, times=-1)
    assert save(m.path / "partnerize/7.status", "inactive").write != "ok"
    pair(file, outcome="unknown", fields=[{"field": "status", "before": "active", "after": "inactive"}])
    assert m.sandbox.user(7)["status"] == "inactive"
    m.sandbox.clear_faults()
    m.sandbox.fault(method="PUT", fault="drop_after")
    assert save(m.path / "partnerize/7.status", "active") == GOOD
    pair(file, outcome="done", fields=[{"field": "status", "before": "inactive", "after": "active"}])


def test_dry_run(audited, file):
    m = audited(DELETE_USERS, options=["-o", "dry_run"])
    document = read(m, "partnerize/7.json")
    for command, action in (("echo inactive > partnerize/7.status", "status"),
                            ("echo deleted > partnerize/7.status", "delete"),
                            ("echo '{\"firstname\": \"Jo\"}' > partnerize/7.json", "update")):
        m.sh(command).ok()
        one(file, action=action, outcome="dry-run", errno=None, id="7")
    put(m, "partnerize/new/x.json", NEW).ok()
    line = one(file, action="create", outcome="dry-run", id=None, path="partnerize/new/x.json")
    assert {"field": "password", "before": None, "after": "(set)"} in line["fields"]
    assert m.sh("echo inactive > partnerize/1.status").code != 0
    one(file, outcome="refused")
    assert not sent(m.sandbox) and read(m, "partnerize/7.json") == document


DELETE_USERS = {"partnerize": {"allow_delete": "yes"}}


def test_create_and_delete(audited, file):
    m = audited(DELETE_USERS)
    put(m, "partnerize/new/john.json", {**NEW, "status": "inactive"}).ok()
    ident = os.readlink(m.path / "partnerize/new/john.json")[3:-5]
    # the second request, which sets what the first one did not, has a line that tells the id
    found = news(file)
    same_attempt(found)
    assert [line["id"] for line in found] == [None, ident, ident]
    line = check(found[-1], {"action": "create", "outcome": "done", "path": "partnerize/new/john.json", "history": 1})
    assert {"field": "status", "before": None, "after": "inactive"} in line["fields"]
    assert m.sandbox.user(ident)["status"] == "inactive"
    put(m, "partnerize/new/again.json", NEW)
    pair(file, action="create", id=None, outcome="failed", errno="EEXIST")
    m.sh(f"echo deleted > partnerize/{ident}.status").ok()
    pair(file, action="delete", id=ident, outcome="done", fields=[], history=2)


def test_by_rename(audited, file):
    m = audited()
    m.sh("cd partnerize; sed -i s/active/inactive/ 7.status; jq '.firstname = \"Jo\"' 8.json > x && mv x 8.json").ok()
    _, first, _, second = news(file)
    assert (first["path"], first["action"], first["command"]) == ("partnerize/7.status", "status", "sed")
    assert (second["path"], second["action"], second["command"]) == ("partnerize/8.json", "update", "mv")


# ---- the file ----

def test_there_before(audited, file):
    file.write_text('{"old": 1}\n')
    file.chmod(0o640)
    m = audited()
    m.sh("echo inactive > partnerize/7.status").ok()
    assert len(lines(file)) == 3 and file.stat().st_mode == 0o100640
    # what somebody else appends, and a line that was cut, stay
    with open(file, "a", encoding="utf-8") as other:
        other.write('{"other": 1}\n')
    m.sh("echo inactive > partnerize/8.status").ok()
    assert [("other" in line, line.get("id")) for line in lines(file)[1:]] == \
        [(False, "7"), (False, "7"), (True, None), (False, "8"), (False, "8")]


def test_moved_away(audited, file):
    m = audited()
    m.sh("echo inactive > partnerize/7.status").ok()
    os.rename(file, f"{file}.1")
    m.sh("echo inactive > partnerize/8.status").ok()
    assert [line["id"] for line in lines(file)] == ["8", "8"] and file.stat().st_mode == 0o100600
    os.truncate(file, 0)
    m.sh("echo inactive > partnerize/9.status").ok()
    assert [line["id"] for line in lines(file)] == ["9", "9"]
    os.unlink(file)
    m.sh("echo inactive > partnerize/11.status").ok()
    assert [line["id"] for line in lines(file)] == ["11", "11"]


def test_it_cannot_be_written(audited, file):
    """The change is refused before it is sent, in words; reading goes on."""
    m = audited(DELETE_USERS)
    m.sh("echo inactive > partnerize/7.status; cat partnerize/*.json").ok()
    folder = file.parent
    os.rename(folder, f"{folder}.gone")
    before = m.sandbox.control("GET", "users")
    m.sandbox.reset()
    for command in ("echo inactive > partnerize/8.status", "echo active > partnerize/7.status",
                    "echo '{\"firstname\": \"Jo\"}' > partnerize/8.json", "echo deleted > partnerize/8.status",
                    f"echo '{json.dumps(NEW)}' > partnerize/new/x.json",
                    "cd partnerize; echo inactive > x; mv x 8.status"):
        result = m.sh(command)
        assert result.code != 0 and "Input/output error" in result.err, command
        line = last_line(m, "EIO")
        assert str(file) in line and "No such file" in line and "nothing was sent" in line
    assert not sent(m.sandbox) and m.sandbox.control("GET", "users") == before
    m.sh("cat partnerize/*.json").ok()
    # what needs no change needs no line
    m.sh("echo active > partnerize/8.status").ok()
    os.rename(f"{folder}.gone", folder)
    m.sh("echo inactive > partnerize/8.status").ok()
    found = [(line["id"], line["outcome"]) for line in ends(file)]
    assert [entry for entry in found if entry[1] != "refused"] == [("7", "done"), ("8", "done")]
    assert m.sandbox.user(8)["status"] == "inactive"


def test_a_full_disk(audited):
    m = audited({"rosterfs": {"audit_log": "/dev/full"}})
    assert save(m.path / "partnerize/7.status", "inactive") == refused("EIO")
    assert "No space left" in last_line(m, "EIO") and not sent(m.sandbox)
    m.sandbox.reset()
    assert m.sh("echo inactive > partnerize/1.status").code != 0  # refused: there is no line, and the log says so
    assert "no line about" in last_line(m, "no line about")


def test_a_limit_on_its_size(audited, file):
    file.write_text("x" * 2999 + "\n")
    m = audited(wear=["prlimit", "--fsize=10000"])
    m.sh("echo inactive > partnerize/7.status").ok()
    file.write_text("x" * 8999 + "\n")
    assert save(m.path / "partnerize/8.status", "inactive") == refused("EIO")
    assert "File too large" in last_line(m, "EIO") and len(sent(m.sandbox)) == 1


def test_dry_run_needs_it_too(audited, file):
    m = audited(options=["-o", "dry_run"])
    os.rename(file.parent, f"{file.parent}.gone")
    assert save(m.path / "partnerize/7.status", "inactive") == refused("EIO")


def test_read_only_needs_none(audited, file):
    file.parent.rmdir()
    m = audited(options=["-o", "ro"])
    m.sh("cat partnerize/7.json").ok()


@pytest.mark.parametrize("path, words", [("missing/audit", "directory"), ("", "is a directory"),
                                         ("mnt/audit", "mount point"), ("pipe", "audit_log")])
def test_at_the_start(audited, test_dir, path, words):
    os.makedirs(test_dir / "here", exist_ok=True)
    os.mkfifo(test_dir / "here/pipe")
    where = test_dir / "mount1" / path if path.startswith("mnt") else test_dir / "here" / path
    with pytest.raises(harness.MountFailed) as failure:
        audited({"rosterfs": {"audit_log": where}}, background=True)
    assert words in str(failure.value).lower() and str(where) in str(failure.value)
    assert len(str(failure.value).strip().splitlines()) <= 3


def test_check(test_dir, sandbox, env):
    """--check says what a mount would say, and makes nothing."""
    box = sandbox(users=5)
    config = test_dir / "check.conf"
    config.touch(0o600)
    for path, code in ((test_dir / "missing/audit", 2), (test_dir / "audit.jsonl", 0), (test_dir, 2)):
        config.write_text(box.config({"rosterfs": {"audit_log": path}}))
        result = subprocess.run([str(harness.BUILD / "rosterfs"), "--check", str(config)], env=env, text=True,
                                capture_output=True, check=False, timeout=30)
        assert result.returncode == code, result
        assert (str(path) in result.stderr and len(result.stderr.splitlines()) == 1) or not code
    assert not (test_dir / "audit.jsonl").exists()


# ---- what happens when ----

def test_room_is_secured_first(audited, file):
    m = audited()
    m.sandbox.fault(method="PUT", fault="stall", path="/user/7")
    command = m.spawn("echo inactive > partnerize/7.status")
    m.sandbox.wait_held("PUT", "/user/7")
    one(file, outcome="sending", id="7")
    assert file.stat().st_blocks * 512 >= file.stat().st_size + 4096
    # somebody else's line does not wait for it, and it comes when it is known how it ended
    m.sh("echo inactive > partnerize/8.status").ok()
    pair(file, id="8", outcome="done")
    os.rename(file, f"{file}.1")
    m.sandbox.clear_faults()
    command.finish().ok()
    assert [(line["id"], line["outcome"]) for line in lines(file)] == [("7", "done")]


@pytest.mark.parametrize("fault", ["stall", "stall_after"])
def test_interrupted(audited, file, fault):
    """The line tells how it ended, though nobody waited for that."""
    m = audited()
    m.sandbox.fault(method="PUT", fault=fault, path="/user/7")
    command = m.spawn("exec cp /dev/stdin partnerize/7.status <<< inactive")
    m.sandbox.wait_held("PUT", "/user/7")
    command.kill(signal.SIGKILL)
    assert not ends(file)
    m.sandbox.clear_faults()
    harness.wait_until(lambda: ends(file), 10 * harness.SCALE, "the line")
    pair(file, outcome="done", command="cp", history=1, errno=None)
    assert at_vendor(m.sandbox, 7)["status"] == "inactive"


@pytest.mark.parametrize("killed", [True, False])
def test_unanswered(audited, file, killed):
    """A look shows the old status, but the vendor may still be processing it: nobody knows, and it counts."""
    m = audited({"rosterfs": {"status_limit": 1}, "partnerize": {"timeout": 1, "retry_budget": 60 if killed else 0}})
    m.sandbox.fault(method="PUT", fault="stall", path="/user/7")
    command = m.spawn("exec cp /dev/stdin partnerize/7.status <<< inactive")
    harness.wait_until(lambda: sent(m.sandbox), 10 * harness.SCALE, "the PUT")
    if killed:
        command.kill(signal.SIGKILL)
    harness.wait_until(lambda: ends(file), 10 * harness.SCALE, "the line")
    line = pair(file, outcome="unknown", errno="ETIMEDOUT")
    assert "it was not made when looked up; the vendor may still be processing it" in line["words"]
    assert ("interrupted" in line["words"]) == killed
    # the log is told after the audit log
    harness.wait_until(lambda: line["words"] in last_line(m, "ETIMEDOUT"), 10 * harness.SCALE, "the words in the log")
    assert len(sent(m.sandbox)) == 1
    assert save(m.path / "partnerize/8.status", "inactive") == refused("EDQUOT")
    m.sandbox.patch(7, {"status": "inactive"})
    assert (m.path / "partnerize/7.status").read_text() == "inactive\n"


@pytest.mark.parametrize("killed", [True, False])
def test_unmounted_without_an_answer(audited, file, killed):
    m = audited({"partnerize": {"timeout": 300, "retry_budget": 300}})
    m.sandbox.fault(method="PUT", fault="stall", path="/user/7")
    command = m.spawn("exec cp /dev/stdin partnerize/7.status <<< inactive")
    harness.wait_until(lambda: sent(m.sandbox), 10 * harness.SCALE, "the PUT")
    if killed:
        command.kill(signal.SIGKILL)
        assert m.unmount().code == 0
    else:
        os.kill(m.pid, signal.SIGTERM)
    assert m.wait(5) == 0
    m.ended = True
    line = pair(file, outcome="unknown", errno="EINTR")
    assert "the vendor may still be processing it" in line["words"]


def test_many_at_once(audited, file):
    m = audited({"rosterfs": {"status_limit": 10}})
    m.sh("ls partnerize").ok()

    def deactivate(ident):
        return save(m.path / f"partnerize/{ident}.status", "inactive").write
    with concurrent.futures.ThreadPoolExecutor(12) as threads:
        results = list(threads.map(deactivate, [n for n in range(2, 26) if n % 10]))
    assert results.count("ok") == 10 and results.count("EDQUOT") == len(results) - 10
    outcomes = [line["outcome"] for line in lines(file)]
    assert outcomes.count("done") == 10 and outcomes.count("refused") == len(results) - 10


# ---- Elastic Path ----

@pytest.fixture
def shop(ep, file):
    def start(profile="guide", extra=None, **rest):
        keys = {"elasticpath": {}, **(extra or {}), "rosterfs": {"audit_log": file}}
        return ep(profile, keys, **rest)
    return start


@pytest.mark.parametrize("profile", PROFILES)
def test_memberships(shop, file, profile):
    m = shop(profile, DELETABLE)
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    commands = {f"ln -s ../../../{five}.json accounts/{account}/members/" for account in accounts}
    box.fault(method="DELETE", path=ONE_MEMBERSHIP, fault="stall")
    command = m.spawn(f"echo inactive > elasticpath/{five}.status")
    harness.wait_until(lambda: box.counts().get(DELETE), 10 * harness.SCALE, "the first DELETE")
    first = one(file, action="status", outcome="sending", id=five,
                fields=[{"field": "status", "before": "active", "after": "inactive"}])
    assert set(first["undo"]) == commands
    box.clear_faults()
    command.finish().ok()
    second = one(file, action="status", outcome="done", id=five)
    assert second["time"] == first["time"] and second["undo"] == first["undo"]
    assert second["attempt"] == first["attempt"]
    assert write(m, five, "active") == GOOD
    assert [line["outcome"] for line in news(file)] == ["sending", "done"]
    # links
    where = outside(box, five)
    assert link(m, where, five) == "ok"
    path = f"elasticpath/accounts/{where}/members/{five}.json"
    pair(file, action="link", outcome="done", id=five, path=path, fields=[])
    assert unlink(m, where, five) == "ok"
    pair(file, action="unlink", outcome="done", id=five, path=path,
        undo=[f"ln -s ../../../{five}.json accounts/{where}/members/"])
    assert write(m, five, "inactive") == GOOD
    for command in news(file)[-1]["undo"]:
        m.sh(command, "sh", folder=m.path / "elasticpath").ok()
    assert set(accounts_of(box, five)) == set(accounts)


def test_nothing_to_undo(ep, file):
    """What was refused has been done in no part: its line tells of no command that undoes it."""
    m = ep("guide", {**DELETABLE, "rosterfs": {"audit_log": file, "status_limit": 1}})
    five = person(m.sandbox, 5)
    accounts = accounts_of(m.sandbox, five)
    assert unlink(m, accounts[0], five) == "ok"
    assert "undo" in pair(file, action="unlink", outcome="done")
    assert unlink(m, accounts[1], five) == "EDQUOT"
    assert "undo" not in one(file, action="unlink", outcome="refused", errno="EDQUOT")
    assert write(m, five, "inactive").write == "EDQUOT"
    assert "undo" not in one(file, action="status", outcome="refused", errno="EDQUOT")
    assert "about to be ended" not in m.log().splitlines()[-1]


def test_killed_in_the_middle(shop, file):
    m = shop()
    box = m.sandbox
    five = person(box, 5)
    box.fault(method="DELETE", path=ONE_MEMBERSHIP, fault="stall", skip=1)
    m.spawn(f"echo inactive > elasticpath/{five}.status")
    harness.wait_until(lambda: box.counts().get(DELETE) == 2, 10 * harness.SCALE, "the second DELETE")
    os.kill(m.pid, signal.SIGKILL)
    m.abandon()
    line, = lines(file)
    assert line["outcome"] == "sending" and len(line["undo"]) == 3
    assert len(accounts_of(box, five)) == 2


def test_shop_refused(shop, file):
    m = shop("guide", {"elasticpath": {"retry_budget": 0}})
    box = m.sandbox
    five, account = person(box, 5), company(box)["id"]
    assert unlink(m, accounts_of(box, five)[0], five) == "EPERM"
    one(file, action="unlink", outcome="refused", errno="EPERM")
    assert write(m, person(box, 20), "active").write == errno.errorcode[errno.EOPNOTSUPP]
    one(file, action="status", outcome="refused", errno="EOPNOTSUPP")
    box.fault(method="DELETE", path=ONE_MEMBERSHIP, fault="status", status=403, skip=1)
    assert write(m, five, "inactive").write == "EACCES"
    first, second = news(file)
    assert (first["outcome"], second["outcome"], second["errno"]) == ("sending", "failed", "EACCES")
    assert second["history"] == 1
    os.rename(file.parent, f"{file.parent}.gone")
    box.reset()
    assert write(m, five, "inactive").write == "EIO"
    assert link(m, account, person(box, 20)) == "EIO"
    assert fails((m.path / "elasticpath/accounts/new/x.json").write_text, '{"name": "X"}') == "EIO"
    with open(m.path / "elasticpath/tokens", "r+b", buffering=0) as tokens:
        assert fails(tokens.write, b"{}") == "EIO"
    assert not [entry for entry in box.journal() if entry["method"] != "GET" and "oauth" not in entry["path"]]


def test_transactions(shop, file):
    """A line that something was asked, and not a word of it or of the answer."""
    m = shop()
    request = {"type": "account_management_authentication_token", "authentication_mechanism": "oidc",
               "oauth_authorization_code": person(m.sandbox, 5),
               "oauth_redirect_uri": "https://shop.example.com/callback", "oauth_code_verifier": "verifier-QUARTZ-1"}
    with open(m.path / "elasticpath/tokens", "r+b", buffering=0) as tokens:
        tokens.write(json.dumps({"data": request}).encode())
        assert b"token" in tokens.read(65536)
    pair(file, action="transaction", outcome="done", vendor="elasticpath", id=None, fields=[], path="elasticpath/tokens")
    with open(m.path / "elasticpath/tokens", "r+b", buffering=0) as tokens:
        assert fails(tokens.write, json.dumps({"data": {**request, "oauth_authorization_code": "no"}}).encode()) != "ok"
    pair(file, action="transaction", outcome="failed")
    text = file.read_text()
    for word in ("QUARTZ", "CANARY", "callback", person(m.sandbox, 5)):
        assert word not in text


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles(shop, file, profile):
    """A client_secret is set, and nobody reads it."""
    m = shop(profile, DELETABLE)
    realm = m.sandbox.control("GET", "elasticpath/realms")[0]["id"]
    folder = f"elasticpath/realms/{realm}/oidc-profiles"
    wanted = {"name": "IdP", "discovery_url": "https://idp.example.com/x", "client_id": "c",
              "client_secret": "idp-secret-QUARTZ"}
    put(m, f"{folder}/new/x.json", wanted).ok()
    line = pair(file, action="create", outcome="done")
    assert {"field": "client_secret", "before": None, "after": "(set)"} in line["fields"]
    ident = line["id"]
    put(m, f"{folder}/{ident}.json", {"name": "Other", "client_secret": "idp-secret-QUARTZ"}).ok()
    line = pair(file, action="update", outcome="done", id=ident)
    assert {field["field"] for field in line["fields"]} == {"name", "client_secret"}
    os.unlink(m.path / f"{folder}/{ident}.json")
    pair(file, action="delete", outcome="done", id=ident)
    assert "QUARTZ" not in file.read_text()
    assert m.sh("grep -r QUARTZ .rosterfs").code == 1
