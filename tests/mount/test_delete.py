# SPDX-License-Identifier: Apache-2.0
"""echo deleted > ID.status: only with allow_delete, never the key's own user, and with proof."""

import errno
import json
import os

import pytest

import harness
from ep_store import DELETABLE, accounts_of, ep, outside, person, unlink, write
from writes import (GOOD, errno_of, last_line, name_of, put, read, refresh, refused, save, sent)

__all__ = ["ep"]  # the fixture

ALLOWED = {"partnerize": {"allow_delete": "yes"}}
QUICK = {"partnerize": {"allow_delete": "yes", "retry_budget": 0, "lag": 0}}
DELETE = "DELETE /user/{id}"
NOT_OFFERED = name_of(errno.EOPNOTSUPP)


def delete(m, ident):
    return save(m.path / f"partnerize/{ident}.status", "deleted\n")


def gone(m, ident):
    """The user is neither listed nor found, by any way."""
    assert f"{ident}.json" not in os.listdir(m.path / "partnerize")
    assert f"{ident}.status" not in os.listdir(m.path / "partnerize")
    for name in (f"{ident}.json", f"{ident}.status"):
        path = m.path / "partnerize" / name
        assert name_of(errno_of(path.stat)) == "ENOENT"
        assert name_of(errno_of(os.open, path, os.O_RDONLY)) == "ENOENT"
        assert name_of(errno_of(os.open, path, os.O_WRONLY | os.O_TRUNC)) == "ENOENT"
    return True


def there(m, ident):
    """The vendor still has the user, and so does the mount."""
    assert m.sandbox.user(ident)["user_id"]
    assert f"{ident}.json" in os.listdir(m.path / "partnerize")
    return True


@pytest.mark.parametrize("warm", [False, True])
def test_deleted(mount, warm):
    m = mount(extra=ALLOWED)
    if warm:
        m.sh("cat partnerize/*.json partnerize/*.status; ls -l partnerize").ok()
    document = m.sandbox.user(7)
    m.sandbox.reset()
    m.sh("echo deleted > partnerize/7.status").ok()
    counts = m.sandbox.counts()
    assert counts[DELETE] == 1 and len(sent(m.sandbox)) == 1 and counts["GET /user/{id}"] <= 3
    assert gone(m, 7)
    assert "7" not in [user["user_id"] for user in m.sandbox.control("GET", "users")]
    line = last_line(m, "can't be undone")
    assert "partnerize/7.status" in line and "deleted" in line
    assert "keys" in last_line(m, "remains to be done")
    refresh(m)
    assert gone(m, 7)
    # nobody else, and the history has what there was
    assert len(m.sandbox.control("GET", "users")) == 24
    before = json.loads((m.path / ".rosterfs/history/1/before.json").read_text())
    assert before == {key: value for key, value in document.items() if not key.startswith("_")}
    for name in ("after", "undo"):
        assert (m.path / f".rosterfs/history/1/{name}.json").read_text() == "null\n"
    # there is no such user now
    m.sandbox.reset()
    assert m.sh("echo deleted > partnerize/7.status").code != 0
    assert m.sh("echo inactive > partnerize/7.status").code != 0
    assert not sent(m.sandbox)


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh", "busybox sh"])
def test_shells(mount, shell):
    m = mount(extra=ALLOWED)
    for ident, command in ((7, "echo deleted > $f"), (8, "printf deleted >> $f"), (9, "echo deleted | tee $f"),
                           (11, "echo deleted | dd of=$f status=none")):
        m.sh(f"f=partnerize/{ident}.status; {command}", shell).ok()
        assert gone(m, ident)
    m.sh("cd partnerize; echo deleted > x; mv x 12.status", shell).ok()
    assert gone(m, 12)


def test_without_allow_delete(mount):
    m = mount()
    m.sh("ls partnerize").ok()
    m.sandbox.reset()
    for ident in (7, 1):
        assert delete(m, ident) == refused("EINVAL")
        assert "allow_delete" in last_line(m, "EINVAL")
    assert m.sh("cd partnerize; echo deleted > x; mv x 7.status").code != 0
    assert m.sandbox.counts()["total"] == 0 and there(m, 7)


@pytest.mark.parametrize("word", ["deleted ", "Deleted", "delete", "deleted\n\n", "deleted\0", " deleted", "DELETED",
                                  "deletedinactive", "deleted\ninactive\n"])
def test_other_words(mount, word):
    m = mount(extra=ALLOWED)
    assert save(m.path / "partnerize/7.status", word) == refused("EINVAL")
    assert not sent(m.sandbox) and there(m, 7)


def test_a_document_deletes_nobody(mount):
    m = mount(extra=ALLOWED)
    assert put(m, "partnerize/7.json", {"status": "deleted"}).code != 0
    assert m.sandbox.counts().get(DELETE, 0) == 0 and there(m, 7)


def test_rm(mount):
    """rm is no deletion: mv, tar and git unlink before they create."""
    m = mount(extra=ALLOWED)
    for command in ("rm partnerize/7.json", "rm -f partnerize/7.status", "rm -rf partnerize", "find . -delete",
                    "mv partnerize/7.json $TMPDIR/"):
        assert m.sh(command).code != 0, command
    assert not sent(m.sandbox) and there(m, 7)


@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_self(mount, sandbox, profile):
    m = mount(sandbox(users=25, profile=profile), ALLOWED)
    assert delete(m, 1 if profile == "guide" else os.readlink(m.path / "partnerize/self")[:-5]) == refused("EPERM")
    assert "own key" in last_line(m, "EPERM")
    assert not sent(m.sandbox)


def test_unknown_outcome_self(mount):
    m = mount(extra=ALLOWED)
    m.sandbox.settings(no_self=True)
    assert delete(m, 7) == refused("EPERM")
    assert "self_id" in last_line(m, "EPERM") and not sent(m.sandbox)


def test_limit(mount):
    """Deletions count as statuses do, and with them."""
    m = mount(extra={"partnerize": {"allow_delete": "yes"}, "rosterfs": {"status_limit": 3}})
    assert delete(m, 7) == GOOD
    m.sh("echo inactive > partnerize/8.status").ok()
    assert delete(m, 9) == GOOD
    m.sandbox.reset()
    assert delete(m, 11) == refused("EDQUOT")
    assert "status_limit" in last_line(m, "EDQUOT")
    assert m.sh("echo inactive > partnerize/12.status").code != 0
    assert not sent(m.sandbox) and there(m, 11)


def test_dry_run(mount):
    m = mount(extra=ALLOWED, options=["-o", "dry_run"])
    assert delete(m, 7) == GOOD
    line = last_line(m, "dry run")
    assert "DELETE /user/7" in line and "partnerize/7.status" in line
    assert delete(m, 1) == refused("EPERM")
    assert not sent(m.sandbox) and there(m, 7)
    assert (m.path / "partnerize/7.status").read_text() == "active\n"


def test_read_only(mount):
    m = mount(extra=ALLOWED, options=["-o", "ro"])
    assert m.sh("echo deleted > partnerize/7.status").code != 0
    assert not sent(m.sandbox)


# ---- answers ----

def test_the_documents_know_no_delete(mount, sandbox):
    m = mount(sandbox(users=25, profile="documents"), ALLOWED)
    ident = [name for name in os.listdir(m.path / "partnerize") if name.endswith(".status")][7][:-7]
    assert delete(m, ident) == refused(NOT_OFFERED)
    line = last_line(m, "EOPNOTSUPP")
    assert "405" in line and "inactive" in line
    assert m.sandbox.counts()[DELETE] == 1 and f"{ident}.json" in os.listdir(m.path / "partnerize")


@pytest.mark.parametrize("code, error", [(400, "EINVAL"), (401, "EKEYREJECTED"), (403, "EACCES"), (409, "ESTALE"),
                                         (429, "EBUSY"), (501, NOT_OFFERED)])
def test_refused(mount, code, error):
    m = mount(extra={"partnerize": {"allow_delete": "yes", "retry_budget": 0}, "rosterfs": {"status_limit": 1}})
    m.sandbox.fault(fault="status", status=code, method="DELETE", path="/user/7")
    assert delete(m, 7) == refused(error)
    assert m.sandbox.counts()[DELETE] == 1 and there(m, 7)
    # what was not made is not counted
    assert delete(m, 7) == GOOD and gone(m, 7)


@pytest.mark.parametrize("fault", ["drop_after", "html_after", "empty_after", "truncate", "slow"])
def test_a_lost_answer(mount, fault):
    """A GET tells that the user is gone."""
    m = mount(extra=QUICK)
    m.sandbox.fault(fault=fault, method="DELETE", path="/user/7", ms=50)
    assert delete(m, 7) == GOOD
    assert gone(m, 7) and m.sandbox.counts()[DELETE] == 1
    assert "can't be undone" in m.log()


@pytest.mark.parametrize("fault", [{"fault": "drop"}, {"fault": "status", "status": 503}])
def test_not_made(mount, fault):
    m = mount(extra=QUICK)
    m.sandbox.fault(method="DELETE", path="/user/7", **fault)
    result = delete(m, 7)
    assert result.write not in ("ok", "EINVAL") and "still there" in last_line(m, result.write)
    assert m.sandbox.counts()[DELETE] == 1 and there(m, 7)


def test_accepted_but_not_applied(mount):
    m = mount(extra=QUICK)
    m.sandbox.fault(fault="not_applied", method="DELETE")
    assert delete(m, 7) == refused("EREMOTEIO")
    assert "accepted but not applied" in last_line(m, "EREMOTEIO") and there(m, 7)
    assert os.listdir(m.path / ".rosterfs/history") == ["index"]


def test_answered_that_there_is_no_such_user(mount):
    m = mount(extra=QUICK)
    m.sandbox.fault(fault="status", status=404, method="DELETE", path="/user/7")
    assert delete(m, 7) == refused("EREMOTEIO")
    line = last_line(m, "EREMOTEIO")
    assert "not deleted" in line and "no such user" in line and "still shows" in line
    assert "success" not in line and there(m, 7)


def test_unknown_outcome(mount):
    m = mount(extra=QUICK)
    m.sh("ls partnerize").ok()
    m.sandbox.fault(fault="drop_after", method="DELETE")
    m.sandbox.fault(fault="status", status=500, method="GET", path="/user/7", skip=1)
    result = delete(m, 7)
    assert result.write != "ok" and "not known" in last_line(m, result.write)
    # the next question is the vendor's to answer
    assert name_of(errno_of((m.path / "partnerize/7.json").read_text)) == "ENOENT"


def test_gone_already(mount):
    m = mount(extra=ALLOWED)
    m.sh("cat partnerize/7.status").ok()
    m.sandbox.delete(7)
    assert delete(m, 7).write == "ENOENT"
    assert not sent(m.sandbox)


def test_a_reader_and_a_writer(mount):
    """Who has the file open keeps what it read; the next write finds nobody."""
    m = mount(extra=ALLOWED)
    document = read(m, "partnerize/7.json")
    with open(m.path / "partnerize/7.json", encoding="utf-8") as file:
        m.sh("echo deleted > partnerize/7.status").ok()
        assert json.loads(file.read()) == document
    m.sandbox.reset()
    assert put(m, "partnerize/7.json", {**document, "firstname": "Jo"}).code != 0
    assert not sent(m.sandbox) and gone(m, 7)


def test_one_of_two(mount):
    """Two who delete at once: one DELETE, and the second hears that there is nobody."""
    m = mount(extra=ALLOWED)
    m.sh("ls partnerize").ok()
    m.sandbox.fault(fault="stall", method="DELETE")
    first = m.spawn("echo deleted > partnerize/7.status")
    harness.wait_until(lambda: m.sandbox.counts().get(DELETE), 10 * harness.SCALE, "the first DELETE")
    second = m.spawn("echo deleted > partnerize/7.status")
    m.sandbox.clear_faults()
    first.finish().ok()
    assert second.finish().code != 0
    assert m.sandbox.counts()[DELETE] == 1 and gone(m, 7)


def test_by_email(mount):
    """The person's directory shows that there is nobody any more."""
    m = mount(extra=ALLOWED)
    email = read(m, "partnerize/7.json")["email"].lower()
    person_of = m.path / "by-email" / email
    assert "partnerize.json" in os.listdir(person_of)
    m.sh(f"echo deleted | tee '{person_of}'/*.status").ok()
    assert gone(m, 7)
    assert email not in os.listdir(m.path / "by-email")
    assert f"{email}.json" not in os.listdir(m.path / "partnerize/by-email")


# ---- the brake over every way ----

def test_every_way_counts(mount):
    m = mount(extra={"partnerize": {"allow_delete": "yes"}, "rosterfs": {"status_limit": 5}})
    m.sh("ls partnerize").ok()
    ways = ["echo inactive > partnerize/{}.status", "echo '{\"status\": \"inactive\"}' > partnerize/{}.json",
            "cd partnerize; sed -i s/active/inactive/ {}.status", "echo deleted > partnerize/{}.status",
            "cd partnerize; jq '.status = \"inactive\"' {}.json > x && mv x {}.json"]
    for number, way in enumerate(ways):
        m.sh(way.replace("{}", str(number + 2))).ok()
    m.sandbox.reset()
    for number, way in enumerate([*ways, "echo active > partnerize/{}.status"]):
        assert m.sh(way.replace("{}", str(10 if " active >" in way else number + 11))).code != 0, way
        assert "status_limit" in last_line(m, "EDQUOT"), way
    assert m.log().count("EDQUOT") == len(ways) + 1 and not sent(m.sandbox)
    # what changes no status goes on
    m.sh("echo '{\"firstname\": \"Jo\"}' > partnerize/11.json; echo inactive > partnerize/2.status").ok()


def test_every_way_counts_at_the_shop(ep):
    m = ep("guide", {**DELETABLE, "rosterfs": {"status_limit": 4}})
    box = m.sandbox
    six, five, four, three = (person(box, number) for number in (6, 5, 4, 3))
    where = outside(box, five)
    assert write(m, five, "inactive") == GOOD  # one, however many memberships
    assert write(m, five, "active") == GOOD
    assert write(m, five, "inactive") == GOOD
    assert unlink(m, accounts_of(box, four)[0], four) == "ok"
    assert unlink(m, accounts_of(box, three)[0], three) == "ok"
    box.reset()
    for command in (f"echo inactive > elasticpath/{four}.status", f"echo inactive > elasticpath/{six}.status",
                    "find elasticpath/accounts -name '*.json' -path '*members*' -delete",
                    f"cd elasticpath; echo inactive > x; mv x {four}.status",
                    f"ln -s ../../../{five}.json elasticpath/accounts/{where}/members/"):
        assert m.sh(command).code != 0, command
        assert "status_limit" in last_line(m, "EDQUOT"), command
    assert not [entry for entry in box.journal() if entry["method"] != "GET" and "oauth" not in entry["path"]]


def test_dry_run_of_every_kind(ep):
    """Nothing but GETs, and the log says what would have been sent."""
    m = ep("documents", {"elasticpath": {"allow_delete": "yes", "allow_preprovision": "yes"},
                         "partnerize": {"allow_delete": "yes"}}, options=["-o", "dry_run"])
    box = m.sandbox
    five = person(box, 5)
    account, where = accounts_of(box, five)[0], outside(box, five)
    m.sh("ls -lR . >/dev/null").ok()
    box.reset()
    for command, words in (
            ("echo inactive > partnerize/2.status", "PUT /user/2"),
            ("echo deleted > partnerize/2.status", "DELETE /user/2"),
            ("echo '{\"firstname\": \"Jo\"}' > partnerize/2.json", "PUT /user/2"),
            ("cd partnerize; sed -i s/active/inactive/ 2.status", "PUT /user/2"),
            ("cd partnerize; echo '{\"firstname\": \"Jo\"}' > x; mv x 2.json", "PUT /user/2"),
            ("echo '{\"email\": \"x\"}' > partnerize/new/x.json", "POST /user"),
            (f"echo inactive > elasticpath/{five}.status", "ln -s"),
            (f"ln -s ../../../{five}.json elasticpath/accounts/{where}/members/", "POST /v2/accounts"),
            (f"rm elasticpath/accounts/{account}/members/{five}.json", "DELETE /v2/accounts"),
            (f"echo '{{\"name\": \"X\"}}' > elasticpath/{five}.json", "PUT /v2/account-members"),
            ("echo '{\"name\": \"X\"}' > elasticpath/accounts/new/x.json", "POST /v2/accounts"),
            ("echo '{\"name\": \"X\"}' > elasticpath/new/x.json", "POST /v2/account-members"),
            ("exec 3<> elasticpath/tokens; echo '{}' >&3", "POST /v2/account-members/tokens")):
        seen = m.log().count("dry run")
        m.sh(command)
        assert m.log().count("dry run") > seen and words in last_line(m, "dry run"), command
    assert not [entry for entry in box.journal() if entry["method"] != "GET" and "oauth" not in entry["path"]]
    assert os.listdir(m.path / ".rosterfs/history") == ["index"]


# ---- Elastic Path ----

def test_members_are_not_deleted(ep):
    m = ep("guide", DELETABLE)
    five = person(m.sandbox, 5)
    assert save(m.path / f"elasticpath/{five}.status", "deleted") == refused(NOT_OFFERED)
    assert "inactive" in last_line(m, "EOPNOTSUPP") and "MANUAL" in last_line(m, "EOPNOTSUPP")
    assert m.sandbox.counts()["total"] - m.sandbox.counts().get("POST /oauth/access_token", 0) <= 2
    assert len(accounts_of(m.sandbox, five)) == 3
