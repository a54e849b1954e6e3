# SPDX-License-Identifier: Apache-2.0
"""A SCIM server in the fault matrix: pages by startIndex, a total, and PATCH or PUT for updates."""

import json
import re

import fault_vendors
import scim_plays
from writes import PASSWORD


class Scim(fault_vendors.Vendor):
    """See fault_vendors.Vendor. A fault is tried at one place only."""

    name, items, users, listed = "idp", "/idp/Users", "idp/users", "/idp/Users"
    field, other = "displayName", "title"
    places = [*fault_vendors.LISTS, "get", *fault_vendors.WRITES]

    def start(self, sandbox, folder, _place):
        plays = scim_plays.Plays()
        plays.add(self.name, users=230)
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "idp.play.json"
        file.write_text(json.dumps(plays[self.name].play))
        self.box = sandbox(vendors="cj", play=[f"{self.name}={file}"])
        return self.box

    def config(self, wire, keys):
        own = {"type": "scim", "base_url": f"{wire}/idp", "token": scim_plays.TOKEN}
        return fault_vendors.section(self.name, own | fault_vendors.CHANGES | keys)

    def page(self, request):
        return (int(request.query.get("startIndex", 1)) - 1) // self.size + 1

    def target(self, request, page):
        return re.sub(r"startIndex=\d+", f"startIndex={self.size * (page - 1) + 1}", request.target)

    def fits(self, place, beyond=False):
        if place != "PUT":
            return super().fits(place, beyond)
        wanted = self.odd[1] if self.odd else str(self.subject)
        return lambda request: request.method in ("PATCH", "PUT") and self.item_of(request) == wanted

    def rows(self, value):
        return value["Resources"]

    def record(self, value):
        return value

    def active(self):
        return [one["id"] for one in self.box.control("GET", self.users) if one["_state"] == "active"][1:]

    def stored(self):
        return {ident: {name: value for name, value in one.items() if name != "meta"}
                for ident, one in super().stored().items()}

    def new_user(self):
        return {"userName": f"made{self.turn}@example.com", "displayName": f"New {self.turn}", "password": PASSWORD}
