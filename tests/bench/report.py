# SPDX-License-Identifier: Apache-2.0
"""What was measured, as text on stdout, as results.json, and as a picture of cost against N."""

import json
import os
import pathlib
import platform
import re
import subprocess

import plot
from system import TOP

SYSTEMS = ("rosterfs", "floor", "tmpfs", "bindfs", "rclone")


def number(value, width):
    """Three digits that count, at least."""
    if value is None:
        return "-".rjust(width)
    places = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{places}f}".rjust(width)


def factor(value):
    return "-".rjust(6) if value is None else f"{value:6.2f}"


def table_lines(table):
    """One table: times in milliseconds."""
    yield ""
    yield f"N = {table.users:,} users, {2 * table.users:,} files; medians in ms"
    yield (f"  {'':22}{'rosterfs':>9}{'floor':>9}{'ratio':>6} {'most':>5} {'':6}{'tmpfs':>8}"
           f"{'bindfs':>9}{'rclone':>9}  {'FUSE ours / floor':>19}{'HTTP':>7}")
    for row in table.rows.values():
        times = {name: row.median(name) and 1000 * row.median(name) for name in SYSTEMS}
        requests = " / ".join("-" if row.requests(name) is None else f"{row.requests(name):,}"
                              for name in ("rosterfs", "floor"))
        http = f"{max(row.http):,}" if row.http else "-"
        verdict, _, rest = row.verdict().partition(", ")
        if verdict.startswith("after"):
            verdict, rest = "", row.verdict()
        yield (f"  {row.group + ' ' + row.name:22}{number(times['rosterfs'], 9)}"
               f"{number(times['floor'], 9)}{factor(row.ratio())} {row.most or '':>5} {verdict:6}"
               f"{number(times['tmpfs'], 8)}{number(times['bindfs'], 9)}{number(times['rclone'], 9)}"
               f"  {requests:>19}{http:>7}{'  ' + rest if rest else ''}")


def figure_lines(figures):
    yield ""
    yield f"  {'':52}{'value':>10} {'':3}{'beside':>9} {'':14}{'ratio':>6} {'most':>5}"
    for figure in figures:
        value = f"{figure.value:,}" if isinstance(figure.value, int) else number(figure.value, 0)
        beside = number(figure.base, 9) if figure.base is not None else " " * 9
        ratio = factor(figure.ratio()) if figure.base else " " * 6
        most = "" if figure.most is None else figure.most
        yield (f"  {figure.name:52}{value:>10} {figure.unit:3}{beside} {figure.base_name:14}{ratio} "
               f"{most:>5} {figure.verdict():4} {figure.requests}").rstrip()


def version(*words):
    """The first number with dots in what WORDS print, or None."""
    try:
        result = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=TOP,
                                stderr=subprocess.STDOUT, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(rb"\d+(\.\d+)+", result.stdout)
    return found.group().decode() if found and result.returncode == 0 else None


def commit():
    """What was measured, if git knows; a plus sign for changes that are not committed."""
    try:
        result = subprocess.run(["git", "describe", "--always", "--dirty=+"], cwd=TOP, timeout=10,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.decode().strip() or None


def machine():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", info, re.MULTILINE)
    return {"kernel": platform.release(), "processor": model.group(1) if model else platform.machine(),
            "cores": os.cpu_count(), "python": platform.python_version(),
            "libfuse": version("pkg-config", "--modversion", "fuse3"),
            "libcurl": version("pkg-config", "--modversion", "libcurl"),
            "jansson": version("pkg-config", "--modversion", "jansson"),
            "curl": version("curl", "--version"), "nginx": version("/usr/sbin/nginx", "-v"),
            "bindfs": version("bindfs", "--version"), "rclone": version("rclone", "--version")}


def row_data(row):
    return {"group": row.group, "name": row.name, "names": row.names, "seconds": row.seconds,
            "fuse_requests": row.fuse, "http_requests": row.http, "ratio": row.ratio(),
            "most": row.most, "verdict": row.verdict()}


def figure_data(figure):
    return {"group": figure.group, "name": figure.name, "value": figure.value, "unit": figure.unit,
            "base": figure.base, "base_name": figure.base_name, "ratio": figure.ratio(),
            "most": figure.most, "verdict": figure.verdict(), "requests": figure.requests}


def write(bench, chosen, place):
    """Print the tables, and write the files to the folder PLACE."""
    tables = [table for table in bench.tables if table.rows]
    about = machine()
    data = {"date": chosen.date, "commit": commit(), "machine": about, "rows": chosen.rows,
            "tables": [{"users": table.users, "rss": table.rss,
                        "rows": [row_data(row) for row in table.rows.values()]} for table in tables],
            "figures": [figure_data(figure) for figure in bench.figures],
            "notes": bench.notes, "broken": bench.broken}
    place.mkdir(parents=True, exist_ok=True)
    (place / "results.json").write_text(json.dumps(data, indent=1) + "\n")
    (place / "cost.svg").write_text(plot.draw(data))
    print(f"rosterfs {data['commit'] or ''} on {about['cores']} cores, kernel {about['kernel']}, "
          f"{chosen.date}")
    for table in tables:
        print("\n".join(table_lines(table)))
    if bench.figures:
        print("\n".join(figure_lines(bench.figures)))
    print()
    for text in [*bench.notes, *(f"broken: {text}" for text in bench.broken)]:
        print(text)
    print(f"{place}/results.json, {place}/cost.svg")
