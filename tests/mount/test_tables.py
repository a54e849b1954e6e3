# SPDX-License-Identifier: Apache-2.0
"""The files in tables/: what they show, when they ask, what the kernel keeps of them, and that nothing changes them."""

import concurrent.futures
import csv
import json
import mmap
import os
import re
import signal
import subprocess
import threading

import pytest

import raw_vendor
from ep_store import fails
from kernel_requests import fewest, more
from system import SCALE, wait_until
from writes import last_line

BOTH = ["partnerize.jsonl", "partnerize.csv"]
PIECE = 128 << 10


def lines_of(path):
    return path.read_text(encoding="utf-8").splitlines()


def row_of(text, ident, key="user_id"):
    return next(record for record in map(json.loads, text.splitlines()) if str(record[key]) == str(ident))


def refresh(m, name="all"):
    (m.path / ".rosterfs/refresh").write_text(name)


# ---- what they show ----

def test_jsonl_is_the_files(mount, sandbox):
    """One line per user, in the order of the list: the .json file without its blanks."""
    m = mount(sandbox(users=250, vendors="partnerize,elasticpath,cj"))
    for name in ("partnerize", "elasticpath"):
        files = m.sh(f"ls -U {name}/ | grep '[.]json$' | sed 's|^|{name}/|' | xargs -d '\\n' jq -c .").ok().out
        assert (m.path / f"tables/{name}.jsonl").read_text() == files
    assert not [name for name in os.listdir(m.path / "tables") if name.startswith("cj")]


def test_csv_has_each_status(mount, sandbox):
    """Also of a vendor whose status is no field of its users: the .status file has the same word."""
    m = mount(sandbox(users=60, members=40, vendors="partnerize,elasticpath,cj"))
    for name, key in (("partnerize", "user_id"), ("elasticpath", "id")):
        with open(m.path / f"tables/{name}.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert {"active", "inactive"} <= {row["status"] for row in rows}
        for row in rows:
            assert (m.path / name / f"{row[key]}.status").read_text() == row["status"] + "\n"


def test_csv_follows_memberships(mount, sandbox):
    """Whoever lost the last membership is inactive in the next table, and active again after `active`."""
    box = sandbox(members=40, vendors="elasticpath")
    m = mount(box)
    table = m.path / "tables/elasticpath.csv"

    def status(ident):
        with open(table, newline="", encoding="utf-8") as file:
            return next(row["status"] for row in csv.DictReader(file) if row["id"] == ident)

    with open(table, newline="", encoding="utf-8") as file:
        member = next(row["id"] for row in csv.DictReader(file) if row["status"] == "active")
    (m.path / f"elasticpath/{member}.status").write_text("inactive")
    assert status(member) == "inactive"
    (m.path / f"elasticpath/{member}.status").write_text("active")
    assert status(member) == "active"


def test_link_ends_a_status(mount, sandbox):
    """A membership that is ended by rm leaves a doubt, which the table asks about."""
    m = mount(sandbox(members=40, vendors="elasticpath"), {"elasticpath": {"allow_delete": "yes"}})
    with open(m.path / "tables/elasticpath.csv", newline="", encoding="utf-8") as file:
        members = [row["id"] for row in csv.DictReader(file) if row["status"] == "active"]
    links = m.sh("find elasticpath/accounts -path '*/members/*.json'").ok().lines()
    member, link = next((member, mine[0]) for member in members
                        for mine in [[link for link in links if member in link]] if len(mine) == 1)
    os.unlink(m.path / link)
    with open(m.path / "tables/elasticpath.csv", newline="", encoding="utf-8") as file:
        assert next(row["status"] for row in csv.DictReader(file) if row["id"] == member) == "inactive"


def test_styles(mount, sandbox):
    box = sandbox(users=5)
    box.patch(3, {"firstname": "=1+2"})
    plain = mount(box)
    table = (plain.path / "tables/partnerize.csv").read_bytes()
    assert table.startswith(b"user_id,") and b"\n3,'=1+2," in table
    other = mount(box, {"rosterfs": {"csv_formulas": "raw", "csv_bom": "yes"}})
    table = (other.path / "tables/partnerize.csv").read_bytes()
    assert table.startswith(b"\xef\xbb\xbfuser_id,") and b"\n3,=1+2," in table
    assert b"\xef\xbb\xbf" not in (other.path / "tables/partnerize.jsonl").read_bytes()


def test_same_numbers_in_two_mounts(mount, sandbox):
    box = sandbox(users=5)
    first, second = mount(box), mount(box)
    for name in ("", *BOTH):
        numbers = {os.stat(m.path / "tables" / name).st_ino for m in (first, second)}
        (first.path / "tables" / name).is_file() and (first.path / "tables" / name).read_bytes()
        numbers.add(os.stat(first.path / "tables" / name).st_ino)
        assert len(numbers) == 1
    with os.scandir(first.path / "tables") as entries:
        assert all(entry.inode() == os.stat(entry.path).st_ino for entry in entries)


def test_odd_sections(mount, sandbox):
    """No two tables share a name, and each is where one looks for it."""
    box = sandbox(users=5)
    text = box.config_file.read_text()
    section = text[text.index("[partnerize]"):].split("\n[", 1)[0].split("\n", 1)[1]
    m = mount(box, config=box.config() + "".join(
        f"\n[{name}]\ntype = partnerize\n{section}\n" for name in ("people", "two words", "a.jsonl")))
    names = os.listdir(m.path / "tables")
    assert len(names) == len(set(names))
    assert {"people~users.csv", "two words.jsonl", "a.jsonl.csv", "partnerize.csv"} <= set(names)
    assert (m.path / "tables/people~users.jsonl").read_bytes() == (m.path / "tables/partnerize.jsonl").read_bytes()


# ---- sizes, and what asks the vendor ----

def test_looking_costs_nothing(mount, sandbox):
    box = sandbox(users=50, vendors="partnerize,elasticpath,cj")
    m = mount(box)
    box.reset()
    m.sh("find tables; ls -l tables; ls -laR tables; du -a tables; stat tables/*; test -r tables/partnerize.csv").ok()
    for _ in range(2):
        with os.scandir(m.path) as entries:
            folders = [entry.path for entry in entries if entry.name == "tables"]
        with os.scandir(folders[0]) as entries:
            assert all(entry.stat().st_size == 0 for entry in entries)
    assert box.counts()["total"] == 0
    m.sh("ls partnerize").ok()
    box.reset()
    sizes = {name: os.stat(m.path / "tables" / name).st_size for name in BOTH}
    assert box.counts()["total"] == 0
    assert sizes == {name: len((m.path / "tables" / name).read_bytes()) for name in BOTH}
    assert all(sizes.values())


def test_grep_leaves_tables_alone(mount, sandbox):
    """Whoever reads a vendor's directory reads no record twice."""
    m = mount(sandbox(users=20))
    counts, _ = more(m, lambda: m.sh("grep -rc active partnerize; find -L partnerize by-email").ok())
    assert counts["read"] < 200
    assert not m.sh("find partnerize by-email .rosterfs -name '*.csv' -o -name '*.jsonl'").ok().out


@pytest.mark.parametrize("table", ["partnerize.jsonl", "partnerize.csv", "elasticpath.jsonl"])
def test_open_costs_what_ls_costs(mount, sandbox, table):
    box = sandbox(users=250, members=120, vendors="partnerize,elasticpath,cj")

    def asked(m, command):
        box.reset()
        m.sh(command).ok()
        counts = box.counts()
        # how far the walk looks ahead differs with the time that each page takes
        return {name for name, number in counts.items() if "/" in name and number}

    ours, names = asked(mount(box), f"cat tables/{table}"), asked(mount(box), f"ls {table.split('.', maxsplit=1)[0]}")
    assert ours == names
    m = mount(box)
    asked(m, f"cat tables/{table}")
    assert asked(m, f"cat tables/{table}; tail -n1 tables/{table}; ls -l tables/{table}; ls {table.split('.')[0]}") == set()


def test_one_fetch_for_twenty(mount, sandbox):
    box = sandbox(users=250)
    m = mount(box)
    box.reset()
    out = m.sh("for i in $(seq 20); do cksum < tables/partnerize.csv & done; wait").ok().lines()
    assert len(out) == 20 and len(set(out)) == 1
    alone = mount(box)
    twenty = box.counts()["GET /user"]
    box.reset()
    alone.sh("cat tables/partnerize.csv > /dev/null").ok()
    # how far the walk looks ahead differs with the time that each page takes
    assert twenty <= 2 * box.counts()["GET /user"]


def test_sizes_are_exact(mount, sandbox):
    """On the open file before the first read, by the name, after a seek; and in blocks."""
    m = mount(sandbox(users=300))
    for name in BOTH:
        path = m.path / "tables" / name
        with open(path, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            assert os.stat(path).st_size == size == file.seek(0, os.SEEK_END)
            text = path.read_bytes()
            assert len(text) == size and text.endswith(b"\n")
            for offset in (0, 1, 4095, 4096, 65537, size - 1, size, size + 1, size + (1 << 30)):
                assert os.pread(file.fileno(), 5000, offset) == text[offset:offset + 5000]
            assert file.seek(size - 10) and file.read() == text[-10:]
            with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as mapped:
                assert mapped[:] == text
        status = os.stat(path)
        assert status.st_size == size and status.st_blocks == (size + 511) // 512
    head, tail, words = m.sh("head -n2 tables/partnerize.csv | tail -n1; tail -n1 tables/partnerize.csv; "
                             "wc -l < tables/partnerize.csv").ok().lines()
    assert head.startswith("1,") and tail.startswith("300,") and int(words) == 301
    m.sh("cp tables/partnerize.csv $TMPDIR/table.csv && cmp tables/partnerize.csv $TMPDIR/table.csv").ok()


def test_times(mount, sandbox):
    """The time is that of the fetch, as the directory's."""
    m = mount(sandbox(users=5))
    (m.path / "tables/partnerize.csv").read_bytes()
    refresh(m)
    (m.path / "tables/partnerize.csv").read_bytes()
    status, folder = os.stat(m.path / "tables/partnerize.csv"), os.stat(m.path / "partnerize")
    assert status.st_mtime_ns == status.st_ctime_ns == folder.st_mtime_ns > os.stat(m.path / "README").st_mtime_ns


# ---- versions ----

def test_one_snapshot_for_each_reader(mount, sandbox):
    """A reader sees what there was at its open, at the same time as others see what was written meanwhile."""
    box = sandbox(users=800)
    m = mount(box)
    table = m.path / "tables/partnerize.jsonl"
    before = table.read_bytes()
    slow = open(table, "rb", buffering=0)  # pylint: disable=consider-using-with
    mapped = mmap.mmap(slow.fileno(), 0, prot=mmap.PROT_READ)
    start = slow.read(1000)
    (m.path / "partnerize/790.json").write_text('{"lastname": "a name that is so much longer than the one before"}')
    middle = table.read_bytes()
    assert row_of(middle.decode(), 790)["lastname"].startswith("a name that")
    box.patch(795, {"firstname": "Elsewhere"})
    box.delete(799)
    refresh(m)
    after = table.read_bytes()
    assert row_of(after.decode(), 795)["firstname"] == "Elsewhere"
    assert after.count(b"\n") == 799 and middle.count(b"\n") == 800
    assert len({len(before), len(middle), len(after)}) == 3
    # the pages are gone, so that each byte is asked for again
    os.posix_fadvise(slow.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    assert os.fstat(slow.fileno()).st_size == len(before)
    assert start + b"".join(iter(lambda: slow.read(3333), b"")) == before
    assert mapped[:] == before and table.read_bytes() == after
    with open(table, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as new:
        assert new[:] == after
    assert os.stat(table).st_size == len(after)
    mapped.close()
    slow.close()


def test_next_open_shows_a_write(mount):
    m = mount()
    table = m.path / "tables/partnerize.jsonl"
    folder = os.open(m.path / "tables", os.O_RDONLY)
    table.read_bytes()
    for turn in range(8):
        word = ("inactive", "active")[turn % 2]
        (m.path / "partnerize/25.status").write_text(word)
        assert f'"status":"{word}"' in m.sh("tail -n1 tables/partnerize.jsonl").ok().out
        with open(os.open("partnerize.jsonl", os.O_RDONLY, dir_fd=folder), encoding="utf-8") as file:
            assert row_of(file.read(), 25)["status"] == word
        assert row_of(table.read_text(), 25)["status"] == word
        assert os.stat(table).st_size == len(table.read_bytes())
    os.close(folder)


def test_many_writes_and_opens(mount, sandbox):
    """Each open gets whole lines, a version at least as new as the last acknowledged write, and never an ESTALE."""
    m = mount(sandbox(users=40))
    table = m.path / "tables/partnerize.jsonl"
    written = 0
    done = threading.Event()

    def read():
        opens = 0
        while not done.is_set():
            least = written
            with open(table, encoding="utf-8") as file:
                size = os.fstat(file.fileno()).st_size
                text = file.read()
            assert len(text.encode()) == size and text.count("\n") == 40 and text.endswith("\n")
            assert int(row_of(text, 40)["lastname"]) >= least
            opens += 1
        return opens

    (m.path / "partnerize/40.json").write_text('{"lastname": "0"}')
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            for number in range(1, 60):
                (m.path / "partnerize/40.json").write_text(json.dumps({"lastname": str(number)}))
                written = number
                if number % 20 == 0:
                    refresh(m)
        finally:
            done.set()
        assert all(reader.result() for reader in readers)


def test_opened_again_by_a_link(mount):
    """/dev/stdin of a table that has changed is what the shell has opened."""
    m = mount()
    (m.path / "tables/partnerize.jsonl").read_bytes()
    out = m.sh("exec 3< tables/partnerize.jsonl; cat <&3 > $TMPDIR/old; echo inactive > partnerize/3.status;"
               "cmp /proc/self/fd/3 $TMPDIR/old && cmp /proc/self/fd/3 $TMPDIR/old; echo $?;"
               "cmp -s tables/partnerize.jsonl $TMPDIR/old; echo $?").ok().lines()
    assert out == ["0", "1"]


def test_ttl(mount, sandbox):
    box = sandbox(users=5)
    m = mount(box, {"partnerize": {"ttl": 1, "grace": 0}})
    table = m.path / "tables/partnerize.jsonl"
    table.read_bytes()
    box.patch(5, {"firstname": "Elsewhere"})
    wait_until(lambda: row_of(table.read_text(), 5)["firstname"] == "Elsewhere", 20 * SCALE, "a new list")
    box.reset()
    refresh(m, "partnerize")
    table.read_bytes()
    assert box.counts()["GET /user"] >= 1


# ---- what the kernel keeps ----

def test_pages_stay(mount, sandbox):
    """A second reader asks for nothing but the open; a first one reads at most once for each 128 KiB."""
    m = mount(sandbox(users=3000))
    m.sh("ls partnerize").ok()
    path = m.path / "tables/partnerize.jsonl"
    counts, first = more(m, path.read_bytes)
    assert counts["read"] <= len(first) // PIECE + 2
    counts, again = fewest("read", lambda: more(m, path.read_bytes))
    assert again == first
    assert (counts["read"], counts["open"], counts["flush"]) == (0, 1, 0)
    counts, _ = fewest("read", lambda: more(m, lambda: m.sh("wc -l tables/partnerize.jsonl").ok()))
    assert counts["read"] == 0 and counts["lookup"] < 10 and counts["getattr"] < 10


def memory(m):
    text = open(f"/proc/{m.pid}/smaps_rollup", encoding="ascii").read()
    return int(re.search(r"^Anonymous:\s+(\d+)", text, re.MULTILINE).group(1)) << 10


@pytest.mark.plain
def test_memory_is_given_back(mount, sandbox):
    """No second copy of the roster, not even while it is read; and nothing of it after the close."""
    users = 20000
    m = mount(sandbox(users=users, page_cap=1000), {"partnerize": {"max_users": users + 10}})
    m.sh("ls partnerize; ls -l .rosterfs").ok()
    for name in BOTH:
        path = m.path / "tables" / name
        size = len(path.read_bytes())
        before = memory(m)
        with open(path, "rb") as file:
            assert file.read(10)
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            assert os.pread(file.fileno(), 10, size - 10)
            assert memory(m) - before < size / 4
        assert memory(m) - before < size / 8


# ---- errors ----

def test_vendor_fails(mount, sandbox):
    """The open fails as ls does, the log says why, and no byte of a part is shown."""
    box = sandbox(users=250)
    m = mount(box, {"partnerize": {"retry_budget": 0}})
    box.fault(method="GET", path="/user*", fault="status", status=403, skip=1, times=-1)
    for name in BOTH:
        assert fails(open, m.path / "tables" / name) == fails(os.listdir, m.path / "partnerize") == "EACCES"
        assert re.search(r"GET /user\S* answered 403", last_line(m, f"tables/{name}"))
        assert os.stat(m.path / "tables" / name).st_size == 0
    box.clear_faults()
    assert len(lines_of(m.path / "tables/partnerize.jsonl")) == 250


def test_interrupted(mount, sandbox):
    box = sandbox(users=5)
    m = mount(box)
    with box.paused():
        cat = subprocess.Popen(["cat", m.path / "tables/partnerize.csv"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
        wait_until(lambda: "open" in (m.path / f"/proc/{cat.pid}/syscall").read_text() or
                   (m.path / f"/proc/{cat.pid}/wchan").read_text().startswith("request_wait"), 10 * SCALE, "an open")
        cat.send_signal(signal.SIGINT)
        assert cat.wait(10 * SCALE) == -signal.SIGINT
    assert len(lines_of(m.path / "tables/partnerize.csv")) == 6


# what is answered to the GET of a user whose row is not JSON
@pytest.mark.parametrize("answer", ["json", 404, 403, 400, "bad"])
def test_illegible_rows(mount, answer):
    """A row that is not JSON is asked for by its id, as reading the file would; the table is never short."""
    bad = b'{"user_id":"7","firstname":"P","lastname":"L","email":"p7\xff@example.com","status":"active"}'
    good = bad.replace(b"\xff", b"")
    errors = {403: "EACCES", 400: "EINVAL"}
    with raw_vendor.vendor() as vendor:
        users = vendor.lists["/user"]
        count = len(users)
        vendor.alone["/user", "7"] = {"json": good, "bad": bad}.get(answer, answer)
        users["7"] = bad
        m = mount(config=raw_vendor.config(vendor))
        os.listdir(m.path / "partnerize")
        for name in BOTH:
            path = m.path / "tables" / name
            if answer == "json":
                lines = lines_of(path)
                assert len(lines) == len(users) + (name == BOTH[1]) and count <= len(users)
                assert any("p7@example.com" in line for line in lines)
                assert os.stat(path).st_size == len(path.read_bytes())
                continue
            assert os.stat(path).st_size == 0
            assert fails(open, path) == errors.get(answer, "EREMOTEIO")
            assert fails(open, m.path / "partnerize/7.json") == errors.get(answer, "EREMOTEIO")
            assert "7" in last_line(m, f"tables/{name}")
        assert "7.json" in os.listdir(m.path / "partnerize") or answer == "json"


# ---- nothing changes them ----

WRITES = [
    "touch {}", "touch -d yesterday {}", "chmod 600 {}", "chown 1 {}", "truncate -s 0 {}", ": > {}", "echo x >> {}",
    "cat README 1<> {}", "rm -f {}", "mv {} tables/other", "mv {} other", "mv README tables/", "cp README tables/new",
    "mkdir tables/new", "rmdir tables/new 2>/dev/null || mkdir tables/new", "ln -s x tables/new", "ln README tables/new",
    "mknod tables/new p", "touch tables/new", "chmod 700 tables", "touch tables", "dd if=README of={} conv=notrunc",
    "cp partnerize/1.json partnerize/x.tmp && mv partnerize/x.tmp {}",
]


@pytest.mark.parametrize("command", WRITES)
def test_read_only(mount, command):
    m = mount()
    table = m.path / "tables/partnerize.csv"
    before, names = table.read_bytes(), os.listdir(m.path / "tables")
    result = m.sh(command.format("tables/partnerize.csv"))
    assert result.code != 0 and "Read-only file system" in result.err
    assert table.read_bytes() == before and os.listdir(m.path / "tables") == names
    assert "tables are read-only" in (m.path / ".rosterfs/log").read_text()
    assert not {name for name in m.sandbox.counts() if re.match("PUT|POST|DELETE", name)}


@pytest.mark.parametrize("options, modes", [((), ("500", "400")), (("-o", "umask=027"), ("550", "440")),
                                            (("-o", "umask=022"), ("555", "444"))])
def test_modes(mount, options, modes):
    m = mount(options=options)
    assert tuple(m.sh("stat -c %a tables tables/partnerize.csv").ok().lines()) == modes
