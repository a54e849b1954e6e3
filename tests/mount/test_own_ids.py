# SPDX-License-Identifier: Apache-2.0
"""
A described vendor that assigns no ids: PUT /users/{id} creates a user, or changes whoever has that id. Records are
read alone, or ("list") known from the list only.
"""

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
    },
    "status": {"at": "/on", "states": {"active": True, "inactive": False}},
    "lists": [{"route": "GET /users", "rows": "/users"}],
    "items": [{"route": "GET /users/{id}"}],
    "changes": [{"route": "PUT /users/{id}", "how": "replace", "missing": "created", "answer": "none"}],
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
immutable = /email

[status]
path = /on
active = true
inactive = false

[update]
request = PUT /users/{id}
body = {record}

[create]
request = PUT /users/{/id}
body = {record}
"""


@pytest.fixture(name="acme", params=["item", "list"])
def _acme(request, sandbox, mount, test_dir):
    vendors = test_dir / "config/rosterfs/vendors"
    vendors.mkdir(parents=True)
    description = DESCRIPTION
    if request.param == "list":
        description = description.replace("[item]\nrequest = GET /users/{id}\n", "")
    (vendors / "acme.vendor").write_text(description)
    (test_dir / "play.json").write_text(json.dumps(PLAY))
    box = sandbox(vendors="cj", play=f"acme={test_dir / 'play.json'}")
    config = f"[acme]\ntype = acme\nbase_url = {box.url}/acme\nkey = CANARY\nlag = 0\n"
    return mount(box, config=config, extra_env={"XDG_CONFIG_HOME": str(test_dir / "config")})


def puts(m):
    return [entry["path"] for entry in m.sandbox.journal() if entry["method"] == "PUT"]


def test_the_document_gives_the_id(acme):
    """Also without an email that the new user could be found by."""
    for ident, rest in (("newcomer", {"email": "newcomer@example.com"}), ("a b/c", {})):
        (acme.folder / "john.json").write_text(json.dumps({"id": ident, "name": "New Comer", "on": True, **rest}))
        link = acme.sh("cp ../john.json acme/new/ && readlink acme/new/john.json && rm acme/new/john.json").ok().out
        shown = acme.sh(f"cat 'acme/{link.strip().rpartition('/')[2]}'").ok().json()
        assert shown["id"] == ident and shown["name"] == "New Comer"
    assert puts(acme) == ["/acme/users/newcomer", "/acme/users/a b/c"]


def test_nobody_is_overwritten(acme):
    """Whoever has the id stays as they are, whether the list is known or not."""
    before = acme.sh("cat acme/u1.json").ok().out
    result = acme.sh("""echo '{"id": "u1", "name": "Other", "email": "other@example.com"}' > acme/new/x.json""")
    assert result.code != 0 and "File exists" in result.err
    assert 'there is a record with this "id"; nothing was sent' in last_line(acme, "x.json")
    assert puts(acme) == []
    assert acme.sh("echo all > .rosterfs/refresh; cat acme/u1.json").ok().out == before


def test_the_id_is_required(acme):
    result = acme.sh("""echo '{"name": "New", "email": "other@example.com", "on": true}' > acme/new/x.json""")
    assert result.code != 0 and "Invalid argument" in result.err
    assert '"id" is required: the vendor assigns none' in last_line(acme, "x.json")
    assert puts(acme) == []


def test_what_only_a_new_user_can_have(acme):
    """It is sent unchanged with each PUT, which would reset it."""
    old = acme.sh("cat acme/u1.json").ok().json()
    for name, code in (("email", 1), ("name", 0)):
        assert acme.sh(f"jq '.{name} = \"x@example.com\"' acme/u1.json > ../new.json; "
                       "cat ../new.json > acme/u1.json").code == code
    assert '"email" can only be set when the record is created: EPERM' in last_line(acme, "EPERM")
    assert acme.sh("echo all > .rosterfs/refresh; cat acme/u1.json").ok().json() == {**old, "name": "x@example.com"}
