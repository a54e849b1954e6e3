# SPDX-License-Identifier: Apache-2.0
"""A vendor that is silent: Ctrl-C and SIGKILL end each command, all else goes on, and the mount ends."""

import json
import os
import signal
import time

import pytest

import harness
from audit_log import audited, ends, file, lines
from dialog import Dialog
from ep_store import accounts_of, ep, outside, person, store
from writes import at_vendor, save, sent

__all__ = ["audited", "ep", "file"]  # the fixtures

# nothing ends by itself
PATIENT = {"timeout": 300, "retry_budget": 300}
EDIT = """'{"phone": "+1 A"}'"""
# of a user whose record is known: each waits for the vendor
COMMANDS = ["exec ls partnerize", "echo inactive > partnerize/7.status", "exec cat partnerize/99.json",
            "exec cat tables/partnerize.csv", f"cd partnerize; echo {EDIT} > x; exec mv x 9.json"]


class Typed(Dialog):
    """A command of bash in the mount M, on a terminal of its own, that waits for an answer of the mount."""

    def __init__(self, m, command):
        super().__init__(["env", "-C", m.path, "bash", "-c", command], m.env)
        self.pid = self.process.pid
        harness.wait_for_sleepers([self])

    def ends(self, by):
        """Ctrl-C or SIGKILL ends it at once."""
        start = time.monotonic()
        if by == signal.SIGINT:
            self.press(b"\x03")
        else:
            os.killpg(self.pid, by)
        assert self.wait() == -by, self.text
        assert time.monotonic() - start < harness.AT_ONCE


def end(m, commands, by):
    for command in commands:
        with Typed(m, command) as typed:
            typed.ends(by)


def quickly(action):
    """ACTION's value; it waits for nobody."""
    start = time.monotonic()
    value = action()
    assert time.monotonic() - start < harness.AT_ONCE
    return value


def known(m):
    """A list, and then one that is to be fetched again from a vendor that is silent."""
    os.listdir(m.path / "partnerize")
    m.sandbox.fault(fault="stall", times=-1)
    (m.path / ".rosterfs/refresh").write_text("partnerize")
    m.sandbox.reset()


# ---- commands ----

@pytest.mark.no_tsan
def test_a_silent_vendor(mount, sandbox):
    """Beside it are another vendor and .rosterfs, and df asks nobody."""
    dead, alive = sandbox(users=25), sandbox(users=25, seed=2)
    other = alive.config().replace("[partnerize]", "[alive]\ntype = partnerize").replace("[cj]", "[cj2]\ntype = cj")
    m = mount(dead, config=dead.config({"partnerize": PATIENT}) + other)
    known(m)
    for place in ("", "partnerize", "partnerize/7.json", ".rosterfs/status"):
        assert quickly(lambda place=place: os.statvfs(m.path / place)).f_bsize
    # what stands behind it is opened by df itself
    m.sh("df .").ok()
    assert dead.counts()["total"] == 0
    with Typed(m, COMMANDS[0]) as first, Typed(m, COMMANDS[1]) as second:
        assert len(quickly(lambda: os.listdir(m.path / "alive"))) > 25
        assert quickly((m.path / "alive/7.json").read_text)
        assert quickly(lambda: save(m.path / "alive/8.status", "inactive")).write == "ok"
        for name in ("status", "log", "metrics"):
            assert quickly((m.path / ".rosterfs" / name).read_text)
        assert quickly((m.path / "cj/MANUAL").read_text) and quickly(lambda: os.statvfs(m.path))
        first.ends(signal.SIGINT)
        second.ends(signal.SIGKILL)
    end(m, COMMANDS[1:], signal.SIGINT)
    end(m, [COMMANDS[0], COMMANDS[2]], signal.SIGKILL)
    assert not sent(dead) and at_vendor(alive, 8)["status"] == "inactive"


@pytest.mark.no_tsan
def test_what_else_is_waited_for(mount, sandbox):
    """A token, the end of a pause that the vendor asked for, and the end of another write to the record."""
    box = store(sandbox)
    m = mount(box, {"partnerize": PATIENT, "elasticpath": PATIENT})
    five = person(box, 5)
    box.fault(fault="stall", path="/oauth/access_token", times=-1)
    end(m, ["exec ls elasticpath"], signal.SIGKILL)
    end(m, [f"echo inactive > elasticpath/{five}.status"], signal.SIGINT)
    os.listdir(m.path / "partnerize")
    box.fault(fault="stall", method="PUT", times=-1)
    first = m.spawn("exec tee partnerize/2.json <<< " + EDIT)
    box.wait_held("PUT", "/user/2")
    end(m, ["echo inactive > partnerize/2.status"], signal.SIGINT)
    first.kill()
    box.fault(fault="status", status=429, retry_after="200", method="GET", times=-1)
    (m.path / ".rosterfs/refresh").write_text("partnerize")
    end(m, ["exec ls partnerize", "echo inactive > partnerize/3.status"], signal.SIGINT)
    assert [entry["path"] for entry in sent(box) if entry["path"] != "/oauth/access_token"] == ["/user/2"]
    box.clear_faults()


@pytest.mark.no_tsan
def test_vim(mount):
    """SIGKILL ends it. It repeats a write that a signal has interrupted: what was sent is not sent again."""
    m = mount(extra={"partnerize": PATIENT})
    box = m.sandbox
    command = """exec vim -u NONE -c '%s/"lastname": "/&X/|w|q' partnerize/7.json"""
    before = json.loads((m.path / "partnerize/7.json").read_text())
    box.fault(fault="stall", method="PUT", times=-1)
    with Typed(m, command) as vim:
        box.wait_held("PUT", "/user/7")
        vim.ends(signal.SIGKILL)
    assert json.loads((m.path / "partnerize/7.json").read_text()) == before
    assert (m.path / "partnerize/.7.json.swp").exists()
    box.clear_faults()
    harness.wait_until(lambda: at_vendor(box, 7)["lastname"].startswith("X"), 10 * harness.SCALE, "the PUT")
    os.unlink(m.path / "partnerize/.7.json.swp")
    box.reset()
    box.fault(fault="stall", method="PUT", times=-1)
    with Typed(m, command) as vim:
        box.wait_held("PUT", "/user/7")
        os.kill(vim.pid, signal.SIGWINCH)
        harness.wait_for_sleepers([vim])
        box.clear_faults()
        assert vim.wait() == 0, vim.text
    assert at_vendor(box, 7)["lastname"].startswith("XX") and len(sent(box)) == 1


# ---- the end of the mount ----

def ended(m, path, way, commands):
    """M ends, without its COMMANDS if it is unmounted; by action and path, how each attempt ended."""
    if way == "SIGTERM":
        os.kill(m.pid, signal.SIGTERM)
    else:
        for command in commands:
            command.kill()
        assert m.unmount_patiently().code == 0
    assert m.wait() == 0
    m.ended = True
    begun = {line["attempt"] for line in lines(path) if line["outcome"] == "sending"}
    found = {(line["action"], line["path"].rpartition("/")[2]): line for line in ends(path)}
    assert len(found) == len(ends(path)) and begun <= {line["attempt"] for line in found.values()}
    for line in found.values():
        assert (line["outcome"] == "unknown") == (line["attempt"] in begun), line
        assert line["errno"] == "EINTR"
    return {key: line["outcome"] for key, line in found.items()}


@pytest.mark.no_tsan
def test_several_changes_at_the_end(audited, file):
    """What was sent is unknown, and what waited for its turn was not sent."""
    m = audited({"partnerize": {**PATIENT, "allow_delete": "yes"}})
    box = m.sandbox
    m.sh("cat partnerize/*.json partnerize/*.status").ok()
    for method, fault in (("PUT", "stall"), ("PUT", "stall_after"), ("POST", "stall_after"), ("DELETE", "stall")):
        box.fault(method=method, fault=fault)
    new = json.dumps({"firstname": "J", "lastname": "S", "email": "j@example.com", "password": "one of its own"})
    commands = [m.spawn(command) for command in (
        "exec tee partnerize/7.status <<< inactive", f"exec tee partnerize/8.json <<< {EDIT}",
        f"exec tee partnerize/new/x.json <<< '{new}'", "exec tee partnerize/9.status <<< deleted")]
    harness.wait_until(lambda: sum(entry["held"] for entry in box.journal()) == 4, 10 * harness.SCALE, "four requests")
    commands.append(m.spawn("exec tee partnerize/7.json <<< " + EDIT))
    harness.wait_for_sleepers(commands[-1:])
    assert ended(m, file, "fusermount3", commands) == {
        ("status", "7.status"): "unknown", ("update", "8.json"): "unknown", ("create", "x.json"): "unknown",
        ("delete", "9.status"): "unknown", ("update", "7.json"): "failed"}
    assert len(sent(box)) == 4


@pytest.mark.no_tsan
def test_memberships_at_the_end(ep, file):
    m = ep("guide", {"rosterfs": {"audit_log": file}, "elasticpath": {**PATIENT, "allow_delete": "yes"}})
    box = m.sandbox
    five, six, seven = (person(box, number) for number in (5, 6, 7))
    m.sh("ls elasticpath elasticpath/accounts/*/members").ok()
    for method in ("DELETE", "POST"):
        box.fault(method=method, path="/v2/*", fault="stall", times=-1)
    commands = [m.spawn("cd elasticpath; " + command) for command in (
        f"echo inactive > {five}.status", f"rm accounts/{accounts_of(box, six)[0]}/members/{six}.json",
        f"ln -s ../../../{seven}.json accounts/{outside(box, seven)}/members/")]
    harness.wait_until(lambda: sum(entry["held"] for entry in box.journal()) >= 3, 10 * harness.SCALE, "all requests")
    assert ended(m, file, "SIGTERM", commands) == {
        ("status", f"{five}.status"): "unknown", ("unlink", f"{six}.json"): "unknown",
        ("link", f"{seven}.json"): "unknown"}
    assert all(line["undo"] for line in ends(file))
