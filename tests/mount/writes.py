# SPDX-License-Identifier: Apache-2.0
"""What the tests of writing share: documents, saves that tell each step's errno, what was sent."""

import errno
import json
import os
import typing

# fields that the vendor moves by itself when a record changes
MOVING = {"updated_at"}


def shown(record):
    """A record as the sandbox tells it, without what the sandbox adds for tests."""
    return {key: value for key, value in record.items() if not key.startswith("_")}


def at_vendor(box, ident):
    """The vendor's own copy of a record, as rosterfs would show it."""
    return shown(box.user(ident))


def changed(before, after):
    """The fields that differ, apart from those that move by themselves."""
    return {key for key in {*before, *after}
            if before.get(key, ...) != after.get(key, ...)} - MOVING


def sent(box):
    """What was asked of the vendor that could have changed something: the journal's entries."""
    return [entry for entry in box.journal() if entry["method"] != "GET"]


def applied(box):
    """How many PUTs the vendor answered with success, or applied without an answer that came."""
    return box.counts().get("PUT /user/{id}", 0)


def text_of(document):
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def read(mount, name):
    """A document of the mount, parsed: opening it makes it the version last shown."""
    return json.loads((mount.path / name).read_text(encoding="utf-8"))


def errno_of(function, *arguments):
    """0, or the errno that FUNCTION failed with."""
    try:
        function(*arguments)
    except OSError as error:
        return error.errno
    return 0


def name_of(number):
    return errno.errorcode.get(number, str(number)) if number else "ok"


class Save(typing.NamedTuple):
    """How each step of a save ended: "ok" or the name of the errno."""
    write: str
    fsync: str
    close: str


GOOD = Save("ok", "ok", "ok")


def save(path, data, chunk=None, flags=os.O_WRONLY | os.O_TRUNC, sync=True):
    """Write DATA (in pieces of CHUNK bytes) to PATH from its start; stops at the first error."""
    data = data.encode() if isinstance(data, str) else data
    file = os.open(path, flags)
    step = chunk or len(data) or 1
    error, at = 0, 0
    while at < len(data) and not error:
        try:
            at += os.write(file, data[at:at + step])
        except OSError as failure:
            error = failure.errno
    synced = errno_of(os.fsync, file) if sync else 0
    return Save(name_of(error), name_of(synced), name_of(errno_of(os.close, file)))


def refused(name):
    """A save whose write failed with NAME, and the same at each later step."""
    return Save(name, name, name)


def put(mount, name, document):
    """Have another process save DOCUMENT (or text) onto NAME, with cp; its Result."""
    source = mount.folder / "document.json"
    source.write_text(document if isinstance(document, str) else text_of(document),
                      encoding="utf-8")
    return mount.sh(f"cp '{source}' '{name}'")


def refresh(mount):
    """Have the roster fetched anew at the next read, and read it."""
    (mount.path / ".rosterfs/refresh").write_text("partnerize\n")
    return os.listdir(mount.path / "partnerize")


def last_line(mount, word):
    """The newest line of the log with WORD in it, or ''."""
    return next((line for line in reversed(mount.log().splitlines()) if word in line), "")


def edited(document, field, value):
    document = json.loads(json.dumps(document))
    document[field] = value
    return document


# a password that stands nowhere else
PASSWORD = "correct horse SECRET \"battery\" é"


def nowhere(m):
    """PASSWORD stands in no file of the mount, in no line of the log, nor on stderr."""
    for word in ("horse SECRET", "battery"):
        assert m.sh(f"grep -rF '{word}' .").code == 1
        assert word not in m.log() + m.stderr()
