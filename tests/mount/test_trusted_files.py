# SPDX-License-Identifier: Apache-2.0
"""Files that decide where keys go and which commands run: only root and the user who mounts may write them."""

import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import time

import pytest

import harness

NOBODY = 65534
WORD = "CANARY"
MODES = [0o602, 0o620, 0o622, 0o664, 0o666]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user")


class Desk:
    """A config and its files in a directory, which --check reads."""

    def __init__(self, folder, env, box):
        self.folder, self.env, self.box = folder, env, box
        folder.mkdir(exist_ok=True)
        self.config = self.write("rosterfs.conf", box.config())

    def write(self, name, text, mode=0o600):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.touch(0o600)
        path.write_text(text)
        path.chmod(mode)
        return path

    def change(self, extra):
        self.config.write_text(self.box.config(extra))

    def check(self, *wear):
        return subprocess.run([*wear, str(harness.BUILD / "rosterfs"), "--check=quick", str(self.config)], env=self.env,
                              stdin=subprocess.DEVNULL, text=True, capture_output=True, check=False,
                              timeout=20 * harness.SCALE)

    def refused(self, path, *words):
        """--check names PATH and says WORDS, in one line, and asks the vendor nothing."""
        self.box.reset()
        result = self.check()
        assert result.returncode == 2, result
        assert len(result.stderr.splitlines()) == 1, result.stderr
        for word in (str(path), *words):
            assert word in result.stderr, result.stderr
        assert WORD not in result.stderr + result.stdout
        assert self.box.counts()["total"] == 0


def keys(box):
    return dict(re.findall(r"(application_key|user_api_key) = (\S+)", box.config()))


@pytest.fixture
def desk(test_dir, env, sandbox):
    return Desk(test_dir / "desk", env, sandbox(users=3))


@pytest.fixture
def kinds(desk):
    """The kinds of trusted files: {kind: (path, mode)}, all in use by the config."""
    home = pathlib.Path(desk.env["HOME"]) / ".config/rosterfs/vendors"
    home.mkdir(parents=True, exist_ok=True)
    text = (harness.TOP / "descriptions/okta.vendor").read_text()
    made = {"key": desk.write("user.key", keys(desk.box)["user_api_key"] + "\n"),
            "notice": desk.write("notice.txt", "Call them.\n"),
            "ca": desk.write("ca.pem", "no certificate\n"),
            "description": desk.write("acme.vendor", text),
            "folder": home / "acme2.vendor"}
    made["folder"].write_text(text)
    made["folder"].chmod(0o600)
    desk.change({"partnerize": {"user_api_key": None, "user_api_key_file": made["key"].name,
                                "ca_file": made["ca"].name},
                 "hand": {"type": "manual", "notice_file": made["notice"].name},
                 "acme": {"type": "acme", "domain": "acme.okta.com", "token_env": "NO_SUCH_TOKEN"},
                 "acme2": {"type": "acme2", "domain": "acme.okta.com", "token_env": "NO_SUCH_TOKEN"}})
    yield made
    made["folder"].unlink()


KINDS = ("key", "notice", "ca", "description", "folder")


def faults(desk, path):
    """What --check says of PATH: lines. (Other lines are about the tokens that are missing.)"""
    result = desk.check()
    assert result.returncode == 2 and WORD not in result.stderr, result
    return [line for line in result.stderr.splitlines() if str(path) in line and "token_env" not in line]


# ---- who can write ----

def test_all_is_well(desk, kinds):
    for path in kinds.values():
        assert not faults(desk, path)


@pytest.mark.parametrize("mode", MODES)
def test_a_config_that_others_can_write(desk, mode):
    desk.config.chmod(mode)
    desk.refused(desk.config, "can write the file", "chmod go-w")
    desk.config.chmod(0o600)
    assert desk.check().returncode == 0


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_others_can_write(desk, kinds, kind, mode):
    kinds[kind].chmod(mode)
    line, = faults(desk, kinds[kind])
    assert "write the file" in line and re.search("chmod go-r?w ", line), line


@needs_root
@pytest.mark.parametrize("kind", ["config", *KINDS])
def test_a_file_of_another_user(desk, kinds, kind):
    path = kinds.get(kind, desk.config)
    os.chown(path, NOBODY, 0)
    assert any("belongs to another user" in line and "chown 0 " in line for line in faults(desk, path))


@needs_root
def test_a_user_takes_files_of_root(desk):
    """And own ones, but root takes none of a user."""
    for folder in (desk.folder, desk.folder.parent, desk.folder.parent.parent):
        folder.chmod(0o755)
    program = desk.folder / "rosterfs"
    program.write_bytes((harness.BUILD / "rosterfs").read_bytes())
    program.chmod(0o755)
    desk.change({"partnerize": {"application_key": None, "application_key_env": "KEY_A", "user_api_key": None,
                                "user_api_key_env": "KEY_B"}})
    desk.config.chmod(0o644)
    desk.env = {**desk.env, "KEY_A": keys(desk.box)["application_key"], "KEY_B": keys(desk.box)["user_api_key"]}
    wear = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
    for owner, code in ((0, 0), (NOBODY, 0), (NOBODY - 1, 2)):
        os.chown(desk.config, owner, 0)
        result = subprocess.run([*wear, program, "--check=quick", desk.config], env=desk.env, text=True, timeout=30,
                                capture_output=True, check=False)
        assert result.returncode == code, result


def test_a_mount_and_a_reload(mount, desk, test_dir):
    """A mount refuses what --check refuses, and a mount that is up keeps what it has."""
    path = desk.write("user.key", keys(desk.box)["user_api_key"] + "\n")
    change = {"partnerize": {"user_api_key": None, "user_api_key_file": path}}
    path.chmod(0o666)
    with pytest.raises(harness.MountFailed, match="chmod go-rw"):
        mount(desk.box, change)
    path.chmod(0o600)
    m = mount(desk.box, change)
    m.allowed = re.compile("^rosterfs: ")
    m.sh("ls partnerize").ok()
    marker = test_dir / "ran"
    m.config_file.write_text(m.config_file.read_text() + f"[two]\ntype = manual\nnotice_file = {path}\n")
    for file, mode in ((m.config_file, 0o666), (path, 0o620)):
        file.chmod(mode)
        before = m.log().count("it has errors, so nothing was changed")
        m.sh(f"kill -HUP {m.pid}").ok()
        harness.wait_until(lambda count=before: m.log().count("it has errors, so nothing was changed") > count,
                           10 * harness.SCALE, "an error in the log")
        assert "group or others can write the file" in m.log()
        file.chmod(0o600)
    m.sh("echo all > .rosterfs/refresh; ls partnerize").ok()
    assert not marker.exists()


# ---- the directory of the config ----

@pytest.mark.parametrize("mode, good", [(0o700, True), (0o755, True), (0o777, False), (0o1777, True), (0o757, False)])
def test_the_directory(desk, mode, good):
    desk.folder.chmod(mode)
    if good:
        assert desk.check().returncode == 0
    else:
        desk.refused(desk.config, "replace the file", f"chmod go-w {desk.folder}")


@needs_root
def test_the_directory_of_a_group(desk):
    """The own group may be the user's alone, as with a umask of 002."""
    desk.folder.chmod(0o775)
    assert desk.check().returncode == 0
    os.chown(desk.folder, 0, NOBODY)
    desk.refused(desk.config, "replace the file", f"chmod g-w {desk.folder}")
    os.chown(desk.folder, NOBODY, 0)
    desk.refused(desk.config, "directory belongs to another user")


def test_the_directory_that_a_link_leads_to(desk, test_dir):
    shared = test_dir / "shared"
    shared.mkdir()
    desk.config.rename(shared / "real.conf")
    desk.config.symlink_to(shared / "real.conf")
    assert desk.check().returncode == 0
    shared.chmod(0o777)
    desk.refused(desk.config, f"chmod go-w {shared}")


# ---- what is no file ----

def make(path, kind):
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            here = os.getcwd()
            os.chdir(path.parent)  # its whole path may be too long
            one.bind(path.name)
            os.chdir(here)
    elif kind == "directory":
        path.mkdir(0o700)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else "/dev/tty")


@pytest.mark.parametrize("what", ["fifo", "socket", "device", "terminal", "directory"])
@pytest.mark.parametrize("kind", ["config", *KINDS])
def test_not_a_file(desk, kinds, kind, what):
    """It is said at once: a FIFO has no writer, and /dev/zero no end."""
    path = kinds.get(kind, desk.config)
    make(path, what)
    start = time.monotonic()
    result = desk.check()
    assert time.monotonic() - start < 10 * harness.SCALE
    assert result.returncode == 2, result
    if what == "terminal":  # without one, it cannot even be opened
        return
    lines = [line for line in result.stderr.splitlines() if "token_env" not in line]
    assert lines and ("not a regular file" in lines[0] or "s a directory" in lines[0]), result.stderr
    assert str(path) in lines[0] or what == "directory"
    if what == "directory":
        path.rmdir()
        path.touch()


def test_links_to_files(desk, kinds):
    """What counts is the file that a link leads to."""
    for path in (desk.config, *kinds.values()):
        path.rename(f"{path}.real")
        path.symlink_to(f"{path}.real")
        assert not faults(desk, path) or path == desk.config
    pathlib.Path(f"{kinds['key']}.real").chmod(0o602)
    assert len(faults(desk, kinds["key"])) == 1
    for path in kinds.values():
        path.unlink()
        pathlib.Path(f"{path}.real").rename(path)


def test_the_files_of_the_store(desk):
    """shared_key_file, shared_password_file and shared_ca_file."""
    made = {name: desk.write(name, "k" * 32) for name in ("shared_key_file", "shared_password_file", "shared_ca_file")}
    desk.change({"rosterfs": {"shared": f"unix:{desk.folder}/none.sock", **{name: name for name in made}}})
    if "built without" in desk.check().stderr:
        pytest.skip("this build has no store")
    assert desk.check().returncode == 1
    for name, path in made.items():
        for mode in MODES:
            path.chmod(mode)
            desk.refused(path, name, "chmod go-")
        path.chmod(0o600)
        make(path, "fifo")
        desk.refused(path, name, "it is a FIFO")
        path.unlink()
        desk.write(name, "k" * 32)


# ---- the files of lines ----

def audit(mount, path, key="audit_log", **rest):
    return mount(extra={"rosterfs": {key: path}}, **rest)


def refused_log(mount, path, *words, key="audit_log"):
    with pytest.raises(harness.MountFailed) as failure:
        audit(mount, path, key)
    said = failure.value.err
    assert failure.value.code == 2 and len(said.splitlines()) == 1, said
    for word in (key, *words):
        assert word in said, said


@pytest.mark.parametrize("key", ["audit_log", "changes_log"])
def test_a_log_that_is_a_fifo(mount, desk, key):
    path = desk.folder / "log"
    os.mkfifo(path)
    refused_log(mount, path, str(path), "it is a FIFO", key=key)
    # also while somebody reads it
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        refused_log(mount, path, str(path), "it is a FIFO", key=key)
    finally:
        os.close(reader)
    make(path, "socket")
    refused_log(mount, path, str(path), "it is a socket", key=key)


def test_a_log_that_is_a_device(mount):
    m = audit(mount, "/dev/null")
    m.sh("echo inactive > partnerize/7.status").ok()
    assert m.sandbox.user(7)["status"] == "inactive"


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@needs_root
@pytest.mark.parametrize("key", ["audit_log", "changes_log"])
@pytest.mark.parametrize("target", ["there", "missing"])
def test_a_log_by_a_link_of_another_user(mount, desk, key, target):
    """It would append to any file that the other user chooses."""
    victim, link = desk.folder / "victim", desk.folder / "log"
    if target == "there":
        victim.write_text("as it was\n")
    link.symlink_to(victim)
    os.lchown(link, NOBODY, NOBODY)
    refused_log(mount, link, str(link), "another user's symbolic link", key=key)
    assert target == "missing" or victim.read_text() == "as it was\n"
    assert victim.exists() == (target == "there")
    # nor by a directory
    (desk.folder / "real").mkdir()
    folder = desk.folder / "folder"
    folder.symlink_to("real")
    os.lchown(folder, NOBODY, NOBODY)
    refused_log(mount, folder / "log", "another user's symbolic link", key=key)
    assert not list((desk.folder / "real").iterdir())
    result = desk.check()
    assert result.returncode == 0
    desk.change({"rosterfs": {key: link}})
    desk.refused(link, "another user's symbolic link")


def test_a_log_by_an_own_link(mount, desk):
    """Relative, absolute, of a directory, to a file that is not there yet; and a rotation of what it leads to."""
    (desk.folder / "real").mkdir()
    (desk.folder / "folder").symlink_to("./real/../real")
    (desk.folder / "real/log").symlink_to(desk.folder / "second")
    (desk.folder / "second").symlink_to("third")
    m = audit(mount, desk.folder / "folder/log")
    m.sh("echo inactive > partnerize/7.status").ok()
    real = desk.folder / "third"
    assert [line["outcome"] for line in lines(real)] == ["sending", "done"]
    assert real.stat().st_mode & 0o777 == 0o600
    real.rename(desk.folder / "third.1")
    m.sh("echo inactive > partnerize/8.status").ok()
    assert [line["id"] for line in lines(real)] == ["8", "8"]


def test_links_without_an_end(mount, desk):
    (desk.folder / "log").symlink_to("log")
    refused_log(mount, desk.folder / "log", "symbolic links")


@needs_root
def test_a_link_that_comes_later(mount, desk):
    """Where a log was rotated away, another user puts a link."""
    log, victim = desk.folder / "log", desk.folder / "victim"
    victim.write_text("as it was\n")
    m = audit(mount, log)
    m.sh("echo inactive > partnerize/7.status").ok()
    log.rename(desk.folder / "log.1")
    log.symlink_to(victim)
    os.lchown(log, NOBODY, NOBODY)
    assert m.sh("echo inactive > partnerize/8.status").code != 0
    assert victim.read_text() == "as it was\n"
    assert m.sandbox.user(8)["status"] == "active"
    log.unlink()
    m.sh("echo inactive > partnerize/8.status").ok()
    assert len(lines(log)) == 2


@pytest.mark.parametrize("key", ["audit_log", "changes_log"])
@pytest.mark.parametrize("way", ["name", "symlink", "hard link"])
def test_a_log_that_is_the_config(desk, key, way):
    path = desk.config
    if way != "name":
        path = desk.folder / "log"
        if way == "symlink":
            path.symlink_to(desk.config)
        else:
            os.link(desk.config, path)
    desk.change({"rosterfs": {key: path}})
    before = desk.config.read_bytes()
    desk.refused(path, f"{desk.config}:", key, "is this config file")
    assert desk.config.read_bytes() == before


@pytest.mark.parametrize("key", ["audit_log", "changes_log"])
def test_a_log_in_the_mount(mount, desk, test_dir, key):
    refused_log(mount, test_dir / "mount1/mnt/log", "below the mount point", key=key)
    link = desk.folder / "log"
    link.symlink_to(test_dir / "mount2/mnt/log")
    refused_log(mount, link, "below the mount point", key=key)
    with contextlib.suppress(OSError):
        (test_dir / "mount2/mnt/log").unlink()
