# SPDX-License-Identifier: Apache-2.0
"""The shared store and writes: no update is lost between hosts, and what one wrote all show at once."""

import concurrent.futures
import csv
import json
import os
import time

import pytest

import ep_store
import harness
from harness import SCALE, wait_until
from redis_server import INSTALLED
from shared_hosts import HANG, lan, names, server, shows, team
from test_delete import delete, gone
from test_new_users import NEW, made, make
from writes import (GOOD, at_vendor, changed, edited, last_line, read, refused, save, sent, text_of)

__all__ = ["lan", "server", "team"]  # fixtures

DELETABLE = {"partnerize": {"allow_delete": "yes"}}
FAR = 100000  # milliseconds: a read shows the state before all that the test has done
USER = "partnerize/7.json"
STATUS = "partnerize/7.status"


def word(m, ident=7):
    return (m.path / f"partnerize/{ident}.status").read_text().strip()


def size(m, ident=7):
    return (m.path / f"partnerize/{ident}.status").stat().st_size


def in_table(m, ident=7):
    with open(m.path / "tables/partnerize.csv", newline="", encoding="utf-8") as file:
        return next(row["status"] for row in csv.DictReader(file) if row["user_id"] == str(ident))


def in_lines(m, ident=7):
    for line in (m.path / "tables/partnerize.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["user_id"] == str(ident):
            return record["status"]
    return None


def by_email(m, email):
    return (m.path / "by-email" / email / "partnerize.status").read_text().strip()


def everywhere(m, email):
    """The status of user 7 by all ways that lead to it."""
    return {"cat": word(m), "json": read(m, USER)["status"], "csv": in_table(m), "jsonl": in_lines(m),
            "by-email": by_email(m, email), "size": size(m) - 1}


def all_say(status):
    return {**dict.fromkeys(("cat", "json", "csv", "jsonl", "by-email"), status), "size": len(status)}


# ---- nothing is lost ----

FIELDS = ("firstname", "lastname", "phone", "timezone", "address.line1", "address.city", "address.postcode",
          "cost_centre")


def edit_of(field, value):
    head, _, tail = field.partition(".")
    return {head: {tail: value}} if tail else {head: value}


def value_of(record, field):
    head, _, tail = field.partition(".")
    return record.get(head, {}).get(tail) if tail else record.get(head)


@pytest.mark.no_tsan
@pytest.mark.parametrize("program", INSTALLED or ["redis"])
def test_no_update_is_lost(team, program):
    """Four mounts, whose writers edit other fields of the same five records."""
    hosts, writers, edits, records = 4, 4, 10, 5
    t = team(hosts, {"partnerize": {"parallel": 16}}, program=program, users=25, latency=2)
    t.each(names)
    # an address that two writers add is one value, and a conflict
    for ident in range(2, 2 + records):
        assert save(t[0].path / f"partnerize/{ident}.json", text_of(
            {"address": {part: "-" for part in ("line1", "city", "postcode")}})) == GOOD
    t.box.control("POST", "changes")
    want = {}

    def write(host, number):
        mine = host * writers + number
        field, share = FIELDS[mine // 2], mine % 2
        ours = [ident for ident in range(2, 2 + records) if ident % 2 == share]
        for turn in range(edits):
            ident = ours[turn % len(ours)]
            value = f"{mine}-{turn}"
            assert save(t[host].path / f"partnerize/{ident}.json", text_of(edit_of(field, value))) == GOOD
            want[ident, field] = value
    with concurrent.futures.ThreadPoolExecutor(hosts * writers) as pool:
        for one in [pool.submit(write, host, number) for host in range(hosts) for number in range(writers)]:
            one.result()
    for (ident, field), value in want.items():
        assert value_of(at_vendor(t.box, ident), field) == value, (ident, field)
    # nor was anything reverted and set again meanwhile
    for change in t.box.control("GET", "changes")["changes"]:
        fields = changed(change["before"], change["after"])
        assert len(fields) <= 1, (fields, change)
    for (ident, field), value in want.items():
        for m in t:
            shows(lambda m=m, ident=ident, field=field: value_of(read(m, f"partnerize/{ident}.json"), field), value)


def overlapping(box, ident="7"):
    """Pairs of requests about a record by which one host's GET and PUT have another's PUT between them."""
    spans = [(entry["t_us"], entry["end_us"]) for entry in box.journal()
             if entry.get("id") == ident and entry["method"] == "PUT"]
    spans.sort()
    return [(one, two) for one, two in zip(spans, spans[1:]) if two[0] < one[1]]


def test_one_at_a_time(team):
    """Writes of a record on four hosts: never two PUTs at the vendor at once."""
    t = team(4, {"partnerize": {"parallel": 16}}, latency=30)
    t.each(names)
    t.box.reset()

    def write(m):
        for turn in range(3):
            assert save(m.path / USER, text_of(edit_of(FIELDS[t.index(m)], f"{m.host} {turn}"))) == GOOD
    t.each(write)
    assert len(sent(t.box)) == 12 and not overlapping(t.box)


def test_other_records_do_not_wait(team):
    """A lock is a record's, and a write that stalls on one host holds up nobody else's."""
    t = team(2, latency=0)
    t.each(names)
    t.box.fault(fault="stall", method="PUT", path="/user/7")
    stalls = t[0].spawn("echo inactive > partnerize/7.status")
    t.box.wait_held("PUT", "/user/7")
    assert save(t[1].path / "partnerize/8.status", "inactive") == GOOD
    assert save(t[0].path / "partnerize/9.status", "inactive") == GOOD
    waits = t[1].spawn("""echo '{"phone": "+1"}' > partnerize/7.json""")
    time.sleep(4)  # longer than a lease lasts that is not renewed
    assert not waits.done() and len([one for one in sent(t.box) if one["path"] == "/user/7"]) == 1
    t.box.clear_faults()
    stalls.finish().ok()
    waits.finish().ok()
    assert at_vendor(t.box, 7)["phone"] == "+1" and at_vendor(t.box, 7)["status"] == "inactive"


def test_who_waits_is_let_go(team):
    """Ctrl-C ends the wait for another host's lock, and the lock goes to the next."""
    t = team(3)
    t.each(names)
    t.box.fault(fault="stall", method="PUT", path="/user/7")
    stalls = t[0].spawn("echo inactive > partnerize/7.status")
    t.box.wait_held("PUT", "/user/7")
    waits = t[1].spawn("exec cp /dev/stdin partnerize/7.json <<< '{\"phone\": \"+1\"}'")
    time.sleep(0.5)
    later = t[2].spawn("exec cp /dev/stdin partnerize/7.json <<< '{\"phone\": \"+2\"}'")
    time.sleep(0.5)
    assert waits.kill(2) < HANG
    t.box.clear_faults()
    stalls.finish().ok()
    later.finish().ok()
    assert at_vendor(t.box, 7)["phone"] == "+2"


# ---- what one wrote all show ----

def test_a_deactivation(team):
    t = team(3)
    email = read(t[0], USER)["email"].lower()
    for m in t:
        assert everywhere(m, email) == all_say("active")
    before = [(m.path / USER).stat().st_mtime_ns for m in t]
    t.box.reset()
    assert save(t[0].path / STATUS, "inactive") == GOOD
    assert everywhere(t[0], email) == all_say("inactive")
    for m, time_before in zip(t[1:], before[1:]):
        shows(lambda m=m: everywhere(m, email), all_say("inactive"))
        assert (m.path / USER).stat().st_mtime_ns >= time_before
    # by what A told, not by asking
    assert t.lists() == [] and t.box.counts().get("GET /user/{id}", 0) <= 2


def test_the_kernel_forgets(team):
    """B's pages are in the kernel, also of a file that is open: a new open and mmap show the new text."""
    t = team(2)
    assert t[1].sh("cat partnerize/7.json; stat -c %s partnerize/7.json; cat partnerize/7.json").code == 0
    with open(t[1].path / USER, encoding="utf-8") as before:
        assert "+44 7 long phone" not in before.read()
        assert save(t[0].path / USER, text_of({"phone": "+44 7 long phone"})) == GOOD
        shows(lambda: t[1].sh("cat partnerize/7.json").out.count("+44 7 long phone"), 1)
    text = (t[1].path / USER).read_bytes()
    assert (t[1].path / USER).stat().st_size == len(text)
    assert (t[0].path / USER).read_bytes() == text


def test_many_writes_are_seen_in_order(team):
    t = team(2)
    t.each(names)
    for turn in range(20):
        value = "inactive" if turn % 2 == 0 else "active"
        assert save(t[turn % 2].path / STATUS, value) == GOOD
        shows(lambda value=value, turn=turn: word(t[1 - turn % 2]), value)
    assert at_vendor(t.box, 7)["status"] == "active"


def test_made_and_deleted(team):
    t = team(2, DELETABLE)
    t.each(names)
    t.box.reset()
    assert make(t[0], NEW) == GOOD
    ident = made(t[0])
    shows(lambda: f"{ident}.json" in names(t[1]), True)
    assert read(t[1], f"partnerize/{ident}.json")["email"] == NEW["email"]
    assert save(t[1].path / f"partnerize/{ident}.json", text_of({"phone": "+1"})) == GOOD
    shows(lambda: read(t[0], f"partnerize/{ident}.json").get("phone"), "+1")
    shows(lambda: f"{NEW['email']}" in os.listdir(t[1].path / "by-email"), True)
    assert delete(t[1], 9) == GOOD
    shows(lambda: "9.json" in names(t[0]), False)
    assert gone(t[0], 9)
    assert gone(t[1], 9)
    assert t.lists() == []


def test_two_hosts_make_one_user(team):
    """One after the other: the second one's request is sent when the first one's has ended."""
    t = team(2)
    t.each(names)
    t.box.reset()
    t.box.fault(method="POST", path="/user", fault="stall", times=-1)
    text = json.dumps(NEW)
    first = t[0].spawn(f"cat > partnerize/new/x.json <<'END'\n{text}\nEND")
    t.box.wait_held("POST", "/user")
    second = t[1].spawn(f"cat > partnerize/new/y.json <<'END'\n{text}\nEND")
    harness.wait_for_sleepers([second])
    time.sleep(0.5)
    assert t.box.counts().get("in_flight") == 1
    t.box.clear_faults()
    first.finish(HANG).ok()
    assert second.finish(HANG).code != 0  # the vendor has one with this email
    ident = made(t[0])
    shows(lambda: f"{ident}.json" in names(t[1]), True)
    assert read(t[1], f"partnerize/{ident}.json")["email"] == NEW["email"]


def test_the_version_last_shown_is_each_mounts_own(team):
    """B saves a document that it read before A's edit: A's field stays, B's own changes."""
    t = team(2)
    document = read(t[1], USER)
    assert save(t[0].path / USER, text_of({"phone": "+1 A"})) == GOOD
    time.sleep(0.5)
    assert save(t[1].path / USER, text_of(edited(document, "timezone", "Asia/Tokyo"))) == GOOD
    now = at_vendor(t.box, 7)
    assert (now["phone"], now["timezone"]) == ("+1 A", "Asia/Tokyo")


def test_a_conflict_between_hosts(team):
    """Both change the same field of what they read: the second is told, and nothing of the first is lost."""
    t = team(2)
    documents = t.each(lambda m: read(m, USER))
    assert save(t[0].path / USER, text_of(edited(documents[0], "lastname", "First"))) == GOOD
    result = save(t[1].path / USER, text_of(edited(documents[1], "lastname", "Second")))
    assert result == refused("ESTALE")
    assert at_vendor(t.box, 7)["lastname"] == "First"
    assert "lastname" in last_line(t[1], USER)


# ---- a vendor that lags ----

@pytest.mark.parametrize("stamps", ["ms", "frozen"])
def test_lag(team, stamps):
    """What A's vendor has acknowledged B does not unsee, whatever the list that B fetches shows."""
    t = team(2, {"partnerize": {"lag": 60}}, stamps=stamps)
    t.each(lambda m: read(m, USER))
    t.box.settings(read_lag_ms=FAR)
    assert save(t[0].path / STATUS, "inactive") == GOOD
    shows(lambda: word(t[1]), "inactive")
    (t[1].path / ".rosterfs/refresh").write_text("partnerize\n")
    names(t[1])
    assert word(t[1]) == "inactive" and in_table(t[1]) == "inactive"
    # nor does a write of B's carry the old status along
    result = save(t[1].path / USER, text_of({"phone": "+1 555"}))
    assert result in (GOOD, refused("ESTALE"))
    assert at_vendor(t.box, 7)["status"] == "inactive"
    assert all(entry["status_sent"] == "inactive" for entry in sent(t.box))


def test_lag_and_one_that_comes_later(team):
    """A mount that starts after the write, and takes a list that was read before or behind it."""
    t = team(1, {"partnerize": {"lag": 60}})
    names(t[0])
    t.box.settings(read_lag_ms=FAR)
    assert save(t[0].path / STATUS, "inactive") == GOOD
    late = t.add()
    assert word(late) == "inactive"
    (late.path / ".rosterfs/refresh").write_text("partnerize\n")
    names(late)
    assert word(late) == "inactive"


# ---- Elastic Path ----

def test_memberships(sandbox, team):
    """Those that A ends are gone on B, in statuses and in links."""
    box = ep_store.store(sandbox)
    t = team(2, ep_store.DELETABLE, box=box)
    five = ep_store.person(box, 5)
    accounts = ep_store.accounts_of(box, five)

    def linked(m):
        return sorted(one["id"] for one in ep_store.companies(box)
                      if f"{five}.json" in ep_store.links(m, one["id"]))
    for m in t:
        assert ep_store.status(m, five) == "active\n" and linked(m) == accounts
    assert ep_store.write(t[0], five, "inactive") == GOOD
    shows(lambda: ep_store.status(t[1], five), "inactive\n")
    shows(lambda: linked(t[1]), [])
    outside = ep_store.companies(box)[0]["id"]
    assert ep_store.link(t[1], outside, five) == "ok"
    shows(lambda: ep_store.status(t[0], five), "active\n")
    shows(lambda: linked(t[0]), [outside])


def test_links(sandbox, team):
    """Memberships that one host makes and another one ends: the status follows on both, and so does the table."""
    box = ep_store.store(sandbox)
    t = team(2, ep_store.DELETABLE, box=box)
    five = ep_store.person(box, 5)
    ends = [f"rm elasticpath/accounts/{one}/members/{five}.json" for one in ep_store.accounts_of(box, five)]
    place = f"elasticpath/accounts/{ep_store.companies(box)[0]['id']}/members"

    def says():
        return [(ep_store.status(m, five), m.sh(f"grep -c {five} tables/elasticpath.csv").out) for m in t]

    def same(word):
        wait_until(lambda: says() == [(word + "\n", "1\n")] * 2, HANG, says)
    for m in t:
        m.sh("ls elasticpath elasticpath/accounts/*/members; cat elasticpath/*.status").ok()
    same("active")
    for command in ends:
        t[0].sh(command).ok()
    same("inactive")
    # each host remembers what it made itself, while reads may lag
    t[0].sh(f"cd {place} && ln -s ../../../{five}.json .").ok()
    same("active")
    t[1].sh(f"rm {place}/{five}.json").ok()
    same("inactive")
    t[1].sh("echo all > .rosterfs/refresh").ok()
    same("inactive")


def test_a_poller_on_another_host(team):
    """A mount that nobody reads hears of a write all the same, and needs no request for it."""
    t = team(2)
    t.each(names)
    t.box.reset()
    for ident in range(2, 8):
        assert save(t[0].path / f"partnerize/{ident}.json", text_of({"phone": f"+{ident}"})) == GOOD
    wait_until(lambda: read(t[1], USER).get("phone") == "+7", 10 * SCALE, "the last of six edits")
    assert [read(t[1], f"partnerize/{ident}.json")["phone"] for ident in range(2, 8)] == \
        [f"+{ident}" for ident in range(2, 8)]
    assert t.lists() == []


def test_a_link_and_a_status(sandbox, team):
    """A makes a membership while B ends all: one after the other, and everybody shows what is then there."""
    box = ep_store.store(sandbox)
    t = team(2, ep_store.DELETABLE, box=box)
    five = ep_store.person(box, 5)
    for m in t:
        assert ep_store.status(m, five) == "active\n"
    outside = next(one["id"] for one in ep_store.companies(box) if one["id"] not in ep_store.accounts_of(box, five))
    box.reset()
    box.fault(method="POST", path="/v2/accounts/*", fault="stall", times=-1)
    linking = t[0].spawn(f"ln -s ../../../{five}.json elasticpath/accounts/{outside}/members/")
    wait_until(lambda: any(entry["held"] for entry in box.journal()), HANG, "the POST")
    ending = t[1].spawn(f"echo inactive > elasticpath/{five}.status")
    harness.wait_for_sleepers([ending])
    time.sleep(0.3)
    assert not [entry for entry in box.journal() if entry["method"] == "DELETE"]
    box.clear_faults()
    linking.finish(HANG).ok()
    ending.finish(HANG).ok()
    assert ep_store.accounts_of(box, five) == []
    for m in t:
        shows(lambda m=m: ep_store.status(m, five), "inactive\n")
        shows(lambda m=m: f"{five}.json" in ep_store.links(m, outside), False)
