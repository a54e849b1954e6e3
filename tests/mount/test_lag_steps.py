# SPDX-License-Identifier: Apache-2.0
"""Memberships and reads that lag: what this mount made or ended stays so, and is never restored in part."""

import json
import os

import pytest

import harness
from ep_store import (DELETABLE, DELETE, ONE_MEMBERSHIP, OWN, POST, PROFILES, THEIRS, accounts_of, asked,
                   company, ep, fails, folder, join, journal, link, link_path, links, outside, part, people,
                   person, refresh, sent, status, undo_lines, unlink, write)
from writes import GOOD, last_line, refused

__all__ = ["ep"]  # the fixture

LAG = 1500  # milliseconds
FOREVER = 120000
OWN_LIST = "/v2/account-members/*/account-memberships"
THEIR_LIST = "/v2/accounts/*/account-memberships"
BRIEF = {"elasticpath": {"lag": 1, "allow_delete": "yes"}}
NONE = {"elasticpath": {"lag": 0, "allow_delete": "yes"}}


def stale(box, path=OWN_LIST, times=1, **rest):
    box.fault(fault="stale", method="GET", path=path, times=times, **rest)


def news(m, *words):
    """A whole new roster and a whole new list of each account's links."""
    refresh(m)
    m.sh("ls -l elasticpath elasticpath/accounts/*/members >/dev/null").ok()


def shown(m, member):
    """In which accounts' members/ the member stands."""
    return sorted(name for name in os.listdir(m.path / "elasticpath/accounts")
                  if name != "new" and member + ".json" in links(m, name))


@pytest.mark.parametrize("profile", PROFILES)
def test_one_stale_look(ep, profile):
    """Three DELETEs, and a GET that shows what there was: looked at once more."""
    m = ep(profile)
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    stale(box, skip=1)
    assert write(m, five, "inactive") == GOOD
    assert (box.counts()[DELETE], box.counts()[OWN]) == (3, 3)
    assert len(undo_lines(m, five)) >= 3 and m.log().index("ln -s") < m.log().index("DELETE /v2/")
    assert status(m, five) == "inactive\n" and shown(m, five) == []
    stale(box, skip=1)
    assert write(m, five, "active") == GOOD
    assert accounts_of(box, five) == accounts == shown(m, five)
    assert status(m, five) == "active\n"


@pytest.mark.parametrize("profile", PROFILES)
def test_no_further_request_without_lag(ep, profile):
    m = ep(profile)
    box = m.sandbox
    five = person(box, 5)
    m.sh("ls -l elasticpath").ok()
    for word, method in (("inactive", DELETE), ("active", POST), ("inactive", DELETE)):
        box.reset()
        assert write(m, five, word) == GOOD
        counts = box.counts()
        assert counts[method] == 3 and counts[OWN] <= 2 and counts["total"] <= 5


@pytest.mark.parametrize("profile", PROFILES)
def test_there_and_back_while_reads_lag(ep, profile):
    """Nothing that is read is newer than the lag, and each status is right at once."""
    m = ep(profile)
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    box.settings(read_lag_ms=LAG)
    for word in ("inactive", "active", "inactive", "active"):
        assert write(m, five, word) == GOOD
        wanted = accounts if word == "active" else []
        assert accounts_of(box, five) == wanted
        assert status(m, five) == word + "\n"
        news(m)
        assert status(m, five) == word + "\n" and shown(m, five) == wanted
    assert "active again at the vendor" not in m.log()


@pytest.mark.parametrize("profile", PROFILES)
def test_everything_read_is_old(ep, profile):
    """After the proof, all lists fall back to how they were: other replicas."""
    m = ep(profile)
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    for word in ("inactive", "active"):
        assert write(m, five, word) == GOOD
        stale(box, times=-1)
        stale(box, THEIR_LIST, times=-1)
        news(m)
        wanted = accounts if word == "active" else []
        assert status(m, five) == word + "\n" and shown(m, five) == wanted
        box.clear_faults()
    assert "active again at the vendor" not in m.log()


@pytest.mark.parametrize("warm", [False, True])
def test_said_again(ep, warm):
    """Skipped only where the list and the memory both have it; else sent, and nothing is lost."""
    m = ep("documents")
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    assert write(m, five, "inactive") == GOOD
    if warm:
        news(m)
    stale(box, times=-1)
    stale(box, THEIR_LIST, times=-1)
    box.reset()
    assert write(m, five, "inactive") == GOOD
    assert [entry["status"] for entry in journal(box, "DELETE")] == [404] * 3
    assert accounts_of(box, five) == []
    box.clear_faults()
    box.reset()
    assert write(m, five, "inactive") == GOOD
    assert not sent(box)
    assert write(m, five, "active") == GOOD
    assert accounts_of(box, five) == accounts
    stale(box, times=-1)
    stale(box, THEIR_LIST, times=-1)
    if warm:
        news(m)
    box.reset()
    assert write(m, five, "active") == GOOD
    assert [entry["status"] for entry in journal(box, "POST")] == [409] * 3
    assert accounts_of(box, five) == accounts


@pytest.mark.parametrize("lag", [0, 1])
def test_a_lie_is_found(ep, lag):
    """204 to each DELETE, and nothing done: also where reads may lag, only later."""
    m = ep("documents", {"elasticpath": {"lag": lag}})
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    m.sh("ls -l elasticpath").ok()
    box.reset()
    box.fault(fault="not_applied", method="DELETE", path=ONE_MEMBERSHIP, times=3)
    assert write(m, five, "inactive") == refused("EREMOTEIO")
    line = last_line(m, "EREMOTEIO")
    assert "accepted but not applied" in line and ("may lag" in line) == (lag > 0)
    assert (box.counts()[OWN] <= 2) == (lag == 0)
    assert status(m, five) == "active\n" and accounts_of(box, five) == accounts
    if lag:
        harness.wait_until(lambda: "still not applied" in m.log(), 20 * harness.SCALE, "one more look")
    # it is done when it is said again, and none is missing afterwards
    assert write(m, five, "inactive") == GOOD
    assert accounts_of(box, five) == []
    assert write(m, five, "active") == GOOD
    assert accounts_of(box, five) == accounts


@pytest.mark.parametrize("lag", [0, 1])
def test_shown_too_late(ep, lag):
    """The error comes before the vendor shows it. Then active brings all back, not what was shown."""
    m = ep("documents", {"elasticpath": {"lag": lag}})
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    box.settings(read_lag_ms=FOREVER)
    assert write(m, five, "inactive") == refused("EREMOTEIO")
    assert accounts_of(box, five) == []
    box.settings(read_lag_ms=0)
    assert status(m, five) == "inactive\n"
    if lag:
        harness.wait_until(lambda: "is applied by now" in m.log(), 20 * harness.SCALE, "one more look")
    assert write(m, five, "active") == GOOD
    assert accounts_of(box, five) == accounts and status(m, five) == "active\n"


def give_up(m, command, method, words):
    """Give COMMAND, which sends METHODs, and interrupt it while it looks for what became of them."""
    box = m.sandbox
    box.reset()
    writer = m.spawn("exec " + command)
    harness.wait_until(lambda: journal(box, method) and box.journal()[-1]["method"] == "GET", 20 * harness.SCALE,
                       "a look")
    assert writer.kill() < harness.AT_ONCE
    harness.wait_until(lambda: last_line(m, words), 20 * harness.SCALE, "words in the log")


def test_active_is_shown_too_late(ep):
    """Nobody stays active because no list shows yet that they are."""
    m = ep("documents")
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    assert write(m, five, "inactive") == GOOD
    box.settings(read_lag_ms=FOREVER)
    give_up(m, f"/bin/echo active > elasticpath/{five}.status", "POST", "accepted but not applied")
    assert accounts_of(box, five) == accounts
    assert status(m, five) == "inactive\n"
    assert write(m, five, "inactive") == GOOD
    assert accounts_of(box, five) == []
    box.settings(read_lag_ms=0)
    assert write(m, five, "active") == GOOD
    assert accounts_of(box, five) == accounts


def test_inactive_is_shown_too_late(ep):
    """What a list shows still is no reason to think that it need not be restored."""
    m = ep("documents")
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    box.settings(read_lag_ms=FOREVER)
    give_up(m, f"/bin/echo inactive > elasticpath/{five}.status", "DELETE", "accepted but not applied")
    assert accounts_of(box, five) == []
    assert write(m, five, "active") == GOOD
    assert accounts_of(box, five) == accounts


def test_a_lost_post_that_nothing_shows(ep):
    """Where it is not known whether somebody is active again, inactive is not said to be done."""
    m = ep("documents", {"elasticpath": {"retry_budget": 0}})
    box = m.sandbox
    twenty, account = person(box, 20), company(box)["id"]
    assert status(m, twenty) == "inactive\n"
    box.settings(read_lag_ms=FOREVER)
    box.fault(fault="drop_after", method="POST", path="/v2/accounts/*")
    give_up(m, f"ln -s ../../../{twenty}.json elasticpath/accounts/{account}/members/", "POST",
            "not there when looked up")
    assert accounts_of(box, twenty) == [account]
    assert write(m, twenty, "inactive") == refused("EREMOTEIO")
    assert account in last_line(m, "EREMOTEIO")
    box.settings(read_lag_ms=0)
    assert write(m, twenty, "inactive") == GOOD
    assert accounts_of(box, twenty) == []


def test_a_lost_post_after_one_that_was_made(ep):
    """What was made before and a colleague has ended says nothing of a request without an answer."""
    m = ep("documents", {"elasticpath": {"retry_budget": 0}})
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    assert write(m, five, "inactive") == GOOD and write(m, five, "active") == GOOD
    for account in accounts:
        part(box, account, five)
    box.fault(fault="drop", method="POST", path="/v2/accounts/*", times=len(accounts))
    refusal = write(m, five, "active")
    assert refusal != GOOD and accounts_of(box, five) == []
    assert write(m, five, "active") == GOOD
    assert accounts_of(box, five) == accounts and status(m, five) == "active\n"


@pytest.mark.parametrize("fault", ["drop_after", "status_after", "html_after"])
def test_lost_responses(ep, fault):
    m = ep("documents", {"elasticpath": {"retry_budget": 0}})
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    extra = {"status": 502} if fault == "status_after" else {}
    for word, method, wanted in (("inactive", "DELETE", []), ("active", "POST", accounts)):
        box.settings(read_lag_ms=LAG)
        box.fault(fault=fault, method=method, path="/v2/accounts/*", skip=1, **extra)
        assert write(m, five, word) == GOOD
        assert accounts_of(box, five) == wanted and status(m, five) == word + "\n"
        box.clear_faults()


def test_a_writer_that_waits_can_be_interrupted(ep):
    m = ep("documents")
    box = m.sandbox
    five = person(box, 5)
    accounts = accounts_of(box, five)
    box.settings(read_lag_ms=FOREVER)
    writer = m.spawn(f"exec /bin/echo inactive > elasticpath/{five}.status")
    harness.wait_until(lambda: box.counts().get(OWN, 0) > 2, 20 * harness.SCALE, "a second look")
    assert writer.kill() < harness.AT_ONCE
    harness.wait_until(lambda: "accepted but not applied" in m.log(), 20 * harness.SCALE, "words in the log")
    box.settings(read_lag_ms=0)
    assert accounts_of(box, five) == [] and status(m, five) == "inactive\n"
    assert write(m, five, "active") == GOOD
    assert accounts_of(box, five) == accounts


def test_a_colleague_within_lag(ep):
    """Who joins another account is shown: its id is not one that was ended here."""
    m = ep("documents")
    box = m.sandbox
    five = person(box, 5)
    first = accounts_of(box, five)[0]
    assert write(m, five, "inactive") == GOOD
    join(box, first, five)
    news(m)
    assert status(m, five) == "active\n" and shown(m, five) == [first]
    # and what a colleague ends of what we made is shown when lag is over
    other = ep("documents", {"elasticpath": {"lag": 2}})
    box = other.sandbox
    twenty, account = person(box, 20), company(box)["id"]
    assert link(other, account, twenty) == "ok"
    part(box, account, twenty)
    harness.wait_until(lambda: (refresh(other), status(other, twenty))[1] == "inactive\n", 30 * harness.SCALE,
                       "the end of lag")
    assert shown(other, twenty) == []


def test_the_end_of_lag_needs_no_refresh(ep):
    """What was read with the help of the memory is asked for anew when lag is over, not after ttl."""
    m = ep("documents", {"elasticpath": {"lag": 2, "ttl": 3600}})
    box = m.sandbox
    twenty, account = person(box, 20), company(box)["id"]
    assert link(m, account, twenty) == "ok"
    part(box, account, twenty)
    news(m)
    assert status(m, twenty) == "active\n" and twenty + ".json" in links(m, account)
    harness.wait_until(lambda: status(m, twenty) == "inactive\n" and twenty + ".json" not in links(m, account),
                       30 * harness.SCALE, "the end of lag")


# ---- links ----

@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("lagging", ["all", "lists"])
def test_links(ep, profile, lagging):
    m = ep(profile, DELETABLE)
    box = m.sandbox
    three, twenty = person(box, 3), person(box, 20)
    first, where = accounts_of(box, three)[0], company(box)["id"]
    m.sh("ls -l elasticpath elasticpath/accounts/*/members >/dev/null").ok()
    box.reset()
    assert unlink(m, first, three) == "ok" and link(m, where, twenty) == "ok"
    assert asked(box) <= 5
    box.settings(read_lag_ms=FOREVER, read_lag_kinds=lagging)
    for _ in range(2):
        assert status(m, three) == "inactive\n" and status(m, twenty) == "active\n"
        assert three + ".json" not in links(m, first) and twenty + ".json" in links(m, where)
        assert fails(link_path(m, first, three).lstat) == "ENOENT"
        assert os.readlink(link_path(m, where, twenty)) == f"../../../{twenty}.json"
        news(m)
    assert link(m, where, twenty) == "EEXIST" and unlink(m, first, three) == "ENOENT"
    # and back; what is not seen to be gone would be an error
    box.settings(read_lag_ms=0)
    assert unlink(m, where, twenty) == "ok" and link(m, first, three) == "ok"
    box.settings(read_lag_ms=FOREVER)
    for _ in range(2):
        assert status(m, three) == "active\n" and status(m, twenty) == "inactive\n"
        assert three + ".json" in links(m, first) and twenty + ".json" not in links(m, where)
        news(m)
    assert accounts_of(box, three) == [first] and accounts_of(box, twenty) == []


@pytest.mark.parametrize("what", ["ln", "rm"])
def test_a_link_with_a_lost_response(ep, what):
    m = ep("documents", {"elasticpath": {"retry_budget": 0, "allow_delete": "yes"}})
    box = m.sandbox
    member = person(box, 20 if what == "ln" else 3)
    account = company(box)["id"] if what == "ln" else accounts_of(box, member)[0]
    links(m, account)
    box.settings(read_lag_ms=LAG)
    box.fault(fault="drop_after", method="POST" if what == "ln" else "DELETE", path="/v2/accounts/*")
    assert (link if what == "ln" else unlink)(m, account, member) == "ok"
    stale(box, times=-1)
    stale(box, THEIR_LIST, times=-1)
    news(m)
    assert (member + ".json" in links(m, account)) == (what == "ln")
    assert status(m, member) == ("active\n" if what == "ln" else "inactive\n")


def test_inactive_right_after_a_link(ep):
    """The membership that no list shows yet is ended as well."""
    m = ep("documents")
    box = m.sandbox
    five = person(box, 5)
    where = outside(box, five)
    box.settings(read_lag_ms=LAG)
    assert link(m, where, five) == "ok"
    assert write(m, five, "inactive") == GOOD
    assert accounts_of(box, five) == [] and len(journal(box, "DELETE")) == 4
    news(m)
    assert status(m, five) == "inactive\n" and shown(m, five) == []


def test_an_account_made_just_now(ep):
    m = ep("documents", DELETABLE)
    box = m.sandbox
    five = person(box, 5)
    before = set(os.listdir(m.path / "elasticpath/accounts"))
    box.settings(read_lag_ms=2 * LAG)
    m.sh("echo '{\"name\": \"Acme\", \"legal_name\": \"Acme Ltd.\"}' > elasticpath/accounts/new/x.json").ok()
    one, = set(os.listdir(m.path / "elasticpath/accounts")) - before
    box.settings(read_lag_ms=FOREVER)
    assert os.readlink(m.path / "elasticpath/accounts/new/x.json") == f"../{one}/account.json"
    assert links(m, one) == []
    assert link(m, one, five) == "ok"
    news(m)
    assert one in os.listdir(m.path / "elasticpath/accounts") and links(m, one) == [five + ".json"]
    assert json.loads((folder(m, one) / "account.json").read_text())["name"] == "Acme"


def test_a_member_made_just_now(ep):
    m = ep("documents", {"elasticpath": {"allow_preprovision": "yes"}})
    box = m.sandbox
    before = {one["id"] for one in people(box)}
    box.settings(read_lag_ms=LAG)
    m.sh("echo '{\"name\": \"Joan New\", \"email\": \"joan.new@shop.example.com\"}' > elasticpath/new/x.json").ok()
    one, = {one["id"] for one in people(box)} - before
    box.settings(read_lag_ms=FOREVER)
    assert status(m, one) == "inactive\n"
    assert link(m, company(box)["id"], one) == "ok"
    news(m)
    assert status(m, one) == "active\n" and one + ".json" in os.listdir(m.path / "elasticpath")
    assert write(m, one, "inactive") == GOOD
    assert accounts_of(box, one) == [] and box.counts()[THEIRS]
