# SPDX-License-Identifier: Apache-2.0
"""
A described vendor whose rows lack fields (`whole = no`), with nested fields, a status that has requests of its own,
and a field that files hide.
"""

import json
import os

import pytest

from writes import last_line

PLAY = {
    "users": 12,
    "auth": {"checks": [{"header": "Authorization", "is": "Bearer CANARY"}]},
    "fields": {
        "/id": {"holds": "id"},
        "/profile/email": {"holds": "email", "required": True},
        "/profile/name": {"holds": "name", "in_rows": False},
        "/profile/phone": {"holds": "phone", "in_rows": False},
        "/api_key": {"holds": "secret", "in_rows": False},
        "/meta/created": {"holds": "created"},
        "/meta/updated": {"holds": "updated"},
    },
    "status": {
        "at": "/state/now", "write": "refused", "in_rows": False,
        "states": {"active": "ACTIVE", "suspended": "SUSPENDED", "locked": "LOCKED"},
        "moves": [
            {"route": "POST /users/{id}/suspend", "from": ["active"], "to": "suspended"},
            {"route": "POST /users/{id}/unsuspend", "from": ["suspended"], "to": "active"},
        ],
    },
    "lists": [{"route": "GET /users", "rows": "/users",
               "page": {"by": "cursor", "name": "cursor", "size_name": "limit", "cap": 5, "next": [{"put": "/next"}]}}],
    "items": [{"route": "GET /users/{id}"}],
    "changes": [{"route": "PATCH /users/{id}"}],
}

DESCRIPTION = """
[vendor]
name = Acme
docs = https://acme.example/docs
date = 2026-11-30
evidence = tried
remains = the person's API keys stay valid

[settings]
key = secret, required

[auth]
header.Authorization = Bearer {key}

[list]
request = GET /users?cursor={cursor}&limit={size}
rows = /users/*
whole = no
paging = cursor
next = /next
size = 5

[item]
request = GET /users/{id}

[self]
user = none

[fields]
email = /profile/email
name = /profile/name
created = /meta/created
updated = /meta/updated
read_only = /meta/created, /meta/updated
required = /profile/email
hidden = /api_key

[status]
path = /state/now
active = ACTIVE
inactive = SUSPENDED

[deactivate suspend]
request = POST /users/{id}/suspend
from = ACTIVE

[activate unsuspend]
request = POST /users/{id}/unsuspend
from = SUSPENDED

[update]
request = PATCH /users/{id}
body = {changes}
"""


@pytest.fixture(name="acme")
def _acme(sandbox, mount, test_dir):
    """acme(description=..., play=..., options=...) mounts one: a harness.Mount."""
    def start(description=DESCRIPTION, play=None, **rest):
        vendors = test_dir / "config/rosterfs/vendors"
        vendors.mkdir(parents=True)
        (vendors / "acme.vendor").write_text(description)
        (test_dir / "play.json").write_text(json.dumps({**PLAY, **(play or {})}))
        box = sandbox(vendors="cj", play=f"acme={test_dir / 'play.json'}")
        config = f"[acme]\ntype = acme\nbase_url = {box.url}/acme\nkey = CANARY\nlag = 0\n"
        return mount(box, config=config, extra_env={"XDG_CONFIG_HOME": str(test_dir / "config")}, **rest)
    return start


def asked(m):
    """Requests since the last reset: gets of one user, and all others that are not of the list."""
    paths = [(entry["method"], entry["path"].split("?")[0]) for entry in m.sandbox.journal()]
    gets = [path for method, path in paths if method == "GET" and path.startswith("/acme/users/")]
    return len(gets), [path for method, path in paths if method != "GET"]


def test_a_listing_costs_no_request_per_row(acme):
    m = acme()
    m.sh("ls -l acme > /dev/null && ls acme/by-email && stat acme/u1.json acme/u1.status").ok()
    assert asked(m) == (0, [])


def test_files_are_whole(acme):
    m = acme()
    os.listdir(m.path / "acme")
    document = m.sh("cat acme/u1.json").ok().out
    assert len(document.encode()) == (m.path / "acme/u1.json").stat().st_size
    assert json.loads(document)["profile"]["name"] == "Jane Doe"
    assert "api_key" not in document
    assert asked(m) == (1, [])
    # another look costs nothing, and the status is in what was read
    assert m.sh("cat acme/u1.json acme/u1.status").ok().out == document + "active\n"
    assert asked(m) == (1, [])
    assert m.sh("grep -l Jane -r acme --include='*.json' | grep -c u").ok().out != "0\n"
    assert asked(m) == (12, [])
    words = m.sh("cat acme/u*.status").ok().out.split()
    assert len(words) == 12 and set(words) <= {"active", "inactive", "LOCKED"}
    assert asked(m) == (12, [])


def test_a_refresh_changes_no_file_that_was_read(acme):
    m = acme()
    os.listdir(m.path / "acme")
    m.sh("cat acme/u1.json").ok()
    before = (m.path / "acme/u1.json").stat()
    m.sh("echo acme > .rosterfs/refresh && ls acme").ok()
    after = (m.path / "acme/u1.json").stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    m.sh("cat acme/u1.json").ok()
    assert asked(m)[0] == 2, "what the refresh has made stale is read again"


def test_the_status_has_its_own_requests(acme):
    m = acme()
    m.sh("echo inactive > acme/u1.status").ok()
    assert m.sh("cat acme/u1.status").ok().out == "inactive\n"
    assert asked(m)[1] == ["/acme/users/u1/suspend"]
    m.sh("echo inactive > acme/u1.status").ok()
    assert asked(m)[1] == ["/acme/users/u1/suspend"], "it is inactive already"
    m.sh("echo active > acme/u1.status").ok()
    assert asked(m)[1] == ["/acme/users/u1/suspend", "/acme/users/u1/unsuspend"]
    assert m.sandbox.control("GET", "acme/users/u1")["_state"] == "active"


def test_a_request_for_one_word_only(acme):
    start = DESCRIPTION.index("[activate unsuspend]")
    m = acme(DESCRIPTION[:start] + DESCRIPTION[DESCRIPTION.index("[update]"):],
             {"status": {**PLAY["status"], "write": "taken"}})
    m.sh("echo inactive > acme/u1.status && echo active > acme/u1.status").ok()
    assert asked(m)[1] == ["/acme/users/u1/suspend", "/acme/users/u1"]
    assert m.sandbox.control("GET", "acme/users/u1")["_state"] == "active"
    # whichever it is, no document changes it
    assert m.sh("sed -i 's/\"ACTIVE\"/\"SUSPENDED\"/' acme/u1.json").code


def test_documents(acme):
    m = acme()
    m.sh("sed -i 's/Jane Doe/Jane Roe/' acme/u1.json").ok()
    assert m.sandbox.control("GET", "acme/users/u1")["profile"]["name"] == "Jane Roe"
    m.sandbox.reset()
    assert m.sh("sed -i 's/\"ACTIVE\"/\"SUSPENDED\"/' acme/u1.json").code
    assert '"state.now"' in last_line(m, "acme/u1.json") and "status file" in last_line(m, "acme/u1.json")
    assert m.sh("sed -i 's/\"created\": \"[^\"]*\"/\"created\": \"x\"/' acme/u1.json").code
    assert '"meta.created"' in last_line(m, "acme/u1.json")
    assert asked(m)[1] == []


def test_from_memory(acme):
    m = acme(DESCRIPTION.replace("evidence = tried", "evidence = memory"))
    os.listdir(m.path / "acme")
    assert (m.path / "acme/u1.json").stat().st_mode & 0o777 == 0o400
    assert m.sh("cat acme/u1.json").ok().out
    assert m.sh("sh -c 'echo inactive > acme/u1.status'").code
    if os.getuid() == 0:
        assert "trust = yes" in last_line(m, "acme/u1.status")
    assert asked(m)[1] == []


def test_dry_run(acme):
    m = acme(options=["-o", "dry_run"])
    m.sh("echo inactive > acme/u1.status").ok()
    assert "POST /users/u1/suspend" in last_line(m, "acme/u1.status")
    assert asked(m)[1] == []
