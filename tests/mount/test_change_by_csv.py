# SPDX-License-Identifier: Apache-2.0
"""The recipe for spreadsheets: rows of a CSV become single changes, first in a dry run."""

import harness
from writes import at_vendor, changed, sent

RECIPE = harness.TOP / "mount/change-by-csv.py"


def apply(m, text, folder="partnerize"):
    file = m.path.parent / "changes.csv"
    file.write_bytes(text.encode())
    return m.sh(f"python3 {RECIPE} {file} {folder}")


def test_fields_and_status(mount, sandbox):
    """One PUT for each change, as a spreadsheet writes a CSV; what is empty stays, and so do others."""
    box = sandbox(users=25)
    m = mount(box)
    before = {user: at_vendor(box, user) for user in (2, 3, 4)}
    apply(m, "\ufeffid,lastname,timezone,status\r\n"
             "2,\"O'Neil, \"\"Jo\"\"\",null,\r\n"
             "3,'=Smith,,inactive\r\n").ok()
    after = {user: at_vendor(box, user) for user in (2, 3, 4)}
    assert after[4] == before[4]
    assert (after[2]["lastname"], after[2]["timezone"]) == ("O'Neil, \"Jo\"", None)
    assert changed(before[2], after[2]) == {"lastname", "timezone"}
    assert (after[3]["lastname"], after[3]["status"]) == ("=Smith", "inactive")
    assert changed(before[3], after[3]) == {"lastname", "status"}
    assert len(sent(box)) == 3


def test_types(mount, sandbox):
    """A field keeps its type, and a nested one its siblings."""
    box = sandbox(users=25)
    box.patch(2, {"score": 1.5, "newsletter": True, "labels": ["a"]})
    m = mount(box)
    before = at_vendor(box, 2)
    apply(m, 'id,score,newsletter,labels,address.city\n2,19.5,false,"[""b""]",007\n').ok()
    after = at_vendor(box, 2)
    assert changed(before, after) == {"score", "newsletter", "labels", "address"}
    assert (after["score"], after["newsletter"], after["labels"]) == (19.5, False, ["b"])
    assert after["address"] == {**before["address"], "city": "007"}


def test_failures(mount, sandbox):
    """Each row that fails is named, the others are made, and nothing is created."""
    box = sandbox(users=25)
    m = mount(box)
    result = apply(m, "id,lastname,status\n999,Nobody,\n../2,Elsewhere,\n4,,deactivated\n5,Done,\n")
    assert result.code == 1
    assert [line.split(": ")[1] for line in result.err.splitlines()] == ["999", "../2", "4"]
    assert len(sent(box)) == 1
    assert at_vendor(box, 5)["lastname"] == "Done"
    assert m.sh("ls -a partnerize | grep -c 999").out == "0\n"


def test_dry_run(mount, sandbox):
    """What the manual says to do first: nothing is sent, and the log has each change."""
    box = sandbox(users=25)
    m = mount(box, options=["-o", "dry_run"])
    apply(m, "id,lastname,status\n2,Changed,\n3,,inactive\n").ok()
    assert sent(box) == []
    assert m.sh("grep -c 'dry run' .rosterfs/log").out == "2\n"
