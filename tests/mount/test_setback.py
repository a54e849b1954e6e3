# SPDX-License-Identifier: Apache-2.0
"""A document of a few fields that sets one back to what was shown last: it must not seem to work."""

import pytest

from ep_store import companies, company, ep
from writes import at_vendor, last_line, put, read, sent

__all__ = ["ep"]  # the fixture

FILE = "partnerize/5.json"


@pytest.fixture(name="m", params=["moving", "none"])
def _m(request, mount, sandbox):
    m = mount(sandbox(users=25))
    if request.param == "none":
        m.sandbox.patch(5, {"updated_at": None})
    return m


def test_set_back(m):
    assert read(m, FILE)["role"] == "standard"
    put(m, FILE, {"role": "admin"}).ok()
    m.sandbox.patch(5, {"timezone": "Asia/Tokyo"})
    result = put(m, FILE, {"role": "standard"})
    assert result.code and "Stale file handle" in result.err
    line = last_line(m, f"{FILE}: ")
    for word in ('"role"', '"standard"', '"admin"', "through this mount", "nothing was sent", "read the file again"):
        assert word in line, line
    assert len(sent(m.sandbox)) == 1 and at_vendor(m.sandbox, 5)["role"] == "admin"
    # whoever has read it can set it back, where the vendor names versions
    document = read(m, FILE)
    assert document["role"] == "admin"
    if document.get("updated_at"):
        put(m, FILE, {**document, "role": "standard"}).ok()
        assert at_vendor(m.sandbox, 5)["role"] == "standard"


def test_what_others_changed(m):
    """A few fields that repeat what was shown are no edit, whatever a colleague made of them."""
    read(m, FILE)
    m.sandbox.patch(5, {"role": "admin"})
    put(m, FILE, {"timezone": "Asia/Tokyo"}).ok()
    put(m, FILE, {"role": "standard"}).ok()
    assert at_vendor(m.sandbox, 5)["role"] == "admin"


def test_what_is_there_already(m):
    read(m, FILE)
    put(m, FILE, {"role": "admin", "timezone": "Asia/Tokyo"}).ok()
    puts = len(sent(m.sandbox))
    put(m, FILE, {"role": "admin"}).ok()
    assert at_vendor(m.sandbox, 5)["role"] == "admin" and len(sent(m.sandbox)) == puts


def test_an_account(ep):
    m = ep("guide")
    ident = company(m.sandbox)["id"]
    name = f"elasticpath/accounts/{ident}/account.json"
    old = read(m, name)["name"]
    put(m, name, {"name": "New"}).ok()
    assert put(m, name, {"name": old}).code
    assert "through this mount" in last_line(m, f"{name}: ")
    assert [one["name"] for one in companies(m.sandbox) if one["id"] == ident] == ["New"]
