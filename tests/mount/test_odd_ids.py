# SPDX-License-Identifier: Apache-2.0
"""Users whose ids have what no file name can hold: a NUL byte, half a surrogate pair, a control character."""

import csv
import json
import os
import urllib.parse

import pytest

import raw_vendor
from audit_log import ends
from ep_store import fails

pytestmark = pytest.mark.no_tsan

# the id as JSON, in names and URLs, in a cell of a table
IDS = {"NUL": ("a\\u0000b", "a%00b", "a\\u0000b"), "NUL alone": ("\\u0000", "%00", "\\u0000"),
       "half": ("\\ud83d", "%ED%A0%BD", "\\ud83d"), "control": ("a\\u001a0", "a%1A0", "a\x1a0")}
JANE = "jane@example.com"


@pytest.fixture(name="vendor")
def _vendor():
    with raw_vendor.vendor() as server:
        yield server


@pytest.mark.parametrize("kind", IDS)
def test_all_ways(mount, vendor, test_dir, kind):
    text, name, cell = IDS[kind]
    key = urllib.parse.unquote(name)
    vendor.lists["/user"][key] = (f'{{"user_id":"{text}","firstname":"Jane","lastname":"L","email":"{JANE}",'
                                  '"status":"active"}')
    vendor.lists["/v2/account-members"][key] = f'{{"id":"{text}","type":"account_member","name":"J","email":"{JANE}"}}'
    vendor.lists["/v2/accounts/a1/account-memberships"] = {}
    audit = test_dir / "audit.jsonl"
    audit.parent.mkdir(parents=True, exist_ok=True)
    m = mount(config=raw_vendor.config(vendor, f"[rosterfs]\naudit_log = {audit}\n").replace(
        "[elasticpath]\n", "lag = 0\n[elasticpath]\nlag = 0\nallow_delete = yes\n"))
    user = m.path / f"partnerize/{name}.json"

    # by name alone, then by the list
    assert json.loads(user.read_text())["user_id"] == json.loads(f'"{text}"')
    assert f"{name}.json" in os.listdir(m.path / "partnerize")
    assert os.readlink(m.path / f"by-email/{JANE}/partnerize.json") == f"../../partnerize/{name}.json"
    assert json.loads((m.path / f"by-email/{JANE}/elasticpath.json").read_text())["name"] == "J"

    with open(m.path / "tables/partnerize.csv", encoding="utf-8", newline="") as file:
        assert [row["user_id"] for row in csv.DictReader(file) if row["email"] == JANE] == [cell]
    assert f'"user_id":"{text}"'.lower() in (m.path / "tables/partnerize.jsonl").read_text().lower()
    with open(m.path / "tables/people.csv", encoding="utf-8", newline="") as file:
        person, = (row for row in csv.DictReader(file) if row["email"] == JANE)
    assert person["partnerize.id"] == person["elasticpath.id"] == cell

    (m.path / f"partnerize/{name}.status").write_text("inactive\n")
    user.write_text('{"lastname": "New"}')
    assert [place for place, _ in vendor.bodies] == [f"PUT /user/{key}"] * 2
    record = json.loads(user.read_text())
    assert (record["lastname"], record["status"]) == ("New", "inactive")
    assert [line["id"] for line in ends(audit)] == [json.loads(f'"{text}"')] * 2

    # the id in the body of a request
    os.symlink(f"../../../{name}.json", m.path / f"elasticpath/accounts/a1/members/{name}.json")
    place, body = vendor.bodies[-1]
    assert place == "POST /v2/accounts/a1/account-memberships"
    assert json.loads(body)["data"]["account_member_id"] == json.loads(f'"{text}"')
    assert os.listdir(m.path / "elasticpath/accounts/a1/members") == [f"{name}.json"]


def test_what_is_no_id(mount, vendor):
    """The list says what is wrong, and nobody is left out."""
    vendor.lists["/user"]["x"] = '{"user_id":1.5,"firstname":"X","lastname":"L","email":"x@example.com","status":"active"}'
    m = mount(config=raw_vendor.config(vendor))
    assert fails(os.listdir, m.path / "partnerize") == "EREMOTEIO"
    assert 'row 4 has a "user_id" that is no id' in m.log()
