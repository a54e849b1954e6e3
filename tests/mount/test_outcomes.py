# SPDX-License-Identifier: Apache-2.0
"""The last line of the log about a path tells the outcome, also where nothing was to be changed."""

import json

from audit_log import audited, file, lines
from ep_store import ep, person, write
from writes import GOOD, refused, text_of

__all__ = ["audited", "ep", "file"]  # the fixtures

NOTHING = {"status": "already inactive: nothing was sent", "document": "nothing in it is to be changed: nothing was sent"}


def last(m, path):
    """What the log's last line about PATH says: after the path, and before who did it."""
    line = [line for line in m.log().splitlines() if f" {path}: " in line][-1]
    return line.split(f" {path}: ", 1)[1].rsplit(" [uid ", 1)[0]


def test_a_status(audited, file):
    m = audited()
    path = "partnerize/7.status"
    assert m.sh(f"echo inactive > {path}").code == 0
    assert last(m, path).startswith('changed (history/1): status: "active" -> "inactive"')
    assert f"{path}: what remains to be done: " in m.log()
    # an error, and then nothing to change: the error is not the last word
    assert m.sh(f"echo Inactive > {path}").code != 0
    assert "EINVAL" in last(m, path)
    before = lines(file)
    m.sh(f"echo inactive > {path}").ok()
    assert last(m, path) == NOTHING["status"]
    # that is no change, so the audit has nothing of it
    assert lines(file) == before
    m.sh(f"echo active > {path}; echo active > {path}").ok()
    assert last(m, path) == "already active: nothing was sent"


def test_a_document(mount):
    m = mount()
    text = (m.path / "partnerize/7.json").read_text()
    m.sh("""echo '{"firstname": null}' > partnerize/7.json""")
    assert "EINVAL" in last(m, "partnerize/7.json")
    (m.path / "partnerize/7.json").write_text(text)
    assert last(m, "partnerize/7.json") == NOTHING["document"]
    (m.path / "partnerize/7.json").write_text(text_of({**json.loads(text), "status": "inactive"}))
    assert last(m, "partnerize/7.json").startswith('changed (history/1): status: "active" -> "inactive"')


def test_steps(ep):
    m = ep()
    five = person(m.sandbox, 5)
    path = f"elasticpath/{five}.status"
    for number, word in enumerate(("inactive", "active"), 1):
        assert write(m, five, word) == GOOD
        assert last(m, path) == f"now {word} (history/{number})"
        assert write(m, five, word.capitalize()) == refused("EINVAL")
        assert "EINVAL" in last(m, path)
        assert write(m, five, word) == GOOD
        assert last(m, path) == f"already {word}: nothing was sent"
    assert f"{path}: what remains to be done: " in m.log()


def test_a_deletion_and_a_creation(mount):
    m = mount(extra={"partnerize": {"allow_delete": "yes"}})
    m.sh("echo deleted > partnerize/7.status").ok()
    assert last(m, "partnerize/7.status").startswith("deleted: ")
    document = {"email": "x@example.com", "firstname": "N", "lastname": "N", "password": "a long password"}
    (m.path / "partnerize/new/x.json").write_text(text_of(document))
    assert last(m, "partnerize/new/x.json").startswith("made, with id ")
