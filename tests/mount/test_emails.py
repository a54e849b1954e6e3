# SPDX-License-Identifier: Apache-2.0
"""One person, however a vendor writes the email: names and look-ups in by-email."""

import os
import re

import pytest

from ep_store import ep, fails
from test_by_email import MANUALS, SIMILAR, add, add_member, expected, move, refresh, targets

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



def similar(m, name):
    """The text about people like that one, or None, however it is looked at."""
    path = m.path / "by-email" / name / SIMILAR
    if SIMILAR not in os.listdir(path.parent):
        assert fails(os.stat, path) == "ENOENT" and fails(open, path) == "ENOENT"
        return None
    text = path.read_text()
    assert path.lstat().st_size == len(text.encode())
    assert text in m.sh(["sh", "-c", 'cat "$0"/*.MANUAL', f"by-email/{name}"], None).ok().out
    assert text.replace("\n", "").isprintable()
    return text


def lines_of(text, name):
    """What the text says of a record: its email, and the lines below."""
    found = [part for part in re.split(r"\n(?=\S|\n)", text) if part.startswith(name + ":")]
    assert len(found) == 1, (name, text)
    return found[0].strip().removeprefix(name + ": ").split("\n    ")


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


def test_nul_in_a_status(ep):
    """Nor does a status go by what stands before a NUL byte."""
    m = ep()
    m.sandbox.patch("5", {"status": "inactive\0ish"})
    assert (m.path / "partnerize/5.status").read_text() == "unknown\n"


def test_nothing_to_be_seen(ep):
    """Who has an email of blanks has none."""
    m = ep()
    for ident, email in enumerate((" ", "\u200b", "mailto:", "\u00a0.")):
        add(m.sandbox, f"b{ident}", email)
    names = set(os.listdir(m.path / "by-email"))
    assert names and not {"", " ", "\u200b", "mailto:"} & names
    assert (m.path / "partnerize/b0.json").is_file()


# ---- one vendor's spellings ----

@pytest.mark.parametrize("other", ["Jane@Example.com", " jane@example.com", "jane@example.com\u00a0\n"])
def test_apart_in_name(ep, other):
    """Blanks at the ends and capitals: one directory, two names."""
    m = ep()
    add(m.sandbox, "77", JANE)
    add(m.sandbox, "78", other)
    add_member(m.sandbox, "m-1", JANE)
    assert listed(m) == [JANE]
    wanted = expected(elasticpath="m-1")
    for ident in ("77", "78"):
        for suffix in (".json", ".status"):
            wanted[f"partnerize~{ident}{suffix}"] = f"../../partnerize/{ident}{suffix}"
    for name in (JANE, other):
        assert targets(m.path / "by-email" / name) == wanted
    for ident in ("77", "78"):
        assert os.readlink(m.path / f"partnerize/by-email/{JANE}~{ident}.json") == f"../{ident}.json"
        assert os.readlink(m.path / f"partnerize/by-email/{other}~{ident}.json") == f"../{ident}.json"
    text = similar(m, JANE)
    assert lines_of(text, "partnerize/77.json") == [JANE, "in this directory as partnerize~77"]
    written = other.replace(" ", "<U+0020>").replace("\u00a0", "<U+00A0>").replace("\n", "<U+000A>")
    assert lines_of(text, "partnerize/78.json") == [written, "in this directory as partnerize~78"]
    assert "elasticpath" not in text


def test_twins_are_no_news(ep):
    m = ep()
    for ident in ("77", "78"):
        add(m.sandbox, ident, JANE)
    assert listed(m) == [JANE] and similar(m, JANE) is None


APART = {
    "zero-width space": ("ja\u200bne@example.com", "ja%E2%80%8Bne@example.com", "ja<U+200B>ne@example.com"),
    "at the end": ("jane@example.com\u200b", "jane@example.com%E2%80%8B", "jane@example.com<U+200B>"),
    "mailto": ("mailto:Jane@example.com", "mailto:jane@example.com", "mailto:Jane@example.com"),
    "dot": ("jane@example.com.", "jane@example.com.", "jane@example.com."),
}


@pytest.mark.parametrize("other, name, written", APART.values(), ids=APART)
def test_apart_in_directory(ep, other, name, written):
    """More than that: two directories, and other vendors' records in both."""
    m = ep()
    box = m.sandbox
    add(box, "77", JANE)
    add(box, "78", other)
    add_member(box, "m-1", "JANE@example.com.")
    assert listed(m) == sorted([JANE, name])
    one, two = (expected(partnerize=ident, elasticpath="m-1") for ident in ("77", "78"))
    for typed in (JANE, "JANE@example.com", " jane@example.com", "jane\u00ad@example.com"):
        assert targets(m.path / "by-email" / typed) == one, typed
    for typed in (name, other, other.upper() if other.isascii() else other, f" {other}"):
        assert targets(m.path / "by-email" / typed) == two, typed
    text = similar(m, JANE)
    assert lines_of(text, "partnerize/77.json") == [JANE, "in this directory as partnerize"]
    assert lines_of(text, "partnerize/78.json") == [written, f"see ../{name}"]
    text = similar(m, name)
    assert lines_of(text, "partnerize/77.json") == [JANE, f"see ../{JANE}"]
    assert lines_of(text, "partnerize/78.json") == [written, "in this directory as partnerize"]
    # the vendor's own
    for ident in ("77", "78"):
        assert os.readlink(m.path / f"partnerize/by-email/{JANE}~{ident}.json") == f"../{ident}.json"
    # what is done to one is not done to the other
    m.sh(["sh", "-c", 'echo inactive | tee "$0"/partnerize.status', f"by-email/{name}"], None).ok()
    assert {user["user_id"]: user["status"] for user in box.control("GET", "users")[-2:]} == \
        {"77": "active", "78": "inactive"}
    # mended, by this mount: one person again, at once
    (m.path / "partnerize/78.json").write_text('{"email": " jane@example.com"}')
    assert listed(m) == [JANE] and "see .." not in similar(m, JANE)
    assert sorted(targets(m.path / "by-email" / name)) == sorted(
        [*MANUALS, "elasticpath.json", "elasticpath.status"] +
        [f"partnerize~{ident}{suffix}" for ident in ("77", "78") for suffix in (".json", ".status")])


def test_apart_without_a_plain_one(ep):
    """Nobody of the vendor has the plain spelling: its directory shows the others, and says who there is."""
    m = ep()
    add(m.sandbox, "77", "j\u200bane@example.com")
    add(m.sandbox, "78", "ja\u200bne@example.com")
    names = ["j%E2%80%8Bane@example.com", "ja%E2%80%8Bne@example.com"]
    assert listed(m) == names
    assert targets(m.path / "by-email" / names[1]) == expected(partnerize="78")
    assert not [name for name in targets(m.path / "by-email" / JANE) if "partnerize" in name and name not in MANUALS]
    text = similar(m, JANE)
    assert [lines_of(text, f"partnerize/{ident}.json")[1] for ident in ("77", "78")] == \
        [f"see ../{name}" for name in names]
    add_member(m.sandbox, "m-1", JANE)
    refresh(m)
    assert listed(m) == sorted([JANE, *names])
    assert targets(m.path / "by-email" / JANE) == expected(elasticpath="m-1")
    for ident, name in zip(("77", "78"), names):
        assert targets(m.path / "by-email" / name) == expected(partnerize=ident, elasticpath="m-1")


def test_long_spellings(ep):
    m = ep()
    stem = "n" * 150
    plain, other = f"{stem}@example.com", f"{stem}@exam" + "\u200b" * 50 + "ple.com"
    add(m.sandbox, "77", plain)
    add(m.sandbox, "78", other)
    names = [name for name in os.listdir(m.path / "by-email") if stem in name]
    assert len(names) == 2 and plain in names
    name, = (name for name in names if name != plain)
    assert "%~" in name and len(name) <= 233
    assert targets(m.path / "by-email" / name) == expected(partnerize="78")
    assert targets(m.path / "by-email" / plain) == expected(partnerize="77")
    assert f"see ../{name}" in similar(m, plain)


# ---- other people ----

LOOKS = {
    "plus-tag": ("jane+news@example.com", "a plus-tag"),
    "dots": ("J.ane@example.com", "dots in the name"),
    "display name": ("Jane Doe <jane@example.com>", "a display name, or brackets or quotes around the email"),
    "look-alike": ("j\u0430ne@example.com", "a look-alike letter"),
    "look-alike domain": ("jane@ex\u0430mple.com", "a look-alike letter"),
    "in ASCII": ("jane@examp1e.com", "a look-alike letter"),
    "blank": ("jane @example.com", "blanks or control characters"),
    "NUL": ("jane@example.com\0", "blanks or control characters"),
    "comma": ("jane@example.com,", "a display name, or brackets or quotes around the email"),
    "list": ("jane@example.com;", "a display name, or brackets or quotes around the email"),
    "words": ("Jane Doe jane@example.com", "a display name, or brackets or quotes around the email"),
    "scheme": ("smtp:jane@example.com", "a display name, or brackets or quotes around the email"),
    "link": ("mailto:jane@example.com?subject=x", "a display name, or brackets or quotes around the email"),
    "dot twice": ("jane@example..com", "a comma, or two dots or @ for one"),
    "at twice": ("jane@@example.com", "a comma, or two dots or @ for one"),
    "comma for a dot": ("jane@example,com", "a comma, or two dots or @ for one"),
    "escape": ("\x1b[1mjane@example.com", None),
    "two": ("\x1bj.ane+x@example.com", "a plus-tag, dots in the name, blanks or control characters"),
}


@pytest.mark.parametrize("number, other, reason", [(at, *look) for at, look in enumerate(LOOKS.values())], ids=LOOKS)
def test_people_who_look_alike(ep, number, other, reason):
    vendor = ("partnerize", "elasticpath")[number % 2]
    m = ep()
    box = m.sandbox
    before = set(os.listdir(m.path / "by-email"))
    add(box, "77", JANE)
    if vendor == "partnerize":
        add(box, "78", other)
    else:
        add_member(box, "78", other)
    refresh(m)
    name, = set(os.listdir(m.path / "by-email")) - before - {JANE}
    if reason is None:
        assert similar(m, JANE) is similar(m, name) is None
        return
    written = "".join(char if " " <= char < "\x7f" else f"<U+{ord(char):04X}>" for char in other)
    assert lines_of(similar(m, JANE), f"{vendor}/78.json") == [written, f"differs in {reason}", f"see ../{name}"]
    assert lines_of(similar(m, name), "partnerize/77.json") == [JANE, f"differs in {reason}", f"see ../{JANE}"]
    for path in (f"by-email/{JANE}", f"by-email/{name}"):
        assert sorted(os.listdir(m.path / path))[0] == SIMILAR
    # they are two people, and what is done to one is not done to the other
    m.sh(f"echo inactive | tee by-email/{JANE}/*.status").ok()
    assert (m.path / "by-email" / name / f"{vendor}.json").exists()
    # gone by a change of this mount, and of a colleague
    (m.path / "partnerize/77.json").write_text('{"email": "somebody@example.com"}')
    assert similar(m, name) is None
    (m.path / "partnerize/77.json").write_text('{"email": " JANE@example.com"}')
    assert "partnerize/77.json: <U+0020>JANE@example.com\n" in similar(m, name)
    move(box, vendor, "78", "somebody@example.com")
    refresh(m)
    assert JANE in os.listdir(m.path / "by-email") and similar(m, JANE) is None


def test_similar_is_only_read(ep):
    m = ep()
    add(m.sandbox, "77", JANE)
    add(m.sandbox, "78", "jane+news@example.com")
    os.listdir(m.path / "by-email")
    path = m.path / "by-email" / JANE / SIMILAR
    assert path.stat().st_mode == 0o100444
    for command in ("echo x >", "echo x >>", "rm -f", "mv -T README"):
        assert not m.sh(f"{command} by-email/{JANE}/{SIMILAR}").code == 0, command
    assert "78.json: jane+news" in path.read_text()
    with open(path) as opened:
        m.sandbox.delete("78")
        refresh(m)
        assert JANE in os.listdir(m.path / "by-email")
        assert fails(os.stat, path) == "ENOENT"
        assert "78.json: jane+news" in opened.read()


def test_thousands_who_look_alike(ep):
    m = ep()
    add_member(m.sandbox, "m-1", JANE)
    for number in range(130):
        add(m.sandbox, f"t{number}", f"jane+{number}@example.com")
    os.listdir(m.path / "by-email")
    text = similar(m, JANE)
    assert text.count("a plus-tag") == 100 and "partnerize: there are more of them" in text


# ---- cold ----

@pytest.mark.parametrize("typed", [JANE, "Jane@Example.com", " jane@example.com", "mailto:jane@example.com"])
def test_cold(ep, typed):
    """All of it also holds for the first that is looked at on a mount."""
    m = ep()
    add(m.sandbox, "77", "\u200bJANE@example.com.")
    add(m.sandbox, "78", "jane+news@example.com")
    add_member(m.sandbox, "m-1", JANE)
    assert targets(m.path / "by-email" / typed) == expected(partnerize="77", elasticpath="m-1")
    text = (m.path / "by-email" / typed / SIMILAR).read_text()
    assert lines_of(text, "partnerize/78.json")[1] == "differs in a plus-tag"


# as a vendor has it, and the name that is listed
TYPED = [("user%host@example.com", "user%25host@example.com"), (".jane@example.com", "%2Ejane@example.com"),
         ("#jane@example.com", "%23jane@example.com"), ("100%@example.com", "100%25@example.com"),
         ("%41@example.com", "%2541@example.com"), ("%zz@EXAMPLE.com", "%25zz@example.com")]


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("email, name", TYPED)
def test_typed_as_the_vendor_has_it(ep, email, name, warm):
    m = ep()
    add(m.sandbox, "77", email)
    add_member(m.sandbox, "m-1", email)
    if warm:
        assert name in os.listdir(m.path / "by-email")
    for typed in (email, name):
        assert targets(m.path / "by-email" / typed) == expected(partnerize="77", elasticpath="m-1"), typed
        assert os.readlink(m.path / f"partnerize/by-email/{typed}.json") == "../77.json", typed
        m.sh(["sh", "-c", 'echo inactive | tee "by-email/$0/partnerize.status"', typed], None).ok()
    assert m.sandbox.control("GET", "users")[-1]["status"] == "inactive"
    # a name that is listed is that person's, whatever else it may be
    add(m.sandbox, "78", name)
    refresh(m)
    assert targets(m.path / "by-email" / name) == expected(partnerize="77", elasticpath="m-1")


def test_hidden_names_ask_nobody(ep):
    m = ep()
    for name in (".git", ".hidden", "#x#", ".Trash-0"):
        assert fails(os.stat, m.path / "by-email" / name) == "ENOENT"
        assert fails(os.stat, m.path / f"partnerize/by-email/{name}.json") == "ENOENT"
    assert m.sandbox.counts()["total"] == 0
