# SPDX-License-Identifier: Apache-2.0
"""The shared store: nothing readable in it, on its disk or on the way there, and nothing forged is believed."""

import os
import random
import re

import pytest

import ep_store
from harness import wait_until
from shared_hosts import HANG, lan, metric, names, server, shows, status_of, team, wait_up
from test_new_users import made, make
from writes import GOOD, at_vendor, last_line, read, save, text_of

__all__ = ["lan", "server", "team"]  # fixtures

FILE = "partnerize/7.json"


# all words to look for begin with it, so that one search finds any of them
MARK = "qzxkvj"


def word(seed):
    """Letters that nothing else has."""
    return MARK + "".join(random.Random(seed).choices("bcdfghjkmnpqrstvwxz", k=12))


def canaries(box, count):
    """Give each of COUNT users an email, a name and a phone that stand nowhere else; all words to look for."""
    found = []
    for user in box.control("GET", "users")[:count]:
        ident = user["user_id"]
        mail, name, phone = (word(f"{what}{ident}") for what in ("mail", "name", "phone"))
        box.patch(ident, {"email": f"{mail}@{mail[-6:]}.example.com", "lastname": name.title(), "phone": phone})
        found += [mail, name.title(), phone, ident]
    return found


def find(text, words, where):
    text = text.lower()
    for one in words:
        at = text.find(one.lower().encode())
        assert at < 0, f"{one} in {where}: {text[max(0, at - 60):at + 60]!r}"


@pytest.mark.plain
@pytest.mark.parametrize("on", ["port", "socket"])
def test_a_thousand_canaries(sandbox, team, on):
    many = sandbox(users=1000, ids="vendor")
    words = canaries(many, 1000)
    t = team(2, box=many, on=on)
    with t.server.monitored() as seen:
        t.each(lambda m: m.sh("cat partnerize/*.json partnerize/*.status >/dev/null; ls by-email | wc -l", timeout=60).ok())
        ident = many.control("GET", "users")[500]["user_id"]
        assert save(t[0].path / f"partnerize/{ident}.status", "inactive") == GOOD
        shows(lambda: (t[1].path / f"partnerize/{ident}.status").read_text(), "inactive\n")
        new = {"firstname": word("first"), "lastname": word("last"), "email": f"{word('new')}@example.com",
               "password": word("password") + "Aa1"}
        assert make(t[1], new) == GOOD
        shows(lambda: f"{made(t[1])}.json" in names(t[0]), True)
        for m, field, value in zip(t, ("phone", "firstname"), (word("edit0"), word("edit1"))):
            assert save(m.path / f"partnerize/{ident}.json", text_of({field: value})) == GOOD
    words += [word("first"), word("last"), word("new"), word("password"), word("edit0"), word("edit1")]
    # neither what rosterfs calls things, nor whose vendor it is, nor any key of it
    names_of_ours = ["user_id", "firstname", "partnerize", "inactive", "CANARY", many.url, str(many.address[1]), "host-a"]
    find(b"\n".join(t.server.keys()), words + names_of_ours, "the names of keys")
    find(t.server.dump(), words + names_of_ours, "the values")
    find(t.server.saved(), words + names_of_ours, "what is saved")
    find(seen[0], words + ["user_id", "firstname", "CANARY", "inactive", "host-a"], "what came over the network")
    # which is large: of the words their mark is enough
    ids = [one for one in words if MARK not in one.lower()]
    assert len(ids) == 1000
    find(t.server.memory(), [MARK, "user_id", "firstname", "CANARY", *ids[::20]], "the server's memory")
    assert t.key.read_bytes() not in t.server.memory()
    assert len(t.server.keys()) >= 3


def test_elastic_path(sandbox, team):
    """Tokens, statuses, memberships and what was remembered of a leaver."""
    box = ep_store.store(sandbox, profile="documents")
    t = team(2, ep_store.DELETABLE, box=box)
    five = ep_store.person(box, 5)
    with t.server.monitored() as seen:
        t.each(lambda m: m.sh("cat elasticpath/*.status; ls elasticpath/accounts/*/members").ok())
        assert ep_store.write(t[0], five, "inactive") == GOOD
        assert ep_store.write(t[1], five, "active") == GOOD
    words = [one["id"] for one in ep_store.people(box) + ep_store.companies(box)]
    words += [one["email"] for one in ep_store.people(box)] + ["CANARY", "elasticpath", "account_member"]
    for text in (b"\n".join(t.server.keys()), t.server.dump(), t.server.saved(), seen[0], t.server.memory()):
        find(text, words, "the store")


def test_passwords_are_nowhere(team):
    """Neither that of Redis nor the shared key in what a mount shows."""
    t = team(2, password="canary-redis-password")
    t.each(names)
    t.server.kill()
    save(t[0].path / "partnerize/7.status", "inactive")
    t.server.start()
    wait_up(*t)
    key = t.key.read_bytes()
    for m in t:
        for text in (m.log(), m.stderr(), status_of(m), (m.path / ".rosterfs/metrics").read_text(),
                     m.sh(f"tr '\\0' '\\n' < /proc/{m.pid}/cmdline; tr '\\0' '\\n' < /proc/{m.pid}/environ").out):
            assert "canary-redis-password" not in text
            assert key.hex() not in text.lower()


# ---- what was tampered with ----

def flipped(data, at):
    """DATA with one bit changed; AT: the first byte, the middle, or the last one."""
    if not data:
        return data
    at = {"first": 0, "middle": len(data) // 2, "last": len(data) - 1}[at]
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def binary(data):
    """Is it a sealed value? A number or a name is text."""
    return len(data) > 24 and not re.fullmatch(rb"[\x20-\x7e]*", data)


def rewrite(server, change):
    """Each sealed value becomes CHANGE(value); how many there were."""
    count = 0
    with server.line() as line:
        for key in server.keys():
            kind = line.ask("TYPE", key)
            if kind == "string":
                value = line.ask("GET", key)
                if binary(value):
                    line.ask("SET", key, change(value), "KEEPTTL")
                    count += 1
            elif kind == "hash":
                pairs = line.ask("HGETALL", key)
                for field, value in zip(pairs[::2], pairs[1::2]):
                    if binary(value):
                        line.ask("HSET", key, field, change(value))
                        count += 1
            elif kind == "stream":
                entries, ttl = line.ask("XRANGE", key, "-", "+"), line.ask("PTTL", key)
                if any(binary(part) for _, fields in entries for part in fields):
                    line.ask("DEL", key)
                    for ident, fields in entries:
                        line.ask("XADD", key, ident, *[change(part) if binary(part) else part for part in fields])
                        count += 1
                    line.ask("PEXPIRE", key, max(ttl, 60000))
    return count


@pytest.mark.parametrize("at", ["first", "middle", "last"])
def test_tampered(team, at):
    """As if it were not there; and it is said."""
    t = team(1, users=250)
    whole = t[0].sh("cat partnerize/*.json").ok().out
    assert save(t[0].path / "partnerize/7.status", "inactive") == GOOD
    assert rewrite(t.server, lambda value: flipped(value, at)) > 2
    late = t.add()
    assert late.sh("cat partnerize/*.json").ok().out.count("user_id") == whole.count("user_id")
    assert (late.path / "partnerize/7.status").read_text() == "inactive\n"
    line = last_line(late, "shared store")
    assert line, late.log()
    assert metric(late, "rosterfs_store_foreign_values_total") > 0
    assert save(late.path / FILE, text_of({"phone": "+1"})) == GOOD
    shows(lambda: read(t[0], FILE).get("phone"), "+1", HANG)


def test_moved(team):
    """A value that was sealed with the key, but for another place, is as good as none."""
    t = team(1, users=250)
    names(t[0])
    values = []
    rewrite(t.server, lambda value: values.append(value) or value)
    assert len(values) > 2
    turned = iter(values[1:] + values[:1])
    rewrite(t.server, lambda _value: next(turned))
    late = t.add()
    assert len(names(late)) > 500
    assert read(late, FILE)["user_id"] == "7"
    assert last_line(late, "shared store")


def test_rubbish(team):
    """Keys that have another type, or whose values are no values of ours."""
    t = team(1, users=250)
    names(t[0])
    with t.server.line() as line:
        for key in t.server.keys():
            kind = line.ask("TYPE", key)
            line.ask("DEL", key)
            line.ask(*(("SET", key, os.urandom(100)) if kind != "string" else ("HSET", key, "a", "b")))
    late = t.add()
    assert len(names(late)) > 500
    result = save(late.path / "partnerize/7.status", "inactive")
    assert result == GOOD or result.write == "EREMOTEIO"
    assert at_vendor(t.box, 7)["status"] == ("inactive" if result == GOOD else "active")


@pytest.mark.parametrize("value", ["text", "type"])
def test_each_key_alone(team, value):
    """One key that was replaced by text, or by another type, stops nobody for long, and is never called up when it does."""
    t = team(2)
    t.each(names)
    assert save(t[0].path / "partnerize/7.status", "inactive") == GOOD
    with t.server.line() as line:
        for key in t.server.keys():
            if not line.ask("EXISTS", key):
                continue
            kind = line.ask("TYPE", key)
            line.ask("DEL", key)
            if (kind == "string") == (value == "text"):
                line.ask("SET", key, "rubbish", "EX", 1000)
            else:
                line.ask("HSET", key, "a", "b")
                line.ask("EXPIRE", key, 1000)
            wait_until(lambda: save(t[1].path / "partnerize/8.status", "inactive") == GOOD, HANG, f"a write after {key}")
            assert save(t[0].path / "partnerize/8.status", "active") == GOOD, key
    assert at_vendor(t.box, 7)["status"] == "inactive"


def test_an_old_list_put_back(team):
    """Who may write to the store can put back what was there; what the vendor acknowledged since stays known here."""
    t = team(2, users=25)
    t.each(names)
    with t.server.line() as line:
        kept = {key: (line.ask("PTTL", key), line.ask("DUMP", key)) for key in t.server.keys()}
        assert save(t[0].path / "partnerize/7.status", "inactive") == GOOD
        shows(lambda: (t[1].path / "partnerize/7.status").read_text(), "inactive\n")
        for key, (ttl, data) in kept.items():
            line.ask("RESTORE", key, max(ttl, 0), data, "REPLACE")
    for m in t:
        assert (m.path / "partnerize/7.status").read_text() == "inactive\n"
    assert save(t[1].path / FILE, text_of({"phone": "+1"})) == GOOD
    assert at_vendor(t.box, 7)["status"] == "inactive"
