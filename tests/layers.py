#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Check the structure of the source: which folder may include which, and which file may call which.

Usage: tests/layers.py OBJECTS

OBJECTS is the folder of the object files (build/obj). The includes are read from the sources, the calls
from the symbol tables of the objects. Each line that breaks a rule is printed; the last line is "layers: ok"
or the number of broken rules, with exit status 1.
"""

import collections
import fnmatch
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
LAYERS = ("vendors", "cache", "fs", "mount")
LINES_MAX = 500
MODULES_MAX = 20

# Each folder, and what it may include besides itself and all that it names. vendors/vendor.h has the tables that
# describe a vendor, without functions.
FOLDERS = {
    "vendors/base": "",
    "vendors/ini": "vendors/base",
    "vendors/json": "vendors/base",
    "vendors/http": "vendors/json",
    "vendors/template": "vendors/http",
    "vendors/rest": "vendors/template vendors/vendor.h vendors/rules.h",
    "vendors/list": "vendors/rest",
    "vendors/manual": "vendors/rest",
    "vendors/elasticpath": "vendors/list",
    "vendors/scim": "vendors/list",
    "vendors/description": "vendors/ini vendors/scim",
    "vendors": "vendors/description vendors/elasticpath",
    "cache/document": "vendors",
    "cache/record": "cache/document",
    "cache/tables": "cache/record",
    "cache/roster": "cache/record",
    "cache/redis": "vendors",
    "cache/history": "cache/roster",
    "cache/store": "cache/roster cache/redis",
    "cache/feed": "cache/store",
    "cache/lease": "cache/feed",
    "cache/lists": "cache/feed",
    "cache/limits": "cache/feed",
    "cache/shared": "cache/lists cache/lease cache/limits",
    "cache/changes": "cache/history",
    "cache/update": "cache/history",
    "cache/access": "cache/update",
    "fs/tree": "cache/access cache/changes cache/tables",
    "fs/memory": "fs/tree",
    "fs/control": "fs/tree",
    "fs/people": "fs/tree",
    "fs/records": "fs/memory fs/people",
    "fs/tables": "fs/people",
    "fs": "fs/records fs/control fs/tables",
    "mount/terminal": "fs",
    "mount/config": "mount/terminal cache/shared",
    "mount/check": "mount/config",
    "mount/init": "mount/check",
    "mount": "mount/init",
}
# Headers that every file of their layer may include.
SHARED = {"fs/fs.h": "fs/*", "fs/asked.h": "fs/*"}

# A library, as a pattern of the included header, and the files that may know it.
LIBRARIES = (
    (r"curl/", ("vendors/http/*.c",)),
    (r"(fuse3/)?(fuse|cuse)(_[a-z_]*)?\.h", ("fs/*", "mount/session.c")),
    (r"hiredis/|openssl/", ("cache/redis/*",)),
    (r"sodium\.h|zstd(_errors)?\.h", ("cache/store/*",)),
    (r"uni(case|ctype|norm|str|name|types)\.h|idn2\.h", ("vendors/base/*", "cache/document/alike.c")),
)

# Folders in which files may call each other in a circle.
CIRCLES = ("vendors/http",)

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)

broken = []


def complain(where, words):
    broken.append(f"{where}: {words}")


def folder_of(path):
    return str(pathlib.PurePosixPath(path).parent)


def allowed(folder):
    """All that FOLDER may include: folders, and headers by name."""
    names, todo = {folder}, FOLDERS[folder].split()
    while todo:
        name = todo.pop()
        if name not in names:
            names.add(name)
            todo += FOLDERS.get(name, "").split()
    return names


def sources():
    for layer in LAYERS:
        for path in sorted((TOP / layer).rglob("*.[ch]")):
            yield path.relative_to(TOP).as_posix(), path.read_text(encoding="utf-8")


def check_include(path, included):
    if included.endswith(".c"):
        complain(path, f"includes {included}: a .c file is not included")
    if included.startswith("."):
        complain(path, f"includes {included}: include paths start at the top")
    for pattern, places in LIBRARIES:
        if re.match(pattern, included) and not any(fnmatch.fnmatch(path, place) for place in places):
            complain(path, f"includes {included}: only {' '.join(places)} may")
    if included.startswith("tests/"):
        complain(path, f"includes {included}: rosterfs does not know its tests")
    if included.split("/")[0] not in LAYERS:
        return
    if not (TOP / included).exists():
        complain(path, f"includes {included}: there is no such header")
    may = allowed(folder_of(path))
    shared = SHARED.get(included)
    if folder_of(included) not in may and included not in may and not (shared and fnmatch.fnmatch(path, shared)):
        complain(path, f"includes {included}: {folder_of(path)} may not include {folder_of(included)}")


def check_sources():
    modules = collections.Counter()
    for path, text in sources():
        folder = folder_of(path)
        if folder not in FOLDERS:
            complain(path, "its folder has no line in tests/layers.py")
            continue
        modules[folder] += path.endswith(".c")
        if text.count("\n") > LINES_MAX:
            complain(path, f"has more than {LINES_MAX} lines")
        for included in INCLUDE.findall(text):
            check_include(path, included)
    for folder, count in modules.items():
        if count > MODULES_MAX:
            complain(folder, f"has {count} modules, more than {MODULES_MAX}")


def check_sandbox():
    for path in sorted((TOP / "tests/sandbox").rglob("*.[ch]")):
        for included in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if included.split("/")[0] in LAYERS:
                complain(path.relative_to(TOP), f"includes {included}: the sandbox shares nothing with rosterfs")


def symbols(objects):
    """Which file defines each function and variable, and which names each file uses."""
    definer, uses = {}, collections.defaultdict(set)
    for layer in LAYERS:
        for path in sorted((objects / layer).rglob("*.o")):
            name = path.relative_to(objects).with_suffix(".c").as_posix()
            if not (TOP / name).exists():
                continue
            lines = subprocess.run(["nm", "-g", path], check=True, capture_output=True, text=True).stdout.splitlines()
            for fields in (line.split() for line in lines):
                if fields[-2] == "U":
                    uses[name].add(fields[-1])
                else:
                    definer[fields[-1]] = name
    return definer, uses


def circles(graph):
    """The strongly connected components of more than one file, by Tarjan's algorithm."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(part) > 1:
                found.append(sorted(part))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def check_calls(objects):
    definer, uses = symbols(objects)
    if not definer:
        sys.exit(f"layers: no objects in {objects}: run make first")
    graph = {name: set() for name in set(definer.values()) | set(uses)}
    for name, used in uses.items():
        graph[name] |= {definer[symbol] for symbol in used if symbol in definer} - {name}
    for files in circles(graph):
        if not all(folder_of(file) in CIRCLES for file in files):
            complain(files[0], f"files call each other in a circle: {' '.join(files)}")
    return definer


def check_headers(definer):
    """A header declares what at most two files implement, one of them that of its own name."""
    for path, text in sources():
        if not path.endswith(".h"):
            continue
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        text = re.sub(r"^static inline .*?^}$", "", text, flags=re.DOTALL | re.MULTILINE)
        declared = set(re.findall(r"\b([a-z]\w*)\s*\([^{};]*\)[^{};]*;", text))
        declared |= set(re.findall(r"^extern\s[^;]*?\b(\w+)(?:\[\w*\])*;", text, flags=re.MULTILINE))
        files = {definer[name] for name in declared if name in definer}
        if len(files) > 2:
            complain(path, f"is implemented by {' '.join(sorted(files))}")
        elif files and path[:-1] + "c" not in files:
            complain(path, f"is implemented by {' '.join(sorted(files))}, not by the file of its name")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    check_sources()
    check_sandbox()
    check_headers(check_calls(pathlib.Path(sys.argv[1]).resolve()))
    for line in broken:
        print(line)
    if broken:
        sys.exit(f"layers: {len(broken)} rules are broken")
    print("layers: ok")


main()
