# SPDX-License-Identifier: Apache-2.0
"""A reader in a loop, as a process of its own: python3 reader_loop.py WAY FOLDER STOP IDS...

It reads the records' texts and statuses until the file STOP is there, and prints as JSON what it
has seen: how many reads, which errors, and each text that was not one whole record.
"""

import errno
import json
import mmap
import os
import sys
import time

WORDS = (b"active\n", b"inactive\n")
PROBLEMS_MAX = 20


def by_read(file):
    """As cat does."""
    parts = []
    while part := os.read(file, 65536):
        parts.append(part)
    return b"".join(parts)


def by_pieces(file):
    """With other processes' work between them."""
    data = b""
    while part := os.pread(file, 100, len(data)):
        data += part
        if len(data) % 300 == 0:
            os.sched_yield()
    return data


def by_size(file):
    """Exactly as many bytes as there are, and whether any follow."""
    size = os.fstat(file).st_size
    return os.pread(file, size, 0) + os.pread(file, 100, size)


def later(file):
    """Opened long before it is read."""
    time.sleep(0.003)
    return by_read(file)


def twice(file):
    """Once more from the start, later: it is the same open file, and so the same text."""
    first = by_read(file)
    time.sleep(0.002)
    os.lseek(file, 0, os.SEEK_SET)
    second = by_read(file)
    return second if first == second else b"first " + first + b"then " + second


def mapped(flags):
    def read(file):
        # 0: as much as there is
        with mmap.mmap(file, 0, flags, mmap.PROT_READ) as view:
            return view[:]
    return read


WAYS = {"read": by_read, "pieces": by_pieces, "size": by_size, "later": later, "twice": twice,
        "mapped": mapped(mmap.MAP_SHARED), "mapped-private": mapped(mmap.MAP_PRIVATE)}


def wrong(name, data):
    """What is wrong with DATA as the text of NAME, or None."""
    if name.endswith(".status"):
        return None if data in WORDS else "no status"
    try:
        document = json.loads(data)
    except ValueError:
        return "no document"
    if document["user_id"] != name.partition(".")[0]:
        return "another's document"
    if document["firstname"] != document["lastname"]:
        return "a mixture"
    return None


def look(way, path, seen):
    """One reader's turn."""
    file = os.open(path, os.O_RDONLY)
    try:
        if os.fstat(file).st_size == 0:
            return "st_size is 0 in fstat"
        data = WAYS[way](file)
    finally:
        os.close(file)
    seen["reads"] += 1
    problem = wrong(os.path.basename(path), data)
    return problem and f"{problem}: {data!r}"


def main(way, folder, stop, *idents):
    seen = {"way": way, "reads": 0, "errors": {}, "problems": [], "bad": 0}
    names = [f"{ident}.{end}" for ident in idents for end in ("json", "status")]
    while not os.path.exists(stop):
        for name in names:
            path = os.path.join(folder, name)
            try:
                problem = look(way, path, seen)
                if not problem and os.stat(path).st_size == 0:
                    problem = "st_size is 0 in stat"
            except OSError as error:
                word = errno.errorcode.get(error.errno, str(error.errno))
                seen["errors"][word] = seen["errors"].get(word, 0) + 1
                continue
            except ValueError as error:
                problem = str(error)
            if problem:
                seen["bad"] += 1
                if len(seen["problems"]) < PROBLEMS_MAX:
                    seen["problems"].append(f"{name}: {problem}")
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
