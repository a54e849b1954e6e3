# SPDX-License-Identifier: Apache-2.0
"""The tree as people see it: names, modes, texts, sizes and times; what is read while records change."""

import calendar
import contextlib
import errno
import json
import mmap
import os
import pathlib
import stat
import time

import pytest

import exposition
import harness
import status_table
from writes import errno_of

# ids that are hard to make a file name of, and the stem of each that is not cut
NAMES = {
    "a/b": "a%2Fb",
    "50%": "50%25",
    "%2F": "%252F",
    ".hidden": "%2Ehidden",
    ".": "%2E",
    "..": "%2E.",
    "../../etc/passwd": "%2E.%2F..%2Fetc%2Fpasswd",
    "#5": "%235",
    "in#side.dot": "in#side.dot",
    "tab\tline\nbell\a": "tab%09line%0Abell%07",
    "del\x7f": "del%7F",
    "ünï-名前-𠮷": "ünï-名前-𠮷",
    "sp ace's \"quotes\" *?[a]": "sp ace's \"quotes\" *?[a]",
    "-rf": "-rf",
    "back\\slash": "back\\slash",
    "a?b=c&d#e;f": "a?b=c&d#e;f",
    "9.json": "9.json",
    "9.status": "9.status",
    "MANUAL": "MANUAL",
    "new": "new",
    "tilde~": "tilde~",
}
LONG = ["L" * 300, "L" * 299 + "M", "名" * 100, "%" * 100, "x" * 233 + "y"]


def shown(record):
    """A record as the sandbox tells it, without what the sandbox adds for tests."""
    return {key: value for key, value in record.items() if not key.startswith("_")}


def pretty(record):
    return json.dumps(shown(record), indent=2, ensure_ascii=False) + "\n"


def add(box, **user):
    """A user made behind the API, with any id."""
    return box.control("POST", "users", user)


def refresh(m, name="partnerize"):
    (m.path / ".rosterfs/refresh").write_text(name + "\n")


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def copies(box, count):
    """A config with COUNT accounts, a0, a1..., of the sandbox: each is cold until it is asked."""
    text = box.config()
    keys = text.partition("[partnerize]\n")[2].partition("\n[")[0]
    return "".join(f"[a{i}]\ntype = partnerize\n"
                   + "\n".join(line for line in keys.splitlines() if not line.startswith("type"))
                   + "\n\n" for i in range(count))


# ---- the tree ----

def test_tree(mount, sandbox, test_dir):
    box = sandbox(users=3)
    notice = test_dir / "notice.txt"
    notice.write_text("Ask Jürgen.\n")
    m = mount(box, {"6sense": {"type": "manual", "notice_file": str(notice)}})
    assert set(os.listdir(m.path)) == {"README", "by-email", "tables", "partnerize", "cj", "6sense", ".rosterfs"}
    assert set(os.listdir(m.path / "cj")) == {"MANUAL"}
    assert set(os.listdir(m.path / "6sense")) == {"MANUAL"}
    assert {"1.json", "1.status", "2.json", "2.status", "3.json", "3.status", "self",
            "MANUAL"} <= set(os.listdir(m.path / "partnerize"))
    assert {"status", "log", "metrics", "refresh"} <= set(os.listdir(m.path / ".rosterfs"))
    assert (m.path / "6sense/MANUAL").read_text() == "Ask Jürgen.\n"
    assert os.readlink(m.path / "partnerize/self") == "1.json"
    assert m.sh("cat partnerize/self").ok().json()["user_id"] == "1"
    result = m.sh("cat partnerize/by-nothing cj/1.json partnerize/4.json")
    assert result.code == 1 and result.err.count("No such file") == 3
    # what is listed can be looked at, and its name in the listing tells its kind
    for folder, folders, files in os.walk(m.path):
        for name in folders + files:
            assert os.path.lexists(os.path.join(folder, name))
    assert m.sh("find . -type f -name '*.json' | wc -l").ok().out == "3\n"


def test_manuals(mount):
    m = mount()
    text = (m.path / "cj/MANUAL").read_text()
    for words in ("no documented call", "To add somebody", "To change somebody", "To remove a leaver",
                  "evidence", "token stops working with its owner's account"):
        assert words in text, words
    assert "Rotate the keys" in (m.path / "partnerize/MANUAL").read_text()
    readme = (m.path / "README").read_text()
    for command in ("grep -F partnerize/123. .rosterfs/log", "echo status_limit 500 > .rosterfs/control",
                    "sh .rosterfs/history/7/undo.sh", "timeout 5 cat README"):
        assert f"\n  {command}" in readme, command
    assert m.sandbox.counts()["total"] == 0


def test_modes_and_owner(mount):
    m = mount()
    found = {str(path): oct(mode(m.path / path)) for path in (
        ".", "partnerize", "cj", ".rosterfs", "partnerize/7.json", "partnerize/7.status",
        "partnerize/MANUAL", "cj/MANUAL", "README", ".rosterfs/log", ".rosterfs/status",
        ".rosterfs/metrics", ".rosterfs/refresh")}
    assert found == {".": "0o700", "partnerize": "0o700", "cj": "0o555", ".rosterfs": "0o700",
                     "partnerize/7.json": "0o600", "partnerize/7.status": "0o600",
                     "partnerize/MANUAL": "0o444", "cj/MANUAL": "0o444", "README": "0o444",
                     ".rosterfs/log": "0o400", ".rosterfs/status": "0o400",
                     ".rosterfs/metrics": "0o400", ".rosterfs/refresh": "0o600"}
    for folder, folders, files in os.walk(m.path):
        for name in [".", *folders, *files]:
            status = os.lstat(os.path.join(folder, name))
            assert (status.st_uid, status.st_gid) == (os.getuid(), os.getgid()), name


def test_uid_gid_umask(mount):
    # only root may look at what another owns
    uid, gid = (1234, 4321) if os.geteuid() == 0 else (os.getuid(), os.getgid())
    m = mount(options=["-o", f"uid={uid},gid={gid},umask=027"])
    found = {path: oct(mode(m.path / path)) for path in (
        "partnerize", "cj", ".rosterfs", "partnerize/7.json", "partnerize/7.status",
        "partnerize/MANUAL", "cj/MANUAL")}
    assert found == {"partnerize": "0o750", "cj": "0o550", ".rosterfs": "0o700",
                     "partnerize/7.json": "0o640", "partnerize/7.status": "0o640",
                     "partnerize/MANUAL": "0o440", "cj/MANUAL": "0o440"}
    for path in (".", "partnerize", "partnerize/7.json", "partnerize/self", "cj/MANUAL"):
        status = os.lstat(m.path / path)
        assert (status.st_uid, status.st_gid) == (uid, gid), path


def test_two_accounts_of_one_type(mount, sandbox):
    one, two = sandbox(users=5), sandbox(users=7, seed=2)
    text = one.config() + two.config().replace("[partnerize]", "[second]\ntype = partnerize")
    text = text.replace("[cj]", "[cj-old]\ntype = cj", 1)
    m = mount(config=text)
    assert m.sh("ls partnerize/*.json | wc -l; ls second/*.json | wc -l").ok().out == "5\n7\n"
    for box, name in ((one, "partnerize"), (two, "second")):
        assert (m.path / name / "3.json").read_text() == pretty(box.user(3))
    assert (m.path / "partnerize/3.json").read_text() != (m.path / "second/3.json").read_text()
    refresh(m, "second")
    one.reset()
    two.reset()
    m.sh("ls -l partnerize second cj cj-old").ok()
    assert one.counts().get("GET /user", 0) == 0 and two.counts().get("GET /user", 0) > 0


# ---- texts, sizes, times ----

def test_text_and_size_of_every_file(mount, sandbox):
    box = sandbox(users=120)
    add(box, user_id="numbers", score=12.5, rate=60.4, tenth=0.1, whole=3.0, large=2**53 + 1,
        none=None, nested={"b": [1, {"z": None, "a": 2.75}], "a": {}}, empty=[],
        text="tab\tquote\"back\\slash/ line\nend", wide="𠮷é\u0301", yes=True, no=False)
    m = mount(box)
    users = {user["user_id"]: user for user in box.control("GET", "users")}
    assert len(users) == 121
    folder = m.path / "partnerize"
    listed = {}
    for line in m.sh("ls -ln --time-style=+%s partnerize").ok().lines():
        words = line.split()
        if words[0].startswith("-"):
            listed[words[-1]] = int(words[4])
    counted = {}
    for line in m.sh("wc -c partnerize/*.json partnerize/*.status").ok().lines()[:-1]:
        size, _, name = line.strip().partition(" ")
        counted[name.removeprefix("partnerize/")] = int(size)
    for ident, user in users.items():
        for name, text in ((f"{ident}.json", pretty(user)), (f"{ident}.status", user["status"] + "\n")):
            data = (folder / name).read_bytes()
            assert data.decode() == text
            assert listed[name] == counted[name] == os.stat(folder / name).st_size == len(data)
    text = (folder / "numbers.json").read_text()
    for words in ('"score": 12.5,', '"rate": 60.4,', '"tenth": 0.1,', '"large": 9007199254740993,',
                  '"none": null,'):
        assert words in text


def test_times(mount, sandbox):
    box = sandbox(users=12)
    add(box, user_id="zone", updated_at="2021-03-04T05:06:07.250+02:00")
    add(box, user_id="none", updated_at=None, created_at="2020-01-01T00:00:00Z")
    add(box, user_id="odd", updated_at="yesterday", created_at=7)
    before = time.time()
    m = mount(box)
    folder = m.path / "partnerize"
    for number in range(1, 13):
        when = time.strptime(box.user(number)["updated_at"], "%Y-%m-%dT%H:%M:%SZ")
        for suffix in ("json", "status"):
            assert os.stat(folder / f"{number}.{suffix}").st_mtime == calendar.timegm(when)
    assert os.stat(folder / "zone.json").st_mtime == 1614827167.25
    assert os.stat(folder / "none.json").st_mtime == 1577836800
    # the record's own time, or when it was seen; the directory's: when it was fetched
    os.listdir(folder)
    assert before - 0.1 <= os.stat(folder / "odd.json").st_mtime <= time.time()
    first = os.stat(folder).st_mtime
    assert before - 0.1 <= first <= time.time()
    refresh(m)
    os.listdir(folder)
    assert os.stat(folder).st_mtime > first


def test_status_words(mount, sandbox):
    box = sandbox(users=4)
    box.patch(1, {"labels": []})
    box.patch(2, {"status": "suspended until further notice, by order of the board of directors; "
                            "see the minutes"})
    box.patch(3, {"status": None})
    box.patch(4, {"status": "two\nlines"})
    m = mount(box)
    for number, text in ((1, "active"), (2, box.user(2)["status"]), (3, "unknown"), (4, "unknown")):
        path = m.path / f"partnerize/{number}.status"
        assert path.read_text() == text + "\n"
        assert os.stat(path).st_size == len(text) + 1


@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_secret_fields_are_never_shown(mount, sandbox, profile):
    box = sandbox(users=30, profile=profile)
    box.patch(5, {"password": "CANARY-password", "user_api_key": "CANARY-key"})
    m = mount(box)
    cold = m.sh("cat partnerize/5.json").ok().out
    assert set(json.loads(cold)) == set(shown(box.user(5))) - {"password", "user_api_key"}
    m.sh("ls partnerize").ok()
    assert m.sh("cat partnerize/5.json").ok().out == cold
    result = m.sh("grep -r -e CANARY -e user_api_key -e '\"password\"' partnerize/*.json "
                  "partnerize/*.status .rosterfs")
    assert result.code == 1 and result.out == ""


def test_documents_profile(mount, sandbox):
    box = sandbox(users=250, profile="documents", ids="vendor")
    m = mount(box)
    names = m.sh("ls partnerize").ok().lines()
    assert len([name for name in names if name.endswith(".json")]) == 250
    assert box.counts()["total"] == 3
    for user in box.control("GET", "users"):
        text = (m.path / f"partnerize/{user['user_id']}.json").read_text()
        del user["user_api_key"]
        assert text == pretty(user)
        when = calendar.timegm(time.strptime(user["updated_at"], "%Y-%m-%d %H:%M:%S"))
        assert os.stat(m.path / f"partnerize/{user['user_id']}.json").st_mtime == when
    assert os.readlink(m.path / "partnerize/self") == "111111l1.json"


def test_ids_as_numbers(mount, sandbox):
    box = sandbox(users=12, ids="numbers")
    m = mount(box)
    assert m.sh("cat partnerize/7.json").ok().json()["user_id"] == 7
    assert len(m.sh("ls partnerize/*.json").ok().lines()) == 12
    assert (m.path / "partnerize/7.json").read_text() == pretty(box.user(7))
    assert os.readlink(m.path / "partnerize/self") == "1.json"


# ---- names ----

def test_names_are_encoded(mount, sandbox):
    box = sandbox(users=1)
    for ident in [*NAMES, *LONG]:
        add(box, user_id=ident, email=f"{len(ident)}@example.com")
    m = mount(box)
    names = [name for name in os.listdir(m.path / "partnerize") if name.endswith(".json")]
    stems = {name.removesuffix(".json") for name in names}
    assert len(names) == len(stems) == 1 + len(NAMES) + len(LONG)
    assert set(NAMES.values()) <= stems
    cut = stems - set(NAMES.values()) - {"1"}
    # 233 bytes and ".status" are 240: the longest name that is not cut is one byte shorter than the last
    assert len(cut) == len(LONG)
    assert all(len(os.fsencode(stem + ".status")) <= 240 for stem in cut)
    seen = set()
    for stem in stems:
        path = m.path / "partnerize" / f"{stem}.json"
        user = json.loads(path.read_text())
        assert path.read_text() == pretty(box.user(user["user_id"]))
        assert (m.path / "partnerize" / f"{stem}.status").read_text() == "active\n"
        assert os.stat(path).st_size == len(path.read_bytes())
        seen.add(user["user_id"])
    assert seen == {"1", *NAMES, *LONG}


def test_encoded_names_cold(mount, sandbox):
    """Each name, as an earlier listing told it, is the first thing that an account is asked."""
    box = sandbox(users=1)
    for ident in [*NAMES, *LONG]:
        add(box, user_id=ident, email=f"{len(ident)}@example.com")
    listing = mount(box)
    stems = {}
    for name in os.listdir(listing.path / "partnerize"):
        if name.endswith(".json"):
            text = (listing.path / "partnerize" / name).read_text()
            stems[json.loads(text)["user_id"]] = name.removesuffix(".json")
    idents = [*NAMES, *LONG]
    m = mount(config=copies(box, len(idents)))
    for i, ident in enumerate(idents):
        box.reset()
        path = m.path / f"a{i}" / f"{stems[ident]}.json"
        assert path.read_text() == pretty(box.user(ident)), ident
        assert os.stat(path).st_size == len(path.read_bytes())
        assert (m.path / f"a{i}" / f"{stems[ident]}.status").read_text() == "active\n"
        counts = box.counts()
        if ident in LONG:
            # a cut name does not tell the id: the roster does
            assert counts.get("GET /user/{id}", 0) == 0 and counts["GET /user"] >= 1
        else:
            assert (counts["total"], counts.get("GET /user/{id}")) == (1, 1), ident


def test_a_record_has_one_name(mount, sandbox):
    box = sandbox(users=12)
    add(box, user_id="a/b")
    m = mount(box)
    folder = m.path / "partnerize"
    os.listdir(folder)
    box.reset()
    for name in ("%37.json", "a%2fb.json", "a%2Fb.json.json", "07.json", "7.JSON", "%.json", "%2.json",
                 "%zz.json", "%00.json", ".json", ".status", "%~0123456789abcdef.json"):
        with pytest.raises(FileNotFoundError):
            os.stat(folder / name)
    # three of them name ids, which the list lacks: 07, a/b.json and one of a NUL byte
    assert box.counts()["total"] == box.counts()["GET /user/{id}"] == 3
    assert (folder / "a%2Fb.json").exists()


def test_inode_numbers_are_stable(mount, sandbox):
    box = sandbox(users=30)
    m = mount(box)
    before = m.sh("ls -i partnerize").ok().out
    assert len({line.split()[0] for line in before.splitlines()}) == 64
    box.patch(7, {"lastname": "Other"})
    refresh(m)
    assert m.sh("ls -i partnerize").ok().out == before
    assert mount(box).sh("ls -i partnerize").ok().out == before
    assert str(os.stat(m.path / "partnerize/7.json").st_ino) in before


# ---- age ----

def test_a_fresh_roster_is_not_asked_again(mount):
    m = mount()
    path = m.path / "partnerize/7.json"
    os.listdir(path.parent)
    old = path.read_text()
    m.sandbox.patch(7, {"lastname": "A much longer name than before"})
    m.sandbox.delete(8)
    m.sandbox.reset()
    assert path.read_text() == old and os.stat(path).st_size == len(old.encode())
    assert "8.json" in os.listdir(path.parent)
    assert m.sandbox.counts()["total"] == 0


@pytest.mark.parametrize("look", ["cat", "stat", "ls", "grep"])
def test_refresh(mount, look):
    m = mount()
    path = m.path / "partnerize/7.json"
    # the kernel knows all names and attributes
    m.sh("ls -l partnerize; cat partnerize/*.json").ok()
    m.sandbox.patch(7, {"lastname": "A much longer name than before", "status": "inactive"})
    m.sandbox.delete(8)
    add(m.sandbox, user_id="900", status="inactive")
    new = pretty(m.sandbox.user(7))
    m.sh("echo partnerize > .rosterfs/refresh").ok()
    if look == "cat":
        assert m.sh("cat partnerize/7.json").ok().out == new
        assert m.sh("cat partnerize/7.status").ok().out == "inactive\n"
    elif look == "stat":
        size = m.sh("stat -c %s partnerize/7.json").ok().out
        assert int(size) == len(new.encode())
        assert m.sh("stat -c %s partnerize/7.status").ok().out == "9\n"
    elif look == "ls":
        lines = m.sh("ls -l partnerize").ok().lines()
        sizes = {line.split()[-1]: line.split()[4] for line in lines if line.startswith("-")}
        assert int(sizes["7.json"]) == len(new.encode())
        assert "8.json" not in sizes and sizes["900.status"] == "9"
    else:
        assert m.sh("grep -l much partnerize/*.json").ok().out == "partnerize/7.json\n"
    result = m.sh("cat partnerize/8.json")
    assert result.code != 0 and "No such file" in result.err
    result = m.sh("stat partnerize/8.status")
    assert result.code != 0 and "No such file" in result.err
    assert m.sh("cat partnerize/900.status").ok().out == "inactive\n"
    assert m.sh("cat partnerize/7.json").ok().out == new
    assert os.stat(path).st_size == len(new.encode())


def test_the_whole_mount_can_be_searched(mount):
    m = mount()
    result = m.sh("grep -r 'Leeds or nothing' . ; echo $?; cat .rosterfs/refresh; tar c . | wc -c")
    assert result.out.splitlines()[0] == "1" and not result.err, result
    assert "refused" not in m.log() and "failed" not in m.log()


def test_refresh_words(mount, sandbox):
    box = sandbox(users=5)
    m = mount(box)
    os.listdir(m.path / "partnerize")
    for name in ("partnerize", "partnerize/", "all", "cj"):
        box.reset()
        m.sh(f"echo {name} > .rosterfs/refresh").ok()
        os.listdir(m.path / "partnerize")
        assert (box.counts()["total"] > 0) == (name != "cj")
    box.reset()
    for name in ("nobody", "partnerize cj", "", "/", "partnerize//", "partnerize/7.json"):
        result = m.sh(f"echo '{name}' > .rosterfs/refresh")
        assert result.code != 0 and "Invalid argument" in result.err
    assert m.sh("printf all > .rosterfs/refresh").code == 0


@pytest.mark.parametrize("look", ["cat", "stat", "ls"])
def test_after_the_ttl(mount, look):
    m = mount(extra={"partnerize": {"ttl": "1"}})
    folder = m.path / "partnerize"
    m.sh("ls -l partnerize; cat partnerize/*.json").ok()
    m.sandbox.patch(7, {"lastname": "A much longer name than before"})
    m.sandbox.delete(8)
    add(m.sandbox, user_id="900")
    new = pretty(m.sandbox.user(7))
    seen = {
        "cat": lambda: (folder / "7.json").read_text() == new,
        "stat": lambda: os.stat(folder / "7.json").st_size == len(new.encode()),
        "ls": lambda: "900.json" in os.listdir(folder),
    }[look]
    harness.wait_until(seen, 10 * harness.SCALE, "the change")
    if look == "ls":
        assert "8.json" not in os.listdir(folder)
        assert not (folder / "8.json").exists()
    harness.wait_until(lambda: not (folder / "8.json").exists(), 10 * harness.SCALE, "the end of 8.json")
    assert (folder / "900.json").exists()


# ---- reading while things change ----

SHORT, MIDDLE, LARGE = "s", "m" * 6000, "l" * 20000


@pytest.mark.parametrize("buffered", [False, True], ids=["pages-cold", "pages-warm"])
@pytest.mark.parametrize("after", [SHORT, LARGE], ids=["shorter", "longer"])
def test_an_open_file_stays_whole(mount, after, buffered):
    m = mount()
    m.sandbox.patch(7, {"lastname": MIDDLE})
    path = m.path / "partnerize/7.json"
    os.listdir(path.parent)
    old = pretty(m.sandbox.user(7)).encode()
    with open(path, "rb", buffering=0) as first:
        if buffered:
            assert first.read() == old
        m.sandbox.patch(7, {"lastname": after})
        new = pretty(m.sandbox.user(7)).encode()
        refresh(m)
        with open(path, "rb", buffering=0) as second:
            for _ in range(2):
                for file, text in ((first, old), (second, new)):
                    assert read_whole(file) == text
            # half of one, then half of the other
            first.seek(0)
            second.seek(0)
            begin = first.read(2048), second.read(300)
            assert (begin[0] + rest(first), begin[1] + rest(second)) == (old, new)
        assert os.stat(path).st_size == len(new)
        assert read_whole(first) == old
    assert path.read_bytes() == new


def rest(file):
    parts = []
    while True:
        part = file.read(4096)
        if not part:
            return b"".join(parts)
        parts.append(part)


def read_whole(file):
    file.seek(0)
    return rest(file)


def test_readers_never_see_a_mixture(mount):
    """Readers in a loop while a record changes: each text is one that the vendor had."""
    m = mount()
    path = m.path / "partnerize/7.json"
    readers = [m.spawn(f"for i in $(seq 40); do cat partnerize/7.json >$TMPDIR/{m.pid}.{n}.$i "
                       "|| exit 1; done") for n in range(2)]
    texts = {pretty(m.sandbox.user(7))}
    turn = 10
    while not all(reader.done() for reader in readers):
        turn += 1
        m.sandbox.patch(7, {"lastname": chr(ord("a") + turn % 26) * 20000, "turn": f"{turn:05}"})
        texts.add(pretty(m.sandbox.user(7)))
        refresh(m)
        assert path.read_text() in texts
    for reader in readers:
        assert reader.finish().code == 0
    found = list(pathlib.Path(m.env["TMPDIR"]).glob(f"{m.pid}.*"))
    assert len(found) == 80
    for file in found:
        text = file.read_text()
        assert text in texts, (len(text), text[-40:])
        file.unlink()


def test_mmap(mount):
    m = mount()
    m.sandbox.patch(7, {"lastname": LARGE})
    path = m.path / "partnerize/7.json"
    for flags in (mmap.MAP_SHARED, mmap.MAP_PRIVATE):
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            with mmap.mmap(file.fileno(), size, flags, mmap.PROT_READ) as view:
                assert view[:] == path.read_bytes() == pretty(m.sandbox.user(7)).encode()


def test_a_directory_is_read_as_it_was_opened(mount, sandbox):
    box = sandbox(users=1500)
    m = mount(box)
    folder = m.path / "partnerize"
    with os.scandir(folder) as entries:
        names = [next(entries).name for _ in range(10)]
        box.delete(700)
        box.delete(3)
        add(box, user_id="9000")
        refresh(m)
        others = os.listdir(folder)
        names += [entry.name for entry in entries]
    records = [name for name in names if name.endswith(".json")]
    assert len(records) == len(set(records)) == 1500
    assert {"700.json", "3.json"} <= set(records) and "9000.json" not in records
    records = [name for name in others if name.endswith(".json")]
    assert len(records) == len(set(records)) == 1499
    assert "700.json" not in records and "9000.json" in records


# ---- the mount as a whole ----

def test_read_only(mount):
    m = mount(options=["-o", "ro"])
    assert m.sh("cat partnerize/7.status").ok().out == "active\n"
    assert "read-only" in (m.path / ".rosterfs/status").read_text()
    for command in ("echo inactive > partnerize/7.status", "cp partnerize/8.json partnerize/7.json",
                    "echo all > .rosterfs/refresh", "touch partnerize/x", "rm partnerize/7.json",
                    "mkdir partnerize/d", "mv partnerize/7.json partnerize/8.json",
                    "chmod 600 partnerize/7.json", "ln -s x partnerize/y"):
        result = m.sh(command)
        assert result.code != 0 and "Read-only file system" in result.err, command
    assert m.sandbox.user(7)["_version"] == m.sandbox.user(6)["_version"]
    assert not [key for key in m.sandbox.counts() if key.startswith(("PUT", "POST", "DELETE"))]


def test_kept_by_hand_is_read_only(mount):
    m = mount()
    for command in ("echo x > cj/MANUAL", "touch cj/x.json", "rm cj/MANUAL", "mkdir cj/d",
                    "echo inactive > cj/1.status"):
        result = m.sh(command)
        assert result.code != 0, command
        assert "Read-only file system" in result.err or os.geteuid() != 0, command


def test_df(mount):
    m = mount()
    os.listdir(m.path / "partnerize")
    lines = m.sh("df").ok().lines()
    assert [line for line in lines if line.endswith(str(m.path))]
    status = os.statvfs(m.path)
    assert status.f_blocks > 0 and status.f_namemax == 255
    assert status.f_files >= 50
    assert m.sh("df -i .; stat -f .").code == 0
    # nothing of it is used: a monitor has no reason for an alarm
    assert m.sh("df --output=pcent,ipcent .").ok().out.split()[-2:] == ["0%", "0%"]
    assert "fuse.rosterfs" in m.sh(f"findmnt -n -o FSTYPE {m.path}").out


def room(m):
    """Bytes in all and free, and files in all and free."""
    status = os.statvfs(m.path)
    assert status.f_bfree == status.f_bavail and status.f_ffree == status.f_favail
    assert status.f_bsize == status.f_frsize  # tools multiply with either
    return (status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize, status.f_files,
            status.f_ffree)


def test_free_space(mount):
    """What is left of scratch_limit, wherever that is asked."""
    m = mount(extra={"rosterfs": {"scratch_limit": "1M"}})
    os.listdir(m.path / "partnerize")
    before = room(m)
    assert before[:2] == (1 << 20, 1 << 20) and before[2] == before[3] > 1000
    (m.path / "partnerize/x~").write_bytes(b"x" * 500000)
    total, free, files, files_free = room(m)
    assert (total, files) == (before[0], before[2])
    assert 500000 <= before[1] - free <= 502000
    assert files_free < files
    for path in ("partnerize/7.json", "by-email", "partnerize/x~"):
        assert os.statvfs(m.path / path).f_bavail == os.statvfs(m.path).f_bavail
    # so much fits, and then nothing
    result = m.sh("head -c 2000000 /dev/zero >partnerize/y~")
    assert "No space left" in result.err
    with open(m.path / "partnerize/y~", "ab", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 100)
    assert free - 2000 < (m.path / "partnerize/y~").stat().st_size <= free
    assert room(m)[1] == room(m)[3] == 0
    for name in ("x~", "y~"):
        os.unlink(m.path / "partnerize" / name)
    assert room(m) == before
    # a save needs none
    assert m.sh("echo inactive > partnerize/7.status").code == 0


def test_no_room(mount):
    m = mount(extra={"rosterfs": {"scratch_limit": "0"}})
    assert room(m) == (512, 0, 0, 0)
    assert m.sh(f"df {m.path}").code == 0


# ---- .rosterfs ----

def test_status_table(mount, sandbox):
    box = sandbox(users=25)
    m = mount(box)
    assert status_table.row(m, "partnerize")["users"] == "-"
    os.listdir(m.path / "partnerize")
    row = status_table.row(m, "partnerize")
    assert row["users"] == "25" and row["age"].endswith("s") and not status_table.errors(m, "partnerize")
    box.fault(method="GET", path="/user", fault="status", status=403)
    refresh(m)
    assert m.sh("ls partnerize").code != 0
    assert "EACCES" in status_table.errors(m, "partnerize") and "403" in (m.path / ".rosterfs/log").read_text()
    assert "MANUAL" in status_table.row(m, "cj")["state"]


def test_status_shows_progress(mount, sandbox):
    box = sandbox(users=1000)
    box.fault(method="GET", path="/user", query="page=6", fault="stall", times=-1)
    m = mount(box)
    waiting = m.spawn("ls partnerize | wc -l")
    status = m.path / ".rosterfs/status"
    harness.wait_until(lambda: "fetching: page 5, 500 users" in status.read_text(), 10 * harness.SCALE, "progress")
    box.clear_faults()
    assert waiting.finish().ok().out.strip() == str(2 * 1000 + 4)
    assert "fetching" not in status.read_text()


def test_modes_that_cannot_change(mount):
    """Tools that save or copy set them, and hear of no failure where anything can be written."""
    m = mount()
    before = m.sh("stat -c '%a %u %n' README partnerize partnerize/* by-email .").ok().out
    m.sh("chmod 777 README partnerize/MANUAL partnerize/7.json partnerize by-email . .rosterfs/status && "
         "touch -d 2001-01-01 README partnerize/MANUAL && chown 7 partnerize/MANUAL .rosterfs/log").ok()
    assert m.sh("stat -c '%a %u %n' README partnerize partnerize/* by-email .").ok().out == before
    for path in ("cj", "cj/MANUAL"):
        assert errno_of(os.chmod, m.path / path, 0o777) == errno.EROFS


def test_metrics(mount, sandbox):
    box = sandbox(users=25)
    m = mount(box)
    text = m.sh("cat .rosterfs/metrics").ok().out
    assert "\nrosterfs_users{" not in text and "\nrosterfs_roster_age" not in text, "there is no roster yet"
    os.listdir(m.path / "partnerize")
    found = exposition.parse(m.sh("cat .rosterfs/metrics").ok().out)
    assert exposition.total(found, "rosterfs_users", vendor="partnerize") == 25
    assert exposition.total(found, "rosterfs_fetches_total", vendor="partnerize") == 1
    assert exposition.total(found, "rosterfs_requests_total", vendor="partnerize") == box.counts()["total"]
    assert not [labels for family in found.values() for _, labels, _ in family.samples if labels.get("vendor") == "cj"]


def test_control_files_are_whole(mount, sandbox):
    """wc and stat agree where nothing happens in between; a growing log is read whole."""
    m = mount(sandbox(users=5))
    for number in range(200):
        assert not (m.path / f"partnerize/none{number}.json").exists()
    text = m.sh("cat .rosterfs/log").ok().raw
    assert text.endswith(b"\n") and len(text.splitlines()) >= 200
    assert os.stat(m.path / ".rosterfs/log").st_size == len(text)
    assert m.sh("wc -c < .rosterfs/log").ok().out.strip() == str(len(text))


@pytest.mark.parametrize("command", ["cat partnerize/123.json", "stat partnerize/123.json",
                                     "cat partnerize/123.status"])
def test_the_log_explains(mount, command):
    box_fault = {"method": "GET", "path": "/user/123", "fault": "status", "status": 403,
                 "body": '{"error":{"message":"Not your network.","type":"403"}}'}
    m = mount()
    add(m.sandbox, user_id="123")
    m.sandbox.fault(**box_fault)
    result = m.sh(command)
    assert result.code != 0 and "Permission denied" in result.err
    line = m.sh("grep -F partnerize/123. .rosterfs/log | tail -1").ok().out
    for words in ("GET /user/123", "403", "Not your network.", "EACCES", f"uid {os.getuid()}", "pid ",
                  command.split()[0], time.strftime("%Y-%m-%d")):
        assert words in line, words


@pytest.mark.parametrize("command", ["cat partnerize/123.json", "stat partnerize/123.status"])
def test_the_log_explains_what_is_not_there(mount, command):
    m = mount()
    result = m.sh(command)
    assert result.code != 0 and "No such file" in result.err
    line = m.sh("grep -F partnerize/123. .rosterfs/log | tail -1").ok().out
    for words in ("GET /user/123", "404", "ENOENT"):
        assert words in line, words
