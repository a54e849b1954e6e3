# SPDX-License-Identifier: Apache-2.0
"""A described vendor that names no versions: the time of the last update does, for the documents from one."""

import json

import pytest

from described import HEAD
from writes import last_line

PLAY = {
    "users": 12,
    "auth": {"checks": [{"header": "Authorization", "is": "Bearer CANARY"}]},
    "fields": {
        "/id": {"holds": "id"},
        "/email": {"holds": "email"},
        "/name": {"holds": "name"},
        "/phone": {"holds": "phone"},
        "/meta/updated": {"holds": "updated"},
    },
    "status": {"at": "/on", "states": {"active": True, "inactive": False}},
    "lists": [{"route": "GET /users", "rows": "/users"}],
    "items": [{"route": "GET /users/{id}"}],
    "changes": [{"route": "PATCH /users/{id}"}],
}

DESCRIPTION = HEAD + """
[list]
request = GET /users
rows = /users/*
paging = none

[item]
request = GET /users/{id}

[self]
user = none

[fields]
name = /name
updated = /meta/updated
read_only = /meta

[status]
path = /on
active = true
inactive = false

[update]
request = PATCH /users/{id}
body = {changes}
"""


@pytest.fixture(name="acme", params=["iso", "ms", "s"])
def _acme(request, sandbox, mount, test_dir):
    vendors = test_dir / "config/rosterfs/vendors"
    vendors.mkdir(parents=True)
    (vendors / "acme.vendor").write_text(DESCRIPTION)
    updated = {"holds": "updated", "form": request.param}
    (test_dir / "play.json").write_text(json.dumps({**PLAY, "fields": {**PLAY["fields"], "/meta/updated": updated}}))
    box = sandbox(vendors="cj", play=f"acme={test_dir / 'play.json'}")
    config = f"[acme]\ntype = acme\nbase_url = {box.url}/acme\nkey = CANARY\nlag = 0\n"
    return mount(box, config=config, extra_env={"XDG_CONFIG_HOME": str(test_dir / "config")})


def patches(m):
    return len([entry for entry in m.sandbox.journal() if entry["method"] == "PATCH"])


def test_an_older_document_is_merged(acme):
    """A copy from before a save says nothing about what that save changed, and is no change of the time."""
    acme.sh("cat acme/u1.json > ../old.json && jq '.name = \"Renamed\"' ../old.json > ../new.json").ok()
    acme.sh("cat ../new.json > acme/u1.json").ok()
    acme.sh("cat ../new.json > acme/u1.json").ok()
    assert patches(acme) == 1
    acme.sh("jq '.phone = \"+1\"' ../old.json > ../other.json && cat ../other.json > acme/u1.json").ok()
    now = acme.sh("cat acme/u1.json").ok().json()
    assert (now["name"], now["phone"]) == ("Renamed", "+1") and patches(acme) == 2
    # both have changed it
    assert acme.sh("jq '.name = \"Another\"' ../old.json > ../other.json && cat ../other.json > acme/u1.json").code != 0
    assert '"name"' in last_line(acme, "ESTALE") and patches(acme) == 2


def test_a_version_that_nobody_holds(acme):
    result = acme.sh("""jq '.name = "New" | .meta.updated |= if type == "number" then . - 1 else "2001" + .[4:] end' \
        acme/u1.json > ../new.json; cat ../new.json > acme/u1.json""")
    assert result.code != 0 and "Stale file handle" in result.err
    assert "no longer cached" in last_line(acme, "ESTALE") and patches(acme) == 0
