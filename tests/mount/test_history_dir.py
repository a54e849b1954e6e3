# SPDX-License-Identifier: Apache-2.0
"""history_dir: the history of a mount is there again in the next one."""

import json
import os
import subprocess

import pytest

import harness
from ep_store import (DELETABLE, NOT_OFFERED, QUICK, accounts_of, company, link, person, refresh, store, unlink,
                   write)
from ep_store import part as ended
from small_disk import small_disk
from test_history import PARTS, fields, numbers, part, past, undo
from writes import (GOOD, at_vendor, changed, edited, last_line, put, read, refused, save, sent)

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def directory(test_dir):
    """The directory, which does not exist yet."""
    test_dir.mkdir(parents=True, exist_ok=True)
    return test_dir / "kept"


@pytest.fixture
def keeping(mount, sandbox, directory):
    """keeping(box, {section: {key: value}}) mounts with the directory, the same box each time."""
    boxes = []

    def start(box=None, extra=None, **rest):
        boxes.append(box or (boxes[-1] if boxes else sandbox(users=25)))
        keys = {section: dict(values) for section, values in (extra or {}).items()}
        keys["rosterfs"] = {"history_dir": directory, **keys.get("rosterfs", {})}
        return mount(boxes[-1], keys, **rest)
    return start


def end(m):
    assert m.unmount_patiently().code == 0
    m.wait()


def index(m):
    return (m.path / ".rosterfs/history/index").read_text(encoding="utf-8")


def texts(m):
    """All files of the history."""
    folder = m.path / ".rosterfs/history"
    return {path.relative_to(folder): path.read_bytes() for path in folder.glob("*/*")}


def test_the_next_mount(keeping, directory):
    m = keeping()
    before = at_vendor(m.sandbox, 8)
    m.sh("echo inactive > partnerize/7.status").ok()
    put(m, "partnerize/8.json", edited(read(m, "partnerize/8.json"), "firstname", "Jo é")).ok()
    kept, lines = texts(m), index(m)
    assert len(kept) == 6 and lines.count("\n") == 2
    end(m)
    m = keeping()
    m.sandbox.reset()
    assert texts(m) == kept and index(m) == lines and numbers(m) == [1, 2]
    assert past(m, 1).stat().st_mtime < (m.path / ".rosterfs/status").stat().st_mtime
    assert m.sandbox.counts()["total"] == 0
    # what an earlier mount did is undone as what this one did, and numbers go on
    undo(m, 2, "partnerize/8.json").ok()
    assert changed(before, at_vendor(m.sandbox, 8)) == set()
    undo(m, 1, "partnerize/7.json").ok()
    assert m.sandbox.user(7)["status"] == "active"
    assert numbers(m) == [1, 2, 3, 4] and fields(part(m, 3, "undo")) == {"firstname": "Jo é"}
    assert index(m).startswith(lines) and index(m) == (directory / "index").read_text()
    end(m)
    m = keeping()
    undo(m, 3, "partnerize/8.json").ok()
    assert at_vendor(m.sandbox, 8)["firstname"] == "Jo é"


def test_what_lies_there(keeping, directory):
    """People can read it without a mount; nobody else can."""
    m = keeping()
    m.sh("echo inactive > partnerize/7.status").ok()
    assert directory.stat().st_mode == 0o040700
    folder = directory / "000001"
    assert folder.stat().st_mode == 0o040700
    assert sorted(os.listdir(folder)) == sorted([*PARTS, "entry.json"])
    for name in os.listdir(folder):
        assert (folder / name).stat().st_mode == 0o100600
    assert (directory / "index").stat().st_mode == 0o100600
    for name in PARTS:
        assert (folder / name).read_bytes() == (past(m, 1) / name).read_bytes()
    entry = json.loads((folder / "entry.json").read_text())
    assert (entry["number"], entry["id"], entry["uid"], entry["status"]) == (1, "7", os.getuid(), "active->inactive")
    assert entry["path"] == "partnerize/7.status" and entry["email"] == m.sandbox.user(7)["email"]
    end(m)
    assert sorted(name for name in os.listdir(directory) if name != ".lock") == ["000001", "index"]


def test_conflicts_as_ever(keeping):
    """The name of a version holds, and what others have changed since is a conflict."""
    m = keeping()
    put(m, "partnerize/7.json", edited(read(m, "partnerize/7.json"), "firstname", "Ours")).ok()
    m.sh("echo inactive > partnerize/8.status").ok()
    end(m)
    m = keeping()
    m.sandbox.patch(7, {"firstname": "Theirs"})
    m.sandbox.patch(8, {"lastname": "Theirs"})
    m.sandbox.reset()
    assert undo(m, 1).code != 0 and "ESTALE" in last_line(m, "partnerize/7.json")
    # it brings nobody back who was changed since, and is of one record
    assert undo(m, 2, "partnerize/8.json").code != 0 and undo(m, 2, "partnerize/9.json").code != 0
    assert not sent(m.sandbox) and m.sandbox.user(8)["status"] == "inactive"


def test_of_another_account(keeping, sandbox):
    """An account of the same name at another server has another user 7."""
    m = keeping()
    m.sh("echo inactive > partnerize/7.status").ok()
    end(m)
    m = keeping(sandbox(users=25))
    m.sandbox.patch(7, {"status": "inactive"})
    m.sandbox.reset()
    assert numbers(m) == [1]
    assert undo(m, 1).code != 0 and not sent(m.sandbox) and m.sandbox.user(7)["status"] == "inactive"


@pytest.mark.parametrize("stamps", ["own", "none"])
def test_without_stamps(keeping, sandbox, stamps):
    """Where records have no stamp, an undo.json is known by its text."""
    m = keeping(sandbox(users=25, stamps=stamps))
    put(m, "partnerize/7.json", edited(read(m, "partnerize/7.json"), "firstname", "Jo")).ok()
    before = part(m, 1, "before")["firstname"]
    end(m)
    m = keeping()
    undo(m, 1).ok()
    assert m.sandbox.user(7)["firstname"] == before


def test_killed(keeping, directory):
    """A write that was acknowledged is there, whatever the daemon did next; none is there in part."""
    done = 0
    for turn in range(4):
        m = keeping()
        assert numbers(m) == list(range(1, done + 1)), m.log()
        writer = m.spawn("for i in $(seq 1000); do echo '{\"firstname\": \"N'$i-$TURN'\"}' > partnerize/7.json || exit;"
                         " echo $i; done", env={"TURN": str(turn)})
        harness.wait_until(lambda: len(numbers(m)) > done + 3, 30 * harness.SCALE, "some writes")
        harness.kill(m.pid)
        writer.kill()
        told = len(writer.finish().out.split())
        m.abandon()
        kept = sorted(int(name) for name in os.listdir(directory) if name.isdigit())
        assert kept == list(range(1, len(kept) + 1)) and len(kept) >= done + told
        done = len(kept)
        for name in os.listdir(directory):
            assert not name.isdigit() or sorted(os.listdir(directory / name)) == sorted([*PARTS, "entry.json"])
    m = keeping()
    assert len(numbers(m)) == done and index(m).count("\n") == done
    assert (directory / "index").read_text() == index(m)
    assert not [name for name in os.listdir(directory) if name.startswith((".new", ".old"))]


DAMAGE = {"empty": lambda folder: (folder / "after.json").write_text(""),
          "cut": lambda folder: os.truncate(folder / "before.json", 20),
          "gone": lambda folder: (folder / "undo.json").unlink(),
          "no facts": lambda folder: (folder / "entry.json").unlink(),
          "other facts": lambda folder: (folder / "entry.json").write_text('{"number": 2}'),
          "a directory": lambda folder: ((folder / "after.json").unlink(), (folder / "after.json").mkdir()),
          "nothing": lambda folder: [file.unlink() for file in folder.iterdir()]}


def test_damaged(keeping, directory):
    """It is left out with a warning, keeps its number, and stays for whoever wants to look."""
    m = keeping()
    m.sh("for i in $(seq %d); do echo '{\"firstname\": \"N'$i'\"}' > partnerize/7.json; done" % (len(DAMAGE) + 1)).ok()
    end(m)
    for number, spoil in enumerate(DAMAGE.values(), 2):
        spoil(directory / f"{number:06}")
    (directory / "notes").write_text("mine")
    (directory / "7").mkdir()
    m = keeping()
    assert numbers(m) == [1] and index(m).count("\n") == 1
    for number in range(2, len(DAMAGE) + 2):
        assert f"write {number} is left out" in m.log(), DAMAGE
        assert (directory / f"{number:06}").is_dir()
    assert m.stderr() == "" and (directory / "notes").read_text() == "mine"
    m.sh("echo inactive > partnerize/8.status").ok()
    assert numbers(m) == [1, len(DAMAGE) + 2]


def test_left_by_a_crash(keeping, directory):
    """What was not renamed into place yet, or is being removed, is no write."""
    m = keeping()
    m.sh("echo inactive > partnerize/7.status").ok()
    end(m)
    os.rename(directory / "000001", directory / ".new-000002")
    (directory / ".old-000003").mkdir()
    (directory / ".new-index").write_text("half")
    m = keeping()
    assert numbers(m) == [] and index(m) == ""
    assert not [name for name in os.listdir(directory) if name.startswith((".new", ".old"))]


def test_two_mounts(keeping, directory):
    """One writes there; another only reads."""
    m = keeping()
    m.sh("echo inactive > partnerize/7.status").ok()
    with pytest.raises(harness.MountFailed) as failure:
        keeping(background=True)
    assert "another mount uses it" in str(failure.value) and str(directory) in str(failure.value)
    before = sorted(os.listdir(directory))
    for options in ("ro", "dry_run"):
        reader = keeping(options=["-o", options])
        assert texts(reader) == texts(m) and index(reader) == index(m)
        end(reader)
    assert sorted(os.listdir(directory)) == before
    m.sh("echo active > partnerize/7.status").ok()
    end(m)
    assert index(keeping()).count("\n") == 2


def test_read_only_without_one(keeping, directory):
    m = keeping(options=["-o", "ro"])
    assert numbers(m) == [] and not directory.exists()


def spoil_mode(directory):
    directory.mkdir()
    directory.chmod(0o750)


def spoil_owner(directory):
    directory.mkdir(mode=0o700)
    os.chown(directory, NOBODY, NOBODY)


def spoil_kind(directory):
    directory.write_text("")


@pytest.mark.parametrize("spoil, words", [(spoil_mode, "chmod 700"), (spoil_kind, "Not a directory"),
                                          pytest.param(spoil_owner, "another user", marks=needs_root)])
def test_at_the_start(keeping, directory, sandbox, env, spoil, words):
    """--check says what a mount would say, and makes nothing."""
    box = sandbox(users=5)
    config = directory.parent / "check.conf"
    config.touch(0o600)

    def check(path):
        config.write_text(box.config({"rosterfs": {"history_dir": path}}))
        return subprocess.run([str(harness.BUILD / "rosterfs"), "--check", str(config)], env=env, text=True,
                              capture_output=True, check=False, timeout=30 * harness.SCALE)
    assert check(directory).returncode == 0 and not directory.exists()
    missing = check(directory / "sub")
    assert missing.returncode == 2 and "create its parent first" in missing.stderr
    spoil(directory)
    result = check(directory)
    assert result.returncode == 2 and words in result.stderr and str(directory) in result.stderr
    assert len(result.stderr.splitlines()) == 1
    with pytest.raises(harness.MountFailed) as failure:
        keeping(box, background=True)
    assert words in str(failure.value) and str(directory) in str(failure.value)
    if directory.is_dir():
        assert os.listdir(directory) == []


def test_below_the_mount_point(keeping, test_dir):
    for name in ("mnt", "mnt/kept"):
        count = len(list(test_dir.glob("mount*"))) + 1
        where = test_dir / f"mount{count}" / name
        with pytest.raises(harness.MountFailed, match="history_dir .*must not be below the mount point"):
            keeping(extra={"rosterfs": {"history_dir": where}}, background=True)
        assert os.listdir(test_dir / f"mount{count}/mnt") == []


@pytest.mark.no_tsan
@pytest.mark.limit(400)
def test_the_newest_thousand(keeping, directory):
    """Older writes are removed, and the index there does not grow for ever."""
    m = keeping()
    m.sh("echo inactive > partnerize/7.status").ok()
    end(m)
    for number in range(2, 1001):
        subprocess.run(["cp", "-r", directory / "000001", directory / f"{number:06}"], check=True)
        entry = directory / f"{number:06}/entry.json"
        entry.write_text(entry.read_text().replace('"number": 1', f'"number": {number}'))
    os.rename(directory / "000500", directory / "001600")
    entry = directory / "001600/entry.json"
    entry.write_text(entry.read_text().replace('"number": 500', '"number": 1600'))
    m = keeping()
    assert numbers(m) == [*range(601, 1001), 1600]
    assert sorted(int(name) for name in os.listdir(directory) if name.isdigit()) == numbers(m)
    m.sh("for i in 8 9 11; do echo inactive > partnerize/$i.status; done").ok()
    assert numbers(m) == [*range(604, 1001), 1600, 1601, 1602, 1603]
    assert sorted(int(name) for name in os.listdir(directory) if name.isdigit()) == numbers(m)
    assert index(m).split("\n", 1)[0].startswith("604\t") and index(m).count("\n") == len(numbers(m))
    end(m)
    assert (directory / "index").read_text().count("\n") == 404
    m = keeping()
    assert (directory / "index").read_text() == index(m)


# ---- a full disk ----

@pytest.fixture
def small(directory):
    """The directory stands on a disk of 6 MiB; small(True) fills it to the last byte, small(False) empties it."""
    directory.mkdir(mode=0o700)
    with small_disk(directory, "6m") as fill:
        yield fill


def test_full(keeping, directory, small):
    """What was sent is kept; then nothing is sent until there is room again."""
    m = keeping()
    m.sandbox.fault(method="PUT", fault="stall", path="/user/7")
    command = m.spawn("echo inactive > partnerize/7.status")
    m.sandbox.wait_held("PUT", "/user/7")
    small(True)
    m.sandbox.clear_faults()
    command.finish().ok()
    assert numbers(m) == [1] and sorted(os.listdir(directory / "000001")) == sorted([*PARTS, "entry.json"])
    small(False)
    small(True)  # what the spare room has left
    m.sandbox.reset()
    for name, text in (("8.status", "inactive"), ("9.json", '{"firstname": "Jo"}')):
        assert save(m.path / "partnerize" / name, text) == refused("EIO")
        line = last_line(m, "EIO")
        assert "history_dir" in line and "No space left" in line and "nothing was sent" in line
    assert not sent(m.sandbox) and numbers(m) == [1]
    small(False)
    m.sh("echo inactive > partnerize/8.status").ok()
    end(m)
    assert numbers(keeping()) == [1, 2]


def test_gone(keeping, directory):
    """If the directory is removed, nothing is sent; if it is moved, it is used where it is."""
    m = keeping()
    os.rename(directory, f"{directory}.moved")
    m.sh("echo inactive > partnerize/7.status").ok()
    assert os.path.isdir(f"{directory}.moved/000001")
    subprocess.run(["rm", "-r", f"{directory}.moved"], check=True)
    m.sandbox.reset()
    assert save(m.path / "partnerize/8.status", "inactive") == refused("EIO")
    assert not sent(m.sandbox)


# ---- what counts as a change of this mount ----

def test_status_limit(keeping):
    """An earlier mount's change is taken back like any other change: that counts."""
    m = keeping(extra={"rosterfs": {"status_limit": 1}})
    m.sh("echo inactive > partnerize/7.status; echo active > partnerize/7.status;").ok()
    end(m)
    m = keeping(extra={"rosterfs": {"status_limit": 1}})
    m.sandbox.patch(7, {"status": "inactive"})
    m.sh("echo inactive > partnerize/8.status").ok()
    assert undo(m, 1).code != 0 and "status_limit reached" in m.log()
    assert save(m.path / "partnerize/7.status", "active") == refused("EDQUOT")


def test_memberships(keeping, sandbox):
    """What an earlier mount has ended, `active` restores, in one go although it was ended in two."""
    m = keeping(store(sandbox), {"elasticpath": {"retry_budget": 0}})
    five = person(m.sandbox, 5)
    before = accounts_of(m.sandbox, five)
    assert len(before) > 1
    m.sandbox.fault(fault="status", status=403, method="DELETE", path="/v2/accounts/*/account-memberships/*", skip=1)
    assert write(m, five, "inactive").write == "EACCES"
    m.sandbox.clear_faults()
    assert write(m, five, "inactive") == GOOD and accounts_of(m.sandbox, five) == []
    lines = [line.split("\t") for line in index(m).splitlines()]
    assert [line[5] for line in lines] == ["status", "status"] and lines[1][8] == "active->inactive"
    end(m)
    m = keeping(options=["-o", "dry_run"])
    assert write(m, five, "active") == GOOD and accounts_of(m.sandbox, five) == []
    assert f"{len(before)} memberships would be made again" in m.log()
    end(m)
    m = keeping(extra=QUICK)
    assert write(m, five, "active") == GOOD
    assert sorted(accounts_of(m.sandbox, five)) == sorted(before)
    # what this mount did last counts now: a colleague has ended them
    for account in before:
        ended(m.sandbox, account, five)
    refresh(m)
    assert write(m, five, "active").write == NOT_OFFERED
    assert accounts_of(m.sandbox, five) == []


def test_memberships_by_links(keeping, sandbox):
    """`active` restores what `inactive` has ended last, not what rm has."""
    m = keeping(store(sandbox), DELETABLE)
    five, account = person(m.sandbox, 5), company(m.sandbox)["id"]
    assert write(m, five, "inactive") == GOOD
    assert link(m, account, five) == "ok" and unlink(m, account, five) == "ok"
    assert [line.split("\t")[5:7] for line in index(m).splitlines()] == [["status", five], ["link", five],
                                                                        ["unlink", five]]
    end(m)
    m = keeping(extra=DELETABLE)
    assert write(m, five, "active").write == NOT_OFFERED and accounts_of(m.sandbox, five) == []
