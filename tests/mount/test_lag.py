# SPDX-License-Identifier: Apache-2.0
"""A vendor whose reads lag behind its writes: nothing that was written is undone or shown undone."""

import json
import time

import pytest

from harness import SCALE, wait_until
from ep_store import ep, person
from writes import (GOOD, at_vendor, edited, last_line, put, read, refresh, refused, save, sent,
                     text_of)

__all__ = ["ep"]

# longer than any test waits: a read shows the state before all that the test has done
FAR = 100000
USER = "partnerize/7.json"
STATUS = "partnerize/7.status"


def lagging(mount, sandbox, lag=60, far=FAR, **settings):
    """A mount whose vendor's reads are FAR milliseconds behind from now on."""
    m = mount(sandbox(users=25), {"partnerize": {"lag": lag}})
    m.sandbox.settings(**settings)
    # shown before, or there would be no version to edit
    read(m, USER)
    m.sandbox.settings(read_lag_ms=far)
    m.sandbox.reset()
    return m


def status(m):
    return (m.path / STATUS).read_text().strip()


STAMPS = pytest.mark.parametrize("stamps", ["ms", "seconds", "frozen", "none"])


# ---- nobody becomes active ----

@STAMPS
@pytest.mark.parametrize("put_answer", ["changed", "full", "unstamped"])
def test_an_edit_after_a_deactivation(mount, sandbox, stamps, put_answer):
    """The GET of the second write shows the user active: no PUT may carry that."""
    m = lagging(mount, sandbox, stamps=stamps, put_answer=put_answer)
    assert save(m.path / STATUS, "inactive") == GOOD
    result = save(m.path / USER, '{"phone": "+1 555"}')
    assert result in (GOOD, refused("ESTALE"))
    assert at_vendor(m.sandbox, 7)["status"] == "inactive"
    assert all(entry["status_sent"] == "inactive" for entry in sent(m.sandbox))
    assert status(m) == "inactive"
    if result != GOOD:
        assert "its reads may lag" in last_line(m, USER)


@STAMPS
def test_a_refresh(mount, sandbox, stamps):
    """A list that lags shows what was written, and nobody is blamed for it."""
    m = lagging(mount, sandbox, stamps=stamps)
    assert save(m.path / STATUS, "inactive") == GOOD
    refresh(m)
    assert status(m) == "inactive"
    assert read(m, USER)["status"] == "inactive"
    assert "active again" not in m.log()


def test_a_status_is_sent_unless_both_show_it(mount, sandbox):
    m = lagging(mount, sandbox, put_answer="full")
    assert save(m.path / STATUS, "inactive") == GOOD
    # the memory shows it, the GET does not
    assert save(m.path / STATUS, "inactive") == GOOD
    assert len(sent(m.sandbox)) == 2
    # the GET shows it, the memory does not
    assert save(m.path / STATUS, "active") == GOOD
    assert len(sent(m.sandbox)) == 3
    assert at_vendor(m.sandbox, 7)["status"] == "active"
    # both do
    m.sandbox.settings(read_lag_ms=0)
    assert save(m.path / STATUS, "active") == GOOD
    assert len(sent(m.sandbox)) == 3


def test_replicas(mount, sandbox):
    """Each read is behind by another time: once seen does not mean seen from then on."""
    m = lagging(mount, sandbox, read_lag_random=True)
    assert save(m.path / STATUS, "inactive") == GOOD
    for number in range(12):
        refresh(m)
        assert status(m) == "inactive"
        save(m.path / USER, json.dumps({"phone": str(number)}))
        assert at_vendor(m.sandbox, 7)["status"] == "inactive"
    assert all(entry["status_sent"] == "inactive" for entry in sent(m.sandbox))


# ---- no field is reverted ----

@STAMPS
@pytest.mark.parametrize("put_answer", ["changed", "full", "unstamped"])
def test_two_quick_edits(mount, sandbox, stamps, put_answer):
    m = lagging(mount, sandbox, stamps=stamps, put_answer=put_answer)
    assert save(m.path / USER, '{"phone": "+1 555"}') == GOOD
    assert save(m.path / USER, '{"timezone": "Asia/Tokyo"}') == GOOD
    assert save(m.path / USER, '{"firstname": "Joan"}') == GOOD
    now = at_vendor(m.sandbox, 7)
    assert (now["phone"], now["timezone"], now["firstname"]) == ("+1 555", "Asia/Tokyo", "Joan")
    refresh(m)
    document = read(m, USER)
    assert (document["phone"], document["timezone"], document["firstname"]) == \
        ("+1 555", "Asia/Tokyo", "Joan")


def test_nested_fields(mount, sandbox):
    m = mount(sandbox(users=25))
    before = read(m, "partnerize/2.json")["address"]
    m.sandbox.settings(read_lag_ms=FAR)
    assert save(m.path / "partnerize/2.json", '{"address": {"city": "Oslo"}}') == GOOD
    assert save(m.path / "partnerize/2.json", '{"address": {"line1": "Ours"}}') == GOOD
    refresh(m)
    wanted = {**before, "city": "Oslo", "line1": "Ours"}
    assert read(m, "partnerize/2.json")["address"] == wanted
    assert at_vendor(m.sandbox, 2)["address"] == wanted


def test_many_edits_of_a_field(mount, sandbox):
    m = lagging(mount, sandbox)
    for number in range(5):
        assert save(m.path / USER, json.dumps({"phone": str(number)})) == GOOD
        assert at_vendor(m.sandbox, 7)["phone"] == str(number)
        refresh(m)
        assert read(m, USER)["phone"] == str(number)


def test_a_status_back_and_forth(mount, sandbox):
    m = lagging(mount, sandbox)
    for word in ("inactive", "active", "inactive", "active", "inactive"):
        assert save(m.path / STATUS, word) == GOOD
        assert at_vendor(m.sandbox, 7)["status"] == word
        refresh(m)
        assert status(m) == word


# ---- what others do is seen ----

def test_others_fields_are_taken_as_received(mount, sandbox):
    m = lagging(mount, sandbox, far=0)
    assert save(m.path / USER, '{"phone": "+1 555"}') == GOOD
    m.sandbox.patch(7, {"lastname": "Theirs"})
    refresh(m)
    assert read(m, USER)["lastname"] == "Theirs"


def test_a_third_value_ends_it(mount, sandbox):
    m = lagging(mount, sandbox, far=0, stamps="none")
    before = read(m, USER)["firstname"]
    assert save(m.path / USER, '{"firstname": "Ours"}') == GOOD
    m.sandbox.patch(7, {"firstname": "theirs"})
    refresh(m)
    assert read(m, USER)["firstname"] == "theirs"
    m.sandbox.patch(7, {"firstname": before})
    refresh(m)
    assert read(m, USER)["firstname"] == before


def test_a_later_time_ends_it(mount, sandbox):
    """Set back to just the value from before the write, with a time of update that is later."""
    m = lagging(mount, sandbox, far=0, stamps="ms", put_answer="full")
    before = read(m, USER)["firstname"]
    assert save(m.path / USER, '{"firstname": "Ours"}') == GOOD
    time.sleep(0.01)  # the times are in milliseconds
    m.sandbox.patch(7, {"firstname": before})
    refresh(m)
    assert read(m, USER)["firstname"] == before


def test_set_back_without_a_time_is_shown_when_the_lag_ends(mount, sandbox):
    m = lagging(mount, sandbox, lag=2 * SCALE, far=0, stamps="none")
    assert save(m.path / STATUS, "inactive") == GOOD
    m.sandbox.patch(7, {"status": "active"})
    refresh(m)
    assert status(m) == "inactive"
    wait_until(lambda: status(m) == "active", 20 * SCALE, "the vendor's own status")
    assert "active again" in last_line(m, STATUS)


def test_no_lag_no_memory(mount, sandbox):
    m = lagging(mount, sandbox, lag=0, far=0, stamps="none")
    assert save(m.path / STATUS, "inactive") == GOOD
    m.sandbox.patch(7, {"status": "active"})
    refresh(m)
    assert status(m) == "active"


# ---- a document and a status that is in doubt ----

def test_a_document_sends_neither_status(mount, sandbox):
    """The vendor shows active, this mount wrote inactive: nothing tells which is newer."""
    m = lagging(mount, sandbox, far=0, stamps="none")
    assert save(m.path / STATUS, "inactive") == GOOD
    m.sandbox.patch(7, {"status": "active"})
    m.sandbox.reset()
    assert save(m.path / USER, '{"phone": "+1 555"}') == refused("ESTALE")
    assert not sent(m.sandbox)
    line = last_line(m, USER)
    assert "active" in line and "inactive" in line and "to the status file" in line
    # it looked more than once
    assert m.sandbox.counts()["GET /user/{id}"] > 1


def test_a_document_waits_for_reads_to_catch_up(mount, sandbox):
    m = lagging(mount, sandbox, far=1000)
    assert save(m.path / STATUS, "inactive") == GOOD
    assert save(m.path / USER, '{"phone": "+1 555"}') == GOOD
    now = at_vendor(m.sandbox, 7)
    assert (now["status"], now["phone"]) == ("inactive", "+1 555")


# ---- accepted: applied or not ----

@pytest.mark.parametrize("fault", [{"fault": "drop"}, {"fault": "not_applied"}])
@pytest.mark.parametrize("stamps", ["none", "frozen", "ms"])
def test_what_is_remembered_proves_nothing(mount, sandbox, stamps, fault):
    """Inactive by an earlier write, active again at the vendor, and the next inactive does not arrive."""
    m = lagging(mount, sandbox, lag=2, far=0, stamps=stamps, put_answer="empty")
    assert save(m.path / STATUS, "inactive") == GOOD
    m.sandbox.patch(7, {"status": "active"})
    m.sandbox.fault(method="PUT", path="/user/7", **fault)
    result = save(m.path / STATUS, "inactive")
    assert (result == GOOD) == (at_vendor(m.sandbox, 7)["status"] == "inactive")
    assert result in (GOOD, refused("EREMOTEIO"))


def test_an_answer_without_the_record(mount, sandbox):
    """204, and the GET after it still shows the old value: that is no failure yet."""
    m = lagging(mount, sandbox, far=0, put_answer="empty")
    m.sandbox.fault(method="GET", path="/user/7", fault="stale", skip=1, times=2)
    assert save(m.path / STATUS, "inactive") == GOOD
    assert status(m) == "inactive"
    assert len(sent(m.sandbox)) == 1
    m.sandbox.fault(method="GET", path="/user/7", fault="stale", skip=1, times=1)
    assert save(m.path / USER, '{"phone": "+1 555"}') == GOOD
    assert read(m, USER)["phone"] == "+1 555"


def test_an_answer_with_the_old_record(mount, sandbox):
    m = lagging(mount, sandbox, far=0, put_answer="old")
    assert save(m.path / STATUS, "inactive") == GOOD
    assert status(m) == "inactive"


def test_a_lie_is_found(mount, sandbox):
    m = lagging(mount, sandbox, lag=1, far=0, put_answer="empty")
    m.sandbox.fault(method="PUT", fault="not_applied")
    assert save(m.path / STATUS, "inactive") == refused("EREMOTEIO")
    line = last_line(m, STATUS)
    assert "accepted but not applied" in line and "reads may lag" in line
    assert status(m) == "active"
    # and looked at once more when the lag has ended
    wait_until(lambda: "still not applied" in m.log(), 20 * SCALE, "a last look")


def test_applied_after_the_last_look(mount, sandbox):
    m = lagging(mount, sandbox, lag=1, far=0, put_answer="empty")
    m.sandbox.fault(method="PUT", fault="not_applied")
    assert save(m.path / STATUS, "inactive") == refused("EREMOTEIO")
    m.sandbox.patch(7, {"status": "inactive"})
    wait_until(lambda: "is applied: the reads lagged" in m.log(), 20 * SCALE, "a last look")
    assert status(m) == "inactive"


def test_the_caller_can_interrupt_it(mount, sandbox):
    m = lagging(mount, sandbox, far=0, put_answer="empty")
    m.sandbox.fault(method="PUT", fault="not_applied")
    writer = m.spawn(f"exec tee {STATUS} <<<inactive")
    wait_until(lambda: m.sandbox.counts().get("GET /user/{id}", 0) > 2, 20 * SCALE, "a second look")
    writer.kill()
    wait_until(lambda: "accepted but not applied" in last_line(m, STATUS), 20 * SCALE, "its outcome")


# ---- a stated status ----

def test_a_stated_status_is_not_ignored(mount, sandbox):
    """Shown inactive, active at the vendor by now, with the old time of update."""
    m = mount(sandbox(users=25))
    m.sandbox.settings(stamps="frozen")
    m.sandbox.patch(7, {"status": "inactive"})
    document = read(m, USER)
    assert document["status"] == "inactive"
    m.sandbox.patch(7, {"status": "active"})
    for text in ('{"status": "inactive"}', '{"status": "inactive", "phone": "1"}', text_of(document),
                 text_of(edited(document, "phone", "1"))):
        m.sandbox.patch(7, {"status": "inactive"})
        refresh(m)
        read(m, USER)
        m.sandbox.patch(7, {"status": "active"})
        m.sandbox.reset()
        assert save(m.path / USER, text) == refused("ESTALE")
        assert not sent(m.sandbox)
        assert "to the status file" in last_line(m, USER)
        # it shows the newest record now
        assert read(m, USER)["status"] == "active"
    # without a status nothing is stated
    m.sandbox.patch(7, {"status": "inactive"})
    refresh(m)
    read(m, USER)
    m.sandbox.patch(7, {"status": "active"})
    put(m, USER, {"phone": "2"}).ok()
    assert at_vendor(m.sandbox, 7)["status"] == "active"


# ---- Elastic Path ----

@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_a_members_name(ep, profile):
    """The response to the PUT shows it, and no GET does."""
    m = ep(profile)
    file = m.path / "elasticpath" / f"{person(m.sandbox, 3)}.json"
    before = json.loads(file.read_text())
    m.sandbox.settings(read_lag_ms=FAR)
    assert save(file, '{"name": "First Name"}') == GOOD
    assert json.loads(file.read_text())["name"] == "First Name"
    assert save(file, '{"email": "second@example.com"}') == GOOD
    now = m.sandbox.control("GET", f"elasticpath/members/{before['id']}")
    assert (now["name"], now["email"]) == ("First Name", "second@example.com")
    (m.path / ".rosterfs/refresh").write_text("elasticpath\n")
    assert len(list((m.path / "elasticpath").glob("*.json"))) == 45
    shown = json.loads(file.read_text())
    assert (shown["name"], shown["email"]) == ("First Name", "second@example.com")
