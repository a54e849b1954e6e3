# SPDX-License-Identifier: Apache-2.0
"""The recipe for spreadsheets: rows of a CSV become single changes, first in a dry run."""

import pytest

import harness
from writes import at_vendor, changed, sent

RECIPE = harness.TOP / "recipes/change-by-csv.py"


def apply(m, text, folder="partnerize", encoding="utf-8"):
    file = m.path.parent / "changes.csv"
    file.write_bytes(text.encode(encoding))
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


def test_guards(mount, sandbox):
    """Each guard of a table is taken off, and an apostrophe that the vendor has itself stays."""
    box = sandbox(users=25)
    names = ["=1", "+1+2", "-1+2", "@a", "\t=1", "\n=1", "\x0b=1", "\uff1d1", "'=1", "'", "+5"]
    for user, name in enumerate(names, 3):
        box.patch(user, {"lastname": name})
    m = mount(box)
    before = [at_vendor(box, user) for user in range(1, 26)]
    columns = "import csv, sys; out = csv.writer(sys.stdout); out.writerow(['id', 'lastname'])\n" \
              "for row in csv.DictReader(open('tables/partnerize.csv', newline='')):\n" \
              "    out.writerow([row['user_id'], row['lastname']])"
    m.sh(f'python3 -c "{columns}" > {m.path.parent}/copy.csv').ok()
    apply(m, (m.path.parent / "copy.csv").read_bytes().decode()).ok()
    assert [at_vendor(box, user) for user in range(1, 26)] == before
    assert not sent(box)


def test_spreadsheets(mount, sandbox):
    """Semicolons where a comma marks the decimals, empty rows at the end, and words in capitals."""
    box = sandbox(users=25)
    box.patch(2, {"newsletter": True})
    m = mount(box)
    apply(m, "\ufeffid;lastname;newsletter\r\n2;Meier, Jo;FALSE\r\n;;\r\n").ok()
    after = at_vendor(box, 2)
    assert (after["lastname"], after["newsletter"]) == ("Meier, Jo", False)


@pytest.mark.parametrize("text", ["id,lastname\n2,Changed\n3,Meier, Jo\n",
                                  "id,lastname,status\n2,Changed,\n3,inactive\n", "id,lastname,lastname\n2,A,B\n", "id,lastname\n2,A\n3,B\n2,C\n", "id,\n2,A\n",
                                  "id,lastname\n2,A\n,B\n", 'id,lastname\n2,A\n3,"B\n', "user_id,lastname\n2,A\n",
                                  "id,lastname\n2,M\u00fcller\n"])
def test_nothing_of_a_doubtful_file(mount, sandbox, text):
    """What shifts cells into other columns, or says two things of one user, changes nobody."""
    box = sandbox(users=5)
    m = mount(box)
    result = apply(m, text, encoding="latin-1")
    assert result.code == 1 and "changes.csv: nothing is changed: " in result.err and "Traceback" not in result.err
    assert not sent(box)


@pytest.mark.parametrize("column, cell", [("score", "true"), ("newsletter", "1"), ("labels", "7"), ("score.x", "7"),
                                          ("labels.x", "7"), ("newsletter", "yes"), ("score", "7,5")])
def test_other_types(mount, sandbox, column, cell):
    """A value of another type is refused, and the next user is changed."""
    box = sandbox(users=5)
    box.patch(2, {"score": 1.5, "newsletter": True, "labels": ["a"]})
    m = mount(box)
    result = apply(m, f'id,{column},lastname\n2,"{cell}",No\n3,,Yes\n')
    assert result.code == 1 and result.err.count("\n") == 1 and ": 2: not all is changed: " in result.err
    assert [at_vendor(box, user)["lastname"] == "Yes" for user in (2, 3)] == [False, True]
    assert len(sent(box)) == 1
