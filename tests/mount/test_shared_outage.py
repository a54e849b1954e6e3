# SPDX-License-Identifier: Apache-2.0
"""A shared store that cannot be reached, or refuses: reads go on, writes are refused with words, and it is found again."""

import contextlib
import os
import re
import threading
import time

import pytest

from harness import SCALE, wait_until
from net_proxy import Proxy
from shared_hosts import (BACK, HANG, lan, metric, names, server, shows, status_of, team, up, wait_down, wait_up)
from small_disk import small_disk
from writes import GOOD, at_vendor, last_line, read, refused, save, sent, text_of

__all__ = ["lan", "server", "team"]  # fixtures

FILE = "partnerize/7.json"
STATUS = "partnerize/7.status"
NO_LOCK = "the shared store can't be reached: no lock"
LONG = 3 * BACK  # rights that were lacking are tried again later than all else
# to be made; one of them has no email
USERS = {"mail.json": text_of({"email": "new@example.org", "first_name": "New", "last_name": "User"}),
         "none.json": text_of({"first_name": "New", "last_name": "User"})}
OPTIONAL = {"rosterfs": {"shared_required": "no"}}


@pytest.fixture
def proxy():
    """proxy(target) is a Proxy in front of it."""
    made = []

    def make(target):
        made.append(Proxy(target))
        return made[-1]
    yield make
    for one in made:
        one.close()


def through(team, proxy, count=2, extra=None, **rest):
    """A team that reaches its server through t.proxy."""
    t = team(0, extra, **rest)
    t.proxy = proxy(("127.0.0.1", t.server.port))
    for _ in range(count):
        t.add(url=f"redis://127.0.0.1:{t.proxy.port}/0")
    return t


# ---- what is wrong with a server, and the end of it ----

@contextlib.contextmanager
def killed(t):
    t.server.kill()
    yield
    t.server.start()


@contextlib.contextmanager
def replica(t):
    """It follows another one, and takes no write."""
    t.server.ask("REPLICAOF", "127.0.0.1", "1")
    yield
    t.server.ask("REPLICAOF", "NO", "ONE")


@contextlib.contextmanager
def out_of_memory(t):
    t.server.config(maxmemory="1")
    yield
    t.server.config(maxmemory="0")


@contextlib.contextmanager
def other_password(t):
    t.server.config(requirepass="other")
    t.server.password = "other"
    t.server.ask("CLIENT", "KILL", "SKIPME", "yes", "TYPE", "normal")
    yield
    t.server.config(requirepass="right")
    t.server.password = "right"


@contextlib.contextmanager
def paused(t):
    with t.server.paused():
        yield


@contextlib.contextmanager
def user_without_rights(t):
    """The ACL of the user is too narrow from now on."""
    t.server.ask("ACL", "SETUSER", "default", "-evalsha", "-set", "-xadd")
    yield
    t.server.ask("ACL", "SETUSER", "default", "+@all")


TROUBLES = {"killed": (killed, "connection refused"), "replica": (replica, "replica"), "memory": (out_of_memory, "memory"),
            "password": (other_password, "password"), "paused": (paused, ""), "rights": (user_without_rights, "")}
EACH = pytest.mark.parametrize("trouble", TROUBLES)


def with_trouble(team, trouble, count=2, extra=None):
    t = team(count, extra, password="right" if trouble == "password" else None)
    t.each(lambda m: read(m, FILE))
    wait_up(*t)
    t.box.reset()
    return t, TROUBLES[trouble]


@EACH
def test_writes_are_refused(team, trouble):
    """With words that name the server and what it said; nothing is sent. When it is back, all goes on."""
    t, (make, word) = with_trouble(team, trouble)
    with make(t):
        # the first to notice may only see that its connection has ended
        for m in t:
            assert save(m.path / STATUS, "inactive") == refused("EREMOTEIO")
            wait_until(lambda m=m: word in status_of(m).lower(), BACK, word)
            assert save(m.path / STATUS, "inactive") == refused("EREMOTEIO")
            line = last_line(m, NO_LOCK)
            assert STATUS in line and str(t.server.port) in line, m.log()
            for name, user in USERS.items():
                path = m.path / "partnerize/new" / name
                assert save(path, user, flags=os.O_WRONLY | os.O_CREAT) == refused("EREMOTEIO")
                assert name in last_line(m, NO_LOCK)
            assert word in line.lower(), line
        assert sent(t.box) == []
        wait_down(*t)
        # reads go on from memory, and say so
        assert read(t[0], FILE)["status"] == "active"
        assert len(names(t[1])) > 50
        assert "store" in status_of(t[0]) and "with host-b" not in status_of(t[0])
    wait_up(*t, seconds=LONG)
    assert save(t[0].path / STATUS, "inactive") == GOOD
    shows(lambda: (t[1].path / STATUS).read_text(), "inactive\n")
    assert len(sent(t.box)) == 1
    for m in t:
        assert metric(m, "rosterfs_store_failures_total") > 0
        assert (m.path / ".rosterfs/status").read_text().count("can't be reached") == 0


@EACH
def test_reads_go_on_by_own_fetches(team, trouble):
    """A mount that starts meanwhile, and one whose roster gets old, ask the vendor."""
    t, (make, _) = with_trouble(team, trouble, 1)
    with make(t):
        wait_down(t[0])
        late = t.add({"partnerize": {"ttl": 2}})
        assert read(late, FILE)["status"] == "active"
        assert len(names(late)) > 50
        t.box.patch(9, {"lastname": "Colleague"})
        time.sleep(2.5)
        assert read(late, "partnerize/9.json")["lastname"] == "Colleague"
        assert save(late.path / STATUS, "inactive") == refused("EREMOTEIO")
    wait_up(*t, seconds=LONG)
    assert save(late.path / STATUS, "inactive") == GOOD
    shows(lambda: (t[0].path / STATUS).read_text(), "inactive\n")


@EACH
def test_not_required(team, trouble):
    """shared_required = no: each writes as if it were alone, and all is told when the server is back."""
    t, (make, _) = with_trouble(team, trouble, 2, OPTIONAL)
    with make(t):
        for m, ident in zip(t, (7, 8)):
            assert save(m.path / f"partnerize/{ident}.status", "inactive") == GOOD
        wait_down(*t)
        assert "store" in last_line(t[0], "store")
    wait_up(*t, seconds=LONG)
    for m in t:
        for ident in (7, 8):
            shows(lambda m=m, ident=ident: (m.path / f"partnerize/{ident}.status").read_text(), "inactive\n")
    assert len(sent(t.box)) == 2


def test_never_there(team):
    """A mount whose server is not there yet starts, reads and refuses writes; it finds it when it comes."""
    t = team(0)
    t.server.kill()
    start = time.monotonic()
    m = t.add()
    assert len(names(m)) > 50
    assert save(m.path / STATUS, "inactive") == refused("EREMOTEIO")
    assert time.monotonic() - start < HANG
    assert "Connection refused" in last_line(m, NO_LOCK)
    t.server.start()
    wait_up(m)
    assert save(m.path / STATUS, "inactive") == GOOD


def test_no_socket(team, server):
    """A socket that is not there is named."""
    t = team(0, on="socket")
    m = t.add(url=f"unix:{t.server.folder}/none")
    assert save(m.path / STATUS, "inactive") == refused("EREMOTEIO")
    line = last_line(m, NO_LOCK)
    assert f"{t.server.folder}/none" in line and "No such file" in line


@pytest.mark.parametrize("on", ["port", "socket"])
def test_wrong_password(team, on):
    """It is said that it is the password, and never which."""
    t = team(0, on=on, password="right-one")
    (t.folder / "wrong").touch(0o600)
    (t.folder / "wrong").write_text("canary-wrong-password\n")
    m = t.add({"rosterfs": {"shared_password_file": t.folder / "wrong"}})
    assert len(names(m)) > 50
    assert save(m.path / STATUS, "inactive") == refused("EREMOTEIO")
    line = last_line(m, NO_LOCK)
    assert "password" in line
    assert "canary-wrong-password" not in m.log() + m.stderr() + status_of(m)
    assert sent(t.box) == []


def test_a_user_of_the_acl(team):
    """A user and password of an ACL, with the fewest commands that the manual names."""
    t = team(0, password="admin")
    t.server.ask("ACL", "SETUSER", "rosterfs", "on", ">user-pass", "~rosterfs:*", "+@read", "+@write", "+@scripting",
                 "+@connection", "+time", "+info", "-@dangerous", "+info")
    file = t.folder / "user-pass"
    file.touch(0o600)
    file.write_text("user-pass")
    for _ in range(2):
        t.add({"rosterfs": {"shared_user": "rosterfs", "shared_password_file": file}})
    t.each(names)
    wait_up(*t)
    assert save(t[0].path / STATUS, "inactive") == GOOD
    shows(lambda: (t[1].path / STATUS).read_text(), "inactive\n")
    # all its names are below one prefix
    assert t.server.keys() and all(key.startswith(b"rosterfs:") for key in t.server.keys())


@pytest.mark.no_tsan
def test_slow(team, proxy):
    """A second for each reply: everything works, only later."""
    t = through(team, proxy, 2, users=250)
    t.proxy.delay = 1.0
    assert len({tuple(found) for found in t.each(names)}) == 1
    assert "slow: a reply takes 1." in status_of(t[0])
    pages = t.lists()
    assert len(pages) == len(set(pages)), "both have fetched the list"
    assert t[0].sh("echo inactive > partnerize/7.status", timeout=HANG).code == 0
    shows(lambda: (t[1].path / STATUS).read_text(), "inactive\n", HANG)
    assert t[1].sh("echo active > partnerize/7.status", timeout=HANG).code == 0
    shows(lambda: (t[0].path / STATUS).read_text(), "active\n", HANG)
    assert len(sent(t.box)) == 2


def test_one_that_comes_after_writes_without_a_lock(team):
    """What was written meanwhile is asked for again; the list of the others, which is newer, is taken all the same."""
    t = team(2, {"rosterfs": {"shared_required": "no"}, "partnerize": {"lag": 60}}, users=250)
    t.each(names)
    t.server.kill()
    for ident in (7, 8, 9):
        assert save(t[0].path / f"partnerize/{ident}.status", "inactive") == GOOD
    t.server.start()
    wait_up(*t)
    wait_until(lambda: metric(t[0], "rosterfs_store_kept") == 0, BACK, "what was kept to be told")
    time.sleep(0.5)  # a list that begins within a quarter of a second may not have it
    t.each(lambda m: (m.path / ".rosterfs/refresh").write_text("partnerize\n"))
    t.each(names)
    t.box.reset()
    for late in (t.add(), t.add()):
        assert len([name for name in names(late) if name.endswith(".json")]) == 250
        assert re.search(r"^partnerize +250 ", status_of(late), re.MULTILINE), status_of(late)
        assert (late.path / STATUS).read_text() == "inactive\n"
    assert t.lists() == []


def test_slow_and_one_that_comes_later(team, proxy):
    """The first thing that a mount asks of its vendor waits for what others have told before."""
    t = through(team, proxy, 1, {"partnerize": {"lag": 60}})
    names(t[0])
    t.box.settings(read_lag_ms=100000)
    assert save(t[0].path / STATUS, "inactive") == GOOD
    t.proxy.delay = 0.3
    late = t.add(url=f"redis://127.0.0.1:{t.proxy.port}/0")
    assert (late.path / STATUS).read_text() == "inactive\n"


def test_one_that_hears_late_of_a_new_status(team, proxy):
    """What it has written itself does not hide for long what the vendor shows it."""
    t = through(team, proxy, 1, {"partnerize": {"lag": 60}})
    t.add()
    t.each(names)
    wait_up(*t)
    assert save(t[0].path / STATUS, "inactive") == GOOD
    shows(lambda: (t[1].path / STATUS).read_text(), "inactive\n")
    t.proxy.news_delay = 1.5
    assert save(t[1].path / STATUS, "active") == GOOD
    time.sleep(0.5)  # of two moments that are closer together, hosts do not know which was first
    (t[0].path / ".rosterfs/refresh").write_text("partnerize\n")
    (t[0].path / STATUS).read_text()  # of which this host does not know yet whether it lags
    t.proxy.news_delay = 0.0
    shows(lambda: (t[0].path / STATUS).read_text(), "active\n")


def test_responses_that_are_lost(team, proxy):
    """Commands are carried out and nobody learns of it: no write is doubled, and every lock is free again."""
    t = through(team, proxy, 2)
    t.each(names)
    wait_up(*t)
    t.proxy.dropping = True
    result = save(t[0].path / STATUS, "inactive")
    assert result in (GOOD, refused("EREMOTEIO"))
    t.proxy.dropping = False
    wait_up(*t)
    assert save(t[1].path / STATUS, "inactive") == GOOD
    assert len([one for one in sent(t.box) if one["status_sent"] == "inactive"]) <= 2
    assert save(t[0].path / FILE, text_of({"phone": "+1"})) == GOOD


def test_connections_that_are_cut(team, proxy):
    """Again and again while all hosts write: each edit that was acknowledged is there."""
    t = through(team, proxy, 3)
    t.each(names)
    stop = threading.Event()

    def cut():
        while not stop.wait(0.3):
            t.proxy.cut()
    thread = threading.Thread(target=cut)
    thread.start()
    good = {}
    try:
        def write(m):
            number = t.index(m)
            for turn in range(15):
                field = ("firstname", "lastname", "phone")[number]
                if save(m.path / FILE, text_of({field: f"{field} {turn}"})) == GOOD:
                    good[field] = f"{field} {turn}"
        t.each(write)
    finally:
        stop.set()
        thread.join()
    wait_up(*t)
    now = at_vendor(t.box, 7)
    for field, value in good.items():
        # a later one that was told to have failed may have been sent
        assert int(now[field].split()[-1]) >= int(value.split()[-1]), (field, value, now[field])
    assert save(t[0].path / FILE, text_of({"timezone": "Asia/Tokyo"})) == GOOD
    for m in t:
        shows(lambda m=m: read(m, FILE)["timezone"], "Asia/Tokyo")


def test_connections_that_the_server_closes(team):
    """Those that are idle are made anew, and no write is refused for that."""
    t = team(2)
    t.each(names)
    for number in range(5):
        t.server.ask("CLIENT", "KILL", "TYPE", "normal")
        assert save(t[number % 2].path / STATUS, ("inactive\n", "active\n")[number % 2]) == GOOD
        wait_up(*t)


def test_a_server_that_says_nothing(team, proxy):
    """A connection that is taken and never answered: deadlines, and reads that do not wait for them."""
    t = through(team, proxy, 2)
    t.each(names)
    t.proxy.stalled = True
    commands = [t[0].spawn(f"echo inactive > partnerize/{ident}.status") for ident in (3, 4, 5, 6, 7, 8)]
    start = time.monotonic()
    for ident in range(2, 25):
        read(t[0], f"partnerize/{ident}.json")
    assert time.monotonic() - start < BACK
    for one in commands:
        one.finish(HANG)
    assert sent(t.box) == [] or time.monotonic() - start < HANG
    t.proxy.stalled = False
    wait_up(*t)
    for ident in (3, 4, 5, 6, 7, 8):
        assert save(t[1].path / f"partnerize/{ident}.status", "inactive") == GOOD


def test_a_full_disk(team, test_dir):
    """MISCONF: a server that cannot save takes no more writes, until it can."""
    disk = test_dir / "disk"
    disk.mkdir(parents=True)
    with small_disk(disk, "128k") as fill:
        t = team(2, more=[f"dir {disk}", "save 3600 1", "stop-writes-on-bgsave-error yes"])
        t.each(names)
        wait_up(*t)
        fill(True)
        t.server.ask("SET", "x", "x" * 100000)
        t.server.ask("BGSAVE")
        wait_until(lambda: b"rdb_last_bgsave_status:err" in t.server.ask("INFO", "persistence"), BACK, "a failed save")
        assert save(t[0].path / STATUS, "inactive") == refused("EREMOTEIO")
        assert "disk" in last_line(t[0], NO_LOCK).lower() or "save" in last_line(t[0], NO_LOCK).lower()
        assert len(names(t[1])) > 50
        fill(False)
        t.server.ask("BGSAVE")
        wait_until(lambda: b"rdb_last_bgsave_status:ok" in t.server.ask("INFO", "persistence"), BACK, "a save")
        wait_up(*t)
        assert save(t[0].path / STATUS, "inactive") == GOOD
        shows(lambda: (t[1].path / STATUS).read_text(), "inactive\n")


def test_the_limit_and_an_outage(team):
    """Without the server each host counts what it made by itself; nothing that it made is forgotten."""
    t = team(1, {"rosterfs": {"shared_required": "no", "status_limit": 3}})
    names(t[0])
    assert save(t[0].path / "partnerize/2.status", "inactive") == GOOD
    t.server.kill()
    for ident in (3, 4):
        assert save(t[0].path / f"partnerize/{ident}.status", "inactive") == GOOD
    assert save(t[0].path / "partnerize/5.status", "inactive") == refused("EDQUOT")


def test_unmount_while_it_is_away(team):
    """The end of a mount does not wait for the server, and tells what was not told."""
    t = team(2, OPTIONAL)
    t.each(names)
    with t.server.paused():
        assert save(t[0].path / STATUS, "inactive") == GOOD
        start = time.monotonic()
        assert t[0].unmount().code == 0
        t[0].wait(20)
        assert time.monotonic() - start < 20 * SCALE
    wait_up(t[1])
    assert up(t[1])


def test_found_again_soon(team):
    """Within two seconds, says the manual; here only that it needs no write and no read of anybody."""
    t = team(2)
    t.each(names)
    t.server.kill()
    wait_down(*t)
    t.server.start()
    # nobody looks meanwhile
    time.sleep(4)
    wait_up(*t)
