# SPDX-License-Identifier: Apache-2.0
"""Elastic Path's lists where they are long, or many: the ceiling of 10,000, and all memberships."""

import json
import os

import pytest

from ep_store import (ACCOUNTS, ITEM, LIST, PROFILES, QUICK, THEIRS, TOKEN, accounts_of, companies,
                   ep, names, people, person, refresh, status, write)
from writes import GOOD, last_line, save, shown, text_of

__all__ = ["ep"]  # the fixture

INFOS = "GET /v2/authentication-realms/{id}/user-authentication-info"
INFOS_PATH = "/v2/authentication-realms/*/user-authentication-info"
SETTINGS = "GET /v2/settings/account-authentication"


def listed(m):
    return sorted(name for name in os.listdir(m.path / "elasticpath") if name.endswith(".json"))


def everybody(box):
    return sorted(names(one["id"] for one in people(box)))


# ---- more members than offsets reach ----

@pytest.mark.parametrize("ceiling, total", [(100, "pages"), (300, "records"), (400, "none")])
def test_ceiling_without_a_realm(ep, ceiling, total):
    m = ep("guide", QUICK, box={"members": 620, "offset_ceiling": ceiling, "list_total": total})
    result = m.sh("ls elasticpath")
    assert result.code != 0 and result.out == "" and result.err
    line = last_line(m, "EREMOTEIO")
    assert "page%5Boffset%5D" in line and "realm" in line and f"first {ceiling + 100}" in line
    # a member is found by name all the same
    last = person(m.sandbox, 620)
    assert m.sh(f"cat elasticpath/{last}.json").ok().json()["id"] == last


def test_the_real_ceiling_without_a_realm(ep):
    m = ep("guide", QUICK, box={"members": 10101})
    assert m.sh("ls elasticpath").code != 0
    assert "10100" in last_line(m, "EREMOTEIO")


@pytest.mark.parametrize("ceiling, total", [(100, "pages"), (300, "records"), (400, "none")])
def test_ceiling_with_a_realm(ep, ceiling, total):
    m = ep("documents", QUICK, box={"members": 620, "offset_ceiling": ceiling, "list_total": total})
    assert listed(m) == everybody(m.sandbox)
    counts = m.sandbox.counts()
    assert counts["max_in_flight"] <= 8 and counts[SETTINGS] == 1
    # and again, with what is known by now
    refresh(m)
    assert listed(m) == everybody(m.sandbox)
    assert m.sandbox.counts().get(SETTINGS, 0) == 1


def test_the_real_ceiling_with_a_realm(ep):
    m = ep("documents", box={"members": 12000})
    assert listed(m) == everybody(m.sandbox)
    counts = m.sandbox.counts()
    # the first page tells how many there are; two legs, what is asked beyond a ceiling, and one
    # look at the total at the end
    assert counts[LIST] == 2 and 120 < counts[INFOS] <= 101 + 20 + 8
    assert counts["max_in_flight"] <= 8
    assert counts["total"] == counts[LIST] + counts[INFOS] + 2


def test_ceiling_that_is_just_not_reached(ep):
    for members, ceiling in ((300, 200), (301, 300)):
        m = ep("documents", QUICK, box={"members": members, "offset_ceiling": ceiling})
        assert len(m.sh("ls elasticpath/*.json").ok().lines()) == members
        assert INFOS not in m.sandbox.counts()


def test_members_beyond_the_ceiling(ep):
    """They are shown as members, and written like members."""
    m = ep("documents", box={"members": 620, "offset_ceiling": 300})
    two, last = people(m.sandbox)[1], people(m.sandbox)[-2]
    m.sh("ls -l elasticpath").ok()
    m.sandbox.reset()
    for one in (two, last):
        document = json.loads((m.path / f"elasticpath/{one['id']}.json").read_text())
        assert document["type"] == "account_member"
        assert document["meta"]["timestamps"] == one["meta"]["timestamps"]
        assert {key for key in document if document[key] != one[key]} <= {"meta"}
    assert m.sandbox.counts().get(LIST, 0) == m.sandbox.counts().get(ITEM, 0) == 0
    # what the list does not show is not lost
    path = m.path / f"elasticpath/{two['id']}.json"
    assert save(path, text_of({**json.loads(path.read_text()), "name": "Changed"})) == GOOD
    after = shown(m.sandbox.control("GET", "elasticpath/members/" + two["id"]))
    assert after["name"] == "Changed" and after["loyalty_tier"] == two["loyalty_tier"]
    # nor is it somebody else's change
    refresh(m)
    assert listed(m) == everybody(m.sandbox)
    assert save(path, text_of({**json.loads(path.read_text()), "name": "Again"})) == GOOD
    assert status(m, last["id"]) == "active\n" and status(m, person(m.sandbox, 600)) == "inactive\n"
    assert write(m, last["id"], "inactive") == GOOD and accounts_of(m.sandbox, last["id"]) == []


@pytest.mark.parametrize("ceiling, whole", [(0, False), (100, True)])
def test_many_of_one_second(ep, ceiling, whole):
    """150 members were created in one second: more than one page brings, fewer than two."""
    m = ep("documents", QUICK, box={"members": 5300, "offset_ceiling": ceiling})
    result = m.sh("ls elasticpath")
    assert (result.code == 0) == whole
    if whole:
        assert listed(m) == everybody(m.sandbox)
    else:
        assert result.out == "" and "created at" in last_line(m, "EREMOTEIO")


@pytest.mark.parametrize("fault", [
    {"fault": "short_page"}, {"fault": "short_page", "times": -1}, {"fault": "duplicate_row"},
    {"fault": "move_rows", "skip": 1}, {"fault": "move_rows", "body": "delete", "skip": 1},
    {"fault": "wrong_total", "skip": 1}, {"fault": "repeat_page", "skip": 1, "times": -1},
    {"fault": "ignore_paging", "times": -1}, {"fault": "status", "status": 500, "skip": 5, "times": -1},
    {"fault": "status", "status": 400, "query": "filter=", "times": -1},
    {"fault": "html", "skip": 1, "times": -1}, {"fault": "truncate", "skip": 1, "times": -1},
    {"fault": "expire_tokens", "skip": 6}, {"page_cap": 37}, {"page_cap": 5}],
    ids=lambda fault: "-".join(str(word) for word in fault.values()))
def test_whole_or_an_error(ep, fault):
    m = ep("documents", QUICK, box={"members": 620, "offset_ceiling": 300,
                                    "page_cap": fault.get("page_cap", 100)})
    if "fault" in fault:
        m.sandbox.fault(method="GET", path=INFOS_PATH, **fault)
    before = set(everybody(m.sandbox))
    result = m.sh("ls elasticpath")
    shown_now = {name for name in result.lines() if name.endswith(".json")}
    # who is deleted meanwhile may be shown still
    assert not shown_now or set(everybody(m.sandbox)) <= shown_now <= before
    assert bool(shown_now) == (result.code == 0)
    if "page_cap" in fault or fault["fault"] in ("duplicate_row", "move_rows", "expire_tokens"):
        assert shown_now


# ---- everybody's memberships ----

def test_memberships_in_parallel(ep):
    """40 accounts: 40 requests, eight at a time."""
    m = ep("documents", box={"members": 400, "accounts": 40})
    m.sh("ls elasticpath").ok()
    status(m, person(m.sandbox, 1))  # one is asked for alone, the next one brings all
    m.sandbox.reset()
    with m.sandbox.holding(8, method="GET", path="/v2/accounts/*"):
        command = m.spawn(f"cat elasticpath/{person(m.sandbox, 5)}.status")
    assert command.finish().ok().out == "active\n"
    counts = m.sandbox.counts()
    assert (counts[ACCOUNTS], counts[THEIRS], counts["total"]) == (1, 40, 41)
    assert counts["max_in_flight"] == 8


@pytest.mark.parametrize("parallel", [1, 3])
def test_memberships_never_more_in_flight(ep, parallel):
    m = ep(extra={"elasticpath": {"parallel": parallel}}, box={"accounts": 20, "members": 130})
    m.sh("ls elasticpath").ok()
    m.sandbox.reset()
    # one is asked for alone
    assert status(m, person(m.sandbox, 1)) == "active\n"
    with m.sandbox.holding(parallel, method="GET", path="/v2/accounts/*"):
        command = m.spawn(f"cat elasticpath/{person(m.sandbox, 5)}.status")
    command.finish().ok()
    for number, one in enumerate(people(m.sandbox), 1):
        assert status(m, one["id"]) == ("inactive\n" if number % 20 == 0 else "active\n")
    counts = m.sandbox.counts()
    assert counts["max_in_flight"] == parallel and counts[ACCOUNTS] == 1


@pytest.mark.parametrize("profile", PROFILES)
def test_an_account_goes_while_memberships_are_walked(ep, profile):
    m = ep(profile, box={"accounts": 12, "members": 60})
    box = m.sandbox
    m.sh("ls elasticpath").ok()
    status(m, person(box, 1))
    gone = companies(box)[-1]["id"]
    box.reset()
    box.fault(fault="stall_after", method="GET", path="/v2/accounts")
    reader = m.spawn(f"cat elasticpath/{person(box, 5)}.status")
    box.wait_held("GET", "/v2/accounts")
    box.control("DELETE", "elasticpath/accounts/" + gone)
    box.clear_faults()
    assert reader.finish(10).ok().out == "active\n"
    assert box.counts()[ACCOUNTS] == 2
    for one in people(box):
        assert status(m, one["id"]) == ("active\n" if accounts_of(box, one["id"]) else "inactive\n")
    assert box.counts()[ACCOUNTS] == 2


@pytest.mark.parametrize("times", [1, 2, -1])
def test_memberships_that_are_not_there(ep, times):
    """Nobody becomes inactive because an account that is listed answers 404."""
    m = ep("documents", QUICK, box={"accounts": 12, "members": 60})
    box = m.sandbox
    m.sh("ls elasticpath").ok()
    status(m, person(box, 1))
    path = f"/v2/accounts/{companies(box)[3]['id']}/account-memberships"
    box.reset()
    box.fault(fault="status", status=404, method="GET", path=path, times=times)
    result = m.sh(f"cat elasticpath/{person(box, 5)}.status")
    if times < 0:
        assert result.code != 0 and "Remote I/O error" in result.err
        assert companies(box)[3]["id"] in last_line(m, "EREMOTEIO")
        assert "region" not in last_line(m, "EREMOTEIO")
        assert box.counts()[ACCOUNTS] == 3
    else:
        assert result.ok().out == "active\n" and box.counts()[ACCOUNTS] == times + 1
        assert "listing the accounts again" in m.log()


def test_memberships_and_an_expired_token(ep):
    m = ep("documents", box={"accounts": 40, "members": 130})
    m.sh("ls elasticpath").ok()
    status(m, person(m.sandbox, 1))
    m.sandbox.reset()
    m.sandbox.fault(fault="expire_tokens", path="/v2/accounts/*/account-memberships", skip=20)
    assert m.sh("cat elasticpath/*.status | grep -cx active").ok().out == "124\n"
    assert m.sandbox.counts()[TOKEN] == 1


def test_more_accounts_than_are_listed(ep):
    """Whose account is not listed must not look inactive."""
    m = ep("documents", QUICK, box={"accounts": 130, "members": 20, "offset_ceiling": 0})
    m.sh("ls elasticpath").ok()
    five = person(m.sandbox, 5)
    assert status(m, five) == "active\n"  # one alone costs its own memberships, which are few
    result = m.sh(f"cat elasticpath/{person(m.sandbox, 6)}.status")
    assert result.code != 0 and "accounts" in last_line(m, "EREMOTEIO")
