# SPDX-License-Identifier: Apache-2.0
"""The sandbox plays the vendors as their specifications have them: forms, filters, habits."""

import urllib.parse

import pytest

from test_sandbox import shop, users  # noqa: F401  (fixtures)

HOST = "https://useast.api.elasticpath.com/v2/"
UUID = "1f0c0000-0000-4000-8000-000000000000"


@pytest.fixture(name="docs")
def _docs(shop):  # noqa: F811
    return shop(profile="documents")


def rows(v, path, **query):
    return v.data(path + ("?" + urllib.parse.urlencode(query) if query else ""))


def status_of(v, path):
    return v.ask("GET", path)[0]


def test_relations_of_an_account(docs):
    top = docs.data(f"/v2/accounts/{docs.account}")
    assert top["relationships"]["ancestors"] == [] and top["relationships"]["parent"] == {"data": None}
    assert docs.write("POST", "/v2/accounts", "account", name="Below", parent_id=docs.account)[0] == 201
    below = next(row for row in rows(docs, "/v2/accounts") if row["name"] == "Below")
    above = {"id": docs.account, "type": "account"}
    assert below["relationships"]["ancestors"] == [above]
    assert below["relationships"]["parent"] == {"data": above}


def test_settings(docs):
    settings = docs.data("/v2/settings/account-authentication")
    assert settings["id"]
    assert settings["relationships"]["authentication_realm"]["data"]["type"] == "authentication_realm"


def test_links_of_rows(docs):
    paths = ["account-members", "accounts", "authentication-realms",
             f"authentication-realms/{docs.realm}/oidc-profiles",
             f"authentication-realms/{docs.realm}/user-authentication-info",
             f"accounts/{docs.account}/account-memberships"]
    for path in paths:
        for row in rows(docs, "/v2/" + path):
            assert row["links"]["self"] == f"{HOST}{path}/{row['id']}"


def test_links_of_an_object_that_comes_alone(docs):
    answer = docs.get(f"/v2/accounts/{docs.account}")
    assert answer["links"]["self"] == f"{HOST}accounts/{docs.account}" and "links" not in answer["data"]


def test_a_membership_tells_one_side(docs):
    for row in rows(docs, f"/v2/accounts/{docs.account}/account-memberships"):
        assert set(row["relationships"]) == {"account_member"} and "account_member_id" not in row
        member = row["relationships"]["account_member"]["data"]["id"]
        own = [one for one in rows(docs, f"/v2/account-members/{member}/account-memberships") if one["id"] == row["id"]]
        assert set(own[0]["relationships"]) == {"account"} and own[0]["account_member_id"] == member
        assert own[0]["relationships"]["account"]["data"]["id"] == docs.account


@pytest.mark.parametrize(("path", "status"), [
    ("account-members/nobody", 400), (f"account-members/{UUID}", 404), (f"accounts/{UUID}", 404),
    ("settings/account-membership", 404), ("catalogs", 404), ("authentication-realms/REALM/password-profiles", 404),
    ("accounts/ACCOUNT/account-memberships/unassigned-account-members", 404)])
def test_what_is_not_there(docs, path, status):
    path = path.replace("REALM", docs.realm).replace("ACCOUNT", docs.account)
    assert status_of(docs, "/v2/" + path) == status


def test_filters(docs):
    people, companies = docs.stored("members"), docs.stored("accounts")
    plain = next(one for one in people if one["name"].replace(" ", "").isalpha() and one["name"].isascii())
    name = plain["name"]
    assert " " in name

    def members(words):
        return [row["id"] for row in rows(docs, "/v2/account-members", filter=words)]

    def accounts(words):
        return [row["id"] for row in rows(docs, "/v2/accounts", filter=words)]
    assert plain["id"] in members(f"ilike(name,{name.upper()})")
    assert plain["id"] in members(f"ilike(name,*{name[2:]})")
    both = {people[3]["id"], people[4]["id"]}
    one, two = (f"ilike(email,\"{people[i]['email']}\")" for i in (3, 4))
    assert set(members(f"or({one},{two})")) == set(members(f"({one}|{two})")) == both
    assert members(f"or({one},{two}):{two}") == [people[4]["id"]]
    assert members(f"{one}:{two}") == []
    null = [row["id"] for row in companies if row["registration_id"] is None]
    assert null and accounts("is_null(registration_id)") == null
    assert accounts("is_null(parent_id)") == [row["id"] for row in companies]
    row = rows(docs, f"/v2/accounts/{docs.account}/account-memberships")[-1]
    member = row["relationships"]["account_member"]["data"]["id"]
    found = rows(docs, f"/v2/accounts/{docs.account}/account-memberships", filter=f"eq(account_member_id,{member})")
    assert [one["id"] for one in found] == [row["id"]]
    for words in ("or(", "or()", f"or({one}", f"({one},{two})", f"or({one}|{two})", "is_null(email)", "is_null(parent_id,x)",
                  f"or({one}){two}", ":".join([one] * 11)):
        assert status_of(docs, "/v2/account-members?" + urllib.parse.urlencode({"filter": words})) == 400, words


@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_trimming(users, shop, profile):  # noqa: F811
    v = users()
    v.box.settings(trim=True)
    assert v.put(7, firstname="  Jane ", lastname="Doe\t")[0] == 200
    assert (v.box.user(7)["firstname"], v.box.user(7)["lastname"]) == ("Jane", "Doe")
    v = shop(profile=profile)
    v.box.settings(trim=True)
    assert v.write("PUT", f"/v2/accounts/{v.account}", "account", name=" Acme  ")[0] == 200
    assert v.data(f"/v2/accounts/{v.account}")["name"] == "Acme"


@pytest.mark.parametrize(("how", "status"), [("404", 404), ("405", 405)])
def test_no_gets_of_items(users, shop, how, status):  # noqa: F811
    v = users()
    v.box.settings(item_gets=how)
    assert status_of(v, "/user/7") == status and status_of(v, "/user/self") == 200 and len(v.rows()) > 6
    v = shop(profile="documents")
    v.box.settings(item_gets=how)
    assert status_of(v, f"/v2/account-members/{v.member}") == status
    assert status_of(v, "/v2/settings/account-authentication") == 200


def test_lists_without_inactive_users(users):  # noqa: F811
    v = users()
    inactive = [user["user_id"] for user in v.box.control("GET", "users") if user["status"] == "inactive"]
    v.box.settings(omit_inactive=True)
    listed = [row["user_id"] for row in v.rows()]
    assert inactive and not set(inactive) & set(listed)
    assert status_of(v, f"/user/{inactive[0]}") == 200
