# SPDX-License-Identifier: Apache-2.0
"""json-server 0.17.4 (npm). The truth is /db of its API: it writes its file only some time after the answer."""

import json

from server import NODE_MODULES, Server, flat


class JsonServer(Server):
    name = "json-server"
    config = {"type": "json-server"}
    own_columns = ()
    # a nested member: its neighbour in the same object must survive
    field = column = "address.city"

    def seed(self):
        self.db = self.folder / "db.json"
        users = [{"id": person.number, "name": f"{person.first} {person.last}", "email": person.email,
                  "active": person.active, "address": {"city": person.city, "zip": f"{person.number:05}"},
                  "tags": ["one", "two"]} for person in self.people]
        posts = [{"id": 1, "userId": 1, "title": "not a user"}]
        self.db.write_text(json.dumps({"users": users, "posts": posts}, ensure_ascii=False))

    def command(self):
        return ["node", NODE_MODULES / "json-server/lib/cli/bin.js", "--host", "127.0.0.1", "--port", self.port,
                "--quiet", self.db]

    def alive_path(self):
        return "/users/1"

    def snapshot(self):
        return {(table, row["id"]): flat(row) for table, rows in self.asked("GET", "/db").body.items() for row in rows}

    def row(self, ident):
        return self.table, int(ident)

    def document(self, login):
        record = {"name": "New Comer", "email": f"{login}@example.com", "active": True}
        return record, record

    def update(self, ident, field, value):
        body = {field: value}
        if field == self.field:
            body = {"address": {**self.asked("GET", f"/users/{ident}").body["address"], "city": value}}
        return self.ask("PATCH", f"/users/{ident}", body)

    def record(self, ident):
        return self.asked("GET", f"/users/{ident}").body

    def create(self, document):
        return str(self.asked("POST", "/users", document).body["id"])

    def delete(self, ident):
        self.asked("DELETE", f"/users/{ident}")
