# SPDX-License-Identifier: Apache-2.0
"""Names that somebody meant for a record's file: a command that seems to deactivate or to save must
fail where the shell sees it, and everything that editors make beside the records must not.
"""

import json
import os

import pytest

from ep_store import people, store
from test_scratch import BOTH, asked, fails, make, writable_folders
from writes import last_line, sent

MISTYPED = ("26.statu", "26.Status", "26.STATUS", "26.state", "26.stauts", "26.statuss", "26.stat",
            "26.status.txt", "26.json.txt", "26.status.TXT", "26.json.jsn", "26.status.statu",
             "26.JSON", "26.jsno", "26.js", "26.jsonx", "26.jason",
            "27.jsn", "999.statsu", "nobody.sttaus", "26")
# each makes a file called $F of a text that is in $T, in one piece or in several
WAYS = {
    "echo": 'echo "$T" >$F',
    "printf": 'printf %s "$T" >$F',
    "append": 'printf %s "$T" >>$F',
    "two writes": '{ printf %s "${T%????}"; printf %s "${T#"${T%????}"}"; } >$F',
    "two processes": '{ /usr/bin/printf %s "${T%????}"; /usr/bin/printf %s "${T#"${T%????}"}"; } >$F',
    "two opens": 'printf %s "${T%????}" >$F && printf %s "${T#"${T%????}"}" >>$F',
    "over a longer text": 'seq 40 >$F && printf %s "$T" >$F',
    "here document": 'cat >$F <<END\n$T\nEND',
    "tee": 'printf %s "$T" | tee $F',
    "dd": 'printf %s "$T" | dd of=$F',
    "dd bs=1": 'printf %s "$T" | dd of=$F bs=1',
    "cp": 'printf %s "$T" >$TMPDIR/t && cp $TMPDIR/t $F',
    "mv from elsewhere": 'printf %s "$T" >$TMPDIR/t && mv $TMPDIR/t $F',
    "mv": 'printf %s "$T" >t && mv t $F',
    "mv onto": 'touch $F; printf %s "$T" >t && mv t $F',
    "rename in python": 'printf %s "$T" >t && python3 -c "import os; os.rename(\'t\', \'$F\')"',
    "rsync": 'printf %s "$T" >$TMPDIR/t && rsync $TMPDIR/t $F',
    "python": 'python3 -c "import os; f = open(os.environ[\'F\'], \'w\'); '
              'f.write(os.environ[\'T\']); f.close()"',
    "python, opened twice": 'python3 -c "import os; open(os.environ[\'F\'], \'w\').close(); '
                            'f = open(os.environ[\'F\'], \'r+\'); f.write(os.environ[\'T\']); f.close()"',
    "renamed while it is open": 'python3 -c "import os; f = open(\'t\', \'w\'); '
                                'os.rename(\'t\', os.environ[\'F\']); f.write(os.environ[\'T\']); f.close()"',
}
DOCUMENT = '{"lastname": "Typed"}'


def run(m, way, name, text, folder="partnerize"):
    """Its Result, and the lines that it brought into the log."""
    before = len(m.log().splitlines())
    result = m.sh(f"cd {folder} && {WAYS[way]}", env={"F": name, "T": text})
    return result, m.log().splitlines()[before:]


def clear(m, folder="partnerize"):
    m.sh(f"cd {folder} && find . -maxdepth 1 -type f ! -name '*.json' ! -name '*.status' ! -name tokens "
         "! -name MANUAL -delete").ok()


@pytest.fixture
def warm(mount, sandbox):
    m = mount(sandbox(users=30))
    os.listdir(m.path / "partnerize")
    return m


@pytest.mark.parametrize("way", WAYS)
def test_each_way(warm, way):
    m = warm
    before = asked(m.sandbox)
    for name in ("26.statu", "26.jsn", "26"):
        for text, meant in (("inactive", "26.status"), (DOCUMENT, "26.json")):
            result, lines = run(m, way, name, text)
            assert result.code != 0, (name, text)
            assert any(f"partnerize/{name}:" in line and f"write partnerize/{meant} instead" in line
                       and "EINVAL" in line for line in lines), lines
            clear(m)
    assert asked(m.sandbox) == before


def test_names(warm):
    m = warm
    folder = m.path / "partnerize"
    before = asked(m.sandbox)
    for name in MISTYPED:
        stem = name.partition(".")[0]
        for text, suffix in ((b"inactive\n", "status"), (b"active", "status"), (b"deleted\n", "status"),
                             (b'{"status": "inactive"}\n', "json")):
            assert make(folder / name, text) == "EINVAL", name
            # what the log shows for the user
            assert f"write partnerize/{stem}.{suffix} instead" in last_line(m, "EINVAL"), name
            os.unlink(folder / name)
            assert make(folder / "t", text) == "ok"
            assert fails(os.rename, folder / "t", folder / name) == "EINVAL", name
            assert f"write partnerize/{stem}.{suffix} instead" in last_line(m, "EINVAL"), name
            os.unlink(folder / "t")
        # a record's own text
        for source in ("2.json", "2.status"):
            assert fails(os.rename, folder / source, folder / name) == "EINVAL", name
            assert (folder / source).exists()
        # notes are nobody's business
        for text in (b"", b"7", b"is 26 inactive?\n", b"inactive\nactive\n", b"[]", b"{", b"{}{}"):
            assert make(folder / name, text) == "ok", name
            os.rename(folder / name, folder / "t")
            os.rename(folder / "t", folder / name)
            os.unlink(folder / name)
    assert asked(m.sandbox) == before


def test_other_names(warm):
    m = warm
    folder = m.path / "partnerize"
    names = ("26.json~", "26.json.bak", "26.jsonXXXXXX", "26.status.gawk.XXXXXX", "26.json.old", "26.tmp",
             "26.bak", "4913", "sedXXXXXX", ".26.json.swp", "#26.json#", "26.json.orig", "26.status~",
             "26~", "26.json.statuz", ".26.json.STATUX", "31", "026", "26 ", "notes.txt", "26.txt",
             "26.json5", "26.sta")
    before = asked(m.sandbox)
    # one letter more or less decides
    for name in ("26.jsonxx", "26.stat", "30"):
        assert make(folder / name, b"inactive\n") == "EINVAL", name
    for name in names:
        for text in (b"inactive\n", b'{"a": 1}\n'):
            assert make(folder / name, text) == "ok", name
            assert (folder / name).read_bytes() == text
            os.rename(folder / name, folder / "t")
            os.rename(folder / "t", folder / name)
            os.unlink(folder / name)
    assert asked(m.sandbox) == before


def test_nobody_is_asked(mount):
    """Whether there is a user 26 is not known yet: a file without a suffix is in memory as before."""
    m = mount()
    assert make(m.path / "partnerize/25", b"inactive\n") == "ok"
    assert make(m.path / "partnerize/25.statu", b"inactive\n") == "EINVAL"
    assert asked(m.sandbox) == 0
    # one user alone is known by now
    assert (m.path / "partnerize/2.status").read_text() == "active\n"
    assert make(m.path / "partnerize/2", b"inactive\n") == "EINVAL"
    assert make(m.path / "partnerize/3", b"inactive\n") == "ok"
    assert fails(os.rename, m.path / "partnerize/3", m.path / "partnerize/2") == "EINVAL"


def test_a_refused_write_is_not_kept(warm):
    m = warm
    path = m.path / "partnerize/26.statu"
    with open(path, "wb", buffering=0) as file:
        assert file.write(b"in") == 2
        assert fails(file.write, b"active") == "EINVAL"
        assert path.read_bytes() == b"in"
        assert file.write(b"deed") == 4
    assert path.read_bytes() == b"indeed"
    # whatever was refused is no save
    path.write_bytes(b"")
    assert make(m.path / "partnerize/26.jsn", b"{") == "ok"
    with open(m.path / "partnerize/26.jsn", "ab", buffering=0) as file:
        assert fails(file.write, b"}") == "EINVAL"
        assert file.write(b'"a": ') == 5
    assert fails(os.rename, m.path / "partnerize/26.jsn", m.path / "partnerize/26.json") == "EINVAL"
    assert not sent(m.sandbox)


def test_wherever_records_are_written(mount, sandbox):
    box = store(sandbox, members=5, accounts=2)
    m = mount(box, BOTH)
    member = people(box)[0]["id"]
    folders = writable_folders(m)
    for folder in folders:
        os.listdir(folder)
    before = asked(box)
    for folder in folders:
        place = folder.relative_to(m.path)
        # the first of them is refused everywhere, the rest not in new/
        for name in ("john.jsn", "john.json.txt"):
            assert make(folder / name, DOCUMENT.encode()) == "EINVAL", folder / name
            assert f"write {place}/john.json instead" in last_line(m, "EINVAL")
        for name in ("john.statu", "john.status.txt"):
            assert make(folder / name, b"inactive\n") == ("ok" if folder.name == "new" else "EINVAL")
    # what a record is called without its suffix
    account = next(folder for folder in folders if folder.parent.name == "accounts" and folder.name != "new")
    realm = next(folder for folder in folders if folder.parent.name == "realms" and folder.name != "new")
    for path in (m.path / "elasticpath" / member, account / "account", realm / "realm",
                 m.path / "elasticpath/settings/account-authentication"):
        assert make(path, DOCUMENT.encode()) == "EINVAL", path
        assert f"write {path.relative_to(m.path)}.json instead" in last_line(m, "EINVAL")
    assert make(m.path / "elasticpath/new" / member, DOCUMENT.encode()) == "ok"
    assert asked(box) == before


def test_new(mount, sandbox):
    m = mount(sandbox(users=30))
    os.listdir(m.path / "partnerize")
    folder = m.path / "partnerize/new"
    for name in ("x.jsno", "x.JSON", "x.json.txt"):
        for text in (DOCUMENT.encode(), b"inactive\n"):
            assert make(folder / name, text) == "EINVAL"
            os.unlink(folder / name)
    for name in ("26", "x.state", "x.status.txt", "x.json~", "x.json.bak", "x.txt"):
        for text in (DOCUMENT.encode(), b"inactive\n"):
            assert make(folder / name, text) == "ok"
            assert fails(os.rename, folder / name, folder / "x.jsn") == "EINVAL"
            os.unlink(folder / name)
    # a draft that the vendor has refused keeps its name
    m.sandbox.fault(method="POST", fault="status", status=422, times=1)
    assert make(folder / "x.json", json.dumps({"email": "x@example.com"}).encode()) == "EINVAL"
    assert fails(os.rename, folder / "x.json", folder / "x.jsn") == "EINVAL"
    os.rename(folder / "x.json", folder / "x.json~")
    assert len(sent(m.sandbox)) == 1


def test_read_only_and_dry_run(mount, sandbox):
    box = sandbox(users=30)
    m = mount(box, options=["-o", "dry_run"])
    os.listdir(m.path / "partnerize")
    assert make(m.path / "partnerize/26.statu", b"inactive\n") == "EINVAL"
    assert make(m.path / "partnerize/26", b"inactive\n") == "EINVAL"
    m = mount(box, options=["-o", "ro"])
    assert make(m.path / "partnerize/26.statu", b"inactive\n") == "EROFS"
