# SPDX-License-Identifier: Apache-2.0
"""The shared store, and a host or a server that dies or sleeps at each step of a write."""

import os
import signal
import time

import pytest

import ep_store
import harness
from harness import wait_until
from shared_hosts import BACK, HANG, lan, names, server, shows, status_of, team, wait_up
from system import stopped
from writes import GOOD, at_vendor, last_line, read, save, sent, text_of

__all__ = ["lan", "server", "team"]  # fixtures

USER = "/user/7"
FILE = "partnerize/7.json"
PHONE = """echo '{"phone": "+1 A"}' > partnerize/7.json"""
# where a write is held at the vendor: the read before it, the write itself before and after it is applied
STEPS = {"get": {"method": "GET", "fault": "stall"}, "put": {"method": "PUT", "fault": "stall"},
         "applied": {"method": "PUT", "fault": "stall_after"}}
EACH = pytest.mark.parametrize("step", STEPS)


def puts(box, ident=7):
    return [entry for entry in sent(box) if entry["path"] == f"/user/{ident}"]


def held(t, step, command=PHONE):
    """A write of the first mount that is held at STEP: a harness.Command."""
    t.each(lambda m: read(m, FILE))
    t.box.reset()
    t.box.fault(path=USER, times=1, **STEPS[step])
    command = t[0].spawn(command)
    t.box.wait_held(STEPS[step]["method"], USER)
    return command


def named(t):
    """Is there a line in a log that names what may have been lost?"""
    return any(last_line(m, "has overwritten") or last_line(m, "the lock of the record was lost") for m in t)


def timezone(m):
    return save(m.path / FILE, text_of({"timezone": "Asia/Tokyo"}))


def quiet(t):
    """All locks are free again: a write of each mount ends well, in less than a hang's time."""
    for number, m in enumerate(t):
        if not m.ended:
            city = {"address": {("line1", "city", "postcode")[number]: "Free"}}
            assert save(m.path / FILE, text_of(city)) == GOOD
    assert "Free" in at_vendor(t.box, 7)["address"].values()


# ---- a mount is killed ----

@EACH
def test_a_mount_is_killed(team, step):
    """The lock is free within seconds, and what it had applied is neither doubled nor undone."""
    t = team(3)
    writer = held(t, step)
    waits = t[1].spawn("""echo '{"timezone": "Asia/Tokyo"}' > partnerize/7.json""")
    harness.wait_for_sleepers([waits])
    start = time.monotonic()
    t[0].abandon()
    writer.kill()
    waits.finish(HANG).ok()
    assert time.monotonic() - start < HANG
    t.box.clear_faults()
    now = at_vendor(t.box, 7)
    assert now["timezone"] == "Asia/Tokyo"
    assert (now.get("phone") == "+1 A") == (step == "applied")
    assert len([one for one in puts(t.box) if "+1 A" in str(one["body"])]) <= 2  # and one that carries it along
    quiet(t)


def test_many_writers_killed(team):
    """Locks of many records of a killed mount are all free again."""
    t = team(2, {"partnerize": {"parallel": 8}})
    t.each(names)
    t.box.fault(fault="stall", method="PUT", times=-1)
    idents = [11, 12, 13, 14, 15, 16]
    writers = [t[0].spawn(f"echo inactive > partnerize/{ident}.status") for ident in idents]
    wait_until(lambda: t.box.counts()["in_flight"] >= 4, HANG, "writes in flight")
    t[0].abandon()
    for one in writers:
        one.kill()
    t.box.clear_faults()
    for ident in idents:
        assert save(t[1].path / f"partnerize/{ident}.status", "inactive") == GOOD


# ---- a mount sleeps ----

def sleeping(m):
    os.kill(m.pid, signal.SIGSTOP)
    wait_until(lambda: stopped(m.pid), BACK, "a mount that sleeps")


@EACH
@pytest.mark.no_tsan
def test_a_mount_sleeps(team, step):
    """
    Ten seconds, in which its lease ends and another host writes: when it wakes it does not overwrite
    that, or says so in the log.
    """
    t = team(2)
    writer = held(t, step)
    sleeping(t[0])
    try:
        t.box.clear_faults()
        time.sleep(0.5)
        assert timezone(t[1]) == GOOD
        assert at_vendor(t.box, 7)["timezone"] == "Asia/Tokyo"
        time.sleep(10)
    finally:
        os.kill(t[0].pid, signal.SIGCONT)
    result = writer.finish(HANG)
    now = at_vendor(t.box, 7)
    assert now["timezone"] == "Asia/Tokyo" or named(t), t[0].log()
    assert result.code or now.get("phone") == "+1 A", repr(result)
    wait_up(*t)
    quiet(t)
    for m in t:
        shows(lambda m=m: read(m, FILE)["timezone"], at_vendor(t.box, 7)["timezone"])


@pytest.mark.no_tsan
def test_a_leaver_stays_inactive(team):
    """A sleeps between its GET and its PUT, and B deactivates meanwhile: whatever A sends, it ends inactive."""
    t = team(2)
    writer = held(t, "get")
    sleeping(t[0])
    try:
        t.box.clear_faults()
        assert save(t[1].path / "partnerize/7.status", "inactive") == GOOD
    finally:
        os.kill(t[0].pid, signal.SIGCONT)
    writer.finish(HANG)
    wait_until(lambda: at_vendor(t.box, 7)["status"] == "inactive", HANG, "inactive at the vendor")
    time.sleep(1)
    assert at_vendor(t.box, 7)["status"] == "inactive"
    for m in t:
        shows(lambda m=m: (m.path / "partnerize/7.status").read_text(), "inactive\n")


def woken_late(t, write):
    """B's WRITE is done while A's is held at the vendor and A sleeps; the vendor carries A's out; A wakes."""
    sleeping(t[0])
    try:
        write()
        t.box.clear_faults()
        time.sleep(0.5)
    finally:
        os.kill(t[0].pid, signal.SIGCONT)


def test_what_undoes_a_deactivation_is_undone(team):
    """A's PUT, of a record that was active when A read it, is applied after B's deactivation."""
    t = team(2)
    writer = held(t, "put")

    def deactivate():
        assert save(t[1].path / "partnerize/7.status", "inactive") == GOOD
    woken_late(t, deactivate)
    writer.finish(HANG).ok()
    assert (at_vendor(t.box, 7)["status"], at_vendor(t.box, 7)["phone"]) == ("inactive", "+1 A"), t[0].log()
    assert '"status" was "inactive"' in last_line(t[0], "has overwritten what"), t[0].log()
    assert "inactive is written once more" in last_line(t[0], "once more")
    for m in t:
        shows(lambda m=m: (m.path / "partnerize/7.status").read_text(), "inactive\n")


def test_memberships_that_come_late_are_ended(sandbox, team):
    """A makes a user active again, and B makes it inactive, before A's first POST is applied."""
    box = ep_store.store(sandbox)
    t = team(2, box=box)
    five = ep_store.person(box, 5)
    assert ep_store.status(t[1], five) == "active\n"
    assert ep_store.write(t[0], five, "inactive") == GOOD
    shows(lambda: ep_store.status(t[1], five), "inactive\n")
    box.fault(method="POST", path="/v2/accounts/*/account-memberships", fault="stall", times=1)
    writer = t[0].spawn(f"echo active > elasticpath/{five}.status")
    wait_until(lambda: any(one["held"] and one["method"] == "POST" for one in box.journal()), HANG, "a held POST")

    def deactivate():
        assert ep_store.write(t[1], five, "inactive") == GOOD
    woken_late(t, deactivate)
    assert writer.finish(HANG).code
    wait_until(lambda: not ep_store.accounts_of(box, five), HANG, "no memberships")
    time.sleep(1)
    assert not ep_store.accounts_of(box, five), t[0].log()
    for m in t:
        shows(lambda m=m: ep_store.status(m, five), "inactive\n")


# ---- the server dies or sleeps ----

@EACH
def test_the_server_is_killed(team, step):
    """And starts again, empty: the write is sent once, both hosts end up with the same, and all locks are free."""
    t = team(2)
    writer = held(t, step)
    t.server.kill()
    time.sleep(0.5)
    t.box.clear_faults()
    result = writer.finish(HANG)
    t.server.start()
    wait_up(*t)
    assert len(puts(t.box)) <= 1 or result.code == 0
    ours = [one for one in puts(t.box) if one["status"] == 200 or one["held"]]
    assert len(ours) <= 1, ours
    now = at_vendor(t.box, 7)
    assert result.code or now["phone"] == "+1 A", repr(result)
    if now.get("phone") == "+1 A":
        for m in t:
            shows(lambda m=m: read(m, FILE).get("phone"), "+1 A")
    quiet(t)


@EACH
@pytest.mark.no_tsan
def test_the_server_sleeps(team, step):
    """Ten seconds. Whoever writes meanwhile is told, and nothing waits for longer than its deadline."""
    t = team(2)
    writer = held(t, step)
    with t.server.paused():
        t.box.clear_faults()
        start = time.monotonic()
        second = timezone(t[1])
        assert read(t[1], FILE)
        assert time.monotonic() - start < HANG
        if second != GOOD:
            assert second.write == "EREMOTEIO"
            assert "the shared store can't be reached: no lock" in last_line(t[1], "EREMOTEIO")
        time.sleep(max(0, 10 - (time.monotonic() - start)))
    result = writer.finish(HANG)
    wait_up(*t)
    now = at_vendor(t.box, 7)
    assert result.code or now["phone"] == "+1 A"
    assert second != GOOD or now["timezone"] == "Asia/Tokyo"
    quiet(t)
    for m in t:
        shows(lambda m=m: read(m, FILE).get("phone"), now.get("phone"))


@EACH
def test_the_lock_is_lost(team, step):
    """As after a failover to a replica that had not heard of it: the next host may write, and nothing is lost."""
    t = team(2)
    writer = held(t, step)
    t.server.ask("FLUSHALL")
    second = t[1].spawn("""echo '{"timezone": "Asia/Tokyo"}' > partnerize/7.json""")
    time.sleep(2)
    t.box.clear_faults()
    first, second = writer.finish(HANG), second.finish(HANG)
    now = at_vendor(t.box, 7)
    assert first.code or now.get("phone") == "+1 A" or named(t)
    assert second.code or now["timezone"] == "Asia/Tokyo" or named(t)
    quiet(t)


@pytest.mark.parametrize("how", ["restart", "flush"])
@pytest.mark.parametrize("ms", [300, 600, 1500])
def test_an_empty_server_grants_no_lock_twice(team, how, ms):
    """A deactivates, the server forgets A's lock, B edits the same user: who was deactivated stays so."""
    t = team(2)
    t.each(lambda m: read(m, FILE))
    t.box.fault(fault="slow", method="PUT", path=USER, ms=ms)
    t.box.fault(fault="slow", method="PUT", path=USER, ms=1500)
    first = t[0].spawn("echo inactive > partnerize/7.status")
    wait_until(lambda: puts(t.box), HANG, "the first PUT")
    if how == "restart":
        t.server.restart()
    else:
        t.server.ask("FLUSHALL")
    second = t[1].spawn(PHONE)
    results = [first.finish(HANG), second.finish(HANG)]
    wait_until(lambda: results[0].code or at_vendor(t.box, 7)["status"] == "inactive", BACK,
               f"inactive at the vendor, after {results}")
    time.sleep(1)
    assert results[0].code or at_vendor(t.box, 7)["status"] == "inactive", results
    wait_up(*t)
    quiet(t)


def test_all_that_was_cached_is_compared(team):
    """While the server was away, hosts that may write without it wrote: when it is back, all show that."""
    t = team(2, {"rosterfs": {"shared_required": "no"}})
    t.each(lambda m: read(m, FILE))
    t.server.kill()
    t.box.patch(9, {"lastname": "Colleague"})
    for m, ident in zip(t, (7, 8)):
        assert save(m.path / f"partnerize/{ident}.status", "inactive") == GOOD
        assert "store" in last_line(m, "store"), m.log()
    t.server.start()
    wait_up(*t)
    for m in t:
        for ident in (7, 8):
            shows(lambda m=m, ident=ident: (m.path / f"partnerize/{ident}.status").read_text(), "inactive\n")
        shows(lambda m=m: read(m, "partnerize/9.json")["lastname"], "Colleague")
    assert len(sent(t.box)) == 2


# ---- the network ----

def test_the_cable_is_cut(sandbox, lan, team):
    """Of the host that holds the lock: another one writes within seconds, and the first goes on when it is back."""
    box = sandbox(users=25)
    t = team(3, {"partnerize": {"timeout": 3, "retry_budget": 20}}, box=box, lan=lan(box))
    t.each(names)
    # in hosts, who is who is told by their names
    assert "host-a fetches" not in status_of(t[1])
    writer = held(t, "put")
    t.networks[0].cut()
    try:
        waits = t[1].spawn("""echo '{"timezone": "Asia/Tokyo"}' > partnerize/7.json""")
        waits.finish(HANG).ok()
        assert at_vendor(box, 7)["timezone"] == "Asia/Tokyo"
        # what is in memory is still shown
        assert len(names(t[0])) > 25
        wait_until(lambda: "store" in status_of(t[0]), HANG, "words about the store")
    finally:
        t.networks[0].mend()
        box.clear_faults()
    writer.finish(2 * HANG)
    wait_up(*t)
    assert at_vendor(box, 7)["timezone"] == "Asia/Tokyo" or named(t), t[0].log()
    quiet(t)


def test_cold_on_a_lan(sandbox, lan, team):
    """Three hosts with networks of their own: the vendor is asked for each page once."""
    box = sandbox(users=500, latency=50)
    t = team(3, box=box, lan=lan(box))
    assert len({tuple(found) for found in map(tuple, t.each(names))}) == 1
    assert len(t.lists()) == len(set(t.lists()))
    assert save(t[0].path / "partnerize/7.status", "inactive") == GOOD
    for m in t[1:]:
        shows(lambda m=m: (m.path / "partnerize/7.status").read_text(), "inactive\n")


# ---- the server forgets ----

def emptied(t):
    t.server.ask("FLUSHALL")


def restarted(t):
    t.server.kill()
    t.server.start()


def restarted_with_old_data(t):
    """It has saved what it knew before the lock was taken."""
    t.server.kill()
    t.server.start()


@pytest.mark.no_tsan
@pytest.mark.parametrize("forget", [emptied, restarted, restarted_with_old_data])
@pytest.mark.parametrize("milliseconds", [600, 2500])
def test_a_server_forgets_a_lock(team, forget, milliseconds):
    """A deactivation is under way meanwhile, and another host wants the same record: it is not undone."""
    t = team(2)
    t.each(lambda m: read(m, FILE))
    assert save(t[0].path / "partnerize/8.status", "inactive") == GOOD
    wait_up(*t)
    if forget is restarted_with_old_data:
        t.server.ask("SAVE")
    t.box.reset()
    t.box.fault(path=USER, method="PUT", fault="slow", ms=milliseconds, times=1)
    writer = t[0].spawn("echo inactive > partnerize/7.status")
    wait_until(lambda: t.box.counts()["in_flight"] >= 1, HANG, "the write")
    forget(t)
    wait_up(*t)
    assert save(t[1].path / FILE, text_of({"timezone": "Asia/Tokyo"})) == GOOD
    writer.finish(HANG).ok()
    now = at_vendor(t.box, 7)
    assert (now["status"], now["timezone"]) == ("inactive", "Asia/Tokyo")
    shows(lambda: (t[1].path / "partnerize/7.status").read_text(), "inactive\n")
    assert sum(one["status_sent"] == "inactive" for one in puts(t.box)) <= 2
    quiet(t)
