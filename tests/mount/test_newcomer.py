# SPDX-License-Identifier: Apache-2.0
"""What somebody is told who does it for the first time: swapped arguments, a mount point in use, words for a status."""

import os
import pathlib
import shlex
import shutil
import signal

import pytest

import harness

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")


@pytest.fixture
def told(env, test_dir):
    """told(ARGUMENT, ...) runs rosterfs, which must fail; the lines of its stderr without its name."""
    test_dir.mkdir(exist_ok=True)

    def start(*arguments, wear=(), program=harness.BUILD / "rosterfs", code=None):
        words = [*wear, program, *arguments]
        command = harness.Command([str(word) for word in words], None, None, env)
        try:
            result = command.finish(20)
        finally:
            command.close()
        assert result.code == code if code else result.code > 0, repr(result)
        assert result.out == "", repr(result)
        lines = result.err.splitlines()
        assert lines and all(line.startswith("rosterfs: ") for line in lines), repr(result)
        return [line.removeprefix("rosterfs: ") for line in lines]
    return start


def write_config(folder, text, name="rosterfs.conf"):
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.touch(0o600)
    file.write_text(text)
    return file


# ---- arguments ----

def test_swapped(told, test_dir):
    file = write_config(test_dir, "[cj]\n")
    folder = test_dir / "my roster"
    folder.mkdir()
    assert told(folder, file) == [
        f"{folder} is a directory and {file} is a file: the arguments are swapped; run rosterfs {file} '{folder}'"]
    assert told("--check", folder) == [f"{folder} is a directory: CONFIG must be the config file, see rosterfs.conf(5)"]
    assert told("--check", test_dir) == [
        f"{test_dir} is a directory: CONFIG must be the config file; did you mean {file}?"]
    for words in (["cj/5.status", file, "inactive"], ["cj/5.status", "inactive", file]):
        line, = told("--explain", *words)
        assert line.endswith(f"the arguments are swapped; run rosterfs --explain {file} cj/5.status inactive")
    line, = told("--explain", "cj/5.json", file)
    assert line.endswith(f"the arguments are swapped; run rosterfs --explain {file} cj/5.json")
    line, = told("~/rosterfs.conf", folder)
    assert "~ means a home directory only to a shell" in line


def test_all_errors_at_once(told, test_dir):
    """Those of the config and of a description, in the order of the config."""
    (test_dir / "acme.vendor").write_text(
        "[vendor]\nname = Acme\ndocs = https://acme.example\nkind = soap\n[settings]\nkey = secret\n"
        "[api]\nbase_url = https://acme.example\nlag = soon\n[list]\nrequest = GET users\nrows = /*\n"
        "pagng = none\n[items]\nrequest = GET /users/{id}\n")
    file = write_config(test_dir, "[rosterfs]\nstatus_limit = 5m\n[acme]\nkey = 'x'\n[partnerise]\n"
                                  "application_key = a\nuser_api_key = b\nttl = 60 # one minute\n")
    acme = f"{file}:3: {test_dir}/acme.vendor"
    expected = [
        f"{file}:2: status_limit must be a whole number",
        f"{acme}:1: [vendor] needs the key date",
        f"{acme}:1: [vendor] needs the key evidence",
        f"{acme}:4: kind must be one of: rest, scim, manual",
        f"{acme}:9: lag must be a whole number",
        f"{acme}:11: a path begins with one /",
        f"{acme}:13: unknown key pagng; did you mean paging?",
        f"{acme}:14: unknown section; did you mean [item]?",
        f"{file}:5: section [partnerise]: no vendor has this name; did you mean partnerize?",
        f"{file}:8: ttl: a comment needs a line of its own",
    ]
    lines = told("--check", file)
    assert len(lines) == len(expected), lines
    for line, begin in zip(lines, expected):
        assert line.startswith(begin), line


# ---- the mount point ----

def test_mount_points(told, test_dir):
    file = write_config(test_dir, "[cj]\n")
    full = test_dir / "full"
    full.mkdir()
    (full / "x").touch()
    line, = told(file, full)
    assert "the directory is not empty" in line and "-o nonempty" in line
    line, = told(file, file)
    assert "not a directory: MOUNTPOINT must be an empty directory" in line
    line, = told(file, test_dir / "no such")
    assert line.endswith(f"create the directory first: mkdir -p '{test_dir}/no such'")
    line, = told(file, "~/roster")
    assert "~ means a home directory only to a shell" in line


def test_nonempty(mount, test_dir):
    """The option permits it, and what is in the directory comes back."""
    m = mount(config="[cj]\n", options=["-o", "nonempty"])
    assert "cj" in os.listdir(m.path)


def test_mount_inside_a_mount(mount, sandbox, told):
    """A vendor's directory is no mount point, also while it cannot be listed."""
    box = sandbox(users=3)
    m = mount(box, {"partnerize": {"retry_budget": 0}})
    box.fault(fault="status", status=500, times=-1, path="/user")
    for where in (m.path / "partnerize", m.path / "by-email"):
        line, = told(m.config_file, where)
        assert line == f"{where}: the directory is part of a mount of rosterfs; use one elsewhere"


def test_stale_mount(mount, told):
    """The message has the command that clears a mount whose rosterfs was killed, and the command does it."""
    m = mount(config="[cj]\n", background=True)
    os.kill(m.pid, signal.SIGKILL)
    harness.wait_until(lambda: not m.alive(), 20 * harness.SCALE, "the end of the daemon")
    line, = told(m.config_file, m.path)
    begin, _, rest = line.partition("; run ")
    text, first, other = rest.partition(" first, or mount with -o clean_stale")
    assert begin == f"{m.path}: stale mount of a rosterfs that was killed" and first and other == ", which does it"
    command = harness.Command(shlex.split(text), None, None, m.env)
    try:
        assert command.finish(20).code == 0
    finally:
        command.close()
    assert not harness.mount_entry(m.path)
    m.ended = True


@needs_root
def test_mount_of_another_user(mount, told):
    m = mount(config="[cj]\n")
    # that user must be able to get there, and to run the program
    for folder in m.folder, *m.folder.parents:
        folder.chmod(folder.stat().st_mode | 0o11)
        if folder.name.startswith("rosterfs-test-"):
            break
    program = pathlib.Path(shutil.copy(harness.BUILD / "rosterfs", m.folder))
    config = m.folder / "theirs.conf"
    config.write_text("[cj]\n")
    os.chown(config, NOBODY, NOBODY)
    wear = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--")
    line, = told(config, m.path, wear=wear, program=program)
    assert "by another user (uid 0); use another directory" in line


@pytest.mark.parametrize("option", [[], ["-f"]], ids=["background", "foreground"])
def test_files_that_a_config_names_are_its_errors(told, test_dir, option):
    """All of them are reported in one run, with the exit status of a config with errors."""
    mnt = test_dir / "mnt"
    mnt.mkdir(parents=True)
    config = write_config(test_dir, f"[rosterfs]\naudit_log = {mnt}/a\nchanges_log = /nowhere/c\n"
                                    f"history_dir = {mnt}/h\n[cj]\n")
    lines = told(*option, config, mnt, code=2)
    assert [line.split()[0] for line in lines] == ["audit_log", "changes_log", "history_dir"]
    assert os.listdir(mnt) == []


# ---- in the mount ----

@pytest.mark.parametrize("way", ["printf '%s\\n' {word} > partnerize/5.status",
                                 "printf '%s\\n' {word} > partnerize/q; mv partnerize/q partnerize/5.status"])
def test_status_names_what_was_written(mount, way):
    m = mount()
    for word, words in (
            ("Inactive", '"Inactive" is not a status: write inactive, in lower case'),
            ("inactive ", '"inactive " is not a status: write inactive, without blanks and quotes'),
            ("disabled", '"disabled" is not a status: to end the user\'s access, write inactive'),
            ("deactivate", '"deactivate" is not a status: to end the user\'s access, write inactive'),
            ("junk", '"junk" is not a status: a status is active or inactive')):
        assert m.sh(way.format(word=shlex.quote(word))).code != 0
        assert f"partnerize/5.status: {words}: EINVAL" in m.log().splitlines()[-1]
    assert not [one for one in m.sandbox.journal() if one["method"] == "PUT"]


def test_deleted_needs_the_key(mount):
    m = mount()
    assert m.sh("echo deleted > partnerize/5.status").code != 0
    assert ("users are deleted only with allow_delete = yes in section [partnerize]; "
            "to end the user's access, write inactive") in m.log()


def test_move_from_another_file_system(mount, tmp_path):
    """It would delete the record first, so it fails, and a rename beside the record does not."""
    m = mount()
    before = m.sh("cat partnerize/5.json").ok().out
    (tmp_path / "new.json").write_text('{"timezone": "Asia/Tokyo"}')
    assert m.sh(f"mv {tmp_path}/new.json partnerize/5.json").code != 0
    assert m.sh("cat partnerize/5.json").ok().out == before
    m.sh(f"cp {tmp_path}/new.json partnerize/new.tmp && mv partnerize/new.tmp partnerize/5.json").ok()
    assert "Asia/Tokyo" in m.sh("cat partnerize/5.json").ok().out


@pytest.mark.parametrize(("name", "shown"), [("partnerize", "partnerize"), ("our brand", "'our brand'")])
def test_readme_names_the_directory(mount, sandbox, name, shown):
    box = sandbox(users=5)
    text = box.config().replace("[partnerize]", f"[{name}]\ntype = partnerize", 1)
    m = mount(box, config=f"[aaa]\ntype = cj\n{text}")
    readme = (m.path / "README").read_text()
    assert (m.path / "README").stat().st_size == len(readme)
    assert f"  cat {shown}/123.json  " in readme and f"echo {shown} > .rosterfs/refresh" in readme
    assert name == "partnerize" or "partnerize" not in readme
    assert f"  jq -r .email tables/{shown}.jsonl  " in readme
    m.sh(f"ls {shown}; jq -r .email tables/{shown}.jsonl").ok()


def test_readme_without_an_api(mount):
    m = mount(config="[cj]\n")
    readme = (m.path / "README").read_text()
    assert "123" not in readme and "by-email" not in readme and "cat */MANUAL" in readme
