# SPDX-License-Identifier: Apache-2.0
"""Secrets in the memory of a mount: none is where it could reach the swap area, after it was used and while it is."""

import base64
import json
import os
import re

import pytest

import described_cells
import ep_store
import harness
import process_memory
import test_tokens
from ep_store import ep
from shared_hosts import lan, server, team
from test_described_matrix import start
from test_http2 import Front

__all__ = ["ep", "lan", "server", "team"]  # fixtures

# sanitizers keep copies of their own, and only root may look
pytestmark = [pytest.mark.plain, pytest.mark.skipif(os.geteuid() != 0, reason="looks into another process")]


def locked_only(m, *words, there=True):
    """None of WORDS is in memory that is not locked; THERE: each is in memory that is."""
    words = [word if isinstance(word, bytes) else word.encode() for word in words]
    places = process_memory.search(m.pid, *words)
    loose = [place for place in places if "lo" not in place.flags]
    assert not loose, "\n".join(map(str, loose))
    for word in words:
        assert not there or word in [place.word for place in places], word


def keys(box):
    return dict(re.findall(r"(application_key|user_api_key) = (\S+)", box.config()))


def use(m):
    """List, read, save both kinds of files, and be refused by a vendor that quotes what it got."""
    box, both = m.sandbox, list(keys(m.sandbox).values())
    m.sh("ls partnerize; cat partnerize/7.json; echo inactive > partnerize/7.status").ok()
    document = m.path / "partnerize/9.json"
    document.write_text(json.dumps(json.loads(document.read_text()) | {"firstname": "Changed"}))
    for status in (400, 401):
        box.fault(fault="status", status=status, times=3, body={"error": {"message": f"who is {both[0]}:{both[1]} "
                  f"{base64.b64encode(':'.join(both).encode()).decode()}?"}})
        assert m.sh("echo inactive > partnerize/8.status").code
        box.clear_faults()


@pytest.mark.parametrize("profile, auth", [("guide", "headers"), ("documents", "basic")])
@pytest.mark.parametrize("way", ["given", "read"])
def test_keys(mount, sandbox, test_dir, profile, auth, way):
    """However they are given, however they are sent; read again and replaced, in the foreground and behind."""
    test_dir.mkdir(exist_ok=True)
    box = sandbox(users=25, profile=profile)
    assert f"auth = {auth}" in box.config()
    one, other = keys(box).values()
    file = test_dir / "key"
    file.touch(0o600)
    file.write_text(other + "\n")
    given = {} if way == "given" else {
        "application_key": None, "application_key_env": "KEY_A", "user_api_key": None,
        "user_api_key_command": f"cat {file}"}
    m = mount(box, {"partnerize": given}, background=way == "read", extra_env={"KEY_A": one} if way == "read" else None)
    pair = base64.b64encode(f"{one}:{other}".encode())
    locked_only(m, one, other)
    use(m)
    locked_only(m, one, other)
    locked_only(m, pair[:32], pair[32:64], there=False)
    # a request in flight
    box.fault(fault="stall", path="/user/11", times=1)
    writer = m.spawn("echo inactive > partnerize/11.status")
    box.wait_held("GET", "/user/11")
    locked_only(m, one, other)
    locked_only(m, pair[:32], there=auth == "basic")
    box.release()
    writer.finish(20).ok()
    if way == "read":
        file.write_text(other + "-CANARY-new\n")
        m.sh(f"kill -HUP {m.pid}").ok()
        harness.wait_until(lambda: "from now on" in m.log(), 20 * harness.SCALE, "the new key")
        locked_only(m, one, other, other + "-CANARY-new")


def test_what_is_looked_for_can_be_found(mount):
    """The log is not secret, and not locked."""
    m = mount()
    m.sh("ls partnerize").ok()
    assert process_memory.unlocked(m.pid, b"GET /user?page=1&count=")


def test_elastic_path(ep):
    """Elastic Path's, and what an error quotes of them."""
    m = ep()
    box = m.sandbox
    secret = re.search(r"client_secret = (\S+)", box.config())[1]
    m.sh("ls elasticpath; cat elasticpath/*.json >/dev/null").ok()
    token = process_memory.search(m.pid, b"token-CANARY-")
    assert token and all("lo" in place.flags for place in token), token
    locked_only(m, secret)
    five = ep_store.person(box, 5)
    result, answer = test_tokens.ask(m, test_tokens.wrapped(test_tokens.oidc(five)))
    assert result == "ok" and "buyer-token-CANARY" in answer
    assert test_tokens.ask(m, test_tokens.wrapped(test_tokens.password(five)))[0] != "ok"
    locked_only(m, secret)
    # the token that the buyer gets is not kept
    places = process_memory.search(m.pid, b"buyer-token-CANARY")
    assert not places, "\n".join(map(str, places))


def test_tokens_of_descriptions(mount, sandbox, test_dir):
    """Those of each way to get one, with a refresh token that rotates."""
    test_dir.mkdir(exist_ok=True)
    picked = {}
    for number, kinds in enumerate(described_cells.covering()):
        if kinds["auth"] not in [other["auth"] for other in picked.values()]:
            picked[number] = kinds
    assert "refresh token" in [kinds["auth"] for kinds in picked.values()]
    plays = start(test_dir, picked)
    box = sandbox(**plays.options())
    m = plays.mount(mount, box)
    for name in plays.sections:
        os.listdir(m.path / name)
    (m.path / ".rosterfs/refresh").write_text("all\n")
    for name in plays.sections:
        os.listdir(m.path / name)
    places = process_memory.search(m.pid, b"CANARY")
    loose = [place for place in places if "lo" not in place.flags]
    assert not loose and places, "\n".join(map(str, loose))


def test_tls(mount, sandbox, test_dir):
    """TLS. (HTTP/2 keeps tables of headers: SECURITY.md names that.)"""
    box = sandbox(users=25)
    front = Front(test_dir / "front", box, "", "")
    try:
        m = mount(box, {"partnerize": {"base_url": front.url}}, extra_env=front.env)
        m.sh("ls partnerize; cat partnerize/7.json; echo inactive > partnerize/7.status").ok()
        places = process_memory.unlocked(m.pid, *(key.encode() for key in keys(box).values()))
        assert not places, "\n".join(map(str, places))
    finally:
        front.stop()


def test_the_store(team):
    """Its password and the key of what is in it."""
    t = team(1, password="store-CANARY-55f0")
    t[0].sh("ls partnerize; echo inactive > partnerize/7.status").ok()
    locked_only(t[0], "store-CANARY-55f0")
    locked_only(t[0], t.key.read_bytes())


ROOT = ["setpriv", "--no-new-privs", "--bounding-set=-all,+sys_admin", "--inh-caps=-all"]


@pytest.mark.parametrize("limit, locked", [(0, False), (65536, True)])
@pytest.mark.parametrize("background", [False, True])
def test_a_low_limit(mount, limit, locked, background):
    """As the unit has it, 64 KiB are enough; without any, it works all the same, and says so once."""
    m = mount(wear=[*ROOT, "prlimit", f"--memlock={limit}"], background=background)
    m.sh("ls partnerize; echo inactive > partnerize/7.status").ok()
    assert m.log().count("secrets are in memory that is not locked") == (not locked)
    places = process_memory.search(m.pid, *(key.encode() for key in keys(m.sandbox).values()))
    assert places and all(("lo" in place.flags) == locked for place in places), "\n".join(map(str, places))
    assert all("dd" in place.flags and "dc" in place.flags for place in places), "\n".join(map(str, places))
