# SPDX-License-Identifier: Apache-2.0
"""The shared store and limits: what all hosts together may do, and what they remember of a leaver."""

import concurrent.futures
import os
import time

import pytest

import ep_store
from harness import SCALE, wait_until
from shared_hosts import HANG, lan, names, server, shows, status_of, team
from writes import GOOD, at_vendor, last_line, refused, save, sent, text_of

__all__ = ["lan", "server", "team"]  # fixtures

PUT = "PUT /user/{id}"


def deactivate(m, ident):
    return save(m.path / f"partnerize/{ident}.status", "inactive")


def activate(m, ident):
    return save(m.path / f"partnerize/{ident}.status", "active")


# users 10 and 20 are inactive from the start
PEOPLE = [ident for ident in range(2, 25) if ident % 10]


# ---- status_limit ----

def test_the_limit_counts_all_hosts(team):
    t = team(3, {"rosterfs": {"status_limit": 4}})
    t.each(names)
    for number, ident in enumerate(PEOPLE[:4]):
        assert deactivate(t[number % 3], ident) == GOOD
    for number, m in enumerate(t):
        assert deactivate(m, PEOPLE[4 + number]) == refused("EDQUOT")
        assert "status_limit" in last_line(m, "EDQUOT")
    assert len(sent(t.box)) == 4
    # one that starts later counts them too
    late = t.add()
    assert deactivate(late, PEOPLE[9]) == refused("EDQUOT")
    for m in t:
        shows(lambda m=m: "status_limit: 0 of 4" in status_of(m), True)


@pytest.mark.no_tsan
def test_the_limit_under_contention(team):
    """Many at a time on all hosts: just as many pass as may."""
    t = team(4, {"rosterfs": {"status_limit": 7}, "partnerize": {"parallel": 16}})
    t.each(names)
    with concurrent.futures.ThreadPoolExecutor(len(PEOPLE)) as pool:
        results = list(pool.map(lambda pair: deactivate(t[pair[0] % 4], pair[1]), enumerate(PEOPLE)))
    assert results.count(GOOD) == 7
    assert results.count(refused("EDQUOT")) == len(PEOPLE) - 7
    assert len(sent(t.box)) == 7


def test_what_was_not_made_does_not_count(team):
    """A change that the vendor refuses gives its place back to all hosts."""
    t = team(2, {"rosterfs": {"status_limit": 2}, "partnerize": {"retry_budget": 0}})
    t.each(names)
    t.box.fault(fault="status", status=400, method="PUT", path="/user/*", times=2)
    for m, ident in zip(t, PEOPLE):
        assert deactivate(m, ident) != GOOD
    assert deactivate(t[0], PEOPLE[2]) == GOOD
    assert deactivate(t[1], PEOPLE[3]) == GOOD
    assert deactivate(t[0], PEOPLE[4]) == refused("EDQUOT")


def test_the_way_back_stays_open(team):
    """Taking back a change of its own does not count, also where the limit is all hosts'."""
    t = team(2, {"rosterfs": {"status_limit": 2}})
    t.each(names)
    assert deactivate(t[0], 7) == GOOD and deactivate(t[1], 8) == GOOD
    assert activate(t[0], 7) == GOOD
    assert at_vendor(t.box, 7)["status"] == "active"


def test_another_limit_on_another_host(team):
    """Each host applies its own limit to what all of them made."""
    t = team(0, {"partnerize": {"retry_budget": 0}})
    strict, loose = t.add({"rosterfs": {"status_limit": 2}}), t.add({"rosterfs": {"status_limit": 10}})
    for ident in PEOPLE[:3]:
        assert deactivate(loose, ident) == GOOD
    assert deactivate(strict, PEOPLE[3]) == refused("EDQUOT")
    assert deactivate(loose, PEOPLE[3]) == GOOD


def test_no_limit(team):
    t = team(2, {"rosterfs": {"status_limit": 0}})
    for number, ident in enumerate(PEOPLE[:8]):
        assert deactivate(t[number % 2], ident) == GOOD


# ---- requests in flight ----

def many_writes(t, each):
    """EACH edits on each mount at a time, of records that no other edits."""
    idents = iter(range(2, 2 + each * len(t)))
    work = [(m, next(idents)) for m in t for _ in range(each)]
    with concurrent.futures.ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(lambda pair: save(pair[0].path / f"partnerize/{pair[1]}.json",
                                               text_of({"phone": f"+{pair[1]}"})), work))


@pytest.mark.no_tsan
@pytest.mark.parametrize("parallel", [4, 8])
def test_in_flight(team, parallel):
    """All hosts together have no more requests in flight than `parallel`, and none of them starves."""
    t = team(3, {"partnerize": {"parallel": parallel}}, users=100, latency=60)
    t.each(names)
    time.sleep(1)
    t.box.reset()
    assert set(many_writes(t, 12)) == {GOOD}
    counts = t.box.counts()
    assert counts["max_in_flight"] <= parallel, counts
    assert counts[PUT] == 36


def test_one_alone_has_all(team):
    """What the others do not use is not kept from who needs it."""
    t = team(3, {"partnerize": {"parallel": 6}}, users=100, latency=300)
    t.each(names)
    time.sleep(1)
    t.box.reset()
    busy = t[:1]
    assert set(many_writes(busy, 24)) == {GOOD}
    most = t.box.counts()["max_in_flight"]
    assert 4 <= most <= 6


def test_the_share_of_the_dead(team):
    """A host that was killed takes nothing from the rest for long."""
    t = team(2, {"partnerize": {"parallel": 4}}, users=100, latency=200)
    t.each(names)
    t.box.fault(fault="stall", method="PUT", times=-1)
    stuck = [t[0].spawn(f"echo inactive > partnerize/{ident}.status") for ident in range(50, 60) if ident % 10]
    wait_until(lambda: t.box.counts()["in_flight"] >= 1, HANG, "a request in flight")
    time.sleep(1)
    t[0].abandon()
    for one in stuck:
        one.kill()
    t.box.clear_faults()
    assert set(many_writes(t[1:], 12)) == {GOOD}
    time.sleep(5)
    t.box.reset()
    assert set(many_writes(t[1:], 12)) == {GOOD}
    assert 3 <= t.box.counts()["max_in_flight"] <= 4


def test_wait_until(team):
    """A vendor that tells A when to come back is left alone by B as well."""
    t = team(2, {"partnerize": {"retry_budget": 60}})
    t.each(names)
    t.box.reset()
    t.box.fault(fault="status", status=429, retry_after=5, method="PUT", path="/user/7", times=1)
    first = t[0].spawn("echo inactive > partnerize/7.status")
    wait_until(lambda: any(entry["status"] == 429 for entry in t.box.journal()), HANG, "a 429")
    time.sleep(1)
    assert deactivate(t[1], 8) == GOOD
    first.finish(HANG).ok()
    journal = t.box.journal()
    refusal = next(entry for entry in journal if entry["status"] == 429)
    early = [entry for entry in journal if entry["t_us"] > refusal["end_us"] + 800000 and
             entry["t_us"] < refusal["end_us"] + 4500000]
    assert not early, early


def test_a_wait_is_lifted_for_all(team):
    """Who writes `retry` for the vendor ends the wait on every host, as far as the control file can do that."""
    t = team(2, {"partnerize": {"retry_budget": 600}})
    t.each(names)
    t.box.fault(fault="status", status=429, retry_after=500, method="PUT", path="/user/7", times=1)
    first = t[0].spawn("echo inactive > partnerize/7.status")
    wait_until(lambda: any(entry["status"] == 429 for entry in t.box.journal()), HANG, "a 429")
    second = t[1].spawn("sleep 1; echo inactive > partnerize/8.status")
    time.sleep(2)
    assert not first.done() and not second.done()
    (t[0].path / ".rosterfs/refresh").write_text("partnerize\n")
    for one in (first, second):
        one.finish(HANG).ok()


# ---- memberships ----

@pytest.mark.parametrize("profile", ep_store.PROFILES)
def test_memberships_that_another_host_ended(sandbox, team, profile):
    box = ep_store.store(sandbox, profile=profile)
    t = team(2, ep_store.DELETABLE, box=box)
    five = ep_store.person(box, 5)
    accounts = ep_store.accounts_of(box, five)
    assert len(accounts) == 3
    assert ep_store.write(t[0], five, "inactive") == GOOD
    assert ep_store.accounts_of(box, five) == []
    shows(lambda: ep_store.status(t[1], five), "inactive\n")
    assert ep_store.write(t[1], five, "active") == GOOD
    assert ep_store.accounts_of(box, five) == accounts
    shows(lambda: ep_store.status(t[0], five), "active\n")
    # and once more the other way round
    assert ep_store.write(t[1], five, "inactive") == GOOD
    shows(lambda: ep_store.status(t[0], five), "inactive\n")
    assert ep_store.write(t[0], five, "active") == GOOD
    assert ep_store.accounts_of(box, five) == accounts


def test_they_outlive_the_mount(sandbox, team):
    """The host that ended them is gone: one that starts later restores them."""
    box = ep_store.store(sandbox)
    t = team(1, ep_store.DELETABLE, box=box)
    five = ep_store.person(box, 5)
    accounts = ep_store.accounts_of(box, five)
    assert ep_store.write(t[0], five, "inactive") == GOOD
    assert t[0].unmount().code == 0
    t[0].wait()
    late = t.add()
    assert ep_store.write(late, five, "active") == GOOD
    assert ep_store.accounts_of(box, five) == accounts


def test_accounts_lists_are_fresh_for_others(sandbox, team):
    """B's links follow A's ln and rm."""
    box = ep_store.store(sandbox)
    t = team(2, ep_store.DELETABLE, box=box)
    twenty, account = ep_store.person(box, 20), ep_store.company(box)["id"]
    for m in t:
        assert f"{twenty}.json" not in ep_store.links(m, account)
    box.reset()
    assert ep_store.link(t[0], account, twenty) == "ok"
    shows(lambda: f"{twenty}.json" in ep_store.links(t[1], account), True)
    assert os.readlink(ep_store.link_path(t[1], account, twenty)) == f"../../../{twenty}.json"
    assert ep_store.unlink(t[1], account, twenty) == "ok"
    shows(lambda: f"{twenty}.json" in ep_store.links(t[0], account), False)
    assert box.counts().get(ep_store.THEIRS, 0) <= 3 * SCALE
