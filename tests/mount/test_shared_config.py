# SPDX-License-Identifier: Apache-2.0
"""The shared store's keys in the config, --new-key, --check; and hosts that differ in clock, names, keys or ttl."""

import os
import re
import signal
import stat
import time

import pytest

import harness
from harness import MountFailed, wait_until
from shared_hosts import HANG, lan, metric, names, server, shows, status_of, team, wait_up
from test_check import run
from test_scratch import libfaketime
from writes import GOOD, at_vendor, last_line, read, refused, save, sent, text_of

__all__ = ["lan", "libfaketime", "server", "team"]  # fixtures

FILE = "partnerize/7.json"
STATUS = "partnerize/7.status"


# ---- --new-key ----

def new_key(env, *words, umask=0o022):
    return run([harness.BUILD / "rosterfs", "--new-key", *words], {**env}) if umask is None else \
        run(["sh", "-c", f'umask {umask:04o} && exec "$@"', "sh", harness.BUILD / "rosterfs", "--new-key", *words], env)


@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_new_key(env, test_dir, umask):
    test_dir.mkdir()
    keys = []
    for name in ("a", "b"):
        result = new_key(env, test_dir / name, umask=umask)
        assert result.code == 0, repr(result)
        info = (test_dir / name).stat()
        assert stat.S_IMODE(info.st_mode) == 0o600 and info.st_size == 32
        keys.append((test_dir / name).read_bytes())
        assert keys[-1].hex() not in (result.out + result.err).lower()
    assert keys[0] != keys[1]


def test_new_key_replaces_none(env, test_dir):
    """A key that is there is never overwritten, and no link is followed."""
    test_dir.mkdir()
    (test_dir / "key").write_bytes(b"k" * 32)
    result = new_key(env, test_dir / "key")
    assert result.code != 0 and "key" in result.err and (test_dir / "key").read_bytes() == b"k" * 32
    os.symlink(test_dir / "elsewhere", test_dir / "link")
    assert new_key(env, test_dir / "link").code != 0 and not (test_dir / "elsewhere").exists()
    result = new_key(env, test_dir / "no/such/folder")
    assert result.code != 0 and "no/such/folder" in result.err
    assert new_key(env).code != 0


def test_a_new_key_is_one(env, team):
    t = team(0)
    t.key.unlink()
    assert new_key(env, t.key).code == 0
    t.add()
    t.add()
    t.each(names)
    assert len(t.lists()) == len(set(t.lists()))


# ---- mistakes in the config ----

def fails(t, extra, *words, **rest):
    """A mount with these keys does not start, and says why in one line that has WORDS."""
    with pytest.raises(MountFailed) as failure:
        t.add(extra, **rest)
    text = failure.value.err
    for word in words:
        assert word in text, text
    assert len(text.strip().splitlines()) == 1, text


def test_the_key_file(team):
    t = team(0)
    file = t.folder / "other.key"
    fails(t, {"rosterfs": {"shared_key_file": None}}, "shared_key_file", "--new-key")
    fails(t, {"rosterfs": {"shared_key_file": t.folder / "none"}}, "shared_key_file", "none")
    for size in (0, 31, 33, 64):
        file.touch(0o600)
        file.write_bytes(b"k" * size)
        fails(t, {"rosterfs": {"shared_key_file": file}}, "shared_key_file", "32")
    file.write_bytes(bytes(32))
    fails(t, {"rosterfs": {"shared_key_file": file}}, "shared_key_file", "0")
    file.write_bytes(b"k" * 32)
    file.chmod(0o644)
    fails(t, {"rosterfs": {"shared_key_file": file}}, "other.key", "read")
    fails(t, {"rosterfs": {"shared_key_file": t.folder}}, "shared_key_file")


@pytest.mark.parametrize("url", ["redis://", "redis:/x", "http://127.0.0.1:1/0", "redis://127.0.0.1:0/0",
                                 "redis://127.0.0.1:99999/0", "redis://127.0.0.1/x", "redis://127.0.0.1/-1",
                                 "unix:", "redis-cache.example.com", "redis://a b/0", "redis://127.0.0.1/0?x=1"])
def test_urls(team, url):
    t = team(0)
    fails(t, {"rosterfs": {"shared": url}}, "shared")


def test_no_password_in_the_url(team):
    """It would stand in the config, which people show each other; and is not shown in the error."""
    t = team(0)
    fails(t, {"rosterfs": {"shared": f"redis://:canary-pass@127.0.0.1:{t.server.port}/0"}}, "shared_password_file")
    with pytest.raises(MountFailed) as failure:
        t.add({"rosterfs": {"shared": "redis://user:canary-pass@127.0.0.1/0"}})
    assert "canary-pass" not in failure.value.err


def test_the_password_file(team):
    t = team(0, password="right")
    fails(t, {"rosterfs": {"shared_password_file": t.folder / "none"}}, "shared_password_file")
    (t.folder / "password").chmod(0o644)
    fails(t, {}, "shared_password_file")


def test_keys_without_shared(team):
    """What belongs to a store has no meaning without one: it is said, as for any key in the wrong place."""
    t = team(0)
    text = t.box.config({"rosterfs": {"shared_required": "no"}})
    with pytest.raises(MountFailed) as failure:
        t.add(config=text)
    assert "shared" in failure.value.err
    fails(t, {"rosterfs": {"shared_required": "perhaps"}}, "shared_required", "yes or no")


def test_tls(team):
    """Where hiredis has no TLS a message says so; where it has, the server here speaks none."""
    t = team(0)
    url = f"rediss://127.0.0.1:{t.server.port}/0"
    try:
        m = t.add(url=url)
    except MountFailed as failure:
        assert "TLS" in failure.err and "hiredis" in failure.err, failure.err
        return
    assert save(m.path / STATUS, "inactive") == refused("EREMOTEIO")


def test_two_accounts_of_one_name(team):
    """Two sections of one mount that would be the same account of the store are a mistake, and are told apart by shared_name."""
    t = team(0)
    section = t.box.config_file.read_text().partition("[partnerize]")[2].partition("[")[0]
    extra = f"\n[second]\ntype = partnerize\nshared_name = partnerize{section}"
    with pytest.raises(MountFailed) as failure:
        t.add(config=t.text() + extra)
    assert "shared_name" in failure.value.err
    m = t.add(config=t.text() + extra.replace("shared_name = partnerize", "shared_name = other"))
    assert names(m, "second") == names(m)


# ---- --check ----

def check(env, t, text):
    file = t.folder / "check.conf"
    file.touch(0o600)
    file.write_text(text)
    return run([harness.BUILD / "rosterfs", "--check", file], env)


def test_check(env, team):
    t = team(0)
    result = check(env, t, t.text())
    assert result.code == 0, repr(result)
    assert "shared" in result.out
    # it leaves nothing behind
    assert t.server.keys() == []
    t.server.kill()
    result = check(env, t, t.text())
    assert result.code != 0 and "Connection refused" in result.out, repr(result)
    t.server.start()
    t.server.ask("REPLICAOF", "127.0.0.1", "1")
    result = check(env, t, t.text())
    assert result.code != 0 and "replica" in result.out.lower(), repr(result)


def test_check_of_a_password(env, team):
    t = team(0, password="right")
    assert check(env, t, t.text()).code == 0
    (t.folder / "password").write_text("canary-wrong")
    result = check(env, t, t.text())
    assert result.code != 0 and "password" in result.out and "canary-wrong" not in result.out + result.err
    result = check(env, t, t.text({"rosterfs": {"shared_password_file": None}}))
    assert result.code != 0 and "shared_password_file" in result.out, repr(result)


def test_check_refuses_what_mounting_does(env, team):
    t = team(0)
    section = t.box.config_file.read_text().partition("[partnerize]")[2].partition("[")[0]
    result = check(env, t, f"{t.text()}\n[second]\ntype = partnerize\nshared_name = partnerize{section}")
    assert result.code != 0 and "[partnerize] and [second] have the same type" in result.out, repr(result)


def test_check_of_scripts(env, team):
    """A user who may run a script that the server knows, but none that it does not."""
    t = team(1)
    names(t[0])
    t.server.ask("ACL", "SETUSER", "default", "-script|load")
    result = check(env, t, t.text())
    assert result.code != 0 and "ACL" in result.out, repr(result)


def test_the_store_stays_until_the_mount_ends(team):
    """A config that is read again without it, or with another one, says so."""
    t = team(1)
    m, = t
    m.allowed = re.compile(r"^rosterfs: config: ")
    text = m.config_file.read_text()
    m.config_file.write_text(re.sub(r"(?m)^shared.*\n", "", text))
    os.kill(m.pid, signal.SIGHUP)
    wait_until(lambda: "config: read again" in m.log(), HANG, "the config read again")
    assert "config: [rosterfs] shared, shared_key_file: changed, but not applied" in m.log(), m.log()


# ---- hosts differ ----

@pytest.mark.plain
@pytest.mark.parametrize("far", ["+600", "-600"])
def test_clocks(team, libfaketime, far):
    """Ten minutes apart: a list is as old as it is, locks hold and end, and the limit counts."""
    t = team(0, {"rosterfs": {"status_limit": 3}, "partnerize": {"ttl": 60}}, users=250)
    other = {"LD_PRELOAD": libfaketime, "FAKETIME": f"{far}s", "DONT_FAKE_MONOTONIC": "1",
             "FAKETIME_DONT_FAKE_MONOTONIC": "1",
             "FAKETIME_FORCE_MONOTONIC_FIX": "0"}
    first, second = t.add(), t.add(extra_env=other)
    names(first)
    t.box.reset()
    assert names(second) == names(first) and t.lists() == []
    assert save(first.path / STATUS, "inactive") == GOOD
    shows(lambda: (second.path / STATUS).read_text(), "inactive\n")
    assert save(second.path / STATUS, "active") == GOOD
    shows(lambda: (first.path / STATUS).read_text(), "active\n")
    for m in t:
        assert "limit: " in status_of(m)
    wrong = "shared store: this host's clock is " + ("10 min" if far[0] == "+" else "")
    assert wrong in status_of(second) and wrong not in status_of(first), status_of(second)
    assert ("ahead of" if far[0] == "+" else "behind") + " the store's: only the times" in second.log()
    assert save(first.path / "partnerize/8.status", "inactive") == GOOD
    third = t.add(extra_env=other)
    t.box.reset()
    assert names(third) == names(first) and t.lists() == []
    results = [save(m.path / f"partnerize/{ident}.status", "inactive") for m, ident in zip(t, (12, 13, 14))]
    assert refused("EDQUOT") in results


@pytest.mark.plain
def test_a_clock_that_jumps(team, libfaketime):
    """While it is mounted: nothing is fetched anew for that, and no lock is lost."""
    t = team(1)
    clock = t.folder / "clock"
    clock.write_text("+0\n")
    second = t.add(extra_env={"LD_PRELOAD": libfaketime, "FAKETIME_TIMESTAMP_FILE": str(clock),
                              "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1",
                              "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_FORCE_MONOTONIC_FIX": "0"})
    t.each(names)
    t.box.reset()
    for jump in ("+3600", "-3600"):
        clock.write_text(f"{jump}\n")
        for number, m in enumerate(t):
            assert save(m.path / FILE, text_of({"phone": f"{jump} {number}"})) == GOOD
            shows(lambda m=m, jump=jump, number=number: [read(one, FILE).get("phone") for one in t],
                  [f"{jump} {number}"] * 2)
    assert t.lists() == []


def renamed(t, shared_name):
    """A config in which the account's section is called acme."""
    line = f"\nshared_name = {shared_name}" if shared_name else ""
    return t.text().replace("[partnerize]", f"[acme]\ntype = partnerize{line}")


def test_section_names(team):
    """shared_name says which account it is; without it the section's name does."""
    t = team(1)
    names(t[0])
    t.box.reset()
    same = t.add(config=renamed(t, "partnerize"))
    assert names(same, "acme") == names(t[0]) and t.lists() == []
    assert save(same.path / "acme/7.status", "inactive") == GOOD
    shows(lambda: (t[0].path / STATUS).read_text(), "inactive\n")
    other = t.add(config=renamed(t, None))
    assert names(other, "acme") == names(t[0]) and len(t.lists()) > 0
    shows(lambda: "with host-a (acme)" in status_of(same), True)
    shows(lambda: "with host-a (nothing), host-b (nothing)" in status_of(other)
          or "with host-b (nothing), host-a (nothing)" in status_of(other), True)
    line = last_line(other, "host-a has an account with this type and base_url")
    assert 'by the shared_name "partnerize", here it is "acme"' in line, other.log()


def test_spellings_of_a_url(team):
    """The same base_url in other letters, with a slash at its end."""
    t = team(1)
    names(t[0])
    t.box.reset()
    text = re.sub("^base_url = http(.*)$", r"base_url = HTTP\1/", t.text(), flags=re.MULTILINE)
    assert text != t.text()
    same = t.add(config=text)
    assert names(same) == names(t[0]) and t.lists() == []


def test_who_else(team):
    """The status names the other hosts and what they share, as long as they are there; their ttl is told."""
    t = team(1, {"partnerize": {"ttl": 600}})
    names(t[0])
    assert "shared store: with" not in status_of(t[0]) and metric(t[0], "rosterfs_store_mounts") == 0
    second = t.add({"partnerize": {"ttl": 300}})
    shows(lambda: "shared store: with host-a (partnerize)" in status_of(second), True)
    shows(lambda: "shared store: with host-b (partnerize)" in status_of(t[0]), True, HANG)
    assert metric(t[0], "rosterfs_store_mounts") == 1
    assert "partnerize: host-a has ttl = 600, this host 300" in second.log(), second.log()
    shows(lambda: "partnerize: host-b has ttl = 300, this host 600" in t[0].log(), True)
    assert second.unmount().code == 0
    shows(lambda: "shared store: with" in status_of(t[0]), False, HANG)
    assert t[0].log().count("has ttl") == 1


def test_other_keys_at_the_vendor(team):
    """Each host may have keys of its own: it is the same account."""
    t = team(1)
    names(t[0])
    t.box.settings(other_key="their-key")
    t.box.reset()
    other = t.add({"partnerize": {"user_api_key": "their-key"}})
    assert names(other) == names(t[0]) and t.lists() == []
    assert save(other.path / STATUS, "inactive") == GOOD
    shows(lambda: (t[0].path / STATUS).read_text(), "inactive\n")
    assert "other" in {one["key"] for one in sent(t.box)}


def test_another_base_url(sandbox, team):
    """Another account, of the same name: nothing is mixed up."""
    t = team(1)
    names(t[0])
    other_box = sandbox(users=40)
    text = t.text().replace(t.box.url, other_box.url)
    other = t.add(config=text)
    assert len(names(other)) > len(names(t[0]))
    assert save(t[0].path / STATUS, "inactive") == GOOD
    time.sleep(1)
    assert (other.path / STATUS).read_text() == "active\n"
    assert at_vendor(other_box, 7)["status"] == "active"


def test_wrong_key(team):
    """A host with another key shares nothing, harms nothing, and says so."""
    t = team(1)
    names(t[0])
    t.box.reset()
    other = t.add(key=t.write_key(t.folder / "wrong.key"))
    # at once, because a lock that it takes protects nobody
    shows(lambda: "another key" in " ".join(status_of(other).split()), True)
    assert names(other) == names(t[0])
    assert "shared_key" in status_of(other) or last_line(other, "shared_key"), other.log()
    result = save(other.path / STATUS, "inactive")
    assert result == GOOD or result.write == "EREMOTEIO"
    assert save(t[0].path / FILE, text_of({"phone": "+1"})) == GOOD
    now = at_vendor(t.box, 7)
    assert now["phone"] == "+1" and (now["status"] == "inactive" if result == GOOD else now["status"] == "active")
    late = t.add()
    assert names(late) == names(t[0])


def test_the_mark_of_the_key_is_left_again(team):
    t = team(1)
    wait_up(*t)
    shows(lambda: b"rosterfs:mark" in t.server.keys(), True)
    t.server.ask("FLUSHALL")
    shows(lambda: b"rosterfs:mark" in t.server.keys(), True, HANG)


def test_another_database(team):
    """Of the same server: another store."""
    t = team(1)
    names(t[0])
    t.box.reset()
    other = t.add(url=f"redis://127.0.0.1:{t.server.port}/3")
    assert names(other) == names(t[0]) and len(t.lists()) > 0


def test_a_mount_that_only_reads(team):
    """-o ro hears and fetches like any other."""
    t = team(1)
    names(t[0])
    t.box.reset()
    other = t.add(options=["-o", "ro"])
    assert names(other) == [name for name in names(t[0])] and t.lists() == []
    assert save(t[0].path / STATUS, "inactive") == GOOD
    shows(lambda: (other.path / STATUS).read_text(), "inactive\n")


def test_in_the_background(team):
    """The store's threads are there after the fork."""
    t = team(2, mounts={"background": True})
    t.each(names)
    wait_up(*t)
    assert save(t[0].path / STATUS, "inactive") == GOOD
    shows(lambda: (t[1].path / STATUS).read_text(), "inactive\n", HANG)


def test_status_and_metrics(team):
    t = team(2)
    t.each(names)
    assert save(t[0].path / STATUS, "inactive") == GOOD
    for m in t:
        text = status_of(m)
        assert f"redis://127.0.0.1:{t.server.port}/0" in text, text
        metrics = (m.path / ".rosterfs/metrics").read_text()
        for name in ("up", "commands_total", "failures_total", "seconds_total"):
            assert f"\nrosterfs_store_{name}" in metrics, name
