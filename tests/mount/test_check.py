# SPDX-License-Identifier: Apache-2.0
"""--check: what it asks of each vendor, what it says about it, and its exit status."""

import errno
import json
import os
import subprocess

import pytest

import harness


def run(words, env, timeout=60):
    command = harness.Command([str(word) for word in words], None, None, env)
    try:
        return command.finish(timeout)
    finally:
        command.close()


@pytest.fixture
def check(env, test_dir):
    """check(BOX, {section: {key: value}}, option="--check=quick") runs it: a harness.Result."""
    def start(box, extra=None, option="--check"):
        file = box.folder / "check.conf"
        file.touch(0o600)
        file.write_text(box.config(extra))
        result = run([harness.BUILD / "rosterfs", option, file], env)
        assert result.err == "", repr(result)
        return result
    return start


def verdict(result, section="partnerize"):
    """The exit status, after a look at whether the last line about SECTION says the same."""
    lines = [line for line in result.out.splitlines() if line.startswith(f"{section}: ")]
    assert lines[-1] == f"{section}: {'failed' if result.code else 'ok'}", repr(result)
    return result.code


# ---- whose the key is ----

UNTOLD = "the vendor does not tell whose the key is: GET /user/self answered "
SELF = [
    ({}, None, 0, ["the key belongs to user 1\n"]),
    ({"self_form": "flat"}, None, 0, ["the key belongs to user 1\n"]),
    ({"self_form": "data"}, None, 0, ["the key belongs to user 1\n"]),
    ({"self_form": "unknown"}, None, 1, [UNTOLD + "200 without an id", "until self_id is set"]),
    ({"no_self": True}, None, 1, [UNTOLD + "404", "until self_id is set"]),
    ({"self_form": "unknown"}, "3", 0, [UNTOLD + "200 without an id", "self_id is 3: there is such a user"]),
    ({"no_self": True}, "3", 0, [UNTOLD + "404", "self_id is 3: there is such a user"]),
    ({"no_self": True}, "9999", 1, ["self_id is 9999, but no such user is in the list"]),
    ({}, "9999", 1, ["self_id is 9999, but the key belongs to user 1"]),
    ({}, "3", 1, ["self_id is 3, but the key belongs to user 1"]),
    ({}, "1", 0, ["the key belongs to user 1\n"]),
]


@pytest.mark.parametrize(("answers", "self_id", "code", "words"), SELF)
def test_self(check, sandbox, answers, self_id, code, words):
    box = sandbox(users=5, **answers)
    result = check(box, {"partnerize": {"self_id": self_id}})
    assert verdict(result) == code, repr(result)
    for word in words:
        assert "partnerize: " + word in result.out or word in result.out, repr(result)
    if self_id not in (None, "1"):
        assert f"belongs to user {self_id}" not in result.out
    # an id is looked for in the list
    assert "GET /user/{id}" not in box.counts()


@pytest.mark.parametrize("profile", ["guide", "documents"])
@pytest.mark.parametrize("form", ["flat", "data"])
def test_self_of_a_mount(mount, sandbox, profile, form):
    m = mount(sandbox(users=25, profile=profile, self_form=form))
    assert os.readlink(m.path / "partnerize/self") == "1.json"
    with pytest.raises(OSError) as refused:
        (m.path / "partnerize/1.status").write_text("inactive")
    assert refused.value.errno == errno.EPERM
    (m.path / "partnerize/7.status").write_text("inactive\n")
    assert m.sandbox.user(7)["status"] == "inactive"


@pytest.mark.parametrize(("answers", "words"), [
    ({"self_form": "unknown"}, UNTOLD + "200 without an id"), ({"no_self": True}, UNTOLD + "404"),
    ({}, "self_id is 3, but the vendor says that the key belongs to user 1"),
])
def test_log_of_a_mount(mount, sandbox, answers, words):
    m = mount(sandbox(users=25, **answers), {"partnerize": {"self_id": "3"}})
    assert os.readlink(m.path / "partnerize/self") == ("3.json" if answers else "1.json")
    assert words in m.log()


def test_self_id_of_nobody(mount, sandbox):
    m = mount(sandbox(users=25, no_self=True), {"partnerize": {"self_id": "9999"}})
    m.sh("ls partnerize").ok()
    (m.path / "partnerize/7.status").write_text("inactive\n")
    assert "partnerize/7.status: self_id is 9999, but no such user is in the list" in m.log()


# ---- the list ----

def test_walks_everything_unless_quick(check, sandbox):
    box = sandbox(users=450, no_self=True)
    box.patch(440, {"status": "suspended"})
    whole = check(box, {"partnerize": {"self_id": "445"}})
    assert verdict(whole) == 0 and "partnerize: self_id is 445: there is such a user" in whole.out
    assert "partnerize: users can be listed\n" in whole.out and "one page only" not in whole.out
    assert "partnerize: 450 users: " in whole.out
    assert "partnerize: the list of users has 5 pages\n" in whole.out  # pages behind the last one have no rows
    assert '1 with another status, such as "suspended"' in whole.out
    assert {entry["method"] for entry in box.journal()} == {"GET"}
    box.reset()
    quick = check(box, {"partnerize": {"self_id": "445"}}, "--check=quick")
    assert verdict(quick) == 0
    assert "partnerize: users can be listed (one page only)\n" in quick.out
    assert "partnerize: 100 users on one page: " in quick.out and "the list of users has" not in quick.out
    assert "no such user is on the first page" in quick.out
    assert [entry["query"] for entry in box.journal() if entry["query"]] == ["page=1&count=100"]


@pytest.mark.parametrize("users", [5, 250])
@pytest.mark.parametrize(("fault", "words"), [
    ({"fault": "repeat_page"}, "brings only rows that came before"),
    ({"fault": "status", "status": 403, "query": "page=2"}, "answered 403: "),
])
def test_second_page(check, sandbox, users, fault, words):
    box = sandbox(users=users)
    box.fault(method="GET", path="/user", times=-1, **fault)
    result = check(box)
    assert verdict(result) == 1
    assert "partnerize: GET /user?page=" in result.out and words in result.out
    assert " answered " in result.out and "users can be listed" not in result.out
    assert verdict(check(box, option="--check=quick")) == 0


def test_empty_list(check, sandbox):
    box = sandbox(users=5)
    box.fault(fault="status", method="GET", path="/user", status=200, body='{"users": [], "count": 0}', times=-1)
    result = check(box)
    assert verdict(result) == 1 and "not even user 1" in result.out


@pytest.mark.parametrize(("without", "said"), [(4, False), (5, True)])
def test_emails(check, sandbox, without, said):
    """An email that no row has is a pointer that is wrong."""
    box = sandbox(users=5)
    rows = [{**box.user(number), **({"email": None} if number <= without else {})} for number in range(1, 6)]
    box.fault(fault="status", method="GET", path="/user", query="page=1", status=200,
              body=json.dumps({"users": rows}), times=-1)
    result = check(box)
    assert ("no user in the list has an email at email: by-email will find nobody" in result.out) == said, repr(result)
    assert verdict(result) == 0


# ---- statuses ----

@pytest.mark.parametrize(("change", "some", "words"), [
    ({"status": None}, 5, "no user has a status"),
    ({"status": None}, 4, "4 without a status"),
    ({"status": True}, 5, "only others, such as \"true\""),
    ({"status": "enabled"}, 5, 'no user has the status active or inactive, only others, such as "enabled"'),
    ({"status": "enabled"}, 4, '4 with another status, such as "enabled"'),
    ({"status": "Active"}, 5, "nobody can be deactivated"),
])
@pytest.mark.parametrize("option", ["--check", "--check=quick"])
def test_statuses(check, sandbox, change, some, words, option):
    box = sandbox(users=5)
    body = {"users": [{**box.user(number), **(change if number > 5 - some else {})} for number in range(1, 6)]}
    box.fault(fault="status", method="GET", path="/user", query="page=1", status=200, body=json.dumps(body),
              times=-1)
    if change["status"] is None:
        for row in body["users"]:
            box.fault(fault="status", method="GET", path=f"/user/{row['user_id']}", status=200, times=-1,
                      body=json.dumps({"user": row}))
    result = check(box, option=option)
    assert words in result.out, repr(result)
    assert verdict(result) == (some == 5)


# ---- a store ----

@pytest.mark.parametrize(("path", "option"), [
    ("/v2/account-members", "--check"), ("/v2/account-members", "--check=quick"), ("/v2/accounts", "--check"),
    ("/v2/accounts/*/account-memberships", "--check"),
    ("/v2/account-members/*/account-memberships", "--check=quick"),
])
def test_elasticpath(check, sandbox, path, option):
    box = sandbox(users=5, members=60, vendors="partnerize,elasticpath,cj")
    result = check(box, option=option)
    assert verdict(result) == verdict(result, "elasticpath") == 0
    assert "elasticpath: users can be listed" in result.out and "cj: kept by hand" in result.out
    if option == "--check":
        assert "elasticpath: 60 users: 57 active, 3 inactive\n" in result.out
    box.fault(fault="status", method="GET", path=path, status=403, times=-1)
    result = check(box, option=option)
    assert verdict(result, "elasticpath") == 1 and "partnerize: ok\n" in result.out
    assert " answered 403: " in result.out and path.rpartition("/")[2] in result.out


@pytest.mark.parametrize("code", [400, 401, 403, 404, 500])
def test_a_refused_token(check, sandbox, code):
    box = sandbox(users=5, members=60, vendors="partnerize,elasticpath,cj")
    box.fault(fault="status", path="/oauth/access_token", status=code, times=-1)
    result = check(box, {"elasticpath": {"retry_budget": "1"}})
    assert verdict(result, "elasticpath") == 1
    assert f"elasticpath: POST /oauth/access_token answered {code}: " in result.out


# ---- all vendors at the same time ----

def test_one_slow_vendor(sandbox, env):
    """The slow one stands first in the config: the other's lines come all the same, and at once."""
    slow, quick = sandbox(users=5), sandbox(users=5)
    file = slow.folder / "check.conf"
    file.touch(0o600)
    keys = quick.config().partition("[partnerize]")[2].partition("[cj]")[0]
    file.write_text(slow.config() + "\n[other]\ntype = partnerize\n" + keys)
    with slow.paused(), subprocess.Popen([str(harness.BUILD / "rosterfs"), "--check", str(file)], env=env,
                                         text=True, stdout=subprocess.PIPE) as process:
        lines = []
        while "other: ok\n" not in lines:
            lines.append(process.stdout.readline())
            assert lines[-1], "the end, before the quick vendor's last line"
        assert "cj: kept by hand, nothing to ask\n" in lines
        assert not [line for line in lines if line.startswith("partnerize: ")]
        process.kill()


def test_each_line_names_its_vendor(check, sandbox):
    box = sandbox(users=5, members=60, vendors="partnerize,elasticpath,cj")
    box.fault(fault="status", method="GET", path="/user/self", status=401, body='{"error": "one\\ntwo"}', times=-1)
    box.fault(fault="status", method="GET", path="/v2/accounts", status=500, times=-1)
    result = check(box, {"elasticpath": {"retry_budget": "1"}})
    assert verdict(result) == verdict(result, "elasticpath") == 1
    assert "partnerize: GET /user/self answered 401: " in result.out
    assert "elasticpath: GET /v2/accounts" in result.out and " answered 500: " in result.out
    for line in result.out.splitlines():
        assert line.startswith(("partnerize: ", "elasticpath: ", "cj: ")), line


# ---- a list without pages ----

def folder_size(m):
    return len([name for name in os.listdir(m.path / "partnerize") if name.endswith(".status")])


@pytest.mark.parametrize("paging", ["ignored", "refused"])
def test_list_without_pages(check, mount, sandbox, paging):
    box = sandbox(users=250, list_paging=paging)
    assert "\npaging = none\n" in box.config()
    result = check(box)
    assert verdict(result) == 0 and "partnerize: 250 users: " in result.out
    box.reset()
    m = mount(box)
    assert folder_size(m) == 250
    assert [(entry["path"], entry["query"]) for entry in box.journal()] == [("/user", "")]
    # with pages it is no list
    assert verdict(check(box, {"partnerize": {"paging": "page"}})) == 1


@pytest.mark.parametrize("cap", [100, 7])
@pytest.mark.parametrize("users", [8, 250])
def test_pages_after_all(check, sandbox, cap, users):
    """Without a total the response looks whole: --check asks for a second page."""
    box = sandbox(users=users, page_cap=cap)
    result = check(box, {"partnerize": {"paging": "none"}})
    shown = min(cap, users)
    assert f"partnerize: {shown} users: " in result.out
    assert verdict(result) == (shown < users)
    if shown < users:
        assert f"GET /user?page=2&count={shown} answered " in result.out
        assert "other users: set paging = page\n" in result.out
    assert verdict(check(box, {"partnerize": {"paging": "none"}}, "--check=quick")) == 0


@pytest.mark.parametrize(("fault", "words"), [
    ({"fault": "wrong_total"}, "tells of more than the 250 rows"),
    ({"fault": "duplicate_row"}, "second time"),
    ({"fault": "truncate"}, ""),
    ({"fault": "status", "status": 200, "body": '{"users": [{"user_id": 5}], "hypermedia": '
      '{"pagination": {"next_page": "/user?limit=1&offset=1"}}}'}, "tells of more than the 1 rows"),
])
def test_more_than_came(check, mount, sandbox, fault, words):
    """A list without pages that has pages after all is an error, never a short list."""
    box = sandbox(users=250, list_paging="ignored")
    box.fault(method="GET", path="/user", times=-1, **fault)
    extra = {"partnerize": {"retry_budget": "1"}}
    result = check(box, extra)
    assert verdict(result) == 1 and words in result.out
    m = mount(box, extra)
    with pytest.raises(OSError) as refused:
        os.listdir(m.path / "partnerize")
    assert refused.value.errno == errno.EREMOTEIO
    assert words in m.log()


# ---- what nobody sees in a key ----

@pytest.mark.parametrize(("before", "after", "words"), [
    ("\ufeff", "", "byte order mark (U+FEFF)"), ("", "\u00a0", "no-break space (U+00A0)"),
    ("\u200b", "", "zero-width space (U+200B)"),
])
@pytest.mark.parametrize("way", ["", "_file", "_env", "_command"])
def test_invisible_in_a_key(sandbox, env, way, before, after, words):
    box = sandbox(users=1)
    key = box.config().partition("user_api_key = ")[2].partition("\n")[0]
    text = before + key + after
    (box.folder / "key").touch(0o600)
    (box.folder / "key").write_text(text + "\n")
    value = {"": text, "_file": "key", "_env": "THE_KEY", "_command": f"cat {box.folder}/key"}[way]
    file = box.folder / "check.conf"
    file.touch(0o600)
    file.write_text(box.config({"partnerize": {"user_api_key": None, "user_api_key" + way: value}}))
    result = run([harness.BUILD / "rosterfs", "--check", file], {**env, "THE_KEY": text})
    assert result.code == 2 and result.out == "" and result.err.count("\n") == 1, repr(result)
    assert str(file) in result.err and words in result.err and key not in result.err
    assert box.counts()["total"] == 0


# ---- a first description ----

FIRST = """[vendor]
name = Acme
docs = https://acme.example/docs
date = 2026-11-30
evidence = documents

[settings]
token = secret, required

[auth]
header.Authorization = Bearer {token}

[list]
request = GET /users
rows = /users/*
paging = none
"""
FIRST_PLAY = {"users": 12, "auth": {"checks": [{"header": "Authorization", "is": "Bearer CANARY"}]},
              "fields": {"/id": {"holds": "id"}, "/email": {"holds": "email"}},
              "lists": [{"route": "GET /users", "rows": "/users", "page": {"by": "none"},
                         "unknown": "ignored"}]}


def test_description_with_a_list_only(sandbox, env, test_dir):
    """Without [status] nobody needs [self] and [item]."""
    test_dir.mkdir(exist_ok=True)
    play, vendor, config = test_dir / "acme.play.json", test_dir / "acme.vendor", test_dir / "acme.conf"
    play.write_text(json.dumps(FIRST_PLAY))
    box = sandbox(play=[f"acme={play}"], vendors="cj")
    for file, text in ((vendor, FIRST),
                       (config, f"[acme]\nbase_url = {box.url}/acme\ntoken = CANARY\n")):
        file.touch(0o600)
        file.write_text(text)
    result = run([harness.BUILD / "rosterfs", "--check", config], env)
    assert verdict(result, "acme") == 0, repr(result)
    assert "acme: the description has no [status]: no status can be read or written\n" in result.out
    assert "self_id" not in result.out
