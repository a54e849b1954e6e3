# SPDX-License-Identifier: Apache-2.0
"""rm and ln of what the vendor only says it has done: the error says so."""

import json
import os

import pytest

from ep_store import (DELETE, ONE_MEMBERSHIP, PROFILES, THEIRS, accounts_of, company, ep, fails, journal, link,
                   links, link_path, person, status, unlink)
from test_settings import idps, profile_file, refresh
from writes import last_line

__all__ = ["ep"]  # the fixture

QUICK = {"elasticpath": {"allow_delete": "yes", "lag": 0}}
IGNORED = [{"fault": "not_applied"}, {"fault": "status", "status": 404}, {"fault": "status", "status": 204}]
ONE_PROFILE = "/v2/authentication-realms/*/oidc-profiles/*"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("fault", IGNORED, ids=lambda fault: str(fault.get("status", "not_applied")))
def test_a_membership_that_stays(ep, profile, fault):
    m = ep(profile, QUICK)
    box = m.sandbox
    three = person(box, 3)
    account = accounts_of(box, three)[0]
    links(m, account)
    box.reset()
    box.fault(method="DELETE", path=ONE_MEMBERSHIP, **fault)
    assert unlink(m, account, three) == "EREMOTEIO"
    line = last_line(m, "EREMOTEIO")
    assert "accepted but not applied" in line and f"members/{three}.json" in line
    assert ("404" if fault.get("status") == 404 else "success") in line
    assert box.counts()[DELETE] == 1 and box.counts()[THEIRS] >= 1
    assert three + ".json" in links(m, account) and status(m, three) == "active\n"
    assert unlink(m, account, three) == "ok" and three + ".json" not in links(m, account)


@pytest.mark.parametrize("fault", IGNORED, ids=lambda fault: str(fault.get("status", "not_applied")))
def test_a_profile_that_stays(ep, fault):
    m = ep("documents", QUICK)
    box = m.sandbox
    ident = idps(box)[0]["id"]
    path = profile_file(m, ident)
    path.read_text()
    box.fault(method="DELETE", path=ONE_PROFILE, **fault)
    assert fails(os.unlink, path) == "EREMOTEIO"
    assert "accepted but not applied" in last_line(m, "EREMOTEIO")
    assert path.read_text() and ident in [one["id"] for one in idps(box)]
    assert fails(os.unlink, path) == "ok" and fails(path.stat) == "ENOENT"
    assert ident not in [one["id"] for one in idps(box)]


@pytest.mark.parametrize("what", ["membership", "profile"])
def test_it_cannot_be_looked_up(ep, what):
    m = ep("documents", {"elasticpath": {"allow_delete": "yes", "lag": 0, "retry_budget": 0}})
    box = m.sandbox
    three, ident = person(box, 3), idps(box)[0]["id"]
    account = accounts_of(box, three)[0]
    path = link_path(m, account, three) if what == "membership" else profile_file(m, ident)
    os.listdir(path.parent)
    box.fault(fault="status", status=500, method="GET", path="/v2/*", times=-1)
    assert fails(os.unlink, path) == "EREMOTEIO"
    assert "unknown" in last_line(m, "EREMOTEIO")
    box.clear_faults()
    refresh(m)
    assert path.name not in os.listdir(path.parent)


def test_made_and_ended_while_reads_may_lag(ep):
    """What this mount remembers of the link that it made is no sign that it is still there."""
    m = ep("documents", {"elasticpath": {"allow_delete": "yes", "lag": 60}})
    box = m.sandbox
    twenty, account = person(box, 20), company(box)["id"]
    assert link(m, account, twenty) == "ok" and unlink(m, account, twenty) == "ok"
    assert accounts_of(box, twenty) == [] and twenty + ".json" not in links(m, account)


def test_reads_that_lag(ep):
    """It is looked for as long as they may."""
    m = ep("documents", {"elasticpath": {"allow_delete": "yes", "lag": 60}})
    box = m.sandbox
    three = person(box, 3)
    account = accounts_of(box, three)[0]
    links(m, account)
    box.fault(fault="stale", method="GET", path=f"/v2/accounts/{account}/account-memberships", times=2)
    box.reset()
    assert unlink(m, account, three) == "ok"
    assert box.counts()[DELETE] == 1 and accounts_of(box, three) == []


@pytest.mark.parametrize("answer", [{"errors": [{"title": "No seats left"}]}, {"data": {}}, None])
@pytest.mark.parametrize("made", [True, False])
def test_a_link_that_is_not_shown(ep, answer, made):
    m = ep("documents", QUICK)
    box = m.sandbox
    twenty, account = person(box, 20), company(box)["id"]
    links(m, account)
    kind = ("not_json" if answer else "empty") + ("_after" if made else "")
    box.fault(fault=kind, method="POST", path=f"/v2/accounts/{account}/account-memberships", status=201,
              body=json.dumps(answer) if answer else "")
    assert link(m, account, twenty) == ("ok" if made else "EREMOTEIO")
    assert accounts_of(box, twenty) == ([account] if made else [])
    assert os.path.lexists(link_path(m, account, twenty)) == made
    if not made:
        line = last_line(m, "EREMOTEIO")
        assert ("No seats left" if answer and "errors" in answer else "accepted but not applied") in line
    assert len(journal(box, "POST")) >= 1
