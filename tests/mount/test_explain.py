# SPDX-License-Identifier: Apache-2.0
"""--explain: the requests that a write would send, of which only those that read are sent."""

import json

import pytest

import harness

ACME = """[vendor]
name = Acme
docs = https://example.com
date = 2026-11-30
evidence = documents
[settings]
token = secret, required
admin_token = secret, required
admin = url, required
[api admin]
base_url = {admin}
[auth]
header.Authorization = Bearer {token}
[auth admin]
header.X-Admin = {admin_token}
[list]
request = GET /users?limit={size}&cursor={cursor}
rows = /users/*
paging = cursor
size = 100
next = /next
[item]
request = GET /users/{id}
root = /user
[status]
path = /active
active = true
inactive = false
[self]
user = none
[deactivate]
request = POST /users/{id}/lock
api = admin
"""

PLAY = {
    "ids": "numbers",
    "auth": {"checks": [{"header": "Authorization", "is": "Bearer CANARY-of-the-list"}]},
    "fields": {"/id": {"holds": "id"}, "/email": {"holds": "email", "required": True}},
    "status": {"at": "/active", "states": {"active": True, "inactive": False}},
    "lists": [{"route": "GET /users", "rows": "/users",
               "page": {"by": "cursor", "name": "cursor", "size_name": "limit", "next": [{"put": "/next"}]}}],
    "items": [{"route": "GET /users/{id}", "answer_at": "/user"}],
}


@pytest.fixture
def explain(env):
    """explain(CONFIG, PATH, WORD, document) runs it: a harness.Result."""
    def start(config, path, word=None, document=""):
        words = [str(harness.BUILD / "rosterfs"), "--explain", str(config), path] + ([word] if word else [])
        file = config.parent / "document.json"
        file.write_text(document)
        shell = " ".join(f"'{each}'" for each in words) + f" < '{file}'"
        command = harness.Command(["sh", "-c", shell], None, None, env)
        try:
            result = command.finish(60)
        finally:
            command.close()
        assert result.err == "" and "CANARY" not in result.out, repr(result)
        return result
    return start


def written(folder, text):
    file = folder / "explain.conf"
    file.touch(0o600)
    file.write_text(text)
    return file


def partnerize(sandbox):
    box = sandbox(users=9)
    return box, written(box.folder, box.config())


def unchanged(box):
    assert {entry["method"] for entry in box.journal()} <= {"GET"}


def test_a_status(explain, sandbox):
    box, config = partnerize(sandbox)
    result = explain(config, "partnerize/4.status", "inactive")
    assert result.code == 0
    lines = result.lines()
    assert "# sent: GET /user/4" in lines
    at = lines.index(f"PUT {box.url}/user/4")
    assert lines[at + 1:at + 4] == ["X-Application-Key: ***", "X-User-Api-Key: ***", "Content-Type: application/json"]
    body = json.loads("\n".join(lines[at + 5:lines.index("# not sent")]))
    assert body["status"] == "inactive" and body["email"] == box.user(4)["email"]
    unchanged(box)
    assert box.user(4)["status"] == "active"


def test_nothing_to_change(explain, sandbox):
    box, config = partnerize(sandbox)
    result = explain(config, "partnerize/4.status", "active")
    assert result.code == 0 and "# nothing would be sent: there is nothing to change" in result.lines()
    unchanged(box)


def test_a_document(explain, sandbox):
    box, config = partnerize(sandbox)
    result = explain(config, "partnerize/4.json", document='{"firstname": "Nu", "password": "Secret-CANARY-1"}')
    assert result.code == 0 and '"firstname":"Nu"' in result.out
    assert '"password":"***"' in result.out
    unchanged(box)
    assert box.user(4)["firstname"] != "Nu"


@pytest.mark.parametrize(("path", "word", "document", "words"), [
    ("partnerize/4.json", None, '{"user_id": "5"}', "user_id"),
    ("partnerize/4.json", None, "no JSON", "JSON"),
    ("partnerize/1.status", "inactive", "", "key"),
    ("partnerize/77.status", "inactive", "", "GET /user/77"),
    ("partnerize/4.status", "asleep", "", "a status is active"),
    ("nobody/4.status", "inactive", "", "no user's file"),
    ("partnerize/new/x.json", None, "{}", "no user's file"),
])
def test_refused(explain, sandbox, path, word, document, words):
    box, config = partnerize(sandbox)
    result = explain(config, path, word, document)
    assert result.code == 1
    assert "# refused: " in result.out and words in result.out, repr(result)
    assert "# not sent" not in result.out
    unchanged(box)


def test_another_api(explain, sandbox, test_dir):
    """The address and the proof are those of the api that the request names."""
    test_dir.mkdir(exist_ok=True)
    (test_dir / "acme.play.json").write_text(json.dumps(PLAY))
    box = sandbox(vendors="cj", play=[f"acme={test_dir}/acme.play.json"])
    vendor = box.folder / "acme.vendor"
    vendor.touch(0o600)
    vendor.write_text(ACME)
    config = written(box.folder, f"[acme]\nbase_url = {box.url}/acme\nadmin = {box.url}/admin\n"
                                 "token = CANARY-of-the-list\nadmin_token = CANARY-of-the-admin\n")
    result = explain(config, "acme/4.status", "inactive")
    assert result.code == 0
    lines = result.lines()
    at = lines.index(f"POST {box.url}/admin/users/4/lock")
    assert lines[at + 1] == "X-Admin: ***" and "Authorization: ***" not in lines
    unchanged(box)
