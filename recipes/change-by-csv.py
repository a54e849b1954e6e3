#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Save the rows of a CSV as changes of users, one after the other.

usage: change-by-csv.py CSV DIRECTORY

DIRECTORY is that of a vendor in a mount of rosterfs. Begin with a mount that has -o dry_run and read its
.rosterfs/log.

The CSV is UTF-8, with commas or semicolons, and has a header. The column "id" names the user; each other column is a
field to change, called as in tables/NAME.csv ("address.city" is city in address). Leave out columns and rows that are
not to change: what is in them is written. An empty cell changes nothing, null clears the field. A cell is text where
the field now holds text or nothing; else it is JSON of the same type (true, 7, ["a"]). An apostrophe that guards a cell
against spreadsheets is removed. The column "status" is written to the user's .status: active or inactive.

If a column or a user is there twice, or a row has more or fewer cells than the header, nothing is changed. A change
that fails is reported, and the others are made. The exit status is 0 if all were made, else 1.
"""

import csv
import io
import json
import os
import pathlib
import re
import sys

# what tables/NAME.csv puts before a formula, in any of its forms
GUARD = "^'(?=[-=+@\x01-\x1f\uff1d\uff0b\uff0d\uff20])"


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
    if now is None or isinstance(now, str):
        return cell if cell == now else re.sub(GUARD, "", cell)
    if isinstance(now, bool):
        cell = cell.lower()  # spreadsheets write TRUE
    try:
        value = json.loads(cell)
    except ValueError:
        raise ValueError(f"{cell} cannot stand in place of {json.dumps(now)}") from None
    kinds = [float if isinstance(each, int) and not isinstance(each, bool) else type(each) for each in (value, now)]
    if kinds[0] != kinds[1]:
        raise ValueError(f"{cell} is of another type than {json.dumps(now)}")
    return value


def inner(value, name):
    """Return a copy of the object that NAME has in VALUE, or an empty one if it has nothing."""
    found = value.get(name)
    if found is not None and not isinstance(found, dict):
        raise ValueError(f"{name} is no object")
    return dict(found or {})


def edit(record, column, cell):
    """Return the member of the top level that COLUMN changes, and its new value."""
    if column in record or "." not in column:
        return column, value_of(cell, record.get(column))
    top, *names = column.split(".")
    value = record[top] = inner(record, top)
    for name in names[:-1]:
        value[name] = inner(value, name)
        value = value[name]
    value[names[-1]] = value_of(cell, value.get(names[-1]))
    return top, record[top]


def change(directory, user, row):
    """Make the changes of ROW, by column, to USER."""
    stem = file_name(user)
    status = row.pop("status", None)
    cells = {column: cell for column, cell in row.items() if cell}
    if cells:
        path = directory / f"{stem}.json"
        record = json.loads(path.read_text(encoding="utf-8"))
        save(path, json.dumps(dict(edit(record, column, cell) for column, cell in cells.items())) + "\n")
    if status:
        save(directory / f"{stem}.status", status + "\n")


def read(path):
    """Return the rows of the CSV at PATH: the line, the user, and the other cells by column."""
    text = pathlib.Path(path).read_bytes().decode("utf-8-sig")
    header = text.split("\n", 1)[0]
    delimiter = ";" if ";" in header and "," not in header else ","
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    columns = [re.sub(GUARD, "", name) for name in next(reader, [])]
    if "id" not in columns:
        raise ValueError("there is no column id; rename the one that holds the ids")
    if len(set(columns)) < len(columns) or "" in columns:
        raise ValueError("a column has no name, or the name of another one")
    rows = {}
    for cells in reader:
        if not any(cells):
            continue
        if len(cells) != len(columns):
            raise ValueError(f"line {reader.line_num} has {len(cells)} cells, and the header {len(columns)}")
        row = dict(zip(columns, cells))
        user = re.sub(GUARD, "", row.pop("id"))
        if not user or user in rows:
            raise ValueError(f"line {reader.line_num} names " + (f"the user {user} again" if user else "no user"))
        rows[user] = reader.line_num, row
    return rows


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n\n")[1])
    try:
        rows = read(sys.argv[1])
    except (OSError, ValueError, csv.Error) as error:
        sys.exit(f"{sys.argv[1]}: nothing is changed: {error}")
    failed = 0
    for user, (line, row) in rows.items():
        try:
            change(pathlib.Path(sys.argv[2]), user, row)
        except (OSError, ValueError) as error:
            print(f"{sys.argv[1]}:{line}: {user}: not all is changed: {error}", file=sys.stderr)
            failed += 1
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
