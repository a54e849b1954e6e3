# SPDX-License-Identifier: Apache-2.0
"""make bench: what rosterfs costs, beside the least that FUSE, the wire and jansson cost.

It reports and does not judge: slow is no error, but a count that differs is (names, bytes, requests
of a yardstick), because the times beside it would mean nothing. README.md says how to read it.

Everything is in one folder in memory. It goes when this ends, also by Ctrl-C: first what is mounted,
then processes, then files.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "mount"))
import harness  # noqa: E402
import figures  # noqa: E402
import polling  # noqa: E402
import report  # noqa: E402
import rows  # noqa: E402
import shared  # noqa: E402
import systems  # noqa: E402
import tables  # noqa: E402
import waits  # noqa: E402
import wire  # noqa: E402

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupt(_number, _frame):
    """End by an exception, once: a second Ctrl-C must not stop the tidying up."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def interrupted():
    return signal.getsignal(signal.SIGINT) == signal.SIG_IGN


class Sandbox(harness.Sandbox):
    """A sandbox that knows how many users it has, and is closed like everything else here."""

    def __init__(self, folder, **options):
        self.users = options["users"]
        super().__init__(folder, **options)

    def close(self):
        problem = self.stop()
        if problem:
            raise harness.Failure(problem)


def mounted_below(folder):
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
        return [line.split(" ")[4] for line in mounts if line.split(" ")[4].startswith(f"{folder}/")]


def remove(folder):
    """Remove FOLDER with all in it, but never what is behind a mount."""
    for path in mounted_below(folder):
        systems.detach(path)
    if mounted_below(folder):
        raise harness.Failure(f"still mounted: {mounted_below(folder)}")
    shutil.rmtree(folder)


class Bench:
    """What the parts share: where to work, which rows are wanted, what was found."""

    def __init__(self, base, word):
        self.base = base
        self.word = word.lower()
        self.env = harness.clean_env(base)
        self.scope = None
        self.start = time.monotonic()
        self.tables = []
        self.figures = []
        self.notes = []
        self.broken = []

    def wanted(self, *names):
        """Is a row wanted that has one of NAMES?"""
        return any(self.word in name.lower() for name in names)

    def say(self, text):
        print(f"[{time.monotonic() - self.start:5.0f} s] {text}", file=sys.stderr, flush=True)

    # ---- things with an end ----

    def keep(self, thing):
        """Close THING at the end of this part, however it ends."""
        self.scope.callback(thing.close)
        return thing

    def folder(self, name):
        """A folder that goes at the end of this part."""
        folder = self.base / name
        folder.mkdir()
        self.scope.callback(remove, folder)
        return folder

    def sandbox(self, folder, **options):
        return self.keep(Sandbox(folder, **options))

    def part(self, function, *words):
        """One part on its own: what breaks in it does not keep the others from being measured."""
        title = " ".join([function.__qualname__.replace(".run", ""), *map(str, words)])
        self.say(title)
        try:
            with contextlib.ExitStack() as self.scope:
                function(self, *words)
        except (harness.Failure, OSError) as error:
            # a sandbox that had the same Ctrl-C complains when it is closed
            if interrupted():
                raise KeyboardInterrupt from None
            self.say(f"broken: {error}")
            self.broken.append(f"{title}: {error}")

    # ---- what was found ----

    def figure(self, *words, **more):
        figure = figures.Figure(*words, **more)
        if self.wanted(figure.name):
            self.figures.append(figure)

    def note(self, text):
        self.notes.append(text)

    @staticmethod
    def json(text):
        return json.loads(text)


def table(bench, users):
    """All rows of a filesystem with that many users."""
    made = rows.Table(bench, users)
    bench.tables.append(made)
    made.run()


def measure(bench, sizes):
    largest = min(max(sizes), rows.COPIED)
    for users in sizes:
        bench.part(table, users)
    for function in (figures.cpu, figures.refreshes, figures.idle):
        bench.part(function, largest)
    bench.part(figures.start)
    bench.part(figures.requests)
    for function in (wire.listing, wire.http2, wire.changes, wire.blocking):
        bench.part(function, largest)
    bench.part(wire.window)
    for function in tables.PARTS:
        bench.part(function, largest)
    bench.part(polling.follow, largest)
    bench.part(polling.late)
    for function in waits.PARTS:
        bench.part(function)
    shared.measure(bench, largest)


def options():
    parser = argparse.ArgumentParser(prog="make bench", description="See tests/bench/README.md.")
    parser.add_argument("--date", default="", help="is shown in the results")
    parser.add_argument("--rows", default="", help="only rows that have this word in their names")
    parser.add_argument("users", nargs="+", type=int)
    chosen = parser.parse_args()
    if min(chosen.users) < 100:
        parser.error("100 users are the fewest")
    return chosen


def base_folder():
    """In memory: a disk would be measured as well."""
    for place in (os.environ.get("TMPDIR"), "/dev/shm", "/var/tmp"):
        if place and os.access(place, os.W_OK):
            return pathlib.Path(tempfile.mkdtemp(prefix="rosterfs-bench-", dir=place))
    raise harness.Failure("there is no place to work in: set TMPDIR")


def main():
    chosen = options()
    for number in SIGNALS:
        signal.signal(number, interrupt)
    bench = None
    base = base_folder()
    try:
        bench = Bench(base, chosen.rows)
        measure(bench, sorted(set(chosen.users)))
    except KeyboardInterrupt:
        print("bench: interrupted", file=sys.stderr)
        return 130
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        remove(base)
    place = harness.BUILD / "bench"
    report.write(bench, chosen, place)
    if bench.broken:
        print(f"bench: {len(bench.broken)} parts are broken", file=sys.stderr)
    return 1 if bench.broken else 0


if __name__ == "__main__":
    sys.exit(main())
