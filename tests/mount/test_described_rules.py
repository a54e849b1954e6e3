# SPDX-License-Identifier: Apache-2.0
"""Described vendors: single rules of the format that neither a kind nor a surprise shows, each alone."""

import errno
import subprocess

import harness
from described_alone import run, start

PASSES = {"name": "status", "values": {"": [], "1": ["active"], "2": ["other"], "3": ["inactive"]}, "default": ["active"]}
ME = [{"route": "GET /me", "answer": {"users": []}}, {"route": "GET /owner", "answer": {"user": {"id": "u3"}}}]


def posted_items():
    return {"items": [{"route": "POST /user.info", "id_at": "/key", "answer_at": "/user"}]}, \
        {"item|request": "POST /user.info", "item|body": '{"key": "{id}"}'}


def rules():
    for paging in ("none", "page", "offset", "cursor", "link", "last row"):
        yield f"no [item], paging {paging}", {"paging": paging}, {"items": None}, {"item|request": None}, no_item
    yield "the item is read by POST", {}, *posted_items(), change_both
    yield "the item is read by POST, and the status has requests", {"status": "requests"}, *posted_items(), change_status
    yield "a deletion without the keys", {"status": "none"}, {}, {}, keys_wanted
    yield "a soft deletion after which the record is gone", {"status": "soft delete"}, \
        {"deletes|0|kind": "hard", "deletes|0|to": None}, {}, gone_is_inactive
    yield "a limit that only a failure means", {}, {"http|headers": {"X-RateLimit-Remaining": "0"}}, \
        {"errors|limited_when": "header:X-RateLimit-Remaining 0"}, change_both
    yield "passes with a status that is neither", {"status": "number"}, \
        {"status|in_rows": False, "lists|0|pass": PASSES}, \
        {"list|request": "GET /users?status={each}&page={page}&limit={size}", "list|each": '"", 1, 2, 3',
         "list|whole": "no"}, each_status
    yield "rows that count as deleted", {}, {"fields|/bot": {"holds": "value", "value": True, "every": 4}}, \
        {"item|gone_when": "/bot true"}, no_bots
    yield "a next page where there are no pages", {"paging": "cursor"}, {}, \
        {"list|paging": "none", "list|request": "GET /users", "list|size": None}, not_whole
    yield "the first answer about the owner has no id", {}, {"documents": ME}, \
        {"self": {"request": "GET /me, GET /owner", "root": "/user, ."}}, own_status
    yield "optional fields", {}, {"fields|/title": {"holds": "value", "value": "Dr", "every": 100}}, \
        {"fields|unknown": "refuse", "fields|optional": "/title, /role, /prefs"}, optional
    yield "fields that are not named", {}, {"changes|0|unknown": "stored", "creates|0|unknown": "stored"}, \
        {"fields|unknown": "refuse"}, not_named


def usual(section):
    """The id of a user in the first state."""
    return sorted(ident for ident, user in section.stored().items() if user["_state"] in ("active", None))[-1]


def fine(section, error):
    assert not error, (error, section.said())


def change_role(section):
    ident = usual(section)
    before = section.stored()
    fine(section, section.edit(ident, {"role": "new-role"}))
    after = section.stored()
    assert after[ident]["role"] == "new-role"
    assert {key for key in after if after[key] != before[key]} == {ident}


def change_status(section):
    ident = usual(section)
    for word in ("inactive", "active", "inactive"):
        before = section.stored()
        fine(section, section.set_status(ident, word))
        after = section.stored()
        assert after[ident]["_state"] == word
        assert {key for key in after if after[key] != before[key]} == {ident}


def change_both(section):
    change_role(section)
    change_status(section)


def no_item(section):
    assert section.ids() == section.stored_ids()
    change_both(section)
    assert not any(path.count("/") > 2 for method, path in section.journal() if method == "GET"), section.journal()
    ident = usual(section)
    fine(section, section.set_status(ident, "deleted"))
    assert ident not in section.stored()
    assert section.ids() == section.stored_ids()


def keys_wanted(section):
    before = section.stored()
    error = section.set_status(usual(section), "inactive")
    assert error and error.errno == errno.EOPNOTSUPP
    assert "inactive_deletes = yes" in section.said() and "allow_delete" in section.said()
    assert section.stored() == before


def gone_is_inactive(section):
    ident = usual(section)
    before = section.stored()
    fine(section, section.set_status(ident, "inactive"))
    assert section.stored() == {key: user for key, user in before.items() if key != ident}
    assert ident not in section.ids()
    assert "the vendor no longer shows the record" in section.said()


def each_status(section):
    stored = section.stored()
    words = {"active": "active", "inactive": "inactive", "other": "2"}
    assert section.ids() == sorted(stored)
    assert {ident: section.status(ident) for ident in stored} == {
        ident: words[user["_state"]] for ident, user in stored.items()}


def no_bots(section):
    stored = section.stored()
    bots = {ident for ident, user in stored.items() if user.get("bot")}
    assert bots and section.ids() == sorted(set(stored) - bots)
    assert not section.path(min(bots), ".status").exists()


def not_whole(section):
    try:
        ids = section.ids()
    except OSError as error:
        assert error.errno == errno.EREMOTEIO
        return
    assert ids == section.stored_ids()


def own_status(section):
    before = section.stored()
    error = section.set_status("u3", "inactive")
    assert error and error.errno == errno.EPERM, (error, section.said())
    assert section.stored() == before
    change_status(section)


def optional(section):
    ident = usual(section)
    assert "title" not in section.user(ident)
    fine(section, section.edit(ident, {"title": "Dr"}))
    assert section.user(ident)["title"] == "Dr"
    made, error = section.create("x", {"email": "new@example.com", "name": "New", "status": "ACTIVE", "title": "Dr"})
    fine(section, error)
    assert section.user(made)["title"] == "Dr"


def not_named(section):
    before = section.stored()
    error = section.edit(usual(section), {"shoe_size": 44})
    assert error and error.errno == errno.EINVAL
    made, error = section.create("x", {"email": "new@example.com", "name": "New", "shoe_size": 44})
    assert not made and error.errno == errno.EINVAL
    assert section.stored() == before


RULES = list(rules())


def keep(section):
    section.rest[0](section)


def test_rules(sandbox, mount, test_dir):
    test_dir.mkdir(exist_ok=True)
    plays = start(test_dir, RULES)
    plays.mount(mount, sandbox(**plays.options()))
    run(plays, keep)


def test_a_cursor_is_followed_page_by_page(sandbox, mount, test_dir):
    """A cold list sends one request for each page, each after the response to the one before."""
    test_dir.mkdir(exist_ok=True)
    plays = start(test_dir, [("cursor", {"paging": "cursor"}, {"users": 95}, {}),
                             ("url", {"paging": "url"}, {"users": 95}, {}),
                             ("link", {"paging": "link"}, {"users": 95}, {}),
                             ("full last page", {"paging": "cursor"}, {"users": 90}, {})])
    box = sandbox(**plays.options())
    plays.mount(mount, box)
    for section in plays.sections.values():
        box.reset()
        assert section.ids() == section.stored_ids()
        lists = [entry for entry in box.journal() if entry["path"] == f"/{section.name}/users"]
        assert len(lists) == -(-section.play["users"] // 10)
        assert len({entry["query"] for entry in lists}) == len(lists)
        for before, after in zip(lists, lists[1:]):
            assert before["end_us"] <= after["t_us"]


def test_check_of_vendors_without_a_status(sandbox, mount, test_dir):
    """--check fails for a status that is described and not there, not for one that is not described."""
    test_dir.mkdir(exist_ok=True)
    no_item = {"items": None}, {"item|request": None}
    lacking = no_item[0] | {"status|in_rows": False}
    rows = [("no [status]", {}, {}, {"status": None}), ("no [status] and no [item]", {}, no_item[0],
                                                        no_item[1] | {"status": None}),
            ("rows lack the status", {}, lacking, no_item[1]), ("whoever is listed", {"status": "none"}, {}, {})]
    plays = start(test_dir, rows)
    mounted = plays.mount(mount, sandbox(**plays.options()))
    result = subprocess.run([harness.BUILD / "rosterfs", "--check", mounted.config_file], env=mounted.env, check=False,
                            capture_output=True, text=True, timeout=60 * harness.SCALE)
    said = {section.name: [line.partition(": ")[2] for line in result.stdout.splitlines()
                           if line.startswith(section.name + ":")] for section in plays.sections.values()}
    none = "the description has no [status]: no status can be read or written"
    assert none in said["s0"] and "ok" in said["s0"], said
    assert none in said["s1"] and "ok" in said["s1"], said
    assert "no user has a status: nobody can be deactivated here" in said["s2"] and "failed" in said["s2"], said
    assert "whoever is listed is active" in said["s3"] and "ok" in said["s3"], said
    assert result.returncode == 1


def test_a_failure_that_means_a_limit(sandbox, mount, test_dir):
    """limited_when makes a 403 a limit, which is waited for; without it, a 403 is a refusal."""
    test_dir.mkdir(exist_ok=True)
    limit = {"errors|limited_when": "header:X-RateLimit-Remaining 0", "account|retry_budget": "60"}
    plays = start(test_dir, [("limited", {}, {}, limit), ("refused", {}, {}, {})])
    box = sandbox(**plays.options())
    plays.mount(mount, box)
    limited, refused = plays.sections.values()
    for section in (limited, refused):
        box.fault(fault="status", status=403, method="PATCH", path=f"/{section.name}/*", rate_limit_remaining="0",
                  retry_after="1")
    change_role(limited)
    before = refused.stored()
    error = refused.edit(usual(refused), {"role": "new-role"})
    assert error and error.errno in (errno.EPERM, errno.EACCES), error
    assert refused.stored() == before


def test_tokens_that_end(sandbox, mount, test_dir):
    """A token that the vendor has forgotten is asked for once more, whatever the request is; the write is made once."""
    test_dir.mkdir(exist_ok=True)
    rows = [(auth, {"auth": auth}, {}, {}) for auth in ("form token", "token in a header")]
    plays = start(test_dir, rows)
    box = sandbox(**plays.options())
    plays.mount(mount, box)
    for section in plays.sections.values():
        assert section.ids() == section.stored_ids()
        for job, when in ((change_role, {}), (change_status, {"method": "PATCH"})):
            box.fault(fault="expire_tokens", **when)
            before = section.box.control("GET", f"{section.name}/tokens")
            job(section)
            assert section.box.control("GET", f"{section.name}/tokens") != before
        writes = [entry for entry in box.journal() if entry["method"] == "PATCH" and entry["status"] == 200
                  and entry["path"].startswith(f"/{section.name}/")]
        assert len(writes) == 4
