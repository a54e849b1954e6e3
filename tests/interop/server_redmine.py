# SPDX-License-Identifier: Apache-2.0
"""Redmine 5.0.4 (Debian), under puma, with SQLite. The truth is its database."""

import os
import shutil

from server import CACHE, Server, database, open_database, run

# Debian's copy belongs to one instance in /etc and /var; a copy of it has its instance here
APP = CACHE / "redmine"
SOURCE = "/usr/share/redmine"
INSTANCE = APP / "instances/default"
TEMPLATE = CACHE / "redmine.db"
KEY = "0123456789abcdef0123456789abcdef01234567"
ANONYMOUS, ACTIVE, LOCKED = 0, 1, 3
# as Redmine writes it with the first change of a user, if it is not there
PREFERENCES = """---
:my_page_layout:
  left:
  - issuesassignedtome
  right:
  - issuesreportedbyme
:my_page_settings: {}
"""


def environment():
    return {"RAILS_ENV": "production", "REDMINE_LANG": "en", "SCHEMA": "/dev/null",
            "BUNDLE_SILENCE_ROOT_WARNING": "true", "REDMINE_INSTANCE": "default"}


class Redmine(Server):
    name = "redmine"
    config = {"type": "redmine", "key": KEY}
    own_columns = ("updated_on",)
    status = "status"
    active = ACTIVE
    inactive = LOCKED
    hidden = ("api_key",)
    field = column = "firstname"
    unique = "mail"
    unique_words = "Email has already been taken"

    @classmethod
    def prepare(cls):
        if TEMPLATE.exists():
            return
        shutil.rmtree(APP, ignore_errors=True)
        shutil.copytree(SOURCE, APP, symlinks=True)
        for link in ("instances", "Gemfile.lock", "config/database.yml"):
            (APP / link).unlink(missing_ok=True)
        for folder in ("config", "files", "log", "tmp"):
            (INSTANCE / folder).mkdir(parents=True)
        (INSTANCE / "config/secret_key.txt").write_text(KEY)
        fresh = TEMPLATE.with_suffix(".fresh")
        fresh.unlink(missing_ok=True)
        cls.use(fresh)
        env = {**os.environ, **environment()}
        run(["bundle", "install", "--local", "--quiet"], 60, cwd=APP, env=env)
        run(["bundle", "exec", "rake", "db:migrate", "redmine:load_default_data"], 240, cwd=APP, env=env)
        fresh.rename(TEMPLATE)

    @staticmethod
    def use(path):
        text = f"production:\n  adapter: sqlite3\n  database: {path}\n  timeout: 20000\n"
        for place in (INSTANCE / "config", APP / "config"):
            (place / "database.yml").write_text(text)

    def seed(self):
        self.db = self.folder / "redmine.db"
        shutil.copy(TEMPLATE, self.db)
        self.use(self.db)
        now = "2026-01-02 03:04:05.000000"
        with open_database(self.db) as rows:
            rows.execute("insert into settings (name, value, updated_on) values ('rest_api_enabled', '1', ?)", [now])
            # else the administrator has to choose a new password before anything else
            rows.execute("update users set must_change_passwd = 0, passwd_changed_on = ? where id = 1", [now])
            users = [(100 + person.number, person.login, person.first, person.last,
                      ACTIVE if person.active else LOCKED, "User") for person in self.people]
            # Redmine makes this one when it first needs it
            users.append((4, "", "", "Anonymous", ANONYMOUS, "AnonymousUser"))
            rows.executemany("insert into users (id, login, firstname, lastname, status, type, language, "
                             "mail_notification, created_on, updated_on) "
                             f"values (?, ?, ?, ?, ?, ?, 'en', 'only_my_events', '{now}', '{now}')", users)
            rows.executemany("insert into email_addresses (user_id, address, is_default, notify, created_on, "
                             f"updated_on) values (?, ?, 1, 1, '{now}', '{now}')",
                             [(100 + person.number, person.email) for person in self.people])
            rows.executemany("insert into user_preferences (user_id, others) values (?, ?)",
                             [(100 + person.number, PREFERENCES) for person in self.people])
            # A GET of a user makes the user's key if there is none.
            rows.executemany("insert into tokens (user_id, action, value, created_on, updated_on) "
                             f"values (?, 'api', ?, '{now}', '{now}')",
                             [(1, KEY), *((100 + person.number, f"{person.number:040}") for person in self.people)])

    def command(self):
        return ["puma", "-e", "production", "-t", "1:4", "-b", f"tcp://127.0.0.1:{self.port}",
                "config.ru"]

    def working_folder(self):
        return APP

    def environment(self):
        return environment()

    def alive_path(self):
        return "/users/current.json"

    def headers(self):
        return {"X-Redmine-API-Key": KEY}

    def snapshot(self):
        snapshot = database(self.db)
        # when the key was last used
        for (table, _), row in snapshot.items():
            if table == "tokens":
                del row["updated_on"]
        return snapshot

    def users(self, snapshot):
        return {str(key): row for (table, key), row in snapshot.items() if table == "users" and row["type"] == "User"}

    def row(self, ident):
        return "users", int(ident)

    def emails(self, snapshot):
        return {str(row["user_id"]): row["address"] for (table, _), row in snapshot.items()
                if table == "email_addresses" and row["is_default"]}

    def taken(self, snapshot):
        return self.emails(snapshot)["1"]

    def document(self, login):
        record = {"login": login, "firstname": "New", "lastname": "Comer"}
        return {**record, "mail": f"{login}@example.com", "password": "correct horse battery"}, record

    def update(self, ident, field, value):
        return self.ask("PUT", f"/users/{ident}.json", {"user": {field: value}})

    def record(self, ident):
        return self.asked("GET", f"/users/{ident}.json").body["user"]

    def create(self, document):
        return str(self.asked("POST", "/users.json", {"user": document}).body["user"]["id"])

    def delete(self, ident):
        self.asked("DELETE", f"/users/{ident}.json")
