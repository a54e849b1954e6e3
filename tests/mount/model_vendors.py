# SPDX-License-Identifier: Apache-2.0
"""The vendors of the model test: what the sandbox plays, how the mount is told, and how a record is looked at.

A round has one of them. A described vendor and a SCIM server are plays of the sandbox; the seed chooses what each
is like. A state of the judge's (model_check.py) has a user's fields by their paths, and the status as a word.
"""

import json

import described
import described_cells
import model_check
import model_worker
import scim_plays
from harness import merge_config

PUT = {"method": "PUT", "times": 1}
GET = {"method": "GET", "times": 1}
FAULTS = [
    {**PUT, "fault": "status", "status": 429}, {**PUT, "fault": "status", "status": 429, "retry_after": "1"},
    {**PUT, "fault": "status", "status": 429, "times": 2}, {**PUT, "fault": "status", "status": 503},
    {**PUT, "fault": "status_after", "status": 503}, {**PUT, "fault": "status", "status": 500, "times": 2},
    {**PUT, "fault": "drop"}, {**PUT, "fault": "drop_after"}, {**PUT, "fault": "drop_after", "times": 2},
    {**PUT, "fault": "late"}, {**PUT, "fault": "late"}, {**PUT, "fault": "late"},
    {**PUT, "fault": "html"}, {**PUT, "fault": "html_after"}, {**PUT, "fault": "empty"},
    {**PUT, "fault": "empty_after"}, {**PUT, "fault": "not_json_after"}, {**PUT, "fault": "truncate"},
    {**PUT, "fault": "not_applied"}, {**PUT, "fault": "normalise"}, {**PUT, "fault": "slow", "ms": 400},
    {**PUT, "fault": "slow_after", "ms": 400}, {**PUT, "fault": "colleague"},
    {**PUT, "fault": "colleague_after"}, {**PUT, "fault": "status", "status": 409},
    {**PUT, "fault": "status", "status": 412}, {**PUT, "fault": "status", "status": 400},
    {**GET, "fault": "status", "status": 429}, {**GET, "fault": "status", "status": 503},
    {**GET, "fault": "drop"}, {**GET, "fault": "html"}, {**GET, "fault": "empty"},
    {**GET, "fault": "slow", "ms": 400}, {**GET, "fault": "colleague_after"}, {**GET, "fault": "not_json"},
    {**GET, "fault": "truncate"},
]
MEMBER_FAULTS = [
    {"times": 1, "method": method, "path": "memberships", **fault}
    for method in ("POST", "DELETE") for fault in (
        {"fault": "status", "status": 429}, {"fault": "status", "status": 503}, {"fault": "drop"},
        {"fault": "drop_after"}, {"fault": "status_after", "status": 503}, {"fault": "slow", "ms": 300})
] + [{"times": 1, "fault": "expire_tokens"}]
# Of lists, of what makes and deletes users, and of tokens: no answer, a wrong one, or one that does not come whole.
MADE_FAULTS = [
    {"times": 1, "method": method, "path": path, **fault}
    for method, path in (("GET", "list"), ("POST", "list"), ("DELETE", "each")) for fault in (
        {"fault": "status", "status": 503}, {"fault": "drop"}, {"fault": "drop_after"}, {"fault": "truncate"},
        {"fault": "status_after", "status": 500})
]


def with_status(state):
    belongs = any(name.startswith("member:") for name in state)
    return {**state, "status": "active" if belongs else "inactive"}


def sides(membership):
    """(account, member) in either form."""
    if "account_member_id" in membership:
        return membership.get("account_id") or membership["relationships"]["account"]["data"]["id"], \
            membership["account_member_id"]
    related = membership["relationships"]
    return related["account"]["data"]["id"], related["account_member"]["data"]["id"]


class Vendor:
    """What they have in common. DICE is the round's; box is set when the sandbox runs."""

    name = key = colleague = people = stored = None
    fields = []
    stamp_at = "updated_at"
    status_at = "status"  # in a document; None: a document has none
    words = {"active": "active", "inactive": "inactive"}
    weights = {}
    faults = FAULTS
    paths = {}
    accounts = []
    method = "PUT"  # of an update
    answer = "full"  # and what its response shows, as the sandbox's setting
    email = "email"
    environment = {}

    def __init__(self, dice):
        self.dice = dice
        self.profile = dice.choice(["guide", "documents"])
        self.box = None

    def options(self, folder, seed):
        """For the sandbox."""
        raise NotImplementedError

    def config(self, keys):
        """The text of the config without [rosterfs]; KEYS are those of each round."""
        raise NotImplementedError

    def everybody(self):
        return self.box.control("GET", self.people)

    def ids(self):
        return [str(one[self.stored or self.key]) for one in self.everybody()]

    def begin(self):
        """Fields that a first record may lack are filled."""
        for user in self.ids()[1:9]:
            self.fill(user, self.fields)

    def fill(self, user, fields):
        start = {}
        for field in fields:
            model_worker.put(start, field, field[0] + user)
        self.box.control("PATCH", self.colleague + user, start)

    def state(self, record):
        """A record as the judge sees it."""
        found = model_check.flat(record)
        if self.status_at:
            value = found.pop(self.status_at, None)
            found["status"] = next((word for word, one in self.words.items() if one == value), str(value))
        return found

    def states(self, users):
        return {str(one[self.stored or self.key]): self.state(described.bare(one))
                for one in self.everybody() if str(one[self.stored or self.key]) in users}

    def user_in(self, entry):
        return entry["id"]

    def view(self, _before, entry):
        return self.state(described.bare(entry["after"] or {}))

    def plan(self):
        """What a worker must know; see model_worker.py."""
        return {"key": self.key, "directory": self.name, "fields": self.fields, "status_at": self.status_at,
                "stamp_at": self.stamp_at, "words": self.words, "colleague": self.colleague, "paths": self.paths,
                "weights": self.weights, "new": self.new_user(),
                "faults": [{**one, "method": self.method} if one.get("method") == "PUT" else one
                           for one in self.faults]}

    def new_user(self):
        """A document of a user to be made, with EMAIL in place of the address; None: none can be."""


class Partnerize(Vendor):
    name, key, colleague, people = "partnerize", "user_id", "users/", "users"
    fields = ["firstname", "lastname", "phone", "timezone", "locale", "address.city"]
    weights = {"fresh": 12, "old": 14, "editor": 6, "small": 8, "sed": 2, "killed": 1, "status": 14,
               "read": 6, "look": 6, "list": 2, "colleague": 10, "fault": 12, "settings": 2, "create": 3}
    faults = FAULTS + MADE_FAULTS
    paths = {"item": "/user/{}", "list": "/user", "each": "/user/*"}

    def options(self, folder, seed):
        return {"users": 12, "vendors": "partnerize", "members": 12, "accounts": 3, "profile": self.profile,
                "seed": seed % 1000 + 1}

    def config(self, keys):
        return self.box.config({self.name: keys})

    def begin(self):
        for user in self.ids()[1:9]:
            self.fill(user, self.fields[2:])

    def new_user(self):
        return {"email": "EMAIL", "firstname": "Made", "lastname": "New", "password": "Made-by-model-1"}


class ElasticPath(Partnerize):
    name, key, colleague, people = "elasticpath", "id", "elasticpath/members/", "elasticpath/members"
    fields = ["name", "phone", "note"]
    weights = {"fresh": 10, "old": 10, "editor": 4, "small": 6, "sed": 2, "killed": 1, "status": 16,
               "link": 4, "read": 6, "look": 6, "list": 2, "colleague": 6, "join": 6, "fault": 10, "settings": 2}
    faults = FAULTS + MEMBER_FAULTS
    paths = {"item": "*{}", "memberships": "/v2/accounts/*/account-memberships*"}
    status_at = None

    def options(self, folder, seed):
        return {**super().options(folder, seed), "vendors": "elasticpath"}

    def begin(self):
        self.accounts = [one["id"] for one in self.box.control("GET", "elasticpath/accounts")]
        for user in self.ids()[1:9]:
            self.fill(user, self.fields[1:])

    def states(self, users):
        found = super().states(users)
        for one in self.box.control("GET", "elasticpath/memberships"):
            account, member = sides(one)
            if member in found:
                found[member].setdefault("member:" + account, []).append(one["id"])
        return {member: with_status(state) for member, state in found.items()}

    def user_in(self, entry):
        record = entry["after"] or entry["before"]
        return sides(record)[1] if record.get("type") == "account_membership" else entry["id"]

    def view(self, before, entry):
        record = entry["after"] or entry["before"]
        if record.get("type") == "account_membership":
            name = "member:" + sides(record)[0]
            ids = [one for one in before.get(name, []) if one != record["id"]]
            ids += [record["id"]] if entry["after"] else []
            state = {field: value for field, value in before.items() if field != name}
            return with_status({**state, name: ids} if ids else state)
        members = {name: value for name, value in before.items() if name.startswith("member:")}
        return with_status({**model_check.flat(entry["after"]), **members})

    def new_user(self):
        return None


class Described(Vendor):
    """A description: tokens, pages by cursor, and what the seed chooses of statuses, verbs and envelopes."""

    name, key, stored, colleague, people = "acme", "id", "_id", "acme/users/", "acme/users"
    fields = ["name", "role", "prefs.a", "prefs.b"]
    stamp_at = "updated"
    weights = Partnerize.weights
    faults = FAULTS + MADE_FAULTS + [{"times": 1, "fault": "expire_tokens"}]
    paths = {"item": "/acme/users/{}", "list": "/acme/users", "each": "/acme/users/*"}

    def __init__(self, dice):
        super().__init__(dice)
        self.kinds = {"paging": dice.choice(["cursor", "page", "offset", "link"]), "auth": "form token",
                      "status": dice.choice(["boolean", "word", "nested", "requests"]),
                      "verb": dice.choice(["PATCH", "PUT", "replace", "deep", "no answer"]),
                      "envelope": dice.choice(["wrapped", "deep"])}
        self.profile = "/".join(self.kinds.values())
        self.play, self.text, self.keys, _ = described_cells.cell(self.kinds)
        self.play["users"] = 23
        self.text["fields"]["write_only"] = "/password"
        self.method = self.play["changes"][0]["route"].partition(" ")[0]
        self.answer = "empty" if self.kinds["verb"] == "no answer" else "full"
        status = self.play["status"]
        self.status_at = status["at"][1:].replace("/", ".")
        self.words = {word: status["states"][word] for word in ("active", "inactive")}
        if self.kinds["status"] == "requests":
            self.faults = self.faults + [
                {"times": 1, "method": "POST", "path": "moves", **fault} for fault in (
                    {"fault": "drop_after"}, {"fault": "drop"}, {"fault": "status_after", "status": 503},
                    {"fault": "late", "ms": 1500}, {"fault": "status", "status": 429})]
            self.paths = {**self.paths, "moves": "/acme/users/{}/*"}

    def options(self, folder, seed):
        self.plays = described.Plays(folder / "described")
        self.play["seed"] = seed % 1000 + 1
        self.plays.add(self.name, self.play, described_cells.header(self.text), self.keys)
        self.environment = {"HOME": str(self.plays.home)}
        return self.plays.options()

    def config(self, keys):
        own = {"type": self.name, "base_url": f"{self.box.url}/acme", "inactive_deletes": "yes"}
        return merge_config("", {self.name: {**self.keys, **own, **keys}})

    def state(self, record):
        found = super().state(record)
        found.pop("updated", None)
        return found

    def new_user(self):
        return {"email": "EMAIL", "name": "Made", "role": "guest"}


class Scim(Vendor):
    """A SCIM 2.0 server, which may answer a change with the record or with nothing, or know no PATCH."""

    name, key, stored, colleague, people = "idp", "id", "_id", "idp/users/", "idp/users"
    fields = ["name.givenName", "name.familyName", "displayName", "title"]
    stamp_at = "meta.lastModified"
    status_at = "active"
    words = {"active": True, "inactive": False}
    email = "userName"
    weights = Described.weights
    faults = FAULTS + MADE_FAULTS
    paths = {"item": "/idp/Users/{}", "list": "/idp/Users", "each": "/idp/Users/*"}

    def __init__(self, dice):
        super().__init__(dice)
        self.profile = dice.choice(["record", "record", "none", "no PATCH"])
        self.method = "PUT" if self.profile == "no PATCH" else "PATCH"
        self.answer = "empty" if self.profile == "none" else "full"

    def options(self, folder, seed):
        changes = {"record": {}, "none": {"/changes/0/answer": "none", "/changes/0/status": 204},
                   "no PATCH": scim_plays.NO_PATCH}[self.profile]
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "idp.play.json"
        file.write_text(json.dumps({"users": 23, "seed": seed % 1000 + 1, "scim": True, "set": changes}))
        return {"play": [f"idp={file}"], "vendors": "cj"}

    def config(self, keys):
        return merge_config("", {self.name: {"type": "scim", "base_url": f"{self.box.url}/idp",
                                             "token": scim_plays.TOKEN, **keys}})

    def state(self, record):
        found = super().state(record)
        found.pop("password", None)  # which nobody shows, so that a replacement cannot keep it
        return found

    def new_user(self):
        return {"userName": "EMAIL", "displayName": "Made", "name": {"givenName": "Made", "familyName": "New"},
                "emails": [{"value": "EMAIL", "type": "work", "primary": True}]}


VENDORS = {"partnerize": Partnerize, "elasticpath": ElasticPath, "described": Described, "scim": Scim}
