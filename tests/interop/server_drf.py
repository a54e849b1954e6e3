# SPDX-License-Identifier: Apache-2.0
"""Django REST Framework 3.14 (Debian): drf_app.py, once with each of its pagings. The truth is its database."""

import json
import shutil

from server import CACHE, HERE, Server, database, run

TEMPLATE = CACHE / "drf.db"
TOKEN = "0123456789abcdef0123456789abcdef01234567"
APP = ["/usr/bin/python3", HERE / "drf_app.py"]


def environment(db, paging):
    return {"DRF_DATABASE": str(db), "DRF_PAGING": paging, "DRF_TOKEN": TOKEN, "PYTHONDONTWRITEBYTECODE": "1"}


class Drf(Server):
    paging = None
    # the API does not tell whose token it is: the administrator's, who is the first user
    config = {"type": "drf-admin", "token": TOKEN, "self_id": 1}
    table = "auth_user"
    own_columns = ()
    status = "is_active"
    active = 1
    inactive = 0
    field = column = "first_name"
    unique = "username"
    unique_words = "A user with that username already exists"

    @classmethod
    def prepare(cls):
        if not TEMPLATE.exists():
            fresh = TEMPLATE.with_suffix(f".{cls.paging}.fresh")
            fresh.unlink(missing_ok=True)
            run([*APP, "migrate"], 60, env=environment(fresh, cls.paging))
            fresh.rename(TEMPLATE)

    def seed(self):
        self.db = self.folder / "drf.db"
        shutil.copy(TEMPLATE, self.db)
        file = self.folder / "people.json"
        file.write_text(json.dumps([
            {"username": person.login, "first_name": person.first, "last_name": person.last, "email": person.email,
             "is_active": person.active} for person in self.people]))
        run([*APP, "fill", file], 60, env=self.environment())

    def command(self):
        return [*APP, "serve", self.port]

    def environment(self):
        return environment(self.db, self.paging)

    def alive_path(self):
        return "/api/"

    def headers(self):
        return {"Authorization": f"Token {TOKEN}"}

    def snapshot(self):
        return database(self.db)

    def row(self, ident):
        return self.table, int(ident)

    def base_url(self):
        return f"{self.url}/api"

    def taken(self, snapshot):
        return "admin"

    def document(self, login):
        record = {"username": login, "email": f"{login}@example.com", "first_name": "New"}
        return record, {**record, "is_active": 1}

    def update(self, ident, field, value):
        return self.ask("PATCH", f"/api/users/{ident}/", {field: value})

    def record(self, ident):
        return self.asked("GET", f"/api/users/{ident}/").body

    def create(self, document):
        return str(self.asked("POST", "/api/users/", document).body["id"])

    def delete(self, ident):
        self.asked("DELETE", f"/api/users/{ident}/")


class DrfPage(Drf):
    name = "drf-page"
    paging = "page"
    config = {**Drf.config, "paging": "page"}


class DrfOffset(Drf):
    name = "drf-offset"
    paging = "offset"
    config = {**Drf.config, "paging": "offset"}


class DrfCursor(Drf):
    name = "drf-cursor"
    paging = "cursor"
    config = {**Drf.config, "paging": "cursor"}
