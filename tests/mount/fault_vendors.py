# SPDX-License-Identifier: Apache-2.0
"""The three vendors of the fault matrix: what a request is about, what is done to reach it, what is stored.

A vendor has three pages of users. Each of its places is reached by one action of a user of the mount: `ls`, `cat`,
a save, a creation, a deletion; for the token's the old one has expired.
"""

import json
import os
import re
import urllib.parse

import described
import described_cells
from writes import PASSWORD, errno_of

PAGES = {"list page 1": 1, "a middle page": 2, "the last page": 3}
LISTS = list(PAGES)
WRITES = ["PUT", "POST", "DELETE"]
MASK = "********"  # how a vendor shows a secret
CHANGES = {"allow_delete": "yes"}


def quoted(ident):
    return urllib.parse.quote(ident, safe="")


def moving(record):
    """A record without what moves by itself."""
    if not isinstance(record, dict):
        return record
    return {name: moving(value) for name, value in record.items()
            if name not in ("updated_at", "updated", "timestamps", "_version", "_password_changes")}


class Vendor:
    """What the vendors have in common; m, box and wire are set when it is mounted."""

    name = items = users = listed = ""
    key = "id"
    size = 100
    places = ["get", *WRITES]

    @staticmethod
    def by_name(_place):
        """Whether what is done in PLACE is done to a name, not to an open file."""
        return False

    def __init__(self):
        self.m = self.box = self.wire = None
        self.turn = 0
        self.subject = None
        self.odd = None  # (id in the sandbox, id as the mount is told)
        self.dropped = None  # whom somebody else has deleted in this cell
        self.first = None  # what change_first() wrote
        self.problem = None  # what a fault has seen

    @property
    def folder(self):
        return self.m.path / self.name

    def stored(self):
        """All that could be changed at the vendor: {id: record}."""
        return {str(one[self.key]): moving(one) for one in self.box.control("GET", self.users)}

    def ids(self):
        return {str(one[self.key]) for one in self.box.control("GET", self.users)}

    def files(self):
        """The names that the mount should show, except that of an odd id."""
        return {described.escape(ident) for ident in self.ids() if not self.odd or ident != self.odd[0]}

    def shown(self):
        """The names that it shows; OSError if it refuses."""
        return {name[:-5] for name in os.listdir(self.folder) if name.endswith(".json")}

    def refresh(self):
        (self.m.path / ".rosterfs/refresh").write_text(self.name + "\n")

    def file(self, ident, suffix=".json"):
        return self.folder / (described.escape(ident) + suffix)

    # ---- which request it is ----

    def page(self, request):
        return int(request.query.get("page", 1))

    def page_of(self, request):
        """The number of the page, or 0: it is another request."""
        return self.page(request) if (request.method, request.path) == ("GET", self.listed) else 0

    def item_of(self, request):
        """The id in the path of a record, or None."""
        start, _, last = request.path.rpartition("/")
        return urllib.parse.unquote(last, errors="surrogatepass") if start == self.items and last != "self" else None

    def before(self, place):
        """What tells the request before that of PLACE, if it is always the same one."""
        if place == "PUT":
            return self.fits("get")
        if place in LISTS[1:]:
            return lambda request: self.page_of(request) == PAGES[place] - 1
        return self.fits("get") if place == "token" else None

    def fits(self, place, beyond=False):
        """What tells the requests of PLACE."""
        if place in PAGES:
            return lambda request: beyond and self.page_of(request) >= PAGES[place] or \
                self.page_of(request) == PAGES[place]
        if place == "token":
            return lambda request: request.method == "POST" and "token" in request.path
        method = {"get": "GET"}.get(place, place)
        wanted = self.odd[1] if self.odd else str(self.subject)
        if place == "POST":
            return lambda request: (request.method, request.path) == ("POST", self.listed)
        return lambda request: request.method == method and self.item_of(request) == wanted

    # ---- JSON of answers ----

    def rows(self, value):
        return value["users"]

    def record(self, value):
        return value["user"]

    # ---- what is done ----

    def choose(self, _place):
        """For PLACE: another user than before, who is not the keys' own and is active."""
        self.turn += 1
        self.dropped = None
        ids = sorted(self.active())
        self.subject = ids[self.turn * 7 % len(ids)]

    def active(self):
        return [str(one[self.key]) for one in self.box.control("GET", self.users)
                if one.get("status", "active") == "active" and str(one[self.key]) != "1"]

    def name_in_mount(self):
        return self.odd_file() if self.odd else described.escape(str(self.subject))

    def odd_file(self):
        """What the file of the record with the odd id is called."""
        found = self.shown() - self.files()
        assert len(found) == 1, found
        return found.pop()

    def path(self, place):
        """What the log names, and what is opened."""
        if place in PAGES:
            return self.name
        if place == "POST":
            return f"{self.name}/new/made{self.turn}.json"
        suffix = ".status" if place == "DELETE" else ".json"
        return f"{self.name}/{self.name_in_mount()}{suffix}"

    def act(self, place, name):
        """Do it to NAME in the mount."""
        path = self.m.path / name
        if place in PAGES:
            self.shown()
        elif place in ("get", "token"):
            path.read_bytes()
        elif place == "PUT":
            written(path, json.dumps({self.field: f"New {self.turn}"}))
        elif place == "POST":
            written(path, json.dumps(self.new_user()))
        else:
            written(path, "deleted\n")

    def expire(self):
        """The token in use is good no more."""

    def environment(self):
        return {}

    def warm(self, _place):
        """Have all read that is known before a save."""
        self.shown()

    def clean(self, place, name):
        """Forget what the cell has brought, such as a draft that was refused."""
        path = self.m.path / name
        if place == "POST" and not path.is_symlink():
            errno_of(path.unlink)
        self.forget()

    def forget(self):
        self.odd = self.first = self.problem = None
        self.box.settings(read_lag_ms=0)

    def right(self, ident, name):
        """The file NAME in the mount is the record with IDENT."""
        text = (self.m.path / name).read_text()
        record = json.loads(text)
        stored = next(one for one in self.box.control("GET", self.users) if str(one[self.key]) == ident)
        for field in ("email", self.field, self.other):
            assert record.get(field) == stored.get(field), f"{field} is shown as {record.get(field)!r}"
        assert str(record[self.key]) == (self.odd[1] if self.odd else ident)
        assert MASK not in text and not self.problem, self.problem or "stars are shown"

    def drop(self):
        """Somebody deletes one of the first page."""
        ident = sorted(self.active())[0]
        self.box.control("DELETE", f"{self.users}/{ident}")
        self.dropped = ident

    def target(self, request, page):
        """The target of a request for PAGE."""
        return re.sub(r"page=\d+", f"page={page}", request.target)

    def change_first(self):
        """The subject is changed by the mount, in another field than cells do."""
        self.first = f"first{self.turn}@example.com"
        error = errno_of(written, self.file(self.subject), json.dumps({self.other: self.first}))
        assert not error, os.strerror(error)

    def done(self, place, before, after):
        """Whether the change was made: once, and whole, and nothing else (otherwise AssertionError)."""
        subject = str(self.subject)
        gone, new = before.keys() - after.keys(), after.keys() - before.keys()
        others = {ident for ident in before.keys() & after.keys() if before[ident] != after[ident]}
        if place == "POST":
            assert not gone and not others and len(new) <= 1, (gone, others, new)
            if new:
                made = after[new.pop()]
                sent = {name: value for name, value in self.new_user().items() if name != "password"}
                assert {name: made.get(name) for name in sent} == sent, made
                return True
            return False
        if place == "DELETE":
            assert not new and not others and gone <= {subject}, (gone, others, new)
            return bool(gone)
        if self.dropped:
            gone = {ident for ident in gone if self.dropped not in json.dumps([ident, before[ident]])}
        assert not new and not gone and others <= {subject}, (gone, others, new)
        if others:
            assert place == "PUT", "a read changed something"
            wanted = before[subject] | {self.field: f"New {self.turn}"}
            assert after[subject] == wanted, {name: (wanted.get(name), after[subject].get(name))
                                              for name in {*wanted, *after[subject]}
                                              if wanted.get(name) != after[subject].get(name)}
        return bool(others)

    def write_works(self):
        """A user is edited, and nothing is in the way."""
        other = next(ident for ident in sorted(self.active(), reverse=True) if ident != str(self.subject))
        text = f"Well {self.turn}"
        error = errno_of(written, self.file(other), json.dumps({self.field: text}))
        assert not error, f"a write fails afterwards: {os.strerror(error)}"
        stored = next(one for one in self.box.control("GET", self.users) if str(one[self.key]) == other)
        assert stored[self.field] == text
        assert json.loads(self.file(other).read_text())[self.field] == text


def written(path, text):
    """Write TEXT as `echo > file` does."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        os.write(file, text.encode())
    except OSError:
        errno_of(os.close, file)
        raise
    os.close(file)


class Partnerize(Vendor):
    """Pages by number, without a total; an update replaces the whole record."""

    name, items, users, listed = "partnerize", "/user", "users", "/user"
    key, field, other = "user_id", "lastname", "firstname"
    places = [*LISTS, "get", *WRITES]

    def start(self, sandbox, _folder, _place):
        self.box = sandbox(users=230)
        return self.box

    def config(self, wire, keys):
        words = dict(re.findall(r"^(application_key|user_api_key) = (.*)$", self.box.config_file.read_text(), re.M))
        return section(self.name, words | {"base_url": wire} | CHANGES | keys)

    def clean(self, place, name):
        super().clean(place, name)
        self.box.settings(endless_list=False)

    def new_user(self):
        return {"email": f"made{self.turn}@example.com", "firstname": "Made", "lastname": f"New {self.turn}",
                "password": PASSWORD}

    def page_of(self, request):
        # the other requests of the list look for a row behind the last one
        return super().page_of(request) if request.query.get("count") == "100" else 0


class ElasticPath(Vendor):
    """Offsets, a total and tokens; what is made and deleted is a membership."""

    name, items, users, listed = "elasticpath", "/v2/account-members", "elasticpath/members", "/v2/account-members"
    field, other = "name", "email"
    places = [*LISTS, "get", *WRITES, "token"]

    def __init__(self):
        super().__init__()
        self.account = None

    @staticmethod
    def by_name(place):
        return place in ("POST", "DELETE")

    def start(self, sandbox, _folder, place):
        # the guide has no total of members, its PUT changes one
        profile = "documents" if place in PAGES else "guide"
        self.box = sandbox(users=5, vendors="elasticpath", members=230, accounts=2, profile=profile)
        self.account = self.box.control("GET", "elasticpath/accounts")[0]["id"]
        return self.box

    def config(self, wire, keys):
        words = dict(re.findall(r"^(client_id|client_secret) = (.*)$", self.box.config_file.read_text(), re.M))
        return section(self.name, words | {"base_url": wire} | CHANGES | keys)

    def stored(self):
        memberships = self.box.control("GET", "elasticpath/memberships")
        return super().stored() | {one["id"]: one for one in memberships}

    def memberships(self):
        return {one["account_member_id"]: one["id"] for one in self.box.control("GET", "elasticpath/memberships")
                if one["account_id"] == self.account}

    def page(self, request):
        return int(request.query.get("page[offset]", 0)) // 100 + 1

    def target(self, request, page):
        return re.sub(r"offset%5D=\d+", f"offset%5D={100 * (page - 1)}", request.target)

    def warm(self, place):
        super().warm(place)
        if place != "PUT":
            os.listdir(self.folder / "accounts" / self.account / "members")

    def clean(self, _place, _name):
        self.forget()

    def rows(self, value):
        return value["data"]

    def record(self, value):
        return value["data"]

    def choose(self, place):
        super().choose(place)
        inside = self.memberships() if place in ("POST", "DELETE") else {}
        if place == "DELETE":
            self.subject = sorted(inside)[self.turn % len(inside)]
            self.ended = inside[self.subject]
        if place == "POST":
            outside = sorted(self.ids() - inside.keys())
            self.subject = outside[self.turn % len(outside)]

    def fits(self, place, beyond=False):
        start = f"/v2/accounts/{self.account}/account-memberships"
        if place == "POST":
            return lambda request: (request.method, request.path) == ("POST", start)
        if place == "DELETE":
            return lambda request: request.method == "DELETE" and request.path.startswith(start)
        return super().fits(place, beyond)

    def path(self, place):
        if place in ("POST", "DELETE"):
            return f"{self.name}/accounts/{self.account}/members/{self.subject}.json"
        return super().path(place)

    def act(self, place, name):
        if place == "POST":
            os.symlink(f"../../../{self.subject}.json", self.m.path / name)
        elif place == "DELETE":
            os.unlink(self.m.path / name)
        else:
            super().act(place, name)

    def expire(self):
        self.box.fault(fault="expire_tokens")

    def done(self, place, before, after):
        if place not in ("POST", "DELETE"):
            return super().done(place, before, after)
        gone, new = before.keys() - after.keys(), after.keys() - before.keys()
        assert all(before[ident] == after[ident] for ident in before.keys() & after.keys())
        if place == "DELETE":
            assert not new and gone <= {self.ended}, (gone, new)
            return bool(gone)
        assert not gone and len(new) <= 1, (gone, new)
        assert all(after[one]["account_member_id"] == self.subject for one in new)
        return bool(new)


class Described(Vendor):
    """A description: cursors and a total, tokens, and updates that hold only the changes."""

    name, items, users, listed = "acme", "/acme/users", "acme/users", "/acme/users"
    field, other = "name", "role"
    size = 25
    places = [*LISTS, "get", *WRITES, "token"]
    kinds = {"paging": "cursor", "auth": "form token", "status": "word", "verb": "PUT", "envelope": "wrapped"}

    def start(self, sandbox, folder, _place):
        play, self.text, self.keys, _ = described_cells.cell(self.kinds)
        play["users"] = 65
        page = play["lists"][0]["page"]
        page |= {"token": "number", "cap": self.size, "total": {"put": "/total"}}
        self.text["list"] |= {"size": self.size, "total": "/total"}
        self.text["fields"]["write_only"] = "/password"
        folder.mkdir(parents=True, exist_ok=True)
        self.plays = described.Plays(folder / "described")
        self.plays.add(self.name, play, described_cells.header(self.text), self.keys)
        self.box = sandbox(**self.plays.options())
        return self.box

    def config(self, wire, keys):
        own = {"type": self.name, "base_url": f"{wire}/acme", "inactive_deletes": "yes"}
        return section(self.name, self.keys | own | CHANGES | keys)

    def environment(self):
        return {"HOME": str(self.plays.home)}

    def page(self, request):
        return int(request.query.get("cursor") or 0) // self.size + 1

    def target(self, request, page):
        start = request.target.partition("&cursor")[0]
        return f"{start}&cursor={self.size * (page - 1)}" if page > 1 else start

    def active(self):
        return [one["id"] for one in self.box.control("GET", self.users) if one["_state"] == "active"]

    def expire(self):
        self.box.fault(fault="expire_tokens")

    def new_user(self):
        return {"email": f"made{self.turn}@example.com", "name": f"New {self.turn}", "role": "guest"}


def section(name, keys):
    return "".join([f"[{name}]\n", *(f"{key} = {value}\n" for key, value in keys.items())])


VENDORS = {one.name: one for one in (Partnerize, ElasticPath, Described)}
