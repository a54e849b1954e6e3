# SPDX-License-Identifier: Apache-2.0
"""A vendor that cannot be reached, or that said when to come back: a quick answer, and who ends it."""

import concurrent.futures
import contextlib
import email.utils
import errno
import os
import pathlib
import random
import re
import socket
import subprocess
import time

import pytest

import status_table
from harness import SCALE, MountFailed, kill, wait_until
from writes import errno_of, last_line, put, refused, save

# hangs only: each first call has 5 s, the others none
QUICK = 50 * SCALE
CONFIG = """[partnerize]
application_key = CANARY-a
user_api_key = CANARY-u
base_url = {url}
retry_budget = 3600
"""
STORE = """[elasticpath]
client_id = CANARY-i
client_secret = CANARY-s
base_url = {url}
retry_budget = 3600
"""


@contextlib.contextmanager
def refusing():
    """A port of which nobody else becomes the owner, and on which nobody listens."""
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        yield owner.getsockname()[1]


@contextlib.contextmanager
def silent():
    """A port where the kernel takes connections, and nobody says a word of TLS."""
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen(512)
        yield owner.getsockname()[1]


@contextlib.contextmanager
def swallowing():
    """A port that drops what asks for a connection, because its backlog is full."""
    with socket.socket() as owner, contextlib.ExitStack() as stack:
        owner.bind(("127.0.0.1", 0))
        owner.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(owner.getsockname())
        yield owner.getsockname()[1]


@contextlib.contextmanager
def unknown():
    yield 443


WAYS = {
    "refused": (refusing, "http://127.0.0.1:{port}", "ECONNREFUSED", "Connection refused"),
    "no-tcp": (swallowing, "http://127.0.0.1:{port}", "ETIMEDOUT", "could not connect to 127.0.0.1 port"),
    "no-tls": (silent, "https://127.0.0.1:{port}", "ETIMEDOUT", "could not connect to 127.0.0.1 port"),
    "no-name": (unknown, "https://" + "a" * 64 + ".invalid:{port}", "EHOSTUNREACH", "resolve"),
}


def log_lines(m, words):
    return [line for line in m.log().splitlines() if re.search(words, line)]


def held(m):
    """What status says of a vendor that is not asked just now."""
    return "".join(re.findall("^[^ ]+: not asked:.*", status_table.whole(m), re.M))


@pytest.mark.parametrize("vendor", ["partnerize", "elasticpath"])
@pytest.mark.parametrize("way", WAYS)
def test_nobody_there(mount, way, vendor):
    """The budget is an hour: who waits for it hangs. The second call is turned away, for tokens too."""
    server, url, name, words = WAYS[way]
    config = CONFIG if vendor == "partnerize" else STORE
    with server() as port:
        m = mount(config=config.format(url=url.format(port=port)))
        for _ in range(3):
            result = m.sh(f"ls {vendor}", timeout=QUICK)
            assert result.code != 0 and os.strerror(getattr(errno, name)) in result.err
        asked = log_lines(m, r"-> .*\((\d+) (try|tries)\)$")
        assert not re.search(r"\(0 tries\)$", asked[0]) and words in asked[0]
        assert all(re.search(r"-> not asked: .*\(0 tries\)$", line) and words in line for line in asked[1:])
        assert len(asked) >= 3
        assert words in held(m) and f"echo {vendor} >" in held(m)


def test_a_new_user_is_not_in_doubt(mount):
    """Nothing was sent: that is what is said, and the draft stays."""
    with refusing() as port:
        m = mount(config=CONFIG.format(url=f"http://127.0.0.1:{port}"))
        document = {"email": "jo@example.com", "firstname": "Jo", "lastname": "Doe"}
        for _ in range(2):
            result = put(m, "partnerize/new/jo.json", document)
            assert result.code != 0 and "Connection refused" in result.err
            assert "nothing was sent" in last_line(m, "new/jo.json")
        assert "not asked: could not connect" in last_line(m, "new/jo.json")
        assert errno_of(save, m.path / "partnerize/7.status", "inactive") == errno.ECONNREFUSED


def quiet_port():
    """A port that is free, and that the kernel gives to nobody by itself."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        with socket.socket() as owner, contextlib.suppress(OSError):
            owner.bind(("127.0.0.1", random.randrange(first // 2, first)))
            return owner.getsockname()[1]


@pytest.fixture
def gone(mount, sandbox):
    """A mount whose vendor has ended, and what starts another one in its place."""
    box = sandbox(users=25, port=quiet_port())
    m = mount(box, {"partnerize": {"retry_budget": 3600}})
    assert box.stop() == ""
    box.stop = lambda: ""
    return m, lambda: sandbox(users=25, port=box.address[1])


@pytest.mark.parametrize("by", ["itself", "refresh"])
def test_it_is_back(gone, by):
    m, start = gone
    assert m.sh("ls partnerize", timeout=QUICK).code != 0
    start()
    if by == "refresh":
        m.sh("echo partnerize > .rosterfs/refresh && ls partnerize", timeout=QUICK).ok()
    else:
        wait_until(lambda: m.sh("ls partnerize", timeout=QUICK).code == 0, 100 * SCALE, "the end of the wait")
    assert not held(m)


# ---- the vendor said how long to wait ----

def told_as(form):
    """Retry-After for a day, as FORM has it."""
    day = time.time() + 86400
    return {"seconds": "86400", "epoch": str(int(day)), "date": email.utils.formatdate(day, usegmt=True)}[form]


def when(words):
    return time.mktime(time.strptime(words, "%Y-%m-%d %H:%M:%S"))


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "epoch", "date"])
def test_told_to_wait(mount, status, form):
    """Nothing is sent any more, and that is what the log and the status say."""
    m = mount()
    m.sandbox.fault(fault="status", status=status, retry_after=told_as(form))
    assert m.sh("ls partnerize").code != 0
    m.sandbox.reset()
    for _ in range(3):
        result = m.sh("ls partnerize")
        assert result.code != 0 and os.strerror(errno.EBUSY) in result.err
    assert m.sandbox.counts()["total"] == 0
    line = last_line(m, " partnerize: ")
    match = re.search(r": not asked: the vendor said at (\d\d:\d\d:\d\d) to wait until ([-\d]+ [:\d]+)", line)
    assert match and "answered" not in line, line
    assert abs(when(match[2]) - time.time() - 86400) < 100 * SCALE
    asked = [line for line in m.log().splitlines() if line.endswith("(0 tries)")]
    assert len(asked) >= 3 and all(f"-> not asked: the vendor said at {match[1]}" in line for line in asked)
    assert match[2] in held(m)
    # once more is asked, and it says so again
    m.sandbox.fault(fault="status", status=status, retry_after=told_as(form))
    assert m.sh("echo partnerize > .rosterfs/refresh; ls partnerize").code != 0
    assert m.sh("ls partnerize").code != 0
    assert m.sandbox.counts()["total"] == 1
    m.sh("echo all > .rosterfs/refresh; ls partnerize | grep -c json").ok()
    assert not held(m)


def test_a_write_is_told_to_wait(mount):
    m = mount()
    m.sh("cat partnerize/7.json partnerize/self").ok()
    m.sandbox.fault(method="PUT", fault="status", status=429, retry_after="86400")
    for _ in range(2):
        assert save(m.path / "partnerize/7.status", "inactive") == refused("EBUSY")
    assert "not asked: the vendor said at" in last_line(m, " partnerize/7.status: ")
    assert m.sandbox.counts()["PUT /user/{id}"] == 1
    m.sh("echo partnerize > .rosterfs/refresh; echo inactive > partnerize/7.status").ok()


# ---- descriptors ----

def limited(limit):
    return ["prlimit", f"--nofile={limit}", "--"]


def test_soft_limit_is_raised(mount, sandbox):
    m = mount(sandbox(users=2000, page_cap=10), {"partnerize": {"parallel": 64}}, wear=limited("64:4096"))
    assert m.sh("ls partnerize | grep -c 'json$'").ok().out == "2000\n"
    assert "descriptors" not in m.stderr()


def test_too_few_descriptors(mount, sandbox):
    """What is missing is said at start, and less is asked at a time."""
    m = mount(sandbox(users=2000, page_cap=10), {"partnerize": {"parallel": 64}}, wear=limited("64:64"))
    for said in m.stderr(), m.log():
        assert re.search(r"too few file descriptors: 64 are allowed .* parallel = 64 .* needs 352; .* partnerize \d",
                         said)
    assert m.sh("ls partnerize | grep -c 'json$'").ok().out == "2000\n"


def test_far_too_few_descriptors(mount, sandbox):
    with pytest.raises(MountFailed) as failed:
        mount(sandbox(users=2), wear=limited("33:33"))
    assert "too few file descriptors: 33 are allowed" in str(failed.value)


def settled_descriptors(m):
    """
    Those of the daemon that stay open. It is mounted before it has closed what caught the words of fusermount3, so
    it has to answer something first; and what reads about the caller may still be open then.
    """
    assert m.sh("cat .rosterfs/status").ok()
    seen = []

    def same():
        seen.append({int(name) for name in os.listdir(f"/proc/{m.pid}/fd")})
        return len(seen) > 5 and all(one == seen[-1] for one in seen[-5:])
    wait_until(same, 20 * SCALE, "the same descriptors for a while", 0.02)
    return seen[-1]


def test_no_descriptor_is_left(mount):
    m = mount()
    free = min(set(range(4096)) - settled_descriptors(m))
    subprocess.run(["prlimit", f"--pid={m.pid}", f"--nofile={free}:4096"], check=True)
    result = m.sh("ls partnerize", timeout=QUICK)
    assert result.code != 0 and os.strerror(errno.EMFILE) in result.err
    subprocess.run(["prlimit", f"--pid={m.pid}", "--nofile=4096:4096"], check=True)
    line = last_line(m, " partnerize: ")
    assert "no file descriptor is left" in line and "ulimit" in line
    # that was no fault of the vendor's, which is asked at once
    m.sh("ls partnerize", timeout=QUICK).ok()


@pytest.mark.no_tsan
def test_a_stalled_vendor_delays_no_other(mount, sandbox):
    """More writes than there are threads wait for one vendor: another one's goes on."""
    writers = 700
    boxes = sandbox(users=writers + 10), sandbox(users=25)
    other = boxes[1].config().split("[partnerize]")[1].split("\n[")[0]
    m = mount(config=boxes[0].config() + "\n[other]\ntype = partnerize" + other)
    m.sh("ls partnerize other").ok()
    boxes[0].fault(method="GET", fault="stall", times=-1)
    begun = []

    def deactivate(ident):
        begun.append(ident)
        return errno_of((m.path / f"partnerize/{ident}.status").write_text, "inactive\n")
    with concurrent.futures.ThreadPoolExecutor(writers) as pool:
        waiting = [pool.submit(deactivate, ident) for ident in range(2, writers + 2)]
        wait_until(lambda: boxes[0].counts()["in_flight"] and len(begun) == writers, 60 * SCALE, "writes that stall")
        assert m.sh("echo inactive > other/7.status", timeout=QUICK).code == 0
        assert boxes[1].user(7)["status"] == "inactive"
        assert not any(one.done() for one in waiting)
        boxes[0].clear_faults()
        boxes[0].release()


# ---- a mount that was killed ----

def test_killed(mount):
    """What the kernel remembers of a process that is gone is no sign of life for long."""
    m = mount()
    names = [".", "README", "by-email", "partnerize", "partnerize/by-email", "partnerize/MANUAL", "partnerize/new",
             "partnerize/7.json", ".rosterfs", ".rosterfs/log", "tables"]
    names = [name for name in names if m.sh(f"stat {name} && ls -l partnerize").code == 0]
    assert len(names) > 9
    kill(m.pid)
    m.process.wait(20 * SCALE)
    for name in names:
        wait_until(lambda n=name: m.sh(f"test -e {m.path}/{n}", folder="/").code != 0, 60 * SCALE, f"{name} to go")
    m.abandon()
