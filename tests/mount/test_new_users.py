# SPDX-License-Identifier: Apache-2.0
"""partnerize/new/: a document that becomes a user. What drafts are in general is test_creation.py's."""

import json
import os
import time

import pytest

from writes import (GOOD, PASSWORD, Save, at_vendor, errno_of, last_line, name_of, nowhere, put, read,
                     refresh, refused, save, sent, text_of)

NEW = {"firstname": "Jörg", "lastname": "O'Neil", "email": "joerg@example.com", "password": PASSWORD}
REST = {"role": "admin", "timezone": "Europe/Berlin", "locale": "de_DE", "status": "inactive"}
CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
POST, PUT, GET = "POST /user", "PUT /user/{id}", "GET /user/{id}"
PROFILES = ["guide", "documents"]


@pytest.fixture
def mounted(mount, sandbox):
    def start(profile="guide", extra=None, **rest):
        return mount(sandbox(users=25, profile=profile), extra, **rest)
    return start


def path_of(m, name="x"):
    return m.path / f"partnerize/new/{name}.json"


def make(m, document, name="x"):
    text = document if isinstance(document, str) else text_of(document)
    return save(path_of(m, name), text, flags=CREATE)


def made(m, name="x"):
    """The id of the user that a draft became."""
    target = os.readlink(path_of(m, name))
    assert target.startswith("../") and target.endswith(".json")
    return target[3:-5]


def is_draft(m, text, name="x"):
    info = path_of(m, name).lstat()
    assert info.st_mode == 0o100600
    return path_of(m, name).read_text(encoding="utf-8") == text


def people(m):
    return m.sandbox.control("GET", "users")


@pytest.mark.parametrize("profile", PROFILES)
def test_cp(mounted, profile):
    m = mounted(profile)
    m.sh("ls partnerize").ok()
    assert os.listdir(m.path / "partnerize/new") == []
    m.sandbox.reset()
    put(m, "partnerize/new/x.json", NEW).ok()
    ident = made(m)
    user = at_vendor(m.sandbox, ident)
    assert {key: user[key] for key in NEW if key != "password"} == {key: NEW[key] for key in NEW if key != "password"}
    assert m.sandbox.user(ident)["_password_changes"] == 1
    counts = m.sandbox.counts()
    assert (counts[POST], counts.get(PUT, 0), counts.get(GET, 0)) == (1, 0, 0), "the answer is proof"
    # it is there at once, under its own name, and read through either
    m.sandbox.reset()
    assert f"{ident}.json" in os.listdir(m.path / "partnerize")
    assert read(m, f"partnerize/{ident}.json") == read(m, "partnerize/new/x.json")
    assert (m.path / f"partnerize/{ident}.status").read_text() == "active\n"
    assert m.sandbox.counts()["total"] <= 1
    refresh(m)
    assert f"{ident}.json" in os.listdir(m.path / "partnerize") and len(people(m)) == 26
    m.sh(f"echo inactive > partnerize/{ident}.status").ok()
    nowhere(m)


@pytest.mark.parametrize("profile", PROFILES)
def test_what_the_post_ignores(mounted, profile):
    """Set by one PUT, and counted by no brake: a new user's first status is no change."""
    m = mounted(profile, {"rosterfs": {"status_limit": 1}})
    for number in range(3):
        m.sandbox.reset()
        assert make(m, {**NEW, **REST, "email": f"x{number}@example.com"}, f"x{number}") == GOOD
        user = m.sandbox.user(made(m, f"x{number}"))
        assert {key: user[key] for key in REST} == REST
        assert user["firstname"] == "Jörg" and user["_password_changes"] == 1
        counts = m.sandbox.counts()
        assert (counts[POST], counts[PUT]) == (1, 1)
        for entry in sent(m.sandbox):
            assert ("password" in json.dumps(entry["body"])) == (entry["method"] == "POST")
    nowhere(m)


def test_a_copy_of_another(mounted):
    """What the system assigns is left out; the e-mail is taken until it is another one."""
    m = mounted()
    document = read(m, "partnerize/2.json")
    assert make(m, {**document, "password": PASSWORD}).write == "EEXIST"
    assert "already exists" in last_line(m, "EEXIST")
    assert make(m, {**document, "password": PASSWORD, "email": "copy@example.com"}) == GOOD
    body = [entry for entry in sent(m.sandbox) if entry["method"] == "POST"][-1]["body"]
    assert not {"user_id", "created_at", "updated_at"} & set(json.loads(body) if isinstance(body, str) else body)
    assert m.sandbox.user(made(m))["role"] == document["role"]


@pytest.mark.parametrize("profile, error", [("guide", "EEXIST"), ("documents", "EINVAL")])
def test_taken(mounted, profile, error):
    m = mounted(profile)
    taken = people(m)[4]["email"]
    text = text_of({**NEW, "email": taken})
    m.sandbox.reset()
    assert make(m, text) == refused(error)
    assert m.sandbox.counts()[POST] == 1 and len(sent(m.sandbox)) == 1
    line = last_line(m, error)
    assert "partnerize/new/x.json" in line and "already exists" in line
    assert is_draft(m, text) and len(people(m)) == 25
    # mended and saved again
    assert make(m, NEW) == GOOD and made(m)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("change", [{"password": "short"}, {"email": "none"}, {"firstname": None}, {"lastname": 7},
                                    {"nonsense": 1}])
def test_refused(mounted, profile, change):
    m = mounted(profile)
    text = text_of({**NEW, **change})
    result = make(m, text)
    if result == GOOD:  # a vendor may take it
        return
    assert result == refused("EINVAL") and is_draft(m, text)
    assert last_line(m, "EINVAL") and PASSWORD not in m.log() and len(people(m)) == 25


def test_required_fields(mounted):
    m = mounted()
    for key in NEW:
        text = text_of({name: value for name, value in NEW.items() if name != key})
        assert make(m, text) == refused("EINVAL")
        assert key in last_line(m, "EINVAL")
        assert is_draft(m, text)


def test_a_password_that_is_quoted(mounted):
    """A vendor that repeats what it refuses does not bring it into the log."""
    m = mounted()
    m.sandbox.fault(fault="status", status=400, method="POST", path="/user",
                    body=json.dumps({"error": {"message": f"weak: {PASSWORD}"}}))
    text = text_of(NEW)
    assert make(m, text) == refused("EINVAL")
    assert "horse SECRET" not in m.log() + m.stderr() and "weak" in m.log()
    # the draft is the one place where it is kept, for its owner
    assert is_draft(m, text)
    os.unlink(path_of(m))
    nowhere(m)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("fault", ["drop_after", "html_after", "truncate", "empty_after"])
def test_a_lost_answer(mounted, profile, fault):
    """The e-mail is looked up: nothing is posted twice."""
    m = mounted(profile, {"partnerize": {"retry_budget": 0}})
    m.sandbox.fault(fault=fault, method="POST", path="/user")
    assert make(m, {**NEW, **REST}) == GOOD
    user = m.sandbox.user(made(m))
    assert user["email"] == NEW["email"] and user["status"] == "inactive"
    assert m.sandbox.counts()[POST] == 1 and len(people(m)) == 26
    assert "has been made" in m.log()


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("fault", [{"fault": "drop"}, {"fault": "status", "status": 503}])
def test_not_made(mounted, profile, fault):
    m = mounted(profile, {"partnerize": {"retry_budget": 0, "lag": 0}})
    m.sandbox.fault(method="POST", path="/user", **fault)
    text = text_of(NEW)
    result = make(m, text)
    assert result.write not in ("ok", "EINVAL") and is_draft(m, text)
    assert "nobody has that email" in last_line(m, result.write)
    assert m.sandbox.counts()[POST] == 1 and len(people(m)) == 25


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("fault", [{"fault": "drop"}, {"fault": "status", "status": 504}])
def test_an_older_user_with_that_email(mounted, known, fault):
    """Whoever was there before is not the one that was to be made, however new their last change is."""
    m = mounted(extra={"partnerize": {"retry_budget": 0}})
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    leaver = people(m)[4]
    m.sandbox.patch(leaver["user_id"], {"status": "inactive", "updated_at": now})
    before = m.sandbox.user(leaver["user_id"])
    if known:
        os.listdir(m.path / "partnerize")
    m.sandbox.fault(method="POST", path="/user", **fault)
    result = make(m, {**NEW, "email": leaver["email"], "status": "active"})
    assert result.write == "EREMOTEIO" and not path_of(m).is_symlink()
    assert m.sandbox.user(leaver["user_id"]) == before
    counts = m.sandbox.counts()
    assert counts[POST] == 1 and counts.get(PUT, 0) == 0
    told = last_line(m, "EREMOTEIO")
    assert ("was there before; the vendor may still be processing it" if known else "nothing tells since when") in told


def test_normalised(mounted):
    """What the vendor writes in other capitals was not ignored."""
    m = mounted()
    m.sandbox.fault(fault="normalise", method="POST", path="/user")
    assert make(m, {**NEW, "firstname": "John"}) == GOOD
    assert m.sandbox.user(made(m))["firstname"] == "JOHN" and m.sandbox.counts().get(PUT, 0) == 0


def test_the_rest_is_refused(mounted):
    """The user has been made: the draft is a link, and the error says what is missing."""
    m = mounted(extra={"partnerize": {"retry_budget": 0}})
    m.sandbox.fault(fault="status", status=403, method="PUT")
    assert make(m, {**NEW, **REST}) == refused("EACCES")
    ident = made(m)
    line = last_line(m, "EACCES")
    assert "has been made" in line and ident in line
    assert m.sandbox.user(ident)["role"] != "admin"
    assert json.loads((m.path / ".rosterfs/history/1/after.json").read_text())["user_id"] == ident
    assert m.sandbox.counts()[POST] == 1


def test_history(mounted):
    m = mounted()
    assert make(m, {**NEW, **REST, "status": "active"}) == GOOD
    ident = made(m)
    folder = m.path / ".rosterfs/history/1"
    assert sorted(os.listdir(folder)) == ["after.json", "before.json", "undo.json", "undo.sh"]
    assert (folder / "before.json").read_text() == "null\n"
    assert json.loads((folder / "after.json").read_text()) == read(m, f"partnerize/{ident}.json")
    assert (folder / "undo.json").read_text() == "null\n"
    assert m.sh(f"cp .rosterfs/history/1/undo.json partnerize/{ident}.json").code != 0
    m.sh("sh .rosterfs/history/1/undo.sh").ok()
    assert m.sandbox.user(ident)["status"] == "inactive"
    nowhere(m)


def test_dry_run(mounted):
    m = mounted(options=["-o", "dry_run"])
    put(m, "partnerize/new/x.json", NEW).ok()
    assert not path_of(m).is_symlink() and not sent(m.sandbox)
    line = last_line(m, "dry run")
    assert "POST /user" in line and "partnerize/new/x.json" in line
    assert "horse SECRET" not in m.log()


def test_beside_it(mounted):
    """A new name beside the users makes none, and says where to."""
    m = mounted()
    m.sh("ls partnerize").ok()
    assert name_of(errno_of(os.open, m.path / "partnerize/x.json", CREATE)) == "ENOTSUP"
    assert "new/" in last_line(m, "EOPNOTSUPP")
    for name in ("#x.json#", "x.json~", ".x.json", ".x.json.Ab12cd"):
        (m.path / "partnerize/new" / name).write_text(text_of(NEW))
    assert not sent(m.sandbox)
    assert isinstance(make(m, NEW), Save) and len(people(m)) == 26
