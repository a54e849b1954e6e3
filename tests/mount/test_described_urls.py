# SPDX-License-Identifier: Apache-2.0
"""Keys of an account that replace URLs which its description writes out: token_url and base_url.WORD."""

import subprocess

import pytest

import harness
import system
from described_alone import start

TOKEN = {"token|request": "POST https://login.example.com/oauth/token?tenant=t1"}
GRANT = {"auth|grants|0|expects": {"/grant_type": "client_credentials", "?tenant": "t1"}}
ADMIN = {"api admin": {"base_url": "https://admin.example.com/v2"}, "item|api": "admin"}


@pytest.fixture
def section(sandbox, mount, test_dir):
    """Return a function that mounts one section."""
    def make(kinds, play_changes, text_changes, **keys):
        test_dir.mkdir(exist_ok=True)
        plays = start(test_dir, [("", kinds, play_changes, text_changes)])
        plays.sections["s0"].keys |= keys
        plays.mount(mount, sandbox(**plays.options()))
        return plays.sections["s0"]
    return make


def check(section):
    result = subprocess.run([harness.BUILD / "rosterfs", "--check", section.mount.config_file], env=section.mount.env,
                            check=False, capture_output=True, text=True, timeout=60 * harness.SCALE)
    return result.stdout.splitlines()


def test_the_account_replaces_the_url_for_tokens(section):
    """It stands in front of the description's query."""
    s = section({"auth": "form token"}, GRANT, TOKEN, token_url="@BOX@/s0/token/")
    assert s.ids() == s.stored_ids()
    assert ("POST", "/s0/token?tenant=t1") in s.journal(), s.journal()
    assert f"s0: token_url is {s.box.url}/s0/token/" in check(s)
    assert not s.edit(s.stored_ids()[0], {"role": "new-role"}), s.said()


def test_the_account_replaces_the_url_of_another_api(section):
    text = ADMIN | {"auth admin": {"header.Authorization": "Token token={key}"}}
    s = section({}, {}, text, **{"base_url.admin": "@BOX@/s0"})
    ident = s.stored_ids()[0]
    assert s.record(ident)["email"] == s.stored()[ident]["email"]
    assert ("GET", f"/s0/users/{ident}") in s.journal()
    assert f"s0: base_url.admin is {s.box.url}/s0" in check(s)


@pytest.mark.parametrize("kinds, text, key, value, words", [
    ({"auth": "form token"}, TOKEN, "token_url", "http://login.example.com/token", "http://"),
    ({"auth": "form token"}, TOKEN, "token_url", "https://login.example.com/token?a=b", "must have no ?"),
    ({"auth": "form token"}, {}, "token_url", "https://login.example.com/token", "unknown key token_url"),
    ({}, ADMIN, "base_url.admin", "ftp://admin.example.com", "https://"),
    ({}, ADMIN, "base_url.admim", "https://admin.example.com", "unknown key"),
    ({}, {}, "base_url.admin", "https://admin.example.com", "unknown key"),
])
def test_urls_that_are_refused(section, kinds, text, key, value, words):
    """The rules are those of base_url; a description that writes out no such URL has no such key."""
    with pytest.raises(system.MountFailed) as failed:
        section(kinds, {}, text, **{key: value})
    assert words in str(failed.value), failed.value
