# SPDX-License-Identifier: Apache-2.0
"""A PUT that got no response and is applied late: what it undoes is put right, or told."""

import json
import time

import pytest

from audit_log import lines
from harness import SCALE, wait_until
from writes import GOOD, at_vendor, last_line, read, refresh, save, sent

USER = "partnerize/7.json"
STATUS = "partnerize/7.status"
# a response is not waited for longer than this, so that the tests are quick
HURRY = {"timeout": 1, "lag": 2}


def start(mount, sandbox, audit=None, **settings):
    extra = {"partnerize": HURRY}
    if audit:
        extra["rosterfs"] = {"audit_log": str(audit), "status_limit": 1}
    m = mount(sandbox(users=25), extra)
    m.sandbox.settings(**settings)
    read(m, USER)
    m.sandbox.reset()
    return m


def lose_put(m, text, ms=3600000):
    """A document whose first PUT is applied at a release, or MS later; its repetition is applied."""
    m.sandbox.fault(method="PUT", path="/user/7", fault="late", ms=ms, body="drop")
    assert save(m.path / USER, text) == GOOD


@pytest.mark.parametrize("stamps, put_answer", [("ms", "changed"), ("none", "changed"), ("none", "full")])
def test_a_late_put_does_not_bring_a_leaver_back(mount, sandbox, test_dir, stamps, put_answer):
    audit = test_dir / "audit.jsonl"
    m = start(mount, sandbox, audit, stamps=stamps, put_answer=put_answer)
    lose_put(m, '{"timezone": "Asia/Tokyo"}')
    assert save(m.path / STATUS, "inactive") == GOOD
    puts = len(sent(m.sandbox))
    m.sandbox.release()
    assert at_vendor(m.sandbox, 7)["status"] == "active"
    wait_until(lambda: at_vendor(m.sandbox, 7)["status"] == "inactive", 30 * SCALE, "inactive, sent once more")
    assert at_vendor(m.sandbox, 7)["timezone"] == "Asia/Tokyo"
    assert len(sent(m.sandbox)) == puts + 1
    assert "inactive is sent once more" in m.log()
    # it is not counted by status_limit, which is used up
    def again():
        return [line for line in lines(audit) if line["action"] == "reapply"]
    wait_until(lambda: len(again()) == 2, 20 * SCALE, "two audit lines")
    assert [line["outcome"] for line in again()] == ["sending", "done"]
    assert again()[0]["attempt"] == again()[1]["attempt"]
    assert again()[0]["id"] == "7" and again()[0]["path"] == STATUS
    assert (m.path / STATUS).read_text() == "inactive\n"


def test_once(mount, sandbox):
    """A colleague who activates the user afterwards is not fought with."""
    m = start(mount, sandbox, stamps="ms")
    lose_put(m, '{"timezone": "Asia/Tokyo"}')
    assert save(m.path / STATUS, "inactive") == GOOD
    m.sandbox.release()
    wait_until(lambda: "inactive is sent once more" in m.log() and
               at_vendor(m.sandbox, 7)["status"] == "inactive", 30 * SCALE, "inactive, sent once more")
    m.sandbox.patch(7, {"status": "active"})
    m.sandbox.reset()
    # longer than anything is watched here
    time.sleep(5)
    assert m.sandbox.counts()["total"] == 0


def test_a_colleague_is_not_a_late_put(mount, sandbox):
    """Active again, but not as in the body that got no response."""
    m = start(mount, sandbox, stamps="ms")
    lose_put(m, '{"timezone": "Asia/Tokyo"}')
    assert save(m.path / STATUS, "inactive") == GOOD
    m.sandbox.patch(7, {"status": "active", "lastname": "Theirs"})
    m.sandbox.reset()
    # two looks
    wait_until(lambda: m.sandbox.counts().get("GET /user/{id}", 0) >= 2, 30 * SCALE, "two looks")
    assert not sent(m.sandbox)
    assert at_vendor(m.sandbox, 7)["status"] == "active"


@pytest.mark.parametrize("stamps", ["ms", "frozen", "none"])
def test_nobody_was_deactivated(mount, sandbox, stamps):
    """Other fields that a late PUT takes back are told with both values, and left."""
    m = start(mount, sandbox, stamps=stamps)
    lose_put(m, '{"timezone": "Asia/Tokyo"}')
    assert save(m.path / USER, '{"firstname": "Joan"}') == GOOD
    before = m.sandbox.user(7)["firstname"]
    assert before == "Joan"
    puts = len(sent(m.sandbox))
    m.sandbox.release()
    wait_until(lambda: "was applied late" in m.log(), 30 * SCALE, "a line in the log")
    line = last_line(m, "was applied late")
    assert '"firstname"' in line and '"Joan"' in line and USER in line
    assert len(sent(m.sandbox)) == puts
    assert read(m, USER)["firstname"] == at_vendor(m.sandbox, 7)["firstname"] != "Joan"


def test_what_is_read_meanwhile_hides_nothing(mount, sandbox):
    """When the lag has ended, all see what the late PUT left; that it took something back is still told."""
    m = start(mount, sandbox, stamps="none")
    lose_put(m, '{"timezone": "Asia/Tokyo"}')
    assert save(m.path / USER, '{"firstname": "Joan"}') == GOOD
    m.sandbox.release()

    def told():
        refresh(m)
        read(m, USER)
        return '"firstname" was "Joan"' in m.log()
    wait_until(told, 30 * SCALE, "a line in the log")


def test_what_is_in_doubt_is_not_what_was_known(mount, sandbox):
    """What a list showed stands in for a record in doubt, and is not what a late PUT is compared with."""
    m = mount(sandbox(users=25), {"partnerize": {**HURRY, "timeout": 5}})
    m.sandbox.settings(stamps="none")
    refresh(m)
    read(m, USER)
    lose_put(m, '{"timezone": "Asia/Tokyo"}')
    assert save(m.path / USER, '{"firstname": "Joan"}') == GOOD
    m.sandbox.fault(method="PUT", path="/user/7", fault="status_after", status=503)
    m.sandbox.fault(method="GET", path="/user/7", fault="html", skip=1, times=-1)
    assert save(m.path / USER, '{"lastname": "Doe"}').write != "ok"
    m.sandbox.clear_faults()
    m.sandbox.reset()
    wait_until(lambda: m.sandbox.counts().get("GET /user/{id}", 0), 30 * SCALE, "a look")
    m.sandbox.release()
    wait_until(lambda: '"firstname" was "Joan"' in m.log(), 30 * SCALE, "a line in the log")


def test_an_unknown_outcome_is_told_later(mount, sandbox):
    """The save failed, and the log's last line about it says so; then what became of it."""
    m = mount(sandbox(users=25), {"partnerize": {**HURRY, "retry_budget": 0}})
    m.sandbox.settings(stamps="ms")
    read(m, USER)
    m.sandbox.fault(method="PUT", path="/user/7", fault="late", ms=3600000, body="drop")
    assert save(m.path / USER, '{"timezone": "Asia/Tokyo"}').write == "EREMOTEIO"
    assert "may still be processing it" in last_line(m, USER)
    m.sandbox.release()
    wait_until(lambda: "was applied late" in last_line(m, USER), 30 * SCALE, "a line in the log")
    assert '"Asia/Tokyo"' in last_line(m, USER)
    assert read(m, USER)["timezone"] == "Asia/Tokyo"


def test_unmounting_ends_it(mount, sandbox):
    m = start(mount, sandbox)
    lose_put(m, '{"timezone": "Asia/Tokyo"}')
    m.unmount()
    assert "is no longer watched for" in m.stderr() or m.stderr() == ""


@pytest.mark.parametrize("fault", [{"fault": "html"}, {"fault": "not_json"}, {"fault": "wrong_user"},
                                   {"fault": "empty"}])
def test_one_bad_answer_does_not_end_the_question(mount, sandbox, fault):
    """The response to the PUT is lost, and the GET after it is answered with nonsense."""
    m = start(mount, sandbox)
    m.sandbox.fault(method="PUT", path="/user/7", fault="drop_after")
    m.sandbox.fault(method="GET", path="/user/7", skip=1, **fault)
    assert save(m.path / STATUS, "inactive") == GOOD
    assert at_vendor(m.sandbox, 7)["status"] == "inactive"
    assert len(sent(m.sandbox)) == 1


@pytest.mark.parametrize("put", [{"fault": "drop_after"}, {"fault": "status", "status": 503},
                                 {"fault": "status_after", "status": 503}])
def test_the_last_line_tells_the_doubt(mount, sandbox, put):
    m = mount(sandbox(users=25), {"partnerize": {"retry_budget": 0}})
    read(m, USER)
    m.sandbox.fault(method="PUT", path="/user/7", **put)
    m.sandbox.fault(method="GET", path="/user/7", fault="html", skip=1, times=-1)
    assert save(m.path / STATUS, "inactive").write != "ok"
    line = last_line(m, STATUS)
    assert "is not known" in line and "not the JSON" in line and "EREMOTEIO" in line


def test_json_that_is_accepted_and_never_read_back(mount, sandbox):
    m = mount(sandbox(users=25, put_answer="empty"), {"partnerize": {"retry_budget": 0}})
    read(m, USER)
    m.sandbox.fault(method="GET", path="/user/7", fault="html", skip=1, times=-1)
    assert save(m.path / USER, json.dumps({"timezone": "Asia/Tokyo"})).write == "EREMOTEIO"
    assert "is not known" in last_line(m, USER)
