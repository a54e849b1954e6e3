# SPDX-License-Identifier: Apache-2.0
"""The ways in which programs get a text into a file, for the workers of the model test: each raises OSError."""

import contextlib
import errno
import os
import subprocess
import threading


def write_all(file, data, step=None):
    at = 0
    while at < len(data):
        at += os.write(file, data[at:at + (step or len(data))])


def by_opening(path, data, flags=os.O_WRONLY | os.O_TRUNC, sync=False, step=None, cut=False):
    file = os.open(path, flags)
    try:
        if cut:
            os.ftruncate(file, 0)
        write_all(file, data, step)
        if sync:
            os.fsync(file)
    except OSError:
        with contextlib.suppress(OSError):
            os.close(file)
        raise
    os.close(file)


def by_renaming(path, data):
    other = f"{path.parent}/.{path.name}.{threading.get_ident()}~"
    with open(other, "wb") as file:
        file.write(data)
    try:
        os.replace(other, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(other)
        raise


def run(words, data=None):
    """A command; OSError with the first errno that its words on stderr name, or EIO."""
    result = subprocess.run(words, input=data, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            stdin=None if data is not None else subprocess.DEVNULL, check=False)
    if result.returncode:
        said = result.stderr.decode(errors="replace")
        number = next((number for number in errno.errorcode if os.strerror(number) in said), errno.EPROTO)
        raise OSError(number, said.strip())


def by_shell(path, data):
    run(["sh", "-c", 'cat > "$1"', "sh", str(path)], data)


def by_tee(path, data):
    run(["tee", "--", str(path)], data)


def by_mv(path, data):
    other = f"{path.parent}/t{threading.get_ident()}"
    run(["sh", "-c", 'cat > "$1" && mv "$1" "$2" || { r=$?; rm -f "$1"; exit $r; }', "sh", other, str(path)],
        data)


DOCUMENT_FORMS = {
    "open": by_opening,
    "fsync": lambda path, data: by_opening(path, data, sync=True),
    "cut": lambda path, data: by_opening(path, data, os.O_RDWR, True, None, True),
    "pieces": lambda path, data: by_opening(path, data, step=200),
    "replace": by_renaming,
    "sh": by_shell,
    "mv": by_mv,
}
STATUS_FORMS = {"open": by_opening, "sh": by_shell, "tee": by_tee, "replace": by_renaming}
