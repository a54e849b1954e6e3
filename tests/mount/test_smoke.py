# SPDX-License-Identifier: Apache-2.0
"""The main job once, in every way of starting and stopping: is anything badly wrong?"""

import json
import os
import pathlib
import signal

import pytest

import harness


def shown(record):
    """A record as the sandbox tells it, without what the sandbox adds for tests."""
    return {key: value for key, value in record.items() if not key.startswith("_")}


def test_tree(mount):
    m = mount()
    names = os.listdir(m.path)
    assert {"README", "cj", "partnerize", ".rosterfs"} <= set(names)
    assert "MANUAL" in m.sh("ls cj").ok().lines()
    assert m.sh("cat cj/MANUAL").ok().out.strip()
    assert m.sh("cat README").ok().out.strip()


def test_list_and_read(mount, sandbox):
    box = sandbox(users=250)
    m = mount(box)
    names = m.sh("ls partnerize").ok().lines()
    assert len([name for name in names if name.endswith(".status")]) == 250
    assert 3 <= box.counts()["total"] <= 10
    box.reset()
    assert m.sh("cat partnerize/7.json").ok().json() == shown(box.user(7))
    assert m.sh("cat partnerize/7.status").ok().out == box.user(7)["status"] + "\n"
    m.sh("ls -l partnerize | wc -l; grep -r Leeds partnerize >/dev/null").ok()
    counts = box.counts()
    assert counts["total"] == counts.get("GET /user/self", 0) <= 1


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh", "busybox sh"])
def test_deactivate(mount, shell):
    m = mount()
    before = shown(m.sandbox.user(7))
    m.sh("echo inactive > partnerize/7.status", shell).ok()
    after = shown(m.sandbox.user(7))
    assert (before["status"], after["status"]) == ("active", "inactive")
    assert {key for key in after if after[key] != before.get(key)} == {"status", "updated_at"}
    assert m.sh("cat partnerize/7.status").ok().out == "inactive\n"


def test_edit(mount, env):
    m = mount()
    before = shown(m.sandbox.user(7))
    m.sh("jq '.lastname = \"Changed\"' partnerize/7.json >$TMPDIR/edited.json"
         " && cp $TMPDIR/edited.json partnerize/7.json").ok()
    after = shown(m.sandbox.user(7))
    assert after["lastname"] == "Changed"
    assert {key for key in after if after[key] != before.get(key)} == {"lastname", "updated_at"}


def test_refused_in_words(mount):
    m = mount()
    result = m.sh("echo inactve > partnerize/7.status")
    assert result.code != 0 and "Invalid argument" in result.err
    result = m.sh("echo inactive > partnerize/999999.status")
    assert result.code != 0 and "No such file" in result.err
    assert m.sandbox.counts().get("PUT /user/{id}", 0) == 0
    assert "partnerize/7.status" in m.log()


def test_no_secret_in_sight(mount):
    m = mount()
    m.sh("ls partnerize; echo inactive > partnerize/7.status").ok()
    assert "CANARY" not in m.sh("cat .rosterfs/log").ok().out
    assert b"CANARY" not in pathlib.Path(f"/proc/{m.pid}/cmdline").read_bytes()
    assert m.sandbox.counts()["leaks"] == 0


def test_background(mount):
    m = mount(background=True)
    assert m.sh("cat cj/MANUAL").ok().out.strip()
    assert m.unmount().code == 0
    m.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_unmounts(mount, number):
    m = mount()
    m.sh("ls partnerize").ok()
    os.kill(m.pid, number)
    assert m.wait() == 0
    assert harness.mount_entry(m.path) is None


def test_error_in_config(mount, sandbox):
    box = sandbox(users=1)
    with pytest.raises(harness.MountFailed) as caught:
        mount(box, {"partnerize": {"no_such_key": "1"}})
    assert caught.value.code != 0
    assert len(caught.value.err.strip().splitlines()) == 1
    assert "no_such_key" in caught.value.err


def test_document_is_pretty(mount):
    m = mount()
    text = m.sh("cat partnerize/7.json").ok().out
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
