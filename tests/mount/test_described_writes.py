# SPDX-License-Identifier: Apache-2.0
"""Described vendors: each surprise of a write, alone.

A write that is reported as done is stored, and nothing else is changed; a write that is not stored is an error.
Nobody is blanked, revived or lost.
"""

import errno

from described_alone import DONE, EITHER, ERROR, run, start


def chosen(section, state="active"):
    """The id of a user in STATE whose role is not null."""
    stored = section.stored()
    return sorted(ident for ident, user in stored.items() if user["_state"] == state)[-1]


def settle(section, ident, error, wrong=""):
    """Look at what came of a write: a change that is told as done must be stored, and nobody else is changed."""
    wanted = section.rest[1]
    if error:
        assert wanted != DONE, (error, section.said())
        assert error.errno not in (errno.ENOSYS, errno.EIO), error
    else:
        assert not wrong, f"told as done, but {wrong}"
        assert wanted != ERROR, f"done: {section.user(ident) if ident in section.stored() else 'gone'}"


def same(before, after, *names):
    """Fail if other members of a record than NAMES have changed, or a password."""
    names += ("updated", "_version")
    one, other = ({key: value for key, value in user.items() if key not in names} for user in (before, after))
    assert one == other, f"{one} became {other}"


def write_role(section, ident, text, fits=None):
    before = section.stored()
    error = section.edit(ident, {"role": text})
    after = section.stored()
    assert described_others(before, ident) == described_others(after, ident)
    same(before[ident], after[ident], "role")
    stored = after[ident].get("role")
    settle(section, ident, error, "" if (fits or (lambda role: role == text))(stored) else f"{stored!r} is stored")


def described_others(users, ident):
    return {key: user for key, user in users.items() if key != ident}


def edit(section):
    write_role(section, chosen(section), "new-role")


def edit_inactive(section):
    write_role(section, chosen(section, "inactive"), "new-role")


def odd_value(section):
    write_role(section, chosen(section), "Longer Than Ten ", lambda role: (role or "").strip().lower()[:10] ==
               "longer than ten"[:10])


def blank(section):
    ident = chosen(section)
    before = section.stored()
    error = section.edit(ident, {"email": ""})
    assert section.stored() == before
    settle(section, ident, error, "the address is still there")


def clear(section):
    ident = chosen(section)
    before = section.stored()
    error = section.edit(ident, {"role": None})
    after = section.stored()
    same(before[ident], after[ident], "role")
    settle(section, ident, error, "" if not after[ident].get("role") else "it is not cleared")


def unknown_field(section):
    ident = chosen(section)
    before = section.stored()
    error = section.edit(ident, {"shoe_size": 44})
    after = section.stored()
    same(before[ident], after[ident], "shoe_size")
    settle(section, ident, error, "" if after[ident].get("shoe_size") == 44 else "nothing is stored")


def edit_deleted(section):
    """A colleague deletes the user between the read and the edit: the user must not come back."""
    ident = chosen(section)
    section.ids()
    section.status(ident)
    section.box.control("DELETE", f"{section.name}/users/{ident}")
    before = section.stored()
    error = section.edit(ident, {"role": "new-role"})
    assert section.stored() == before, "the user came back"
    settle(section, ident, error, "there is no such user")


def deactivate(section):
    ident = chosen(section)
    before = section.stored()
    error = section.set_status(ident, "inactive")
    after = section.stored()
    assert described_others(before, ident) == described_others(after, ident)
    settle(section, ident, error, "" if after[ident]["_state"] == "inactive" else "the user is still active")
    if not error:
        section.box.reset()
        assert not section.set_status(ident, "inactive")
        assert {method for method, _ in section.journal()} <= {"GET"}


def taken(section):
    ident = chosen(section)
    before = section.stored()
    address = before[section.stored_ids()[0]]["email"]
    error = section.edit(ident, {"email": address})
    after = section.stored()
    same(before[ident], after[ident], "email")
    settle(section, ident, error, "" if after[ident]["email"] == address else "the address is the old one")


def create(section, address="new@example.com"):
    before = section.stored()
    made, error = section.create("x", {"email": address, "name": "New", "role": "guest"})
    after = section.stored()
    assert {ident: user for ident, user in after.items() if ident in before} == before
    fresh = [user for ident, user in after.items() if ident not in before]
    wrong = "" if [user["email"] for user in fresh] == [address] and str(fresh[0]["_id"]) == made else f"made {fresh}"
    settle(section, made, error, wrong)


def create_taken(section):
    address = section.stored()[section.stored_ids()[-1]]["email"]
    before = section.stored()
    made, error = section.create("x", {"email": address, "name": "New", "role": "guest"})
    assert section.stored() == before
    settle(section, made, error, "nobody was made")


def delete(section):
    ident = chosen(section)
    before = section.stored()
    error = section.set_status(ident, "deleted")
    after = section.stored()
    assert described_others(before, ident) == described_others(after, ident)
    settle(section, ident, error, "" if ident not in after or after[ident]["_state"] is None else "the user is there")


# ---- writes: (kinds, changes of the play, changes of the description, the job, what must be) ----

def change(**switches):
    return {"changes|0|" + name: value for name, value in switches.items()}


SECRETS = {"fields|/token": {"holds": "secret", "write": "taken"}}
MASKED = {"fields|/pass": {"holds": "password", "mask": "**********"}}
REPLACE = {"verb": "replace"}
OTHER = {"update|answer": "other"}


def writes():
    for answer in ("none", "object", "true", "changed", "old", "id"):
        yield f"the response is {answer}", {}, change(answer=answer), {}, edit, DONE
    yield "nothing is stored, and the old record comes", {}, change(stores="nothing", answer="old"), {}, edit, ERROR
    yield "nothing is stored, and no record comes", {}, change(stores="nothing", answer="none"), {}, edit, ERROR
    yield "nothing is stored, and the response lies", {}, change(stores="nothing"), OTHER, edit, ERROR
    yield "nothing is stored of a status", {}, change(stores="nothing", answer="none"), {}, deactivate, ERROR
    yield "a media type that is ignored", {}, change(media=["application/json"], other_media="ignored"), \
        {"update|content_type": "text/plain"}, edit, ERROR
    yield "a media type that crashes", {}, change(media=["application/json"], other_media="crash"), \
        {"update|content_type": "text/plain"}, edit, ERROR
    yield "no envelope, which is ignored", {}, change(unwrapped="ignored"), {"update|body": "{changes}"}, edit, ERROR
    yield "no envelope, which crashes", {}, change(unwrapped="crash"), {"update|body": "{changes}"}, edit, ERROR
    yield "unknown fields are ignored", {}, change(unknown="ignored"), {}, unknown_field, ERROR
    yield "unknown fields are stored", {}, change(unknown="stored"), {}, unknown_field, DONE
    yield "unknown fields are stored, and refused here", {}, change(unknown="stored"), {"fields|unknown": "refuse"}, \
        unknown_field, ERROR
    for stored in ("trimmed", "lower", "upper", "cut"):
        yield f"a value is stored {stored}", {}, {"fields|/role|stored": stored}, {}, odd_value, EITHER
    yield "the response has more members", {}, change(answer_members={"extra": {"a": 1}}), {}, edit, DONE
    yield "booleans that are guessed", {"status": "boolean"}, {"status|values": "lenient"}, {}, deactivate, DONE
    yield "a status that is any text", {}, {"status|values": "any"}, {}, deactivate, DONE
    yield "reads that lag behind a write", {}, {"lag": {"ms": 300, "of": "items"}, **change(answer="none")}, \
        {"account|lag": "5"}, edit, DONE
    yield "headers that each write needs", {}, {"http|needs_to_write": {"X-Requested-With": "*"}}, \
        {"update|header.X-Requested-With": "rosterfs"}, edit, DONE
    yield "headers that each write needs, not said", {}, {"http|needs_to_write": {"X-Requested-With": "*"}}, {}, edit, ERROR
    yield "a field is ignored", {}, {"fields|/role|write": "ignored"}, {}, edit, ERROR
    yield "a field is refused", {}, {"fields|/role|write": "refused"}, {}, edit, ERROR
    yield "no such user, and 204", {}, change(missing="done", answer="none"), {}, edit_deleted, ERROR
    yield "no such user, who is created", REPLACE, change(missing="created"), {}, edit_deleted, ERROR
    yield "what was not sent is kept", REPLACE, change(omitted="kept"), {}, edit, DONE
    yield "what was not sent is reset", REPLACE, change(omitted="reset"), {}, edit, DONE
    yield "what was not sent is null", REPLACE, change(omitted="null"), {}, edit, DONE
    yield "a missing status is the first one", REPLACE, {"status|omitted": "reset"}, {}, edit_inactive, DONE
    yield "secrets in a record that is replaced", REPLACE, SECRETS, {"fields|hidden": "/token"}, edit, DONE
    yield "masked secrets in a record that is replaced", REPLACE, MASKED, \
        {"fields|hidden": "/pass", "fields|each_time": "/pass"}, edit, ERROR
    yield "secrets in a record that is merged", {}, SECRETS | MASKED, {"fields|hidden": "/token, /pass"}, edit, DONE
    yield "null is refused", {}, change(null="refused"), {}, clear, ERROR
    yield "null is refused, and empty is sent", {}, change(null="refused"), {"update|clear": "empty"}, clear, DONE
    yield "null is removed", {}, change(null="removed"), {}, clear, DONE
    yield "a tag is refused", {}, {"http|etag": "hash", **change(if_match="refused")}, {}, edit, DONE
    yield "a tag is required", {}, {"http|etag": "version", **change(if_match="required")}, \
        {"update|if_match": "required"}, edit, DONE
    yield "a tag is required, and none sent", {}, {"http|etag": "version", **change(if_match="required")}, {}, edit, ERROR
    yield "a tag is checked", {}, {"http|etag": "version", **change(if_match="checked")}, {"update|if_match": "yes"}, \
        edit, DONE
    yield "204 where nothing changed", {}, change(no_op="none"), {}, deactivate, DONE
    yield "a slash is missing", {}, {"http|slash": "redirect", "changes|0|route": "PATCH /users/{id}/"}, {}, edit, ERROR
    yield "an error with 200", {}, {"errors|kinds": {"required": {"status": 200}}}, {"errors|fail_when": "/error *"}, \
        blank, ERROR
    yield "a status from which there is no way", {"status": "by status"}, {"status|moves|0|from": ["other"]}, {}, \
        deactivate, ERROR
    yield "a status request that says done", {"status": "requests"}, {"status|moves|0|to": "active"}, {}, deactivate, ERROR
    yield "an address that another user has", {}, {}, {}, taken, ERROR
    yield "an address that another user has, allowed", {}, change(taken="allowed"), {}, taken, EITHER


def created():
    def new(**switches):
        return {"creates|0|" + name: value for name, value in switches.items()}
    yield "only the id comes", {}, new(answer="id"), {}, create, DONE
    yield "only a Location comes", {}, new(answer="none", location="absolute", status=201), {}, create, DONE
    yield "only a relative Location comes", {}, new(answer="none", location="relative", status=201), {}, create, DONE
    yield "nothing comes", {}, new(answer="none", status=201), {}, create, DONE
    yield "nothing comes, and a time of creation tells", {}, \
        {"fields|/created": {"holds": "created", "write": "ignored"}, **new(answer="none", status=201)}, \
        {"fields|created": "/created"}, create, DONE
    yield "200 and the record", {}, new(status=200), {}, create, DONE
    yield "nothing is stored", {}, new(stores="nothing", answer="none", status=201), {}, create, ERROR
    yield "the user with that address comes", {}, new(taken="existing"), {}, create_taken, ERROR
    yield "a user is made inactive", {}, new(start="inactive"), {}, create, DONE


def deleted():
    def gone(**switches):
        return {"deletes|0|" + name: value for name, value in switches.items()}
    yield "a deletion that deactivates", {}, gone(kind="deactivates", to="inactive"), {}, delete, ERROR
    yield "a deletion in two steps", {}, gone(kind="two_steps", to="inactive"), {}, delete, ERROR
    yield "a deletion that hides", {}, gone(kind="hides"), {}, delete, EITHER
    yield "404 for what is gone is 403", {}, {"errors|kinds": {"not_found": {"status": 403}}}, \
        {"item|gone": "403, 404"}, delete, DONE
    yield "a deletion from another status", {}, {}, {"delete|from": "LOCKED"}, delete, ERROR
    yield "a deletion from that status", {}, {}, {"delete|from": "LOCKED, ACTIVE"}, delete, DONE
    yield "403 for what is gone, not said", {}, {"errors|kinds": {"not_found": {"status": 403}}}, {}, delete, EITHER


WRITES = list(writes()) + list(created()) + list(deleted())


def do_write(section):
    section.rest[0](section)


def test_writes(sandbox, mount, test_dir):
    test_dir.mkdir(exist_ok=True)
    plays = start(test_dir, WRITES)
    plays.mount(mount, sandbox(**plays.options()))
    run(plays, do_write)
