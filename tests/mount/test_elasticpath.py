# SPDX-License-Identifier: Apache-2.0
"""Elastic Path: one token, members as files, and a status that is their memberships."""

import concurrent.futures
import errno
import json
import os
import re
import signal
import time

import pytest

import harness
import status_table
from ep_store import (DELETE, ITEM, LIST, NOT_OFFERED, ONE_MEMBERSHIP, OWN, POST, PROFILES, QUICK, TOKEN,
                   WORD, account_of, accounts_of, clean, ep, journal, people, person, refresh, sent,
                   status, undo_lines, write)
from writes import GOOD, errno_of, last_line, name_of, put, refused, save, shown, text_of

__all__ = ["ep"]  # the fixture


# ---- the token ----

@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("wrapped", [False, True])
def test_one_token(ep, profile, wrapped):
    m = ep(profile, box={"token_wrapped": wrapped, "members": 250})
    m.sh("ls -l elasticpath; cat elasticpath/*.json elasticpath/*.status >/dev/null").ok()
    five = person(m.sandbox, 5)
    m.sh(f"echo inactive > elasticpath/{five}.status; echo active > elasticpath/{five}.status").ok()
    refresh(m)
    m.sh("ls elasticpath").ok()
    assert m.sandbox.counts()[TOKEN] == 1


def test_no_token_for_what_needs_none(ep):
    m = ep()
    m.sh("ls; ls partnerize; cat elasticpath/MANUAL cj/MANUAL README .rosterfs/status; stat elasticpath").ok()
    assert m.sandbox.counts().get(TOKEN, 0) == 0


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("path, skip", [("/v2/account-members", 0), ("/v2/account-members", 1),
                                        ("/v2/account-members", 3), ("/v2/accounts", 0),
                                        ("/v2/accounts/*/account-memberships", 2)])
def test_expiry_in_a_walk(ep, profile, path, skip):
    m = ep(profile, box={"members": 450})
    m.sandbox.fault(fault="expire_tokens", method="GET", path=path, skip=skip)
    names = m.sh("ls -l elasticpath >/dev/null; ls elasticpath").ok().lines()
    assert {name for name in names if name.endswith(".json")} == \
        {one["id"] + ".json" for one in people(m.sandbox)}
    assert m.sandbox.counts()[TOKEN] == 2
    text = m.sh("cat elasticpath/*.status").ok().out
    assert text.count("inactive\n") == 450 // 20 and text.count("\n") == 450


def test_expiry_with_20_readers(ep):
    m = ep("documents", box={"members": 1000, "latency": 5})
    expected = sorted(one["id"] + ".json" for one in people(m.sandbox))
    m.sandbox.fault(fault="expire_tokens", method="GET", path="/v2/account-members", skip=4)
    with concurrent.futures.ThreadPoolExecutor(20) as threads:
        found = list(threads.map(lambda _: sorted(
            name for name in os.listdir(m.path / "elasticpath") if name.endswith(".json")), range(20)))
    assert all(names == expected for names in found)
    counts = m.sandbox.counts()
    assert counts[TOKEN] == 2
    # the pages that a dead token met are asked for once more: never more than were in flight
    assert counts[LIST] <= 10 + 8


def test_expiry_with_20_readers_of_one_each(ep):
    m = ep("guide", {"elasticpath": {"ttl": 1}}, box={"members": 40, "latency": 5})
    m.sh("ls -l elasticpath").ok()
    m.sandbox.fault(fault="expire_tokens")
    m.sandbox.reset()
    paths = [m.path / f"elasticpath/{one['id']}.json" for one in people(m.sandbox)[:20]]
    refresh(m)
    with concurrent.futures.ThreadPoolExecutor(20) as threads:
        found = list(threads.map(lambda path: json.loads(path.read_text())["id"], paths))
    assert found == [path.stem for path in paths]
    assert m.sandbox.counts()[TOKEN] == 1


def test_a_token_is_used_no_longer_than_it_lives(ep):
    """No request is ever refused for the token's age: it is renewed before."""
    # a request is sent within the two seconds that a token lives on after its renewal is due
    m = ep(box={"token_ttl": 4})
    ids = [one["id"] for one in people(m.sandbox)]
    for number in range(2):
        refresh(m)
        m.sh("ls elasticpath").ok()
        dead = m.sandbox.control("GET", "elasticpath/tokens")["issued"]
        harness.wait_until(lambda: m.sandbox.control("GET", "elasticpath/tokens")["live"] == 0,
                           10 * harness.SCALE, "the end of the token", 0.05)
        assert status(m, ids[number]) == "active\n"
        refresh(m)
        m.sh("ls elasticpath").ok()
        assert m.sandbox.control("GET", "elasticpath/tokens")["issued"] > dead
    assert not [entry for entry in m.sandbox.journal() if entry["status"] == 401]


@pytest.mark.parametrize("profile", PROFILES)
def test_wrong_secret(ep, profile):
    m = ep(profile, {"elasticpath": {"client_secret": "wrong-CANARY-secret"}})
    five = person(m.sandbox, 5)
    for path in ("elasticpath", f"elasticpath/{five}.json", f"elasticpath/{five}.status"):
        result = m.sh(f"ls {path}" if path == "elasticpath" else f"cat {path}")
        assert result.code != 0 and "Key was rejected" in result.err, path
    line = last_line(m, "EKEYREJECTED")
    assert "access_token" in line and "[elasticpath]" in line
    assert not [entry for entry in m.sandbox.journal() if entry["path"].startswith("/v2/")]
    assert WORD not in m.log() + m.stderr() + (m.path / ".rosterfs/status").read_text()
    # nor does it stand in anybody's way
    m.sh("ls partnerize; cat cj/MANUAL").ok()


@pytest.mark.parametrize("path, code", [("/oauth/access_token", 401), ("/oauth/access_token", 404),
                                        ("/v2/account-members", 401), ("/v2/account-members", 404)])
def test_the_region_is_named(ep, path, code):
    m = ep()
    m.sandbox.fault(fault="status", status=code, path=path, times=-1)
    assert m.sh("ls elasticpath").code != 0
    assert "region" in m.log(), "what to check is said"


def test_401_twice(ep):
    m = ep()
    m.sandbox.fault(fault="status", status=401, path="/v2/*", times=-1)
    assert "Key was rejected" in m.sh("ls elasticpath").err
    counts = m.sandbox.counts()
    assert (counts[TOKEN], counts[LIST]) == (2, 2)
    m.sandbox.clear_faults()
    m.sh("ls elasticpath").ok()
    m.sandbox.reset()
    five = person(m.sandbox, 5)
    m.sandbox.fault(fault="status", status=401, method="DELETE", times=-1, path="/v2/*")
    assert write(m, five, "inactive") == refused("EKEYREJECTED")
    assert len(accounts_of(m.sandbox, five)) == 3


@pytest.mark.parametrize("code, error", [(404, "EREMOTEIO"), (500, "EREMOTEIO"), (403, "EACCES"),
                                           (400, "EINVAL"), (429, "EBUSY"), (301, "EREMOTEIO"),
                                           (405, "EOPNOTSUPP"), (409, "EEXIST")])
def test_token_endpoint_refuses(ep, code, error):
    m = ep(extra=QUICK)
    five = person(m.sandbox, 5)
    m.sandbox.fault(fault="status", status=code, path="/oauth/access_token", times=-1)
    for name in ("", f"/{five}.json", f"/{five}.status"):
        function = os.listdir if not name else lambda path: path.read_bytes()
        found = name_of(errno_of(function, m.path / f"elasticpath{name}"))
        assert found != "ok", name
        # whatever it says, it does not speak of the member
        assert found != "ENOENT", f"{name}: a member that there is looks as if it had gone"
        assert found == error or code in (405, 409), name
    assert f"POST /oauth/access_token answered {code}: " in m.log()
    assert write(m, five, "inactive") != GOOD
    m.sandbox.clear_faults()
    assert status(m, five) == "active\n"
    m.sh("ls -l elasticpath").ok()


@pytest.mark.parametrize("fault", ["html", "not_json", "empty", "truncate", "drop"])
def test_token_endpoint_answers_nonsense(ep, fault):
    m = ep(extra=QUICK)
    m.sandbox.fault(fault=fault, path="/oauth/access_token", times=-1)
    result = m.sh("ls elasticpath")
    assert result.code != 0 and result.err and result.out == ""
    assert "access_token" in m.log()
    m.sandbox.clear_faults()
    assert len(m.sh("ls elasticpath/*.json").ok().lines()) == 45
    assert WORD not in m.log() + m.stderr()


@pytest.mark.parametrize("body", ['{}', '[]', '"text"', '{"access_token": ""}', '{"access_token": 7}',
                                  '{"data": {}}', '{"access_token": "x\\u0000y", "expires_in": 3600}',
                                  '{"access_token": "x\\r\\nX-Mine: y", "expires_in": 3600}'])
def test_no_token_in_the_answer(ep, body):
    m = ep(extra=QUICK)
    m.sandbox.fault(fault="status", status=200, body=body, path="/oauth/access_token", times=2)
    assert m.sh("ls elasticpath").code != 0
    assert not [one for one in m.sandbox.journal() if one["path"].startswith("/v2/") and
                one["status"] != 401]
    m.sandbox.clear_faults()
    m.sh("ls elasticpath").ok()


@pytest.mark.parametrize("lifetime", ['', ', "expires_in": 0', ', "expires_in": -5', ', "expires_in": "3600"',
                                      ', "expires_in": 9223372036854775807', ', "expires_in": null'])
def test_strange_lifetimes(ep, lifetime):
    """The token is told here, not issued: all that counts is that it is used and then given up."""
    m = ep(extra=QUICK)
    m.sandbox.fault(fault="status", status=200, path="/oauth/access_token",
                    body='{"access_token": "told"' + lifetime + '}')
    m.sh("ls elasticpath").ok()
    counts = m.sandbox.counts()
    assert (counts[TOKEN], counts[LIST]) == (2, 2)


def test_token_endpoint_stalls(ep):
    m = ep(extra={"elasticpath": {"timeout": 2, "retry_budget": 0}})
    m.sandbox.fault(fault="stall", path="/oauth/access_token", times=-1)
    readers = [m.spawn("ls elasticpath") for _ in range(5)]
    readers += [m.spawn(f"cat elasticpath/{one['id']}.json") for one in people(m.sandbox)[:5]]
    began = time.monotonic()
    harness.wait_until(lambda: m.sandbox.counts()["in_flight"], 5 * harness.SCALE, "the request for a token")
    # it holds up nobody else
    for command in ("ls partnerize; cat partnerize/*.json partnerize/*.status", "cat cj/MANUAL elasticpath/MANUAL",
                    "cat .rosterfs/status .rosterfs/log", "ls"):
        m.sh(command, timeout=5).ok()
    for reader in readers:
        result = reader.finish(15)
        assert result.code != 0 and "timed out" in result.err
    # whoever waits for the asker does not begin a wait of his own
    assert time.monotonic() - began < 2 + harness.AT_ONCE


def test_who_waits_for_a_token_is_freed(ep):
    m = ep()
    m.sandbox.fault(fault="stall", path="/oauth/access_token", times=-1)
    readers = [m.spawn("exec ls elasticpath")]
    readers += [m.spawn(f"exec cat elasticpath/{one['id']}.status") for one in people(m.sandbox)[:4]]
    harness.wait_until(lambda: m.sandbox.counts()["in_flight"], 5 * harness.SCALE, "the request for a token")
    for reader in readers:
        assert reader.kill() < harness.AT_ONCE
    m.sandbox.clear_faults()
    m.sh("ls elasticpath").ok()


# ---- secrets ----

@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("options", [[], ["-d"], ["-o", "dry_run"]])
def test_no_token_in_sight(ep, profile, options):
    m = ep(profile, QUICK, options=options)
    five, seven = person(m.sandbox, 5), person(m.sandbox, 7)
    m.sandbox.fault(fault="expire_tokens", method="GET", path="/v2/accounts", skip=0)
    m.sh("ls -l elasticpath; cat elasticpath/*.json elasticpath/*.status").ok()
    m.sandbox.fault(fault="status", status=403, method="DELETE", path="/v2/*", skip=1)
    write(m, five, "inactive")
    write(m, five, "inactive")
    write(m, five, "active")
    write(m, seven, "nonsense")
    m.sh("cat elasticpath/none.json elasticpath/none.status")
    clean(m)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_quoted_token_becomes_asterisks(ep, profile):
    m = ep(profile, QUICK)
    token = "told-token-CANARY-1234567890"
    secret = re.search(r"client_secret = (\S+)", m.sandbox.config()).group(1)
    words = f"no scope for {token}, nor for {secret}."
    body = json.dumps({"errors": [{"title": "Forbidden", "detail": words}]})
    m.sandbox.fault(fault="status", status=200, path="/oauth/access_token",
                    body=json.dumps({"access_token": token, "expires_in": 3600}), times=-1)
    m.sandbox.fault(fault="status", status=403, path="/v2/*", body=body, times=-1)
    assert "Permission denied" in m.sh("ls elasticpath").err
    m.sh(f"cat elasticpath/{person(m.sandbox, 3)}.status")
    m.sandbox.clear_faults()
    m.sandbox.fault(fault="status", status=400, path="/oauth/access_token", body=body, times=-1)
    m.sandbox.fault(fault="expire_tokens")
    m.sh(f"cat elasticpath/{person(m.sandbox, 4)}.json")
    log = m.log()
    assert "no scope for" in log and "*" * len(secret) in log
    assert WORD not in log + m.stderr() + (m.path / ".rosterfs/status").read_text()


# ---- members ----

@pytest.mark.parametrize("profile", PROFILES)
def test_files(ep, profile):
    m = ep(profile)
    names = set(os.listdir(m.path / "elasticpath"))
    everyone = people(m.sandbox)
    assert {"MANUAL"} | {one["id"] + end for one in everyone for end in (".json", ".status")} <= names
    assert "self" not in names and not os.path.lexists(m.path / "elasticpath/self")
    for one in everyone:
        path = m.path / f"elasticpath/{one['id']}.json"
        assert path.read_text() == text_of(one)
        assert path.stat().st_size == len(path.read_bytes())
        assert path.stat().st_mode & 0o7777 == 0o600
        stamp = one["meta"]["timestamps"]["updated_at"]
        wanted = time.strptime(stamp[:19] + "Z", "%Y-%m-%dT%H:%M:%SZ")
        assert time.gmtime(path.stat().st_mtime)[:6] == wanted[:6]
    assert (m.path / "elasticpath").stat().st_mode & 0o7777 == 0o700
    manual = m.path / "elasticpath/MANUAL"
    assert manual.stat().st_mode & 0o7777 == 0o444
    text = manual.read_text()
    for word in ("Commerce Manager", "buyer", "auto_create_account_for_account_members"):
        assert word in text
    assert name_of(errno_of(manual.open, "w")) in ("EROFS", "EACCES", "EPERM")


@pytest.mark.parametrize("profile, total, most", [
    ("guide", "pages", 20), ("guide", "records", 20 + 8), ("guide", "none", 20 + 8),
    ("documents", "pages", 20), ("documents", "records", 20 + 8), ("documents", "none", 20 + 8)])
def test_pages(ep, profile, total, most):
    m = ep(profile, box={"members": 2000, "accounts": 40, "list_total": total})
    names = m.sh("ls elasticpath").ok().lines()
    assert len([name for name in names if name.endswith(".json")]) == 2000
    counts = m.sandbox.counts()
    assert 20 <= counts[LIST] <= most
    assert counts["total"] == counts[LIST] + 1  # the token


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("fault", [
    {"page_cap": 25}, {"page_cap": 7}, {"fault": "wrong_total"}, {"fault": "wrong_total", "skip": 1},
    {"fault": "short_page"}, {"fault": "duplicate_row"}, {"fault": "move_rows", "skip": 1},
    {"fault": "move_rows", "body": "delete", "skip": 1}, {"fault": "repeat_page", "skip": 1, "times": -1},
    {"fault": "ignore_paging", "times": -1}, {"fault": "status", "status": 500, "skip": 1, "times": -1},
    {"fault": "html", "skip": 1, "times": -1}, {"fault": "truncate", "skip": 1, "times": -1}],
    ids=lambda fault: "-".join(str(word) for word in fault.values()))
def test_whole_or_an_error(ep, profile, fault):
    if fault.get("body") == "delete":
        profile = "documents"  # without a total of records nobody can tell that a row has slipped away
    m = ep(profile, QUICK, box={"members": 230, "page_cap": fault.get("page_cap", 100)})
    if "fault" in fault:
        m.sandbox.fault(method="GET", path="/v2/account-members", **fault)
    before = {one["id"] + ".json" for one in people(m.sandbox)}
    result = m.sh("ls elasticpath")
    names = {name for name in result.lines() if name.endswith(".json")}
    # who is deleted meanwhile may be shown still
    assert not names or {one["id"] + ".json" for one in people(m.sandbox)} <= names <= before
    assert bool(names) == (result.code == 0)
    if "page_cap" in fault or fault["fault"] in ("short_page", "duplicate_row", "move_rows"):
        assert names


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("cap", [25, 3])
def test_statuses_in_capped_pages(ep, profile, cap):
    m = ep(profile, box={"members": 130, "accounts": 30, "page_cap": cap})
    m.sh("ls -l elasticpath").ok()
    for number, one in enumerate(people(m.sandbox), 1):
        assert status(m, one["id"]) == ("inactive\n" if number % 20 == 0 else "active\n")


@pytest.mark.parametrize("fault", ["short_page", "duplicate_row", "wrong_total", "repeat_page", "html",
                                   "truncate"])
@pytest.mark.parametrize("path", ["/v2/accounts", "/v2/accounts/*/account-memberships"])
def test_a_status_is_never_guessed(ep, fault, path):
    """A page of accounts or memberships that lacks something must not make anybody inactive."""
    m = ep("documents", QUICK, box={"members": 130, "accounts": 120})
    m.sh("ls elasticpath").ok()
    m.sandbox.fault(fault=fault, method="GET", path=path, times=-1)
    m.sh("ls -l elasticpath; cat elasticpath/*.status", timeout=50)
    for number, one in enumerate(people(m.sandbox)[:40], 1):
        try:
            assert status(m, one["id"]) == ("inactive\n" if number % 20 == 0 else "active\n")
        except OSError as error:
            assert error.errno == errno.EREMOTEIO


@pytest.mark.parametrize("profile", PROFILES)
def test_one_cold(ep, profile):
    m = ep(profile)
    one = people(m.sandbox)[6]
    assert m.sh(f"cat elasticpath/{one['id']}.json").ok().out == text_of(one)
    counts = m.sandbox.counts()
    assert counts == {**counts, TOKEN: 1, ITEM: 1, "total": 2}


def test_strange_ids(ep):
    m = ep()
    m.sandbox.control("POST", "elasticpath/members", {"id": "a/b%c d", "name": "N", "email": "n@example.com"})
    m.sh("ls elasticpath").ok()
    name = "a%2Fb%25c d"
    assert json.loads((m.path / f"elasticpath/{name}.json").read_text())["id"] == "a/b%c d"
    assert (m.path / f"elasticpath/{name}.status").read_text() == "inactive\n"


def test_names_that_make_no_sense(ep):
    m = ep()
    m.sh("ls -l elasticpath").ok()
    m.sandbox.reset()
    one = person(m.sandbox, 5)
    for command in ("touch elasticpath/x.json", "mkdir elasticpath/x", f"rm elasticpath/{one}.json",
                    f"rm elasticpath/{one}.status", f"ln -s {one}.json elasticpath/x.json",
                    f"mv elasticpath/{one}.json elasticpath/x.json", "ls elasticpath/accounts/nobody",
                    "echo '{}' > elasticpath/new/x.json", "echo '{}' > elasticpath/new.json",
                    "rm -rf elasticpath", f"echo deleted > elasticpath/{one}.status"):
        assert m.sh(command).code != 0, command
    assert not sent(m.sandbox)


def test_tokens_is_no_member(ep):
    """Something else stands at /v2/account-members/tokens."""
    m = ep()
    m.sandbox.reset()
    for command in ("cat elasticpath/tokens.json", "cat elasticpath/tokens.status",
                    "echo inactive > elasticpath/tokens.status"):
        result = m.sh(command)
        assert result.code != 0 and "No such file" in result.err, command
    assert m.sandbox.counts()["total"] == 0


# ---- statuses ----

@pytest.mark.parametrize("profile", PROFILES)
def test_status_cold(ep, profile):
    m = ep(profile)
    for number, text in ((5, "active\n"), (20, "inactive\n")):
        m.sandbox.reset()
        # reading it at once costs one request; only a member without any must be looked up
        assert status(m, person(m.sandbox, number)) == text
        counts = m.sandbox.counts()
        if number == 5:
            assert counts == {**counts, OWN: 1, "total": 2}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("command", ["cat elasticpath/*.status", "ls -l elasticpath",
                                     "find elasticpath -maxdepth 1 -size +0 -name '*.status'"])
def test_requests_for_all(ep, profile, command):
    m = ep(profile, box={"members": 2000, "accounts": 40})
    m.sh("ls elasticpath").ok()
    rows = {}
    for one in m.sandbox.control("GET", "elasticpath/memberships"):
        account = account_of(one)
        rows[account] = rows.get(account, 0) + 1
    # a single full page is believed to be all only if a total of records says so
    further = sum((count if profile == "guide" else count - 1) // 100 for count in rows.values())
    m.sandbox.reset()
    m.sh(command + " | tail -1", timeout=50).ok()
    counts = m.sandbox.counts()
    assert counts.get(LIST, 0) == 0 and counts.get(TOKEN, 0) == 0
    assert counts.get(ITEM, 0) == 0
    assert counts["total"] <= 2 + 40 + further
    text = m.sh("cat elasticpath/*.status").ok().out
    assert text.count("inactive\n") == 100 and text.count("\n") == 2000
    assert m.sandbox.counts()["total"] == counts["total"]


@pytest.mark.parametrize("profile", PROFILES)
def test_texts_and_sizes(ep, profile):
    m = ep(profile)
    everyone = people(m.sandbox)
    wanted = {one["id"]: "active\n" if accounts_of(m.sandbox, one["id"]) else "inactive\n" for one in everyone}
    assert set(wanted.values()) == {"active\n", "inactive\n"}
    m.sh("ls -l elasticpath").ok()
    for member, text in wanted.items():
        path = m.path / f"elasticpath/{member}.status"
        assert (path.read_text(), path.stat().st_size) == (text, len(text))
        assert path.stat().st_mode & 0o7777 == 0o600
    sizes = dict(line.split()[::-1] for line in m.sh("stat -c '%s %n' elasticpath/*.status").ok().lines())
    assert sizes == {f"elasticpath/{member}.status": str(len(text)) for member, text in wanted.items()}


@pytest.mark.parametrize("first", ["", "ls elasticpath", "ls -l elasticpath", "cat elasticpath/{}.status",
                                   "cat elasticpath/{}.json"])
@pytest.mark.parametrize("profile", PROFILES)
def test_mistyped(ep, first, profile):
    m = ep(profile)
    if first:
        m.sh(first.format(person(m.sandbox, 5))).ok()
    ids = [person(m.sandbox, 5)[:-1] + "x", "none"]
    for member in ids:
        path = m.path / f"elasticpath/{member}.status"
        for _ in range(2):
            assert name_of(errno_of(path.stat)) == "ENOENT"
            assert name_of(errno_of(path.read_text)) == "ENOENT"
            assert name_of(errno_of(path.with_suffix(".json").read_text)) == "ENOENT"
        for flags in (os.O_WRONLY, os.O_WRONLY | os.O_TRUNC, os.O_WRONLY | os.O_CREAT,
                      os.O_WRONLY | os.O_CREAT | os.O_EXCL):
            assert name_of(errno_of(os.open, path, flags)) == "ENOENT"
        assert "No such file" in m.sh(f"echo inactive > elasticpath/{member}.status").err
    assert not sent(m.sandbox)
    assert name_of(errno_of(os.open, m.path / "elasticpath/none.json", os.O_WRONLY | os.O_CREAT)) == NOT_OFFERED


@pytest.mark.parametrize("warm", [False, True])
def test_mistyped_where_the_store_lists_nothing(ep, warm):
    """That there are no memberships does not tell that there is such a member."""
    m = ep("documents")
    path = m.path / "elasticpath/none.status"
    if warm:
        m.sh("ls -l elasticpath").ok()
    m.sandbox.fault(fault="status", status=200, times=-1, path="/v2/account-members/none/account-memberships",
                    body=json.dumps({"data": [], "meta": {"results": {"total": 0}}}))
    assert name_of(errno_of(path.read_text)) == "ENOENT"
    assert "No such file" in m.sh("echo inactive > elasticpath/none.status").err


def test_nothing_to_match(ep):
    m = ep()
    for shell in ("bash", "dash", "zsh", "busybox sh"):
        for command in ("cd elasticpath; echo inactive > zz*.status", "echo inactive > elasticpath/.status",
                        "echo inactive | tee elasticpath/zz*.status"):
            assert m.sh(command, shell).code != 0, command
    assert not sent(m.sandbox)


def test_a_store_without_accounts_or_members(ep):
    m = ep("documents", box={"members": 5, "accounts": 0})
    m.sh("ls -l elasticpath").ok()
    assert m.sh("cat elasticpath/*.status").ok().out == "inactive\n" * 5
    m = ep("guide", box={"members": 0, "accounts": 0})
    assert m.sh("ls -A elasticpath").ok().lines() == ["MANUAL", "accounts", "by-email", "realms", "settings", "tokens"]


@pytest.mark.parametrize("how", ["refresh", "ttl"])
@pytest.mark.parametrize("profile", PROFILES)
def test_a_colleagues_change(ep, how, profile):
    m = ep(profile, {"elasticpath": {"ttl": 1 if how == "ttl" else 300}})
    box = m.sandbox
    one, none = person(box, 3), person(box, 20)
    m.sh("ls -l elasticpath; cat elasticpath/*.status").ok()
    assert (status(m, one), status(m, none)) == ("active\n", "inactive\n")
    for membership in box.control("GET", "elasticpath/memberships"):
        if one in json.dumps(membership):
            box.control("DELETE", "elasticpath/memberships/" + membership["id"])
    account = box.control("GET", "elasticpath/accounts")[0]["id"]
    box.control("POST", "elasticpath/memberships", {"account_id": account, "account_member_id": none})
    if how == "refresh":
        assert (status(m, one), status(m, none)) == ("active\n", "inactive\n")
        refresh(m)
    else:
        harness.wait_until(lambda: status(m, one) == "inactive\n", 5 * harness.SCALE, "the end of the ttl", 0.1)
    assert (status(m, one), status(m, none)) == ("inactive\n", "active\n")
    assert (m.path / f"elasticpath/{none}.status").stat().st_size == len("active\n")
    m.sh("ls -l elasticpath").ok()
    assert (status(m, one), status(m, none)) == ("inactive\n", "active\n")
    assert m.sh(f"stat -c %s elasticpath/{one}.status").ok().out == "9\n"


# ---- deactivating ----

@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("warm", [None, "ls elasticpath", "ls -l elasticpath"])
def test_deactivation(ep, profile, warm):
    m = ep(profile)
    box = m.sandbox
    five = person(box, 5)
    before = box.control("GET", f"elasticpath/members/{five}")
    others = {one["id"]: accounts_of(box, one["id"]) for one in people(box) if one["id"] != five}
    accounts = accounts_of(box, five)
    assert len(accounts) == 3
    m.sh(warm or "ls").ok()
    box.reset()
    m.sh(f"echo inactive > elasticpath/{five}.status").ok()
    counts = box.counts()
    assert counts[DELETE] == 3
    gets = counts["total"] - 3 - counts.get(TOKEN, 0)
    assert gets <= (3 if warm is None else 2)  # cold, the name is looked up first
    assert counts.get(ITEM, 0) + counts.get(OWN, 0) == gets
    assert accounts_of(box, five) == [] and status(m, five) == "inactive\n"
    assert (m.path / f"elasticpath/{five}.status").stat().st_size == 9
    # the member stays, and so do all others
    assert box.control("GET", f"elasticpath/members/{five}") == before
    assert {one: accounts_of(box, one) for one in others} == others
    # undo and what remains are in the log
    lines = undo_lines(m, five)
    assert sorted(re.search(r"accounts/([^/]+)/members/", line).group(1) for line in lines) == accounts
    log = m.log()
    assert log.rindex(lines[-1]) < log.index("DELETE /v2/")
    assert "token" in last_line(m, "what remains")
    # again sends nothing
    box.reset()
    m.sh(f"echo inactive > elasticpath/{five}.status").ok()
    assert not sent(box) and box.counts()["total"] <= 1
    m.sh("ls -l elasticpath").ok()
    assert status(m, five) == "inactive\n"


@pytest.mark.parametrize("profile", PROFILES)
def test_what_remains(ep, profile):
    """The store of the sandbox makes an account for whoever signs in: the log warns of it."""
    m = ep(profile)
    assert write(m, person(m.sandbox, 5), "inactive") == GOOD
    assert "auto_create_account_for_account_members" in last_line(m, "what remains")


def test_undo_stands_in_the_log_before_anything_is_sent(ep):
    m = ep("documents")
    five = person(m.sandbox, 5)
    m.sh("ls -l elasticpath").ok()
    m.sandbox.fault(fault="stall", method="DELETE", path=ONE_MEMBERSHIP)
    writer = m.spawn(f"echo inactive > elasticpath/{five}.status")
    harness.wait_until(lambda: journal(m.sandbox, "DELETE"), 10 * harness.SCALE, "the first DELETE")
    assert len(undo_lines(m, five)) == 3
    assert len(accounts_of(m.sandbox, five)) == 3
    m.sandbox.clear_faults()
    writer.finish(10).ok()
    assert accounts_of(m.sandbox, five) == []


@pytest.mark.parametrize("code, error", [(500, "EREMOTEIO"), (403, "EACCES"), (400, "EINVAL")])
@pytest.mark.parametrize("profile", PROFILES)
def test_partial_failure(ep, profile, code, error):
    m = ep(profile, QUICK)
    five = person(m.sandbox, 5)
    m.sh("ls -l elasticpath").ok()
    m.sandbox.fault(fault="status", status=code, method="DELETE", path=ONE_MEMBERSHIP, skip=1)
    m.sandbox.reset()
    assert write(m, five, "inactive") == refused(error)
    assert len(journal(m.sandbox, "DELETE")) == 3  # the third is not left out
    assert len(accounts_of(m.sandbox, five)) == 1
    line = last_line(m, f"{error}")
    assert f"elasticpath/{five}.status" in line and re.search(r"2 of 3|1 of 3", line), line
    assert status(m, five) == "active\n"
    m.sandbox.reset()
    assert write(m, five, "inactive") == GOOD
    assert len(journal(m.sandbox, "DELETE")) == 1 and accounts_of(m.sandbox, five) == []
    assert status(m, five) == "inactive\n"


def test_words_of_a_partial_failure(ep):
    """Which memberships remain, and the request that failed, not the last one made."""
    m = ep("documents", QUICK)
    five = person(m.sandbox, 5)
    m.sandbox.fault(fault="status", status=500, method="DELETE", path=ONE_MEMBERSHIP, skip=1)
    assert write(m, five, "inactive") == refused("EREMOTEIO")
    left = accounts_of(m.sandbox, five)
    line = last_line(m, "EREMOTEIO")
    assert left[0] in line, line
    assert "answered 204" not in line, line


def test_ended_in_two_goes_restored_in_one(ep):
    m = ep("documents", QUICK)
    five = person(m.sandbox, 5)
    accounts = accounts_of(m.sandbox, five)
    m.sandbox.fault(fault="status", status=500, method="DELETE", path=ONE_MEMBERSHIP, skip=1)
    assert write(m, five, "inactive") == refused("EREMOTEIO")
    assert write(m, five, "inactive") == GOOD
    assert write(m, five, "active") == GOOD
    assert accounts_of(m.sandbox, five) == accounts


def test_all_refused_and_ended_by_somebody_else(ep):
    """What was not ended here is not restored from here."""
    m = ep("guide", QUICK)
    five = person(m.sandbox, 5)
    m.sandbox.fault(fault="status", status=403, method="DELETE", path=ONE_MEMBERSHIP, times=-1)
    assert write(m, five, "inactive") == refused("EACCES")
    m.sandbox.clear_faults()
    for membership in m.sandbox.control("GET", "elasticpath/memberships"):
        if five in json.dumps(membership):
            m.sandbox.control("DELETE", "elasticpath/memberships/" + membership["id"])
    m.sandbox.reset()
    assert write(m, five, "active") == refused(NOT_OFFERED)
    assert not sent(m.sandbox) and accounts_of(m.sandbox, five) == []


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("skip", [0, 1, 2])
def test_404_is_done(ep, profile, skip):
    m = ep(profile)
    five = person(m.sandbox, 5)
    m.sh("ls -l elasticpath").ok()
    m.sandbox.fault(fault="status_after", status=404, method="DELETE", path=ONE_MEMBERSHIP, skip=skip)
    assert write(m, five, "inactive") == GOOD
    assert accounts_of(m.sandbox, five) == [] and status(m, five) == "inactive\n"
    assert "ENOENT" not in last_line(m, f"{five}.status")


@pytest.mark.parametrize("fault", ["drop_after", "html_after", "empty_after", "status_after", "stall_after"])
@pytest.mark.parametrize("skip, times", [(1, 1), (0, 3)])
def test_lost_answers(ep, fault, skip, times):
    """The change took: whoever looks can see it, and so does rosterfs."""
    m = ep("documents", {"elasticpath": {"timeout": 1, "retry_budget": 3}})
    five = person(m.sandbox, 5)
    m.sh("ls -l elasticpath").ok()
    extra = {"status": 502} if fault == "status_after" else {}
    m.sandbox.fault(fault=fault, method="DELETE", path=ONE_MEMBERSHIP, skip=skip, times=times, **extra)
    assert write(m, five, "inactive") == GOOD
    assert accounts_of(m.sandbox, five) == [] and status(m, five) == "inactive\n"


def test_accepted_but_not_applied(ep):
    """204 to each DELETE, and the memberships are still there."""
    m = ep("documents", {"elasticpath": {"lag": 0}})
    five = person(m.sandbox, 5)
    m.sh("ls -l elasticpath").ok()
    m.sandbox.fault(fault="status", status=204, method="DELETE", path=ONE_MEMBERSHIP, times=3)
    assert write(m, five, "inactive") == refused("EREMOTEIO")
    assert "accepted but not applied" in m.log() and status(m, five) == "active\n"


def test_expiry_between_two_deletions(ep):
    m = ep("documents")
    five = person(m.sandbox, 5)
    m.sh("ls -l elasticpath").ok()
    m.sandbox.fault(fault="expire_tokens", method="DELETE", path=ONE_MEMBERSHIP, skip=1)
    assert write(m, five, "inactive") == GOOD
    assert accounts_of(m.sandbox, five) == [] and m.sandbox.counts()[TOKEN] == 2


@pytest.mark.parametrize("profile", PROFILES)
def test_killed_in_the_middle(ep, mount, profile):
    m = ep(profile)
    five = person(m.sandbox, 5)
    m.sandbox.fault(fault="stall", method="DELETE", path=ONE_MEMBERSHIP, skip=1)
    m.spawn(f"echo inactive > elasticpath/{five}.status")
    harness.wait_until(lambda: len(journal(m.sandbox, "DELETE")) == 2, 10 * harness.SCALE, "the second DELETE")
    m.abandon()
    m.sandbox.clear_faults()
    assert len(accounts_of(m.sandbox, five)) in (1, 2)
    new = mount(m.sandbox)
    assert status(new, five) == "active\n"
    assert write(new, five, "inactive") == GOOD
    assert accounts_of(m.sandbox, five) == [] and status(new, five) == "inactive\n"


def test_interrupted_writer(ep):
    """Whoever was told EINTR or nothing can write again; what was begun is in the log."""
    m = ep("documents")
    five = person(m.sandbox, 5)
    m.sh("ls -l elasticpath").ok()
    m.sandbox.fault(fault="stall", method="DELETE", path=ONE_MEMBERSHIP, skip=1)
    writer = m.spawn(f"exec /bin/echo inactive > elasticpath/{five}.status")
    harness.wait_until(lambda: len(journal(m.sandbox, "DELETE")) == 2, 10 * harness.SCALE, "the second DELETE")
    assert writer.kill() < harness.AT_ONCE
    m.sandbox.clear_faults()
    # the second has been sent, the third is not
    harness.wait_until(lambda: last_line(m, "interrupted"), 10 * harness.SCALE, "words in the log")
    assert "2 of 3 memberships ended" in last_line(m, "interrupted")
    assert len(accounts_of(m.sandbox, five)) == 1 and len(sent(m.sandbox)) == 2
    assert write(m, five, "inactive") == GOOD
    assert accounts_of(m.sandbox, five) == [] and status(m, five) == "inactive\n"


def test_two_writers(ep):
    m = ep("documents", box={"latency": 10})
    five = person(m.sandbox, 5)
    m.sh("ls -l elasticpath").ok()
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda _: write(m, five, "inactive"), range(4))) == [GOOD] * 4
    assert m.sandbox.counts()[DELETE] == 3
    assert accounts_of(m.sandbox, five) == []


# ---- activating ----

@pytest.mark.parametrize("profile", PROFILES)
def test_active_restores(ep, mount, profile):
    m = ep(profile)
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    assert write(m, five, "inactive") == GOOD
    # another mount does not know what there was
    other = mount(box)
    box.reset()
    assert write(other, five, "active") == refused(NOT_OFFERED)
    assert not sent(box)
    # a colleague was quicker with one of them
    box.control("POST", "elasticpath/memberships", {"account_id": accounts[1], "account_member_id": five})
    box.control("GET", "counts")
    assert write(m, five, "active") == GOOD
    assert status(m, five) == "active\n"
    # the others are made again all the same, and then there is nothing left to do
    assert accounts_of(box, five) == accounts
    box.reset()
    assert write(m, five, "active") == GOOD
    assert not sent(box)


@pytest.mark.parametrize("profile", PROFILES)
def test_active_restores_all(ep, profile):
    m = ep(profile, {"elasticpath": {"lag": 0}})
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    assert write(m, five, "inactive") == GOOD
    box.fault(fault="status", status=409, method="POST", path="/v2/accounts/*", skip=1)
    box.reset()
    # a 409 may say that it is there already, but it is not: that is no success
    assert write(m, five, "active") == refused("EREMOTEIO")
    counts = box.counts()
    assert counts[POST] == 3 and counts["total"] <= 5
    assert len(accounts_of(box, five)) == 2 and set(accounts_of(box, five)) < set(accounts)
    assert "write the status again" in last_line(m, "EREMOTEIO")
    assert write(m, five, "active") == GOOD
    assert accounts_of(box, five) == accounts
    # and once more, all the way: what was not there is not forgotten
    assert write(m, five, "inactive") == GOOD and write(m, five, "active") == GOOD
    assert accounts_of(box, five) == accounts
    assert status(m, five) == "active\n" and (m.path / f"elasticpath/{five}.status").stat().st_size == 7


@pytest.mark.parametrize("fault", ["drop_after", "status_after", "html_after"])
def test_active_with_a_lost_answer(ep, fault):
    m = ep("documents", QUICK)
    five = person(m.sandbox, 5)
    accounts = accounts_of(m.sandbox, five)
    assert write(m, five, "inactive") == GOOD
    extra = {"status": 500} if fault == "status_after" else {}
    m.sandbox.fault(fault=fault, method="POST", path="/v2/accounts/*", skip=1, **extra)
    # never short without an error
    result = write(m, five, "active")
    if result != GOOD:
        assert write(m, five, "active") == GOOD
    assert accounts_of(m.sandbox, five) == accounts and status(m, five) == "active\n"


def test_active_in_part(ep):
    m = ep("documents", QUICK)
    five = person(m.sandbox, 5)
    accounts = accounts_of(m.sandbox, five)
    assert write(m, five, "inactive") == GOOD
    m.sandbox.fault(fault="status", status=403, method="POST", path="/v2/accounts/*", skip=1)
    assert write(m, five, "active") == refused("EACCES")
    assert len(accounts_of(m.sandbox, five)) == 2
    assert re.search("2 of 3", last_line(m, "EACCES"))
    assert "EACCES" in status_table.errors(m, "elasticpath")
    # the words say: write it again
    assert write(m, five, "active") == GOOD
    assert accounts_of(m.sandbox, five) == accounts


@pytest.mark.parametrize("profile", PROFILES)
def test_active_without_any(ep, profile):
    m = ep(profile)
    twenty = person(m.sandbox, 20)
    m.sh("ls -l elasticpath").ok()
    m.sandbox.reset()
    assert write(m, twenty, "active") == refused(NOT_OFFERED)
    assert not sent(m.sandbox) and status(m, twenty) == "inactive\n"
    assert write(m, person(m.sandbox, 5), "active") == GOOD and not sent(m.sandbox)


def test_membership_made_between(ep):
    """Ended, given another one by a colleague, ended again: both are this mount's doing."""
    m = ep("guide")
    box = m.sandbox
    one = person(box, 3)
    first = accounts_of(box, one)
    assert len(first) == 1
    assert write(m, one, "inactive") == GOOD
    other = next(account["id"] for account in box.control("GET", "elasticpath/accounts")
                 if account["id"] not in first)
    box.control("POST", "elasticpath/memberships", {"account_id": other, "account_member_id": one})
    refresh(m)
    assert status(m, one) == "active\n"
    assert "active again" in m.log()
    assert "1 users are active again" in status_table.whole(m)
    assert 'reappeared_total{vendor="elasticpath"} 1\n' in (m.path / ".rosterfs/metrics").read_text()
    assert write(m, one, "inactive") == GOOD
    assert accounts_of(box, one) == []
    assert len(undo_lines(m, one)) == 2
    assert write(m, one, "active") == GOOD
    assert accounts_of(box, one) == sorted([*first, other])


def test_membership_made_during_the_deletions(ep):
    m = ep("guide")
    box = m.sandbox
    five = person(box, 5)
    m.sh("ls -l elasticpath").ok()
    other = next(account["id"] for account in box.control("GET", "elasticpath/accounts")
                 if account["id"] not in accounts_of(box, five))
    box.fault(fault="stall_after", method="DELETE", path=ONE_MEMBERSHIP, skip=2)
    writer = m.spawn(f"/bin/echo inactive > elasticpath/{five}.status")
    harness.wait_until(lambda: [one for one in journal(box, "DELETE") if one["held"]], 10 * harness.SCALE,
                       "the third DELETE")
    box.control("POST", "elasticpath/memberships", {"account_id": other, "account_member_id": five})
    box.clear_faults()
    # the person can still buy: that must not look like success
    result = writer.finish(10)
    assert result.code != 0
    assert status(m, five) == "active\n"
    assert write(m, five, "inactive") == GOOD
    assert accounts_of(box, five) == [] and status(m, five) == "inactive\n"


def test_status_write_while_memberships_are_walked(ep):
    m = ep("documents", box={"members": 60, "accounts": 8})
    box = m.sandbox
    five = person(box, 5)
    m.sh("ls -l elasticpath; cat elasticpath/*.status").ok()
    last = box.control("GET", "elasticpath/accounts")[-1]["id"]
    file = os.open(m.path / f"elasticpath/{five}.status", os.O_WRONLY)
    refresh(m)
    box.reset()
    box.fault(fault="stall_after", method="GET", path=f"/v2/accounts/{last}/account-memberships")
    reader = m.spawn("ls -l elasticpath; cat elasticpath/*.status >/dev/null")
    box.wait_held("GET", f"/v2/accounts/{last}/account-memberships")
    # the walk has seen these memberships already: whoever writes must not lose against it
    assert os.write(file, b"inactive\n") == 9
    os.close(file)
    assert accounts_of(box, five) == []
    box.clear_faults()
    reader.finish(10).ok()
    assert status(m, five) == "inactive\n"
    assert (m.path / f"elasticpath/{five}.status").stat().st_size == 9
    m.sh("ls -l elasticpath").ok()
    assert status(m, five) == "inactive\n"


# ---- guards ----

def test_status_limit(ep):
    m = ep(extra={"rosterfs": {"status_limit": 3}})
    everyone = [one["id"] for one in people(m.sandbox)]
    m.sh("ls -l elasticpath").ok()
    assert [write(m, one, "inactive") for one in everyone[:3]] == [GOOD] * 3
    m.sandbox.reset()
    assert write(m, everyone[3], "inactive") == refused("EDQUOT")
    assert "status_limit" in last_line(m, "EDQUOT")
    assert not sent(m.sandbox)
    # one brake for the whole mount
    assert save(m.path / "partnerize/3.status", "inactive\n") == refused("EDQUOT")


def test_no_change_needs_no_room(ep):
    m = ep(extra={"rosterfs": {"status_limit": 1}})
    five = person(m.sandbox, 5)
    assert write(m, five, "inactive") == GOOD
    m.sandbox.reset()
    assert write(m, five, "inactive") == GOOD
    assert not sent(m.sandbox)


def test_refusals_do_not_count(ep):
    m = ep(extra={"rosterfs": {"status_limit": 2}})
    twenty = person(m.sandbox, 20)
    m.sh("ls -l elasticpath").ok()
    for _ in range(4):
        write(m, twenty, "active")
        write(m, twenty, "inactive")
        write(m, twenty, "nonsense")
    assert write(m, person(m.sandbox, 5), "inactive") == GOOD
    assert write(m, person(m.sandbox, 4), "inactive") == GOOD


@pytest.mark.parametrize("code, error", [(403, "EACCES"), (409, "ESTALE")])
def test_what_was_not_made_does_not_count(ep, code, error):
    m = ep("documents", {"rosterfs": {"status_limit": 1}, **QUICK})
    box = m.sandbox
    five, four = person(box, 5), person(box, 4)
    for _ in range(2):
        box.fault(fault="status", status=code, method="DELETE", path=ONE_MEMBERSHIP, times=-1)
        assert write(m, five, "inactive") == refused(error)
    # one of three was ended
    box.clear_faults()
    box.fault(fault="status", status=code, method="DELETE", path=ONE_MEMBERSHIP, times=-1, skip=1)
    assert write(m, five, "inactive") == refused(error)
    assert len(accounts_of(box, five)) == 2
    assert write(m, four, "inactive") == refused("EDQUOT")


@pytest.mark.parametrize("profile", PROFILES)
def test_dry_run(ep, profile):
    m = ep(profile, options=["-o", "dry_run"])
    five = person(m.sandbox, 5)
    m.sh("ls -l elasticpath").ok()
    assert write(m, five, "inactive") == GOOD
    assert not sent(m.sandbox) and len(accounts_of(m.sandbox, five)) == 3
    assert status(m, five) == "active\n"
    assert len([line for line in undo_lines(m, five) if "dry run" in line]) == 3
    assert write(m, person(m.sandbox, 20), "active") == refused(NOT_OFFERED)


def test_read_only(ep):
    m = ep(options=["-o", "ro"])
    five = person(m.sandbox, 5)
    m.sh("ls -l elasticpath").ok()
    assert name_of(errno_of(os.open, m.path / f"elasticpath/{five}.status", os.O_WRONLY)) == "EROFS"
    assert m.sh(f"echo inactive > elasticpath/{five}.status").code != 0
    assert not sent(m.sandbox)


def test_bad_words(ep):
    m = ep()
    five = person(m.sandbox, 5)
    m.sh("ls -l elasticpath").ok()
    m.sandbox.reset()
    for word in ("inactiv", "Active", "unknown", "deleted", "", "inactive "):
        assert save(m.path / f"elasticpath/{five}.status", word + "\n") == refused("EINVAL"), word
    for command in (":>", "touch", "truncate -s 0"):
        m.sh(f"{command} elasticpath/{five}.status").ok()
    assert m.sandbox.counts()["total"] == 0 and status(m, five) == "active\n"


# ---- documents ----

def test_document_guide(ep):
    """There is no realm: PUT of the member, as the guide says, and nothing but what was edited."""
    m = ep("guide")
    two = people(m.sandbox)[1]
    path = f"elasticpath/{two['id']}.json"
    document = m.sh(f"cat {path}").ok().json()
    m.sandbox.reset()
    put(m, path, {**document, "name": "Changed É"}).ok()
    after = shown(m.sandbox.control("GET", "elasticpath/members/" + two["id"]))
    assert {key for key in {*after, *two} if after.get(key, 0) != two.get(key, 0)} <= {"name", "meta"}
    assert after["name"] == "Changed É" and "loyalty_tier" in after
    puts = journal(m.sandbox, "PUT")
    assert len(puts) == 1
    body = puts[0]["body"] if not isinstance(puts[0]["body"], str) else json.loads(puts[0]["body"])
    assert body["data"]["type"] == "account_member" and body["data"]["loyalty_tier"] == two["loyalty_tier"]
    assert {"id", "meta", "links", "relationships"} & (set(body["data"]) - {"id"}) == set()
    assert json.loads((m.path / path).read_text())["name"] == "Changed É"
    # nothing new: nothing sent
    m.sandbox.reset()
    put(m, path, (m.path / path).read_text()).ok()
    assert not sent(m.sandbox)
    for field, value, error in (("id", "x", "EPERM"), ("type", "x", "EPERM"), ("email", None, "EINVAL"),
                                ("name", None, "EINVAL"), ("status", "inactive", NOT_OFFERED)):
        document = json.loads((m.path / path).read_text())
        assert save(m.path / path, text_of({**document, field: value})) == refused(error), field
    assert not sent(m.sandbox)
    assert save(m.path / path, "{ half") != GOOD
    taken = people(m.sandbox)[2]["email"]
    document = json.loads((m.path / path).read_text())
    assert save(m.path / path, text_of({**document, "email": taken})) == refused("EEXIST")


def test_document_documents(ep):
    """The store takes a PUT of the member and does not apply it: another way, or an error."""
    m = ep("documents")
    two = people(m.sandbox)[1]
    path = m.path / f"elasticpath/{two['id']}.json"
    document = json.loads(path.read_text())
    result = save(path, text_of({**document, "name": "Changed É"}))
    after = shown(m.sandbox.control("GET", "elasticpath/members/" + two["id"]))
    if result == GOOD:
        assert after["name"] == "Changed É" and json.loads(path.read_text())["name"] == "Changed É"
        assert [one for one in journal(m.sandbox, "PUT") if "user-authentication-info" in one["path"]]
    else:
        assert result == refused("EREMOTEIO") and "accepted but not applied" in last_line(m, "EREMOTEIO")
        assert after["name"] == two["name"] == json.loads(path.read_text())["name"]
    assert {key for key in after if after[key] != two.get(key)} <= {"name", "meta"}
    # a field that no document lists goes the plain way
    document = json.loads(path.read_text())
    assert save(path, text_of({**document, "loyalty_tier": "silver"})) == GOOD
    assert m.sandbox.control("GET", "elasticpath/members/" + two["id"])["loyalty_tier"] == "silver"


def test_killed_between_two_parts(ep):
    """Of a change that takes two requests the second is not sent any more; the first is shown."""
    m = ep("documents")
    box = m.sandbox
    two = people(box)[1]
    path = m.path / f"elasticpath/{two['id']}.json"
    document = json.loads(path.read_text())
    box.fault(fault="stall", method="PUT", path="/v2/authentication-realms/*")
    source = m.folder / "source.json"
    source.write_text(text_of({**document, "name": "Changed", "loyalty_tier": "silver"}))
    writer = m.spawn(f"exec cp {source} {path}")
    harness.wait_until(lambda: journal(box, "PUT"), 10 * harness.SCALE, "the PUT")
    assert writer.kill() < harness.AT_ONCE
    box.clear_faults()
    harness.wait_until(lambda: last_line(m, "EINTR"), 10 * harness.SCALE, "words in the log")
    assert len(journal(box, "PUT")) == 1
    after = json.loads(path.read_text())
    assert (after["name"], after.get("loyalty_tier")) == ("Changed", document.get("loyalty_tier"))


def test_killed_while_the_second_part_is_refused(ep):
    """Somebody else has done what it asked for: that is looked at, though nobody waits."""
    m = ep("documents")
    box = m.sandbox
    two = people(box)[1]
    path = m.path / f"elasticpath/{two['id']}.json"
    document = json.loads(path.read_text())
    box.fault(fault="stall", status=403, method="PUT", path="/v2/account-members/*")
    source = m.folder / "source.json"
    source.write_text(text_of({**document, "name": "Changed", "loyalty_tier": "platinum"}))
    writer = m.spawn(f"exec cp {source} {path}")
    box.wait_held("PUT", f"/v2/account-members/{two['id']}")
    box.control("PATCH", "elasticpath/members/" + two["id"], {"loyalty_tier": "platinum"})
    assert writer.kill() < harness.AT_ONCE
    box.clear_faults()
    harness.wait_until(lambda: last_line(m, "interrupted"), 10 * harness.SCALE, "words in the log")
    assert "changed (its caller was interrupted)" in last_line(m, "interrupted")
    assert json.loads(path.read_text())["name"] == "Changed"


@pytest.mark.parametrize("code, error", [(405, "EOPNOTSUPP"), (404, "ENOENT"), (400, "EINVAL")])
def test_a_store_without_put_of_members(ep, code, error):
    """A name is changed all the same, and what can't be is refused."""
    m = ep("documents", QUICK)
    two = people(m.sandbox)[1]
    path = m.path / f"elasticpath/{two['id']}.json"
    m.sandbox.fault(fault="status", status=code, method="PUT", path="/v2/account-members/*", times=-1)
    m.sandbox.fault(fault="status", status=code, method="POST", path="/v2/account-members/*", times=-1)
    document = json.loads(path.read_text())
    assert document["loyalty_tier"] != "silver", "a field that no document lists"
    assert save(path, text_of({**document, "name": "Changed É"})) == GOOD
    assert m.sandbox.control("GET", "elasticpath/members/" + two["id"])["name"] == "Changed É"
    document = json.loads(path.read_text())
    assert document["name"] == "Changed É"
    assert "ok" not in save(path, text_of({**document, "loyalty_tier": "silver"}))
    assert last_line(m, error)
    assert m.sandbox.control("GET", "elasticpath/members/" + two["id"])["loyalty_tier"] == two["loyalty_tier"]


def test_conflict(ep):
    m = ep("guide")
    three = person(m.sandbox, 3)
    path = m.path / f"elasticpath/{three}.json"
    document = json.loads(path.read_text())
    m.sandbox.control("PATCH", f"elasticpath/members/{three}", {"name": "Theirs"})
    assert save(path, text_of({**document, "name": "Ours"})) == refused("ESTALE")
    assert not sent(m.sandbox)
    m.sandbox.control("PATCH", f"elasticpath/members/{three}", {"name": document["name"], "phone": "1"})
    refresh(m)
    document = json.loads(path.read_text())
    m.sandbox.control("PATCH", f"elasticpath/members/{three}", {"phone": "2"})
    assert save(path, text_of({**document, "name": "Ours"})) == GOOD
    after = m.sandbox.control("GET", f"elasticpath/members/{three}")
    assert (after["name"], after["phone"]) == ("Ours", "2")


def test_a_document_write_leaves_the_memberships_alone(ep):
    m = ep("guide")
    five = person(m.sandbox, 5)
    accounts = accounts_of(m.sandbox, five)
    path = m.path / f"elasticpath/{five}.json"
    assert save(path, text_of({**json.loads(path.read_text()), "name": "New"})) == GOOD
    assert accounts_of(m.sandbox, five) == accounts and status(m, five) == "active\n"
    assert "status" not in json.loads(path.read_text())


# ---- two vendors ----

@pytest.mark.parametrize("fault", [{"path": "/v2/*"}, {"path": "/oauth/access_token"}],
                         ids=["members", "token"])
def test_a_stalled_store_holds_up_nobody(ep, fault):
    m = ep()
    everyone = [one["id"] for one in people(m.sandbox)]
    m.sandbox.fault(fault="stall", times=-1, **fault)
    for one in everyone[:20]:
        m.spawn(f"cat elasticpath/{one}.status elasticpath/{one}.json")
    m.spawn("ls -l elasticpath")
    harness.wait_until(lambda: m.sandbox.counts()["in_flight"], 10 * harness.SCALE, "a stalled request")
    began = time.monotonic()
    m.sh("ls -l; ls -l partnerize; cat partnerize/*.json cj/MANUAL elasticpath/MANUAL >/dev/null").ok()
    m.sh("echo inactive > partnerize/3.status; cat partnerize/3.status").ok()
    m.sh("cat .rosterfs/status .rosterfs/log >/dev/null; stat elasticpath").ok()
    assert time.monotonic() - began < harness.AT_ONCE
    assert m.sandbox.user(3)["status"] == "inactive"
    readers = [command for command in m.commands if not command.done()]
    for reader in readers:
        reader.send(signal.SIGKILL)
    for reader in readers:
        assert reader.kill() < harness.AT_ONCE
    assert m.unmount().code == 0
    m.wait()


def test_offboarding_in_both(ep):
    m = ep("documents")
    five = person(m.sandbox, 5)
    m.sh("ls -l partnerize elasticpath").ok()
    m.sh(f"echo inactive | tee partnerize/5.status elasticpath/{five}.status").ok()
    assert m.sandbox.user(5)["status"] == "inactive" and accounts_of(m.sandbox, five) == []
    assert shown(m.sandbox.user(5))["email"] == people(m.sandbox)[4]["email"]


@pytest.mark.parametrize("profile", PROFILES)
def test_check(ep, env, profile):
    m = ep(profile)

    def check(secret):
        text = m.sandbox.config({"elasticpath": {"client_secret": secret}} if secret else None)
        file = m.folder / "check.conf"
        file.touch(0o600)
        file.write_text(text)
        return m.sh(f"{harness.BUILD / 'rosterfs'} --check {file}", folder=m.folder)
    good, bad = check(None), check("wrong-CANARY")
    assert good.code == 0 and "elasticpath" in good.out + good.err
    assert bad.code != 0 and "elasticpath" in bad.out + bad.err
    for result in (good, bad):
        assert WORD not in result.out + result.err
    assert not sent(m.sandbox)
