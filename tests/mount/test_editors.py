"""Editors and tools that save in place; those that need temp files are refused cleanly."""

import json
import os

from writing import applied, at_vendor, changed, read, refresh, sent

FILE = "partnerize/2.json"


def check_edited(m, before, name):
    after = at_vendor(m.sandbox, 2)
    assert changed(before, after) == {"lastname"}
    assert after["lastname"] == name
    assert read(m, FILE)["lastname"] == name


def check_refused(m, before):
    assert at_vendor(m.sandbox, 2) == before
    assert read(m, FILE) == before
    assert sent(m.sandbox)
    listed = os.listdir(m.path / "partnerize")
    assert [name for name in listed if not name.endswith((".json", ".status"))
            and name not in ("MANUAL", "self")] == []


VIM = '%s/"lastname": "[^"]*"/"lastname": "{}"/'


def test_vim_silent(mount):
    m = mount()
    before = at_vendor(m.sandbox, 2)
    words = " ".join(f"-c '{VIM.format(name)}' -c w" for name in ("Draft", "By vim"))
    m.sh(f"vim -es {words} -c q {FILE}").ok()
    check_edited(m, before, "By vim")
    assert applied(m.sandbox) == 2
    before = at_vendor(m.sandbox, 2)
    m.sandbox.fault(method="PUT", fault="status", status=400, times=-1)
    assert m.sh(f"vim -es -c '{VIM.format('No')}' -c wq -c cq {FILE}").code != 0
    m.sandbox.clear_faults()
    refresh(m)
    check_refused(m, before)


def test_vim(mount):
    m = mount()
    before = at_vendor(m.sandbox, 2)
    vim = m.terminal(f"vim {FILE}")
    vim.wait_for('"lastname"')
    for name in ("Draft", "By vim"):
        vim.type(":" + VIM.format(name))
        vim.keys("Enter")
        vim.wait_for(f'"lastname": "{name}"')
        vim.type(":w")
        vim.keys("Enter")
        vim.wait_for("written")
    check_edited(m, before, "By vim")
    before = at_vendor(m.sandbox, 2)
    m.sandbox.fault(method="PUT", fault="status", status=400, times=-1)
    vim.type(":" + VIM.format("No"))
    vim.keys("Enter")
    vim.type(":w")
    vim.keys("Enter")
    screen = vim.wait_for(r"E514|E667|E512|E\d+:.*rror|Press ENTER")
    assert "rror" in screen or "E5" in screen or "E6" in screen
    vim.keys("Enter")
    vim.type(":q!")
    vim.keys("Enter")
    vim.finish()
    m.sandbox.clear_faults()
    refresh(m)
    check_refused(m, before)


def test_nano(mount):
    m = mount()
    before = at_vendor(m.sandbox, 2)
    line = (m.path / FILE).read_text().splitlines()
    row = next(number for number, text in enumerate(line, 1) if '"lastname"' in text)
    column = line[row - 1].index(before["lastname"]) + 1
    nano = m.terminal(f"nano +{row},{column} {FILE}")
    nano.wait_for('"lastname"')
    for number, letter in enumerate("NM"):
        nano.type(letter)
        nano.wait_for(f'"lastname": "{"NM"[:number + 1]}')
        nano.keys("C-o")
        nano.wait_for("File Name to Write")
        nano.keys("Enter")
        nano.wait_for("Wrote")
    check_edited(m, before, "NM" + before["lastname"])
    before = at_vendor(m.sandbox, 2)
    m.sandbox.fault(method="PUT", fault="status", status=400, times=-1)
    nano.type("X")
    nano.keys("C-o")
    nano.wait_for("File Name to Write")
    nano.keys("Enter")
    nano.wait_for("Error|Invalid")
    nano.keys("C-x")
    nano.wait_for("Save modified buffer")
    nano.type("n")
    nano.finish()
    m.sandbox.clear_faults()
    refresh(m)
    check_refused(m, before)


EMACS = """
(progn (find-file "{file}")
       (dolist (name '{names})
         (goto-char (point-min))
         (re-search-forward "\\"lastname\\": \\"\\\\([^\\"]*\\\\)\\"")
         (replace-match name t t nil 1)
         (save-buffer)))
"""


def test_emacs(mount):
    m = mount()
    before = at_vendor(m.sandbox, 2)
    m.sh("mkdir -p ~/.emacs.d").ok()  # where it puts the backup when there is no place for it here
    script = m.folder / "edit.el"
    script.write_text(EMACS.format(file=FILE, names='("Draft" "By emacs")'))
    m.sh(f"emacs --batch -l '{script}'", timeout=60).ok()
    check_edited(m, before, "By emacs")
    before = at_vendor(m.sandbox, 2)
    m.sandbox.fault(method="PUT", fault="status", status=400, times=-1)
    script.write_text(EMACS.format(file=FILE, names='("No")'))
    result = m.sh(f"emacs --batch -l '{script}'", timeout=60)
    assert result.code != 0 and "nvalid argument" in result.err
    m.sandbox.clear_faults()
    refresh(m)
    check_refused(m, before)


def test_temp_files_are_refused_cleanly(mount):
    """Until there are scratch files: a clear no, nothing sent, no name left behind."""
    m = mount()
    before = m.sandbox.control("GET", "users")
    text = json.dumps({**read(m, FILE), "firstname": "No"})
    (m.folder / "new.json").write_text(text)
    for command in (f"sed -i 's/St. John/No/' {FILE}", f"mv '{m.folder}/new.json' {FILE}",
                    f"rsync '{m.folder}/new.json' {FILE}", f"rm {FILE}", f"mv {FILE} {FILE}.bak",
                    f"ln {FILE} {FILE}.bak", f"ln -s {FILE} partnerize/new", "mkdir partnerize/x",
                    f"cp -b '{m.folder}/new.json' {FILE}", f"touch {FILE}~",
                    "mv partnerize/2.json partnerize/3.json", "rm -rf partnerize"):
        (m.folder / "new.json").write_text(text)
        result = m.sh(command)
        assert result.code != 0 and result.err, command
    assert not sent(m.sandbox)
    assert m.sandbox.control("GET", "users") == before
    assert len([name for name in refresh(m) if name.endswith(".json")]) == 25
