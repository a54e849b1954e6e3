# SPDX-License-Identifier: Apache-2.0
"""Described vendors: places, which are folders of groups with their members as links."""

import errno
import json
import os

import described
from described_alone import run, start

LISTED = {"many": 3, "ids": "numbers", "fields": {"/kind": "team"}, "lists": [{"route": "GET /groups", "rows": "/groups"}],
          "items": [{"route": "GET /groups/{place}"}], "changes": [{"route": "PATCH /groups/{place}", "how": "merge"}],
          "member_lists": [{"route": "GET /groups/{place}/members", "rows": ""}],
          "joins": [{"route": "PUT /groups/{place}/members/{id}", "answer": "none"}],
          "leaves": [{"route": "DELETE /groups/{place}/members/{id}", "answer": "none", "again": "error"}]}
INSIDE = {"places|members": "/members", "places|member": "/user", "places|members_in_rows": False}
GROUPS = {
    "place groups": {},
    "groups/list": {"request": "GET /groups", "rows": "/groups/*", "paging": "none"},
    "groups/item": {"request": "GET /groups/{id}"},
    "groups/fields": {"name": "/name", "read_only": "/members"},
    "groups/update": {"request": "PATCH /groups/{id}", "body": "{changes}"},
    "groups/members": {"request": "GET /groups/{parent}/members", "rows": "/*", "paging": "none", "user": "/id"},
    "groups/join": {"request": "PUT /groups/{parent}/members/{member}"},
    "groups/leave": {"request": "DELETE /groups/{parent}/members/{member}"}}
IN = {"groups/members": {"in": "/members/*", "user": "/user"}, "groups/list|whole": "no"}
PAGED = {"by": "cursor", "name": "cursor", "size_name": "limit", "size": 2, "cap": 2, "next": [{"put": "header:X-Next"}]}


def places():
    yield "members are listed", {}, {}, {}, whole_job
    yield "members are ids in a row", {}, {"places|member_lists|0|short_rows": True,
                                           "places|member_lists|0|row": "/user/id"}, \
        {"groups/members|user": "/user/id"}, whole_job
    yield "members come in pages", {}, {"places|member_lists|0|page": PAGED}, \
        {"groups/members|request": "GET /groups/{parent}/members?limit={size}&cursor={cursor}",
         "groups/members|paging": "cursor", "groups/members|size": 2, "groups/members|next": "header:X-Next"}, whole_job
    yield "members are in the record", {}, INSIDE, IN, whole_job
    yield "a body joins", {}, {"places|joins|0|route": "POST /groups/{place}/join", "places|joins|0|id_at": "/user",
                               "places|joins|0|status": 201, "places|joins|0|again": "error"}, \
        {"groups/join": {"request": "POST /groups/{parent}/join", "body": '{"user": "{member}"}'}}, whole_job
    yield "a join that is not stored", {}, {"places|joins|0|stores": "nothing"}, {}, no_join
    yield "no request to join", {}, {}, {"groups/join": None, "groups/leave": None}, no_join


def folder(section, group):
    return section.mount.path / section.name / "groups" / group


def shown(section, group):
    """The ids of the members that the mount shows."""
    return sorted(name[:-5] for name in os.listdir(folder(section, group) / "members"))


def members(section, group):
    """The ids of the members that the vendor stores."""
    place = section.box.control("GET", f"{section.name}/places/{group}")
    at = section.play["places"].get("members", "/~members")
    return sorted(str(member["user"] if isinstance(member, dict) else member) for member in described.at(place, at))


def outsider(section, group):
    return next(ident for ident in section.stored_ids() if ident not in members(section, group))


def join(section, group, ident):
    try:
        os.symlink(f"../../../{ident}.json", folder(section, group) / "members" / f"{ident}.json")
    except OSError as error:
        return error
    return None


def whole_job(section):
    group, other = "1", "2"
    assert sorted(name for name in os.listdir(folder(section, "")) if name != "new") == ["1", "2", "3"]
    before = members(section, group), members(section, other)
    assert shown(section, group) == before[0], section.said()
    record = json.loads((folder(section, group) / "group.json").read_text())
    assert (record["name"], record["kind"]) == ("Group 1", "team")
    ident = outsider(section, group)
    error = join(section, group, ident)
    assert not error, (error, section.said())
    assert members(section, group) == sorted(before[0] + [ident]) == shown(section, group)
    os.unlink(folder(section, group) / "members" / f"{ident}.json")
    assert members(section, group) == before[0] == shown(section, group)
    (folder(section, group) / "group.json").write_text('{"name": "Renamed"}\n')
    assert json.loads((folder(section, group) / "group.json").read_text()) == record | {"name": "Renamed"}
    assert (members(section, group), members(section, other)) == before


def no_join(section):
    ident = outsider(section, "1")
    before = members(section, "1")
    error = join(section, "1", ident)
    assert error and error.errno in (errno.EREMOTEIO, errno.EPERM, errno.EOPNOTSUPP, errno.EROFS), error
    assert members(section, "1") == before == shown(section, "1")


PLACES = [(title, kinds, {"places": LISTED, **play}, {**{name: dict(keys) for name, keys in GROUPS.items()}, **text}, job)
          for title, kinds, play, text, job in places()]


def do(section):
    section.rest[0](section)


def test_places(sandbox, mount, test_dir):
    test_dir.mkdir(exist_ok=True)
    plays = start(test_dir, PLACES)
    plays.mount(mount, sandbox(**plays.options()))
    run(plays, do)
