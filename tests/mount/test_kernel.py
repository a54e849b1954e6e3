# SPDX-License-Identifier: Apache-2.0
"""What the kernel asks for, and what it keeps: the requests decide how quick a tool is."""

import errno
import json
import mmap
import os
import time

import pytest

from kernel_requests import FEW, ROUNDS, fewest, more
from system import SCALE, wait_until
from writes import PASSWORD, at_vendor, errno_of, text_of

pytestmark = pytest.mark.limit(120)


def asked_by(m, command):
    """What COMMAND makes the kernel ask, the result of the command."""
    return more(m, lambda: m.sh(command).ok())


def names(m, folder="partnerize"):
    return set(os.listdir(m.path / folder))


def test_list_again(mount, sandbox):
    """Names that the kernel has are not asked for again: only the directory is opened."""
    m = mount(sandbox(users=2000))
    first = m.sh("ls -l partnerize").ok()
    counts, again = fewest("readdir", lambda: asked_by(m, "ls -l partnerize"))
    assert counts["opendir"] == 1
    assert counts["readdir"] == 0
    assert counts["lookup"] < FEW
    assert counts["getattr"] < FEW
    assert again.out == first.out
    m.sh("ls by-email partnerize/by-email").ok()
    counts, _ = fewest("readdir", lambda: asked_by(m, "ls by-email partnerize/by-email"))
    assert (counts["opendir"], counts["readdir"]) == (2, 0)


def test_names_first(mount, sandbox):
    """A directory is listed by its names alone, until somebody wants more of them."""
    users = 5000
    m = mount(sandbox(users=users))
    counts, _ = asked_by(m, "ls -f partnerize")
    assert counts["lookup"] < 10
    assert counts["readdir"] < 2 * users / 400, "with attributes about 200 fit into a request"
    assert m.sh("find partnerize/ -maxdepth 1 -type f -name '*.*' | wc -l").ok().out.strip() == str(2 * users)
    with os.scandir(m.path / "partnerize") as entries:
        assert all(entry.inode() == entry.stat(follow_symlinks=False).st_ino
                   for entry, _ in zip(entries, range(2000)))
    m = mount(m.sandbox)
    counts, _ = asked_by(m, "ls -l partnerize")
    assert counts["lookup"] < users / 2
    sizes = m.sh("ls -l partnerize").ok().lines()
    assert len(sizes) > 2 * users and not any(" ? " in line for line in sizes)


def test_attributes_after_names(mount, sandbox):
    """Where the names are the kernel's own: a few are looked up, then it reads all anew."""
    users = 5000
    box = sandbox(users=users)

    def once():
        m = mount(box)
        m.sh("ls -f partnerize").ok()
        counts, _ = asked_by(m, "ls -l partnerize")
        assert counts["lookup"] < users
        # none at all: the kernel had lost the names
        return {"few": counts["lookup"] <= 10 or counts["readdir"] <= 10}, m
    few, m = fewest("few", once)
    assert not few["few"]
    counts, _ = asked_by(m, "ls -l partnerize")
    assert counts["lookup"] < FEW and counts["getattr"] < FEW
    counts, _ = fewest("readdir", lambda: asked_by(m, "ls -l partnerize"))
    assert counts["lookup"] < FEW and counts["readdir"] == 0
    # what it knows is to be asked for anew: that is a matter of attributes alone
    (m.path / ".rosterfs/refresh").write_text("all")
    counts, _ = asked_by(m, "ls -l partnerize")
    assert counts["lookup"] + counts["getattr"] < users / 2


def test_inode_numbers(mount, sandbox):
    """Those of numbered records follow theirs, and no two names share one."""
    box = sandbox(users=300)
    box.control("POST", "users", {"user_id": "07", "email": "zero@example.com"})
    m = mount(box)
    with os.scandir(m.path / "partnerize") as entries:
        numbers = {entry.name: entry.inode() for entry in entries}
    assert len(set(numbers.values())) == len(numbers) and "07.json" in numbers
    in_order = [numbers[f"{user}.{end}"] for user in range(1, 301) for end in ("json", "status")]
    assert in_order == sorted(in_order)
    assert all(os.lstat(m.path / "partnerize" / name).st_ino == number for name, number in numbers.items())


def test_read_again(mount, sandbox):
    """Texts that the kernel has are not read again, and nothing is flushed."""
    m = mount(sandbox(users=500))
    m.sh("cat partnerize/*.json").ok()
    counts, _ = fewest("read", lambda: asked_by(m, "cat partnerize/*.json"))
    assert counts["open"] == 500
    assert (counts["read"], counts["flush"], counts["lookup"] < FEW) == (0, 0, True)


def test_texts_with_the_open(mount, sandbox):
    """A file that nobody has opened yet is read without a request, and its times stay known."""
    m = mount(sandbox(users=600))
    m.sh("ls -l partnerize").ok()
    hundreds = iter(range(1, 600, 100))

    def once():
        first = next(hundreds)
        files = [m.path / f"partnerize/{user}.{end}" for user in range(first, first + 100)
                 for end in ("json", "status")]
        counts, texts = more(m, lambda: [file.read_bytes() for file in files])
        again, same = more(m, lambda: [file.read_bytes() for file in files])
        assert texts == same
        assert [file.stat().st_size for file in files] == list(map(len, texts))
        assert all(json.loads(text)["user_id"] == str(first + index)
                   for index, text in enumerate(texts[::2]))
        return {"open": counts["open"],
                "more": sum(ask["read"] + ask["getattr"] for ask in (counts, again))}, None
    counts, _ = fewest("more", once)
    assert counts["open"] == 200 and counts["more"] < FEW


def test_long_texts_with_the_open(mount, sandbox):
    """The same where a text is longer than a page or fills one exactly."""
    box = sandbox(users=5)
    page = os.sysconf("SC_PAGE_SIZE")
    for user, length in enumerate((page - 1, page, page + 1, 3 * page, 40 * page + 7), 1):
        there = at_vendor(box, user)
        missing = length - len(text_of(there).encode())
        box.patch(user, {"firstname": there["firstname"] + missing * "x"})
    for start in (0, 3):
        m = mount(box)
        for user in range(1, 6):
            with open(m.path / f"partnerize/{user}.json", "rb") as file:
                file.seek(start)
                assert file.read().decode() == text_of(at_vendor(box, user))[start:]
    assert (m.path / "partnerize/2.json").stat().st_size == page


def mapped(file):
    with mmap.mmap(file, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) as memory:
        return bytes(memory)


def in_pieces(path):
    """The text as it is read without a look at its size: what is read tells where it ends."""
    file = os.open(path, os.O_RDONLY)
    try:
        return b"".join(iter(lambda: os.read(file, 64), b"")).decode()
    finally:
        os.close(file)


def read_past(path):
    """Open PATH, for reading, so that the kernel keeps no page that is read."""
    with open(path, "ab"):
        return os.open(path, os.O_RDONLY)


def test_a_mapped_text(mount, sandbox):
    """Pages that came by mapping what is read past them are not taken for another version's."""
    m = mount(sandbox(users=5))
    path = m.path / "partnerize/2.json"
    m.sandbox.patch(2, {"firstname": 1000 * "x"})
    file = read_past(path)
    assert path.stat().st_size > 1000
    assert json.loads(mapped(file))["firstname"] == 1000 * "x"
    os.close(file)
    m.sandbox.patch(2, {"firstname": "x"})
    (m.path / ".rosterfs/refresh").write_text("all")
    assert in_pieces(path) == text_of(at_vendor(m.sandbox, 2))


def test_an_old_text_mapped_late(mount, sandbox):
    """The same where somebody has read the newer version before the older one was mapped."""
    m = mount(sandbox(users=5))
    path = m.path / "partnerize/2.json"
    m.sandbox.patch(2, {"firstname": "Older"})
    file = read_past(path)
    m.sandbox.patch(2, {"firstname": "Newer"})
    (m.path / ".rosterfs/refresh").write_text("all")
    assert in_pieces(path) == text_of(at_vendor(m.sandbox, 2))
    assert b"Older" in mapped(file)
    newer = text_of(at_vendor(m.sandbox, 2))
    assert in_pieces(path) == path.read_text() == newer
    os.close(file)
    assert in_pieces(path) == path.read_text() == newer


def test_half_a_text_mapped(mount, sandbox):
    """What somebody wrote and was refused is nobody else's, though he mapped it."""
    m = mount(sandbox(users=5))
    folder = m.path / "partnerize"
    before = (folder / "4.json").read_text()
    (folder / "4.json").rename(folder / "4.bak")
    assert m.sh("cat partnerize/4.json").ok().out == before
    file = os.open(folder / "4.json", os.O_RDWR | os.O_CREAT | os.O_EXCL)
    os.write(file, b'{"firstname":"' + 3000 * b"J")
    assert b"JJJ" in mapped(file)
    assert errno_of(os.close, file) == errno.EINVAL
    assert m.sh("cat partnerize/4.json").ok().out == before
    assert in_pieces(folder / "4.json") == before


def test_a_list_is_news(mount, sandbox):
    """What comes and goes is listed at once, whoever did it."""
    box = sandbox(users=20)
    m = mount(box, {"partnerize": {"ttl": 600}})
    folder = m.path / "partnerize"
    old = names(m)
    assert names(m) == old
    (folder / ".scratch").write_text("x")
    assert names(m) == old | {".scratch"}
    (folder / ".scratch").rename(folder / ".other")
    assert names(m) == old | {".other"}
    (folder / ".other").unlink()
    assert names(m) == old
    box.control("POST", "users", {"user_id": "77", "email": "new@example.com"})
    assert names(m) == old
    (m.path / ".rosterfs/refresh").write_text("partnerize")
    assert names(m) == old | {"77.json", "77.status"}
    assert "new@example.com.json" in names(m, "partnerize/by-email")
    assert "new@example.com" in names(m, "by-email")
    box.delete("77")
    (m.path / ".rosterfs/refresh").write_text("all")
    assert names(m) == old
    assert "new@example.com.json" not in names(m, "partnerize/by-email")
    assert "new@example.com" not in names(m, "by-email")


def test_own_users_are_listed(mount, sandbox):
    """A user who was made here is listed at once, also where the kernel knew the names."""
    m = mount(sandbox(users=20), {"partnerize": {"ttl": 600}})
    old = names(m)
    (m.path / "partnerize/new/jo.json").write_text(
        text_of({"firstname": "Jo", "lastname": "Do", "email": "jo@example.com", "password": PASSWORD}))
    new = names(m) - old
    assert len(new) == 2
    assert any((m.path / "partnerize" / name).read_text().count("jo@example.com") for name in new)


def test_lists_side_by_side(mount, sandbox):
    """Who began to list before the news came sees what was then, and nobody a mixture."""
    box = sandbox(users=1500)
    m = mount(box, {"partnerize": {"ttl": 600}})
    folder = m.path / "partnerize"
    with os.scandir(folder) as old:
        seen = {next(old).name}
        box.delete("9")
        box.control("POST", "users", {"user_id": "7777", "email": "new@example.com"})
        (m.path / ".rosterfs/refresh").write_text("all")
        new = names(m)
        seen |= {entry.name for entry in old}
    assert seen - new == {"9.json", "9.status"}
    assert new - seen == {"7777.json", "7777.status"}
    assert names(m) == new
    assert m.sh("ls partnerize").ok().lines() == sorted(new)


def stale(m):
    """A mount of which the rosters are too old, but not for its grace, and are being fetched."""
    time.sleep(1.5)
    m.sandbox.fault(fault="stall", path="/user", times=-1)
    os.listdir(m.path / "partnerize")
    return m


def test_an_old_list(mount, sandbox):
    """In the time of grace names are not kept, or each would be asked for alone."""
    m = mount(sandbox(users=300), {"partnerize": {"ttl": 1, "grace": 600}})
    m.sh("ls -l partnerize").ok()
    stale(m)
    seen = []
    # what an answer brings is kept for a second: who is held up for as long does ask for each
    while not seen or (len(seen) < ROUNDS and seen[-1] >= 100):
        counts, _ = asked_by(m, "ls -l partnerize")
        assert counts["readdir"] > 1
        seen.append(counts["lookup"] + counts["getattr"])
    assert seen[-1] < 100, seen
    m.sandbox.clear_faults()


def test_an_old_record(mount, sandbox):
    """Who reads while a new roster is fetched does not pay at each look, and sees it once it is there."""
    box = sandbox(users=300)
    m = mount(box, {"partnerize": {"ttl": 1, "grace": 600}})
    file, status = m.path / "partnerize/7.json", m.path / "partnerize/7.status"
    os.listdir(m.path / "partnerize")
    before = file.read_text()
    stale(m)
    assert (file.read_text(), status.read_text()) == (before, "active\n")

    def read_on():
        return {file.read_text() for _ in range(100)}
    counts, texts = fewest("lookup", lambda: more(m, read_on))
    assert (counts["lookup"], counts["open"], texts) == (0, 100, {before})
    box.patch(7, {"firstname": "Somebody else", "status": "inactive"})
    m.sandbox.clear_faults()
    wait_until(lambda: "Somebody else" in file.read_text(), 20 * SCALE, "the new roster")
    assert status.read_text() == "inactive\n"
    assert file.stat().st_size == len(file.read_bytes())
