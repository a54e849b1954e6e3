# SPDX-License-Identifier: Apache-2.0
"""What reading costs and when it waits: requests, paging and its faults, many readers, a dead vendor."""

import json
import os
import signal
import stat
import time

import pytest

import exposition
import harness
import status_table
from harness import AT_ONCE, wait_for_sleepers

PARALLEL = 8
BUDGET = 0


def refresh(m, name="all"):
    (m.path / ".rosterfs/refresh").write_text(name)


def ids(box):
    return {str(user["user_id"]) for user in box.control("GET", "users")}


def listed(m, name="partnerize"):
    return {entry.removesuffix(".json") for entry in os.listdir(m.path / name)
            if entry.endswith(".json")}


def cost(box, action):
    """The vendor requests that ACTION makes."""
    box.reset()
    action()
    return box.counts()["total"]


def copies(box, count):
    """A config with COUNT accounts, a0, a1..., of the sandbox: each is cold until it is asked."""
    text = box.config()
    keys = text.partition("[partnerize]\n")[2].partition("\n[")[0]
    return "".join(f"[a{i}]\ntype = partnerize\n"
                   + "\n".join(line for line in keys.splitlines() if not line.startswith("type"))
                   + "\n\n" for i in range(count))


def test_deep_answers(mount, sandbox):
    """Arrays within arrays, as deep as the parser reads them or a file may be: shown or an error, and the mount stays."""
    box = sandbox(users=5)
    m = mount(box)
    for depth in (700, 1000, 2040, 3000):
        body = '{"user_id":"3","email":"deep@example.com","status":"active","n":%s1%s}' % ("[" * depth, "]" * depth)
        box.fault(fault="not_json", method="GET", path="/user/3", body=body)
        result = m.sh("tr -dc '[' <partnerize/3.json | wc -c")
        if depth == 700:
            assert int(result.ok().out) == depth
        else:
            assert "Remote I/O error" in result.err
        refresh(m)
    assert m.sh("cat partnerize/*.json").ok()


def test_all_requests_are_counted(mount, sandbox):
    """Also those that libcurl repeats by itself, when a connection that was kept has died."""
    box = sandbox(users=250)
    m = mount(box)
    m.sh("cat partnerize/1.json").ok()
    box.fault(fault="drop", method="GET", path="/user", times=2)
    m.sh("ls partnerize").ok()
    metrics = exposition.read(m)
    assert exposition.total(metrics, "rosterfs_requests_total", vendor="partnerize") == box.counts()["total"]
    assert exposition.total(metrics, "rosterfs_requests_total", method="GET", verdict="lost") == 2
    assert exposition.total(metrics, "rosterfs_retries_total", vendor="partnerize") == 2


@pytest.mark.plain
def test_cancelled_walk(mount, sandbox):
    """A walk that nobody waits for any more ends, however quick its pages are."""
    users = 50000
    box = sandbox(users=users)
    m = mount(box)
    m.sh("timeout -s KILL 0.1 ls -U partnerize >/dev/null")
    m.sh("ls -U partnerize >/dev/null").ok()
    assert "rosterfs_fetches_total{vendor=\"partnerize\"} 1\n" in (m.path / ".rosterfs/metrics").read_text()


# ---- grace ----

def test_grace(mount, sandbox):
    """The old roster is shown without waiting while one fetch runs; news come with that fetch."""
    box = sandbox(users=250)
    m = mount(box, {"partnerize": {"ttl": 1, "grace": 60}})
    m.sh("ls -l partnerize && cat partnerize/7.json").ok()
    box.patch(7, {"firstname": "News"})
    harness.wait_until(lambda: not is_fresh(m), 10 * harness.SCALE, "the end of the ttl")
    box.fault(fault="stall", method="GET", path="/user", times=-1)
    box.reset()
    for _ in range(3):
        result = m.sh("ls partnerize >/dev/null && cat partnerize/7.json").ok()
        assert "News" not in result.out and result.seconds < AT_ONCE
    assert box.counts().get("GET /user", 0) <= 1, "one fetch, however many read"
    box.clear_faults()
    harness.wait_until(lambda: "News" in m.sh("cat partnerize/7.json").ok().out, 10 * harness.SCALE, "the news")
    refresh(m)
    box.fault(fault="status", status=403, method="GET", path="/user", times=-1)
    assert m.sh("ls partnerize").code != 0, "who asks for news gets no old ones"


def is_fresh(m):
    """Does the status table say that the roster is younger than its ttl of one second?"""
    return int(status_table.row(m, "partnerize")["age"].rstrip("s")) < 2


# ---- how many requests ----

@pytest.mark.parametrize("parallel", [1, 2, 8])
def test_a_listing(mount, sandbox, parallel):
    box = sandbox(users=250)
    m = mount(box, {"partnerize": {"parallel": parallel}})
    # without a total, the end is known when a page is empty and nothing stands behind the last row
    assert 3 <= cost(box, lambda: m.sh("ls partnerize").ok()) <= 3 + max(parallel - 1, 2)
    assert box.counts()["max_in_flight"] <= parallel
    assert listed(m) == ids(box)


@pytest.mark.parametrize("users", [1, 2, 99, 100, 101, 199, 200, 201, 799, 800, 1000, 1650, 3200])
def test_a_listing_of_any_size(mount, sandbox, users):
    box = sandbox(users=users)
    m = mount(box)
    pages = -(-users // 100)
    assert cost(box, lambda: os.listdir(m.path / "partnerize")) <= pages + max(PARALLEL - 1, 2)
    assert listed(m) == ids(box)


@pytest.mark.parametrize("users", [1, 20, 99, 100, 101, 250, 1000])
def test_a_listing_with_a_total(mount, sandbox, users):
    box = sandbox(users=users, profile="documents")
    m = mount(box)
    assert cost(box, lambda: os.listdir(m.path / "partnerize")) == -(-users // 100)
    assert listed(m) == ids(box)


@pytest.mark.parametrize("profile", ["guide", "documents"])
@pytest.mark.parametrize("cap", [50, 37])
def test_a_vendor_that_gives_shorter_pages(mount, sandbox, profile, cap):
    box = sandbox(users=250, profile=profile, page_cap=cap)
    m = mount(box)
    pages = -(-250 // cap)
    assert cost(box, lambda: os.listdir(m.path / "partnerize")) <= pages + PARALLEL - 1
    assert listed(m) == ids(box)


@pytest.mark.parametrize("command", [
    "ls partnerize", "ls -l partnerize", "cat partnerize/*.json", "cat partnerize/*.status",
    "grep -r Leeds partnerize", "stat partnerize/*", "find . -type f -size +1c", "wc partnerize/*.json",
    "du -a partnerize", "test -e partnerize/999; test -e partnerize/.x.status; true",
    "cp partnerize/7.json $TMPDIR", "tar c partnerize/*.json", "jq -r .email partnerize/*.json",
    "cat README */MANUAL", "cat .rosterfs/[lmrs]*", "df ."])
def test_warm_costs_nothing(mount, sandbox, command):
    box = sandbox(users=120)
    m = mount(box)
    # self is asked for when somebody looks at the link
    m.sh("ls partnerize; readlink partnerize/self").ok()
    box.reset()
    m.sh(command + " >/dev/null").ok()
    assert box.counts()["total"] == 0


@pytest.mark.parametrize("command", ["ls", "ls -la .", "cat README cj/MANUAL partnerize/MANUAL",
                                     "ls -l .rosterfs", "cat .rosterfs/status", "stat partnerize cj",
                                     "ls cj", "test -d partnerize", "df .", "cd partnerize && pwd"])
def test_what_needs_no_vendor(mount, command):
    m = mount()
    m.sh(command).ok()
    assert m.sandbox.counts()["total"] == 0


def test_one_record_cold(mount, sandbox):
    box = sandbox(users=250)
    m = mount(config=copies(box, 5))
    for folder, command in enumerate(["cat 7.json", "stat 7.json", "cat 7.status", "wc -c 7.json",
                                      "cat 7.json 7.status; stat 7.json 7.status; ls -l 7.json"]):
        assert cost(box, lambda: m.sh(f"cd a{folder} && {command}").ok()) == 1, command
        assert box.counts()["GET /user/{id}"] == 1
        assert cost(box, lambda: m.sh(f"cd a{folder} && {command}").ok()) == 0, command
        # the next one brings all
        total = cost(box, lambda: m.sh(f"cat a{folder}/9.json").ok())
        assert box.counts()["GET /user"] == total and 3 <= total <= 3 + PARALLEL - 1
        assert cost(box, lambda: m.sh(f"cat a{folder}/*.json").ok()) == 0


def test_an_unknown_record_cold(mount, sandbox):
    box = sandbox(users=25)
    m = mount(config=copies(box, 4))
    for folder, command in enumerate(["cat", "stat", "ls -l", "test -e"]):
        result = None

        def look():
            nonlocal result
            result = m.sh(f"{command} a{folder}/999.json")
        # by id, and then the list, which has to lack it as well
        assert cost(box, look) == 1 + box.counts()["GET /user"] and box.counts()["GET /user/{id}"] == 1
        assert result.code != 0 and (command == "test -e" or "No such file" in result.err)
        assert cost(box, look) == 0


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_names_that_cannot_be_a_record(mount, warm):
    m = mount()
    if warm:
        os.listdir(m.path / "partnerize")
    m.sandbox.reset()
    for name in (".7.json.swp", ".7.json", "7.json~", "#7.json#", ".#7.json", "#7.status", "4913",
                 "7.json.bak", "7.jsonx", "7", "autorun.inf", "desktop.ini", "Thumbs.db", ".git",
                 ".Trash-0", ".hidden", ".directory", "7.json.tmp.1234", "sedAbCdEf", "json", "status",
                 ".json", ".status", "by-nothing", "7.json/x"):
        for path in (m.path / "partnerize" / name, m.path / name):
            with pytest.raises((FileNotFoundError, NotADirectoryError)):
                os.stat(path)
            with pytest.raises((FileNotFoundError, NotADirectoryError)):
                path.read_text()
    # a name below a record asks whether that is a directory: one GET, no more
    assert m.sandbox.counts()["total"] <= (0 if warm else 1)


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_self_is_no_record(mount, warm):
    """The vendor answers GET /user/self, with the record of somebody."""
    m = mount()
    if warm:
        os.listdir(m.path / "partnerize")
    m.sandbox.reset()
    for name in ("self.json", "self.status"):
        for command in (f"cat partnerize/{name}", f"stat partnerize/{name}",
                        f"echo inactive > partnerize/.x; mv partnerize/.x partnerize/{name}"):
            result = m.sh(command)
            assert result.code != 0 and "Remote" not in result.err, command
    result = m.sh("echo inactive > partnerize/self.status")
    assert result.code != 0 and "No such file" in result.err
    assert m.sandbox.counts()["total"] == 0
    assert m.sh("readlink partnerize/self").ok().out == "1.json\n"


def test_self_once_per_ttl(mount, sandbox):
    box = sandbox(users=25)
    m = mount(box)
    box.reset()
    for _ in range(5):
        m.sh("readlink partnerize/self; ls -l partnerize/self").ok()
    assert box.counts() | {"GET /user/self": 1, "total": 1} == box.counts()
    m.sh("cat partnerize/self; ls -l partnerize").ok()
    assert box.counts()["GET /user/self"] == 1
    short = mount(box, {"partnerize": {"ttl": "1"}})
    os.readlink(short.path / "partnerize/self")
    box.reset()

    def asked_again():
        os.readlink(short.path / "partnerize/self")
        return box.counts().get("GET /user/self")
    harness.wait_until(asked_again, 10 * harness.SCALE, "self asked for again")


def test_self_that_the_vendor_does_not_tell(mount, sandbox):
    box = sandbox(users=25, no_self=True)
    m = mount(box, {"partnerize": {"self_id": "3"}})
    assert os.readlink(m.path / "partnerize/self") == "3.json"
    without = mount(box)
    with pytest.raises(FileNotFoundError):
        os.readlink(without.path / "partnerize/self")
    assert "self_id" in without.log()


# ---- a list comes whole or not at all ----

FAULTS = ["repeat_page", "ignore_paging", "short_page", "move_rows", "duplicate_row", "wrong_total",
          "html", "not_json", "empty", "status 401", "status 403", "status 404"]
# where a total tells of it: without one, a user who is removed while we walk pushes another one out
FAULTS_TOLD = ["move_rows delete"]
FAULTS_RETRIED = ["truncate", "truncate chunked", "drop", "status 500", "status 503", "status 429"]
PROFILES = [(profile, fault) for profile in ("guide", "documents") for fault in FAULTS] + \
           [("documents", fault) for fault in FAULTS_TOLD]


def order(fault, **rest):
    name, _, word = fault.partition(" ")
    number = {"status": int(word)} if word.isdigit() else {"body": word} if word else {}
    return {"method": "GET", "path": "/user", "fault": name, **number, **rest}


def whole_or_error(m, box):
    """Let bash look at the roster; False if it was told of an error."""
    before = ids(box)
    result = m.sh("ls partnerize")
    if result.code == 0:
        seen = {name.removesuffix(".json") for name in result.lines() if name.endswith(".json")}
        assert ids(box) <= seen <= before
        return True
    assert "partnerize" in result.err and not result.out
    # a glob must not match a part of it
    before = ids(box)
    result = m.sh("for f in partnerize/*.status; do echo \"$f\"; done").ok()
    if "*" not in result.out:
        seen = {line.split("/")[1].removesuffix(".status") for line in result.lines()}
        assert ids(box) <= seen <= before
    return False


def sandbox_for(sandbox, profile, users=250):
    return sandbox(users=users, profile=profile, ids="numbers" if profile == "guide" else "vendor")


def check_explained(m):
    line = m.sh("grep -F ' partnerize: ' .rosterfs/log | tail -1").ok().out
    assert "GET /user?" in line and ": E" in line, line
    assert "GET /user?" in status_table.errors(m, "partnerize")


def check_recovered(m, box):
    box.clear_faults()
    # after a 429 requests are held back for a while
    harness.wait_until(lambda: m.sh("ls partnerize").code == 0, 15 * harness.SCALE, "a whole roster", 0.2)
    assert listed(m) == ids(box)


@pytest.mark.parametrize("skip", [0, 1], ids=["all-pages", "all-but-the-first"])
@pytest.mark.parametrize("profile, fault", PROFILES)
def test_faults_for_ever(mount, sandbox, profile, fault, skip):
    box = sandbox_for(sandbox, profile)
    m = mount(box)
    box.fault(**order(fault, times=-1, skip=skip))
    good = whole_or_error(m, box)
    # what may be read whole all the same
    if fault not in ("ignore_paging", "short_page", "wrong_total", "move_rows", "move_rows delete"):
        assert not good
    if not good:
        check_explained(m)
    check_recovered(m, box)


@pytest.mark.parametrize("fault", FAULTS_RETRIED)
def test_retried_faults_for_ever(mount, sandbox, fault):
    box = sandbox(users=250)
    m = mount(box, {"partnerize": {"retry_budget": 1, "timeout": 2}})
    box.fault(**order(fault, times=-1, skip=1))
    result = m.sh("ls partnerize")
    assert result.code != 0 and "partnerize" in result.err and not result.out
    assert len(box.journal()) > 2 or "429" in fault
    check_explained(m)
    check_recovered(m, box)


@pytest.mark.parametrize("profile, fault", [
    (profile, fault) for profile in ("guide", "documents")
    for fault in ("status 500", "status 429", "drop", "truncate", "move_rows", "duplicate_row",
                  "repeat_page", "short_page", "ignore_paging", "slow")] + [
    ("documents", fault) for fault in FAULTS_TOLD])
def test_one_fault_on_the_way(mount, sandbox, profile, fault):
    box = sandbox_for(sandbox, profile, users=650)
    m = mount(box)
    before = ids(box)
    box.fault(**order(fault, skip=3, **({"ms": 300} if fault == "slow" else {})))
    result = m.sh("ls partnerize")
    if fault in ("ignore_paging", "repeat_page") and result.code != 0:
        # the fault met the page behind the end, which then has rows: that is doubt, and an error
        check_explained(m)
        result = m.sh("ls partnerize")
    result.ok()
    seen = {name.removesuffix(".json") for name in result.lines() if name.endswith(".json")}
    assert ids(box) <= seen <= before


def test_retry_after_is_honoured(mount, sandbox):
    box = sandbox(users=250)
    m = mount(box)
    box.fault(**order("status 429", skip=1, retry_after=1))
    result = m.sh("ls partnerize").ok()
    assert result.seconds >= 0.9 and listed(m) == ids(box)


@pytest.mark.parametrize("fault, errno, words", [
    ("status 400", "EINVAL", "Invalid argument"),
    ("status 401", "EKEYREJECTED", "Key was rejected"),
    ("status 403", "EACCES", "Permission denied"),
    ("status 429", "EBUSY", "Device or resource busy"),
    ("status 500", "EREMOTEIO", "Remote I/O error"),
    ("html", "EREMOTEIO", "Remote I/O error"),
    ("not_json", "EREMOTEIO", "Remote I/O error"),
    ("truncate", "EREMOTEIO", "Remote I/O error"),
    ("empty", "EREMOTEIO", "Remote I/O error"),
    ("wrong_user", "EREMOTEIO", "Remote I/O error"),
    ("stall", "ETIMEDOUT", "timed out"),
])
def test_errors_in_words(mount, sandbox, fault, errno, words):
    box = sandbox(users=25)
    m = mount(box, {"partnerize": {"retry_budget": BUDGET, "timeout": 1}})
    cases = [("cat partnerize/7.json", "/user/7", "partnerize/7.")]
    if fault != "wrong_user":
        cases.append(("ls partnerize", "/user", "partnerize"))
    for command, path, name in cases:
        refresh(m)  # after a 400 the list has been read
        box.fault(**{**order(fault, times=-1), "path": path})
        result = m.sh(command)
        assert result.code != 0 and words in result.err, result
        line = m.sh(f"grep -F {name} .rosterfs/log | tail -1").ok().out
        assert f"({errno}" in line or errno in line, line
        assert f"GET {path}" in line, line
        box.clear_faults()
    assert errno in status_table.errors(m, "partnerize")
    check_recovered(m, box)
    assert not status_table.errors(m, "partnerize"), "the vendor works again"


def test_no_connection(mount, sandbox):
    box = sandbox(users=5)
    m = mount(box, {"partnerize": {"retry_budget": BUDGET, "base_url": "http://127.0.0.1:9"}})
    for command in ("ls partnerize", "cat partnerize/7.json"):
        result = m.sh(command)
        assert result.code != 0 and "Connection refused" in result.err
    assert (m.path / "cj/MANUAL").read_text()


# ---- many at once ----

def test_forty_readers_make_one_fetch(mount, sandbox):
    box = sandbox(users=250, latency=100)
    m = mount(box)
    box.fault(method="GET", path="/user", fault="stall", times=-1)
    readers = [m.spawn("ls partnerize | wc -l") for _ in range(40)]
    wait_for_sleepers(readers)
    box.clear_faults()
    for reader in readers:
        assert reader.finish().ok().out.strip() == "504"
    assert box.counts()["GET /user"] == box.counts()["total"] <= 3 + PARALLEL - 1
    assert "rosterfs_fetches_total{vendor=\"partnerize\"} 1\n" in (m.path / ".rosterfs/metrics").read_text()


def test_forty_readers_of_forty_records(mount, sandbox):
    """The first one asked for costs a GET, all others together one fetch."""
    box = sandbox(users=250, latency=100)
    m = mount(box)
    readers = [m.spawn(["cat", f"partnerize/{number}.json"], None) for number in range(1, 41)]
    for number, reader in enumerate(readers, 1):
        assert reader.finish().ok().json()["user_id"] == str(number)
    counts = box.counts()
    assert counts.get("GET /user/{id}", 0) <= 1 and counts["total"] <= 1 + 3 + PARALLEL - 1


# ---- a vendor that does not answer ----

def quickly(action):
    """ACTION's value; it waits for nobody."""
    start = time.monotonic()
    value = action()
    assert time.monotonic() - start < AT_ONCE
    return value


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("known", [False, True], ids=["cold", "known"])
def test_signals_free_each_reader(mount, sandbox, number, known):
    box = sandbox(users=250)
    m = mount(box)
    if known:
        m.sh("ls -l partnerize").ok()
        refresh(m)
    box.fault(method="GET", fault="stall", times=-1)
    readers = [m.spawn(["ls", "partnerize"], None) for _ in range(20)]
    readers += [m.spawn(["cat", f"partnerize/{n}.json"], None) for n in range(1, 21)]
    wait_for_sleepers(readers)
    # everything else goes on
    assert quickly(lambda: (m.path / "cj/MANUAL").read_text())
    assert quickly(lambda: (m.path / "partnerize/MANUAL").read_text())
    assert "fetching" in quickly(lambda: (m.path / ".rosterfs/status").read_text())
    quickly(m.log)
    assert quickly(lambda: os.listdir(m.path)) and quickly(lambda: os.listdir(m.path / "cj"))
    if known:
        for name in ("7.json", "30.status"):
            assert stat.S_ISREG(quickly(lambda: os.stat(m.path / "partnerize" / name)).st_mode)
    assert not any(reader.done() for reader in readers)
    assert max(reader.kill(number) for reader in readers) < AT_ONCE
    assert all(reader.process.returncode == -number for reader in readers)
    box.clear_faults()
    assert listed(m) == ids(box)
    assert m.sh("cat partnerize/7.json").ok().json()["user_id"] == "7"


def test_one_who_leaves_does_not_hold_up_others(mount, sandbox):
    box = sandbox(users=250)
    m = mount(box)
    box.fault(method="GET", fault="stall", times=-1)
    readers = [m.spawn(["ls", "partnerize"], None) for _ in range(12)]
    readers += [m.spawn(["cat", f"partnerize/{n}.json"], None) for n in range(1, 13)]
    wait_for_sleepers(readers)
    # every second one goes, the one that came first among them
    assert max(reader.kill() for reader in readers[::2]) < AT_ONCE
    box.clear_faults()
    for reader in readers[1::2]:
        result = reader.finish().ok()
        assert result.out.count(".json\n") == 250 or "user_id" in json.loads(result.out)
    assert box.counts().get("GET /user", 0) <= 3 + PARALLEL - 1


def test_a_fetch_that_nobody_waits_for_ends(mount, sandbox):
    box = sandbox(users=250)
    m = mount(box)
    box.fault(method="GET", fault="stall", times=-1)
    reader = m.spawn(["ls", "partnerize"], None)
    wait_for_sleepers([reader])
    reader.kill()
    harness.wait_until(lambda: box.counts()["in_flight"] == 0, AT_ONCE, "the request to be given up")
    assert "fetching" not in (m.path / ".rosterfs/status").read_text()


def test_one_vendor_does_not_hold_up_another(mount, sandbox):
    dead, alive = sandbox(users=25), sandbox(users=25, seed=2)
    text = dead.config() + alive.config().replace("[partnerize]", "[alive]\ntype = partnerize")
    m = mount(config=text.replace("[cj]", "[cj2]\ntype = cj", 1))
    dead.fault(method="GET", fault="stall", times=-1)
    readers = [m.spawn(["ls", "partnerize"], None) for _ in range(20)]
    readers += [m.spawn(["cat", f"partnerize/{n}.json"], None) for n in range(1, 21)]
    wait_for_sleepers(readers)
    assert len(quickly(lambda: listed(m, "alive"))) == 25
    assert quickly(lambda: (m.path / "alive/7.json").read_text())
    # nor one record another: what is known is read without a request
    for reader in readers:
        reader.kill()


def test_stalled_once_then_retried(mount, sandbox):
    """A request that gets no answer within `timeout` is made again."""
    box = sandbox(users=250)
    m = mount(box, {"partnerize": {"timeout": 1}})
    box.fault(method="GET", path="/user", fault="stall", skip=1)
    assert m.sh("ls partnerize/*.json | wc -l").ok().out == "250\n"


@pytest.mark.parametrize("way", ["fusermount3", "SIGTERM"])
def test_unmount_with_a_dead_vendor(mount, sandbox, way):
    box = sandbox(users=25)
    m = mount(box)
    box.fault(method="GET", fault="stall", times=-1)
    reader = m.spawn(["ls", "partnerize"], None)
    wait_for_sleepers([reader])
    start = time.monotonic()
    if way == "SIGTERM":
        harness.kill(m.pid, signal.SIGTERM)
    else:
        reader.kill()
        assert m.unmount().code == 0
    m.wait()
    assert time.monotonic() - start < AT_ONCE
    harness.wait_until(reader.done, AT_ONCE, "the reader's end")


def test_slow_but_whole(mount, sandbox):
    """A listing has as many pages under way as `parallel` says."""
    box = sandbox(users=1000, latency=100)
    m = mount(box, {"partnerize": {"parallel": 5}})
    with box.holding(4, method="GET", path="/user", skip=1):
        command = m.spawn("ls partnerize")
    command.finish().ok()
    assert listed(m) == ids(box) and 4 <= box.counts()["max_in_flight"] <= 5
