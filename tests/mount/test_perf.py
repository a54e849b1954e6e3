# SPDX-License-Identifier: Apache-2.0
"""How many requests jobs take, and how many are in flight. How long they take is in tests/bench."""

import itertools
import os
import threading

import pytest

import harness

pytestmark = [pytest.mark.plain, pytest.mark.limit(300)]

USERS = 10000
LATENCY = 50
PAGES = USERS // 100


def test_cold_list(mount, sandbox):
    """ls of 10,000 users asks for each page once, and for seven or eight at a time."""
    box = sandbox(users=USERS)
    m = mount(box, {"partnerize": {"parallel": 8}})
    # where the vendor tells no total, the eighth connection is for a page behind the next ones
    with box.holding(7, method="GET", path="/user", skip=1):
        command = m.spawn("ls -f partnerize")
    assert command.finish().ok().out.count(".json\n") == USERS
    counts = box.counts()
    # the page that proves the end, and what else is asked for before it comes
    assert PAGES + 1 <= counts["total"] <= PAGES + 7
    assert 7 <= counts["max_in_flight"] <= 8


@pytest.mark.parametrize("most", [4, 8, 16])
def test_a_vendor_that_takes_fewer(mount, sandbox, most):
    """What is too many for a vendor (429) is found out, at the price of a few requests."""
    box = sandbox(users=USERS, latency=LATENCY, profile="documents")
    box.settings(max_parallel=most)
    m = mount(box, {"partnerize": {"parallel": 32}})
    # the open waits for the roster
    m.sh("exec 3<partnerize").ok()
    statuses = [one["status"] for one in box.journal()]
    assert statuses.count(200) == PAGES
    assert 1 <= statuses.count(429) == len(statuses) - PAGES <= 2 * 32 + PAGES / 10
    assert len(os.listdir(m.path / "partnerize")) > 2 * USERS


def test_a_vendor_that_wants_a_pause(mount, sandbox):
    """Retry-After holds back all requests, and fewer go at a time afterwards."""
    box = sandbox(users=USERS, latency=LATENCY, profile="documents")
    m = mount(box, {"partnerize": {"parallel": 32}})
    # all that go after the first page
    box.fault(fault="status", status=429, retry_after=1, method="GET", skip=1, times=32)
    m.sh("exec 3<partnerize").ok()
    journal = sorted(box.journal(), key=lambda one: one["t_ms"])
    assert len(journal) == PAGES + 32
    told = min(one["t_ms"] + one["ms"] for one in journal if one["status"] == 429)
    # those that are not refused, without the first page, are sent when the pause has ended
    after = [one["t_ms"] for one in journal if one["status"] == 200][1:]
    assert after[0] >= told + 990
    # none of these has got its response yet
    assert sum(arrival < after[0] + LATENCY / 2 for arrival in after) <= 16


@pytest.mark.parametrize("parallel", [1, 3])
def test_never_more_in_flight(mount, sandbox, parallel):
    """Listing, reading and writing at once share one limit."""
    box = sandbox(users=1000)
    m = mount(box, {"partnerize": {"parallel": parallel}})
    m.sh("readlink partnerize/self").ok()
    with box.holding(parallel, path="/user/*"):
        first = [m.spawn(f"cat partnerize/{ident}.json") for ident in range(11, 16)]
        writers = [m.spawn(f"echo inactive > partnerize/{ident}.status") for ident in range(22, 29)]
        lister = m.spawn("ls partnerize")
    for command in [*first, *writers, lister]:
        command.finish().ok()
    (m.path / ".rosterfs/refresh").write_text("all")
    assert len(os.listdir(m.path / "partnerize")) > 2000
    assert box.counts()["max_in_flight"] == parallel


def test_warm_costs_no_request(mount, sandbox):
    box = sandbox(users=USERS)
    m = mount(box)
    m.sh("ls -l partnerize").ok()
    box.reset()
    for _ in range(3):
        assert len(m.sh("ls -l partnerize").ok().lines()) >= 2 * USERS
        m.sh("cat partnerize/99*.json partnerize/99*.status").ok()
    assert box.counts()["total"] == 0


def test_parallel_writes(mount, sandbox):
    """64 status changes are 128 requests, 16 at a time."""
    box = sandbox(users=200)
    m = mount(box, {"rosterfs": {"status_limit": 0}, "partnerize": {"parallel": 16}})
    os.listdir(m.path / "partnerize")
    os.readlink(m.path / "partnerize/self")
    active = [user["user_id"] for user in box.control("GET", "users") if user["status"] == "active"]
    chosen = active[10:74]
    for word in itertools.islice(itertools.cycle(("inactive", "active")), 3):
        box.reset()
        change_all(m, chosen, word)
        counts = box.counts()
        assert all(box.user(ident)["status"] == word for ident in chosen)
        assert (counts["GET /user/{id}"], counts["PUT /user/{id}"]) == (64, 64)
        assert counts["total"] == 128
        assert counts["max_in_flight"] == 16


def change_all(m, idents, word):
    """Write WORD to the status of each of IDENTS, all at once."""
    errors = []

    def change(ident):
        try:
            (m.path / f"partnerize/{ident}.status").write_text(word + "\n")
        except OSError as error:
            errors.append(error)
    threads = [threading.Thread(target=change, args=(ident,)) for ident in idents]
    with m.sandbox.holding(16):
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_one_slow_record_delays_no_other(mount, sandbox):
    """A write that takes long holds no connection that others need, and no directory."""
    box = sandbox(users=50)
    m = mount(box, {"partnerize": {"parallel": 2}})
    os.listdir(m.path / "partnerize")
    box.fault(fault="stall", path="/user/7", times=-1)
    slow = m.spawn("echo inactive > partnerize/7.status")
    harness.wait_until(lambda: box.counts()["in_flight"], 5 * harness.SCALE, "the request")
    for ident in range(11, 16):
        assert m.sh(f"echo inactive > partnerize/{ident}.status").ok().seconds < harness.AT_ONCE
    assert m.sh("ls -l partnerize; cat partnerize/7.json").ok().seconds < harness.AT_ONCE
    box.clear_faults()
    slow.finish().ok()
