# SPDX-License-Identifier: Apache-2.0
"""OpenStack Keystone 22.0.2 (Debian), its own WSGI server, with SQLite. The truth is its database."""

import json
import os
import shutil

from server import CACHE, Server, database, open_database, run

MADE = CACHE / "keystone"
PASSWORD = "interop"


def write_config(folder, path):
    path.write_text(f"""[DEFAULT]
log_file = {folder}/keystone.log
use_stderr = false
[database]
connection = sqlite:///{folder}/keystone.db
[fernet_tokens]
key_repository = {folder}/fernet
[credential]
key_repository = {folder}/credential
[cache]
enabled = false
""")


class Keystone(Server):
    name = "keystone"
    config = {"type": "keystone", "username": "admin", "password": PASSWORD}
    table = "user"
    own_columns = ()
    own_tables = ("revocation_event",)
    email = "extra.email"
    status = "enabled"
    active = 1
    inactive = 0
    field = "description"
    column = "extra.description"
    unique = "name"
    unique_words = "Duplicate entry found with name"

    @classmethod
    def prepare(cls):
        if MADE.exists():
            return
        fresh = MADE.with_suffix(".fresh")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        config = fresh / "keystone.conf"
        write_config(fresh, config)
        manage = ["/usr/bin/keystone-manage", "--config-file", config]
        run([*manage, "db_sync"], 120)
        # as root it insists on being told whose the keys are
        owner = ["--keystone-user", "root", "--keystone-group", "root"] if os.getuid() == 0 else []
        run([*manage, "fernet_setup", *owner], 60)
        run([*manage, "bootstrap", "--bootstrap-password", PASSWORD], 60)
        fresh.rename(MADE)

    def seed(self):
        self.db = self.folder / "keystone.db"
        shutil.copytree(MADE, self.folder, dirs_exist_ok=True)
        write_config(self.folder, self.folder / "keystone.conf")
        with open_database(self.db) as rows:
            # Keystone keeps a read open on one connection while it writes on another.
            rows.execute("pragma journal_mode = wal")
            for person in self.people:
                ident = f"{0xfeed0000 + person.number:032x}"
                extra = json.dumps({"email": person.email, "description": f"{person.first} {person.last}",
                                    "city": person.city})
                rows.execute("insert into user (id, extra, enabled, domain_id, created_at) "
                             "values (?, ?, ?, 'default', '2026-01-02 03:04:05')", [ident, extra, person.active])
                rows.execute("insert into local_user (user_id, domain_id, name, failed_auth_count) "
                             "values (?, 'default', ?, 0)", [ident, person.login])
        self.token = None

    def command(self):
        return ["/usr/bin/keystone-wsgi-public", "--host", "127.0.0.1", "--port", self.port]

    def environment(self):
        return {"OS_KEYSTONE_CONFIG_FILES": str(self.folder / "keystone.conf")}

    def alive_path(self):
        return "/v3"

    def fill(self):
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
        user = {"name": "admin", "domain": {"id": "default"}, "password": PASSWORD}
        identity = {"methods": ["password"], "password": {"user": user}}
        answer = self.asked("POST", "/v3/auth/tokens", {"auth": {"identity": identity, "scope": scope}})
        self.token = answer.headers["X-Subject-Token"]

    def headers(self):
        return {"X-Auth-Token": self.token} if self.token else {}

    def snapshot(self):
        return database(self.db, {("user", "extra")})

    def emails(self, snapshot):
        return {ident: row.get(self.email) for ident, row in self.users(snapshot).items()}

    def base_url(self):
        return f"{self.url}/v3"

    def taken(self, snapshot):
        return "admin"

    def document(self, login):
        extra = {"email": f"{login}@example.com", "description": "New Comer"}
        return {"name": login, **extra}, {f"extra.{name}": value for name, value in extra.items()}

    def update(self, ident, field, value):
        return self.ask("PATCH", f"/v3/users/{ident}", {"user": {field: value}})

    def record(self, ident):
        return self.asked("GET", f"/v3/users/{ident}").body["user"]

    def create(self, document):
        return self.asked("POST", "/v3/users", {"user": document}).body["user"]["id"]

    def delete(self, ident):
        self.asked("DELETE", f"/v3/users/{ident}")
