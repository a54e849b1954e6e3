# SPDX-License-Identifier: Apache-2.0
"""type = scim at a server that does what RFC 7643 and RFC 7644 say, in each of the ways that they allow."""

import errno
import json
import os
import subprocess

import pytest

from harness import BUILD, SCALE
from scim_plays import CORE, ENTERPRISE, NO_PATCH, Plays, operations, writes

BASIC = {"/auth": {"checks": [{"basic": ["service", "password-CANARY"]}]}}
CLIENT = {"/auth": {"checks": [{"header": "Authorization", "is": "Bearer {token}"}],
                    "grants": [{"route": "POST /oauth/token", "media": "form", "basic": ["me", "secret-CANARY"],
                                "expects": {"/grant_type": "client_credentials", "/scope": "users"},
                                "token": "/access_token", "expires": "/expires_in"}]}}
CLIENT_FORM = {"/auth": {"checks": CLIENT["/auth"]["checks"], "grants": [
    {"route": "POST /oauth/token", "media": "form", "token": "/access_token", "expires": "/expires_in",
     "expects": {"/grant_type": "client_credentials", "/client_id": "me", "/client_secret": "secret-CANARY"}}]}}
ANSWERS = {"no-body": {"/changes/0/answer": "none", "/changes/0/status": 200},
           "204": {"/changes/0/answer": "none", "/changes/0/status": 204},
           "no-op-204": {"/changes/0/no_op": "none"},
           "empty-object": {"/changes/0/answer": "object"}}
# the same for PUT, at a server that has no PATCH
PUT_ANSWERS = {f"put-{name}": {key.replace("/changes/0", "/changes/1"): value for key, value in changes.items()}
               for name, changes in ANSWERS.items()}
LOCATIONS = {"id-absolute": "absolute", "id-relative": "relative", "id-path": "path"}


@pytest.fixture(scope="module", name="servers")
def _servers(stage, base):
    plays = Plays()
    plays.add("idp", keys={"allow_delete": "yes"}, users=40)
    plays.add("basic", BASIC, {"token": None, "user": "service", "password": "password-CANARY"})
    plays.add("client", CLIENT, {"token": None, "token_url": "@BOX@/client/oauth/token", "client_id": "me",
                                 "client_secret": "secret-CANARY", "scope": "users"})
    plays.add("client-form", CLIENT_FORM, {"token": None, "token_url": "@BOX@/client-form/oauth/token", "client_id": "me",
                                           "client_secret": "secret-CANARY", "auth": "client_form"})
    plays.add("wrong", keys={"token": "another"})
    plays.add("put", {**NO_PATCH, "/status/omitted": "reset"})
    for name, changes in ANSWERS.items():
        plays.add(name, changes)
    for name, changes in PUT_ANSWERS.items():
        plays.add(name, {**NO_PATCH, **changes})
    for name, form in LOCATIONS.items():
        plays.add(name, {"/creates/0/answer": "none", "/creates/0/location": form})
    plays.add("soft", {"/deletes/0/kind": "deactivates", "/deletes/0/to": "inactive"}, {"delete_deactivates": "yes"})
    plays.add("gone", keys={"delete_deactivates": "yes"})
    plays.add("tags", {"/http/etag": "version", "/changes/0/if_match": "required",
                       "/documents/0/answer/etag/supported": True})
    plays.add("no-tags", {"/http/etag": "version", "/changes/0/if_match": "refused"})
    plays.add("me", {"/documents": [{"route": "GET /Me", "answer": {"id": "u1"}}]}, {"self": "me"}, ids="text")
    return plays.start(stage, base / "scim")


# ---- authentication ----

@pytest.mark.parametrize("name", ["idp", "basic", "client", "client-form"])
def test_authentication(servers, name):
    one = servers[name]
    assert one.names() == {user["id"] for user in one.users()}


def test_token_request(servers):
    """One token serves all requests."""
    one = servers["client"]
    one.names()
    user = one.take()
    result, sent = one.run(f"echo inactive > {user}.status")
    result.ok()
    assert not [request for request in sent if request[1] == "/oauth/token"]
    assert one.box.control("GET", "client/tokens")["issued"] == 1


def test_wrong_token(servers):
    with pytest.raises(OSError) as caught:
        servers["wrong"].names()
    assert caught.value.errno == errno.EKEYREJECTED


def test_no_credentials(tmp_path):
    """Without any of the keys the config is refused."""
    file = tmp_path / "rosterfs.conf"
    file.touch(0o600)
    file.write_text("[directory]\ntype = scim\nbase_url = http://127.0.0.1:1\n")
    result = subprocess.run([BUILD / "rosterfs", "--check", file], capture_output=True, text=True, check=False,
                            timeout=60 * SCALE)
    assert result.returncode != 0 and "{token} has no value" in result.stderr


def test_self(servers):
    """The key is nobody's, unless the config says that /Me tells whose it is."""
    one = servers["me"]
    assert os.readlink(one.mount.path / "me/self") == "u1.json"
    result, sent = one.run("echo inactive > u1.status")
    assert "Operation not permitted" in result.err and not writes(sent)
    one.run("echo inactive > u5.status")[0].ok()
    assert "/Me" not in [request[1] for request in servers["idp"].run(f"echo inactive > {servers['idp'].take()}.status")[1]]


# ---- changes ----

def test_status(servers):
    """One operation with a path and a JSON boolean, and nothing else."""
    one = servers["idp"]
    user = one.take()
    before = one.user(user)
    for word, value in (("inactive", False), ("active", True)):
        result, sent = one.run(f"echo {word} > {user}.status; cat {user}.status")
        assert result.ok().out == word + "\n"
        [(method, path, body, _)] = writes(sent)
        assert (method, path) == ("PATCH", f"/Users/{user}")
        assert operations(body) == [("replace", "active", value)]
        assert one.user(user)["active"] is value
    after = one.user(user)
    del before["meta"], after["meta"]
    assert after == before
    # what is so already is not sent
    result, sent = one.run(f"echo active > {user}.status")
    result.ok()
    assert not writes(sent)


def test_explain(servers):
    """--explain shows the PatchOp, and sends only what reads."""
    one = servers["idp"]
    user = one.take()
    one.box.reset()
    result = one.mount.sh(f"{BUILD}/rosterfs --explain ../rosterfs.conf idp/{user}.status inactive").ok()
    assert f"PATCH {one.box.url}/idp/Users/{user}" in result.out and '"path":"active","value":false' in result.out
    assert not writes(one.journal()) and one.user(user)["active"] is True


def test_discovery_once(servers):
    """ServiceProviderConfig is asked for before the first change, and then no more."""
    one = servers["idp"]
    one.run(f"echo inactive > {one.take()}.status")[0].ok()
    result, sent = one.run(f"echo inactive > {one.take()}.status")
    result.ok()
    assert "/ServiceProviderConfig" not in [request[1] for request in sent]


def test_active_forms(servers):
    one = servers["idp"]
    forms = [(True, "active"), ("True", "active"), ("true", "active"), ("TRUE", "active"), ("tRUE", "active"),
             (None, "active"), (False, "inactive"), ("False", "inactive"), ("false", "inactive"), ("no", "inactive")]
    users = [one.take() for _ in forms]
    for user, (value, _) in zip(users, forms):
        one.patch(user, {"active": value})
    one.refresh()
    assert [one.status(user) for user in users] == [word for _, word in forms]
    # a text is changed as a boolean is
    user = users[1]
    result, sent = one.run(f"echo inactive > {user}.status")
    result.ok()
    assert operations(writes(sent)[0][2]) == [("replace", "active", False)]


def test_document(servers):
    """An operation for each attribute that changes; parts by path, extensions by URN, null removes."""
    one = servers["idp"]
    user = one.take()
    one.patch(user, {"title": "Engineer"})
    one.refresh()
    before = one.user(user)
    result, sent = one.write(user, {"displayName": "New", "title": None, "name": {"givenName": "Given"},
                                    ENTERPRISE: {"department": "Legal"}})
    result.ok()
    [(method, _, body, _)] = writes(sent)
    assert method == "PATCH" and sorted(operations(body), key=lambda one: one[1]) == sorted([
        ("replace", "displayName", "New"), ("remove", "title", None), ("replace", "name.givenName", "Given"),
        ("replace", f"{ENTERPRISE}:department", "Legal")],
        key=lambda one: one[1])
    after = one.user(user)
    assert after["name"] == {**before["name"], "givenName": "Given"} and "title" not in after
    assert after[ENTERPRISE] == {"department": "Legal"}
    assert (after["emails"], after["userName"]) == (before["emails"], before["userName"])


def test_document_twice(servers):
    """A program that saves the same text again changes nothing: meta is of the version that it has read."""
    one = servers["idp"]
    user = one.take()
    result, sent = one.run(f"""jq '.displayName = "Twice"' {user}.json > ../../twice.json
        cat ../../twice.json > {user}.json; jq .meta {user}.json; cat ../../twice.json > {user}.json""")
    result.ok()
    assert len(writes(sent)) == 1


def test_elements(servers):
    """Elements of a multi-valued attribute are addressed by their value."""
    one = servers["idp"]
    user = one.take()
    work, home = one.user(user)["emails"]
    # another type
    result, sent = one.write(user, {"emails": [work, {**home, "type": "other"}]})
    result.ok()
    assert operations(writes(sent)[0][2]) == [("replace", f'emails[value eq "{home["value"]}"].type', "other")]
    # another address
    result, sent = one.write(user, {"emails": [work, {"value": "second@example.com", "type": "other"}]})
    result.ok()
    assert operations(writes(sent)[0][2]) == [
        ("replace", f'emails[value eq "{home["value"]}"].value', "second@example.com")]
    # one more, and one less
    third = {"value": "third@example.com"}
    result, sent = one.write(user, {"emails": [work, {"value": "second@example.com", "type": "other"}, third]})
    result.ok()
    assert operations(writes(sent)[0][2]) == [("add", "emails", [third])]
    result, sent = one.write(user, {"emails": [work, third]})
    result.ok()
    assert operations(writes(sent)[0][2]) == [("remove", 'emails[value eq "second@example.com"]', None)]
    assert one.user(user)["emails"] == [work, third]


def test_put(servers):
    """A server without PATCH gets the whole record, with schemas and active."""
    one = servers["put"]
    user = one.take()
    before = one.user(user)
    result, sent = one.run(f"""echo '{{"displayName": "Put"}}' > {user}.json; echo inactive > {user}.status""")
    result.ok()
    bodies = [body for method, _, body, _ in writes(sent) if method == "PUT"]
    assert len(bodies) == len(writes(sent)) == 2
    for body, active in zip(bodies, (True, False)):
        assert body["active"] is active and body["schemas"] and not {"id", "meta", "password"} & set(body)
    after = one.user(user)
    for name in before:
        if name not in ("meta", "schemas", "password", "displayName", "active"):
            assert after[name] == before[name], name
    assert (after["displayName"], after["active"]) == ("Put", False)


def test_put_keeps_inactive(servers):
    """A server that takes an absent active for true is told what it is, also where it shows none."""
    one = servers["put"]
    user = one.take(active=False)
    result, sent = one.write(user, {"displayName": "Still locked"})
    result.ok()
    assert writes(sent)[0][2]["active"] is False and one.user(user)["active"] is False
    user = one.take()
    one.patch(user, {"active": None, "schemas": None})
    result, sent = one.write(user, {"displayName": "Shows none"})
    result.ok()
    body = writes(sent)[0][2]
    assert body["active"] is True and body["schemas"] == [CORE + "User", ENTERPRISE]


@pytest.mark.parametrize("name", [*ANSWERS, *PUT_ANSWERS])
def test_answers(servers, name):
    """Without a record in the answer a GET shows what was done."""
    one = servers[name]
    user = one.take()
    result, sent = one.run(f"echo inactive > {user}.status; cat {user}.status")
    assert result.ok().out == "inactive\n" and one.user(user)["active"] is False
    requests = [request[:2] for request in sent]
    method = "PUT" if name.startswith("put-") else "PATCH"
    after = requests[requests.index((method, f"/Users/{user}")) + 1:]
    assert after == ([] if "no-op" in name else [("GET", f"/Users/{user}")])
    one.write(user, {"displayName": "New"})[0].ok()
    assert one.user(user)["displayName"] == "New" and one.user(user)["active"] is False


def test_no_op(servers):
    """What the server stores already, as a colleague has just set it, is no error."""
    one = servers["no-op-204"]
    user = one.take()
    one.names()
    one.box.fault(fault="colleague", method="PATCH", path=f"/no-op-204/Users/{user}", target=f"no-op-204/users/{user}",
                  body={"active": False})
    result, sent = one.run(f"echo inactive > {user}.status; cat {user}.status")
    assert result.ok().out == "inactive\n"
    assert [status for method, _, _, status in sent if method == "PATCH"] == [204]


def test_etags(servers):
    """If-Match is sent only where ServiceProviderConfig says so."""
    for name in ("tags", "no-tags"):
        one = servers[name]
        user = one.take()
        one.run(f"echo inactive > {user}.status")[0].ok()
        assert one.user(user)["active"] is False
    # and it protects
    one = servers["tags"]
    user = one.take()
    one.box.fault(fault="colleague", method="PATCH", path=f"/tags/Users/{user}", target=f"tags/users/{user}",
                  body={"displayName": "Colleague"})
    result, sent = one.write(user, {"title": "Mine"})
    result.ok()
    assert [status for _, _, _, status in writes(sent)] == [412, 200]
    assert (one.user(user)["displayName"], one.user(user)["title"]) == ("Colleague", "Mine")


# ---- errors ----

def test_errors(servers):
    """The server's detail and scimType are in the log."""
    one = servers["idp"]
    user, other = one.take(), one.take()
    result, _ = one.write(user, {"userName": one.user(other)["userName"]})
    assert result.code != 0
    assert "answered 409: the vendor says: That address is in use.: uniqueness" in one.said(user)
    result, _ = one.write(user, {"active": "perhaps"})
    assert "Invalid argument" in result.err and "not valid.: invalidValue" in one.said(user)
    # what the server assigns is not even sent
    result, sent = one.write(user, {"meta": {"created": "2020-01-01T00:00:00Z"}})
    assert "Operation not permitted" in result.err and not writes(sent)
    result, sent = one.write(user, {"schemas": [CORE + "User"]})
    assert "Operation not permitted" in result.err and not writes(sent)
    result, sent = one.write(user, {"userName": None})
    assert "Invalid argument" in result.err and not writes(sent)


# ---- deletions ----

def test_inactive_is_no_delete(servers):
    """Not even if deletions are allowed."""
    one = servers["idp"]
    user = one.take()
    result, sent = one.run(f"echo inactive > {user}.status")
    result.ok()
    assert [request[0] for request in writes(sent)] == ["PATCH"]
    result, sent = one.run(f"echo deleted > {user}.status; ls {user}.status")
    assert "No such file" in result.err and [request[0] for request in writes(sent)] == ["DELETE"]
    assert user not in {user["id"] for user in one.users()}


def test_delete_deactivates(servers):
    """Then `inactive` is a DELETE, and `active` a PATCH."""
    one = servers["soft"]
    user = one.take()
    result, sent = one.run(f"echo inactive > {user}.status; cat {user}.status")
    assert result.ok().out == "inactive\n" and one.user(user)["active"] is False
    assert [request[:2] for request in writes(sent)] == [("DELETE", f"/Users/{user}")]
    result, sent = one.run(f"echo active > {user}.status; cat {user}.status")
    assert result.ok().out == "active\n" and one.user(user)["active"] is True
    assert operations(writes(sent)[0][2]) == [("replace", "active", True)]


def test_delete_deactivates_and_hides(servers):
    """Who is gone is inactive; the files are gone with the record, as after any deletion."""
    one = servers["gone"]
    user = one.take()
    result, sent = one.run(f"echo inactive > {user}.status")
    result.ok()
    assert [request[:2] for request in writes(sent)] == [("DELETE", f"/Users/{user}")]
    assert user not in one.names() and user not in one.names(".status")
    assert one.run(f"cat {user}.status")[0].code != 0
    # not a second time
    result, sent = one.run(f"echo inactive > {user}.status")
    assert result.code != 0 and not writes(sent)


# ---- creation ----

def test_create(servers):
    one = servers["idp"]
    document = {"userName": "new@example.com", "displayName": "New", ENTERPRISE: {"department": "Legal"}}
    (one.mount.folder / "new.json").write_text(json.dumps(document))
    result, sent = one.run("cp ../../new.json new/ && readlink new/new.json")
    user = result.ok().out.strip()[3:-5]
    assert sent[0][:2] == ("POST", "/Users")
    assert sent[0][2] == {**document, "schemas": [CORE + "User", ENTERPRISE]}
    assert document.items() <= one.user(user).items() and one.status(user) == "active"
    # a name that is taken
    result, sent = one.run("cp ../../new.json new/again.json")
    assert "File exists" in result.err and [request[3] for request in sent] == [409]
    assert "in use.: uniqueness" in one.said("new/again.json")
    # the document's own schemas are sent as they are
    (one.mount.folder / "own.json").write_text(json.dumps({"schemas": [CORE + "User"], "userName": "own@example.com"}))
    result, sent = one.run("cp ../../own.json new/")
    result.ok()
    assert sent[0][2] == {"schemas": [CORE + "User"], "userName": "own@example.com"}


@pytest.mark.parametrize("name", LOCATIONS)
def test_create_location(servers, name):
    """Without a record in the answer, Location has the id."""
    one = servers[name]
    result, _ = one.run("""echo '{"userName": "new@example.com"}' > new/a.json && readlink new/a.json""")
    user = result.ok().out.strip()[3:-5]
    assert one.user(user)["userName"] == "new@example.com"


# ---- what is shown ----

def test_by_email(servers):
    """The primary email; else the first; else the userName, if it is an address."""
    one = servers["idp"]
    primary, first, login, nobody = [one.take() for _ in range(4)]
    one.patch(primary, {"emails": [{"value": "a@by.example.com"}, {"value": "b@by.example.com", "primary": True}]})
    one.patch(first, {"emails": [{"value": "c@by.example.com"}, {"value": "d@by.example.com"}]})
    one.patch(login, {"emails": None, "userName": "e@by.example.com"})
    one.patch(nobody, {"emails": [], "userName": "nobody-here"})
    one.refresh()
    links = {name: os.readlink(one.mount.path / "idp/by-email" / name)
             for name in os.listdir(one.mount.path / "idp/by-email")}
    assert {name: link for name, link in links.items() if "by.example.com" in name} == {
        "b@by.example.com.json": f"../{primary}.json", "c@by.example.com.json": f"../{first}.json",
        "e@by.example.com.json": f"../{login}.json"}
    assert f"../{nobody}.json" not in links.values() and one.status(nobody) == "active"


def test_password(servers):
    """It is sent when it is written, and shown nowhere."""
    one = servers["idp"]
    user = one.take()
    result, sent = one.write(user, {"password": "secret-CANARY-5"})
    result.ok()
    assert operations(writes(sent)[0][2]) == [("replace", "password", "secret-CANARY-5")]
    assert one.user(user)["password"] == "secret-CANARY-5"
    assert "password" not in one.read(user)
    result, _ = one.run("cd ..; grep -rl secret-CANARY-5 .rosterfs idp")
    assert result.out == ""
