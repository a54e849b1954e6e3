# SPDX-License-Identifier: Apache-2.0
"""tables/people.*: a row a person across all vendors; and the tables of accounts, groups and memberships."""

import csv
import json
import os

import pytest

from ep_store import (ACCOUNTS, LIST, NOT_OFFERED, PROFILES, THEIRS, asked, companies, ep, fails, join,
                      members_of, part, people, person, refresh as refresh_store)
from scim_plays import Plays
from test_by_email import USERS, add, add_member, name_for, refresh, targets, users

__all__ = ["ep"]  # the fixture

TABLES = {f"{name}.{suffix}" for name in ("people", "partnerize", "elasticpath", "elasticpath-accounts",
                                          "elasticpath-realms", "elasticpath-memberships")
          for suffix in ("jsonl", "csv")}
VENDORS = ("partnerize", "elasticpath")


def rows(m, name="people"):
    text = (m.path / f"tables/{name}.jsonl").read_text(encoding="utf-8")
    assert not text or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def table(m, name="people"):
    """The header, and the rows as dictionaries."""
    with open(m.path / f"tables/{name}.csv", encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file, strict=True))
    assert all(len(line) == len(lines[0]) for line in lines)
    return lines[0], [dict(zip(lines[0], line)) for line in lines[1:]]


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def same(row, cells):
    """A row of the JSONL says what the cells of the CSV say."""
    for column, cell in cells.items():
        words = " ".join(word for word in as_list(row.get(column)) if word)
        assert " ".join(cell.removeprefix("'").split()) == " ".join(words.split()), (column, row, cells)


def find(found, column, value):
    return [row for row in found if row.get(column) == value]


def by_name(found):
    return {name_for(row["email"]): row for row in found}


def everybody(m):
    """The rows, which are those of by-email in its order, and then those without an email."""
    found = rows(m)
    names = os.listdir(m.path / "by-email")
    assert [name_for(row["email"]) for row in found[:len(names)]] == names
    assert all(not row.get("email") for row in found[len(names):])
    return found


# ---- people ----

@pytest.mark.parametrize("profile", PROFILES)
def test_people(ep, profile):
    m = ep(profile)
    box = m.sandbox
    found = rows(m)
    counts = box.counts()
    assert counts[LIST] == counts[ACCOUNTS] == 1 and counts[THEIRS] == len(companies(box))
    assert asked(box) == sum(counts[name] for name in (LIST, USERS, ACCOUNTS, THEIRS))
    assert everybody(m) == found
    header, lines = table(m)
    assert header == ["email", "name", *(f"{name}.{what}" for name in VENDORS for what in ("id", "status", "role")),
                      "cj"]
    assert len(lines) == len(found) and any(len(row) == 9 for row in found)
    for row, cells in zip(found, lines):
        same(row, cells)
        assert row["cj"] == "by hand"
        folder = m.path / "by-email" / name_for(row["email"])
        links = targets(folder)
        for vendor in VENDORS:
            link = links.get(f"{vendor}.json")
            assert (f"{vendor}.id" in row) == bool(link)
            if link:
                assert f"../../{vendor}/{row[vendor + '.id']}.json" == link
                assert row[f"{vendor}.status"] + "\n" == (folder / f"{vendor}.status").read_text()
    assert {row["elasticpath.status"] for row in found if "elasticpath.id" in row} == {"active", "inactive"}
    for user in users(box):
        row, = find(found, "partnerize.id", str(user["user_id"]))
        assert row["name"] == f"{user['firstname']} {user['lastname']}" and row["partnerize.role"] == user["role"]
    for member in people(box):
        row, = find(found, "elasticpath.id", member["id"])
        assert row["elasticpath.role"] is None
        assert "partnerize.id" in row or row["name"] == member["name"]
    assert asked(box) == sum(counts[name] for name in (LIST, USERS, ACCOUNTS, THEIRS))


def test_jq(ep):
    m = ep()
    active = m.sh("jq -r 'select(.\"partnerize.status\" == \"active\") | .email' tables/people.jsonl").ok().out
    assert sorted(active.split()) == sorted(user["email"] for user in users(m.sandbox) if user["status"] == "active")


def test_spellings(ep):
    """Each directory in by-email is a row, however the email is written."""
    m = ep()
    box = m.sandbox
    before = len(rows(m))
    for ident, email in enumerate(["caf\u00e9@example.com", "cafe\u0301@example.com", "Jane@Example.com",
                                   "jane@example.com", " JANE@example.com"], 900):
        add(box, str(ident), email)
    add_member(box, "m1", "jane@EXAMPLE.com")
    # apart at one vendor
    add(box, "910", "o\u2019neil@example.com")
    add(box, "911", "o'neil@example.com")
    add(box, "912", "ma\u017fon@example.com")
    add(box, "913", "mason@example.com")
    add_member(box, "m2", "mason@example.com")
    refresh(m)
    found = rows(m)
    listed = os.listdir(m.path / "by-email")
    assert len(found) == len(listed) > before
    lines = table(m)[1]
    for name, row, cells in zip(listed, found, lines):
        links = targets(m.path / "by-email" / name)
        for vendor in VENDORS:
            ids = as_list(row.get(f"{vendor}.id"))
            assert sorted(f"../../{vendor}/{ident}.json" for ident in ids) == \
                sorted(to for to in links.values() if to.startswith(f"../../{vendor}/") and to.endswith(".json"))
            assert cells[f"{vendor}.id"].split() == ids
    jane, = [row for row in found if row["email"].lower() == "jane@example.com"]
    assert sorted(jane["partnerize.id"]) == ["902", "903", "904"] and jane["elasticpath.id"] == "m1"


def test_several_at_one_vendor(ep):
    """Their values are in the same order, also where one of them has none."""
    m = ep()
    box = m.sandbox
    email = users(box)[2]["email"]
    add(box, "900", email.upper(), status="inactive", role="admin", firstname="First", lastname="Name")
    add(box, "901", email, status="suspended", role=None)
    refresh(m)
    row, = [row for row in everybody(m) if "900" in as_list(row.get("partnerize.id"))]
    ids = row["partnerize.id"]
    assert sorted(ids) == sorted(["900", "901", str(users(box)[2]["user_id"])])
    states = dict(zip(ids, row["partnerize.status"]))
    assert states["900"] == "inactive" and states["901"] == "suspended" and len(row["partnerize.status"]) == 3
    roles = dict(zip(ids, row["partnerize.role"]))
    assert roles["900"] == "admin" and roles["901"] is None and len(row["partnerize.role"]) == 3
    cells, = [cells for cells in table(m)[1] if "900" in cells["partnerize.id"].split()]
    assert cells["partnerize.id"].split(" ") == ids
    assert cells["partnerize.status"].split(" ") == row["partnerize.status"]


def test_without_an_email(ep):
    m = ep()
    box = m.sandbox
    add(box, "900", None, firstname="No", lastname="Email")
    add(box, "901", " \u200b ")
    add_member(box, "m1", "")
    refresh(m)
    found = everybody(m)
    assert [row.get("partnerize.id", row.get("elasticpath.id")) for row in found[-3:]] == ["900", "901", "m1"]
    assert found[-3]["name"] == "No Email"
    lines = table(m)[1]
    assert [cells["email"] for cells in lines[-3:]] == [""] * 3
    assert [cells["partnerize.id"] for cells in lines[-3:]] == ["900", "901", ""]


def test_a_write_is_shown(ep):
    m = ep()
    row = next(row for row in rows(m) if row.get("partnerize.status") == "active" and row["partnerize.id"] != "1"
               and row.get("elasticpath.status") == "active")
    folder = f"by-email/{name_for(row['email'])}"
    asked_before = asked(m.sandbox)
    with open(m.path / "tables/people.jsonl", encoding="utf-8") as old:
        begin = old.readline()
        m.sh(f"echo inactive > '{folder}/partnerize.status'").ok()
        after_write = asked(m.sandbox)
        assert after_write > asked_before
        assert by_name(rows(m))[name_for(row["email"])]["partnerize.status"] == "inactive"
        # who had it open reads on in what there was
        rest = [json.loads(line) for line in (begin + old.read()).split("\n")[:-1]]
        assert by_name(rest)[name_for(row["email"])]["partnerize.status"] == "active"
        assert asked(m.sandbox) == after_write
    m.sh(f"echo inactive > '{folder}/elasticpath.status'").ok()
    assert by_name(rows(m))[name_for(row["email"])]["elasticpath.status"] == "inactive"
    assert len(table(m)[1]) == len(rows(m))


@pytest.mark.parametrize("name,path", [("partnerize", "/user"), ("elasticpath", "/v2/account-members"),
                                       ("elasticpath", "/v2/accounts")])
def test_a_vendor_fails(ep, name, path):
    """Nothing is short: the table fails with that vendor's errno, and the log says why."""
    m = ep(extra={vendor: {"retry_budget": 0} for vendor in VENDORS})
    m.sandbox.fault(fault="status", status=403, times=-1, path=path)
    for suffix in ("jsonl", "csv"):
        assert fails(open, m.path / f"tables/people.{suffix}") == "EACCES"
    assert [line for line in m.log().splitlines() if "tables/people.csv" in line and name in line and "403" in line]
    other = next(vendor for vendor in VENDORS if vendor != name)
    assert rows(m, other)
    m.sandbox.clear_faults()
    refresh(m)
    everybody(m)


def test_unreachable(mount, sandbox):
    """It fails as listing by-email does."""
    box = sandbox(users=3, vendors="partnerize,elasticpath,cj", members=3, accounts=1)
    m = mount(box, {"elasticpath": {"base_url": "http://127.0.0.1:1", "retry_budget": 0}})
    assert fails(os.listdir, m.path / "by-email") == fails(open, m.path / "tables/people.csv") != "ok"
    assert len(rows(m, "partnerize")) == 3


def test_only_by_hand(mount, base):
    notice = base / "notice"
    notice.write_text("Ask them.\n")
    m = mount(config=f"[cj]\n[6sense]\ntype = manual\nnotice_file = {notice}\n")
    assert sorted(os.listdir(m.path / "tables")) == ["people.csv", "people.jsonl"]
    assert (m.path / "tables/people.csv").read_bytes() == b"email,name,cj,6sense\r\n"
    assert (m.path / "tables/people.jsonl").read_bytes() == b""


def test_nobody(mount, sandbox):
    box = sandbox(users=1, vendors="partnerize,cj")
    box.settings(no_self=True)
    m = mount(box)
    box.delete("1")
    box.fault(fault="status", status=200, body='{"users":[],"count":0}', times=-1, path="/user")
    assert rows(m) == []
    assert (m.path / "tables/people.csv").read_bytes() == \
        b"email,name,partnerize.id,partnerize.status,partnerize.role,cj\r\n"


def test_time(ep):
    """It is that of the oldest list."""
    m = ep()
    first = (m.path / "tables/partnerize.csv")
    first.read_bytes()
    os.listdir(m.path / "elasticpath")
    rows(m)
    with open(m.path / "tables/people.csv", "rb") as file:
        assert os.fstat(file.fileno()).st_mtime_ns == first.stat().st_mtime_ns
    (m.path / ".rosterfs/refresh").write_text("partnerize\n")
    rows(m)
    assert (m.path / "tables/people.jsonl").stat().st_mtime_ns == \
        (m.path / "tables/elasticpath.jsonl").stat().st_mtime_ns


# ---- accounts, groups ----

@pytest.mark.parametrize("profile", PROFILES)
def test_accounts(ep, profile):
    m = ep(profile)
    box = m.sandbox
    assert set(os.listdir(m.path / "tables")) == TABLES
    assert asked(box) == 0
    found = rows(m, "elasticpath-accounts")
    assert asked(box) == box.counts()[ACCOUNTS] == 1
    ids = [one["id"] for one in companies(box)]
    assert [row["id"] for row in found] == ids == [cells["id"] for cells in table(m, "elasticpath-accounts")[1]]
    for row in found:
        assert row == json.loads((m.path / f"elasticpath/accounts/{row['id']}/account.json").read_text())
    assert set(os.listdir(m.path / "elasticpath/accounts")) == {*ids, "new"}
    assert asked(box) == 1
    assert "status" not in table(m, "elasticpath-accounts")[0]
    realms = rows(m, "elasticpath-realms")
    assert [row["id"] for row in realms] == [one["id"] for one in box.control("GET", "elasticpath/realms")]


# ---- memberships ----

def pairs(found):
    return [(row["account_id"], row["account_member_id"]) for row in found]


def known_pairs(box):
    return sorted((one["id"], member) for one in companies(box) for member in members_of(box, one["id"]))


@pytest.mark.parametrize("profile", PROFILES)
def test_memberships(ep, profile):
    m = ep(profile)
    box = m.sandbox
    found = rows(m, "elasticpath-memberships")
    counts = box.counts()
    assert counts[ACCOUNTS] == 1 and counts[THEIRS] == len(companies(box)) and asked(box) == 1 + counts[THEIRS]
    header, lines = table(m, "elasticpath-memberships")
    assert header == ["account_member_id", "id", "account_id"] and lines == found
    assert sorted(pairs(found)) == known_pairs(box)
    assert {row["id"] for row in found} == {one["id"] for one in box.control("GET", "elasticpath/memberships")}
    # the statuses are known by now
    m.sh("cat elasticpath/*.status > /dev/null").ok()
    assert asked(box) == 1 + counts[THEIRS] + box.counts()[LIST]
    # another fetch of the same has the same order
    refresh_store(m)
    assert rows(m, "elasticpath-memberships") == found


def test_memberships_after_writes(ep):
    m = ep(extra={"elasticpath": {"allow_delete": "yes"}})
    box = m.sandbox
    rows(m, "elasticpath-memberships")
    member = person(box, 5)
    account = next(one for one, whose in known_pairs(box) if whose == member)
    m.sh(f"rm elasticpath/accounts/{account}/members/{member}.json").ok()
    assert (account, member) not in pairs(rows(m, "elasticpath-memberships"))
    assert sorted(pairs(rows(m, "elasticpath-memberships"))) == known_pairs(box)
    m.sh(f"ln -s ../../../{member}.json elasticpath/accounts/{account}/members/").ok()
    assert (account, member) in pairs(rows(m, "elasticpath-memberships"))
    m.sh(f"echo inactive > elasticpath/{member}.status").ok()
    assert sorted(pairs(rows(m, "elasticpath-memberships"))) == known_pairs(box)
    # a colleague's changes after a refresh
    outsider = person(box, 20)
    join(box, account, outsider)
    other = next(one for one in known_pairs(box) if one[1] != outsider)
    part(box, *other)
    refresh_store(m)
    assert sorted(pairs(rows(m, "elasticpath-memberships"))) == known_pairs(box)


@pytest.fixture(scope="module", name="servers")
def _servers(stage, base):
    plays = Plays()
    plays.add("idp")
    plays.add("shy")
    return plays.start(stage, base / "tables-people")


def test_groups(servers):
    one = servers["idp"]
    m = one.mount
    one.box.reset()
    groups = rows(m, "idp-groups")
    assert len(groups) > 1
    before = [entry["path"] for entry in one.box.journal()]
    assert all(path.endswith("/Groups") for path in before)
    for group in groups:
        assert group == json.loads((m.path / f"idp/groups/{group['id']}/group.json").read_text())
    wanted = [{"group_id": group["id"], "group_name": group["displayName"], **member}
              for group in groups for member in group.get("members", [])]
    assert wanted
    assert rows(m, "idp-memberships") == wanted
    header, lines = table(m, "idp-memberships")
    assert header[:3] == ["group_id", "group_name", "value"]
    assert [{key: cell for key, cell in cells.items() if key in row} for row, cells in zip(wanted, lines)] == wanted
    assert [entry["path"] for entry in one.box.journal()] == before
    # a write is in the next open
    inside = {member["value"] for member in groups[0]["members"]}
    user = next(user["id"] for user in one.users() if user["id"] not in inside)
    m.sh(f"ln -s ../../../{user}.json idp/groups/{groups[0]['id']}/members/").ok()
    assert {(row["group_id"], row["value"]) for row in rows(m, "idp-memberships")} == \
        {*((row["group_id"], row["value"]) for row in wanted), (groups[0]["id"], user)}


def test_a_list_without_members(servers):
    """A table that may be short fails; the others can be read."""
    one = servers["shy"]
    groups = [{"id": "a", "displayName": "A"}, {"id": "b", "displayName": "B", "members": []}]
    for listed, error in ((groups[:1], NOT_OFFERED), (groups, "ok"), ([], "ok")):
        one.box.clear_faults()
        for query, page in (("startIndex=1&", listed), ("startIndex=", [])):
            one.box.fault(fault="status", status=200, times=-1, path="/shy/Groups", query=query,
                          body=json.dumps({"totalResults": len(listed), "Resources": page}))
        refresh(one.mount)
        assert rows(one.mount, "shy-groups") == listed
        path = one.mount.path / "tables/shy-memberships.csv"
        assert fails(open, path) == error
        if error == "ok":
            assert path.read_bytes() == b"group_id,group_name\r\n" and path.stat().st_size == 21
        else:
            assert "shows its members" in one.mount.log().splitlines()[-1]
            assert path.stat().st_size == 0
    one.box.clear_faults()


def test_roles(servers):
    """The roles of SCIM are objects."""
    one = servers["idp"]
    user, other = [one.take(), one.take()]
    one.patch(user, {"roles": [{"value": "admin", "primary": True}, {"value": "auditor"}]})
    one.patch(other, {"roles": []})
    refresh(one.mount)
    found = rows(one.mount)
    row, = find(found, "idp.id", user)
    # several roles of one record are one value
    assert row["idp.role"] == "admin auditor"
    assert find(found, "idp.id", other)[0]["idp.role"] is None
    cells, = [cells for cells in table(one.mount)[1] if cells["idp.id"] == user]
    assert cells["idp.role"] == "admin auditor"


# ---- names ----

def test_names_that_collide(mount, sandbox):
    """Each table has a name of its own, and people.* is always the table of all."""
    box = sandbox(users=3, vendors="partnerize,elasticpath,cj", members=4, accounts=2)
    config = box.config()
    section = config[config.index("[partnerize]"):config.index("[elasticpath]")]
    for name in ("people", "elasticpath-accounts"):
        config += "\n" + section.replace("[partnerize]", f"[{name}]\ntype = partnerize")
    m = mount(box, config=config)
    assert {"people.csv", "people~users.csv", "elasticpath-accounts.csv", "elasticpath~accounts.csv"} <= \
        set(os.listdir(m.path / "tables"))
    assert [row["user_id"] for row in rows(m, "people~users")] == ["1", "2", "3"]
    assert [row["user_id"] for row in rows(m, "elasticpath-accounts")] == ["1", "2", "3"]
    assert len(rows(m, "elasticpath~accounts")) == 2
    header = table(m)[0]
    assert header[:2] == ["email", "name"] and "people.id" in header and "elasticpath-accounts.id" in header
