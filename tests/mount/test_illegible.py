# SPDX-License-Identifier: Apache-2.0
"""Rows whose email cannot be read: whoever looks for a person is not told that they are nobody."""

import os

import pytest

import raw_vendor
from ep_store import fails
from test_by_email import refresh

# what a row may have as its email, and what a GET may show of the same user
CUT = b'"jane\xff@example.com"'
JANE = "jane@example.com"


def row(ident, email):
    return (b'{"user_id":"%d","firstname":"P","lastname":"L","email":%s,"status":"active"}'
            % (ident, email if isinstance(email, bytes) else b'"%s"' % email.encode()))


@pytest.fixture(name="vendor")
def _vendor():
    with raw_vendor.vendor() as server:
        users = server.lists["/user"]
        users["7"] = row(7, CUT)
        server.alone["/user", "7"] = row(7, JANE)
        server.lists["/v2/account-members"]["m7"] = \
            f'{{"id":"m7","type":"account_member","name":"M","email":"{JANE}"}}'
        yield server


def puts(vendor):
    return [place for place, _ in vendor.bodies]


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("bad", [
    CUT, b'"jane@example.com\n"', b'NaN', b'"jane\\x40example.com"',
    b'"","em\xffail":"jane@example.com"',
], ids=["not UTF-8", "control", "no string", "escape", "name"])
def test_both_are_ended(mount, vendor, bad, warm):
    vendor.lists["/user"]["7"] = row(7, bad)
    m = mount(config=raw_vendor.config(vendor))
    if warm:
        os.listdir(m.path / "by-email")
        os.listdir(m.path / "by-email/p1@example.com")
    m.sh(f"cd by-email/{JANE} && echo inactive | tee partnerize.status").ok()
    assert puts(vendor) == ["PUT /user/7"]
    vendor.bodies.clear()
    for _ in range(3):
        assert {"partnerize.json", "elasticpath.json"} <= set(os.listdir(m.path / "by-email" / JANE))
        assert os.readlink(m.path / f"partnerize/by-email/{JANE}.json") == "../7.json"
        assert fails(os.stat, m.path / "by-email/nobody@example.com") == "ENOENT"
    # asked for once, and then for the PUT
    assert 1 <= vendor.gets.count("7") <= 4, vendor.gets
    assert JANE in os.listdir(m.path / "by-email")


def test_who_is_at_one_vendor_only(mount, vendor):
    vendor.alone["/user", "7"] = row(7, "only@example.com")
    m = mount(config=raw_vendor.config(vendor))
    assert os.readlink(m.path / "by-email/only@example.com/partnerize.json") == "../../partnerize/7.json"


# what is answered to the GET: a row or a status
@pytest.mark.parametrize("answer", [row(7, CUT), 404, 403, 400], ids=["not JSON", "404", "403", "400"])
def test_nobody_can_tell(mount, vendor, answer):
    """The vendor counts as one that can't be read, but for those whom its other rows have."""
    vendor.alone["/user", "7"] = answer
    m = mount(config=raw_vendor.config(vendor))
    result = m.sh(f"cd by-email/{JANE} && echo inactive | tee *.status")
    assert result.code != 0 and "partnerize.status" in result.err, result
    assert {"partnerize.json", "partnerize.status", "elasticpath.json"} <= set(os.listdir(m.path / "by-email" / JANE))
    expected = "EACCES" if answer == 403 else "EREMOTEIO"
    for name in ("partnerize.json", "partnerize.status"):
        assert fails(open, m.path / "by-email" / JANE / name) == expected
    assert fails(os.listdir, m.path / "by-email/nobody@example.com") == expected
    assert '"7" in the list is not JSON' in (m.path / ".rosterfs/log").read_text()
    assert not puts(vendor)
    m.sh("cd by-email/p3@example.com && echo inactive | tee partnerize.status").ok()
    assert puts(vendor) == ["PUT /user/3"]
    # the vendor has mended it
    del vendor.alone["/user", "7"]
    vendor.lists["/user"]["7"] = row(7, JANE)
    refresh(m)
    m.sh(f"cd by-email/{JANE} && echo inactive | tee partnerize.status").ok()


def test_one_command_asks_once(mount, vendor):
    vendor.alone["/user", "7"] = 403
    m = mount(config=raw_vendor.config(vendor))
    m.sh(f"ls by-email/{JANE}; cat by-email/{JANE}/*.json; echo inactive | tee by-email/{JANE}/*.status")
    assert 1 <= vendor.gets.count("7") <= 4, vendor.gets


def test_too_many_rows(mount, vendor):
    for ident in range(1000, 1150):
        vendor.lists["/user"][str(ident)] = row(ident, CUT)
        vendor.alone["/user", str(ident)] = row(ident, f"p{ident}@example.com")
    vendor.alone["/user", "1149"] = row(1149, "last@example.com")
    m = mount(config=raw_vendor.config(vendor))
    assert fails(os.listdir, m.path / "by-email/last@example.com") in ("EREMOTEIO", "ETIMEDOUT")
    assert os.readlink(m.path / "by-email/p3@example.com/partnerize.json") == "../../partnerize/3.json"


def test_strangers_share_no_name(mount, vendor):
    """No directory has all those whose email cannot be read."""
    vendor.lists["/user"]["8"] = row(8, b'"somebody\xfe@example.com"')
    vendor.lists["/v2/account-members"]["m8"] = b'{"id":"m8","type":"account_member","name":"M","email":"\xff"}'
    m = mount(config=raw_vendor.config(vendor))
    names = os.listdir(m.path / "by-email")
    assert not [name for name in names if "%" in name or "!" in name], names
    assert not [name for name in os.listdir(m.path / "partnerize/by-email") if "%" in name or "!" in name]


# as a vendor sends it, the name in by-email, and as SIMILAR.MANUAL writes it
ODD = {
    "half": (rb'"jane\ud83d@example.com"', "jane%ED%A0%BD@example.com", "jane<U+D83D>@example.com"),
    "other half": (rb'"jane\ude00@example.com"', "jane%ED%B8%80@example.com", "jane<U+DE00>@example.com"),
    "NUL first": (rb'"\u0000jane@example.com"', "%00jane@example.com", "<U+0000>jane@example.com"),
    "NUL": (rb'"jane\u0000@example.com"', "jane%00@example.com", "jane<U+0000>@example.com"),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_emails(mount, vendor, odd):
    sent, name, written = odd
    vendor.lists["/user"]["7"] = row(7, JANE)
    vendor.lists["/user"]["8"] = row(8, sent)
    # as nobody's email but this one's
    vendor.lists["/user"]["9"] = row(9, b'"\\u0000!"')
    del vendor.alone["/user", "7"]
    m = mount(config=raw_vendor.config(vendor))
    assert {name, "%00!"} <= set(os.listdir(m.path / "by-email"))
    for typed in (name, name.replace("jane", "JANE")):
        assert os.readlink(m.path / f"by-email/{typed}/partnerize.json") == "../../partnerize/8.json"
    assert os.readlink(m.path / f"partnerize/by-email/{name}.json") == "../8.json"
    assert os.readlink(m.path / f"by-email/{JANE}/partnerize.json") == "../../partnerize/7.json"
    text = (m.path / "by-email" / JANE / "SIMILAR.MANUAL").read_text()
    assert f"partnerize/8.json: {written}\n    differs in blanks or control characters\n    see ../{name}\n" in text
    assert f"\n{written}\n" in (m.path / "by-email" / name / "SIMILAR.MANUAL").read_text()


def test_a_number_is_no_email(mount, vendor):
    vendor.lists["/user"]["8"] = row(8, b"1.50")
    vendor.lists["/user"]["9"] = row(9, b"15")
    m = mount(config=raw_vendor.config(vendor))
    assert sorted(os.listdir(m.path / "by-email")) == [JANE, "p1@example.com", "p2@example.com", "p3@example.com"]
    assert {"8.json", "9.json"} <= set(os.listdir(m.path / "partnerize"))
