# SPDX-License-Identifier: Apache-2.0
"""What is in the environment and what commands say: secrets leave the first, and never get into the second."""

import base64
import pathlib
import re
import socket
import ssl
import subprocess
import threading

import pytest

import harness
from test_http2 import make_certificate

WORD = "CANARY"
KEY = "sk-CANARY-91c2f00d-with-a-tail"


def keys(box):
    return dict(re.findall(r"(application_key|user_api_key) = (\S+)", box.config()))


def environ(pid):
    return pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")


def hang_up(m):
    """SIGHUP, until it is applied or refused; the new lines of the log."""
    before = m.log()
    m.sh(f"kill -HUP {m.pid}").ok()
    return harness.wait_until(lambda: (m.log() != before and re.search(
        "config: (read again|it has errors)", m.log()[len(before):]) and m.log()[len(before):]),
        20 * harness.SCALE, "the config to be read again")


# ---- variables ----

@pytest.mark.parametrize("background", [False, True])
def test_nobody_inherits_a_secret(mount, sandbox, test_dir, background):
    """Two accounts take a variable; neither the process nor a command has it then, and a reload has."""
    box = sandbox(users=5)
    values, seen = keys(box), test_dir / "seen"
    command = f"{{ env; cat /proc/$PPID/environ; }} >> {seen}; echo {values['user_api_key']}"
    box.config_file.write_text(box.config() + "[two]\ntype = partnerize\n")
    change = {"application_key": None, "application_key_env": "KEY_A", "user_api_key": None,
              "user_api_key_command": f"sh {test_dir}/command", "base_url": box.url}
    test_dir.mkdir(exist_ok=True)
    (test_dir / "command").write_text(command)
    m = mount(box, {"partnerize": change, "two": change}, background=background,
              extra_env={"KEY_A": values["application_key"], "OTHER": "stays"})
    m.allowed = re.compile("^rosterfs: .*the secret stays|^rosterfs: config: ")
    m.sh("ls partnerize two; echo inactive > two/4.status").ok()
    for turn in range(2):
        text = seen.read_text()
        assert values["application_key"] not in text and "KEY_A" not in text.split("OTHER")[0] and "OTHER=stays" in text
        assert values["application_key"] not in environ(m.pid) and "OTHER=stays" in environ(m.pid)
        if turn:
            break
        seen.unlink()
        m.config_file.write_text(m.config_file.read_text().replace("[two]\n", "[two]\nttl = 7\n"))
        assert "[two] ttl = 7 from now on" in hang_up(m)
    m.sh("echo all > .rosterfs/refresh; ls partnerize two; echo active > two/4.status").ok()
    assert "KEY_A" not in m.stderr()


def test_a_variable_that_is_there_twice(env, sandbox, test_dir):
    """getenv() finds the first one, and a command could find the second."""
    box = sandbox(users=1)
    test_dir.mkdir(exist_ok=True)
    config, seen = test_dir / "c.conf", test_dir / "seen"
    config.touch(0o600)
    config.write_text(box.config({"partnerize": {
        "application_key": None, "application_key_env": "KEY_A", "user_api_key": None,
        "user_api_key_command": f"cat /proc/$PPID/environ /proc/self/environ > {seen}; echo {keys(box)['user_api_key']}"}}))
    value = "KEY_A=" + keys(box)["application_key"]
    words = [str(harness.BUILD / "rosterfs"), "--check=quick", str(config)]
    script = ("import ctypes, sys\n"
              "def vector(words): return (ctypes.c_char_p * (len(words) + 1))(*[w.encode() for w in words], None)\n"
              f"ctypes.CDLL(None).execve({words[0]!r}.encode(), vector({words!r}), "
              f"vector(['PATH=/usr/bin:/bin', {value!r}, 'X=y', {value!r}]))\n")
    result = subprocess.run(["/usr/bin/python3", "-c", script], env=env, text=True, capture_output=True, check=False,
                            timeout=30 * harness.SCALE)
    assert result.returncode == 0, result
    assert "X=y" in seen.read_text() and WORD not in seen.read_text()


# ---- a command that is no command ----

@pytest.mark.parametrize("value", [
    KEY, f"{KEY}/{KEY}", f"{KEY}&{KEY}", f"{KEY}({KEY}", f"{KEY}'", f"$({KEY})", f"{KEY}|cat", f"/tmp/{KEY}", f"{KEY}; exit 3",
    f"{KEY} || exit 1", f"exec {KEY}", f"cd {KEY}", f". {KEY}", f"{KEY}=x y", f"echo {KEY} >&2; exit 4",
    f"ls {KEY}", f"ls --{KEY}", f"cat '{KEY} x'", f"echo {KEY} | tee /dev/stderr; false",
    f"printf %s {KEY} | base64 -w0 >&2; false", f"echo {KEY.upper()} >&2; test {KEY} = x", f"> /{KEY}/x"])
def test_a_secret_in_the_place_of_a_command(sandbox, mount, test_dir, value):
    """Whatever the shell and programs say about it, nobody sees the secret."""
    box = sandbox(users=1)
    with pytest.raises(harness.MountFailed) as failure:
        mount(box, {"partnerize": {"user_api_key": None, "user_api_key_command": value}})
    said = failure.value.err
    assert said.count("\n") == 1 and "user_api_key_command" in said, said
    for part in (WORD, WORD.lower(), "f00d", base64.b64encode(KEY.encode()).decode()[:16]):
        assert part not in said
    assert box.counts()["total"] == 0


def test_what_is_said_of_a_missing_program(sandbox, mount):
    for value, words in ((KEY, "exit status 127: a program was not found"), ("/etc/passwd", "exit status 126")):
        with pytest.raises(harness.MountFailed, match=words) as failure:
            mount(sandbox(users=1), {"partnerize": {"user_api_key": None, "user_api_key_command": value}})
        assert "user_api_key_command" in failure.value.err and "passwd" not in failure.value.err


@pytest.mark.parametrize("text, shown", [
    ("vault: permission denied", "exit status 2: vault: permission denied"),
    ("Error making API request.\n\nCode: 403\n", "exit status 2: Error making API request.; Code: 403"),
    ("> Authorization: Bearer hvs.CAESIJ91c2f00dwithatail\n+ echo x\ncurl: (22) error: 403",
     "exit status 2: > Authorization: Bearer hvs.***********************; curl: (22) error: 403"),
    ("gpg: decryption failed: \033[31mNo secret key", "gpg: decryption failed:  [31mNo secret key"),
])
def test_what_a_real_command_says(sandbox, mount, test_dir, text, shown):
    test_dir.mkdir(exist_ok=True)
    program, words = test_dir / "vault", test_dir / "words"
    words.write_text(text)
    program.write_text(f"#!/bin/sh\ncat {words} >&2\nexit 2\n")
    program.chmod(0o755)
    with pytest.raises(harness.MountFailed) as failure:
        mount(sandbox(users=1), {"partnerize": {"user_api_key": None,
                                                "user_api_key_command": f"{program} read -field=key secret/roster"}})
    assert shown in failure.value.err


def test_a_command_that_says_a_lot(sandbox, mount):
    """Nobody has to read it, and it does not block."""
    box = sandbox(users=3)
    value = keys(box)["user_api_key"]
    m = mount(box, {"partnerize": {"user_api_key": None, "user_api_key_command":
                                   f"head -c 300000 /dev/zero | tr '\\0' x >&2; echo warning >&2; echo {value}"}})
    m.sh("ls partnerize").ok()
    assert m.stderr() == ""


def test_later_too(mount, sandbox, test_dir):
    """A command that fails at SIGHUP, and one that is run again because the vendor answers 401."""
    box = sandbox(users=5)
    now, program = test_dir / "now", test_dir / "program"
    program.write_text(f"test ! -e {now} || {{ echo denied $(cat {now}) >&2; exit 5; }}; echo {keys(box)['user_api_key']}\n")
    m = mount(box, {"partnerize": {"user_api_key": None, "user_api_key_command": f"sh {program}"}})
    m.allowed = re.compile("^rosterfs: .*the secret that it printed before stays")
    m.sh("ls partnerize").ok()
    now.write_text(keys(box)["user_api_key"])
    told = hang_up(m)
    assert "exit status 5: denied ***" in told and "the secret that it printed before stays" in told
    box.settings(other_key="another")
    box.fault(fault="status", status=401, times=-1)
    assert m.sh("echo all > .rosterfs/refresh; ls partnerize").code != 0
    assert "exit status 5: denied ***" in m.log().splitlines()[-1]
    box.clear_faults()
    assert WORD not in m.log() + m.stderr()


# ---- libraries ----

class Front:
    """TLS in front of a sandbox."""

    def __init__(self, folder, box):
        folder.mkdir(parents=True, exist_ok=True)
        make_certificate(folder)
        self.box, self.certificate = box, folder / "cert.pem"
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}"
        self.served = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                one = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(one,), daemon=True).start()

    def serve(self, one):
        try:
            with self.context.wrap_socket(one, server_side=True) as near, \
                    socket.create_connection(self.box.address) as far:
                self.served += 1
                threading.Thread(target=self.copy, args=(far, near), daemon=True).start()
                self.copy(near, far)
        except OSError:
            pass

    @staticmethod
    def copy(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stop(self):
        # accept() does not notice a close
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


@pytest.fixture
def front(test_dir, sandbox):
    box = sandbox(users=5)
    one = Front(test_dir / "front", box)
    yield one
    one.stop()


@pytest.mark.parametrize("background", [False, True])
def test_no_keys_of_connections(mount, front, test_dir, background):
    """SSLKEYLOGFILE makes libraries write what decrypts all traffic to a file."""
    file, seen = test_dir / "keys.log", test_dir / "seen"
    value = keys(front.box)["user_api_key"]
    m = mount(front.box, {"partnerize": {"base_url": front.url, "ca_file": front.certificate, "user_api_key": None,
                                         "user_api_key_command": f"env > {seen}; echo {value}"}},
              extra_env={"SSLKEYLOGFILE": str(file)}, background=background)
    m.sh("ls partnerize; echo inactive > partnerize/4.status").ok()
    assert front.served and front.box.user(4)["status"] == "inactive"
    assert not file.exists()
    assert "SSLKEYLOGFILE" not in seen.read_text()
    assert m.log().count("SSLKEYLOGFILE is ignored") == 1
    result = subprocess.run([str(harness.BUILD / "rosterfs"), "--check", str(m.config_file)],
                            env={**m.env, "SSLKEYLOGFILE": str(file)}, text=True, capture_output=True, check=False,
                            timeout=30 * harness.SCALE)
    assert result.returncode == 0, result
    assert not file.exists()


def test_no_word_without_it(mount):
    m = mount()
    m.sh("ls partnerize").ok()
    assert "SSLKEYLOGFILE" not in m.log()


def test_a_proxy_with_a_password(mount, front):
    """The password goes to the proxy, and into no message."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        asked = []

        def refuse():
            for _turn in range(20):
                try:
                    one = proxy.accept()[0]
                except OSError:
                    return
                asked.append(one.recv(65536).decode())
                one.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                one.close()
        threading.Thread(target=refuse, daemon=True).start()
        port = proxy.getsockname()[1]
        m = mount(front.box, {"partnerize": {"base_url": front.url, "ca_file": front.certificate, "retry_budget": 0}},
                  extra_env={"https_proxy": f"http://me:{KEY}@127.0.0.1:{port}", "no_proxy": ""})
        assert m.sh("ls partnerize").code != 0
        assert asked and base64.b64encode(f"me:{KEY}".encode()).decode() in asked[0]
        for text in (m.log(), m.stderr(), m.sh("cat .rosterfs/status").out):
            assert WORD not in text and "f00d" not in text
        proxy.shutdown(socket.SHUT_RDWR)
