# SPDX-License-Identifier: Apache-2.0
"""rosterfs-shared(7): its ACL line, its words and its two files are what the code needs, says and takes."""

import errno
import os
import re
import shutil
import subprocess

import pytest

import harness
import redis_server
from shared_hosts import *  # noqa: F403  the fixtures
from shared_hosts import names, shows, up, wait_up
from writes import GOOD, save

PAGE = harness.TOP / "man/rosterfs-shared.7"
RECIPES = harness.TOP / "recipes/shared"
# systemd-analyze security: the exposure of the unit times ten
EXPOSURE = 5
# what a connection may always do: AUTH and HELLO need no permission
ALWAYS = {"auth", "hello"}
# what is a word of a refusal, and a command too
REFUSALS = {"readonly"}
# what --check tries
TRIES = harness.TOP / "cache/redis/needs.c"
# the words of the system
SYSTEM = {os.strerror(error) for error in (errno.ECONNREFUSED, errno.ENOENT, errno.EACCES)}
SYSTEM |= {"Name or service not known", "Temporary failure in name resolution"}
# what says some of these words, besides the folders of the store
OTHERS = ["vendors/base/call.c", "vendors/base/progress.c", "cache/update/proof.c", "fs/control/status_file.c"]


def display(name):
    """The display of the page behind the mark NAME, as a reader sees it."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf'^\.\\" test: {name}\n\.Bd [^\n]*\n(.*?)^\.Ed$', text, re.MULTILINE | re.DOTALL)
    return re.sub(r" \\e\n *", " ", found[1]).replace("\\&", "").replace("\\-", "-").replace("\\e", "\\").strip()


def permitted(line):
    """The commands that an ACL line permits, such as {"get", "info"}."""
    assert " -@all " in line and "+@" not in line and " ~rosterfs:* " in line, line
    return set(re.findall(r"\s\+(\S+)", line))


def literals(path):
    """What stands in quotes in a C file, adjacent ones joined."""
    text = re.sub(r"/\*.*?\*/|\\\n", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    found, end = [], None
    for one in re.finditer(r'"((?:[^"\\\n]|\\.)*)"', text):
        if found and re.fullmatch(r"\s*(PRI\w+)?\s*", text[end:one.start()]):
            found[-1] += one[1]
        else:
            found.append(one[1])
        end = one.end()
    return found


def sources():
    return sorted(harness.TOP.glob("cache/*/*.c"))


def known_commands(line):
    """All commands that the server at the end of LINE has."""
    return {name.decode().lower() for name in line.ask("COMMAND", "LIST")}


def used_commands(known):
    """The commands of KNOWN that the code sends, itself or in scripts."""
    used = {"script|load"}
    for path in sources():
        for literal in literals(path) if path.name != TRIES.name else ():
            used |= {word.lower() for word in re.findall(r"redis\.p?call\(['\"\\]+(\w+)", literal)}
            # as the first part of a command is written
            if re.fullmatch(r"[A-Z]{3,}", literal) and literal.lower() in known:
                used.add(literal.lower())
    return used - ALWAYS - REFUSALS - {"script"}


def test_fewest_commands(server):
    """The line permits what the code sends, and nothing else; that of the small Redis is the same."""
    with server().line() as line:
        used = used_commands(known_commands(line))
    line = display("acl")
    assert permitted(line) == used, sorted(permitted(line) ^ used)
    tried = {word.lower() for word in re.findall(r'\{"([A-Z]+)"', TRIES.read_text())}
    assert tried == used - {"script|load", "select"} | {"script"}, f"what --check tries is not what is needed: {tried ^ used}"
    own = re.search(r"^user default on nopass .*$", (RECIPES / "rosterfs-redis.conf").read_text(), re.MULTILINE)
    assert permitted(own[0]) == used, sorted(permitted(own[0]) ^ used)


@pytest.fixture
def closed(server, test_dir):
    """closed(): a server whose only user is that of the page, the keys of [rosterfs] for it, and what it denied."""
    def start():
        one = server()
        password = "p" * 40
        one.ask("ACL", "SETUSER", *display("acl").replace("PASSWORD", password).split()[1:])
        file = test_dir / "acl.password"
        file.touch(0o600)
        file.write_text(password + "\n")
        return one, {"shared_user": "rosterfs", "shared_password_file": file}
    return start


# what each host edits at the same time
FIELDS = {"host-a": "firstname", "host-b": "lastname"}


def denied(one):
    """What the server has denied, in words."""
    return [{key.decode(): value for key, value in zip(entry[::2], entry[1::2])}["object"] for entry in one.ask("ACL", "LOG")]


def test_the_line_is_enough(closed, team, test_dir):
    """Two mounts as this user list, write, wait for each other, refresh, and change statuses of both kinds."""
    store, keys = closed()
    hosts = team(2, {"rosterfs": keys}, store=store, vendors="partnerize,elasticpath")
    wait_up(*hosts)
    a, b = hosts
    assert names(a) == names(b)
    members = [name for name in names(a, "elasticpath") if name.endswith(".status")]
    for word in ("inactive", "active"):
        assert save(a.path / "partnerize/3.status", word) == GOOD
        shows((b.path / "partnerize/3.status").read_text, word + "\n")
        assert save(a.path / "elasticpath" / members[0], word) == GOOD
        shows((b.path / "elasticpath" / members[0]).read_text, word + "\n")
    assert hosts.each(lambda m: save(m.path / "partnerize/4.json", f'{{"{FIELDS[m.host]}": "x"}}')) == [GOOD, GOOD]
    (b.path / ".rosterfs/refresh").write_text("all\n")
    assert names(a) == names(b)
    assert denied(store) == [] and all(map(up, hosts))


def test_metrics(team):
    """Those about the store are those of rosterfs(1)."""
    m, = team(1)
    page = (harness.TOP / "man/rosterfs.1").read_text(encoding="utf-8")
    shown = set(re.findall(r"^# TYPE (rosterfs_store_\w+)", (m.path / ".rosterfs/metrics").read_text(), re.MULTILINE))
    assert shown == set(re.findall(r"rosterfs_store_\w+", page))


# ---- the words of the page ----

def words_of_the_page():
    """The messages of DIAGNOSTICS, each a list of the parts that do not vary."""
    text = PAGE.read_text(encoding="utf-8")
    text = text[text.index("\n.Sh DIAGNOSTICS\n"):text.index("\n.Sh SEE ALSO\n")]
    found = re.findall(r" Li \"([^\"\n]*)\"", text)
    assert len(found) > 10
    return [[part.strip() for part in re.split(r"\.\.\.", message.replace("\\-", "-").replace("\\&", ""))] for message in found]


def test_words():
    """The code says them as the page does; what varies is ... there."""
    said = "\n".join(literal for path in [*sources(), *sorted(harness.TOP.glob("mount/**/*.c")), *map(harness.TOP.joinpath, OTHERS)]
                     for literal in literals(path))
    missing = [part for message in words_of_the_page() for part in message if part and part not in said and part not in SYSTEM]
    assert not missing, missing


# ---- the small Redis ----

@pytest.mark.skipif(not redis_server.INSTALLED, reason="needs redis-server")
@pytest.mark.parametrize("program", redis_server.INSTALLED)
def test_small_redis(program, mount, sandbox, test_dir):
    """It starts with the config that is installed, and mounts can use it."""
    test_dir.mkdir(exist_ok=True)
    config = test_dir / "rosterfs-redis.conf"
    text = (RECIPES / "rosterfs-redis.conf").read_text()
    assert text.count("/run/rosterfs-redis") == 2
    config.write_text(text.replace("/run/rosterfs-redis", str(test_dir)))
    path = test_dir / "redis.sock"
    with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", redis_server.PROGRAMS[program], config],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            harness.wait_until(lambda: path.exists() or process.poll() is not None, 20 * harness.SCALE, "the socket")
            assert process.poll() is None, process.stdout.read()
            key = test_dir / "key"
            key.touch(0o600)
            key.write_bytes(bytes(range(32)))
            box = sandbox(users=25)
            m = mount(box, {"rosterfs": {"shared": f"unix:{path}", "shared_key_file": key}})
            wait_up(m)
            assert save(m.path / "partnerize/3.status", "inactive") == GOOD
            assert up(m)
            assert {path.name for path in test_dir.iterdir() if path.suffix in (".rdb", ".aof")} == set()
        finally:
            process.kill()


def test_unit(test_dir):
    """systemd accepts it, and it is as closed as it can be."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze")
    test_dir.mkdir(exist_ok=True)
    unit = test_dir / "rosterfs-redis.service"
    text = (RECIPES / "rosterfs-redis.service").read_text()
    program = shutil.which("redis-server") or shutil.which("true")
    unit.write_text(text.replace("/usr/bin/redis-server", program))
    for words in (["verify", "--man=no", "--recursive-errors=no"],
                  ["security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}"]):
        done = subprocess.run(["systemd-analyze", *words, unit], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and (words[0] == "security" or done.stdout + done.stderr == ""), done.stdout[-300:] + done.stderr
    config = (RECIPES / "rosterfs-redis.conf").read_text()
    assert "RuntimeDirectory=rosterfs-redis\n" in text and "\nunixsocket /run/rosterfs-redis/" in config
