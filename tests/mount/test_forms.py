# SPDX-License-Identifier: Apache-2.0
"""
What counts as a list: the forms that a document of the vendor shows, and no others, since an answer
of another form may be empty without being a list of nobody. And a list that is suddenly short.
"""

import json
import os

import pytest

import harness
import status_table
import ep_store
from writes import errno_of, name_of

USERS = [{"user_id": "7", "firstname": "Jane", "lastname": "Doe", "email": "jane@example.com", "status": "active"}]
MEMBERS = [{"id": "1f0c0000-0000-4000-8000-000000000000", "type": "account_member", "name": "Jane", "email": "j@x.com"}]
ROWS = {"partnerize": USERS, "elasticpath": MEMBERS}


def renew(m):
    """The next read asks the vendors anew."""
    (m.path / ".rosterfs/refresh").write_text("all\n")


def forms(key, rows, other):
    """Answers that are no list, and that could be taken for one."""
    return [[], rows, {}, {key: None}, {key: {}}, {key: {"0": rows[0]}}, {key: "[]"}, {other: []},
            {other: rows}, {"items": []}, {key: {"data": []}}, {key: [], "error": {"message": "No rights.", "type": "403"}},
            {key: [], "errors": [{"title": "No rights.", "status": 403}]}, {key: [{"data": rows[0]}]}, None, 0, ""]


LISTS = {
    "partnerize": ("partnerize", "/user", "users", "data"),
    "members": ("elasticpath", "/v2/account-members", "data", "users"),
    "accounts": ("elasticpath/accounts", "/v2/accounts", "data", "accounts"),
    "realms": ("elasticpath/realms", "/v2/authentication-realms", "data", "realms"),
    "links": ("elasticpath/accounts/ACCOUNT/members", "/v2/accounts/*/account-memberships", "data", "items"),
    "profiles": ("elasticpath/realms/REALM/oidc-profiles", "/v2/authentication-realms/*/oidc-profiles", "data", "items"),
}


@pytest.mark.parametrize("name", LISTS)
def test_what_is_no_list(mount, sandbox, name):
    folder, path, key, other = LISTS[name]
    box = ep_store.store(sandbox)
    m = mount(box, {"partnerize": {"retry_budget": 0}, "elasticpath": {"retry_budget": 0}})
    account = box.control("GET", "elasticpath/accounts")[0]["id"]
    realm = box.control("GET", "elasticpath/realms")[0]["id"]
    place = m.path / folder.replace("ACCOUNT", account).replace("REALM", realm)
    for form in forms(key, ROWS[folder.partition("/")[0]], other):
        renew(m)
        box.fault(fault="status", status=200, method="GET", path=path, times=-1, body=json.dumps(form))
        assert name_of(errno_of(os.listdir, place)) == "EREMOTEIO", form
        box.clear_faults()
    renew(m)
    os.listdir(place)


@pytest.mark.parametrize("form", [{"users": USERS, "count": 1}, {"users": [{"user": USERS[0]}], "count": 1},
                                  {"users": USERS}, {"users": USERS, "error": None}])
def test_what_is_a_list(mount, form):
    """Flat rows are the guide's, wrapped ones those of the vendor's own lists."""
    m = mount()
    m.sandbox.fault(fault="status", status=200, method="GET", path="/user", query="page=1", times=-1, body=form)
    m.sandbox.fault(fault="status", status=200, method="GET", path="/user", times=-1, body={"users": [], "count": 0})
    assert "7.json" in os.listdir(m.path / "partnerize")


# ---- suddenly short ----

def warnings(m):
    log = (m.path / ".rosterfs/log").read_text().splitlines()
    status = status_table.whole(m).splitlines()
    return [[line for line in lines if "warning: " in line] for lines in (log, status)]


def listed(m):
    return {name[:-5] for name in os.listdir(m.path / "partnerize") if name.endswith(".json")}


@pytest.mark.parametrize(("left", "warned"), [(0, True), (5, True), (12, True), (13, False)])
def test_a_roster_that_is_suddenly_short(mount, left, warned):
    """It is shown, and a warning says that the key may have lost its rights."""
    m = mount()
    assert len(listed(m)) == 25
    rows = m.sandbox.control("GET", "users")[:left]
    for query, users in (("page=1", rows), ("", [])):
        m.sandbox.fault(fault="status", status=200, method="GET", path="/user", query=query, times=-1,
                        body={"users": users, "count": len(users)})
    for _ in range(2):
        m.sh("echo partnerize > .rosterfs/refresh; ls partnerize").ok()
        assert len(listed(m)) == left
    log, _ = warnings(m)
    assert len(log) == warned
    if warned:
        assert f" partnerize: warning: the list of users has {left} now, and had 25 before" in log[0]
        assert "rights" in log[0]


def test_a_roster_that_goes_on_shrinking(mount):
    """The log says each time that it is shorter still."""
    m = mount(extra={"partnerize": {"ttl": 1}})
    assert len(listed(m)) == 25
    rows = m.sandbox.control("GET", "users")
    for left in (11, 4, 0):
        m.sandbox.clear_faults()
        for query, users in (("page=1", rows[:left]), ("", [])):
            m.sandbox.fault(fault="status", status=200, method="GET", path="/user", query=query, times=-1,
                            body={"users": users, "count": len(users)})
        harness.wait_until(lambda number=left: len(listed(m)) == number, 10 * harness.SCALE, "the list")
    log, _ = warnings(m)
    assert [line.split(" has ")[1].split(",")[0] for line in log] == ["11 now", "4 now", "0 now"]


def test_the_warning_in_status(mount, sandbox):
    """It stays until the list has recovered, or somebody asks for it anew."""
    box = sandbox(users=25)
    m = mount(box, {"partnerize": {"ttl": 1}})
    listed(m)
    box.fault(fault="status", status=200, method="GET", path="/user", times=-1, body={"users": [], "count": 0})
    harness.wait_until(lambda: not listed(m), 10 * harness.SCALE, "the empty list")
    for _ in range(2):
        line, = warnings(m)[1]
        assert "has 0 now, and had 25 before" in line
        m.sh("sleep 1.2; ls partnerize").ok()
    box.clear_faults()
    harness.wait_until(lambda: listed(m), 10 * harness.SCALE, "the list")
    assert warnings(m)[1] == [] and len(warnings(m)[0]) == 1


def test_a_roster_without_its_own_key(mount):
    """Whose key it is stands in the list as well: an empty one is doubtful from the start."""
    m = mount()
    m.sandbox.fault(fault="status", status=200, method="GET", path="/user", times=-1, body={"users": [], "count": 0})
    assert listed(m) == set()
    assert [len(lines) for lines in warnings(m)] == [1, 1]


@pytest.mark.parametrize("cold", ["member", "account"])
def test_links_beside_an_object(mount, sandbox, cold):
    """A row has its links inside, an object that comes alone beside it: both show the same record."""
    box = ep_store.store(sandbox, profile="documents")
    m = mount(box)
    member, account = ep_store.person(box, 5), box.control("GET", "elasticpath/accounts")[0]["id"]
    path = m.path / "elasticpath" / {"member": f"{member}.json", "account": f"accounts/{account}/account.json"}[cold]
    alone = path.read_text()
    assert json.loads(alone)["links"]["self"].startswith("https://")
    renew(m)
    os.listdir(path.parents[1] if cold == "account" else path.parent)
    assert path.read_text() == alone
