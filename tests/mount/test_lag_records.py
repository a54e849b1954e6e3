# SPDX-License-Identifier: Apache-2.0
"""Records that this mount made or deleted, and reads that lag behind."""

import json
import os

import pytest

import harness
from ep_store import ep, fails, folder, people
from test_delete import delete, gone
from test_new_users import NEW, REST, make, made, mounted
from writes import GOOD, last_line, read, refresh, refused, save, sent, text_of

__all__ = ["ep", "mounted"]  # fixtures

FOREVER = 120000
PROFILES = ["guide", "documents"]
CREATE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def stale(box, times=-1, path="/user*"):
    box.fault(fault="stale", method="GET", path=path, times=times)


def listed(m, ident):
    """Is the user there, by every way?"""
    found = f"{ident}.json" in os.listdir(m.path / "partnerize")
    assert (fails((m.path / f"partnerize/{ident}.json").stat) == "ok") == found
    assert (fails((m.path / f"partnerize/{ident}.json").read_text) == "ok") == found
    texts = m.sh("cat partnerize/*.json").ok().out
    assert texts.count(f'"user_id": "{ident}"') == found
    return found


# ---- made ----

@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("warm", [False, True])
def test_made(mounted, profile, warm):
    m = mounted(profile)
    box = m.sandbox
    if warm:
        m.sh("cat partnerize/*.json >/dev/null").ok()
    box.settings(read_lag_ms=1500)
    assert make(m, {**NEW, **REST}) == GOOD
    ident = made(m)
    assert {key: box.user(ident)[key] for key in REST} == REST
    box.settings(read_lag_ms=FOREVER)
    for _ in range(2):
        assert listed(m, ident)
        assert read(m, f"partnerize/{ident}.json")["email"] == NEW["email"]
        assert f"{NEW['email']}.json" in os.listdir(m.path / "partnerize/by-email")
        assert "partnerize.json" in os.listdir(m.path / "by-email" / NEW["email"])
        refresh(m)
    # a list that shows it, and one more that does not
    box.settings(read_lag_ms=0)
    refresh(m)
    assert listed(m, ident)
    box.settings(read_lag_ms=FOREVER)
    refresh(m)
    assert listed(m, ident)


def test_made_and_changed_at_once(mounted):
    """The GET of a change says 404 at first."""
    m = mounted()
    box = m.sandbox
    read(m, "partnerize/7.json")  # so that it is known that a record can be read alone
    assert make(m, NEW) == GOOD
    ident = made(m)
    stale(box, times=2, path=f"/user/{ident}")
    box.reset()
    assert save(m.path / f"partnerize/{ident}.status", "inactive\n") == GOOD
    assert box.user(ident)["status"] == "inactive" and box.counts()["GET /user/{id}"] >= 3
    assert save(m.path / f"partnerize/{ident}.json", '{"timezone": "Asia/Tokyo"}') == GOOD
    assert box.user(ident)["timezone"] == "Asia/Tokyo"


def test_nobody_is_waited_for_who_was_not_made_here(mounted):
    m = mounted()
    box = m.sandbox
    read(m, "partnerize/7.json")
    box.delete(7)
    box.reset()
    assert save(m.path / "partnerize/7.status", "inactive\n") == refused("ENOENT")
    assert box.counts()["GET /user/{id}"] <= 2 and not sent(box)


def test_a_lost_response(mounted):
    m = mounted("guide", {"partnerize": {"retry_budget": 0}})
    box = m.sandbox
    box.settings(read_lag_ms=1500)
    box.fault(fault="drop_after", method="POST", path="/user")
    assert make(m, {**NEW, **REST}) == GOOD
    ident = made(m)
    assert box.user(ident)["status"] == "inactive" and box.counts()["POST /user"] == 1
    stale(box)
    refresh(m)
    assert listed(m, ident)


@pytest.mark.parametrize("lag", [0, 1])
def test_made_by_its_word_alone(mounted, lag):
    """
    201 shows who was made, and no GET does: that is enough, but for what the POST has left out. Whether the
    PUT took that is looked for as long as reads may lag.
    """
    m = mounted("guide", {"partnerize": {"lag": lag}})
    box = m.sandbox
    m.sh("ls partnerize").ok()
    box.settings(read_lag_ms=FOREVER, put_answer="empty")
    assert make(m, {**NEW, "email": "plain@example.com"}, "plain") == GOOD
    assert box.counts().get("GET /user/{id}", 0) == 0
    assert make(m, {**NEW, **REST}) == refused("EREMOTEIO")
    line = last_line(m, "EREMOTEIO")
    assert "accepted but not applied" in line and ("may lag" in line) == (lag > 0)
    assert (box.counts()["GET /user/{id}"] == 2) == (lag == 0) and box.counts()["PUT /user/{id}"] == 1
    assert read(m, "partnerize/new/x.json")["email"] == NEW["email"]
    box.settings(read_lag_ms=0)
    refresh(m)
    assert listed(m, made(m))


def test_the_vendors_word_counts_when_lag_is_over(mounted):
    """A colleague has deleted whom we made: no refresh is needed to see that."""
    m = mounted("guide", {"partnerize": {"lag": 3, "ttl": 3600}})
    box = m.sandbox
    assert make(m, NEW) == GOOD
    ident = made(m)
    box.delete(ident)
    refresh(m)
    assert listed(m, ident)
    harness.wait_until(lambda: f"{ident}.json" not in os.listdir(m.path / "partnerize"), 40 * harness.SCALE,
                       "the end of lag")
    assert not listed(m, ident)


def test_an_account(ep):
    m = ep("documents")
    box = m.sandbox
    m.sh("ls elasticpath/accounts").ok()
    box.settings(read_lag_ms=1500)
    assert save(m.path / "elasticpath/accounts/new/x.json", text_of({"name": "Acme", "legal_name": "Acme Ltd."}),
                flags=CREATE) == GOOD
    one = os.readlink(m.path / "elasticpath/accounts/new/x.json").split("/")[1]
    stale(box, path="/v2/accounts*")
    (m.path / ".rosterfs/refresh").write_text("all\n")
    assert one in os.listdir(m.path / "elasticpath/accounts")
    assert json.loads((folder(m, one) / "account.json").read_text())["name"] == "Acme"
    box.clear_faults()
    stale(box, path="/v2/accounts*", times=1)
    assert save(folder(m, one) / "account.json", '{"name": "Acme again"}') == GOOD


def test_a_member_by_email(ep):
    """The store does not list this one yet."""
    m = ep("documents", {"elasticpath": {"allow_preprovision": "yes"}})
    box = m.sandbox
    box.settings(read_lag_ms=1500)
    email = "joan.new@shop.example.com"
    assert save(m.path / "elasticpath/new/x.json", text_of({"name": "Joan New", "email": email}), flags=CREATE) == GOOD
    box.settings(read_lag_ms=FOREVER)
    (m.path / ".rosterfs/refresh").write_text("all\n")
    assert "elasticpath.json" in os.listdir(m.path / "by-email" / email)
    assert json.loads((m.path / "by-email" / email / "elasticpath.json").read_text())["name"] == "Joan New"
    assert len(people(box)) == len([name for name in os.listdir(m.path / "elasticpath") if name.endswith(".status")])


# ---- deleted ----

ALLOWED = {"partnerize": {"allow_delete": "yes"}}


@pytest.mark.parametrize("warm", [False, True])
def test_deleted(mount, warm):
    m = mount(extra=ALLOWED)
    box = m.sandbox
    if warm:
        m.sh("cat partnerize/*.json >/dev/null").ok()
    box.settings(read_lag_ms=1500)
    assert delete(m, 7) == GOOD
    box.settings(read_lag_ms=0)
    stale(box)
    for _ in range(3):
        assert gone(m, 7)
        assert "7" not in [os.path.basename(os.readlink(m.path / "partnerize/by-email" / name))[:-5]
                           for name in os.listdir(m.path / "partnerize/by-email")]
        refresh(m)
    # cold: one GET alone shows the user
    refresh(m)
    assert fails((m.path / "partnerize/7.json").read_text) == "ENOENT"
    box.reset()
    assert fails(delete, m, 7) == "ENOENT" and not sent(box)


@pytest.mark.parametrize("fault", ["drop_after", "html_after"])
def test_deleted_with_a_lost_response(mount, fault):
    m = mount(extra={"partnerize": {"allow_delete": "yes", "retry_budget": 0}})
    box = m.sandbox
    box.settings(read_lag_ms=1500)
    box.fault(fault=fault, method="DELETE", path="/user/7")
    assert delete(m, 7) == GOOD
    stale(box)
    refresh(m)
    assert gone(m, 7) and box.counts()["DELETE /user/{id}"] == 1


def test_not_deleted(mount):
    """A vendor that does not do what it says is found out, only later."""
    m = mount(extra={"partnerize": {"allow_delete": "yes", "lag": 1}})
    m.sandbox.fault(fault="not_applied", method="DELETE")
    assert delete(m, 7) == refused("EREMOTEIO")
    line = last_line(m, "EREMOTEIO")
    assert "accepted but not applied" in line and "may lag" in line
    assert m.sandbox.counts()["GET /user/{id}"] > 2 and listed(m, 7)


def test_deleted_until_lag_is_over(mount):
    m = mount(extra={"partnerize": {"allow_delete": "yes", "lag": 3, "ttl": 3600}})
    box = m.sandbox
    assert delete(m, 7) == GOOD
    stale(box)
    refresh(m)
    assert not listed(m, 7)
    # it never was: the vendor has taken it back, with no later time
    harness.wait_until(lambda: "7.json" in os.listdir(m.path / "partnerize"), 40 * harness.SCALE, "the end of lag")
    assert listed(m, 7)
