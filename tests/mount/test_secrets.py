# SPDX-License-Identifier: Apache-2.0
"""Keys and passwords: they go to the vendor, in headers and bodies, and appear nowhere else."""

import base64
import contextlib
import http.server
import json
import os
import pathlib
import re
import threading

import pytest

import harness

WORD = "CANARY"
PASSWORD = "Password-CANARY-5e1f-with-a-tail"
REFUSED = "Refused-CANARY-77aa-with-a-tail"


def everywhere(m):
    """All that can be read of a mount and its daemon, by name."""
    found = {"stderr": m.stderr()}
    for root, _folders, names in os.walk(m.path):
        for name in names:
            path = pathlib.Path(root, name)
            found[str(path)] = str(path)
            # a table cannot be opened while its vendor fails
            with contextlib.suppress(OSError if path.parent.name == "tables" else PermissionError):
                found[str(path)] += path.read_text(errors="replace")
    for name in ("cmdline", "environ", "comm", "status", "mountinfo", "maps"):
        found[name] = pathlib.Path(f"/proc/{m.pid}/{name}").read_text(errors="replace")
    for task in pathlib.Path(f"/proc/{m.pid}/task").iterdir():
        found[f"task {task.name}"] = (task / "comm").read_text()
    return found


def clean(m, *words):
    for place, text in everywhere(m).items():
        for word in (WORD, *words):
            assert word not in text, f"{word} in {place}: {text[max(0, text.find(word) - 200):][:400]}"
    assert m.sandbox.counts()["leaks"] == 0


def document(m, ident, **change):
    value = json.loads((m.path / f"partnerize/{ident}.json").read_text())
    value.update(change)
    return json.dumps(value)


def write(m, ident, text):
    """Write a document as a shell would; a harness.Result."""
    source = m.folder / "document.json"
    source.write_text(text)
    return m.sh(f"cat {source} > partnerize/{ident}.json")


def exercise(m):
    """Everything that talks to the vendor, with and without success; what the tools said."""
    said = [m.sh("ls -l partnerize; cat partnerize/7.json; readlink partnerize/self;"
                 "echo inactive > partnerize/7.status; echo nonsense > partnerize/8.status;"
                 "echo inactive > partnerize/1.status; cat partnerize/999.json"),
            write(m, 5, document(m, 5, password=PASSWORD)),
            write(m, 6, document(m, 6, password="short")),
            write(m, 9, document(m, 9, password=REFUSED, status="no-such-status")),
            write(m, 10, '{"password": "' + PASSWORD + '", '),
            write(m, 10, document(m, 10, user_id="77", password=PASSWORD))]
    assert m.sandbox.user(5)["_password_changes"] == 1
    assert m.sandbox.user(10)["_password_changes"] == 0
    text = "".join(result.out + result.err for result in said)
    assert WORD not in text, text
    return text


@pytest.mark.parametrize("profile", ["guide", "documents"])
@pytest.mark.parametrize("options", [[], ["-d"], ["-o", "dry_run"]])
def test_canaries_stay_out_of_sight(mount, sandbox, profile, options):
    box = sandbox(users=25, profile=profile)
    m = mount(box, options=options)
    if "dry_run" in options:
        m.sh("ls partnerize").ok()
        write(m, 5, document(m, 5, password=PASSWORD)).ok()
        assert "dry run" in m.log() and "(set)" in m.log()
        assert box.user(5)["_password_changes"] == 0
    else:
        exercise(m)
    clean(m)
    if "-d" in options:
        assert "GET /user" in m.stderr()
    # Basic credentials are the keys in another coat
    text = "".join(everywhere(m).values())
    for key in keys(box):
        assert base64.b64encode(key.encode()).decode()[:24] not in text


def keys(box):
    return re.findall(r"_key = (\S+)", box.config())


def test_the_vendors_own_key_field_is_not_shown(mount, sandbox):
    """The documents' profile shows each user's API key."""
    box = sandbox(users=5, profile="documents")
    raw = box.user(3)
    assert WORD in raw["user_api_key"]
    m = mount(box)
    assert "user_api_key" not in m.sh("cat partnerize/3.json; ls partnerize; cat partnerize/*.json").ok().out
    write(m, 3, document(m, 3, lastname="Changed")).ok()
    assert box.user(3)["lastname"] == "Changed"
    assert box.user(3)["user_api_key"] == raw["user_api_key"]
    shown = m.sh("cat partnerize/3.json").ok().out
    assert "user_api_key" not in shown and WORD not in shown
    # nor can it be written
    assert write(m, 3, document(m, 3, user_api_key="mine")).code != 0
    assert box.user(3)["user_api_key"] == raw["user_api_key"]
    clean(m)


# ---- a vendor that quotes what it was sent ----

def quoting(words):
    return json.dumps({"error": {"code": "1", "message": words}})


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_keys_in_an_answer_become_asterisks(mount, status):
    m = mount(extra={"partnerize": {"retry_budget": 0}})
    first, second = keys(m.sandbox)
    m.sandbox.fault(fault="status", status=status, times=-1,
                    body=quoting(f"no such key: {first}, nor {second}/{second}."))
    m.sh("cat partnerize/7.json; ls partnerize; cat partnerize/self; echo inactive > partnerize/8.status")
    log = m.log()
    assert f"no such key: {'*' * len(first)}, nor {'*' * len(second)}/{'*' * len(second)}." in log
    clean(m)


@pytest.mark.parametrize("body", [
    lambda key: json.dumps({"error": {"message": key[:5] + "\\u" + f"{ord(key[5]):04x}" + key[6:]}})
    .replace("\\\\u", "\\u"),
    lambda key: json.dumps({"message": "a", "error_description": key}),
    lambda key: json.dumps({"errors": [{"title": "b", "detail": key}, key]}),
    lambda key: json.dumps({"error": {"errors": [{"property": key, "message": key}]}}),
    lambda key: key, lambda key: json.dumps(key), lambda key: json.dumps({key: key}),
], ids=["escaped", "description", "items", "property", "no JSON", "text", "member"])
def test_keys_in_any_shape_of_answer(mount, body):
    m = mount(extra={"partnerize": {"retry_budget": 0}})
    for key in keys(m.sandbox):
        for status in (403, 200):
            m.sandbox.clear_faults()
            m.sandbox.fault(fault="not_json", status=status, body=body(key), times=-1)
            m.sh("cat partnerize/7.json; ls partnerize; cat partnerize/self")
    clean(m)


def parts(text, length=8):
    return {text[i:i + length].lower() for i in range(len(text) - length + 1)}


@pytest.mark.parametrize("form", [
    lambda a, b: "Basic " + base64.b64encode(f"{a}:{b}".encode()).decode(),
    lambda a, b: base64.urlsafe_b64encode(f'{{"key":"{a}"}}'.encode()).decode().rstrip("="),
    lambda a, b: base64.b64encode(f"x{b}y".encode()).decode(),
    lambda a, b: base64.b64encode(f"xy{b}".encode()).decode(),
    lambda a, b: a.upper(), lambda a, b: "".join(f"%{byte:02x}" if byte == 0x2d else chr(byte) for byte in b.encode()),
    lambda a, b: a[4:-4], lambda a, b: "..." + b[-9:], lambda a, b: a[:12] + " [cut]",
], ids=["basic", "base64url", "second", "third", "upper case", "percent", "middle", "end", "beginning"])
def test_any_form_and_part_of_a_key(mount, form):
    m = mount(extra={"partnerize": {"retry_budget": 0}})
    first, second = keys(m.sandbox)
    said = form(first, second)
    m.sandbox.fault(fault="status", status=403, times=-1, body=quoting(f"<{said}>"))
    m.sh("cat partnerize/7.json; ls partnerize; echo inactive > partnerize/8.status")
    log = (m.log() + (m.path / ".rosterfs/status").read_text()).lower()
    assert "<" in log and "***" in log
    for key in (first, second):
        for coat in (key, *(base64.b64encode(("x" * before + key).encode()).decode()[4:-4] for before in range(3))):
            assert not [part for part in parts(coat) & parts(said) if part in log]
    clean(m)


def test_what_acts_on_a_terminal(mount, test_dir):
    """Controls of C1, marks of direction and separators of lines are not in lines, and lines are UTF-8."""
    acting = "\u009b2J\u0085\u202egpj\u2028\u2066"
    m = mount(extra={"partnerize": {"retry_budget": 0}, "rosterfs": {"audit_log": test_dir / "audit"}})
    m.sh("ls partnerize").ok()
    # a value that is cut inside a character, too
    for words in (f"bad {acting}", "x" * 250 + "\u20ac" * 400, "x" * 251 + "\u20ac" * 400):
        m.sandbox.clear_faults()
        m.sandbox.fault(fault="status", status=422, times=-1, method="PUT", body=quoting(words))
        assert m.sh("echo inactive > partnerize/8.status").code != 0
    m.sandbox.clear_faults()
    write(m, 9, document(m, 9, lastname=f"Name{acting}")).ok()
    for path in (m.path / ".rosterfs/log", m.path / ".rosterfs/status", test_dir / "audit", m.path / ".rosterfs/changes"):
        text = path.read_bytes().decode("utf-8")
        assert not re.search("[\u0080-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]", text), path
    # in a document it is what it is
    assert json.loads((m.path / "partnerize/9.json").read_text(encoding="utf-8"))["lastname"] == f"Name{acting}"


@pytest.mark.parametrize("start", [300, 350, 370, 383, 390, 700, 760])
def test_a_key_that_is_cut_off(mount, start):
    """Long words are cut, but not so that the rest of a key is left over."""
    m = mount(extra={"partnerize": {"retry_budget": 0}})
    for key in keys(m.sandbox):
        # wherever the cut is, it goes through one of these
        for offset in range(0, len(key), 6):
            m.sandbox.clear_faults()
            m.sandbox.fault(fault="status", status=403, body=quoting("x" * (start - offset) + key))
            m.sh("cat partnerize/7.json")
    text = m.log() + (m.path / ".rosterfs/status").read_text()
    assert "xxxx" in text
    assert not re.search("x[a-z-]*(sand|appl|user|CAN)", text), re.search("x[a-z-]*(sand|appl|user|CAN).*", text)
    clean(m)


def test_a_refused_password_becomes_asterisks(mount):
    m = mount(extra={"partnerize": {"retry_budget": 0}})
    m.sh("ls partnerize").ok()
    for status in (400, 409, 422, 500, 503):
        for padding in (0, 340, 360, 375, 380, 720, 740):
            m.sandbox.clear_faults()
            m.sandbox.fault(fault="status", status=status, method="PUT", times=-1,
                            body=quoting("y" * padding + f"{REFUSED} is too simple"))
            result = write(m, 5, document(m, 5, password=REFUSED))
            assert result.code != 0
            assert WORD not in result.err
    log = m.log()
    assert f"the vendor says: {'*' * len(REFUSED)} is too simple" in log
    assert "Refused" not in log
    clean(m, "Refused-")


def test_a_password_that_is_no_text(mount):
    """What is written there never comes back, whatever its type, and not in words either."""
    m = mount(extra={"partnerize": {"retry_budget": 0}})
    m.sh("ls partnerize").ok()
    for value in ([PASSWORD], {"new": PASSWORD}, 77123456789, True, None, ""):
        write(m, 5, document(m, 5, password=value))
    assert "77123456789" not in m.log()
    assert "password" not in m.sh("cat partnerize/5.json").ok().out
    clean(m)


def test_a_document_in_conflict(mount):
    """The words that quote both values do not quote a password."""
    m = mount()
    m.sh("cat partnerize/5.json").ok()
    text = document(m, 5, password=PASSWORD, lastname="Ours")
    m.sandbox.patch(5, {"lastname": "Theirs"})
    assert write(m, 5, text).code != 0
    assert "Theirs" in m.log()
    clean(m)


# ---- where secrets come from ----

@pytest.mark.parametrize("way", ["file", "env", "command"])
def test_ways_to_give_a_secret(mount, sandbox, test_dir, way):
    box = sandbox(users=5)
    values = dict(zip(("application_key", "user_api_key"), keys(box)))
    change, extra_env = {}, {}
    for name, value in values.items():
        file = test_dir / f"{name}.key"
        file.touch(0o600)
        file.write_text(value + "\nsecond line\n")
        change[name] = None
        if way == "file":
            change[name + "_file"] = str(file)
        elif way == "command":
            change[name + "_command"] = f"head -n 1 {file}; echo more"
        else:
            change[name + "_env"] = f"TEST_{name}"
            extra_env[f"TEST_{name}"] = value
    m = mount(box, {"partnerize": change}, extra_env=extra_env)
    m.sh("ls partnerize; echo inactive > partnerize/4.status").ok()
    assert box.user(4)["status"] == "inactive"
    clean(m)


def test_a_command_is_run_again_when_its_secret_expires(mount, sandbox, test_dir):
    """A command may print an access token: a 401 asks for the next one, also before a change."""
    box = sandbox(users=5)
    user_key = keys(box)[1]
    now = test_dir / "now"
    now.write_text("Expired-CANARY-91c2-with-a-tail\n")
    script = test_dir / "key"
    script.write_text(f"echo run >> {test_dir}/runs\ncat {now}\n")
    command = f"sh {script}"
    m = mount(box, {"partnerize": {"user_api_key": None, "user_api_key_command": command}})
    runs = lambda: (test_dir / "runs").read_text().count("run")
    assert runs() == 1
    now.write_text(user_key + "\n")
    m.sh("ls partnerize; echo inactive > partnerize/4.status").ok()
    assert box.user(4)["status"] == "inactive"
    assert runs() == 2
    assert "the commands that print them were run again" in m.log()
    clean(m, "Expired")


def test_a_command_that_fails_later(mount, sandbox, test_dir):
    box = sandbox(users=5)
    (test_dir / "now").write_text("Expired-CANARY-91c2-with-a-tail\n")
    m = mount(box, {"partnerize": {"user_api_key": None, "user_api_key_command": f"cat {test_dir}/now"}})
    (test_dir / "now").unlink()
    assert m.sh("ls partnerize").code != 0
    assert "user_api_key_command in section [partnerize]: the command ended with exit status 1" in m.log()


def refused(mount, box, change, *words, **rest):
    with pytest.raises(harness.MountFailed) as caught:
        mount(box, change, **rest)
    said = caught.value.err
    assert caught.value.code != 0
    assert said.count("\n") == 1, said
    assert WORD not in said
    for word in words:
        assert word in said, said


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_secret_in_a_shared_config(sandbox, env, test_dir, mode):
    box = sandbox(users=1)
    file, folder = test_dir / "shared.conf", test_dir / "mnt"
    file.write_text(box.config())
    file.chmod(mode)
    folder.mkdir()
    for words in (["-f", file, folder], ["--check", file]):
        command = harness.Command([str(harness.BUILD / "rosterfs"), *map(str, words)], None, None, env)
        result = command.finish(20)
        command.close()
        lines = result.err.splitlines()
        assert result.code != 0 and len(lines) == 2 and all("chmod" in line for line in lines), repr(result)
        assert str(file) in result.err and "read" in result.err
        assert WORD not in result.err + result.out
    assert box.counts()["total"] == 0


def test_shared_config_without_secrets_is_fine(sandbox, env, test_dir):
    box = sandbox(users=1)
    file = test_dir / "shared.conf"
    change = {"application_key": None, "user_api_key": None}
    for name, value in zip(("application_key", "user_api_key"), keys(box)):
        change[name + "_env"] = "K_" + name
        env = {**env, "K_" + name: value}
    file.write_text(box.config({"partnerize": change}))
    file.chmod(0o644)
    command = harness.Command([str(harness.BUILD / "rosterfs"), "--check", str(file)], None, None, env)
    result = command.finish(20)
    command.close()
    assert result.code == 0, repr(result)
    assert WORD not in result.out + result.err


@pytest.mark.parametrize(("change", "words"), [
    ({"user_api_key_file": "/nowhere/CANARY"}, ["user_api_key"]),
    ({"user_api_key_env": "NO_CANARY_HERE"}, ["user_api_key"]),
    ({"user_api_key_command": "echo CANARY; exit 3"}, ["exit status 3"]),
    ({"user_api_key_command": "echo CANARY >&2; kill -9 $$"}, ["signal 9"]),
    ({"user_api_key_command": "true"}, ["empty"]),
    ({"user_api_key_command": "printf 'CANARY\\007x'"}, ["control character"]),
])
def test_broken_secrets(mount, sandbox, change, words):
    box = sandbox(users=1)
    if "NARY >&2" in change.get("user_api_key_command", ""):
        change = {"user_api_key_command": "kill -9 $$"}
    refused(mount, box, {"partnerize": {"user_api_key": None, **change}}, *words)
    assert box.counts()["total"] == 0


def test_secret_file_that_others_read(mount, sandbox, test_dir):
    box = sandbox(users=1)
    file = test_dir / "open.key"
    file.write_text("key-CANARY\n")
    file.chmod(0o644)
    refused(mount, box, {"partnerize": {"user_api_key": None, "user_api_key_file": str(file)}}, "chmod")


def test_errors_of_a_config_quote_no_value(mount, sandbox):
    """A secret in the wrong line is one all the same."""
    box = sandbox(users=1)
    for extra in ({"ttl": "key-CANARY"}, {"auth": "key-CANARY"}, {"base_url": "key-CANARY"},
                  {"base_url": "https://key-CANARY:x@example.com"}, {"parallel": "key-CANARY"},
                  {"paging": "key-CANARY"}, {"allow_delete": "key-CANARY"}):
        refused(mount, box, {"partnerize": extra}, next(iter(extra)))
    for line in ("key-CANARY", "  key-CANARY", "key-CANARY ; x = 1", "[key-CANARY", "= key-CANARY"):
        with pytest.raises(harness.MountFailed) as caught:
            mount(config=box.config() + "[partnerize2]\n" + line + "\n")
        assert WORD not in caught.value.err, caught.value.err


def test_a_record_that_shows_the_key(mount, sandbox, test_dir):
    """Some vendors show the token in the record of the user that it belongs to: no log on the disk has it."""
    disk = test_dir / "disk"
    disk.mkdir(parents=True)
    box = sandbox(users=25)
    key = keys(box)[1]
    box.patch("9", {"firstname": key})
    m = mount(box, {"rosterfs": {"audit_log": disk / "audit", "changes_log": disk / "changes"}, "partnerize": {"poll": 1}})
    m.sh("ls partnerize").ok()
    box.patch("10", {"firstname": "x " + key})
    m.sh("echo all > .rosterfs/refresh; ls partnerize").ok()
    assert key in m.sh("cat partnerize/10.json").ok().out
    m.sh("echo '{\"firstname\": \"New\"}' > partnerize/9.json").ok()
    m.sh(f"echo '{{\"lastname\": \"{key}\"}}' > partnerize/11.json").ok()
    harness.wait_until(lambda: (disk / "changes").read_text().count("\n") >= 3, 20 * harness.SCALE, "the changes")
    for text in ((disk / "audit").read_text(), (disk / "changes").read_text(), m.log(),
                 (m.path / ".rosterfs/changes").read_text()):
        assert WORD not in text and "(set)" in text
    assert box.user("11")["lastname"] == key


# ---- on the wire ----

@pytest.mark.parametrize("url", ["http://example.com", "http://192.0.2.1:80", "http://localhost.example.com",
                                 "http://127.0.0.1.example.com", "http://user@127.0.0.1", "ftp://127.0.0.1",
                                 "http://127.0.0.1/?key=1", "//127.0.0.1", "http://0.0.0.0"])
def test_plain_http_is_for_loopback(mount, sandbox, url):
    refused(mount, sandbox(users=1), {"partnerize": {"base_url": url}}, "base_url", ".conf:")


class Redirect(http.server.BaseHTTPRequestHandler):
    """Sends everybody to the server's `target`."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_words):
        pass

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append(self.words())
        self.send_response(self.server.status)
        self.send_header("Location", self.server.target + self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def words(self):
        """What is noted of a request."""
        return f"{self.command} {self.path}"

    do_GET = do_PUT = do_POST = answer


@contextlib.contextmanager
def redirecting(status, target):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirect)
    server.daemon_threads = True
    server.status, server.target, server.seen = status, target, []
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(mount, sandbox, status):
    """Elsewhere nobody is told our keys."""
    box = sandbox(users=5)
    with redirecting(status, box.url) as server:
        m = mount(box, {"partnerize": {"base_url": f"http://127.0.0.1:{server.server_address[1]}"}})
        for command in ("ls partnerize", "cat partnerize/4.json", "readlink partnerize/self",
                        "echo inactive > partnerize/4.status"):
            result = m.sh(command)
            # readlink(1) says nothing
            assert result.code != 0, repr(result)
            assert "Remote I/O error" in result.err or "readlink" in command, repr(result)
        assert box.counts()["total"] == 0
        assert "only a GET to the same scheme, host and port is" in m.log()
        assert len(server.seen) >= 4
        clean(m)


def test_keys_go_in_headers_only(mount, sandbox):
    """An id that looks like a query does not put anything else in the URL."""
    box = sandbox(users=5)
    m = mount(box)
    m.sh("cat 'partnerize/4?x=1.json'; cat 'partnerize/4&a#b.json'; ls partnerize;"
         "echo inactive > partnerize/4.status")
    paths = {(entry["path"], entry["query"]) for entry in box.journal()}
    assert ("/user/4", "") in paths
    assert {query for _path, query in paths if query} <= {"page=1&count=100", "page=2&count=5"}
    clean(m)


# ---- the process ----

def test_no_core_and_nobody_looks_in(mount):
    m = mount(background=True)
    limits = pathlib.Path(f"/proc/{m.pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)
    # what is not dumpable belongs to root, whoever runs it
    if os.geteuid() != 0:
        assert os.stat(f"/proc/{m.pid}/environ").st_uid == 0
    text = m.sh(f"setpriv --reuid=65534 --regid=65534 --clear-groups cat /proc/{m.pid}/environ", folder="/")
    assert text.code != 0


@pytest.mark.plain
def test_not_dumpable_as_another_user(test_dir, env, sandbox):
    """prctl(PR_SET_DUMPABLE, 0): the owner's own debugger is kept out, and its files are root's."""
    if os.geteuid() != 0:
        pytest.skip("becomes another user")
    box = sandbox(users=1)
    box.fault(fault="stall", times=-1)
    test_dir.parent.chmod(0o755)
    test_dir.chmod(0o755)
    program = test_dir / "rosterfs"
    program.write_bytes((harness.BUILD / "rosterfs").read_bytes())
    program.chmod(0o755)
    file = test_dir / "own.conf"
    file.touch(0o600)
    file.write_text(box.config())
    os.chown(file, 65534, 65534)
    command = harness.Command(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--",
                               str(program), "--check", str(file)], None, None, env)
    try:
        harness.wait_until(lambda: box.counts()["in_flight"], 10 * harness.SCALE, "a request")
        assert os.stat(f"/proc/{command.pid}/mem").st_uid == 0
        assert WORD not in pathlib.Path(f"/proc/{command.pid}/cmdline").read_text()
    finally:
        command.kill()
        command.close()
