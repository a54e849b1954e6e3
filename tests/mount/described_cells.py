# SPDX-License-Identifier: Apache-2.0
"""What a vendor can be like: kinds of paging, authentication, status, verb and envelope.

Each kind says how the play of the sandbox is and, apart from it, what a description says. cell() puts one of
each kind together; covering() chooses cells so that each pair of kinds is in one of them.
"""

import copy
import itertools

USERS = 23
SIZE = 10
KEY = "CANARY-key"
EMPTY = {"status": 204, "answer": "none"}


def header(text):
    """A description of a dictionary: {section: {key: value}}."""
    lines = []
    for section, keys in text.items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {value}" for key, value in keys.items()]
        lines.append("")
    return "\n".join(lines)


# ---- paging: (the play's page, or None; [list] and more sections) ----
# "@NEXT" is where the next page is told: in the body, or for a bare array in a header.

def counted(by, first, name):
    page = {"by": by, "name": name, "size_name": "limit", "size": 5, "cap": SIZE, "first": first}
    place = "page" if by == "number" else "offset"
    keys = {"request": f"GET /users?{name}={{{place}}}&limit={{size}}", "paging": place, "size": SIZE}
    default = 1 if by == "number" else 0
    return page, {"list": keys | ({} if first == default else {"first": first})}


def pointed(told, how, **more):
    page = {"by": "cursor", "name": "cursor", "size_name": "limit", "size": 5, "cap": SIZE, "next": [told]}
    keys = {"request": "GET /users?limit={size}" + ("&cursor={cursor}" if how == "cursor" else ""),
            "paging": how, "size": SIZE}
    if told["put"] != "Link":
        keys["next"] = "@NEXT"
    return page, {"list": keys | more}


def posted():
    page, text = pointed({"put": "@NEXT"}, "cursor")
    text["list"] |= {"request": "POST /search", "body": '{"limit": {size}, "cursor": {cursor}}'}
    return page | {"in": "body"}, text


def keyset():
    page = {"by": "keyset", "name": "after", "size_name": "limit", "size": 5, "cap": SIZE, "first": 0}
    return page, {"list": {"request": "GET /users?limit={size}&after={cursor}", "paging": "cursor", "size": SIZE,
                           "next": "last:@ID"}}


def continued():
    page, text = pointed({"put": "@NEXT", "end": "null"}, "cursor")
    text["list"]["request"] = "GET /users?limit={size}"
    return page, text | {"list next": {"request": "GET /users/more?cursor={cursor}"}}


PAGING = {
    "none": (None, {"list": {"request": "GET /users", "paging": "none"}}),
    "page": counted("number", 1, "page"),
    "page from 0": counted("number", 0, "page[number]"),
    "offset": counted("offset", 0, "offset"),
    "offset from 1": counted("offset", 1, "start"),
    "cursor": pointed({"put": "@NEXT", "end": "empty"}, "cursor"),
    "cursor in the body": posted(),
    "url": pointed({"put": "@NEXT", "as": "url", "end": "null"}, "url"),
    "relative url": pointed({"put": "@NEXT", "as": "relative"}, "url"),
    "link": pointed({"put": "Link", "as": "url"}, "link"),
    "last row": keyset(),
    "another path": continued(),
}

# ---- authentication: (the play's auth, sections, keys of the account) ----

SECRET = {"settings": {"key": "secret, required"}}
CLIENT = {"settings": {"client_id": "text, required", "client_secret": "secret, required"}}
CLIENT_KEYS = {"client_id": "client-CANARY", "client_secret": KEY}


def grant(**more):
    return {"checks": [{"header": "Authorization", "is": "Bearer {token}"}],
            "grants": [{"route": "POST /token", "token": "/access_token", "expires": "/expires_in", **more}]}


AUTH = {
    "header": ({"checks": [{"header": "Authorization", "is": f"Token token={KEY}"}]},
               SECRET | {"auth": {"header.Authorization": "Token token={key}"}}, {"key": KEY}),
    "two headers": ({"checks": [{"header": "X-Key", "is": KEY}, {"header": "X-App", "is": "app-CANARY"}]},
                    {"settings": {"key": "secret, required", "app": "secret, required"},
                     "auth": {"header.X-Key": "{key}", "header.X-App": "{app}"}}, {"key": KEY, "app": "app-CANARY"}),
    "basic": ({"checks": [{"basic": ["owner@example.com/token", KEY]}]},
              {"settings": {"owner": "text, required", "key": "secret, required"},
               "auth": {"user": "{owner}/token", "password": "{key}"}}, {"owner": "owner@example.com", "key": KEY}),
    "query": ({"checks": [{"query": "api_token", "is": KEY}]},
              SECRET | {"auth": {"query.api_token": "{key}"}}, {"key": KEY, "secret_in_url": "yes"}),
    "form token": (grant(media="form", basic=list(CLIENT_KEYS.values()), expects={"/grant_type": "client_credentials"}),
                   CLIENT | {"token": {"request": "POST /token", "body": "grant_type=client_credentials",
                                       "user": "{client_id}", "password": "{client_secret}",
                                       "token": "/access_token", "expires": "/expires_in"},
                             "auth": {"header.Authorization": "Bearer {access_token}"}}, CLIENT_KEYS),
    "token in a header": ({"checks": [{"header": "X-Auth-Token", "is": "{token}"}],
                           "grants": [{"route": "POST /sessions", "media": "json", "token_header": "X-Subject-Token",
                                       "expects": {"/auth/name": "client-CANARY", "/auth/password": KEY}}]},
                          CLIENT | {"token": {"request": "POST /sessions", "token": "header:X-Subject-Token",
                                              "body": '{"auth": {"name": "{client_id}", "password": '
                                                      '"{client_secret}"}}'},
                                    "auth": {"header.X-Auth-Token": "{access_token}"}}, CLIENT_KEYS),
    "refresh token": (grant(media="form", refresh_in="/refresh_token", refresh_out="/refresh_token",
                            refresh_first="refresh-CANARY", rotates=True, expects={"/grant_type": "refresh_token"}),
                      {"settings": {}, "token": {"request": "POST /token", "token": "/access_token",
                                                 "body": "grant_type=refresh_token&refresh_token={refresh_token}",
                                                 "expires": "/expires_in", "refresh": "/refresh_token"},
                       "auth": {"header.Authorization": "Bearer {access_token}"}}, {"refresh_token_file": "@REFRESH"}),
}

# ---- status: (the play's status, sections); "@" is in front of its pointer ----

SUSPEND = [{"route": "POST /users/{id}/suspend", "to": "inactive", **EMPTY},
           {"route": "POST /users/{id}/restore", "to": "active", **EMPTY}]


def field(at, states, active, inactive, **more):
    return {"at": "@" + at, "states": states, **more}, {"status": {"path": "@" + at, "active": active,
                                                                   "inactive": inactive}}


def asked(at, states, active, inactive, requests, moves):
    play, text = field(at, states, active, inactive, write="ignored", moves=moves)
    return play, text | requests


STATUS = {
    "boolean": field("/active", {"active": True, "inactive": False}, "true", "false"),
    "negative": field("/suspended", {"active": False, "inactive": True}, "false", "true"),
    "word": field("/status", {"active": "ACTIVE", "inactive": "LOCKED", "other": "STAGED"}, "ACTIVE", "LOCKED"),
    "number": field("/status", {"active": 1, "inactive": 3, "other": 2}, "1", "3"),
    "absent": field("/blocked", {"active": {"absent": True, "taken": [False]}, "inactive": True},
                    "false, absent", "true"),
    "nested": field("/profile/state", {"active": "on", "inactive": "off"}, "on", "off"),
    "requests": asked("/disabled", {"active": False, "inactive": True}, "false", "true",
                      {"deactivate": {"request": "POST /users/{id}/suspend"},
                       "activate": {"request": "POST /users/{id}/restore"}}, SUSPEND),
    "since when": asked("/deletedAt", {"active": None, "inactive": {"time": "ms"}}, "null", "*",
                        {"deactivate": {"request": "POST /users/{id}/suspend"},
                         "activate": {"request": "POST /users/{id}/restore"}}, SUSPEND),
    "by status": asked("/state", {"active": "ACTIVE", "inactive": "SUSPENDED", "other": "STAGED"}, "ACTIVE",
                       "SUSPENDED, GONE",
                       {"deactivate suspend": {"request": "POST /users/{id}/suspend", "from": "ACTIVE"},
                        "deactivate end": {"request": "POST /users/{id}/end", "from": "STAGED"},
                        "activate": {"request": "POST /users/{id}/restore", "from": "SUSPENDED"}},
                       [SUSPEND[0] | {"from": ["active"]}, SUSPEND[1] | {"from": ["inactive"]}]),
    "soft delete": ({"at": "@/active", "states": {"active": True, "inactive": False}, "write": "ignored",
                     "moves": [{"route": "PUT /users/{id}/reactivate", "to": "active"}]},
                    {"status": {"path": "@/active", "active": "true", "inactive": "false"},
                     "deactivate": {"request": "DELETE /users/{id}", "soft": "https://example.com/docs"},
                     "activate": {"request": "PUT /users/{id}/reactivate"}}),
    "none": (None, {"status": {"path": "/id", "active": "*", "inactive": "absent"}}),
}

# ---- envelope: (rows, row, item's and answers' root, envelope of requests; rows and root of the description) ----

ENVELOPE = {
    "bare": ("", "", "", "", "/*", "."),
    "wrapped": ("/users", "", "/user", "/user", "/users/*", "/user"),
    "deep": ("/data/items", "/record", "/result/user", "", "/data/items/*/record", "/result/user"),
}

# ---- verb: (method and path, how, more of the play; body; more of [update]) ----

VERB = {
    "PATCH": ("PATCH /users/{id}", "merge", {}, "{changes}", {}),
    "PUT": ("PUT /users/{id}", "merge", {}, "{changes}", {}),
    "POST": ("POST /users/{id}", "merge", {"answer": "changed"}, "{changes}", {"answer": "other"}),
    "replace": ("PUT /users/{id}", "replace", {"omitted": "removed"}, "{record}", {}),
    "deep": ("PATCH /users/{id}", "deep", {}, "{changes}", {"merge": "deep"}),
    "no answer": ("PUT /users/{id}/patch", "merge", EMPTY, "{changes}", {}),
    "json:api": ("PATCH /users/{id}", "deep", {}, "{changes/attributes}", {}),
}
KINDS = {"paging": PAGING, "auth": AUTH, "status": STATUS, "verb": VERB, "envelope": ENVELOPE}


def covering(kinds=None):
    """Cells, {kind: name}, so that each pair of names of two kinds is in one of them. Always the same ones."""
    kinds = kinds or {kind: list(table) for kind, table in KINDS.items()}
    order = list(kinds)
    left = {((a, x), (b, y)) for a, b in itertools.combinations(order, 2) for x in kinds[a] for y in kinds[b]}
    cells = []
    while left:
        (a, x), (b, y) = min(left)
        cell = {a: x, b: y}
        for kind in order:
            if kind not in cell:
                cell[kind] = max(kinds[kind], key=lambda name, kind=kind: sum(
                    1 for other in cell if pair(order, (kind, name), (other, cell[other])) in left))
        left -= {pair(order, (p, cell[p]), (q, cell[q])) for p, q in itertools.combinations(order, 2)}
        cells.append({kind: cell[kind] for kind in order})
    return cells


def pair(order, one, other):
    return (one, other) if order.index(one[0]) < order.index(other[0]) else (other, one)


def replaced(value, marks):
    """VALUE, of lists, dictionaries and texts, with each mark replaced."""
    if isinstance(value, dict):
        return {replaced(key, marks): replaced(one, marks) for key, one in value.items()}
    if isinstance(value, list):
        return [replaced(one, marks) for one in value]
    if isinstance(value, str):
        for mark, text in marks:
            value = value.replace(mark, text)
    return value


def cell(kinds):
    """(play, description as a dictionary, keys, prefix of members) of {kind: name}."""
    page, listing = copy.deepcopy(PAGING[kinds["paging"]])
    auth, proof, keys = copy.deepcopy(AUTH[kinds["auth"]])
    status, states = copy.deepcopy(STATUS[kinds["status"]])
    rows, row, root, envelope, rows_at, root_at = ENVELOPE[kinds["envelope"]]
    route, how, more, body, update = VERB[kinds["verb"]]
    api = kinds["verb"] == "json:api"
    prefix = "/attributes" if api else ""
    marks = [("@NEXT", "header:X-Next" if kinds["envelope"] == "bare" else "/next"), ("@ID", "/id"),
             ("@/", prefix + "/")]
    fields = {"/email": {"holds": "email", "required": True}, "/name": {"holds": "name"}, "/role": {"holds": "role"},
              "/prefs/a": {"holds": "value", "value": "one"}, "/prefs/b": {"holds": "value", "value": "two"},
              "/updated": {"holds": "updated", "write": "ignored"}}
    answers = {"answer_at": root} if more.get("answer") != "none" else {}
    if api:
        envelope = "/data"
        more = more | {"needs": {"/data/type": "users", "/data/id": "$id"}}
    one = {"route": "GET /users", "rows": rows, "row": row}
    if page:
        one["page"] = page
    if kinds["auth"] == "query":
        one["parameters"] = {"api_token": {}}
    if kinds["paging"] == "cursor in the body":
        one["route"] = "POST /search"
    if kinds["paging"] == "another path":
        one["continued"] = "GET /users/more"
    play = {"users": USERS, "ids": "numbers" if kinds["envelope"] == "bare" else "text", "auth": auth,
            "fields": {"/id": {"holds": "id", "write": "ignored"}, **{prefix + at: f for at, f in fields.items()}},
            "lists": [one], "items": [{"route": "GET /users/{id}", "answer_at": root}],
            "changes": [{"route": route, "how": how, "envelope": envelope, **answers, **more}],
            "creates": [{"route": "POST /users", "envelope": envelope, "answer_at": root}],
            "deletes": [{"route": "DELETE /users/{id}", **EMPTY}]}
    if api:
        play["fields"]["/type"] = {"holds": "value", "value": "users", "write": "ignored"}
    if status:
        play["status"] = status
        for move in status.get("moves", []):
            if move.get("answer") != "none":
                move["answer_at"] = root
    if kinds["status"] == "soft delete":
        play["deletes"] = [{"route": "DELETE /users/{id}", "kind": "deactivates", "to": "inactive", **EMPTY}]
    text = {"vendor": {"name": "Cell", "docs": "https://example.com", "date": "2026-11-30", "evidence": "documents"},
            **proof, **listing, "item": {"request": "GET /users/{id}", "root": root_at},
            "fields": {"email": prefix + "/email", "name": prefix + "/name", "updated": prefix + "/updated",
                       "read_only": "/type, " * api + prefix + "/updated"}, **states,
            "update": {"request": route, "body": wrap(envelope, body, api), **update},
            "create": {"request": "POST /users",
                       "body": wrap(envelope, "{record/attributes}" if api else "{record}", api, True)},
            "self": {"user": "none"}}
    text["list"]["rows"] = rows_at
    if kinds["status"] != "soft delete":
        text["delete"] = {"request": "DELETE /users/{id}"}
    return replaced(play, marks), replaced(text, marks), dict(keys), prefix


def wrap(envelope, body, api, new=False):
    if api:
        ident = "" if new else '"id": "{id}", '
        return f'{{"data": {{"type": "users", {ident}"attributes": {body}}}}}'
    for part in reversed(envelope.split("/")[1:]):
        body = f'{{"{part}": {body}}}'
    return body
