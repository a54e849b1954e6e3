# SPDX-License-Identifier: Apache-2.0
"""The sandbox plays a generic vendor: each switch of a play once, seen over HTTP without a mount."""

import base64
import json
import re
import subprocess
import urllib.parse

import pytest

import harness

TOP = harness.TOP
TOKEN = "Bearer CANARY-token"
KEY = {"Authorization": TOKEN}
JSON = {"Content-Type": "application/json"}
SCHEMAS = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CURSOR = {"by": "cursor", "name": "cursor", "size_name": "limit", "size": 10, "cap": 10}
PLAY = {
    "users": 23,
    "ids": "numbers",
    "auth": {"checks": [{"header": "Authorization", "is": TOKEN}]},
    "fields": {
        "/id": {"holds": "id"}, "/email": {"holds": "email", "required": True}, "/first": {"holds": "first"},
        "/last": {"holds": "last"}, "/role": {"holds": "role"}, "/prefs/a": {"holds": "value", "value": "one"},
        "/prefs/b": {"holds": "value", "value": "two"}, "/created": {"holds": "created"},
        "/updated": {"holds": "updated"}, "/password": {"holds": "password"}},
    "status": {"at": "/status", "states": {"active": "ACTIVE", "off": "OFF"}},
    "lists": [{"route": "GET /users", "rows": "/users",
               "page": {"by": "number", "name": "page", "size_name": "count", "size": 10, "cap": 10,
                        "total": {"put": "/total"}}}],
    "items": [{"route": "GET /users/{id}"}],
    "changes": [{"route": "PATCH /users/{id}"}],
    "creates": [{"route": "POST /users"}],
    "deletes": [{"route": "DELETE /users/{id}", "answer": "none"}],
}
SCIM = {"users": 23, "scim": True}


def at(value, pointer):
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            value = value[int(part)] if int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


class Vendor:
    """A generic vendor below /v in a sandbox of its own."""

    def __init__(self, box):
        self.box = box
        self.headers = dict(KEY)

    def ask(self, method, path, body=None, headers=None):
        """(status, JSON or text, headers)."""
        connection = harness.http.client.HTTPConnection(*self.box.address, timeout=20 * harness.SCALE)
        head = dict(self.headers)
        if isinstance(body, (dict, list)):
            head |= JSON
            body = json.dumps(body)
        head |= headers or {}
        try:
            connection.request(method, path if path.startswith("/__") else "/v" + path, body, head)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text), answer.headers
        except ValueError:
            return answer.status, text, answer.headers

    def get(self, path, **rest):
        status, value, _ = self.ask("GET", path, **rest)
        assert status == 200, (status, value)
        return value

    def stored(self, ident):
        return self.box.control("GET", f"v/users/{ident}")

    def ids(self, path, rows="/users", ident="/id"):
        return [at(row, ident) for row in at(self.get(path), rows)]


def write(folder, name, play):
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(json.dumps(play))
    return file


@pytest.fixture(name="vendor")
def _vendor(sandbox, test_dir):
    def start(base=None, changes=None):
        play = dict(PLAY if base is None else base)
        if changes:
            play["set"] = changes
        v = Vendor(sandbox(vendors="cj", play=f"v={write(test_dir, 'play.json', play)}"))
        if base is SCIM:
            v.headers = {"Authorization": "Bearer scim-token-CANARY"}
        return v
    return start


def step(method, path, status, body=None, headers=None, has=None, **more):
    return {"method": method, "path": path, "status": status, "body": body, "headers": headers, "has": has or {}, **more}


def get(path, status=200, **more):
    return step("GET", path, status, **more)


def patch(body, status=200, path="/users/5", **more):
    return step("PATCH", path, status, body, **more)


def stored(ident, **has):
    return get(f"/__sandbox/v/users/{ident}", has={"/" + key.replace("__", "/"): value for key, value in has.items()})


def page(**more):
    """The switches of the list's page."""
    return {f"/lists/0/page/{key}": value for key, value in more.items()}


def rows(*numbers):
    return list(numbers)


def check(v, one):
    """Run a step: the status, what stands at pointers of the answer, ids of rows, headers, text."""
    status, value, headers = v.ask(one["method"], one["path"], one["body"], one["headers"])
    assert status == one["status"], (one, status, value)
    for pointer, wanted in one["has"].items():
        found = at(value, pointer)
        assert found == wanted if not callable(wanted) else wanted(found), (one, pointer, value)
    if "ids" in one:
        table = at(value, one.get("rows", "/users"))
        assert [row["id"] for row in table] == list(one["ids"]), one
    if "text" in one:
        assert value == one["text"], one
    if "like" in one:
        assert re.search(one["like"], value if isinstance(value, str) else json.dumps(value)), (one, value)
    for name, wanted in one.get("sent", {}).items():
        assert (headers[name] is None) if wanted is None else re.search(wanted, headers[name] or ""), (name, headers.items())


def range_of(first, last):
    return range(first, last + 1)


NEXT = {"/lists/0/page": CURSOR | {"next": [{"put": "/next", "as": "token"}]}}
LINK = {"/lists/0/page": CURSOR | {"next": [{"put": "Link"}]}}


def url_next(**more):
    return {"/lists/0/page": CURSOR | {"next": [{"put": "/next", "as": "url", **more}]}}


TOK = urllib.parse.quote("Y73+u/10==", safe="")
LAST = urllib.parse.quote("Y143+u/20==", safe="")

LISTS = {
    "key": ({}, [get("/users", ids=range_of(1, 10), has={"/total": 23})]),
    "bare": ({"/lists/0/rows": ""}, [get("/users", ids=range_of(1, 10), rows="")]),
    "nested key": ({"/lists/0/rows": "/_embedded/users"}, [get("/users", ids=range_of(1, 10), rows="/_embedded/users")]),
    "rows wrapped": ({"/lists/0/row": "/data"}, [get("/users", has={"/users/0/data/id": 1})]),
    "row members": ({"/lists/0/row_members": {"kind": "user", "self": "$id"}},
                    [get("/users", has={"/users/0/kind": "user", "/users/0/self": 1})]),
    "two levels down": ({"/lists/0/split": {"into": 2, "at": "/members"}, "/lists/0/rows": "/teams"},
                        [get("/users", has={"/teams/1/members/0/id": 2})]),
    "flat rows": ({"/lists/0/flat": "/prefs"}, [get("/users", has={"/users/0/a": "one", "/users/0/prefs": None}),
                                                get("/users/1", has={"/prefs/a": "one"})]),
    "absent when empty": ({"/lists/0/absent_if_empty": True}, [get("/users?page=4", has={"/users": None})]),
    "members of the list": ({"/lists/0/members": {"ok": True}}, [get("/users", has={"/ok": True})]),
    "newest first": ({"/lists/0/order": "newest"}, [get("/users", ids=range(23, 13, -1))]),
    "random order": ({"/lists/0/order": "random"}, [get("/users", has={"/users/0/id": lambda found: found != 1})]),
    "by email": ({"/lists/0/order": "email"}, [get("/users", has={
        "/users": lambda found: [row["email"] for row in found] == sorted(row["email"] for row in found)})]),
    "only active": ({"/lists/0/only": ["active"]}, [get("/users?page=2", has={"/total": 21})]),
    "pass": ({"/lists/0/pass": {"name": "status", "values": {"off": ["off"], "": []}, "default": ["active"]}},
             [get("/users", has={"/total": 21}), get("/users?status=off", ids=[10, 20]),
              get("/users?status=", has={"/total": 23}), get("/users?status=x", has={"/total": 0})]),
    "pass refused": ({"/lists/0/pass": {"name": "s", "values": {"off": ["off"]}, "other": "refused"}},
                     [get("/users?s=x", 400)]),
    "pass default": ({"/lists/0/pass": {"name": "s", "values": {}, "default": ["off"], "other": "default"}},
                     [get("/users?s=x", ids=[10, 20])]),
    "pass all": ({"/lists/0/pass": {"name": "s", "values": {}, "default": ["off"], "other": "all"}},
                 [get("/users?s=x", has={"/total": 23})]),
    "filter": ({"/lists/0/filters": {"mail": {"at": "/email", "how": "exact"}}},
               [get("/users?mail=jane.doe1@example.com", ids=[1]), get("/users?mail=JANE.doe1@example.com", ids=[])]),
    "filter any case": ({"/lists/0/filters": {"mail": {"at": "/email", "how": "any_case"}}},
                        [get("/users?mail=JANE.doe1@example.com", ids=[1])]),
    "filter contains": ({"/lists/0/filters": {"mail": {"at": "/email", "how": "contains"}}},
                        [get("/users?mail=doe1@", ids=[1])]),
    "filter ignored": ({"/lists/0/filters": {"mail": {"at": "/email", "how": "ignored"}}},
                       [get("/users?mail=x", has={"/total": 23})]),
    "unknown parameter": ({}, [get("/users?x=1", 400)]),
    "unknown parameter ignored": ({"/lists/0/unknown": "ignored"}, [get("/users?x=1")]),
    "unknown parameter crashes": ({"/lists/0/unknown": "crash"}, [get("/users?x=1", 500)]),
    "unknown parameter carried": ({**url_next(), "/lists/0/unknown": "carried"},
                                  [get("/users?x=1", has={"/next": lambda found: "x=1&cursor=" in found})]),
    "needed parameter": ({"/lists/0/parameters": {"w": {"needed": True}, "v": {"is": "1"}}},
                         [get("/users", 400), get("/users?w=2"), get("/users?w=2&v=2", 400)]),
    "fields asked for": ({"/fields/~1email/asked": True, "/lists/0/select": {"name": "fields"}},
                         [get("/users", has={"/users/0/email": None}),
                          get("/users?fields=email", has={"/users/0/email": "jane.doe1@example.com"})]),
    "fields narrowed": ({"/lists/0/select": {"name": "fields", "narrows": True, "keeps": ["/id"]}},
                        [get("/users?fields=email", has={"/users/0/first": None, "/users/0/id": 1})]),
    "fields of an item": ({"/items/0/select": {"name": "fields", "narrows": True}},
                          [get("/users/1?fields=email", has={"/first": None, "/email": "jane.doe1@example.com"})]),
    "row without a field": ({"/fields/~1role/in_rows": False},
                            [get("/users", has={"/users/0/role": None}), get("/users/1", has={"/role": "admin"})]),
    "item without a field": ({"/fields/~1role/in_item": False}, [get("/users/1", has={"/role": None})]),
    "field of some": ({"/fields/~1role/every": 2}, [get("/users", has={"/users/0/role": None,
                                                                       "/users/1/role": "standard"})]),
    "field absent in a state": ({"/fields/~1role/absent_in": ["off"]},
                                [get("/users/10", has={"/role": None}), get("/users/1", has={"/role": "admin"})]),
    "status not in rows": ({"/status/in_rows": False}, [get("/users", has={"/users/0/status": None}),
                                                        get("/users/1", has={"/status": "ACTIVE"})]),
    "status asked for": ({"/status/asked": True, "/lists/0/select": {"name": "fields"}},
                         [get("/users", has={"/users/0/status": None}),
                          get("/users?fields=status", has={"/users/0/status": "ACTIVE"})]),
    "item in an envelope": ({"/items/0/answer_at": "/user", "/items/0/answer_members": {"ok": True}},
                            [get("/users/1", has={"/user/id": 1, "/ok": True})]),
    "item by a query": ({"/items/0/route": "GET /user?key={id}"}, [get("/user?key=3", has={"/id": 3}), get("/user", 400)]),
    "item by a body": ({"/items/0/route": "POST /user.info", "/items/0/id_at": "/user/id"},
                       [step("POST", "/user.info", 200, {"user": {"id": 3}}, has={"/id": 3})]),
    "item by email": ({"/items/0/id_as": "email"}, [get("/users/jane.doe1@example.com", has={"/id": 1})]),
    "open list": ({"/lists/0/open": True}, [get("/users", headers={"Authorization": "x"})]),
    "document": ({"/documents": [{"route": "GET /users/count", "answer": "$users"},
                                 {"route": "DELETE /users", "status": 500, "type": "text/plain", "answer": "oops"}]},
                 [get("/users/count", has={"": 23}), step("DELETE", "/users", 500, text="oops")]),
}

PAGES = {
    "page of number": (page(), [get("/users?page=2", ids=range_of(11, 20)), get("/users?page=0", 400)]),
    "page from 0": (page(first=0), [get("/users?page=0", ids=range_of(1, 10)), get("/users?page=2", ids=[21, 22, 23])]),
    "brackets": (page(name="page[number]", size_name="page[size]"),
                 [get("/users?page%5Bnumber%5D=2&page%5Bsize%5D=3", ids=[4, 5, 6])]),
    "offset": (page(by="offset", name="skip"), [get("/users?skip=20&count=5", ids=[21, 22, 23])]),
    "offset from 1": (page(by="offset", first=1), [get("/users?page=21", ids=[21, 22, 23])]),
    "arithmetic": (page(by="offset", first=1, bad="arithmetic"), [get("/users?page=0&count=3", ids=[1, 2]),
                                                                 get("/users?page=-9&count=3", ids=[])]),
    "no paging": ({"/lists/0/page": None, "/lists/0/unknown": "ignored"}, [get("/users?page=2", ids=range_of(1, 23))]),
    "checked only": (page(by="checked", bad="crash"), [get("/users?page=2", ids=range_of(1, 23)),
                                                       get("/users?page=x", 500)]),
    "unasked all": (page(unasked="all"), [get("/users", ids=range_of(1, 23)), get("/users?page=1", ids=range_of(1, 10))]),
    "default size": (page(size=4), [get("/users", ids=[1, 2, 3, 4])]),
    "capped": ({}, [get("/users?count=100", ids=range_of(1, 10))]),
    "cap refused": (page(over="refused"), [get("/users?count=11", 400)]),
    "cap crashes": (page(over="crash"), [get("/users?count=11", 500)]),
    "size 0": ({}, [get("/users?count=0", ids=range_of(1, 10))]),
    "size 0 refused": (page(zero="refused"), [get("/users?count=0", 400)]),
    "size 0 nothing": (page(zero="nothing"), [get("/users?count=0", ids=[], has={"/total": 23})]),
    "size 0 all": (page(zero="all", cap=100), [get("/users?count=0", ids=range_of(1, 23))]),
    "odd numbers": ({}, [get("/users?count=abc", 400), get("/users?page=-1", 400)]),
    "odd numbers crash": (page(bad="crash"), [get("/users?count=abc", 500), get("/users?page=0", 500)]),
    "odd numbers default": (page(bad="default"), [get("/users?count=abc", ids=range_of(1, 10))]),
    "one alone crashes": (page(alone="crash"), [get("/users?page=1", 500), get("/users?page=1&count=2", ids=[1, 2]),
                                                get("/users")]),
    "one alone gives nothing": (page(alone="nothing"), [get("/users?page=1", ids=[]), get("/users", ids=[])]),
    "past the end": ({}, [get("/users?page=4", ids=[])]),
    "past the end 404": (page(past="refused"), [get("/users?page=4", 404)]),
    "past the end first": (page(past="first"), [get("/users?page=4", ids=range_of(1, 10))]),
    "past the end wrong total": (page(total={"put": "/total", "says": "past_larger"}),
                                 [get("/users", has={"/total": 23}), get("/users?page=4", has={"/total": 33})]),
    "total of rows": (page(total={"put": "/total", "says": "rows"}), [get("/users?page=3", has={"/total": 3})]),
    "total of pages": (page(total={"put": "/total", "says": "pages"}), [get("/users", has={"/total": 3})]),
    "total at most": (page(total={"put": "/total", "says": "most", "most": 15}), [get("/users", has={"/total": 15})]),
    "total too large": (page(total={"put": "/total", "says": "larger"}), [get("/users", has={"/total": 30})]),
    "total as text": (page(total={"put": "/total", "text": True}), [get("/users", has={"/total": "23"})]),
    "total in a header": (page(total={"put": "header:X-Total"}), [get("/users", sent={"X-Total": "^23$"})]),
    "total asked for": (page(total={"put": "/total", "asked": "count=5"}),
                        [get("/users", has={"/total": None}), get("/users?count=5", has={"/total": 23})]),
    "echo": (page(echo={"/a": "size", "/b": "asked", "/c": "from", "/d": "number", "/e": "rows", "/f": "pages",
                        "/g": "last", "/h": "last_text"}, first=1),
             [get("/users?page=3&count=99", has={"/a": 10, "/b": 99, "/d": 3, "/e": 3, "/f": 3, "/g": 22, "/h": "22"})]),
    "flag": (page(flag={"at": "/more", "more": True, "end": False}), [get("/users", has={"/more": True}),
                                                                      get("/users?page=3", has={"/more": False})]),
    "last flag": (page(flag={"at": "/isLast", "more": False, "end": True}), [get("/users?page=3", has={"/isLast": True})]),
    "ceiling": (page(ceiling=20), [get("/users?page=2"), get("/users?page=3", 400)]),
    "ceiling without a word": (page(ceiling=15, at_ceiling="nothing"), [get("/users?page=2", ids=range_of(11, 15))]),
    "truncated": (page(by="none", truncates=7, truncated="/truncated"), [get("/users", ids=range_of(1, 7),
                                                                             has={"/truncated": True})]),
    "repeats": (page(repeats=1), [get("/users?page=2", ids=range_of(1, 10)), get("/users?page=3", ids=range_of(11, 20))]),
    "overlap": (page(overlap=2), [get("/users?page=2", ids=range_of(9, 18))]),
    "stuck": (page(stuck=True), [get("/users?page=3", ids=range_of(1, 10))]),
    "next number": (page(next=[{"put": "/next", "as": "number", "end": "zero"}]), [get("/users", has={"/next": 2}),
                                                                                  get("/users?page=3", has={"/next": 0})]),
    "next page header": (page(next=[{"put": "header:X-Next-Page", "end": "empty"}]),
                         [get("/users", sent={"X-Next-Page": "^2$"}), get("/users?page=3", sent={"X-Next-Page": "^$"})]),
    "cursor": (NEXT, [get("/users", has={"/next": "Y73+u/10=="}), get(f"/users?cursor={TOK}", ids=range_of(11, 20)),
                      get(f"/users?cursor={LAST}", ids=[21, 22, 23], has={"/next": None}), get("/users?cursor=x", 400)]),
    "cursor of a number": ({"/lists/0/page": CURSOR | {"token": "number", "next": [{"put": "/next", "as": "number"}]}},
                           [get("/users", has={"/next": 10}), get("/users?cursor=10", ids=range_of(11, 20))]),
    "plain cursor": ({"/lists/0/page": CURSOR | {"token": "plain", "next": [{"put": "/next"}]}},
                     [get("/users", has={"/next": "10"})]),
    "cursor empty": (NEXT, [get("/users?cursor=", 400)]),
    "cursor empty is first": ({**NEXT, **page(token_empty="first")}, [get("/users?cursor=", ids=range_of(1, 10))]),
    "cursor alone": ({**NEXT, **page(token_only=True)}, [get(f"/users?cursor={TOK}&limit=3", 400),
                                                         get(f"/users?cursor={TOK}")]),
    "cursor ends null": ({"/lists/0/page": CURSOR | {"next": [{"put": "/next", "end": "null"}]}},
                         [get(f"/users?cursor={LAST}", like='"next": null')]),
    "cursor ends empty": ({"/lists/0/page": CURSOR | {"next": [{"put": "/next", "end": "empty"}]}},
                          [get(f"/users?cursor={LAST}", has={"/next": ""})]),
    "cursor ends false": ({"/lists/0/page": CURSOR | {"next": [{"put": "/next", "end": "false"}]}},
                          [get(f"/users?cursor={LAST}", has={"/next": False})]),
    "cursor always there": ({"/lists/0/page": CURSOR | {"next": [{"put": "/next", "end": "same"}]}},
                            [get(f"/users?cursor={LAST}", has={"/next": lambda found: found})]),
    "half pages": ({**NEXT, **page(halves=True)}, [get(f"/users?cursor={TOK}", ids=range_of(11, 15),
                                                       has={"/next": "Y108+u/15=="})]),
    "cursor in a header": ({"/lists/0/page": CURSOR | {"next": [{"put": "header:after-cursor"}]}},
                           [get("/users", sent={"after-cursor": "^Y73"}),
                            get(f"/users?cursor={LAST}", sent={"after-cursor": None})]),
    "keyset": (page(by="keyset", name="since"), [get("/users?since=7&count=2", ids=[8, 9])]),
    "keyset of the next": (page(by="keyset", name="since", first=1), [get("/users?since=8&count=2", ids=[8, 9])]),
    "keyset of texts": ({"/ids": "text", **page(by="keyset", name="since")},
                        [get("/users?since=u7&count=2", ids=["u8", "u9"]), get("/users?since=u77", 400)]),
    "next URL": (url_next(), [get("/users?limit=5", has={"/next": lambda found: re.match(
        r"http://127\.0\.0\.1:\d+/v/users\?limit=5&cursor=Y38%2Bu%2F5%3D%3D$", found)})]),
    "next path": (url_next(**{"as": "path"}), [get("/users", has={"/next": f"/v/users?cursor={TOK}"})]),
    "next relative": (url_next(**{"as": "relative"}), [get("/users", has={"/next": f"users?cursor={TOK}"})]),
    "next of another host": (url_next(**{"as": "other_host"}), [get("/users", has={
        "/next": f"http://other.example.com/v/users?cursor={TOK}"})]),
    "own host": ({**url_next(), "/http": {"host": "https://api.example.com"}},
                 [get("/users", has={"/next": f"https://api.example.com/v/users?cursor={TOK}"})]),
    "bases": ({**url_next(), "/http": {"bases": ["/api/{*}"]}},
              [get("/api/v2/users", has={"/next": lambda found: f"/v/api/v2/users?cursor={TOK}" in found}),
               get("/users")]),
    "Link": (LINK, [get("/users", sent={"Link": r'rel="self", <http://.*cursor=Y73%2B.*>; rel="next"$'}),
                    get(f"/users?cursor={LAST}", sent={"Link": None})]),
    "Link empty": ({"/lists/0/page": CURSOR | {"next": [{"put": "Link", "end": "empty"}]}},
                   [get(f"/users?cursor={LAST}", sent={"Link": "^$"})]),
    "Link with results": ({"/lists/0/page": CURSOR | {"next": [{"put": "Link", "results": True}]}},
                          [get("/users", sent={"Link": 'rel="next"; results="true"; cursor="Y73'}),
                           get(f"/users?cursor={LAST}", sent={"Link": 'rel="next"; results="false"'})]),
    "POST with a body": ({"/lists/0/route": "POST /list", **NEXT, **page(**{"in": "body"})},
                         [step("POST", "/list", 200, {"limit": 3}, ids=[1, 2, 3]),
                          step("POST", "/list", 200, {"cursor": "Y73+u/10=="}, ids=range_of(11, 20)),
                          step("POST", "/list", 400, {"cursor": "x"}),
                          step("POST", "/list", 415, "x", headers={"Content-Type": "text/plain"})]),
    "another path goes on": ({"/lists/0/route": "POST /list", "/lists/0/continued": "POST /list/continue", **NEXT,
                              **page(**{"in": "body", "token_only": True})},
                             [step("POST", "/list", 200, {"limit": 3}, has={"/next": "Y24+u/3=="}),
                              step("POST", "/list/continue", 200, {"cursor": "Y24+u/3=="}, ids=range_of(4, 13)),
                              step("POST", "/list/continue", 400, {"cursor": "Y24+u/3==", "limit": 3})]),
}


def change(**more):
    return {f"/changes/0/{key}": value for key, value in more.items()}


OLD = {"email": "new@example.com", "first": "A", "last": "B"}
WRITES = {
    "merge": ({}, [patch({"first": "A"}, has={"/first": "A", "/role": "standard"}),
                   patch({"prefs": {"a": "x"}}, has={"/prefs": {"a": "x"}}),
                   stored(5, first="A", updated=lambda found: found > "2025")]),
    "deep merge": (change(how="deep"), [patch({"prefs": {"a": "x"}}, has={"/prefs": {"a": "x", "b": "two"}})]),
    "replace removes": (change(how="replace"), [patch(OLD, has={"/role": None, "/id": 5, "/status": "ACTIVE"}),
                                                patch({"first": "A"}, 400), stored(5, _password_losses=1)]),
    "replace keeps": (change(how="replace", omitted="kept"), [patch(OLD, has={"/role": "standard"})]),
    "replace with null": (change(how="replace", omitted="null"), [patch(OLD, like='"role": null')]),
    "replace resets": ({**change(how="replace", omitted="reset"), "/fields/~1role/reset": "none",
                        "/status/omitted": "reset"}, [patch({}, path="/users/10", has={
                            "/role": "none", "/email": "", "/status": "ACTIVE"})]),
    "replace wants all": (change(how="replace", omitted="refused"), [patch(OLD, 400)]),
    "replace removes the status": ({**change(how="replace"), "/status/omitted": "removed"},
                                   [patch(OLD, has={"/status": None})]),
    "envelope": (change(envelope="/user", answer_at="/user"), [patch({"user": {"first": "A"}}, has={"/user/first": "A"}),
                                                              patch({"first": "A"}, 400)]),
    "no envelope crashes": (change(envelope="/user", unwrapped="crash"), [patch({"first": "A"}, 500)]),
    "no envelope ignored": (change(envelope="/user", unwrapped="ignored"), [patch({"first": "A"}, 200),
                                                                           stored(5, first=lambda found: found != "A")]),
    "no envelope taken": (change(envelope="/user", unwrapped="taken"), [patch({"first": "A"}, has={"/first": "A"})]),
    "an array ignored": (change(unwrapped="ignored"), [patch([], 200)]),
    "type and id needed": (change(envelope="/data", needs={"/data/type": "users", "/data/id": "$id"}),
                           [patch({"data": {"type": "users", "id": 5, "first": "A"}}, 400),
                            patch({"data": {"type": "users", "id": 6}}, 400), patch({"data": {"id": 5}}, 400)]),
    "JSON:API": (change(envelope="/data", needs={"/data/id": "$id"}),
                 [patch({"data": {"id": 5, "first": "A"}}, has={"/first": "A"})]),
    "into a part": (change(into="/prefs", how="deep", answer="changed", answer_at="/data"),
                    [patch({"a": "x"}, has={"/data/prefs/a": "x", "/data/email": None})]),
    "answers nothing": (change(answer="none"), [patch({"first": "A"}, 204, text="")]),
    "answers {}": (change(answer="object"), [patch({"first": "A"}, text={})]),
    "answers true": (change(answer="true", status=201), [patch({"first": "A"}, 201, text=True)]),
    "answers what changed": (change(answer="changed"), [patch({"first": "A"}, text={"first": "A", "id": 5})]),
    "answers the old record": (change(answer="old"), [patch({"first": "A"}, has={"/first": lambda found: found != "A"}),
                                                      stored(5, first="A")]),
    "answers the id": (change(answer="id"), [patch({"first": "A"}, text={"id": 5})]),
    "answers other members": (change(answer="members", answer_members={"ok": True, "sent": "$sent", "/a/b": "$id"}),
                              [patch({"first": "A"}, text={"ok": True, "sent": {"first": "A"}, "a": {"b": 5}})]),
    "nothing changed": (change(no_op="none"), [patch({"first": "A"}, 200), patch({"first": "A"}, 204)]),
    "lies": (change(stores="nothing"), [patch({"first": "A"}, has={"/first": "A"}),
                                        stored(5, first=lambda found: found != "A")]),
    "unknown member": ({}, [patch({"x": 1}, 400), patch({"prefs": {"z": 1}}, 400)]),
    "unknown member ignored": (change(unknown="ignored"), [patch({"x": 1}, has={"/x": None})]),
    "unknown member stored": (change(unknown="stored"), [patch({"x": 1}, has={"/x": 1}), get("/users/5", has={"/x": 1})]),
    "read-only member": ({}, [patch({"created": "x"}, 400), patch({"id": 6}, 400), patch({"id": 5})]),
    "read-only member ignored": ({"/fields/~1created/write": "ignored"}, [patch({"created": "x"}),
                                                                         stored(5, created=lambda found: found != "x")]),
    "refused though it is shown": ({"/fields/~1role/write": "refused"}, [patch({"role": None}, 400)]),
    "required": ({}, [patch({"email": None}, 400), patch({"email": ""}, 400)]),
    "required unchecked": (change(required="unchecked"), [patch({"email": ""})]),
    "wrong type": ({}, [patch({"first": 5}, 400), patch({"email": "x"}, 400), patch({"prefs": {"a": 5}}, 400)]),
    "null stored": ({}, [patch({"role": None}, like='"role": null')]),
    "null removes": (change(null="removed"), [patch({"role": None}), get("/users/5", has={"": lambda found: "role" not in found})]),
    "null refused": (change(null="refused"), [patch({"role": None}, 400)]),
    "email taken": ({}, [patch({"email": "jane.doe1@example.com"}, 409)]),
    "email taken twice": (change(taken="allowed"), [patch({"email": "jane.doe1@example.com"})]),
    "media type": ({}, [patch("{}", 415, headers={"Content-Type": "text/plain"})]),
    "media type ignored": (change(other_media="ignored"),
                           [patch('{"first":"A"}', headers={"Content-Type": "text/plain"}),
                            stored(5, first=lambda found: found != "A")]),
    "media type taken": (change(other_media="taken"), [patch('{"first":"A"}', headers={"Content-Type": "text/plain"},
                                                             has={"/first": "A"})]),
    "media type crashes": (change(other_media="crash"), [patch("{}", 500, headers={"Content-Type": "text/plain"})]),
    "form": (change(media=["application/x-www-form-urlencoded"], how="deep"),
             [patch("first=A%20B+C&prefs[a]=x", headers={"Content-Type": "application/x-www-form-urlencoded"},
                    has={"/first": "A B C", "/prefs/a": "x", "/prefs/b": "two"}), patch({}, 415)]),
    "not JSON": ({}, [patch("{bad", 400, headers=JSON)]),
    "missing": ({}, [patch({"first": "A"}, 404, path="/users/99")]),
    "missing is done": (change(missing="done"), [patch({"first": "A"}, 204, path="/users/99")]),
    "missing is made": ({**change(missing="created", how="replace", created_status=201)},
                        [patch(OLD, 201, path="/users/99"), get("/users/99", has={"/first": "A"}),
                         patch(OLD, 412, path="/users/98", headers={"If-Match": "*"}),
                         patch(OLD, 412, path="/users/99", headers={"If-None-Match": "*"})]),
    "trimmed": ({"/fields/~1first/stored": "trimmed"}, [patch({"first": " A "}, has={"/first": "A"})]),
    "lower": ({"/fields/~1email/stored": "lower"}, [patch({"email": "A@X.ORG"}, has={"/email": "a@x.org"})]),
    "upper": ({"/fields/~1first/stored": "upper"}, [patch({"first": "ab"}, has={"/first": "AB"})]),
    "capital": ({"/fields/~1first/stored": "capital"}, [patch({"first": "ab"}, has={"/first": "Ab"})]),
    "cut": ({"/fields/~1first/stored": "cut"}, [patch({"first": "123456789äb"}, has={"/first": "123456789"})]),
    "as text": ({"/fields/~1first/stored": "text"}, [patch({"first": 5}, has={"/first": "5"})]),
    "minutes": ({"/fields/~1role/stored": "minutes"}, [patch({"role": "2026-01-01T10:20:30Z"},
                                                             has={"/role": "2026-01-01T10:20:00Z"})]),
    "masked": ({"/fields/~1password/mask": "**********"},
               [get("/users/5", has={"/password": "**********"}), get("/users", has={"/users/0/password": "**********"}),
                patch({"password": "**********"}), stored(5, password="**********", _password_changes=1)]),
    "password hidden": ({}, [get("/users/5", has={"/password": None}), stored(5, password="password-CANARY-5"),
                             patch({"password": "12345678"}, has={"/password": None}), stored(5, _password_changes=1)]),
    "secret in lists": ({"/fields/~1key": {"holds": "secret"}}, [get("/users", has={"/users/0/key": "secret-CANARY-1"})]),
    "name recomputed": ({"/fields/~1full": {"holds": "name", "recomputed": True}, **change(null="removed")},
                        [patch({"full": None, "first": "A", "last": "B"}, has={"/full": "A B"})]),
    "If-Match ignored": ({"/http": {"etag": "version"}}, [get("/users/5", sent={"ETag": '^"v1"$'}),
                                                          patch({"first": "A"}, headers={"If-Match": '"x"'})]),
    "If-Match checked": ({"/http": {"etag": "version"}, **change(if_match="checked")},
                         [patch({"first": "A"}, 412, headers={"If-Match": '"x"'}),
                          patch({"first": "A"}, headers={"If-Match": '"v1"'}), patch({"first": "B"})]),
    "If-Match required": ({"/http": {"etag": "version"}, **change(if_match="required")},
                          [patch({"first": "A"}, 412), patch({"first": "A"}, headers={"If-Match": '"v1"'})]),
    "If-Match refused": (change(if_match="refused"), [get("/users/5", sent={"ETag": None}),
                                                      patch({"first": "A"}, 412, headers={"If-Match": '"v1"'}),
                                                      patch({"first": "A"}, headers={"If-Match": "*"})]),
    "weak tag": ({"/http": {"etag": "weak"}}, [get("/users/5", sent={"ETag": '^W/"v1"$'})]),
    "tag of the body": ({"/http": {"etag": "hash"}, "/fields/~1etag": {"holds": "etag"}},
                        [get("/users/5", sent={"ETag": '^"[0-9a-f]{16}"$'}, like=r'"etag": "\\"[0-9a-f]{16}')]),
    "Keystone's extra": (change(unknown="stored", answer_at="/user", answer_members={"/user/extra": "$sent"}),
                         [patch({"x": 1}, has={"/user/extra": {"x": 1}})]),
}


def create(**more):
    return {f"/creates/0/{key}": value for key, value in more.items()}


def post(body, status, **more):
    return step("POST", "/users", status, body, **more)


def delete(status, path="/users/5", **more):
    return step("DELETE", path, status, **more)


def deletes(**more):
    return {f"/deletes/0/{key}": value for key, value in more.items()}


LIVES = {
    "create": ({}, [post(OLD, 201, has={"/id": 24, "/status": "ACTIVE", "/first": "A", "/prefs/a": "one"}),
                    get("/users/24"), post({"first": "A"}, 400), post({**OLD, "id": 7}, 400)]),
    "create 200": (create(status=200), [post(OLD, 200)]),
    "create without a record": (create(answer="none"), [post(OLD, 204, text="")]),
    "create with a Location": (create(answer="none", status=201, location="absolute"),
                               [post(OLD, 201, sent={"Location": r"^http://127.*/v/users/24$"}, text="")]),
    "create with a path": (create(location="path"), [post(OLD, 201, sent={"Location": "^/v/users/24$"})]),
    "create with a relative Location": (create(location="relative"), [post(OLD, 201, sent={"Location": "^users/24$"})]),
    "create answers the id": (create(answer="id"), [post(OLD, 201, text={"id": 24})]),
    "create in a state": (create(start="off"), [post(OLD, 201, has={"/status": "OFF"})]),
    "create with constants": (create(envelope="/user_info", needs={"/action": "create"}),
                              [post({"action": "create", "user_info": OLD}, 201), post({"user_info": OLD}, 400)]),
    "create lies": (create(stores="nothing"), [post(OLD, 201), get("/users/24", 404)]),
    "create of nothing": (create(required="unchecked"), [post({}, 201)]),
    "create of a taken email": ({}, [post({**OLD, "email": "jane.doe1@example.com"}, 409)]),
    "create finds the other": (create(taken="existing"), [post({**OLD, "email": "jane.doe1@example.com"}, 200, has={"/id": 1})]),
    "delete": ({}, [delete(204), delete(404), get("/users/5", 404)]),
    "delete again": (deletes(again="done"), [delete(204), delete(204)]),
    "delete answers": (deletes(answer="record"), [delete(200, has={"/id": 5})]),
    "delete answers {}": (deletes(answer="object"), [delete(200, text={})]),
    "delete deactivates": (deletes(kind="deactivates", to="off"), [delete(204), get("/users/5", has={"/status": "OFF"}),
                                                                  delete(204)]),
    "delete deactivates once": (deletes(kind="deactivates", to="off", again="error"), [delete(204), delete(404)]),
    "delete in two steps": (deletes(kind="two_steps", to="off"), [delete(204), get("/users/5"), delete(204),
                                                                 get("/users/5", 404)]),
    "delete hides": (deletes(kind="hides"), [delete(204, "/users/1"), get("/users/1"), delete(204, "/users/1"),
                                             get("/users", ids=range_of(2, 11))]),
    "delete from a state": ({"/deletes/0/from": ["off"]}, [delete(409), delete(204, "/users/10")]),
    "delete with a query": ({"/deletes/0/route": "DELETE /users/{id}?action=delete"},
                            [delete(400), delete(204, "/users/5?action=delete")]),
}

MOVES = [{"route": "POST /users/{id}/suspend", "from": ["active"], "to": "off"},
         {"route": "PUT /users/{id}/status", "when": {"/action": "activate"}, "to": "active", "answer": "none"},
         {"route": "POST /off", "id_at": "/user/id", "to": "off", "answer": "true", "status": 201}]


def status(states, **more):
    return {"/status": {"at": "/status", "states": states, **more}}


STATES = {
    "field": ({}, [patch({"status": "OFF"}, has={"/status": "OFF"}), stored(5, _state="off"),
                   patch({"status": "WIBBLE"}, 400), patch({"status": None}, 400)]),
    "any text": ({"/status/values": "any"}, [patch({"status": "wibble"}, has={"/status": "wibble"}), stored(5, _state=None)]),
    "ignored": ({"/status/write": "ignored"}, [patch({"status": "OFF"}, has={"/status": "ACTIVE"})]),
    "refused": ({"/status/write": "refused"}, [patch({"status": "OFF"}, 400), patch({"status": "ACTIVE"})]),
    "boolean": (status({"on": True, "off": False}), [patch({"status": False}, has={"/status": False}),
                                                     patch({"status": "False"}, 400), stored(5, _state="off")]),
    "negative": (status({"on": False, "off": True}), [get("/users/10", has={"/status": True})]),
    "lenient": (status({"on": True, "off": False}, values="lenient"), [patch({"status": "no"}, has={"/status": False})]),
    "text stored": (status({"on": True, "off": False}, values="any"), [patch({"status": "False"}, has={"/status": "False"})]),
    "texts": (status({"on": "True", "off": "False"}), [get("/users/10", has={"/status": "False"})]),
    "number": (status({"on": 1, "reg": 2, "off": 3}), [patch({"status": 3}, has={"/status": 3}), patch({"status": 77}, 400),
                                                       get("/users/10", has={"/status": 2}), get("/users/20", has={"/status": 3})]),
    "absent": (status({"on": {"absent": True, "taken": [False]}, "off": True}),
               [get("/users/5", has={"": lambda found: "status" not in found}), patch({"status": True}, has={"/status": True}),
                patch({"status": False}, has={"": lambda found: "status" not in found})]),
    "time": (status({"on": None, "off": {"time": "ms"}}, write="refused", moves=[{"route": "POST /users/{id}/off", "to": "off"}]),
             [get("/users/5", like='"status": null'), step("POST", "/users/5/off", 200, has={
                 "/status": lambda found: found > 10**12}), stored(5, _state="off")]),
    "nested": ({"/status": {"at": "/prefs/state/.tag", "states": {"on": "a", "off": "b"}}},
               [get("/users/10", has={"/prefs/state/.tag": "b"})]),
    "two members": (status({"on": {"is": False, "also": {"/word": "Active"}}, "off": {"is": True, "also": {"/word": "Off"}}}),
                    [patch({"status": True}, has={"/word": "Off"}), get("/users/1", has={"/word": "Active"})]),
    "no status": ({"/status": None}, [get("/users/10", has={"/status": None}), patch({"status": "x"}, 400)]),
    "only one way": (status({"on": True, "off": False}, only=[False]), [patch({"status": False}), patch({"status": True}, 400)]),
    "removes": (status({"on": True, "off": {"is": False, "removes": True}}), [patch({"status": False}), get("/users/5", 404)]),
    "several are seeded": (status({"a": "A", "b": "B", "c": "C"}), [get("/users/10", has={"/status": "B"}),
                                                                    get("/users/20", has={"/status": "C"})]),
    "requests": ({"/status/moves": MOVES},
                 [step("POST", "/users/5/suspend", 200, has={"/status": "OFF"}), step("POST", "/users/5/suspend", 409),
                  step("PUT", "/users/5/status", 204, {"action": "activate"}, text=""),
                  step("PUT", "/users/5/status", 400, {"action": "x"}), stored(5, _state="active"),
                  step("POST", "/off", 201, {"user": {"id": 5}}, text=True), stored(5, _state="off"),
                  step("POST", "/users/99/suspend", 404)]),
    "request done twice": ({"/status/moves": [MOVES[0] | {"again": "done"}]},
                           [step("POST", "/users/5/suspend", 200), step("POST", "/users/5/suspend", 200)]),
    "request lies": ({"/status/moves": [MOVES[0] | {"stores": "nothing"}]},
                     [step("POST", "/users/5/suspend", 200, has={"/status": "OFF"}), stored(5, _state="active")]),
}


def kind(name, **more):
    return {f"/errors/kinds/{name}": more}


ERRORS = {
    "shape": ({"/errors": {"shape": {"errors": [{"detail": "$words", "status": "$status", "code": "$code", "s": "$status_text"}]}}},
              [get("/users/99", 404, has={"/errors/0": {"detail": "Not found.", "status": 404, "code": "not_found", "s": "404"}})]),
    "field as a key": ({"/errors": {"shape": {"$field": ["$words"]}}}, [patch({"email": None}, 400, has={
        "/email/0": "This field is required."})]),
    "an array on top": ({"/errors": {"shape": [{"message": "$words"}]}}, [get("/users/99", 404, has={"/0/message": "Not found."})]),
    "empty": ({"/errors": {"shape": None}}, [get("/users/99", 404, text="")]),
    "html": ({"/errors": {"shape": "<h1>$words</h1>"}}, [get("/users/99", 404, text="<h1>Not found.</h1>",
                                                             sent={"Content-Type": "text/html"})]),
    "text": ({"/errors": {"shape": "$words", "type": "text/plain"}}, [get("/users/99", 404, text="Not found.",
                                                                          sent={"Content-Type": "text/plain"})]),
    "quotes the request": ({"/errors": {"shape": {"e": "JSON is: $body"}}}, [patch("{bad", 400, headers=JSON,
                                                                                  has={"/e": "JSON is: {bad"})]),
    "all are 200": ({"/errors": {"status": 200, "shape": {"ok": False, "error": "$code"}}, "/http": {"success": {"ok": True}}},
                    [get("/users/99", 200, has={"/ok": False, "/error": "not_found"}), get("/users/5", has={"/ok": True})]),
    "missing is 403": (kind("not_found", status=403, words="No permission.", code="FORBIDDEN"),
                       [get("/users/99", 403, has={"/message": "No permission."})]),
    "missing is 410": (kind("not_found", status=410), [get("/users/99", 410)]),
    "taken is 422": (kind("taken", status=422), [patch({"email": "jane.doe1@example.com"}, 422)]),
    "crash as html": (kind("taken", status=500, shape="<pre>stack</pre>"), [patch({"email": "jane.doe1@example.com"}, 500,
                                                                                  text="<pre>stack</pre>")]),
    "a shape of one kind": (kind("method", shape={"only": "$words"}, type="application/problem+json"),
                            [step("PUT", "/users/5", 405, has={"/only": "Method not allowed."}, sent={
                                "Allow": "GET", "Content-Type": "application/problem"})]),
    "headers": (kind("auth", headers={"WWW-Authenticate": "Token"}), [get("/users", 401, headers={"Authorization": "x"},
                                                                        sent={"WWW-Authenticate": "^Token$"})]),
    "route": ({}, [get("/nope", 404), get("", 404)]),
    "slash strict": ({}, [get("/users/", 404)]),
    "slash any": ({"/http": {"slash": "any"}}, [get("/users/", ids=range_of(1, 10))]),
    "slash redirects": ({"/http": {"slash": "redirect"}, "/changes/0/route": "PATCH /users/{id}/",
                         "/items/0/route": "GET /users/{id}/", "/deletes": None},
                        [patch({}, 301, path="/users/5?x=1", sent={"Location": r"/v/users/5/\?x=1$"})]),
    "suffix": ({"/items/0/route": "GET /users/{id}.json", "/http": {"without_json": "html"}},
               [get("/users/5.json", has={"/id": 5}), get("/users/5", 405)]),
    "suffix as html": ({"/lists/0/route": "GET /people.json", "/http": {"without_json": "html"}},
                       [get("/people", 200, like="DOCTYPE"), get("/people.json", ids=range_of(1, 10))]),
    "media type of answers": ({"/http": {"type": "text/plain", "headers": {"X-Limit": "5"}}},
                              [get("/users/5", sent={"Content-Type": "text/plain", "X-Limit": "^5$"})]),
    "headers needed": ({"/http": {"needs": {"X-Version": "2"}, "needs_to_write": {"X-Requested-With": "*"}}},
                       [get("/users", 400), get("/users", headers={"X-Version": "2"}),
                        patch({}, 400, headers={"X-Version": "2"}),
                        patch({}, headers={"X-Version": "2", "X-Requested-With": "y"})]),
    "ids that are escaped": ({"/ids": "piped"}, [get("/users/vendor%7C5", has={"/id": "vendor|5"})]),
    "hex ids": ({"/ids": "hex"}, [get("/users", has={"/users/0/id": lambda found: re.fullmatch("[0-9a-f]{32}", found)})]),
    "uuids": ({"/ids": "uuid"}, [get("/users", has={"/users/0/id": lambda found: len(found) == 36})]),
    "ids of logins": ({"/ids": "login"}, [get("/users/jane.doe1", has={"/id": "jane.doe1"})]),
    "ids of emails": ({"/ids": "email"}, [get("/users/jane.doe1@example.com")]),
}


def auth(*checks, **more):
    return {"/auth": {"checks": list(checks), **more}}


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


LET_IN = {
    "bearer": ({}, [get("/users"), get("/users", 401, headers={"Authorization": "Bearer x"})]),
    "template": (auth({"header": "Authorization", "is": "Token token=CANARY"}),
                 [get("/users", headers={"Authorization": "Token token=CANARY"}),
                  get("/users", 401, headers={"Authorization": "Bearer CANARY"})]),
    "two headers": (auth({"header": "X-A", "is": "1"}, {"header": "X-B", "is": "2"}),
                    [get("/users", headers={"X-A": "1", "X-B": "2"}), get("/users", 401, headers={"X-A": "1"})]),
    "either": (auth({"header": "X-A", "is": "1"}, {"or": True, "header": "X-B", "is": "2"}),
               [get("/users", headers={"X-B": "2"}), get("/users", headers={"X-A": "1"}), get("/users", 401)]),
    "basic": (auth({"basic": ["me", "CANARY"]}), [get("/users", headers=basic("me", "CANARY")),
                                                  get("/users", 401, headers=basic("me", ""))]),
    "empty password": (auth({"basic": ["CANARY", ""]}), [get("/users", headers=basic("CANARY", "")),
                                                         get("/users", 401, headers=basic("CANARY", "x"))]),
    "empty user": (auth({"basic": ["", "CANARY"]}), [get("/users", headers=basic("", "CANARY"))]),
    "any password": (auth({"basic": ["CANARY", "*"]}), [get("/users", headers=basic("CANARY", "zz"))]),
    "query": (auth({"query": "api_token", "is": "CANARY"}), [get("/users/1?api_token=CANARY"), get("/users/1", 401)]),
    "none is not wrong": ({**auth({"header": "X-Key", "is": "1"}), **kind("no_credentials", status=403),
                           **kind("auth", status=401, shape="odd")},
                          [get("/users", 403), get("/users", 401, headers={"X-Key": "2"}, text="odd")]),
}


def grant(**more):
    part = {"route": "POST /oauth/token", "token": "/access_token", "expects": {"/client_id": "me", "/client_secret": "CANARY"}}
    return auth({"header": "Authorization", "is": "Bearer {token}"}, grants=[part | more])


def ask_token(body, status=200, headers=None, path="/oauth/token", **more):
    return step("POST", path, status, body, headers=headers, **more)


CLIENT = {"client_id": "me", "client_secret": "CANARY"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FIRST = "Bearer token-CANARY-v-1"
TOKENS = {
    "form": (grant(media="form"), [ask_token("client_id=me&client_secret=CANARY", headers=FORM), ask_token(CLIENT, 401),
                                   get("/users", headers={"Authorization": FIRST}), get("/users", 401)]),
    "json": (grant(media="json"), [ask_token(CLIENT, has={"/access_token": "token-CANARY-v-1"}),
                                   ask_token("client_id=me&client_secret=CANARY", 401, headers=FORM)]),
    "wrong": (grant(), [ask_token({"client_id": "me", "client_secret": "x"}, 401)]),
    "basic": (grant(basic=["me", "CANARY"], expects={"/grant_type": "*"}), [
        ask_token({"grant_type": "x"}, headers=basic("me", "CANARY")), ask_token({"grant_type": "x"}, 401)]),
    "extra parameters": (grant(expects={"/audience": "a", "/scope": "*"}), [ask_token({"audience": "a"}, 401),
                                                                           ask_token({"audience": "a", "scope": "s"})]),
    "in the query": (grant(expects={"?grant_type": "acc"}, media="none"), [
        ask_token(None, path="/oauth/token?grant_type=acc"), ask_token(None, 401)]),
    "odd header": (grant(headers={"Authorization": "client_id:me"}, expects={}), [
        ask_token({}, headers={"Authorization": "client_id:me"}), ask_token({}, 401)]),
    "token in a header": (grant(token="/x", token_header="X-Subject-Token", status=201),
                          [ask_token(CLIENT, 201, sent={"X-Subject-Token": "^token-CANARY-v-1$"})]),
    "members": (grant(members={"instance_url": "http://x"}), [ask_token(CLIENT, has={"/instance_url": "http://x"})]),
    "seconds": (grant(expires="/expires_in", ttl=60), [ask_token(CLIENT, has={"/expires_in": 60})]),
    "milliseconds": (grant(expires="/data/expires", expires_form="left_ms", ttl=900),
                     [ask_token(CLIENT, has={"/data/expires": 900000})]),
    "seconds as text": (grant(expires="/e", expires_form="left_text", ttl=60), [ask_token(CLIENT, has={"/e": "60"})]),
    "a date": (grant(expires="/e", expires_form="iso"), [ask_token(CLIENT, has={"/e": lambda found: found > "2026-"})]),
    "an epoch": (grant(expires="/e", expires_form="ms"), [ask_token(CLIENT, has={"/e": lambda found: found > 10**12})]),
    "no lifetime": (grant(ttl=0), [ask_token(CLIENT), get("/users", headers={"Authorization": FIRST})]),
    "one at a time": (grant(one_token=True), [ask_token(CLIENT), ask_token(CLIENT),
                                              get("/users", 401, headers={"Authorization": FIRST})]),
    "several live": (grant(), [ask_token(CLIENT), ask_token(CLIENT), get("/users", headers={"Authorization": FIRST})]),
    "rotating": (grant(expects={}, refresh_in="/refresh_token", refresh_out="/refresh_token", refresh_first="r0", rotates=True),
                 [ask_token({"refresh_token": "r0"}, has={"/refresh_token": "refresh-CANARY-v-1"}),
                  ask_token({"refresh_token": "r0"}, 401), ask_token({"refresh_token": "refresh-CANARY-v-1"})]),
    "refresh that stays": (grant(expects={}, refresh_in="/refresh_token", refresh_first="r0"),
                           [ask_token({"refresh_token": "r0"}), ask_token({"refresh_token": "r0"}), ask_token({}, 401)]),
}


def ops(*operations, **more):
    return SCHEMAS | {"Operations": [dict(zip(("op", "path", "value"), one)) for one in operations]} | more


def scim_patch(body, status=200, path="/Users/U5", **more):
    return step("PATCH", path, status, body, **more)


def at_scim(index=0, **more):
    return {f"/changes/{index}/{key}": value for key, value in more.items()}


def switches(**more):
    return {f"/changes/0/ops/{key}": value for key, value in more.items()}


WORK = 'emails[type eq "work"].value'
SCIMS = {
    "list": ({}, [get("/Users?startIndex=21&count=5", has={"/totalResults": 23, "/startIndex": 21, "/itemsPerPage": 3})]),
    "all told": ({}, [get("/Users", has={"/itemsPerPage": 23}), get("/Users?startIndex=0&count=1", has={"/startIndex": 1}),
                      get("/Users?count=0", has={"/itemsPerPage": 0, "/totalResults": 23})]),
    "itemsPerPage lies": ({"/lists/0/page/echo/~1itemsPerPage": "asked"}, [get("/Users?count=1000", has={"/itemsPerPage": 1000})]),
    "past the end": ({"/lists/0/page/past": "first"}, [get("/Users?startIndex=99&count=2", has={
        "/Resources/0/userName": "jane.doe1@example.com"})]),
    "20 rows": ({"/lists/0/page/size": 20}, [get("/Users", has={"/itemsPerPage": 20})]),
    "config": ({}, [get("/ServiceProviderConfig", has={"/patch/supported": True})]),
    "no config": ({"/documents": None}, [get("/ServiceProviderConfig", 404)]),
    "no patch": ({"/documents/0/answer/patch/supported": False, "/changes/0": None},
                 [get("/ServiceProviderConfig", has={"/patch/supported": False}), scim_patch(ops(), 405)]),
    "active": ({}, [scim_patch(ops(("replace", "active", False)), has={"/active": False}),
                    scim_patch(ops(("Replace", "active", True)), has={"/active": True})]),
    "active as a text": ({}, [scim_patch(ops(("replace", "active", "False")), 400, has={"/scimType": "invalidValue"})]),
    "active as a text stored": ({"/status/values": "any"}, [scim_patch(ops(("replace", "active", "False")), has={"/active": "False"})]),
    "active as a text taken": ({"/status/values": "lenient"}, [scim_patch(ops(("replace", "active", "False")), has={"/active": False})]),
    "no path": ({}, [scim_patch(SCHEMAS | {"Operations": [{"op": "replace", "value": {"active": False, "title": "T"}}]},
                                has={"/active": False, "/title": "T"})]),
    "sub-attribute": ({}, [scim_patch(ops(("replace", "name.givenName", "G")), has={"/name/givenName": "G"})]),
    "value filter": ({}, [scim_patch(ops(("replace", WORK, "w@x.org")), has={"/emails/0/value": "w@x.org", "/emails/0/type": "work"}),
                          scim_patch(ops(("replace", 'emails[value eq "w@x.org"].type', "other")), has={"/emails/0/type": "other"}),
                          scim_patch(ops(("remove", "emails[primary eq true]")), has={"/emails/1": None, "/emails/0/type": "home"})]),
    "no target": ({}, [scim_patch(ops(("replace", 'emails[type eq "x"].value', "w@x.org")), 400, has={"/scimType": "noTarget"})]),
    "no target ignored": (switches(no_target="ignored"), [scim_patch(ops(("replace", 'emails[type eq "x"].value', "w@x.org")))]),
    "extension": ({}, [scim_patch(ops(("replace", ENTERPRISE + ":department", "D")),
                                  has={"/" + ENTERPRISE + "/department": "D"})]),
    "core URN": ({}, [scim_patch(ops(("replace", "urn:ietf:params:scim:schemas:core:2.0:User:title", "T")), has={"/title": "T"})]),
    "add and remove": ({}, [scim_patch(ops(("add", "emails", [{"value": "n@x.org", "type": "other"}])), has={"/emails/2/value": "n@x.org"}),
                            scim_patch(ops(("remove", "externalId")), has={"/externalId": None})]),
    "unknown path": ({}, [scim_patch(ops(("replace", "wibble", 1)), 400, has={"/scimType": "invalidPath"})]),
    "unknown path stored": (switches(unknown="stored"), [scim_patch(ops(("replace", "wibble", 1)), has={"/wibble": 1})]),
    "unknown path ignored": (switches(unknown="ignored"), [scim_patch(ops(("replace", "wibble", 1)), has={"/wibble": None})]),
    "id": ({}, [scim_patch(ops(("replace", "id", "x")), 400, has={"/scimType": "mutability"})]),
    "only active": (switches(only=["active"]), [scim_patch(ops(("replace", "title", "T")), 400), scim_patch(ops(("replace", "active", False)))]),
    "simple paths": (switches(paths="refused"), [scim_patch(ops(("replace", WORK, "w@x.org")), 400)]),
    "states": ({"/changes/0/ops/states": {"true": "active", "false": "inactive"}},
               [scim_patch(ops(("replace", "active", "False")), has={"/active": False})]),
    "schemas": ({}, [scim_patch({"Operations": []}, 400)]),
    "no schemas": (switches(schemas="optional", empty="taken"), [scim_patch({"Operations": []})]),
    "no operations": ({}, [scim_patch(ops(), 400)]),
    "no-op 204": (at_scim(no_op="none"), [scim_patch(ops(("replace", "active", True)), 204, text=""),
                                          scim_patch(ops(("replace", "active", False)))]),
    "always 204": (at_scim(answer="none"), [scim_patch(ops(("replace", "active", False)), 204, text="")]),
    "PUT reactivates": ({}, [step("PUT", "/Users/U10", 200, SCHEMAS | {"userName": "n@x.org"}, has={"/active": True, "/title": None})]),
    "PUT removes active": ({"/status/omitted": "removed"}, [step("PUT", "/Users/U10", 200, SCHEMAS | {"userName": "n@x.org"},
                                                                has={"/active": None})]),
    "PUT keeps active": ({"/status/omitted": "kept"}, [step("PUT", "/Users/U10", 200, SCHEMAS | {"userName": "n@x.org"},
                                                            has={"/active": False})]),
    "PUT without": ({}, [step("PUT", "/Users/U5", 400, {"userName": "n@x.org"}), step("PUT", "/Users/U5", 400, SCHEMAS)]),
    "POST": ({}, [step("POST", "/Users", 201, SCHEMAS | {"userName": "n@x.org"}, sent={"Location": "/v/Users/"}),
                  step("POST", "/Users", 409, SCHEMAS | {"userName": "n@x.org"}, has={"/scimType": "uniqueness", "/status": "409"})]),
    "filter": ({}, [get("/Users?filter=" + urllib.parse.quote('userName eq "JANE.doe1@example.com"'), has={"/totalResults": 1}),
                    get("/Users?filter=" + urllib.parse.quote('emails[type eq "work"].value eq "jane.doe1@example.com"'), has={"/totalResults": 1}),
                    get("/Users?filter=userName+sw+x", 400, has={"/scimType": "invalidFilter"})]),
    "filter exact": ({"/lists/0/scim_filter": "exact"}, [get("/Users?filter=" + urllib.parse.quote('userName eq "JANE.doe1@example.com"'),
                                                            has={"/totalResults": 0})]),
    "filter ignored": ({"/lists/0/scim_filter": "ignored"}, [get("/Users?filter=userName+eq+%22x%22", has={"/totalResults": 23})]),
    "filter refused": ({"/lists/0/scim_filter": "refused"}, [get("/Users?filter=userName+eq+%22x%22", 400)]),
    "filter of any attribute": ({"/lists/0/scim_filter": "any_attribute"}, [
        get("/Users?filter=" + urllib.parse.quote('wibble eq "jane.doe1@example.com"'), has={"/totalResults": 1})]),
    "location relative": ({"/fields/~1meta~1location/form": "path"}, [get("/Users/U5", has={
        "/meta/location": lambda found: found.startswith("/v/Users/")})]),
    "media type": ({}, [get("/Users/U5", sent={"Content-Type": "application/scim"}), scim_patch("x", 415, headers={"Content-Type": "text/plain"})]),
    "groups": ({}, [get("/Groups?startIndex=1&count=2", has={"/totalResults": 6, "/Resources/1/displayName": "Group 2"}),
                    get("/Groups/g1", has={"/members/0/value": "U1"}),
                    step("PATCH", "/Groups/g1", 200, ops(("add", "members", [{"value": "U5"}])), has={
                        "/members": lambda found: {"value": "U5"} in found}),
                    step("PATCH", "/Groups/g1", 200, ops(("remove", 'members[value eq "U5"]')), has={
                        "/members": lambda found: {"value": "U5"} not in found}), get("/Groups/nope", 404)]),
}

GROUPS = {"many": 3, "ids": "numbers", "lists": [{"route": "GET /groups", "rows": ""}],
          "items": [{"route": "GET /groups/{place}"}],
          "member_lists": [{"route": "GET /groups/{place}/members", "rows": ""}],
          "joins": [{"route": "PUT /groups/{place}/members/{id}", "answer": "none"},
                    {"route": "POST /groups/{place}/join", "id_at": "/user", "status": 201, "again": "error"}],
          "leaves": [{"route": "DELETE /groups/{place}/members/{id}", "answer": "none", "again": "error"}]}
PLACES = {
    "lists": ({"/places": GROUPS}, [get("/groups", text=[{"id": n, "name": f"Group {n}"} for n in (1, 2, 3)]),
                                    get("/groups/2", text={"id": 2, "name": "Group 2"}), get("/groups/9", 404),
                                    get("/groups/9/members", 404)]),
    "members": ({"/places": GROUPS}, [get("/groups/1/members", has={"/0/id": 1, "/0/email": "jane.doe1@example.com"}),
                                      step("PUT", "/groups/1/members/5", 204), step("PUT", "/groups/1/members/5", 204),
                                      get("/groups/1/members", like='"id": 5,'),
                                      step("DELETE", "/groups/1/members/5", 204), step("DELETE", "/groups/1/members/5", 404),
                                      step("POST", "/groups/1/join", 201, {"user": 5}), step("POST", "/groups/1/join", 409, {"user": 5}),
                                      step("POST", "/groups/1/join", 404, {"user": 99})]),
    "only ids": ({"/places": GROUPS, "/places/member_lists/0/short_rows": True, "/places/member_lists/0/row": "/user/id"},
                 [get("/groups/1/members", has={"/0": {"user": {"id": 1}}})]),
    "inside": ({"/places": GROUPS, "/places/members": "/members", "/places/member": "/user", "/places/members_in_rows": False},
               [get("/groups/1", has={"/members/0": {"user": 1}}), get("/groups", has={"/0/members": None})]),
    "plain ids inside": ({"/places": GROUPS, "/places/members": "/members", "/places/fields": {"/kind": "team"}},
                         [get("/groups/1", has={"/members/0": 1, "/kind": "team"}), step("PUT", "/groups/1/members/5", 204),
                          get("/__sandbox/v/places/1", has={"/members": lambda found: 5 in found})]),
    "a change": ({"/places": GROUPS, "/places/changes": [{"route": "PATCH /groups/{place}", "how": "deep"}]},
                 [step("PATCH", "/groups/1", 200, {"name": "N"}, has={"/name": "N"}), get("/groups/1", has={"/name": "N"})]),
    "a lie": ({"/places": GROUPS, "/places/joins/0/stores": "nothing"}, [step("PUT", "/groups/1/members/5", 204),
                                                                        get("/groups/1/members", like='^((?!"id": 5,).)*$')]),
}


def cases(**tables):
    return [pytest.param(changes, steps, id=f"{table}: {name}")
            for table, rows_of in tables.items() for name, (changes, steps) in rows_of.items()]



@pytest.mark.parametrize(("changes", "steps"), cases(lists=LISTS, pages=PAGES, writes=WRITES, lives=LIVES, states=STATES,
                                                     errors=ERRORS, auth=LET_IN, tokens=TOKENS, places=PLACES))
def test_switch(vendor, changes, steps):
    v = vendor(None, changes)
    for one in steps:
        check(v, one)


def resolve(value, ids):
    """U5 is the id of the fifth user."""
    if isinstance(value, str):
        return re.sub(r"\bU(\d+)\b", lambda match: ids[int(match.group(1)) - 1], value)
    if isinstance(value, dict):
        return {key: resolve(member, ids) for key, member in value.items()}
    return [resolve(member, ids) for member in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("changes", "steps"), cases(scim=SCIMS))
def test_scim(vendor, changes, steps):
    v = vendor(SCIM, changes)
    ids = [user["id"] for user in v.box.control("GET", "v/users")]
    for one in steps:
        if "/Groups" in one["path"] and callable(one["has"].get("/members")):
            wanted = one["has"]["/members"]
            one = one | {"has": {"/members": lambda found, wanted=wanted: wanted(
                json.loads(json.dumps(found).replace(ids[4], "U5")))}}
        check(v, resolve(one, ids))


def test_unknown_member_of_a_play(test_dir):
    for play, words in (({"usres": 5}, "usres: no such member"), ({**PLAY, "ids": "x"}, "ids: not one of"),
                        ({**PLAY, "lists": [{"route": "GET users"}]}, "lists.0.route: not a value"),
                        ({**PLAY, "lists": [{"rows": ""}]}, "lists.0: route is missing"),
                        ({**PLAY, "fields": {}}, "none holds the id"),
                        ({**PLAY, "deletes": [{"route": "DELETE /a", "to": "x"}]}, "not one of status.states")):
        file = write(test_dir, "bad.json", play)
        done = subprocess.run([harness.BUILD / "rosterfs-sandbox", "--play", f"v={file}"], capture_output=True, text=True,
                              timeout=20 * harness.SCALE, check=False)
        assert done.returncode == 2 and f"{file}: {words}" in done.stderr or f"{words}" in done.stderr, done
        assert done.stdout == "" and str(file) in done.stderr


def test_faults_journal_and_limits(vendor):
    v = vendor()
    box = v.box
    assert [v.ask("GET", "/users")[0], v.ask("GET", "/nope")[0]] == [200, 404]
    assert box.counts()["GET /v/users"] == 1 and box.counts()["GET /v/other"] == 1
    assert v.ask("PATCH", "/users/5", {"first": "A", "password": "12345678"})[0] == 200
    entry = box.journal()[-1]
    assert entry["id"] == "5" and "12345678" not in json.dumps(entry) and entry["state"] == "answered"
    box.fault(fault="status", status=429, retry_after=7, path="/v/users")
    status, _, headers = v.ask("GET", "/users")
    assert status == 429 and headers["Retry-After"] == "7"
    for fault, wanted in (("repeat_page", list(range(1, 11))), ("short_page", list(range(11, 16))),
                          ("duplicate_row", list(range(11, 20)) + [1]), ("ignore_paging", list(range(1, 24)))):
        box.fault(fault=fault, path="/v/users")
        assert v.ids("/users?page=2") == wanted, fault
    box.fault(fault="wrong_total", path="/v/users")
    assert v.get("/users")["total"] == 30
    box.fault(fault="wrong_user", path="/v/users/5")
    assert v.get("/users/5")["id"] != 5
    box.fault(fault="not_applied", path="/v/users/5")
    assert v.ask("PATCH", "/users/5", {"first": "B"})[1]["first"] == "A" and v.stored(5)["first"] == "A"
    box.fault(fault="normalise", path="/v/users/5")
    assert v.ask("PATCH", "/users/5", {"first": "abc"})[1]["first"] == "ABC"
    box.fault(fault="stale", path="/v/users/5")
    assert v.get("/users/5")["first"] == "A" and v.get("/users/5")["first"] == "ABC"
    box.fault(fault="move_rows", path="/v/users")
    assert v.ids("/users")[0] == 23
    box.fault(fault="colleague", target="v/users/5", body={"first": "Z"}, path="/v/users/5")
    assert v.get("/users/5")["first"] == "Z"
    box.fault(fault="html", path="/v/users/5")
    assert "<" in v.get("/users/5")
    box.control("PUT", "settings", {"limit_requests": 1, "limit_window_ms": 3600000})
    assert [v.ask("GET", "/users")[0] for _ in range(2)] == [200, 429]


def test_limits_as_the_play_has_them(vendor):
    v = vendor(None, {"/errors": {"kinds": {"limited": {"status": 403, "shape": {"reason": "rateLimitExceeded"}, "headers": {
        "X-RateLimit-Reset": "$epoch+60", "X-Retry-After": "10", "Retry-After": "$date+60"}}}}})
    v.box.control("PUT", "settings", {"limit_requests": 1, "limit_window_ms": 3600000})
    v.ask("GET", "/users")
    status, value, headers = v.ask("GET", "/users")
    assert status == 403 and value == {"reason": "rateLimitExceeded"}
    assert int(headers["X-RateLimit-Reset"]) > 1700000000 and headers["X-Retry-After"] == "10"
    assert headers["Retry-After"].endswith("GMT")


@pytest.mark.parametrize(("of", "item", "row"), [("all", "old", "old"), ("items", "old", "new"), ("lists", "new", "old")])
def test_reads_that_are_behind(vendor, of, item, row):
    v = vendor(None, {"/lag": {"ms": 100000, "of": of}})
    v.ask("PATCH", "/users/5", {"first": "A"})
    assert (v.get("/users/5")["first"] == "A") == (item == "new")
    assert (v.get("/users")["users"][4]["first"] == "A") == (row == "new")
    assert v.stored(5)["first"] == "A"


def test_settings_of_the_sandbox(vendor):
    v = vendor()
    v.box.control("PUT", "settings", {"etag_style": "strong", "item_gets": "405", "trim": True, "stamps": "none"})
    assert v.ask("GET", "/users/5")[0] == 405
    assert v.ask("PATCH", "/users/5", {"first": " A "})[1]["first"] == "A"
    assert v.ask("PATCH", "/users/5", {"first": "B"}, {"If-Match": '"v1"'})[0] == 412
    v.box.control("PUT", "settings", {"item_gets": "served"})
    status, value, headers = v.ask("GET", "/users/5")
    assert status == 200 and headers["ETag"] == '"v2"' and "updated" not in value


def test_expired_tokens(vendor):
    v = vendor(None, grant(ttl=3600))
    v.ask("POST", "/oauth/token", CLIENT)
    assert v.ask("GET", "/users", headers={"Authorization": FIRST})[0] == 200
    v.box.fault(fault="expire_tokens")
    assert v.ask("GET", "/users", headers={"Authorization": FIRST})[0] == 401
    assert v.box.control("GET", "v/tokens")["issued"] == 1


def test_a_token_that_ends(vendor):
    v = vendor(None, grant(ttl=1))
    v.ask("POST", "/oauth/token", CLIENT)
    harness.wait_until(lambda: v.ask("GET", "/users", headers={"Authorization": FIRST})[0] == 401, 20 * harness.SCALE,
                       "the token's end")


def test_colleagues(vendor):
    v = vendor()
    box = v.box
    assert box.control("GET", "v")["path"] == "/v" and box.control("GET", "v")["users"] == 23
    assert box.control("PATCH", "v/users/5", {"_state": "off", "first": "C"})["status"] == "OFF"
    assert box.ask("PATCH", "/__sandbox/v/users/5", {"_state": "x"})[0] == 400
    assert box.control("POST", "v/users", {"id": 77, "first": "N"})["_id"] == "77"
    assert v.get("/users/77")["first"] == "N"
    box.control("DELETE", "v/users/77")
    assert v.ask("GET", "/users/77")[0] == 404
    assert box.ask("POST", "/__sandbox/v/users", {"id": 5})[0] == 409


@pytest.mark.parametrize(("form", "like"), [
    ("iso", r"^\d{4}-\d\d-\d\dT[\d:]{8}Z$"), ("iso_ms", r"T[\d:]{8}\.\d{3}Z$"), ("iso_us_zone", r"\.\d{6}-06:00$"),
    ("zoneless", r"T[\d:]{8}\.\d{6}$"), ("space", r"^\d{4}-\d\d-\d\d [\d:]{8}$"), ("s", r"^\d{10}$"), ("ms", r"^\d{13}$")])
def test_times(vendor, form, like):
    v = vendor(None, {"/fields/~1updated/form": form})
    assert re.search(like, str(v.get("/users/5")["updated"]))
    assert re.search(like, str(v.ask("PATCH", "/users/5", {"first": "A"})[1]["updated"]))


@pytest.mark.parametrize(("holds", "value"), [
    ("second_id", "m-1"), ("login", "jane.doe1"), ("name", "Jane Doe"), ("locale", "en_GB"), ("timezone", "Europe/London"),
    ("email_again", "jane.doe1@example.com"), ("email_other", "home.jane.doe1@example.com")])
def test_what_fields_hold(vendor, holds, value):
    assert vendor(None, {"/fields/~1more": {"holds": holds}}).get("/users/1")["more"] == value


def test_vendors_side_by_side(sandbox, test_dir):
    box = sandbox(vendors="cj", play=[f"{name}={write(test_dir, name, PLAY)}" for name in ("a", "b")])
    assert box.ask("PATCH", "/a/users/5", {"first": "A"}, KEY)[0] == 200
    assert box.control("GET", "a/users/5")["first"] == "A" != box.control("GET", "b/users/5")["first"]


def test_every_member_is_documented():
    folder = TOP / "tests/sandbox"
    table = (folder / "generic/generic_schema.c").read_text()
    page_of_it = (folder / "PLAY.md").read_text()
    names = {path.rsplit(".", 1)[-1] for path in re.findall(r'\{"([a-z_.*]+)", [A-Z]+,', table)} - {"*"}
    assert len(names) > 100 and not [name for name in names if f"`{name}`" not in page_of_it]


def test_a_play_of_each_row(sandbox, test_dir):
    subprocess.run([TOP / "tests/survey/make_plays.py", test_dir / "plays"], check=True, timeout=60 * harness.SCALE)
    files = sorted((test_dir / "plays").glob("*.play.json"))
    rows_of_table = (TOP / "tests/survey/apis.tsv").read_text().splitlines()[1:]
    assert len(files) == len(rows_of_table) == 70
    box = sandbox(vendors="cj", play=[f"{file.name[:-10]}={file}" for file in files])
    for file in files:
        about = box.control("GET", file.name[:-10])
        assert about["users"] >= 230 and about["credentials"]
        assert box.ask("GET", about["path"] + "/nothing")[0] in (400, 401, 404)
