# SPDX-License-Identifier: Apache-2.0
"""Who was added, changed and removed: a line each in .rosterfs/changes, as it happens."""

import contextlib
import json
import os
import pathlib
import re
import select
import shutil
import signal
import stat
import subprocess
import time

import pytest

from harness import MountFailed
from system import SCALE, wait_until
from writes import errno_of

# a list is fetched each second, and a line comes within the next; never judged by the clock
POLL = {"partnerize": {"poll": 1, "lag": 0}}
SELDOM = {"partnerize": {"poll": 3600}}  # each list after the first is fetched because somebody reads
PATIENCE = 60 * SCALE


def file_of(m):
    return m.path / ".rosterfs/changes"


def lines(m):
    return [json.loads(line) for line in file_of(m).read_text().splitlines()]


def wait_lines(m, number):
    """Until there are NUMBER lines; they."""
    return wait_until(lambda: len(lines(m)) >= number and lines(m), PATIENCE, f"{number} lines")


def fetches(m):
    """How many whole lists the mount has fetched."""
    text = (m.path / ".rosterfs/metrics").read_text()
    return sum(int(float(line.split()[1])) for line in text.splitlines()
               if line.startswith("rosterfs_fetches_total"))


def wait_fetches(m, more):
    """Until MORE lists that are requested from now on were fetched, and compared."""
    before = fetches(m)
    wait_until(lambda: fetches(m) > before + more, PATIENCE, "a list")


def refresh(m, folder="partnerize"):
    (m.path / ".rosterfs/refresh").write_text(folder)
    os.listdir(m.path / folder)


def polled(mount, sandbox, extra=None, config=None, **options):
    """A mount that polls, and that has its first list."""
    box = sandbox(**{"users": 20, **options})
    keys = {"partnerize": {**POLL["partnerize"], **(extra or {})}, "rosterfs": config or {}}
    m = mount(box, keys)
    wait_until(lambda: fetches(m) >= 1, PATIENCE, "the first list")
    wait_fetches(m, 0)
    return m


def told_kernel(m):
    """How many times the kernel was told to forget something."""
    text = (m.path / ".rosterfs/metrics").read_text()
    return int(re.search(r"^rosterfs_fuse_notifications_total (\d+)$", text, re.M).group(1))


def fields(line):
    return {field["field"]: (field["before"], field["after"]) for field in line["fields"]}


def add(box, ident, **more):
    box.control("POST", "users", {"user_id": str(ident), "email": f"u{ident}@example.com", "status": "active",
                                  **more})


# ---- what the vendor's lists tell ----

def test_added_changed_removed(mount, sandbox):
    m = polled(mount, sandbox)
    assert lines(m) == []
    m.sandbox.patch(7, {"firstname": "Zed"})
    (line,) = wait_lines(m, 1)
    assert (line["vendor"], line["id"], line["kind"]) == ("partnerize", "7", "changed")
    assert line["email"] == m.sandbox.user(7)["email"]
    assert fields(line)["firstname"][1] == "Zed" and fields(line)["firstname"][0] != "Zed"
    assert "by" not in line and line["time"].endswith("Z")
    add(m.sandbox, 77)
    line = wait_lines(m, 2)[1]
    assert (line["id"], line["kind"], line["email"]) == ("77", "added", "u77@example.com")
    assert fields(line)["status"] == (None, "active")
    m.sandbox.delete(77)
    line = wait_lines(m, 3)[2]
    assert (line["id"], line["kind"]) == ("77", "removed")
    assert fields(line)["status"] == ("active", None)
    wait_fetches(m, 1)
    assert len(lines(m)) == 3


def test_a_fetch_for_a_reader_tells_too(mount, sandbox):
    """It counts as a poll, and the next one is due later."""
    m = mount(sandbox(users=20), SELDOM)
    os.listdir(m.path / "partnerize")
    m.sandbox.patch(7, {"firstname": "Zed"})
    refresh(m)
    assert wait_lines(m, 1)[0]["id"] == "7"


def test_without_poll_nothing_is_asked(mount, sandbox):
    """A user whom the list lacks costs no request, and there are no lines."""
    m = mount(sandbox(users=20))
    os.listdir(m.path / "partnerize")
    m.sandbox.delete(7)
    m.sandbox.patch(8, {"firstname": "Zed"})
    m.sandbox.reset()
    refresh(m)
    assert "7.json" not in os.listdir(m.path / "partnerize")
    m.sh("echo inactive > partnerize/9.status").ok()
    assert "inactive" in (m.path / "partnerize/9.status").read_text()
    assert not [one for one in m.sandbox.journal() if one["path"] == "/user/7"]
    assert (m.path / ".rosterfs/changes").read_text() == ""


def test_poll_keeps_its_distance(mount, sandbox):
    """A list that a reader has fetched counts: the next one is due an interval later."""
    m = mount(sandbox(users=20), SELDOM)
    wait_until(lambda: fetches(m) == 1, PATIENCE, "the first list")
    before = fetches(m)
    for _ in range(2):
        refresh(m)
    assert fetches(m) == before + 2


def test_hidden_fields_are_no_change(mount, sandbox):
    """What a file never shows is in no line."""
    m = polled(mount, sandbox)
    m.sandbox.patch(3, {"firstname": "Zed", "password": "geheim-1", "user_api_key": "geheim-2"})
    wait_lines(m, 1)
    (m.path / "partnerize/4.json").write_text('{"password": "Geheim-3-geheim", "firstname": "Zed"}')
    wait_lines(m, 2)
    assert "eheim-" not in file_of(m).read_text()


def test_marks(mount, sandbox):
    box = {"config": {"domains": "example.com, *.example.org"}}
    m = polled(mount, sandbox, **box)
    add(m.sandbox, 71, status="inactive", role="standard")
    assert "marks" not in wait_lines(m, 1)[0]
    m.sandbox.patch(71, {"status": "active"})
    assert wait_lines(m, 2)[1]["marks"] == ["reactivated"]
    m.sandbox.patch(71, {"role": "Super Admin"})
    assert wait_lines(m, 3)[2]["marks"] == ["new admin"]
    m.sandbox.patch(71, {"email": "u71@sub.example.org"})
    assert "marks" not in wait_lines(m, 4)[3]
    m.sandbox.patch(71, {"email": "u71@sub.example.com"})
    assert wait_lines(m, 5)[4]["marks"] == ["outside domains"]
    add(m.sandbox, 72, email="x@Example.COM", role="account_owner")
    assert wait_lines(m, 6)[5]["marks"] == ["new admin"]
    m.sandbox.delete(72)
    wait_lines(m, 7)
    add(m.sandbox, 72)
    assert wait_lines(m, 8)[7]["marks"] == ["reactivated"]


def test_domains_are_checked(mount, sandbox):
    with pytest.raises(MountFailed, match="domains must be domains"):
        mount(sandbox(users=2), {"rosterfs": {"domains": "jane@example.com"}})


def test_a_user_that_only_a_get_shows(mount, sandbox):
    """A list that lacks a user proves nothing: what a GET shows is compared, and nothing flaps."""
    m = polled(mount, sandbox)
    m.sandbox.settings(omit_inactive=True)
    m.sandbox.patch(9, {"status": "inactive"})
    line = wait_lines(m, 1)[0]
    assert (line["id"], line["kind"], fields(line)["status"]) == ("9", "changed", ("active", "inactive"))
    wait_fetches(m, 2)
    assert len(lines(m)) == 1
    m.sandbox.patch(9, {"status": "active"})
    line = wait_lines(m, 2)[1]
    assert (line["kind"], fields(line)["status"]) == ("changed", ("inactive", "active"))
    assert line["marks"] == ["reactivated"]
    m.sandbox.patch(9, {"status": "inactive"})
    wait_lines(m, 3)
    m.sandbox.delete(9)
    assert wait_lines(m, 4)[3]["kind"] == "removed"
    wait_fetches(m, 2)
    assert len(lines(m)) == 4


def test_lines_do_not_wait_for_who_is_missing(mount, sandbox):
    """What two lists show is told before the vendor is asked about a user that the newer one lacks."""
    m = mount(sandbox(users=20), SELDOM)
    os.listdir(m.path / "partnerize")
    m.sandbox.fault(fault="stall", path="/user/9", method="GET", times=1)
    m.sandbox.delete(9)
    m.sandbox.patch(7, {"firstname": "Zed"})
    refresh(m)
    m.sandbox.wait_held("GET", "/user/9")
    assert wait_lines(m, 1)[0]["id"] == "7"
    m.sandbox.release()
    assert [(line["id"], line["kind"]) for line in wait_lines(m, 2)] == [("7", "changed"), ("9", "removed")]


def test_a_list_that_fails_removes_nobody(mount, sandbox):
    m = polled(mount, sandbox, {"retry_budget": 0})
    m.sandbox.fault(fault="status", status=500, times=-1, path="/user")
    wait_until(lambda: "EREMOTEIO" in (m.path / ".rosterfs/status").read_text(), PATIENCE, "an error in status")
    m.sandbox.clear_faults()
    m.sandbox.patch(7, {"firstname": "Zed"})
    (line,) = wait_lines(m, 1)
    assert (line["id"], line["kind"]) == ("7", "changed")


def test_a_list_that_is_suddenly_short(mount, sandbox):
    """It is shown with a warning, and nobody counts as removed before the owner has agreed."""
    m = mount(sandbox(users=20), SELDOM)
    os.listdir(m.path / "partnerize")
    for ident in range(2, 16):
        m.sandbox.delete(ident)
    refresh(m)
    wait_until(lambda: "had 20 before" in (m.path / ".rosterfs/status").read_text(), PATIENCE, "the warning")
    assert lines(m) == []
    refresh(m)
    told = wait_lines(m, 14)
    assert {line["id"] for line in told} == {str(ident) for ident in range(2, 16)}
    assert {line["kind"] for line in told} == {"removed"}


def test_statuses_of_their_own(mount, sandbox):
    """At Elastic Path a status is made of memberships: its changes are the user's."""
    box = sandbox(vendors="elasticpath", users=10)
    m = mount(box, {"elasticpath": {"poll": 1, "lag": 0}})
    folder = m.path / "elasticpath"
    wait_until(lambda: fetches(m) >= 1, PATIENCE, "the first list")
    active = [name for name in os.listdir(folder)
              if name.endswith(".status") and (folder / name).read_text() == "active\n"]
    ident = active[0].removesuffix(".status")
    before = len(lines(m))
    (folder / active[0]).write_text("inactive\n")
    line = wait_lines(m, before + 1)[before]
    assert (line["id"], fields(line)["status"]) == (ident, ("active", "inactive"))
    assert line["by"]["history"] == 1 and "@" in line["email"]


# ---- what this mount does ----

def test_own_changes(mount, sandbox):
    """They are told at once, by whom, and not again by the lists that show them."""
    m = polled(mount, sandbox, {"allow_delete": "yes"})
    m.sh("echo inactive > partnerize/5.status").ok()
    (line,) = lines(m)
    assert fields(line)["status"] == ("active", "inactive")
    assert (line["by"]["uid"], line["by"]["command"], line["by"]["history"]) == (os.getuid(), "bash", 1)
    m.sh("""echo '{"firstname":"Jo","lastname":"Do","email":"jo@example.com","password":"Geheim-3-geheim"}' """
         "> partnerize/new/jo.json").ok()
    line = lines(m)[1]
    assert (line["kind"], line["email"], line["by"]["history"]) == ("added", "jo@example.com", 2)
    wait_fetches(m, 2)
    assert len(lines(m)) == 2
    m.sandbox.patch(5, {"firstname": "Zed"})
    line = wait_lines(m, 3)[2]
    assert fields(line)["firstname"][1] == "Zed" and "status" not in fields(line) and "by" not in line


def test_own_changes_while_a_list_is_read(mount, sandbox):
    """A list that was requested before a change, and shows what was before, tells nothing."""
    m = polled(mount, sandbox)
    m.sandbox.fault(fault="stall_after", path="/user", method="GET", times=1)
    m.sandbox.wait_held("GET", "/user")
    m.sh("echo inactive > partnerize/5.status").ok()
    m.sandbox.release()
    wait_fetches(m, 2)
    m.sandbox.patch(6, {"firstname": "Zed"})
    told = wait_lines(m, 2)
    assert [line["id"] for line in told] == ["5", "6"]


# ---- the file ----

def test_the_file_is_read_only(mount, sandbox):
    m = mount(sandbox(users=2))
    assert stat.S_IMODE(file_of(m).stat().st_mode) == 0o400
    assert errno_of(lambda: os.open(file_of(m), os.O_WRONLY)) != 0
    assert file_of(m).read_text() == ""


@pytest.mark.parametrize("tail", [["tail", "-f"], ["tail", "-F"], ["busybox", "tail", "-f"]])
def test_tail(mount, sandbox, tail, test_dir):
    """It sees lines as they come, and a cut where it was too slow."""
    if not shutil.which(tail[0]):
        pytest.skip(f"there is no {tail[0]}")
    m = polled(mount, sandbox, config={"changes_limit": 3})
    m.sandbox.patch(1, {"firstname": "Zed"})
    wait_lines(m, 1)
    out = test_dir / "tail.out"

    def told():
        return [json.loads(line) for line in out.read_text().splitlines() if line.strip()]
    with open(out, "wb") as file:
        with subprocess.Popen([*tail, str(file_of(m))], stdout=file) as process:
            try:
                wait_until(lambda: len(told()) == 1, PATIENCE, "the first line")
                m.sandbox.patch(2, {"firstname": "Zed"})
                wait_until(lambda: len(told()) == 2, PATIENCE, "the second line")
                process.send_signal(signal.SIGSTOP)
                for ident in range(3, 9):
                    m.sandbox.patch(ident, {"firstname": "Zed"})
                    wait_until(lambda ident=ident: lines(m)[-1]["id"] == str(ident), PATIENCE, "a line")
                process.send_signal(signal.SIGCONT)
                wait_until(lambda: told()[-1].get("id") == "8", PATIENCE, "the last line")
            finally:
                process.kill()
    assert [line.get("id", line["kind"]) for line in told()] == ["1", "2", "cut", "6", "7", "8"]
    assert told()[2]["lines"] == 5


def test_poll_and_select(mount, sandbox):
    """poll(2), select and epoll return when there is a line, and not before."""
    m = polled(mount, sandbox)
    file = os.open(file_of(m), os.O_RDONLY)
    poll, epoll = select.poll(), select.epoll()
    poll.register(file, select.POLLIN)
    epoll.register(file, select.EPOLLIN)
    try:
        for turn in range(3):
            assert poll.poll(0) == [] and epoll.poll(0) == []
            assert select.select([file], [], [], 0)[0] == []
            m.sandbox.patch(7, {"firstname": f"Zed {turn}"})
            ready = (poll.poll(PATIENCE * 1000), select.select([file], [], [], PATIENCE)[0],
                     epoll.poll(PATIENCE))[turn]
            assert ready
            assert f"Zed {turn}" in os.read(file, 1 << 20).decode()
    finally:
        epoll.close()
        os.close(file)


def test_poll_of_other_files(mount, sandbox):
    """They can always be read, as on any other file system."""
    m = mount(sandbox(users=2))
    with open(m.path / "partnerize/1.json", encoding="utf-8") as file:
        assert select.select([file], [file], [], 0) == ([file], [file], [])


def test_the_newest_are_kept(mount, sandbox):
    m = mount(sandbox(users=20), {"rosterfs": {"changes_limit": 4}, **SELDOM})
    os.listdir(m.path / "partnerize")
    slow = os.open(file_of(m), os.O_RDONLY)
    for ident in range(1, 11):
        m.sandbox.patch(ident, {"firstname": "Zed"})
    refresh(m)
    told = wait_lines(m, 5)
    assert [line.get("id", line["kind"]) for line in told] == ["cut", "7", "8", "9", "10"]
    assert told[0]["lines"] == 6
    for number in (1, 2, 4, 20):
        seen = m.sh(f"tail -n {number} .rosterfs/changes").ok().lines()
        assert [json.loads(line) for line in seen] == told[-number:]
    assert m.sh("head -n 1 .rosterfs/changes").ok().lines()[0].startswith('{"time":')
    # in pieces, and with lines dropped between the pieces: each whole line is JSON
    text = os.read(slow, 150)
    for ident in range(1, 11):
        m.sandbox.patch(ident, {"firstname": "Zed again"})
    refresh(m)
    wait_until(lambda: lines(m)[0]["lines"] == 16, PATIENCE, "more lines")
    text += b"".join(iter(lambda: os.read(slow, 100), b""))
    os.close(slow)
    whole = []
    for line in text.decode(errors="replace").splitlines():
        with contextlib.suppress(ValueError):
            whole.append(json.loads(line))
    assert [line.get("id", line["kind"]) for line in whole] == ["cut", "cut", "7", "8", "9", "10"]


def test_changes_log(mount, sandbox, test_dir):
    """It keeps all lines, over mounts, and nobody else can read it."""
    log = test_dir / "changes.log"
    keys = {"rosterfs": {"changes_log": str(log), "changes_limit": 1}, **SELDOM}
    box = sandbox(users=20)
    for turn in range(2):
        m = mount(box, keys)
        os.listdir(m.path / "partnerize")
        for ident in (1, 2, 3):
            box.patch(ident, {"firstname": f"Zed {turn}"})
        refresh(m)
        wait_lines(m, 2)
        m.unmount()
        m.wait()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["id"] for line in told] == ["1", "2", "3"] * 2


def test_changes_log_of_a_mount_that_only_reads(mount, sandbox, test_dir):
    """What others change is appended with -o ro, too, and the log may be moved away."""
    log, moved = test_dir / "changes.log", test_dir / "changes.log.1"
    m = mount(sandbox(users=5), {"rosterfs": {"changes_log": str(log)}, **POLL}, options=["-o", "ro"])
    wait_until(lambda: fetches(m) >= 1, PATIENCE, "the first list")
    wait_fetches(m, 0)
    m.sandbox.patch(1, {"firstname": "Zed"})
    wait_until(lambda: '"id":"1"' in log.read_text(), PATIENCE, "a line in the log")
    log.rename(moved)
    m.sandbox.patch(2, {"firstname": "Zed"})
    wait_until(lambda: log.exists() and '"id":"2"' in log.read_text(), PATIENCE, "a new log")
    assert '"id":"2"' not in moved.read_text()


def test_changes_log_on_a_full_disk(mount, sandbox, test_dir):
    """No line is torn, and those that did not fit are there once there is room."""
    disk = test_dir / "disk"
    disk.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)], check=False).returncode:
        pytest.skip("needs to mount a tmpfs")
    try:
        log, ballast = disk / "changes.log", disk / "ballast"
        m = mount(sandbox(users=20), {"rosterfs": {"changes_log": str(log)}, **SELDOM})
        os.listdir(m.path / "partnerize")
        with contextlib.suppress(OSError), open(ballast, "wb", buffering=0) as out:
            while True:
                out.write(b"x" * 4096)
        for turn in range(2):
            for ident in range(1, 21):  # more than a page
                m.sandbox.patch(ident, {"firstname": f"{turn}" * 200})
            refresh(m)
            wait_lines(m, 20 * (turn + 1))
        wait_until(lambda: "changes.log: cannot be written: No space left on device" in m.log(), PATIENCE, "the failure")
        assert log.read_text() == ""
        ballast.unlink()
        m.sandbox.patch(1, {"firstname": "Zed"})
        refresh(m)
        wait_until(lambda: "changes.log: written again, and no line is missing" in m.log(), PATIENCE, "the rest")
        assert [json.loads(line) for line in log.read_text().splitlines()] == lines(m)
        m.unmount()
        m.wait()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_changes_log_below_the_mount(mount, sandbox, test_dir):
    with pytest.raises(MountFailed, match="changes_log .*must not be below|changes_log .*No such file"):
        mount(sandbox(users=2), {"rosterfs": {"changes_log": str(test_dir / "mount1/mnt/no/changes.log")}})


def test_a_refused_file_is_not_created(mount, sandbox, test_dir):
    """It would make the mount point one that is not empty, and the next mount would be refused, too."""
    point = test_dir / "mount1/mnt"
    with pytest.raises(MountFailed, match="changes_log .*must not be below"):
        mount(sandbox(users=2), {"rosterfs": {"changes_log": str(point / "changes.log")}})
    assert point.is_dir()
    assert not list(point.iterdir())


# ---- what the kernel is told ----

def test_the_kernel_is_told_of_changes_only(mount, sandbox):
    """A refresh of 1,000 users of whom 10 have changed."""
    m = mount(sandbox(users=1000), SELDOM)
    m.sh("ls -l partnerize >/dev/null").ok()

    before = told_kernel(m)
    refresh(m)
    m.sh("ls -l partnerize >/dev/null").ok()
    assert told_kernel(m) - before <= 10
    sizes = {ident: (m.path / f"partnerize/{ident}.json").stat().st_size for ident in range(1, 21)}
    before = told_kernel(m)
    for ident in range(1, 11):
        m.sandbox.patch(ident, {"firstname": 500 * "Z"})
    refresh(m)
    wait_lines(m, 10)
    assert told_kernel(m) - before <= 60
    for ident, size in sizes.items():
        assert ((m.path / f"partnerize/{ident}.json").stat().st_size > size) == (ident <= 10)


def test_what_a_poll_brings_is_seen(mount, sandbox):
    """The kernel's attributes of a changed user are not used any longer, whatever the ttl is."""
    m = polled(mount, sandbox, {"ttl": 3600})
    file = m.path / "partnerize/7.json"
    person = m.path / "by-email" / m.sandbox.user(7)["email"]
    size = file.stat().st_size
    assert person.exists()
    m.sandbox.patch(7, {"firstname": 500 * "Z", "email": "new@example.com"})
    wait_lines(m, 1)
    assert file.stat().st_size > size
    assert not person.exists() and (m.path / "by-email/new@example.com").exists()
    m.sandbox.delete(7)
    wait_lines(m, 2)
    assert not file.exists()


def test_many_changes_at_once(mount, sandbox):
    """A list with more changes than are looked up one by one: the kernel forgets what was told of each."""
    m = mount(sandbox(users=600), {"partnerize": {"ttl": 3600, "poll": 3600}})
    everyone = {ident: m.path / f"partnerize/{ident}.json" for ident in range(1, 601)}
    m.sh("ls -l partnerize by-email >/dev/null").ok()
    sizes = {ident: file.stat().st_size for ident, file in everyone.items()}
    emails = {ident: m.sandbox.user(ident)["email"] for ident in (2, 521, 522)}
    assert all((m.path / "by-email" / email).exists() for email in emails.values())
    before = told_kernel(m)
    for ident in range(2, 522):
        m.sandbox.patch(ident, {"firstname": 500 * "Z", "email": f"new{ident}@example.com"})
    refresh(m)
    assert {line["id"] for line in wait_lines(m, 520)} == {str(ident) for ident in range(2, 522)}

    def grown():
        return {ident for ident, file in everyone.items() if file.stat().st_size > sizes[ident]}
    wait_until(lambda: len(grown()) >= 520, PATIENCE, "new sizes")
    assert grown() == set(range(2, 522))
    # two files for each that has changed; all people; the directories
    assert told_kernel(m) - before <= 2 * 520 + 600 + 20
    people = m.path / "by-email"
    wait_until(lambda: not (people / emails[2]).exists() and not (people / emails[521]).exists(), PATIENCE,
               "the end of two emails")
    assert (people / "new2@example.com").exists() and (people / emails[522]).exists()


@pytest.mark.no_tsan  # a thread of its own wakes ten times a second
def test_nothing_runs_between_polls(mount, sandbox):
    """No thread wakes to see whether a poll is due."""
    m = mount(sandbox(users=20), {"partnerize": {"poll": 3600}})
    wait_until(lambda: fetches(m) == 1, PATIENCE, "the first list")

    def switches():
        texts = [(task / "status").read_text() for task in pathlib.Path(f"/proc/{m.pid}/task").iterdir()]
        return [re.search(r"^voluntary_ctxt_switches:\t(\d+)", text, re.M).group(1) for text in texts]

    def asleep():
        before = switches()
        time.sleep(3)
        return switches() == before
    wait_until(asleep, PATIENCE, "three seconds in which no thread runs")


def test_unmount_while_it_polls(mount, sandbox):
    """A list that is being fetched in the background does not hold up the end."""
    m = polled(mount, sandbox)
    m.sandbox.fault(fault="stall", path="/user", times=-1)
    m.sandbox.wait_held("GET", "/user")
    m.unmount()
    assert m.wait(60) == 0
    m.sandbox.clear_faults()


def test_down_and_up_again(mount, sandbox):
    """While the vendor cannot be reached, status says so; then lines come again."""
    m = polled(mount, sandbox, {"timeout": 1, "retry_budget": 0})
    with m.sandbox.paused():
        wait_until(lambda: "ETIMEDOUT" in (m.path / ".rosterfs/status").read_text(), PATIENCE, "an error")
    m.sandbox.patch(7, {"firstname": "Zed"})
    assert wait_lines(m, 1)[0]["id"] == "7"
