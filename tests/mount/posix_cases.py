# SPDX-License-Identifier: Apache-2.0
"""What POSIX lets a process do with a path, and what comes of it at each kind of place of a mount.

A case is done at each of its places, and succeeds there unless it is refused, with an errno and for a reason. posix.md
shows the cases; `python3 posix_cases.py` writes it anew. The groups are those of what a kernel offers, and each has
what a file system could get wrong: names and paths that are too long, components that are no directories, flags of
open, what is open while its name goes, sizes, offsets, times, modes, links and locks.
"""

import collections
import os
import pathlib
import typing

import posix_acts as acts
import posix_files as files

# ---- the places ----

FOLDERS = {
    "root": "the mount",
    "vendor": "`partnerize/`",
    "new": "`partnerize/new/`",
    "by-email": "`by-email/`",
    "person": "`by-email/EMAIL/`",
    "tables": "`tables/`",
    ".rosterfs": "`.rosterfs/`",
    "history": "`.rosterfs/history/1/`",
    "by hand": "`cj/`",
}
FILES = {
    "record": "`partnerize/3.json`",
    "status": "`partnerize/3.status`",
    "scratch": "a file in memory beside them",
    "draft": "a refused document in `new/`",
    "table": "`tables/partnerize.csv`",
    "log": "`.rosterfs/log`",
    "control": "`.rosterfs/control`",
    "refresh": "`.rosterfs/refresh`",
    "undo": "`.rosterfs/history/1/undo.json`",
    "README": "`README`",
    "MANUAL": "`partnerize/MANUAL`",
    "steps": "`cj/MANUAL`",
    "self": "`partnerize/self`, a link",
    "link": "`by-email/EMAIL/partnerize.json`, a link",
}
NEW = {"vendor": FOLDERS["vendor"], "new": FOLDERS["new"]}
REST = "the others"


class Refusal(typing.NamedTuple):
    name: str  # of the errno
    places: str  # with commas, or REST
    why: str


class Case(typing.NamedTuple):
    group: str
    what: str
    do: typing.Callable
    places: dict
    refusals: tuple = ()

    def refusal(self, place):
        """Why it fails at PLACE, or None: it succeeds."""
        found = [one for one in self.refusals if place in one.places.split(", ")]
        return (found + [one for one in self.refusals if one.places == REST] + [None])[0]

    def wanted(self, place):
        return self.refusal(place).name if self.refusal(place) else "ok"


# ---- reasons ----

ONE_NAME = "each file has one name"
WRITABLE = "vendor, new"  # where files in memory can be made
READ_ONLY = Refusal("EROFS", "tables, by hand", "nothing in tables/ and cj/ can be changed")
READ_ONLY_FILES = Refusal("EROFS", "table, steps", "nothing in tables/ and cj/ can be changed")
FIXED_NAMES = Refusal("EPERM", REST, "what stands there comes from the vendors or from rosterfs")
HISTORY = Refusal("EPERM", "history", "the history is not changed")
TOO_LONG = Refusal("ENAMETOOLONG", REST, "a name has at most 255 bytes")
NO_ATTRIBUTES = Refusal("EOPNOTSUPP", REST, "there are no extended attributes: the kernel need not ask for them")
NO_SAVES = Refusal("EPERM", "log, undo, README", "these only tell something")
MANUAL = Refusal("EROFS", "table, MANUAL, steps", "these texts are read-only")
WHOLE = "record, status, self, link"  # links: the files that they lead to


def every(name, why):
    return (Refusal(name, REST, why),)


R, W, RW, C, X = os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_EXCL
LONG = acts.TOO_LONG
NAME = acts.SPARE
ABSENT = ("EPERM", "root, by-email, person, .rosterfs, history", FIXED_NAMES.why)


def folder(group, what, do, *refusals):
    return Case(group, what, do, FOLDERS, refusals)


def plain(group, what, do, *refusals):
    return Case(group, what, do, FILES, refusals)


FOLDER_CASES = [
    folder("mkdir", "a new name", lambda d: os.mkdir(d / "posix"), READ_ONLY,
           Refusal("EPERM", REST, "a directory stands for something of a vendor, and mkdir cannot make that")),
    folder("mkdir", "a name that exists", os.mkdir, *every("EEXIST", "it exists")),
    folder("mkdir", "a name of 256 bytes", lambda d: os.mkdir(d / LONG), TOO_LONG),
    folder("mkfifo", "a new name", acts.named(NAME, os.mkfifo), READ_ONLY,
           Refusal("EPERM", REST, "only files and links can be kept in memory")),
    folder("mkfifo", "a name of 256 bytes", lambda d: os.mkfifo(d / LONG), TOO_LONG),
    folder("mknod", "a regular file", acts.named(NAME, lambda p: os.mknod(p, 0o100600)), READ_ONLY,
           Refusal("EPERM", REST, "files are made by opening them")),
    folder("mknod", "a device", acts.named(NAME, lambda p: os.mknod(p, 0o020600, os.makedev(1, 3))), READ_ONLY,
           Refusal("EPERM", REST, "only files and links can be kept in memory")),
    folder("mknod", "a socket, by bind", acts.named(NAME, acts.make_socket), READ_ONLY,
           Refusal("EPERM", REST, "only files and links can be kept in memory")),
    folder("open", "O_CREAT and O_EXCL, a name that no record has", acts.named(NAME, acts.make), READ_ONLY,
           Refusal(*ABSENT)),
    folder("open", "O_CREAT, a name of 255 bytes", acts.named(acts.LONGEST, acts.make), READ_ONLY, Refusal(*ABSENT)),
    folder("open", "O_CREAT, a name of 256 bytes", lambda d: acts.make(d / LONG), TOO_LONG),
    folder("open", "O_CREAT, a record's name", acts.named("999999.json", acts.create), READ_ONLY, Refusal(*ABSENT),
           Refusal("EOPNOTSUPP", "vendor", "a mistyped id must not look like a new user; new/ is for those")),
    folder("open", "O_CREAT and O_EXCL, a record's name", acts.named("999998.json", acts.make), READ_ONLY,
           Refusal(*ABSENT), Refusal("EEXIST", "vendor", "the vendor may have it, and is not asked for a name")),
    folder("open", "O_CREAT, a status file's name", acts.named("999997.status", acts.create), READ_ONLY,
           Refusal(*ABSENT), Refusal("ENOENT", WRITABLE, "a mistyped id must not look like a deactivation")),
    folder("open", "O_TMPFILE", acts.opens(acts.TMPFILE | RW), *every("EOPNOTSUPP", "FUSE here has no such files")),
    folder("open", "for writing", acts.opens(W), *every("EISDIR", "it is a directory")),
    folder("open", "O_CREAT, the directory", acts.opens(C | R), *every("EISDIR", "it is a directory")),
    folder("open", "O_DIRECTORY, openat", acts.is_a_folder),
    folder("open", "a name that does not exist", lambda d: os.open(d / ".none", R), *every("ENOENT", "no such file")),
    folder("open", "a name below one that does not exist", lambda d: os.open(d / ".none/x", R),
           *every("ENOENT", "no such directory")),
    folder("open", "a name of 256 bytes", lambda d: os.open(d / LONG, R), TOO_LONG),
    folder("open", "a path of 4,096 bytes", acts.long_path, *every("ENAMETOOLONG", "a path has at most 4,095 bytes")),
    folder("open", "a path of 4,094 bytes", acts.nearly_long_path),
    folder("symlink", "a name that no record has", acts.named(NAME, lambda p: os.symlink("x", p)), READ_ONLY,
           FIXED_NAMES._replace(places=ABSENT[1])),
    folder("symlink", "a record's name", lambda d: os.symlink("x", d / "999996.json"), READ_ONLY,
           Refusal("EEXIST", "vendor", "the vendor may have it, and is not asked for a name"),
           Refusal("EPERM", REST, "a link is no record")),
    folder("symlink", "a name that exists", lambda d: os.symlink("x", d), *every("EEXIST", "it exists")),
    folder("symlink", "a name of 256 bytes", lambda d: os.symlink("x", d / LONG), TOO_LONG),
    folder("link", "a file in memory", acts.linked_in, READ_ONLY,
           Refusal("EPERM", REST, ONE_NAME)),
    folder("link", "a name of 256 bytes", lambda d: os.link(d, d / LONG), TOO_LONG),
    folder("link", "the directory", lambda d: os.link(d, acts.mount_of(d) / "posix"),
           *every("EPERM", "no system links directories")),
    folder("rename", "a file in memory of the vendor's directory into it", acts.moved_in, READ_ONLY,
           Refusal("EPERM", "root, new, by-email, person, .rosterfs, history",
                   "files in memory stay in their directory")),
    folder("rename", "a file of another file system into it", acts.from_outside,
           *every("EXDEV", "it is another file system: mv copies")),
    folder("rename", "a file to a name of 256 bytes", lambda d: os.rename(acts.mount_of(d) / "README", d / LONG),
           TOO_LONG),
    folder("rename", "the directory", acts.moved_around, Refusal("EBUSY", "root", "it is a mount"),
           Refusal("EPERM", REST, "its name comes from the config or the vendor")),
    folder("rename", "the directory below itself", acts.into_itself, Refusal("EXDEV", "root", "it is a mount"),
           Refusal("EINVAL", REST, "that cannot be")),
    folder("rename", "the directory onto itself", lambda d: os.rename(d, d)),
    folder("rename", "the directory to another file system", acts.rename_out, Refusal("EBUSY", "root", "it is a mount"),
           Refusal("EXDEV", REST, "it is another file system: mv copies")),
    folder("rmdir", "it", os.rmdir, Refusal("EBUSY", "root", "it is a mount"),
           Refusal("EPERM", REST, "rm -r would remove what the vendor has")),
    folder("rmdir", "a name that does not exist", lambda d: os.rmdir(d / ".none"), *every("ENOENT", "no such name")),
    folder("rmdir", "a name of 256 bytes", lambda d: os.rmdir(d / LONG), TOO_LONG),
    folder("rmdir", "its dot", lambda d: os.rmdir(f"{d}/."), *every("EINVAL", "no system removes a dot")),
    folder("unlink", "it", os.unlink, *every("EISDIR", "it is a directory")),
    folder("unlink", "a name that does not exist", lambda d: os.unlink(d / ".none"), *every("ENOENT", "no such file")),
    folder("unlink", "a name of 256 bytes", lambda d: os.unlink(d / LONG), TOO_LONG),
    folder("truncate", "it", lambda d: os.truncate(d, 0), *every("EISDIR", "it is a directory")),
    folder("chmod", "another mode (ignored)", acts.chmod_other, READ_ONLY, HISTORY),
    folder("chmod", "a name of 256 bytes", lambda d: os.chmod(d / LONG, 0o600), TOO_LONG),
    folder("chown", "another owner (ignored)", acts.chown_other, READ_ONLY, HISTORY),
    folder("utimensat", "other times (ignored)", acts.set_times, READ_ONLY, HISTORY),
    folder("read", "as a file", acts.read_folder, *every("EISDIR", "it is a directory")),
    folder("readdir", "telldir, seekdir, rewinddir: each name once", acts.reads_again),
    Case("readdir", "rewinddir shows what came meanwhile", acts.rewinds_to_news, NEW),
    folder("readdir", "types and numbers are those of stat", acts.types_agree),
    folder("fsync", "it", acts.sync_folder),
    folder("xattr", "read one", acts.attributes, NO_ATTRIBUTES),
    folder("stat", "a name of 256 bytes", lambda d: os.stat(d / LONG), TOO_LONG),
]

FILE_CASES = [
    plain("open", "O_RDONLY", acts.opens(R)),
    plain("open", "O_RDONLY and O_CREAT", acts.opens(R | C)),
    plain("open", "O_WRONLY", acts.opens(W), NO_SAVES, MANUAL),
    plain("open", "O_RDWR", acts.opens(RW), NO_SAVES, MANUAL),
    plain("open", "O_WRONLY and O_APPEND", acts.opens(W | os.O_APPEND), NO_SAVES, MANUAL),
    plain("open", "O_CREAT and O_EXCL", acts.opens(C | X | W), *every("EEXIST", "it exists")),
    plain("open", "O_DIRECTORY", acts.opens(R | os.O_DIRECTORY), *every("ENOTDIR", "it is no directory")),
    plain("open", "O_NOFOLLOW", acts.opens(R | os.O_NOFOLLOW), Refusal("ELOOP", "self, link", "it is a link")),
    plain("open", "O_PATH", acts.by_handle),
    plain("open", "O_DIRECT", acts.opens(R | os.O_DIRECT)),
    plain("open", "a name below it", acts.below, *every("ENOTDIR", "it is no directory")),
    plain("open", "to execute it", acts.run, *every("EACCES", "no file is a program")),
    plain("write", "without having opened for that", acts.write_read_only, *every("EBADF", "opened for reading")),
    plain("write", "one byte that is no document and no word", acts.write_one, NO_SAVES, MANUAL,
          Refusal("EINVAL", WHOLE + ", draft, control, refresh", "nothing but what can be carried out is accepted")),
    plain("read", "read, pread, preadv, lseek, mmap, sendfile agree", acts.reads),
    plain("read", "without having opened for that", acts.read_write_only, NO_SAVES, MANUAL,
          Refusal("EBADF", REST, "opened for writing")),
    plain("read", "lseek before the start", acts.seek_before, *every("EINVAL", "there is nothing before the start")),
    plain("read", "copy_file_range to a file in memory", acts.copied),
    plain("read", "shared, writable pages by mmap", acts.map_shared, NO_SAVES, MANUAL,
          Refusal("ENODEV", WHOLE + ", draft, control, refresh", "a save is one text, which pages are not")),
    plain("stat", "a plain file with one name", acts.a_plain_file),
    plain("access", "R_OK", acts.asks_for(os.R_OK)),
    plain("access", "X_OK", acts.asks_for(os.X_OK), *every("EACCES", "no file is a program")),
    plain("fsync", "opened for reading", acts.sync_file),
    plain("truncate", "a byte less", acts.resized(lambda size: size - 1 if size else 0), READ_ONLY_FILES,
          NO_SAVES._replace(places=NO_SAVES.places + ", MANUAL"),
          Refusal("EINVAL", WHOLE, "part of a document is not sent; a file that is open can be truncated")),
    plain("truncate", "a byte more", acts.resized(lambda size: size + 1), READ_ONLY_FILES,
          NO_SAVES._replace(places=NO_SAVES.places + ", MANUAL"),
          Refusal("EINVAL", WHOLE, "part of a document is not sent; a file that is open can be truncated")),
    plain("truncate", "a negative length", acts.resized(lambda size: -1), *every("EINVAL", "no length")),
    plain("truncate", "a tebibyte", acts.resized(lambda size: 1 << 40), READ_ONLY_FILES,
          NO_SAVES._replace(places=NO_SAVES.places + ", MANUAL"),
          Refusal("EFBIG", "scratch, draft", "more than memory may hold"),
          Refusal("EINVAL", WHOLE, "part of a document is not sent; a file that is open can be truncated")),
    plain("ftruncate", "the present length", acts.resized_open(lambda size: size), NO_SAVES, MANUAL),
    plain("ftruncate", "a negative length", acts.resized_open(lambda size: -1), NO_SAVES, MANUAL,
          Refusal("EINVAL", REST, "no length")),
    plain("ftruncate", "a tebibyte", acts.resized_open(lambda size: 1 << 40), NO_SAVES, MANUAL,
          Refusal("EFBIG", "scratch, draft, record, self, link", "a document has at most 1 MiB")),
    plain("ftruncate", "opened for reading", acts.resized_open(lambda size: 0, R), *every("EINVAL", "not for writing")),
    plain("posix_fallocate", "fallocate", acts.reserve, NO_SAVES, MANUAL,
          Refusal("EOPNOTSUPP", REST, "nothing can be reserved; the C library then writes zeros")),
    plain("posix_fallocate", "a hole", acts.punch, NO_SAVES, MANUAL,
          Refusal("EOPNOTSUPP", REST, "a document has no holes")),
    plain("chmod", "another mode (ignored)", acts.chmod_other, READ_ONLY_FILES, HISTORY._replace(places="undo")),
    plain("chown", "the same owner", acts.chown_same, READ_ONLY_FILES, HISTORY._replace(places="undo")),
    plain("chown", "another owner (ignored)", acts.chown_other, READ_ONLY_FILES, HISTORY._replace(places="undo")),
    plain("chown", "lchown", acts.own_link, READ_ONLY_FILES, HISTORY._replace(places="undo")),
    plain("utimensat", "other times (ignored)", acts.set_times, READ_ONLY_FILES, HISTORY._replace(places="undo")),
    plain("utimensat", "AT_SYMLINK_NOFOLLOW", acts.lset_times, READ_ONLY_FILES, HISTORY._replace(places="undo")),
    plain("unlink", "it", os.unlink, READ_ONLY_FILES,
          Refusal("EPERM", "record, status, self, link", "mv, tar and git unlink what they then write"),
          Refusal("EPERM", "log, control, refresh, undo, README, MANUAL", FIXED_NAMES.why)),
    plain("unlink", "with a slash behind it", lambda p: os.unlink(f"{p}/"), *every("ENOTDIR", "it is no directory")),
    plain("rmdir", "it", os.rmdir, *every("ENOTDIR", "it is no directory")),
    plain("mkdir", "its name", os.mkdir, *every("EEXIST", "it exists")),
    plain("symlink", "its name", lambda p: os.symlink("x", p), *every("EEXIST", "it exists")),
    plain("link", "a name beside it", acts.link_beside, READ_ONLY_FILES, Refusal("EPERM", REST, ONE_NAME)),
    plain("rename", "to a new name beside it, and back", acts.rename_beside, READ_ONLY_FILES,
          Refusal("EINVAL", "draft", "its own name makes a user: that is a save, and this is no document"),
          Refusal("EPERM", "log, control, refresh, undo, README, MANUAL, self, link", FIXED_NAMES.why)),
    plain("rename", "onto itself", acts.rename_to_itself),
    plain("rename", "onto a directory", acts.rename_onto_folder, *every("EISDIR", "it is a directory")),
    plain("rename", "a directory onto it", acts.folder_onto, *every("ENOTDIR", "it is no directory")),
    plain("rename", "into another vendor's directory", acts.rename_to_other_vendor, READ_ONLY_FILES,
          Refusal("EPERM", REST, "users do not move between vendors")),
    plain("rename", "to another file system", acts.rename_out, *every("EXDEV", "it is another file system: mv copies")),
    plain("rename", "a file of another file system onto it", acts.rename_from_outside,
          *every("EXDEV", "mv would delete it first, and fails")),
    plain("rename", "an empty file in memory onto it", acts.rename_spare_onto, READ_ONLY_FILES,
          Refusal("EINVAL", "record, status", "an empty text is no save"),
          Refusal("EPERM", "draft, log, control, refresh, undo, README, MANUAL, self, link", FIXED_NAMES.why)),
    plain("rename", "RENAME_NOREPLACE", acts.rename_with(acts.NOREPLACE), *every("EEXIST", "it exists")),
    plain("rename", "RENAME_EXCHANGE", acts.rename_with(acts.EXCHANGE),
          *every("EINVAL", "two names cannot be saved in one step")),
    plain("rename", "to a name of 256 bytes", lambda p: os.rename(p, p.with_name(LONG)), TOO_LONG),
    plain("xattr", "read one", acts.attributes, NO_ATTRIBUTES),
    plain("xattr", "set one", acts.set_attribute, NO_ATTRIBUTES),
    plain("xattr", "list them", acts.list_attributes, NO_ATTRIBUTES),
    plain("chflags", "flags, by ioctl", acts.flags_of, *every("ENOTTY", "there are no flags")),
    plain("locks", "flock, fcntl", acts.locks),
    plain("readlink", "it", os.readlink, Refusal("EINVAL", ", ".join(name for name in FILES if name not in (
        "self", "link")), "it is no link")),
]

# of a new file in memory, as editors and tools make them
NEW_CASES = [Case(group, what, do, NEW) for group, what, do in (
    ("open", "O_EXCL of a file, and of a link that leads nowhere", files.exclusive),
    ("open", "O_TRUNC", files.truncates),
    ("open", "O_APPEND, by two at a time", files.appends),
    ("open", "links: chains, O_NOFOLLOW, circles, long targets", files.links_that_lead),
    ("open", "50 times at once", files.many_times),
    ("open", "O_DIRECT", files.directly),
    ("open", "names with a slash behind them, and the empty name", files.slashes),
    ("open", "names with odd bytes", files.odd_names),
    ("write", "pwrite, pwritev and holes", files.offsets),
    ("write", "memory that nobody has", files.memory_of_nobody),
    ("write", "shared pages", files.mapped),
    ("write", "copy_file_range and sendfile", files.copies),
    ("truncate", "shorter, longer, negative, huge", files.sizes),
    ("posix_fallocate", "posix_fallocate", files.reserved),
    ("fsync", "O_SYNC, fsync, fdatasync, syncfs", files.synced),
    ("unlink", "while it is open", files.unlinked),
    ("rename", "onto a file that is open", files.replaced),
    ("rename", "renameat2 and its flags", files.with_flags),
    ("utimensat", "a write moves the times, a read does not", files.times),
    ("chmod", "modes and owners", files.modes),
    ("locks", "between processes", files.child_locks),
)]

CASES = [*FOLDER_CASES, *FILE_CASES, *NEW_CASES]

# ---- the document ----

DOCUMENT = pathlib.Path(__file__).with_name("posix.md")
TITLE = """# POSIX

What `test_posix.py` does with the files of a mount, by the groups of system calls, and what comes of it: a call
succeeds, or fails with an errno for a reason. Where a case succeeds, the test also looks at what it is for: bytes,
sizes, names, times. What is *ignored* succeeds and changes nothing. For users other than root, the kernel's own look at
the modes may return EACCES first. FreeBSD's flags and its ACLs do not exist on Linux.

`python3 tests/mount/posix_cases.py` writes this file anew, and the test compares it with the cases.

"""


def counted():
    """One row for each group: how many cells, and how many end how."""
    rows = collections.defaultdict(collections.Counter)
    for case in CASES:
        rows[case.group].update(case.wanted(place) for place in case.places)
        rows["all"].update(case.wanted(place) for place in case.places)
    yield "| group | cells | succeed | fail with |"
    yield "|---|---|---|---|"
    for group in sorted(rows, key=lambda name: (name == "all", name)):
        ends = rows[group]
        errors = ", ".join(f"{name} {ends[name]}" for name in sorted(set(ends) - {"ok"}))
        yield f"| {group} | {sum(ends.values())} | {ends['ok']} | {errors or '-'} |"


def list_of(cases):
    yield "| group | what is done | succeeds at | fails |"
    yield "|---|---|---|---|"
    for case in sorted(cases, key=lambda case: case.group):
        good = [place for place in case.places if case.wanted(place) == "ok"]
        ends = []
        for refusal in case.refusals:
            where = [place for place in case.places if case.refusal(place) == refusal]
            if where:
                everywhere = len(where) == len(case.places)
                ends.append(f"{refusal.name}{'' if everywhere else ' at ' + ', '.join(where)}: {refusal.why}")
        yield (f"| {case.group} | {case.what} | {'all' if len(good) == len(case.places) else ', '.join(good) or '-'} "
               f"| {'; '.join(ends) or '-'} |")


def document():
    """The text of posix.md."""
    lines = [*counted(), "", "## Directories", ""]
    lines += ["| name | what it is |", "|---|---|", *(f"| {name} | {what} |" for name, what in FOLDERS.items()), ""]
    lines += [*list_of(FOLDER_CASES), "", "## Files that exist", ""]
    lines += ["| name | what it is |", "|---|---|", *(f"| {name} | {what} |" for name, what in FILES.items()), ""]
    lines += [*list_of(FILE_CASES), "", "## New files in memory, in `partnerize/` and `partnerize/new/`", ""]
    lines += list_of(NEW_CASES)
    return TITLE + "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
