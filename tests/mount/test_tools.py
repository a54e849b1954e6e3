# SPDX-License-Identifier: Apache-2.0
"""Tools and shells that change a file without being looked at, with their default settings.

Each saves twice and is refused in four ways. A tool is one line of TOOLS, and its row in editors.md
(editor_saves.py). What a line runs is told by the environment:

    $F         the record's file, from the top of the mount
    $OLD $NEW  two texts: the first is to become the second
    $TEXT      a file elsewhere that holds the whole new text
    $DOC       the same text
    $VALUE     the new value of lastname, for tools that know JSON; empty where that says too little
"""

import re
import shutil
import typing

import pytest

from editor_saves import FILE, REFUSALS, Work, check_row, check_section, code, sh

# where neovim is installed too, vim may be that
VIM = shutil.which("vim.basic") or "vim"

# the text of the half document: an object is opened that nothing closes
HALF = ('"lastname":', '"x": {"lastname":')


class Tool(typing.NamedTuple):
    name: str
    how: str
    command: str
    says: str = ""  # of a refusal; its groups are what goes into the table
    shell: str = "bash"
    leaves: str = ""  # in words
    left: str = r"\0"  # names, a regular expression
    deaf: tuple = ()  # the refusals that it can't notice
    requests: int = 1  # that it makes when the vendor refuses: it tries in another way
    json: bool = False  # it knows JSON, so that it can write no half document


SED = "s/$OLD/$NEW/"
MATCH = "s/\\Q$ENV{OLD}/$ENV{NEW}/"
GAWK = ('{ i = index($0, ENVIRON["OLD"]); if (i) $0 = substr($0, 1, i - 1) ENVIRON["NEW"] '
        'substr($0, i + length(ENVIRON["OLD"])) } 1')
PYTHON = """python3 -c '
import os
f, t = os.environ["F"], open(os.environ["TEXT"]).read()
{}'"""
FILEINPUT = """python3 -c '
import fileinput, os, sys
with fileinput.input(os.environ["F"], inplace=True) as lines:
    for line in lines:
        sys.stdout.write(line.replace(os.environ["OLD"], os.environ["NEW"]))'"""
EMACS = ("emacs --batch --eval '(progn (find-file (getenv \"F\")) (search-forward (getenv \"OLD\")) "
         "(replace-match (getenv \"NEW\") t t) (save-buffer))'")
JQ = ('if [ "$VALUE" ]; then jq ".lastname = \\"$VALUE\\"" "$F"; '
      'else jq ".user_id = \\"92\\"" "$F"; fi >partnerize/T && mv partnerize/T "$F"')
BACKUP = {"leaves": "`F~`", "left": r"2\.json~"}
BAK = {"leaves": "`F.bak`", "left": r"2\.json\.bak"}
# of a rename that fails with EINVAL mv says something else than the others
MV = r"mv: (cannot move).*"
ERROR = r"\[Errno \d+\] ([\w ]+)"

TOOLS = (
    Tool("vim -es", "in place", f'{VIM} -es -c "%{SED}" -c wq -c cq "$F"'),
    Tool("ex -s", "in place", f'printf "%%{SED}\\nwq\\n" | {VIM} -e -s "$F"'),
    Tool("nvim --headless", "moves away", f'nvim --headless -c "%{SED}" -c wq -c cq "$F"',
         r"(E512: Close failed)"),
    Tool("emacs --batch", "moves away", EMACS, r'("Write error" "[\w ]+")', **BACKUP),
    Tool("ed", "in place", f'printf ",{SED}\\nw\\nq\\n" | ed -s "$F"', r"partnerize/2.json: ([\w ]+)"),
    Tool("nvi -es", "in place", f'printf "%%{SED}\\nwq\\n" | nvi -es "$F"',
         r"partnerize/2.json: ([\w ]+)"),
    Tool("sed -i", "renames", f'sed -i "{SED}" "$F"', r"(cannot rename) \S+: ([\w ]+)"),
    Tool("sed -i.bak", "moves away, renames", f'sed -i.bak "{SED}" "$F"',
         r"(cannot rename) \S+: ([\w ]+)", **BAK),
    Tool("perl -pi", "renames", f"perl -pi -e '{MATCH}' \"$F\"",
         r"(Cannot complete in-place edit).*: ([\w ]+),"),
    Tool("perl -pi.bak", "renames", f"perl -pi.bak -e '{MATCH}' \"$F\"",
         r"(Cannot complete in-place edit).*: ([\w ]+),", **BAK),
    Tool("gawk -i inplace", "renames", f"gawk -i inplace '{GAWK}' \"$F\"",
         r"(fatal: inplace::end: rename)\(.*\) (failed \([\w ]+\))"),
    Tool("busybox sed -i", "renames", f'busybox sed -i "{SED}" "$F"', r"(can't move) .*: ([\w ]+)"),
    Tool("jq . F > T && mv T F", "renames", JQ, MV, json=True),
    Tool("sponge", "in place", f'sed "{SED}" "$F" | sponge "$F"',
         r"(error writing buffer to output file: [\w ]+)"),
    Tool("sponge, TMPDIR beside F", "renames", f'sed "{SED}" "$F" | TMPDIR=$PWD/partnerize sponge "$F"',
         r"(error writing buffer to output file: [\w ]+)", requests=2),
    Tool("rsync", "renames", 'rsync "$TEXT" "$F"', r'\[receiver\] (rename) .*: ([\w ]+) \('),
    Tool("rsync -a", "renames", 'rsync -a "$TEXT" "$F"', r'\[receiver\] (rename) .*: ([\w ]+) \('),
    Tool("rsync --inplace", "in place, not truncated", 'rsync --inplace "$TEXT" "$F"',
         r'\[receiver\] (?:close|write) failed on .*: ([\w ]+) \('),
    Tool("patch", "renames", 'diff -u "$F" "$TEXT" | patch "$F"', r"(Can't rename file) .*: ([\w ]+)"),
    Tool("cp", "in place", 'cp "$TEXT" "$F"', r"(error writing|failed to close) \S+: ([\w ]+)"),
    Tool("cp -p", "in place", 'cp -p "$TEXT" "$F"', r"(error writing|failed to close) \S+: ([\w ]+)"),
    Tool("cp -b", "moves away", 'cp -b "$TEXT" "$F"', r"(error writing|failed to close) \S+: ([\w ]+)",
         **BACKUP),
    Tool("mv T F", "renames", 'cat "$TEXT" >partnerize/T && mv partnerize/T "$F"', MV),
    Tool("mv -b T F", "moves away, renames", 'cat "$TEXT" >partnerize/T && mv -b partnerize/T "$F"',
         MV, **BACKUP),
    Tool("tee", "in place", 'tee "$F" <"$TEXT"', r"tee: partnerize/2.json: ([\w ]+)"),
    Tool("busybox tee", "in place", 'busybox tee "$F" <"$TEXT"', r"tee: partnerize/2.json: (.+)",
         deaf=("half",)),
    Tool("dd", "in place", 'dd if="$TEXT" of="$F" status=none',
         r"(error writing|closing output file) \S+: ([\w ]+)"),
    Tool("dd conv=notrunc", "in place, not truncated",
         'dd if="$TEXT" of="$F" bs=1M conv=notrunc status=none',
         r"(error writing|closing output file) \S+: ([\w ]+)"),
    Tool("dd conv=fsync", "in place", 'dd if="$TEXT" of="$F" conv=fsync status=none',
         r"(error writing|fsync failed for) \S+: ([\w ]+)"),
    Tool("curl -o", "in place", 'curl -s -S -o "$F" "file://$TEXT"', r"curl: (.+)"),
    Tool("python, with open(F, 'w')", "in place", PYTHON.format('with open(f, "w") as o: o.write(t)'),
         ERROR),
    Tool("python, open(F, 'w').write()", "in place", PYTHON.format('open(f, "w").write(t)'),
         deaf=REFUSALS),
    Tool("python, open(F, 'r+')", "in place, not truncated",
         PYTHON.format('o = open(f, "r+"); o.write(t); o.truncate(); o.close()'), ERROR),
    Tool("python, os.replace(T, F)", "renames",
         PYTHON.format('open(f + ".T", "w").write(t); os.replace(f + ".T", f)'), ERROR),
    Tool("python, fileinput", "moves away", FILEINPUT, ERROR),
    Tool("node, writeFileSync", "in place",
         "node -e 'const fs = require(\"fs\"); "
         "fs.writeFileSync(process.env.F, fs.readFileSync(process.env.TEXT))'",
         r"Error: ((?:E\w+|Unknown system error -\d+|UNKNOWN): .*)"),
)

# What a shell itself writes. bash writes each line by itself.
FORMS = (
    ("printf >", "printf '%s\\n' \"$DOC\" >$F"),
    ("here document", "cat >$F <<X\n$DOC\nX"),
    ("group >", "{ printf '%s\\n' \"${DOC%?}\"; printf '}\\n'; } >$F"),
    ("exec 3>", "exec 3>$F; printf '%s\\n' \"${DOC%?}\" >&3; printf '}\\n' >&3"),
    (">>", "printf '%s\\n' \"$DOC\" >>$F"),
)
SHELLS = ("bash", "dash", "zsh", "busybox sh")


def sections():
    return {"tools": [(code(tool.name), tool.how) for tool in TOOLS],
            "shells": [(code(form),) for form, _ in FORMS],
            "refused": [(code(name), why) for name, why, _, _ in UNABLE]}


def run(work, command, kind, value, shell="bash"):
    """COMMAND saves VALUE, or what KIND asks for; its Result."""
    old, new = work.value(), value
    if kind == "half":
        old, new = HALF
    elif kind == "immutable":
        old, new = '"user_id": "2"', '"user_id": "92"'
    text = work.text.replace(old, new)
    file = work.m.folder / "text"
    file.write_text(text, encoding="utf-8")
    known = value if kind in ("good", "vendor", "conflict") else ""
    return sh(work.m, command, shell, {"F": FILE, "OLD": old, "NEW": new, "TEXT": str(file),
                                       "DOC": text.rstrip("\n"), "VALUE": known})


def told(result, says):
    """What the user hears of it, for the table; '' if nothing."""
    if not result.code and not result.err:
        return ""
    found = re.search(says, result.err + result.out)
    assert found, f"it says something else than {says}: {result!r}"
    words = ": ".join(filter(None, found.groups()))
    return f"exit {result.code}" + (", " + code(words) if words else "")


@pytest.mark.parametrize("tool", TOOLS, ids=[tool.name for tool in TOOLS])
def test_tool(mount, tool):
    work = Work(mount())
    # never twice the same size: rsync looks no further when the time is the same too
    for value in ("The second", "And the third"):
        result = run(work, tool.command, "good", value, tool.shell).ok()
        work.saved(value)
    left = work.sweep()
    assert all(re.fullmatch(tool.left, name) for name in left), left
    said = {}
    for kind in REFUSALS:
        if kind == "half" and tool.json:
            continue
        work.settle()
        work.arrange(kind, tool.requests)
        result = run(work, tool.command, kind, "This is not to be", tool.shell)
        work.refused(kind, tool.requests)
        work.sweep()
        said[kind] = told(result, tool.says) if result.code else ""
        assert bool(said[kind]) == (kind not in tool.deaf), f"{kind}: {result!r}"
    half = said.get("half", "–") or "not told"
    check_row("tools", (code(tool.name), tool.how, said["vendor"] or "not told",
                        "the same" if half == said["vendor"] else half, tool.leaves))


@pytest.mark.parametrize("form", FORMS, ids=[name for name, _ in FORMS])
@pytest.mark.parametrize("shell", SHELLS)
def test_shell(mount, shell, form):
    work = Work(mount())
    name, command = form
    appends = name == ">>"
    if not appends:
        for value in ("The second", "And the third"):
            result = run(work, command, "good", value, shell)
            assert result.code == 0 and not result.err, repr(result)
            work.saved(value)
    said = {}
    for kind in REFUSALS:
        work.settle()
        # what is appended can't become one document: that is refused before anybody is asked
        work.arrange("half" if appends else kind)
        result = run(work, command, kind, "This is not to be", shell)
        work.refused("half" if appends else kind)
        said[kind] = told(result, "(?s)^(?=.)" if result.err else "")
        assert not work.sweep()
    assert said["vendor"] == said["conflict"] == said["immutable"] != ""
    half = said["half"] or "not told"
    # each shell fares the same
    check_row("shells", (code(name), said["vendor"], "the same" if half == said["vendor"] else half))


# Tools that must unlink the file first, or make a folder beside it, or know another format.
UNABLE = (
    ("install T F", "removes F first", 'install "$TEXT" "$F"', r"(cannot remove) \S+: ([\w ]+)"),
    ("mv T F, from elsewhere", "removes F first", 'mv "$TEXT" "$F"',
     r"(unable to remove target: [\w ]+)"),
    ("busybox mv T F, from elsewhere", "removes F first", 'busybox mv "$TEXT" "$F"',
     r"(can't remove) \S+: ([\w ]+)"),
    ("cp --remove-destination", "removes F first", 'cp --remove-destination "$TEXT" "$F"',
     r"(cannot remove) \S+: ([\w ]+)"),
    ("rsync -T /elsewhere", "removes F first", 'rsync -T "$HOME" "$TEXT" "$F"',
     r"\[receiver\] (unlink) .*: ([\w ]+) \("),
    ("rsync --delay-updates", "makes a folder", 'rsync --delay-updates "$TEXT" "$F"',
     r"(Unable to create partial-dir)"),
    ("tar -x", "removes F first",
     'cp "$TEXT" "$HOME/2.json" && tar -C "$HOME" -cf "$HOME/t" 2.json && tar -C partnerize -xf "$HOME/t"',
     r"(2.json: Cannot open: [\w ]+)"),
    ("git checkout", "removes F first",
     'GIT_DIR=$HOME/g; export GIT_DIR; cp "$TEXT" "$HOME/2.json"; git init -q && '
     'git --work-tree="$HOME" add "$HOME/2.json" && git --work-tree=partnerize checkout -f -- 2.json',
     r"(unable to unlink old) .*: ([\w ]+)"),
    ("ln -f T F", "links", 'cat "$TEXT" >partnerize/T; ln -f partnerize/T "$F"',
     r"(failed to create hard link) .*: ([\w ]+)"),
    ("ln -sf T F", "links", 'cat "$TEXT" >partnerize/T; ln -sf T "$F"',
     r"(failed to create symbolic link) .*: ([\w ]+)"),
    ("git config -f F", "JSON is not its format", 'git config -f "$F" a.b c',
     r"(bad config line 1)"),
)


@pytest.mark.parametrize("unable", UNABLE, ids=[name for name, *_ in UNABLE])
def test_tool_that_cannot_save(mount, unable):
    work = Work(mount())
    name, why, command, says = unable
    result = run(work, command, "good", "This is not to be")
    assert not work.puts()
    assert work.path.read_text(encoding="utf-8") == work.text
    assert {"T"} >= work.sweep()
    check_row("refused", (code(name), why, told(result, says)))


def test_the_tables_are_complete():
    for section, firsts in sections().items():
        check_section(section, firsts)
