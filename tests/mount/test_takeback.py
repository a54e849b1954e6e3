# SPDX-License-Identifier: Apache-2.0
"""status_limit: what takes back a change of this mount is not counted, and what counts for it can be
seen and set while the mount is up.
"""

import datetime
import os
import re
import time

import pytest

import harness
from ep_store import (ONE_MEMBERSHIP, PROFILES, QUICK, accounts_of, ep, fails, join, link, outside, part,
                   person, unlink, write)
from writes import (GOOD, at_vendor, last_line, put, refused, save, sent, text_of)

__all__ = ["ep"]  # the fixture

FULL = refused("EDQUOT")
# each makes user $N active again, who was made inactive by the write $H
BACK = {
    "status": "echo active > partnerize/$N.status",
    # read again, where the first one names two versions
    "document": "cd partnerize; for i in 1 2; do jq '{updated_at, status: \"active\"}' $N.json > x; cp x $N.json && break; done",
    "undo.json": "cp .rosterfs/history/$H/undo.json partnerize/$N.json",
    "undo.json in a pipe": "cat .rosterfs/history/$H/undo.json > partnerize/$N.json",
    "sed": "cd partnerize && sed -i s/inactive/active/ $N.status",
    "rename": "cd partnerize && echo active > x && mv x $N.status",
    "jq": "cd partnerize; for i in 1 2; do jq '.status = \"active\"' $N.json > x; mv x $N.json && break; done",
    "by-email": "echo active > by-email/$(jq -r .email partnerize/$N.json)/partnerize.status",
}


def limited(mount, limit, vendor=None, **rest):
    return mount(extra={"rosterfs": {"status_limit": limit}, "partnerize": vendor or {}}, **rest)


def end(m, *idents):
    for ident in idents:
        assert m.sh(f"echo inactive > partnerize/{ident}.status").code == 0, ident


def set_status(m, ident, word):
    return save(m.path / f"partnerize/{ident}.status", word)


def left(m):
    """What .rosterfs/status and metrics say is left, the same in both, and until when."""
    line = re.search(r"^status_limit: (\d+) of (\d+) changes left \(per (\d+) s\)\n(?: +more again at (\S+))?$",
                     (m.path / ".rosterfs/status").read_text(), re.M)
    figures = dict(re.findall(r"^(rosterfs_status_\w+) (\d+)$", (m.path / ".rosterfs/metrics").read_text(), re.M))
    assert figures["rosterfs_status_changes_left"] == line[1]
    assert figures["rosterfs_status_limit"] == line[2]
    assert figures["rosterfs_status_window_seconds"] == line[3]
    until = line[4] and datetime.datetime.strptime(line[4], "%Y-%m-%dT%H:%M:%S%z").timestamp()
    told = figures.get("rosterfs_status_changes_left_until_seconds")
    assert bool(told) == bool(until) and abs(int(told or 0) - (until or 0)) <= 1
    return int(line[1]), until


# ---- Partnerize ----

@pytest.mark.parametrize("way", BACK)
def test_taken_back(mount, way):
    m = limited(mount, 3)
    os.listdir(m.path / "partnerize")
    end(m, 7, 8, 9)
    assert set_status(m, 11, "inactive") == FULL
    for number, ident in ((1, 7), (2, 8)):
        m.sh(BACK[way], env={"N": str(ident), "H": str(number)}).ok()
        assert at_vendor(m.sandbox, ident)["status"] == "active"
        assert left(m)[0] == 0
    # it gives no room back, and is not taken back in its turn
    assert set_status(m, 11, "inactive") == set_status(m, 7, "inactive") == FULL
    m.sh("cp .rosterfs/history/4/undo.json partnerize/7.json; true").ok()
    assert at_vendor(m.sandbox, 7)["status"] == "active"


def test_a_loop_of_two(mount):
    """Two scripts that do not agree are stopped, with the user as before."""
    m = limited(mount, 3)
    m.sh("for i in $(seq 10); do echo inactive > partnerize/7.status && echo active > partnerize/7.status; done")
    assert [entry["status_sent"] for entry in sent(m.sandbox)] == ["inactive", "active"] * 3
    assert at_vendor(m.sandbox, 7)["status"] == "active"


def test_the_first_is_free_again(mount):
    """What was taken back counts when it is done once more, and that can be taken back too."""
    m = limited(mount, 2)
    for _ in range(2):
        assert set_status(m, 7, "inactive") == set_status(m, 7, "active") == GOOD
    assert set_status(m, 7, "inactive") == FULL
    assert left(m)[0] == 0


def test_somebody_else_did_it(mount):
    """What the mount has not done, or what the vendor does not show any more, is not taken back."""
    m = limited(mount, 1)
    os.listdir(m.path / "partnerize")
    end(m, 7)
    # 10 was inactive before
    assert at_vendor(m.sandbox, 10)["status"] == "inactive"
    assert set_status(m, 10, "active") == FULL
    # a colleague has found another word, which is to be kept: the history's undo is a conflict or counts
    m.sandbox.patch(7, {"status": "suspended", "updated_at": "2030-01-01T00:00:00Z"})
    assert set_status(m, 7, "active") == FULL
    assert m.sh("cp .rosterfs/history/1/undo.json partnerize/7.json").code != 0
    assert m.sandbox.user(7)["status"] == "suspended" and len(sent(m.sandbox)) == 1
    # and back to what this mount left
    m.sandbox.patch(7, {"status": "inactive", "updated_at": "2030-01-01T00:00:01Z"})
    assert set_status(m, 7, "active") == GOOD


def test_another_mount(mount):
    """What one mount did is no other's to take back."""
    box = limited(mount, 1)
    end(box, 7)
    m = mount(box.sandbox, {"rosterfs": {"status_limit": 1}})
    end(m, 8)
    assert set_status(m, 7, "active") == FULL
    assert set_status(box, 7, "active") == set_status(m, 8, "active") == GOOD


def test_another_word(mount):
    """Only the status from before takes it back."""
    m = limited(mount, 2, {"lag": 0})
    m.sandbox.patch(7, {"status": "suspended"})
    end(m, 7, 8)
    assert set_status(m, 7, "active") == FULL
    assert set_status(m, 8, "active") == GOOD
    assert m.sandbox.user(7)["status"] == "inactive"


@pytest.mark.parametrize("way", ["one by one", "at once"])
def test_several_words(mount, way):
    """Several changes of one status are taken back one after the other, or together."""
    m = limited(mount, 2, {"lag": 0})
    m.sandbox.patch(7, {"status": "suspended"})
    assert set_status(m, 7, "active") == set_status(m, 7, "inactive") == GOOD
    assert left(m)[0] == 0
    if way == "one by one":
        m.sh("cp .rosterfs/history/2/undo.json partnerize/7.json").ok()
        assert m.sandbox.user(7)["status"] == "active"
        back = "cp .rosterfs/history/1/undo.json partnerize/7.json"
    else:
        m.sandbox.patch(7, {"updated_at": "2030-01-01T00:00:00Z"})  # the name of one version only
        m.sh("echo all > .rosterfs/refresh").ok()
        back = BACK["document"].replace("active", "suspended")
    # this vendor sets no such word, but the limit does not keep it from being asked to
    assert m.sh(back, env={"N": "7"}).code != 0
    assert sent(m.sandbox)[-1]["status_sent"] == "suspended"
    assert "PUT /user/7 answered 400" in last_line(m, "partnerize/7.json")


def test_other_edits_between(mount):
    """They change no status."""
    m = limited(mount, 1)
    os.listdir(m.path / "partnerize")
    end(m, 7)
    put(m, "partnerize/7.json", {"firstname": "Jo"}).ok()
    m.sandbox.patch(7, {"lastname": "Theirs"})
    assert set_status(m, 7, "active") == GOOD
    assert left(m)[0] == 0
    user = at_vendor(m.sandbox, 7)
    assert (user["firstname"], user["lastname"], user["status"]) == ("Jo", "Theirs", "active")


def test_refused_on_the_way_back(mount):
    m = limited(mount, 1)
    end(m, 7)
    m.sandbox.fault(method="PUT", fault="status", status=400, times=1)
    assert set_status(m, 7, "active") == refused("EINVAL")
    assert left(m)[0] == 0
    # a lost answer is looked up
    m.sandbox.fault(method="PUT", fault="drop_after", times=1)
    assert set_status(m, 7, "active") == GOOD
    assert left(m)[0] == 0
    assert set_status(m, 8, "inactive") == FULL


def make_user(m, name="x"):
    """A user of this mount's; the id."""
    document = {"email": f"{name}@example.com", "firstname": "N", "lastname": "N", "password": "a long password"}
    (m.path / f"partnerize/new/{name}.json").write_text(text_of(document))
    return os.readlink(m.path / f"partnerize/new/{name}.json")[3:].removesuffix(".json")


def test_a_user_that_was_made(mount):
    m = limited(mount, 1)
    ident = make_user(m)
    end(m, 7)
    assert set_status(m, 8, "inactive") == FULL
    assert set_status(m, ident, "inactive") == GOOD
    assert set_status(m, ident, "active") == FULL
    # undo.sh says the same
    other = make_user(m, "y")
    m.sh("sh .rosterfs/history/4/undo.sh").ok()
    assert at_vendor(m.sandbox, other)["status"] == "inactive"


def test_a_user_that_was_made_is_deleted(mount):
    m = limited(mount, 1, {"allow_delete": "yes"})
    ident, edited = make_user(m), make_user(m, "y")
    end(m, 7)
    assert set_status(m, 8, "deleted") == FULL
    assert set_status(m, ident, "deleted") == GOOD
    # somebody has put work into this one
    m.sandbox.patch(edited, {"firstname": "Jo"})
    assert set_status(m, edited, "deleted") == FULL
    assert left(m)[0] == 0


@pytest.mark.parametrize("edits", [[{"role": "user"}], [{"timezone": "Asia/Tokyo"}, {"role": "admin", "locale": "de_DE"}]])
def test_a_user_that_was_made_and_edited_is_deleted(mount, edits):
    m = limited(mount, 1, {"allow_delete": "yes"})
    ident, other = make_user(m), make_user(m, "y")
    end(m, 7)
    for one in (ident, other):
        for edit in edits:
            put(m, f"partnerize/{one}.json", edit).ok()
    # a colleague's work between two edits of this mount
    m.sandbox.patch(other, {"firstname": "Jo"})
    put(m, f"partnerize/{other}.json", {"locale": "fr_FR"}).ok()
    assert set_status(m, other, "deleted") == FULL
    assert set_status(m, ident, "deleted") == GOOD
    assert left(m)[0] == 0


# ---- Elastic Path ----

def shop(ep, limit, profile="documents", **keys):
    return ep(profile, {"rosterfs": {"status_limit": limit}, "elasticpath": {"allow_delete": "yes", **keys}})


@pytest.mark.parametrize("profile", PROFILES)
def test_memberships_taken_back(ep, profile):
    m = shop(ep, 2, profile)
    box = m.sandbox
    five, four = person(box, 5), person(box, 4)
    before = accounts_of(box, five)
    assert len(before) == 3
    assert write(m, five, "inactive") == write(m, four, "inactive") == GOOD
    assert write(m, person(box, 3), "inactive") == FULL
    assert write(m, five, "active") == GOOD
    assert accounts_of(box, five) == before
    assert left(m)[0] == 0
    assert write(m, five, "inactive") == write(m, person(box, 3), "inactive") == FULL
    # a colleague has made one since: that is not what this mount left
    join(box, before[0], four)
    m.sh("echo all > .rosterfs/refresh").ok()
    assert write(m, four, "inactive") == FULL


def test_a_part_taken_back(ep):
    m = ep("documents", {"rosterfs": {"status_limit": 1}, **QUICK})
    box = m.sandbox
    five = person(box, 5)
    before = accounts_of(box, five)
    box.fault(fault="status", status=403, method="DELETE", path=ONE_MEMBERSHIP, times=-1, skip=1)
    assert write(m, five, "inactive") == refused("EACCES")
    assert len(accounts_of(box, five)) == 2 and left(m)[0] == 0
    box.clear_faults()
    assert write(m, five, "active") == GOOD
    assert accounts_of(box, five) == before and left(m)[0] == 0


@pytest.mark.parametrize("profile", PROFILES)
def test_links_taken_back(ep, profile):
    m = shop(ep, 2, profile)
    box = m.sandbox
    five, four, three = person(box, 5), person(box, 4), person(box, 3)
    there, ended = outside(box, five), accounts_of(box, four)[0]
    assert link(m, there, five) == unlink(m, ended, four) == "ok"
    assert link(m, outside(box, three), three) == unlink(m, accounts_of(box, three)[0], three) == "EDQUOT"
    assert unlink(m, there, five) == link(m, ended, four) == "ok"
    assert there not in accounts_of(box, five) and ended in accounts_of(box, four)
    assert left(m)[0] == 0
    assert link(m, there, five) == unlink(m, ended, four) == "EDQUOT"


def test_another_link(ep):
    """The vendor's membership is another one by now: a colleague's."""
    m = shop(ep, 2, lag=0)
    box = m.sandbox
    five = person(box, 5)
    there = outside(box, five)
    assert link(m, there, five) == unlink(m, there, five) == link(m, there, five) == "ok"
    part(box, there, five)
    join(box, there, five)
    m.sh("echo all > .rosterfs/refresh; ls elasticpath/accounts/*/members").ok()
    assert unlink(m, there, five) == "EDQUOT"
    assert there in accounts_of(box, five)


def test_a_link_to_nobody(ep):
    """For a member without any other membership `inactive` takes a link back, without allow_delete."""
    m = ep("documents", {"rosterfs": {"status_limit": 1}})
    box = m.sandbox
    twenty = person(box, 20)
    assert not accounts_of(box, twenty)
    there = outside(box, twenty)
    assert link(m, there, twenty) == "ok"
    assert write(m, person(box, 5), "inactive") == FULL
    assert write(m, twenty, "inactive") == GOOD
    assert not accounts_of(box, twenty) and left(m)[0] == 0
    # not so where it is one of several
    m = ep("documents", {"rosterfs": {"status_limit": 1}})
    box = m.sandbox
    five = person(box, 5)
    assert link(m, outside(box, five), five) == "ok"
    assert write(m, five, "inactive") == FULL


UNDO = "sh .rosterfs/history/{}/undo.sh"


def logged_undo(m, who):
    """What the log says of how to make again what a status ended: as a script."""
    lines = re.findall(rf" elasticpath/{who}\.status: about to be ended; .*?: (ln -s .*?) \[uid",
                       m.sh("cat .rosterfs/log").ok().out)
    return "cd elasticpath; " + "; ".join(lines)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("way", ["undo.sh", "log", "a part", "a link ended between"])
def test_a_status_taken_back_by_links(ep, profile, way):
    """Whatever the command, each link counts nothing, and so does the status that makes the rest."""
    m = shop(ep, 2 if way == "a link ended between" else 1, profile)
    box = m.sandbox
    five = person(box, 5)
    before = accounts_of(box, five)
    assert len(before) == 3
    assert write(m, five, "inactive") == GOOD
    if way == "undo.sh":
        m.sh(UNDO.format(1)).ok()
    elif way == "log":
        m.sh(logged_undo(m, five)).ok()
    elif way == "a part":
        assert link(m, before[1], five) == "ok"
        assert sorted(accounts_of(box, five)) == [before[1]]
        assert write(m, five, "active") == GOOD
    else:
        assert link(m, before[0], five) == unlink(m, before[0], five) == "ok"
        m.sh(UNDO.format(1)).ok()
    assert sorted(accounts_of(box, five)) == sorted(before)
    assert left(m)[0] == 0
    # taking back what took back counts
    assert unlink(m, before[2], five) == "EDQUOT"
    assert write(m, five, "inactive") == FULL
    assert write(m, person(box, 3), "inactive") == FULL


def test_links_ended_one_by_one(ep):
    """Each has its own way back: the log's, undo.sh, and a link."""
    m = shop(ep, 3)
    box = m.sandbox
    five = person(box, 5)
    before = accounts_of(box, five)
    for account in before:
        assert unlink(m, account, five) == "ok"
    assert left(m)[0] == 0
    m.sh(UNDO.format(1)).ok()
    m.sh(UNDO.format(2)).ok()
    assert link(m, before[2], five) == "ok"
    assert sorted(accounts_of(box, five)) == sorted(before)
    assert left(m)[0] == 0
    assert [unlink(m, account, five) for account in before] == ["EDQUOT"] * 3


def test_links_made_one_by_one(ep):
    """Each can be ended, or all by the status."""
    for way in ("undo.sh", "status", "both"):
        m = shop(ep, 2)
        box = m.sandbox
        twenty = person(box, 20)
        assert not accounts_of(box, twenty)
        first = outside(box, twenty)
        assert link(m, first, twenty) == "ok"
        second = outside(box, twenty)
        assert second != first and link(m, second, twenty) == "ok"
        assert left(m)[0] == 0
        if way != "status":
            m.sh(UNDO.format(1)).ok()
        if way == "undo.sh":
            m.sh(UNDO.format(2)).ok()
        else:
            assert write(m, twenty, "inactive") == GOOD
        assert not accounts_of(box, twenty) and left(m)[0] == 0


def test_a_link_whose_answer_was_lost(ep):
    """It is found, with the vendor's own id of it, and taken back."""
    m = shop(ep, 1)
    box = m.sandbox
    five = person(box, 5)
    there = outside(box, five)
    box.fault(method="POST", fault="drop_after", path="/v2/accounts/*/account-memberships", times=1)
    assert link(m, there, five) == "ok"
    assert left(m)[0] == 0
    m.sh(UNDO.format(1)).ok()
    assert there not in accounts_of(box, five)


def test_a_colleague_after_a_status(ep):
    """A membership that a colleague has made and ended again is not what this mount left."""
    m = shop(ep, 1, lag=0)
    box = m.sandbox
    five = person(box, 5)
    before = accounts_of(box, five)
    assert write(m, five, "inactive") == GOOD
    m.sh(UNDO.format(1)).ok()
    part(box, before[0], five)
    m.sh("echo all > .rosterfs/refresh; ls elasticpath/accounts/*/members").ok()
    assert link(m, before[0], five) == "EDQUOT"
    assert left(m)[0] == 0


def test_a_link_after_a_status(ep):
    """Each is taken back, in whatever order."""
    m = shop(ep, 2)
    box = m.sandbox
    five = person(box, 5)
    there, before = outside(box, five), accounts_of(box, five)
    assert write(m, five, "inactive") == GOOD
    assert link(m, there, five) == "ok"
    assert write(m, five, "active") == GOOD
    assert unlink(m, there, five) == "ok"
    assert sorted(accounts_of(box, five)) == sorted(before)
    assert left(m)[0] == 0
    assert write(m, five, "inactive") == FULL


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_that_was_made(ep, profile):
    m = shop(ep, 1, profile)
    box = m.sandbox
    realm = box.control("GET", "elasticpath/realms")[0]["id"]
    folder = m.path / "elasticpath/realms" / realm / "oidc-profiles"
    old = [name for name in os.listdir(folder) if name != "new"]
    made = []
    for name in ("a", "b", "c"):
        document = {"name": name, "discovery_url": "https://example.com/.well-known/openid-configuration",
                    "client_id": "c", "client_secret": "secret"}
        assert save(folder / f"new/{name}.json", text_of(document), flags=os.O_CREAT | os.O_WRONLY) == GOOD
        made.append(folder / os.readlink(folder / f"new/{name}.json")[3:])
    os.unlink(folder / old[0])
    assert left(m)[0] == 0
    os.unlink(made[0])
    box.control("PATCH", "elasticpath/oidc-profiles/" + made[1].stem, {"name": "Theirs"})
    assert fails(os.unlink, made[1]) == fails(os.unlink, folder / old[1]) == "EDQUOT"
    # a vendor that does not show one by its id does not show that it is as it was
    box.fault(method="GET", path="/v2/authentication-realms/*/oidc-profiles/*", fault="status", status=404, times=-1)
    assert fails(os.unlink, made[2]) == "EDQUOT"


# ---- .rosterfs/status, metrics and control ----

def test_what_is_left(mount):
    m = limited(mount, 5)
    assert left(m) == (5, None)
    before = time.time()
    end(m, 7, 8)
    count, until = left(m)
    assert count == 3
    # it is counted in whole seconds
    assert before + 3599 <= until <= time.time() + 3602
    assert set_status(m, 8, "active") == GOOD
    assert left(m) == (3, until)
    end(m, 9, 11, 12)
    assert left(m) == (0, until)
    assert set_status(m, 13, "inactive") == FULL
    line = last_line(m, "EDQUOT")
    when = re.search(r"status_limit reached \(5 in 3600 s\); next change possible at (\S+);", line)[1]
    assert f"left (per 3600 s)\n  more again at {when}\n" in (m.path / ".rosterfs/status").read_text()
    assert "the control file; taking back a change of this mount does not count: EDQUOT" in line
    assert "partnerize/13.status" in line


def test_no_limit(mount):
    m = limited(mount, 0)
    end(m, 7)
    assert "\nstatus_limit: none\n" in (m.path / ".rosterfs/status").read_text()
    text = (m.path / ".rosterfs/metrics").read_text()
    assert "\nrosterfs_status_limit 0\n" in text and "changes_left" not in text
    # what was changed before there is one counts
    m.sh("echo status_limit 1 > .rosterfs/control").ok()
    assert set_status(m, 8, "inactive") == FULL


def test_possible_at(mount):
    """It is possible then, also where the limit was lowered."""
    m = mount(extra={"rosterfs": {"status_limit": 3, "status_window": 5}})
    end(m, 7, 8, 9)
    m.sh("echo status_limit 1 > .rosterfs/control").ok()
    if set_status(m, 11, "inactive") == GOOD:
        return  # a slow machine
    count, until = left(m)
    assert count == 0 and until
    harness.wait_until(lambda: time.time() >= until, 60 * harness.SCALE, "that time")
    assert set_status(m, 12, "inactive") == GOOD


def test_control(mount):
    m = limited(mount, 2)
    control = m.path / ".rosterfs/control"
    assert control.read_text() == "status_limit 2\n"
    assert control.stat().st_size == len("status_limit 2\n")
    assert control.stat().st_mode & 0o7777 == 0o600
    end(m, 7, 8)
    assert set_status(m, 9, "inactive") == FULL
    m.sh("echo status_limit 3 > .rosterfs/control").ok()
    assert control.read_text() == m.sh("cat .rosterfs/control").ok().out == "status_limit 3\n"
    line = last_line(m, ".rosterfs/control")
    assert "status_limit of this mount is now 3; it was 2" in line
    end(m, 9)
    assert left(m)[0] == 0 and set_status(m, 11, "inactive") == FULL
    # a descriptor's next write, without a newline, and the text as it was read
    with open(control, "r+b", buffering=0) as file:
        assert file.read() == b"status_limit 3\n"
        assert file.write(b"status_limit 10") == 15
        assert file.write(b"status_limit  4\n") == 16
    m.sh("cat .rosterfs/control | tee .rosterfs/control").ok()
    assert control.read_text() == "status_limit 4\n"
    end(m, 11)
    # lowered, and without a limit
    m.sh("printf 'status_limit 1' >> .rosterfs/control").ok()
    assert left(m)[0] == 0 and set_status(m, 12, "inactive") == FULL
    m.sh("echo status_limit 0 > .rosterfs/control").ok()
    end(m, 12)


@pytest.mark.parametrize("text", ["status_limit", "status_limit ", "status_limit -1", "status_limit 5x", "5", "x",
                                  "status_limit = 5", "status_limit=5", "Status_limit 5", " status_limit 5",
                                  "status_limit 5 6", "status_limit 5\nstatus_limit 6\n", "status_limit 5\n\n",
                                  "status_limit 1000000001", "status_limit 99999999999999999999999", "\n",
                                  "status_window 5", "ttl 5", "status_limit5", "status_limit 0x5", "status_limit +5",
                                  "status_limit 5.0", "status_limit ٥", "status_limit 5\0", "x" * 5000])
def test_no_setting(mount, text):
    m = limited(mount, 2)
    assert save(m.path / ".rosterfs/control", text, sync=False).write == "EINVAL"
    assert "unknown setting" in last_line(m, ".rosterfs/control") and "status_limit 100" in last_line(m, "EINVAL")
    assert (m.path / ".rosterfs/control").read_text() == "status_limit 2\n"
    assert m.sh("echo status_limi > .rosterfs/control").code != 0


def test_control_elsewhere(mount):
    """With -o ro it is refused like any other write; in a dry run it counts, as everything is checked."""
    m = limited(mount, 2, options=["-o", "ro"])
    assert "Read-only" in m.sh("echo status_limit 3 > .rosterfs/control").err or os.geteuid()
    assert (m.path / ".rosterfs/control").read_text() == "status_limit 2\n"
    m = limited(mount, 2, options=["-o", "dry_run"])
    m.sh("echo status_limit 3 > .rosterfs/control").ok()
    assert left(m)[0] == 3
    assert sorted(os.listdir(m.path / ".rosterfs")) == ["changes", "control", "history", "log", "metrics",
                                                           "refresh", "status"]
    assert m.sh("cp .rosterfs/control x; rm .rosterfs/control; mv .rosterfs/control .rosterfs/x").code != 0
