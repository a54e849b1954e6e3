# SPDX-License-Identifier: Apache-2.0
"""`private_namespace.py COMMAND...` runs COMMAND in a mount namespace of its own, out of which no mount spreads.

As `unshare -m --propagation private`, which fails in a chroot whose root is no mount point. Needs root.
"""

import ctypes
import os
import sys

CLONE_NEWNS = 0x20000
MS_REC, MS_PRIVATE = 0x4000, 1 << 18

LIBC = ctypes.CDLL(None, use_errno=True)


def call(function, *arguments):
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{function.__name__}: {os.strerror(ctypes.get_errno())}")


def main():
    call(LIBC.unshare, CLONE_NEWNS)
    root = os.open("/", os.O_PATH | os.O_DIRECTORY)
    folder = os.open(".", os.O_PATH | os.O_DIRECTORY)
    # entering a namespace, be it the own one, leads to the root of all its mounts
    call(LIBC.setns, os.open("/proc/self/ns/mnt", os.O_RDONLY), CLONE_NEWNS)
    call(LIBC.mount, None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None)
    os.fchdir(root)
    os.chroot(".")
    os.fchdir(folder)
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
