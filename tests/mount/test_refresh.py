# SPDX-License-Identifier: Apache-2.0
"""A refresh leaves alone what did not change: the kernel's pages, and the daemon's memory."""

import os
import re
import time

import pytest

from kernel_requests import fewest, more

USERS = 50


def refresh(m):
    (m.path / ".rosterfs/refresh").write_text("partnerize\n")
    os.listdir(m.path / "partnerize")


def texts(m):
    folder = m.path / "partnerize"
    return {n: (folder / f"{n}.json").read_text() for n in range(1, USERS + 1)}


def reads(m, prepare):
    """The fewest READs for all texts after PREPARE, and the texts."""
    def once():
        prepare()
        return more(m, lambda: texts(m))
    counts, after = fewest("read", once)
    return counts["read"], after


def test_pages_of_unchanged_records(mount, sandbox):
    """What was read is not read again, however often the roster is fetched anew."""
    m = mount(sandbox(users=USERS))
    os.listdir(m.path / "partnerize")
    counts, before = more(m, lambda: texts(m))
    assert counts["open"] >= USERS
    for _ in range(3):
        assert reads(m, lambda: refresh(m)) == (0, before)


def test_pages_after_the_ttl(mount, sandbox):
    m = mount(sandbox(users=USERS), {"partnerize": {"ttl": 1}})
    os.listdir(m.path / "partnerize")
    before = texts(m)

    def expire():
        time.sleep(1.2)
        os.listdir(m.path / "partnerize")
    assert reads(m, expire) == (0, before)


def test_pages_of_a_record_read_before_the_list(mount, sandbox):
    """One that was asked for alone is what the list shows then, and is not read again."""
    box = sandbox(users=USERS)

    def once():
        m = mount(box)
        file = m.path / "partnerize/7.json"
        alone = file.read_text()
        assert len(os.listdir(m.path / "partnerize")) > USERS
        counts, listed = more(m, file.read_text)
        assert listed == alone
        return counts, listed
    assert fewest("read", once)[0]["read"] == 0


def test_pages_of_a_changed_record(mount, sandbox):
    """One that changed is read anew, and only that one."""
    box = sandbox(users=USERS)
    m = mount(box)
    os.listdir(m.path / "partnerize")
    before = texts(m)
    names = (f"Somebody else {n}" for n in range(100))

    def change():
        box.patch(7, {"firstname": next(names)})
        refresh(m)
    made, after = reads(m, change)
    assert 1 <= made <= 2
    assert "Somebody else" in after[7]
    assert {n for n in after if after[n] != before[n]} == {7}


def test_pages_of_a_written_record(mount, sandbox):
    """What was written here, and is what the vendor then lists, is not read again."""
    m = mount(sandbox(users=USERS, put_answer="full"))
    os.listdir(m.path / "partnerize")
    texts(m)
    (m.path / "partnerize/7.status").write_text("inactive\n")
    written = texts(m)
    assert '"inactive"' in written[7]
    assert reads(m, lambda: refresh(m)) == (0, written)


def memory(m, word):
    with open(f"/proc/{m.pid}/status", encoding="ascii") as file:
        return int(re.search(rf"^{word}:\s+(\d+) kB$", file.read(), re.M).group(1))


@pytest.mark.plain
@pytest.mark.limit(300)
def test_memory(mount, sandbox):
    """Twenty refreshes leave as much as there was, and none takes much more meanwhile."""
    m = mount(sandbox(users=20000))
    m.sh("ls -l partnerize >/dev/null")
    refresh(m)
    steady = memory(m, "VmRSS")
    for _ in range(20):
        refresh(m)
    assert memory(m, "VmRSS") <= steady * 1.15
    assert memory(m, "VmHWM") <= steady * 1.6
