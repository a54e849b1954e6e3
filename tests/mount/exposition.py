# SPDX-License-Identifier: Apache-2.0
"""The Prometheus text format as .rosterfs/metrics must have it, stricter than its readers are."""

import re
import shutil
import subprocess
import warnings

SAMPLE = re.compile(r'([a-z][a-z0-9_]*)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (0|[1-9][0-9]*)(\.[0-9]*[1-9])?$')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"(?:,|$)')
PROMTOOL = shutil.which("promtool")


class Family:
    def __init__(self, name, kind):
        self.name, self.kind, self.samples = name, kind, []

    def allowed(self):
        return [self.name + end for end in ("_bucket", "_sum", "_count")] if self.kind == "histogram" else [self.name]


def parse(text):
    """
    {name: Family} of TEXT. Each family has HELP, TYPE and its samples in one piece; a counter, and nothing
    else, ends in _total; numbers have no zeros in front; no sample comes twice.
    """
    assert text.endswith("\n") and "\n\n" not in text
    families, family, helped, seen = {}, None, None, set()
    for line in text.splitlines():
        if line.startswith("# HELP "):
            helped, words = line.split(" ", 3)[2:]
            assert words.endswith("."), line
        elif line.startswith("# TYPE "):
            name, kind = line.split(" ")[2:]
            assert name == helped and name not in families, line
            assert (kind == "counter") == name.endswith("_total") and kind in ("counter", "gauge", "histogram"), line
            family = families[name] = Family(name, kind)
        elif line.startswith("#"):
            assert not line.startswith("# EOF"), "that is OpenMetrics"
        else:
            match = SAMPLE.match(line)
            assert match and family and match[1] in family.allowed(), line
            labels = tuple(sorted(LABEL.findall(match[2] or "")))
            assert len(labels) == len(dict(labels)) and (match[1], labels) not in seen, line
            seen.add((match[1], labels))
            family.samples.append((match[1], dict(labels), float(match[3] + (match[4] or ""))))
    for family in families.values():
        if family.kind == "histogram":
            check_histogram(family)
    return families


def check_histogram(family):
    vendors = {labels["vendor"] for _, labels, _ in family.samples}
    for vendor in vendors:
        own = [(name, labels, value) for name, labels, value in family.samples if labels["vendor"] == vendor]
        bounds = [float(labels["le"]) for name, labels, _ in own if name.endswith("_bucket")]
        counts = [value for name, _, value in own if name.endswith("_bucket")]
        assert bounds == sorted(set(bounds)) and bounds[-1] == float("inf")
        assert counts == sorted(counts)
        assert [value for name, _, value in own if name.endswith("_count")] == counts[-1:]


def read(m):
    return parse((m.path / ".rosterfs/metrics").read_text())


def total(families, name, **labels):
    """The sum of all samples NAME that have LABELS."""
    family = families.get(name) or families[re.sub("_(bucket|sum|count)$", "", name)]
    return sum(value for sample, own, value in family.samples
               if sample == name and labels.items() <= own.items())


def promtool(*words, text=""):
    """Run promtool, if it is installed, which must be content. Returns what it says, or None."""
    if not PROMTOOL:
        warnings.warn("promtool (of Prometheus) is not installed: only this test has checked the text")
        return None
    result = subprocess.run([PROMTOOL, *words], input=text, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr
