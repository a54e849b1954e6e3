# SPDX-License-Identifier: Apache-2.0
"""The fault matrix: each fault at each place of three vendors, and what a user of the mount sees of it.

fault_cells.py has the faults, and what the contract says of them. In each cell:
- the outcome is one that the contract allows, and nothing hangs; with the default retry_budget, what cannot pass is not
  asked for again;
- after an error, a line of the log names the file, the errno and the fault;
- a list is refused, or shows every user;
- at the vendor the record is the old one or the new one, as the outcome says, and nothing else has changed;
- with the fault gone, the first look at the list is complete, a record can be read, and a write works.
"""

import collections
import re
import time

import pytest

import fault_cells
import fault_certificates
import fault_store
import fault_vendors
import harness
from fault_wire import Wire
from shared_hosts import names, server, team, wait_up
from writes import PASSWORD, at_vendor, errno_of, last_line, name_of, read, save, sent, text_of

__all__ = ["server", "team"]  # fixtures

pytestmark = pytest.mark.no_tsan  # it is long, and one user at a time

HANG = 60 * harness.SCALE  # what takes longer hangs
GROUPS = list(dict.fromkeys(fault_cells.group_of(*cell) for cell in fault_cells.CELLS))


@pytest.fixture(name="certificates", scope="session")
def _certificates(base):
    return fault_certificates.make(base / "certificates")


@pytest.fixture(name="stand")
def _stand(sandbox, mount, test_dir, request):
    """stand(vendor, place, kind of mount): the Vendor with its sandbox, wire and mount."""
    wires = []

    def start(name, place, kind):
        vendor = (fault_vendors.VENDORS | fault_cells.SAMPLED)[name]()
        box = vendor.start(sandbox, test_dir, place)
        keys = {"max_users": 1000, **fault_cells.MOUNTS[kind]}
        contexts = {}
        if kind == "TLS":
            contexts, keys["ca_file"] = request.getfixturevalue("certificates")
        vendor.wire = Wire(box.address, contexts)
        wires.append(vendor.wire)
        text = "[rosterfs]\nstatus_limit = 0\n" + vendor.config(vendor.wire.url, keys)
        vendor.m = mount(box, config=text, extra_env=vendor.environment())
        return vendor

    yield start
    for one in wires:
        one.close()


def look(vendor, gone=()):
    """Whether the list is shown: not if it is refused, and a part of it fails the test."""
    files = vendor.files()
    try:
        shown = vendor.shown()
    except OSError:
        return False
    assert files <= shown, f"a part is shown, without {sorted(files - shown)[:5]}"
    more = shown - files - set(gone)
    odd = vendor.odd and vendor.odd[0] in vendor.ids()
    assert len(more) == bool(odd), f"more is shown: {sorted(more)[:5]}"
    return True


def prepare(vendor, place, fault):
    vendor.refresh()
    if place == "token":
        vendor.shown()  # there is a token
        vendor.refresh()
    vendor.choose(place)
    if fault.rewrite:
        vendor.odd = (str(vendor.subject), fault.odd) if fault.odd else None
        vendor.wire.rewrite = fault.rewrite(vendor)
        vendor.refresh()
    path = "" if place in fault_vendors.PAGES else vendor.path(place)
    if place in fault_vendors.WRITES:
        vendor.warm(place)
    elif fault.odd:
        vendor.refresh()
    if place == "token":
        vendor.expire()
    return path or vendor.name


def check_log(lines, path, name, words):
    about = [line for line in lines if f" {path}: " in line]
    assert any(name in line and re.search(words, line) for line in about), ("not in the log", name, words, about)


def settled(vendor):
    """With the fault gone, all is as ever."""
    vendor.refresh()
    assert look(vendor), "\n".join(["the first ls afterwards fails", *vendor.m.log().splitlines()[-40:]])
    ident = sorted(vendor.active())[-1]
    vendor.right(ident, vendor.file(ident))
    vendor.write_works()
    assert vendor.m.alive()


def try_cell(vendor, place, fault):
    """The outcome of a cell: "ok" or the name of an errno."""
    m, wire = vendor.m, vendor.wire
    path = prepare(vendor, place, fault)
    before, known, start = vendor.stored(), vendor.files(), len(m.log().splitlines())
    if not fault.change or vendor.before(place):
        wire.order(fault.change and vendor.before(place) or vendor.fits(place, fault.beyond),
                   lambda hit: fault.do(hit, vendor, place))
    else:
        wire.hits = 1
        fault.change(wire)
    began = time.monotonic()
    name = name_of(errno_of(vendor.act, place, path)).replace("ENOTSUP", "EOPNOTSUPP")
    assert time.monotonic() - began < HANG, "it hung"
    try:
        lines = m.log().splitlines()[start:]
        wanted = fault_cells.wanted(fault, vendor.name, place)
        assert name in wanted, "\n".join([f"{name}, not {' or '.join(wanted)}", *lines])
        assert wire.hits, "the fault met no request"
        assert wire.hits <= (fault.most or wire.hits), "\n".join([f"sent {wire.hits} times, not {fault.most}", *lines])
        if name != "ok":
            check_log(lines, path, name, fault.words)
        assert not wire.visited(), "another host was asked"
        # where each look takes the whole timeout, ls was refused already
        if name == "ok" or fault.mount != "impatient" or place not in fault_vendors.PAGES:
            look(vendor, known)
        if name == "ok" and (place in ("get", "PUT") or place in fault_vendors.PAGES and (vendor.first or vendor.odd)):
            vendor.right(vendor.odd[0] if vendor.odd else str(vendor.subject),
                         path if place not in fault_vendors.PAGES else vendor.path("get"))
    finally:
        wire.clear()
        vendor.clean(place, path)
    made = vendor.done(place, before, vendor.stored())
    if place in fault_vendors.WRITES:
        assert made == (name == "ok"), f"{name}, but the change was {'' if made else 'not '}made"
    settled(vendor)
    return name


@pytest.mark.parametrize("name,place,kind", GROUPS)
@pytest.mark.limit(600)
def test_matrix(stand, name, place, kind):
    vendor = stand(name, place, kind)
    failed, outcomes = [], collections.Counter()
    for one, at, fault in fault_cells.CELLS:
        if fault_cells.group_of(one, at, fault) == (name, place, kind):
            began = time.monotonic()
            found = ""
            try:
                found = try_cell(vendor, at, fault)
                outcomes[found] += 1
            except (AssertionError, OSError, KeyError, StopIteration, harness.Failure) as error:
                failed.append(f"{name}, {at}, {fault.name}: {type(error).__name__}: {error}")
            print(f"CELL {name} {at}, {fault.name}: {found} {time.monotonic() - began:.2f} s")
    print(f"{name}, {place}, {kind}: {dict(outcomes)}")
    assert PASSWORD not in vendor.m.log()
    assert not failed, "\n" + "\n".join(failed)


# ---- the shared store ----

def act(m, place, number):
    """The outcome of what is done, and what the log calls it."""
    if place == "list page 1":
        return name_of(errno_of(names, m)), "partnerize"
    if place == "get":
        return name_of(errno_of(read, m, "partnerize/9.json")), "partnerize/9.json"
    if place == "PUT":
        return save(m.path / "partnerize/7.json", text_of({"lastname": f"New {number}"})).write, "partnerize/7.json"
    if place == "status":
        path = m.path / "partnerize/6.status"
        word = "inactive" if path.read_text() == "active\n" else "active"
        return name_of(errno_of(fault_vendors.written, path, word + "\n")), "partnerize/6.status"
    user = {"email": f"made{number}@example.com", "firstname": "Made", "lastname": "New", "password": PASSWORD}
    path = f"partnerize/new/made{number}.json"
    return name_of(errno_of(fault_vendors.written, m.path / path, text_of(user))), path


def moved(before, after):
    """The ids of who was added or changed."""
    known = {one["user_id"]: one for one in before}
    return sorted(one["user_id"] for one in after if known.get(one["user_id"]) != one)


def try_store_cell(m, box, place, number, wanted):
    before = box.control("GET", "users")
    box.reset()
    name, path = act(m, place, number)
    assert name in wanted, (place, name, m.log()[-2000:])
    after = box.control("GET", "users")
    if name != "ok":
        assert "store" in last_line(m, f" {path}: ") and after == before and not sent(box), last_line(m, f" {path}: ")
    elif place in fault_store.READS:
        assert after == before
    else:
        assert len(moved(before, after)) == 1 and len(sent(box)) == 1, (place, moved(before, after), sent(box))


@pytest.mark.parametrize("faults", [fault_store.FAULTS[turn::4] for turn in range(4)], ids=range(4))
@pytest.mark.limit(300)
def test_store(team, faults):
    hosts = team(0)
    proxy = fault_store.StoreProxy(("127.0.0.1", hosts.server.port))
    try:
        m = hosts.add(url=f"redis://127.0.0.1:{proxy.port}/0")
        box = hosts.box
        cells = {(fault, place): (number, wanted) for number, (fault, place, wanted) in enumerate(fault_store.CELLS)}
        for fault in faults:
            names(m)
            wait_up(m)
            (m.path / ".rosterfs/refresh").write_text("partnerize\n")
            fault_store.begin(fault, proxy, hosts.server)
            for place in fault_store.places(fault):
                began = time.monotonic()
                try_store_cell(m, box, place, *cells[fault, place])
                print(f"CELL store {fault} {place}: {time.monotonic() - began:.2f} s")
                assert len(names(m)) > 2 * 25
            fault_store.end(fault, proxy, hosts.server)
            began = time.monotonic()
            wait_up(m)
            print(f"CELL store {fault} up: {time.monotonic() - began:.2f} s")
            text = f"Well {fault_store.FAULTS.index(fault)}"
            assert save(m.path / "partnerize/8.json", text_of({"lastname": text})).close == "ok"
            assert at_vendor(box, 8)["lastname"] == text
    finally:
        proxy.close()


def test_table():
    """faults.md counts these cells."""
    assert fault_cells.TABLE.read_text(encoding="utf-8") == fault_cells.table()
    assert len(fault_cells.CELLS) >= 400
