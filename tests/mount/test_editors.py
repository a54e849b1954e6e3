# SPDX-License-Identifier: Apache-2.0
"""Interactive editors, in a real terminal, with their default settings.

Each saves three times from one buffer, and is refused in four ways, each in a session of its own. How an
editor is driven is one line of EDITORS; adding an editor is adding a line, and then its row to
editors.md (editor_saves.py).
"""

import contextlib
import os
import pathlib
import pwd
import re
import shutil
import tempfile
import time
import typing

import pytest

from commands import Terminal
from editor_saves import FILE, FIRST, REFUSALS, Work, check_row, check_section, code
from system import SCALE, Hang, wait_until

# where neovim is installed too, vim may be that
VIM = shutil.which("vim.basic") or "vim"

KEY = re.compile(r"[CMS]-.|Enter|Escape|Space|F\d+")

# The cursor stands before a value within quotes: so typed, the rest of the text is one object deeper
# than it is closed, and the document is not whole.
OPEN_OBJECT = '","x":{"y":"'


class Editor(typing.NamedTuple):
    name: str
    command: str
    how: str
    save: tuple  # keys and texts
    quit: tuple  # without saving
    refused: str  # shown after a refused one; its groups are what goes into the table
    insert: tuple = ()  # to begin and to end typing
    typed: tuple = ()
    start: tuple = ()  # what it shows at its start, and the key that ends that
    dismiss: tuple = ()  # after an error
    words: str = ""  # to say it in the table when what it shows says too little
    leaves: str = ""  # in words
    left: str = r"\0"  # names, a regular expression
    deaf: tuple = ()  # the refusals that it can't notice


VI = {"insert": ("i",), "typed": ("Escape",), "save": (":w", "Enter"), "quit": (":q!", "Enter")}
EMACS = {"save": ("C-x", "C-s"), "quit": ("C-x", "C-c", "n", "yes", "Enter")}
BACKUP = {"leaves": "`F~`", "left": r"2\.json~"}

EDITORS = (
    Editor("vim", VIM, "moves away", refused=r"(E\d+: [A-Z][\w ]+)", dismiss=("Enter",), **VI),
    Editor("nvim", "nvim", "moves away", refused=r"(E\d+: [A-Z][\w ]+: [\w ]+)",
           dismiss=("Enter",), **VI),
    Editor("emacs -nw", "emacs -nw", "moves away", refused=r"(Write error: [\w ]+),",
           **EMACS, **BACKUP),
    Editor("emacs, file-precious-flag", "emacs -nw --eval '(setq file-precious-flag t)'", "renames",
           refused=r"(Renaming: [\w ]+),", **EMACS, **BACKUP),
    Editor("nano", "nano", "in place", ("C-o", "Enter"), ("C-x", "n"),
           r"(Error writing) \S+: ([\w ]+)"),
    Editor("nano -B", "nano -B", "in place", ("C-o", "Enter"), ("C-x", "n"),
           r"(Error writing) \S+: ([\w ]+)", **BACKUP),
    # it offers sudo when it hears EPERM
    Editor("micro", "micro", "in place", ("C-s",), ("C-q", "n"),
           r"(close) \S+: ([\w ]+)|(Permission denied)\. Do you want", dismiss=("Escape",)),
    Editor("joe", "joe", "in place", ("C-k", "d", "Enter"), ("C-c", "y"), "(Error writing file)",
           deaf=("half",), **BACKUP),
    Editor("mg", "mg", "in place", refused=r"--(\*\*)-Mg", words="the buffer stays `**`", **EMACS,
           **BACKUP),
    Editor("ne", "ne", "in place", ("C-s",), ("C-q", "y"), r"(I/O error)\."),
    Editor("mcedit", "mcedit", "in place", ("F2", "Enter"), ("F10", "n"), r"(Save As)",
           dismiss=("Escape", "Escape"), words="it asks for another name"),
    Editor("kak", "kak", "in place", refused=r"('w': fd: \d+: [\w ]+?)  ", deaf=("half",), **VI),
    Editor("vis", "vis", "in place", refused=r"(Can't write) `\S+: ([\w ]+)",
           leaves="`.F.vis.XXXXXX`", left=r"\.2\.json\.vis\.\w+", **VI),
    Editor("nvi", "nvi", "in place",
           refused=r"Error: \S+: ([\w ]+;) \S+: (WARNING: FILE TRUNCATED)", **VI),
    Editor("tilde", "tilde", "in place, not truncated", ("C-s",), ("C-q", "n"),
           r"(Could not save file: [\w ]+)", start=("Input Handling", "Enter"),
           dismiss=("Enter",)),
    Editor("dte", "dte", "renames", ("C-s",), ("C-q", "y"), r"(save: rename: [\w ]+)"),
    Editor("jed", "jed", "moves away", ("C-x", "C-s"), ("C-x", "C-c", "n", "y"),
           r"(Write Failed:) .*(errno = \d+)|(Error fsyncing file)\. .*(: [\w ]+)", **BACKUP),
    Editor("busybox vi", "busybox vi", "in place, not truncated",
           refused=r"('partnerize/2.json' \d+L, 0C)", deaf=("half",),
           words="`1L, 0C`, if the text has not become shorter", **VI),
)


def sections():
    return {"editors": [(editor.name, editor.how) for editor in EDITORS]}


class Session:
    """EDITOR on the file, its cursor before the value of KEY."""

    def __init__(self, editor, work, key="lastname"):
        self.editor = editor
        m = work.m
        at = work.text.index(f'"{key}": "') + len(f'"{key}": "')
        rows = work.text[:at].count("\n")
        columns = at - work.text[:at].rindex("\n") - 1
        # a new home: some go to the place where they were last. And a name that has one: emacs looks
        user = pwd.getpwuid(os.getuid()).pw_name
        home = tempfile.mkdtemp(prefix="home-", dir=m.folder)
        # in a new home emacs compiles what it loads, and each compiler that ends is a signal, which
        # interrupts whatever system call emacs is in
        settings = pathlib.Path(home, ".emacs.d")
        settings.mkdir()
        (settings / "early-init.el").write_text("(setq native-comp-deferred-compilation nil)\n")
        env = {**m.env, "USER": user, "LOGNAME": user, "HOME": home}
        for name in ("CONFIG", "DATA", "STATE", "CACHE"):
            env[f"XDG_{name}_HOME"] = f"{home}/{name}"
        self.terminal = Terminal(f"{editor.command} {FILE}", m.path, env, columns=250)
        m.commands.append(self.terminal)
        if editor.start:
            self.terminal.wait_for(editor.start[0])
            self.terminal.keys(editor.start[1])
        self.terminal.wait_for(f'"lastname": "{work.value()}"')
        self.terminal.keys("-N", str(rows), "Down")
        self.terminal.keys("-N", str(columns), "Right")

    def press(self, *keys):
        for key in keys:
            self.terminal.keys(key, literal=not KEY.fullmatch(key))
            if key == "Escape":
                self.pause()

    def pause(self):
        """Until the editor takes what follows an Escape for a key of its own, not for Meta."""
        time.sleep(0.15)
        if self.terminal.unread():  # it is late
            wait_until(lambda: not self.terminal.unread(), 10 * SCALE, "an editor that reads")
            time.sleep(0.15)

    def type(self, text):
        self.press(*self.editor.insert)
        self.terminal.type(text)
        self.press(*self.editor.typed)

    def save(self):
        self.press(*self.editor.save)

    def quit(self, modified):
        keys = self.editor.quit
        if not modified and not self.editor.insert:
            keys = [key for key in keys if key[:2] == "C-" or key[0] == "F"]
        # an editor that sees only now that the file has changed takes the first keys for an answer
        for _ in range(3):
            self.press(*keys)
            with contextlib.suppress(Hang):
                self.terminal.finish(5)
                return
        self.terminal.finish()


def save_often(editor, work):
    """Three times from one buffer, and before the third the mount hears the vendor's new stamp."""
    session = Session(editor, work)
    value = FIRST
    for letter in "ABC":
        if letter == "C":
            work.settle()
        session.type(letter)
        # the cursor is after what was typed, or on it
        wanted = {value[:at] + letter + value[at:] for at in range(3)}
        session.save()
        value = work.wait_landed(wanted)
        work.saved(value)
    session.quit(modified=False)
    left = work.sweep()
    assert all(re.fullmatch(editor.left, name) for name in left), left


def be_refused(editor, work, kind):
    """What the editor says, or ''."""
    work.settle()
    session = Session(editor, work, "user_id" if kind == "immutable" else "lastname")
    work.arrange(kind)
    session.type(OPEN_OBJECT if kind == "half" else "9")
    session.save()
    work.wait_refused()
    time.sleep(0.2)
    if kind in editor.deaf:
        assert not re.search(editor.refused, session.terminal.screen())
        said = ""
    else:
        screen = session.terminal.wait_for(editor.refused)
        said = " ".join(filter(None, re.search(editor.refused, screen).groups()))
        session.press(*editor.dismiss)
    work.refused(kind)
    session.quit(modified=True)
    work.sweep()
    return said


@pytest.mark.parametrize("editor", EDITORS, ids=[editor.name for editor in EDITORS])
def test_editor(mount, editor):
    work = Work(mount())
    save_often(editor, work)
    said = {kind: be_refused(editor, work, kind) for kind in REFUSALS}
    told = editor.words or code(said["vendor"])
    half = code(said["half"]) or "not told"
    check_row("editors", (editor.name, editor.how, told,
                          "the same" if said["half"] == said["vendor"] else half, editor.leaves))


def test_the_table_is_complete():
    check_section("editors", sections()["editors"])
