# SPDX-License-Identifier: Apache-2.0
"""Progress and errors as people see them: .rosterfs/status under watch, and the bar on a terminal."""

import os
import pathlib
import re
import subprocess

import pytest

import harness
import status_table
from writes import GOOD, refused, save

ON_TERMINAL = pathlib.Path(__file__).parent / "on_terminal.py"
ERASED = "\r\x1b[K"
# pages of 100 members, and the total is told
STORE = {"vendors": "elasticpath", "members": 1000}
LIST = "/v2/account-members"
ONE = {"elasticpath": {"parallel": 1}}
DRAWN = 60  # milliseconds for a page: more than between two drawings


def state(m, vendor="elasticpath"):
    return status_table.row(m, vendor)["state"]


def refresh(m):
    (m.path / ".rosterfs/refresh").write_text("all\n")


# ---- the table ----

def test_bar_and_rest(mount, sandbox):
    """A fetch whose end is known has a bar, its page, and how long the rest takes."""
    box = sandbox(**STORE)
    m = mount(box, ONE)
    box.fault(fault="stall", method="GET", path=LIST, skip=3, times=-1)
    waiting = m.spawn("ls elasticpath")
    harness.wait_until(lambda: "page 3" in state(m), 20 * harness.SCALE, "three pages")
    found = re.fullmatch(r"\[(#+)(\.+)\] page 3 of 10, (\S+) left", state(m))
    assert found and re.fullmatch(r"\d+s|\d+m\d\ds|\d+h\d\dm", found[3])
    assert abs(len(found[1]) / len(found[1] + found[2]) - 0.3) < 0.15
    box.clear_faults()
    waiting.finish().ok()
    assert state(m) == "fetched"


def test_lines_keep_their_places(mount, sandbox):
    """Whatever happens, each line of the table and below it says the same of the same."""
    box = sandbox(**STORE | {"vendors": "elasticpath,partnerize,cj"})
    m = mount(box, ONE)

    def places():
        """The first words of the lines above the notes, and where columns begin."""
        lines = status_table.text(m).splitlines()
        end = next(number for number, line in enumerate(lines) if line.startswith("rosterfs "))
        return [line[:14].rstrip() for line in lines[:end + 1] if not line.startswith(" ")] + [end]

    first = places()
    box.fault(fault="stall", method="GET", path=LIST, skip=3, times=-1)
    waiting = m.spawn("ls elasticpath")
    harness.wait_until(lambda: "page 3" in state(m), 20 * harness.SCALE, "three pages")
    assert places()[:5] == first[:5] and places()[-1] == first[-1]
    box.clear_faults()
    waiting.finish().ok()
    box.fault(fault="status", status=403, method="GET", path="/user")
    assert m.sh("ls partnerize").code
    assert save(m.path / "partnerize/7.status", "inactive") == GOOD
    assert "more again at" in status_table.text(m)
    assert places()[:5] == first[:5] and places()[-1] == first[-1]


NAMES = ["a" * 60 + "tail", "long-name-of-a-vendor-in-europe", "naïve-ünïcode-vendor", "漢字漢字漢字漢字漢字"]


@pytest.mark.parametrize("name", NAMES)
def test_eighty_columns(mount, sandbox, name):
    """Long and wide names, long words and huge numbers fit; the whole name is in the notes."""
    box = sandbox(users=25)
    text = box.config().replace("[partnerize]", f"[{name}]\ntype = partnerize")
    m = mount(config=text + "\n[rosterfs]\nstatus_limit = 1000000000\nstatus_window = 31536000\n"
              if "[rosterfs]" not in text else text)
    words = "x" * 300 + " and a few short words"
    box.fault(fault="status", status=403, method="GET", path="/user", body={"error": {"message": words}})
    assert m.sh(["ls", name], None).code
    lines = status_table.text(m).splitlines()
    # a wide character takes two columns
    widths = [len(line) + sum(ord(sign) > 0x2e80 for sign in line) for line in lines]
    assert max(widths) <= 79
    begin = lines[0].index("USERS")
    row = lines[1]
    assert row[begin - sum(ord(sign) > 0x2e80 for sign in row[:14]):].split()[0] == "-"
    joined = "".join(line.strip() for line in lines)
    assert "x" * 300 in joined and name + ": last error" in joined


def test_opening_never_waits(mount, sandbox):
    """A first ls can be followed, although its vendor does not answer at all."""
    box = sandbox(users=25)
    m = mount(box)
    with box.paused():
        waiting = m.spawn("ls partnerize")
        harness.wait_until(lambda: state(m, "partnerize") == "fetching: no page yet", 20 * harness.SCALE, "a fetch")
        result = m.sh("cat .rosterfs/status .rosterfs/metrics").ok()
        assert result.seconds < harness.AT_ONCE
    waiting.finish().ok()


def test_other_lists_are_shown(mount, sandbox):
    """A fetch that has no row of its own is at the end."""
    box = sandbox(**STORE)
    m = mount(box, ONE)
    m.sh("ls elasticpath").ok()
    box.fault(fault="stall", method="GET", path="/v2/accounts", times=-1)
    waiting = m.spawn("ls elasticpath/accounts")
    line = harness.wait_until(lambda: re.search(r"^elasticpath/accounts +fetching: no page yet$",
                                                status_table.text(m), re.M), 20 * harness.SCALE, "the line")
    assert line and state(m) == "fetched"
    box.clear_faults()
    waiting.finish().ok()
    assert "elasticpath/accounts" not in status_table.text(m)


# ---- the last error ----

def test_error_of_a_list_is_over(mount, sandbox):
    """It stays while only single users can be read, and goes when the list can be."""
    box = sandbox(users=25)
    m = mount(box)
    box.fault(fault="status", status=403, method="GET", path="/user", times=-1)
    assert m.sh("ls partnerize").code
    text = status_table.whole(m)
    assert re.search(r"^partnerize: last error \(at \d\d:\d\d:\d\d\): GET /user.*EACCES", text, re.M)
    assert state(m, "partnerize") == "the last fetch failed"
    m.sh("cat partnerize/7.json").ok()
    assert "EACCES" in status_table.errors(m, "partnerize")
    box.clear_faults()
    refresh(m)
    m.sh("ls partnerize").ok()
    assert not status_table.errors(m, "partnerize") and state(m, "partnerize") == "fetched"


def test_error_of_a_write_is_over(mount, sandbox):
    """A refusal stays while the vendor is only read, and goes with the next change that it accepts."""
    box = sandbox(users=25)
    m = mount(box)
    box.fault(fault="status", status=403, method="PUT")
    assert save(m.path / "partnerize/7.status", "inactive") == refused("EACCES")
    m.sh("ls partnerize; cat partnerize/*.json >/dev/null").ok()
    assert "EACCES" in status_table.errors(m, "partnerize")
    assert save(m.path / "partnerize/8.status", "inactive") == GOOD
    assert not status_table.errors(m, "partnerize")


def test_outage_is_over(mount, sandbox):
    """A vendor that failed over a write works again: any answer shows that, in any of its lists."""
    box = sandbox(users=30, vendors="elasticpath")
    m = mount(box, {"elasticpath": {"retry_budget": 0}})
    box.fault(fault="status", status=503, method="GET", path=LIST)
    assert m.sh("ls elasticpath").code
    assert "EREMOTEIO" in status_table.errors(m, "elasticpath")
    m.sh("ls elasticpath/accounts").ok()
    assert not status_table.errors(m, "elasticpath")


# ---- on a terminal ----

def screen(text):
    """The lines that a terminal shows after TEXT."""
    lines, column = [""], 0
    for part in re.split(r"(\r|\n|\x1b\[K)", text):
        if part == "\n":
            lines.append("")
            column = 0
        elif part == "\r":
            column = 0
        elif part == "\x1b[K":
            lines[-1] = lines[-1][:column]
        else:
            lines[-1] = lines[-1][:column] + part + lines[-1][column + len(part):]
            column += len(part)
    return lines


def check(m, folder):
    """Run --check on a terminal: what it wrote there, and the result."""
    result = subprocess.run([ON_TERMINAL, folder / "terminal", harness.BUILD / "rosterfs",
                             "--check", m.config_file], env=m.env, capture_output=True, text=True,
                            timeout=60 * harness.SCALE, check=False)
    return (folder / "terminal").read_bytes().decode(), result


def test_check_has_a_bar(mount, sandbox, tmp_path):
    box = sandbox(**STORE, latency=DRAWN)
    m = mount(box, ONE)
    drawn, result = check(m, tmp_path)
    assert result.returncode == 0
    assert re.search(r"\relasticpath +\[#+\.*\] page \d+ of 10, \S+ left", drawn)
    assert drawn.endswith(ERASED) and screen(drawn) == [""] and "\n" not in drawn
    assert max(len(line) for line in re.split(r"\r|\x1b\[K", drawn)) < 80
    piped = subprocess.run([harness.BUILD / "rosterfs", "--check", m.config_file], env=m.env, capture_output=True,
                           text=True, timeout=60 * harness.SCALE, check=False)
    assert (piped.stdout, piped.stderr, piped.returncode) == (result.stdout, "", 0)


def test_bar_is_not_mixed_into_lines(mount, sandbox, tmp_path):
    """With stdout on the same terminal, its lines are whole, and nothing of the bar is left."""
    box = sandbox(**STORE | {"vendors": "elasticpath,partnerize"}, users=1000, latency=DRAWN)
    m = mount(box, ONE)
    piped = subprocess.run([harness.BUILD / "rosterfs", "--check", m.config_file], env=m.env, capture_output=True,
                           text=True, timeout=60 * harness.SCALE, check=True).stdout
    result = subprocess.run([ON_TERMINAL, tmp_path / "terminal", "sh", "-c", 'exec "$@" >&2', "sh",
                             harness.BUILD / "rosterfs", "--check", m.config_file],
                            env={**m.env, "NO_COLOR": "1"}, timeout=60 * harness.SCALE, check=False)
    drawn = (tmp_path / "terminal").read_bytes().decode()
    assert result.returncode == 0 and "[#" in drawn
    assert sorted(screen(drawn)) == sorted(piped.split("\n"))


@pytest.mark.parametrize("debug", [False, True])
def test_foreground_has_a_bar(mount, sandbox, tmp_path, debug):
    """With -f; -d prints the log there, so it has none."""
    box = sandbox(**STORE, latency=DRAWN)
    m = mount(box, ONE, wear=[str(ON_TERMINAL), str(tmp_path / "terminal")], options=["-d"] if debug else [])
    assert "[" not in (tmp_path / "terminal").read_text() or debug
    os.listdir(m.path / "elasticpath")
    drawn = (tmp_path / "terminal").read_bytes().decode()
    if debug:
        assert "/v2/account-members" in drawn and "[#" not in drawn and "\x1b" not in drawn
    else:
        harness.wait_until(lambda: (tmp_path / "terminal").read_bytes().endswith(ERASED.encode()),
                           10 * harness.SCALE, "the end of the bar")
        drawn = (tmp_path / "terminal").read_bytes().decode()
        assert re.search(r"\relasticpath +\[#+\.*\] page \d+ of 10, \S+ left", drawn)
        assert screen(drawn) == [""]


def test_no_bar_in_a_pipe(mount, sandbox):
    m = mount(sandbox(**STORE))
    os.listdir(m.path / "elasticpath")
    assert m.stderr() == ""
