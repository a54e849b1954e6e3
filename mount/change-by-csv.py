#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Save the rows of a CSV as changes of users, one after the other.

usage: change-by-csv.py CSV DIRECTORY

DIRECTORY is that of a vendor in a mount of rosterfs. Begin with a mount that has -o dry_run and read its
.rosterfs/log.

The CSV has a header. The column "id" names the user; each other column is a field to change, called as in
tables/NAME.csv ("address.city" is city in address). Leave out columns and rows that are not to change: what is in
them is written. An empty cell changes nothing, null clears the field. A cell is text where the field now holds text
or nothing; else it is JSON (true, 7, ["a"]). An apostrophe that guards a cell against spreadsheets is removed. The
column "status" is written to the user's .status: active or inactive.

A change that fails is reported, and the others are made. The exit status is 0 if all were made, else 1.
"""

import csv
import json
import os
import pathlib
import re
import sys


def save(path, text):
    """Write TEXT at once to a file that exists."""
    file = os.open(path, os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def file_name(user):
    """The name of the file of USER, an id, without its ending."""
    name = re.sub(r"[%/\x00-\x1f\x7f]", lambda found: f"%{ord(found[0]):02X}", user)
    return re.sub(r"^[.#]", lambda found: f"%{ord(found[0]):02X}", name)


def value_of(cell, now):
    """What CELL means for a field that now holds NOW (None: nothing)."""
    if cell == "null":
        return None
    if now is not None and not isinstance(now, str):
        return json.loads(cell)
    return re.sub(r"^'(?=[=@+\t\r\n-])", "", cell)


def edit(record, column, cell):
    """Return the member of the top level that COLUMN changes, and its new value."""
    if column in record or "." not in column:
        return column, value_of(cell, record.get(column))
    top, *names = column.split(".")
    value = record[top] = dict(record.get(top) or {})
    for name in names[:-1]:
        value[name] = dict(value.get(name) or {})
        value = value[name]
    value[names[-1]] = value_of(cell, value.get(names[-1]))
    return top, record[top]


def change(directory, row):
    """Make the changes of ROW."""
    stem = file_name(row.pop("id"))
    status = row.pop("status", None)
    cells = {column: cell for column, cell in row.items() if column and cell}
    if cells:
        path = directory / f"{stem}.json"
        record = json.loads(path.read_text())
        save(path, json.dumps(dict(edit(record, column, cell) for column, cell in cells.items())) + "\n")
    if status:
        save(directory / f"{stem}.status", status + "\n")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n\n")[1])
    failed = 0
    with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if "id" not in (rows.fieldnames or ()):
            sys.exit(f"{sys.argv[1]}: there is no column id; rename the one that holds the ids, and use commas")
        for row in rows:
            user = row["id"]
            try:
                change(pathlib.Path(sys.argv[2]), row)
            except (OSError, ValueError) as error:
                print(f"{sys.argv[1]}:{rows.line_num}: {user}: not changed: {error}", file=sys.stderr)
                failed += 1
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
