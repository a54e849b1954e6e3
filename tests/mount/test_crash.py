# SPDX-License-Identifier: Apache-2.0
"""A daemon that is killed at each point of a write: the record is the old or the new one, and the audit log tells."""

import json
import os
import re
import signal
import subprocess

import pytest

import harness
from audit_log import audited, file
from ep_store import DELETABLE, ONE_MEMBERSHIP, accounts_of, ep, person, status, write
from shared_hosts import HANG, server, team
from writes import GOOD, at_vendor, changed, save, sent

__all__ = ["audited", "ep", "file", "server", "team"]  # the fixtures

MANUAL = (harness.TOP / "man/rosterfs.conf.5").read_text(encoding="utf-8")
# the command of the manual, without the name of its file
SHOW_CUT = re.search(r'test: cut\n\.Bd -literal\n(.*?) audit\.jsonl\n\.Ed', MANUAL, re.DOTALL).group(1)

# The audit log's line with the number in CUT_LINE is written in part ("half") or wholly ("whole"); then the process
# is killed.
CUTTER = r"""
#define _GNU_SOURCE
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t write(int file, const void *text, size_t length)
{
	static atomic_int lines;
	const char *number = getenv("CUT_LINE"), *how = getenv("CUT_HOW");

	if (!number || length < 9 || memcmp(text, "{\"time\":\"", 9) != 0 || ++lines != atoi(number))
		return syscall(SYS_write, file, text, length);
	syscall(SYS_write, file, text, strcmp(how, "half") == 0 ? length / 2 : length);
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}
"""
WRITES = {"status": ("echo inactive > partnerize/7.status", {"status"}),
          "document": ("""echo '{"phone": "+1 A", "lastname": "Doe"}' > partnerize/7.json""", {"phone", "lastname"})}
EACH_WRITE = pytest.mark.parametrize("kind", WRITES)


@pytest.fixture(scope="module")
def cutter(base):
    """A library to preload."""
    source, library = base / "cutter.c", base / "cutter.so"
    source.write_text(CUTTER)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", library, source], check=True)
    return library


def die(m):
    """Until the killed daemon is gone, and what it left."""
    harness.kill(m.pid)
    m.abandon()


def died(m):
    harness.wait_until(lambda: not m.alive(), 10 * harness.SCALE, "the end of the daemon")
    m.abandon()


def cut(m, path):
    """What the manual's command shows of the audit log at PATH."""
    return [json.loads(line) for line in m.sh(f"{SHOW_CUT} {path}", "bash", folder="/").ok().lines()]


def whole_or_not(box, before, fields, applied):
    """User 7 is the old one, or the new one if APPLIED, with all FIELDS changed."""
    assert changed(before, at_vendor(box, 7)) == (fields if applied else set())


def goes_on(m, path, shown):
    """The next mount M shows what the vendor has, and its lines stand alone in the audit log."""
    assert m.sh("cat partnerize/7.json").ok().json() == shown
    assert save(m.path / "partnerize/8.status", "inactive") == GOOD
    assert save(m.path / "partnerize/7.json", '{"timezone": "Asia/Tokyo"}') == GOOD
    last = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[-4:]]
    assert [(line["id"], line["outcome"]) for line in last] == \
        [("8", "sending"), ("8", "done"), ("7", "sending"), ("7", "done")]


# ---- at the vendor ----

@EACH_WRITE
@pytest.mark.no_tsan
@pytest.mark.parametrize("fault", [{"method": "GET", "fault": "stall"}, {"method": "PUT", "fault": "stall"},
                                   {"method": "PUT", "fault": "stall_after"}],
                         ids=["get", "put", "applied"])
def test_while_the_vendor_is_asked(audited, file, kind, fault):
    """At the GET, with the PUT on its way, and with its response on its way."""
    command, fields = WRITES[kind]
    m = audited()
    box, before = m.sandbox, at_vendor(m.sandbox, 7)
    m.sh("cat partnerize/7.json partnerize/7.status").ok()
    box.fault(path="/user/7", **fault)
    m.spawn(command)
    box.wait_held(fault["method"], "/user/7")
    die(m)
    box.clear_faults()
    whole_or_not(box, before, fields, fault["fault"] == "stall_after")
    second = audited(box=box)
    found = cut(second, file)
    assert [line["id"] for line in found] == ([] if fault["method"] == "GET" else ["7"])
    for line in found:
        assert {one["field"] for one in line["fields"]} == fields and line["outcome"] == "sending"
    goes_on(second, file, at_vendor(box, 7))


@pytest.mark.no_tsan
@pytest.mark.parametrize("method, applied", [("POST", False), ("POST", True), ("PUT", False), ("PUT", True)])
def test_a_new_user(audited, file, method, applied):
    """The PUT sets what the POST has left out; the line before it has the id."""
    m = audited()
    box = m.sandbox
    box.fault(method=method, fault="stall_after" if applied else "stall")
    document = {"firstname": "John", "lastname": "Smith", "email": "john@example.com", "password": "one of its own",
                "status": "inactive"}
    m.spawn(f"echo '{json.dumps(document)}' > partnerize/new/x.json")
    harness.wait_until(lambda: any(one["held"] and one["method"] == method for one in box.journal()),
                       10 * harness.SCALE, f"{method}, held")
    die(m)
    box.clear_faults()
    second = audited(box=box)
    line, = cut(second, file)
    assert (line["action"], line["path"], line["outcome"]) == ("create", "partnerize/new/x.json", "sending")
    there = [one for one in box.control("GET", "users") if one["email"] == "john@example.com"]
    assert len(there) == (method == "PUT" or applied)
    assert line["id"] == (there[0]["user_id"] if method == "PUT" else None)
    for user in there:
        assert user["status"] == ("inactive" if (method, applied) == ("PUT", True) else "active")
        assert second.sh(f"cat partnerize/{user['user_id']}.status").ok().out == user["status"] + "\n"


@pytest.mark.no_tsan
@pytest.mark.parametrize("applied", [False, True])
def test_a_deletion(audited, file, applied):
    extra = {"partnerize": {"allow_delete": "yes"}}
    m = audited(extra)
    m.sh("cat partnerize/7.status").ok()
    m.sandbox.fault(method="DELETE", fault="stall_after" if applied else "stall")
    m.spawn("echo deleted > partnerize/7.status")
    m.sandbox.wait_held("DELETE", "/user/7")
    die(m)
    m.sandbox.clear_faults()
    second = audited(extra, box=m.sandbox)
    line, = cut(second, file)
    assert (line["action"], line["id"]) == ("delete", "7")
    assert (second.sh("cat partnerize/7.json").code == 0) != applied


@pytest.mark.no_tsan
@pytest.mark.parametrize("fault", ["stall", "stall_after"])
def test_between_two_memberships(ep, mount, file, fault):
    """The line has the commands that give back what was ended; or the next mount ends the rest."""
    extra = {**DELETABLE, "rosterfs": {"audit_log": file}}
    m = ep("guide", extra)
    box, five = m.sandbox, person(m.sandbox, 5)
    before = accounts_of(box, five)
    box.fault(method="DELETE", path=ONE_MEMBERSHIP, fault=fault, skip=1)
    m.spawn(f"echo inactive > elasticpath/{five}.status")
    harness.wait_until(lambda: len([one for one in sent(box) if one["method"] == "DELETE"]) == 2 and
                       any(one["held"] for one in box.journal()), 10 * harness.SCALE, "the second DELETE")
    die(m)
    box.clear_faults()
    assert len(accounts_of(box, five)) == len(before) - (1 if fault == "stall" else 2)
    second = mount(box, extra)
    assert status(second, five) == "active\n"
    line, = cut(second, file)
    assert (line["action"], line["id"], len(line["undo"])) == ("status", five, len(before))
    for command in line["undo"]:
        second.sh(command, "sh", folder=second.path / "elasticpath")
    assert accounts_of(box, five) == before
    assert write(second, five, "inactive") == GOOD and not accounts_of(box, five)


# ---- at the audit log ----

@pytest.mark.plain
@pytest.mark.parametrize("kind, line, how", [("document", 1, "half"), ("status", 1, "whole"), ("status", 2, "half"),
                                             ("document", 2, "whole")])
def test_while_a_line_is_written(audited, file, cutter, kind, line, how):
    """A line that was cut stands alone. Without the first line nothing is sent."""
    command, fields = WRITES[kind]
    m = audited(extra_env={"LD_PRELOAD": str(cutter), "CUT_LINE": str(line), "CUT_HOW": how})
    box, before = m.sandbox, at_vendor(m.sandbox, 7)
    m.sh("cat partnerize/7.json partnerize/7.status").ok()
    assert m.sh(command).code != 0
    died(m)
    assert file.read_bytes().endswith(b"}\n") == (how == "whole")
    assert len(sent(box)) == line - 1
    whole_or_not(box, before, fields, line == 2)
    second = audited(box=box)
    assert [one["id"] for one in cut(second, file)] == (["7"] if (line, how) in ((1, "whole"), (2, "half")) else [])
    goes_on(second, file, at_vendor(box, 7))
    text = file.read_text(encoding="utf-8").splitlines()
    assert len(text) == line + 4 and all(one.startswith('{"time":"') for one in text)


# ---- with a shared store ----

@pytest.mark.no_tsan
def test_with_a_shared_store(team, file):
    """The lock of the killed mount ends by itself. (test_shared_crashes.py kills at other points.)"""
    t = team(1, {"rosterfs": {"audit_log": file}})
    m, before = t[0], at_vendor(t.box, 7)
    m.sh("cat partnerize/7.json").ok()
    t.box.fault(method="PUT", path="/user/7", fault="stall_after")
    m.spawn(WRITES["document"][0])
    t.box.wait_held("PUT", "/user/7")
    die(m)
    t.box.clear_faults()
    whole_or_not(t.box, before, WRITES["document"][1], True)
    second = t.add()
    assert [line["id"] for line in cut(second, file)] == ["7"]
    second.spawn("cat partnerize/7.json").finish(HANG).ok()
    goes_on(second, file, at_vendor(t.box, 7))
