# SPDX-License-Identifier: Apache-2.0
"""What nobody edited goes back as the vendor wrote it; a row that is not JSON hides no other."""

import json
import os
import re

import pytest

import raw_vendor
from writes import errno_of, last_line, name_of, save

# each cannot be held by a double or 64 bits, or would be written another way
TOKENS = {
    "short": "0.1", "price": "19.990", "power": "1E+2", "zero": "-0", "large": "1e400",
    "small": "1e-400", "long": "18446744073709551616", "odd": "9007199254740993",
    "digits": "0.12345678901234567890123456789", "half": r'"\ud83d"', "nul": r'"\u0000x"',
    "inner": r'"a\u0000b"', "list": r'[1.0,{"deep":2.50,"half":"x\ude00y"}]', r"key\u0000": "1.0",
    r"\ud83dkey": '"v"',
}
MEMBERS = ",".join(f'"{key}":{value}' for key, value in TOKENS.items())


def with_tokens(row):
    return row[:-1] + "," + MEMBERS + "}"


@pytest.fixture(name="vendor")
def _vendor():
    with raw_vendor.vendor() as server:
        yield server


# where a record is, its file, a field of it and the path of its PUT
RECORDS = [("/user", "2", "partnerize/2.json", "firstname"),
           ("/v2/account-members", "m2", "elasticpath/m2.json", "name"),
           ("/v2/accounts", "a1", "elasticpath/accounts/a1/account.json", "name")]
by_record = pytest.mark.parametrize("listed, ident, name, field", RECORDS)


def compact(text):
    """TEXT as the vendor wrote it: no token is touched."""
    return re.sub(r"\n *", "", text).replace('": ', '":')


def untouched(text, without=()):
    text = compact(text)
    return [key for key, value in TOKENS.items()
            if key not in without and f'"{key}":{value}' not in text]


@by_record
def test_untouched_tokens(mount, vendor, test_dir, listed, ident, name, field):
    vendor.lists[listed][ident] = with_tokens(vendor.lists[listed][ident])
    audit = test_dir / "audit.jsonl"
    test_dir.mkdir(exist_ok=True)
    m = mount(config=raw_vendor.config(vendor, f"[rosterfs]\naudit_log = {audit}\n"))
    path = m.path / name
    os.listdir(path.parent)
    assert not untouched(path.read_text())
    assert save(path, json.dumps({field: "Jo", "price": 5, "half": "whole"})) == ("ok", "ok", "ok")
    (_, body), = vendor.bodies
    assert not untouched(body, ("price", "half"))
    assert not untouched(path.read_text(), ("price", "half"))
    # in the history, the audit log and the log
    history = m.path / ".rosterfs/history/1"
    assert not untouched((history / "before.json").read_text())
    assert not untouched((history / "after.json").read_text(), ("price", "half"))
    assert '"before":19.990' in audit.read_text() and r'"before":"\ud83d"' in audit.read_text()
    assert "price: 19.990 -> 5" in m.log()
    # and taken back, half a surrogate pair as well
    vendor.bodies.clear()
    m.sh(f"cp .rosterfs/history/1/undo.json {name}").ok()
    (_, body), = vendor.bodies
    assert not untouched(body)
    assert not untouched(path.read_text())


def test_status_write(mount, vendor):
    vendor.lists["/user"]["2"] = with_tokens(vendor.lists["/user"]["2"])
    m = mount(config=raw_vendor.config(vendor))
    m.sh("cd by-email/p2@example.com && echo inactive > partnerize.status").ok()
    (_, body), = vendor.bodies
    assert not untouched(body) and '"status":"inactive"' in body
    assert (m.path / "partnerize/2.status").read_text() == "inactive\n"


def test_creation(mount, vendor):
    m = mount(config=raw_vendor.config(vendor))
    text = ('{"firstname": "Jo", "lastname": "L", "email": "jo@example.com", "price": 19.990, '
            '"long": 18446744073709551616}')
    assert save(m.path / "partnerize/new/jo.json", text, flags=os.O_WRONLY | os.O_CREAT) == ("ok",) * 3
    _, body = vendor.bodies[0]
    assert '"price":19.990,"long":18446744073709551616' in body
    assert '"price": 19.990' in (m.path / "partnerize/new/jo.json").read_text()


def test_id_of_more_than_64_bits(mount, vendor):
    vendor.lists["/user"]["18446744073709551616"] = '{"user_id":18446744073709551616,"email":"x@y.z"}'
    m = mount(config=raw_vendor.config(vendor))
    assert "18446744073709551616.json" in os.listdir(m.path / "partnerize")
    assert "18446744073709551616" in (m.path / "partnerize/18446744073709551616.json").read_text()


# ---- tools that round ----

@by_record
def test_jq_rounds(mount, vendor, listed, ident, name, field):
    row = vendor.lists[listed][ident][:-1]
    vendor.lists[listed][ident] = (row + ',"odd":9007199254740993,"large":1e400,"less":-1e400,'
                                   '"long":18446744073709551617,"small":1e-400,"price":19.990,'
                                   '"deep":{"odd":9007199254740993},"list":[1,9007199254740993,2.0]}')
    m = mount(config=raw_vendor.config(vendor))
    folder = os.path.dirname(name)
    m.sh(f"cd {folder} && jq '.{field} = \"Jo\" | .list += [3]' {os.path.basename(name)} > t~ && "
         f"mv t~ {os.path.basename(name)}").ok()
    (_, body), = vendor.bodies
    for token in ('"odd":9007199254740993,', '"large":1e400', '"less":-1e400', '"price":19.990',
                  '"long":18446744073709551617', '"small":1e-400', '"deep":{"odd":9007199254740993}',
                  '"list":[1,9007199254740993,2.0,3]', f'"{field}":"Jo"'):
        assert token in body, token
    said = [line for line in m.log().splitlines() if "taken as unchanged" in line]
    assert len(said) == 1 and name in said[0] and '"odd"' in said[0]


def test_elements_that_moved(mount, vendor):
    vendor.lists["/user"]["2"] = vendor.lists["/user"]["2"][:-1] + (
        r',"list":["a",9007199254740993,{"n":1e400,"s":"\ud83d"},"b"]}')
    m = mount(config=raw_vendor.config(vendor))
    path = m.path / "partnerize/2.json"
    document = json.loads(path.read_text())
    rounded = {"n": 1.7976931348623157e308, "s": "\ufffd"}
    assert document["list"][1:3] == [9007199254740993, {"n": float("inf"), "s": "\ud83d"}]
    assert save(path, json.dumps({"list": [9007199254740992, rounded, "b", "c"]})) == ("ok",) * 3
    (_, body), = vendor.bodies
    assert r'"list":[9007199254740993,{"n":1e400,"s":"\ud83d"},"b","c"]' in body


def test_real_edit_of_a_large_number(mount, vendor):
    """A number that is another one also as a double is an edit."""
    vendor.lists["/user"]["2"] = vendor.lists["/user"]["2"][:-1] + ',"odd":9007199254740993}'
    m = mount(config=raw_vendor.config(vendor))
    m.sh("cat partnerize/2.json; echo '{\"odd\": 9007199254740994}' > partnerize/2.json").ok()
    (_, body), = vendor.bodies
    assert '"odd":9007199254740994' in body
    assert "taken as unchanged" not in m.log()


ONE, OTHER, BOTH = "1234567890123456789", "1234567890123456790", "1234567890123456800"


def test_edit_to_the_next_number(mount, vendor):
    """No tool prints it for the double that both are: somebody typed it."""
    vendor.lists["/user"]["2"] = vendor.lists["/user"]["2"][:-1] + f',"manager":{ONE}}}'
    m = mount(config=raw_vendor.config(vendor))
    m.sh(f"sed -i s/{ONE}/{OTHER}/ partnerize/2.json").ok()
    (_, body), = vendor.bodies
    assert f'"manager":{OTHER}' in body
    assert "taken as unchanged" not in m.log()


def test_null_beyond_the_range(mount, vendor):
    """What JavaScript's JSON.stringify makes of a number that it read as infinite."""
    vendor.lists["/user"]["2"] = vendor.lists["/user"]["2"][:-1] + ',"lim":1e400,"low":-1e309,"few":7.0}'
    m = mount(config=raw_vendor.config(vendor))
    path = m.path / "partnerize/2.json"
    document = json.loads(path.read_text())
    document.update(lim=None, low=None, few=None, firstname="Jo")
    assert save(path, json.dumps(document)) == ("ok",) * 3
    (_, body), = vendor.bodies
    assert '"lim":1e400' in body and '"low":-1e309' in body and '"firstname":"Jo"' in body
    assert '"few":null' in body or '"few"' not in body
    assert "save 0 there first" in last_line(m, "taken as unchanged")
    # and that is how it is cleared, and how that is undone
    vendor.bodies.clear()
    assert save(path, '{"lim": 0}') == ("ok",) * 3
    assert save(path, '{"lim": null}') == ("ok",) * 3
    assert '"lim":0' in vendor.bodies[0][1] and '"lim":1e400' not in vendor.bodies[1][1]
    assert '"lim":null' in vendor.bodies[1][1]
    assert save(path, '{"lim": 2e400}') == ("ok",) * 3
    number = max(int(name) for name in os.listdir(m.path / ".rosterfs/history") if name.isdigit())
    vendor.bodies.clear()
    m.sh(f"cp .rosterfs/history/{number}/undo.json partnerize/2.json").ok()
    (_, body), = vendor.bodies
    assert '"lim":null' in body


# what is there, the command, what is sent: None, nobody can tell
ELEMENTS = {
    "removed": (f'[{ONE},{OTHER}]', f"sed -i /{ONE}/d NAME", f'[{OTHER}]'),
    "added": (f'[{ONE}]', f"sed -i s/{ONE}/{ONE},{OTHER}/ NAME", f'[{ONE},{OTHER}]'),
    "object": (f'[{{"id":{ONE},"p":"r"}},{{"id":{OTHER},"p":"r"}}]',
               f"tr -d '\\n' < NAME | sed 's/{{ *\"id\": {ONE}[^}}]*}}, *//' > t~; mv t~ NAME",
               f'[{{"id":{OTHER},"p":"r"}}]'),
    "spelled": ("[1.50,1.5,2.0]", "sed -i /1.50/d NAME", "[1.5,2.0]"),
    "text": (r'["\udc00","\udc01",1]', r"""echo '{"arr":["\udc01"]}' > NAME""", r'["\udc01"]'),
    "appended": (f'[{ONE},{OTHER}]', "jq '.arr += [3]' NAME > t~; mv t~ NAME", f'[{ONE},{OTHER},3]'),
    "jq removed": (f'[{ONE},{OTHER}]', "jq 'del(.arr[1])' NAME > t~; mv t~ NAME", None),
    "jq reversed": ("[1,9007199254740993,9007199254740992]",
                    "jq '.arr |= reverse' NAME > t~; mv t~ NAME", None),
    "jq prepended": ("[9007199254740993,9007199254740992]",
                     "jq '.arr = [{new: 1}] + .arr' NAME > t~; mv t~ NAME", None),
    "replaced": (r'["\udc00","\udc01",1]', """echo '{"arr":["\ufffd"]}' > NAME""", None),
}


@pytest.mark.parametrize("case", ELEMENTS, ids=lambda case: case.replace(" ", "-"))
def test_which_element(mount, vendor, case):
    had, command, wanted = ELEMENTS[case]
    vendor.lists["/user"]["2"] = vendor.lists["/user"]["2"][:-1] + f',"arr":{had}}}'
    m = mount(config=raw_vendor.config(vendor))
    m.sh("cat partnerize/2.json").ok()
    result = m.sh("set -e; cd partnerize; " + command.replace("NAME", "2.json"))
    if wanted is None:
        assert result.code != 0 and re.search("Stale file handle|resource busy", result.err)
        assert not vendor.bodies and "not certain which" in last_line(m, "partnerize/2.json")
        return
    result.ok()
    (_, body), = vendor.bodies
    assert f'"arr":{wanted}' in body
    # and all of it can be taken back
    vendor.bodies.clear()
    m.sh("cp .rosterfs/history/1/undo.json partnerize/2.json").ok()
    (_, body), = vendor.bodies
    assert f'"arr":{had}' in body


def test_rounded_undo(mount, vendor):
    """jq reads undo.json, and rounds what that has."""
    vendor.lists["/user"]["2"] = vendor.lists["/user"]["2"][:-1] + f',"arr":[{ONE},"x"],"n":{BOTH}}}'
    m = mount(config=raw_vendor.config(vendor))
    m.sh(f"echo '{{\"arr\":[\"x\"],\"n\":{ONE}}}' > partnerize/2.json").ok()
    vendor.bodies.clear()
    m.sh("cd partnerize; jq . ../.rosterfs/history/1/undo.json > t~ && mv t~ 2.json").ok()
    (_, body), = vendor.bodies
    assert f'"arr":[{ONE},"x"]' in body and f'"n":{BOTH}' in body


def test_replacement_characters(mount, vendor):
    """What Python's errors="replace" or a browser writes for half a surrogate pair."""
    vendor.lists["/user"]["2"] = with_tokens(vendor.lists["/user"]["2"])
    m = mount(config=raw_vendor.config(vendor))
    path = m.path / "partnerize/2.json"
    text = re.sub(r"\\ud83d|\\ude00", "\ufffd", path.read_text())
    assert text.count("\ufffd") == 3
    assert save(path, text.replace('"P2"', '"Jo"')) == ("ok",) * 3
    (_, body), = vendor.bodies
    assert not untouched(body) and "\ufffd" not in body and r"\ufffd" not in body
    assert m.log().count("taken as unchanged") == 1


# ---- half a surrogate pair ----

@pytest.mark.parametrize("text", [r'{"firstname": "\ud83d"}', r'{"half": "\ud83d\ud83d"}',
                                  r'{"\ude00": 1}', r'{"list": ["\udead"]}', r'{"new": {"\ud800": 1}}',
                                  r'{"half": "\ud83e"}'])
@pytest.mark.parametrize("how", ["write", "rename"])
def test_no_half_that_the_record_does_not_have(mount, vendor, text, how):
    vendor.lists["/user"]["2"] = with_tokens(vendor.lists["/user"]["2"])
    m = mount(config=raw_vendor.config(vendor))
    path = m.path / "partnerize/2.json"
    path.read_text()
    if how == "write":
        assert save(path, text).write == "EINVAL"
    else:
        (path.parent / "t~").write_text(text)
        assert name_of(errno_of(os.rename, path.parent / "t~", path)) == "EINVAL"
    assert not vendor.bodies
    assert "half a surrogate pair" in last_line(m, "partnerize/2.json")
    # as it is in the record it may stand in a document
    text = path.read_text()
    assert save(path, text.replace('"P2"', '"Jo"')) == ("ok",) * 3
    assert not untouched(vendor.bodies[0][1])


def test_none_in_a_new_record(mount, vendor):
    m = mount(config=raw_vendor.config(vendor))
    text = r'{"firstname": "\ud83d", "lastname": "L", "email": "jo@example.com"}'
    assert save(m.path / "partnerize/new/jo.json", text, flags=os.O_WRONLY | os.O_CREAT).write == "EINVAL"
    assert not vendor.bodies


@pytest.mark.parametrize("body, words", [
    (rb'{"error":{"message":"Name \ud83d is \u0000 wrong"}}', r"Name \ud83d is   wrong"),
    (rb'{"errors":[{"title":"Bad","detail":"no \ude00 here"}]}', r"Bad: no \ude00 here"),
    (b'{"error":{"code":1e999,"message":"Not \xff good"}}', "Not ? good"),
])
def test_words_of_a_refusal(mount, vendor, body, words):
    vendor.refusals["PUT"] = body
    m = mount(config=raw_vendor.config(vendor))
    for name, field in (("partnerize/2.json", "firstname"), ("elasticpath/m2.json", "name")):
        assert save(m.path / name, json.dumps({field: "Jo"})).write == "EINVAL"
        assert words in last_line(m, name)


# ---- rows that are not JSON ----

BAD = {"not UTF-8": b'"P\xff"', "cut UTF-8": b'"P\xc3"', "mark": b'\xef\xbb\xbf"P2"', "control": b'"P\n2"',
       "escape": rb'"P\x2"', "nan": b"NaN", "infinity": b"-Infinity", "zero byte": b"2\0", "digits": b"01"}


@pytest.mark.parametrize("bad", BAD, ids=lambda name: name.replace(" ", "-"))
def test_row_that_is_not_json(mount, vendor, bad):
    good = {}
    for listed, ident, _name, field in RECORDS:
        row = vendor.lists[listed][ident]
        good[listed, ident] = row
        vendor.lists[listed][ident] = re.sub(rf'"{field}":"[^"]*"'.encode(),
                                             lambda _, field=field: f'"{field}":'.encode() + BAD[bad],
                                             row.encode())
    m = mount(config=raw_vendor.config(vendor))
    assert {"1.json", "2.json", "2.status", "3.json"} <= set(os.listdir(m.path / "partnerize"))
    assert {"m1.json", "m2.json", "m3.json"} <= set(os.listdir(m.path / "elasticpath"))
    for _, ident, name, _ in RECORDS:
        result = m.sh(f"cat {name}")
        assert "Remote I/O error" in result.err, result
    m.sh("cat partnerize/[13].json elasticpath/m[13].json elasticpath/m[13].status").ok()
    assert "p2@example.com" in os.listdir(m.path / "by-email")
    assert m.sh("cat by-email/p3@example.com/elasticpath.status").ok().out == "inactive\n"
    assert m.sh("echo inactive > partnerize/2.status").code != 0
    assert m.sh("echo inactive > by-email/p3@example.com/partnerize.status").ok()
    assert [place for place, _ in vendor.bodies] == ["PUT /user/3"]
    assert last_line(m, 'row 2 (user_id "2") is not JSON') and last_line(m, 'row 2 (id "m2") is not JSON')
    # the vendor has mended it
    for (listed, ident), row in good.items():
        vendor.lists[listed][ident] = row
    for _, _, name, _ in RECORDS:
        m.sh(f"cat {name}").ok()


@pytest.mark.parametrize("row", [b'{"user_id":"\xff","email":"x@y.z"}', b'{"user_id":"9","email":"x@y.z"',
                                 b'{"email":NaN}'])
def test_row_that_nobody_can_name(mount, vendor, row):
    """A list is complete or an error."""
    vendor.lists["/user"]["9"] = row
    m = mount(config=raw_vendor.config(vendor))
    assert name_of(errno_of(os.listdir, m.path / "partnerize")) == "EREMOTEIO"


# ---- equal keys ----

@pytest.mark.parametrize("more", ['"role":"b"', r'"r\u006fle":"a"', '"deep":{"x":1,"y":[{"z":1,"z":1}]}'],
                         ids=("other", "escaped", "deep"))
def test_equal_keys_in_a_row(mount, vendor, more):
    """Nobody knows which one is meant, and a PUT would drop one of them."""
    good = {}
    for listed, ident, _name, _field in RECORDS:
        good[listed, ident] = row = vendor.lists[listed][ident]
        vendor.lists[listed][ident] = row[:-1] + ',"role":"a",' + more + "}"
    m = mount(config=raw_vendor.config(vendor))
    assert {"1.json", "2.json", "2.status", "3.json"} <= set(os.listdir(m.path / "partnerize"))
    assert {"m1.json", "m2.json", "m3.json"} <= set(os.listdir(m.path / "elasticpath"))
    for _, _, name, _ in RECORDS:
        assert "Remote I/O error" in m.sh(f"cat {name}").err
    m.sh("cat partnerize/[13].json elasticpath/m[13].json").ok()
    assert m.sh("echo inactive > partnerize/2.status").code != 0
    m.sh("echo inactive > partnerize/3.status").ok()
    assert [place for place, _ in vendor.bodies] == ["PUT /user/3"]
    assert "duplicate object key" in last_line(m, 'row 2 (user_id "2")')
    for (listed, ident), row in good.items():
        vendor.lists[listed][ident] = row
    for _, _, name, _ in RECORDS:
        m.sh(f"cat {name}").ok()


@pytest.mark.parametrize("row", ['{"user_id":"9","user_id":"8"}', '{"user_id":"9"}],"users":['],
                         ids=("id", "envelope"))
def test_equal_keys_that_hide_who_is_there(mount, vendor, row):
    vendor.lists["/user"]["9"] = row
    m = mount(config=raw_vendor.config(vendor))
    assert name_of(errno_of(os.listdir, m.path / "partnerize")) == "EREMOTEIO"


# ---- one answer for `>` and rename ----

def nested(levels):
    return '{"a":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


@pytest.mark.parametrize("text, errno", [
    (nested(512), "ok"), (nested(513), "EINVAL"), (nested(2047), "EINVAL"), (nested(2049), "EINVAL"),
    ('{"a":1\0}', "EINVAL"), ('{"a":1}\0', "EINVAL"), ('{"a":1,"a":2}', "EINVAL"), ('{"a":1e400}', "ok"),
    ('{"a":"\\u0000"}', "ok"), ('{"\\u0000":1}', "ok"), ('{"a":01}', "EINVAL"),
], ids=range(11))
def test_same_answer_however_it_is_saved(mount, vendor, text, errno):
    m = mount(config=raw_vendor.config(vendor))
    path = m.path / "partnerize/2.json"
    assert save(path, text).write == errno
    scratch = path.parent / "t~"
    # a file with both would be too large
    scratch.write_text(text.replace('"a"', '"a":null,"b"').replace("u0000\":", "u0001\":"))
    assert name_of(errno_of(os.rename, scratch, path)) == errno
    assert len(vendor.bodies) == (2 if errno == "ok" else 0)
