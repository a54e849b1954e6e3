# SPDX-License-Identifier: Apache-2.0
"""
A described vendor without paths for its users: a search by id, whose response is a list, shows one, and an update has
the id in its body. A search that finds nobody is a 200 with an empty list.
"""

import json

import pytest

from described import HEAD
from writes import last_line

BY_ID = {"id": {"at": "/id", "how": "exact"}}
PLAY = {
    "users": 12,
    "auth": {"checks": [{"header": "Authorization", "is": "Bearer CANARY"}]},
    "fields": {
        "/id": {"holds": "id", "write": "ignored"},
        "/email": {"holds": "email"},
        "/name": {"holds": "name"},
        "/role": {"holds": "role"},
    },
    "status": {"at": "/on", "states": {"active": True, "inactive": False}},
    "lists": [{"route": "GET /search", "rows": "ROWS", "filters": BY_ID}, {"route": "GET /all", "rows": "/result"}],
    "changes": [{"route": "POST /update", "id_at": "/params/id", "envelope": "/params", "answer": "object"}],
    "deletes": [{"route": "POST /delete", "id_at": "/params/id", "answer": "object"}],
}

DESCRIPTION = HEAD + """
[list]
request = GET /all
rows = /result/*
paging = none

[item]
request = GET /search?id={id}
root = ROOT

[self]
user = none

[fields]
name = /name

[status]
path = /on
active = true
inactive = false

[update]
request = POST /update
body = {"params": {changes}}
body_id = /params/id
answer = other

[delete]
request = POST /delete
body = {"params": {"id": {id}}}
"""


@pytest.fixture(name="acme", params=["/result", ""], ids=["wrapped", "bare"])
def _acme(request, sandbox, mount, test_dir):
    vendors = test_dir / "config/rosterfs/vendors"
    vendors.mkdir(parents=True)
    (vendors / "acme.vendor").write_text(DESCRIPTION.replace("ROOT", f"{request.param}/0"))
    (test_dir / "play.json").write_text(json.dumps(PLAY).replace("ROWS", request.param))
    box = sandbox(vendors="cj", play=f"acme={test_dir / 'play.json'}")
    config = f"[acme]\ntype = acme\nbase_url = {box.url}/acme\nkey = CANARY\nlag = 0\nallow_delete = yes\n"
    return mount(box, config=config, extra_env={"XDG_CONFIG_HOME": str(test_dir / "config")})


def stored(m):
    return {user["_id"]: user for user in m.sandbox.control("GET", "acme/users")}


def test_an_update_has_the_id_in_its_body(acme):
    """Only the fields that changed, and nobody else's."""
    before = stored(acme)
    acme.sh("""echo '{"name": "New Name"}' > acme/u3.json; echo inactive > acme/u4.status""").ok()
    after = stored(acme)
    assert after["u3"]["name"] == "New Name" and after["u3"]["role"] == before["u3"]["role"]
    assert after["u4"]["on"] is False
    assert {i for i in after if after[i] != before[i]} == {"u3", "u4"}


def test_a_search_that_finds_nobody(acme):
    """There is no such user, whether the list was read before or not."""
    for before in ("", "ls acme; "):
        result = acme.sh(f"{before}cat acme/u99.json")
        assert result.code != 0 and "No such file or directory" in result.err


def test_who_was_deleted_elsewhere(acme):
    acme.sh("ls acme").ok()
    acme.sandbox.control("DELETE", "acme/users/u5")
    result = acme.sh("echo inactive > acme/u5.status")
    assert result.code != 0 and "No such file or directory" in result.err
    assert "the vendor has found nobody" in last_line(acme, "u5.status")


def test_a_deletion_is_done_when_the_search_finds_nobody(acme):
    acme.sh("ls acme; echo deleted > acme/u6.status").ok()
    assert "u6" not in stored(acme)
    assert "deleted: this can't be undone" in last_line(acme, "u6.status")
    assert acme.sh("ls acme/u6.json").code != 0
