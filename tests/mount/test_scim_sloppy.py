# SPDX-License-Identifier: Apache-2.0
"""SCIM servers that do what real ones do: a write is proved or an error, and a method that is missing is replaced."""

import pytest

from scim_plays import Plays, operations, writes

HTML = {"/documents": [], "/errors/kinds/route": {"shape": "<html><pre>Cannot GET</pre></html>", "type": "text/html"}}
NO_METHOD = {name: {"/changes/0": None, "/documents": [], **changes} for name, changes in {
    "no-patch-405": {},
    "no-patch-501": {"/errors/kinds/method": {"status": 501}},
    "no-patch-404": {"/errors/kinds/method": {"status": 404, "type": "text/html", "shape": "<html>Cannot PATCH</html>"}},
}.items()}
LIES = {"shows-old": {"/changes/0/answer": "old", "/changes/0/stores": "nothing"},
        "says-nothing": {"/changes/0/answer": "none", "/changes/0/status": 204, "/changes/0/stores": "nothing"}}
FINE = {
    "html": HTML,
    "json": {"/http/type": "application/json", "/errors/type": "application/json"},
    "no-text": {"/documents": [], "/errors/kinds/route": {"shape": None}},
    "strings": {"/status/states": {"active": {"is": "True", "taken": [True]}, "inactive": {"is": "False",
                                                                                            "taken": [False]}}},
    "absent": {"/status/states": {"active": {"is": True, "absent": True, "taken": [True]}, "inactive": False}},
    "tags": {"/http/etag": "hash", "/changes/0/if_match": "refused"},
}


@pytest.fixture(scope="module", name="servers")
def _servers(stage, base):
    plays = Plays()
    for name, changes in {**NO_METHOD, **LIES, **FINE}.items():
        plays.add(name, changes)
    plays.add("slash", keys={"base_url": "@BOX@/slash/"})
    plays.add("broken")
    plays.add("plain-paths", {"/changes/0/ops/paths": "refused"})
    return plays.start(stage, base / "scim-sloppy")


@pytest.mark.parametrize("name", [*FINE, "slash"])
def test_status(servers, name):
    one = servers[name]
    user = one.take()
    for word in ("inactive", "active"):
        result, sent = one.run(f"echo {word} > {user}.status; cat {user}.status")
        assert result.ok().out == word + "\n"
        assert one.box.control("GET", f"{name}/users/{user}")["_state"] == word
        assert operations(writes(sent)[0][2]) == [("replace", "active", word == "active")]


@pytest.mark.parametrize("name", NO_METHOD)
def test_no_patch(servers, name):
    """The whole record is PUT, and no PATCH is tried again."""
    one = servers[name]
    user = one.take()
    result, sent = one.run(f"echo inactive > {user}.status; cat {user}.status")
    assert result.ok().out == "inactive\n" and one.user(user)["active"] is False
    assert [request[0] for request in writes(sent)] == ["PATCH", "PUT"]
    result, sent = one.write(user, {"displayName": "Put"})
    result.ok()
    assert [request[0] for request in writes(sent)] == ["PUT"]
    assert (one.user(user)["displayName"], one.user(user)["active"]) == ("Put", False)


def test_broken_discovery(servers):
    """A change does not fail, nor wait, because the server fails at an optional document."""
    one = servers["broken"]
    one.box.fault(fault="status", status=500, path="/broken/ServiceProviderConfig", times=-1)
    asked = []
    for _ in range(2):
        user = one.take()
        result, sent = one.run(f"echo inactive > {user}.status")
        result.ok()
        assert one.user(user)["active"] is False
        asked += [request[3] for request in sent if request[1] == "/ServiceProviderConfig"]
    one.box.clear_faults()
    assert asked == [500]


def test_missing_is_no_missing_method(servers):
    """A user who is deleted between the GET and the PATCH is not made again by a PUT."""
    one = servers["json"]
    user = one.take()
    one.names()
    one.box.reset()
    path = f"/json/Users/{user}"
    one.box.fault(fault="stall", method="PATCH", path=path)
    writer = one.mount.spawn(f"""echo '{{"displayName": "Back"}}' > json/{user}.json""")
    one.box.wait_held("PATCH", path)
    one.box.control("DELETE", f"json/users/{user}")
    one.box.release()
    result = writer.finish()
    assert result.code != 0 and [request[0] for request in writes(one.journal())] == ["PATCH"]
    assert user not in {user["id"] for user in one.users()}


@pytest.mark.parametrize("name", LIES)
def test_not_applied(servers, name):
    """A 200 for a PATCH that was ignored is no success."""
    one = servers[name]
    user = one.take()
    result, _ = one.run(f"echo inactive > {user}.status")
    assert "Remote I/O error" in result.err and "accepted but not applied" in one.said(user)
    assert one.run(f"cat {user}.status")[0].out == "active\n"


def test_plain_paths(servers):
    """Where paths that choose elements are refused, the attribute is sent whole: at once the next time."""
    one = servers["plain-paths"]
    user = one.take()
    work, home = one.user(user)["emails"]
    emails = [work, {**home, "value": "new@example.com"}]
    result, sent = one.write(user, {"emails": emails})
    result.ok()
    first, second = writes(sent)
    assert first[3] == 400 and operations(first[2])[0][1] == f'emails[value eq "{home["value"]}"].value'
    assert operations(second[2]) == [("replace", "emails", emails)] and one.user(user)["emails"] == emails
    result, sent = one.write(user, {"emails": [work]})
    result.ok()
    assert [operations(body) for _, _, body, _ in writes(sent)] == [[("replace", "emails", [work])]]
    # a refusal for another reason is not sent twice
    result, sent = one.write(user, {"active": "perhaps"})
    assert "Invalid argument" in result.err and len(writes(sent)) == 1
