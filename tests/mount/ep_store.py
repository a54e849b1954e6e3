# SPDX-License-Identifier: Apache-2.0
"""What the tests of Elastic Path share: a store, its mount, and what the store knows by itself."""

import contextlib
import errno
import json
import os
import pathlib

import pytest

import harness
from writes import errno_of, name_of, refused, save

WORD = "CANARY"
# what races does not depend on the form of the answers: one is enough where threads are watched
PROFILES = ["documents"] if "thread" in harness.SANITIZE else ["guide", "documents"]
NOT_OFFERED = name_of(errno.EOPNOTSUPP)
NOT_OFFERED_LOGGED = "EOPNOTSUPP"  # on Linux the same number as Python's ENOTSUP

TOKEN = "POST /oauth/access_token"
LIST = "GET /v2/account-members"
ITEM = "GET /v2/account-members/{id}"
OWN = "GET /v2/account-members/{id}/account-memberships"
ACCOUNTS = "GET /v2/accounts"
ACCOUNT = "GET /v2/accounts/{id}"
THEIRS = "GET /v2/accounts/{id}/account-memberships"
DELETE = "DELETE /v2/accounts/{id}/account-memberships/{id}"
POST = "POST /v2/accounts/{id}/account-memberships"

ONE_MEMBERSHIP = "/v2/accounts/*/account-memberships/*"
QUICK = {"elasticpath": {"retry_budget": 0, "lag": 0}}  # nothing is tried or looked for again
DELETABLE = {"elasticpath": {"allow_delete": "yes"}}


def store(sandbox, members=45, accounts=4, **options):
    return sandbox(users=5, vendors="partnerize,elasticpath,cj", members=members, accounts=accounts,
                   **options)


@pytest.fixture
def ep(mount, sandbox):
    """ep(profile, extra, options=[...], box={...}) mounts a store."""
    def start(profile="guide", extra=None, box=None, **rest):
        return mount(store(sandbox, profile=profile, **(box or {})), extra, **rest)
    return start


# ---- what the store knows ----

def people(box):
    """The store's own members, in its order: member N of the seed is people(box)[N - 1]."""
    return box.control("GET", "elasticpath/members")


def person(box, number):
    return people(box)[number - 1]["id"]


def companies(box):
    """The store's own accounts, in its order."""
    return box.control("GET", "elasticpath/accounts")


def company(box, number=1):
    return companies(box)[number - 1]


def account_of(membership):
    """Both forms: flat in the guide, in relationships in the documents."""
    if "account_id" in membership:
        return membership["account_id"]
    return membership["relationships"]["account"]["data"]["id"]


def accounts_of(box, member):
    """The accounts that MEMBER belongs to, as the store knows them."""
    return sorted(account_of(one) for one in box.control("GET", "elasticpath/memberships")
                  if member in json.dumps(one))


def members_of(box, account):
    """The members of ACCOUNT, as the store knows them."""
    found = json.dumps([one for one in box.control("GET", "elasticpath/memberships")
                        if account_of(one) == account])
    return sorted(one["id"] for one in people(box) if one["id"] in found)


def outside(box, member):
    """An account that MEMBER does not belong to."""
    inside = accounts_of(box, member)
    return next(one["id"] for one in companies(box) if one["id"] not in inside)


def join(box, account, member):
    """A colleague makes a membership."""
    box.control("POST", "elasticpath/memberships", {"account_id": account, "account_member_id": member})


def part(box, account, member):
    """A colleague ends one."""
    for one in box.control("GET", "elasticpath/memberships"):
        if member in json.dumps(one) and account_of(one) == account:
            box.control("DELETE", "elasticpath/memberships/" + one["id"])


# ---- what it was asked ----

def journal(box, method, start="/v2/"):
    return [entry for entry in box.journal()
            if entry["method"] == method and entry["path"].startswith(start)]


def sent(box):
    """What could have changed something at the store."""
    return [entry for entry in box.journal()
            if entry["method"] != "GET" and "access_token" not in entry["path"]]


def asked(box):
    """How many requests there were but for the token's."""
    counts = box.counts()
    return counts["total"] - counts.get(TOKEN, 0)


def body_of(entry):
    """What an entry of the journal has in its envelope."""
    body = entry["body"]
    return (json.loads(body) if isinstance(body, str) else body)["data"]


# ---- the mount ----

def status(m, member):
    return (m.path / f"elasticpath/{member}.status").read_text()


def write(m, member, word):
    """Write a status; how each step ended. An open that fails is a write that was refused."""
    try:
        return save(m.path / f"elasticpath/{member}.status", word + "\n")
    except OSError as error:
        return refused(name_of(error.errno))


def refresh(m):
    (m.path / ".rosterfs/refresh").write_text("elasticpath\n")


def undo_lines(m, member):
    return [line for line in m.log().splitlines() if f"ln -s ../../../{member}.json" in line]


def folder(m, account):
    return m.path / f"elasticpath/accounts/{account}"


def names(members):
    """What their links are called."""
    return [member + ".json" for member in members]


def links(m, account):
    """What stands in an account's members/."""
    return sorted(os.listdir(folder(m, account) / "members"))


def link_path(m, account, member):
    return folder(m, account) / f"members/{member}.json"


def link(m, account, member):
    """Make a membership as `ln -s` does; the name of its errno."""
    return name_of(errno_of(os.symlink, f"../../../{member}.json", link_path(m, account, member)))


def unlink(m, account, member):
    return name_of(errno_of(os.unlink, link_path(m, account, member)))


def fails(function, *arguments):
    """The name of the errno that FUNCTION failed with, or "ok"."""
    return name_of(errno_of(function, *arguments))


# ---- secrets ----

def everywhere(m):
    """All that can be read of a mount and its daemon, by name."""
    found = {"stderr": m.stderr()}
    for root, _folders, names in os.walk(m.path):
        for name in names:
            path = pathlib.Path(root, name)
            found[str(path)] = str(path)
            if name != "refresh":
                with contextlib.suppress(OSError):
                    found[str(path)] += path.read_text(errors="replace")
    for name in ("cmdline", "environ", "comm", "status", "maps"):
        found[name] = pathlib.Path(f"/proc/{m.pid}/{name}").read_text(errors="replace")
    return found


def clean(m, *words):
    """No token, no key of the sandbox's, none of WORDS anywhere."""
    for place, text in everywhere(m).items():
        for word in (WORD, *words):
            at = text.find(word)
            assert at < 0, f"{word} in {place}: {text[max(0, at - 200):][:400]}"
    assert m.sandbox.counts()["leaks"] == 0
    for entry in m.sandbox.journal():
        assert WORD not in entry["path"] + str(entry.get("query", ""))
