"""Time and requests against what the wire allows. Bounds are wide enough for a busy machine."""

import itertools
import os
import re
import threading
import time

import pytest

import harness

pytestmark = [pytest.mark.plain, pytest.mark.limit(120)]

USERS = 10000
LATENCY = 50
PAGES = USERS // 100
# Times the same pages by curl. Both take 14 rounds: curl begins with one page to see what the
# connection can do, and here the first page takes one, and the last one has the proof of the end.
MOST = 1.2
# A busy machine only ever makes either of them slower, so that the quickest of several runs is what
# each can do. They take turns, so that both have the same weather.
PAIRS = (3, 16)


def seconds(function):
    start = time.monotonic()
    function()
    return time.monotonic() - start


def curl_config(box, place):
    """A file for curl -K with the pages, and the headers that rosterfs sends."""
    first, second = re.findall(r"_key = (\S+)", box.config())
    file = place / "curl.conf"
    file.touch(0o600)
    file.write_text(f'header = "X-Application-Key: {first}"\nheader = "X-User-Api-Key: {second}"\n'
                    "parallel\nparallel-max = 8\nsilent\nfail\ncompressed\n"
                    f'output = "/dev/null"\nurl = "{box.url}/user?page=[1-{PAGES}]&count=100"\n')
    return file


def test_cold_list(mount, sandbox, place):
    """ls of 10,000 users takes little longer than fetching the pages."""
    box = sandbox(users=USERS, latency=LATENCY)
    file = curl_config(box, place)
    ours, curls = [], []
    while len(ours) < PAIRS[0] or (len(ours) < PAIRS[1] and min(ours) > MOST * min(curls)):
        m = mount(box, {"partnerize": {"parallel": 8}})
        curls.append(curl_seconds(m, box, file))
        ours.append(list_seconds(m, box))
        assert m.unmount().code == 0
        m.wait()
    assert min(ours) <= MOST * min(curls), f"{min(ours) / min(curls):.3f}: {ours} to {curls}"


def curl_seconds(m, box, file):
    box.reset()
    took = m.sh(f"curl -K {file}").ok().seconds
    assert box.counts()["total"] == PAGES
    return took


def list_seconds(m, box):
    box.reset()
    result = m.sh("ls -f partnerize").ok()
    counts = box.counts()
    assert result.out.count(".json\n") == USERS
    # the page that proves the end, and what else is asked for before it comes
    assert PAGES + 1 <= counts["total"] <= PAGES + 7
    assert counts["max_in_flight"] == 8
    return result.seconds


@pytest.mark.parametrize("most", [4, 8, 16])
def test_a_vendor_that_takes_fewer(mount, sandbox, most):
    """What is too many for a vendor (429) is found out, at a price: a roster takes half as long again."""
    box = sandbox(users=USERS, latency=LATENCY, profile="documents")
    box.settings(max_parallel=most)
    ideal = (1 + (PAGES - 1) / most) * LATENCY / 1000
    took = []
    while not took or (len(took) < 8 and min(took) > 1.5 * ideal):
        m = mount(box, {"partnerize": {"parallel": 32}})
        box.reset()
        # the open waits for the roster
        took.append(m.sh("exec 3<partnerize").ok().seconds)
        statuses = [one["status"] for one in box.journal()]
        assert statuses.count(200) == PAGES
        assert 1 <= statuses.count(429) == len(statuses) - PAGES <= 2 * 32 + PAGES / 10
        assert len(os.listdir(m.path / "partnerize")) > 2 * USERS
        assert m.unmount().code == 0
        m.wait()
    assert min(took) <= 1.5 * ideal, f"{took} s instead of {ideal} s"


def test_a_vendor_that_wants_a_pause(mount, sandbox):
    """Retry-After holds back all requests, and fewer go at a time afterwards."""
    box = sandbox(users=USERS, latency=LATENCY, profile="documents")
    seen = []
    while not seen or (len(seen) < 6 and not all(seen[-1])):
        m = mount(box, {"partnerize": {"parallel": 32}})
        box.reset()
        box.fault(fault="status", status=429, retry_after=1, method="GET", skip=1, times=20)
        took = m.sh("exec 3<partnerize").ok().seconds
        assert took >= 1
        journal = box.journal()
        assert len(journal) == PAGES + 20
        told = min(one["t_ms"] + one["ms"] for one in journal if one["status"] == 429)
        # on a busy machine what was on its way then arrives later than that
        after = sorted(one["t_ms"] for one in journal if one["t_ms"] > told + 10)
        seen.append((took <= 2.5, after[0] >= told + 990,
                     sum(arrival < after[0] + LATENCY / 2 for arrival in after) <= 16))
        assert m.unmount().code == 0
        m.wait()
    assert all(seen[-1]), seen


@pytest.mark.parametrize("parallel", [1, 3])
def test_never_more_in_flight(mount, sandbox, parallel):
    """Listing, reading and writing at once share one limit."""
    box = sandbox(users=1000, latency=5)
    m = mount(box, {"partnerize": {"parallel": parallel}})
    first = [m.spawn(f"cat partnerize/{ident}.json") for ident in range(11, 16)]
    writers = [m.spawn(f"echo inactive > partnerize/{ident}.status") for ident in range(22, 29)]
    for command in [*first, *writers]:
        command.finish().ok()
    (m.path / ".rosterfs/refresh").write_text("all")
    assert len(os.listdir(m.path / "partnerize")) > 2000
    assert box.counts()["max_in_flight"] == parallel


def test_warm_costs_no_request(mount, sandbox):
    box = sandbox(users=USERS)
    m = mount(box)
    m.sh("ls -l partnerize").ok()
    box.reset()
    lists = [m.sh("ls -l partnerize").ok() for _ in range(3)]
    assert all(len(result.lines()) >= 2 * USERS for result in lists)
    assert min(result.seconds for result in lists) < 3
    assert min(m.sh("cat partnerize/99*.json partnerize/99*.status").ok().seconds for _ in range(3)) < 3
    assert box.counts()["total"] == 0


def test_parallel_writes(mount, sandbox):
    """64 status changes: as long as 128 requests take, 16 at a time."""
    box = sandbox(users=200, latency=LATENCY)
    m = mount(box, {"rosterfs": {"status_limit": 0}, "partnerize": {"parallel": 16}})
    os.listdir(m.path / "partnerize")
    os.readlink(m.path / "partnerize/self")
    active = [user["user_id"] for user in box.control("GET", "users") if user["status"] == "active"]
    chosen = active[10:74]
    ideal = 128 / 16 * LATENCY / 1000
    took, words = [], itertools.cycle(("inactive", "active"))
    while not took or (len(took) < 8 and min(took) > 1.5 * ideal):
        word = next(words)
        took.append(change_all(m, chosen, word))
        counts = box.counts()
        assert all(box.user(ident)["status"] == word for ident in chosen)
        assert (counts["GET /user/{id}"], counts["PUT /user/{id}"]) == (64, 64)
        assert counts["total"] == 128
        assert counts["max_in_flight"] == 16
    assert min(took) <= 1.5 * ideal, f"{took} s instead of {ideal} s"


def change_all(m, idents, word):
    """Write WORD to the status of each of IDENTS, all at once; the seconds that it took."""
    errors = []
    go = threading.Event()

    def change(ident):
        go.wait()
        try:
            (m.path / f"partnerize/{ident}.status").write_text(word + "\n")
        except OSError as error:
            errors.append(error)
    threads = [threading.Thread(target=change, args=(ident,)) for ident in idents]
    for thread in threads:
        thread.start()
    m.sandbox.reset()
    took = seconds(lambda: (go.set(), [thread.join() for thread in threads]))
    assert not errors
    return took


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
