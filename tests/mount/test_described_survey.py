# SPDX-License-Identifier: Apache-2.0
"""The surveyed APIs: each is read and deactivated through its description, against the play of its row.

tests/survey/make_plays.py makes the plays from the survey, the descriptions were written apart from it. The table
that is published in tests/survey/README.md is compared with what is measured here.
"""

import errno
import importlib.util
import re
import statistics

import pytest

import described
import harness

SURVEY = harness.TOP / "tests/survey"
SHIPPED = harness.TOP / "descriptions"
# settings of descriptions, and the credentials of plays that they are
CREDENTIALS = {
    "key": "token", "api_key": "token", "application_key": "second_token", "username": "user", "user_name": "user",
    "email_address": "email", "scim_token": "token", "admin_token": "admin_token", "user_id": "second_token",
    "access_key": "user", "api_id": "user", "api_token": "password", "integration_key": "client_id",
    "app_key": "client_id", "app_secret": "client_secret", "token_secret": "token"}
OF_ONE = {
    "gong": {"secret": "password"},
    "docusign": {"secret": "client_secret"},
}
# where the id that files are named by is, if it is another one than the play's own
ID_AT = {"cloudflare": "/user/id"}
EXTRA = {
    "pipedrive": {"secret_in_url": "yes"},
    "metabase": {"auth": "key"},
}


def table():
    """(API, description, how `inactive` is done) of each row of the published table."""
    text = (SURVEY / "README.md").read_text()
    rows = re.findall(r"^\| ([\w-]+) \| ([\w-]+) \| (yes|no) \| (\w+) \|", text, re.M)
    return rows


def maker():
    spec = importlib.util.spec_from_file_location("make_plays", SURVEY / "make_plays.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def settings_of(text):
    """{name: type} of [settings]."""
    part = re.search(r"^\[settings\]\n(.*?)(?=^\[)", text, re.M | re.S)
    return dict(re.findall(r"^([a-z0-9_]+) = (.*)$", part.group(1), re.M)) if part else {}


def keys_of(api, name, text, play):
    """The keys of the account's section."""
    keys = {}
    if not re.search(r"^base_url", text, re.M):
        bases = [""] if play.get("scim") else play["http"]["bases"] + [""]
        keys["base_url"] = f"@BOX@/{api}" + bases[0].replace("{*}", "1")
    credentials = play["credentials"]
    for setting, kind in settings_of(text).items():
        which = OF_ONE.get(api, {}).get(setting, CREDENTIALS.get(setting, setting))
        if which in credentials:
            keys[setting] = credentials[which]
        elif "required" in kind:
            keys[setting] = "1"
    if "refresh_token" in credentials:
        keys["refresh_token_file"] = ""
    keys["self_id"] = "self-of-nobody"
    return keys | {"trust": "yes", **described.DELETED} | EXTRA.get(api, {})


def description(name):
    path = SURVEY / f"{name}.vendor"
    return (path if path.exists() else SHIPPED / f"{name}.vendor").read_text()


def build(folder, only=()):
    """Plays, with a section for each row of the table; each origin of a description is the sandbox."""
    plays = described.Plays(folder)
    make = maker()
    rows = {row["name"].split(" ")[0]: row for row in make.read_table()}
    for api, name, _, _ in table():
        if only and api not in only:
            continue
        row = make.Row(rows[api])
        play = row.make()
        text = description(name)
        keys = keys_of(api, name, text, play)
        if "refresh_token_file" in keys:
            file = folder / f"{api}.refresh"
            file.write_text(play["credentials"]["refresh_token"] + "\n")
            file.chmod(0o600)
            keys["refresh_token_file"] = str(file)
        text = re.sub(r"https://[^/\s]+", f"@BOX@/{api}", text)
        plays.add(api, play, text, keys, vendor="survey-" + api)
        plays.sections[api].email_at = row.email_at()
        plays.sections[api].id_at = ID_AT.get(api)
        plays.sections[api].way_back = "[activate" in text or re.search(r"^\[update", text, re.M)
    return plays


def read(section):
    """'' if the whole list and one record can be read, or why not."""
    try:
        ids = section.ids()
    except OSError as error:
        return f"list: {error.strerror}: {section.said()}"
    stored = section.stored()
    if section.id_at:
        stored = {described.at(user, section.id_at): user for user in stored.values()}
    if ids != sorted(stored):
        return f"list: {len(ids)} of {len(stored)} users, such as {ids[:2]} for {sorted(stored)[:2]}"
    one = sorted(stored)[7]
    try:
        text = section.path(one, ".json").read_text()
    except OSError as error:
        return f"cat: {error.strerror}: {section.said()}"
    email = section.email_at
    if described.at(stored[one], email) not in text:
        return f"cat: {text} lacks {described.at(stored[one], email)}"
    return ""


def deactivate(section, way):
    """'' if `inactive` changes one user and, where there is a way back, `active` restores the user; or why not."""
    before = section.stored()
    if section.id_at:
        before = {described.at(user, section.id_at): user for user in before.values()}
    usual = before[sorted(before)[0]]["_state"]
    one = next(ident for ident, user in sorted(before.items())
               if user["_state"] == usual and ident != section.keys["self_id"])
    error = section.set_status(one, "inactive")
    if error:
        return f"inactive: {error.strerror}: {section.said()}"
    after = section.stored()
    if section.id_at:
        after = {described.at(user, section.id_at): user for user in after.values()}
    if way == "deletion":
        return "" if after == {key: user for key, user in before.items() if key != one} else "inactive: not deleted"
    if one not in after or after[one]["_state"] == usual:
        return "inactive: reported as done, and not done"
    if {**after, one: None} != {**before, one: None}:
        return "inactive: others were changed"
    if section.status(one) != "inactive":
        return f"inactive: the file says {section.status(one)}"
    section.box.reset()
    if section.set_status(one, "inactive") or any(method not in ("GET", "POST") for method, _ in section.journal()):
        return f"inactive again: {section.said()}"
    error = section.set_status(one, "active")
    if error:
        if not section.way_back and error.errno == errno.EOPNOTSUPP:
            return ""
        return f"active: {error.strerror}: {section.said()}"
    if section.state(one) != usual:
        return f"active: reported as done, but the state is {section.state(one)}"
    return ""


def way_of(text):
    """How the description does `inactive`, as the table names it."""
    request = re.search(r"^\[deactivate[^\]]*\]\n(?:[^\[].*\n)*?request = (\w+)", text, re.M)
    if request:
        return "DELETE" if request.group(1) == "DELETE" else "request"
    if re.search(r"^kind = scim", text, re.M):
        return "field"
    status = re.search(r"^\[status\]\n(?:[^\[].*\n)*?inactive = (.*)", text, re.M)
    if status and status.group(1) != "absent" and re.search(r"^\[update", text, re.M):
        return "field"
    return "deletion" if status and re.search(r"^\[delete", text, re.M) else "none"


@pytest.mark.limit(300)
def test_survey(sandbox, mount, test_dir, capsys):
    test_dir.mkdir(exist_ok=True)
    plays = build(test_dir)
    plays.mount(mount, sandbox(**plays.options()))
    rows = table()
    assert len(rows) == 68
    unread, kept, wrong = {}, {}, []
    for api, name, told, way in rows:
        section = plays.sections[api]
        why = read(section)
        if why:
            unread[api] = why
        if (told == "yes") == bool(why):
            wrong.append(f"{api}: the table says that it can be read: {told}; {why or 'it can'}")
        if way != way_of(description(name)):
            wrong.append(f"{api}: the table says {way}, the description {way_of(description(name))}")
        if way != "none":
            why = deactivate(section, way)
            if why:
                kept[api] = why
                wrong.append(f"{api}: the table says {way}, but: {why}")
    ways = sum(way != "none" for *_, way in rows)
    with capsys.disabled():
        print(f"\n{len(rows) - len(unread)} of {len(rows)} surveyed APIs can be read, {ways - len(kept)} of {ways} with a "
              f"way to deactivate can be deactivated")
        for api, why in {**unread, **kept}.items():
            print(f"    {api}: {why}")
    assert len(rows) - len(unread) >= 64 and ways >= 52 and ways - len(kept) >= 48, (unread, kept)
    assert not wrong, "\n".join(wrong)


def test_published_numbers():
    """The sentence under the table counts its rows."""
    rows = table()
    ways = [way for *_, way in rows]
    text = " ".join((SURVEY / "README.md").read_text().split())
    told = re.search(r"(\d+) can be read\. (\d+) vendors have a way to deactivate, and all \2 are described: (\d+) "
                     r"without a deletion, (\d+) with one\. (\d+) have none", text)
    deleting, none = ways.count("deletion"), ways.count("none")
    assert [int(number) for number in told.groups()] == [
        sum(read == "yes" for _, _, read, _ in rows), len(ways) - none, len(ways) - none - deleting, deleting, none]


def keys_outside_of_vendor(text):
    section, count = "", 0
    for line in text.splitlines():
        if line.startswith("["):
            section = line
        elif re.match(r"[^#\s].*=", line):
            count += section != "[vendor]"
    return count


def test_shipped_descriptions_are_short(capsys):
    counts = {path.stem: keys_outside_of_vendor(path.read_text()) for path in SHIPPED.glob("*.vendor")}
    median = statistics.median(counts.values())
    with capsys.disabled():
        print(f"\n{len(counts)} shipped descriptions have a median of {median:g} keys outside of [vendor]")
    assert len(counts) >= 20 and median <= 30, counts


def test_each_description_has_a_row():
    """The table names each description of the survey, and none that is not there."""
    own, shipped = ({path.stem for path in where.glob("*.vendor")} for where in (SURVEY, SHIPPED))
    named = {name for _, name, _, _ in table()}
    assert named <= own | shipped and own <= named and not own & shipped
