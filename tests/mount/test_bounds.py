# SPDX-License-Identifier: Apache-2.0
"""
What a vendor sends costs bounded memory: 16 times its bytes and 8 MiB. Beyond that the request fails in words, and
everything else works.
"""

import json
import os
import shutil
import threading

import pytest

import harness
import huge_vendor
from ep_store import fails

MIB = 1 << 20
TOO_MUCH = "more than 16 times its size in memory"
TOO_LARGE = "would take more than 1 MiB as a file"


def nested(vendor, ident, levels):
    """A row with an object of LEVELS levels."""
    return vendor.row(ident, b'"deep":' + b'{"a":' * levels + b"1" + b"}" * levels)


def listed(vendor, elements):
    """A row with an array of ELEMENTS."""
    return vendor.row(1, b'"long":[' + b",".join(elements) + b"]")


def good(vendor, count):
    return [vendor.row(ident) for ident in range(1, count + 1)]


# what a page is made of, and what the log says
PAGES = {
    "deep rows": (lambda vendor: [nested(vendor, ident, 2000) for ident in range(1, 201)], TOO_MUCH),
    "deep arrays": (lambda vendor: [vendor.row(ident, b'"deep":' + b"[" * 650 + b"]" * 650)
                                    for ident in range(1, 400)], TOO_MUCH),
    "empty rows": (lambda vendor: [vendor.row(1)] + [b"{}"] * (4 * MIB), TOO_MUCH),
    "empty objects": (lambda vendor: [listed(vendor, [b"{}"] * (2 * MIB))], TOO_MUCH),
    "numbers": (lambda vendor: [listed(vendor, [b"1"] * (4 * MIB))], TOO_MUCH),
    "fractions": (lambda vendor: [listed(vendor, [b"0.0"] * (4 * MIB))], TOO_MUCH),
    "tiny keys": (lambda vendor: [vendor.row(1, b",".join(b'"%x":1' % key for key in range(MIB // 2)))], TOO_MUCH),
    "tiny rows": (lambda vendor: [b'{"id":%d,"user_id":"%d"}' % (ident, ident) for ident in range(100000)], TOO_MUCH),
    "brackets": (lambda vendor: [b"[" * (16 * MIB)], "maximum parsing depth"),
    "broken rows": (lambda vendor: good(vendor, 1000) + [b"{\1}"] * MIB, "is not JSON"),
    "larger than any": (lambda vendor: [vendor.row(1, b'"long":"' + b"s" * (100 * MIB) + b'"')], "larger than 64 MiB"),
}


@pytest.fixture(name="vendors")
def _vendors(request):
    with huge_vendor.server(*request.param) as vendors:
        yield vendors


@pytest.fixture(name="start")
def _start(mount, vendors, test_dir):
    def start():
        folder = test_dir / "home/.config/rosterfs/vendors"
        folder.mkdir(parents=True)
        shutil.copy(harness.TOP / "descriptions/json-server.vendor", folder)
        m = mount(config=vendors.config(), extra_env={"HOME": str(test_dir / "home")})
        os.listdir(m.path / "partnerize-good")
        return m
    return start


def bounded(cost):
    assert harness.SANITIZE or cost.grown <= cost.most, (cost.sent, cost.grown, cost.most)


def last_error(m, name):
    """The last line of the log that tells why something in the folder NAME failed."""
    lines = (m.path / ".rosterfs/log").read_text().splitlines()
    return [line for line in lines if f" {name}: " in line or f" {name}/" in line][-1]


@pytest.mark.parametrize("vendors", [["acme"], ["idp"], ["partnerize"]], indirect=True, ids=lambda names: names[0])
@pytest.mark.parametrize("case", PAGES)
def test_page(start, vendors, case):
    make, words = PAGES[case]
    vendor = next(iter(vendors.values()))
    m = start()
    vendor.pages = [b",".join(make(vendor))]
    with huge_vendor.Cost(m, vendor) as cost:
        assert fails(os.listdir, m.path / vendor.name) == "EREMOTEIO"
    bounded(cost)
    assert cost.sent > MIB // 2
    assert words in last_error(m, vendor.name), last_error(m, vendor.name)
    assert json.loads((m.path / "partnerize-good/1.json").read_text())["email"] == "p1@example.com"
    # the vendor has mended it
    vendor.pages = [b",".join(good(vendor, 3))]
    (m.path / ".rosterfs/refresh").write_text(f"{vendor.name}\n")
    assert "2.json" in os.listdir(m.path / vendor.name)


@pytest.mark.parametrize("vendors", [["acme"], ["idp"], ["partnerize"]], indirect=True, ids=lambda names: names[0])
def test_roster(start, vendors):
    """Many small pages, of rows that take little more than their ids."""
    vendor = next(iter(vendors.values()))
    m = start()
    rows = [b'{"id":%s,"user_id":"%d","email":""}' % (b'"%d"' % ident if vendor.kind == "scim" else b"%d" % ident,
                                                      ident) for ident in range(10000, 40000)]
    vendor.pages = [b",".join(rows[at:at + 300]) for at in range(0, len(rows), 300)]
    with huge_vendor.Cost(m, vendor) as cost:
        assert sum(name.endswith(".json") for name in os.listdir(m.path / vendor.name)) == len(rows)
    bounded(cost)


# a row whose file would be too large, by its levels or by its length
LARGE = {"deep": lambda vendor: nested(vendor, 50, 1500),
         "long": lambda vendor: vendor.row(50, b'"long":"' + b"s" * (20 * MIB) + b'"')}


@pytest.mark.parametrize("vendors", [["acme"], ["idp"], ["partnerize"]], indirect=True, ids=lambda names: names[0])
@pytest.mark.parametrize("case", LARGE)
def test_one_record_alone(start, vendors, case):
    vendor = next(iter(vendors.values()))
    m = start()
    large = LARGE[case](vendor)
    vendor.items = {**{str(ident): vendor.row(ident) for ident in range(1, 100)}, "50": large, "self": vendor.row(1)}
    vendor.pages = [b",".join([*good(vendor, 49), large])]
    folder = m.path / vendor.name
    with huge_vendor.Cost(m, vendor) as cost:
        names = os.listdir(folder)
    bounded(cost)
    assert f'"50" {TOO_LARGE}: that record alone' in (m.path / ".rosterfs/log").read_text()
    assert {f"{ident}.{ending}" for ident in range(1, 51) for ending in ("json", "status")} <= set(names)
    for name in ("50.json", "50.status"):
        assert fails(open, folder / name) == "EREMOTEIO"
        assert TOO_LARGE in last_error(m, vendor.name)
    assert m.sh(f"echo inactive > {vendor.name}/50.status").code != 0
    assert json.loads((folder / "49.json").read_text())["email"] == "p49@example.com"
    assert (folder / "49.status").read_text() == "active\n"
    # the email is readable, and so is everybody else's
    people = m.path / "by-email"
    assert {"p49@example.com", "p50@example.com"} <= set(os.listdir(people))
    assert fails(open, people / "p50@example.com" / f"{vendor.name}.json") == "EREMOTEIO"
    assert (people / "p49@example.com" / f"{vendor.name}.json").read_text()
    assert fails(open, m.path / "tables" / f"{vendor.name}.csv") == "EREMOTEIO"
    # a GET may show less
    vendor.items["50"] = vendor.row(50)
    (m.path / ".rosterfs/refresh").write_text(f"{vendor.name}\n")
    assert json.loads((folder / "50.json").read_text())["email"] == "p50@example.com"
    assert "p50@example.com" in (m.path / "tables" / f"{vendor.name}.csv").read_text()


@pytest.mark.parametrize("vendors", [["acme"]], indirect=True, ids=lambda names: names[0])
def test_a_fix_of_the_row_shows(start, vendors):
    """What a record too large for a file shows beside its text is that of its newest row."""
    vendor = vendors["acme"]
    m = start()
    for email in (b"first@example.com", b"second@example.com"):
        vendor.pages = [nested(vendor, 50, 1500).replace(b"p50@example.com", email)]
        (m.path / ".rosterfs/refresh").write_text("acme\n")
        assert email.decode() in os.listdir(m.path / "by-email")


@pytest.mark.parametrize("vendors", [["acme"], ["idp"], ["partnerize"]], indirect=True, ids=lambda names: names[0])
@pytest.mark.parametrize("case", ["empty objects", "fractions", "tiny keys", "one string", "larger than any"])
def test_get(start, vendors, case):
    """The response to a GET of one record."""
    vendor = next(iter(vendors.values()))
    m = start()
    pages = {**PAGES, "one string": (lambda vendor: [vendor.row(1, b'"long":"' + b"s" * (20 * MIB) + b'"')], TOO_LARGE)}
    make, words = pages[case]
    vendor.items = {"1": make(vendor)[0], "2": vendor.row(2)}
    with huge_vendor.Cost(m, vendor) as cost:
        assert fails(open, m.path / vendor.name / "1.json") == "EREMOTEIO"
    bounded(cost)
    assert words in last_error(m, vendor.name), last_error(m, vendor.name)
    assert json.loads((m.path / vendor.name / "2.json").read_text())["email"] == "p2@example.com"


@pytest.mark.parametrize("vendors", [["acme"], ["idp"], ["partnerize"]], indirect=True, ids=lambda names: names[0])
@pytest.mark.parametrize("body", [b'{"message":"no","errors":[%s]}', b'[{"message":"no"},%s]'], ids=["object", "array"])
def test_refusal(start, vendors, body):
    """The words of a response that is an error."""
    vendor = next(iter(vendors.values()))
    m = start()
    for count in (MIB // 4, 4 * MIB):
        vendor.refusal = body % b",".join([b"{}"] * count)
        (m.path / ".rosterfs/refresh").write_text(f"{vendor.name}\n")
        with huge_vendor.Cost(m, vendor) as cost:
            assert fails(os.listdir, m.path / vendor.name) == "EACCES"
        bounded(cost)


@pytest.mark.parametrize("vendors", [["idp"]], indirect=True, ids=lambda names: names[0])
def test_token(start, vendors):
    vendor = vendors["idp"]
    vendor.pages = [b",".join(good(vendor, 3))]
    vendor.token = b'{"access_token":"a","token_type":"Bearer","more":[%s]}' % b",".join([b"{}"] * (4 * MIB))
    m = start()
    with huge_vendor.Cost(m, vendor) as cost:
        assert fails(os.listdir, m.path / "idp") == "EREMOTEIO"
    bounded(cost)
    assert TOO_MUCH in last_error(m, "idp")
    vendor.token = b'{"access_token":"a","token_type":"Bearer"}'
    (m.path / ".rosterfs/refresh").write_text("idp\n")
    assert "2.json" in os.listdir(m.path / "idp")


@pytest.mark.parametrize("vendors", [["acme"]], indirect=True, ids=lambda names: names[0])
def test_others_meanwhile(start, vendors):
    """While a large page is awaited and parsed, other folders and the status are read."""
    vendor = vendors["acme"]
    m = start()
    vendor.pages = [b",".join([vendor.row(1)] + [b"{}"] * (16 * MIB))]
    vendor.gate.clear()
    ended = threading.Event()

    def ask():
        fails(os.listdir, m.path / "acme")
        ended.set()
    thread = threading.Thread(target=ask)
    thread.start()
    harness.wait_until(lambda: vendor.asked, 20 * harness.SCALE, "the request for the page")

    def look():
        assert json.loads((m.path / "partnerize-good/1.json").read_text())["email"] == "p1@example.com"
        assert "3.json" in os.listdir(m.path / "partnerize-good")
        assert "acme" in (m.path / ".rosterfs/status").read_text()
    look()
    vendor.gate.set()
    # every byte is on its way, or there
    harness.wait_until(lambda: vendor.sent >= len(vendor.pages[0]), 60 * harness.SCALE, "the page to be sent")
    looks = 0
    while not ended.is_set():
        look()
        looks += not ended.is_set()
    thread.join()
    assert looks > 0


@pytest.mark.parametrize("vendors", [["partnerize"]], indirect=True, ids=lambda names: names[0])
def test_saved_document(start, vendors):
    """A document that no file could show is refused before it is sent."""
    vendor = vendors["partnerize"]
    vendor.pages = [b",".join(good(vendor, 3))]
    vendor.items = {str(ident): vendor.row(ident) for ident in (1, 2, 3)} | {"self": vendor.row(1)}
    m = start()
    record = json.loads((m.path / "partnerize/2.json").read_text())
    row = json.dumps(record)[:-1].encode()

    def save(more):
        with open(m.path / "partnerize/2.json", "wb", buffering=0) as file:
            file.write(row + b',"x":' + more + b"}")
    assert fails(save, b"[" * 2000 + b"]" * 2000) == "EINVAL"
    assert "more than 512 levels" in last_error(m, "partnerize")
    # 500 levels, with much at the bottom
    assert fails(save, b"[" * 500 + b",".join([b"1"] * 2000) + b"]" * 500) == "EFBIG"
    assert f"the record {TOO_LARGE}: nothing was sent" in last_error(m, "partnerize")
    assert json.loads((m.path / "partnerize/2.json").read_text()) == record
