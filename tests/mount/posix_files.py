# SPDX-License-Identifier: Apache-2.0
"""What the POSIX cases do with a new file in memory, which has a folder of records to itself: see posix_acts.py."""

import ctypes
import errno
import fcntl
import mmap
import os
import pathlib
import stat
import subprocess
import time

from posix_acts import EXCHANGE, LIBC, NOREPLACE, RW_ALL, checked, opened, rename2


def fails(number, function, *arguments, **more):
    try:
        function(*arguments, **more)
    except OSError as error:
        assert error.errno == number, (errno.errorcode[error.errno], errno.errorcode[number])
    else:
        raise AssertionError(f"no {errno.errorcode[number]}")


def new(folder, name=".a", data=b"0123456789"):
    path = folder / name
    path.write_bytes(data)
    return path


# ---- open ----

def exclusive(folder):
    new(folder)
    os.symlink("nowhere", folder / ".l")
    for name in (".a", ".l"):
        fails(errno.EEXIST, os.open, folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY)


def truncates(folder):
    path = new(folder)
    os.close(os.open(path, os.O_WRONLY | os.O_TRUNC))
    assert path.read_bytes() == b"" and os.stat(path).st_size == 0
    new(folder)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, RW_ALL))
    assert path.read_bytes() == b""


def appends(folder):
    path = new(folder)
    with opened(path, os.O_WRONLY | os.O_APPEND) as one, opened(path, os.O_WRONLY | os.O_APPEND) as other:
        for number in range(5):
            os.write(one, b"a%d" % number)
            os.lseek(other, 0, os.SEEK_SET)
            os.write(other, b"b%d" % number)
    assert path.read_bytes() == b"0123456789" + b"".join(b"a%db%d" % (n, n) for n in range(5))


def links_that_lead(folder):
    """Through a link that leads to no file, O_CREAT makes that one; of a circle of links there is ELOOP."""
    new(folder)
    os.symlink(".a", folder / ".l")
    assert (folder / ".l").read_bytes() == b"0123456789"
    fails(errno.ELOOP, os.open, folder / ".l", os.O_RDONLY | os.O_NOFOLLOW)
    os.symlink(".b", folder / ".m")
    fails(errno.ENOENT, os.open, folder / ".m", os.O_RDONLY)
    os.close(os.open(folder / ".m", os.O_CREAT | os.O_WRONLY, RW_ALL))
    assert (folder / ".b").read_bytes() == b""
    os.symlink(".y", folder / ".x")
    os.symlink(".x", folder / ".y")
    fails(errno.ELOOP, os.open, folder / ".x", os.O_RDONLY)
    fails(errno.ELOOP, os.stat, folder / ".x" / "z")
    assert os.readlink(folder / ".x") == ".y"
    fails(errno.EINVAL, os.readlink, folder / ".a")
    fails(errno.ENOENT, os.symlink, "", folder / ".z")
    os.symlink("t" * 4000, folder / ".long")
    assert len(os.readlink(folder / ".long")) == os.lstat(folder / ".long").st_size == 4000


def many_times(folder):
    path = new(folder)
    files = [os.open(path, os.O_RDWR) for _ in range(50)]
    os.pwrite(files[7], b"X", 3)
    assert {os.pread(file, 10, 0) for file in files} == {b"012X456789"}
    for file in files:
        os.close(file)


def directly(folder):
    path = new(folder, data=b"d" * 4096)
    with opened(path, os.O_RDWR | os.O_DIRECT) as file, mmap.mmap(-1, 4096) as memory:
        assert os.preadv(file, [memory], 0) == 4096 and memory[:] == b"d" * 4096
        memory[:] = b"e" * 4096
        assert os.pwritev(file, [memory], 0) == 4096
    assert path.read_bytes() == b"e" * 4096


# ---- what is written ----

def offsets(folder):
    path = new(folder)
    with opened(path, os.O_RDWR) as file:
        assert os.pwrite(file, b"ab", 20) == 2 and os.pread(file, 30, 8) == b"89" + bytes(10) + b"ab"
        assert os.lseek(file, 0, os.SEEK_CUR) == 0
        assert os.lseek(file, 5, os.SEEK_END) == 27
        os.write(file, b"Z")
        assert os.fstat(file).st_size == 28
        fails(errno.EINVAL, os.pwrite, file, b"a", -1)
        fails(errno.EINVAL, os.lseek, file, -1, os.SEEK_SET)
        fails(errno.EINVAL, os.pread, file, 1, -1)
        assert os.pwritev(file, [b"1", b"23"], 1) == 3 and os.pread(file, 4, 0) == b"0123"
        assert os.write(file, b"") == 0


def sizes(folder):
    path = new(folder)
    with opened(path, os.O_RDWR) as file:
        for length in (4, 6, 0, 3000, 10, 10):
            os.ftruncate(file, length)
            assert os.fstat(file).st_size == os.stat(path).st_size == length
        assert os.pread(file, 20, 0) == bytes(10)
        os.truncate(path, 3)
        assert os.fstat(file).st_size == 3
        fails(errno.EINVAL, os.ftruncate, file, -1)
        fails(errno.EFBIG, os.ftruncate, file, 1 << 40)
        assert os.fstat(file).st_size == 3
    fails(errno.EINVAL, os.truncate, path, -1)
    with opened(path) as file:
        fails(errno.EINVAL, os.ftruncate, file, 1)
    os.truncate(path, 0)
    assert path.read_bytes() == b""


def reserved(folder):
    """The C library writes what the file system cannot reserve."""
    path = new(folder)
    with opened(path, os.O_RDWR) as file:
        os.posix_fallocate(file, 0, 5)
        assert os.fstat(file).st_size == 10 and path.read_bytes() == b"0123456789"
        os.posix_fallocate(file, 8, 100)
        assert os.fstat(file).st_size == 108 and path.read_bytes() == b"0123456789" + bytes(98)
        fails(errno.EINVAL, os.posix_fallocate, file, 0, 0)
        fails(errno.EINVAL, os.posix_fallocate, file, -1, 1)
    with opened(path) as file:
        fails(errno.EBADF, os.posix_fallocate, file, 0, 1)


def mapped(folder):
    path = new(folder, data=b"m" * 5000)
    with opened(path, os.O_RDWR) as file, mmap.mmap(file, 0) as pages:
        pages[4096:4099] = b"abc"
        pages.flush()
        assert os.pread(file, 5, 4095) == b"mabcm"
        os.pwrite(file, b"Q", 0)
        assert pages[0:1] == b"Q"
    assert path.read_bytes()[4096:4099] == b"abc"


def copies(folder):
    path, other = new(folder), new(folder, ".b", b"")
    with opened(path) as one, opened(other, os.O_RDWR) as two:
        assert os.copy_file_range(one, two, 100) == 10
        assert os.copy_file_range(one, two, 100, 2, 10) == 8
        assert os.sendfile(two, one, 0, 4) == 4
    assert other.read_bytes()[:10] == b"0123456789" and b"23456789" in other.read_bytes()


def memory_of_nobody(folder):
    path = new(folder)
    with opened(path, os.O_RDWR) as file:
        for call in (LIBC.read, LIBC.write):
            fails(errno.EFAULT, lambda call=call: checked(call(file, ctypes.c_void_p(1), 10)))
    fails(errno.EFAULT, lambda: checked(LIBC.open(ctypes.c_void_p(1), 0)))
    fails(errno.EFAULT, lambda: checked(LIBC.unlink(ctypes.c_void_p(1))))
    assert path.read_bytes() == b"0123456789"


def synced(folder):
    with opened(new(folder), os.O_RDWR | os.O_SYNC) as file:
        os.write(file, b"s")
        os.fsync(file)
        os.fdatasync(file)
        checked(LIBC.syncfs(file))


# ---- names ----

def unlinked(folder):
    """What is open stays what it was, and its name is free."""
    path = new(folder)
    with opened(path, os.O_RDWR) as file:
        os.unlink(path)
        fails(errno.ENOENT, os.stat, path)
        fails(errno.ENOENT, os.unlink, path)
        assert os.fstat(file).st_nlink == 0 and os.fstat(file).st_size == 10
        new(folder, data=b"another")
        os.pwrite(file, b"X", 9)
        os.ftruncate(file, 12)
        assert os.pread(file, 20, 0) == b"012345678X\0\0"
        os.fsync(file)
        assert path.read_bytes() == b"another"
        assert os.fstat(file).st_ino != os.stat(path).st_ino or os.fstat(file).st_size != os.stat(path).st_size
    assert path.read_bytes() == b"another"


def replaced(folder):
    """A rename onto a file replaces it; who has the old one open can still read it."""
    path, other = new(folder), new(folder, ".b", b"other")
    with opened(other, os.O_RDWR) as file, opened(path, os.O_RDWR) as renamed:
        os.rename(path, other)
        assert os.pread(file, 20, 0) == b"other" and os.fstat(file).st_nlink == 0
        assert os.pread(renamed, 20, 0) == other.read_bytes() == b"0123456789"
        os.pwrite(renamed, b"X", 0)
        assert other.read_bytes() == b"X123456789" and os.fstat(renamed).st_nlink == 1
    fails(errno.ENOENT, os.stat, path)
    os.symlink("somewhere", folder / ".l")
    os.rename(folder / ".l", other)
    assert os.readlink(other) == "somewhere"
    os.rename(new(folder), other)
    assert not os.path.islink(other) and other.read_bytes() == b"0123456789"


def with_flags(folder):
    path, other = new(folder), new(folder, ".b", b"other")
    fails(errno.EEXIST, rename2, path, other, NOREPLACE)
    fails(errno.EINVAL, rename2, path, other, EXCHANGE)
    fails(errno.EINVAL, rename2, path, other, EXCHANGE | NOREPLACE)
    fails(errno.EINVAL, rename2, path, other, 4)
    fails(errno.ENOENT, rename2, folder / ".none", other, NOREPLACE)
    assert (path.read_bytes(), other.read_bytes()) == (b"0123456789", b"other")
    rename2(path, folder / ".c", NOREPLACE)
    assert (folder / ".c").read_bytes() == b"0123456789"


def odd_names(folder):
    """All that a name may hold, and each is another one."""
    names = [b".\xff\xfe", b".\xc3\xa9", b".e\xcc\x81", b". a\tb", b".new\nline", b".%41", b".A", b".a", b".\x01",
             b"..."]
    for name in names:
        with opened(os.path.join(os.fsencode(folder), name), os.O_CREAT | os.O_EXCL | os.O_WRONLY) as file:
            os.write(file, name)
    assert set(names) <= set(os.listdir(os.fsencode(folder)))
    for name in names:
        path = os.path.join(os.fsencode(folder), name)
        assert pathlib.Path(os.fsdecode(path)).read_bytes() == name
        os.unlink(path)


def slashes(folder):
    path = new(folder)
    for function in (os.stat, os.unlink, os.listdir):
        fails(errno.ENOTDIR, function, str(path) + "/")
    fails(errno.ENOTDIR, os.rename, path, str(folder / ".b") + "/")
    fails(errno.EISDIR, os.open, str(folder / ".c") + "/", os.O_CREAT | os.O_WRONLY)
    fails(errno.ENOENT, os.stat, "")
    assert os.stat(f"{folder}//./{path.name}").st_ino == os.stat(path).st_ino


# ---- times, modes ----

def times(folder):
    """A write moves mtime and ctime, a read does not; the times that somebody sets are accepted and ignored."""
    path = new(folder)
    before = os.stat(path)
    time.sleep(0.02)
    path.read_bytes()
    assert os.stat(path).st_mtime_ns == before.st_mtime_ns
    with opened(path, os.O_RDWR) as file:
        os.write(file, b"t")
        after = os.fstat(file)
    assert after.st_mtime_ns > before.st_mtime_ns and after.st_ctime_ns > before.st_ctime_ns
    time.sleep(0.02)
    os.truncate(path, 2)
    assert os.stat(path).st_mtime_ns > after.st_mtime_ns


def modes(folder):
    """A mode is accepted and ignored: these files are the owner's."""
    with opened(folder / ".m", os.O_CREAT | os.O_RDWR, 0o400) as file:
        os.write(file, b"x")
    for mode in (0o777, 0o4755, 0):
        os.chmod(folder / ".m", mode)
        assert stat.S_IMODE(os.stat(folder / ".m").st_mode) == 0o600
    os.chown(folder / ".m", 12345, 12345)
    assert os.stat(folder / ".m").st_uid == os.getuid()
    assert (folder / ".m").read_bytes() == b"x"


def child_locks(folder):
    """Locks of fcntl are those of a process."""
    path = new(folder)
    script = f"import fcntl; f = open({str(path)!r}, 'r+'); fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with open(path, "r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        assert subprocess.run(["python3", "-c", script], stderr=subprocess.DEVNULL, check=False).returncode != 0
        fcntl.lockf(file, fcntl.LOCK_UN)
        subprocess.run(["python3", "-c", script], check=True)
