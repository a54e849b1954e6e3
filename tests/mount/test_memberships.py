# SPDX-License-Identifier: Apache-2.0
"""Elastic Path's memberships: links in an account's members/ that can be made and removed."""

import concurrent.futures
import contextlib
import json
import os
import re
import signal
import time

import pytest

import harness
from ep_store import (ACCOUNT, ACCOUNTS, DELETABLE, DELETE, NOT_OFFERED, NOT_OFFERED_LOGGED,
                   ONE_MEMBERSHIP, POST, PROFILES, QUICK, THEIRS, TOKEN, accounts_of, asked, body_of,
                   companies, company, ep, fails, folder, join, journal, link, link_path, links, members_of,
                   names, outside, part, people, person, refresh, sent, status, undo_lines, unlink,
                   write)
from writes import GOOD, last_line, refused, save

__all__ = ["ep"]  # the fixture

HURRIED = {"elasticpath": {"allow_delete": "yes", "retry_budget": 0, "lag": 0}}


# ---- members/ ----

@pytest.mark.parametrize("profile", PROFILES)
def test_links(ep, profile):
    m = ep(profile)
    box = m.sandbox
    account = company(box)["id"]
    wanted = members_of(box, account)
    assert len(wanted) > 5
    for _ in range(2):
        assert links(m, account) == names(wanted)
    for member in wanted:
        path = link_path(m, account, member)
        assert os.readlink(path) == f"../../../{member}.json"
        assert path.lstat().st_mode == 0o120777
        assert path.lstat().st_size == len(os.readlink(path))
    m.sh(f"ls -l elasticpath/accounts/{account}/members").ok()
    assert box.counts()[THEIRS] == 1 and asked(box) <= 2
    # they lead to the members
    text = m.sh(f"cat elasticpath/accounts/{account}/members/*.json").ok().out
    assert all(f'"id": "{member}"' in text for member in wanted)
    absent = next(one["id"] for one in people(box) if one["id"] not in wanted)
    assert fails(link_path(m, account, absent).lstat) == "ENOENT"
    assert fails(os.readlink, link_path(m, account, "nobody")) == "ENOENT"
    assert box.counts()[THEIRS] == 1


@pytest.mark.parametrize("profile", PROFILES)
def test_one_list_for_each_account(ep, profile):
    m = ep(profile)
    m.sh("find elasticpath/accounts -ls; ls -lR elasticpath/accounts").ok()
    counts = m.sandbox.counts()
    assert (counts[ACCOUNTS], counts[THEIRS], counts.get(ACCOUNT, 0)) == (1, 4, 0)


@pytest.mark.parametrize("cap", [100, 7])
def test_a_large_account(ep, cap):
    m = ep("guide", box={"accounts": 1, "members": 250, "page_cap": cap})
    account = company(m.sandbox)["id"]
    assert links(m, account) == names(members_of(m.sandbox, account))
    assert len(links(m, account)) == 250 - 250 // 20


def test_a_link_cold(ep):
    m = ep("documents")
    account = company(m.sandbox)["id"]
    member = members_of(m.sandbox, account)[0]
    assert os.readlink(link_path(m, account, member)) == f"../../../{member}.json"
    assert asked(m.sandbox) <= 2


# ---- ln -s ----

@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("warm", [False, True])
def test_ln(ep, profile, warm):
    m = ep(profile)
    box = m.sandbox
    twenty = person(box, 20)
    account, others = company(box)["id"], accounts_of(box, person(box, 5))
    before = members_of(box, account)
    if warm:
        m.sh(f"ls -l elasticpath; ls elasticpath/accounts/{account}/members; cat elasticpath/*.status").ok()
        assert status(m, twenty) == "inactive\n"
    box.reset()
    m.sh(f"cd elasticpath && ln -s ../../../{twenty}.json accounts/{account}/members/").ok()
    assert box.counts()[POST] == 1 and len(sent(box)) == 1
    assert asked(box) <= (2 if warm else 4)
    entry = journal(box, "POST")[0]
    assert entry["path"] == f"/v2/accounts/{account}/account-memberships"
    assert body_of(entry) == {"type": "account_membership", "account_member_id": twenty}
    assert accounts_of(box, twenty) == [account]
    # this mount sees it at once
    box.reset()
    assert links(m, account) == names(sorted([*before, twenty]))
    assert os.readlink(link_path(m, account, twenty)) == f"../../../{twenty}.json"
    assert asked(box) <= (0 if warm else 1)
    box.reset()
    assert status(m, twenty) == "active\n"
    assert asked(box) <= 1
    assert (m.path / f"elasticpath/{twenty}.status").stat().st_size == 7
    m.sh("ls -l elasticpath").ok()
    assert status(m, twenty) == "active\n"
    assert accounts_of(box, person(box, 5)) == others
    assert "made" in last_line(m, f"elasticpath/accounts/{account}/members/{twenty}.json")


@pytest.mark.parametrize("profile", PROFILES)
def test_ln_of_one_that_is_there(ep, profile):
    m = ep(profile)
    box = m.sandbox
    account = company(box)["id"]
    there, other = members_of(box, account)[0], person(box, 20)
    links(m, account)
    box.reset()
    assert link(m, account, there) == "EEXIST"
    assert box.counts()["total"] == 0
    # a colleague was quicker
    join(box, account, other)
    assert link(m, account, other) == "ok"
    assert box.counts()[POST] == 1
    assert accounts_of(box, other) == [account] and other + ".json" in links(m, account)
    assert status(m, other) == "active\n"


def test_what_is_no_link(ep):
    """The name is the target's, and the target is a member of this store."""
    m = ep("documents")
    box = m.sandbox
    one, two = person(box, 20), person(box, 40)
    account = company(box)["id"]
    before = links(m, account)
    box.reset()
    place = folder(m, account) / "members"
    for name, target in (("x.json", f"../../../{one}.json"), (f"{one}.json", f"../../../{two}.json"),
                         (f"{one}.json", f"../../{one}.json"), (f"{one}.json", f"{one}.json"),
                         (f"{one}.json", "../../../../partnerize/5.json"), (f"{one}.json", "/etc/passwd"),
                         (f"{one}.json", f"../../../{one}.status"), (f"{one}.json", "../../../MANUAL"),
                         (f"{one}.json", f"../../../{one}.json/"), (f"{one}.json", f"../../../x/../{one}.json"),
                         (f"{one}.status", f"../../../{one}.status"), (one, f"../../../{one}"),
                         (f".{one}.json", f"../../../{one}.json"), ("x", f"../../../{one}.json")):
        assert fails(os.symlink, target, place / name) == "EPERM", f"{name} -> {target}"
        assert not os.path.lexists(place / name)
    assert f"elasticpath/accounts/{account}/members" in last_line(m, "EPERM"), "each refusal is in the log"
    assert m.sh(f"ln elasticpath/{one}.json elasticpath/accounts/{account}/members/").code != 0
    assert m.sh(f"cp elasticpath/{one}.json elasticpath/accounts/{account}/members/").code != 0
    assert m.sh(f"mv elasticpath/{one}.json elasticpath/accounts/{account}/members/").code != 0
    assert not sent(box) and links(m, account) == before
    assert fails(os.symlink, f"../../../{one}.json", m.path / f"elasticpath/accounts/{one}.json") != "ok"
    assert fails(os.symlink, f"{one}.json", m.path / "elasticpath/x.json") != "ok"
    assert not sent(box)


@pytest.mark.parametrize("profile", PROFILES)
def test_ln_of_nobody(ep, profile):
    m = ep(profile)
    account = company(m.sandbox)["id"]
    before = links(m, account)
    assert link(m, account, "nobody") != "ok"
    assert links(m, account) == before
    assert not os.path.lexists(link_path(m, account, "nobody"))
    refresh(m)
    assert links(m, account) == before


@pytest.mark.parametrize("code, error", [(400, "EINVAL"), (422, "EINVAL"), (403, "EACCES"), (404, "ENOENT"),
                                           (409, "EEXIST"), (412, "EBUSY"), (429, "EBUSY"),
                                           (500, "EREMOTEIO"), (401, "EKEYREJECTED")])
def test_ln_refused(ep, code, error):
    m = ep("documents", QUICK)
    box = m.sandbox
    twenty, account = person(box, 20), company(box)["id"]
    before = links(m, account)
    box.fault(fault="status", status=code, method="POST", path="/v2/accounts/*", times=-1)
    assert link(m, account, twenty) == error
    assert box.counts()[POST] == (2 if code == 401 else 1)
    line = last_line(m, error)
    assert f"elasticpath/accounts/{account}/members/{twenty}.json" in line and "POST /v2/accounts" in line
    assert links(m, account) == before and not os.path.lexists(link_path(m, account, twenty))
    box.clear_faults()
    assert link(m, account, twenty) == "ok"
    assert accounts_of(box, twenty) == [account]


@pytest.mark.parametrize("fault, applied", [("drop_after", True), ("html_after", True), ("empty_after", True),
                                            ("status_after", True), ("truncate", True), ("stall_after", True),
                                            ("drop", False), ("stall", False), ("status", False)])
def test_ln_with_a_lost_answer(ep, fault, applied):
    """Never sent twice: whoever looks can see whether it took."""
    m = ep("documents", {"elasticpath": {"timeout": 1, "retry_budget": 2, "lag": 1}})
    box = m.sandbox
    twenty, account = person(box, 20), company(box)["id"]
    links(m, account)
    extra = {"status": 502} if fault.startswith("status") else {}
    box.fault(fault=fault, method="POST", path="/v2/accounts/*", **extra)
    result = link(m, account, twenty)
    assert box.counts()[POST] == 1
    assert (result == "ok") == applied, result
    box.clear_faults()
    assert accounts_of(box, twenty) == ([account] if applied else [])
    assert (twenty + ".json" in links(m, account)) == applied
    assert status(m, twenty) == ("active\n" if applied else "inactive\n")


def test_ln_with_an_expired_token(ep):
    m = ep("documents")
    box = m.sandbox
    twenty, account = person(box, 20), company(box)["id"]
    box.fault(fault="expire_tokens", method="POST", path="/v2/accounts/*")
    assert link(m, account, twenty) == "ok"
    assert box.counts()[TOKEN] == 2 and accounts_of(box, twenty) == [account]


def test_ln_by_many(ep):
    m = ep("documents", box={"latency": 5})
    box = m.sandbox
    account = company(box)["id"]
    absent = [one["id"] for one in people(box) if account not in accounts_of(box, one["id"])][:8]
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda member: link(m, account, member), absent)) == ["ok"] * 8
        assert set(names(absent)) <= set(links(m, account))
        assert links(m, account) == names(members_of(box, account))
        other, twenty = company(box, 2)["id"], person(box, 20)
        result = list(threads.map(lambda _: link(m, other, twenty), range(8)))
    assert "ok" in result and set(result) <= {"ok", "EEXIST"}
    assert accounts_of(box, twenty).count(other) == 1


def test_a_stalled_ln_holds_up_nobody_else(ep):
    m = ep("documents")
    box = m.sandbox
    twenty, one, two = person(box, 20), company(box, 1)["id"], company(box, 2)["id"]
    box.fault(fault="stall", method="POST", path=f"/v2/accounts/{one}/*")
    writer = m.spawn(f"exec ln -s ../../../{twenty}.json elasticpath/accounts/{one}/members/")
    harness.wait_until(lambda: journal(box, "POST"), 10 * harness.SCALE, "the POST")
    began = time.monotonic()
    m.sh(f"ls elasticpath/accounts/{two}/members; cat elasticpath/accounts/*/account.json").ok()
    assert link(m, two, twenty) == "ok"
    assert status(m, twenty) in ("active\n", "inactive\n")
    assert time.monotonic() - began < harness.AT_ONCE
    assert writer.kill() < harness.AT_ONCE
    box.clear_faults()
    assert twenty + ".json" in links(m, two)
    # it is made all the same
    harness.wait_until(lambda: last_line(m, "interrupted"), 10 * harness.SCALE, "words in the log")
    assert f"accounts/{one}/members/{twenty}.json: made (its caller was interrupted)" in last_line(m, "interrupted")
    assert one in accounts_of(box, twenty) and twenty + ".json" in links(m, one)


@pytest.mark.parametrize("what", ["ls elasticpath/accounts", "ls elasticpath/accounts/{}/members",
                                  "cat elasticpath/accounts/{}/account.json",
                                  "readlink elasticpath/accounts/{}/members/{}.json"])
def test_readers_can_be_killed(ep, what):
    m = ep("documents")
    command = what.replace("{}", company(m.sandbox)["id"], 1).replace("{}", person(m.sandbox, 5))
    m.sandbox.fault(fault="stall", path="/v2/accounts*", times=-1)
    readers = [m.spawn("exec " + command) for _ in range(3)]
    harness.wait_until(lambda: m.sandbox.counts()["in_flight"], 10 * harness.SCALE, "a stalled request")
    for reader in readers:
        assert reader.kill(signal.SIGINT) < harness.AT_ONCE
    m.sandbox.clear_faults()
    m.sh("ls elasticpath/accounts").ok()


# ---- rm ----

@pytest.mark.parametrize("profile", PROFILES)
def test_rm(ep, profile):
    m = ep(profile, DELETABLE)
    box = m.sandbox
    three, five = person(box, 3), person(box, 5)
    first, accounts = accounts_of(box, three)[0], accounts_of(box, five)
    m.sh("ls -l elasticpath; ls elasticpath/accounts/*/members").ok()
    before = links(m, first)
    box.reset()
    m.sh(f"rm elasticpath/accounts/{first}/members/{three}.json").ok()
    assert box.counts()[DELETE] == 1 and len(sent(box)) == 1 and asked(box) <= 2
    assert accounts_of(box, three) == []
    assert links(m, first) == [name for name in before if name != three + ".json"]
    assert fails(link_path(m, first, three).lstat) == "ENOENT"
    # it was the last one
    assert status(m, three) == "inactive\n"
    assert (m.path / f"elasticpath/{three}.status").stat().st_size == 9
    assert unlink(m, accounts[0], five) == "ok"
    assert accounts_of(box, five) == accounts[1:] and status(m, five) == "active\n"
    # the member stays
    assert json.loads((m.path / f"elasticpath/{three}.json").read_text())["id"] == three
    # what the log says undoes it
    lines = undo_lines(m, three)
    assert len(lines) == 1 and m.log().index(lines[0]) < m.log().index("DELETE /v2/")
    command = re.search(r"ln -s \S+ accounts/\S+/members/", lines[0]).group()
    m.sh(f"cd elasticpath && {command}").ok()
    assert accounts_of(box, three) == [first] and links(m, first) == names(members_of(box, first))
    assert status(m, three) == "active\n"


def test_rm_cold(ep):
    m = ep("documents", DELETABLE)
    three = person(m.sandbox, 3)
    account = accounts_of(m.sandbox, three)[0]
    assert unlink(m, account, three) == "ok"
    assert asked(m.sandbox) <= 4 and accounts_of(m.sandbox, three) == []
    assert unlink(m, account, three) == "ENOENT"


@pytest.mark.parametrize("profile", PROFILES)
def test_rm_not_allowed(ep, profile):
    m = ep(profile)
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    before = links(m, accounts[0])
    box.reset()
    assert unlink(m, accounts[0], five) == "EPERM"
    result = m.sh(f"rm -f elasticpath/accounts/{accounts[0]}/members/{five}.json")
    assert result.code != 0 and "not permitted" in result.err
    line = last_line(m, "EPERM")
    assert "allow_delete" in line and f"members/{five}.json" in line
    assert not sent(box) and accounts_of(box, five) == accounts and links(m, accounts[0]) == before


def test_rm_undo_stands_in_the_log_first(ep):
    m = ep("documents", DELETABLE)
    box = m.sandbox
    three = person(box, 3)
    account = accounts_of(box, three)[0]
    box.fault(fault="stall", method="DELETE", path=ONE_MEMBERSHIP)
    remover = m.spawn(f"rm elasticpath/accounts/{account}/members/{three}.json")
    harness.wait_until(lambda: journal(box, "DELETE"), 10 * harness.SCALE, "the DELETE")
    assert len(undo_lines(m, three)) == 1 and accounts_of(box, three) == [account]
    box.clear_faults()
    remover.finish(10).ok()
    assert accounts_of(box, three) == []


@pytest.mark.parametrize("code, error", [(400, "EINVAL"), (403, "EACCES"), (409, "EBUSY"), (412, "EBUSY"),
                                           (500, "EREMOTEIO"), (429, "EBUSY")])
def test_rm_refused(ep, code, error):
    m = ep("documents", HURRIED)
    box = m.sandbox
    three = person(box, 3)
    account = accounts_of(box, three)[0]
    before = links(m, account)
    box.fault(fault="status", status=code, method="DELETE", path=ONE_MEMBERSHIP, times=-1)
    assert unlink(m, account, three) == error
    assert box.counts()[DELETE] == 1
    assert f"members/{three}.json" in last_line(m, error)
    assert links(m, account) == before and status(m, three) == "active\n"
    box.clear_faults()
    assert unlink(m, account, three) == "ok"


@pytest.mark.parametrize("fault", ["drop_after", "html_after", "empty_after", "status_after", "stall_after",
                                   "404"])
def test_rm_with_a_lost_answer(ep, fault):
    patience = harness.SCALE if fault == "stall_after" else 60
    m = ep("documents", {"elasticpath": {"allow_delete": "yes", "timeout": patience, "retry_budget": 2 * patience}})
    box = m.sandbox
    three = person(box, 3)
    account = accounts_of(box, three)[0]
    links(m, account)
    extra = {"status": 404 if fault == "404" else 502} if fault in ("404", "status_after") else {}
    box.fault(fault="status_after" if fault == "404" else fault, method="DELETE", path=ONE_MEMBERSHIP, **extra)
    assert unlink(m, account, three) == "ok"
    assert accounts_of(box, three) == [] and three + ".json" not in links(m, account)
    assert status(m, three) == "inactive\n"


@pytest.mark.parametrize("fault", ["stall", "stall_after"])
def test_rm_that_is_killed(ep, fault):
    """What is on its way is brought to its end, and shown."""
    m = ep("documents", DELETABLE)
    box = m.sandbox
    three = person(box, 3)
    account = accounts_of(box, three)[0]
    links(m, account)
    box.fault(fault=fault, method="DELETE", path=ONE_MEMBERSHIP)
    remover = m.spawn(f"exec rm elasticpath/accounts/{account}/members/{three}.json")
    harness.wait_until(lambda: journal(box, "DELETE"), 10 * harness.SCALE, "the DELETE")
    assert remover.kill(signal.SIGINT) < harness.AT_ONCE
    box.clear_faults()
    harness.wait_until(lambda: last_line(m, "interrupted"), 10 * harness.SCALE, "words in the log")
    assert f"members/{three}.json: ended (its caller was interrupted)" in last_line(m, "interrupted")
    assert accounts_of(box, three) == [] and three + ".json" not in links(m, account)
    assert fails(link_path(m, account, three).lstat) == "ENOENT" and status(m, three) == "inactive\n"
    assert box.counts()[DELETE] == 1


@pytest.mark.parametrize("what", ["rm", "ln"])
def test_no_answer_in_time(ep, what):
    """It is as it was, but may not stay so: that is said, and counted."""
    m = ep("documents", {"rosterfs": {"status_limit": 1}, "elasticpath": {"allow_delete": "yes", "timeout": 1, "lag": 0}})
    box = m.sandbox
    member = person(box, 3 if what == "rm" else 20)
    account = (accounts_of(box, member) or [company(box)["id"]])[0]
    links(m, account)
    box.fault(fault="stall", method="DELETE" if what == "rm" else "POST", path="/v2/accounts/*", times=-1)
    assert (unlink if what == "rm" else link)(m, account, member) == "ETIMEDOUT"
    words = "it was still there" if what == "rm" else "it was not there"
    assert f"{words} when looked up; the vendor may still be processing it" in last_line(m, "ETIMEDOUT")
    box.clear_faults()
    (part if what == "rm" else join)(box, account, member)
    assert fails(link_path(m, account, member).lstat) == ("ENOENT" if what == "rm" else "ok")
    assert write(m, person(box, 5), "inactive") == refused("EDQUOT")


def test_rm_of_one_that_a_colleague_ended(ep):
    m = ep("guide", DELETABLE)
    box = m.sandbox
    three = person(box, 3)
    account = accounts_of(box, three)[0]
    links(m, account)
    part(box, account, three)
    assert unlink(m, account, three) in ("ok", "ENOENT")
    assert three + ".json" not in links(m, account)


def test_rm_that_was_not_done(ep):
    """204, and the membership is still there: that comes to light."""
    m = ep("documents", {"elasticpath": {"allow_delete": "yes", "lag": 0}})
    box = m.sandbox
    three = person(box, 3)
    account = accounts_of(box, three)[0]
    links(m, account)
    box.fault(fault="not_applied", method="DELETE", path=ONE_MEMBERSHIP)
    unlink(m, account, three)
    refresh(m)
    assert three + ".json" in links(m, account) and status(m, three) == "active\n"


# ---- members/ and .status ----

@pytest.mark.parametrize("profile", PROFILES)
def test_inactive_ends_the_links(ep, profile):
    m = ep(profile)
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    m.sh("ls -l elasticpath elasticpath/accounts/*/members").ok()
    assert all(os.path.lexists(link_path(m, account, five)) for account in accounts)
    assert write(m, five, "inactive") == GOOD
    for account in accounts:
        assert five + ".json" not in links(m, account)
        assert fails(link_path(m, account, five).lstat) == "ENOENT"
        assert links(m, account) == names(members_of(box, account))
    assert write(m, five, "active") == GOOD
    for account in accounts:
        assert five + ".json" in links(m, account)
        assert links(m, account) == names(members_of(box, account))


def test_half_an_inactive_shows_which_remain(ep):
    m = ep("documents", QUICK)
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    m.sh("ls -l elasticpath/accounts/*/members").ok()
    box.fault(fault="status", status=403, method="DELETE", path=ONE_MEMBERSHIP, skip=1)
    assert write(m, five, "inactive") == refused("EACCES")
    left = accounts_of(box, five)
    assert len(left) == 1
    assert [account for account in accounts if five + ".json" in links(m, account)] == left


@pytest.mark.parametrize("ours", [True, False])
def test_whose_link_is_a_surprise(ep, ours):
    """Active again after our deactivation: a line in the log, unless the link was made here."""
    m = ep("documents")
    box = m.sandbox
    three = person(box, 3)
    assert write(m, three, "inactive") == GOOD
    if ours:
        assert link(m, company(box)["id"], three) == "ok"
    else:
        join(box, company(box)["id"], three)
    refresh(m)
    m.sh("ls -l elasticpath >/dev/null").ok()
    assert status(m, three) == "active\n"
    assert ("active again" in m.log()) == (not ours)


@pytest.mark.parametrize("profile", PROFILES)
def test_active_without_any_tells_how(ep, profile):
    m = ep(profile)
    twenty = person(m.sandbox, 20)
    assert write(m, twenty, "active") == refused(NOT_OFFERED)
    assert f"ln -s ../../../{twenty}.json accounts/" in last_line(m, NOT_OFFERED_LOGGED)


# ---- who is quicker ----

@pytest.mark.parametrize("what", ["ln", "rm", "inactive"])
def test_a_list_that_was_begun_before(ep, what):
    """What was read before a change must not be shown after it."""
    m = ep("documents", DELETABLE)
    box = m.sandbox
    three = person(box, 3)
    account = outside(box, three) if what == "ln" else accounts_of(box, three)[0]
    m.sh("ls -l elasticpath/accounts/*/members; cat elasticpath/*.status").ok()
    path = link_path(m, account, three)
    fails(path.lstat)
    refresh(m)
    box.reset()
    box.fault(fault="stall_after", method="GET", path=f"/v2/accounts/{account}/account-memberships")
    reader = m.spawn(f"ls elasticpath/accounts/{account}/members")
    box.wait_held("GET", f"/v2/accounts/{account}/account-memberships")
    if what == "inactive":
        writer = m.spawn(f"/bin/echo inactive > elasticpath/{three}.status")
    else:
        writer = m.spawn(f"{what} {'-s ../../../' + three + '.json' if what == 'ln' else ''} '{path}'")
    # it may go ahead or wait for the list: both are right
    with contextlib.suppress(harness.Hang):
        harness.wait_until(lambda: sent(box), 0.5 * harness.SCALE, "the change")
    box.clear_faults()
    writer.finish(10).ok()
    reader.finish(10).ok()
    wanted = names(members_of(box, account))
    assert (three + ".json" in wanted) == (what == "ln")
    assert links(m, account) == wanted
    assert os.path.lexists(path) == (what == "ln")
    assert status(m, three) == ("active\n" if what == "ln" else "inactive\n")


@pytest.mark.parametrize("what", ["ln", "rm"])
def test_statuses_that_were_walked_before(ep, what):
    """The walk for all statuses has been at this account already when its memberships change."""
    m = ep("documents", DELETABLE)
    box = m.sandbox
    member = person(box, 20 if what == "ln" else 3)
    account = company(box)["id"] if what == "ln" else accounts_of(box, member)[0]
    last = next(one["id"] for one in reversed(companies(box)) if one["id"] != account)
    m.sh("ls -l elasticpath elasticpath/accounts/*/members").ok()
    refresh(m)
    links(m, account)
    box.reset()
    box.fault(fault="stall_after", method="GET", path=f"/v2/accounts/{last}/account-memberships")
    reader = m.spawn("ls -l elasticpath >/dev/null")
    box.wait_held("GET", f"/v2/accounts/{last}/account-memberships")
    assert (link if what == "ln" else unlink)(m, account, member) == "ok"
    box.clear_faults()
    reader.finish(10).ok()
    wanted = "active\n" if what == "ln" else "inactive\n"
    assert status(m, member) == wanted
    m.sh("ls -l elasticpath >/dev/null").ok()
    assert status(m, member) == wanted
    assert (m.path / f"elasticpath/{member}.status").stat().st_size == len(wanted)


# ---- brakes ----

def test_status_limit(ep):
    m = ep("documents", {"rosterfs": {"status_limit": 3}, "elasticpath": {"allow_delete": "yes"}})
    box = m.sandbox
    ids = [one["id"] for one in people(box)]
    free = [outside(box, member) for member in ids]
    assert link(m, free[2], ids[2]) == "ok"
    assert unlink(m, accounts_of(box, ids[3])[0], ids[3]) == "ok"
    assert write(m, ids[4], "inactive") == GOOD
    box.reset()
    assert link(m, free[5], ids[5]) == "EDQUOT"
    assert "status_limit" in last_line(m, "EDQUOT")
    assert not os.path.lexists(link_path(m, free[5], ids[5]))
    assert unlink(m, accounts_of(box, ids[6])[0], ids[6]) == "EDQUOT"
    assert os.path.lexists(link_path(m, accounts_of(box, ids[6])[0], ids[6]))
    assert write(m, ids[7], "inactive") == refused("EDQUOT")
    assert save(m.path / "partnerize/3.status", "inactive\n") == refused("EDQUOT")
    assert not sent(box)


def test_refusals_do_not_count(ep):
    m = ep("documents", {"rosterfs": {"status_limit": 1}, **QUICK})
    box = m.sandbox
    twenty, forty, account = person(box, 20), person(box, 40), company(box)["id"]
    links(m, account)
    box.fault(fault="status", status=403, method="POST", path="/v2/accounts/*")
    assert link(m, account, twenty) == "EACCES"
    assert fails(os.symlink, "/etc/passwd", link_path(m, account, twenty)) == "EPERM"
    assert unlink(m, account, members_of(box, account)[0]) == "EPERM"
    join(box, account, forty)
    assert link(m, account, forty) == "ok", "it was there already"
    assert link(m, account, twenty) == "ok"
    assert link(m, company(box, 2)["id"], twenty) == "EDQUOT"


def test_an_rm_that_was_refused_does_not_count(ep):
    m = ep("documents", {"rosterfs": {"status_limit": 1}, **HURRIED})
    box = m.sandbox
    three = person(box, 3)
    account = accounts_of(box, three)[0]
    links(m, account)
    # after a 500 a look shows that it is still there
    for code, error in ((403, "EACCES"), (409, "EBUSY"), (412, "EBUSY"), (500, "EREMOTEIO")):
        box.fault(fault="status", status=code, method="DELETE", path=ONE_MEMBERSHIP)
        assert unlink(m, account, three) == error
    assert unlink(m, account, three) == "ok"
    assert unlink(m, account, members_of(box, account)[0]) == "EDQUOT"


@pytest.mark.parametrize("command", ["find elasticpath/accounts -delete", "rm -rf elasticpath/accounts",
                                     "rm -rf elasticpath", "rm -rf elasticpath/accounts/*",
                                     "rm -f elasticpath/accounts/*/members/*", "find . -delete"])
@pytest.mark.parametrize("allowed", [False, True])
def test_cleaning_up(ep, command, allowed):
    """On a forgotten mount: as many memberships as status_limit lets, and none without allow_delete."""
    extra = {"rosterfs": {"status_limit": 2}, "elasticpath": {"allow_delete": "yes" if allowed else "no"}}
    m = ep("documents", extra)
    box = m.sandbox

    def stays():
        kinds = ("members", "accounts", "realms", "settings")
        return [box.control("GET", f"elasticpath/{kind}") for kind in kinds]

    def goes():
        return sum(len(box.control("GET", f"elasticpath/{kind}")) for kind in ("memberships", "oidc-profiles"))
    before, count = stays(), goes()
    assert m.sh(command).code != 0
    ended = [entry for entry in sent(box) if entry["method"] == "DELETE"]
    assert len(sent(box)) == len(ended) <= (2 if allowed else 0)
    if allowed and "-f elast" in command:
        assert len(ended) == 2
    assert goes() == count - len(ended) and stays() == before
    m.sh("ls -lR elasticpath/accounts").ok()
