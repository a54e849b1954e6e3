# SPDX-License-Identifier: Apache-2.0
"""What the tests of editors and tools share: a record to work on, the four ways in which a save is
refused, and the rows of editors.md, the table that tells how each tool fares.

Each test finds out how its tool fares, renders that as a row, and compares it with the row that
stands in editors.md. The rows that a run found are in $BUILD/editors/; `python3 editor_saves.py` makes
editors.md of them.
"""

import contextlib
import errno
import json
import os
import pathlib
import re
import signal

import harness
from harness import wait_until
from writes import at_vendor, changed, errno_of, read, sent

IDENT = 2  # the user with every field there is
FILE = f"partnerize/{IDENT}.json"
DIRECTORY = "partnerize"
FIRST = "Oldname"  # the value that is edited, nowhere else in the record
FIXED = {"MANUAL", "self", "by-email", "new"}
FOUND = harness.BUILD / "editors"
TABLE = pathlib.Path(__file__).with_name("editors.md")

# vendor: it answers 400. conflict: somebody else has changed the same field. immutable: a field that
# the vendor assigns. half: the text is not one whole document.
REFUSALS = ("vendor", "conflict", "immutable", "half")


def scratch(m, directory=DIRECTORY):
    """The names that are no record's: what tools have left."""
    return {name for name in os.listdir(m.path / directory)
            if name not in FIXED and (name[0] in ".#" or not name.endswith((".json", ".status")))}


class Work:
    """One record on one mount, and what is known of it before somebody tries to save."""

    def __init__(self, m):
        self.m = m
        self.box = m.sandbox
        self.path = m.path / FILE
        self.change(FIRST)
        self.others = self.everybody_else()
        self.look()

    def change(self, value):
        """A colleague changes the record, and the mount hears of it."""
        self.box.patch(IDENT, {"lastname": value})
        self.refresh()

    def refresh(self):
        (self.m.path / ".rosterfs/refresh").write_text("all\n")
        os.listdir(self.m.path / DIRECTORY)

    def settle(self):
        """The vendor's own stamp of the last save is known, and nothing else moves any more."""
        self.refresh()
        self.look()

    def everybody_else(self):
        return [user for user in self.box.control("GET", "users") if user["user_id"] != str(IDENT)]

    def look(self):
        """What is there from now on counts as the state before."""
        self.box.reset()
        self.vendor = at_vendor(self.box, IDENT)
        self.text = self.path.read_text(encoding="utf-8")
        self.stat = os.stat(self.path)

    def puts(self):
        """The statuses of all that could have changed something."""
        return [entry["status"] for entry in sent(self.box)]

    def value(self):
        return json.loads(self.text)["lastname"]

    def saved(self, value, requests=1):
        """A good save has landed: VALUE, nothing else, with one request. Becomes the state before."""
        now = at_vendor(self.box, IDENT)
        assert now["lastname"] == value
        assert changed(self.vendor, now) == {"lastname"}
        assert self.puts() == [200] * requests
        assert read(self.m, FILE)["lastname"] == value
        stat = os.stat(self.path)
        assert stat.st_size == len(self.path.read_bytes())
        assert stat.st_ino == self.stat.st_ino
        assert self.everybody_else() == self.others
        self.look()

    def wait_landed(self, values):
        """Until the mount shows one of VALUES; which one."""
        def landed():
            # while it is being written the kernel may take the writer's size for the file's
            with contextlib.suppress(ValueError):
                return {read(self.m, FILE)["lastname"]} & values
        return wait_until(landed, 15 * harness.SCALE, f"a save of one of {values}").pop()

    def arrange(self, kind, requests=1):
        """See to it that the next saves are refused; what they would have to leave as it is."""
        if kind == "vendor":
            self.box.fault(method="PUT", path=f"/user/{IDENT}", fault="status", status=400,
                           times=requests)
        elif kind == "conflict":
            self.box.patch(IDENT, {"lastname": "Theirs"})
            self.vendor = at_vendor(self.box, IDENT)
        self.box.reset()
        self.logged = len(self.m.log())

    def log(self):
        """What has been logged of the record since arrange."""
        return [line for line in self.m.log()[self.logged:].splitlines() if f"{FILE}: " in line]

    def wait_refused(self):
        wait_until(lambda: any(re.search(r": E[A-Z]+ \(", line) for line in self.log()),
                   15 * harness.SCALE, "a line in the log")

    def refused(self, kind, requests=1):
        """The save of KIND was refused: everything is as it was."""
        assert at_vendor(self.box, IDENT) == self.vendor
        asked = self.puts()
        assert asked == ([400] * requests if kind == "vendor" else []), (asked, self.log())
        stat = os.stat(self.path)
        shown = self.path.read_text(encoding="utf-8")
        if kind == "conflict":
            # the newer version may be known by now
            assert json.loads(shown)["lastname"] in (self.value(), "Theirs")
        else:
            assert shown == self.text
            before = self.stat
            assert (stat.st_mtime_ns, stat.st_size) == (before.st_mtime_ns, before.st_size)
        assert stat.st_ino == self.stat.st_ino
        assert self.everybody_else() == self.others
        assert self.log(), "the log says nothing"
        if kind == "vendor":
            self.box.clear_faults()
        if kind == "conflict":
            self.change(self.value())
            self.look()

    def sweep(self):
        """Remove what tools have left; the names."""
        left = scratch(self.m)
        for name in left:
            with contextlib.suppress(FileNotFoundError):  # the program may just be ending
                os.unlink(self.m.path / DIRECTORY / name)
        return left


def sh(m, command, shell="bash", env=None):
    """As m.sh, and the children are gone too: rsync leaves one for a while, which holds the mount."""
    started = m.spawn(command, shell, env=env)
    result = started.finish(30)
    started.send(signal.SIGTERM)
    wait_until(lambda: errno_of(os.killpg, started.pid, 0) == errno.ESRCH, 10 * harness.SCALE,
               f"the end of all processes of {command}")
    return result


# ---- the table ----

HEADS = {
    "editors": "| Editor | saves | told of a refusal by | of half a document by | leaves behind |",
    "tools": "| Command | saves | told of a refusal by | of half a document by | leaves behind |",
    "shells": "| Form | told of a refusal by | of half a document by |",
    "refused": "| Command | why it can't save | told by |",
}

WORDS = """\
Each row was found by a test run on a real mount, with the tools of Debian 12 and their default settings.
F is a record's file and T another one beside it. *In place* writes into F; *renames* writes another file
and renames it onto F; *moves away* renames F to a backup and creates it anew. Saves one after the
other, an editor's from one buffer, were as many changes at the vendor, each of one field and with one request,
and no editor asked about a changed file in between. A refused save left the record as it was: the
vendor answered 400, another client had changed the field, the vendor assigns the field, or the text was not one
whole document. *Not told* means that the tool cannot notice: look at the file again, or into
`.rosterfs/log`. For a vendor's 400 and for half a document `mv` says "to a subdirectory of itself": those
are its words for EINVAL. And zsh's `echo inactive >*.status` writes to every match (MULTIOS), without a
word about those that refuse; the other shells refuse the whole.
"""

TITLES = {
    "editors": "Editors",
    "tools": "Tools that change a file",
    "shells": "Shells: bash, dash, zsh, busybox sh",
    "refused": "Tools that cannot save",
}


def code(text):
    return f"`{text}`" if text else ""


def cell(text):
    return text.replace("|", "\\|").strip() or "–"


def row(cells):
    return "| " + " | ".join(cell(text) for text in cells) + " |"


def check_row(section, cells):
    """Keep the row that was found; it must be the one in editors.md."""
    line = row(cells)
    FOUND.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9]+", "-", f"{section} {cells[0]}") + str(len(cells[0]))
    (FOUND / name).write_text(line + "\n", encoding="utf-8")
    known = TABLE.read_text(encoding="utf-8").splitlines() if TABLE.exists() else []
    assert line in known, f"{TABLE.name} says otherwise; what was found:\n{line}"


def check_section(section, firsts):
    """editors.md has a row for each of FIRSTS, its first cells, in their order, and no other."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    start = lines.index(HEADS[section]) + 2
    found = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        found.append(tuple(line.split(" | ")[:len(firsts[0])]))
    assert found == [tuple(row(cells).removesuffix(" |").split(" | ")) for cells in firsts]


def write_table(sections):
    """Make editors.md of the rows that were found; SECTIONS: {section: [first cells, ...]}."""
    text = "# Editors and tools on a mount\n\n" + WORDS
    found = [path.read_text(encoding="utf-8") for path in sorted(FOUND.iterdir())]
    for section, firsts in sections.items():
        text += f"\n## {TITLES[section]}\n\n{HEADS[section]}\n"
        text += "|" + "---|" * (HEADS[section].count("|") - 1) + "\n"
        for cells in firsts:
            begin = row(cells).removesuffix(" |") + " |"
            text += next((line for line in found if line.startswith(begin)), begin + " ? |\n")
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    import test_editors
    import test_tools
    write_table({**test_editors.sections(), **test_tools.sections()})
