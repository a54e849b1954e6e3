# SPDX-License-Identifier: Apache-2.0
"""@better-auth/scim 1.7.5 with better-sqlite3 12 (npm): better_auth_app.mjs. The truth is what its API lists.

Its database says the same in several tables (names of a user, keys to search by), so that a change of one
field is one of several columns there.
"""

import urllib.parse

from server import NODE_MODULES, Absent, flat, node_app
from server_scimmy import TOKEN, Scimmy, scim_user
from system import Failure

PATH = "/api/auth/scim/v2"


class BetterAuth(Scimmy):
    name = "better-auth"
    field = column = "displayName"
    unique_words = "already"
    users_path = PATH + "/Users"

    @classmethod
    def prepare(cls):
        if not (NODE_MODULES / "better-sqlite3/build/Release/better_sqlite3.node").exists():
            raise Absent("better-auth's sqlite needs node 20 or later (tests/interop/install.sh)")

    def fill(self):
        for person in self.people:
            self.asked("POST", PATH + "/Users", scim_user(person))

    def command(self):
        return node_app("better_auth_app.mjs")

    def environment(self):
        return {"DATABASE": str(self.folder / "better-auth.db"), "TOKEN": TOKEN}

    def base_url(self):
        return self.url + PATH

    def alive_path(self):
        return PATH + "/ServiceProviderConfig"

    def listed(self, kind):
        """All records of KIND, page by page; Failure unless they are as many as the server says."""
        rows = []
        while True:
            query = urllib.parse.urlencode({"startIndex": len(rows) + 1, "count": 100})
            page = self.asked("GET", f"{PATH}/{kind}?{query}").body
            rows += page["Resources"]
            if not page["Resources"]:
                break
        if len(rows) != page["totalResults"] or len({row["id"] for row in rows}) != len(rows):
            raise Failure(f"{self.name} listed {len(rows)} {kind} of {page['totalResults']}")
        return rows

    def snapshot(self):
        return {(kind.lower(), row["id"]): flat(row) for kind in ("Users", "Groups") for row in self.listed(kind)}
