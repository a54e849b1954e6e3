# SPDX-License-Identifier: Apache-2.0
"""What comes between the GET and the PUT of a change: no wait may undo what others did meanwhile."""

import json
import os

import pytest

from harness import SCALE
from ep_store import ITEM, TOKEN, ep, person
from writes import GOOD, at_vendor, last_line, read, refused, save, sent

__all__ = ["ep"]

USER = "partnerize/7.json"
STATUS = "partnerize/7.status"
EDIT = '{"timezone": "Asia/Tokyo"}'
PUT = "PUT /user/{id}"
GET = "GET /user/{id}"


def shown(mount, sandbox, config=None, box=None):
    m = mount(sandbox(users=25, **(box or {})), {"partnerize": config or {}})
    read(m, USER)
    m.sandbox.reset()
    return m


# ---- somebody deactivates the user during the wait ----

WAITS = [
    {"fault": "status", "status": 429, "retry_after": "1"},
    {"fault": "status", "status": 429, "rate_limit_retry_after": "1"},
    {"fault": "status", "status": 503, "retry_after": "1"},
    {"fault": "status", "status": 503},
    {"fault": "status", "status": 500},
    {"fault": "drop"},
]


@pytest.mark.parametrize("wait", WAITS, ids=lambda wait: "-".join(str(v) for v in wait.values()))
def test_a_deactivation_during_the_wait(mount, sandbox, wait):
    m = shown(mount, sandbox)
    m.sandbox.fault(method="PUT", path="/user/7", **wait)
    m.sandbox.fault(method="PUT", path="/user/7", fault="colleague_after", user="7",
                    body={"status": "inactive"})
    assert save(m.path / USER, EDIT) == GOOD
    now = at_vendor(m.sandbox, 7)
    assert (now["status"], now["timezone"]) == ("inactive", "Asia/Tokyo")
    assert [entry["status_sent"] for entry in sent(m.sandbox)] == ["active", "inactive"]


def test_a_document_that_states_the_status(mount, sandbox):
    """It said active when that was true: it is not sent once it is not."""
    m = shown(mount, sandbox)
    document = read(m, USER)
    m.sandbox.fault(method="PUT", path="/user/7", fault="status", status=429, retry_after="1")
    m.sandbox.fault(method="PUT", path="/user/7", fault="colleague_after", user="7",
                    body={"status": "inactive"})
    document["timezone"] = "Asia/Tokyo"
    assert save(m.path / USER, json.dumps(document)) == refused("ESTALE")
    assert at_vendor(m.sandbox, 7)["status"] == "inactive"


def test_a_conflict_during_the_wait(mount, sandbox):
    m = shown(mount, sandbox)
    m.sandbox.fault(method="PUT", path="/user/7", fault="status", status=503)
    m.sandbox.fault(method="PUT", path="/user/7", fault="colleague_after", user="7",
                    body={"timezone": "Europe/Oslo"})
    assert save(m.path / USER, EDIT) == refused("ESTALE")
    assert at_vendor(m.sandbox, 7)["timezone"] == "Europe/Oslo"
    assert len(sent(m.sandbox)) == 1


# ---- limits ----

def limited(mount, sandbox, config=None, **settings):
    m = shown(mount, sandbox, config)
    # the key's owner is known: that question is not counted here
    assert save(m.path / "partnerize/8.status", "inactive") == GOOD
    m.sandbox.reset()
    m.sandbox.settings(limit_requests=1, limit_window_ms=1000, **settings)
    return m


@pytest.mark.parametrize("told", ["1", ""], ids=["told", "not-told"])
def test_one_request_a_window(mount, sandbox, told):
    """A leaver gets out also where no PUT can follow a GET at once. Nothing else is changed."""
    m = limited(mount, sandbox, limit_retry_after=told)
    assert save(m.path / USER, EDIT) == refused("EBUSY")
    assert "too many requests" in last_line(m, USER)
    assert at_vendor(m.sandbox, 7)["timezone"] != "Asia/Tokyo"
    assert save(m.path / STATUS, "active") == GOOD  # it is
    assert save(m.path / STATUS, "inactive") == GOOD
    assert at_vendor(m.sandbox, 7)["status"] == "inactive"
    assert save(m.path / STATUS, "active") == refused("EBUSY")
    assert at_vendor(m.sandbox, 7)["status"] == "inactive"


def test_a_document_that_deactivates_under_a_limit(mount, sandbox):
    m = limited(mount, sandbox, limit_retry_after="1")
    assert save(m.path / USER, '{"status": "inactive"}') == GOOD
    assert at_vendor(m.sandbox, 7)["status"] == "inactive"


def test_two_refusals_are_enough(mount, sandbox):
    m = shown(mount, sandbox)
    m.sandbox.fault(method="PUT", fault="status", status=429, retry_after="1", times=-1)
    assert save(m.path / USER, EDIT) == refused("EBUSY")
    assert m.sandbox.counts()[GET] == 2 and m.sandbox.counts()[PUT] == 2


def test_one_budget_for_the_whole_change(mount, sandbox):
    m = shown(mount, sandbox, {"retry_budget": 3})
    m.sandbox.fault(method="PUT", fault="status", status=429, retry_after="2", times=-1)
    assert save(m.path / STATUS, "inactive") == refused("EBUSY")
    # at 0 and at 2 s: what would come at 4 s is not waited for
    assert m.sandbox.counts()[PUT] == 2
    m.sandbox.reset()
    m.sandbox.clear_faults()
    m.sandbox.fault(method="PUT", fault="status", status=429, retry_after="4", times=-1)
    assert save(m.path / STATUS, "inactive") == refused("EBUSY")
    assert m.sandbox.counts()[PUT] == 1


@pytest.mark.parametrize("budget", [2, 3])
def test_the_budget_ends_during_a_pause(mount, sandbox, budget):
    """Whoever waits for the vendor's 429 to pass is told of the 429, not of a time-out."""
    m = shown(mount, sandbox, {"retry_budget": budget})
    m.sandbox.fault(method="PUT", fault="status", status=429, retry_after="1", times=-1)
    m.sandbox.fault(method="GET", path="/user/*", fault="status", status=429, retry_after="1", skip=1, times=-1)
    for name, text in ((STATUS, "inactive"), (USER, EDIT)):
        assert save(m.path / name, text).write == "EBUSY"
        assert "429" in last_line(m, name) or "too many requests" in last_line(m, name)


# ---- one place for GET and PUT ----

def writers(m, ids, text):
    """All at once; how many failed."""
    running = [m.spawn(f"exec tee partnerize/{ident} <<<'{text}'") for ident in ids]
    return sum(one.finish(120 * SCALE).code != 0 for one in running)


def between(box):
    """For each PUT: how many other requests came since the GET that it rests on."""
    gets, found = {}, []
    for place, entry in enumerate(sorted(box.journal(), key=lambda entry: entry["t_us"])):
        if entry["method"] == "GET":
            gets[entry["path"]] = place
        elif entry["method"] == "PUT":
            found.append(place - gets[entry["path"]] - 1)
    return found


@pytest.mark.parametrize("parallel", [1, 8])
def test_a_put_follows_its_get(mount, sandbox, parallel):
    """However many wait: others are ahead of a PUT only as far as they are on their way."""
    m = mount(sandbox(users=80), {"partnerize": {"parallel": parallel}})
    os.listdir(m.path / "partnerize")
    assert save(m.path / "partnerize/8.status", "inactive") == GOOD
    m.sandbox.settings(latency_ms=30)
    m.sandbox.reset()
    assert writers(m, [f"{ident}.status" for ident in range(11, 71)], "inactive") == 0
    waits = between(m.sandbox)
    assert len(waits) >= 50
    assert max(waits) <= 4 * parallel
    assert m.sandbox.counts()["total"] <= 60 + len(waits) + 8


@pytest.mark.parametrize("parallel", [1, 8])
def test_documents_while_self_is_unknown(mount, sandbox, parallel):
    """Who self is is asked in between by each: none may wait for a place that another keeps."""
    m = mount(sandbox(users=25), {"partnerize": {"parallel": parallel}})
    os.listdir(m.path / "partnerize")
    ids = range(11, 19)
    assert writers(m, [f"{ident}.json" for ident in ids], '{"status": "inactive"}') == 0
    assert {at_vendor(m.sandbox, ident)["status"] for ident in ids} == {"inactive"}
    assert m.sandbox.counts()["GET /user/self"] == 1


def test_a_status_that_turns_out_to_change_while_self_is_unknown(mount, sandbox):
    """The list did not show it: after the GET there is more to ask, and then it is read again."""
    m = mount(sandbox(users=25), {"partnerize": {"parallel": 1}})
    read(m, USER)
    m.sandbox.settings(latency_ms=400)
    m.sandbox.patch(7, {"status": "suspended"})
    assert save(m.path / USER, '{"status": "inactive"}') in (GOOD, refused("ESTALE"))
    for entry in sent(m.sandbox):
        assert entry["status_sent"] == "inactive"


@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_an_expired_token_and_one_place(ep, profile):
    m = ep(profile, {"elasticpath": {"parallel": 1}})
    member = person(m.sandbox, 2)
    path = m.path / "elasticpath" / f"{member}.json"
    json.loads(path.read_text())
    for method in ("GET", "PUT"):
        m.sandbox.fault(method=method, path="/v2/a*", fault="expire_tokens")
        m.sandbox.reset()
        assert save(path, json.dumps({"name": f"After {method}"})) == GOOD
        assert json.loads(path.read_text())["name"] == f"After {method}"
        assert m.sandbox.counts()[TOKEN] == 1


def test_a_new_token_takes_too_long(ep):
    """A colleague's change comes while the token is renewed between GET and PUT."""
    m = ep("guide")
    member = person(m.sandbox, 2)
    path = m.path / "elasticpath" / f"{member}.json"
    json.loads(path.read_text())
    m.sandbox.reset()
    m.sandbox.fault(method="PUT", path="/v2/account-members/*", fault="expire_tokens")
    m.sandbox.fault(method="POST", path="/oauth/access_token", fault="colleague",
                    target=f"elasticpath/members/{member}", body={"email": "theirs@example.com"})
    m.sandbox.fault(method="POST", path="/oauth/access_token", fault="slow", ms=600)
    assert save(path, '{"name": "Ours"}') == GOOD
    now = m.sandbox.control("GET", f"elasticpath/members/{member}")
    assert (now["name"], now["email"]) == ("Ours", "theirs@example.com")
    assert m.sandbox.counts()[ITEM] >= 2
