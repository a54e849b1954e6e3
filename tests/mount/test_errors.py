# SPDX-License-Identifier: Apache-2.0
"""Section "Errors" of the contract: each cause has its errno, its retries and its line in the log."""

import contextlib
import errno
import http.server
import json
import math
import os
import re
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import urllib.parse

import pytest

import exposition
import harness
import status_table
from writes import PASSWORD, nowhere, refused, save

# time, path, method and endpoint, status, words, errno, who
LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4} (?P<path>\S+): "
                  r"(?:(?P<method>[A-Z]+) (?P<endpoint>\S+)(?: answered (?P<status>\d+))?: )?"
                  r"(?P<words>.+): (?P<errno>E[A-Z0-9]+) \((?P<text>[^()]+)\) "
                  r"\[uid (?P<uid>\d+) pid (?P<pid>\d+) (?P<command>.+)\]$")
REFUSED = json.dumps({"error": {"code": "7", "message": "the moon is wrong"}})
AT_ONCE = {"retry_budget": 0}


def outcome(function, *arguments):
    """The name of the errno that FUNCTION fails with, or None."""
    try:
        function(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


def write(path, text, flags=os.O_TRUNC):
    descriptor = os.open(path, os.O_WRONLY | flags)
    try:
        os.write(descriptor, text.encode())
    finally:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def last_error(m, path):
    """The last line about PATH in the log, in its parts."""
    lines = [line for line in m.log().splitlines() if f" {path}: " in line]
    assert lines, f"nothing about {path} in the log:\n{m.log()}"
    match = LINE.match(lines[-1])
    assert match, f"not as a line of the log should be: {lines[-1]}"
    return match.groupdict()


def requests(box, method, path):
    return [entry for entry in box.journal() if (entry["method"], entry["path"]) == (method, path)]


def metrics(m):
    """The sums of the samples of .rosterfs/metrics for partnerize."""
    found = exposition.read(m)
    return {name: exposition.total(found, name, vendor="partnerize") for name in found}


# ---- one errno for each cause ----

STATUSES = [(400, "EINVAL"), (401, "EKEYREJECTED"), (403, "EACCES"), (404, "ENOENT"),
            (422, "EINVAL"), (429, "EBUSY"), (500, "EREMOTEIO"), (502, "EREMOTEIO"),
            (503, "EREMOTEIO"), (504, "EREMOTEIO"), (302, "EREMOTEIO"), (418, "EREMOTEIO")]


@pytest.mark.parametrize(("status", "name"), STATUSES)
def test_status_on_reads(mount, status, name):
    m = mount(extra={"partnerize": AT_ONCE})
    m.sandbox.fault(fault="status", status=status, body=REFUSED, times=-1)
    folder = m.path / "partnerize"
    # a roster that is not there would be taken for an empty one
    assert outcome(os.listdir, folder) == ("EREMOTEIO" if status == 404 else name)
    line = last_error(m, "partnerize")
    assert (line["method"], line["status"]) == ("GET", str(status))
    assert line["endpoint"].startswith("/user?")
    # that the list can't be read proves nothing of a user
    name = "EREMOTEIO" if status == 404 else name
    assert outcome(read, folder / "7.json") == name
    assert outcome(os.stat, folder / "8.status") == name
    line = last_error(m, "partnerize/8.status")
    if status == 404:
        assert line["endpoint"].startswith("/user?") and "GET /user/8 was answered 404" in line["words"]
    else:
        assert line["endpoint"] == "/user/8"
    assert line["status"] == str(status)
    assert line["errno"] == name
    assert line["text"] == os.strerror(getattr(errno, name))
    assert (line["uid"], line["pid"]) == (str(os.getuid()), str(os.getpid()))
    assert line["command"] == open("/proc/self/comm", encoding="utf-8").read().strip()
    if status != 302:
        assert "the moon is wrong" in line["words"]
    # for self these say that the vendor does not tell
    not_told = status in (400, 403, 404, 422)
    assert outcome(os.readlink, folder / "self") == ("ENOENT" if not_told else name)


PUT_STATUSES = [case for case in STATUSES if case[0] not in (302, 418)]


def test_status_on_writes(mount):
    m = mount(extra={"partnerize": AT_ONCE})
    box = m.sandbox
    os.listdir(m.path / "partnerize")
    number = 2
    for status, name in [*PUT_STATUSES, (409, "ESTALE"), (412, "ESTALE")]:
        number += 1 + (number % 10 == 9)
        box.clear_faults()
        box.patch(number, {"status": "active"})
        before = box.user(number)
        box.fault(fault="status", status=status, body=REFUSED, method="PUT", times=-1)
        path = f"partnerize/{number}.status"
        assert outcome(write, m.path / path, "inactive\n") == name, status
        line = last_error(m, path)
        assert (line["errno"], line["status"]) == (name, str(status))
        assert (line["method"], line["endpoint"]) == ("PUT", f"/user/{number}")
        assert "the moon is wrong" in line["words"]
        assert box.user(number) == before
        # 409 and 412: once more, after a new GET
        puts = len(requests(box, "PUT", f"/user/{number}"))
        gets = len(requests(box, "GET", f"/user/{number}"))
        if status in (409, 412):
            assert (gets, puts) == (2, 2)
        else:
            assert puts == 1, status
        assert read(m.path / path) == b"active\n"


def test_conflict_settled_by_a_new_get(mount):
    """409 once: the new GET and PUT succeed."""
    m = mount()
    m.sandbox.fault(fault="status", status=409, method="PUT")
    write(m.path / "partnerize/7.status", "inactive")
    assert m.sandbox.user(7)["status"] == "inactive"


@pytest.mark.parametrize("status", [409, 412])
def test_nothing_by_name_is_asked_twice(mount, status):
    """Upon ESTALE the kernel does once more what was done to a name."""
    m = mount()
    box, folder = m.sandbox, m.path / "partnerize"
    box.fault(fault="status", status=412, body=REFUSED, times=-1)
    for number, function in ((8, read), (9, os.stat), (11, lambda path: os.rename(path, f"{path}~"))):
        path = folder / f"{number}.json"
        assert outcome(function, path) == "EBUSY", number
        assert len(requests(box, "GET", f"/user/{number}")) == 1, number
    box.clear_faults()
    os.listdir(folder)
    box.fault(fault="status", status=status, body=REFUSED, method="PUT", times=-1)
    (folder / "new.tmp").write_text('{"firstname": "Jo"}')
    box.reset()
    assert outcome(os.rename, folder / "new.tmp", folder / "7.json") == "EBUSY"
    # once more after a new GET, but by rosterfs itself
    assert len(requests(box, "PUT", "/user/7")) == 2
    assert last_error(m, "partnerize/7.json")["errno"] == "EBUSY"


def test_email_taken(mount):
    m = mount()
    text = read(m.path / "partnerize/7.json").decode()
    own, other = m.sandbox.user(7)["email"], m.sandbox.user(5)["email"]
    assert outcome(write, m.path / "partnerize/7.json", text.replace(own, other)) == "EEXIST"
    assert last_error(m, "partnerize/7.json")["status"] == "409"
    assert m.sandbox.user(7)["email"] == own


@pytest.mark.parametrize("fault", ["html", "not_json", "empty", "wrong_user", "truncate", "drop"])
def test_not_what_the_api_promises(mount, fault):
    m = mount(extra={"partnerize": AT_ONCE})
    m.sandbox.fault(fault=fault, times=-1)
    if fault != "wrong_user":
        assert outcome(os.listdir, m.path / "partnerize") == "EREMOTEIO"
        assert outcome(os.readlink, m.path / "partnerize/self") == "EREMOTEIO"
        assert last_error(m, "partnerize")["errno"] == "EREMOTEIO"
    assert outcome(read, m.path / "partnerize/7.json") == "EREMOTEIO"
    assert outcome(os.stat, m.path / "partnerize/8.json") == "EREMOTEIO"
    line = last_error(m, "partnerize/8.json")
    assert line["endpoint"] == "/user/8"
    assert "<" not in line["words"], "the log quotes an HTML page"
    m.sandbox.clear_faults()
    assert outcome(read, m.path / "partnerize/8.json") is None


def test_put_answered_by_a_sign_in_page(mount):
    """An HTML page with status 200 is no success unless a GET shows the change."""
    m = mount(extra={"partnerize": AT_ONCE})
    m.sandbox.fault(fault="html", method="PUT")
    assert outcome(write, m.path / "partnerize/7.status", "inactive") == "EREMOTEIO"
    m.sandbox.fault(fault="empty", method="PUT")
    assert outcome(write, m.path / "partnerize/7.status", "inactive") == "EREMOTEIO"
    assert "accepted but not applied" in last_error(m, "partnerize/7.status")["words"]
    assert m.sandbox.user(7)["status"] == "active"
    m.sandbox.fault(fault="html_after", method="PUT")
    assert outcome(write, m.path / "partnerize/7.status", "inactive") is None
    assert m.sandbox.user(7)["status"] == "inactive"


def test_time_out(mount):
    m = mount(extra={"partnerize": {"timeout": 1, "retry_budget": 0}})
    m.sandbox.fault(fault="stall", times=-1)
    tried = [m.spawn(command) for command in
             ("ls partnerize", "cat partnerize/7.json", "readlink partnerize/self",
              "echo inactive > partnerize/9.status")]
    for command in tried:
        result = command.finish()
        assert result.code != 0
        assert result.seconds < 1 + harness.AT_ONCE
    for path in ("partnerize", "partnerize/7.json", "partnerize/self", "partnerize/9.status"):
        line = last_error(m, path)
        assert line["errno"] == "ETIMEDOUT"
        assert "within 1 s" in line["words"]
    assert "timed out" in tried[0].finish().err


@contextlib.contextmanager
def free_port():
    """A port on which nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def no_answer(mount, url, name, budget=0):
    """Each kind of request to URL fails with NAME; returns the words."""
    text = (f"[partnerize]\nbase_url = {url}\napplication_key = first\nuser_api_key = second\n"
            f"retry_budget = {budget}\ntimeout = 10\n[cj]\n")
    m = mount(config=text)
    assert outcome(os.listdir, m.path / "partnerize") == name
    assert outcome(read, m.path / "partnerize/7.json") == name
    assert outcome(os.stat, m.path / "partnerize/8.json") == name
    assert outcome(os.readlink, m.path / "partnerize/self") == name
    assert m.sh("cat cj/MANUAL").ok().out
    line = last_error(m, "partnerize/8.json")
    assert (line["errno"], line["status"]) == (name, None)
    assert line["endpoint"] == "/user/8"
    return line["words"]


def test_no_connection(mount):
    with free_port() as port:
        words = no_answer(mount, f"http://127.0.0.1:{port}", "ECONNREFUSED")
        assert f"127.0.0.1 port {port}" in words


def test_vendor_goes_away(mount, sandbox):
    """A kept connection that is closed, and then nobody there; a write says so, too."""
    m = mount(extra={"partnerize": {"retry_budget": 0, "ttl": 1}})
    box = m.sandbox
    os.listdir(m.path / "partnerize")
    port = box.address[1]
    assert box.stop() == ""
    time.sleep(1.05)  # until what is known is old
    assert outcome(write, m.path / "partnerize/7.status", "inactive") == "ECONNREFUSED"
    assert outcome(os.listdir, m.path / "partnerize") == "ECONNREFUSED"
    assert status_table.row(m, "partnerize")["users"] == "25"
    assert "ECONNREFUSED" in status_table.errors(m, "partnerize")
    assert metrics(m)["rosterfs_failing"] == 1
    other = sandbox(users=25, port=port)
    (m.path / ".rosterfs/refresh").write_text("partnerize\n")
    assert outcome(os.listdir, m.path / "partnerize") is None
    assert not status_table.errors(m, "partnerize") and metrics(m)["rosterfs_failing"] == 0
    assert other.counts()["total"] >= 1
    box.stop = lambda: ""


def test_no_such_host(mount):
    """A label over 63 bytes: no resolver need be asked."""
    words = no_answer(mount, f"https://{'a' * 64}.invalid", "EHOSTUNREACH")
    assert "resolve" in words


def test_tls_refused(mount, test_dir):
    test_dir.mkdir(exist_ok=True)
    name = str(test_dir / "pair.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", name,
                    "-out", name + ".crt", "-days", "2", "-subj", "/CN=127.0.0.1"], check=True,
                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30 * harness.SCALE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(name + ".crt", name)
    with Vendor(context=context) as vendor:
        words = no_answer(mount, vendor.url("https"), "EPROTO", 5)
        assert "certificate" in words and "SSL_CERT_FILE" in words
        assert vendor.seen == []


def test_no_tls_there(mount):
    """https:// to a server that speaks plain HTTP."""
    with Vendor() as vendor:
        no_answer(mount, vendor.url("https"), "EPROTO", 5)


# ---- retries ----

def timed(function, *arguments):
    start = time.monotonic()
    name = outcome(function, *arguments)
    return name, time.monotonic() - start


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("function", "path"), [(os.listdir, "partnerize"),
                                                (read, "partnerize/7.json")])
def test_retry_budget(mount, status, function, path):
    m = mount(extra={"partnerize": {"retry_budget": 1, "parallel": 2}})
    m.sandbox.fault(fault="status", status=status, times=-1)
    found, seconds = timed(function, m.path / path)
    assert found == ("EBUSY" if status == 429 else "EREMOTEIO")
    assert 0.95 <= seconds < 1 + harness.AT_ONCE
    assert m.sandbox.counts()["total"] <= 40, "retries with a growing back-off"


def test_retry_budget_again_and_again(mount):
    """A vendor that is busy all the time: nobody waits longer because others have waited before."""
    m = mount(extra={"partnerize": {"retry_budget": 1, "parallel": 2}})
    m.sandbox.fault(fault="status", status=429, times=-1)
    took = [timed(read, m.path / f"partnerize/{ident}.json") for ident in range(2, 8)]
    assert {name for name, _ in took} == {"EBUSY"}
    assert max(seconds for _, seconds in took) < 1 + harness.AT_ONCE, took


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}])
def test_retry_budget_of_a_write(mount, fault):
    m = mount(extra={"partnerize": {"retry_budget": 2}})
    os.listdir(m.path / "partnerize")
    m.sandbox.fault(fault="status", method="PUT", times=-1, **fault)
    found, seconds = timed(write, m.path / "partnerize/7.status", "inactive")
    assert found == ("EREMOTEIO" if fault["status"] == 503 else "EBUSY")
    assert 1.5 <= seconds < 2 + 2 * harness.AT_ONCE
    assert len(requests(m.sandbox, "PUT", "/user/7")) > 1


@pytest.mark.parametrize("key", ["retry_after", "rate_limit_retry_after"])
@pytest.mark.parametrize("status", [429, 503])
def test_told_when_to_come_back(mount, key, status):
    m = mount(extra={"partnerize": {"retry_budget": 20}})
    m.sandbox.fault(fault="status", status=status, path="/user", **{key: 1})
    found, seconds = timed(os.listdir, m.path / "partnerize")
    assert found is None
    assert 1.0 <= seconds < 1 + harness.AT_ONCE
    first, second = requests(m.sandbox, "GET", "/user")[:2]
    assert second["t_ms"] - first["t_ms"] >= 990


@pytest.mark.parametrize("epoch", [False, True])
def test_told_when_the_limit_is_reset(mount, epoch):
    m = mount(extra={"partnerize": {"retry_budget": 20}})
    when = math.ceil(time.time()) + 1 if epoch else "1.25"
    m.sandbox.fault(fault="status", status=429, path="/user", rate_limit_reset=when, rate_limit_remaining=0)
    assert timed(os.listdir, m.path / "partnerize")[0] is None
    first, second = requests(m.sandbox, "GET", "/user")[:2]
    if epoch:
        assert time.time() >= when
    else:
        assert second["t_ms"] - first["t_ms"] >= 1240


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429, "rate_limit_remaining": 7},
                                   {"status": 429, "rate_limit_retry_after": 1}, {"status": 429, "retry_after": 1}])
def test_a_reset_that_is_not_waited_for(mount, fault):
    """It was not the limit, or the vendor tells better how long to wait."""
    m = mount(extra={"partnerize": {"retry_budget": 20}})
    m.sandbox.fault(fault="status", path="/user", rate_limit_reset=3600, **fault)
    assert timed(os.listdir, m.path / "partnerize")[0] is None


def test_told_to_come_back_too_late(mount):
    """Waiting for it would be in vain: the error comes at once, and nothing else is sent meanwhile."""
    m = mount(extra={"partnerize": {"retry_budget": 40}})
    m.sandbox.fault(fault="status", status=429, retry_after=60)
    for path in ("partnerize/7.json", "partnerize/8.json"):
        found, seconds = timed(read, m.path / path)
        assert found == "EBUSY"
        assert seconds < harness.AT_ONCE
    assert m.sandbox.counts()["total"] == 1


def test_a_server_error_until(mount):
    """The first error says as much as the next one, which is not asked for."""
    m = mount()
    m.sandbox.fault(fault="status", status=503, retry_after=86400)
    assert timed(read, m.path / "partnerize/7.json")[0] == "EREMOTEIO"
    line = last_error(m, "partnerize/7.json")
    assert line["status"] == "503" and "it asks to wait until " in line["words"]


def test_the_last_try_is_short(mount):
    m = mount(extra={"partnerize": {"timeout": 3, "retry_budget": 4}})
    m.sandbox.fault(fault="stall", times=-1)
    assert timed(os.listdir, m.path / "partnerize")[0] == "ETIMEDOUT"
    words = last_error(m, "partnerize")["words"]
    assert "s, all that was left for one more try" in words


def test_status_shows_whole_words(mount):
    m = mount()
    words = "the moon is wrong " * 20 + "END"
    m.sandbox.fault(fault="status", status=403, body=json.dumps({"message": words}), path="/user")
    assert m.sh("ls partnerize").code
    assert words in status_table.errors(m, "partnerize")


def test_retry_that_helps(mount):
    m = mount()
    m.sandbox.fault(fault="status", status=500)
    m.sandbox.fault(fault="drop")
    m.sandbox.fault(fault="truncate")
    m.sandbox.fault(fault="status", status=429)
    assert len(os.listdir(m.path / "partnerize")) > 50
    m.sandbox.clear_faults()
    m.sandbox.fault(fault="drop", method="GET", path="/user/self")
    write(m.path / "partnerize/7.status", "inactive")


def test_no_retry_of_what_is_final(mount):
    m = mount(extra={"partnerize": {"retry_budget": 30}})
    for status in (400, 401, 403, 404, 409, 422, 501, 505):
        m.sandbox.clear_faults()
        m.sandbox.reset()
        m.sandbox.fault(fault="status", status=status, times=-1)
        assert outcome(read, m.path / f"partnerize/{status % 25 + 1}.json")
        # what may mean that there is no such user, the list has to say as well
        asks_list = status in (400, 404, 501)
        assert m.sandbox.counts()["total"] == m.sandbox.counts()["GET /user/{id}"] + asks_list, status
        assert m.sandbox.counts()["GET /user/{id}"] == 1, status


@pytest.mark.parametrize(("fault", "puts"), [
    ({"fault": "drop_after"}, 1), ({"fault": "status_after", "status": 500}, 1),
    ({"fault": "truncate"}, 1), ({"fault": "stall_after"}, 1), ({"fault": "html_after"}, 1),
    ({"fault": "drop"}, 2), ({"fault": "status", "status": 502}, 2), ({"fault": "stall"}, 2),
    ({"fault": "status", "status": 429}, 2)])
def test_put_is_never_repeated_blindly(mount, fault, puts):
    m = mount(extra={"partnerize": {"timeout": 1, "retry_budget": 10}})
    os.listdir(m.path / "partnerize")
    m.sandbox.fault(method="PUT", **fault)
    write(m.path / "partnerize/7.status", "inactive")
    assert m.sandbox.user(7)["status"] == "inactive"
    sequence = [entry["method"] for entry in m.sandbox.journal() if entry["path"] == "/user/7"]
    assert sequence.count("PUT") == puts
    # what may have been applied is looked at before it is sent again
    if fault.get("status") != 429:
        assert "PUT PUT" not in " ".join(sequence)
        assert sequence[-1] == ("PUT" if puts == 2 else "GET")
    assert m.sandbox.user(7)["_version"] == 2


def test_one_write_among_many_retries_alone(mount):
    """A dead record holds up nobody else."""
    m = mount(extra={"partnerize": {"retry_budget": 600}})
    os.listdir(m.path / "partnerize")
    m.sandbox.fault(fault="status", status=503, path="/user/7", times=-1)
    slow = m.spawn("echo inactive > partnerize/7.status")
    harness.wait_until(lambda: requests(m.sandbox, "GET", "/user/7"), 5 * harness.SCALE, "a GET")
    assert m.sh("echo inactive > partnerize/8.status").ok().seconds < harness.AT_ONCE
    assert not slow.done()
    m.sandbox.clear_faults()
    slow.finish().ok()


# ---- the log, the table, the figures ----

def test_log_is_bounded(mount):
    m = mount()
    many = 10050
    folder = m.path / "partnerize"
    for number in range(many):
        with contextlib.suppress(PermissionError):
            os.mkdir(folder / f"{number}.d")
    lines = m.log().splitlines()
    assert len(lines) == 10000
    assert f"partnerize/{many - 1}.d: " in lines[-1]
    assert f"partnerize/{many - 10000}.d: " in lines[0]
    assert LINE.match(lines[0])
    assert os.stat(m.path / ".rosterfs/log").st_size == len(m.log())


def test_log_explains_the_last_one(mount):
    """The one-liner of the README."""
    m = mount()
    m.sandbox.fault(fault="status", status=403, body=REFUSED, method="PUT")
    assert m.sh("echo inactive > partnerize/12.status").code != 0
    result = m.sh("echo inactive > partnerize/11.status; grep -F partnerize/12. .rosterfs/log | tail -1")
    assert "PUT /user/12 answered 403: the vendor says: the moon is wrong: EACCES" in result.out


def test_words_cannot_forge_a_line(mount):
    """Line ends and escapes in what a vendor says stay in their line."""
    m = mount(extra={"partnerize": AT_ONCE})
    evil = "one\n2026-01-01T00:00:00.000+0000 partnerize/9.json: forged\r\x1b[2Jtwo\x7f"
    m.sandbox.fault(fault="status", status=403, body=json.dumps({"error": {"message": evil}}))
    assert outcome(read, m.path / "partnerize/7.json") == "EACCES"
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", m.log())
    assert all(" partnerize/9.json: " not in line or "/user/7" in line for line in m.log().splitlines())


def test_long_words_are_cut(mount):
    m = mount(extra={"partnerize": AT_ONCE})
    m.sandbox.fault(fault="status", status=403,
                    body=json.dumps({"error": {"message": "é" * 5000}}))
    assert outcome(read, m.path / "partnerize/7.json") == "EACCES"
    line = last_error(m, "partnerize/7.json")
    assert line["errno"] == "EACCES"
    assert line["words"].count("é") > 100


def test_figures(mount):
    m = mount()
    folder = m.path / "partnerize"
    assert status_table.row(m, "partnerize") == {"users": "-", "age": "-", "requests": "0", "open": "0",
                                                 "state": "not fetched yet"}
    assert status_table.row(m, "cj")["state"].startswith("kept by hand")
    # a 429 to a list: a PUT that is late after its GET would be read again, which is no retry
    m.sandbox.fault(fault="status", status=429, method="GET")
    os.listdir(folder)
    write(folder / "7.status", "inactive")
    m.sandbox.fault(fault="status", status=400, body=REFUSED, method="PUT")
    assert outcome(write, folder / "8.status", "inactive") == "EINVAL"
    total = m.sandbox.counts()["total"]
    seen = metrics(m)
    assert seen["rosterfs_requests_total"] == total
    assert seen["rosterfs_users"] == 25
    assert seen["rosterfs_fetches_total"] == 1
    assert seen["rosterfs_retries_total"] == 1
    assert seen["rosterfs_throttled_total"] == 1
    assert seen["rosterfs_failures_total"] == 1
    assert seen["rosterfs_in_flight"] == 0
    assert seen["rosterfs_received_bytes_total"] > 25 * 100
    assert 0 <= seen["rosterfs_roster_age_seconds"] < 60 * harness.SCALE
    row = status_table.row(m, "partnerize")
    assert (row["users"], row["requests"], row["open"], row["state"]) == ("25", str(total), "0", "fetched")
    error = status_table.errors(m, "partnerize")
    assert "PUT /user/8" in error and "the moon is wrong" in error
    for name in ("status", "metrics", "log"):
        assert (m.path / ".rosterfs" / name).read_text().endswith("\n")


def test_progress_of_a_fetch(mount, sandbox):
    """While a roster is fetched, the table tells how far it has come."""
    box = sandbox(users=1000)
    m = mount(box, {"partnerize": {"parallel": 1}})
    box.fault(fault="stall", query="page=4")
    waiting = m.spawn("ls partnerize")
    table = harness.wait_until(
        lambda: status_table.row(m, "partnerize")["state"] == "fetching: page 3, 300 users",
        10 * harness.SCALE, "progress")
    assert table
    # the table may be read between two requests
    harness.wait_until(lambda: metrics(m)["rosterfs_in_flight"] == 1, 10 * harness.SCALE, "a request in flight")
    box.clear_faults()
    waiting.finish().ok()


# ---- other servers ----

class Handler(http.server.BaseHTTPRequestHandler):
    """A few users, answered in the way that the server's `way` names."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_words):
        pass

    def answer(self, value):
        data = json.dumps(value).encode()
        way = self.server.way
        self.send_response(200)
        self.send_header("Content-Type", "Application/JSON; charset=\"utf-8\"; x=y"
                         if way == "charset" else "application/json")
        if way == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        elif way == "until the end":
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(data)))
        if way == "closed":
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if way == "chunked":
            data = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(data[at:at + 11]), data[at:at + 11])
                            for at in range(0, len(data), 11)) + b"0\r\nX-Trailer: 1\r\n\r\n"
        self.wfile.write(data)

    def do_GET(self):
        self.server.seen.append(self.path)
        url = urllib.parse.urlsplit(self.path)
        users = self.server.users
        if url.path == "/user/self":
            self.answer({"user": users["1"]})
        elif url.path == "/user":
            query = {key: int(value) for key, value in urllib.parse.parse_qsl(url.query)}
            start = (query["page"] - 1) * query["count"]
            self.answer({"users": list(users.values())[start:start + query["count"]]})
        else:
            self.answer({"user": users[url.path.rpartition("/")[2]]})

    def do_PUT(self):
        self.server.seen.append(self.path)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        user = self.server.users[self.path.rpartition("/")[2]]
        user.update(body)
        self.answer({"user": user})


class Vendor(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """A server with users 1 to 30 in a thread; with CONTEXT it speaks TLS."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, way="", context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.way = way
        self.seen = []
        self.users = {str(number): {"user_id": str(number), "email": f"u{number}@example.com",
                                    "firstname": "Ü" * 50, "status": "active"}
                      for number in range(1, 31)}
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True,
                                              do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def url(self, scheme="http"):
        return f"{scheme}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, _request, _address):
        pass  # a client that leaves is no error here

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_what):
        self.shutdown()
        self.server_close()


@pytest.mark.parametrize("way", ["closed", "until the end", "chunked", "charset"])
def test_ways_to_answer(mount, way):
    with Vendor(way) as vendor:
        m = mount(config=f"[partnerize]\nbase_url = {vendor.url()}/\napplication_key = first\n"
                         "user_api_key = second\nretry_budget = 1\n")
        names = os.listdir(m.path / "partnerize")
        assert sum(name.endswith(".json") for name in names) == 30
        m.sh("for i in 3 4 5 6; do echo inactive > partnerize/$i.status; done").ok()
        assert [vendor.users[str(number)]["status"] for number in (2, 3, 6)] == \
            ["active", "inactive", "inactive"]
        assert json.loads(read(m.path / "partnerize/3.json"))["firstname"] == "Ü" * 50
        # no request was made twice for the way of its answer
        assert metrics(m)["rosterfs_retries_total"] == 0
        assert vendor.seen.count("/user/3") == 2


# ---- RFC 9457 ----

def problem(title, detail):
    return json.dumps({"type": "https://example.com/problems/7", "title": title, "status": 422, "detail": detail,
                       "instance": "/user"})


def test_problem_details(mount):
    """title and detail are the vendor's words; a key that it quotes is not."""
    m = mount()
    key = re.search(r"^user_api_key *= *(\S+)", m.config_file.read_text(), re.M)[1]
    m.sandbox.fault(fault="status", status=403, body=problem("Missing scope", f"The key {key} may not list users."))
    assert m.sh("ls partnerize").code != 0
    assert "says: Missing scope: The key *" in last_error(m, "partnerize")["words"]
    assert key not in m.log()
    m.sandbox.fault(method="PUT", fault="status", status=422, body=problem("Weak", f"{PASSWORD} is a word"))
    assert save(m.path / "partnerize/7.json", json.dumps({"password": PASSWORD})) == refused("EINVAL")
    assert "says: Weak: ***" in last_error(m, "partnerize/7.json")["words"]
    nowhere(m)


@pytest.mark.parametrize("body,words", [
    ({"errors": {"role": ["is bad", "is old"], "email": "is taken"}}, "role: is bad: is old: email: is taken"),
    ({"error": {"errors": {"role": [{"message": "is bad"}]}}}, "role: is bad"),
    ({"title": "Invalid", "errors": {"role": ["is bad"]}}, "Invalid: role: is bad"),
    ({"message": {"role": ["is bad"]}}, "role: is bad"),
    ({"detail": [{"loc": ["body", "role"], "msg": "is bad"}]}, "is bad"),
    ({"title": "Invalid", "invalid-params": [{"name": "role", "reason": "is bad"}]}, "Invalid: role: is bad"),
    ({"errors": {}, "message": "is bad"}, "is bad"),
], ids=range(7))
def test_words_of_each_field(mount, body, words):
    m = mount()
    m.sandbox.fault(method="PUT", fault="status", status=422, body=json.dumps(body))
    assert save(m.path / "partnerize/7.json", '{"role": "admin"}') == refused("EINVAL")
    assert f"the vendor says: {words}" in last_error(m, "partnerize/7.json")["words"]
