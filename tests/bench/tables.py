# SPDX-License-Identifier: Apache-2.0
"""The whole roster as one file: tables/NAME.jsonl, NAME.csv and people.csv.

The yardsticks are the same command on a copy in memory, the same question asked of the single files, jansson, and
`ls by-email`, which needs the same rosters.
"""

import os
import statistics
import time

import process
import systems
from process import Broken
from system import BUILD

ROUNDS = 5
MEMBERS = 50000
# bytes in one READ
READ = 128 * 1024
# the question asked of a table F, and of the single files, whose names the file L lists
QUESTIONS = (("jq .role", "jq -r .role {F} | sort | uniq -c", "xargs -a {L} cat | jq -r .role | sort | uniq -c", 6),
             ("grep -c", "grep -c inactive {F}", "xargs -a {L} cat | grep -c '\"status\": \"inactive\"'", 25),
             ("wc -l", "wc -l < {F}", "xargs -a {L} cat | grep -c '^}}'", 25),
             ("cat", "cat {F} > /dev/null", "xargs -a {L} cat > /dev/null", 25))


def shell(command, folder, out):
    return process.run(["sh", "-c", command], folder, out=out)


def started(bench, name, users, members=None):
    folder = bench.folder(name)
    box = bench.sandbox(folder / "sandbox", users=users, vendors="partnerize,elasticpath" if members else "partnerize",
                        **({"members": members, "offset_ceiling": 10 * members} if members else {}))
    roster = bench.keep(systems.Rosterfs(folder, box, bench.env))
    roster.start()
    return folder, roster


def warm(bench, users):
    """Questions about everybody: to the table, to its copy in memory, and to the single files."""
    names = [f"tables: {name}, {users:,} users" for name, _, _, _ in QUESTIONS]
    if not bench.wanted(*names):
        return
    folder, roster = started(bench, "tables-warm", users)
    roster.fetch()
    table = roster.mount.path / "tables/partnerize.jsonl"
    copy = folder / "copy.jsonl"
    before = roster.fuse()
    process.run(["cat", table], out=copy)
    reads = -(-copy.stat().st_size // READ)
    bench.figure("tables", f"tables: requests of the first copy, {users:,} users", roster.fuse() - before, "", reads,
                 "READs of 128 KiB", (reads + 8) / reads)
    list_file = folder / "names"
    list_file.write_text("".join(f"{number}.json\n" for number in range(1, users + 1)))
    shell(f"xargs -a {list_file} cat > /dev/null", roster.path, folder / "out")
    for (_, question, single, times), name in zip(QUESTIONS, names):
        if not bench.wanted(name):
            continue
        took = {}
        for number in range(ROUNDS):
            for where in (table, copy) if number % 2 else (copy, table):
                out = folder / f"out-{where.parent.name}"
                took.setdefault(where, []).append(shell(question.format(F=where), folder, out))
        if (folder / "out-tables").read_bytes() != (folder / f"out-{copy.parent.name}").read_bytes():
            raise Broken(f"{name}: a table and its copy differ")
        files = shell(single.format(L=list_file), roster.path, folder / "out-files")
        if name.startswith(("tables: jq", "tables: wc")) and \
                (folder / "out-files").read_bytes() != (folder / "out-tables").read_bytes():
            raise Broken(f"{name}: a table and the single files differ")
        ours = statistics.median(took[table])
        ratio = statistics.median(mine / other for mine, other in zip(took[table], took[copy]))
        bench.figure("tables", name, 1000 * ours, "ms", 1000 * ours / ratio, "tmpfs", 1.15)
        bench.figure("tables", f"{name}, single files", 1000 * ours, "ms", 1000 * files, "single files", 1 / times)
    roster.stop()


def first(bench, users):
    """The first open after a fetch, until the size is known and the first byte is there; memory while open."""
    names = {kind: f"tables: first open of .{kind}, {users:,} users" for kind in ("jsonl", "csv")}
    if not bench.wanted(*names.values(), "tables: memory"):
        return
    _, roster = started(bench, "tables-first", users)
    for kind, name in names.items():
        took, grown = [], []
        for _ in range(ROUNDS):
            roster.refresh()
            table = roster.mount.path / f"tables/partnerize.{kind}"
            before = process.memory(roster.pid)
            begin = time.perf_counter()
            with open(table, "rb", buffering=0) as file:
                size = os.fstat(file.fileno()).st_size
                file.read(1)
                took.append(time.perf_counter() - begin)
                while file.read(1 << 20):
                    pass
                grown.append(process.memory(roster.pid) - before)
                if size != file.tell():
                    raise Broken(f"{name}: {size} bytes were told, {file.tell()} read")
        bench.figure("tables", name, 1000 * statistics.median(took), "ms", most=100 * max(users, 1000) / 100000)
        bench.figure("tables", f"tables: memory a user while .{kind} is open, {users:,} users",
                     max(0, statistics.median(grown)) / users, "B", most=16)
    roster.stop()


def rendering(bench, users):
    """The daemon's CPU for a table that is read once, beside jansson's for the same records."""
    name = f"tables: CPU of reading .jsonl once, {users:,} users"
    if not bench.wanted(name):
        return
    folder, roster = started(bench, "tables-cpu", users)
    copy = folder / "copy.jsonl"
    spent = []
    for _ in range(ROUNDS):
        roster.refresh()
        before = process.cpu(roster.pid)
        process.run(["cat", roster.mount.path / "tables/partnerize.jsonl"], out=copy)
        spent.append(process.cpu(roster.pid) - before)
    runs = [bench.json(process.output([BUILD / "bench/dump", copy], folder)) for _ in range(3)]
    if runs[0]["rows"] != users:
        raise Broken(f"{name}: jansson prints {runs[0]}")
    bench.figure("tables", name, 1000 * min(spent), "ms", 1000 * min(run["seconds"] for run in runs), "json_dumpb", 1.2)
    roster.stop()


def people(bench, users):
    """People at two vendors, with nothing known: the table beside the names."""
    members = min(users // 2, MEMBERS)
    name = f"tables: cold people.csv, {users:,} and {members:,} users"
    if not bench.wanted(name):
        return
    folder, roster = started(bench, "tables-people", users, members)
    roster.stop()
    took = {}
    for number in range(3):
        for what in ("ls by-email", "cat tables/people.csv")[::1 if number % 2 else -1]:
            roster.start()
            took.setdefault(what, []).append(process.run(what.split(), roster.mount.path, out=folder / "out"))
            roster.stop()
    pairs = zip(took["cat tables/people.csv"], took["ls by-email"])
    ours = statistics.median(took["cat tables/people.csv"])
    bench.figure("tables", name, ours, "s", ours / statistics.median(table / names for table, names in pairs),
                 "ls by-email", 1.3)


PARTS = (warm, first, rendering, people)
