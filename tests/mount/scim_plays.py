# SPDX-License-Identifier: Apache-2.0
"""SCIM servers that the sandbox plays, each a section of one mount that a module's tests share.

    plays = Plays()
    plays.add("idp", {"/changes/0/answer": "none"}, {"allow_delete": "yes"})
    plays.start(stage, folder)
    one = plays["idp"]
    user = one.take()
    result, sent = one.run(f"echo inactive > {user}.status")
"""

import json
import os

from harness import merge_config

TOKEN = "scim-token-CANARY"
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
NO_PATCH = {"/documents/0/answer/patch/supported": False}


def operations(body):
    """[(op, path, value)] of a PatchOp; value None: it has none."""
    assert set(body) == {"schemas", "Operations"} and body["schemas"] == [PATCH_OP], body
    return [(one["op"], one["path"], one.get("value")) for one in body["Operations"]]


def bare(record):
    """A stored record without what the sandbox itself keeps in it."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


class Section:
    """One server, and its folder in the mount."""

    def __init__(self, name, play, keys):
        self.name, self.play, self.keys = name, play, keys
        self.box = self.mount = None
        self.taken = set()

    # ---- the server ----

    def users(self):
        return self.box.control("GET", f"{self.name}/users")

    def user(self, ident):
        """What the server stores."""
        return bare(self.box.control("GET", f"{self.name}/users/{ident}"))

    def group(self, ident):
        return bare(next(one for one in self.box.control("GET", f"{self.name}/places") if one["id"] == ident))

    def patch(self, ident, change):
        """A colleague changes a user."""
        return self.box.control("PATCH", f"{self.name}/users/{ident}", change)

    def take(self, active=True):
        """The id of a user, active or not, that no other test has."""
        state = "active" if active else "inactive"
        for user in self.users()[1:]:
            if user["id"] not in self.taken and \
                    self.box.control("GET", f"{self.name}/users/{user['id']}")["_state"] == state:
                self.taken.add(user["id"])
                return user["id"]
        raise AssertionError(f"no {state} user is left in {self.name}")

    # ---- the mount ----

    def names(self, suffix=".json"):
        """The ids of the users that are listed; OSError if the list cannot be read."""
        return {name[:-len(suffix)] for name in os.listdir(self.mount.path / self.name) if name.endswith(suffix)}

    def run(self, command):
        """Run COMMAND in the section's folder: its Result, and [(method, path, body, status)] of what was sent."""
        self.box.reset()
        result = self.mount.sh(f"cd {self.name} && {{ {command}\n}}")
        return result, self.journal()

    def journal(self):
        start = f"/{self.name}"
        return [(one["method"], one["path"][len(start):], one.get("body"), one["status"])
                for one in self.box.journal() if one["path"].startswith(start + "/")]

    def read(self, ident):
        return json.loads((self.mount.path / self.name / f"{ident}.json").read_text())

    def status(self, ident):
        return (self.mount.path / self.name / f"{ident}.status").read_text().strip()

    def write(self, ident, change):
        """As run, with the document CHANGE written to the user's file."""
        (self.mount.folder / "change.json").write_text(json.dumps(change))
        return self.run(f"cat ../../change.json > {ident}.json")

    def refresh(self):
        (self.mount.path / ".rosterfs/refresh").write_text(self.name)

    def said(self, ident=""):
        """The log's lines about the section, or one user of it."""
        return "\n".join(line for line in self.mount.log().splitlines() if f" {self.name}/{ident}" in line
                         or f" {self.name}:" in line)


def writes(sent):
    """The requests among SENT that change something."""
    return [one for one in sent if one[0] != "GET"]


class Plays(dict):
    """The sections by name."""

    def add(self, name, changes=None, keys=None, users=23, **top):
        """A server of type scim with USERS, and CHANGES to the play by pointer; KEYS of its section, None removes."""
        play = {"users": users, "scim": True, "set": changes or {}, **top}
        self[name] = Section(name, play, {"type": "scim", "base_url": f"@BOX@/{name}", "token": TOKEN,
                                          "lag": 0, **(keys or {})})

    def start(self, stage, folder):
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for one in self.values():
            file = folder / f"{one.name}.play.json"
            file.write_text(json.dumps(one.play))
            files.append(f"{one.name}={file}")

        def config(box):
            sections = {one.name: {key: value for key, value in one.keys.items() if value is not None}
                        for one in self.values()}
            return merge_config("[rosterfs]\nstatus_limit = 0\n", sections).replace("@BOX@", box.url)

        box, mounted = stage(config, vendors="cj", play=files)
        for one in self.values():
            one.box, one.mount = box, mounted
        return self
