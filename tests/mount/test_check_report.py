# SPDX-License-Identifier: Apache-2.0
"""--check for scripts and people: JSON, exit statuses, colours, and what a write would be allowed to do."""

import json
import re
import subprocess

import pytest

import harness
from dialog import Dialog

ROSTERFS = harness.BUILD / "rosterfs"
ALL = ["list", "read", "status", "deactivate", "activate", "edit", "create", "delete", "memberships", "end_memberships"]
GREEN, RED = "\x1b[32m{}\x1b[0m", "\x1b[31m{}\x1b[0m"


@pytest.fixture
def run(env, test_dir):
    """run(TEXT of the config, OPTIONS...): the finished process."""
    test_dir.mkdir(exist_ok=True)
    file = test_dir / "check.conf"

    def start(text, *options):
        file.touch(0o600)
        file.write_text(text)
        return subprocess.run([ROSTERFS, "--check", *options, file], env=env, capture_output=True, text=True,
                              timeout=60 * harness.SCALE, check=False)
    start.file = file
    return start


def vendors_of(result):
    assert result.stderr == "", result
    return {one["vendor"]: one for one in json.loads(result.stdout)["vendors"]}


# ---- JSON ----

def test_json(run, sandbox):
    box = sandbox(users=250, members=60, vendors="partnerize,elasticpath,cj")
    box.patch(7, {"status": "suspended"})
    result = run(box.config(), "--json")
    document = json.loads(result.stdout)
    assert result.returncode == 0 and list(document) == ["ok", "errors", "shared", "vendors"]
    assert document["ok"] is True and document["errors"] == [] and document["shared"] is None
    found = vendors_of(result)
    # in the order of the config, whoever responds first
    assert list(found) == re.findall(r"^\[(.*)\]$", box.config(), re.MULTILINE)
    one = found["partnerize"]
    assert list(one) == ["vendor", "type", "ok", "by_hand", "errors", "warnings", "self", "pages", "whole", "users",
                         "can", "hidden"]
    assert (one["type"], one["ok"], one["self"], one["pages"], one["whole"]) == ("partnerize", True, "1", 3, True)
    assert one["users"] == {"total": 250, "active": 224, "inactive": 25, "others": 1, "none": 0}
    assert one["hidden"] == ["user_api_key", "password"] and one["errors"] == one["warnings"] == []
    assert list(one["can"]) == ALL
    assert {name for name, ability in one["can"].items() if ability["value"]} == set(ALL[:7])
    assert one["can"]["delete"] == {"value": False, "reason": "it needs allow_delete = yes"}
    assert all((ability["reason"] is None) == ability["value"] for ability in one["can"].values())
    store = found["elasticpath"]
    assert store["users"]["total"] == 60 and store["self"] is None
    assert store["can"]["memberships"]["value"] and not store["can"]["create"]["value"]
    assert (found["cj"]["by_hand"], found["cj"]["ok"], found["cj"]["users"]) == (True, True, None)
    quick = vendors_of(run(box.config(), "--json", "--check=quick"))["partnerize"]
    assert (quick["whole"], quick["pages"], quick["users"]["total"]) == (False, None, 100)


def test_json_of_failures(run, sandbox):
    box = sandbox(users=5)
    box.fault(fault="status", method="GET", path="/user/self", status=401, body='{"error": "one\\ntwo \xff"}', times=-1)
    result = run(box.config(), "--json")
    assert result.returncode == 1 and json.loads(result.stdout)["ok"] is False
    one = vendors_of(result)["partnerize"]
    assert not one["ok"] and len(one["errors"]) == 1 and one["errors"][0].startswith("GET /user/self answered 401: ")
    assert one["users"] is one["pages"] is one["self"] is None and not one["whole"]
    assert {ability["reason"] for ability in one["can"].values()} == {"the list cannot be read"}


def test_json_of_a_wrong_config(run):
    result = run("[cj]\nx = 1\n[nobody]\n", "--json")
    assert result.returncode == 2 and result.stderr == ""
    document = json.loads(result.stdout)
    assert (document["ok"], document["vendors"]) == (False, [])
    assert [(error["file"], error["line"]) for error in document["errors"]] == [(str(run.file), 2), (str(run.file), 3)]
    assert document["errors"][0]["words"].startswith("unknown key x")


def test_json_of_a_missing_file(env, test_dir):
    result = subprocess.run([ROSTERFS, "--check", "--json", test_dir / "none.conf"], env=env, capture_output=True,
                            text=True, timeout=60 * harness.SCALE, check=False)
    error, = json.loads(result.stdout)["errors"]
    assert result.returncode == 2 and result.stderr == ""
    assert error["line"] is None and "none.conf: No such file or directory" in error["words"]


def test_json_of_a_wrong_log(run):
    """What only opening a file shows is an error of the config."""
    text = "[rosterfs]\naudit_log = /nowhere/at/all.jsonl\n[cj]\n"
    result = run(text, "--json")
    assert result.returncode == 2 and "audit_log" in json.loads(result.stdout)["errors"][0]["words"]
    plain = run(text)
    assert plain.returncode == 2 and plain.stdout == "" and "audit_log" in plain.stderr


# ---- exit statuses ----

@pytest.mark.parametrize("words", [["--check", "CONFIG"], ["--check", "--json", "CONFIG"], ["--help"], ["--version"],
                                   ["--explain", "CONFIG", "partnerize/5.status", "inactive"]])
def test_output_is_lost(sandbox, env, test_dir, words):
    test_dir.mkdir(exist_ok=True)
    config = test_dir / "full.conf"
    config.touch(0o600)
    config.write_text(sandbox(users=5).config())
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run([ROSTERFS, *(config if word == "CONFIG" else word for word in words)], env=env,
                                stdout=full, stderr=subprocess.PIPE, text=True, timeout=60 * harness.SCALE, check=False)
    assert result.returncode == 2 and "standard output: the output could not be written" in result.stderr


@pytest.mark.parametrize(("words", "code"), [
    (["--json", "CONFIG"], 2), (["--json", "CONFIG", "FOLDER"], 2), (["--init", "CONFIG", "FOLDER"], 2),
    (["--init", "--check", "CONFIG"], 2), (["--check", "--json", "CONFIG"], 0), (["--check", "WRONG"], 2),
    (["WRONG", "FOLDER"], 2), (["--explain", "WRONG", "cj/1.status", "inactive"], 2), (["CONFIG", "/nowhere"], 1),
    (["--explain", "CONFIG", "cj/1.status", "inactive"], 1),
])
def test_status(env, test_dir, words, code):
    test_dir.mkdir(exist_ok=True)
    names = {"CONFIG": test_dir / "cj.conf", "WRONG": test_dir / "wrong.conf", "FOLDER": test_dir / "mnt"}
    names["CONFIG"].write_text("[cj]\n")
    names["WRONG"].write_text("[cj]\nx = 1\n")
    names["FOLDER"].mkdir()
    result = subprocess.run([ROSTERFS, *[names.get(word, word) for word in words]], env=env, capture_output=True,
                            text=True, timeout=60 * harness.SCALE, check=False)
    assert result.returncode == code, result


# ---- what a mount may do ----

@pytest.mark.parametrize(("options", "keys", "allowed", "reason"), [
    ([], {}, ALL[:7], "it needs allow_delete = yes"),
    ([], {"allow_delete": "yes"}, ALL[:8], ""),
    (["-o", "ro"], {"allow_delete": "yes"}, ALL[:3], "-o ro refuses all changes"),
    (["-o", "dry_run"], {"allow_delete": "yes"}, ALL[:3], "-o dry_run sends no changes"),
])
def test_abilities(run, sandbox, options, keys, allowed, reason):
    box = sandbox(users=5)
    text = box.config({"partnerize": keys})
    one = vendors_of(run(text, "--json", *options))["partnerize"]["can"]
    assert [name for name in ALL if one[name]["value"]] == allowed
    assert not reason or one["delete"]["reason"] == reason
    lines = run(text, *options).stdout.splitlines()
    assert sum(line.startswith("partnerize: can list users, read documents, read statuses") for line in lines) == 1
    assert [line for line in lines if line.startswith("partnerize: cannot ") and line.endswith(f": {reason}")] or not reason


def test_no_self_id(run, sandbox):
    box = sandbox(users=5, no_self=True)
    result = run(box.config())
    assert result.returncode == 1
    assert "partnerize: cannot deactivate, activate: it is not known whose the key is: set self_id\n" in result.stdout
    assert run(box.config({"partnerize": {"self_id": "3"}})).returncode == 0


DESCRIPTION = """[vendor]
name = Acme
docs = https://acme.example/docs
date = 2026-11-30
evidence = {evidence}
[settings]
token = secret, required
[auth]
header.Authorization = Bearer {{token}}
[list]
request = GET /users
rows = /users/*
paging = none
[item]
request = GET /users/{{id}}
[self]
user = none
[status]
path = /active
active = true
inactive = false
{more}
"""
UPDATE = "[update]\nrequest = PATCH /users/{id}\nbody = {changes}\n"
DELETES = "[deactivate]\nrequest = DELETE /users/{id}\nsoft = no\n[activate]\nrequest = POST /users/{id}/on\n"
PLAY = {"users": 12, "auth": {"checks": [{"header": "Authorization", "is": "Bearer CANARY"}]},
        "fields": {"/id": {"holds": "id"}, "/email": {"holds": "email"}},
        "status": {"at": "/active", "states": {"active": True, "inactive": False}},
        "lists": [{"route": "GET /users", "rows": "/users", "page": {"by": "none"}, "unknown": "ignored"}]}


@pytest.mark.parametrize(("evidence", "more", "keys", "reasons"), [
    ("documents", UPDATE, "", {"deactivate": None, "activate": None, "edit": None,
                               "create": "the description has no [create]", "delete": "users are not deleted"}),
    ("documents", "", "", {"deactivate": "neither a value nor a request", "edit": "no [update]"}),
    ("memory", UPDATE, "", {"deactivate": "set trust = yes", "edit": "set trust = yes", "read": None}),
    ("memory", UPDATE, "trust = yes\n", {"deactivate": None, "edit": None}),
    ("documents", DELETES, "", {"deactivate": "inactive_deletes = yes", "activate": None}),
    ("documents", DELETES, "allow_delete = yes\ninactive_deletes = yes\n", {"deactivate": None}),
])
def test_abilities_of_a_description(run, sandbox, test_dir, evidence, more, keys, reasons):
    play = test_dir / "acme.play.json"
    play.write_text(json.dumps(PLAY))
    (test_dir / "acme.vendor").write_text(DESCRIPTION.format(evidence=evidence, more=more))
    box = sandbox(play=[f"acme={play}"], vendors="cj")
    can = vendors_of(run(f"[acme]\nbase_url = {box.url}/acme\ntoken = CANARY\n{keys}", "--json"))["acme"]["can"]
    for name, reason in reasons.items():
        assert can[name]["value"] == (reason is None), (name, can[name])
        assert reason is None or reason in can[name]["reason"], (name, can[name])


def test_quick_knows_no_last_page(run, sandbox, test_dir):
    """One page that is full says nothing about the next ones, and the list may have more than were read."""
    play = test_dir / "acme.play.json"
    page = {"by": "cursor", "name": "cursor", "size_name": "limit", "cap": 5, "next": [{"put": "/next"}]}
    play.write_text(json.dumps({**PLAY, "lists": [{"route": "GET /users", "rows": "/users", "page": page}]}))
    paging = "paging = cursor\nsize = 5\nnext = /next\n"
    (test_dir / "acme.vendor").write_text(DESCRIPTION.format(evidence="documents", more=UPDATE)
                                          .replace("GET /users\n", "GET /users?cursor={cursor}&limit={size}\n")
                                          .replace("paging = none\n", paging))
    box = sandbox(play=[f"acme={play}"], vendors="cj")
    text = f"[acme]\nbase_url = {box.url}/acme\ntoken = CANARY\n"
    one = vendors_of(run(text, "--json"))["acme"]
    assert (one["pages"], one["whole"], one["users"]["total"], one["warnings"]) == (3, True, 12, []), one
    one = vendors_of(run(text, "--json", "--check=quick"))["acme"]
    assert (one["pages"], one["whole"], one["users"]["total"], one["warnings"]) == (None, False, 5, []), one


# ---- colours ----

def test_colours(run, sandbox, env):
    box = sandbox(users=5)
    plain = run(box.config())
    assert "\x1b" not in plain.stdout
    with Dialog([ROSTERFS, "--check", run.file], env) as dialog:
        assert dialog.wait() == 0
        assert f"partnerize: {GREEN.format('ok')}\n" in dialog.text
    for more in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}):
        with Dialog([ROSTERFS, "--check", run.file], env | more) as dialog:
            assert dialog.wait() == 0
            assert "partnerize: ok\n" in dialog.text and "\x1b[3" not in dialog.text
    with Dialog([ROSTERFS, "--check", run.file], env | {"NO_COLOR": ""}) as dialog:
        assert dialog.wait() == 0 and GREEN.format("ok") in dialog.text
    box.fault(fault="status", method="GET", path="/user", status=403, times=-1)
    with Dialog([ROSTERFS, "--check", run.file], env) as dialog:
        assert dialog.wait() == 1 and f"partnerize: {RED.format('failed')}\n" in dialog.text


def test_a_warning_is_yellow(run, sandbox, env, test_dir):
    box = sandbox(users=5)
    rows = [{**box.user(number), "email": None} for number in range(1, 6)]
    box.fault(fault="status", method="GET", path="/user", query="page=1", status=200,
              body=json.dumps({"users": rows}), times=-1)
    warnings = vendors_of(run(box.config(), "--json"))["partnerize"]["warnings"]
    assert warnings == ["no user in the list has an email at email: by-email will find nobody"]
    with Dialog([ROSTERFS, "--check", run.file], env) as dialog:
        assert dialog.wait() == 0 and f"\x1b[33m{warnings[0]}\x1b[0m\n" in dialog.text
