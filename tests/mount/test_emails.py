"""One person, however a vendor writes the email: names and look-ups in by-email."""

import os

import pytest

from store import ep, fails
from test_by_email import add, add_member, expected, refresh, targets

__all__ = ["ep"]  # the fixture

JANE = "jane@example.com"
# what a vendor may store for Jane
SPELLINGS = {
    "capitals": "Jane@Example.COM",
    "blank before": " jane@example.com",
    "blank behind": "jane@example.com ",
    "newline": "jane@example.com\n",
    "no-break space": "\u00a0jane@example.com\u00a0",
    "zero-width space": "ja\u200bne@example.com",
    "zero-width space at the end": "jane@example.com\u200b",
    "byte order mark": "\ufeffjane@example.com",
    "soft hyphen": "jane@exam\u00adple.com",
    "mailto": "MailTo:jane@example.com",
    "dot": "jane@example.com.",
    "all": "\ufeff mailto:JANE@exam\u200bple.com. \u00a0",
}


def listed(m):
    """The names in by-email that stand for Jane, or somebody like her."""
    return sorted(name for name in os.listdir(m.path / "by-email") if "ne@" in name or "%" in name)


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_one_directory(ep, spelling):
    m = ep()
    add(m.sandbox, "77", spelling)
    add_member(m.sandbox, "m-1", JANE)
    assert listed(m) == [JANE]
    for name in (JANE, spelling, "JANE@example.com", "ja\u00adne@EXAMPLE.com", " mailto:jane@example.com."):
        assert targets(m.path / "by-email" / name) == expected(partnerize="77", elasticpath="m-1"), name
        assert os.readlink(m.path / f"partnerize/by-email/{name}.json") == "../77.json", name
    assert f"{JANE}.json" in os.listdir(m.path / "partnerize/by-email")
    m.sh(f"echo inactive | tee by-email/{JANE}/partnerize.status").ok()
    assert m.sandbox.control("GET", "users")[-1]["status"] == "inactive"


@pytest.mark.parametrize("names", [
    ["émile@example.com", "ÉMILE@example.com", "e\u0301mile@example.com", "E\u0301mile@example.com"],
    ["jane@bücher.example", "jane@BÜCHER.example", "jane@xn--bcher-kva.example", "Jane@bu\u0308cher.Example."],
    ["σίσυφος@example.com", "ΣΊΣΥΦΟΣ@example.com"],
    ["straße@example.com", "STRASSE@example.com", "strasse@example.com"],
], ids=["marks", "domain", "sigma", "sharp s"])
def test_other_letters(ep, names):
    m = ep()
    for number, (one, other) in enumerate(zip(names, names[1:] + names[:1])):
        add(m.sandbox, "77", one)
        add_member(m.sandbox, "m-1", other)
        refresh(m)
        found = [name for name in os.listdir(m.path / "by-email")
                 if targets(m.path / "by-email" / name) == expected(partnerize="77", elasticpath="m-1")]
        assert len(found) == 1, number
        for name in names + found:
            assert targets(m.path / "by-email" / name) == expected(partnerize="77", elasticpath="m-1"), name
        m.sandbox.delete("77")
        m.sandbox.control("DELETE", "elasticpath/members/m-1")


def test_nul(ep):
    """Somebody with a NUL byte in the email does not go by another one's name."""
    m = ep()
    box = m.sandbox
    add(box, "66", "jane@example.com\0.evil.example")
    add(box, "67", "jane\0@example.com")
    add_member(box, "m-1", JANE)
    assert listed(m) == ["jane%00@example.com", JANE, "jane@example.com%00.evil.example"]
    assert targets(m.path / "by-email" / JANE) == expected(elasticpath="m-1")
    assert targets(m.path / "by-email/JANE%00@example.com") == expected(partnerize="67")
    assert targets(m.path / "by-email/jane@example.com%00.evil.example") == expected(partnerize="66")
    assert os.readlink(m.path / "partnerize/by-email/jane%00@example.com.json") == "../67.json"
    assert fails(os.readlink, m.path / f"partnerize/by-email/{JANE}.json") == "ENOENT"
    # and nobody goes by what an email without one would
    add(box, "68", "jane%00@example.com")
    refresh(m)
    assert targets(m.path / "by-email/jane%2500@example.com") == expected(partnerize="68")


def test_nothing_to_be_seen(ep):
    """Who has an email of blanks has none."""
    m = ep()
    for ident, email in enumerate((" ", "\u200b", "mailto:", "\u00a0.")):
        add(m.sandbox, f"b{ident}", email)
    names = set(os.listdir(m.path / "by-email"))
    assert names and not {"", " ", "\u200b", "mailto:"} & names
    assert (m.path / "partnerize/b0.json").is_file()
