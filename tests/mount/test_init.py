# SPDX-License-Identifier: Apache-2.0
"""--init: what it asks, what it tries, what it writes, and that a secret is nowhere but in its file."""

import contextlib
import errno
import json
import os
import shutil
import signal
import ssl
import subprocess
import termios
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import harness
from dialog import Dialog

ROSTERFS = harness.BUILD / "rosterfs"
SHIPPED = harness.TOP / "descriptions"
NOWHERE = "http://127.0.0.1:1"


class Home:
    """The home of somebody who has set up nothing."""

    def __init__(self, folder, env):
        self.folder = folder
        self.env = {**env, "HOME": str(folder)}
        self.config = folder / ".config/rosterfs/rosterfs.conf"
        folder.mkdir()

    def dialog(self, *words):
        return Dialog([ROSTERFS, "--init", *words], self.env)

    def piped(self, *lines, words=()):
        return subprocess.run([ROSTERFS, "--init", *words], input="".join(f"{line}\n" for line in lines), text=True,
                              env=self.env, capture_output=True, timeout=60 * harness.SCALE, check=False)

    def files(self):
        """{path from the home: content}."""
        return {str(path.relative_to(self.folder)): path.read_bytes()
                for path in sorted(self.folder.rglob("*")) if path.is_file()}

    def names(self):
        return {name.removeprefix(".config/rosterfs/") for name in self.files()}

    def text(self):
        return self.config.read_text()

    def check(self, *words):
        return subprocess.run([ROSTERFS, "--check", *words, self.config], env=self.env, capture_output=True, text=True,
                              timeout=60 * harness.SCALE, check=False)


@pytest.fixture
def home(base, env, test_dir):
    test_dir.mkdir(exist_ok=True)
    return Home(test_dir / "home", env)


def keys_of(box):
    text = box.config()
    return [text.partition(f"{key} = ")[2].partition("\n")[0] for key in ("application_key", "user_api_key")]


def partnerize(box, **more):
    """Answers for the sandbox BOX, without the mount at the end."""
    application, user = keys_of(box)
    return {"vendor": "partnerize", "application_key": application, "user_api_key": user, "base_url": box.url,
            "mount it now": "no", **more}


# ---- the whole job ----

def test_first_mount(home, sandbox):
    """A misspelt vendor, a wrong key, and then all is well, up to the first ls."""
    box = sandbox(users=5)
    application, user = keys_of(box)
    wrong = "wrong-KANARIE"
    with home.dialog() as dialog:
        asked = dialog.answer({"vendor": "partnerise"}, "vendor")
        assert asked == ("vendor", "")
        dialog.say("partnerise")
        assert dialog.question() == ("vendor", "partnerize") and "did you mean partnerize?" in dialog.text
        dialog.say("")
        assert dialog.answer(partnerize(box), "application_key")
        assert not dialog.echoes()
        dialog.say(application)
        assert dialog.question()[0] == "user_api_key" and not dialog.echoes()
        dialog.say(wrong)
        assert dialog.answer(partnerize(box), "what now")
        assert dialog.echoes()
        assert "GET /user/self answered 401: the vendor refuses the keys" in dialog.text
        assert home.files() == {}
        dialog.say("again")
        # the key before stays
        assert dialog.answer({}, "application_key")
        dialog.say("")
        assert dialog.question()[0] == "user_api_key"
        dialog.say(user)
        assert dialog.answer({}, "mount it now")
        for secret in (application, user, wrong):
            assert secret.encode() not in dialog.command_line()
            assert secret not in dialog.text
        dialog.say("yes")
        status = dialog.wait()
        text = dialog.text
    try:
        assert status == 0, text
        assert sorted(os.listdir(home.folder / "roster/partnerize"))[0] == "1.json"
        with pytest.raises(OSError) as refused:
            (home.folder / "roster/partnerize/5.status").write_text("inactive")
        assert refused.value.errno == errno.EROFS
    finally:
        subprocess.run(["fusermount3", "-u", home.folder / "roster"], check=True, timeout=30 * harness.SCALE)
    assert home.names() == {"rosterfs.conf", "partnerize.application_key", "partnerize.user_api_key"}
    assert home.text() == ("# rosterfs.conf(5) explains the keys\n\n[partnerize]\n"
                           "application_key_file = partnerize.application_key\n"
                           f"user_api_key_file = partnerize.user_api_key\nbase_url = {box.url}\n")
    for path in home.config.parent.iterdir():
        assert path.stat().st_mode & 0o7777 == 0o600
    assert home.config.parent.stat().st_mode & 0o7777 == 0o700
    files = home.files()
    assert files[".config/rosterfs/partnerize.user_api_key"] == user.encode() + b"\n"
    assert not [name for name, content in files.items() if wrong.encode() in content]
    assert "5 users: " in text and "partnerize: \x1b[32mok\x1b[0m\n" in text
    assert f"rosterfs --check {home.config}\n" in text
    assert f"rosterfs -o ro {home.config} {home.folder}/roster\n" in text


def test_without_a_terminal(home, sandbox):
    """Each answer is a line: two vendors, and the end of the input is a no to the mount."""
    box = sandbox(users=5)
    application, user = keys_of(box)
    result = home.piped("partnerize", "", "", application, user, "", "", box.url, "yes", "cj", "by hand", "no",
                        str(home.folder / "mnt"), "no")
    assert result.returncode == 0 and result.stderr == "", result
    assert home.text().endswith(f"base_url = {box.url}\n\n[by hand]\ntype = cj\n")
    assert application not in result.stdout and user not in result.stdout
    assert "\x1b" not in result.stdout
    assert home.check().returncode == 0
    assert (home.folder / "mnt").is_dir() and "-o ro" not in result.stdout


# ---- the end before the end ----

@pytest.mark.parametrize("at", ["vendor", "application_key", "user_api_key", "another vendor", "mount point"])
@pytest.mark.parametrize("way", ["ctrl-c", "ctrl-d", "terminated"])
def test_aborted(home, sandbox, at, way):
    box = sandbox(users=1)
    with home.dialog() as dialog:
        assert dialog.answer(partnerize(box), at)
        if way == "terminated":
            dialog.process.send_signal(signal.SIGTERM)
        else:
            dialog.press(b"\x03" if way == "ctrl-c" else b"\x04")
        status = dialog.wait()
        assert dialog.echoes()
        assert status == {"ctrl-c": -signal.SIGINT, "ctrl-d": 1, "terminated": -signal.SIGTERM}[way]
        assert dialog.text.count("rosterfs: nothing was written\n") == 1
    assert list(home.folder.rglob("*")) == []


def test_stopped_input(home, sandbox):
    box = sandbox(users=1)
    result = home.piped("partnerize", "", "", "abc")
    assert result.returncode == 1 and result.stderr == "rosterfs: nothing was written\n"
    assert home.files() == {} and box.counts()["total"] == 0


# ---- a config that is there ----

def test_existing_config(home, sandbox):
    box = sandbox(users=1)
    old = "[partnerize]\ntype = cj\n# the end has no newline"
    store = home.folder / "store.conf"
    store.write_text(old)
    store.chmod(0o640)
    home.config.parent.mkdir(parents=True)
    home.config.symlink_to(store)
    taken = home.config.with_name("partnerize2.user_api_key")
    taken.write_text("mine\n")
    with home.dialog() as dialog:
        assert dialog.question() == ("add a vendor to it", "yes")
        dialog.say("no")
        assert dialog.wait() == 1
    assert store.read_text() == old
    with home.dialog() as dialog:
        assert dialog.answer(partnerize(box), "name") == ("name", "partnerize2")
        dialog.say("partnerize")
        assert dialog.question()[0] == "name" and "there is a section [partnerize] already" in dialog.text
        for name, words in (("rosterfs", "the keys of all vendors"), ("a/b", "must not contain /"), ("[x]", "no brackets"),
                            ("tables", "rosterfs has a file of that name")):
            dialog.say(name)
            assert dialog.question()[0] == "name" and words in dialog.text
        dialog.say("")
        dialog.answer(partnerize(box))
        assert dialog.wait() == 0, dialog.text
    assert home.config.is_symlink() and store.stat().st_mode & 0o7777 == 0o640
    assert store.read_text().startswith(old + "\n\n[partnerize2]\ntype = partnerize\n")
    assert "user_api_key_file = partnerize2.user_api_key.2\n" in store.read_text()
    assert taken.read_text() == "mine\n" and home.check().returncode == 0


@pytest.mark.parametrize(("place", "words"), [
    ("folder", "is a directory: CONFIG must be a file"), ("broken.conf", "broken.conf:1: "),
])
def test_no_place_for_it(home, place, words):
    (home.folder / "folder").mkdir()
    (home.folder / "broken.conf").write_text("nothing = 1\n")
    before = home.files()
    result = home.piped("cj", words=[str(home.folder / place)])
    assert result.returncode == 2 and words in result.stderr and result.stdout == ""
    assert home.files() == before


def test_write_fails(home):
    """Another program has written the config meanwhile: it stays, and no secret is left."""
    with home.dialog() as dialog:
        answers = {"vendor": "scim", "base_url": NOWHERE, "token": "token-CANARY", "what now": "keep"}
        assert dialog.answer(answers, "read-only")
        home.config.parent.mkdir(parents=True)
        home.config.write_text("theirs\n")
        dialog.say("yes")
        assert dialog.wait() == 1
        assert "cannot be written: File exists; nothing was written" in dialog.text
    assert home.files() == {".config/rosterfs/rosterfs.conf": b"theirs\n"}


# ---- keys ----

@pytest.mark.parametrize(("auth", "asked"), [
    ("bearer", ["token"]), ("basic", ["user", "password"]), ("none", []),
    ("client", ["client_id", "client_secret", "token_url"]),
])
def test_needed_keys(home, auth, asked):
    """Which keys a SCIM server needs depends on how rosterfs proves who it is."""
    with home.dialog() as dialog:
        dialog.answer({"vendor": "scim", "base_url": NOWHERE, "auth": auth, "user": "u", "token_url": NOWHERE,
                       "client_id": "c", "token": "t", "password": "p", "client_secret": "s", "what now": "keep",
                       "mount it now": "no"})
        assert dialog.wait() == 0, dialog.text
        first = dialog.asked[:dialog.asked.index("what now")]
    assert [name for name in first if name not in ("vendor", "name", "base_url", "secrets", "auth", "self")] == asked
    assert f"auth = {auth}\n" in home.text()
    assert home.check().returncode == 1  # there is no server, and nothing else is wrong


def test_another_proof(home, sandbox):
    """The secret of the way before is not kept."""
    box = sandbox(users=1)
    box.fault(fault="status", path="/scim/Users", status=401, times=-1)
    with home.dialog() as dialog:
        dialog.answer({"vendor": "scim", "base_url": f"{box.url}/scim", "auth": ["bearer", "basic"], "token": "t-CANARY",
                       "user": "u", "password": "p", "what now": ["again", "keep"], "mount it now": "no"})
        assert dialog.wait() == 0, dialog.text
        # keys are refused: the address is not asked for again
        assert dialog.asked.count("base_url") == 1 and dialog.asked.count("token") == 1
    assert home.names() == {"rosterfs.conf", "scim.password"} and "token" not in home.text()
    assert "auth = basic\n" in home.text() and "user = u\n" in home.text()


IN_URL = """[vendor]
name = Acme
docs = https://acme.example/docs
date = 2026-11-30
evidence = documents
about.key = what Acme calls the golden key
[settings]
key = secret, required
[auth]
query.key = {key}
[list]
request = GET /users
rows = /users/*
paging = none
"""


def test_secret_in_url(home):
    home.config.parent.mkdir(parents=True)
    home.config.with_name("acme.vendor").write_text(IN_URL)
    with home.dialog() as dialog:
        dialog.answer({"vendor": "acme", "base_url": NOWHERE, "secret_in_url": "yes", "key": "k-CANARY",
                       "what now": "keep", "mount it now": "no"})
        assert dialog.wait() == 0, dialog.text
        assert "key: what Acme calls the golden key\n" in dialog.text and "k-CANARY" not in dialog.text
    assert "secret_in_url = yes\n" in home.text() and home.check().returncode == 1


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.vendor")), ids=lambda file: file.stem)
def test_each_description(home, sandbox, file):
    """What --init asks is what the config needs, and each key is explained. No vendor's own server is asked."""
    box = sandbox(vendors="cj")
    home.env["https_proxy"] = NOWHERE
    home.config.parent.mkdir(parents=True)
    (home.config.parent / file.name).write_bytes(file.read_bytes())
    texts = {name: "x1" for name in "domain site subdomain realm tenant org account user username email_address from "
                                    "client_id account_id enterprise_id active_group".split()}
    secrets = {name: "secret" for name in "token key api_key application_key user_api_key password client_secret".split()}
    with home.dialog() as dialog:
        dialog.answer({"vendor": file.stem, "base_url": f"{box.url}/no/api", "what now": "keep", "mount it now": "no",
                       **texts, **secrets})
        assert dialog.wait() == 0, dialog.text
        assert "see rosterfs.conf(5)" not in dialog.text
    result = home.check()
    assert result.returncode == (0 if file.stem == "cj" else 1) and result.stderr == "", result
    assert "trust" not in home.text()


def test_refused_answers(home, sandbox):
    box = sandbox(users=1)
    application, user = keys_of(box)
    with home.dialog() as dialog:
        dialog.answer(partnerize(box, application_key=[f'"{application}"', application + "\u200b", "", application],
                                 auth=["both", "headers"], base_url=["ftp://x", "http://example.com", box.url]))
        assert dialog.wait() == 0, dialog.text
        for words in ("application_key: the secret is in quotes", "zero-width space", "the secret is empty",
                      "auth must be one of: headers, basic", "base_url: "):
            assert words in dialog.text
        assert dialog.asked.count("application_key") == 4 and dialog.asked.count("base_url") == 3
        assert application not in dialog.text
    assert home.check().returncode == 0


def test_long_secret(home, sandbox):
    """A terminal's line has 4096 bytes; a token may have more. Keys that edit a line work."""
    token = "T" * 6000
    with home.dialog() as dialog:
        assert dialog.answer({"vendor": "scim", "base_url": NOWHERE}, "token")
        dialog.say("wrong\x15" + token + "x\x7f")
        dialog.answer({"what now": "keep", "mount it now": "no"})
        assert dialog.wait() == 0, dialog.text
        assert token not in dialog.text
    assert home.files()[".config/rosterfs/scim.token"] == token.encode() + b"\n"


def test_a_pasted_secret(home, sandbox):
    """Lines behind the first one may be the rest of the secret: they are no answers, and not shown."""
    box = sandbox(users=5)
    application, user = keys_of(box)
    with home.dialog() as dialog:
        assert dialog.answer(partnerize(box), "application_key")
        dialog.press(f"{application}\nthe-rest\nof-it\n".encode())
        assert dialog.question()[0] == "user_api_key"
        assert "only the first line was taken" in dialog.text and not dialog.echoes()
        dialog.say(user)
        dialog.answer({"base_url": box.url, "mount it now": "no"})
        assert dialog.wait() == 0, dialog.text
        assert "the-rest" not in dialog.text and "of-it" not in dialog.text
        assert dialog.text.count("only the first line was taken") == 1
    assert home.files()[".config/rosterfs/partnerize.application_key"] == application.encode() + b"\n"


@pytest.mark.no_tsan  # it holds signals back while a line is read
def test_stopped_at_a_secret(home):
    """A shell lets the terminal echo while the process is stopped; it goes on without."""
    with home.dialog() as dialog:
        assert dialog.answer({"vendor": "partnerize"}, "application_key")
        assert not dialog.echoes()
        dialog.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, dialog.process.pid, os.WSTOPPED | os.WNOWAIT)
        settings = termios.tcgetattr(dialog.slave)
        settings[3] |= termios.ECHO | termios.ICANON
        termios.tcsetattr(dialog.slave, termios.TCSANOW, settings)
        dialog.process.send_signal(signal.SIGCONT)
        harness.wait_until(lambda: not dialog.echoes(), 20 * harness.SCALE, "the end of the echo")
        dialog.say("CANARY")
        assert dialog.question()[0] == "user_api_key"
        assert "CANARY" not in dialog.text


def test_commands(home, sandbox):
    """A command that fails is refused at once; what it prints is nowhere."""
    box = sandbox(users=1)
    application, user = keys_of(box)
    for name, key in (("a.key", application), ("u.key", user)):
        (home.folder / name).write_text(key + "\n")
    answers = partnerize(box) | {"secrets": "command", "command that prints it": [
        "exit 3", f"cat {home.folder}/a.key", f"cat {home.folder}/u.key"]}
    with home.dialog() as dialog:
        dialog.answer(answers)
        assert dialog.wait() == 0 and "the command ended with exit status 3" in dialog.text
        assert user not in dialog.text and application not in dialog.text
    assert f"user_api_key_command = cat {home.folder}/u.key\n" in home.text()
    assert home.names() == {"rosterfs.conf", f"{home.folder}/a.key".rpartition("/")[2], "u.key"}
    assert home.check().returncode == 0


def test_commands_beside_variables(home, sandbox):
    """A command that is tried does not inherit the secrets of the config that is there; the mount gets them."""
    box = sandbox(users=1)
    application, user = keys_of(box)
    home.config.parent.mkdir(parents=True)
    home.config.touch(0o600)
    home.config.write_text(box.config({"partnerize": {"application_key": None, "application_key_env": "KEY_A"}}))
    home.env = {**home.env, "KEY_A": application, "OTHER": "stays"}
    program, seen = home.folder / "program", home.folder / "seen"
    program.write_text(f"cat /proc/$PPID/environ > {seen}; env >> {seen}; test $1 = a && echo {application} || echo {user}\n")
    answers = partnerize(box, **{"mount it now": "yes"}) | {"secrets": "command", "command that prints it": [
        f"sh {program} a", f"sh {program} u"]}
    try:
        with home.dialog() as dialog:
            dialog.answer(answers)
            assert dialog.wait() == 0, dialog.text
        assert "OTHER=stays" in seen.read_text() and application not in seen.read_text()
        for name in ("partnerize", "partnerize2"):
            assert "1.json" in os.listdir(home.folder / "roster" / name)
    finally:
        subprocess.run(["fusermount3", "-u", home.folder / "roster"], check=False, timeout=30 * harness.SCALE)


def test_self_id_and_paging(home, sandbox):
    """What --check would say is to be set is asked for."""
    box = sandbox(users=250, no_self=True)
    with home.dialog() as dialog:
        dialog.answer(partnerize(box, paging=["none", ""], self_id="3"))
        assert dialog.wait() == 0, dialog.text
        assert "until self_id is set" in dialog.text and "set paging = page" in dialog.text
    assert "self_id = 3\n" in home.text() and "paging = page\n" in home.text()
    assert home.check().returncode == 0


def test_elasticpath(home, sandbox):
    box = sandbox(users=1, members=20, vendors="elasticpath")
    text = box.config()
    answers = {key: text.partition(f"{key} = ")[2].partition("\n")[0] for key in ("client_id", "client_secret")}
    with home.dialog() as dialog:
        dialog.answer({"vendor": "elasticpath", "region": "", "base_url": ["", box.url], "mount it now": "no", **answers})
        assert dialog.wait() == 0, dialog.text
        assert "this key is needed" in dialog.text and "20 users: " in dialog.text
    assert home.check().returncode == 0


@pytest.mark.parametrize("own", [False, True])
def test_by_hand(home, own):
    mine = home.folder / "mine.txt"
    mine.write_text("Ask Jane.\n")
    with home.dialog() as dialog:
        dialog.answer({"vendor": "manual", "name": "6sense", "make this file now": "no" if own else "yes",
                       "notice_file": ["~/no such", "~/mine.txt"], "mount it now": "no"})
        assert dialog.wait() == 0, dialog.text
    if own:
        assert home.text().endswith(f"[6sense]\ntype = manual\nnotice_file = {mine}\n")
    else:
        assert home.text().endswith("[6sense]\ntype = manual\nnotice_file = 6sense.notice_file.txt\n")
    assert home.check().returncode == 0


# ---- a server of one's own ----

def test_unreachable(home):
    """The same answer twice is kept, because a server may be down for a while."""
    with home.dialog() as dialog:
        assert dialog.answer({"vendor": "scim"}, "base_url")
        dialog.say(NOWHERE)
        assert dialog.question() == ("base_url", NOWHERE) and "127.0.0.1 port 1" in dialog.text
        dialog.say("")
        dialog.answer({"token": "t", "what now": ["again", "drop"], "another vendor": "no", "a vendor after all": "no"})
        assert dialog.wait() == 1
        # the address is asked for again, not the token
        assert dialog.asked.count("token") == 1 and dialog.asked.count("base_url") >= 3
    assert home.files() == {}


class List(BaseHTTPRequestHandler):
    """A SCIM server with two users."""

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        first = int(query.get("startIndex", ["1"])[0]) - 1
        rows = [{"id": "a", "userName": "a@example.com", "active": True},
                {"id": "b", "userName": "b@example.com", "active": False}]
        body = json.dumps({"totalResults": len(rows), "Resources": rows[first:]}).encode()
        code = 200 if self.path.startswith("/scim/v2/Users?") else 404
        self.send_response(code)
        self.send_header("Content-Type", "application/scim+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words):
        pass


@contextlib.contextmanager
def listening():
    """The address of a server with List, and the proofs of identity that it was sent."""
    proofs = []

    class Noting(List):
        def do_GET(self):
            proofs.append(self.headers["Authorization"])
            super().do_GET()

    with ThreadingHTTPServer(("127.0.0.1", 0), Noting) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_port}", proofs
        server.shutdown()
        thread.join()


def test_refused_words(home):
    """A word that a question refuses is not what Enter means the next time, and may have been a secret."""
    secret = "KANARIE-too-early"
    with home.dialog() as dialog:
        assert dialog.answer({"vendor": "scim"}, "base_url")
        dialog.say(secret)
        assert dialog.question() == ("base_url", "")
        dialog.say(NOWHERE)
        assert dialog.question() == ("base_url", NOWHERE)
        dialog.say(secret)
        assert dialog.question() == ("base_url", NOWHERE)
        dialog.say("")
        for name, usual, words in (("secrets", "file", "one of these words: file, command"),
                                   ("auth", "bearer", "must be one of: bearer, basic"),
                                   ("what now", "again", "one of these words: again, keep, drop")):
            assert dialog.answer({"token": "t"}, name) == (name, usual)
            dialog.say(secret)
            assert dialog.question() == (name, usual) and words in dialog.text
            dialog.say("drop" if name == "what now" else "")
        dialog.answer({"another vendor": "no", "a vendor after all": "no"})
        assert dialog.wait() == 1 and f"[{secret}" not in dialog.text


@pytest.mark.parametrize("vendor", ["scim", "rabbitmq"])
def test_wrong_path(home, vendor):
    """Where each request answers 404, base_url is asked for, not whose the key is."""
    home.config.parent.mkdir(parents=True)
    if vendor != "scim":
        shutil.copy(SHIPPED / f"{vendor}.vendor", home.config.parent)
    with listening() as (place, _), home.dialog() as dialog:
        base_url = f"http://{place}/elsewhere"
        assert dialog.answer({"vendor": vendor, "base_url": base_url, "token": "t", "user": "u", "password": "p"}, "what now")
        dialog.say("")
        assert dialog.question() == ("base_url", base_url) and f"behind base_url, which is {base_url}\n" in dialog.text
        dialog.say(f"http://{place}/scim/v2/")
        assert dialog.question()[0] == ("another vendor" if vendor == "scim" else "user")


def test_scheme_twice(home):
    """A key that was copied with the word in front of it is not sent."""
    with listening() as (place, proofs), home.dialog() as dialog:
        dialog.answer({"vendor": "scim", "base_url": f"http://{place}/scim/v2", "token": ["bearer t", "t"],
                       "mount it now": "no"})
        assert dialog.wait() == 0, dialog.text
        assert "in section [scim] of the config begins with Bearer, which is sent in front of it" in dialog.text
        assert "Bearer t" in proofs and not [proof for proof in proofs if proof and "bearer t" in proof]


def test_no_tls(home):
    """Where a server has no TLS, no certificate is asked for."""
    with listening() as (place, _), home.dialog() as dialog:
        assert dialog.answer({"vendor": "scim"}, "base_url")
        dialog.say(f"https://{place}/scim/v2")
        assert dialog.question()[0] == "base_url" and "there is no TLS at this port" in dialog.text
        dialog.say(f"http://{place}/scim/v2")
        dialog.answer({"token": "t", "mount it now": "no"})
        assert dialog.wait() == 0 and "ca_file" not in dialog.asked


# ---- the mount point ----

def test_mount_points(home):
    """Where a mount would be refused, another directory is asked for."""
    roster = home.folder / "roster"
    with home.dialog() as dialog:
        dialog.answer({"vendor": "cj", "mount it now": "yes"})
        assert dialog.wait() == 0, dialog.text
    try:
        with home.dialog() as dialog:
            assert dialog.answer({"vendor": "manual"}, "mount point")
            for place, words in (("", f"rosterfs is mounted here already; run fusermount3 -u {roster} first"),
                                 ("~/.config", "has files"), (str(home.config), "not a directory")):
                dialog.say(place)
                assert dialog.question()[0] == "mount point" and words in dialog.text.lower()
    finally:
        subprocess.run(["fusermount3", "-u", roster], check=True, timeout=30 * harness.SCALE)


def test_certificate_of_ones_own(home):
    """Its file is asked for, and goes into the config."""
    pair, certificate = home.folder / "pair.pem", home.folder / "own.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", pair, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL, timeout=30 * harness.SCALE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, pair)
    with ThreadingHTTPServer(("127.0.0.1", 0), List) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with home.dialog() as dialog:
            dialog.answer({"vendor": "scim", "base_url": f"https://127.0.0.1:{server.server_port}/scim/v2",
                           "ca_file": ["~/no such", "~/own.pem"], "token": "t", "mount it now": "no"})
            assert dialog.wait() == 0, dialog.text
            assert "certificate" in dialog.text and "2 users: 1 active, 1 inactive" in dialog.text
            assert dialog.asked.count("ca_file") == 2
        assert f"ca_file = {certificate}\n" in home.text()
        assert home.check().returncode == 0
        home.config.write_text(home.text().replace("ca_file", "#ca_file"))
        assert home.check().returncode == 1
        server.shutdown()
        thread.join()
