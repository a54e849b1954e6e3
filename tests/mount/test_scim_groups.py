# SPDX-License-Identifier: Apache-2.0
"""SCIM's groups as folders with links, and descriptions with kind = scim."""

import json
import os
import shutil

import pytest

from harness import TOP
from scim_plays import CORE, NO_PATCH, Plays, operations, writes

SLACK = {"/deletes/0/kind": "deactivates", "/deletes/0/to": "inactive"}
# one description: a key of a preset section is replaced, a section is left out, the rest stays
OWN = """[vendor]
kind = scim
name = Own
docs = https://example.com/scim
date = 2026-11-30
evidence = tried

[settings]
key = secret, required

[auth]
header.X-Key = {key}

[list]
request = GET /People?startIndex={offset}&count={size}
size = 10

[item]
request = GET /People/{id}

[update]
request = PATCH /People/{id}

[self]
user = none

[groups/list]
request = none

[create]
request = none
"""
OWN_PLAY = {
    "/auth": {"checks": [{"header": "X-Key", "is": "own-CANARY"}]},
    "/lists/0/route": "GET /People", "/items/0/route": "GET /People/{id}", "/changes/0/route": "PATCH /People/{id}"}


@pytest.fixture(scope="module", name="servers")
def _servers(stage, base, env):
    vendors = os.path.join(env["HOME"], ".config/rosterfs/vendors")
    os.makedirs(vendors, exist_ok=True)
    with open(os.path.join(vendors, "own-scim.vendor"), "w", encoding="utf-8") as file:
        file.write(OWN)
    shutil.copy(TOP / "descriptions/slack.vendor", vendors)
    plays = Plays()
    plays.add("idp", keys={"allow_delete": "yes"})
    plays.add("careful")
    plays.add("put", {**NO_PATCH, "/places/changes/0": None})
    plays.add("slack", SLACK, {"type": "slack", "allow_delete": "yes"})
    plays.add("own", OWN_PLAY, {"type": "own-scim", "token": None, "key": "own-CANARY"}, users=33)
    return plays.start(stage, base / "scim-groups")


def members(one, group):
    return {member["value"] for member in one.group(group)["members"]}


def outsider(one, group):
    return next(user["id"] for user in one.users() if user["id"] not in members(one, group))


# ---- groups ----

def test_tree(servers):
    one = servers["idp"]
    folder = one.mount.path / "idp/groups"
    assert {name for name in os.listdir(folder) if name != "new"} == {f"g{number}" for number in range(1, 7)}
    assert json.loads((folder / "g1/group.json").read_text()) == one.group("g1")
    links = {name: os.readlink(folder / "g1/members" / name) for name in os.listdir(folder / "g1/members")}
    assert links == {f"{user}.json": f"../../../{user}.json" for user in members(one, "g1")}


def test_join(servers):
    """ln -s makes a member, by an operation that touches no other one."""
    one = servers["idp"]
    before, user = members(one, "g2"), outsider(one, "g2")
    result, sent = one.run(f"""cat groups/g2/group.json > /dev/null; ls groups/g2/members > /dev/null
        ln -s ../../../{user}.json groups/g2/members/ && ls groups/g2/members && cat groups/g2/group.json""")
    listed, _, document = result.ok().out.partition("{")
    assert f"{user}.json" in listed.split() and members(one, "g2") == before | {user}
    # the record that the links are part of is another one now
    assert json.loads("{" + document)["members"] == one.group("g2")["members"]
    assert [(method, path, operations(body)) for method, path, body, _ in writes(sent)] == [
        ("PATCH", "/Groups/g2", [("add", "members", [{"value": user}])])]


def test_leave(servers):
    """rm ends one membership, with allow_delete."""
    one = servers["idp"]
    before = members(one, "g3")
    user = min(before)
    result, sent = one.run(f"rm groups/g3/members/{user}.json && ls groups/g3/members")
    assert f"{user}.json" not in result.ok().out.split() and members(one, "g3") == before - {user}
    assert [(method, path, operations(body)) for method, path, body, _ in writes(sent)] == [
        ("PATCH", "/Groups/g3", [("remove", f'members[value eq "{user}"]', None)])]
    # without allow_delete nothing is ended
    one = servers["careful"]
    before = members(one, "g3")
    result, sent = one.run(f"rm groups/g3/members/{min(before)}.json")
    assert "Operation not permitted" in result.err and not writes(sent) and members(one, "g3") == before


def test_rename(servers):
    one = servers["idp"]
    before = one.group("g4")
    result, sent = one.run("""echo '{"displayName": "Renamed"}' > groups/g4/group.json""")
    result.ok()
    assert [operations(body) for _, _, body, _ in writes(sent)] == [[("replace", "displayName", "Renamed")]]
    assert one.group("g4") == {**before, "displayName": "Renamed"}


def test_rename_by_put(servers):
    """A server without PATCH gets the whole group, its members included."""
    one = servers["put"]
    before = one.group("g4")
    result, sent = one.run("""echo '{"displayName": "Renamed"}' > groups/g4/group.json""")
    result.ok()
    [(method, path, body, _)] = writes(sent)
    assert (method, path) == ("PUT", "/Groups/g4")
    assert (body["schemas"], body["members"]) == ([CORE + "Group"], before["members"])
    assert one.group("g4") == {**before, "displayName": "Renamed"}


def test_join_by_put(servers):
    """There a new member is written into the group; ln -s says that it is not offered."""
    one = servers["put"]
    before, user = members(one, "g5"), outsider(one, "g5")
    result, _ = one.run(f"ln -s ../../../{user}.json groups/g5/members/")
    assert "Operation not supported" in result.err and members(one, "g5") == before
    result, sent = one.run(f"""jq '.members += [{{"value": "{user}"}}]' groups/g5/group.json > ../../group.json
        cat ../../group.json > groups/g5/group.json && ls groups/g5/members""")
    assert f"{user}.json" in result.ok().out.split() and members(one, "g5") == before | {user}
    assert [request[:2] for request in writes(sent)] == [("PUT", "/Groups/g5")]


# ---- descriptions of kind scim ----

def test_slack(servers):
    """The key is nobody's, and there is no deletion: its DELETE only deactivates. The rest is SCIM's."""
    one = servers["slack"]
    user = one.take()
    result, sent = one.run(f"echo inactive > {user}.status; cat {user}.status")
    assert result.ok().out == "inactive\n" and one.user(user)["active"] is False
    assert [operations(body) for _, _, body, _ in writes(sent)] == [[("replace", "active", False)]]
    assert "/Me" not in [request[1] for request in sent]
    result, sent = one.run(f"echo deleted > {user}.status")
    assert "Operation not supported" in result.err and not writes(sent)
    assert one.names() == {user["id"] for user in one.users()}


def test_replaced_keys(servers):
    """A key of a preset section is replaced alone; a section with request = none is left out."""
    one = servers["own"]
    one.box.reset()
    assert one.names() == {user["id"] for user in one.users()}
    asked = [entry["query"] for entry in one.box.journal() if entry["path"] == "/own/People"]
    assert asked[0] == "startIndex=1&count=10"
    assert "groups" not in os.listdir(one.mount.path / "own") and "new" not in os.listdir(one.mount.path / "own")
    user = one.take()
    result, sent = one.run(f"echo inactive > {user}.status")
    result.ok()
    assert [(method, path, operations(body)) for method, path, body, _ in writes(sent)] == [
        ("PATCH", f"/People/{user}", [("replace", "active", False)])]
    assert one.user(user)["active"] is False
