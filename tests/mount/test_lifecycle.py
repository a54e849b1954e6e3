# SPDX-License-Identifier: Apache-2.0
"""Starting, going to the background, being unmounted, signalled and killed; and costing nothing when idle."""

import errno
import os
import pathlib
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import time

import pytest

import harness

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0,
                                reason="mounts as root, or becomes another user")
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")


def run(words, env, timeout=20, **rest):
    """A program of ours, from outside a mount: a harness.Result."""
    command = harness.Command([str(word) for word in words], None, None, {**env, **rest})
    try:
        return command.finish(timeout)
    finally:
        command.close()


@pytest.fixture
def rosterfs(env, test_dir):
    """rosterfs(ARGUMENT, ...) runs it to its end, which must come without a mount."""
    test_dir.mkdir(exist_ok=True)

    def start(*arguments, **rest):
        return run([harness.BUILD / "rosterfs", *arguments], env, **rest)
    return start


@pytest.fixture
def conf(test_dir):
    """conf(TEXT) writes a config file, private to its owner, and makes a mount point: their paths."""
    def make(text, mode=0o600, name="some.conf"):
        test_dir.mkdir(exist_ok=True)
        file = test_dir / name
        file.touch(0o600)
        file.write_text(text)
        file.chmod(mode)
        folder = test_dir / "somewhere"
        folder.mkdir(exist_ok=True)
        return file, folder
    return make


def refused(result, *words):
    """One line on stderr with WORDS, nothing on stdout, a status that is not zero."""
    assert result.code > 0, repr(result)
    assert result.out == ""
    assert result.err.startswith("rosterfs: ") and result.err.count("\n") == 1, repr(result)
    assert result.err.endswith("\n")
    for word in words:
        assert str(word) in result.err, repr(result)


# ---- the command line ----

def test_help_and_version(rosterfs):
    for option in ("--help", "-h"):
        result = rosterfs(option)
        assert result.code == 0 and result.err == ""
        for word in ("CONFIG MOUNTPOINT", "--check", "-o", "dry_run", "allow_other", "umask=",
                     "fusermount3 -u", ".rosterfs/log"):
            assert word in result.out
    for option in ("--version", "-V"):
        result = rosterfs(option)
        assert result.code == 0 and result.err == ""
        assert re.fullmatch(r"rosterfs \d+\.\d+\.\d+\n", result.out)


@pytest.mark.parametrize(("arguments", "words"), [
    ([], ["CONFIG and MOUNTPOINT"]),
    (["CONFIG"], ["MOUNTPOINT is missing"]),
    (["CONFIG", "FOLDER", "third"], ["too many", "third"]),
    (["--no-such", "CONFIG", "FOLDER"], ["--no-such"]),
    (["-x", "CONFIG", "FOLDER"], ["-x"]),
    (["-o", "dryrun", "CONFIG", "FOLDER"], ["dryrun"]),
    (["-o", "ro,umask=9", "CONFIG", "FOLDER"], ["umask="]),
    (["-o", "max_read=4096", "CONFIG", "FOLDER"], ["max_read="]),
    (["-o", "uid=jane", "CONFIG", "FOLDER"], ["uid="]),
    (["-o"], ["-o"]),
    (["--check", "CONFIG", "FOLDER"], ["--check"]),
    (["--check"], ["CONFIG"]),
    (["", "FOLDER"], ["CONFIG"]),
    (["/nowhere/at/all.conf", "FOLDER"], ["/nowhere/at/all.conf", "No such file"]),
    (["CONFIG", "/nowhere/at/all"], ["/nowhere/at/all", "No such file"]),
    (["CONFIG", "CONFIG"], ["some.conf", "not a directory"]),
    (["FOLDER", "FOLDER"], ["somewhere", "directory"]),
])
@pytest.mark.parametrize("way", [[], ["-f"]])
def test_refused_in_one_line(rosterfs, conf, arguments, words, way):
    file, folder = conf("[cj]\n")
    names = {"CONFIG": file, "FOLDER": folder}
    refused(rosterfs(*way, *[names.get(word, word) for word in arguments]), *words)
    assert harness.mount_entry(folder) is None


@pytest.mark.parametrize(("text", "line", "word"), [
    ("[cj]\nno_such = 1\n", 2, "no_such"),
    ("[cj]\n[partnerize]\nuser_api_key = b\nttl = 5\n", 2, "application_key"),
    ("[cj]\n\n[nobody]\n", 3, "nobody"),
    ("[cj]\n  notice_file = x\n", 2, "indented"),
    ("[partnerize]\napplication_key = a\nuser_api_key = b\nttl = soon\n", 4, "ttl"),
    ("[partnerize]\napplication_key = a\nuser_api_key = b\nparallel = 0\n", 4, "parallel"),
    ("[.rosterfs]\ntype = cj\n", 1, ".rosterfs"),
    ("[cj]\n[cj]\n", 2, "cj"),
    ("[cj]\nnotice_file = /nowhere/x.txt\n", 2, "notice_file"),
    ("# nothing\n", 0, "vendor"),
])
def test_bad_config(rosterfs, conf, text, line, word):
    file, folder = conf(text)
    for words in ([file, folder], ["--check", file], ["--explain", file, "cj/1.status", "inactive"]):
        result = rosterfs(*words)
        refused(result, f"{file}:{line}: " if line else f"{file}: ", word)
        assert result.code == 2


@pytest.mark.parametrize(("notice", "word"), [(b"", "empty"), (b"J\xfcrgen\n", "UTF-8")])
def test_bad_notice(rosterfs, conf, notice, word):
    file, folder = conf("[cj]\nnotice_file = notice.txt\n")
    file.with_name("notice.txt").write_bytes(notice)
    for words in ([file, folder], ["--check", file]):
        refused(rosterfs(*words), f"{file}:2: notice_file: ", word)


def test_line_ends_in_names_stay_in_one_line(rosterfs, conf):
    file, folder = conf("[cj]\n")
    refused(rosterfs("/no\nwhere", folder))
    refused(rosterfs(file, "/no\nwhere"))
    refused(rosterfs("-o", "a\nb", file, folder))


# ---- --check ----

def test_check(rosterfs, conf, sandbox):
    box = sandbox(users=5)
    file, _folder = conf(box.config())
    result = rosterfs("--check", file)
    assert result.code == 0 and result.err == "", repr(result)
    assert "partnerize: the key belongs to user 1\n" in result.out
    assert "partnerize: users can be listed\n" in result.out
    assert "cj: kept by hand" in result.out
    methods = {entry["method"] for entry in box.journal()}
    assert methods == {"GET"} and len(box.journal()) <= 3


def test_check_wrong_keys(rosterfs, conf, sandbox):
    box = sandbox(users=5)
    file, _folder = conf(box.config({"partnerize": {"user_api_key": "another"}}))
    result = rosterfs("--check", file)
    assert result.code > 0
    said = result.out + result.err
    assert "partnerize: GET /" in said and "refuses the keys in section [partnerize]" in said
    assert "another" not in said


def test_check_dead_vendor(rosterfs, conf, sandbox):
    box = sandbox(users=5)
    box.fault(fault="status", status=503, times=-1)
    file, _folder = conf(box.config({"partnerize": {"retry_budget": 1}}))
    result = rosterfs("--check", file)
    assert result.code > 0
    assert "503" in result.out + result.err or "the vendor says" in result.out + result.err
    assert 0.9 < result.seconds < 1 + harness.AT_ONCE


@pytest.mark.parametrize(("keys", "word"), [
    ({"user_api_key": None}, "user_api_key"),
    ({"user_api_key": None, "user_api_key_file": "/nowhere/key"}, "user_api_key_file"),
    ({"user_api_key": None, "user_api_key_env": "NO_SUCH_NAME"}, "user_api_key_env"),
    ({"user_api_key": None, "user_api_key_command": "exit 3"}, "exit status 3"),
    ({"user_api_key_env": "HOME"}, "user_api_key"),
])
def test_check_missing_secret(rosterfs, conf, sandbox, keys, word):
    box = sandbox(users=1)
    file, _folder = conf(box.config({"partnerize": keys}))
    refused(rosterfs("--check", file), file, word)
    assert box.counts()["total"] == 0


# ---- into the background ----

def descriptors(pid):
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            continue
    return found


def test_background_is_quiet(mount):
    m = mount(background=True)
    assert m.stderr() == ""
    # as soon as the command has ended, the mount answers
    assert "cj" in os.listdir(m.path)
    # a session of its own, no terminal, no folder that it keeps busy
    status = pathlib.Path(f"/proc/{m.pid}/stat").read_text().rpartition(")")[2].split()
    assert int(status[3]) == m.pid and status[4] == "0"
    assert os.readlink(f"/proc/{m.pid}/cwd") == "/"
    opened = descriptors(m.pid)
    assert [opened[number] for number in (0, 1, 2)] == ["/dev/null"] * 3
    assert not [path for path in opened.values() if path.startswith(str(m.folder))]
    assert m.unmount().code == 0
    m.wait()


def test_background_lets_the_terminal_go(mount, env):
    """A pipe or a terminal that it was started from sees the end, though the daemon lives."""
    box = mount().sandbox
    m = mount(box)
    os.kill(m.pid, signal.SIGTERM)
    m.wait()
    leader, follower = pty.openpty()
    subprocess.run([str(harness.BUILD / "rosterfs"), str(m.config_file), str(m.path)], env=env,
                   stdin=follower, stdout=follower, stderr=follower, timeout=20 * harness.SCALE,
                   check=True)
    os.close(follower)
    try:
        assert select.select([leader], [], [], 5)[0]
        with pytest.raises(OSError) as caught:
            os.read(leader, 100)
        assert caught.value.errno == errno.EIO
        assert (m.path / "README").read_text()
    finally:
        os.close(leader)
        pid = m.find_daemon()
        run(["fusermount3", "-u", m.path], env)
    harness.wait_until(lambda: not harness.running(pid), 5 * harness.SCALE, "the end of the daemon")


# libfuse gives up in INIT: it wants the same max_read from whoever answers, and gets none
DIES_IN_INIT = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
struct fuse_args {
	int argc;
	char **argv;
	int allocated;
};

static void add_max_read(struct fuse_args *args)
{
	static char words[8192];

	snprintf(words, sizeof(words), "%s,max_read=4096", args->argv[1]);
	args->argv[1] = words;
}

void *fuse_session_new(struct fuse_args *args, void *ops, size_t size, void *arg)
{
	void *(*real)(void *, void *, size_t, void *) = dlsym(RTLD_NEXT, "fuse_session_new");

	add_max_read(args);
	return real(args, ops, size, arg);
}

/* the same as of libfuse 3.17 */
void *fuse_session_new_versioned(struct fuse_args *args, void *ops, size_t size, void *version,
				 void *arg)
{
	void *(*real)(void *, void *, size_t, void *, void *) =
	    dlsym(RTLD_NEXT, "fuse_session_new_versioned");

	add_max_read(args);
	return real(args, ops, size, version, arg);
}
"""


@pytest.mark.plain
@pytest.mark.parametrize("way", [[], ["-f"]])
def test_a_session_that_dies_in_init(rosterfs, conf, test_dir, way):
    file, folder = conf("[cj]\n")
    source, library = test_dir / "dies.c", test_dir / "dies.so"
    source.write_text(DIES_IN_INIT)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", library, source],
                   check=True)
    result = rosterfs(*way, file, folder, LD_PRELOAD=str(library))
    refused(result, folder, "cannot mount", "read size")
    assert harness.mount_entry(folder) is None


def test_relative_paths(conf, env, sandbox):
    """The daemon leaves the folder that it was started in."""
    file, folder = conf("[cj]\nnotice_file = notice.txt\n")
    (file.parent / "notice.txt").write_text("by hand\n")
    result = run(["env", "-C", file.parent, harness.BUILD / "rosterfs", "some.conf", "somewhere"], env)
    try:
        assert (result.code, result.err, result.out) == (0, "", "")
        assert (folder / "cj/MANUAL").read_text() == "by hand\n"
    finally:
        assert run(["fusermount3", "-u", folder], env).code == 0


def test_start_asks_nothing(mount, env):
    box = mount().sandbox
    m = mount(box)
    for _ in range(3):
        assert m.unmount().code == 0
        harness.wait_until(lambda: not harness.mount_entry(m.path), 5 * harness.SCALE, "the unmount")
        assert run([harness.BUILD / "rosterfs", m.config_file, m.path], env).code == 0
        pid = m.find_daemon()
        assert (m.path / "README").read_text()
    m.unmount()
    harness.wait_until(lambda: not harness.running(pid), 5 * harness.SCALE, "the end of the daemon")
    assert box.counts()["total"] == 0, "nothing is asked before somebody wants it"


# ---- mount(8) and fstab ----

def privately(script, arguments, env):
    """
    Run SCRIPT in a mount namespace of its own, where rosterfs is on the PATH that mount(8) gives its
    helpers and everybody may open /dev/fuse, as on a machine of a user; a harness.Result. $MNT, the
    first argument, is unmounted at the end in any case.
    """
    before = """
        MNT=$1; shift
        nobody="setpriv --reuid=65534 --regid=65534 --clear-groups --"
        trap 'umount -l "$MNT" 2>/dev/null || :' EXIT
        mount -t tmpfs -o mode=755 none /usr/local/sbin
        mknod -m 0666 /usr/local/sbin/fuse c 10 229
        mount --bind /usr/local/sbin/fuse /dev/fuse
        cp "$BUILD/rosterfs" /usr/local/sbin/
        # fusermount3 looks into it for others than root; a root made by debootstrap has none
        if ! [ -e /etc/mtab ]; then
            cp -a /etc /usr/local/sbin/
            ln -s /proc/self/mounts /usr/local/sbin/etc/mtab
            mount --bind /usr/local/sbin/etc /etc
        fi
    """
    return run([sys.executable, pathlib.Path(__file__).with_name("private_namespace.py"), "sh", "-euc", before + script,
                "sh", *arguments],
               {**env, "BUILD": str(harness.BUILD), "PATH": f"/usr/local/sbin:{env['PATH']}"})


# until the daemon that has been unmounted is gone
GONE = """
    i=0; while pgrep -f "^[^ ]*rosterfs .*$MNT" >/dev/null; do
        i=$((i + 1)); test $i -lt 500; sleep 0.02
    done
"""


@needs_root
@pytest.mark.parametrize("way", ["command", "fstab"])
def test_mount_8(conf, env, sandbox, way):
    box = sandbox(users=5)
    file, folder = conf(box.config())
    options = "ro,allow_other,_netdev"
    if way == "command":
        words = f'mount -t fuse.rosterfs {file} "$MNT" -o {options}'
    else:
        table = file.with_name("fstab")
        table.write_text(f"{file} {folder} fuse.rosterfs "
                         f"{options},noauto,nofail,x-systemd.automount 0 0\n")
        words = f'mount -T {table} "$MNT"'
    result = privately(f"""
        {words}
        grep -F " $MNT " /proc/self/mountinfo
        ls $MNT/partnerize
        ! echo inactive 2>/dev/null >$MNT/partnerize/5.status
        umount "$MNT"
        {GONE}
        echo ended""", [folder], env)
    assert result.code == 0, repr(result)
    lines = result.lines()
    assert f" fuse.rosterfs {file} " in lines[0]
    assert lines[0].split(" ")[5].split(",")[0] == "ro"
    assert "allow_other" in lines[0] and "default_permissions" in lines[0]
    assert "5.json" in lines and lines[-1] == "ended"
    assert box.user(5)["status"] == "active"


@needs_root
def test_mount_8_says_what_is_wrong(conf, env):
    file, folder = conf("[cj]\nwrong = 1\n")
    result = privately(f'mount -t fuse.rosterfs {file} "$MNT" -o ro', [folder], env)
    assert result.code != 0
    assert f"rosterfs: {file}:2: " in result.err, repr(result)


# ---- ending, with a dead vendor too ----

def stalled(mount, **rest):
    """A mount of a vendor that has gone silent, and three who wait for it."""
    m = mount(extra={"partnerize": {"timeout": 300, "retry_budget": 300}}, **rest)
    os.listdir(m.path / "partnerize")
    m.sandbox.fault(fault="stall", times=-1)
    (m.path / ".rosterfs/refresh").write_text("all")
    m.sandbox.reset()
    waiting = [m.spawn(command) for command in
               ("ls partnerize", "cat partnerize/9.json", "exec cat partnerize/7.status")]
    harness.wait_until(lambda: m.sandbox.counts()["in_flight"] >= 1, 5 * harness.SCALE, "a request")
    harness.wait_for_sleepers(waiting)
    return m, waiting


@pytest.mark.parametrize("background", [False, True])
def test_unmount_with_a_dead_vendor(mount, background):
    m, waiting = stalled(mount, background=background)
    for command in waiting:
        assert not command.done()
        assert command.kill() < harness.AT_ONCE
    result = m.unmount()
    assert result.code == 0 and result.err == "", repr(result)
    assert result.seconds < harness.AT_ONCE
    m.wait()
    assert harness.mount_entry(m.path) is None


def test_lazy_unmount_with_waiters(mount, env):
    """umount -l (or fusermount3 -uz) with somebody waiting: they can be killed, then the daemon ends."""
    m, waiting = stalled(mount)
    result = run(["fusermount3", "-uz", m.path], env)
    assert result.code == 0 and result.seconds < harness.AT_ONCE
    for command in waiting:
        assert command.kill() < harness.AT_ONCE
    m.wait(5)
    assert m.code == 0


@needs_root
def test_umount_l(mount, env):
    """Who has a file open keeps it; the daemon ends after them."""
    m = mount()
    with open(m.path / "partnerize/7.json", "rb") as file:
        assert run(["umount", "-l", m.path], env).code == 0
        assert harness.mount_entry(m.path) is None
        assert os.listdir(m.path) == []
        assert m.alive()
        assert file.read().startswith(b"{")
    m.wait(5)
    assert m.code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_with_waiters(mount, number):
    m, waiting = stalled(mount)
    start = time.monotonic()
    os.kill(m.pid, number)
    assert m.wait() == 0
    assert time.monotonic() - start < harness.AT_ONCE
    assert harness.mount_entry(m.path) is None
    for command in waiting:
        assert command.finish(5).code != 0


def test_signal_with_open_files(mount):
    """What is open when the daemon ends is released by it (a sanitizer would see the leak)."""
    m = mount()
    folder = os.open(m.path / "partnerize", os.O_RDONLY)
    files = [os.open(m.path / name, os.O_RDONLY) for name in ("README", "partnerize/7.json")]
    files.append(os.open(m.path / "partnerize/8.json", os.O_WRONLY | os.O_TRUNC))
    os.write(files[-1], b'{"password": "half')
    os.kill(m.pid, signal.SIGTERM)
    assert m.wait(5) == 0
    for descriptor in [folder, *files]:
        try:
            os.close(descriptor)
        except OSError:
            continue
    assert m.sandbox.user(8)["_version"] == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_with_a_put_in_flight(mount, number):
    m = mount(extra={"partnerize": {"timeout": 300, "retry_budget": 300}})
    os.listdir(m.path / "partnerize")
    m.sandbox.fault(fault="stall_after", method="PUT")
    m.sandbox.fault(fault="stall", path="/user/8", times=-1)
    writing = [m.spawn(f"echo inactive > partnerize/{ident}.status") for ident in (7, 8)]
    harness.wait_until(lambda: m.sandbox.counts().get("PUT /user/{id}"), 5 * harness.SCALE, "the PUT")
    start = time.monotonic()
    os.kill(m.pid, number)
    assert m.wait() == 0
    assert time.monotonic() - start < harness.AT_ONCE
    # the one was applied, as a last GET may have found out in time; the other was not
    applied, not_applied = [command.finish(5) for command in writing]
    assert m.sandbox.user(7)["status"] == "inactive"
    assert applied.code == 0 or applied.err
    assert not_applied.code != 0 and not_applied.err
    assert m.sandbox.user(8)["status"] == "active"


def test_second_signal(mount):
    m, waiting = stalled(mount)
    for _ in range(3):
        harness.kill(m.pid, signal.SIGTERM)
    assert m.wait(5) == 0
    for command in waiting:
        command.finish(5)


def test_killed(mount, rosterfs):
    """kill -9 leaves a dead mount: ENOTCONN, and words that say what to do."""
    m, waiting = stalled(mount)
    harness.kill(m.pid)
    for command in waiting:
        result = command.finish(5)
        assert result.code != 0 and re.search("not connected|abort", result.err), repr(result)
    m.process.wait(5)
    with pytest.raises(OSError) as caught:
        os.listdir(m.path)
    assert caught.value.errno == errno.ENOTCONN
    refused(rosterfs(m.config_file, m.path), m.path, "fusermount3 -u")
    assert m.unmount().code == 0
    m.ended = True


def test_mounted_already(mount, rosterfs, tmp_path):
    """A second one is not put in front of the first, however its mount point is written."""
    m = mount()
    (tmp_path / "link").symlink_to(m.path)
    for path in (m.path, f"{m.path}/", tmp_path / "link"):
        refused(rosterfs(m.config_file, path), path, "mounted here already; run fusermount3 -u")
        refused(rosterfs("-f", m.config_file, path), path, "mounted here already; run fusermount3 -u")
    assert pathlib.Path("/proc/self/mounts").read_text().count(f" {m.path} ") == 1
    assert m.alive() and "5.json" in os.listdir(m.path / "partnerize")
    # what is below it, or beside it, is not meant
    refused(rosterfs(m.config_file, m.path / "partnerize/5.json"), "not a directory")


def test_busy_mount_stays(mount):
    """fusermount3 -u of a mount that somebody uses is refused, and all goes on."""
    m = mount()
    with open(m.path / "partnerize/7.json", "rb") as file:
        assert m.unmount().code != 0
        assert m.alive()
        assert file.read().startswith(b"{")
    assert "5.json" in os.listdir(m.path / "partnerize")


# ---- who may see what ----

@pytest.fixture
def nobody_place(test_dir):
    """A folder of nobody's below a path that everyone may walk."""
    test_dir.mkdir(exist_ok=True)
    test_dir.parent.chmod(0o755)
    test_dir.chmod(0o755)
    folder = test_dir / "nobody"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    return folder


@needs_root
def test_another_user_mounts(nobody_place, conf, env, sandbox):
    box = sandbox(users=5)
    file, _folder = conf(box.config())
    mnt = nobody_place / "mnt"
    mnt.mkdir()
    for path in (file, mnt):
        os.chown(path, NOBODY, NOBODY)
    result = privately(f"""
        $nobody rosterfs {file} $MNT
        $nobody stat -c '%u %g %a' $MNT/partnerize/5.json
        $nobody sh -c "echo inactive >$MNT/partnerize/5.status"
        $nobody cat $MNT/.rosterfs/log
        ! ls $MNT
        ! cat $MNT/partnerize/5.json
        $nobody fusermount3 -u $MNT
        {GONE}
        echo ended""", [mnt], env)
    assert result.code == 0, repr(result)
    assert result.lines()[0] == f"{NOBODY} {NOBODY} 600" and result.lines()[-1] == "ended"
    assert "partnerize/5.status: changed (history/1): status: " in result.out
    assert f"[uid {NOBODY} pid " in result.out
    # the owner's alone: not even root comes in
    assert result.err.count("Permission denied\n") == 2 == result.err.count("\n"), repr(result)
    assert box.user(5)["status"] == "inactive"


@needs_root
@pytest.mark.parametrize(("option", "owner", "word"), [
    ("", 0, "write access"), ("-o allow_other", NOBODY, "user_allow_other")])
def test_what_fusermount3_refuses(nobody_place, conf, env, option, owner, word):
    """It speaks for itself on stderr, but there is one line all the same."""
    file, _folder = conf("[cj]\n")
    mnt = nobody_place / "mnt"
    mnt.mkdir()
    mnt.chmod(0o755)  # whatever the umask is
    os.chown(file, NOBODY, NOBODY)
    os.chown(mnt, owner, owner)
    for way in ("", "-f"):
        result = privately(f"$nobody rosterfs {way} {option} {file} $MNT", [mnt], env)
        refused(result, mnt)
        assert word in result.err.lower()


@needs_root
def test_others_see_nothing(mount):
    m = mount()
    for parent in [m.path.parent, *m.path.parent.parents][:3]:
        parent.chmod(parent.stat().st_mode | 0o055)
    result = m.sh(f"ls {m.path}", wear=AS_NOBODY, folder="/")
    assert result.code != 0 and "Permission denied" in result.err


@needs_root
@pytest.mark.parametrize(("umask", "readable"), [(None, False), ("022", True), ("027", False),
                                                 ("0277", False)])
def test_umask_decides(mount, umask, readable):
    """With allow_other the kernel checks modes: default_permissions is always on."""
    options = ["-o", "allow_other" + (f",umask={umask}" if umask else "")]
    m = mount(options=options)
    for parent in [m.path.parent, *m.path.parent.parents][:3]:
        parent.chmod(parent.stat().st_mode | 0o055)
    mask = int(umask, 8) if umask else 0o077
    mode = stat.S_IMODE(os.stat(m.path / "partnerize/7.json").st_mode)
    assert mode == 0o666 & ~mask
    assert stat.S_IMODE(os.stat(m.path / "partnerize").st_mode) == 0o777 & ~mask
    assert stat.S_IMODE(os.stat(m.path / ".rosterfs").st_mode) == 0o700
    result = m.sh(f"cat {m.path}/partnerize/7.json", wear=AS_NOBODY, folder="/")
    if readable:
        assert result.ok().out.startswith("{")
    else:
        assert result.code != 0 and "Permission denied" in result.err
    # nobody else writes, nor reads what the owner's log tells
    assert m.sh(f"echo inactive > {m.path}/partnerize/7.status", wear=AS_NOBODY, folder="/").code != 0
    assert m.sh(f"cat {m.path}/.rosterfs/log", wear=AS_NOBODY, folder="/").code != 0
    assert m.sandbox.user(7)["status"] == "active"


@needs_root
def test_owner_given(mount):
    m = mount(options=["-o", f"allow_other,uid={NOBODY},gid={NOBODY}"])
    for parent in [m.path.parent, *m.path.parent.parents][:3]:
        parent.chmod(parent.stat().st_mode | 0o055)
    status = os.stat(m.path / "partnerize/7.json")
    assert (status.st_uid, status.st_gid) == (NOBODY, NOBODY)
    m.sh(f"echo inactive > {m.path}/partnerize/7.status", wear=AS_NOBODY, folder="/").ok()
    assert m.sandbox.user(7)["status"] == "inactive"


# ---- what it costs ----

def switches(pid):
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        text = (task / "status").read_text()
        total += sum(int(number) for number in
                     re.findall(r"voluntary_ctxt_switches:\t(\d+)", text))
    return total


@pytest.mark.plain
def test_idle_costs_nothing(mount):
    m = mount(extra={"partnerize": {"ttl": 1}})
    m.sh("ls -l partnerize; cat partnerize/7.json; echo inactive > partnerize/8.status").ok()
    # connections that were just used settle down
    harness.wait_until(lambda: switches(m.pid) == (time.sleep(0.5), switches(m.pid))[1], 10 * harness.SCALE, "rest")
    seen = []
    while not seen or (len(seen) < 3 and min(seen) > 2):
        before = switches(m.pid)
        time.sleep(3)
        seen.append(switches(m.pid) - before)
    assert min(seen) <= 2, seen


def test_no_descriptor_leaks(mount):
    m = mount(extra={"rosterfs": {"status_limit": 0}, "partnerize": {"ttl": 300}})
    folder = m.path / "partnerize"

    def cycle(number):
        os.listdir(folder)
        (folder / "7.json").read_text()
        with open(folder / "8.status", "w", encoding="utf-8") as file:
            file.write("inactive" if number % 2 else "active")
        (m.path / ".rosterfs/log").read_text()
        (m.path / ".rosterfs/status").read_text()
        os.readlink(folder / "self")
        for bad in (lambda: (folder / "999.json").read_text(),
                    lambda: (folder / "9.status").write_text("nonsense"),
                    lambda: (folder / "new.json").write_text("x")):
            try:
                bad()
            except OSError:
                continue
            raise AssertionError("that should have been refused")
        if number % 10 == 0:
            (m.path / ".rosterfs/refresh").write_text("all")
    for number in range(20):
        cycle(number)
    before = descriptors(m.pid)
    for number in range(200):
        cycle(number)
    after = descriptors(m.pid)
    assert len(after) <= len(before) + 1, f"{before}\n{after}"


def memory(pid):
    """RSS in KiB."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))


@pytest.mark.plain
@pytest.mark.limit(300)
def test_memory_is_flat(mount, sandbox):
    box = sandbox(users=5000)
    m = mount(box)

    def refresh():
        (m.path / ".rosterfs/refresh").write_text("partnerize")
        assert len(os.listdir(m.path / "partnerize")) == 10004
    for _ in range(5):
        refresh()
    before = memory(m.pid)
    for number in range(20):
        box.patch(number + 2, {"lastname": f"Number {number}"})
        refresh()
    assert memory(m.pid) <= before * 1.1 + 512


# ---- install ----

@pytest.mark.plain
def test_install_and_uninstall(test_dir, env):
    root = test_dir / "root"
    words = ["make", "--no-print-directory", "-C", harness.TOP, f"BUILD={harness.BUILD}",
             f"DESTDIR={root}", "PREFIX=/opt/some where"]
    result = run([*words, "install"], env, 120)
    assert result.code == 0, repr(result)
    program = root / "opt/some where/bin/rosterfs"
    assert run([program, "--version"], env).out.startswith("rosterfs ")
    pages = sorted(path.name for path in root.rglob("*.[1578]"))
    assert {"rosterfs.1", "rosterfs.conf.5"} <= set(pages)
    assert pages == sorted(path.name for path in (harness.TOP / "man").iterdir())
    assert run([*words, "uninstall"], env).code == 0
    assert [path for path in root.rglob("*") if not path.is_dir()] == []
