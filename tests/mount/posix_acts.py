# SPDX-License-Identifier: Apache-2.0
"""
What the POSIX cases do with a path: system calls, and what must come of those that succeed.

Each act takes a Path of the mount and raises OSError where the call fails. It leaves behind what it found.
"""

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import pathlib
import socket
import stat
import struct
import tempfile

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.opendir.restype = LIBC.readdir.restype = ctypes.c_void_p
LIBC.telldir.restype = ctypes.c_long
LIBC.closedir.argtypes = LIBC.rewinddir.argtypes = LIBC.readdir.argtypes = LIBC.telldir.argtypes = [ctypes.c_void_p]
LIBC.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]
LIBC.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int64]
LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
FAILED = ctypes.c_void_p(-1).value
NAME_OFFSET = 19  # of d_name in struct dirent64
AT_FDCWD = -100
NOREPLACE, EXCHANGE = 1, 2
TMPFILE = getattr(os, "O_TMPFILE", 0)
RW_ALL = 0o666
LONGEST = "x" * 255
TOO_LONG = "x" * 256
SPARE = ".posix"  # a name that files in memory have


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


@contextlib.contextmanager
def opened(path, flags=os.O_RDONLY, mode=RW_ALL):
    file = os.open(path, flags, mode)
    try:
        yield file
    finally:
        os.close(file)


def opens(flags):
    """Open, and close without having written: changes nothing."""
    def act(path):
        os.close(os.open(path, flags, RW_ALL))
    return act


@contextlib.contextmanager
def spare(folder, data=b"x"):
    """A file in memory in FOLDER."""
    path = folder / SPARE
    path.write_bytes(data)
    try:
        yield path
    finally:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def rename2(old, new, flags):
    checked(LIBC.renameat2(AT_FDCWD, os.fsencode(old), AT_FDCWD, os.fsencode(new), flags))


# ---- names in a directory ----

def named(name, do):
    """Do something with NAME in a directory, and remove it where that has succeeded."""
    def act(folder):
        do(folder / name)
        os.unlink(folder / name)
    return act


def make(path):
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, RW_ALL))


def create(path):
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, RW_ALL))


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        # a path of a socket is short: relative to its folder
        with opened(path.parent, os.O_PATH) as folder:
            one.bind(f"/proc/self/fd/{folder}/{path.name}")


def moved_in(folder):
    """A file in memory of the vendor's directory is renamed into FOLDER."""
    home = mount_of(folder) / "partnerize"
    with spare(home) as path:
        os.rename(path, folder / ".posix2")
        (folder / ".posix2").unlink()


def from_outside(folder):
    with tempfile.NamedTemporaryFile() as file:
        os.rename(file.name, folder / ".posix2")


def linked_in(folder):
    with spare(mount_of(folder) / "partnerize") as path:
        os.link(path, folder / ".posix2")


def moved_around(folder):
    """The directory itself gets another name."""
    os.rename(folder, folder.with_name(folder.name + "2"))


def into_itself(folder):
    os.rename(folder, folder / "x")


def mount_of(path):
    while not os.path.ismount(path):
        path = path.parent
    return path


# ---- reading a directory ----

class Stream:
    """opendir(3)."""

    def __init__(self, path):
        self.dir = LIBC.opendir(os.fsencode(path))
        checked(0 if self.dir else -1)

    def names(self, most=1 << 30):
        found = []
        while len(found) < most:
            entry = LIBC.readdir(self.dir)
            if not entry:
                break
            found.append(os.fsdecode(ctypes.string_at(entry + NAME_OFFSET)))
        return found

    def tell(self):
        return LIBC.telldir(self.dir)

    def seek(self, where):
        LIBC.seekdir(self.dir, where)

    def rewind(self):
        LIBC.rewinddir(self.dir)

    def close(self):
        LIBC.closedir(self.dir)


def reads_again(folder):
    """rewinddir, telldir and seekdir: the same names in the same order, each once."""
    with contextlib.closing(Stream(folder)) as stream:
        places, names = [], []
        while True:
            places.append(stream.tell())
            name = stream.names(1)
            if not name:
                break
            names += name
        assert len(set(names)) == len(names) and {".", ".."} <= set(names)
        assert sorted(names[2:]) == sorted(os.listdir(folder))
        for index in range(len(names) - 1, -1, -7):
            stream.seek(places[index])
            assert stream.names() == names[index:], index
        stream.rewind()
        assert stream.names() == names


def rewinds_to_news(folder):
    """rewinddir shows what has been made meanwhile."""
    with contextlib.closing(Stream(folder)) as stream:
        before = stream.names()
        with spare(folder):
            stream.rewind()
            assert set(stream.names()) == {*before, SPARE}
        stream.rewind()
        assert set(stream.names()) == set(before)


def types_agree(folder):
    """The types that a list tells are those of the files."""
    with os.scandir(folder) as entries:
        for entry in entries:
            mode = os.lstat(entry.path).st_mode
            assert (entry.is_symlink(), entry.is_dir(follow_symlinks=False)) == (stat.S_ISLNK(mode), stat.S_ISDIR(mode))
            assert entry.inode() == os.lstat(entry.path).st_ino


def is_a_folder(folder):
    there = os.stat(folder)
    assert stat.S_ISDIR(there.st_mode) and there.st_nlink > 0
    with opened(folder, os.O_DIRECTORY) as file:
        assert os.fstat(file).st_ino == there.st_ino
        assert os.stat(".", dir_fd=file).st_ino == there.st_ino


def sync_folder(folder):
    with opened(folder, os.O_DIRECTORY) as file:
        os.fsync(file)
        os.fdatasync(file)


def read_folder(folder):
    with opened(folder) as file:
        os.read(file, 1)


def long_path(folder):
    """A path of 4,096 bytes or one more, of components that are short."""
    os.stat(str(folder) + "/." * ((4097 - len(str(folder))) // 2))


def nearly_long_path(folder):
    """One of at most 4,095 bytes."""
    text = str(folder)
    os.stat(text + "/." * ((4094 - len(text)) // 2))


# ---- a file that exists ----

def below(path):
    os.stat(path / "x")


def resized(change):
    """truncate(2) to the size that CHANGE makes of the present one."""
    def act(path):
        os.truncate(path, change(os.stat(path).st_size))
    return act


def resized_open(length, flags=os.O_RDWR):
    """ftruncate(2) of a file that is open."""
    def act(path):
        with opened(path, flags) as file:
            os.ftruncate(file, length(os.fstat(file).st_size))
    return act


def pair_of(path):
    there = os.stat(path)
    return there.st_uid, there.st_gid


def chown_same(path):
    os.chown(path, *pair_of(path))


def chown_other(path):
    before = pair_of(path)
    os.chown(path, before[0] + 1, before[1] + 1)
    assert pair_of(path) == before, "accepted, and ignored"


def chmod_other(path):
    before = os.stat(path)
    os.chmod(path, 0o640)
    assert os.stat(path).st_mode == before.st_mode, "accepted, and ignored"


def set_times(path):
    before = os.stat(path)
    os.utime(path, (1, 1))
    os.utime(path)
    with opened(path, os.O_RDONLY) as file:
        os.utime(file, ns=(1, 1))
    assert os.stat(path).st_mtime >= before.st_mtime, "accepted, and ignored"


def lset_times(path):
    os.utime(path, (1, 1), follow_symlinks=False)


def own_link(path):
    os.chown(path, os.getuid(), os.getgid(), follow_symlinks=False)


def link_beside(path):
    os.link(path, path.with_name(".posix2"), follow_symlinks=False)


def rename_beside(path):
    """To a new name in the same directory, and back."""
    other = path.with_name(".posix2")
    os.rename(path, other)
    os.rename(other, path)


def rename_to_itself(path):
    before = os.lstat(path)
    os.rename(path, path)
    assert os.lstat(path).st_ino == before.st_ino


def rename_onto_folder(path):
    os.rename(path, mount_of(path) / "partnerize/by-email")


def folder_onto(path):
    os.rename(mount_of(path) / "second", path)


def rename_to_other_vendor(path):
    os.rename(path, mount_of(path) / "second/.posix2")


def rename_out(path):
    os.rename(path, os.path.join(tempfile.gettempdir(), "posix2"))


def rename_from_outside(path):
    with tempfile.NamedTemporaryFile() as file:
        os.rename(file.name, path)


def rename_spare_onto(path):
    """A file in memory of the vendor's directory, with no text that could be a save."""
    with spare(mount_of(path) / "partnerize", b"") as file:
        os.rename(file, path)


def rename_with(flags):
    def act(path):
        with spare(mount_of(path) / "partnerize") as file:
            rename2(file, path, flags)
    return act


def reserve(path):
    with opened(path, os.O_RDWR) as file:
        checked(LIBC.fallocate(file, 0, 0, 100))


def punch(path):
    with opened(path, os.O_RDWR) as file:
        checked(LIBC.fallocate(file, 3, 0, 1))


def attributes(path):
    os.getxattr(path, "user.x")


def set_attribute(path):
    os.setxattr(path, "user.x", b"x")


def list_attributes(path):
    os.listxattr(path)


def flags_of(path):
    """What lsattr asks for."""
    with opened(path) as file:
        fcntl.ioctl(file, 0x80086601, struct.pack("l", 0))


def locks(path):
    with opened(path) as one, opened(path) as other:
        fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
            raise AssertionError("locked twice")
        except BlockingIOError:
            pass
        fcntl.flock(one, fcntl.LOCK_UN)
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.lockf(one, fcntl.LOCK_SH | fcntl.LOCK_NB, 1)


def run(path):
    os.execv(path, [str(path)])


def asks_for(mode):
    def act(path):
        if not os.access(path, mode, follow_symlinks=True):
            raise PermissionError(errno.EACCES, "access")
    return act


def reads(path):
    """read, pread, readv, lseek, mmap and sendfile bring the same bytes, as many as stat tells."""
    size = os.stat(path).st_size
    with opened(path) as file:
        text = b"".join(iter(lambda: os.read(file, 4096), b""))
        assert len(text) == size and os.read(file, 1) == b""
        assert os.lseek(file, 0, os.SEEK_END) == os.fstat(file).st_size == size
        assert os.lseek(file, 0, os.SEEK_CUR) == size
        assert os.pread(file, 3, 1) == text[1:4] and os.pread(file, 10, size + 5) == b""
        assert os.lseek(file, 2, os.SEEK_SET) == 2 and os.read(file, 2) == text[2:4]
        assert os.lseek(file, size + 9, os.SEEK_SET) == size + 9 and os.read(file, 1) == b""
        buffers = bytearray(2), bytearray(3)
        assert os.preadv(file, buffers, 0) == min(5, size)
        assert bytes(buffers[0] + buffers[1]).rstrip(b"\0") == text[:5]
        if size:
            assert os.lseek(file, 0, os.SEEK_DATA) == 0 and os.lseek(file, 0, os.SEEK_HOLE) == size
        if size:
            with mmap.mmap(file, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) as pages:
                assert pages[:] == text
        with tempfile.TemporaryFile() as out:
            assert os.sendfile(out.fileno(), file, 0, size) == size
            assert os.pread(out.fileno(), size, 0) == text


def seek_before(path):
    with opened(path) as file:
        os.lseek(file, -1, os.SEEK_SET)


def copied(path):
    """copy_file_range, to a file in memory."""
    with opened(path) as file, spare(mount_of(path) / "partnerize", b"") as other, opened(other, os.O_RDWR) as to:
        size = os.fstat(file).st_size
        assert os.copy_file_range(file, to, size) == size
        assert os.pread(to, size, 0) == os.pread(file, size, 0)


def map_shared(path):
    with opened(path, os.O_RDWR) as file:
        pages = LIBC.mmap(None, 1, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, file, 0)
        checked(-1 if pages == FAILED else 0)
        checked(LIBC.munmap(pages, 1))


def write_read_only(path):
    with opened(path) as file:
        os.write(file, b"x")


def read_write_only(path):
    with opened(path, os.O_WRONLY) as file:
        os.read(file, 1)


def write_one(path):
    with opened(path, os.O_WRONLY) as file:
        os.write(file, b"x")


def sync_file(path):
    with opened(path) as file:
        os.fsync(file)
        os.fdatasync(file)


def a_plain_file(path):
    there = os.stat(path)
    assert stat.S_ISREG(there.st_mode) and there.st_nlink == 1 and there.st_size >= 0
    with opened(path) as file:
        assert os.fstat(file).st_ino == there.st_ino == os.stat(path).st_ino
    assert os.path.samefile(path, path.parent / "." / path.name)


def by_handle(path):
    """O_PATH: no open for the file system; reading through it fails, an open through it works."""
    with opened(path, os.O_PATH) as handle:
        assert os.fstat(handle).st_ino == os.stat(path).st_ino
        try:
            os.read(handle, 1)
            raise AssertionError("read")
        except OSError as error:
            assert error.errno == errno.EBADF
        assert pathlib.Path(f"/proc/self/fd/{handle}").read_bytes() == path.read_bytes()
