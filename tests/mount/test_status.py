# SPDX-License-Identifier: Apache-2.0
"""123.status: what it takes, what it refuses, what it sends, and the guards on it."""

import errno
import os
import pathlib
import time

import pytest

import harness
import status_table
from writes import (GOOD, at_vendor, changed, errno_of, last_line, name_of, put, read, refresh,
                     refused, save, sent, text_of)

NOT_OFFERED = name_of(errno.EOPNOTSUPP)  # on Linux ENOTSUP is the same number
SHELLS = ["bash", "dash", "zsh", "busybox sh"]

# each must set the status of the file $f to the word $w
WAYS = [
    'echo $w > $f',
    'echo $w >> $f',
    'printf %s $w > $f',
    'printf "%s\\n" $w > $f',
    'echo $w | tee $f >/dev/null',
    'echo $w | tee -a $f >/dev/null',
    'echo $w | dd of=$f status=none',
    'echo $w | dd of=$f conv=notrunc status=none',
    'echo $w >$TMPDIR/word; cp $TMPDIR/word $f',
    'echo $w | cat > $f',
    'cat > $f <<end\n$w\nend',
    '{ printf %s $w; echo; } > $f',
    '(echo $w) > $f',
    'exec 3> $f && echo $w >&3 && exec 3>&-',
    'exec 3<> $f && echo $w >&3 && exec 3>&-',
]


@pytest.mark.parametrize("shell", SHELLS)
def test_shells(mount, shell):
    m = mount()
    m.sh("ls partnerize").ok()
    word = "active"
    for way in WAYS:
        before = at_vendor(m.sandbox, 7)
        word = "inactive" if word == "active" else "active"
        m.sandbox.reset()
        m.sh(f"f=partnerize/7.status w={word}\n{way}", shell).ok()
        after = at_vendor(m.sandbox, 7)
        assert after["status"] == word, way
        assert changed(before, after) == {"status"}, way
        assert len(sent(m.sandbox)) == 1, way
        assert (m.path / "partnerize/7.status").read_text() == word + "\n", way


def test_programs(mount):
    m = mount()
    path = m.path / "partnerize/7.status"
    for number, text in enumerate(["inactive", "active\n", b"inactive", b"active\n"]):
        assert save(path, text) == GOOD
        assert at_vendor(m.sandbox, 7)["status"] == ("active" if number % 2 else "inactive")
    path.write_text("inactive\n")
    with open(path, "r+", encoding="ascii") as file:
        assert file.read() == "inactive\n"
        file.seek(0)
        file.write("active\n")
    assert at_vendor(m.sandbox, 7)["status"] == "active"
    m.sh("python3 -c \"open('partnerize/7.status', 'w').write('inactive')\"").ok()
    assert at_vendor(m.sandbox, 7)["status"] == "inactive"
    assert path.read_text() == "inactive\n" and path.stat().st_size == len("inactive\n")


BAD_WORDS = ["\n", "inactiv", "inactive\n\n", "inactive ", " inactive", "Active", "INACTIVE",
             "deleted", "unknown", "inactive\r\n", "inactive\0", "active\ninactive\n",
             b"\xff\xfe\0i", b"\0" * 9, "inactive" * 20000, '{"status":"inactive"}']


def test_bad_words(mount):
    m = mount()
    path = m.path / "partnerize/7.status"
    m.sh("ls partnerize").ok()
    before = m.sandbox.user(7)
    m.sandbox.reset()
    for word in BAD_WORDS:
        assert save(path, word) == refused("EINVAL"), word
        assert "EINVAL" in last_line(m, "partnerize/7.status"), word
    assert m.sandbox.counts()["total"] == 0
    assert m.sandbox.user(7) == before
    # the error was that of the one open file
    assert save(path, "inactive") == GOOD


@pytest.mark.parametrize("flags", [os.O_WRONLY | os.O_TRUNC, os.O_WRONLY, os.O_WRONLY | os.O_APPEND])
def test_a_second_word(mount, flags):
    """A text of two words is no status, also where a shell makes two writes of it."""
    m = mount()
    path = m.path / "partnerize/7.status"
    m.sh("ls partnerize").ok()
    file = os.open(path, flags)
    os.write(file, b"inactive\n")
    m.sandbox.reset()
    assert name_of(errno_of(os.write, file, b"active")) == "EINVAL"
    assert "EINVAL" in last_line(m, "partnerize/7.status")
    assert name_of(errno_of(os.close, file)) == "EINVAL"
    assert m.sandbox.counts()["total"] == 0
    assert at_vendor(m.sandbox, 7)["status"] == "inactive"
    # white space behind it is nothing, and what is written over it counts
    file = os.open(path, flags)
    os.write(file, b"active")
    os.write(file, b"\n")
    os.write(file, b" \r\n")
    if not flags & os.O_APPEND:
        os.ftruncate(file, 0)
        os.write(file, b"inactive\n")
    os.close(file)
    assert len(sent(m.sandbox)) == (1 if flags & os.O_APPEND else 2)


@pytest.mark.parametrize("shell", SHELLS)
def test_two_words_in_shells(mount, shell):
    """However many writes a shell makes of it."""
    m = mount()
    m.sh("ls partnerize").ok()
    result = m.sh("printf 'inactive\nactive' > partnerize/7.status; echo $?", shell)
    assert result.out != "0\n"
    assert len(sent(m.sandbox)) <= 1
    assert m.sh("{ echo inactive; echo active; } > partnerize/8.status", shell).code != 0
    assert at_vendor(m.sandbox, 8)["status"] == "inactive"


@pytest.mark.parametrize("shell", SHELLS)
def test_bad_words_in_shells(mount, shell):
    m = mount()
    m.sh("ls partnerize").ok()
    m.sandbox.reset()
    # builtins see nothing but what write() says
    for command in ["echo inactiv > $f", "printf INACTIVE > $f", "echo deleted > $f",
                    "echo inactiv >> $f", "echo inactiv | tee $f", "echo inactiv | dd of=$f"]:
        result = m.sh(f"f=partnerize/7.status\n{command}", shell)
        assert result.code != 0, command
        # dash and busybox never tell why a builtin's write failed
        assert "nvalid argument" in result.err or shell in ("dash", "busybox sh"), command
    for command in [": > $f", "printf '' > $f", ": >> $f", "cat /dev/null > $f", "touch $f",
                    "truncate -s 0 $f", "cp /dev/null $f"]:
        m.sh(f"f=partnerize/7.status\n{command}", shell).ok()
    assert m.sandbox.counts()["total"] == 0
    assert (m.path / "partnerize/7.status").read_text() == "active\n"


@pytest.mark.parametrize("warm", [False, True])
def test_mistyped(mount, warm):
    m = mount()
    if warm:
        m.sh("ls partnerize").ok()
    m.sandbox.reset()
    status = m.path / "partnerize/99.status"
    document = m.path / "partnerize/99.json"
    write = os.O_WRONLY | os.O_TRUNC
    for flags in (write, write | os.O_CREAT, write | os.O_CREAT | os.O_EXCL, os.O_RDWR):
        assert name_of(errno_of(os.open, status, flags)) == "ENOENT"
    assert name_of(errno_of(os.open, document, write)) == "ENOENT"
    for flags in (write | os.O_CREAT, write | os.O_CREAT | os.O_EXCL):
        assert name_of(errno_of(os.open, document, flags)) == NOT_OFFERED
    assert not sent(m.sandbox)
    # once it is known that there is no such user, nobody is asked again
    counts = m.sandbox.counts()
    assert counts["GET /user/{id}"] == 1
    assert counts["total"] == 1 + counts.get("GET /user", 0) <= (1 if warm else 3)


@pytest.mark.parametrize("shell", SHELLS)
def test_nothing_to_match(mount, shell):
    m = mount()
    before = m.sandbox.control("GET", "users")
    for command in ["cd partnerize; echo inactive > 9*9.status",
                    "for f in partnerize/x*.status; do echo inactive > $f; done",
                    "cd partnerize; echo inactive | tee 9*9.status", "cd cj; echo inactive > *.status",
                    "echo inactive > partnerize/99.status", "echo inactive > *.status",
                    "echo inactive > partnerize/.status"]:
        result = m.sh(command, shell)
        assert result.code != 0 and result.err, command
    assert "No such file" in m.sh("echo inactive > partnerize/99.status", "bash").err
    assert "not supported" in m.sh("echo '{}' > partnerize/99.json", "bash").err
    assert not sent(m.sandbox)
    assert m.sandbox.control("GET", "users") == before


def test_glob_of_many(mount):
    # bash refuses to write to several files at once; dash, with no terminal, takes the pattern literally
    m = mount()
    for shell in ("bash", "dash", "busybox sh"):
        assert m.sh("cd partnerize && echo inactive > *.status", shell).code != 0
    assert not sent(m.sandbox)


def test_requests(mount):
    m = mount()
    m.sh("ls partnerize").ok()
    m.sandbox.reset()
    m.sh("echo inactive > partnerize/7.status").ok()
    counts = m.sandbox.counts()
    assert counts == {**counts, "GET /user/{id}": 1, "PUT /user/{id}": 1, "GET /user/self": 1,
                      "total": 3}
    m.sandbox.reset()
    m.sh("echo inactive > partnerize/8.status; echo active > partnerize/8.status").ok()
    counts = m.sandbox.counts()
    assert counts == {**counts, "GET /user/{id}": 2, "PUT /user/{id}": 2, "total": 4}
    m.sandbox.reset()
    m.sh("echo active > partnerize/8.status; echo inactive > partnerize/7.status").ok()
    assert m.sandbox.counts()["total"] <= 2
    assert not sent(m.sandbox)
    m.sandbox.reset()
    assert m.sh("cat partnerize/[78].status").ok().out == "inactive\nactive\n"
    assert m.sandbox.counts()["total"] == 0


def test_cold_requests(mount):
    m = mount()
    m.sh("echo inactive > partnerize/7.status").ok()
    counts = m.sandbox.counts()
    assert counts["PUT /user/{id}"] == 1 and counts.get("GET /user", 0) == 0
    assert counts["GET /user/self"] == 1 and counts["GET /user/{id}"] <= 2


def test_self_is_asked_again_after_ttl(mount):
    def asked(m):
        m.sh("echo inactive > partnerize/7.status; echo active > partnerize/7.status").ok()
        return m.sandbox.counts()["GET /user/self"]
    m = mount(extra={"partnerize": {"ttl": 600}})
    assert asked(m) == asked(m) == 1
    m = mount(extra={"partnerize": {"ttl": 1}})
    before = asked(m)
    harness.wait_until(lambda: asked(m) > before, 10 * harness.SCALE, "another look at who self is", 0.2)


@pytest.mark.parametrize("answer", ["changed", "full", "empty"])
def test_answers(mount, sandbox, answer):
    m = mount(sandbox(users=25, put_answer=answer))
    m.sh("ls partnerize; echo inactive > partnerize/8.status").ok()
    m.sandbox.reset()
    m.sh("echo inactive > partnerize/7.status").ok()
    counts = m.sandbox.counts()
    assert counts["PUT /user/{id}"] == 1
    assert counts["GET /user/{id}"] == (2 if answer == "empty" else 1)
    assert m.sandbox.user(7)["status"] == "inactive"


def test_answer_that_shows_the_old_status(mount, sandbox):
    """It may have been read before the change was applied: a GET tells."""
    m = mount(sandbox(users=25, put_answer="old"), {"partnerize": {"lag": 0}})
    m.sh("echo inactive > partnerize/7.status").ok()
    assert (m.path / "partnerize/7.status").read_text() == "inactive\n"
    assert len(sent(m.sandbox)) == 1
    m.sandbox.fault(method="PUT", fault="not_applied")
    result = m.sh("echo inactive > partnerize/8.status")
    assert result.code != 0 and "Remote I/O error" in result.err
    assert "accepted but not applied" in last_line(m, "partnerize/8.status")
    assert len(sent(m.sandbox)) == 2


def test_not_applied(mount):
    m = mount(extra={"partnerize": {"lag": 0}})
    for answer in ("full", "empty"):
        m.sandbox.settings(put_answer=answer)
        m.sandbox.fault(method="PUT", fault="not_applied")
        assert save(m.path / "partnerize/7.status", "inactive") == refused("EREMOTEIO")
        assert "accepted but not applied" in last_line(m, "EREMOTEIO")
        assert (m.path / "partnerize/7.status").read_text() == "active\n"


def test_absolute(mount):
    """Compared with what the vendor has now, not with what the mount shows."""
    m = mount()
    read(m, "partnerize/7.json")
    m.sandbox.patch(7, {"status": "inactive", "lastname": "Theirs"})
    assert (m.path / "partnerize/7.status").read_text() == "active\n"
    m.sh("echo inactive > partnerize/7.status").ok()
    assert not sent(m.sandbox)
    assert (m.path / "partnerize/7.status").read_text() == "inactive\n"
    assert read(m, "partnerize/7.json")["lastname"] == "Theirs"
    m.sandbox.patch(7, {"status": "active"})
    m.sandbox.patch(7, {"firstname": "Theirs"})
    m.sh("echo inactive > partnerize/7.status").ok()
    assert m.sandbox.user(7)["status"] == "inactive"
    assert m.sandbox.user(7)["firstname"] == "Theirs"


def test_other_words_of_the_vendor(mount):
    m = mount()
    m.sandbox.patch(7, {"status": "suspended"})
    assert m.sh("cat partnerize/7.status").ok().out == "suspended\n"
    assert save(m.path / "partnerize/7.status", "suspended") == refused("EINVAL")
    m.sh("echo inactive > partnerize/7.status").ok()
    assert m.sandbox.user(7)["status"] == "inactive"


@pytest.mark.parametrize("warm", [False, True])
def test_gone_at_the_vendor(mount, warm):
    m = mount()
    if warm:
        m.sh("ls partnerize").ok()
    m.sandbox.delete(7)
    result = m.sh("echo inactive > partnerize/7.status")
    assert result.code != 0 and "No such file" in result.err
    assert not sent(m.sandbox)
    assert not (m.path / "partnerize/7.json").exists()


# ---- guards ----

@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_self(mount, sandbox, profile):
    m = mount(sandbox(users=25, profile=profile))
    status = m.path / "partnerize/1.status"
    document = read(m, "partnerize/1.json")
    assert save(status, "inactive") == refused("EPERM")
    assert "key" in last_line(m, "partnerize/1.status")
    assert save(m.path / "partnerize/1.json",
                text_of({**document, "status": "inactive"})) == refused("EPERM")
    assert not sent(m.sandbox)
    assert status.read_text() == "active\n"
    # whatever else about the key's owner may be changed
    assert save(status, "active") == GOOD
    put(m, "partnerize/1.json", {**document, "firstname": "Jo"}).ok()
    assert m.sandbox.user(1)["firstname"] == "Jo"


def test_nobody_knows_self(mount, sandbox):
    box = sandbox(users=25, no_self=True)
    m = mount(box)
    document = read(m, "partnerize/7.json")
    for word in ("inactive", "active"):
        assert save(m.path / "partnerize/7.status", word) == refused("EPERM")
        assert "keys in section [partnerize] belong to, so that" in last_line(m, "partnerize/7.status")
    assert name_of(errno_of(os.readlink, m.path / "partnerize/self")) == "ENOENT"
    assert "section [partnerize]: the vendor does not tell which user the keys belong to; set self_id" in last_line(m, "partnerize/self")
    assert save(m.path / "partnerize/7.json",
                text_of({**document, "status": "inactive"})) == refused("EPERM")
    assert not sent(box)
    put(m, "partnerize/7.json", {**document, "firstname": "Jo"}).ok()
    assert box.user(7)["firstname"] == "Jo"


def test_self_id(mount, sandbox):
    box = sandbox(users=25, no_self=True)
    m = mount(box, {"partnerize": {"self_id": "3"}})
    assert save(m.path / "partnerize/7.status", "inactive") == GOOD
    assert save(m.path / "partnerize/3.status", "inactive") == refused("EPERM")
    assert (box.user(7)["status"], box.user(3)["status"]) == ("inactive", "active")
    assert len(sent(box)) == 1


@pytest.mark.parametrize("profile", ["guide", "documents"])
def test_without_a_status(mount, sandbox, profile):
    m = mount(sandbox(users=25, profile=profile))
    m.sandbox.patch(7, {"status": None})
    assert "status" not in m.sandbox.user(7)
    assert m.sh("cat partnerize/7.status").ok().out == "unknown\n"
    for word in ("active", "inactive"):
        assert save(m.path / "partnerize/7.status", word) == refused(NOT_OFFERED)
        result = m.sh(f"echo {word} > partnerize/7.status")
        assert result.code != 0 and "not supported" in result.err
    # nor when the mount did not know it yet
    m.sandbox.patch(8, {"status": None})
    assert save(m.path / "partnerize/8.status", "inactive") == refused(NOT_OFFERED)
    assert not sent(m.sandbox)


@pytest.mark.parametrize("answer", ["changed", "full"])
@pytest.mark.parametrize("seen", ["without", "before"])
def test_a_document_gives_no_status(mount, sandbox, answer, seen):
    """The vendor would keep a status that is no field of it, and confirm it."""
    m = mount(sandbox(users=25, put_answer=answer))
    if seen == "before":
        read(m, "partnerize/7.json")
    m.sandbox.patch(7, {"status": None})
    if seen == "without":
        assert "status" not in read(m, "partnerize/7.json")
    for word in ("active", "inactive"):
        if seen == "before" and word == "active":
            continue  # which is what it was
        result = m.sh(f"""echo '{{"status":"{word}"}}' > partnerize/7.json""")
        assert result.code != 0 and "not supported" in result.err
        assert "no status" in last_line(m, "partnerize/7.json")
    assert not sent(m.sandbox)
    assert "what remains" not in m.log()
    put(m, "partnerize/7.json", {"firstname": "Jo", "status": None}).ok()
    assert m.sandbox.user(7)["firstname"] == "Jo" and "status" not in m.sandbox.user(7)


# ---- the brake ----

def limited(mount, limit, window=3600):
    return mount(extra={"rosterfs": {"status_limit": limit, "status_window": window}})


def test_limit(mount):
    m = limited(mount, 3)
    folder = m.path / "partnerize"
    document = read(m, "partnerize/9.json")
    # both directions count, and documents
    assert save(folder / "7.status", "inactive") == GOOD
    assert save(folder / "20.status", "active") == GOOD
    put(m, "partnerize/9.json", {**document, "status": "inactive"}).ok()
    m.sandbox.reset()
    assert save(folder / "8.status", "inactive") == refused("EDQUOT")
    assert m.sandbox.counts()["total"] == 0
    assert "status_limit" in last_line(m, "partnerize/8.status")
    result = m.sh("echo inactive > partnerize/8.status")
    assert result.code != 0 and "quota" in result.err
    assert save(folder / "10.status", "active") == refused("EDQUOT")
    for ident, status in ((8, "inactive"), (10, "active")):
        document = read(m, f"partnerize/{ident}.json")
        assert save(folder / f"{ident}.json",
                    text_of({**document, "status": status})) == refused("EDQUOT")
        assert "status_limit" in last_line(m, f"partnerize/{ident}.json")
    assert not sent(m.sandbox)
    # what changes no status is not stopped by it
    assert save(folder / "9.status", "inactive") == GOOD
    put(m, "partnerize/8.json", {**read(m, "partnerize/8.json"), "firstname": "Jo"}).ok()
    assert m.sandbox.user(8)["firstname"] == "Jo"


def test_limit_counts_what_was_changed(mount):
    m = limited(mount, 2)
    folder = m.path / "partnerize"
    for _ in range(3):
        m.sandbox.fault(method="PUT", fault="status", status=400)
        assert save(folder / "7.status", "inactive") == refused("EINVAL")
        assert save(folder / "1.status", "inactive") == refused("EPERM")
        assert save(folder / "7.status", "active") == GOOD
        assert save(folder / "7.status", "inactiv") == refused("EINVAL")
        assert put(m, "partnerize/7.json", {"status": "inactive", "user_id": "5"}).code != 0
    assert save(folder / "7.status", "inactive") == GOOD
    assert save(folder / "8.status", "inactive") == GOOD
    assert save(folder / "9.status", "inactive") == refused("EDQUOT")
    assert m.sandbox.user(9)["status"] == "active"


def test_limit_window(mount):
    """Whenever one is let through, the window since the one before has passed."""
    m = limited(mount, 1, 2)
    began = {}

    def let_through(ident):
        began[ident] = time.monotonic()
        result = save(m.path / f"partnerize/{ident}.status", "inactive")
        assert result in (GOOD, refused("EDQUOT"))
        return result == GOOD
    assert let_through(7)
    for before, ident in ((7, 8), (8, 9)):
        harness.wait_until(lambda: let_through(ident), 10 * harness.SCALE, "the window", 0.1)
        # it is counted in whole seconds
        assert time.monotonic() - began[before] > 1


def test_no_limit(mount):
    m = limited(mount, 0)
    m.sh("for i in 2 3 4 5 6 7 8 9; do echo inactive > partnerize/$i.status || exit; done").ok()
    assert len(sent(m.sandbox)) == 8


def test_limit_many_at_once(mount):
    m = limited(mount, 5)
    m.sh("cd partnerize; for i in 2 3 4 5 6 7 8 9 11 12 13 14; do echo $i; done"
         " | xargs -P 12 -I {} sh -c 'echo inactive > {}.status' 2>/dev/null")
    assert len(sent(m.sandbox)) == 5
    inactive = [user for user in m.sandbox.control("GET", "users") if user["status"] == "inactive"]
    assert len(inactive) == 5 + 2


# ---- modes of the mount ----

def test_dry_run(mount):
    m = mount(options=["-o", "dry_run"])
    before = m.sandbox.control("GET", "users")
    document = read(m, "partnerize/7.json")
    assert save(m.path / "partnerize/7.status", "inactive") == GOOD
    line = last_line(m, "dry run")
    assert "partnerize/7.status" in line and "PUT /user/7" in line and "inactive" in line
    put(m, "partnerize/7.json", {**document, "firstname": "Jo"}).ok()
    line = last_line(m, "dry run")
    assert "partnerize/7.json" in line and '"Jo"' in line
    # every check runs
    assert save(m.path / "partnerize/7.status", "inactiv") == refused("EINVAL")
    assert save(m.path / "partnerize/1.status", "inactive") == refused("EPERM")
    assert put(m, "partnerize/7.json", {**document, "user_id": "5"}).code != 0
    assert put(m, "partnerize/7.json", {**document, "firstname": None}).code != 0
    m.sandbox.patch(7, {"firstname": "Theirs"})
    assert put(m, "partnerize/7.json", {**document, "firstname": "Ours"}).code != 0
    m.sandbox.patch(7, {key: before[6][key] for key in ("firstname", "updated_at")})
    refresh(m)
    assert not sent(m.sandbox)
    assert m.sandbox.control("GET", "users") == before
    assert (m.path / "partnerize/7.status").read_text() == "active\n"
    assert read(m, "partnerize/7.json") == document


def test_dry_run_limit(mount):
    m = mount(extra={"rosterfs": {"status_limit": 1}}, options=["-o", "dry_run"])
    for ident in (7, 8, 9):  # nothing was changed, so nothing is counted
        assert save(m.path / f"partnerize/{ident}.status", "inactive") == GOOD
    assert not sent(m.sandbox)


def test_read_only(mount):
    m = mount(options=["-o", "ro"])
    m.sh("cat partnerize/7.json partnerize/7.status").ok()
    for name in ("partnerize/7.status", "partnerize/7.json", "partnerize/99.status",
                 ".rosterfs/refresh"):
        result = m.sh(f"echo inactive > {name}")
        assert result.code != 0
        assert "Read-only" in result.err or os.geteuid(), name
    assert not sent(m.sandbox)


def test_cj_is_read_only(mount):
    m = mount()
    for command in ("echo x > cj/MANUAL", "echo inactive > cj/7.status", "echo x > cj/7.json"):
        result = m.sh(command)
        assert result.code != 0
        assert "Read-only" in result.err or os.geteuid(), command


# ---- what is said ----

def test_words_after_a_deactivation(mount):
    m = mount()
    m.sh("echo inactive > partnerize/7.status").ok()
    assert "keys" in last_line(m, "remains")
    assert "partnerize/7.status" in last_line(m, "remains")
    said = m.log().count("remains")
    m.sh("echo active > partnerize/7.status; echo active > partnerize/8.status").ok()
    assert m.log().count("remains") == said


def test_active_again(mount):
    m = mount()
    m.sandbox.settings(stamps="ms")  # or a change in the same second could be taken for a read that lags
    m.sh("echo inactive > partnerize/7.status; echo inactive > partnerize/8.status;"
         " echo active > partnerize/8.status").ok()
    refresh(m)
    assert "active again" not in m.log()
    m.sandbox.patch(7, {"status": "active"})
    refresh(m)
    line = last_line(m, "active again")
    assert "partnerize/7" in line
    assert m.log().count("active again") == 1
    assert "active again" in status_table.whole(m)
    refresh(m)
    assert m.log().count("active again") == 1
    # put out once more, and back once more
    m.sh("echo inactive > partnerize/7.status").ok()
    refresh(m)  # the answer had no time: now it is known, and what comes later is later
    m.sandbox.patch(7, {"status": "active"})
    refresh(m)
    assert m.log().count("active again") == 2


def test_no_keys_anywhere(mount):
    m = mount()
    m.sandbox.fault(method="PUT", fault="status", status=400,
                    body='{"error":"bad key sandbox-user-api-key-CANARY-b7420d"}')
    assert save(m.path / "partnerize/7.status", "inactive") == refused("EINVAL")
    assert "bad key" in m.log()
    assert "CANARY" not in m.log() + m.stderr()
    assert b"CANARY" not in pathlib.Path(f"/proc/{m.pid}/cmdline").read_bytes()
    assert m.sh("grep -r CANARY .").code == 1
