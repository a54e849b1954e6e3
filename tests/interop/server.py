# SPDX-License-Identifier: Apache-2.0
"""What the servers have in common: a process on loopback, and the truth behind the mount's back.

A snapshot is {(table, key): {column: value}}: every row of a server's database, or every record that its API
gives. changes() tells two apart.
"""

import collections
import json
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import urllib.error
import urllib.request

from people import people
from system import BUILD, SCALE, TOP, Failure, kill, wait_until

HERE = TOP / "tests/interop"
# what is made once, and used by later runs too
CACHE = BUILD / "interop"
NODE_MODULES = CACHE / "npm/node_modules"

class Absent(Exception):
    """A server that this machine cannot run: .args[0] says why."""


Answer = collections.namedtuple("Answer", "status headers body")


class Redirects(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for an answer: a request goes where it was sent."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), Redirects)


def node_app(name):
    """The words that run HERE/NAME, which imports npm packages: those are looked for beside it."""
    copy = NODE_MODULES.parent / name
    shutil.copy(HERE / name, copy)
    return ["node", copy]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(words, seconds, **rest):
    """Run WORDS, a program that the servers bring; Failure with its output unless it succeeds."""
    result = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=seconds * SCALE, check=False, **rest)
    if result.returncode != 0:
        raise Failure(f"{' '.join(map(str, words))}: status {result.returncode}\n"
                      f"{result.stdout.decode(errors='replace')}")


def flat(value, at=""):
    """{path: scalar} of a JSON value: a.b.0"""
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        return {at: value}
    if not value:
        return {at: value}
    out = {}
    for key, inner in items:
        out.update(flat(inner, f"{at}.{key}" if at else str(key)))
    return out


def database(path, json_columns=()):
    """Every row of the SQLite database PATH. JSON_COLUMNS, pairs of table and column, are taken apart."""
    snapshot = {}
    with open_database(path) as rows:
        tables = [name for (name,) in rows.execute(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")]
        for table in tables:
            keys = [column[1] for column in rows.execute(f'pragma table_info("{table}")') if column[5]]
            cursor = rows.execute(f'select * from "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor:
                values = dict(zip(names, row))
                key = tuple(values[name] for name in keys or names)
                for name in names:
                    if (table, name) in json_columns:
                        values.update(flat(json.loads(values.pop(name) or "{}"), name))
                snapshot[table, key[0] if len(keys) == 1 else key] = values
    return snapshot


class open_database:
    """with open_database(PATH) as rows: ... commits at the end and closes."""

    def __init__(self, path):
        self.rows = sqlite3.connect(path, timeout=20 * SCALE)

    def __enter__(self):
        return self.rows

    def __exit__(self, kind, *_):
        if kind is None:
            self.rows.commit()
        self.rows.close()


def changes(before, after):
    """
    {(table, key, column): (old, new)} between two snapshots; a column that one lacks is None there, and a
    row that one lacks has the column "*" with the whole row.
    """
    out = {}
    for place in before.keys() | after.keys():
        old, new = before.get(place), after.get(place)
        if old is None or new is None:
            out[(*place, "*")] = (old, new)
            continue
        for column in old.keys() | new.keys():
            if old.get(column) != new.get(column):
                out[(*place, column)] = (old.get(column), new.get(column))
    return out


class Server:
    """
    One server with 230 people. A subclass sets the attributes below and defines prepare(), command() and
    snapshot(), and seed() or fill().
    """

    # of the section of the config, and so of the directory
    name = None
    # the keys of that section, beside base_url
    config = {}
    # where the users are in a snapshot, and which columns of a row the server itself changes with each write
    table = "users"
    own_columns = ("updated_at",)
    # rows that come and go with a change of a user, as a server's memory of it
    own_tables = ()
    # the columns of a user's row with the email and the status, and the values of the latter
    email = "email"
    status = "active"
    active = True
    inactive = False
    # members of the API's record that rosterfs does not show
    hidden = ()
    # a field of a document that the tests change (a jq path without the first dot), and its column
    field = None
    column = None
    # a field that must differ from that of all others (as above; None: the server has none), its column, and
    # the server's words when it does not
    unique = None
    unique_column = None
    unique_words = None

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = self.folder / "server.out"
        self.people = people(self.name)
        self.process = None

    # ---- for subclasses ----

    @classmethod
    def prepare(cls):
        """Make what takes long and is the same for each run, in CACHE."""

    def seed(self):
        """Put the people into the server's files, before it is started."""

    def fill(self):
        """Put the people into the server that runs."""

    def document(self, login):
        """A document to create the user LOGIN with, and {column: value} of its row."""
        raise NotImplementedError

    def update(self, ident, field, value):
        """Change a field of a user directly; an Answer."""
        raise NotImplementedError

    def record(self, ident):
        """A user as the API gives it, without its envelope."""
        raise NotImplementedError

    def create(self, document):
        """Create a user directly; the id."""
        raise NotImplementedError

    def delete(self, ident):
        """Delete a user directly."""
        raise NotImplementedError

    def command(self):
        """The words that start it in the foreground."""
        raise NotImplementedError

    def environment(self):
        return {}

    def snapshot(self):
        raise NotImplementedError

    def users(self, snapshot):
        """{id: row} of the users that the API lists."""
        return {str(key): row for (table, key), row in snapshot.items() if table == self.table}

    def row(self, ident):
        """The place of a user in a snapshot."""
        return self.table, ident

    def emails(self, snapshot):
        """{id: email} of the users."""
        return {ident: row[self.email] for ident, row in self.users(snapshot).items()}

    def taken(self, snapshot):
        """A value of the unique field that somebody has who is none of the people."""
        raise NotImplementedError

    def base_url(self):
        return self.url

    def section(self):
        """The keys of this server's section of rosterfs.conf."""
        return {**self.config, "base_url": self.base_url()}

    def alive_path(self):
        """A path that is answered, in whatever way, once the server is up."""
        return "/"

    def headers(self):
        """Those that its API wants."""
        return {}

    # ---- the process ----

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.seed()
        env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.folder), "LANG": "C.UTF-8",
               "TMPDIR": str(self.folder), "PORT": str(self.port), **self.environment()}
        with open(self.output, "wb") as out:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *map(str, self.command())], stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, env=env, cwd=self.working_folder(), start_new_session=True)
        wait_until(self.answers, 120 * SCALE, f"an answer of {self.name}", 0.1)
        self.fill()
        return self

    def working_folder(self):
        return self.folder

    def answers(self):
        if self.process.poll() is not None:
            raise Failure(f"{self.name} ended with status {self.process.returncode}:\n"
                          f"{self.output.read_text(errors='replace')[-4000:]}")
        try:
            return self.ask("GET", self.alive_path()).status < 500
        except OSError:
            return False

    def stop(self):
        """End it; returns what was wrong, or ''."""
        if self.process is None:
            return ""
        if self.process.poll() is not None:
            return (f"{self.name} had ended by itself, with status {self.process.returncode}:\n"
                    f"{self.output.read_text(errors='replace')[-4000:]}")
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20 * SCALE)
        except subprocess.TimeoutExpired:
            kill(self.process.pid)
            self.process.wait(5)
        return ""

    # ---- its API, without rosterfs ----

    def ask(self, method, path, body=None, headers=None):
        """One request; an Answer whose body is parsed JSON, or text."""
        data = None if body is None else json.dumps(body).encode()
        words = {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(self.url + path, data, {**words, **self.headers(), **(headers or {})},
                                         method=method)
        try:
            with OPENER.open(request, timeout=60 * SCALE) as answer:
                status, head, raw = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                status, head, raw = error.code, error.headers, error.read()
        text = raw.decode(errors="replace")
        try:
            return Answer(status, head, json.loads(text))
        except ValueError:
            return Answer(status, head, text)

    def asked(self, method, path, body=None):
        """The same, for what must succeed."""
        answer = self.ask(method, path, body)
        if not 200 <= answer.status < 300:
            raise Failure(f"{self.name}: {method} {path}: {answer.status} {answer.body}")
        return answer

    # ---- what tests ask ----

    def find(self, number):
        """The id of person NUMBER of people.py."""
        wanted = self.people[number - 1].email
        return next(ident for ident, email in self.emails(self.snapshot()).items() if email == wanted)

    def changed(self, before):
        """What has changed in the whole server since the snapshot BEFORE, as changes() tells it."""
        return {key: value for key, value in changes(before, self.snapshot()).items()
                if key[0] not in self.own_tables and key[2] not in self.own_columns}

    def changed_only(self, before, ident, columns):
        """
        Fail unless exactly COLUMNS, {column: new value}, of the user with IDENT have changed in the whole server
        since BEFORE.
        """
        found = {key: new for key, (_, new) in self.changed(before).items()}
        wanted = {(*self.row(ident), column): value for column, value in columns.items()}
        if found != wanted:
            raise Failure(f"{self.name}: changed: {found}\nwanted: {wanted}")

    def came_or_went(self, before, ident, came):
        """
        Fail unless the whole server differs from BEFORE by rows of the user with IDENT alone, all of which are new
        (CAME) or gone.
        """
        found = self.changed(before)
        for key, (old, new) in found.items():
            row = new if came else old
            if key[2] != "*" or (old if came else new) is not None or \
                    ident not in map(str, [key[1], *row.values()]):
                raise Failure(f"{self.name}: changed beside {ident}: {key}: {old} -> {new}")
        if (*self.row(ident), "*") not in found:
            raise Failure(f"{self.name}: {ident} has neither come nor gone: {found}")
