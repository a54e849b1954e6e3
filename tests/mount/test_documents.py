# SPDX-License-Identifier: Apache-2.0
"""123.json: what a save changes at the vendor, and when it is sent, however it is written."""

import contextlib
import json
import os
import pathlib

import pytest

import harness
from writes import (GOOD, PASSWORD, Save, at_vendor, changed, edited, errno_of, last_line, name_of,
                     nowhere, put, read, refused, save, sent, text_of)

SHELLS = ["bash", "dash", "zsh", "busybox sh"]
EMPTY = "partnerize/{}: truncated and closed without a text; nothing was sent "

# user 2 has every field; this is what each of them may become: value by value, kind by kind
EDITS = [
    ("firstname", "Żółć 😀"),
    ("lastname", "O'Neil \"quoted\" \\ \t\u0007\u007f"),
    ("email", "Another.Person+tag@example.org"),
    ("status", "inactive"),
    ("role", "admin"),
    ("timezone", "Asia/Tokyo"),
    ("timezone", None),
    ("locale", "ja_JP"),
    ("locale", None),
    ("labels", ["emea"]),
    ("labels", []),
    ("labels", [1, None, {"a": [True, 2.5]}]),
    ("cost_centre", 1),
    ("cost_centre", 9007199254740993),
    ("cost_centre", None),
    ("score", -0.125),
    ("newsletter", False),
    ("newsletter", None),
    ("phone", "+44 20 7946 0000"),
    ("phone", {"home": "1", "work": None}),
    ("address", None),
    ("address", "one line"),
    ("nickname", "a field that nobody knew"),
    ("nested", {"deep": {"deeper": [1, 2]}}),
]


def check_edit(m, before, field, value, requests):
    after = at_vendor(m.sandbox, 2)
    assert changed(before, after) == {field}, field
    assert after[field] == value
    assert len(sent(m.sandbox)) == 1
    assert m.sandbox.counts().get("GET /user/{id}", 0) in requests
    assert read(m, "partnerize/2.json")[field] == value


@pytest.mark.parametrize("profile", ["guide", "documents"])
@pytest.mark.parametrize("answer", ["changed", "full", "empty"])
def test_each_field(mount, sandbox, profile, answer):
    m = mount(sandbox(users=25, profile=profile, put_answer=answer),
              {"rosterfs": {"status_limit": 0}})
    original = read(m, "partnerize/2.json")
    for field, value in EDITS:
        before = at_vendor(m.sandbox, 2)
        document = read(m, "partnerize/2.json")
        m.sandbox.reset()
        put(m, "partnerize/2.json", edited(document, field, value)).ok()
        check_edit(m, before, field, value, [2] if answer == "empty" else [1, 2])
    assert set(original) <= set(read(m, "partnerize/2.json"))


@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_each_field_alone(mount, sandbox, profile):
    """A document of one field: what is left out stays."""
    m = mount(sandbox(users=25, profile=profile))
    for field, value in EDITS:
        before = at_vendor(m.sandbox, 2)
        read(m, "partnerize/2.json")
        m.sandbox.reset()
        put(m, "partnerize/2.json", {field: value}).ok()
        check_edit(m, before, field, value, [1, 2])


@pytest.mark.parametrize("ids,name", [("numbers", "2"), ("vendor", "111111l2")])
def test_other_ids(mount, sandbox, ids, name):
    m = mount(sandbox(users=25, ids=ids))
    document = read(m, f"partnerize/{name}.json")
    put(m, f"partnerize/{name}.json", {**document, "firstname": "Jo"}).ok()
    m.sh(f"echo inactive > partnerize/{name}.status").ok()
    user = m.sandbox.user(name)
    assert (user["firstname"], user["status"]) == ("Jo", "inactive")
    assert user["user_id"] == document["user_id"]


def test_nested(mount):
    m = mount()
    before = at_vendor(m.sandbox, 2)
    document = read(m, "partnerize/2.json")
    document["address"]["city"] = "Bradford"
    document["address"]["floor"] = 3
    del document["address"]["postcode"]
    document["address"]["country"] = None
    put(m, "partnerize/2.json", document).ok()
    assert at_vendor(m.sandbox, 2)["address"] == {
        **before["address"], "city": "Bradford", "floor": 3, "country": None}
    read(m, "partnerize/2.json")
    put(m, "partnerize/2.json", {"address": {"city": "York"}}).ok()
    after = at_vendor(m.sandbox, 2)
    assert after["address"] == {**before["address"], "city": "York", "floor": 3, "country": None}
    assert changed(before, after) == {"address"}


def test_several_fields(mount):
    m = mount()
    before = at_vendor(m.sandbox, 2)
    put(m, "partnerize/2.json", {"firstname": "A", "score": 1, "labels": ["x"], "phone": "1"}).ok()
    after = at_vendor(m.sandbox, 2)
    assert changed(before, after) == {"firstname", "score", "labels", "phone"}
    assert len(sent(m.sandbox)) == 1


def test_null_that_was_null(mount):
    """Null and missing are the same thing, so this is no change."""
    m = mount()
    read(m, "partnerize/2.json")
    put(m, "partnerize/2.json", {"phone": None, "never_heard_of": None}).ok()
    assert not sent(m.sandbox)


def test_no_difference(mount):
    m = mount()
    text = (m.path / "partnerize/2.json").read_text()
    document = json.loads(text)
    m.sandbox.reset()
    for same in (text, text.rstrip("\n"), json.dumps(document), json.dumps(document, indent=8),
                 text_of(dict(reversed(document.items()))), "{}", " \n{ }\n",
                 text_of({"user_id": "2"}), text_of({**document, "score": 60.40})):
        put(m, "partnerize/2.json", same).ok()
    assert not sent(m.sandbox)
    assert (m.path / "partnerize/2.json").read_text() == text


@pytest.mark.parametrize("shown", [True, False])
def test_a_copy_of_another_record(mount, shown):
    """Its id is what is wrong with it, whatever version it names."""
    m = mount()
    m.sh("ls partnerize" + ("; cat partnerize/[89].json" if shown else "")).ok()
    m.sandbox.reset()
    result = m.sh("cp partnerize/8.json partnerize/9.json")
    assert result.code != 0 and "not permitted" in result.err
    assert '"user_id" is assigned by the vendor' in last_line(m, "partnerize/9.json")
    assert "version" not in last_line(m, "partnerize/9.json")
    assert not sent(m.sandbox)


def test_what_may_not_be_changed(mount):
    m = mount()
    path = m.path / "partnerize/2.json"
    document = read(m, "partnerize/2.json")
    before = m.sandbox.user(2)
    for field, value, error in [
            ("firstname", None, "EINVAL"), ("lastname", None, "EINVAL"), ("email", None, "EINVAL"),
            ("status", None, "EINVAL"), ("user_id", "3", "EPERM"), ("user_id", 2, "EPERM"),
            ("user_id", None, "EPERM"), ("created_at", "2020-01-01T00:00:00Z", "EPERM"),
            ("created_at", None, "EPERM")]:
        assert save(path, text_of(edited(document, field, value))) == refused(error), field
        line = last_line(m, "partnerize/2.json")
        assert f'"{field}"' in line and error in line
        # nor together with a change that would be all right
        both = {**edited(document, field, value), "role": "admin"}
        assert save(path, text_of(both)) == refused(error), field
    assert not sent(m.sandbox)
    assert m.sandbox.user(2) == before
    assert read(m, "partnerize/2.json") == document


def test_dropped_by_the_vendor(mount):
    """The vendor says success and knows nothing of the field."""
    m = mount()
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="status", status=200, body='{"user":{"user_id":"2"}}')
    assert save(m.path / "partnerize/2.json",
                text_of({"shoe_size": 42})) == refused("EREMOTEIO")
    assert "accepted but not applied" in last_line(m, "EREMOTEIO")
    assert len(sent(m.sandbox)) == 1
    assert "shoe_size" not in read(m, "partnerize/2.json")


@pytest.mark.parametrize("answer", ["changed", "full", "empty"])
def test_not_applied(mount, sandbox, answer):
    m = mount(sandbox(users=25, put_answer=answer))
    text = (m.path / "partnerize/2.json").read_text()
    m.sandbox.fault(method="PUT", fault="not_applied")
    assert save(m.path / "partnerize/2.json", '{"firstname":"Jo"}') == refused("EREMOTEIO")
    assert "accepted but not applied" in last_line(m, "EREMOTEIO")
    assert (m.path / "partnerize/2.json").read_text() == text


def test_answer_that_shows_the_old_value(mount, sandbox):
    """It may have been read before the change was applied: a GET tells."""
    m = mount(sandbox(users=25, put_answer="old"), {"partnerize": {"lag": 0}})
    read(m, "partnerize/2.json")
    assert save(m.path / "partnerize/2.json", '{"firstname":"Jo"}') == GOOD
    assert len(sent(m.sandbox)) == 1
    assert read(m, "partnerize/2.json")["firstname"] == "Jo"
    m.sandbox.fault(method="PUT", fault="not_applied")
    assert save(m.path / "partnerize/2.json", '{"firstname":"Joan"}') == refused("EREMOTEIO")
    assert "accepted but not applied" in last_line(m, "EREMOTEIO")
    assert len(sent(m.sandbox)) == 2
    assert read(m, "partnerize/2.json")["firstname"] == "Jo"


@pytest.mark.parametrize("answer", ["changed", "full", "empty"])
def test_normalised(mount, sandbox, answer):
    m = mount(sandbox(users=25, put_answer=answer))
    document = read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="normalise")
    put(m, "partnerize/2.json", {**document, "firstname": "Jo"}).ok()
    assert read(m, "partnerize/2.json")["firstname"] == "JO"
    line = last_line(m, "the vendor made")
    assert '"JO"' in line and '"firstname"' in line and "partnerize/2.json" in line


# ---- passwords ----

@pytest.mark.parametrize("answer", ["changed", "full", "empty"])
def test_password(mount, sandbox, answer):
    m = mount(sandbox(users=25, put_answer=answer))
    before = at_vendor(m.sandbox, 2)
    document = read(m, "partnerize/2.json")
    put(m, "partnerize/2.json", {**document, "password": PASSWORD}).ok()
    assert m.sandbox.user(2)["_password_changes"] == 1
    assert not changed(before, at_vendor(m.sandbox, 2))
    assert "password" in last_line(m, "changed") and "(set)" in last_line(m, "changed")
    assert "password" not in read(m, "partnerize/2.json")
    put(m, "partnerize/2.json", {"password": PASSWORD, "role": "admin"}).ok()
    assert m.sandbox.user(2)["_password_changes"] == 2
    assert m.sandbox.user(2)["role"] == "admin"
    # who saves again without it sends none
    put(m, "partnerize/2.json", {**document, "role": "standard"}).ok()
    assert m.sandbox.user(2)["_password_changes"] == 2
    nowhere(m)


def test_password_refused(mount):
    m = mount(extra={"partnerize": {"retry_budget": 1}})
    path = m.path / "partnerize/2.json"
    read(m, "partnerize/2.json")
    long_password = PASSWORD + "x" * 700
    for said, written in (("no good: " + PASSWORD, PASSWORD), (PASSWORD * 20, PASSWORD),
                          ("short " * 100 + long_password, long_password)):
        m.sandbox.fault(method="PUT", fault="status", status=400, body=json.dumps({"error": said}))
        assert save(path, text_of({"password": written})) == refused("EINVAL")
    assert save(path, text_of({"password": "short"})) == refused("EINVAL")
    m.sandbox.fault(method="PUT", fault="status", status=500, times=-1,
                    body=json.dumps({"error": PASSWORD}))
    assert save(path, text_of({"password": PASSWORD})) == refused("EREMOTEIO")
    m.sandbox.clear_faults()
    # a document that can't be read, and one that is in conflict
    assert save(path, '{"password":"' + "horse SECRET" + '",}').write == "EINVAL"
    assert save(path, '{"password":"horse SECRET","password":"battery"}').write == "EINVAL"
    m.sandbox.patch(2, {"firstname": "Theirs"})
    assert save(path, text_of({"password": PASSWORD, "firstname": "Ours"})) == refused("ESTALE")
    assert m.sandbox.user(2)["_password_changes"] == 0
    assert m.sh("cat .rosterfs/status .rosterfs/metrics").ok()
    nowhere(m)


def test_password_dry_run(mount):
    m = mount(options=["-o", "dry_run"])
    read(m, "partnerize/2.json")
    put(m, "partnerize/2.json", {"password": PASSWORD}).ok()
    assert "(set)" in last_line(m, "dry run")
    assert m.sandbox.user(2)["_password_changes"] == 0
    nowhere(m)


# ---- when it is sent ----

def big_document(m):
    """A document of some 20 KB, with 2.json's stamp."""
    document = read(m, "partnerize/2.json")
    document["notes"] = [f"line {number} of the notes" for number in range(700)]
    text = text_of(document)
    assert len(text) > 18000
    return text


@pytest.mark.parametrize("chunk", [None, 4096, 1000])
def test_commit_in_write(mount, chunk):
    """The write that completes the document is the one that hears of the refusal."""
    m = mount()
    text = big_document(m).rstrip("\n")
    path = m.path / "partnerize/2.json"
    m.sandbox.reset()
    m.sandbox.fault(method="PUT", fault="status", status=400, body='{"error":"no such notes"}')
    data = text.encode()
    step = chunk or len(data)
    file = os.open(path, os.O_WRONLY | os.O_TRUNC)
    results = [name_of(errno_of(os.write, file, data[at:at + step]))
               for at in range(0, len(data), step)]
    assert results == ["ok"] * (len(results) - 1) + ["EINVAL"]
    for again in range(2):  # a close of a copy, as a shell does it
        assert name_of(errno_of(os.close, os.dup(file))) == "EINVAL", again
    assert name_of(errno_of(os.fsync, file)) == "EINVAL"
    assert name_of(errno_of(os.close, file)) == "EINVAL"
    assert len(sent(m.sandbox)) == 1
    assert "no such notes" in last_line(m, "partnerize/2.json")
    assert save(path, data, chunk) == GOOD
    assert len(at_vendor(m.sandbox, 2)["notes"]) == 700
    assert len(sent(m.sandbox)) == 2


def test_acknowledged_in_write(mount):
    m = mount()
    file = os.open(m.path / "partnerize/2.json", os.O_WRONLY | os.O_TRUNC)
    os.write(file, b'{"firstname":')
    assert not sent(m.sandbox)
    os.write(file, b'"Jo"}')
    assert m.sandbox.user(2)["firstname"] == "Jo"
    m.sandbox.reset()
    os.write(file, b"\n")  # nothing new
    os.fsync(file)
    os.close(file)
    assert m.sandbox.counts()["total"] == 0


def test_early_flush(mount):
    """A shell opens, duplicates and closes before a byte is written."""
    m = mount()
    before = (m.path / "partnerize/2.json").read_text()
    m.sandbox.reset()
    file = os.open(m.path / "partnerize/2.json", os.O_WRONLY | os.O_TRUNC)
    os.close(os.dup(file))
    os.fsync(file)
    assert m.sandbox.counts()["total"] == 0
    assert (m.path / "partnerize/2.json").read_text() == before
    os.write(file, b'{"firstname":"Jo"}')
    os.close(file)
    assert m.sandbox.user(2)["firstname"] == "Jo"
    assert len(sent(m.sandbox)) == 1


def test_half_a_document(mount):
    m = mount()
    before = (m.path / "partnerize/2.json").read_text()
    m.sandbox.reset()
    file = os.open(m.path / "partnerize/2.json", os.O_WRONLY | os.O_TRUNC)
    os.write(file, b'{"firstname":')
    assert name_of(errno_of(os.fsync, file)) == "EINVAL"
    assert name_of(errno_of(os.close, os.dup(file))) == "EINVAL"
    assert "EINVAL" in last_line(m, "partnerize/2.json")
    assert m.sandbox.counts()["total"] == 0
    assert (m.path / "partnerize/2.json").read_text() == before
    os.write(file, b'"Jo"}')  # not sticky: more may come
    os.fsync(file)
    os.close(file)
    assert m.sandbox.user(2)["firstname"] == "Jo"
    assert len(sent(m.sandbox)) == 1
    assert save(m.path / "partnerize/2.json", '{"firstname":"J') == Save("ok", "EINVAL", "EINVAL")
    assert len(sent(m.sandbox)) == 1


GARBAGE = ["hello", "[1]", "null", '"text"', "{]", "{'a':1}", '{"a":1,}', '{"a":01}', '{"a":NaN}',
           '{"a":1} x', '{"a":1}{"b":2}', "}", "\ufeff{}", b'{"a":"\xff"}', b"\0", "a: 1",
           '{"a":1,"a":2}', "inactive\n"]


def test_garbage(mount):
    m = mount()
    before = (m.path / "partnerize/2.json").read_text()
    m.sandbox.reset()
    for text in GARBAGE:
        assert save(m.path / "partnerize/2.json", text) == refused("EINVAL"), text
        assert "EINVAL" in last_line(m, "partnerize/2.json"), text
    assert not sent(m.sandbox)
    assert m.sandbox.counts()["total"] == 0
    assert (m.path / "partnerize/2.json").read_text() == before


@pytest.mark.parametrize("shell", SHELLS)
def test_refused_in_shells(mount, shell):
    """Builtins hear of a refusal in write() only."""
    m = mount()
    before = (m.path / "partnerize/2.json").read_text()
    m.sandbox.reset()
    for command in ["echo inactive > $f", "printf '[]' > $f", "echo '{\"a\":1}' >> $f",
                    "echo inactive >> $f", "echo '{\"user_id\":\"3\"}' > $f", "cat README > $f",
                    "echo '{\"firstname\":\"J' | tee $f", "cp README $f", "echo x | dd of=$f"]:
        result = m.sh(f"f=partnerize/2.json\n{command}", shell)
        assert result.code != 0, command
        assert result.err or (shell == "busybox sh" and command.startswith("printf")), command
    empties = [": > $f", "truncate -s 0 $f", "cat /dev/null > $f", "cp /dev/null $f"]
    for command in [*empties, "jq . $f > $f", "touch $f", "true >> $f", "exec 3<> $f", "echo >> $f",
                    "chmod 600 $f", "chmod u+x $f", "touch -d 2020-01-01 $f", "chown $(id -u) $f"]:
        told = m.log().count(EMPTY.format("2.json"))
        m.sh(f"f=partnerize/2.json\n{command}", shell).ok()
        assert (m.path / "partnerize/2.json").read_text() == before, command
        harness.wait_until(lambda: m.log().count(EMPTY.format("2.json")) == told + (command in empties),
                           30 * harness.SCALE, f"{command} is told once")
    assert m.log().count(EMPTY.format("2.json")) == len(empties)
    assert not sent(m.sandbox)


@pytest.mark.parametrize("shell", SHELLS)
def test_only_what_stays_empty_is_told(mount, shell):
    """A shell opens, truncates and closes files that it, or a program, then writes to."""
    m = mount()
    m.sh("echo '{\"firstname\": \"Jo\"}' > partnerize/2.json; printf '{' > partnerize/3.json;"
         "echo inactive > partnerize/4.status; echo none > partnerize/5.status;"
         "jq .firstname=9 partnerize/6.json > partnerize/7.json; : > partnerize/8.status", shell)
    harness.wait_until(lambda: EMPTY.format("8.status") in m.log(), 30 * harness.SCALE, "the last command")
    assert m.log().count(EMPTY.partition(" ")[2]) == 1


def test_append(mount):
    m = mount()
    text = (m.path / "partnerize/2.json").read_text()
    append = os.O_WRONLY | os.O_APPEND
    assert save(m.path / "partnerize/2.json", "{}", flags=append) == refused("EINVAL")
    assert save(m.path / "partnerize/2.json", ",", flags=append) == refused("EINVAL")
    assert save(m.path / "partnerize/2.json", " \n", flags=append) == GOOD
    assert not sent(m.sandbox)
    assert (m.path / "partnerize/2.json").read_text() == text
    # after a truncation it is a document like any other
    assert save(m.path / "partnerize/2.json", '{"firstname":"Jo"}\n', chunk=5,
                flags=append | os.O_TRUNC) == GOOD
    assert m.sandbox.user(2)["firstname"] == "Jo"


LATIN_1 = '{"firstname":"SECRET Zoë"}'.encode("latin-1")
ENCODINGS = [
    (b"\xef\xbb\xbf" + b'{"firstname":"SECRET"}', "byte order mark"),
    ('{"firstname":"SECRET"}'.encode("utf-16"), "UTF-16"),
    ('{"firstname":"SECRET"}'.encode("utf-16-be"), "UTF-16"),
    ('{"firstname":"SECRET"}'.encode("utf-16-le"), "UTF-16"),
    ('{"firstname":\u00a0"SECRET"}'.encode(), "no-break space"),
    ('{"firstname":"SECRET"\ufeff}'.encode(), "not ASCII"),
    (LATIN_1, "not UTF-8"),
    (b'{"firstname":"SECRET \xf0\x9f\x98"}', "not UTF-8"),
]


@pytest.mark.parametrize("text, words", ENCODINGS)
@pytest.mark.parametrize("chunk", [None, 1])
def test_the_encoding_is_named(mount, text, words, chunk):
    m = mount()
    path = m.path / "partnerize/2.json"
    m.sh("ls partnerize").ok()
    m.sandbox.reset()
    assert save(path, text, chunk) == refused("EINVAL")
    assert words in last_line(m, "partnerize/2.json")
    # in place, where close looks at the whole, and by a rename
    with pytest.raises(OSError), open(path, "r+b") as file:
        file.truncate(len(text))
        file.write(text)
    assert words in last_line(m, "partnerize/2.json")
    (path.parent / "temporary").write_bytes(text)
    assert name_of(errno_of(os.rename, path.parent / "temporary", path)) == "EINVAL"
    assert words in last_line(m, "partnerize/2.json")
    # a draft
    with pytest.raises(OSError):
        (path.parent / "new/x.json").write_bytes(text)
    assert words in last_line(m, "new/x.json")
    assert "SECRET" not in m.log() and m.sandbox.counts()["total"] == 0


@pytest.mark.parametrize("name", ["2.json", "new/x.json"])
def test_too_large_in_pieces(mount, name):
    """What fits is taken, the rest is refused, and so is all that programs write after that."""
    m = mount()
    path = m.path / "partnerize" / name
    m.sandbox.reset()
    text = b'{"notes":"' + b"x" * 1100000 + b'"}'
    file = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CREAT)
    at = os.write(file, text)
    assert 0 < at < len(text)
    for rest in (text[at:], text[at:at + 100], b"\n"):
        assert name_of(errno_of(os.write, file, rest)) == "EFBIG"
    assert name_of(errno_of(os.close, file)) == "EFBIG"
    assert m.log().count(" EFBIG ") == 1
    # one that is begun anew is another
    file = os.open(path, os.O_WRONLY)
    assert name_of(errno_of(os.pwrite, file, b"}", 1 << 20)) == "EFBIG"
    os.ftruncate(file, 0)
    os.write(file, b'{"notes":"x"')
    assert name_of(errno_of(os.close, file)) == "EINVAL"
    assert not sent(m.sandbox)


def test_too_large(mount):
    m = mount()
    path = m.path / "partnerize/2.json"
    before = path.read_text()
    m.sandbox.reset()
    text = '{"notes":"' + "x" * (1 << 20) + '"}'
    assert save(path, text) == refused("EFBIG")
    assert save(path, text, chunk=65536) == refused("EFBIG")
    assert save(path, "x", flags=os.O_RDWR, sync=False).close == "EINVAL"
    with open(path, "r+b") as file:
        assert name_of(errno_of(file.truncate, (1 << 20) + 1)) == "EFBIG"
        assert name_of(errno_of(os.pwrite, file.fileno(), b"x", 1 << 20)) == "EFBIG"
        with contextlib.suppress(OSError):
            file.close()
    assert "EFBIG" in m.log()
    assert not sent(m.sandbox)
    assert path.read_text() == before
    # the file of the record has other fields, too
    size = (1 << 20) - len('{"notes":""}')
    assert "EFBIG" in save(path, '{"notes":"' + "x" * size + '"}')
    assert "as a file: nothing was sent" in m.log()
    size = (1 << 20) - len(before) - 100
    assert save(path, '{"notes":"' + "x" * size + '"}') == GOOD
    assert len(m.sandbox.user(2)["notes"]) == size
    assert len(path.read_bytes()) > size


def test_sticky_until_written_again(mount):
    m = mount()
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="status", status=403)
    file = os.open(m.path / "partnerize/2.json", os.O_WRONLY | os.O_TRUNC)
    assert name_of(errno_of(os.write, file, b'{"firstname":"Jo"}')) == "EACCES"
    assert name_of(errno_of(os.fsync, file)) == "EACCES"
    assert name_of(errno_of(os.fsync, file)) == "EACCES"
    assert len(sent(m.sandbox)) == 1
    os.ftruncate(file, 0)
    assert name_of(errno_of(os.pwrite, file, b'{"firstname":"Jo"}', 0)) == "ok"
    os.fsync(file)
    os.close(file)
    assert m.sandbox.user(2)["firstname"] == "Jo"


# ---- ways to write ----

# each must make the record $f be the document in $TMPDIR/new.json; $n is its text
WAYS = [
    "cp $TMPDIR/new.json $f",
    "cat $TMPDIR/new.json > $f",
    "cat $TMPDIR/new.json | tee $f >/dev/null",
    "dd if=$TMPDIR/new.json of=$f status=none",
    "dd if=$TMPDIR/new.json of=$f bs=7 status=none",
    "dd if=$TMPDIR/new.json of=$f conv=fsync status=none",
    "while IFS= read -r l; do printf '%s\\n' \"$l\"; done < $TMPDIR/new.json > $f",
    "{ head -n 3 $TMPDIR/new.json; tail -n +4 $TMPDIR/new.json; } > $f",
    "(cat $TMPDIR/new.json) > $f",
    "exec 3> $f && cat $TMPDIR/new.json >&3 && exec 3>&-",
    'n=$(cat $TMPDIR/new.json); cat > $f <<end\n$n\nend',
    'n=$(cat $TMPDIR/new.json); echo "$n" | cat > $f',
    'n=$(cat $TMPDIR/new.json); printf "%s\\n" "$n" > $f',
    "jq . $TMPDIR/new.json > $f",
    "python3 -m json.tool $TMPDIR/new.json > $f",
    "rsync --inplace -I $TMPDIR/new.json $f",
    # same size or longer than what is there, so that nothing is left over
    "{ cat $TMPDIR/new.json; printf '%999s' ' '; } | dd of=$f conv=notrunc status=none",
    # prints the whole document on one line: sort opens its output when it has read all
    "cp $TMPDIR/new.json $f && jq -c '.role=\"standard\"' $f > $TMPDIR/line && sort -o $f $TMPDIR/line",
]


@pytest.mark.parametrize("shell", SHELLS)
def test_ways(mount, env, shell):
    m = mount()
    file = pathlib.Path(env["TMPDIR"]) / "new.json"
    for number, way in enumerate(WAYS):
        before = at_vendor(m.sandbox, 2)
        document = read(m, "partnerize/2.json")
        document["lastname"] = f"by way {number}"
        file.write_text(text_of(document), encoding="utf-8")
        m.sandbox.reset()
        m.sh(f"f=partnerize/2.json\n{way}", shell).ok()
        after = at_vendor(m.sandbox, 2)
        assert after["lastname"] == f"by way {number}", way
        assert changed(before, after) == {"lastname"}, way
        assert len(sent(m.sandbox)) == 1, way
        stat = (m.path / "partnerize/2.json").stat()
        assert stat.st_size == len((m.path / "partnerize/2.json").read_bytes()), way


PYTHON = """
import json, os, sys
path, way = "partnerize/2.json", sys.argv[1]
with open(path) as file:
    document = json.load(file)
document["lastname"] = way
text = json.dumps(document, indent=2) + "\\n"
if way == "dump":
    with open(path, "w") as file:
        json.dump(document, file)
elif way == "pieces":
    with open(path, "wb", buffering=0) as file:
        for piece in json.JSONEncoder(indent=1).iterencode(document):
            file.write(piece.encode())
elif way == "unclosed":
    file = open(path, "w")
    file.write(text)
    file.flush()
    os._exit(0)
elif way == "left to exit":
    file = open(path, "w")
    json.dump(document, file)
elif way == "r+":
    with open(path, "r+") as file:
        file.write(text)
        file.truncate()
elif way == "r+ shorter":
    with open(path, "r+") as file:
        json.dump(document, file)
        file.truncate()
elif way == "truncate first":
    with open(path, "r+") as file:
        file.truncate(0)
        file.write(text)
elif way == "busybox vi":
    file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o666)
    os.write(file, text.encode())
    os.ftruncate(file, len(text.encode()))
    os.close(file)
elif way == "backwards":
    data = text.encode()
    file = os.open(path, os.O_RDWR | os.O_TRUNC)
    for at in range(len(data) // 100 * 100, -1, -100):
        os.pwrite(file, data[at:at + 100], at)
    os.close(file)
elif way == "one byte":
    at = open(path, "rb").read().index(b'"lastname": "') + len('"lastname": "')
    file = os.open(path, os.O_RDWR)
    os.pwrite(file, b"#", at)
    os.close(file)
elif way == "descriptor of a child":
    file = open(path, "w")
    if os.fork() == 0:
        file.write(text)
        file.close()
        os._exit(0)
    os.wait()
"""

PYTHON_WAYS = ["dump", "pieces", "unclosed", "left to exit", "r+", "r+ shorter", "truncate first",
               "busybox vi", "backwards", "one byte", "descriptor of a child"]


def test_python(mount, env):
    m = mount()
    script = pathlib.Path(env["TMPDIR"]) / "save.py"
    script.write_text(PYTHON)
    for way in PYTHON_WAYS:
        before = at_vendor(m.sandbox, 2)
        read(m, "partnerize/2.json")
        m.sandbox.reset()
        m.sh(f"python3 $TMPDIR/save.py '{way}'").ok()
        after = at_vendor(m.sandbox, 2)
        assert changed(before, after) == {"lastname"}, way
        assert after["lastname"] == ("#" + before["lastname"][1:] if way == "one byte" else way)
        assert len(sent(m.sandbox)) == 1, way


def test_python_hears_of_it(mount, env):
    m = mount()
    script = pathlib.Path(env["TMPDIR"]) / "save.py"
    script.write_text(PYTHON)
    read(m, "partnerize/2.json")
    m.sandbox.fault(method="PUT", fault="status", status=400, times=-1)
    for way in PYTHON_WAYS[:3] + PYTHON_WAYS[4:-1]:
        m.sandbox.reset()
        result = m.sh(f"python3 $TMPDIR/save.py '{way}'")
        assert result.code != 0 and "Invalid argument" in result.err, way
        assert len(sent(m.sandbox)) == 1, way


def test_sort_in_place(mount):
    """Sorted lines are no document: refused, and the record stands."""
    m = mount()
    before = (m.path / "partnerize/2.json").read_text()
    result = m.sh("sort -o partnerize/2.json partnerize/2.json")
    assert result.code != 0 and result.err
    assert not sent(m.sandbox)
    assert (m.path / "partnerize/2.json").read_text() == before


def test_in_place_leftovers(mount):
    """A shorter document over a longer one leaves a tail: refused at close, nothing is sent."""
    m = mount()
    before = (m.path / "partnerize/2.json").read_text()
    path = m.path / "partnerize/2.json"
    assert save(path, '{"firstname":"Jo"}\n', flags=os.O_RDWR) == Save("ok", "EINVAL", "EINVAL")
    result = m.sh("echo '{\"firstname\":\"Jo\"}' | dd of=partnerize/2.json conv=notrunc")
    assert result.code != 0
    assert not sent(m.sandbox)
    assert path.read_text() == before
    # holes are no JSON either
    file = os.open(path, os.O_WRONLY | os.O_TRUNC)
    assert name_of(errno_of(os.pwrite, file, b"}", 5)) == "ok"
    assert name_of(errno_of(os.close, file)) == "EINVAL"
    assert not sent(m.sandbox)


def test_own_text_is_read_back(mount):
    """Who writes in place sees what was written; others see the record."""
    m = mount()
    path = m.path / "partnerize/2.json"
    before = path.read_bytes()
    file = os.open(path, os.O_RDWR)
    os.pwrite(file, b"[", 0)
    assert os.pread(file, 1 << 16, 0) == b"[" + before[1:]
    assert path.read_bytes() == before
    os.pwrite(file, b"{", 0)
    os.close(file)
    assert not sent(m.sandbox)
