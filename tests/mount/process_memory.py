# SPDX-License-Identifier: Apache-2.0
"""Where in the memory of a process a text is, and whether that memory is locked."""

import collections
import contextlib
import os
import pathlib
import re

Place = collections.namedtuple("Place", "word address name flags near")
HEADER = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+ *(.*)$")


def mappings(pid):
    """[(begin, end, name, flags)] of what the process can write to."""
    found = []
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        head = HEADER.match(line)
        if head:
            found.append([int(head[1], 16), int(head[2], 16), head[4], head[3]])
        elif line.startswith("VmFlags:"):
            found[-1].append(line.split()[1:])
    return [(begin, end, name, flags) for begin, end, name, mode, flags in found if mode.startswith("rw")]


def search(pid, *words):
    """Each Place of one of WORDS, bytes."""
    places = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for begin, end, name, flags in mappings(pid):
            text = b""
            for page in range(begin, end, 1 << 20):
                # what is a device cannot be read
                with contextlib.suppress(OSError):
                    text += os.pread(memory.fileno(), min(end - page, 1 << 20), page)
            for word in words:
                for match in re.finditer(re.escape(word), text):
                    at = match.start()
                    places.append(Place(word, begin + at, name, flags, text[max(0, at - 60):at + 100]))
    return places


def unlocked(pid, *words):
    """The places in memory that can reach the swap area."""
    return [place for place in search(pid, *words) if "lo" not in place.flags]
