# SPDX-License-Identifier: Apache-2.0
"""The shared store and lists: what one host fetches the others take, and go on with if it dies."""

import collections
import concurrent.futures
import os
import re
import time

import pytest

import ep_store
import harness
from harness import SCALE, wait_until
from redis_server import INSTALLED
from shared_hosts import HANG, lan, names, server, shows, status_of, team
from writes import last_line, read

__all__ = ["lan", "server", "team"]  # fixtures

USERS = "GET /user"
ALL_OF_IT = "cd elasticpath && ls && cat *.status && ls accounts/*/members"
# a page after another, so that a test knows where a walk is
ONE_BY_ONE = {"partnerize": {"parallel": 1}}


def wanted(count):
    """What an account's directory shows of so many users."""
    return sorted([f"{ident}.{end}" for ident in range(1, count + 1) for end in ("json", "status")])


def users(m):
    """Its records, without what else stands there."""
    return [name for name in names(m) if name.endswith((".json", ".status"))]


def alone(mount, box, extra=None):
    """How many requests a walk of the list takes without a store; they are forgotten."""
    m = mount(box, extra)
    names(m)
    asked = box.counts()[USERS]
    box.reset()
    return asked


def each_once(team, asked):
    """The vendor was asked for each page once, and for ASKED pages in all."""
    pages = collections.Counter(team.lists())
    assert set(pages.values()) == {1}, pages
    assert len(pages) == asked


@pytest.mark.parametrize("program", INSTALLED or ["redis"])
@pytest.mark.parametrize("on", ["port", "socket"])
def test_four_cold(mount, team, program, on):
    t = team(4, program=program, on=on, users=1000, latency=50)
    asked = alone(mount, t.box)
    assert t.each(users) == [wanted(1000)] * 4
    each_once(t, asked)
    # and what they show is the same
    texts = t.each(lambda m: (m.path / "tables/partnerize.jsonl").read_text())
    assert len(set(texts)) == 1 and len(texts[0].splitlines()) == 1000
    each_once(t, asked)


@pytest.mark.parametrize("on", ["port", "socket"])
def test_a_fifth(team, on):
    """Later, from the store: no request for the list, nor for what is in it."""
    t = team(1, on=on, users=250)
    assert users(t[0]) == wanted(250)
    whole = t[0].sh("cat partnerize/*.json partnerize/*.status; ls -U partnerize").ok().out
    t.box.reset()
    fifth = t.add()
    assert fifth.sh("cat partnerize/*.json partnerize/*.status; ls -U partnerize").ok().out == whole
    counts = t.box.counts()
    assert not counts.get(USERS) and not counts.get("GET /user/{id}"), counts


def test_when_all_others_have_gone(team):
    """The list outlives the mount that fetched it: a container starts warm."""
    t = team(1, users=250)
    names(t[0])
    assert t[0].unmount().code == 0 and t[0].wait() == 0
    t.box.reset()
    assert users(t.add()) == wanted(250)
    assert t.lists() == []


def test_an_empty_account(team):
    """No user but the key's own: an empty page is a list, too."""
    t = team(2, users=1)
    assert t.each(users) == [wanted(1)] * 2


def test_refresh(team):
    """On one host it is for all, and the list is fetched once."""
    t = team(3, users=250)
    t.each(names)
    asked = len(t.lists())
    t.box.patch(7, {"lastname": "Anew"})
    t.box.delete(9)
    t.box.reset()
    (t[0].path / ".rosterfs/refresh").write_text("partnerize\n")
    gone = [name for name in wanted(250) if not name.startswith("9.")]
    assert users(t[0]) == gone
    for m in t[1:]:
        shows(lambda m=m: users(m), gone)
        shows(lambda m=m: read(m, "partnerize/7.json")["lastname"], "Anew")
    each_once(t, asked)


@pytest.mark.parametrize("users_each", [250, 1200])
def test_the_kernel_forgets_what_is_refreshed(team, users_each):
    """stat alone, whose answers the kernel caches, shows on all hosts what a refresh on one must find."""
    t = team(2, users=users_each)
    text = (t[1].path / "partnerize/7.json").read_bytes()
    assert t[1].sh("ls -l partnerize >/dev/null; stat -c %s partnerize/7.json").out == f"{len(text)}\n"
    t.box.patch(7, {"lastname": "One who is much longer than before"})
    t.box.delete(9)
    assert (t[1].path / "partnerize/7.json").stat().st_size == len(text)
    assert os.path.exists(t[1].path / "partnerize/9.json")
    (t[0].path / ".rosterfs/refresh").write_text("partnerize\n")
    shows(lambda: (t[1].path / "partnerize/7.json").stat().st_size != len(text), True)
    shows(lambda: os.path.exists(t[1].path / "partnerize/9.json"), False)
    assert "much longer" in (t[1].path / "partnerize/7.json").read_text()


def kill_at(t, pages):
    """SIGKILL for the first mount when the vendor was asked for PAGES pages; what its ls said does not matter."""
    t.box.fault(fault="stall", method="GET", path="/user", skip=pages, times=1)
    first = t[0].spawn("ls partnerize >/dev/null")
    wait_until(lambda: len(t.lists()) > pages, HANG, f"{pages} pages")
    others = [m.spawn("ls partnerize") for m in t[1:]]
    harness.wait_for_sleepers(others)
    harness.kill(t[0].pid)
    started = time.monotonic()
    t[0].abandon()
    first.kill()
    t.box.clear_faults()
    return others, started


@pytest.mark.no_tsan
def test_the_fetcher_is_killed(mount, team):
    """Another one takes over, behind the pages that were there."""
    t = team(3, ONE_BY_ONE, users=3000, latency=20)
    asked = alone(mount, t.box, ONE_BY_ONE)
    others, started = kill_at(t, 12)
    for one in others:
        assert [name for name in one.finish(HANG).ok().lines() if name[0].isdigit()] == wanted(3000)
    assert time.monotonic() - started < HANG
    # what had arrived is not asked for again: but for the one that was under way, and one not yet told
    pages = collections.Counter(t.lists())
    assert len(pages) == asked
    assert sum(pages.values()) - len(pages) <= 3, pages
    assert pages[t.lists()[0]] == 1


def test_the_fetcher_is_stopped(team):
    """It is not dead, and goes on later: nobody waits for it, and both show the same."""
    t = team(2, ONE_BY_ONE, users=2000, latency=50)
    first = t[0].spawn("ls partnerize")
    wait_until(lambda: len(t.lists()) >= 5, HANG, "five pages")
    os.kill(t[0].pid, 19)
    try:
        assert users(t[1]) == wanted(2000)
    finally:
        os.kill(t[0].pid, 18)
    assert [name for name in first.finish(HANG).ok().lines() if name[0].isdigit()] == wanted(2000)


def test_the_one_who_asked_is_killed(team):
    """A process that asked for the list and is killed: the fetch ends or goes on, and others get theirs."""
    t = team(2, ONE_BY_ONE, users=1000)
    t.box.fault(fault="stall", method="GET", path="/user", skip=3, times=1)
    first = t[0].spawn("ls partnerize >/dev/null")
    wait_until(lambda: len(t.lists()) >= 4, HANG, "a page that stalls")
    other = t[1].spawn("ls partnerize")
    harness.wait_for_sleepers([other])
    first.kill()
    t.box.clear_faults()
    assert [name for name in other.finish(HANG).ok().lines() if name[0].isdigit()] == wanted(1000)
    assert users(t[0]) == wanted(1000)


@pytest.mark.parametrize("pages", [0, 3])
def test_the_one_who_does_not_get_on(team, pages):
    """A host whose request gets no response: another one goes on, and the first one takes what that one has read."""
    t = team(2, ONE_BY_ONE, users=1000)
    t.box.fault(fault="stall", method="GET", path="/user", skip=pages, times=1)
    first = t[0].spawn("ls partnerize")
    wait_until(lambda: any(entry["held"] for entry in t.box.journal()), HANG, "a page that stalls")
    other = t[1].spawn("ls partnerize")
    for one in (other, first):
        assert [name for name in one.finish(HANG).ok().lines() if name[0].isdigit()] == wanted(1000)
    # the page that got no response and, on a slow machine, those before that were not saved yet
    assert len(t.lists()) <= len(set(t.lists())) + pages + 1, t.lists()


def test_the_ttl_is_counted_from_the_fetch(team):
    """Each mount has its own ttl, and a list is as old as its fetch, not as its arrival here."""
    t = team(1, users=25)
    names(t[0])
    time.sleep(3)
    t.box.reset()
    # for this one it is fresh, for the next it is too old
    names(t.add({"partnerize": {"ttl": 600 * SCALE}}))
    assert t.lists() == []
    t.box.patch(7, {"lastname": "Anew"})
    quick = t.add({"partnerize": {"ttl": 2}})
    assert read(quick, "partnerize/7.json")["lastname"] == "Anew"
    assert t.box.counts()["total"] > 0


def test_an_old_list_is_fetched_once(team):
    """When the ttl ends, it is one of the mounts that asks."""
    t = team(3, {"partnerize": {"ttl": 3}}, users=250)
    t.each(names)
    asked = len(t.lists())
    time.sleep(3.5)
    t.box.settings(latency_ms=200)
    t.box.reset()
    t.each(names)
    assert len(t.lists()) == asked


def test_status_names_the_fetcher(team):
    t = team(2, ONE_BY_ONE, users=1000)
    t.box.fault(fault="stall", method="GET", path="/user", skip=3)
    first = t[0].spawn("ls partnerize >/dev/null")
    wait_until(lambda: any(entry["held"] for entry in t.box.journal()), HANG, "a page that stalls")
    other = t[1].spawn("ls partnerize >/dev/null")
    wait_until(lambda: f"{t[0].host} fetches: page" in status_of(t[1]), HANG, "the name of the host that fetches")
    text = status_of(t[1])
    assert text.count(" fetches: ") == 1 and re.search(r" host-a fetches: page [1-3], [\d,]+ users$", text, re.MULTILINE), text
    t.box.clear_faults()
    for one in (first, other):
        one.finish(HANG).ok()
    assert status_of(t[1]).count("fetching") == 0


def test_the_log_names_who_fetched(team):
    t = team(2, users=1200)
    t.each(names)
    taken = [m for m in t if "partnerize/users: 1,200 taken from the shared store, fetched by host-" in m.log()]
    assert len(taken) == 1, [m.log() for m in t]
    assert all("the shared store redis://" in m.log() and " is in use" in m.log() for m in t)


def test_the_vendor_fails_for_the_fetcher(team):
    """An error is its own: who waits asks by itself, and gets the list."""
    t = team(2, {"partnerize": {"parallel": 1, "retry_budget": 0}}, users=1000, latency=30)
    t.box.fault(fault="status", status=500, method="GET", path="/user", skip=4, times=1)
    first = t[0].spawn("ls partnerize")
    wait_until(lambda: len(t.lists()) >= 2, HANG, "two pages")
    other = t[1].spawn("ls partnerize")
    assert first.finish(HANG).code != 0
    assert [name for name in other.finish(HANG).ok().lines() if name[0].isdigit()] == wanted(1000)
    assert users(t[0]) == wanted(1000)


def test_keys_that_the_vendor_refuses(team):
    """A host whose own keys are refused still has what others fetched; its own requests fail."""
    t = team(1, users=25)
    names(t[0])
    t.box.settings(other_key="their-key")
    other = t.add({"partnerize": {"user_api_key": "their-key"}})
    assert users(other) == wanted(25)


def test_elastic_path(mount, sandbox, team):
    """The statuses, which are made of memberships, are shared as lists are."""
    box = ep_store.store(sandbox, accounts=6, latency=20)
    mount(box).sh(ALL_OF_IT).ok()
    asked = {kind: box.counts()[kind] for kind in (ep_store.LIST, ep_store.ACCOUNTS, ep_store.THEIRS)}
    box.reset()
    t = team(3, box=box)
    shown = t.each(lambda m: m.sh(ALL_OF_IT, timeout=60).ok().out)
    assert len(set(shown)) == 1
    assert {kind: box.counts()[kind] for kind in asked} == asked
    box.reset()
    late = t.add()
    assert late.sh(ALL_OF_IT).ok().out == shown[0]
    counts = box.counts()
    # the first status of all is asked for alone; and each host has a token of its own
    assert ep_store.asked(box) == counts.get(ep_store.OWN, 0) <= 1 and counts.get(ep_store.TOKEN, 0) <= 1, counts


def test_a_broken_list_is_not_shared(team):
    """A page that is no list is an error at its own mount, not a list for all."""
    t = team(2, {"partnerize": {"retry_budget": 0}}, users=250)
    t.box.fault(fault="html", method="GET", path="/user", times=-1)
    assert t[0].sh("ls partnerize").code != 0
    t.box.clear_faults()
    assert users(t[1]) == wanted(250)
    assert users(t[0]) == wanted(250)


def test_a_write_while_the_list_is_fetched(team):
    """Pages that were read before a write do not show it; the one who takes them does."""
    t = team(2, ONE_BY_ONE, users=1000)
    read(t[1], "partnerize/7.json")
    t.box.fault(fault="stall", method="GET", path="/user", skip=5)
    first = t[0].spawn("ls partnerize >/dev/null")
    wait_until(lambda: any(entry["held"] for entry in t.box.journal()), HANG, "a page that stalls")
    (t[1].path / "partnerize/7.json").write_text('{"phone": "+1 555"}')
    t.box.clear_faults()
    first.finish(HANG).ok()
    for m in (*t, t.add()):
        shows(lambda m=m: read(m, "partnerize/7.json")["phone"], "+1 555")


def test_keys_expire(team):
    """Nothing stays for ever, whoever forgets it."""
    t = team(2, users=250)
    t.each(names)
    (t[0].path / "partnerize/7.status").write_text("inactive")
    for key in t.server.keys():
        assert t.server.ask("PTTL", key) > 0, (key, t.server.ask("TYPE", key))


def test_in_chunks(team):
    """No value is so large that it blocks the server, and none so small that there are too many."""
    t = team(1, users=5000)
    names(t[0])
    with t.server.line() as line:
        for key in t.server.keys():
            kind = line.ask("TYPE", key)
            if kind == "string":
                assert line.ask("STRLEN", key) < 1 << 20
            elif kind == "hash":
                assert all(len(value) < 1 << 20 for value in line.ask("HVALS", key))
            elif kind == "stream":
                for _ident, fields in line.ask("XRANGE", key, "-", "+"):
                    assert all(len(part) < 1 << 20 for part in fields)
    slow = [entry for entry in t.server.ask("SLOWLOG", "GET", 100) if entry[2] > 20000 * SCALE]
    assert not slow, slow


@pytest.mark.plain
def test_bytes_of_a_user(team):
    t = team(1, users=3000)
    names(t[0])
    text = sum(len((t[0].path / f"partnerize/{ident}.json").read_bytes()) for ident in range(1, 3001))
    used = t.server.bytes_used()
    assert used <= 1.2 * text, f"{used / 3000:.0f} bytes a user, whose text has {text / 3000:.0f}"


def test_nothing_without_a_store(mount, sandbox):
    """Two mounts that share nothing each ask for themselves, and say nothing of a store."""
    box = sandbox(users=25)
    asked = alone(mount, box)
    both = [mount(box), mount(box)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(names, both))
    assert box.counts()[USERS] == 2 * asked
    for m in both:
        assert "shared" not in status_of(m)
        assert "rosterfs_store" not in (m.path / ".rosterfs/metrics").read_text()
        assert last_line(m, "shared store") == ""
