# SPDX-License-Identifier: Apache-2.0
"""What the sandbox tells of each change of each record, for the model test."""

from test_sandbox import last, send_and_leave, shop, users  # noqa: F401 (fixtures)
from writes import shown


def changes(v):
    return v.box.control("GET", "changes")["changes"]


def test_who_changed_what(users):  # noqa: F811
    v = users()
    v.put(timezone="Asia/Tokyo")
    assert not changes(v), "nobody has asked for it"
    v.box.control("POST", "changes")
    before = v.box.user(7)
    v.put(status="inactive")
    put = last(v, method="PUT")
    v.box.patch(7, {"lastname": "Theirs"})
    v.put()
    by_put, by_colleague = changes(v)
    assert (by_put["by"], by_colleague["by"]) == (put["n"], 0)
    assert put["t_us"] <= by_put["at_us"] <= put["end_us"] <= by_colleague["at_us"]
    assert by_put["id"] == "7" and by_put["before"] == shown(before)
    assert by_put["after"] == by_colleague["before"]
    assert (by_put["after"]["status"], by_colleague["after"]["lastname"]) == ("inactive", "Theirs")
    v.box.delete(7)
    assert changes(v)[-1]["after"] is None
    v.box.control("POST", "changes")
    assert not changes(v)


def test_a_late_change(users):  # noqa: F811
    v = users()
    v.box.control("POST", "changes")
    v.box.fault(method="PUT", path="/user/7", fault="late", ms=3600000, body="drop")
    send_and_leave(v, timezone="Asia/Tokyo")
    v.box.patch(7, {"lastname": "Theirs"})
    v.box.release()
    theirs, late = changes(v)
    assert theirs["by"] == 0 and late["by"] == last(v, method="PUT")["n"]
    assert late["after"]["timezone"] == "Asia/Tokyo"


def test_a_colleague_ordered_for_a_request(users):  # noqa: F811
    v = users()
    v.box.control("POST", "changes")
    v.box.fault(method="PUT", path="/user/7", fault="colleague", user="7", body={"lastname": "Theirs"})
    v.put(timezone="Asia/Tokyo")
    assert [change["by"] for change in changes(v)] == [0, last(v, method="PUT")["n"]]


def test_memberships(shop):  # noqa: F811
    v = shop()
    v.box.control("POST", "changes")
    one = v.data(v.own)[0]
    account = one["account_id"]
    v.ask("DELETE", f"/v2/accounts/{account}/account-memberships/{one['id']}")
    order = {"account_id": account, "account_member_id": v.member}
    v.box.control("POST", "elasticpath/memberships", order)
    ended, made = changes(v)
    assert (ended["by"], made["by"]) == (last(v, method="DELETE")["n"], 0)
    assert ended["before"]["id"] == one["id"] and ended["after"] is None
    assert made["before"] is None and made["after"]["type"] == "account_membership"
    # two of them can't be there, whoever makes them
    assert v.box.ask("POST", "/__sandbox/elasticpath/memberships", order)[0] == 409
