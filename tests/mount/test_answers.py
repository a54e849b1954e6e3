# SPDX-License-Identifier: Apache-2.0
"""A save and the vendor's answer: what others see meanwhile, answers that get lost, refusals, interrupts."""

import errno
import json
import os
import shlex
import signal
import sys
import threading
import time

import pytest

import harness
from writes import (GOOD, applied, at_vendor, changed, edited, last_line, name_of, nowhere,
                     PASSWORD, put, read, refresh, refused, save, sent, text_of)


# ---- before and after ----

def test_failure_changes_nothing(mount):
    m = mount()
    path = m.path / "partnerize/2.json"
    read(m, "partnerize/2.json")
    text, stat = path.read_text(), path.stat()
    m.sandbox.fault(method="PUT", fault="status", status=400, times=-1)
    for flags in (os.O_WRONLY | os.O_TRUNC, os.O_RDWR):
        data = edited(json.loads(text), "firstname", "x" * 3000)
        assert "EINVAL" in save(path, text_of(data), flags=flags)
        now = path.stat()
        assert (now.st_size, now.st_mtime_ns, now.st_ino) == (stat.st_size, stat.st_mtime_ns,
                                                              stat.st_ino)
        assert path.read_text() == text
        assert m.sh("wc -c < partnerize/2.json").ok().out.strip() == str(stat.st_size)


@pytest.mark.parametrize("answer", ["changed", "full", "empty"])
def test_final_when_close_returns(mount, sandbox, answer):
    m = mount(sandbox(users=25, put_answer=answer))
    path = m.path / "partnerize/2.json"
    reader = os.open(path, os.O_RDONLY)  # keeps the inode and its pages in use
    for length in (3000, 3, 9000, 1):
        document = read(m, "partnerize/2.json")
        assert save(path, text_of(edited(document, "firstname", "x" * length))) == GOOD
        stat = path.stat()
        text = path.read_bytes()
        assert stat.st_size == len(text)
        assert json.loads(text)["firstname"] == "x" * length
        again = path.stat()
        assert (again.st_size, again.st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
        assert abs(stat.st_mtime - time.time()) < 60 * harness.SCALE
    os.close(reader)


def test_directory_shows_the_new_size(mount):
    m = mount()
    m.sh("ls -l partnerize").ok()
    put(m, "partnerize/2.json", {"firstname": "x" * 3000}).ok()
    size = (m.path / "partnerize/2.json").stat().st_size
    assert size > 3000
    assert f" {size} " in m.sh("ls -l partnerize | grep ' 2.json'").ok().out
    with os.scandir(m.path / "partnerize") as entries:
        assert [entry.stat().st_size for entry in entries if entry.name == "2.json"] == [size]


def in_flight(box):
    return [entry for entry in box.journal()
            if entry["method"] == "PUT" and entry["held"]]


def test_others_see_the_old_one_until_then(mount):
    m = mount()
    path = m.path / "partnerize/2.json"
    old = path.read_bytes()
    m.sandbox.fault(method="PUT", fault="stall")
    writer = m.spawn("echo '{\"firstname\":\"Jo\"}' > partnerize/2.json")
    harness.wait_until(lambda: in_flight(m.sandbox), 10 * harness.SCALE, "the PUT")
    for _ in range(3):
        assert path.read_bytes() == old
        assert path.stat().st_size == len(old)
        assert m.sh("cat partnerize/2.json", timeout=5).ok().raw == old
    # nobody else has to wait
    os.close(os.open(path, os.O_WRONLY))
    m.sh("ls -l partnerize; cat partnerize/2.status partnerize/*.json >/dev/null", timeout=5).ok()
    m.sh("echo inactive > partnerize/7.status", timeout=5).ok()
    # but who truncates: the kernel has a file's lock in write(). That can be killed, and changes nothing
    second = m.spawn("exec cat /dev/null > partnerize/2.json")
    third = m.spawn("exec cat /dev/null > partnerize/2.json")
    assert second.kill() < harness.AT_ONCE
    assert path.read_bytes() == old
    assert not writer.done()
    m.sandbox.clear_faults()
    writer.finish().ok()
    third.finish().ok()
    assert len(sent(m.sandbox)) == 2
    assert read(m, "partnerize/2.json")["firstname"] == "Jo"
    assert m.sh("jq -r .firstname partnerize/2.json").ok().out == "Jo\n"


def test_never_anything_between(mount):
    """A reader in a loop sees the old record or the new one, whole, and never the old after the new."""
    m = mount()
    path = m.path / "partnerize/2.json"
    seen, cut, stop = [], [], threading.Event()

    def look():
        while not stop.is_set():
            text = path.read_bytes()
            try:
                seen.append(json.loads(text)["firstname"])
            except ValueError:
                cut.append(text)

    first = read(m, "partnerize/2.json")["firstname"]
    m.sandbox.fault(method="PUT", fault="slow", ms=60, times=-1)
    reader = threading.Thread(target=look)
    reader.start()
    names = ["a" * 10, "b" * 6000, "c" * 3]
    for name in names:
        put(m, "partnerize/2.json", {"firstname": name}).ok()
        assert read(m, "partnerize/2.json")["firstname"] == name
    stop.set()
    reader.join()
    assert not cut and len(names) < len(seen)
    order = [first, *names]
    assert set(seen) <= set(order)
    assert [order.index(name) for name in seen] == sorted(order.index(name) for name in seen)


def test_queued_writers(mount):
    """Two writers to one record: the second waits, then both are there."""
    m = mount()
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="stall")
    first = m.spawn("echo '{\"firstname\":\"Jo\"}' > partnerize/2.json")
    harness.wait_until(lambda: in_flight(m.sandbox), 10 * harness.SCALE, "the PUT")
    second = m.spawn("echo '{\"lastname\":\"Do\"}' > partnerize/2.json")
    third = m.spawn("echo inactive > partnerize/2.status")
    m.sandbox.clear_faults()
    for command in (first, second, third):
        command.finish().ok()
    user = m.sandbox.user(2)
    assert (user["firstname"], user["lastname"], user["status"]) == ("Jo", "Do", "inactive")
    shown = read(m, "partnerize/2.json")
    assert (shown["firstname"], shown["lastname"], shown["status"]) == ("Jo", "Do", "inactive")


# ---- answers that get lost ----

QUICK = {"partnerize": {"timeout": 2, "retry_budget": 8}}

LOST = [
    {"fault": "drop_after"},
    {"fault": "stall_after"},
    {"fault": "status_after", "status": 500},
    {"fault": "status_after", "status": 502, "body": "<html>Bad Gateway</html>"},
    {"fault": "status_after", "status": 504},
    {"fault": "truncate"},
    {"fault": "truncate", "body": "chunked"},
    {"fault": "html_after"},
    {"fault": "not_json_after"},
    {"fault": "empty_after"},
]


@pytest.mark.parametrize("answer", ["changed", "full"])
@pytest.mark.parametrize("fault", LOST, ids=lambda fault: "-".join(map(str, fault.values()))[:24])
def test_lost_answer(mount, sandbox, fault, answer):
    m = mount(sandbox(users=25, put_answer=answer), QUICK)
    before = at_vendor(m.sandbox, 2)
    read(m, "partnerize/2.json")
    m.sandbox.reset()
    m.sandbox.fault(method="PUT", **fault)
    put(m, "partnerize/2.json", {"firstname": "Jo"}).ok()
    assert applied(m.sandbox) == 1
    assert m.sandbox.counts()["GET /user/{id}"] == 2
    assert changed(before, at_vendor(m.sandbox, 2)) == {"firstname"}
    assert read(m, "partnerize/2.json")["firstname"] == "Jo"
    m.sandbox.reset()
    m.sandbox.fault(method="PUT", **{**fault, "fault": fault["fault"].replace("stall", "drop")})
    m.sh("echo inactive > partnerize/2.status").ok()
    assert applied(m.sandbox) == 1
    assert m.sandbox.user(2)["status"] == "inactive"


NOT_APPLIED = [
    {"fault": "drop"},
    {"fault": "stall"},
    {"fault": "status", "status": 500},
    {"fault": "status", "status": 503},
    {"fault": "status", "status": 503, "retry_after": "1"},
    {"fault": "status", "status": 429},
    {"fault": "status", "status": 429, "retry_after": "1"},
    {"fault": "status", "status": 429, "rate_limit_retry_after": "1"},
    {"fault": "html"},
    {"fault": "not_json"},
]


@pytest.mark.parametrize("fault", NOT_APPLIED,
                         ids=lambda fault: "-".join(map(str, fault.values())))
def test_not_applied_is_retried(mount, fault):
    m = mount(extra=QUICK)
    before = at_vendor(m.sandbox, 2)
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", **fault)
    start = time.monotonic()
    put(m, "partnerize/2.json", {"firstname": "Jo"}).ok()
    took = time.monotonic() - start
    assert len(sent(m.sandbox)) == 2
    assert changed(before, at_vendor(m.sandbox, 2)) == {"firstname"}
    if "retry_after" in fault or "rate_limit_retry_after" in fault:
        assert took >= 0.9


@pytest.mark.parametrize("fault", ["html", "not_json"])
def test_a_page_in_place_of_each_answer(mount, fault):
    """A web page with 200 may be a proxy's, once; the second one ends the change, long before the budget."""
    m = mount(extra={"partnerize": {"retry_budget": 600}})
    before = at_vendor(m.sandbox, 2)
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault=fault, times=-1)
    assert put(m, "partnerize/2.json", {"firstname": "Jo"}).code
    assert len(sent(m.sandbox)) == 2
    assert "not the JSON that the API promises" in last_line(m, "partnerize/2.json")
    assert "it was not made when looked up" in last_line(m, "partnerize/2.json")
    assert changed(before, at_vendor(m.sandbox, 2)) == set()
    assert m.sh("echo inactive > partnerize/2.status").code
    assert len(sent(m.sandbox)) == 4


def test_lost_and_changed_meanwhile(mount):
    """A lost PUT is not repeated over what a colleague wrote before the repetition."""
    m = mount(extra=QUICK)
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="stall")
    writer = m.spawn("echo '{\"firstname\":\"Ours\"}' > partnerize/2.json")
    harness.wait_until(lambda: in_flight(m.sandbox), 10 * harness.SCALE, "the PUT")
    m.sandbox.patch(2, {"lastname": "Theirs"})
    writer.finish().ok()
    user = m.sandbox.user(2)
    assert (user["firstname"], user["lastname"]) == ("Ours", "Theirs")


def test_password_with_a_lost_answer(mount):
    m = mount(extra=QUICK)
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="drop")
    put(m, "partnerize/2.json", {"password": PASSWORD, "role": "admin"}).ok()
    assert m.sandbox.user(2)["_password_changes"] == 1
    m.sandbox.fault(method="PUT", fault="drop")
    put(m, "partnerize/2.json", {"password": PASSWORD}).ok()
    assert m.sandbox.user(2)["_password_changes"] == 2
    nowhere(m)


# ---- refusals of the vendor ----

REFUSALS = [
    (400, "EINVAL"), (422, "EINVAL"), (401, "EKEYREJECTED"), (403, "EACCES"), (404, "ENOENT"),
    (410, "ENOENT"), (413, "EFBIG"), (501, name_of(errno.EOPNOTSUPP)), (302, "EREMOTEIO"),
]


@pytest.mark.parametrize("status,name", REFUSALS)
def test_refusals(mount, status, name):
    m = mount()
    path = m.path / "partnerize/2.json"
    text = path.read_text()
    m.sandbox.reset()
    m.sandbox.fault(method="PUT", fault="status", status=status, times=-1,
                    body='{"error":{"message":"words of the vendor"}}')
    assert save(path, '{"firstname":"Jo"}') == refused(name)
    line = last_line(m, "partnerize/2.json")
    assert "PUT /user/2" in line and str(status) in line and name_of(0) != name
    assert f"uid {os.getuid()}" in line and f"pid {os.getpid()}" in line
    if status != 302:
        assert "words of the vendor" in line
    assert len(sent(m.sandbox)) == 1
    assert path.read_text() == text
    m.sandbox.clear_faults()
    assert save(path, '{"firstname":"Jo"}') == GOOD


@pytest.mark.parametrize("fault,name", [
    ({"fault": "status", "status": 500}, "EREMOTEIO"),
    ({"fault": "status", "status": 503}, "EREMOTEIO"),
    ({"fault": "status", "status": 429}, "EBUSY"),
    ({"fault": "stall"}, "ETIMEDOUT"),
], ids=["500", "503", "429", "stall"])
def test_until_the_budget_ends(mount, fault, name):
    m = mount(extra={"partnerize": {"timeout": 1, "retry_budget": 1}})
    path = m.path / "partnerize/2.json"
    text = path.read_text()
    m.sandbox.fault(method="PUT", times=-1, **fault)
    start = time.monotonic()
    assert save(path, '{"firstname":"Jo"}') == refused(name)
    assert time.monotonic() - start < 1 + harness.AT_ONCE
    assert name in last_line(m, "partnerize/2.json: PUT")
    m.sandbox.clear_faults()
    assert path.read_text() == text
    assert m.sandbox.user(2)["firstname"] == json.loads(text)["firstname"]


def test_taken_email(mount, sandbox):
    m = mount()
    other = at_vendor(m.sandbox, 3)["email"]
    path = m.path / "partnerize/2.json"
    read(m, "partnerize/2.json")
    assert save(path, text_of({"email": other})) == refused("EEXIST")
    assert "already exists" in last_line(m, "partnerize/2.json")
    m = mount(sandbox(users=25, profile="documents"))
    read(m, "partnerize/2.json")
    assert save(m.path / "partnerize/2.json", text_of({"email": other})) == refused("EINVAL")


@pytest.mark.parametrize("ids", ["text", "numbers"])
def test_vendor_that_updates_by_post(mount, sandbox, ids):
    m = mount(sandbox(users=25, profile="documents", ids=ids))
    ident = read(m, "partnerize/2.json")["user_id"]
    m.sandbox.fault(method="PUT", fault="status", status=405, times=-1)
    put(m, "partnerize/2.json", {"firstname": "Jo"}).ok()
    put(m, "partnerize/2.json", {"lastname": "Do"}).ok()
    assert [entry["method"] for entry in sent(m.sandbox)] == ["PUT", "POST", "POST"]
    bodies = [json.loads(body) if isinstance(body, str) else body
              for body in (entry["body"] for entry in sent(m.sandbox))]
    assert [body.get("user_id") for body in bodies] == [None, ident, ident]
    assert (m.sandbox.user(2)["firstname"], m.sandbox.user(2)["lastname"]) == ("Jo", "Do")


def test_nobody_there(mount):
    m = mount(extra={"partnerize": {"timeout": 1, "retry_budget": 1}})
    path = m.path / "partnerize/2.json"
    read(m, "partnerize/2.json")
    with m.sandbox.paused():
        assert save(path, '{"firstname":"Jo"}').write == "ETIMEDOUT"


# ---- interrupted ----

def started(m, command, requests=in_flight):
    """COMMAND, whose request to change something is at the vendor."""
    writer = m.spawn(command)
    harness.wait_until(lambda: requests(m.sandbox), 10 * harness.SCALE, "the request")
    return writer


def told(m, words="interrupted"):
    """The line of the log with WORDS, once it is there."""
    harness.wait_until(lambda: last_line(m, words), 10 * harness.SCALE, "words in the log")
    return last_line(m, words)


WRITE_JO = "exec cat > partnerize/2.json <<< '{\"firstname\":\"Jo\"}'"


@pytest.mark.parametrize("fault", ["stall", "stall_after"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killed_writer(mount, fault, number):
    """What is on its way stays so: the vendor's answer decides, and the log tells."""
    m = mount()
    path = m.path / "partnerize/2.json"
    old = read(m, "partnerize/2.json")["firstname"]
    m.sandbox.fault(method="PUT", fault=fault)
    writer = started(m, WRITE_JO)
    assert writer.kill(number) < harness.AT_ONCE
    # nobody sees what the vendor has not acknowledged
    assert read(m, "partnerize/2.json")["firstname"] == old
    m.sandbox.clear_faults()
    line = told(m)
    assert "partnerize/2.json: changed (its caller was interrupted)" in line and '"Jo"' in line
    assert m.sandbox.user(2)["firstname"] == "Jo"
    assert read(m, "partnerize/2.json")["firstname"] == "Jo"
    assert len(sent(m.sandbox)) == 1
    put(m, "partnerize/2.json", {"firstname": "Jill"}).ok()
    assert m.sandbox.user(2)["firstname"] == "Jill"
    assert path.stat().st_size == len(path.read_bytes())


def test_killed_writer_without_an_answer(mount):
    """Neither made nor refused in time: it is not sent again, and the next look asks the vendor."""
    m = mount(extra={"partnerize": {"timeout": 1, "retry_budget": 60}})
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="stall", times=-1)
    assert started(m, WRITE_JO).kill() < harness.AT_ONCE
    line = told(m)
    for words in ("PUT /user/2: no response", "it was not made when looked up",
                  "the vendor may still be processing it", "ETIMEDOUT"):
        assert words in line
    assert len(sent(m.sandbox)) == 1
    # the vendor was at it
    m.sandbox.patch(2, {"firstname": "Jo"})
    assert read(m, "partnerize/2.json")["firstname"] == "Jo"


def test_killed_writer_of_a_vendor_that_hangs(mount):
    """It is not waited for as long as `timeout` allows: others want to write to the record."""
    m = mount(extra={"partnerize": {"timeout": 300, "retry_budget": 300}})
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="stall")
    assert started(m, WRITE_JO).kill() < harness.AT_ONCE
    put(m, "partnerize/2.json", {"lastname": "Do"}).ok()
    line = last_line(m, "interrupted")
    for words in ("it was not made when looked up", "the vendor may still be processing it", "EINTR"):
        assert words in line
    assert [entry["status"] for entry in sent(m.sandbox)] == [0, 200]


def test_killed_writer_who_is_refused(mount):
    m = mount()
    old, other = read(m, "partnerize/2.json"), at_vendor(m.sandbox, 3)["email"]
    m.sandbox.fault(method="PUT", fault="stall")
    assert started(m, WRITE_JO.replace("firstname", "email").replace("Jo", other)).kill() < harness.AT_ONCE
    m.sandbox.clear_faults()
    line = told(m)
    assert "PUT /user/2 answered 409" in line and "already exists" in line and "EEXIST" in line
    assert len(sent(m.sandbox)) == 1 and read(m, "partnerize/2.json") == old


def test_killed_before_a_retry(mount):
    m = mount()
    old = read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="status", status=429, retry_after="20", times=-1)
    writer = started(m, WRITE_JO, sent)
    harness.wait_until(lambda: sent(m.sandbox)[0]["status"] == 429, 10 * harness.SCALE, "the answer")
    m.sandbox.clear_faults()
    assert writer.kill() < harness.AT_ONCE
    told(m)
    assert len(sent(m.sandbox)) == 1 and read(m, "partnerize/2.json") == old


def test_killed_while_it_closes(mount):
    """In place, the PUT comes with close(): nobody can interrupt that, but the process dies at once."""
    m = mount()
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="stall_after")
    text = (m.path / "partnerize/2.json").read_text()
    text = text.replace('"role": "standard"', '"role": "admin"   ')  # as long as it was
    source = m.folder / "new.json"
    source.write_text(text)
    writer = m.spawn(f"exec dd if={source} of=partnerize/2.json conv=notrunc status=none")
    harness.wait_until(lambda: in_flight(m.sandbox), 10 * harness.SCALE, "the PUT")
    assert writer.kill() < harness.AT_ONCE
    m.sandbox.clear_faults()
    told(m)
    assert m.sandbox.user(2)["role"] == "admin"
    harness.wait_until(lambda: read(m, "partnerize/2.json")["role"] == "admin", 10 * harness.SCALE,
                       "the record as it is")


def test_killed_before_anything_was_sent(mount):
    m = mount()
    old = read(m, "partnerize/2.json")
    m.sandbox.fault(method="GET", path="/user/2", fault="stall")
    writer = m.spawn("exec cat > partnerize/2.json <<< '{\"firstname\":\"Jo\"}'")
    harness.wait_until(lambda: [entry for entry in m.sandbox.journal()
                                if entry["state"] == "in flight"], 10 * harness.SCALE, "the GET")
    assert writer.kill() < harness.AT_ONCE
    harness.wait_until(lambda: last_line(m, "EINTR"), 10 * harness.SCALE, "words in the log")
    m.sandbox.clear_faults()
    assert read(m, "partnerize/2.json") == old
    assert not sent(m.sandbox)


# a write that SIGUSR1 interrupts: an `except Rung:` is to follow
WRITE_UNTIL_RUNG = ("import os, signal, sys\n"
                    "class Rung(Exception): pass\n"
                    "def ring(*_): raise Rung\n"
                    "signal.signal(signal.SIGUSR1, ring)\n"
                    "file = os.open('partnerize/2.json', os.O_WRONLY | os.O_TRUNC)\n"
                    "try: os.write(file, b'{\"firstname\":\"Jo\"}')\n")


def test_signal_without_death(mount):
    """EINTR is not sticky, and what the signal interrupted is not sent again by the close."""
    m = mount()
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="stall")
    script = (WRITE_UNTIL_RUNG +
              "except Rung: print('rung')\n"
              "os.close(file)\n")
    writer = m.spawn(["env", "-C", str(m.path), sys.executable, "-c", script], shell=None,
                     folder="/")
    harness.wait_until(lambda: in_flight(m.sandbox), 10 * harness.SCALE, "the PUT")
    os.kill(writer.pid, 10)
    result = writer.finish(10)
    assert result.code == 0 and result.out == "rung\n", result
    m.sandbox.clear_faults()
    told(m)
    assert len(sent(m.sandbox)) == 1


def test_what_is_written_after_a_signal(mount):
    """What became of the interrupted write says nothing of what was written since."""
    m = mount()
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="stall")
    script = (WRITE_UNTIL_RUNG +
              "except Rung: os.write(file, b'{\"lastname\": \"Doe\", \"role\":')\n"
              "open(sys.argv[1], 'x').close()\n"
              "os.read(0, 1)\n"
              "os.close(file)\n")
    half, pipe = m.folder / "half", m.folder / "pipe"
    os.mkfifo(pipe)
    words = shlex.join([sys.executable, "-c", script, str(half)])
    writer = started(m, f"exec {words} < <(cat {pipe})")
    os.kill(writer.pid, signal.SIGUSR1)
    harness.wait_until(half.exists, 10 * harness.SCALE, "half of another document")
    m.sandbox.clear_faults()
    assert "changed (its caller was interrupted)" in told(m)
    pipe.write_text("\n")
    result = writer.finish(10)
    assert result.code != 0 and "Invalid argument" in result.err, result
    assert read(m, "partnerize/2.json")["firstname"] == "Jo" and len(sent(m.sandbox)) == 1


def test_unmount_with_a_stalled_write(mount):
    m = mount()
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="stall")
    writer = m.spawn("exec cat > partnerize/2.json <<< '{\"firstname\":\"Jo\"}'")
    harness.wait_until(lambda: in_flight(m.sandbox), 10 * harness.SCALE, "the PUT")
    os.kill(m.pid, 15)
    writer.finish(10)
    m.wait(10)
    m.ended = True
    assert m.code == 0


def test_many_writers(mount):
    m = mount(extra={"rosterfs": {"status_limit": 0}})
    m.sandbox.settings(latency_ms=20)
    m.sh("cd partnerize; ls *.json | xargs -P 16 -I {} sh -c"
         " 'jq \".lastname = \\\"all\\\"\" {} | dd of={} status=none iflag=fullblock bs=64k'").ok()
    assert all(user["lastname"] == "all" for user in m.sandbox.control("GET", "users"))
    assert applied(m.sandbox) == 25
    assert refresh(m)
