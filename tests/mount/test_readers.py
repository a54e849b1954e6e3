# SPDX-License-Identifier: Apache-2.0
"""Who reads while somebody writes: the whole text before or after, or an error, and never a piece.

The kernel has one size for each inode, whatever is read through it, and takes a writer's for it.
"""

import json
import mmap
import os
import pathlib
import sys
import time

import pytest

from kernel_requests import more
from system import SCALE, wait_until
from writes import at_vendor, errno_of, name_of, sent, text_of

pytestmark = pytest.mark.limit(120)

IDS = ["2", "3", "4"]
READERS = ["read", "read", "pieces", "size", "later", "twice", "mapped", "mapped-private"]

# What is done in a loop: $f and $s are the files of one user, $n counts, $t is a file elsewhere. text
# prints a document whose names are longer or shorter in turn.
WRITERS = {
    "shells": [
        'text >$f',
        'text | head -c $((RANDOM % 900)) >$f',
        ': >$f',
        'if [ $((n / 3 % 2)) = 0 ]; then echo inactive; else echo active; fi >$s',
        '{ text | head -c 200; exec sleep 60; } >$f & sleep 0.01; kill -KILL $!; wait $!',
    ],
    "in place": [
        'text >$t; dd if=$t of=$f conv=nocreat bs=1M',
        'truncate -s 0 $f; : >>$f',
        'text >$t; python3 -c "$in_place" $t $f',
        'echo inactive | dd of=$s conv=notrunc; echo active | tee $s',
    ],
    "renames": [
        'text >partnerize/.$$; mv partnerize/.$$ $f',
        'text >$t; cp --remove-destination $t $f',
        'text >$t; mv $f $f~; cp $t $f; rm $f~',
        'echo inactive >partnerize/.$$; mv partnerize/.$$ $s; echo active >$s',
    ],
}

LOOP = r'''
in_place='import sys; file = open(sys.argv[2], "r+"); file.write(open(sys.argv[1]).read()); file.truncate()'
text() {{ printf '{{"firstname": "%s", "lastname": "%s"}}\n' $name $name; }}
for n in $(seq {rounds}); do
    for i in {ids}; do
        f=partnerize/$i.json s=partnerize/$i.status t=$TMPDIR/$$
        printf -v name '%*s' $((1 + (n * 37 + i) % 300)) ''
        name=${{name// /x}}$n
        {body}
    done
done >/dev/null 2>&1
true
'''


def start_reader(m, way, stop):
    script = pathlib.Path(__file__).with_name("reader_loop.py")
    return m.spawn([sys.executable, str(script), way, str(m.path / "partnerize"), str(stop), *IDS], shell=None)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_record_is_read_whole(mount, sandbox, test_dir, kind):
    m = mount(sandbox(users=25), {"rosterfs": {"status_limit": 0}})
    stop = test_dir / "stop"
    for ident in IDS:
        (m.path / f"partnerize/{ident}.json").write_text('{"firstname": "same", "lastname": "same"}\n')
    readers = [start_reader(m, way, stop) for way in READERS]
    m.sandbox.reset()
    writers = [m.spawn(LOOP.format(rounds=25, ids=" ".join(IDS), body=body)) for body in WRITERS[kind]]
    for writer in writers:
        writer.finish(100)
    stop.touch()
    seen = [json.loads(reader.finish(30).ok().out) for reader in readers]
    assert not [(one["way"], problem) for one in seen for problem in one["problems"]]
    # otherwise it was no test: they have read, and it was written
    assert all(one["reads"] > 30 for one in seen), seen
    assert len(sent(m.sandbox)) > 10


def longer(document):
    return text_of({**document, "firstname": "x" * 6000})


def test_a_longer_text_is_being_written(mount):
    """Behind the end of what somebody reads there is nothing, however far another has written."""
    m = mount()
    path = m.path / "partnerize/7.json"
    before = path.read_bytes()
    with open(path, "rb", buffering=0) as reader:
        assert reader.read() == before
        writer = os.open(path, os.O_WRONLY | os.O_TRUNC)
        os.write(writer, longer(json.loads(before)).encode()[:5000])
        assert os.pread(reader.fileno(), 10, len(before)) == b""
        assert os.pread(reader.fileno(), 10000, 0) == before
        assert os.fstat(reader.fileno()).st_size == len(before) == path.stat().st_size
        with mmap.mmap(reader.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ) as view:
            assert view[:] == before
        # somebody who comes now reads the same, and may map it
        with open(path, "rb", buffering=0) as late:
            assert os.pread(late.fileno(), 10000, 0) == before
            assert os.pread(late.fileno(), 10, len(before)) == b""
            with mmap.mmap(late.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ) as view:
                assert view[:] == before
        assert name_of(errno_of(os.close, writer)) == "EINVAL"
    # what it was thought to have grown to is forgotten
    with open(path, "rb", buffering=0) as reader:
        assert os.pread(reader.fileno(), 10, len(before)) == b""
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["short", "y" * 6000], ids=["shorter", "longer"])
def test_an_open_text_keeps_its_size(mount, name):
    """Whoever has opened the old text is told its size, and everybody else the new one's."""
    m = mount()
    path = m.path / "partnerize/7.json"
    before = path.read_bytes()
    with open(path, "rb", buffering=0) as reader:
        assert reader.read() == before
        m.sh(f"""printf '{{"firstname": "%s"}}' {name} >partnerize/7.json""").ok()
        after = text_of(at_vendor(m.sandbox, 7)).encode()
        assert len(after) != len(before)
        assert os.fstat(reader.fileno()).st_size == len(before)
        with mmap.mmap(reader.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ) as view:
            assert view[:] == before
        assert m.sh("stat -c %s partnerize/7.json").ok().out == f"{len(after)}\n"
        shown = m.sh("cat partnerize/7.json").ok().out
        assert (json.loads(shown)["firstname"], len(shown.encode())) == (name, len(after))
        assert path.stat().st_size == len(after)
        assert os.pread(reader.fileno(), 20000, 0) == before


def test_a_status_changes_an_open_text(mount):
    """The name still leads to what is open: whoever asks for it is told the new size all the same."""
    m = mount()
    path = m.path / "partnerize/7.json"
    before = path.read_bytes()
    with open(path, "rb", buffering=0) as reader:
        m.sh("echo inactive >partnerize/7.status").ok()
        after = text_of(at_vendor(m.sandbox, 7)).encode()
        assert len(after) == len(before) + len("in")
        assert m.sh("stat -c %s partnerize/7.json; wc -c <partnerize/7.json").ok().out.split() == [str(len(after))] * 2
        assert os.pread(reader.fileno(), 20000, 0) == before
        assert os.fstat(reader.fileno()).st_size == len(before)
    assert json.loads(path.read_bytes())["status"] == "inactive"


@pytest.mark.parametrize("change", ["echo inactive >partnerize/7.status",
                                    "echo '{\"lastname\": \"Other\"}' >partnerize/.n; mv partnerize/.n partnerize/7.json"],
                         ids=["status", "rename"])
def test_an_open_text_is_mapped_late(mount, change):
    """However long ago somebody opened it, on a busy machine or in thought: it has its own size."""
    m = mount()
    path = m.path / "partnerize/7.json"
    before = path.read_bytes()
    with open(path, "rb", buffering=0) as reader:
        assert reader.read() == before
        m.sh(change).ok()
        time.sleep(1.5)
        assert os.fstat(reader.fileno()).st_size == len(before)
        with mmap.mmap(reader.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ) as view:
            assert view[:] == before
    after = at_vendor(m.sandbox, 7)
    assert (after["status"], after["lastname"]) in [("inactive", json.loads(before)["lastname"]), ("active", "Other")]
    assert len(path.read_bytes()) == len(text_of(after).encode()) != len(before)


def test_an_open_text_becomes_a_backup(mount):
    """Its inode stands for the backup then, which has a newer text and another size."""
    m = mount()
    path = m.path / "partnerize/7.json"
    before = path.read_bytes()
    with open(path, "rb", buffering=0) as reader:
        assert reader.read() == before
        m.sh("cd partnerize; echo inactive >7.status; mv 7.json 7.json~; ls -l 7.json~; stat 7.json~").ok()
        with mmap.mmap(reader.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ) as view:
            for _ in range(20):
                (m.path / "partnerize/7.json~").lstat()
                assert view[:] == before
        assert os.pread(reader.fileno(), 20000, 0) == before
    m.sh("cd partnerize; mv 7.json~ 7.json").ok()
    assert json.loads(path.read_text())["status"] == "inactive"


def test_truncation_is_a_request(mount):
    """A shell's > is an open and a truncation, which must find each other, and asks no vendor more."""
    m = mount()
    path = m.path / "partnerize/7.json"
    document = json.loads(path.read_text())
    (m.path / "partnerize/8.json").read_text()
    m.sandbox.reset()
    counts, _ = more(m, lambda: path.write_text(text_of({**document, "firstname": "Ours"})))
    assert (counts["open"], counts["setattr"], counts["write"]) == (1, 1, 1)
    assert m.sandbox.counts()["total"] == 2
    # and once it has been read after that, a read is an open and a release, as ever
    wait_until(lambda: more(m, path.read_text)[0]["lookup"] == 0, 20 * SCALE, "the writer's release")
    counts, _ = more(m, path.read_text)
    assert (counts["open"], counts["read"], counts["lookup"]) == (1, 0, 0)
    # by its name alone, whatever the same thread has open
    assert name_of(errno_of(os.truncate, path, 0)) == "EINVAL"
    with open(path, "r+b", buffering=0) as used:
        used.seek(0)
        used.read(1)
        assert name_of(errno_of(os.truncate, path, 0)) == "EINVAL"
        assert name_of(errno_of(os.truncate, path, 5)) == "EINVAL"
    # each > is the one who opened last: of two, the first still holds the old text
    with open(path, "r+b", buffering=0) as first, open(path, "wb", buffering=0) as second:
        assert (os.pread(second.fileno(), 10, 0) if second.readable() else b"") == b""
        assert json.loads(os.pread(first.fileno(), 20000, 0))["firstname"] == "Ours"
        second.write(b'{"firstname": "Second"}')
    assert at_vendor(m.sandbox, 7)["firstname"] == "Second"
    assert path.stat().st_size == len(path.read_bytes())


def test_read_only_and_truncated(mount):
    """O_RDONLY with O_TRUNC would empty another file; here it fails and empties nothing."""
    m = mount()
    path = m.path / "partnerize/7.json"
    before = path.read_bytes()
    assert name_of(errno_of(os.open, path, os.O_RDONLY | os.O_TRUNC)) == "EINVAL"
    assert path.read_bytes() == before and path.stat().st_size == len(before)
