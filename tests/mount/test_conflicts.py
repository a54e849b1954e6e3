# SPDX-License-Identifier: Apache-2.0
"""Two people, one record: what is merged, what is refused, and what no document can ever do."""

import os

import pytest

import harness
import status_table
from writes import (GOOD, applied, at_vendor, changed, last_line, put, read, refresh, refused,
                     save, sent, text_of)

FILE = "partnerize/2.json"


def without_stamp(document):
    return {key: value for key, value in document.items() if key != "updated_at"}


STAMPED = pytest.mark.parametrize("stamped", [True, False], ids=["stamp", "no-stamp"])


def document_of(m, stamped=True, ident=2):
    document = read(m, f"partnerize/{ident}.json")
    return document if stamped else without_stamp(document)


# ---- merged, or refused ----

@STAMPED
def test_other_fields_are_kept(mount, stamped):
    m = mount()
    document = document_of(m, stamped)
    m.sandbox.patch(2, {"lastname": "Theirs", "score": 1, "phone": "1",
                        "address": {"city": "Theirs"}})
    before = at_vendor(m.sandbox, 2)
    document["firstname"] = "Ours"
    document["address"]["line1"] = "Ours"
    put(m, FILE, document).ok()
    after = at_vendor(m.sandbox, 2)
    assert changed(before, after) == {"firstname", "address"}
    assert after["firstname"] == "Ours"
    assert after["address"] == {**before["address"], "line1": "Ours"}
    assert read(m, FILE)["lastname"] == "Theirs"


@STAMPED
@pytest.mark.parametrize("field,theirs,ours", [
    ("firstname", "Theirs", "Ours"), ("timezone", None, "Asia/Tokyo"), ("timezone", "A", None),
    ("labels", ["emea"], ["emea", "team-7", "x"]), ("address", {"city": "Theirs"}, {"city": "Ours"}),
    ("address", None, {"city": "Ours"}), ("address", {"city": "Theirs"}, "Ours"),
    ("score", 1.5, 2.5), ("newsletter", None, False), ("phone", "1", "2"),
])
def test_same_field(mount, stamped, field, theirs, ours):
    m = mount()
    document = document_of(m, stamped)
    m.sandbox.control("PATCH", "users/2?nulls=keep", {field: theirs})
    before = m.sandbox.user(2)
    if isinstance(document.get(field), dict) and isinstance(ours, dict):
        document[field].update(ours)
    else:
        document[field] = ours
    assert save(m.path / FILE, text_of(document)) == refused("ESTALE")
    assert not sent(m.sandbox)
    assert m.sandbox.user(2) == before
    line = last_line(m, FILE)
    assert "ESTALE" in line and field in line
    # who reads again and repeats the edit succeeds
    put(m, FILE, {**read(m, FILE), field: ours}).ok()


def test_words_of_a_conflict(mount):
    m = mount()
    document = document_of(m)
    m.sandbox.patch(2, {"address": {"city": "Theirs"}})
    document["address"]["city"] = "Ours"
    result = put(m, FILE, document)
    assert result.code != 0 and "Stale file handle" in result.err
    line = last_line(m, FILE)
    assert '"address.city"' in line and '"Theirs"' in line and '"Ours"' in line
    assert "ESTALE" in status_table.errors(m, "partnerize")


@STAMPED
def test_same_value_on_both_sides(mount, stamped):
    m = mount()
    document = document_of(m, stamped)
    m.sandbox.patch(2, {"firstname": "Same", "lastname": "Theirs"})
    put(m, FILE, {**document, "firstname": "Same"}).ok()
    assert not sent(m.sandbox)
    assert read(m, FILE)["firstname"] == "Same" and read(m, FILE)["lastname"] == "Theirs"


def test_one_conflict_stops_all(mount):
    m = mount()
    document = document_of(m)
    m.sandbox.patch(2, {"firstname": "Theirs"})
    put(m, FILE, {**document, "firstname": "Ours", "role": "admin"})
    assert not sent(m.sandbox)


def test_changed_between_open_and_write(mount):
    m = mount()
    document = document_of(m)
    file = os.open(m.path / FILE, os.O_WRONLY | os.O_TRUNC)
    m.sandbox.patch(2, {"lastname": "Theirs"})
    os.write(file, text_of({**document, "firstname": "Ours"}).encode())
    os.close(file)
    user = m.sandbox.user(2)
    assert (user["firstname"], user["lastname"]) == ("Ours", "Theirs")


def test_mount_has_seen_the_change(mount):
    """The roster was fetched anew after the document was read: its base is still the one it names."""
    m = mount()
    document = document_of(m)
    m.sandbox.patch(2, {"lastname": "Theirs"})
    refresh(m)
    put(m, FILE, {**document, "firstname": "Ours"}).ok()
    assert m.sandbox.user(2)["lastname"] == "Theirs"
    # and so when somebody has read the new one too
    m.sandbox.patch(2, {"lastname": "Theirs again"})
    refresh(m)
    read(m, FILE)
    put(m, FILE, {**document, "role": "admin"}).ok()
    assert m.sandbox.user(2)["lastname"] == "Theirs again"
    assert m.sandbox.user(2)["firstname"] == "Ours"
    assert put(m, FILE, {**document, "lastname": "Ours"}).code != 0


def test_last_shown(mount):
    """Without a stamp a document is taken for the version last shown, if it may be that."""
    m = mount()
    old = document_of(m, stamped=False)
    m.sandbox.patch(2, {"lastname": "Theirs"})
    refresh(m)
    read(m, FILE)
    # old says lastname as it was: that is what an older version had, and perhaps no edit
    assert save(m.path / FILE, text_of({**old, "firstname": "Ours"})) == refused("ESTALE")
    assert "lastname" in last_line(m, FILE) and "older" in last_line(m, FILE)
    assert not sent(m.sandbox)
    # a part of it says nothing of the kind
    put(m, FILE, {"firstname": "Ours"}).ok()
    assert m.sandbox.user(2)["lastname"] == "Theirs"
    # a value that no version had is an edit
    read(m, FILE)
    put(m, FILE, {"lastname": "New"}).ok()
    assert m.sandbox.user(2)["lastname"] == "New"


def test_version_that_is_not_held(mount):
    m = mount()
    document = document_of(m)
    assert save(m.path / FILE, text_of({**document, "updated_at": "2001-02-03T04:05:06Z",
                                        "firstname": "Ours"})) == refused("ESTALE")
    assert "2001-02-03T04:05:06Z" in last_line(m, FILE)
    assert save(m.path / FILE,
                text_of({"updated_at": "2001-02-03T04:05:06Z"})) == refused("ESTALE")
    assert not sent(m.sandbox)


def test_backup_from_before_the_mount(mount):
    m = mount()
    backup = at_vendor(m.sandbox, 2)
    # nothing has changed since: as good as read here
    put(m, FILE, {**backup, "firstname": "Ours"}).ok()
    assert m.sandbox.user(2)["firstname"] == "Ours"
    backup = at_vendor(m.sandbox, 3)
    m.sandbox.patch(3, {"lastname": "Theirs"})
    read(m, "partnerize/3.json")
    assert save(m.path / "partnerize/3.json",
                text_of({**backup, "firstname": "Ours"})) == refused("ESTALE")
    assert m.sandbox.user(3)["lastname"] == "Theirs"


def test_forgotten_version(mount):
    m = mount()
    first = document_of(m)
    for second in range(20):
        m.sandbox.patch(2, {"score": second, "updated_at": f"2025-01-01T00:00:{second:02}Z"})
        refresh(m)
        newest = read(m, FILE)
    assert newest["score"] == 19
    assert save(m.path / FILE, text_of({**first, "firstname": "Ours"})) == refused("ESTALE")
    assert first["updated_at"] in last_line(m, FILE)
    put(m, FILE, {**newest, "firstname": "Ours"}).ok()


def test_a_vendor_that_names_no_versions(mount):
    """A value that was shown before may come from an old copy; what was written here can be undone."""
    m = mount()

    def forget_stamp():
        m.sandbox.patch(2, {"updated_at": None})
        refresh(m)
        assert "updated_at" not in read(m, FILE)

    forget_stamp()
    before = m.sandbox.user(2)["firstname"]
    m.sh(f"sed -i 's/\"{before}\"/\"Other\"/' {FILE}").ok()
    forget_stamp()
    assert m.sh(f"sed -i 's/\"Other\"/\"{before}\"/' {FILE}").code != 0
    assert "undo a write of this mount with the history" in last_line(m, FILE)
    assert m.sandbox.user(2)["firstname"] == "Other"
    m.sh(f"cp .rosterfs/history/1/undo.json {FILE}").ok()
    assert m.sandbox.user(2)["firstname"] == before


# ---- a leaver stays out ----

WAYS_OUT = ["status file", "document", "colleague, not seen yet", "colleague, fetched",
            "colleague, read"]


def deactivate(m, ident, way):
    if way == "status file":
        (m.path / f"partnerize/{ident}.status").write_text("inactive\n")
    elif way == "document":
        put(m, f"partnerize/{ident}.json", {"status": "inactive"}).ok()
    else:
        m.sandbox.patch(ident, {"status": "inactive"})
        if way != "colleague, not seen yet":
            refresh(m)
        if way == "colleague, read":
            read(m, f"partnerize/{ident}.json")
    assert m.sandbox.user(ident)["status"] == "inactive"


@STAMPED
@pytest.mark.parametrize("answer", ["changed", "full", "empty"])
@pytest.mark.parametrize("origin", ["shown", "backup"])
def test_a_document_from_before(mount, sandbox, stamped, answer, origin):
    """Whatever a document from before the deactivation changes, it does not bring the user back."""
    m = mount(sandbox(users=39, put_answer=answer))
    m.sh("ls partnerize").ok()
    ident = 1
    for way in WAYS_OUT:
        for looked in (False, True):
            for edit in ({}, {"firstname": "Ours"}):
                ident += 2 if (ident + 1) % 10 == 0 else 1
                name = f"partnerize/{ident}.json"
                document = read(m, name) if origin == "shown" else at_vendor(m.sandbox, ident)
                assert document["status"] == "active"
                if not stamped:
                    document = without_stamp(document)
                deactivate(m, ident, way)
                if looked:
                    assert read(m, name)["user_id"] == str(ident)
                result = put(m, name, {**document, **edit})
                user = m.sandbox.user(ident)
                case = (way, looked, edit, result)
                assert user["status"] == "inactive", case
                if result.code == 0 and edit:
                    assert user["firstname"] == "Ours", case
                # later, when the mount has seen all that there is to see
                refresh(m)
                if looked:
                    read(m, name)
                put(m, name, {**document, **edit})
                assert m.sandbox.user(ident)["status"] == "inactive", case


def test_the_edit_itself_is_active(mount):
    """Nor does one that says nothing but `active`, unless it names the newest version."""
    m = mount()
    m.sandbox.patch(2, {"status": "inactive"})
    refresh(m)
    document = read(m, FILE)
    assert save(m.path / FILE, '{"status":"active"}') == refused("ESTALE")
    assert "to the status file" in last_line(m, FILE)
    assert not sent(m.sandbox)
    # from a version that is known to be the newest it is meant
    put(m, FILE, {**document, "status": "active"}).ok()
    assert m.sandbox.user(2)["status"] == "active"
    # from one that is not, not: somebody else has changed something since
    m.sandbox.patch(3, {"status": "inactive"})
    document = read(m, "partnerize/3.json")
    m.sandbox.patch(3, {"lastname": "Theirs", "updated_at": "2025-01-01T00:00:00Z"})
    assert put(m, "partnerize/3.json", {**document, "status": "active"}).code != 0 \
        or m.sandbox.user(3)["status"] == "inactive"


def test_reactivated_after_our_deactivation(mount):
    m = mount()
    m.sh("echo inactive > partnerize/2.status").ok()
    refresh(m)
    put(m, FILE, {**read(m, FILE), "status": "active"}).ok()
    assert m.sandbox.user(2)["status"] == "active"


@pytest.mark.parametrize("answer", ["changed", "full"])
def test_parts_of_a_record_nobody_has_read(mount, sandbox, answer):
    """With no version shown, a part is compared with what the vendor has now: there and back again."""
    m = mount(sandbox(users=25, put_answer=answer))
    for role in ("admin", "standard", "admin"):
        put(m, FILE, {"role": role}).ok()
        assert m.sandbox.user(2)["role"] == role


def test_document_that_deactivates(mount):
    m = mount()
    document = document_of(m)
    m.sandbox.patch(2, {"lastname": "Theirs"})
    put(m, FILE, {**document, "status": "inactive"}).ok()
    assert m.sandbox.user(2)["status"] == "inactive"
    assert m.sandbox.user(2)["lastname"] == "Theirs"
    assert "remains" in last_line(m, "remains")


# ---- one buffer, saved again and again ----

@STAMPED
@pytest.mark.parametrize("answer", ["changed", "full", "empty"])
def test_same_process_saves_twice(mount, sandbox, stamped, answer):
    m = mount(sandbox(users=25, put_answer=answer))
    buffer = document_of(m, stamped)
    path = m.path / FILE
    first = buffer["firstname"]
    for name, outcome in (("One", GOOD), ("Two", GOOD), ("One", refused("ESTALE")), ("Three", GOOD),
                          (first, refused("ESTALE"))):
        buffer["firstname"] = name
        before = m.sandbox.user(2)
        assert save(path, text_of(buffer)) == outcome, name
        assert m.sandbox.user(2)["firstname"] == (name if outcome == GOOD else before["firstname"])
    assert applied(m.sandbox) == len(sent(m.sandbox)) == 3
    buffer["firstname"] = "Three"
    assert save(path, text_of(buffer)) == GOOD
    assert applied(m.sandbox) == 3


def test_same_process_and_a_colleague(mount):
    m = mount()
    buffer = document_of(m)
    path = m.path / FILE
    assert save(path, text_of({**buffer, "firstname": "One"})) == GOOD
    m.sandbox.patch(2, {"lastname": "Theirs"})
    assert save(path, text_of({**buffer, "firstname": "Two"})) == GOOD
    assert m.sandbox.user(2)["lastname"] == "Theirs"
    m.sandbox.patch(2, {"firstname": "Theirs"})
    assert save(path, text_of({**buffer, "firstname": "Three"})) == refused("ESTALE")
    assert m.sandbox.user(2)["firstname"] == "Theirs"
    m.sandbox.patch(2, {"status": "inactive"})
    save(path, text_of({**buffer, "firstname": "Four", "status": "active"}))
    assert m.sandbox.user(2)["status"] == "inactive"


def test_same_process_after_a_normalised_value(mount):
    """What the vendor made of our value is no conflict with the buffer that still has ours."""
    m = mount()
    buffer = document_of(m)
    path = m.path / FILE
    m.sandbox.fault(method="PUT", fault="normalise")
    assert save(path, text_of({**buffer, "firstname": "one"})) == GOOD
    assert save(path, text_of({**buffer, "firstname": "one", "role": "admin"})) == GOOD
    assert m.sandbox.user(2)["firstname"] == "ONE" and m.sandbox.user(2)["role"] == "admin"
    assert save(path, text_of({**buffer, "firstname": "two", "role": "admin"})) == GOOD
    assert m.sandbox.user(2)["firstname"] == "two"


def test_other_process_with_the_same_buffer(mount):
    """It can't know of the first one's save: a value that was there before is no edit of its own."""
    m = mount()
    buffer = document_of(m)
    put(m, FILE, {**buffer, "firstname": "One"}).ok()
    put(m, FILE, {**buffer, "role": "admin"})
    assert m.sandbox.user(2)["firstname"] == "One"


# ---- many at once ----

def test_different_fields_at_once(mount):
    m = mount()
    document = document_of(m)
    m.sandbox.settings(latency_ms=20)
    edits = {"firstname": "A", "lastname": "B", "role": "admin", "timezone": "C", "locale": "D",
             "score": 1, "cost_centre": 2, "phone": "E"}
    for field, value in edits.items():
        (m.folder / field).write_text(text_of({**document, field: value}))
    commands = [m.spawn(f"cp '{m.folder / field}' {FILE}") for field in edits]
    for command in commands:
        command.finish().ok()
    user = m.sandbox.user(2)
    assert {field: user[field] for field in edits} == edits
    assert applied(m.sandbox) == len(edits)
    shown = read(m, FILE)
    assert {field: shown[field] for field in edits} == edits


def test_sixteen_records_at_once(mount):
    m = mount(extra={"partnerize": {"parallel": 16}})
    idents = range(2, 18)
    for ident in idents:
        document = document_of(m, ident=ident)
        (m.folder / f"{ident}").write_text(text_of({**document, "lastname": f"All {ident}"}))
    m.sandbox.reset()
    with m.sandbox.holding(5):  # they do not wait for each other
        commands = [m.spawn(f"cp '{m.folder / str(ident)}' partnerize/{ident}.json") for ident in idents]
    for command in commands:
        command.finish().ok()
    assert [m.sandbox.user(ident)["lastname"] for ident in idents] == \
        [f"All {ident}" for ident in idents]
    assert m.sandbox.counts()["GET /user/{id}"] == m.sandbox.counts()["PUT /user/{id}"] == 16


# ---- vendors that check versions themselves ----

def test_if_match(mount):
    m = mount()
    m.sandbox.settings(etag=True)
    put(m, FILE, {"firstname": "One"}).ok()
    m.sh("echo inactive > partnerize/2.status").ok()
    assert [entry["if_match"] for entry in sent(m.sandbox)] == ['"v1"', '"v2"']
    m.sandbox.settings(etag=False)
    put(m, FILE, {"firstname": "Two"}).ok()
    assert sent(m.sandbox)[-1]["if_match"] is None


def raced(m, change, document):
    """Save DOCUMENT, with CHANGE coming between our GET and our PUT; the save's Result."""
    m.sandbox.reset()
    m.sandbox.fault(method="GET", path="/user/2", fault="stall_after")
    source = m.folder / "raced.json"
    source.write_text(text_of(document))
    writer = m.spawn(f"cp '{source}' {FILE}")
    m.sandbox.wait_held("GET", "/user/2")
    m.sandbox.patch(2, change)
    m.sandbox.release()
    return writer.finish()


def test_412_merges_anew(mount):
    m = mount()
    m.sandbox.settings(etag=True)
    document = document_of(m)
    raced(m, {"lastname": "Theirs"}, {**document, "firstname": "Ours"}).ok()
    user = m.sandbox.user(2)
    assert (user["firstname"], user["lastname"]) == ("Ours", "Theirs")
    assert [entry["status"] for entry in sent(m.sandbox)] == [412, 200]
    assert m.sandbox.counts()["GET /user/{id}"] == 2
    assert read(m, FILE)["lastname"] == "Theirs"


def test_412_and_the_same_field(mount):
    m = mount()
    m.sandbox.settings(etag=True)
    document = document_of(m)
    result = raced(m, {"firstname": "Theirs"}, {**document, "firstname": "Ours"})
    assert result.code != 0 and "Stale file handle" in result.err
    assert m.sandbox.user(2)["firstname"] == "Theirs"
    assert [entry["status"] for entry in sent(m.sandbox)] == [412]
    line = last_line(m, FILE)
    assert '"Theirs"' in line and '"Ours"' in line


def test_412_and_a_deactivation(mount):
    m = mount()
    m.sandbox.settings(etag=True)
    document = document_of(m)
    # the document states that the user is active: that is neither sent nor ignored
    result = raced(m, {"status": "inactive"}, {**document, "firstname": "Ours"})
    assert result.code != 0 and "Stale file handle" in result.err
    assert "to the status file" in last_line(m, FILE)
    assert read(m, FILE)["status"] == "inactive"
    user = m.sandbox.user(2)
    assert (user["firstname"], user["status"]) == (document["firstname"], "inactive")
    # one that says nothing of the status is merged
    raced(m, {"status": "active"}, {"firstname": "Ours"}).ok()
    user = m.sandbox.user(2)
    assert (user["firstname"], user["status"]) == ("Ours", "active")


@pytest.mark.parametrize("status", [409, 412])
def test_once_is_merged_twice_is_a_conflict(mount, status):
    m = mount()
    document = document_of(m)
    m.sandbox.fault(method="PUT", fault="status", status=status)
    assert save(m.path / FILE, text_of({**document, "firstname": "One"})) == GOOD
    assert m.sandbox.user(2)["firstname"] == "One"
    m.sandbox.reset()
    m.sandbox.fault(method="PUT", fault="status", status=status, times=2,
                    body='{"error":"changed, they say"}')
    assert save(m.path / "partnerize/3.json", '{"firstname":"One"}') == refused("ESTALE")
    assert "changed, they say" in last_line(m, "partnerize/3.json")
    assert len(sent(m.sandbox)) == 2
    m.sandbox.fault(method="PUT", fault="status", status=status, times=2)
    assert save(m.path / "partnerize/3.status", "inactive") == refused("ESTALE")


def test_lost_answer_and_a_third_value(mount):
    """Our answer was lost, and the field now has a colleague's value: that is no success of ours."""
    m = mount(extra={"partnerize": {"timeout": 1}})
    read(m, FILE)
    m.sandbox.fault(method="PUT", fault="stall")
    writer = m.spawn(f"echo '{{\"firstname\":\"Ours\"}}' > {FILE}")
    harness.wait_until(lambda: sent(m.sandbox), 10 * harness.SCALE, "the PUT")
    m.sandbox.patch(2, {"firstname": "Theirs"})
    result = writer.finish()
    assert result.code != 0 and "Stale file handle" in result.err
    assert m.sandbox.user(2)["firstname"] == "Theirs"
    assert '"Theirs"' in last_line(m, "ESTALE")
    assert read(m, FILE)["firstname"] == "Theirs"
