# SPDX-License-Identifier: Apache-2.0
"""audit_log: the line that stands there before a change is sent, whatever happens afterwards."""

import json
import os
import re
import signal

import pytest

import harness
from audit_log import audited, check, ends, file, lines, news, one, pair, same_attempt
from ep_store import DELETABLE, accounts_of, ep, outside, person
from small_disk import small_disk
from writes import (GOOD, PASSWORD, at_vendor, edited, last_line, put, read, refused, save, sent,
                     text_of)

__all__ = ["audited", "ep", "file"]  # the fixtures

TOKEN = re.compile(r"[0-9a-f]{32}")
STATUS = [{"field": "status", "before": "active", "after": "inactive"}]


def held(box, method, number):
    """Until NUMBER requests with METHOD stall."""
    def all_there():
        return sum(entry["held"] and entry["method"] == method for entry in box.journal()) >= number
    harness.wait_until(all_there, 10 * harness.SCALE, f"{number} times {method}, held")


def die(m):
    os.kill(m.pid, signal.SIGKILL)
    m.abandon()


# ---- after a crash ----

def test_killed_with_twelve_in_flight(audited, file):
    m = audited({"partnerize": {"parallel": 16}})
    wanted = [str(n) for n in range(2, 16) if n % 10 and m.sandbox.user(n)["status"] == "active"][:12]
    assert len(wanted) == 12
    m.sh("cat partnerize/*.status").ok()
    m.sandbox.fault(method="PUT", fault="stall_after", times=-1)
    commands = [m.spawn(f"exec sh -c 'echo inactive > partnerize/{n}.status'") for n in wanted]
    held(m.sandbox, "PUT", 12)
    die(m)
    assert all(m.sandbox.user(n)["status"] == "inactive" for n in wanted)
    found = {line["id"]: line for line in lines(file)}
    assert sorted(found) == sorted(wanted) and len(lines(file)) == 12
    for command, ident in zip(commands, wanted):
        line = check(found[ident], {"outcome": "sending", "action": "status", "fields": STATUS, "errno": None,
                                    "vendor": "partnerize", "uid": os.getuid(), "pid": command.pid, "command": "sh",
                                    "path": f"partnerize/{ident}.status", "undo": [f"echo active > {ident}.status"]})
        assert TOKEN.fullmatch(line["attempt"])
    assert len({line["attempt"] for line in found.values()}) == 12
    # another mount goes on with other names
    news(file)
    m.sandbox.clear_faults()
    second = audited(box=m.sandbox)
    assert save(second.path / f"partnerize/{wanted[0]}.status", "active") == GOOD
    assert pair(file, outcome="done")["attempt"] not in {line["attempt"] for line in found.values()}


NEW = {"firstname": "John", "lastname": "Smith", "email": "john@example.com", "password": PASSWORD}


@pytest.mark.parametrize("action, method, command, more", [
    ("status", "PUT", "echo inactive > 7.status", {"fields": STATUS, "undo": ["echo active > 7.status"]}),
    ("update", "PUT", "echo '{\"firstname\": \"Jo\", \"password\": \"" + PASSWORD.replace('"', '\\"') + "\"}' > 7.json",
     {}),
    ("delete", "DELETE", "echo deleted > 7.status", {"fields": []}),
    ("create", "POST", "echo '" + json.dumps(NEW) + "' > new/x.json", {"id": None})],
    ids=["status", "update", "delete", "create"])
def test_each_kind(audited, file, action, method, command, more):
    m = audited({"partnerize": {"allow_delete": "yes"}})
    m.sandbox.fault(method=method, fault="stall")
    m.spawn("cd partnerize; " + command)
    held(m.sandbox, method, 1)
    die(m)
    line = one(file, outcome="sending", action=action, **{"id": "7", **more})
    fields = {field["field"]: field["after"] for field in line["fields"]}
    if action in ("update", "create"):
        assert fields["firstname"] in ("Jo", "John") and fields["password"] == "(set)"
    assert "SECRET" not in file.read_text() and "battery" not in file.read_text()


@pytest.mark.parametrize("kind", ["link", "unlink", "settings", "realm", "account", "transaction"])
def test_each_kind_of_the_store(ep, file, kind):
    m = ep("guide", {**DELETABLE, "rosterfs": {"audit_log": file}})
    box, five = m.sandbox, person(m.sandbox, 5)
    here, there = accounts_of(box, five)[0], outside(box, five)
    realm = box.control("GET", "elasticpath/realms")[0]["id"]
    request = {"data": {"type": "account_management_authentication_token", "authentication_mechanism": "oidc",
                        "oauth_authorization_code": "code-QUARTZ", "oauth_redirect_uri": "https://shop.example.com/x",
                        "oauth_code_verifier": "verifier-QUARTZ"}}
    target = f"../../../{five}.json"
    method, command, expected = {
        "link": ("POST", f"ln -s {target} accounts/{there}/members/",
                 {"id": five, "undo": [f"rm accounts/{there}/members/{five}.json"]}),
        "unlink": ("DELETE", f"rm accounts/{here}/members/{five}.json",
                   {"id": five, "undo": [f"ln -s {target} accounts/{here}/members/"]}),
        "settings": ("PUT", "echo '{\"enable_self_signup\": true}' > settings/account-authentication.json",
                     {"action": "update"}),
        "realm": ("PUT", f"echo '{{\"name\": \"Other\"}}' > realms/{realm}/realm.json",
                  {"action": "update", "id": realm}),
        "account": ("POST", "echo '{\"name\": \"X\"}' > accounts/new/x.json", {"action": "create", "id": None}),
        "transaction": ("POST", f"echo '{json.dumps(request)}' 1<> tokens", {"id": None, "fields": []}),
    }[kind]
    m.sh(f"ls elasticpath/accounts/{here}/members elasticpath/accounts/{there}/members").ok()
    if kind == "settings":
        box.control("PATCH", "elasticpath/settings", {"enable_self_signup": False})
    box.fault(method=method, path="/v2/*", fault="stall")
    m.spawn("cd elasticpath; " + command)
    held(box, method, 1)
    die(m)
    line = one(file, outcome="sending", vendor="elasticpath", **{"action": kind, **expected})
    assert TOKEN.fullmatch(line["attempt"]) and "QUARTZ" not in file.read_text()
    assert bool(line["fields"]) == (kind in ("settings", "realm", "account"))


# ---- how many lines ----

def test_nothing_is_sent(audited, file):
    """One line, with the attempt's name, for what is refused or only tried; none where nothing changes."""
    m = audited()
    for command, name in (("echo inactiv > partnerize/7.status", "EINVAL"),
                          ("echo '{\"user_id\": \"9\"}' > partnerize/7.json", "EPERM"),
                          ("echo inactive > partnerize/1.status", "EPERM")):
        assert m.sh(command).code != 0
        assert TOKEN.fullmatch(one(file, outcome="refused", errno=name)["attempt"])
    m.sh("echo active > partnerize/7.status").ok()
    put(m, "partnerize/7.json", read(m, "partnerize/7.json")).ok()
    assert not news(file) and not sent(m.sandbox)
    dry = audited(box=m.sandbox, options=["-o", "dry_run"])
    dry.sh("echo inactive > partnerize/7.status").ok()
    one(file, outcome="dry-run", fields=STATUS)
    locked = audited(box=m.sandbox, options=["-o", "ro"])
    assert "Read-only" in locked.sh("echo inactive > partnerize/7.status").err
    assert not news(file) and not sent(m.sandbox)
    # so that the lines above are no accident of a log that has only one
    assert save(m.path / "partnerize/7.status", "inactive") == GOOD
    pair(file, outcome="done", fields=STATUS)


@pytest.mark.parametrize("fault", [{"fault": "status", "status": 503}, {"fault": "drop"},
                                   {"fault": "status", "status": 429, "retry_after": 1}],
                         ids=["503", "drop", "429"])
def test_repeated(audited, file, fault):
    """The same request again is the same line."""
    m = audited()
    m.sandbox.fault(method="PUT", **fault)
    assert save(m.path / "partnerize/7.status", "inactive") == GOOD
    assert len(sent(m.sandbox)) == 2
    pair(file, outcome="done", action="status", fields=STATUS)


def raced(m, change):
    """Both names are edited; before the PUT arrives, a colleague makes CHANGE. How the command ended."""
    m.sandbox.settings(etag=True)
    document = read(m, "partnerize/7.json")
    source = m.folder / "document.json"
    source.write_text(text_of({**document, "firstname": "Jo", "lastname": "Doe"}))
    m.sandbox.fault(method="GET", path="/user/7", fault="stall_after")
    writer = m.spawn(f"cp '{source}' partnerize/7.json")
    m.sandbox.wait_held("GET", "/user/7")
    m.sandbox.patch(7, change)
    m.sandbox.release()
    writer.finish().ok()
    assert [entry["status"] for entry in sent(m.sandbox)] == [412, 200]


def test_merged_again(audited, file):
    """What is sent after a conflict has a line of its own if it changes other fields."""
    m = audited()
    before = at_vendor(m.sandbox, 7)
    raced(m, {"firstname": "Jo"})
    found = news(file)
    assert len(found) == 3
    same_attempt(found)
    both = [{"field": "firstname", "before": before["firstname"], "after": "Jo"},
            {"field": "lastname", "before": before["lastname"], "after": "Doe"}]
    assert [line["fields"] for line in found] == [both, both[1:], both[1:]]
    assert found[-1]["outcome"] == "done"


def test_merged_again_with_the_same_fields(audited, file):
    m = audited()
    raced(m, {"timezone": "Europe/Vaduz"})
    line = pair(file, outcome="done", action="update")
    assert {field["field"] for field in line["fields"]} == {"firstname", "lastname"}


def test_a_link_that_was_there_already(ep, file):
    """Nothing was made, so no command of its line may end what somebody else has made."""
    m = ep("guide", {**DELETABLE, "rosterfs": {"audit_log": file}})
    five = person(m.sandbox, 5)
    there = outside(m.sandbox, five)
    path = m.path / f"elasticpath/accounts/{there}/members/{five}.json"
    os.listdir(path.parent)
    m.sandbox.control("POST", "elasticpath/memberships", {"account_id": there, "account_member_id": five})
    os.symlink(f"../../../{five}.json", path)
    assert "undo" not in pair(file, action="link", outcome="done")


def test_failed(audited, file):
    """What failed without having been accepted has no command that undoes it."""
    m = audited({"partnerize": {"retry_budget": 0}})
    m.sandbox.fault(method="PUT", fault="status", status=403)
    assert save(m.path / "partnerize/7.status", "inactive") == refused("EACCES")
    assert "undo" not in pair(file, outcome="failed", errno="EACCES")


# ---- a full disk ----

@pytest.fixture
def small(file):
    """The audit log stands on a disk of 128 KiB; small(True) fills it to the last byte, small(False) empties it."""
    with small_disk(file.parent, "128k") as fill:
        yield fill


def test_full(audited, file, small):
    """Nothing is sent without a line, nor where there is no room for the second one."""
    m = audited()
    small(True)
    before = at_vendor(m.sandbox, 7)
    for name, text in (("7.status", "inactive"), ("8.json", '{"firstname": "Jo"}')):
        assert save(m.path / "partnerize" / name, text) == refused("EIO")
        line = last_line(m, "EIO")
        assert "No space left" in line and "nothing was sent" in line and str(file) in line
    assert file.read_text() == "" and not sent(m.sandbox) and at_vendor(m.sandbox, 7) == before
    # room for the first line alone is not enough
    os.truncate(file.parent / "ballast", (file.parent / "ballast").stat().st_size - 4096)
    assert save(m.path / "partnerize/7.status", "inactive") == refused("EIO")
    assert not sent(m.sandbox)
    small(False)
    news(file)
    assert save(m.path / "partnerize/7.status", "inactive") == GOOD
    pair(file, outcome="done", id="7")


def test_full_after_it_was_sent(audited, file, small):
    """The room for the second lines was secured with the first ones."""
    m = audited()
    wanted = [str(n) for n in range(2, 9) if m.sandbox.user(n)["status"] == "active"]
    m.sh("cat partnerize/*.status").ok()
    m.sandbox.fault(method="PUT", fault="stall", times=-1)
    commands = [m.spawn(f"echo inactive > partnerize/{n}.status") for n in wanted]
    held(m.sandbox, "PUT", len(wanted))
    assert sorted(line["id"] for line in lines(file)) == wanted
    small(True)
    m.sandbox.clear_faults()
    for command in commands:
        command.finish().ok()
    assert sorted((line["id"], line["outcome"]) for line in ends(file)) == [(n, "done") for n in wanted]
    for ident in wanted:
        same_attempt([line for line in lines(file) if line["id"] == ident])
    assert "no line about" not in m.log()


def test_full_and_a_colleague_has_written_more(audited, file, small):
    """The second line tells less than it could, but it is there."""
    m = audited()
    document = read(m, "partnerize/7.json")
    m.sandbox.fault(method="PUT", fault="stall", status=412)
    source = m.folder / "document.json"
    source.write_text(text_of(edited(document, "firstname", "Jo")))
    command = m.spawn(f"cp '{source}' partnerize/7.json")
    m.sandbox.wait_held("PUT", "/user/7")
    m.sandbox.patch(7, {"firstname": "x" * 60000})
    small(True)
    m.sandbox.clear_faults()
    assert "Stale file handle" in command.finish().err
    line = pair(file, outcome="failed", errno="ESTALE")
    assert line["fields"] == [{"field": "firstname", "before": document["firstname"], "after": "Jo"}]
