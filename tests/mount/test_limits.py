# SPDX-License-Identifier: Apache-2.0
"""A mount with little memory or few descriptors: it says so, and works again when there is more."""

import concurrent.futures
import errno
import os
import re
import subprocess

import pytest

from harness import MountFailed
from writes import GOOD, errno_of, last_line, save

# of memory, sanitizers need a multiple
pytestmark = pytest.mark.plain
MIB = 1 << 20


def limited(what, value):
    return ["prlimit", f"--{what}={value}:{value}", "--"]


def limit(m, what, value):
    """Set the limit of the running mount M."""
    subprocess.run(["prlimit", f"--pid={m.pid}", f"--{what}={value}"], check=True)


def named(box, name):
    """A section like that of the sandbox BOX, called NAME."""
    return f"\n[{name}]\ntype = partnerize" + box.config().split("[partnerize]")[1].split("\n[")[0]


def large_and_small(sandbox, users):
    large, small = sandbox(users=users), sandbox(users=25)
    return large, small, large.config() + named(small, "small")


def small_works(m, box):
    """The other vendor, the log, the status and the files in memory."""
    (m.path / ".rosterfs/refresh").write_text("small")
    assert len(os.listdir(m.path / "small")) > 50
    before = box.user(7)["status"]
    word = "active" if before == "inactive" else "inactive"
    assert save(m.path / "small/7.status", word) == GOOD and box.user(7)["status"] == word
    assert (m.path / ".rosterfs/log").read_text() and (m.path / ".rosterfs/status").read_text()
    (m.path / "small/.scratch").write_text("x" * 10000)
    (m.path / "small/.scratch").unlink()


def test_too_little_memory_for_a_list(mount, sandbox):
    """100,000 users in 64 MiB: ENOMEM, in words; all else works, and with more memory that list, too."""
    large, small, config = large_and_small(sandbox, 100000)
    m = mount(config=config, wear=["prlimit", f"--data={64 * MIB}:unlimited", "--"])
    for folder in ("partnerize", "partnerize", "by-email"):
        assert errno_of(os.listdir, m.path / folder) == errno.ENOMEM
        assert "memory" in last_line(m, f" {folder}: ") and "ENOMEM" in last_line(m, f" {folder}: ")
        small_works(m, small)
    assert m.sh("cat tables/partnerize.csv").code != 0
    assert (m.path / "partnerize/77.json").read_text()
    assert save(m.path / "partnerize/77.status", "inactive") == GOOD
    assert large.user(77)["status"] == "inactive"
    limit(m, "data", f"{1024 * MIB}:unlimited")
    assert m.sh("ls partnerize | grep -c 'json$'", timeout=60).ok().out == "100000\n"


def test_hardly_any_memory(mount, sandbox):
    """2 MiB: it does not mount, and says why."""
    with pytest.raises(MountFailed) as failed:
        mount(sandbox(users=2), wear=["prlimit", f"--data={2 * MIB}", "--"])
    assert re.search("memory|thread|allocate", str(failed.value))


# ---- descriptors ----

def test_256_descriptors(mount, sandbox):
    """Several vendors, and many files open at once: descriptors of the processes, not of the daemon."""
    boxes = [sandbox(users=300) for _ in range(4)]
    names = ["partnerize", "second", "third", "fourth"]
    config = boxes[0].config() + "".join(named(box, name) for box, name in zip(boxes[1:], names[1:]))
    m = mount(config=config, wear=limited("nofile", 256))
    assert "descriptors" not in m.stderr()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        lists = list(pool.map(lambda name: os.listdir(m.path / name), names * 4))
        assert all(len(one) > 600 for one in lists)
        files = [os.open(m.path / name / f"{ident}.json", os.O_RDONLY) for name in names for ident in range(1, 200)]
        saves = list(pool.map(lambda at: save(m.path / at[0] / f"{at[1]}.status", "inactive"),
                              [(name, ident) for name in names for ident in range(2, 12)]))
    assert saves == [GOOD] * len(saves)
    assert {os.read(file, 1) for file in files} == {b"{"}
    for file in files:
        os.close(file)
    assert len(os.listdir(f"/proc/{m.pid}/fd")) < 256


def test_256_descriptors_are_too_few(mount, sandbox):
    """What is missing for `parallel` is said, and less is asked at a time."""
    box = sandbox(users=500)
    config = box.config({"partnerize": {"parallel": 64}}) + named(box, "second")
    m = mount(config=config, wear=limited("nofile", 256))
    assert re.search(r"too few file descriptors: 256 are allowed .* partnerize \d+ second \d", m.stderr())
    assert m.sh("ls partnerize second | grep -c 'json$'").ok().out == "1000\n"
