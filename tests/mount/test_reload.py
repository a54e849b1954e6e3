# SPDX-License-Identifier: Apache-2.0
"""SIGHUP reads the config and its secrets again: no request fails, and none has the old key afterwards."""

import fcntl
import json
import os
import pty
import re
import signal
import subprocess
import termios
import threading

import pytest

import harness

NEW = "sandbox-new-key-CANARY-77e1"
KEYS = {"partnerize": "user_api_key", "elasticpath": "client_secret"}
READ = re.compile(r"config: (?:read again: (\d+) changes?|it has errors, so nothing was changed)$", re.M)


def change(m, extra):
    m.config_file.write_text(harness.merge_config(m.config_file.read_text(), extra))


def hang_up(m):
    """SIGHUP, and wait until the config is read. Returns the lines of the log that it brought."""
    before = m.log()
    count = len(READ.findall(before))
    os.kill(m.pid, signal.SIGHUP)
    harness.wait_until(lambda: len(READ.findall(m.log())) > count, 40 * harness.SCALE, "the config to be read again")
    return m.log()[len(before):]


def refresh(folder):
    (folder.parent / ".rosterfs/refresh").write_text(folder.name + "\n")


def read(m, path="partnerize/3.json"):
    """Read PATH anew from the vendor."""
    m.sh(f"echo all > .rosterfs/refresh; cat {path}").ok()


def keys_of(entries):
    return {entry["key"] for entry in entries if entry["key"]}


class Load(threading.Thread):
    """Lists, reads and writes record NAME of FOLDER in turn, each anew from the vendor. Any error ends it."""

    def __init__(self, folder, name):
        super().__init__(daemon=True)
        self.folder, self.file = folder, folder / name
        self.field = "lastname" if folder.name == "partnerize" else "name"
        self.turns = 0
        self.error = None
        self.ending = False

    def run(self):
        try:
            while not self.ending:
                refresh(self.folder)
                record = json.loads(self.file.read_text())
                record[self.field] = f"Number {self.turns}"
                self.file.write_text(json.dumps(record))
                refresh(self.folder)
                os.listdir(self.folder)
                self.turns += 1
        except OSError as error:
            self.error = error


def run_on(loads):
    """Until each of LOADS has ended what it was doing, and has done something more."""
    since = {load: load.turns for load in loads}

    def done():
        for load in loads:
            assert load.error is None, load.error
        return all(load.turns >= since[load] + 2 for load in loads)
    harness.wait_until(done, 60 * harness.SCALE, "all readers and writers to go on")


@pytest.mark.parametrize("vendor", ["partnerize", "elasticpath"])
def test_a_new_key_under_load(sandbox, mount, vendor):
    box = sandbox(users=25, vendors=vendor)
    box.settings(other_key=NEW)
    m = mount(box, {vendor: {"lag": 0}})
    folder = m.path / vendor
    names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))[1:7]
    loads = [Load(folder, name) for name in names]
    for load in loads:
        load.start()
    try:
        run_on(loads)
        assert keys_of(box.journal()) == {"own"}
        change(m, {vendor: {KEYS[vendor]: NEW}})
        told = hang_up(m)
        assert f"config: [{vendor}] {KEYS[vendor]}: the new one is used from now on" in told
        assert "config: read again: 1 change\n" in told
        # what was in flight has ended
        run_on(loads)
        after = max(entry["n"] for entry in box.journal())
        box.settings(own_key_refused=True)
        run_on(loads)
        run_on(loads)
    finally:
        for load in loads:
            load.ending = True
        for load in loads:
            load.join()
    assert [load.error for load in loads] == [None] * len(loads)
    entries = box.journal()
    assert keys_of(entry for entry in entries if entry["n"] > after) == {"other"}
    assert not [entry for entry in entries if entry["status"] == 401]
    # and nothing shows either
    assert "CANARY" not in m.log() + m.sh("cat .rosterfs/status").ok().out


def test_a_request_in_flight(sandbox, mount):
    """It went out with the old key, which is refused by then: it is repeated with the new one."""
    box = sandbox(users=5)
    box.settings(other_key=NEW)
    m = mount(box)
    box.fault(fault="stall", method="GET", path="/user/3", times=1)
    box.fault(fault="stall", method="GET", path="/user", times=1)
    # in this order: a list that is being fetched would have the record, too
    commands = [m.spawn("cat partnerize/3.json")]
    box.wait_held("GET", "/user/3")
    commands.append(m.spawn("ls partnerize"))
    box.wait_held("GET", "/user")
    change(m, {"partnerize": {"user_api_key": NEW}})
    hang_up(m)
    box.settings(own_key_refused=True)
    box.clear_faults()
    for command in commands:
        command.finish(20).ok()
    for path in ("/user/3", "/user"):
        got = [(entry["key"], entry["status"]) for entry in box.journal() if entry["path"] == path]
        assert got[:2] == [("own", 401), ("other", 200)], path


def test_a_request_that_waits(sandbox, mount):
    """It waits for its next try with the old key: the try is made with the new one."""
    box = sandbox(users=5)
    box.settings(other_key=NEW)
    m = mount(box)
    box.fault(fault="status", status=503, method="GET", path="/user/3", times=1, retry_after=10)
    command = m.spawn("cat partnerize/3.json")
    harness.wait_until(lambda: any(entry["status"] == 503 for entry in box.journal()), 20 * harness.SCALE, "the 503")
    change(m, {"partnerize": {"user_api_key": NEW}})
    hang_up(m)
    box.settings(own_key_refused=True)
    command.finish(40).ok()
    tries = [(entry["key"], entry["status"]) for entry in box.journal() if entry["path"] == "/user/3"]
    assert tries[0] == ("own", 503) and set(tries[1:]) == {("other", 200)}


def test_a_token_under_way(sandbox, mount):
    """It is asked for with the old secret: it is not used, and the next one is asked for with the new one."""
    box = sandbox(vendors="elasticpath")
    box.settings(other_key=NEW)
    m = mount(box)
    box.fault(fault="stall", method="POST", path="/oauth/access_token", times=1)
    command = m.spawn("ls elasticpath")
    box.wait_held("POST", "/oauth/access_token")
    change(m, {"elasticpath": {"client_secret": NEW}})
    hang_up(m)
    box.clear_faults()
    command.finish(20).ok()
    entries = box.journal()
    tokens = [entry["key"] for entry in entries if entry["path"] == "/oauth/access_token"]
    assert tokens == ["own", "other"]
    assert keys_of(entry for entry in entries if entry["path"] != "/oauth/access_token") == {"other"}


def test_refused_until_now(sandbox, mount):
    box = sandbox(users=5)
    m = mount(box, {"partnerize": {"user_api_key": "wrong"}})
    assert "rejected" in m.sh("ls partnerize").err
    assert "refuses the keys" in m.sh("cat .rosterfs/status").ok().out
    change(m, {"partnerize": {"user_api_key": box.config().split("user_api_key = ")[1].split()[0]}})
    hang_up(m)
    assert "3.json" in m.sh("ls partnerize").ok().out
    assert "refuses the keys" not in m.sh("cat .rosterfs/status").ok().out


def test_errors_change_nothing(sandbox, mount):
    box = sandbox(users=5)
    m = mount(box)
    m.allowed = re.compile(r"^rosterfs: .*rosterfs\.conf:\d+: (unknown key|ttl must be)")
    change(m, {"partnerize": {"user_api_key": "wrong", "tttl": 5}, "rosterfs": {"status_limit": 3},
               "cj": {"ttl": "soon"}})
    told = hang_up(m)
    assert "unknown key tttl; did you mean ttl?" in told and told.count("rosterfs.conf:") == 2
    status = m.sh("cat .rosterfs/status").ok().out
    assert "but it has errors, so nothing was changed" in status and "100 of 100 changes left" in status
    assert len([line for line in m.stderr().splitlines() if "rosterfs.conf:" in line]) == 2
    m.sh("ls partnerize").ok()
    assert keys_of(box.journal()) == {"own"}
    # mended, it is over
    change(m, {"partnerize": {"user_api_key": None, "tttl": None, "application_key": None}, "cj": {"ttl": None}})
    change(m, {"partnerize": dict(re.findall(r"(application_key|user_api_key) = (\S+)", box.config()))})
    hang_up(m)
    status = m.sh("cat .rosterfs/status").ok().out
    assert "errors" not in status and "config: read again at" in status and "3 of 3 changes left" in status


def test_what_changes(sandbox, mount):
    """Values that may change do so at once; the others, and sections, are named."""
    box = sandbox(users=5, vendors="partnerize,elasticpath")
    m = mount(box, {"partnerize": {"max_users": 100}})
    m.allowed = re.compile(r"^rosterfs: config: ")
    m.sh("ls partnerize").ok()
    change(m, {"partnerize": {"max_users": 2, "parallel": 3, "poll": 60, "allow_delete": "yes"},
               "rosterfs": {"status_limit": 7, "scratch_limit": "1M"}, "other": {"type": "cj"}})
    text = m.config_file.read_text()
    start, end = text.index("[elasticpath]"), text.index("[rosterfs]")
    m.config_file.write_text(text[:start] + text[end:])
    told = hang_up(m)
    assert "config: [partnerize] max_users = 2 from now on, in place of 100" in told
    assert "config: [partnerize] allow_delete = yes from now on" in told
    for line in ("config: [partnerize] poll, parallel: changed, but not applied; unmount and mount to apply",
                 "config: [rosterfs] scratch_limit: changed, but not applied; unmount and mount to apply",
                 "config: [other] is new; unmount and mount to apply",
                 "config: [elasticpath] is missing; it stays until you unmount"):
        assert line in told and f"rosterfs: {line}\n" in m.stderr()
        assert line.split(";")[0].split(", but")[0] in m.sh("cat .rosterfs/status").ok().out
    assert "max_users" in m.sh("echo all > .rosterfs/refresh; ls partnerize").err + m.log()
    assert "7 of 7 changes left" in m.sh("cat .rosterfs/status").ok().out
    assert m.sh("ls").ok().out.split() == ["README", "by-email", "elasticpath", "partnerize", "tables"]
    # it is the same as before: nothing is taken twice
    assert "config: read again: 0 changes" in hang_up(m)


def test_places_of_secrets(sandbox, mount, test_dir):
    """A file and a command are read again although the config is the same; the environment cannot be."""
    box = sandbox(users=5)
    box.settings(other_key=NEW)
    own = dict(re.findall(r"(application_key|user_api_key) = (\S+)", box.config()))
    secret, broken = test_dir / "secret", test_dir / "broken"
    secret.touch(0o600)
    secret.write_text(own["user_api_key"] + "\n")
    command = f"test ! -e {broken} && cat {secret}"
    m = mount(box, {"partnerize": {"application_key": None, "application_key_env": "APPLICATION_KEY",
                                   "user_api_key": None, "user_api_key_command": command}},
              extra_env={"APPLICATION_KEY": own["application_key"]})
    m.allowed = re.compile(r"^rosterfs: .*(the secret that it printed before stays|the secret stays)")
    read(m)
    broken.touch()
    told = hang_up(m)
    assert "user_api_key_command: the command ended with exit status 1; the secret that it printed before stays" in told
    assert "application_key_env: a running process gets no new environment; the secret stays" in told
    read(m)
    broken.unlink()
    secret.write_text(NEW + "\n")
    assert "config: [partnerize] user_api_key: the new one is used from now on" in hang_up(m)
    read(m)
    assert [entry["key"] for entry in box.journal()][-1] == "other"
    # another way to the same secret
    change(m, {"partnerize": {"user_api_key_command": None, "user_api_key_file": secret}})
    secret.write_text(own["user_api_key"] + "\n")
    hang_up(m)
    read(m)
    assert [entry["key"] for entry in box.journal()][-1] == "own"
    assert "CANARY" not in m.log() + m.stderr()


def test_a_slow_command(sandbox, mount, test_dir):
    """It holds up neither readers nor the end."""
    box = sandbox(users=5)
    slow = test_dir / "slow"
    command = f"test ! -e {slow} || sleep 1000; echo " + re.search(r"user_api_key = (\S+)", box.config())[1]
    m = mount(box, {"partnerize": {"user_api_key": None, "user_api_key_command": command}})
    slow.touch()
    os.kill(m.pid, signal.SIGHUP)
    harness.wait_until(lambda: b"sleep\0001000" in b"".join(children(m.pid)), 20 * harness.SCALE, "the command")
    read(m, "partnerize/3.json .rosterfs/status")
    m.unmount()
    m.wait()


def children(pid):
    """The command lines of all that PID has started, and so on."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        for child in harness.pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split():
            try:
                found.append(harness.pathlib.Path(f"/proc/{child}/cmdline").read_bytes())
                found += children(child)
            except OSError:
                continue
    return found


def test_in_the_background(sandbox, mount, test_dir):
    """The paths are those of the start, although the process has left its folder."""
    box = sandbox(users=5)
    box.settings(other_key=NEW)
    text = harness.merge_config(box.config(), {"partnerize": {"user_api_key": None, "user_api_key_command": "cat key"}})
    folder = test_dir / "here"
    folder.mkdir()
    secret = folder / "key"
    secret.write_text(re.search(r"user_api_key = (\S+)", box.config())[1])
    m = mount(box, config=text, background=True, wear=["env", "-C", str(folder)])
    read(m)
    secret.write_text(NEW)
    hang_up(m)
    read(m)
    assert box.journal()[-1]["key"] == "other"
    m.unmount()


def test_the_terminal_closes(env, test_dir):
    """With -f, the mount ends with the terminal that it was started from."""
    mountpoint, config = test_dir / "mnt", test_dir / "rosterfs.conf"
    mountpoint.mkdir(parents=True)
    config.write_text("[cj]\n")
    end, terminal = pty.openpty()

    def take_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    # pylint: disable=subprocess-popen-preexec-fn
    with subprocess.Popen([harness.BUILD / "rosterfs", "-f", config, mountpoint], stdin=terminal, stdout=terminal,
                          stderr=terminal, env=env, preexec_fn=take_terminal) as process:
        os.close(terminal)
        try:
            harness.wait_until(lambda: harness.mount_entry(mountpoint), 20 * harness.SCALE, "the mount")
            # a signal alone is no end
            os.kill(process.pid, signal.SIGHUP)
            log = mountpoint / ".rosterfs/log"
            harness.wait_until(lambda: "read again" in log.read_text(), 20 * harness.SCALE, "the config to be read")
            os.close(end)
            process.wait(20 * harness.SCALE)
        finally:
            process.terminate()
    assert process.returncode == 0 and not harness.mount_entry(mountpoint)
