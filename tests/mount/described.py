# SPDX-License-Identifier: Apache-2.0
"""Sections of one mount that descriptions describe, each against a play of one sandbox.

    plays = described.Plays(folder)
    plays.add("acme", play, description, {"token": "CANARY"})
    box = sandbox(**plays.options())
    m = plays.mount(mount, box)
    acme = plays.section("acme")
    assert acme.ids() == acme.stored_ids()

The sandbox and the mount serve all sections of a test module, since each start of a daemon costs more than a
section does.
"""

import json
import os
import re
import urllib.parse

# what a description begins with: a vendor with a key, and nothing odd
HEAD = """
[vendor]
name = Acme
docs = https://acme.example/docs
date = 2026-11-30
evidence = tried

[settings]
key = secret, required

[auth]
header.Authorization = Bearer {key}
"""

DELETED = {"allow_delete": "yes", "inactive_deletes": "yes"}


def at(value, pointer):
    """The value at a JSON Pointer, or None."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def bare(record):
    """A stored record without what the sandbox itself keeps in it."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


class Section:
    """A section of the mount, and what the play behind it stores."""

    def __init__(self, name, play, keys):
        self.name, self.play, self.keys = name, play, keys
        self.box = self.mount = None

    # -- what the server has --

    def stored(self):
        """{id: record} of all users."""
        return {str(user["_id"]): user for user in self.box.control("GET", f"{self.name}/users")}

    def stored_ids(self):
        return sorted(self.stored())

    def user(self, ident):
        return self.box.control("GET", f"{self.name}/users/{urllib.parse.quote(ident, safe='')}")

    def patch(self, ident, change):
        return self.box.control("PATCH", f"{self.name}/users/{urllib.parse.quote(ident, safe='')}", change)

    def state(self, ident):
        """The name of the user's state; None for a user who is no more."""
        user = self.stored().get(ident)
        return user and user["_state"]

    def journal(self, since=0):
        """Requests to this play only: (method, path with query)."""
        return [(entry["method"], entry["path"] + ("?" + entry["query"] if entry.get("query") else ""))
                for entry in self.box.journal()[since:] if entry["path"].startswith(f"/{self.name}/")]

    # -- the mount --

    def path(self, ident, suffix):
        """The file with SUFFIX of the user whose id is IDENT."""
        return self.mount.path / self.name / (escape(ident) + suffix)

    def ids(self):
        """The ids of all users that the mount lists; OSError if it refuses."""
        names = os.listdir(self.mount.path / self.name)
        return sorted(unescape(name[:-5]) for name in names if name.endswith(".json"))

    def record(self, ident):
        return json.loads(self.path(ident, ".json").read_text())

    def status(self, ident):
        return self.path(ident, ".status").read_text().strip()

    def write(self, ident, suffix, text):
        """Write a file as `echo > file` does; None, or the OSError that was told."""
        try:
            with open(self.path(ident, suffix), "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            return error
        return None

    def set_status(self, ident, word):
        return self.write(ident, ".status", word + "\n")

    def edit(self, ident, change):
        return self.write(ident, ".json", json.dumps(change) + "\n")

    def create(self, name, document):
        """Create a user by a file in new/; (id, error)."""
        path = self.mount.path / self.name / "new" / f"{name}.json"
        try:
            path.write_text(json.dumps(document) + "\n", encoding="utf-8")
            return unescape(os.path.basename(os.readlink(path))[:-5]), None
        except OSError as error:
            return None, error

    def refresh(self):
        (self.mount.path / ".rosterfs/refresh").write_text(self.name + "\n")

    def said(self):
        """The last lines of the log about this section."""
        lines = [line for line in self.mount.log().splitlines() if f" {self.name}/" in line or f" {self.name}:" in line]
        return "\n".join(lines[-4:])


class Plays:
    """The sections of one mount."""

    def __init__(self, folder):
        self.folder = folder
        self.home = folder / "home"
        self.vendors = self.home / ".config/rosterfs/vendors"
        self.vendors.mkdir(parents=True)
        self.sections = {}

    def add(self, name, play, description, keys, vendor=None):
        """Add section NAME; DESCRIPTION is the text of a .vendor file, which is named VENDOR or NAME."""
        (self.folder / f"{name}.play.json").write_text(json.dumps(play))
        file = self.vendors / f"{vendor or name}.vendor"
        file.write_text(description)
        file.chmod(0o600)
        self.sections[name] = Section(name, play, {"type": vendor or name, **keys})
        return self.sections[name]

    def options(self):
        return {"play": [f"{name}={self.folder}/{name}.play.json" for name in self.sections], "vendors": "cj"}

    def mount(self, mount, box):
        lines = ["[rosterfs]", "status_limit = 0", ""]
        for section in self.sections.values():
            lines.append(f"[{section.name}]")
            lines += [f"{key} = {value.replace('@BOX@', box.url)}" for key, value in section.keys.items()]
            lines.append("")
        for file in self.vendors.iterdir():
            file.write_text(file.read_text().replace("@BOX@", box.url))
        mounted = mount(box, config="\n".join(lines), extra_env={"HOME": str(self.home)})
        for section in self.sections.values():
            section.box, section.mount = box, mounted
        return mounted


def escape(ident):
    return ident.replace("%", "%25").replace("/", "%2F")


def unescape(name):
    return re.sub(r"%([0-9A-F]{2})", lambda match: chr(int(match.group(1), 16)), name)
