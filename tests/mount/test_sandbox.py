# SPDX-License-Identifier: Apache-2.0
"""The sandbox by itself: what tests order of it, seen over HTTP without a mount."""

import base64
import http.client
import json
import threading
import urllib.parse

import pytest

from harness import SCALE, wait_until

KEYS = {"X-Application-Key": "sandbox-application-key-CANARY-3f9c1e",
        "X-User-Api-Key": "sandbox-user-api-key-CANARY-b7420d"}
PERSON = {"firstname": "A", "lastname": "B", "email": "new@example.com", "password": "12345678"}
FOREVER = 120000


class Client:
    """A client of one vendor. Kinds of objects are reached by the same names at both."""

    def __init__(self, box):
        self.box = box
        self.headers = {}

    def ask(self, method, path, body=None, headers=None, timeout=20):
        """(status, JSON or text, headers); a connection that was closed without an answer raises."""
        connection = http.client.HTTPConnection(*self.box.address, timeout=timeout * SCALE)
        head = dict(self.headers)
        if isinstance(body, dict):
            head["Content-Type"] = "application/json"
            body = json.dumps(body)
        try:
            connection.request(method, path, body, {**head, **(headers or {})})
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        value = json.loads(text) if text.startswith(("{", "[")) else text
        return answer.status, value, answer.headers

    def get(self, path, **rest):
        status, value, _ = self.ask("GET", path, **rest)
        assert status == 200, (status, value)
        return value


class Partnerize(Client):
    def __init__(self, box):
        super().__init__(box)
        self.headers = KEYS

    def user(self, ident=7):
        return self.get(f"/user/{ident}")["user"]

    def put(self, ident=7, **change):
        """A full replacement by the newest state, as a client without a stale GET would send it."""
        record = {key: value for key, value in self.box.user(ident).items()
                  if key not in ("user_id", "created_at", "updated_at") and not key.startswith("_")}
        return self.ask("PUT", f"/user/{ident}", {**record, **change})

    def rows(self):
        return self.get("/user?page=1&count=100")["users"]


class ElasticPath(Client):
    def __init__(self, box):
        super().__init__(box)
        form = {"grant_type": "client_credentials", "client_id": "sandbox-client-id-CANARY-5a81",
                "client_secret": "sandbox-client-secret-CANARY-9d27"}
        status, token, _ = self.ask("POST", "/oauth/access_token", urllib.parse.urlencode(form),
                                    {"Content-Type": "application/x-www-form-urlencoded"})
        assert status == 200
        self.headers = {"Authorization": "Bearer " + token["access_token"]}
        self.account = self.stored("accounts")[0]["id"]
        self.member = self.stored("members")[4]["id"]
        self.realm = self.stored("realms")[0]["id"]
        self.theirs = f"/v2/accounts/{self.account}/account-memberships"
        self.own = f"/v2/account-members/{self.member}/account-memberships"

    def stored(self, kind):
        return self.box.control("GET", "elasticpath/" + kind)

    def data(self, path):
        return self.get(path)["data"]

    def write(self, method, path, kind, **fields):
        return self.ask(method, path, {"data": {"type": kind, **fields}})


@pytest.fixture
def users(sandbox):
    def start(**options):
        return Partnerize(sandbox(**{"users": 25, **options}))
    return start


@pytest.fixture
def shop(sandbox):
    def start(**options):
        return ElasticPath(sandbox(users=5, vendors="partnerize,elasticpath", members=45, accounts=4,
                                   **options))
    return start


def ids(rows):
    return [row.get("user_id", row.get("id")) for row in rows]


# ---- reads that lag ----

def test_lag(users):
    v = users()
    before, rows = v.user(), v.rows()
    v.box.settings(read_lag_ms=FOREVER)
    status, answer, _ = v.put(timezone="Europe/Oslo")
    assert status == 200 and answer["user"]["timezone"] == "Europe/Oslo"
    v.box.patch(7, {"status": "inactive"})
    v.box.patch(8, {"lastname": "Changed"})
    assert v.user() == before and v.rows() == rows
    assert v.box.user(7)["status"] == "inactive"
    v.box.settings(read_lag_ms=0)
    after = v.user()
    assert (after["status"], after["timezone"]) == ("inactive", "Europe/Oslo")
    assert after["updated_at"] != before["updated_at"]
    assert [row for row in v.rows() if row["user_id"] == "7"] == [after]


@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_lag_ends(sandbox, profile):
    box = sandbox(users=25, profile=profile, vendors="partnerize,elasticpath", members=20)
    v = ElasticPath(box)
    path = f"/v2/account-members/{v.member}"
    box.settings(read_lag_ms=300)
    box.control("PATCH", f"elasticpath/members/{v.member}", {"name": "Changed"})
    wait_until(lambda: v.data(path)["name"] == "Changed", 20 * SCALE, "the end of the lag")


def test_lag_of_users_made_and_removed(users):
    v = users()
    before = v.rows()
    v.box.settings(read_lag_ms=FOREVER)
    status, made, _ = v.ask("POST", "/user", PERSON)
    ident = made["user"]["user_id"]
    assert status == 201 and v.ask("GET", f"/user/{ident}")[0] == 404
    assert v.put(ident, lastname="C")[0] == 200, "writes work on the newest state"
    assert v.ask("DELETE", "/user/9")[0] == 200
    v.box.delete(3)
    v.box.control("POST", "users", {"user_id": "3", "email": "again@example.com"})
    assert v.user(9)["user_id"] == "9" and v.user(3) == before[2] and v.rows() == before
    assert v.ask("DELETE", "/user/9")[0] == 404
    v.box.settings(read_lag_ms=0)
    assert v.ask("GET", "/user/9")[0] == 404 and v.user(ident)["lastname"] == "C"
    want = [row for row in ids(before) if row not in ("3", "9")] + [ident, "3"]
    assert ids(v.rows()) == want


def test_lag_of_the_total(users):
    v = users(profile="documents")
    v.headers = {"Authorization": "Basic " + basic()}
    v.box.settings(read_lag_ms=FOREVER)
    v.box.delete(9)
    v.box.control("POST", "users", {"user_id": "77", "email": "a@example.com"})
    v.box.control("POST", "users", {"user_id": "78", "email": "b@example.com"})
    page = v.get("/user?limit=100&offset=0")
    assert page["count"] == 25 and len(page["users"]) == 25
    v.box.settings(read_lag_ms=0)
    page = v.get("/user?limit=100&offset=0")
    assert page["count"] == 26 and len(page["users"]) == 26


def basic():
    return base64.b64encode(":".join(KEYS.values()).encode()).decode()


def test_lag_of_one_kind(users):
    v = users()
    before = v.user()
    v.box.settings(read_lag_ms=FOREVER, read_lag_kinds="items")
    v.box.patch(7, {"status": "suspended"})

    def shown():
        return v.user()["status"], v.rows()[6]["status"]
    assert shown() == (before["status"], "suspended")
    v.box.settings(read_lag_kinds="lists")
    assert shown() == ("suspended", before["status"])
    v.box.settings(read_lag_kinds="all")
    assert shown() == (before["status"], before["status"])


def test_lag_of_self(users):
    v = users()
    v.box.settings(read_lag_ms=FOREVER)
    v.box.patch(1, {"lastname": "Changed"})
    assert v.get("/user/self")["user"]["lastname"] != "Changed"
    v.box.settings(read_lag_ms=0)
    assert v.get("/user/self")["user"]["lastname"] == "Changed"


def test_replicas_that_lag_differently(users):
    v = users()
    v.box.settings(read_lag_ms=2000, read_lag_random=True)
    number = 0

    def went_back():
        """A newer state was shown, then an older one."""
        nonlocal number
        number += 1
        v.box.patch(7, {"lastname": f"N{number}"})
        wait_until(lambda: v.user()["lastname"] == f"N{number}", 20 * SCALE, "the newest state", 0.01)
        return v.user()["lastname"] != f"N{number}"
    wait_until(went_back, 40 * SCALE, "a replica that is further behind", 0)


def in_threads(*works):
    """Run all at once; the first one's end is the others' (they are given a function that tells it)."""
    ended = threading.Event()
    problems = []

    def run(work):
        try:
            work(ended.is_set)
        except Exception as problem:  # an assertion, too, must reach the test
            problems.append(problem)
        if work is works[0]:
            ended.set()
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60 * SCALE)
    assert not problems and not any(thread.is_alive() for thread in threads), problems


@pytest.mark.parametrize("vendor", ["partnerize", "elasticpath"])
def test_a_lagging_list_is_a_state_that_there_was(users, shop, vendor):
    """Rows 7 and 8 are changed in turn, and a row is made and removed: no list mixes two moments."""
    if vendor == "partnerize":
        v, kind, name = users(), "users", "lastname"
        new = {"user_id": "99", name: "0"}
    else:
        v, kind, name = shop(), "elasticpath/members", "name"
        new = {"id": "99", name: "0"}
    first, second = (ids(v.box.control("GET", kind))[place] for place in (6, 7))
    v.box.settings(read_lag_ms=30, read_lag_random=True)

    def write(_ended):
        for turn in range(150):
            v.box.control("PATCH", f"{kind}/{first}", {name: str(turn)})
            v.box.control("POST", kind, new)
            v.box.control("PATCH", f"{kind}/{second}", {name: str(turn)})
            v.box.control("DELETE", f"{kind}/99")

    def read(ended):
        while not ended():
            rows = v.rows() if vendor == "partnerize" else v.data("/v2/account-members?page[limit]=100")
            shown = {row.get("user_id", row.get("id")): row[name] for row in rows}
            assert list(shown)[6:8] == [first, second]
            if shown[first].isdigit() and shown[second].isdigit():
                assert 0 <= int(shown[first]) - int(shown[second]) <= 1
                assert "99" not in shown or list(shown)[-1] == "99"
            v.ask("GET", "/user/99")
    in_threads(write, read, read, read)
    assert "99" not in ids(v.box.control("GET", kind))


@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_lag_of_a_shop(shop, profile):
    v = shop(profile=profile)
    realm = f"/v2/authentication-realms/{v.realm}"
    paths = ["/v2/account-members?page[limit]=100", f"/v2/account-members/{v.member}", "/v2/accounts",
             f"/v2/accounts/{v.account}", v.theirs, v.own, realm, "/v2/authentication-realms",
             realm + "/oidc-profiles", realm + "/user-authentication-info?page[limit]=100",
             f"{realm}/user-authentication-info/{v.member}", "/v2/settings/account-authentication",
             "/v2/account-members?page[limit]=100&sort=-updated_at"]
    before = {path: v.get(path) for path in paths}
    membership = v.data(v.own)[0]
    assert len(v.data(v.own)) == 3
    v.box.settings(read_lag_ms=FOREVER)
    v.box.control("PATCH", f"elasticpath/members/{v.member}", {"name": "Changed"})
    v.box.control("PATCH", f"elasticpath/accounts/{v.account}", {"name": "Changed"})
    v.box.control("PATCH", f"elasticpath/realms/{v.realm}", {"name": "Changed"})
    v.box.control("PATCH", "elasticpath/settings", {"enable_self_signup": False})
    v.box.control("DELETE", "elasticpath/oidc-profiles/" + v.stored("oidc-profiles")[0]["id"])
    stored = v.stored("memberships")
    for row in stored:
        if json.dumps(row).count(v.member):
            v.box.control("DELETE", "elasticpath/memberships/" + row["id"])
    for path in paths:
        assert v.get(path) == before[path], path
    v.box.settings(read_lag_ms=0)
    changed = [path for path in paths if v.get(path) != before[path]]
    assert set(paths) - set(changed) <= {v.theirs}
    assert v.data(v.own) == [] and membership["id"] not in [row["id"] for row in v.stored("memberships")]


def test_lag_of_an_account_that_is_gone(shop):
    v = shop()
    before = v.get(v.theirs), v.get("/v2/accounts"), v.get(v.own)
    one = v.data(v.theirs)[0]["id"]
    v.box.settings(read_lag_ms=FOREVER)
    assert v.ask("DELETE", f"/v2/accounts/{v.account}")[0] == 204
    assert (v.get(v.theirs), v.get("/v2/accounts"), v.get(v.own)) == before
    assert v.data(f"{v.theirs}/{one}")["id"] == one
    v.box.settings(read_lag_ms=0)
    assert v.ask("GET", v.theirs)[0] == 404
    assert v.account not in ids(v.data("/v2/accounts"))


def test_lag_of_a_new_membership(shop):
    v = shop()
    lonely = v.stored("members")[19]["id"]  # has none
    v.box.settings(read_lag_ms=FOREVER)
    status, answer, _ = v.write("POST", v.theirs, "account_membership", account_member_id=lonely)
    one = f"{v.theirs}/{answer['data']['id']}"
    assert status == 201 and v.ask("GET", one)[0] == 404
    assert v.data(f"/v2/account-members/{lonely}/account-memberships") == []
    assert v.ask("DELETE", one)[0] == 204
    v.box.settings(read_lag_ms=0)
    assert v.ask("GET", one)[0] == 404


# ---- one stale answer ----

def test_stale(users):
    v = users()
    before, rows = v.user(), v.rows()
    v.box.fault(method="GET", path="/user/7", fault="stale")
    assert v.put(timezone="Asia/Tokyo")[0] == 200, "it is for reads alone"
    assert v.user() == before and v.user()["timezone"] == "Asia/Tokyo"
    v.box.patch(7, {"status": "inactive"})
    v.box.fault(method="GET", path="/user*", fault="stale", times=2)
    assert v.user()["status"] == "active" and v.user()["timezone"] == "Asia/Tokyo"
    assert v.user()["status"] == "inactive"
    ident = v.ask("POST", "/user", PERSON)[1]["user"]["user_id"]
    v.ask("DELETE", "/user/9")
    v.box.fault(method="GET", path="/user", fault="stale")
    want = [dict(row, timezone="Asia/Tokyo", updated_at="") if row["user_id"] == "7" else row for row in rows]
    assert [dict(row, updated_at="") if row["user_id"] == "7" else row for row in v.rows()] == want
    v.box.fault(method="GET", fault="stale", times=2)
    assert v.ask("GET", f"/user/{ident}")[0] == 404 and v.user(9) == rows[8]
    assert v.ask("GET", f"/user/{ident}")[0] == 200 and v.ask("GET", "/user/9")[0] == 404


def test_stale_memberships(shop):
    v = shop()
    before = v.data(v.own)
    ends = [row["id"] for row in before]
    for ident in ends:
        v.box.control("DELETE", "elasticpath/memberships/" + ident)
    v.box.fault(method="GET", path=v.own, fault="stale", skip=1)
    assert v.data(v.own) == [] and v.data(v.own) == before and v.data(v.own) == []


# ---- timestamps ----

def test_stamps(users):
    v = users()
    seeded = v.user()["updated_at"]
    v.box.settings(stamps="frozen")
    v.put(timezone="Asia/Tokyo")
    v.box.patch(7, {"lastname": "Changed"})
    assert v.user()["updated_at"] == seeded and v.user()["lastname"] == "Changed"
    v.box.settings(stamps="ms")
    seen = set()

    def has_fraction():
        v.box.patch(7, {"lastname": f"Changed {len(seen)}"})
        seen.add(v.user()["updated_at"][-5:])
        return seen != {".000Z"}
    wait_until(has_fraction, 20 * SCALE, "a time between two seconds")
    assert all(words[0] == "." for words in seen)
    v.box.settings(stamps="tick")
    v.put(timezone="Europe/Oslo")
    assert v.user()["updated_at"].endswith(":00Z") and v.user()["updated_at"] > seeded
    v.box.settings(stamps="none")
    assert "updated_at" not in v.user() and "updated_at" not in v.rows()[6]
    assert "created_at" in v.user() and "updated_at" in v.box.user(7)


@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_stamps_of_a_shop(shop, profile):
    v = shop(profile=profile)
    path = f"/v2/accounts/{v.account}"
    account = v.data(path)

    def stamp():
        return v.data(path)["meta"]["timestamps"]["updated_at"]

    def rename(name):
        status, _, _ = v.write("PUT", path, "account", name=name)
        assert status == 200
    v.box.settings(stamps="frozen")
    rename("A")
    assert stamp() == account["meta"]["timestamps"]["updated_at"]
    v.box.settings(stamps="tick")
    rename("B")
    assert stamp().endswith(":00Z" if profile == "guide" else ":00.000Z")
    v.box.settings(stamps="seconds")
    rename("C")
    assert stamp().endswith(".000Z") == (profile == "documents")
    v.box.settings(stamps="ms")
    rename("D")
    assert "." in stamp()
    v.box.settings(stamps="none", put_answer="full")
    realm = f"/v2/authentication-realms/{v.realm}"
    for shown in [path, "/v2/accounts", "/v2/account-members", v.own + "?include=account", realm,
                  realm + "/user-authentication-info", "/v2/settings/account-authentication"]:
        assert "updated_at" not in json.dumps(v.get(shown)), shown
    assert "updated_at" not in json.dumps(v.write("PUT", path, "account", name="E")[1])
    assert "created_at" in json.dumps(v.get(path))


def test_an_answer_without_a_stamp(users, shop):
    v = users(put_answer="unstamped")
    answer = v.put(timezone="Asia/Tokyo")[1]["user"]
    assert "updated_at" not in answer and answer["timezone"] == "Asia/Tokyo"
    assert "updated_at" in v.user()
    for profile in ("guide", "documents"):
        v = shop(put_answer="unstamped", profile=profile)
        path = f"/v2/accounts/{v.account}"
        answer = v.write("PUT", path, "account", name="New")[1]["data"]
        assert answer["name"] == "New" and "updated_at" not in json.dumps(answer)
        assert "updated_at" in json.dumps(v.data(path))


# ---- writes that are applied late ----

def last(v, **want):
    """The newest journal entry with these values."""
    return [entry for entry in v.box.journal() if all(entry[key] == want[key] for key in want)][-1]


def send_and_leave(v, ident=7, **change):
    """A PUT whose client gets no answer."""
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        v.put(ident, **change)


def test_a_late_write(users):
    v = users()
    v.box.fault(method="PUT", path="/user/7", fault="late", ms=3600000, body="drop")
    send_and_leave(v, timezone="Asia/Tokyo")
    assert v.user()["timezone"] != "Asia/Tokyo"
    assert last(v, method="PUT")["state"] == "pending" and last(v, method="PUT")["status"] == 0
    assert v.put(status="inactive")[0] == 200
    v.box.clear_faults()
    assert last(v, method="PUT", state="pending")["status_sent"] == "active"
    v.box.release()
    entry = last(v, method="PUT", state="applied")
    assert entry["late_status"] == 200 and entry["applied_us"] > entry["t_us"]
    assert v.user()["status"] == "active" and v.user()["timezone"] == "Asia/Tokyo"


def test_a_late_write_in_time(users):
    v = users()
    v.box.fault(fault="late", ms=300, body="drop", times=2)
    assert v.user()["status"] == "active", "a read is not late"
    send_and_leave(v, status="inactive")
    wait_until(lambda: v.user()["status"] == "inactive", 20 * SCALE, "the late write")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        v.ask("DELETE", "/user/9")
    wait_until(lambda: v.ask("GET", "/user/9")[0] == 404, 20 * SCALE, "the late deletion")
    times = last(v, method="DELETE")
    assert times["applied_us"] - times["t_us"] >= 300000


def test_a_late_write_of_a_client_that_waits(users):
    v = users()
    v.box.fault(method="PUT", fault="late", ms=100)
    client = threading.Thread(target=send_and_leave, args=(v,), kwargs={"status": "inactive"})
    client.start()
    wait_until(lambda: v.user()["status"] == "inactive", 20 * SCALE, "the late write")
    assert client.is_alive() and last(v, method="PUT")["held"]
    v.box.release()
    client.join(20 * SCALE)
    assert not client.is_alive() and last(v, method="PUT")["state"] == "applied"


def test_a_late_write_that_is_refused(users):
    v = users(etag_style="strong")
    tag = v.ask("GET", "/user/7")[2]["ETag"]
    v.box.fault(method="PUT", fault="late", ms=3600000, body="drop")
    v.headers = {**v.headers, "If-Match": tag}
    send_and_leave(v, timezone="Asia/Tokyo")
    v.box.patch(7, {"status": "inactive"})
    v.box.release()
    assert last(v, method="PUT")["state"] == "refused" and last(v, method="PUT")["late_status"] == 412
    assert v.user()["status"] == "inactive"


def test_a_late_write_of_a_shop(shop):
    v = shop()
    lonely = v.stored("members")[19]["id"]
    v.box.fault(method="POST", path="/v2/accounts/*", fault="late", ms=3600000, body="drop")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        v.write("POST", v.theirs, "account_membership", account_member_id=lonely)
    own = f"/v2/account-members/{lonely}/account-memberships"
    assert v.data(own) == []
    v.box.release()
    assert len(v.data(own)) == 1 and last(v, method="POST")["late_status"] == 201


def test_late_writes_end_with_the_sandbox(users):
    v = users()
    v.box.fault(method="PUT", fault="late", ms=3600000, body="drop")
    send_and_leave(v, status="inactive")
    v.box.fault(method="GET", fault="colleague", ms=3600000, user=7, body={"lastname": "Late"})
    assert v.user()["lastname"] != "Late"


# ---- a colleague at a given moment ----

def test_a_colleague(users):
    v = users()
    v.box.fault(method="PUT", path="/user/7", fault="colleague", user="7", body={"phone": "1"})
    v.box.fault(method="PUT", path="/user/7", fault="colleague_after", user=7, body={"status": "inactive"})
    before = v.user()
    answer = v.put(timezone="Asia/Tokyo")
    assert answer[0] == 200 and answer[1]["user"]["timezone"] == "Asia/Tokyo"
    after = v.user()
    assert after["status"] == "inactive" and after["timezone"] == "Asia/Tokyo"
    assert "1" not in (before.get("phone"), after.get("phone")), "the PUT came after it, and replaced it"
    assert last(v, method="PUT")["colleague_status"] == 200
    v.put(status="active")
    assert v.user()["status"] == "active", "each order is used once"


def test_a_colleague_beside_another_fault(users):
    v = users()
    v.box.fault(method="PUT", fault="status", status=429, retry_after=4)
    v.box.fault(method="PUT", fault="colleague", user=7, body={"status": "inactive"}, ms=200)
    status, _, headers = v.put(timezone="Asia/Tokyo")
    assert status == 429 and headers["Retry-After"] == "4"
    wait_until(lambda: v.user()["status"] == "inactive", 20 * SCALE, "the colleague's change")
    v.box.fault(method="PUT", fault="drop")
    v.box.fault(method="PUT", fault="colleague", target="users/8", change="DELETE")
    send_and_leave(v)
    assert v.ask("GET", "/user/8")[0] == 404
    v.box.fault(method="GET", path="/user", fault="colleague", target="users", change="POST",
                body={"user_id": "80"}, skip=1)
    assert "80" not in ids(v.rows()) and "80" in ids(v.rows())
    v.box.fault(method="GET", fault="colleague_after", target="users/nobody", body={})
    v.user()
    assert last(v, method="GET")["colleague_status"] == 404


def test_a_colleague_in_a_shop(shop):
    v = shop()
    one = v.data(v.own)[0]["id"]
    v.box.fault(method="GET", path=v.own, fault="colleague_after", change="DELETE",
                target="elasticpath/memberships/" + one)
    assert len(v.data(v.own)) == 3 and len(v.data(v.own)) == 2
    v.box.fault(method="PUT", fault="colleague", target="elasticpath/settings", body={"enable_self_signup": False})
    v.box.fault(method="PUT", fault="status", status=503)
    assert v.write("PUT", "/v2/settings/account-authentication", "account_authentication_settings")[0] == 503
    assert v.data("/v2/settings/account-authentication")["enable_self_signup"] is False


def test_orders_are_read_strictly(users):
    v = users()
    for wrong in ({"fault": "late"}, {"fault": "colleague"}, {"fault": "colleague", "user": []},
                  {"fault": "colleague", "user": "7", "change": "PUT"}, {"fault": "stale", "path": 1.5}):
        assert v.box.ask("POST", "/__sandbox/faults", wrong)[0] == 400, wrong
    for right in ({"fault": "late", "ms": 1}, {"fault": "colleague", "user": 7, "change": "DELETE"}):
        assert v.box.ask("POST", "/__sandbox/faults", right)[0] == 200, right


# ---- a limited number of requests ----

def test_limiter(users):
    v = users()
    v.box.settings(limit_requests=2, limit_window_ms=3600000)
    path = "/user/7"
    answers = [v.ask("GET", path) for _ in range(4)]
    assert [answer[0] for answer in answers] == [200, 200, 429, 429]
    assert "Retry-After" not in answers[2][2]
    assert [entry["status"] for entry in v.box.journal()] == [200, 200, 429, 429]
    for after, shown in ((7, "7"), ("Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:59 GMT")):
        v.box.settings(limit_retry_after=after)
        assert v.put(lastname="X")[2]["Retry-After"] == shown
    v.box.fault(method="GET", fault="html", times=1)
    v.box.fault(method="GET", fault="colleague", user=7, body={"lastname": "Theirs"})
    v.box.settings(limit_retry_after=None)
    assert v.ask("GET", path)[0] == 429, "it takes no fault with it, but the colleague's"
    assert v.box.user(7)["lastname"] == "Theirs"
    v.box.clear_faults()
    v.box.settings(limit_window_ms=1)
    wait_until(lambda: v.ask("GET", path)[0] == 200, 20 * SCALE, "another window")
    v.box.settings(limit_requests=0)
    assert [v.ask("GET", path)[0] for _ in range(5)] == [200] * 5


def test_limiter_lets_tokens_pass(shop):
    v = shop()
    v.box.settings(limit_requests=1, limit_window_ms=3600000)
    assert [ElasticPath(v.box).ask("GET", v.own)[0] for _ in range(3)] == [200, 429, 429]


# ---- entity tags ----

def tags(v, path, body, accept="identity"):
    """The ETag of a GET, and the status of a PUT with it as If-Match."""
    tag = v.ask("GET", path, headers={"Accept-Encoding": accept})[2]["ETag"]
    return tag, v.ask("PUT", path, body, {"If-Match": tag})[0]


@pytest.mark.parametrize("vendor", ["partnerize", "elasticpath"])
def test_etags(users, shop, vendor):
    if vendor == "partnerize":
        v = users()
        path, body = "/user/7", {"firstname": "A", "lastname": "B", "email": "a@example.com"}
    else:
        v = shop()
        path, body = f"/v2/accounts/{v.account}", {"data": {"type": "account", "name": "A"}}
    assert v.ask("GET", path)[2]["ETag"] is None
    assert v.ask("PUT", path, body, {"If-Match": '"v9"'})[0] == 200
    want = {"strong": ('"v2"', 200), "weak": ('W/"v2"', 412), "garbage": ('"v\t2"', 412), "unquoted": ("v2", 412),
            "lie": ('"v2"', 412), "unchecked": ('"v2"', 200), "gzip": ('"v2"', 200)}
    for style, (tag, status) in want.items():
        v.box.settings(etag_style=style)
        assert tags(v, path, body) == (tag, status), style
        assert v.ask("PUT", path, body)[0] == 200, "without If-Match it passes"
        assert v.ask("PUT", path, body, {"If-Match": "*"})[0] == (412 if style == "lie" else 200)
    for accept in ("gzip", "deflate, gzip;q=0.5", "*", "GZIP, br"):
        v.box.settings(etag_style="gzip")
        assert tags(v, path, body, accept=accept) == ('"v2-gzip"', 412)
        v.box.settings(etag_style="gzip_weak")
        assert tags(v, path, body, accept=accept) == ('W/"v2"', 412)
    for accept in ("identity", "gzip;q=0", "gzip; q=0.000, br", "deflate"):
        assert tags(v, path, body, accept=accept) == ('"v2"', 200)
    v.box.settings(etag_style="unchecked")
    assert v.ask("PUT", path, body, {"If-Match": '"v77"'})[0] == 200
    v.box.settings(etag_style="off")
    v.box.fault(fault="etag")
    assert v.ask("PUT", path, body)[0] == 412 and tags(v, path, body) == ('"v2"', 200)
    v.box.clear_faults()
    assert v.ask("PUT", path, body)[0] == 200


def test_etag_of_a_stale_answer(users):
    v = users(etag_style="strong")
    v.box.patch(7, {"lastname": "New"})
    v.box.fault(method="GET", fault="stale")
    assert v.ask("GET", "/user/7")[2]["ETag"] == '"v1"'
    assert v.ask("GET", "/user/7")[2]["ETag"] == '"v2"'


# ---- the journal ----

def test_journal(users, shop):
    v = users()
    v.user()
    v.put(status="inactive", password="CANARY-secret")
    v.ask("GET", "/user/a%2Fb")
    v.rows()
    get, put, other, rows = v.box.journal()
    assert get["t_us"] <= get["end_us"] <= put["t_us"] <= put["end_us"] <= other["t_us"]
    assert get["t_us"] // 1000 == get["t_ms"] and isinstance(get["t_us"], int)
    assert [entry["id"] for entry in (get, put, other, rows)] == ["7", "7", "a/b", None]
    assert (get["status_sent"], put["status_sent"]) == (None, "inactive")
    assert "CANARY" not in json.dumps(put)
    v = shop()
    v.write("PUT", f"/v2/accounts/{v.account}", "account", name="A", status="blocked")
    assert last(v, method="PUT")["id"] == v.account and last(v, method="PUT")["status_sent"] == "blocked"


def test_settings_are_read_strictly(users):
    v = users()
    for wrong in ({"stamps": "often"}, {"read_lag_ms": -1}, {"read_lag_ms": FOREVER + 1},
                  {"read_lag_kinds": "some"}, {"etag_style": "odd"}, {"limit_retry_after": "x" * 64}, {"read_lag_random": 1}, {"no_such": 1}):
        assert v.box.ask("PUT", "/__sandbox/settings", wrong)[0] == 400, wrong
    v.box.settings(read_lag_ms=5, read_lag_kinds="lists", stamps="none")
    now = v.box.control("GET", "settings")
    assert (now["read_lag_ms"], now["read_lag_kinds"], now["stamps"]) == (5, "lists", "none")


@pytest.mark.parametrize("eq_any_case", [False, True])
def test_eq_of_an_email(shop, eq_any_case):
    """The vendor tells capitals from small letters, unless the switch says otherwise."""
    v = shop(eq_any_case=eq_any_case)
    v.box.control("POST", "elasticpath/members", {"id": "m-1", "type": "account_member", "email": "Jane@Example.com"})
    for op, email, found in (("eq", "Jane@Example.com", True), ("eq", "jane@example.com", eq_any_case),
                             ("like", "jane@example.com", False)):
        words = urllib.parse.urlencode({"filter": f'{op}(email,"{email}")'})
        assert ids(v.data("/v2/account-members?" + words)) == (["m-1"] if found else [])
