# SPDX-License-Identifier: Apache-2.0
"""At the start of the machine: mount(8), fstab, systemd's units and messages, what a killed rosterfs left."""

import os
import re
import signal
import sys

import pytest

import boot_units
import harness
from test_lifecycle import GONE, privately

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mount(8) needs root")
NOBODY = 65534
# systemd-analyze security: the exposure of the unit times ten. What is left out has its reason in the unit.
EXPOSURE = 38


@pytest.fixture
def run(env, test_dir):
    """run(WORD, ...): a harness.Result."""
    test_dir.mkdir(exist_ok=True)
    path = f"{env.get('PATH', os.defpath)}:/usr/sbin:/sbin"

    def start(*words, **more):
        command = harness.Command([str(word) for word in words], None, None, {**env, "PATH": path, **more})
        try:
            return command.finish(30)
        finally:
            command.close()
    return start


@pytest.fixture
def folder(test_dir, run):
    """A mount point; whatever is mounted there at the end is unmounted."""
    path = test_dir / "a mnt"
    test_dir.mkdir(exist_ok=True)
    path.mkdir()
    yield path
    while harness.mount_entry(path):
        pid = daemon_of(path)
        run("umount", "-l", path).ok()
        if pid:
            harness.wait_until(lambda gone=pid: not harness.running(gone), 20 * harness.SCALE, "the daemon to end")


def daemon_of(path):
    for entry in os.listdir("/proc"):
        try:
            words = harness.pathlib.Path("/proc", entry, "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if entry.isdigit() and os.fsencode(str(path)) in words and words[0].endswith(b"rosterfs"):
            return int(entry)
    return 0


def write_config(box, path, extra=None):
    path.parent.mkdir(exist_ok=True)
    path.touch(0o600)
    path.write_text(box.config(extra))
    return path


def wait_gone(path):
    pid = daemon_of(path)
    return lambda: harness.wait_until(lambda: not harness.running(pid), 20 * harness.SCALE, "the daemon to end")


# ---- mount(8) ----

# rosterfs and mount.rosterfs where mount(8) finds them, which looks into no other folder than /sbin and runs
# helpers without PATH. All of it in a mount namespace of its own.
INSTALLED = """set -eu
trap 'umount -l "$DIR" 2>/dev/null || :' EXIT
mkdir "$OWN/bin" "$OWN/sbin"
cp "$PROGRAM" "$OWN/bin/rosterfs"
cp "$HELPER" "$OWN/sbin/mount.rosterfs"
mount --bind "$OWN/bin" /usr/local/bin
mount -t overlay -o "lowerdir=$OWN/sbin:/usr/sbin" overlay /usr/sbin
fail() { echo "wrong: $*" >&2; exit 1; }
refused() {
    words=$("$@" 2>&1) && fail "$* succeeded"
    echo "$words"
}
has() { grep -qF -e "$1" || fail "no '$1'"; }
"""


@pytest.fixture
def installed(sandbox, test_dir, folder, run):
    """installed(SCRIPT) runs it with $CONFIG and $DIR, and rosterfs installed."""
    config = write_config(sandbox(users=5), test_dir / "rosterfs.conf")

    def start(script, **variables):
        where = {"CONFIG": str(config), "DIR": str(folder), "OWN": str(test_dir), "HELPER": str(boot_units.UNITS / "mount.rosterfs"),
                 "PROGRAM": str(harness.BUILD / "rosterfs"), **variables}
        return run(sys.executable, harness.TOP / "tests/mount/private_namespace.py", "sh", "-c", INSTALLED + script,
                   **where).ok()
    return start


@needs_root
def test_fstab(installed, test_dir, folder):
    """With all that people write there; remount says what to do instead; umount ends the daemon."""
    fstab = test_dir / "fstab"
    fstab.write_text(f"{test_dir}/rosterfs.conf {str(folder).replace(' ', chr(92) + '040')} fuse.rosterfs "
                     "_netdev,noauto,nofail,x-systemd.automount,x-systemd.requires=network.target,user,rw,exec,nosuid,"
                     "clean_stale,comment=x,X-mount.mkdir 0 0\n")
    installed("""
mount -T "$FSTAB" "$DIR"
cat "$DIR/partnerize/3.json" >"$OWN/shown"
grep -F 'a\\040mnt fuse.rosterfs' /proc/mounts | has ' rw,nosuid,'
refused mount -T "$FSTAB" -o remount,ro "$DIR" >"$OWN/words"
has 'remount is not possible: for other mount options, unmount and mount again' <"$OWN/words"
has 'kill -HUP' <"$OWN/words"
echo inactive >"$DIR/partnerize/3.status"
umount "$DIR"
ls "$DIR" >"$OWN/left"
""", FSTAB=str(fstab))
    assert '"user_id": "3"' in (test_dir / "shown").read_text()
    assert (test_dir / "left").read_text() == ""


@needs_root
def test_mount_rosterfs(installed, test_dir):
    """`mount -t rosterfs`, and the helper with what it is called with."""
    installed("""
mount -t rosterfs -o ro,_netdev "$CONFIG" "$DIR"
cat "$DIR/partnerize/3.json" >"$OWN/shown"
refused sh -c 'echo inactive >"$DIR/partnerize/3.status"' | has 'Read-only'
refused mount -o remount,rw "$DIR" | has 'remount is not possible'
umount "$DIR"
mount -f -t rosterfs "$CONFIG" "$DIR"
[ -z "$(ls "$DIR")" ] || fail 'mounted, although it was to be tried only'
mount.rosterfs "$CONFIG" "$DIR" -sv -n -t rosterfs
[ -e "$DIR/partnerize/3.json" ] || fail 'not mounted'
umount "$DIR"
refused mount.rosterfs "$CONFIG" "$DIR" -N /proc/1/ns/mnt | has nsenter
refused mount.rosterfs "$CONFIG" | has usage
refused mount.rosterfs "$CONFIG" "$DIR" more | has 'one argument too many: more'
""")
    assert '"user_id": "3"' in (test_dir / "shown").read_text()


def test_a_vendor_is_down(mount):
    """No name server, nothing that listens: it mounts all the same, and asks nobody."""
    m = mount(config="[partnerize]\nbase_url = http://127.0.0.1:9\napplication_key = a\nuser_api_key = b\nauth = headers\n"
                     "paging = page\n[elasticpath]\nbase_url = https://rosterfs.invalid\nclient_id = a\nclient_secret = b\n"
                     "[cj]\n")
    assert m.sh("ls").ok().out.split() == ["README", "by-email", "cj", "elasticpath", "partnerize", "tables"]
    status = m.sh("cat .rosterfs/status").ok().out
    assert re.search(r"^partnerize +- +- +0 +0 not fetched yet$", status, re.M)
    assert m.sh("ls partnerize").code != 0
    assert m.sh("cat cj/MANUAL").ok().out


# ---- what a killed one left ----

def kill_rosterfs(m):
    """Kill the daemon of M, whose mount stays."""
    harness.kill(m.pid)
    m.process.wait(20 * harness.SCALE)
    m.ended = True
    with pytest.raises(OSError, match="Transport endpoint"):
        os.statvfs(m.path)


def test_stale(mount, sandbox, run):
    box = sandbox(users=5)
    m = mount(box)
    result = run(harness.BUILD / "rosterfs", "-o", "clean_stale", m.config_file, m.path)
    assert result.code == 1 and "rosterfs is mounted here already" in result.err
    m.sh("cat partnerize/3.json").ok()
    kill_rosterfs(m)
    try:
        check_stale(m, run)
    finally:
        while harness.mount_entry(m.path):
            run("fusermount3", "-u", "-z", m.path).ok()


def check_stale(m, run):
    result = run(harness.BUILD / "rosterfs", m.config_file, m.path)
    assert result.code == 1
    assert result.err == (f"rosterfs: {m.path}: stale mount of a rosterfs that was killed; run fusermount3 -u -z "
                          f"{m.path} first, or mount with -o clean_stale, which does it\n")
    run(harness.BUILD / "rosterfs", "-o", "clean_stale", m.config_file, m.path).ok()
    assert "3.json" in os.listdir(m.path / "partnerize")
    # it is the only one there
    gone = wait_gone(m.path)
    run("fusermount3", "-u", m.path).ok()
    gone()
    assert not harness.mount_entry(m.path)


@needs_root
def test_only_stale_mounts_are_cleaned(sandbox, folder, test_dir, run):
    """Another file system, alive or dead, stays."""
    config = write_config(sandbox(users=5), test_dir / "rosterfs.conf")
    run("mount", "-t", "tmpfs", "none", folder).ok()
    (folder / "file").write_text("mine\n")
    result = run(harness.BUILD / "rosterfs", "-o", "clean_stale", config, folder)
    assert result.code == 1 and "the directory is not empty" in result.err
    assert (folder / "file").read_text() == "mine\n"
    run("umount", folder).ok()
    run(harness.BUILD / "rosterfs", "-o", "subtype=other", config, folder).ok()
    pid = daemon_of(folder)
    harness.kill(pid)
    harness.wait_until(lambda: not harness.running(pid), 20 * harness.SCALE, "the daemon to end")
    result = run(harness.BUILD / "rosterfs", "-o", "clean_stale", config, folder)
    assert result.code == 1 and "stale mount" in result.err
    assert harness.mount_entry(folder)


@needs_root
def test_stale_of_a_user(sandbox, test_dir, env):
    """Cleaned through fusermount3."""
    folder = test_dir / "home"
    (folder / "mnt").mkdir(parents=True)
    config = write_config(sandbox(users=5), folder / "rosterfs.conf")
    for path in (folder, folder / "mnt", config):
        os.chown(path, NOBODY, NOBODY)
    test_dir.chmod(0o755)
    test_dir.parent.chmod(0o755)
    result = privately(f"""
        $nobody rosterfs -o clean_stale {config} "$MNT"
        kill -KILL $(pgrep -f "^[^ ]*rosterfs .*$MNT")
        {GONE}
        ! $nobody ls "$MNT" 2>/dev/null
        $nobody rosterfs -o clean_stale {config} "$MNT"
        $nobody ls "$MNT/partnerize"
        $nobody fusermount3 -u "$MNT"
        {GONE}
        echo ended""", [folder / "mnt"], env)
    assert result.code == 0 and "5.json" in result.lines() and result.lines()[-1] == "ended", repr(result)
    assert not harness.mount_entry(folder / "mnt")


# ---- systemd ----

def test_messages(sandbox, mount, test_dir):
    """sd_notify: ready when it is mounted, reloading and ready again, what is wrong, stopping."""
    test_dir.mkdir(exist_ok=True)
    box = sandbox(users=5)
    with boot_units.manager(test_dir / "notify") as manager:
        m = mount(box, extra_env={"NOTIFY_SOCKET": manager.path})
        m.allowed = re.compile("^rosterfs: .*unknown key")
        message = manager.hear()
        assert message["READY"] == "1" and message["STATUS"] == f"Mounted at {m.path}: 2 vendors"
        m.sh("ls partnerize").ok()
        assert manager.hear() == {"STATUS": "2 vendors, 5 users known"}
        box.fault(fault="status", status=403, path="/user", times=1)
        m.sh("echo all > .rosterfs/refresh; ls partnerize")
        message = manager.hear()
        assert message["STATUS"].startswith("2 vendors, 5 users known; last error: partnerize: GET /user?")
        os.kill(m.pid, signal.SIGHUP)
        message = manager.hear()
        assert message["RELOADING"] == "1" and int(message["MONOTONIC_USEC"]) > 0
        message = manager.hear()
        assert message["READY"] == "1" and message["STATUS"].startswith("config: read again at ")
        m.config_file.write_text(m.config_file.read_text() + "\n[x]\n")
        os.kill(m.pid, signal.SIGHUP)
        assert "RELOADING" in manager.hear()
        message = manager.hear()
        assert message["READY"] == "1" and "it has errors" in message["STATUS"]
        m.unmount()
        assert manager.hear()["STOPPING"] == "1"


def test_abstract_socket(mount):
    with boot_units.manager("\0rosterfs-test-" + str(os.getpid())) as manager:
        m = mount(config="[cj]\n", extra_env={"NOTIFY_SOCKET": "@" + manager.path[1:]})
        assert manager.hear()["READY"] == "1"
        m.unmount()


def test_nobody_listens(mount):
    m = mount(config="[cj]\n", extra_env={"NOTIFY_SOCKET": "/nonexistent"})
    os.kill(m.pid, signal.SIGHUP)
    harness.wait_until(lambda: "config: read again" in m.log(), 20 * harness.SCALE, "the config to be read")
    m.sh("ls cj").ok()


def test_units(test_dir, run):
    """systemd accepts them all, and the service is as closed as a mount allows."""
    units = test_dir / "units"
    units.mkdir(parents=True, exist_ok=True)
    names = ("rosterfs@.service", "rosters.mount", "rosters.automount")
    service = boot_units.unit(units, names[0])
    for name in names[1:]:
        (units / name).write_text((boot_units.UNITS / name).read_text())
    for name in names:
        result = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", units / name)
        assert (result.code, result.out + result.err) == (0, ""), name
    user = boot_units.unit(test_dir / "user", names[0], boot_units.UNITS / "user" / names[0])
    result = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", "--user", user,
                 XDG_RUNTIME_DIR=str(test_dir))
    assert (result.code, result.out + result.err) == (0, "")
    result = run("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}", service)
    assert result.code == 0, result.out[-200:]


# Settings that give a service a mount namespace of its own (systemd.exec(5), exec_needs_mount_namespace).
HIDING = ("ProtectSystem ProtectHome PrivateTmp PrivateDevices PrivateMounts ProtectKernelTunables ProtectKernelModules "
          "ProtectKernelLogs ProtectControlGroups ProtectProc ProcSubset PrivateIPC ReadOnlyPaths InaccessiblePaths "
          "TemporaryFileSystem BindPaths RootDirectory MountFlags PrivateUsers DynamicUser").split()


def test_nothing_hides_the_mount():
    """No unit has a setting that would; the system's names each of them with its reason."""
    for path in (boot_units.UNITS / "rosterfs@.service", boot_units.UNITS / "user/rosterfs@.service"):
        text = path.read_text()
        settings = {line.split("=")[0] for line in text.splitlines() if "=" in line and line[0] not in "#["}
        assert not settings & set(HIDING), path
    text = (boot_units.UNITS / "rosterfs@.service").read_text()
    reasons = text[text.index("# Left out:"):]
    for name in HIDING:
        assert name in reasons


def test_the_unit_as_it_is(sandbox, mount, test_dir):
    """The command line of the unit mounts, with capabilities as the unit has them."""
    if os.geteuid() != 0:
        pytest.skip("becomes root without capabilities")
    text = (boot_units.UNITS / "rosterfs@.service").read_text()
    options = re.search(r"^ExecStart=/usr/local/bin/rosterfs -f -o (\S+) ", text, re.M)[1]
    caps = re.search(r"^CapabilityBoundingSet=CAP_(\w+)$", text, re.M)[1].lower()
    m = mount(sandbox(users=5), options=["-o", options],
              wear=["setpriv", "--no-new-privs", f"--bounding-set=-all,+{caps}", f"--inh-caps=-all"])
    m.sh("cat partnerize/3.json && echo inactive > partnerize/3.status").ok()
    capabilities = re.search(r"^CapEff:\s*(\w+)$", harness.pathlib.Path(f"/proc/{m.pid}/status").read_text(), re.M)[1]
    assert int(capabilities, 16) == 1 << 21
