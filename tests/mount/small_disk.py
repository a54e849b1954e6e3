# SPDX-License-Identifier: Apache-2.0
"""A small disk below a folder, which a test can fill."""

import contextlib
import subprocess

import pytest


@contextlib.contextmanager
def small_disk(folder, size):
    """FOLDER stands on a disk of SIZE, such as 128k; the function fills it to the last byte (True), or empties it."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "none", str(folder)],
                      check=False).returncode:
        pytest.skip("needs to mount a tmpfs")
    ballast = folder / "ballast"

    def fill(full):
        if not full:
            ballast.unlink()
            return
        with open(ballast, "wb", buffering=0) as out:
            while True:
                try:
                    out.write(b"x" * 1024)
                except OSError:
                    return
    try:
        yield fill
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
