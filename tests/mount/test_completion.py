# SPDX-License-Identifier: Apache-2.0
"""What a Tab offers in bash, zsh and fish: the options, mount options and arguments that --help names."""

import re
import shlex

import pytest

import harness

FOLDER = harness.TOP / "completion"
# compopt is a builtin that works only while readline completes
BASH = r"""
source "$1"
compopt() { :; }
COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
COMP_WORDS=("${@:2}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
[[ $(complete -p "$2") =~ -F\ ([^ ]+) ]] && "${BASH_REMATCH[1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


def run(env, *words, **more):
    path = f"{harness.BUILD}:{env['PATH']}"
    command = harness.Command([str(word) for word in words], None, None, {**env, "PATH": path, **more})
    try:
        result = command.finish(60)
    finally:
        command.close()
    assert result.code == 0, repr(result)
    return [line for line in result.out.splitlines() if line]


def in_bash(env, folder, line):
    # readline takes words apart at =, and replaces what follows the last one
    words = [part for word in shlex.split(line) for part in re.split("(=)", word) if part]
    words += [""] if line.endswith(" ") else []
    last = line.rpartition(" ")[2]
    kept = last[:last.rfind("=") + 1]
    found = run(env, "bash", "--norc", "-c", BASH, "bash", FOLDER / f"{words[0]}.bash", *words)
    return [kept + word for word in found]


def in_zsh(env, folder, line):
    return run(env, "zsh", "-f", harness.TOP / "tests/mount/complete.zsh", FOLDER, line)


def in_fish(env, folder, line):
    scripts = "".join(f"source {shlex.quote(str(file))}; " for file in sorted(FOLDER.glob("*.fish")))
    found = run(env, "fish", "--no-config", "-c", f"{scripts}complete -C {shlex.quote(line)}",
                HOME=str(folder), XDG_DATA_HOME=str(folder))
    return [word.partition("\t")[0] for word in found]


@pytest.fixture(params=[in_bash, in_zsh, in_fish], ids=["bash", "zsh", "fish"])
def offered(request, env, test_dir):
    """
    offered(LINE): the set of words that a Tab at its end offers. The last word is whole in bash and fish; zsh
    leaves out what precedes its last / or comma.
    """
    test_dir.mkdir(exist_ok=True)

    def ask(line):
        words = request.param(env, test_dir, line)
        assert len(words) == len(set(words)), words
        return {word[max(word.rstrip("/").rfind("/"), word.rfind(",")) + 1:].rstrip("/") for word in words}
    return ask


def help_parts(env):
    """The text of --help up to the mount options, and these."""
    before, _, after = "\n".join(run(env, harness.BUILD / "rosterfs", "--help")).partition("\nMount options:\n")
    return before, after


def test_options(offered, env):
    before, _ = help_parts(env)
    options = set()
    for line in before.splitlines():
        # what a line begins with; in its text, an option is named in the middle
        named = re.match(r" {2,6}((?:-[A-Za-z], )?--?[A-Za-z][a-z=-]*)", line)
        options |= set(named[1].split(", ")) if named else set()
    assert {"-o", "-h", "--help", "--check", "--check=quick", "--explain"} <= options
    assert offered("rosterfs -") == options
    assert offered("rosterfs -f --exp") == {"--explain"}


def test_mount_options(offered, env):
    _, after = help_parts(env)
    named = set(re.findall(r"(?m)^  (?:uid=N, )?([a-z_]+=?)", after)) | {"uid="}
    assert {"ro", "dry_run", "gid=", "umask="} <= named
    assert offered("rosterfs -o ") == named
    assert offered("rosterfs -o dry_run,um") == {"umask="}


def test_option_with_value(offered):
    assert offered("rosterfs --check=q") == {"--check=quick"}


def test_arguments(offered, test_dir):
    test_dir.mkdir(exist_ok=True)
    (test_dir / "roster.conf").write_text("[rosterfs]\nttl = 1\n[acme]\n  [cj]\n")
    (test_dir / "rosters").mkdir()
    here = shlex.quote(str(test_dir))
    assert offered(f"rosterfs {here}/roster") == {"roster.conf", "rosters"}
    # only a directory can be mounted on
    assert offered(f"rosterfs -o ro {here}/roster.conf {here}/roster") == {"rosters"}
    for option in ("--check", "--check=quick"):
        assert offered(f"rosterfs {option} {here}/roster") == {"roster.conf", "rosters"}
        assert offered(f"rosterfs {option} {here}/roster.conf {here}/roster") == set()
    assert offered(f"rosterfs --explain {here}/roster.conf ") == {"acme", "cj"}
    assert offered(f"rosterfs --explain {here}/roster.conf acme/1.status i") == {"inactive"}


def test_offboard(offered, test_dir):
    (test_dir / "mnt").mkdir(parents=True)
    assert offered("rosterfs-offboard -") == {"-n", "-m"}
    assert offered(f"rosterfs-offboard -m {shlex.quote(str(test_dir))}/m") == {"mnt"}
    # nothing in place of an email; zsh falls back to the options
    assert offered("rosterfs-offboard ") <= {"-n", "-m"}
