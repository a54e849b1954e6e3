# SPDX-License-Identifier: Apache-2.0
"""scimmy 1.3.5 with scimmy-routers 1.3.2 on express 4 (npm): scimmy_app.mjs. The truth is its file."""

import json

from server import Server, flat, node_app

TOKEN = "0123456789abcdef0123456789abcdef"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
MADE = "2026-01-02T03:04:05.000Z"


def scim_user(person):
    """The SCIM record of a person, without what the server assigns."""
    return {"schemas": [USER], "userName": person.email, "externalId": f"ext-{person.number}",
            "name": {"givenName": person.first, "familyName": person.last,
                     "formatted": f"{person.first} {person.last}"},
            "displayName": f"{person.first} {person.last}", "active": person.active,
            "emails": [{"value": person.email, "type": "work", "primary": True}]}


class Scimmy(Server):
    name = "scimmy"
    # the key is that of a directory service, and nobody's
    config = {"type": "scim", "token": TOKEN, "self_id": "nobody"}
    own_columns = ("meta.lastModified",)
    email = "emails.0.value"
    field = column = "name.familyName"
    unique = "userName"
    unique_words = "userName is already taken"
    users_path = "/scim/v2/Users"

    def seed(self):
        self.store = self.folder / "store.json"
        users = [{**scim_user(person), "id": f"user-{person.number}", "meta": {"created": MADE, "lastModified": MADE}}
                 for person in self.people]
        groups = [{"schemas": [GROUP], "id": "group-1", "displayName": "Everybody",
                   "members": [{"value": user["id"], "display": user["displayName"]} for user in users[:30]],
                   "meta": {"created": MADE, "lastModified": MADE}}]
        self.store.write_text(json.dumps({"users": users, "groups": groups}))

    def command(self):
        return node_app("scimmy_app.mjs")

    def environment(self):
        return {"STORE": str(self.store), "TOKEN": TOKEN}

    def base_url(self):
        return f"{self.url}/scim/v2"

    def alive_path(self):
        return "/scim/v2/ServiceProviderConfig"

    def headers(self):
        return {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}

    def snapshot(self):
        return {(table, row["id"]): flat(row) for table, rows in json.loads(self.store.read_text()).items()
                for row in rows}

    def taken(self, snapshot):
        return self.people[-1].email

    def document(self, login):
        email = f"{login}@example.com"
        return ({"schemas": [USER], "userName": email, "displayName": "New Comer", "active": True,
                 "name": {"givenName": "New", "familyName": "Comer"},
                 "emails": [{"value": email, "type": "work", "primary": True}]},
                {"userName": email, "displayName": "New Comer", "name.familyName": "Comer",
                 "emails.0.value": email, "active": True})

    def update(self, ident, field, value):
        operation = {"op": "replace", "path": field, "value": value}
        return self.ask("PATCH", f"{self.users_path}/{ident}",
                        {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]})

    def record(self, ident):
        return self.asked("GET", f"{self.users_path}/{ident}").body

    def create(self, document):
        return self.asked("POST", self.users_path, document).body["id"]

    def delete(self, ident):
        self.asked("DELETE", f"{self.users_path}/{ident}")
