#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Make a play for the sandbox of each row of the survey of user APIs.

Usage: tests/survey/make_plays.py FOLDER [NAME...]

apis.tsv is read: its coded columns (F_...) and its words. Each row becomes FOLDER/NAME.play.json, a server that
behaves as the row says (tests/sandbox/PLAY.md). What the row does not say is as the sandbox has it: strict. Nothing
is taken from a description of the vendor, so that a description and a play can disagree.

READINGS holds what the words of a row say and no rule reads out of them.
"""

import csv
import json
import pathlib
import re
import sys

TABLE = pathlib.Path(__file__).with_name("apis.tsv")
METHOD_PATH = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) +(~?[^\s,;]+)")
SCIM_USER = "/Users/{id}"


def pointer(words):
    """A JSON Pointer of `a.b[0].c`, of `'@odata.nextLink'` and of `"status['.tag']"`."""
    words = words.strip().lstrip("~")
    quoted = re.findall(r"\['([^']+)'\]", words)
    words = re.sub(r"\['[^']+'\]", "", words)
    if words.startswith("'"):
        return "/" + words.strip("'")
    words = re.sub(r"\[(\d*)\]", lambda match: "." + (match.group(1) or "0"), words)
    return "".join("/" + part for part in words.split(".") + quoted if part)


def first_word(words):
    return re.split(r"[\s,;(]", words.strip().lstrip("~"))[0]


def clean_path(path, user="{id}"):
    """A path of the table as a route's: {id} is the user, all other braces are the account's own."""
    path = path.split("?")[0].rstrip(".:")
    path = re.sub(r"^~?/?", "/", path)
    if path.startswith("/restapi"):
        path = "/" + path.lstrip("/")

    def name(match):
        return user if match.group(1) in ("id", "gid", "userId", "username", "u") else "{*}"
    return re.sub(r"\{(\w+)\}", name, path)


def route(words):
    """(method, path) of the first request in the words; None if there is none."""
    match = METHOD_PATH.search(words)
    if not match:
        return None
    return match.group(1), clean_path(match.group(2))


def base_path(row):
    base = first_word(row["base_url"])
    base = re.sub(r"^https?://[^/]*", "", base)
    base = re.sub(r"^\{\w+\}", "", base)
    return re.sub(r"\{\w+\}", "{*}", base).rstrip("/")


# ---- what the words of single rows say ----

BOTH = ["/oauth/token", "/oauth2/token"]
READINGS = {
    "zendesk-support": {"list": "/users.json", "more_lists": ["/users"], "next": "/links/next", "flag": ("/meta/has_more", True, False),
                        "end": "same", "size": ("page[size]", 100), "item_at": "/user"},
    "zendesk-chat": {"list": "/agents", "position": ("since_id", 1)},
    "zendesk-sell": {"row": "/data", "rows": "/items", "status": ("/status", "active", "inactive")},
    "okta": {"status": ("/status", "ACTIVE", "SUSPENDED", "DEPROVISIONED", "LOCKED_OUT", "STAGED"),
             "hides": ["DEPROVISIONED"],
             "moves": [("POST /api/v1/users/{id}/lifecycle/suspend", ["ACTIVE"], "SUSPENDED"),
                       ("POST /api/v1/users/{id}/lifecycle/unsuspend", ["SUSPENDED"], "ACTIVE"),
                       ("POST /api/v1/users/{id}/lifecycle/deactivate", None, "DEPROVISIONED"),
                       ("POST /api/v1/users/{id}/lifecycle/activate", ["DEPROVISIONED", "STAGED"], "ACTIVE")],
             "change": ("POST /api/v1/users/{id}", "deep", ""), "delete": "/api/v1/users/{id}", "delete_kind": ("two_steps", "DEPROVISIONED"),
             "names": "/profile/{}", "ids": "text"},
    "auth0": {"ids": "piped", "ceiling": 1000, "absent_active": "/blocked"},
    "gitlab": {"or_header": "PRIVATE-TOKEN", "list": "/users", "more_lists": ["/groups/{*}/members"], "status": ("/state", "active", "blocked"),
               "moves": [("POST /users/{id}/block", ["active"], "blocked"),
                         ("POST /users/{id}/unblock", ["blocked"], "active")],
               "create": ("/users", ""), "delete": "/users/{id}", "move_answer": ("true", 201), "header_next":
               "X-Next-Page"},
    "pagerduty": {"flag": ("/more", True, False), "cap": 100},
    "asana": {"ids": "text", "needed": "workspace", "select": "opt_fields", "next": "/next_page/offset", "end": "null", "scim": True, "bool": "/active", "status_in_rows": False,
              "change": ("PUT /users/{id}", "merge", "/data"), "answer_at": "/data"},
    "freshservice": {"activate": ("PUT", "/agents/{id}/reactivate"), "delete": "/agents/{id}/forget"},
    "freshdesk": {"names": "/contact/{}"},
    "slack": {"soft": True, "status": ("/deleted", False, True), "end": "empty", "item": "/users.info?user={id}", "item_at": "/user",
              "names": "/profile/{}", "ids": "text", "scim": True},
    "jira": {"admin_token": True, "item": "/user?accountId={id}", "item_at": "", "ids": "text",
             "moves": [("POST /users/{id}/manage/lifecycle/disable", None, "inactive"),
                       ("POST /users/{id}/manage/lifecycle/enable", None, "active")],
             "delete": "/user?accountId={id}"},
    "monday": {"or_header": "Authorization", "says": {"/query": "page"}, "list": "/v2",
               "item": "POST /v2", "item_id_at": "/variables/id", "item_says": {"/query": "ids"},
               "item_at": "/data/users/0", "move_answer": ("object", 200),
               "moves": [("POST /v2", None, "inactive", "/variables/id", None, {"/query": "deactivate_users"}),
                         ("POST /v2", None, "active", "/variables/id", None, {"/query": "activate_users"})], "rows": "/data/users", "position": ("/variables/page", 1), "size": ("/variables/limit", 100)},
    "notion": {"flag": ("/has_more", True, False), "scim": True, "bool": "/active", "status_in_rows": False, "ids": "text", "end": "null"},
    "harvest": {"needs": {"Harvest-Account-Id": "*"}},
    "intercom": {"needs": {"Intercom-Version": "*"}},
    "teamtailor": {"needs": {"X-Api-Version": "*"}},
    "microsoft-entra-id": {"email": "/mail", "select": "$select", "status_asked": True, "size": ("$top", 999),
                           "ids": "uuid", "change_answer": "none", "token_paths": ["/{*}/oauth2/v2.0/token"]},
    "wrike": {"item_at": "/data/0", "email": "/profiles/0/email"},
    "datadog": {"status": ("/attributes/disabled", False, True), "first": 0},
    "gong": {"next": "/records/cursor"},
    "clickup": {"rows": "/teams", "split": ("/members", "/user"), "list": "/team", "email": "/email", "id": "/id",
                "get": "/team/{*}/user/{id}", "delete_as": "/team/{*}/user/{id}", "create": ("/team/{*}/user", "")},
    "clockify": {"status": ("/status", "ACTIVE", "INACTIVE"), "ids": "text",
                 "change": ("PUT /workspaces/{*}/users/{id}", "merge", "")},
    "everhour": {"status": ("/status", "active", "invited")},
    "linear": {"says": {"/query": "users("}, "list": "/graphql",
               "item": "POST /graphql", "item_id_at": "/variables/id", "item_says": {"/query": "user("},
               "item_at": "/data/user", "move_answer": ("object", 200),
               "moves": [("POST /graphql", None, "inactive", "/variables/id", None, {"/query": "userSuspend"}),
                         ("POST /graphql", None, "active", "/variables/id", None, {"/query": "userUnsuspend"})], "rows": "/data/users/nodes", "position": ("/variables/after", 0),
               "next": "/data/users/pageInfo/endCursor", "flag": ("/data/users/pageInfo/hasNextPage", True, False),
               "by": "cursor", "size": ("/variables/first", 50), "ids": "uuid"},
    "teamwork": {"basic": ("token", "*"), "list": "/people.json", "rows": "/people", "email": "/email", "status": ("/deleted", False, True),
                 "flag": ("/meta/page/hasMore", True, False), "get": "/people/{id}.json", "item_at": "/person"},
    "box": {"by": "cursor", "position": ("marker", 0), "next": "/next_marker", "end": "null",
            "status": ("/status", "active", "inactive"), "select": "fields", "status_asked": True, "email": "/login",
            "total": "/total_count", "change": ("PUT /2.0/users/{id}", "merge", "")},
    "opsgenie": {"email": "/username"},
    "front": {"list": "/teammates"},
    "aircall": {"no_status": True},
    "greenhouse": {"list": "/users", "more_lists": ["/v1/users", "/v3/users"], "token_only": True,
                   "moves": [("PATCH /v1/users/disable", None, "inactive", "/user/user_id"),
                             ("PATCH /v1/users/enable", None, "active", "/user/user_id")],
                   "create": ("/v1/users", ""), "get": "/v1/users/{id}", "write_needs": {"On-Behalf-Of": "*"}},
    "lever-hiring": {"pass": ("includeDeactivated", "true"), "flag": ("/hasNext", True, False), "ids": "uuid",
                     "status_time": "/deactivatedAt",
                     "moves": [("POST /users/{id}/deactivate", ["active"], "inactive"),
                               ("POST /users/{id}/reactivate", ["inactive"], "active")]},
    "bamboo-hr": {"email": "/workEmail", "error_header": "X-BambooHR-Error-Message"},
    "workable": {"delete_as": "/spi/v3/members/{id}", "no_status": True},
    "pipedrive": {"number_token": True, "list": "/v1/users", "more_lists": ["/v1/recents"], "rows": "/data", "success": {"success": True}},
    "outreach": {"rows": "/data"},
    "salesloft": {"number_token": True},
    "ashby": {"success": {"success": True}, "errors_200": {"success": False, "errors": ["$words"]},
              "get": "POST /user.info", "item_id_at": "/userId", "item_at": "/results",
              "flag": ("/moreDataAvailable", True, False), "ids": "uuid", "size": ("limit", 100)},
    "incident-io": {"pass": ("include_inactive", "true"), "status": ("/state", "active", "inactive"), "ids": "text",
                    "size": ("page_size", 250)},
    "rocket-chat": {"item": "/users.info?userId={id}", "item_at": "/user", "success": {"success": True},
                    "moves": [("POST /users.setActiveStatus", None, "inactive", "/userId", {"/activeStatus": False}),
                              ("POST /users.setActiveStatus", None, "active", "/userId", {"/activeStatus": True})],
                    "delete_body": ("POST /users.delete", "/userId"), "create": ("/users.create", ""), "ids": "text",
                    "total": "/total"},
    "metabase": {"pass": ("status", "all"), "session": ("/session", "/id", "X-Metabase-Session")},
    "freshcaller": {"status": ("/deleted", False, True)},
    "copper": {"list": "/users/search", "position": ("page_number", 1), "size": ("page_size", 200), "by": "number",
               "headers": {"X-PW-AccessToken": "token", "X-PW-UserEmail": "email", "X-PW-Application": "=developer_api"},
               "get": "/users/{id}", "times": "s"},
    "insightly": {"header_total": "X-Total-Count", "ids": "numbers"},
    "7shifts": {"email": "/email", "delete_as": "/v2/company/{*}/users/{id}", "change": ("PUT /v2/company/{*}/users/{id}", "merge", ""),
                "get": "/v2/company/{*}/users/{id}", "item_at": "/data", "create": ("/v2/company/{*}/users", "")},
    "zoom": {"passes": ("status", {"active": ["active"], "inactive": ["inactive"], "pending": ["pending"]}, ["active"]),
             "status": ("/status", "active", "inactive", "pending"), "end": "empty", "size": ("page_size", 300),
             "moves": [("PUT /users/{id}/status", None, "inactive", None, {"/action": "deactivate"}),
                       ("PUT /users/{id}/status", None, "active", None, {"/action": "activate"})],
             "token_paths": ["/oauth/token"],
             "token_query": {"?grant_type": "account_credentials", "?account_id": "*"}, "token_basic": True,
             "change": ("PATCH /users/{id}", "merge", ""), "change_answer": "none", "move_answer": ("none", 204),
             "create": ("/users", "/user_info"), "ids": "text"},
    "onelogin": {"status": ("/status", 1, 2, 3), "token_json": True, "size": ("limit", 100), "token_paths":
                 ["/auth/oauth2/v2/token", "/oauth2/token"],
                 "token_headers": {"Authorization": "client_id:{client_id}, client_secret:{client_secret}"}},
    "sentry": {"list": "/organizations/{*}/members/", "slash": "redirect", "no_status": True,
               "get": "/organizations/{*}/members/{id}/", "delete_as": "/organizations/{*}/members/{id}/",
               "create": ("/organizations/{*}/members/", "")},
    "miro": {"end": "empty", "get": "/v2/orgs/{*}/members/{id}", "item_at": "", "scim": True},
    "docusign": {"soft": True, "status": ("/userStatus", "Active", "Closed", "ActivationSent"), "ids": "uuid", "id": "/userId",
                 "total": "/totalSetSize", "total_text": True, "echo": {"/endPosition": "last_text"},
                 "delete_body": ("DELETE /users", "/users/0/userId"),
                 "moves": [("PUT /users", None, "Active", "/users/0/userId", {"/users/0/userStatus": "Active"}),
                           ("PUT /users", None, "Closed", "/users/0/userId", {"/users/0/userStatus": "Closed"})],
                 "create": ("/users", "/newUsers/0")},
    "sendgrid": {"ids": "login", "get": "/v3/teammates/{id}", "delete": "/v3/teammates/{id}", "no_status": True},
    "snipe-it": {"errors_200": {"status": "error", "messages": "$words", "payload": None}, "total": "/total",
                 "size": ("limit", 50), "updated": "/updated_at/datetime"},
    "grafana": {"list": "/api/users", "more_lists": ["/api/org/users"], "create": ("/api/admin/users", ""),
                "delete": "/api/admin/users/{id}",
                "moves": [("POST /api/admin/users/{id}/disable", None, "inactive"),
                          ("POST /api/admin/users/{id}/enable", None, "active")]},
    "tailscale": {"email": "/loginName", "status": ("/status", "active", "suspended", "idle", "needs-approval"),
                  "moves": [("POST /users/{id}/suspend", None, "suspended"), ("POST /users/{id}/restore", None, "active")],
                  "delete_post": "/users/{id}/delete", "get": "/users/{id}", "ids": "text"},
    "dropbox": {"list": "/team/members/list_v2", "continued": "/team/members/list/continue_v2", "rows": "/members",
                "next": "/cursor", "end": "same", "flag": ("/has_more", True, False), "position": ("cursor", 0),
                "size": ("limit", 100), "token_only": True, "id": "/profile/team_member_id", "email": "/profile/email",
                "status": ("/profile/status/.tag", "active", "suspended", "invited"), "names": "/profile/{}",
                "moves": [("POST /team/members/suspend", ["active"], "suspended", "/user/team_member_id"),
                          ("POST /team/members/unsuspend", ["suspended"], "active", "/user/team_member_id")],
                "delete_body": ("POST /team/members/remove", "/user/team_member_id"), "delete_hard": True,
                "delete_answer": {".tag": "async_job_id", "async_job_id": "job-1"},
                "create": ("/team/members/add_v2", "/new_members/0"), "ids": "text", "created": "/profile/joined_on",
                "items": [("POST /team/members/get_info_v2", "/members/0/team_member_id", "/members_info/0")]},
    "tableau": {"rows": "/users/user", "status": ("/siteRole", "Viewer", "Unlicensed", "Creator"), "ids": "uuid",
                "total": "/pagination/totalAvailable", "total_text": True, "size": ("pageSize", 100),
                "get": "/sites/{*}/users/{id}", "item_at": "/user", "values_any": True, "email": "/email",
                "change": ("PUT /sites/{*}/users/{id}", "merge", "/user"), "answer_at": "/user",
                "create": ("/sites/{*}/users", "/user"), "delete": "/sites/{*}/users/{id}"},
    "ringcentral": {"list": "/account/~/extension", "get": "/account/~/extension/{id}", "email": "/contact/email",
                    "change": ("PUT /account/~/extension/{id}", "deep", ""), "size": ("perPage", 100),
                    "status": ("/status", "Enabled", "Disabled", "NotActivated"), "names": "/contact/{}",
                    "next": "/navigation/nextPage/uri"},
    "ramp": {"status": ("/status", "USER_ACTIVE", "USER_SUSPENDED", "INVITE_PENDING"), "end": "null", "ids": "uuid",
             "moves": [("PATCH /users/{id}/deactivate", None, "USER_SUSPENDED"),
                       ("PATCH /users/{id}/reactivate", None, "USER_ACTIVE")],
             "token_basic": True, "token_paths": ["/token"], "size": ("page_size", 100), "create": ("/users/deferred", "")},
    "retool": {"moves": [("PATCH /api/v2/users/{id}", None, "active", None,
                          {"/operations/0/path": "/active", "/operations/0/value": True})],
               "next": "/next_token", "position": ("next_token", 0), "flag": ("/has_more", True, False),
               "item_at": "/data", "get": "/api/v2/users/{id}", "success": {"success": True}, "ids": "text",
               "change": ("PATCH /api/v2/users/{id}", "merge", "")},
    "servicenow": {"status_text": True, "id": "/sys_id", "ids": "hex", "header_total": "X-Total-Count"},
    "cloudflare": {"id": "/id", "second_id": "/user/id", "status": ("/status", "accepted", "pending"), "ids": "hex",
                   "email": "/user/email", "success": {"success": True}, "get": "/accounts/{*}/members/{id}",
                   "delete_as": "/accounts/{*}/members/{id}", "create": ("/accounts/{*}/members", ""),
                   "item_at": "/result", "pages": "/result_info/total_pages", "names": "/user/{}"},
    "lucidchart (writes only)": {"list": "/users", "rows": "/users", "email": "/email", "id": "/userId", "scim": True,
                                 "scim_path": "/Users/lucid-{id}", "get": "/v1/users/{id}", "by": "none",
                                 "missing": 403, "names": "/{}", "create": ("/users", ""), "bool": "/active"},
    "google-workspace (writes only)": {"list": "/users", "rows": "/users", "email": "/primaryEmail", "id": "/id",
                                       "by": "cursor", "position": ("pageToken", 0), "next": "/nextPageToken",
                                       "size": ("maxResults", 500), "negbool": "/suspended", "needed": "customer",
                                       "change": ("PUT /users/{id}", "merge", ""), "absent": True, "names": "/name/{}",
                                       "get": "/users/{id}"},
    "help-scout": {"rows": "/_embedded/users", "next": "/_links/next/href", "no_status": True},
    "fullstory": {"scim_server": True},
    "hubspot": {"size": ("limit", 100)},
    "kisi": {"change": ("PATCH /members/{id}", "merge", "/member"), "create": ("/members", "/member")},
    "shortcut": {"email": "/profile/email_address", "status": ("/disabled", False, True), "names": "/profile/{}",
                 "ids": "uuid"},
    "close-com": {"ceiling": 1000, "ids": "text", "flag": ("/has_more", True, False)},
}


# ---- the parts of a play ----

class Row:
    """A row of the table with what READINGS adds to it, and the play that is made of them."""

    def __init__(self, row):
        self.row = row
        self.more = READINGS.get(row["name"], {})
        self.name = row["name"].split(" ")[0]
        self.secrets = {}
        self.play = {"note": f"made from the row {row['name']} of apis.tsv"}

    def secret(self, name):
        self.secrets.setdefault(name, f"{name}-CANARY-{self.name}".replace("_", "-"))
        return self.secrets[name]

    # -- credentials --

    def basic(self, words):
        if "basic" in self.more:
            user, password = self.more["basic"]
            return [self.secret(user), password]
        if "email +" in words or "user = email" in words:
            user = "owner@example.com" + ("/token" if "'/token'" in words else "")
            self.secrets["email"] = "owner@example.com"
            return [user, self.secret("token")]
        if "empty password" in words:
            return [self.secret("token"), ""]
        if re.search(r"access key \+|api id \+", words):
            return [self.secret("user"), self.secret("password")]
        if "api key" in words or "token as user" in words:
            return [self.secret("token"), "*"]
        return [self.secret("user"), self.secret("password")]

    def grant(self):
        more, words = self.more, self.row["auth"]
        paths = more.get("token_paths")
        found = re.search(r"(?:https?://[^/ ]+|\{base_url\})?(/?[\w./]*oauth2?/(?:v2\.0/)?token)", words)
        paths = paths or (["/" + found.group(1).lstrip("/")] if found else BOTH)
        grant = {"token": "/access_token", "expires": "/expires_in", "ttl": 3600,
                 "members": {"token_type": "Bearer"}, "media": "any"}
        client = {"/client_id": self.secret("client_id"), "/client_secret": self.secret("client_secret")}
        if self.row["F_auth"] == "refresh":
            grant |= {"refresh_in": "/refresh_token", "refresh_out": "/refresh_token",
                      "refresh_first": self.secret("refresh_token"), "rotates": "rotates" in self.row["awkward"] +
                      self.row["create"] + self.row["delete"], "expects": {"/grant_type": "refresh_token"}}
        elif "token_query" in more:
            grant |= {"expects": more["token_query"], "media": "none"}
        else:
            grant["expects"] = {"/grant_type": "client_credentials"}
            for extra in ("audience", "scope", "box_subject_type", "box_subject_id"):
                if re.search(rf"extra[^;]*\b{extra}\b", words):
                    grant["expects"]["/" + extra] = "*"
        if more.get("token_headers"):
            grant["headers"] = {name: value.format(client_id=client["/client_id"],
                                                   client_secret=client["/client_secret"])
                                for name, value in more["token_headers"].items()}
        elif more.get("token_basic"):
            grant["basic"] = list(client.values())
        elif self.row["F_auth"] == "cc":
            grant["expects"] |= client
        if more.get("token_json"):
            grant["media"] = "json"
        return [{"route": "POST " + path, **grant} for path in paths]

    def auth(self):
        row, more, words = self.row, self.more, self.row["auth"]
        kind = row["F_auth"]
        if more.get("headers"):
            checks = []
            for name, what in more["headers"].items():
                checks.append({"header": name, "is": what[1:] if what[0] == "=" else self.secret(what)})
            return {"checks": checks}
        if kind == "basic":
            checks = [{"basic": self.basic(words)}]
            if "admin_token" in more:
                checks.append({"or": True, "header": "Authorization", "is": "Bearer " + self.secret("admin_token")})
            return {"checks": checks}
        if kind == "query":
            return {"checks": [{"query": words.split()[-1], "is": self.secret("token")}]}
        if kind in ("cc", "refresh"):
            return {"checks": [{"header": "Authorization", "is": "Bearer {token}"}], "grants": self.grant()}
        if kind == "session":
            names = {"/credentials/" + part: "*" for part in ("personalAccessTokenName", "site/contentUrl")}
            return {"checks": [{"header": "X-Tableau-Auth", "is": "{token}"}],
                    "grants": [{"route": "POST /auth/signin", "media": "json", "token": "/credentials/token", "ttl": 7200,
                                "expects": names | {"/credentials/personalAccessTokenSecret": self.secret("token")},
                                "members": {"credentials": {"site": {"id": "site-1"}}}}]}
        if kind == "header":
            found = re.search(r"header ([\w-]+) '([^']+)'", words)
            if found:
                form = re.sub(r"\{\w+\}", self.secret("token"), found.group(2))
                return {"checks": [{"header": found.group(1), "is": form}]}
            names = re.findall(r"(?:header|plus(?: second secret header)?) ([A-Z][\w-]+)", words + " " + row["auth_alt"])
            names = [name for name in dict.fromkeys(names) if name != "Authorization"]
            if "session" in more:
                path, at, header = more["session"]
                return {"checks": [{"header": "X-API-KEY", "is": self.secret("token")},
                                   {"or": True, "header": header, "is": "{token}"}],
                        "grants": [{"route": "POST " + path, "media": "json", "token": at, "ttl": 1209600,
                                    "expects": {"/username": self.secret("user"),
                                                "/password": self.secret("password")}}]}
            wanted = ("token", "second_token", "third_token")
            return {"checks": [{"header": name, "is": self.secret(which)} for name, which in zip(names, wanted)]}
        checks = [{"header": "Authorization", "is": "Bearer " + self.secret("token")}]
        if "or_header" in more:
            checks.append({"or": True, "header": more["or_header"], "is": self.secret("token")})
        return {"checks": checks}

    # -- records --

    def id_at(self):
        return self.more.get("id") or pointer(first_word(self.row["id"]))

    def ids(self):
        if "ids" in self.more:
            return self.more["ids"]
        words = first_word(self.row["id"])
        return "numbers" if words in ("id", "USER_ID") else "text"

    def email_at(self):
        words = self.row["email"]
        if "email" in self.more:
            return self.more["email"]
        if words.startswith("none"):
            return "/email"
        return pointer(first_word(words).replace("/emails", ""))

    def times(self):
        names = [part.strip().lstrip("~") for part in self.row["updated_created"].split("/")]
        epoch = "integer" in self.row["updated_created"] or "epoch" in self.row["updated_created"]
        form = self.more.get("times", "ms" if epoch else "iso")
        fields = {}
        names = [re.split(r"[\s(]", name)[0] for name in names]
        prefix = names[0].rsplit(".", 1)[0] + "." if "." in names[0] else ""
        for name in names:
            if not name or name == "-":
                continue
            holds = "created" if re.search("creat|join|insert", name, re.IGNORECASE) else "updated"
            full = name if "." in name or not prefix else prefix + name
            fields[pointer(full)] = {"holds": holds, "form": form, "write": "ignored"}
        for holds in ("created", "updated"):
            if holds in self.more:
                fields = {at: field for at, field in fields.items() if field["holds"] != holds}
                fields[self.more[holds]] = {"holds": holds, "form": form, "write": "ignored"}
        return fields

    def fields(self):
        email = self.email_at()
        inner = email.rsplit("/", 1)[0] + "/{}" if email.count("/") > 1 and "/0" not in email else "/{}"
        names = self.more.get("names", inner)
        fields = {self.id_at(): {"holds": "id", "write": "ignored"}}
        if "JSON:API" in self.row["row_envelope"]:
            fields["/type"] = {"holds": "value", "value": "users", "write": "ignored"}
        if "second_id" in self.more:
            fields[self.more["second_id"]] = {"holds": "second_id", "write": "ignored"}
        fields[email] = {"holds": "email", "required": True}
        if self.row["F_email"] == "expand":
            fields[email]["asked"] = True
        fields[names.format("first_name")] = {"holds": "first"}
        fields[names.format("last_name")] = {"holds": "last"}
        fields[names.format("locale")] = {"holds": "locale"}
        return fields | self.times()

    def states(self):
        """(pointer, {state: how it is shown}); None where the vendor has no state of its own."""
        more, kind = self.more, self.row["F_status"]
        if more.get("no_status"):
            return None
        if "status" in more:
            at, *values = more["status"]
            if isinstance(values[0], (bool, int)):
                return at, dict(zip(("active", "inactive", "other"), values))
            return at, {value: value for value in values}
        if "absent_active" in more:
            return more["absent_active"], {"active": {"absent": True, "taken": [False]}, "inactive": True}
        if "status_time" in more:
            return more["status_time"], {"active": None, "inactive": {"time": "ms"}}
        for code, states in (("bool", {"active": True, "inactive": False}),
                             ("negbool", {"active": False, "inactive": True})):
            if code in more:
                return more[code], states
            if kind == code:
                if more.get("status_text"):
                    states = {name: {"is": str(value).lower(), "taken": [value]} for name, value in states.items()}
                return pointer(first_word(self.row["status"])), states
        return None

    def status(self):
        found = self.states()
        if not found:
            return None
        at, states = found
        part = {"at": at, "states": states}
        if self.more.get("status_asked"):
            part["asked"] = True
        if "status_in_rows" in self.more:
            part["in_rows"] = self.more["status_in_rows"]
        if self.more.get("values_any"):
            part["values"] = "any"
        written = self.row["F_deact"] in ("field", "wrapped_field", "jsonapi_field")
        written = written or "scim" in self.more
        written = written or (self.row["F_deact"] == "delete" and "PATCH" in self.row["activate"])
        if not written:
            part["write"] = "ignored"
        moves = [self.move(*move) for move in self.more.get("moves", [])]
        reactivates = self.more.get("activate") or (self.row["F_deact"] == "delete" and route(self.row["activate"]))
        if reactivates and reactivates[0] in ("PUT", "POST") and "reactivate" in reactivates[1]:
            moves.append(self.move(" ".join(reactivates), None, list(states)[0]))
        if moves:
            part["moves"] = moves
        return part

    def move(self, words, come_from, to, id_at=None, when=None, says=None):
        answer, status = self.more.get("move_answer", ("record", 200))
        move = {"route": words, "to": to, "answer": answer, "status": status, "answer_at": self.item_at()}
        if answer != "record":
            del move["answer_at"]
        if come_from:
            move["from"] = come_from
        if id_at:
            move["id_at"] = id_at
        if when:
            move["when"] = when
        if says:
            move["says"] = says
        return move

    # -- reading --

    def rows_at(self):
        words = first_word(self.row["rows"])
        if "rows" in self.more:
            return self.more["rows"]
        if self.row["F_rows"] == "bare":
            return ""
        return pointer(words.split("[]")[0])

    def item_at(self):
        if "item_at" in self.more:
            return self.more["item_at"]
        found = re.search(r"-> ([\w\[\]]+)", self.row["get_one"])
        return pointer(found.group(1)) if found else ""

    def size(self):
        """(parameter or None, rows of a page)."""
        if "size" in self.more:
            return self.more["size"]
        words = self.row["page_size"]
        found = re.search(r"([\w$\[\]-]+)=(?:\d+\.\.)?(\d+)", words)
        if found:
            return found.group(1), int(found.group(2))
        fixed = re.search(r"fixed (\d+)", words)
        if fixed:
            return None, int(fixed.group(1))
        name = first_word(words)
        return (name if re.match(r"^[\w$]+$", name) else None), 100

    def page(self):
        more, kind, words = self.more, self.row["F_paging"], self.row["paging"]
        if kind == "none" or more.get("by") == "none":
            return None
        name, size = self.size()
        page = {"size": min(size, 100), "cap": size}
        if name:
            page["size_name"] = name
        if "position" not in more and kind in ("page", "offset", "keyset"):
            found = re.search(r"(?:page number|offset)(?: from \d)?: +([\w\[\]$-]+)(?:/([\w]+))?", words)
            page["name"] = found.group(1)
            if kind == "offset" and found.group(2):
                page["size_name"] = found.group(2)
        if "position" in more:
            page["name"] = more["position"][0]
        if kind == "page" or more.get("by") == "number" or (kind == "graphql" and more.get("by") != "cursor"):
            first = re.search(r"from (\d)", words)
            page |= {"by": "number", "first": more.get("first", int(first.group(1)) if first else 1)}
        elif kind == "offset" and more.get("by") != "cursor":
            page |= {"by": "offset", "first": 1 if "from 1" in words else 0}
        elif kind == "keyset":
            page |= {"by": "keyset", "first": 1}
        else:
            page |= {"by": "cursor", "next": [self.next_place(page, kind, words)]}
        if kind == "page" and "next" in more:
            page["next"] = [{"put": more["next"], "as": "url"}]
        if self.row["F_method"] == "post" or "in the JSON body" in words:
            page["in"] = "body"
        if more.get("token_only"):
            page["token_only"] = True
        if more.get("number_token"):
            page["token"] = "number"
            page["next"][0]["as"] = "number"
        return page | self.page_ends()

    def next_place(self, page, kind, words):
        more = self.more
        if kind == "link":
            page.setdefault("name", "cursor" if "cursor" in words else "after")
            if self.row["F_stop"] == "flag":
                return {"put": "Link", "results": True}
            return {"put": "Link"}
        if kind == "cursor_header":
            found = re.search(r"header ([\w-]+) -> (\w+)", words)
            page.setdefault("name", found.group(2))
            return {"put": "header:" + found.group(1)}
        found = re.search(r"(?:cursor[^:]*|next URL in body): ('[^']+'|[\w.@]+)(?: ?-> ?([\w$\[\]]+))?", words)
        place = more.get("next") or pointer(found.group(1))
        if kind == "next_url":
            page.setdefault("name", "cursor")
            return {"put": place, "as": "url", "end": more.get("end", "null" if "null" in self.row["stop"] else "absent")}
        page.setdefault("name", found.group(2) if found and found.group(2) else "cursor")
        end = more.get("end", "null" if "null" in self.row["stop"] else "absent")
        return {"put": place, "as": "token", "end": end}

    def page_ends(self):
        more, ends = self.more, {}
        if "flag" in more:
            at, yes, no = more["flag"]
            ends["flag"] = {"at": at, "more": yes, "end": no}
        elif self.row["F_stop"] == "flag" and self.row["F_paging"] not in ("link", "graphql"):
            ends["flag"] = {"at": pointer(first_word(self.row["stop"])), "more": True, "end": False}
        if "total" in more or "header_total" in more:
            put = more.get("total") or "header:" + more["header_total"]
            ends["total"] = {"put": put, "text": bool(more.get("total_text"))}
        elif self.row["F_stop"] == "total":
            ends["total"] = {"put": pointer(re.split(r"[\s(:]", self.row["stop"].replace("total:", "").strip())[0])}
        if "pages" in more:
            ends["total"] = {"put": more["pages"], "says": "pages"}
        if "echo" in more:
            ends["echo"] = more["echo"]
        if "ceiling" in more:
            ends |= {"ceiling": more["ceiling"], "at_ceiling": "nothing" if self.name == "auth0" else "refused"}
        return ends

    def lists(self):
        row, more = self.row, self.more
        found = route(row["list"])
        method = "POST" if row["F_method"] == "post" else "GET"
        path = more.get("list") or found[1]
        one = {"route": f"{method} {path}", "rows": self.rows_at(), "unknown": "ignored"}
        page = self.page()
        if page:
            if page["by"] != "none":
                one["page"] = page
            if "next" in page and "header_next" in more:
                page["next"].append({"put": "header:" + more["header_next"], "end": "empty"})
            elif "header_next" in more:
                page["next"] = [{"put": "header:" + more["header_next"], "end": "empty"}, {"put": "Link"}]
        if "says" in more:
            one["says"] = more["says"]
        if "continued" in more:
            one["continued"] = "POST " + more["continued"]
        if "row" in more:
            one["row"] = more["row"]
        if "split" in more:
            one["split"] = {"into": 3, "at": more["split"][0]}
            one["row"] = more["split"][1]
        if "needed" in more:
            one["parameters"] = {more["needed"]: {"needed": True}}
        if "select" in more:
            one["select"] = {"name": more["select"]}
        self.choose(one)
        if more.get("absent"):
            one["absent_if_empty"] = True
        return [one] + [one | {"route": f"{method} {other}"} for other in more.get("more_lists", [])]

    def choose(self, one):
        more = self.more
        found = self.states()
        if not found:
            return
        names = list(found[1])
        if "pass" in more:
            name, value = more["pass"]
            one["pass"] = {"name": name, "values": {value: names}, "default": names[:1], "other": "default"}
        elif "passes" in more:
            name, values, default = more["passes"]
            one["pass"] = {"name": name, "values": values, "default": default}
        elif "hides" in more:
            shown = [state for state in names if state not in more["hides"]]
            one["pass"] = {"name": "search", "values": {}, "default": shown, "other": "all"}

    def items(self):
        more = self.more
        at = self.item_at()
        if "items" in more:
            return [{"route": path, "id_at": where, "answer_at": at} for path, where, at in more["items"]]
        words = more.get("item") or more.get("get")
        if words:
            words = words if words.startswith("POST") else "GET " + words
        else:
            found = route(self.row["get_one"])
            if not found or "{id}" not in found[1]:
                return []
            words = " ".join(found)
        one = {"route": words, "answer_at": at}
        for member in ("id_at", "says"):
            if "item_" + member in more:
                one[member] = more["item_" + member]
        return [one] + ([{"route": "GET " + more.get("scim_path", SCIM_USER)}] if "scim" in more else [])

    # -- writing --

    def changes(self):
        row, more = self.row, self.more
        made = []
        if "change" in more:
            words, how, envelope = more["change"]
            made.append({"route": words, "how": how, "envelope": envelope})
        elif row["F_deact"] in ("field", "wrapped_field", "jsonapi_field"):
            found = route(row["deactivate"]) or route(row["activate"])
            if found[0] == "DELETE":
                found = route(row["activate"])
            wrapped = re.search(r"\{(\w+):\{", row["deactivate"])
            how = "deep" if row["F_deact"] == "jsonapi_field" or self.email_at().count("/") > 1 else "merge"
            made.append({"route": " ".join(found), "how": how,
                         "envelope": "/" + wrapped.group(1) if wrapped else ""})
        elif (route(row["activate"]) and row["F_deact"] == "delete" and "reactivate" not in row["activate"]
              and not more.get("scim")):
            found = route(row["activate"])
            made.append({"route": " ".join(found), "how": "deep"})
        for one in made:
            one["unknown"] = "ignored"
            if "JSON:API" in row["row_envelope"]:
                one |= {"envelope": "/data", "needs": {"/data/type": "", "/data/id": "$id"},
                        "media": ["application/vnd.api+json", "application/json"]}
            if more.get("change_answer") == "none":
                one["answer"] = "none"
            else:
                one["answer_at"] = more.get("answer_at", self.item_at() or one.get("envelope", ""))
        if more.get("scim") and self.states():
            names = list(self.states()[1])
            made.append({"route": "PATCH " + more.get("scim_path", SCIM_USER), "how": "patchop",
                         "media": ["application/scim+json", "application/json"],
                         "ops": {"states": {"true": names[0], "false": names[1]}}})
        return made

    def creates(self):
        row, more = self.row, self.more
        if "create" in more:
            path, envelope = more["create"]
        else:
            found = route(row["create"])
            if not found:
                return []
            path = found[1]
            wrapped = re.search(r"\{(\w+):\{", row["create"])
            envelope = "/" + wrapped.group(1) if wrapped and wrapped.group(1) != "profile" else ""
        one = {"route": "POST " + path, "envelope": envelope, "unknown": "ignored",
               "answer_at": self.item_at() or envelope}
        return [one]

    def deletes(self):
        row, more = self.row, self.more
        states = list(self.states()[1]) if self.states() else []
        soft_too = "(soft" in row["deactivate"]
        kept = len(states) > 1 and (soft_too or "soft" in more)
        soft = {"kind": "deactivates", "to": states[1]} if kept else {"kind": "hard"}
        made = []
        if row["F_deact"] == "delete" or "delete_as" in more or soft_too:
            found = [route(row[column]) for column in ("deactivate", "delete")]
            path = more.get("delete_as") or next((one[1] for one in found if one and one[0] == "DELETE"), None)
            if path:
                made.append({"route": "DELETE " + path, "answer": "none", "again": "done", **soft})
        if "delete_body" in more:
            words, where = more["delete_body"]
            kind = soft if words.startswith("DELETE") else {"kind": "hard"}
            one = {"route": words, "id_at": where, "answer": "object", "status": 200, **kind}
            if "delete_answer" in more:
                one |= {"answer": "members", "answer_members": more["delete_answer"]}
            made.append(one)
        elif "delete_post" in more:
            made.append({"route": "POST " + more["delete_post"], "kind": "hard", "answer": "none"})
        elif (more.get("delete") or route(row["delete"])) and (not made or "delete" in more):
            path = more.get("delete") or route(row["delete"])[1]
            made = [one for one in made if one["route"] != "DELETE " + path]
            kind, to = more.get("delete_kind", ("hard", None))
            one = {"route": "DELETE " + path, "kind": kind, "answer": "none"}
            if to:
                one["to"] = to
            made.append(one)
        if more.get("scim") and row["F_deact"] == "other_api" and soft["kind"] != "hard" and not made:
            made.append({"route": "DELETE " + more.get("scim_path", SCIM_USER), "answer": "none", **soft})
        return made

    # -- the rest --

    def errors(self):
        row, more = self.row, self.more
        words = first_word(row["error_message"])
        kinds = {"limited": {"headers": {"Retry-After": "1"}}}
        limit = row["rate_limit"].lower()
        if "x-rate-limit-reset" in limit or "x-ratelimit-reset" in limit:
            name = re.search(r"x-rate-?limit-reset", limit).group()
            kinds["limited"]["headers"] = {name.title(): "$epoch+1"}
        elif "x-ratelimit-retry-after" in limit:
            kinds["limited"]["headers"] = {"X-RateLimit-Retry-After": "1"}
        errors = {"kinds": kinds}
        if "ok=false" in row["error_message"]:
            more = more | {"errors_200": {"ok": False, "error": "$words"}}
        if "errors_200" in more:
            errors |= {"status": 200, "shape": more["errors_200"]}
            for name, status in (("route", 404), ("method", 405), ("limited", 429), ("crash", 500), ("auth", 401),
                                 ("no_credentials", 401)):
                kinds.setdefault(name, {})["status"] = status
        elif "error_header" in more:
            errors["shape"] = None
        elif re.match(r"^[\w.\[\]]+$", words):
            shape = {}
            place = shape
            parts = pointer(words).split("/")[1:]
            for part, following in zip(parts, parts[1:] + [None]):
                value = "$words" if following is None else [] if following == "0" else {}
                if isinstance(place, list):
                    place.append(value)
                else:
                    place[part] = value
                place = value
            errors["shape"] = shape
        if "missing" in more:
            kinds["not_found"] = {"status": more["missing"]}
        return errors

    def http(self):
        more = self.more
        http = {"bases": [base for base in dict.fromkeys([base_path(self.row)]) if base]}
        if more.get("scim"):
            http["bases"] += ["/scim/v2", "/scim/v1", "/api/v1/scim", "/api/1.0/scim", "/scim", "/v1/scim"]
        if any(name == "jira" for name in (self.name,)):
            http["bases"] += ["/admin/v1", "/ex/jira/{*}/rest/api/3"]
        # the first that fits is taken away
        http["bases"].sort(key=len, reverse=True)
        if "needs" in more:
            http["needs"] = more["needs"]
        if "write_needs" in more:
            http["needs_to_write"] = more["write_needs"]
        if "ok=false" in self.row["error_message"]:
            http["success"] = {"ok": True}
        if "success" in more:
            http["success"] = more["success"]
        if "slash" in more:
            http["slash"] = more["slash"]
        if "error_header" in more:
            self.play["errors"]["kinds"] |= {kind: {"headers": {more["error_header"]: "see the documents"}}
                                             for kind in ("invalid", "not_found", "required")}
        return http

    def make(self):
        if self.more.get("scim_server"):
            self.play |= {"scim": True, "users": 230,
                          "auth": {"checks": [{"header": "Authorization", "is": "Bearer " + self.secret("token")}]}}
            self.play["credentials"] = self.secrets
            return self.play
        play = self.play
        lists = self.lists()
        cap = lists[0].get("page", {}).get("cap", 100)
        play["users"] = 2 * cap + 30 if 100 < cap <= 1000 else 250
        if "ceiling" in self.more:
            play["users"] = min(play["users"], self.more["ceiling"] - 100)
        play["ids"] = self.ids()
        play["auth"] = self.auth()
        play["fields"] = self.fields()
        status = self.status()
        if status:
            play["status"] = status
        play["lists"] = lists
        for name in ("items", "changes", "creates", "deletes"):
            part = getattr(self, name)()
            if part:
                play[name] = part
        play["errors"] = self.errors()
        play["http"] = self.http()
        play["credentials"] = self.secrets
        return play


def read_table():
    with open(TABLE, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    wanted = set(sys.argv[2:])
    for row in read_table():
        one = Row(row)
        if wanted and one.name not in wanted:
            continue
        text = json.dumps(one.make(), indent=1, ensure_ascii=False)
        (folder / f"{one.name}.play.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
