# SPDX-License-Identifier: Apache-2.0
"""mount/config/rosterfs.conf.example: what it shows can be used as it is, and its defaults are accepted."""

import os
import re

import pytest

import harness
import redis_server
from redis_server import server  # noqa: F401  a fixture

EXAMPLE = harness.TOP / "mount/config/rosterfs.conf.example"


def share(text, server):
    """TEXT with the shared store at a SERVER of its own, if it has one; without it where none is installed."""
    if not redis_server.INSTALLED:
        return re.sub(r"^shared.*\n", "", text, flags=re.M)
    if re.search(r"^shared = ", text, re.M):
        one = server(more=["user rosterfs on >word ~* +@all"])
        text = re.sub(r"^shared = .*$", f"shared = {one.url}", text, flags=re.M)
    return text


def check(box, env, text):
    """The output of --check for the config TEXT, whose vendors with an API are played by BOX."""
    secrets = dict(re.findall(r"^(\w+) = (.+)$", box.config(), re.M))
    # 32 bytes
    secrets.update(shared_key="k" * 31, shared_password="word")
    for vendor in ("partnerize", "elasticpath"):
        text = text.replace(f"[{vendor}]\n", f"[{vendor}]\nbase_url = {box.url}\n")
    for key, file in re.findall(r"^(\w+)_file = (.+)$", text, re.M):
        path = box.folder / file
        path.touch(0o600)
        path.write_text("Ask the admin.\n" if key.endswith(("notice", "ca")) else secrets[key] + "\n")
    config = box.folder / "rosterfs.conf"
    config.write_text(text)
    os.chmod(config, 0o644)
    command = harness.Command([str(harness.BUILD / "rosterfs"), "--check", str(config)], None, None, env)
    try:
        return command.finish(60)
    finally:
        command.close()


@pytest.mark.parametrize("change", [
    pytest.param(lambda text: text, id="as it is"),
    pytest.param(lambda text: re.sub(r"^#(?=\w)", "", text, flags=re.M), id="with all defaults"),
])
def test_example_config(sandbox, server, env, change):  # noqa: F811
    box = sandbox(users=3, vendors="partnerize,elasticpath")
    result = check(box, env, share(change(EXAMPLE.read_text()), server))
    assert result.code == 0 and result.err == "", repr(result)
    for line in ("partnerize: ok", "elasticpath: ok", "cj: kept by hand, nothing to ask",
                 "6sense: kept by hand, nothing to ask"):
        assert line in result.out.splitlines()
