# SPDX-License-Identifier: Apache-2.0
"""A vendor whose lists show less of a user than a GET of that user: what an edit is compared with."""

import json
import os

import pytest

from writes import applied, at_vendor, last_line, put, read, refused, save, sent, text_of

LISTED = {"user_id", "firstname", "lastname", "email", "status"}


@pytest.fixture(name="short")
def _short(mount, sandbox):
    """A mount whose roster has been listed in the short form."""
    box = sandbox(users=25)
    box.settings(short_rows=True)
    m = mount(box)
    os.listdir(m.path / "partnerize")
    assert set(read(m, "partnerize/9.json")) == LISTED
    return m


def test_edit_of_a_field_that_rows_leave_out(short):
    for ident in (2, 3, 5, 6):
        short.sandbox.reset()
        short.sh(f"jq '.timezone = \"Antarctica/Troll\"' partnerize/{ident}.json > partnerize/t~ && "
                 f"cp partnerize/t~ partnerize/{ident}.json").ok()
        assert short.sandbox.counts()["total"] == 2, "a GET and a PUT"
        assert at_vendor(short.sandbox, ident)["timezone"] == "Antarctica/Troll"
        assert read(short, f"partnerize/{ident}.json")["timezone"] == "Antarctica/Troll"


@pytest.mark.parametrize("whole", [True, False])
def test_null_clears_a_field_that_rows_leave_out(short, whole):
    assert at_vendor(short.sandbox, 9)["timezone"]
    document = read(short, "partnerize/9.json") if whole else {}
    put(short, "partnerize/9.json", {**document, "timezone": None}).ok()
    assert applied(short.sandbox) == 1
    assert at_vendor(short.sandbox, 9).get("timezone") is None


def test_what_rows_leave_out_is_kept(short):
    before = at_vendor(short.sandbox, 2)
    document = read(short, "partnerize/2.json")
    put(short, "partnerize/2.json", {**document, "lastname": "New"}).ok()
    after = at_vendor(short.sandbox, 2)
    assert {**after, "updated_at": ""} == {**before, "lastname": "New", "updated_at": ""}


def test_what_rows_show_is_compared(short):
    document = read(short, "partnerize/2.json")
    short.sandbox.patch(2, {"lastname": "Theirs"})
    text = text_of({**document, "lastname": "Ours", "timezone": "Antarctica/Troll"})
    assert save(short.path / "partnerize/2.json", text) == refused("ESTALE")
    assert not sent(short.sandbox)
    assert "lastname" in last_line(short, "partnerize/2.json")


STAMP = "2026-11-20T10:00:00Z"


@pytest.mark.parametrize("others", [True, False])
@pytest.mark.parametrize("before, after", [(STAMP, "2026-11-20T11:00:00Z"), (STAMP, None), (None, None)])
def test_whole_rows(mount, sandbox, others, before, after):
    """Rows that show all there is: who adds a field when somebody else has, is told."""
    box = sandbox(users=25)
    if others:
        box.patch(3, {"nickname": "Jo"})
    box.patch(2, {"firstname": "Ann", "updated_at": before})
    m = mount(box)
    os.listdir(m.path / "partnerize")
    document = json.loads((m.path / "partnerize/2.json").read_text())
    assert document.get("updated_at") == before and "nickname" not in document
    box.patch(2, {"nickname": "Theirs", "updated_at": after})
    text = text_of({**document, "nickname": "Ours"})
    assert save(m.path / "partnerize/2.json", text) == refused("ESTALE")
    assert not sent(box)
    assert '"Theirs"' in last_line(m, "partnerize/2.json")
